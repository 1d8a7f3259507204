// SPDX-License-Identifier: Apache-2.0
/* Golden screens: a state and a script of keys in, text and roles out, compared with
 * tests/golden/NAME.txt. They are written anew only under TG_GOLDEN_UPDATE=1, and then read as a
 * diff. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <locale.h>
#include <time.h>

#include "base/text.h"
#include "golden.h"

static void test_sizes(void **unused)
{
    (void)unused;
    golden("dashboard-80x24", sample_state(24, 80), GLYPHS_LINES);
    golden("dashboard-120x36", sample_state(36, 120), GLYPHS_LINES);
    golden("dashboard-60x18", sample_state(18, 60), GLYPHS_LINES);
    golden("dashboard-46x9", sample_state(9, 46), GLYPHS_LINES);
    golden("dashboard-100x30", sample_state(30, 100), GLYPHS_LINES);
    golden("dashboard-200x50", sample_state(50, 200), GLYPHS_LINES);
}

static void test_glyphs(void **unused)
{
    (void)unused;
    struct buf text = {0};
    golden("dashboard-ascii", sample_state(24, 80), GLYPHS_ASCII);
    golden("dashboard-safe", sample_state(24, 80), GLYPHS_SAFE);
    struct dashboard_state *s = sample_state(36, 120);
    draw_with(s, GLYPHS_ASCII, &text, NULL);
    for (size_t i = 0; i < text.n; i++)
        assert_true((unsigned char)text.p[i] < 0x7f &&
                    ((unsigned char)text.p[i] >= 0x20 || text.p[i] == '\n'));
    buf_release(&text);
    dashboard_state_free(s);
}

static void test_zoom(void **unused)
{
    (void)unused;
    static const char *const name[] = {"dump", "load", "replication", "tables",
                                       "lag",  "log",  "attention"};
    for (int pane = 0; pane < 7; pane++) {
        char file[64];
        struct dashboard_state *s = sample_state(24, 80);
        press(s, '1' + pane);
        if (pane < 6)
            press(s, 'z');
        snprintf(file, sizeof file, "zoom-%s", name[pane]);
        golden(file, s, GLYPHS_LINES);
    }
    struct dashboard_state *s = sample_state(36, 120);
    press_all(s, "4z/ord\rjj");
    golden("zoom-tables-find-120x36", s, GLYPHS_LINES);
    s = sample_state(24, 80);
    press_all(s, "6z/lock|conn\r");
    press(s, K_UP);
    golden("zoom-log-filter-paused", s, GLYPHS_LINES);
}

static struct dashboard_state *with_chunks(int rows, int cols)
{
    struct dashboard_state *s = sample_state(rows, cols);
    struct chunks_view v;
    sample_chunks(&v);
    dashboard_take_chunks(s, &v);
    press_all(s, "4z");
    return s;
}

static void test_chunks(void **unused)
{
    (void)unused;
    struct dashboard_state *s = with_chunks(24, 80);
    char table[130];
    uint32_t offset = 7;
    assert_true(dashboard_wants_chunks(s, table, &offset));
    assert_string_equal(table, "shop.order_items");
    assert_int_equal(offset, 0);
    golden("zoom-chunks", s, GLYPHS_LINES);
    golden("zoom-chunks-120x36", with_chunks(36, 120), GLYPHS_LINES);
    golden("zoom-chunks-ascii", with_chunks(24, 80), GLYPHS_ASCII);
    s = with_chunks(24, 80);
    press(s, K_ENTER);
    golden("zoom-chunks-list", s, GLYPHS_LINES);
    s = with_chunks(18, 60);
    assert_false(dashboard_wants_chunks(s, table, &offset)); /* no room for them beside the tables */
    press(s, K_ENTER);
    assert_true(dashboard_wants_chunks(s, table, &offset));
    golden("zoom-chunks-list-60x18", s, GLYPHS_LINES);
    s = with_chunks(24, 80);
    press_all(s, "\rjjj");
    assert_int_equal(s->chunks_top, 3);
    press(s, K_END);
    assert_int_equal(s->chunks_top, 6);
    press(s, K_ESC);
    assert_true(s->is_zoomed && !s->is_chunks);
    press(s, K_DOWN); /* another table: these are not its chunks */
    golden("zoom-chunks-other", s, GLYPHS_LINES);
    s = with_chunks(24, 80);
    for (uint32_t i = 0; i < s->snap.ntables; i++) /* another one is the busiest now: what was looked at stays selected */
        s->snap.table[i].rate = strstr(s->snap.table[i].name, "payments") ? 1e9 : 0;
    assert_string_equal(table_selected(s), "shop.order_items");
    press(s, 'r');
    assert_string_equal(s->asked_table, "shop.order_items");
    dashboard_state_free(s);
    s = with_chunks(24, 80);
    press(s, 'z');
    assert_false(dashboard_wants_chunks(s, table, &offset));
    dashboard_state_free(s);
}

