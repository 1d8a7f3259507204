// SPDX-License-Identifier: Apache-2.0
/* What the run will do before its first write, done once: the first rows of every table, read as its chunks are, and the
 * latest binlog, decoded as the stream will. Nothing is written anywhere. */
#include "check/rehearse.h"

#include "db/encode.h"
#include "db/type.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- the first rows of every table ---- */

#define CHUNK_ROWS 1000
#define CHUNK_BYTES (UINT64_C(8) << 20)
#define COPY_MS 20000
#define SLOW_MS 3000
#define LOCK_SECONDS 3

struct reads {
    struct run *r;
    struct conn conn;
    uint32_t ntables;
    uint64_t rows, bytes;
    int64_t began_ms;
};

static void chunk_sql(struct buf *sql, const struct table *t)
{
    buf_adds(sql, "SELECT ");
    for (uint32_t i = 0; i < t->ncolumns; i++) {
        buf_adds(sql, i ? "," : "");
        col_read_expr(sql, &t->columns[i]);
    }
    buf_adds(sql, " FROM ");
    sql_table(sql, t->schema, t->name);
    const struct key *key = t->row_key >= 0 ? &t->keys[t->row_key] : NULL;
    for (uint32_t i = 0; key && i < key->nparts; i++) {
        buf_adds(sql, i ? "," : " ORDER BY ");
        sql_ident(sql, t->columns[key->parts[i].column].name);
    }
    buf_addf(sql, " LIMIT %d", CHUNK_ROWS);
}

static bool read_chunk(struct reads *k, const struct table *t, struct err *e)
{
    struct buf sql = {0};
    MYSQL_RES *res;
    MYSQL_ROW row;
    uint64_t bytes = 0;
    if (!k->conn.my && (!end_connect(&k->r->end[SOURCE], &k->conn, e) || !conn_execf(&k->conn, e, "SET SESSION lock_wait_timeout = %d", LOCK_SECONDS)))
        return false;
    chunk_sql(&sql, t);
    bool fine = conn_query_stream(&k->conn, sql.p, sql.n, &res, e);
    buf_release(&sql);
    if (!fine)
        return false;
    while (bytes < CHUNK_BYTES && (row = mysql_fetch_row(res)) != NULL) {
        const unsigned long *n = mysql_fetch_lengths(res);
        for (uint32_t i = 0; i < t->ncolumns; i++)
            bytes += n[i];
        k->rows++;
    }
    k->bytes += bytes;
    if (bytes < CHUNK_BYTES)
        fine = mysql_errno(k->conn.my) == 0 || conn_error(&k->conn, e);
    else
        conn_cut(&k->conn);           /* the rest of large rows is not wanted */
    mysql_free_result(res);
    if (bytes >= CHUNK_BYTES || !fine)
        conn_kill(&k->conn);
    return fine;
}

static bool is_over(const struct reads *k)
{
    return clock_mono_ms() - k->began_ms > COPY_MS || (k->r->o->cancel && cancel_is_set(k->r->o->cancel));
}

static void read_tables(struct reads *k, struct check_result *out)
{
    const struct schema_list *l = &k->r->tables;
    for (uint32_t i = 0; i < l->n && !is_over(k); i++, k->ntables++) {
        struct err e = {0};
        int64_t began = clock_mono_ms();
        if (!read_chunk(k, l->tables[i], &e)) {
            enum check_state state = e.sql == 1205 ? CHECK_WARN : CHECK_FAIL; /* somebody holds its lock: it may be gone tomorrow */
            find(out, state, err_info(e.code)->cure, "%s.%s can't be read: %s", l->tables[i]->schema, l->tables[i]->name, e.text);
            judge(out, state, e.code);
        } else if (clock_mono_ms() - began > SLOW_MS) {
            find(out, CHECK_WARN, NULL, "%s.%s took %lld s for its first %d rows", l->tables[i]->schema, l->tables[i]->name,
                 (long long)(clock_mono_ms() - began) / 1000, CHUNK_ROWS);
        }
    }
}

/* What the run would make at the target, told after the reading. */
static void tell_plan(struct run *r, struct buf *out)
{
    struct err e = {0};
    if (!r->end[TARGET].is_open || !run_standing(r, &e))
        return;
    uint32_t nviews = run_objects(r, &e) ? r->objects.nviews : 0;
    uint32_t nmade = r->tables.n - r->nstanding;
    buf_addf(out, _n("The run would make %u table at the target, and its books in tidegate_meta.",
                     "The run would make %u tables at the target, and its books in tidegate_meta.", nmade), nmade);
    buf_addc(out, ' ');
    if (r->nstanding)
        buf_addf(out, _n("%u table is there already.", "%u tables are there already.", r->nstanding), r->nstanding);
    buf_adds(out, r->nstanding ? " " : "");
    if (nviews)
        buf_addf(out, _n("%u view is made in the end.", "%u views are made in the end.", nviews), nviews);
    buf_adds(out, nviews ? " " : "");
}

