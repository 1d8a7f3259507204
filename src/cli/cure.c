// SPDX-License-Identifier: Apache-2.0
/* tidegate cure: applies a cure that a check offers, or takes it back, and runs the check before and after. Calling it is
 * the consent; what kills, drops or restarts wants the name of the host it happens to beside it. */
#include "check/check.h"
#include "cli/cli.h"

#include <stdlib.h>
#include <unistd.h>

struct cure_args {
    struct job_options job;
    const char *check, *number, *as, *password_from, *consent, *run_dir, *output;
    bool undo, print;
};

/* The one check anew; *text: its line. false: it was not run. */
static bool look(const struct job *j, const char *id, struct check_report *out, struct err *e)
{
    const struct check *c = check_find(id);
    struct check_options o = {.job = j, .depth = check_is_rehearsal(c) ? CHECK_REHEARSE : CHECK_DEEP, .only = &id, .nonly = 1};
    checks_run(out, &o);
    return out->n == 1 || err_set(e, ERR_USAGE, "%s is left out by checks.ignore", id);
}

static void print_line(const char *label, const struct check_result *r)
{
    struct buf line = {0};
    check_print_line(r, &line);
    printf("%-7s %s\n", label, line.p);
    for (uint32_t i = 0; i < r->nfindings; i++)
        printf("          - %s\n", r->findings[i].text);
    if (!r->nfindings && r->detail)
        printf("          %s\n", r->detail);
    buf_release(&line);
}

static void print_lines(const char *label, const char *text)
{
    for (; text && *text; label = "") {
        size_t n = strcspn(text, "\n");
        printf("  %-7s %.*s\n", label, (int)n, text);
        text += n + (text[n] == '\n');
    }
}

static void print_cure(const struct job *j, const struct check_result *r, uint32_t number, const char *as)
{
    const struct check_cure *c = &r->cures[number - 1];
    char where[300];
    printf("cure %u of %u: %s%s\n", number, r->ncures, c->title, c->is_disruptive ? " (disruptive)" : "");
    print_lines("", c->text);
    if (c->kind == CURE_SQL) {
        const struct job_end *end = c->at_target ? &j->target : &j->sources[0];
        cure_where(j, c->at_target, where);
        printf("  %-7s the %s, %s, as %s\n", "at", c->at_target ? "target" : "source", where, as ? as : end->user);
    }
    print_lines(c->kind == CURE_SQL ? "runs" : "sql", c->sql);
    if (c->kind == CURE_SETTING) {
        printf("  - %s: %s\n", c->path, c->undo ? c->undo : "");
        printf("  + %s: %s\n", c->path, c->value);
    }
    print_lines("effect", c->effect);
    if (c->kind == CURE_SQL)
        print_lines("undo", c->undo ? c->undo : "none");
    if (!as)
        print_lines("needs", c->needs);
    fflush(stdout);
}

/* The value as a shell takes it. */
static void print_set(const struct check_cure *c)
{
    printf("to use it: --set '%s=", c->path);
    for (const char *p = c->value; *p; p++)
        printf(*p == '\'' ? "'\\''" : "%c", *p);
    puts("'");
}

/* ---- the other user ---- */

static struct secret *ask(void *arg, const char *label)
{
    (void)label;
    char *text = x_format("password of %s", (const char *)arg);
    struct secret *s = cli_ask(text);
    free(text);
    return s;
}

/* The job's way from a reference to a password, with a job that has nothing else. */
static bool read_password(const struct cure_args *a, struct job *scratch, struct err *e)
{
    char *from = cli_reference(a->password_from);
    bool has_user = job_set(scratch, "target.user", a->as, e), has_password = has_user && job_set(scratch, "target.password", from, e);
    free(from);
    if (!has_user)
        return err_wrap(e, "--as");
    if (!has_password) {
        snprintf(e->where, sizeof e->where, "--password-from");
        return false;
    }
    return job_resolve(scratch, ask, (void *)(uintptr_t)a->as, e);
}

/* ---- doing it ---- */

