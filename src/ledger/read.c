// SPDX-License-Identifier: Apache-2.0
/* What a start finds in the ledger, and the few single reads in between. */
#include "ledger/ledger.h"

#include "base/fail.h"
#include "base/sync.h"
#include "base/text.h"
#include "db/type.h"

#include <stdio.h>
#include <stdlib.h>

/* SELECT `columns` FROM tidegate_meta.`table` of this run and source, plus `tail`. */
static bool select_of(const struct ledger *l, struct conn *c, const char *columns, const char *table,
                      const char *tail, MYSQL_RES **res, struct err *e)
{
    struct buf sql = {0};
    buf_addf(&sql, "SELECT %s FROM " LEDGER_SCHEMA ".%s WHERE run = ", columns, table);
    sql_z(&sql, l->run);
    buf_adds(&sql, " AND source = ");
    sql_z(&sql, l->source);
    buf_addf(&sql, " %s", tail);
    bool fine = conn_query(c, sql.p, res, e);
    buf_release(&sql);
    return fine || err_wrap(e, "while reading the ledger");
}

static void parse_pos(const char *text, struct pos *out)
{
    *out = (struct pos){0};
    if (text && text[0] && !pos_parse(text, out))
        tg_bug(N_("position '%s' in the ledger"), text);
}

static bool read_source(const struct ledger *l, struct conn *c, struct ledger_state *out, struct err *e)
{
    MYSQL_RES *res;
    if (!select_of(l, c, "identity, start_pos, mark_pos, mark_gtids, file_created", "source", "", &res, e))
        return false;
    MYSQL_ROW r = mysql_fetch_row(res);
    if (r) {
        out->exists = true;
        out->identity = x_strdup(r[0]);
        parse_pos(r[1], &out->start);
        parse_pos(r[2], &out->mark);
        out->mark_gtids = x_strdup(r[3] ? r[3] : "");
        out->file_created = strtoull(r[4], NULL, 10);
    }
    mysql_free_result(res);
    return true;
}

bool ledger_has_run(const struct ledger *l, struct conn *c, bool *out, struct err *e)
{
    MYSQL_RES *res;
    *out = false;
    if (select_of(l, c, "1", "source", "", &res, e)) {
        *out = mysql_num_rows(res) > 0;
        mysql_free_result(res);
        return true;
    }
    bool is_unmade = e->sql == 1049 || e->sql == 1146;
    if (is_unmade)
        err_clear(e);
    return is_unmade;
}

static bool read_tabs(const struct ledger *l, struct conn *c, struct ledger_state *out, struct err *e)
{
    MYSQL_RES *res;
    if (!select_of(l, c, "table_id, source_schema, source_name, target_schema, target_name, state, end_pos",
                   "tab", "ORDER BY table_id", &res, e))
        return false;
    out->tabs = x_alloc((size_t)mysql_num_rows(res) * sizeof *out->tabs);
    for (MYSQL_ROW r; (r = mysql_fetch_row(res)) != NULL;) {
        struct ledger_tab *t = &out->tabs[out->ntabs++];
        t->id = (uint32_t)strtoul(r[0], NULL, 10);
        for (int i = 0; i < 4; i++)
            t->names[i] = x_strdup(r[1 + i]);
        t->state = x_strdup(r[5]);
        parse_pos(r[6], &t->end);
    }
    mysql_free_result(res);
    return true;
}

static bool read_chunks(const struct ledger *l, struct conn *c, struct ledger_state *out, struct err *e)
{
    MYSQL_RES *res;
    if (!select_of(l, c, "table_id, chunk_no, lo, hi, at_pos, row_count, byte_count", "chunk",
                   "ORDER BY table_id, chunk_no", &res, e))
        return false;
    out->chunks = x_alloc((size_t)mysql_num_rows(res) * sizeof *out->chunks);
    for (MYSQL_ROW r; (r = mysql_fetch_row(res)) != NULL;) {
        unsigned long *n = mysql_fetch_lengths(res);
        struct ledger_chunk *k = &out->chunks[out->nchunks++];
        k->table_id = (uint32_t)strtoul(r[0], NULL, 10);
        k->number = strtoull(r[1], NULL, 10);
        if (r[2])
            buf_add(&k->lo, r[2], n[2]);
        if (r[3])
            buf_add(&k->hi, r[3], n[3]);
        parse_pos(r[4], &k->at);
        k->rows = strtoull(r[5], NULL, 10);
        k->bytes = strtoull(r[6], NULL, 10);
    }
    mysql_free_result(res);
    return true;
}

