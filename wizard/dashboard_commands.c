// SPDX-License-Identifier: Apache-2.0
/* Commands by name. A row says what it is called, what it takes and what it does; the completion and the help page are
 * these rows, too. What a key can do, the command does through the same action. */
#include "ui/text.h"
#include "wizard/dashboard_state.h"

#include <stdio.h>
#include <stdlib.h>

#define WORDS 4
struct words {
    char word[WORDS][130];
    unsigned n;
};
struct command {
    const char *name, *takes, *help;
    const char *const *choices; /* of the first argument; NULL: none, or a table's name */
    enum action action;         /* done when run is NULL */
    bool (*run)(struct dashboard_state *s, const struct words *w, struct effect *out); /* false: not understood */
};

static const char *const paces[] = {"gentle", "normal", "fast", NULL};
static const char *const levels[] = {"debug", "info", "note", "warn", "error", NULL};
static const char *const stages[] = {"all", "copy", "follow", "apply", "verify", "path", "engine", NULL};
static const char *const windows[] = {"10m", "1h", "24h", NULL};
static const char *const flows[] = {"dump", "load", NULL};
static const char *const panes[] = {"dump", "load", "replication", "tables", "lag", "log", "attention", NULL};

static int index_in(const char *const *list, const char *word)
{
    for (int i = 0; list[i]; i++)
        if (strcmp(list[i], word) == 0)
            return i;
    return -1;
}

/* ---- what they do ---- */

static bool number_of(const char *word, uint64_t most, uint64_t *out)
{
    char *end;
    if (word[0] < '0' || word[0] > '9')
        return false;
    *out = strtoull(word, &end, 10);
    return !*end && *out <= most;
}

static bool is_askable(struct dashboard_state *s)
{
    if (s->is_gone)
        dashboard_notice(s, "%s", _("the engine is gone already"));
    return !s->is_gone && dashboard_may_steer(s);
}

static bool run_pace(struct dashboard_state *s, const struct words *w, struct effect *out)
{
    char args[80];
    if (w->n == 1)
        dashboard_do(s, DO_PACE, out);
    if (w->n == 1)
        return true;
    if (w->n != 2 || index_in(paces, w->word[1]) < 0)
        return false;
    snprintf(args, sizeof args, "{\"pace\":\"%.40s\"}", w->word[1]);
    if (is_askable(s))
        dashboard_call(out, "pace", args, _("the pace holds from now on"));
    return true;
}

static bool run_workers(struct dashboard_state *s, const struct words *w, struct effect *out)
{
    uint64_t n;
    char args[80];
    if (w->n != 3 || index_in(flows, w->word[1]) < 0 || !number_of(w->word[2], 1024, &n))
        return false;
    snprintf(args, sizeof args, "{\"%s\":%llu}", strcmp(w->word[1], "load") == 0 ? "writers" : "readers", (unsigned long long)n);
    if (is_askable(s))
        dashboard_call(out, "pace", args, _("the limits hold from now on"));
    return true;
}

static bool run_rate(struct dashboard_state *s, const struct words *w, struct effect *out)
{
    uint64_t n;
    char args[80];
    if (w->n != 2 || !number_of(w->word[1], 1000000, &n))
        return false;
    snprintf(args, sizeof args, "{\"read-rate\":%llu}", (unsigned long long)n * 1000000);
    if (is_askable(s))
        dashboard_call(out, "pace", args, n ? _("the limits hold from now on") : _("no limit from now on"));
    return true;
}

/* A filter without a word is cleared. */
static bool set_filter(struct dashboard_state *s, const struct words *w, enum pane pane, char to[64])
{
    s->focus = pane;
    snprintf(to, 64, "%.63s", w->n > 1 ? w->word[1] : "");
    return w->n <= 2;
}

static bool run_find(struct dashboard_state *s, const struct words *w, struct effect *out)
{
    (void)out;
    s->wish.offset = 0;
    return set_filter(s, w, PANE_TABLES, s->wish.find);
}

static bool run_table(struct dashboard_state *s, const struct words *w, struct effect *out)
{
    (void)out;
    return set_filter(s, w, PANE_LOG, s->view.table);
}

static bool run_text(struct dashboard_state *s, const struct words *w, struct effect *out)
{
    (void)out;
    return set_filter(s, w, PANE_LOG, s->view.text);
}

/* The place of the only argument among the choices; -1: it is none of them. */
static int choice_of(const struct words *w, const char *const *choices)
{
    return w->n == 2 ? index_in(choices, w->word[1]) : -1;
}

static bool run_level(struct dashboard_state *s, const struct words *w, struct effect *out)
{
    int at = choice_of(w, levels);
    (void)out;
    if (at >= 0)
        s->view.floor = (enum log_level)at, s->focus = PANE_LOG;
    return at >= 0;
}

