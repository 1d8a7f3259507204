// SPDX-License-Identifier: Apache-2.0
#include "wizard/probe.h"

#include "wizard/scope.h"

#include "base/sync.h"
#include "ui/text.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* One probe under way. The thread owns it from its start on, and frees it. */
struct work {
    struct prober *prober;
    enum probe which;
    uint64_t number;                  /* news of another number are of a probe that was stopped */
    struct job job;
    struct cancel *cancel;
    char *run_dir;
};
struct prober {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    struct news *first, **last;
    struct work *live[PROBE_COUNT];
    uint64_t number[PROBE_COUNT];
    unsigned nthreads;
    int fd;
};

static const char *const source_ids[] = {"source.resolve", "source.connect", "source.tls", "source.login", "version", "source.role", "binlog_enable",
                                         "dump_privilege", "replication_privilege", "binlog.retention", "path.clock"};
static const char *const target_ids[] = {"target.resolve", "target.connect", "target.tls", "target.login", "target.version", "target.role", "target_privilege", "target.cloud"};

struct prober *prober_new(void)
{
    struct prober *p = x_alloc(sizeof *p);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->ended, NULL);
    p->last = &p->first;
    p->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return p;
}

int prober_fd(const struct prober *p)
{
    return p->fd;
}

static void put(struct work *k, struct news *n)
{
    struct prober *p = k->prober;
    uint64_t one = 1;
    pthread_mutex_lock(&p->lock);
    bool counts = p->number[k->which] == k->number;
    n->probe = k->which;
    if (counts) {
        *p->last = n;
        p->last = &n->next;
    }
    pthread_mutex_unlock(&p->lock);
    if (counts)
        (void)!write(p->fd, &one, sizeof one);
    else
        news_free(n);
}

void news_free(struct news *n)
{
    if (n->report)
        check_report_release(n->report);
    if (n->look)
        look_release(n->look);
    free(n->report);
    free(n->look);
    free(n);
}

static void told(void *arg, const struct check_result *r)
{
    struct news *n = x_alloc(sizeof *n);
    n->kind = NEWS_LINE;
    n->line.state = r->state;
    const char *said = r->nfindings ? r->findings[0].text : r->found ? r->found : r->detail ? r->detail : "";
    snprintf(n->line.text, sizeof n->line.text, "%s: %.180s", _(check_title(r->check)), said);
    put(arg, n);
}

static struct look *look_once(struct work *k, bool names_only, struct err *e)
{
    struct look *l = x_alloc(sizeof *l);
    if (look_read(l, &k->job, names_only, k->cancel, e))
        return l;
    free(l);
    return NULL;
}

/* The names first, so that there is something to see while definitions and sizes are read. */
static void probe_tables(struct work *k, struct news *over)
{
    struct news *first = x_alloc(sizeof *first);
    first->kind = NEWS_LOOK;
    first->look = look_once(k, true, &over->err);
    if (!first->look) {
        free(first);
        return;
    }
    put(k, first);
    over->look = look_once(k, false, &over->err);
}

static void probe_checks(struct work *k, struct news *over)
{
    struct check_options o = {.job = &k->job, .cancel = k->cancel, .told = told, .arg = k, .run_dir = k->run_dir, .depth = CHECK_DEEP};
    if (k->which == PROBE_SOURCE || k->which == PROBE_TARGET) {
        o.depth = CHECK_START;
        o.only = k->which == PROBE_SOURCE ? source_ids : target_ids;
        o.nonly = k->which == PROBE_SOURCE ? TG_ARRAY_LEN(source_ids) : TG_ARRAY_LEN(target_ids);
    } else if (k->which == PROBE_REHEARSE) {
        o.depth = CHECK_REHEARSE;
    }
    over->report = x_alloc(sizeof *over->report);
    checks_run(over->report, &o);
}

static void *probe_main(void *arg)
{
    struct work *k = arg;
    struct prober *p = k->prober;
    struct news *over = x_alloc(sizeof *over);
    over->kind = NEWS_OVER;
    if (k->which == PROBE_TABLES)
        probe_tables(k, over);
    else
        probe_checks(k, over);
    put(k, over);
    pthread_mutex_lock(&p->lock);
    if (p->live[k->which] == k)
        p->live[k->which] = NULL;
    p->nthreads--;
    pthread_cond_broadcast(&p->ended);
    pthread_mutex_unlock(&p->lock);
    job_release(&k->job);
    cancel_free(k->cancel);
    free(k->run_dir);
    free(k);
    return NULL;
}

void prober_stop(struct prober *p, enum probe which)
{
    pthread_mutex_lock(&p->lock);
    p->number[which]++;
    if (p->live[which])
        cancel_set(p->live[which]->cancel);
    p->live[which] = NULL;
    pthread_mutex_unlock(&p->lock);
}

void prober_start(struct prober *p, enum probe which, const struct job *job, const char *run_dir)
{
    struct work *k = x_alloc(sizeof *k);
    pthread_t thread;
    prober_stop(p, which);
    k->prober = p;
    k->which = which;
    k->cancel = cancel_new();
    k->run_dir = run_dir ? x_strdup(run_dir) : NULL;
    job_copy(&k->job, job);
    pthread_mutex_lock(&p->lock);
    k->number = p->number[which];
    p->live[which] = k;
    p->nthreads++;
    pthread_mutex_unlock(&p->lock);
    if (pthread_create(&thread, NULL, probe_main, k) != 0)
        tg_bug("no thread for a probe");
    pthread_detach(thread);
}

struct news *prober_take(struct prober *p)
{
    uint64_t count;
    pthread_mutex_lock(&p->lock);
    struct news *n = p->first;
    if (n) {
        p->first = n->next;
        if (!p->first)
            p->last = &p->first;
    } else {
        (void)!read(p->fd, &count, sizeof count);
    }
    pthread_mutex_unlock(&p->lock);
    return n;
}

void prober_free(struct prober *p)
{
    for (int i = 0; i < PROBE_COUNT; i++)
        prober_stop(p, (enum probe)i);
    pthread_mutex_lock(&p->lock);
    while (p->nthreads)
        pthread_cond_wait(&p->ended, &p->lock);
    pthread_mutex_unlock(&p->lock);
    for (struct news *n; (n = prober_take(p)) != NULL;)
        news_free(n);
    close(p->fd);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->ended);
    free(p);
}

/* ---- into the state ---- */

static void take_over(struct wz *w, struct news *n)
{
    struct probe_view *v = &w->probe[n->probe];
    v->is_running = false;
    v->is_over = true;
    v->ended_ms = w->now_ms;
    if (n->probe == PROBE_TABLES) {
        scope_take(w, n->look, &n->err);
        return;
    }
    if (n->probe != PROBE_CHECKS && n->probe != PROBE_REHEARSE) {
        check_report_release(n->report);
        free(n->report);
        return;
    }
    if (w->report)
        check_report_release(w->report);
    free(w->report);
    w->report = n->report;
}

void wz_take(struct wz *w, struct news *n)
{
    struct probe_view *v = &w->probe[n->probe];
    if (n->kind == NEWS_OVER)
        take_over(w, n);
    else if (n->kind == NEWS_LOOK)
        scope_take(w, n->look, NULL);
    else
        v->line[v->n++ % PROBE_LINES] = n->line;
}
