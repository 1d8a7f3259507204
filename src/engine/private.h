/* SPDX-License-Identifier: Apache-2.0
 * Inside engine: one run. Threads: the caller's (the state machine and the sampler), those of follow, copy, apply,
 * verify and mon. */
#ifndef TG_ENGINE_PRIVATE_H
#define TG_ENGINE_PRIVATE_H

#include "apply/apply.h"
#include "check/check.h"
#include "copy/copy.h"
#include "engine/engine.h"
#include "engine/pace.h"
#include "follow/follow.h"
#include "schema/places.h"
#include "schema/source.h"
#include "verify/verify.h"

#include <jansson.h>
#include <pthread.h>

#define STREAM_FIRST_S 5               /* no chunk is read while the stream is further behind */

struct question {
    struct question *next;
    char id[16], table[130], text[400];
    const struct ask_choice *choices;
    uint32_t nchoices;
    int64_t asked_ms;
    const char *answer;               /* a slug of choices */
};

/* Kinds of the ledger's notes, beside those of follow.h. */
#define NOTE_EXISTING "existing"      /* a line about rows that were there before */
#define NOTE_KEPT "kept"              /* by table id: tab_kept_name */
#define NOTE_MAKING "making"          /* `schema`.`table` that was not at the target when this run began to make it */
#define NOTE_CHECK "check"            /* a line about a check that was accepted, or is to be known */
#define NOTE_ANEW "anew"              /* by table id: it is to be emptied and copied anew */
#define NOTE_BEGAN "began"            /* wall clock, in ms, when the run's first engine started */
#define NOTE_VIEW "view"              /* by name at the source: the view this run made, as the target calls it */

struct kept_binlog {                  /* how long the source keeps its binlog: kept.c's, sampler only */
    int64_t looked_ms;                /* mono; 0: not yet */
    double seconds;                   /* as lag_view.binlog_kept_s */
    bool for_ever;
};

enum report_part { REPORT_CHECK, REPORT_CURE, REPORT_TABLE, REPORT_EVENTS, REPORT_EXISTING, REPORT_VIEW, REPORT_KEY, REPORT_COUNTER, REPORT_OBJECT, REPORT_UNREAD,
                   REPORT_PARTS };
struct report_line {
    enum report_part part;
    bool is_problem;
    char *name, *text;
};
struct report {                       /* the main thread's, or that of the step it waits for */
    struct report_line *lines;
    size_t n;
};

struct made_key {                     /* a foreign key that is at the target, by its names at the source */
    char *schema, *table, *name;
};

struct made_view {                    /* a view that this engine has made */
    char *label;                      /* at the source */
    uint64_t hash;                    /* of its statement */
};

/* One pass over what is made when the rows are there (objects.c, keys.c). */
struct settle {
    struct engine *g;
    struct conn source;               /* its own: the sampler uses g->look */
    struct table **defs;              /* held */
    uint32_t n;
    struct places here, there;        /* the run's tables (struct table) by their names at the source, at the target */
};

struct rates {                        /* ring of samples, one each quarter second */
    struct { int64_t ms; uint64_t value; } at[1300];
    size_t n, next;
};
void rates_add(struct rates *r, int64_t ms, uint64_t value);
/* Per second over the last span_ms; 0 when too little is known. */
double rates_over(const struct rates *r, int64_t span_ms);

struct table_rate {                   /* of one table, there may be thousands: a sample a second, for ten seconds */
    struct { int64_t ms; uint64_t value; } at[11];
    size_t n, next;
};

/* How fast the run goes. The limits a person sets are the job's own, behind the engine's lock while it runs. */
struct pace {
    /* Behind lock: */
    bool is_new;                      /* a limit was changed */
    bool owes;                        /* more was read than the rate allows */
    struct pace_view view;
    /* The sampler's own: */
    struct knee knee;
    struct dial dial;
    struct bucket bucket;
    unsigned samples, full;           /* of this second: looks, with batches that waited for a writer */
    int64_t step_ms, running;         /* running: statements at the source, -1: not known */
    uint64_t written, batches, conflicts, statement_bytes, statement_us, selects, select_us, select_bytes; /* so far */
};

