/* SPDX-License-Identifier: Apache-2.0
 * Inside follow: the transaction that is being read, the merge of small ones, and DDL. */
#ifndef TG_FOLLOW_PRIVATE_H
#define TG_FOLLOW_PRIVATE_H

#include "follow/follow.h"

struct change {
    struct tab *tab;                  /* NULL: left out by a rule of events */
    enum rows_action action;
    size_t before, after;             /* packed rows in txn.rows */
};
struct txn {
    bool is_open;
    struct buf rows;
    struct change *changes;
    uint32_t n, cap;
    int64_t commit_s;
    char gtid[96];
    struct pos begin;                 /* of its first event: what a large one is known by */
    uint64_t first;                   /* place of changes[0] among its rows */
};
/* A transaction that enters in parts. It stays open when the stream breaks and is read again. */
struct large {
    bool is_open;
    uint64_t done;                    /* rows of it that have entered */
    uint32_t number;                  /* of its next part */
    bool has_made;                    /* the table that its rows go into is made, or on its way */
};
void txn_reset(struct txn *t);
void txn_release(struct txn *t);

/* Contiguous small transactions as one batch; changes of the same row are compacted. */
struct merge;
struct merge *merge_new(void);
void merge_free(struct merge *m);
bool merge_is_empty(const struct merge *m);
bool merge_is_full(const struct merge *m);
uint32_t merge_txs(const struct merge *m);
/* Whether the change can join: its table's mode (must_find) and definition are those of the merge. */
bool merge_takes(const struct merge *m, const struct tab *tab, bool must_find);
/* Adds a change; cells of before and/or after are read from the packed rows. */
void merge_change(struct merge *m, struct tab *tab, enum rows_action action, const char *before, const char *after, bool must_find);
/* One more transaction (from, to] is inside, with or without changes. */
void merge_txn(struct merge *m, const struct pos *from, const struct pos *to, const char *gtid, int64_t commit_s);
/* The merge as a batch; m is empty afterwards. NULL when it held no transaction. */
struct batch *merge_take(struct merge *m);

/* The same for rows of a transaction that has not ended, without a position of its own; NULL: there are none. */
struct batch *merge_take_part(struct merge *m);

struct wish {                         /* of follow_wish */
    struct wish *next;
    struct tab *tab;
    bool leaves;
};

struct follow {
    struct follow_options o;
    pthread_t receiver, decoder_thread;
    bool has_receiver;
    struct queue *raws;
    uint64_t popped;                  /* events that the decoder has taken */
    atomic_uint_least64_t watched;    /* number of the event that is watched on its way to the decoder; 0: none */
    const struct tab *last_tab;       /* of the open transaction's last rows */
    enum rows_action last_action;
    atomic_bool is_large_open;        /* a large event is on its way from the receiver through the decoder */
    struct binlog *stream;
    struct binlog_decoder *decoder;
    struct txn txn;
    struct merge *merge;
    struct arena text;
    struct cell *before, *after;      /* scratch, ncells each */
    uint32_t ncells;
    /* Behind o.tabs->lock: */
    struct pos at;
    struct large large;               /* written by the decoder's thread */
    struct gtid_set *gtids;
    struct window *given;
    struct pos replayed, begun_part;  /* the last that an earlier engine applied: it ends there; it begins there, in parts */
    struct wish *wishes;
    struct follow_peak peak;
    struct cancel *stop;
    struct receiver_arg *receiver_arg;
    struct let_through *let_through;  /* events.c */
};

/* One DDL (or schema DDL) at position `to`. The merge was flushed. false: e says why the run must stop. has_rows: rows of the
 * same transaction come behind it, which stands for both in the ledger's mark. */
