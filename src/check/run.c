// SPDX-License-Identifier: Apache-2.0
// The table is walked once, from the first step of connecting to the rehearsals.
#include "check/private.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

const char *check_state_name(enum check_state s)
{
    static const char *const names[] = {"pass", "warn", "fail", "n/a"};
    return names[s];
}

const char *check_side_name(enum check_side s)
{
    static const char *const names[] = {"source", "target", "host"};
    return names[s];
}

const char *check_id(const struct check *c)
{
    return c->id;
}

const char *check_title(const struct check *c)
{
    return c->title;
}

const char *check_why(const struct check *c)
{
    return c->why;
}

const char *check_asked(const struct check *c)
{
    return c->asked;
}

enum check_side check_side_of(const struct check *c)
{
    return c->side;
}

enum check_state check_worst(const struct check *c)
{
    return c->worst;
}

bool check_is_acceptable(const struct check *c)
{
    return !(c->needs & NEVER_ACCEPTED);
}

bool check_is_rehearsal(const struct check *c)
{
    return c->needs & IS_REHEARSAL;
}

const struct check *check_find(const char *id)
{
    for (const struct check *c = check_table; c->id; c++)
        if (strcmp(c->id, id) == 0)
            return c;
    return NULL;
}

const struct check *check_at(size_t i)
{
    const struct check *c = check_table;
    while (i-- && c->id)
        c++;
    return c->id ? c : NULL;
}

static bool is_chosen(const struct check_options *o, const struct check *c)
{
    if ((c->needs & IS_DEEP && o->depth < CHECK_DEEP) || (c->needs & IS_REHEARSAL && o->depth < CHECK_REHEARSE))
        return false;
    for (size_t i = 0; i < o->nonly; i++)
        if (strcmp(o->only[i], c->id) == 0)
            return true;
    return o->nonly == 0;
}

/* NULL: it can be run. */
static const char *why_not(struct run *r, const struct check *c)
{
    enum job_mode mode = r->job->mode;
    bool to_tidb = !r->end[TARGET].is_open || r->end[TARGET].conn.server.flavour == DB_TIDB;
    if (c->needs & FOR_COPY && c->needs & FOR_STREAM)
        tg_bug("check %s: what belongs to both belongs to every run", c->id);
    if (c->needs & FOR_COPY && mode == MODE_INCREMENTAL)
        return N_("nothing is copied in mode incremental");
    if (c->needs & NEED_SOURCE && !r->end[SOURCE].is_open)
        return N_("the source can't be asked");
    if (c->needs & NEED_TARGET && !r->end[TARGET].is_open)
        return N_("the target can't be asked");
    if (c->needs & NEED_EITHER && !r->end[SOURCE].is_open && !r->end[TARGET].is_open)
        return N_("neither end can be asked");
    if (c->needs & FOR_STREAM && !run_streams(r))
        return N_("this run reads one set of snapshots, not the binlog");
    if (c->needs & FOR_TIDB && !to_tidb)
        return N_("the target is not TiDB");
    if (c->applies && !c->applies(r))
        return N_("does not apply here");
    return NULL;
}

static void accept(const struct run *r, struct check_result *out)
{
    const char *reason = out->judged == CHECK_FAIL || out->judged == CHECK_WARN ? job_accept_reason(r->job, out->check->id) : NULL;
    if (!reason)
        return;
    if (!check_is_acceptable(out->check)) {
        if (out->judged == CHECK_FAIL)
            find(out, CHECK_FAIL, NULL, "checks.accept names %s, but no reason makes this run possible", out->check->id);
        return;
    }
    if (!reason[0]) {
        if (out->judged == CHECK_FAIL)
            find(out, CHECK_FAIL, NULL, "checks.accept names %s without a reason: write \"%s: REASON\"", out->check->id, out->check->id);
        return;
    }
    out->reason = x_strdup(reason);
    if (out->state == CHECK_FAIL)
        out->state = CHECK_WARN;
}

static void run_one(struct run *r, const struct check *c)
{
    struct check_result *out = &r->out->results[r->out->n++];
    struct err e = {0};
    int64_t began = clock_mono_ms();
    *out = (struct check_result){.check = c};
    const char *not = why_not(r, c);
    if (not)
        not_applicable(out, "%s", not);
    else if (c->needs & NEED_TABLES && !run_tables(r, &e))
        unread(out, &e);
    else
        c->run(r, out);
    cures_fill_needs(r, out);
    accept(r, out);
    out->ms = clock_mono_ms() - began;
    uint32_t *counts[] = {&r->out->npass, &r->out->nwarn, &r->out->nfail, &r->out->nnone};
    ++*counts[out->state];
    if (r->o->told)
        r->o->told(r->o->arg, out);
}

