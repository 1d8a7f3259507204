/* SPDX-License-Identifier: Apache-2.0
 * Inside engine: one run. Threads: the caller's (the state machine and the sampler), those of follow, copy, apply,
 * verify and mon. */
#ifndef TG_ENGINE_PRIVATE_H
#define TG_ENGINE_PRIVATE_H

#include "apply/apply.h"
#include "copy/copy.h"
#include "engine/engine.h"
#include "follow/follow.h"
#include "verify/verify.h"

#include <pthread.h>

struct question {
    struct question *next;
    char id[16], table[130], text[400];
    const struct ask_choice *choices;
    uint32_t nchoices;
    int64_t asked_ms;
    const char *answer;               /* a slug of choices */
};

struct rates {                        /* ring of samples, one each quarter second */
    struct { int64_t ms; uint64_t value; } at[1300];
    size_t n, next;
};
void rates_add(struct rates *r, int64_t ms, uint64_t value);
/* Per second over the last span_ms; 0 when too little is known. */
double rates_over(const struct rates *r, int64_t span_ms);

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
    struct schema_defaults *schemas;  /* of the source, at start; then the stream's */
    struct db_server source_server;
    struct tabs tabs;
    struct marks *marks;
    struct cancel *cancel;            /* everything stops */
    struct budget *copy_budget, *stream_budget;
    struct apply *apply;
    struct follow *follow;
    struct copy *copy;
    struct mon_server *mon;
    struct apply_counters apply_count;
    struct copy_counters copy_count;
    struct follow_counters follow_count;
    struct gtid_set *skip;            /* transactions of a start by GTID set that are not applied, or NULL */
    struct gtid_set *gtids;           /* what may be in the binlog before the start */
    struct pos start;
    uint64_t epoch, control_epoch;    /* of the writers' lanes at the start; of the control lane */
    bool is_new;

    /* Behind lock: */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct question *questions;
    enum run_state state;             /* what it would be without pause and questions */
    bool is_paused, wants_stop, wants_verify, is_fatal;
    struct err fatal;
    char reason[200], verdict[64], verified_at[140];

    /* The sampler's own: */
    struct mon_snapshot *snap;
    struct rates dump_rate, load_rate, row_rate, tx_rate, byte_rate, source_rate, source_tx_rate;
    struct rates *table_rate;         /* by index in tabs.list */
    uint32_t ntable_rate;
    int64_t started_ms, last_point_ms, last_progress_ms, clock_offset_ms, look_ms;
    uint64_t progress_sum;
    struct pos source_end;            /* last known end of the source's binlog */
    atomic_uint_least64_t verify_rows;
};

/* start.c: connects, checks, fences, plans. Each fails with the error the person sees. */
bool engine_connect(struct engine *g, struct err *e);
bool engine_start_checks(struct engine *g, struct schema_list *tables, struct err *e);
bool engine_prepare(struct engine *g, struct err *e);
void addr_from_job(struct db_addr *a, const struct job_end *end, bool is_target);
bool job_wants_port(void *arg, const char *schema, const char *table);
/* control.c: on the control connection, fenced, tried again where the trouble passes. Statements that may run twice. */
bool engine_fenced(struct engine *g, const struct buf *statements, struct err *e); /* one transaction */
bool engine_fenced_ddl(struct engine *g, struct str ddl, struct err *e);
/* begin.c */
bool engine_begin_new(struct engine *g, struct err *e);
bool engine_begin_again(struct engine *g, struct err *e);
struct tab *engine_add_tab(struct engine *g, struct table *def, uint32_t id);
/* The statement of a tab's ledger row, behind a ';' where the text is begun; and written. */
void engine_ledger_tab(struct engine *g, struct buf *out, const struct tab *tab, const char *state);
bool engine_write_tab(struct engine *g, struct tab *tab, bool with_definition, struct err *e);
/* tables.c */
void route_table(struct engine *g, struct table *t);
bool engine_target_table(struct engine *g, struct tab *tab, const char *create_sql, struct err *e);
/* Marks text columns whose collation at the target holds no more values equal than the source's does. */
void engine_compare_collations(struct engine *g);
/* keyless.c */
bool engine_copy_keyless(struct engine *g, struct err *e);
/* stages.c */
void engine_copy_options(struct engine *g, struct copy_options *o);
bool engine_start_stages(struct engine *g, struct err *e);
/* questions.c */
const char *engine_ask(void *arg, const struct err *what, const char *table, const struct ask_choice *choices, uint32_t n);
void engine_fatal(void *arg, const struct err *why);
bool engine_answer(struct engine *g, const char *id, const char *table, const char *choice, struct err *e);
/* sample.c: fills and publishes a snapshot. */
void engine_sample(struct engine *g);
bool engine_is_copied(struct engine *g);               /* every chunk is applied */
void engine_set_state(struct engine *g, enum run_state s);
/* finish.c */
bool engine_compare(struct engine *g, struct err *e);  /* verify of all tables; sets verdict; e: differences or worse */
void engine_report(struct engine *g, int exit_code, const struct err *e);
bool engine_command(void *arg, const char *cmd, const char *args_json, char **result_json, struct err *e);

#endif