void check_rehearse_copy(struct run *r, struct check_result *out)
{
    struct reads k = {.r = r, .began_ms = clock_mono_ms()};
    struct buf detail = {0};
    char bytes[32];
    read_tables(&k, out);
    conn_close(&k.conn);
    if (r->o->cancel && cancel_is_set(r->o->cancel)) {
        not_applicable(out, "cancelled");
        return;
    }
    set_found(out, k.ntables == 1 ? "%llu rows of %u table, %s" : "%llu rows of %u tables, %s", (unsigned long long)k.rows, k.ntables, bytes_text(bytes, k.bytes));
    tell_plan(r, &detail);
    if (k.ntables < r->tables.n)
        buf_addf(&detail, _("%d seconds were enough for %u of %u tables."), COPY_MS / 1000, k.ntables, r->tables.n);
    else
        buf_addf(&detail, _("The first %d rows of each table were read as a chunk is, in %lld ms."), CHUNK_ROWS, (long long)(clock_mono_ms() - k.began_ms));
    set_detail(out, "%s", detail.p);
    buf_release(&detail);
}

/* ---- the latest binlog ---- */

#define STREAM_BYTES (UINT64_C(64) << 20)
#define STREAM_MS 15000
#define STREAM_SECONDS 600

struct stream {
    struct run *r;
    struct check_result *out;
    struct charmaps *maps;
    uint64_t bytes, txs, rows, ddl, skipped;
    uint32_t first_s, last_s;         /* of the events, by the source's clock */
};

/* A dump may begin at the begin of a file only: the newest ones, back to ten minutes ago or to what is read in time. */
static bool choose_start(struct run *r, struct pos *out, struct err *e)
{
    struct conn *c = &r->end[SOURCE].conn;
    char now[32];
    uint64_t bytes = 0;
    int64_t began;
    MYSQL_RES *res;
    if (!conn_value(c, "SELECT UNIX_TIMESTAMP()", now, sizeof now, e) || !conn_query(c, "SHOW BINARY LOGS", &res, e))
        return false;
    for (uint64_t i = mysql_num_rows(res); i > 0; i--) {
        mysql_data_seek(res, i - 1);
        MYSQL_ROW row = mysql_fetch_row(res);
        bytes += strtoull(row[1], NULL, 10);
        if (out->at && bytes > STREAM_BYTES)
            break;
        snprintf(out->file, sizeof out->file, "%s", row[0]);
        out->at = 4;
        if (!binlog_file_began(r, row[0], &began) || began < strtoll(now, NULL, 10) - STREAM_SECONDS)
            break;
    }
    mysql_free_result(res);
    return out->at || err_set(e, ERR_BINLOG_OFF, "SHOW BINARY LOGS answers nothing");
}

static bool may_touch_ours(const struct run *r, const char *schema, struct str sql)
{
    return text_may_touch(sql, schema, r->tables.tables, r->tables.n, job_wants_port, (void *)(uintptr_t)r->job);
}

/* A statement as follow will judge it. false: the run would stop here. */
static bool take_query(struct stream *k, const struct binlog_query *q, struct err *e)
{
    struct ddl_context cx = dump_context(k->r, q);
    struct ddl d = {0};
    char *text = x_strndup(q->sql.p, q->sql.n);
    bool fine = ddl_parse(&d, q->sql.p, q->sql.n, &cx, e);
    if (fine && d.kind == DDL_XA)
        fine = err_set(e, ERR_BINLOG_EVENT, "an XA transaction: %.100s", text);
    else if (fine && d.kind == DDL_UNKNOWN)
        fine = err_set(e, ERR_DDL_UNKNOWN, "%.300s", text);
    else if (fine && d.kind == DDL_DML_TEXT && may_touch_ours(k->r, cx.schema, q->sql))
        fine = err_set(e, ERR_BINLOG_FORMAT, "a statement instead of rows: %.200s", text);
    k->txs += fine && d.kind == DDL_TXN_COMMIT;
    k->ddl += fine && d.kind >= DDL_CREATE_SCHEMA && d.kind <= DDL_DROP_INDEX;
    ddl_release(&d);
    free(text);
    return fine;
}

static void count_row(void *arg, const struct cell *before, const struct cell *after)
{
    struct stream *k = arg;
    (void)before;
    (void)after;
    k->rows++;
}

