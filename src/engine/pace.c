// SPDX-License-Identifier: Apache-2.0
/* The pace of a run: what the sampler saw goes to knee.c and dial.c, what they conclude to the writer pool and the
 * readers. A person's limits are the job's own fields: changed here while the run goes, and written to the run's
 * job.yaml, from which `resume` starts it again. */
#include "base/file.h"
#include "base/text.h"
#include "engine/private.h"

#include <stdio.h>
#include <stdlib.h>

#define WRITERS_MAX 64                /* lanes of a run, where its job asks for no more */
#define STEP_MS 1000
#define CHUNK_LEAST ((uint64_t)64 << 10)
#define TOLD_BYTES ((uint64_t)256 << 10) /* read in a second, so that its time tells something */

static struct dial_rule rule_of(const struct job *j)
{
    static const struct dial_rule rules[] = {
        [PACE_GENTLE] = {2, 10, 3}, [PACE_NORMAL] = {4, 25, 6}, [PACE_FAST] = {8, 0, 0}};
    struct dial_rule r = rules[j->pace];
    if (j->readers > 0)
        r.readers = j->pace == PACE_GENTLE ? TG_MIN((uint32_t)j->readers, r.readers) : (uint32_t)j->readers;
    if (j->source_threads > 0)
        r.threads = (uint32_t)j->source_threads;
    return r;
}

/* At a low rate smaller chunks, so that it is held from second to second. */
static uint64_t chunk_of(const struct job *j, uint32_t readers)
{
    uint64_t most = (uint64_t)j->chunk_bytes;
    if (j->read_rate > 0)
        most = TG_MIN(most, TG_MAX((uint64_t)j->read_rate / TG_MAX(readers, 1u), CHUNK_LEAST));
    return most;
}

/* Behind g->lock. What the person set holds at once; what is found follows with the next look. */
static void fill_limits(struct engine *g, struct pace_view *v)
{
    struct dial_rule rule = rule_of(g->job);
    snprintf(v->dial, sizeof v->dial, "%s", job_pace_name(g->job->pace));
    v->writers_max = (uint32_t)g->job->writers;
    v->writers = TG_MIN(v->writers, v->writers_max);
    v->readers_max = rule.readers;
    v->readers = TG_MIN(v->readers, v->readers_max);
    v->readers_set = (uint32_t)g->job->readers;
    v->chunk_bytes = chunk_of(g->job, rule.readers);
    v->read_rate = (uint64_t)g->job->read_rate;
    v->source_threads = rule.threads;
}

void engine_pace_init(struct engine *g)
{
    struct pace *p = &g->pace;
    struct dial_rule rule = rule_of(g->job);
    g->lanes = TG_MAX((uint32_t)g->job->writers, (uint32_t)WRITERS_MAX);
    knee_init(&p->knee, (uint32_t)g->job->writers);
    dial_init(&p->dial, &rule);
    p->running = p->view.threads_running = -1;
    p->view.read_ms = -1;
    p->view.writers = p->knee.at;
    p->view.readers = p->dial.readers;
    fill_limits(g, &p->view);
}

void engine_pace_look(struct engine *g)
{
    MYSQL_RES *res;
    struct err e = {0};
    g->pace.running = -1;
    if (!g->look.my || !conn_query(&g->look, "SHOW GLOBAL STATUS LIKE 'Threads_running'", &res, &e)) {
        if (err_is_lost(&e))
            conn_close(&g->look);
        return;
    }
    MYSQL_ROW row = mysql_fetch_row(res);
    if (row && row[1])
        g->pace.running = strtoll(row[1], NULL, 10);
    mysql_free_result(res);
}

static uint64_t since(atomic_uint_least64_t *counter, uint64_t *before)
{
    uint64_t now = atomic_load(counter), more = now - *before;
    *before = now;
    return more;
}

