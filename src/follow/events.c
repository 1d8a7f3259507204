// SPDX-License-Identifier: Apache-2.0
/* Rules of events, which are DM's filters: what they say about rows and about DDL on its way. A change that is left out
 * keeps its place in the stream, and its rows their numbers in a large transaction, so that a start again with other
 * rules counts alike. What a DDL does to the source's definition is tracked all the same (ddl.c). */
#include "follow/private.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const row_names[][2] = {
    [ROWS_WRITE] = {"insert", NULL}, [ROWS_UPDATE] = {"update", NULL}, [ROWS_DELETE] = {"delete", NULL}};

unsigned follow_row_filters(const struct job *j, const char *schema, const char *table)
{
    unsigned bits = 0;
    for (enum rows_action a = ROWS_WRITE; a <= ROWS_DELETE; a++)
        if (job_judge(j, schema, table, row_names[a], NULL).action == EVENT_IGNORE)
            bits |= a == ROWS_DELETE ? TAB_MORE : TAB_ROWS;
    return bits;
}

/* What a parent's change does to its children is in no event: where the one is left out, so is the other. */
static bool spread_from(struct tabs *tabs, const struct job *j, const struct table *parent)
{
    bool any = false;
    bool deletes = job_judge(j, parent->schema, parent->name, row_names[ROWS_DELETE], NULL).action == EVENT_IGNORE;
    bool updates = job_judge(j, parent->schema, parent->name, row_names[ROWS_UPDATE], NULL).action == EVENT_IGNORE;
    if ((!deletes && !updates) || !tabs_is_acted_on(tabs, parent->schema, parent->name))
        return false;
    for (uint32_t i = 0; i < tabs->n; i++) {
        const struct table *child = tabs->list[i]->def;
        for (uint32_t k = 0; child && k < child->nfks; k++) {
            const struct foreign_key *fk = &child->fks[k];
            if (follow_refers_to(fk, child, parent) && ((deletes && fk->on_delete_acts) || (updates && fk->on_update_acts)))
                any |= !(atomic_fetch_or(&tabs->list[i]->filters, TAB_ROWS | TAB_MORE) & TAB_ROWS);
        }
    }
    return any;
}

void follow_settle_filters(struct tabs *tabs, const struct job *j, bool logs_cascades)
{
    if (!j->nevents)
        return;
    for (uint32_t i = 0; i < tabs->n; i++) {
        const struct table *def = tabs->list[i]->def;
        if (def)
            atomic_fetch_or(&tabs->list[i]->filters, follow_row_filters(j, def->schema, def->name));
    }
    for (uint32_t i = 0; i < tabs->n && !logs_cascades; i++)
        if (tabs->list[i]->def)
            spread_from(tabs, j, tabs->list[i]->def);
}

/* ---- a rule says stop ---- */

struct let_through {                  /* by an answer: this rule stops no more at this table */
    struct let_through *next;
    size_t rule;
    char label[160];
};

void follow_forget_answers(struct follow *f)
{
    for (struct let_through *l = f->let_through, *next; l; l = next) {
        next = l->next;
        free(l);
    }
    f->let_through = NULL;
}

static bool is_let_through(const struct follow *f, size_t rule, const char *label)
{
    for (const struct let_through *l = f->let_through; l; l = l->next)
        if (l->rule == rule && strcmp(l->label, label) == 0)
            return true;
    return false;
}

/* A person has taken it out of the run meanwhile: whatever comes for it is dropped. */
static bool is_out(struct follow *f, const char *label)
{
    bool is = false;
    pthread_mutex_lock(&f->o.tabs->lock);
    for (uint32_t i = 0; i < f->o.tabs->n && !is; i++)
        is = atomic_load(&f->o.tabs->list[i]->is_left) && strcmp(f->o.tabs->list[i]->label, label) == 0;
    pthread_mutex_unlock(&f->o.tabs->lock);
    return is;
}

/* what: "a delete", or the statement. true: it goes through. */
static bool ask(struct follow *f, size_t rule, const char *label, const char *what, const struct pos *at, struct err *e)
{
    static const struct ask_choice choices[] = {
        {"stop", N_("Stop the run; it can be resumed, with another rule in the job file")},
        {"apply", N_("Let it through; the rule stops no more at this table until the engine is started again")},
        {"retry", N_("Ask the rules again (nothing is lost)")}};
    char place[96];
    if (is_let_through(f, rule, label) || is_out(f, label))
        return true;
    const struct job_event *v = &f->o.job->events[rule - 1];
    err_set(e, ERR_EVENT_STOP, "rule %zu of events (%.60s.%.60s) stops at %s on %s, at %s", rule, v->schema, v->table ? v->table : "*",
            what, label, pos_text(at, place));
    follow_flush(f); /* what came before it does not wait for the answer */
    const char *choice = f->o.ask.put(f->o.ask.arg, e, label, choices, TG_ARRAY_LEN(choices));
    if (!choice) {
        cancel_set(f->stop); /* the run ends, and has its own reason */
        return false;
    }
    if (strcmp(choice, "stop") == 0)
        return false;
    if (strcmp(choice, "retry") == 0)
        return ask(f, rule, label, what, at, e);
    struct let_through *l = x_alloc(sizeof *l);
    l->next = f->let_through;
    l->rule = rule;
    snprintf(l->label, sizeof l->label, "%s", label);
    f->let_through = l;
    err_clear(e);
    return true;
}

