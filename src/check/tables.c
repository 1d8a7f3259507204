// SPDX-License-Identifier: Apache-2.0
// The chosen tables themselves: whether each is understood and can be moved, and how those without a key are.
#include "check/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

void pick(struct picked *p, const struct table *t)
{
    if ((p->n & (p->n - 1)) == 0)
        p->list = x_realloc(p->list, TG_MAX(p->n * 2, 1u) * sizeof *p->list);
    p->list[p->n++] = t;
}

void cure_exclude_picked(struct check_result *out, const struct job *job, struct picked *p)
{
    cure_exclude(out, job, p->list, p->n);
    free(p->list);
    *p = (struct picked){0};
}

const struct table_size *run_size(struct run *r, uint32_t i)
{
    static const struct table_size unknown;
    return run_sizes(r, NULL) ? &r->sizes[i] : &unknown;
}

/* ---- what can't be moved ---- */

/* The target's dialect; of one that can't be asked, what every TiDB has in common. */
static struct target_dialect dialect_or_guess(struct run *r)
{
    if (run_dialect(r, NULL))
        return r->dialect;
    return (struct target_dialect){.flavour = DB_TIDB, .geometry_as_bytes = job_accepts(r->job, "geometry-as-bytes")};
}

static void tell_schemas(struct run *r, struct check_result *out)
{
    MYSQL_RES *res;
    struct err ignored = {0};
    struct buf names = {0};
    if (!conn_query(&r->end[SOURCE].conn, "SHOW DATABASES", &res, &ignored))
        return;
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL && names.n < 400;)
        if (!schema_is_system(row[0]))
            buf_addf(&names, "%s%s", names.n ? ", " : "", row[0]);
    mysql_free_result(res);
    if (names.n)
        set_detail(out, "Schemas that %s shows this user: %s.", r->end[SOURCE].addr.host, names.p);
    else
        set_detail(out, "%s shows this user no schema but its own.", r->end[SOURCE].addr.host);
    buf_release(&names);
}

void check_table_schema(struct run *r, struct check_result *out)
{
    struct target_dialect to = dialect_or_guess(r);
    struct picked bad = {0};
    char engine[] = "InnoDB";
    bool has_geometry = false;
    struct table *unread = x_alloc((r->nunread + 1) * sizeof *unread);
    set_found(out, r->tables.n + r->nunread == 1 ? "%u table" : "%u tables", r->tables.n + r->nunread);
    if (r->tables.n + r->nunread == 0) {
        find(out, CHECK_FAIL, "Correct allow.include and allow.exclude.", "no table at %s matches the job", r->end[SOURCE].addr.host);
        judge(out, CHECK_FAIL, ERR_SOURCE_EMPTY);
        tell_schemas(r, out);
    }
    for (uint32_t i = 0; i < r->nunread; i++) {
        unread[i] = (struct table){.schema = r->unread[i].schema, .name = r->unread[i].name};
        find(out, CHECK_FAIL, NULL, "%s.%s: %s", r->unread[i].schema, r->unread[i].name, r->unread[i].err.text);
        judge(out, CHECK_FAIL, r->unread[i].err.code);
        pick(&bad, &unread[i]);
    }
    for (uint32_t i = 0; i < r->tables.n; i++) {
        struct table t = *r->tables.tables[i]; /* its engine and versions have checks of their own */
        struct err e = {0};
        t.engine = engine;
        t.is_versioned = false;
        if (table_is_supported(&t, &to, &e))
            continue;
        has_geometry = has_geometry || e.code == ERR_SOURCE_GEOMETRY;
        find(out, CHECK_FAIL, NULL, "%s", e.text);
        judge(out, CHECK_FAIL, e.code);
        pick(&bad, r->tables.tables[i]);
    }
    if (has_geometry)
        cure_list(out, r->job, "checks.accept", "geometry-as-bytes", "Keep geometry as bytes: LONGBLOB columns that hold SRID and WKB");
    cure_exclude_picked(out, r->job, &bad);
    free(unread);
}

