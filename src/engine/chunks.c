// SPDX-License-Identifier: Apache-2.0
/* The chunks of one table that are under way, for a window that asks. Nothing is read for it: what the stages tell of
 * their chunks (batch/live.h) is written down as text. Of chunks that are to come only the stretches are known, not how
 * many they will be. */
#include "engine/private.h"

#include "batch/live.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define NUMBER_STEP 32                /* bits; chunk numbers that are cut in order are so far apart */

/* The cell as people read it: text as it is, else its bytes. */
static size_t put_cell(char *out, size_t size, const struct cell *c)
{
    size_t n = 0;
    bool is_text = true;
    for (uint32_t i = 0; i < c->n && is_text; i++)
        is_text = (unsigned char)c->p[i] >= 0x80 || isprint((unsigned char)c->p[i]);
    if (is_text)
        return (size_t)snprintf(out, size, "%.*s", (int)TG_MIN(c->n, 60u), c->p);
    n += (size_t)snprintf(out, size, "0x");
    for (uint32_t i = 0; i < c->n && n + 3 < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%02x", (unsigned char)c->p[i]);
    return n;
}

static void put_key(char *out, size_t size, const struct buf *packed, uint32_t nparts)
{
    struct cell cells[16];
    size_t n = 0;
    out[0] = 0;
    if (!packed->n)
        return;
    row_unpack(packed->p, nparts, cells);
    for (uint32_t i = 0; i < nparts && n + 4 < size; i++) {
        if (i)
            n += (size_t)snprintf(out + n, size - n, ", ");
        n += put_cell(out + n, size - n, &cells[i]);
    }
}

static const enum chunk_state states[] = {[LIVE_READING] = CHUNK_READING, [LIVE_PASSING] = CHUNK_PASSING,
                                          [LIVE_QUEUED] = CHUNK_QUEUED,   [LIVE_LOADING] = CHUNK_LOADING,
                                          [LIVE_ASKING] = CHUNK_ASKING,   [LIVE_DONE] = CHUNK_DONE};

static void put_chunk(struct chunk_view *v, struct live *l, uint32_t nparts)
{
    *v = (struct chunk_view){.number = (l->id.number >> NUMBER_STEP) + 1, .state = states[l->state], .rows = l->rows, .bytes = l->bytes,
                             .percent = -1};
    if (l->state == LIVE_READING && l->want)
        v->percent = (int)TG_MIN((uint64_t)atomic_load(&l->read) * 100 / l->want, 99u);
    put_key(v->from, sizeof v->from, &l->lo, nparts);
    put_key(v->to, sizeof v->to, &l->hi, nparts);
}

static void put_columns(struct chunks_view *v, const struct table *def)
{
    const struct key *k = &def->keys[def->row_key];
    size_t n = 0;
    for (uint32_t i = 0; i < k->nparts && n + 4 < sizeof v->key; i++)
        n += (size_t)snprintf(v->key + n, sizeof v->key - n, "%s%s", i ? ", " : "", def->columns[k->parts[i].column].name);
}

static void fill(struct chunks_view *v, struct tab *tab)
{
    uint64_t read = atomic_load(&tab->count.rows_read);
    snprintf(v->table, sizeof v->table, "%.129s", tab->label);
    v->done = (uint32_t)atomic_load(&tab->count.chunks_done);
    v->ranges = (uint32_t)atomic_load(&tab->count.ranges);
    v->rows_left = v->ranges && tab->rows_guess > read ? tab->rows_guess - read : 0;
    v->retried = tab->retried;
    snprintf(v->why, sizeof v->why, "%s", tab->retried_why);
    if (tab->def->row_key < 0)
        return;
    put_columns(v, tab->def);
    uint32_t nparts = tab->def->keys[tab->def->row_key].nparts;
    for (struct live *l = tab->live; l; l = l->next) {
        if (l->id.round != tab->round)
            continue;
        if (v->total >= v->offset && v->n < MON_CHUNKS)
            put_chunk(&v->chunk[v->n++], l, nparts);
        v->count[states[l->state]]++;
        v->total++;
    }
}

bool engine_chunks(struct engine *g, const char *table, int64_t offset, char **result_json, struct err *e)
{
    struct chunks_view *v = x_alloc(sizeof *v);
    bool found = false;
    v->offset = (uint32_t)TG_MIN(TG_MAX(offset, 0), 1000000);
    pthread_mutex_lock(&g->tabs.lock);
    for (uint32_t i = 0; i < g->tabs.n && !found; i++) {
        struct tab *tab = g->tabs.list[i];
        found = tab->def && strcmp(tab->label, table) == 0;
        if (found)
            fill(v, tab);
    }
    pthread_mutex_unlock(&g->tabs.lock);
    if (found)
        *result_json = mon_encode_chunks(v);
    else
        err_set(e, ERR_USAGE, "no table %s is in this run", table);
    free(v);
    return found;
}
