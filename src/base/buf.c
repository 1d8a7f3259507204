// SPDX-License-Identifier: Apache-2.0
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_release(struct buf *b)
{
    free(b->p);
    *b = (struct buf){0};
}

void buf_reserve(struct buf *b, size_t more)
{
    size_t want = b->n + more + 1;
    if (want <= b->cap)
        return;
    size_t cap = b->cap ? b->cap : 64;
    while (cap < want)
        cap += cap / 2 + 64;
    b->p = x_realloc(b->p, cap + 1);
    b->cap = cap;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
    buf_reserve(b, n);
    if (n)
        memcpy(b->p + b->n, p, n);
    b->n += n;
    b->p[b->n] = 0;
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        tg_bug("bad format %s", fmt);
    buf_reserve(b, (size_t)n);
    vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
    va_end(again);
    b->n += (size_t)n;
}

char *buf_take(struct buf *b)
{
    buf_reserve(b, 0);
    b->p[b->n] = 0;
    char *p = b->p;
    *b = (struct buf){0};
    return p;
}

struct arena_block {
    struct arena_block *previous;
    size_t used, size;
    _Alignas(16) char data[];
};

void *arena_alloc(struct arena *a, size_t n)
{
    n = (n + 15) & ~(size_t)15;
    if (!a->last || a->last->used + n > a->last->size) {
        size_t size = TG_MAX(n, a->last ? TG_MIN(a->last->size * 2, (size_t)1 << 20) : (size_t)2048);
        struct arena_block *b = malloc(sizeof *b + size);
        if (!b)
            tg_bug("out of memory for %zu bytes", size);
        *b = (struct arena_block){.previous = a->last, .size = size};
        a->last = b;
        a->total += size;
    }
    void *p = a->last->data + a->last->used;
    a->last->used += n;
    return p;
}

char *arena_dup(struct arena *a, const void *p, size_t n)
{
    char *copy = arena_alloc(a, n + 1);
    if (n)
        memcpy(copy, p, n);
    copy[n] = 0;
    return copy;
}

void arena_release(struct arena *a)
{
    for (struct arena_block *b = a->last, *previous; b; b = previous) {
        previous = b->previous;
        free(b);
    }
    *a = (struct arena){0};
}
