// SPDX-License-Identifier: Apache-2.0
/* Row images to cells. render_check holds the image's types against the definition once per table map, so that
 * render_cell can go by the image's type and size alone; every read is checked against the end of the image. Cells
 * of characters and bytes point into the image where the bytes are the same, all others go to the arena. */
#include "db/render.h"
#include "db/render_impl.h"

#include <mysql.h>
#include <stdio.h>

/* Not in the client's header. */
#define TYPE_MYSQL_VECTOR 242

static bool broken(const struct column *c, struct err *e)
{
    return err_set(e, ERR_BINLOG_TABLE, "column %s: the value in the binlog is not a %s", c->name, c->type_text);
}

/* The next n bytes, or NULL. */
static const uint8_t *take(const uint8_t **p, const uint8_t *end, size_t n)
{
    if ((size_t)(end - *p) < n)
        return NULL;
    const uint8_t *at = *p;
    *p += n;
    return at;
}

static bool put(struct cell *out, struct arena *text, const char *p, size_t n)
{
    if (n == 0)
        return false;
    *out = (struct cell){arena_dup(text, p, n), (uint32_t)n};
    return true;
}

/* ---- numbers -------------------------------------------------------------------------------------------------- */

static bool cell_integer(struct cell *out, const struct column *c, unsigned size, const uint8_t **p,
                         const uint8_t *end, struct arena *text)
{
    const uint8_t *at = take(p, end, size);
    if (!at)
        return false;
    uint64_t v = read_le(at, size);
    unsigned unused = 64 - 8 * size;
    char digits[24];
    return put(out, text, digits,
               c->is_unsigned ? render_u64(digits, v) : render_i64(digits, (int64_t)(v << unused) >> unused));
}

static bool cell_float(struct cell *out, const struct column *c, struct image_type t, const uint8_t **p,
                       const uint8_t *end, struct arena *text)
{
    unsigned size = t.type == MYSQL_TYPE_FLOAT ? 4 : 8;
    const uint8_t *at = take(p, end, size);
    if (!at)
        return false;
    uint64_t bits = read_le(at, size);
    double v;
    if (size == 4) {
        uint32_t half = (uint32_t)bits;
        float f;
        memcpy(&f, &half, sizeof f);
        v = (double)f;
    } else {
        memcpy(&v, &bits, sizeof v);
    }
    if (v == 0 && (c->cls == COL_FLOAT || col_is_formatted(c)))
        v = 0;                        /* the sum of the read expression takes the sign of -0 */
    char digits[RENDER_DOUBLE_MAX], rounded[400];
    if (!col_is_rounded(c))
        return put(out, text, digits, render_double_text(digits, v));
    int n = snprintf(rounded, sizeof rounded, "%.*f", (int)c->dec, v);
    return n > 0 && n < (int)sizeof rounded && put(out, text, rounded, (size_t)n);
}

static bool cell_decimal(struct cell *out, struct image_type t, const uint8_t **p, const uint8_t *end,
                         struct arena *text)
{
    unsigned precision = t.meta & 0xff, scale = t.meta >> 8;
    size_t size = render_decimal_size(precision, scale);
    const uint8_t *at = size ? take(p, end, size) : NULL;
    char digits[RENDER_DECIMAL_MAX];
    return at && put(out, text, digits, render_decimal(digits, at, precision, scale));
}

static unsigned bit_count(struct image_type t)
{
    return (t.meta >> 8) * 8U + (t.meta & 0xff);
}

static bool cell_bit(struct cell *out, struct image_type t, const uint8_t **p, const uint8_t *end, struct arena *text)
{
    unsigned size = (bit_count(t) + 7) / 8;
    const uint8_t *at = size <= 8 ? take(p, end, size) : NULL;
    char digits[24];
    return at && put(out, text, digits, render_u64(digits, read_be(at, size)));
}

/* ---- times ---------------------------------------------------------------------------------------------------- */

