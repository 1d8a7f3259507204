// SPDX-License-Identifier: Apache-2.0
/* A transaction of the source on its way into the sequence: its rows are collected, keys are remembered in the windows
 * of chunks, and what the target does not hold yet is merged. One that is too large for memory or for the target's own
 * transactions enters in parts: until its last one, readers of the target see a piece of it. */
#include "follow/private.h"

#include <stdlib.h>

void txn_reset(struct txn *t)
{
    t->is_open = false;
    t->n = 0;
    t->commit_s = 0;
    t->gtid[0] = 0;
    t->begin = (struct pos){0};
    t->first = 0;
    buf_reset(&t->rows);
    if (t->rows.cap > ((size_t)4 << 20))
        buf_release(&t->rows);
}

void txn_release(struct txn *t)
{
    buf_release(&t->rows);
    free(t->changes);
    *t = (struct txn){0};
}

#define LONG_CELL 4096u                /* longer than any index entry, so that no foreign key looks at it */

static bool is_in_key(const struct table *def, uint32_t column)
{
    for (uint32_t i = 0; i < def->nkeys; i++)
        for (uint32_t k = 0; k < def->keys[i].nparts; k++)
            if (def->keys[i].parts[k].column == column)
                return true;
    return false;
}

/* Of a before image only keys are wanted where rows are found by their key: large values need not be held. */
static void drop_long_cells(const struct table *def, struct cell *before)
{
    for (uint32_t i = 0; i < def->ncolumns && def->row_key >= 0; i++)
        if (before[i].n > LONG_CELL && !is_in_key(def, i))
            before[i] = (struct cell){0};
}

/* Room for one more, NULL: it has entered before. */
static struct change *next_change(struct follow *f)
{
    struct txn *t = &f->txn;
    if (f->large.is_open && t->first < f->large.done) {
        t->first++; /* read again after the stream broke */
        return NULL;
    }
    if (t->n == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 64;
        t->changes = x_realloc(t->changes, t->cap * sizeof *t->changes);
    }
    return &t->changes[t->n++];
}

void txn_pass(struct follow *f)
{
    struct change *c = next_change(f);
    if (c)
        *c = (struct change){.before = f->txn.rows.n, .after = f->txn.rows.n};
}

void txn_add(struct follow *f, struct tab *tab, enum rows_action action, struct cell *before, const struct cell *after)
{
    struct txn *t = &f->txn;
    struct change *c = next_change(f);
    if (!c)
        return;
    *c = (struct change){.tab = tab, .action = action};
    c->before = t->rows.n;
    if (action != ROWS_WRITE) {
        drop_long_cells(tab->def, before);
        row_pack(&t->rows, before, tab->def->ncolumns);
    }
    c->after = t->rows.n;
    if (action != ROWS_DELETE)
        row_pack(&t->rows, after, tab->def->ncolumns);
}

static void submit_paid(struct follow *f, struct batch *b)
{
    if (!budget_take(f->o.budget, b->cost)) {
        batch_free(b); /* the run stops: nothing later may enter or move the mark over the gap */
        cancel_set(f->stop);
        return;
    }
    b->budget = f->o.budget;
    follow_submit(f, b);
}

void follow_flush(struct follow *f)
{
    struct batch *b = merge_take(f->merge);
    if (!b)
        return;
    submit_paid(f, b);
    if (!cancel_is_set(f->stop))
        marks_stand(f->o.marks, &f->at); /* events without rows behind the last transaction are passed with it */
}

void follow_submit(struct follow *f, struct batch *b)
{
    if (cancel_is_set(f->stop))
        batch_free(b);
    else
        f->o.sequence.submit(f->o.sequence.arg, b);
}

void follow_applied(struct follow *f, const struct pos *to)
{
    if (cancel_is_set(f->stop))
        return;
    marks_enter(f->o.marks, to, 0);
    marks_done(f->o.marks, to);
}

