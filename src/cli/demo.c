// SPDX-License-Identifier: Apache-2.0
/* tidegate demo: a source with sample data and a writer that never rests, a target, and an ordinary
 * detached run between them, all below one temporary directory. With a terminal the dashboard opens
 * and leaving it ends the demo; without one the demo is a test of the product: it waits for
 * in-sync, goes on writing, stops the writer, waits until the run has caught up, and compares both
 * servers by itself and by the engine. */
#include "cli/demo.h"
#include "cli/cli.h"
#include "db/pos.h"
#include "engine/engine.h"
#include "ui/format.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYNC_MS (10 * 60 * 1000)
#define CATCH_UP_MS (3 * 60 * 1000)

struct demo {
    char *root, *home, *dir; /* temp directory, run directory's home, run directory */
    char password[40];
    struct demo_server source, target;
    struct demo_writer *writer;
    struct cli_signals signals;
    bool listens; /* signals are started */
    struct job job;
    long engine_pid;
    bool keep;
};

static volatile sig_atomic_t
    caught; /* between the phases; the phases themselves have signals.c or the window */

static void on_signal(int sig)
{
    caught = sig;
}

static void say(const char *fmt, ...) PRINTF_LIKE(1, 2);
static void say(const char *fmt, ...)
{
    char clock[FMT_SIZE];
    va_list ap;
    printf("%s  ", fmt_clock(clock, clock_wall_ms()));
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
    fflush(stdout);
}

static bool listen_start(struct demo *d, struct err *e)
{
    d->signals.hangup_stops = true;
    d->listens = cli_signals_start(&d->signals, e);
    if (d->listens && caught)
        cancel_set(d->signals.stop);
    return d->listens;
}

static void listen_stop(struct demo *d)
{
    if (d->listens)
        cli_signals_stop(&d->signals);
    d->listens = false;
}

static bool stopped(const struct demo *d)
{
    return caught || (d->listens && cancel_is_set(d->signals.stop));
}