/* ---- engines ---- */

/* Whether ALTER TABLE … ENGINE=InnoDB is the way: not for tables that only stand for others. */
static bool is_convertible(const struct table *t)
{
    static const char *const engines[] = {"MyISAM", "Aria", "MEMORY", "ARCHIVE", "CSV", "ROCKSDB", "TokuDB"};
    bool is_known = false, is_counted_first = true;
    for (size_t i = 0; i < TG_ARRAY_LEN(engines); i++)
        is_known = is_known || strcasecmp(t->engine, engines[i]) == 0;
    for (uint32_t i = 0; i < t->ncolumns; i++) {
        if (!t->columns[i].is_auto_increment)
            continue;
        is_counted_first = false;
        for (uint32_t k = 0; k < t->nkeys; k++)
            is_counted_first = is_counted_first || t->keys[k].parts[0].column == i;
    }
    return is_known && is_counted_first;
}

static void add_convert(struct run *r, uint32_t i, struct buf *sql, struct buf *undo)
{
    const struct table *t = r->tables.tables[i];
    const char *format = run_size(r, i)->row_format; /* InnoDB may not know it */
    struct buf name = {0};
    sql_table(&name, t->schema, t->name);
    buf_addf(sql, "%sALTER TABLE %s ENGINE=InnoDB%s", sql->n ? ";\n" : "", name.p, format[0] ? " ROW_FORMAT=DEFAULT" : "");
    buf_addf(undo, "%sALTER TABLE %s ENGINE=%s%s%s", undo->n ? ";\n" : "", name.p, t->engine, format[0] ? " ROW_FORMAT=" : "",
             format);
    buf_release(&name);
}

void check_table_engine(struct run *r, struct check_result *out)
{
    struct picked bad = {0};
    struct buf sql = {0}, undo = {0};
    char bytes[32], label[160];
    for (uint32_t i = 0; i < r->tables.n; i++) {
        const struct table *t = r->tables.tables[i];
        if (strcasecmp(t->engine, "InnoDB") == 0)
            continue;
        bool may = is_convertible(t);
        find(out, CHECK_FAIL, may ? NULL : "This one can't become InnoDB as it is: leave it out.", "%s: engine %s, %s", table_label(t, label),
             t->engine, bytes_text(bytes, run_size(r, i)->data_bytes));
        judge(out, CHECK_FAIL, ERR_SOURCE_TABLE);
        pick(&bad, t);
        if (may)
            add_convert(r, i, &sql, &undo);
    }
    set_wanted(out, "InnoDB");
    set_found(out, bad.n == 1 ? "%u table of another engine" : bad.n ? "%u tables of other engines" : "InnoDB everywhere", bad.n);
    if (sql.n) {
        struct check_cure *c = add_cure(out, CURE_SQL, "Convert them to InnoDB");
        c->is_disruptive = true;
        c->effect = x_strdup(_("each table is copied and can't be written meanwhile"));
        c->sql = buf_take(&sql);
        c->undo = buf_take(&undo);
    }
    cure_exclude_picked(out, r->job, &bad);
}

void check_table_versioned(struct run *r, struct check_result *out)
{
    struct picked bad = {0};
    char label[160];
    for (uint32_t i = 0; i < r->tables.n; i++) {
        const struct table *t = r->tables.tables[i];
        if (!t->is_versioned)
            continue;
        find(out, CHECK_FAIL, NULL, "%s keeps its history (WITH SYSTEM VERSIONING)", table_label(t, label));
        judge(out, CHECK_FAIL, ERR_SOURCE_TABLE);
        pick(&bad, t);
    }
    set_found(out, bad.n == 1 ? "%u table" : bad.n ? "%u tables" : "none", bad.n);
    cure_exclude_picked(out, r->job, &bad);
}

bool source_is_mariadb(struct run *r)
{
    return r->end[SOURCE].conn.server.flavour == DB_MARIADB;
}

/* ---- tables without a key ---- */

