/* SPDX-License-Identifier: Apache-2.0
 * Table definitions and DDL. A definition comes from CREATE TABLE text (SHOW CREATE TABLE or the binlog) read by
 * our own tokeniser and parser, and is moved on by ALTER statements; nothing is matched by pattern. */
#ifndef TG_SCHEMA_SCHEMA_H
#define TG_SCHEMA_SCHEMA_H

#include "base/err.h"
#include "base/buf.h"
#include "db/conn.h"
#include "db/pos.h"
#include "db/type.h"

struct key_part {
    uint32_t column;                  /* index in table.columns; UINT32_MAX: an expression */
    uint32_t prefix;                  /* characters, 0 = whole */
};
struct key {
    char *name;                       /* "PRIMARY" for the primary key */
    bool is_unique;
    bool is_hash;                     /* a unique hash of MariaDB: no order, no range reads */
    uint32_t nparts;
    struct key_part *parts;
};
struct foreign_key {
    char *name, *ref_schema, *ref_table; /* ref_schema: as written or the table's own */
    bool on_delete_acts, on_update_acts; /* CASCADE, SET NULL, SET DEFAULT */
    char **columns, **ref_columns;
    uint32_t ncolumns;
};

/* Immutable once published; counted. */
struct table {
    char *schema, *name;              /* at the source */
    char *target_schema, *target_name;/* after routes */
    char *charset, *collation, *engine;
    uint32_t ncolumns, nkeys, nfks;
    struct column *columns;
    struct key *keys;                 /* only PRIMARY and UNIQUE and plain ones, in order; no FULLTEXT/SPATIAL */
    struct foreign_key *fks;
    int32_t row_key;                  /* index in keys usable to chunk and to find rows (DESIGN 4.1), or -1: keyless */
    bool is_partitioned;
    bool is_versioned;                /* system versioning of MariaDB */
};
struct table *table_hold(struct table *t);       /* counts up, returns t; any thread */
void table_drop(struct table *t);                /* counts down, frees at 0; NULL is fine */
void table_set_target(struct table *t, const char *schema, const char *name); /* before it is published */
/* "schema.table" of the source, into out. */
const char *table_label(const struct table *t, char out[160]);

/* What a CREATE statement leaves to the server: filled per server or per event. */
struct ddl_context {
    char schema[200];                 /* default schema of the session */
    char charset[64], collation[64];  /* what a table or schema gets that writes none; "" = unknown */
    bool ansi_quotes, no_backslash_escapes;
    bool is_mariadb;
    unsigned version;                 /* executable comments up to this version count as text */
};
/* Of a session at that server with that default schema; the charset is unknown, quotes are the server's usual ones. */
struct ddl_context ddl_context_of(const struct db_server *server, struct str schema);

/* Reads CREATE TABLE. Sets target names equal to the source's; routes are applied by the caller. Fails with
 * ERR_DDL_UNKNOWN naming what it does not know. Unsupported column types do not fail: COL_UNSUPPORTED. */
struct table *table_from_sql(const char *sql, size_t n, const struct ddl_context *cx, struct err *e);
/* A CREATE TABLE text that table_from_sql reads back to the same definition (for the ledger). */
void table_to_sql(const struct table *t, struct buf *out);
/* The column of that name, ASCII case ignored; NULL: there is none, or t or name is NULL. */
const struct column *table_find_column(const struct table *t, const char *name);
bool table_equal(const struct table *a, const struct table *b); /* columns and keys */

