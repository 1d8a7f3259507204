// SPDX-License-Identifier: Apache-2.0
// Rules of events on the page Scope: in words, and the boxes that make, change and remove them.
#include "wizard/pages.h"
#include "wizard/scope.h"

#include "ui/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- in words ---- */

/* "insert, update", or the pattern of a text. */
static void add_kinds(const struct job_event *v, struct buf *out)
{
    for (size_t i = 0; i < v->nevents; i++)
        buf_addf(out, "%s%s", i ? ", " : "", v->events[i]);
    for (size_t i = 0; i < v->nsql; i++)
        buf_addf(out, "%s/%.60s/", i || v->nevents ? ", " : "", v->sql[i]);
    if (!v->nevents && !v->nsql)
        buf_adds(out, _("nothing"));
}

void scope_event_words(const struct job_event *v, struct buf *out)
{
    struct buf kinds = {0};
    add_kinds(v, &kinds);
    buf_addf(out, v->action == EVENT_DO ? _("only %s on %s.%s") : v->action == EVENT_IGNORE ? _("no %s on %s.%s") : _("stop at %s on %s.%s"), kinds.p, v->schema, v->table ? v->table : "*");
    buf_release(&kinds);
}

void scope_events_text(const struct job *j, struct buf *out)
{
    for (size_t i = 0; i < j->nevents && out->n < 300; i++) {
        buf_adds(out, i ? "; " : "");
        scope_event_words(&j->events[i], out);
    }
}

/* ---- a rule that is being made ---- */

#define KINDS 64u
#define GROUPS 6u
#define RULES_SHOWN 4u                /* that a box of choices offers at a time */

struct scope_event {
    size_t rule;                      /* of the job; nevents: a new one */
    size_t first;                     /* rule that the box of choices begins with */
    bool is_removing;
    char schema[200], table[200], sql[400];
    enum event_action action;
    bool on[KINDS], hard;             /* kinds by job_event_kinds; the group of incompatible changes */
    unsigned group;                   /* whose box is open */
};

static const char *const group_ids[GROUPS] = {"schema", "table", "index", "column", "options", "partition"};
static const char *const group_names[GROUPS] = {N_("databases"), N_("tables"), N_("indexes and keys"), N_("columns"), N_("charsets and options"), N_("partitions")};
static const char *const action_names[] = {N_("only these reach the target"), N_("these don't reach the target"), N_("the run stops at one of these")};

static struct scope_event *draft(struct wz *w)
{
    struct scope *s = w->scope;
    if (!s->event)
        s->event = x_alloc(sizeof *s->event);
    return s->event;
}

/* A name as a pattern that means it: characters that mean others become "any one". */
static void as_pattern(const char *name, char out[200])
{
    snprintf(out, 200, "%s", name);
    for (char *p = out; *p; p++)
        if (strchr("*?[", *p) || (*p == '~' && p == out))
            *p = '?';
}

static void begin_draft(struct wz *w, size_t rule)
{
    struct scope_event *d = draft(w);
    const struct look_table *t = scope_table(w->scope);
    const struct scope_schema *g = scope_schema(w->scope);
    *d = (struct scope_event){.rule = rule, .action = EVENT_IGNORE};
    as_pattern(g ? g->name : "*", d->schema);
    as_pattern(t ? t->name : "", d->table);
    if (!t)
        snprintf(d->table, sizeof d->table, "*");
}

/* Takes one of the rule's words; false: only a file can say that. */
static bool take_word(struct scope_event *d, const char *word)
{
    size_t n;
    const struct job_event_kind *kinds = job_event_kinds(&n);
    bool rows = strcmp(word, "all") == 0 || strcmp(word, "all dml") == 0, ddl = strcmp(word, "all") == 0 || strcmp(word, "all ddl") == 0;
    bool found = rows || ddl;
    if (strcmp(word, "incompatible ddl changes") == 0)
        return d->hard = true;
    for (size_t i = 0; i < n && i < KINDS; i++) {
        bool is_it = kinds[i].class == EVENT_ROWS ? rows : ddl;
        is_it = is_it || strcmp(kinds[i].name, word) == 0;
        d->on[i] = d->on[i] || is_it;
        found = found || is_it;
    }
    return found;
}

