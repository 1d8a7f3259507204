// SPDX-License-Identifier: Apache-2.0
#include "base/base.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

static void (*bug_hook)(void);

bool str_ieq(struct str a, struct str b)
{
    return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

bool name_is_scratch(const char *schema)
{
    size_t n = sizeof SCRATCH_SCHEMA - 1;
    if (strncasecmp(schema, SCRATCH_SCHEMA, n) != 0)
        return false;
    const char *tail = schema + n;
    return !*tail || (*tail == '_' && strlen(tail) == 9 && strspn(tail + 1, "0123456789abcdefABCDEF") == 8);
}

void *x_alloc(size_t size)
{
    void *p = calloc(1, size ? size : 1);
    if (!p)
        tg_bug("out of memory for %zu bytes", size);
    return p;
}

void *x_realloc(void *old, size_t size)
{
    void *p = realloc(old, size ? size : 1);
    if (!p)
        tg_bug("out of memory for %zu bytes", size);
    return p;
}

void *x_memdup(const void *p, size_t n)
{
    void *copy = x_alloc(n);
    if (n)
        memcpy(copy, p, n);
    return copy;
}

char *x_strdup(const char *z)
{
    return z ? x_strndup(z, strlen(z)) : NULL;
}

char *x_strndup(const char *p, size_t n)
{
    char *copy = x_alloc(n + 1);
    if (n)
        memcpy(copy, p, n);
    return copy;
}

char *x_one_line(const char *lines)
{
    size_t n = strlen(lines);
    while (n && lines[n - 1] == '\n')
        n--;
    char *line = x_alloc(2 * n + 1), *out = line;
    for (size_t i = 0; i < n; i++) {
        *out++ = lines[i] == '\n' ? ';' : lines[i];
        if (lines[i] == '\n')
            *out++ = ' ';
    }
    return line;
}

char *x_format(const char *fmt, ...)
{
    va_list ap;
    char *text = NULL;
    va_start(ap, fmt);
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (n < 0)
        tg_bug("out of memory while formatting");
    return text;
}

void tg_bug_hook(void (*hook)(void))
{
    bug_hook = hook;
}

void tg_bug(const char *fmt, ...)
{
    va_list ap;
    if (bug_hook)
        bug_hook();
    fputs("tidegate: internal error: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    abort();
}

const char *bytes_text(char out[32], uint64_t bytes)
{
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 999.5 && unit + 1 < TG_ARRAY_LEN(units); unit++)
        value /= 1000;
    snprintf(out, 32, unit && value < 9.95 ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return out;
}

unsigned str_distance(const char *a, const char *b)
{
    unsigned row[65];
    size_t la = TG_MIN(strlen(a), (size_t)64), lb = TG_MIN(strlen(b), (size_t)64);
    for (size_t j = 0; j <= lb; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= la; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= lb; j++) {
            unsigned swap = diagonal + (tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]));
            diagonal = row[j];
            row[j] = TG_MIN(swap, TG_MIN(row[j] + 1, row[j - 1] + 1));
        }
    }
    return row[lb];
}

uint64_t tg_random64(void)
{
    uint64_t v;
    if (getrandom(&v, sizeof v, 0) != (ssize_t)sizeof v)
        tg_bug("getrandom failed");
    return v;
}
