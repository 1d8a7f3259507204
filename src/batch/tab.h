/* SPDX-License-Identifier: Apache-2.0
 * struct tab: one table of a run over its whole life: its definition at the stream's position, how far its copy
 * is, its counters. Engine, follow, copy and apply share it. Tabs are never freed before the run ends. */
#ifndef TG_BATCH_TAB_H
#define TG_BATCH_TAB_H

#include "db/pos.h"
#include "schema/schema.h"

#include <pthread.h>
#include <stdatomic.h>
#include <uthash.h>

enum tab_copy {
    TAB_PLANNED,                      /* its copy has not begun */
    TAB_EMPTYING,                     /* copied anew: TRUNCATE first */
    TAB_COPYING,
    TAB_COMPLETE                      /* every chunk is in the sequence; .end holds */
};
const char *tab_copy_name(enum tab_copy c);
bool tab_copy_parse(const char *name, enum tab_copy *out);

enum tab_kept {                       /* what becomes of rows that were at the target before this run */
    KEPT_NONE,                        /* there were none */
    KEPT_UNTOUCHED,                   /* never changed: a row of the source with such a key is a question */
    KEPT_REPLACED                     /* a row of the source takes the place of one with the same row key */
};
const char *tab_kept_name(enum tab_kept k);      /* "", "append", "replace" */
enum tab_kept tab_kept_parse(const char *name);  /* KEPT_NONE for anything else */

/* What rules of events (DM's filters) do to a table: why its rows are not those of the source. Once set, a bit stays for
 * the run; the ledger has it as a note. */
enum tab_filter {
    TAB_MORE = 1,                     /* rows may be there that the source has no more: deletes, TRUNCATE … left out */
    TAB_ROWS = 2,                     /* rows may be missing or old: inserts, updates … left out */
    TAB_SHAPE = 4,                    /* a DDL was left out: the target's table may have another shape, or not be there */
    TAB_LEFT = 8                      /* dropped at the source, left at the target */
};

struct tab_counters {                 /* written by workers, read by the sampler */
    atomic_uint_least64_t rows_read, bytes_read, rows_loaded, bytes_loaded, chunks_done, chunks_busy, chunks_open, /* open: in the sequence, not applied */
                         ranges;      /* of its key that no reader has begun with */
};

struct tab {
    uint32_t id;                      /* stable; the ledger's table_id */
    char label[160];                  /* schema.table at the source */
    uint64_t rows_guess, bytes_guess; /* from the source's statistics */
    bool is_keyless;
    enum tab_kept kept;               /* set before the stages start */
    bool is_bag;                      /* keyless, and the target changes single rows of it in parallel (TiDB) */
    struct tab_counters count;
    atomic_bool is_asking, is_failed;
    atomic_bool is_void;              /* the ledger says that it is copied anew or left out: what still comes for it is dropped */
    atomic_bool is_left;              /* left out of the run, for good */
    atomic_int verified;              /* 0 not yet, 1 equal, 2 different */
    atomic_uint filters;              /* of enum tab_filter; set behind tabs.lock */
    unsigned told_filters;            /* the stream's own: kinds of changes whose leaving out was told */
    _Atomic(const struct table *) fits; /* held: the definition whose rows the target's table was seen to take */

    struct tabs *owner;               /* NULL: in no list (tests) */

    /* Behind tabs.lock: */
    UT_hash_handle hh;                /* of owner->by_name, by the source name, while def is set */
    char *name_key;
    struct table *def;                /* at the stream's position; NULL once dropped */
    enum tab_copy copy;
    struct pos end;                   /* E: changes later than this find their rows; keyless: the snapshot */
    uint64_t chunks_planned, chunks_entered; /* ranges that are planned or read; those in the sequence */
    struct window *windows;           /* chunks that wait for the stream */
    struct live *live;                /* chunks that are under way; live.h */
    uint32_t retried;                 /* chunks that were read or written again */
    char retried_why[100];            /* the last time */
    uint32_t round;                   /* how often it was copied anew: ranges of an earlier round are worth nothing */
    struct pos named, shaped;         /* where the stream last made or renamed it, and changed its shape; unset: before the mark */
};

struct tab_note {                     /* what an earlier engine of the run knew of a table's filters */
    uint32_t id;
    unsigned filters;
};
struct tabs {
    pthread_mutex_t lock;
    struct tab_note *notes;           /* tabs_add looks here; nnotes */
    size_t nnotes;
    struct left_name *left;           /* of tables that were left out, by their names at the source */
    struct tab *by_name;
    struct tab_parent *parents;       /* tables that acting foreign keys refer to */
    struct tab **list;
    uint32_t n, next_id;
};
void tabs_init(struct tabs *t);
void tabs_release(struct tabs *t);
/* For the tab of that id, whether it is there or comes later. Lock must not be held. */
void tabs_note(struct tabs *t, uint32_t id, unsigned filters);
/* Takes over the reference def. id 0: the next free one. Lock must not be held. */
struct tab *tabs_add(struct tabs *t, struct table *def, uint32_t id);
/* Living table of that source name, or NULL. Lock must be held. */
struct tab *tabs_find(struct tabs *t, const char *schema, const char *name);
/* Whether a foreign key of a living table acts (CASCADE, SET NULL, SET DEFAULT) on changes of the table of that source
 * name. Lock must be held. */
bool tabs_is_acted_on(struct tabs *t, const char *schema, const char *name);
/* The table of that source name and number is out of the run; takes over the reference def. Lock must be held. */
void tabs_leave(struct tabs *t, uint32_t id, struct table *def);
/* Of a table that was left out; NULL: none of that name. id may be NULL. Lock must be held. */
const struct table *tabs_left(struct tabs *t, const char *schema, const char *name, uint32_t *id);
uint32_t tabs_nleft(struct tabs *t);                   /* lock must be held */
void tabs_forget_left(struct tabs *t, const char *schema, const char *name); /* the name is another's now */
/* Current definition with a reference of the caller's own, or NULL when dropped. Takes the lock. */
struct table *tab_hold_def(struct tabs *t, struct tab *tab);
/* Puts a new definition (its reference is taken over, NULL: dropped). Lock must be held. */
void tab_set_def(struct tab *tab, struct table *def);
/* Copied before the stream starts, in one snapshot that ends exactly at .end: a table without a usable key, and one
 * beside whose rows others stay untouched. Lock must be held. */
bool tab_is_first(const struct tab *tab);
/* A change at `at` finds its rows: the copy is complete and `at` is later than its end. Never where rows of others are
 * replaced, or changes are left out (but for rows of others that stay untouched): every new key is deleted first there.
 * Lock must be held. */
bool tab_is_after_end(const struct tab *tab, const struct pos *at);
/* Changes of rows are left out, or rows are left that the source has removed. Any thread. */
bool tab_is_filtered(const struct tab *tab);
/* The filters as the ledger's note has them: "more", "more,shape"; and back. */
void tab_filters_text(unsigned filters, struct buf *out);
unsigned tab_filters_parse(const char *text);

#endif
