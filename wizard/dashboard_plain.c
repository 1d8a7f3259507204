// SPDX-License-Identifier: Apache-2.0
/* The dashboard for screen readers, pipes and terminals that can't place a cursor: the same state, commands and dialogs,
 * one announcement a line, on every change of state and every 30 s at most. The end of the input ends nothing. */
#include "base/retell.h"
#include "base/sync.h"
#include "ui/format.h"
#include "ui/term.h"
#include "ui/text.h"
#include "wizard/report_page.h"
#include "wizard/save.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SPEAK_MS 30000
#define CALL_MS 5000

struct speaker {
    const struct dashboard_options *o;
    struct dashboard_state *s;
    struct mon_report report;         /* s->has_report: it is there */
    bool stdin_open, is_done;
    int left;
    char said[200];                   /* state, reason and verdict that were told last */
    int64_t said_ms;
    char asked[MON_QUESTIONS][160];   /* questions that were told */
    uint32_t nasked;
    enum pane list;                   /* what "more" goes on with */
    size_t from;
    char line[256];
    size_t line_n;
};

static void tell(const char *text)
{
    char line[1200];
    while (*text) {
        size_t n = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)TG_MIN(n, sizeof line - 1), text);
        term_plain_line(stdout, line);
        text += n + (text[n] == '\n');
    }
}

static void tell_notice(struct speaker *k)
{
    char taken[sizeof k->s->notice];
    keymap_say(&dashboard_keys, ~0u, _("another window steers this run; {S} takes over"), taken, sizeof taken);
    if (strcmp(k->s->notice, taken) == 0)
        tell(_("another window steers this run; steer takes over"));
    else if (k->s->notice[0])
        tell(k->s->notice);
    k->s->notice[0] = 0;
}

/* ---- dialogs and questions ---- */

/* Its limits are turned by arrows on a screen; here they have words of their own. */
static unsigned choices_of(const struct dashboard_state *s)
{
    return s->asked == ASK_PACE ? TG_MIN(s->dialog.nchoices, 3u) : s->dialog.nchoices;
}

static void tell_dialog(struct speaker *k)
{
    const struct dialog *d = &k->s->dialog;
    char text[200];
    tell(d->title);
    tell(d->text);
    tell(d->ask);
    for (unsigned i = 0; i < choices_of(k->s); i++) {
        snprintf(text, sizeof text, "  %u  %s%s", i + 1, d->choice[i].label, d->choice[i].note);
        tell(text);
    }
    if (k->s->asked == ASK_PACE)
        tell(_("workers dump N, workers load N and rate N change one limit."));
    snprintf(text, sizeof text, _("Choose by number, or leave it open. [%u]"), d->selected + 1);
    if (d->nchoices)
        tell(text);
}

/* A box with a name to type: the name does it, anything else leaves it. */
static void tell_box(struct speaker *k)
{
    struct modal *m = &k->s->modal;
    char text[400];
    tell(m->title);
    tell(m->text.p ? m->text.p : "");
    for (unsigned i = 0; i < m->nbuttons; i++)
        if (m->button[i].wants_name && m->nfields) {
            snprintf(text, sizeof text, _("%s (%s) for: %s. Anything else: %s."), m->field[0].label, m->field[0].wants, m->button[i].label, m->button[0].label);
            tell(text);
        }
}

static void act(struct speaker *k, const struct effect *f);

/* What was said while a box waits for a name. */
static void answer_box(struct speaker *k, const char *line)
{
    struct modal *m = &k->s->modal;
    struct effect f = {.kind = EFFECT_NONE};
    unsigned chosen = 0;
    edit_set(&m->field[0].edit, line);
    for (unsigned i = 0; i < m->nbuttons; i++)
        if (m->button[i].wants_name && modal_is_awake(m, i))
            chosen = i;
    m->focus = m->nfields + chosen;
    m->opened_by = 0;
    m->deaf_until_ms = 0;
    ask_leave_out_feed(k->s, &(struct input){.kind = IN_KEY, .key = K_ENTER}, &f);
    if (!chosen)
        tell(_("That is not the name that was asked for: nothing was done."));
    act(k, &f);
}

