/* SPDX-License-Identifier: Apache-2.0
 * Inside check: what the rehearsals share. A scratch schema at an end, a binlog dump that ends in time, and the walk
 * along it. One thread. */
#ifndef TG_CHECK_REHEARSE_H
#define TG_CHECK_REHEARSE_H

#include "binlog/binlog.h"
#include "check/private.h"
#include "schema/source.h"

/* ---- a scratch schema: SCRATCH_SCHEMA at an end, ours alone ---- */

struct scratch {
    struct conn conn;                 /* pinned; holds a lock of the schema's name while the schema is in use */
    char name[64];
    bool is_made;                     /* the schema stands, with our mark inside */
    bool lacks_drop;                  /* what scratch_open has failed by: DROP was refused */
    bool can_load;                    /* LOAD DATA LOCAL was not refused so far */
};
/* Connects and finds a name that nobody else uses: leftovers of rehearsals that have died, recognised by the mark
 * inside, are dropped; another's schema of that name is left alone. Nothing is made yet. That DROP is allowed is seen
 * here, so that nothing is left behind: *_PRIVILEGE. */
bool scratch_open(struct scratch *s, const struct end *at, struct err *e);
bool scratch_make(struct scratch *s, struct err *e);      /* the schema and its mark */
/* Drops the schema where it was made, and closes. false: it stays, e says why. */
bool scratch_drop(struct scratch *s, struct err *e);
/* As scratch_drop, at the end of a check: a schema that stays becomes a finding. */
void scratch_end(struct scratch *s, struct check_result *out);

/* ---- a dump ---- */

struct dump {                         /* the binlog from a place on; one thread, but for what watches it */
    struct binlog *stream;
    struct binlog_decoder *decoder;
    struct binlog_raw *raw;           /* of the event told last */
    struct dump_watch *watch;
};
/* At most limit_ms from now on, and as long as the person has not cancelled. server_id is the run's. */
bool dump_open(struct dump *d, struct run *r, const struct pos *from, const struct gtid_set *gtids, int64_t limit_ms, struct err *e);
/* The next event, valid until the next call. ERR_CANCELLED: cancelled, or (dump_is_late) out of time. */
bool dump_next(struct dump *d, struct binlog_event *ev, struct err *e);
bool dump_is_late(const struct dump *d); /* false for one that could not be opened */
void dump_close(struct dump *d);
/* What a statement of the dump leaves to its session and to the source. */
struct ddl_context dump_context(const struct run *r, const struct binlog_query *q);

/* ---- a walk along a dump: every rehearsal that looks at rows of the binlog takes it ---- */

struct walk {
    struct dump dump;                 /* opened and closed by who walks */
    struct pos at;                    /* how far it has come; set it to where it begins, or leave it unset */
    int64_t until_ms;                 /* clock_mono_ms of its end, wherever it is then; 0: none */
    struct binlog_event ev;           /* the event it stands on */
};
/* The next event into w->ev, valid until the next call; `at` is behind it. *done: there is none up to `to`, or the time
 * is over; w->ev is then the last one's remains. Errors are dump_next's; `at` is then where the trouble begins. */
bool walk_next(struct walk *w, const struct pos *to, bool *done, struct err *e);
/* The event ends at a place of the source's file, so that what is behind it can be told from what is before. */
bool event_has_place(const struct binlog_event *ev);

/* A row: as it was, NULL for an INSERT; as it is, NULL for a DELETE. The cells are t's columns, until the call returns. */
typedef void row_visit(void *arg, const struct cell *before, const struct cell *after);
/* Every row of an event of kind BINLOG_ROWS, whose table has the definition t. false with *fits false: the definition does
 * not fit (it was another when they were written), and no row was visited; with *fits true: a row is broken. Errors are
 * those of rows_begin and rows_next. */
bool walk_rows(const struct binlog_event *ev, const struct table *t, struct charmaps *maps, row_visit *visit, void *arg, bool *fits, struct err *e);

#endif
