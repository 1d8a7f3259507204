// SPDX-License-Identifier: Apache-2.0
/* Tables at the target: where a table goes, how it is made, and which of its texts compare alike. Thousands of tables
 * are no more round trips than they must be: a schema is made once, ledger rows go in packets. */
#include "engine/private.h"

#include <stdio.h>
#include <stdlib.h>

#define LEDGER_BYTES ((size_t)512 << 10)
#define LEDGER_TABLES 200

void engine_map_name(void *arg, const char *schema, const char *table, char to_schema[200], char to_table[200])
{
    job_route(arg, schema, table, to_schema, to_table);
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

bool engine_check_routes(struct engine *g, struct err *e)
{
    struct places p;
    places_of_target(g, &p);
    const struct place *twice = places_twice(&p);
    if (twice) {
        const struct tab *a = twice[0].what, *b = twice[1].what;
        err_set(e, ERR_TARGET_ROUTE, "%s and %s both go to %s.%s", a->label, b->label, twice->schema, twice->name);
    }
    places_release(&p);
    return !twice;
}

/* "a.b: text\n" lines of the rewriter as notes in the ledger. */
static void table_notes(struct engine *g, struct buf *out, const char *label, const char *notes)
{
    for (const char *p = notes; p && *p;) {
        const char *end = strchr(p, '\n');
        size_t n = end ? (size_t)(end - p) : strlen(p), skip = strlen(label) + 2;
        char *line = n > skip ? x_strndup(p + skip, n - skip) : x_strndup(p, n);
        if (out->n)
            buf_addc(out, ';');
        ledger_sql_note(&g->ledger, out, NOTE_TABLE, label, line);
        free(line);
        p = end ? end + 1 : NULL;
    }
}

static bool rewrite(struct engine *g, const struct tab *tab, const struct ddl *d, const struct ddl_context *cx,
                    bool without_partitions, struct buf *sql, struct buf *notes, struct err *e)
{
    uint64_t only = 1;
    struct target_dialect to = g->dialect;
    to.without_partitions = without_partitions;
    buf_reset(sql);
    buf_reset(notes);
    return ddl_rewrite(sql, d, cx, &to, engine_map_name, g->job, &only, notes, e) ||
           err_wrap(e, "while creating %s at the target", tab->label);
}

static bool run(struct engine *g, const struct tab *tab, const struct buf *sql, struct err *e)
{
    for (struct str rest = buf_str(sql); rest.n;) {
        struct str part = ddl_part(&rest);
        if (!engine_fenced_ddl(g, part, e))
            return err_wrap(e, "while creating %s at the target", tab->label);
    }
    return true;
}

/* Creates one table; what was changed on the way goes into *ledger. */
static bool make_table(struct engine *g, struct tab *tab, const char *create_sql, struct buf *ledger, struct err *e)
{
    struct ddl d;
    struct buf sql = {0}, notes = {0};
    struct ddl_context cx = {.is_mariadb = g->source_server.flavour == DB_MARIADB, .version = g->source_server.version};
    snprintf(cx.schema, sizeof cx.schema, "%s", tab->def->schema);
    if (!ddl_parse(&d, create_sql, strlen(create_sql), &cx, e))
        return false;
    bool fine = rewrite(g, tab, &d, &cx, false, &sql, &notes, e);
    bool may_split = fine && tab->def->is_partitioned;
    fine = fine && run(g, tab, &sql, e);
    if (!fine && may_split && e->code == ERR_TARGET_QUERY) { /* the partitions may be what it does not take */
        struct err first = *e;
        err_clear(e);
        fine = rewrite(g, tab, &d, &cx, true, &sql, &notes, e) && run(g, tab, &sql, e);
        if (fine)
            buf_addf(&notes, "%s: the target's words: %s\n", tab->label, first.text);
        else
            *e = first;
    }
    ddl_release(&d);
    if (fine && notes.n) {
        table_notes(g, ledger, tab->label, notes.p);
        log_event(LOG_NOTE, "engine", tab->label, "", "created with changes: %s", notes.p);
    }
    buf_release(&sql);
    buf_release(&notes);
    return fine;
}

static bool make_schema(struct engine *g, const char *schema, struct err *e)
{
    struct buf sql = {0};
    buf_adds(&sql, "CREATE DATABASE IF NOT EXISTS ");
    sql_ident(&sql, schema);
    bool fine = engine_fenced_ddl(g, buf_str(&sql), e);
    buf_release(&sql);
    return fine;
}

/* Each once, where a table of it is to be made. */
static bool make_schemas(struct engine *g, const bool *is_there, struct err *e)
{
    struct places p = {0};
    bool fine = true;
    for (uint32_t i = 0; i < g->tabs.n; i++)
        if (!is_there[i])
            places_add(&p, g->tabs.list[i]->def->target_schema, "", NULL);
    places_sort(&p);
    for (uint32_t i = 0; fine && i < p.n; i++)
        if (i == 0 || strcmp(p.list[i].schema, p.list[i - 1].schema) != 0)
            fine = make_schema(g, p.list[i].schema, e);
    places_release(&p);
    return fine;
}

static void ledger_rows(struct engine *g, struct buf *out, struct tab *tab)
{
    struct buf definition = {0};
    engine_ledger_tab(g, out, tab, tab_copy_name(tab->copy));
    table_to_sql(tab->def, &definition);
    buf_addc(out, ';');
    ledger_sql_definition(&g->ledger, out, tab->id, &g->start, buf_str(&definition));
    buf_release(&definition);
}

bool engine_make_tables(struct engine *g, const struct schema_list *l, const bool *is_there, struct err *e)
{
    struct buf ledger = {0};
    bool fine = make_schemas(g, is_there, e);
    for (uint32_t i = 0, held = 0; fine && i < g->tabs.n; i++) {
        struct tab *tab = g->tabs.list[i];
        fine = is_there[i] || make_table(g, tab, l->create_sql[i], &ledger, e);
        if (!fine)
            break;
        ledger_rows(g, &ledger, tab);
        held++;
        if (i + 1 == g->tabs.n || held == LEDGER_TABLES || ledger.n > LEDGER_BYTES) {
            fine = engine_fenced(g, &ledger, e);
            buf_reset(&ledger);
            held = 0;
        }
        fine = fine && (!cancel_is_set(g->cancel) || err_set(e, ERR_CANCELLED, "while creating tables"));
    }
    buf_release(&ledger);
    return fine;
}

/* Marks text columns whose collation at the target holds no more values equal than the source's does. */
void engine_compare_collations(struct engine *g)
{
    MYSQL_RES *res;
    struct err ignored = {0};
    struct places p;
    struct buf sql = {0};
    buf_adds(&sql, "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLLATION_NAME FROM information_schema.COLUMNS"
                   " WHERE COLLATION_NAME IS NOT NULL AND TABLE_SCHEMA");
    engine_target_schemas(g, &sql);
    bool fine = conn_query(&g->control, sql.p, &res, &ignored);
    buf_release(&sql);
    if (!fine)
        return;
    places_of_target(g, &p);
    for (MYSQL_ROW r; (r = mysql_fetch_row(res)) != NULL;) {
        const struct tab *tab = places_find(&p, r[0], r[1]);
        for (uint32_t i = 0; tab && i < tab->def->ncolumns; i++) {
            struct column *c = &tab->def->columns[i];
            if (strcmp(c->name, r[2]) == 0 && c->collation[0])
                c->is_exact = !collation_merges(c->collation, r[3]);
        }
    }
    places_release(&p);
    mysql_free_result(res);
}