static int by_size(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return x[1] > y[1] ? -1 : x[1] < y[1] ? 1 : x[0] < y[0] ? -1 : 1;
}

/* Why no unique key of t will do. */
static void tell_keyless(struct run *r, struct check_result *out, uint32_t i)
{
    const struct table *t = r->tables.tables[i];
    const struct table_size *s = run_size(r, i);
    char bytes[32], label[160];
    const struct key *k = NULL;
    bool has_null = false;
    for (uint32_t n = 0; n < t->nkeys && !k; n++)
        k = t->keys[n].is_unique ? &t->keys[n] : NULL;
    for (uint32_t p = 0; k && p < k->nparts; p++)
        has_null = has_null || (k->parts[p].column != UINT32_MAX && t->columns[k->parts[p].column].is_nullable);
    table_label(t, label);
    bytes_text(bytes, s->data_bytes);
    if (!k)
        find(out, CHECK_WARN, NULL, "%s: no primary or unique key, about %llu rows, %s", label, (unsigned long long)s->rows, bytes);
    else if (k->is_hash)
        find(out, CHECK_WARN, NULL, "%s: unique key %s is a hash of MariaDB, about %llu rows, %s", label, k->name,
             (unsigned long long)s->rows, bytes);
    else if (has_null)
        find(out, CHECK_WARN, "Make its columns NOT NULL where no row holds NULL.", "%s: unique key %s takes NULL, about %llu rows, %s", label,
             k->name, (unsigned long long)s->rows, bytes);
    else
        find(out, CHECK_WARN, NULL, "%s: by unique key %s rows can't be found again (a prefix, an expression or a FLOAT), about %llu rows, %s",
             label, k->name, (unsigned long long)s->rows, bytes);
}

/* A column more, by which rows can be told apart; not where a column counts already. */
static void add_key(struct run *r, const struct table *t, struct buf *sql, struct buf *undo)
{
    const struct db_server *s = &r->end[SOURCE].conn.server;
    bool may_hide = s->flavour == DB_MARIADB ? s->version >= 100303 : s->version >= 80023;
    struct buf name = {0};
    for (uint32_t i = 0; i < t->ncolumns; i++)
        if (t->columns[i].is_auto_increment || strcasecmp(t->columns[i].name, "row_id") == 0)
            return;
    for (uint32_t k = 0; k < t->nkeys; k++)
        if (strcasecmp(t->keys[k].name, "PRIMARY") == 0)
            return;
    if (strcasecmp(t->engine, "InnoDB") != 0 && !is_convertible(t))
        return;
    sql_table(&name, t->schema, t->name);
    buf_addf(sql, "%sALTER TABLE %s ADD COLUMN row_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT%s PRIMARY KEY", sql->n ? ";\n" : "", name.p,
             may_hide ? " INVISIBLE" : "");
    buf_addf(undo, "%sALTER TABLE %s DROP COLUMN row_id", undo->n ? ";\n" : "", name.p);
    buf_release(&name);
}

static void keyless_cures(struct run *r, struct check_result *out, struct picked *bad)
{
    struct buf sql = {0}, undo = {0};
    for (uint32_t i = 0; i < bad->n; i++)
        add_key(r, bad->list[i], &sql, &undo);
    if (sql.n) {
        struct check_cure *c = add_cure(out, CURE_TEXT, "Give them a key: one more column that counts");
        c->text = x_strdup(_("Programs must name the columns they insert: TiDB has no invisible columns, there the new one is to be seen."));
        c->effect = x_strdup(_("each table is copied and can't be written meanwhile"));
        c->is_disruptive = true;
        c->sql = buf_take(&sql);
        c->undo = buf_take(&undo);
    }
    cure_exclude_picked(out, r->job, bad);
}

