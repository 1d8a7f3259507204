// SPDX-License-Identifier: Apache-2.0
// Cells to the fields of LOAD DATA. Bytes that mean something there are rare: what lies between them is copied whole.
#include "db/load.h"

enum load_form load_form(const struct column *c, enum db_flavour target)
{
    if (c->cls == COL_BIT)
        return LOAD_NUMBER;
    if (c->is_auto_increment && target == DB_MARIADB)
        return LOAD_VARIABLE;
    return col_is_bytes(c->cls) && target != DB_TIDB ? LOAD_HEX : LOAD_PLAIN;
}

static void add_hex_digits(struct buf *out, struct cell v)
{
    static const char digits[] = "0123456789abcdef";
    buf_reserve(out, (size_t)v.n * 2);
    char *to = out->p + out->n;
    for (uint32_t i = 0; i < v.n; i++) {
        *to++ = digits[(unsigned char)v.p[i] >> 4];
        *to++ = digits[v.p[i] & 15];
    }
    *to = 0;
    out->n += (size_t)v.n * 2;
}

// What stands behind the backslash for a byte that can't stand for itself; 0: it can.
static const char ESCAPE[256] = {['\0'] = '0', ['\t'] = 't', ['\n'] = 'n', ['\r'] = 'r', ['\\'] = '\\', [26] = 'Z'};

static void add_escaped(struct buf *out, struct cell v)
{
    buf_reserve(out, (size_t)v.n * 2);
    char *to = out->p + out->n;
    const char *p = v.p, *end = v.p + v.n;
    while (p < end) {
        const char *from = p;
        while (p < end && !ESCAPE[(unsigned char)*p])
            p++;
        memcpy(to, from, (size_t)(p - from));
        to += p - from;
        if (p < end) {
            *to++ = '\\';
            *to++ = ESCAPE[(unsigned char)*p++];
        }
    }
    *to = 0;
    out->n = (size_t)(to - out->p);
}

void encode_load_field(struct buf *out, const struct column *c, struct cell v, enum db_flavour target)
{
    if (c->cls == COL_UNSUPPORTED)
        tg_bug("encode_load_field: column %s has no supported type", c->name);
    if (!v.p)
        buf_add(out, "\\N", 2);
    else if (load_form(c, target) == LOAD_HEX)
        add_hex_digits(out, v);
    else
        add_escaped(out, v);
}

void encode_load_row(struct buf *out, const struct column *columns, const struct cell *cells, uint32_t n, enum db_flavour target)
{
    for (uint32_t i = 0, written = 0; i < n; i++) {
        if (columns[i].is_generated)
            continue;
        if (written++)
            buf_addc(out, '\t');
        encode_load_field(out, &columns[i], cells[i], target);
    }
    buf_addc(out, '\n');
}

static void add_columns(struct buf *out, const struct column *columns, uint32_t n, enum db_flavour target)
{
    char sep = '(';
    buf_addc(out, ' ');
    for (uint32_t i = 0; i < n; i++) {
        if (columns[i].is_generated)
            continue;
        buf_addc(out, sep);
        if (load_form(&columns[i], target) == LOAD_PLAIN)
            sql_ident(out, columns[i].name);
        else
            buf_addf(out, "@tg%u", i);
        sep = ',';
    }
    buf_addc(out, ')');
}

static void add_assignments(struct buf *out, const struct column *columns, uint32_t n, enum db_flavour target)
{
    const char *sep = " SET ";
    for (uint32_t i = 0; i < n; i++) {
        enum load_form form = load_form(&columns[i], target);
        if (columns[i].is_generated || form == LOAD_PLAIN)
            continue;
        buf_adds(out, sep);
        sql_ident(out, columns[i].name);
        buf_addf(out, form == LOAD_HEX ? "=UNHEX(@tg%u)" : form == LOAD_NUMBER ? "=CAST(@tg%u AS UNSIGNED)" : "=@tg%u", i);
        sep = ",";
    }
}

void load_form_text(struct buf *out, const struct column *columns, uint32_t n, enum db_flavour target)
{
    buf_adds(out, " CHARACTER SET utf8mb4 FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n'");
    add_columns(out, columns, n, target);
    add_assignments(out, columns, n, target);
}
