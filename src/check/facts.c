// SPDX-License-Identifier: Apache-2.0
// What the checks look at. Each fact is asked for once, when the first check wants it; a failure is kept, so that the
// second check does not wait for it again.
#include "check/grants.h"
#include "check/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

bool once(struct fact *f, fact_reader *read, struct run *r, struct err *e)
{
    if (!f->is_read) {
        f->is_fine = read(r, &f->err);
        f->is_read = true;
    }
    if (!f->is_fine && e)
        *e = f->err;
    return f->is_fine;
}

/* ---- of one end ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct variable *)a)->name, ((const struct variable *)b)->name);
}

static bool read_variables(struct end *s, struct err *e)
{
    MYSQL_RES *res;
    if (!conn_query(&s->conn, "SHOW GLOBAL VARIABLES", &res, e))
        return false;
    s->variables = x_alloc((size_t)(mysql_num_rows(res) + 1) * sizeof *s->variables);
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;) {
        char *name = x_strdup(row[0] ? row[0] : "");
        for (char *p = name; *p; p++)
            *p = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;
        s->variables[s->nvariables++] = (struct variable){name, x_strdup(row[1] ? row[1] : "")};
    }
    mysql_free_result(res);
    qsort(s->variables, s->nvariables, sizeof *s->variables, by_name);
    return true;
}

bool end_variables(struct end *s, struct err *e)
{
    struct fact *f = &s->variables_read;
    if (!f->is_read) {
        f->is_fine = s->is_open ? read_variables(s, &f->err) : err_set(&f->err, s->failed.code, "%s", s->failed.text);
        f->is_read = true;
    }
    if (!f->is_fine && e)
        *e = f->err;
    return f->is_fine;
}

const char *end_variable(struct end *s, const char *name)
{
    struct variable key = {.name = (char *)(uintptr_t)name};
    if (!end_variables(s, NULL))
        return NULL;
    const struct variable *v = bsearch(&key, s->variables, s->nvariables, sizeof key, by_name);
    return v ? v->value : NULL;
}

bool value_is_on(const char *value)
{
    return value && (strcasecmp(value, "ON") == 0 || strcmp(value, "1") == 0);
}

bool end_is_on(struct end *s, const char *name)
{
    return value_is_on(end_variable(s, name));
}

const struct grants *end_grants(struct end *s, struct err *e)
{
    struct fact *f = &s->grants_read;
    if (!f->is_read) {
        s->grants = x_alloc(sizeof *s->grants);
        f->is_fine = s->is_open ? grants_read(s->grants, &s->conn, &f->err) : err_set(&f->err, s->failed.code, "%s", s->failed.text);
        f->is_read = true;
    }
    if (!f->is_fine && e)
        *e = f->err;
    return f->is_fine ? s->grants : NULL;
}

bool end_connect(const struct end *s, struct conn *out, struct err *e)
{
    return s->of == TARGET ? conn_open_target(out, &s->addr, 30, e) : conn_open_source(out, &s->addr, 30, e);
}

static void end_release(struct end *s)
{
    conn_close(&s->conn);
    for (size_t i = 0; i < s->nvariables; i++) {
        free(s->variables[i].name);
        free(s->variables[i].value);
    }
    free(s->variables);
    if (s->grants)
        grants_release(s->grants);
    free(s->grants);
    db_addr_release(&s->addr);
}

/* ---- of the chosen tables ---- */

void job_route_table(const struct job *job, struct table *t)
{
    char schema[200], name[200];
    job_route(job, t->schema, t->name, schema, name);
    table_set_target(t, schema, name);
}

static bool wants(void *run, const char *schema, const char *table)
{
    return job_wants(((const struct run *)run)->job, schema, table);
}

static void told_unread(void *run, const char *schema, const char *table, const struct err *why)
{
    struct run *r = run;
    r->unread = x_realloc(r->unread, (r->nunread + 1) * sizeof *r->unread);
    r->unread[r->nunread++] = (struct unread){x_strdup(schema), x_strdup(table), *why};
}

static bool read_tables(struct run *r, struct err *e)
{
    struct end *s = &r->end[SOURCE];
    if (!s->is_open)
        return err_set(e, s->failed.code, "%s", s->failed.text);
    if (!schema_read(&r->tables, &s->conn, wants, r, told_unread, e))
        return false;
    for (uint32_t i = 0; i < r->tables.n; i++)
        job_route_table(r->job, r->tables.tables[i]);
    r->out->ntables = r->tables.n + r->nunread;
    return true;
}

bool run_tables(struct run *r, struct err *e)
{
    return once(&r->tables_read, read_tables, r, e);
}

/* schema_read's order is that of the bytes of (schema, name). */
int64_t run_find_table(const struct run *r, const char *schema, const char *name)
{
    uint32_t lo = 0, hi = r->tables.n;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        const struct table *t = r->tables.tables[mid];
        int c = strcmp(t->schema, schema);
        c = c ? c : strcmp(t->name, name);
        if (c == 0)
            return mid;
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return -1;
}

bool run_sizes(struct run *r, struct err *e)
{
    return once(&r->sizes_read, size_tables, r, e);
}

static bool read_dialect(struct run *r, struct err *e)
{
    struct end *s = &r->end[TARGET];
    if (!s->is_open)
        return err_set(e, s->failed.code, "%s", s->failed.text);
    if (!dialect_read(&r->dialect, &s->conn, e))
        return false;
    r->dialect.geometry_as_bytes = job_accepts(r->job, "geometry-as-bytes");
    return true;
}

bool run_dialect(struct run *r, struct err *e)
{
    return once(&r->dialect_read, read_dialect, r, e);
}

static bool read_objects(struct run *r, struct err *e)
{
    struct end *s = &r->end[SOURCE];
    if (!s->is_open)
        return err_set(e, s->failed.code, "%s", s->failed.text);
    return objects_read(&r->objects, &s->conn, job_wants_port, (void *)(uintptr_t)r->job, e);
}

bool run_objects(struct run *r, struct err *e)
{
    return once(&r->objects_read, read_objects, r, e);
}

bool run_streams(struct run *r)
{
    if (r->job->mode != MODE_FULL)
        return true;
    return r->job->road != ROAD_SNAPSHOT && end_is_on(&r->end[SOURCE], "log_bin");
}

void run_release(struct run *r)
{
    end_release(&r->end[SOURCE]);
    end_release(&r->end[TARGET]);
    standing_release(r);              /* first: its names are the tables' */
    schema_list_release(&r->tables);
    dialect_release(&r->dialect);
    objects_release(&r->objects);
    buf_release(&r->past.making);
    for (uint32_t i = 0; i < r->nunread; i++) {
        free(r->unread[i].schema);
        free(r->unread[i].name);
    }
    for (uint32_t i = 0; i < r->nwishes; i++) {
        free(r->wishes[i].schema);
        free(r->wishes[i].table);
    }
    free(r->wishes);
    free(r->unread);
    free(r->sizes);
}