static bool open_draft(struct wz *w, size_t rule)
{
    struct scope_event *d = draft(w);
    const struct job_event *v = &w->job->events[rule];
    bool fine = v->nsql <= 1;
    *d = (struct scope_event){.rule = rule, .action = v->action};
    snprintf(d->schema, sizeof d->schema, "%s", v->schema);
    snprintf(d->table, sizeof d->table, "%s", v->table ? v->table : "");
    snprintf(d->sql, sizeof d->sql, "%s", v->nsql ? v->sql[0] : "");
    for (size_t i = 0; i < v->nevents; i++)
        fine = take_word(d, v->events[i]) && fine;
    return fine;
}

static unsigned count(const struct scope_event *d, const char *group, unsigned *of)
{
    size_t n;
    const struct job_event_kind *kinds = job_event_kinds(&n);
    unsigned on = 0;
    *of = 0;
    for (size_t i = 0; i < n && i < KINDS; i++)
        if (group ? strcmp(kinds[i].group, group) == 0 : kinds[i].class != EVENT_ROWS) {
            ++*of;
            on += d->on[i];
        }
    return on;
}

/* The words that a rule of these ticks has. Returns how many. */
static size_t words_of(const struct scope_event *d, const char *out[KINDS + 2])
{
    size_t n, count_out = 0;
    const struct job_event_kind *kinds = job_event_kinds(&n);
    unsigned ndml, nddl, dml = count(d, "dml", &ndml), ddl = count(d, NULL, &nddl);
    if (dml == ndml)
        out[count_out++] = ddl == nddl ? "all" : "all dml";
    if (ddl == nddl && dml < ndml)
        out[count_out++] = "all ddl";
    for (size_t i = 0; i < n && i < KINDS; i++)
        if (d->on[i] && (kinds[i].class == EVENT_ROWS ? dml < ndml : ddl < nddl))
            out[count_out++] = kinds[i].name;
    if (d->hard && ddl < nddl)
        out[count_out++] = "incompatible ddl changes";
    return count_out;
}

/* ---- the boxes ---- */

enum { EVENT_SCHEMA, EVENT_TABLE, EVENT_SQL };
enum { RULE_ACTION, RULE_KINDS, RULE_WRITE, RULE_CANCEL };

void scope_ask_events(struct wz *w, int key)
{
    struct modal *m = &w->modal;
    scope_of(w);
    modal_begin(m, BOX_EVENTS, _("Rules of events"), key, w->now_ms);
    for (size_t i = 0; i < w->job->nevents; i++) {
        buf_addf(&m->text, "  %zu  ", i + 1);
        scope_event_words(&w->job->events[i], &m->text);
        buf_adds(&m->text, "\n");
    }
    if (!w->job->nevents)
        buf_addf(&m->text, "%s\n", _("There is none: every change that is followed reaches the target."));
    buf_addf(&m->text, "\n%s\n", _("They act on what is followed, not on the copy. A table whose changes are left out can't be promised equal: it is not compared, or only for rows that are missing."));
    modal_add_button(m, _("Add …"), false);
    if (w->job->nevents) {
        modal_add_button(m, _("Change …"), false);
        modal_add_button(m, _("Remove …"), false);
    }
    modal_add_button(m, _("Close"), false);
}