/* What the delays are computed from (delays.c). */
struct delay_seen {
    int64_t ms;
    uint64_t arrivals, arrival_us, batches, wait_us, busy_us, tx, conflict_tx, classes[APPLY_CLASSES];
};
struct peak_slot {                    /* one of the graph's points */
    int64_t number;
    struct lag_peak peak;
};
#define DELAY_LOOKS 11
struct delays {
    struct delay_seen seen[DELAY_LOOKS]; /* one a second */
    unsigned n, next;
    struct peak_slot hour[MON_LAG_LONG], day[MON_LAG_LONG];
};

struct engine {
    struct job *job;
    const struct engine_options *o;
    struct job_end *source_job;
    struct db_addr source, target;
    struct conn control;              /* to the target: ledger reads, states; main thread */
    struct conn look;                 /* to the source: positions; main thread */
    struct ledger ledger;
    struct ledger_state found;
    struct target_dialect dialect;
    struct collation_ids *collations;
    struct charmaps *charmaps;
    struct schema_defaults *schemas;  /* of the source, at start; then the stream's */
    struct db_server source_server;
    struct tabs tabs;
    struct marks *marks;
    struct quarantine *quarantine;
    struct cancel *cancel;            /* everything stops */
    struct budget *copy_budget, *stream_budget;
    struct apply *apply;
    struct follow *follow;
    struct copy *copy;
    struct copy_set *set;             /* of the road snapshot */
    struct mon_server *mon;
    struct apply_counters apply_count;
    struct copy_counters copy_count;
    struct follow_counters follow_count;
    struct gtid_set *skip;            /* transactions of a start by GTID set that are not applied, or NULL */
    struct gtid_set *gtids;           /* what may be in the binlog before the start */
    struct pos start;
    uint32_t lanes;                   /* of writers; then the mark's and the control connection's */
    uint64_t epoch;                   /* of the writers' lanes at the start */
    struct epoch control_epoch;
    bool is_new;
    bool has_ledger;                  /* it is there, and read */
    bool is_refused;                  /* by a check, before anything was written */
    bool is_snapshot;                 /* the road: no stream, one set of snapshots (snapshot.c) */
    enum copy_hold hold;              /* how that set came about */

    /* Behind lock: */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct question *questions;
    struct engine_wish *wishes;       /* newest first */
    struct engine_wish *taken;        /* that of them which is carried out now: the main thread's, and its step's */
    bool takes_wishes;                /* the stages are there: what is wished for is held against them at once */
    struct standing *standing;        /* answers that hold for every later question of the id */
    enum run_state state;             /* what it would be without pause and questions */
    bool is_paused, wants_stop, wants_verify, is_fatal;
    struct err fatal;
    uint32_t nuncompared;             /* tables that the last comparison left out: rules of events (main thread) */
    char reason[200], verdict[64], verified_at[140];
    struct made_key *keys;
    uint32_t nkeys;

    struct report report;
    struct made_view *views;
    uint32_t nviews;
    bool is_unanswered;               /* ended because nobody answered a question */
    bool is_settled;                  /* objects were made at least once by this engine */
    uint64_t settled_ddl;             /* follow_count.ddl at that time */

    struct pace pace;

