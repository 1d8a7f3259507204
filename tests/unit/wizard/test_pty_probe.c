// SPDX-License-Identifier: Apache-2.0
/* The questions at the start: a terminal that answers, answers late, in pieces, wrongly or not at all, and a person who
 * types meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <locale.h>

#include "desk.h"

static void leave(struct desk *d)
{
    type(d, "d");
    wait_end(d);
    assert_int_equal(WEXITSTATUS(d->status), 40 + DASHBOARD_DETACH);
    check_restored(d);
    stand_up(d);
}

static void wait_asked(struct desk *d)
{
    int64_t end = now_ms() + DEADLINE_MS;
    while (!d->asked && now_ms() < end)
        pump(d, 5);
    assert_true(d->asked > 0);
}

/* A busy machine may keep our answer back for longer than the window waits: then it is asked again. */
static void shows_after_answer(enum manners manners, const char *wanted, const char *unwanted)
{
    bool is_fine = false;
    for (int i = 0; i < 5 && !is_fine; i++) {
        struct desk d;
        sit_down(&d, 24, 80, "xterm-256color");
        d.manners = manners;
        wait_for(&d, "412 GB", true);
        is_fine = shows(&d, wanted) && !shows(&d, unwanted);
        leave(&d);
    }
    assert_true(is_fine);
}

static void test_answers(void **unused)
{
    (void)unused;
    shows_after_answer(ANSWERS, "┌ 1 Dump ─", "+ 1 Dump");
    shows_after_answer(WIDE_LINES, "+ 1 Dump -", "┌");
    shows_after_answer(NARROW_CHINESE, "┌ 1 Dump ─", "+ 1 Dump");
    shows_after_answer(NO_UTF8, "###.", "▸");
    shows_after_answer(SILENT, "┌ 1 Dump ─", "+ 1 Dump");
}

/* Chinese where it has no room is not spoken. */
static void test_narrow_chinese(void **unused)
{
    (void)unused;
    setenv("LANGUAGE", "zh_CN", 1);
    shows_after_answer(ANSWERS, "d 脱离", "d Detach");
    shows_after_answer(NARROW_CHINESE, "d Detach", "d 脱离");
    unsetenv("LANGUAGE");
}

/* What is typed before the answers, between them and instead of them is typed. */
static void test_typed_ahead(void **unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++) {
        struct desk d;
        sit_down(&d, 24, 80, "xterm-256color");
        d.manners = i == 2 ? SILENT : ANSWERS;
        if (i == 1) {                 /* among late answers, too */
            wait_for(&d, "251 of ~412 GB", true);
            type(&d, "\033[2;2R?\033[2;3R");
        } else {
            type(&d, "?");
        }
        wait_for(&d, "Keys on this page", true);
        type(&d, "\033");
        wait_for(&d, "Keys on this page", false);
        leave(&d);
    }
}

/* Keys with sequences of their own, and text of the world, are what they are, in the first moment, too. */
static void test_typed_ahead_keys(void **unused)
{
    (void)unused;
    struct desk d;
    sit_down(&d, 24, 80, "xterm-256color");
    d.manners = SILENT;
    wait_asked(&d);                   /* the terminal is raw by now */
    type(&d, "/p\xc3\xa9\x7f" "ay\r\033OA");
    wait_for(&d, "/pay ", true);
    wait_for(&d, "Find a table:", false);
    leave(&d);
}

static void nothing_was_pressed(struct desk *d)
{
    type(d, "\t");                    /* a key behind it has its effect, and nothing before it had one */
    wait_for(d, "▸5 Lag", true);
    assert_false(shows(d, "Leave this window?") || shows(d, "Keys on this page") || shows(d, "theme:") || shows(d, "Find a table:"));
    assert_false(d->has_ended);
}

