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

static void step(struct cutover_step *out, enum lamp lamp, const char *what, const char *state)
{
    *out = (struct cutover_step){.lamp = lamp};
    snprintf(out->what, sizeof out->what, "%s", what);
    keymap_say(&dashboard_keys, IN_CUTOVER, state, out->state, sizeof out->state);
}

static void step_copy(struct cutover_step *out, const struct mon_snapshot *m)
{
    bool is_copied = flow_is_over(m, false) && flow_is_over(m, true);
    char what[80];
    snprintf(what, sizeof what, _("Copy finished, %u of %u tables"), TG_MIN(m->tables_done + m->tables_different, m->tables_total), m->tables_total);
    step(out, is_copied ? LAMP_GREEN : LAMP_WAITS, what, is_copied ? _("done") : _(run_state_name(m->state)));
}

static void step_lag(struct cutover_step *out, const struct mon_snapshot *m)
{
    uint32_t calm = calm_seconds(&m->lag);
    char now[FMT_SIZE], span[FMT_SIZE], state[90];
    if (m->lag.seconds < 0)
        snprintf(state, sizeof state, "%s", _("not known yet"));
    else if (calm >= CALM_POINTS || !calm)
        snprintf(state, sizeof state, _("now %s"), fmt_lag(now, m->lag.seconds));
    else
        snprintf(state, sizeof state, _("now %s, so for %s"), fmt_lag(now, m->lag.seconds), fmt_span(span, calm));
    step(out, calm >= CALM_POINTS ? LAMP_GREEN : LAMP_WAITS, _("Lag under 5 s for 10 minutes"), state);
}

/* The person's step, and what is seen of it. */
static void steps_quiet(struct cutover_step out[2], const struct dashboard_state *s)
{
    const struct mon_snapshot *m = &s->snap;
    int64_t quiet = s->quiet_ms ? s->now_ms - s->quiet_ms : 0;
    char span[FMT_SIZE], count[FMT_SIZE];
    step(&out[0], LAMP_NONE, _("Stop writes on the source"), _("you"));
    if (source_is_unseen(m))
        snprintf(out[0].note, sizeof out[0].note, "%s", m->lag.source_lost_s > 0 ? _("the source does not answer: what it writes is not known") : _("not watched: the run has no engine"));
    else if (quiet < 1000)
        snprintf(out[0].note, sizeof out[0].note, _("%s tx/s still arrive"), fmt_exact(count, (uint64_t)(TG_MAX(m->lag.source_tx_rate, 0) + 0.5)));
    else
        snprintf(out[0].note, sizeof out[0].note, _("nothing has arrived for %s"), fmt_span(span, quiet / 1000));
    step(&out[1], quiet >= QUIET_MS ? LAMP_GREEN : LAMP_WAITS, _("Source quiet for 30 s, all of it applied"), quiet >= QUIET_MS ? _("quiet, applied") : _("watched"));
}

/* A verdict holds for a place; what has come since was not compared. */
static bool has_moved_on(const struct mon_snapshot *m)
{
    char at[96];
    snprintf(at, sizeof at, "%s:%llu", m->applied_file, (unsigned long long)m->applied);
    return m->applied_file[0] && m->state != RUN_FINISHED && strcmp(at, m->verified_at) != 0;
}

static void step_verdict(struct cutover_step *out, const struct mon_snapshot *m)
{
    char state[90];
    enum verdict v = verdict_of(m);
    bool is_old = v == VERDICT_PASS && has_moved_on(m);
    enum lamp lamp = is_old ? LAMP_WAITS : v == VERDICT_PASS ? LAMP_GREEN : v == VERDICT_FAIL ? LAMP_BAD : LAMP_WAITS;
    if (m->state == RUN_VERIFYING)
        snprintf(state, sizeof state, _("%u of %u so far"), m->tables_verified + m->tables_different, m->tables_total);
    else if (is_old)
        snprintf(state, sizeof state, _("%.40s, changes since"), retell(m->verdict));
    else
        snprintf(state, sizeof state, "%s", v == VERDICT_NONE ? _("{v} compares") : v == VERDICT_OPEN ? _("open: the source moved") : retell(m->verdict));
    step(out, m->state == RUN_VERIFYING ? LAMP_WAITS : lamp, _("Last verification, when the source is quiet"), state);
    if (m->verified_at[0] && v != VERDICT_OPEN && m->state != RUN_VERIFYING)
        snprintf(out->note, sizeof out->note, _("at %s"), m->verified_at);
}

void cutover_steps(const struct dashboard_state *s, struct cutover_step out[CUTOVER_STEPS])
{
    const struct mon_snapshot *m = &s->snap;
    step_copy(&out[0], m);
    step_lag(&out[1], m);
    steps_quiet(&out[2], s);
    step_verdict(&out[4], m);
    step(&out[5], LAMP_NONE, _("AUTO_INCREMENT counters raised"), _("once, when in sync"));
    step(&out[6], LAMP_NONE, _("Point the application at the target"), _("you"));
}

const char *cutover_not_yet(void)
{
    return _("It watches; it does not cut over. It does not stop writes, does not raise the counters again at the switch, does not "
             "rehearse the downtime, does not switch the application and does not roll back. Steps 3 and 7 are yours. Nothing on this "
             "page changes a server, and until step 7 nothing is final: the run goes on as before.");
}

static void draw_checklist(struct canvas *c, struct rect r, const struct dashboard_state *s)
{
    static const char *const sign[] = {" ", "▸", "✓", "✗"};
    static const enum role role[] = {ROLE_DIM, ROLE_TITLE, ROLE_OK, ROLE_BAD};
    struct rect in = {r.y + 1, r.x + 2, r.h - 2, r.w - 4};
    struct cutover_step list[CUTOVER_STEPS];
    cutover_steps(s, list);
    canvas_box(c, r, ROLE_EDGE_FOCUS, _("Checklist"), NULL);
    c->cursor_y = r.y;
    c->cursor_x = r.x + 1;
    for (int i = 0, y = in.y; i < CUTOVER_STEPS; i++, y++) {
        const struct cutover_step *one = &list[i];
        enum role text = one->lamp == LAMP_NONE ? ROLE_DIM : ROLE_TEXT;
        canvas_text(c, in, y, in.x, role[one->lamp], sign[one->lamp]);
        canvas_textf(c, in, y, in.x + 2, text, "%d", i + 1);
        canvas_cut(c, in, y, in.x + 5, in.w - 6 - text_cells(one->state), text, one->what);
        canvas_right(c, in, y, in.x + in.w, role[one->lamp], one->state);
        if (one->note[0])
            canvas_cut(c, in, ++y, in.x + 7, in.w - 8, ROLE_DIM, one->note);
    }
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
    canvas_wrap(c, (struct rect){words.y + 1, words.x + 2, words.h - 2, words.w - 4}, 0, ROLE_TEXT, cutover_not_yet());
}
