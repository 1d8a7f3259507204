// SPDX-License-Identifier: Apache-2.0
// Reads a server's catalogue: base tables by SHOW CREATE TABLE, collations. Text arrives in
// utf8mb4; SHOW CREATE is asked for with quotes and without ANSI_QUOTES, so that one context fits all answers.

#include "schema/ast.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

bool schema_is_system(const char *schema)
{
    static const char *const names[] = {"mysql", "information_schema", "performance_schema", "sys", "metrics_schema"};
    for (size_t i = 0; i < TG_ARRAY_LEN(names); i++)
        if (strcasecmp(schema, names[i]) == 0)
            return true;
    return name_is_scratch(schema);
}

static void context_of(struct ddl_context *cx, const struct conn *c, const char *schema)
{
    memset(cx, 0, sizeof *cx);
    snprintf(cx->schema, sizeof cx->schema, "%s", schema);
    cx->is_mariadb = c->server.flavour == DB_MARIADB;
    cx->version = c->server.flavour == DB_TIDB ? 80000 : c->server.version; /* what it counts as in executable comments */
}

/* Pins what SHOW CREATE prints. */
static bool pin_session(struct conn *c, struct err *e)
{
    return conn_execf(c, e,
                      "SET SESSION sql_quote_show_create=1, sql_mode=REPLACE(REPLACE(REPLACE(REPLACE(@@sql_mode,"
                      "'ANSI_QUOTES',''),'NO_FIELD_OPTIONS',''),'NO_TABLE_OPTIONS',''),'NO_KEY_OPTIONS','')");
}

static bool show_create(struct conn *c, const char *schema, const char *name, char **out, struct err *e)
{
    struct buf sql = {0};
    MYSQL_RES *res;
    buf_adds(&sql, "SHOW CREATE TABLE ");
    sql_table(&sql, schema, name);
    bool fine = conn_query(c, sql.p, &res, e);
    buf_release(&sql);
    if (!fine)
        return err_wrap(e, "%s.%s", schema, name);
    MYSQL_ROW row = mysql_fetch_row(res);
    *out = row && row[1] ? x_strdup(row[1]) : NULL;
    mysql_free_result(res);
    return *out || err_set(e, c->addr->is_target ? ERR_TARGET_QUERY : ERR_SOURCE_QUERY, "%s.%s: SHOW CREATE TABLE gives nothing",
                           schema, name);
}

struct table *table_read(struct conn *c, const char *schema, const char *name, struct err *e)
{
    struct ddl_context cx;
    char *sql = NULL;
    if (!show_create(c, schema, name, &sql, e))
        return NULL;
    context_of(&cx, c, schema);
    struct table *t = table_from_sql(sql, strlen(sql), &cx, e);
    free(sql);
    if (!t)
        err_wrap(e, "%s.%s", schema, name);
    return t;
}

static bool read_table(struct schema_list *out, struct conn *c, const char *schema, const char *name, struct err *e)
{
    struct ddl_context cx;
    char *sql = NULL;
    if (!show_create(c, schema, name, &sql, e))
        return false;
    context_of(&cx, c, schema);
    struct table *t = table_from_sql(sql, strlen(sql), &cx, e);
    if (!t) {
        free(sql);
        return err_wrap(e, "%s.%s", schema, name);
    }
    out->tables = x_realloc(out->tables, (out->n + 1) * sizeof *out->tables);
    out->create_sql = x_realloc(out->create_sql, (out->n + 1) * sizeof *out->create_sql);
    out->tables[out->n] = t;
    out->create_sql[out->n++] = sql;
    return true;
}

bool schema_read(struct schema_list *out, struct conn *source,
                 bool (*want)(void *arg, const char *schema, const char *table), void *arg, struct err *e)
{
    static const char sql[] = "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES"
                              " WHERE TABLE_TYPE IN ('BASE TABLE','SYSTEM VERSIONED')"
                              " AND TABLE_SCHEMA NOT IN ('mysql','information_schema','performance_schema','sys')"
                              " ORDER BY CAST(TABLE_SCHEMA AS BINARY), CAST(TABLE_NAME AS BINARY)";
    MYSQL_RES *res;
    memset(out, 0, sizeof *out);
    if (!pin_session(source, e) || !conn_query(source, sql, &res, e))
        return err_wrap(e, "reading the catalogue");
    bool fine = true;
    for (MYSQL_ROW row; fine && (row = mysql_fetch_row(res));)
        if (!schema_is_system(row[0]) && want(arg, row[0], row[1]))
            fine = read_table(out, source, row[0], row[1], e);
    mysql_free_result(res);
    if (!fine)
        schema_list_release(out);
    return fine || err_wrap(e, "reading the catalogue");
}