static char *name_of(const struct end *s)
{
    if (!s->addr.host)
        return x_strdup("");
    if (!s->is_open)
        return x_format("%s:%u", s->addr.host, s->addr.port);
    const char *const flavours[] = {"MySQL", "TiDB", "MariaDB"};
    return x_format(_("%s %s at %s:%u"), flavours[s->conn.server.flavour], s->conn.server.version_text, s->addr.host, s->addr.port);
}

/* The ends that what is chosen looks at: a test of one end never waits for the other. */
static unsigned needs_of(const struct check_options *o)
{
    unsigned needs = o->nonly ? 0 : NEED_SOURCE | NEED_TARGET, either = 0;
    for (const struct check *c = check_table; c->id; c++) {
        if (!is_chosen(o, c))
            continue;
        needs |= c->side == CHECK_SOURCE ? NEED_SOURCE : c->side == CHECK_TARGET ? NEED_TARGET : 0;
        needs |= c->needs & (NEED_SOURCE | NEED_TARGET);
        needs |= c->needs & NEED_TABLES ? NEED_SOURCE : 0;
        either |= c->needs & NEED_EITHER;
    }
    return !needs && either ? NEED_SOURCE | NEED_TARGET : needs;
}

static void open_one(struct run *r, enum end_of of)
{
    static const struct job_end none;
    if (r->end[of].job)
        return;
    if (of == TARGET)
        end_open(&r->end[of], &r->job->target, of);
    else
        end_open(&r->end[of], r->job->nsources ? &r->job->sources[0] : &none, of);
}

static void open_ends(struct run *r)
{
    struct err e = {0};
    unsigned needs = needs_of(r->o);
    if (!conn_mysql_init(&e))
        tg_bug("%s", e.text);
    if (!r->o->only_needed_ends || needs & NEED_SOURCE)
        open_one(r, SOURCE);
    if (!r->o->only_needed_ends || needs & NEED_TARGET)
        open_one(r, TARGET);
    r->out->source_name = name_of(&r->end[SOURCE]);
    r->out->target_name = name_of(&r->end[TARGET]);
}

static void ignore(struct run *r, const struct check *c)
{
    r->out->ignored = x_realloc(r->out->ignored, (r->out->nignored + 1) * sizeof *r->out->ignored);
    r->out->ignored[r->out->nignored++] = x_strdup(c->id);
}

void checks_run(struct check_report *out, const struct check_options *o)
{
    struct run *r = x_alloc(sizeof *r);
    size_t n = 0;
    int64_t began = clock_mono_ms();
    *out = (struct check_report){0};
    *r = (struct run){.o = o, .job = o->job, .out = out};
    while (check_table[n].id)
        n++;
    out->results = x_alloc((n + 1) * sizeof *out->results);
    open_ends(r);
    for (const struct check *c = check_table; c->id && !out->is_cancelled; c++) {
        out->is_cancelled = o->cancel && cancel_is_set(o->cancel);
        if (out->is_cancelled || !is_chosen(o, c))
            continue;
        if (job_ignores(o->job, c->id) && check_is_acceptable(c))
            ignore(r, c);
        else
            run_one(r, c);
    }
    run_grants(r);
    if (o->view && !out->is_cancelled) {
        open_one(r, SOURCE);
        view_read(r, o->view);
    }
    out->ms = clock_mono_ms() - began;
    run_release(r);
    free(r);
}

const struct check_result **check_sorted(const struct check_report *r)
{
    static const enum check_state order[] = {CHECK_FAIL, CHECK_WARN, CHECK_PASS, CHECK_NONE};
    const struct check_result **list = x_alloc((r->n + 1) * sizeof(void *));
    uint32_t n = 0;
    for (size_t k = 0; k < TG_ARRAY_LEN(order); k++)
        for (uint32_t i = 0; i < r->n; i++)
            if (r->results[i].state == order[k])
                list[n++] = &r->results[i];
    return list;
}

bool check_verdict(const struct check_report *r, struct err *e)
{
    for (uint32_t i = 0; i < r->n; i++) {
        const struct check_result *c = &r->results[i];
        if (c->state != CHECK_FAIL)
            continue;
        err_set(e, c->code == ERR_OK ? ERR_CHECK : c->code, "%s", c->nfindings ? c->findings[0].text : c->detail ? c->detail : c->check->title);
        snprintf(e->where, sizeof e->where, "check %s", c->check->id);
        return false;
    }
    return true;
}
