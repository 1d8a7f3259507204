// SPDX-License-Identifier: Apache-2.0
/* The road without a stream (DESIGN 4.3): mode full from a source without a binlog, or because the job says so. Readers
 * share one set of snapshots, chunks go into the sequence as they are read, and the comparison at the end uses the same
 * snapshots, so that it holds whatever was written since. Nothing outlives the set: after a restart, or when its last
 * connection is gone, rows that are copied belong to a moment that nobody can read any more, and every table is copied
 * anew. Only a person who says that nobody writes can keep them; then the comparison is made with the source as it is. */
#include "engine/private.h"

#include "base/text.h"

#include <stdlib.h>

static const char FILE_NAME[] = "snapshot.000001";

void engine_snapshot_start(struct pos *out)
{
    *out = (struct pos){.at = 1};
    memcpy(out->file, FILE_NAME, sizeof FILE_NAME);
}

bool engine_is_of_snapshot(const struct pos *p)
{
    return strcmp(p->file, FILE_NAME) == 0;
}

/* HOLD_LOCK can't be had: what now? false: the run stops. */
static bool ask_hold(struct engine *g, const struct err *why)
{
    static const struct ask_choice choices[] = {
        {"retry", N_("Try again (nothing is lost)")},
        {"one-reader", N_("Read with one connection: consistent without a lock, but slower")},
        {"writes-stopped", N_("Nobody has written to the source since this run began, and nobody will until it ends")},
        {"stop", N_("Stop the run; it can be resumed")}};
    const char *choice = engine_ask(g, why, "", choices, TG_ARRAY_LEN(choices));
    if (!choice)
        return false;
    if (strcmp(choice, "stop") == 0)
        engine_fatal(g, why);
    else if (strcmp(choice, "one-reader") == 0)
        g->hold = HOLD_ONE_READER;
    else if (strcmp(choice, "writes-stopped") == 0)
        g->hold = HOLD_STOPPED;
    return strcmp(choice, "stop") != 0;
}

static bool open_set(struct engine *g, struct err *e)
{
    struct copy_options o;
    struct table **defs = x_alloc((g->tabs.n + 1) * sizeof *defs);
    uint32_t n = 0;
    for (uint32_t i = 0; i < g->tabs.n; i++)
        if (g->tabs.list[i]->def)
            defs[n++] = g->tabs.list[i]->def;
    engine_copy_options(g, &o);
    while ((g->set = copy_set_open(&o, g->hold, defs, n, e)) == NULL) {
        if (e->code != ERR_SOURCE_SNAPSHOT || !ask_hold(g, e))
            break;
        err_clear(e);
    }
    free(defs);
    return g->set != NULL;
}

/* The catalogue was read before the snapshots were opened, or by an earlier engine. What it says now holds for the
 * snapshots if it says the same as then; a change that is still to come ends the SELECT that meets it (1412). */
static bool hold_catalogue(struct engine *g, struct err *e)
{
    struct schema_list l = {0};
    uint32_t known = 0;
    if (!g->look.my && !conn_open_source(&g->look, &g->source, 30, e))
        return false;
    bool fine = schema_read(&l, &g->look, job_wants_port, g->job, NULL, e);
    for (uint32_t i = 0; i < g->tabs.n; i++)
        known += g->tabs.list[i]->def != NULL;
    for (uint32_t i = 0; i < l.n && fine; i++) {
        pthread_mutex_lock(&g->tabs.lock);
        struct tab *tab = tabs_find(&g->tabs, l.tables[i]->schema, l.tables[i]->name);
        pthread_mutex_unlock(&g->tabs.lock);
        if (!tab || !table_equal(tab->def, l.tables[i]))
            fine = err_set(e, ERR_SOURCE_CHANGED, tab ? "%s.%s is another" : "%s.%s is new", l.tables[i]->schema, l.tables[i]->name);
    }
    if (fine && known != l.n)
        fine = err_set(e, ERR_SOURCE_CHANGED, "%u of %u tables are gone", known - l.n, known);
    schema_list_release(&l);
    return fine;
}

/* Rows of another moment go. A table whose ledger shows no chunk holds none. */
static bool empty_tables(struct engine *g, struct err *e)
{
    uint32_t emptied = 0;
    bool keeps = g->hold == HOLD_STOPPED;
    ledger_state_release(&g->found);
    if (!ledger_read(&g->ledger, &g->control, &g->found, e))
        return false;
    for (uint32_t i = 0; i < g->tabs.n; i++) {
        struct tab *tab = g->tabs.list[i];
        bool has_rows = tab->copy == TAB_EMPTYING;
        for (size_t k = 0; k < g->found.nchunks && !has_rows; k++)
            has_rows = g->found.chunks[k].table_id == tab->id;
        if (!tab->def || !has_rows || (keeps && !tab->is_keyless && tab->copy != TAB_EMPTYING))
            continue;
        if (!engine_empty_tab(g, tab, true, e))
            return false;
        emptied++;
    }
    if (!emptied)
        return true;
    log_event(LOG_WARN, "copy", "", "", "%u tables held rows of an earlier snapshot: emptied, they are copied anew", emptied);
    ledger_state_release(&g->found);
    return ledger_read(&g->ledger, &g->control, &g->found, e);
}

void engine_snapshot_end(struct engine *g)
{
    copy_stop(g->copy);
    copy_free(g->copy);
    g->copy = NULL;
    copy_set_close(g->set);
    g->set = NULL;
}

static void begin_anew(struct engine *g)
{
    copy_set_close(g->set);
    g->set = NULL;
    for (uint32_t i = 0; i < g->tabs.n; i++) {
        struct tab *tab = g->tabs.list[i];
        pthread_mutex_lock(&g->tabs.lock);
        tab->copy = tab->copy == TAB_EMPTYING ? TAB_EMPTYING : TAB_COPYING;
        pthread_mutex_unlock(&g->tabs.lock);
        atomic_store(&tab->count.rows_read, 0);
        atomic_store(&tab->count.bytes_read, 0);
        atomic_store(&tab->count.rows_loaded, 0);
        atomic_store(&tab->count.bytes_loaded, 0);
    }
}

bool engine_snapshot_open(struct engine *g, struct err *e)
{
    struct patience p = {100, 10000, 0};
    if (!apply_drain(g->apply))
        return err_set(e, ERR_CANCELLED, "before the snapshots");
    engine_compare_collations(g);
    for (;;) {
        begin_anew(g);
        if (open_set(g, e) && hold_catalogue(g, e) && empty_tables(g, e))
            return true;
        if (!source_comes_back(e) || !patience_wait(&p, g->cancel))
            return false;
        log_event(LOG_WARN, "copy", "", err_info(e->code)->id, "%s; the snapshots are opened anew", e->text);
        conn_close(&g->look);
        err_clear(e);
    }
}

void engine_snapshot_read(struct engine *g)
{
    struct copy_options o;
    engine_copy_options(g, &o);
    g->copy = copy_new(&o);
    copy_start(g->copy);
}

uint32_t engine_snapshot_conns(struct engine *g, struct conn **out, uint32_t n)
{
    return g->set && g->hold != HOLD_STOPPED ? copy_set_conns(g->set, out, n) : 0;
}

bool engine_drop_snapshots(struct engine *g, struct err *e)
{
    struct conn *one;
    if (!source_comes_back(e) || !engine_snapshot_conns(g, &one, 1))
        return false;
    log_event(LOG_WARN, "verify", "", err_info(e->code)->id, "%s; compared with the source as it is", e->text);
    err_clear(e);
    copy_set_close(g->set); /* its readers have nothing left to read */
    g->set = NULL;
    return true;
}