static void type(struct dashboard_state *s, const char *text)
{
    press_all(s, text);
}

/* Of 500 tables: find looks at all of them, and the list goes on from page to page with its row. */
static void test_pages_of_tables(void **unused)
{
    (void)unused;
    enum { N = 500 };
    struct dashboard_state *s = with_chunks(24, 80);
    s->wish.find[0] = 0;
    s->is_zoomed = s->is_chunks = false;
    struct table_view *all = x_alloc(N * sizeof *all);
    struct tables_page *page = x_alloc(sizeof *page);
    struct mon_snapshot *snap = x_alloc(sizeof *snap);
    for (int i = 0; i < N; i++) {
        all[i] = (struct table_view){.state = TABLE_WAITING, .left_s = -1};
        snprintf(all[i].name, sizeof all[i].name, "shop.t%03d", i);
    }
    *snap = s->snap;
    snap->tables_total = N;
    snap->ntables = MON_TABLES;
    memcpy(snap->table, all, sizeof snap->table);
    dashboard_take(s, snap);
    s->focus = PANE_TABLES;
    assert_false(dashboard_wants_tables(s)); /* the busiest are in each snapshot */
    press_all(s, "/t49\r");
    assert_true(dashboard_wants_tables(s));
    tables_pick(all, N, &s->wish, page);
    dashboard_take_tables(s, page);
    assert_int_equal(s->snap.ntables, 10);
    assert_string_equal(table_selected(s), "shop.t490");
    dashboard_take(s, snap);              /* the next snapshot does not bring the others back */
    assert_int_equal(s->snap.ntables, 10);
    press(s, K_ESC);
    dashboard_take(s, snap);
    assert_int_equal(s->snap.ntables, MON_TABLES);
    press(s, 'z');
    press_all(s, "s");                    /* by name */
    for (int row = 0; row < N; row++) {
        char name[20];
        if (!s->page || s->page->offset != s->wish.offset) {
            tables_pick(all, N, &s->wish, page);
            dashboard_take_tables(s, page);
        }
        snprintf(name, sizeof name, "shop.t%03d", row);
        if (row == 0)
            press(s, K_HOME);
        assert_string_equal(table_selected(s), name);
        press(s, K_DOWN);
    }
    assert_int_equal(s->wish.offset + s->page->n, N);
    dashboard_state_free(s);
    free(all);
    free(page);
    free(snap);
}

static void test_redo(void **unused)
{
    (void)unused;
    struct dashboard_state *s = with_chunks(24, 80);
    press(s, 'r');
    assert_true(s->dialog.is_open);
    assert_int_equal(press(s, K_ENTER).kind, EFFECT_NONE); /* the first choice changes nothing */
    press(s, 'r');
    press(s, K_DOWN);
    struct effect e = press(s, K_ENTER);
    assert_int_equal(e.kind, EFFECT_CALL);
    assert_string_equal(e.cmd, "redo");
    assert_string_equal(e.args, "{\"table\":\"shop.order_items\"}");
    press(s, 'r');
    golden("dialog-redo", s, GLYPHS_LINES);
    s = with_chunks(24, 80);
    s->wish.find[0] = 0;
    press_all(s, "/notes\rr");
    assert_false(s->dialog.is_open);
    assert_non_null(strstr(s->notice, "no usable key"));
    s->watches_only = true;
    s->notice[0] = 0;
    press(s, 'r');
    assert_false(s->dialog.is_open);
    assert_non_null(strstr(s->notice, "another window"));
    press(s, 'x');
    assert_int_equal(s->modal.kind, 0);
    s->is_read_only = true;
    press(s, 'x');
    assert_non_null(strstr(s->notice, "--read-only"));
    golden("zoom-tables-watching", s, GLYPHS_LINES);
}

static void test_leave_out(void **unused)
{
    (void)unused;
    struct dashboard_state *s = with_chunks(24, 80);
    press(s, 'x');
    assert_true(s->modal.kind);
    golden("dialog-leave-out", s, GLYPHS_LINES);
    s = with_chunks(24, 80);
    press(s, 'x');
    press(s, K_ENTER); /* to the button that keeps it */
    assert_int_equal(press(s, K_TAB).kind, EFFECT_NONE);
    assert_int_equal(press(s, K_ENTER).kind, EFFECT_NONE); /* asleep: the name is missing */
    assert_true(s->modal.kind);
    press(s, K_TAB);
    type(s, "shop.order_items");
    press(s, K_TAB);
    press(s, K_TAB);
    struct effect e = press(s, K_ENTER);
    assert_int_equal(e.kind, EFFECT_CALL);
    assert_string_equal(e.cmd, "leave-out");
    assert_string_equal(e.args, "{\"table\":\"shop.order_items\"}");
    assert_int_equal(s->modal.kind, 0);
    press(s, 'x');
    press(s, K_ENTER);
    assert_int_equal(press(s, K_ENTER).kind, EFFECT_NONE); /* Keep it */
    assert_int_equal(s->modal.kind, 0);
    press(s, 'x');
    type(s, "shop.order_items");
    golden("dialog-leave-out-awake", s, GLYPHS_LINES);
    s = with_chunks(18, 60);
    press(s, 'x');
    golden("dialog-leave-out-60x18", s, GLYPHS_LINES);
}

