// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "ui/canvas.h"
#include "ui/format.h"
#include "ui/theme.h"

static void expect_text(const struct canvas *c, const char *want)
{
    struct buf got = {0};
    canvas_print(c, &got);
    assert_string_equal(got.p, want);
    buf_release(&got);
}

static void test_clips_by_cells(void **unused)
{
    (void)unused;
    struct canvas c;
    struct rect clip = {0, 2, 1, 4};
    canvas_init(&c, 1, 10, GLYPHS_LINES);
    assert_int_equal(canvas_text(&c, clip, 0, 0, ROLE_TEXT, "abcdefgh"), 8);
    expect_text(&c, "  cdef\n");
    canvas_clear(&c);
    canvas_text(&c, clip, 5, 2, ROLE_TEXT, "below");
    canvas_text(&c, clip, -1, 2, ROLE_TEXT, "above");
    canvas_text(&c, (struct rect){-5, -5, 100, 100}, 0, 8, ROLE_TEXT, "wide open");
    expect_text(&c, "        wi\n");
    canvas_release(&c);
}

static void test_wide_glyphs_are_never_halved(void **unused)
{
    (void)unused;
    struct canvas c;
    canvas_init(&c, 1, 8, GLYPHS_LINES);
    struct rect clip = {0, 1, 1, 4};
    canvas_text(&c, clip, 0, 0, ROLE_TEXT,
                "中文字"); /* cells 0-1, 2-3, 4-5: first and last are cut */
    expect_text(&c, "  文\n");
    assert_int_equal(c.cells[2].width, 2);
    assert_int_equal(c.cells[3].width, 0);
    assert_int_equal(c.cells[4].width, 1);
    canvas_text(&c, canvas_all(&c), 0, 3, ROLE_TEXT, "x"); /* on the right half */
    expect_text(&c, "   x\n");
    canvas_text(&c, canvas_all(&c), 0, 2, ROLE_TEXT, "中");
    canvas_text(&c, canvas_all(&c), 0, 2, ROLE_TEXT, "y"); /* on the left half */
    expect_text(&c, "  y\n");
    canvas_text(&c, canvas_all(&c), 0, 7, ROLE_TEXT, "中"); /* no room at the edge */
    expect_text(&c, "  y\n");
    canvas_release(&c);
}

static void test_control_and_combining(void **unused)
{
    (void)unused;
    struct canvas c;
    canvas_init(&c, 1, 20, GLYPHS_LINES);
    int used = canvas_text(&c, canvas_all(&c), 0, 0, ROLE_TEXT,
                           "a\033[31mb\007\x9b\t\u202e"
                           "e\u0301x\xff");
    expect_text(&c, "ab? e\u0301x?\n");
    assert_int_equal(used, 7);
    canvas_clear(&c);
    assert_int_equal(canvas_text(&c, canvas_all(&c), 0, 0, ROLE_TEXT, "\u0301lone"), 4);
    expect_text(&c, "lone\n");
    canvas_release(&c);
}

static void test_cut_and_right(void **unused)
{
    (void)unused;
    struct canvas c;
    canvas_init(&c, 1, 12, GLYPHS_LINES);
    assert_int_equal(canvas_cut(&c, canvas_all(&c), 0, 0, 5, ROLE_TEXT, "abcdefgh"), 5);
    canvas_right(&c, canvas_all(&c), 0, 12, ROLE_TEXT, "end");
    expect_text(&c, "abcd…    end\n");
    canvas_clear(&c);
    assert_true(canvas_cut(&c, canvas_all(&c), 0, 0, 4, ROLE_TEXT, "中文字") <= 4);
    expect_text(&c, "中…\n");
    canvas_release(&c);
    canvas_init(&c, 1, 12, GLYPHS_SAFE);
    canvas_cut(&c, canvas_all(&c), 0, 0, 5, ROLE_TEXT, "abcdefgh");
    expect_text(&c, "abc..\n");
    canvas_release(&c);
}

static void test_wrap(void **unused)
{
    (void)unused;
    struct canvas c;
    canvas_init(&c, 4, 10, GLYPHS_LINES);
    assert_int_equal(
        canvas_wrap(&c, (struct rect){0, 0, 4, 8}, 2, ROLE_TEXT, "one two three\nfour"), 3);
    expect_text(&c, "one two\n  three\n  four\n\n");
    canvas_release(&c);
}

static void test_wrap_breaks_long_words(void **unused)
{
    (void)unused;
    struct canvas c;
    canvas_init(&c, 3, 10, GLYPHS_LINES);
    assert_int_equal(canvas_wrap(&c, (struct rect){0, 0, 2, 4}, 0, ROLE_TEXT, "abcdefghij"), 3);
    expect_text(&c, "abcd\nefgh\n\n");
    canvas_release(&c);
}

/* Chinese has no spaces: lines end between characters, but no line begins with a closing mark or ends with an opening one,
 * and words of code stay whole. */
