// SPDX-License-Identifier: Apache-2.0
// Charsets as their server converts them. Servers differ (what 0x5c of sjis is, which codes of gbk have a character),
// and iconv differs from all of them, so the tables come from the server itself: CONVERT of every code, a few
// queries of at most 65,536 short rows. A code is taken for one character only if its answer is one character, since
// servers read what is no code in different ways; such bytes can't be stored in strict mode and become '?'.
#include "db/charmap.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define NO_CODE UINT32_MAX            /* not a character here */
#define LOST (UINT32_MAX - 1)         /* a code of the charset without a character in Unicode */
#define PAIRS 65536u
#define FOURS (4u * 10 * 126 * 10)    /* codes of four bytes that begin with 81 to 84: the BMP */
#define FOUR_LINEAR (15u * 10 * 126 * 10) /* the number of 90308130, U+10000 */

enum shape { ONE, TWO, EUC, GB18030, UCS2, UTF16, UTF16LE, UTF32 };

static const struct known {
    const char *name;
    enum shape shape;
    unsigned max_bytes;
} known[] = {
    {"armscii8", ONE, 1}, {"ascii", ONE, 1},    {"cp1250", ONE, 1},  {"cp1251", ONE, 1},   {"cp1256", ONE, 1},
    {"cp1257", ONE, 1},   {"cp850", ONE, 1},    {"cp852", ONE, 1},   {"cp866", ONE, 1},    {"dec8", ONE, 1},
    {"geostd8", ONE, 1},  {"greek", ONE, 1},    {"hebrew", ONE, 1},  {"hp8", ONE, 1},      {"keybcs2", ONE, 1},
    {"koi8r", ONE, 1},    {"koi8u", ONE, 1},    {"latin1", ONE, 1},  {"latin2", ONE, 1},   {"latin5", ONE, 1},
    {"latin7", ONE, 1},   {"macce", ONE, 1},    {"macroman", ONE, 1}, {"swe7", ONE, 1},    {"tis620", ONE, 1},
    {"big5", TWO, 2},     {"cp932", TWO, 2},    {"euckr", TWO, 2},   {"gb2312", TWO, 2},   {"gbk", TWO, 2},
    {"sjis", TWO, 2},     {"eucjpms", EUC, 3},  {"ujis", EUC, 3},    {"gb18030", GB18030, 4},
    {"ucs2", UCS2, 2},    {"utf16", UTF16, 4},  {"utf16le", UTF16LE, 4}, {"utf32", UTF32, 4},
};

struct charmap {
    struct charmap *next;
    const struct known *known;
    bool keeps_ascii;                 /* bytes below 0x80 are ASCII */
    uint32_t one[256];
    uint32_t *two, *three, *four;     /* by code; three: behind 8F; NULL where the charset has none */
};

struct charmaps {
    const struct db_addr *source;
    pthread_mutex_t lock;
    struct charmap *list;
};

static const struct known *find_known(const char *name)
{
    size_t n = strcspn(name, "_");
    for (size_t i = 0; i < TG_ARRAY_LEN(known); i++)
        if (strncasecmp(known[i].name, name, n) == 0 && !known[i].name[n])
            return &known[i];
    return NULL;
}

bool charmap_is_known(const char *name)
{
    return find_known(name) != NULL;
}

unsigned charmap_max_bytes(const struct charmap *map)
{
    return map->known->max_bytes;
}

/* ---- reading ---- */

#define NIBBLE                                                                                                          \
    "(SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5"     \
    " UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9 UNION ALL SELECT 10"                  \
    " UNION ALL SELECT 11 UNION ALL SELECT 12 UNION ALL SELECT 13 UNION ALL SELECT 14 UNION ALL SELECT 15)"
#define BYTE(a, b) "(" #a ".n * 16 + " #b ".n)"

/* One character of UTF-8, surrogates included (a server may send them); NO_CODE when it is none or more. */
static uint32_t one_character(const char *text, size_t n)
{
    const uint8_t *p = (const uint8_t *)text;
    static const struct {
        uint8_t mask, mark, bits;
    } forms[] = {{0x80, 0, 0x7f}, {0xe0, 0xc0, 0x1f}, {0xf0, 0xe0, 0x0f}, {0xf8, 0xf0, 0x07}};
    if (n < 1 || n > 4 || (p[0] & forms[n - 1].mask) != forms[n - 1].mark)
        return NO_CODE;
    uint32_t u = p[0] & forms[n - 1].bits;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return NO_CODE;
        u = u << 6 | (p[i] & 0x3f);
    }
    return u;
}