static void test_question_dialog(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    press(s, 'e');
    press(s, ' ');
    struct effect e = press(s, K_ENTER);
    assert_string_equal(e.args, "{\"id\":\"TG-3107\",\"table\":\"shop.order_notes\",\"choice\":\"wait\",\"always\":true}");
    press(s, 'e');
    assert_int_equal(press(s, 'y').kind, EFFECT_COPY);
    press(s, K_F5);
    golden("dialog-question-details", s, GLYPHS_LINES);
    s = sample_state(24, 80);
    press(s, 'e');
    press(s, K_END);
    press(s, K_ENTER); /* Leave the table out: asks for its name */
    assert_true(s->modal.kind);
    press(s, K_ESC);
    assert_int_equal(s->modal.kind, 0);
    dashboard_state_free(s);
    s = sample_state(18, 60);
    press(s, 'e');
    golden("dialog-question-60x18", s, GLYPHS_LINES);
}

static void test_lag_keys(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    press_all(s, "5z");
    struct effect e = press(s, '-');
    assert_string_equal(e.args, "{\"writers\":12}");
    assert_string_equal(press(s, '+').args, "{\"writers\":24}");
    press(s, 'h');
    assert_non_null(strstr(s->notice, "writes nothing to the source"));
    press(s, K_ENTER);
    golden("dialog-largest", s, GLYPHS_LINES);
    s = sample_state(36, 120);
    press_all(s, "5z");
    golden("zoom-lag-120x36", s, GLYPHS_LINES);
    s = sample_state(24, 80);
    s->snap.lag.to_us_s = s->snap.lag.wait_s = s->snap.lag.commit_s = s->snap.lag.commit_p99_s = -1;
    s->snap.lag.could_tx_rate = s->snap.lag.could_byte_rate = s->snap.lag.conflicts = -1;
    memset(s->snap.lag.peak, 0, sizeof s->snap.lag.peak);
    press_all(s, "5z");
    golden("zoom-lag-unknown", s, GLYPHS_LINES);
}

static void test_dialogs(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    press(s, 'q');
    golden("dialog-leave", s, GLYPHS_LINES);
    s = sample_state(24, 80);
    press_all(s, "x");
    golden("dialog-stop", s, GLYPHS_LINES);
    s = sample_state(24, 80);
    press_all(s, "e");
    golden("dialog-question", s, GLYPHS_LINES);
    s = sample_state(36, 120);
    press_all(s, "e\rj");
    golden("dialog-question-120x36", s, GLYPHS_LINES);
    s = sample_state(24, 80);
    press(s, '?');
    golden("help", s, GLYPHS_LINES);
    s = sample_state(18, 60);
    press(s, K_F1);
    golden("help-60x18", s, GLYPHS_LINES);
}

static struct dashboard_state *state_with(enum run_state state, const char *reason,
                                          const char *verdict)
{
    struct dashboard_state *s = sample_state(24, 80);
    s->snap.state = state;
    snprintf(s->snap.reason, sizeof s->snap.reason, "%s", reason);
    snprintf(s->snap.verdict, sizeof s->snap.verdict, "%s", verdict);
    return s;
}

static void test_states(void **unused)
{
    (void)unused;
    golden("state-asking", state_with(RUN_ASKING, "TG-3107 on shop.order_notes", ""), GLYPHS_LINES);
    golden("state-stuck",
           state_with(RUN_STUCK, "nothing was applied for 60 s while the source moves", ""),
           GLYPHS_LINES);
    golden("state-paused", state_with(RUN_PAUSED, "by you", ""), GLYPHS_LINES);
    struct dashboard_state *s = state_with(RUN_FINISHED, "", "PASS");
    struct mon_snapshot *m = &s->snap;
    m->dump.bytes = m->load.bytes = m->dump.total_bytes = m->load.total_bytes = 418000000000;
    m->dump.rows = m->load.rows = 1402118344;
    m->tables_done = m->tables_total;
    m->tables_busy = m->tables_waiting = m->nquestions = 0;
    m->lag.seconds = 0;
    m->lag.unread_bytes = m->lag.unapplied_bytes = 0;
    m->lag.silent_s = 42;
    snprintf(m->verified_at, sizeof m->verified_at, "binlog.018155 : 13,012,480");
    for (uint32_t i = 0; i < m->ntables; i++)
        m->table[i].state = TABLE_VERIFIED;
    golden("state-finished-pass", s, GLYPHS_LINES);
    golden("state-failed",
           state_with(RUN_FAILED, "TG-5102 The source no longer has the binlog that is needed", ""),
           GLYPHS_LINES);
    s = state_with(RUN_FAILED, "TG-5102 The source no longer has the binlog that is needed", "");
    s->is_gone = true; /* its last word says more than that it is gone */
    golden("state-failed-gone", s, GLYPHS_LINES);
    s = sample_state(24, 80);
    s->is_gone = true;
    golden("state-gone", s, GLYPHS_LINES);
    s = dashboard_state_new();
    golden("state-waiting", s, GLYPHS_LINES);
}

