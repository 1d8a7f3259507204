// SPDX-License-Identifier: Apache-2.0
// Names at the target: where the routes lead, and whether two names become one.
#include "check/private.h"

#include "base/pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define NAME_CHARACTERS 64u

struct dest {
    const char *schema, *name;        /* at the target */
    char *owned;                      /* schema and name of a view, one allocation; NULL: a table's own */
    const struct table *table;        /* NULL: a view */
    const char *from_schema, *from;   /* of the view, at the source */
};
struct dests {
    struct dest *list;
    uint32_t n;
};

static int folded(const struct dest *a, const struct dest *b)
{
    int c = strcasecmp(a->schema, b->schema);
    return c ? c : strcasecmp(a->name, b->name);
}

static int exact(const struct dest *a, const struct dest *b)
{
    int c = strcmp(a->schema, b->schema);
    return c ? c : strcmp(a->name, b->name);
}

static int compare(const void *a, const void *b)
{
    int c = folded(a, b);
    return c ? c : exact(a, b);
}

static void add_views(struct run *r, struct dests *p)
{
    for (uint32_t i = 0; run_objects(r, NULL) && i < r->objects.nviews; i++) {
        const struct view *v = &r->objects.views[i];
        char schema[200], name[200];
        job_route(r->job, v->schema, v->name, schema, name);
        struct dest *q = &p->list[p->n++];
        *q = (struct dest){.owned = x_format("%s%c%s", schema, 0, name), .from_schema = v->schema, .from = v->name};
        q->schema = q->owned;
        q->name = q->owned + strlen(schema) + 1;
    }
}

static void dests_of(struct run *r, struct dests *p)
{
    uint32_t nviews = run_objects(r, NULL) ? r->objects.nviews : 0;
    p->list = x_alloc((r->tables.n + nviews + 1) * sizeof *p->list);
    for (uint32_t i = 0; i < r->tables.n; i++) {
        const struct table *t = r->tables.tables[i];
        p->list[p->n++] = (struct dest){.schema = t->target_schema, .name = t->target_name, .table = t, .from_schema = t->schema, .from = t->name};
    }
    add_views(r, p);
    qsort(p->list, p->n, sizeof *p->list, compare);
}

static void dests_release(struct dests *p)
{
    for (uint32_t i = 0; i < p->n; i++)
        free(p->list[i].owned);
    free(p->list);
}

/* Schemas that the target would make one of. */
static void tell_schemas(struct check_result *out, const struct dests *p)
{
    for (uint32_t i = 1; i < p->n; i++)
        if (strcmp(p->list[i - 1].schema, p->list[i].schema) != 0 && strcasecmp(p->list[i - 1].schema, p->list[i].schema) == 0)
            find(out, CHECK_WARN, NULL, "schemas %s and %s are one at the target", p->list[i - 1].schema, p->list[i].schema);
}

void check_names_case(struct run *r, struct check_result *out)
{
    int source = r->end[SOURCE].conn.server.lower_case_table_names, target = r->end[TARGET].conn.server.lower_case_table_names;
    struct dests p = {0};
    struct picked bad = {0};
    set_found(out, "lower_case_table_names: source %d, target %d", source, target);
    if (target == 0)
        return;
    dests_of(r, &p);
    for (uint32_t i = 1; i < p.n; i++) {
        const struct dest *a = &p.list[i - 1], *b = &p.list[i];
        if (folded(a, b) != 0 || exact(a, b) == 0) /* the very same name: routes */
            continue;
        bool are_tables = a->table && b->table;
        find(out, are_tables ? CHECK_FAIL : CHECK_WARN, "Route one of them to another name, or leave it out.",
             "%s.%s and %s.%s have one name at the target: %s.%s", a->from_schema, a->from, b->from_schema, b->from, b->schema, b->name);
        judge(out, are_tables ? CHECK_FAIL : CHECK_WARN, ERR_TARGET_ROUTE);
        if (b->table)
            pick(&bad, b->table);
    }
    tell_schemas(out, &p);
    cure_exclude_picked(out, r->job, &bad);
    dests_release(&p);
}

/* ---- routes ---- */

static bool is_name(const char *z)
{
    size_t n = strlen(z);
    return n && z[n - 1] != ' ' && text_characters(z) <= NAME_CHARACTERS;
}

static void judge_name(struct run *r, struct check_result *out, const struct table *t)
{
    char label[160];
    table_label(t, label);
    bool is_own = schema_is_system(t->target_schema) || strcasecmp(t->target_schema, "tidegate_meta") == 0;
    if (job_route_is_ambiguous(r->job, t->schema, t->name))
        find(out, CHECK_FAIL, NULL, "%s is matched by several routes that lead to different places", label);
    else if (is_own)
        find(out, CHECK_FAIL, NULL, "%s goes to %s.%s: that schema is the server's or the run's own", label, t->target_schema, t->target_name);
    else if (!is_name(t->target_schema) || !is_name(t->target_name))
        find(out, CHECK_FAIL, NULL, "%s goes to \"%s\".\"%s\": a name has 1 to %u characters and no space at its end", label, t->target_schema,
             t->target_name, NAME_CHARACTERS);
    else
        return;
    judge(out, CHECK_FAIL, ERR_TARGET_ROUTE);
}

static bool is_used(struct run *r, const struct job_route *route)
{
    bool folds = r->job->case_sensitive;
    for (uint32_t i = 0; i < r->tables.n; i++) {
        const struct table *t = r->tables.tables[i];
        if (pattern_matches(route->from_schema, t->schema, folds) && (!route->from_table || pattern_matches(route->from_table, t->name, folds)))
            return true;
    }
    for (uint32_t i = 0; i < r->nunread; i++)
        if (pattern_matches(route->from_schema, r->unread[i].schema, folds) &&
            (!route->from_table || pattern_matches(route->from_table, r->unread[i].name, folds)))
            return true;
    for (uint32_t i = 0; run_objects(r, NULL) && i < r->objects.nviews; i++)
        if (pattern_matches(route->from_schema, r->objects.views[i].schema, folds) &&
            (!route->from_table || pattern_matches(route->from_table, r->objects.views[i].name, folds)))
            return true;
    return false;
}

static void tell_twice(struct check_result *out, const struct dests *p)
{
    for (uint32_t i = 1; i < p->n; i++) {
        const struct dest *a = &p->list[i - 1], *b = &p->list[i];
        if (exact(a, b) != 0)
            continue;
        bool are_tables = a->table && b->table;
        find(out, are_tables ? CHECK_FAIL : CHECK_WARN, NULL, "%s.%s and %s.%s both go to %s.%s", a->from_schema, a->from, b->from_schema, b->from,
             a->schema, a->name);
        judge(out, are_tables ? CHECK_FAIL : CHECK_WARN, ERR_TARGET_ROUTE);
    }
}

void check_routes(struct run *r, struct check_result *out)
{
    struct dests p = {0};
    set_found(out, "%zu routes", r->job->nroutes);
    for (uint32_t i = 0; i < r->tables.n; i++)
        judge_name(r, out, r->tables.tables[i]);
    dests_of(r, &p);
    tell_twice(out, &p);
    dests_release(&p);
    for (size_t i = 0; i < r->job->nroutes; i++) {
        const struct job_route *route = &r->job->routes[i];
        if (!is_used(r, route))
            find(out, CHECK_WARN, "Correct its from, or remove it.", "route %zu, from %s%s%s, matches nothing of the job", i + 1, route->from_schema,
                 route->from_table ? "." : "", route->from_table ? route->from_table : "");
    }
}

bool has_routes(struct run *r)
{
    return r->job->nroutes > 0;
}
