// SPDX-License-Identifier: Apache-2.0
/* A run from a shell: look, pause, stop, pace, answer, and what becomes of a table. With one live run its name may be left out.
 */
#include "base/json.h"
#include "base/sync.h"
#include "cli/cli.h"
#include "ui/term.h"
#include "wizard/dashboard.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

struct control_args {
    const char *run_dir, *timeout, *passphrase_from;
    bool json;
};

/* Parses the options all commands of this file have; the words that follow are argv[*first]… */
static bool parse(const struct command *self, struct control_args *a, int argc, char **argv,
                  int *first, int *code)
{
    const struct opt opts[] = {
        {"run-dir", "DIR", OPT_TEXT, &a->run_dir, "where runs are kept on this host"},
        {"json", NULL, OPT_SWITCH, &a->json,
         strcmp(self->name, "status") == 0 || strcmp(self->name, "pace") == 0 ? "one JSON object"
                                                                              : NULL},
        {"timeout", "SECONDS", OPT_TEXT, &a->timeout,
         strcmp(self->name, "stop") == 0 ? "wait at most so long (120)" : NULL},
        {"passphrase-from", "REF", OPT_TEXT, &a->passphrase_from,
         strcmp(self->name, "redo") == 0 || strcmp(self->name, "leave-out") == 0 ? CLI_PASSPHRASE_HELP : NULL},
    };
    return cli_options(self, opts, TG_ARRAY_LEN(opts), argc, argv, first, code);
}

/* The command's words are [NAME] and `more` others. */
static bool begin(const struct command *self, struct control_args *a, int argc, char **argv,
                  int more, struct run_ref *r, char ***words, int *code)
{
    struct err e = {0};
    int first;
    if (!parse(self, a, argc, argv, &first, code))
        return false;
    int n = argc - first;
    if (n != more && n != more + 1) {
        *code = cli_usage(self, n < more ? "a word is missing" : "too many words");
        return false;
    }
    *words = argv + first + (n > more);
    if (cli_find(r, a->run_dir, n > more ? argv[first] : NULL, &e))
        return true;
    *code = cli_fail(&e);
    return false;
}

/* No name and not exactly one run that could be meant: all of them, a line each. */
static bool lists_all(const struct control_args *a, bool has_name)
{
    struct run_ref r;
    struct err e = {0};
    if (has_name || a->json)
        return false;
    if (cli_find(&r, a->run_dir, NULL, &e)) {
        run_ref_release(&r);
        return false;
    }
    return e.code == ERR_USAGE || e.code == ERR_RUN_UNKNOWN;
}

int cmd_status(const struct command *self, int argc, char **argv)
{
    struct control_args a = {0};
    struct run_ref r;
    struct err e = {0};
    char **words;
    int first, code;
    if (!parse(self, &a, argc, argv, &first, &code))
        return code;
    if (lists_all(&a, argc > first)) {
        char *home = mon_home(a.run_dir, &e);
        if (!home)
            return cli_fail(&e);
        cli_list_runs(home, stdout);
        free(home);
        return EXIT_FINE;
    }
    /* getopt has moved the words to the end; parsing again is harmless. */
    if (!begin(self, &a, argc, argv, 0, &r, &words, &code))
        return code;
    struct mon_snapshot *s = x_alloc(sizeof *s);
    if (!cli_status(&r, s, &e)) {
        code = cli_fail(&e);
    } else if (a.json) {
        char *json = mon_encode(s);
        puts(json);
        free(json);
        code = EXIT_FINE;
    } else {
        struct buf text = {0};
        int cols = isatty(STDOUT_FILENO) ? term_columns(STDOUT_FILENO, 80) : 80;
        dashboard_text(s, TG_MAX(cols, 60), 24, &text);
        fputs(text.p ? text.p : "", stdout);
        buf_release(&text);
        code = EXIT_FINE;
    }
    free(s);
    run_ref_release(&r);
    return code;
}

int cmd_attach(const struct command *self, int argc, char **argv)
{
    struct control_args a = {0};
    struct run_ref r;
    struct err e = {0};
    char **words;
    int code;
    if (!begin(self, &a, argc, argv, 0, &r, &words, &code))
        return code;
    if (!r.is_live && !cli_is_finished(&r)) {
        err_set(&e, ERR_RUN_UNKNOWN, "run %s has no engine; tidegate resume %s starts it", r.name,
                r.name);
        code = cli_fail(&e);
    } else {
        code = cli_window(r.dir, true, NULL, &e);
        if (e.code != ERR_OK)
            code = cli_fail(&e);
    }
    run_ref_release(&r);
    return code;
}

