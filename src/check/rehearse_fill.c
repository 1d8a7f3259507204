// SPDX-License-Identifier: Apache-2.0
/* The scratch table at the source: its columns, and values for them. The person's own values come by a subquery, so that
 * not a byte of them passes through us on its way there. */
#include "check/rehearse_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define REAL_ROWS 7u                  /* of SAMPLE_ROWS; the others hold the ends of the type */
#define ENDS 4u

/* ---- the table ---- */

struct table *probe_table(const struct probe *p, uint32_t n, const struct conn *source, const char *schema, const char *name, struct buf *sql, struct err *e)
{
    struct column *columns = x_alloc((n + 1) * sizeof *columns);
    struct key_part part = {0};
    struct key primary = {.name = (char[]){"PRIMARY"}, .is_unique = true, .nparts = 1, .parts = &part};
    struct table t = {.schema = x_strdup(schema), .name = x_strdup(name), .charset = (char[]){"utf8mb4"}, .collation = (char[]){"utf8mb4_bin"},
                      .engine = (char[]){"InnoDB"}, .ncolumns = n + 1, .nkeys = 1, .columns = columns, .keys = &primary};
    struct ddl_context cx = ddl_context_of(&source->server, str_of(schema));
    columns[0] = (struct column){.name = (char[]){"k"}, .type_text = (char[]){"int"}, .collation = (char[]){""}, .cls = COL_INT};
    for (uint32_t i = 0; i < n; i++) {
        columns[i + 1] = *p[i].column;
        columns[i + 1].name = x_format("c%u", i);
        columns[i + 1].is_nullable = true;
        columns[i + 1].is_generated = columns[i + 1].is_auto_increment = columns[i + 1].is_invisible = false;
    }
    buf_reset(sql);
    table_to_sql(&t, sql);
    for (uint32_t i = 0; i < n; i++)
        free(columns[i + 1].name);
    free(columns);
    free(t.schema);
    free(t.name);
    return table_from_sql(sql->p, sql->n, &cx, e);
}

/* ---- the ends of each type ---- */

static void nines(struct buf *out, const struct column *c)
{
    for (uint32_t i = 0; i + c->dec < c->length; i++)
        buf_addc(out, '9');
    if (c->length == c->dec)
        buf_addc(out, '0');
    if (c->dec)
        buf_addc(out, '.');
    for (uint32_t i = 0; i < c->dec; i++)
        buf_addc(out, '9');
}

static void integer_end(struct buf *out, const struct column *c, uint32_t which)
{
    static const unsigned bits[] = {8, 16, 24, 32, 64};
    unsigned n = bits[c->cls - COL_TINY];
    uint64_t top = UINT64_MAX >> (64 - n + (c->is_unsigned ? 0 : 1));
    if (which == 2 && !c->is_unsigned)
        buf_addf(out, "-%" PRIu64, top + 1);
    else
        buf_addf(out, "%" PRIu64, which == 3 ? top : (uint64_t)which);
}

static const char *plain_end(const struct column *c, uint32_t which)
{
    static const char *const floats[] = {"0", "1.1", "-16777216", "3.4e38"}, *const doubles[] = {"0", "0.1", "-1.5e300", "1e-300"};
    static const char *const texts[] = {"''", "'A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\\\\\\n\\t\\''", "'trailing '", "'\xc3\x84\xe4\xb8\xad\\0\\r\"%'"};
    static const char *const bytes[] = {"x''", "x'00ff'", "x'0d0a095c271a'", "x'e28280f0'"};
    static const char *const dates[] = {"'1970-01-01'", "'2024-02-29'", "'1000-01-01'", "'9999-12-31'"};
    static const char *const times[] = {"'00:00:00'", "'-00:00:01.5'", "'-838:59:59'", "'838:59:59'"};
    static const char *const datetimes[] = {"'1970-01-01 00:00:00'", "'2024-02-29 23:59:58.123456'", "'1000-01-01 00:00:00'", "'9999-12-31 23:59:59'"};
    static const char *const stamps[] = {"'1970-01-02 00:00:01'", "'2024-02-29 12:00:00.654321'", "'2001-09-09 01:46:40'", "'2038-01-19 03:14:07'"};
    static const char *const years[] = {"0", "2024", "1901", "2155"}, *const inet4[] = {"'0.0.0.0'", "'10.1.2.3'", "'127.0.0.1'", "'255.255.255.255'"};
    static const char *const json[] = {"'{\"b\": [1, 2.5, \"\xc3\xa9\", null, true], \"a\": {}}'", "'\"text\\\\n\"'", "'[]'", "'-9007199254740993'"};
    static const char *const uuids[] = {"'00000000-0000-0000-0000-000000000000'", "'123e4567-e89b-12d3-a456-426655440000'",
                                        "'123e4567-e89b-42d3-8456-426655440000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"};
    static const char *const inet6[] = {"'::'", "'2001:db8::1'", "'::ffff:10.1.2.3'", "'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'"};
    static const char *const bits[] = {"0", "1", "2", "18446744073709551615"};
    switch (c->cls) {
    case COL_FLOAT: return floats[which];
    case COL_DOUBLE: return doubles[which];
    case COL_BIT: return bits[which];
    case COL_CHAR:
    case COL_VARCHAR:
    case COL_TEXT: return texts[which];
    case COL_BINARY:
    case COL_VARBINARY:
    case COL_BLOB: return bytes[which];
    case COL_DATE: return dates[which];
    case COL_TIME: return times[which];
    case COL_DATETIME: return datetimes[which];
    case COL_TIMESTAMP: return stamps[which];
    case COL_YEAR: return years[which];
    case COL_JSON: return json[which];
    case COL_UUID: return uuids[which];
    case COL_INET4: return inet4[which];
    case COL_INET6: return inet6[which];
    default: return NULL;
    }
}

