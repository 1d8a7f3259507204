/* SPDX-License-Identifier: Apache-2.0
 * Private to the room: what a server says of itself, and the session variables that are pinned and
 * asserted. */
#ifndef TG_DB_SESSION_H
#define TG_DB_SESSION_H

#include "db/conn.h"

/* Reads c->server. */
bool session_detect(struct conn *c, struct err *e);
/* Sets every variable that matters and reads it back; a value that did not stay is an error that
 * names it. */
bool session_pin(struct conn *c, struct err *e);
/* The server's own session, in which SQL text means what it says: no ANSI_QUOTES, no NO_BACKSLASH_ESCAPES. */
bool session_plain(struct conn *c, struct err *e);
/* "8.0.11-TiDB-v8.4.0-…" and the like to flavour and number. */
void session_read_version(const char *text, struct db_server *out);
/* "/rdsdbbin/oscar-8.0.mysql_aurora.3.08.2…/" is Aurora's, "/rdsdbbin/mysql-8.0.42…/" is RDS's. */
void session_read_basedir(const char *path, struct db_server *out);
/* Whether what a server shows for a variable means what was set: ON is 1, 0.000000 is 0, sql_mode
 * is a set. */
bool session_same_value(const char *name, const char *want, const char *have);

/* The TG id of a server's or library's error number. is_login: while connecting. */
enum err_code conn_error_code(unsigned sql, bool is_target, bool is_login);

#endif
