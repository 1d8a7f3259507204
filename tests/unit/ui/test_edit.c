// SPDX-License-Identifier: Apache-2.0
/* A click into a line of text: the cursor goes to the character that was hit, and what is in sight stays where it is. */
#include "ui/edit.h"
#include "ui/keymap.h"
#include "ui/modal.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static void key(struct edit *e, int k)
{
    edit_feed(e, &(struct input){.kind = IN_KEY, .key = k});
}

/* The row as it is shown in w cells; the cursor's cell. */
static const char *shown(const struct edit *e, int w, int *cursor)
{
    static char text[200];
    struct canvas c;
    struct buf out = {0};
    canvas_init(&c, 1, 40, GLYPHS_LINES);
    edit_draw(e, &c, canvas_all(&c), 0, 0, w, true);
    canvas_print(&c, &out);
    snprintf(text, sizeof text, "%.*s", (int)strcspn(out.p, "\n"), out.p);
    *cursor = c.cursor_x;
    buf_release(&out);
    canvas_release(&c);
    return text;
}

static void test_cells(void **unused)
{
    (void)unused;
    static const struct { const char *text; int cell; size_t at; } cases[] = {
        {"db.test", 0, 0}, {"db.test", 3, 3}, {"db.test", 6, 6}, {"db.test", 7, 7}, {"db.test", 19, 7},
        {"数据库x", 0, 0}, {"数据库x", 1, 0}, {"数据库x", 2, 3}, {"数据库x", 3, 3}, {"数据库x", 5, 6}, {"数据库x", 6, 9}, {"数据库x", 7, 10},
        {"a数", 0, 0}, {"a数", 1, 1}, {"a数", 2, 1}, {"a数", 3, 4}, {"e\xcc\x81x", 0, 0}, {"e\xcc\x81x", 1, 3}, {"", 0, 0}, {"", 5, 0},
    };
    for (size_t i = 0; i < TG_ARRAY_LEN(cases); i++) {
        struct edit e;
        int cursor;
        edit_init(&e, false);
        edit_set(&e, cases[i].text);
        edit_point(&e, cases[i].cell, 20);
        assert_int_equal(e.at, cases[i].at);
        assert_string_equal(shown(&e, 20, &cursor), cases[i].text);
        assert_true(cursor <= cases[i].cell);
        edit_release(&e);
    }
}

/* 30 characters in 10 cells: the end is in sight, and what is hit there is what is meant. */
static void test_scrolled(void **unused)
{
    (void)unused;
    struct edit e;
    int cursor;
    edit_init(&e, false);
    edit_set(&e, "abcdefghijklmnopqrstuvwxyz0123");
    assert_string_equal(shown(&e, 10, &cursor), "vwxyz0123");
    edit_point(&e, 2, 10);
    assert_int_equal(e.at, 23);       /* x */
    assert_string_equal(shown(&e, 10, &cursor), "vwxyz0123");
    assert_int_equal(cursor, 2);
    key(&e, 'X');
    assert_string_equal(e.text, "abcdefghijklmnopqrstuvwXxyz0123");
    for (int i = 0; i < 4; i++)
        key(&e, K_LEFT);
    assert_int_equal(e.at, 20);
    assert_string_equal(shown(&e, 10, &cursor), "uvwXxyz01…");
    assert_int_equal(cursor, 0);
    edit_point(&e, 9, 10);            /* under the mark: the next one that is hidden */
    assert_int_equal(e.at, 29);
    key(&e, K_HOME);
    assert_string_equal(shown(&e, 10, &cursor), "abcdefghi…");
    key(&e, K_RIGHT);
    shown(&e, 10, &cursor);
    assert_int_equal(cursor, 1);
    key(&e, K_CTRL('u'));
    key(&e, 'q');
    assert_string_equal(shown(&e, 10, &cursor), "q");
    edit_release(&e);
}

