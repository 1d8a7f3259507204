// SPDX-License-Identifier: Apache-2.0
#include "base/secret.h"

#include <stdlib.h>
#include <sys/mman.h>

struct secret {
    size_t n;
    char text[];
};

struct secret *secret_new(const char *p, size_t n)
{
    struct secret *s = x_alloc(sizeof *s + n + 1);
    (void)mlock(s, sizeof *s + n + 1); /* may be over the limit; then it is only not locked */
    s->n = n;
    memcpy(s->text, p, n);
    return s;
}

struct secret *secret_copy(const struct secret *s)
{
    return s ? secret_new(s->text, s->n) : NULL;
}

void secret_free(struct secret *s)
{
    if (!s)
        return;
    size_t size = sizeof *s + s->n + 1;
    explicit_bzero(s, size);
    (void)munlock(s, size);
    free(s);
}

const char *secret_peek(const struct secret *s)
{
    return s ? s->text : "";
}
