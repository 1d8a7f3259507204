// SPDX-License-Identifier: Apache-2.0
/* The pace held against simulated servers: a target with a knee, noise, drift, stalls and refusals; a source that
 * others need. What counts is the throughput that is reached, as a part of the best there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "engine/pace.h"

/* A target: each writer brings `each` up to the knee; beyond it every further one costs `decline` of the whole. */
struct target {
    double each, knee, decline, noise;
    double demand;                    /* what the source gives; 0: more than enough */
};
static uint64_t seed;

static double uniform(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(seed >> 11) / (double)(UINT64_C(1) << 53);
}

static double takes(const struct target *t, double n)
{
    double rate = t->each * fmin(n, t->knee);
    return n > t->knee ? rate * fmax(1 - t->decline * (n - t->knee), 0.1) : rate;
}

static double best_of(const struct target *t, uint32_t most)
{
    double best = 0;
    for (uint32_t n = 1; n <= most; n++)
        best = fmax(best, takes(t, n));
    return best;
}

/* Runs so many seconds; the mean of the last `tail` as a part of the best. */
static double run(struct knee *k, const struct target *t, int seconds, int tail)
{
    double sum = 0, best = best_of(t, k->most);
    for (int i = 0; i < seconds; i++) {
        double can = takes(t, k->at), rate = t->demand > 0 ? fmin(can, t->demand) : can;
        if (i >= seconds - tail)
            sum += rate;
        rate *= 1 + t->noise * (uniform() + uniform() + uniform() - 1.5);
        knee_step(k, &(struct knee_seen){.bytes = (uint64_t)(rate * 1e6), .batches = (uint32_t)rate,
                                         .is_full = t->demand <= 0 || can < t->demand});
        assert_in_range(k->at, 1, k->most);
    }
    return sum / tail / best;
}

static void finds_knee(void **state)
{
    (void)state;
    static const double knees[] = {1, 2, 3, 4, 6, 9, 16, 40};
    double sum = 0;
    int n = 0;
    for (size_t i = 0; i < TG_ARRAY_LEN(knees); i++)
        for (int decline = 0; decline < 3; decline++)
            for (uint64_t s = 0; s < 10; s++, n++) {
                struct target t = {.each = 5, .knee = knees[i], .decline = decline * 0.02, .noise = 0.1};
                struct knee k;
                seed = s * 1000 + i * 3 + (uint64_t)decline;
                knee_init(&k, 64);
                double part = run(&k, &t, 180, 100);
                sum += part;
                if (part < 0.8)
                    fail_msg("knee %.0f decline %.2f seed %u: %.2f of the best, with %u writers", t.knee, t.decline,
                             (unsigned)s, part, k.base);
            }
    print_message("on average %.3f of the best\n", sum / n);
    assert_true(sum / n > 0.93);
}

static void is_quick_from_the_start(void **state)
{
    (void)state;
    struct target t = {.each = 5, .knee = 16, .noise = 0.05};
    struct knee k;
    seed = 7;
    knee_init(&k, 16);
    assert_int_equal(k.at, 4);
    run(&k, &t, 25, 1);
    assert_true(k.base >= 13);
}

static void follows_a_change(void **state)
{
    (void)state;
    struct target large = {.each = 5, .knee = 12, .decline = 0.01, .noise = 0.08}, small = {.each = 5, .knee = 3, .decline = 0.05, .noise = 0.08};
    for (uint64_t i = 0; i < 20; i++) {
        struct knee k;
        seed = i;
        knee_init(&k, 32);
        double a = run(&k, &large, 120, 60), b = run(&k, &small, 100, 50), c = run(&k, &large, 100, 50);
        if (a < 0.8 || b < 0.8 || c < 0.8)
            fail_msg("seed %u: %.2f, after it shrank %.2f, after it grew %.2f", (unsigned)i, a, b, c);
    }
}

