// SPDX-License-Identifier: Apache-2.0
/* How a run begins: new (position, catalogue, tables at the target) or again (everything from the ledger), then the
 * tables without a key, then the stages. */
#include "engine/private.h"

#include "base/fail.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- new ---- */

static bool has_ddl_for_us(struct engine *g, const struct binlog_event *ev)
{
    struct ddl d;
    struct err e = {0};
    struct ddl_context cx = ddl_context_of(&g->source_server, ev->query.schema);
    cx.ansi_quotes = ev->query.ansi_quotes;
    cx.no_backslash_escapes = ev->query.no_backslash_escapes;
    if (!ddl_parse(&d, ev->query.sql.p, ev->query.sql.n, &cx, &e))
        return true;
    bool ours = d.kind == DDL_UNKNOWN;
    for (uint32_t i = 0; i < d.nnames; i++)
        ours = ours || (d.names[i].schema && job_wants(g->job, d.names[i].schema, d.names[i].table));
    ddl_release(&d);
    return ours;
}

struct ddl_look {
    struct engine *g;
    const struct pos *to;
    bool found;
};

static bool look_for_ddl(void *arg, const struct binlog_event *ev)
{
    struct ddl_look *l = arg;
    l->found = ev->kind == BINLOG_QUERY && !ev->is_artificial && has_ddl_for_us(l->g, ev);
    return !l->found && pos_cmp(&ev->end, l->to) < 0;
}

/* Whether a DDL on our tables stands in the binlog between the two positions. */
static bool ddl_between(struct engine *g, const struct pos *from, const struct pos *to, bool *found, struct err *e)
{
    struct binlog_start s = {.pos = *from, .heartbeat_ms = 1000};
    struct ddl_look l = {g, to, false};
    bool fine = binlog_walk(&g->source, &s, look_for_ddl, &l, e);
    *found = l.found;
    return fine;
}

/* P0, the catalogue, and proof that the catalogue is that of P0. */
static bool read_catalogue(struct engine *g, struct schema_list *tables, struct err *e)
{
    if (g->is_snapshot) { /* held against the snapshot once that is open */
        engine_snapshot_start(&g->start);
        return engine_start_checks(g, tables, e) && (g->schemas = schema_defaults_read(&g->look, e)) != NULL;
    }
    for (int tries = 0; tries < 10; tries++) {
        struct pos after;
        bool changed = false;
        if (!source_position(&g->look, &g->start, e) || !engine_start_checks(g, tables, e) ||
            !(g->schemas = schema_defaults_read(&g->look, e)) || !source_position(&g->look, &after, e))
            return false;
        if (pos_cmp(&g->start, &after) != 0 && !ddl_between(g, &g->start, &after, &changed, e))
            return false;
        if (!changed)
            return true;
        schema_list_release(tables);
        schema_defaults_free(g->schemas);
        g->schemas = NULL;
        log_event(LOG_INFO, "engine", "", "", "tables were changed while they were read; reading them again");
    }
    return err_set(e, ERR_SOURCE_QUERY, "tables are changed all the time; start again in a quieter moment");
}

struct tab *engine_add_tab(struct engine *g, struct table *def, uint32_t id)
{
    struct tab *tab = tabs_add(&g->tabs, def, id);
    tab->is_bag = g->control.server.flavour == DB_TIDB;
    return tab;
}

void engine_set_copy(struct engine *g, struct tab *tab, enum tab_copy copy, const struct pos *end)
{
    pthread_mutex_lock(&g->tabs.lock);
    tab->copy = copy;
    if (end)
        tab->end = *end;
    pthread_mutex_unlock(&g->tabs.lock);
}

void engine_ledger_tab(struct engine *g, struct buf *out, const struct tab *tab, const char *state)
{
    const char *names[4] = {tab->def->schema, tab->def->name, tab->def->target_schema, tab->def->target_name};
    if (out->n)
        buf_addc(out, ';');
    ledger_sql_tab(&g->ledger, out, tab->id, names, state, &tab->end);
}

bool engine_write_tab(struct engine *g, struct tab *tab, bool with_definition, struct err *e)
{
    struct buf sql = {0}, definition = {0};
    engine_ledger_tab(g, &sql, tab, tab_copy_name(tab->copy));
    if (with_definition) {
        table_to_sql(tab->def, &definition);
        buf_addc(&sql, ';');
        ledger_sql_definition(&g->ledger, &sql, tab->id, &g->start, buf_str(&definition));
    }
    bool fine = engine_fenced(g, &sql, e);
    buf_release(&sql);
    buf_release(&definition);
    return fine;
}

