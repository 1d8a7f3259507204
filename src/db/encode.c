// SPDX-License-Identifier: Apache-2.0
// Cells to SQL, packed rows and keys. The class of a column decides the form; the text of a cell is
// canonical for its class (type.h), so most literals are copies. What the servers differ in, and
// was tried on MariaDB, MySQL and TiDB:
//   * a double without an exponent is parsed as DECIMAL, and -0 as an integer, so both get a form
//   of their own;
//   * characters match by bytes in utf8mb4 whatever charset and collation the target column has;
//   * TiDB puts the constant of `c`='x' in place of `c` in every other condition when both have the
//   same collation, and
//     then 'x ' or 'X' match too; it leaves BETWEEN alone, which uses an index as well;
//   * JSON is a type of its own on MySQL and TiDB, where numbers are rewritten (TiDB keeps 1.0 as
//   1), so a value is
//     compared with the text of the same value after the server has parsed it; on MariaDB it is a
//     text.
#include "db/encode.h"

#include <stdlib.h>

enum { INDEXED_MATCH_MAX = 1024 }; // longer texts match by bytes only: no index holds them whole

size_t row_pack(struct buf *out, const struct cell *cells, uint32_t ncols)
{
    size_t head = (size_t)ncols * sizeof(uint32_t), size = head;
    for (uint32_t i = 0; i < ncols; i++)
        size += cells[i].p ? cells[i].n : 0;
    buf_reserve(out, size);
    char *lengths = out->p + out->n, *bytes = lengths + head;
    for (uint32_t i = 0; i < ncols; i++) {
        uint32_t n = cells[i].p ? cells[i].n : ROW_NULL;
        memcpy(lengths + i * sizeof n, &n, sizeof n);
        if (cells[i].p && n) {
            memcpy(bytes, cells[i].p, n);
            bytes += n;
        }
    }
    out->n += size;
    out->p[out->n] = 0;
    return size;
}

size_t row_unpack(const char *packed, uint32_t ncols, struct cell *cells)
{
    const char *bytes = packed + (size_t)ncols * sizeof(uint32_t);
    for (uint32_t i = 0; i < ncols; i++) {
        uint32_t n;
        memcpy(&n, packed + i * sizeof n, sizeof n);
        cells[i] = n == ROW_NULL ? (struct cell){NULL, 0} : (struct cell){bytes, n};
        bytes += cells[i].n;
    }
    return (size_t)(bytes - packed);
}

// Hex digits of four bytes at a time: nibbles spread over a word, then 'a' - 10 or '0' added to
// each.
static inline uint64_t hex_of_4(uint32_t in)
{
    uint64_t v = __builtin_bswap32(in);
    v = (v | v << 16) & UINT64_C(0x0000ffff0000ffff);
    v = (v | v << 8) & UINT64_C(0x00ff00ff00ff00ff);
    v = (v | v << 4) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    uint64_t is_letter = ((v + UINT64_C(0x0606060606060606)) >> 4) & UINT64_C(0x0101010101010101);
    return __builtin_bswap64(v + UINT64_C(0x3030303030303030) + is_letter * ('a' - 10 - '0'));
}

static void add_hex(struct buf *out, const char *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    buf_reserve(out, 2 * n + 3);
    char *to = out->p + out->n;
    *to++ = 'x';
    *to++ = '\'';
    size_t i = 0;
    for (; i + 4 <= n; i += 4, to += 8) {
        uint32_t in;
        memcpy(&in, p + i, 4);
        uint64_t hex = hex_of_4(in);
        memcpy(to, &hex, 8);
    }
    for (; i < n; i++) {
        unsigned char byte = (unsigned char)p[i];
        *to++ = digits[byte >> 4];
        *to++ = digits[byte & 15];
    }
    *to++ = '\'';
    *to = 0;
    out->n = (size_t)(to - out->p);
}

// Large values quoted: hexadecimal digits would double them, and a packet has an end.
enum { QUOTED_FROM = 1 << 20 };

static void add_bytes(struct buf *out, struct cell v)
{
    if (v.n < QUOTED_FROM) {
        add_hex(out, v.p, v.n);
        return;
    }
    buf_adds(out, "_binary");
    sql_text(out, v.p, v.n);
}

size_t encode_literal_size(const struct column *c, struct cell v)
{
    size_t n = v.n + 16u; // quotes, introducer, exponent, NULL
    if (!v.p || col_is_number(c->cls))
        return n;
    if (col_is_bytes(c->cls) && v.n < QUOTED_FROM)
        return n + v.n;
    for (uint32_t i = 0; i < v.n; i++)
        n += v.p[i] == '\'' || v.p[i] == '\\' || v.p[i] == 0;
    return n;
}

