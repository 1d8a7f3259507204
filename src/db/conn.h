/* SPDX-License-Identifier: Apache-2.0
 * Connections: one struct conn, one thread at a time. Sessions are pinned and asserted (DESIGN 4.6), never
 * inherited: conn_open_source / conn_open_target set every session variable that matters and read it back. */
#ifndef TG_DB_CONN_H
#define TG_DB_CONN_H

#include "base/err.h"
#include "base/secret.h"
#include "base/buf.h"
#include "db/type.h"
#include <mysql.h>

struct db_server {                    /* what a server says of itself, read once per connection */
    enum db_flavour flavour;
    unsigned version;                 /* 50651, 90700, 101119, TiDB: 80500 */
    char version_text[96];
    char uuid[64];                    /* server_uuid; MariaDB: server_id and hostname, port; TiDB: cluster-less "" */
    uint32_t server_id;
    bool has_gtid;                    /* MySQL gtid_mode=ON; MariaDB always */
    bool is_rds;                      /* Amazon's: mysql.rds_* is there; told by where it is installed */
    bool is_aurora;                   /* is_rds, too */
    bool logs_cascades;               /* what a foreign key cascades to is in the binlog: MySQL 9.6 and later as delivered */
    int lower_case_table_names;
    uint64_t max_allowed_packet;
};

struct db_addr {                      /* where and as whom; borrowed by conn_open, may be shared between threads */
    char *host, *user, *socket;       /* socket: unix socket path or NULL */
    uint16_t port;
    struct secret *password;
    bool tls, tls_verify;
    char *tls_ca;                     /* path or NULL */
    bool is_target;                   /* picks TG-2xxx or TG-3xxx */
};
void db_addr_release(struct db_addr *a);

struct conn {
    MYSQL *my;
    const struct db_addr *addr;
    struct db_server server;
    unsigned long thread_id;
    struct load_port *load;           /* while a packet with LOAD DATA LOCAL is under way (load.h) */
};

/* read_timeout_s: 0 = none. Both fail with *_CONNECT, *_LOGIN, ERR_NET_RESOLVE, *_PRIVILEGE. */
bool conn_open_source(struct conn *c, const struct db_addr *a, unsigned read_timeout_s, struct err *e);
bool conn_open_target(struct conn *c, const struct db_addr *a, unsigned read_timeout_s, struct err *e);
/* For a statement that a person lets run: the session is the server's own, with its own sql_mode (but for what changes
 * how SQL text is read), and no wait for a table lock above 10 s. Either end, by a->is_target. */
bool conn_open_plain(struct conn *c, const struct db_addr *a, unsigned read_timeout_s, struct err *e);
void conn_close(struct conn *c);                 /* fine on a closed or zeroed one */
/* Closes the socket without a goodbye: what is in flight stays unanswered. */
void conn_kill(struct conn *c);
/* Closes only the socket. A streaming result that is left unread is freed after this and before conn_kill: freeing
 * reads the rest of the answer, and touches the connection. */
void conn_cut(struct conn *c);

/* One statement without a result set. *affected may be NULL. */
bool conn_exec(struct conn *c, const char *sql, size_t n, uint64_t *affected, struct err *e);
bool conn_execf(struct conn *c, struct err *e, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Buffered result; *out NULL-checked by the return value; caller mysql_free_result()s it. */
bool conn_query(struct conn *c, const char *sql, MYSQL_RES **out, struct err *e);
/* Streaming result (mysql_use_result). */
bool conn_query_stream(struct conn *c, const char *sql, size_t n, MYSQL_RES **out, struct err *e);
/* First column of the first row into out (text, truncated to size); false with e->code == ERR_OK when no row. */
bool conn_value(struct conn *c, const char *sql, char *out, size_t size, struct err *e);
/* Several statements in one packet. affected[i] for the i-th statement; *done: how many succeeded.
 * On error all later ones were not executed (the server stops), the caller must ROLLBACK or close. */
bool conn_packet(struct conn *c, const char *sql, size_t n, uint64_t *affected, unsigned max, unsigned *done,
                 struct err *e);
/* Source connections take one statement in a packet unless this is on. */
bool conn_allow_packets(struct conn *c, bool on, struct err *e);
/* Several queries in one packet: take gets the i-th one's buffered result, which it must not keep. false: the statement
 * *done (from 0) failed, the later ones were not executed. */
bool conn_queries(struct conn *c, const char *sql, size_t n, void (*take)(void *arg, unsigned i, MYSQL_RES *res), void *arg,
                  unsigned *done, struct err *e);
/* Fills e from the connection's last error with the right TG id (lost, busy, duplicate, privilege, …). */
bool conn_error(struct conn *c, struct err *e);
bool err_is_lost(const struct err *e);           /* connection gone: the outcome may be unknown */
/* Lost, busy, or an end that can't be reached just now: worth another try. */
bool err_may_pass(const struct err *e);
bool err_is_busy(const struct err *e);           /* 9007, 8002, 8022, 8028, 1213, 1205, …: repeat the whole batch */
bool conn_mysql_init(struct err *e);             /* once per process: plugin dir, library init */

#endif
