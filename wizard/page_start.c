// SPDX-License-Identifier: Apache-2.0
// Start: what to do, and the runs of this host.
#include "base/retell.h"
#include "ui/text.h"
#include "wizard/pages.h"

#include <stdio.h>

/* Carrying on is there only where something was left behind. */
size_t start_choices(const struct wz *w)
{
    return w->draft.is_there ? START_CHOICES : START_CHOICES - 1;
}

enum start_choice start_choice_at(const struct wz *w, size_t row)
{
    return (enum start_choice)(row + (w->draft.is_there ? 0 : 1));
}

/* The selection walks through the choices, then through the runs. */
static size_t nrows(const struct wz *w)
{
    return start_choices(w) + w->nruns;
}

static void ago(const struct wz *w, int64_t at_ms, char out[60])
{
    long long s = (long long)TG_MAX((w->wall_ms - at_ms) / 1000, 0);
    if (s < 120)
        snprintf(out, 60, "%s", _("just now"));
    else if (s < 7200)
        snprintf(out, 60, _("%lld min ago"), s / 60);
    else if (s < 172800)
        snprintf(out, 60, _("%lld h ago"), s / 3600);
    else
        snprintf(out, 60, _("%lld days ago"), s / 86400);
}

static void note_of(const struct wz *w, enum start_choice choice, char out[120])
{
    char when[60];
    size_t live = 0;
    for (size_t i = 0; i < w->nruns; i++)
        live += w->runs[i].is_live;
    switch (choice) {
    case START_CARRY_ON:
        ago(w, w->draft.at_ms, when);
        snprintf(out, 120, _("%s, not saved, page %s, %s"), w->draft.name[0] ? w->draft.name : _("new"), _(wz_pages[w->draft.at]->title), when);
        break;
    case START_NEW:
        snprintf(out, 120, "%s", _("answer eight short pages, then decide"));
        break;
    case START_OPEN:
        snprintf(out, 120, "%s", _("carry on from a saved .yaml"));
        break;
    case START_ATTACH:
        snprintf(out, 120, live == 0 ? _("no run is alive on this host") : live == 1 ? _("1 run is alive on this host") : _("%zu runs are alive on this host"), live);
        break;
    case START_DEMO:
        snprintf(out, 120, "%s", _("no database needed, about 3 minutes"));
        break;
    default:
        if (w->english_only)
            snprintf(out, 120, "%s: %s", text_language_name(TEXT_EN), _(w->english_only));
        else
            snprintf(out, 120, "%s", text_language_name(text_language()));
        break;
    }
}

const char *start_choice(const struct wz *w, size_t row, char note[120])
{
    static const char *const labels[START_CHOICES] = {N_("Carry on"), N_("New migration"), N_("Open a job file"), N_("Attach to a run"), N_("Try the demo"), "Language / 语言"};
    enum start_choice what = start_choice_at(w, row);
    note_of(w, what, note);
    return what == START_LANGUAGE ? labels[what] : _(labels[what]);
}

static void draw_choices(struct wz *w, struct canvas *c, struct rect r)
{
    char note[120];
    for (size_t i = 0; i < start_choices(w); i++) {
        int y = r.y + (int)i;
        canvas_spot(c, r, (struct rect){y, 3, 1, r.w - 3}, SPOT_ROW, (int64_t)i);
        canvas_cut(c, r, y, 5, 20, ROLE_TEXT, start_choice(w, i, note));
        canvas_cut(c, r, y, 25, r.w - 27, ROLE_DIM, note);
        if (w->list[STEP_START].selected == i) {
            canvas_text(c, r, y, 3, ROLE_PICK, "▸");
            c->cursor_y = y;
            c->cursor_x = 3;
        }
    }
}

