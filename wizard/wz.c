// SPDX-License-Identifier: Apache-2.0
/* The frame around the pages: stepper, focus, buttons, help, going from page to page. A page brings rows of fields, things
 * of its own and buttons; focus walks through them in reading order. */
#include "wizard/pages.h"
#include "base/retell.h"
#include "wizard/scope.h"

#include "ui/dialog.h"
#include "ui/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define NOTICE_MS 6000
#define WIDE 110  /* columns from which the help column is there */
#define LEFT 80   /* columns of a page beside it */

/* ---- keys ---- */

enum action { DO_NONE, DO_HELP, DO_GOTO, DO_TEST, DO_SAVE, DO_LEAVE, DO_REDRAW, DO_THEME, DO_SUSPEND, DO_MOUSE };
enum { ON_START = 1, ON_FORM = 2, ON_LIST = 4, ON_SCOPE = 8, ON_FIND = 16, ON_CHECKS = 32, ON_ANY = 255 & ~ON_FIND };

static const struct key_row rows[] = {
    {DO_NONE, ON_START, 0, {0}, "↑↓", N_("Choose"), 0, NULL, false, NULL},
    {DO_NONE, ON_START, 0, {0}, "Enter", N_("Open"), 0, NULL, false, NULL},
    {DO_NONE, ON_FORM, 0, {0}, "Tab", N_("Next field"), 0, N_("next field"), true, NULL},
    {DO_NONE, ON_FORM, 0, {0}, "Enter", N_("Next"), 0, N_("on; open or do it"), true, NULL},
    {DO_NONE, ON_FORM, 0, {0}, "Esc", N_("Back"), 0, N_("back, never quits"), true, NULL},
    {DO_NONE, ON_CHECKS, 0, {0}, "↑↓", N_("Choose"), 0, NULL, false, NULL},
    {DO_NONE, ON_CHECKS, 0, {0}, "Enter", N_("Cure or details"), 0, N_("the cure, or what was found"), false, NULL},
    {DO_NONE, ON_CHECKS, 0, {0}, "a", N_("Accept"), 0, N_("accept it, with a reason"), false, NULL},
    {DO_NONE, ON_CHECKS, 0, {0}, "r", N_("Run again"), 0, N_("run the checks again"), false, NULL},
    {DO_NONE, ON_CHECKS, 0, {0}, "f", NULL, 0, N_("only problems, or all"), false, NULL},
    {DO_NONE, ON_CHECKS, 0, {0}, "Esc", N_("Back"), 0, N_("back, never quits"), true, NULL},
    {DO_NONE, ON_SCOPE, 0, {0}, "Space", N_("Pick"), 0, N_("pick, or leave out"), false, NULL},
    {DO_NONE, ON_SCOPE, 0, {0}, "a", N_("All"), 0, N_("all shown, or none"), false, NULL},
    {DO_NONE, ON_SCOPE, 0, {0}, "/", N_("Find"), 0, N_("find: glob, or /regex/"), false, NULL},
    {DO_NONE, ON_SCOPE, 0, {0}, "← →", N_("Fold"), 0, N_("fold, unfold"), false, NULL},
    {DO_NONE, ON_SCOPE, 0, {0}, "s", N_("Sort"), 0, N_("sort"), false, NULL},
    {DO_NONE, ON_SCOPE, 0, {0}, "Enter", N_("Details"), 0, N_("details of a row"), false, NULL},
    {DO_NONE, ON_SCOPE, 0, {0}, "Esc", N_("Back"), 0, N_("back, never quits"), true, NULL},
    {DO_NONE, ON_SCOPE, 0, {0}, "F4 n", NULL, 0, N_("next without a key"), false, NULL},
    {DO_NONE, ON_SCOPE, 0, {0}, "F7 Ctrl-N", NULL, 0, N_("renames"), false, NULL},
    {DO_NONE, ON_SCOPE, 0, {0}, "e", NULL, 0, N_("rules of events"), false, NULL},
    {DO_NONE, ON_SCOPE, 0, {0}, "r", NULL, 0, N_("look again"), false, NULL},
    {DO_NONE, ON_FIND, 0, {0}, "Enter", N_("Keep"), 0, NULL, false, NULL},
    {DO_NONE, ON_FIND, 0, {0}, "Esc", N_("Clear"), 0, NULL, false, NULL},
    {DO_NONE, ON_FIND, 0, {0}, "* ?", N_("Any text, one character"), 0, NULL, false, NULL},
    {DO_NONE, ON_FIND, 0, {0}, "/…/", N_("Regular expression"), 0, NULL, false, NULL},
    {DO_NONE, ON_ANY, 0, {0}, "Shift-Tab", NULL, 0, N_("previous field"), true, NULL},
    {DO_TEST, ON_FORM, K_CTRL('t'), {0}, "Ctrl-T", NULL, 0, N_("test the connection"), false, NULL},
    {DO_NONE, ON_FORM, 0, {0}, "Ctrl-Y", NULL, 0, N_("take the offered repair"), false, NULL},
    {DO_NONE, ON_FORM, 0, {0}, "Ctrl-R", NULL, 0, N_("show the password"), false, NULL},
    {DO_NONE, ON_FORM, 0, {0}, "F4 Ctrl-P", NULL, 0, N_("origin of the password"), false, NULL},
    {DO_NONE, ON_FORM, 0, {0}, "F6 Ctrl-X", NULL, 0, N_("GRANT, ssh, figures"), false, NULL},
    {DO_NONE, ON_FORM, 0, {0}, "F5 Ctrl-F", NULL, 0, N_("Review: the whole file"), false, NULL},
    {DO_NONE, ON_FORM, 0, {0}, "F7 Ctrl-N", NULL, 0, N_("Path: the other end"), false, NULL},
    {DO_HELP, ON_ANY, K_F1, {0}, "F1", N_("Help"), 0, N_("this list"), true, NULL},
    {DO_GOTO, ON_ANY, K_F2, {K_CTRL('g')}, "F2", N_("Go to"), 0, N_("go to a page"), true, NULL},
    {DO_THEME, ON_ANY, 'L', {0}, "L", NULL, 0, N_("next colour theme"), true, NULL},
    {DO_MOUSE, ON_ANY | ON_FIND, K_F3, {'m'}, "F3 m", N_("Mouse off"), 0, N_("mouse on, off"), true, NULL},
    {DO_SAVE, ON_ANY, K_F9, {K_CTRL('s')}, "F9", N_("Save"), 0, N_("save the job"), true, NULL},
    {DO_REDRAW, ON_ANY, K_CTRL('l'), {0}, "Ctrl-L", NULL, 0, N_("draw again"), true, NULL},
    {DO_SUSPEND, ON_ANY, K_CTRL('z'), {0}, "Ctrl-Z", NULL, 0, N_("shell; fg returns"), true, NULL},
    {DO_LEAVE, ON_ANY, K_F10, {K_CTRL('q'), K_CTRL('c')}, "F10", NULL, 0, N_("leave (asks)"), true, NULL},
    {DO_LEAVE, ON_START, K_F10, {0}, "F10", N_("Quit"), 0, NULL, false, NULL},
};
static const struct key_action actions[] = {
    {"help", ON_ANY, {K_F1, '?'}},
    {"go-to", ON_ANY, {K_F2, K_CTRL('g')}},
    {"mouse", ON_ANY | ON_FIND, {K_F3, 'm'}},
    {"save", ON_ANY, {K_F9, K_CTRL('s')}},
    {"leave", ON_ANY, {K_F10, K_CTRL('q'), K_CTRL('c'), 'q'}},
    {"redraw", ON_ANY, {K_CTRL('l')}},
    {"suspend", ON_ANY, {K_CTRL('z')}},
    {"theme", ON_ANY, {'L'}},
    {"test", ON_FORM, {K_CTRL('t')}},
    {"accept-repair", ON_FORM, {K_CTRL('y')}},
    {"show-password", ON_FORM, {K_CTRL('r')}},
    {"password-origin", ON_FORM, {K_F4, K_CTRL('p')}},
    {"whole-file", ON_FORM, {K_F5, K_CTRL('f')}},
    {"details", ON_FORM, {K_F6, K_CTRL('x')}},
    {"other-end", ON_FORM, {K_F7, K_CTRL('n')}},
    {"accept-check", ON_CHECKS, {'a'}},
    {"run-again", ON_CHECKS, {'r', K_F5}},
    {"only-problems", ON_CHECKS, {'f'}},
    {"pick-all", ON_SCOPE, {'a'}},
    {"find", ON_SCOPE, {'/'}},
    {"sort", ON_SCOPE, {'s'}},
    {"next-keyless", ON_SCOPE, {K_F4, 'n'}},
    {"renames", ON_SCOPE, {K_F7, K_CTRL('n')}},
    {"events", ON_SCOPE, {'e'}},
    {"look-again", ON_SCOPE, {'r', K_F5}},
};
static const struct keymap keys = {rows, TG_ARRAY_LEN(rows), actions, TG_ARRAY_LEN(actions)};
const struct keymap *const wizard_keys = &keys;

