// SPDX-License-Identifier: Apache-2.0
/* What rules of events (DM's filters) mean for the run as a whole: which tables they touch is noted in the ledger, so that
 * an engine with another job file still knows; what can be compared of such a table; what the report says. */
#include "engine/private.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

static void told(void *arg, const char *kind, const char *name, const char *text)
{
    struct engine *g = arg;
    (void)kind;
    tabs_note(&g->tabs, (uint32_t)strtoul(name, NULL, 10), tab_filters_parse(text));
}

bool engine_recall_filters(struct engine *g, struct err *e)
{
    return ledger_read_notes(&g->ledger, &g->control, NOTE_EVENTS, told, g, e);
}

bool engine_settle_filters(struct engine *g, struct err *e)
{
    struct buf sql = {0}, text = {0};
    if (g->is_snapshot)
        return true; /* nothing is followed */
    pthread_mutex_lock(&g->tabs.lock);
    follow_settle_filters(&g->tabs, g->job, g->source_server.logs_cascades);
    for (uint32_t i = 0; i < g->tabs.n; i++) {
        const struct tab *tab = g->tabs.list[i];
        unsigned bits = atomic_load(&tab->filters);
        char id[16];
        if (!bits)
            continue;
        snprintf(id, sizeof id, "%u", tab->id);
        buf_reset(&text);
        tab_filters_text(bits, &text);
        buf_adds(&sql, sql.n ? ";" : "");
        ledger_sql_note(&g->ledger, &sql, NOTE_EVENTS, id, text.p);
    }
    pthread_mutex_unlock(&g->tabs.lock);
    bool fine = !sql.n || engine_fenced(g, &sql, e);
    buf_release(&sql);
    buf_release(&text);
    return fine;
}

/* "rule 1 leaves out delete, rule 2 insert" */
static void add_rules(const struct job *j, const char *schema, const char *table, struct buf *out)
{
    static const char *const names[][2] = {{"insert", NULL}, {"update", NULL}, {"delete", NULL}};
    size_t last = 0;
    for (size_t i = 0; i < TG_ARRAY_LEN(names); i++) {
        struct event_verdict v = job_judge(j, schema, table, names[i], NULL);
        if (v.action != EVENT_IGNORE)
            continue;
        if (v.rule == last)
            buf_addf(out, " and %s", names[i][0]);
        else
            buf_addf(out, N_("%srule %zu leaves out %s"), last ? ", " : "", v.rule, names[i][0]);
        last = v.rule;
    }
}

static bool has_shape(struct engine *g, const struct table *def, struct err *why)
{
    uint32_t from = 0;
    struct table *there = table_read(&g->control, def->target_schema, def->target_name, why);
    bool fits = there && table_shape_fits(def, there, &from, why);
    table_drop(there);
    return fits;
}

bool engine_may_compare(struct engine *g, const struct table *def, unsigned filters, struct buf *why)
{
    struct err e = {0};
    if (filters & TAB_ROWS) {
        add_rules(g->job, def->schema, def->name, why);
        buf_adds(why, why->n ? "" : N_("changes of it were left out by rules of events"));
        return false;
    }
    if (!(filters & TAB_SHAPE) || has_shape(g, def, &e))
        return true;
    buf_addf(why, N_("a rule of events left out a DDL, and the shapes differ: %.300s"), e.text);
    return false;
}

/* One line a table: what is left out, and what the comparison is worth. Lock of tabs held. */
static void report_tab(struct engine *g, const struct tab *tab)
{
    struct buf text = {0};
    unsigned bits = atomic_load(&tab->filters);
    int verified = atomic_load(&tab->verified);
    add_rules(g->job, tab->def->schema, tab->def->name, &text);
    if (!text.n)
        buf_adds(&text, bits & TAB_SHAPE ? N_("a DDL was left out") : N_("changes were left out"));
    buf_adds(&text, ": ");
    if (verified == 1)
        buf_adds(&text, bits & TAB_MORE ? N_("compared; every row of the source is there, and the target may hold more") : N_("compared, and equal"));
    else
        buf_adds(&text, verified == 2 ? N_("compared; it differs") : N_("not compared"));
    report_add(g, REPORT_EVENTS, false, tab->label, "%s", text.p);
    buf_release(&text);
}

bool engine_is_filtered(struct engine *g)
{
    bool any = false;
    pthread_mutex_lock(&g->tabs.lock);
    for (uint32_t i = 0; i < g->tabs.n && !any; i++)
        any = atomic_load(&g->tabs.list[i]->filters) != 0;
    pthread_mutex_unlock(&g->tabs.lock);
    return any;
}

void report_filters(struct engine *g)
{
    report_clear(g, REPORT_EVENTS);
    pthread_mutex_lock(&g->tabs.lock);
    for (uint32_t i = 0; i < g->tabs.n; i++)
        if (g->tabs.list[i]->def && atomic_load(&g->tabs.list[i]->filters))
            report_tab(g, g->tabs.list[i]);
    pthread_mutex_unlock(&g->tabs.lock);
}
