// SPDX-License-Identifier: Apache-2.0
/* What is left to read of a table: the holes between the chunks that the ledger holds. Chunk numbers are ordered
 * like the keys, with room between them, so that the order of bounds is known without comparing them. */
#include "copy/private.h"

#include <stdlib.h>

#define LAST_NUMBER (UINT64_MAX >> 1)

static struct chunk *range_new(struct tab *tab, uint64_t number, uint64_t space_end, const struct buf *lo, const struct buf *hi)
{
    struct chunk *k = x_alloc(sizeof *k);
    k->tab = tab;
    k->number = number;
    k->space_end = space_end;
    if (lo && lo->n) {
        buf_add(&k->lo, lo->p, lo->n);
        k->has_lo = true;
    }
    if (hi && hi->n) {
        buf_add(&k->hi, hi->p, hi->n);
        k->has_hi = true;
    }
    return k;
}

static void add(struct chunk ***list, size_t *n, struct chunk *k)
{
    *list = x_realloc(*list, (*n + 1) * sizeof **list);
    (*list)[(*n)++] = k;
}

size_t copy_holes(struct tab *tab, const struct ledger_state *found, struct chunk ***out)
{
    size_t n = 0;
    const struct ledger_chunk *last = NULL;
    *out = NULL;
    for (size_t i = 0; i < found->nchunks; i++) {
        const struct ledger_chunk *k = &found->chunks[i];
        if (k->table_id != tab->id)
            continue;
        bool follows = last ? last->hi.n == k->lo.n && k->lo.n && memcmp(last->hi.p, k->lo.p, k->lo.n) == 0 : !k->lo.n;
        if (!follows)
            add(out, &n, range_new(tab, last ? last->number + 1 : 1, k->number - 1, last ? &last->hi : NULL, &k->lo));
        if (pos_cmp(&k->at, &tab->end) > 0 || !pos_is_set(&tab->end))
            tab->end = k->at;
        atomic_fetch_add(&tab->count.rows_read, k->rows);
        atomic_fetch_add(&tab->count.bytes_read, k->bytes);
        atomic_fetch_add(&tab->count.rows_loaded, k->rows);
        atomic_fetch_add(&tab->count.bytes_loaded, k->bytes);
        atomic_fetch_add(&tab->count.chunks_done, 1);
        last = k;
    }
    if (!last || last->hi.n)
        add(out, &n, range_new(tab, last ? last->number + 1 : 1, LAST_NUMBER, last ? &last->hi : NULL, NULL));
    tab->chunks_planned = n;
    tab->chunks_entered = 0;
    tab->copy = n ? TAB_COPYING : TAB_COMPLETE;
    return n;
}
