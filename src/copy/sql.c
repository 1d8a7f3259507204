// SPDX-License-Identifier: Apache-2.0
/* Ranges are compared by the server, in its own order of the key, never by arithmetic of ours. ENUM and SET columns
 * of a key are ordered by their number at the server, so their bounds are written as numbers. */
#include "copy/private.h"

#include <stdio.h>
#include <stdlib.h>

static const struct column *key_column(const struct table *def, uint32_t part)
{
    return &def->columns[def->keys[def->row_key].parts[part].column];
}

/* Index of an ENUM member, bitmap of a SET. */
static uint64_t member_number(const struct column *c, struct cell v)
{
    uint64_t bits = 0;
    for (uint32_t i = 0; i < c->nmembers; i++) {
        struct str m = str_of(c->members[i]);
        if (c->cls == COL_ENUM && m.n == v.n && memcmp(m.p, v.p, m.n) == 0)
            return i + 1;
        for (const char *p = v.p, *end = v.p + v.n; c->cls == COL_SET && p < end;) {
            const char *comma = memchr(p, ',', (size_t)(end - p));
            size_t n = (size_t)((comma ? comma : end) - p);
            if (n == m.n && memcmp(p, m.p, n) == 0)
                bits |= (uint64_t)1 << i;
            p += n + 1;
        }
    }
    return bits;
}

enum { LISTED_SET_MEMBERS = 8 };      /* 256 values; a larger SET is compared as a number, which no index helps */

/* The servers use an index for members that are equal to a number, never for less or more (an ENUM's texts sort
 * otherwise). So "more than 3" is written as the list of those that are more. */
static uint64_t listed_values(const struct column *c)
{
    if (c->cls == COL_ENUM)
        return (uint64_t)c->nmembers + 1; /* 0: what was refused as a value in a session without strict mode */
    return c->cls == COL_SET && c->nmembers <= LISTED_SET_MEMBERS ? (uint64_t)1 << c->nmembers : 0;
}

enum relation { IS_EQUAL, IS_LESS, IS_LESS_EQUAL, IS_MORE };

static void listed(struct buf *out, enum relation how, uint64_t v, uint64_t nvalues)
{
    uint64_t from = how == IS_MORE ? v + 1 : 0;
    uint64_t end = how == IS_LESS ? v : how == IS_LESS_EQUAL ? v + 1 : nvalues;
    buf_adds(out, " IN (");
    if (from >= end)
        buf_adds(out, "NULL"); /* true for none */
    for (uint64_t i = from; i < end; i++)
        buf_addf(out, "%s%llu", i > from ? "," : "", (unsigned long long)i);
    buf_addc(out, ')');
}

static void relation(struct buf *out, const struct column *c, enum relation how, struct cell v)
{
    static const char *const words[] = {" = ", " < ", " <= ", " > "};
    bool is_member = c->cls == COL_ENUM || c->cls == COL_SET;
    uint64_t number = is_member ? member_number(c, v) : 0, nvalues = listed_values(c);
    sql_ident(out, c->name);
    if (how != IS_EQUAL && nvalues) {
        listed(out, how, number, nvalues);
        return;
    }
    buf_adds(out, words[how]);
    if (is_member)
        buf_addf(out, "%llu", (unsigned long long)number);
    else
        encode_literal(out, c, v);
}

/* a > x OR (a = x AND (b > y OR (b = y AND …))). Nested: written flat, with a = x repeated in each branch, MySQL 5.6
 * takes no more than the first columns for its range from four on, and reads all rows that share those. The last part
 * of a high bound is inclusive. */
static void bound(struct buf *out, const struct table *def, const struct buf *packed, bool is_low)
{
    struct cell v[16];
    uint32_t n = def->keys[def->row_key].nparts;
    row_unpack(packed->p, n, v);
    for (uint32_t i = 0; i < n; i++) {
        const struct column *c = key_column(def, i);
        buf_addc(out, '(');
        relation(out, c, is_low ? IS_MORE : i + 1 == n ? IS_LESS_EQUAL : IS_LESS, v[i]);
        if (i + 1 < n) {
            buf_adds(out, " OR (");
            relation(out, c, IS_EQUAL, v[i]);
            buf_adds(out, " AND ");
        }
    }
    for (uint32_t i = 0; i < n; i++)
        buf_adds(out, i + 1 < n ? "))" : ")");
}

void sql_range(struct buf *out, const struct table *def, const struct chunk *k)
{
    if (k->has_lo || k->has_hi)
        buf_adds(out, " WHERE ");
    if (k->has_lo)
        bound(out, def, &k->lo, true);
    if (k->has_lo && k->has_hi)
        buf_adds(out, " AND ");
    if (k->has_hi)
        bound(out, def, &k->hi, false);
}

static void from_key(struct buf *out, const struct table *def)
{
    buf_adds(out, " FROM ");
    sql_table(out, def->schema, def->name);
    buf_adds(out, " FORCE INDEX (");
    sql_ident(out, def->keys[def->row_key].name);
    buf_addc(out, ')');
}

static void order_by_key(struct buf *out, const struct table *def)
{
    for (uint32_t i = 0; i < def->keys[def->row_key].nparts; i++) {
        buf_adds(out, i ? "," : " ORDER BY ");
        sql_ident(out, key_column(def, i)->name);
    }
}

/* A border travels as utf8mb4 text and must come back as the same code: charsets have codes without a character, and
 * several codes for one. Rows with such keys are never borders. */
static void add_exact_keys(struct buf *out, const struct table *def, bool has_where)
{
    char charset[64];
    struct buf name = {0};
    for (uint32_t i = 0; i < def->keys[def->row_key].nparts; i++) {
        const struct column *c = key_column(def, i);
        if (!col_is_text(c->cls) || c->charset != CS_OTHER)
            continue;
        snprintf(charset, sizeof charset, "%.*s", (int)strcspn(c->collation, "_"), c->collation);
        buf_reset(&name);
        sql_ident(&name, c->name);
        buf_addf(out, "%sCAST(CONVERT(CONVERT(%s USING utf8mb4) USING %s) AS BINARY)=CAST(%s AS BINARY)",
                 has_where ? " AND " : " WHERE ", name.p, charset, name.p);
        has_where = true;
    }
    buf_release(&name);
}

void sql_border(struct buf *out, const struct table *def, const struct chunk *k, uint32_t n)
{
    buf_adds(out, "SELECT ");
    for (uint32_t i = 0; i < def->keys[def->row_key].nparts; i++) {
        if (i)
            buf_addc(out, ',');
        col_read_expr(out, key_column(def, i));
    }
    from_key(out, def);
    sql_range(out, def, k);
    add_exact_keys(out, def, k->has_lo || k->has_hi);
    order_by_key(out, def);
    buf_addf(out, " LIMIT 1 OFFSET %u", n - 1);
}

void sql_select_list(struct buf *out, const struct table *def)
{
    buf_adds(out, "SELECT ");
    for (uint32_t i = 0; i < def->ncolumns; i++) {
        if (i)
            buf_addc(out, ',');
        col_read_expr(out, &def->columns[i]);
    }
}

void sql_chunk(struct buf *out, const struct table *def, const struct chunk *k)
{
    sql_select_list(out, def);
    from_key(out, def);
    sql_range(out, def, k);
    order_by_key(out, def);
}
