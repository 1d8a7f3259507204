/* SPDX-License-Identifier: Apache-2.0
 * What the subcommands share: the table of commands, options, finding a run, loading a job,
 * starting an engine. */
#ifndef TG_CLI_CLI_H
#define TG_CLI_CLI_H

#include "base/err.h"
#include "base/sync.h"
#include "conf/job.h"
#include "mon/mon.h"
#include "ui/glyphs.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

struct command {
    const char *name, *args; /* "run", "FILE… [options]" */
    const char *summary;     /* one line for --help */
    const char *more;        /* a paragraph for COMMAND --help, or NULL */
    int (*run)(const struct command *self, int argc, char **argv);
};
extern const struct command cli_commands[]; /* ends with name NULL */

/* ---- options.c ---- */
enum opt_kind { OPT_SWITCH, OPT_TEXT, OPT_LIST };
struct opt_list {
    const char **item;
    size_t n;
};
struct opt {
    const char *name, *arg; /* arg: what the help calls the value; NULL for a switch */
    enum opt_kind kind;
    void *to;         /* bool, const char * or struct opt_list */
    const char *help; /* NULL: not shown */
};
/* Reads options anywhere in argv (argv[0] is the command); the other words follow from argv[*first]
 * on. false: *code is the exit code (help was shown, or an error was printed). */
bool cli_options(const struct command *self, const struct opt *opts, size_t n, int argc,
                 char **argv, int *first, int *code);
int cli_fail(const struct err *e); /* prints it to stderr, returns its exit code */
int cli_usage(const struct command *self, const char *fmt, ...) PRINTF_LIKE(2, 3);
const char *cli_nearest(const char *word, const char *const *names, size_t n); /* or NULL */

/* ---- job.c ---- */
struct job_options {
    const char *const *files;
    size_t nfiles;
    struct opt_list sets, answers;
    const char *answers_file;
    const char *passphrase_from; /* of sealed files: env:NAME, file:PATH, ask; NULL: ask */
    bool is_for_dm; /* no run of ours: what one can't do counts for nothing */
};
/* Loads, sets, checks; prints every problem to stderr. false: *code says how to end. job_release in
 * any case. */
bool cli_job_load(struct job *j, const struct job_options *o, int *code);
void cli_problems(const struct job_problems *p); /* to standard error, with what each kind of error means */
/* Loads one file for the wizard: it need not be complete, and secrets are resolved as far as they can be. Prints what is
 * wrong to stderr. */
bool cli_job_open(struct job *j, const char *const *files, size_t n);
/* An existing file may be somebody's work: it is never overwritten. ERR_FILE. */
bool cli_new_file(const char *path, const struct buf *text, struct err *e);
void cli_job_options_release(struct job_options *o);
/* cli_job_load and cli_job_resolve for a command that connects by itself; SIGPIPE is blocked. */
bool cli_job_ready(struct job *j, struct job_options *o, char *const *files, int n, int *code);
/* Asks on the terminal where one is there; sealed files first, each once. passphrase_from as in the options. A variable that
 * held a passphrase is not there any more afterwards: no engine inherits it. */
bool cli_job_resolve(struct job *j, const char *passphrase_from, struct err *e);
#define CLI_PASSPHRASE_HELP "passphrase of the job's encrypted passwords: env:NAME, file:PATH, or ask (as without it)"
char *cli_reference(const char *from); /* "env:X", "file:/p", "ask", NULL: as a job writes it; caller frees */
/* Passwords of a run that was started with typed ones: asked for where the variable of the job is not set. */
void cli_job_ask_unset(struct job *j);
struct secret *cli_ask(const char *label);          /* NULL: no terminal, or an end of input */
/* Secrets between the window's process and its engine: written to and read from a pipe, never argv
 * or env. */
bool cli_secrets_send(const struct job *j, int fd);
bool cli_secrets_receive(struct job *j, int fd, struct err *e);

