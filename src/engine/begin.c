// SPDX-License-Identifier: Apache-2.0
/* How a run begins: new (position, catalogue, tables at the target) or again (everything from the ledger), then the
 * tables without a key, then the stages. */
#include "engine/private.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- new ---- */

static bool has_ddl_for_us(struct engine *g, const struct binlog_event *ev)
{
    struct ddl d;
    struct err e = {0};
    struct ddl_context cx = {.ansi_quotes = ev->query.ansi_quotes,
                             .no_backslash_escapes = ev->query.no_backslash_escapes,
                             .is_mariadb = g->source_server.flavour == DB_MARIADB,
                             .version = g->source_server.version};
    snprintf(cx.schema, sizeof cx.schema, STR_FMT, STR_ARG(ev->query.schema));
    if (!ddl_parse(&d, ev->query.sql.p, ev->query.sql.n, &cx, &e))
        return true;
    bool ours = d.kind == DDL_UNKNOWN;
    for (uint32_t i = 0; i < d.nnames; i++)
        ours = ours || (d.names[i].schema && job_wants(g->job, d.names[i].schema, d.names[i].table));
    ddl_release(&d);
    return ours;
}

/* Whether a DDL on our tables stands in the binlog between the two positions. */
static bool ddl_between(struct engine *g, const struct pos *from, const struct pos *to, bool *found, struct err *e)
{
    struct binlog_start s = {.pos = *from, .server_id = (uint32_t)(tg_random64() | 0x40000000u), .heartbeat_ms = 1000};
    struct binlog *b = binlog_open(&g->source, &s, e);
    struct binlog_decoder *d = decoder_new(g->source_server.flavour == DB_MARIADB);
    bool fine = b != NULL, is_over = false;
    *found = false;
    while (fine && !is_over && !*found) {
        struct binlog_raw *raw = NULL;
        struct binlog_event ev = {0};
        fine = binlog_fetch(b, &raw, e) && decoder_feed(d, raw, &ev, e);
        if (fine && ev.kind == BINLOG_QUERY && !ev.is_artificial)
            *found = has_ddl_for_us(g, &ev);
        is_over = fine && pos_cmp(&ev.end, to) >= 0;
        free(raw);
    }
    decoder_free(d);
    binlog_close(b);
    return fine;
}

/* P0, the catalogue, and proof that the catalogue is that of P0. */
static bool read_catalogue(struct engine *g, struct schema_list *tables, struct err *e)
{
    for (int tries = 0; tries < 10; tries++) {
        struct pos after;
        bool changed = false;
        if (!source_position(&g->look, &g->start, e) || !engine_start_checks(g, tables, e) ||
            !source_position(&g->look, &after, e))
            return false;
        if (pos_cmp(&g->start, &after) != 0 && !ddl_between(g, &g->start, &after, &changed, e))
            return false;
        if (!changed)
            return true;
        schema_list_release(tables);
        log_event(LOG_INFO, "engine", "", "", "tables were changed while they were read; reading them again");
    }
    return err_set(e, ERR_SOURCE_QUERY, "tables are changed all the time; start again in a quieter moment");
}

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

static struct tab *add_tab(struct engine *g, struct table *def, uint32_t id)
{
    struct tab *tab = tabs_add(&g->tabs, def, id);
    tab->is_bag = g->control.server.flavour == DB_TIDB;
    return tab;
}

static void ledger_tab(struct engine *g, struct buf *out, const struct tab *tab, const char *state)
{
    const char *names[4] = {tab->def->schema, tab->def->name, tab->def->target_schema, tab->def->target_name};
    if (out->n)
        buf_addc(out, ';');
    ledger_sql_tab(&g->ledger, out, tab->id, names, state, &tab->end);
}

