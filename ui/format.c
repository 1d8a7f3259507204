// SPDX-License-Identifier: Apache-2.0
#include "ui/format.h"

#include "ui/text.h"

#include <stdio.h>
#include <time.h>

static const char *const byte_unit[] = {"B", "KB", "MB", "GB", "TB", "PB", "EB"};

static unsigned unit_of(double value, unsigned most)
{
    unsigned unit = 0;
    while (value >= 999.5 && unit < most) {
        value /= 1000;
        unit++;
    }
    return unit;
}

static double in_unit(double value, unsigned unit)
{
    while (unit--)
        value /= 1000;
    return value;
}

/* Three digits at most: 9.1, 188. Whole numbers of the smallest unit stay whole. */
static void number(char *out, size_t size, double value, unsigned unit)
{
    snprintf(out, size, unit && value < 9.95 ? "%.1f" : "%.0f", value);
}

const char *fmt_bytes(char out[FMT_SIZE], uint64_t bytes)
{
    return bytes_text(out, bytes);
}

const char *fmt_rate(char out[FMT_SIZE], double bytes_per_s)
{
    double rate = bytes_per_s > 0 ? bytes_per_s : 0;
    unsigned unit = unit_of(rate, 6);
    double value = in_unit(rate, unit);
    snprintf(out, FMT_SIZE, unit && value < 99.95 ? "%.1f %s/s" : "%.0f %s/s", value,
             byte_unit[unit]);
    return out;
}

const char *fmt_part(char out[FMT_SIZE], uint64_t done, uint64_t total, bool is_guess)
{
    char a[FMT_SIZE], b[FMT_SIZE];
    if (!total) {
        snprintf(out, FMT_SIZE, _("%.20s so far"), fmt_bytes(a, done));
        return out;
    }
    unsigned unit = unit_of((double)total, 6);
    double value = in_unit((double)done, unit);
    if (value >= 1 || done == 0)
        number(a, sizeof a, value, done ? unit : 0);
    else
        fmt_bytes(a, done);
    snprintf(out, FMT_SIZE, _("%.14s of %s%.14s"), a, is_guess ? "~" : "", fmt_bytes(b, total));
    return out;
}

const char *fmt_count(char out[FMT_SIZE], uint64_t n)
{
    static const char *const unit_name[] = {"", " K", " M", " G", " T", " P", " E"};
    if (n < 10000) {
        snprintf(out, FMT_SIZE, "%llu", (unsigned long long)n);
        return out;
    }
    unsigned unit = unit_of((double)n, 6);
    number(out, FMT_SIZE - 4, in_unit((double)n, unit), unit);
    size_t used = strlen(out);
    snprintf(out + used, FMT_SIZE - used, "%s", unit_name[unit]);
    return out;
}

const char *fmt_exact(char out[FMT_SIZE], uint64_t n)
{
    char digits[24];
    int have = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n), at = 0;
    for (int i = 0; i < have; i++) {
        if (i && (have - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = 0;
    return out;
}

const char *fmt_span(char out[FMT_SIZE], int64_t seconds)
{
    long long s = seconds > 0 ? seconds : 0;
    if (s < 60)
        snprintf(out, FMT_SIZE, _("%lld s"), s);
    else if (s < 3600)
        snprintf(out, FMT_SIZE, _("%lld m %lld s"), s / 60, s % 60);
    else if (s < 100 * 3600LL)
        snprintf(out, FMT_SIZE, _("%lld h %lld m"), s / 3600, s / 60 % 60);
    else
        snprintf(out, FMT_SIZE, _("%lld d %lld h"), s / 86400, s / 3600 % 24);
    return out;
}

/* 0 seconds, 1 minutes, 2 hours, 3 days */
static unsigned span_unit(int64_t seconds)
{
    return seconds < 90 ? 0 : seconds < 99 * 60 ? 1 : seconds < 72 * 3600 ? 2 : 3;
}

static const int64_t span_size[] = {1, 60, 3600, 86400};
static const char *const span_name[] = {N_("s"), N_("m"), N_("h"), N_("d")};

/* Long times are rounded to five minutes: more digits would be a lie. */
static void span_number(char *out, size_t size, int64_t seconds, unsigned unit)
{
    double value = (double)seconds / (double)span_size[unit];
    if (unit == 1 && value >= 45)
        snprintf(out, size, "%lld", (long long)((value + 2.5) / 5) * 5);
    else if (unit >= 2 && value < 10)
        snprintf(out, size, "%.1f", value);
    else
        snprintf(out, size, "%.0f", value);
}

const char *fmt_about(char out[FMT_SIZE], int64_t seconds)
{
    unsigned unit = span_unit(seconds);
    char a[24];
    span_number(a, sizeof a, seconds > 0 ? seconds : 0, unit);
    snprintf(out, FMT_SIZE, "%s %s", a, _(span_name[unit]));
    return out;
}

const char *fmt_range(char out[FMT_SIZE], int64_t from_s, int64_t to_s, const char *joint)
{
    unsigned unit = span_unit(to_s);
    char a[16], b[16];
    span_number(a, sizeof a, from_s > 0 ? from_s : 0, unit);
    span_number(b, sizeof b, to_s > 0 ? to_s : 0, unit);
    snprintf(out, FMT_SIZE, "%.10s%.6s%.10s %s", a, joint, b, _(span_name[unit]));
    return out;
}

const char *fmt_lag(char out[FMT_SIZE], double seconds)
{
    if (seconds < 9.95)
        snprintf(out, FMT_SIZE, _("%.1f s"), seconds > 0 ? seconds : 0.0);
    else
        fmt_span(out, seconds < 1e15 ? (int64_t)(seconds + 0.5) : (int64_t)1e15);
    return out;
}

const char *fmt_clock(char out[FMT_SIZE], int64_t wall_ms)
{
    time_t when = (time_t)(wall_ms / 1000);
    struct tm local;
    if (!localtime_r(&when, &local) || !strftime(out, FMT_SIZE, "%H:%M:%S", &local))
        snprintf(out, FMT_SIZE, "--:--:--");
    return out;
}
