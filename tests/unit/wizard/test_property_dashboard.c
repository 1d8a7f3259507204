// SPDX-License-Identifier: Apache-2.0
/* The dashboard and the report's page under random snapshots, events, keys, pastes and sizes: no crash, no cell outside,
 * the cursor inside, and Esc always leads back to all panes and never leaves. TG_PROPERTY_SECONDS says how long (2),
 * TG_SEED from which seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <locale.h>
#include <math.h>

#include "base/sync.h"
#include "sample.h"
#include "wizard/report_page.h"

static uint64_t state;

static unsigned draw_number(unsigned below) /* xorshift: the same on every machine */
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state % below);
}

static int random_key(void)
{
    static const int special[] = {K_TAB, K_ENTER, K_ESC, K_BACKSPACE, K_UP, K_DOWN, K_LEFT, K_RIGHT, K_PAGE_UP, K_PAGE_DOWN, K_HOME, K_END,
                                  K_BACK_TAB, K_DELETE, K_F1, K_F2, K_F4, K_F5, K_F6, K_F9, K_F10};
    static const char letters[] = "1234567zptvcdxedxefwlgTy:/?qsSLRrhmjkG+-";
    unsigned kind = draw_number(10);
    if (kind < 4)
        return special[draw_number(TG_ARRAY_LEN(special))];
    if (kind < 8)
        return letters[draw_number(sizeof letters - 1)];
    return kind == 8 ? (int)draw_number(32) : draw_number(4) ? ' ' + (int)draw_number(95) : 0x4e00 + (int)draw_number(2000);
}

/* Figures as an engine may send them at its worst moment, and as a broken one may. */
static double random_double(void)
{
    static const double odd[] = {0, -1, 0.4, 1, 59, 3600, 1e6, 61.4e6, 1e12, 1e300, -1e300};
    return draw_number(40) == 0 ? NAN : odd[draw_number(TG_ARRAY_LEN(odd))];
}

static uint64_t random_size(void)
{
    static const uint64_t odd[] = {0, 1, 1023, 1000000, 412000000000, UINT64_C(1) << 40, UINT64_MAX / 2, UINT64_MAX};
    return odd[draw_number(TG_ARRAY_LEN(odd))];
}

static int64_t random_time(void)
{
    static const int64_t odd[] = {-1, 0, 1, 59, 3600, 86400 * 40, INT64_MAX / 2000};
    return odd[draw_number(TG_ARRAY_LEN(odd))];
}

static void random_text(char *out, size_t size)
{
    static const char *const texts[] = {"", "shop.orders", "PASS", "FAIL 2 tables differ", "not verified: the source moves", "binlog.018131:51002440",
                                        "表名很长很长很长很长很长很长很长很长.订单明细", "a name that goes on and on and on and on and on and on and on and on and on",
                                        "\xff\xfe broken", "e\xcc\x81\xcc\x81 combining", "tab\tand \033[2J escape"};
    snprintf(out, size, "%s", texts[draw_number(TG_ARRAY_LEN(texts))]);
}

static void random_flow(struct flow_view *f)
{
    *f = (struct flow_view){.bytes = random_size(), .total_bytes = random_size(), .rows = random_size(), .total_is_guess = draw_number(2), .rate = random_double(),
                            .rate_long = random_double(), .row_rate = random_double(), .left_s = random_time(), .left_from_s = random_time(), .left_to_s = random_time(),
                            .workers = draw_number(200), .workers_max = draw_number(200), .waiting = draw_number(200), .active = draw_number(200)};
}

static void random_points(float *point, uint32_t *n, uint32_t most)
{
    *n = draw_number(most + 1);
    for (uint32_t i = 0; i < *n; i++)
        point[i] = (float)random_double();
}

static void random_questions(struct mon_snapshot *m)
{
    m->nquestions = draw_number(3) ? 0 : draw_number(MON_QUESTIONS + 1);
    for (uint32_t i = 0; i < m->nquestions; i++) {
        struct question_view *q = &m->question[i];
        snprintf(q->id, sizeof q->id, "TG-%04u", draw_number(10000));
        random_text(q->table, sizeof q->table);
        random_text(q->text, sizeof q->text);
        q->nchoices = draw_number(7);
        q->initial = draw_number(7);
        for (uint32_t c = 0; c < q->nchoices; c++) {
            random_text(q->choice[c].slug, sizeof q->choice[c].slug);
            random_text(q->choice[c].label, sizeof q->choice[c].label);
        }
    }
}

