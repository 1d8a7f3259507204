/* SPDX-License-Identifier: Apache-2.0
 * Private to the room: the decoder's state, and a cursor that can't run over the end of an event. */
#ifndef TG_BINLOG_EVENT_H
#define TG_BINLOG_EVENT_H

#include "binlog/binlog.h"

#define HEADER_BYTES 19
#define CHECKSUM_BYTES 4

enum event_flag { FLAG_ARTIFICIAL = 0x20, FLAG_IGNORABLE = 0x80 };

enum event_type {
    EV_START_V3 = 1, EV_QUERY = 2, EV_STOP = 3, EV_ROTATE = 4, EV_INTVAR = 5, EV_LOAD = 6, EV_SLAVE = 7,
    EV_CREATE_FILE = 8, EV_APPEND_BLOCK = 9, EV_EXEC_LOAD = 10, EV_DELETE_FILE = 11, EV_NEW_LOAD = 12, EV_RAND = 13,
    EV_USER_VAR = 14, EV_FORMAT = 15, EV_XID = 16, EV_BEGIN_LOAD_QUERY = 17, EV_EXECUTE_LOAD_QUERY = 18,
    EV_TABLE_MAP = 19, EV_WRITE_V1 = 23, EV_UPDATE_V1 = 24, EV_DELETE_V1 = 25, EV_INCIDENT = 26, EV_HEARTBEAT = 27,
    EV_IGNORABLE = 28, EV_ROWS_QUERY = 29, EV_WRITE = 30, EV_UPDATE = 31, EV_DELETE = 32, EV_GTID = 33,
    EV_ANONYMOUS_GTID = 34, EV_PREVIOUS_GTIDS = 35, EV_TRANSACTION_CONTEXT = 36, EV_VIEW_CHANGE = 37,
    EV_XA_PREPARE = 38, EV_PARTIAL_UPDATE = 39, EV_TRANSACTION_PAYLOAD = 40, EV_HEARTBEAT_V2 = 41,
    EV_GTID_TAGGED = 42, EV_ANNOTATE_ROWS = 160, EV_BINLOG_CHECKPOINT = 161, EV_MARIADB_GTID = 162,
    EV_GTID_LIST = 163, EV_START_ENCRYPTION = 164, EV_QUERY_COMPRESSED = 165, EV_WRITE_COMPRESSED_V1 = 166,
    EV_UPDATE_COMPRESSED_V1 = 167, EV_DELETE_COMPRESSED_V1 = 168, EV_WRITE_COMPRESSED = 169,
    EV_UPDATE_COMPRESSED = 170, EV_DELETE_COMPRESSED = 171
};

struct binlog_decoder {
    bool is_mariadb;
    bool has_format, has_checksum;
    struct pos at;                    /* end of the last event; file "" before the first rotate */
    bool drops_maps;                  /* the last event ended a statement */
    uint32_t nmaps, room;
    struct binlog_table_map **maps;
};

struct cursor {
    const uint8_t *p, *end;
    bool is_short;                    /* something was read over the end; all that follows is 0 */
};
const uint8_t *wire_take(struct cursor *c, size_t n);  /* NULL and is_short when there are fewer */
uint64_t wire_uint(struct cursor *c, unsigned bytes);  /* little endian */
uint64_t wire_packed(struct cursor *c);                /* length-encoded integer */
struct str wire_text(struct cursor *c, size_t n);
static inline size_t wire_left(const struct cursor *c)
{
    return (size_t)(c->end - c->p);
}

/* Each parses a body (without header and checksum). */
bool parse_query(struct binlog_query *q, struct cursor c, bool is_mariadb, struct err *e);
bool parse_gtid(struct binlog_gtid *g, struct cursor c, bool is_anonymous, struct err *e);
bool parse_mariadb_gtid(struct binlog_gtid *g, struct cursor c, uint32_t server_id, struct err *e);
/* A new map, or NULL. */
struct binlog_table_map *parse_table_map(struct cursor c, struct err *e);
void table_map_free(struct binlog_table_map *m);
/* As render_cell, for the types of MariaDB's COMPRESSED columns. */
bool is_compressed_type(uint8_t type);
bool compressed_cell(struct cell *out, const struct column *c, struct image_type t, const uint8_t **p, const uint8_t *end,
                     struct arena *text, struct char_reader *chars, struct err *e);

#endif
