// SPDX-License-Identifier: Apache-2.0
/* Four times a second: counters to a snapshot. Only this thread writes g->snap, under g->lock where others read it. */
#include "engine/private.h"

#include "base/text.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

void rates_add(struct rates *r, int64_t ms, uint64_t value)
{
    size_t newest = (r->next + TG_ARRAY_LEN(r->at) - 1) % TG_ARRAY_LEN(r->at);
    if (r->n && value < r->at[newest].value)
        r->n = r->next = 0;           /* counted anew: a table is copied once more, or has left */
    r->at[r->next].ms = ms;
    r->at[r->next].value = value;
    r->next = (r->next + 1) % TG_ARRAY_LEN(r->at);
    r->n = TG_MIN(r->n + 1, TG_ARRAY_LEN(r->at));
}

double rates_over(const struct rates *r, int64_t span_ms)
{
    if (r->n < 2)
        return 0;
    size_t size = TG_ARRAY_LEN(r->at), newest = (r->next + size - 1) % size, i = newest;
    for (size_t k = 1; k < r->n; k++) {
        size_t before = (i + size - 1) % size;
        if (r->at[newest].ms - r->at[before].ms > span_ms)
            break;
        i = before;
    }
    int64_t ms = r->at[newest].ms - r->at[i].ms;
    return ms <= 0 ? 0 : (double)(r->at[newest].value - r->at[i].value) * 1000.0 / (double)ms;
}

void engine_forget_rates(struct engine *g)
{
    g->dump_rate = g->load_rate = g->row_rate = g->read_row_rate = (struct rates){.n = 0};
    if (g->ntable_rate)
        memset(g->table_rate, 0, g->ntable_rate * sizeof *g->table_rate);
}

static double table_rate(struct table_rate *r, int64_t now, uint64_t value)
{
    size_t size = TG_ARRAY_LEN(r->at), newest = (r->next + size - 1) % size;
    if (r->n && value < r->at[newest].value)
        *r = (struct table_rate){.n = 0}; /* counted anew */
    if (!r->n || now - r->at[newest].ms >= 1000) {
        r->at[r->next].ms = now;
        r->at[r->next].value = value;
        r->next = (r->next + 1) % size;
        r->n = TG_MIN(r->n + 1, size);
    }
    size_t oldest = r->n < size ? 0 : r->next;
    int64_t ms = now - r->at[oldest].ms;
    return ms <= 0 ? 0 : (double)(value - r->at[oldest].value) * 1000.0 / (double)ms;
}

static uint64_t distance(const struct engine *g, const struct pos *from, const struct pos *to)
{
    return binlog_distance(g->binlogs, g->nbinlogs, from, to);
}

/* How large the source's files are is asked when one has ended and is still to be applied, and not again until the next. */
static void look_at_files(struct engine *g, const struct pos *end)
{
    struct err ignored = {0};
    bool is_known = g->nbinlogs && strcmp(g->binlogs[g->nbinlogs - 1].name, end->file) == 0;
    if (!pos_is_set(&g->low) || strcmp(g->low.file, end->file) == 0 || is_known)
        return;
    free(g->binlogs);
    g->binlogs = NULL;
    g->nbinlogs = 0;
    source_binlogs(&g->look, &g->binlogs, &g->nbinlogs, &ignored); /* without it: a lower bound */
}

#define LOOK_MS 1000
#define LOOK_LOST_MS 5000             /* between two looks at a source that does not answer: each may take its time */
#define FRESH_S 5                     /* so far behind a count of what is received says nothing of the source's present */

