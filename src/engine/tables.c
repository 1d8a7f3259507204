// SPDX-License-Identifier: Apache-2.0
/* Tables at the target: where a table goes, whether it is there, how it is made, and which of its texts compare alike. */
#include "engine/private.h"

#include <stdio.h>
#include <stdlib.h>

static void map_name(void *arg, const char *schema, const char *table, char to_schema[200], char to_table[200])
{
    job_route(arg, schema, table, to_schema, to_table);
}

static bool target_is_empty(struct engine *g, const struct table *t, bool *exists, struct err *e)
{
    struct buf sql = {0}, name = {0};
    char one[8];
    sql_table(&name, t->target_schema, t->target_name);
    buf_addf(&sql, "SELECT 1 FROM %s LIMIT 1", name.p);
    bool has_row = conn_value(&g->control, sql.p, one, sizeof one, e);
    *exists = has_row || e->code == ERR_OK;
    bool fine = !has_row && (e->code == ERR_OK || e->sql == 1146 || e->sql == 1049);
    if (has_row)
        err_set(e, ERR_TARGET_NOT_EMPTY, "%s holds rows", name.p);
    else if (fine)
        err_clear(e);
    buf_release(&sql);
    buf_release(&name);
    return fine;
}

bool engine_target_table(struct engine *g, struct tab *tab, const char *create_sql, struct err *e)
{
    struct ddl d;
    struct buf sql = {0}, notes = {0}, schema = {0};
    struct ddl_context cx = {.is_mariadb = g->source_server.flavour == DB_MARIADB, .version = g->source_server.version};
    bool exists;
    if (!target_is_empty(g, tab->def, &exists, e))
        return false;
    if (exists)
        return true; /* empty: its shape is held against ours by the first INSERT, which names its columns */
    snprintf(cx.schema, sizeof cx.schema, "%s", tab->def->schema);
    bool fine = ddl_parse(&d, create_sql, strlen(create_sql), &cx, e);
    if (!fine)
        return false;
    uint64_t only = 1;
    fine = ddl_rewrite(&sql, &d, &cx, &g->dialect, map_name, g->job, &only, &notes, e);
    ddl_release(&d);
    buf_adds(&schema, "CREATE DATABASE IF NOT EXISTS ");
    sql_ident(&schema, tab->def->target_schema);
    fine = fine && engine_fenced_ddl(g, buf_str(&schema), e);
    for (struct str rest = buf_str(&sql); fine && rest.n;) {
        struct str part = ddl_part(&rest);
        fine = engine_fenced_ddl(g, part, e);
    }
    if (fine && notes.n)
        log_event(LOG_NOTE, "engine", tab->label, "", "created with changes: %s", notes.p);
    if (!fine)
        err_wrap(e, "while creating %s at the target", tab->label);
    buf_release(&sql);
    buf_release(&notes);
    buf_release(&schema);
    return fine;
}

void route_table(struct engine *g, struct table *t)
{
    char schema[200], name[200];
    job_route(g->job, t->schema, t->name, schema, name);
    free(t->target_schema);
    free(t->target_name);
    t->target_schema = x_strdup(schema);
    t->target_name = x_strdup(name);
}

/* Marks text columns whose collation at the target holds no more values equal than the source's does. */
static bool is_exact(const char *source, const char *target)
{
    size_t n = strlen(target);
    bool is_bin = n > 4 && strcmp(target + n - 4, "_bin") == 0 && !strstr(target, "0900");
    return strcmp(source, target) == 0 || (is_bin && !strstr(source, "0900") && !strstr(source, "nopad"));
}

void engine_compare_collations(struct engine *g)
{
    MYSQL_RES *res;
    struct err ignored = {0};
    if (!conn_query(&g->control, "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLLATION_NAME FROM information_schema.COLUMNS"
                                 " WHERE COLLATION_NAME IS NOT NULL AND LOWER(TABLE_SCHEMA) NOT IN"
                                 " ('mysql','sys','information_schema','performance_schema','metrics_schema')", &res, &ignored))
        return;
    struct table *t = NULL;
    for (MYSQL_ROW r; (r = mysql_fetch_row(res)) != NULL;) {
        if (!t || strcmp(t->target_schema, r[0]) != 0 || strcmp(t->target_name, r[1]) != 0) {
            t = NULL;
            for (uint32_t i = 0; i < g->tabs.n && !t; i++) {
                struct table *d = g->tabs.list[i]->def;
                if (d && strcmp(d->target_schema, r[0]) == 0 && strcmp(d->target_name, r[1]) == 0)
                    t = d;
            }
        }
        for (uint32_t i = 0; t && i < t->ncolumns; i++)
            if (strcmp(t->columns[i].name, r[2]) == 0 && t->columns[i].collation)
                t->columns[i].is_exact = is_exact(t->columns[i].collation, r[3]);
    }
    mysql_free_result(res);
}