static uint32_t ours_at_source(struct engine *g)
{
    return atomic_load(&g->copy_count.busy) + (g->follow != NULL) + 1; /* the dump of the binlog, and the look itself */
}

static double read_ms(struct engine *g, double *of_mib)
{
    struct pace *p = &g->pace;
    uint64_t selects = since(&g->copy_count.selects, &p->selects), us = since(&g->copy_count.select_us, &p->select_us),
             bytes = since(&g->copy_count.select_bytes, &p->select_bytes);
    *of_mib = bytes < TOLD_BYTES ? -1 : (double)us / 1000.0 / ((double)bytes / 1048576.0);
    return selects ? (double)us / 1000.0 / (double)selects : -1;
}

/* Once a second. Returns how long a SELECT took, -1: there was none. */
static double conclude(struct engine *g, const struct dial_rule *rule, int64_t now)
{
    struct pace *p = &g->pace;
    struct apply_counters *c = &g->apply_count;
    uint64_t ms = (uint64_t)TG_MAX(now - p->step_ms, 1), bytes = since(&c->statement_bytes, &p->statement_bytes),
             us = since(&c->statement_us, &p->statement_us);
    struct knee_seen seen = {.bytes = since(&c->written, &p->written) * 1000 / ms,
                             .batches = (uint32_t)since(&c->batches, &p->batches),
                             .conflicts = (uint32_t)since(&c->conflicts, &p->conflicts),
                             .is_full = p->full * 2 >= p->samples && p->full};
    struct dial_seen source = {.running = p->running, .ours = ours_at_source(g)};
    double select_ms = read_ms(g, &source.read_ms);
    p->step_ms = now;
    p->samples = p->full = 0;
    uint32_t before = p->knee.base;
    knee_step(&p->knee, &seen);
    if (p->knee.base != before)
        log_event(LOG_DEBUG, "engine", "", "", "%u writers at once, %.1f MB/s", p->knee.base, p->knee.base_rate / 1e6);
    dial_step(&p->dial, rule, &source);
    if (g->apply)
        apply_set_statement(g->apply, statement_step(apply_statement_bytes(g->apply), bytes, us));
    return select_ms;
}

/* Behind g->lock. */
static void fill_waits(struct engine *g, struct pace_view *v)
{
    const struct dial *d = &g->pace.dial;
    v->waits[0] = 0;
    if (g->state != RUN_COPYING || !g->copy || g->is_paused)
        return;
    if (g->snap->lag.seconds > STREAM_FIRST_S) {
        snprintf(v->waits, sizeof v->waits, N_("stream first, %.0f s behind"), g->snap->lag.seconds);
    } else if (d->why[0]) {
        snprintf(v->waits, sizeof v->waits, "%s", d->why);
    } else if (g->pace.owes) {
        snprintf(v->waits, sizeof v->waits, N_("limit of %.1f MB/s"), (double)g->job->read_rate / 1e6);
    }
}

void engine_pace_tick(struct engine *g, int64_t now)
{
    struct pace *p = &g->pace;
    pthread_mutex_lock(&g->lock);
    struct dial_rule rule = rule_of(g->job);
    uint32_t most = (uint32_t)g->job->writers;
    uint64_t rate = (uint64_t)g->job->read_rate, chunk = chunk_of(g->job, rule.readers);
    bool is_new = p->is_new;
    p->is_new = false;
    pthread_mutex_unlock(&g->lock);
    if (is_new) {
        knee_set_most(&p->knee, most);
        dial_init(&p->dial, &rule); /* what the source bears is found again */
    }
    p->samples++;
    p->full += g->apply && apply_is_full(g->apply);
    bool owes = !bucket_step(&p->bucket, rate, atomic_load(&g->copy_count.bytes), now), is_step = now - p->step_ms >= STEP_MS;
    double select_ms = is_step ? conclude(g, &rule, now) : -1;
    if (g->apply)
        apply_set_writers(g->apply, p->knee.at, p->knee.most);
    if (g->copy)
        copy_set(g->copy, p->dial.readers, (size_t)chunk);
    pthread_mutex_lock(&g->lock);
    p->owes = owes;
    p->view.writers = p->knee.at;
    p->view.readers = p->dial.readers;
    p->view.statement_bytes = g->apply ? apply_statement_bytes(g->apply) : 0;
    p->view.threads_running = p->running;
    p->view.threads_ours = ours_at_source(g);
    if (select_ms >= 0)
        p->view.read_ms = p->view.read_ms < 0 ? select_ms : p->view.read_ms * 0.7 + select_ms * 0.3;
    fill_limits(g, &p->view);
    fill_waits(g, &p->view);
    pthread_mutex_unlock(&g->lock);
}

