/* SPDX-License-Identifier: Apache-2.0
 * Column types and the one form in which a value travels: the CELL. A cell is the text that the source's own
 * SELECT would send for our read expression (col_read_expr) in a session with charset utf8mb4 and time zone
 * +00:00, or NULL (p == NULL). The copy path takes it from the text protocol, the stream path renders it from
 * a binlog image (render.h); both give the same bytes. The encoder (encode.h) turns a cell into SQL.
 *
 * class       read expression     cell
 * TINY..BIG   `c`                 decimal digits, '-' when negative
 * DECIMAL     `c`                 full scale as declared: "-0.50"
 * FLOAT       `c`+0e0             shortest text of the double that the float is (plain text alters floats)
 * DOUBLE      `c`                 shortest text that reads back to the same bits
 * DOUBLE(M,D) `c`                 with D digits: servers keep different doubles for the same rounded value
 * ZEROFILL    `c`+0               as without it; DOUBLE(M,D): `c`+0e0 (both lose the sign of -0, as FLOAT does)
 * BIT         `c`+0               decimal digits of the unsigned value
 * CHAR..TEXT  `c`                 utf8mb4 bytes; CHAR without trailing spaces
 * BINARY      `c`                 bytes, padded with 0x00 to n
 * VARBINARY, BLOB  `c`            bytes
 * GEOMETRY    `c`                 bytes as the server keeps them: SRID (4 bytes, little endian), then WKB
 * DATE TIME DATETIME TIMESTAMP    text with exactly dec fractional digits; TIMESTAMP in UTC
 * YEAR        `c`                 "2024", "0000"
 * ENUM SET    `c`                 member text in utf8mb4, members of a SET joined by ','
 * JSON        `c`                 the server's own text
 * UUID INET4 INET6  `c`           MariaDB's text: "0123…-…-ab", "1.2.3.4", "2001:db8::1" */
#ifndef TG_DB_TYPE_H
#define TG_DB_TYPE_H

#include "base/buf.h"

/* A caller of encode_match that still passes "is TiDB" as a truth value means the right thing by this order. */
enum db_flavour { DB_MYSQL, DB_TIDB, DB_MARIADB };

enum col_class {
    COL_UNSUPPORTED, COL_TINY, COL_SMALL, COL_MEDIUM, COL_INT, COL_BIG, COL_DECIMAL, COL_FLOAT,
    COL_DOUBLE, COL_BIT, COL_CHAR, COL_VARCHAR, COL_TEXT, COL_BINARY, COL_VARBINARY, COL_GEOMETRY, COL_BLOB,
    COL_DATE, COL_TIME, COL_DATETIME, COL_TIMESTAMP, COL_YEAR, COL_ENUM, COL_SET, COL_JSON,
    COL_UUID, COL_INET4, COL_INET6
};

enum text_charset { CS_NONE, CS_UTF8MB4, CS_UTF8MB3, CS_LATIN1, CS_ASCII, CS_BINARY, CS_OTHER };

/* How two values of a character column may be equal without being the same bytes. */
enum key_fold {
    FOLD_BYTES,   /* _bin and binary: the same bytes (but for trailing spaces) */
    FOLD_ASCII,   /* known ci/ai collations: printable ASCII folds by case; anything else is WILD */
    FOLD_NONE     /* a collation whose equality we can't bound: the table is one key */
};

struct column {
    char *name;                  /* utf8mb4, as the server writes it */
    char *type_text;             /* as in SHOW CREATE TABLE: "int(10) unsigned" */
    char *collation;             /* "" when not text */
    enum col_class cls;
    enum text_charset charset;   /* of the source column */
    enum key_fold fold;          /* of the source's collation */
    bool is_unsigned, is_nullable, is_generated, is_stored, is_auto_increment, is_invisible;
    bool is_exact;               /* text: the target holds no two values equal that the source keeps apart */
    uint32_t length;             /* CHAR/BINARY n, BIT n, DECIMAL precision; 0 when none */
    uint8_t dec;                 /* DECIMAL scale, fractional seconds */
    char **members;              /* ENUM, SET in utf8mb4; nmembers */
    uint32_t nmembers;
};

struct cell {
    const char *p;               /* NULL: SQL NULL */
    uint32_t n;
};

static inline bool col_is_text(enum col_class c)
{
    return c >= COL_CHAR && c <= COL_TEXT;
}
static inline bool col_is_bytes(enum col_class c)
{
    return c >= COL_BINARY && c <= COL_BLOB;
}
static inline bool col_is_number(enum col_class c)
{
    return (c >= COL_TINY && c <= COL_BIT) || c == COL_YEAR;
}

/* Whether SELECT shows the number formatted (ZEROFILL, DOUBLE(M,D)): then it is read through a sum. */
bool col_is_formatted(const struct column *c);
/* DOUBLE(M,D) without ZEROFILL. */
bool col_is_rounded(const struct column *c);
/* Appends the expression that reads the column as a cell: `c`, `c`+0e0, `c`+0. */
void col_read_expr(struct buf *out, const struct column *c);
/* The same for comparing with the target: a text with a character that became '?' because Unicode lacks it reads as
 * something else, so that the loss is a difference. */
void col_strict_expr(struct buf *out, const struct column *c);
/* "`name`" with backticks doubled. */
void sql_ident(struct buf *out, const char *name);
/* `schema`.`table` */
void sql_table(struct buf *out, const char *schema, const char *table);
/* '…' quoted for a session without NO_BACKSLASH_ESCAPES and charset utf8mb4. */
void sql_text(struct buf *out, const char *p, size_t n);
static inline void sql_z(struct buf *out, const char *z)
{
    sql_text(out, z, strlen(z));
}
/* Frees what a column holds. */
void column_release(struct column *c);
void column_copy(struct column *to, const struct column *from);

#endif