static bool write_tab(struct engine *g, struct tab *tab, bool with_definition, struct err *e)
{
    struct buf sql = {0}, definition = {0};
    ledger_tab(g, &sql, tab, tab_copy_name(tab->copy));
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
    if (!conn_query(&g->look, "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_ROWS, DATA_LENGTH FROM information_schema.TABLES"
                              " WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA NOT IN"
                              " ('mysql','sys','information_schema','performance_schema')", &res, &ignored))
        return;
    for (MYSQL_ROW r; (r = mysql_fetch_row(res)) != NULL;) {
        pthread_mutex_lock(&g->tabs.lock);
        struct tab *tab = tabs_find(&g->tabs, r[0], r[1]);
        if (tab) {
            tab->rows_guess = r[2] ? strtoull(r[2], NULL, 10) : 0;
            tab->bytes_guess = r[3] ? strtoull(r[3], NULL, 10) : 0;
        }
        pthread_mutex_unlock(&g->tabs.lock);
    }
    mysql_free_result(res);
}

static bool begin_table(struct engine *g, struct schema_list *l, uint32_t i, struct err *e)
{
    struct table *def = table_hold(l->tables[i]);
    route_table(g, def);
    struct tab *tab = add_tab(g, def, 0);
    for (uint32_t k = 0; k < def->nfks; k++)
        if (def->fks[k].on_delete_acts || def->fks[k].on_update_acts) {
            log_event(LOG_WARN, "engine", tab->label, "TG-5204",
                      "foreign key %s cascades; this version stops when the source makes use of it", def->fks[k].name);
            break;
        }
    return engine_target_table(g, tab, l->create_sql[i], e) && write_tab(g, tab, true, e);
}

/* Where the first transaction stands that is not in the set, or where the stream stands when there is none yet. */
static bool position_of_gtids(struct engine *g, const struct gtid_set *set, struct err *e)
{
    struct binlog_start s = {.gtid = set, .server_id = (uint32_t)(tg_random64() | 0x40000000u), .heartbeat_ms = 500};
    struct binlog *b = binlog_open(&g->source, &s, e);
    struct binlog_decoder *d = decoder_new(g->source_server.flavour == DB_MARIADB);
    bool fine = b != NULL, found = false;
    while (fine && !found) {
        struct binlog_raw *raw = NULL;
        struct binlog_event ev = {0};
        fine = binlog_fetch(b, &raw, e) && decoder_feed(d, raw, &ev, e);
        found = fine && (ev.kind == BINLOG_GTID || ev.kind == BINLOG_HEARTBEAT) && pos_is_set(&ev.end);
        if (found)
            g->start = ev.kind == BINLOG_GTID ? ev.start : ev.end;
        free(raw);
    }
    decoder_free(d);
    binlog_close(b);
    return fine || err_wrap(e, "while looking for the start by GTID");
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
    if (s->start_file && s->start_file[0] && !s->enable_gtid) {
        snprintf(g->start.file, sizeof g->start.file, "%s", s->start_file);
        g->start.at = (uint64_t)TG_MAX(s->start_pos, 4);
        return true;
    }
    return parse_skip(g, s->start_gtid, e) && (!g->skip || position_of_gtids(g, g->skip, e));
}

/* Tables of an incremental run are there already and hold rows. */
static bool begin_incremental(struct engine *g, struct schema_list *l, struct err *e)
{
    bool fine = start_from_job(g, e);
    for (uint32_t i = 0; fine && i < l->n; i++) {
        struct table *def = table_hold(l->tables[i]);
        route_table(g, def);
        struct tab *tab = add_tab(g, def, 0);
        tab->copy = TAB_COMPLETE;
        tab->end = g->start;
        fine = write_tab(g, tab, true, e);
    }
    return fine;
}