/* The session at a source is not strict: what does not fit is cut to what does, and that is then compared. */
static void add_end(struct buf *out, const struct column *c, uint32_t row)
{
    uint32_t which = row % (ENDS + 1);
    const char *plain = which < ENDS ? plain_end(c, which) : NULL;
    if (plain) {
        buf_adds(out, plain);
    } else if (which == ENDS || c->cls == COL_GEOMETRY) {
        bool is_point = which < ENDS && (strcasecmp(c->type_text, "geometry") == 0 || strcasecmp(c->type_text, "point") == 0);
        buf_adds(out, is_point ? "ST_GeomFromText('POINT(1.5 -2)')" : "NULL");
    } else if (c->cls == COL_DECIMAL) {
        buf_adds(out, which == 2 && !c->is_unsigned ? "-" : "");
        if (which >= 2)
            nines(out, c);
        else
            buf_addf(out, "%u", which);
    } else if (c->cls == COL_ENUM) {
        buf_addf(out, "%u", which % 2 ? c->nmembers : 1);
    } else if (c->cls == COL_SET) {
        buf_addf(out, "%" PRIu64, which % 2 ? UINT64_MAX >> (64 - TG_MAX(c->nmembers, 1u)) : (uint64_t)(which / 2));
    } else {
        integer_end(out, c, which);
    }
}

static bool insert_ends(struct conn *c, uint32_t n, const struct table *def, struct err *e)
{
    struct buf sql = {0};
    buf_adds(&sql, "INSERT INTO ");
    sql_table(&sql, def->schema, def->name);
    buf_adds(&sql, " VALUES ");
    for (uint32_t row = 0; row < SAMPLE_ROWS; row++) {
        buf_addf(&sql, "%s(%u", row ? "," : "", row + 1);
        for (uint32_t i = 0; i < n; i++) {
            buf_addc(&sql, ',');
            add_end(&sql, &def->columns[i + 1], row);
        }
        buf_addc(&sql, ')');
    }
    bool fine = conn_exec(c, sql.p, sql.n, NULL, e);
    buf_release(&sql);
    return fine;
}

/* ---- real values ---- */

static bool may_be_large(const struct column *c)
{
    return c->cls == COL_TEXT || c->cls == COL_BLOB || c->cls == COL_JSON || c->cls == COL_GEOMETRY;
}

static bool count_rows(struct conn *c, const struct table *t, uint32_t *out, struct err *e)
{
    struct buf sql = {0};
    char value[24] = "0";
    buf_adds(&sql, "SELECT COUNT(*) FROM (SELECT 1 FROM ");
    sql_table(&sql, t->schema, t->name);
    buf_addf(&sql, " LIMIT %u) AS x", REAL_ROWS);
    bool fine = conn_value(c, sql.p, value, sizeof value, e);
    *out = (uint32_t)strtoul(value, NULL, 10);
    buf_release(&sql);
    return fine;
}

