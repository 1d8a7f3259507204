/* SPDX-License-Identifier: Apache-2.0
 * Inside check: the rows of the table, the facts they look at, and how a result is built. One thread. */
#ifndef TG_CHECK_PRIVATE_H
#define TG_CHECK_PRIVATE_H

#include "base/text.h"
#include "check/check.h"
#include "check/grants.h"
#include "db/conn.h"
#include "schema/places.h"
#include "schema/schema.h"

/* ---- a row of the table ---- */

enum check_need {
    NEED_SOURCE = 1, NEED_TARGET = 2, /* a connection; without it the check is n/a, for the steps of connecting have told why */
    NEED_TABLES = 4,                  /* the chosen tables' definitions */
    FOR_COPY = 8,                     /* modes full and all (DM's D) */
    FOR_STREAM = 16,                  /* what follows the binlog (DM's I); full copies without a binlog don't */
    FOR_TIDB = 32,                    /* the target is TiDB */
    IS_DEEP = 64,                     /* reads rows: from CHECK_DEEP on */
    IS_REHEARSAL = 128,               /* from CHECK_REHEARSE on */
    NEVER_ACCEPTED = 256,             /* no reason makes a run possible */
    NEED_EITHER = 512                 /* one open end is enough; both are looked at where both are */
};
struct run;
typedef void check_run_fn(struct run *r, struct check_result *out);
struct check {
    const char *id;
    enum check_side side;
    enum check_state worst;
    unsigned needs;                   /* enum check_need */
    const char *title, *why, *asked;  /* msgids */
    bool (*applies)(struct run *r);   /* NULL: always */
    check_run_fn *run;
};
extern const struct check check_table[]; /* ends with id NULL */

/* ---- facts ---- */

enum end_of { SOURCE, TARGET };
struct fact {                         /* read at most once, a failure too */
    bool is_read, is_fine;
    struct err err;
};
struct variable {
    char *name, *value;
};
struct end {                          /* one server, as far as it could be reached */
    enum end_of of;
    const struct job_end *job;
    struct db_addr addr;
    struct conn conn;                 /* open while is_open */
    bool is_open;
    struct err failed;                /* of the step that failed: ERR_OK none */
    int failed_step;                  /* enum step; meaningless while failed.code is ERR_OK */
    int64_t resolve_ms, connect_ms;
    char address[64], tls[64];        /* numeric address; TLS version, "" for none */
    struct fact variables_read, grants_read;
    struct variable *variables;       /* global ones, sorted by name */
    size_t nvariables;
    struct grants *grants;
};
enum step { STEP_RESOLVE, STEP_CONNECT, STEP_TLS, STEP_LOGIN, STEP_SESSION };

struct table_size {
    uint64_t rows, data_bytes, index_bytes; /* guesses of the server */
    uint64_t auto_increment;          /* the next number; 0: none was given yet */
    char row_format[40];              /* as it was asked for; "" not at all */
};
struct occupant {                     /* what has a table's place at the target already */
    char type[24];                    /* "" nothing, "BASE TABLE", "VIEW", … */
    bool is_table;
    bool has_rows;                    /* after run_rows */
    const struct table *def;          /* after run_shapes; NULL: none, or not understood */
    const char *create_sql;
    char *unread;                     /* why its definition could not be read */
};
struct past {                         /* what the ledger at the target holds of a run of this name */
    bool exists;                      /* it has begun; else at most its tables were being made */
    char state[40], identity[200], mark[100];
    int64_t at_ms;                    /* of its last change of state */
    uint64_t ntabs, seq;              /* seq: of all lanes together, moves with each packet */
    struct buf making;                /* "\n`schema`.`table`\n…" that a start which was cut short has begun to make */
};
/* Who runs the source, so that what its own people may not do is not offered to them. */
enum managed { MANAGED_NO, MANAGED_RDS, MANAGED_AURORA, MANAGED_CLOUD_SQL, MANAGED_AZURE, MANAGED_HEATWAVE };
struct run {
    const struct check_options *o;
    const struct job *job;
    struct check_report *out;
    struct end end[2];                /* by enum end_of */
    /* The chosen tables, routed (target_schema, target_name), in (schema, name) order. */
    struct fact tables_read, sizes_read, dialect_read, objects_read;
    struct schema_list tables;
    struct table_size *sizes;         /* by index in tables; NULL until run_sizes */
    struct unread { char *schema, *name; struct err err; } *unread; /* tables whose definition is not understood */
    uint32_t nunread;
    struct target_dialect dialect;
    struct object_list objects;
    /* What stands at the target in the tables' places; nstanding: how many are taken. */
    struct fact standing_read, rows_read, shapes_read, past_read;
    struct places places;             /* by names at the target; what: the struct occupant */
    struct occupant *standing;        /* by index in tables */
    uint32_t nstanding;
    struct err rows_unread;           /* of a table that could not be asked for rows, ERR_OK none */
    struct schema_list there;         /* the target's definitions */
    struct past past;
    struct fact managed_read;
    enum managed managed;
    bool has_rds_calls;
    struct wish { enum end_of of; uint64_t privs; char *schema, *table; } *wishes; /* run_lacks */
    uint32_t nwishes;
};

