// SPDX-License-Identifier: Apache-2.0
/* Numbers and times as the servers print them. A double gets the fewest digits that read back to the same bits
 * (what dtoa finds for my_gcvt), and my_gcvt's choice between 0.001 and 1e-3. Everything is checked for range, so
 * that broken input gives "no value" instead of broken text. */
#include "db/render.h"
#include "db/render_impl.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* my_gcvt leaves the plain form below 1e-15 and from 1e15 on. */
#define PLAIN_MAX 15

size_t render_u64(char *out, uint64_t v)
{
    char digits[24];
    size_t n = 0;
    do
        digits[n++] = (char)('0' + v % 10);
    while (v /= 10);
    for (size_t i = 0; i < n; i++)
        out[i] = digits[n - 1 - i];
    return n;
}

size_t render_i64(char *out, int64_t v)
{
    if (v >= 0)
        return render_u64(out, (uint64_t)v);
    out[0] = '-';
    return 1 + render_u64(out + 1, 0 - (uint64_t)v);
}

static size_t put_digits(char *out, uint32_t v, unsigned width)
{
    for (unsigned i = width; i-- > 0; v /= 10)
        out[i] = (char)('0' + v % 10);
    return width;
}

/* ---- DECIMAL: groups of nine digits in four bytes, big endian; the first bit is inverted, all bits of a negative
 * one are ------------------------------------------------------------------------------------------------------ */

#define DECIMAL_GROUP 9
static const uint8_t bytes_of_digits[DECIMAL_GROUP + 1] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
static const uint32_t power_of_ten[DECIMAL_GROUP + 1] = {1,      10,      100,      1000,      10000,
                                                         100000, 1000000, 10000000, 100000000, 1000000000};

size_t render_decimal_size(unsigned precision, unsigned scale)
{
    if (precision == 0 || precision > 81 || scale > precision)
        return 0;
    unsigned whole = precision - scale;
    return whole / DECIMAL_GROUP * 4U + bytes_of_digits[whole % DECIMAL_GROUP] + scale / DECIMAL_GROUP * 4U +
           bytes_of_digits[scale % DECIMAL_GROUP];
}

/* Appends `digits` digits; false when the group holds more than they can. */
static bool put_group(char *out, size_t *n, const uint8_t **p, unsigned digits)
{
    unsigned size = bytes_of_digits[digits];
    uint32_t v = (uint32_t)read_be(*p, size);
    if (v >= power_of_ten[digits])
        return false;
    *n += put_digits(out + *n, v, digits);
    *p += size;
    return true;
}

size_t render_decimal(char out[RENDER_DECIMAL_MAX], const uint8_t *p, unsigned precision, unsigned scale)
{
    uint8_t plain[48];
    size_t size = render_decimal_size(precision, scale), n = 0, dn = 0;
    if (size == 0 || size > sizeof plain)
        return 0;
    bool is_negative = !(p[0] & 0x80);
    for (size_t i = 0; i < size; i++)
        plain[i] = is_negative ? (uint8_t)~p[i] : p[i];
    plain[0] ^= 0x80;
    char digits[RENDER_DECIMAL_MAX];
    const uint8_t *q = plain;
    unsigned whole = precision - scale;
    if (whole % DECIMAL_GROUP && !put_group(digits, &dn, &q, whole % DECIMAL_GROUP))
        return 0;
    for (unsigned i = 0; i < whole / DECIMAL_GROUP; i++)
        if (!put_group(digits, &dn, &q, DECIMAL_GROUP))
            return 0;
    for (unsigned i = 0; i < scale / DECIMAL_GROUP; i++)
        if (!put_group(digits, &dn, &q, DECIMAL_GROUP))
            return 0;
    if (scale % DECIMAL_GROUP && !put_group(digits, &dn, &q, scale % DECIMAL_GROUP))
        return 0;
    size_t first = 0;
    while (first < whole && digits[first] == '0')
        first++;
    if (is_negative)
        out[n++] = '-';
    if (first == whole)
        out[n++] = '0';
    memcpy(out + n, digits + first, whole - first);
    n += whole - first;
    if (scale) {
        out[n++] = '.';
        memcpy(out + n, digits + whole, scale);
        n += scale;
    }
    return n;
}

/* ---- times ---------------------------------------------------------------------------------------------------- */

static size_t put_fraction(char *out, uint32_t microseconds, unsigned dec)
{
    if (dec == 0)
        return 0;
    char six[6];
    put_digits(six, microseconds, 6);
    out[0] = '.';
    memcpy(out + 1, six, dec);
    return 1 + dec;
}

static size_t put_clock(char *out, uint32_t hour, uint32_t minute, uint32_t second)
{
    size_t n = put_digits(out, hour, hour > 99 ? 3 : 2);
    out[n++] = ':';
    n += put_digits(out + n, minute, 2);
    out[n++] = ':';
    return n + put_digits(out + n, second, 2);
}

static size_t put_date(char *out, uint32_t year, uint32_t month, uint32_t day)
{
    size_t n = put_digits(out, year, 4);
    out[n++] = '-';
    n += put_digits(out + n, month, 2);
    out[n++] = '-';
    return n + put_digits(out + n, day, 2);
}

