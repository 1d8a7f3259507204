// SPDX-License-Identifier: Apache-2.0
/* One poll over the terminal, the run's socket and a tick of a second. News are drawn ten times a
 * second at most, keys at once. The run is asked only through mon_call, and nothing here can harm
 * it: every way out of this loop that no person chose is a detach. */
#include "base/retell.h"
#include "base/sync.h"
#include "ui/format.h"
#include "ui/term.h"
#include "ui/text.h"
#include "wizard/report_page.h"
#include "wizard/save.h"

#include <stdio.h>
#include <stdlib.h>

#define FRAME_MS 100
#define TICK_MS 1000
#define CALL_MS 1500

struct window {
    const struct dashboard_options *o;
    struct dashboard_state *s;
    struct term *term;
    struct canvas canvas;
    struct mon_event *events;
    struct mon_report report; /* of a run that is over; s->has_report: it is there */
    struct report_page *page; /* shown instead of the panes */
    bool is_dirty, is_done;
    char chunks_of[130]; /* asked for last */
    int64_t chunks_ms, tables_ms;
    struct tables_wish asked;          /* the page of tables that was asked for last */
    int64_t drawn_ms;
    int left;
};
#define EVENTS 256

static void look_at_clock(struct window *w)
{
    w->s->now_ms = clock_mono_ms();
    w->s->wall_ms = clock_wall_ms();
    if (w->page)
        w->page->now_ms = w->s->now_ms;
}

/* An engine that has finished leaves its report before it leaves. */
static bool read_report(struct window *w, struct err *e)
{
    mon_report_release(&w->report);
    w->s->has_report = mon_report_read(w->o->run_dir, &w->report, e) && w->report.snap.state == RUN_FINISHED;
    return w->s->has_report;
}

static void show_report(struct window *w)
{
    if (!w->page)
        w->page = report_page_new(&w->report, w->o->run_dir, w->o->client != NULL);
    w->page->now_ms = w->s->now_ms;
}

/* Asked for only while they are shown, at most once a second, and at once when another table is chosen. */
static void ask_chunks(struct window *w)
{
    char table[130], args[330], name[280];
    uint32_t offset;
    if (w->page || !w->o->client || !dashboard_wants_chunks(w->s, table, &offset))
        return;
    if (strcmp(table, w->chunks_of) == 0 && w->s->now_ms - w->chunks_ms < TICK_MS)
        return;
    json_text(name, sizeof name, table);
    snprintf(args, sizeof args, "{\"table\":\"%s\",\"offset\":%u}", name, offset);
    if (!mon_ask(w->o->client, "chunks", args))
        return;
    w->chunks_ms = w->s->now_ms;
    snprintf(w->chunks_of, sizeof w->chunks_of, "%s", table);
}

/* A page of tables, in the same way. */
static void ask_tables(struct window *w)
{
    if (w->page || !w->o->client || !dashboard_wants_tables(w->s))
        return;
    bool is_other = memcmp(&w->asked, &w->s->wish, sizeof w->asked) != 0;
    if (!is_other && w->s->now_ms - w->tables_ms < TICK_MS)
        return;
    char *args = mon_encode_tables_wish(&w->s->wish);
    if (mon_ask(w->o->client, "tables", args)) {
        w->tables_ms = w->s->now_ms;
        w->asked = w->s->wish;
    }
    free(args);
}

/* What was asked for aside. */
static void take_aside(struct window *w)
{
    char *json;
    struct err e = {0};
    if (!mon_answer(w->o->client, &json))
        return;
    struct chunks_view *v = x_alloc(sizeof *v);
    struct tables_page *p = x_alloc(sizeof *p);
    if (json && mon_decode_chunks(v, json, &e))
        dashboard_take_chunks(w->s, v);
    else if (json && mon_decode_tables(p, json, &e))
        dashboard_take_tables(w->s, p);
    w->is_dirty = true;
    free(v);
    free(p);
    free(json);
}

