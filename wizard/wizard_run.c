// SPDX-License-Identifier: Apache-2.0
/* The wizard's loop: one poll over the terminal, the probes and a tick. What the state asks for (an effect) is done here;
 * nothing else in the room waits, writes a file or leaves the screen. */
#include "wizard/draft.h"
#include "base/retell.h"
#include "base/sync.h"
#include "wizard/job_file.h"
#include "wizard/pages.h"
#include "wizard/probe.h"
#include "wizard/wizard_plain.h"
#include "wizard/told.h"

#include "ui/term.h"
#include "ui/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
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
    bool has_looked;                  /* at stopped runs */
    struct draft_keeper keeper;
    int code;
};

static void look_at_clock(struct wz *w)
{
    w->now_ms = clock_mono_ms();
    w->wall_ms = clock_wall_ms();
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
    if (!v->has_looked && v->w->nruns) {
        prober_start(v->prober, &(struct probe_order){.which = PROBE_RUNS, .job = v->w->job, .home = v->o->home, .runs = v->w->runs, .nruns = v->w->nruns});
        v->has_looked = true;
    }
}

static void do_effect(struct window *v, const struct wz_effect *f);

/* ---- files ---- */

/* A passphrase is slow on purpose: the screen says so before it stands still. */
static void tell_slow(struct window *v, const struct wz_effect *f)
{
    if (!f->password)
        return;
    wz_notice(v->w, "%s", _("one moment: a key is made from the passphrase …"));
    draw(v);
}

static void save(struct window *v, const struct wz_effect *f)
{
    tell_slow(v, f);
    if (!job_file_save(v->w, f))
        return;
    draft_drop(&v->keeper, v->w);
    v->is_done = v->w->leaves_after_save;
    v->w->leaves_after_save = false;
}

static void carry_on(struct window *v)
{
    struct wz_effect effect = {.kind = WZ_NONE};
    if (!draft_carry_on(&v->keeper, v->w, &effect) || ask_sealed(v->w, &effect))
        return;
    do_effect(v, &effect);
}

static void unseal(struct window *v, const struct wz_effect *f)
{
    tell_slow(v, f);
    if (job_file_unseal(v->w, f)) {
        struct wz_effect next = v->w->after;
        v->w->after = (struct wz_effect){.kind = WZ_NONE};
        do_effect(v, &next);
    }
    v->is_dirty = true;
}

/* ---- leaving the screen ---- */

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
    if (v->term)
        leave_screen(v);
    v->code = v->o->port->attach(v->o->port->arg, run);
    v->is_done = true; /* the dashboard's way out is the way out: its summary is the last thing seen */
}

static void start_run(struct window *v)
{
    struct err e = {0};
    if (v->o->port->start(v->o->port->arg, v->w->job, &e)) {
        draft_drop(&v->keeper, v->w);
        attach(v, v->w->job->name);
        return;
    }
    ask_failure(v->w, _("The run did not start"), &e);
    v->is_dirty = true;
}

static void resume_run(struct window *v, const char *run)
{
    struct err e = {0};
    leave_screen(v);                  /* it may ask for a password */
    if (v->o->port->resume(v->o->port->arg, run, &e)) {
        attach(v, run);
        return;
    }
    come_back(v);
    ask_failure(v->w, _("The run did not go on"), &e);
    v->is_dirty = true;
}

static void probe(struct window *v, const struct wz_effect *f)
{
    struct probe_view *p = &v->w->probe[f->probe];
    *p = (struct probe_view){.is_running = true, .began_ms = v->w->now_ms};
    prober_start(v->prober, &(struct probe_order){.which = f->probe, .job = v->w->job, .home = v->o->home, .is_target = f->is_target});
}

static void cure(struct window *v, const struct wz_effect *f)
{
    const struct check_cure *c = checks_cure(v->w, f);
    if (!c) {
        secret_free(f->password);
        return;
    }
    review_propose_name(v->w);        /* its record lies in the run's folder */
    v->w->probe[PROBE_CURE] = (struct probe_view){.is_running = true, .began_ms = v->w->now_ms};
    wz_notice(v->w, _("running: %s"), retell(c->title));
    prober_start(v->prober, &(struct probe_order){.which = PROBE_CURE, .job = v->w->job, .home = v->o->home, .check = f->check, .cure = c, .user = f->text, .password = f->password});
}

static void next_language(struct wz *w)
{
    if (w->english_only)
        wz_notice(w, "%s", _(w->english_only));
    else
        text_speak((text_language() + 1) % TEXT_LANGUAGES);
}

static void fact_of_glyphs(const struct term *t, bool has_mouse, char out[160])
{
    static const char *const sets[] = {[GLYPHS_LINES] = N_("lines and blocks 1 cell"), [GLYPHS_SAFE] = N_("lines and blocks 2 cells: plain ones are used"),
                                       [GLYPHS_ASCII] = N_("plain letters are used")};
    enum glyph_set glyphs = term_glyphs(t);
    int cells = term_chinese_cells(t);
    bool is_utf8 = cells ? cells <= 2 : glyphs != GLYPHS_ASCII;
    size_t n = (size_t)snprintf(out, 160, _("%s   colours %d"), is_utf8 ? _("UTF-8 yes") : _("UTF-8 no"), term_colours(t));
    if (cells && is_utf8)
        n += (size_t)snprintf(out + n, 160 - n, cells == 1 ? _("   Chinese glyphs %d cell") : _("   Chinese glyphs %d cells"), cells);
    snprintf(out + n, 160 - n, "   %s   %s", _(sets[glyphs]), has_mouse ? _("mouse on ({F3} turns it off)") : _("mouse off ({F3} turns it on)"));
}