static int tell(struct run_ref *r, const char *cmd, const char *args, const char *done)
{
    struct err e = {0};
    bool ok = cli_call(r, cmd, args, NULL, &e);
    int code = ok ? EXIT_FINE : cli_fail(&e);
    if (ok)
        printf("run %s: %s\n", r->name, done);
    run_ref_release(r);
    return code;
}

int cmd_pause(const struct command *self, int argc, char **argv)
{
    struct control_args a = {0};
    struct run_ref r;
    char **words;
    int code;
    if (!begin(self, &a, argc, argv, 0, &r, &words, &code))
        return code;
    return tell(&r, "pause", NULL, "paused");
}

static bool is_dial(const char *word)
{
    return strcmp(word, "gentle") == 0 || strcmp(word, "normal") == 0 || strcmp(word, "fast") == 0;
}

/* The first word is a run's name where it is no setting. A run may be called fast: then a setting follows it. */
static bool names_run(char *const *words, int n)
{
    return n > 0 && !strchr(words[0], '=') && (!is_dial(words[0]) || (n > 1 && is_dial(words[1])));
}

/* {"pace": "gentle", "writers": "8"} of the words; NULL: *code is set. */
static char *pace_args(const struct command *self, char *const *words, int n, int *code)
{
    json_t *o = json_object();
    bool fine = true;
    for (int i = 0; i < n && fine; i++) {
        char *value = strchr(words[i], '=');
        char *key = value ? x_strndup(words[i], (size_t)(value - words[i])) : x_strdup("pace");
        json_t *text = json_string(value ? value + 1 : words[i]);
        fine = text && (value || is_dial(words[i])) && json_object_set(o, key, text) == 0;
        if (!fine)
            *code = cli_usage(self, "\"%s\" is neither gentle, normal, fast nor KEY=VALUE", words[i]);
        json_decref(text);
        free(key);
    }
    char *args = fine ? json_dumps(o, JSON_COMPACT) : NULL;
    json_decref(o);
    return args;
}

static long long number_of(const json_t *o, const char *key)
{
    return (long long)json_number_of(o, key);
}

static void print_bytes(const char *key, long long bytes, const char *none)
{
    if (!bytes)
        printf("  %-15s %s\n", key, none);
    else
        printf("  %-15s %lld (%.1f MiB)\n", key, bytes, (double)bytes / 1048576.0);
}

static void print_pace(const char *run, const json_t *o)
{
    long long threads = number_of(o, "source_threads"), running = number_of(o, "threads_running");
    printf("run %s: %s\n", run, json_text_of(o, "dial"));
    printf("  %-15s %lld now, at most %lld%s\n", "readers", number_of(o, "readers"), number_of(o, "readers_max"),
           number_of(o, "readers_set") ? "" : " (by the pace)");
    printf("  %-15s %lld now, at most %lld\n", "writers", number_of(o, "writers"), number_of(o, "writers_max"));
    print_bytes("chunk", number_of(o, "chunk"), "");
    print_bytes("read-rate", number_of(o, "read_rate"), "no limit");
    if (threads)
        printf("  %-15s busy with more than %lld", "source-threads", threads);
    else
        printf("  %-15s no limit", "source-threads");
    if (json_is_integer(json_object_get(o, "threads_running")))
        printf("; %lld running now, %lld of them ours", running, number_of(o, "threads_ours"));
    printf("\n");
    if (json_text_of(o, "waits")[0])
        printf("  waiting         %s\n", json_text_of(o, "waits"));
}

int cmd_pace(const struct command *self, int argc, char **argv)
{
    struct control_args a = {0};
    struct run_ref r;
    struct err e = {0};
    char *result = NULL;
    int first, code = EXIT_FINE;
    if (!parse(self, &a, argc, argv, &first, &code))
        return code;
    bool has_name = names_run(argv + first, argc - first);
    const char *name = has_name ? argv[first] : NULL;
    first += has_name;
    char *args = pace_args(self, argv + first, argc - first, &code);
    if (!args)
        return code;
    if (!cli_find(&r, a.run_dir, name, &e)) {
        free(args);
        return cli_fail(&e);
    }
    bool ok = cli_call(&r, "pace", args, &result, &e);
    json_t *o = ok && result ? json_loads(result, 0, NULL) : NULL;
    if (!ok)
        code = cli_fail(&e);
    else if (a.json)
        puts(result ? result : "{}");
    else
        print_pace(r.name, o);
    json_decref(o);
    free(result);
    free(args);
    run_ref_release(&r);
    return code;
}