static int range_cmp(const void *a, const void *b)
{
    return pos_cmp(&((const struct ledger_range *)a)->to, &((const struct ledger_range *)b)->to);
}

static bool read_applied(const struct ledger *l, struct conn *c, struct ledger_state *out, struct err *e)
{
    MYSQL_RES *res;
    if (!select_of(l, c, "from_pos, to_pos", "applied", "", &res, e))
        return false;
    out->applied = x_alloc((size_t)mysql_num_rows(res) * sizeof *out->applied);
    for (MYSQL_ROW r; (r = mysql_fetch_row(res)) != NULL;) {
        struct ledger_range *a = &out->applied[out->napplied++];
        parse_pos(r[0], &a->from);
        parse_pos(r[1], &a->to);
    }
    mysql_free_result(res);
    qsort(out->applied, out->napplied, sizeof *out->applied, range_cmp);
    return true;
}

static int definition_cmp(const void *x, const void *y)
{
    const struct ledger_definition *a = x, *b = y;
    if (a->table_id != b->table_id)
        return a->table_id < b->table_id ? -1 : 1;
    return pos_cmp(&a->from, &b->from);
}

static bool read_definitions(const struct ledger *l, struct conn *c, struct ledger_state *out, struct err *e)
{
    MYSQL_RES *res;
    if (!select_of(l, c, "table_id, from_pos, sql_text", "definition", "", &res, e))
        return false;
    out->definitions = x_alloc((size_t)mysql_num_rows(res) * sizeof *out->definitions);
    for (MYSQL_ROW r; (r = mysql_fetch_row(res)) != NULL;) {
        struct ledger_definition *d = &out->definitions[out->ndefinitions++];
        d->table_id = (uint32_t)strtoul(r[0], NULL, 10);
        parse_pos(r[1], &d->from);
        d->sql = x_strdup(r[2]);
    }
    mysql_free_result(res);
    qsort(out->definitions, out->ndefinitions, sizeof *out->definitions, definition_cmp);
    return true;
}

static bool read_parts(const struct ledger *l, struct conn *c, struct ledger_state *out, struct err *e)
{
    MYSQL_RES *res;
    if (!select_of(l, c, "begin_pos, part, first_row, row_count", "part", "ORDER BY begin_pos, first_row", &res, e))
        return false;
    out->parts = x_alloc((size_t)mysql_num_rows(res) * sizeof *out->parts);
    for (MYSQL_ROW r; (r = mysql_fetch_row(res)) != NULL;) {
        struct ledger_part p = {.last = (uint32_t)strtoul(r[1], NULL, 10), .first = strtoull(r[2], NULL, 10),
                                .rows = strtoull(r[3], NULL, 10)};
        struct ledger_part *before = out->nparts ? &out->parts[out->nparts - 1] : NULL;
        parse_pos(r[0], &p.begin);
        if (before && pos_cmp(&before->begin, &p.begin) == 0 && p.first <= before->first + before->rows) {
            before->rows = TG_MAX(before->rows, p.first + p.rows - before->first);
            before->last = TG_MAX(before->last, p.last);
        } else {
            out->parts[out->nparts++] = p;
        }
    }
    mysql_free_result(res);
    return true;
}

