// SPDX-License-Identifier: Apache-2.0
/* The receiver only moves raw events into a bounded queue. The decoder thread is the sequencer: it alone decides
 * the order in which transactions, chunks and DDL enter. A transaction is collected whole before it enters, so a
 * stream that breaks in the middle loses nothing: the rest is read again from the last transaction's end. */
#include "follow/private.h"

#include <stdio.h>
#include <stdlib.h>

#define RAW_QUEUE_BYTES ((size_t)24 << 20)
#define LARGE_RAW ((size_t)4 << 20)
#define HEARTBEAT_MS 1000

struct receiver_arg {
    struct follow *f;
    struct binlog *stream;
    struct queue *raws;
    struct err err;                   /* why it ended; read after join */
};

static char nudge;                    /* an item without an event: look at the windows */

static void discard_raw(void *item)
{
    if (item != &nudge)
        free(item);
}

static void *receiver_main(void *arg)
{
    struct receiver_arg *r = arg;
    struct binlog_raw *raw;
    uint64_t received = 0;
    mysql_thread_init();
    while (binlog_fetch(r->stream, &raw, &r->err)) {
        atomic_store(&r->f->o.count->last_event_ms, clock_mono_ms());
        atomic_fetch_add(&r->f->o.count->received_bytes, raw->n);
        bool is_large = raw->n > LARGE_RAW;
        delay_received(r->f, raw, ++received);
        if (is_large)
            atomic_store(&r->f->is_large_open, true);
        if (queue_push(r->raws, raw, raw->n) != QUEUE_OK) {
            free(raw);
            break;
        }
        while (is_large && atomic_load(&r->f->is_large_open) && !cancel_wait(r->f->stop, 2))
            continue; /* the next one is fetched when this one is decoded: they are not in memory together */
    }
    queue_close(r->raws);
    mysql_thread_end();
    return NULL;
}

/* ---- opening and closing the stream ---- */

static void stream_close(struct follow *f)
{
    if (f->stream)
        binlog_interrupt(f->stream);
    if (f->raws)
        queue_close(f->raws);
    atomic_store(&f->is_large_open, false);
    if (f->has_receiver)
        pthread_join(f->receiver, NULL);
    f->has_receiver = false;
    pthread_mutex_lock(&f->o.tabs->lock); /* follow_give pushes nudges under this lock */
    struct queue *q = f->raws;
    f->raws = NULL;
    pthread_mutex_unlock(&f->o.tabs->lock);
    queue_free(q, discard_raw);
    binlog_close(f->stream);
    f->stream = NULL;
    decoder_free(f->decoder);
    f->decoder = NULL;
    free(f->receiver_arg);
    f->receiver_arg = NULL;
}

static bool stream_open(struct follow *f, struct err *e)
{
    struct binlog_start s = {.pos = f->at, .server_id = f->o.server_id, .heartbeat_ms = HEARTBEAT_MS};
    f->stream = binlog_open(f->o.source, &s, e);
    if (!f->stream)
        return false;
    if (strcmp(binlog_server(f->stream)->uuid, f->o.server.uuid) != 0)
        return err_set(e, ERR_SOURCE_IDENTITY, "it says it is %s, the run began with %s",
                       binlog_server(f->stream)->uuid, f->o.server.uuid);
    f->decoder = decoder_new(f->o.server.flavour == DB_MARIADB);
    struct queue *q = queue_new(RAW_QUEUE_BYTES, f->stop);
    f->popped = 0;
    atomic_store(&f->watched, 0);
    atomic_store(&f->o.count->watched_us, 0);
    pthread_mutex_lock(&f->o.tabs->lock);
    f->raws = q;
    pthread_mutex_unlock(&f->o.tabs->lock);
    f->receiver_arg = x_alloc(sizeof *f->receiver_arg);
    *f->receiver_arg = (struct receiver_arg){.f = f, .stream = f->stream, .raws = q};
    pthread_create(&f->receiver, NULL, receiver_main, f->receiver_arg);
    f->has_receiver = true;
    return true;
}