static struct dashboard_state *lost_source(int rows, int cols)
{
    struct dashboard_state *s = sample_state(rows, cols);
    struct mon_snapshot *m = &s->snap;
    m->state = RUN_STUCK;
    snprintf(m->reason, sizeof m->reason, "the source can't be reached for 42 s: Connection refused");
    m->lag.source_lost_s = m->lag.silent_s = m->lag.seconds = 42;
    m->lag.unread_bytes = m->lag.unapplied_bytes = 0;
    m->lag.source_tx_rate = m->lag.source_byte_rate = -1;
    return s;
}

/* What nobody knows of a source that does not answer is not said: not "all of it", not 0. */
static void test_lost_source(void **unused)
{
    (void)unused;
    golden("state-source-lost", lost_source(24, 80), GLYPHS_LINES);
    golden("state-source-lost-120x36", lost_source(36, 120), GLYPHS_LINES);
    struct dashboard_state *s = lost_source(24, 80);
    press_all(s, "5z");
    golden("state-source-lost-lag", s, GLYPHS_LINES);
    s = sample_state(24, 80);
    struct mon_snapshot *m = x_alloc(sizeof *m);
    *m = s->snap;
    m->state = RUN_STOPPED;
    m->lag.seconds = 0.4;
    m->lag.unread_bytes = 0;
    dashboard_take(s, m);
    s->wall_ms += 3600000; /* a run that has ended gets no older */
    golden("state-stopped", s, GLYPHS_LINES);
    free(m);
}

static struct dashboard_state *busy_source(int rows, int cols)
{
    struct dashboard_state *s = sample_state(rows, cols);
    struct pace_view *p = &s->snap.pace;
    snprintf(p->waits, sizeof p->waits, "source is busy (42 running)");
    p->threads_running = 44;
    p->threads_ours = s->snap.dump.workers = 2;
    p->readers = s->snap.dump.active = 2;
    p->writers = s->snap.load.active = s->snap.load.workers = 6;
    s->snap.load.waiting = 0;
    return s;
}

static void test_pace(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    press(s, 't');
    golden("dialog-pace", s, GLYPHS_LINES);
    s = sample_state(18, 60);
    press_all(s, "t");
    press_all(s, "jj");
    press(s, K_RIGHT);
    golden("dialog-pace-60x18", s, GLYPHS_LINES);
    s = busy_source(24, 80);
    press(s, 't');
    golden("dialog-pace-busy", s, GLYPHS_LINES);
    golden("state-source-busy", busy_source(24, 80), GLYPHS_LINES);
    s = busy_source(24, 80); /* before anything is known of the time */
    snprintf(s->snap.pace.waits, sizeof s->snap.pace.waits, "stream first");
    s->snap.dump.left_s = -1;
    s->wall_ms = s->snap.since_ms + 20000;
    golden("state-stream-first-young", s, GLYPHS_LINES);
    golden("state-source-busy-120x36", busy_source(36, 120), GLYPHS_LINES);
    s = busy_source(24, 80);
    press_all(s, "1z");
    golden("zoom-dump-busy", s, GLYPHS_LINES);
}

/* All is read and half of it is loaded: nothing may claim to be done. */
static void test_catching_up(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    struct mon_snapshot *m = &s->snap;
    m->state = RUN_CATCHING_UP;
    m->tables_done = m->tables_total;
    m->tables_busy = m->tables_waiting = m->nquestions = 0;
    m->dump.bytes = m->dump.total_bytes;
    m->dump.total_is_guess = m->load.total_is_guess = false;
    for (uint32_t i = 0; i < m->ntables; i++) {
        struct table_view *t = &m->table[i];
        t->state = TABLE_COPIED;
        t->rows_read = t->rows_guess;
        t->bytes_read = t->bytes_guess;
        t->bytes_loaded = i % 3 ? t->bytes_guess / 2 : t->bytes_guess;
        t->left_s = -1;
    }
    assert_int_equal(flow_percent(m, false), 100);
    assert_int_equal(flow_percent(m, true), 61);
    golden("state-catching-up", s, GLYPHS_LINES);
}

