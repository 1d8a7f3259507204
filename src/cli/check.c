// SPDX-License-Identifier: Apache-2.0
// tidegate check: every check of the table against the job's servers.
#include "check/check.h"
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void list_checks(void)
{
    const struct check *c;
    for (size_t i = 0; (c = check_at(i)) != NULL; i++)
        printf("%-24s %-6s %-4s %s%s\n", check_id(c), check_side_name(check_side_of(c)), check_state_name(check_worst(c)), check_title(c),
               check_is_rehearsal(c) ? " (with --rehearse)" : check_is_acceptable(c) ? "" : " (never accepted)");
}

/* Each result while the rest is still running, for whoever looks on. */
static void told(void *arg, const struct check_result *r)
{
    struct buf line = {0};
    check_print_line(r, &line);
    fprintf(arg, "%s\n", line.p);
    buf_release(&line);
}

static bool only_known(const struct opt_list *only, const struct command *self, int *code)
{
    for (size_t i = 0; i < only->n; i++)
        if (!check_find(only->item[i])) {
            *code = cli_usage(self, "there is no check \"%s\"; tidegate check --list names them", only->item[i]);
            return false;
        }
    return true;
}

static int run_checks(const struct job *j, struct check_options *o, bool json)
{
    struct check_report report;
    struct buf text = {0};
    struct cli_signals signals = {0};
    struct err e = {0};
    if (!cli_signals_start(&signals, &e))
        return cli_fail(&e);
    o->job = j;
    o->cancel = signals.stop;
    checks_run(&report, o);
    if (json)
        check_print_json(&report, &text);
    else
        check_print_text(&report, &text);
    bool fine = fwrite(text.p, 1, text.n, stdout) == text.n && fflush(stdout) == 0;
    int code = !fine ? EXIT_INTERNAL : report.is_cancelled ? EXIT_RESUMABLE : report.nfail ? EXIT_CHECK : EXIT_FINE;
    buf_release(&text);
    check_report_release(&report);
    cli_signals_stop(&signals);
    return code;
}

int cmd_check(const struct command *self, int argc, char **argv)
{
    struct job_options jo = {0};
    struct opt_list only = {0};
    const char *run_dir = NULL;
    bool json = false, list = false, rehearse = false, may_lock = false, progress = false;
    const struct opt opts[] = {
        {"set", "PATH=VALUE", OPT_LIST, &jo.sets, "set a value of the job; may be repeated"},
        {"passphrase-from", "REF", OPT_TEXT, &jo.passphrase_from, CLI_PASSPHRASE_HELP},
        {"json", NULL, OPT_SWITCH, &json, "one JSON object in DM's shape in place of text"},
        {"only", "ID", OPT_LIST, &only, "only this check; may be repeated"},
        {"rehearse", NULL, OPT_SWITCH, &rehearse, "also do what the run will do, in scratch schemas at both ends"},
        {"allow-lock", NULL, OPT_SWITCH, &may_lock, "the rehearsal may lock one table of yours for reading, at most a second"},
        {"progress", NULL, OPT_SWITCH, &progress, "a line on standard error as each check ends (without it: on a terminal only)"},
        {"run-dir", "DIR", OPT_TEXT, &run_dir, "where runs are kept on this host"},
        {"list", NULL, OPT_SWITCH, &list, "name all checks, and end"},
    };
    int first, code;
    struct job j;
    if (!cli_options(self, opts, TG_ARRAY_LEN(opts), argc, argv, &first, &code) || !only_known(&only, self, &code)) {
        cli_job_options_release(&jo);
        free(only.item);
        return code;
    }
    job_init(&j);
    if (list) {
        list_checks();
        code = EXIT_FINE;
    } else if (first == argc) {
        code = cli_usage(self, "no file is named");
    } else if (cli_job_ready(&j, &jo, argv + first, argc - first, &code)) {
        char *dir = cli_run_dir(&j, run_dir);
        struct check_options o = {.depth = rehearse ? CHECK_REHEARSE : CHECK_DEEP, .may_lock = may_lock, .only = only.item, .nonly = only.n, .run_dir = dir};
        if (progress || isatty(STDERR_FILENO)) {
            o.told = told;
            o.arg = stderr;
        }
        code = run_checks(&j, &o, json);
        free(dir);
    }
    job_release(&j);
    cli_job_options_release(&jo);
    free(only.item);
    return code;
}
