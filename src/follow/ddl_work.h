/* SPDX-License-Identifier: Apache-2.0
 * Inside follow: one DDL on its way. ddl.c reads it, asks the rules and makes the batch; ddl_effect.c moves the
 * definitions. The decoder's thread. */
#ifndef TG_FOLLOW_DDL_WORK_H
#define TG_FOLLOW_DDL_WORK_H

#include "follow/private.h"

struct ddl_work {
    struct follow *f;
    struct ddl ddl;
    struct ddl_context cx;
    struct batch *batch;
    const struct pos *to;
    uint64_t *only;                   /* bitmap of names inside the job */
    uint32_t nwanted;
    bool is_applied;                  /* before a restart: definitions move, and nothing is refused or asked any more */
    uint64_t *left_out;               /* bitmap of parts that a rule of events leaves out, by rule */
    uint32_t nparts, nleft;
    size_t rule;
};

static inline bool is_wanted(const struct ddl_work *w, uint32_t name)
{
    return (w->only[name / 64] >> (name % 64)) & 1;
}

static inline bool is_left_out(const struct ddl_work *w, uint32_t part)
{
    return (w->left_out[part / 64] >> (part % 64)) & 1;
}

static inline bool is_all_left_out(const struct ddl_work *w)
{
    return w->nleft == w->nparts;
}

/* fits.c. Asks where the statement makes a table what can't be carried. true: it fits, or is out of the run, and the batch
 * has what the ledger is to say of that. Blocks; takes the lock. Before anything is decided about the statement. */
bool work_fits(struct ddl_work *w, const struct binlog_query *q, struct err *e);
/* ddl_effect.c. Moves definitions and fills the batch's dependencies and ledger rows; nwanted becomes 0 where the statement
 * did nothing. false: it can't be followed. tabs->lock held, which may be let go of meanwhile. */
bool work_take_effect(struct ddl_work *w, const struct binlog_query *q, struct err *e);
/* The ledger's rows of the table as it is from here on. Lock held. */
void work_note_table(struct ddl_work *w, const struct tab *tab, const char *state);
/* Whether the table, or a new one (NULL), can go on as `to`. Lock held. */
bool work_can_carry(struct ddl_work *w, const struct binlog_query *q, const struct tab *tab, const struct table *to, struct err *e);
/* The definition that a CREATE TABLE writes out. NULL: e. */
struct table *work_created(const struct ddl_work *w, const struct binlog_query *q, struct err *e);
/* The id the ledger already knows this very table by, or 0: its first definition is of this statement, whatever it was
 * renamed to since. */
uint32_t work_known_id(const struct ddl_work *w);
/* A table that exists: alone from here on, its open windows are read again. NULL: not in the run. Lock held. */
struct tab *work_seize(struct ddl_work *w, const char *schema, const char *table);
/* Rows of it that lie in quarantine go with the others. Lock held. */
void work_empty_quarantine(struct ddl_work *w, const struct tab *tab);
/* cascade.c. Foreign keys of the run's tables follow what the statement renames, in the run or outside. Lock held. */
bool work_move_references(struct ddl_work *w, struct err *e);
/* ERR_CASCADE where the table would follow one that is not part of the run, and has not before (NULL: it is new). Lock held. */
bool work_refuse_cascade(struct ddl_work *w, const struct table *before, const struct table *after, struct err *e);
/* DROP DATABASE, where tables of another schema are routed to the one that is dropped: in *sql only our own go. Lock held. */
void work_spare_others(struct ddl_work *w, struct buf *sql);
/* A table that was left out is renamed, or another gets its name. true: the former, which is nobody's business. Takes the
 * lock. */
bool work_move_left(struct ddl_work *w, const struct ddl_name *n);
/* With lower_case_table_names=1 the server keeps names in lower case, but a statement is logged as it was written. */
void follow_fold_name(const struct follow *f, char *name);

#endif