static void take_news(struct window *w)
{
    struct err e = {0};
    uint64_t dropped = 0;
    struct mon_snapshot *snap = &w->s->snap;
    if (w->s->is_gone || !w->o->client)
        return;
    bool is_alive = mon_pump(w->o->client, &e);
    struct mon_snapshot *fresh = x_alloc(sizeof *fresh);
    if (mon_snapshot(w->o->client, fresh)) {
        w->is_dirty |= fresh->seq != snap->seq || !w->s->has_snapshot;
        dashboard_take(w->s, fresh);
    }
    free(fresh);
    size_t n;
    while ((n = mon_events(w->o->client, w->events, EVENTS, &dropped)) > 0) {
        for (size_t i = 0; i < n; i++)
            dashboard_add_event(w->s, &w->events[i]);
        w->is_dirty = true;
    }
    take_aside(w);
    w->s->log.dropped += dropped;
    w->s->is_read_only = w->o->is_read_only;
    w->s->watches_only = w->o->is_read_only || !mon_steers(w->o->client);
    if (!is_alive) {
        w->s->is_gone = true;
        w->is_dirty = true;
        if (w->o->run_dir && snap->state == RUN_FINISHED && read_report(w, &e))
            dashboard_notice(w->s, "%s", _("The run is over: {R} shows its report."));
    }
}

static void draw(struct window *w)
{
    int rows, cols;
    term_size(w->term, &rows, &cols);
    if (w->canvas.rows != rows || w->canvas.cols != cols) {
        canvas_release(&w->canvas);
        canvas_init(&w->canvas, rows, cols, term_glyphs(w->term));
    }
    w->s->rows = rows;
    w->s->cols = cols;
    if (w->page)
        report_page_draw(&w->canvas, w->page);
    else
        dashboard_draw(&w->canvas, w->s);
    term_show(w->term, &w->canvas);
    w->drawn_ms = w->s->now_ms;
    w->is_dirty = false;
}

static void do_call(struct window *w, const struct effect *effect)
{
    struct err e = {0};
    if (w->s->is_gone || w->o->is_read_only) {
        dashboard_notice(w->s, "%s", w->s->is_gone ? _("the engine is gone; nothing was asked of it") : _("--read-only: nothing is asked of the run"));
        return;
    }
    bool is_ok = mon_call(w->o->client, effect->cmd, effect->args, NULL, CALL_MS, &e);
    look_at_clock(w);
    if (!is_ok) {
        dashboard_notice(w->s, "! %s: %s", effect->cmd, retell(e.text));
        return;
    }
    if (effect->done[0])
        dashboard_notice(w->s, "%s", effect->done);
    if (effect->then_leave) {
        w->is_done = true;
        w->left = (int)effect->left;
    }
}

static void say(struct window *w, const char *text)
{
    if (w->page)
        report_page_notice(w->page, "%s", text);
    else
        dashboard_notice(w->s, "%s", text);
}

static void save(struct window *w, const struct effect *effect)
{
    struct err e = {0};
    char text[400];
    size_t lines = 0;
    bool is_log = effect->kind == EFFECT_SAVE_LOG;
    bool fine = is_log ? save_log(w->s, effect->path, &lines, &e) : save_report(w->o->run_dir, effect->path, &e);
    if (!fine)
        snprintf(text, sizeof text, "! %.380s", retell(e.text));
    else if (is_log)
        snprintf(text, sizeof text, lines == 1 ? _("%zu line saved as %s") : _("%zu lines saved as %s"), lines, effect->path);
    else
        snprintf(text, sizeof text, _("saved as %s"), effect->path);
    say(w, text);
}

static void change_theme(struct window *w)
{
    char text[120];
    snprintf(text, sizeof text, _("theme: %s"), term_theme_next(w->term));
    say(w, text);
}

