// SPDX-License-Identifier: Apache-2.0
/* Keys, layout, lists and dialogs: what a page may rely on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <locale.h>
#include <stdio.h>

#include "ui/dialog.h"
#include "ui/keymap.h"
#include "ui/layout.h"
#include "ui/list.h"

static const struct key_row rows[] = {
    {1, 1, K_F1, {'?', 0, 0}, "F1 or ?", NULL, 0, "this list", true, NULL},
    {2, 1, 'z', {0}, NULL, "Zoom", 0, "make it big", false, NULL},
    {3, 1, 't', {0}, NULL, "Pace", 0, "pace", false, "later"},
    {4, 2, 'z', {0}, NULL, "Back", 0, NULL, false, NULL},
    {5, 3, K_F10, {K_CTRL('q'), 'q', K_CTRL('c')}, "q", "Leave", 0, "leave", true, NULL},
};
static const struct keymap map = {rows, TG_ARRAY_LEN(rows)};

static void test_twins(void **unused)
{
    (void)unused;
    char name[24];
    static const int leave[] = {K_F10, K_CTRL('q'), 'q', 3};
    for (size_t i = 0; i < TG_ARRAY_LEN(leave); i++)
        assert_int_equal(keymap_find(&map, 1, leave[i])->action, 5);
    assert_int_equal(keymap_find(&map, 1, '?')->action, 1);
    assert_int_equal(keymap_find(&map, 1, 'z')->action, 2);
    assert_int_equal(keymap_find(&map, 2, 'z')->action, 4);
    assert_null(keymap_find(&map, 2, '?'));
    assert_null(keymap_find(&map, 1, 0));
    assert_string_equal(key_name(K_CTRL('l'), name, sizeof name), "Ctrl-L");
    assert_string_equal(key_name(K_F10, name, sizeof name), "F10");
    assert_string_equal(key_name('z', name, sizeof name), "z");
}

static void test_footer_keeps_the_way_out(void **unused)
{
    (void)unused;
    struct buf out = {0};
    for (int cols = 8; cols <= 40; cols++) {
        struct canvas c;
        canvas_init(&c, 1, cols, GLYPHS_ASCII);
        keymap_footer(&map, 1, &c, 0, NULL, NULL);
        buf_reset(&out);
        canvas_print(&c, &out);
        assert_non_null(strstr(out.p, "q Leave"));
        canvas_release(&c);
    }
    assert_string_equal(out.p, " z Zoom  t Pace  q Leave\n");
    buf_release(&out);
}

static void test_layout_fills_exactly(void **unused)
{
    (void)unused;
    static const struct layout kids[] = {{.how = LAYOUT_FIXED, .size = 3, .id = 1},
                                         {.how = LAYOUT_SHARE, .size = 26, .id = 2},
                                         {.how = LAYOUT_SHARE, .size = 28, .id = 3}};
    static const struct layout tree = {.is_row = true, .child = kids, .nchildren = 3};
    for (int w = 0; w < 300; w++) {
        struct rect place[4] = {{0}};
        layout_place(&tree, (struct rect){1, 2, 5, w}, place, 4);
        assert_int_equal(place[1].w + place[2].w + place[3].w, w);
        assert_int_equal(place[1].x, 2);
        assert_int_equal(place[2].x, 2 + place[1].w);
        assert_int_equal(place[3].x, place[2].x + place[2].w);
    }
    struct rect place[4] = {{0}};
    layout_place(&tree, (struct rect){0, 0, 5, 57}, place, 4);
    assert_int_equal(place[2].w, 26);
    assert_int_equal(place[3].w, 28);
}

static void test_layout_rest(void **unused)
{
    (void)unused;
    static const struct layout kids[] = {{.how = LAYOUT_FIXED, .size = 2, .id = 1},
                                         {.how = LAYOUT_SHARE, .size = 25, .id = 2},
                                         {.how = LAYOUT_REST, .id = 3}};
    static const struct layout tree = {.child = kids, .nchildren = 3};
    struct rect place[4] = {{0}};
    layout_place(&tree, (struct rect){0, 0, 42, 10}, place, 4);
    assert_int_equal(place[2].h, 10);
    assert_int_equal(place[3].h, 30);
}

static const char *key_at(const void *arg, size_t row)
{
    return ((const char *const *)arg)[row];
}

static void test_list_sticks_to_its_row(void **unused)
{
    (void)unused;
    const char *const before[] = {"a", "b", "c", "d"}, *const after[] = {"d", "x", "a", "c", "b"};
    struct list l = {0};
    list_sync(&l, 4, 2, key_at, before);
    list_feed(&l, K_DOWN, 4, 2, key_at, before);
    list_feed(&l, 'j', 4, 2, key_at, before);
    assert_int_equal(l.selected, 2);
    assert_int_equal(l.top, 1);
    list_sync(&l, 5, 2, key_at, after);
    assert_int_equal(l.selected, 3);
    assert_true(l.top <= 3 && l.top + 2 > 3);
    list_sync(&l, 0, 2, key_at, after);
    assert_int_equal(l.selected, 0);
    assert_false(list_feed(&l, 'q', 0, 2, key_at, after));
    assert_true(list_feed(&l, K_END, 0, 2, key_at, after));
}

static void test_dialog_is_deaf_at_first(void **unused)
{
    (void)unused;
    struct dialog d = {.nchoices = 3};
    dialog_open(&d, 'x', 1000);
    assert_int_equal(dialog_feed(&d, K_ENTER, 1299), DIALOG_OPEN);
    assert_int_equal(dialog_feed(&d, 'x', 1299), DIALOG_OPEN); /* still held */
    assert_int_equal(dialog_feed(&d, K_ENTER, 1301), DIALOG_OPEN);
    assert_int_equal(dialog_feed(&d, K_DOWN, 1600), DIALOG_OPEN);
    assert_int_equal(dialog_feed(&d, K_ENTER, 1601), DIALOG_CHOSEN);
    assert_int_equal(d.selected, 1);
    assert_false(d.is_open);
    dialog_open(&d, 'x', 2000);
    assert_int_equal(dialog_feed(&d, K_ESC, 2300), DIALOG_LEFT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_footer_keeps_the_way_out),
        cmocka_unit_test(test_layout_fills_exactly),
        cmocka_unit_test(test_layout_rest),
        cmocka_unit_test(test_list_sticks_to_its_row),
        cmocka_unit_test(test_dialog_is_deaf_at_first),
    };
    if (!setlocale(LC_ALL, "C.UTF-8"))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
