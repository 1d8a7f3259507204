// SPDX-License-Identifier: Apache-2.0
/* Commands by name, the comparison, the cutover's checklist, the longer windows of the lag, who steers, what was cured. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <locale.h>
#include <time.h>

#include "base/text.h"
#include "golden.h"

static struct effect command(struct dashboard_state *s, const char *line)
{
    press(s, ':');
    for (; *line; line++)
        press(s, (unsigned char)*line);
    return press(s, K_ENTER);
}

static void test_commands_reach_the_engine(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    struct effect e = command(s, "workers load 8");
    assert_string_equal(e.cmd, "pace");
    assert_string_equal(e.args, "{\"writers\":8}");
    assert_string_equal(command(s, "workers dump 2").args, "{\"readers\":2}");
    assert_string_equal(command(s, "pace gentle").args, "{\"pace\":\"gentle\"}");
    assert_string_equal(command(s, "rate 20").args, "{\"read-rate\":20000000}");
    assert_string_equal(command(s, "verify").cmd, "verify");
    assert_string_equal(command(s, "pause").cmd, "pause");
    assert_string_equal(command(s, "steer").cmd, "steer");
    assert_int_equal(command(s, "detach").kind, EFFECT_LEAVE);
    assert_int_equal(command(s, "stop").kind, EFFECT_NONE); /* asks */
    assert_true(s->dialog.is_open);
    dashboard_state_free(s);
}

static void test_commands_change_the_view(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    command(s, "find order_notes");
    assert_string_equal(s->wish.find, "order_notes");
    command(s, "find");
    assert_string_equal(s->wish.find, "");
    command(s, "level warn");
    assert_int_equal(s->view.floor, LOG_WARN);
    command(s, "stage apply");
    assert_string_equal(log_stage_name(s->view.stage), "apply");
    command(s, "table order*");
    assert_string_equal(s->view.table, "order*");
    command(s, "show busy");
    assert_int_equal(s->wish.show, SHOW_BUSY);
    command(s, "sort name");
    assert_int_equal(s->wish.sort, SORT_NAME);
    command(s, "pane log");
    assert_int_equal(s->focus, PANE_LOG);
    command(s, "window 1h");
    assert_true(s->is_zoomed && s->focus == PANE_LAG && s->window == LAG_HOUR);
    struct effect e = command(s, "save mine.txt");
    assert_int_equal(e.kind, EFFECT_SAVE_LOG);
    assert_string_equal(e.path, "mine.txt");
    dashboard_state_free(s);
}

static void test_commands_that_are_wrong(void **unused)
{
    (void)unused;
    static const char *const wrong[] = {"workers load",     "workers load many", "workers load 99999999999999999999", "workers all 8", "pace slow",
                                        "rate -1",          "level loud",        "window 2h",                          "verify now",    "nonsense",
                                        "find one two six", "rate 5 5"};
    struct dashboard_state *s = sample_state(24, 80);
    for (size_t i = 0; i < TG_ARRAY_LEN(wrong); i++) {
        s->notice[0] = 0;
        assert_int_equal(command(s, wrong[i]).kind, EFFECT_NONE);
        if (!s->notice[0])
            fail_msg("%s: nothing was said", wrong[i]);
    }
    s->watches_only = true;
    assert_int_equal(command(s, "workers load 8").kind, EFFECT_NONE);
    assert_non_null(strstr(s->notice, "another window steers"));
    dashboard_state_free(s);
}

static void test_completion(void **unused)
{
    (void)unused;
    char line[200] = "wo", hint[200];
    struct dashboard_state *s = sample_state(24, 80);
    command_complete(s, line, sizeof line);
    assert_string_equal(line, "workers ");
    command_complete(s, line, sizeof line); /* two ways to go on: nothing is chosen */
    assert_string_equal(line, "workers ");
    command_hint(s, line, hint, sizeof hint);
    assert_non_null(strstr(hint, "dump load"));
    strcpy(line, "find order_n");
    command_complete(s, line, sizeof line);
    assert_string_equal(line, "find order_notes ");
    strcpy(line, "find ord");
    command_complete(s, line, sizeof line);
    assert_string_equal(line, "find order");
    strcpy(line, "xyz");
    command_complete(s, line, sizeof line);
    assert_string_equal(line, "xyz");
    dashboard_state_free(s);
    s = sample_state(24, 80);
    press_all(s, ":pace ");
    golden("command-pace", s, GLYPHS_LINES);
    s = sample_state(24, 80);
    press_all(s, ":");
    golden("command-begun", s, GLYPHS_LINES);
    s = sample_state(24, 80);
    press_all(s, "?\t");
    golden("help-commands", s, GLYPHS_LINES);
    s = sample_state(18, 60);
    press_all(s, "?\tjjj");
    golden("help-commands-60x18", s, GLYPHS_LINES);
}

static struct dashboard_state *verifying(int rows, int cols)
{
    struct dashboard_state *s = sample_state(rows, cols);
    s->snap.state = RUN_VERIFYING;
    s->snap.nquestions = 0;
    s->snap.tables_done = 40;
    s->snap.tables_busy = s->snap.tables_waiting = 0;
    s->snap.tables_verified = 30;
    s->snap.tables_different = 1;
    s->snap.lag.seconds = 0.4;
    return s;
}