    /* The sampler's own: */
    struct mon_snapshot *snap;
    struct delays delays;
    struct rates dump_rate, load_rate, read_row_rate, row_rate, tx_rate, byte_rate, source_rate, source_tx_rate;
    struct table_view *sampled;       /* every table at the last sample, the busiest first */
    uint32_t nsampled;
    struct table_rate *table_rate;    /* by index in tabs.list */
    uint32_t ntable_rate;
    int64_t *table_began;             /* times.c's, by index in tabs.list */
    uint32_t ntable_began, hour_seconds, day_seconds; /* seconds that are in the newest of the long points */
    int64_t source_lost_ms;           /* mono: since then the source does not answer; 0: it does */
    char source_lost[120];            /* why */
    int64_t began_ms;                 /* wall: of the run; -1: not known (yet). Behind lock */
    int64_t sampled_ms, started_ms, last_point_ms, last_progress_ms, clock_offset_ms, look_ms;
    uint64_t progress_sum, made_sum;
    int64_t last_made_ms, last_moved_ms; /* stuck.c's: since when nothing reaches the target, nothing moves at all */
    int64_t low_ms;                   /* mono: when that moved last, or nothing was left to apply */
    double low_lag;                   /* and the lag at that time */
    struct pos source_end, low;       /* last known end of the source's binlog; what was applied at the last look */
    uint64_t written_bytes, applied_bytes; /* of binlog, as those two moved */
    struct kept_binlog kept;
    struct binlog_file *binlogs;      /* of the source, as long as more than one is to be measured */
    uint32_t nbinlogs;
    atomic_uint_least64_t verify_rows;
};

/* start.c: connects, checks, fences, plans. Each fails with the error the person sees. */
bool engine_connect(struct engine *g, struct err *e);
/* precheck.c: the checks of a new run's start, each told as an event; what failed and was not accepted is the run's end,
 * and nothing is written before. A step for a thread of its own. */
bool engine_precheck(struct engine *g, struct err *e);
/* What it has to say in the report goes into the ledger, for later engines of the run. */
bool engine_note_checks(struct engine *g, struct err *e);
bool engine_start_checks(struct engine *g, struct schema_list *tables, struct err *e);
bool engine_prepare(struct engine *g, struct err *e);
/* control.c: on the control connection, fenced, tried again where the trouble passes. Statements that may run twice. */
bool engine_fenced(struct engine *g, const struct buf *statements, struct err *e); /* one transaction */
bool engine_fenced_ddl(struct engine *g, struct str ddl, struct err *e);
/* One try on a connection and lane of the caller's own. */
bool engine_send_ddl(struct engine *g, struct conn *c, uint32_t lane, uint64_t epoch, struct str ddl, struct err *e);
/* A new epoch for all lanes: whatever is still under way ends or is waited for. Only while there are no writers. */
bool engine_fence_anew(struct engine *g, struct err *e);
/* begin.c */
bool engine_begin_new(struct engine *g, struct err *e);
bool engine_begin_again(struct engine *g, struct err *e);
struct tab *engine_add_tab(struct engine *g, struct table *def, uint32_t id);
/* How far its copy is, while the sampler looks on; end may be NULL. */
void engine_set_copy(struct engine *g, struct tab *tab, enum tab_copy copy, const struct pos *end);
/* The statement of a tab's ledger row, behind a ';' where the text is begun; and written. */
void engine_ledger_tab(struct engine *g, struct buf *out, const struct tab *tab, const char *state);
bool engine_write_tab(struct engine *g, struct tab *tab, bool with_definition, struct err *e);
/* tables.c */
/* Every living tab by its names at the target. Nothing else may change definitions meanwhile. */
void places_of_target(struct engine *g, struct places *out);
/* " IN ('a','b')" of the schemas that tables of the run have at the target. */
void engine_target_schemas(struct engine *g, struct buf *out);
bool engine_check_routes(struct engine *g, struct err *e); /* no two tables go to one, no table two ways */
/* Makes what is_there (by index in tabs) does not show, and writes every tab's ledger rows. */
bool engine_make_tables(struct engine *g, const struct schema_list *l, const bool *is_there, struct err *e);
/* Marks text columns whose collation at the target holds no more values equal than the source's does. */
void engine_compare_collations(struct engine *g);
/* existing.c: fills is_there by index in tabs, asks about rows, drops what is to be dropped, sets tab->kept. */
bool engine_look_at_target(struct engine *g, bool *is_there, struct err *e);
bool engine_recall_existing(struct engine *g, struct err *e); /* tab->kept from the ledger */
/* collide.c: ERR_TARGET_COLLATION with the values. */
bool engine_check_collisions(struct engine *g, const bool *is_there, struct err *e);
/* objects.c: makes views and foreign keys, raises counters, lists what is not moved. Fails only when the run can't go on. */
bool engine_settle(struct engine *g, struct err *e);
/* One statement of it. false with *e clear: refused, *why has the target's words. */
bool settle_run(struct settle *s, const char *sql, char why[600], unsigned *number, struct err *e);
/* keys.c */
bool settle_keys(struct settle *s, struct err *e);
bool engine_recall_keys(struct engine *g, struct err *e);
bool settle_counters(struct settle *s, struct err *e);
bool engine_has_key(void *arg, const char *schema, const char *table, const char *name); /* target_dialect's */
/* report.c. The line says what was done; is_problem: what was not. */
void report_add(struct engine *g, enum report_part part, bool is_problem, const char *name, const char *fmt, ...) PRINTF_LIKE(5, 6);
void report_clear(struct engine *g, enum report_part part);
void report_release(struct engine *g);
void report_forget(struct engine *g);                  /* what an earlier engine of the run wrote */
void engine_report(struct engine *g, int exit_code, const struct err *e);
/* filters.c: rules of events. What the ledger knows of tables they touched; what the job's rules add, noted there. */
bool engine_recall_filters(struct engine *g, struct err *e);
bool engine_settle_filters(struct engine *g, struct err *e);
/* Whether a comparison can mean something (filters: bits of enum tab_filter); why not is appended. Uses the control
 * connection. */
