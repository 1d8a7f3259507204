// SPDX-License-Identifier: Apache-2.0
/* The stream can be ahead of what a SELECT sees: the server writes the binlog before the engine commits, by any
 * length of time under semi-sync. Each flavour has one way to know that everything up to S can be read (DESIGN 4.1). */
#include "copy/private.h"

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

/* On a secondary key the locking read counts a column outside the key: the covering index alone would wait for
 * nothing. NULL: any row of the key is the whole row. */
static const char *column_outside(const struct table *def, const struct key *key)
{
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
    return outside;
}

/* No row fits, so that READ COMMITTED gives each row's lock back before the next is asked for: writers are never held
 * by more than a row, and a transaction that changes two rows of the range in the other order meets no deadlock, of
 * which the server might roll the writer back and not us. A table without a key is read by what InnoDB keeps its rows
 * in. */
static void sql_lock(struct buf *out, const struct table *def, const struct chunk *k)
{
    const struct key *key = def->row_key < 0 ? NULL : &def->keys[def->row_key];
    const char *outside = key ? column_outside(def, key) : NULL;
    buf_adds(out, "SELECT COUNT(");
    if (outside)
        sql_ident(out, outside);
    else
        buf_addc(out, '*');
    buf_adds(out, ") FROM ");
    sql_table(out, def->schema, def->name);
    if (key) {
        buf_adds(out, " FORCE INDEX (");
        sql_ident(out, key->name);
        buf_addc(out, ')');
        sql_range(out, def, k);
    } else {
        buf_adds(out, " USE INDEX ()");
    }
    buf_adds(out, key && (k->has_lo || k->has_hi) ? " AND" : " WHERE");
    buf_adds(out, " RAND() < 0 LOCK IN SHARE MODE");
}

/* A locking read of the range waits for every writer that is in the binlog and not yet committed. */
static bool try_lock(struct conn *c, const struct window *w, const struct chunk *k, bool *ready, struct err *e)
{
    struct buf sql = {0};
    char count[32];
    sql_lock(&sql, w->def, k);
    *ready = conn_value(c, sql.p, count, sizeof count, e);
    buf_release(&sql);
    if (*ready || (e->sql != 1205 && e->sql != 1213))
        return *ready;
    err_clear(e); /* a writer is still there: try again */
    return true;
}

/* Pushed into a secondary index the condition that no row fits would keep the read from the rows themselves. */
bool visible_prepare(struct conn *c, struct err *e)
{
    return visible_way(&c->server) != VISIBLE_LOCK ||
           (conn_execf(c, e, "SET SESSION innodb_lock_wait_timeout = 1, lock_wait_timeout = 1, "
                             "optimizer_switch = 'index_condition_pushdown=off'") &&
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
