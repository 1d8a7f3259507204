// SPDX-License-Identifier: Apache-2.0
// tidegate without a command: the wizard, and what it needs done by the program around it.
#include "wizard/wizard.h"

#include "base/retell.h"
#include "base/text.h"
#include "cli/cli.h"
#include "conf/settings.h"
#include "ui/format.h"
#include "ui/theme.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct around {
    char *home;
    struct window_look look;
};

static void date_of(int64_t at_ms, bool is_since, char out[40])
{
    time_t at = (time_t)(at_ms / 1000);
    struct tm local;
    char text[24] = "";
    if (at_ms && localtime_r(&at, &local))
        strftime(text, sizeof text, _("%d %b %H:%M"), &local);
    out[0] = 0;
    if (text[0])
        snprintf(out, 40, is_since ? _("since %s") : "%s", text);
}

/* 100 only when every table is there. */
static int part_done(const struct mon_snapshot *s)
{
    if (s->tables_total && s->tables_done == s->tables_total)
        return 100;
    return s->load.total_bytes ? (int)TG_MIN(100 * (double)s->load.bytes / (double)s->load.total_bytes, 99.0) : s->tables_total ? 0 : -1;
}

static void live_line(struct wizard_run *out, const struct mon_snapshot *s)
{
    if (s->nquestions)
        snprintf(out->what, sizeof out->what, "%s", _("needs you"));
    else if (s->lag.seconds >= 0)
        snprintf(out->what, sizeof out->what, _("behind %.0f s"), s->lag.seconds);
    date_of(TG_MAX(s->began_ms, INT64_C(0)), true, out->since);
}

/* What the engine said last, and how far it had come. */
static void ended_line(struct wizard_run *out, const struct mon_snapshot *s)
{
    char age[FMT_SIZE];
    out->can_resume = s->state != RUN_FINISHED;
    out->percent = part_done(s);
    out->is_guess = s->load.total_is_guess;
    out->at_ms = s->at_ms;
    if (out->can_resume && s->state != RUN_FAILED)
        snprintf(out->state, sizeof out->state, "%s", _(run_state_name(RUN_STOPPED)));
    if (s->state == RUN_FAILED)
        snprintf(out->trouble, sizeof out->trouble, "%.119s", retell(s->reason));
    fmt_about(age, (clock_wall_ms() - s->at_ms) / 1000);
    if (!out->can_resume)
        snprintf(out->what, sizeof out->what, "%.60s", retell(s->verdict));
    else if (s->nquestions)
        snprintf(out->what, sizeof out->what, "%s", _("needs you"));
    else if (out->percent == 100)
        snprintf(out->what, sizeof out->what, _("copied, %s"), age);
    else if (out->percent >= 0)
        snprintf(out->what, sizeof out->what, "%s%d %%, %s", out->is_guess ? "~" : "", out->percent, age);
    snprintf(out->file, sizeof out->file, "%s", s->applied_file);
    out->position = s->applied;
    date_of(s->at_ms, false, out->since);
}

static void line_of(struct wizard_run *out, const struct mon_snapshot *s, bool is_live)
{
    snprintf(out->state, sizeof out->state, "%s", _(run_state_name(s->state)));
    out->is_live = is_live;
    if (s->tables_total)
        snprintf(out->tables, sizeof out->tables, s->tables_total == 1 ? _("%u table") : _("%u tables"), s->tables_total);
    if (is_live)
        live_line(out, s);
    else
        ended_line(out, s);
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
            out[kept] = (struct wizard_run){.percent = -1};
            bool is_live = mon_is_alive(r.dir);
            snprintf(out[kept].name, sizeof out[kept].name, "%s", names[i]);
            if (is_live ? cli_status(&r, s, NULL) : mon_last(r.dir, s))
                line_of(&out[kept], s, is_live);
            else if (!is_live) {
                out[kept].can_resume = true;
                snprintf(out[kept].state, sizeof out[kept].state, "%s", _(run_state_name(RUN_STOPPED)));
            }
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
    struct spawn_options o = {.home = a->home, .is_quiet = true};
    struct job copy;
    int code = 0;
    job_copy(&copy, job);
    bool fine = job_resolve(&copy, NULL, NULL, e) && cli_spawn(&copy, &o, NULL, &code, e);
    job_release(&copy);
    return fine;
}