static void test_attention_says_pass(void **unused)
{
    (void)unused;
    struct buf text = {0};
    struct dashboard_state *s = sample_state(36, 120);
    strcpy(s->snap.verdict, "PASS");
    strcpy(s->snap.verified_at, "binlog.018155:13012480");
    s->snap.nquestions = 0;
    draw_with(s, GLYPHS_LINES, &text, NULL);
    assert_non_null(strstr(text.p, "✓ PASS  verified at"));
    assert_non_null(strstr(text.p, "binlog.018155:13012480"));
    assert_non_null(strstr(text.p, "✓Verify"));
    buf_release(&text);
    dashboard_state_free(s);
}

/* ---- what keys do ---- */

static void test_answer_is_sent(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(36, 120);
    press_all(s, "e");
    press(s, K_ENTER);
    assert_true(s->dialog.is_open);
    press(s, K_DOWN);
    struct effect effect = press(s, K_ENTER);
    assert_int_equal(effect.kind, EFFECT_CALL);
    assert_string_equal(effect.cmd, "answer");
    assert_string_equal(effect.args,
                        "{\"id\":\"TG-3107\",\"table\":\"shop.order_notes\",\"choice\":\"last\"}");
    assert_false(effect.then_leave);
    dashboard_state_free(s);
}

static void test_pace_is_sent(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    press(s, 't');
    assert_int_equal(press(s, K_ENTER).kind, EFFECT_NONE); /* as it is */
    assert_false(s->dialog.is_open);
    press(s, 't');
    press(s, K_HOME);
    struct effect effect = press(s, K_ENTER);
    assert_int_equal(effect.kind, EFFECT_CALL);
    assert_string_equal(effect.cmd, "pace");
    assert_string_equal(effect.args, "{\"pace\":\"gentle\"}");
    press(s, 't');
    press(s, K_LEFT); /* on a row without a limit */
    press_all(s, "jj");
    press(s, K_RIGHT); /* readers 8: 12 */
    press_all(s, "j--"); /* writers 16: 12, 8 */
    press_all(s, "j++"); /* 1, 2 MB/s */
    effect = press(s, K_ENTER);
    assert_string_equal(effect.args, "{\"readers\":12,\"writers\":8,\"read-rate\":2000000}");
    press(s, 't');
    press(s, K_END);
    press_all(s, "----");
    assert_int_equal(press(s, K_ENTER).kind, EFFECT_NONE); /* there is nothing below no limit */
    s->watches_only = true;
    press(s, 't');
    assert_false(s->dialog.is_open);
    assert_non_null(strstr(s->notice, "steers"));
    dashboard_state_free(s);
}

static void test_early_input_is_discarded(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    struct effect effect;
    press(s, 'q');
    dashboard_feed(s, &(struct input){.kind = IN_KEY, .key = K_ENTER}, &effect);
    assert_int_equal(effect.kind, EFFECT_NONE);
    assert_true(s->dialog.is_open);
    s->now_ms += 299;
    dashboard_feed(s, &(struct input){.kind = IN_KEY, .key = 'q'},
                   &effect); /* held down: deaf again */
    s->now_ms += 200;
    dashboard_feed(s, &(struct input){.kind = IN_KEY, .key = K_ENTER}, &effect);
    assert_true(s->dialog.is_open);
    s->now_ms += 200;
    dashboard_feed(s, &(struct input){.kind = IN_KEY, .key = K_ENTER}, &effect);
    assert_int_equal(effect.kind, EFFECT_LEAVE);
    assert_int_equal(effect.left, DASHBOARD_DETACH);
    dashboard_state_free(s);
}

static void test_leaving(void **unused)
{
    (void)unused;
    static const int leave_keys[] = {'q', K_CTRL('c'), K_CTRL('q'), K_F10};
    struct dashboard_state *s = sample_state(24, 80);
    for (size_t i = 0; i < TG_ARRAY_LEN(leave_keys); i++) {
        assert_int_equal(press(s, leave_keys[i]).kind, EFFECT_NONE);
        assert_true(s->dialog.is_open);
        assert_int_equal(press(s, K_ESC).kind, EFFECT_NONE);
        assert_false(s->dialog.is_open);
    }
    struct effect effect = press(s, 'd');
    assert_int_equal(effect.kind, EFFECT_LEAVE);
    assert_int_equal(effect.left, DASHBOARD_DETACH);
    press(s, 'q');
    press(s, K_DOWN);
    effect = press(s, K_ENTER);
    assert_string_equal(effect.cmd, "pause");
    assert_true(effect.then_leave);
    assert_int_equal(effect.left, DASHBOARD_PAUSE_AND_LEAVE);
    press(s, 'q');
    press(s, K_END);
    assert_int_equal(press(s, K_ENTER).kind, EFFECT_NONE); /* asks again */
    assert_int_equal(press(s, K_ENTER).kind, EFFECT_NONE); /* and keeps it by default */
    assert_false(s->dialog.is_open);
    press(s, 'x');
    press(s, K_DOWN);
    effect = press(s, K_ENTER);
    assert_string_equal(effect.cmd, "stop");
    assert_int_equal(effect.left, DASHBOARD_STOP);
    dashboard_state_free(s);
}

