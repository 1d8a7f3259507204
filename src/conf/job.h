/* SPDX-License-Identifier: Apache-2.0
 * The job: what a run is asked to do, from job.yaml, from DM's task and source files, --set and the wizard.
 * One field table (field.c) makes reading, writing, checking, forms and help. Not thread safe while it is
 * being built; read-only afterwards. */
#ifndef TG_CONF_JOB_H
#define TG_CONF_JOB_H

#include "base/err.h"
#include "base/buf.h"
#include "base/secret.h"

enum job_mode { MODE_FULL, MODE_ALL, MODE_INCREMENTAL };
enum job_existing { EXISTING_ASK, EXISTING_APPEND, EXISTING_REPLACE, EXISTING_DROP };
enum job_until { UNTIL_COPIED, UNTIL_CUTOVER };
enum job_road { ROAD_STREAM, ROAD_SNAPSHOT, ROAD_DM };
enum job_indexes { INDEXES_WITH_DATA, INDEXES_AFTER_COPY };
enum job_pace { PACE_GENTLE, PACE_NORMAL, PACE_FAST };
enum secret_origin { SECRET_NONE, SECRET_ENV, SECRET_FILE, SECRET_ASK, SECRET_SEALED, SECRET_DM, SECRET_PLAIN };

struct job_secret {               /* where a secret comes from, and itself once resolved */
    enum secret_origin origin;
    char *reference;              /* variable, path, "/FILE#NAME" of a sealed file, DM text; NULL for PLAIN and ASK: never the secret itself */
    bool is_typed;                /* by job_set_secret: the reference alone would not bring it back */
    struct secret *value;         /* NULL until job_resolve */
};
struct job_tls {
    bool is_on, verify;
    char *ca, *cert, *key;
};
struct job_ssh {                  /* a jump host; read and kept, refused by job_check in this version */
    char *host, *user, *key;
    int64_t port;
    struct job_secret password;
};
struct job_end {                  /* one server */
    char *id, *kind;              /* id: "source-1"; kind: mysql mariadb aurora rds tidb … or NULL */
    char *host, *user;
    int64_t port;
    struct job_secret password;
    struct job_tls tls;
    struct job_ssh ssh;
    char *start_file, *start_gtid;/* mode incremental */
    int64_t start_pos;
    bool enable_gtid;
    int64_t server_id;            /* 0 = chosen at random */
};
struct job_route {                /* rows of DM's routes and of routes: [{from, to}] */
    char *from_schema, *from_table; /* patterns; from_table NULL: a schema rule */
    char *to_schema, *to_table;   /* to_table NULL: the name stays */
};
enum event_action { EVENT_DO, EVENT_IGNORE, EVENT_ERROR };
struct job_event {                /* a rule of events, and of DM's filters */
    char *schema, *table;         /* patterns, * only at the end; table NULL: every table, and the schema itself */
    char **events, **sql;         /* names of kinds and groups as DM keeps them; regular expressions for a DDL's text */
    size_t nevents, nsql;
    enum event_action action;     /* do: what it does not name is left out */
};
struct job_rule {                 /* one entry of an allow list: patterns; table NULL = every table */
    char *schema, *table;
};
struct job_answer {
    char *id, *table, *choice;    /* table NULL: for every table */
};
struct job_note {                 /* what the files hold and a run can't take: job_check makes an error of it */
    enum err_code code;           /* placeholder: ERR_CONF_VALUE; unbuilt: _UNSUPPORTED; lost block: _MISSING */
    char *path;                   /* of the field table; job_set on it removes the note */
    char *raw;                    /* what job_emit writes at path, or NULL */
    char *where, *text;
};
struct job_list {
    struct job_rule *rules;
    size_t n;
};
struct job {
    char *name;                   /* run name, [a-z0-9][a-z0-9-]{0,31} */
    char *dm_name;                /* the DM task's own name where it differs, or NULL */
    char *secret_key_path;        /* file of 64 hexadecimal digits for DM-encrypted passwords, or NULL */
    enum job_mode mode;
    struct job_end *sources;
    size_t nsources;
    struct job_end target;
    struct job_list include, exclude; /* native: exclude beats include */
    /* DM's lists, where include and exclude can't say the same. Asked through job_wants only. */
    struct job_list do_dbs, ignore_dbs, do_tables, ignore_tables;
    bool case_sensitive;
    struct job_route *routes;
    size_t nroutes;
    struct job_event *events;
    size_t nevents;
    enum job_road road;
    enum job_until until;
    enum job_existing existing;
    enum job_indexes indexes;
    enum job_pace pace;
    int64_t limit_memory;         /* bytes, default 192 MiB for buffers */
    int64_t writers, readers;     /* defaults 16 and 0: readers by the pace */
    int64_t chunk_bytes;          /* largest chunk, default 8 MiB */
    int64_t read_rate;            /* bytes a second, 0: no limit */
    bool load_data;               /* LOAD DATA LOCAL where it pays; false: INSERT only */
    int64_t source_threads;       /* other statements at the source, 0: by the pace */
    char **check_ignore, **check_accept;
    size_t ncheck_ignore, ncheck_accept;
    struct job_answer *answers;
    size_t nanswers;
    struct job_note *notes;       /* in the order of the files */
    size_t nnotes;
    /* Where a DM cluster stands (topology.yaml): "host", "host:port" or "host:port:second port"; no effect on a run. */
    char **dm_masters, **dm_workers, **dm_monitoring, **dm_grafana, **dm_alertmanagers;
    size_t ndm_masters, ndm_workers, ndm_monitoring, ndm_grafana, ndm_alertmanagers;
    char *dm_user, *dm_deploy_dir, *dm_data_dir;
    int64_t dm_ssh_port;
    char **dm_left_out;           /* keys of a topology.yaml that was read and that are not kept */
    size_t ndm_left_out;
    bool has_topology;            /* a topology.yaml was among the files */
};

