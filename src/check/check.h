/* SPDX-License-Identifier: Apache-2.0
 * Prechecks: everything that could stop a run, before it starts (DESIGN 7). One table of checks (check_table), facts
 * read once and lazily, results that stream while the checks run, cures as data.
 * Ids are DM's own names where DM has the check (DM.md 2.2), else area.noun. */
#ifndef TG_CHECK_CHECK_H
#define TG_CHECK_CHECK_H

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/sync.h"
#include "conf/job.h"

enum check_side { CHECK_SOURCE, CHECK_TARGET, CHECK_HOST };
enum check_state {
    CHECK_PASS, CHECK_WARN, CHECK_FAIL,
    CHECK_NONE                        /* does not apply to this job, or what it builds on has failed: see detail */
};
const char *check_state_name(enum check_state s);      /* "pass" "warn" "fail" "n/a" */
const char *check_side_name(enum check_side s);        /* "source" "target" "host" */

struct check;                         /* a row of the table; its text: */
const char *check_id(const struct check *c);
const char *check_title(const struct check *c);        /* msgid, at most 40 cells */
const char *check_why(const struct check *c);          /* msgid: what happens to a run that does not heed it */
const char *check_asked(const struct check *c);        /* what is asked for, as SQL or words */
enum check_side check_side_of(const struct check *c);
enum check_state check_worst(const struct check *c);
bool check_is_acceptable(const struct check *c);       /* false: no reason makes a run possible */
bool check_is_rehearsal(const struct check *c);        /* writes to a scratch schema, or takes a lock */
const struct check *check_find(const char *id);        /* or NULL */
const struct check *check_at(size_t i);                /* in the order of the table; NULL behind the last */

enum cure_kind {
    CURE_SQL,                         /* statements for the side `at_target` says, by the job's user or another */
    CURE_PARAMETER,                   /* RDS: parameter group, parameter and value, told as text */
    CURE_SETTING,                     /* job: path = value */
    CURE_TEXT                         /* for a person's own hands: words, and SQL to copy where sql is set */
};
struct check_cure {
    enum cure_kind kind;
    bool at_target;
    bool is_disruptive;               /* needs the typed consent: kills, drops, restarts, longer locks */
    char *title;                      /* "Keep the binlog for 7 days" */
    char *text;                       /* what a person does; NULL where title says it all */
    char *sql, *undo;                 /* statements separated by ";\n"; undo NULL: none is needed or possible. It may run
                                         after only a part of sql has run */
    bool is_later;                    /* holds only after a restart or a reconnect, which effect names */
    char *effect;                     /* "at once, no restart"; NULL: nothing to say */
    char *needs;                      /* the privilege that the job's user lacks for it; NULL: it has all */
    char *path, *value;               /* CURE_SETTING; undo is then the value before, as text for job_set */
};
struct check_finding {
    enum check_state state;           /* warn or fail */
    char *text;                       /* one sentence, names the object first */
    char *instruction;                /* NULL: see the cures */
};
struct check_result {
    const struct check *check;
    enum check_state state;           /* what counts: a failure that was accepted with a reason is a warning */
    enum check_state judged;          /* without acceptance */
    char *found, *wanted;             /* "24 h", "72 h or more"; short, NULL: nothing to show */
    char *detail;                     /* a sentence; NULL: nothing to say */
    char *reason;                     /* why it was accepted, or NULL: the job it came from may be gone first */
    enum err_code code;               /* the error that a run would end with, ERR_OK: none of the catalogue */
    struct check_finding *findings;   /* at most CHECK_FINDINGS are kept, all are counted */
    uint32_t nfindings, ntotal;
    struct check_cure *cures;
    uint32_t ncures;
    int64_t ms;                       /* how long it took */
};
#define CHECK_FINDINGS 50u

enum check_depth {
    CHECK_START = 0,                  /* what a run's start looks at: seconds, nothing is written */
    CHECK_DEEP = 1,                   /* also reads rows: duplicates under another collation, longest rows */
    CHECK_REHEARSE = 2                /* also writes into scratch schemas at both ends */
};
/* What a person is shown of the two ends before anything is judged. Texts are cut to fit. */
struct check_difference {
    const char *setting;              /* msgid or a variable's name */
    char source[32], target[32];      /* "": not known */
    const char *effect;               /* msgid: what becomes of it; "none" */
};
#define CHECK_DIFFERENCES 5
struct check_view {
    bool has_size;                    /* of everything at the source but the server's own schemas; the server's guesses */
    uint64_t bytes;
    uint32_t nschemas, ntables;
    struct check_difference differs[CHECK_DIFFERENCES];
    unsigned ndiffers;
};

