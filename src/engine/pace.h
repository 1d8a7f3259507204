/* SPDX-License-Identifier: Apache-2.0
 * How fast a run goes: what is looked at once a second, and what is concluded from it. Pure functions over what was
 * seen, for one thread; the engine's sampler feeds them (pace.c), tests feed them simulated servers. */
#ifndef TG_ENGINE_PACE_H
#define TG_ENGINE_PACE_H

#include "base/base.h"

/* ---- writers: the knee of the target (knee.c) ---- */

struct knee_seen {                    /* of one second */
    uint64_t bytes;                   /* written */
    uint32_t batches, conflicts;      /* applied; refused because the target was busy */
    bool is_full;                     /* batches waited for a place at least half of the time */
};
struct knee {
    uint32_t at, most;                /* writers now; never more than */
    uint32_t base;                    /* what a trial is held against */
    double base_rate;
    bool is_trial, was_full;
    int direction;                    /* of the next trial: 1 or -1 */
    bool is_settling;                 /* the window has not begun: batches of the old number are under way */
    unsigned seconds, full, batches;  /* of the window: seen, seen full, applied */
    uint64_t bytes;
    unsigned silent;                  /* seconds without a byte */
    unsigned rest, rejected;          /* seconds until the next trial; trials in a row that brought nothing */
};
void knee_init(struct knee *k, uint32_t most);
void knee_set_most(struct knee *k, uint32_t most);
uint32_t knee_step(struct knee *k, const struct knee_seen *seen); /* once a second; answers k->at */

/* The next size of a statement: half when one takes more than a second, back to 128 KiB when they are quick.
 * us: how long statements of so many bytes took together. */
size_t statement_step(size_t now, uint64_t bytes, uint64_t us);

/* ---- readers: the source's dial (dial.c) ---- */

struct dial_rule {                    /* of gentle, normal, fast, with the person's limits */
    uint32_t readers;                 /* most */
    uint32_t threads;                 /* other statements at the source from which on it is busy; 0: never */
    double slower;                    /* reads that take so many times longer say the same; 0: never */
};
struct dial_seen {                    /* of one second */
    int64_t running, ours;            /* statements at the source, -1: not known; of them ours */
    double read_ms;                   /* of a MiB read, < 0: too little was read */
};
struct dial {
    uint32_t readers;                 /* how many may read now; 0: the source is left alone */
    unsigned calm, slow;              /* seconds in a row */
    double best_ms;                   /* of a MiB, forgets slowly; 0: not known */
    char why[96];                     /* "source is busy (42 running)"; "": nothing holds us back */
};
void dial_init(struct dial *d, const struct dial_rule *rule);
uint32_t dial_step(struct dial *d, const struct dial_rule *rule, const struct dial_seen *seen);

/* ---- bytes a second ---- */

struct bucket {
    double tokens;                    /* bytes that may be read; below 0: owed */
    uint64_t seen;
    int64_t ms;
};
/* total: read so far. false: what was read has to be waited for. rate 0: no limit. */
bool bucket_step(struct bucket *b, uint64_t rate, uint64_t total, int64_t now_ms);

#endif
