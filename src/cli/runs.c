// SPDX-License-Identifier: Apache-2.0
/* Which run is meant, and what it says of itself. */
#include "cli/cli.h"
#include "mon/report.h"

#include <poll.h>
#include <stdlib.h>

#define CALL_MS 20000

void run_ref_release(struct run_ref *r)
{
    free(r->home);
    free(r->name);
    free(r->dir);
    *r = (struct run_ref){0};
}

static void names_free(char **names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

static bool is_live_in(const char *home, const char *name)
{
    char *dir = x_format("%s/%s", home, name);
    bool live = mon_is_alive(dir);
    free(dir);
    return live;
}

/* The only live run, else the only run. */
static char *choose(const char *home, struct err *e)
{
    char **names, *only = NULL;
    size_t n = mon_runs(home, &names), nlive = 0;
    struct buf list = {0};
    for (size_t i = 0; i < n; i++) {
        if (!is_live_in(home, names[i]))
            continue;
        nlive++;
        only = names[i];
        buf_addf(&list, "%s%s", list.n ? ", " : "", names[i]);
    }
    if (nlive == 0 && n == 1)
        only = names[0];
    char *found = nlive == 1 || (nlive == 0 && n == 1) ? x_strdup(only) : NULL;
    if (!found && nlive > 1)
        err_set(e, ERR_USAGE, "several runs are live, name one: %s", list.p);
    else if (!found)
        err_set(e, ERR_RUN_UNKNOWN,
                n ? "no run is live in %s; name one that is stopped" : "there is no run in %s",
                home);
    buf_release(&list);
    names_free(names, n);
    return found;
}

char *cli_run_dir(const struct job *j, const char *run_dir)
{
    char *home = mon_home_path(run_dir), *dir = home && j->name ? x_format("%s/%s", home, j->name) : NULL;
    free(home);
    return dir;
}

bool cli_find(struct run_ref *r, const char *run_dir, const char *name, struct err *e)
{
    *r = (struct run_ref){.home = mon_home(run_dir, e)};
    if (!r->home)
        return false;
    r->name = name ? x_strdup(name) : choose(r->home, e);
    if (r->name)
        r->dir = mon_run_dir(r->home, r->name, false, e);
    if (!r->dir) {
        run_ref_release(r);
        return false;
    }
    r->is_live = mon_is_alive(r->dir);
    return true;
}

bool cli_is_finished(const struct run_ref *r)
{
    struct mon_report report = {.nlines = 0};
    struct err ignored = {0};
    bool is = !mon_is_alive(r->dir) && mon_report_read(r->dir, &report, &ignored) && report.snap.state == RUN_FINISHED;
    mon_report_release(&report);
    return is;
}

/* The last that is known of a run without an engine: it left a report when it ended by itself; else what it said last. */
static void last_known(const struct run_ref *r, struct mon_snapshot *out)
{
    struct mon_report report = {.nlines = 0};
    struct err ignored = {0};
    if (mon_report_read(r->dir, &report, &ignored)) {
        *out = report.snap;
        out->nquestions = 0; /* nobody waits for an answer */
    }
    mon_report_release(&report);
    if (out->state == RUN_FINISHED)
        return;
    struct mon_snapshot *last = x_alloc(sizeof *last);
    if (mon_last(r->dir, last) && last->at_ms > out->at_ms) {
        *out = *last;
        out->nquestions = 0;
    }
    free(last);
    mon_forget_now(out);
    out->state = RUN_STOPPED;
    snprintf(out->reason, sizeof out->reason, "no engine; resume with: tidegate resume %s", r->name);
}

/* An engine that was asked on its way out does not answer; a moment later it is gone. */
static bool has_ended(const struct run_ref *r)
{
    for (int i = 0; i < 50 && mon_is_alive(r->dir); i++)
        poll(NULL, 0, 40);
    return !mon_is_alive(r->dir);
}

bool cli_status(const struct run_ref *r, struct mon_snapshot *out, struct err *e)
{
    mon_snapshot_init(out, r->name);
    if (!mon_is_alive(r->dir)) {
        last_known(r, out);
        return true;
    }
    struct mon_client *m = mon_connect(r->dir, e);
    char *json = NULL;
    bool ok = m && mon_call(m, "snapshot", NULL, &json, CALL_MS, e) && json &&
              mon_decode(out, json, strlen(json), e);
    free(json);
    mon_detach(m);
    if (ok || !has_ended(r))
        return ok;
    if (e)
        err_clear(e);
    mon_snapshot_init(out, r->name);
    last_known(r, out);
    return true;
}

bool cli_call(const struct run_ref *r, const char *cmd, const char *args, char **result,
              struct err *e)
{
    if (!mon_is_alive(r->dir))
        return err_set(e, ERR_RUN_UNKNOWN, "run %s has no engine; tidegate resume %s starts it",
                       r->name, r->name);
    struct mon_client *m = mon_connect(r->dir, e);
    bool ok = m && mon_call(m, cmd, args, result, CALL_MS, e);
    mon_detach(m);
    return ok;
}

void cli_list_runs(const char *home, FILE *out)
{
    char **names;
    size_t n = mon_runs(home, &names);
    struct mon_snapshot *s = x_alloc(sizeof *s);
    if (!n)
        fprintf(out, "No runs on this host (%s).\n", home);
    else
        fprintf(out, "Runs of this host (%s):\n", home);
    for (size_t i = 0; i < n; i++) {
        struct run_ref r = {
            .home = (char *)home, .name = names[i], .dir = x_format("%s/%s", home, names[i])};
        char line[600];
        if (!cli_status(&r, s, NULL))
            snprintf(line, sizeof line, "the engine does not answer");
        else
            progress_line(s, line, sizeof line);
        fprintf(out, "  %-20s  %s\n", names[i], line);
        free(r.dir);
    }
    free(s);
    names_free(names, n);
}
