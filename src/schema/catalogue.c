// SPDX-License-Identifier: Apache-2.0
// What a server has beside tables: collations, and what a target needs different. Text arrives in utf8mb4.

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
