// SPDX-License-Identifier: Apache-2.0
/* The mouse on the wizard's pages: a click lands on what is drawn under it, by the words that a person would aim at. */
#include "wz_test.h"

static struct canvas canvas;

static void look(struct bench *b)
{
    canvas_release(&canvas);
    canvas_init(&canvas, b->w->rows, b->w->cols, GLYPHS_LINES);
    wz_draw(b->w, &canvas);
}

/* Where a text stands on the screen, in cells. */
static bool find(struct bench *b, const char *words, int *y, int *x)
{
    look(b);
    for (*y = 0; *y < canvas.rows; ++*y)
        for (*x = 0; *x < canvas.cols; ++*x) {
            struct buf line = {0};
            for (int k = *x; k < canvas.cols; k++)
                buf_add(&line, canvas.cells[*y * canvas.cols + k].glyph, canvas.cells[*y * canvas.cols + k].n);
            bool is_here = canvas.cells[*y * canvas.cols + *x].n && strncmp(line.p, words, strlen(words)) == 0;
            buf_release(&line);
            if (is_here)
                return true;
        }
    return false;
}

static void point(struct bench *b, enum input_kind kind, const char *words, int by)
{
    struct input in = {.kind = kind, .by = by};
    if (!find(b, words, &in.y, &in.x)) {
        struct buf text = {0};
        canvas_print(&canvas, &text);
        fail_msg("'%s' is not on the screen:\n%s", words, text.p);
    }
    canvas_point(&canvas, &in);
    b->w->now_ms += 1000;
    wz_feed(b->w, &in, &b->effect);
}

static void click(struct bench *b, const char *words)
{
    point(b, IN_CLICK, words, 0);
}

static void test_rows_buttons_steps(void **unused)
{
    (void)unused;
    struct bench b;
    bench_init(&b, 24, 80);
    click(&b, "Open a job file");
    assert_int_equal(b.w->list[STEP_START].selected, 1);
    assert_int_equal(b.w->modal.kind, 0);
    click(&b, "New migration");
    assert_int_equal(b.w->at, STEP_START);
    click(&b, "New migration");
    assert_int_equal(b.w->at, STEP_SOURCE);
    click(&b, "Path");                /* not reached yet */
    assert_int_equal(b.w->at, STEP_SOURCE);
    click(&b, "Start");
    assert_int_equal(b.w->at, STEP_START);
    click(&b, "Source");
    assert_int_equal(b.w->at, STEP_SOURCE);
    click(&b, "[ Back ]");
    assert_int_equal(b.w->at, STEP_SOURCE);
    click(&b, "[ Back ]");
    assert_int_equal(b.w->at, STEP_START);
    bench_release(&b);
}

static void test_fields(void **unused)
{
    (void)unused;
    struct bench b;
    bench_init(&b, 24, 80);
    press(&b, K_ENTER);
    click(&b, "Host");
    assert_string_equal(wz_field(b.w)->path, "source.host");
    type(&b, "db.test");
    click(&b, "User");
    assert_string_equal(wz_field(b.w)->path, "source.user");
    assert_string_equal(b.job.sources[0].host, "db.test");
    click(&b, "( ) MariaDB");
    look(&b);
    int y, x;
    assert_true(find(&b, "(•) MariaDB", &y, &x));
    click(&b, "tidegate");            /* nothing there */
    assert_true(find(&b, "(•) MariaDB", &y, &x));
    bench_release(&b);
}

/* A click on the text puts the cursor there, also where the field did not have the focus and the click hits the second half
 * of a wide character; a secret that is known keeps its words. */
static void test_cursor_in_fields(void **unused)
{
    (void)unused;
    struct bench b;
    bench_init(&b, 24, 80);
    press(&b, K_ENTER);
    click(&b, "Host");
    type(&b, "db.test");
    click(&b, "User");
    click(&b, ".test");
    assert_string_equal(wz_field(b.w)->path, "source.host");
    type(&b, "-2");
    click(&b, "User");
    press(&b, 0x6570);                /* 数据库 */
    press(&b, 0x636e);
    press(&b, 0x5e93);
    assert_string_equal(b.job.sources[0].host, "db-2.test");
    click(&b, "据");
    press(&b, K_DELETE);
    click(&b, "-2.test");             /* at once, in the next field */
    press(&b, K_DELETE);
    assert_string_equal(b.job.sources[0].user, "数库");
    click(&b, "Password");
    type(&b, "12345");
    click(&b, "***");                 /* finds the first of the five */
    press(&b, K_DELETE);
    click(&b, "Port");
    assert_string_equal(secret_peek(b.job.sources[0].password.value), "2345");
    assert_string_equal(b.job.sources[0].host, "db2.test");
    bench_release(&b);
}

