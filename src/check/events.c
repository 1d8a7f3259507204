// SPDX-License-Identifier: Apache-2.0
// Rules of events (DM's filters): which tables they touch, what then can't be promised, and which of them do nothing.
#include "check/private.h"

#include "base/pattern.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_matched(const struct run *r, const struct job_event *v, const struct table *t)
{
    return pattern_matches(v->schema, t->schema, r->job->case_sensitive) && (!v->table || pattern_matches(v->table, t->name, r->job->case_sensitive));
}

static bool names(const struct job_event *v, const char *event)
{
    for (size_t i = 0; i < v->nevents; i++)
        if (strcmp(v->events[i], event) == 0)
            return true;
    return false;
}

/* A rule that can't do what it seems to say. false: nothing more is to be said of it. */
static bool look_at_rule(struct run *r, struct check_result *out, size_t i)
{
    const struct job_event *v = &r->job->events[i];
    const char *table = v->table ? v->table : "*";
    uint32_t n = 0;
    for (uint32_t k = 0; k < r->tables.n; k++)
        n += is_matched(r, v, r->tables.tables[k]);
    if (!n)
        find(out, CHECK_WARN, NULL, "rule %zu (%.60s.%.60s) matches no table that is there and chosen", i + 1, v->schema, table);
    else if (!v->nevents && !v->nsql && v->action == EVENT_DO)
        find(out, CHECK_WARN, NULL, "rule %zu (%.60s.%.60s) names no event: nothing of these tables is let through", i + 1, v->schema, table);
    else if (!v->nevents && !v->nsql)
        find(out, CHECK_WARN, NULL, "rule %zu (%.60s.%.60s) names no event and no pattern of a text: it does nothing", i + 1, v->schema, table);
    if (v->action == EVENT_ERROR && n)
        find(out, CHECK_WARN, NULL, "rule %zu (%.60s.%.60s) stops the run at the first change that it names, and asks", i + 1, v->schema, table);
    if (names(v, "create view") || names(v, "drop view"))
        find(out, CHECK_WARN, NULL, "rule %zu names views: they are made from the source's own at the end, whatever it says", i + 1);
    return n > 0;
}

/* Tables whose rows it leaves out, told in one line for all of a kind. */
static void look_at_rows(struct run *r, struct check_result *out, size_t i)
{
    static const char *const kinds[][2] = {{"insert", NULL}, {"update", NULL}, {"delete", NULL}};
    for (size_t k = 0; k < TG_ARRAY_LEN(kinds); k++) {
        uint32_t n = 0, first = 0;
        for (uint32_t t = 0; t < r->tables.n; t++) {
            const struct table *def = r->tables.tables[t];
            struct event_verdict said = job_judge(r->job, def->schema, def->name, kinds[k], NULL);
            if (said.action != EVENT_IGNORE || said.rule != i + 1)
                continue;
            first = n++ ? first : t;
        }
        if (!n)
            continue;
        const struct table *def = r->tables.tables[first];
        if (k == 2)
            find(out, CHECK_WARN, NULL, "rule %zu leaves out every delete (tables: %u, the first: %s.%s): the target may hold more rows", i + 1, n, def->schema, def->name);
        else
            find(out, CHECK_WARN, NULL, "rule %zu leaves out every %s (tables: %u, the first: %s.%s): they are not compared", i + 1, kinds[k][0], n, def->schema, def->name);
    }
}

void check_events(struct run *r, struct check_result *out)
{
    struct buf wide = {0};
    size_t nkinds;
    const struct job_event_kind *kinds = job_event_kinds(&nkinds);
    bool has_wide = false;
    set_found(out, "%zu rules", r->job->nevents);
    for (size_t i = 0; i < r->job->nevents; i++) {
        has_wide = has_wide || names(&r->job->events[i], "incompatible ddl changes");
        if (look_at_rule(r, out, i))
            look_at_rows(r, out, i);
    }
    for (size_t i = 0; has_wide && i < nkinds; i++)
        if (kinds[i].class == EVENT_HARD_DDL)
            buf_addf(&wide, "%s%s", wide.n ? ", " : "", kinds[i].name);
    if (has_wide)
        set_detail(out, "The group \"incompatible ddl changes\" is wider than its name. It holds: %s.", wide.p);
    else
        set_detail(out, "They act on what is followed, not on the copy. A DDL that is left out still counts for reading the binlog: rows that then "
                        "have no place at the target are a question.");
    buf_release(&wide);
}

bool has_events(struct run *r)
{
    return r->job->nevents > 0;
}