/* facts.c. Each returns false with *e set (the same one each time) where the fact can't be had. */
/* The value of a global variable; NULL: the server has none of that name, or it can't be read (then run_variables says
 * why). Names in small letters. */
const char *end_variable(struct end *s, const char *name);
bool end_variables(struct end *s, struct err *e);
bool end_is_on(struct end *s, const char *name); /* ON or 1 */
bool value_is_on(const char *value);             /* of such a variable; NULL: it is not there, and not on */
const struct grants *end_grants(struct end *s, struct err *e);
bool run_tables(struct run *r, struct err *e);
bool run_sizes(struct run *r, struct err *e);    /* needs run_tables */
bool size_tables(struct run *r, struct err *e);  /* sizes.c: what run_sizes reads once */
const char *table_options(const char *create_sql); /* what SHOW CREATE TABLE writes behind the columns */
int64_t run_find_table(const struct run *r, const char *schema, const char *name); /* index in tables, or -1 */
bool run_dialect(struct run *r, struct err *e);
const struct table_size *run_size(struct run *r, uint32_t i); /* of tables[i]; zeroes where it can't be had */
bool run_objects(struct run *r, struct err *e);  /* views, triggers, routines, events of the chosen schemas */
bool run_streams(struct run *r);                 /* the run will follow the binlog, or at least read it */
/* existing.c: standing and places; standing[].has_rows; standing[].def. The later ones need the first. */
bool run_standing(struct run *r, struct err *e);
bool run_rows(struct run *r, struct err *e);
bool run_shapes(struct run *r, struct err *e);
void standing_release(struct run *r);
bool run_past(struct run *r, struct err *e);     /* past.c; a target without tidegate_meta is no failure */
typedef bool fact_reader(struct run *r, struct err *e);
bool once(struct fact *f, fact_reader *read, struct run *r, struct err *e);
/* One more connection to an end, pinned; the caller closes it. */
bool end_connect(const struct end *s, struct conn *out, struct err *e);
void run_release(struct run *r);

/* binlog.c: SHOW MASTER STATUS or SHOW BINARY LOG STATUS; the caller frees *out. */
bool source_status(struct run *r, MYSQL_RES **out, struct err *e);

/* retention.c: when a binlog file was begun, by its first event (unix seconds). */
bool binlog_file_began(struct run *r, const char *file, int64_t *out);

/* managed.c: by variables, host name and the mysql.rds_* procedures. */
enum managed run_managed(struct run *r);
const char *managed_name(enum managed m);
bool has_rds_calls(struct conn *c);
bool run_has_rds_calls(struct run *r);           /* mysql.rds_set_configuration and its sisters are there */
/* A global variable of the source, which must be there, gets another value. outlives: by SET PERSIST where there is that,
 * so that a restart in the middle of the run does not bring the old one back unnoticed. Managed: as a parameter. effect
 * NULL: at once, no restart. */
void cure_variable(struct run *r, struct check_result *out, bool outlives, const char *name, const char *value,
                   const char *effect, const char *title, ...) PRINTF_LIKE(7, 8);
/* SET GLOBAL name = value at the target, whichever side the check is on; undo gives back what is there now. */
void cure_target_variable(struct run *r, struct check_result *out, const char *name, const char *value, const char *effect,
                          const char *title, ...) PRINTF_LIKE(6, 7);
/* needs.c: of the cures of a result that do not say themselves what the job's user lacks. */
void cures_fill_needs(struct run *r, struct check_result *out);
/* The privilege that the end's user lacks for a cure, as its text; NULL: it has it, or its grants are not known. */
char *cure_needs(struct run *r, enum end_of of, uint64_t privs);
/* KILL of these sessions of the source, disruptive. */
void cure_kill(struct run *r, struct check_result *out, const uint64_t *ids, uint32_t n, const char *title);

/* privilege.c */
/* Some phase needs privs on that scope (schema NULL: *.*, table NULL: the whole schema), and the end's user lacks them. */
void run_lacks(struct run *r, enum end_of of, uint64_t privs, const char *schema, const char *table);
/* The statements that give what is missing of the needs, with their undo; nothing where nothing is missing. */
struct grant_need;
void cure_grant(struct run *r, struct check_result *out, enum end_of of, const struct grant_need *needs, size_t n);
/* Fills report.source_grants and target_grants from what run_lacks was told. */
void run_grants(struct run *r);

/* cure.c: the next statement of a text in which each but the last ends with ";\n"; false: there is none. Strings, quoted
 * names and comments are passed over whole. */
bool cure_next(const char **at, struct str *out);

/* connect.c: resolves, connects, signs in; tells the steps in end. Without a host nothing is tried: ERR_CONF_MISSING. */
void end_open(struct end *s, const struct job_end *job, enum end_of of);

/* ---- building a result ---- */