bool engine_may_compare(struct engine *g, const struct table *def, unsigned filters, struct buf *why);
void report_filters(struct engine *g);
bool engine_is_filtered(struct engine *g);             /* any table is touched by a rule of events */
/* times.c: lines of RUN_DIR/times.jsonl, over all engines of the run. Any thread. */
void times_begin(struct engine *g);                    /* once the run goes */
void times_note(struct engine *g, const char *what, const char *name);
/* Sampler only, for each of its looks: how long a table's copy took. */
void times_table(struct engine *g, uint32_t i, const struct tab *tab, enum table_state st, struct buf *out);
void times_flush(struct engine *g, struct buf *lines); /* writes and frees them */
void times_report(struct engine *g, json_t *report);
/* cleanup.c: [{where, why, sql}], what a person may remove at the end. */
json_t *cleanup_json(struct engine *g);
/* keyless.c */
bool engine_copy_keyless(struct engine *g, struct err *e);
/* Copied from the beginning: what an unfinished copy left (was_begun) is emptied first, noted in the ledger. */
bool engine_empty_tab(struct engine *g, struct tab *tab, bool was_begun, struct err *e);
/* snapshot.c: the road without a stream. Its positions are made up: a file of that name, and a number for the run's starts. */
void engine_snapshot_start(struct pos *out);
bool engine_is_of_snapshot(const struct pos *p);
/* A round: the last one ends; a set is opened, and what came from an earlier one is emptied (blocks, asks; a step for a
 * thread of its own); readers begin. */
void engine_snapshot_end(struct engine *g);
bool engine_snapshot_open(struct engine *g, struct err *e);
void engine_snapshot_read(struct engine *g);
/* The source's connections to compare with: those of the set, or none (n 0): then the source as it is now. */
uint32_t engine_snapshot_conns(struct engine *g, struct conn **out, uint32_t n);
/* quiet.c: quiet_port.look */
bool engine_is_quiet(void *arg, const struct table *def, const struct pos *from, const struct pos *to, bool *is_quiet,
                     struct err *e);
