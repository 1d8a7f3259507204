// SPDX-License-Identifier: Apache-2.0
/* The mouse on the dashboard: panes, rows that move, the log that follows, dialogs, a box with a name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <locale.h>

#include "golden.h"
#include "ui/text.h"

static struct canvas canvas;

static bool find(struct dashboard_state *s, const char *words, int *y, int *x)
{
    canvas_release(&canvas);
    canvas_init(&canvas, s->rows, s->cols, GLYPHS_LINES);
    dashboard_draw(&canvas, s);
    for (*y = 0; *y < canvas.rows; ++*y)
        for (*x = 0; *x < canvas.cols; ++*x) {
            struct buf line = {0};
            for (int k = *x; k < canvas.cols; k++)
                buf_add(&line, canvas.cells[*y * canvas.cols + k].glyph, canvas.cells[*y * canvas.cols + k].n);
            bool is_here = line.n && strncmp(line.p, words, strlen(words)) == 0;
            buf_release(&line);
            if (is_here)
                return true;
        }
    return false;
}

static struct effect point(struct dashboard_state *s, enum input_kind kind, const char *words, int by)
{
    struct input in = {.kind = kind, .by = by};
    struct effect effect;
    if (!find(s, words, &in.y, &in.x)) {
        struct buf text = {0};
        canvas_print(&canvas, &text);
        fail_msg("'%s' is not on the screen:\n%s", words, text.p);
    }
    canvas_point(&canvas, &in);
    s->now_ms += 1000;
    dashboard_feed(s, &in, &effect);
    return effect;
}

static struct effect click(struct dashboard_state *s, const char *words)
{
    return point(s, IN_CLICK, words, 0);
}

static void test_panes(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    click(s, "1 Dump");
    assert_int_equal(s->focus, PANE_DUMP);
    assert_false(s->is_zoomed);
    click(s, "1 Dump");
    assert_true(s->is_zoomed);
    press(s, K_ESC);
    click(s, "5 Lag");
    assert_int_equal(s->focus, PANE_LAG);
    click(s, "6 Log");
    assert_int_equal(s->focus, PANE_LOG);
    click(s, "q Leave");
    assert_int_equal(s->asked, ASK_LEAVE);
    dashboard_state_free(s);
}

/* The row that was aimed at is found again where it stands by then. */
static void test_table_rows(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    struct input in = {.kind = IN_CLICK};
    struct effect effect;
    click(s, "payments");
    assert_string_equal(s->tables.key, "shop.payments");
    assert_false(s->is_zoomed);
    assert_true(find(s, "events", &in.y, &in.x));
    canvas_point(&canvas, &in);
    s->wish.sort = SORT_NAME;
    dashboard_feed(s, &in, &effect);
    assert_string_equal(s->tables.key, "shop.events");
    s->wish.sort = SORT_RATE;
    click(s, "events");
    assert_true(s->is_zoomed);
    dashboard_state_free(s);
}

static void test_log(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    point(s, IN_WHEEL, "6 Log", 3);
    assert_false(s->view.is_paused);
    point(s, IN_WHEEL, "6 Log", -3);
    assert_int_equal(s->focus, PANE_LOG);
    assert_true(s->view.is_paused);
    point(s, IN_WHEEL, "6 Log", 3);
    assert_false(s->view.is_paused);
    click(s, "18:52:50");
    assert_true(s->view.is_paused);
    assert_non_null(strstr(log_selected(s)->text, "pace: normal"));
    click(s, "18:52:50");
    assert_int_equal(s->asked, ASK_EVENT);
    dashboard_state_free(s);
}

static void test_dialogs(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    struct input in = {.kind = IN_CLICK};
    struct effect effect;
    press(s, 'q');
    click(s, "shop-prod");            /* outside */
    assert_true(s->dialog.is_open);
    click(s, "Stop the run");
    assert_int_equal(s->dialog.selected, 2);
    assert_true(s->dialog.is_open);
    press(s, K_ESC);
    press(s, 'q');
    assert_true(find(s, "Detach           come", &in.y, &in.x));
    canvas_point(&canvas, &in);
    s->dialog.deaf_until_ms = s->now_ms + 300;
    dashboard_feed(s, &in, &effect);
    assert_int_equal(effect.kind, EFFECT_NONE);
    assert_true(s->dialog.is_open);
    s->now_ms += 300;
    dashboard_feed(s, &in, &effect);
    assert_int_equal(effect.kind, EFFECT_LEAVE);
    dashboard_state_free(s);
}

static void test_switch(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    assert_int_equal(press(s, 'm').kind, EFFECT_MOUSE);
    assert_int_equal(press(s, K_F3).kind, EFFECT_MOUSE);
    press(s, '/');
    assert_int_equal(press(s, 'm').kind, EFFECT_NONE);
    assert_string_equal(s->prompt_text, "m");
    assert_int_equal(press(s, K_F3).kind, EFFECT_MOUSE);
    dashboard_state_free(s);
}

/* A box with a name to type: a click goes into the field or to the button, a second one presses it once the name stands there. */
static void test_box_with_a_name(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    click(s, "payments");
    click(s, "payments");             /* zoomed */
    press(s, 'x');
    s->now_ms += 1000;
    assert_true(s->modal.kind);
    click(s, "shop-prod");            /* outside */
    assert_true(s->modal.kind);
    click(s, "Leave it out");
    struct effect effect = click(s, "Leave it out");
    assert_int_equal(effect.kind, EFFECT_NONE);
    assert_true(s->modal.kind);
    click(s, "Type the table's name");
    assert_int_equal(s->modal.focus, 0);
    press_all(s, "shop.payments");
    click(s, "Leave it out");
    effect = click(s, "Leave it out");
    assert_int_equal(effect.kind, EFFECT_CALL);
    assert_string_equal(effect.cmd, "leave-out");
    assert_false(s->modal.kind);
    dashboard_state_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_panes), cmocka_unit_test(test_table_rows), cmocka_unit_test(test_log), cmocka_unit_test(test_dialogs), cmocka_unit_test(test_box_with_a_name), cmocka_unit_test(test_switch),
    };
    setenv("TZ", "UTC", 1);
    if (!setlocale(LC_ALL, "C.UTF-8"))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    canvas_release(&canvas);
    return failed;
}