struct job_problem {              /* one finding of load or check; errors and warnings alike */
    bool is_warning;
    struct err err;               /* err.where "FILE:LINE:COLUMN" */
};
struct job_problems {
    struct job_problem *list;
    size_t n, nerrors;
};
void job_problems_release(struct job_problems *p);

void job_init(struct job *j);                       /* defaults of the field table */
void job_release(struct job *j);
/* A job of its own with the same answers and secrets; *to is not initialised before. */
void job_copy(struct job *to, const struct job *from);
/* Reads FILE… (native job, DM task, DM sources, topology, fragments; told apart by content). All problems are
 * collected. true: no error (warnings may be there). */
bool job_load(struct job *j, const char *const *files, size_t nfiles, struct job_problems *out);
/* --set path=value; also "answers.ID=choice". Lists: "a,b" or YAML ("[{from: a, to: b}]"). Secrets as references. */
bool job_set(struct job *j, const char *path, const char *value, struct err *e);
/* What job_set on that path would have to be given for things to stay as they are; false: nothing is there, or a secret. */
bool job_get(const struct job *j, const char *path, struct buf *out);
/* The same for a list with n more words, as a YAML list. */
void job_list_plus(const struct job *j, const char *path, const char *const *words, size_t n, struct buf *out);
/* A rule of allow.include and allow.exclude that matches this table only, whatever characters its name has (but for the
 * case of its letters, where that does not count); appended. */
void job_rule_text(const char *schema, const char *table, struct buf *out);
/* Picked tables (pick.c): what is there, all of a schema together, and which of it should move. */
struct job_pick {
    const char *schema, *table;
    bool is_chosen;
};
struct job_picked {                   /* the shortest rules that mean it, as job_set takes them */
    struct buf include, exclude;
};
/* A schema of which the most is chosen becomes schema.* with what is left out in exclude, and its later tables move as
 * well; of the others each table is named, and later ones stay. Nothing chosen: everything is excluded. */
void job_pick_rules(struct job_picked *out, const struct job_pick *list, size_t n, bool case_sensitive);
void job_picked_release(struct job_picked *p);
/* These rules instead of those of the job, DM's lists among them. */
bool job_pick(struct job *j, const struct job_pick *list, size_t n, struct err *e);
/* A rename as it is written: "shop.*" to "shop_v2.*", "shop.orders" to "shop.orders2"; appended. */
void job_route_text(const struct job *j, size_t i, struct buf *from, struct buf *to);
/* The job stays as it is where these fail. Add refuses a second one from the same place, and patterns as new names. */
bool job_route_add(struct job *j, const char *from, const char *to, struct err *e);
bool job_route_drop(struct job *j, size_t i, struct err *e);
/* Filters of binlog events (events.c), DM.md 1.6. */
enum event_class { EVENT_ROWS, EVENT_DDL, EVENT_HARD_DDL }; /* HARD: of the group "incompatible ddl changes" */
struct job_event_kind {
    const char *name, *group;     /* group: "dml schema table index column options partition" */
    enum event_class class;
};
/* Every kind of event that a rule can name, groups together. */
const struct job_event_kind *job_event_kinds(size_t *n);
/* Rule i (nevents: one more) becomes a copy of this one, or goes. The job stays as it is where these fail. */
bool job_event_put(struct job *j, size_t i, const struct job_event *rule, struct err *e);
bool job_event_drop(struct job *j, size_t i, struct err *e);
struct event_verdict {
    enum event_action action;
    size_t rule;                  /* what decided, counted from 1 in the order of the file; 0: none, do */
};
/* What the rules say about one event, by the names at the source. names (NULL-ended): the kind by which DM's groups count,
 * then other kinds that may be named for it; NULL: a statement that is not understood. sql: of a DDL, else NULL. table
 * NULL: about the schema. Any thread. */
