// SPDX-License-Identifier: Apache-2.0
/* Keys of one's own on the dashboard and the report: what holds is what every sentence, box, footer and help names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <locale.h>

#include "golden.h"
#include "wizard/report_page.h"
#include "wizard/wizard.h"

static const struct { const char *action, *one, *two; } own[] = {
    {"help", "F12", "H"}, {"leave", "F8", "Q"}, {"command", "M", NULL}, {"zoom", "Z", NULL}, {"find", "N", NULL}, {"sort", "O", NULL},
    {"follow", "F", NULL}, {"copy", "Y", NULL}, {"pause", "P", NULL}, {"errors", "E", NULL}, {"verify", "V", NULL}, {"report", "B", NULL},
    {"detach", "D", NULL}, {"steer", "K", NULL}, {"cutover", "X", NULL}, {"pace", "I", NULL}, {"clean-up", "F6", NULL}, {"save", "F11", NULL},
};
static const char *const gone[] = {"e", "p", "v", "S", "R", "y", "z", "q", "d", "c", "f", "/", "F5", "F9", "F10", "F1"};

static void take_own(void)
{
    const struct keymap *const maps[] = {wizard_keys, &dashboard_keys, report_keys};
    struct err e = {0};
    const char *culprit;
    keymap_forget();
    for (size_t i = 0; i < TG_ARRAY_LEN(own); i++) {
        const char *const keys[] = {own[i].one, own[i].two};
        if (!keymap_own(maps, 3, own[i].action, keys, own[i].two ? 2 : 1, &e))
            fail_msg("%s", e.text);
    }
    if (!keymap_agrees(maps, 3, &culprit, &e))
        fail_msg("%s: %s", culprit, e.text);
}

/* A word of its own: what stands beside it is no letter. */
static bool says(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = text; (p = strstr(p, word)) != NULL; p += n)
        if ((p == text || strchr(" \n.;(", p[-1])) && (!p[n] || strchr(" \n.;,:)", p[n])))
            return true;
    return false;
}

static void check_text(const char *text, const char *but)
{
    for (size_t i = 0; i < TG_ARRAY_LEN(gone); i++)
        if ((!but || strcmp(gone[i], but) != 0) && says(text, gone[i]))
            fail_msg("%s is no key any more:\n%s", gone[i], text);
}

/* The screen names none of the keys that are gone (but `but`, which is something else there), and shows those words. */
static void check(struct dashboard_state *s, const char *words, const char *but)
{
    struct buf text = {0};
    draw_with(s, GLYPHS_LINES, &text, NULL);
    check_text(text.p, but);
    if (!strstr(text.p, words))
        fail_msg("'%s' is not there:\n%s", words, text.p);
    buf_release(&text);
}

static void test_panes(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    take_own();
    check(s, "D Detach   H Help", NULL);
    dashboard_notice(s, "%s", press(s, 'P').done); /* as the window says it */
    check(s, "P goes on again", NULL);
    s->watches_only = true;
    press(s, 'P');
    check(s, "K takes over", NULL);
    s->watches_only = false;
    press(s, '6');
    press(s, 'Z');
    press(s, K_UP);
    check(s, "F follow", NULL);
    press(s, K_ENTER);
    check(s, "Y Copy", NULL);
    assert_int_equal(press(s, 'y').kind, EFFECT_NONE);
    assert_int_equal(press(s, 'Y').kind, EFFECT_COPY);
    press(s, K_ESC);
    press(s, K_ESC);
    press(s, 'X');
    check(s, "V compares", NULL);
    press(s, K_ESC);
    press(s, 'M');
    press_all(s, "nothing");
    press(s, K_ENTER);
    check(s, "H and Tab list them", NULL);
    dashboard_state_free(s);
    s = sample_state(36, 120);
    check(s, "N find    O sort    Enter details", NULL);
    strcpy(s->snap.verdict, "not verified: the source moved");
    s->snap.nquestions = 0;
    press(s, '7');
    press(s, 'Z');
    check(s, "V compares again", NULL);
    dashboard_state_free(s);
    keymap_forget();
}

static void test_small(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(9, 46), *none = dashboard_state_new();
    take_own();
    check(s, "D Detach   F8 Leave", NULL);
    s->rows = 18;
    s->cols = 60;
    check(s, "open, E shows", NULL);
    dashboard_state_free(s);
    none->rows = 24;
    none->cols = 80;
    check(none, "D Detach   F8 Leave", NULL);
    dashboard_state_free(none);
    keymap_forget();
}

static void test_boxes_and_help(void **unused)
{
    (void)unused;
    struct dashboard_state *s = sample_state(24, 80);
    take_own();
    press(s, 'E');
    check_text(s->dialog.more, "F5"); /* the box's own, which no setting moves */
    assert_non_null(strstr(s->dialog.more, "F5 Details    Y Copy"));
    assert_int_equal(press(s, 'Y').kind, EFFECT_COPY);
    press(s, K_ESC);
    press(s, 'H');
    check(s, "pause, then P resume", "d"); /* the end of a word that lies below */
    check(s, "By name: M workers load 8", "d");
    press(s, 'q');
    assert_true(s->help);
    press(s, 'Q');
    assert_false(s->help);
    press(s, K_F0 + 8);
    assert_int_equal(press(s, 'd').kind, EFFECT_NONE);
    assert_int_equal(press(s, 'D').kind, EFFECT_LEAVE);
    dashboard_state_free(s);
    keymap_forget();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_panes), cmocka_unit_test(test_small), cmocka_unit_test(test_boxes_and_help)};
    if (!setlocale(LC_ALL, "C.UTF-8"))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
