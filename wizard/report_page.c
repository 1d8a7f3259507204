// SPDX-License-Identifier: Apache-2.0
/* The report of a run that is over: what was moved, what took long, what is left to do. It shows a file; no server is
 * asked and none is changed from here. */
#include "wizard/report_page.h"

#include "base/retell.h"
#include "ui/format.h"
#include "ui/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NOTICE_MS 6000
#define WIDE_COLS 110

enum { BOX_SQL = 1, BOX_SAVE, BOX_ALL };
enum { DO_SQL = 1, DO_SAVE_IT, DO_ALL, DO_COPY_SQL, DO_KEYS, DO_LOOK, DO_AGAIN, DO_SHELL, DO_PANES, DO_GO, DO_POINTER };

static const struct key_row rows[] = {
    {DO_KEYS, 1, K_F1, {'?', 0, 0}, N_("F1 or ?"), NULL, 0, N_("this list"), true, NULL},
    {DO_PANES, 1, K_ESC, {0}, "Esc", NULL, 0, N_("back to the panes"), true, NULL},
    {DO_AGAIN, 1, K_CTRL('l'), {0}, "Ctrl-L", NULL, 0, N_("draw again"), true, NULL},
    {DO_LOOK, 1, 'L', {0}, "L", NULL, 0, N_("next colour theme"), true, NULL},
    {DO_POINTER, 1, K_F3, {'m', 0, 0}, "F3 m", NULL, 0, N_("mouse on, off"), true, NULL},
    {DO_SHELL, 1, K_CTRL('z'), {0}, "Ctrl-Z", NULL, 0, N_("shell; fg returns"), true, NULL},
    {0, 1, 0, {0}, "F10 Ctrl-Q", NULL, 0, N_("quit"), true, NULL},
    {DO_SQL, 1, K_F5, {'u', 0, 0}, "F5", N_("Clean-up SQL"), 0, NULL, false, NULL},
    {0, 1, 0, {0}, N_("F5 or u"), NULL, 0, N_("clean-up SQL, to read"), false, NULL},
    {DO_SAVE_IT, 1, K_F9, {K_CTRL('s'), 's', 0}, "F9", N_("Save report"), 0, NULL, false, NULL},
    {0, 1, 0, {0}, N_("F9 or s"), NULL, 0, N_("save the report"), false, NULL},
    {DO_ALL, 1, K_ENTER, {0}, "Enter", N_("Everything"), 0, N_("all that it says"), false, NULL},
    {DO_COPY_SQL, 1, 'y', {0}, "y", N_("Copy SQL"), 0, N_("copy the SQL (OSC 52)"), false, NULL},
    {DO_GO, 1, K_F10, {K_CTRL('q'), K_CTRL('c'), 'q'}, "q", N_("Quit"), 0, N_("quit"), false, NULL},
};
static const struct key_action actions[] = {
    {"help", 1, {K_F1, '?'}},          {"mouse", 1, {K_F3, 'm'}},
    {"save", 1, {K_F9, K_CTRL('s'), 's'}}, {"leave", 1, {K_F10, K_CTRL('q'), K_CTRL('c'), 'q'}},
    {"redraw", 1, {K_CTRL('l')}},      {"suspend", 1, {K_CTRL('z')}},
    {"theme", 1, {'L'}},               {"copy", 1, {'y'}},
    {"clean-up", 1, {K_F5, 'u'}},
};
static const struct keymap keys = {rows, TG_ARRAY_LEN(rows), actions, TG_ARRAY_LEN(actions)};
const struct keymap *const report_keys = &keys;

struct report_page *report_page_new(const struct mon_report *r, const char *run_dir, bool has_panes)
{
    struct report_page *p = x_alloc(sizeof *p);
    p->r = r;
    p->run_dir = run_dir;
    p->has_panes = has_panes;
    p->rows = 24;
    p->cols = 80;
    report_cleanup(r, &p->sql);
    return p;
}

void report_page_free(struct report_page *p)
{
    if (!p)
        return;
    modal_close(&p->box);
    buf_release(&p->sql);
    free(p);
}

void report_page_notice(struct report_page *p, const char *fmt, ...)
{
    char text[sizeof p->notice];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    keymap_say(&keys, 1, text, p->notice, sizeof p->notice);
    p->notice_until_ms = p->now_ms + NOTICE_MS;
}

/* ---- boxes ---- */

