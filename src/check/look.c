// SPDX-License-Identifier: Apache-2.0
/* A run of the checks without checks: the facts of every table, whatever the job's rules say, copied out of it. */
#include "check/look.h"

#include "check/private.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- names ---- */

static int by_names(const void *a, const void *b)
{
    const struct look_table *x = a, *y = b;
    int c = strcmp(x->schema, y->schema);
    return c ? c : strcmp(x->name, y->name);
}

static bool read_names(struct look *out, struct run *r, struct err *e)
{
    static const struct job everything;
    MYSQL_RES *res;
    if (!conn_query(&r->end[SOURCE].conn, "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES"
                                          " WHERE TABLE_SCHEMA NOT IN ('mysql','sys','information_schema','performance_schema')", &res, e))
        return false;
    out->tables = x_alloc((size_t)(mysql_num_rows(res) + 1) * sizeof *out->tables);
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;) {
        bool is_view = strcmp(row[2], "VIEW") == 0;
        if ((is_view || strcmp(row[2], "BASE TABLE") == 0 || strcmp(row[2], "SYSTEM VERSIONED") == 0) && job_wants(&everything, row[0], row[1]))
            out->tables[out->n++] = (struct look_table){.schema = x_strdup(row[0]), .name = x_strdup(row[1]), .is_view = is_view};
    }
    mysql_free_result(res);
    qsort(out->tables, out->n, sizeof *out->tables, by_names);
    return true;
}

static int by_schema(const void *a, const void *b)
{
    const struct look_table *x = a, *y = b;
    return strcmp(x->schema, y->schema);
}

/* Schemas in which nothing is yet: those that read_names has not met. */
static bool read_bare_schemas(struct look *out, struct run *r, struct err *e)
{
    static const struct job everything;
    MYSQL_RES *res;
    if (!conn_query(&r->end[SOURCE].conn, "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN"
                                          " ('mysql','sys','information_schema','performance_schema')", &res, e))
        return false;
    size_t nmet = out->n;
    out->tables = x_realloc(out->tables, (nmet + (size_t)mysql_num_rows(res) + 1) * sizeof *out->tables);
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;) {
        struct look_table key = {.schema = row[0]};
        if (job_wants(&everything, row[0], "t") && !bsearch(&key, out->tables, nmet, sizeof key, by_schema))
            out->tables[out->n++] = (struct look_table){.schema = x_strdup(row[0]), .name = x_strdup(""), .is_schema = true};
    }
    mysql_free_result(res);
    qsort(out->tables, out->n, sizeof *out->tables, by_names);
    return true;
}

static struct look_table *table_of(struct look *l, const char *schema, const char *name)
{
    struct look_table key = {.schema = (char *)(uintptr_t)schema, .name = (char *)(uintptr_t)name};
    return bsearch(&key, l->tables, l->n, sizeof key, by_names);
}

/* ---- definitions ---- */

static void add_word(char **list, const char *separator, const char *word)
{
    char *longer = *list ? x_format("%s%s%s", *list, separator, word) : x_strdup(word);
    free(*list);
    *list = longer;
}

static void take_key(struct look_table *to, const struct table *t)
{
    if (t->row_key < 0)
        return;
    const struct key *k = &t->keys[t->row_key];
    to->is_primary = strcmp(k->name, "PRIMARY") == 0;
    for (uint32_t i = 0; i < k->nparts; i++)
        if (k->parts[i].column != UINT32_MAX)
            add_word(&to->key, ",", t->columns[k->parts[i].column].name);
}

static void take_table(struct look_table *to, const struct table *t)
{
    to->is_read = true;
    to->engine = x_strdup(t->engine);
    to->collation = x_strdup(t->collation);
    take_key(to, t);
    to->nfks = t->nfks;
    for (uint32_t i = 0; i < t->nfks; i++)
        add_word(&to->fks, ", ", t->fks[i].ref_table);
    for (uint32_t i = 0; i < t->ncolumns; i++)
        if (t->columns[i].is_generated) {
            to->ngenerated++;
            add_word(&to->generated, ", ", t->columns[i].name);
        }
    if (strcmp(t->schema, t->target_schema) != 0 || strcmp(t->name, t->target_name) != 0)
        to->to = x_format("%s.%s", t->target_schema, t->target_name);
}

static void take_tables(struct look *out, const struct run *r)
{
    for (uint32_t i = 0; i < r->tables.n; i++) {
        struct look_table *to = table_of(out, r->tables.tables[i]->schema, r->tables.tables[i]->name);
        if (to && !to->is_view)
            take_table(to, r->tables.tables[i]);
    }
    for (uint32_t i = 0; i < r->nunread; i++) {
        struct look_table *to = table_of(out, r->unread[i].schema, r->unread[i].name);
        if (to && !to->problem)
            to->problem = x_strdup(r->unread[i].err.text);
    }
    out->has_defs = true;
}