/* ---- runs.c ---- */
struct run_ref {
    char *home, *name, *dir;
    bool is_live;
};
void run_ref_release(struct run_ref *r);
/* The run that is named, or the only live one where name is NULL (else the only one there is). */
bool cli_find(struct run_ref *r, const char *run_dir, const char *name, struct err *e);
/* Where the job's run will keep its files, not made; NULL: none is known. Caller frees. */
char *cli_run_dir(const struct job *j, const char *run_dir);
/* Connects and fetches the state; without an engine: state stopped. */
bool cli_status(const struct run_ref *r, struct mon_snapshot *out, struct err *e);
bool cli_is_finished(const struct run_ref *r); /* by the report its last engine left; it has none now */
/* *result: the answer's JSON, caller frees; result may be NULL. */
bool cli_call(const struct run_ref *r, const char *cmd, const char *args, char **result,
              struct err *e);
void cli_list_runs(const char *home, FILE *out);

/* ---- progress.c: lines for a headless run ---- */
struct progress {
    FILE *out;
    bool json;
    enum run_state state;
    char reason[200];
    int64_t next_ms; /* mono */
    bool has_begun;
};
void progress_watch(void *progress, const struct mon_snapshot *s); /* a mon_watch */
void progress_line(const struct mon_snapshot *s, char *out,
                   size_t size); /* one line without its end */

/* ---- signals.c ---- */
struct cli_signals {
    struct cancel
        *stop;         /* set by the first SIGINT or SIGTERM; the second ends the process with 4 */
    bool hangup_stops; /* SIGHUP too; set before the start */
    pthread_t thread;
    sigset_t set, before;
};
bool cli_signals_start(struct cli_signals *s,
                       struct err *e);        /* blocks the signals in this and later threads */
void cli_signals_stop(struct cli_signals *s); /* as it was before; stop is freed */

/* ---- spawn.c ---- */
struct spawn_options {
    const char *home;
    bool dies_with_us; /* demo */
    bool is_quiet;     /* a window is there: what the engine says must not be printed over it */
};
/* Starts an engine of its own session on the job; returns once run.sock answers. pid may be NULL.
 * The job's secrets are resolved. *code is the child's exit code when it ended first (its words
 * were printed, unless is_quiet; *e is the error that it ended with), else 0. */
bool cli_spawn(const struct job *j, const struct spawn_options *o, long *pid, int *code,
               struct err *e);
char *cli_write_job(const struct job *j, const char *home,
                    struct err *e); /* HOME/NAME/job.yaml; returns HOME/NAME */

/* ---- window.c ---- */
bool cli_has_window(void); /* a terminal at both ends */
struct window_look { /* how a window is to look; zeroes: by the environment */
    enum glyph_set glyphs;
    const char *theme; /* NULL: theme_set, where that is not empty */
    char theme_set[24];
    bool is_plain, is_read_only;
};
/* By the person's settings file. false: it can't be taken, *e names the line; nothing of it holds then. */
bool cli_look(struct window_look *look, struct err *e);
/* Exit code. receipt: say how to return. look may be NULL. */
int cli_window(const char *run_dir, bool receipt, const struct window_look *look, struct err *e);

/* ---- run.c ---- */
int cli_resume(const struct run_ref *r, const char *passphrase_from); /* of a run without an engine: an exit code, the error is printed */
/* The same for a window: says nothing but what it asks for. */
bool cli_resume_quietly(const struct run_ref *r, const char *passphrase_from, struct err *e);
/* ---- wizard.c ---- */
/* tidegate without a command: the wizard, on a screen or in lines. argv[0] is the program. */
int cli_wizard(int argc, char **argv);

int cmd_run(const struct command *self, int argc, char **argv);
int cmd_resume(const struct command *self, int argc, char **argv);
int cmd_status(const struct command *self, int argc, char **argv);
int cmd_attach(const struct command *self, int argc, char **argv);
int cmd_pause(const struct command *self, int argc, char **argv);
int cmd_stop(const struct command *self, int argc, char **argv);
int cmd_answer(const struct command *self, int argc, char **argv);
int cmd_redo(const struct command *self, int argc, char **argv);
int cmd_leave_out(const struct command *self, int argc, char **argv);
int cmd_pace(const struct command *self, int argc, char **argv);
int cmd_verify(const struct command *self, int argc, char **argv);
int cmd_check(const struct command *self, int argc, char **argv);
int cmd_cure(const struct command *self, int argc, char **argv);
int cmd_export(const struct command *self, int argc, char **argv);
int cmd_encrypt(const struct command *self, int argc, char **argv);
int cmd_decrypt(const struct command *self, int argc, char **argv);
int cmd_demo(const struct command *self, int argc, char **argv);

#endif