static void test_pause_resume(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    assert_string_equal(press(s, 'p').cmd, "pause");
    s->snap.state = RUN_PAUSED;
    assert_string_equal(press(s, 'p').cmd, "resume");
    dashboard_state_free(s);
}

static void test_selection_is_stable(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    struct tables_order o = {.s = s};
    press(s, 'j');
    press(s, 'j');
    o.n = tables_order(s, o.order);
    assert_string_equal(s->tables.key, "shop.events");
    struct mon_snapshot *m = sample_snapshot();
    m->table[3].rate = 90e6; /* events is first now */
    dashboard_take(s, m);
    press(s, 'j');
    o.n = tables_order(s, o.order);
    assert_string_equal(tables_key(&o, 0), "shop.events");
    assert_string_equal(s->tables.key, "shop.order_items"); /* the one below events */
    free(m);
    dashboard_state_free(s);
}

static void test_log_ring_and_pause(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    struct mon_event e;
    size_t n;
    for (size_t i = 0; i < LOG_LINES + 500; i++) {
        sample_event(&e, i);
        dashboard_add_event(s, &e);
    }
    assert_int_equal(s->log.n, LOG_LINES);
    press(s, '6');
    assert_false(s->view.is_paused);
    press(s, K_UP);
    assert_true(s->view.is_paused);
    uint64_t cursor = s->view.cursor;
    for (size_t i = 0; i < 212; i++) {
        sample_event(&e, i);
        dashboard_add_event(s, &e);
    }
    assert_int_equal(s->view.cursor, cursor);
    struct buf text = {0};
    draw_with(s, GLYPHS_LINES, &text, NULL);
    assert_non_null(strstr(text.p, "PAUSED"));
    press(s, 'f');
    assert_false(s->view.is_paused);
    free(log_matches(s, &n));
    assert_int_equal(n, LOG_LINES * 9 / 10); /* one line in ten is debug */
    buf_release(&text);
    dashboard_state_free(s);
}

static void test_control_characters_vanish(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    struct buf text = {0};
    strcpy(s->snap.table[1].name, "shop.\033]0;bad\007\r\nname");
    strcpy(s->snap.reason, "a\033[2Jb\x9b");
    draw_with(s, GLYPHS_LINES, &text, NULL);
    for (size_t i = 0; i < text.n; i++)
        assert_true((unsigned char)text.p[i] >= 0x20 || text.p[i] == '\n');
    assert_null(strstr(text.p, "\177"));
    buf_release(&text);
    dashboard_state_free(s);
}

static void test_guess_stops_at_99(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    s->snap.load.bytes = 500000000000;
    assert_int_equal(flow_percent(&s->snap, true), 99);
    s->snap.load.total_is_guess = false;
    assert_int_equal(flow_percent(&s->snap, true), 99); /* tables are still to come */
    s->snap.tables_done = s->snap.tables_total;
    assert_int_equal(flow_percent(&s->snap, true), 100);
    s->snap.load.total_bytes = 0;
    assert_int_equal(flow_percent(&s->snap, true), -1);
    dashboard_state_free(s);
}

static void test_still_says_so(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    struct buf text = {0};
    s->now_ms += 61000;
    struct mon_snapshot *again = sample_snapshot();
    dashboard_take(s, again);
    free(again);
    draw_with(s, GLYPHS_LINES, &text, NULL);
    assert_non_null(strstr(text.p, "left ?"));
    assert_null(strstr(text.p, "left ~"));
    buf_release(&text);
    dashboard_state_free(s);
}

static void test_flavours(void **unused)
{
    (void)unused;
    char out[96];
    flavour_words(out, sizeof out, "10.11.19-MariaDB-0+deb12u1-log");
    assert_string_equal(out, "MariaDB 10.11.19");
    flavour_words(out, sizeof out, "8.0.11-TiDB-v8.4.0-this-is-a-placeholder");
    assert_string_equal(out, "TiDB 8.4.0");
    flavour_words(out, sizeof out, "9.7.0");
    assert_string_equal(out, "MySQL 9.7.0");
    flavour_words(out, sizeof out, "Aurora 3.05.2");
    assert_string_equal(out, "Aurora 3.05.2");
    flavour_words(out, sizeof out, "");
    assert_string_equal(out, "");
}

