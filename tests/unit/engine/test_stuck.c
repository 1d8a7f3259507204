// SPDX-License-Identifier: Apache-2.0
/* When a run is said to stand still, by clocks that the test gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "engine/private.h"

#define START INT64_C(5000000)
#define MINUTE 60000

/* A run that follows: something is queued, and the stream goes on being read. */
struct model {
    struct engine g;
    struct mon_snapshot s;
    int64_t now;
};

static struct model *model_new(void)
{
    struct model *m = x_alloc(sizeof *m);
    m->now = START;
    m->g.state = RUN_IN_SYNC;
    m->s.lag.queued_tx = 3;
    m->s.lag.unapplied_bytes = 900;
    m->s.pace.readers = 4;
    m->s.position = m->s.applied = 4000;
    assert_int_equal(engine_shown_state(&m->g, &m->s, m->now), RUN_IN_SYNC);
    return m;
}

/* Looks four times a second until `ms` have gone by; reads: the stream is read on. The state at the end, which must not
 * have been another until then. */
static enum run_state look(struct model *m, int64_t ms, bool reads)
{
    enum run_state state = engine_shown_state(&m->g, &m->s, m->now);
    for (int64_t end = m->now + ms; m->now < end;) {
        enum run_state before = state;
        m->now += TG_MIN(end - m->now, INT64_C(250));
        m->s.position += reads;
        state = engine_shown_state(&m->g, &m->s, m->now);
        if (m->now < end && state != before)
            fail_msg("%s %lld ms too early: %s", run_state_name(state), (long long)(end - m->now), m->s.reason);
    }
    return state;
}

static void assert_stuck(const struct model *m, enum run_state state, const char *reason)
{
    assert_string_equal(run_state_name(state), "stuck");
    assert_string_equal(m->s.reason, reason);
}

/* What is read does not count for what waits to be written; the next thing that gets there ends it. */
static void test_target_takes_nothing(void **unused)
{
    (void)unused;
    struct model *m = model_new();
    uint64_t *made[] = {&m->s.tx_applied, &m->s.rows_applied, &m->s.load.bytes, &m->s.applied};
    for (size_t i = 0; i < TG_ARRAY_LEN(made); i++) {
        assert_int_equal(look(m, MINUTE, true), RUN_IN_SYNC);
        assert_stuck(m, look(m, 1, true), "nothing has reached the target for 60 s");
        look(m, 14 * MINUTE, true);
        assert_string_equal(m->s.reason, "nothing has reached the target for 900 s");
        *made[i] += 1;
        assert_int_equal(look(m, 0, true), RUN_IN_SYNC);
        assert_string_equal(m->s.reason, "");
    }
    m->s.lag.queued_tx = 0; /* chunks wait as well as changes do */
    m->s.load.workers = 2;
    assert_int_equal(look(m, MINUTE, true), RUN_IN_SYNC);
    assert_stuck(m, look(m, 1, true), "nothing has reached the target for 60 s");
    atomic_fetch_add(&m->g.verify_rows, 1);
    assert_int_equal(look(m, 0, true), RUN_IN_SYNC);
    free(m);
}

/* Nothing to take is no standstill, and the clock begins when there is something. */
static void test_nothing_to_take(void **unused)
{
    (void)unused;
    struct model *m = model_new();
    m->s.lag.queued_tx = 0;
    m->s.lag.unapplied_bytes = 0;
    assert_int_equal(look(m, 60 * MINUTE, false), RUN_IN_SYNC);
    m->s.lag.queued_tx = 1;
    assert_int_equal(look(m, MINUTE, true), RUN_IN_SYNC);
    assert_int_equal(look(m, 1, true), RUN_STUCK);
    free(m);
}

/* An index that the target builds for an hour is work, whether the source goes on or is silent; what comes after it has its
 * whole minute. */
