// SPDX-License-Identifier: Apache-2.0
/* The way to both ends: how long an answer takes, and how far the clocks are apart. */
#include "check/private.h"

#include <stdio.h>
#include <stdlib.h>

#define SAMPLES 10
#define LEAST 3                       /* on a slow path these do */
#define SLOW_US 500000                /* of all samples together */
#define SOURCE_US 50000               /* from which on it is worth telling */
#define TARGET_US 20000
#define OFFSET_MS 1000
#define WRITERS 48                    /* what a long way to the target is worth */

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The median of several round trips. */
static bool measure(struct end *s, int64_t *us, struct err *e)
{
    int64_t at[SAMPLES], all = 0;
    unsigned n = 0;
    char one[8];
    while (n < SAMPLES && (n < LEAST || all < SLOW_US)) {
        int64_t began = clock_mono_us();
        if (!conn_value(&s->conn, "SELECT 1", one, sizeof one, e))
            return false;
        at[n] = clock_mono_us() - began;
        all += at[n++];
    }
    qsort(at, n, sizeof *at, by_value);
    *us = at[n / 2];
    return true;
}

void check_path_rtt(struct run *r, struct check_result *out)
{
    struct err e = {0};
    int64_t source, target;
    if (!measure(&r->end[SOURCE], &source, &e) || !measure(&r->end[TARGET], &target, &e)) {
        unread(out, &e);
        return;
    }
    double from = (double)source / 1000, to = (double)target / 1000;
    set_found(out, from < 10 && to < 10 ? "%.1f ms / %.1f ms" : "%.0f ms / %.0f ms", from, to);
    set_wanted(out, "under %d / %d ms", SOURCE_US / 1000, TARGET_US / 1000);
    set_detail(out, "Round trips to the source and to the target, the median of several.");
    if (source > SOURCE_US)
        find(out, CHECK_WARN, "Run tidegate nearer to the source, or copy with more readers.",
             "the source answers after %.0f ms: small tables and schema changes wait for that each time; large chunks hardly", from);
    if (target > TARGET_US) {
        find(out, CHECK_WARN, "Run tidegate nearer to the target.",
             "the target answers after %.0f ms: each batch waits for that two or three times, so batches grow and the lag with them", to);
        if (r->job->writers < WRITERS)
            cure_setting(out, r->job, "limits.writers", "48", "More writers at once: limits.writers: %d", WRITERS);
    }
}

/* Theirs less ours, by the sample with the shortest way: the clock was read near its middle. */
static bool read_offset(struct end *s, int64_t *ms, struct err *e)
{
    int64_t best = INT64_MAX;
    for (unsigned i = 0; i < LEAST + 2; i++) {
        char now[64];
        int64_t wall = clock_wall_ms(), began = clock_mono_us();
        if (!conn_value(&s->conn, "SELECT ROUND(UNIX_TIMESTAMP(NOW(6)) * 1000)", now, sizeof now, e))
            return false;
        int64_t took = clock_mono_us() - began;
        if (took >= best)
            continue;
        best = took;
        *ms = strtoll(now, NULL, 10) - (wall + took / 2000);
    }
    return true;
}

static void judge_offset(struct check_result *out, const struct end *s, int64_t ms)
{
    if (ms >= OFFSET_MS)
        find(out, CHECK_WARN, "Set both clocks by NTP.", "%s:%u: its clock is %.1f s ahead of this host's", s->addr.host, s->addr.port, (double)ms / 1000);
    else if (ms <= -OFFSET_MS)
        find(out, CHECK_WARN, "Set both clocks by NTP.", "%s:%u: its clock is %.1f s behind this host's", s->addr.host, s->addr.port, (double)-ms / 1000);
}

void check_path_clock(struct run *r, struct check_result *out)
{
    struct err e = {0};
    int64_t source, target;
    if (!read_offset(&r->end[SOURCE], &source, &e) || !read_offset(&r->end[TARGET], &target, &e)) {
        unread(out, &e);
        return;
    }
    set_found(out, "%+.1f s / %+.1f s", (double)source / 1000, (double)target / 1000);
    set_wanted(out, "within 1 s");
    set_detail(out, "The lag that is shown takes the difference into account.");
    judge_offset(out, &r->end[SOURCE], source);
    judge_offset(out, &r->end[TARGET], target);
}