static void random_snapshot(struct mon_snapshot *m)
{
    m->seq++;
    m->at_ms += (int64_t)draw_number(4000);
    m->state = (enum run_state)draw_number(RUN_STUCK + 1);
    random_text(m->reason, draw_number(3) ? 1 : sizeof m->reason);
    random_text(m->verdict, sizeof m->verdict);
    random_text(m->verified_at, sizeof m->verified_at);
    random_text(m->source_flavour, sizeof m->source_flavour);
    random_flow(&m->dump);
    random_flow(&m->load);
    m->lag.seconds = random_double();
    m->lag.unread_bytes = random_size();
    m->lag.unapplied_bytes = random_size();
    m->lag.silent_s = random_double();
    m->lag.source_tx_rate = random_double();
    m->lag.source_byte_rate = random_double();
    m->lag.apply_tx_rate = random_double();
    m->lag.apply_byte_rate = random_double();
    random_points(m->lag.points, &m->lag.npoints, MON_LAG_POINTS);
    random_points(m->lag.hour, &m->lag.nhour, MON_LAG_LONG);
    random_points(m->lag.day, &m->lag.nday, MON_LAG_LONG);
    m->tables_total = draw_number(30000);
    m->tables_done = draw_number(30000);
    m->tables_busy = draw_number(300);
    m->tables_failed = draw_number(3);
    m->tables_verified = draw_number(300);
    m->tables_different = draw_number(3);
    m->ntables = draw_number(4) ? m->ntables : draw_number(MON_TABLES + 1);
    for (uint32_t i = 0; i < m->ntables; i++)
        if (!m->table[i].name[0] || draw_number(20) == 0) {
            struct table_view *t = &m->table[i];
            random_text(t->name, sizeof t->name);
            t->state = (enum table_state)draw_number(TABLE_FAILED + 1);
            t->rows_guess = random_size();
            t->bytes_guess = random_size();
            t->rows_loaded = random_size();
            t->bytes_loaded = random_size();
            t->bytes_read = random_size();
            t->rate = random_double();
            t->left_s = random_time();
        }
    random_questions(m);
}

static void random_event(struct dashboard_state *s, struct mon_snapshot *m, struct effect *effect)
{
    static const char *const pastes[] = {"", "a", "order*", "\xff\xfe broken", "很长的文字很长的文字很长的文字", "a paste that is longer than any field has room for, and then some more of it"};
    struct mon_event event;
    unsigned kind = draw_number(40);
    s->now_ms += draw_number(700);
    s->wall_ms = m->at_ms + draw_number(5000);
    *effect = (struct effect){.kind = EFFECT_NONE};
    if (kind < 3) {
        random_snapshot(m);
        dashboard_take(s, m);
    } else if (kind < 6) {
        sample_event(&event, draw_number(100));
        random_text(event.text, sizeof event.text);
        dashboard_add_event(s, &event);
    } else if (kind == 6) {
        dashboard_feed(s, &(struct input){.kind = IN_PASTE, .text = pastes[draw_number(TG_ARRAY_LEN(pastes))]}, effect);
    } else if (kind == 7) {
        s->is_gone = draw_number(8) == 0;
        s->watches_only = draw_number(2);
        s->has_report = draw_number(2);
    } else {
        dashboard_feed(s, &(struct input){.kind = IN_KEY, .key = random_key()}, effect);
    }
}

static void check_canvas(const struct canvas *c)
{
    assert_true(c->cursor_y >= -1 && c->cursor_y < c->rows);
    assert_true(c->cursor_x >= -1 && c->cursor_x < c->cols);
}

static void random_canvas(struct canvas *c, int *rows, int *cols)
{
    static const enum glyph_set sets[] = {GLYPHS_LINES, GLYPHS_SAFE, GLYPHS_ASCII};
    if (draw_number(4) == 0) {
        *rows = 1 + (int)draw_number(60);
        *cols = 1 + (int)draw_number(200);
    }
    canvas_init(c, *rows, *cols, sets[draw_number(3)]);
}

static void esc_leads_back(struct dashboard_state *s)
{
    struct effect effect;
    for (int i = 0; i < 20; i++) {
        s->now_ms += 1000;
        dashboard_feed(s, &(struct input){.kind = IN_KEY, .key = K_ESC}, &effect);
        assert_int_not_equal(effect.kind, EFFECT_LEAVE);
        assert_int_not_equal(effect.kind, EFFECT_CALL);
    }
    assert_false(s->dialog.is_open || s->is_zoomed || s->is_cutover || s->help || s->prompt);
}

