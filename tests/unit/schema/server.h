/* SPDX-License-Identifier: Apache-2.0
 * For tests that ask a real server: TG_TEST_SOURCE and TG_TEST_TARGET are host:port of servers whose root has no
 * password. Without them such tests are skipped. */
#ifndef TG_TEST_SCHEMA_SERVER_H
#define TG_TEST_SCHEMA_SERVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "schema/schema.h"

#include <stdio.h>
#include <stdlib.h>

struct server {
    struct conn c;
    struct db_addr a;
    char host[128], user[8];
};

static TG_UNUSED bool server_open(struct server *s, const char *variable)
{
    const char *at = getenv(variable);
    struct err e = {0};
    if (!at || !strchr(at, ':'))
        return false;
    memset(s, 0, sizeof *s);
    snprintf(s->host, sizeof s->host, "%.*s", (int)(strchr(at, ':') - at), at);
    snprintf(s->user, sizeof s->user, "root");
    s->a = (struct db_addr){.host = s->host, .user = s->user, .port = (uint16_t)strtoul(strchr(at, ':') + 1, NULL, 10)};
    conn_mysql_init(&e);
    if (!conn_open_source(&s->c, &s->a, 60, &e))
        fail_msg("%s", e.text);
    return true;
}

/* The server's context for a schema of utf8mb4. */
static TG_UNUSED void server_context(const struct server *s, struct ddl_context *cx, const char *schema)
{
    memset(cx, 0, sizeof *cx);
    snprintf(cx->schema, sizeof cx->schema, "%s", schema);
    snprintf(cx->charset, sizeof cx->charset, "utf8mb4");
    snprintf(cx->collation, sizeof cx->collation, "utf8mb4_general_ci");
    cx->is_mariadb = s->c.server.flavour == DB_MARIADB;
    cx->version = s->c.server.version;
}

static TG_UNUSED void server_exec(struct server *s, const char *sql)
{
    struct err e = {0};
    if (!conn_exec(&s->c, sql, strlen(sql), NULL, &e))
        fail_msg("%s\n  in: %s", e.text, sql);
}

static TG_UNUSED bool server_try(struct server *s, const char *sql, char why[300])
{
    struct err e = {0};
    bool fine = conn_exec(&s->c, sql, strlen(sql), NULL, &e);
    snprintf(why, 300, "%.299s", fine ? "" : e.text);
    return fine;
}

/* SHOW CREATE TABLE; the caller frees. */
static TG_UNUSED char *server_show(struct server *s, const char *table)
{
    struct err e = {0};
    MYSQL_RES *res;
    char sql[300];
    snprintf(sql, sizeof sql, "SHOW CREATE TABLE %s", table);
    if (!conn_query(&s->c, sql, &res, &e))
        fail_msg("%s", e.text);
    char *text = x_strdup(mysql_fetch_row(res)[1]);
    mysql_free_result(res);
    return text;
}

#endif