static void guess_sizes(struct engine *g)
{
    MYSQL_RES *res;
    struct err ignored = {0};
    struct places p = {0};
    conn_execf(&g->look, &ignored, "SET SESSION information_schema_stats_expiry = 0"); /* MySQL 8 fills a cache else, slowly */
    err_clear(&ignored);
    if (!conn_query(&g->look, "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_ROWS, DATA_LENGTH FROM information_schema.TABLES"
                              " WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA NOT IN"
                              " ('mysql','sys','information_schema','performance_schema')", &res, &ignored))
        return;
    pthread_mutex_lock(&g->tabs.lock);
    for (uint32_t i = 0; i < g->tabs.n; i++)
        if (g->tabs.list[i]->def)
            places_add(&p, g->tabs.list[i]->def->schema, g->tabs.list[i]->def->name, g->tabs.list[i]);
    places_sort(&p);
    for (MYSQL_ROW r; (r = mysql_fetch_row(res)) != NULL;) {
        struct tab *tab = places_find(&p, r[0], r[1]);
        if (tab) {
            tab->rows_guess = r[2] ? strtoull(r[2], NULL, 10) : 0;
            tab->bytes_guess = r[3] ? strtoull(r[3], NULL, 10) : 0;
        }
    }
    pthread_mutex_unlock(&g->tabs.lock);
    places_release(&p);
    mysql_free_result(res);
}

static void begin_table(struct engine *g, struct table *def)
{
    job_route_table(g->job, def);
    struct tab *tab = engine_add_tab(g, def, 0);
    for (uint32_t k = 0; k < def->nfks; k++)
        if (def->fks[k].on_delete_acts || def->fks[k].on_update_acts) {
            log_event(LOG_WARN, "engine", tab->label, "TG-5204",
                      "foreign key %s cascades; this version stops when the source makes use of it", def->fks[k].name);
            break;
        }
}

static bool begin_tables(struct engine *g, struct schema_list *l, struct err *e)
{
    bool *is_there = x_alloc(l->n + 1);
    for (uint32_t i = 0; i < l->n; i++)
        begin_table(g, table_hold(l->tables[i]));
    bool fine = engine_check_routes(g, e) && engine_look_at_target(g, is_there, e) && engine_check_collisions(g, is_there, e) &&
                engine_make_tables(g, l, is_there, e);
    free(is_there);
    return fine;
}

/* Where the first transaction stands that is sent, or where the stream stands when there is none yet. */
static bool look_for_start(void *arg, const struct binlog_event *ev)
{
    struct engine *g = arg;
    bool found = (ev->kind == BINLOG_GTID || ev->kind == BINLOG_HEARTBEAT) && pos_is_set(&ev->end);
    if (found)
        g->start = ev->kind == BINLOG_GTID ? ev->start : ev->end;
    return !found;
}

static bool position_of_gtids(struct engine *g, const struct gtid_set *set, struct err *e)
{
    struct binlog_start s = {.gtid = set, .heartbeat_ms = 500};
    return binlog_walk(&g->source, &s, look_for_start, g, e) || err_wrap(e, "while looking for the start by GTID");
}

/* The set a job starts behind; g->skip keeps it for the whole run, whatever position the stream is opened at. */
static bool parse_skip(struct engine *g, const char *gtids, struct err *e)
{
    if (!gtids || !gtids[0])
        return true;
    g->skip = gtid_new(g->source_server.flavour == DB_MARIADB);
    return gtid_parse(g->skip, gtids, e);
}

static bool start_from_job(struct engine *g, struct err *e)
{
    const struct job_end *s = g->source_job;
    if (job_starts_by_file(s)) {
        snprintf(g->start.file, sizeof g->start.file, "%s", s->start_file);
        g->start.at = (uint64_t)TG_MAX(s->start_pos, 4);
        return true;
    }
    return parse_skip(g, s->start_gtid, e) && (!g->skip || position_of_gtids(g, g->skip, e));
}

/* Tables of an incremental run are there already and hold rows. */
static bool begin_incremental(struct engine *g, struct schema_list *l, struct err *e)
{
    bool fine = start_from_job(g, e), *is_there = x_alloc(l->n + 1);
    for (uint32_t i = 0; fine && i < l->n; i++) {
        struct table *def = table_hold(l->tables[i]);
        job_route_table(g->job, def);
        struct tab *tab = engine_add_tab(g, def, 0);
        engine_set_copy(g, tab, TAB_COMPLETE, &g->start);
        is_there[i] = true;
    }
    fine = fine && engine_check_routes(g, e) && engine_make_tables(g, l, is_there, e);
    free(is_there);
    return fine;
}

/* A start that was cut short before its last step has left rows of tables that may be others by now. */
static bool forget_begun(struct engine *g, struct err *e)
{
    static const char *const tables[] = {"tab", "definition", "chunk", "applied", "part", "ddl", "quarantine", "note"};
    struct buf sql = {0};
    for (size_t i = 0; i < TG_ARRAY_LEN(tables); i++) {
        buf_addf(&sql, "%sDELETE FROM " LEDGER_SCHEMA ".%s WHERE run = ", i ? ";" : "", tables[i]);
        sql_z(&sql, g->ledger.run);
        buf_adds(&sql, " AND source = ");
        sql_z(&sql, g->ledger.source);
    }
    buf_adds(&sql, " AND kind <> '" NOTE_MAKING "'"); /* of the last one, note: which tables are our own */
    fail_point("forget.before");
    bool fine = engine_fenced(g, &sql, e);
    fail_point("forget.after");
    buf_release(&sql);
    return fine;
}