/* Fractional seconds: (dec + 1) / 2 bytes, big endian, in steps of 1/100, 1/10000 or 1/1000000. */
static uint32_t fraction_of(const uint8_t *p, unsigned dec)
{
    static const uint32_t scale[] = {0, 10000, 10000, 100, 100, 1, 1};
    return (uint32_t)read_be(p, (dec + 1) / 2) * scale[dec];
}

static size_t text_time2(char *out, const uint8_t *p, unsigned dec)
{
    if (dec > 4)
        return render_packed_time(out, (int64_t)read_be(p, 6) - 0x800000000000, dec);
    int64_t whole = (int64_t)read_be(p, 3) - 0x800000;
    uint32_t steps = (uint32_t)read_be(p + 3, (dec + 1) / 2);
    int64_t fraction = steps;
    if (whole < 0 && steps) {         /* stored as a two's complement of both parts together */
        whole++;
        fraction -= dec > 2 ? 0x10000 : 0x100;
    }
    return render_packed_time(out, whole * (1 << 24) + fraction * (dec > 2 ? 100 : 10000), dec);
}

static size_t text_datetime2(char *out, const uint8_t *p, unsigned dec)
{
    int64_t whole = (int64_t)read_be(p, 5) - 0x8000000000;
    return whole < 0 ? 0 : render_packed_datetime(out, whole * (1 << 24) + fraction_of(p + 5, dec), dec);
}

static int64_t pack_date(uint64_t year, uint64_t month, uint64_t day)
{
    return (int64_t)(((year * 13 + month) << 5 | day) << 17 << 24);
}

static size_t text_timestamp(char *out, uint32_t seconds, uint32_t fraction, unsigned dec)
{
    if (seconds == 0 && fraction == 0)
        return render_packed_datetime(out, 0, dec);
    /* Days to a civil date, counted in years that begin on 1 March. */
    uint32_t days = seconds / 86400 + 719468, clock = seconds % 86400;
    uint32_t era = days / 146097, of_era = days % 146097;
    uint32_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint32_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t shifted = (5 * of_year + 2) / 153;
    uint32_t day = of_year - (153 * shifted + 2) / 5 + 1, month = shifted < 10 ? shifted + 3 : shifted - 9;
    uint32_t year = year_of_era + era * 400 + (month <= 2);
    int64_t hms = clock / 3600 << 12 | clock / 60 % 60 << 6 | clock % 60;
    return render_packed_datetime(out, pack_date(year, month, day) + (hms << 24) + fraction, dec);
}

/* The types of before 5.6: 20240131235959 in 8 bytes, 235959 in 3, signed. */
static size_t text_old_datetime(char *out, uint64_t v)
{
    uint64_t date = v / 1000000, clock = v % 1000000;
    uint64_t month = date / 100 % 100, day = date % 100, second = clock % 100, minute = clock / 100 % 100;
    if (date > 99991231 || month > 12 || day > 31 || second > 59 || minute > 59)
        return 0;
    uint64_t hms = clock / 10000 << 12 | minute << 6 | second;
    return render_packed_datetime(out, pack_date(date / 10000, month, day) + (int64_t)(hms << 24), 0);
}

static size_t text_old_time(char *out, const uint8_t *p)
{
    int32_t v = (int32_t)((uint32_t)read_le(p, 3) << 8) >> 8;
    uint32_t a = v < 0 ? (uint32_t)-v : (uint32_t)v;
    if (a % 100 > 59 || a / 100 % 100 > 59)
        return 0;
    int64_t packed = (int64_t)(a / 10000 << 12 | a / 100 % 100 << 6 | a % 100) << 24;
    return render_packed_time(out, v < 0 ? -packed : packed, 0);
}