static void test_wraps_chinese(void **unused)
{
    (void)unused;
    struct canvas c;
    canvas_init(&c, 3, 10, GLYPHS_LINES);
    assert_int_equal(canvas_wrap(&c, (struct rect){0, 0, 3, 10}, 0, ROLE_TEXT, "源库没有键，请看"), 2);
    expect_text(&c, "源库没有\n键，请看\n\n");
    canvas_clear(&c);
    assert_int_equal(canvas_wrap(&c, (struct rect){0, 0, 3, 10}, 0, ROLE_TEXT, "在目标（新）"), 2);
    expect_text(&c, "在目标\n（新）\n\n");
    canvas_clear(&c);
    canvas_wrap(&c, (struct rect){0, 0, 3, 8}, 0, ROLE_TEXT, "设为 binlog 即可");
    expect_text(&c, "设为\nbinlog\n即可\n");
    canvas_release(&c);
}

static void test_box_and_bar(void **unused)
{
    (void)unused;
    struct canvas c;
    canvas_init(&c, 3, 16, GLYPHS_LINES);
    canvas_box(&c, canvas_all(&c), ROLE_EDGE, "T", "r");
    canvas_bar(&c, canvas_all(&c), 1, 1, 6, ROLE_TEXT, 0.47);
    expect_text(&c, "┌ T ─────── r ─┐\n│██▊░░░        │\n└──────────────┘\n");
    canvas_clear(&c);
    canvas_bar(&c, canvas_all(&c), 0, 0, 4, ROLE_TEXT, 7);
    canvas_bar(&c, canvas_all(&c), 1, 0, 4, ROLE_TEXT, -1);
    canvas_bar(&c, canvas_all(&c), 2, 0, 4, ROLE_TEXT, 0.0 / 1.0);
    expect_text(&c, "████\n░░░░\n░░░░\n");
    canvas_release(&c);
}

static void test_graph(void **unused)
{
    (void)unused;
    struct canvas c;
    const float v[] = {-1, 0, 4, 8};
    canvas_init(&c, 1, 6, GLYPHS_LINES);
    canvas_graph(&c, canvas_all(&c), ROLE_TEXT, v, 4, 6, 8);
    expect_text(&c, "   ▁▄█\n");
    canvas_release(&c);
}

static void test_ascii_is_seven_bit(void **unused)
{
    (void)unused;
    struct canvas c;
    struct buf out = {0};
    canvas_init(&c, 3, 20, GLYPHS_ASCII);
    canvas_box(&c, canvas_all(&c), ROLE_EDGE, "✓ 中 é", NULL);
    canvas_print(&c, &out);
    for (size_t i = 0; i < out.n; i++)
        assert_true((unsigned char)out.p[i] < 0x7f);
    assert_non_null(strstr(out.p, "* ?? ?"));
    buf_release(&out);
    canvas_release(&c);
}

static void test_bad_utf8_moves_on(void **unused)
{
    (void)unused;
    static const char *const bad[] = {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                      "\xe4\xb8", "\x80",         "\xff\xfe"};
    for (size_t i = 0; i < TG_ARRAY_LEN(bad); i++) {
        const char *p = bad[i], *end = p + strlen(p);
        size_t steps = 0;
        while (p < end) {
            assert_int_equal(utf8_next(&p, end), '?');
            steps++;
        }
        assert_int_equal(steps, strlen(bad[i]));
    }
}

static void test_figures(void **unused)
{
    (void)unused;
    char a[FMT_SIZE];
    assert_string_equal(fmt_bytes(a, 188000000000), "188 GB");
    assert_string_equal(fmt_bytes(a, 3100000000), "3.1 GB");
    assert_string_equal(fmt_bytes(a, 999), "999 B");
    assert_string_equal(fmt_bytes(a, 999600), "1.0 MB");
    assert_string_equal(fmt_rate(a, 61.4e6), "61.4 MB/s");
    assert_string_equal(fmt_rate(a, -3), "0 B/s");
    assert_string_equal(fmt_part(a, 321000000000, 412000000000, true), "321 of ~412 GB");
    assert_string_equal(fmt_part(a, 5000000, 412000000000, false), "5.0 MB of 412 GB");
    assert_string_equal(fmt_part(a, 0, 412000000000, false), "0 of 412 GB");
    assert_string_equal(fmt_part(a, 5000000, 0, true), "5.0 MB so far");
    assert_string_equal(fmt_count(a, 2100000), "2.1 M");
    assert_string_equal(fmt_exact(a, 52806114), "52,806,114");
    assert_string_equal(fmt_exact(a, 7), "7");
    assert_string_equal(fmt_span(a, 84 * 60), "1 h 24 m");
    assert_string_equal(fmt_span(a, 250), "4 m 10 s");
    assert_string_equal(fmt_range(a, 1200, 2400, "–"), "20–40 m");
    assert_string_equal(fmt_range(a, 3600, 9000, " to "), "1.0 to 2.5 h");
    assert_string_equal(fmt_lag(a, 1.94), "1.9 s");
    assert_string_equal(fmt_lag(a, 0), "0.0 s");
}