/* ---- life ---- */

static const struct page *page_of(const struct wz *w)
{
    return wz_pages[w->at];
}

static unsigned where_of(const struct wz *w)
{
    return page_of(w)->where_now ? page_of(w)->where_now(w) : page_of(w)->where;
}

struct wz *wz_new(const struct wizard_options *o, struct job *job)
{
    struct wz *w = x_alloc(sizeof *w);
    w->o = o;
    w->job = job;
    snprintf(w->path, sizeof w->path, "%s", o && o->job_path ? o->job_path : "");
    for (int i = 0; i < STEP_COUNT; i++)
        form_init(&w->form[i], wz_pages[i]->fields, wz_pages[i]->nfields);
    return w;
}

void wz_free(struct wz *w)
{
    if (!w)
        return;
    for (int i = 0; i < STEP_COUNT; i++)
        form_release(&w->form[i]);
    if (w->report)
        check_report_release(w->report);
    free(w->report);
    for (int i = 0; i < 2; i++) {
        if (w->tested[i])
            check_report_release(w->tested[i]);
        free(w->tested[i]);
    }
    modal_close(&w->modal);
    scope_free(w->scope);
    free(w);
}

const char *wz_say(const struct wz *w, const char *text, char *out, size_t size)
{
    return keymap_say(&keys, page_of(w)->where, text, out, size);
}

