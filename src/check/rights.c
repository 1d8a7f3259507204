// SPDX-License-Identifier: Apache-2.0
/* What the run's own user needs at the target, phase by phase: read off the statements that the engine sends. */
#include "check/private.h"

#include "base/text.h"
#include "ledger/ledger.h"

#include <stdio.h>
#include <stdlib.h>

#define B(name) PRIV_BIT(PRIV_##name)

struct phase {
    uint64_t privs;
    enum check_state state;           /* of a run without them */
    const char *text;                 /* behind "SCHEMA: no PRIVILEGES: " */
};
/* On each schema that tables are routed to. Rows are written by DELETE, INSERT and LOAD DATA LOCAL; a copy that begins
 * anew truncates; RENAME asks for all of CREATE, INSERT, ALTER and DROP. */
static const struct phase of_schema[] = {
    {B(CREATE), CHECK_FAIL, N_("schemas and tables can't be made")},
    {B(INSERT) | B(DELETE), CHECK_FAIL, N_("rows can't be written")},
    {B(SELECT), CHECK_FAIL, N_("rows can't be compared, and tables that are there not be looked at")},
    {B(ALTER) | B(DROP) | B(INDEX), CHECK_FAIL, N_("schema changes of the source can't follow, and no table be copied anew")},
    {B(REFERENCES), CHECK_WARN, N_("foreign keys are not made, which the report tells")},
    {B(CREATE_VIEW), CHECK_WARN, N_("views are not made, which the report tells")},
};
static const struct phase of_ledger[] = {
    {B(CREATE), CHECK_FAIL, N_("the ledger can't be made, and without it no run begins")},
    {B(SELECT) | B(INSERT) | B(UPDATE) | B(DELETE), CHECK_FAIL, N_("the ledger can't be kept, and without it no run begins")},
};

struct asked {
    struct run *r;
    const struct grants *g;
    struct check_result *out;
    struct grant_need *needs;
    size_t n;
};

/* "INSERT, DELETE" */
static void names_of(const struct grants *g, uint64_t privs, struct buf *out)
{
    for (unsigned p = 0; p < PRIV_COUNT; p++)
        if (privs & PRIV_BIT(p))
            buf_addf(out, "%s%s", out->n ? ", " : "", priv_name((enum priv)p, g->flavour, g->version));
}

/* Those that are missing on the schema, and on one of the run's tables there as well: grants may be that narrow, but
 * for CREATE, which CREATE DATABASE IF NOT EXISTS wants of the schema. */
static uint64_t missing(const struct asked *a, uint64_t privs, const char *schema)
{
    uint64_t lacks = grants_missing(a->g, privs, schema, NULL), of_tables = lacks & B(CREATE);
    for (uint32_t i = 0; lacks != of_tables && i < a->r->tables.n; i++) {
        const struct table *t = a->r->tables.tables[i];
        if (strcmp(t->target_schema, schema) == 0)
            of_tables |= grants_missing(a->g, lacks, schema, t->target_name);
    }
    return of_tables;
}

static void need(struct asked *a, uint64_t privs, const char *schema, const char *table)
{
    a->needs = x_realloc(a->needs, (a->n + 1) * sizeof *a->needs);
    a->needs[a->n++] = (struct grant_need){privs, schema, table};
}

static void ask(struct asked *a, const char *schema, const struct phase *list, size_t n, uint64_t but)
{
    uint64_t all = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t lacks = missing(a, list[i].privs & ~but, schema);
        struct buf names = {0};
        if (!lacks)
            continue;
        names_of(a->g, lacks, &names);
        find(a->out, list[i].state, NULL, "%s: no %s: %s", schema, names.p, list[i].text);
        buf_release(&names);
        all |= lacks;
    }
    if (all)
        need(a, all, schema, NULL);
}

static bool has_keys(const struct run *r)
{
    for (uint32_t i = 0; i < r->tables.n; i++)
        if (r->tables.tables[i]->nfks)
            return true;
    return false;
}

/* Each schema once. */
static void ask_schemas(struct asked *a)
{
    struct run *r = a->r;
    struct places p = {0};
    struct err ignored = {0};
    uint64_t but = has_keys(r) ? 0 : B(REFERENCES);
    if (!run_objects(r, &ignored) || !r->objects.nviews)
        but |= B(CREATE_VIEW);
    for (uint32_t i = 0; i < r->tables.n; i++)
        places_add(&p, r->tables.tables[i]->target_schema, "", NULL);
    places_sort(&p);
    for (uint32_t i = 0; i < p.n; i++)
        if (i == 0 || strcmp(p.list[i].schema, p.list[i - 1].schema) != 0)
            ask(a, p.list[i].schema, of_schema, TG_ARRAY_LEN(of_schema), but);
    places_release(&p);
}

void check_target_privilege(struct run *r, struct check_result *out)
{
    struct err e = {0};
    struct asked a = {.r = r, .out = out, .g = end_grants(&r->end[TARGET], &e)};
    const struct db_server *s = &r->end[TARGET].conn.server;
    if (!a.g) {
        unread(out, &e);
        return;
    }
    if (!run_tables(r, &e))
        set_detail(out, "Only tidegate_meta was looked at: the source's tables could not be read.");
    ask(&a, LEDGER_SCHEMA, of_ledger, TG_ARRAY_LEN(of_ledger), 0);
    ask_schemas(&a);
    if (s->flavour == DB_MYSQL && s->version >= 50700 && grants_missing(a.g, B(SELECT), "performance_schema", "threads")) {
        find(out, CHECK_FAIL, NULL, "performance_schema.threads: no SELECT: statements of an earlier engine can't be waited for");
        need(&a, B(SELECT), "performance_schema", "threads");
    }
    if (!out->detail && !grants_has(a.g, PRIV_PROCESS, NULL, NULL) && (s->flavour != DB_MYSQL || s->version < 50700))
        set_detail(out, "Without PROCESS only this user's own statements are seen there: a run must keep its user.");
    if (out->judged == CHECK_FAIL)
        judge(out, CHECK_FAIL, ERR_TARGET_PRIVILEGE);
    set_found(out, a.n ? "something is missing" : "all that is needed");
    for (size_t i = 0; i < a.n; i++)
        run_lacks(r, TARGET, a.needs[i].privs, a.needs[i].schema, a.needs[i].table);
    cure_grant(r, out, TARGET, a.needs, a.n);
    free(a.needs);
}
