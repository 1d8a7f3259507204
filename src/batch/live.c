// SPDX-License-Identifier: Apache-2.0
#include "batch/live.h"

#include "base/sync.h"

#include <stdio.h>
#include <stdlib.h>

static bool lock(const struct tab *tab)
{
    return tab->owner && pthread_mutex_lock(&tab->owner->lock) == 0;
}

static void unlock(const struct tab *tab)
{
    pthread_mutex_unlock(&tab->owner->lock);
}

static void drop(struct live **at)
{
    struct live *l = *at;
    *at = l->next;
    buf_release(&l->lo);
    buf_release(&l->hi);
    free(l);
}

/* Where a chunk of that number stands or would stand. */
static struct live **place_of(struct tab *tab, struct live_id id)
{
    struct live **at = &tab->live;
    while (*at && ((*at)->id.round < id.round || ((*at)->id.round == id.round && (*at)->id.number < id.number)))
        at = &(*at)->next;
    return at;
}

static bool is_it(const struct live *l, struct live_id id)
{
    return l && l->id.round == id.round && l->id.number == id.number;
}

static struct live *find(struct tab *tab, struct live_id id)
{
    struct live *l = *place_of(tab, id);
    return is_it(l, id) ? l : NULL;
}

struct live *live_begin(struct tab *tab, const struct chunk *k)
{
    if (!lock(tab))
        return NULL;
    struct live_id id = {k->round, k->number};
    struct live **at = place_of(tab, id), *l = *at;
    if (!is_it(l, id)) {
        l = x_alloc(sizeof *l);
        l->next = *at;
        *at = l;
    }
    l->id = id;
    l->state = LIVE_READING;
    l->want = k->want_rows;
    l->rows = l->bytes = 0;
    atomic_store(&l->read, 0);
    buf_reset(&l->lo);
    buf_reset(&l->hi);
    buf_add(&l->lo, k->lo.p ? k->lo.p : "", k->lo.n);
    buf_add(&l->hi, k->hi.p ? k->hi.p : "", k->hi.n);
    unlock(tab);
    return l;
}

/* Of those that are done the oldest go. */
static void forget_done(struct tab *tab)
{
    for (;;) {
        struct live **oldest = NULL;
        unsigned n = 0;
        for (struct live **at = &tab->live; *at; at = &(*at)->next) {
            if ((*at)->state != LIVE_DONE)
                continue;
            n++;
            oldest = !oldest || (*at)->done_ms < (*oldest)->done_ms ? at : oldest;
        }
        if (n <= LIVE_DONE_KEPT)
            return;
        drop(oldest);
    }
}

void live_set(struct tab *tab, struct live_id id, enum live_state state)
{
    if (!lock(tab))
        return;
    struct live *l = find(tab, id);
    if (l)
        l->state = state;
    if (l && state == LIVE_DONE) {
        l->done_ms = clock_mono_ms();
        forget_done(tab);
    }
    unlock(tab);
}

void live_read(struct tab *tab, struct live_id id, uint64_t rows, uint64_t bytes)
{
    if (!lock(tab))
        return;
    struct live *l = find(tab, id);
    if (l) {
        l->state = LIVE_PASSING;
        l->rows = rows;
        l->bytes = bytes;
    }
    unlock(tab);
}

static void note_retry(struct tab *tab, const char *why)
{
    tab->retried++;
    snprintf(tab->retried_why, sizeof tab->retried_why, "%s", why);
}

void live_again(struct tab *tab, struct live_id id, const char *why)
{
    if (!lock(tab))
        return;
    struct live **at = place_of(tab, id);
    if (is_it(*at, id))
        drop(at);
    if (id.round == tab->round)
        note_retry(tab, why);
    unlock(tab);
}

void live_retried(struct tab *tab, const char *why)
{
    if (!lock(tab))
        return;
    note_retry(tab, why);
    unlock(tab);
}

void live_release(struct tab *tab)
{
    while (tab->live)
        drop(&tab->live);
}
