// SPDX-License-Identifier: Apache-2.0
/* Keys of one's own on the wizard's pages: what is pressed, what the footer and the help say, and that text stays text. */
#include "wz_test.h"

#include "wizard/wizard.h"

static const struct keymap *const *all(void)
{
    static const struct keymap *maps[3];
    maps[0] = wizard_keys;
    maps[1] = &dashboard_keys;
    maps[2] = report_keys;
    return maps;
}

static void own(const char *action, const char *one, const char *two)
{
    const char *const keys[] = {one, two};
    struct err e = {0};
    if (!keymap_own(all(), 3, action, keys, two ? 2 : 1, &e))
        fail_msg("%s", e.text);
}

/* As they come: no key does two things in one place. */
static void test_own_defaults_agree(void **unused)
{
    (void)unused;
    struct err e = {0};
    for (int m = 0; m < 3; m++)
        for (size_t i = 0; i < all()[m]->nactions; i++)
            for (size_t k = i + 1; k < all()[m]->nactions; k++) {
                const struct key_action *a = &all()[m]->action[i], *b = &all()[m]->action[k];
                if (strcmp(a->name, "leave-out") == 0 && strcmp(b->name, "stop") == 0)
                    continue;         /* in the zoomed tables x is the table's */
                for (int x = 0; x < 4 && a->where & b->where; x++)
                    for (int y = 0; y < 4; y++)
                        if (a->key[x] && a->key[x] == b->key[y])
                            fail_msg("%s and %s share a key", a->name, b->name);
            }
    keymap_forget();
    const char *culprit;
    assert_true(keymap_agrees(all(), 3, &culprit, &e));
}

static void test_pressed_and_shown(void **unused)
{
    (void)unused;
    struct bench b;
    struct err e = {0};
    const char *culprit;
    keymap_forget();
    own("save", "F8", "W");
    own("whole-file", "F1", NULL);
    own("help", "F5", NULL);
    own("run-again", "r", "F1");
    own("look-again", "r", "F1");
    own("clean-up", "F1", "u");
    own("mouse", "Ctrl-O", NULL);
    if (!keymap_agrees(all(), 3, &culprit, &e))
        fail_msg("%s", e.text);
    bench_init(&b, 24, 80);
    press(&b, K_ENTER);
    assert_true(shows(&b, "F5 Help"));
    assert_true(shows(&b, "F8 Save"));
    press(&b, K_F9);
    assert_int_equal(b.w->modal.kind, 0);
    press(&b, K_F0 + 8);
    assert_true(b.w->modal.kind != 0);
    press(&b, K_ESC);
    press(&b, K_F0 + 5);
    assert_true(b.w->is_help);
    assert_true(shows(&b, "F8           save the job"));
    assert_true(shows(&b, "Ctrl-O"));
    press(&b, K_ESC);
    press(&b, K_TAB);
    type(&b, "W?m");                  /* text */
    assert_string_equal(b.w->form[STEP_SOURCE].edit.text, "W?m");
    press(&b, K_CTRL('o'));
    assert_int_equal(b.effect.kind, WZ_MOUSE);
    press(&b, K_F3);
    assert_int_equal(b.effect.kind, WZ_NONE);
    press(&b, K_ESC);
    press(&b, '?');                   /* not help any more */
    assert_false(b.w->is_help);
    press(&b, 'W');
    assert_true(b.w->modal.kind != 0);
    bench_release(&b);
    keymap_forget();
}

/* Running sentences name the key that holds now. */
static void test_sentences(void **unused)
{
    (void)unused;
    struct bench b;
    keymap_forget();
    own("renames", "F8", "R");
    own("events", "E", NULL);
    own("look-again", "F12", NULL);
    own("other-end", "Ctrl-K", NULL);
    own("test", "F7", NULL);
    own("go-to", "F12", NULL);
    own("password-origin", "Ctrl-O", NULL);
    bench_init(&b, 36, 120);
    b.w->reached = STEP_SCOPE;
    wz_go(b.w, STEP_SOURCE, &b.effect);
    assert_true(shows(&b, "Test  F7"));
    wz_focus(b.w, 4);
    assert_true(shows(&b, "Ctrl-O chooses another origin"));
    assert_false(shows(&b, "Ctrl-P"));
    b.w->at = STEP_PATH;
    assert_true(shows(&b, "Ctrl-K changes it"));
    assert_true(shows(&b, "F7 test"));
    b.w->at = STEP_SCOPE;
    if (page_scope.enter)
        page_scope.enter(b.w, &b.effect);
    assert_true(shows(&b, "none yet. F8 adds one"));
    assert_true(shows(&b, "E leaves some out"));
    wz_notice(b.w, _("%s is open; {F2} goes to any page"), "job.yaml");
    assert_true(shows(&b, "job.yaml is open; F12 goes to any page"));
    bench_release(&b);
    keymap_forget();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_own_defaults_agree), cmocka_unit_test(test_pressed_and_shown), cmocka_unit_test(test_sentences)};
    if (!setlocale(LC_ALL, "C.UTF-8"))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