/* Rows that an earlier definition wrote can't be read with today's: the run begins later. */
static bool take_rows(struct stream *k, const struct binlog_event *ev, struct err *e)
{
    int64_t at = run_find_table(k->r, ev->rows.map->schema, ev->rows.map->table);
    bool fits;
    if (at < 0 || walk_rows(ev, k->r->tables.tables[at], k->maps, count_row, k, &fits, e))
        return true;
    if (fits || e->code != ERR_BINLOG_TABLE)
        return false;
    k->skipped++;
    err_clear(e);
    return true;
}

static void tell_stop(struct stream *k, const struct pos *place, const struct err *e)
{
    char at[96];
    find(k->out, CHECK_FAIL, err_info(e->code)->cure, "at %s the run would stop: %s", pos_text(place, at), e->text);
    judge(k->out, CHECK_FAIL, e->code);
}

/* true: read on. */
static bool take_event(struct stream *k, const struct binlog_event *ev)
{
    struct err e = {0};
    bool fine = true;
    k->bytes += ev->bytes;
    if (ev->timestamp_s && !ev->is_artificial) {
        k->first_s = k->first_s ? k->first_s : ev->timestamp_s;
        k->last_s = TG_MAX(k->last_s, ev->timestamp_s);
    }
    if (ev->kind == BINLOG_GTID && (ev->gtid.is_xa_prepared || ev->gtid.is_xa_completed))
        fine = err_set(&e, ERR_BINLOG_EVENT, "an XA transaction (%s)", ev->gtid.text);
    else if (ev->kind == BINLOG_GTID && (ev->gtid.is_start_alter || ev->gtid.is_commit_alter || ev->gtid.is_rollback_alter))
        fine = err_set(&e, ERR_BINLOG_EVENT, "a two-phase ALTER (%s); set binlog_alter_two_phase=OFF at the source", ev->gtid.text);
    else if (ev->kind == BINLOG_XID)
        k->txs++;
    else if (ev->kind == BINLOG_QUERY)
        fine = take_query(k, &ev->query, &e);
    else if (ev->kind == BINLOG_ROWS)
        fine = take_rows(k, ev, &e);
    if (!fine)
        tell_stop(k, &ev->start, &e);
    return k->out->ntotal < CHECK_FINDINGS && k->bytes < STREAM_BYTES;
}

/* false: e tells why nothing, or no more, could be read. */
static bool read_stream(struct stream *k, const struct pos *from, struct err *e)
{
    struct walk w = {.at = *from};
    struct pos end;
    if (!source_position(&k->r->end[SOURCE].conn, &end, e))
        return false;
    bool fine = dump_open(&w.dump, k->r, from, NULL, STREAM_MS, e), done = false;
    while (fine && !done) {
        fine = walk_next(&w, &end, &done, e);
        done = done || (fine && !take_event(k, &w.ev));
    }
    if (!fine && dump_is_late(&w.dump)) {
        fine = true;
        err_clear(e);
    }
    if (!fine && (e->code == ERR_BINLOG_EVENT || e->code == ERR_BINLOG_FORMAT || e->code == ERR_BINLOG_GAP)) {
        tell_stop(k, &w.at, e);
        fine = true;
    }
    dump_close(&w.dump);
    return fine;
}

void check_rehearse_stream(struct run *r, struct check_result *out)
{
    struct stream k = {.r = r, .out = out, .maps = charmaps_new(&r->end[SOURCE].addr)};
    const struct job_end *s = r->end[SOURCE].job;
    struct pos from = {0};
    struct err e = {0};
    char span[32], bytes[32];
    bool fine;
    if (r->job->mode == MODE_INCREMENTAL && s->start_file && s->start_file[0]) {
        snprintf(from.file, sizeof from.file, "%s", s->start_file);
        from.at = s->start_pos > 4 ? (uint64_t)s->start_pos : 4;
        fine = true;
    } else {
        fine = choose_start(r, &from, &e);
    }
    fine = fine && read_stream(&k, &from, &e);
    charmaps_free(k.maps);
    if (!fine && e.code == ERR_CANCELLED) {
        not_applicable(out, "cancelled");
        return;
    }
    if (!fine)
        unread(out, &e);
    set_found(out, "%llu transactions, %llu rows, %llu DDL", (unsigned long long)k.txs, (unsigned long long)k.rows, (unsigned long long)k.ddl);
    set_detail(out, "%s of binlog from %s on, written within %s, decoded as the run will.%s%s", bytes_text(bytes, k.bytes), from.file,
               text_seconds((int64_t)k.last_s - (int64_t)k.first_s, span), k.skipped ? " " : "",
               k.skipped ? _("Rows from before an ALTER were passed over.") : "");
}