static void add_real(struct buf *sql, const struct probe *p, uint32_t i, uint32_t row)
{
    struct buf name = {0};
    sql_ident(&name, p->column->name);
    buf_addf(sql, "c%u=(SELECT ", i);
    if (may_be_large(p->column))
        buf_addf(sql, "IF(LENGTH(%s)>%u,NULL,%s)", name.p, SAMPLE_BYTES, name.p);
    else
        buf_adds(sql, name.p);
    buf_adds(sql, " FROM ");
    sql_table(sql, p->table->schema, p->table->name);
    buf_addf(sql, " LIMIT 1 OFFSET %u)", row);
    buf_release(&name);
}

static bool update_row(struct conn *c, const struct probe *p, uint32_t n, const uint32_t *nreal, const struct table *def, uint32_t row, struct err *e)
{
    struct buf sql = {0};
    uint32_t set = 0;
    buf_adds(&sql, "UPDATE ");
    sql_table(&sql, def->schema, def->name);
    buf_adds(&sql, " SET ");
    for (uint32_t i = 0; i < n; i++)
        if (row < nreal[i]) {
            buf_adds(&sql, set++ ? "," : "");
            add_real(&sql, &p[i], i, row);
        }
    buf_addf(&sql, " WHERE k=%u", row + 1);
    bool fine = set == 0 || conn_exec(c, sql.p, sql.n, NULL, e);
    buf_release(&sql);
    return fine;
}

bool probe_fill(struct conn *c, const struct probe *p, uint32_t n, const struct table *def, struct err *e)
{
    uint32_t *nreal = x_alloc(n * sizeof *nreal);
    /* Else InnoDB locks the rows that a subquery reads. */
    bool fine = conn_execf(c, e, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED") && insert_ends(c, n, def, e);
    for (uint32_t i = 0; fine && i < n; i++)
        fine = i && p[i].table == p[i - 1].table ? (nreal[i] = nreal[i - 1], true) : count_rows(c, p[i].table, &nreal[i], e);
    for (uint32_t row = 0; fine && row < REAL_ROWS; row++)
        fine = update_row(c, p, n, nreal, def, row, e);
    free(nreal);
    return fine;
}

/* ---- without a scratch table at the source ---- */

static bool read_real(struct conn *c, const struct probe *p, MYSQL_RES **out, struct err *e)
{
    struct buf sql = {0}, name = {0};
    const char *end = "";
    char limit[64];
    snprintf(limit, sizeof limit, ">%u,NULL,", SAMPLE_BYTES);
    sql_ident(&name, p->column->name);
    buf_adds(&sql, "SELECT ");
    for (unsigned strict = 0; strict < 2; strict++) {
        if (may_be_large(p->column)) {
            buf_addf(&sql, "IF(LENGTH(%s)%s", name.p, limit);
            end = ")";
        }
        (strict ? col_strict_expr : col_read_expr)(&sql, p->column);
        buf_addf(&sql, "%s%s", end, strict ? "" : ",");
    }
    buf_adds(&sql, " FROM ");
    sql_table(&sql, p->table->schema, p->table->name);
    buf_addf(&sql, " LIMIT %u", SAMPLE_ROWS);
    bool fine = conn_query(c, sql.p, out, e);
    buf_release(&sql);
    buf_release(&name);
    return fine;
}

bool sample_real(struct conn *source, const struct probe *p, uint32_t n, struct sample *read, struct sample *strict, struct err *e)
{
    MYSQL_RES **res = x_alloc(n * sizeof(MYSQL_RES *));
    struct cell *a = x_alloc(n * sizeof *a), *b = x_alloc(n * sizeof *b);
    bool fine = true, any = true;
    read->ncolumns = strict->ncolumns = n;
    for (uint32_t i = 0; fine && i < n; i++)
        fine = read_real(source, &p[i], &res[i], e);
    for (uint32_t row = 0; fine && any && row < SAMPLE_ROWS; row++) {
        any = false;
        for (uint32_t i = 0; i < n; i++) {
            MYSQL_ROW v = mysql_fetch_row(res[i]);
            unsigned long *size = v ? mysql_fetch_lengths(res[i]) : NULL;
            a[i] = v ? (struct cell){v[0], (uint32_t)size[0]} : (struct cell){0};
            b[i] = v ? (struct cell){v[1], (uint32_t)size[1]} : (struct cell){0};
            any = any || v;
            read->nvalues += v != NULL;
            read->ntypes += v && row == 0;
        }
        if (any) {
            sample_put(read, row, a);
            sample_put(strict, row, b);
        }
    }
    for (uint32_t i = 0; i < n; i++)
        mysql_free_result(res[i]);
    free(a);
    free(b);
    free(res);
    return fine;
}