void wz_notice(struct wz *w, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(w->notice, sizeof w->notice, fmt, ap);
    va_end(ap);
    w->notice_until_ms = w->now_ms + NOTICE_MS;
}

void wz_changed(struct wz *w)
{
    w->is_changed = true;
    for (int i = 0; i < PROBE_COUNT; i++)
        w->probe[i].is_stale = true;
}

void wz_changed_name(struct wz *w)
{
    w->is_changed = true;
    form_show_again(&w->form[w->at], w);
}

void wz_typed(struct wz *w, const struct form_field *f)
{
    const char *rest = strchr(f->path, '.');
    if (rest && strcmp(rest, ".host") == 0)
        w->name_wanted = strncmp(f->path, "target", 6) == 0 ? 2 : 1;
}

void wz_take_job(struct wz *w, struct job *job, const char *path, enum step reached)
{
    for (int i = 0; i < STEP_COUNT; i++) {
        form_forget(&w->form[i]);
        w->is_passed[i] = false;
        w->focus[i] = 0;
    }
    if (w->report)
        check_report_release(w->report);
    free(w->report);
    w->report = NULL;
    memset(w->probe, 0, sizeof w->probe);
    memset(w->way, 0, sizeof w->way);
    memset(w->view, 0, sizeof w->view);
    w->source_at = 0;
    w->path_is_target = false;
    w->reached = reached;
    w->is_changed = path[0] == 0;
    snprintf(w->path, sizeof w->path, "%s", path);
    job_release(w->job);
    *w->job = *job;
    *job = (struct job){0};
}

/* ---- focus: shown fields, things of the page, buttons ---- */

static size_t fields_shown(const struct wz *w)
{
    size_t order[FORM_FIELDS];
    return form_shown(&w->form[w->at], w, order);
}

static const char *const *buttons_of(const struct wz *w)
{
    const struct page *p = page_of(w);
    return p->buttons_now ? p->buttons_now(w) : p->buttons;
}

/* Where nothing may be written, Review has no more than Back and Save. */
static size_t nbuttons(const struct wz *w)
{
    const struct page *p = page_of(w);
    const char *const *list = buttons_of(w);
    size_t n = 0;
    while (list && list[n])
        n++;
    return wz_is_read_only(w) && p->step == STEP_REVIEW ? TG_MIN(n, (size_t)2) : n;
}

static size_t nplaces(const struct wz *w)
{
    return fields_shown(w) + page_of(w)->nextra + nbuttons(w);
}

/* The number of the button that has the focus, or -1. */
static int button_at(const struct wz *w)
{
    size_t before = fields_shown(w) + page_of(w)->nextra, at = w->focus[w->at];
    return at >= before ? (int)(at - before) : -1;
}

