// SPDX-License-Identifier: Apache-2.0
/* The checklist of a cutover, as far as this version goes: what is watched has a lamp, what it does not do says so, and no
 * key on the page does more than the same key elsewhere. */
#include "base/retell.h"
#include "ui/format.h"
#include "ui/text.h"
#include "wizard/dashboard_state.h"

#include <stdio.h>

#define CALM_S 5
#define CALM_POINTS MON_LAG_POINTS /* ten minutes */
#define QUIET_MS 30000

/* Seconds of the newest points without a break below the limit. */
static uint32_t calm_seconds(const struct lag_view *lag)
{
    uint32_t n = 0;
    while (n < lag->npoints && lag->points[lag->npoints - 1 - n] < CALM_S)
        n++;
    return lag->seconds < 0 || lag->seconds >= CALM_S ? 0 : n;
}

enum lamp { LAMP_NONE, LAMP_WAITS, LAMP_GREEN, LAMP_BAD };

static int draw_step(struct canvas *c, struct rect in, int y, int number, enum lamp lamp, const char *what, const char *state)
{
    static const char *const sign[] = {" ", "▸", "✓", "✗"};
    static const enum role role[] = {ROLE_DIM, ROLE_TITLE, ROLE_OK, ROLE_BAD};
    canvas_text(c, in, y, in.x, role[lamp], sign[lamp]);
    canvas_textf(c, in, y, in.x + 2, lamp == LAMP_NONE ? ROLE_DIM : ROLE_TEXT, "%d", number);
    canvas_cut(c, in, y, in.x + 5, in.w - 6 - text_cells(state), lamp == LAMP_NONE ? ROLE_DIM : ROLE_TEXT, what);
    canvas_right(c, in, y, in.x + in.w, role[lamp], state);
    return y + 1;
}

static int draw_copy(struct canvas *c, struct rect in, int y, const struct mon_snapshot *m)
{
    bool is_copied = flow_is_over(m, false) && flow_is_over(m, true);
    char what[80], state[60];
    snprintf(what, sizeof what, _("Copy finished, %u of %u tables"), TG_MIN(m->tables_done + m->tables_different, m->tables_total), m->tables_total);
    snprintf(state, sizeof state, "%s", is_copied ? _("done") : _(run_state_name(m->state)));
    return draw_step(c, in, y, 1, is_copied ? LAMP_GREEN : LAMP_WAITS, what, state);
}

static int draw_lag(struct canvas *c, struct rect in, int y, const struct mon_snapshot *m)
{
    uint32_t calm = calm_seconds(&m->lag);
    char now[FMT_SIZE], span[FMT_SIZE], state[90];
    if (m->lag.seconds < 0)
        snprintf(state, sizeof state, "%s", _("not known yet"));
    else if (calm >= CALM_POINTS || !calm)
        snprintf(state, sizeof state, _("now %s"), fmt_lag(now, m->lag.seconds));
    else
        snprintf(state, sizeof state, _("now %s, so for %s"), fmt_lag(now, m->lag.seconds), fmt_span(span, calm));
    return draw_step(c, in, y, 2, calm >= CALM_POINTS ? LAMP_GREEN : LAMP_WAITS, _("Lag under 5 s for 10 minutes"), state);
}

static int draw_quiet(struct canvas *c, struct rect in, int y, const struct dashboard_state *s)
{
    const struct mon_snapshot *m = &s->snap;
    int64_t quiet = s->quiet_ms ? s->now_ms - s->quiet_ms : 0;
    char span[FMT_SIZE], count[FMT_SIZE], state[90];
    y = draw_step(c, in, y, 3, LAMP_NONE, _("Stop writes on the source"), _("you"));
    if (quiet < 1000)
        canvas_textf(c, in, y++, in.x + 7, ROLE_DIM, _("%s tx/s still arrive"),
                     fmt_exact(count, (uint64_t)(TG_MAX(m->lag.source_tx_rate, 0) + 0.5)));
    else
        canvas_textf(c, in, y++, in.x + 7, ROLE_DIM, _("nothing has arrived for %s"), fmt_span(span, quiet / 1000));
    snprintf(state, sizeof state, "%s", quiet >= QUIET_MS ? _("quiet, applied") : _("watched"));
    return draw_step(c, in, y, 4, quiet >= QUIET_MS ? LAMP_GREEN : LAMP_WAITS, _("Source quiet for 30 s, all of it applied"), state);
}

