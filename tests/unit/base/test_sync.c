// SPDX-License-Identifier: Apache-2.0
// Queues, budgets and cancel tokens between several threads. Run under the thread sanitizer too.
#include "base/sync.h"

#define SAMPLE_BASE_ONLY
#include "../sample.h"

#include <pthread.h>
#include <stdatomic.h>

enum { PRODUCERS = 3, CONSUMERS = 3, ITEMS = 3000 };

struct crowd {
    struct cancel *cancel;
    struct queue *queue;
    struct budget *budget;
    atomic_uint seen[PRODUCERS * ITEMS];
    atomic_uint popped, refused, waiting;
    atomic_size_t held, most;
};
struct member {
    struct crowd *crowd;
    uint32_t id;
    uint32_t last[PRODUCERS];         // of each producer, as this consumer saw them
    pthread_t thread;
};

static struct crowd *crowd_new(size_t queue_bytes, size_t budget_bytes)
{
    struct crowd *c = x_alloc(sizeof *c);
    c->cancel = cancel_new();
    c->queue = queue_new(queue_bytes, c->cancel);
    c->budget = budget_new(budget_bytes, c->cancel);
    return c;
}

static void crowd_free(struct crowd *c)
{
    queue_free(c->queue, NULL);
    budget_free(c->budget);
    cancel_free(c->cancel);
    free(c);
}

static void start(struct member *m, uint32_t n, struct crowd *c, void *(*run)(void *))
{
    for (uint32_t i = 0; i < n; i++) {
        m[i] = (struct member){.crowd = c, .id = i};
        assert_int_equal(pthread_create(&m[i].thread, NULL, run, &m[i]), 0);
    }
}

static void join(struct member *m, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        pthread_join(m[i].thread, NULL);
}

static void *produce(void *arg)
{
    struct member *m = arg;
    for (uint32_t i = 0; i < ITEMS; i++)
        if (queue_push(m->crowd->queue, (void *)(uintptr_t)(m->id * ITEMS + i + 1), 1 + i % 40) != QUEUE_OK)
            atomic_fetch_add(&m->crowd->refused, 1);
    return NULL;
}

static void *consume(void *arg)
{
    struct member *m = arg;
    void *item;
    for (enum queue_rc rc; (rc = queue_pop(m->crowd->queue, &item, m->id ? -1 : 1)) != QUEUE_CLOSED;) {
        if (rc == QUEUE_EMPTY)
            continue;
        uint32_t n = (uint32_t)(uintptr_t)item - 1;
        if (rc != QUEUE_OK || n % ITEMS + 1 <= m->last[n / ITEMS])
            abort(); // in the order of their producer
        m->last[n / ITEMS] = n % ITEMS + 1;
        atomic_fetch_add(&m->crowd->seen[n], 1);
        atomic_fetch_add(&m->crowd->popped, 1);
    }
    return NULL;
}

static void every_item_arrives_once_in_order(void **state)
{
    (void)state;
    struct crowd *c = crowd_new(100, 1);
    struct member from[PRODUCERS], to[CONSUMERS];
    start(to, CONSUMERS, c, consume);
    start(from, PRODUCERS, c, produce);
    join(from, PRODUCERS);
    queue_close(c->queue);
    join(to, CONSUMERS);
    assert_int_equal(atomic_load(&c->popped), PRODUCERS * ITEMS);
    for (uint32_t i = 0; i < PRODUCERS * ITEMS; i++)
        assert_int_equal(atomic_load(&c->seen[i]), 1);
    assert_int_equal(queue_bytes(c->queue), 0);
    crowd_free(c);
}

static unsigned discarded;
static void discard(void *item)
{
    discarded += *(unsigned *)item;
}

static void a_queue_alone(void **state)
{
    (void)state;
    unsigned one = 1, two = 2;
    void *item = NULL;
    struct cancel *c = cancel_new();
    struct queue *q = queue_new(10, c);
    assert_int_equal(queue_pop(q, &item, 0), QUEUE_EMPTY);
    assert_int_equal(queue_pop(q, &item, 2), QUEUE_EMPTY);
    assert_int_equal(queue_push(q, &one, 500), QUEUE_OK); // alone, it may be too large
    assert_int_equal(queue_bytes(q), 500);
    assert_int_equal(queue_pop(q, &item, -1), QUEUE_OK);
    assert_ptr_equal(item, &one);
    assert_int_equal(queue_push(q, &one, 5), QUEUE_OK);
    assert_int_equal(queue_push(q, &two, 5), QUEUE_OK);
    queue_close(q);
    assert_int_equal(queue_push(q, &one, 1), QUEUE_CLOSED);
    assert_int_equal(queue_pop(q, &item, -1), QUEUE_OK); // what was inside still comes
    assert_ptr_equal(item, &one);
    discarded = 0;
    queue_free(q, discard);
    assert_int_equal(discarded, 2);

    q = queue_new(10, c);
    assert_int_equal(queue_push(q, &one, 1), QUEUE_OK);
    cancel_set(c);
    assert_int_equal(queue_pop(q, &item, -1), QUEUE_CANCELLED);
    assert_int_equal(queue_push(q, &two, 1), QUEUE_CANCELLED);
    discarded = 0;
    queue_free(q, discard);
    assert_int_equal(discarded, 1);
    cancel_free(c);
}

