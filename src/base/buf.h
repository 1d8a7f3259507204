/* SPDX-License-Identifier: Apache-2.0
 * struct buf: a growing byte buffer. Invariant: p is NULL or holds cap+1 bytes and p[n] == 0, so p can be
 * read as text. struct arena: many small pieces freed together. Neither is thread safe. */
#ifndef TG_BASE_BUF_H
#define TG_BASE_BUF_H

#include "base/base.h"

struct buf {
    char *p;
    size_t n, cap;
};

void buf_release(struct buf *b);                       /* frees, b is empty and usable again */
void buf_reserve(struct buf *b, size_t more);          /* room for `more` bytes after n */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
char *buf_take(struct buf *b);                         /* caller frees; b is empty; never NULL */
static inline void buf_reset(struct buf *b)
{
    b->n = 0;
    if (b->p)
        b->p[0] = 0;
}
static inline void buf_adds(struct buf *b, const char *z)
{
    buf_add(b, z, strlen(z));
}
static inline void buf_addc(struct buf *b, char c)
{
    if (b->n + 1 >= b->cap)
        buf_reserve(b, 1);
    b->p[b->n++] = c;
    b->p[b->n] = 0;
}
static inline struct str buf_str(const struct buf *b)
{
    return (struct str){b->p ? b->p : "", b->n};
}

struct arena {
    struct arena_block *last;
    size_t total;                                      /* bytes held, for budgets */
};
void *arena_alloc(struct arena *a, size_t n);          /* 16-byte aligned, not zeroed */
char *arena_dup(struct arena *a, const void *p, size_t n); /* copy with a terminating 0 */
void arena_release(struct arena *a);

#endif