/* A comparison failed: true if the snapshots were lost with a connection, and the source as it is may do instead. */
bool engine_drop_snapshots(struct engine *g, struct err *e);
/* quarantine.c: what the ledger found there is tried again; rows that go in leave it. Before anything else is applied. */
bool engine_try_quarantine(struct engine *g, struct err *e);
/* stages.c */
void engine_copy_options(struct engine *g, struct copy_options *o);
bool engine_start_stages(struct engine *g, struct err *e);
/* questions.c */
const char *engine_ask(void *arg, const struct err *what, const char *table, const struct ask_choice *choices, uint32_t n);
void engine_fatal(void *arg, const struct err *why);
/* always: the same holds for later questions of this id, until this engine ends. */
bool engine_answer(struct engine *g, const char *id, const char *table, const char *choice, bool always, struct err *e);
void engine_forget_answers(struct engine *g);
/* A table leaves or is copied anew: what is asked about it is over. */
void engine_release_questions(struct engine *g, const struct tab *tab);
/* chunks.c: of that table, as the contract of run.sock has it; malloc'd. Any thread, never waits. */
bool engine_chunks(struct engine *g, const char *table, int64_t offset, char **result_json, struct err *e);
/* wishes.c: a table is to be copied anew, or left out. Any thread; what is refused says why. */
bool engine_wish(struct engine *g, const char *table, bool leaves, struct err *e);
bool engine_has_wishes(struct engine *g);
/* Main thread. true: one was taken and carried out, or told to have failed; e: the run can't go on. */
typedef bool engine_step(struct engine *g, struct err *e);
typedef bool engine_aside(struct engine *g, engine_step *run, struct err *e);
bool engine_take_wish(struct engine *g, engine_aside *aside, struct err *e);
void engine_forget_wishes(struct engine *g);
/* The tab's rows of the ledger once it is emptied. */
void engine_emptied_ledger(struct engine *g, struct buf *out, const struct tab *tab);
/* At a start: what the ledger says of earlier wishes; and, once the stream is there, those that it has to carry out. */
bool engine_recall_wishes(struct engine *g, struct err *e);
void engine_repeat_wishes(struct engine *g);
/* pace.c */
void engine_pace_init(struct engine *g);
/* Sampler only: looks, concludes, sets the limits of apply and copy. */
void engine_pace_tick(struct engine *g, int64_t now_ms);
void engine_pace_look(struct engine *g);               /* what runs at the source, over g->look */
/* args: an object of KEY: value, {} only asks. All of them or none. *result_json: what holds then; malloc'd. */
bool engine_pace_command(struct engine *g, json_t *args, char **result_json, struct err *e);
/* kept.c, sampler only. When the source has just answered on g->look: asks for its settings, at once and then every ten
 * minutes. And what is known into the view, after its lag. */
void kept_look(struct engine *g, int64_t now);
void kept_fill(const struct engine *g, struct lag_view *l);
void delays_fill(struct engine *g, struct lag_view *l, int64_t now); /* delays.c; sampler only, after the rates */
/* sample.c: fills and publishes a snapshot. */
void engine_sample(struct engine *g);
/* Rates of dump and load begin anew: what the counts got just now came from the ledger, and was not copied now. */
void engine_forget_rates(struct engine *g);
/* stuck.c: the state a person sees: pause, questions and standstill come before the stage. Sampler only, lock held; s has the
 * look's counts, lag and questions, and gets the reason. now: mono ms, not before that of the last call. */
enum run_state engine_shown_state(struct engine *g, struct mon_snapshot *s, int64_t now);
enum table_state engine_tab_state(struct engine *g, const struct tab *tab); /* behind the lock of tabs */
bool engine_is_copied(struct engine *g);               /* every chunk is applied */
void engine_set_state(struct engine *g, enum run_state s);
/* engine.c: runs the step on a thread of its own while this one samples. */
bool engine_run_aside(struct engine *g, engine_step *run, struct err *e);
/* Nothing moves but a question, and nobody looks; the error that the run ends with then. */
bool engine_is_left_alone(struct engine *g);
bool engine_left_alone(struct engine *g, struct err *e);
/* finish.c */
bool engine_compare(struct engine *g, struct err *e);  /* verify of all tables; sets verdict; e: differences or worse */
bool engine_wait_applied(struct engine *g, const struct pos *end, struct err *e); /* until everything up to it is applied */
bool engine_command(void *arg, const char *cmd, const char *args_json, char **result_json, struct err *e);

#endif
