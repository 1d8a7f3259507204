// SPDX-License-Identifier: Apache-2.0
/* The end of a run: the comparison that earns the verdict, commands from outside. */
#include "engine/private.h"

#include "base/text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define COMPARE_TRIES 3

static void told(void *arg, const struct verify_table *t)
{
    struct engine *g = arg;
    char label[160];
    table_label(t->def, label);
    pthread_mutex_lock(&g->tabs.lock);
    struct tab *tab = tabs_find(&g->tabs, t->def->schema, t->def->name);
    if (tab)
        atomic_store(&tab->verified, t->is_equal ? 1 : 2);
    pthread_mutex_unlock(&g->tabs.lock);
    if (t->is_equal)
        log_event(LOG_INFO, "verify", label, "", "equal: %llu rows", (unsigned long long)t->source.rows);
}

struct compare {
    struct verify_options o;
    struct verify_table *tables;
    uint32_t n;
    struct err err;
    bool fine;
    atomic_bool is_over;
};

static void *compare_main(void *arg)
{
    struct compare *c = arg;
    mysql_thread_init();
    c->fine = verify_tables(&c->o, c->tables, c->n, &c->err);
    atomic_store(&c->is_over, true);
    mysql_thread_end();
    return NULL;
}

static bool wants_end(struct engine *g)
{
    pthread_mutex_lock(&g->lock);
    bool wants = g->is_fatal || g->wants_stop;
    pthread_mutex_unlock(&g->lock);
    return wants || cancel_is_set(g->cancel) || (g->o->stop && cancel_is_set(g->o->stop));
}

/* While the source moves a difference may be a change that is under way: it is told, and is no finding. */
static void tell_differences(const struct buf *found, bool is_still)
{
    for (size_t at = 0; at < found->n;) {
        const char *label = found->p + at, *detail = label + strlen(label) + 1;
        if (is_still)
            log_event(LOG_WARN, "verify", label, "TG-6101", "differs: %s", detail);
        else
            log_event(LOG_INFO, "verify", label, "", "not the same at this moment, while the source moves: %s", detail);
        at += strlen(label) + strlen(detail) + 2;
    }
}

/* Every table that can be compared, with a reference of its own. */
static struct verify_table *choose_tables(struct engine *g, uint32_t *n)
{
    struct buf why = {0};
    pthread_mutex_lock(&g->tabs.lock);
    uint32_t ntabs = g->tabs.n;
    struct tab **list = x_alloc((ntabs + 1) * sizeof(void *));
    memcpy(list, g->tabs.list, ntabs * sizeof(void *));
    pthread_mutex_unlock(&g->tabs.lock);
    struct verify_table *out = x_alloc((ntabs + 1) * sizeof *out);
    g->nuncompared = 0;
    for (uint32_t i = 0; i < ntabs; i++) {
        struct tab *tab = list[i];
        struct table *def = tab_hold_def(&g->tabs, tab);
        unsigned filters = atomic_load(&tab->filters);
        atomic_store(&tab->verified, 0);
        buf_reset(&why);
        if (def && !engine_may_compare(g, def, filters, &why)) {
            log_event(LOG_NOTE, "verify", tab->label, "", "not compared: %s", why.p);
            g->nuncompared++;
            table_drop(def);
        } else if (def) {
            out[*n].may_have_more = tab->kept != KEPT_NONE || (filters & TAB_MORE);
            out[(*n)++].def = def;
        }
    }
    free(list);
    buf_release(&why);
    return out;
}

/* One comparison while the screens go on. found: of each table that differs its label and how, both with their NUL. */
static bool compare_once(struct engine *g, uint32_t *ndifferent, struct buf *found, struct err *e)
{
    pthread_t thread;
    struct cancel *halt = cancel_new();
    struct conn *conns[16];
    uint32_t nconns = g->is_snapshot ? engine_snapshot_conns(g, conns, TG_ARRAY_LEN(conns)) : 0;
    struct compare c = {.o = {&g->source, &g->target, halt, 4, told, g, &g->verify_rows,
                              job_accepts(g->job, "lost-characters"), conns, nconns}};
    c.tables = choose_tables(g, &c.n);
    pthread_create(&thread, NULL, compare_main, &c);
    while (!atomic_load(&c.is_over)) {
        cancel_wait(g->cancel, 100);
        engine_sample(g);
        if (wants_end(g))
            cancel_set(halt);
    }
    pthread_join(thread, NULL);
    cancel_free(halt);
    *ndifferent = 0;
    for (uint32_t i = 0; i < c.n; i++) {
        if (c.fine && !c.tables[i].is_equal) {
            char label[160];
            table_label(c.tables[i].def, label);
            buf_add(found, label, strlen(label) + 1);
            buf_add(found, c.tables[i].detail, strlen(c.tables[i].detail) + 1);
            (*ndifferent)++;
        }
        table_drop(c.tables[i].def);
    }
    free(c.tables);
    if (!c.fine)
        *e = c.err;
    return c.fine;
}

