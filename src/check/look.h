/* SPDX-License-Identifier: Apache-2.0
 * What there is to move: the schemas, tables and views of the source, with what a person wants to know before choosing.
 * By the same readers as the checks, so that both say the same of a table. */
#ifndef TG_CHECK_LOOK_H
#define TG_CHECK_LOOK_H

#include "base/err.h"
#include "base/sync.h"
#include "conf/job.h"

enum look_place { PLACE_UNKNOWN, PLACE_FREE, PLACE_EMPTY, PLACE_ROWS, PLACE_OTHER }; /* at the target; other: a view, a sequence */
struct look_table {
    char *schema, *name;
    bool is_view;
    bool is_schema;                   /* a schema without table or view, whose name is "": later ones may be wanted */
    bool is_read;                     /* its definition is known: what stands below down to `problem` */
    char *key;                        /* columns by which rows are told apart, "order_id,line"; NULL: none */
    bool is_primary;                  /* it is the primary key */
    char *engine, *collation;
    char *fks, *generated;            /* "orders, customers"; NULL: none */
    uint32_t nfks, ngenerated;
    char *problem;                    /* why the definition is not known, or NULL */
    char *triggers;                   /* NULL: none, or look.has_triggers is false */
    uint32_t ntriggers;
    uint64_t rows, data_bytes, index_bytes; /* as the server guesses; look.has_sizes */
    enum look_place place;
    char *to;                         /* "shop_v2.orders" where a rename takes it elsewhere, else NULL */
};
struct look {
    struct look_table *tables;        /* by schema, then name, by their bytes; system schemas are never in it */
    uint32_t n;
    bool has_defs, has_sizes, has_triggers;
    char *sizes_problem, *target_problem; /* why not known; target NULL as well where none is given yet */
};
/* Names alone (quick), or everything. The job's rules are not asked, its renames are. Opens its own connections on the
 * caller's thread, and closes them; secrets that are references are resolved. cancel (NULL: none) is heeded between two
 * questions. false: nothing is known of the source, *out is empty. */
bool look_read(struct look *out, const struct job *job, bool names_only, struct cancel *cancel, struct err *e);
void look_release(struct look *l);

#endif