enum ddl_kind {
    DDL_NONE,                         /* BEGIN, COMMIT, SAVEPOINT, FLUSH, GRANT, ANALYZE …: nothing for the target */
    DDL_IGNORED_OBJECT,               /* trigger, routine, event, view …: not moved, worth a line in the log */
    DDL_CREATE_SCHEMA, DDL_DROP_SCHEMA, DDL_ALTER_SCHEMA,
    DDL_CREATE_TABLE, DDL_CREATE_TABLE_LIKE, DDL_CREATE_TABLE_SELECT, DDL_DROP_TABLE, DDL_TRUNCATE,
    DDL_RENAME, DDL_ALTER, DDL_CREATE_INDEX, DDL_DROP_INDEX,
    DDL_TXN_BEGIN, DDL_TXN_COMMIT, DDL_TXN_ROLLBACK, DDL_XA,
    DDL_DML_TEXT,                     /* INSERT/UPDATE/… as text: the binlog is not ROW: stop */
    DDL_UNKNOWN
};
struct ddl_name {
    char *schema, *table;             /* schema filled from the context when not written; table NULL for schema DDL */
    char *to_schema, *to_table;       /* RENAME, LIKE (the model): else NULL */
    bool is_temporary;
};
struct ddl {
    enum ddl_kind kind;
    uint32_t nnames;
    struct ddl_name *names;
    bool brings_rows;                 /* EXCHANGE/IMPORT, DISCARD …: rows without events */
    bool if_exists;
    bool replaces;                    /* MariaDB's CREATE OR REPLACE: what was there is dropped */
    bool starts_transaction;          /* CREATE TABLE … START TRANSACTION (MySQL 8): its rows follow in the same transaction */
    struct ddl_body *body;            /* tokens and parsed parts, private to the room */
};
/* Splits nothing: one statement. Leading comments and executable comments are understood. Never fails for an
 * unknown statement (kind DDL_UNKNOWN); false only when the text can't be tokenised (ERR_DDL_UNKNOWN). */
bool ddl_parse(struct ddl *out, const char *sql, size_t n, const struct ddl_context *cx, struct err *e);
void ddl_release(struct ddl *d);
/* Why the kind is DDL_UNKNOWN; "" when it is not. Lives as long as d. */
const char *ddl_reason(const struct ddl *d);
/* ---- what filters of binlog events call a statement (DM.md 1.6) ---- */
struct ddl_event {
    const char *names[4];             /* NULL-ended: DM's own kind, then kinds that can be named beside it */
};
/* Parts that are judged one by one: of ALTER TABLE its changes, of DROP TABLE and RENAME the names; else 1. */
uint32_t ddl_nparts(const struct ddl *d);
/* before and after: the table of an ALTER as it was and as it is, NULL where that is not known. Of a kind that is not a
 * change of tables or schemas names[0] is NULL. */
void ddl_event_of(const struct ddl *d, uint32_t part, const struct table *before, const struct table *after, struct ddl_event *out);
/* Takes these parts (bitmap) out of an ALTER TABLE. */
void ddl_leave_out(struct ddl *d, const uint64_t *parts);
/* Whether this part removes, brings or moves rows, so that a target without it holds others. */
bool ddl_part_moves_rows(const struct ddl *d, uint32_t part);
/* The definition after ALTER, CREATE INDEX, DROP INDEX or TRUNCATE (the same). New reference. */
struct table *table_after(const struct table *before, const struct ddl *d, const struct ddl_context *cx, struct err *e);
/* The place of a column, by its name in any case; -1: there is none. */
int32_t table_column(const struct table *t, const char *name);
/* CREATE TABLE … LIKE: everything but the foreign keys (MySQL manual, CREATE TABLE ... LIKE Statement). New reference. */
struct table *table_like(const struct table *model, const char *schema, const char *name);
/* The definition of a table whose foreign keys refer to a table or column that the statement renames: references follow, also
 * with foreign_key_checks=0 (seen on MySQL 5.6, 9.7, MariaDB 10.11). NULL: they stay. New reference. */
struct table *table_after_others(const struct table *t, const struct ddl *d);

/* Would the run move it? table NULL asks about a schema. */
typedef bool name_want(void *arg, const char *schema, const char *table);
/* Whether a statement that is logged as text (DDL_DML_TEXT; RDS writes its heartbeat so), in a session with that default
 * schema, may change rows of the run. It is harmless only if neither the session's schema is wanted or has one of the n
 * tables, nor the text names the schema of one anywhere. A table that is NULL is passed over. */
bool text_may_touch(struct str sql, const char *schema, struct table *const *tables, uint32_t n, name_want *want, void *arg);

