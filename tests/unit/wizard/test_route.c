// SPDX-License-Identifier: Apache-2.0
/* Route: three roads, the form of a DM cluster, its errors and repairs, and DM's files asked for. */
#include "wz_test.h"

#include "base/text.h"
#include "wizard/scope.h"

static void set(struct bench *b, const char *path, const char *value)
{
    struct err e = {0};
    if (!job_set(&b->job, path, value, &e))
        fail_msg("%s: %s", path, e.text);
}

static void begin(struct bench *b)
{
    bench_init(b, 24, 80);
    set(b, "name", "shop-prod");
    set(b, "source.host", "db.example");
    set(b, "source.user", "mover");
    set(b, "target.host", "tidb.example");
    set(b, "target.user", "root");
    b->w->at = STEP_ROUTE;
    b->w->reached = STEP_ROUTE;
    wz_go(b->w, STEP_ROUTE, &b->effect);
}

/* Tab until that field has the focus. */
static void focus(struct bench *b, const char *path)
{
    for (int i = 0; i < 40; i++) {
        const struct form_field *f = wz_field(b->w);
        if (f && strcmp(f->path, path) == 0)
            return;
        press(b, K_TAB);
    }
    fail_msg("no field %s", path);
}

static void enter(struct bench *b, const char *path, const char *text)
{
    focus(b, path);
    press(b, K_CTRL('u'));
    type(b, text);
    press(b, K_TAB);
}

static bool is_shown(struct bench *b, const char *path)
{
    size_t order[FORM_FIELDS], n = form_shown(&b->w->form[STEP_ROUTE], b->w, order);
    for (size_t i = 0; i < n; i++)
        if (strcmp(b->w->form[STEP_ROUTE].field[order[i]].path, path) == 0)
            return true;
    return false;
}

static void test_stream(void **unused)
{
    struct bench b;
    (void)unused;
    begin(&b);
    shots(&b, "wizard-route");
    scope_of(b.w)->look = x_alloc(sizeof *b.w->scope->look);
    b.w->scope->look->has_sizes = true;
    b.w->scope->sum.bytes = 117000000000;
    shots(&b, "wizard-route-guess");
    enter(&b, "limits.readers", "7");
    assert_int_equal(b.job.readers, 7);
    enter(&b, "limits.readers", "auto");
    assert_int_equal(b.job.readers, 0);
    enter(&b, "limits.read-rate", "5MB");
    assert_int_equal(b.job.read_rate, 5000000);
    enter(&b, "limits.chunk", "8 pages"); /* can't be taken: stays as typed, and stops the way on */
    press(&b, K_BACK_TAB);
    shot(&b, "wizard-route-refused");
    wz_go(b.w, STEP_CHECKS, &b.effect);
    assert_int_equal(b.w->at, STEP_ROUTE);
    assert_int_equal(b.job.chunk_bytes, 8 << 20);
    bench_release(&b);
}

static void test_follow_only(void **unused)
{
    struct bench b;
    (void)unused;
    begin(&b);
    focus(&b, "mode");
    press(&b, K_LEFT);
    assert_int_equal(b.job.mode, MODE_INCREMENTAL);
    assert_false(is_shown(&b, "existing"));
    assert_false(is_shown(&b, "limits.readers"));
    focus(&b, "source.start.file");
    press(&b, K_TAB); /* left empty: said, but no error */
    shots(&b, "wizard-route-follow");
    enter(&b, "source.start.file", "mysql-bin.000004");
    enter(&b, "source.start.pos", "109227");
    assert_string_equal(b.job.sources[0].start_file, "mysql-bin.000004");
    assert_int_equal(b.job.sources[0].start_pos, 109227);
    enter(&b, "source.start.gtid", "03fc0263-28c7-11e7-a653-6c0b84d59f30:1-70");
    shot(&b, "wizard-route-follow-filled");
    wz_go(b.w, STEP_CHECKS, &b.effect);
    assert_int_equal(b.w->at, STEP_CHECKS);
    bench_release(&b);
}