static void look_at_source(struct engine *g, int64_t now)
{
    struct err e = {0};
    if (now - g->look_ms < (g->source_lost_ms ? LOOK_LOST_MS : LOOK_MS))
        return;
    struct pos end = {.at = 0};
    bool fine = (g->look.my || conn_open_source(&g->look, &g->source, 30, &e)) && source_position(&g->look, &end, &e);
    g->look_ms = clock_mono_ms();
    if (!fine) {                      /* lost or refused: where it stands is not known */
        conn_close(&g->look);
        g->source_lost_ms = g->source_lost_ms ? g->source_lost_ms : now;
        snprintf(g->source_lost, sizeof g->source_lost, "%.119s", e.text);
        return;
    }
    g->source_lost_ms = 0;
    look_at_files(g, &end);
    g->written_bytes += distance(g, &g->source_end, &end);
    g->source_end = end;
    engine_pace_look(g);
    kept_look(g, now);
}

static void fill_flow(struct flow_view *f, struct rates *bytes, int64_t now, uint64_t done, uint64_t total, uint64_t rows)
{
    rates_add(bytes, now, done);
    f->bytes = done;
    f->total_bytes = TG_MAX(total, done);
    f->total_is_guess = true;
    f->rows = rows;
    f->rate = rates_over(bytes, 10000);
    f->rate_long = rates_over(bytes, 300000);
    f->left_s = f->left_from_s = f->left_to_s = -1;
    if (f->rate < 1 || f->rate_long < 1 || !total)
        return;
    uint64_t left = f->total_bytes - done;
    double a = (double)left / f->rate, b = (double)left / f->rate_long;
    f->left_s = (int64_t)((a + b) / 2);
    f->left_from_s = (int64_t)(TG_MIN(a, b) * 0.9);
    f->left_to_s = (int64_t)(TG_MAX(a, b) * 1.1);
}

enum table_state engine_tab_state(struct engine *g, const struct tab *tab)
{
    int verified = atomic_load(&tab->verified);
    if (atomic_load(&tab->is_asking))
        return TABLE_ASKING;
    if (atomic_load(&tab->is_failed))
        return TABLE_FAILED;
    if (verified)
        return verified == 1 ? TABLE_VERIFIED : TABLE_DIFFERENT;
    if (tab->copy == TAB_COMPLETE && !atomic_load(&tab->count.chunks_open))
        return g->state == RUN_IN_SYNC || g->state == RUN_VERIFYING || g->state == RUN_FINISHED ? TABLE_IN_SYNC : TABLE_COPIED;
    return tab->copy == TAB_COMPLETE || atomic_load(&tab->count.chunks_busy) || atomic_load(&tab->count.rows_read)
               ? TABLE_COPYING
               : TABLE_WAITING;
}

static void count_state(struct mon_snapshot *s, enum table_state st)
{
    s->tables_total++;
    s->tables_done += st == TABLE_COPIED || st == TABLE_IN_SYNC || st == TABLE_VERIFIED;
    s->tables_busy += st == TABLE_COPYING;
    s->tables_waiting += st == TABLE_WAITING;
    s->tables_failed += st == TABLE_FAILED || st == TABLE_ASKING || st == TABLE_DIFFERENT;
}

static void fill_table(struct engine *g, struct table_view *v, struct tab *tab, uint32_t index, enum table_state st, int64_t now)
{
    *v = (struct table_view){.state = st, .is_keyless = tab->is_keyless, .left_s = -1};
    snprintf(v->name, sizeof v->name, "%.129s", tab->label);
    v->rows_read = atomic_load(&tab->count.rows_read);
    v->bytes_read = atomic_load(&tab->count.bytes_read);
    v->rows_loaded = atomic_load(&tab->count.rows_loaded);
    v->bytes_loaded = atomic_load(&tab->count.bytes_loaded);
    bool is_done = tab->copy == TAB_COMPLETE;
    v->rows_guess = is_done ? v->rows_read : TG_MAX(tab->rows_guess, v->rows_read);
    v->bytes_guess = is_done ? v->bytes_read : TG_MAX(tab->bytes_guess, v->bytes_read);
    v->chunks_done = (uint32_t)atomic_load(&tab->count.chunks_done);
    v->chunks_busy = (uint32_t)atomic_load(&tab->count.chunks_busy);
    v->rate = table_rate(&g->table_rate[index], now, v->bytes_loaded);
    if (v->rate > 1 && !is_done)
        v->left_s = (int64_t)((double)(v->bytes_guess - TG_MIN(v->bytes_guess, v->bytes_loaded)) / v->rate);
}

