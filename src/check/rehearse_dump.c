// SPDX-License-Identifier: Apache-2.0
/* The binlog as the run will read it: a dump from the place where the run will start, until its first event is there
 * and understood. Privileges, purged files, places that are none, and a server_id that is taken show here and nowhere
 * else for certain. */
#include "check/rehearse.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define FIRST_EVENT_MS 15000
#define HEARTBEAT_MS 100  /* of a quiet source: what the look costs */
#define LOOK_MS 50

/* Ends a dump that is late or no longer wanted. */
struct dump_watch {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t change;
    struct binlog *stream;
    const struct cancel *cancel;      /* NULL: nobody cancels */
    int64_t until_ms;
    bool is_done, is_late, is_cancelled;
};

static void *watch(void *arg)
{
    struct dump_watch *w = arg;
    pthread_mutex_lock(&w->lock);
    while (!w->is_done) {
        struct timespec t;
        clock_gettime(CLOCK_REALTIME, &t);
        t.tv_nsec += LOOK_MS * 1000000L;
        t.tv_sec += t.tv_nsec / 1000000000L;
        t.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&w->change, &w->lock, &t);
        if (!w->is_done && !w->is_cancelled && w->cancel && cancel_is_set(w->cancel))
            w->is_cancelled = true;
        else if (!w->is_done && !w->is_late && clock_mono_ms() >= w->until_ms)
            w->is_late = true;
        else
            continue;
        binlog_interrupt(w->stream);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

static struct dump_watch *watch_start(struct binlog *stream, const struct cancel *cancel, int64_t limit_ms)
{
    struct dump_watch *w = x_alloc(sizeof *w);
    *w = (struct dump_watch){.stream = stream, .cancel = cancel, .until_ms = clock_mono_ms() + limit_ms};
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->change, NULL);
    if (pthread_create(&w->thread, NULL, watch, w) != 0)
        tg_bug("no thread");
    return w;
}

static void watch_end(struct dump_watch *w)
{
    pthread_mutex_lock(&w->lock);
    w->is_done = true;
    pthread_cond_signal(&w->change);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->change);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

bool dump_is_late(const struct dump *d)
{
    bool is_late;
    if (!d->watch)
        return false;
    pthread_mutex_lock(&d->watch->lock);
    is_late = d->watch->is_late;
    pthread_mutex_unlock(&d->watch->lock);
    return is_late;
}

/* After a failed fetch: was it the watch that ended it? */
static bool was_ended(struct dump *d)
{
    bool was;
    pthread_mutex_lock(&d->watch->lock);
    was = d->watch->is_late || d->watch->is_cancelled;
    pthread_mutex_unlock(&d->watch->lock);
    return was;
}

bool dump_open(struct dump *d, struct run *r, const struct pos *from, const struct gtid_set *gtids, int64_t limit_ms, struct err *e)
{
    const struct end *s = &r->end[SOURCE];
    struct binlog_start start = {.gtid = gtids, .heartbeat_ms = HEARTBEAT_MS,
                                 .server_id = s->job->server_id ? (uint32_t)s->job->server_id : (uint32_t)(tg_random64() | 0x40000000u)};
    *d = (struct dump){0};
    if (from)
        start.pos = *from;
    d->stream = binlog_open(&s->addr, &start, e);
    if (!d->stream)
        return false;
    d->decoder = decoder_new(s->conn.server.flavour == DB_MARIADB);
    d->watch = watch_start(d->stream, r->o->cancel, limit_ms);
    return true;
}

bool dump_next(struct dump *d, struct binlog_event *ev, struct err *e)
{
    free(d->raw);
    d->raw = NULL;
    if (!binlog_fetch(d->stream, &d->raw, e))
        return was_ended(d) ? err_set(e, ERR_CANCELLED, "the dump was ended") : false;
    return decoder_feed(d->decoder, d->raw, ev, e);
}

void dump_close(struct dump *d)
{
    if (d->watch)
        watch_end(d->watch);
    free(d->raw);
    decoder_free(d->decoder);
    binlog_close(d->stream);
    *d = (struct dump){0};
}

struct ddl_context dump_context(const struct run *r, const struct binlog_query *q)
{
    struct ddl_context cx = ddl_context_of(&r->end[SOURCE].conn.server, q->schema);
    cx.ansi_quotes = q->ansi_quotes;
    cx.no_backslash_escapes = q->no_backslash_escapes;
    return cx;
}

/* ---- the checks ---- */