static void test_scrolled_chinese(void **unused)
{
    (void)unused;
    struct edit e;
    int cursor;
    edit_init(&e, false);
    edit_set(&e, "一二三四五六七八九十");
    assert_string_equal(shown(&e, 9, &cursor), "七八九十");
    edit_point(&e, 3, 9);
    assert_int_equal(e.at, 7 * 3);    /* 八 */
    assert_string_equal(shown(&e, 9, &cursor), "七八九十");
    assert_int_equal(cursor, 2);
    key(&e, K_BACKSPACE);
    assert_string_equal(e.text, "一二三四五六八九十");
    for (int i = 0; i < 40; i++) {    /* whatever is done, the cursor is in sight and stands between characters */
        edit_point(&e, i * 7 % 9, 9);
        key(&e, i % 3 ? K_LEFT : K_BACKSPACE);
        assert_int_equal(e.at % 3, 0);
        assert_int_equal(e.left % 3, 0);
        assert_true(e.left <= e.at && e.at <= e.n);
    }
    edit_release(&e);
}

/* A secret shows a star a character, whatever its width is. */
static void test_secret(void **unused)
{
    (void)unused;
    struct edit e;
    int cursor;
    edit_init(&e, true);
    edit_set(&e, "a数é€z");
    assert_string_equal(shown(&e, 20, &cursor), "*****");
    edit_point(&e, 3, 20);
    assert_int_equal(e.at, 6);        /* € */
    edit_point(&e, 9, 20);
    assert_int_equal(e.at, e.n);
    assert_string_equal(shown(&e, 4, &cursor), "***");
    edit_point(&e, 0, 4);
    assert_int_equal(e.at, 4);        /* é: the first two are not in sight */
    e.is_shown = true;
    assert_string_equal(shown(&e, 20, &cursor), "é€z");
    edit_point(&e, 1, 20);
    assert_int_equal(e.at, 6);
    edit_release(&e);
}

/* What is only offered is replaced by typing, but not any more once a character of it was pointed at. */
static void test_offered(void **unused)
{
    (void)unused;
    struct edit e;
    edit_init(&e, false);
    edit_set(&e, "3306");
    e.is_offered = true;
    edit_point(&e, 10, 20);
    assert_true(e.is_offered);
    edit_point(&e, 3, 20);
    key(&e, K_DELETE);
    key(&e, '7');
    assert_string_equal(e.text, "3307");
    edit_release(&e);
}

static void test_box(void **unused)
{
    (void)unused;
    struct modal m = {.kind = 0};
    struct canvas c;
    canvas_init(&c, 24, 80, GLYPHS_LINES);
    modal_begin(&m, 1, "Save", 0, 0);
    modal_add_field(&m, "路径", false, NULL);
    modal_add_field(&m, "Passphrase", true, NULL);
    modal_add_button(&m, "Save", false);
    edit_set(&m.field[0].edit, "商店.yaml");
    edit_set(&m.field[1].edit, "secret");
    m.focus = 2;
    modal_draw(&m, &c);
    size_t hit = 0;
    for (size_t i = 0; i < c.nspots; i++)
        if (c.spot[i].what == SPOT_TEXT) {
            struct input in = {.kind = IN_CLICK, .y = c.spot[i].r.y, .x = c.spot[i].r.x + 2};
            canvas_point(&c, &in);
            modal_feed(&m, &in, 1000);
            assert_int_equal(m.focus, in.n);
            hit++;
        }
    assert_int_equal(hit, 2);
    assert_int_equal(m.field[0].edit.at, 3);
    assert_int_equal(m.field[1].edit.at, 2);
    modal_close(&m);
    canvas_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_scrolled),
        cmocka_unit_test(test_scrolled_chinese),
        cmocka_unit_test(test_secret),
        cmocka_unit_test(test_offered),
        cmocka_unit_test(test_box),
    };
    if (!setlocale(LC_ALL, "C.UTF-8"))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
