// SPDX-License-Identifier: Apache-2.0
// How large the chosen tables are, as the server guesses. information_schema.TABLES opens every table of the server for
// it, which takes seconds where there are thousands; InnoDB keeps the same figures in one table of its own.
#include "check/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define FEW 500u

static void take_schema_row(struct run *r, MYSQL_ROW row)
{
    int64_t i = run_find_table(r, row[0], row[1]);
    if (i < 0)
        return;
    struct table_size *t = &r->sizes[i];
    t->rows = number_of(row[2]);
    t->data_bytes = number_of(row[3]);
    t->index_bytes = number_of(row[4]);
}

static bool ask_schema(struct run *r, struct err *e)
{
    MYSQL_RES *res;
    struct conn *c = &r->end[SOURCE].conn;
    struct err ignored = {0};
    if (c->server.flavour == DB_MYSQL && c->server.version >= 80000)
        conn_execf(c, &ignored, "SET SESSION information_schema_stats_expiry = 0"); /* else a cache is filled, slowly */
    if (!conn_query(c, "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_ROWS, DATA_LENGTH, INDEX_LENGTH FROM information_schema.TABLES"
                       " WHERE TABLE_TYPE IN ('BASE TABLE','SYSTEM VERSIONED')"
                       " AND TABLE_SCHEMA NOT IN ('mysql','sys','information_schema','performance_schema')", &res, e))
        return false;
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;)
        take_schema_row(r, row);
    mysql_free_result(res);
    return true;
}

/* A partition has a row of its own: "t#P#p0", "t#p#p0". */
static void take_innodb_row(struct run *r, MYSQL_ROW row, uint64_t page, bool *seen)
{
    char *name = x_strdup(row[1]), *part = strcasestr(name, "#p#");
    int64_t i = run_find_table(r, row[0], name);
    if (i < 0 && part) {
        *part = 0;
        i = run_find_table(r, row[0], name);
    }
    free(name);
    if (i < 0)
        return;
    struct table_size *t = &r->sizes[i];
    t->rows += number_of(row[2]);
    t->data_bytes += number_of(row[3]) * page;
    t->index_bytes += number_of(row[4]) * page;
    seen[i] = true;
}

/* false: the user may not, or tables are missing there (STATS_PERSISTENT=0, other engines). */
static bool ask_innodb(struct run *r)
{
    MYSQL_RES *res;
    struct err ignored = {0};
    const char *size = end_variable(&r->end[SOURCE], "innodb_page_size");
    uint64_t page = size ? number_of(size) : 16384;
    bool *seen = x_alloc(r->tables.n + 1), is_whole = true;
    if (!conn_query(&r->end[SOURCE].conn, "SELECT database_name, table_name, n_rows, clustered_index_size, sum_of_other_index_sizes"
                                          " FROM mysql.innodb_table_stats", &res, &ignored)) {
        free(seen);
        return false;
    }
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;)
        take_innodb_row(r, row, page, seen);
    mysql_free_result(res);
    for (uint32_t i = 0; i < r->tables.n && is_whole; i++)
        is_whole = seen[i];
    free(seen);
    return is_whole;
}

/* What SHOW CREATE TABLE tells behind the columns. */
static void take_options(struct table_size *t, const char *create_sql)
{
    const char *options = table_options(create_sql), *p = strstr(options, " AUTO_INCREMENT=");
    t->auto_increment = p ? number_of(p + 16) : 0;
    p = strstr(options, " ROW_FORMAT=");
    if (p)
        snprintf(t->row_format, sizeof t->row_format, "%.*s", (int)strcspn(p + 12, " \n"), p + 12);
}

bool size_tables(struct run *r, struct err *e)
{
    if (!run_tables(r, e))
        return false;
    size_t bytes = (r->tables.n + 1) * sizeof *r->sizes;
    r->sizes = x_alloc(bytes);
    if (r->tables.n < FEW || !ask_innodb(r)) {
        memset(r->sizes, 0, bytes);
        if (!ask_schema(r, e))
            return false;
    }
    for (uint32_t i = 0; i < r->tables.n; i++)
        take_options(&r->sizes[i], r->tables.create_sql[i]);
    return true;
}

const char *table_options(const char *create_sql)
{
    const char *found = NULL;
    for (const char *p = strstr(create_sql, "\n) "); p; p = strstr(p + 1, "\n) "))
        found = p;
    return found ? found + 2 : "";
}