/* ---- rows ---- */

bool follow_judge_rows(struct follow *f, struct tab *tab, const struct binlog_event *ev, bool *is_left_out, struct err *e)
{
    char what[40];
    const char *const *names = row_names[ev->rows.action];
    *is_left_out = false;
    if (!f->o.job->nevents)
        return true;
    struct event_verdict v = job_judge(f->o.job, tab->def->schema, tab->def->name, names, NULL);
    *is_left_out = v.action == EVENT_IGNORE;
    snprintf(what, sizeof what, N_("an event of %s"), names[0]);
    if (v.action == EVENT_ERROR) /* what the target holds already is not asked about */
        return txn_is_past(f, tab, &ev->end) || ask(f, v.rule, tab->label, what, &ev->start, e);
    unsigned bit = 1u << ev->rows.action;
    if (*is_left_out && !(tab->told_filters & bit))
        log_event(LOG_NOTE, "follow", tab->label, "", "rule %zu of events leaves out every %s", v.rule, names[0]);
    tab->told_filters |= *is_left_out ? bit : 0;
    return true;
}

/* ---- DDL ---- */

static struct event_verdict worse(struct event_verdict a, struct event_verdict b)
{
    return a.action == EVENT_DO || (a.action == EVENT_IGNORE && b.action == EVENT_ERROR) ? b : a;
}

/* A part counts for every table that it names. */
static struct event_verdict judge_part(struct follow *f, const struct ddl *d, uint32_t part, const struct ddl_event *v, const char *sql)
{
    struct event_verdict out = {EVENT_DO, 0};
    bool by_name = d->kind == DDL_DROP_TABLE || d->kind == DDL_RENAME;
    for (uint32_t i = 0; i < d->nnames; i++) {
        const struct ddl_name *n = &d->names[i];
        if (by_name && i != part)
            continue;
        out = worse(out, job_judge(f->o.job, n->schema, n->table, v->names, sql));
        if (n->to_table && (d->kind != DDL_ALTER || strcmp(v->names[0], "rename table") == 0))
            out = worse(out, job_judge(f->o.job, n->to_schema, n->to_table, v->names, sql));
    }
    return out;
}

/* The definition before and after, to tell what becomes of columns. Lock held. */
static struct table *definition_after(struct follow *f, const struct ddl *d, const struct ddl_context *cx, struct tab **tab)
{
    struct err ignored = {0};
    *tab = d->kind == DDL_ALTER && d->nnames ? tabs_find(f->o.tabs, d->names[0].schema, d->names[0].table) : NULL;
    return *tab ? table_after((*tab)->def, d, cx, &ignored) : NULL;
}

bool follow_judge_ddl(struct follow *f, const struct ddl *d, const struct ddl_context *cx, const struct binlog_event *ev,
                      const uint64_t *only, uint64_t *left_out, size_t *rule, struct err *e)
{
    bool fine = true;
    struct tab *tab;
    char label[160] = "";
    if (!f->o.job->nevents || !d->nnames)
        return true;
    char *sql = x_strndup(ev->query.sql.p, ev->query.sql.n), *what = x_format("%.200s", sql);
    pthread_mutex_lock(&f->o.tabs->lock);
    struct table *after = definition_after(f, d, cx, &tab), *before = tab ? table_hold(tab->def) : NULL;
    pthread_mutex_unlock(&f->o.tabs->lock);
    for (uint32_t i = 0; i < ddl_nparts(d) && fine; i++) {
        struct ddl_event v;
        bool by_name = d->kind == DDL_DROP_TABLE || d->kind == DDL_RENAME;
        const struct ddl_name *n = &d->names[by_name ? i : 0];
        if (by_name && !((only[i / 64] >> (i % 64)) & 1))
            continue;
        ddl_event_of(d, i, before, after, &v);
        struct event_verdict said = judge_part(f, d, i, &v, sql);
        snprintf(label, sizeof label, "%.79s%s%.79s", n->schema, n->table ? "." : "", n->table ? n->table : "");
        if (said.action == EVENT_ERROR)
            fine = ask(f, said.rule, label, what, &ev->start, e);
        if (said.action == EVENT_IGNORE) {
            left_out[i / 64] |= (uint64_t)1 << (i % 64);
            *rule = said.rule;
        }
    }
    table_drop(before);
    table_drop(after);
    free(sql);
    free(what);
    return fine;
}

/* A rule for every schema, or for the session's own, may know a statement that nobody here does. */
bool follow_judge_unknown(struct follow *f, const char *schema, const struct binlog_event *ev, bool *is_left_out, struct err *e)
{
    char *sql = x_strndup(ev->query.sql.p, ev->query.sql.n), *what = x_format("%.200s", sql);
    struct event_verdict v = worse(job_judge(f->o.job, "", "", NULL, sql), job_judge(f->o.job, schema, "", NULL, sql));
    bool fine = v.action != EVENT_ERROR || ask(f, v.rule, schema, what, &ev->start, e);
    *is_left_out = v.action == EVENT_IGNORE;
    if (*is_left_out)
        log_event(LOG_NOTE, "follow", schema, "", "left out by rule %zu of events: %s", v.rule, what);
    free(sql);
    free(what);
    return fine;
}
