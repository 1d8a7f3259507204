// SPDX-License-Identifier: Apache-2.0
/* What is left to read of a table: the holes between the chunks that the ledger holds. Chunk numbers are ordered
 * like the keys, with room between them, so that the order of bounds is known without comparing them. */
#include "copy/private.h"

#include <stdlib.h>

#define LAST_NUMBER (UINT64_MAX >> 1)
#define STEP ((uint64_t)1 << 32)

static struct chunk *range_new(struct tab *tab, uint64_t number, uint64_t space_end, const struct buf *lo, const struct buf *hi)
{
    struct chunk *k = x_alloc(sizeof *k);
    k->tab = tab;
    k->number = number;
    k->round = tab->round;
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

/* Where the table's chunks begin. */
static size_t first_chunk(const struct ledger_state *found, uint32_t table_id)
{
    size_t from = 0, to = found->nchunks;
    while (from < to) {
        size_t i = from + (to - from) / 2;
        if (found->chunks[i].table_id < table_id)
            from = i + 1;
        else
            to = i;
    }
    return from;
}

void copy_count_found(struct tab *tab, const struct ledger_state *found)
{
    uint64_t rows = 0, bytes = 0, chunks = 0;
    for (size_t i = first_chunk(found, tab->id); i < found->nchunks && found->chunks[i].table_id == tab->id; i++, chunks++) {
        rows += found->chunks[i].rows;
        bytes += found->chunks[i].bytes;
    }
    atomic_store(&tab->count.rows_read, rows);
    atomic_store(&tab->count.bytes_read, bytes);
    atomic_store(&tab->count.rows_loaded, rows);
    atomic_store(&tab->count.bytes_loaded, bytes);
    atomic_store(&tab->count.chunks_done, chunks);
}

size_t copy_holes(struct tab *tab, const struct ledger_state *found, struct chunk ***out)
{
    size_t n = 0;
    const struct ledger_chunk *last = NULL;
    *out = NULL;
    copy_count_found(tab, found);
    for (size_t i = first_chunk(found, tab->id); i < found->nchunks && found->chunks[i].table_id == tab->id; i++) {
        const struct ledger_chunk *k = &found->chunks[i];
        bool follows = last ? last->hi.n == k->lo.n && k->lo.n && memcmp(last->hi.p, k->lo.p, k->lo.n) == 0 : !k->lo.n;
        if (!follows)
            add(out, &n, range_new(tab, last ? last->number + 1 : 1, k->number - 1, last ? &last->hi : NULL, &k->lo));
        if (pos_cmp(&k->at, &tab->end) > 0 || !pos_is_set(&tab->end))
            tab->end = k->at;
        last = k;
    }
    if (!last || last->hi.n)
        add(out, &n, range_new(tab, last ? last->number + 1 : 1, LAST_NUMBER, last ? &last->hi : NULL, NULL));
    tab->chunks_planned = n;
    tab->chunks_entered = 0;
    tab->copy = n ? TAB_COPYING : TAB_COMPLETE;
    return n;
}

struct chunk *chunk_whole(struct tab *tab)
{
    return range_new(tab, 1, LAST_NUMBER, NULL, NULL);
}

bool chunk_has_numbers(const struct chunk *k)
{
    return k->space_end - k->number >= 64; /* what is left is for chunks that are cut while they are read */
}

/* Most numbers go to the rest, from which many more chunks are cut; not so where a chunk is cut that came back, since
 * it may be halved many times. */
struct chunk *chunk_split(struct chunk *k, const struct cell *border, uint32_t nparts, bool in_half)
{
    struct buf hi = {0};
    uint64_t space = k->space_end - k->number;
    uint64_t step = in_half ? TG_MAX(space / 2, 1u) : TG_MIN(STEP, TG_MAX(space / 1024, 1u));
    row_pack(&hi, border, nparts);
    if (k->has_hi && k->hi.n == hi.n && memcmp(k->hi.p, hi.p, hi.n) == 0) {
        buf_release(&hi); /* cut there before, and the read failed: nothing lies behind it */
        return NULL;
    }
    if (space < step)
        tg_bug("no chunk numbers left in %s", k->tab->label);
    struct chunk *rest = x_alloc(sizeof *rest);
    *rest = (struct chunk){.tab = k->tab, .number = k->number + step, .space_end = k->space_end,
                           .hi = k->hi, .has_hi = k->has_hi, .round = k->round};
    k->space_end = k->number + step - 1;
    k->hi = hi;
    k->has_hi = true;
    buf_add(&rest->lo, hi.p, hi.n);
    rest->has_lo = true;
    return rest;
}