/* A start that was cut short before its last step has left rows of tables that may be others by now. */
static bool forget_begun(struct engine *g, struct err *e)
{
    static const char *const tables[] = {"tab", "definition", "chunk", "applied", "ddl"};
    struct buf sql = {0};
    for (size_t i = 0; i < TG_ARRAY_LEN(tables); i++) {
        buf_addf(&sql, "%sDELETE FROM " LEDGER_SCHEMA ".%s WHERE run = ", i ? ";" : "", tables[i]);
        sql_z(&sql, g->ledger.run);
        buf_adds(&sql, " AND source = ");
        sql_z(&sql, g->ledger.source);
    }
    bool fine = engine_fenced(g, &sql, e);
    buf_release(&sql);
    return fine;
}

bool engine_begin_new(struct engine *g, struct err *e)
{
    struct schema_list tables = {0};
    struct buf job = {0};
    bool fine = forget_begun(g, e) && read_catalogue(g, &tables, e);
    if (fine && g->job->mode == MODE_INCREMENTAL)
        fine = begin_incremental(g, &tables, e);
    for (uint32_t i = 0; fine && g->job->mode != MODE_INCREMENTAL && i < tables.n; i++)
        fine = begin_table(g, &tables, i, e);
    schema_list_release(&tables);
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
    struct ddl_context cx = {.is_mariadb = g->source_server.flavour == DB_MARIADB, .version = g->source_server.version};
    const struct ledger_definition *d = definition_at_mark(g, t->id), *last = d;
    bool is_dropped = strcmp(t->state, "dropped") == 0;
    for (size_t i = 0; i < g->found.ndefinitions; i++)
        if (g->found.definitions[i].table_id == t->id)
            last = &g->found.definitions[i];
    if (!d || (is_dropped && last == d)) {
        g->tabs.next_id = TG_MAX(g->tabs.next_id, t->id + 1);
        return true; /* created after the mark: the stream brings it; or dropped before it */
    }
    snprintf(cx.schema, sizeof cx.schema, "%s", t->names[0]);
    struct table *def = table_from_sql(d->sql, strlen(d->sql), &cx, e);
    if (!def)
        return err_wrap(e, "definition of %s.%s in the ledger", t->names[0], t->names[1]);
    route_table(g, def);
    struct tab *tab = add_tab(g, def, t->id);
    tab->end = t->end;
    if (is_dropped || !tab_copy_parse(t->state, &tab->copy))
        tab->copy = TAB_COMPLETE;
    return true;
}

bool engine_begin_again(struct engine *g, struct err *e)
{
    char at[96];
    g->start = g->found.mark;
    if (!parse_skip(g, g->found.mark_gtids, e))
        return false;
    for (size_t i = 0; i < g->found.ntabs; i++)
        if (!restore_tab(g, &g->found.tabs[i], e))
            return false;
    guess_sizes(g);
    log_event(LOG_INFO, "engine", "", "", "the run goes on: %zu tables, %zu chunks done, binlog from %s",
              g->found.ntabs, g->found.nchunks, pos_text(&g->start, at));
    return true;
}

/* ---- tables without a key ---- */

static void submit(void *arg, struct batch *b)
{
    struct engine *g = arg;
    pthread_mutex_lock(&g->lock);
    while (g->is_paused && !cancel_is_set(g->cancel))
        pthread_cond_wait(&g->changed, &g->lock);
    pthread_mutex_unlock(&g->lock);
    apply_submit(g->apply, b);
}

static bool is_hungry(void *arg)
{
    struct engine *g = arg;
    return apply_is_hungry(g->apply);
}

static bool may_read(void *arg)
{
    struct engine *g = arg;
    pthread_mutex_lock(&g->lock);
    bool may = !g->is_paused && g->snap->lag.seconds <= 5;
    pthread_mutex_unlock(&g->lock);
    return may;
}

static struct window *window_open_port(void *arg, struct tab *tab, struct buf *gtids)
{
    struct engine *g = arg;
    return follow_open(g->follow, tab, gtids);
}

static void window_give_port(void *arg, struct window *w, const struct pos *high)
{
    struct engine *g = arg;
    follow_give(g->follow, w, high);
}

