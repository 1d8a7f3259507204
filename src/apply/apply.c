// SPDX-License-Identifier: Apache-2.0
/* The pool: the sequencer enters batches, writers take those that are ready, the stream's before chunks, else in order
 * of the sequence; the mark's thread moves the low-water mark and removes ledger rows that lie under it. One mutex
 * guards the tracker, the list of ready batches, the counters of what is open, and who sleeps. There are more writers
 * than may work at once: the last that fell asleep is woken first, so that those beyond the limit never connect. */
#include "apply/private.h"
#include "apply/tracker.h"
#include "base/fail.h"

#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

/* A stream batch that is not full is only begun while few are open: the more wait, the larger they get. */
#define STREAM_AT_ONCE 3
/* Chunks that wait for a place, for each place: what is read further ahead only keeps the stream waiting, whose
 * changes of the same rows come behind it. */
#define CHUNKS_AHEAD 2
#define STATEMENT_BYTES ((size_t)128 << 10)

struct ready {
    struct ready *next, *prev;
    struct batch *batch;
};

struct apply {
    struct apply_options o;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct tracker *tracker;
    struct ready *ready;
    uint64_t seq, open, open_stream;
    uint32_t nready_chunks, nready_others;
    uint32_t limit, most;             /* rows at once: what the pace found, what a person allows */
    uint32_t working;                 /* writers that hold a place under the limit */
    bool is_closing;
    atomic_bool is_load_off;
    struct ask_port ask;              /* the engine's own; o.ask lends the writer's place meanwhile */
    atomic_size_t statement_bytes;
    struct writer *writers, *sleepers;
    pthread_t *threads, mark_thread;
    struct cancel *mark_stop;
    struct batch **all;               /* open batches, for apply_free */
    size_t nall, all_cap;
};

static _Thread_local struct writer *me; /* the writer whose thread this is */

const struct apply_options *apply_options_of(const struct apply *a)
{
    return &a->o;
}

atomic_bool *apply_load_off(struct apply *a)
{
    return &a->is_load_off;
}

/* A batch that is ready depends on none that is open: any order is right, and the stream comes before the copy. */
static int stream_first(struct ready *a, struct ready *b)
{
    bool chunk_a = a->batch->kind == BATCH_CHUNK, chunk_b = b->batch->kind == BATCH_CHUNK;
    if (chunk_a != chunk_b)
        return chunk_a ? 1 : -1;
    return a->batch->seq < b->batch->seq ? -1 : a->batch->seq > b->batch->seq;
}

static uint32_t *nready_of(struct apply *a, const struct batch *b)
{
    return b->kind == BATCH_CHUNK ? &a->nready_chunks : &a->nready_others;
}

static bool moves_mark(const struct batch *b)
{
    return (b->kind == BATCH_DDL || b->kind == BATCH_STREAM) && !b->part.has_more;
}

/* They need no place among those that write rows: they may run for hours. */
static bool is_statement(const struct batch *b)
{
    return b->kind == BATCH_DDL || b->kind == BATCH_EMPTY;
}

/* What a writer may begin now. The stream may use a few places more than the
 * pace found, so that it never waits for a chunk's end. */
static struct ready *next_ready(struct apply *a)
{
    struct ready *r;
    DL_FOREACH(a->ready, r)
    {
        enum batch_kind kind = r->batch->kind;
        uint32_t places = kind == BATCH_STREAM ? TG_MIN(a->limit + STREAM_AT_ONCE, a->most) : a->limit;
        if (is_statement(r->batch) || a->working < places)
            return r;
        if (kind == BATCH_CHUNK)
            break; /* chunks are last */
    }
    return NULL;
}

/* Under the lock, after whatever lets one more batch begin. */
static void wake_one(struct apply *a)
{
    struct writer *w = a->sleepers;
    if (!w)
        return;
    a->sleepers = w->next_sleeper;
    w->is_asleep = false;
    pthread_cond_signal(&w->wake);
}