static const char *part_title(const char *part)
{
    static const char *const titles[][2] = {{"checks", N_("Checks at the start: accepted, and to be known")},
                                            {"cures", N_("Cures that were applied")},
                                            {"tables", N_("Changed or left out in tables")},
                                            {"events", N_("Changes that rules of events leave out")},
                                            {"existing", N_("Tables that held rows at the target before")},
                                            {"views", N_("Views")},
                                            {"foreign_keys", N_("Foreign keys")},
                                            {"auto_increment", N_("Next values of AUTO_INCREMENT that were raised")},
                                            {"not_moved", N_("Not moved: bring these over yourself")},
                                            {"unread", N_("Could not be read")}};
    for (size_t i = 0; i < TG_ARRAY_LEN(titles); i++)
        if (strcmp(titles[i][0], part) == 0)
            return _(titles[i][1]);
    return part;
}

static const char *took(char out[FMT_SIZE], int64_t ms)
{
    return ms < 10000 ? fmt_lag(out, (double)ms / 1000) : fmt_span(out, ms / 1000);
}

static void all_text(const struct mon_report *r, struct buf *out)
{
    struct report_line words[REPORT_WORDS];
    char count[FMT_SIZE], bytes[FMT_SIZE], span[FMT_SIZE];
    unsigned n = report_words(r, words);
    for (unsigned i = 0; i < n; i++)
        buf_addf(out, "%s\n", words[i].text);
    if (r->snap.verified_at[0])
        buf_addf(out, _("The verdict holds for %s\n"), r->snap.verified_at);
    for (uint32_t i = 0; i < r->nlongest; i++)
        buf_addf(out, "%s  %s: %s rows, %s, %s\n", i ? "" : _("\nTables that took the longest\n"), r->longest[i].name,
                 fmt_exact(count, r->longest[i].rows), fmt_bytes(bytes, r->longest[i].bytes), took(span, r->longest[i].ms));
    for (size_t i = 0; i < r->nlines; i++) {
        const struct mon_report_line *l = &r->line[i], *before = i ? l - 1 : NULL;
        if (!before || before->part != l->part)
            buf_addf(out, "\n%s\n", part_title(l->part));
        buf_addf(out, "%s%s: %s\n", l->is_problem ? _("NOT DONE  ") : "", l->name, retell(l->text));
    }
}

static void open_sql(struct report_page *p, int key)
{
    struct modal *m = &p->box;
    modal_begin(m, BOX_SQL, _("Clean-up, when nobody wants to go back"), key, p->now_ms);
    buf_addf(&m->text, "%s\n\n%s", _("Read it, then run it yourself where it says. tidegate never runs it."), p->sql.p ? p->sql.p : "");
    m->width = 78;
    keymap_words(&keys, 1, _("↑ ↓ Read   y Copy   Esc Close"), m->keys, sizeof m->keys);
}

static void open_all(struct report_page *p, int key)
{
    struct modal *m = &p->box;
    modal_begin(m, BOX_ALL, _("Everything the report says"), key, p->now_ms);
    all_text(p->r, &m->text);
    m->width = 78;
    snprintf(m->keys, sizeof m->keys, "%s", _("↑ ↓ PgUp PgDn Read   Esc Close"));
}

static void open_save(struct report_page *p, int key)
{
    struct modal *m = &p->box;
    char path[80];
    modal_begin(m, BOX_SAVE, _("Save the report"), key, p->now_ms);
    buf_adds(&m->text, _("As Markdown, with the clean-up SQL; it holds no password. A file that is there is not overwritten."));
    modal_add_field(m, _("File"), false, NULL);
    snprintf(path, sizeof path, "%s-report.md", p->r->snap.run);
    edit_set(&m->field[0].edit, path);
    modal_add_button(m, _("Save"), false);
    snprintf(m->keys, sizeof m->keys, "%s", _("Enter Next, then Save   Esc Not"));
}

static void copy_sql(struct report_page *p, struct effect *out)
{
    *out = (struct effect){.kind = EFFECT_COPY, .lent = p->sql.p};
    report_page_notice(p, "%s", _("copied, if this terminal allows it"));
}

static void feed_box(struct report_page *p, const struct input *in, struct effect *out)
{
    struct modal *m = &p->box;
    bool hears = p->now_ms >= m->deaf_until_ms;
    if (hears && m->kind == BOX_SQL && in->kind == IN_KEY && keymap_meaning(&keys, 1, in->key) == 'y') {
        copy_sql(p, out);
        return;
    }
    if (modal_feed(m, in, p->now_ms) != MODAL_PRESSED)
        return;
    if (m->kind == BOX_SAVE && m->field[0].edit.text[0]) {
        *out = (struct effect){.kind = EFFECT_SAVE_REPORT};
        snprintf(out->path, sizeof out->path, "%s", m->field[0].edit.text);
    }
    modal_close(m);
}