/* Each of several sources has a position of its own. */
static void test_follow_two(void **unused)
{
    struct bench b;
    (void)unused;
    begin(&b);
    set(&b, "source[1].host", "db2.example");
    set(&b, "source[1].user", "mover");
    set(&b, "mode", "incremental");
    wz_go(b.w, STEP_ROUTE, &b.effect);
    enter(&b, "source.start.file", "mysql-bin.000004");
    focus(&b, "sources");
    press(&b, K_RIGHT);
    enter(&b, "source.start.gtid", "0-1-7");
    enter(&b, "source.start.pos", "99");
    shot(&b, "wizard-route-follow-two");
    assert_string_equal(b.job.sources[0].start_file, "mysql-bin.000004");
    assert_null(b.job.sources[0].start_gtid);
    assert_string_equal(b.job.sources[1].start_gtid, "0-1-7");
    assert_int_equal(b.job.sources[1].start_pos, 99);
    assert_int_equal(b.job.sources[0].start_pos, 0);
    bench_release(&b);
}

/* A snapshot is one full copy; the way there is offered, not taken. */
static void test_snapshot(void **unused)
{
    struct bench b;
    (void)unused;
    begin(&b);
    focus(&b, "road.kind");
    press(&b, K_RIGHT);
    assert_int_equal(b.job.road, ROAD_SNAPSHOT);
    assert_int_equal(b.job.mode, MODE_ALL);
    shots(&b, "wizard-route-snapshot");
    wz_go(b.w, STEP_CHECKS, &b.effect);
    assert_int_equal(b.w->at, STEP_ROUTE);
    assert_string_equal(wz_field(b.w)->path, "mode");
    press(&b, K_CTRL('y'));
    assert_int_equal(b.job.mode, MODE_FULL);
    wz_go(b.w, STEP_CHECKS, &b.effect);
    assert_int_equal(b.w->at, STEP_CHECKS);
    wz_go(b.w, STEP_ROUTE, &b.effect);
    focus(&b, "road.kind");
    press(&b, K_LEFT);
    assert_int_equal(b.job.road, ROAD_STREAM);
    assert_int_equal(b.w->form[STEP_ROUTE].word[1].role, ROLE_TEXT);
    bench_release(&b);
}

static void to_dm(struct bench *b)
{
    begin(b);
    focus(b, "road.kind");
    press(b, K_RIGHT);
    press(b, K_RIGHT);
    assert_int_equal(b->job.road, ROAD_DM);
}

static void test_dm_one_host(void **unused)
{
    struct bench b;
    (void)unused;
    to_dm(&b);
    shots(&b, "wizard-route-dm-empty");
    wz_go(b.w, STEP_CHECKS, &b.effect); /* a cluster that is there already: no topology */
    assert_int_equal(b.w->at, STEP_CHECKS);
    wz_go(b.w, STEP_ROUTE, &b.effect);
    enter(&b, "topology.one", "10.0.1.11");
    assert_string_equal(b.job.dm_masters[0], "10.0.1.11");
    assert_string_equal(b.job.dm_alertmanagers[0], "10.0.1.11");
    focus(&b, "topology.workers");
    shots(&b, "wizard-route-dm");
    text_speak(TEXT_ZH_CN);
    shot(&b, "zh-route-dm");
    text_speak(TEXT_EN);
    bench_release(&b);
}

static void test_dm_errors(void **unused)
{
    struct bench b;
    (void)unused;
    to_dm(&b);
    enter(&b, "topology.masters", "10.0.1.11, 10.0.1.12, 10.0.1.13");
    enter(&b, "topology.workers", "10.0.1.11, 10.0.1.11");
    shots(&b, "wizard-route-dm-clash");
    wz_go(b.w, STEP_CHECKS, &b.effect);
    assert_int_equal(b.w->at, STEP_ROUTE);
    assert_string_equal(wz_field(b.w)->path, "topology.workers");
    press(&b, K_CTRL('y'));
    press(&b, K_TAB);
    assert_string_equal(b.job.dm_workers[1], "10.0.1.11:8263");
    enter(&b, "topology.workers", "10.0.1.11:99999");
    assert_string_equal(b.job.dm_workers[1], "10.0.1.11:8263"); /* what can't be taken changes nothing */
    shot(&b, "wizard-route-dm-port");
    enter(&b, "topology.workers", "");
    wz_go(b.w, STEP_CHECKS, &b.effect);
    assert_int_equal(b.w->at, STEP_ROUTE);
    shot(&b, "wizard-route-dm-no-worker");
    bench_release(&b);
}

