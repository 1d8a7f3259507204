/* SPDX-License-Identifier: Apache-2.0
 * The binlog, from a position on, to batches in sequence (DESIGN 4). One receiver thread reads, one thread decodes,
 * filters, merges and submits; it also takes copied chunks into the sequence when it has passed them. */
#ifndef TG_FOLLOW_FOLLOW_H
#define TG_FOLLOW_FOLLOW_H

#include "batch/ports.h"
#include "binlog/binlog.h"
#include "conf/job.h"
#include "ledger/ledger.h"

struct follow_counters {              /* written by the two threads, read by the sampler */
    atomic_uint_least64_t tx, bytes, rows, received_bytes;
    atomic_int_least64_t last_event_ms;                /* mono: when the last event of any kind came */
    atomic_int_least64_t last_commit_s;                /* source clock of the last transaction that entered */
    atomic_uint_least64_t arrivals, arrival_us;        /* commits received, and how long after their stamps (together) */
    atomic_bool arrival_is_exact;                      /* stamps are finer than seconds */
    atomic_int_least64_t queue_us;                     /* an event waited so long for the decoder, the last time one was watched */
    atomic_int_least64_t watched_us;                   /* mono: one is being watched since; 0: none */
    atomic_uint reopened;
    atomic_uint_least64_t ddl;                         /* statements that may have changed tables or views of the run */
};

struct follow_peak {                  /* the largest transaction since it was asked for last; bytes 0: none */
    uint64_t bytes, rows;             /* of binlog; of the run's tables */
    int64_t commit_s;
    char table[160];                  /* of its last rows */
    char action[16];                  /* INSERT, UPDATE, DELETE */
};

struct follow_options {
    const struct ledger *ledger;
    const struct ledger_state *found; /* what the ledger held at the start; borrowed */
    const struct db_addr *source;
    struct db_server server;          /* facts of the source */
    struct pos start;                 /* where to begin */
    const struct gtid_set *skip;      /* transactions that count as applied (a start by GTID set), or NULL */
    uint32_t server_id;
    struct tabs *tabs;
    struct marks *marks;
    struct budget *budget;            /* of the stream */
    struct cancel *cancel;
    struct ask_port ask;
    struct sequence_port sequence;
    struct chunk_port chunks;
    const struct job *job;
    int64_t clock_offset_ms;          /* our clock less the source's */
    const struct target_dialect *dialect;
    const struct collation_ids *collations;
    struct charmaps *charmaps;
    struct schema_defaults *schemas;  /* at start; the stream keeps it up to date */
    struct follow_counters *count;
    size_t large_bytes;               /* a transaction with more enters in parts of an eighth of it */
    /* The source's end of binlog, over a connection of its own. */
    bool (*source_end)(void *arg, struct pos *out, struct err *e);
    void *source_arg;
    size_t seen_limit;                /* bytes of remembered keys per window */
};

/* What the job's rules of events mean for the table of that source name: bits of enum tab_filter. */
unsigned follow_row_filters(const struct job *j, const char *schema, const char *table);
/* The same for all living tabs, and for children of foreign keys whose parents' changes are left out; bits are only added.
 * Lock held. */
void follow_settle_filters(struct tabs *tabs, const struct job *j, bool logs_cascades);
/* The child's foreign key is one to that parent. */
bool follow_refers_to(const struct foreign_key *k, const struct table *child, const struct table *parent);
/* A change of the parent may change rows of the child. */
bool follow_acts_on(const struct table *child, const struct table *parent);

/* Kinds of the ledger's notes that the stream writes, too. */
#define NOTE_EVENTS "events"          /* by table id: tab_filters_text */
#define NOTE_TABLE "table"            /* a line about how a table was changed on its way */
#define NOTE_LEFT "left"              /* by table id: it was left out of the run */

struct follow;
/* Starts both threads. gtids: everything that may be in the binlog before the start, or NULL without GTIDs. */
struct follow *follow_new(const struct follow_options *o, const struct gtid_set *before);
void follow_free(struct follow *f);                    /* stops and joins */
/* Where the stream stands, at a transaction's end. Any thread. */
void follow_at(struct follow *f, struct pos *out);
void follow_take_peak(struct follow *f, struct follow_peak *out); /* any thread */
/* Opens a window for the chunk (not taken over yet) between two transactions; NULL when the table is gone. */
struct window *follow_open(struct follow *f, struct tab *tab, struct buf *gtids);
/* The rows are read and high is known: the stream takes the window over. */
void follow_give(struct follow *f, struct window *w, const struct pos *high);
/* Between two transactions, soon: the table is emptied at that place of the sequence and a new round of its copy begins
 * (chunks.anew is called); or it leaves, and is as if the job did not name it. The ledger says so already. Any thread. */
void follow_wish(struct follow *f, struct tab *tab, bool leaves);
/* The reader gives up on it (an error, a dropped table): w is unlinked and freed, but for its chunk. */
void follow_abandon(struct follow *f, struct window *w);

#endif