/* The stream stands at `to`; what was read up to there has entered. */
static void move_to(struct follow *f, const struct pos *to)
{
    pthread_mutex_lock(&f->o.tabs->lock);
    f->at = *to;
    pthread_mutex_unlock(&f->o.tabs->lock);
    if (merge_is_empty(f->merge) && !cancel_is_set(f->stop))
        marks_stand(f->o.marks, to);
}

/* ---- windows ---- */

bool follow_is_replaying(const struct follow *f)
{
    return (pos_is_set(&f->replayed) && pos_cmp(&f->at, &f->replayed) < 0) ||
           (pos_is_set(&f->begun_part) && pos_cmp(&f->at, &f->begun_part) <= 0);
}

struct window *follow_open(struct follow *f, struct tab *tab, struct buf *gtids)
{
    struct window *w = NULL;
    pthread_mutex_lock(&f->o.tabs->lock);
    /* Of a large transaction first rows were passed without this window, and nobody can see them yet. And what an earlier
     * engine applied is skipped: where the table was emptied since, by it or by this one, the chunk alone can bring it. */
    while (f->large.is_open || follow_is_replaying(f)) {
        pthread_mutex_unlock(&f->o.tabs->lock);
        if (cancel_wait(f->stop, 10))
            return NULL;
        pthread_mutex_lock(&f->o.tabs->lock);
    }
    if (tab->def) {
        w = window_open(tab, &f->at, f->o.seen_limit);
        if (gtids && f->gtids)
            gtid_text(f->gtids, gtids);
    }
    pthread_mutex_unlock(&f->o.tabs->lock);
    return w;
}

void follow_nudge(struct follow *f)
{
    struct queue *q = f->raws;
    if (q && queue_bytes(q) < RAW_QUEUE_BYTES / 2)
        (void)queue_push(q, &nudge, 0);
}

void follow_give(struct follow *f, struct window *w, const struct pos *high)
{
    pthread_mutex_lock(&f->o.tabs->lock);
    w->high = *high;
    w->has_high = true;
    w->next_given = f->given;
    f->given = w;
    follow_nudge(f);
    pthread_mutex_unlock(&f->o.tabs->lock);
}

void follow_abandon(struct follow *f, struct window *w)
{
    pthread_mutex_lock(&f->o.tabs->lock);
    window_unlink(w);
    pthread_mutex_unlock(&f->o.tabs->lock);
    w->chunk = NULL;
    window_free(w);
}

/* Takes the windows that are passed (or discarded) out of the list. */
static struct window *passed_windows(struct follow *f)
{
    struct window *out = NULL;
    pthread_mutex_lock(&f->o.tabs->lock);
    for (struct window **p = &f->given; *p;) {
        struct window *w = *p;
        if (!w->is_discarded && w->tab->def && pos_cmp(&f->at, &w->high) < 0) {
            p = &w->next_given;
            continue;
        }
        *p = w->next_given;
        window_unlink(w);
        w->next_given = out;
        out = w;
    }
    pthread_mutex_unlock(&f->o.tabs->lock);
    return out;
}

static void enter_chunk(struct follow *f, struct window *w)
{
    struct tab *tab = w->tab;
    struct batch *b = window_to_batch(w, &f->at);
    pthread_mutex_lock(&f->o.tabs->lock);
    tab->chunks_entered++;
    if (tab->chunks_entered == tab->chunks_planned) {
        tab->copy = TAB_COMPLETE;
        tab->end = f->at;
    }
    pthread_mutex_unlock(&f->o.tabs->lock);
    f->o.chunks.entered(f->o.chunks.arg, tab, b);
    follow_submit(f, b);
}