static void ask(struct speaker *k)
{
    const struct mon_snapshot *m = &k->s->snap;
    char text[800];
    for (uint32_t i = 0; i < TG_MIN(m->nquestions, (uint32_t)MON_QUESTIONS); i++) {
        const struct question_view *q = &m->question[i];
        char name[160];
        bool is_known = false;
        snprintf(name, sizeof name, "%s@%s", q->id, q->table);
        for (uint32_t j = 0; j < k->nasked; j++)
            is_known |= strcmp(k->asked[j], name) == 0;
        if (is_known || k->nasked == MON_QUESTIONS)
            continue;
        snprintf(k->asked[k->nasked++], sizeof k->asked[0], "%s", name);
        snprintf(text, sizeof text, _("Question %s. %s%s%s"), q->id, q->table, q->table[0] ? ". " : "", retell(q->text));
        tell(text);
        for (uint32_t c = 0; c < TG_MIN(q->nchoices, 6u); c++) {
            snprintf(text, sizeof text, "  %u  %s%s", c + 1, retell(q->choice[c].label), c == q->initial ? _(" (safe)") : "");
            tell(text);
        }
        snprintf(text, sizeof text, _("Choose by number, or leave it open. [%u]"), q->initial + 1);
        tell(text);
    }
}

/* ---- what the world must do ---- */

static void call(struct speaker *k, const struct effect *f)
{
    struct err e = {0};
    if (k->s->is_gone || k->o->is_read_only) {
        tell(k->s->is_gone ? _("the engine is gone; nothing was asked of it") : _("--read-only: nothing is asked of the run"));
        return;
    }
    bool fine = mon_call(k->o->client, f->cmd, f->args, NULL, CALL_MS, &e);
    bool is_pause = strcmp(f->cmd, "pause") == 0 && !f->then_leave;
    tell(!fine ? retell(e.text) : is_pause ? _("pausing; pause once more goes on, nothing is lost") : f->done);
    if (strcmp(f->cmd, "answer") == 0)
        k->nasked = 0;                /* what is open still is told again */
    if (fine && f->then_leave) {
        k->is_done = true;
        k->left = (int)f->left;
    }
}

static void save(struct speaker *k, const struct effect *f)
{
    struct err e = {0};
    char text[400];
    size_t lines = 0;
    bool is_log = f->kind == EFFECT_SAVE_LOG;
    bool fine = is_log ? save_log(k->s, f->path, &lines, &e) : save_report(k->o->run_dir, f->path, &e);
    if (!fine)
        snprintf(text, sizeof text, "%.380s", retell(e.text));
    else if (is_log)
        snprintf(text, sizeof text, lines == 1 ? _("%zu line saved as %s") : _("%zu lines saved as %s"), lines, f->path);
    else
        snprintf(text, sizeof text, _("saved as %s"), f->path);
    tell(text);
}

static void tell_report(struct speaker *k)
{
    char *path = x_format("%s/report.txt", k->o->run_dir ? k->o->run_dir : ""), line[1000];
    FILE *in = fopen(path, "re");
    while (in && fgets(line, sizeof line, in)) {
        line[strcspn(line, "\n")] = 0;
        term_plain_line(stdout, line);
    }
    if (in)
        fclose(in);
    else
        tell(_("the report is written when the run is over"));
    free(path);
}

static void act(struct speaker *k, const struct effect *f)
{
    switch (f->kind) {
    case EFFECT_CALL:
        call(k, f);
        break;
    case EFFECT_SAVE_LOG:
    case EFFECT_SAVE_REPORT:
        save(k, f);
        break;
    case EFFECT_REPORT:
        tell_report(k);
        break;
    case EFFECT_COPY:                 /* lines can be copied from where they stand */
        tell(f->lent ? f->lent : f->text);
        break;
    case EFFECT_LEAVE:
        k->is_done = true;
        k->left = (int)f->left;
        break;
    default:
        break;
    }
}

