// SPDX-License-Identifier: Apache-2.0
/* Tables at the target: where a table goes, how it is made, and which of its texts compare alike. Thousands of tables
 * are no more round trips than they must be: a schema is made once, ledger rows go in packets. */
#include "engine/private.h"

#include "base/fail.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

#define LEDGER_BYTES ((size_t)512 << 10)
#define LEDGER_TABLES 200

void places_of_target(struct engine *g, struct places *out)
{
    *out = (struct places){.folds = g->control.server.lower_case_table_names != 0};
    for (uint32_t i = 0; i < g->tabs.n; i++) {
        struct tab *tab = g->tabs.list[i];
        if (tab->def)
            places_add(out, tab->def->target_schema, tab->def->target_name, tab);
    }
    places_sort(out);
}

void engine_target_schemas(struct engine *g, struct buf *out)
{
    struct places p;
    places_of_target(g, &p);
    places_schemas(&p, out);
    places_release(&p);
}

bool engine_check_routes(struct engine *g, struct err *e)
{
    struct places p;
    for (uint32_t i = 0; i < g->tabs.n; i++) {
        const struct table *t = g->tabs.list[i]->def;
        if (job_route_is_ambiguous(g->job, t->schema, t->name))
            return err_set(e, ERR_TARGET_ROUTE, "%s is matched by several routes that lead to different places", g->tabs.list[i]->label);
    }
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

/* A table to be made: its statement, and what was changed on the way. */
struct order {
    struct tab *tab;
    const char *create_sql;           /* the source's; NULL: it is there */
    struct buf sql, notes;
    bool is_doubtful;                 /* sent, and the answer never came */
    bool is_done;
};

static bool rewrite(struct engine *g, struct order *o, bool without_partitions, struct err *e)
{
    struct ddl d;
    struct ddl_context cx = ddl_context_of(&g->source_server, str_of(o->tab->def->schema));
    uint64_t only = 1;
    struct target_dialect to = g->dialect;
    to.without_partitions = without_partitions;
    buf_reset(&o->sql);
    buf_reset(&o->notes);
    if (!ddl_parse(&d, o->create_sql, strlen(o->create_sql), &cx, e))
        return false;
    bool fine = ddl_rewrite(&o->sql, &d, &cx, &to, job_route_port, g->job, &only, &o->notes, e);
    ddl_release(&d);
    return fine;
}

static bool send(struct engine *g, struct order *o, struct err *e)
{
    if (engine_fenced_ddl(g, buf_str(&o->sql), e))
        return true;
    if (!o->is_doubtful || e->sql != 1050)
        return false;
    err_clear(e); /* the try whose answer was lost has made it: before that the table was not there */
    return true;
}

/* By the control connection, with all patience; partitions that the target refuses are left out. */
static bool make_table(struct engine *g, struct order *o, struct err *e)
{
    bool fine = send(g, o, e);
    if (!fine && o->tab->def->is_partitioned && e->code == ERR_TARGET_QUERY) {
        struct err first = *e;
        err_clear(e);
        fine = rewrite(g, o, true, e) && send(g, o, e);
        if (fine)
            buf_addf(&o->notes, N_("%s: the target's words: %s\n"), o->tab->label, first.text);
        else
            *e = first;
    }
    return fine || err_wrap(e, "while creating %s at the target", o->tab->label);
}

/* ---- many at once ---- */

#define MAKERS 16
#define FEW 16 /* tables that are not worth more connections */

struct makers {
    struct engine *g;
    struct order *orders;
    uint32_t n;
    atomic_uint next, lane;
    atomic_bool is_troubled;          /* something was sent whose end is not known */
};

/* TiDB makes tables that are ordered at the same time in one step, so a person waits a fraction. The writers' lanes are
 * free until the stages start. What does not go smoothly is left to make_table. */
static void *maker_main(void *arg)
{
    struct makers *m = arg;
    struct conn c = {0};
    struct err e = {0};
    uint32_t lane = atomic_fetch_add(&m->lane, 1);
    mysql_thread_init();
    bool goes_on = conn_open_target(&c, &m->g->target, 0, &e);
    while (goes_on && !cancel_is_set(m->g->cancel)) {
        uint32_t i = atomic_fetch_add(&m->next, 1);
        if (i >= m->n)
            break;
        struct order *o = &m->orders[i];
        if (!o->create_sql)
            continue;
        o->is_done = engine_send_ddl(m->g, &c, lane, m->g->epoch, buf_str(&o->sql), &e);
        if (o->is_done)
            continue;
        o->is_doubtful = goes_on = err_is_lost(&e);
        goes_on = !o->is_doubtful && e.code != ERR_TARGET_FENCED;
        if (o->is_doubtful)
            atomic_store(&m->is_troubled, true);
        err_clear(&e);
    }
    conn_close(&c);
    mysql_thread_end();
    return NULL;
}

static bool make_at_once(struct engine *g, struct order *orders, uint32_t n, struct err *e)
{
    struct makers m = {.g = g, .orders = orders, .n = n};
    pthread_t threads[MAKERS];
    uint32_t nthreads = TG_MIN((uint32_t)g->job->writers, (uint32_t)MAKERS);
    for (uint32_t i = 0; i < nthreads; i++)
        pthread_create(&threads[i], NULL, maker_main, &m);
    for (uint32_t i = 0; i < nthreads; i++)
        pthread_join(threads[i], NULL);
    return !atomic_load(&m.is_troubled) || engine_fence_anew(g, e);
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

static void ledger_rows(struct engine *g, struct buf *out, const struct order *o)
{
    struct buf definition = {0};
    engine_ledger_tab(g, out, o->tab, tab_copy_name(o->tab->copy));
    table_to_sql(o->tab->def, &definition);
    buf_addc(out, ';');
    ledger_sql_definition(&g->ledger, out, o->tab->id, &g->start, buf_str(&definition));
    buf_release(&definition);
    if (o->notes.n) {
        table_notes(g, out, o->tab->label, o->notes.p);
        char *line = x_one_line(o->notes.p);
        log_event(LOG_NOTE, "engine", o->tab->label, "", "created with changes: %s", line);
        free(line);
    }
}

/* What was not made at once, then every table's rows in the ledger, many in a packet. */
static bool make_rest(struct engine *g, struct order *orders, uint32_t n, struct err *e)
{
    struct buf ledger = {0};
    bool fine = true;
    for (uint32_t i = 0, held = 0; fine && i < n; i++) {
        struct order *o = &orders[i];
        if (cancel_is_set(g->cancel))
            fine = err_set(e, ERR_CANCELLED, "while creating tables");
        fine = fine && (!o->create_sql || o->is_done || make_table(g, o, e));
        if (!fine)
            break;
        ledger_rows(g, &ledger, o);
        held++;
        if (i + 1 == n || held == LEDGER_TABLES || ledger.n > LEDGER_BYTES) {
            fail_point("tables.before");
            fine = engine_fenced(g, &ledger, e);
            fail_point("tables.after");
            buf_reset(&ledger);
            held = 0;
        }
    }
    buf_release(&ledger);
    return fine;
}

/* What is made from here on is ours, should this start be cut short. */
static bool note_making(struct engine *g, const struct order *orders, uint32_t n, struct err *e)
{
    struct buf ledger = {0}, name = {0};
    bool fine = true;
    for (uint32_t i = 0, held = 0; fine && i < n; i++) {
        if (orders[i].create_sql) {
            buf_reset(&name);
            sql_table(&name, orders[i].tab->def->target_schema, orders[i].tab->def->target_name);
            buf_adds(&ledger, held++ ? ";" : "");
            ledger_sql_note(&g->ledger, &ledger, NOTE_MAKING, "", name.p);
        }
        if (held && (i + 1 == n || held == LEDGER_TABLES)) {
            fine = engine_fenced(g, &ledger, e);
            buf_reset(&ledger);
            held = 0;
        }
    }
    buf_release(&ledger);
    buf_release(&name);
    return fine;
}

bool engine_make_tables(struct engine *g, const struct schema_list *l, const bool *is_there, struct err *e)
{
    struct order *orders = x_alloc((g->tabs.n + 1) * sizeof *orders);
    uint32_t n = g->tabs.n, nmade = 0;
    bool fine = true;
    for (uint32_t i = 0; i < n && fine; i++) {
        orders[i] = (struct order){.tab = g->tabs.list[i], .create_sql = is_there[i] ? NULL : l->create_sql[i]};
        nmade += !is_there[i];
        fine = is_there[i] || rewrite(g, &orders[i], false, e) || err_wrap(e, "while creating %s at the target", orders[i].tab->label);
    }
    fine = fine && note_making(g, orders, n, e) && make_schemas(g, is_there, e) && (nmade <= FEW || make_at_once(g, orders, n, e)) && make_rest(g, orders, n, e);
    for (uint32_t i = 0; i < n; i++) {
        buf_release(&orders[i].sql);
        buf_release(&orders[i].notes);
    }
    free(orders);
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