static void *push_until_cancelled(void *arg)
{
    struct member *m = arg;
    static char item;
    atomic_fetch_add(&m->crowd->waiting, 1);
    if (queue_push(m->crowd->queue, &item, 10) == QUEUE_CANCELLED)
        atomic_fetch_add(&m->crowd->refused, 1);
    return NULL;
}

static void *take_until_cancelled(void *arg)
{
    struct member *m = arg;
    atomic_fetch_add(&m->crowd->waiting, 1);
    if (!budget_take(m->crowd->budget, 10))
        atomic_fetch_add(&m->crowd->refused, 1);
    return NULL;
}

static void *pop_until_cancelled(void *arg)
{
    struct member *m = arg;
    void *item;
    struct queue *own = queue_new(10, m->crowd->cancel);
    atomic_fetch_add(&m->crowd->waiting, 1);
    if (queue_pop(own, &item, m->id ? -1 : 600000) == QUEUE_CANCELLED)
        atomic_fetch_add(&m->crowd->refused, 1);
    queue_free(own, NULL);
    return NULL;
}

static void *pause_until_cancelled(void *arg)
{
    struct member *m = arg;
    atomic_fetch_add(&m->crowd->waiting, 1);
    if (cancel_wait(m->crowd->cancel, 600000))
        atomic_fetch_add(&m->crowd->refused, 1);
    return NULL;
}

// All kinds of waits end with the token; gates come and go while it is set.
static void cancel_wakes_everybody(void **state)
{
    (void)state;
    static char item;
    for (int round = 0; round < 20; round++) {
        struct crowd *c = crowd_new(10, 10);
        struct member m[8];
        assert_int_equal(queue_push(c->queue, &item, 10), QUEUE_OK);
        assert_true(budget_take(c->budget, 10));
        start(m, 2, c, push_until_cancelled);
        start(m + 2, 2, c, take_until_cancelled);
        start(m + 4, 2, c, pop_until_cancelled);
        start(m + 6, 2, c, pause_until_cancelled);
        while (round % 2 && atomic_load(&c->waiting) < 8)
            assert_false(cancel_wait(c->cancel, 1));
        cancel_set(c->cancel);
        cancel_set(c->cancel);
        join(m, 8);
        assert_int_equal(atomic_load(&c->refused), 8);
        assert_true(cancel_is_set(c->cancel));
        assert_true(cancel_wait(c->cancel, 600000));
        assert_int_equal(budget_held(c->budget), 10);
        crowd_free(c);
    }
}

static void *take_and_give(void *arg)
{
    struct member *m = arg;
    struct dice d = {m->id};
    for (int i = 0; i < 2000; i++) {
        size_t n = dice_below(&d, 20) ? 1 + dice_below(&d, 40) : 150; // some are larger than all there is
        if (!(dice_below(&d, 4) ? budget_take(m->crowd->budget, n) : budget_try(m->crowd->budget, n)))
            continue;
        size_t held = atomic_fetch_add(&m->crowd->held, n) + n;
        if (held > 100 && held != n)
            abort(); // more than one, and more than fits
        atomic_fetch_sub(&m->crowd->held, n);
        budget_give(m->crowd->budget, n);
    }
    return NULL;
}

static void a_budget_is_never_overdrawn(void **state)
{
    (void)state;
    struct crowd *c = crowd_new(1, 100);
    struct member m[6];
    start(m, 6, c, take_and_give);
    join(m, 6);
    assert_int_equal(budget_held(c->budget), 0);
    crowd_free(c);
}

static void a_budget_alone(void **state)
{
    (void)state;
    struct cancel *c = cancel_new();
    struct budget *b = budget_new(100, c);
    assert_true(budget_take(b, 1000)); // an oversized one, for nothing else is held
    assert_false(budget_try(b, 1));
    budget_give(b, 1000);
    assert_true(budget_try(b, 60));
    assert_false(budget_try(b, 41));
    assert_true(budget_try(b, 40));
    budget_give(b, 30);
    assert_int_equal(budget_held(b), 70);
    cancel_set(c);
    assert_false(budget_take(b, 1));
    assert_int_equal(budget_held(b), 70);
    budget_give(b, 70);
    budget_free(b);
    cancel_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_arrives_once_in_order),
        cmocka_unit_test(a_queue_alone),
        cmocka_unit_test(cancel_wakes_everybody),
        cmocka_unit_test(a_budget_is_never_overdrawn),
        cmocka_unit_test(a_budget_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
