// SPDX-License-Identifier: Apache-2.0
/* run and resume. In the foreground the engine blocks this thread and signals.c listens; else the
 * engine gets a process of its own (spawn.c) and, on a terminal, the dashboard opens on it. */
#include "cli/cli.h"
#include "engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

struct run_args {
    bool detach, foreground, json, with_parent;
    const char *run_dir, *name, *secrets_fd;
    struct job_options job;
};

static void farewell(const struct job *j, const char *dir, int code)
{
    static const char *const words[] = {
        [EXIT_FINE] = "finished",
        [EXIT_USAGE] = "not started",
        [EXIT_INTERNAL] = "ended by an internal error",
        [EXIT_CHECK] = "not started: a check fails",
        [EXIT_RESUMABLE] = "stopped",
        [EXIT_PERSON] = "needs a person",
        [EXIT_DIFFERENT] = "ended with differences",
    };
    bool known = code >= 0 && (size_t)code < TG_ARRAY_LEN(words) && words[code];
    fprintf(stderr, "run %s %s", j->name, known ? words[code] : "ended");
    if (code != EXIT_FINE && code != EXIT_USAGE)
        fprintf(stderr, "; go on with: tidegate resume %s", j->name);
    fprintf(stderr, " (events in %s/events.jsonl)\n", dir);
}

static int run_here(struct job *j, const struct run_args *a, const char *home)
{
    struct err e = {0};
    struct cli_signals s = {0};
    struct progress progress = {.out = stdout, .json = a->json};
    char *dir = cli_write_job(j, home, &e);
    if (!dir)
        return cli_fail(&e);
    if (!cli_signals_start(&s, &e)) {
        free(dir);
        return cli_fail(&e);
    }
    struct engine_options o = {.run_dir = dir,
                               .stop = s.stop,
                               .events = stderr,
                               .events_json = a->json,
                               .watch = progress_watch,
                               .watch_arg = &progress};
    int code = engine_run(j, &o, &e);
    cli_signals_stop(&s);
    if (code != EXIT_FINE && e.code != ERR_OK && e.code != ERR_CANCELLED)
        err_print(&e, stderr);
    farewell(j, dir, code);
    free(dir);
    return code;
}

static int run_detached(struct job *j, const char *home, bool opens_window)
{
    struct err e = {0};
    struct spawn_options o = {.home = home};
    int code = 0;
    if (!cli_spawn(j, &o, NULL, &code, &e)) {
        /* An engine that ended has said why already. */
        return code ? code : cli_fail(&e);
    }
    if (opens_window) {
        char *dir = x_format("%s/%s", home, j->name);
        code = mon_is_alive(dir) ? cli_window(dir, true, NULL, &e) : EXIT_FINE;
        if (e.code != ERR_OK)
            cli_fail(&e);
        free(dir);
    } else {
        printf("run %s has an engine; tidegate attach %s shows it\n", j->name, j->name);
    }
    return code;
}

static bool parse_args(const struct command *self, struct run_args *a, int argc, char **argv,
                       int *code)
{
    int first;
    const struct opt opts[] = {
        {"detach", NULL, OPT_SWITCH, &a->detach, "give the engine a process of its own and return"},
        {"foreground", NULL, OPT_SWITCH, &a->foreground,
         "stay in the foreground, on a terminal too"},
        {"name", "NAME", OPT_TEXT, &a->name, "name of the run, in place of the file's"},
        {"run-dir", "DIR", OPT_TEXT, &a->run_dir, "where runs are kept on this host"},
        {"set", "PATH=VALUE", OPT_LIST, &a->job.sets, "set a value of the job; may be repeated"},
        {"answers", "FILE", OPT_TEXT, &a->job.answers_file,
         "answers to questions, lines of ID: choice"},
        {"answer", "ID=CHOICE", OPT_LIST, &a->job.answers, "one answer; may be repeated"},
        {"passphrase-from", "REF", OPT_TEXT, &a->job.passphrase_from, CLI_PASSPHRASE_HELP},
        {"json", NULL, OPT_SWITCH, &a->json, "JSON lines in place of text"},
        {"secrets-fd", "N", OPT_TEXT, &a->secrets_fd, NULL},
        {"with-parent", NULL, OPT_SWITCH, &a->with_parent, NULL},
    };
    if (!cli_options(self, opts, TG_ARRAY_LEN(opts), argc, argv, &first, code))
        return false;
    a->job.files = (const char *const *)argv + first;
    a->job.nfiles = (size_t)(argc - first);
    if (a->job.nfiles == 0) {
        *code = cli_usage(self, "no file is named");
        return false;
    }
    return true;
}

