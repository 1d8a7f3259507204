// SPDX-License-Identifier: Apache-2.0
/* The stages of a run plugged together: what copy and follow are given, and the ports by which they meet. */
#include "engine/private.h"

#include <stdio.h>
#include <stdlib.h>

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
    bool may = !g->is_paused && g->snap->lag.seconds <= STREAM_FIRST_S && !g->pace.owes;
    pthread_mutex_unlock(&g->lock);
    return may && apply_has_room(g->apply);
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

void engine_copy_options(struct engine *g, struct copy_options *o)
{
    pthread_mutex_lock(&g->lock);
    size_t chunk_bytes = (size_t)g->job->chunk_bytes;
    uint32_t readers = g->pace.view.readers;
    pthread_mutex_unlock(&g->lock);
    *o = (struct copy_options){
        .found = &g->found, .source = &g->source, .server = g->source_server, .tabs = &g->tabs,
        .budget = g->copy_budget, .cancel = g->cancel, .ask = {g, engine_ask, engine_fatal},
        .windows = {g, window_open_port, window_give_port, window_abandon_port},
        .sequence = {g, submit, is_hungry}, .quiet = {g, engine_is_quiet}, .set = g->set, .set_at = g->start,
        .may_read = may_read, .may_arg = g,
        .readers = readers, .chunk_bytes = chunk_bytes, .count = &g->copy_count};
}

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

/* tabs.lock is held. */
static void table_anew(void *arg, struct tab *tab, struct batch *b)
{
    struct engine *g = arg;
    atomic_store(&tab->count.rows_read, 0);
    atomic_store(&tab->count.bytes_read, 0);
    engine_emptied_ledger(g, &b->ddl.ledger, tab);
    copy_anew(g->copy, tab);
}

static bool read_gtids(struct engine *g, struct err *e)
{
    gtid_free(g->gtids);
    g->gtids = gtid_new(false);
    return (g->look.my || conn_open_source(&g->look, &g->source, 30, e)) && source_gtids(&g->look, g->gtids, e);
}

static bool gtids_before(struct engine *g, struct err *e)
{
    struct patience patience = {100, 5000, 0};
    while (!read_gtids(g, e)) {
        bool passes = source_comes_back(e);
        conn_close(&g->look);
        if (!passes || !patience_wait(&patience, g->cancel))
            return false;
        log_event(LOG_WARN, "engine", "", err_info(e->code)->id, "%s; once more", e->text);
        err_clear(e);
    }
    return true;
}

static bool source_end(void *arg, struct pos *out, struct err *e)
{
    struct engine *g = arg;
    struct conn c = {0};
    bool fine = conn_open_source(&c, &g->source, 30, e) && source_position(&c, out, e);
    conn_close(&c);
    return fine;
}

bool engine_start_stages(struct engine *g, struct err *e)
{
    struct follow_options f = {
        .ledger = &g->ledger, .found = &g->found, .source = &g->source, .server = g->source_server, .start = g->start, .skip = g->skip,
        .clock_offset_ms = g->clock_offset_ms, .server_id = g->source_job->server_id ? (uint32_t)g->source_job->server_id
                                              : (uint32_t)(429496729u + tg_random64() % 100000u),
        .tabs = &g->tabs, .marks = g->marks, .budget = g->stream_budget, .cancel = g->cancel,
        .ask = {g, engine_ask, engine_fatal}, .sequence = {g, submit, is_hungry},
        .chunks = {g, chunk_back, chunk_entered, table_anew}, .job = g->job, .dialect = &g->dialect,
        .collations = g->collations, .charmaps = g->charmaps, .schemas = g->schemas, .count = &g->follow_count,
        .seen_limit = (size_t)8 << 20,
        .large_bytes = (size_t)g->job->limit_memory / 12, .source_end = source_end, .source_arg = g};
    struct copy_options c;
    if (g->source_server.flavour == DB_MYSQL && g->source_server.has_gtid && !gtids_before(g, e))
        return false;
    engine_copy_options(g, &c);
    g->copy = copy_new(&c); /* first: where each copy ends decides how the stream writes */
    g->follow = follow_new(&f, g->gtids);
    engine_repeat_wishes(g);
    copy_start(g->copy);
    return true;
}
