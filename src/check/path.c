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

/* false: that end is not open, or can't be measured (which is told). */
static bool measured(struct run *r, enum end_of of, int64_t *us, struct check_result *out)
{
    struct err e = {0};
    if (!r->end[of].is_open)
        return false;
    if (measure(&r->end[of], us, &e))
        return true;
    unread(out, &e);
    return false;
}

static void judge_target_rtt(struct run *r, struct check_result *out, int64_t us)
{
    find(out, CHECK_WARN, "Run tidegate nearer to the target.",
         "the target answers after %.0f ms: each batch waits for that two or three times, so batches grow and the lag with them", (double)us / 1000);
    if (r->job->writers < WRITERS)
        cure_setting(out, r->job, "limits.writers", "48", "More writers at once: limits.writers: %d", WRITERS);
}

void check_path_rtt(struct run *r, struct check_result *out)
{
    int64_t source = 0, target = 0;
    bool has_source = measured(r, SOURCE, &source, out), has_target = measured(r, TARGET, &target, out);
    double from = (double)source / 1000, to = (double)target / 1000;
    if (!has_source && !has_target)
        return;
    if (has_source && has_target)
        set_found(out, from < 10 && to < 10 ? "%.1f ms / %.1f ms" : "%.0f ms / %.0f ms", from, to);
    else
        set_found(out, from + to < 10 ? "%.1f ms" : "%.0f ms", from + to);
    set_wanted(out, "under %d / %d ms", SOURCE_US / 1000, TARGET_US / 1000);
    set_detail(out, "Round trips to the source and to the target, the median of several.");
    if (has_source && source > SOURCE_US)
        find(out, CHECK_WARN, "Run tidegate nearer to the source, or copy with more readers.",
             "the source answers after %.0f ms: small tables and schema changes wait for that each time; large chunks hardly", from);
    if (has_target && target > TARGET_US)
        judge_target_rtt(r, out, target);
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
    int64_t offset[2];
    char text[2][32] = {"", ""};
    for (int of = SOURCE; of <= TARGET; of++) {
        if (!r->end[of].is_open)
            continue;
        if (!read_offset(&r->end[of], &offset[of], &e)) {
            unread(out, &e);
            return;
        }
        snprintf(text[of], sizeof text[of], "%+.1f s", (double)offset[of] / 1000);
    }
    set_found(out, text[0][0] && text[1][0] ? "%s / %s" : "%s%s", text[0], text[1]);
    set_wanted(out, "within 1 s");
    set_detail(out, "The lag that is shown takes the difference into account.");
    for (int of = SOURCE; of <= TARGET; of++)
        if (text[of][0])
            judge_offset(out, &r->end[of], offset[of]);
}