/* As bad as before, in what was found as well. */
static bool is_no_better(const struct check_result *before, const struct check_result *after)
{
    return after->judged == CHECK_FAIL || (after->judged == CHECK_WARN && before->judged == CHECK_WARN && after->ntotal >= before->ntotal);
}

static int look_again(const struct job *j, const struct check_result *before, const struct check_cure *c, struct err *e)
{
    struct check_report report = {0};
    int code = EXIT_FINE;
    if (!look(j, check_id(before->check), &report, e)) {
        check_report_release(&report);
        return cli_fail(e);
    }
    print_line("after", &report.results[0]);
    if (is_no_better(before, &report.results[0]) && c->is_later)
        printf("this holds later: %s\n", c->effect ? c->effect : "after a restart of the server");
    else if (is_no_better(before, &report.results[0]))
        code = EXIT_CHECK;
    check_report_release(&report);
    return code;
}

static int apply_setting(struct job *j, const struct cure_args *a, const struct check_result *before, const struct check_cure *c,
                         struct err *e)
{
    struct buf text = {0};
    if (!job_set(j, c->path, c->value, e))
        return cli_fail(e);
    job_emit(j, &text);
    bool fine = !a->output || cli_new_file(a->output, &text, e);
    buf_release(&text);
    if (!fine)
        return cli_fail(e);
    if (a->output)
        printf("written: %s\n", a->output);
    else
        print_set(c);
    return look_again(j, before, c, e);
}

static int apply_sql(const struct job *j, const struct cure_args *a, const struct cure_login *as, const char *dir,
                     const struct check_result *before, const struct check_cure *c, struct err *e)
{
    unsigned done;
    const char *name = cure_consent(j, c);
    if (c->is_disruptive && (!a->consent || strcmp(a->consent, name) != 0)) {
        err_set(e, ERR_USAGE, "this cure disturbs who works there: it needs --consent %s", name);
        return cli_fail(e);
    }
    if (!cure_apply(j, check_id(before->check), c, as, dir, &done, e)) {
        int code = cli_fail(e);
        return code == EXIT_USAGE || code == EXIT_INTERNAL ? code : EXIT_CHECK;
    }
    printf("ran     %u statement%s\n", done, done == 1 ? "" : "s");
    int code = look_again(j, before, c, e);
    if (c->undo)
        printf("to take it back: tidegate cure FILE… --check %s --undo\n", check_id(before->check));
    return code;
}

static bool pick(const struct cure_args *a, const struct check_result *r, uint32_t *number, struct err *e)
{
    char *end = NULL;
    unsigned long n = a->number ? strtoul(a->number, &end, 10) : 1;
    if (!r->ncures)
        return err_set(e, ERR_USAGE, "%s offers no cure", a->check);
    if ((a->number && *end) || n < 1 || n > r->ncures)
        return err_set(e, ERR_USAGE, "--cure %s: %s offers cures 1 to %u", a->number, a->check, r->ncures);
    *number = (uint32_t)n;
    return true;
}

static int apply(struct job *j, const struct cure_args *a, const struct cure_login *as, const char *dir)
{
    struct check_report report = {0};
    struct err e = {0};
    uint32_t number = 1;
    int code = EXIT_FINE;
    if (!look(j, a->check, &report, &e)) {
        check_report_release(&report);
        return cli_fail(&e);
    }
    const struct check_result *r = &report.results[0];
    print_line("before", r);
    if (r->judged == CHECK_PASS || r->judged == CHECK_NONE) {
        puts("there is nothing to cure");
    } else if (!pick(a, r, &number, &e)) {
        code = cli_fail(&e);
    } else {
        const struct check_cure *c = &r->cures[number - 1];
        print_cure(j, r, number, a->as);
        if (a->print)
            code = EXIT_FINE;
        else if (c->kind == CURE_SQL)
            code = apply_sql(j, a, as, dir, r, c, &e);
        else if (c->kind == CURE_SETTING)
            code = apply_setting(j, a, r, c, &e);
        else
            code = EXIT_PERSON;
    }
    check_report_release(&report);
    return code;
}

