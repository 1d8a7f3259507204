/* SPDX-License-Identifier: Apache-2.0
 * Inside copy: the connections of a set, and what its readers share with those that read beside the stream. */
#ifndef TG_COPY_SET_H
#define TG_COPY_SET_H

#include "copy/private.h"

struct copy_set {
    uint32_t n;
    struct conn *conns;
    atomic_bool *is_dead;             /* its snapshot is gone with it */
};

struct reader {
    struct copy *copy;
    struct conn conn;                 /* of a set's reader: the set's own, lent */
    bool is_open;
    unsigned failures;
    size_t chunk_bytes, reserved;     /* limit of the chunk it reads, and what it has of the budget for it */
    uint32_t slot;                    /* in the set */
};

/* copy.c: */
const struct copy_options *copy_options_of(const struct copy *c);
struct chunk *copy_take_turn(struct reader *r);        /* waits for a place, work and budget; NULL: nothing comes any more */
void copy_leave_turn(struct reader *r);                /* gives the place back, not the budget */
void copy_put(struct copy *c, struct chunk *k);
/* k becomes its first chunk, the rest is put back. */
bool copy_cut(struct reader *r, struct chunk *k, const struct table *def, struct err *e);
struct chunk *copy_split_at_last_row(struct copy *c, struct chunk *k, const struct table *def, const struct rows *rows);
void copy_learn(struct copy *c, const struct tab *tab, uint32_t rows, uint64_t bytes, int64_t ms);
void copy_ask_or_wait(struct reader *r, struct tab *tab, struct err *e);
void copy_reader_lost(struct copy *c, bool is_everything);
/* set_reader.c: */
void *set_reader_main(void *reader);

#endif