static void add_double(struct buf *out, struct cell v)
{
    if (v.n == 2 && memcmp(v.p, "-0", 2) == 0) {
        buf_add(out, "'-0'", 4); // only a text keeps the sign
        return;
    }
    buf_add(out, v.p, v.n);
    if (!memchr(v.p, 'e', v.n))
        buf_add(out, "e0", 2);
}

void encode_literal(struct buf *out, const struct column *c, struct cell v)
{
    if (!v.p) {
        buf_add(out, "NULL", 4);
        return;
    }
    switch (c->cls) {
    case COL_TINY:
    case COL_SMALL:
    case COL_MEDIUM:
    case COL_INT:
    case COL_BIG:
    case COL_DECIMAL:
    case COL_BIT:
    case COL_YEAR:
        buf_add(out, v.p, v.n);
        return;
    case COL_FLOAT:
    case COL_DOUBLE:
        add_double(out, v);
        return;
    case COL_BINARY:
    case COL_VARBINARY:
    case COL_GEOMETRY:
    case COL_BLOB:
        add_bytes(out, v);
        return;
    case COL_CHAR:
    case COL_VARCHAR:
    case COL_TEXT:
    case COL_DATE:
    case COL_TIME:
    case COL_DATETIME:
    case COL_TIMESTAMP:
    case COL_ENUM:
    case COL_SET:
    case COL_JSON:
    case COL_UUID:
    case COL_INET4:
    case COL_INET6:
        sql_text(out, v.p, v.n);
        return;
    case COL_UNSUPPORTED:
        break;
    }
    tg_bug("encode_literal: column %s has no supported type", c->name);
}

static bool has_empty_member(const struct column *c)
{
    for (uint32_t i = 0; i < c->nmembers; i++)
        if (!c->members[i][0])
            return true;
    return false;
}

void encode_value(struct buf *out, const struct column *c, struct cell v)
{
    if (c->cls == COL_ENUM && v.p && v.n == 0 && !has_empty_member(c))
        buf_adds(out, ENCODE_ENUM_ZERO);
    else
        encode_literal(out, c, v);
}

static void match_bytes(struct buf *out, const struct column *c, struct cell v)
{
    buf_adds(out, "CAST(CONVERT(");
    sql_ident(out, c->name);
    buf_adds(out, " USING utf8mb4) AS BINARY)=");
    sql_text(out, v.p, v.n);
}

// By bytes; the plain comparison before it lets the server use an index.
static void match_text(struct buf *out, const struct column *c, struct cell v,
                       enum db_flavour target)
{
    if (c->cls == COL_TEXT || v.n > INDEXED_MATCH_MAX) {
        match_bytes(out, c, v);
        return;
    }
    buf_addc(out, '(');
    sql_ident(out, c->name);
    buf_adds(out, target == DB_TIDB ? " BETWEEN " : "=");
    sql_text(out, v.p, v.n);
    if (target == DB_TIDB) {
        buf_adds(out, " AND ");
        sql_text(out, v.p, v.n);
    }
    buf_adds(out, " AND ");
    match_bytes(out, c, v);
    buf_addc(out, ')');
}

// Members differ from each other in the column's own collation, so a plain comparison, for an
// index, finds nothing else.
static void match_enum(struct buf *out, const struct column *c, struct cell v)
{
    if (v.n) {
        buf_addc(out, '(');
        sql_ident(out, c->name);
        buf_addc(out, '=');
        sql_text(out, v.p, v.n);
        buf_adds(out, " AND ");
    }
    match_bytes(out, c, v);
    if (v.n)
        buf_addc(out, ')');
}

static void match_json(struct buf *out, const struct column *c, struct cell v)
{
    buf_adds(out, "CAST(");
    sql_ident(out, c->name);
    buf_adds(out, " AS CHAR)=CAST(CAST(");
    sql_text(out, v.p, v.n);
    buf_adds(out, " AS JSON) AS CHAR)");
}