static void test_repair(void **unused)
{
    (void)unused;
    struct bench b;
    bench_init(&b, 24, 80);
    press(&b, K_ENTER);
    click(&b, "Host");
    type(&b, "shop.cluster-ro-cx1.us-east-1.rds.amazonaws.com");
    press(&b, K_TAB);
    click(&b, "Ctrl-Y accept");
    press(&b, K_TAB);
    assert_string_equal(b.job.sources[0].host, "shop.cluster-cx1.us-east-1.rds.amazonaws.com");
    bench_release(&b);
}

/* The page is not touched through an open box; nor is a box answered in its first 300 ms. */
static void test_boxes(void **unused)
{
    (void)unused;
    struct bench b;
    struct input in = {.kind = IN_CLICK};
    bench_init(&b, 24, 80);
    press(&b, K_ENTER);
    press(&b, K_F9);
    assert_true(b.w->modal.kind != 0);
    int kind = b.w->modal.kind;
    click(&b, "tidegate");
    click(&b, "▸Source");
    click(&b, "F1 Help");
    assert_int_equal(b.w->modal.kind, kind);
    assert_false(b.w->is_help);
    assert_int_equal(b.w->modal.focus, 0);
    click(&b, "[ Save ]");
    assert_int_equal(b.w->modal.focus, b.w->modal.nfields);
    assert_int_equal(b.effect.kind, WZ_NONE);
    assert_true(find(&b, "[ Save ]", &in.y, &in.x));
    canvas_point(&canvas, &in);
    b.w->modal.deaf_until_ms = b.w->now_ms + 1;
    wz_feed(b.w, &in, &b.effect);
    assert_int_equal(b.effect.kind, WZ_NONE);
    b.w->now_ms++;
    wz_feed(b.w, &in, &b.effect);
    assert_int_equal(b.effect.kind, WZ_SAVE);
    bench_release(&b);
}

/* A button that wants a name typed sleeps under a pointer, too. */
static void test_typed_consent(void **unused)
{
    (void)unused;
    struct modal m = {.kind = 0};
    struct input in = {.kind = IN_CLICK, .what = SPOT_BUTTON, .n = 1};
    modal_begin(&m, 1, "Drop", 'x', 0);
    modal_add_field(&m, "Type shop", false, "shop");
    modal_add_button(&m, "Not", false);
    modal_add_button(&m, "Drop", true);
    for (int i = 0; i < 3; i++)
        assert_int_equal(modal_feed(&m, &in, 1000), MODAL_OPEN);
    edit_set(&m.field[0].edit, "shop");
    assert_int_equal(modal_feed(&m, &in, 1000), MODAL_PRESSED);
    modal_close(&m);
}

static void test_overlays_and_keys(void **unused)
{
    (void)unused;
    struct bench b;
    int y, x;
    bench_init(&b, 24, 80);
    press(&b, K_ENTER);
    click(&b, "F1 Help");
    assert_true(b.w->is_help);
    click(&b, "tidegate");
    assert_true(b.w->is_help);
    click(&b, "Keys on this page");
    assert_false(b.w->is_help);
    press(&b, K_F2);
    click(&b, "1  Start");
    click(&b, "1  Start");
    assert_int_equal(b.w->at, STEP_START);
    press(&b, 'm');
    assert_int_equal(b.effect.kind, WZ_MOUSE);
    press(&b, K_ENTER);
    click(&b, "Host");
    press(&b, 'm');                   /* text */
    assert_int_equal(b.effect.kind, WZ_NONE);
    press(&b, K_F3);
    assert_int_equal(b.effect.kind, WZ_MOUSE);
    press(&b, K_F9);
    press(&b, K_F3);                  /* in a box with a field */
    assert_int_equal(b.effect.kind, WZ_MOUSE);
    press(&b, K_ESC);
    assert_false(find(&b, "F3 m Mouse off", &y, &x));
    b.w->has_mouse = true;
    b.w->rows = 36, b.w->cols = 120;
    assert_true(find(&b, "F3 m Mouse off", &y, &x));
    bench_release(&b);
}

static void test_wheel(void **unused)
{
    (void)unused;
    struct bench b;
    bench_init(&b, 24, 80);
    point(&b, IN_WHEEL, "Open a job file", 3);
    assert_int_equal(b.w->list[STEP_START].selected, 3);
    point(&b, IN_WHEEL, "Open a job file", -3);
    assert_int_equal(b.w->list[STEP_START].selected, 0);
    point(&b, IN_WHEEL, "tidegate", 3);
    assert_int_equal(b.w->list[STEP_START].selected, 0);
    bench_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_buttons_steps), cmocka_unit_test(test_fields),          cmocka_unit_test(test_cursor_in_fields), cmocka_unit_test(test_repair), cmocka_unit_test(test_boxes),
        cmocka_unit_test(test_typed_consent),      cmocka_unit_test(test_overlays_and_keys), cmocka_unit_test(test_wheel),
    };
    if (!setlocale(LC_ALL, "C.UTF-8"))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    canvas_release(&canvas);
    return failed;
}