bool wz_has_focus(const struct wz *w, unsigned extra)
{
    return w->focus[w->at] == fields_shown(w) + extra && extra < page_of(w)->nextra;
}

const struct form_field *wz_field(const struct wz *w)
{
    size_t order[FORM_FIELDS], n = form_shown(&w->form[w->at], w, order), at = w->focus[w->at];
    return at < n ? &w->form[w->at].field[order[at]] : NULL;
}

void wz_focus(struct wz *w, size_t at)
{
    size_t order[FORM_FIELDS], n;
    w->focus[w->at] = at;
    n = form_shown(&w->form[w->at], w, order);
    form_focus(&w->form[w->at], w, at < n ? order[at] : SIZE_MAX);
    if (w->focus[w->at] >= nplaces(w)) /* what was put into the job may have hidden fields */
        w->focus[w->at] = nplaces(w) ? nplaces(w) - 1 : 0;
}

static void move_focus(struct wz *w, int by)
{
    size_t n = nplaces(w), at = w->focus[w->at];
    if (n)
        wz_focus(w, (at + n + (size_t)(by < 0 ? n - 1 : 1)) % n);
}

/* ---- from page to page ---- */

static bool may_pass(struct wz *w, enum step s, char why[160])
{
    const struct page *p = wz_pages[s];
    const struct form_field *bad = form_problem(&w->form[s], w);
    why[0] = 0;
    if (bad)
        snprintf(why, 160, _("one thing left: %s"), form_label(bad));
    return !bad && (!p->ready || p->ready(w, why));
}

static void focus_problem(struct wz *w)
{
    size_t order[FORM_FIELDS], n = form_shown(&w->form[w->at], w, order);
    const struct form_field *bad = form_problem(&w->form[w->at], w);
    for (size_t i = 0; bad && i < n; i++)
        if (&w->form[w->at].field[order[i]] == bad)
            wz_focus(w, i);
}

void wz_go(struct wz *w, enum step to, struct wz_effect *out)
{
    char why[160];
    bool is_forward = to > w->at;
    form_focus(&w->form[w->at], w, SIZE_MAX);
    for (enum step s = w->at; s < to; s++) {
        bool fine = may_pass(w, s, why);
        w->is_passed[s] = fine;
        if (!fine) {
            w->at = s;
            wz_notice(w, "%s", why);
            wz_focus(w, w->focus[s]);
            focus_problem(w);
            return;
        }
    }
    w->at = to;
    w->reached = TG_MAX(w->reached, to);
    wz_focus(w, w->focus[to] < nplaces(w) && !(is_forward && button_at(w) == 0) ? w->focus[to] : 0); /* not onto Back: Enter goes on */
    if (page_of(w)->enter)
        page_of(w)->enter(w, out);
}

/* ---- input ---- */

static void press_button(struct wz *w, struct wz_effect *out)
{
    int b = button_at(w), n = (int)nbuttons(w);
    if (b < 0)
        return;
    if (b == 0)
        wz_go(w, w->at ? w->at - 1 : w->at, out);
    else if (b == n - 1 && w->at < STEP_REVIEW)
        wz_go(w, w->at + 1, out);
    else if (page_of(w)->press)
        page_of(w)->press(w, (unsigned)b, out);
}

static void back(struct wz *w, struct wz_effect *out)
{
    for (int p = 0; p < PROBE_COUNT; p++)
        if (w->probe[p].is_running && p != PROBE_NAME && p != PROBE_RUNS) {
            out->kind = WZ_STOP_PROBE;
            out->probe = (enum probe)p;
            return;
        }
    if (w->at > STEP_START)
        wz_go(w, w->at - 1, out);
}

static void do_action(struct wz *w, const struct key_row *row, struct wz_effect *out)
{
    switch ((enum action)row->action) {
    case DO_HELP:
        w->is_help = true;
        break;
    case DO_GOTO:
        w->is_goto = true;
        w->goto_at = (int)w->at;
        break;
    case DO_TEST:
        form_focus(&w->form[w->at], w, SIZE_MAX);
        wz_focus(w, w->focus[w->at]);
        if (page_of(w)->press)
            page_of(w)->press(w, 1, out);
        break;
    case DO_SAVE:
        ask_path(w, false, row->key);
        break;
    case DO_LEAVE:
        ask_leave_wizard(w, row->key);
        break;
    case DO_REDRAW:
        out->kind = WZ_REDRAW;
        break;
    case DO_THEME:
        out->kind = WZ_THEME;
        break;
    case DO_SUSPEND:
        out->kind = WZ_SUSPEND;
        break;
    case DO_MOUSE:
        out->kind = WZ_MOUSE;
        break;
    case DO_NONE:
        break;
    }
}

