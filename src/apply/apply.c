// SPDX-License-Identifier: Apache-2.0
/* The pool: the sequencer enters batches, writers take those that are ready in order of the sequence, the mark's
 * thread moves the low-water mark and removes ledger rows that lie under it. One mutex guards the tracker, the
 * list of ready batches and the counters of what is open. */
#include "apply/private.h"
#include "apply/tracker.h"
#include "base/fail.h"

#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

/* A stream batch that is not full is only begun while few are open: the more wait, the larger they get. */
#define STREAM_AT_ONCE 3

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
    uint32_t nready, idle;
    bool is_closing;
    atomic_bool is_load_off;
    struct writer *writers;
    pthread_t *threads, mark_thread;
    struct cancel *mark_stop;
    struct batch **all;               /* open batches, for apply_free */
    size_t nall, all_cap;
};

const struct apply_options *apply_options_of(const struct apply *a)
{
    return &a->o;
}

atomic_bool *apply_load_off(struct apply *a)
{
    return &a->is_load_off;
}

static int by_seq(struct ready *a, struct ready *b)
{
    return a->batch->seq < b->batch->seq ? -1 : a->batch->seq > b->batch->seq;
}

static void make_ready(void *arg, struct batch *b)
{
    struct apply *a = arg;
    struct ready *r = x_alloc(sizeof *r);
    r->batch = b;
    DL_INSERT_INORDER(a->ready, r, by_seq);
    a->nready++;
    pthread_cond_broadcast(&a->changed);
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
    if (b->kind == BATCH_CHUNK)
        atomic_fetch_add(&b->parts[0].tab->count.chunks_open, 1);
    if (b->kind != BATCH_CHUNK && !b->part.has_more)
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
    if (tracker_enter(a->tracker, b))
        make_ready(a, b);
    pthread_mutex_unlock(&a->lock);
}

bool apply_is_hungry(struct apply *a)
{
    pthread_mutex_lock(&a->lock);
    bool hungry = a->nready < a->idle && a->open_stream < STREAM_AT_ONCE;
    pthread_mutex_unlock(&a->lock);
    return hungry;
}

void apply_wake(struct apply *a)
{
    pthread_mutex_lock(&a->lock);
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->lock);
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

static struct batch *take(struct apply *a)
{
    struct batch *b = NULL;
    pthread_mutex_lock(&a->lock);
    a->idle++;
    while (!a->ready && !a->is_closing)
        pthread_cond_wait(&a->changed, &a->lock);
    a->idle--;
    if (!a->is_closing) {
        struct ready *r = a->ready;
        DL_DELETE(a->ready, r);
        a->nready--;
        b = r->batch;
        free(r);
    }
    pthread_mutex_unlock(&a->lock);
    return b;
}

static void count_done(struct apply *a, const struct batch *b)
{
    struct apply_counters *c = a->o.count;
    uint64_t rows = 0, bytes = 0;
    for (uint32_t i = 0; i < b->nparts; i++) {
        const struct batch_part *p = &b->parts[i];
        rows += p->ins.n + (p->must_find ? p->del.n : 0);
        bytes += p->ins.data.n + p->del.data.n;
        if (b->kind == BATCH_CHUNK) {
            atomic_fetch_add(&p->tab->count.rows_loaded, p->ins.n);
            atomic_fetch_add(&p->tab->count.bytes_loaded, b->chunk.bytes);
            atomic_fetch_add(&p->tab->count.chunks_done, 1);
            atomic_fetch_sub(&p->tab->count.chunks_open, 1);
        }
    }
    atomic_fetch_add(&c->tx, b->ntx);
    atomic_fetch_add(&c->batches, 1);
    if (b->kind == BATCH_STREAM) {
        atomic_fetch_add(&c->rows, rows);
        atomic_fetch_add(&c->bytes, bytes);
    }
}

static void finish(struct apply *a, struct batch *b)
{
    count_done(a, b);
    pthread_mutex_lock(&a->lock);
    tracker_done(a->tracker, b, make_ready, a);
    all_remove(a, b);
    a->open--;
    a->open_stream -= b->kind == BATCH_STREAM;
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->lock);
    if (b->kind != BATCH_CHUNK && !b->part.has_more)
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
    for (struct batch *b; (b = take(a)) != NULL;) {
        atomic_fetch_add(&a->o.count->busy, 1);
        bool fine = b->kind == BATCH_DDL ? writer_apply_ddl(w, b) : writer_apply_rows(w, b);
        atomic_fetch_sub(&a->o.count->busy, 1);
        if (!fine)
            break; /* the run stops; the batch stays open and is dropped by apply_free */
        finish(a, b);
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

static void *mark_main(void *arg)
{
    struct writer *w = arg;
    struct apply *a = w->apply;
    struct pos last = {0}, low, settled[SETTLED_AT_ONCE];
    bool is_doubtful = false;         /* the lane's epoch may be another than we think */
    mysql_thread_init();
    for (bool is_last = false; !is_last;) {
        is_last = cancel_wait(a->mark_stop, 500);
        size_t n = 0;
        do {
            struct err e = {0};
            if (is_doubtful && !writer_settle(w, &e)) {
                writer_disconnect(w);
                break;
            }
            is_doubtful = false;
            n = marks_take_settled(a->o.marks, settled, SETTLED_AT_ONCE);
            marks_low(a->o.marks, &low); /* after: the mark covers what was taken */
            if (!n && pos_cmp(&low, &last) == 0)
                break;
            if (move_mark(w, &low, settled, n, &e)) {
                last = low;
                continue;
            }
            if (e.code == ERR_TARGET_FENCED)
                a->o.ask.fatal(a->o.ask.arg, &e);
            is_doubtful = true; /* rows left behind are removed after the next start */
            writer_disconnect(w);
            break;
        } while (n == SETTLED_AT_ONCE);
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
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
    a->tracker = tracker_new();
    a->mark_stop = cancel_new();
    a->writers = x_alloc((o->writers + 1) * sizeof *a->writers);
    a->threads = x_alloc(o->writers * sizeof *a->threads);
    for (uint32_t i = 0; i <= o->writers; i++)
        a->writers[i] = (struct writer){.apply = a, .lane = i, .epoch = o->epoch};
    for (uint32_t i = 0; i < o->writers; i++)
        pthread_create(&a->threads[i], NULL, writer_main, &a->writers[i]);
    pthread_create(&a->mark_thread, NULL, mark_main, &a->writers[o->writers]);
    return a;
}

void apply_free(struct apply *a)
{
    if (!a)
        return;
    pthread_mutex_lock(&a->lock);
    a->is_closing = true;
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->lock);
    for (uint32_t i = 0; i < a->o.writers; i++)
        pthread_join(a->threads[i], NULL);
    cancel_set(a->mark_stop);
    pthread_join(a->mark_thread, NULL);
    struct ready *r, *tmp;
    DL_FOREACH_SAFE(a->ready, r, tmp)
        free(r);
    for (size_t i = 0; i < a->nall; i++)
        batch_free(a->all[i]);
    for (uint32_t i = 0; i <= a->o.writers; i++) {
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
