// SPDX-License-Identifier: Apache-2.0
/* A DDL of the source becomes a batch that holds its tables alone. The definition moves on at once (ddl_effect.c), because
 * the rows behind it in the stream have the new shape; the target follows when everything before it on these tables is
 * applied. What is already applied (after a restart) only moves the definitions. */
#include "follow/ddl_work.h"

#include <stdio.h>
#include <stdlib.h>

static void fill_context(struct follow *f, const struct binlog_query *q, struct ddl_context *cx)
{
    *cx = ddl_context_of(&f->o.server, q->schema);
    cx->ansi_quotes = q->ansi_quotes;
    cx->no_backslash_escapes = q->no_backslash_escapes;
    if (q->collation_server)
        collation_ids_find(f->o.collations, q->collation_server, cx->charset, cx->collation);
}

static bool may_touch_ours(struct follow *f, const char *schema, struct str sql)
{
    struct tabs *tabs = f->o.tabs;
    pthread_mutex_lock(&tabs->lock);
    struct table **defs = x_alloc((tabs->n + 1) * sizeof *defs);
    for (uint32_t i = 0; i < tabs->n; i++)
        defs[i] = tabs->list[i]->def;
    bool may = text_may_touch(sql, schema, defs, tabs->n, job_wants_port, (void *)(uintptr_t)f->o.job);
    pthread_mutex_unlock(&tabs->lock);
    free(defs);
    return may;
}

bool follow_query_kind(struct follow *f, const struct binlog_event *ev, enum query_kind *out, struct err *e)
{
    struct ddl d;
    struct ddl_context cx;
    struct str sql = ev->query.sql;
    *out = QUERY_BEGIN;
    if (str_ieq(sql, STR("BEGIN")))
        return true;
    *out = QUERY_COMMIT;
    if (str_ieq(sql, STR("COMMIT")))
        return true;
    fill_context(f, &ev->query, &cx);
    if (!ddl_parse(&d, sql.p, sql.n, &cx, e))
        return err_wrap(e, "%.200s", sql.p);
    enum ddl_kind kind = d.kind;
    bool has_rows = d.starts_transaction || (kind == DDL_CREATE_TABLE && f->txn.is_open);
    ddl_release(&d);
    switch (kind) {
    case DDL_TXN_BEGIN:
        *out = QUERY_BEGIN;
        return true;
    case DDL_TXN_COMMIT:
        return true;
    case DDL_TXN_ROLLBACK:
        if (memmem(sql.p, sql.n, " TO ", 4) || memmem(sql.p, sql.n, " to ", 4))
            return err_set(e, ERR_BINLOG_EVENT, "a partial rollback in the binlog: %.100s", sql.p);
        *out = QUERY_ROLLBACK;
        return true;
    case DDL_NONE:
        *out = QUERY_NOTHING;
        return true;
    case DDL_IGNORED_OBJECT:
        atomic_fetch_add(&f->o.count->ddl, 1);
        log_event(LOG_INFO, "follow", "", "", "not part of the stream (views are made again when in sync; routines, triggers and events are left to you): %.160s", sql.p);
        *out = QUERY_NOTHING;
        return true;
    case DDL_XA:
        return err_set(e, ERR_BINLOG_EVENT, "an XA transaction: %.100s", sql.p);
    case DDL_DML_TEXT:
        if (!may_touch_ours(f, cx.schema, sql)) {
            *out = QUERY_NOTHING;
            return true;
        }
        return err_set(e, ERR_BINLOG_FORMAT, "a statement instead of rows: %.200s", sql.p);
    case DDL_UNKNOWN: {
        bool is_left = false;
        *out = QUERY_NOTHING;
        return follow_judge_unknown(f, cx.schema, ev, &is_left, e) && (is_left || err_set(e, ERR_DDL_UNKNOWN, "%.300s", sql.p));
    }
    default:
        *out = has_rows ? QUERY_DDL_ROWS : QUERY_DDL;
        return true;
    }
}

void follow_fold_name(const struct follow *f, char *name)
{
    for (; f->o.server.lower_case_table_names == 1 && name && *name; name++)
        *name = (char)(*name >= 'A' && *name <= 'Z' ? *name | 0x20 : *name);
}

static void fold_names(const struct follow *f, struct ddl *d)
{
    for (uint32_t i = 0; i < d->nnames; i++) {
        follow_fold_name(f, d->names[i].schema);
        follow_fold_name(f, d->names[i].table);
        follow_fold_name(f, d->names[i].to_schema);
        follow_fold_name(f, d->names[i].to_table);
    }
}