/* Rows of (code, what the server makes of it) into out[count]. */
static bool read_codes(struct conn *c, const char *sql, uint32_t *out, size_t count, struct err *e)
{
    MYSQL_RES *res;
    for (size_t i = 0; i < count; i++)
        out[i] = NO_CODE;
    if (!conn_query(c, sql, &res, e))
        return err_wrap(e, "reading a charset");
    for (MYSQL_ROW row; (row = mysql_fetch_row(res));) {
        unsigned long *n = mysql_fetch_lengths(res);
        size_t code = row[0] ? strtoul(row[0], NULL, 10) : count;
        uint32_t u = row[1] ? one_character(row[1], n[1]) : NO_CODE;
        if (code < count)
            out[code] = u == '?' ? LOST : u;
    }
    mysql_free_result(res);
    return true;
}

static bool read_ones(struct charmap *map, struct conn *c, struct err *e)
{
    char sql[2048];
    snprintf(sql, sizeof sql,
             "SELECT " BYTE(a, b) ", CONVERT(CONVERT(CHAR(" BYTE(a, b) ") USING %s) USING utf8mb4) FROM " NIBBLE
             " AS a, " NIBBLE " AS b", map->known->name);
    if (!read_codes(c, sql, map->one, 256, e))
        return false;
    map->one['?'] = '?';
    map->keeps_ascii = true;
    for (uint32_t i = 0; i < 0x80; i++)
        map->keeps_ascii = map->keeps_ascii && map->one[i] == i;
    return true;
}

static bool read_pairs(uint32_t **out, const char *charset, const char *lead, struct conn *c, struct err *e)
{
    char sql[4096];
    *out = x_alloc(PAIRS * sizeof **out);
    snprintf(sql, sizeof sql,
             "SELECT " BYTE(a, b) " * 256 + " BYTE(x, y) ", CONVERT(CONVERT(CHAR(%s" BYTE(a, b) "," BYTE(x, y)
             ") USING %s) USING utf8mb4) FROM " NIBBLE " AS a, " NIBBLE " AS b, " NIBBLE " AS x, " NIBBLE " AS y"
             " WHERE a.n > 7", lead, charset);
    return read_codes(c, sql, *out, PAIRS, e);
}

static bool read_fours(struct charmap *map, struct conn *c, struct err *e)
{
    char sql[4096];
    map->four = x_alloc(FOURS * sizeof *map->four);
    snprintf(sql, sizeof sql,
             "SELECT ((a.n * 10 + b.n) * 126 + " BYTE(x, y) ") * 10 + d.n, CONVERT(CONVERT(CHAR(129 + a.n, 48 + b.n, 129 + "
             BYTE(x, y) ", 48 + d.n) USING gb18030) USING utf8mb4) FROM " NIBBLE " AS a, " NIBBLE " AS b, " NIBBLE
             " AS x, " NIBBLE " AS y, " NIBBLE " AS d WHERE a.n < 4 AND b.n < 10 AND d.n < 10 AND " BYTE(x, y) " < 126");
    return read_codes(c, sql, map->four, FOURS, e);
}

static bool read_map(struct charmap *map, const struct db_addr *source, struct err *e)
{
    struct conn c = {0};
    const struct known *k = map->known;
    if (k->shape >= UCS2)
        return true;
    if (!conn_open_source(&c, source, 60, e))
        return false;
    bool fine = read_ones(map, &c, e);
    if (k->shape != ONE)
        fine = fine && read_pairs(&map->two, k->name, "", &c, e);
    if (k->shape == EUC)
        fine = fine && read_pairs(&map->three, k->name, "143,", &c, e);
    if (k->shape == GB18030)
        fine = fine && read_fours(map, &c, e);
    conn_close(&c);
    return fine;
}

static void map_free(struct charmap *map)
{
    free(map->two);
    free(map->three);
    free(map->four);
    free(map);
}

struct charmaps *charmaps_new(const struct db_addr *source)
{
    struct charmaps *m = x_alloc(sizeof *m);
    m->source = source;
    pthread_mutex_init(&m->lock, NULL);
    return m;
}

void charmaps_free(struct charmaps *m)
{
    if (!m)
        return;
    for (struct charmap *map = m->list, *next; map; map = next) {
        next = map->next;
        map_free(map);
    }
    pthread_mutex_destroy(&m->lock);
    free(m);
}

const struct charmap *charmaps_get(struct charmaps *m, const char *name, struct err *e)
{
    const struct known *k = find_known(name);
    if (!k) {
        err_set(e, ERR_SOURCE_TYPE, "charset %s is not known", name);
        return NULL;
    }
    pthread_mutex_lock(&m->lock);
    struct charmap *map = m->list;
    while (map && map->known != k)
        map = map->next;
    if (!map) {
        map = x_alloc(sizeof *map);
        map->known = k;
        if (read_map(map, m->source, e)) {
            map->next = m->list;
            m->list = map;
        } else {
            map_free(map);
            map = NULL;
        }
    }
    pthread_mutex_unlock(&m->lock);
    return map;
}