size_t render_packed_date(char out[RENDER_TIME_MAX], int64_t packed)
{
    if (packed < 0)
        return 0;
    uint64_t ymd = (uint64_t)packed >> 24 >> 17, ym = ymd >> 5;
    return ym / 13 > 9999 ? 0 : put_date(out, (uint32_t)(ym / 13), (uint32_t)(ym % 13), (uint32_t)(ymd & 31));
}

size_t render_packed_datetime(char out[RENDER_TIME_MAX], int64_t packed, unsigned dec)
{
    size_t n = render_packed_date(out, packed);
    uint32_t hms = (uint32_t)((uint64_t)packed >> 24 & 0x1ffff), fraction = (uint32_t)(packed & 0xffffff);
    uint32_t hour = hms >> 12, minute = hms >> 6 & 63, second = hms & 63;
    if (n == 0 || hour > 23 || minute > 59 || second > 59 || fraction > 999999)
        return 0;
    out[n++] = ' ';
    n += put_clock(out + n, hour, minute, second);
    return n + put_fraction(out + n, fraction, dec);
}

size_t render_packed_time(char out[RENDER_TIME_MAX], int64_t packed, unsigned dec)
{
    uint64_t v = packed < 0 ? 0 - (uint64_t)packed : (uint64_t)packed;
    uint64_t hms = v >> 24, hour = hms >> 12;
    uint32_t minute = (uint32_t)(hms >> 6 & 63), second = (uint32_t)(hms & 63), fraction = (uint32_t)(v & 0xffffff);
    if (hour > 838 || minute > 59 || second > 59 || fraction > 999999)
        return 0;
    size_t n = 0;
    if (packed < 0)
        out[n++] = '-';
    n += put_clock(out + n, (uint32_t)hour, minute, second);
    return n + put_fraction(out + n, fraction, dec);
}

/* ---- doubles -------------------------------------------------------------------------------------------------- */

struct digits {
    char d[20];                       /* without trailing zeros */
    int n;
    int point;                        /* 0.d1d2d3… times ten to this */
};

/* v > 0 with `count` significant digits; whether that reads back to v. */
static bool try_digits(struct digits *out, double v, int count)
{
    char text[40];
    snprintf(text, sizeof text, "%.*e", count - 1, v);
    char *e = strchr(text, 'e');
    out->point = (int)strtol(e + 1, NULL, 10) + 1;
    out->n = 0;
    for (const char *p = text; p < e; p++)
        if (*p != '.')
            out->d[out->n++] = *p;
    while (out->n > 1 && out->d[out->n - 1] == '0')
        out->n--;
    return strtod(text, NULL) == v;
}

/* At a power of two the gap above is twice the gap below, so the next number up can be shorter than the nearest. */
static bool try_next_up(struct digits *out, double v, int count)
{
    struct digits up;
    int binary;
    if (frexp(v, &binary) != 0.5)
        return false;
    try_digits(&up, v, count);
    while (up.n < count)
        up.d[up.n++] = '0';
    int i = count - 1;
    while (i >= 0 && up.d[i] == '9')
        up.d[i--] = '0';
    if (i < 0)
        return false;
    up.d[i]++;
    char text[40];
    snprintf(text, sizeof text, "0.%.*se%d", up.n, up.d, up.point);
    if (strtod(text, NULL) != v)
        return false;
    while (up.n > 1 && up.d[up.n - 1] == '0')
        up.n--;
    *out = up;
    return true;
}

static void shortest_digits(struct digits *out, double v)
{
    /* Up to 15 digits survive the way through a normal double, so 15 finds every shorter one too. */
    int count = v < DBL_MIN ? 1 : DBL_DIG;
    while (!try_digits(out, v, count) && !try_next_up(out, v, count) && count < 17)
        count++;
}

size_t render_double_text(char out[RENDER_DOUBLE_MAX], double v)
{
    size_t n = 0;
    if (!isfinite(v)) {
        out[0] = '0';
        return 1;
    }
    if (signbit(v))
        out[n++] = '-';
    if (v == 0) {
        out[n++] = '0';
        return n;
    }
    struct digits d;
    shortest_digits(&d, fabs(v));
    if (d.point <= -PLAIN_MAX || (d.point > PLAIN_MAX && d.n <= d.point)) {
        out[n++] = d.d[0];
        if (d.n > 1) {
            out[n++] = '.';
            memcpy(out + n, d.d + 1, (size_t)d.n - 1);
            n += (size_t)d.n - 1;
        }
        out[n++] = 'e';
        return n + render_i64(out + n, d.point - 1);
    }
    if (d.point <= 0) {
        out[n++] = '0';
        out[n++] = '.';
        for (int i = d.point; i < 0; i++)
            out[n++] = '0';
    }
    for (int i = 0; i < TG_MAX(d.n, d.point); i++) {
        if (i > 0 && i == d.point)
            out[n++] = '.';
        out[n++] = i < d.n ? d.d[i] : '0';
    }
    return n;
}

void render_double(struct buf *out, double v)
{
    char text[RENDER_DOUBLE_MAX];
    buf_add(out, text, render_double_text(text, v));
}
