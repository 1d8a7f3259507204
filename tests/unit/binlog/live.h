/* SPDX-License-Identifier: Apache-2.0
 * For tests against a real source: TG_TEST_SOURCE=host:port names a server whose root has no password and whose
 * binlog is in ROW format. Without it the tests skip themselves. */
#ifndef TG_TESTS_BINLOG_LIVE_H
#define TG_TESTS_BINLOG_LIVE_H

#include "binlog/binlog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* Literals stand for the names that a definition owns. */
#pragma GCC diagnostic ignored "-Wdiscarded-qualifiers"

#define SCHEMA "tg_live"

static struct conn writer, reader; /* writer.my is NULL: no server was named */
static char host[64];
static struct db_addr addr;

static void run(const char *sql)
{
    if (mysql_query(writer.my, sql))
        fail_msg("%s: %s", sql, mysql_error(writer.my));
}

TG_UNUSED static void run_buf(struct buf *sql)
{
    run(sql->p);
    buf_reset(sql);
}

static struct pos master_position(void)
{
    struct pos p = {0};
    if (mysql_query(writer.my, "SHOW BINARY LOG STATUS"))
        run("SHOW MASTER STATUS");
    MYSQL_RES *res = mysql_store_result(writer.my);
    MYSQL_ROW row = mysql_fetch_row(res);
    snprintf(p.file, sizeof p.file, "%s", row[0]);
    p.at = strtoull(row[1], NULL, 10);
    mysql_free_result(res);
    return p;
}

static int set_up(void **state)
{
    (void)state;
    const char *where = getenv("TG_TEST_SOURCE");
    if (!where)
        return 0;
    struct err e = {0};
    const char *colon = strchr(where, ':');
    snprintf(host, sizeof host, "%.*s", colon ? (int)(colon - where) : (int)strlen(where), where);
    addr = (struct db_addr){.host = host, .user = "root", .port = (uint16_t)(colon ? strtoul(colon + 1, NULL, 10) : 3306)};
    if (!conn_mysql_init(&e) || !conn_open_source(&writer, &addr, 60, &e) || !conn_open_source(&reader, &addr, 60, &e)) {
        print_error("%s\n", e.text);
        return -1;
    }
    run("SET SESSION TRANSACTION READ WRITE");
    run("SET SESSION sql_mode = 'ALLOW_INVALID_DATES', SESSION time_zone = '+00:00'");
    run("DROP DATABASE IF EXISTS " SCHEMA);
    run("CREATE DATABASE " SCHEMA);
    run("USE " SCHEMA);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    conn_close(&writer);
    conn_close(&reader);
    return 0;
}

TG_UNUSED static struct binlog *open_at(struct pos at)
{
    struct err e = {0};
    struct binlog_start start = {.pos = at, .server_id = 4000000123u, .heartbeat_ms = 2000};
    struct binlog *b = binlog_open(&addr, &start, &e);
    if (!b)
        fail_msg("%s", e.text);
    return b;
}

/* Next event; fails the test on an error. The previous raw event is freed. */
static void next(struct binlog *b, struct binlog_decoder *d, struct binlog_raw **raw, struct binlog_event *ev)
{
    struct err e = {0};
    free(*raw);
    if (!binlog_fetch(b, raw, &e) || !decoder_feed(d, *raw, ev, &e))
        fail_msg("%s: %s", err_info(e.code)->id, e.text);
}

#endif