static int undo(const struct job *j, const struct cure_args *a, const struct cure_login *as, const char *dir)
{
    struct cure_record *list, *last = NULL;
    struct check_report report = {0};
    struct err e = {0};
    uint32_t n;
    unsigned done;
    int code = EXIT_FINE;
    if (!cure_records_read(dir, &list, &n, &e))
        return cli_fail(&e);
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(list[i].check, a->check) == 0 && !list[i].undone_at)
            last = &list[i];
    if (!last)
        err_set(&e, ERR_USAGE, "no cure of %s is in force that %s/cures.json tells of", a->check, dir);
    if (last) {
        printf("undo of: %s\n  at      the %s, %s, as %s\n  since   %s\n", last->title, last->at_target ? "target" : "source", last->where,
               a->as ? a->as : last->at_target ? j->target.user : j->sources[0].user, last->at);
        print_lines("runs", last->undo);
        fflush(stdout);
    }
    if (!last || (!a->print && !cure_undo(j, last, as, dir, &done, &e))) {
        code = cli_fail(&e);
    } else if (!a->print) {
        printf("ran     %u statement%s\n", done, done == 1 ? "" : "s");
        if (look(j, a->check, &report, &e))
            print_line("now", &report.results[0]);
        check_report_release(&report);
    }
    cure_records_release(list, n);
    return code;
}

static int cure_job(struct job *j, const struct cure_args *a)
{
    struct job scratch;
    struct err e = {0};
    job_init(&scratch);
    char *home = mon_home(a->run_dir, &e);
    char *dir = home ? mon_run_dir(home, j->name ? j->name : "", true, &e) : NULL;
    bool fine = dir && (!a->as || a->print || read_password(a, &scratch, &e));
    struct cure_login as = {.user = a->as, .password = scratch.target.password.value};
    int code = !fine ? cli_fail(&e) : a->undo ? undo(j, a, &as, dir) : apply(j, a, &as, dir);
    free(dir);
    free(home);
    job_release(&scratch);
    return code;
}

int cmd_cure(const struct command *self, int argc, char **argv)
{
    struct cure_args a = {0};
    const struct opt opts[] = {
        {"check", "ID", OPT_TEXT, &a.check, "the check whose cure it is"},
        {"cure", "N", OPT_TEXT, &a.number, "which one, as tidegate check numbers them; 1 without it"},
        {"as", "USER", OPT_TEXT, &a.as, "run its statements as this user, and nothing else"},
        {"password-from", "REF", OPT_TEXT, &a.password_from, "that user's password: env:NAME, file:PATH or ask"},
        {"passphrase-from", "REF", OPT_TEXT, &a.job.passphrase_from, CLI_PASSPHRASE_HELP},
        {"consent", "HOST", OPT_TEXT, &a.consent, "for a disruptive cure: the host it happens to"},
        {"undo", NULL, OPT_SWITCH, &a.undo, "take the last cure of this check back"},
        {"print", NULL, OPT_SWITCH, &a.print, "only show what would be done"},
        {"output", "FILE", OPT_TEXT, &a.output, "also -o: write the job with a cured setting to a new file"},
        {"run-dir", "DIR", OPT_TEXT, &a.run_dir, "where runs are kept on this host; the record goes there"},
        {"set", "PATH=VALUE", OPT_LIST, &a.job.sets, "set a value of the job; may be repeated"},
    };
    int first, code;
    struct job j;
    job_init(&j);
    if (!cli_options(self, opts, TG_ARRAY_LEN(opts), argc, argv, &first, &code))
        ;
    else if (first == argc)
        code = cli_usage(self, "no file is named");
    else if (!a.check)
        code = cli_usage(self, "no check is named; tidegate check FILE… shows which have cures");
    else if (!check_find(a.check))
        code = cli_usage(self, "there is no check \"%s\"; tidegate check --list names them", a.check);
    else if (a.password_from && !a.as)
        code = cli_usage(self, "--password-from is for --as USER");
    else if (cli_job_ready(&j, &a.job, argv + first, argc - first, &code))
        code = cure_job(&j, &a);
    job_release(&j);
    cli_job_options_release(&a.job);
    return code;
}