static bool read_quarantined(const struct ledger *l, struct conn *c, struct ledger_state *out, struct err *e)
{
    MYSQL_RES *res;
    if (!select_of(l, c, "table_id, row_no, key_text, reason", "quarantine", "", &res, e))
        return false;
    out->quarantined = x_alloc((size_t)mysql_num_rows(res) * sizeof *out->quarantined);
    for (MYSQL_ROW r; (r = mysql_fetch_row(res)) != NULL;) {
        struct ledger_quarantined *q = &out->quarantined[out->nquarantined++];
        q->table_id = (uint32_t)strtoul(r[0], NULL, 10);
        q->row_no = strtoull(r[1], NULL, 10);
        q->key_text = x_strdup(r[2] ? r[2] : "");
        q->reason = x_strdup(r[3] ? r[3] : "");
    }
    mysql_free_result(res);
    return true;
}

bool ledger_read(const struct ledger *l, struct conn *c, struct ledger_state *out, struct err *e)
{
    *out = (struct ledger_state){0};
    bool fine = read_source(l, c, out, e) && read_tabs(l, c, out, e) && read_chunks(l, c, out, e) &&
                read_applied(l, c, out, e) && read_definitions(l, c, out, e) && read_quarantined(l, c, out, e) &&
                read_parts(l, c, out, e);
    if (!fine)
        ledger_state_release(out);
    return fine;
}

void ledger_state_release(struct ledger_state *s)
{
    for (size_t i = 0; i < s->ntabs; i++) {
        for (int k = 0; k < 4; k++)
            free(s->tabs[i].names[k]);
        free(s->tabs[i].state);
    }
    for (size_t i = 0; i < s->nchunks; i++) {
        buf_release(&s->chunks[i].lo);
        buf_release(&s->chunks[i].hi);
    }
    for (size_t i = 0; i < s->ndefinitions; i++)
        free(s->definitions[i].sql);
    ledger_quarantined_release(s->quarantined, s->nquarantined);
    free(s->parts);
    free(s->identity);
    free(s->mark_gtids);
    free(s->tabs);
    free(s->chunks);
    free(s->applied);
    free(s->definitions);
    *s = (struct ledger_state){0};
}