struct event_verdict job_judge(const struct job *j, const char *schema, const char *table, const char *const *names, const char *sql);
/* A secret that was typed: value is taken over (NULL: none is known yet), reference is what job_emit writes for it
 * ("${env:NAME}", "${file:/path}", "${sealed:FILE#NAME}" or "${ask}"). The value is never written anywhere. */
bool job_set_secret(struct job *j, const char *path, const char *reference, struct secret *value, struct err *e);
/* NULL: no secret has that path. */
const struct job_secret *job_secret_at(const struct job *j, const char *path);
/* Cross-field checks before a run: what this version refuses, what is missing. */
bool job_check(const struct job *j, struct job_problems *out);
/* Resolves every secret reference (env, file, DM text; ask: calls ask, NULL fails). One of a sealed file must have been
 * opened before (job_unseal). What one failure leaves is resolved all the same where ask is NULL. */
bool job_resolve(struct job *j, struct secret *(*ask)(void *arg, const char *label), void *arg, struct err *e);
/* Sealed files (sealed.h). The first one that holds a password which is not known yet; NULL: none. Belongs to the caller. */
char *job_sealed_file(const struct job *j);
/* Takes from that file what the job names of it. passphrase NULL: only looks whether it can be opened. ERR_SEALED_…. */
bool job_unseal(struct job *j, const char *path, const struct secret *passphrase, struct err *e);
/* How many passwords were typed, and no file holds yet. */
size_t job_typed(const struct job *j);
/* Where they would go: DIR/shop.sealed for DIR/shop.yaml; absolute. Caller frees. */
char *job_sealed_beside(const char *job_path);
/* Writes the typed passwords into that file, and what the job names of it already; from then on they are references to it.
 * A file that is there gives way. */
bool job_seal(struct job *j, const char *path, const struct secret *passphrase, struct err *e);
/* Native job.yaml; secrets as references only. */
void job_emit(const struct job *j, struct buf *out);
/* As it is written to that path: a sealed file in the same directory by its name alone, so that both can be moved. */
void job_emit_beside(const struct job *j, const char *path, struct buf *out);

/* Would it move? System schemas never. DM's block-allow-list semantics (DM.md 1.8) and routes (DM.md 1.5). table NULL asks about a schema. */
bool job_wants(const struct job *j, const char *schema, const char *table);
void job_route(const struct job *j, const char *schema, const char *table, char to_schema[200], char to_table[200]);
/* Both as callbacks, in the form that the schema room takes (name_want, name_map); they only read the job. */
bool job_wants_port(void *job, const char *schema, const char *table);
void job_route_port(void *job, const char *schema, const char *table, char to_schema[200], char to_table[200]);
/* Several routes of the same kind match and lead to different places; job_route takes the first. */
bool job_route_is_ambiguous(const struct job *j, const char *schema, const char *table);
const char *job_answer(const struct job *j, const char *id, const char *table); /* choice or NULL */
/* Whether checks.accept names it, with a reason ("ID: REASON") or without. */
bool job_accepts(const struct job *j, const char *what);
/* The reason that checks.accept gives for it, "" where it gives none, NULL where it does not name it. */
const char *job_accept_reason(const struct job *j, const char *what);
/* Where mode incremental begins: true: at start_file and start_pos; false: behind start_gtid. A position is taken where
 * there is no GTID set, whatever enable_gtid says. */
bool job_starts_by_file(const struct job_end *s);
/* Whether checks.ignore (DM: ignore-checking-items) names it, or "all". */
bool job_ignores(const struct job *j, const char *check);
/* The reference manual of the field table, and names for enums. */
void job_manual(struct buf *out);
const char *job_mode_name(enum job_mode m);
const char *job_pace_name(enum job_pace p);

#endif
