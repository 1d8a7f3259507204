/* SPDX-License-Identifier: Apache-2.0
 * The ledger: what has reached the target, kept on the target in schema tidegate_meta and committed in the same
 * transaction as the rows it speaks of (DESIGN 4.4). This room knows its tables and texts; who runs them when is
 * the business of apply and engine. One source per run so far; `source` is its id.
 *
 * run(name, job, state, at_ms)                       one row a run
 * source(run, source, identity, start_pos, mark_pos, mark_gtids, file_created)  mark: everything up to it is applied
 * lane(run, lane, epoch, seq)                        the fence: a packet with a stale epoch ends with error 1048
 * tab(run, source, table_id, source_schema, source_name, target_schema, target_name, state, end_pos)
 * chunk(run, source, table_id, chunk_no, lo, hi, at_pos, row_count, byte_count)
 * applied(run, source, to_pos, part, from_pos, gtids) transactions (from, to] are applied; below the mark removed
 * part(run, source, begin_pos, part, first_row, row_count)  of the transaction that begins there, which is not yet in
 *                                                    `applied`, these rows are applied, whatever their part was called
 * definition(run, source, table_id, from_pos, sql)   CREATE TABLE text that holds from that position on; table_id
 *                                                    LEDGER_SCHEMAS: the defaults of all schemas
 * ddl(run, source, pos, sql_text, before_hash, state) a DDL that was begun, and what it found
 * quarantine(run, source, table_id, row_no, key_text, reason)  rows the target can't take; row_no: hash of the row's key
 * note(run, source, kind, name, text_hash, text)      what the report has to tell, and what the run made or was told */
#ifndef TG_LEDGER_LEDGER_H
#define TG_LEDGER_LEDGER_H

#include "base/sync.h"
#include "db/conn.h"
#include "db/pos.h"

#define LEDGER_SCHEMA "tidegate_meta"
#define LEDGER_SCHEMAS 0u             /* no table has this number */

struct ledger {                       /* names; immutable after ledger_init */
    char run[40];
    char source[64];
    char tag[128];                    /* "tidegate:RUN:SOURCE": in a comment of every packet */
};
void ledger_init(struct ledger *l, const char *run, const char *source);

/* Makes schema and tables where they are missing. */
bool ledger_create(struct conn *c, struct err *e);

/* Makes lanes 0..n-1 where missing, gives all lanes of the run the new epoch (waits for packets of an older engine
 * that are under way, all later ones fail), then waits until no statement with the run's tag is left in the
 * target's process list and among TiDB's DDL jobs. from: only lanes of this epoch; 0: whoever has them. */
bool ledger_fence(const struct ledger *l, struct conn *c, uint32_t nlanes, uint64_t from, uint64_t epoch, struct cancel *cancel,
                  struct err *e);
/* A lane's epoch, and the one it is about to get: as long as the answer is missing it may have either. */
struct epoch {
    uint64_t now, next;               /* next 0: none */
};
/* A new epoch for one lane whose last COMMIT has an unknown outcome; the same one as long as this fails.
 * ERR_TARGET_FENCED: the lane is not ours any more; whoever has taken the run over keeps it. */
bool ledger_fence_lane(const struct ledger *l, struct conn *c, uint32_t lane, struct epoch *epoch, struct cancel *cancel,
                       struct err *e);
/* Waits until no statement that carries the run's tag and `mark` behind it is running at the target, as DDL job neither
 * (the connection c aside). mark "": any statement of the run; else that of one DDL, see ledger_ddl_mark. */
bool ledger_wait_quiet(const struct ledger *l, struct conn *c, const char *mark, struct cancel *cancel, struct err *e);
/* What follows the tag in every statement of the packet that carries the DDL at that position. */
const char *ledger_ddl_mark(const struct pos *at, char out[100]);

