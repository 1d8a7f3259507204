// SPDX-License-Identifier: Apache-2.0
// Checks: what could stop the run, problems first, each with its cure one key away.
#include "base/retell.h"
#include "ui/text.h"
#include "wizard/pages.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const marks[] = {"✓", "!", "✗", "-"};
static const enum role roles[] = {ROLE_OK, ROLE_WARN, ROLE_BAD, ROLE_DIM};

struct shown {
    const struct check_result **list; /* problems first; freed by shown_release */
    size_t n;
};

static struct shown shown_of(const struct wz *w)
{
    struct shown s = {NULL, 0};
    if (!w->report)
        return s;
    s.list = check_sorted(w->report);
    s.n = w->report->n;
    if (w->only_problems)
        for (s.n = 0; s.n < w->report->n && s.list[s.n]->state != CHECK_PASS && s.list[s.n]->state != CHECK_NONE;)
            s.n++;
    return s;
}

static const char *key(const void *arg, size_t row)
{
    return check_id(((const struct shown *)arg)->list[row]->check);
}

const struct check_result *checks_selected(const struct wz *w)
{
    struct shown s = shown_of(w);
    const struct check_result *r = w->list[STEP_CHECKS].selected < s.n ? s.list[w->list[STEP_CHECKS].selected] : NULL;
    free(s.list);
    return r;
}

const struct check_cure *checks_cure(const struct wz *w, const struct wz_effect *f)
{
    for (uint32_t i = 0; w->report && i < w->report->n; i++) {
        const struct check_result *one = &w->report->results[i];
        if (strcmp(check_id(one->check), f->check) == 0 && f->cure < one->ncures)
            return &one->cures[f->cure];
    }
    return NULL;
}

static const char *state_word(const struct check_result *r)
{
    if (r->reason)
        return _("accepted");
    if (r->state == CHECK_PASS || r->state == CHECK_NONE)
        return "";
    return r->ncures ? _("cure") : _("see");
}

static void draw_row(const struct wz *w, struct canvas *c, struct rect in, int y, const struct check_result *r, bool is_here)
{
    char wanted[80] = "";
    int tail = in.x + in.w - 8;
    if (r->wanted && r->state != CHECK_NONE)
        snprintf(wanted, sizeof wanted, r->state == CHECK_PASS ? "%s" : _("want %s"), retell(r->wanted));
    canvas_text(c, in, y, in.x + 3, roles[r->state], marks[r->state]);
    canvas_cut(c, in, y, in.x + 5, 28, ROLE_TEXT, _(check_title(r->check)));
    int room = wanted[0] ? 13 : tail - in.x - 35; /* nothing beside it: the figure may be longer */
    canvas_cut(c, in, y, in.x + 34, TG_MAX(room, 0), ROLE_TEXT, r->found ? retell(r->found) : r->state == CHECK_NONE ? _("n/a") : "");
    canvas_cut(c, in, y, in.x + 48, TG_MAX(tail - in.x - 49, 0), ROLE_DIM, wanted);
    canvas_cut(c, in, y, tail, 8, r->reason ? ROLE_DIM : ROLE_KEY, state_word(r));
    if (!is_here)
        return;
    canvas_text(c, in, y, in.x + 1, ROLE_PICK, "▸");
    c->cursor_y = y;
    c->cursor_x = in.x + 1;
    if (wz_has_focus(w, 0))
        canvas_paint(c, (struct rect){y, in.x + 1, 1, in.w - 2}, ROLE_PICK);
}

/* Until the whole list is there: each result as it comes. */
static void draw_running(struct wz *w, struct canvas *c, struct rect box)
{
    char age[80];
    wz_box(c, box, w, true, _("Checks"), wz_probe_age(w, PROBE_CHECKS, age));
    struct rect in = rect_inside(box);
    const struct probe_view *v = &w->probe[PROBE_CHECKS];
    unsigned from = v->n > (unsigned)in.h ? v->n - (unsigned)in.h : 0;
    for (unsigned i = from; i < v->n; i++) {
        const struct probe_line *l = &v->line[i % PROBE_LINES];
        canvas_text(c, in, in.y + (int)(i - from), in.x + 3, roles[l->state], marks[l->state]);
        canvas_cut(c, in, in.y + (int)(i - from), in.x + 5, in.w - 6, ROLE_TEXT, retell(l->text));
    }
}

/* They could not even begin: why, and what to do. */
static void draw_not_begun(const struct wz *w, struct canvas *c, struct rect box)
{
    char age[80];
    wz_box(c, box, w, wz_has_focus(w, 0), _("Checks"), wz_probe_age(w, PROBE_CHECKS, age));
    canvas_spot(c, box, box, SPOT_THING, 0);
    wz_probe_draw(w, PROBE_CHECKS, c, rect_inside(box));
}

static void draw_list(struct wz *w, struct canvas *c, struct rect box)
{
    struct shown s = shown_of(w);
    struct list *l = &w->list[STEP_CHECKS];
    char age[80];
    wz_box(c, box, w, wz_has_focus(w, 0), _("Checks"), wz_probe_age(w, PROBE_CHECKS, age));
    struct rect in = rect_inside(box);
    list_sync(l, s.n, (size_t)in.h, key, &s);
    canvas_spot(c, box, box, SPOT_THING, 0);
    for (size_t i = l->top; i < s.n && i - l->top < (size_t)in.h; i++) {
        canvas_spot(c, in, (struct rect){in.y + (int)(i - l->top), in.x, 1, in.w}, SPOT_ROW, (int64_t)i);
        draw_row(w, c, in, in.y + (int)(i - l->top), s.list[i], i == l->selected);
    }
    if (l->top + (size_t)in.h < s.n)
        canvas_textf(c, box, box.y + box.h - 1, box.x + 4, ROLE_DIM, _(" … %zu more "), s.n - l->top - (size_t)in.h);
    free(s.list);
}

