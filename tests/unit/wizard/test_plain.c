// SPDX-License-Identifier: Apache-2.0
/* What lines are made of: numbers and names that pick, words of the dashboard, long lists in pieces. The words themselves
 * are walked through by tests/it/test_plain.py. */
#include "wz_test.h"

#include <unistd.h>

#include "wizard/dashboard_state.h"
#include "wizard/scope.h"
#include "wizard/wizard_plain.h"

static void test_numbers(void **unused)
{
    static const struct {
        const char *text;
        size_t n, found[6];
    } cases[] = {{"1", 1, {0}}, {"2,5-7", 4, {1, 4, 5, 6}}, {" 3 , 1", 2, {2, 0}}, {"10", 1, {9}}, {"11", 0, {0}}, {"0", 0, {0}}, {"7-5", 0, {0}},
                 {"2x", 0, {0}}, {"orders", 0, {0}}, {"1 orders", 0, {0}}, {"", 0, {0}}, {"-3", 0, {0}}, {"99999999999999999999", 0, {0}}};
    (void)unused;
    for (size_t i = 0; i < TG_ARRAY_LEN(cases); i++) {
        size_t out[6] = {0};
        assert_int_equal(plain_numbers(cases[i].text, 10, out, TG_ARRAY_LEN(out)), cases[i].n);
        assert_memory_equal(out, cases[i].found, sizeof out);
    }
}

static void test_behind(void **unused)
{
    (void)unused;
    assert_string_equal(plain_behind("pick  shop.*", "pick"), "shop.*");
    assert_string_equal(plain_behind("pick", "pick"), "");
    assert_null(plain_behind("picked", "pick"));
    assert_null(plain_behind("unpick a", "pick"));
}

/* ---- the tree ---- */

static void come(struct bench *b, const char *const (*names)[2], uint32_t n)
{
    struct news news = {.kind = NEWS_OVER, .probe = PROBE_TABLES, .look = x_alloc(sizeof(struct look))};
    struct look_table *list = x_alloc(n * sizeof *list);
    for (uint32_t i = 0; i < n; i++)
        list[i] = (struct look_table){.schema = x_strdup(names[i][0]), .name = x_strdup(names[i][1]), .is_read = true, .key = x_strdup("id"), .is_primary = true};
    *news.look = (struct look){.tables = list, .n = n, .has_defs = true, .has_sizes = true};
    wz_take(b->w, &news);
}

static const char *const names[][2] = {{"crm", "firms"}, {"crm", "orders"}, {"shop", "Orders"}, {"shop", "order_items"}, {"shop", "or*ders"}, {"shop_2", "orders"}};

static void test_means(void **unused)
{
    static const struct {
        const char *what;
        uint32_t n;
        bool which[6];
    } cases[] = {{"all", 6, {1, 1, 1, 1, 1, 1}}, {"*", 6, {1, 1, 1, 1, 1, 1}}, {"shop", 3, {0, 0, 1, 1, 1, 0}}, {"shop.*", 3, {0, 0, 1, 1, 1, 0}},
                 {"crm.orders", 1, {0, 1, 0, 0, 0, 0}}, {"orders", 3, {0, 1, 1, 0, 0, 1}}, {"order_?tems", 1, {0, 0, 0, 1, 0, 0}}, {"/^order/", 4, {0, 1, 1, 1, 0, 1}},
                 {"/ms$", 2, {1, 0, 0, 1, 0, 0}}, {"sho*.orders", 2, {0, 0, 1, 0, 0, 1}}, {"order", 0, {0}}, {"nothing", 0, {0}}, {"/(/", 0, {0}}};
    struct bench b;
    (void)unused;
    bench_init(&b, 24, 80);
    come(&b, names, TG_ARRAY_LEN(names));
    for (size_t i = 0; i < TG_ARRAY_LEN(cases); i++) {
        bool which[6] = {false};
        char why[120];
        uint32_t n;
        assert_int_equal(scope_means(b.w->scope, cases[i].what, which, &n, why), cases[i].n > 0);
        if (n != cases[i].n)
            fail_msg("%s means %u", cases[i].what, n);
        for (size_t k = 0; k < 6; k++)
            assert_int_equal(which[k], cases[i].which[k]);
        assert_int_equal(why[0] != 0, cases[i].n == 0);
    }
    bench_release(&b);
}

static char *job_text(struct bench *b)
{
    struct buf text = {0};
    job_emit(&b->job, &text);
    return buf_take(&text);
}

