// SPDX-License-Identifier: Apache-2.0
/* Every page, the boxes and the dashboard in Chinese, at three sizes (tests/golden/zh-*.txt): what overflows is seen there.
 * And the switch itself; and --read-only. */
#include "wz_test.h"

#include "base/text.h"
#include "sample.h"
#include "wizard/dashboard_state.h"

static void add(struct check_report *r, const char *id, enum check_state state, const char *found, const char *wanted)
{
    uint32_t *counts[] = {&r->npass, &r->nwarn, &r->nfail, &r->nnone};
    r->results[r->n] = (struct check_result){.check = check_find(id), .state = state, .judged = state, .found = found ? x_strdup(_(found)) : NULL,
                                             .wanted = wanted ? x_strdup(_(wanted)) : NULL};
    assert_non_null(r->results[r->n++].check);
    ++*counts[state];
}

static struct check_report *report(void)
{
    struct check_report *r = x_alloc(sizeof *r);
    r->results = x_alloc(8 * sizeof *r->results);
    r->source_name = x_strdup("MySQL 8.0.32 at db.example:3306");
    r->target_name = x_strdup("TiDB 8.5.1 at tidb.example:4000");
    r->ntables = 40;
    add(r, "source.role", CHECK_FAIL, "reader", "writer");
    r->results[0].cures = x_alloc(sizeof *r->results[0].cures);
    r->results[0].ncures = 1;
    r->results[0].cures[0] = (struct check_cure){.kind = CURE_TEXT, .title = x_format(_("Use the writer's endpoint: source.host: %s"), "db-writer.example"),
                                                 .effect = x_strdup(_("at once, no restart"))};
    add(r, "primary_key", CHECK_WARN, NULL, NULL);
    add(r, "binlog_format", CHECK_PASS, "always whole", NULL);
    add(r, "table.collation", CHECK_PASS, "no text columns", NULL);
    add(r, "target.cloud", CHECK_NONE, NULL, NULL);
    return r;
}

static void on_page(struct bench *b, enum step s)
{
    static const char *const answers[][2] = {{"name", "shop-prod"}, {"source.host", "db.example"}, {"source.user", "tg_reader"}, {"target.host", "tidb.example"},
                                             {"target.user", "root"}, {"allow.include", "shop.*,crm.*"}};
    struct err e;
    bench_init(b, 24, 80);
    for (size_t i = 0; i < TG_ARRAY_LEN(answers); i++)
        assert_true(job_set(&b->job, answers[i][0], answers[i][1], &e));
    b->w->report = report();
    b->w->probe[PROBE_CHECKS].is_over = true;
    b->w->probe[PROBE_CHECKS].ended_ms = b->w->now_ms - 5000;
    for (int i = 0; i < (int)s; i++)
        b->w->is_passed[i] = true;
    b->w->at = b->w->reached = s;
    wz_go(b->w, s, &b->effect);
}

static void test_pages(void **unused)
{
    static const char *const names[] = {"start", "source", "path", "target", "scope", "route", "checks", "review"};
    struct bench b;
    (void)unused;
    text_speak(TEXT_ZH_CN);
    for (int s = 0; s < STEP_COUNT; s++) {
        on_page(&b, (enum step)s);
        shots_zh(&b, names[s]);
        bench_release(&b);
    }
    text_speak(TEXT_EN);
}

static void test_boxes(void **unused)
{
    struct bench b;
    (void)unused;
    text_speak(TEXT_ZH_CN);
    on_page(&b, STEP_CHECKS);
    b.w->focus[STEP_CHECKS] = 0;
    press(&b, K_ENTER);
    shots_zh(&b, "cure");
    press(&b, K_ESC);
    press(&b, K_F1);
    shots_zh(&b, "keys");
    press(&b, K_ESC);
    press(&b, K_F10);
    shots_zh(&b, "leave");
    bench_release(&b);
    on_page(&b, STEP_SOURCE);
    press(&b, K_TAB);
    for (int i = 0; i < 10; i++)
        press(&b, K_BACKSPACE);
    type(&b, "shop.cluster-ro-cx1.us-east-1.rds.example");
    press(&b, K_TAB);
    press(&b, K_BACK_TAB);
    shots_zh(&b, "source-reader");
    bench_release(&b);
    on_page(&b, STEP_REVIEW);
    ask_start(b.w, 0);
    shots_zh(&b, "start-run");
    bench_release(&b);
    text_speak(TEXT_EN);
}

/* ---- the dashboard ---- */

