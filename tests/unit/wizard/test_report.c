// SPDX-License-Identifier: Apache-2.0
/* The report's page: from a report.json on the disk to the screen, and out of it again. Golden screens as in
 * test_dashboard.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <locale.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "golden.h"
#include "wizard/report_page.h"
#include "wizard/save.h"

static char dir[64];

/* The last snapshot of the mock-ups' run, and what the engine adds to it. */
static const char beside[] =
    ",\"report\":{\"exit_code\":0,\"error\":\"\",\"times\":{\"started_ms\":1763661120000,\"copied_ms\":1763670180000,"
    "\"in_sync_ms\":1763670900000,\"verified_ms\":1763674800000,\"ended_ms\":1763675520000,\"starts\":2,\"answers\":1},"
    "\"longest\":[{\"name\":\"shop.order_items\",\"rows\":801000000,\"bytes\":188000000000,\"ms\":6720000,\"state\":\"verified\"},"
    "{\"name\":\"shop.orders\",\"rows\":214000000,\"bytes\":143000000000,\"ms\":4860000,\"state\":\"verified\"},"
    "{\"name\":\"shop.a_table_with_a_very_long_name\",\"rows\":14,\"bytes\":16000,\"ms\":300,\"state\":\"copied\"}],"
    "\"checks\":[{\"name\":\"table.key\",\"text\":\"order_notes has no key, accepted: compared as a bag\",\"problem\":false}],"
    "\"not_moved\":[{\"name\":\"shop.tr_1\",\"text\":\"trigger\",\"problem\":false},{\"name\":\"shop.ev\",\"text\":\"event\",\"problem\":false}],"
    "\"foreign_keys\":[{\"name\":\"shop.orders\",\"text\":\"fk_1 was refused: 1452\",\"problem\":true}],"
    "\"cleanup\":[{\"where\":\"gateway01.example:4000\",\"why\":\"tidegate's own notes; after this the run can't be resumed\","
    "\"sql\":\"DROP DATABASE tidegate_meta;\"},{\"where\":\"shop.example:3306\",\"why\":\"only if this account was made for the "
    "migration and nothing else uses it\",\"sql\":\"DROP USER 'tg_reader'@'%';\"}]}}";

static struct mon_snapshot *last_snapshot(void)
{
    struct mon_snapshot *m = sample_snapshot();
    m->state = RUN_FINISHED;
    m->nquestions = 0;
    m->tables_done = m->tables_verified = m->tables_total;
    m->tables_busy = m->tables_waiting = 0;
    m->load.bytes = m->load.total_bytes = m->dump.bytes = 418000000000;
    m->load.rows = 1402118344;
    m->lag.seconds = 0;
    strcpy(m->verdict, "PASS");
    strcpy(m->verified_at, "binlog.018155:13012480");
    return m;
}

static void write_report(const char *more)
{
    char *path = x_format("%s/report.json", dir);
    struct mon_snapshot *m = last_snapshot();
    char *json = mon_encode(m);
    json[strlen(json) - 1] = 0; /* its last brace */
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "%s%s", json, more);
    fclose(f);
    free(json);
    free(m);
    free(path);
}

