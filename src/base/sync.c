// SPDX-License-Identifier: Apache-2.0
/* Waits are condition variables on the monotonic clock. A cancel token keeps the list of conditions that wait
 * on it, so that setting it wakes them all without polling. */
#include "base/sync.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

static int64_t clock_read(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_mono_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_mono_ms(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

int64_t clock_wall_ms(void)
{
    return clock_read(CLOCK_REALTIME);
}

/* A mutex with one condition, known to the cancel token while it exists. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct cancel *cancel;
    struct gate *next;
};

struct cancel {
    atomic_bool is_set;
    pthread_mutex_t lock;
    struct gate *gates;
    struct gate own;
};

static void gate_init(struct gate *g, struct cancel *c)
{
    pthread_condattr_t a;
    pthread_condattr_init(&a);
    pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->changed, &a);
    pthread_condattr_destroy(&a);
    g->cancel = c;
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    g->next = c->gates;
    c->gates = g;
    pthread_mutex_unlock(&c->lock);
}

static void gate_release(struct gate *g)
{
    if (g->cancel) {
        pthread_mutex_lock(&g->cancel->lock);
        for (struct gate **p = &g->cancel->gates; *p; p = &(*p)->next)
            if (*p == g) {
                *p = g->next;
                break;
            }
        pthread_mutex_unlock(&g->cancel->lock);
    }
    pthread_mutex_destroy(&g->lock);
    pthread_cond_destroy(&g->changed);
}

static bool gate_cancelled(const struct gate *g)
{
    return g->cancel && cancel_is_set(g->cancel);
}

/* Waits until the condition changes or the deadline passes; false: the deadline is over. Lock is held. */
static bool gate_wait(struct gate *g, int64_t deadline_ms)
{
    if (deadline_ms < 0)
        return pthread_cond_wait(&g->changed, &g->lock) == 0;
    struct timespec t = {deadline_ms / 1000, (deadline_ms % 1000) * 1000000};
    return pthread_cond_timedwait(&g->changed, &g->lock, &t) != ETIMEDOUT;
}

struct cancel *cancel_new(void)
{
    struct cancel *c = x_alloc(sizeof *c);
    pthread_mutex_init(&c->lock, NULL);
    gate_init(&c->own, c);
    return c;
}

void cancel_free(struct cancel *c)
{
    if (!c)
        return;
    gate_release(&c->own);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

void cancel_set(struct cancel *c)
{
    atomic_store(&c->is_set, true);
    pthread_mutex_lock(&c->lock);
    for (struct gate *g = c->gates; g; g = g->next) {
        pthread_mutex_lock(&g->lock);
        pthread_cond_broadcast(&g->changed);
        pthread_mutex_unlock(&g->lock);
    }
    pthread_mutex_unlock(&c->lock);
}

bool cancel_is_set(const struct cancel *c)
{
    return atomic_load(&c->is_set);
}

bool cancel_wait(struct cancel *c, int64_t ms)
{
    int64_t deadline = clock_mono_ms() + ms;
    pthread_mutex_lock(&c->own.lock);
    while (!cancel_is_set(c) && gate_wait(&c->own, deadline))
        ;
    pthread_mutex_unlock(&c->own.lock);
    return cancel_is_set(c);
}

bool patience_wait(struct patience *p, struct cancel *c)
{
    int64_t ms = TG_MIN(p->first_ms << TG_MIN(p->tries, 20u), p->most_ms);
    p->tries++;
    return !cancel_wait(c, ms);
}

struct budget {
    struct gate gate;
    size_t limit, held;
};

struct budget *budget_new(size_t bytes, struct cancel *c)
{
    struct budget *b = x_alloc(sizeof *b);
    gate_init(&b->gate, c);
    b->limit = bytes;
    return b;
}

void budget_free(struct budget *b)
{
    if (!b)
        return;
    gate_release(&b->gate);
    free(b);
}

static bool budget_fits(const struct budget *b, size_t bytes)
{
    return b->held == 0 || b->held + bytes <= b->limit;
}

bool budget_take(struct budget *b, size_t bytes)
{
    pthread_mutex_lock(&b->gate.lock);
    while (!budget_fits(b, bytes) && !gate_cancelled(&b->gate))
        gate_wait(&b->gate, -1);
    bool fine = !gate_cancelled(&b->gate);
    if (fine)
        b->held += bytes;
    pthread_mutex_unlock(&b->gate.lock);
    return fine;
}

bool budget_try(struct budget *b, size_t bytes)
{
    pthread_mutex_lock(&b->gate.lock);
    bool fits = budget_fits(b, bytes);
    if (fits)
        b->held += bytes;
    pthread_mutex_unlock(&b->gate.lock);
    return fits;
}

void budget_give(struct budget *b, size_t bytes)
{
    pthread_mutex_lock(&b->gate.lock);
    if (bytes > b->held)
        tg_bug("budget: %zu given back, %zu held", bytes, b->held);
    b->held -= bytes;
    pthread_cond_broadcast(&b->gate.changed);
    pthread_mutex_unlock(&b->gate.lock);
}

size_t budget_held(struct budget *b)
{
    pthread_mutex_lock(&b->gate.lock);
    size_t held = b->held;
    pthread_mutex_unlock(&b->gate.lock);
    return held;
}

struct queue_item {
    struct queue_item *next;
    void *item;
    size_t cost;
};

struct queue {
    struct gate gate;
    struct queue_item *first, **last;
    size_t limit, bytes;
    bool is_closed;
};

struct queue *queue_new(size_t budget_bytes, struct cancel *c)
{
    struct queue *q = x_alloc(sizeof *q);
    gate_init(&q->gate, c);
    q->limit = budget_bytes;
    q->last = &q->first;
    return q;
}

void queue_free(struct queue *q, void (*discard)(void *item))
{
    if (!q)
        return;
    for (struct queue_item *i = q->first, *next; i; i = next) {
        next = i->next;
        if (discard)
            discard(i->item);
        free(i);
    }
    gate_release(&q->gate);
    free(q);
}

enum queue_rc queue_push(struct queue *q, void *item, size_t cost)
{
    enum queue_rc rc = QUEUE_OK;
    struct queue_item *i = x_alloc(sizeof *i);
    *i = (struct queue_item){.item = item, .cost = cost};
    pthread_mutex_lock(&q->gate.lock);
    while (cost && q->first && q->bytes + cost > q->limit && !q->is_closed && !gate_cancelled(&q->gate))
        gate_wait(&q->gate, -1);
    if (q->is_closed)
        rc = QUEUE_CLOSED;
    else if (gate_cancelled(&q->gate))
        rc = QUEUE_CANCELLED;
    if (rc == QUEUE_OK) {
        *q->last = i;
        q->last = &i->next;
        q->bytes += cost;
        pthread_cond_broadcast(&q->gate.changed);
    }
    pthread_mutex_unlock(&q->gate.lock);
    if (rc != QUEUE_OK)
        free(i);
    return rc;
}

enum queue_rc queue_pop(struct queue *q, void **item, int64_t wait_ms)
{
    enum queue_rc rc = QUEUE_OK;
    int64_t deadline = wait_ms < 0 ? -1 : clock_mono_ms() + wait_ms;
    struct queue_item *i = NULL;
    pthread_mutex_lock(&q->gate.lock);
    while (!q->first && !q->is_closed && !gate_cancelled(&q->gate))
        if (wait_ms == 0 || !gate_wait(&q->gate, deadline))
            break;
    if (gate_cancelled(&q->gate))
        rc = QUEUE_CANCELLED;
    else if (!q->first)
        rc = q->is_closed ? QUEUE_CLOSED : QUEUE_EMPTY;
    else {
        i = q->first;
        q->first = i->next;
        if (!q->first)
            q->last = &q->first;
        q->bytes -= i->cost;
        pthread_cond_broadcast(&q->gate.changed);
    }
    pthread_mutex_unlock(&q->gate.lock);
    if (i) {
        *item = i->item;
        free(i);
    }
    return rc;
}

void queue_close(struct queue *q)
{
    pthread_mutex_lock(&q->gate.lock);
    q->is_closed = true;
    pthread_cond_broadcast(&q->gate.changed);
    pthread_mutex_unlock(&q->gate.lock);
}

size_t queue_bytes(struct queue *q)
{
    pthread_mutex_lock(&q->gate.lock);
    size_t n = q->bytes;
    pthread_mutex_unlock(&q->gate.lock);
    return n;
}
