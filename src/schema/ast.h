/* SPDX-License-Identifier: Apache-2.0
 * The parsed form of CREATE TABLE and ALTER TABLE, shared by what builds definitions (build.c, after.c) and what
 * writes statements for a target (rewrite*.c). Private to the room; everything lives in one arena. */
#ifndef TG_SCHEMA_AST_H
#define TG_SCHEMA_AST_H

#include "schema/token.h"

struct type_ast {
    enum col_class cls;
    const char *word;                 /* canonical: "varchar", "mediumtext"; as written when not known */
    bool has_length, has_dec, is_unsigned, is_zerofill, has_binary, is_bool;
    bool is_serial, is_json_alias;    /* JSON as MariaDB means it is decided when built */
    uint64_t length;
    uint32_t dec;
    const char *charset, *collation;  /* NULL: not written */
    struct str *members;
    uint32_t nmembers;
    struct range text;                /* as written */
};

struct key_part_ast {
    struct key_part_ast *next;
    const char *column;               /* NULL: an expression */
    struct range expression;
    uint32_t prefix;
    bool is_descending;
};
enum key_kind { KEY_PRIMARY, KEY_UNIQUE, KEY_PLAIN, KEY_FULLTEXT, KEY_SPATIAL, KEY_FOREIGN, KEY_CHECK, KEY_PERIOD };
struct key_ast {
    struct key_ast *next;
    enum key_kind kind;
    const char *name;                 /* of the index; NULL: the server chooses */
    const char *constraint;           /* NULL: none */
    bool is_generated;                /* the index that a foreign key brings along */
    bool if_not_exists, is_hash, is_invisible, without_overlaps, not_enforced;
    struct str comment;               /* p NULL: none */
    struct key_part_ast *parts;
    struct range check;
    const char *ref_schema, *ref_table; /* ref_schema NULL: the table's own */
    struct key_part_ast *ref_parts;
    const char *on_delete, *on_update; /* "CASCADE", …; NULL: not written */
};

struct column_ast {
    struct column_ast *next;
    const char *name;
    struct type_ast type;
    bool has_null, is_not_null, is_auto_increment, is_generated, is_stored, is_invisible, is_compressed;
    struct range def, on_update, generated;
    bool has_period_mark;             /* AS ROW START, WITHOUT SYSTEM VERSIONING … */
    struct str comment;
    struct key_ast *checks;           /* column checks, written in order */
    bool is_first;
    const char *after;
};

enum option_kind { OPT_ENGINE, OPT_CHARSET, OPT_COLLATE, OPT_COMMENT, OPT_AUTO_INCREMENT, OPT_OTHER };
struct option_ast {
    struct option_ast *next;
    enum option_kind kind;
    const char *word;                 /* upper case first word, for notes */
    struct str text;                  /* decoded value */
};

struct table_ast {
    const char *schema, *name;
    struct column_ast *columns, **columns_end;
    struct key_ast *keys, **keys_end;
    struct option_ast *options, **options_end;
    struct range partition;           /* PARTITION BY … */
    bool is_versioned, has_period, starts_transaction, has_select;
};

enum spec_kind {
    SPEC_ADD, SPEC_CHANGE, SPEC_DROP_COLUMN, SPEC_RENAME_COLUMN, SPEC_SET_DEFAULT, SPEC_VISIBILITY,
    SPEC_DROP_KEY, SPEC_RENAME_KEY, SPEC_KEY_VISIBILITY, SPEC_DROP_FOREIGN_KEY, SPEC_DROP_CONSTRAINT,
    SPEC_CONVERT, SPEC_OPTIONS, SPEC_RENAME, SPEC_PARTITION_BY, SPEC_REMOVE_PARTITIONING, SPEC_PARTITION,
    SPEC_ROWS, SPEC_VERSIONING, SPEC_NOTHING
};
struct spec_ast {
    struct spec_ast *next;
    enum spec_kind kind;
    bool if_exists, is_invisible, is_check;
    const char *name, *to;            /* column, index or constraint; its new name */
    struct table_ast items;           /* ADD: columns and keys; CHANGE: one column (and inline keys) */
    struct range text;                /* SET_DEFAULT: the value; PARTITION: the whole */
    const char *charset, *collation;  /* CONVERT; charset NULL: DEFAULT */
};
struct alter_ast {
    struct spec_ast *specs, **specs_end;
    const char *schema, *name, *to_schema, *to_name;
    const char *other_schema, *other_name; /* EXCHANGE: the other table */
    bool has_ignore, brings_rows;
};

