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

static bool put(struct bench *b, const char *path, const char *value)
{
    struct form *f = &b->w->form[STEP_SOURCE];
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->field[i].path, path) == 0)
            return form_put(f, b->w, i, value);
    fail_msg("no field %s", path);
    return false;
}

/* What stands below a field speaks the language of the moment, whichever it was judged in: a warning, a refused value. */
static void test_words_follow(void **unused)
{
    struct bench b;
    (void)unused;
    on_page(&b, STEP_SOURCE);
    for (int i = 0; i < 2; i++) {
        text_speak(i ? TEXT_ZH_CN : TEXT_EN);
        assert_true(put(&b, "source.port", "33060"));
        text_speak(i ? TEXT_EN : TEXT_ZH_CN);
        assert_true(shows(&b, i ? "33060 is MySQL's X protocol" : "33060 是 MySQL 的 X 协议"));
        text_speak(i ? TEXT_ZH_CN : TEXT_EN);
        assert_false(put(&b, "source.port", "many"));
        text_speak(i ? TEXT_EN : TEXT_ZH_CN);
        assert_true(shows(&b, i ? "which is no number" : "\"many\"，不是"));
    }
    text_speak(TEXT_EN);
    bench_release(&b);
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

/* What a test's thread has said is told in the language of the moment, and comes back to the letter. */
static void test_told(void **unused)
{
    static const struct {
        enum check_state state;
        const char *text;
    } lines[] = {{CHECK_PASS, "reached in 3 ms, TLSv1.3, certificate matches the host"}, {CHECK_PASS, "binlog is kept 24 h"}, {CHECK_PASS, "clock differs from ours by +0.2 s"},
                 {CHECK_WARN, "This could not be looked at: Access denied for user 'tg_reader'@'10.0.0.9'"}, {CHECK_PASS, "6 tables in 1 schema, about 26 MB"},
                 {CHECK_FAIL, "shop: no SELECT: its views can't be read, and are not made at the target (and 3 more)"}};
    struct bench b;
    (void)unused;
    on_page(&b, STEP_SOURCE);
    probe_begins(&b, PROBE_SOURCE);
    for (size_t i = 0; i < TG_ARRAY_LEN(lines); i++)
        tell(&b, PROBE_SOURCE, lines[i].state, lines[i].text);
    probe_ends(&b, PROBE_SOURCE);
    shot(&b, "wizard-source-told");
    text_speak(TEXT_ZH_CN);
    shots_zh(&b, "source-told");
    text_speak(TEXT_EN);
    shot(&b, "wizard-source-told");
    bench_release(&b);
}

/* ---- the dashboard ---- */

/* What an engine really says, in English: log lines, a question, why less is read. */
static const struct sample_line engine_lines[] = {
    {-90, LOG_NOTE, "engine", "shop.orders", "", "created with changes: shop.orders: column note: collation utf8mb4_uca1400_ai_ci becomes utf8mb4_general_ci; shop.orders: option COMPRESSION is left out"},
    {-80, LOG_INFO, "copy", "shop.order_notes", "", "shop.order_notes has no usable key: copied first, in one snapshot"},
    {-70, LOG_INFO, "engine", "", "", "new run: 40 tables, binlog from binlog.018131:51002440"},
    {-60, LOG_INFO, "copy", "shop.events", "", "read wholly: 98002118 rows"},
    {-50, LOG_INFO, "follow", "shop.orders", "", "DDL applied: ALTER TABLE `shop`.`orders` ADD COLUMN `note` TEXT"},
    {-40, LOG_WARN, "follow", "", "TG-5001", "The binlog stream broke: Lost connection to server during query (nothing for 30000 ms, or cut); opened again, nothing lost"},
    {-30, LOG_WARN, "apply", "shop.orders", "TG-3001", "try 2: Lock wait timeout exceeded; try restarting transaction"},
    {-20, LOG_WARN, "apply", "", "", "14 more like this in 10 s: try 3: Deadlock found when trying to get lock"},
    {-10, LOG_NOTE, "engine", "", "", "pace {\"dial\":\"gentle\"}, asked from a window"},
    {-5, LOG_INFO, "engine", "", "", "now catching-up"},
    {0, LOG_ERROR, "apply", "shop.order_notes", "TG-6103", "row (17) goes to the quarantine: Data too long for column 'note' at row 1"},
};

static void engine_says(struct mon_snapshot *m)
{
    struct question_view *q = &m->question[0];
    m->pace.readers = 4;
    strcpy(m->pace.waits, "source is busy (31 running)");
    strcpy(m->reason, "TG-3107 while creating shop.order_notes at the target: Unknown collation");
    strcpy(q->id, "TG-2302");
    snprintf(q->text, sizeof q->text, "%s: %s", err_info(ERR_SOURCE_LOCK)->title,
             "neither LOCK TABLES nor RELOAD is granted, and 60 looks found no moment without a change of it");
    q->nchoices = 2;
    strcpy(q->choice[0].slug, "wait");
    strcpy(q->choice[0].label, "Wait and try again (nothing is lost)");
    strcpy(q->choice[1].slug, "stop");
    strcpy(q->choice[1].label, "Stop the run; it can be resumed");
}

static void board(const char *name, const char *keys)
{
    char full[200];
    for (size_t i = 0; i < TG_ARRAY_LEN(zh_sizes); i++) {
        struct dashboard_state *s = dashboard_state_new();
        struct mon_snapshot *m = sample_snapshot();
        bool is_real = strncmp(name, "engine", 6) == 0;
        struct mon_event e;
        struct effect effect;
        struct canvas c;
        struct buf text = {0};
        s->rows = zh_sizes[i][0];
        s->cols = zh_sizes[i][1];
        s->now_ms = 1000000;
        s->wall_ms = m->at_ms;
        if (is_real)
            engine_says(m);
        dashboard_take(s, m);
        for (size_t k = 0; k < (is_real ? TG_ARRAY_LEN(engine_lines) : TG_ARRAY_LEN(sample_lines)); k++) {
            sample_line_event(&e, is_real ? &engine_lines[k] : &sample_lines[k], k);
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
    board("engine", "");
    board("engine-log", "6zw");
    board("engine-question", "e");
    board("engine-pace", "t");
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
        cmocka_unit_test(test_pages),  cmocka_unit_test(test_boxes), cmocka_unit_test(test_told),     cmocka_unit_test(test_dashboard),
        cmocka_unit_test(test_switch), cmocka_unit_test(test_words_follow), cmocka_unit_test(test_read_only),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    unsetenv("TERM");
    setenv("TZ", "UTC", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
