// SPDX-License-Identifier: Apache-2.0
/* From a batch to statements, a packet at a time, so that a large chunk never stands twice in memory as text. */
#include "apply/private.h"

#include <stdlib.h>

#define KEEP_BYTES ((size_t)4 << 20)   /* a packet that held a large row gives its memory back */

void packet_reset(struct packet *p)
{
    if (p->sql.cap > KEEP_BYTES)
        buf_release(&p->sql);
    buf_reset(&p->sql);
    p->n = p->nloads = 0;
}

void packet_begin_statement(struct packet *p, enum expect_kind kind, uint64_t rows, const struct batch_part *part)
{
    if (p->sql.n)
        buf_addc(&p->sql, ';');
    if (p->n == PACKET_STATEMENTS)
        tg_bug("a packet of more than %d statements", PACKET_STATEMENTS);
    p->expect[p->n++] = (struct expect){kind, rows, part, 0};
}

static void column_list(struct buf *out, const struct table *def)
{
    bool first = true;
    for (uint32_t i = 0; i < def->ncolumns; i++) {
        if (def->columns[i].is_generated)
            continue;
        if (!first)
            buf_addc(out, ',');
        sql_ident(out, def->columns[i].name);
        first = false;
    }
}

static void row_values(struct buf *out, const struct table *def, const struct cell *cells)
{
    char sep = '(';
    for (uint32_t i = 0; i < def->ncolumns; i++) {
        if (def->columns[i].is_generated)
            continue;
        buf_addc(out, sep);
        encode_value(out, &def->columns[i], cells[i]);
        sep = ',';
    }
    buf_addc(out, ')');
}

/* Whether the row may be added to what the packet holds; a guess that is never too small for rows that fit alone. */
static bool has_room(const struct packet *p, const struct sql_limits *l, size_t row_bytes)
{
    return !l->packet_max || p->sql.n + 2 * row_bytes + 4096 <= l->packet_max;
}

static uint32_t fill_insert(struct packet *p, const struct batch_part *part, struct cursor *c,
                            struct cell *cells, const struct sql_limits *l)
{
    const struct table *def = part->def;
    uint32_t n = 0;
    size_t from = p->sql.n;
    buf_adds(&p->sql, "INSERT INTO ");
    sql_table(&p->sql, def->target_schema, def->target_name);
    buf_adds(&p->sql, " (");
    column_list(&p->sql, def);
    buf_adds(&p->sql, ") VALUES ");
    while (c->row < part->ins.n && (n == 0 || p->sql.n - from < l->statement_bytes)) {
        size_t size = row_unpack(part->ins.data.p + c->at, def->ncolumns, cells);
        if (n && !has_room(p, l, size))
            break;
        if (size > KEEP_BYTES)
            buf_reserve(&p->sql, size + size / 8);
        c->at += size;
        if (n++)
            buf_addc(&p->sql, ',');
        row_values(&p->sql, def, cells);
        c->row++;
    }
    return n;
}

static const struct column *key_column(const struct table *def, uint32_t part)
{
    return &def->columns[def->keys[def->row_key].parts[part].column];
}

static void byte_literal(struct buf *out, struct cell v)
{
    static const char digits[] = "0123456789abcdef";
    buf_adds(out, "x'");
    for (uint32_t i = 0; i < v.n; i++) {
        buf_addc(out, digits[(unsigned char)v.p[i] >> 4]);
        buf_addc(out, digits[v.p[i] & 15]);
    }
    buf_addc(out, '\'');
}

/* The target may hold for equal what differs in bytes: the key's condition needs a second one, by bytes. */
static bool is_ambiguous(const struct column *c)
{
    return !c->is_exact && (col_is_text(c->cls) || c->cls == COL_ENUM || c->cls == COL_SET);
}

static bool is_ambiguous_key(const struct table *def)
{
    bool any = false;
    for (uint32_t i = 0; i < def->keys[def->row_key].nparts; i++)
        any = any || is_ambiguous(key_column(def, i));
    return any;
}

/* "`c` AND …" of one column, n > 1 values: the same set, by bytes. */
static void in_bytes(struct buf *out, const struct column *c, const struct cell *values, uint32_t n)
{
    buf_adds(out, " AND CAST(CONVERT(");
    sql_ident(out, c->name);
    buf_adds(out, " USING utf8mb4) AS BINARY) IN (");
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            buf_addc(out, ',');
        byte_literal(out, values[i]);
    }
    buf_addc(out, ')');
}

/* Keys of one column. A one-element IN would be folded away by TiDB together with the condition behind it. */
static void in_condition(struct buf *out, const struct column *c, const struct cell *values, uint32_t n,
                         const struct sql_limits *l)
{
    if (n == 1 && is_ambiguous(c)) {
        encode_match(out, c, values[0], l->flavour);
        return;
    }
    sql_ident(out, c->name);
    buf_adds(out, " IN (");
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            buf_addc(out, ',');
        encode_literal(out, c, values[i]);
    }
    buf_addc(out, ')');
    if (is_ambiguous(c))
        in_bytes(out, c, values, n);
}

