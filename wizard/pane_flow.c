// SPDX-License-Identifier: Apache-2.0
/* Dump (read at the source) and Load (committed at the target): the same pane twice. Bytes drive
 * the bar,
 * `~` marks a total from statistics, time left is a range of two rates and says "?" when nothing
 * moves. */
#include "base/retell.h"
#include "ui/format.h"
#include "ui/text.h"
#include "wizard/dashboard_state.h"

#include <stdio.h>

#define STILL_MS 60000
#define COST_COLUMN 48

static const struct flow_view *flow_of(const struct dashboard_state *s, bool is_load)
{
    return is_load ? &s->snap.load : &s->snap.dump;
}

/* An arrow when the estimate grew by more than a quarter within ten minutes. */
static bool has_grown(const struct dashboard_state *s)
{
    const struct left_history *h = &s->history;
    if (h->n < 2 || s->snap.load.left_s < 120)
        return false;
    return s->snap.load.left_s > h->left_s[0] + h->left_s[0] / 4;
}

static void left_words(const struct dashboard_state *s, bool is_load, bool is_wide, char *about,
                       size_t size, char range[FMT_SIZE])
{
    const struct flow_view *f = flow_of(s, is_load);
    char a[FMT_SIZE];
    bool is_young = s->wall_ms - s->snap.since_ms < 30000 || flow_percent(&s->snap, is_load) < 1;
    bool is_still = s->moved_ms && s->now_ms - s->moved_ms >= STILL_MS;
    range[0] = 0;
    if (is_still && s->snap.state != RUN_PAUSED) {
        snprintf(about, size, "?");
        snprintf(range, FMT_SIZE, "%s", is_wide ? _("nothing moved for 60 s") : _("still"));
    } else if (s->snap.state == RUN_PAUSED) {
        snprintf(about, size, "%s", _("paused"));
    } else if (f->left_s < 0 && !is_young) {
        snprintf(about, size, "?");
    } else if (f->left_s < 0 || is_young) {
        snprintf(about, size, "%s", _("not known yet"));
    } else {
        snprintf(about, size, "~%s%s", fmt_about(a, f->left_s),
                 is_load && has_grown(s) ? " ↑" : "");
        if (f->left_from_s >= 0 && f->left_to_s >= f->left_from_s)
            fmt_range(range, f->left_from_s, f->left_to_s, is_wide ? _(" to ") : "–");
    }
}

/* Why fewer read than may; the narrow pane has room for two words. */
static const char *wait_words(const struct dashboard_state *s, bool is_wide)
{
    const char *why = s->snap.pace.waits;
    if (is_wide || !why[0])
        return retell(why);
    return strncmp(why, "stream", 6) == 0  ? _("stream first")
           : strncmp(why, "limit", 5) == 0 ? _("at its limit")
                                           : _("source busy");
}

static uint32_t places(const struct flow_view *f)
{
    return TG_MAX(f->active ? f->active : f->workers_max, f->workers);
}

static void draw_left(struct canvas *c, struct rect in, int y, const struct dashboard_state *s,
                      bool is_load, bool is_wide)
{
    char about[48], range[FMT_SIZE];
    int column = is_wide ? 18 : 14;
    left_words(s, is_load, is_wide, about, sizeof about, range);
    bool waits = !is_load && !is_wide && s->snap.pace.waits[0];
    if (waits)
        snprintf(range, sizeof range, "%s", wait_words(s, false));
    if (waits && text_cells(_("left ")) + text_cells(about) + 1 + text_cells(range) > in.w)
        snprintf(about, sizeof about, "?"); /* why is more than that it is not known */
    int used = canvas_text(c, in, y, in.x, ROLE_TEXT, _("left "));
    used += canvas_text(c, in, y, in.x + used, ROLE_TEXT, about);
    column = TG_MAX(TG_MIN(column, in.w - text_cells(range)), used + 1);
    canvas_text(c, in, y, in.x + column, waits ? ROLE_WARN : ROLE_DIM, range);
}

static void draw_over(struct canvas *c, struct rect in, const struct dashboard_state *s,
                      bool is_load)
{
    const struct flow_view *f = flow_of(s, is_load);
    char a[FMT_SIZE];
    int y = in.y;
    canvas_textf(c, in, y++, in.x, ROLE_OK, _("✓ %s"), fmt_bytes(a, f->bytes));
    canvas_bar(c, in, y++, in.x, in.w, ROLE_OK, 1);
    canvas_textf(c, in, y++, in.x, ROLE_TEXT, _("%s rows"), fmt_exact(a, f->rows));
    canvas_text(c, in, y++, in.x, ROLE_TEXT,
                is_load ? _("all of it is loaded") : _("all of it is read"));
}

