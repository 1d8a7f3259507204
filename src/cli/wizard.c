// SPDX-License-Identifier: Apache-2.0
// tidegate without a command: the wizard, and what it needs done by the program around it.
#include "wizard/wizard.h"

#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct around {
    char *home;
};

static void line_of(struct wizard_run *out, const struct mon_snapshot *s, bool is_live)
{
    time_t since = (time_t)(s->since_ms / 1000);
    struct tm local;
    snprintf(out->name, sizeof out->name, "%s", s->run);
    snprintf(out->state, sizeof out->state, "%s", run_state_name(s->state));
    out->is_live = is_live;
    out->can_resume = !is_live && s->state != RUN_FINISHED;
    if (s->nquestions)
        snprintf(out->what, sizeof out->what, "needs you");
    else if (is_live && s->lag.seconds >= 0)
        snprintf(out->what, sizeof out->what, "behind %.0f s", s->lag.seconds);
    else if (s->verdict[0])
        snprintf(out->what, sizeof out->what, "%.60s", s->verdict);
    if (s->tables_total)
        snprintf(out->tables, sizeof out->tables, "%u tables", s->tables_total);
    if (s->since_ms && localtime_r(&since, &local))
        strftime(out->since, sizeof out->since, is_live ? "since %d %b %H:%M" : "%d %b %H:%M", &local);
}

static size_t runs(void *arg, struct wizard_run *out, size_t room)
{
    struct around *a = arg;
    char **names;
    size_t n = mon_runs(a->home, &names), kept = 0;
    struct mon_snapshot *s = x_alloc(sizeof *s);
    for (size_t i = 0; i < n; i++) {
        struct run_ref r = {.home = a->home, .name = names[i], .dir = x_format("%s/%s", a->home, names[i])};
        if (kept < room) {
            out[kept] = (struct wizard_run){.name = ""};
            cli_status(&r, s, NULL);
            line_of(&out[kept], s, mon_is_alive(r.dir));
            kept++;
        }
        free(r.dir);
        free(names[i]);
    }
    free(names);
    free(s);
    return kept;
}

static bool start(void *arg, const struct job *job, struct err *e)
{
    struct around *a = arg;
    struct spawn_options o = {.home = a->home};
    int code = 0;
    return cli_spawn(job, &o, NULL, &code, e);
}

static bool resume(void *arg, const char *run, struct err *e)
{
    struct around *a = arg;
    struct run_ref r = {.home = a->home, .name = (char *)(uintptr_t)run, .dir = x_format("%s/%s", a->home, run)};
    bool fine = cli_resume(&r) == EXIT_FINE || err_set(e, ERR_RUN_UNKNOWN, "%s could not be resumed", run);
    free(r.dir);
    return fine;
}

static int attach(void *arg, const char *run)
{
    struct around *a = arg;
    struct err e = {0};
    char *dir = x_format("%s/%s", a->home, run);
    int code = cli_window(dir, true, &e);
    if (e.code != ERR_OK)
        code = cli_fail(&e);
    free(dir);
    return code;
}

static int demo(void *arg)
{
    static char name[] = "demo";
    char *argv[] = {name, NULL};
    const struct command *c = cli_commands;
    (void)arg;
    while (c->name && strcmp(c->name, "demo") != 0)
        c++;
    return c->run(c, 1, argv);
}

int cli_wizard(void)
{
    struct err e = {0};
    struct around a = {.home = mon_home(NULL, &e)};
    if (!a.home)
        return cli_fail(&e);
    const struct wizard_port port = {.arg = &a, .runs = runs, .start = start, .resume = resume, .attach = attach, .demo = demo};
    const struct wizard_options o = {.port = &port, .home = a.home};
    int code = wizard_run(&o, &e);
    if (e.code != ERR_OK)
        code = cli_fail(&e);
    free(a.home);
    return code;
}
