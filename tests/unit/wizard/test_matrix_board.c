// SPDX-License-Identifier: Apache-2.0
/* Every pane, dialog and prompt of the dashboard, and the report's page with its boxes, in all forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <locale.h>

#include "golden.h"
#include "matrix.h"
#include "wizard/report_page.h"

/* The screen, and the keys that lead to it. */
static const struct {
    const char *name, *keys;
} screens[] = {
    {"board", ""},                 {"board-cutover", "c"},          {"pane-dump", "1z"},           {"pane-load", "2z"},          {"pane-replication", "3z"},
    {"pane-tables", "4z"},         {"pane-lag", "5z"},              {"pane-log", "6z"},            {"pane-attention", "7"},      {"ask-leave", "q"},
    {"ask-stop", "x"},             {"ask-question", "e"},           {"ask-event", "6k\r"},         {"ask-pace", "t"},            {"prompt-tables", "4/ord"},
    {"prompt-log-text", "6/lock"}, {"prompt-log-table", "6Torders"}, {"prompt-save", "\x13"},      {"prompt-command", ":wor"},   {"help-keys", "?"},
    {"help-commands", "?\t"},     {"pane-chunks", "4z\r"},         {"ask-redo", "4zr"},           {"ask-leave-out", "4zx"},
    {"ask-peak", "5z\r"},
};

static void take_chunks(struct dashboard_state *s)
{
    static const struct chunk_view list[] = {{1361, CHUNK_LOADING, "90201996, 2", "90271330, 1", 296114, 96100000, -1},
                                             {1363, CHUNK_PASSING, "90340072, 7", "90409661, 3", 298406, 97000000, -1},
                                             {1364, CHUNK_READING, "90409661, 3", "90478120, 5", 0, 0, 62},
                                             {1365, CHUNK_ASKING, "90478120, 5", "", 300120, 97900000, -1}};
    struct chunks_view v = {.table = "shop.order_items", .key = "order_id, line", .done = 2059, .ranges = 1, .rows_left = 228000000, .retried = 3,
                            .why = "changed at the source while it was read", .total = TG_ARRAY_LEN(list), .n = TG_ARRAY_LEN(list)};
    for (size_t i = 0; i < TG_ARRAY_LEN(list); i++) {
        v.chunk[i] = list[i];
        v.count[list[i].state]++;
    }
    dashboard_take_chunks(s, &v);
}

static void draw_board(const char *name, struct canvas *c)
{
    struct dashboard_state *s = sample_state(c->rows, c->cols);
    size_t i = 0;
    while (strcmp(screens[i].name, name) != 0)
        i++;
    press_all(s, screens[i].keys);
    if (strcmp(name, "ask-question") == 0 && !s->dialog.is_open)
        press(s, K_ENTER); /* a wide screen has a pane for it first */
    if (strcmp(name, "pane-chunks") == 0)
        take_chunks(s);
    bool asks = strncmp(name, "ask-", 4) == 0, prompts = strncmp(name, "prompt-", 7) == 0, helps = strncmp(name, "help-", 5) == 0;
    if (asks != (s->dialog.is_open || s->modal.kind) || prompts != (s->prompt != PROMPT_NONE) || helps != (s->help != HELP_NONE))
        fail_msg("%s: the keys lead elsewhere", name);
    dashboard_draw(c, s);
    dashboard_state_free(s);
}

static void test_board(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < TG_ARRAY_LEN(screens); i++)
        matrix(screens[i].name, draw_board);
}

/* Without a run, and where there is no room for one. */
static void draw_waiting(const char *name, struct canvas *c)
{
    struct dashboard_state *s = dashboard_state_new();
    (void)name;
    s->rows = c->rows;
    s->cols = c->cols;
    dashboard_draw(c, s);
    dashboard_state_free(s);
}

static void test_waiting(void **unused)
{
    (void)unused;
    matrix("board-waiting", draw_waiting);
}

/* ---- the report ---- */

static void fill_report(struct mon_report *r)
{
    static const struct {
        const char *part, *name, *text;
        bool is_problem;
    } lines[] = {{"checks", "table.key", "order_notes has no key, accepted: compared as a bag", false},
                                                   {"foreign_keys", "shop.orders", "fk_1 was refused: 1452", true},
                                                   {"not_moved", "shop.tr_1", "trigger", false}};
    struct mon_snapshot *m = sample_snapshot();
    *r = (struct mon_report){.snap = *m, .started_ms = 1763661120000, .copied_ms = 1763670180000, .in_sync_ms = 1763670900000, .verified_ms = 1763674800000,
                             .ended_ms = 1763675520000, .starts = 2, .answers = 1, .nlongest = 2};
    free(m);
    r->snap.state = RUN_FINISHED;
    r->snap.nquestions = 0;
    r->snap.tables_done = r->snap.tables_verified = r->snap.tables_total;
    r->snap.tables_busy = r->snap.tables_waiting = 0;
    r->snap.load.bytes = r->snap.load.total_bytes = r->snap.dump.bytes = 418000000000;
    r->snap.load.rows = 1402118344;
    r->snap.lag.seconds = 0;
    strcpy(r->snap.verdict, "PASS");
    strcpy(r->snap.verified_at, "binlog.018155:13012480");
    strcpy(r->longest[0].name, "shop.order_items");
    r->longest[0].rows = 801000000, r->longest[0].bytes = 188000000000, r->longest[0].ms = 6720000, r->longest[0].state = TABLE_VERIFIED;
    strcpy(r->longest[1].name, "shop.orders");
    r->longest[1].rows = 214000000, r->longest[1].bytes = 143000000000, r->longest[1].ms = 4860000, r->longest[1].state = TABLE_VERIFIED;
    r->nlines = TG_ARRAY_LEN(lines);
    r->line = x_alloc(r->nlines * sizeof *r->line);
    for (size_t i = 0; i < r->nlines; i++)
        r->line[i] = (struct mon_report_line){lines[i].part, x_strdup(lines[i].name), x_strdup(lines[i].text), lines[i].is_problem};
    r->ncleanup = 1;
    r->cleanup = x_alloc(sizeof *r->cleanup);
    r->cleanup[0] = (struct mon_cleanup){x_strdup("gateway01.example:4000"), x_strdup("tidegate's own notes; after this the run can't be resumed"), x_strdup("DROP DATABASE tidegate_meta;")};
}

static const struct {
    const char *name;
    int key;
} pages[] = {{"report", 0}, {"report-box-sql", K_F0 + 5}, {"report-box-save", K_F9}, {"report-box-all", K_ENTER}, {"report-help", '?'}};

static void draw_report(const char *name, struct canvas *c)
{
    struct mon_report r;
    struct effect effect;
    size_t i = 0;
    fill_report(&r);
    struct report_page *p = report_page_new(&r, "/var/lib/tidegate/shop-prod", true);
    p->rows = c->rows;
    p->cols = c->cols;
    while (strcmp(pages[i].name, name) != 0)
        i++;
    if (pages[i].key)
        report_page_feed(p, &(struct input){.kind = IN_KEY, .key = pages[i].key}, &effect);
    assert_true(!pages[i].key || p->box.kind || p->is_help);
    report_page_draw(c, p);
    report_page_free(p);
    mon_report_release(&r);
}

static void test_report(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < TG_ARRAY_LEN(pages); i++)
        matrix(pages[i].name, draw_report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_board), cmocka_unit_test(test_waiting), cmocka_unit_test(test_report)};
    setenv("TZ", "UTC", 1);
    unsetenv("TERM");
    if (!setlocale(LC_ALL, "C.UTF-8"))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
