// SPDX-License-Identifier: Apache-2.0
/* Whether the run stands still, and why (DESIGN 5): by the clocks of the sampler alone, nothing is asked of a server. */
#include "engine/private.h"

#include "base/text.h"

#include <stdio.h>

#define LOST_MS 5000                  /* without a server, from when on that is told as the state of the run */
#define STILL_MS 60000

/* What is read is no progress of what waits to be written: two clocks. Neither runs while a person has to act, nor while the
 * target works at a DDL, however long it takes: what is behind it has to wait. A third one, of all that moves, is that of
 * engine_is_left_alone. */
static void note_progress(struct engine *g, const struct mon_snapshot *s, int64_t now)
{
    uint64_t made = s->load.bytes + s->tx_applied + s->rows_applied + s->applied + atomic_load(&g->verify_rows);
    uint64_t sum = made + s->dump.bytes + s->position;
    bool has_waiting = s->lag.queued_tx || s->load.workers;
    bool is_excused = g->is_paused || s->nquestions || atomic_load(&g->apply_count.ddl);
    if (sum != g->progress_sum || !g->last_progress_ms)
        g->last_progress_ms = now;
    if (sum != g->progress_sum || !g->last_moved_ms || is_excused)
        g->last_moved_ms = now;
    if (made != g->made_sum || !g->last_made_ms || is_excused || !has_waiting)
        g->last_made_ms = now;
    g->progress_sum = sum;
    g->made_sum = made;
}

/* The target takes nothing, while there is something to take. */
static bool is_target_still(struct engine *g, struct mon_snapshot *s, int64_t now)
{
    int64_t lost = atomic_load(&g->apply_count.lost_ms);
    if (lost && now - lost > LOST_MS) {
        snprintf(s->reason, sizeof s->reason, N_("the target can't be reached for %lld s"), (long long)(now - lost) / 1000);
        return true;
    }
    if (now - g->last_made_ms <= STILL_MS)
        return false;
    snprintf(s->reason, sizeof s->reason, N_("nothing has reached the target for %lld s"), (long long)(now - g->last_made_ms) / 1000);
    return true;
}

enum run_state engine_shown_state(struct engine *g, struct mon_snapshot *s, int64_t now)
{
    note_progress(g, s, now);
    snprintf(s->reason, sizeof s->reason, "%s", g->reason);
    if (g->is_paused)
        return RUN_PAUSED;
    if (s->nquestions) {
        snprintf(s->reason, sizeof s->reason, "%.180s", s->question[0].text);
        return RUN_ASKING;
    }
    if (g->source_lost_ms && now - g->source_lost_ms > LOST_MS) {
        snprintf(s->reason, sizeof s->reason, N_("the source can't be reached for %lld s: %s"), (long long)(now - g->source_lost_ms) / 1000, g->source_lost);
        return RUN_STUCK;
    }
    if (is_target_still(g, s, now))
        return RUN_STUCK;
    bool may_read = s->pace.readers > 0; /* else the dial holds the copy, and says so */
    bool has_work = s->lag.unread_bytes || s->lag.unapplied_bytes || (g->state == RUN_COPYING && may_read);
    if (has_work && now - g->last_moved_ms > STILL_MS && g->state != RUN_VERIFYING) {
        snprintf(s->reason, sizeof s->reason, N_("nothing has moved for %lld s"), (long long)(now - g->last_moved_ms) / 1000);
        return RUN_STUCK;
    }
    return g->state;
}
