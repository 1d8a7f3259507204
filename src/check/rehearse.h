/* SPDX-License-Identifier: Apache-2.0
 * Inside check: what the rehearsals share. A scratch schema at an end, and a binlog dump that ends in time. */
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
bool dump_is_late(const struct dump *d);
void dump_close(struct dump *d);
/* What a statement of the dump leaves to its session and to the source. */
void dump_context(const struct run *r, const struct binlog_query *q, struct ddl_context *cx);

#endif