/* What a target needs different. */
struct target_dialect {
    enum db_flavour flavour;
    unsigned version;
    char **collations;                /* its own list, lower case, sorted; ncollations */
    uint32_t ncollations;
    bool geometry_as_bytes;           /* consent to store geometry in a LONGBLOB where its types are missing (TiDB) */
    bool with_foreign_keys;           /* false: left out, they come after the data; dialect_read leaves it false */
    bool without_partitions;          /* the target has refused them; dialect_read leaves it false */
    bool ignores_checks;              /* TiDB with tidb_enable_check_constraint=OFF */
    /* Whether that foreign key of the source was made at the target (with_foreign_keys is false), so that a DROP of it
     * must reach it. Any thread; may be NULL. */
    bool (*has_foreign_key)(void *arg, const char *schema, const char *table, const char *name);
    void *arg;
};
bool dialect_read(struct target_dialect *d, struct conn *target, struct err *e);
void dialect_release(struct target_dialect *d);
/* Whether this version can move the table there: types, charsets, engine, system versioning; e names the culprit. */
bool table_is_supported(const struct table *t, const struct target_dialect *to, struct err *e);
/* Whether `there`, a table at the target, can take every row of t and has the key by which rows are found again. *from
 * begins with 0. false: *from is behind what does not fit, and e (ERR_TARGET_SHAPE) tells it; asked again with the same
 * *from it goes on from there, until true: that was all of them. */
bool table_shape_fits(const struct table *t, const struct table *there, uint32_t *from, struct err *e);
/* The next column from *from on (0 to begin with) that only `there` has and that must not stay NULL: it needs a default
 * (what the definition does not tell). NULL: no more. */
const struct column *table_extra_column(const struct table *t, const struct table *there, uint32_t *from);
/* Name mapping used while rewriting: (schema, table) at the source → at the target. table may be NULL (schema DDL). */
typedef void name_map(void *arg, const char *schema, const char *table, char to_schema[200], char to_table[200]);
/* The statement for the target: names mapped and qualified, collations, charsets, engines and options rewritten
 * where the target lacks them, executable comments resolved, IF [NOT] EXISTS kept. For RENAME and DROP of several
 * tables `only` is a bitmap (nnames bits) of those inside the job (NULL: all). *notes (may be NULL) gets a line per change. Nothing appended: the target has
 * nothing to do. Several statements are separated by ";\n", and each must be sent alone: CREATE OR REPLACE becomes
 * "DROP TABLE IF EXISTS …;\nCREATE …" where the target is not MariaDB, and an ALTER that TiDB would refuse because two
 * of its parts touch the same column becomes several.
 * ERR_DDL_ROWS when rows come without events, ERR_DDL_UNKNOWN for what the target can't hold. */
bool ddl_rewrite(struct buf *out, const struct ddl *d, const struct ddl_context *cx, const struct target_dialect *to,
                 name_map *map, void *map_arg, const uint64_t *only, struct buf *notes, struct err *e);
/* The next statement of ddl_rewrite's text, *rest behind it; call while rest->n. */
struct str ddl_part(struct str *rest);

/* Every foreign key of a parsed CREATE TABLE as an ALTER TABLE … ADD CONSTRAINT for the target; the referenced table
 * is told by its names at the source. */
typedef void foreign_key_told(void *arg, const char *name, const char *ref_schema, const char *ref_table, const char *sql);
void ddl_foreign_keys(const struct ddl *d, const struct ddl_context *cx, const struct target_dialect *to, name_map *map,
                      void *map_arg, foreign_key_told *told, void *told_arg);
/* The name the target has for a collation, or its nearest. */
void dialect_collation(const struct target_dialect *to, const char *collation, char out[64]);
/* Whether `there` may hold two texts for equal that `collation` keeps apart. */
bool collation_merges(const char *collation, const char *there);

/* Most bytes that a character takes in that charset; 4 for one that is not known. */
unsigned charset_max_bytes(const char *charset);

