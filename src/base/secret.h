/* SPDX-License-Identifier: Apache-2.0
 * A password or key: locked memory, wiped when freed, not printable by accident (a struct, never char *).
 * Only the doors to the servers call secret_peek. */
#ifndef TG_BASE_SECRET_H
#define TG_BASE_SECRET_H

#include "base/base.h"

struct secret;
struct secret *secret_new(const char *p, size_t n);    /* copies; the caller wipes its own copy */
struct secret *secret_copy(const struct secret *s);    /* NULL gives NULL */
void secret_free(struct secret *s);                    /* wipes; NULL is fine */
const char *secret_peek(const struct secret *s);       /* NUL-terminated; NULL gives "" */

#endif