static void set_began(struct engine *g, int64_t ms)
{
    pthread_mutex_lock(&g->lock);
    g->began_ms = ms;
    pthread_mutex_unlock(&g->lock);
}

/* The defaults of schemas, and when the run began. */
static bool write_first(struct engine *g, struct err *e)
{
    struct buf sql = {0}, text = {0};
    char began[32];
    schema_defaults_print(g->schemas, &text);
    ledger_sql_definition(&g->ledger, &sql, LEDGER_SCHEMAS, &g->start, buf_str(&text));
    snprintf(began, sizeof began, "%lld", (long long)g->started_ms);
    buf_addc(&sql, ';');
    ledger_sql_note(&g->ledger, &sql, NOTE_BEGAN, "", began);
    set_began(g, g->started_ms);
    bool fine = engine_fenced(g, &sql, e);
    buf_release(&sql);
    buf_release(&text);
    return fine;
}

bool engine_begin_new(struct engine *g, struct err *e)
{
    struct schema_list tables = {0};
    struct buf job = {0};
    bool fine = forget_begun(g, e) && engine_note_checks(g, e) && read_catalogue(g, &tables, e);
    if (fine && g->job->mode == MODE_INCREMENTAL)
        fine = begin_incremental(g, &tables, e);
    else
        fine = fine && begin_tables(g, &tables, e);
    schema_list_release(&tables);
    fine = fine && write_first(g, e) && engine_settle_filters(g, e);
    job_emit(g->job, &job);
    fine = fine && ledger_begin(&g->ledger, &g->control, job.p, g->source_server.uuid, &g->start,
                                g->skip ? g->source_job->start_gtid : NULL, e);
    buf_release(&job);
    if (fine) {
        char at[96];
        ledger_state_release(&g->found);
        fine = ledger_read(&g->ledger, &g->control, &g->found, e);
        log_event(LOG_INFO, "engine", "", "", "new run: %u tables, binlog from %s", g->tabs.n, pos_text(&g->start, at));
        guess_sizes(g);
    }
    return fine;
}

/* ---- again ---- */

/* The definition that held at the mark, or NULL when the table did not exist then. */
static const struct ledger_definition *definition_at_mark(const struct engine *g, uint32_t id)
{
    const struct ledger_definition *best = NULL;
    for (size_t i = 0; i < g->found.ndefinitions; i++) {
        const struct ledger_definition *d = &g->found.definitions[i];
        if (d->table_id == id && pos_cmp(&d->from, &g->found.mark) <= 0)
            best = d;
    }
    return best;
}

static bool restore_tab(struct engine *g, const struct ledger_tab *t, struct err *e)
{
    struct ddl_context cx = ddl_context_of(&g->source_server, str_of(t->names[0]));
    const struct ledger_definition *d = definition_at_mark(g, t->id), *last = d;
    bool is_dropped = strcmp(t->state, "dropped") == 0;
    for (size_t i = 0; i < g->found.ndefinitions; i++)
        if (g->found.definitions[i].table_id == t->id)
            last = &g->found.definitions[i];
    if (!d || (is_dropped && last == d)) {
        g->tabs.next_id = TG_MAX(g->tabs.next_id, t->id + 1);
        return true; /* created after the mark: the stream brings it; or dropped before it */
    }
    struct table *def = table_from_sql(d->sql, strlen(d->sql), &cx, e);
    if (!def)
        return err_wrap(e, "definition of %s.%s in the ledger", t->names[0], t->names[1]);
    job_route_table(g->job, def);
    struct tab *tab = engine_add_tab(g, def, t->id);
    enum tab_copy copy;
    if (is_dropped || !tab_copy_parse(t->state, &copy))
        copy = TAB_COMPLETE;
    if (copy == TAB_COMPLETE)
        copy_count_found(tab, &g->found);
    engine_set_copy(g, tab, copy, &t->end);
    return true;
}

static void told_began(void *arg, const char *kind, const char *name, const char *text)
{
    (void)kind;
    (void)name;
    set_began(arg, strtoll(text, NULL, 10));
}

bool engine_begin_again(struct engine *g, struct err *e)
{
    char at[96];
    g->start = g->found.mark;
    if (!parse_skip(g, g->found.mark_gtids, e) || !ledger_read_notes(&g->ledger, &g->control, NOTE_BEGAN, told_began, g, e))
        return false;
    const struct ledger_definition *schemas = definition_at_mark(g, LEDGER_SCHEMAS);
    g->schemas = schemas ? schema_defaults_parse(schemas->sql) : schema_defaults_read(&g->look, e);
    if (!g->schemas)
        return false;
    for (size_t i = 0; i < g->found.ntabs; i++)
        if (!restore_tab(g, &g->found.tabs[i], e))
            return false;
    if (!engine_recall_wishes(g, e) || !engine_recall_existing(g, e) || !engine_recall_keys(g, e) || !engine_recall_filters(g, e) ||
        !engine_settle_filters(g, e))
        return false;
    guess_sizes(g);
    log_event(LOG_INFO, "engine", "", "", "the run goes on: %zu tables, %zu chunks done, binlog from %s",
              g->found.ntabs, g->found.nchunks, pos_text(&g->start, at));
    return true;
}
