// SPDX-License-Identifier: Apache-2.0
/* What stands at the target in the places of the run's tables. One look at its catalogue tells what is there, one
 * statement for hundreds of tables which of them hold rows, and definitions are read only of what is there. */
#include "check/private.h"

#include <stdio.h>
#include <stdlib.h>

#define ASKED 200u  /* tables in a statement */
#define UNREAD 50u  /* tables that may not be looked at, until the rest is not tried */

/* ---- facts ---- */

static bool read_standing(struct run *r, struct err *e)
{
    struct end *t = &r->end[TARGET];
    struct buf sql = {0};
    MYSQL_RES *res;
    if (!t->is_open)
        return err_set(e, t->failed.code, "%s", t->failed.text);
    if (!run_tables(r, e))
        return false;
    r->standing = x_alloc((r->tables.n + 1) * sizeof *r->standing);
    r->places.folds = t->conn.server.lower_case_table_names != 0;
    for (uint32_t i = 0; i < r->tables.n; i++)
        places_add(&r->places, r->tables.tables[i]->target_schema, r->tables.tables[i]->target_name, &r->standing[i]);
    places_sort(&r->places);
    buf_adds(&sql, "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA");
    places_schemas(&r->places, &sql);
    bool fine = conn_query(&t->conn, sql.p, &res, e);
    buf_release(&sql);
    if (!fine)
        return false;
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;) {
        struct occupant *s = places_find(&r->places, row[0], row[1]);
        if (!s)
            continue;
        snprintf(s->type, sizeof s->type, "%s", row[2]);
        s->is_table = strcmp(row[2], "BASE TABLE") == 0 || strcmp(row[2], "SYSTEM VERSIONED") == 0;
        r->nstanding++;
    }
    mysql_free_result(res);
    return true;
}

bool run_standing(struct run *r, struct err *e)
{
    return once(&r->standing_read, read_standing, r, e);
}

/* Which of these tables hold rows: each that does answers with its number. */
static bool ask_rows(struct run *r, const uint32_t *list, uint32_t n, struct err *e)
{
    struct buf sql = {0};
    MYSQL_RES *res;
    for (uint32_t i = 0; i < n; i++) {
        const struct table *t = r->tables.tables[list[i]];
        buf_addf(&sql, "%s(SELECT %u FROM ", i ? " UNION ALL " : "", list[i]);
        sql_table(&sql, t->target_schema, t->target_name);
        buf_adds(&sql, " LIMIT 1)");
    }
    bool fine = conn_query(&r->end[TARGET].conn, sql.p, &res, e);
    buf_release(&sql);
    if (!fine)
        return false;
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;)
        r->standing[strtoul(row[0], NULL, 10)].has_rows = true;
    mysql_free_result(res);
    return true;
}

static bool read_rows(struct run *r, struct err *e)
{
    uint32_t list[ASKED], n = 0, nunread = 0;
    if (!run_standing(r, e))
        return false;
    for (uint32_t i = 0; i <= r->tables.n; i++) {
        if (i < r->tables.n && r->standing[i].is_table)
            list[n++] = i;
        if (n == 0 || (n < ASKED && i < r->tables.n))
            continue;
        bool fine = ask_rows(r, list, n, e);
        for (uint32_t k = 0; !fine && !err_is_lost(e) && k < n; k++) { /* one of them may not be looked at: which? */
            struct err one = {0};
            if (ask_rows(r, &list[k], 1, &one))
                continue;
            r->rows_unread = one;
            if (++nunread == UNREAD || err_is_lost(&one))
                return *e = one, false;
        }
        if (!fine && err_is_lost(e))
            return false;
        err_clear(e);
        n = 0;
    }
    return true;
}

bool run_rows(struct run *r, struct err *e)
{
    return once(&r->rows_read, read_rows, r, e);
}

static bool is_standing(void *arg, const char *schema, const char *name)
{
    struct run *r = arg;
    const struct occupant *s = name ? places_find(&r->places, schema, name) : NULL;
    return s && s->is_table;
}

static void told_unread(void *arg, const char *schema, const char *name, const struct err *why)
{
    struct run *r = arg;
    struct occupant *s = places_find(&r->places, schema, name);
    if (s && !s->unread)
        s->unread = x_strdup(why->text);
}

static bool read_shapes(struct run *r, struct err *e)
{
    if (!run_standing(r, e))
        return false;
    if (!r->nstanding)
        return true;
    if (!schema_read(&r->there, &r->end[TARGET].conn, is_standing, r, told_unread, e))
        return false;
    for (uint32_t i = 0; i < r->there.n; i++) {
        struct occupant *s = places_find(&r->places, r->there.tables[i]->schema, r->there.tables[i]->name);
        if (s) {
            s->def = r->there.tables[i];
            s->create_sql = r->there.create_sql[i];
        }
    }
    return true;
}

bool run_shapes(struct run *r, struct err *e)
{
    return once(&r->shapes_read, read_shapes, r, e);
}