/* SQL texts, appended. The lane statement carries the tag and must change one row. */
void ledger_sql_lane(const struct ledger *l, struct buf *out, uint32_t lane, uint64_t epoch);
void ledger_sql_applied(const struct ledger *l, struct buf *out, const struct pos *from, const struct pos *to, uint32_t part, const char *gtids);
void ledger_sql_part(const struct ledger *l, struct buf *out, const struct pos *begin, uint32_t part, uint64_t first, uint64_t rows);
void ledger_sql_forget_parts(const struct ledger *l, struct buf *out, const struct pos *begin);
void ledger_sql_chunk(const struct ledger *l, struct buf *out, uint32_t table_id, uint64_t number, const struct buf *lo,
                      const struct buf *hi, const struct pos *at, uint64_t rows, uint64_t bytes);
void ledger_sql_tab(const struct ledger *l, struct buf *out, uint32_t table_id, const char *const names[4], const char *state, const struct pos *end);
void ledger_sql_definition(const struct ledger *l, struct buf *out, uint32_t table_id, const struct pos *from, struct str sql);
void ledger_sql_ddl(const struct ledger *l, struct buf *out, const struct pos *at, struct str sql, const char *before, const char *state);
/* A line of that kind about the name, held once however often it is written. Kinds are the engine's. */
void ledger_sql_note(const struct ledger *l, struct buf *out, const char *kind, const char *name, const char *text);
void ledger_sql_forget_note(const struct ledger *l, struct buf *out, const char *kind, const char *name, const char *text);
void ledger_sql_forget_chunks(const struct ledger *l, struct buf *out, uint32_t table_id);
/* Advances the mark. */
void ledger_sql_mark(const struct ledger *l, struct buf *out, const struct pos *mark, uint64_t file_created);
/* Removes applied rows that end at one of these positions (they lie under the mark). n > 0. */
void ledger_sql_compact(const struct ledger *l, struct buf *out, const struct pos *to, size_t n);

/* Every note of the kind, by name; kind NULL: of all kinds. */
typedef void ledger_told(void *arg, const char *kind, const char *name, const char *text);
bool ledger_read_notes(const struct ledger *l, struct conn *c, const char *kind, ledger_told *told, void *arg, struct err *e);

/* ---- quarantine: rows the target can't take ---- */
struct ledger_quarantined {
    uint32_t table_id;
    uint64_t row_no;                  /* hash64 of the exact bytes of the row key; keyless: of the whole row */
    char *key_text, *reason;          /* for people; owned */
};
/* n > 0 rows come in, and go out again by (table_id, row_no), or all of a table. */
void ledger_sql_quarantine(const struct ledger *l, struct buf *out, const struct ledger_quarantined *rows, size_t n);
void ledger_sql_release(const struct ledger *l, struct buf *out, const struct ledger_quarantined *rows, size_t n);
void ledger_sql_release_table(const struct ledger *l, struct buf *out, uint32_t table_id);
void ledger_quarantined_release(struct ledger_quarantined *rows, size_t n); /* frees them */

/* The same, in memory, changed after the COMMIT that changed the table; any thread. */
struct quarantine;
struct quarantine *quarantine_new(void);
void quarantine_free(struct quarantine *q);
void quarantine_put(struct quarantine *q, uint32_t table_id, uint64_t row_no);
void quarantine_drop(struct quarantine *q, uint32_t table_id, uint64_t row_no);
void quarantine_drop_table(struct quarantine *q, uint32_t table_id);
bool quarantine_holds(struct quarantine *q, uint32_t table_id, uint64_t row_no);
/* The table has, or had since the start, a row here: its deletions need not find their rows. */
bool quarantine_knows(struct quarantine *q, uint32_t table_id);
size_t quarantine_count(struct quarantine *q);

bool ledger_has_applied(const struct ledger *l, struct conn *c, const struct pos *to, uint32_t part, bool *out, struct err *e);
bool ledger_has_part(const struct ledger *l, struct conn *c, const struct pos *begin, uint32_t part, bool *out, struct err *e);
bool ledger_has_chunk(const struct ledger *l, struct conn *c, uint32_t table_id, uint64_t number, bool *out, struct err *e);
/* state and before of a begun DDL into out (NULL when there is none; caller frees both). */
bool ledger_find_ddl(const struct ledger *l, struct conn *c, const struct pos *at, char **state, char **before, struct err *e);