/* ---- keys ---- */

static void act(struct report_page *p, int action, int key, struct effect *out)
{
    switch (action) {
    case DO_SQL:
        open_sql(p, key);
        break;
    case DO_SAVE_IT:
        open_save(p, key);
        break;
    case DO_ALL:
        open_all(p, key);
        break;
    case DO_COPY_SQL:
        copy_sql(p, out);
        break;
    case DO_KEYS:
        p->is_help = true;
        break;
    case DO_LOOK:
        out->kind = EFFECT_THEME;
        break;
    case DO_AGAIN:
        out->kind = EFFECT_REDRAW;
        break;
    case DO_SHELL:
        out->kind = EFFECT_SUSPEND;
        break;
    case DO_POINTER:
        out->kind = EFFECT_MOUSE;
        break;
    case DO_PANES:
        if (p->has_panes)
            out->kind = EFFECT_BACK;
        break;
    case DO_GO:
        *out = (struct effect){.kind = EFFECT_LEAVE, .left = DASHBOARD_ENGINE_GONE};
        break;
    default:
        break;
    }
}

bool report_page_feed(struct report_page *p, const struct input *in, struct effect *out)
{
    *out = (struct effect){.kind = EFFECT_NONE};
    if (in->kind == IN_RESIZE) {
        p->rows = in->rows;
        p->cols = in->cols;
        return true;
    }
    if (in->kind == IN_KEY && !key_is_text(in->key) && keymap_meaning(&keys, 1, in->key) == K_F3) {
        out->kind = EFFECT_MOUSE;
        return true;
    }
    if (p->box.kind) {
        feed_box(p, in, out);
        return true;
    }
    if (in->kind == IN_CLICK && p->is_help) {
        p->is_help = in->what != SPOT_BOX;
        return true;
    }
    if (in->kind == IN_CLICK && in->what == SPOT_KEY)
        return report_page_feed(p, &(struct input){.kind = IN_KEY, .key = (int)in->n}, out);
    if (in->kind != IN_KEY)
        return in->kind == IN_PASTE;
    p->notice[0] = 0;
    if (p->is_help) {
        p->is_help = false;
        return true;
    }
    const struct key_row *row = keymap_find(&keys, 1, keymap_meaning(&keys, 1, in->key));
    if (row)
        act(p, row->action, in->key, out);
    return true;
}

/* ---- drawing ---- */

static const char *clock_words(char out[FMT_SIZE], int64_t wall_ms)
{
    time_t at = (time_t)(wall_ms / 1000);
    struct tm local;
    out[0] = 0;
    if (wall_ms && localtime_r(&at, &local))
        strftime(out, FMT_SIZE, _("%d %b %H:%M:%S"), &local);
    return out;
}

static void rule(struct canvas *c, int y)
{
    for (int x = 0; x < c->cols; x++)
        canvas_text(c, canvas_all(c), y, x, ROLE_EDGE, "─");
}

static void draw_words(struct canvas *c, struct rect r, const struct mon_report *report)
{
    struct report_line words[REPORT_WORDS];
    unsigned n = report_words(report, words);
    canvas_box(c, r, ROLE_EDGE, _("In words"), NULL);
    for (unsigned i = 0; i < n && (int)i < r.h - 2; i++)
        canvas_cut(c, r, r.y + 1 + (int)i, r.x + 2, r.w - 4, words[i].role, words[i].text);
}

static const char *state_words(enum table_state state)
{
    return state == TABLE_VERIFIED    ? _("equal")
           : state == TABLE_DIFFERENT ? _("differs")
           : state == TABLE_FAILED    ? _("failed")
                                      : _("not compared");
}

