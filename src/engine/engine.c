// SPDX-License-Identifier: Apache-2.0
/* A run from its first connection to its exit code. The caller's thread is the state machine: it samples, moves the
 * state on when the facts say so, and decides when it is over. */
#include "engine/private.h"

#include "base/text.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#define TICK_MS 250
#define IN_STEP_S 5                   /* lag of a run that has become in-sync; a single peak does not end that */
#define BEHIND_S 30

void engine_set_state(struct engine *g, enum run_state s)
{
    static const char *const now[] = {
        [RUN_PLANNED] = N_("now planned"),   [RUN_COPYING] = N_("now copying"),     [RUN_CATCHING_UP] = N_("now catching-up"),
        [RUN_IN_SYNC] = N_("now in-sync"),   [RUN_VERIFYING] = N_("now verifying"), [RUN_CUTTING_OVER] = N_("now cutting-over"),
        [RUN_FINISHED] = N_("now finished"), [RUN_PAUSED] = N_("now paused"),       [RUN_ASKING] = N_("now asking"),
        [RUN_FAILED] = N_("now failed"),     [RUN_STOPPED] = N_("now stopped"),     [RUN_STUCK] = N_("now stuck")};
    pthread_mutex_lock(&g->lock);
    bool changed = g->state != s;
    g->state = s;
    pthread_mutex_unlock(&g->lock);
    if (!changed)
        return;
    log_event(LOG_INFO, "engine", "", "", "%s", now[s]);
    if (s == RUN_CATCHING_UP || s == RUN_IN_SYNC)
        times_note(g, s == RUN_IN_SYNC ? "in-sync" : "copied", "");
    struct err e = {0};
    if (g->control.my && !ledger_set_state(&g->ledger, &g->control, run_state_name(s), &e) && err_is_lost(&e)) {
        conn_close(&g->control);
        if (!conn_open_target(&g->control, &g->target, 0, &e))
            log_event(LOG_WARN, "engine", "", err_info(e.code)->id, "%s", e.text);
    }
}

bool engine_is_copied(struct engine *g)
{
    bool all = true;
    pthread_mutex_lock(&g->tabs.lock);
    for (uint32_t i = 0; i < g->tabs.n && all; i++)
        all = !g->tabs.list[i]->def ||
              (g->tabs.list[i]->copy == TAB_COMPLETE && !atomic_load(&g->tabs.list[i]->is_void) && !atomic_load(&g->tabs.list[i]->count.chunks_open));
    pthread_mutex_unlock(&g->tabs.lock);
    return all && budget_held(g->copy_budget) == 0;
}

/* Everything that was copied is applied, and the stream has passed the last C at the target. */
static bool is_consistent(struct engine *g)
{
    struct pos low;
    bool passed = true;
    marks_low(g->marks, &low);
    pthread_mutex_lock(&g->tabs.lock);
    for (uint32_t i = 0; i < g->tabs.n && passed; i++)
        passed = !g->tabs.list[i]->def || pos_cmp(&low, &g->tabs.list[i]->end) >= 0;
    pthread_mutex_unlock(&g->tabs.lock);
    return passed;
}

static void advance(struct engine *g)
{
    bool was_copied = g->state == RUN_CATCHING_UP || g->state == RUN_IN_SYNC;
    if (g->state == RUN_IN_SYNC && g->snap->lag.seconds > BEHIND_S)
        engine_set_state(g, RUN_CATCHING_UP);
    if (g->state == RUN_PLANNED || g->state == RUN_COPYING || (was_copied && g->follow && !engine_is_copied(g)))
        engine_set_state(g, engine_is_copied(g) ? RUN_CATCHING_UP : RUN_COPYING);
    if (g->state == RUN_CATCHING_UP && is_consistent(g) && g->snap->lag.seconds >= 0 && g->snap->lag.seconds <= IN_STEP_S) {
        char at[96];
        struct pos low;
        marks_low(g->marks, &low);
        engine_set_state(g, RUN_IN_SYNC);
        if (engine_is_filtered(g))
            log_event(LOG_INFO, "engine", "", "", "the target holds what the source holds at %s, but for what rules of events leave out", pos_text(&low, at));
        else
            log_event(LOG_INFO, "engine", "", "", "the target equals the source at %s", pos_text(&low, at));
    }
}

