// SPDX-License-Identifier: Apache-2.0
/* The low-water mark: the longest head of the sequence in which everything is committed. Entries arrive in order
 * of position and leave the ring when they and all before them are done. */
#include "ledger/ledger.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct entry {
    struct pos to;
    int64_t commit_ms;
    bool is_done;
};

#define FILES 64                      /* far more than can be open at once */

struct marks {
    pthread_mutex_t lock;
    struct pos low, stand, kept;
    struct entry *ring;
    size_t first, n, cap;
    struct pos *settled;
    size_t nsettled, settled_cap;
    struct { char name[64]; uint64_t created_s; } files[FILES];
    size_t nfiles;                    /* ever told; the ring keeps the last ones */
};

struct marks *marks_new(const struct pos *mark)
{
    struct marks *m = x_alloc(sizeof *m);
    pthread_mutex_init(&m->lock, NULL);
    m->low = m->stand = m->kept = *mark;
    return m;
}

void marks_free(struct marks *m)
{
    if (!m)
        return;
    pthread_mutex_destroy(&m->lock);
    free(m->settled);
    free(m->ring);
    free(m);
}

static struct entry *at(struct marks *m, size_t i)
{
    return &m->ring[(m->first + i) % m->cap];
}

static void grow(struct marks *m)
{
    size_t cap = m->cap ? m->cap * 2 : 64;
    struct entry *ring = x_alloc(cap * sizeof *ring);
    for (size_t i = 0; i < m->n; i++)
        ring[i] = *at(m, i);
    free(m->ring);
    m->ring = ring;
    m->cap = cap;
    m->first = 0;
}

static void settle(struct marks *m)
{
    while (m->n && at(m, 0)->is_done) {
        m->low = at(m, 0)->to;
        if (m->nsettled == m->settled_cap) {
            m->settled_cap = m->settled_cap ? m->settled_cap * 2 : 64;
            m->settled = x_realloc(m->settled, m->settled_cap * sizeof *m->settled);
        }
        m->settled[m->nsettled++] = m->low;
        m->first = (m->first + 1) % m->cap;
        m->n--;
    }
    if (!m->n && pos_cmp(&m->stand, &m->low) > 0)
        m->low = m->stand;
}

void marks_enter(struct marks *m, const struct pos *to, int64_t commit_ms)
{
    pthread_mutex_lock(&m->lock);
    if (m->n == m->cap)
        grow(m);
    m->n++;
    *at(m, m->n - 1) = (struct entry){.to = *to, .commit_ms = commit_ms};
    pthread_mutex_unlock(&m->lock);
}

void marks_done(struct marks *m, const struct pos *to)
{
    pthread_mutex_lock(&m->lock);
    size_t lo = 0, hi = m->n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (pos_cmp(&at(m, mid)->to, to) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == m->n || pos_cmp(&at(m, lo)->to, to) != 0)
        tg_bug("a batch is done that never entered the sequence");
    at(m, lo)->is_done = true;
    settle(m);
    pthread_mutex_unlock(&m->lock);
}

void marks_stand(struct marks *m, const struct pos *p)
{
    pthread_mutex_lock(&m->lock);
    m->stand = *p;
    settle(m);
    pthread_mutex_unlock(&m->lock);
}

void marks_low(struct marks *m, struct pos *out)
{
    pthread_mutex_lock(&m->lock);
    *out = m->low;
    pthread_mutex_unlock(&m->lock);
}

void marks_keep(struct marks *m, const struct pos *low)
{
    pthread_mutex_lock(&m->lock);
    m->kept = *low;
    pthread_mutex_unlock(&m->lock);
}

void marks_kept(struct marks *m, struct pos *out)
{
    pthread_mutex_lock(&m->lock);
    *out = m->kept;
    pthread_mutex_unlock(&m->lock);
}

int64_t marks_oldest_ms(struct marks *m)
{
    pthread_mutex_lock(&m->lock);
    int64_t ms = m->n ? at(m, 0)->commit_ms : 0;
    pthread_mutex_unlock(&m->lock);
    return ms;
}

size_t marks_open(struct marks *m)
{
    pthread_mutex_lock(&m->lock);
    size_t n = m->n;
    pthread_mutex_unlock(&m->lock);
    return n;
}

size_t marks_take_settled(struct marks *m, struct pos *out, size_t room)
{
    pthread_mutex_lock(&m->lock);
    size_t n = TG_MIN(room, m->nsettled);
    if (n) {
        memcpy(out, m->settled, n * sizeof *out);
        memmove(m->settled, m->settled + n, (m->nsettled - n) * sizeof *out);
        m->nsettled -= n;
    }
    pthread_mutex_unlock(&m->lock);
    return n;
}

void marks_file(struct marks *m, const char *file, uint64_t created_s)
{
    pthread_mutex_lock(&m->lock);
    size_t i = m->nfiles++ % FILES;
    snprintf(m->files[i].name, sizeof m->files[i].name, "%s", file);
    m->files[i].created_s = created_s;
    pthread_mutex_unlock(&m->lock);
}

uint64_t marks_created(struct marks *m, const char *file)
{
    uint64_t created_s = 0;
    pthread_mutex_lock(&m->lock);
    for (size_t i = 0; i < FILES; i++)
        if (strcmp(m->files[i].name, file) == 0)
            created_s = m->files[i].created_s;
    pthread_mutex_unlock(&m->lock);
    return created_s;
}