/* ---- words ---- */

/* Of more tables than a snapshot holds, those that are asked for. */
static void fetch_tables(struct speaker *k)
{
    struct err e = {0};
    char *json = NULL, *args = mon_encode_tables_wish(&k->s->wish);
    struct tables_page *p = x_alloc(sizeof *p);
    if (mon_call(k->o->client, "tables", args, &json, CALL_MS, &e) && json && mon_decode_tables(p, json, &e))
        dashboard_take_tables(k->s, p);
    else
        tell(e.text);
    free(args);
    free(json);
    free(p);
}

static void tell_pane(struct speaker *k, enum pane pane)
{
    if (pane == PANE_TABLES && k->o->client && dashboard_wants_tables(k->s))
        fetch_tables(k);
    k->list = pane;
    k->from = 0;
    say_pane(k->s, pane, &k->from);
}

static void tell_cleanup(struct speaker *k)
{
    struct buf sql = {0};
    if (!k->s->has_report) {
        tell(_("the report is written when the run is over"));
        return;
    }
    report_cleanup(&k->report, &sql);
    tell(sql.p ? sql.p : "");
    buf_release(&sql);
}

static void save_report_as(struct speaker *k, const char *path)
{
    struct effect f = {.kind = EFFECT_SAVE_REPORT};
    snprintf(f.path, sizeof f.path, "%s", path);
    if (k->s->has_report)
        act(k, &f);
    else
        tell(_("the report is written when the run is over"));
}

/* By the whole name, or the first table that has it somewhere in its name. */
static void tell_chunks(struct speaker *k, const char *name)
{
    const struct mon_snapshot *m = &k->s->snap;
    const char *table = NULL;
    char escaped[270], args[320], *json = NULL;
    struct err e = {0};
    for (uint32_t i = 0; i < m->ntables; i++)
        if (strcmp(m->table[i].name, name) == 0 || (!table && name[0] && strcasestr(m->table[i].name, name)))
            table = m->table[i].name;
    if (!table || k->s->is_gone) {
        tell(k->s->is_gone ? _("the engine is gone; nothing was asked of it") : _("no table is chosen"));
        return;
    }
    json_text(escaped, sizeof escaped, table);
    snprintf(args, sizeof args, "{\"table\":\"%s\",\"offset\":0}", escaped);
    struct chunks_view *v = x_alloc(sizeof *v);
    if (mon_call(k->o->client, "chunks", args, &json, CALL_MS, &e) && json && mon_decode_chunks(v, json, &e))
        say_chunks(table, v);
    else
        tell(e.text);
    free(json);
    free(v);
}

static bool open_question(struct speaker *k, const char *line)
{
    unsigned long number = strncmp(line, "question ", 9) == 0 ? strtoul(line + 9, NULL, 10) : 0;
    if (number < 1 || number > k->s->snap.nquestions)
        return false;
    ask_question(k->s, 0, number - 1);
    return true;
}

/* What only lines need; false: it is none of these. */
static bool own_word(struct speaker *k, const char *line)
{
    static const struct {
        const char *word;
        enum pane pane;
    } panes[] = {{"tables", PANE_TABLES}, {"log", PANE_LOG}, {"lag", PANE_LAG}, {"dump", PANE_DUMP}, {"load", PANE_LOAD}, {"replication", PANE_REPLICATION}, {"errors", PANE_ATTENTION}};
    for (size_t i = 0; i < TG_ARRAY_LEN(panes); i++)
        if (strcmp(line, panes[i].word) == 0) {
            tell_pane(k, panes[i].pane);
            return true;
        }
    if (strcmp(line, "?") == 0 || strcmp(line, "help") == 0)
        say_commands();
    else if (strcmp(line, "q") == 0)
        k->is_done = true;
    else if (strcmp(line, "status") == 0)
        say_state(&k->s->snap);
    else if (strcmp(line, "more") == 0)
        say_pane(k->s, k->list, &k->from);
    else if (strcmp(line, "cleanup") == 0)
        tell_cleanup(k);
    else if (strncmp(line, "chunks ", 7) == 0)
        tell_chunks(k, line + 7);
    else if (strncmp(line, "report ", 7) == 0)
        save_report_as(k, line + 7);
    else
        return open_question(k, line);
    return true;
}

