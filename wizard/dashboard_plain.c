// SPDX-License-Identifier: Apache-2.0
/* The dashboard for screen readers, pipes and terminals that can't place a cursor: one announcement
 * a line, on every change of state and every 30 s at most, questions with numbers. Leaving is a
 * detach. */
#include "base/retell.h"
#include "ui/format.h"
#include "ui/term.h"
#include "ui/text.h"
#include "wizard/dashboard_state.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SPEAK_MS 30000

struct speaker {
    const struct dashboard_options *o;
    struct mon_snapshot *snap;
    bool has_snapshot, stdin_open;
    enum run_state said;
    int64_t said_ms;
    char asked[MON_QUESTIONS][160];
    uint32_t nasked;
    char line[256];
    size_t line_n;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void say(const struct mon_snapshot *m)
{
    char clock[FMT_SIZE], a[FMT_SIZE], b[FMT_SIZE], text[640];
    int dump = flow_percent(m, false), load = flow_percent(m, true);
    size_t n = (size_t)snprintf(text, sizeof text, "%s  %s.", fmt_clock(clock, m->at_ms),
                                _(run_state_name(m->state)));
    if (m->reason[0])
        n += (size_t)snprintf(text + n, sizeof text - n, " %s.", retell(m->reason));
    if (m->verdict[0])
        n += (size_t)snprintf(text + n, sizeof text - n, _(" Verdict %s."), retell(m->verdict));
    if (dump >= 0 && load >= 0)
        n += (size_t)snprintf(text + n, sizeof text - n, _(" Dump %d percent. Load %d percent."),
                              dump, load);
    if (m->load.left_s >= 0 && load < 100)
        n += (size_t)snprintf(text + n, sizeof text - n, _(" About %s left, between %s."),
                              fmt_about(a, m->load.left_s),
                              fmt_range(b, m->load.left_from_s, m->load.left_to_s, _(" and ")));
    if (m->lag.seconds >= 0)
        snprintf(text + n, sizeof text - n, _(" Lag %s."), fmt_lag(a, m->lag.seconds));
    term_plain_line(stdout, text);
}

static void ask(struct speaker *k)
{
    char text[800];
    for (uint32_t i = 0; i < TG_MIN(k->snap->nquestions, (uint32_t)MON_QUESTIONS); i++) {
        const struct question_view *q = &k->snap->question[i];
        char name[160];
        bool is_known = false;
        snprintf(name, sizeof name, "%s@%s", q->id, q->table);
        for (uint32_t j = 0; j < k->nasked; j++)
            is_known |= strcmp(k->asked[j], name) == 0;
        if (is_known || k->nasked == MON_QUESTIONS)
            continue;
        snprintf(k->asked[k->nasked++], sizeof k->asked[0], "%s", name);
        snprintf(text, sizeof text, _("Question %s. %s%s%s"), q->id, q->table,
                 q->table[0] ? ". " : "", retell(q->text));
        term_plain_line(stdout, text);
        for (uint32_t c = 0; c < TG_MIN(q->nchoices, 6u); c++) {
            snprintf(text, sizeof text, "  %u  %s%s", c + 1, retell(q->choice[c].label),
                     c == q->initial ? _(" (safe)") : "");
            term_plain_line(stdout, text);
        }
        snprintf(text, sizeof text, _("Choose by number, or leave it open. [%u]"), q->initial + 1);
        term_plain_line(stdout, text);
    }
}

/* A number answers the oldest open question, q leaves. true: leave. */
static bool obey(struct speaker *k, const char *line)
{
    struct err e = {0};
    if (line[0] == 'q')
        return true;
    char *end;
    unsigned long number = strtoul(line, &end, 10);
    if (end == line || !k->snap->nquestions)
        return false;
    struct dashboard_state *s = dashboard_state_new();
    struct effect effect = {0};
    dashboard_take(s, k->snap);
    ask_question(s, 0, 0);
    if (number < 1 || number > s->dialog.nchoices) {
        term_plain_line(stdout, _("There is no such choice."));
    } else if (k->o->is_read_only) {
        term_plain_line(stdout, _("--read-only: nothing is asked of the run"));
    } else {
        s->dialog.selected = (unsigned)number - 1;
        ask_answered(s, &effect);
        bool is_ok = mon_call(k->o->client, effect.cmd, effect.args, NULL, 5000, &e);
        term_plain_line(stdout, is_ok ? effect.done : retell(e.text));
        k->nasked = 0;
    }
    dashboard_state_free(s);
    return false;
}

static bool read_person(struct speaker *k)
{
    char bytes[128];
    ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
    if (n <= 0) {
        k->stdin_open = false;
        return false;
    }
    for (ssize_t i = 0; i < n; i++) {
        if (bytes[i] != '\n') {
            if (k->line_n + 1 < sizeof k->line)
                k->line[k->line_n++] = bytes[i];
            continue;
        }
        k->line[k->line_n] = 0;
        k->line_n = 0;
        if (obey(k, k->line))
            return true;
    }
    return false;
}

/* false: the engine is gone. */
static bool take_news(struct speaker *k)
{
    struct err e = {0};
    struct mon_event event;
    uint64_t dropped = 0;
    char text[800], clock[FMT_SIZE];
    bool is_alive = mon_pump(k->o->client, &e);
    while (mon_events(k->o->client, &event, 1, &dropped) == 1) {
        if (event.level < LOG_WARN)
            continue;
        snprintf(text, sizeof text, "%s  %s  %s%s%s", fmt_clock(clock, event.at_ms),
                 _(log_level_name(event.level)), event.table, event.table[0] ? ": " : "", retell(event.text));
        term_plain_line(stdout, text);
    }
    if (mon_snapshot(k->o->client, k->snap)) {
        bool is_new = !k->has_snapshot || k->snap->state != k->said;
        if (is_new || now_ms() - k->said_ms >= SPEAK_MS) {
            say(k->snap);
            k->said = k->snap->state;
            k->said_ms = now_ms();
        }
        k->has_snapshot = true;
        ask(k);
    }
    return is_alive;
}

int dashboard_plain(const struct dashboard_options *o, struct err *e)
{
    struct speaker k = {.o = o, .stdin_open = true};
    int left = DASHBOARD_DETACH;
    (void)e;
    text_speak_default();
    k.snap = x_alloc(sizeof *k.snap);
    term_plain_line(stdout,
                    _("tidegate, watching a run. Type q and Enter to leave; the run goes on."));
    for (;;) {
        if (!take_news(&k)) {
            left = DASHBOARD_ENGINE_GONE;
            break;
        }
        struct pollfd fd[2] = {{.fd = mon_fd(o->client), .events = POLLIN},
                               {.fd = k.stdin_open ? STDIN_FILENO : -1, .events = POLLIN}};
        if (poll(fd, 2, 1000) > 0 && fd[1].revents && read_person(&k))
            break;
    }
    if (o->last)
        *o->last = *k.snap;
    free(k.snap);
    return left;
}