static bool run_stage(struct dashboard_state *s, const struct words *w, struct effect *out)
{
    int at = choice_of(w, stages);
    (void)out;
    if (at >= 0)
        s->view.stage = (unsigned)at, s->focus = PANE_LOG;
    return at >= 0;
}

static bool run_sort(struct dashboard_state *s, const struct words *w, struct effect *out)
{
    int at = choice_of(w, table_sort_words);
    (void)out;
    if (at >= 0)
        s->wish.sort = (enum table_sort)at, s->wish.offset = 0, s->focus = PANE_TABLES;
    return at >= 0;
}

static bool run_show(struct dashboard_state *s, const struct words *w, struct effect *out)
{
    int at = choice_of(w, table_show_words);
    (void)out;
    if (at >= 0)
        s->wish.show = (enum table_show)at, s->wish.offset = 0, s->focus = PANE_TABLES;
    return at >= 0;
}

static bool run_window(struct dashboard_state *s, const struct words *w, struct effect *out)
{
    int at = choice_of(w, windows);
    (void)out;
    if (at >= 0) {
        s->window = (enum lag_window)at;
        s->focus = PANE_LAG;
        s->is_zoomed = true;
    }
    return at >= 0;
}

static bool run_pane(struct dashboard_state *s, const struct words *w, struct effect *out)
{
    int at = choice_of(w, panes);
    if (at >= 0)
        dashboard_do(s, (enum action)(DO_PANE_1 + at), out);
    return at >= 0;
}

static bool run_redo(struct dashboard_state *s, const struct words *w, struct effect *out)
{
    (void)out;
    if (w->n == 2)
        ask_redo(s, K_ENTER, w->word[1]);
    return w->n == 2;
}

static bool run_leave_out(struct dashboard_state *s, const struct words *w, struct effect *out)
{
    (void)out;
    if (w->n == 2)
        ask_leave_out(s, K_ENTER, w->word[1]);
    return w->n == 2;
}

static bool run_save(struct dashboard_state *s, const struct words *w, struct effect *out)
{
    if (w->n == 1)
        dashboard_do(s, DO_SAVE, out);
    if (w->n != 2)
        return w->n == 1;
    out->kind = EFFECT_SAVE_LOG;
    snprintf(out->path, sizeof out->path, "%s", w->word[1]);
    return true;
}

/* ---- the table ---- */

static const struct command commands[] = {
    {"find", N_("[NAME]"), N_("tables with this in their name"), NULL, DO_NOTHING, run_find},
    {"show", "all|busy|…", N_("which tables are listed"), table_show_words, DO_NOTHING, run_show},
    {"sort", "rate|name|…", N_("order of the tables"), table_sort_words, DO_NOTHING, run_sort},
    {"level", "info|warn|…", N_("log lines from this level on"), levels, DO_NOTHING, run_level},
    {"stage", "copy|apply|…", N_("log lines of one stage"), stages, DO_NOTHING, run_stage},
    {"table", N_("[NAME]"), N_("log lines of one table"), NULL, DO_NOTHING, run_table},
    {"text", N_("[TEXT]"), N_("log lines with this in them"), NULL, DO_NOTHING, run_text},
    {"save", N_("[FILE]"), N_("the log that is shown"), NULL, DO_NOTHING, run_save},
    {"window", "10m|1h|24h", N_("time the lag is shown for"), windows, DO_NOTHING, run_window},
    {"pane", "dump|load|…", N_("go to a pane"), panes, DO_NOTHING, run_pane},
    {"pace", "gentle|…", N_("how much the copy may take"), paces, DO_NOTHING, run_pace},
    {"workers", "dump|load N", N_("how many read or write at most"), flows, DO_NOTHING, run_workers},
    {"rate", N_("MB/s"), N_("read at most so much, 0: no limit"), NULL, DO_NOTHING, run_rate},
    {"redo", N_("TABLE"), N_("copy a table anew (asks)"), NULL, DO_NOTHING, run_redo},
    {"leave-out", N_("TABLE"), N_("take a table out of the run (asks)"), NULL, DO_NOTHING, run_leave_out},
    {"verify", "", N_("compare both servers"), NULL, DO_VERIFY, NULL},
    {"pause", "", N_("pause; or go on, when paused"), NULL, DO_PAUSE, NULL},
    {"stop", "", N_("stop the run (asks)"), NULL, DO_STOP, NULL},
    {"cutover", "", N_("the checklist"), NULL, DO_CUTOVER, NULL},
    {"report", "", N_("when the run is over"), NULL, DO_REPORT, NULL},
    {"steer", "", N_("this window steers"), NULL, DO_STEER, NULL},
    {"detach", "", N_("leave, the run goes on"), NULL, DO_DETACH, NULL},
    {"quit", "", N_("leave (asks)"), NULL, DO_LEAVE, NULL},
};

