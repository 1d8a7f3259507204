// SPDX-License-Identifier: Apache-2.0
// The dependency tracker against a model that compares every batch with every earlier one.
#include "apply/tracker.h"

#include "../sample.h"

enum { MAX_OPEN = 400 };

struct world {
    struct batch *open[MAX_OPEN];     // entered and not done, in sequence order
    struct batch *ready[MAX_OPEN];
    uint32_t nopen, nready;
    uint64_t last_waiter;             // sequence of the follower told last within one tracker_done
};

static bool holds(const struct keys *k, uint64_t key)
{
    for (uint32_t i = 0; i < k->n; i++)
        if (TG_MAX(k->list[i], 1u) == TG_MAX(key, 1u)) // 0 counts as 1
            return true;
    return false;
}

static bool conflict(const struct batch *a, const struct batch *b)
{
    for (uint32_t i = 0; i < a->alone.n; i++)
        if (holds(&b->alone, a->alone.list[i]) || holds(&b->shared, a->alone.list[i]))
            return true;
    for (uint32_t i = 0; i < a->shared.n; i++)
        if (holds(&b->alone, a->shared.list[i]))
            return true;
    return false;
}

static bool may_run(const struct world *w, const struct batch *b)
{
    for (uint32_t i = 0; i < w->nopen && w->open[i] != b; i++)
        if (conflict(w->open[i], b))
            return false;
    return true;
}

static void told_ready(void *arg, struct batch *b)
{
    struct world *w = arg;
    assert_true(w->nready < MAX_OPEN);
    assert_true(b->seq > w->last_waiter);
    w->last_waiter = b->seq;
    w->ready[w->nready++] = b;
}

// Exactly the batches that wait for nothing are ready.
static void check_ready(const struct world *w)
{
    uint32_t want = 0;
    for (uint32_t i = 0; i < w->nopen; i++)
        want += may_run(w, w->open[i]);
    assert_int_equal(w->nready, want);
    for (uint32_t i = 0; i < w->nready; i++)
        assert_true(may_run(w, w->ready[i]));
}

static void finish_one(struct world *w, struct tracker *t, struct dice *d)
{
    uint32_t pick = dice_below(d, w->nready), at = 0;
    struct batch *b = w->ready[pick];
    w->ready[pick] = w->ready[--w->nready];
    while (w->open[at] != b)
        at++;
    memmove(w->open + at, w->open + at + 1, (--w->nopen - at) * sizeof(void *));
    w->last_waiter = 0;
    tracker_done(t, b, told_ready, w);
    batch_free(b);
}

static struct batch *random_batch(struct dice *d, uint32_t nkeys, uint32_t most)
{
    struct batch *b = batch_new(BATCH_STREAM);
    for (uint32_t n = dice_below(d, most + 1); n; n--)
        batch_dep(b, dice_below(d, nkeys), dice_below(d, 3) == 0);
    return b;
}

static void run_model(uint64_t seed, uint32_t batches, uint32_t nkeys, uint32_t most, uint32_t backlog, bool check_all)
{
    struct dice d = {seed};
    struct world w = {0};
    struct tracker *t = tracker_new();
    for (uint64_t seq = 1; seq <= batches || w.nopen;) {
        if (seq <= batches && w.nopen < backlog && dice_below(&d, 5) < 3) {
            struct batch *b = random_batch(&d, nkeys, most);
            b->seq = seq++;
            w.open[w.nopen++] = b;
            if (tracker_enter(t, b))
                w.ready[w.nready++] = b;
        } else if (w.nopen) {
            assert_true(w.nready > 0); // else nothing could ever go on
            finish_one(&w, t, &d);
        }
        if (check_all || dice_below(&d, 16) == 0)
            check_ready(&w);
    }
    assert_int_equal(tracker_keys(t), 0);
    tracker_free(t);
}

static void few_keys(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++)
        run_model(seed, 150, 1 + (uint32_t)seed % 7, 4, 24, true); // key 0 is among them
}

static void many_keys(void **state)
{
    (void)state;
    for (uint64_t seed = 100; seed < 104; seed++)
        run_model(seed, 1500, 60, 6, 100, false);
    run_model(200, 1000, 100000, 40, 300, false);
}

