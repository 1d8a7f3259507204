// SPDX-License-Identifier: Apache-2.0
/* Where the time goes between the source's commit and us, measured at next to no cost: stamps of commits are held
 * against the clock as they arrive, and one event at a time is watched on its way through the queue. */
#include "follow/private.h"

#include <stdio.h>

enum { TYPE_XID = 16, TYPE_GTID = 33, TYPE_ANONYMOUS_GTID = 34, HEADER = 19, GTID_BODY = 42, STAMP = 7 };

static uint64_t little(const uint8_t *p, unsigned n)
{
    uint64_t v = 0;
    for (unsigned i = n; i > 0; i--)
        v = v << 8 | p[i - 1];
    return v;
}

/* When the transaction was committed there, by its own clock, in microseconds; 0: this event does not say. MySQL 8 and
 * later have it in the GTID event, others the second in the XID event. */
static int64_t commit_us(const struct binlog_raw *raw, bool *is_exact)
{
    if (raw->n < HEADER)
        return 0;
    *is_exact = raw->p[4] == TYPE_GTID || raw->p[4] == TYPE_ANONYMOUS_GTID;
    if (*is_exact && raw->n >= HEADER + GTID_BODY + STAMP)
        return (int64_t)(little(raw->p + HEADER + GTID_BODY, STAMP) & (((uint64_t)1 << 55) - 1));
    return raw->p[4] == TYPE_XID ? (int64_t)little(raw->p, 4) * 1000000 : 0;
}

void delay_received(struct follow *f, const struct binlog_raw *raw, uint64_t number)
{
    struct follow_counters *count = f->o.count;
    bool is_exact;
    int64_t stamp = commit_us(raw, &is_exact);
    if (stamp && (is_exact || !atomic_load(&count->arrival_is_exact))) {
        int64_t us = (clock_wall_ms() - f->o.clock_offset_ms) * 1000 - stamp;
        if (!is_exact)
            us -= 1000000;            /* a stamp is a whole second, and the commit was in it */
        atomic_store(&count->arrival_is_exact, is_exact);
        atomic_fetch_add(&count->arrivals, 1);
        atomic_fetch_add(&count->arrival_us, (uint64_t)TG_MAX(us, 0));
    }
    if (!atomic_load(&f->watched)) {
        atomic_store(&count->watched_us, clock_mono_us());
        atomic_store(&f->watched, number);
    }
}

void delay_popped(struct follow *f)
{
    struct follow_counters *count = f->o.count;
    uint64_t watched = atomic_load(&f->watched);
    if (++f->popped < watched || !watched)
        return;
    atomic_store(&count->queue_us, clock_mono_us() - atomic_load(&count->watched_us));
    atomic_store(&count->watched_us, 0);
    atomic_store(&f->watched, 0);
}

void delay_note_peak(struct follow *f, const struct pos *to)
{
    static const char *const actions[] = {[ROWS_WRITE] = "INSERT", [ROWS_UPDATE] = "UPDATE", [ROWS_DELETE] = "DELETE"};
    const struct txn *t = &f->txn;
    uint64_t rows = t->first + t->n;
    if (!rows || !f->last_tab || strcmp(t->begin.file, to->file) != 0 || to->at - t->begin.at <= f->peak.bytes)
        return;
    f->peak = (struct follow_peak){.bytes = to->at - t->begin.at, .rows = rows, .commit_s = t->commit_s};
    snprintf(f->peak.table, sizeof f->peak.table, "%s", f->last_tab->label);
    snprintf(f->peak.action, sizeof f->peak.action, "%s", actions[f->last_action]);
}

void follow_take_peak(struct follow *f, struct follow_peak *out)
{
    pthread_mutex_lock(&f->o.tabs->lock);
    *out = f->peak;
    f->peak = (struct follow_peak){0};
    pthread_mutex_unlock(&f->o.tabs->lock);
}