struct check_options {
    const struct job *job;            /* resolved (job_resolve) */
    enum check_depth depth;
    bool may_lock;                    /* consent to LOCK TABLES … READ on one table of the person, at most one second */
    bool only_needed_ends;            /* an end that no chosen check must have is left alone, not asked for what it could add */
    const char *const *only;          /* ids; NULL: all */
    size_t nonly;
    const char *run_dir;              /* where the run will keep its files; NULL: not known */
    struct cancel *cancel;            /* NULL: none */
    struct check_view *view;          /* filled at the end, from what could be reached; NULL: not asked for */
    /* Each result as soon as it is there, on the caller's thread; NULL: nobody listens. */
    void (*told)(void *arg, const struct check_result *r);
    void *arg;
};
struct check_report {
    struct check_result *results;     /* in the order of the table */
    uint32_t n, npass, nwarn, nfail, nnone;
    char *source_grants, *target_grants; /* the statements that give each end's user what it lacks; NULL: nothing */
    char *source_name, *target_name;  /* "MySQL 9.7.1 at db:3306", or what is known of it */
    char **ignored;                   /* ids that the job leaves out */
    uint32_t nignored, ntables;
    int64_t ms;
    bool is_cancelled;
};
/* Blocks on the caller's thread; opens its own connections, to the ends that the chosen checks look at, and closes them. An
 * end without a host is not given yet: what needs it does not apply. Never fails as a whole: a check that can't
 * look says so. */
void checks_run(struct check_report *out, const struct check_options *o);
void check_report_release(struct check_report *r);
/* Problems first: fail, warn, pass, n/a; each group in the order of the table. Caller frees. */
const struct check_result **check_sorted(const struct check_report *r);
/* The first result whose state is fail as an error of the catalogue (ERR_CHECK where it has none); true: none fails. */
bool check_verdict(const struct check_report *r, struct err *e);
/* For people, problems first; and DM's shape (DM.md 2.1) with found, wanted, cures and the grants beside it. */
void check_print_text(const struct check_report *r, struct buf *out);
void check_print_json(const struct check_report *r, struct buf *out);
/* One line of a result, without its end. */
void check_print_line(const struct check_result *r, struct buf *out);

/* ---- what the engine shares ---- */

struct db_addr;
struct table;
/* Where and as whom a job connects; db_addr_release frees. */
void job_addr(struct db_addr *out, const struct job_end *end, bool is_target);
/* Sets target_schema and target_name by the job's routes. */
void job_route_table(const struct job *job, struct table *t);

/* ---- cures ---- */

struct cure_login {                   /* another user, for the cure's statements only; user NULL: the job's own */
    const char *user;
    const struct secret *password;
};
struct cure_record {                  /* one cure that was applied, as HOME/NAME/cures.json keeps it */
    char *id;                         /* of this record alone */
    char *check, *title, *where, *user, *sql, *undo; /* where: "host:port"; undo NULL: none is possible */
    char *at, *undone_at;             /* UTC, "2026-01-31T17:42:10Z"; undone_at NULL: still in force */
    bool at_target;
};
/* Runs a CURE_SQL statement by statement, on a connection of its own that is closed again; other kinds: ERR_USAGE.
 * Recorded in run_dir before the first statement is sent, so that the value to go back to is never lost; dropped again
 * when nothing came of it. *done: how many statements are in force. Where one fails, those before it stay, unless the
 * undo only puts values back (SET, RESET PERSIST, mysql.rds_set_configuration): that is run at once. e->text says which
 * of the two, or that the outcome is not known. */
bool cure_apply(const struct job *job, const char *check, const struct check_cure *c, const struct cure_login *as,
                const char *run_dir, unsigned *done, struct err *e);
/* Runs the undo of a record, and marks it as undone when all of it ran. ERR_USAGE where it has none, is undone already, or
 * was applied at another server than the job names now. */
bool cure_undo(const struct job *job, const struct cure_record *r, const struct cure_login *as, const char *run_dir,
               unsigned *done, struct err *e);
/* Oldest first. Caller frees with cure_records_release; no file: none. ERR_FILE. */
bool cure_records_read(const char *run_dir, struct cure_record **out, uint32_t *n, struct err *e);
void cure_records_release(struct cure_record *list, uint32_t n);
/* "db.example:3306", where the cure's statements go; and the user of the job there. */
void cure_where(const struct job *job, bool at_target, char out[300]);
/* What a person types for a disruptive cure: the name of the host that it happens to (SCREENS 3.5, level 2). */
const char *cure_consent(const struct job *job, const struct check_cure *c);

#endif