/* Not what a file begins with, which is sent in front of every start. */
static bool is_first(const struct binlog_event *ev)
{
    bool is_head = ev->kind == BINLOG_FORMAT || ev->kind == BINLOG_ROTATE || ev->kind == BINLOG_OTHER;
    return !is_head && event_has_place(ev);
}

/* From one place to the first event behind it that the server has in its file, or to its word that there is none yet. */
static bool read_first(struct run *r, const struct pos *from, const struct gtid_set *gtids, struct check_result *out, struct err *e)
{
    struct dump d;
    struct binlog_event ev = {0};
    int64_t began = clock_mono_ms();
    bool is_there = false, has_format = false, fine = dump_open(&d, r, from, gtids, FIRST_EVENT_MS, e);
    while (fine && !is_there) {
        fine = dump_next(&d, &ev, e);
        has_format = has_format || (fine && ev.kind == BINLOG_FORMAT);
        is_there = fine && has_format && is_first(&ev);
    }
    if (is_there) {
        char text[96];
        set_found(out, "%s at %s", ev.kind == BINLOG_HEARTBEAT ? "a heartbeat" : ev.type_name,
                  pos_text(ev.kind == BINLOG_HEARTBEAT ? &ev.end : &ev.start, text));
        set_detail(out, "Asked for the binlog as the run will; the first event came after %lld ms.", (long long)(clock_mono_ms() - began));
    } else if (dump_is_late(&d)) {
        set_found(out, "nothing in %d s", FIRST_EVENT_MS / 1000);
        find(out, CHECK_WARN, NULL, "the source sent no event within %d s, and no heartbeat", FIRST_EVENT_MS / 1000);
        fine = true;
    }
    dump_close(&d);
    return fine;
}

/* A stream that can't be had at all is a failure; one that broke on the way may be chance. */
static void tell_refused(struct check_result *out, const struct err *e)
{
    if (e->code == ERR_CANCELLED) {
        not_applicable(out, "cancelled");
        return;
    }
    if (e->code == ERR_SOURCE_CONNECT || e->code == ERR_SOURCE_LOST || e->code == ERR_NET_RESOLVE) {
        unread(out, e);
        return;
    }
    set_found(out, "refused");
    find(out, CHECK_FAIL, err_info(e->code)->cure, "the source gives no binlog: %s", e->text);
    judge(out, CHECK_FAIL, e->code);
}

void check_binlog_dump(struct run *r, struct check_result *out)
{
    struct err e = {0};
    struct pos now = {0};
    set_wanted(out, "an event");
    if (!source_position(&r->end[SOURCE].conn, &now, &e)) {
        if (e.code == ERR_BINLOG_OFF)
            not_applicable(out, "there is no binlog: see binlog_enable");
        else
            tell_refused(out, &e);
        return;
    }
    if (!read_first(r, &now, NULL, out, &e))
        tell_refused(out, &e);
}

bool has_start(struct run *r)
{
    const struct job_end *s = r->end[SOURCE].job;
    return r->job->mode == MODE_INCREMENTAL && ((s->start_file && s->start_file[0]) || (s->start_gtid && s->start_gtid[0]));
}

static bool read_from_start(struct run *r, struct check_result *out, struct err *e)
{
    const struct job_end *s = r->end[SOURCE].job;
    if (job_starts_by_file(s)) {
        struct pos from = {.at = (uint64_t)TG_MAX(s->start_pos, 4)};
        snprintf(from.file, sizeof from.file, "%s", s->start_file);
        set_wanted(out, "%s:%" PRIu64, from.file, from.at);
        return read_first(r, &from, NULL, out, e);
    }
    struct gtid_set *set = gtid_new(r->end[SOURCE].conn.server.flavour == DB_MARIADB);
    set_wanted(out, "what is behind %.80s", s->start_gtid ? s->start_gtid : "");
    bool fine = gtid_parse(set, s->start_gtid ? s->start_gtid : "", e) && read_first(r, NULL, set, out, e);
    gtid_free(set);
    return fine;
}

void check_meta_position(struct run *r, struct check_result *out)
{
    struct err e = {0};
    if (read_from_start(r, out, &e))
        return;
    if (e.code == ERR_SOURCE_PRIVILEGE) {
        not_applicable(out, "the user may not read the binlog: see binlog.dump");
        return;
    }
    tell_refused(out, &e);
    if (out->judged == CHECK_FAIL)
        cure_setting(out, r->job, "mode", "all", "Copy the tables anew, then follow: mode: all");
}
