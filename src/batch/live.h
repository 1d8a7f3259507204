/* SPDX-License-Identifier: Apache-2.0
 * Which chunks of a table are under way, for people who look: a list of the tab, told by whoever has the chunk. Bounded
 * by what is under way at once, and the last few that are done. Everything takes tabs.lock; a tab of no list (tests)
 * keeps none. */
#ifndef TG_BATCH_LIVE_H
#define TG_BATCH_LIVE_H

#include "batch/window.h"

#define LIVE_DONE_KEPT 4

enum live_state {
    LIVE_READING,                     /* its SELECT runs, or is about to */
    LIVE_PASSING,                     /* read; the stream has to pass it */
    LIVE_QUEUED,                      /* in the sequence, for a writer */
    LIVE_LOADING,
    LIVE_ASKING,                      /* it can't be written; a person is asked */
    LIVE_DONE
};
struct live_id {                      /* of a chunk: numbers begin again with each round of the copy */
    uint32_t round;
    uint64_t number;
};
struct live {
    struct live *next;                /* by round and number, of the tab */
    struct live_id id;
    enum live_state state;
    struct buf lo, hi;                /* packed key cells; empty: open */
    uint32_t want;                    /* rows that were planned, 0: not known */
    atomic_uint read;                 /* so many so far */
    uint64_t rows, bytes;             /* of what was read */
    int64_t done_ms;                  /* mono */
};

/* A reader begins with it. What is returned holds until the same reader tells something else of the chunk; NULL: none. */
struct live *live_begin(struct tab *tab, const struct chunk *k);
void live_set(struct tab *tab, struct live_id id, enum live_state state);
void live_read(struct tab *tab, struct live_id id, uint64_t rows, uint64_t bytes); /* PASSING */
/* It is to be read again, and why; counted, unless a later round makes it worthless. */
void live_again(struct tab *tab, struct live_id id, const char *why);
/* Another try of one that stays where it is. */
void live_retried(struct tab *tab, const char *why);
void live_release(struct tab *tab);   /* lock held, or nobody else there */

#endif