/* Nothing moves any more but a question, and nobody looks: the run ends and says so. One that follows waits on. */
bool engine_is_left_alone(struct engine *g)
{
    bool follows = g->follow && g->job->mode != MODE_FULL && g->job->until != UNTIL_COPIED;
    return g->snap->nquestions && !follows && !mon_server_windows(g->mon) &&
           clock_mono_ms() - g->last_progress_ms > 5000;
}

bool engine_left_alone(struct engine *g, struct err *e)
{
    g->is_unanswered = true;
    struct mon_snapshot *s = g->snap;
    enum err_code code = ERR_TARGET_QUERY;
    for (int i = 0; i < ERR_CODE_COUNT; i++)
        if (strcmp(err_info((enum err_code)i)->id, s->question[0].id) == 0)
            code = (enum err_code)i;
    return err_set(e, code, "a question is open: %s", s->question[0].text);
}

/* ---- steps that take long, while this thread samples ---- */

struct work {
    struct engine *g;
    engine_step *run;
    struct err err;
    bool fine;
    atomic_bool is_over;
};

static void *work_main(void *arg)
{
    struct work *w = arg;
    mysql_thread_init();
    w->fine = w->run(w->g, &w->err);
    atomic_store(&w->is_over, true);
    mysql_thread_end();
    return NULL;
}

static void stop_work(struct engine *g)
{
    cancel_set(g->cancel);
    pthread_mutex_lock(&g->lock);
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
    if (g->apply)
        apply_wake(g->apply);
}

/* The step uses g->control; it may use g->look as long as g->follow is not there. */
bool engine_run_aside(struct engine *g, engine_step *run, struct err *e)
{
    pthread_t thread;
    struct work w = {.g = g, .run = run};
    struct err asked = {0};
    pthread_create(&thread, NULL, work_main, &w);
    while (!atomic_load(&w.is_over)) {
        engine_sample(g);
        pthread_mutex_lock(&g->lock);
        bool is_over = g->is_fatal || g->wants_stop || (g->o->stop && cancel_is_set(g->o->stop));
        pthread_mutex_unlock(&g->lock);
        if (!is_over && asked.code == ERR_OK && engine_is_left_alone(g)) {
            engine_left_alone(g, &asked);
        }
        if (is_over || asked.code != ERR_OK)
            stop_work(g);
        cancel_wait(g->cancel, is_over ? 10 : 50);
    }
    pthread_join(thread, NULL);
    if (!w.fine)
        *e = g->is_fatal ? g->fatal : asked.code != ERR_OK ? asked : w.err;
    return w.fine;
}

static void check_verify_wish(struct engine *g)
{
    struct err e = {0};
    pthread_mutex_lock(&g->lock);
    bool wanted = g->wants_verify && g->state == RUN_IN_SYNC;
    if (wanted)
        g->wants_verify = false;
    pthread_mutex_unlock(&g->lock);
    if (wanted && !engine_compare(g, &e) && e.code != ERR_OK)
        log_event(LOG_WARN, "verify", "", err_info(e.code)->id, "%s: %s", err_info(e.code)->title, e.text);
}

/* Of what did not get through. A question that nobody answered needs a person, whatever it is about. */
static int exit_of(const struct engine *g, const struct err *e)
{
    if (e->code == ERR_OK)
        return EXIT_RESUMABLE;
    if (g->is_refused)
        return EXIT_CHECK; /* whatever the same error means in the middle of a run */
    return g->is_unanswered ? EXIT_PERSON : (int)err_info(e->code)->exit_code;
}

/* Foreign keys, views, counters: in sync for the first time, and when DDL has passed since. */
static bool settle(struct engine *g, struct err *e)
{
    struct pos end;
    bool is_new = !g->is_settled || atomic_load(&g->follow_count.ddl) != g->settled_ddl;
    if (!is_new || g->job->mode == MODE_INCREMENTAL)
        return true;
    if (g->is_snapshot)
        return engine_run_aside(g, engine_settle, e);
    if ((!g->look.my && !conn_open_source(&g->look, &g->source, 30, e)) || !source_position(&g->look, &end, e)) {
        bool passes = source_comes_back(e);
        conn_close(&g->look);
        if (passes)
            err_clear(e); /* the next round tries again */
        return passes;
    }
    return engine_wait_applied(g, &end, e) && engine_run_aside(g, engine_settle, e);
}