static double luminance(uint32_t rgb)
{
    double sum = 0;
    static const double weight[] = {0.2126, 0.7152, 0.0722};
    for (int i = 0; i < 3; i++) {
        double v = (double)(rgb >> (16 - 8 * i) & 255) / 255;
        sum += weight[i] * (v <= 0.03928 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4));
    }
    return sum;
}

static void test_contrast(void **unused)
{
    (void)unused;
    for (size_t t = 1; t <= 3; t++) { /* dark, light, high-contrast */
        for (int role = 0; role < ROLE_COUNT; role++) {
            const struct style *s = &themes[t].style[role];
            double a = luminance(theme_rgb(s->front)), b = luminance(theme_rgb(s->back));
            double contrast = (TG_MAX(a, b) + 0.05) / (TG_MIN(a, b) + 0.05);
            if (contrast < 4.5)
                fail_msg("%s role %d: contrast %.2f", themes[t].name, role, contrast);
        }
    }
    for (int role = 0; role < ROLE_COUNT; role++)
        assert_true(themes[4].style[role].front < 0 && themes[4].style[role].back < 0);
    setenv("NO_COLOR", "1", 1);
    assert_string_equal(theme_find(NULL)->name, "mono");
    assert_string_equal(theme_find("dark")->name, "dark");
    unsetenv("NO_COLOR");
    assert_string_equal(theme_find(NULL)->name, "default");
}

static void test_what_a_terminal_says(void **unused)
{
    (void)unused;
    assert_int_equal(glyph_set_judge((const int[]){2, 2, 3}), GLYPHS_LINES);
    assert_int_equal(glyph_set_judge((const int[]){3, 3, 3}), GLYPHS_SAFE);
    assert_int_equal(glyph_set_judge((const int[]){2, 3, 3}), GLYPHS_SAFE);
    assert_int_equal(glyph_set_judge((const int[]){2, 2, 4}), GLYPHS_ASCII); /* Latin-1 without what has no glyph there */
    assert_int_equal(glyph_set_judge((const int[]){4, 4, 4}), GLYPHS_ASCII);
    assert_int_equal(glyph_set_judge((const int[]){1, 1, 1}), GLYPHS_ASCII);
    assert_string_equal(theme_for_background("0000/0000/0000")->name, "dark");
    assert_string_equal(theme_for_background("1c/1c/1c")->name, "dark");
    assert_string_equal(theme_for_background("f/f/f")->name, "light");
    assert_string_equal(theme_for_background("fdfd/f6f6/e3e3")->name, "light");
    assert_string_equal(theme_for_background("ffff/0000/0000")->name, "dark");
    assert_string_equal(theme_for_background("")->name, "default");
    assert_string_equal(theme_for_background("00000/0/0")->name, "default");
    assert_string_equal(theme_for_background("ff/ff")->name, "default");
}

static void test_pointing(void **unused)
{
    (void)unused;
    struct canvas c, nothing = {0};
    struct rect clip = {1, 1, 3, 5};
    canvas_init(&c, 6, 10, GLYPHS_LINES);
    canvas_spot(&nothing, clip, clip, 1, 1); /* measured, not drawn */
    assert_null(nothing.spot);
    canvas_spot(&c, canvas_all(&c), clip, 1, 7);
    canvas_spot(&c, clip, (struct rect){2, 3, 9, 9}, 2, 8);
    static const struct { int y, x, what; } cases[] = {{1, 1, 1}, {2, 3, 2}, {3, 5, 2}, {4, 3, 0}, {2, 6, 0}, {0, 0, 0}, {2, 2, 1}, {99, 99, 0}, {-1, -1, 0}};
    for (size_t i = 0; i < TG_ARRAY_LEN(cases); i++) {
        struct input in = {.kind = IN_CLICK, .y = cases[i].y, .x = cases[i].x};
        canvas_point(&c, &in);
        assert_int_equal(in.what, cases[i].what);
    }
    canvas_clear(&c);
    struct input in = {.y = 2, .x = 3};
    canvas_point(&c, &in);
    assert_int_equal(in.what, 0);
    canvas_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clips_by_cells),
        cmocka_unit_test(test_wide_glyphs_are_never_halved),
        cmocka_unit_test(test_control_and_combining),
        cmocka_unit_test(test_cut_and_right),
        cmocka_unit_test(test_wrap), cmocka_unit_test(test_wraps_chinese),
        cmocka_unit_test(test_wrap_breaks_long_words),
        cmocka_unit_test(test_box_and_bar),
        cmocka_unit_test(test_graph),
        cmocka_unit_test(test_ascii_is_seven_bit),
        cmocka_unit_test(test_bad_utf8_moves_on),
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_contrast),
        cmocka_unit_test(test_what_a_terminal_says),
        cmocka_unit_test(test_pointing),
    };
    if (!setlocale(LC_ALL, "C.UTF-8"))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
