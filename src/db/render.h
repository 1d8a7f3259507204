/* SPDX-License-Identifier: Apache-2.0
 * From a binlog row image to cells (type.h): bytes equal to what the source's SELECT sends. Source: MySQL manual
 * "Row-based events", sql/field.cc and sql/json_binary.cc of MySQL, MariaDB's sql/compat56.cc. */
#ifndef TG_DB_RENDER_H
#define TG_DB_RENDER_H

#include "base/err.h"
#include "db/charmap.h"
#include "db/type.h"

/* Not in the client's header. */
#define TYPE_MARIADB_BLOB_COMPRESSED 140
#define TYPE_MARIADB_VARCHAR_COMPRESSED 141

/* What a TABLE_MAP event says of a column. */
struct image_type {
    uint8_t type;                     /* MYSQL_TYPE_*; after unpacking of STRING with real type */
    uint16_t meta;
};
/* How the characters of one column are read. */
struct char_reader {
    const struct charmap *map;        /* NULL: they are utf8mb4 or latin1 */
    uint32_t lost;                    /* characters that became '?' so far */
    bool is_told;                     /* the caller's mark */
};
/* Whether the column's characters need a map: charsets other than UTF-8 and latin1. */
bool render_needs_map(const struct column *c);
/* Reads one value at *p (moves it on), before `end`; the text goes to the arena or points into the image.
 * false: the image does not fit the type or runs over `end` (ERR_BINLOG_TABLE), or is not built (ERR_SOURCE_TYPE).
 * `chars` may be NULL for a column that needs no map. */
bool render_cell(struct cell *out, const struct column *c, struct image_type t, const uint8_t **p,
                 const uint8_t *end, struct arena *text, struct char_reader *chars, struct err *e);
/* The cell of n bytes of a column of characters or bytes that were unpacked elsewhere and live as long as it. */
void render_text(struct cell *out, const struct column *c, const uint8_t *p, size_t n, struct arena *text,
                 struct char_reader *chars);
/* JSONB (MySQL) as the server prints it. */
bool render_json(struct buf *out, const uint8_t *p, size_t n, struct err *e);
/* Shortest text of a double as the servers print it (my_gcvt): "0.1", "1e20", "-1.5e-7". */
void render_double(struct buf *out, double v);
/* Whether the image's type fits the definition; the text of e names both. */
bool render_check(const struct column *c, struct image_type t, const struct charmap *map, struct err *e);

#endif