static bool cell_time(struct cell *out, struct image_type t, const uint8_t **p, const uint8_t *end,
                      struct arena *text)
{
    static const struct {
        uint8_t type, size;
        bool has_fraction;
    } sizes[] = {{MYSQL_TYPE_DATE, 3, false},      {MYSQL_TYPE_NEWDATE, 3, false},  {MYSQL_TYPE_TIME, 3, false},
                 {MYSQL_TYPE_DATETIME, 8, false},  {MYSQL_TYPE_TIMESTAMP, 4, false}, {MYSQL_TYPE_TIME2, 3, true},
                 {MYSQL_TYPE_DATETIME2, 5, true},  {MYSQL_TYPE_TIMESTAMP2, 4, true}};
    size_t i = 0;
    while (i < TG_ARRAY_LEN(sizes) && sizes[i].type != t.type)
        i++;
    unsigned dec = t.meta;
    if (i == TG_ARRAY_LEN(sizes) || (sizes[i].has_fraction && dec > 6))
        return false;
    const uint8_t *at = take(p, end, sizes[i].size + (sizes[i].has_fraction ? (dec + 1) / 2 : 0));
    if (!at)
        return false;
    char s[RENDER_TIME_MAX];
    size_t n = 0;
    uint64_t v = read_le(at, sizes[i].size);
    switch (t.type) {
    case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_NEWDATE:
        n = (v >> 5 & 15) > 12 ? 0 : render_packed_date(s, pack_date(v >> 9, v >> 5 & 15, v & 31));
        break;
    case MYSQL_TYPE_TIME: n = text_old_time(s, at); break;
    case MYSQL_TYPE_DATETIME: n = text_old_datetime(s, v); break;
    case MYSQL_TYPE_TIMESTAMP: n = text_timestamp(s, (uint32_t)v, 0, 0); break;
    case MYSQL_TYPE_TIME2: n = text_time2(s, at, dec); break;
    case MYSQL_TYPE_DATETIME2: n = text_datetime2(s, at, dec); break;
    case MYSQL_TYPE_TIMESTAMP2:
        n = text_timestamp(s, (uint32_t)read_be(at, 4), fraction_of(at + 4, dec), dec);
        break;
    default: break;
    }
    return put(out, text, s, n);
}

static bool cell_year(struct cell *out, const uint8_t **p, const uint8_t *end, struct arena *text)
{
    const uint8_t *at = take(p, end, 1);
    if (!at)
        return false;
    char digits[24];
    if (at[0] == 0)
        return put(out, text, "0000", 4);
    return put(out, text, digits, render_u64(digits, 1900U + at[0]));
}

/* ---- characters and bytes ------------------------------------------------------------------------------------- */

/* MySQL's latin1 is Windows-1252 with the five holes taken as U+0081 and so on. */
static const uint16_t latin1_high[32] = {
    0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008d,
    0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a,
    0x0153, 0x009d, 0x017e, 0x0178};

static void cell_latin1(struct cell *out, const uint8_t *p, size_t n, struct arena *text)
{
    size_t first = 0;
    while (first < n && p[first] < 0x80)
        first++;
    if (first == n) {
        *out = (struct cell){(const char *)p, (uint32_t)n};
        return;
    }
    char *to = arena_alloc(text, n * 3);
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t u = p[i] >= 0x80 && p[i] < 0xa0 ? latin1_high[p[i] - 0x80] : p[i];
        if (u < 0x80) {
            to[m++] = (char)u;
        } else if (u < 0x800) {
            to[m++] = (char)(0xc0 | u >> 6);
            to[m++] = (char)(0x80 | (u & 63));
        } else {
            to[m++] = (char)(0xe0 | u >> 12);
            to[m++] = (char)(0x80 | (u >> 6 & 63));
            to[m++] = (char)(0x80 | (u & 63));
        }
    }
    *out = (struct cell){to, (uint32_t)m};
}

static bool cell_binary(struct cell *out, const struct column *c, const uint8_t *p, size_t n, struct arena *text)
{
    if (n > c->length)
        return false;
    if (n < c->length) {              /* the image leaves trailing zeros out */
        char *padded = arena_alloc(text, c->length);
        memcpy(padded, p, n);
        memset(padded + n, 0, c->length - n);
        p = (const uint8_t *)padded;
    }
    *out = (struct cell){(const char *)p, c->length};
    return true;
}

/* UUID, INET4, INET6 of MariaDB: as BINARY, shown as text. */
static unsigned address_size(enum col_class cls)
{
    return cls == COL_UUID || cls == COL_INET6 ? 16 : cls == COL_INET4 ? 4 : 0;
}