static void facts_of_terminal(struct window *v)
{
    struct wz *w = v->w;
    struct statvfs disk;
    char room[32] = "?";
    fact_of_glyphs(v->term, w->has_mouse, w->terminal[0]);
    snprintf(w->terminal[1], sizeof w->terminal[1], "%s", _("Themes: terminal default, dark, light, high-contrast, mono. NO_COLOR is honoured."));
    if (v->o->home && statvfs(v->o->home, &disk) == 0)
        bytes_text(room, (uint64_t)disk.f_bavail * disk.f_frsize);
    snprintf(w->terminal[2], sizeof w->terminal[2], _("Run directory %.60s (%s free). Settings %.60s"), v->o->home ? v->o->home : "", room, v->o->settings ? v->o->settings : "");
    snprintf(w->terminal[3], sizeof w->terminal[3], "%s", _("Sessions end when SSH ends; runs do not. Come back with: tidegate attach"));
}

static void switch_mouse(struct window *v)
{
    bool was_on = v->w->has_mouse;
    v->w->has_mouse = term_mouse(v->term, !was_on);
    wz_notice(v->w, "%s", term_mouse_words(was_on, v->w->has_mouse));
    facts_of_terminal(v);
}

/* What only the terminal minds. */
static void do_terminal(struct window *v, const struct wz_effect *f)
{
    switch (f->kind) {
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
    case WZ_MOUSE:
        switch_mouse(v);
        break;
    case WZ_LANGUAGE:
        next_language(v->w);
        break;
    default:
        break;
    }
}

static void do_effect(struct window *v, const struct wz_effect *f)
{
    switch (f->kind) {
    case WZ_PROBE:
        probe(v, f);
        break;
    case WZ_STOP_PROBE:
        prober_stop(v->prober, f->probe);
        v->w->probe[f->probe].is_running = false;
        break;
    case WZ_SAVE:
        save(v, f);
        break;
    case WZ_UNSEAL:
        unseal(v, f);
        break;
    case WZ_OPEN:
        job_file_open(v->w, f->text);
        break;
    case WZ_CARRY_ON:
        carry_on(v);
        break;
    case WZ_CURE:
        cure(v, f);
        break;
    case WZ_WRITE_DM:
        job_file_write_dm(v->w, f->text);
        break;
    case WZ_RUN:
        start_run(v);
        break;
    case WZ_ATTACH:
        attach(v, f->text);
        break;
    case WZ_RESUME:
        resume_run(v, f->text);
        break;
    case WZ_DEMO:
        leave_screen(v);
        v->o->port->demo(v->o->port->arg);
        come_back(v);
        break;
    case WZ_LEAVE:
        draft_drop(&v->keeper, v->w);
        v->is_done = true;
        break;
    default:
        do_terminal(v, f);
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
        if (in.kind == IN_CLICK || in.kind == IN_WHEEL) {
            if (any)
                draw(v);              /* keys came before it: it is aimed at what they show */
            canvas_point(&v->canvas, &in);
        }
        any |= wz_feed(v->w, &in, &effect);
        v->keeper.has_news = true;
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
        if (n->kind == NEWS_OVER && n->probe == PROBE_CURE)
            probe(v, &(struct wz_effect){.kind = WZ_PROBE, .probe = PROBE_CHECKS});
    }
}

static void loop(struct window *v)
{
    while (!v->is_done) {
        int64_t due = v->drawn_ms + (v->is_dirty ? FRAME_MS : TICK_MS) - clock_mono_ms();
        unsigned what = term_wait(v->term, prober_fd(v->prober), (int)TG_MIN(TG_MAX(due, 0), TICK_MS));
        look_at_clock(v->w);
        if (what & (TERM_SIGNAL | TERM_GONE)) {
            draft_keep(&v->keeper, v->w, true);
            break;
        }
        take_news(v);
        if (what & TERM_INPUT)
            take_input(v);
        if (v->is_done)
            break;
        draft_keep(&v->keeper, v->w, false);
        read_runs(v);
        int64_t age = v->w->now_ms - v->drawn_ms;
        if (age >= TICK_MS || (v->is_dirty && age >= FRAME_MS))
            draw(v);
    }
}

static int run_window(struct window *v, const struct wizard_options *o, struct job *job)
{
    v->w = wz_new(o, job);
    v->w->english_only = term_lacks_chinese(v->term);
    v->prober = prober_new();
    look_at_clock(v->w);
    if (v->w->path[0] && !draft_is_native(v->w->path)) /* DM's own file is never written over */
        v->w->path[0] = 0;
    draft_open(&v->keeper, v->w);
    if (job_file_given(v->w) && !v->w->draft.is_there) {
        struct wz_effect effect = {.kind = WZ_NONE};
        wz_go(v->w, STEP_SOURCE, &effect);
        wz_notice(v->w, _("%s is open; {F2} goes to any page"), o->job_path ? o->job_path : _("the job"));
        ask_sealed(v->w, NULL);
    }
    v->w->has_mouse = term_has_mouse(v->term);
    facts_of_terminal(v);
    read_runs(v);
    draw(v);
    loop(v);
    if (v->term)
        term_close(v->term);
    prober_free(v->prober);
    draft_close(&v->keeper);
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
