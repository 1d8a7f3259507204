// SPDX-License-Identifier: Apache-2.0
/* MariaDB's COMPRESSED columns: a value is empty, or a byte 0 and the bytes as they are, or a byte that says how (four
 * bits: 8 is zlib; one bit: without zlib's wrapper; three bits: size of the length), the length, big endian, and the
 * deflated bytes. Source: MariaDB's sql/field_comp.cc. */
#include "binlog/event.h"

#include <zlib.h>

enum { METHOD_ZLIB = 8, RAW_BIT = 8, LENGTH_BITS = 7 };

bool is_compressed_type(uint8_t type)
{
    return type == TYPE_MARIADB_BLOB_COMPRESSED || type == TYPE_MARIADB_VARCHAR_COMPRESSED;
}

static bool inflate_all(const uint8_t *p, size_t n, bool is_raw, uint8_t *to, size_t size)
{
    z_stream z = {.next_in = (uint8_t *)(uintptr_t)p, .avail_in = (unsigned)n, .next_out = to, .avail_out = (unsigned)size};
    if (inflateInit2(&z, is_raw ? -MAX_WBITS : MAX_WBITS) != Z_OK)
        return false;
    int rc = inflate(&z, Z_FINISH);
    inflateEnd(&z);
    return rc == Z_STREAM_END && z.total_out == size;
}

/* The value's own bytes; n 0 and true for an empty one. */
static bool open_value(const uint8_t **p, size_t *n, struct arena *text)
{
    if (*n == 0)
        return true;
    uint8_t head = **p;
    unsigned size = head & LENGTH_BITS;
    if (head == 0) {
        ++*p;
        --*n;
        return true;
    }
    if (head >> 4 != METHOD_ZLIB || size < 1 || size > 4 || *n < 1 + size)
        return false;
    size_t length = 0;
    for (unsigned i = 0; i < size; i++)
        length = length << 8 | (*p)[1 + i];
    /* Deflate makes at most 1,032 bytes of one. */
    if (length / 1032 > *n)
        return false;
    uint8_t *plain = arena_alloc(text, length + 1);
    if (!inflate_all(*p + 1 + size, *n - 1 - size, head & RAW_BIT, plain, length))
        return false;
    *p = plain;
    *n = length;
    return true;
}

bool compressed_cell(struct cell *out, const struct column *c, struct image_type t, const uint8_t **p, const uint8_t *end,
                     struct arena *text, struct char_reader *chars, struct err *e)
{
    struct cursor wire = {.p = *p, .end = end};
    bool is_blob = t.type == TYPE_MARIADB_BLOB_COMPRESSED;
    size_t n = (size_t)wire_uint(&wire, is_blob ? t.meta : t.meta > 255 ? 2 : 1);
    const uint8_t *value = wire_take(&wire, n);
    if (!value || !open_value(&value, &n, text))
        return err_set(e, ERR_BINLOG_TABLE, "column %s: a compressed value is not sound", c->name);
    *p = wire.p;
    render_text(out, c, value, n, text, chars);
    return true;
}