static void window_abandon_port(void *arg, struct window *w)
{
    struct engine *g = arg;
    follow_abandon(g->follow, w);
}

static void copy_options_fill(struct engine *g, struct copy_options *o)
{
    static const uint32_t readers[] = {[PACE_GENTLE] = 2, [PACE_NORMAL] = 4, [PACE_FAST] = 8};
    *o = (struct copy_options){
        .found = &g->found, .source = &g->source, .server = g->source_server, .tabs = &g->tabs,
        .budget = g->copy_budget, .cancel = g->cancel, .ask = {g, engine_ask, engine_fatal},
        .windows = {g, window_open_port, window_give_port, window_abandon_port},
        .sequence = {g, submit, is_hungry}, .may_read = may_read, .may_arg = g,
        .readers = g->job->readers > 0 ? (uint32_t)g->job->readers : readers[g->job->pace],
        .chunk_bytes = (size_t)g->job->chunk_bytes, .count = &g->copy_count};
}

/* From the beginning: whatever an unfinished copy left is emptied first. */
static bool copy_anew(struct engine *g, struct tab *tab, struct err *e)
{
    struct copy_options o;
    struct buf sql = {0};
    bool was_begun = tab->copy != TAB_PLANNED;
    copy_options_fill(g, &o);
    atomic_store(&tab->count.rows_read, 0);
    atomic_store(&tab->count.bytes_read, 0);
    atomic_store(&tab->count.rows_loaded, 0);
    atomic_store(&tab->count.bytes_loaded, 0);
    tab->copy = was_begun ? TAB_EMPTYING : TAB_COPYING;
    ledger_tab(g, &sql, tab, tab_copy_name(tab->copy));
    buf_addc(&sql, ';');
    ledger_sql_forget_chunks(&g->ledger, &sql, tab->id);
    bool fine = engine_fenced(g, &sql, e);
    buf_reset(&sql);
    if (fine && was_begun) {
        buf_adds(&sql, "TRUNCATE TABLE ");
        sql_table(&sql, tab->def->target_schema, tab->def->target_name);
        tab->copy = TAB_COPYING;
        fine = engine_fenced_ddl(g, buf_str(&sql), e) && write_tab(g, tab, false, e);
    }
    buf_release(&sql);
    if (!fine || !copy_keyless(&o, tab, &tab->end, e))
        return false;
    if (!apply_drain(g->apply))
        return err_set(e, ERR_CANCELLED, "while copying %s", tab->label);
    tab->copy = TAB_COMPLETE;
    return write_tab(g, tab, false, e);
}

/* Marks text columns whose collation at the target holds no more values equal than the source's does. */
static bool is_exact(const char *source, const char *target)
{
    size_t n = strlen(target);
    bool is_bin = n > 4 && strcmp(target + n - 4, "_bin") == 0 && !strstr(target, "0900");
    return strcmp(source, target) == 0 || (is_bin && !strstr(source, "0900") && !strstr(source, "nopad"));
}

static void compare_collations(struct engine *g)
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

/* A connection that is lost on the way costs the snapshot, not the run. */
static bool copy_until_whole(struct engine *g, struct tab *tab, struct err *e)
{
    for (unsigned tries = 0; !copy_anew(g, tab, e); tries++) {
        bool passes = err_is_lost(e) || e->code == ERR_SOURCE_CONNECT || e->code == ERR_NET_RESOLVE;
        if (!passes || cancel_wait(g->cancel, (int64_t)TG_MIN(100u << TG_MIN(tries, 7u), 10000u)) || !apply_drain(g->apply))
            return false;
        log_event(LOG_WARN, "copy", tab->label, err_info(e->code)->id, "%s; it is copied anew", e->text);
        err_clear(e);
    }
    return true;
}