void follow_windows(struct follow *f)
{
    if (f->txn.is_open || f->large.is_open)
        return;
    follow_wishes(f);
    struct window *list = passed_windows(f);
    if (list)
        follow_flush(f); /* may find that the run stops: then the chunks are dropped, too */
    for (struct window *w = list, *next; w; w = next) {
        next = w->next_given;
        if (w->is_discarded || !w->tab->def || w->chunk->round != w->tab->round) { /* only this thread changes the last two */
            struct chunk *c = w->chunk;
            w->chunk = NULL;
            f->o.chunks.back(f->o.chunks.arg, c);
        } else {
            enter_chunk(f, w);
        }
        window_free(w);
    }
}

/* ---- events ---- */

static void want_cells(struct follow *f, uint32_t n)
{
    if (n <= f->ncells)
        return;
    f->ncells = n;
    f->before = x_realloc(f->before, n * sizeof *f->before);
    f->after = x_realloc(f->after, n * sizeof *f->after);
}

static char not_ours;                 /* mark of a table map whose table is outside the job */

/* The table of a row event, NULL when it is not ours. Remembered in the map, which no DDL outlives. */
static bool tab_of_map(struct follow *f, struct binlog_table_map *m, struct tab **out, struct err *e)
{
    if (!m->user && !follow_wants(f, m->schema, m->table))
        m->user = &not_ours;
    if (!m->user) {
        pthread_mutex_lock(&f->o.tabs->lock);
        m->user = tabs_find(f->o.tabs, m->schema, m->table);
        pthread_mutex_unlock(&f->o.tabs->lock);
    }
    if (!m->user && f->o.server.flavour == DB_MARIADB && binlog_is_sequence(m))
        m->user = &not_ours; /* the report lists it among what is left to a person */
    if (!m->user)
        return err_set(e, ERR_BINLOG_TABLE, "rows for %s.%s, a table this run has not seen created", m->schema, m->table);
    *out = m->user == &not_ours ? NULL : m->user;
    return true;
}

/* Says once per column of a table map that characters were lost. */
static void tell_lost(const struct tab *tab, const struct table *def, struct binlog_table_map *m)
{
    for (uint32_t i = 0; i < def->ncolumns; i++) {
        struct char_reader *c = &m->chars[i];
        if (!c->lost || c->is_told)
            continue;
        c->is_told = true;
        log_event(LOG_WARN, "follow", tab->label, err_info(ERR_SOURCE_TEXT)->id,
                  "column %s (%s) holds a character that Unicode lacks; the target gets '?' for it", def->columns[i].name,
                  def->columns[i].collation);
    }
}

static bool take_rows(struct follow *f, const struct binlog_event *ev, struct err *e)
{
    struct binlog_table_map *m = ev->rows.map;
    struct row_reader r;
    if (!f->txn.is_open)
        return err_set(e, ERR_BINLOG_EVENT, "rows outside of a transaction at %s:%llu", ev->start.file,
                       (unsigned long long)ev->start.at);
    struct tab *tab = NULL;
    if (!tab_of_map(f, m, &tab, e) || !tab || !tab->def)
        return e->code == ERR_OK;
    bool is_left_out = false;
    if (!txn_spill(f, &ev->start, e) /* those before, which may have been the last */ ||
        !follow_judge_rows(f, tab, ev, &is_left_out, e))
        return false;
    struct table *def = tab->def; /* only this thread changes it */
    f->last_tab = tab;
    f->last_action = ev->rows.action;
    want_cells(f, def->ncolumns);
    if (!rows_begin(&r, ev, def->columns, def->ncolumns, f->o.charmaps, e))
        return err_wrap(e, "%s", tab->label);
    for (bool done = false;;) {
        if (!rows_next(&r, &f->text, f->before, f->after, &done, e))
            return err_wrap(e, "%s", tab->label);
        if (done)
            break;
        if (is_left_out)
            txn_pass(f);
        else
            txn_add(f, tab, ev->rows.action, f->before, f->after);
    }
    tell_lost(tab, def, m);
    arena_release(&f->text);
    return txn_spill(f, &ev->end, e);
}