/* Keys of several columns, `width` cells each. TiDB takes row constructors to its point reads, MariaDB only plain
 * equations to its ranges. */
static void tuple_condition(struct buf *out, const struct table *def, const struct cell *keys, uint32_t n,
                            const struct sql_limits *l)
{
    uint32_t width = def->keys[def->row_key].nparts;
    bool is_tuple = l->flavour == DB_TIDB;
    for (uint32_t i = 0; is_tuple && i < width; i++) {
        buf_addc(out, i ? ',' : '(');
        sql_ident(out, key_column(def, i)->name);
    }
    buf_adds(out, is_tuple ? ") IN (" : "(");
    for (uint32_t r = 0; r < n; r++) {
        if (r)
            buf_adds(out, is_tuple ? "," : " OR ");
        for (uint32_t i = 0; i < width; i++) {
            buf_adds(out, i == 0 ? "(" : is_tuple ? "," : " AND ");
            if (!is_tuple) {
                sql_ident(out, key_column(def, i)->name);
                buf_addc(out, '=');
            }
            encode_literal(out, key_column(def, i), keys[r * width + i]);
        }
        buf_addc(out, ')');
    }
    buf_addc(out, ')');
}

/* A text per key that differs when any byte of it does: bytes and texts in hex, the rest as the server prints it. */
static void pair_values(struct buf *out, const struct column *c, struct cell v)
{
    if (!col_is_text(c->cls) && !col_is_bytes(c->cls) && c->cls != COL_ENUM && c->cls != COL_SET) {
        buf_add(out, v.p, v.n);
        return;
    }
    for (uint32_t i = 0; i < v.n; i++)
        buf_addf(out, "%02X", (unsigned char)v.p[i]);
}

static void pair_expression(struct buf *out, const struct column *c)
{
    if (col_is_bytes(c->cls)) {
        buf_adds(out, "HEX(");
        sql_ident(out, c->name);
        buf_addc(out, ')');
    } else if (col_is_text(c->cls) || c->cls == COL_ENUM || c->cls == COL_SET) {
        buf_adds(out, "HEX(CAST(CONVERT(");
        sql_ident(out, c->name);
        buf_adds(out, " USING utf8mb4) AS BINARY))");
    } else {
        col_read_expr(out, c);
    }
}

/* " AND CONCAT_WS(…) IN (…)": the very keys of the list, by bytes. Always two elements, for TiDB's sake. */
static void tuple_bytes(struct buf *out, const struct table *def, const struct cell *keys, uint32_t n)
{
    uint32_t width = def->keys[def->row_key].nparts;
    buf_adds(out, " AND CONCAT_WS('.'");
    for (uint32_t i = 0; i < width; i++) {
        buf_addc(out, ',');
        pair_expression(out, key_column(def, i));
    }
    buf_adds(out, ") IN (''");
    for (uint32_t r = 0; r < n; r++) {
        buf_adds(out, ",'");
        for (uint32_t i = 0; i < width; i++) {
            if (i)
                buf_addc(out, '.');
            pair_values(out, key_column(def, i), keys[r * width + i]);
        }
        buf_addc(out, '\'');
    }
    buf_addc(out, ')');
}

static void match_columns(struct buf *out, const struct table *def, const struct cell *cells,
                          const struct sql_limits *l)
{
    bool first = true;
    for (uint32_t i = 0; i < def->ncolumns; i++) {
        if (def->columns[i].is_generated && !def->columns[i].is_stored)
            continue;
        if (!first)
            buf_adds(out, " AND ");
        encode_match(out, &def->columns[i], cells[i], l->flavour);
        first = false;
    }
}

struct delete_source {                /* keys from part->del, or own keys of part->ins */
    const struct rows *rows;
    bool is_full;                     /* rows are whole; the key is picked */
};

static uint32_t next_key(const struct batch_part *part, const struct delete_source *s, struct cursor *c,
                         struct cell *cells, struct cell *key)
{
    const struct table *def = part->def;
    if (s->is_full) {
        c->at += row_unpack(s->rows->data.p + c->at, def->ncolumns, cells);
        row_key_cells(def, cells, key);
    } else {
        c->at += row_unpack(s->rows->data.p + c->at, def->keys[def->row_key].nparts, key);
    }
    c->row++;
    return def->keys[def->row_key].nparts;
}

#define KEYS_A_STATEMENT 500