static void wake_all(struct apply *a)
{
    while (a->sleepers)
        wake_one(a);
    pthread_cond_broadcast(&a->changed);
}

static void make_ready(void *arg, struct batch *b)
{
    struct apply *a = arg;
    struct ready *r = x_alloc(sizeof *r);
    r->batch = b;
    DL_INSERT_INORDER(a->ready, r, stream_first);
    (*nready_of(a, b))++;
    wake_one(a);
}

static void all_remove(struct apply *a, struct batch *b)
{
    for (size_t i = 0; i < a->nall; i++)
        if (a->all[i] == b) {
            a->all[i] = a->all[--a->nall];
            return;
        }
}

void apply_submit(struct apply *a, struct batch *b)
{
    if (b->kind == BATCH_CHUNK) {
        atomic_fetch_add(&b->parts[0].tab->count.chunks_open, 1);
        live_set(b->parts[0].tab, (struct live_id){b->chunk.round, b->chunk.number}, LIVE_QUEUED);
    }
    if (moves_mark(b))
        marks_enter(a->o.marks, &b->to, b->commit_ms);
    pthread_mutex_lock(&a->lock);
    b->seq = ++a->seq;
    a->open++;
    a->open_stream += b->kind == BATCH_STREAM;
    if (a->nall == a->all_cap) {
        a->all_cap = a->all_cap ? a->all_cap * 2 : 64;
        a->all = x_realloc(a->all, a->all_cap * sizeof(void *));
    }
    a->all[a->nall++] = b;
    bool is_ready = tracker_enter(a->tracker, b);
    if (b->kind == BATCH_STREAM) {
        atomic_fetch_add(&a->o.count->open_tx, b->ntx);
        atomic_fetch_add(&a->o.count->stream_tx, b->ntx);
        atomic_fetch_add(&a->o.count->conflict_tx, is_ready ? 0 : b->ntx);
    }
    if (is_ready)
        make_ready(a, b);
    pthread_mutex_unlock(&a->lock);
}

bool apply_is_hungry(struct apply *a)
{
    pthread_mutex_lock(&a->lock);
    bool hungry = !a->nready_others && a->open_stream < STREAM_AT_ONCE;
    pthread_mutex_unlock(&a->lock);
    return hungry;
}

void apply_wake(struct apply *a)
{
    pthread_mutex_lock(&a->lock);
    wake_all(a);
    pthread_mutex_unlock(&a->lock);
}

void apply_set_writers(struct apply *a, uint32_t at_once, uint32_t most)
{
    most = TG_MAX(TG_MIN(most, a->o.lanes), 1u);
    at_once = TG_MAX(TG_MIN(at_once, most), 1u);
    pthread_mutex_lock(&a->lock);
    bool more = at_once > a->limit || most > a->most;
    a->limit = at_once;
    a->most = most;
    if (more)
        wake_all(a);
    pthread_mutex_unlock(&a->lock);
}

bool apply_is_full(struct apply *a)
{
    pthread_mutex_lock(&a->lock);
    bool is_full = a->nready_chunks + a->nready_others && a->working >= a->limit;
    pthread_mutex_unlock(&a->lock);
    return is_full;
}

bool apply_has_room(struct apply *a)
{
    pthread_mutex_lock(&a->lock);
    bool has_room = a->nready_chunks < CHUNKS_AHEAD * a->limit;
    pthread_mutex_unlock(&a->lock);
    return has_room;
}

void apply_set_statement(struct apply *a, size_t bytes)
{
    atomic_store(&a->statement_bytes, bytes);
}

size_t apply_statement_bytes(const struct apply *a)
{
    return atomic_load(&a->statement_bytes);
}

bool apply_drain(struct apply *a)
{
    pthread_mutex_lock(&a->lock);
    while (a->open && !cancel_is_set(a->o.cancel) && !a->is_closing)
        pthread_cond_wait(&a->changed, &a->lock);
    bool fine = a->open == 0;
    pthread_mutex_unlock(&a->lock);
    return fine;
}