static void draw_detail(struct wz *w, struct canvas *c, struct rect r)
{
    const struct check_result *one = checks_selected(w);
    if (!one || r.h < 1)
        return;
    const char *text = one->reason ? one->reason : one->nfindings ? retell(one->findings[0].text) : one->detail ? retell(one->detail) : _(check_why(one->check));
    canvas_wrap(c, (struct rect){r.y, r.x, TG_MIN(r.h, 2), r.w}, 0, ROLE_TEXT, text);
}

static void draw(struct wz *w, struct canvas *c, struct rect r)
{
    const struct check_report *p = w->report;
    int width = TG_MIN(r.w, 80) - 4;
    struct rect line = {r.y - 1, r.x, 1, r.w};
    char hints[120];
    int used = 0;
    if (w->probe[PROBE_CHECKS].is_running)
        used = canvas_cut(c, line, line.y, 2, width, ROLE_TEXT, w->probe[PROBE_CHECKS].n ? _("Looking; nothing is written anywhere") : _("Connecting"));
    else if (p)
        used = canvas_textf(c, line, line.y, 2, ROLE_TEXT, _("%u checks: %u pass, %u warn, %u fail, %u n/a"), p->n, p->npass, p->nwarn, p->nfail, p->nnone);
    keymap_words(wizard_keys, 32, w->only_problems ? _("r Run again   f All") : _("r Run again   f Only problems"), hints, sizeof hints);
    if (used + 2 + text_cells(hints) <= width)
        canvas_right(c, line, line.y, 2 + width, ROLE_DIM, hints);
    struct rect box = {r.y, 2, TG_MAX(r.h - 3, 3), width};
    if (w->probe[PROBE_CHECKS].is_running)
        draw_running(w, c, box);
    else if (!p && w->probe[PROBE_CHECKS].n)
        draw_not_begun(w, c, box);
    else
        draw_list(w, c, box);
    draw_detail(w, c, (struct rect){box.y + box.h, 2, r.h - box.h, width});
}

static void enter(struct wz *w, struct wz_effect *out)
{
    if (!w->probe[PROBE_CHECKS].is_running && (!w->report || w->probe[PROBE_CHECKS].is_stale)) {
        out->kind = WZ_PROBE;
        out->probe = PROBE_CHECKS;
    }
}

static bool feed(struct wz *w, const struct input *in, struct wz_effect *out)
{
    struct shown s = shown_of(w);
    bool taken = true;
    const struct check_result *one = checks_selected(w);
    if (in->kind != IN_KEY) {
        taken = false;
    } else if (in->key == 'r' || in->key == K_F5) {
        out->kind = WZ_PROBE;
        out->probe = PROBE_CHECKS;
    } else if (in->key == 'f') {
        w->only_problems = !w->only_problems;
    } else if (in->key == 'a' && one) {
        ask_accept(w, one, in->key);
    } else if (in->key == K_ENTER && wz_has_focus(w, 0) && one) {
        ask_cure(w, one, in->key);
    } else {
        taken = wz_has_focus(w, 0) && in->key != K_TAB && list_feed(&w->list[STEP_CHECKS], in->key, s.n, 10, key, &s);
    }
    free(s.list);
    return taken;
}

static bool ready(struct wz *w, char why[160])
{
    const struct check_report *p = w->report;
    if (w->probe[PROBE_CHECKS].is_running)
        snprintf(why, 160, "%s", _("the checks are still running"));
    else if (!p && w->probe[PROBE_CHECKS].n && !w->probe[PROBE_CHECKS].is_stale)
        snprintf(why, 160, "%s", _("the checks could not begin: {r} tries again"));
    else if (!p || w->probe[PROBE_CHECKS].is_stale)
        snprintf(why, 160, "%s", _("the answers have changed: {r} runs the checks again"));
    else if (p->nfail)
        snprintf(why, 160, p->nfail == 1 ? _("%u failing: cure it, or accept it with a reason") : _("%u failing: cure them, or accept with a reason"), p->nfail);
    return !why[0];
}

static const char *help(const struct wz *w, const char **title)
{
    static char text[2000]; /* one window, one thread */
    const struct check_result *r = checks_selected(w);
    if (!r)
        return NULL;
    *title = _(check_title(r->check));
    int n = snprintf(text, sizeof text, "%s\n\n%s\n  %s\n", _(check_why(r->check)), _("Asked with"), _(check_asked(r->check)));
    for (uint32_t i = 0; i < r->ncures && n < 1800; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "\n%s %.200s\n", _("Cure:"), retell(r->cures[i].title));
    if (r->ncures)
        snprintf(text + n, sizeof text - (size_t)n, "\n%s", _("Enter opens the cure."));
    return text;
}

static const char *const buttons[] = {N_("Back"), N_("Next"), NULL};

const struct page page_checks = {.step = STEP_CHECKS, .title = N_("Checks"), .nextra = 1, .buttons = buttons, .where = 32, .enter = enter, .draw = draw,
                                 .feed = feed, .ready = ready, .help = help};
