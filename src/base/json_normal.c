// SPDX-License-Identifier: Apache-2.0
/* jansson reads and writes; what it can't hold is kept beside it. Its integers have 64 bits and a sign, so larger ones
 * that a server keeps to the last digit become marked texts, and those that no server keeps become reals. Whole reals
 * become integers with the shortest digits that read back to them, for so TiDB prints them (1, 1e16 as
 * 10000000000000000). */
#include "base/json_normal.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define WHOLE_LIMIT 1e21              /* from here on every server prints an exponent */

/* Our mark is NUL and "u", as no text of sense begins. */
static json_t *large_integer(const char *digits)
{
    char text[40];
    int n = snprintf(text, sizeof text, "%c%c%s", 0, 'u', digits);
    return json_stringn(text, (size_t)n);
}

static json_t *number_of(json_t *j)
{
    char text[40], digits[40];
    double d = json_real_value(j);
    size_t n = 0;
    if (d != floor(d) || fabs(d) >= WHOLE_LIMIT)
        return json_incref(j);
    for (int precision = 14; precision <= 16; precision++) {
        snprintf(text, sizeof text, "%.*e", precision, d);
        if (strtod(text, NULL) == d)
            break;
    }
    size_t exponent = strtoul(strchr(text, 'e') + 1, NULL, 10), sign = d < 0;
    for (const char *p = text; *p != 'e' && n < sign + exponent + 1; p++)
        if (*p != '.')
            digits[n++] = *p;
    while (n < sign + exponent + 1)
        digits[n++] = '0';
    digits[n] = 0;
    errno = 0;
    json_int_t whole = strtoll(digits, NULL, 10);
    return errno ? large_integer(digits) : json_integer(whole);
}

/* A new reference: the same document with whole reals as integers. */
static json_t *with_numbers(json_t *j)
{
    size_t i;
    const char *key;
    json_t *item, *copy;
    switch (json_typeof(j)) {
    case JSON_REAL:
        return number_of(j);
    case JSON_ARRAY:
        copy = json_array();
        json_array_foreach(j, i, item)
            json_array_append_new(copy, with_numbers(item));
        return copy;
    case JSON_OBJECT:
        copy = json_object();
        json_object_foreach(j, key, item)
            json_object_set_new_nocheck(copy, key, with_numbers(item));
        return copy;
    default:
        return json_incref(j);
    }
}

/* One number as jansson can take it: 64 bits without a sign as a marked text, more digits as a real. */
static void add_number(struct buf *out, const char *p, size_t n)
{
    char digits[40];
    bool is_integer = p[0] != '0' && !memchr(p, '.', n) && !memchr(p, 'e', n) && !memchr(p, 'E', n);
    errno = 0;
    if (is_integer && n < sizeof digits) {
        memcpy(digits, p, n);
        digits[n] = 0;
        strtoll(digits, NULL, 10);
    }
    bool is_large = is_integer && (n >= sizeof digits || errno == ERANGE);
    errno = 0;
    if (is_large && p[0] != '-' && n < sizeof digits && (strtoull(digits, NULL, 10), errno == 0)) {
        buf_addf(out, "\"\\u0000u%s\"", digits);
        return;
    }
    buf_add(out, p, n);
    if (is_large)
        buf_adds(out, ".0");
}

static void with_large_integers(struct buf *out, const char *p, size_t n)
{
    bool in_string = false;
    for (size_t i = 0; i < n;) {
        size_t from = i;
        if (!in_string && (p[i] == '-' || (p[i] >= '0' && p[i] <= '9'))) {
            while (i < n && p[i] && strchr("+-.0123456789eE", p[i]))
                i++;
            add_number(out, p + from, i - from);
            continue;
        }
        i += in_string && p[i] == '\\' && i + 1 < n ? 2 : 1;
        if (p[from] == '"')
            in_string = !in_string;
        buf_add(out, p + from, i - from);
    }
}

bool json_normal(struct buf *out, const char *p, size_t n)
{
    json_error_t ignored;
    if (memchr(p, 0, n)) /* jansson would stop there */
        return false;
    json_t *j = json_loadb(p, n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &ignored);
    if (!j) {
        struct buf other = {0};
        with_large_integers(&other, p, n);
        j = json_loadb(other.p ? other.p : "", other.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &ignored);
        buf_release(&other);
    }
    if (!j)
        return false;
    json_t *same = with_numbers(j);
    char *text = json_dumps(same, JSON_ENCODE_ANY | JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(same);
    json_decref(j);
    if (text)
        buf_adds(out, text);
    free(text);
    return text != NULL;
}