static size_t batch_bytes(const struct batch *b)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < b->nparts; i++)
        bytes += b->parts[i].ins.data.n + b->parts[i].del.data.n;
    return bytes;
}

static void sleep_until_woken(struct apply *a, struct writer *w)
{
    w->is_asleep = true;
    w->next_sleeper = a->sleepers;
    a->sleepers = w;
    while (w->is_asleep)
        pthread_cond_wait(&w->wake, &a->lock);
}

static struct batch *take(struct apply *a, struct writer *w)
{
    struct batch *b = NULL;
    struct ready *r = NULL;
    pthread_mutex_lock(&a->lock);
    while (!a->is_closing && (r = next_ready(a)) == NULL)
        sleep_until_woken(a, w);
    if (!a->is_closing) {
        DL_DELETE(a->ready, r);
        (*nready_of(a, r->batch))--;
        b = r->batch;
        free(r);
        w->has_place = !is_statement(b);
        a->working += w->has_place;
        w->to_write = batch_bytes(b) / 2;
        b->begun_us = clock_mono_us();
        if (next_ready(a))
            wake_one(a);
    }
    pthread_mutex_unlock(&a->lock);
    return b;
}

/* A question may stay open for days: whoever asks lends its place, so that only what is asked about waits. */
static void lend_place(struct apply *a, bool back)
{
    if (!me || !me->has_place)
        return;
    pthread_mutex_lock(&a->lock);
    if (back) {
        a->working++;
    } else {
        a->working--;
        wake_one(a);
    }
    pthread_mutex_unlock(&a->lock);
}

static const char *ask_put(void *arg, const struct err *what, const char *table, const struct ask_choice *choices,
                           uint32_t n)
{
    struct apply *a = arg;
    lend_place(a, false);
    const char *choice = a->ask.put(a->ask.arg, what, table, choices, n);
    lend_place(a, true);
    return choice;
}

static void ask_fatal(void *arg, const struct err *why)
{
    struct apply *a = arg;
    a->ask.fatal(a->ask.arg, why);
}

void writer_note(struct writer *w, size_t bytes, int64_t us)
{
    struct apply_counters *c = w->apply->o.count;
    size_t more = TG_MIN(bytes / 2, w->to_write); /* sent is half of it; what is sent again does not count again */
    w->to_write -= more;
    atomic_fetch_add(&c->written, more);
    atomic_fetch_add(&c->statement_bytes, bytes);
    atomic_fetch_add(&c->statement_us, (uint64_t)TG_MAX(us, 0));
}

uint64_t apply_class_us(unsigned i)
{
    uint64_t us = 64;
    for (unsigned k = 0; k < i; k++)
        us += us / 2;
    return us;
}

static void count_time(struct apply_counters *c, const struct batch *b)
{
    uint64_t us = (uint64_t)TG_MAX(clock_mono_us() - b->begun_us, 0);
    unsigned i = 0;
    for (uint64_t end = 64; i + 1 < APPLY_CLASSES && end < us; end += end / 2)
        i++;
    atomic_fetch_add(&c->classes[i], 1);
    atomic_fetch_add(&c->stream_batches, 1);
    atomic_fetch_add(&c->stream_busy_us, us);
    if (b->merged_us)
        atomic_fetch_add(&c->stream_wait_us, (uint64_t)TG_MAX(b->begun_us - b->merged_us, 0));
    atomic_fetch_sub(&c->open_tx, b->ntx);
}

