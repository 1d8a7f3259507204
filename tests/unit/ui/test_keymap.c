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
static const struct keymap map = {rows, TG_ARRAY_LEN(rows), NULL, 0};

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

/* ---- keys of one's own ---- */

static const struct key_action actions[] = {
    {"help", 1, {K_F1, '?'}}, {"zoom", 1, {'z'}}, {"pace", 1, {'t'}}, {"back", 2, {'z'}}, {"leave", 3, {K_F10, K_CTRL('q'), 'q', K_CTRL('c')}},
};
static const struct keymap own_map = {rows, TG_ARRAY_LEN(rows), actions, TG_ARRAY_LEN(actions)};
static const struct keymap *const maps[] = {&own_map};

static bool own(struct err *e, const char *action, const char *one, const char *two)
{
    const char *const keys[] = {one, two};
    err_clear(e);
    return keymap_own(maps, 1, action, keys, one ? two ? 2 : 1 : 0, e);
}

static void test_own_keys(void **unused)
{
    (void)unused;
    struct err e = {0};
    const char *culprit = NULL;
    char words[80];
    struct buf out = {0};
    struct canvas c;
    keymap_forget();
    assert_true(own(&e, "zoom", "Z", NULL));
    assert_true(own(&e, "help", "x", "Ctrl-H") == false); /* that is Backspace */
    assert_true(own(&e, "help", "x", "F5"));
    assert_true(keymap_agrees(maps, 1, &culprit, &e));
    assert_int_equal(keymap_meaning(&own_map, 1, 'Z'), 'z');
    assert_int_equal(keymap_meaning(&own_map, 1, 'z'), 0);
    assert_int_equal(keymap_meaning(&own_map, 2, 'z'), 'z'); /* back is another action */
    assert_int_equal(keymap_meaning(&own_map, 1, K_F0 + 5), K_F1);
    assert_int_equal(keymap_meaning(&own_map, 1, '?'), 0);
    assert_int_equal(keymap_meaning(&own_map, 1, 'q'), 'q');
    assert_int_equal(keymap_pressed(&own_map, 1, K_F1), 'x');
    assert_string_equal(keymap_words(&own_map, 1, "F1 or ?", words, sizeof words), "x or F5");
    assert_string_equal(keymap_words(&own_map, 1, "q Leave   ? Help", words, sizeof words), "q Leave   F5 Help");
    canvas_init(&c, 1, 40, GLYPHS_ASCII);
    keymap_footer(&own_map, 1, &c, 0, NULL, NULL);
    canvas_print(&c, &out);
    assert_string_equal(out.p, " Z Zoom  t Pace  q Leave\n");
    struct input in = {.kind = IN_CLICK, .y = 0, .x = 3};
    canvas_point(&c, &in);
    assert_int_equal(in.what, SPOT_KEY);
    assert_int_equal(in.n, 'Z');
    canvas_release(&c);
    keymap_forget();
    assert_true(own(&e, "leave", "F6", NULL));
    assert_string_equal(keymap_words(&own_map, 1, "F10 Ctrl-Q", words, sizeof words), "F6");
    assert_string_equal(keymap_words(&own_map, 1, "F10 or q", words, sizeof words), "F6");
    assert_string_equal(keymap_words(&own_map, 1, "q", words, sizeof words), "F6");
    assert_string_equal(keymap_words(&own_map, 1, "…", words, sizeof words), "…");
    assert_string_equal(keymap_say(&own_map, 1, "{F10 Ctrl-Q q}: leave", words, sizeof words), "F6: leave");
    assert_string_equal(keymap_say(&own_map, 1, "按{F10}离开, a q", words, sizeof words), "按F6离开, a q");
    keymap_forget();
    assert_string_equal(keymap_say(&own_map, 1, "{F10 Ctrl-Q} leaves", words, sizeof words), "F10 or Ctrl-Q leaves");
    assert_string_equal(keymap_say(&own_map, 1, "${env:X} x{2} {} {F1", words, sizeof words), "${env:X} x{2} {} {F1");
    assert_string_equal(keymap_words(&own_map, 1, "F10 Ctrl-Q", words, sizeof words), "F10 Ctrl-Q");
    buf_release(&out);
}

static void test_own_keys_refused(void **unused)
{
    (void)unused;
    static const char *const kept[] = {"Enter", "Esc", "Tab", "Shift-Tab", "Space", "Up", "→", "PgDn", "Home", "Backspace", "Del", "Ctrl-M", "Ctrl-I", "Ctrl-A", "Ctrl-U", "7"};
    static const char *const broken[] = {"", "F13", "Ctrl-", "Ctrl-1", "zz", "F1x", "\x1b"};
    struct err e = {0};
    const char *culprit = NULL;
    keymap_forget();
    for (size_t i = 0; i < TG_ARRAY_LEN(kept); i++) {
        assert_false(own(&e, "zoom", kept[i], NULL));
        assert_non_null(strstr(e.text, kept[i]));
    }
    for (size_t i = 0; i < TG_ARRAY_LEN(broken); i++)
        assert_false(own(&e, "zoom", broken[i], NULL));
    assert_false(own(&e, "zoooom", "Z", NULL));
    assert_int_equal(e.code, ERR_CONF_KEY);
    assert_non_null(strstr(e.text, "help, zoom, pace, back, leave"));
    assert_false(own(&e, "zoom", NULL, NULL));
    assert_non_null(strstr(e.text, "could not be reached"));
    assert_false(own(&e, "help", "x", NULL)); /* while text is typed */
    assert_non_null(strstr(e.text, "help needs a key that is no text"));
    assert_true(own(&e, "zoom", "t", NULL));
    assert_false(keymap_agrees(maps, 1, &culprit, &e));
    assert_string_equal(culprit, "zoom");
    assert_non_null(strstr(e.text, "zoom and pace"));
    assert_true(own(&e, "pace", "z", NULL)); /* exchanged: that is fine */
    assert_true(keymap_agrees(maps, 1, &culprit, &e));
    keymap_forget();
    assert_true(own(&e, "leave", "F6", NULL)); /* its q is nobody's then */
    assert_int_equal(keymap_meaning(&own_map, 1, 'q'), 0);
    keymap_forget();
    assert_true(own(&e, "zoom", "t", NULL));
    assert_true(own(&e, "pace", "z", NULL));
    assert_false(own(&e, "pace", "y", NULL));
    assert_non_null(strstr(e.text, "a second time"));
    keymap_forget();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_own_keys),
        cmocka_unit_test(test_own_keys_refused),
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