static void mark_wanted(struct ddl_work *w)
{
    w->only = x_alloc((w->ddl.nnames / 64 + 1) * sizeof *w->only);
    for (uint32_t i = 0; i < w->ddl.nnames; i++) {
        const struct ddl_name *n = &w->ddl.names[i];
        const struct job *job = w->f->o.job;
        if (n->is_temporary || !n->schema)
            continue;
        if (work_move_left(w, n))
            continue;
        bool in = n->table ? follow_wants(w->f, n->schema, n->table) : job_wants(job, n->schema, NULL);
        if (w->ddl.kind == DDL_RENAME && n->to_table)
            in = in || job_wants(job, n->to_schema, n->to_table);
        if (in) {
            w->only[i / 64] |= (uint64_t)1 << (i % 64);
            w->nwanted++;
        }
    }
}

/* What the statement loses on its way, for the log and the report. The lines begin with the table's label. */
static void note_changes(struct ddl_work *w, const char *notes)
{
    const char *label = w->batch->ddl.label;
    char *all = x_one_line(notes);
    log_event(LOG_NOTE, "follow", label, "", "%s", all);
    free(all);
    for (const char *p = notes, *end; label[0] && (end = strchr(p, '\n')) != NULL; p = end + 1) {
        size_t n = (size_t)(end - p), skip = strlen(label) + 2;
        bool is_ours = n > skip && strncmp(p, label, skip - 2) == 0;
        char *line = is_ours ? x_strndup(p + skip, n - skip) : x_strndup(p, n);
        ledger_sql_note(w->f->o.ledger, &w->batch->ddl.ledger, NOTE_TABLE, label, line);
        buf_addc(&w->batch->ddl.ledger, ';');
        free(line);
    }
}

/* What this statement's table or schema gets where it writes no charset, and what later ones get behind it. */
static void settle_defaults(struct ddl_work *w)
{
    struct follow *f = w->f;
    struct buf text = {0}, *out = &w->batch->ddl.ledger;
    const char *schema = w->ddl.nnames ? w->ddl.names[0].schema : NULL;
    if (schema && w->ddl.names[0].table)
        schema_defaults_find(f->o.schemas, schema, &w->cx);
    else if (schema && schema_defaults_take(f->o.schemas, &w->ddl, &w->cx) && job_wants(f->o.job, schema, NULL)) {
        schema_defaults_print(f->o.schemas, &text);
        ledger_sql_definition(f->o.ledger, out, LEDGER_SCHEMAS, w->to, buf_str(&text));
        buf_addc(out, ';');
    }
    buf_release(&text);
}

/* What the rules of events leave out of it; told, and noted for the report. */
static bool judge(struct ddl_work *w, const struct binlog_event *ev, struct err *e)
{
    bool by_name = w->ddl.kind == DDL_DROP_TABLE || w->ddl.kind == DDL_RENAME;
    w->nparts = ddl_nparts(&w->ddl);
    w->left_out = x_alloc((w->nparts / 64 + 1) * sizeof *w->left_out);
    if (w->is_applied)
        memset(w->left_out, 0xff, (w->nparts / 64 + 1) * sizeof *w->left_out);
    else if (w->nwanted && !follow_judge_ddl(w->f, &w->ddl, &w->cx, ev, w->only, w->left_out, &w->rule, e))
        return false;
    for (uint32_t i = 0; i < w->nparts; i++)
        w->nleft += is_left_out(w, i) && (!by_name || is_wanted(w, i));
    if (by_name)
        w->nparts = w->nwanted;
    if (!w->nleft || w->is_applied)
        return true;
    const struct ddl_name *n = &w->ddl.names[0];
    char *label = x_format("%s%s%s", n->schema, n->table ? "." : "", n->table ? n->table : "");
    char *text = x_format("%sleft out by rule %zu of events: %.200s", is_all_left_out(w) ? "" : "in part ", w->rule, ev->query.sql.p);
    log_event(LOG_NOTE, "follow", label, "", "%s", text);
    ledger_sql_note(w->f->o.ledger, &w->batch->ddl.ledger, NOTE_TABLE, label, text);
    buf_addc(&w->batch->ddl.ledger, ';');
    free(label);
    free(text);
    return true;
}

/* Names that are dropped or renamed at the target, too. */
static uint64_t *names_to_do(const struct ddl_work *w)
{
    size_t n = w->ddl.nnames / 64 + 1;
    uint64_t *only = x_alloc(n * sizeof *only);
    bool by_name = w->ddl.kind == DDL_DROP_TABLE || w->ddl.kind == DDL_RENAME;
    for (size_t i = 0; i < n; i++)
        only[i] = w->only[i] & (by_name ? ~w->left_out[i] : UINT64_MAX);
    return only;
}