static uint32_t fill_delete_keyed(struct packet *p, const struct batch_part *part, const struct delete_source *s,
                                  struct cursor *c, struct cell *cells, const struct sql_limits *l)
{
    const struct table *def = part->def;
    uint32_t n = 0, width = def->keys[def->row_key].nparts;
    size_t bytes = 0;
    struct cell *keys = x_alloc(KEYS_A_STATEMENT * width * sizeof *keys);
    while (c->row < s->rows->n && n < KEYS_A_STATEMENT && bytes < l->statement_bytes) {
        next_key(part, s, c, cells, keys + n * width);
        for (uint32_t i = 0; i < width; i++)
            bytes += keys[n * width + i].n * 3u + 8;
        n++;
    }
    buf_adds(&p->sql, "DELETE FROM ");
    sql_table(&p->sql, def->target_schema, def->target_name);
    buf_adds(&p->sql, " WHERE ");
    if (width == 1) {
        in_condition(&p->sql, key_column(def, 0), keys, n, l);
    } else {
        tuple_condition(&p->sql, def, keys, n, l);
        if (is_ambiguous_key(def))
            tuple_bytes(&p->sql, def, keys, n);
    }
    free(keys);
    return n;
}

static void fill_delete_rowids(struct packet *p, const struct batch_part *part, const struct rowids *ids, struct cursor *c,
                               const struct sql_limits *l)
{
    uint32_t n = 0;
    size_t from = p->sql.n;
    packet_begin_statement(p, EXPECT_ROWS_FOUND, 0, part);
    buf_adds(&p->sql, "DELETE FROM ");
    sql_table(&p->sql, part->def->target_schema, part->def->target_name);
    buf_adds(&p->sql, " WHERE _tidb_rowid IN (");
    for (; c->row < ids->n && (n == 0 || p->sql.n - from < l->statement_bytes); c->row++)
        buf_addf(&p->sql, "%s%s", n++ ? "," : "", ids->list[c->row]);
    buf_addc(&p->sql, ')');
    p->expect[p->n - 1].rows = n;
}

static void fill_delete(struct packet *p, const struct batch_part *part, const struct delete_source *s,
                        struct cursor *c, struct cell *cells, const struct sql_limits *l)
{
    const struct table *def = part->def;
    const struct rowids *ids = l->rowids ? &l->rowids[c->part] : NULL;
    if (ids && ids->is_known) {
        fill_delete_rowids(p, part, ids, c, l);
        return;
    }
    packet_begin_statement(p, part->must_find ? EXPECT_ROWS_FOUND : EXPECT_ANY, 0, part);
    struct expect *x = &p->expect[p->n - 1];
    if (def->row_key >= 0) {
        x->rows = fill_delete_keyed(p, part, s, c, cells, l);
        return;
    }
    c->at += row_unpack(s->rows->data.p + c->at, def->ncolumns, cells);
    c->row++;
    buf_adds(&p->sql, "DELETE FROM ");
    sql_table(&p->sql, def->target_schema, def->target_name);
    buf_adds(&p->sql, " WHERE ");
    match_columns(&p->sql, def, cells, l);
    buf_adds(&p->sql, " LIMIT 1");
    x->rows = 1;
}

static void next_phase(struct cursor *c)
{
    c->row = 0;
    c->at = 0;
    if (c->phase == CURSOR_INSERT)
        c->part++;
    c->phase = c->phase == CURSOR_DELETE ? CURSOR_INSERT : CURSOR_DELETE;
}

void packet_fill(struct packet *p, const struct batch *b, struct cursor *c, const struct sql_limits *l)
{
    while (c->part < b->nparts) {
        const struct batch_part *part = &b->parts[c->part];
        struct delete_source s = {&part->del, false};
        if (l->own_keys && part->def->row_key >= 0)
            s = (struct delete_source){&part->ins, true};
        const struct rowids *ids = l->rowids ? &l->rowids[c->part] : NULL;
        uint32_t end = c->phase == CURSOR_INSERT ? part->ins.n : ids && ids->is_known ? ids->n : s.rows->n;
        if (c->row >= end) {
            next_phase(c);
            continue;
        }
        if (p->sql.n >= l->packet_bytes || p->n + 6 >= PACKET_STATEMENTS)
            return;
        struct cell *cells = x_alloc(part->def->ncolumns * sizeof *cells);
        if (c->phase == CURSOR_INSERT && p->n > 1 &&
            !has_room(p, l, row_unpack(part->ins.data.p + c->at, part->def->ncolumns, cells))) {
            free(cells);
            return; /* a large row begins a packet of its own */
        }
        if (c->phase == CURSOR_DELETE) {
            fill_delete(p, part, &s, c, cells, l);
        } else if (l->load && load_pays(part, c->at)) {
            load_statement(p, part, c, l);
        } else {
            packet_begin_statement(p, EXPECT_INSERTED, 0, part);
            p->expect[p->n - 1].rows = fill_insert(p, part, c, cells, l);
        }
        free(cells);
    }
    c->is_at_end = true;
}