/* Objects beside tables. A text is never a failure: what can't be read is told. */
struct view {
    char *schema, *name;
    char *sql;                        /* SHOW CREATE VIEW, every name qualified; NULL: see problem */
    char *collation;                  /* of the session it was made in */
    char *problem;                    /* the server's words, or NULL */
};
struct object {
    const char *kind;                 /* "trigger", "event", "procedure", "function", "package", "sequence" */
    char *schema, *name, *text;       /* text: what else is known, or "" */
};
struct object_list {
    struct view *views;
    struct object *objects;
    char **unread;                    /* what may be missing in these lists, and why */
    uint32_t nviews, nobjects, nunread;
    bool has_all_views;               /* the list of views could be read */
};
/* Views for which want says yes, and every trigger, event, routine and sequence of schemas for which want says yes
 * with name NULL. false only when the connection is lost. */
bool objects_read(struct object_list *out, struct conn *source, name_want *want, void *arg, struct err *e);
void objects_release(struct object_list *l);

struct view_port {
    void *arg;
    name_map *map;
    bool (*is_moved)(void *arg, const char *schema, const char *name); /* a table or view of the source that has a new name */
    bool (*has_user)(void *arg, const char *user, const char *host);   /* at the target; NULL: none */
};
/* CREATE OR REPLACE VIEW for the target: names mapped, the definer kept where the target knows it. */
bool view_rewrite(struct buf *out, const struct view *v, const struct ddl_context *cx, const struct target_dialect *to,
                  const struct view_port *port, struct buf *notes, struct err *e);

/* One table as a server, of either end, shows it (SHOW CREATE TABLE). NULL: e says why. */
struct table *table_read(struct conn *c, const char *schema, const char *name, struct err *e);
/* The source's catalogue. */
struct schema_list {
    uint32_t n;
    struct table **tables;            /* base tables only, in (schema, name) order; references held */
    char **create_sql;                /* SHOW CREATE TABLE of each */
};
/* A table that can't be read: it is gone by now, may not be seen, or its text is not understood. */
typedef void schema_unread(void *arg, const char *schema, const char *table, const struct err *why);
/* Reads all base tables for which `want` says yes; system schemas are never asked about. Many tables are read by a few
 * more connections to source->addr, where they can be had. Without `unread` the first table that can't be read is the
 * error; with it every one is told, is not in the list, and is no failure. Both are called on the caller's thread with
 * arg, in (schema, name) order, want for all tables before unread. */
bool schema_read(struct schema_list *out, struct conn *source, name_want *want, void *arg, schema_unread *unread, struct err *e);
void schema_list_release(struct schema_list *l);
bool schema_is_system(const char *schema);
/* Each schema's own default charset and collation: what CREATE TABLE takes where it writes none. One thread. */
struct schema_defaults;
struct schema_defaults *schema_defaults_read(struct conn *source, struct err *e);
/* Text for the ledger, and back. */
void schema_defaults_print(const struct schema_defaults *s, struct buf *out);
struct schema_defaults *schema_defaults_parse(const char *text);
void schema_defaults_free(struct schema_defaults *s);
/* Into cx; a schema that is not known leaves cx as it is. */
void schema_defaults_find(const struct schema_defaults *s, const char *schema, struct ddl_context *cx);
/* What CREATE, ALTER or DROP DATABASE changes; cx holds what a new schema gets. false: nothing. */
bool schema_defaults_take(struct schema_defaults *s, const struct ddl *d, const struct ddl_context *cx);
/* Collation id (as in events) → names, read once from information_schema.COLLATIONS. */
struct collation_ids;
struct collation_ids *collation_ids_read(struct conn *source, struct err *e);
void collation_ids_free(struct collation_ids *c);
bool collation_ids_has(const struct collation_ids *c, const char *collation);
bool collation_ids_find(const struct collation_ids *c, unsigned id, char charset[64], char collation[64]);
/* Charset name → enum, collation name → fold class (type.h). */
enum text_charset charset_of(const char *name);
enum key_fold fold_of(const char *collation);

#endif
