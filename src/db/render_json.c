// SPDX-License-Identifier: Apache-2.0
/* MySQL's binary JSON to text, byte for byte what SELECT prints. A value is a type byte and a body; objects and
 * arrays hold tables of offsets into themselves, small ones of 2 bytes and large ones of 4. Offsets of broken
 * documents can point at the same bytes again and again, so the work is bounded: a sound document never names more
 * members and text bytes than it has bytes. */
#include "db/render.h"
#include "db/render_impl.h"

#define DEPTH_MAX 110                 /* the server's own limit is 100 */

enum jsonb_type {
    JSONB_SMALL_OBJECT, JSONB_LARGE_OBJECT, JSONB_SMALL_ARRAY, JSONB_LARGE_ARRAY, JSONB_LITERAL,
    JSONB_INT16, JSONB_UINT16, JSONB_INT32, JSONB_UINT32, JSONB_INT64, JSONB_UINT64, JSONB_DOUBLE,
    JSONB_STRING, JSONB_OPAQUE = 0x0f
};
enum opaque_type { OPAQUE_TIMESTAMP = 7, OPAQUE_DATE = 10, OPAQUE_TIME = 11, OPAQUE_DATETIME = 12,
                   OPAQUE_DECIMAL = 246, OPAQUE_VAR_STRING = 253 };

struct json {
    struct buf *out;
    size_t budget;
    unsigned depth;
};

static bool json_value(struct json *j, uint8_t type, const uint8_t *p, size_t n);

static bool spend(struct json *j, size_t n)
{
    if (n > j->budget)
        return false;
    j->budget -= n;
    return true;
}

static void put_quoted(struct buf *out, const char *p, size_t n)
{
    static const char hex[] = "0123456789abcdef";
    buf_addc(out, '"');
    for (size_t from = 0, i = 0;; i++) {
        if (i < n && (unsigned char)p[i] > 0x1f && p[i] != '"' && p[i] != '\\')
            continue;
        buf_add(out, p + from, i - from);
        if (i == n)
            break;
        from = i + 1;
        unsigned char c = (unsigned char)p[i];
        buf_addc(out, '\\');
        switch (c) {
        case '\b': buf_addc(out, 'b'); break;
        case '\t': buf_addc(out, 't'); break;
        case '\f': buf_addc(out, 'f'); break;
        case '\n': buf_addc(out, 'n'); break;
        case '\r': buf_addc(out, 'r'); break;
        case '"':
        case '\\': buf_addc(out, (char)c); break;
        default:
            buf_adds(out, "u00");
            buf_addc(out, hex[c >> 4]);
            buf_addc(out, hex[c & 15]);
        }
    }
    buf_addc(out, '"');
}

/* Seven bits a byte, lowest first, at most five bytes. Returns bytes used, 0 when broken. */
static size_t read_length(const uint8_t *p, size_t n, size_t *length)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n && i < 5; i++) {
        v |= (uint64_t)(p[i] & 0x7f) << (7 * i);
        if (!(p[i] & 0x80)) {
            *length = (size_t)v;
            return v <= UINT32_MAX ? i + 1 : 0;
        }
    }
    return 0;
}