static void test_late_answers(void **unused)
{
    (void)unused;
    struct desk d;
    sit_down(&d, 24, 80, "xterm-256color");
    d.manners = SILENT;
    wait_for(&d, "251 of ~412 GB", true);
    assert_true(shows(&d, "┌ 1 Dump ─"));
    type(&d, "\033[2;3R\033[2;3R\033[2;4R\033]11;rgb:ffff/ffff/ffff\033\\");
    nothing_was_pressed(&d);
    assert_true(shows(&d, "┌ 1 Dump ─"));
    leave(&d);
}

/* Cut by the network after its first byte: that is no Esc, and the rest no letters. */
static void test_answer_in_pieces(void **unused)
{
    (void)unused;
    struct desk d;
    sit_down(&d, 24, 80, "xterm-256color");
    d.manners = SILENT;
    wait_for(&d, "251 of ~412 GB", true);
    type(&d, "z");                    /* zoomed: an Esc would be seen */
    wait_for(&d, "z Back to all panes", true);
    type(&d, "\033");
    int64_t end = now_ms() + 80;
    while (now_ms() < end)
        pump(&d, 10);
    type(&d, "[2;2R\033[2;2R\033[2;3R");
    type(&d, "?");
    wait_for(&d, "Keys on this page", true);
    type(&d, "\033");
    wait_for(&d, "Keys on this page", false);
    assert_true(shows(&d, "z Back to all panes"));
    leave(&d);
}

/* The background chooses between dark and light, only where that was asked for. */
static void test_background(void **unused)
{
    static const struct {
        const char *theme, *colour, *next;
    } cases[] = {{"auto", "\033]11;rgb:1c1c/1c1c/1c1c\033\\", "theme: light"},   /* dark, and L goes on from it */
                 {"auto", "\033]11;rgb:fdfd/f6f6/e3e3\007", "theme: high-contrast"},
                 {"auto", "\033]11;rgb:nonsense\033\\", "theme: dark"},
                 {"auto", NULL, "theme: dark"},
                 {NULL, "\033]11;rgb:1c1c/1c1c/1c1c\033\\", "theme: dark"}};
    (void)unused;
    for (size_t i = 0, again = 0; i < TG_ARRAY_LEN(cases) && again < 9;) {
        struct desk d;
        if (cases[i].theme)
            setenv("DESK_THEME", cases[i].theme, 1);
        sit_down(&d, 24, 80, "xterm-256color");
        unsetenv("DESK_THEME");
        d.colour = cases[i].colour;
        wait_for(&d, "251 of ~412 GB", true);
        type(&d, "L");
        wait_for(&d, "theme:", true);
        bool is_fine = shows(&d, cases[i].next);
        leave(&d);
        i += is_fine;
        again += !is_fine;
        assert_true(again < 9);
    }
}

/* Where the question can't be understood it is not asked. */
static void test_not_asked(void **unused)
{
    (void)unused;
    struct desk d;
    sit_down(&d, 24, 80, "linux");
    wait_for(&d, "251 of ~412 GB", true);
    assert_int_equal(d.asked, 0);
    leave(&d);
    sit_down(&d, 24, 80, "xterm-256color");
    wait_asked(&d);
    wait_for(&d, "251 of ~412 GB", true);
    leave(&d);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_answers, clear_away),          cmocka_unit_test_teardown(test_narrow_chinese, clear_away),
        cmocka_unit_test_teardown(test_typed_ahead, clear_away),      cmocka_unit_test_teardown(test_typed_ahead_keys, clear_away),
        cmocka_unit_test_teardown(test_late_answers, clear_away),     cmocka_unit_test_teardown(test_answer_in_pieces, clear_away),
        cmocka_unit_test_teardown(test_background, clear_away),       cmocka_unit_test_teardown(test_not_asked, clear_away),
    };
    if (argc == 3 && strcmp(argv[1], "--window") == 0)
        return window_main(argv[2]);
    setlocale(LC_ALL, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, start_engine, stop_engine);
}