/* How long the source keeps its binlog against what the run makes use of: the wide pane, in both languages. */
static void test_kept(void **unused)
{
    (void)unused;
    static const struct {
        double kept, used;
        bool for_ever;
    } cases[] = {{168 * 3600, 4 * 3600 + 1700, false}, {168 * 3600, 84 * 3600, false}, {168 * 3600, 84 * 3600 + 1, false}, {8 * 3600, 8 * 3600, false},
                 {2160 * 3600, 1100 * 3600, false},    {3600, 1799, false},            {1800, 0.4, false},                 {168 * 3600, -1, false},
                 {-1, 5, true},                        {-1, 5, false},                 {0, 5, false},                      {867240.0 * 3600, 3599, false}};
    struct buf text = {0};
    for (size_t i = 0; i < 2 * TG_ARRAY_LEN(cases); i++) {
        const size_t k = i % TG_ARRAY_LEN(cases);
        struct dashboard_state *s = sample_state(36, 120);
        struct canvas c;
        text_speak(i < TG_ARRAY_LEN(cases) ? TEXT_EN : TEXT_ZH_CN);
        s->snap.lag.binlog_kept_s = cases[k].kept;
        s->snap.lag.binlog_used_s = cases[k].used;
        s->snap.lag.binlog_kept_for_ever = cases[k].for_ever;
        canvas_init(&c, 8, 44, GLYPHS_LINES);
        pane_replication_draw(&c, (struct rect){0, 0, 8, 44}, s);
        buf_addf(&text, "kept %.0f used %.0f%s\n", cases[k].kept, cases[k].used, cases[k].for_ever ? " for ever" : "");
        canvas_print(&c, &text);
        canvas_print_roles(&c, &text);
        canvas_release(&c);
        dashboard_state_free(s);
    }
    text_speak(TEXT_EN);
    compare("pane-kept", &text);
    buf_release(&text);
}

/* A young run fills its graph. */
static void test_young_lag(void **unused)
{
    (void)unused;
    struct buf text = {0};
    struct dashboard_state *s = sample_state(36, 120);
    s->snap.lag.npoints = 45;
    draw_with(s, GLYPHS_LINES, &text, NULL);
    assert_non_null(strstr(text.p, "5 Lag  applied, last 1 min"));
    assert_non_null(strstr(text.p, "-60 s"));
    assert_non_null(strstr(text.p, "-30 s"));
    buf_release(&text);
    dashboard_state_free(s);
}

static void test_text_and_summary(void **unused)
{
    (void)unused;
    struct mon_snapshot *m = sample_snapshot();
    struct buf text = {0};
    dashboard_text(m, 80, 24, &text);
    compare("status-80x24", &text);
    buf_release(&text);
    char *out = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&out, &n);
    dashboard_summary(f, m, DASHBOARD_DETACH, "/var/lib/tidegate/shop-prod");
    dashboard_summary(f, m, DASHBOARD_PAUSE_AND_LEAVE, "/var/lib/tidegate/shop-prod");
    dashboard_summary(f, m, DASHBOARD_STOP, "/var/lib/tidegate/shop-prod");
    m->state = RUN_FINISHED;
    strcpy(m->verdict, "PASS");
    dashboard_summary(f, m, DASHBOARD_ENGINE_GONE, "/var/lib/tidegate/shop-prod");
    fclose(f);
    buf_adds(&text, out);
    compare("summary", &text);
    buf_release(&text);
    free(out);
    free(m);
}

/* ---- property: anything may be pressed at any size ---- */