static bool resume(void *arg, const char *run, struct err *e)
{
    struct around *a = arg;
    struct run_ref r = {.home = a->home, .name = (char *)(uintptr_t)run, .dir = x_format("%s/%s", a->home, run)};
    bool fine = cli_resume_quietly(&r, NULL, e);
    free(r.dir);
    return fine;
}

static int attach(void *arg, const char *run)
{
    struct around *a = arg;
    struct err e = {0};
    char *dir = x_format("%s/%s", a->home, run);
    int code = cli_window(dir, true, &a->look, &e);
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

static const struct command bare = {
    "[FILE…]", "[options]", "the wizard: eight pages from an empty terminal to a run",
    "FILE is a job.yaml to carry on from, or DM's files: task, sources, topology. Without a terminal, with TERM=dumb or ACCESSIBLE=1, the same\n"
    "pages are asked line by line.", NULL};

struct wanted { /* on the command line */
    const char *lang, *theme, *glyphs, *run_dir;
    bool is_plain, is_read_only;
};

static bool take_options(struct wanted *o, enum glyph_set *glyphs, int argc, char **argv, int *first, int *code)
{
    const struct opt opts[] = {
        {"lang", "LANGUAGE", OPT_TEXT, &o->lang, "en or zh; else what LANGUAGE, LC_ALL, LC_MESSAGES, LANG ask for"},
        {"theme", "NAME", OPT_TEXT, &o->theme, "default, dark, light, high-contrast, mono, or auto: dark or light as the terminal is"},
        {"glyphs", "SET", OPT_TEXT, &o->glyphs, "auto, lines, safe or ascii"},
        {"plain", NULL, OPT_SWITCH, &o->is_plain, "lines in place of a screen: for screen readers and pipes"},
        {"read-only", NULL, OPT_SWITCH, &o->is_read_only, "starts no run, applies no cure, steers nothing; saving stays"},
        {"run-dir", "DIR", OPT_TEXT, &o->run_dir, "where runs keep their files"},
    };
    enum text_language l;
    bool is_theme = false;
    if (!cli_options(&bare, opts, TG_ARRAY_LEN(opts), argc, argv, first, code))
        return false;
    *code = 0;
    is_theme = o->theme && theme_is_known(o->theme);
    if (o->lang && !text_language_parse(o->lang, &l))
        *code = cli_usage(&bare, "--lang is \"%s\"; it can be en or zh", o->lang);
    else if (o->theme && !is_theme)
        *code = cli_usage(&bare, "--theme is \"%s\"; it can be default, dark, light, high-contrast, mono or auto", o->theme);
    else if (o->glyphs && !glyph_set_parse(o->glyphs, glyphs))
        *code = cli_usage(&bare, "--glyphs is \"%s\"; it can be auto, lines, safe or ascii", o->glyphs);
    else if (o->lang)
        text_speak(l);
    return *code == 0;
}

int cli_wizard(int argc, char **argv)
{
    struct err e = {0};
    struct wanted wanted = {0};
    struct around a = {.home = NULL};
    struct job job;
    int first = argc, code = EXIT_FINE;
    if (!cli_look(&a.look, &e))
        return cli_fail(&e);
    if (!take_options(&wanted, &a.look.glyphs, argc, argv, &first, &code))
        return code;
    const char *const *files = (const char *const *)argv + first;
    size_t nfiles = (size_t)(argc - first);
    job_init(&job);
    a.look.theme = wanted.theme ? wanted.theme : a.look.theme_set[0] ? a.look.theme_set : NULL;
    a.look.is_plain = wanted.is_plain || !cli_has_window();
    a.look.is_read_only = wanted.is_read_only;
    if (nfiles && !cli_job_open(&job, files, nfiles)) {
        job_release(&job);
        return EXIT_USAGE;
    }
    char *settings = settings_path();
    a.home = mon_home(wanted.run_dir, &e);
    if (a.home) {
        const struct wizard_port port = {.arg = &a, .runs = runs, .start = start, .resume = resume, .attach = attach, .demo = demo};
        const struct wizard_options o = {.port = &port, .home = a.home, .job = &job, .job_path = nfiles == 1 ? files[0] : NULL, .glyphs = a.look.glyphs,
                                         .theme = a.look.theme, .settings = settings, .is_plain = a.look.is_plain, .is_read_only = a.look.is_read_only};
        code = wizard_run(&o, &e);
    }
    if (e.code != ERR_OK)
        code = cli_fail(&e);
    free(settings);
    free(a.home);
    job_release(&job);
    return code;
}