/* ---- what a start finds ---- */
struct ledger_tab {
    uint32_t id;
    char *names[4];                   /* source schema, name, target schema, name */
    char *state;
    struct pos end;
};
struct ledger_chunk {
    uint32_t table_id;
    uint64_t number, rows, bytes;
    struct buf lo, hi;                /* n == 0: open */
    struct pos at;
};
struct ledger_range {
    struct pos from, to;
};
struct ledger_part {
    struct pos begin;
    uint32_t last;                    /* highest number so far */
    uint64_t first, rows;
};
struct ledger_definition {
    uint32_t table_id;
    struct pos from;
    char *sql;
};
struct ledger_state {
    bool exists;                      /* the run was here before */
    char *identity;                   /* of its source, "" when none */
    struct pos start, mark;
    char *mark_gtids;
    uint64_t file_created;
    struct ledger_tab *tabs;
    struct ledger_chunk *chunks;      /* by (table_id, number) */
    struct ledger_range *applied;     /* by to */
    struct ledger_definition *definitions; /* by (table_id, from) */
    struct ledger_quarantined *quarantined;
    struct ledger_part *parts;        /* adjoining ones as one */
    size_t ntabs, nchunks, napplied, ndefinitions, nquarantined, nparts;
};
/* Whether the run is there, with nothing written: a target without a ledger does not have it. */
bool ledger_has_run(const struct ledger *l, struct conn *c, bool *out, struct err *e);
bool ledger_read(const struct ledger *l, struct conn *c, struct ledger_state *out, struct err *e);
void ledger_state_release(struct ledger_state *s);
/* A transaction that ends at `to` has reached the target. */
bool ledger_is_applied(const struct ledger_state *s, const struct pos *to);
/* That row (counted from 0) of the transaction that begins there has reached the target in a part of it. */
bool ledger_has_part_row(const struct ledger_state *s, const struct pos *begin, uint64_t row);
/* The number that its next part gets; 1: it has none. */
uint32_t ledger_next_part(const struct ledger_state *s, const struct pos *begin);
/* First start: run and source rows. job_text holds no secret. */
bool ledger_begin(const struct ledger *l, struct conn *c, const char *job_text, const char *identity, const struct pos *start,
                  const char *gtids, struct err *e);
bool ledger_set_state(const struct ledger *l, struct conn *c, const char *state, struct err *e);

/* ---- the low-water mark, in memory; any thread ---- */
struct marks;
struct marks *marks_new(const struct pos *mark);
void marks_free(struct marks *m);
/* A batch (…, to] entered the sequence. Called in sequence order. commit_ms: the source's clock, 0 unknown. */
void marks_enter(struct marks *m, const struct pos *to, int64_t commit_ms);
void marks_done(struct marks *m, const struct pos *to);
/* The file was begun at created_s (source's clock). Told for each file, before anything of it is entered. */
void marks_file(struct marks *m, const char *file, uint64_t created_s);
/* created_s of that file, 0 when it was not told. */
uint64_t marks_created(struct marks *m, const char *file);
/* The stream stands at `at` and everything before is entered: lets the mark follow an idle source. */
void marks_stand(struct marks *m, const struct pos *at);
void marks_low(struct marks *m, struct pos *out);
/* What of it the ledger was told, and that: a start finds at least this. */
void marks_keep(struct marks *m, const struct pos *low);
void marks_kept(struct marks *m, struct pos *out);
/* Commit time of the oldest batch that is not applied, 0 when there is none. */
int64_t marks_oldest_ms(struct marks *m);
size_t marks_open(struct marks *m);              /* batches that are not applied or wait for an earlier one */
/* Ends of the batches that have come under the mark since the last call, at most room. Returns how many. */
size_t marks_take_settled(struct marks *m, struct pos *out, size_t room);

#endif