static void count_done(const struct writer *w, const struct batch *b)
{
    struct apply_counters *c = w->apply->o.count;
    uint64_t rows = 0, bytes = batch_bytes(b);
    for (uint32_t i = 0; i < b->nparts; i++) {
        const struct batch_part *p = &b->parts[i];
        rows += p->ins.n + (p->must_find ? p->del.n : 0);
        if (b->kind == BATCH_CHUNK && !atomic_load(&p->tab->is_void)) {
            atomic_fetch_add(&p->tab->count.rows_loaded, p->ins.n);
            atomic_fetch_add(&p->tab->count.bytes_loaded, b->chunk.bytes);
            atomic_fetch_add(&p->tab->count.chunks_done, 1);
        }
        if (b->kind == BATCH_CHUNK) {
            live_set(p->tab, (struct live_id){b->chunk.round, b->chunk.number}, LIVE_DONE);
            atomic_fetch_sub(&p->tab->count.chunks_open, 1);
        }
    }
    atomic_fetch_add(&c->written, w->to_write + (bytes - bytes / 2));
    atomic_fetch_add(&c->tx, b->ntx);
    atomic_fetch_add(&c->batches, 1);
    if (b->kind == BATCH_STREAM) {
        atomic_fetch_add(&c->rows, rows);
        atomic_fetch_add(&c->bytes, bytes);
        count_time(c, b);
    }
}

static void finish(struct writer *w, struct batch *b)
{
    struct apply *a = w->apply;
    count_done(w, b);
    pthread_mutex_lock(&a->lock);
    tracker_done(a->tracker, b, make_ready, a);
    all_remove(a, b);
    a->working -= w->has_place;
    a->open--;
    a->open_stream -= b->kind == BATCH_STREAM;
    if (!a->open)
        pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->lock);
    if (moves_mark(b))
        marks_done(a->o.marks, &b->to);
    if (b->done)
        b->done(b->done_arg, b);
    batch_free(b);
}

static void *writer_main(void *arg)
{
    struct writer *w = arg;
    struct apply *a = w->apply;
    mysql_thread_init();
    me = w;
    for (struct batch *b; (b = take(a, w)) != NULL;) {
        atomic_fetch_add(&a->o.count->busy, 1);
        if (b->kind == BATCH_CHUNK)
            live_set(b->parts[0].tab, (struct live_id){b->chunk.round, b->chunk.number}, LIVE_LOADING);
        bool is_ddl = b->kind == BATCH_DDL || b->kind == BATCH_EMPTY;
        atomic_fetch_add(&a->o.count->ddl, is_ddl);
        bool fine = b->kind == BATCH_DDL     ? writer_apply_ddl(w, b)
                    : b->kind == BATCH_EMPTY ? writer_apply_empty(w, b)
                                             : writer_apply_rows(w, b);
        atomic_fetch_sub(&a->o.count->ddl, is_ddl);
        atomic_fetch_sub(&a->o.count->busy, 1);
        if (!fine)
            break; /* the run stops; the batch stays open and is dropped by apply_free */
        atomic_store(&a->o.count->lost_ms, 0);
        finish(w, b);
    }
    if (w->is_open)
        conn_close(&w->conn);
    w->is_open = false;
    mysql_thread_end();
    return NULL;
}

/* ---- the mark ---- */

#define SETTLED_AT_ONCE 256

static bool move_mark(struct writer *w, const struct pos *low, const struct pos *settled, size_t n, struct err *e)
{
    const struct ledger *l = w->apply->o.ledger;
    bool is_unknown;
    if (!writer_connect(w, e))
        return false;
    writer_begin(w, false);
    packet_begin_statement(&w->packet, EXPECT_ANY, 0, NULL);
    ledger_sql_mark(l, &w->packet.sql, low, marks_created(w->apply->o.marks, low->file));
    if (n) {
        packet_begin_statement(&w->packet, EXPECT_ANY, 0, NULL);
        ledger_sql_compact(l, &w->packet.sql, settled, n);
    }
    fail_point("mark.before");
    if (!writer_send(w, e))
        return false;
    fail_point("mark.sent");
    bool fine = writer_commit(w, &is_unknown, e);
    fail_point("mark.committed");
    return fine;
}

