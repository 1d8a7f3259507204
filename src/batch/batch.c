// SPDX-License-Identifier: Apache-2.0
#include "batch/batch.h"

#include "base/hash.h"

#include <stdlib.h>

struct batch *batch_new(enum batch_kind kind)
{
    struct batch *b = x_alloc(sizeof *b);
    b->kind = kind;
    return b;
}

static void ddl_part_release(struct batch_ddl *d)
{
    free(d->sql);
    for (uint32_t i = 0; i < d->ntargets; i++)
        free(d->targets[i]);
    free(d->targets);
    free(d->emptied);
    buf_release(&d->ledger);
}

void batch_free(struct batch *b)
{
    if (!b)
        return;
    for (uint32_t i = 0; i < b->nparts; i++) {
        table_drop(b->parts[i].def);
        buf_release(&b->parts[i].del.data);
        buf_release(&b->parts[i].ins.data);
    }
    if (b->budget)
        budget_give(b->budget, b->cost);
    ddl_part_release(&b->ddl);
    buf_release(&b->chunk.lo);
    buf_release(&b->chunk.hi);
    free(b->parts);
    free(b->alone.list);
    free(b->shared.list);
    free(b->followers);
    free(b->gtids);
    free(b);
}

struct batch_part *batch_part(struct batch *b, struct tab *tab, struct table *def, bool must_find)
{
    for (uint32_t i = 0; i < b->nparts; i++)
        if (b->parts[i].tab == tab)
            return &b->parts[i];
    b->parts = x_realloc(b->parts, (b->nparts + 1) * sizeof *b->parts);
    struct batch_part *p = &b->parts[b->nparts++];
    *p = (struct batch_part){.tab = tab, .def = table_hold(def), .must_find = must_find};
    return p;
}

void batch_dep(struct batch *b, uint64_t key, bool is_shared)
{
    struct keys *k = is_shared ? &b->shared : &b->alone;
    if (is_shared)
        for (uint32_t i = k->n; i > 0; i--)
            if (k->list[i - 1] == key)
                return;
    if (k->n == k->cap) {
        k->cap = k->cap ? k->cap * 2 : 8;
        k->list = x_realloc(k->list, k->cap * sizeof *k->list);
    }
    k->list[k->n++] = key;
}

uint64_t dep_table(const struct tab *tab)
{
    return hash64(&tab->id, sizeof tab->id, 0x7ab1e);
}

uint64_t dep_name(const char *schema, const char *table)
{
    uint64_t h = hash64(schema, strlen(schema), 0x5c4e3a);
    return table ? hash64(table, strlen(table), h) : h;
}

uint64_t dep_transaction(const struct pos *begin)
{
    char text[96];
    pos_text(begin, text);
    return hash64(text, strlen(text), 0x7a4ac);
}

static uint64_t dep_group(const struct tab *tab, uint32_t key)
{
    uint32_t id[2] = {tab->id, key};
    return hash64(id, sizeof id, 0x6e0);
}

enum key_value { KEY_VALUE, KEY_HAS_NULL, KEY_WILD, KEY_UNKNOWN };

/* Folds one unique key of a row into `out`. */
static enum key_value fold_key(struct buf *out, const struct table *def, const struct key *k,
                               const struct cell *cells)
{
    buf_reset(out);
    for (uint32_t i = 0; i < k->nparts; i++) {
        uint32_t column = k->parts[i].column;
        if (column >= def->ncolumns || def->columns[column].fold == FOLD_NONE)
            return KEY_UNKNOWN;
        if (def->columns[column].is_generated && !def->columns[column].is_stored)
            return KEY_UNKNOWN;
        if (!cells[column].p)
            return KEY_HAS_NULL;
    }
    for (uint32_t i = 0; i < k->nparts; i++) {
        const struct column *c = &def->columns[k->parts[i].column];
        size_t at = out->n;
        buf_add(out, "\0\0\0", 4);
        if (!encode_key_folded(out, c, cells[k->parts[i].column], k->parts[i].prefix))
            return KEY_WILD;
        uint32_t n = (uint32_t)(out->n - at - 4);
        memcpy(out->p + at, &n, sizeof n);
    }
    return KEY_VALUE;
}

static bool has_unique(const struct table *def)
{
    for (uint32_t i = 0; i < def->nkeys; i++)
        if (def->keys[i].is_unique)
            return true; /* rows of different images may meet in it */
    return false;
}

/* A bag of rows: equal images in order, others in parallel. JSON is left out, for the target may hold two texts for
 * one document. */
static void dep_image(struct batch *b, const struct tab *tab, const struct table *def, const struct cell *cells)
{
    struct buf image = {0};
    for (uint32_t i = 0; i < def->ncolumns; i++)
        if (def->columns[i].cls != COL_JSON && !def->columns[i].is_generated)
            encode_key_exact(&image, &def->columns[i], cells[i]);
    batch_dep(b, hash64(image.p, image.n, dep_group(tab, UINT32_MAX)), false);
    batch_dep(b, dep_table(tab), true);
    buf_release(&image);
}

void batch_dep_row(struct batch *b, const struct tab *tab, const struct table *def, const struct cell *cells)
{
    struct buf folded = {0};
    bool is_apart = atomic_load(&tab->filters) & TAB_SHAPE; /* the target may hold on to keys that def lacks */
    bool is_alone = def->row_key < 0 || is_apart;
    if (!is_apart && is_alone && tab->is_bag && !has_unique(def)) {
        dep_image(b, tab, def, cells);
        return;
    }
    for (uint32_t i = 0; i < def->nkeys && !is_alone; i++) {
        if (!def->keys[i].is_unique)
            continue;
        uint64_t group = dep_group(tab, i);
        switch (fold_key(&folded, def, &def->keys[i], cells)) {
        case KEY_HAS_NULL:
            break;
        case KEY_UNKNOWN:
            is_alone = true;
            break;
        case KEY_WILD:
            batch_dep(b, group, false);
            break;
        case KEY_VALUE:
            batch_dep(b, hash64(folded.p, folded.n, group), false);
            batch_dep(b, group, true);
            break;
        }
    }
    batch_dep(b, dep_table(tab), !is_alone);
    buf_release(&folded);
}

uint32_t row_key_cells(const struct table *def, const struct cell *cells, struct cell *out)
{
    const struct key *k = &def->keys[def->row_key];
    for (uint32_t i = 0; i < k->nparts; i++)
        out[i] = cells[k->parts[i].column];
    return k->nparts;
}

void row_key_bytes(struct buf *out, const struct table *def, const struct cell *cells)
{
    const struct key *k = &def->keys[def->row_key];
    for (uint32_t i = 0; i < k->nparts; i++)
        encode_key_exact(out, &def->columns[k->parts[i].column], cells[k->parts[i].column]);
}