bool follow_ddl(struct follow *f, const struct binlog_event *ev, const struct pos *from, const struct pos *to, bool has_rows, struct err *e);
/* ROWS: of CREATE TABLE … SELECT, whose rows follow in the same transaction (MySQL since 8.0.21, MariaDB). */
enum query_kind { QUERY_BEGIN, QUERY_COMMIT, QUERY_ROLLBACK, QUERY_NOTHING, QUERY_DDL, QUERY_DDL_ROWS };
/* What a QUERY event is; unknown ones are an error. */
bool follow_query_kind(struct follow *f, const struct binlog_event *ev, enum query_kind *out, struct err *e);
/* ERR_CASCADE when this change would have cascaded at the source without a word in the binlog. Lock held. */
bool follow_cascade(struct follow *f, const struct tab *tab, enum rows_action action, const struct cell *before,
                    const struct cell *after, struct err *e);
/* events.c: what the job's rules say. Lock not held; where a rule says stop, a person is asked. false: the run stops. */
bool follow_judge_rows(struct follow *f, struct tab *tab, const struct binlog_event *ev, bool *is_left_out, struct err *e);
/* only: bitmap of the names inside the job; left_out: over ddl_nparts; *rule: the one that decided. */
bool follow_judge_ddl(struct follow *f, const struct ddl *d, const struct ddl_context *cx, const struct binlog_event *ev,
                      const uint64_t *only, uint64_t *left_out, size_t *rule, struct err *e);
/* A statement that is not understood, in a session with that default schema. */
bool follow_judge_unknown(struct follow *f, const char *schema, const struct binlog_event *ev, bool *is_left_out, struct err *e);
/* place.c: ERR_TARGET_ROUTE where another table of the run has t's place at the target; self NULL: t is a new one. Lock held. */
bool follow_check_place(const struct follow *f, const struct tab *self, const struct table *t, struct err *e);
/* The target may still have a table of that name, because a rule of events left out its DROP. Lock held. */
bool follow_may_be_left(const struct follow *f, const char *schema, const char *table);
void follow_forget_answers(struct follow *f);
/* After a batch could not enter (the run stops) none of these three does anything any more: what comes later must
 * not reach the target, nor the mark pass over what is missing. */
/* The transaction ("" = no GTID) that ends at `to` is at the target already. */
bool follow_is_applied(const struct follow *f, const char *gtid, const struct pos *to);
void follow_flush(struct follow *f);
/* The target holds a change of this table at that position, inside the open transaction: by its copy, or it was applied
 * before a restart. */
bool txn_is_past(struct follow *f, const struct tab *tab, const struct pos *at);
/* A row of the open transaction that is left out: it counts, and nothing else. */
void txn_pass(struct follow *f);
/* A change of the open transaction. Of before, what is not wanted is forgotten. */
void txn_add(struct follow *f, struct tab *tab, enum rows_action action, struct cell *before, const struct cell *after);
/* The open transaction enters in parts from here on, once its end is known to be in the binlog; inside: any place in it. */
bool txn_begin_parts(struct follow *f, const struct pos *inside, struct err *e);
/* Once the open transaction is large, its rows enter in parts. `at`: behind them, and inside of it. */
bool txn_spill(struct follow *f, const struct pos *at, struct err *e);
/* delay.c. The receiver: an event has come, the number-th; the decoder: it has taken one. */
void delay_received(struct follow *f, const struct binlog_raw *raw, uint64_t number);
void delay_popped(struct follow *f);
/* A transaction ends at `to`. Lock held. */
void delay_note_peak(struct follow *f, const struct pos *to);
/* The open transaction ends at `to`. */
bool follow_enter_txn(struct follow *f, const struct pos *to, struct err *e);
void follow_add_gtid(struct follow *f, const char *gtid); /* lock held */
void follow_submit(struct follow *f, struct batch *b); /* takes it over */
void follow_applied(struct follow *f, const struct pos *to); /* what ends there has been applied before */
/* Between two transactions: what was wished is done, then windows that are passed are looked for. */
void follow_windows(struct follow *f);
void follow_wishes(struct follow *f);
/* The stream has not passed yet what an earlier engine applied. Lock held. */
bool follow_is_replaying(const struct follow *f);
/* Tells the decoder's thread that there is something to do besides reading. Lock held. */
void follow_nudge(struct follow *f);
/* A table of the job that was not left out. Takes the lock. */
bool follow_wants(struct follow *f, const char *schema, const char *table);

#endif