bool engine_copy_keyless(struct engine *g, struct err *e)
{
    compare_collations(g);
    for (uint32_t i = 0; i < g->tabs.n; i++) {
        struct tab *tab = g->tabs.list[i];
        if (!tab->def || !tab->is_keyless || tab->copy == TAB_COMPLETE)
            continue;
        log_event(LOG_INFO, "copy", tab->label, "", "has no usable key: copied first, in one snapshot");
        if (!copy_until_whole(g, tab, e))
            return false;
    }
    return true;
}

/* ---- stages ---- */

static void chunk_back(void *arg, struct chunk *k)
{
    struct engine *g = arg;
    copy_back(g->copy, k);
}

static void chunk_entered(void *arg, struct tab *tab, struct batch *b)
{
    (void)arg;
    (void)b;
    if (tab->copy == TAB_COMPLETE)
        log_event(LOG_INFO, "copy", tab->label, "", "read wholly: %llu rows",
                  (unsigned long long)atomic_load(&tab->count.rows_read));
}

/* GTIDs that may be in the binlog already: first those that are on their way, then those that are executed. */
static bool read_gtids(struct engine *g, struct err *e)
{
    enum { SIZE = 1 << 20 };
    char *text = x_alloc(SIZE);
    gtid_free(g->gtids);
    struct gtid_set *s = g->gtids = gtid_new(false);
    bool fine = g->look.my || conn_open_source(&g->look, &g->source, 30, e);
    fine = fine && conn_value(&g->look, "SELECT @@global.gtid_owned", text, SIZE, e);
    if (fine) {
        for (char *p = strchr(text, '#'); p; p = strchr(p, '#')) { /* uuid:number#thread */
            size_t n = strspn(p + 1, "0123456789") + 1;
            memmove(p, p + n, strlen(p + n) + 1);
        }
        fine = gtid_parse(s, text, e);
    }
    fine = fine && conn_value(&g->look, "SELECT @@global.gtid_executed", text, SIZE, e) && gtid_parse(s, text, e);
    if (fine && strlen(text) == SIZE - 1)
        fine = err_set(e, ERR_SOURCE_QUERY, "gtid_executed is longer than %d bytes", SIZE);
    free(text);
    return fine || err_wrap(e, "while reading which transactions are in the binlog");
}

static bool gtids_before(struct engine *g, struct err *e)
{
    while (!read_gtids(g, e)) {
        bool passes = err_is_lost(e) || e->code == ERR_SOURCE_CONNECT || e->code == ERR_NET_RESOLVE;
        conn_close(&g->look);
        if (!passes || cancel_wait(g->cancel, 500))
            return false;
        log_event(LOG_WARN, "engine", "", err_info(e->code)->id, "%s; once more", e->text);
        err_clear(e);
    }
    return true;
}

bool engine_start_stages(struct engine *g, struct err *e)
{
    struct follow_options f = {
        .ledger = &g->ledger, .found = &g->found, .source = &g->source, .server = g->source_server, .start = g->start, .skip = g->skip,
        .server_id = g->source_job->server_id ? (uint32_t)g->source_job->server_id
                                              : (uint32_t)(429496729u + tg_random64() % 100000u),
        .tabs = &g->tabs, .marks = g->marks, .budget = g->stream_budget, .cancel = g->cancel,
        .ask = {g, engine_ask, engine_fatal}, .sequence = {g, submit, is_hungry},
        .chunks = {g, chunk_back, chunk_entered}, .job = g->job, .dialect = &g->dialect,
        .collations = g->collations, .count = &g->follow_count, .seen_limit = (size_t)8 << 20};
    struct copy_options c;
    if (g->source_server.flavour == DB_MYSQL && g->source_server.has_gtid && !gtids_before(g, e))
        return false;
    copy_options_fill(g, &c);
    g->copy = copy_new(&c); /* first: where each copy ends decides how the stream writes */
    g->follow = follow_new(&f, g->gtids);
    copy_start(g->copy);
    return true;
}