/* Without a gain fewer are kept: more writers only wait for each other. */
static void keeps_few_on_a_flat_curve(void **state)
{
    (void)state;
    struct target t = {.each = 20, .knee = 2, .noise = 0.05};
    struct knee k;
    seed = 3;
    knee_init(&k, 64);
    run(&k, &t, 300, 1);
    assert_in_range(k.base, 2, 4);
}

static void no_search_without_work(void **state)
{
    (void)state;
    struct target t = {.each = 5, .knee = 20, .noise = 0.1, .demand = 12};
    struct knee k;
    knee_init(&k, 64);
    run(&k, &t, 300, 1);
    assert_int_equal(k.base, 4);
    struct knee idle;
    knee_init(&idle, 64);
    for (int i = 0; i < 300; i++)
        assert_int_equal(knee_step(&idle, &(struct knee_seen){0}), 4);
}

static void a_stall_changes_nothing(void **state)
{
    (void)state;
    struct target t = {.each = 5, .knee = 9, .noise = 0.05};
    struct knee k;
    seed = 11;
    knee_init(&k, 32);
    run(&k, &t, 120, 1);
    uint32_t before = k.base;
    for (int i = 0; i < 60; i++)
        knee_step(&k, &(struct knee_seen){.is_full = true});
    assert_int_equal(k.at, before);
    assert_true(run(&k, &t, 20, 20) > 0.8);
}

static void refusals_reduce(void **state)
{
    (void)state;
    struct target t = {.each = 5, .knee = 30, .noise = 0.02};
    struct knee k;
    knee_init(&k, 32);
    run(&k, &t, 60, 1);
    uint32_t before = k.base;
    assert_true(before > 16);
    knee_step(&k, &(struct knee_seen){.bytes = 1000000, .batches = 10, .conflicts = 8, .is_full = true});
    assert_true(k.at < before && k.at >= before / 2);
    for (int i = 0; i < 100; i++)
        knee_step(&k, &(struct knee_seen){.bytes = 10, .batches = 1, .conflicts = 8, .is_full = true});
    assert_int_equal(k.at, 1);
    assert_true(run(&k, &t, 60, 10) > 0.8); /* and it grows again */
}

static void a_person_limits(void **state)
{
    (void)state;
    struct target t = {.each = 5, .knee = 30, .noise = 0.02};
    struct knee k;
    knee_init(&k, 32);
    run(&k, &t, 60, 1);
    knee_set_most(&k, 3);
    assert_int_equal(k.at, 3);
    run(&k, &t, 60, 1);
    assert_in_range(k.at, 2, 3);
    knee_set_most(&k, 32);
    run(&k, &t, 60, 1);
    assert_true(k.base > 16);
    knee_set_most(&k, 1);
    run(&k, &t, 60, 1);
    assert_int_equal(k.at, 1);
}

static void statements(void **state)
{
    (void)state;
    size_t now = 128 << 10;
    assert_int_equal(statement_step(now, 1 << 20, 800000), now);        /* 0.1 s each */
    assert_int_equal(statement_step(now, 1 << 20, 16000000), now / 2);  /* 2 s each */
    assert_int_equal(statement_step(32 << 10, 1 << 20, UINT64_C(900000000)), 32 << 10);
    assert_int_equal(statement_step(32 << 10, 1 << 20, 1000000), 64 << 10);
    assert_int_equal(statement_step(64 << 10, 1 << 20, 8000000), 64 << 10); /* 0.5 s: neither */
    assert_int_equal(statement_step(now, 100, 5000000), now);           /* too little to tell */
}

/* ---- the source ---- */

static const struct dial_rule gentle = {2, 10, 3}, fast = {8, 0, 0}, normal = {4, 25, 6};