int cmd_answer(const struct command *self, int argc, char **argv)
{
    struct control_args a = {0};
    struct run_ref r;
    char **words;
    int code;
    if (!begin(self, &a, argc, argv, 2, &r, &words, &code))
        return code;
    char *at = strchr(words[0], '@');
    char *id = x_strndup(words[0], at ? (size_t)(at - words[0]) : strlen(words[0]));
    json_t *o =
        json_pack("{s:s, s:s, s:s}", "id", id, "table", at ? at + 1 : "", "choice", words[1]);
    char *args = o ? json_dumps(o, JSON_COMPACT) : NULL;
    json_decref(o);
    free(id);
    if (!args) {
        run_ref_release(&r);
        return cli_usage(self, "the answer is not UTF-8");
    }
    code = tell(&r, "answer", args, "answered");
    free(args);
    return code;
}

/* A command whose one word is a table. */
static int tell_table(const struct command *self, int argc, char **argv, bool is_full, const char *done)
{
    struct control_args a = {0};
    struct run_ref r;
    char **words;
    int code;
    if (!begin(self, &a, argc, argv, 1, &r, &words, &code))
        return code;
    json_t *o = !is_full || strchr(words[0], '.') ? json_pack("{s:s}", "table", words[0]) : NULL;
    char *args = o ? json_dumps(o, JSON_COMPACT) : NULL;
    json_decref(o);
    if (!args) {
        run_ref_release(&r);
        return cli_usage(self, "\"%s\" is not SCHEMA.TABLE", words[0]);
    }
    struct err e = {0};
    if (!r.is_live && !cli_resume_quietly(&r, a.passphrase_from, &e)) { /* only an engine can do it */
        code = cli_fail(&e);
        run_ref_release(&r);
    } else {
        r.is_live = true;
        code = tell(&r, self->name, args, done);
    }
    free(args);
    return code;
}

int cmd_redo(const struct command *self, int argc, char **argv)
{
    return tell_table(self, argc, argv, false, "the table is copied anew");
}

int cmd_leave_out(const struct command *self, int argc, char **argv)
{
    return tell_table(self, argc, argv, true, "the table is left out");
}

/* Looks on until the engine has closed the socket and left the lock; *s is the last it said of
 * itself. */
static bool wait_gone(struct mon_client *m, const struct run_ref *r, struct mon_snapshot *s,
                      int64_t until)
{
    bool talks = true;
    while (mon_is_alive(r->dir)) {
        char *json = NULL;
        struct err e = {0};
        if (clock_mono_ms() >= until)
            return false;
        if (talks) {
            talks = mon_call(m, "snapshot", NULL, &json, 2000, &e) && json;
            struct mon_snapshot *next = x_alloc(sizeof *next);
            if (talks && mon_decode(next, json, strlen(json), NULL))
                *s = *next;
            free(next);
        }
        free(json);
        struct pollfd p = {.fd = mon_fd(m), .events = POLLIN};
        poll(&p, talks, 200);
    }
    return true;
}

int cmd_stop(const struct command *self, int argc, char **argv)
{
    struct control_args a = {0};
    struct run_ref r;
    struct err e = {0};
    char **words, line[1200];
    int code = EXIT_FINE;
    if (!begin(self, &a, argc, argv, 0, &r, &words, &code))
        return code;
    if (!r.is_live) {
        printf("run %s has no engine\n", r.name);
        run_ref_release(&r);
        return EXIT_FINE;
    }
    long wait_s = a.timeout ? strtol(a.timeout, NULL, 10) : 120;
    int64_t until = clock_mono_ms() + TG_MAX(wait_s, 1) * 1000;
    struct mon_snapshot *s = x_alloc(sizeof *s);
    struct mon_client *m = mon_connect(r.dir, &e);
    if (!m || !mon_call(m, "stop", NULL, NULL, 20000, &e)) {
        code = cli_fail(&e);
    } else if (!wait_gone(m, &r, s, until)) {
        err_set(&e, ERR_SOCKET, "the engine of %s has not ended yet; it was told to", r.name);
        code = cli_fail(&e);
    } else {
        s->state = s->state == RUN_FINISHED ? RUN_FINISHED : RUN_STOPPED;
        progress_line(s, line, sizeof line);
        printf("run %s: %s\n", r.name, line);
        if (s->applied_file[0])
            printf("applied up to %s:%llu\n", s->applied_file, (unsigned long long)s->applied);
        if (s->state == RUN_STOPPED)
            printf("go on with: tidegate resume %s\n", r.name);
    }
    mon_detach(m);
    free(s);
    run_ref_release(&r);
    return code;
}