static void board(const char *name, const char *keys)
{
    char full[200];
    for (size_t i = 0; i < TG_ARRAY_LEN(zh_sizes); i++) {
        struct dashboard_state *s = dashboard_state_new();
        struct mon_snapshot *m = sample_snapshot();
        struct mon_event e;
        struct effect effect;
        struct canvas c;
        struct buf text = {0};
        s->rows = zh_sizes[i][0];
        s->cols = zh_sizes[i][1];
        s->now_ms = 1000000;
        s->wall_ms = m->at_ms;
        dashboard_take(s, m);
        for (size_t k = 0; k < TG_ARRAY_LEN(sample_lines); k++) {
            sample_event(&e, k);
            dashboard_add_event(s, &e);
        }
        for (const char *key = keys; *key; key++) {
            s->now_ms += 1000;
            dashboard_feed(s, &(struct input){.kind = IN_KEY, .key = *key}, &effect);
        }
        canvas_init(&c, s->rows, s->cols, GLYPHS_LINES);
        dashboard_draw(&c, s);
        canvas_print(&c, &text);
        zh_name(full, name, i);
        compare(full, &text);
        canvas_release(&c);
        buf_release(&text);
        dashboard_state_free(s);
        free(m);
    }
}

static void test_dashboard(void **unused)
{
    (void)unused;
    text_speak(TEXT_ZH_CN);
    board("dashboard", "");
    board("zoom-dump", "1z");
    board("zoom-load", "2z");
    board("zoom-replication", "3z");
    board("zoom-tables", "4z");
    board("zoom-lag", "5z");
    board("zoom-log", "6z");
    board("board-keys", "?");
    board("board-leave", "q");
    board("board-pace", "t");
    board("board-redo", "4zr");
    board("board-leave-out", "4zx");
    board("board-question", "e");
    text_speak(TEXT_EN);
}

/* ---- the switch ---- */

static void test_switch(void **unused)
{
    struct bench b;
    (void)unused;
    bench_init(&b, 24, 80);
    for (int i = 0; i < 10 && b.effect.kind != WZ_LANGUAGE; i++) { /* the last of the choices */
        b.w->list[STEP_START].selected = (size_t)i;
        press(&b, K_ENTER);
        b.w->at = STEP_START;
        b.w->modal.kind = 0;
    }
    assert_int_equal(b.effect.kind, WZ_LANGUAGE);
    b.w->english_only = glyphs_lack_chinese(GLYPHS_ASCII);
    assert_non_null(b.w->english_only);
    shot(&b, "wizard-start-english-only");
    bench_release(&b);
    assert_null(glyphs_lack_chinese(GLYPHS_LINES));
    setenv("TERM", "linux", 1);
    assert_non_null(glyphs_lack_chinese(GLYPHS_LINES));
    unsetenv("TERM");
}

static void test_read_only(void **unused)
{
    const struct wizard_options o = {.is_read_only = true};
    struct bench b;
    (void)unused;
    on_page(&b, STEP_CHECKS);
    b.w->o = &o;
    press(&b, 'a');
    assert_int_equal(b.w->modal.kind, 0); /* no failure is accepted */
    b.w->report->results[0].cures[0].kind = CURE_SQL;
    press(&b, K_ENTER);
    assert_int_not_equal(b.w->modal.kind, 0);
    for (unsigned i = 0; i < b.w->modal.nbuttons; i++)
        assert_string_not_equal(b.w->modal.button[i].label, "Run it");
    assert_int_equal(b.w->modal.nfields, 0);
    press(&b, K_ESC);
    b.w->at = STEP_REVIEW;
    for (int i = 0; i < 12; i++) { /* through all that takes the focus */
        press(&b, K_TAB);
        press(&b, K_ENTER);
        assert_int_not_equal(b.effect.kind, WZ_RUN);
        assert_false(b.effect.kind == WZ_PROBE && b.effect.probe == PROBE_REHEARSE);
        for (unsigned k = 0; k < b.w->modal.nbuttons; k++)
            assert_string_not_equal(b.w->modal.button[k].label, "Start the run");
        modal_close(&b.w->modal);
        b.w->at = STEP_REVIEW;
    }
    ask_start(b.w, 0); /* even where a box were open, nothing comes of it */
    press(&b, K_DOWN);
    press(&b, K_ENTER);
    assert_int_equal(b.effect.kind, WZ_NONE);
    bench_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),  cmocka_unit_test(test_boxes),     cmocka_unit_test(test_dashboard),
        cmocka_unit_test(test_switch), cmocka_unit_test(test_read_only),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    unsetenv("TERM");
    setenv("TZ", "UTC", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