static bool take_gtid(struct follow *f, const struct binlog_event *ev, struct err *e)
{
    const struct binlog_gtid *g = &ev->gtid;
    if (f->txn.is_open)
        return err_set(e, ERR_BINLOG_EVENT, "a transaction begins inside another");
    if (g->is_xa_prepared || g->is_xa_completed)
        return err_set(e, ERR_BINLOG_EVENT, "an XA transaction (%s)", g->text);
    if (g->is_start_alter || g->is_commit_alter || g->is_rollback_alter)
        return err_set(e, ERR_BINLOG_EVENT, "a two-phase ALTER (%s); set binlog_alter_two_phase=OFF at the source", g->text);
    snprintf(f->txn.gtid, sizeof f->txn.gtid, "%s", g->text);
    f->txn.begin = ev->start;
    f->txn.commit_s = ev->timestamp_s;
    if (f->o.server.flavour == DB_MARIADB && !g->is_standalone)
        f->txn.is_open = true;
    return true;
}

/* The statement as text of its own, which ends in a zero byte, in UTF-8: it is logged in the charset of its client. */
static bool settle_text(struct follow *f, struct binlog_query *q, struct err *e)
{
    char charset[64], collation[64];
    struct cell text;
    if (str_ieq(q->sql, STR("BEGIN")) || str_ieq(q->sql, STR("COMMIT")))
        return true;
    arena_release(&f->text);
    q->sql.p = arena_dup(&f->text, q->sql.p, q->sql.n);
    if (!q->charset_client || !collation_ids_find(f->o.collations, q->charset_client, charset, collation) ||
        !charmap_is_known(charset))
        return true; /* UTF-8, or bytes */
    const struct charmap *map = charmaps_get(f->o.charmaps, charset, e);
    if (!map)
        return false;
    charmap_text(map, (const uint8_t *)q->sql.p, q->sql.n, &text, &f->text);
    q->sql = (struct str){arena_dup(&f->text, text.p, text.n), text.n};
    return true;
}

static bool take_ddl(struct follow *f, struct binlog_event *ev, struct err *e)
{
    if (f->txn.is_open && f->txn.n)
        return err_set(e, ERR_BINLOG_EVENT, "a DDL inside a transaction: %.200s", ev->query.sql.p);
    struct pos from = f->at;
    follow_flush(f);
    if (!follow_ddl(f, ev, &from, &ev->end, false, e))
        return false;
    pthread_mutex_lock(&f->o.tabs->lock);
    follow_add_gtid(f, f->txn.gtid);
    f->at = ev->end;
    pthread_mutex_unlock(&f->o.tabs->lock);
    atomic_fetch_add(&f->o.count->tx, 1);
    atomic_store(&f->o.count->last_commit_s, ev->timestamp_s);
    txn_reset(&f->txn);
    follow_windows(f);
    return true;
}

/* The table is made as the first part of the transaction. The stream stands before it until it has ended. */
static bool take_ddl_rows(struct follow *f, struct binlog_event *ev, struct err *e)
{
    if (f->txn.n || !pos_is_set(&f->txn.begin))
        return err_set(e, ERR_BINLOG_EVENT, "a DDL inside a transaction: %.200s", ev->query.sql.p);
    struct pos from = f->at;
    follow_flush(f);
    f->txn.is_open = true;
    if (!txn_begin_parts(f, &ev->end, e))
        return false;
    if (!f->large.has_made && !follow_ddl(f, ev, &from, &ev->end, true, e))
        return false;
    pthread_mutex_lock(&f->o.tabs->lock);
    f->large.has_made = true;
    pthread_mutex_unlock(&f->o.tabs->lock);
    return true;
}