/* Keys that mean the same on every page, unless a field takes them as text. */
static bool feed_frame(struct wz *w, const struct input *in, struct wz_effect *out)
{
    const struct key_row *row = keymap_find(&keys, where_of(w), in->key);
    if (row && row->action != DO_NONE) {
        do_action(w, row, out);
        return true;
    }
    switch (in->key) {
    case K_TAB:
    case K_DOWN:
        move_focus(w, 1);
        return true;
    case K_BACK_TAB:
    case K_UP:
        move_focus(w, -1);
        return true;
    case K_LEFT:
    case K_RIGHT:
        if (button_at(w) >= 0)
            move_focus(w, in->key == K_LEFT ? -1 : 1);
        return true;
    case K_ENTER:
        if (button_at(w) >= 0)
            press_button(w, out);
        else if (w->focus[w->at] + 1 < fields_shown(w))
            move_focus(w, 1);
        else
            wz_focus(w, nplaces(w) - 1);
        return true;
    case K_ESC:
        back(w, out);
        return true;
    case '?':
        w->is_help = true;
        return true;
    case 'q':
        ask_leave_wizard(w, 'q');
        return true;
    default:
        return false;
    }
}

static bool feed_goto(struct wz *w, int key, struct wz_effect *out)
{
    int to = key == K_ENTER ? w->goto_at : key - '1';
    if (key == K_DOWN || key == K_TAB || key == K_UP || key == K_BACK_TAB) {
        w->goto_at = (w->goto_at + (key == K_DOWN || key == K_TAB ? 1 : (int)w->reached)) % ((int)w->reached + 1);
        return true;
    }
    w->is_goto = false;
    if (to >= 0 && to <= (int)w->reached)
        wz_go(w, (enum step)to, out);
    return true;
}

bool wz_is_read_only(const struct wz *w)
{
    return w->o && w->o->is_read_only;
}

static bool feed_any(struct wz *w, const struct input *in, struct wz_effect *out);

static bool needs_passwords(const struct wz_effect *f)
{
    return f->kind == WZ_RUN || (f->kind == WZ_PROBE && f->probe <= PROBE_PATH);
}

void wz_ask_passphrase(struct wz *w, struct wz_effect *out)
{
    if (needs_passwords(out) && ask_sealed(w, out))
        *out = (struct wz_effect){.kind = WZ_NONE};
}

/* The boxes that lead to these acts do not open under --read-only; what comes another way ends here. */
bool wz_feed(struct wz *w, const struct input *in, struct wz_effect *out)
{
    bool is_new = feed_any(w, in, out);
    bool writes = out->kind == WZ_RUN || out->kind == WZ_RESUME || out->kind == WZ_CURE || (out->kind == WZ_PROBE && out->probe == PROBE_REHEARSE);
    if (writes && wz_is_read_only(w)) {
        secret_free(out->password);
        *out = (struct wz_effect){.kind = WZ_NONE};
        wz_notice(w, "%s", _("--read-only: this window starts and changes nothing"));
    }
    wz_ask_passphrase(w, out);
    if (w->name_wanted && out->kind == WZ_NONE) {
        out->kind = WZ_PROBE;
        out->probe = PROBE_NAME;
        out->is_target = w->name_wanted == 2;
        w->name_wanted = 0;
    }
    return is_new;
}

static bool is_typing(const struct wz *w)
{
    return w->form[w->at].held != SIZE_MAX || (w->at == STEP_SCOPE && w->scope && w->scope->is_finding);
}

/* The mouse can be switched whatever is open; by a letter only where letters are no text. */
static bool is_mouse_key(const struct wz *w, const struct input *in)
{
    int key = in->kind == IN_KEY && !key_is_text(in->key) ? keymap_meaning(&keys, where_of(w), in->key) : 0;
    const struct key_row *row = keymap_find(&keys, where_of(w), key);
    return row && row->action == DO_MOUSE;
}