/* The folder is asked for; what opened the box is no answer to it. */
static void test_write(void **unused)
{
    struct bench b;
    (void)unused;
    to_dm(&b);
    enter(&b, "topology.one", "10.0.1.11");
    focus(&b, "secret-key-path");
    press(&b, K_TAB); /* Back */
    press(&b, K_TAB);
    press(&b, K_ENTER);
    assert_int_not_equal(b.w->modal.kind, 0);
    shots(&b, "wizard-files");
    press(&b, K_CTRL('u'));
    type(&b, "/tmp/out");
    press(&b, K_TAB);
    press(&b, K_ENTER);
    assert_int_equal(b.effect.kind, WZ_WRITE_DM);
    assert_string_equal(b.effect.text, "/tmp/out");
    assert_int_equal(b.w->modal.kind, 0);
    bench_release(&b);
}

/* What has no room on the page has a box. */
static void test_figures(void **unused)
{
    struct bench b;
    (void)unused;
    begin(&b);
    press(&b, K_F0 + 6);
    shot(&b, "wizard-route-figures");
    press(&b, K_ESC);
    assert_int_equal(b.w->modal.kind, 0);
    bench_release(&b);
}

/* F9 saves the job, or writes DM's files, whatever the road. */
static void test_save_box(void **unused)
{
    struct bench b;
    (void)unused;
    begin(&b);
    press(&b, K_F9);
    shots(&b, "wizard-save");
    press(&b, K_CTRL('u'));
    press(&b, K_TAB);
    press(&b, K_ENTER);               /* no name: it says so and stays */
    assert_int_equal(b.effect.kind, WZ_NONE);
    assert_int_not_equal(b.w->modal.kind, 0);
    assert_string_equal(b.w->notice, "the file needs a name");
    press(&b, K_ESC);
    press(&b, K_F9);
    type(&b, "a.yaml");               /* instead of what is offered */
    press(&b, K_TAB);
    press(&b, K_ENTER);
    assert_int_equal(b.effect.kind, WZ_SAVE);
    assert_string_equal(b.effect.text, "a.yaml");
    press(&b, K_F9);
    for (int i = 0; i < 3; i++)
        press(&b, K_TAB);
    press(&b, K_ENTER);
    assert_string_equal(b.w->modal.field[0].edit.text, "shop-prod-dm");
    press(&b, K_ESC);
    assert_int_equal(b.effect.kind, WZ_NONE);
    assert_int_equal(b.w->modal.kind, 0);
    bench_release(&b);
}

/* On that road there is nothing to start: Review writes the files. */
static void test_review(void **unused)
{
    struct bench b;
    (void)unused;
    to_dm(&b);
    b.w->at = STEP_REVIEW;
    b.w->reached = STEP_REVIEW;
    wz_go(b.w, STEP_REVIEW, &b.effect);
    shots(&b, "wizard-review-dm");
    for (int i = 0; i < 4; i++)
        press(&b, K_TAB);
    press(&b, K_BACK_TAB);
    press(&b, K_ENTER);
    assert_string_equal(b.w->modal.field[0].label, "Folder");
    bench_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stream),    cmocka_unit_test(test_follow_only), cmocka_unit_test(test_follow_two), cmocka_unit_test(test_snapshot), cmocka_unit_test(test_dm_one_host),
        cmocka_unit_test(test_dm_errors), cmocka_unit_test(test_write),       cmocka_unit_test(test_figures), cmocka_unit_test(test_save_box), cmocka_unit_test(test_review),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
