// SPDX-License-Identifier: Apache-2.0
/* How many may read at the source. Halved each second while others have more to run there than the dial allows, down
 * to none; one more after every two calm seconds. Reads that take much longer than the quickest of late halve it too,
 * but never below one: a table of wide rows looks like that as well. */
#include "engine/pace.h"

#include "base/text.h"

#include <stdio.h>

#define CALM 2
#define SLOW 3
#define FORGET 1.01                   /* a second: a fast table of an hour ago says nothing about this one */
#define AHEAD 0.25                    /* seconds of the rate that may be saved up */

void dial_init(struct dial *d, const struct dial_rule *rule)
{
    *d = (struct dial){.readers = rule->readers};
}

static bool is_slow(struct dial *d, const struct dial_rule *rule, double ms)
{
    if (ms < 0)
        return false;
    d->best_ms = d->best_ms > 0 && d->best_ms * FORGET < ms ? d->best_ms * FORGET : ms;
    d->slow = rule->slower > 0 && ms > d->best_ms * rule->slower ? d->slow + 1 : 0;
    return d->slow >= SLOW;
}

uint32_t dial_step(struct dial *d, const struct dial_rule *rule, const struct dial_seen *s)
{
    int64_t others = s->running < 0 ? -1 : TG_MAX(s->running - s->ours, 0);
    bool slow = is_slow(d, rule, s->read_ms);
    d->readers = TG_MIN(d->readers, rule->readers);
    if (rule->threads && others > (int64_t)rule->threads) {
        d->calm = 0;
        d->readers /= 2;
        snprintf(d->why, sizeof d->why, N_("source is busy (%lld running)"), (long long)others);
    } else if (slow) {
        d->calm = d->slow = 0;
        d->readers = TG_MAX(d->readers / 2, 1u);
        snprintf(d->why, sizeof d->why, N_("reads take %.0f times longer"), s->read_ms / d->best_ms);
    } else if (d->readers >= rule->readers) {
        d->why[0] = 0;
    } else {
        snprintf(d->why, sizeof d->why, N_("source was busy"));
        d->readers += d->calm + 1 == CALM;
        d->calm = (d->calm + 1) % CALM;
    }
    return d->readers;
}

bool bucket_step(struct bucket *b, uint64_t rate, uint64_t total, int64_t now_ms)
{
    double passed = b->ms ? (double)(now_ms - b->ms) / 1000.0 : 0, read = (double)(total - b->seen);
    b->ms = now_ms;
    b->seen = total;
    if (!rate) {
        b->tokens = 0;
        return true;
    }
    b->tokens = TG_MIN(b->tokens + passed * (double)rate - read, AHEAD * (double)rate);
    return b->tokens > 0;
}
