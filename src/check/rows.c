// SPDX-License-Identifier: Apache-2.0
// Rows that could be too large for one entry or packet of the target: first by the definitions, then, where rows may be
// read, by a sample of the tables that could hold one.
#include "check/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define MIB ((uint64_t)1 << 20)
#define SAMPLE_BYTES (64 * MIB)       /* read from each end of a table */
#define SAMPLE_ROWS 20000u
#define SAMPLE_MS 2000                /* of one statement, where the server can be told */
#define ALL_MS 8000                   /* of all of them */
#define SHOWN 3

/* Most bytes that a value can take in UTF-8. */
static uint64_t value_bytes(const struct column *c)
{
    if (c->cls == COL_JSON || c->cls == COL_GEOMETRY)
        return UINT64_C(1) << 32;
    if (c->cls == COL_TEXT || c->cls == COL_BLOB) {
        const char *z = c->type_text;
        return strncasecmp(z, "tiny", 4) == 0 ? 255 : strncasecmp(z, "medium", 6) == 0 ? 16 * MIB : strncasecmp(z, "long", 4) == 0 ? UINT64_C(1) << 32 : 65535;
    }
    return col_is_text(c->cls) ? (uint64_t)c->length * 4 : c->length;
}

static bool could_exceed(const struct table *t, uint64_t limit)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < t->ncolumns; i++)
        n += t->columns[i].is_generated && !t->columns[i].is_stored ? 0 : value_bytes(&t->columns[i]);
    return n > limit;
}

/* The bytes of a row's long values as they travel. */
static void add_length(struct buf *out, const struct table *t)
{
    bool is_first = true;
    for (uint32_t i = 0; i < t->ncolumns; i++) {
        const struct column *c = &t->columns[i];
        if (value_bytes(c) < 256 || (c->is_generated && !c->is_stored))
            continue;
        bool is_wide = col_is_text(c->cls) && (c->charset == CS_LATIN1 || c->charset == CS_OTHER);
        buf_adds(out, is_first ? "COALESCE(LENGTH(" : "+COALESCE(LENGTH(");
        buf_adds(out, is_wide ? "CONVERT(" : "");
        sql_ident(out, c->name);
        buf_adds(out, is_wide ? " USING utf8mb4)),0)" : "),0)");
        is_first = false;
    }
    buf_adds(out, is_first ? "0" : "");
}

static void add_key(struct buf *out, const struct table *t, const char *end)
{
    const struct key *k = &t->keys[t->row_key];
    for (uint32_t i = 0; i < k->nparts; i++) {
        sql_ident(out, t->columns[k->parts[i].column].name);
        buf_addf(out, "%s%s", end, i + 1 < k->nparts ? "," : "");
    }
}

struct sampling {
    struct run *r;
    struct check_result *out;
    uint64_t limit, longest;
    uint32_t nlooked, npartly, nleft;
    struct picked bad;
};

static uint32_t rows_to_read(const struct table_size *s)
{
    uint64_t row = s->rows ? s->data_bytes / s->rows + 1 : MIB;
    return (uint32_t)TG_MIN(TG_MAX(SAMPLE_BYTES / row, UINT64_C(50)), (uint64_t)SAMPLE_ROWS);
}

/* The longest rows of one end of the table: number looked at, longest, then the keys of the longest. */
static void build_sample(struct buf *out, struct run *r, uint32_t i, bool is_tail, bool wants_keys, uint64_t limit)
{
    const struct table *t = r->tables.tables[i];
    const struct db_server *s = &r->end[SOURCE].conn.server;
    buf_reset(out);
    if (s->flavour == DB_MARIADB)
        buf_addf(out, "SET STATEMENT max_statement_time=%d FOR ", SAMPLE_MS / 1000);
    buf_addf(out, "SELECT /*+ MAX_EXECUTION_TIME(%d) */ ", SAMPLE_MS);
    if (wants_keys) {
        buf_adds(out, "tg_length,");
        add_key(out, t, "");
    } else {
        buf_adds(out, "COUNT(*), MAX(tg_length)");
    }
    buf_adds(out, " FROM (SELECT ");
    if (wants_keys) {
        add_key(out, t, "");
        buf_addc(out, ',');
    }
    add_length(out, t);
    buf_adds(out, " AS tg_length FROM ");
    sql_table(out, t->schema, t->name);
    if (t->row_key >= 0) {
        buf_adds(out, " ORDER BY ");
        add_key(out, t, is_tail ? " DESC" : "");
    }
    buf_addf(out, " LIMIT %u) tg_sample", rows_to_read(run_size(r, i)));
    if (wants_keys)
        buf_addf(out, " WHERE tg_length > %llu ORDER BY tg_length DESC LIMIT %d", (unsigned long long)limit, SHOWN);
}

static void tell_keys(struct sampling *x, uint32_t i, bool is_tail)
{
    const struct table *t = x->r->tables.tables[i];
    struct buf sql = {0}, text = {0};
    struct err ignored = {0};
    MYSQL_RES *res;
    char bytes[32];
    build_sample(&sql, x->r, i, is_tail, true, x->limit);
    if (conn_query(&x->r->end[SOURCE].conn, sql.p, &res, &ignored)) {
        const struct key *k = &t->keys[t->row_key];
        for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;) {
            buf_reset(&text);
            for (uint32_t p = 0; p < k->nparts; p++)
                buf_addf(&text, "%s%s=%.80s", p ? ", " : "", t->columns[k->parts[p].column].name, row[1 + p] ? row[1 + p] : "NULL");
            find(x->out, CHECK_FAIL, NULL, "%s.%s, row %s: %s", t->schema, t->name, text.p, bytes_text(bytes, strtoull(row[0], NULL, 10)));
        }
        mysql_free_result(res);
    }
    buf_release(&sql);
    buf_release(&text);
}

