// SPDX-License-Identifier: Apache-2.0
/* Foreign keys, made when the rows are there: our sessions have foreign_key_checks=0, so they hold for what others write
 * from then on and cost the run nothing. And AUTO_INCREMENT: the target must not hand out a number that the source has
 * used, also where the rows that used it are gone. */
#include "engine/private.h"

#include <stdio.h>
#include <stdlib.h>

struct wish {                         /* a foreign key of the source */
    struct table *owner;
    char *name, *ref_schema, *ref_table, *sql;
    bool is_there;
};

struct wishes {
    struct settle *s;
    struct table *owner;              /* whose text is being read */
    struct places owners;             /* tables with foreign keys, by their names at the source */
    struct wish *list;
    uint32_t n;
};

bool engine_has_key(void *arg, const char *schema, const char *table, const char *name)
{
    struct engine *g = arg;
    bool found = false;
    pthread_mutex_lock(&g->lock);
    for (uint32_t i = 0; i < g->nkeys && !found; i++)
        found = strcmp(g->keys[i].schema, schema) == 0 && strcmp(g->keys[i].table, table) == 0 &&
                strcasecmp(g->keys[i].name, name) == 0;
    pthread_mutex_unlock(&g->lock);
    return found;
}

static void remember(struct engine *g, const struct table *owner, const char *name)
{
    pthread_mutex_lock(&g->lock);
    g->keys = x_realloc(g->keys, (g->nkeys + 1) * sizeof *g->keys);
    g->keys[g->nkeys++] = (struct made_key){x_strdup(owner->schema), x_strdup(owner->name), x_strdup(name)};
    pthread_mutex_unlock(&g->lock);
}

/* The last one that was remembered, or all. */
static void forget(struct engine *g, bool all)
{
    pthread_mutex_lock(&g->lock);
    while (g->nkeys) {
        struct made_key *k = &g->keys[--g->nkeys];
        free(k->schema);
        free(k->table);
        free(k->name);
        if (!all)
            break;
    }
    pthread_mutex_unlock(&g->lock);
}

static void told(void *arg, const char *name, const char *ref_schema, const char *ref_table, const char *sql)
{
    struct wishes *k = arg;
    k->list = x_realloc(k->list, (k->n + 1) * sizeof *k->list);
    k->list[k->n++] = (struct wish){k->owner, x_strdup(name), x_strdup(ref_schema), x_strdup(ref_table), x_strdup(sql), false};
}

static bool has_keys(void *arg, const char *schema, const char *table)
{
    struct wishes *k = arg;
    return places_find(&k->owners, schema, table) != NULL;
}

/* What the source has now, from its own words. */
static bool read_wishes(struct wishes *k, struct err *e)
{
    struct engine *g = k->s->g;
    struct schema_list l;
    for (uint32_t i = 0; i < k->s->n; i++)
        if (k->s->defs[i]->nfks)
            places_add(&k->owners, k->s->defs[i]->schema, k->s->defs[i]->name, k->s->defs[i]);
    places_sort(&k->owners);
    if (!k->owners.n)
        return true;
    if (!schema_read(&l, &k->s->source, has_keys, k, NULL, e))
        return false;
    bool fine = true;
    for (uint32_t i = 0; fine && i < l.n; i++) {
        struct ddl d;
        struct ddl_context cx = ddl_context_of(&g->source_server, str_of(l.tables[i]->schema));
        k->owner = places_find(&k->owners, l.tables[i]->schema, l.tables[i]->name);
        fine = ddl_parse(&d, l.create_sql[i], strlen(l.create_sql[i]), &cx, e);
        if (!fine)
            break;
        ddl_foreign_keys(&d, &cx, &g->dialect, job_route_port, g->job, told, k);
        ddl_release(&d);
    }
    schema_list_release(&l);
    return fine;
}

/* Every foreign key at the target of tables in `there` (struct table by names at the target). */
static bool each_key(struct engine *g, const struct places *there, void (*each)(void *arg, const struct table *owner, const char *name),
                     void *arg, struct err *e)
{
    struct buf sql = {0};
    MYSQL_RES *res;
    buf_adds(&sql, "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS"
                   " WHERE CONSTRAINT_SCHEMA");
    places_schemas(there, &sql);
    bool fine = conn_query(&g->control, sql.p, &res, e);
    buf_release(&sql);
    if (!fine)
        return err_wrap(e, "while looking at the target's foreign keys");
    for (MYSQL_ROW r; (r = mysql_fetch_row(res)) != NULL;) {
        const struct table *owner = places_find(there, r[0], r[1]);
        if (owner)
            each(arg, owner, r[2]);
    }
    mysql_free_result(res);
    return true;
}

static void mark_there(void *arg, const struct table *owner, const char *name)
{
    struct wishes *k = arg;
    char label[160];
    remember(k->s->g, owner, name);
    for (uint32_t i = 0; i < k->n; i++)
        if (k->list[i].owner == owner && strcasecmp(k->list[i].name, name) == 0) {
            k->list[i].is_there = true;
            return;
        }
    report_add(k->s->g, REPORT_KEY, false, table_label(owner, label), "%s is at the target and not at the source", name);
}

static void recall(void *arg, const struct table *owner, const char *name)
{
    remember(arg, owner, name);
}