/* One set of snapshots, and readers on it; what came from an earlier set goes. */
static bool snapshot_round(struct engine *g, struct err *e)
{
    engine_snapshot_end(g);
    engine_set_state(g, RUN_COPYING);
    if (!engine_run_aside(g, engine_snapshot_open, e))
        return false;
    engine_snapshot_read(g);
    return true;
}

/* The loop of a run that goes. Returns its exit code. */
static int loop(struct engine *g, struct err *e)
{
    bool ends_when_copied = g->job->mode == MODE_FULL || g->job->until == UNTIL_COPIED;
    for (;;) {
        engine_sample(g);
        advance(g);
        pthread_mutex_lock(&g->lock);
        bool is_fatal = g->is_fatal, wants_stop = g->wants_stop;
        if (is_fatal)
            *e = g->fatal;
        pthread_mutex_unlock(&g->lock);
        if (is_fatal)
            return (int)err_info(e->code)->exit_code;
        if (wants_stop || (g->o->stop && cancel_is_set(g->o->stop)))
            return EXIT_RESUMABLE;
        if (engine_take_wish(g, engine_run_aside, e)) {
            if (e->code != ERR_OK)
                return exit_of(g, e);
            continue;
        }
        if (g->state == RUN_IN_SYNC && !settle(g, e)) {
            if (e->code == ERR_CANCELLED)
                err_clear(e);
            return exit_of(g, e);
        }
        if (g->state == RUN_IN_SYNC && ends_when_copied && (g->is_settled || g->job->mode == MODE_INCREMENTAL)) {
            if (engine_compare(g, e))
                return EXIT_FINE;
            if (!engine_has_wishes(g) && engine_is_copied(g))
                return exit_of(g, e);
            err_clear(e);
            advance(g);
        }
        if (g->is_snapshot && copy_is_lost(g->copy) && !engine_is_copied(g) && !snapshot_round(g, e))
            return exit_of(g, e);
        check_verify_wish(g);
        if (engine_is_left_alone(g)) {
            engine_left_alone(g, e);
            return EXIT_PERSON;
        }
        if (g->o->stop)
            cancel_wait(g->o->stop, TICK_MS);
        else
            cancel_wait(g->cancel, TICK_MS);
    }
}

static bool start_run(struct engine *g, struct err *e)
{
    struct apply_options a = {.ledger = &g->ledger, .target = &g->target, .lanes = g->lanes, .writers = g->pace.knee.at,
                              .epoch = g->epoch, .insert_only = !g->job->load_data, .cancel = g->cancel, .marks = NULL,
                              .ask = {g, engine_ask, engine_fatal}, .count = &g->apply_count,
                              .packet_bytes = (size_t)1 << 20,
                              .quarantine = g->quarantine, .run_dir = g->o->run_dir};
    if (!engine_run_aside(g, g->is_new ? engine_begin_new : engine_begin_again, e) || (!g->is_new && !engine_try_quarantine(g, e)))
        return false;
    marks_free(g->marks);
    if (g->is_snapshot && !g->is_new)
        g->start.at++; /* another moment of the source than what the ledger speaks of */
    g->marks = marks_new(&g->start);
    a.marks = g->marks;
    g->apply = apply_new(&a);
    return true;
}

/* Before anything is written: the checks, where this is the run's first engine. One that was cut short before its ledger
 * was whole is the first again. */
static bool look_first(struct engine *g, struct err *e)
{
    bool is_there;
    if (!ledger_has_run(&g->ledger, &g->control, &is_there, e))
        return false;
    if (is_there)
        log_event(LOG_INFO, "check", "", "", "the run goes on: checks are for its start only");
    return is_there || engine_run_aside(g, engine_precheck, e);
}

static bool keyless_first(struct engine *g, struct err *e)
{
    engine_set_state(g, RUN_COPYING);
    return engine_run_aside(g, engine_copy_keyless, e);
}

/* The earliest position from which something still has to be read. */
static void settle_start(struct engine *g)
{
    for (uint32_t i = 0; g->is_new && i < g->tabs.n; i++) {
        struct tab *tab = g->tabs.list[i];
        if (tab_is_first(tab) && pos_is_set(&tab->end) && pos_cmp(&tab->end, &g->start) < 0)
            g->start = tab->end;
    }
}