static void ask_which(struct wz *w, bool is_removing)
{
    struct modal *m = &w->modal;
    struct scope_event *d = draft(w);
    d->is_removing = is_removing;
    modal_begin(m, BOX_EVENT_WHICH, is_removing ? _("Which rule should go?") : _("Which rule should change?"), 0, w->now_ms);
    modal_add_button(m, _("Keep them all as they are"), false);
    for (size_t i = d->first; i < w->job->nevents && i < d->first + RULES_SHOWN; i++) {
        struct buf words = {0};
        char label[80];
        scope_event_words(&w->job->events[i], &words);
        snprintf(label, sizeof label, "%zu  %.50s", i + 1, words.p);
        modal_add_button(m, label, false);
        buf_release(&words);
    }
    if (w->job->nevents > RULES_SHOWN)
        modal_add_button(m, _("Others …"), false);
    m->is_column = true;
}

static void action_label(const struct scope_event *d, char out[80])
{
    snprintf(out, 80, _("What it does: < %s >"), _(action_names[d->action]));
}

static void kinds_label(const struct scope_event *d, char out[80])
{
    const char *words[KINDS + 2];
    size_t n = words_of(d, words);
    struct buf text = {0};
    for (size_t i = 0; i < n && text.n < 60; i++)
        buf_addf(&text, "%s%s", i ? ", " : "", words[i]);
    snprintf(out, 80, _("Which: %.50s …"), n ? text.p : _("nothing yet"));
    buf_release(&text);
}

static void ask_rule(struct wz *w, unsigned focus)
{
    struct modal *m = &w->modal;
    const struct scope_event *d = draft(w);
    char label[80];
    modal_begin(m, BOX_EVENT, d->rule < w->job->nevents ? _("A rule of events") : _("A new rule of events"), 0, w->now_ms);
    buf_adds(&m->text, _("Names at the source; * at the end stands for any rest, ? for one character."));
    modal_add_field(m, _("Schema"), false, NULL);
    modal_add_field(m, _("Table"), false, NULL);
    modal_add_field(m, _("DDL like /…/"), false, NULL);
    edit_set(&m->field[EVENT_SCHEMA].edit, d->schema);
    edit_set(&m->field[EVENT_TABLE].edit, d->table);
    edit_set(&m->field[EVENT_SQL].edit, d->sql);
    action_label(d, label);
    modal_add_button(m, label, false);
    kinds_label(d, label);
    modal_add_button(m, label, false);
    modal_add_button(m, _("Write the rule"), false);
    modal_add_button(m, _("Cancel"), false);
    m->button[RULE_KINDS].leaves_fields = m->button[RULE_CANCEL].leaves_fields = true;
    m->is_column = true;
    m->focus = m->nfields + focus;
}

static void keep_fields(struct wz *w)
{
    struct scope_event *d = draft(w);
    snprintf(d->schema, sizeof d->schema, "%s", w->modal.field[EVENT_SCHEMA].edit.text);
    snprintf(d->table, sizeof d->table, "%s", w->modal.field[EVENT_TABLE].edit.text);
    snprintf(d->sql, sizeof d->sql, "%s", w->modal.field[EVENT_SQL].edit.text);
}

static const char *tick(unsigned on, unsigned of)
{
    return !on ? "[ ]" : on < of ? "[-]" : "[x]";
}

