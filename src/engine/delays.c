// SPDX-License-Identifier: Apache-2.0
/* Where the time of a change goes, for the sampler: differences of the stages' counters over the last ten seconds, and
 * the largest transactions of the last day, one for each of the graph's points. What was not measured stays unknown. */
#include "engine/private.h"

#include <stdio.h>

#define SPAN_MS 10000
#define HOUR_POINT_MS (3600000 / MON_LAG_LONG)
#define DAY_POINT_MS (86400000 / MON_LAG_LONG)

static void look(struct engine *g, struct delay_seen *s, int64_t now)
{
    struct apply_counters *a = &g->apply_count;
    *s = (struct delay_seen){
        .ms = now,
        .arrivals = atomic_load(&g->follow_count.arrivals), .arrival_us = atomic_load(&g->follow_count.arrival_us),
        .batches = atomic_load(&a->stream_batches), .wait_us = atomic_load(&a->stream_wait_us),
        .busy_us = atomic_load(&a->stream_busy_us), .tx = atomic_load(&a->stream_tx), .conflict_tx = atomic_load(&a->conflict_tx)};
    for (unsigned i = 0; i < APPLY_CLASSES; i++)
        s->classes[i] = atomic_load(&a->classes[i]);
}

/* The class below which 99 of 100 are. */
static double p99_s(const struct delay_seen *from, const struct delay_seen *to)
{
    uint64_t all = to->batches - from->batches, seen = 0;
    for (unsigned i = 0; i < APPLY_CLASSES && all; i++) {
        seen += to->classes[i] - from->classes[i];
        if (seen * 100 >= all * 99)
            return (double)apply_class_us(i) / 1e6;
    }
    return -1;
}

static double mean_s(uint64_t us, uint64_t n)
{
    return n ? (double)us / (double)n / 1e6 : -1;
}

/* An event that is on its way to the decoder now has waited at least so long. */
static double queue_s(struct engine *g)
{
    int64_t since = atomic_load(&g->follow_count.watched_us), last = atomic_load(&g->follow_count.queue_us);
    return (double)TG_MAX(TG_MAX(last, since ? clock_mono_us() - since : 0), 0) / 1e6;
}

/* What the stream's share of the writers does now, if all that may had work. */
static void could(struct lag_view *l, const struct delay_seen *from, const struct delay_seen *to, uint32_t writers)
{
    double busy = (double)(to->busy_us - from->busy_us) / 1000.0 / (double)TG_MAX(to->ms - from->ms, 1);
    l->could_tx_rate = l->could_byte_rate = -1;
    if (to->batches - from->batches < 10 || busy <= 0 || l->apply_tx_rate <= 0)
        return;
    double times = TG_MAX((double)writers / busy, 1.0);
    l->could_tx_rate = l->apply_tx_rate * times;
    l->could_byte_rate = l->apply_byte_rate * times;
}

/* ---- the largest transaction ---- */

static void keep_peak(struct peak_slot *slots, int64_t step_ms, const struct lag_peak *p)
{
    struct peak_slot *slot = &slots[(p->at_ms / step_ms) % MON_LAG_LONG];
    if (slot->number != p->at_ms / step_ms || slot->peak.bytes < p->bytes)
        *slot = (struct peak_slot){p->at_ms / step_ms, *p};
}

static void best_peak(const struct peak_slot *slots, int64_t step_ms, int64_t from_ms, struct lag_peak *out)
{
    *out = (struct lag_peak){.at_ms = 0};
    for (unsigned i = 0; i < MON_LAG_LONG; i++)
        if (slots[i].peak.bytes > out->bytes && (slots[i].number + 1) * step_ms > from_ms)
            *out = slots[i].peak;
}

static void fill_peaks(struct engine *g, struct lag_view *l)
{
    struct delays *d = &g->delays;
    struct follow_peak new;
    int64_t now = clock_wall_ms();
    if (!g->follow)
        return;
    follow_take_peak(g->follow, &new);
    if (new.bytes) {
        struct lag_peak p = {.at_ms = new.commit_s * 1000 + g->clock_offset_ms, .bytes = new.bytes, .rows = new.rows};
        snprintf(p.table, sizeof p.table, "%.129s", new.table);
        snprintf(p.action, sizeof p.action, "%s", new.action);
        keep_peak(d->hour, HOUR_POINT_MS, &p);
        keep_peak(d->day, DAY_POINT_MS, &p);
    }
    best_peak(d->hour, HOUR_POINT_MS, now - 600000, &l->peak[MON_PEAK_MINUTES]);
    best_peak(d->hour, HOUR_POINT_MS, now - 3600000, &l->peak[MON_PEAK_HOUR]);
    best_peak(d->day, DAY_POINT_MS, now - 86400000, &l->peak[MON_PEAK_DAY]);
}

void delays_fill(struct engine *g, struct lag_view *l, int64_t now)
{
    struct delays *d = &g->delays;
    struct delay_seen to;
    look(g, &to, now);
    if (!d->n || now - d->seen[(d->next + DELAY_LOOKS - 1) % DELAY_LOOKS].ms >= SPAN_MS / (DELAY_LOOKS - 1)) {
        d->seen[d->next] = to;
        d->next = (d->next + 1) % DELAY_LOOKS;
        d->n = TG_MIN(d->n + 1, (unsigned)DELAY_LOOKS);
    }
    const struct delay_seen *from = &d->seen[d->n < DELAY_LOOKS ? 0 : d->next];
    uint64_t batches = to.batches - from->batches, tx = to.tx - from->tx;
    l->to_us_s = mean_s(to.arrival_us - from->arrival_us, to.arrivals - from->arrivals);
    l->to_us_is_rough = !atomic_load(&g->follow_count.arrival_is_exact);
    l->wait_s = batches ? mean_s(to.wait_us - from->wait_us, batches) + queue_s(g) : -1;
    l->commit_s = mean_s(to.busy_us - from->busy_us, batches);
    l->commit_p99_s = p99_s(from, &to);
    l->queued_tx = atomic_load(&g->apply_count.open_tx);
    l->conflicts = tx ? (double)(to.conflict_tx - from->conflict_tx) / (double)tx : -1;
    could(l, from, &to, g->pace.view.writers);
    fill_peaks(g, l);
}