bool engine_wait_applied(struct engine *g, const struct pos *end, struct err *e)
{
    for (;;) {
        struct pos low;
        marks_low(g->marks, &low);
        if (pos_cmp(&low, end) >= 0)
            return true;
        if (wants_end(g) || cancel_wait(g->cancel, 100)) {
            err_set(e, ERR_CANCELLED, "before the comparison");
            if (g->is_fatal)
                *e = g->fatal;
            return false;
        }
        engine_sample(g);
        if (engine_take_wish(g, engine_run_aside, e) && e->code != ERR_OK)
            return false;
        if (engine_is_left_alone(g))
            return engine_left_alone(g, e);
    }
}

static void set_verdict(struct engine *g, const char *verdict, const struct pos *at)
{
    char text[96];
    pthread_mutex_lock(&g->lock);
    snprintf(g->verdict, sizeof g->verdict, "%s", verdict);
    snprintf(g->verified_at, sizeof g->verified_at, "%s", pos_text(at, text));
    pthread_mutex_unlock(&g->lock);
    times_note(g, strncmp(verdict, "PASS", 4) == 0 ? "verified" : "not verified", verdict);
}

/* What a PASS says, honestly: of tables that held rows before, or of which deletes are left out, only that nothing of the
 * source is missing; of others that rules of events touch, and of those that were left out, nothing. */
static void pass_text(struct engine *g, char out[64])
{
    unsigned n = 0, skipped = g->nuncompared, left;
    pthread_mutex_lock(&g->tabs.lock);
    for (uint32_t i = 0; i < g->tabs.n; i++) {
        const struct tab *tab = g->tabs.list[i];
        n += tab->def && atomic_load(&tab->verified) && (tab->kept != KEPT_NONE || (atomic_load(&tab->filters) & TAB_MORE));
    }
    left = tabs_nleft(&g->tabs);
    pthread_mutex_unlock(&g->tabs.lock);
    struct buf list = {0};
    if (n)
        buf_addf(&list, N_("%u may hold more rows"), n);
    buf_adds(&list, n && (skipped || left) ? "; " : "");
    if (skipped)
        buf_addf(&list, N_("%u not compared"), skipped);
    buf_adds(&list, skipped && left ? "; " : "");
    if (left)
        buf_addf(&list, N_("%u left out"), left);
    snprintf(out, 64, list.n ? N_("PASS (%.56s)") : "PASS", list.n ? list.p : "");
    buf_release(&list);
}

/* A snapshot stands still; else the end of the binlog. */
static bool source_stands(struct engine *g, struct pos *out, struct err *e)
{
    if (g->is_snapshot) {
        *out = g->start;
        return true;
    }
    return (g->look.my || conn_open_source(&g->look, &g->source, 30, e)) && source_position(&g->look, out, e);
}

/* The comparison was made with the snapshots themselves, or with a source that nobody changes. */
static bool is_of_one_moment(struct engine *g, const struct pos *begin, const struct pos *end)
{
    struct conn *one;
    if (g->is_snapshot)
        return g->hold == HOLD_STOPPED || engine_snapshot_conns(g, &one, 1);
    return pos_cmp(begin, end) == 0;
}

/* While the source moves a difference may be a change that is under way: it is no finding. */
static void forget_differences(struct engine *g)
{
    pthread_mutex_lock(&g->tabs.lock);
    for (uint32_t i = 0; i < g->tabs.n; i++)
        if (atomic_load(&g->tabs.list[i]->verified) == 2)
            atomic_store(&g->tabs.list[i]->verified, 0);
    pthread_mutex_unlock(&g->tabs.lock);
}

/* The verdict of a comparison that was the last one. */
static bool conclude(struct engine *g, const struct buf *found, uint32_t different, bool is_still, const struct pos *at, struct err *e)
{
    const char *label = found->n ? found->p : "", *detail = found->n ? label + strlen(label) + 1 : "";
    size_t kept = quarantine_count(g->quarantine);
    char verdict[64];
    tell_differences(found, is_still);
    if (is_still && kept) { /* whatever the comparison says */
        snprintf(verdict, sizeof verdict, N_("FAIL %zu rows in quarantine"), kept);
        set_verdict(g, verdict, at);
        return found->n ? err_set(e, ERR_QUARANTINE, "%zu rows; %u tables differ; %s: %.300s", kept, different, label, detail)
                        : err_set(e, ERR_QUARANTINE, "%zu rows; %u tables differ", kept, different);
    }
    if (is_still && !different) {
        pass_text(g, verdict);
        set_verdict(g, verdict, at);
        return true;
    }
    snprintf(verdict, sizeof verdict, is_still ? N_("FAIL %u tables differ") : N_("not verified: the source moves"), different);
    set_verdict(g, verdict, at);
    if (!is_still)
        forget_differences(g);
    return is_still ? err_set(e, ERR_VERIFY_DIFFERENT, "%u tables; %s: %.300s", different, label, detail)
                    : err_set(e, ERR_VERIFY_MOVING, "%u tables differ at the moment", different);
}