/* The button's words anew, without opening the box again: it would be deaf for a moment. */
static void relabel(struct wz *w, unsigned b, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void relabel(struct wz *w, unsigned b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(w->modal.button[b].label, sizeof w->modal.button[b].label, fmt, ap);
    va_end(ap);
}

enum { NROWS = 3, HARD = NROWS + GROUPS, KINDS_DONE }; /* buttons of the box of kinds: rows, groups, … */

static void kinds_labels(struct wz *w)
{
    static const char *const rows[NROWS] = {N_("rows that are inserted"), N_("rows that change"), N_("rows that are deleted")};
    const struct scope_event *d = draft(w);
    for (unsigned i = 0; i < NROWS; i++)
        relabel(w, i, "%s %s", tick(d->on[i], 1), _(rows[i]));
    for (unsigned i = 0; i < GROUPS; i++) {
        unsigned of, on = count(d, group_ids[i], &of);
        relabel(w, NROWS + i, _("%s DDL of %s: %u of %u …"), tick(on, of), _(group_names[i]), on, of);
    }
    relabel(w, HARD, "%s incompatible ddl changes …", tick(d->hard, 1));
}

static void ask_kinds(struct wz *w, unsigned focus)
{
    struct modal *m = &w->modal;
    modal_begin(m, BOX_EVENT_KINDS, _("Which changes?"), 0, w->now_ms);
    for (unsigned i = 0; i <= HARD; i++)
        modal_add_button(m, "", false);
    modal_add_button(m, _("Done"), false);
    kinds_labels(w);
    m->is_column = true;
    m->focus = focus;
}

static void group_labels(struct wz *w)
{
    size_t n;
    const struct job_event_kind *kinds = job_event_kinds(&n);
    const struct scope_event *d = draft(w);
    unsigned b = 1, of, on = count(d, group_ids[d->group], &of);
    relabel(w, 0, "%s %s", tick(on, of), _("all of them"));
    for (size_t i = 0; i < n && i < KINDS; i++)
        if (strcmp(kinds[i].group, group_ids[d->group]) == 0)
            relabel(w, b++, "%s %s", tick(d->on[i], 1), kinds[i].name);
}

static void ask_group(struct wz *w, unsigned group)
{
    struct modal *m = &w->modal;
    struct scope_event *d = draft(w);
    unsigned of;
    char title[120];
    d->group = group;
    count(d, group_ids[group], &of);
    snprintf(title, sizeof title, _("DDL of %s"), _(group_names[group]));
    modal_begin(m, BOX_EVENT_GROUP, title, 0, w->now_ms);
    for (unsigned i = 0; i <= of; i++)
        modal_add_button(m, "", false);
    modal_add_button(m, _("Done"), false);
    group_labels(w);
    m->is_column = true;
}

/* Wider than its name: every kind of it is named before it is ticked. */
static void ask_hard(struct wz *w)
{
    struct modal *m = &w->modal;
    size_t n;
    const struct job_event_kind *kinds = job_event_kinds(&n);
    struct scope_event *d = draft(w);
    modal_begin(m, BOX_EVENT_HARD, "incompatible ddl changes", 0, w->now_ms);
    buf_adds(&m->text, _("Wider than its name. These, as DM counts them: "));
    for (size_t i = 0, k = 0; i < n; i++)
        if (kinds[i].class == EVENT_HARD_DDL)
            buf_addf(&m->text, "%s%s", k++ ? ", " : "", kinds[i].name);
    buf_addf(&m->text, ".\n\n%s", _("ALTER TABLE … ADD COLUMN is a plain alter table to DM, and not among them."));
    modal_add_button(m, d->hard ? _("Untick the group") : _("Tick the group"), false);
    modal_add_button(m, _("Leave it as it is"), false);
    m->focus = 1;
}

/* ---- answers ---- */

/* What stands at the target is the same as before. */
static void rules_changed(struct wz *w)
{
    bool was_stale = w->probe[PROBE_TABLES].is_stale;
    wz_changed(w);
    w->probe[PROBE_TABLES].is_stale = was_stale;
}

static void write_rule(struct wz *w)
{
    struct scope_event *d = draft(w);
    const char *words[KINDS + 2];
    struct err e = {0};
    char *sql = d->sql;
    struct job_event v = {.schema = d->schema, .table = d->table[0] ? d->table : NULL, .events = (char **)(uintptr_t)words,
                          .nevents = words_of(d, words), .sql = &sql, .nsql = d->sql[0] ? 1 : 0, .action = d->action};
    if (!v.nevents && !v.nsql) {
        wz_notice(w, "%s", _("the rule names nothing yet: Which ticks kinds of changes"));
        return;
    }
    if (!job_event_put(w->job, d->rule, &v, &e)) {
        wz_notice(w, "%s", e.text);
        return;
    }
    rules_changed(w);
    scope_ask_events(w, 0);
}

static void rule_pressed(struct wz *w, unsigned b)
{
    struct scope_event *d = draft(w);
    char label[80];
    keep_fields(w);
    switch (b) {
    case RULE_ACTION:
        d->action = (enum event_action)((d->action + 1) % 3);
        action_label(d, label);
        relabel(w, b, "%s", label);
        break;
    case RULE_KINDS:
        ask_kinds(w, 0);
        break;
    case RULE_WRITE:
        write_rule(w);
        break;
    default:
        scope_ask_events(w, 0);
    }
}

static void kinds_pressed(struct wz *w, unsigned b)
{
    struct scope_event *d = draft(w);
    if (b < NROWS) {
        d->on[b] = !d->on[b];
        kinds_labels(w);
    } else if (b < HARD) {
        ask_group(w, b - NROWS);
    } else if (b == HARD) {
        ask_hard(w);
    } else {
        ask_rule(w, RULE_WRITE);
    }
}

static void group_pressed(struct wz *w, unsigned b)
{
    size_t n;
    const struct job_event_kind *kinds = job_event_kinds(&n);
    struct scope_event *d = draft(w);
    unsigned of, on = count(d, group_ids[d->group], &of), at = 1;
    if (b > of) {
        ask_kinds(w, NROWS + d->group);
        return;
    }
    for (size_t i = 0; i < n && i < KINDS; i++)
        if (strcmp(kinds[i].group, group_ids[d->group]) == 0) {
            d->on[i] = b == 0 ? on < of : at == b ? !d->on[i] : d->on[i];
            at++;
        }
    group_labels(w);
}

static void which_pressed(struct wz *w, unsigned b)
{
    struct scope_event *d = draft(w);
    struct err e = {0};
    size_t i = d->first + b - 1, n = w->job->nevents;
    if (n > RULES_SHOWN && b == w->modal.nbuttons - 1) {
        d->first = d->first + RULES_SHOWN < n ? d->first + RULES_SHOWN : 0;
        ask_which(w, d->is_removing);
        return;
    }
    bool is_chosen = b && i < n, is_removing = d->is_removing;
    d->first = 0;
    if (is_chosen && !is_removing && open_draft(w, i)) {
        ask_rule(w, RULE_KINDS);
        return;
    }
    if (is_chosen && !is_removing)
        wz_notice(w, "%s", _("this rule says more than these boxes can: change it in the job file"));
    else if (is_chosen && job_event_drop(w->job, i, &e))
        rules_changed(w);
    else if (is_chosen)
        wz_notice(w, "%s", e.text);
    scope_ask_events(w, 0);
}

static void list_pressed(struct wz *w, unsigned b)
{
    if (b == 0) {
        begin_draft(w, w->job->nevents);
        ask_rule(w, RULE_KINDS);
    } else if (b + 1 == w->modal.nbuttons) {
        modal_close(&w->modal);
    } else {
        ask_which(w, b == 2);
    }
}

void scope_event_pressed(struct wz *w, int kind, unsigned b)
{
    if (kind == BOX_EVENTS) {
        list_pressed(w, b);
    } else if (kind == BOX_EVENT_WHICH) {
        which_pressed(w, b);
    } else if (kind == BOX_EVENT) {
        rule_pressed(w, b);
    } else if (kind == BOX_EVENT_KINDS) {
        kinds_pressed(w, b);
    } else if (kind == BOX_EVENT_GROUP) {
        group_pressed(w, b);
    } else {
        draft(w)->hard ^= b == 0;
        ask_kinds(w, HARD);
    }
}

void scope_event_left(struct wz *w, int kind)
{
    if (kind == BOX_EVENT_GROUP || kind == BOX_EVENT_HARD)
        ask_kinds(w, kind == BOX_EVENT_HARD ? HARD : NROWS + draft(w)->group);
    else if (kind == BOX_EVENT_KINDS)
        ask_rule(w, RULE_KINDS);
    else if (kind != BOX_EVENTS)
        scope_ask_events(w, 0);
}