void standing_release(struct run *r)
{
    for (uint32_t i = 0; r->standing && i < r->tables.n; i++)
        free(r->standing[i].unread);
    free(r->standing);
    schema_list_release(&r->there);
    places_release(&r->places);
}

/* ---- what is decided about rows ---- */

/* "append", "replace", "drop", "stop", or NULL: the run will ask. */
static const char *decided(const struct run *r, const struct table *t)
{
    static const char *const of_job[] = {[EXISTING_ASK] = NULL, [EXISTING_APPEND] = "append", [EXISTING_REPLACE] = "replace",
                                         [EXISTING_DROP] = "drop"};
    char label[160];
    const char *answer = job_answer(r->job, err_info(ERR_TARGET_NOT_EMPTY)->id, table_label(t, label));
    return answer ? answer : of_job[r->job->existing];
}

/* Begun by this run, in a start that was cut short: it makes an empty one anew. */
static bool is_ours(struct run *r, const struct table *t)
{
    struct err ignored = {0};
    struct buf name = {0};
    if (!run_past(r, &ignored) || !r->past.making.n)
        return false;
    buf_addc(&name, '\n');
    sql_table(&name, t->target_schema, t->target_name);
    buf_addc(&name, '\n');
    bool found = strstr(r->past.making.p, name.p) != NULL;
    buf_release(&name);
    return found;
}

/* true: the result says why the target's tables need no look. */
static bool is_resumed(struct run *r, struct check_result *out)
{
    struct err ignored = {0};
    if (!run_past(r, &ignored) || !r->past.exists)
        return false;
    not_applicable(out, "run %s has begun: the tables at the target are its own", r->job->name);
    return true;
}

static void judge_rows(struct run *r, struct check_result *out, const struct table *t, bool *asks)
{
    const char *choice = decided(r, t), *to = t->target_schema, *name = t->target_name;
    bool is_keyless = t->row_key < 0;
    if (!choice && r->o->depth == CHECK_START) { /* the engine that starts asks next */
        find(out, CHECK_WARN, NULL, "%s.%s at the target holds rows: the run asks what shall become of them", to, name);
    } else if (!choice || strcmp(choice, "stop") == 0) {
        *asks = true;
        find(out, CHECK_FAIL, NULL, "%s.%s at the target holds rows, and nothing says what shall become of them", to, name);
    } else if (strcmp(choice, "drop") == 0) {
        find(out, CHECK_WARN, NULL, "%s.%s at the target will be dropped with its rows and made anew (drop)", to, name);
    } else if (strcmp(choice, "replace") == 0 && is_keyless) {
        *asks = true;
        find(out, CHECK_FAIL, NULL, "%s.%s at the target holds rows, and without a usable key replace can't find them: append or drop", to, name);
    } else if (strcmp(choice, "replace") == 0) {
        find(out, CHECK_WARN, NULL, "%s.%s at the target: rows with a key of the source give way, the others stay (replace)", to, name);
    } else {
        find(out, CHECK_WARN, NULL, "%s.%s at the target: its rows stay as they are, and a key that both have is a question (append)", to, name);
    }
}

static void cure_rows(struct run *r, struct check_result *out, const struct table *const *tables, uint32_t n)
{
    cure_setting(out, r->job, "existing", "append", "Keep the rows that are there and add the source's");
    out->cures[out->ncures - 1].effect = x_strdup(_("rows at the target are never changed; a key that both have is a question"));
    cure_exclude(out, r->job, tables, n);
    cure_setting(out, r->job, "existing", "replace", "Rows of the source take the place of those with the same key");
    out->cures[out->ncures - 1].is_disruptive = true;
    cure_setting(out, r->job, "existing", "drop", "Drop these tables at the target with their rows, and make them anew");
    out->cures[out->ncures - 1].is_disruptive = true;
    add_cure(out, CURE_TEXT, "Route these tables to other names")->text = x_strdup("routes: [{from: shop.*, to: shop_new.*}]");
}

void check_downstream_empty(struct run *r, struct check_result *out)
{
    struct err e = {0};
    uint32_t nrows = 0, nasking = 0;
    if (is_resumed(r, out))
        return;
    if (!run_rows(r, &e)) {
        unread(out, &e);
        return;
    }
    const struct table **asking = x_alloc((r->tables.n + 1) * sizeof(void *));
    for (uint32_t i = 0; i < r->tables.n; i++) {
        bool asks = false;
        if (!r->standing[i].has_rows)
            continue;
        nrows++;
        judge_rows(r, out, r->tables.tables[i], &asks);
        if (asks)
            asking[nasking++] = r->tables.tables[i];
    }
    if (nasking) {
        judge(out, CHECK_FAIL, ERR_TARGET_NOT_EMPTY);
        cure_rows(r, out, asking, nasking);
    }
    free(asking);
    if (r->rows_unread.code != ERR_OK) {
        unread(out, &r->rows_unread);
    } else if (nrows) {
        set_found(out, "%u with rows", nrows);
        set_wanted(out, "empty, or an answer");
    } else if (r->nstanding) {
        set_found(out, "%u there, all empty", r->nstanding);
    } else {
        set_found(out, "none of %u is there", r->tables.n);
    }
}

