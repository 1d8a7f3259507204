// SPDX-License-Identifier: Apache-2.0
/* A table without a usable key is one snapshot whose position is known exactly (DESIGN 4.2): MariaDB says it of any
 * consistent snapshot; elsewhere LOCK TABLES … READ (or FTWRL) holds the writers still on one connection while a
 * second one opens its snapshot and the position is read. */
#include "copy/private.h"

#include <stdlib.h>

#define LOCK_TRIES 20

static bool lock_table(struct conn *c, const struct table *def, struct cancel *cancel, struct err *e)
{
    struct buf sql = {0};
    buf_adds(&sql, "LOCK TABLES ");
    sql_table(&sql, def->schema, def->name);
    buf_adds(&sql, " READ");
    bool fine = conn_execf(c, e, "SET SESSION lock_wait_timeout = 3");
    for (int i = 0; fine; i++) {
        if (conn_exec(c, sql.p, sql.n, NULL, e))
            break;
        if (e->sql == 1205 && i < LOCK_TRIES && !cancel_wait(cancel, 100)) {
            err_clear(e);
            continue;
        }
        struct err lock = *e;
        fine = lock.code == ERR_SOURCE_PRIVILEGE && conn_execf(c, e, "FLUSH TABLES WITH READ LOCK");
        if (!fine) {
            *e = lock;
            err_set_sql(e, ERR_SOURCE_LOCK, lock.sql, "%s", lock.text);
        }
        break;
    }
    buf_release(&sql);
    return fine;
}

/* Opens the snapshot on c. */
static bool open_snapshot(const struct copy_options *o, struct conn *c, const struct table *def, struct pos *at, struct err *e)
{
    if (visible_way(&c->server) == VISIBLE_SNAPSHOT)
        return conn_execf(c, e, "START TRANSACTION WITH CONSISTENT SNAPSHOT") && snapshot_position(c, at, e);
    struct conn locker = {0};
    if (!conn_open_source(&locker, o->source, 0, e))
        return false;
    bool fine = lock_table(&locker, def, o->cancel, e) &&
                conn_execf(c, e, "START TRANSACTION WITH CONSISTENT SNAPSHOT") && source_position(&locker, at, e);
    conn_close(&locker); /* and with it the lock */
    return fine;
}

static void submit_piece(const struct copy_options *o, struct tab *tab, struct table *def, struct reading *got,
                         uint64_t number, const struct pos *at)
{
    struct batch *b = batch_new(BATCH_CHUNK);
    struct batch_part *part = batch_part(b, tab, def, false);
    part->ins = got->rows;
    b->from = b->to = *at;
    b->chunk.number = number;
    b->chunk.bytes = got->bytes;
    batch_dep(b, dep_table(tab), true);
    b->cost = o->chunk_bytes * 2;
    b->budget = o->budget;
    *got = (struct reading){0};
    o->sequence.submit(o->sequence.arg, b);
}

static bool read_pieces(const struct copy_options *o, struct tab *tab, struct table *def, struct conn *c, MYSQL_RES *res,
                        const struct pos *at, struct err *e)
{
    struct reading got = {0};
    for (uint64_t number = 1;; number++) {
        if (!budget_take(o->budget, o->chunk_bytes * 2))
            return err_set(e, ERR_CANCELLED, "while copying %s", tab->label);
        bool fine = read_rows(c, res, def, o->chunk_bytes, &got, tab, o->count, e), more = got.is_cut;
        if (!fine || !got.rows.n)
            budget_give(o->budget, o->chunk_bytes * 2);
        else
            submit_piece(o, tab, def, &got, number, at);
        if (!fine || !more) {
            buf_release(&got.rows.data);
            return fine;
        }
    }
}

bool copy_keyless(const struct copy_options *o, struct tab *tab, struct pos *at, struct err *e)
{
    struct conn c = {0};
    MYSQL_RES *res = NULL;
    struct buf sql = {0};
    struct table *def = tab_hold_def(o->tabs, tab);
    bool fine = conn_open_source(&c, o->source, 0, e) && open_snapshot(o, &c, def, at, e);
    if (fine) {
        sql_select_list(&sql, def);
        buf_adds(&sql, " FROM ");
        sql_table(&sql, def->schema, def->name);
        fine = conn_query_stream(&c, sql.p, sql.n, &res, e) && read_pieces(o, tab, def, &c, res, at, e);
    }
    if (!fine)
        conn_cut(&c);
    mysql_free_result(res);
    conn_kill(&c);
    buf_release(&sql);
    table_drop(def);
    return fine || err_wrap(e, "while copying %s, a table without a key", tab->label);
}
