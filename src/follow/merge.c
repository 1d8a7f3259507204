// SPDX-License-Identifier: Apache-2.0
/* The merge keeps, per table, one entry per row identity: was it there before the batch, and what is it now.
 * Deletions come from what was there, insertions from what is now (DESIGN 4.5). A table without a key has entries
 * per whole row with a count instead: it is a bag of rows. Before the end of a table's copy every touched key is
 * deleted, found or not. */
#include "follow/private.h"

#include <stdlib.h>
#include <uthash.h>

#define MERGE_TXS 512
#define MERGE_ROWS 4000
#define MERGE_BYTES ((size_t)2 << 20)
#define NO_ROW SIZE_MAX

struct entry {
    UT_hash_handle hh;
    size_t row;                       /* what it is now: packed row in rows, NO_ROW: gone */
    size_t key;                       /* packed key cells; keyless: the packed row */
    bool was_there;
    int64_t count;                    /* keyless: insertions minus deletions */
    uint32_t n;
    char bytes[];
};

struct merge_table {
    struct tab *tab;
    struct table *def;
    bool must_find;
    struct entry *entries;
};

struct merge {
    struct merge_table *tables;
    uint32_t ntables;
    struct buf rows;                  /* packed */
    struct batch *batch;              /* collects keys and positions */
    struct buf gtids, key;
    struct cell *cells;
    uint32_t ncells, nrows;
    bool has_txn;
};

struct merge *merge_new(void)
{
    return x_alloc(sizeof(struct merge));
}

static void forget(struct merge *m)
{
    for (uint32_t i = 0; i < m->ntables; i++) {
        struct entry *n, *tmp;
        HASH_ITER(hh, m->tables[i].entries, n, tmp)
        {
            HASH_DEL(m->tables[i].entries, n);
            free(n);
        }
        table_drop(m->tables[i].def);
    }
    m->ntables = 0;
    m->nrows = 0;
    m->has_txn = false;
    if (m->rows.cap > 4 * MERGE_BYTES)
        buf_release(&m->rows); /* a large transaction was inside */
    buf_reset(&m->rows);
    buf_reset(&m->gtids);
}

void merge_free(struct merge *m)
{
    if (!m)
        return;
    forget(m);
    batch_free(m->batch);
    buf_release(&m->rows);
    buf_release(&m->gtids);
    buf_release(&m->key);
    free(m->tables);
    free(m->cells);
    free(m);
}

bool merge_is_empty(const struct merge *m)
{
    return !m->has_txn;
}

uint32_t merge_txs(const struct merge *m)
{
    return m->batch ? m->batch->ntx : 0;
}

bool merge_is_full(const struct merge *m)
{
    return m->has_txn && (m->batch->ntx >= MERGE_TXS || m->nrows >= MERGE_ROWS || m->rows.n >= MERGE_BYTES);
}

static struct merge_table *find_table(const struct merge *m, const struct tab *tab)
{
    for (uint32_t i = 0; i < m->ntables; i++)
        if (m->tables[i].tab == tab)
            return &m->tables[i];
    return NULL;
}

bool merge_takes(const struct merge *m, const struct tab *tab, bool must_find)
{
    const struct merge_table *t = find_table(m, tab);
    return !t || (t->must_find == must_find && t->def == tab->def);
}

static struct merge_table *table_of(struct merge *m, struct tab *tab, bool must_find)
{
    struct merge_table *t = find_table(m, tab);
    if (t)
        return t;
    m->tables = x_realloc(m->tables, (m->ntables + 1) * sizeof *m->tables);
    t = &m->tables[m->ntables++];
    *t = (struct merge_table){tab, table_hold(tab->def), must_find, NULL};
    return t;
}

static struct batch *batch_of(struct merge *m)
{
    if (!m->batch)
        m->batch = batch_new(BATCH_STREAM);
    return m->batch;
}

/* The entry of the row in `cells`, made when it is new. */
static struct entry *entry_of(struct merge *m, struct merge_table *t, const struct cell *cells)
{
    struct entry *n;
    buf_reset(&m->key);
    if (t->def->row_key >= 0)
        row_key_bytes(&m->key, t->def, cells);
    else
        for (uint32_t i = 0; i < t->def->ncolumns; i++)
            encode_key_exact(&m->key, &t->def->columns[i], cells[i]);
    HASH_FIND(hh, t->entries, m->key.p, m->key.n, n);
    if (n)
        return n;
    n = x_alloc(sizeof *n + m->key.n);
    n->n = (uint32_t)m->key.n;
    n->row = NO_ROW;
    memcpy(n->bytes, m->key.p, m->key.n);
    n->key = m->rows.n;
    if (t->def->row_key >= 0) {
        struct cell key[16];
        row_pack(&m->rows, key, row_key_cells(t->def, cells, key));
    } else {
        row_pack(&m->rows, cells, t->def->ncolumns);
    }
    HASH_ADD_KEYPTR(hh, t->entries, n->bytes, n->n, n);
    return n;
}