/* ---- shapes ---- */

/* "CREATE TABLE `t` (…" with the schema before the name; NULL: it can't be given back as one statement. */
static char *create_again(const struct table *t, const char *sql)
{
    static const char head[] = "CREATE TABLE `";
    struct buf out = {0};
    if (!sql || strncmp(sql, head, sizeof head - 1) != 0 || strstr(sql, ";\n"))
        return NULL;
    buf_adds(&out, "CREATE TABLE ");
    sql_ident(&out, t->target_schema);
    buf_addf(&out, ".%s", sql + sizeof head - 2);
    return buf_take(&out);
}

struct misfits {
    const struct table **tables;
    uint32_t n, nrows;                /* with rows */
    struct buf drop, create;
    bool has_undo;
};

static void add_misfit(struct misfits *m, const struct table *t, const struct occupant *s)
{
    m->tables[m->n++] = t;
    m->nrows += s->has_rows;
    if (s->has_rows)
        return;
    char *again = create_again(t, s->create_sql);
    buf_adds(&m->drop, m->drop.n ? ";\nDROP TABLE " : "DROP TABLE ");
    sql_table(&m->drop, t->target_schema, t->target_name);
    buf_addf(&m->create, "%s%s", m->create.n ? ";\n" : "", again ? again : "");
    m->has_undo = m->has_undo && again;
    free(again);
}

static void cure_misfits(struct run *r, struct check_result *out, struct misfits *m)
{
    struct check_cure *c;
    c = add_cure(out, CURE_TEXT, "Alter the tables at the target");
    c->text = x_strdup(_("Give each column the source's type or a wider one, and the table the source's key: see what is found."));
    cure_exclude(out, r->job, m->tables, m->n);
    if (m->drop.n) {
        c = add_cure(out, CURE_SQL, "Drop those that are empty: the run makes them");
        c->sql = buf_take(&m->drop);
        c->undo = m->has_undo ? buf_take(&m->create) : NULL;
        c->is_disruptive = true;
        c->effect = x_strdup(_("at once"));
    }
    if (m->nrows && r->job->mode != MODE_INCREMENTAL) {
        cure_setting(out, r->job, "existing", "drop", "Drop those with rows, and make them anew");
        out->cures[out->ncures - 1].is_disruptive = true;
    }
}

static void judge_shape(struct check_result *out, const struct table *t, const struct occupant *s, struct misfits *m)
{
    struct err e = {0};
    uint32_t from = 0, before = out->ntotal;
    while (from <= t->ncolumns) {
        err_clear(&e);
        if (table_shape_fits(t, s->def, &from, &e))
            break;
        find(out, CHECK_FAIL, NULL, "%s", e.text);
    }
    if (out->ntotal > before)
        add_misfit(m, t, s);
}

void check_target_shape(struct run *r, struct check_result *out)
{
    struct err e = {0};
    bool is_incremental = r->job->mode == MODE_INCREMENTAL;
    uint32_t nseen = 0;
    if (is_resumed(r, out))
        return;
    if (!run_rows(r, &e) || !run_shapes(r, &e)) {
        unread(out, &e);
        return;
    }
    struct misfits m = {.tables = x_alloc((r->tables.n + 1) * sizeof(void *)), .has_undo = true};
    for (uint32_t i = 0; i < r->tables.n; i++) {
        const struct table *t = r->tables.tables[i];
        const struct occupant *s = &r->standing[i];
        const char *choice = s->has_rows && !is_incremental ? decided(r, t) : NULL;
        if (!s->type[0] && is_incremental)
            find(out, CHECK_FAIL, NULL, "%s.%s is not at the target, and mode incremental makes no tables", t->target_schema, t->target_name);
        if (s->unread)
            find(out, CHECK_WARN, NULL, "%s.%s at the target can't be understood, so nobody knows whether rows fit: %s", t->target_schema,
                 t->target_name, s->unread);
        if (!s->def || (choice && strcmp(choice, "drop") == 0) || (!s->has_rows && is_ours(r, t)))
            continue;
        nseen++;
        judge_shape(out, t, s, &m);
    }
    if (m.n)
        cure_misfits(r, out, &m);
    else if (out->judged == CHECK_FAIL)
        cure_setting(out, r->job, "mode", "all", "Copy the tables first: mode: all");
    if (out->judged == CHECK_FAIL)
        judge(out, CHECK_FAIL, ERR_TARGET_SHAPE);
    if (m.n)
        set_found(out, "%u of %u don't fit", m.n, nseen);
    else
        set_found(out, nseen ? "%u fit" : "none is there", nseen);
    buf_release(&m.drop);
    buf_release(&m.create);
    free(m.tables);
}
