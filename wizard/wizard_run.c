// SPDX-License-Identifier: Apache-2.0
/* The wizard's loop: one poll over the terminal, the probes and a tick. What the state asks for (an effect) is done here;
 * nothing else in the room waits, writes a file or leaves the screen. */
#include "wizard/pages.h"
#include "wizard/probe.h"
#include "wizard/wizard_plain.h"

#include "base/file.h"
#include "conf/dm_emit.h"
#include "ui/term.h"
#include "ui/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MS 100
#define TICK_MS 1000
#define RUNS_MS 2000

struct window {
    const struct wizard_options *o;
    struct wz *w;
    struct prober *prober;
    struct term *term;
    struct term_options look;
    struct canvas canvas;
    bool is_dirty, is_done;
    int64_t drawn_ms, runs_ms;
    int code;
};

static int64_t clock_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void look_at_clock(struct wz *w)
{
    w->now_ms = clock_ms(CLOCK_MONOTONIC);
    w->wall_ms = clock_ms(CLOCK_REALTIME);
}

static void draw(struct window *v)
{
    int rows, cols;
    term_size(v->term, &rows, &cols);
    if (v->canvas.rows != rows || v->canvas.cols != cols) {
        canvas_release(&v->canvas);
        canvas_init(&v->canvas, rows, cols, term_glyphs(v->term));
    }
    v->w->rows = rows;
    v->w->cols = cols;
    wz_draw(v->w, &v->canvas);
    term_show(v->term, &v->canvas);
    v->drawn_ms = v->w->now_ms;
    v->is_dirty = false;
}

static void read_runs(struct window *v)
{
    if (v->w->at != STEP_START || (v->runs_ms && v->w->now_ms - v->runs_ms < RUNS_MS))
        return;
    v->w->nruns = v->o->port->runs(v->o->port->arg, v->w->runs, TG_ARRAY_LEN(v->w->runs));
    v->runs_ms = v->w->now_ms;
    v->is_dirty = true;
}

static void save(struct window *v)
{
    struct err e = {0};
    struct buf text = {0};
    if (!v->w->path[0])
        snprintf(v->w->path, sizeof v->w->path, "%.40s.yaml", v->w->job->name ? v->w->job->name : "job");
    job_emit(v->w->job, &text);
    if (file_replace(v->w->path, &text, &e)) {
        v->w->is_changed = false;
        wz_notice(v->w, _("saved as %s; passwords stay references"), v->w->path);
    } else {
        wz_notice(v->w, "%s: %s", err_info(e.code)->id, e.text);
    }
    buf_release(&text);
}

/* What was written, and what to know of it, in a box; nothing is written where DM can't say what the job asks for. */
static void write_dm(struct window *v, const char *dir)
{
    struct err e = {0};
    struct buf text = {0};
    struct dm_out out;
    bool ok = dm_emit(v->w->job, &out);
    bool done = ok && dm_out_write(&out, dir, &e);
    if (!ok)
        buf_addf(&text, "%s\n\n", _("Nothing was written."));
    else if (!done)
        buf_addf(&text, "%s %s: %s\n\n%s\n", err_info(e.code)->id, err_info(e.code)->title, e.text, _("Nothing was written. Choose another folder."));
    else
        buf_addf(&text, _("Written into %s:"), dir);
    for (size_t i = 0; done && i < out.n; i++)
        buf_addf(&text, " %s", out.file[i].name);
    if (done)
        buf_addf(&text, "\n\n%s\n", out.told.n ? _("To know before the task is started (it stands in task.yaml too):") : _("DM says it all: nothing of the job was left out."));
    for (size_t i = 0; (done || !ok) && i < out.told.n; i++)
        buf_addf(&text, "%s %s: %s\n", out.told.list[i].is_warning ? "!" : "✗", out.told.list[i].err.where, out.told.list[i].err.text);
    dm_out_release(&out);
    ask_text(v->w, _("DM's files"), &text, 0);
}

/* The terminal is given away for the length of a dashboard. */
static void leave_screen(struct window *v)
{
    term_close(v->term);
    v->term = NULL;
}

static void come_back(struct window *v)
{
    struct err e = {0};
    v->term = term_open(&v->look, &e);
    if (!v->term) {
        v->is_done = true;
        v->code = err_info(e.code)->exit_code;
        return;
    }
    v->runs_ms = 0;
    look_at_clock(v->w);
    draw(v);
}

static void attach(struct window *v, const char *run)
{
    leave_screen(v);
    v->code = v->o->port->attach(v->o->port->arg, run);
    v->is_done = true; /* the dashboard's way out is the way out: its summary is the last thing seen */
}