void follow_add_gtid(struct follow *f, const char *gtid)
{
    struct err e = {0};
    if (f->gtids && gtid[0] && !gtid_parse(f->gtids, gtid, &e))
        log_event(LOG_WARN, "follow", "", "", "GTID %s: %s", gtid, e.text);
}

static bool is_skipped(const struct tab *tab, const struct pos *to)
{
    return !tab || !tab->def || (tab_is_first(tab) && pos_cmp(to, &tab->end) <= 0);
}

static bool must_find(const struct tab *tab, const struct pos *to)
{
    return tab->def->row_key < 0 || tab_is_after_end(tab, to);
}

/* Remembers keys in the windows and holds the change against cascades. Lock held. */
static bool note_change(struct follow *f, const struct change *c, struct err *e)
{
    const struct table *def = c->tab->def;
    if (c->action != ROWS_WRITE) {
        row_unpack(f->txn.rows.p + c->before, def->ncolumns, f->before);
        window_remember(c->tab, def, f->before);
    }
    if (c->action != ROWS_DELETE) {
        row_unpack(f->txn.rows.p + c->after, def->ncolumns, f->after);
        window_remember(c->tab, def, f->after);
    }
    return follow_cascade(f, c->tab, c->action, f->before, f->after, e);
}

bool follow_is_applied(const struct follow *f, const char *gtid, const struct pos *to)
{
    struct err ignored = {0};
    if (ledger_is_applied(f->o.found, to))
        return true;
    if (!f->o.skip || !gtid[0])
        return false;
    struct gtid_set *one = gtid_new(f->o.server.flavour == DB_MARIADB);
    bool skipped = gtid_parse(one, gtid, &ignored) && gtid_contains(f->o.skip, one);
    gtid_free(one);
    return skipped;
}

bool txn_is_past(struct follow *f, const struct tab *tab, const struct pos *at)
{
    pthread_mutex_lock(&f->o.tabs->lock);
    bool is = is_skipped(tab, at);
    pthread_mutex_unlock(&f->o.tabs->lock);
    return is || follow_is_applied(f, f->txn.gtid, at);
}

/* Rows i to n of the transaction: keys are remembered and, unless they are at the target already, they are merged.
 * `at` is any position inside the transaction. Lock held. */
static bool take_changes(struct follow *f, uint32_t i, uint32_t n, const struct pos *at, bool is_applied, struct err *e)
{
    struct txn *t = &f->txn;
    for (uint32_t k = i; k < n; k++)
        if (!is_skipped(t->changes[k].tab, at) && !note_change(f, &t->changes[k], e))
            return false;
    for (uint32_t k = i; k < n && !is_applied; k++) { /* all of them or none */
        const struct change *c = &t->changes[k];
        if (!is_skipped(c->tab, at) && !ledger_has_part_row(f->o.found, &t->begin, t->first + k))
            merge_change(f->merge, c->tab, c->action, t->rows.p + c->before, t->rows.p + c->after, must_find(c->tab, at));
    }
    return true;
}

/* ---- large ones: in parts, the end of the transaction being known to be in the binlog (DESIGN 4.4) ---- */

#define LARGE_ROWS 50000
#define PART_ROWS 4000u

/* A source writes a transaction's events in one go, and tells a position only between two transactions. */
static bool wait_for_end(struct follow *f, const struct pos *inside, struct err *e)
{
    struct pos end = {0};
    while (f->o.source_end(f->o.source_arg, &end, e)) {
        if (pos_cmp(&end, inside) > 0)
            return true;
        if (cancel_wait(f->stop, 100))
            return err_set(e, ERR_CANCELLED, "in a large transaction");
    }
    return false;
}

bool txn_begin_parts(struct follow *f, const struct pos *inside, struct err *e)
{
    if (f->large.is_open)
        return true;
    follow_flush(f);
    if (!wait_for_end(f, inside, e))
        return false;
    pthread_mutex_lock(&f->o.tabs->lock);
    f->large = (struct large){.is_open = true, .number = ledger_next_part(f->o.found, &f->txn.begin)};
    pthread_mutex_unlock(&f->o.tabs->lock);
    return true;
}

