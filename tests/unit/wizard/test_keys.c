// SPDX-License-Identifier: Apache-2.0
/* What is promised of keys, as a whole: Tab, Enter and Esc lead through every page, and no function key is the only way. */
#include "wz_test.h"
#include "wizard/dashboard_state.h"

/* The text from the cursor on, as it is drawn. */
static bool cursor_is_at(struct bench *b, const char *words)
{
    struct canvas c;
    struct buf text = {0};
    canvas_init(&c, b->w->rows, b->w->cols, GLYPHS_ASCII);
    wz_draw(b->w, &c);
    canvas_print(&c, &text);
    const char *row = text.p;
    for (int y = 0; y < c.cursor_y && row; y++)
        row = strchr(row, '\n') + 1;
    bool is_there = row && c.cursor_y >= 0 && strncmp(row + c.cursor_x, words, strlen(words)) == 0;
    canvas_release(&c);
    buf_release(&text);
    return is_there;
}

static void tab_to(struct bench *b, const char *words)
{
    int n = 0;
    while (!cursor_is_at(b, words)) {
        press(b, K_TAB);
        if (++n > 60)
            fail_msg("no way to \"%s\" on page %d", words, (int)b->w->at);
    }
}

static void fill(struct bench *b, const char *path, const char *text)
{
    int n = 0;
    while (!wz_field(b->w) || strcmp(wz_field(b->w)->path, path) != 0) {
        press(b, K_TAB);
        if (++n > 60)
            fail_msg("no way to %s", path);
    }
    type(b, text);
}

static void test_tab_enter_esc(void **unused)
{
    struct bench b;
    (void)unused;
    bench_init(&b, 24, 80);
    press(&b, K_ENTER);
    assert_int_equal(b.w->at, STEP_SOURCE);
    fill(&b, "source.host", "127.0.0.1");
    fill(&b, "source.user", "root");
    tab_to(&b, "[ Next");
    press(&b, K_ENTER);
    assert_int_equal(b.w->at, STEP_PATH);
    tab_to(&b, "[ Next");
    press(&b, K_ENTER);
    assert_int_equal(b.w->at, STEP_TARGET);
    fill(&b, "target.host", "127.0.0.2");
    fill(&b, "target.user", "root");
    for (enum step s = STEP_TARGET; s < STEP_REVIEW; s++) {
        assert_int_equal(b.w->at, s);
        if (s == STEP_CHECKS) { /* they ran, and found nothing */
            b.w->report = x_alloc(sizeof *b.w->report);
            b.w->probe[PROBE_CHECKS] = (struct probe_view){.is_over = true};
        }
        tab_to(&b, "[ Next");
        press(&b, K_ENTER);
    }
    assert_int_equal(b.w->at, STEP_REVIEW);
    tab_to(&b, "[ Start");
    press(&b, K_ENTER);
    assert_true(b.w->modal.kind != 0);
    press(&b, K_ESC);
    assert_true(b.w->modal.kind == 0);
    for (int i = 0; i < 20 && b.w->at != STEP_START; i++)
        press(&b, K_ESC);
    assert_int_equal(b.w->at, STEP_START);
    assert_string_equal(b.job.sources[0].host, "127.0.0.1");
    bench_release(&b);
}

/* Every text field of a page holds nonsense; Esc goes back all the same, and the nonsense is there when one returns. */
static void nonsense_on(struct bench *b, enum step s)
{
    size_t order[FORM_FIELDS], n;
    struct form *f = &b->w->form[s];
    b->w->at = s;
    b->w->reached = STEP_REVIEW;
    n = form_shown(f, b->w, order);
    for (size_t i = 0; i < n; i++) {
        if (f->field[order[i]].look != FORM_TEXT)
            continue;
        wz_focus(b->w, i);
        press(b, K_END);
        type(b, "?x");
    }
    press(b, K_ESC);
    assert_int_equal(b->w->at, s - 1);
    b->w->at = s;
    for (size_t i = 0; i < n; i++) {
        char *value = f->field[order[i]].look == FORM_TEXT ? form_value(f, b->w, order[i]) : NULL;
        if (value && !strstr(value, "?x"))
            fail_msg("page %d: %s has become \"%s\"", (int)s, f->field[order[i]].path, value);
        free(value);
    }
}

static void test_back_never_checks(void **unused)
{
    struct bench b;
    (void)unused;
    for (enum step s = STEP_SOURCE; s <= STEP_REVIEW; s++) {
        bench_init(&b, 24, 80);
        if (s == STEP_PATH)
            b.w->way[0].kind = WAY_SSH;
        nonsense_on(&b, s);
        bench_release(&b);
    }
}

static void no_lonely_f_key(const struct keymap *m)
{
    for (size_t i = 0; i < m->nactions; i++) {
        unsigned functions = 0, others = 0;
        for (size_t k = 0; k < TG_ARRAY_LEN(m->action[i].key) && m->action[i].key[k]; k++)
            m->action[i].key[k] >= K_F1 && m->action[i].key[k] <= K_F10 ? functions++ : others++;
        if (functions && !others)
            fail_msg("%s has function keys only", m->action[i].name);
    }
}

/* Rows that act are rows of the table of actions as well, or keys that everybody has. */
static void test_function_keys(void **unused)
{
    const struct keymap *maps[] = {wizard_keys, &dashboard_keys, report_keys};
    (void)unused;
    for (size_t i = 0; i < TG_ARRAY_LEN(maps); i++) {
        no_lonely_f_key(maps[i]);
        for (size_t r = 0; r < maps[i]->n; r++) {
            const struct key_row *row = &maps[i]->row[r];
            bool is_known = row->key < K_F1 || row->key > K_F10;
            for (size_t a = 0; a < maps[i]->nactions && !is_known; a++)
                for (size_t k = 0; k < TG_ARRAY_LEN(maps[i]->action[a].key); k++)
                    is_known = is_known || maps[i]->action[a].key[k] == row->key;
            assert_true(is_known);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tab_enter_esc), cmocka_unit_test(test_back_never_checks), cmocka_unit_test(test_function_keys)};
    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