/* What the copy costs the source, where the enlarged pane has room beside the rest. */
static void draw_cost(struct canvas *c, struct rect in, int y, const struct pace_view *p)
{
    int x = in.x + COST_COLUMN;
    canvas_textf(c, in, y++, x, ROLE_TEXT, _("pace %s"), _(p->dial));
    if (p->threads_running >= 0)
        canvas_textf(c, in, y++, x, ROLE_TEXT, _("source runs %lld, %u ours"),
                     (long long)p->threads_running, p->threads_ours);
    if (p->read_ms >= 0)
        canvas_textf(c, in, y, x, ROLE_TEXT, _("a chunk takes %.0f ms"), p->read_ms);
}

static void draw_wide_rest(struct canvas *c, struct rect in, int y, const struct dashboard_state *s,
                           bool is_load)
{
    const struct flow_view *f = flow_of(s, is_load);
    char a[FMT_SIZE], b[FMT_SIZE];
    canvas_textf(c, in, y, in.x, ROLE_TEXT, _("%s now"), fmt_rate(a, f->rate));
    const char *unit = strchr(fmt_rate(b, f->rate_long), ' ');
    bool same_unit = unit && strcmp(unit, strchr(a, ' ') ? strchr(a, ' ') : "") == 0;
    canvas_textf(c, in, y++, in.x + 18, ROLE_DIM, _("%.*s over 5 min"),
                 (int)(same_unit ? (size_t)(unit - b) : strlen(b)), b);
    canvas_textf(c, in, y, in.x, ROLE_TEXT, _("%u of %u workers"), f->workers, places(f));
    if (!is_load && s->snap.pace.waits[0])
        canvas_cut(c, in, y++, in.x + 18, COST_COLUMN - 19, ROLE_WARN, wait_words(s, in.w >= 50));
    else if (is_load && f->active && f->active < f->workers_max && !f->waiting)
        canvas_textf(c, in, y++, in.x + 18, ROLE_DIM, _("at most %u"), f->workers_max);
    else if (f->waiting)
        canvas_textf(c, in, y++, in.x + 18, ROLE_WARN,
                     f->waiting == 1 ? _("%u waits") : _("%u wait"), f->waiting);
    else
        canvas_text(c, in, y++, in.x + 18, ROLE_DIM, _("none waits"));
    draw_left(c, in, y++, s, is_load, true);
    canvas_textf(c, in, y, in.x, ROLE_TEXT, _("%s rows"), fmt_count(a, f->rows));
    canvas_textf(c, in, y, in.x + 18, ROLE_DIM, _("%s rows/s"),
                 fmt_exact(b, f->row_rate > 0 ? (uint64_t)f->row_rate : 0));
    if (!is_load && in.w >= COST_COLUMN + 28 && s->snap.pace.dial[0])
        draw_cost(c, in, y - 2, &s->snap.pace);
}

void pane_flow_draw(struct canvas *c, struct rect r, const struct dashboard_state *s, bool is_load)
{
    const struct flow_view *f = flow_of(s, is_load);
    struct rect in = {r.y + 1, r.x + 2, TG_MAX(r.h - 2, 0), TG_MAX(r.w - 4, 0)};
    bool is_wide = in.h >= 6 && in.w >= 34;
    int percent = flow_percent(&s->snap, is_load), y = in.y;
    char a[FMT_SIZE], workers[24];
    pane_box(c, r, s, is_load ? PANE_LOAD : PANE_DUMP, is_load ? _("2 Load") : _("1 Dump"), NULL);
    if (percent == 100) {
        draw_over(c, in, s, is_load);
        return;
    }
    int used = canvas_text(c, in, y, in.x, ROLE_TEXT,
                           fmt_part(a, f->bytes, f->total_bytes, f->total_is_guess));
    if (percent >= 0)
        canvas_textf(c, in, y, in.x + used + (is_wide ? 3 : 2), ROLE_TITLE, "%d%%", percent);
    y++;
    double part = f->total_bytes ? (double)f->bytes / (double)f->total_bytes : 0;
    canvas_bar(c, in, y++, in.x, in.w, ROLE_TEXT, f->total_is_guess ? TG_MIN(part, 0.99) : part);
    if (is_wide) {
        draw_wide_rest(c, in, y, s, is_load);
        return;
    }
    canvas_text(c, in, y, in.x, ROLE_TEXT, fmt_rate(a, f->rate));
    snprintf(workers, sizeof workers, _("%u/%u work"), f->workers, places(f));
    canvas_right(c, in, y++, in.x + TG_MIN(20, in.w), ROLE_DIM, workers);
    draw_left(c, in, y, s, is_load, false);
}