static void test_verify(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    s->snap.state = RUN_IN_SYNC;
    struct effect e = press(s, 'v');
    assert_string_equal(e.cmd, "verify");
    assert_non_null(strstr(e.done, "comparing"));
    s->snap.state = RUN_COPYING;
    assert_non_null(strstr(press(s, 'v').done, "as soon as the run is in sync"));
    s->snap.state = RUN_VERIFYING;
    assert_int_equal(press(s, 'v').kind, EFFECT_NONE);
    s->is_gone = true;
    assert_int_equal(press(s, 'v').kind, EFFECT_NONE);
    dashboard_state_free(s);
    golden("state-verifying", verifying(24, 80), GLYPHS_LINES);
}

static void test_cutover(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    press(s, 'c');
    golden("cutover-copying", s, GLYPHS_LINES);
    s = verifying(24, 80);
    press(s, 'c');
    golden("cutover-verifying", s, GLYPHS_LINES);
    s = verifying(24, 80);
    struct mon_snapshot *m = x_alloc(sizeof *m);
    *m = s->snap;
    m->state = RUN_IN_SYNC;
    m->lag.unread_bytes = m->lag.unapplied_bytes = 0;
    m->lag.npoints = MON_LAG_POINTS;
    m->lag.source_tx_rate = 0;
    for (unsigned i = 0; i < MON_LAG_POINTS; i++)
        m->lag.points[i] = 0.5f;
    strcpy(m->verdict, "PASS");
    strcpy(m->verified_at, "binlog.018155:13012480");
    strcpy(m->applied_file, "binlog.018155");
    m->applied = 13012480;
    dashboard_take(s, m);
    dashboard_take(s, m);
    s->now_ms += 31000;
    dashboard_take(s, m);
    press(s, 'c');
    golden("cutover-ready", s, GLYPHS_LINES);
    s = verifying(24, 80); /* compared, and then a change came */
    m->applied++;
    dashboard_take(s, m);
    press(s, 'c');
    golden("cutover-compared-before", s, GLYPHS_LINES);
    s = verifying(24, 80); /* nothing comes from a source that does not answer: that is no quiet */
    m->applied--;
    m->state = RUN_STUCK;
    m->lag.source_lost_s = 40;
    m->lag.source_tx_rate = m->lag.source_byte_rate = -1;
    dashboard_take(s, m);
    dashboard_take(s, m);
    s->now_ms += 31000;
    dashboard_take(s, m);
    press(s, 'c');
    golden("cutover-source-lost", s, GLYPHS_LINES);
    text_speak(TEXT_ZH_CN);
    s = sample_state(24, 80);
    press(s, 'c');
    golden("zh-cutover", s, GLYPHS_LINES);
    s = sample_state(24, 80);
    press_all(s, "?\t");
    golden("zh-help-commands", s, GLYPHS_LINES);
    text_speak(TEXT_EN);
    s = sample_state(18, 60);
    press(s, 'c');
    golden("cutover-60x18", s, GLYPHS_LINES);
    s = sample_state(36, 120);
    press(s, 'c');
    /* No key of the page does more than elsewhere; Esc leads back. */
    assert_int_equal(press(s, K_ENTER).kind, EFFECT_NONE);
    assert_true(s->is_cutover);
    press(s, K_ESC);
    assert_false(s->is_cutover);
    free(m);
    dashboard_state_free(s);
}

static void test_lag_windows(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    struct lag_view *lag = &s->snap.lag;
    lag->nhour = MON_LAG_LONG;
    lag->nday = 90;
    for (unsigned i = 0; i < MON_LAG_LONG; i++) {
        lag->hour[i] = (float)(i % 30);
        lag->day[i] = i < 45 ? 3 : 7000;
    }
    press_all(s, "5z");
    press(s, K_RIGHT);
    assert_int_equal(s->window, LAG_HOUR);
    press(s, K_RIGHT);
    golden("zoom-lag-24h", s, GLYPHS_LINES);
}

static void test_watching(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    s->watches_only = true;
    assert_int_equal(press(s, 'p').kind, EFFECT_NONE);
    assert_int_equal(press(s, 'v').kind, EFFECT_NONE);
    press(s, 'j');
    assert_string_equal(press(s, 'S').cmd, "steer"); /* that it may always ask for */
    press(s, 'j');
    golden("state-watching", s, GLYPHS_LINES);
}

static void test_what_was_cured(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(36, 120);
    struct mon_snapshot *m = sample_snapshot();
    m->nquestions = 0;
    dashboard_take(s, m);
    dashboard_take(s, m);
    assert_int_equal(s->ncured, 1);
    assert_string_equal(s->cured[0].table, "shop.order_notes");
    free(m);
    golden("attention-cured-120x36", s, GLYPHS_LINES);
}

static void test_report_is_offered(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    assert_int_equal(press(s, 'R').kind, EFFECT_NONE);
    assert_non_null(strstr(s->notice, "when the run is over"));
    s->has_report = s->is_gone = true;
    s->snap.state = RUN_FINISHED;
    assert_int_equal(press(s, 'R').kind, EFFECT_REPORT);
    dashboard_state_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands_reach_the_engine), cmocka_unit_test(test_commands_change_the_view),
        cmocka_unit_test(test_commands_that_are_wrong),   cmocka_unit_test(test_completion),
        cmocka_unit_test(test_verify),                    cmocka_unit_test(test_cutover),
        cmocka_unit_test(test_lag_windows),               cmocka_unit_test(test_watching),
        cmocka_unit_test(test_what_was_cured),            cmocka_unit_test(test_report_is_offered),
    };
    setenv("TZ", "UTC", 1);
    tzset();
    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
