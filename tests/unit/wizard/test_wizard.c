// SPDX-License-Identifier: Apache-2.0
/* The frame of the wizard: from page to page, focus, boxes, pastes. */
#include "wz_test.h"

#include <stdlib.h>

static void go_to(struct bench *b, enum step s)
{
    b->w->at = s;
    b->w->reached = TG_MAX(b->w->reached, s);
    wz_go(b->w, s, &b->effect);
}

static void test_start(void **unused)
{
    struct bench b;
    (void)unused;
    bench_init(&b, 24, 80);
    shots(&b, "wizard-start");
    press(&b, K_ENTER);
    assert_int_equal(b.w->at, STEP_SOURCE);
    press(&b, K_ESC);
    assert_int_equal(b.w->at, STEP_START);
    bench_release(&b);
}

/* Going back never checks and never loses an answer; going forward stops at the first problem. */
static void test_back_and_forth(void **unused)
{
    struct bench b;
    (void)unused;
    bench_init(&b, 24, 80);
    go_to(&b, STEP_SOURCE);
    press(&b, K_TAB); /* kind, host */
    type(&b, "db.example");
    press(&b, K_ESC);
    press(&b, K_ENTER);
    assert_int_equal(b.w->at, STEP_SOURCE);
    assert_string_equal(b.job.sources[0].host, "db.example");
    wz_go(b.w, STEP_PATH, &b.effect);
    assert_int_equal(b.w->at, STEP_SOURCE); /* the user is missing */
    assert_string_equal(wz_field(b.w)->path, "source.user");
    bench_release(&b);
}

static void test_reader_endpoint(void **unused)
{
    struct bench b;
    (void)unused;
    bench_init(&b, 24, 80);
    go_to(&b, STEP_SOURCE);
    press(&b, K_TAB);
    type(&b, "shop.cluster-ro-cx1.us-east-1.rds.example");
    press(&b, K_TAB);
    press(&b, K_BACK_TAB);
    shots(&b, "wizard-source-reader");
    press(&b, K_CTRL('y'));
    press(&b, K_TAB);
    assert_string_equal(b.job.sources[0].host, "shop.cluster-cx1.us-east-1.rds.example");
    bench_release(&b);
}

/* What is typed replaces a default that nobody has touched, and only that. */
static void test_default(void **unused)
{
    static const struct { enum step step; int tabs; const char *type, *more, *first, *second; } ends[] = {
        {STEP_SOURCE, 2, "33", "07", "33", "3307"}, {STEP_TARGET, 2, "40", "01", "40", "4001"}};
    struct bench b;
    (void)unused;
    bench_init(&b, 24, 80);
    for (size_t i = 0; i < TG_ARRAY_LEN(ends); i++) {
        go_to(&b, ends[i].step);
        for (int k = 0; k < ends[i].tabs; k++)
            press(&b, K_TAB);
        assert_non_null(strstr(wz_field(b.w)->path, ".port"));
        type(&b, ends[i].type);
        press(&b, K_TAB);
        struct job_end *end = i ? &b.job.target : &b.job.sources[0];
        assert_int_equal(end->port, atoi(ends[i].first));
        press(&b, K_BACK_TAB);
        type(&b, ends[i].more);
        press(&b, K_TAB);
        assert_int_equal(end->port, atoi(ends[i].second));
    }
    bench_release(&b);
    bench_init(&b, 24, 80);
    go_to(&b, STEP_SOURCE);
    press(&b, K_TAB);
    press(&b, K_TAB);
    press(&b, K_END); /* looked at, and kept */
    type(&b, "0");
    press(&b, K_TAB);
    assert_int_equal(b.job.sources[0].port, 33060);
    bench_release(&b);
}

/* A paste is never a key: not in a field, and nowhere else. */
static void test_paste(void **unused)
{
    struct bench b;
    (void)unused;
    bench_init(&b, 24, 80);
    paste(&b, "\n\n");
    assert_int_equal(b.w->at, STEP_START);
    go_to(&b, STEP_SOURCE);
    for (int i = 0; i < 4; i++)
        press(&b, K_TAB);
    assert_string_equal(wz_field(b.w)->path, "source.password");
    paste(&b, "s3cret\nwith newline ");
    shot(&b, "wizard-source-pasted");
    press(&b, K_TAB);
    assert_string_equal(secret_peek(b.job.sources[0].password.value), "s3cretwith newline ");
    shot(&b, "wizard-source-password");
    bench_release(&b);
}