struct ddl_body {
    struct arena arena;
    char *sql;
    struct token_list tokens;
    struct table_ast *table;          /* CREATE TABLE */
    struct alter_ast *alter;          /* ALTER, and CREATE/DROP INDEX in its form */
    bool if_not_exists, or_replace;
    const char *charset, *collation;  /* CREATE/ALTER DATABASE */
    bool is_temporary, has_error;
    struct err error;                 /* why the statement is DDL_UNKNOWN */
};

void table_ast_init(struct table_ast *t);
/* Behind the name of CREATE TABLE: definitions, options, partitions. */
bool parse_table(struct cursor *c, struct table_ast *t);
/* A column definition (name included), inline keys go to t->keys. */
bool parse_column(struct cursor *c, struct table_ast *t, bool if_not_exists);
bool parse_type(struct cursor *c, struct type_ast *type);
/* Charset and collation words anywhere behind a type; false: it was none of these (*e untouched). */
enum parse_found { FOUND_NONE, FOUND, FOUND_ERROR };
enum parse_found parse_charset(struct cursor *c, const char **charset, const char **collation);
/* INDEX, UNIQUE, CONSTRAINT … as in CREATE TABLE. FOUND_NONE: it is a column. */
enum parse_found parse_key(struct cursor *c, struct table_ast *t);
bool parse_key_parts(struct cursor *c, struct key_part_ast **out);
bool parse_key_tail(struct cursor *c, struct key_ast *k);
struct key_ast *table_ast_key(struct cursor *c, struct table_ast *t, enum key_kind kind);
enum parse_found parse_option(struct cursor *c, struct table_ast *t);
bool parse_partition(struct cursor *c, struct range *out);
bool parse_default(struct cursor *c, struct range *out);
/* Behind ALTER TABLE name. */
bool parse_alter(struct cursor *c, struct alter_ast *a);
struct spec_ast *alter_ast_spec(struct cursor *c, struct alter_ast *a, enum spec_kind kind);

/* Charset and collation a table gets when it is created in this context; malloc'ed. */
void table_charset(const struct table_ast *t, const struct ddl_context *cx, char **charset, char **collation);
/* The same for the schema of a CREATE or ALTER DATABASE. */
void ddl_schema_charset(const struct ddl *d, const struct ddl_context *cx, char **charset, char **collation);
struct table *table_build(const struct table_ast *t, const struct ddl_context *cx, struct err *e);
bool column_build(struct column *out, const struct column_ast *a, const struct table *owner,
                  const struct ddl_context *cx, struct err *e);
/* Adds a key to t (also of a foreign key), names it. Duplicate or unknown columns are errors. */
bool key_build(struct table *t, const struct key_ast *k, const struct ddl_context *cx, struct err *e);
uint32_t prefix_settle(const struct column *c, uint32_t prefix, bool is_unique, const struct ddl_context *cx);
bool key_holds_long(const struct table *t, const struct key *k);
/* Sorts keys as the servers do, chooses the row key. */
void table_finish(struct table *t);
void key_release(struct key *k);
void foreign_key_release(struct foreign_key *k);
struct table *table_new(void);
struct table *table_copy(const struct table *t);
/* type_text from class and sizes, and the change of class that charset binary and long VARCHARs bring. */
void column_settle(struct column *c, const struct type_ast *type, const struct ddl_context *cx);
/* CONVERT TO CHARACTER SET of one column. */
void column_convert(struct column *c, const char *charset, const char *collation, const struct ddl_context *cx);

/* collation.c */
/* Canonical lower-case name: utf8 becomes utf8mb3. */
void charset_name(const char *name, char out[64]);
void collation_name(const char *name, char out[64]);
/* The charset in a collation's name. */
void collation_charset(const char *collation, char out[64]);
void charset_default_collation(const char *charset, const struct ddl_context *cx, char out[64]);
/* The nearest pair that the target has. Returns false when nothing was changed. */
bool dialect_map(const struct target_dialect *to, const char *charset, const char *collation, char to_charset[64],
                 char to_collation[64]);

#endif