static int run_job(struct run_args *a)
{
    struct job j;
    struct err e = {0};
    int code = EXIT_USAGE;
    char *set_name = a->name ? x_format("name=%s", a->name) : NULL;
    if (set_name) {
        a->job.sets.item =
            x_realloc(a->job.sets.item, (a->job.sets.n + 1) * sizeof *a->job.sets.item);
        a->job.sets.item[a->job.sets.n++] = set_name;
    }
    job_init(&j);
    char *home = NULL;
    if (cli_job_load(&j, &a->job, &code)) {
        home = mon_home(a->run_dir, &e);
        bool ok = home != NULL;
        if (ok && a->secrets_fd)
            ok = cli_secrets_receive(&j, (int)strtol(a->secrets_fd, NULL, 10), &e);
        ok = ok && cli_job_resolve(&j, a->job.passphrase_from, &e);
        bool window = !a->detach && !a->foreground && !a->json && cli_has_window();
        if (!ok)
            code = cli_fail(&e);
        else if (a->detach || window)
            code = run_detached(&j, home, window);
        else
            code = run_here(&j, a, home);
    }
    free(home);
    free(set_name);
    job_release(&j);
    return code;
}

int cmd_run(const struct command *self, int argc, char **argv)
{
    struct run_args a = {0};
    int code;
    bool ok = parse_args(self, &a, argc, argv, &code);
    if (ok && a.with_parent)
        prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (ok)
        code = run_job(&a);
    free(a.job.sets.item);
    free(a.job.answers.item);
    return code;
}

/* The job of a run that was started before, with its passwords. false: *code, and *e unless its problems were printed. */
static bool job_of_run(const struct run_ref *r, const char *passphrase_from, struct job *j, int *code, struct err *e)
{
    char *file = x_format("%s/job.yaml", r->dir);
    struct job_options o = {.files = (const char *const[]){file}, .nfiles = 1};
    bool fine = access(file, R_OK) == 0 || err_set(e, ERR_CONF_FILE, "%s: %s", file, strerror(errno));
    if (fine && cli_job_load(j, &o, code)) {
        cli_job_ask_unset(j);
        fine = cli_job_resolve(j, passphrase_from, e);
    } else {
        fine = false;
    }
    free(file);
    return fine;
}

int cli_resume(const struct run_ref *r, const char *passphrase_from)
{
    struct job j;
    struct err e = {0};
    int code = EXIT_USAGE;
    job_init(&j);
    if (job_of_run(r, passphrase_from, &j, &code, &e))
        code = run_detached(&j, r->home, false);
    else if (e.code != ERR_OK)
        code = cli_fail(&e);
    job_release(&j);
    return code;
}

bool cli_resume_quietly(const struct run_ref *r, const char *passphrase_from, struct err *e)
{
    struct job j;
    struct spawn_options o = {.home = r->home, .is_quiet = true};
    int code = EXIT_USAGE;
    job_init(&j);
    bool fine = job_of_run(r, passphrase_from, &j, &code, e) ? cli_spawn(&j, &o, NULL, &code, e) : e->code == ERR_OK && err_set(e, ERR_CONF_FILE, "%s/job.yaml", r->dir);
    job_release(&j);
    return fine;
}

int cmd_resume(const struct command *self, int argc, char **argv)
{
    const char *run_dir = NULL, *passphrase_from = NULL;
    const struct opt opts[] = {
        {"run-dir", "DIR", OPT_TEXT, &run_dir, "where runs are kept on this host"},
        {"passphrase-from", "REF", OPT_TEXT, &passphrase_from, CLI_PASSPHRASE_HELP},
    };
    int first, code;
    struct run_ref r;
    struct err e = {0};
    if (!cli_options(self, opts, TG_ARRAY_LEN(opts), argc, argv, &first, &code))
        return code;
    if (argc - first > 1)
        return cli_usage(self, "one name at most");
    if (!cli_find(&r, run_dir, argc > first ? argv[first] : NULL, &e))
        return cli_fail(&e);
    if (!r.is_live)
        code = cli_resume(&r, passphrase_from);
    else if (cli_call(&r, "resume", NULL, NULL, &e))
        code = printf("run %s goes on\n", r.name) > 0 ? EXIT_FINE : EXIT_INTERNAL;
    else
        code = cli_fail(&e);
    run_ref_release(&r);
    return code;
}