/* One end. *whole: the table has no more rows than were looked at. false: it could not be looked at. */
static bool sample_end(struct sampling *x, uint32_t i, bool is_tail, bool *whole, struct err *e)
{
    const struct table *t = x->r->tables.tables[i];
    struct buf sql = {0};
    MYSQL_RES *res;
    char bytes[32];
    build_sample(&sql, x->r, i, is_tail, false, x->limit);
    bool fine = conn_query(&x->r->end[SOURCE].conn, sql.p, &res, e);
    buf_release(&sql);
    if (!fine)
        return false;
    MYSQL_ROW row = mysql_fetch_row(res);
    uint64_t n = row && row[0] ? strtoull(row[0], NULL, 10) : 0, longest = row && row[1] ? strtoull(row[1], NULL, 10) : 0;
    mysql_free_result(res);
    *whole = n < rows_to_read(run_size(x->r, i));
    x->longest = TG_MAX(x->longest, longest);
    if (longest <= x->limit)
        return true;
    if (!x->bad.n || x->bad.list[x->bad.n - 1] != t)
        pick(&x->bad, t);
    if (t->row_key >= 0)
        tell_keys(x, i, is_tail);
    else
        find(x->out, CHECK_FAIL, NULL, "%s.%s holds a row of %s", t->schema, t->name, bytes_text(bytes, longest));
    return true;
}

static void sample_table(struct sampling *x, uint32_t i)
{
    struct err e = {0};
    bool whole = false;
    const struct table *t = x->r->tables.tables[i];
    bool fine = sample_end(x, i, false, &whole, &e) && (whole || t->row_key < 0 || sample_end(x, i, true, &(bool){false}, &e));
    if (fine) {
        x->nlooked++;
        x->npartly += !whole;
    } else if (e.sql == 3024 || e.sql == 1969) { /* the server's limit of time */
        x->nleft++;
    } else {
        find(x->out, CHECK_WARN, NULL, "%s.%s: its rows could not be read: %s", t->schema, t->name, e.text);
    }
}

static int by_bytes(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return x[1] > y[1] ? -1 : x[1] < y[1] ? 1 : x[0] < y[0] ? -1 : x[0] > y[0];
}

static void add_cures(struct sampling *x)
{
    struct end *s = &x->r->end[TARGET];
    uint64_t wanted = (x->longest + x->longest / 4 + MIB) / MIB * MIB;
    bool is_tidb = s->conn.server.flavour == DB_TIDB;
    const char *name = is_tidb ? "tidb_txn_entry_size_limit" : "max_allowed_packet", *now = end_variable(s, name);
    uint64_t most = is_tidb ? 120 * MIB : 1024 * MIB;
    if (now && wanted <= most) {
        char value[24];
        snprintf(value, sizeof value, "%llu", (unsigned long long)wanted);
        cure_target_variable(x->r, x->out, name, value,
                             is_tidb ? N_("for new connections; TiKV's raft-entry-max-size (8 MiB by default) must be larger too") : N_("for new connections"),
                             "Raise %s to %llu MiB", name, (unsigned long long)(wanted / MIB));
    }
    cure_exclude_picked(x->out, x->r->job, &x->bad);
}

static void sample_tables(struct sampling *x, uint64_t (*order)[2], uint32_t n)
{
    int64_t until = clock_mono_ms() + ALL_MS;
    qsort(order, n, sizeof *order, by_bytes);
    for (uint32_t i = 0; i < n; i++) {
        if (clock_mono_ms() > until || (x->r->o->cancel && cancel_is_set(x->r->o->cancel)))
            x->nleft++;
        else
            sample_table(x, (uint32_t)order[i][0]);
    }
    if (x->bad.n) {
        judge(x->out, CHECK_FAIL, ERR_QUARANTINE);
        add_cures(x);
    }
    if (x->nleft)
        find(x->out, CHECK_WARN, NULL, "%u tables that could hold such rows were not looked at: it takes too long", x->nleft);
    char bytes[32];
    set_found(x->out, "%s at most, in %u tables", bytes_text(bytes, x->longest), x->nlooked);
    if (x->npartly)
        set_detail(x->out, "A sample: of %u tables only the first and the last rows were read. A row that is too large is kept in quarantine, is "
                           "told, and is tried again at each resume.", x->npartly);
    else
        set_detail(x->out, "A row that is too large is kept in quarantine, is told, and is tried again at each resume.");
}

void check_limits_row(struct run *r, struct check_result *out)
{
    uint64_t packet = number_of(end_variable(&r->end[TARGET], "max_allowed_packet")), entry = run_entry_limit(r);
    uint64_t(*order)[2] = x_alloc((r->tables.n + 1) * sizeof *order);
    struct sampling x = {.r = r, .out = out, .limit = packet ? TG_MIN(packet, entry) : entry};
    char bytes[32];
    uint32_t n = 0;
    set_wanted(out, "less than %s", bytes_text(bytes, x.limit));
    x.limit -= TG_MIN(x.limit / 2, UINT64_C(4096)); /* keys, and the columns that are not counted */
    for (uint32_t i = 0; i < r->tables.n; i++) {
        if (!could_exceed(r->tables.tables[i], x.limit))
            continue;
        order[n][0] = i;
        order[n++][1] = run_size(r, i)->data_bytes;
    }
    if (n && r->o->depth >= CHECK_DEEP) {
        sample_tables(&x, order, n);
    } else {
        set_found(out, n == 1 ? "%u table could hold larger rows" : n ? "%u tables could hold larger rows" : "no table could hold larger rows", n);
        if (n)
            set_detail(out, "A row that is too large is kept in quarantine; tidegate check looks for such rows.");
    }
    free(order);
}