static int set_up(void **unused)
{
    (void)unused;
    snprintf(dir, sizeof dir, "/tmp/tg-report-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    write_report(beside);
    return 0;
}

static int clear_away(void **unused)
{
    static const char *const names[] = {"report.json", "report.md", "mine.md", "mine.log"};
    (void)unused;
    for (size_t i = 0; i < TG_ARRAY_LEN(names); i++) {
        char *path = x_format("%s/%s", dir, names[i]);
        unlink(path);
        free(path);
    }
    return rmdir(dir);
}

struct desk {
    struct mon_report report;
    struct report_page *page;
};

static void open_page(struct desk *d, int rows, int cols)
{
    struct err e = {0};
    assert_true(mon_report_read(dir, &d->report, &e));
    d->page = report_page_new(&d->report, "/var/lib/tidegate/shop-prod", false);
    d->page->rows = rows;
    d->page->cols = cols;
    d->page->now_ms = 1000000;
}

static void close_page(struct desk *d)
{
    report_page_free(d->page);
    mon_report_release(&d->report);
}

static struct effect hit(struct desk *d, int key)
{
    struct effect effect;
    d->page->now_ms += 1000;
    report_page_feed(d->page, &(struct input){.kind = IN_KEY, .key = key}, &effect);
    return effect;
}

static void draw(struct desk *d, enum glyph_set glyphs, struct buf *text, struct buf *roles)
{
    struct canvas c;
    canvas_init(&c, d->page->rows, d->page->cols, glyphs);
    report_page_draw(&c, d->page);
    canvas_print(&c, text);
    if (roles)
        canvas_print_roles(&c, roles);
    canvas_release(&c);
}

static void page_golden(const char *name, struct desk *d, enum glyph_set glyphs)
{
    struct buf text = {0}, roles = {0};
    draw(d, glyphs, &text, &roles);
    buf_adds(&text, "---- roles\n");
    buf_add(&text, roles.p, roles.n);
    compare(name, &text);
    buf_release(&text);
    buf_release(&roles);
    close_page(d);
}

static void test_sizes(void **unused)
{
    (void)unused;
    struct desk d;
    open_page(&d, 24, 80);
    page_golden("report-80x24", &d, GLYPHS_LINES);
    open_page(&d, 36, 120);
    page_golden("report-120x36", &d, GLYPHS_LINES);
    open_page(&d, 18, 60);
    page_golden("report-60x18", &d, GLYPHS_LINES);
    open_page(&d, 24, 80);
    page_golden("report-ascii", &d, GLYPHS_ASCII);
    text_speak(TEXT_ZH_CN);
    open_page(&d, 24, 80);
    page_golden("zh-report", &d, GLYPHS_LINES);
    text_speak(TEXT_EN);
}

static void test_boxes(void **unused)
{
    (void)unused;
    struct desk d;
    open_page(&d, 24, 80);
    hit(&d, K_F5);
    page_golden("report-cleanup", &d, GLYPHS_LINES);
    open_page(&d, 24, 80);
    hit(&d, K_ENTER);
    page_golden("report-everything", &d, GLYPHS_LINES);
    open_page(&d, 24, 80);
    hit(&d, 's');
    page_golden("report-save", &d, GLYPHS_LINES);
    open_page(&d, 24, 80);
    hit(&d, '?');
    page_golden("report-help", &d, GLYPHS_LINES);
}

static void test_keys(void **unused)
{
    (void)unused;
    struct desk d;
    open_page(&d, 24, 80);
    struct effect e = hit(&d, 'y');
    assert_int_equal(e.kind, EFFECT_COPY);
    assert_non_null(strstr(e.lent, "DROP DATABASE tidegate_meta;"));
    assert_non_null(strstr(e.lent, "-- at shop.example:3306: only if this account"));
    hit(&d, K_F9);
    hit(&d, K_ENTER); /* the field, then the button */
    e = hit(&d, K_ENTER);
    assert_int_equal(e.kind, EFFECT_SAVE_REPORT);
    assert_string_equal(e.path, "shop-prod-report.md");
    hit(&d, 'u');
    assert_int_equal(d.page->box.kind, 1);
    e = hit(&d, 'q'); /* in a box it is no way out */
    assert_int_equal(e.kind, EFFECT_NONE);
    hit(&d, K_ESC);
    assert_int_equal(d.page->box.kind, 0);
    e = hit(&d, K_ESC); /* Esc never quits */
    assert_int_equal(e.kind, EFFECT_NONE);
    e = hit(&d, 'q');
    assert_int_equal(e.kind, EFFECT_LEAVE);
    assert_int_equal(e.left, DASHBOARD_ENGINE_GONE);
    close_page(&d);
}

/* Of a run that nobody timed, and that failed: nothing is made up. */
static void test_little_is_known(void **unused)
{
    (void)unused;
    struct desk d;
    struct buf text = {0};
    write_report(",\"report\":{}}");
    open_page(&d, 24, 80);
    draw(&d, GLYPHS_LINES, &text, NULL);
    assert_non_null(strstr(text.p, "Moved 40 tables, 1,402,118,344 rows, 418 GB "));
    assert_non_null(strstr(text.p, "no durations were written down"));
    assert_null(strstr(text.p, "Stopped and resumed"));
    buf_release(&text);
    close_page(&d);
    write_report("}");
    struct mon_report r;
    struct err e = {0};
    assert_false(mon_report_read(dir, &r, &e));
    assert_int_equal(e.code, ERR_FILE);
    mon_report_release(&r);
    write_report(beside);
}

static void test_small_and_odd_sizes(void **unused)
{
    (void)unused;
    struct desk d;
    open_page(&d, 24, 80);
    static const int keys[] = {K_F5, K_ENTER, K_ESC, 's', '?', 'u', K_DOWN, K_PAGE_DOWN, K_TAB, 'x'};
    uint32_t seed = 7;
    for (int i = 0; i < 3000; i++) {
        seed = seed * 1664525 + 1013904223;
        d.page->rows = 1 + (int)(seed >> 8) % 60;
        d.page->cols = 1 + (int)(seed >> 16) % 180;
        hit(&d, keys[(seed >> 4) % TG_ARRAY_LEN(keys)]);
        struct buf text = {0};
        draw(&d, (enum glyph_set)(1 + seed % 3), &text, NULL);
        buf_release(&text);
    }
    for (int i = 0; i < 3; i++)
        hit(&d, K_ESC);
    assert_true(!d.page->box.kind && !d.page->is_help);
    close_page(&d);
}

static size_t file_text(const char *path, char *out, size_t size)
{
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(out, 1, size - 1, f);
    out[n] = 0;
    fclose(f);
    return n;
}

static void test_saving(void **unused)
{
    (void)unused;
    char *from = x_format("%s/report.md", dir), *to = x_format("%s/mine.md", dir), *log = x_format("%s/mine.log", dir), text[4000];
    struct err e = {0};
    assert_false(save_report(dir, to, &e)); /* no report.md yet */
    FILE *f = fopen(from, "w");
    fputs("# Run\n", f);
    fclose(f);
    assert_true(save_report(dir, to, &e));
    file_text(to, text, sizeof text);
    assert_string_equal(text, "# Run\n");
    assert_false(save_report(dir, to, &e)); /* never over another file */
    assert_non_null(strstr(e.text, "stays as it is"));

    struct dashboard_state *s = dashboard_state_new();
    struct mon_event event;
    for (size_t i = 0; i < TG_ARRAY_LEN(sample_lines); i++) {
        sample_event(&event, i);
        dashboard_add_event(s, &event);
    }
    s->view.floor = LOG_WARN;
    size_t n = 0;
    assert_true(save_log(s, log, &n, &e));
    assert_int_equal(n, 3);
    file_text(log, text, sizeof text);
    assert_non_null(strstr(text, "2025-11-20 18:52:31 warn  apply  shop.order_notes waits for a lock on the target, 30 s\n"));
    assert_non_null(strstr(text, "shop.order_notes TG-3107 lock wait, session 88123, [31m250 s\n"));
    assert_null(strstr(text, "pace: normal"));
    struct stat st;
    assert_int_equal(stat(log, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_false(save_log(s, log, &n, &e));
    dashboard_state_free(s);
    free(from);
    free(to);
    free(log);
}

static void test_summary(void **unused)
{
    (void)unused;
    struct mon_snapshot *m = last_snapshot();
    char *out = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&out, &n);
    dashboard_summary(f, m, DASHBOARD_ENGINE_GONE, dir);
    fclose(f);
    assert_non_null(strstr(out, "shop-prod  finished  Moved 40 tables, 1,402,118,344 rows, 418 GB in 2 h 31 m\n"));
    assert_non_null(strstr(out, "  Verified 40 of 40 equal"));
    assert_non_null(strstr(out, "/report.txt\n"));
    assert_non_null(strstr(out, "again   tidegate attach shop-prod\n"));
    free(out);
    free(m);
}

/* The page, its boxes and its help name the keys that hold. */
static void test_own_keys(void **unused)
{
    (void)unused;
    static const struct { const char *action, *key; } own[] = {{"clean-up", "F6"}, {"save", "F11"}, {"copy", "Y"}, {"help", "F12"}, {"leave", "F8"}};
    const struct keymap *const maps[] = {report_keys};
    struct desk d;
    struct err e = {0};
    keymap_forget();
    for (size_t i = 0; i < TG_ARRAY_LEN(own); i++)
        if (!keymap_own(maps, 1, own[i].action, &own[i].key, 1, &e))
            fail_msg("%s", e.text);
    static const struct { int key; const char *shows; } steps[] = {{0, "F6 shows the SQL"}, {0, "F11 Save   F12 Help"}, {K_F0 + 6, "Y Copy"}, {K_ESC, "F8 Quit"}, {K_F0 + 12, "F11"}};
    open_page(&d, 24, 80);
    for (size_t i = 0; i < TG_ARRAY_LEN(steps); i++) {
        struct buf text = {0};
        if (steps[i].key)
            hit(&d, steps[i].key);
        draw(&d, GLYPHS_LINES, &text, NULL);
        bool is_old = strstr(text.p, "F5") || strstr(text.p, "F9") || strstr(text.p, "F10") || strstr(text.p, "Ctrl-Q") || strstr(text.p, " y ");
        if (is_old || !strstr(text.p, steps[i].shows))
            fail_msg("'%s' is not there, or an old key is:\n%s", steps[i].shows, text.p);
        buf_release(&text);
    }
    close_page(&d);
    keymap_forget();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),           cmocka_unit_test(test_boxes),  cmocka_unit_test(test_keys),
        cmocka_unit_test(test_little_is_known), cmocka_unit_test(test_saving), cmocka_unit_test(test_small_and_odd_sizes),
        cmocka_unit_test(test_summary),         cmocka_unit_test(test_own_keys),
    };
    setenv("TZ", "UTC", 1);
    tzset();
    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, set_up, clear_away);
}