/* A command of the full screen, by the same name; what it changed is told. */
static void run_command(struct speaker *k, const char *line)
{
    static const char *const shows[] = {"find", "show", "sort", "level", "stage", "table", "text", "window", "pane"};
    struct effect f = {.kind = EFFECT_NONE};
    struct dashboard_state *s = k->s;
    size_t n = strcspn(line, " ");
    s->is_cutover = false;
    command_run(s, line, &f);
    if (s->prompt == PROMPT_SAVE) {   /* without a name: the one that a screen would offer */
        f.kind = EFFECT_SAVE_LOG;
        snprintf(f.path, sizeof f.path, "%s", s->prompt_text);
    }
    s->prompt = PROMPT_NONE;
    bool was_refused = s->notice[0] != 0;
    act(k, &f);
    tell_notice(k);
    for (size_t i = 0; !was_refused && i < TG_ARRAY_LEN(shows); i++)
        if (strlen(shows[i]) == n && strncmp(line, shows[i], n) == 0)
            tell_pane(k, s->focus);
    if (s->is_cutover)
        say_cutover(s);
}

/* A number answers the dialog that is open, or the oldest question. */
static bool is_answer(struct speaker *k, const char *line)
{
    struct dashboard_state *s = k->s;
    struct effect f = {.kind = EFFECT_NONE};
    char *end;
    unsigned long number = strtoul(line, &end, 10);
    if (end == line || *end)
        return false;
    if (!s->dialog.is_open)
        ask_question(s, 0, 0);
    if (!s->dialog.is_open || number < 1 || number > choices_of(s)) {
        tell(_("There is no such choice."));
        return true;
    }
    s->dialog.selected = (unsigned)number - 1;
    s->dialog.is_open = false;
    if (!k->o->is_read_only || s->asked == ASK_LEAVE)
        ask_answered(s, &f);
    else
        tell(_("--read-only: nothing is asked of the run"));
    act(k, &f);
    if (s->dialog.is_open)            /* it asks again */
        tell_dialog(k);
    return true;
}

static void obey(struct speaker *k, const char *line)
{
    struct dashboard_state *s = k->s;
    line += strspn(line, " :");
    s->now_ms = clock_mono_ms();
    s->wall_ms = clock_wall_ms();
    if (s->modal.kind) {
        answer_box(k, line);
        return;
    }
    if (!line[0] || is_answer(k, line))
        return;
    s->dialog.is_open = false;        /* a word instead of an answer leaves it open */
    s->asked = ASK_NOTHING;
    if (!own_word(k, line))
        run_command(k, line);
    if (s->dialog.is_open)
        tell_dialog(k);
    if (s->modal.kind)
        tell_box(k);
}

static void read_person(struct speaker *k)
{
    char bytes[128];
    ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
    if (n <= 0)
        k->stdin_open = false;
    for (ssize_t i = 0; i < n && !k->is_done; i++) {
        if (bytes[i] != '\n') {
            if (k->line_n + 1 < sizeof k->line && bytes[i] != '\r')
                k->line[k->line_n++] = bytes[i];
            continue;
        }
        k->line[k->line_n] = 0;
        k->line_n = 0;
        obey(k, k->line);
    }
}

/* ---- news ---- */

