// SPDX-License-Identifier: Apache-2.0
/* What the target has and the source has not, in the places of the run's tables: views in the way, columns that nobody
 * fills, unique keys that refuse rows, triggers and TTL that change them. */
#include "check/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define UNDONE 20u  /* views whose text is kept for an undo */

/* ---- things in the way ---- */

/* CREATE VIEW as the server shows it, with the schema before the name; NULL: not known. */
static char *view_again(struct run *r, const struct table *t)
{
    struct buf sql = {0}, name = {0}, full = {0};
    struct err ignored = {0};
    MYSQL_RES *res;
    char *again = NULL;
    buf_adds(&sql, "SHOW CREATE VIEW ");
    sql_table(&sql, t->target_schema, t->target_name);
    buf_adds(&name, " VIEW ");
    sql_ident(&name, t->target_name);
    buf_adds(&full, " VIEW ");
    sql_table(&full, t->target_schema, t->target_name);
    if (conn_query(&r->end[TARGET].conn, sql.p, &res, &ignored)) {
        MYSQL_ROW row = mysql_fetch_row(res);
        const char *text = row ? row[1] : NULL, *at = text ? strstr(text, name.p) : NULL;
        if (text && strstr(text, ";\n"))
            again = NULL;
        else if (text && strstr(text, full.p))
            again = x_strdup(text);
        else if (at)
            again = x_format("%.*s%s%s", (int)(at - text), text, full.p, at + name.n);
        mysql_free_result(res);
    }
    buf_release(&sql);
    buf_release(&name);
    buf_release(&full);
    return again;
}

static void find_views(struct run *r, struct check_result *out)
{
    struct buf drop = {0}, create = {0};
    uint32_t n = 0;
    bool has_undo = true;
    for (uint32_t i = 0; i < r->tables.n; i++) {
        const struct table *t = r->tables.tables[i];
        const struct occupant *s = &r->standing[i];
        if (!s->type[0] || s->is_table)
            continue;
        find(out, CHECK_FAIL, NULL, "%s.%s at the target is a %s, not a table", t->target_schema, t->target_name, s->type);
        if (strcmp(s->type, "VIEW") != 0)
            continue;
        char *again = n++ < UNDONE ? view_again(r, t) : NULL;
        buf_adds(&drop, drop.n ? ";\nDROP VIEW " : "DROP VIEW ");
        sql_table(&drop, t->target_schema, t->target_name);
        buf_addf(&create, "%s%s", create.n ? ";\n" : "", again ? again : "");
        has_undo = has_undo && again;
        free(again);
    }
    if (drop.n) {
        struct check_cure *c = add_cure(out, CURE_SQL, "Drop the views that are in the way");
        c->sql = buf_take(&drop);
        c->undo = has_undo ? buf_take(&create) : NULL;
        c->is_disruptive = true;
    }
    buf_release(&drop);
    buf_release(&create);
}

/* ---- columns and keys ---- */

static bool has_extra(const struct run *r)
{
    for (uint32_t i = 0; i < r->tables.n; i++) {
        uint32_t from = 0;
        if (r->standing[i].def && table_extra_column(r->tables.tables[i], r->standing[i].def, &from))
            return true;
    }
    return false;
}

/* row: schema, table, column, type, collation, comment. */
static void cure_column(struct check_result *out, MYSQL_ROW row, const struct occupant *s)
{
    struct buf sql = {0}, tail = {0};
    struct check_cure *c = add_cure(out, CURE_SQL, "Let column %s of %s.%s stay empty", row[2], row[0], row[1]);
    buf_adds(&sql, "ALTER TABLE ");
    sql_table(&sql, row[0], row[1]);
    buf_adds(&sql, " MODIFY COLUMN ");
    sql_ident(&sql, row[2]);
    buf_addf(&sql, " %s", row[3]);
    if (row[4] && strcasecmp(row[4], s->def->collation) != 0) /* else it is the table's own */
        buf_addf(&sql, " COLLATE %s", row[4]);
    if (row[5] && row[5][0]) {
        buf_adds(&tail, " COMMENT ");
        sql_z(&tail, row[5]);
    }
    c->sql = x_format("%s NULL%s", sql.p, tail.p ? tail.p : "");
    c->undo = x_format("%s NOT NULL%s", sql.p, tail.p ? tail.p : "");
    c->effect = x_strdup(_("rows of the run hold NULL there, so the way back is open until the run writes"));
    c->is_disruptive = s->has_rows;
    buf_release(&sql);
    buf_release(&tail);
}

/* Columns that only the target has and that nobody fills. */
static bool find_columns(struct run *r, struct check_result *out, struct err *e)
{
    struct buf sql = {0};
    MYSQL_RES *res;
    if (!has_extra(r))
        return true;
    buf_adds(&sql, "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, COLLATION_NAME, COLUMN_COMMENT FROM information_schema.COLUMNS"
                   " WHERE COLUMN_DEFAULT IS NULL AND IS_NULLABLE = 'NO' AND TABLE_SCHEMA");
    places_schemas(&r->places, &sql);
    bool fine = conn_query(&r->end[TARGET].conn, sql.p, &res, e);
    buf_release(&sql);
    if (!fine)
        return false;
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;) {
        const struct occupant *s = places_find(&r->places, row[0], row[1]);
        const struct table *t = s ? r->tables.tables[s - r->standing] : NULL;
        const struct column *c = s && s->def ? table_find_column(s->def, row[2]) : NULL;
        if (!c || c->is_nullable || c->is_generated || c->is_auto_increment || table_find_column(t, row[2]))
            continue;
        find(out, CHECK_FAIL, NULL, "%s.%s at the target: column %s is not at the source, takes no NULL and has no default", row[0], row[1], row[2]);
        cure_column(out, row, s);
    }
    mysql_free_result(res);
    return true;
}