/* ---- converting ---- */

static inline uint32_t be(const uint8_t *p, unsigned n)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < n; i++)
        v = v << 8 | p[i];
    return v;
}

static unsigned next_four(const struct charmap *map, const uint8_t *p, size_t n, uint32_t *u)
{
    if (n < 4 || p[0] < 0x81 || p[0] > 0xfe || p[2] < 0x81 || p[2] > 0xfe || p[3] < 0x30 || p[3] > 0x39)
        return 1;
    uint32_t number = ((p[0] - 0x81u) * 10 + p[1] - 0x30u) * 1260 + (p[2] - 0x81u) * 10 + p[3] - 0x30u;
    if (number < FOURS)
        *u = map->four[number];
    else if (number >= FOUR_LINEAR && number - FOUR_LINEAR <= 0xfffff)
        *u = 0x10000 + number - FOUR_LINEAR;
    return 4;
}

/* Codes by table: one byte, else a pair, a triple behind 8F, four bytes where the second is a digit. */
static unsigned next_by_table(const struct charmap *map, const uint8_t *p, size_t n, uint32_t *u)
{
    *u = map->one[p[0]];
    if (*u < LOST || !map->two || n < 2)
        return 1;
    *u = NO_CODE;
    if (map->four && p[1] >= 0x30 && p[1] <= 0x39)
        return next_four(map, p, n, u);
    bool is_triple = map->three && p[0] == 0x8f && n >= 3;
    *u = is_triple ? map->three[be(p + 1, 2)] : map->two[be(p, 2)];
    return *u == NO_CODE ? 1 : is_triple ? 3 : 2;
}

static unsigned next_utf16(bool is_little, const uint8_t *p, size_t n, uint32_t *u)
{
    unsigned hi = is_little, lo = !is_little;
    *u = NO_CODE;
    if (n < 2)
        return 1;
    uint32_t first = (uint32_t)p[hi] << 8 | p[lo];
    if (first < 0xd800 || first > 0xdfff) {
        *u = first;
        return 2;
    }
    uint32_t second = n >= 4 ? (uint32_t)p[2 + hi] << 8 | p[2 + lo] : 0;
    if (first > 0xdbff || second < 0xdc00 || second > 0xdfff)
        return 2;
    *u = 0x10000 + ((first & 0x3ff) << 10 | (second & 0x3ff));
    return 4;
}

/* Bytes of the next character; *u from LOST on: it is none. */
static unsigned next_character(const struct charmap *map, const uint8_t *p, size_t n, uint32_t *u)
{
    switch (map->known->shape) {
    case UCS2:
        *u = n >= 2 ? be(p, 2) : NO_CODE;
        return n >= 2 ? 2 : 1;
    case UTF16: return next_utf16(false, p, n, u);
    case UTF16LE: return next_utf16(true, p, n, u);
    case UTF32:
        *u = n >= 4 ? be(p, 4) : NO_CODE;
        if (*u > 0x10ffff)
            *u = NO_CODE;
        return (unsigned)TG_MIN(n, (size_t)4);
    default: return next_by_table(map, p, n, u);
    }
}

static char *put_utf8(char *to, uint32_t u)
{
    if (u < 0x80) {
        *to++ = (char)u;
        return to;
    }
    unsigned more = u < 0x800 ? 1 : u < 0x10000 ? 2 : 3;
    static const uint8_t marks[] = {0, 0xc0, 0xe0, 0xf0};
    *to++ = (char)(marks[more] | u >> (6 * more));
    while (more-- > 0)
        *to++ = (char)(0x80 | (u >> (6 * more) & 0x3f));
    return to;
}

uint32_t charmap_text(const struct charmap *map, const uint8_t *p, size_t n, struct cell *out, struct arena *text)
{
    size_t plain = 0;
    uint32_t lost = 0;
    while (map->keeps_ascii && plain < n && p[plain] < 0x80)
        plain++;
    *out = (struct cell){(const char *)p, (uint32_t)n};
    if (plain == n)
        return 0;
    /* A byte becomes at most three: what takes four in UTF-8 takes four bytes in every charset here, too. */
    char *start = arena_alloc(text, n * 3), *to = start;
    for (size_t i = 0; i < n;) {
        uint32_t u;
        i += next_character(map, p + i, n - i, &u);
        lost += u >= LOST;
        to = put_utf8(to, u >= LOST ? '?' : u);
    }
    *out = (struct cell){start, (uint32_t)(to - start)};
    return lost;
}
