// SPDX-License-Identifier: Apache-2.0
// Helpers of the type system: how a column is read, how names and texts are quoted. sql_text is on
// the hot path of every copied row, so it looks for the three bytes that need an escape eight bytes
// at a time and copies the runs between them whole. Nothing else needs one: the session is pinned
// to utf8mb4, where no character contains a quote or a backslash as a trailing byte.
#include "db/type.h"

#include <stdlib.h>

void sql_ident(struct buf *out, const char *name)
{
    buf_addc(out, '`');
    for (const char *tick; (tick = strchr(name, '`')); name = tick + 1) {
        buf_add(out, name, (size_t)(tick - name));
        buf_add(out, "``", 2);
    }
    buf_adds(out, name);
    buf_addc(out, '`');
}

void sql_table(struct buf *out, const char *schema, const char *table)
{
    sql_ident(out, schema);
    buf_addc(out, '.');
    sql_ident(out, table);
}

bool col_is_formatted(const struct column *c)
{
    if (!c->type_text || c->cls < COL_TINY || c->cls > COL_DOUBLE)
        return false;
    return strcasestr(c->type_text, "zerofill") ||
           (c->cls == COL_DOUBLE && strchr(c->type_text, '('));
}

bool col_is_rounded(const struct column *c)
{
    return c->cls == COL_DOUBLE && c->type_text && strchr(c->type_text, '(') &&
           !strcasestr(c->type_text, "zerofill");
}

void col_read_expr(struct buf *out, const struct column *c)
{
    sql_ident(out, c->name);
    bool is_formatted = col_is_formatted(c) && !col_is_rounded(c);
    if (c->cls == COL_FLOAT || (c->cls == COL_DOUBLE && is_formatted))
        buf_add(out, "+0e0", 4);
    else if (c->cls == COL_BIT || is_formatted)
        buf_add(out, "+0", 2);
}

void col_strict_expr(struct buf *out, const struct column *c)
{
    struct buf name = {0};
    bool may_lose = col_is_text(c->cls) && (c->charset == CS_OTHER || c->charset == CS_ASCII);
    if (!may_lose) {
        col_read_expr(out, c);
        return;
    }
    sql_ident(&name, c->name);
    buf_addf(out,
             "IF(CHAR_LENGTH(REPLACE(CONVERT(%s USING utf8mb4),'?',''))>=CHAR_LENGTH(REPLACE(%s,'?','')),"
             "CONVERT(%s USING utf8mb4),CONCAT('no Unicode for 0x',HEX(%s)))",
             name.p, name.p, name.p, name.p);
    buf_release(&name);
}

static inline uint64_t has_zero(uint64_t v)
{
    return (v - UINT64_C(0x0101010101010101)) & ~v & UINT64_C(0x8080808080808080);
}

// Length of the run at p without ' \ and NUL.
static size_t plain_run(const char *p, size_t n)
{
    const uint64_t quote = UINT64_C(0x2727272727272727), slash = UINT64_C(0x5c5c5c5c5c5c5c5c);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t v;
        memcpy(&v, p + i, 8);
        if (has_zero(v) | has_zero(v ^ quote) | has_zero(v ^ slash))
            break;
    }
    while (i < n && p[i] != '\'' && p[i] != '\\' && p[i] != 0)
        i++;
    return i;
}

void sql_text(struct buf *out, const char *p, size_t n)
{
    buf_reserve(out, n + 2);
    out->p[out->n++] = '\'';
    for (size_t left = n;;) {
        size_t run = plain_run(p, left);
        memcpy(out->p + out->n, p, run);
        out->n += run;
        if (run == left)
            break;
        buf_reserve(out, left - run + 2);
        out->p[out->n++] = '\\';
        out->p[out->n++] = p[run] ? p[run] : '0';
        p += run + 1;
        left -= run + 1;
    }
    buf_addc(out, '\'');
}

void column_release(struct column *c)
{
    free(c->name);
    free(c->type_text);
    free(c->collation);
    for (uint32_t i = 0; i < c->nmembers; i++)
        free(c->members[i]);
    free(c->members);
    *c = (struct column){0};
}

static char *dup_or_null(const char *z)
{
    return z ? x_strdup(z) : NULL;
}

void column_copy(struct column *to, const struct column *from)
{
    *to = *from;
    to->name = dup_or_null(from->name);
    to->type_text = dup_or_null(from->type_text);
    to->collation = dup_or_null(from->collation);
    to->members = from->nmembers ? x_alloc(from->nmembers * sizeof *to->members) : NULL;
    for (uint32_t i = 0; i < from->nmembers; i++)
        to->members[i] = dup_or_null(from->members[i]);
}