/* Whether each pair of rows that k of `there` holds for equal is equal by a unique key of t too. */
static bool is_implied(const struct table *t, const struct table *there, const struct key *k)
{
    for (uint32_t i = 0; i < t->nkeys; i++) {
        const struct key *o = &t->keys[i];
        bool within = o->is_unique;
        for (uint32_t p = 0; within && p < o->nparts; p++) {
            bool found = false;
            for (uint32_t q = 0; q < k->nparts && o->parts[p].column != UINT32_MAX && !found; q++)
                found = k->parts[q].column != UINT32_MAX && k->parts[q].prefix == o->parts[p].prefix &&
                        strcasecmp(there->columns[k->parts[q].column].name, t->columns[o->parts[p].column].name) == 0;
            within = found;
        }
        if (within)
            return true;
    }
    return false;
}

static void judge_keys(struct check_result *out, const struct table *t, const struct table *there)
{
    for (uint32_t i = 0; i < there->nkeys; i++) {
        const struct key *k = &there->keys[i];
        if (!k->is_unique)
            continue;
        if (!is_implied(t, there, k)) {
            find(out, CHECK_WARN, "Drop the key at the target, or be ready to answer TG-3108.",
                 "%s.%s at the target: the source has no unique key like %s, so it may refuse rows that are fine there", t->target_schema,
                 t->target_name, k->name);
            continue;
        }
        for (uint32_t p = 0; p < k->nparts; p++) {
            const struct column *b = k->parts[p].column == UINT32_MAX ? NULL : &there->columns[k->parts[p].column];
            const struct column *a = b ? table_find_column(t, b->name) : NULL;
            if (a && a->collation[0] && b->collation[0] && collation_merges(a->collation, b->collation))
                find(out, CHECK_WARN, "Give the column the source's collation, or be ready to answer TG-3108.",
                     "%s.%s at the target: key %s compares %s by %s, which may hold values for equal that %s keeps apart", t->target_schema,
                     t->target_name, k->name, b->name, b->collation, a->collation);
        }
    }
}

/* ---- what changes rows behind our back ---- */

static void find_ttl(struct check_result *out, const struct table *t, const char *create_sql)
{
    if (!create_sql || !strstr(create_sql, "TTL_ENABLE='ON'"))
        return;
    struct buf name = {0};
    sql_table(&name, t->target_schema, t->target_name);
    find(out, CHECK_WARN, NULL, "%s.%s at the target deletes its old rows by itself (TTL), and a comparison will miss them", t->target_schema,
         t->target_name);
    struct check_cure *c = add_cure(out, CURE_SQL, "Keep old rows of %s.%s until the run has ended", t->target_schema, t->target_name);
    c->sql = x_format("ALTER TABLE %s TTL_ENABLE = 'OFF'", name.p);
    c->undo = x_format("ALTER TABLE %s TTL_ENABLE = 'ON'", name.p);
    c->effect = x_strdup(_("at once"));
    buf_release(&name);
}

static bool find_triggers(struct run *r, struct check_result *out, struct err *e)
{
    struct buf sql = {0};
    MYSQL_RES *res;
    if (r->end[TARGET].conn.server.flavour == DB_TIDB || !r->nstanding)
        return true;
    buf_adds(&sql, "SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, TRIGGER_NAME FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA");
    places_schemas(&r->places, &sql);
    bool fine = conn_query(&r->end[TARGET].conn, sql.p, &res, e);
    buf_release(&sql);
    if (!fine)
        return false;
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;)
        if (places_find(&r->places, row[0], row[1]))
            find(out, CHECK_FAIL, "Drop the trigger at the target: what the source's triggers did arrives as rows.",
                 "%s.%s at the target: trigger %s would change rows that are written, or write others", row[0], row[1], row[2]);
    mysql_free_result(res);
    return true;
}

void check_target_extra(struct run *r, struct check_result *out)
{
    struct err e = {0};
    if (!run_standing(r, &e)) {
        unread(out, &e);
        return;
    }
    bool is_new = !run_past(r, &e) || !r->past.exists, is_read;
    err_clear(&e);
    if (is_new)
        find_views(r, out);
    is_read = run_rows(r, &e) && run_shapes(r, &e) && find_columns(r, out, &e) && find_triggers(r, out, &e);
    for (uint32_t i = 0; is_read && i < r->tables.n; i++) {
        const struct occupant *s = &r->standing[i];
        if (!s->def)
            continue;
        if (is_new)
            judge_keys(out, r->tables.tables[i], s->def);
        find_ttl(out, r->tables.tables[i], s->create_sql);
    }
    if (out->judged == CHECK_FAIL)
        judge(out, CHECK_FAIL, ERR_TARGET_SHAPE);
    if (!is_read)
        unread(out, &e);
    else if (out->ntotal)
        set_found(out, "%u found", out->ntotal);
    else
        set_found(out, "nothing");
}