static void seed_once(const char *what)
{
    const char *seed = getenv("TG_SEED");
    state = (seed ? strtoull(seed, NULL, 10) : tg_random64()) | 1;
    print_message("%s: seed %llu\n", what, (unsigned long long)state);
}

static int64_t seconds_ms(void)
{
    const char *seconds = getenv("TG_PROPERTY_SECONDS");
    return 1000 * (seconds ? strtol(seconds, NULL, 10) : 2);
}

static void test_dashboard(void **unused)
{
    int64_t end = clock_mono_ms() + seconds_ms();
    uint64_t rounds = 0, events = 0;
    (void)unused;
    seed_once("dashboard");
    for (; clock_mono_ms() < end; rounds++) {
        struct dashboard_state *s = dashboard_state_new();
        struct mon_snapshot *m = sample_snapshot();
        struct effect effect;
        struct canvas c;
        s->rows = 24;
        s->cols = 80;
        if (draw_number(8))
            dashboard_take(s, m);
        for (int i = 0; i < 300; i++, events++) {
            random_event(s, m, &effect);
            random_canvas(&c, &s->rows, &s->cols);
            dashboard_draw(&c, s);
            check_canvas(&c);
            canvas_release(&c);
        }
        esc_leads_back(s);
        dashboard_state_free(s);
        free(m);
    }
    print_message("%llu rounds, %llu events\n", (unsigned long long)rounds, (unsigned long long)events);
}

static void random_report(struct mon_report *r, const struct mon_snapshot *m)
{
    static const char *const parts[] = {"checks", "cures", "tables", "existing", "views", "foreign_keys", "auto_increment", "not_moved", "unread"};
    char text[130];
    *r = (struct mon_report){.snap = *m, .exit_code = (int)draw_number(7), .started_ms = random_time(), .copied_ms = random_time(), .in_sync_ms = random_time(),
                             .verified_ms = random_time(), .ended_ms = random_time(), .starts = draw_number(9), .answers = draw_number(9), .nlongest = draw_number(MON_LONGEST + 1)};
    for (uint32_t i = 0; i < r->nlongest; i++) {
        random_text(r->longest[i].name, sizeof r->longest[i].name);
        r->longest[i].rows = random_size();
        r->longest[i].bytes = random_size();
        r->longest[i].ms = random_time();
        r->longest[i].state = (enum table_state)draw_number(TABLE_FAILED + 1);
    }
    r->nlines = draw_number(40);
    r->line = x_alloc((r->nlines + 1) * sizeof *r->line);
    for (size_t i = 0; i < r->nlines; i++) {
        random_text(text, sizeof text);
        r->line[i] = (struct mon_report_line){parts[draw_number(TG_ARRAY_LEN(parts))], x_strdup(text), x_strdup(text), draw_number(2)};
    }
    r->ncleanup = draw_number(5);
    r->cleanup = x_alloc((r->ncleanup + 1) * sizeof *r->cleanup);
    for (size_t i = 0; i < r->ncleanup; i++)
        r->cleanup[i] = (struct mon_cleanup){x_strdup("tidb:4000"), x_strdup("the books of the run"), x_strdup("DROP SCHEMA tidegate_meta")};
}

static void test_report(void **unused)
{
    int64_t end = clock_mono_ms() + seconds_ms() / 4;
    uint64_t rounds = 0;
    (void)unused;
    seed_once("report");
    for (; clock_mono_ms() < end; rounds++) {
        struct mon_snapshot *m = sample_snapshot();
        struct mon_report r;
        struct canvas c;
        struct effect effect;
        int rows = 24, cols = 80;
        random_snapshot(m);
        random_report(&r, m);
        struct report_page *p = report_page_new(&r, "/runs/shop-prod", draw_number(2));
        for (int i = 0; i < 100; i++) {
            p->now_ms += draw_number(700);
            report_page_feed(p, &(struct input){.kind = IN_KEY, .key = random_key()}, &effect);
            random_canvas(&c, &rows, &cols);
            report_page_draw(&c, p);
            check_canvas(&c);
            canvas_release(&c);
        }
        report_page_free(p);
        mon_report_release(&r);
        free(m);
    }
    print_message("%llu rounds of a hundred keys\n", (unsigned long long)rounds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_dashboard), cmocka_unit_test(test_report)};
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