/* The statement for the target, nothing where there is none. */
static bool rewrite(struct ddl_work *w, const struct binlog_query *q, struct buf *sql, struct buf *notes, struct err *e)
{
    struct follow *f = w->f;
    struct ddl rest, *d = &w->ddl;
    if (!w->nwanted || is_all_left_out(w))
        return true;
    bool is_partly = w->nleft && d->kind == DDL_ALTER;
    if (is_partly) {
        if (!ddl_parse(&rest, q->sql.p, q->sql.n, &w->cx, e))
            return false;
        fold_names(f, &rest);
        ddl_leave_out(&rest, w->left_out);
        d = &rest;
    }
    uint64_t *only = names_to_do(w);
    bool fine = ddl_rewrite(sql, d, &w->cx, f->o.dialect, job_route_port, (void *)(uintptr_t)f->o.job, only, notes, e);
    free(only);
    if (is_partly)
        ddl_release(&rest);
    return fine || err_wrap(e, "%.200s", q->sql.p);
}

static bool build(struct ddl_work *w, const struct binlog_event *ev, struct err *e)
{
    struct follow *f = w->f;
    const struct binlog_query *q = &ev->query;
    struct buf sql = {0}, notes = {0};
    if (w->ddl.kind == DDL_ALTER_SCHEMA)
        w->nwanted = 0; /* only a default for tables to come; they carry their own */
    if (!rewrite(w, q, &sql, &notes, e))
        return false;
    if (w->nwanted && (w->ddl.kind == DDL_CREATE_SCHEMA || w->ddl.kind == DDL_DROP_SCHEMA)) {
        char schema[200], none[200];
        job_route(f->o.job, w->ddl.names[0].schema, NULL, schema, none);
        batch_dep(w->batch, dep_name(schema, NULL), false);
        snprintf(w->batch->ddl.label, sizeof w->batch->ddl.label, "%s", w->ddl.names[0].schema);
    }
    pthread_mutex_lock(&f->o.tabs->lock);
    if (w->nwanted && w->ddl.kind == DDL_DROP_SCHEMA && !is_all_left_out(w))
        work_spare_others(w, &sql);
    bool fine = (!w->nwanted || work_take_effect(w, q, e)) && work_move_references(w, e);
    follow_settle_filters(f->o.tabs, f->o.job, f->o.server.logs_cascades); /* a new table may be a child of one that is filtered */
    pthread_mutex_unlock(&f->o.tabs->lock);
    if (w->nwanted && sql.n)
        w->batch->ddl.sql = buf_take(&sql);
    if (fine && notes.n)
        note_changes(w, notes.p);
    buf_release(&sql);
    buf_release(&notes);
    return fine;
}

bool follow_ddl(struct follow *f, const struct binlog_event *ev, const struct pos *from, const struct pos *to, bool has_rows, struct err *e)
{
    struct ddl_work w = {.f = f, .to = to, .batch = batch_new(BATCH_DDL)};
    fill_context(f, &ev->query, &w.cx);
    bool fine = ddl_parse(&w.ddl, ev->query.sql.p, ev->query.sql.n, &w.cx, e);
    if (fine) {
        fold_names(f, &w.ddl);
        w.is_applied = follow_is_applied(f, f->txn.gtid, to);
        fine = work_fits(&w, &ev->query, e);
        mark_wanted(&w);
        fine = fine && judge(&w, ev, e);
        settle_defaults(&w);
        fine = fine && build(&w, ev, e);
        ddl_release(&w.ddl);
    }
    struct batch *b = w.batch;
    atomic_fetch_add(&f->o.count->ddl, w.nwanted ? 1 : 0);
    b->from = *from;
    b->to = *to;
    b->ntx = has_rows ? 0 : 1;
    b->part.has_more = has_rows;
    b->commit_ms = (int64_t)ev->timestamp_s * 1000;
    b->ddl.timestamp = ev->timestamp_s;
    b->gtids = f->txn.gtid[0] && !has_rows ? x_strdup(f->txn.gtid) : NULL;
    if (has_rows)
        batch_dep(b, dep_transaction(&f->txn.begin), true);
    bool is_empty = !b->ddl.sql && !b->ddl.ledger.n;
    if (fine && !w.is_applied && !(is_empty && has_rows)) {
        if (is_empty)
            b->kind = BATCH_STREAM; /* nothing for the target: only its place in the ledger */
        follow_submit(f, b);
    } else {
        if (fine && !has_rows)
            follow_applied(f, to);
        batch_free(b);
    }
    free(w.only);
    free(w.left_out);
    return fine;
}