static uint32_t dice(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void shake_snapshot(struct dashboard_state *s, uint32_t *seed)
{
    struct mon_snapshot *m = sample_snapshot();
    m->state = (enum run_state)(dice(seed) % (RUN_STUCK + 1));
    m->nquestions = dice(seed) % 4;
    for (uint32_t i = 1; i < m->nquestions; i++)
        m->question[i] = m->question[0];
    m->ntables = dice(seed) % 11;
    m->load.total_bytes = dice(seed) % 3 ? m->load.total_bytes : 0;
    m->load.left_s = (int64_t)(dice(seed) % 100000) - 1;
    m->load.left_to_s = dice(seed);
    m->lag.npoints = dice(seed) % (MON_LAG_POINTS + 1);
    m->lag.seconds = dice(seed) % 4 ? (double)dice(seed) : -1.0;
    if (dice(seed) % 4 == 0)
        memset(m->reason, 120, sizeof m->reason - 1);
    if (dice(seed) % 4 == 0)
        strcpy(m->table[1].name, "shop.很长很长的表名字很长很长的表名字");
    dashboard_take(s, m);
    free(m);
}

static void check_canvas(const struct canvas *c)
{
    for (int y = 0; y < c->rows; y++) {
        int cells = 0;
        for (int x = 0; x < c->cols; x++) {
            const struct cell *cell = &c->cells[y * c->cols + x];
            assert_true(cell->role < ROLE_COUNT && cell->width <= 2);
            if (cell->width == 2)
                assert_true(x + 1 < c->cols && cell[1].width == 0);
            if (cell->width == 0)
                assert_true(x > 0 && cell[-1].width == 2);
            cells += cell->width;
        }
        assert_int_equal(cells, c->cols);
    }
    assert_true(c->cursor_y < c->rows && c->cursor_x < c->cols);
}

static void test_random_keys_and_sizes(void **unused)
{
    (void)unused;
    static const int keys[] = {
        '1',    '2',        '3',     '4',     '5',    '6',         '7',         'z',         'z',
        'e',    'q',        'x',     'd',     'p',    't',         '/',         'a',         '|',
        'T',    'l',        'g',     'G',     'w',    'f',         's',         'y',         'L',
 'v', 'c', 'c', ':', 'R', K_F9, K_LEFT, K_RIGHT, '5',
        '?',    'j',        'k',     K_UP,    K_DOWN, K_PAGE_UP,   K_PAGE_DOWN, K_HOME,      K_END,
        K_TAB,  K_BACK_TAB, K_ENTER, K_ENTER, K_ESC,  K_CTRL('c'), K_CTRL('u'), K_BACKSPACE, K_F1,
        0x4e2d, 0x301,      1,       0x10ffff};
    const char *given = getenv("TG_SEED");
    uint32_t seed = given ? (uint32_t)strtoul(given, NULL, 10) : (uint32_t)time(NULL);
    struct dashboard_state *s = sample_state(24, 80);
    struct canvas c;
    time_t end = time(NULL) + 3;
    print_message("TG_SEED=%u\n", seed);
    while (time(NULL) < end) {
        struct effect effect;
        struct input in = {.kind = IN_KEY, .key = keys[dice(&seed) % TG_ARRAY_LEN(keys)]};
        uint32_t what = dice(&seed) % 16;
        s->now_ms += dice(&seed) % 1000;
        if (what == 0)
            in = (struct input){.kind = IN_RESIZE,
                                .rows = (int)(1 + dice(&seed) % 60),
                                .cols = (int)(1 + dice(&seed) % 180)};
        if (what == 1)
            in = (struct input){
                .kind = IN_PASTE,
                .text =
                    "q\xc3\x28 d very long paste \xe4\xb8\xad that goes on and on and on and on"};
        if (what == 2)
            shake_snapshot(s, &seed);
        if (what == 3) {
            struct mon_event e;
            sample_event(&e, dice(&seed));
            dashboard_add_event(s, &e);
        }
        dashboard_feed(s, &in, &effect);
        canvas_init(&c, s->rows, s->cols, (enum glyph_set)(1 + dice(&seed) % 3));
        dashboard_draw(&c, s);
        check_canvas(&c);
        if (dice(&seed) % 4 == 0) {
            struct input point = {.kind = dice(&seed) % 3 ? IN_CLICK : IN_WHEEL, .by = dice(&seed) % 2 ? 3 : -3, .y = (int)(dice(&seed) % (uint32_t)c.rows), .x = (int)(dice(&seed) % (uint32_t)c.cols)};
            canvas_point(&c, &point);
            if (dice(&seed) % 2)
                shake_snapshot(s, &seed); /* the rows move before the click is taken */
            dashboard_feed(s, &point, &effect);
        }
        canvas_release(&c);
    }
    /* Esc always leads out of everything. */
    for (int i = 0; i < 6; i++)
        press(s, K_ESC);
    assert_false(s->dialog.is_open || s->help || s->is_cutover || s->prompt || s->is_zoomed);
    dashboard_state_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_glyphs),
        cmocka_unit_test(test_zoom),
        cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_pages_of_tables),
        cmocka_unit_test(test_redo),
        cmocka_unit_test(test_leave_out),
        cmocka_unit_test(test_question_dialog),
        cmocka_unit_test(test_lag_keys),
        cmocka_unit_test(test_dialogs),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_lost_source),
        cmocka_unit_test(test_catching_up),
        cmocka_unit_test(test_attention_says_pass),
        cmocka_unit_test(test_answer_is_sent),
        cmocka_unit_test(test_pace),
        cmocka_unit_test(test_pace_is_sent),
        cmocka_unit_test(test_early_input_is_discarded),
        cmocka_unit_test(test_leaving),
        cmocka_unit_test(test_pause_resume),
        cmocka_unit_test(test_selection_is_stable),
        cmocka_unit_test(test_log_ring_and_pause),
        cmocka_unit_test(test_control_characters_vanish),
        cmocka_unit_test(test_guess_stops_at_99),
        cmocka_unit_test(test_still_says_so),
        cmocka_unit_test(test_flavours),
        cmocka_unit_test(test_young_lag),
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_text_and_summary),
        cmocka_unit_test(test_random_keys_and_sizes),
    };
    setenv("TZ", "UTC", 1);
    tzset();
    if (!setlocale(LC_ALL, "C.UTF-8"))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
