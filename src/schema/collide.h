/* SPDX-License-Identifier: Apache-2.0
 * Unique keys over text whose collation the target lacks: values that the source keeps apart can be equal there. */
#ifndef TG_SCHEMA_COLLIDE_H
#define TG_SCHEMA_COLLIDE_H

#include "schema/schema.h"

struct collide_key {                  /* a key that needs a look; everything is borrowed */
    const struct table *table;
    const struct key *key;
    const struct target_dialect *to;
    const struct collation_ids *source;
    char mapped[64];                  /* what the target takes for the first of its columns that get a coarser collation */
    bool can_ask;                     /* false: the source has nothing like it, so nobody can tell before the copy */
};
/* The next such key of t, from *from on (0 to begin with). False: no more. Asks no server: each one that is found costs
 * collide_ask a look at every row of the table. */
bool collide_next(const struct table *t, const struct target_dialect *to, const struct collation_ids *source, uint32_t *from,
                  struct collide_key *out);
/* "s.t, unique key k under utf8mb4_general_ci: 'a' and 'A' (2 rows)" */
typedef void collide_found(void *arg, const struct collide_key *k, const char *text);
/* Groups the whole table at the source by the key as the target would compare it (only where can_ask); the first three
 * groups of more than one row are told. False: the query failed. */
bool collide_ask(const struct collide_key *k, struct conn *source, collide_found *found, void *arg, struct err *e);

#endif
