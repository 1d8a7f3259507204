// SPDX-License-Identifier: Apache-2.0
/* What the ledger at the target knows of a run of this name, and of other runs into the same tables. */
#include "check/private.h"

#include "ledger/ledger.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#define LOOK_MS 300 /* between two looks at what a live engine changes */

/* ---- the fact ---- */

static bool is_missing(const struct err *e)
{
    return e->sql == 1049 || e->sql == 1146; /* schema, table */
}

/* One row of the ledger; false with *e clear where there is none. */
static bool row_of(struct run *r, const char *what, const char *tail, char cells[2][200], struct err *e)
{
    struct buf sql = {0};
    MYSQL_RES *res;
    buf_addf(&sql, "SELECT %s WHERE %s = ", what, strstr(what, "meta.run") ? "name" : "run");
    sql_z(&sql, r->job->name ? r->job->name : "");
    if (tail) {
        buf_adds(&sql, " AND source = ");
        sql_z(&sql, tail);
    }
    bool fine = conn_query(&r->end[TARGET].conn, sql.p, &res, e);
    buf_release(&sql);
    if (!fine)
        return false;
    MYSQL_ROW row = mysql_fetch_row(res);
    for (unsigned i = 0; row && i < mysql_num_fields(res) && i < 2; i++)
        snprintf(cells[i], sizeof cells[i], "%s", row[i] ? row[i] : "");
    mysql_free_result(res);
    return row != NULL;
}

static const char *source_id(const struct run *r)
{
    return r->job->sources[0].id ? r->job->sources[0].id : "source-1";
}

static void told_making(void *arg, const char *kind, const char *name, const char *text)
{
    struct buf *list = arg;
    (void)kind;
    (void)name;
    buf_addf(list, "%s%s\n", list->n ? "" : "\n", text);
}

static bool read_seq(struct run *r, uint64_t *out, struct err *e)
{
    char cells[2][200] = {"", ""};
    bool fine = row_of(r, "SUM(seq) FROM " LEDGER_SCHEMA ".lane", NULL, cells, e);
    *out = strtoull(cells[0], NULL, 10);
    return fine;
}

static bool read_past(struct run *r, struct err *e)
{
    struct end *t = &r->end[TARGET];
    struct past *p = &r->past;
    struct ledger l;
    char cells[2][200] = {"", ""};
    if (!t->is_open)
        return err_set(e, t->failed.code, "%s", t->failed.text);
    p->exists = row_of(r, "identity, mark_pos FROM " LEDGER_SCHEMA ".source", source_id(r), cells, e);
    if (!p->exists && e->code != ERR_OK && !is_missing(e))
        return false;
    if (!p->exists) {
        bool has_ledger = e->code == ERR_OK;
        err_clear(e);
        ledger_init(&l, r->job->name ? r->job->name : "", source_id(r));
        if (has_ledger && !ledger_read_notes(&l, &t->conn, "making", told_making, &p->making, e))
            err_clear(e); /* a ledger that is not whole yet */
        return true;
    }
    snprintf(p->identity, sizeof p->identity, "%s", cells[0]);
    snprintf(p->mark, sizeof p->mark, "%.99s", cells[1]);
    if (row_of(r, "state, at_ms FROM " LEDGER_SCHEMA ".run", NULL, cells, e)) {
        snprintf(p->state, sizeof p->state, "%.39s", cells[0]);
        p->at_ms = strtoll(cells[1], NULL, 10);
    }
    if (e->code == ERR_OK && row_of(r, "COUNT(*) FROM " LEDGER_SCHEMA ".tab", source_id(r), cells, e))
        p->ntabs = strtoull(cells[0], NULL, 10);
    return e->code == ERR_OK && read_seq(r, &p->seq, e);
}

bool run_past(struct run *r, struct err *e)
{
    return once(&r->past_read, read_past, r, e);
}

/* ---- the check ---- */

static void other_name(const struct job *job, char out[40])
{
    const char *name = job->name ? job->name : "run";
    size_t n = TG_MIN(strlen(name), (size_t)30);
    snprintf(out, 40, "%.*s-2", (int)n, name);
}

/* Other runs of the ledger that write where this one is to write. */
static bool find_others(struct run *r, struct check_result *out, struct err *e)
{
    struct buf sql = {0}, told = {0};
    MYSQL_RES *res;
    if (!run_standing(r, e))
        return false;
    buf_adds(&sql, "SELECT t.run, t.target_schema, t.target_name, r.state FROM " LEDGER_SCHEMA ".tab t JOIN " LEDGER_SCHEMA ".run r"
                   " ON r.name = t.run WHERE r.state <> 'finished' AND t.state <> 'dropped' AND t.run <> ");
    sql_z(&sql, r->job->name ? r->job->name : "");
    buf_adds(&sql, " ORDER BY t.run");
    bool fine = conn_query(&r->end[TARGET].conn, sql.p, &res, e);
    buf_release(&sql);
    if (!fine)
        return is_missing(e);
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;) {
        if (!places_find(&r->places, row[1], row[2]) || (told.p && strcmp(told.p, row[0]) == 0))
            continue;
        buf_reset(&told);
        buf_adds(&told, row[0]);
        find(out, CHECK_WARN, "End that run before, or route this one elsewhere.", "run %s writes into %s.%s at the target too, and is %s", row[0],
             row[1], row[2], row[3]);
    }
    buf_release(&told);
    mysql_free_result(res);
    return true;
}

static void judge_past(struct run *r, struct check_result *out)
{
    const struct past *p = &r->past;
    const struct end *s = &r->end[SOURCE];
    char when[32], name[40];
    uint64_t seq = 0;
    struct err e = {0};
    set_found(out, "%s, %llu tables", p->state[0] ? p->state : "begun", (unsigned long long)p->ntabs);
    if (s->is_open && strcmp(p->identity, s->conn.server.uuid) != 0) {
        find(out, CHECK_FAIL, NULL, "run %s began with source %s, and this one is %s", r->job->name, p->identity, s->conn.server.uuid);
        judge(out, CHECK_FAIL, ERR_SOURCE_IDENTITY);
    } else {
        find(out, CHECK_WARN, NULL,
             "run %s has begun already and goes on where it stopped, from whatever host: position %s, %s %s ago", r->job->name,
             p->mark[0] ? p->mark : "-", p->state[0] ? p->state : "begun", text_seconds((clock_wall_ms() - p->at_ms) / 1000, when));
    }
    poll(NULL, 0, LOOK_MS);
    if (read_seq(r, &seq, &e) && seq != p->seq)
        find(out, CHECK_WARN, "Stop it where it runs, or leave it alone: tidegate stop.",
             "an engine of run %s is writing right now; the one that starts later takes the run over, the other ends", r->job->name);
    other_name(r->job, name);
    cure_setting(out, r->job, "name", name, "Begin a run of its own: name: %s", name);
}

void check_target_run(struct run *r, struct check_result *out)
{
    struct err e = {0};
    if (!run_past(r, &e)) {
        unread(out, &e);
        return;
    }
    if (r->past.exists)
        judge_past(r, out);
    else
        set_found(out, r->past.making.n ? "a start that was cut short" : "no run %s yet", r->job->name);
    if (r->past.making.n)
        set_detail(out, "Tables that an earlier start of this run made and that are empty are made anew.");
    if (!find_others(r, out, &e))
        unread(out, &e);
}