static bool take_query(struct follow *f, struct binlog_event *ev, struct err *e)
{
    enum query_kind kind;
    if (!settle_text(f, &ev->query, e) || !follow_query_kind(f, ev, &kind, e))
        return false;
    f->txn.commit_s = ev->timestamp_s;
    switch (kind) {
    case QUERY_BEGIN:
        if (!pos_is_set(&f->txn.begin))
            f->txn.begin = ev->start;
        f->txn.is_open = true;
        return true;
    case QUERY_ROLLBACK: /* our tables are transactional: nothing of it stayed */
        if (f->large.is_open)
            return err_set(e, ERR_BINLOG_EVENT, "a large transaction was rolled back in the binlog after parts of it were applied");
        f->txn.n = 0;
        return follow_enter_txn(f, &ev->end, e);
    case QUERY_COMMIT:
        return follow_enter_txn(f, &ev->end, e);
    case QUERY_NOTHING:
        return f->txn.is_open || follow_enter_txn(f, &ev->end, e);
    case QUERY_DDL_ROWS:
        return take_ddl_rows(f, ev, e);
    case QUERY_DDL:
        break;
    }
    return take_ddl(f, ev, e);
}

/* Events that only move the position. */
static bool pass_by(struct follow *f, const struct binlog_event *ev)
{
    if (!f->txn.is_open && !f->txn.gtid[0] && pos_cmp(&ev->end, &f->at) > 0) {
        move_to(f, &ev->end);
        follow_windows(f);
    }
    return true;
}

/* A file of the same name that was begun at another time is another binlog: the source was reset. */
static bool take_format(struct follow *f, const struct binlog_event *ev, struct err *e)
{
    const struct ledger_state *s = f->o.found;
    uint64_t created = ev->format.created_s;
    if (created && s->file_created && strcmp(ev->end.file, s->mark.file) == 0 && created != s->file_created)
        return err_set(e, ERR_SOURCE_IDENTITY, "%s was begun anew at the source since this run stopped: its binlog was reset",
                       ev->end.file);
    if (created)
        marks_file(f->o.marks, ev->end.file, created);
    return true;
}

static bool take_event(struct follow *f, struct binlog_event *ev, struct err *e)
{
    switch (ev->kind) {
    case BINLOG_GTID:
        return take_gtid(f, ev, e);
    case BINLOG_QUERY:
        return take_query(f, ev, e);
    case BINLOG_XID:
        f->txn.commit_s = ev->timestamp_s;
        return follow_enter_txn(f, &ev->end, e);
    case BINLOG_ROWS:
        return take_rows(f, ev, e);
    case BINLOG_TABLE_MAP:
        return txn_spill(f, &ev->start, e);
    case BINLOG_FORMAT:
        return take_format(f, ev, e) && pass_by(f, ev);
    case BINLOG_ROTATE:
    case BINLOG_HEARTBEAT:
    case BINLOG_STOP:
        return pass_by(f, ev);
    case BINLOG_OTHER:
        return f->txn.gtid[0] ? true : pass_by(f, ev); /* between GTID and BEGIN nothing moves */
    }
    return true;
}

static bool take_raw(struct follow *f, struct binlog_raw *raw, struct err *e)
{
    struct binlog_event ev = {0};
    bool fine = decoder_feed(f->decoder, raw, &ev, e) && take_event(f, &ev, e);
    atomic_fetch_add(&f->o.count->bytes, raw->n);
    if (!fine) {
        char at[96];
        snprintf(e->where, sizeof e->where, "after %s", pos_text(&f->at, at));
    }
    return fine;
}

static bool is_passing(const struct err *e)
{
    return e->code == ERR_BINLOG_READ || e->code == ERR_SOURCE_LOST || e->code == ERR_SOURCE_CONNECT ||
           e->code == ERR_NET_RESOLVE || e->code == ERR_OK;
}