static void switch_mouse(struct window *w)
{
    bool was_on = w->s->has_mouse;
    w->s->has_mouse = term_mouse(w->term, !was_on);
    say(w, term_mouse_words(was_on, w->s->has_mouse));
}

static void do_effect(struct window *w, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_SAVE_LOG:
    case EFFECT_SAVE_REPORT:
        save(w, effect);
        break;
    case EFFECT_REPORT:
        show_report(w);
        break;
    case EFFECT_BACK:
        report_page_free(w->page);
        w->page = NULL;
        break;
    case EFFECT_CALL:
        do_call(w, effect);
        break;
    case EFFECT_COPY:
        if (effect->lent || effect->text[0])
            term_copy(w->term, effect->lent ? effect->lent : effect->text);
        break;
    case EFFECT_LEAVE:
        w->is_done = true;
        w->left = (int)effect->left;
        break;
    case EFFECT_THEME:
        change_theme(w);
        break;
    case EFFECT_REDRAW:
        term_redraw(w->term);
        break;
    case EFFECT_SUSPEND:
        term_suspend(w->term);
        break;
    case EFFECT_MOUSE:
        switch_mouse(w);
        break;
    case EFFECT_NONE:
        break;
    }
}

static void take_input(struct window *w)
{
    struct input in;
    struct effect effect;
    bool has_input = false;
    while (!w->is_done && term_read(w->term, &in)) {
        look_at_clock(w);
        if (in.kind == IN_CLICK || in.kind == IN_WHEEL) {
            if (has_input)
                draw(w); /* keys came before it: it is aimed at what they show */
            canvas_point(&w->canvas, &in);
        }
        has_input |= w->page ? report_page_feed(w->page, &in, &effect) : dashboard_feed(w->s, &in, &effect);
        do_effect(w, &effect);
    }
    if (has_input && !w->is_done) {
        look_at_clock(w);
        draw(w);
    }
}

static int timeout_ms(const struct window *w)
{
    int64_t due = w->drawn_ms + (w->is_dirty ? FRAME_MS : TICK_MS) - clock_mono_ms();
    return (int)TG_MIN(TG_MAX(due, 0), TICK_MS);
}

static void loop(struct window *w)
{
    while (!w->is_done) {
        int fd = w->s->is_gone || !w->o->client ? -1 : mon_fd(w->o->client);
        unsigned what = term_wait(w->term, fd, timeout_ms(w));
        look_at_clock(w);
        if (what & (TERM_SIGNAL | TERM_GONE)) {
            w->left = w->s->is_gone ? DASHBOARD_ENGINE_GONE : DASHBOARD_DETACH;
            break;
        }
        take_news(w);
        if (what & TERM_INPUT)
            take_input(w);
        ask_tables(w);
        ask_chunks(w);
        int64_t age = w->s->now_ms - w->drawn_ms;
        if (!w->is_done && (age >= TICK_MS || (w->is_dirty && age >= FRAME_MS)))
            draw(w);
    }
}

/* Without an engine there is only the report. */
static bool begin(struct window *w, struct err *e)
{
    w->s = dashboard_state_new();
    w->s->ends_all = w->o->ends_all;
    w->events = x_alloc(EVENTS * sizeof *w->events);
    if (w->o->client)
        return true;
    w->s->is_gone = true;
    if (!read_report(w, e))
        return e->code != ERR_OK ? false : err_set(e, ERR_FILE, "%s/report.json: the run is not over", w->o->run_dir);
    w->left = DASHBOARD_ENGINE_GONE;
    look_at_clock(w);
    dashboard_take(w->s, &w->report.snap);
    show_report(w);
    return true;
}

static void end(struct window *w)
{
    if (w->o->last)
        *w->o->last = w->s->snap;
    report_page_free(w->page);
    mon_report_release(&w->report);
    canvas_release(&w->canvas);
    free(w->events);
    dashboard_state_free(w->s);
}