static void draw_longest(struct canvas *c, struct rect r, const struct mon_report *report)
{
    char a[FMT_SIZE];
    canvas_box(c, r, ROLE_EDGE, _("Tables that took the longest"), NULL);
    struct rect in = {r.y + 1, r.x + 2, r.h - 2, r.w - 4};
    if (!report->nlongest)
        canvas_text(c, in, in.y, in.x, ROLE_DIM, _("no durations were written down"));
    for (uint32_t i = 0; i < report->nlongest && (int)i < in.h; i++) {
        int y = in.y + (int)i;
        double seconds = (double)report->longest[i].ms / 1000;
        enum table_state state = report->longest[i].state;
        const char *dot = strchr(report->longest[i].name, '.');
        canvas_cut(c, in, y, in.x, in.w - 59, ROLE_TEXT, dot ? dot + 1 : report->longest[i].name);
        canvas_right(c, in, y, in.x + in.w - 50, ROLE_TEXT, fmt_count(a, report->longest[i].rows));
        canvas_text(c, in, y, in.x + in.w - 49, ROLE_DIM, _("rows"));
        canvas_right(c, in, y, in.x + in.w - 36, ROLE_TEXT, fmt_bytes(a, report->longest[i].bytes));
        canvas_right(c, in, y, in.x + in.w - 25, ROLE_TEXT, took(a, report->longest[i].ms));
        if (seconds > 0.5)
            canvas_right(c, in, y, in.x + in.w - 13, ROLE_TEXT, fmt_rate(a, (double)report->longest[i].bytes / seconds));
        canvas_cut(c, in, y, in.x + in.w - 12, 12, state == TABLE_VERIFIED ? ROLE_OK : state == TABLE_DIFFERENT || state == TABLE_FAILED ? ROLE_BAD : ROLE_DIM,
                   state_words(state));
    }
}

static void draw_left(struct canvas *c, struct rect r, const struct mon_report *report)
{
    char text[300], said[300];
    size_t n = mon_report_count(report, "not_moved"), used = 0;
    used += (size_t)snprintf(text, sizeof text, "%s", _("Left to do: point the application at the target and watch it a day; then clean up."));
    if (n)
        used += (size_t)snprintf(text + used, sizeof text - used, n == 1 ? _(" Bring %zu thing over by hand first, Enter tells.") : _(" Bring %zu things over by hand first, Enter tells."), n);
    snprintf(text + used, sizeof text - used, "%s", _(" {F5} shows the SQL."));
    canvas_wrap(c, r, 0, ROLE_TEXT, keymap_say(&keys, 1, text, said, sizeof said));
}

static void draw_files(struct canvas *c, struct rect r, const struct report_page *p)
{
    static const char *const files[][2] = {{"report.md", N_("this page, longer")}, {"report.json", N_("for machines")},
                                           {"job.yaml", N_("as it ran")},          {"events.jsonl", N_("every event")},
                                           {"quarantine/", N_("rows, if any")}};
    struct rect in = {r.y + 1, r.x + 2, r.h - 2, r.w - 4};
    canvas_box(c, r, ROLE_EDGE, _("Files"), NULL);
    canvas_cut(c, in, in.y, in.x, in.w, ROLE_TEXT, p->run_dir);
    for (size_t i = 0; i < TG_ARRAY_LEN(files); i++) {
        canvas_text(c, in, in.y + 1 + (int)i, in.x + 2, ROLE_KEY, files[i][0]);
        canvas_text(c, in, in.y + 1 + (int)i, in.x + 15, ROLE_DIM, _(files[i][1]));
    }
    canvas_wrap(c, (struct rect){in.y + 7, in.x, TG_MAX(in.h - 7, 0), in.w}, 0, ROLE_TEXT, _("None of them holds a password."));
}

/* The column of a moment; a clock that was set meanwhile leads nowhere else. */
static int column_of(int64_t at, int64_t start, int64_t all, int width)
{
    double part = (double)(at - start) / (double)all;
    return (int)(TG_MIN(TG_MAX(part, 0.0), 1.0) * width);
}

/* A bar from one moment to another, on a scale from the start to the end of the run. */
static void draw_span(struct canvas *c, struct rect in, int y, const char *name, int64_t from, int64_t to, const struct mon_report *r)
{
    int x = in.x + in.w - 62, width = 50;
    int64_t all = r->ended_ms - r->started_ms;
    if (!r->started_ms || !from || to < from || all <= 0)
        return;
    int left = column_of(from, r->started_ms, all, width), right = column_of(to, r->started_ms, all, width);
    canvas_right(c, in, y, x + 9, ROLE_DIM, name);
    canvas_bar(c, in, y, x + 10 + TG_MIN(left, width - 1), TG_MAX(right - left, 1), ROLE_TEXT, 1);
}

static void draw_times(struct canvas *c, struct rect r, const struct mon_report *report)
{
    const struct {
        int64_t at;
        const char *what;
    } moments[] = {{report->started_ms, _("started")},
                   {report->copied_ms, _("all rows are at the target")},
                   {report->in_sync_ms, _("in sync for the first time")},
                   {report->verified_ms, _("verified")},
                   {report->ended_ms, _("ended")}};
    struct rect in = {r.y + 1, r.x + 2, r.h - 2, r.w - 4};
    char clock[FMT_SIZE];
    int y = in.y;
    canvas_box(c, r, ROLE_EDGE, _("Time line"), NULL);
    for (size_t i = 0; i < TG_ARRAY_LEN(moments) && y < in.y + in.h; i++)
        if (moments[i].at) {
            canvas_text(c, in, y, in.x, ROLE_DIM, clock_words(clock, moments[i].at));
            canvas_text(c, in, y++, in.x + 17, ROLE_TEXT, moments[i].what);
        }
    draw_span(c, in, in.y, _("copy"), report->started_ms, report->copied_ms, report);
    if (report->snap.tx_applied)
        draw_span(c, in, in.y + 1, _("follow"), report->started_ms, report->ended_ms, report);
    draw_span(c, in, in.y + 2, _("check"), report->in_sync_ms, report->verified_ms, report);
}