static int run_started(struct engine *g, struct err *e)
{
    times_begin(g);
    if (!start_run(g, e))
        return exit_of(g, e);
    engine_forget_rates(g);
    if (!(g->is_snapshot ? snapshot_round(g, e) : keyless_first(g, e)))
        return exit_of(g, e);
    settle_start(g);
    if (!g->is_snapshot && !engine_start_stages(g, e))
        return err_info(e->code)->exit_code;
    engine_forget_rates(g);
    return loop(g, e);
}

static void stop_stages(struct engine *g)
{
    cancel_set(g->cancel);
    pthread_mutex_lock(&g->lock);
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
    if (g->apply)
        apply_wake(g->apply);
    copy_stop(g->copy);
    follow_free(g->follow);
    g->follow = NULL;
    copy_free(g->copy);
    copy_set_close(g->set);
    apply_free(g->apply);
    g->copy = NULL;
    g->set = NULL;
    g->apply = NULL;
}

static void engine_init(struct engine *g, struct job *job, const struct engine_options *o)
{
    *g = (struct engine){.job = job, .o = o, .source_job = &job->sources[0], .started_ms = clock_wall_ms(), .began_ms = -1};
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->changed, NULL);
    tabs_init(&g->tabs);
    g->cancel = cancel_new();
    g->copy_budget = budget_new((size_t)job->limit_memory / 2, g->cancel);
    g->stream_budget = budget_new((size_t)job->limit_memory / 4, g->cancel);
    g->quarantine = quarantine_new();
    g->snap = x_alloc(sizeof *g->snap);
    g->snap->began_ms = -1;
    engine_pace_init(g);
}

static void engine_release(struct engine *g)
{
    conn_close(&g->control);
    conn_close(&g->look);
    collation_ids_free(g->collations);
    charmaps_free(g->charmaps);
    schema_defaults_free(g->schemas);
    dialect_release(&g->dialect);
    ledger_state_release(&g->found);
    marks_free(g->marks);
    quarantine_free(g->quarantine);
    tabs_release(&g->tabs);
    gtid_free(g->gtids);
    gtid_free(g->skip);
    budget_free(g->copy_budget);
    budget_free(g->stream_budget);
    cancel_free(g->cancel);
    db_addr_release(&g->source);
    db_addr_release(&g->target);
    free(g->sampled);
    free(g->table_rate);
    free(g->binlogs);
    free(g->table_began);
    for (uint32_t i = 0; i < g->nkeys; i++) {
        free(g->keys[i].schema);
        free(g->keys[i].table);
        free(g->keys[i].name);
    }
    free(g->keys);
    for (uint32_t i = 0; i < g->nviews; i++)
        free(g->views[i].label);
    free(g->views);
    engine_forget_wishes(g);
    engine_forget_answers(g);
    report_release(g);
    free(g->snap);
    pthread_mutex_destroy(&g->lock);
    pthread_cond_destroy(&g->changed);
}

static void name_snapshot(struct engine *g)
{
    struct mon_snapshot *s = g->snap;
    snprintf(s->run, sizeof s->run, "%s", g->job->name);
    snprintf(s->version, sizeof s->version, "%s", TG_VERSION);
    snprintf(s->mode, sizeof s->mode, "%s", job_mode_name(g->job->mode));
    snprintf(s->source_id, sizeof s->source_id, "%s", g->ledger.source);
    snprintf(s->source_flavour, sizeof s->source_flavour, "%s", g->source_server.version_text);
    snprintf(s->target_flavour, sizeof s->target_flavour, "%s", g->control.server.version_text);
}

static void end_run(struct engine *g, int code, const struct err *e)
{
    static const enum run_state ends[] = {[EXIT_FINE] = RUN_FINISHED, [EXIT_USAGE] = RUN_FAILED, [EXIT_INTERNAL] = RUN_FAILED,
                                          [EXIT_CHECK] = RUN_FAILED, [EXIT_RESUMABLE] = RUN_STOPPED,
                                          [EXIT_PERSON] = RUN_FAILED, [EXIT_DIFFERENT] = RUN_FAILED};
    stop_stages(g);
    if (e->code != ERR_OK) {
        log_event(LOG_ERROR, "engine", "", err_info(e->code)->id, "%s: %s", err_info(e->code)->title, e->text);
        snprintf(g->reason, sizeof g->reason, "%s %.180s", err_info(e->code)->id, e->text);
    }
    engine_set_state(g, ends[code]);
    g->is_paused = false;
    if (g->marks)
        engine_sample(g);
    else
        g->snap->state = ends[code];
    engine_report(g, code, e);
}