void set_found(struct check_result *out, const char *fmt, ...) PRINTF_LIKE(2, 3);
void set_wanted(struct check_result *out, const char *fmt, ...) PRINTF_LIKE(2, 3);
void set_detail(struct check_result *out, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Raises the state (never lowers it, never above check_worst), and keeps the error's id. */
void judge(struct check_result *out, enum check_state state, enum err_code code);
/* A finding; raises the state to it. instruction NULL: see the cures. */
void find(struct check_result *out, enum check_state state, const char *instruction, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* It could not be looked at: a warning with the server's words; never a pass. */
void unread(struct check_result *out, const struct err *e);
void not_applicable(struct check_result *out, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A new cure of the result; fill its texts with x_strdup and x_format. Valid until the next one is added. */
struct check_cure *add_cure(struct check_result *out, enum cure_kind kind, const char *title, ...) PRINTF_LIKE(3, 4);
/* CURE_SETTING: path = value; undo is made here. And one that adds a word to a list of words. */
void cure_setting(struct check_result *out, const struct job *job, const char *path, const char *value, const char *title, ...) PRINTF_LIKE(5, 6);
void cure_list(struct check_result *out, const struct job *job, const char *path, const char *word, const char *title);
/* allow.exclude with these tables added. */
void cure_exclude(struct check_result *out, const struct job *job, const struct table *const *tables, uint32_t n);
/* Tables that a check has found; they stay the run's. */
struct picked {
    const struct table **list;
    uint32_t n;
};
void pick(struct picked *p, const struct table *t);
/* A cure that leaves them out, none where there are none; releases p. */
void cure_exclude_picked(struct check_result *out, const struct job *job, struct picked *p);
/* "24 h", "3 days" into out. */
const char *text_seconds(int64_t seconds, char out[32]);
uint32_t text_characters(const char *utf8);

/* ---- the checks, by file ---- */

/* connect.c: each for both ends */
check_run_fn check_resolve, check_connect, check_tls, check_login;
/* view.c: what is shown of the ends, from those that are open. */
void view_read(struct run *r, struct check_view *out);
/* names.c */
check_run_fn check_names;
/* rehearse_dump.c */
check_run_fn check_binlog_dump, check_meta_position;
bool has_start(struct run *r);        /* mode incremental, with a place to start from */
/* rehearse_lock.c, rehearse_target.c, rehearse_types.c, rehearse_run.c */
check_run_fn check_rehearse_lock, check_rehearse_target, check_rehearse_types, check_rehearse_copy, check_rehearse_stream;
bool needs_lock(struct run *r);       /* a table is copied at a known position, or all tables in one set of snapshots */
/* target.c, rights.c, past.c, existing.c, extra.c */
check_run_fn check_target_version, check_target_role, check_target_privilege, check_target_connections, check_target_settings, check_target_limits, check_target_cloud;
check_run_fn check_target_run, check_downstream_empty, check_target_shape, check_target_extra;
bool target_is_cloud(struct run *r);
/* path.c, host.c */
check_run_fn check_path_rtt, check_path_clock, check_host_run_dir, check_host_memory, check_host_disk, check_host_files;

/* tables.c */
check_run_fn check_table_schema, check_table_engine, check_table_versioned, check_primary_key, check_online_ddl;
bool source_is_mariadb(struct run *r);
/* rewrite.c */
check_run_fn check_table_rewrite, check_table_generated, check_table_partitions;
/* collation.c */
check_run_fn check_table_collation, check_table_duplicates;
/* routes.c */
check_run_fn check_names_case, check_routes;
bool has_routes(struct run *r);
/* events.c */
check_run_fn check_events;
bool has_events(struct run *r);
/* limits.c */
check_run_fn check_limits_columns, check_limits_index;
uint64_t run_entry_limit(struct run *r); /* bytes of one row that the target takes, whatever the packet */
uint64_t number_of(const char *text);    /* 0 for NULL */
/* rows.c */
check_run_fn check_limits_row;
/* keys.c */
check_run_fn check_foreign_key, check_cascade, check_auto_increment;
/* objects.c */
check_run_fn check_objects;
/* binlog.c */
check_run_fn check_binlog_enable, check_binlog_format, check_row_image, check_row_value_options, check_compression,
    check_row_metadata, check_binlog_events, check_binlog_db, check_gtid;
/* retention.c */
check_run_fn check_retention;
/* privilege.c */
check_run_fn check_dump_privilege, check_replication_privilege, check_source_privileges, check_unknown_grants;
/* server.c */
check_run_fn check_version, check_server_id, check_server_id_clash, check_conn_number, check_settings, check_managed;
/* What is known of running on that version: pass, or why not. */
enum check_state version_judge(enum db_flavour flavour, unsigned version, const char **why);
/* role.c */
check_run_fn check_role;
/* The host name of the writer for an Aurora reader's; false: it is none. */
bool writer_host(const char *host, char *out, size_t size);
/* activity.c */
check_run_fn check_lock_path, check_long_transactions, check_xa;

#endif