static void test_long_ddl(void **unused)
{
    (void)unused;
    for (int reads = 0; reads < 2; reads++) {
        struct model *m = model_new();
        look(m, MINUTE - 1000, reads);
        atomic_store(&m->g.apply_count.ddl, 1);
        assert_int_equal(look(m, 60 * MINUTE, reads), RUN_IN_SYNC);
        atomic_store(&m->g.apply_count.ddl, 0);
        assert_int_equal(look(m, MINUTE, reads), RUN_IN_SYNC);
        assert_stuck(m, look(m, 1, reads), "nothing has reached the target for 60 s");
        free(m);
    }
}

/* But a target that can't be reached is told, whatever it was doing. */
static void test_target_is_lost(void **unused)
{
    (void)unused;
    struct model *m = model_new();
    atomic_store(&m->g.apply_count.ddl, 1);
    atomic_store(&m->g.apply_count.lost_ms, m->now);
    assert_int_equal(look(m, 5000, true), RUN_IN_SYNC);
    assert_stuck(m, look(m, 250, true), "the target can't be reached for 5 s");
    atomic_store(&m->g.apply_count.lost_ms, 0);
    assert_int_equal(look(m, 0, true), RUN_IN_SYNC);
    free(m);
}

/* Where a person has to act that is what is said, and afterwards the clocks begin anew. */
static void test_person_first(void **unused)
{
    (void)unused;
    for (int reads = 0; reads < 2; reads++) {
        struct model *m = model_new();
        m->g.is_paused = true;
        assert_int_equal(look(m, 60 * MINUTE, false), RUN_PAUSED);
        m->g.is_paused = false;
        assert_int_equal(look(m, MINUTE, reads), RUN_IN_SYNC);
        assert_int_equal(look(m, 1, reads), RUN_STUCK);
        m->s.nquestions = 1;
        snprintf(m->s.question[0].text, sizeof m->s.question[0].text, "which?");
        assert_int_equal(look(m, 60 * MINUTE, false), RUN_ASKING);
        assert_string_equal(m->s.reason, "which?");
        assert_true(m->now - m->g.last_progress_ms >= 60 * MINUTE); /* that nobody answers is seen */
        m->s.nquestions = 0;
        assert_int_equal(look(m, MINUTE, reads), RUN_IN_SYNC);
        assert_int_equal(look(m, 1, reads), RUN_STUCK);
        free(m);
    }
}

/* Nothing is queued, nothing is read, and there is more. */
static void test_nothing_moves(void **unused)
{
    (void)unused;
    struct model *m = model_new();
    m->s.lag.queued_tx = 0;
    assert_int_equal(look(m, MINUTE, false), RUN_IN_SYNC);
    assert_stuck(m, look(m, 1, false), "nothing has moved for 60 s");
    m->s.position++;
    assert_int_equal(look(m, 0, false), RUN_IN_SYNC);
    atomic_store(&m->g.apply_count.ddl, 1);
    assert_int_equal(look(m, 60 * MINUTE, false), RUN_IN_SYNC);
    atomic_store(&m->g.apply_count.ddl, 0);
    m->s.lag.unapplied_bytes = 0; /* a silent source */
    assert_int_equal(look(m, 60 * MINUTE, false), RUN_IN_SYNC);
    m->g.state = RUN_COPYING;
    m->s.pace.readers = 0; /* held by the dial */
    assert_int_equal(look(m, 60 * MINUTE, false), RUN_COPYING);
    m->g.state = RUN_VERIFYING;
    m->s.lag.unread_bytes = 7;
    assert_int_equal(look(m, 60 * MINUTE, false), RUN_VERIFYING);
    free(m);
}

static void test_source_is_lost(void **unused)
{
    (void)unused;
    struct model *m = model_new();
    m->g.source_lost_ms = m->now;
    snprintf(m->g.source_lost, sizeof m->g.source_lost, "Connection refused");
    assert_int_equal(look(m, 5000, false), RUN_IN_SYNC);
    assert_stuck(m, look(m, 250, false), "the source can't be reached for 5 s: Connection refused");
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_target_takes_nothing), cmocka_unit_test(test_nothing_to_take), cmocka_unit_test(test_long_ddl),
        cmocka_unit_test(test_target_is_lost),       cmocka_unit_test(test_person_first),    cmocka_unit_test(test_nothing_moves),
        cmocka_unit_test(test_source_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