/* What a stopped run would find: the source's word where it was asked. */
const char *start_safety(const struct wz *w, const struct wizard_run *run)
{
    if (run->is_live || !run->can_resume)
        return run->since;
    for (size_t i = 0; i < TG_ARRAY_LEN(w->safety) && w->safety[i].run[0]; i++)
        if (strcmp(w->safety[i].run, run->name) == 0)
            return retell(w->safety[i].text);
    return run->since[0] ? run->since : _("binlog not looked at");
}

/* What Enter does with the run that is chosen, and what is known of it, as a sentence. */
void start_run_sentence(const struct wz *w, const struct wizard_run *run, char *out, size_t size)
{
    char when[60], how_far[60] = "";
    if (run->is_live) {
        snprintf(out, size, "%s", _("its engine is at work; Enter attaches to it"));
        return;
    }
    if (!run->can_resume) {
        snprintf(out, size, "%s", _("it is over; Enter shows its report"));
        return;
    }
    ago(w, run->at_ms, when);
    if (run->percent == 100)
        snprintf(how_far, sizeof how_far, "%s", _("everything copied"));
    else if (run->percent >= 0)
        snprintf(how_far, sizeof how_far, "%s%d %%", run->is_guess ? "~" : "", run->percent);
    else
        snprintf(how_far, sizeof how_far, "%s", _("how far it came is not known"));
    if (!run->at_ms)
        snprintf(out, size, _("stopped, %s; Enter goes on"), how_far);
    else if (run->trouble[0])
        snprintf(out, size, "%s: %s", when, run->trouble);
    else
        snprintf(out, size, _("%s, stopped %s, %s"), how_far, when, start_safety(w, run));
}

static void draw_runs(struct wz *w, struct canvas *c, struct rect r)
{
    struct rect in = rect_inside(r);
    bool has_hint = in.h > 1 || !w->nruns; /* one line alone is a run's */
    char line[300];
    size_t selected = w->list[STEP_START].selected, visible = (size_t)TG_MAX(in.h - has_hint, 0), top = 0, before = start_choices(w);
    wz_box(c, r, w, selected >= before, _("Runs on this host"), NULL);
    if (selected >= before && selected - before >= visible)
        top = selected - before - visible + 1;
    for (size_t i = top; i < w->nruns && i - top < visible; i++) {
        const struct wizard_run *run = &w->runs[i];
        int y = in.y + (int)(i - top);
        canvas_spot(c, in, (struct rect){y, in.x, 1, in.w}, SPOT_ROW, (int64_t)(before + i));
        canvas_cut(c, in, y, in.x + 1, 10, ROLE_TEXT, run->name);
        canvas_cut(c, in, y, in.x + 12, 10, ROLE_TEXT, run->state);
        canvas_cut(c, in, y, in.x + 23, 12, ROLE_TEXT, run->what);
        canvas_cut(c, in, y, in.x + 36, 10, ROLE_TEXT, run->tables);
        canvas_cut(c, in, y, in.x + 47, in.w - 48, ROLE_TEXT, start_safety(w, run));
        if (selected == before + i) {
            canvas_paint(c, (struct rect){y, in.x, 1, in.w}, ROLE_PICK);
            c->cursor_y = y;
            c->cursor_x = in.x;
        }
    }
    if (selected >= before && selected - before < w->nruns)
        start_run_sentence(w, &w->runs[selected - before], line, sizeof line);
    else
        snprintf(line, sizeof line, "%s", w->nruns ? _("Enter on a row attaches to it, goes on, or shows its report") : _("none yet"));
    if (has_hint)
        canvas_cut(c, in, in.y + in.h - 1, in.x + 1, in.w - 2, ROLE_DIM, line);
}

static void draw(struct wz *w, struct canvas *c, struct rect r)
{
    int y = r.y + (r.h < 14 ? 1 : 2), runs = (int)TG_MIN(TG_MAX(w->nruns, (size_t)1), (size_t)6) + 3;
    draw_choices(w, c, (struct rect){y, 0, (int)start_choices(w), r.w});
    y += (int)start_choices(w) + 1;
    draw_runs(w, c, (struct rect){y, 2, TG_MIN(runs, r.y + r.h - y - 1), TG_MIN(r.w, 80) - 4});
    canvas_cut(c, r, y + runs + 1, 2, r.w - 4, ROLE_TEXT, _("Nothing is written to any database before you confirm in Review."));
}