/* MariaDB's own form: unlike inet_ntop it writes "::" for a single zero word, too. */
static void put_inet6(struct buf *out, const uint8_t *p)
{
    unsigned word[8], from = 8, longest = 0;
    for (unsigned i = 0, run = 0; i < 8; i++) {
        word[i] = p[2 * i] * 256U + p[2 * i + 1];
        run = word[i] ? 0 : run + 1;
        if (run > longest) {
            longest = run;
            from = i + 1 - run;
        }
    }
    bool is_v4 = from == 0 && (longest == 6 || (longest == 5 && word[5] == 0xffff));
    for (unsigned i = 0; i < 8; i++) {
        if (i == from) {
            buf_adds(out, "::");
            i += longest - 1;
        } else if (is_v4 && i == 6) {
            buf_addf(out, "%u.%u.%u.%u", p[12], p[13], p[14], p[15]);
            return;
        } else {
            buf_addf(out, i == 7 || i + 1 == from ? "%x" : "%x:", word[i]);
        }
    }
}

static bool cell_address(struct cell *out, const struct column *c, const uint8_t *p, size_t n, struct arena *text)
{
    uint8_t all[16] = {0};
    struct buf shown = {0};
    if (n > address_size(c->cls))
        return false;
    memcpy(all, p, n);                /* the image leaves trailing zeros out */
    if (c->cls == COL_INET4)
        buf_addf(&shown, "%u.%u.%u.%u", all[0], all[1], all[2], all[3]);
    else if (c->cls == COL_INET6)
        put_inet6(&shown, all);
    for (unsigned i = 0; c->cls == COL_UUID && i < 16; i++)
        buf_addf(&shown, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", all[i]);
    bool fine = put(out, text, shown.p, shown.n);
    buf_release(&shown);
    return fine;
}

void render_text(struct cell *out, const struct column *c, const uint8_t *p, size_t n, struct arena *text,
                 struct char_reader *chars)
{
    *out = (struct cell){(const char *)p, (uint32_t)n};
    if (col_is_text(c->cls) && c->charset == CS_LATIN1)
        cell_latin1(out, p, n, text);
    else if (chars && chars->map)
        chars->lost += charmap_text(chars->map, p, n, out, text);
    while (c->cls == COL_CHAR && out->n && out->p[out->n - 1] == ' ')
        out->n--;
}

static bool cell_text(struct cell *out, const struct column *c, const uint8_t *p, size_t n, struct arena *text,
                      struct char_reader *chars)
{
    if (c->cls == COL_BINARY)
        return cell_binary(out, c, p, n, text);
    if (address_size(c->cls))
        return cell_address(out, c, p, n, text);
    render_text(out, c, p, n, text, chars);
    return true;
}

/* Bytes of the length that stands before a value; 0: the type has none. */
static unsigned length_size(struct image_type t)
{
    switch (t.type) {
    case MYSQL_TYPE_STRING:
    case MYSQL_TYPE_VARCHAR:
    case MYSQL_TYPE_VAR_STRING:
        return t.meta > 255 ? 2 : 1;
    case MYSQL_TYPE_TINY_BLOB:
    case MYSQL_TYPE_MEDIUM_BLOB:
    case MYSQL_TYPE_LONG_BLOB:
    case MYSQL_TYPE_BLOB:
    case MYSQL_TYPE_GEOMETRY:
    case MYSQL_TYPE_JSON:
        return t.meta >= 1 && t.meta <= 4 ? t.meta : 0;
    default:
        return 0;
    }
}

static bool cell_string(struct cell *out, const struct column *c, struct image_type t, const uint8_t **p,
                        const uint8_t *end, struct arena *text, struct char_reader *chars)
{
    unsigned head = length_size(t);
    const uint8_t *at = head ? take(p, end, head) : NULL;
    if (!at)
        return false;
    size_t n = (size_t)read_le(at, head);
    at = take(p, end, n);
    if (!at)
        return false;
    if (t.type != MYSQL_TYPE_JSON)
        return cell_text(out, c, at, n, text, chars);
    struct buf json = {0};
    struct err ignored = {0};
    bool ok = render_json(&json, at, n, &ignored) && json.n < UINT32_MAX;
    ok = ok && put(out, text, json.p, json.n);
    buf_release(&json);
    return ok;
}

static bool cell_enum(struct cell *out, const struct column *c, struct image_type t, const uint8_t **p,
                      const uint8_t *end)
{
    const uint8_t *at = t.meta == 1 || t.meta == 2 ? take(p, end, t.meta) : NULL;
    if (!at)
        return false;
    uint64_t index = read_le(at, t.meta);
    if (index > c->nmembers)
        return false;
    const char *member = index ? c->members[index - 1] : "";
    *out = (struct cell){member, (uint32_t)strlen(member)};
    return true;
}

static bool cell_set(struct cell *out, const struct column *c, struct image_type t, const uint8_t **p,
                     const uint8_t *end, struct arena *text)
{
    const uint8_t *at = t.meta >= 1 && t.meta <= 8 ? take(p, end, t.meta) : NULL;
    if (!at)
        return false;
    uint64_t bits = read_le(at, t.meta);
    if (c->nmembers < 64 && bits >> c->nmembers)
        return false;
    size_t n = 0;
    for (uint32_t i = 0; i < c->nmembers && i < 64; i++)
        if (bits >> i & 1)
            n += strlen(c->members[i]) + 1;
    char *joined = arena_alloc(text, n + 1);
    n = 0;
    for (uint32_t i = 0; i < c->nmembers && i < 64; i++) {
        if (!(bits >> i & 1))
            continue;
        if (n)
            joined[n++] = ',';
        size_t length = strlen(c->members[i]);
        memcpy(joined + n, c->members[i], length);
        n += length;
    }
    *out = (struct cell){joined, (uint32_t)n};
    return true;
}

bool render_cell(struct cell *out, const struct column *c, struct image_type t, const uint8_t **p,
                 const uint8_t *end, struct arena *text, struct char_reader *chars, struct err *e)
{
    bool ok;
    switch (t.type) {
    case MYSQL_TYPE_TINY: ok = cell_integer(out, c, 1, p, end, text); break;
    case MYSQL_TYPE_SHORT: ok = cell_integer(out, c, 2, p, end, text); break;
    case MYSQL_TYPE_INT24: ok = cell_integer(out, c, 3, p, end, text); break;
    case MYSQL_TYPE_LONG: ok = cell_integer(out, c, 4, p, end, text); break;
    case MYSQL_TYPE_LONGLONG: ok = cell_integer(out, c, 8, p, end, text); break;
    case MYSQL_TYPE_FLOAT:
    case MYSQL_TYPE_DOUBLE: ok = cell_float(out, c, t, p, end, text); break;
    case MYSQL_TYPE_NEWDECIMAL: ok = cell_decimal(out, t, p, end, text); break;
    case MYSQL_TYPE_BIT: ok = cell_bit(out, t, p, end, text); break;
    case MYSQL_TYPE_YEAR: ok = cell_year(out, p, end, text); break;
    case MYSQL_TYPE_ENUM: ok = cell_enum(out, c, t, p, end); break;
    case MYSQL_TYPE_SET: ok = cell_set(out, c, t, p, end, text); break;
    case MYSQL_TYPE_STRING:
    case MYSQL_TYPE_VARCHAR:
    case MYSQL_TYPE_VAR_STRING:
    case MYSQL_TYPE_TINY_BLOB:
    case MYSQL_TYPE_MEDIUM_BLOB:
    case MYSQL_TYPE_LONG_BLOB:
    case MYSQL_TYPE_BLOB:
    case MYSQL_TYPE_GEOMETRY:
    case MYSQL_TYPE_JSON: ok = cell_string(out, c, t, p, end, text, chars); break;
    default: ok = cell_time(out, t, p, end, text); break;
    }
    return ok || broken(c, e);
}

/* ---- does the image fit the definition? ----------------------------------------------------------------------- */

static const char *type_name(uint8_t type, char out[16])
{
    static const struct {
        uint8_t type;
        const char *name;
    } names[] = {{MYSQL_TYPE_DECIMAL, "old DECIMAL"}, {MYSQL_TYPE_TINY, "TINYINT"},
                 {MYSQL_TYPE_SHORT, "SMALLINT"},      {MYSQL_TYPE_LONG, "INT"},
                 {MYSQL_TYPE_FLOAT, "FLOAT"},         {MYSQL_TYPE_DOUBLE, "DOUBLE"},
                 {MYSQL_TYPE_NULL, "NULL"},           {MYSQL_TYPE_TIMESTAMP, "old TIMESTAMP"},
                 {MYSQL_TYPE_LONGLONG, "BIGINT"},     {MYSQL_TYPE_INT24, "MEDIUMINT"},
                 {MYSQL_TYPE_DATE, "DATE"},           {MYSQL_TYPE_TIME, "old TIME"},
                 {MYSQL_TYPE_DATETIME, "old DATETIME"}, {MYSQL_TYPE_YEAR, "YEAR"},
                 {MYSQL_TYPE_NEWDATE, "DATE"},        {MYSQL_TYPE_VARCHAR, "VARCHAR"},
                 {MYSQL_TYPE_BIT, "BIT"},             {MYSQL_TYPE_TIMESTAMP2, "TIMESTAMP"},
                 {MYSQL_TYPE_DATETIME2, "DATETIME"},  {MYSQL_TYPE_TIME2, "TIME"},
                 {TYPE_MARIADB_BLOB_COMPRESSED, "BLOB COMPRESSED"},
                 {TYPE_MARIADB_VARCHAR_COMPRESSED, "VARCHAR COMPRESSED"},
                 {TYPE_MYSQL_VECTOR, "VECTOR"},       {MYSQL_TYPE_JSON, "JSON"},
                 {MYSQL_TYPE_NEWDECIMAL, "DECIMAL"},  {MYSQL_TYPE_ENUM, "ENUM"},
                 {MYSQL_TYPE_SET, "SET"},             {MYSQL_TYPE_TINY_BLOB, "BLOB"},
                 {MYSQL_TYPE_MEDIUM_BLOB, "BLOB"},    {MYSQL_TYPE_LONG_BLOB, "BLOB"},
                 {MYSQL_TYPE_BLOB, "BLOB"},           {MYSQL_TYPE_VAR_STRING, "VARCHAR"},
                 {MYSQL_TYPE_STRING, "CHAR"},         {MYSQL_TYPE_GEOMETRY, "GEOMETRY"}};
    for (size_t i = 0; i < TG_ARRAY_LEN(names); i++)
        if (names[i].type == type)
            return names[i].name;
    snprintf(out, 16, "type %u", type);
    return out;
}

static bool is_blob(uint8_t type)
{
    return type == MYSQL_TYPE_BLOB || type == MYSQL_TYPE_TINY_BLOB || type == MYSQL_TYPE_MEDIUM_BLOB ||
           type == MYSQL_TYPE_LONG_BLOB;
}

static bool is_varchar(uint8_t type)
{
    return type == MYSQL_TYPE_VARCHAR || type == MYSQL_TYPE_VAR_STRING;
}

bool render_needs_map(const struct column *c)
{
    return col_is_text(c->cls) && (c->charset == CS_OTHER || c->charset == CS_ASCII);
}

static unsigned char_bytes(enum text_charset charset, const struct charmap *map)
{
    return map ? charmap_max_bytes(map) : charset == CS_UTF8MB4 ? 4 : charset == CS_UTF8MB3 ? 3 : 1;
}

static bool fits(const struct column *c, struct image_type t, const struct charmap *map)
{
    switch (c->cls) {
    case COL_TINY: return t.type == MYSQL_TYPE_TINY;
    case COL_SMALL: return t.type == MYSQL_TYPE_SHORT;
    case COL_MEDIUM: return t.type == MYSQL_TYPE_INT24;
    case COL_INT: return t.type == MYSQL_TYPE_LONG;
    case COL_BIG: return t.type == MYSQL_TYPE_LONGLONG;
    case COL_DECIMAL:
        return t.type == MYSQL_TYPE_NEWDECIMAL && t.meta >> 8 == c->dec && (!c->length || (t.meta & 0xff) == c->length);
    case COL_FLOAT: return t.type == MYSQL_TYPE_FLOAT;
    case COL_DOUBLE: return t.type == MYSQL_TYPE_DOUBLE;
    case COL_BIT: return t.type == MYSQL_TYPE_BIT && (!c->length || bit_count(t) == c->length);
    case COL_CHAR:
        return t.type == MYSQL_TYPE_STRING && (!c->length || t.meta == c->length * char_bytes(c->charset, map));
    case COL_BINARY: return t.type == MYSQL_TYPE_STRING && t.meta == c->length;
    case COL_VARCHAR:
    case COL_VARBINARY: return is_varchar(t.type) || t.type == TYPE_MARIADB_VARCHAR_COMPRESSED;
    case COL_TEXT:
    case COL_BLOB:
        return (is_blob(t.type) && length_size(t)) ||
               (t.type == TYPE_MARIADB_BLOB_COMPRESSED && t.meta >= 1 && t.meta <= 4);
    case COL_UUID:
    case COL_INET4:
    case COL_INET6: return t.type == MYSQL_TYPE_STRING && t.meta == address_size(c->cls);
    case COL_GEOMETRY: return t.type == MYSQL_TYPE_GEOMETRY && length_size(t);
    case COL_JSON: return (t.type == MYSQL_TYPE_JSON || is_blob(t.type)) && length_size(t);
    case COL_DATE: return t.type == MYSQL_TYPE_DATE || t.type == MYSQL_TYPE_NEWDATE;
    case COL_TIME: return t.type == MYSQL_TYPE_TIME || (t.type == MYSQL_TYPE_TIME2 && t.meta == c->dec);
    case COL_DATETIME: return t.type == MYSQL_TYPE_DATETIME || (t.type == MYSQL_TYPE_DATETIME2 && t.meta == c->dec);
    case COL_TIMESTAMP: return t.type == MYSQL_TYPE_TIMESTAMP || (t.type == MYSQL_TYPE_TIMESTAMP2 && t.meta == c->dec);
    case COL_YEAR: return t.type == MYSQL_TYPE_YEAR;
    case COL_ENUM: return t.type == MYSQL_TYPE_ENUM && t.meta == (c->nmembers > 255 ? 2 : 1);
    case COL_SET: return t.type == MYSQL_TYPE_SET && t.meta >= 1 && t.meta <= 8 && c->nmembers <= t.meta * 8U;
    case COL_UNSUPPORTED: break;
    }
    return false;
}

bool render_check(const struct column *c, struct image_type t, const struct charmap *map, struct err *e)
{
    char name[16];
    if (c->cls == COL_UNSUPPORTED || (col_is_text(c->cls) && c->charset == CS_OTHER && !map))
        return c->collation && c->collation[0] ? err_set(e, ERR_SOURCE_TYPE, "column %s: %s with %s", c->name, c->type_text, c->collation)
                                               : err_set(e, ERR_SOURCE_TYPE, "column %s: %s", c->name, c->type_text);
    /* MariaDB without mysql56_temporal_format: the image does not say how many bytes the fraction takes. */
    bool is_old = t.type == MYSQL_TYPE_TIME || t.type == MYSQL_TYPE_DATETIME || t.type == MYSQL_TYPE_TIMESTAMP;
    if (is_old && c->dec > 0)
        return err_set(e, ERR_SOURCE_TYPE, "column %s: %s in MariaDB's old format", c->name, c->type_text);
    if (!fits(c, t, map))
        return err_set(e, ERR_BINLOG_TABLE, "column %s: defined as %s, but the binlog holds %s (%u)", c->name,
                       c->type_text, type_name(t.type, name), t.meta);
    return true;
}