static bool feed_any(struct wz *w, const struct input *in, struct wz_effect *out)
{
    bool changed;
    *out = (struct wz_effect){.kind = WZ_NONE};
    if (in->kind == IN_RESIZE || in->kind == IN_TICK)
        return true;
    if (in->kind == IN_CLICK || in->kind == IN_WHEEL)
        return wz_point(w, in, out);
    if (is_mouse_key(w, in)) {
        out->kind = WZ_MOUSE;
        return true;
    }
    if (w->modal.kind) {
        ask_feed(w, in, out);
        return true;
    }
    if (w->is_help || (w->is_goto && in->kind == IN_KEY)) {
        bool was_goto = w->is_goto;
        w->is_help = false;
        return was_goto ? feed_goto(w, in->key, out) : true;
    }
    struct input known = *in;
    if (in->kind == IN_KEY && !(key_is_text(in->key) && is_typing(w)))
        known.key = keymap_meaning(&keys, where_of(w), in->key);
    in = &known;
    if (in->kind == IN_KEY && !in->key)
        return true;
    if (form_feed(&w->form[w->at], w, in, &changed))
        return true;
    if (page_of(w)->feed && page_of(w)->feed(w, in, out))
        return true;
    if (in->kind == IN_PASTE) {
        wz_notice(w, "%s", _("a paste needs a text field; nothing was done with it"));
        return true;
    }
    return feed_frame(w, in, out);
}

/* ---- drawing ---- */

static void draw_title(const struct wz *w, struct canvas *c)
{
    struct rect all = canvas_all(c);
    char what[4200], name[24];
    if (w->at == STEP_START)
        snprintf(what, sizeof what, "%s", _("move a MySQL-family database into TiDB"));
    else
        snprintf(what, sizeof what, w->is_changed ? _("job: %s (unsaved)") : _("job: %s"), w->job->name ? w->job->name : _("new"));
    canvas_text(c, all, 0, 1, ROLE_TITLE, "tidegate");
    canvas_cut(c, all, 0, 12, c->cols - 12 - 14, ROLE_TEXT, what);
    canvas_right(c, all, 0, c->cols - 10, ROLE_TEXT, text_language_short(text_language()));
    int help = keymap_pressed(&keys, where_of(w), K_F1);
    canvas_spot(c, all, (struct rect){0, c->cols - 8, 1, 8}, SPOT_KEY, help);
    canvas_right(c, all, 0, c->cols - 6, ROLE_KEY, key_name(help, name, sizeof name));
    canvas_text(c, all, 0, c->cols - 5, ROLE_TEXT, _("Help"));
}

static void draw_stepper(const struct wz *w, struct canvas *c)
{
    struct rect all = canvas_all(c);
    int x = 1;
    if (c->cols < 80) {
        canvas_textf(c, all, 1, 1, ROLE_TITLE, "%d/%d %s", (int)w->at + 1, STEP_COUNT, _(page_of(w)->title));
        return;
    }
    for (int s = 0; s < STEP_COUNT; s++) {
        bool is_here = s == (int)w->at, is_passed = w->is_passed[s] && !is_here;
        enum role role = is_here ? ROLE_TITLE : is_passed ? ROLE_OK : ROLE_DIM;
        canvas_spot(c, all, (struct rect){1, x, 1, 1 + text_cells(_(wz_pages[s]->title))}, SPOT_STEP, s);
        x += canvas_text(c, all, 1, x, role, is_here ? "▸" : is_passed ? "✓" : " ");
        x += canvas_text(c, all, 1, x, is_here ? ROLE_TITLE : ROLE_TEXT, _(wz_pages[s]->title));
        if (s + 1 < STEP_COUNT)
            x += canvas_text(c, all, 1, x, ROLE_EDGE, " ─ ");
    }
}

static void draw_rule(struct canvas *c, int y)
{
    for (int x = 0; x < c->cols; x++)
        canvas_text(c, canvas_all(c), y, x, ROLE_EDGE, "─");
}

static void draw_buttons(struct wz *w, struct canvas *c, int y)
{
    const struct page *p = page_of(w);
    struct rect all = canvas_all(c);
    char why[160], said[200];
    int x = 2;
    for (size_t i = 0; i < nbuttons(w); i++) {
        bool has_focus = button_at(w) == (int)i;
        if (has_focus) {
            c->cursor_y = y;
            c->cursor_x = x;
        }
        int used = canvas_textf(c, all, y, x, has_focus ? ROLE_PICK : ROLE_TEXT, "[ %s ]", _(buttons_of(w)[i]));
        canvas_spot(c, all, (struct rect){y, x, 1, used}, SPOT_PAGE_BUTTON, (int64_t)i);
        x += used + 3;
    }
    if (p->buttons && !may_pass(w, w->at, why))
        canvas_cut(c, all, y, x + 3, TG_MIN(c->cols, LEFT) - x - 5, ROLE_DIM, wz_say(w, why, said, sizeof said));
}