static void enter_part(struct follow *f, uint64_t first, uint32_t n)
{
    struct batch *b = merge_take_part(f->merge);
    if (!b)
        return; /* nothing in it is new */
    b->part = (struct batch_of_large){f->txn.begin, f->large.number++, first, n, true};
    batch_dep(b, dep_transaction(&f->txn.begin), true);
    submit_paid(f, b);
}

bool txn_spill(struct follow *f, const struct pos *at, struct err *e)
{
    char begin[96];
    struct txn *t = &f->txn;
    bool is_large = t->rows.n > f->o.large_bytes || t->n > LARGE_ROWS;
    if (!is_large && !(f->large.is_open && (t->n >= PART_ROWS || t->rows.n >= f->o.large_bytes / 8)))
        return true;
    bool is_first = !f->large.is_open;
    if (!txn_begin_parts(f, at, e))
        return false;
    if (is_first)
        log_event(LOG_INFO, "follow", "", "", "a large transaction at %s: applied in parts", pos_text(&t->begin, begin));
    bool is_applied = follow_is_applied(f, t->gtid, at), fine = true;
    for (uint32_t i = 0, n; i < t->n && fine; i = n) {
        size_t from = t->changes[i].before;
        for (n = i; n < t->n && n - i < PART_ROWS && t->changes[n].before - from < f->o.large_bytes / 8; n++)
            continue;
        pthread_mutex_lock(&f->o.tabs->lock);
        fine = take_changes(f, i, n, at, is_applied, e);
        pthread_mutex_unlock(&f->o.tabs->lock);
        if (fine)
            enter_part(f, t->first + i, n - i);
    }
    t->first += t->n;
    f->large.done = t->first;
    atomic_fetch_add(&f->o.count->rows, t->n);
    t->n = 0;
    buf_release(&t->rows);
    return fine;
}

/* The rest of it, with the row that stands for the whole: after all parts. */
static void end_large(struct follow *f)
{
    struct batch *b = merge_take(f->merge);
    pthread_mutex_lock(&f->o.tabs->lock);
    f->large = (struct large){0};
    pthread_mutex_unlock(&f->o.tabs->lock);
    if (!b)
        return;
    b->part.begin = f->txn.begin;
    batch_dep(b, dep_transaction(&f->txn.begin), false);
    submit_paid(f, b);
}

/* The transaction is whole: enters the sequence, between windows. */
bool follow_enter_txn(struct follow *f, const struct pos *to, struct err *e)
{
    struct txn *t = &f->txn;
    struct pos from = f->at;
    bool is_applied = follow_is_applied(f, t->gtid, to);
    bool is_large = f->large.is_open || ledger_next_part(f->o.found, &t->begin) > 1, must_flush = is_applied || is_large;
    for (uint32_t i = 0; i < t->n && !must_flush; i++)
        must_flush = !is_skipped(t->changes[i].tab, to) &&
                     !merge_takes(f->merge, t->changes[i].tab, must_find(t->changes[i].tab, to));
    if (must_flush)
        follow_flush(f);
    pthread_mutex_lock(&f->o.tabs->lock);
    bool fine = take_changes(f, 0, t->n, to, is_applied, e);
    if (fine) {
        follow_add_gtid(f, t->gtid);
        delay_note_peak(f, to);
        f->at = *to;
    }
    pthread_mutex_unlock(&f->o.tabs->lock);
    if (!fine)
        return false;
    if (!is_applied)
        merge_txn(f->merge, &from, to, t->gtid, t->commit_s);
    if (is_large)
        end_large(f);
    if (is_applied)
        follow_applied(f, to);
    atomic_fetch_add(&f->o.count->tx, 1);
    atomic_fetch_add(&f->o.count->rows, t->n);
    atomic_store(&f->o.count->last_commit_s, t->commit_s);
    txn_reset(t);
    if (merge_is_full(f->merge))
        follow_flush(f);
    follow_windows(f);
    return true;
}