static const struct command *command_named(const char *name)
{
    for (size_t i = 0; i < TG_ARRAY_LEN(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static void split(const char *line, struct words *w)
{
    *w = (struct words){.n = 0};
    while (*(line += strspn(line, " :")) && w->n < WORDS) {
        size_t n = strcspn(line, " ");
        snprintf(w->word[w->n++], sizeof w->word[0], "%.*s", (int)n, line);
        line += n;
    }
}

void command_run(struct dashboard_state *s, const char *line, struct effect *out)
{
    struct words w;
    split(line, &w);
    if (!w.n)
        return;
    const struct command *c = command_named(w.word[0]);
    if (!c) {
        dashboard_notice(s, _("there is no command %.40s; {?} and Tab list them"), w.word[0]);
    } else if (!c->run && w.n == 1) {
        dashboard_do(s, c->action, out);
    } else if (!c->run || !c->run(s, &w, out)) {
        *out = (struct effect){.kind = EFFECT_NONE};
        dashboard_notice(s, _("it is written: %s %s"), c->name, _(c->takes));
    } else {
        s->is_cutover = false; /* what it changed is to be seen */
    }
}

/* ---- completion ---- */

/* What the last word may become: names of commands, an argument's choices, names of tables. */
static size_t candidates(const struct dashboard_state *s, const char *line, const char *out[64], const char **begun)
{
    const char *word = strrchr(line, ' ');
    struct words w;
    size_t n = 0;
    split(line, &w);
    *begun = word ? word + 1 : line;
    size_t len = strlen(*begun);
    const struct command *c = word ? command_named(w.n ? w.word[0] : "") : NULL;
    bool is_first = c && w.n <= (**begun ? 2u : 1u);
    for (size_t i = 0; !word && i < TG_ARRAY_LEN(commands); i++)
        if (strncmp(commands[i].name, line, len) == 0)
            out[n++] = commands[i].name;
    for (size_t i = 0; is_first && c->choices && c->choices[i] && n < 64; i++)
        if (strncmp(c->choices[i], *begun, len) == 0)
            out[n++] = c->choices[i];
    bool is_whole = is_first && (c->run == run_redo || c->run == run_leave_out); /* with its schema */
    bool is_table = is_whole || (is_first && (c->run == run_find || c->run == run_table));
    for (uint32_t i = 0; is_table && i < s->snap.ntables && n < 64; i++) {
        const char *dot = strchr(s->snap.table[i].name, '.'), *name = dot && !is_whole ? dot + 1 : s->snap.table[i].name;
        if (strncmp(name, *begun, len) == 0)
            out[n++] = name;
    }
    return n;
}

void command_complete(const struct dashboard_state *s, char *line, size_t size)
{
    const char *found[64], *begun;
    size_t n = candidates(s, line, found, &begun), same;
    if (!n)
        return;
    same = strlen(found[0]);
    for (size_t i = 1; i < n; i++)
        for (size_t k = 0; k < same; k++)
            if (found[i][k] != found[0][k])
                same = k;
    size_t at = (size_t)(begun - line);
    if (at + same + 2 > size || same < strlen(begun))
        return;
    memcpy(line + at, found[0], same);
    line[at + same] = 0;
    if (n == 1)
        memcpy(line + at + same, " ", 2);
}

void command_hint(const struct dashboard_state *s, const char *line, char *out, size_t size)
{
    const char *found[64], *begun;
    struct words w;
    size_t n = candidates(s, line, found, &begun), used = 0;
    out[0] = 0;
    split(line, &w);
    const struct command *c = w.n ? command_named(w.word[0]) : NULL;
    if (c && (!n || strcmp(begun, c->name) == 0))
        snprintf(out, size, "%s %s  %s", c->name, _(c->takes), _(c->help));
    bool is_list = !out[0];
    for (size_t i = 0; is_list && i < n && used + 2 < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? " " : "", found[i]);
    if (!out[0])
        snprintf(out, size, "%s", _("Tab completes   Esc leaves it"));
}

bool command_line(size_t i, char *out, size_t size)
{
    const struct command *c = i < TG_ARRAY_LEN(commands) ? &commands[i] : NULL;
    if (c)
        snprintf(out, size, "  %s%s%s: %s", c->name, c->takes[0] ? " " : "", c->takes[0] ? _(c->takes) : "", _(c->help));
    return c != NULL;
}

int command_help(struct canvas *c, struct rect r, int top)
{
    int y = r.y - top;
    for (size_t i = 0; i < TG_ARRAY_LEN(commands); i++, y++) {
        if (y < r.y)
            continue;
        int x = r.x + canvas_textf(c, r, y, r.x, ROLE_KEY, " :%s ", commands[i].name);
        canvas_text(c, r, y, x, ROLE_DIM, _(commands[i].takes));
        canvas_cut(c, r, y, r.x + 24, r.w - 24, ROLE_TEXT, _(commands[i].help));
    }
    return (int)TG_ARRAY_LEN(commands);
}