static int rank(enum table_state st)
{
    static const int ranks[] = {[TABLE_ASKING] = 0, [TABLE_FAILED] = 1, [TABLE_DIFFERENT] = 2, [TABLE_COPYING] = 3,
                                [TABLE_WAITING] = 4, [TABLE_COPIED] = 5, [TABLE_IN_SYNC] = 6, [TABLE_VERIFIED] = 7};
    return ranks[st];
}

static int busiest_first(const void *x, const void *y)
{
    const struct table_view *a = x, *b = y;
    if (rank(a->state) != rank(b->state))
        return rank(a->state) - rank(b->state);
    if (a->bytes_guess != b->bytes_guess)
        return a->bytes_guess > b->bytes_guess ? -1 : 1;
    return strcmp(a->name, b->name);
}

static void fill_tables(struct engine *g, struct mon_snapshot *s, int64_t now)
{
    uint64_t read = 0, loaded = 0, rows_read = 0, rows_loaded = 0, total = 0, unread = 0;
    struct buf times = {0};
    pthread_mutex_lock(&g->tabs.lock);
    if (g->ntable_rate < g->tabs.n) {
        g->table_rate = x_realloc(g->table_rate, g->tabs.n * sizeof *g->table_rate);
        memset(g->table_rate + g->ntable_rate, 0, (g->tabs.n - g->ntable_rate) * sizeof *g->table_rate);
        g->ntable_rate = g->tabs.n;
    }
    if (g->ntable_began < g->tabs.n) {
        g->table_began = x_realloc(g->table_began, g->tabs.n * sizeof *g->table_began);
        memset(g->table_began + g->ntable_began, 0, (g->tabs.n - g->ntable_began) * sizeof *g->table_began);
        g->ntable_began = g->tabs.n;
    }
    struct table_view *all = x_alloc((g->tabs.n + 1) * sizeof *all);
    uint32_t nall = 0;
    s->tables_total = s->tables_done = s->tables_busy = s->tables_failed = s->tables_waiting = s->ntables = 0;
    s->tables_verified = s->tables_different = 0;
    for (uint32_t i = 0; i < g->tabs.n; i++) {
        struct tab *tab = g->tabs.list[i];
        if (!tab->def)
            continue;
        enum table_state st = engine_tab_state(g, tab);
        count_state(s, st);
        s->tables_verified += atomic_load(&tab->verified) == 1;
        s->tables_different += atomic_load(&tab->verified) == 2;
        times_table(g, i, tab, st, &times);
        fill_table(g, &all[nall++], tab, i, st, now);
        uint64_t bytes = atomic_load(&tab->count.bytes_read);
        read += bytes;
        total += tab->copy == TAB_COMPLETE ? bytes : TG_MAX(tab->bytes_guess, bytes);
        unread += tab->copy != TAB_COMPLETE;
        loaded += atomic_load(&tab->count.bytes_loaded);
        rows_read += atomic_load(&tab->count.rows_read);
        rows_loaded += atomic_load(&tab->count.rows_loaded);
    }
    pthread_mutex_unlock(&g->tabs.lock);
    times_flush(g, &times);
    g->sampled_ms = clock_wall_ms();
    qsort(all, nall, sizeof *all, busiest_first);
    s->ntables = TG_MIN(nall, (uint32_t)MON_TABLES);
    memcpy(s->table, all, s->ntables * sizeof *all);
    free(g->sampled);
    g->sampled = all;
    g->nsampled = nall;
    fill_flow(&s->dump, &g->dump_rate, now, read, total, rows_read);
    fill_flow(&s->load, &g->load_rate, now, loaded, total, rows_loaded);
    rates_add(&g->row_rate, now, rows_loaded);
    rates_add(&g->read_row_rate, now, rows_read);
    s->load.row_rate = rates_over(&g->row_rate, 10000);
    s->dump.row_rate = rates_over(&g->read_row_rate, 10000);
    s->dump.total_is_guess = s->load.total_is_guess = unread > 0;
    s->dump.workers = atomic_load(&g->copy_count.busy);
    s->dump.workers_max = s->pace.readers_max;
    s->dump.active = s->pace.readers;
    s->load.workers = atomic_load(&g->apply_count.busy);
    s->load.workers_max = s->pace.writers_max;
    s->load.active = s->pace.writers;
}

