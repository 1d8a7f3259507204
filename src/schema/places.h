/* SPDX-License-Identifier: Apache-2.0
 * Tables by their two names, for runs of many thousands of tables: sorted once, then found by halving. Names are
 * borrowed. One thread. */
#ifndef TG_SCHEMA_PLACES_H
#define TG_SCHEMA_PLACES_H

#include "base/buf.h"

struct place {                        /* a table's two names at one end */
    const char *schema, *name;
    void *what;
};
struct places {
    struct place *list;
    uint32_t n;
    bool folds;                       /* names that differ by case are the same */
};
void places_add(struct places *p, const char *schema, const char *name, void *what);
void places_sort(struct places *p);
void *places_find(const struct places *p, const char *schema, const char *name); /* NULL: none; needs places_sort */
const struct place *places_twice(const struct places *p); /* the first of two that share their names, or NULL */
void places_schemas(const struct places *p, struct buf *out); /* " IN ('a','b')" */
void places_release(struct places *p);

#endif
