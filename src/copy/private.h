/* SPDX-License-Identifier: Apache-2.0
 * Inside copy: the statements that read, and the wait until what the stream has shown can be read. */
#ifndef TG_COPY_PRIVATE_H
#define TG_COPY_PRIVATE_H

#include "batch/live.h"
#include "copy/copy.h"
#include "schema/source.h"

/* k becomes (lo, border], the rest of it a range of its own with later numbers, half of them when in_half. NULL:
 * the border is its very end, k is as it was. */
struct chunk *chunk_split(struct chunk *k, const struct cell *border, uint32_t nparts, bool in_half);
/* All of the table. tabs.lock held. */
struct chunk *chunk_whole(struct tab *tab);
/* Whether it may be cut before it is read; where numbers are short it is read whole. */
bool chunk_has_numbers(const struct chunk *k);

/* " WHERE …" for rows in (lo, hi]; nothing when both are open. Bounds are packed key cells. */
void sql_range(struct buf *out, const struct table *def, const struct chunk *k);
/* SELECT of the key of the n-th row of the range. */
void sql_border(struct buf *out, const struct table *def, const struct chunk *k, uint32_t n);
/* SELECT of all columns of the range in key order. */
void sql_chunk(struct buf *out, const struct table *def, const struct chunk *k);
void sql_select_list(struct buf *out, const struct table *def);

/* Once after connecting: short lock waits, and locks that end with each statement. A chunk's SELECT is a statement
 * of its own, for which READ COMMITTED and REPEATABLE READ are the same. */
bool visible_prepare(struct conn *c, struct err *e);
/* One try: true and *ready when everything up to w->from can be read by the next SELECT on c. With
 * VISIBLE_SNAPSHOT a transaction is open afterwards and *high is its position. */
bool visible_try(struct conn *c, const struct window *w, const struct chunk *k, struct str gtids, bool *ready,
                 struct pos *high, struct err *e);

/* Holds what the server would do for a statement against what it must: a range of the row key, in its order. */
bool plan_is_range(struct conn *c, const struct table *def, const struct buf *sql, bool *is_range, char how[200],
                   struct err *e);

struct reading {                      /* rows as they come */
    struct rows rows;
    uint64_t bytes;
    size_t largest;                   /* row, in bytes */
    struct live *live;                /* told how far it is, or NULL */
    bool is_cut;                      /* stopped before its end: the limit was reached */
};
#define MAX_ROWS 60000                /* that one chunk is planned to hold */
/* Reads rows of an open streaming result until its end, until limit_bytes, or until twice MAX_ROWS. */
bool read_rows(struct conn *c, MYSQL_RES *res, const struct table *def, size_t limit_bytes, struct reading *out,
               struct tab *tab, struct copy_counters *count, struct err *e);

/* lock_tables as a run asks for it. *is_allowed false: no privilege for any lock, which is no error. */
bool hold_writers(const struct copy_options *o, struct conn *c, struct table *const *defs, uint32_t n, bool *is_allowed,
                  struct err *e);

#endif