static bool is_lost(const struct wz *w, const struct wizard_run *run)
{
    for (size_t i = 0; i < TG_ARRAY_LEN(w->safety) && w->safety[i].run[0]; i++)
        if (strcmp(w->safety[i].run, run->name) == 0)
            return w->safety[i].is_lost;
    return false;
}

static void open_run(struct wz *w, const struct wizard_run *run, struct wz_effect *out)
{
    if (!run->is_live && run->can_resume && is_lost(w, run)) {
        ask_lost(w, run->name);
        return;
    }
    out->kind = run->is_live || !run->can_resume ? WZ_ATTACH : WZ_RESUME;
    snprintf(out->text, sizeof out->text, "%s", run->name);
}

/* The only one; of several the person takes one from the list. */
static void attach_live(struct wz *w, struct wz_effect *out)
{
    size_t n = 0, first = 0;
    for (size_t i = w->nruns; i-- > 0;)
        if (w->runs[i].is_live) {
            first = i;
            n++;
        }
    if (n == 1) {
        open_run(w, &w->runs[first], out);
    } else if (n) {
        w->list[STEP_START].selected = start_choices(w) + first;
        wz_notice(w, "%s", _("several are alive: choose one here, then Enter"));
    } else {
        wz_notice(w, "%s", _("no run is alive on this host"));
    }
}

static void open_choice(struct wz *w, struct wz_effect *out)
{
    size_t at = w->list[STEP_START].selected;
    if (at >= start_choices(w)) {
        if (at - start_choices(w) < w->nruns)
            open_run(w, &w->runs[at - start_choices(w)], out);
        return;
    }
    switch (start_choice_at(w, at)) {
    case START_CARRY_ON:
        out->kind = WZ_CARRY_ON;
        break;
    case START_NEW:
        wz_go(w, STEP_SOURCE, out);
        break;
    case START_OPEN:
        ask_path(w, true, K_ENTER);
        break;
    case START_ATTACH:
        attach_live(w, out);
        break;
    case START_DEMO:
        out->kind = WZ_DEMO;
        break;
    default:
        out->kind = WZ_LANGUAGE;
        break;
    }
}

static bool feed(struct wz *w, const struct input *in, struct wz_effect *out)
{
    if (in->kind != IN_KEY)
        return false;
    if (in->key == K_ENTER) {
        open_choice(w, out);
        return true;
    }
    return list_feed(&w->list[STEP_START], in->key == K_TAB ? K_DOWN : in->key == K_BACK_TAB ? K_UP : in->key, nrows(w), nrows(w), NULL, NULL);
}

static void below(struct wz *w, struct canvas *c, struct rect r)
{
    struct rect box = {r.y, r.x, 7, r.w}, in = rect_inside(box);
    wz_box(c, box, w, false, _("This terminal"), NULL);
    char said[200];
    for (int i = 0, y = in.y; i < (int)TG_ARRAY_LEN(w->terminal); i++)
        if (w->terminal[i][0])
            canvas_cut(c, in, y++, in.x + 1, in.w - 2, ROLE_TEXT, wz_say(w, w->terminal[i], said, sizeof said));
}

static const char *help(const struct wz *w, const char **title)
{
    (void)w;
    *title = _("Help");
    return _("A migration is a job file plus a run directory. You can leave at any moment: answers are kept, and a run goes on without this "
             "window.\n\nNothing is written to any database before you confirm in Review.\n\nThe same without the wizard:\n  tidegate run job.yaml\n"
             "  tidegate attach NAME");
}

const struct page page_start = {.step = STEP_START, .title = N_("Start"), .question = N_("What would you like to do?"), .where = 1, .draw = draw, .below = below, .feed = feed, .help = help};