/* The worst of `step` seconds is a point; *seconds counts those of the newest. */
static void add_long_point(float point[MON_LAG_LONG], uint32_t *n, uint32_t *seconds, uint32_t step, float value)
{
    if (*n && (*seconds)++ < step) {
        point[*n - 1] = TG_MAX(point[*n - 1], value);
        return;
    }
    if (*n == MON_LAG_LONG)
        memmove(point, point + 1, (--*n) * sizeof *point);
    point[(*n)++] = value;
    *seconds = 1;
}

static void add_point(struct engine *g, struct lag_view *l, int64_t now)
{
    if (now - g->last_point_ms < 1000)
        return;
    g->last_point_ms = now;
    if (l->npoints == MON_LAG_POINTS) {
        memmove(l->points, l->points + 1, (MON_LAG_POINTS - 1) * sizeof *l->points);
        l->npoints--;
    }
    l->points[l->npoints++] = (float)TG_MAX(l->seconds, 0.0);
    add_long_point(l->hour, &l->nhour, &g->hour_seconds, 3600 / MON_LAG_LONG, l->points[l->npoints - 1]);
    add_long_point(l->day, &l->nday, &g->day_seconds, 86400 / MON_LAG_LONG, l->points[l->npoints - 1]);
}

/* Transactions are counted where they are read: how many the source writes is known while we keep up with it. */
static void fill_rates(struct engine *g, struct lag_view *l, uint64_t applied, int64_t now)
{
    rates_add(&g->tx_rate, now, applied);
    rates_add(&g->byte_rate, now, g->applied_bytes);
    rates_add(&g->source_rate, now, g->written_bytes);
    rates_add(&g->source_tx_rate, now, atomic_load(&g->follow_count.tx));
    l->apply_tx_rate = rates_over(&g->tx_rate, 10000);
    l->apply_byte_rate = rates_over(&g->byte_rate, 10000);
    l->source_byte_rate = rates_over(&g->source_rate, 10000);
    l->source_tx_rate = rates_over(&g->source_tx_rate, 10000);
    if (l->unread_bytes && (l->received_s < 0 || l->received_s > FRESH_S))
        l->source_tx_rate = -1;
    if (g->source_lost_ms)
        l->source_byte_rate = l->source_tx_rate = -1;
}

/* What a paused run has received waits before the sequence, where its time is not known: nothing is open, and all the same
 * the place that is applied gets older. */
static void age_while_paused(struct engine *g, struct lag_view *l, bool has_moved, bool has_open, int64_t now)
{
    if (has_moved || !(l->unapplied_bytes || l->unread_bytes)) {
        g->low_ms = now;
        g->low_lag = l->seconds;
    } else if (g->is_paused && !has_open && g->low_lag >= 0) {
        l->seconds = TG_MAX(l->seconds, g->low_lag + (double)(now - g->low_ms) / 1000.0);
    }
}