/* Not while a table is copied anew. */
static bool is_whole(struct engine *g, struct err *e)
{
    return engine_is_copied(g) || err_set(e, ERR_VERIFY_MOVING, "a table is copied anew");
}

bool engine_compare(struct engine *g, struct err *e)
{
    enum run_state back = g->state;
    engine_set_state(g, RUN_VERIFYING);
    for (int i = 0; i < COMPARE_TRIES; i++) {
        struct pos begin, end;
        struct buf found = {0};
        uint32_t different = 0;
        if (!source_stands(g, &begin, e) || !engine_wait_applied(g, &begin, e) || !is_whole(g, e) ||
            !compare_once(g, &different, &found, e) || !source_stands(g, &end, e)) {
            buf_release(&found);
            if (g->is_snapshot && engine_drop_snapshots(g, e))
                continue;
            engine_set_state(g, back);
            return false;
        }
        bool is_still = is_of_one_moment(g, &begin, &end) || (g->is_snapshot && !different);
        if (is_still || i + 1 == COMPARE_TRIES) {
            engine_set_state(g, back);
            bool fine = conclude(g, &found, different, is_still, &end, e);
            buf_release(&found);
            return fine;
        }
        buf_release(&found);
        log_event(LOG_INFO, "verify", "", "", "the source moved while it was compared; once more");
    }
    return false;
}

/* ---- commands ---- */

static bool command_answer(struct engine *g, json_t *args, struct err *e)
{
    const char *id = json_string_value(json_object_get(args, "id"));
    const char *table = json_string_value(json_object_get(args, "table"));
    const char *choice = json_string_value(json_object_get(args, "choice"));
    if (!id || !choice)
        return err_set(e, ERR_USAGE, "an answer needs id and choice");
    return engine_answer(g, id, table, choice, json_is_true(json_object_get(args, "always")), e);
}

static bool command_chunks(struct engine *g, json_t *args, char **result_json, struct err *e)
{
    const char *table = json_string_value(json_object_get(args, "table"));
    return table ? engine_chunks(g, table, json_integer_value(json_object_get(args, "offset")), result_json, e)
                 : err_set(e, ERR_USAGE, "chunks of which table?");
}

/* A page of all tables, as they were at the last sample. */
static bool command_tables(struct engine *g, const char *args, char **result_json, struct err *e)
{
    struct tables_wish wish;
    if (!mon_decode_tables_wish(&wish, args, e))
        return false;
    struct tables_page *page = x_alloc(sizeof *page);
    pthread_mutex_lock(&g->lock);
    tables_pick(g->sampled, g->nsampled, &wish, page);
    pthread_mutex_unlock(&g->lock);
    *result_json = mon_encode_tables(page);
    free(page);
    return true;
}

static bool command_flag(struct engine *g, const char *cmd, struct err *e)
{
    bool fine = true;
    pthread_mutex_lock(&g->lock);
    if (strcmp(cmd, "pause") == 0)
        g->is_paused = true;
    else if (strcmp(cmd, "resume") == 0)
        g->is_paused = false;
    else if (strcmp(cmd, "stop") == 0)
        g->wants_stop = true;
    else if (strcmp(cmd, "verify") == 0)
        g->wants_verify = true;
    else
        fine = false;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
    if (!fine)
        return err_set(e, ERR_USAGE, "this version's engine does not know the command '%s'", cmd);
    log_event(LOG_NOTE, "engine", "", "", "asked to %s", cmd);
    return true;
}

bool engine_command(void *arg, const char *cmd, const char *args_json, char **result_json, struct err *e)
{
    struct engine *g = arg;
    *result_json = NULL;
    if (strcmp(cmd, "tables") == 0)
        return command_tables(g, args_json ? args_json : "{}", result_json, e);
    bool is_pace = strcmp(cmd, "pace") == 0, is_chunks = strcmp(cmd, "chunks") == 0, leaves = strcmp(cmd, "leave-out") == 0, is_wish = leaves || strcmp(cmd, "redo") == 0;
    if (!is_pace && !is_wish && !is_chunks && strcmp(cmd, "answer") != 0)
        return command_flag(g, cmd, e);
    json_t *args = json_loads(args_json ? args_json : "{}", 0, NULL);
    bool fine = !args     ? err_set(e, ERR_USAGE, "arguments are not JSON")
                : is_pace ? engine_pace_command(g, args, result_json, e)
                : is_chunks ? command_chunks(g, args, result_json, e)
                : is_wish ? engine_wish(g, json_string_value(json_object_get(args, "table")), leaves, e)
                          : command_answer(g, args, e);
    json_decref(args);
    return fine;
}
