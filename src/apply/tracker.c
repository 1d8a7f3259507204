// SPDX-License-Identifier: Apache-2.0
/* A table from key to its holders, open addressing with linear probing and backward shift, so that it has no
 * tombstones and shrinks to nothing when all is applied. A key has one holder alone, the newest, and those who
 * share it since. The newest is enough: it waits for all before it. */
#include "apply/tracker.h"

#include <stdlib.h>

struct sharers {
    struct batch **list;
    uint32_t n, cap;
};

struct slot {
    uint64_t key;                     /* 0: free (key 0 is stored as 1; a collision is only coarser) */
    struct batch *alone;
    struct sharers *shared;
};

struct tracker {
    struct slot *slots;
    size_t mask, used;
};

struct tracker *tracker_new(void)
{
    struct tracker *t = x_alloc(sizeof *t);
    t->mask = 1023;
    t->slots = x_alloc((t->mask + 1) * sizeof *t->slots);
    return t;
}

static void sharers_free(struct sharers *s)
{
    if (s)
        free(s->list);
    free(s);
}

void tracker_free(struct tracker *t)
{
    if (!t)
        return;
    for (size_t i = 0; i <= t->mask; i++)
        sharers_free(t->slots[i].shared);
    free(t->slots);
    free(t);
}

static size_t home(const struct tracker *t, uint64_t key)
{
    return (size_t)((key * 0x9e3779b97f4a7c15u) >> 20) & t->mask;
}

static size_t probe(const struct tracker *t, uint64_t key)
{
    size_t i = home(t, key);
    while (t->slots[i].key && t->slots[i].key != key)
        i = (i + 1) & t->mask;
    return i;
}

static void resize(struct tracker *t, size_t size)
{
    struct tracker old = *t;
    t->mask = size - 1;
    t->slots = x_alloc(size * sizeof *t->slots);
    for (size_t i = 0; i <= old.mask; i++)
        if (old.slots[i].key)
            t->slots[probe(t, old.slots[i].key)] = old.slots[i];
    free(old.slots);
}

static struct slot *slot_of(struct tracker *t, uint64_t key)
{
    if (t->used * 2 > t->mask)
        resize(t, (t->mask + 1) * 2);
    key = key ? key : 1;
    struct slot *s = &t->slots[probe(t, key)];
    if (!s->key) {
        s->key = key;
        t->used++;
    }
    return s;
}

static void slot_remove(struct tracker *t, size_t hole)
{
    sharers_free(t->slots[hole].shared);
    for (size_t i = (hole + 1) & t->mask; t->slots[i].key; i = (i + 1) & t->mask) {
        size_t want = home(t, t->slots[i].key);
        if (((i - want) & t->mask) >= ((i - hole) & t->mask)) {
            t->slots[hole] = t->slots[i];
            hole = i;
        }
    }
    t->slots[hole] = (struct slot){0};
    t->used--;
    if (t->mask > 65535 && t->used * 16 < t->mask)
        resize(t, (t->mask + 1) / 4);
}

static void wait_for(struct batch *b, struct batch *earlier)
{
    if (!earlier || earlier == b || earlier->mark == b->seq)
        return;
    earlier->mark = b->seq;
    if (earlier->nfollowers == earlier->followers_cap) {
        earlier->followers_cap = earlier->followers_cap ? earlier->followers_cap * 2 : 4;
        earlier->followers = x_realloc(earlier->followers, earlier->followers_cap * sizeof(void *));
    }
    earlier->followers[earlier->nfollowers++] = b;
    b->waits++;
}

static void hold_alone(struct tracker *t, struct batch *b, uint64_t key)
{
    struct slot *s = slot_of(t, key);
    wait_for(b, s->alone);
    for (uint32_t i = 0; s->shared && i < s->shared->n; i++)
        wait_for(b, s->shared->list[i]);
    sharers_free(s->shared);
    s->shared = NULL;
    s->alone = b;
}

static void hold_shared(struct tracker *t, struct batch *b, uint64_t key)
{
    struct slot *s = slot_of(t, key);
    wait_for(b, s->alone);
    if (!s->shared)
        s->shared = x_alloc(sizeof *s->shared);
    struct sharers *h = s->shared;
    if (h->n == h->cap) {
        h->cap = h->cap ? h->cap * 2 : 8;
        h->list = x_realloc(h->list, h->cap * sizeof(void *));
    }
    h->list[h->n++] = b;
}

bool tracker_enter(struct tracker *t, struct batch *b)
{
    for (uint32_t i = 0; i < b->alone.n; i++)
        hold_alone(t, b, b->alone.list[i]);
    for (uint32_t i = 0; i < b->shared.n; i++)
        hold_shared(t, b, b->shared.list[i]);
    return b->waits == 0;
}

/* Takes b out of a key's holders; the slot goes when nobody is left. */
static void release(struct tracker *t, struct batch *b, uint64_t key)
{
    size_t i = probe(t, key ? key : 1);
    struct slot *s = &t->slots[i];
    if (!s->key)
        return;
    if (s->alone == b)
        s->alone = NULL;
    struct sharers *h = s->shared;
    for (uint32_t k = 0; h && k < h->n; k++)
        if (h->list[k] == b)
            h->list[k--] = h->list[--h->n];
    if (!s->alone && (!h || !h->n))
        slot_remove(t, i);
}

void tracker_done(struct tracker *t, struct batch *b, void (*ready)(void *arg, struct batch *b), void *arg)
{
    for (uint32_t i = 0; i < b->alone.n; i++)
        release(t, b, b->alone.list[i]);
    for (uint32_t i = 0; i < b->shared.n; i++)
        release(t, b, b->shared.list[i]);
    for (uint32_t i = 0; i < b->nfollowers; i++)
        if (--b->followers[i]->waits == 0)
            ready(arg, b->followers[i]);
}

size_t tracker_keys(const struct tracker *t)
{
    return t->used;
}
