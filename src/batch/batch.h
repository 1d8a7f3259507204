/* SPDX-License-Identifier: Apache-2.0
 * The one form in which anything reaches the target (DESIGN 4): a batch with a position. Per table: keys to
 * delete, rows to insert, and whether every deletion must be found. Copied chunks, replicated transactions and
 * DDL are all batches, in one sequence. A batch belongs to one thread at a time; submitting hands it over. */
#ifndef TG_BATCH_BATCH_H
#define TG_BATCH_BATCH_H

#include "base/sync.h"
#include "batch/tab.h"
#include "db/encode.h"

struct rows {                         /* packed rows, one after the other */
    struct buf data;
    uint32_t n;
};

struct batch_part {                   /* what a batch does to one table */
    struct tab *tab;
    struct table *def;                /* own reference; target names and columns */
    struct rows del;                  /* cells of the row key's columns; keyless: of all columns */
    struct rows ins;                  /* cells of all columns */
    bool must_find;                   /* every deletion is expected to find its row */
};

/* What a batch may not overtake: keys. Two batches with the same key run in order unless both hold it shared.
 * Shared ones are few (groups and tables), each stands once. */
struct keys {
    uint64_t *list;
    uint32_t n, cap;
};

enum batch_kind { BATCH_STREAM, BATCH_CHUNK, BATCH_DDL,
                  BATCH_EMPTY };      /* a table is emptied, to be copied anew; stands at a position, but passes none */

struct batch_chunk {                  /* BATCH_CHUNK */
    uint64_t number;
    uint32_t round;                   /* of the tab's copy */
    struct buf lo, hi;                /* packed key cells; empty: open */
    bool has_lo, has_hi;
    uint64_t bytes;
};
struct batch_ddl {                    /* BATCH_DDL, BATCH_EMPTY */
    char *sql;                        /* for the target; NULL: only the ledger row */
    char label[160];                  /* for people: the table, or what it is about */
    char **targets;                   /* "`s`.`t`" whose SHOW CREATE tells whether it ran; ntargets */
    uint32_t ntargets;
    struct buf ledger;                /* ledger statements that become true with it, each ended by ';' */
    uint32_t *emptied, nemptied;      /* ids of tables that have no rows any more */
    int64_t timestamp;                /* of the event, seconds */
};

struct batch_of_large {               /* part of a source transaction, see ledger.h; of a DDL only has_more */
    struct pos begin;                 /* set: its rows, or the rest of it, which comes after them */
    uint32_t number;
    uint64_t first;                   /* place of its rows among the transaction's */
    uint32_t rows;
    bool has_more;                    /* not the last one: it moves no mark, and rows have no from and to */
};

struct batch {
    enum batch_kind kind;
    uint64_t seq;                     /* place in the sequence, set by submit */
    struct pos from, to;              /* STREAM, DDL: (from, to]; CHUNK: to = C */
    char *gtids;                      /* of its source transactions, may be NULL */
    uint32_t ntx;
    int64_t merged_us;                /* mono: when its first transaction was read to its end; 0 unknown */
    int64_t begun_us;                 /* mono: when a writer took it */
    int64_t commit_ms;                /* source's clock at the last commit inside, wall; 0 unknown */
    struct batch_part *parts;
    uint32_t nparts;
    struct keys alone, shared;
    struct batch_chunk chunk;
    struct batch_ddl ddl;
    struct batch_of_large part;
    size_t cost;                      /* bytes taken from budget, given back when it is done */
    struct budget *budget;
    /* Called once by the thread that finished it, before it is freed; may be NULL. */
    void (*done)(void *arg, struct batch *b);
    void *done_arg;
    /* The tracker's own: */
    uint32_t waits, nfollowers, followers_cap;
    struct batch **followers;
    uint64_t mark;
};

struct batch *batch_new(enum batch_kind kind);
void batch_free(struct batch *b);                     /* gives the budget back */
/* The part of that table, made when it is not there. def's reference is counted up. */
struct batch_part *batch_part(struct batch *b, struct tab *tab, struct table *def, bool must_find);
void batch_dep(struct batch *b, uint64_t key, bool is_shared);

/* Dependency keys (DESIGN 4.5). The whole table, held shared by every change of its rows, alone by DDL. */
uint64_t dep_table(const struct tab *tab);
/* A schema or table name at the target: held by DDL only, so that names are reused in order. table may be NULL. */
uint64_t dep_name(const char *schema, const char *table);
/* A source transaction that enters in parts: held shared by them, alone by the last. */
uint64_t dep_transaction(const struct pos *begin);
/* Adds what a row (all columns) touches: one key per unique key, the group of each, the table. Rows of a table
 * without a computable key hold the table alone. */
void batch_dep_row(struct batch *b, const struct tab *tab, const struct table *def, const struct cell *cells);

/* Exact bytes of the row key, for "the same row". def->row_key >= 0. */
void row_key_bytes(struct buf *out, const struct table *def, const struct cell *cells);
/* Cells of the row key's columns. out has room for 16. Returns how many. */
uint32_t row_key_cells(const struct table *def, const struct cell *cells, struct cell *out);

#endif
