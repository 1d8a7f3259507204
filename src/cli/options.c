// SPDX-License-Identifier: Apache-2.0
/* Options of a subcommand from one table: getopt_long, the help text and the nearest known word all
 * read it. Every command takes --help and --run-dir where its table has it. */
#include "cli/cli.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>

#define OPTS_MAX 24

int cli_fail(const struct err *e)
{
    fflush(stdout);
    err_print(e, stderr);
    return (int)err_info(e->code)->exit_code;
}

int cli_usage(const struct command *self, const char *fmt, ...)
{
    struct err e;
    char text[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    err_set(&e, ERR_USAGE, "%s; usage: tidegate %s %s", text, self->name, self->args);
    return cli_fail(&e);
}

const char *cli_nearest(const char *word, const char *const *names, size_t n)
{
    const char *best = NULL;
    unsigned least = 1000;
    for (size_t i = 0; i < n; i++) {
        unsigned d = str_distance(word, names[i]);
        if (d < least) {
            least = d;
            best = names[i];
        }
    }
    /* A word that shares less than half with any of them is no slip of the keyboard. */
    return best && least <= 3 && least * 2 <= strlen(best) + 1 ? best : NULL;
}

static void help(const struct command *self, const struct opt *opts, size_t n)
{
    printf("tidegate %s %s\n\n%s\n", self->name, self->args, self->summary);
    if (self->more)
        printf("\n%s\n", self->more);
    printf("\nOptions\n");
    for (size_t i = 0; i < n; i++) {
        char head[64];
        if (!opts[i].help)
            continue;
        snprintf(head, sizeof head, "--%s%s%s", opts[i].name, opts[i].arg ? " " : "",
                 opts[i].arg ? opts[i].arg : "");
        printf("  %-22s  %s\n", head, opts[i].help);
    }
    printf("  %-22s  %s\n", "--help", "this text");
}

static int complain(const struct command *self, const struct opt *opts, size_t n, const char *word,
                    int what)
{
    const char *names[OPTS_MAX + 1];
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        if (opts[i].help)
            names[k++] = opts[i].name;
    names[k++] = "help";
    if (what == ':')
        return cli_usage(self, "option %s wants a value", word);
    char bare[64];
    snprintf(bare, sizeof bare, "%s", word + strspn(word, "-"));
    bare[strcspn(bare, "=")] = 0;
    const char *near = cli_nearest(bare, names, k);
    if (near)
        return cli_usage(self, "unknown option \"%s\"; did you mean \"--%s\"?", word, near);
    return cli_usage(self, "unknown option \"%s\"", word);
}

static void store(const struct opt *o, const char *value)
{
    struct opt_list *list = o->to;
    switch (o->kind) {
    case OPT_SWITCH:
        *(bool *)o->to = true;
        break;
    case OPT_TEXT:
        *(const char **)o->to = value;
        break;
    case OPT_LIST:
        list->item = x_realloc(list->item, (list->n + 1) * sizeof *list->item);
        list->item[list->n++] = value;
        break;
    }
}

bool cli_options(const struct command *self, const struct opt *opts, size_t n, int argc,
                 char **argv, int *first, int *code)
{
    struct option table[OPTS_MAX + 2] = {0};
    if (n > OPTS_MAX)
        tg_bug("too many options of %s", self->name);
    for (size_t i = 0; i < n; i++)
        table[i] = (struct option){opts[i].name, opts[i].arg ? required_argument : no_argument,
                                   NULL, (int)i + 1000};
    table[n] = (struct option){"help", no_argument, NULL, 'h'};
    opterr = 0;
    optind = 0; /* glibc: start anew, options anywhere */
    for (;;) {
        int at = optind ? optind : 1;
        int c = getopt_long(argc, argv, ":ho:", table, NULL);
        if (c == -1)
            break;
        if (c == 'h') {
            help(self, opts, n);
            *code = EXIT_FINE;
            return false;
        }
        const struct opt *o = c >= 1000 ? &opts[c - 1000] : NULL;
        for (size_t i = 0; c == 'o' && i < n; i++) /* -o is short for --output where there is one */
            if (strcmp(opts[i].name, "output") == 0)
                o = &opts[i];
        if (!o) {
            const char *word = optind > 1 && optind <= argc ? argv[optind - 1] : argv[at];
            *code = complain(self, opts, n, word, c);
            return false;
        }
        store(o, optarg);
    }
    *first = optind;
    return true;
}