static void shared_runs_beside_shared(void **state)
{
    (void)state;
    struct world w = {0};
    struct tracker *t = tracker_new();
    struct batch *b[4];
    for (uint64_t i = 0; i < 4; i++) {
        b[i] = batch_new(BATCH_STREAM);
        b[i]->seq = i + 1;
        batch_dep(b[i], 7, i != 2);
        assert_int_equal(tracker_enter(t, b[i]), i < 2);
    }
    tracker_done(t, b[1], told_ready, &w);
    assert_int_equal(w.nready, 0);
    tracker_done(t, b[0], told_ready, &w);
    assert_int_equal(w.nready, 1);
    assert_ptr_equal(w.ready[0], b[2]);
    w.last_waiter = 0;
    tracker_done(t, b[2], told_ready, &w);
    assert_ptr_equal(w.ready[1], b[3]);
    tracker_done(t, b[3], told_ready, &w);
    assert_int_equal(tracker_keys(t), 0);
    for (int i = 0; i < 4; i++)
        batch_free(b[i]);
    tracker_free(t);
}

static void own_keys_do_not_wait(void **state)
{
    (void)state;
    struct world w = {0};
    struct tracker *t = tracker_new();
    struct batch *b = batch_new(BATCH_STREAM);
    b->seq = 1;
    for (int i = 0; i < 3; i++) {
        batch_dep(b, 5, false);
        batch_dep(b, 5, true);
    }
    assert_true(tracker_enter(t, b));
    assert_int_equal(tracker_keys(t), 1);
    tracker_done(t, b, told_ready, &w);
    assert_int_equal(tracker_keys(t), 0);
    batch_free(b);
    tracker_free(t);
}

static void count_ready(void *arg, struct batch *b)
{
    (void)b;
    ++*(uint32_t *)arg;
}

// Half a million slots, holes made in random order: every key must stay findable, and the table shrinks again.
static void a_large_table_shrinks(void **state)
{
    (void)state;
    enum { N = 2500, WIDTH = 100 };
    struct dice d = {9};
    struct tracker *t = tracker_new();
    struct batch **b = x_alloc(N * sizeof *b), **second = x_alloc(N * sizeof *second);
    uint32_t ready = 0;
    for (uint32_t i = 0; i < N; i++) {
        b[i] = batch_new(BATCH_STREAM);
        b[i]->seq = i + 1;
        for (uint32_t k = 0; k < WIDTH; k++)
            batch_dep(b[i], (uint64_t)i * WIDTH + k + 1, (k & 1) != 0);
        assert_true(tracker_enter(t, b[i]));
    }
    assert_int_equal(tracker_keys(t), N * WIDTH);
    for (uint32_t i = 0; i < N; i++) { // each waits for one earlier batch, by one of its keys
        second[i] = batch_new(BATCH_STREAM);
        second[i]->seq = N + i + 1;
        batch_dep(second[i], (uint64_t)i * WIDTH + 1 + dice_below(&d, WIDTH), false);
        assert_false(tracker_enter(t, second[i]));
    }
    assert_int_equal(tracker_keys(t), N * WIDTH);
    for (uint32_t i = N; i > 1; i--) {
        uint32_t k = dice_below(&d, i);
        struct batch *x = b[i - 1], *y = second[i - 1];
        b[i - 1] = b[k], second[i - 1] = second[k];
        b[k] = x, second[k] = y;
    }
    for (uint32_t i = 0; i < N; i++) {
        tracker_done(t, b[i], count_ready, &ready);
        assert_int_equal(ready, i + 1);
        assert_int_equal(second[i]->waits, 0);
        batch_free(b[i]);
    }
    assert_int_equal(tracker_keys(t), N);
    for (uint32_t i = 0; i < N; i++) {
        tracker_done(t, second[i], count_ready, &ready);
        batch_free(second[i]);
    }
    assert_int_equal(ready, N);
    assert_int_equal(tracker_keys(t), 0);
    free(b);
    free(second);
    tracker_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_keys),
        cmocka_unit_test(many_keys),
        cmocka_unit_test(shared_runs_beside_shared),
        cmocka_unit_test(own_keys_do_not_wait),
        cmocka_unit_test(a_large_table_shrinks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
