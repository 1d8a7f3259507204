/* SPDX-License-Identifier: Apache-2.0
 * The writer of statements for a target, shared by rewrite*.c. Private to the room. */
#ifndef TG_SCHEMA_REWRITE_H
#define TG_SCHEMA_REWRITE_H

#include "schema/ast.h"

struct rewriter {
    struct buf *out;
    const struct ddl *d;
    const struct token *t;            /* of the statement */
    const struct ddl_context *cx;
    const struct target_dialect *to;
    name_map *map;
    void *map_arg;
    const uint64_t *only;
    struct buf *notes;
    struct err *e;
    const char *schema, *table;       /* at the source: for notes */
    struct table *owner;              /* charset and collation that columns inherit; NULL: ALTER, not known here */
    bool had_timestamp;
};
void rw_note(const struct rewriter *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
void rw_table(const struct rewriter *r, const char *schema, const char *table);
/* A text without a bare newline, so that ";\n" only ever separates statements. */
void rw_text(const struct rewriter *r, const char *p, size_t n);
/* Tokens as an expression of the target. */
void rw_tokens(const struct rewriter *r, struct range range);
/* DEFAULT value; false: left out with a note. cls: of the column, COL_UNSUPPORTED when not known. */
bool rw_default(const struct rewriter *r, struct range value, const char *column, enum col_class cls);
bool rw_column(struct rewriter *r, const struct column_ast *a);
/* One key or constraint; *written tells whether it was. */
bool rw_key(struct rewriter *r, const struct key_ast *k, const struct table_ast *t, bool *written);
/* CONSTRAINT … FOREIGN KEY … REFERENCES …, names mapped. */
void rw_foreign_key(const struct rewriter *r, const struct key_ast *k);
void rw_charset(const struct rewriter *r, const char *charset, const char *collation);
void rw_partition(const struct rewriter *r, struct range range);
bool rw_create_table(struct rewriter *r);
bool rw_alter(struct rewriter *r);
void rw_comma(const struct rewriter *r, bool *is_first);
static inline bool rw_is(const struct rewriter *r, enum db_flavour f)
{
    return r->to->flavour == f;
}

#endif