/* false: e says what failed; the lane's epoch may then be another than we think. */
static bool move_marks(struct writer *w, struct pos *last, bool *is_doubtful, struct err *e)
{
    struct marks *m = w->apply->o.marks;
    struct pos low, settled[SETTLED_AT_ONCE];
    for (size_t n = SETTLED_AT_ONCE; n == SETTLED_AT_ONCE; *last = low) {
        if (*is_doubtful && !writer_settle(w, e)) {
            writer_disconnect(w);
            return false;
        }
        *is_doubtful = false;
        n = marks_take_settled(m, settled, SETTLED_AT_ONCE);
        marks_low(m, &low); /* after: the mark covers what was taken */
        if (!n && pos_cmp(&low, last) == 0)
            return true;
        if (!move_mark(w, &low, settled, n, e)) {
            *is_doubtful = true; /* rows left behind are removed after the next start */
            writer_disconnect(w);
            return false;
        }
        marks_keep(m, &low);
    }
    return true;
}

static void *mark_main(void *arg)
{
    struct writer *w = arg;
    struct apply *a = w->apply;
    struct pos last = {0};
    bool is_doubtful = false, is_fenced = false;
    mysql_thread_init();
    for (bool is_last = false; !is_last;) {
        struct err e = {0};
        is_last = cancel_wait(a->mark_stop, 500);
        if (is_fenced || move_marks(w, &last, &is_doubtful, &e) || e.code != ERR_TARGET_FENCED)
            continue;
        is_fenced = true; /* the mark is moved by whoever has taken the run over */
        a->o.ask.fatal(a->o.ask.arg, &e);
    }
    if (w->is_open)
        conn_close(&w->conn);
    mysql_thread_end();
    return NULL;
}

struct apply *apply_new(const struct apply_options *o)
{
    struct apply *a = x_alloc(sizeof *a);
    a->o = *o;
    a->ask = o->ask;
    atomic_init(&a->is_load_off, o->insert_only);
    a->o.ask = (struct ask_port){a, ask_put, ask_fatal};
    a->limit = a->most = TG_MAX(TG_MIN(o->writers, o->lanes), 1u);
    atomic_store(&a->statement_bytes, STATEMENT_BYTES);
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
    a->tracker = tracker_new();
    a->mark_stop = cancel_new();
    a->writers = x_alloc((o->lanes + 1) * sizeof *a->writers);
    a->threads = x_alloc(o->lanes * sizeof *a->threads);
    for (uint32_t i = 0; i <= o->lanes; i++)
        a->writers[i] = (struct writer){.apply = a, .lane = i, .epoch = {.now = o->epoch}, .wake = PTHREAD_COND_INITIALIZER};
    for (uint32_t i = 0; i < o->lanes; i++)
        pthread_create(&a->threads[i], NULL, writer_main, &a->writers[i]);
    pthread_create(&a->mark_thread, NULL, mark_main, &a->writers[o->lanes]);
    return a;
}

void apply_free(struct apply *a)
{
    if (!a)
        return;
    pthread_mutex_lock(&a->lock);
    a->is_closing = true;
    wake_all(a);
    pthread_mutex_unlock(&a->lock);
    for (uint32_t i = 0; i < a->o.lanes; i++)
        pthread_join(a->threads[i], NULL);
    cancel_set(a->mark_stop);
    pthread_join(a->mark_thread, NULL);
    struct ready *r, *tmp;
    DL_FOREACH_SAFE(a->ready, r, tmp)
        free(r);
    for (size_t i = 0; i < a->nall; i++)
        batch_free(a->all[i]);
    for (uint32_t i = 0; i <= a->o.lanes; i++) {
        writer_release(&a->writers[i]);
        sift_reset(&a->writers[i].sift);
    }
    free(a->all);
    tracker_free(a->tracker);
    cancel_free(a->mark_stop);
    free(a->writers);
    free(a->threads);
    pthread_cond_destroy(&a->changed);
    pthread_mutex_destroy(&a->lock);
    free(a);
}
