// SPDX-License-Identifier: Apache-2.0
/* Readers of a set: what they read is of one moment, so it goes into the sequence at once, and a range is read to its
 * end by one statement, in pieces, for cutting it would cost the connection and with it the snapshot. Who loses its
 * connection leaves; the others go on. */
#include "copy/set.h"

#include <stdlib.h>

static void give_piece(struct reader *r, const struct chunk *k, struct table *def, struct reading *got)
{
    const struct copy_options *o = copy_options_of(r->copy);
    struct tab *tab = k->tab;
    struct batch *b = batch_new(BATCH_CHUNK);
    struct batch_part *part = batch_part(b, tab, def, false);
    part->ins = got->rows;
    b->from = b->to = o->set_at;
    b->chunk.number = k->number;
    buf_add(&b->chunk.lo, k->lo.p, k->lo.n);
    buf_add(&b->chunk.hi, k->hi.p, k->hi.n);
    b->chunk.has_lo = k->has_lo;
    b->chunk.has_hi = k->has_hi;
    b->chunk.bytes = got->bytes;
    batch_dep(b, dep_table(tab), true); /* rows of one moment share no key */
    size_t cost = got->rows.data.n + (size_t)got->rows.n * 64 + got->largest;
    b->cost = TG_MIN(cost, r->reserved);
    b->budget = o->budget;
    budget_give(o->budget, r->reserved - b->cost);
    *got = (struct reading){0};
    atomic_fetch_add(&o->count->chunks, 1);
    pthread_mutex_lock(&o->tabs->lock);
    bool is_last = ++tab->chunks_entered == tab->chunks_planned;
    if (is_last) {
        tab->copy = TAB_COMPLETE;
        tab->end = o->set_at;
    }
    pthread_mutex_unlock(&o->tabs->lock);
    if (is_last)
        log_event(LOG_INFO, "copy", tab->label, "", "read wholly: %llu rows", (unsigned long long)atomic_load(&tab->count.rows_read));
    o->sequence.submit(o->sequence.arg, b);
}

/* Pieces of a table without a key have numbers and no bounds. */
static struct chunk *next_piece(struct copy *c, struct chunk *k, const struct table *def, const struct rows *rows)
{
    if (def->row_key >= 0)
        return copy_split_at_last_row(c, k, def, rows);
    struct chunk *rest = x_alloc(sizeof *rest);
    *rest = (struct chunk){.tab = k->tab, .number = k->number + 1, .space_end = k->space_end};
    const struct copy_options *o = copy_options_of(c);
    pthread_mutex_lock(&o->tabs->lock);
    k->tab->chunks_planned++;
    pthread_mutex_unlock(&o->tabs->lock);
    return rest;
}

/* Reads what is left of *k; it moves on with each piece. NULL at the end: all is given. The budget of a piece that is
 * not given stays with the caller. */
static bool read_pieces(struct reader *r, struct chunk **k, struct table *def, MYSQL_RES *res, struct err *e)
{
    struct copy *c = r->copy;
    const struct copy_options *o = copy_options_of(c);
    for (struct reading got = {0};;) {
        if (!read_rows(&r->conn, res, def, r->chunk_bytes, &got, (*k)->tab, o->count, e)) {
            buf_release(&got.rows.data);
            return false;
        }
        struct chunk *rest = got.is_cut ? next_piece(c, *k, def, &got.rows) : NULL;
        give_piece(r, *k, def, &got);
        chunk_free(*k);
        *k = rest;
        if (!rest)
            return true;
        if (!budget_take(o->budget, r->reserved)) {
            chunk_free(rest);
            *k = NULL;
            return err_set(e, ERR_CANCELLED, "while reading");
        }
    }
}

static bool read_range(struct reader *r, struct chunk **k, struct table *def, struct err *e)
{
    MYSQL_RES *res;
    struct buf sql = {0};
    struct tab *tab = (*k)->tab;
    uint64_t rows = atomic_load(&tab->count.rows_read), bytes = atomic_load(&tab->count.bytes_read);
    int64_t begin = clock_mono_ms();
    if (def->row_key >= 0 && !copy_cut(r, *k, def, e))
        return false;
    if (def->row_key >= 0) {
        sql_chunk(&sql, def, *k);
    } else {
        sql_select_list(&sql, def);
        buf_adds(&sql, " FROM ");
        sql_table(&sql, def->schema, def->name);
    }
    bool fine = conn_query_stream(&r->conn, sql.p, sql.n, &res, e);
    buf_release(&sql);
    if (!fine)
        return false;
    fine = read_pieces(r, k, def, res, e);
    if (!fine)
        conn_cut(&r->conn); /* what is left is not read */
    mysql_free_result(res);
    rows = atomic_load(&tab->count.rows_read) - rows;
    bytes = atomic_load(&tab->count.bytes_read) - bytes;
    if (fine && def->row_key >= 0) /* where others read the same table, a little more than this range held: it does for a guess */
        copy_learn(r->copy, tab, (uint32_t)rows, bytes, clock_mono_ms() - begin);
    return fine;
}

/* The tables are not what the snapshot was taken of any more: no reader can go on. */
static bool is_torn(const struct err *e)
{
    return e->sql == 1412 || e->sql == 1146 || e->sql == 1054;
}

/* false: this reader is at its end. */
static bool after_failure(struct reader *r, struct tab *tab, struct chunk *k, bool is_partial, struct err *e)
{
    struct copy *c = r->copy;
    const struct copy_options *o = copy_options_of(c);
    if (k) {
        budget_give(o->budget, r->reserved);
        copy_put(c, k);
    }
    if (cancel_is_set(o->cancel))
        return false;
    if (err_is_lost(e) || is_torn(e) || is_partial || !k) {
        log_event(LOG_WARN, "copy", tab->label, err_info(e->code)->id, "%s; its snapshot is lost", e->text);
        atomic_store(&o->set->is_dead[r->slot], true);
        copy_reader_lost(c, is_partial || is_torn(e));
        return false;
    }
    copy_ask_or_wait(r, tab, e);
    return true;
}

void *set_reader_main(void *arg)
{
    struct reader *r = arg;
    struct copy *c = r->copy;
    const struct copy_options *o = copy_options_of(c);
    bool goes_on = true;
    mysql_thread_init();
    r->conn = o->set->conns[r->slot];
    for (struct chunk *k; goes_on && (k = copy_take_turn(r)) != NULL;) {
        struct err e = {0};
        struct tab *tab = k->tab;
        struct table *def = tab_hold_def(o->tabs, tab);
        uint64_t first = k->number;
        atomic_fetch_add(&o->count->busy, 1);
        atomic_fetch_add(&tab->count.chunks_busy, 1);
        bool fine = read_range(r, &k, def, &e);
        atomic_fetch_sub(&tab->count.chunks_busy, 1);
        atomic_fetch_sub(&o->count->busy, 1);
        copy_leave_turn(r);
        /* rows of a table without a key that are given can't be told from those that are read again */
        bool is_partial = !fine && k && def->row_key < 0 && k->number != first;
        table_drop(def);
        if (fine)
            r->failures = 0;
        else
            goes_on = after_failure(r, tab, k, is_partial, &e);
    }
    o->set->conns[r->slot] = r->conn;
    mysql_thread_end();
    free(r);
    return NULL;
}