static bool make_root(struct demo *d, struct err *e)
{
    const char *tmp = secure_getenv("TMPDIR");
    d->root = x_format("%s/tidegate-demo-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
    if (!mkdtemp(d->root)) {
        err_set(e, ERR_FILE, "%s: %s", d->root, strerror(errno));
        free(d->root);
        d->root = NULL;
        return false;
    }
    d->home = x_format("%s/runs", d->root);
    d->dir = x_format("%s/demo", d->home);
    snprintf(d->password, sizeof d->password, "%016llx%016llx", (unsigned long long)tg_random64(),
             (unsigned long long)tg_random64());
    return true;
}

static bool start_servers(struct demo *d, struct err *e)
{
    char *tidb = demo_tidb_find();
    bool ok;
    say("starting a MariaDB as the source");
    ok = demo_mariadb_start(&d->source, d->root, "source", d->password, false, d->signals.stop, e);
    if (ok && tidb) {
        say("starting TiDB as the target (%s)", tidb);
        ok = demo_tidb_start(&d->target, tidb, d->root, d->password, d->signals.stop, e);
    } else if (ok) {
        say("no tidb-server on this host: a second MariaDB stands in as the target. This is a "
            "rehearsal of the "
            "tool, not of TiDB.");
        ok = demo_mariadb_start(&d->target, d->root, "target", d->password, true, d->signals.stop,
                                e);
    }
    free(tidb);
    return ok;
}

static bool make_job(struct demo *d, struct err *e)
{
    char *secret = x_format("%s/password", d->root), *path = x_format("%s/job.yaml", d->root);
    char *text = x_format(
        "version: 1\nname: demo\nmode: all\n"
        "source: {host: 127.0.0.1, port: %u, user: %s, password: \"${file:%s}\"}\n"
        "target: {host: 127.0.0.1, port: %u, user: %s, password: \"${file:%s}\"}\n"
        "allow: {include: [\"shop.*\"]}\n",
        d->source.port, d->source.addr.user, secret, d->target.port, d->target.addr.user, secret);
    struct job_options o = {.files = (const char *const[]){path}, .nfiles = 1};
    int code;
    bool ok = demo_file(secret, d->password, e) && demo_file(path, text, e);
    if (ok && !cli_job_load(&d->job, &o, &code))
        ok = err_set(e, ERR_INTERNAL, "the demo's own job is refused");
    ok = ok && cli_job_resolve(&d->job, NULL, e);
    free(text);
    free(path);
    free(secret);
    return ok;
}

static bool start_run(struct demo *d, struct err *e)
{
    uint64_t rows;
    char count[FMT_SIZE];
    int code = 0;
    struct spawn_options o = {.dies_with_us = true};
    if (!start_servers(d, e) || !demo_shop_fill(&d->source, d->signals.stop, &rows, e))
        return false;
    say("the source holds a shop of %s rows in six tables; a writer now changes it about 100 times "
        "a second",
        fmt_exact(count, rows));
    d->writer = demo_writer_start(&d->source, e);
    if (!d->writer || !make_job(d, e))
        return false;
    o.home = d->home;
    char *home = mon_home(d->home, e);
    bool ok = home && cli_spawn(&d->job, &o, &d->engine_pid, &code, e);
    free(home);
    if (ok)
        say("the run has started (from another shell: tidegate attach demo --run-dir %s)", d->home);
    return ok;
}

/* ---- without a terminal ---- */

struct watch {
    struct mon_client *client;
    struct mon_snapshot *now;
    struct progress progress;
};

static bool look(struct demo *d, struct watch *w, struct err *e)
{
    char *json = NULL;
    if (!w->client)
        w->client = mon_connect(d->dir, e);
    bool ok = w->client && mon_call(w->client, "snapshot", NULL, &json, 20000, e) && json &&
              mon_decode(w->now, json, strlen(json), e);
    free(json);
    if (ok)
        progress_watch(&w->progress, w->now);
    return ok;
}

static bool has_failed(const struct mon_snapshot *s, struct err *e)
{
    if (s->state != RUN_FAILED && s->state != RUN_ASKING && s->state != RUN_STOPPED)
        return false;
    err_set(e, ERR_VERIFY_DIFFERENT, "the run is %s: %s %s", run_state_name(s->state), s->reason,
            s->nquestions ? s->question[0].text : "");
    return true;
}

static bool wait_in_sync(struct demo *d, struct watch *w, struct err *e)
{
    int64_t until = clock_mono_ms() + SYNC_MS;
    while (clock_mono_ms() < until) {
        if (!look(d, w, e) || has_failed(w->now, e))
            return false;
        if (w->now->state == RUN_IN_SYNC || w->now->state == RUN_FINISHED)
            return true;
        if (cancel_wait(d->signals.stop, 250))
            return err_set(e, ERR_CANCELLED, "while the run copied");
    }
    return err_set(e, ERR_VERIFY_DIFFERENT, "not in sync after %d minutes", SYNC_MS / 60000);
}

static bool wait_seconds(struct demo *d, struct watch *w, long seconds, struct err *e)
{
    for (int64_t until = clock_mono_ms() + seconds * 1000; clock_mono_ms() < until;) {
        if (!look(d, w, e) || has_failed(w->now, e))
            return false;
        if (cancel_wait(d->signals.stop, TG_MAX(TG_MIN(250, until - clock_mono_ms()), 1)))
            return err_set(e, ERR_CANCELLED, "while the run followed");
    }
    return true;
}

/* The run has applied all that the source's binlog holds now. */
static bool wait_lag_zero(struct demo *d, struct watch *w, struct err *e)
{
    struct pos end = {.file = ""};
    int64_t until = clock_mono_ms() + CATCH_UP_MS;
    if (!demo_position(&d->source, end.file, &end.at, e))
        return false;
    while (clock_mono_ms() < until) {
        if (!look(d, w, e) || has_failed(w->now, e))
            return false;
        struct pos applied = {.at = w->now->applied}, received = {.at = w->now->position};
        snprintf(applied.file, sizeof applied.file, "%s", w->now->applied_file);
        snprintf(received.file, sizeof received.file, "%s", w->now->position_file);
        bool all = pos_is_set(&applied) && pos_cmp(&applied, &end) >= 0;
        bool drained = pos_is_set(&received) && pos_cmp(&received, &end) >= 0 &&
                       !w->now->lag.unread_bytes && !w->now->lag.unapplied_bytes;
        if (all || drained)
            return true;
        if (cancel_wait(d->signals.stop, 100))
            return err_set(e, ERR_CANCELLED, "while the run caught up");
    }
    return err_set(e, ERR_VERIFY_DIFFERENT, "the run has not reached %s:%llu within %d s", end.file,
                   (unsigned long long)end.at, CATCH_UP_MS / 1000);
}

static bool judge(struct demo *d, bool *same, struct err *e)
{
    say("comparing both servers: rows, sum and xor of each row's checksum");
    if (!demo_compare(&d->source, &d->target, same, e))
        return false;
    say("comparing with tidegate verify");
    fflush(stdout);
    int code = engine_verify(&d->job, false, e);
    if (code != EXIT_FINE && code != EXIT_DIFFERENT)
        return e->code != ERR_OK ? false
                                 : err_set(e, ERR_VERIFY_DIFFERENT, "verify ended with %d", code);
    *same = *same && code == EXIT_FINE;
    return true;
}

static int rehearse(struct demo *d, long seconds, struct err *e)
{
    struct watch w = {.now = x_alloc(sizeof *w.now), .progress = {.out = stdout}};
    uint64_t transactions = 0;
    char count[FMT_SIZE];
    bool same = false;
    bool ok = wait_in_sync(d, &w, e);
    if (ok)
        say("in sync; the writer goes on for %ld s", seconds);
    ok = ok && wait_seconds(d, &w, seconds, e);
    if (ok) {
        struct demo_writer *writer = d->writer;
        d->writer = NULL;
        ok = demo_writer_stop(writer, &transactions, e);
    }
    if (ok)
        say("the writer has stopped after %s transactions", fmt_exact(count, transactions));
    ok = ok && wait_lag_zero(d, &w, e) && judge(d, &same, e);
    mon_detach(w.client);
    free(w.now);
    if (!ok && e->code == ERR_CANCELLED)
        return EXIT_RESUMABLE;
    if (!ok)
        err_print(e, stdout);
    say("%s", ok && same ? "PASS: source and target are equal" : "FAIL");
    err_clear(e);
    return ok && same ? EXIT_FINE : EXIT_DIFFERENT;
}

/* ---- the end ---- */

static void stop_engine(struct demo *d)
{
    if (d->engine_pid <= 0)
        return;
    struct mon_client *m = mon_connect(d->dir, NULL);
    if (m)
        mon_call(m, "stop", NULL, NULL, 10000, NULL);
    mon_detach(m);
    struct cancel *never = cancel_new();
    int status;
    bool gone = false;
    for (int64_t until = clock_mono_ms() + 30000; !gone && clock_mono_ms() < until;) {
        gone = waitpid((pid_t)d->engine_pid, &status, WNOHANG) != 0;
        if (!gone)
            cancel_wait(never, 50);
    }
    if (!gone) {
        kill((pid_t)d->engine_pid, SIGKILL);
        waitpid((pid_t)d->engine_pid, &status, 0);
    }
    cancel_free(never);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *w)
{
    (void)st, (void)type, (void)w;
    remove(path);
    return 0;
}

static void clean_up(struct demo *d)
{
    uint64_t ignored;
    stop_engine(d);
    if (d->writer)
        demo_writer_stop(d->writer, &ignored, NULL);
    demo_server_stop(&d->target);
    demo_server_stop(&d->source);
    if (d->root && d->keep)
        say("kept: %s", d->root);
    else if (d->root)
        nftw(d->root, remove_entry, 32, FTW_DEPTH | FTW_PHYS);
    job_release(&d->job);
    explicit_bzero(d->password, sizeof d->password);
    free(d->root);
    free(d->home);
    free(d->dir);
}

static int play(struct demo *d, long seconds, bool window)
{
    struct err e = {0};
    int code;
    if (!make_root(d, &e) || !listen_start(d, &e) || !start_run(d, &e)) {
        code = stopped(d) ? EXIT_RESUMABLE : cli_fail(&e);
        if (e.code != ERR_USAGE && !stopped(d) && d->source.dir)
            d->keep = true; /* its logs say why */
    } else if (window) {
        listen_stop(d);
        code = caught ? EXIT_FINE : cli_window(d->dir, false, NULL, &e);
        listen_start(d, NULL);
    } else {
        code = rehearse(d, seconds, &e);
    }
    if (window && e.code != ERR_OK)
        code = cli_fail(&e);
    say("ending the servers and removing what was made");
    clean_up(d);
    listen_stop(d);
    return code;
}

int cmd_demo(const struct command *self, int argc, char **argv)
{
    struct demo d = {0};
    bool keep = false, plain = false;
    const char *seconds = "10";
    const struct opt opts[] = {
        {"seconds", "N", OPT_TEXT, &seconds,
         "without a terminal: go on writing so long after in-sync (10)"},
        {"headless", NULL, OPT_SWITCH, &plain, "no dashboard, on a terminal too"},
        {"keep", NULL, OPT_SWITCH, &keep, "leave the files behind"},
    };
    int first, code;
    char *end;
    if (!cli_options(self, opts, TG_ARRAY_LEN(opts), argc, argv, &first, &code))
        return code;
    long n = strtol(seconds, &end, 10);
    if (*end || end == seconds || n < 0 || n > 86400)
        return cli_usage(self, "--seconds wants a number from 0 to 86400");
    if (first < argc)
        return cli_usage(self, "unknown word \"%s\"", argv[first]);
    struct sigaction act = {.sa_handler = on_signal};
    sigemptyset(&act.sa_mask);
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    sigaction(SIGHUP, &act, NULL);
    act.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &act, NULL);
    job_init(&d.job);
    d.keep = keep;
    return play(&d, n, !plain && cli_has_window());
}