static void unpack(struct merge *m, const struct table *def, const char *packed)
{
    if (m->ncells < def->ncolumns) {
        m->ncells = def->ncolumns;
        m->cells = x_realloc(m->cells, m->ncells * sizeof *m->cells);
    }
    row_unpack(packed, def->ncolumns, m->cells);
}

static void take_out(struct merge *m, struct merge_table *t, const char *before)
{
    unpack(m, t->def, before);
    size_t had = HASH_COUNT(t->entries);
    struct entry *n = entry_of(m, t, m->cells);
    if (HASH_COUNT(t->entries) > had)
        n->was_there = true;
    n->row = NO_ROW;
    n->count--;
    batch_dep_row(batch_of(m), t->tab, t->def, m->cells);
}

static void put_in(struct merge *m, struct merge_table *t, const char *after)
{
    unpack(m, t->def, after);
    struct entry *n = entry_of(m, t, m->cells);
    n->row = m->rows.n;
    n->count++;
    row_pack(&m->rows, m->cells, t->def->ncolumns);
    batch_dep_row(batch_of(m), t->tab, t->def, m->cells);
}

void merge_change(struct merge *m, struct tab *tab, enum rows_action action, const char *before,
                  const char *after, bool must_find)
{
    struct merge_table *t = table_of(m, tab, must_find);
    if (action != ROWS_WRITE)
        take_out(m, t, before);
    if (action != ROWS_DELETE)
        put_in(m, t, after);
    m->nrows++;
}

void merge_txn(struct merge *m, const struct pos *from, const struct pos *to, const char *gtid, int64_t commit_s)
{
    struct batch *b = batch_of(m);
    if (!m->has_txn)
        b->from = *from;
    m->has_txn = true;
    b->to = *to;
    if (!b->ntx)
        b->merged_us = clock_mono_us();
    b->ntx++;
    b->commit_ms = commit_s * 1000;
    if (gtid[0])
        buf_addf(&m->gtids, "%s%s", m->gtids.n ? "," : "", gtid);
}

/* Copies a packed row of ncols cells that stands at `at`. */
static void add_row(struct rows *to, const struct merge *m, size_t at, uint32_t ncols, struct cell *scratch)
{
    size_t size = row_unpack(m->rows.p + at, ncols, scratch);
    buf_add(&to->data, m->rows.p + at, size);
    to->n++;
}

static void emit_table(struct merge *m, struct merge_table *t)
{
    struct batch_part *part = batch_part(m->batch, t->tab, t->def, t->must_find);
    uint32_t ncols = t->def->ncolumns;
    struct cell *scratch = x_alloc((ncols + 16) * sizeof *scratch);
    struct entry *n, *tmp;
    HASH_ITER(hh, t->entries, n, tmp)
    {
        if (t->def->row_key < 0) {
            for (int64_t i = n->count; i < 0; i++)
                add_row(&part->del, m, n->key, ncols, scratch);
            for (int64_t i = 0; i < n->count; i++)
                add_row(&part->ins, m, n->key, ncols, scratch);
            continue;
        }
        if (n->was_there || !t->must_find)
            add_row(&part->del, m, n->key, t->def->keys[t->def->row_key].nparts, scratch);
        if (n->row != NO_ROW)
            add_row(&part->ins, m, n->row, ncols, scratch);
    }
    free(scratch);
}

struct batch *merge_take_part(struct merge *m)
{
    if (!m->nrows)
        return NULL;
    m->has_txn = true;
    return merge_take(m);
}

struct batch *merge_take(struct merge *m)
{
    if (!m->has_txn)
        return NULL;
    for (uint32_t i = 0; i < m->ntables; i++)
        emit_table(m, &m->tables[i]);
    struct batch *b = m->batch;
    b->gtids = m->gtids.n ? x_strndup(m->gtids.p, m->gtids.n) : NULL;
    b->cost = m->rows.n * 2 + 256 * (size_t)m->nrows + 512;
    m->batch = NULL;
    forget(m);
    return b;
}