void check_primary_key(struct run *r, struct check_result *out)
{
    uint64_t(*order)[2] = x_alloc((r->tables.n + 1) * sizeof *order), total = 0;
    uint32_t n = 0;
    struct picked bad = {0};
    char bytes[32];
    for (uint32_t i = 0; i < r->tables.n; i++) {
        if (r->tables.tables[i]->row_key >= 0)
            continue;
        order[n][0] = i;
        order[n++][1] = run_size(r, i)->data_bytes;
        total += run_size(r, i)->data_bytes;
        pick(&bad, r->tables.tables[i]);
    }
    qsort(order, n, sizeof *order, by_size);
    for (uint32_t i = 0; i < n; i++)
        tell_keyless(r, out, (uint32_t)order[i][0]);
    set_found(out, n == 1 ? "%u table of %s" : n ? "%u tables of %s" : "none", n, bytes_text(bytes, total));
    if (n && r->job->mode == MODE_INCREMENTAL)
        set_detail(out, "Their changes are applied one after the other, and find a row by all its columns.");
    else if (n && run_streams(r))
        set_detail(out, source_is_mariadb(r) ? "They are read first, each in one snapshot whose place in the binlog is known exactly; one that is cut short is copied anew. "
                                               "Their changes are applied one after the other, and find a row by all its columns."
                                             : "They are read first, each in one snapshot whose place in the binlog is known exactly (under a short lock); one that is cut short is copied anew. "
                                               "Their changes are applied one after the other, and find a row by all its columns.");
    else if (n)
        set_detail(out, "Each is read in one piece; one that is cut short is copied anew.");
    if (n)
        keyless_cures(r, out, &bad);
    free(order);
}

/* ---- tools that change tables online ---- */

/* The table that _NAME_gho and its like belong to, into original; NULL: none of them, else the ending. */
static const char *shadow_of(const char *name, char original[200])
{
    static const char *const ends[] = {"_gho", "_ghc", "_del", "_new", "_old"};
    size_t n = strlen(name);
    for (size_t i = 0; i < TG_ARRAY_LEN(ends) && name[0] == '_' && n > 5 && n < 200; i++) {
        if (strcmp(name + n - 4, ends[i]) != 0)
            continue;
        snprintf(original, 200, "%.*s", (int)(n - 5), name + 1);
        return ends[i];
    }
    return NULL;
}

static void tell_shadow(struct run *r, struct check_result *out, const char *schema, const char *name, struct picked *left)
{
    char original[200];
    const char *end = shadow_of(name, original);
    if (!end || run_find_table(r, schema, original) < 0)
        return;
    bool is_rising = strcmp(end, "_gho") == 0 || strcmp(end, "_new") == 0;
    int64_t i = run_find_table(r, schema, name);
    if (i >= 0 && !is_rising) {
        find(out, CHECK_WARN, NULL, "%s.%s: left over from an online change of %s, and would be copied too", schema, name, original);
        pick(left, r->tables.tables[i]);
    } else if (i >= 0) {
        find(out, CHECK_WARN, "Let the change end first where you can.",
             "%s.%s: %s is being changed by gh-ost or pt-online-schema-change; the run copies both tables and follows their renaming", schema, name,
             original);
    } else if (is_rising) {
        find(out, CHECK_WARN, "Let the change end first, or take the table into allow.include.",
             "%s.%s: %s is being changed by gh-ost or pt-online-schema-change, and the job leaves this table out: the run stops when it is "
             "renamed", schema, name, original);
        judge(out, CHECK_WARN, ERR_DDL_ROWS);
    }
}

void check_online_ddl(struct run *r, struct check_result *out)
{
    MYSQL_RES *res;
    struct err e = {0};
    struct picked left = {0};
    if (!conn_query(&r->end[SOURCE].conn, "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_NAME LIKE '\\_%\\____'"
                                          " AND TABLE_SCHEMA NOT IN ('mysql','sys','information_schema','performance_schema')", &res, &e)) {
        unread(out, &e);
        return;
    }
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;)
        tell_shadow(r, out, row[0], row[1], &left);
    mysql_free_result(res);
    set_found(out, out->ntotal == 1 ? "%u shadow table" : out->ntotal ? "%u shadow tables" : "no shadow tables", out->ntotal);
    cure_exclude_picked(out, r->job, &left);
}