static void leaves_a_busy_source_alone(void **state)
{
    (void)state;
    struct dial d;
    dial_init(&d, &gentle);
    assert_int_equal(dial_step(&d, &gentle, &(struct dial_seen){.running = 13, .ours = 4, .read_ms = 10}), 2);
    assert_string_equal(d.why, "");
    assert_int_equal(dial_step(&d, &gentle, &(struct dial_seen){.running = 46, .ours = 4, .read_ms = 10}), 1);
    assert_string_equal(d.why, "source is busy (42 running)");
    for (int i = 0; i < 5; i++)
        dial_step(&d, &gentle, &(struct dial_seen){.running = 46, .ours = 2, .read_ms = -1});
    assert_int_equal(d.readers, 0);
    for (int i = 0; i < 4; i++)
        dial_step(&d, &gentle, &(struct dial_seen){.running = 5, .ours = 2, .read_ms = -1});
    assert_int_equal(d.readers, 2);
    dial_step(&d, &gentle, &(struct dial_seen){.running = 5, .ours = 2, .read_ms = -1});
    assert_string_equal(d.why, "");
}

static void fast_never_waits(void **state)
{
    (void)state;
    struct dial d;
    dial_init(&d, &fast);
    for (int i = 0; i < 50; i++)
        assert_int_equal(dial_step(&d, &fast, &(struct dial_seen){.running = 5000, .ours = 9, .read_ms = 10 * i}), 8);
}

static void slow_reads_never_stop_it(void **state)
{
    (void)state;
    struct dial d;
    dial_init(&d, &normal);
    for (int i = 0; i < 30; i++)
        dial_step(&d, &normal, &(struct dial_seen){.running = 9, .ours = 4, .read_ms = 20});
    assert_int_equal(d.readers, 4);
    for (int i = 0; i < 30; i++)
        dial_step(&d, &normal, &(struct dial_seen){.running = 9, .ours = 4, .read_ms = 400});
    assert_in_range(d.readers, 1, 3);
    assert_true(d.why[0]);
    for (int i = 0; i < 400; i++) /* the new normal */
        dial_step(&d, &normal, &(struct dial_seen){.running = 9, .ours = 4, .read_ms = 400});
    assert_int_equal(d.readers, 4);
}

static void unknown_is_no_reason(void **state)
{
    (void)state;
    struct dial d;
    dial_init(&d, &gentle);
    for (int i = 0; i < 50; i++)
        assert_int_equal(dial_step(&d, &gentle, &(struct dial_seen){.running = -1, .ours = 2, .read_ms = -1}), 2);
    assert_int_equal(dial_step(&d, &fast, &(struct dial_seen){.running = -1, .read_ms = -1}), 2);
    for (int i = 0; i < 12; i++) /* turned up: at once would be rude, too */
        dial_step(&d, &fast, &(struct dial_seen){.running = -1, .read_ms = -1});
    assert_int_equal(d.readers, 8);
}

static void bytes_a_second(void **state)
{
    (void)state;
    struct bucket b = {0};
    uint64_t total = 0;
    for (int64_t ms = 0; ms < 100000; ms += 250)
        if (bucket_step(&b, 1000000, total, ms + 1))
            total += 3000000; /* chunks are larger than a second's worth */
    assert_in_range(total, 95000000, 104000000);
    assert_true(bucket_step(&b, 0, total, 200000));
    assert_true(bucket_step(&b, 0, total + 1000000000, 200250));
    assert_true(bucket_step(&b, 1000000, total + 1000000000, 201000)); /* what was free is not owed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_knee),          cmocka_unit_test(is_quick_from_the_start),
        cmocka_unit_test(follows_a_change),    cmocka_unit_test(keeps_few_on_a_flat_curve),
        cmocka_unit_test(no_search_without_work), cmocka_unit_test(a_stall_changes_nothing),
        cmocka_unit_test(refusals_reduce),     cmocka_unit_test(a_person_limits),
        cmocka_unit_test(statements),          cmocka_unit_test(leaves_a_busy_source_alone),
        cmocka_unit_test(fast_never_waits),    cmocka_unit_test(slow_reads_never_stop_it),
        cmocka_unit_test(unknown_is_no_reason), cmocka_unit_test(bytes_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