static void take_triggers(struct look *out, struct run *r)
{
    MYSQL_RES *res;
    struct err ignored = {0};
    out->has_triggers = conn_query(&r->end[SOURCE].conn, "SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, TRIGGER_NAME FROM information_schema.TRIGGERS"
                                                         " WHERE EVENT_OBJECT_SCHEMA NOT IN ('mysql','sys')", &res, &ignored);
    if (!out->has_triggers)
        return;
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;) {
        struct look_table *to = table_of(out, row[0], row[1]);
        if (!to)
            continue;
        to->ntriggers++;
        add_word(&to->triggers, ", ", row[2]);
    }
    mysql_free_result(res);
}

static void take_sizes(struct look *out, struct run *r)
{
    struct err e = {0};
    out->has_sizes = run_sizes(r, &e);
    if (!out->has_sizes)
        out->sizes_problem = x_strdup(e.text);
    for (uint32_t i = 0; out->has_sizes && i < r->tables.n; i++) {
        struct look_table *to = table_of(out, r->tables.tables[i]->schema, r->tables.tables[i]->name);
        if (!to)
            continue;
        to->rows = r->sizes[i].rows;
        to->data_bytes = r->sizes[i].data_bytes;
        to->index_bytes = r->sizes[i].index_bytes;
    }
}

/* ---- the target ---- */

static void take_target(struct look *out, struct run *r)
{
    struct err e = {0};
    const struct job_end *target = &r->job->target;
    if (!target->host || !target->user)
        return;
    end_open(&r->end[TARGET], target, TARGET);
    if (!run_rows(r, &e)) {
        out->target_problem = x_strdup(e.text);
        return;
    }
    for (uint32_t i = 0; i < r->tables.n; i++) {
        const struct occupant *s = &r->standing[i];
        struct look_table *to = table_of(out, r->tables.tables[i]->schema, r->tables.tables[i]->name);
        if (to)
            to->place = !s->type[0] ? PLACE_FREE : !s->is_table ? PLACE_OTHER : s->has_rows ? PLACE_ROWS : PLACE_EMPTY;
    }
}

/* ---- all of it ---- */

/* The job without its rules: everything is looked at. */
static bool open_job(struct job *all, const struct job *job, struct err *e)
{
    static const char *const lists[] = {"allow.include", "allow.exclude", "allow.do-dbs", "allow.ignore-dbs", "allow.do-tables", "allow.ignore-tables"};
    bool fine = true;
    job_copy(all, job);
    for (size_t i = 0; fine && i < TG_ARRAY_LEN(lists); i++)
        fine = job_set(all, lists[i], "[]", e);
    if (fine && (!all->nsources || !all->sources[0].host || !all->sources[0].user))
        fine = err_set(e, ERR_CONF_MISSING, "the page Source does not name a server and a user yet");
    return fine && job_resolve(all, NULL, NULL, e);
}

static bool look_at(struct look *out, struct run *r, bool names_only, struct cancel *cancel, struct err *e)
{
    struct end *s = &r->end[SOURCE];
    end_open(s, &r->job->sources[0], SOURCE);
    if (!s->is_open)
        return err_set(e, s->failed.code, "%s", s->failed.text);
    if (!read_names(out, r, e))
        return false;
    bool is_bare = out->n == 0;
    if (!read_bare_schemas(out, r, e))
        return false;
    if (names_only || is_bare || (cancel && cancel_is_set(cancel)))
        return true;
    if (!run_tables(r, e))
        return false;
    take_tables(out, r);
    if (!cancel || !cancel_is_set(cancel))
        take_sizes(out, r);
    if (!cancel || !cancel_is_set(cancel))
        take_triggers(out, r);
    if (!cancel || !cancel_is_set(cancel))
        take_target(out, r);
    return true;
}

bool look_read(struct look *out, const struct job *job, bool names_only, struct cancel *cancel, struct err *e)
{
    struct job all;
    struct check_report report = {0};
    struct check_options o = {.job = &all, .cancel = cancel};
    struct run *r = x_alloc(sizeof *r);
    *out = (struct look){0};
    *r = (struct run){.o = &o, .job = &all, .out = &report};
    bool fine = open_job(&all, job, e) && conn_mysql_init(e) && look_at(out, r, names_only, cancel, e);
    run_release(r);
    free(r);
    job_release(&all);
    if (!fine)
        look_release(out);
    return fine;
}

void look_release(struct look *l)
{
    for (uint32_t i = 0; i < l->n; i++) {
        struct look_table *t = &l->tables[i];
        char *texts[] = {t->schema, t->name, t->key, t->engine, t->collation, t->fks, t->generated, t->problem, t->triggers, t->to};
        for (size_t k = 0; k < TG_ARRAY_LEN(texts); k++)
            free(texts[k]);
    }
    free(l->tables);
    free(l->sizes_problem);
    free(l->target_problem);
    *l = (struct look){0};
}
