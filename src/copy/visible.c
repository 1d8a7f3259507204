// SPDX-License-Identifier: Apache-2.0
/* The stream can be ahead of what a SELECT sees: the server writes the binlog before the engine commits, by any
 * length of time under semi-sync. Each flavour has one way to know that everything up to S can be read (DESIGN 4.1). */
#include "copy/private.h"

#include <stdio.h>
#include <stdlib.h>

enum visible visible_way(const struct db_server *s)
{
    if (s->flavour == DB_MARIADB)
        return VISIBLE_SNAPSHOT;
    return s->has_gtid && s->version >= 50700 ? VISIBLE_GTID : VISIBLE_LOCK;
}

bool source_comes_back(const struct err *e)
{
    return err_is_lost(e) || e->code == ERR_SOURCE_CONNECT || e->code == ERR_NET_RESOLVE;
}

bool source_position(struct conn *c, struct pos *out, struct err *e)
{
    MYSQL_RES *res;
    const char *sql = c->server.flavour == DB_MYSQL && c->server.version >= 80200 ? "SHOW BINARY LOG STATUS"
                                                                                 : "SHOW MASTER STATUS";
    if (!conn_query(c, sql, &res, e))
        return false;
    MYSQL_ROW r = mysql_fetch_row(res);
    if (r) {
        snprintf(out->file, sizeof out->file, "%s", r[0]);
        out->at = strtoull(r[1], NULL, 10);
    }
    mysql_free_result(res);
    return r || err_set(e, ERR_BINLOG_OFF, "%s answers nothing", sql);
}

bool snapshot_position(struct conn *c, struct pos *out, struct err *e)
{
    MYSQL_RES *res;
    *out = (struct pos){0};
    if (!conn_query(c, "SHOW STATUS LIKE 'binlog\\_snapshot\\_%'", &res, e))
        return false;
    for (MYSQL_ROW r; (r = mysql_fetch_row(res)) != NULL;) {
        if (strcasecmp(r[0], "Binlog_snapshot_file") == 0)
            snprintf(out->file, sizeof out->file, "%s", r[1]);
        if (strcasecmp(r[0], "Binlog_snapshot_position") == 0)
            out->at = strtoull(r[1], NULL, 10);
    }
    mysql_free_result(res);
    return pos_is_set(out) || err_set(e, ERR_BINLOG_OFF, "no binlog_snapshot_position in SHOW STATUS");
}

static bool try_snapshot(struct conn *c, const struct window *w, bool *ready, struct pos *high, struct err *e)
{
    if (!conn_execf(c, e, "START TRANSACTION WITH CONSISTENT SNAPSHOT") || !snapshot_position(c, high, e))
        return false;
    *ready = pos_cmp(high, &w->from) >= 0;
    return *ready || conn_execf(c, e, "ROLLBACK");
}

static bool try_gtid(struct conn *c, struct str gtids, bool *ready, struct err *e)
{
    char answer[16] = "";
    struct buf sql = {0};
    buf_adds(&sql, "SELECT WAIT_FOR_EXECUTED_GTID_SET(");
    sql_text(&sql, gtids.p, gtids.n);
    buf_adds(&sql, ", 1)");
    bool fine = conn_value(c, sql.p, answer, sizeof answer, e);
    buf_release(&sql);
    *ready = strcmp(answer, "0") == 0;
    return fine;
}

/* A locking read of the range waits for every writer that is in the binlog and not yet committed. On a secondary
 * key it counts a column outside the key: the covering index alone would wait for nothing. */
static bool try_lock(struct conn *c, const struct window *w, const struct chunk *k, bool *ready, struct err *e)
{
    const struct table *def = w->def;
    const struct key *key = &def->keys[def->row_key];
    struct buf sql = {0};
    char count[32];
    const char *outside = NULL;
    for (uint32_t i = 0; i < def->ncolumns && strcmp(key->name, "PRIMARY") != 0; i++) {
        bool inside = def->columns[i].is_generated;
        for (uint32_t p = 0; p < key->nparts; p++)
            inside = inside || key->parts[p].column == i;
        for (uint32_t q = 0; q < def->nkeys; q++) /* the primary key is part of every secondary index */
            for (uint32_t p = 0; strcmp(def->keys[q].name, "PRIMARY") == 0 && p < def->keys[q].nparts; p++)
                inside = inside || def->keys[q].parts[p].column == i;
        if (!inside)
            outside = def->columns[i].name;
    }
    buf_adds(&sql, "SELECT COUNT(");
    if (outside)
        sql_ident(&sql, outside);
    else
        buf_addc(&sql, '*');
    buf_adds(&sql, ") FROM ");
    sql_table(&sql, def->schema, def->name);
    buf_adds(&sql, " FORCE INDEX (");
    sql_ident(&sql, key->name);
    buf_addc(&sql, ')');
    sql_range(&sql, def, k);
    buf_adds(&sql, " LOCK IN SHARE MODE");
    *ready = conn_value(c, sql.p, count, sizeof count, e);
    buf_release(&sql);
    if (*ready || (e->sql != 1205 && e->sql != 1213))
        return *ready;
    err_clear(e); /* a writer is still there: try again */
    return true;
}

bool visible_prepare(struct conn *c, struct err *e)
{
    return visible_way(&c->server) != VISIBLE_LOCK ||
           (conn_execf(c, e, "SET SESSION innodb_lock_wait_timeout = 1, lock_wait_timeout = 1") &&
            conn_execf(c, e, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"));
}

bool visible_try(struct conn *c, const struct window *w, const struct chunk *k, struct str gtids, bool *ready,
                 struct pos *high, struct err *e)
{
    *ready = false;
    switch (visible_way(&c->server)) {
    case VISIBLE_SNAPSHOT:
        return try_snapshot(c, w, ready, high, e);
    case VISIBLE_GTID:
        return try_gtid(c, gtids, ready, e);
    case VISIBLE_LOCK:
        break;
    }
    return try_lock(c, w, k, ready, e);
}
