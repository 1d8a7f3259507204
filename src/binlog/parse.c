// SPDX-License-Identifier: Apache-2.0
/* Bodies of the events that carry names and settings: QUERY, GTID, TABLE_MAP. A body is read through a cursor that
 * remembers when it ran short, so that each parser asks once, at its end. */
#include "binlog/event.h"

#include <stdio.h>
#include <stdlib.h>

const uint8_t *wire_take(struct cursor *c, size_t n)
{
    if (c->is_short || wire_left(c) < n) {
        c->is_short = true;
        return NULL;
    }
    const uint8_t *at = c->p;
    c->p += n;
    return at;
}

uint64_t wire_uint(struct cursor *c, unsigned bytes)
{
    const uint8_t *p = wire_take(c, bytes);
    uint64_t v = 0;
    for (unsigned i = bytes; p && i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

uint64_t wire_packed(struct cursor *c)
{
    uint64_t first = wire_uint(c, 1);
    if (first < 251)
        return first;
    if (first == 251 || first == 255)
        c->is_short = true;
    return first == 252 ? wire_uint(c, 2) : first == 253 ? wire_uint(c, 3) : wire_uint(c, 8);
}

struct str wire_text(struct cursor *c, size_t n)
{
    const uint8_t *p = wire_take(c, n);
    return p ? (struct str){(const char *)p, n} : (struct str){"", 0};
}

/* ---- QUERY ---------------------------------------------------------------------------------------------------- */

enum status_var {
    VAR_FLAGS2 = 0, VAR_SQL_MODE = 1, VAR_CATALOG = 2, VAR_AUTO_INCREMENT = 3, VAR_CHARSET = 4, VAR_TIME_ZONE = 5,
    VAR_CATALOG_NZ = 6, VAR_LC_TIME_NAMES = 7, VAR_CHARSET_DATABASE = 8, VAR_TABLE_MAP_FOR_UPDATE = 9,
    VAR_DATA_WRITTEN = 10, VAR_INVOKER = 11, VAR_UPDATED_SCHEMAS = 12, VAR_MICROSECONDS = 13, VAR_COMMIT_TS = 14,
    VAR_COMMIT_TS2 = 15, VAR_EXPLICIT_DEFAULTS_FOR_TIMESTAMP = 16, VAR_DDL_XID = 17,
    VAR_DEFAULT_COLLATION_FOR_UTF8MB4 = 18, VAR_REQUIRE_PRIMARY_KEY = 19, VAR_DEFAULT_TABLE_ENCRYPTION = 20,
    VAR_MARIADB_HRNOW = 128, VAR_MARIADB_XID = 129, VAR_MARIADB_GTID_FLAGS = 130, VAR_MARIADB_COLLATIONS = 131
};
enum { MODE_ANSI_QUOTES_BIT = 1 << 2, MODE_NO_BACKSLASH_BIT = 1 << 20, FLAGS2_NO_FOREIGN_KEYS = 1 << 26 };
enum { ALTER_START = 2, ALTER_COMMIT = 4, ALTER_ROLLBACK = 8 };

static void skip_short_text(struct cursor *c)
{
    wire_take(c, (size_t)wire_uint(c, 1));
}

static void skip_updated_schemas(struct cursor *c)
{
    uint64_t n = wire_uint(c, 1);
    if (n == 254)                     /* too many to name */
        return;
    for (; n > 0 && !c->is_short; n--) {
        const uint8_t *zero = memchr(c->p, 0, wire_left(c));
        wire_take(c, zero ? (size_t)(zero - c->p) + 1 : wire_left(c) + 1);
    }
}

static void skip_gtid_flags(struct cursor *c)
{
    if (wire_uint(c, 1) & (ALTER_COMMIT | ALTER_ROLLBACK))
        wire_take(c, 8);
}

/* Reads one variable; false: its length is not known. */
static bool parse_var(struct binlog_query *q, uint64_t code, struct cursor *v)
{
    static const uint8_t fixed[] = {
        [VAR_AUTO_INCREMENT] = 4, [VAR_LC_TIME_NAMES] = 2, [VAR_TABLE_MAP_FOR_UPDATE] = 8, [VAR_DATA_WRITTEN] = 4,
        [VAR_MICROSECONDS] = 3, [VAR_EXPLICIT_DEFAULTS_FOR_TIMESTAMP] = 1, [VAR_DDL_XID] = 8,
        [VAR_REQUIRE_PRIMARY_KEY] = 1, [VAR_DEFAULT_TABLE_ENCRYPTION] = 1, [VAR_MARIADB_HRNOW] = 3,
        [VAR_MARIADB_XID] = 8};
    switch (code) {
    case VAR_FLAGS2: q->no_foreign_key_checks = wire_uint(v, 4) & FLAGS2_NO_FOREIGN_KEYS; return true;
    case VAR_SQL_MODE:
        q->sql_mode = wire_uint(v, 8);
        q->has_sql_mode = true;
        q->ansi_quotes = q->sql_mode & MODE_ANSI_QUOTES_BIT;
        q->no_backslash_escapes = q->sql_mode & MODE_NO_BACKSLASH_BIT;
        return true;
    case VAR_CATALOG:
        skip_short_text(v);
        wire_take(v, 1);
        return true;
    case VAR_CHARSET:
        q->charset_client = (uint16_t)wire_uint(v, 2);
        q->collation_connection = (uint16_t)wire_uint(v, 2);
        q->collation_server = (uint16_t)wire_uint(v, 2);
        return true;
    case VAR_TIME_ZONE:
    case VAR_CATALOG_NZ: skip_short_text(v); return true;
    case VAR_CHARSET_DATABASE: q->collation_database = (uint16_t)wire_uint(v, 2); return true;
    case VAR_INVOKER:
        skip_short_text(v);
        skip_short_text(v);
        return true;
    case VAR_UPDATED_SCHEMAS: skip_updated_schemas(v); return true;
    case VAR_DEFAULT_COLLATION_FOR_UTF8MB4:
        q->default_collation_for_utf8mb4 = (uint16_t)wire_uint(v, 2);
        return true;
    case VAR_MARIADB_GTID_FLAGS: skip_gtid_flags(v); return true;
    case VAR_MARIADB_COLLATIONS: wire_take(v, (size_t)wire_uint(v, 1) * 4); return true;
    default:
        if (code >= sizeof fixed || fixed[code] == 0)
            return false;
        wire_take(v, fixed[code]);
        return true;
    }
}

bool parse_query(struct binlog_query *q, struct cursor c, bool is_mariadb, struct err *e)
{
    *q = (struct binlog_query){0};
    q->thread_id = (uint32_t)wire_uint(&c, 4);
    q->exec_s = (uint32_t)wire_uint(&c, 4);
    size_t schema_n = (size_t)wire_uint(&c, 1);
    q->error_code = (uint16_t)wire_uint(&c, 2);
    size_t vars_n = (size_t)wire_uint(&c, 2);
    const uint8_t *vars = wire_take(&c, vars_n);
    q->schema = wire_text(&c, schema_n);
    wire_take(&c, 1);
    q->sql = wire_text(&c, wire_left(&c));
    if (c.is_short)
        return err_set(e, ERR_BINLOG_EVENT, "a QUERY event is cut short");
    struct cursor v = {.p = vars, .end = vars + vars_n};
    while (wire_left(&v) > 0) {
        uint64_t code = wire_uint(&v, 1);
        bool is_known = !(code >= 128 && !is_mariadb) && parse_var(q, code, &v);
        if (!is_known || v.is_short) {
            q->has_unknown_vars = true;
            break;
        }
    }
    return true;
}

/* ---- GTID ----------------------------------------------------------------------------------------------------- */

bool parse_gtid(struct binlog_gtid *g, struct cursor c, bool is_anonymous, struct err *e)
{
    *g = (struct binlog_gtid){.is_anonymous = is_anonymous};
    wire_take(&c, 1);
    const uint8_t *uuid = wire_take(&c, sizeof g->uuid);
    uint64_t number = wire_uint(&c, 8);
    if (c.is_short || (!is_anonymous && number == 0))
        return err_set(e, ERR_BINLOG_EVENT, "a GTID event is not sound");
    if (is_anonymous)
        return true;
    memcpy(g->uuid, uuid, sizeof g->uuid);
    g->number = number;
    size_t n = 0;
    for (size_t i = 0; i < sizeof g->uuid; i++) {
        bool dash = i == 4 || i == 6 || i == 8 || i == 10;
        n += (size_t)snprintf(g->text + n, sizeof g->text - n, "%s%02x", dash ? "-" : "", uuid[i]);
    }
    snprintf(g->text + n, sizeof g->text - n, ":%llu", (unsigned long long)number);
    return true;
}

bool parse_mariadb_gtid(struct binlog_gtid *g, struct cursor c, uint32_t server_id, struct err *e)
{
    enum { STANDALONE = 1, GROUP_COMMIT = 2, DDL = 32, XA_PREPARED = 64, XA_COMPLETED = 128 };
    enum { MULTI_ENGINE = 1, ALL_EXTRA = 31 };
    *g = (struct binlog_gtid){.server = server_id};
    g->number = wire_uint(&c, 8);
    g->domain = (uint32_t)wire_uint(&c, 4);
    unsigned flags = (unsigned)wire_uint(&c, 1), extra = 0;
    g->is_standalone = flags & STANDALONE;
    g->is_ddl = flags & DDL;
    g->is_xa_prepared = flags & XA_PREPARED;
    g->is_xa_completed = flags & XA_COMPLETED;
    if (flags & GROUP_COMMIT)
        wire_take(&c, 8);
    if (flags & (XA_PREPARED | XA_COMPLETED)) {
        wire_take(&c, 4);
        size_t n = (size_t)wire_uint(&c, 1);
        n += (size_t)wire_uint(&c, 1);
        wire_take(&c, n);
    }
    if (wire_left(&c) > 0)             /* short ones are filled up with zeros */
        extra = (unsigned)wire_uint(&c, 1);
    if (extra & MULTI_ENGINE)
        wire_take(&c, 1);
    g->is_start_alter = extra & ALTER_START;
    g->is_commit_alter = extra & ALTER_COMMIT;
    g->is_rollback_alter = extra & ALTER_ROLLBACK;
    if (g->is_commit_alter || g->is_rollback_alter)
        g->alter_sequence = wire_uint(&c, 8);
    if (c.is_short || extra & ~(unsigned)ALL_EXTRA)
        return err_set(e, ERR_BINLOG_EVENT, "a GTID event of MariaDB is not understood (flags %u, %u)", flags, extra);
    snprintf(g->text, sizeof g->text, "%u-%u-%llu", g->domain, g->server, (unsigned long long)g->number);
    return true;
}

/* ---- TABLE_MAP ------------------------------------------------------------------------------------------------ */

enum { FIELD_SIGNEDNESS = 1, FIELD_COLUMN_NAME = 4 };
enum { COLUMNS_MAX = 4096 + 64 };     /* the servers' limit, and hidden ones */

void table_map_free(struct binlog_table_map *m)
{
    if (!m)
        return;
    for (uint32_t i = 0; m->names && i < m->ncolumns; i++)
        free(m->names[i]);
    free(m->names);
    free(m->schema);
    free(m->table);
    free(m->types);
    free(m->chars);
    free(m->nullable);
    free(m->is_unsigned);
    free(m);
}

/* Bytes of metadata of a type; -1: not known to this version. */
static int meta_size(uint8_t type)
{
    switch (type) {
    case MYSQL_TYPE_DECIMAL: case MYSQL_TYPE_TINY: case MYSQL_TYPE_SHORT: case MYSQL_TYPE_LONG: case MYSQL_TYPE_NULL:
    case MYSQL_TYPE_TIMESTAMP: case MYSQL_TYPE_LONGLONG: case MYSQL_TYPE_INT24: case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_TIME: case MYSQL_TYPE_DATETIME: case MYSQL_TYPE_YEAR: case MYSQL_TYPE_NEWDATE:
        return 0;
    case MYSQL_TYPE_FLOAT: case MYSQL_TYPE_DOUBLE: case MYSQL_TYPE_TINY_BLOB: case MYSQL_TYPE_MEDIUM_BLOB:
    case MYSQL_TYPE_LONG_BLOB: case MYSQL_TYPE_BLOB: case MYSQL_TYPE_GEOMETRY: case MYSQL_TYPE_JSON:
    case MYSQL_TYPE_TIMESTAMP2: case MYSQL_TYPE_DATETIME2: case MYSQL_TYPE_TIME2:
    case TYPE_MARIADB_BLOB_COMPRESSED:
    case 242: /* MySQL 9: VECTOR */
        return 1;
    case MYSQL_TYPE_VARCHAR: case MYSQL_TYPE_VAR_STRING: case MYSQL_TYPE_STRING: case MYSQL_TYPE_ENUM:
    case MYSQL_TYPE_SET: case MYSQL_TYPE_BIT: case MYSQL_TYPE_NEWDECIMAL:
    case TYPE_MARIADB_VARCHAR_COMPRESSED:
        return 2;
    default:
        return -1;
    }
}

/* CHAR, ENUM and SET travel as STRING with the real type in the first byte, which lends two bits to the length. */
static struct image_type unpack_string(uint8_t first, uint8_t second)
{
    if ((first & 0x30) != 0x30)
        return (struct image_type){first | 0x30, (uint16_t)(second | ((first & 0x30) ^ 0x30) << 4)};
    return (struct image_type){first, second};
}

/* false: ran into a type without known metadata. */
static bool read_types(struct binlog_table_map *m, const uint8_t *types, struct cursor *meta)
{
    for (uint32_t i = 0; i < m->ncolumns; i++) {
        int n = meta_size(types[i]);
        if (n < 0)
            return false;
        const uint8_t *p = wire_take(meta, (size_t)n);
        m->types[i] = (struct image_type){types[i], 0};
        if (n > 0 && p)
            m->types[i].meta = (uint16_t)(n == 1 ? p[0] : p[0] | p[1] << 8);
        if (types[i] == MYSQL_TYPE_STRING && p)
            m->types[i] = unpack_string(p[0], p[1]);
    }
    return true;
}

static bool is_signable(uint8_t type)
{
    return type == MYSQL_TYPE_TINY || type == MYSQL_TYPE_SHORT || type == MYSQL_TYPE_INT24 ||
           type == MYSQL_TYPE_LONG || type == MYSQL_TYPE_LONGLONG || type == MYSQL_TYPE_NEWDECIMAL ||
           type == MYSQL_TYPE_FLOAT || type == MYSQL_TYPE_DOUBLE;
}

static void read_signs(struct binlog_table_map *m, struct cursor field)
{
    uint32_t bit = 0;
    for (uint32_t i = 0; i < m->ncolumns; i++) {
        if (!is_signable(m->types[i].type))
            continue;
        if (bit / 8 >= wire_left(&field))
            return;
        m->is_unsigned[i] = field.p[bit / 8] >> (7 - bit % 8) & 1;
        bit++;
    }
}

static void read_names(struct binlog_table_map *m, struct cursor field)
{
    if (m->names)
        return;
    m->names = x_alloc(m->ncolumns * sizeof *m->names);
    for (uint32_t i = 0; i < m->ncolumns; i++) {
        struct str name = wire_text(&field, (size_t)wire_packed(&field));
        if (field.is_short)
            return;
        m->names[i] = x_strndup(name.p, name.n);
    }
}

/* What binlog_row_metadata adds; fields that are not needed here are passed by their length. */
static void read_fields(struct binlog_table_map *m, struct cursor *c)
{
    while (wire_left(c) > 0 && !c->is_short) {
        uint64_t kind = wire_uint(c, 1);
        size_t n = (size_t)wire_packed(c);
        const uint8_t *p = wire_take(c, n);
        if (!p)
            return;
        struct cursor field = {.p = p, .end = p + n};
        if (kind == FIELD_SIGNEDNESS && m->is_whole)
            read_signs(m, field);
        else if (kind == FIELD_COLUMN_NAME)
            read_names(m, field);
    }
}

struct binlog_table_map *parse_table_map(struct cursor c, struct err *e)
{
    struct binlog_table_map *m = x_alloc(sizeof *m);
    m->id = wire_uint(&c, 6);
    wire_take(&c, 2);
    struct str schema = wire_text(&c, (size_t)wire_uint(&c, 1));
    wire_take(&c, 1);
    struct str table = wire_text(&c, (size_t)wire_uint(&c, 1));
    wire_take(&c, 1);
    uint64_t ncolumns = wire_packed(&c);
    if (c.is_short || ncolumns == 0 || ncolumns > COLUMNS_MAX)
        goto broken;
    m->schema = x_strndup(schema.p, schema.n);
    m->table = x_strndup(table.p, table.n);
    m->ncolumns = (uint32_t)ncolumns;
    m->types = x_alloc(ncolumns * sizeof *m->types);
    m->chars = x_alloc(ncolumns * sizeof *m->chars);
    m->is_unsigned = x_alloc(ncolumns);
    memset(m->is_unsigned, 2, ncolumns);
    const uint8_t *types = wire_take(&c, ncolumns);
    size_t meta_n = (size_t)wire_packed(&c);
    const uint8_t *meta_p = wire_take(&c, meta_n);
    const uint8_t *nullable = wire_take(&c, (ncolumns + 7) / 8);
    if (c.is_short)
        goto broken;
    m->nullable = x_memdup(nullable, (ncolumns + 7) / 8);
    struct cursor meta = {.p = meta_p, .end = meta_p + meta_n};
    m->is_whole = read_types(m, types, &meta);
    if (meta.is_short)
        goto broken;
    read_fields(m, &c);
    return m;
broken:
    err_set(e, ERR_BINLOG_EVENT, "a TABLE_MAP event is cut short");
    table_map_free(m);
    return NULL;
}

static bool is_integer(uint8_t type)
{
    return type == MYSQL_TYPE_TINY || type == MYSQL_TYPE_SHORT || type == MYSQL_TYPE_LONG || type == MYSQL_TYPE_INT24 ||
           type == MYSQL_TYPE_LONGLONG;
}

bool binlog_is_sequence(const struct binlog_table_map *m)
{
    static const char *const names[] = {"next_not_cached_value", "minimum_value", "maximum_value", "start_value",
                                        "increment", "cache_size", "cycle_option", "cycle_count"};
    static const uint8_t types[] = {MYSQL_TYPE_LONGLONG, MYSQL_TYPE_LONGLONG, MYSQL_TYPE_TINY, MYSQL_TYPE_LONGLONG};
    if (m->ncolumns != TG_ARRAY_LEN(names) || m->nullable[0])
        return false;
    for (uint32_t i = 0; i < m->ncolumns; i++) {
        uint8_t type = m->types[i].type;
        if (i >= 4 ? type != types[i - 4] : !is_integer(type) || type != m->types[0].type)
            return false;
        if (m->names && m->names[i] && strcmp(m->names[i], names[i]) != 0)
            return false;
    }
    return true;
}