bool ledger_is_applied(const struct ledger_state *s, const struct pos *to)
{
    if (pos_is_set(&s->mark) && pos_cmp(to, &s->mark) <= 0)
        return true;
    size_t lo = 0, hi = s->napplied; /* the first range that ends at or after `to` */
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (pos_cmp(&s->applied[mid].to, to) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < s->napplied && pos_cmp(&s->applied[lo].from, to) < 0;
}

bool ledger_has_part_row(const struct ledger_state *s, const struct pos *begin, uint64_t row)
{
    for (size_t i = 0; i < s->nparts; i++)
        if (row >= s->parts[i].first && row - s->parts[i].first < s->parts[i].rows && pos_cmp(&s->parts[i].begin, begin) == 0)
            return true;
    return false;
}

uint32_t ledger_next_part(const struct ledger_state *s, const struct pos *begin)
{
    uint32_t next = 1;
    for (size_t i = 0; i < s->nparts; i++)
        if (pos_cmp(&s->parts[i].begin, begin) == 0)
            next = TG_MAX(next, s->parts[i].last + 1);
    return next;
}

static bool has_row(const struct ledger *l, struct conn *c, const char *table, const char *tail, bool *out,
                    struct err *e)
{
    MYSQL_RES *res;
    if (!select_of(l, c, "1", table, tail, &res, e))
        return false;
    *out = mysql_num_rows(res) > 0;
    mysql_free_result(res);
    return true;
}

bool ledger_has_applied(const struct ledger *l, struct conn *c, const struct pos *to, uint32_t part,
                        bool *out, struct err *e)
{
    char text[96], tail[200];
    snprintf(tail, sizeof tail, "AND to_pos = '%s' AND part = %u", pos_text(to, text), part);
    return has_row(l, c, "applied", tail, out, e);
}

bool ledger_has_part(const struct ledger *l, struct conn *c, const struct pos *begin, uint32_t part, bool *out, struct err *e)
{
    char text[96], tail[200];
    snprintf(tail, sizeof tail, "AND begin_pos = '%s' AND part = %u", pos_text(begin, text), part);
    return has_row(l, c, "part", tail, out, e);
}

bool ledger_has_chunk(const struct ledger *l, struct conn *c, uint32_t table_id, uint64_t number, bool *out,
                      struct err *e)
{
    char tail[120];
    snprintf(tail, sizeof tail, "AND table_id = %u AND chunk_no = %llu", table_id, (unsigned long long)number);
    return has_row(l, c, "chunk", tail, out, e);
}

bool ledger_find_ddl(const struct ledger *l, struct conn *c, const struct pos *at, char **state,
                     char **before, struct err *e)
{
    char text[96], tail[140];
    MYSQL_RES *res;
    *state = *before = NULL;
    snprintf(tail, sizeof tail, "AND pos = '%s'", pos_text(at, text));
    if (!select_of(l, c, "state, before_hash", "ddl", tail, &res, e))
        return false;
    MYSQL_ROW r = mysql_fetch_row(res);
    if (r) {
        *state = x_strdup(r[0]);
        *before = x_strdup(r[1]);
    }
    mysql_free_result(res);
    return true;
}

bool ledger_read_notes(const struct ledger *l, struct conn *c, const char *kind, ledger_told *told, void *arg, struct err *e)
{
    struct buf tail = {0};
    MYSQL_RES *res;
    if (kind) {
        buf_adds(&tail, "AND kind = ");
        sql_z(&tail, kind);
    }
    buf_adds(&tail, " ORDER BY kind, name, text");
    bool fine = select_of(l, c, "kind, name, text", "note", tail.p, &res, e);
    buf_release(&tail);
    if (!fine)
        return false;
    for (MYSQL_ROW r; (r = mysql_fetch_row(res)) != NULL;)
        told(arg, r[0], r[1], r[2]);
    mysql_free_result(res);
    return true;
}

bool ledger_begin(const struct ledger *l, struct conn *c, const char *job_text, const char *identity,
                  const struct pos *start, const char *gtids, struct err *e)
{
    char text[96];
    struct buf sql = {0};
    buf_adds(&sql, "REPLACE INTO " LEDGER_SCHEMA ".run (name, job, state, at_ms) VALUES (");
    sql_z(&sql, l->run);
    buf_addc(&sql, ',');
    sql_z(&sql, job_text);
    buf_addf(&sql, ",'planned',%lld)", (long long)clock_wall_ms());
    fail_point("begin.before");
    bool fine = conn_exec(c, sql.p, sql.n, NULL, e);
    fail_point("begin.run");
    buf_reset(&sql);
    buf_adds(&sql, "REPLACE INTO " LEDGER_SCHEMA
                   ".source (run,source,identity,start_pos,mark_pos,mark_gtids,file_created) VALUES (");
    sql_z(&sql, l->run);
    buf_addc(&sql, ',');
    sql_z(&sql, l->source);
    buf_addc(&sql, ',');
    sql_z(&sql, identity);
    for (int i = 0; i < 2; i++) {
        buf_addc(&sql, ',');
        sql_z(&sql, pos_is_set(start) ? pos_text(start, text) : "");
    }
    buf_addc(&sql, ',');
    sql_z(&sql, gtids ? gtids : "");
    buf_adds(&sql, ",0)");
    fine = fine && conn_exec(c, sql.p, sql.n, NULL, e);
    fail_point("begin.after");
    buf_release(&sql);
    return fine || err_wrap(e, "while beginning the ledger");
}

bool ledger_set_state(const struct ledger *l, struct conn *c, const char *state, struct err *e)
{
    fail_point("state.before");
    bool fine = conn_execf(c, e, "UPDATE " LEDGER_SCHEMA ".run SET state = '%s', at_ms = %lld WHERE name = '%s'",
                           state, (long long)clock_wall_ms(), l->run);
    fail_point("state.after");
    return fine;
}
