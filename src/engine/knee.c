// SPDX-License-Identifier: Apache-2.0
/* Finds how many writers a target takes. Throughput is measured over a window of seconds, then tried with more or
 * fewer writers, and the better of both is kept. More writers must earn their place: with n of them throughput is
 * weighed by n^-0.1, so that on a flat curve fewer win and at a real knee the knee does. Only seconds in which batches
 * waited for a writer count for going up: where the source is slower than the target, more writers change nothing.
 * Trials come less often the longer they bring nothing, and at once again when throughput has changed by itself. */
#include "engine/pace.h"

#include <math.h>

#define START 4
/* Seconds; longer, up to the most, where writers need longer for a batch each. */
#define WINDOW 3
#define WINDOW_MOST 12
#define SETTLE 1
#define SETTLE_MOST 6
#define STALL 5
#define WEIGHT 0.1
#define GAIN 1.02                     /* noise is no gain */
#define REST_FIRST 4
#define REST_LONGEST 30
#define CHANGED 0.35

static void open_window(struct knee *k, uint32_t at, bool is_settling)
{
    k->at = at;
    k->is_settling = is_settling;
    k->seconds = k->full = k->batches = 0;
    k->bytes = 0;
}

/* Back to the base, which is measured anew. */
static void go_back(struct knee *k)
{
    k->is_trial = false;
    open_window(k, k->base, true);
}

void knee_init(struct knee *k, uint32_t most)
{
    *k = (struct knee){.most = TG_MAX(most, 1u), .direction = 1};
    k->base = TG_MIN((uint32_t)START, k->most);
    open_window(k, k->base, true);
}

void knee_set_most(struct knee *k, uint32_t most)
{
    bool more = most > k->most;
    k->most = TG_MAX(most, 1u);
    if (more) {
        k->rest = k->rejected = 0;
        k->direction = 1;
    }
    if (k->base > k->most || k->at > k->most) {
        k->base = TG_MIN(k->base, k->most);
        k->base_rate = 0;
        go_back(k);
    }
}

static uint32_t next_of(const struct knee *k)
{
    uint32_t n = k->base;
    if (k->direction > 0)
        return TG_MIN(n + TG_MAX(n / 2, 1u), k->most);
    return n > 1 ? n - TG_MAX(n / 4, 1u) : 1;
}

/* Tries the next number, in the other direction where this one ends. Where writers waited for work there is nothing
 * to find. */
static void begin_trial(struct knee *k)
{
    uint32_t next = next_of(k);
    if (next == k->base) {
        k->direction = -k->direction;
        next = next_of(k);
    }
    k->is_trial = k->was_full && next != k->base;
    if (!k->is_trial)
        k->rest = REST_FIRST;
    open_window(k, k->is_trial ? next : k->base, k->is_trial);
}

static void end_trial(struct knee *k, double rate)
{
    double wanted = k->base_rate * pow((double)k->at / (double)k->base, WEIGHT) * (k->at > k->base ? GAIN : 1);
    if (rate >= wanted) {
        k->base = k->at;
        k->base_rate = rate;
        k->rejected = 0;
        begin_trial(k);
        return;
    }
    k->direction = -k->direction;
    k->rejected++;
    if (k->rejected > 1)
        k->rest = TG_MIN((unsigned)REST_FIRST * (k->rejected - 1), (unsigned)REST_LONGEST);
    go_back(k);
}

static void end_window(struct knee *k)
{
    double rate = (double)k->bytes / k->seconds;
    k->was_full = k->full * 2 >= k->seconds;
    if (k->is_trial) {
        end_trial(k, rate);
        return;
    }
    if (k->rejected > 2 && fabs(rate - k->base_rate) > CHANGED * k->base_rate)
        k->rest = k->rejected = 0; /* the target is another one now, or the tables are */
    k->base_rate = rate;
    if (k->rest)
        open_window(k, k->base, false);
    else
        begin_trial(k);
}

/* The target refuses work because too much comes at once. */
static bool is_crowded(const struct knee_seen *s)
{
    return s->conflicts >= 3 && s->conflicts > s->batches / 4;
}

static void look(struct knee *k, const struct knee_seen *s)
{
    k->seconds++;
    k->full += s->is_full;
    k->batches += s->batches;
    k->bytes += s->bytes;
    if (k->is_settling) {
        if (k->seconds >= SETTLE_MOST || (k->seconds >= SETTLE && k->batches * 2 >= k->at))
            open_window(k, k->at, false);
    } else if (k->seconds >= WINDOW_MOST || (k->seconds >= WINDOW && k->batches >= k->at)) {
        end_window(k);
    }
}

uint32_t knee_step(struct knee *k, const struct knee_seen *s)
{
    k->rest -= k->rest > 0;
    k->silent = s->bytes ? 0 : k->silent + 1;
    if (is_crowded(s)) {
        k->base = TG_MAX(TG_MIN(k->base, k->at) * 3 / 4, 1u);
        k->base_rate = 0;
        k->rest = REST_FIRST * 2;
        k->direction = 1;
        go_back(k);
    } else if (k->silent >= STALL) { /* it stands still, or nothing is to be done: neither tells anything */
        if (k->is_trial)
            go_back(k);
        else
            open_window(k, k->base, true);
    } else {
        look(k, s);
    }
    return k->at;
}

/* ---- statements ---- */

#define STATEMENT_LEAST ((size_t)32 << 10)
#define STATEMENT_MOST ((size_t)128 << 10) /* longer ones are not quicker: measured up to 2 MiB */
#define STATEMENT_SLOW_US 1000000
#define STATEMENT_QUICK_US 250000

size_t statement_step(size_t now, uint64_t bytes, uint64_t us)
{
    if (bytes < now)
        return now;
    double each = (double)us * (double)now / (double)bytes;
    if (each > STATEMENT_SLOW_US)
        return TG_MAX(now / 2, STATEMENT_LEAST);
    return each < STATEMENT_QUICK_US ? TG_MIN(now * 2, STATEMENT_MOST) : now;
}