/* Bytes that are no JSON type: "base64:typeNN:…", lines of 76 as the server breaks them. */
static void put_base64(struct buf *out, uint8_t type, const uint8_t *p, size_t n)
{
    static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct buf text = {0};
    buf_addf(&text, "base64:type%u:", type);
    size_t line = 0;
    for (size_t i = 0; i < n; i += 3, line += 4) {
        if (line == 76) {
            buf_addc(&text, '\n');
            line = 0;
        }
        size_t have = TG_MIN(n - i, (size_t)3);
        uint32_t v = (uint32_t)p[i] << 16 | (have > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (have > 2 ? p[i + 2] : 0);
        buf_addc(&text, set[v >> 18]);
        buf_addc(&text, set[v >> 12 & 63]);
        buf_addc(&text, have > 1 ? set[v >> 6 & 63] : '=');
        buf_addc(&text, have > 2 ? set[v & 63] : '=');
    }
    put_quoted(out, text.p, text.n);
    buf_release(&text);
}

static bool json_opaque(struct json *j, const uint8_t *p, size_t n)
{
    size_t length, head = n > 1 ? read_length(p + 1, n - 1, &length) : 0;
    if (head == 0 || length > n - 1 - head || !spend(j, length))
        return false;
    uint8_t type = p[0];
    const uint8_t *v = p + 1 + head;
    char text[RENDER_DECIMAL_MAX];
    size_t size;
    switch (type) {
    case OPAQUE_DECIMAL:
        if (length < 2 || render_decimal_size(v[0], v[1]) != length - 2)
            return false;
        if (!(size = render_decimal(text, v + 2, v[0], v[1])))
            return false;
        buf_add(j->out, text, size);
        return true;
    case OPAQUE_DATE:
    case OPAQUE_TIME:
    case OPAQUE_DATETIME:
    case OPAQUE_TIMESTAMP: {
        if (length != 8)
            return false;
        int64_t packed = (int64_t)read_le(v, 8);
        size = type == OPAQUE_DATE   ? render_packed_date(text, packed)
               : type == OPAQUE_TIME ? render_packed_time(text, packed, 6)
                                     : render_packed_datetime(text, packed, 6);
        put_quoted(j->out, text, size);
        return size > 0;
    }
    case OPAQUE_VAR_STRING:
        put_quoted(j->out, (const char *)v, length);
        return true;
    default:
        put_base64(j->out, type, v, length);
        return true;
    }
}

static bool json_number(struct json *j, uint8_t type, const uint8_t *p, size_t n)
{
    static const uint8_t sizes[] = {[JSONB_INT16] = 2, [JSONB_UINT16] = 2, [JSONB_INT32] = 4, [JSONB_UINT32] = 4,
                                    [JSONB_INT64] = 8, [JSONB_UINT64] = 8, [JSONB_DOUBLE] = 8};
    if (n < sizes[type])
        return false;
    uint64_t v = read_le(p, sizes[type]);
    char text[RENDER_DOUBLE_MAX];
    size_t size;
    switch (type) {
    case JSONB_INT16: size = render_i64(text, (int16_t)v); break;
    case JSONB_INT32: size = render_i64(text, (int32_t)v); break;
    case JSONB_INT64: size = render_i64(text, (int64_t)v); break;
    case JSONB_DOUBLE: {
        double d;
        memcpy(&d, &v, sizeof d);
        size = render_double_text(text, d);
        if (!memchr(text, '.', size) && !memchr(text, 'e', size)) {
            text[size++] = '.';
            text[size++] = '0';
        }
        break;
    }
    default: size = render_u64(text, v);
    }
    buf_add(j->out, text, size);
    return true;
}

static bool json_scalar(struct json *j, uint8_t type, const uint8_t *p, size_t n)
{
    static const char *const literals[] = {"null", "true", "false"};
    size_t length, head;
    switch (type) {
    case JSONB_LITERAL:
        if (n < 1 || p[0] > 2)
            return false;
        buf_adds(j->out, literals[p[0]]);
        return true;
    case JSONB_STRING:
        head = read_length(p, n, &length);
        if (head == 0 || length > n - head || !spend(j, length))
            return false;
        put_quoted(j->out, (const char *)p + head, length);
        return true;
    case JSONB_OPAQUE:
        return json_opaque(j, p, n);
    default:
        return type >= JSONB_INT16 && type <= JSONB_DOUBLE && json_number(j, type, p, n);
    }
}

/* Small values stand in the table itself: literals, 16-bit integers, and 32-bit ones in the large form. */
static bool is_inlined(uint8_t type, bool is_large)
{
    return type == JSONB_LITERAL || type == JSONB_INT16 || type == JSONB_UINT16 ||
           (is_large && (type == JSONB_INT32 || type == JSONB_UINT32));
}

static bool json_member(struct json *j, const uint8_t *p, size_t n, const uint8_t *entry, unsigned width)
{
    uint8_t type = entry[0];
    if (is_inlined(type, width == 4))
        return json_scalar(j, type, entry + 1, width);
    size_t at = (size_t)read_le(entry + 1, width);
    return at < n && at >= (size_t)(entry - p) + 1 + width && json_value(j, type, p + at, n - at);
}

static bool json_tree(struct json *j, const uint8_t *p, size_t n, bool is_object, bool is_large)
{
    unsigned width = is_large ? 4 : 2;
    if (n < 2 * width || ++j->depth > DEPTH_MAX)
        return false;
    size_t count = (size_t)read_le(p, width), bytes = (size_t)read_le(p + width, width);
    size_t key_entry = is_object ? width + 2 : 0, value_entry = width + 1;
    size_t head = 2 * width + count * (key_entry + value_entry);
    if (bytes > n || head > bytes || !spend(j, count))
        return false;
    buf_addc(j->out, is_object ? '{' : '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_adds(j->out, ", ");
        if (is_object) {
            const uint8_t *key = p + 2 * width + i * key_entry;
            size_t at = (size_t)read_le(key, width), length = (size_t)read_le(key + width, 2);
            if (at < head || at > bytes || length > bytes - at || !spend(j, length))
                return false;
            put_quoted(j->out, (const char *)p + at, length);
            buf_adds(j->out, ": ");
        }
        if (!json_member(j, p, bytes, p + 2 * width + count * key_entry + i * value_entry, width))
            return false;
    }
    buf_addc(j->out, is_object ? '}' : ']');
    j->depth--;
    return true;
}

static bool json_value(struct json *j, uint8_t type, const uint8_t *p, size_t n)
{
    if (type <= JSONB_LARGE_ARRAY)
        return json_tree(j, p, n, type == JSONB_SMALL_OBJECT || type == JSONB_LARGE_OBJECT,
                         type == JSONB_LARGE_OBJECT || type == JSONB_LARGE_ARRAY);
    return json_scalar(j, type, p, n);
}

bool render_json(struct buf *out, const uint8_t *p, size_t n, struct err *e)
{
    if (n == 0) {                     /* what INSERT IGNORE leaves; the server reads it as null */
        buf_adds(out, "null");
        return true;
    }
    struct json j = {.out = out, .budget = n};
    if (!json_value(&j, p[0], p + 1, n - 1))
        return err_set(e, ERR_BINLOG_TABLE, "a JSON value of %zu bytes is not sound", n);
    return true;
}