void schema_list_release(struct schema_list *l)
{
    for (uint32_t i = 0; i < l->n; i++) {
        table_drop(l->tables[i]);
        free(l->create_sql[i]);
    }
    free(l->tables);
    free(l->create_sql);
    memset(l, 0, sizeof *l);
}

struct collation_ids {
    uint32_t n;
    struct collation_id {
        unsigned id;
        char charset[64], collation[64];
    } *rows;
};

struct collation_ids *collation_ids_read(struct conn *source, struct err *e)
{
    // MariaDB's uca1400 collations have an id per charset, which only the second table shows.
    bool is_full = source->server.flavour == DB_MARIADB && source->server.version >= 101001;
    const char *sql = is_full ? "SELECT ID, CHARACTER_SET_NAME, FULL_COLLATION_NAME"
                                " FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY WHERE ID IS NOT NULL"
                              : "SELECT ID, CHARACTER_SET_NAME, COLLATION_NAME FROM information_schema.COLLATIONS";
    MYSQL_RES *res;
    if (!conn_query(source, sql, &res, e))
        return err_wrap(e, "reading the collations"), NULL;
    struct collation_ids *c = x_alloc(sizeof *c);
    c->rows = x_alloc((size_t)(mysql_num_rows(res) + 1) * sizeof *c->rows);
    for (MYSQL_ROW row; (row = mysql_fetch_row(res));) {
        if (!row[0] || !row[1] || !row[2])
            continue;
        struct collation_id *r = &c->rows[c->n++];
        r->id = (unsigned)strtoul(row[0], NULL, 10);
        charset_name(row[1], r->charset);
        collation_name(row[2], r->collation);
    }
    mysql_free_result(res);
    return c;
}

void collation_ids_free(struct collation_ids *c)
{
    if (c)
        free(c->rows);
    free(c);
}

bool collation_ids_has(const struct collation_ids *c, const char *collation)
{
    for (uint32_t i = 0; i < c->n; i++)
        if (strcmp(c->rows[i].collation, collation) == 0)
            return true;
    return false;
}

bool collation_ids_find(const struct collation_ids *c, unsigned id, char charset[64], char collation[64])
{
    for (uint32_t i = 0; i < c->n; i++) {
        if (c->rows[i].id == id) {
            memcpy(charset, c->rows[i].charset, 64);
            memcpy(collation, c->rows[i].collation, 64);
            return true;
        }
    }
    return false;
}

static int compare(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

bool dialect_read(struct target_dialect *d, struct conn *target, struct err *e)
{
    MYSQL_RES *res;
    memset(d, 0, sizeof *d);
    d->flavour = target->server.flavour;
    d->version = target->server.version;
    if (!conn_query(target, "SHOW COLLATION", &res, e))
        return err_wrap(e, "reading the target's collations");
    d->collations = x_alloc((size_t)(mysql_num_rows(res) + 1) * sizeof *d->collations);
    for (MYSQL_ROW row; (row = mysql_fetch_row(res));) {
        char *name = x_strdup(row[0]);
        for (char *p = name; *p; p++)
            *p = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;
        d->collations[d->ncollations++] = name;
    }
    mysql_free_result(res);
    qsort(d->collations, d->ncollations, sizeof *d->collations, compare);
    char on[8] = "";
    struct err ignored = {0}; // releases before the variable ignore checks too
    conn_value(target, "SELECT @@global.tidb_enable_check_constraint", on, sizeof on, &ignored);
    d->ignores_checks = d->flavour == DB_TIDB && on[0] != '1';
    return true;
}

void dialect_release(struct target_dialect *d)
{
    for (uint32_t i = 0; i < d->ncollations; i++)
        free(d->collations[i]);
    free(d->collations);
    memset(d, 0, sizeof *d);
}
