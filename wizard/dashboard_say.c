// SPDX-License-Identifier: Apache-2.0
// What the panes show, in lines: for dashboard_plain.c. Long lists come a piece at a time.
#include "base/retell.h"
#include "ui/format.h"
#include "ui/term.h"
#include "ui/text.h"
#include "wizard/dashboard_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define PIECE 20u /* lines that are told at once */

static void say(const char *fmt, ...) PRINTF_LIKE(1, 2);
static void say(const char *fmt, ...)
{
    char text[1200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    term_plain_line(stdout, text);
}

void say_state(const struct mon_snapshot *m)
{
    char clock[FMT_SIZE], a[FMT_SIZE], b[FMT_SIZE], text[640];
    int dump = flow_percent(m, false), load = flow_percent(m, true);
    size_t n = (size_t)snprintf(text, sizeof text, "%s  %s.", fmt_clock(clock, m->at_ms), _(run_state_name(m->state)));
    if (m->reason[0])
        n += (size_t)snprintf(text + n, sizeof text - n, " %s.", retell(m->reason));
    if (m->verdict[0])
        n += (size_t)snprintf(text + n, sizeof text - n, _(" Verdict %s."), retell(m->verdict));
    if (dump >= 0 && load >= 0)
        n += (size_t)snprintf(text + n, sizeof text - n, _(" Dump %d percent. Load %d percent."), dump, load);
    if (m->load.left_s >= 0 && load < 100)
        n += (size_t)snprintf(text + n, sizeof text - n, _(" About %s left, between %s."), fmt_about(a, m->load.left_s),
                              fmt_range(b, m->load.left_from_s, m->load.left_to_s, _(" and ")));
    if (m->lag.seconds >= 0)
        snprintf(text + n, sizeof text - n, _(" Lag %s."), fmt_lag(a, m->lag.seconds));
    term_plain_line(stdout, text);
}

static void say_flow(const struct mon_snapshot *m, bool is_load)
{
    const struct flow_view *f = is_load ? &m->load : &m->dump;
    char a[FMT_SIZE], b[FMT_SIZE], c[FMT_SIZE];
    int percent = flow_percent(m, is_load);
    say(is_load ? _("Load: %s") : _("Dump: %s"), fmt_part(a, f->bytes, f->total_bytes, f->total_is_guess));
    if (percent == 100)
        say("  %s", is_load ? _("all of it is loaded") : _("all of it is read"));
    else
        say(_("  %s now, %s over 5 minutes; %u of %u workers; %s rows"), fmt_rate(a, f->rate), fmt_rate(b, f->rate_long), f->workers,
            TG_MAX(f->active ? f->active : f->workers_max, f->workers), fmt_exact(c, f->rows));
    if (f->left_s >= 0 && percent < 100)
        say(_("  about %s left, between %s"), fmt_about(a, f->left_s), fmt_range(b, f->left_from_s, f->left_to_s, _(" and ")));
    if (!is_load)
        say(_("  pace %s; the source runs %lld statements, %u of them ours%s%s"), _(m->pace.dial), (long long)m->pace.threads_running, m->pace.threads_ours,
            m->pace.waits[0] ? _("; reading waits: ") : "", m->pace.waits[0] ? _(m->pace.waits) : "");
}

static void say_replication(const struct mon_snapshot *m)
{
    char a[FMT_SIZE], b[FMT_SIZE];
    if (m->position_file[0])
        say(_("received  %s : %s"), m->position_file, fmt_exact(a, m->position));
    if (m->applied_file[0])
        say(_("applied   %s : %s"), m->applied_file, fmt_exact(a, m->applied));
    say(_("unread    %s, not applied %s"), source_is_unseen(m) ? _("not known") : fmt_bytes(a, m->lag.unread_bytes), fmt_bytes(b, m->lag.unapplied_bytes));
    say(_("so far    %s transactions, %s rows"), fmt_exact(a, m->tx_applied), fmt_exact(b, m->rows_applied));
    say(_("GTID      %s"), m->position_gtid[0] ? m->position_gtid : _("none"));
    say(_("source    %s"), m->source_flavour);
    say(_("target    %s"), m->target_flavour);
}

/* The worst of the window that was chosen. */
static void say_lag(const struct dashboard_state *s)
{
    static const char *const windows[] = {N_("10 minutes"), N_("1 hour"), N_("24 hours")};
    const struct lag_view *l = &s->snap.lag;
    const float *points = s->window == LAG_MINUTES ? l->points : s->window == LAG_HOUR ? l->hour : l->day;
    uint32_t n = s->window == LAG_MINUTES ? l->npoints : s->window == LAG_HOUR ? l->nhour : l->nday;
    float worst = 0;
    char a[FMT_SIZE], b[FMT_SIZE];
    for (uint32_t i = 0; i < n; i++)
        worst = TG_MAX(worst, points[i]);
    if (l->seconds < 0)
        say("%s", _("Lag: not known yet"));
    else
        say(_("Lag %s; the worst of the last %s was %s"), fmt_lag(a, l->seconds), _(windows[s->window]), fmt_lag(b, (double)worst));
    if (l->source_byte_rate < 0)
        say(_("  what the source writes is not known, %s/s in %.0f transactions are applied"), fmt_bytes(b, (uint64_t)TG_MAX(l->apply_byte_rate, 0)), TG_MAX(l->apply_tx_rate, 0));
    else
        say(_("  the source writes %s/s in %.0f transactions, %s/s in %.0f are applied"), fmt_bytes(a, (uint64_t)TG_MAX(l->source_byte_rate, 0)), TG_MAX(l->source_tx_rate, 0),
        fmt_bytes(b, (uint64_t)TG_MAX(l->apply_byte_rate, 0)), TG_MAX(l->apply_tx_rate, 0));
    say(_("  unread %s, not applied %s"), source_is_unseen(&s->snap) ? _("not known") : fmt_bytes(a, l->unread_bytes), fmt_bytes(b, l->unapplied_bytes));
}

static void say_tables(const struct dashboard_state *s, size_t *from)
{
    const struct mon_snapshot *m = &s->snap;
    uint16_t order[MON_TABLES];
    size_t n = tables_order(s, order), end = TG_MIN(n, *from + PIECE);
    if (!*from)
        say(_("%u tables: %u done, %u busy, %u waiting, %u failed; %u compared and equal, %u different"), m->tables_total, m->tables_done, m->tables_busy, m->tables_waiting,
            m->tables_failed, m->tables_verified, m->tables_different);
    for (; *from < end; ++*from) {
        const struct table_view *t = &m->table[order[*from]];
        char rows[FMT_SIZE], guess[FMT_SIZE], rate[FMT_SIZE];
        say(_("  %s  %s  %s of about %s rows  %s%s"), t->name, _(table_state_name(t->state)), fmt_count(rows, t->rows_loaded), fmt_count(guess, t->rows_guess),
            fmt_rate(rate, t->rate), t->is_keyless ? _("  no key") : "");
    }
    if (*from < n)
        say(_("… and %zu more: more tells them"), n - *from);
    else if (s->page ? s->page->total > n : m->ntables < m->tables_total)
        say("%s", _("These are the busiest; find NAME narrows them."));
}

/* The newest lines that pass the filters; more: those before them. */
static void say_log(const struct dashboard_state *s, size_t *from)
{
    size_t n;
    uint64_t *match = log_matches(s, &n);
    size_t end = n > *from ? n - *from : 0, first = end > PIECE ? end - PIECE : 0;
    for (size_t i = first; i < end; i++) {
        const struct mon_event *e = log_line(&s->log, match[i]);
        char clock[FMT_SIZE];
        if (e)
            say("%s  %s  %s  %s%s%s", fmt_clock(clock, e->at_ms), _(log_level_name(e->level)), e->stage, e->table, e->table[0] ? ": " : "", retell(e->text));
    }
    if (!n)
        say("%s", _("no line passes the filters"));
    if (first)
        say(_("… %zu older lines: more tells them"), first);
    *from = n - first;
    free(match);
}

void say_chunks(const char *table, const struct chunks_view *v)
{
    static const char *const states[CHUNK_STATES] = {[CHUNK_READING] = N_("reading"), [CHUNK_PASSING] = N_("held"), [CHUNK_QUEUED] = N_("queued"), [CHUNK_LOADING] = N_("loading"),
                                                     [CHUNK_ASKING] = N_("! asks you"), [CHUNK_DONE] = N_("done")};
    char a[FMT_SIZE];
    say(_("%s   by %s"), table, v->key);
    for (uint32_t i = 0; i < TG_MIN(v->n, PIECE); i++) {
        const struct chunk_view *c = &v->chunk[i];
        say("  %s  %s … %s  %s", fmt_exact(a, c->number), c->from[0] ? c->from : _("(begin)"), c->to[0] ? c->to : _("(end)"), _(states[c->state]));
    }
    if (!v->n)
        say("%s", _("no chunk is under way"));
    say(_("%s done   %u loading   %u queued   %u reading   %s"), fmt_exact(a, v->done), v->count[CHUNK_LOADING], v->count[CHUNK_QUEUED] + v->count[CHUNK_PASSING],
        v->count[CHUNK_READING], v->ranges ? _("more to come") : _("0 to come"));
    if (v->retried)
        say(v->retried == 1 ? _("retried %u time: %s") : _("retried %u times, the last time: %s"), v->retried, retell(v->why));
}

static void say_attention(const struct dashboard_state *s)
{
    const struct mon_snapshot *m = &s->snap;
    if (!m->nquestions)
        say("%s", _("Nothing asks for you."));
    for (uint32_t i = 0; i < m->nquestions; i++)
        say("  %u  %s  %s%s%s", i + 1, m->question[i].id, m->question[i].table, m->question[i].table[0] ? ": " : "", retell(m->question[i].text));
    if (m->nquestions)
        say("%s", _("question NUMBER opens one of them"));
}

void say_pane(const struct dashboard_state *s, enum pane pane, size_t *from)
{
    switch (pane) {
    case PANE_DUMP:
    case PANE_LOAD:
        say_flow(&s->snap, pane == PANE_LOAD);
        break;
    case PANE_REPLICATION:
        say_replication(&s->snap);
        break;
    case PANE_LAG:
        say_lag(s);
        break;
    case PANE_LOG:
        say_log(s, from);
        break;
    case PANE_ATTENTION:
        say_attention(s);
        break;
    default:
        say_tables(s, from);
        break;
    }
}

void say_cutover(const struct dashboard_state *s)
{
    static const char *const lamps[] = {N_("not watched"), N_("waits"), N_("done"), N_("BAD")};
    struct cutover_step step[CUTOVER_STEPS];
    cutover_steps(s, step);
    say("%s", _("Seven things, in this order. What can be watched has a lamp."));
    for (unsigned i = 0; i < CUTOVER_STEPS; i++)
        say("  %u  %s: %s. %s%s%s", i + 1, _(lamps[step[i].lamp]), step[i].what, step[i].state, step[i].note[0] ? "; " : "", step[i].note);
    say("%s", _("What this version does not do yet"));
    say("%s", cutover_not_yet());
}

void say_commands(void)
{
    char text[400];
    say("%s", _("A number answers the question that was asked last. Words:"));
    say("%s", _("  status: how the run stands"));
    say("%s", _("  tables, log, lag, dump, load, replication: what those panes show; more: the next piece"));
    say("%s", _("  chunks TABLE: how far its pieces are"));
    say("%s", _("  errors: open questions; question NUMBER: opens one"));
    for (size_t i = 0; command_line(i, text, sizeof text); i++)
        term_plain_line(stdout, text);
    say("%s", _("  report FILE: saves the report as Markdown; cleanup: the statements that remove what is no longer needed"));
    say("%s", _("  q: leaves at once; the run goes on"));
}