/* Boxes by keys and boxes by words write the same job. */
static void test_same_rules(void **unused)
{
    struct bench screen, lines;
    bool which[6] = {false}, asks;
    char why[120];
    uint32_t n;
    struct wz_effect effect = {.kind = WZ_NONE};
    (void)unused;
    bench_init(&screen, 24, 80);
    bench_init(&lines, 24, 80);
    come(&screen, names, TG_ARRAY_LEN(names));
    come(&lines, names, TG_ARRAY_LEN(names));
    screen.w->at = STEP_SCOPE;
    wz_pages[STEP_SCOPE]->enter(screen.w, &effect);
    type(&screen, "a ");                /* none, then crm alone */
    type(&screen, "/orders\r");
    press(&screen, K_DOWN);
    type(&screen, "  ");                /* crm.orders: off and on again */
    assert_true(scope_means(lines.w->scope, "all", which, &n, why));
    assert_true(scope_choose(lines.w, which, false, &asks));
    memset(which, 0, sizeof which);
    assert_true(scope_means(lines.w->scope, "crm", which, &n, why));
    assert_true(scope_choose(lines.w, which, true, &asks));
    assert_false(scope_choose(lines.w, which, true, &asks)); /* it is so already */
    assert_false(asks);
    char *a = job_text(&screen), *b = job_text(&lines);
    assert_string_equal(a, b);
    assert_non_null(strstr(b, "crm.*"));
    free(a);
    free(b);
    /* rules of a person's own are asked about, and nothing is written before the answer */
    struct err e = {0};
    assert_true(job_set(&lines.job, "allow.include", "crm.*, shop.or*", &e));
    scope_sync(lines.w);
    assert_false(scope_choose(lines.w, which, false, &asks));
    assert_true(asks);
    b = job_text(&lines);
    assert_non_null(strstr(b, "shop.or*"));
    free(b);
    bench_release(&screen);
    bench_release(&lines);
}

/* ---- the dashboard ---- */

/* What f says, as lines. */
static char *heard(void (*f)(struct dashboard_state *s, size_t *from), struct dashboard_state *s, size_t *from)
{
    static char text[20000];
    FILE *kept = stdout, *to = fmemopen(text, sizeof text, "w");
    memset(text, 0, sizeof text);
    stdout = to;
    f(s, from);
    stdout = kept;
    fclose(to);
    return text;
}

static void say_log_pane(struct dashboard_state *s, size_t *from)
{
    say_pane(s, PANE_LOG, from);
}

static void say_words(struct dashboard_state *s, size_t *from)
{
    (void)s;
    (void)from;
    say_commands();
}

static size_t lines_of(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

/* A log of thousands comes twenty lines at a time, the newest first, each once. */
static void test_pieces(void **unused)
{
    struct dashboard_state *s = dashboard_state_new();
    struct mon_event event = {.level = LOG_INFO};
    size_t from = 0;
    (void)unused;
    for (int i = 1; i <= 45; i++) {
        snprintf(event.text, sizeof event.text, "line %d.", i);
        dashboard_add_event(s, &event);
    }
    const char *text = heard(say_log_pane, s, &from);
    assert_non_null(strstr(text, "line 45."));
    assert_non_null(strstr(text, "line 26."));
    assert_null(strstr(text, "line 25."));
    assert_non_null(strstr(text, "25 older lines"));
    assert_int_equal(lines_of(text), 21);
    text = heard(say_log_pane, s, &from);
    assert_non_null(strstr(text, "line 25."));
    assert_null(strstr(text, "line 26."));
    text = heard(say_log_pane, s, &from);
    assert_non_null(strstr(text, "line 1."));
    assert_int_equal(lines_of(text), 5);
    text = heard(say_log_pane, s, &from);
    assert_int_equal(lines_of(text), 0);
    dashboard_state_free(s);
}

/* Every command by name stands in the list that ? tells. */
static void test_every_command(void **unused)
{
    char line[400], all[20000];
    size_t from = 0, n = 0;
    (void)unused;
    snprintf(all, sizeof all, "%s", heard(say_words, NULL, &from));
    for (; command_line(n, line, sizeof line); n++)
        assert_non_null(strstr(all, line));
    assert_true(n >= 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_behind), cmocka_unit_test(test_means),
        cmocka_unit_test(test_same_rules), cmocka_unit_test(test_pieces), cmocka_unit_test(test_every_command),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