static void start_run(struct window *v)
{
    struct err e = {0};
    if (v->o->port->start(v->o->port->arg, v->w->job, &e)) {
        attach(v, v->w->job->name);
        return;
    }
    wz_notice(v->w, "%s %s: %s", err_info(e.code)->id, _(err_info(e.code)->title), e.text);
}

static void probe(struct window *v, const struct wz_effect *f)
{
    struct probe_view *p = &v->w->probe[f->probe];
    *p = (struct probe_view){.is_running = true, .began_ms = v->w->now_ms};
    prober_start(v->prober, f->probe, v->w->job, v->o->home);
}

static void next_language(struct wz *w)
{
    if (w->english_only)
        wz_notice(w, "%s", _(w->english_only));
    else
        text_speak((text_language() + 1) % TEXT_LANGUAGES);
}

static void do_effect(struct window *v, const struct wz_effect *f)
{
    struct err e = {0};
    switch (f->kind) {
    case WZ_PROBE:
        probe(v, f);
        break;
    case WZ_STOP_PROBE:
        prober_stop(v->prober, f->probe);
        v->w->probe[f->probe].is_running = false;
        break;
    case WZ_SAVE:
        save(v);
        break;
    case WZ_WRITE_DM:
        write_dm(v, f->text);
        break;
    case WZ_RUN:
        start_run(v);
        break;
    case WZ_ATTACH:
        attach(v, f->text);
        break;
    case WZ_RESUME:
        if (v->o->port->resume(v->o->port->arg, f->text, &e))
            attach(v, f->text);
        else
            wz_notice(v->w, "%s: %s", err_info(e.code)->id, e.text);
        break;
    case WZ_DEMO:
        leave_screen(v);
        v->o->port->demo(v->o->port->arg);
        come_back(v);
        break;
    case WZ_COPY:
        term_copy(v->term, f->text);
        break;
    case WZ_THEME:
        wz_notice(v->w, _("theme: %s"), term_theme_next(v->term));
        break;
    case WZ_REDRAW:
        term_redraw(v->term);
        break;
    case WZ_SUSPEND:
        term_suspend(v->term);
        break;
    case WZ_LANGUAGE:
        next_language(v->w);
        break;
    case WZ_LEAVE:
        v->is_done = true;
        break;
    case WZ_OPEN:
    case WZ_CURE:
    case WZ_NONE:
        break;
    }
}

static void take_input(struct window *v)
{
    struct input in;
    struct wz_effect effect;
    bool any = false;
    while (!v->is_done && v->term && term_read(v->term, &in)) {
        look_at_clock(v->w);
        any |= wz_feed(v->w, &in, &effect);
        do_effect(v, &effect);
    }
    if (any && !v->is_done) {
        look_at_clock(v->w);
        draw(v);
    }
}

static void take_news(struct window *v)
{
    for (struct news *n; (n = prober_take(v->prober)) != NULL; free(n)) {
        wz_take(v->w, n);
        v->is_dirty = true;
    }
}

static void loop(struct window *v)
{
    while (!v->is_done) {
        int64_t due = v->drawn_ms + (v->is_dirty ? FRAME_MS : TICK_MS) - clock_ms(CLOCK_MONOTONIC);
        unsigned what = term_wait(v->term, prober_fd(v->prober), (int)TG_MIN(TG_MAX(due, 0), TICK_MS));
        look_at_clock(v->w);
        if (what & (TERM_SIGNAL | TERM_GONE))
            break;
        take_news(v);
        if (what & TERM_INPUT)
            take_input(v);
        if (v->is_done)
            break;
        read_runs(v);
        int64_t age = v->w->now_ms - v->drawn_ms;
        if (age >= TICK_MS || (v->is_dirty && age >= FRAME_MS))
            draw(v);
    }
}

static int run_window(struct window *v, const struct wizard_options *o, struct job *job)
{
    v->w = wz_new(o, job);
    v->w->english_only = glyphs_lack_chinese(term_glyphs(v->term));
    v->prober = prober_new();
    look_at_clock(v->w);
    read_runs(v);
    draw(v);
    loop(v);
    if (v->term)
        term_close(v->term);
    prober_free(v->prober);
    wz_free(v->w);
    canvas_release(&v->canvas);
    return v->code;
}

int wizard_run(const struct wizard_options *o, struct err *e)
{
    struct window v = {.o = o, .look = {.glyphs = o->glyphs, .theme = o->theme}};
    struct err why = {0}; /* a terminal that can't be drawn on is no failure: there are lines */
    struct job own;
    (void)e;
    if (!o->job)
        job_init(&own);
    struct job *job = o->job ? o->job : &own;
    v.term = o->is_plain ? NULL : term_open(&v.look, &why);
    int code = v.term ? run_window(&v, o, job) : wizard_plain(o, job);
    if (!o->job)
        job_release(&own);
    return code;
}