/* Reads until the stream breaks (true, e says why) or something is not understood (false). */
static bool read_stream(struct follow *f, struct err *e)
{
    for (;;) {
        void *item = NULL;
        bool hungry = f->o.sequence.is_hungry(f->o.sequence.arg);
        enum queue_rc rc = queue_pop(f->raws, &item, 0);
        if (rc == QUEUE_EMPTY) {
            if (hungry)
                follow_flush(f); /* nothing more to merge with, and a writer waits */
            rc = queue_pop(f->raws, &item, merge_is_empty(f->merge) ? 200 : 2);
        }
        if (rc == QUEUE_CANCELLED || cancel_is_set(f->stop))
            return true;
        if (rc == QUEUE_CLOSED) {
            pthread_join(f->receiver, NULL);
            f->has_receiver = false;
            *e = f->receiver_arg->err;
            return true;
        }
        if (rc == QUEUE_EMPTY || item == &nudge) {
            follow_windows(f);
            continue;
        }
        delay_popped(f);
        bool fine = take_raw(f, item, e), is_large = ((struct binlog_raw *)item)->n > LARGE_RAW;
        free(item);
        if (is_large)
            atomic_store(&f->is_large_open, false);
        if (!fine) /* reading a charset may meet a connection that is lost: the transaction is read again */
            return e->code != ERR_OK && is_passing(e);
    }
}

static void *decoder_main(void *arg)
{
    struct follow *f = arg;
    mysql_thread_init();
    for (unsigned tries = 0; !cancel_is_set(f->stop);) {
        struct err e = {0};
        struct pos before = f->at;
        bool fine = stream_open(f, &e) ? read_stream(f, &e) : is_passing(&e);
        follow_flush(f);
        txn_reset(&f->txn);
        stream_close(f);
        if (cancel_is_set(f->stop))
            break;
        if (!fine || !is_passing(&e)) {
            f->o.ask.fatal(f->o.ask.arg, &e);
            break;
        }
        tries = pos_cmp(&before, &f->at) == 0 ? tries + 1 : 0;
        atomic_fetch_add(&f->o.count->reopened, 1);
        if (tries < 2)
            log_event(LOG_WARN, "follow", "", err_info(e.code)->id, "%s; opened again, nothing lost", e.text);
        else
            log_event(LOG_WARN, "follow", "", err_info(e.code)->id, "%s; try %u follows, nothing is lost", e.text, tries + 1);
        cancel_wait(f->stop, (int64_t)TG_MIN(100u << TG_MIN(tries, 7u), 10000u));
    }
    mysql_thread_end();
    return NULL;
}

struct follow *follow_new(const struct follow_options *o, const struct gtid_set *before)
{
    struct follow *f = x_alloc(sizeof *f);
    f->o = *o;
    f->at = o->start;
    f->gtids = before ? gtid_copy(before) : NULL;
    if (o->found->napplied)
        f->replayed = o->found->applied[o->found->napplied - 1].to;
    for (size_t i = 0; i < o->found->nparts; i++)
        if (!pos_is_set(&f->begun_part) || pos_cmp(&o->found->parts[i].begin, &f->begun_part) > 0)
            f->begun_part = o->found->parts[i].begin;
    f->merge = merge_new();
    f->stop = cancel_new();
    pthread_create(&f->decoder_thread, NULL, decoder_main, f);
    return f;
}

void follow_at(struct follow *f, struct pos *out)
{
    pthread_mutex_lock(&f->o.tabs->lock);
    *out = f->at;
    pthread_mutex_unlock(&f->o.tabs->lock);
}

void follow_free(struct follow *f)
{
    if (!f)
        return;
    cancel_set(f->stop);
    pthread_join(f->decoder_thread, NULL);
    stream_close(f);
    while (f->given) {
        struct window *w = f->given;
        f->given = w->next_given;
        pthread_mutex_lock(&f->o.tabs->lock);
        window_unlink(w);
        pthread_mutex_unlock(&f->o.tabs->lock);
        window_free(w);
    }
    for (struct wish *w; (w = f->wishes) != NULL; free(w))
        f->wishes = w->next;
    merge_free(f->merge);
    txn_release(&f->txn);
    arena_release(&f->text);
    follow_forget_answers(f);
    gtid_free(f->gtids);
    cancel_free(f->stop);
    free(f->before);
    free(f->after);
    free(f);
}
