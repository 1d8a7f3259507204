// SPDX-License-Identifier: Apache-2.0
/* How long the source keeps its binlog, and how much of that time the run makes use of: a person must see in time that a
 * run which falls behind will not find its place any more. */
#include "check/retention.h"
#include "engine/private.h"

#define KEPT_LOOK_MS 600000

void kept_look(struct engine *g, int64_t now)
{
    struct kept_binlog *k = &g->kept;
    struct retention found;
    struct err e = {0};
    bool is_spent;
    if (k->looked_ms && now - k->looked_ms < KEPT_LOOK_MS)
        return;
    bool fine = retention_read(&g->look, &found, &is_spent, &e);
    bool by_size = fine && found.limit_bytes; /* then it can be shorter than the time says */
    k->looked_ms = now;
    k->for_ever = fine && found.kept_s < 0 && !by_size;
    k->seconds = fine && found.kept_s >= 0 && !by_size ? (double)found.kept_s : -1;
    if (is_spent || (!fine && err_is_lost(&e)))
        conn_close(&g->look);         /* the next look opens it */
}

void kept_fill(const struct engine *g, struct lag_view *l)
{
    l->binlog_kept_s = g->kept.looked_ms ? g->kept.seconds : -1;
    l->binlog_kept_for_ever = g->kept.for_ever;
    l->binlog_used_s = g->follow ? l->seconds : -1; /* before, tables without a key are copied: the place has no time yet */
}