void encode_match(struct buf *out, const struct column *c, struct cell v, enum db_flavour target)
{
    if (!v.p) {
        sql_ident(out, c->name);
        buf_adds(out, " IS NULL");
    } else if (col_is_text(c->cls)) {
        match_text(out, c, v, target);
    } else if (c->cls == COL_ENUM) {
        match_enum(out, c, v);
    } else if (c->cls == COL_SET) {
        match_bytes(out, c, v);
    } else if (c->cls == COL_JSON) {
        if (target == DB_MARIADB)
            match_bytes(out, c, v);
        else
            match_json(out, c, v);
    } else if (col_is_rounded(c) && target != DB_TIDB) { // the literal is rounded to another double than the column's
        buf_adds(out, "CAST(");
        sql_ident(out, c->name);
        buf_adds(out, " AS CHAR)=");
        sql_text(out, v.p, v.n);
    } else {
        sql_ident(out, c->name);
        if (c->cls == COL_FLOAT || c->cls == COL_BIT)
            buf_adds(out, c->cls == COL_BIT ? "+0" : "+0e0");
        buf_addc(out, '=');
        encode_literal(out, c, v);
    }
}

static void add_sized(struct buf *out, const void *p, uint32_t n)
{
    buf_reserve(out, n + sizeof n);
    memcpy(out->p + out->n, &n, sizeof n);
    if (n)
        memcpy(out->p + out->n + sizeof n, p, n);
    out->n += n + sizeof n;
    out->p[out->n] = 0;
}

static void add_double_key(struct buf *out, struct cell v)
{
    char text[400];
    if (v.n >= sizeof text)
        tg_bug("a double of %u characters", v.n);
    memcpy(text, v.p, v.n);
    text[v.n] = 0;
    double d = strtod(text, NULL);
    if (d == 0)
        d = 0; // -0 is the same key as 0
    add_sized(out, &d, sizeof d);
}

void encode_key_exact(struct buf *out, const struct column *c, struct cell v)
{
    if (!v.p) {
        const uint32_t null = ROW_NULL;
        buf_add(out, &null, sizeof null);
    } else if (c->cls == COL_DOUBLE || c->cls == COL_FLOAT) {
        add_double_key(out, v);
    } else {
        add_sized(out, v.p, v.n);
    }
}

// Bytes of the first `chars` characters of utf8mb4 text.
static uint32_t prefix_bytes(struct cell v, uint32_t chars)
{
    uint32_t i = 0;
    while (i < v.n && chars--) {
        i++;
        while (i < v.n && ((unsigned char)v.p[i] & 0xc0) == 0x80)
            i++;
    }
    return i;
}

static bool ends_in_bin(const char *collation)
{
    size_t n = collation ? strlen(collation) : 0;
    return n >= 4 && strcmp(collation + n - 4, "_bin") == 0;
}

// Letters in one case; false: a byte that is not printable ASCII.
static bool add_ascii_folded(struct buf *out, struct cell v)
{
    size_t start = out->n;
    add_sized(out, v.p, v.n);
    char *p = out->p + start + sizeof(uint32_t);
    for (uint32_t i = 0; i < v.n; i++) {
        unsigned char byte = (unsigned char)p[i];
        if (byte < 0x20 || byte > 0x7e) {
            out->n = start;
            out->p[start] = 0;
            return false;
        }
        if (byte >= 'A' && byte <= 'Z')
            p[i] = (char)(byte | 0x20);
    }
    return true;
}

// The target's collation may be coarser than the source's, so only _bin counts as "the same bytes";
// a _bin name is carried over to the target as it is.
static bool fold_text(struct buf *out, const struct column *c, struct cell v, uint32_t prefix_chars)
{
    if (c->fold == FOLD_NONE)
        return false;
    if (prefix_chars)
        v.n = prefix_bytes(v, prefix_chars);
    if (c->charset == CS_BINARY) {
        add_sized(out, v.p, v.n);
        return true;
    }
    while (v.n && v.p[v.n - 1] == ' ')
        v.n--;
    if (c->fold != FOLD_BYTES || !ends_in_bin(c->collation))
        return add_ascii_folded(out, v);
    add_sized(out, v.p, v.n);
    return true;
}

bool encode_key_folded(struct buf *out, const struct column *c, struct cell v,
                       uint32_t prefix_chars)
{
    if (!v.p)
        tg_bug("encode_key_folded: NULL in %s; such a key collides with none", c->name);
    if (col_is_text(c->cls))
        return fold_text(out, c, v, prefix_chars);
    if (c->cls == COL_JSON || c->cls == COL_UNSUPPORTED)
        return false;
    if (col_is_bytes(c->cls) && prefix_chars)
        v.n = TG_MIN(v.n, prefix_chars);
    encode_key_exact(out, c, v);
    return true;
}