/* ---- the command ---- */

static const char *const keys[] = {"writers", "readers", "chunk", "read-rate", "source-threads"};

static void copy_limits(struct job *to, const struct job *from)
{
    to->pace = from->pace;
    to->writers = from->writers;
    to->readers = from->readers;
    to->chunk_bytes = from->chunk_bytes;
    to->read_rate = from->read_rate;
    to->source_threads = from->source_threads;
}

static bool set_key(struct job *j, const char *key, json_t *value, uint32_t lanes, struct err *e)
{
    char path[64] = "pace", number[32];
    const char *text = json_string_value(value);
    bool is_known = strcmp(key, "pace") == 0;
    for (size_t i = 0; i < TG_ARRAY_LEN(keys) && !is_known; i++) {
        is_known = strcmp(key, keys[i]) == 0;
        snprintf(path, sizeof path, "limits.%s", keys[i]);
    }
    if (!is_known)
        return err_set(e, ERR_CONF_VALUE,
                       "%.40s is nothing that changes while the run goes; KEY is writers, readers, chunk, read-rate or "
                       "source-threads",
                       key);
    if (json_is_integer(value)) {
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
        text = number;
    }
    if (!text)
        return err_set(e, ERR_CONF_VALUE, "%s is neither text nor a number", key);
    if (!job_set(j, path, text, e)) {
        e->where[0] = 0; /* says --set */
        return false;
    }
    return (uint64_t)j->writers <= lanes ||
           err_set(e, ERR_CONF_VALUE, "writers is %lld; it can be 1 to %u while this run goes", (long long)j->writers, lanes);
}

/* The changed limits in g->job and in the run's job.yaml, or as before in both. */
static bool keep_limits(struct engine *g, const struct job *next, struct err *e)
{
    struct job before = {0};
    struct buf text = {0};
    char *path = x_format("%s/job.yaml", g->o->run_dir);
    pthread_mutex_lock(&g->lock);
    copy_limits(&before, g->job);
    copy_limits(g->job, next);
    job_emit(g->job, &text);
    g->pace.is_new = true;
    pthread_mutex_unlock(&g->lock);
    bool fine = file_replace(path, &text, e);
    if (!fine) {
        pthread_mutex_lock(&g->lock);
        copy_limits(g->job, &before);
        pthread_mutex_unlock(&g->lock);
    }
    buf_release(&text);
    free(path);
    return fine;
}

bool engine_pace_command(struct engine *g, json_t *args, char **result_json, struct err *e)
{
    struct job next;
    bool fine = true;
    const char *key;
    json_t *value;
    job_init(&next);
    pthread_mutex_lock(&g->lock);
    copy_limits(&next, g->job);
    pthread_mutex_unlock(&g->lock);
    json_object_foreach(args, key, value)
        fine = fine && set_key(&next, key, value, g->lanes, e);
    if (fine && json_object_size(args))
        fine = keep_limits(g, &next, e);
    job_release(&next);
    if (!fine)
        return false;
    pthread_mutex_lock(&g->lock);
    struct pace_view now = g->pace.view;
    fill_limits(g, &now);
    pthread_mutex_unlock(&g->lock);
    *result_json = mon_encode_pace(&now);
    return true;
}