int engine_run(struct job *job, const struct engine_options *o, struct err *e)
{
    struct engine *g = x_alloc(sizeof *g);
    int code = EXIT_INTERNAL;
    mallopt(M_ARENA_MAX, 2); /* freed rows go back; one heap a thread would keep them */
    err_clear(e);
    engine_init(g, job, o);
    g->mon = conn_mysql_init(e) ? mon_server_start(o->run_dir, job->name, engine_command, g, e) : NULL;
    if (!g->mon) {
        code = err_info(e->code)->exit_code;
    } else {
        if (o->events)
            mon_server_echo(g->mon, o->events, o->events_json);
        if (o->watch)
            mon_server_watch(g->mon, o->watch, o->watch_arg);
        report_forget(g);
        bool fine = engine_connect(g, e);
        name_snapshot(g);
        g->marks = marks_new(&g->start); /* nowhere yet: for the sampler alone */
        fine = fine && look_first(g, e) && engine_prepare(g, e);
        code = fine ? run_started(g, e) : exit_of(g, e);
        end_run(g, code, e);
        mon_server_stop(g->mon);
    }
    engine_release(g);
    free(g);
    return code;
}

/* ---- the other faces ---- */

static void print_verify(const struct verify_table *t, uint32_t n, uint32_t nskipped, bool json, bool pass, const char *at)
{
    uint64_t rows = 0;
    uint32_t different = 0;
    char verdict[64];
    snprintf(verdict, sizeof verdict, pass && nskipped ? "PASS (%u not compared)" : pass ? "PASS" : "FAIL", nskipped);
    for (uint32_t i = 0; i < n; i++) {
        char label[160];
        rows += t[i].source.rows;
        different += !t[i].is_equal;
        if (!json)
            printf("%-5s  %-50s %12llu rows%s%s\n", !t[i].is_equal ? "DIFF" : t[i].may_have_more ? "there" : "equal", table_label(t[i].def, label),
                   (unsigned long long)t[i].source.rows, t[i].is_equal ? "" : "  ", t[i].detail);
    }
    if (json)
        printf("{\"verdict\":\"%s\",\"tables\":%u,\"different\":%u,\"not_compared\":%u,\"rows\":%llu,\"position\":\"%s\"}\n",
               verdict, n, different, nskipped, (unsigned long long)rows, at);
    else
        printf("%s  %u tables, %u differ, %llu rows compared, source at %s\n", verdict, n, different, (unsigned long long)rows, at);
}

/* Tables that held rows before the run, or that rules of events touched, as its ledger knows; without a ledger there are
 * none. */
struct kept {
    const struct schema_list *l;
    struct verify_table *t;
    unsigned *filters;                /* as t */
    uint32_t n;                       /* of t */
    struct ledger_state state;
};

static void told_kept(void *arg, const char *kind, const char *name, const char *text)
{
    struct kept *k = arg;
    bool is_kept = strcmp(kind, NOTE_KEPT) == 0;
    if (!is_kept && strcmp(kind, NOTE_EVENTS) != 0)
        return;
    for (size_t i = 0; i < k->state.ntabs; i++)
        for (uint32_t n = 0; k->state.tabs[i].id == strtoul(name, NULL, 10) && n < k->l->n; n++)
            if (strcmp(k->l->tables[n]->schema, k->state.tabs[i].names[0]) == 0 && strcmp(k->l->tables[n]->name, k->state.tabs[i].names[1]) == 0) {
                k->t[n].may_have_more |= is_kept && tab_kept_parse(text) != KEPT_NONE;
                k->filters[n] |= is_kept ? 0 : tab_filters_parse(text);
            }
}