void wz_box(struct canvas *c, struct rect r, const struct wz *w, bool has_focus, const char *title, const char *right)
{
    (void)w;
    canvas_box(c, r, has_focus ? ROLE_EDGE_FOCUS : ROLE_EDGE, title, right);
}

static void draw_help_column(const struct wz *w, struct canvas *c, struct rect r)
{
    const struct form_field *f = wz_field(w);
    const char *title = NULL, *text = page_of(w)->help ? page_of(w)->help(w, &title) : NULL;
    bool is_own = text != NULL;
    char head[80], said[2000];
    if (!text && f) {
        text = form_help(f);
        title = f->help_title ? _(f->help_title) : form_label(f);
    }
    if (!text)
        return;
    snprintf(head, sizeof head, title && !is_own ? _("Help: %s") : "%s", title ? title : _("Help"));
    wz_box(c, r, w, false, head, NULL);
    struct rect in = rect_inside(r);
    canvas_wrap(c, (struct rect){in.y, in.x + 1, in.h, TG_MAX(in.w - 2, 1)}, 0, ROLE_TEXT, wz_say(w, text, said, sizeof said));
}

static void draw_help(const struct wz *w, struct canvas *c)
{
    struct rect in = dialog_frame(c, 20, 72, _("Keys on this page"));
    keymap_help(&keys, where_of(w), c, in);
}

static void draw_goto(const struct wz *w, struct canvas *c)
{
    struct rect in = dialog_frame(c, STEP_COUNT + 4, 46, _("Go to a page"));
    for (int s = 0; s < STEP_COUNT; s++) {
        canvas_spot(c, in, (struct rect){in.y + s, in.x, 1, in.w}, SPOT_PAGE, s);
        canvas_textf(c, in, in.y + s, in.x, s == w->goto_at ? ROLE_PICK : s <= (int)w->reached ? ROLE_TEXT : ROLE_DIM, "%s %d  %s", s == w->goto_at ? "▸" : " ", s + 1,
                     _(wz_pages[s]->title));
    }
    c->cursor_y = in.y + w->goto_at;
    c->cursor_x = in.x;
    canvas_text(c, in, in.y + STEP_COUNT + 1, in.x, ROLE_DIM, _("↑↓ Enter, or its number; Esc stays here"));
}

static const char *footer_hint(void *arg, const struct key_row *row, enum role *role)
{
    const bool *has_mouse = arg;
    (void)role;
    return row->action == DO_MOUSE && !*has_mouse ? NULL : _(row->hint);
}

static void draw_footer(const struct wz *w, struct canvas *c)
{
    bool has_mouse = w->has_mouse;
    char said[sizeof w->notice + 40];
    if (w->notice[0] && w->now_ms < w->notice_until_ms)
        canvas_cut(c, canvas_all(c), c->rows - 1, 1, c->cols - 2, ROLE_WARN, wz_say(w, retell(w->notice), said, sizeof said));
    else
        keymap_footer(&keys, where_of(w), c, c->rows - 1, footer_hint, &has_mouse);
}

static void draw_too_small(const struct wz *w, struct canvas *c)
{
    struct rect all = canvas_all(c);
    canvas_textf(c, all, 1, 2, ROLE_TITLE, _("tidegate needs 60 x 18, this is %d x %d"), c->cols, c->rows);
    canvas_textf(c, all, 3, 2, ROLE_TEXT, _("page %d of %d: %s"), (int)w->at + 1, STEP_COUNT, _(page_of(w)->title));
    canvas_text(c, all, 5, 2, ROLE_TEXT, _("Your answers are kept. Make this bigger, or press q."));
}