static void take_events(struct speaker *k)
{
    struct mon_event event;
    uint64_t dropped = 0;
    char text[800], clock[FMT_SIZE];
    while (mon_events(k->o->client, &event, 1, &dropped) == 1) {
        dashboard_add_event(k->s, &event);
        if (event.level < LOG_WARN)
            continue;
        snprintf(text, sizeof text, "%s  %s  %s%s%s", fmt_clock(clock, event.at_ms), _(log_level_name(event.level)), event.table, event.table[0] ? ": " : "", retell(event.text));
        term_plain_line(stdout, text);
    }
    k->s->log.dropped += dropped;
}

static void take_snapshot(struct speaker *k)
{
    struct mon_snapshot *fresh = x_alloc(sizeof *fresh);
    char now[sizeof k->said];
    bool is_fresh = mon_snapshot(k->o->client, fresh);
    if (is_fresh)
        dashboard_take(k->s, fresh);
    free(fresh);
    if (!is_fresh)
        return;
    const struct mon_snapshot *m = &k->s->snap;
    snprintf(now, sizeof now, "%d %.100s %s", (int)m->state, m->reason, m->verdict);
    if (strcmp(now, k->said) != 0 || k->s->now_ms - k->said_ms >= SPEAK_MS) {
        say_state(m);
        snprintf(k->said, sizeof k->said, "%s", now);
        k->said_ms = k->s->now_ms;
    }
    tell_notice(k);                   /* an answer that came from elsewhere */
    ask(k);
}

static bool read_report(struct speaker *k)
{
    struct err ignored = {0};
    k->s->has_report = k->o->run_dir && mon_report_read(k->o->run_dir, &k->report, &ignored) && k->report.snap.state == RUN_FINISHED;
    return k->s->has_report;
}

/* Who sits at a terminal may want the report; a pipe has its receipt. */
static void engine_is_gone(struct speaker *k)
{
    k->s->is_gone = true;
    k->left = DASHBOARD_ENGINE_GONE;
    k->is_done = !read_report(k) || !isatty(STDIN_FILENO) || !k->stdin_open;
    if (!k->is_done)
        tell(_("The run is over. report tells its report, report FILE saves it, cleanup shows what may be removed, q leaves."));
}

static void take_news(struct speaker *k)
{
    struct err e = {0};
    k->s->now_ms = clock_mono_ms();
    k->s->wall_ms = clock_wall_ms();
    if (k->s->is_gone)
        return;
    bool is_alive = mon_pump(k->o->client, &e);
    k->s->is_read_only = k->o->is_read_only;
    k->s->watches_only = k->o->is_read_only || !mon_steers(k->o->client);
    take_events(k);
    take_snapshot(k);
    if (!is_alive)
        engine_is_gone(k);
}

static void begin(struct speaker *k)
{
    k->s = dashboard_state_new();
    k->s->ends_all = k->o->ends_all;
    k->list = PANE_TABLES;
    text_speak_default();
    if (k->o->client) {
        tell(_("tidegate, watching a run. ? lists what can be said; q and Enter leaves, the run goes on."));
        return;
    }
    engine_is_gone(k);
    if (k->s->has_report)
        dashboard_take(k->s, &k->report.snap);
}

int dashboard_plain(const struct dashboard_options *o)
{
    struct speaker k = {.o = o, .stdin_open = true, .left = DASHBOARD_DETACH};
    begin(&k);
    while (!k.is_done) {
        take_news(&k);
        if (k.is_done || (k.s->is_gone && !k.stdin_open))
            break;
        struct pollfd fd[2] = {{.fd = k.s->is_gone ? -1 : mon_fd(o->client), .events = POLLIN}, {.fd = k.stdin_open ? STDIN_FILENO : -1, .events = POLLIN}};
        if (poll(fd, 2, 1000) > 0 && fd[1].revents)
            read_person(&k);
    }
    if (o->last)
        *o->last = k.s->snap;
    mon_report_release(&k.report);
    dashboard_state_free(k.s);
    return k.left;
}