int dashboard_run(const struct dashboard_options *o, struct err *e)
{
    struct window w = {.o = o, .left = DASHBOARD_DETACH};
    struct err why = {0};
    if (o->ended_by)
        *o->ended_by = 0;
    if (!begin(&w, e)) {
        end(&w);
        return DASHBOARD_FAILED;
    }
    if (!o->is_plain)
        w.term = term_open(&(struct term_options){.glyphs = o->glyphs, .theme = o->theme}, &why);
    if (!w.term) {
        end(&w);
        return dashboard_plain(o);
    }
    w.s->has_mouse = term_has_mouse(w.term);
    look_at_clock(&w);
    take_news(&w);
    draw(&w);
    loop(&w);
    if (o->ended_by)
        *o->ended_by = term_signal(w.term);
    term_close(w.term);
    end(&w);
    return w.left;
}

static const char *left_words(const struct mon_snapshot *s, int left)
{
    switch (left) {
    case DASHBOARD_PAUSE_AND_LEAVE:
        return _("The run is paused; nothing is lost.");
    case DASHBOARD_STOP:
        return _("The run stops; what is on the target stays, and it can be resumed.");
    case DASHBOARD_ENGINE_GONE:
        return s->state == RUN_FINISHED ? _("The run is over.")
                                        : _("The engine of the run has ended.");
    default:
        return _("The run goes on without this window.");
    }
}

/* The first block of the report; false: there is none. */
static bool say_report(void *file, const char *run_dir)
{
    struct mon_report r = {.nlines = 0};
    struct err e = {0};
    struct report_line words[REPORT_WORDS];
    char line[640];
    bool fine = run_dir && mon_report_read(run_dir, &r, &e) && r.snap.state == RUN_FINISHED;
    unsigned n = fine ? report_words(&r, words) : 0;
    for (unsigned i = 0; i < n; i++) {
        snprintf(line, sizeof line, "%s  %s  %.159s", r.snap.run, _(run_state_name(r.snap.state)), words[i].text);
        if (i)
            snprintf(line, sizeof line, "  %.159s", words[i].text);
        term_plain_line(file, line);
    }
    mon_report_release(&r);
    return fine;
}

void dashboard_summary(void *file, const struct mon_snapshot *s, int left, const char *run_dir)
{
    char line[640], lag[FMT_SIZE], more[160] = "";
    int dump = flow_percent(s, false), load = flow_percent(s, true);
    bool is_over = s->state == RUN_FINISHED;
    size_t n = 0;
    if (s->verdict[0])
        n += (size_t)snprintf(more + n, sizeof more - n, "  %s", retell(s->verdict));
    if (!is_over && dump >= 0 && load >= 0)
        n += (size_t)snprintf(more + n, sizeof more - n, _("  dump %d%%  load %d%%"), dump, load);
    if (!is_over && s->lag.seconds >= 0 && n < sizeof more)
        snprintf(more + n, sizeof more - n, _("  lag %s"), fmt_lag(lag, s->lag.seconds));
    snprintf(line, sizeof line, "%s  %s%s.  %s", s->run, _(run_state_name(s->state)), more,
             left_words(s, left));
    if (!is_over || !say_report(file, run_dir))
        term_plain_line(file, line);
    snprintf(line, sizeof line, is_over ? _("report  %s/report.txt") : _("log     %s/events.jsonl"),
             run_dir ? run_dir : s->run);
    term_plain_line(file, line);
    bool needs_resume = left == DASHBOARD_STOP || left == DASHBOARD_PAUSE_AND_LEAVE ||
                        (left == DASHBOARD_ENGINE_GONE && !is_over);
    snprintf(line, sizeof line,
             is_over        ? _("again   tidegate attach %s")
             : needs_resume ? _("go on   tidegate resume %s")
                            : _("return  tidegate attach %s"),
             s->run);
    term_plain_line(file, line);
}