bool engine_recall_keys(struct engine *g, struct err *e)
{
    struct places there = {.folds = g->control.server.lower_case_table_names != 0};
    for (uint32_t i = 0; i < g->tabs.n; i++) {
        struct table *t = g->tabs.list[i]->def;
        if (t)
            places_add(&there, t->target_schema, t->target_name, t);
    }
    places_sort(&there);
    bool fine = each_key(g, &there, recall, g, e);
    places_release(&there);
    return fine;
}

static bool make_key(struct wishes *k, const struct wish *w, struct err *e)
{
    struct engine *g = k->s->g;
    char label[160], why[600];
    unsigned number;
    table_label(w->owner, label);
    if (!places_find(&k->s->here, w->ref_schema, w->ref_table)) {
        report_add(g, REPORT_KEY, true, label, "%s refers to %s.%s, which is not part of this run", w->name, w->ref_schema, w->ref_table);
        return true;
    }
    remember(g, w->owner, w->name); /* first: a DROP of it in the stream must find it */
    bool fine = settle_run(k->s, w->sql, why, &number, e);
    if (!fine && e->code == ERR_OK && number == 1826) /* the try whose answer was lost has made it */
        fine = true;
    if (fine) {
        report_add(g, REPORT_KEY, false, label, "%s to %s.%s is there", w->name, w->ref_schema, w->ref_table);
        return true;
    }
    forget(g, false);
    if (why[0])
        report_add(g, REPORT_KEY, true, label, "%s to %s.%s is refused: %s", w->name, w->ref_schema, w->ref_table, why);
    return e->code == ERR_OK;
}

bool settle_keys(struct settle *s, struct err *e)
{
    struct wishes k = {.s = s};
    report_clear(s->g, REPORT_KEY);
    bool fine = read_wishes(&k, e);
    forget(s->g, true);
    fine = fine && each_key(s->g, &s->there, mark_there, &k, e);
    for (uint32_t i = 0; fine && i < k.n; i++) {
        const struct wish *w = &k.list[i];
        char label[160];
        if (w->is_there)
            report_add(s->g, REPORT_KEY, false, table_label(w->owner, label), "%s to %s.%s is there", w->name, w->ref_schema, w->ref_table);
        else
            fine = make_key(&k, w, e);
    }
    for (uint32_t i = 0; i < k.n; i++) {
        free(k.list[i].name);
        free(k.list[i].ref_schema);
        free(k.list[i].ref_table);
        free(k.list[i].sql);
    }
    free(k.list);
    places_release(&k.owners);
    return fine;
}

/* ---- AUTO_INCREMENT ---- */

static bool has_counter(const struct table *t)
{
    for (uint32_t i = 0; i < t->ncolumns; i++)
        if (t->columns[i].is_auto_increment)
            return true;
    return false;
}

/* Next values of one end into next[], by index in s->defs; 0 where not known. */
static bool read_next(struct settle *s, struct conn *c, const struct places *names, uint64_t *next, struct err *e)
{
    struct buf sql = {0};
    MYSQL_RES *res;
    buf_adds(&sql, "SELECT TABLE_SCHEMA, TABLE_NAME, AUTO_INCREMENT FROM information_schema.TABLES WHERE AUTO_INCREMENT > 0"
                   " AND TABLE_SCHEMA");
    places_schemas(names, &sql);
    bool fine = conn_query(c, sql.p, &res, e);
    buf_release(&sql);
    if (!fine)
        return err_wrap(e, "while reading the next values of AUTO_INCREMENT");
    for (MYSQL_ROW r; (r = mysql_fetch_row(res)) != NULL;) {
        const struct table *t = places_find(names, r[0], r[1]);
        for (uint32_t i = 0; t && i < s->n; i++)
            if (s->defs[i] == t)
                next[i] = strtoull(r[2], NULL, 10);
    }
    mysql_free_result(res);
    return true;
}

static bool raise_counter(struct settle *s, const struct table *t, uint64_t to, struct err *e)
{
    char label[160], why[600];
    unsigned number;
    struct buf sql = {0};
    table_label(t, label);
    buf_adds(&sql, "ALTER TABLE ");
    sql_table(&sql, t->target_schema, t->target_name);
    buf_addf(&sql, " AUTO_INCREMENT = %llu", (unsigned long long)to);
    bool fine = settle_run(s, sql.p, why, &number, e);
    buf_release(&sql);
    if (fine)
        report_add(s->g, REPORT_COUNTER, false, label, "%llu", (unsigned long long)to);
    else if (why[0])
        report_add(s->g, REPORT_COUNTER, true, label, "the source's next value is %llu; the target refuses it: %s",
                   (unsigned long long)to, why);
    return e->code == ERR_OK;
}

bool settle_counters(struct settle *s, struct err *e)
{
    struct err ignored = {0};
    uint64_t *ours = x_alloc((s->n + 1) * sizeof *ours), *theirs = x_alloc((s->n + 1) * sizeof *theirs);
    report_clear(s->g, REPORT_COUNTER);
    conn_execf(&s->source, &ignored, "SET SESSION information_schema_stats_expiry = 0"); /* MySQL 8 answers from a cache else */
    bool fine = read_next(s, &s->source, &s->here, ours, e) && read_next(s, &s->g->control, &s->there, theirs, e);
    for (uint32_t i = 0; fine && i < s->n; i++)
        if (ours[i] > 1 && ours[i] > theirs[i] && has_counter(s->defs[i]))
            fine = raise_counter(s, s->defs[i], ours[i], e);
    free(ours);
    free(theirs);
    return fine;
}