static void test_probe(void **unused)
{
    struct bench b;
    (void)unused;
    bench_init(&b, 24, 80);
    go_to(&b, STEP_SOURCE);
    press(&b, K_CTRL('t'));
    assert_int_equal(b.effect.kind, WZ_PROBE);
    probe_begins(&b, PROBE_SOURCE);
    tell(&b, PROBE_SOURCE, CHECK_PASS, "reached in 84 ms, TLS 1.3, certificate matches the host");
    tell(&b, PROBE_SOURCE, CHECK_FAIL, "innodb_read_only is ON: this node is a reader");
    b.w->now_ms += 3000;
    shot(&b, "wizard-source-testing");
    press(&b, K_ESC);
    assert_int_equal(b.effect.kind, WZ_STOP_PROBE);
    probe_ends(&b, PROBE_SOURCE);
    b.w->now_ms += 2000;
    shots(&b, "wizard-source-tested");
    bench_release(&b);
}

/* Esc from anywhere leads back to Start. */
static void test_esc(void **unused)
{
    struct bench b;
    (void)unused;
    bench_init(&b, 24, 80);
    go_to(&b, STEP_REVIEW);
    for (int i = 0; i < STEP_COUNT; i++)
        press(&b, K_ESC);
    assert_int_equal(b.w->at, STEP_START);
    bench_release(&b);
}

/* What a rehearsal has done is told, on the page that asked for it. */
static void test_rehearsal(void **unused)
{
    static const struct { const char *id; enum check_state state; const char *found, *detail, *finding; } said[] = {
        {"binlog_format", CHECK_PASS, "ROW", NULL, NULL},
        {"rehearse.copy", CHECK_PASS, "5 rows of 2 tables, 9.0 MB", "The run would make 2 tables at the target, and its books in tidegate_meta. The first 1000 rows of each table were read as a chunk is, in 12 ms.", NULL},
        {"rehearse.stream", CHECK_FAIL, "812 transactions, 4012 rows, 3 DDL", "14 KB of binlog from binlog.000017 on, written within 9 min, decoded as the run will.", "at binlog.000017:8812 the run would stop: XA transactions"}};
    (void)unused;
    for (int language = TEXT_EN; language < TEXT_LANGUAGES; language++) {
        struct bench b;
        struct news n = {.kind = NEWS_OVER, .probe = PROBE_REHEARSE, .report = x_alloc(sizeof *n.report)};
        text_speak((enum text_language)language);
        bench_init(&b, 24, 80);
        b.w->at = b.w->reached = STEP_REVIEW;
        n.report->results = x_alloc(TG_ARRAY_LEN(said) * sizeof *n.report->results);
        for (size_t i = 0; i < TG_ARRAY_LEN(said); i++) {
            struct check_result *r = &n.report->results[n.report->n++];
            *r = (struct check_result){.check = check_find(said[i].id), .state = said[i].state, .found = x_strdup(said[i].found),
                                       .detail = said[i].detail ? x_strdup(said[i].detail) : NULL};
            if (!said[i].finding)
                continue;
            n.report->nfail++;
            r->findings = x_alloc(sizeof *r->findings);
            r->findings[0] = (struct check_finding){.state = r->state, .text = x_strdup(said[i].finding)};
            r->nfindings = r->ntotal = 1;
        }
        wz_take(b.w, &n);
        assert_true(b.w->modal.kind != 0);
        shots(&b, language == TEXT_EN ? "wizard-rehearsal" : "zh-rehearsal");
        press(&b, K_ESC);
        assert_int_equal(b.w->at, STEP_REVIEW);
        bench_release(&b);
    }
    text_speak(TEXT_EN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start),  cmocka_unit_test(test_back_and_forth), cmocka_unit_test(test_reader_endpoint),
        cmocka_unit_test(test_paste),  cmocka_unit_test(test_default), cmocka_unit_test(test_rehearsal), cmocka_unit_test(test_probe),          cmocka_unit_test(test_esc),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
