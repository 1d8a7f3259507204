// SPDX-License-Identifier: Apache-2.0
#include "batch/window.h"

#include <stdlib.h>
#include <uthash.h>

struct seen_key {
    UT_hash_handle hh;
    uint32_t n;
    char bytes[];
};

void chunk_free(struct chunk *c)
{
    if (!c)
        return;
    buf_release(&c->lo);
    buf_release(&c->hi);
    free(c);
}

struct window *window_open(struct tab *tab, const struct pos *at, size_t seen_limit)
{
    struct window *w = x_alloc(sizeof *w);
    w->tab = tab;
    w->def = table_hold(tab->def);
    w->from = *at;
    w->seen_limit = seen_limit;
    w->next = tab->windows;
    tab->windows = w;
    return w;
}

static void forget(struct window *w)
{
    struct seen_key *k, *tmp;
    HASH_ITER(hh, w->seen, k, tmp)
    {
        HASH_DEL(w->seen, k);
        free(k);
    }
    w->seen_bytes = 0;
}

static void remember_one(struct window *w, const struct buf *key)
{
    struct seen_key *k;
    HASH_FIND(hh, w->seen, key->p, key->n, k);
    if (k)
        return;
    k = x_alloc(sizeof *k + key->n);
    k->n = (uint32_t)key->n;
    memcpy(k->bytes, key->p, key->n);
    HASH_ADD_KEYPTR(hh, w->seen, k->bytes, key->n, k);
    w->seen_bytes += sizeof *k + key->n;
    if (w->seen_bytes > w->seen_limit) {
        w->is_discarded = true;
        forget(w);
    }
}

void window_remember(struct tab *tab, const struct table *def, const struct cell *cells)
{
    struct buf key = {0};
    if (!tab->windows || def->row_key < 0)
        return;
    row_key_bytes(&key, def, cells);
    for (struct window *w = tab->windows; w; w = w->next)
        if (!w->is_discarded)
            remember_one(w, &key);
    buf_release(&key);
}

void window_discard_all(struct tab *tab)
{
    for (struct window *w = tab->windows; w; w = w->next)
        w->is_discarded = true;
}

void window_unlink(struct window *w)
{
    for (struct window **p = &w->tab->windows; *p; p = &(*p)->next)
        if (*p == w) {
            *p = w->next;
            w->next = NULL;
            return;
        }
}

static bool is_carried(const struct window *w, const struct cell *cells, struct buf *key)
{
    struct seen_key *k;
    buf_reset(key);
    row_key_bytes(key, w->def, cells);
    HASH_FIND(hh, w->seen, key->p, key->n, k);
    return k != NULL;
}

struct batch *window_to_batch(struct window *w, const struct pos *at)
{
    struct batch *b = batch_new(BATCH_CHUNK);
    struct batch_part *part = batch_part(b, w->tab, w->def, false);
    struct cell *cells = x_alloc(w->def->ncolumns * sizeof *cells);
    struct buf key = {0};
    const char *p = w->rows.data.p;
    bool is_whole = w->seen == NULL;
    for (uint32_t i = 0; i < w->rows.n; i++) {
        size_t size = row_unpack(p, w->def->ncolumns, cells);
        if (is_whole || !is_carried(w, cells, &key)) {
            batch_dep_row(b, w->tab, w->def, cells);
            if (!is_whole) {
                buf_add(&part->ins.data, p, size);
                part->ins.n++;
            }
        }
        p += size;
    }
    if (is_whole) {
        part->ins = w->rows;
        w->rows = (struct rows){0};
    }
    batch_dep(b, dep_table(w->tab), true);
    b->from = b->to = *at;
    b->chunk.number = w->chunk->number;
    b->chunk.round = w->chunk->round;
    buf_add(&b->chunk.lo, w->chunk->lo.p, w->chunk->lo.n);
    buf_add(&b->chunk.hi, w->chunk->hi.p, w->chunk->hi.n);
    b->chunk.has_lo = w->chunk->has_lo;
    b->chunk.has_hi = w->chunk->has_hi;
    b->chunk.bytes = w->bytes;
    b->cost = w->cost;
    b->budget = w->budget;
    w->budget = NULL;
    buf_release(&key);
    free(cells);
    return b;
}

void window_free(struct window *w)
{
    if (!w)
        return;
    forget(w);
    chunk_free(w->chunk);
    table_drop(w->def);
    buf_release(&w->rows.data);
    if (w->budget)
        budget_give(w->budget, w->cost);
    free(w);
}