static void fill_lag(struct engine *g, struct mon_snapshot *s, int64_t now)
{
    struct lag_view *l = &s->lag;
    struct pos at, low;
    marks_low(g->marks, &low);
    at = low;
    if (g->follow)
        follow_at(g->follow, &at);
    snprintf(s->position_file, sizeof s->position_file, "%s", at.file);
    s->position = at.at;
    snprintf(s->applied_file, sizeof s->applied_file, "%s", low.file);
    s->applied = low.at;
    l->unread_bytes = distance(g, &at, &g->source_end);
    l->unapplied_bytes = distance(g, &low, &at);
    g->applied_bytes += distance(g, &g->low, &low);
    bool has_moved = pos_cmp(&g->low, &low) != 0;
    g->low = low;
    int64_t wall = clock_wall_ms() - g->clock_offset_ms, oldest = marks_oldest_ms(g->marks);
    int64_t last = atomic_load(&g->follow_count.last_commit_s) * 1000;
    l->received_s = !l->unread_bytes ? 0 : last ? TG_MAX((double)(wall - last) / 1000.0 - 1.0, 0.0) : -1;
    if (oldest)
        l->seconds = TG_MAX((double)(wall - oldest) / 1000.0 - 1.0, 0.0); /* stamps are whole seconds */
    else
        l->seconds = l->received_s;
    age_while_paused(g, l, has_moved, oldest != 0, now);
    l->source_lost_s = g->source_lost_ms ? (double)TG_MAX(now - g->source_lost_ms, 1) / 1000.0 : 0;
    if (g->source_lost_ms)            /* what it has written since is not known */
        l->seconds = TG_MAX(l->seconds, (double)(now - g->source_lost_ms) / 1000.0);
    kept_fill(g, l);
    int64_t event = atomic_load(&g->follow_count.last_event_ms);
    l->silent_s = event ? (double)(now - event) / 1000.0 : 0;
    s->tx_applied = atomic_load(&g->apply_count.tx);
    s->rows_applied = atomic_load(&g->apply_count.rows);
    fill_rates(g, l, s->tx_applied, now);
    delays_fill(g, l, now);
    add_point(g, l, now);
}

static void fill_questions(struct engine *g, struct mon_snapshot *s)
{
    s->nquestions = 0;
    for (struct question *q = g->questions; q && s->nquestions < MON_QUESTIONS; q = q->next) {
        struct question_view *v = &s->question[s->nquestions++];
        *v = (struct question_view){.asked_ms = q->asked_ms};
        snprintf(v->id, sizeof v->id, "%s", q->id);
        snprintf(v->table, sizeof v->table, "%s", q->table);
        snprintf(v->text, sizeof v->text, "%s", q->text);
        for (uint32_t i = 0; i < q->nchoices && i < TG_ARRAY_LEN(v->choice); i++) {
            snprintf(v->choice[i].slug, sizeof v->choice[i].slug, "%s", q->choices[i].slug);
            snprintf(v->choice[i].label, sizeof v->choice[i].label, "%s", q->choices[i].label);
            v->nchoices++;
        }
    }
}

static uint64_t memory_now(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f && fscanf(f, "%*u %lu", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return (uint64_t)pages * 4096;
}

void engine_sample(struct engine *g)
{
    int64_t now = clock_mono_ms();
    struct mon_snapshot *s = g->snap;
    if (g->follow)
        look_at_source(g, now);
    engine_pace_tick(g, now);
    pthread_mutex_lock(&g->lock);
    s->seq++;
    s->at_ms = clock_wall_ms();
    s->since_ms = g->started_ms;
    s->began_ms = g->began_ms;
    s->memory_bytes = memory_now();
    s->pace = g->pace.view;
    fill_tables(g, s, now);
    fill_lag(g, s, now);
    fill_questions(g, s);
    s->quarantine = quarantine_count(g->quarantine);
    s->state = engine_shown_state(g, s, now);
    snprintf(s->verdict, sizeof s->verdict, "%s", g->verdict);
    snprintf(s->verified_at, sizeof s->verified_at, "%s", g->verified_at);
    pthread_mutex_unlock(&g->lock);
    mon_server_publish(g->mon, s);
}