void wz_draw(struct wz *w, struct canvas *c)
{
    const struct page *p = page_of(w);
    canvas_clear(c);
    c->cursor_y = c->cursor_x = -1;
    if (c->rows < 18 || c->cols < 60) {
        draw_too_small(w, c);
        return;
    }
    draw_title(w, c);
    draw_stepper(w, c);
    draw_rule(c, 2);
    draw_rule(c, c->rows - 2);
    draw_footer(w, c);
    bool is_wide = c->cols >= WIDE, is_tall = c->rows >= 30;
    int left = is_wide ? TG_MIN(LEFT, c->cols - 40) : c->cols;
    int bottom = c->rows - (p->buttons ? 4 : 2); /* the buttons' line, an empty one before the rule */
    int y = is_tall || !p->buttons ? 3 : 3;
    if (p->question)
        canvas_cut(c, canvas_all(c), y + (p->where == ON_START ? 1 : 0), 2, left - 4, ROLE_TITLE, _(p->question));
    struct rect body = {y + 1, 0, (is_tall ? 21 : bottom) - y - 1, left};
    p->draw(w, c, body);
    if (is_wide)
        draw_help_column(w, c, (struct rect){y, left, is_tall && !p->below ? 22 : 18, c->cols - left - 1});
    if (is_tall && p->below)
        p->below(w, c, (struct rect){22, 2, bottom - 23, c->cols - 3});
    if (p->buttons)
        draw_buttons(w, c, bottom);
    if (w->modal.kind)
        modal_draw(&w->modal, c);
    if (w->is_goto)
        draw_goto(w, c);
    if (w->is_help)
        draw_help(w, c);
}

/* ---- probes ---- */

const char *wz_probe_age(const struct wz *w, enum probe p, char out[80])
{
    const struct probe_view *v = &w->probe[p];
    int64_t s = (w->now_ms - (v->is_running ? v->began_ms : v->ended_ms)) / 1000;
    out[0] = 0;
    if (v->is_running)
        snprintf(out, 80, _("testing… %lld s, Esc stops it"), (long long)s);
    else if (v->is_over && v->is_stale)
        snprintf(out, 80, "%s", _("of earlier answers"));
    else if (v->is_over && s < 2)
        snprintf(out, 80, "%s", _("just now"));
    else if (v->is_over)
        snprintf(out, 80, _("%lld s ago"), (long long)s);
    return out;
}

/* Rows a line is given: the lines after it keep theirs. */
static int draw_probe_line(const struct probe_view *v, const struct probe_line *l, struct canvas *c, struct rect r, int y, int room)
{
    static const char *const marks[] = {"✓", "!", "✗", "?"};
    static const enum role roles[] = {ROLE_OK, ROLE_WARN, ROLE_BAD, ROLE_DIM};
    enum role role = v->is_stale ? ROLE_DIM : ROLE_TEXT;
    struct rect text = {y, r.x + 3, room, r.w - 4};
    canvas_text(c, r, y, r.x + 1, v->is_stale ? ROLE_DIM : roles[l->state], l->is_remedy ? " " : marks[l->state]);
    if (room > 1)
        return TG_MIN(canvas_wrap(c, text, 0, role, retell(l->text)), room);
    canvas_cut(c, r, y, text.x, text.w, role, retell(l->text));
    return 1;
}

void wz_probe_draw(const struct wz *w, enum probe p, struct canvas *c, struct rect r)
{
    const struct probe_view *v = &w->probe[p];
    int n = (int)TG_MIN(v->n, (unsigned)PROBE_LINES), drawn = 0, left = 0;
    bool has_closing = n && v->line[n - 1].state == CHECK_PASS, fits = n <= r.h;
    if (!n)
        canvas_cut(c, r, r.y, r.x + 1, r.w - 2, ROLE_DIM, v->is_running ? "" : _("not tested yet"));
    for (int i = 0; i < n; i++)
        left += fits || v->line[i].state == CHECK_FAIL || v->line[i].state == CHECK_WARN;
    /* Where not all find room: problems first and in full, and the closing line (what there is to move) before the rest. */
    for (int pass = fits ? 1 : 0; pass < 2; pass++)
        for (int i = 0; i < n && drawn < r.h; i++) {
            const struct probe_line *l = &v->line[i];
            bool is_problem = l->state == CHECK_FAIL || l->state == CHECK_WARN, is_last_place = drawn + 1 == r.h;
            if (!fits && (is_problem != (pass == 0) || (has_closing && !is_problem && is_last_place && i + 1 < n)))
                continue;
            drawn += draw_probe_line(v, l, c, r, r.y + drawn, fits || pass == 0 ? r.h - drawn - --left : 1);
        }
}
