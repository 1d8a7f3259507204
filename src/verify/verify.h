/* SPDX-License-Identifier: Apache-2.0
 * Compares source and target, both still: count and an order-free sum of 128-bit hashes of all rows, per chunk where
 * both ends order the key alike (integers), else per table. Rows are read from both and normalised here, so that
 * servers that print the same value differently compare equal and nothing else does. */
#ifndef TG_VERIFY_VERIFY_H
#define TG_VERIFY_VERIFY_H

#include "base/sync.h"
#include "db/conn.h"
#include "schema/schema.h"

#include <stdatomic.h>

struct verify_sum {
    uint64_t rows, lo, hi;
};
struct verify_table {
    struct table *def;                /* borrowed; source and target names */
    bool may_have_more;               /* the target held rows before: every source row must be there, others may */
    struct verify_sum source, target; /* of the whole table */
    uint32_t chunks, chunks_different;
    bool is_done, is_equal;
    char detail[300];                 /* where they differ, for people */
};
struct verify_options {
    const struct db_addr *source, *target;
    struct cancel *cancel;
    uint32_t threads;
    void (*told)(void *arg, const struct verify_table *t); /* after each table; any thread; may be NULL */
    void *told_arg;
    atomic_uint_least64_t *rows_read; /* progress, may be NULL */
    bool lost_is_fine;                /* characters that Unicode lacks may be '?' at the target */
    struct conn **sources;            /* nsources > 0: read the source through these, one thread each */
    uint32_t nsources;
};
/* Fills every entry. false: it could not be done (e); differences are not an error. */
bool verify_tables(const struct verify_options *o, struct verify_table *tables, uint32_t n, struct err *e);

#endif
