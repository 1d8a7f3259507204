/* SPDX-License-Identifier: Apache-2.0
 * Where a copied chunk waits until the stream has passed it (DESIGN 4.1). A copy reader opens a window between two
 * transactions, reads, names `high`, and gives the rows; the stream remembers the keys it sees meanwhile, and at
 * C it takes the chunk out, drops what it carries itself, and enters the rest into the sequence. */
#ifndef TG_BATCH_WINDOW_H
#define TG_BATCH_WINDOW_H

#include "batch/batch.h"

struct chunk {                        /* a range of a table's row key: (lo, hi] */
    struct tab *tab;
    uint64_t number, space_end;       /* numbers order chunks by key; (number, space_end] is free for splitting */
    struct buf lo, hi;                /* packed key cells */
    bool has_lo, has_hi;
    uint32_t want_rows;
    uint32_t round;                   /* the tab's, when it was planned */
};
void chunk_free(struct chunk *c);

struct window {
    struct window *next;              /* of the same tab */
    struct window *next_given;        /* among those that wait for the stream */
    struct tab *tab;
    struct table *def;                /* own reference, as of S */
    struct pos from;                  /* S */
    struct pos high;
    bool has_high;                    /* rows and high are there: the stream may take it */
    bool is_discarded;                /* to be read again: DDL, too many keys, another server */
    struct seen_key *seen;            /* exact key bytes of changes since S (uthash) */
    size_t seen_bytes, seen_limit;
    struct chunk *chunk;              /* owned */
    struct rows rows;
    uint64_t bytes;
    size_t cost;                      /* taken from budget by the reader */
    struct budget *budget;
};
/* All of these: tabs.lock held. */
struct window *window_open(struct tab *tab, const struct pos *at, size_t seen_limit);
void window_remember(struct tab *tab, const struct table *def, const struct cell *cells);
/* Marks every window of the tab discarded. */
void window_discard_all(struct tab *tab);
/* Takes it out of its tab's list. */
void window_unlink(struct window *w);
/* No lock: the rest of the chunk as a batch with position `at`; w keeps only its chunk. Takes over the budget. */
struct batch *window_to_batch(struct window *w, const struct pos *at);
void window_free(struct window *w);                    /* chunk too, if still there; gives the budget back */

#endif
