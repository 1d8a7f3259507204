/* SPDX-License-Identifier: Apache-2.0
 * Tokens of one SQL statement, and the cursor with which the parsers of this room read them. Private to the room.
 * Tokens point into the statement and into the arena; both must outlive them. The last token is TOK_END. */
#ifndef TG_SCHEMA_TOKEN_H
#define TG_SCHEMA_TOKEN_H

#include "schema/schema.h"

enum token_kind {
    TOK_END,
    TOK_WORD,                         /* bare: a keyword or an identifier */
    TOK_QUOTED,                       /* `…`, or "…" under ANSI_QUOTES */
    TOK_STRING,
    TOK_NUMBER,
    TOK_BYTES,                        /* x'…', 0x…, b'…', 0b…: text holds the bytes */
    TOK_PUNCT
};
struct token {
    enum token_kind kind;
    char punct;                       /* of TOK_PUNCT, else 0 */
    bool has_space;                   /* space or a comment stands before it */
    struct str raw;                   /* as written */
    struct str text;                  /* decoded; ends with a 0 byte that n does not count */
};
struct token_list {
    struct token *t;
    uint32_t n;                       /* TOK_END included */
};
bool token_read(struct token_list *out, struct arena *a, const char *sql, size_t n,
                const struct ddl_context *cx, struct err *e);

/* Tokens [from, to). Empty when from == to. */
struct range {
    uint32_t from, to;
};
static inline bool range_is_set(struct range r)
{
    return r.to > r.from;
}

struct cursor {
    const struct token *t;
    uint32_t i, n;
    struct arena *arena;
    const struct ddl_context *cx;
    struct err *e;
};
const struct token *cur_at(const struct cursor *c, uint32_t ahead);
bool cur_is_end(const struct cursor *c);
bool cur_is_word(const struct cursor *c, uint32_t ahead, const char *word);
bool cur_is_punct(const struct cursor *c, uint32_t ahead, char p);
void cur_skip(struct cursor *c);      /* one token, never behind the end */
/* Move on when the word, the words (up to a NULL) or the sign is there. */
bool cur_take(struct cursor *c, const char *word);
bool cur_take2(struct cursor *c, const char *first, const char *second);
bool cur_take_punct(struct cursor *c, char p);
/* The same, but their absence is ERR_DDL_UNKNOWN. */
bool cur_want(struct cursor *c, const char *word);
bool cur_want_punct(struct cursor *c, char p);
bool cur_name(struct cursor *c, const char **out);
bool cur_string(struct cursor *c, struct str *out);
bool cur_number(struct cursor *c, uint64_t *out);
/* [schema.]table; *schema is the context's when not written. */
bool cur_table(struct cursor *c, const char **schema, const char **table);
/* At "(": moves behind the matching ")"; *inside may be NULL. */
bool cur_parens(struct cursor *c, struct range *inside);
/* ERR_DDL_UNKNOWN: what was expected, and the text where it stands. Returns false. */
bool cur_fail(const struct cursor *c, const char *expected);
bool token_is_word(const struct token *t, const char *word);
static inline bool token_is_name(const struct token *t)
{
    return t->kind == TOK_WORD || t->kind == TOK_QUOTED;
}
void *arena_zero(struct arena *a, size_t n);

#endif