/* Takes it out of what is compared. */
static void told_left(void *arg, const char *kind, const char *name, const char *text)
{
    struct kept *k = arg;
    (void)kind;
    (void)text;
    for (size_t i = 0; i < k->state.ntabs; i++)
        for (uint32_t n = 0; k->state.tabs[i].id == strtoul(name, NULL, 10) && n < k->n; n++) {
            if (strcmp(k->t[n].def->schema, k->state.tabs[i].names[0]) != 0 || strcmp(k->t[n].def->name, k->state.tabs[i].names[1]) != 0)
                continue;
            log_event(LOG_WARN, "verify", "", "", "%s.%s was left out of the run: not compared", k->t[n].def->schema, k->t[n].def->name);
            memmove(&k->t[n], &k->t[n + 1], (k->n - 1 - n) * sizeof k->t[0]);
            memmove(&k->filters[n], &k->filters[n + 1], (--k->n - n) * sizeof k->filters[0]);
        }
}

/* Returns how many of t are left. */
static uint32_t mark_kept(struct engine *g, const struct schema_list *l, struct verify_table *t, unsigned *filters)
{
    struct kept k = {.l = l, .t = t, .filters = filters, .n = l->n};
    struct err ignored = {0};
    if (ledger_read(&g->ledger, &g->control, &k.state, &ignored)) {
        ledger_read_notes(&g->ledger, &g->control, NULL, told_kept, &k, &ignored);
        ledger_read_notes(&g->ledger, &g->control, NOTE_LEFT, told_left, &k, &ignored);
    }
    ledger_state_release(&k.state);
    return k.n;
}

/* Leaves out what can't be compared, and says so. Returns how many are left. */
static uint32_t leave_out(struct engine *g, struct verify_table *t, unsigned *filters, uint32_t n, bool json)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct buf why = {0};
        char label[160];
        if (engine_may_compare(g, t[i].def, filters[i], &why)) {
            t[kept] = t[i];
            t[kept++].may_have_more |= (filters[i] & TAB_MORE) != 0;
        } else if (!json) {
            printf("%-5s  %-50s not compared: %s\n", "skip", table_label(t[i].def, label), why.p);
        }
        buf_release(&why);
    }
    return kept;
}

static bool verify_now(struct engine *g, bool json, struct err *e)
{
    struct schema_list l = {0};
    struct pos begin = {0}, end = {0};
    char at[96];
    if (!schema_read(&l, &g->look, job_wants_port, g->job, NULL, e))
        return false;
    struct verify_table *t = x_alloc((l.n + 1) * sizeof *t);
    unsigned *filters = x_alloc((l.n + 1) * sizeof *filters);
    for (uint32_t i = 0; i < l.n; i++) {
        job_route_table(g->job, l.tables[i]);
        t[i].def = l.tables[i];
        filters[i] = g->is_snapshot ? 0 : follow_row_filters(g->job, l.tables[i]->schema, l.tables[i]->name);
    }
    uint32_t there = mark_kept(g, &l, t, filters), n = leave_out(g, t, filters, there, json);
    free(filters);
    struct verify_options o = {.source = &g->source, .target = &g->target, .cancel = g->cancel, .threads = 4,
                               .lost_is_fine = job_accepts(g->job, "lost-characters")};
    struct err ignored = {0};
    bool has_binlog = source_position(&g->look, &begin, &ignored);
    bool fine = (there || err_set(e, ERR_SOURCE_EMPTY, "nothing to compare")) && verify_tables(&o, t, n, e);
    if (fine && has_binlog)
        source_position(&g->look, &end, &ignored);
    uint32_t different = 0;
    for (uint32_t i = 0; i < n; i++)
        different += !t[i].is_equal;
    bool moved = fine && has_binlog && pos_cmp(&begin, &end) != 0;
    if (fine)
        print_verify(t, n, there - n, json, !different && !moved, has_binlog ? pos_text(&end, at) : "-");
    if (moved)
        fine = err_set(e, ERR_VERIFY_MOVING, "the binlog went on from %llu to %llu", (unsigned long long)begin.at, (unsigned long long)end.at);
    else if (fine && different)
        fine = err_set(e, ERR_VERIFY_DIFFERENT, "%u of %u tables", different, n);
    free(t);
    schema_list_release(&l);
    return fine;
}

int engine_verify(struct job *job, bool json, struct err *e)
{
    struct engine *g = x_alloc(sizeof *g);
    struct engine_options none = {0};
    err_clear(e);
    engine_init(g, job, &none);
    bool fine = conn_mysql_init(e) && engine_connect(g, e) && verify_now(g, json, e);
    engine_release(g);
    free(g);
    return fine ? EXIT_FINE : (int)err_info(e->code)->exit_code;
}