static int draw_verdict(struct canvas *c, struct rect in, int y, const struct mon_snapshot *m)
{
    char state[90];
    enum verdict v = verdict_of(m);
    enum lamp lamp = v == VERDICT_PASS ? LAMP_GREEN : v == VERDICT_FAIL ? LAMP_BAD : LAMP_WAITS;
    if (m->state == RUN_VERIFYING)
        snprintf(state, sizeof state, _("%u of %u so far"), m->tables_verified + m->tables_different, m->tables_total);
    else
        snprintf(state, sizeof state, "%s", v == VERDICT_NONE ? _("v compares") : v == VERDICT_OPEN ? _("open: the source moved") : retell(m->verdict));
    if (m->state == RUN_VERIFYING)
        lamp = LAMP_WAITS;
    return draw_step(c, in, y, 5, lamp, _("Last verification, when the source is quiet"), state);
}

static int draw_checklist(struct canvas *c, struct rect r, const struct dashboard_state *s)
{
    struct rect in = {r.y + 1, r.x + 2, r.h - 2, r.w - 4};
    const struct mon_snapshot *m = &s->snap;
    canvas_box(c, r, ROLE_EDGE_FOCUS, _("Checklist"), NULL);
    c->cursor_y = r.y;
    c->cursor_x = r.x + 1;
    int y = draw_copy(c, in, in.y, m);
    y = draw_lag(c, in, y, m);
    y = draw_quiet(c, in, y, s);
    y = draw_verdict(c, in, y, m);
    if (m->verified_at[0] && verdict_of(m) != VERDICT_OPEN && m->state != RUN_VERIFYING) {
        char text[240];
        snprintf(text, sizeof text, _("at %s"), m->verified_at);
        canvas_cut(c, in, y++, in.x + 7, in.w - 8, ROLE_DIM, text);
    }
    y = draw_step(c, in, y, 6, LAMP_NONE, _("AUTO_INCREMENT counters raised"), _("once, when in sync"));
    return draw_step(c, in, y, 7, LAMP_NONE, _("Point the application at the target"), _("you"));
}

void cutover_draw(struct canvas *c, struct rect r, const struct dashboard_state *s)
{
    int w = TG_MIN(r.w - 4, 76), y = r.y;
    for (int x = 0; x < r.w; x++)
        canvas_text(c, r, y, x, ROLE_EDGE, "─");
    canvas_cut(c, r, y + 1, 2, r.w - 4, ROLE_TEXT, _("Seven things, in this order. What can be watched has a lamp."));
    struct rect list = {y + 2, 2, TG_MIN(11, r.h - 2), w};
    draw_checklist(c, list, s);
    struct rect words = {list.y + list.h, 2, TG_MIN(7, r.h - 2 - list.h), w};
    if (words.h < 3)
        return;
    canvas_box(c, words, ROLE_EDGE, _("What this version does not do yet"), NULL);
    canvas_wrap(c, (struct rect){words.y + 1, words.x + 2, words.h - 2, words.w - 4}, 0, ROLE_TEXT,
                _("It watches; it does not cut over. It does not stop writes, does not raise the counters again at the switch, does not "
                  "rehearse the downtime, does not switch the application and does not roll back. Steps 3 and 7 are yours. Nothing on this "
                  "page changes a server, and until step 7 nothing is final: the run goes on as before."));
}