static void draw_title(struct canvas *c, const struct report_page *p)
{
    const struct mon_snapshot *m = &p->r->snap;
    struct rect all = canvas_all(c);
    char clock[FMT_SIZE], hints[120];
    const char *right = keymap_words(&keys, 1, p->has_panes ? _("Esc Panes   F9 Save   ? Help") : _("F9 Save   ? Help"), hints, sizeof hints);
    int x = 1 + canvas_cut(c, all, 0, 1, 32, ROLE_TITLE, m->run) + 3;
    x += canvas_text(c, all, 0, x, m->state == RUN_FINISHED ? ROLE_OK : ROLE_BAD, m->state == RUN_FINISHED ? _("FINISHED") : _(run_state_name(m->state))) + 3;
    canvas_cut(c, all, 0, x, c->cols - x - text_cells(right) - 2, ROLE_TEXT, clock_words(clock, p->r->ended_ms));
    canvas_right(c, all, 0, c->cols - 1, ROLE_KEY, right);
    stages_draw(c, (struct rect){1, 0, 1, c->cols}, m);
}

static void draw_body(struct canvas *c, const struct report_page *p)
{
    bool is_wide = c->cols >= WIDE_COLS, is_high = c->rows >= 30;
    int w = TG_MIN(c->cols - 4, 76), y = 3, last = c->rows - 2;
    struct rect words = {y, 2, TG_MIN(8, last - y), w};
    draw_words(c, words, p->r);
    y += words.h;
    struct rect tables = {y, 2, last - y >= 10 ? 7 : 0, w};
    if (tables.h)
        draw_longest(c, tables, p->r);
    y += tables.h;
    draw_left(c, (struct rect){y, 2, TG_MIN(3, TG_MAX(last - y, 0)), w}, p->r);
    if (is_wide && tables.h)
        draw_files(c, (struct rect){3, 2 + w + 2, words.h + tables.h, c->cols - w - 6}, p);
    y += 3;
    if (is_high && last - y >= 7)
        draw_times(c, (struct rect){y, 2, 7, c->cols - 4}, p->r);
    rule(c, 2);
    rule(c, c->rows - 2);
}

static void draw_help(struct canvas *c)
{
    struct canvas nothing = {0};
    int n = keymap_help(&keys, ~0u, &nothing, (struct rect){0, 0, 0, 68});
    struct rect in = dialog_frame(c, n + 5, 72, _("Keys on this page"));
    keymap_help(&keys, ~0u, c, (struct rect){in.y, in.x, TG_MIN(n, in.h), in.w});
    canvas_right(c, in, in.y + in.h - 1, in.x + in.w - 1, ROLE_DIM, _("Esc Close"));
}

static void draw_footer(struct canvas *c, const struct report_page *p)
{
    if (p->notice[0] && p->now_ms < p->notice_until_ms)
        canvas_cut(c, canvas_all(c), c->rows - 1, 1, c->cols - 2, ROLE_WARN, p->notice);
    else
        keymap_footer(&keys, 1, c, c->rows - 1, NULL, NULL);
}

void report_page_draw(struct canvas *c, const struct report_page *p)
{
    canvas_clear(c);
    if (c->rows < 12 || c->cols < 50) {
        struct report_line words[REPORT_WORDS];
        unsigned n = report_words(p->r, words);
        for (unsigned i = 0; i < n; i++)
            canvas_cut(c, canvas_all(c), (int)i, 1, c->cols - 2, words[i].role, words[i].text);
    } else {
        draw_title(c, p);
        draw_body(c, p);
    }
    draw_footer(c, p);
    c->cursor_y = c->cursor_x = -1;
    if (p->is_help)
        draw_help(c);
    else if (p->box.kind)
        modal_draw(&p->box, c);
    if (c->cursor_y < 0 || c->cursor_x < 0 || c->cursor_y >= c->rows || c->cursor_x >= c->cols)
        c->cursor_y = c->cursor_x = -1;
}
