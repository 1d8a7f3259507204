// SPDX-License-Identifier: Apache-2.0
/* One raw event to its meaning: length, checksum, position, then the body by type. The event's own end position has
 * 32 bits; ours is counted on from the last one and only takes the low bits from the event, so it stays right beyond
 * 4 GiB and across events that the sender leaves out. Events the sender makes up (FLAG_ARTIFICIAL, or end position 0)
 * are not in the file and move nothing. */
#include "binlog/event.h"

#include <stdlib.h>
#include <zlib.h>

struct raw_event {
    struct cursor body;
    uint8_t type;
    uint16_t flags;
    uint32_t log_pos, size;
};

const char *binlog_type_name(uint8_t type)
{
    static const char *const names[] = {
        [EV_START_V3] = "START_V3", [EV_QUERY] = "QUERY", [EV_STOP] = "STOP", [EV_ROTATE] = "ROTATE",
        [EV_INTVAR] = "INTVAR", [EV_LOAD] = "LOAD", [EV_SLAVE] = "SLAVE", [EV_CREATE_FILE] = "CREATE_FILE",
        [EV_APPEND_BLOCK] = "APPEND_BLOCK", [EV_EXEC_LOAD] = "EXEC_LOAD", [EV_DELETE_FILE] = "DELETE_FILE",
        [EV_NEW_LOAD] = "NEW_LOAD", [EV_RAND] = "RAND", [EV_USER_VAR] = "USER_VAR",
        [EV_FORMAT] = "FORMAT_DESCRIPTION", [EV_XID] = "XID", [EV_BEGIN_LOAD_QUERY] = "BEGIN_LOAD_QUERY",
        [EV_EXECUTE_LOAD_QUERY] = "EXECUTE_LOAD_QUERY", [EV_TABLE_MAP] = "TABLE_MAP", [EV_WRITE_V1] = "WRITE_ROWS_V1",
        [EV_UPDATE_V1] = "UPDATE_ROWS_V1", [EV_DELETE_V1] = "DELETE_ROWS_V1", [EV_INCIDENT] = "INCIDENT",
        [EV_HEARTBEAT] = "HEARTBEAT", [EV_IGNORABLE] = "IGNORABLE", [EV_ROWS_QUERY] = "ROWS_QUERY",
        [EV_WRITE] = "WRITE_ROWS", [EV_UPDATE] = "UPDATE_ROWS", [EV_DELETE] = "DELETE_ROWS", [EV_GTID] = "GTID",
        [EV_ANONYMOUS_GTID] = "ANONYMOUS_GTID", [EV_PREVIOUS_GTIDS] = "PREVIOUS_GTIDS",
        [EV_TRANSACTION_CONTEXT] = "TRANSACTION_CONTEXT", [EV_VIEW_CHANGE] = "VIEW_CHANGE",
        [EV_XA_PREPARE] = "XA_PREPARE", [EV_PARTIAL_UPDATE] = "PARTIAL_UPDATE_ROWS",
        [EV_TRANSACTION_PAYLOAD] = "TRANSACTION_PAYLOAD", [EV_HEARTBEAT_V2] = "HEARTBEAT_V2",
        [EV_GTID_TAGGED] = "GTID_TAGGED", [EV_ANNOTATE_ROWS] = "ANNOTATE_ROWS",
        [EV_BINLOG_CHECKPOINT] = "BINLOG_CHECKPOINT", [EV_MARIADB_GTID] = "GTID (MariaDB)", [EV_GTID_LIST] = "GTID_LIST",
        [EV_START_ENCRYPTION] = "START_ENCRYPTION", [EV_QUERY_COMPRESSED] = "QUERY_COMPRESSED",
        [EV_WRITE_COMPRESSED_V1] = "WRITE_ROWS_COMPRESSED_V1", [EV_UPDATE_COMPRESSED_V1] = "UPDATE_ROWS_COMPRESSED_V1",
        [EV_DELETE_COMPRESSED_V1] = "DELETE_ROWS_COMPRESSED_V1", [EV_WRITE_COMPRESSED] = "WRITE_ROWS_COMPRESSED",
        [EV_UPDATE_COMPRESSED] = "UPDATE_ROWS_COMPRESSED", [EV_DELETE_COMPRESSED] = "DELETE_ROWS_COMPRESSED"};
    return type < TG_ARRAY_LEN(names) && names[type] ? names[type] : "unknown";
}

struct binlog_decoder *decoder_new(bool is_mariadb)
{
    struct binlog_decoder *d = x_alloc(sizeof *d);
    d->is_mariadb = is_mariadb;
    return d;
}

static void drop_maps(struct binlog_decoder *d)
{
    for (uint32_t i = 0; i < d->nmaps; i++)
        table_map_free(d->maps[i]);
    d->nmaps = 0;
    d->drops_maps = false;
}

void decoder_free(struct binlog_decoder *d)
{
    if (!d)
        return;
    drop_maps(d);
    free(d->maps);
    free(d);
}

static bool not_understood(const struct binlog_event *ev, struct err *e, const char *why)
{
    return err_set(e, ERR_BINLOG_EVENT, "event %s (%u): %s", ev->type_name, ev->type, why);
}

/* ---- checksum ------------------------------------------------------------------------------------------------- */

static bool sum_fits(const uint8_t *p, size_t n)
{
    if (n < HEADER_BYTES + CHECKSUM_BYTES)
        return false;
    size_t body = n - CHECKSUM_BYTES;
    uint32_t have = (uint32_t)p[body] | (uint32_t)p[body + 1] << 8 | (uint32_t)p[body + 2] << 16 |
                    (uint32_t)p[body + 3] << 24;
    return (uint32_t)crc32_z(0, p, body) == have;
}

/* Takes the checksum off and holds it against the event. */
static bool take_checksum(struct binlog_decoder *d, const struct binlog_raw *raw, struct raw_event *r,
                          const struct binlog_event *ev, struct err *e)
{
    enum { ALG_OFF = 0, ALG_CRC32 = 1 };
    bool has = d->has_checksum;
    if (r->type == EV_FORMAT) {
        /* Its own algorithm stands before its checksum, which is there even where the algorithm is "off". */
        if (raw->n < HEADER_BYTES + 57 + 1 + CHECKSUM_BYTES)
            return not_understood(ev, e, "too short");
        uint8_t alg = raw->p[raw->n - CHECKSUM_BYTES - 1];
        if (alg != ALG_OFF && alg != ALG_CRC32)
            return not_understood(ev, e, "unknown checksum algorithm");
        d->has_checksum = alg == ALG_CRC32;
        r->body.end -= CHECKSUM_BYTES + 1;
        return !d->has_checksum || sum_fits(raw->p, raw->n) || not_understood(ev, e, "checksum does not match");
    }
    /* A made-up rotate follows what was last agreed on, not what its file says: look. */
    if (r->type == EV_ROTATE && (ev->is_artificial || !d->has_format))
        has = sum_fits(raw->p, raw->n);
    else if (has && !sum_fits(raw->p, raw->n))
        return not_understood(ev, e, "checksum does not match");
    if (has)
        r->body.end -= CHECKSUM_BYTES;
    return true;
}

/* ---- position ------------------------------------------------------------------------------------------------- */

/* Further than this ahead means that the position went back. */
#define JUMP_MAX UINT64_C(0xe0000000)

/* The offset at or after `least` with these low 32 bits. */
static uint64_t widen(uint64_t least, uint32_t low)
{
    uint64_t at = (least & ~UINT64_C(0xffffffff)) | low;
    return at < least ? at + (UINT64_C(1) << 32) : at;
}

static bool advance(struct binlog_decoder *d, const struct raw_event *r, struct binlog_event *ev, struct err *e)
{
    ev->start = ev->end = d->at;
    if (r->type == EV_ROTATE || r->type == EV_HEARTBEAT || r->type == EV_HEARTBEAT_V2)
        return true;                  /* these say where they lead */
    if (!pos_is_set(&d->at))
        return not_understood(ev, e, "comes before the name of the file");
    if (ev->is_artificial)
        return true;
    uint64_t least = d->at.at + r->size, at = widen(least, r->log_pos);
    if (at - least > JUMP_MAX)
        return err_set(e, ERR_BINLOG_GAP, "in %s the position goes back from %llu to %u", d->at.file,
                       (unsigned long long)d->at.at, r->log_pos);
    ev->start.at = at - r->size;
    ev->end.at = d->at.at = at;
    return true;
}

/* ---- bodies --------------------------------------------------------------------------------------------------- */

static bool feed_format(struct binlog_decoder *d, const struct raw_event *r, struct binlog_event *ev, struct err *e)
{
    struct cursor c = r->body;
    struct binlog_format *f = &ev->format;
    f->version = (uint16_t)wire_uint(&c, 2);
    struct str version = wire_text(&c, 50);
    f->is_start = wire_uint(&c, 4) != 0;
    unsigned header = (unsigned)wire_uint(&c, 1);
    if (c.is_short || f->version != 4 || header != HEADER_BYTES)
        return not_understood(ev, e, "not of version 4");
    memcpy(f->server_version, version.p, version.n);
    f->server_version[version.n] = 0;
    f->created_s = ev->timestamp_s;
    f->has_checksum = d->has_checksum;
    d->has_format = true;
    drop_maps(d);
    ev->kind = BINLOG_FORMAT;
    return true;
}

/* Whether `next` is `file` with its number plus one. */
static bool is_successor(const char *file, const char *next)
{
    const char *a = strrchr(file, '.'), *b = strrchr(next, '.');
    return a && b && a - file == b - next && memcmp(file, next, (size_t)(a - file)) == 0 &&
           pos_file_number(file) != UINT64_MAX && pos_file_number(next) == pos_file_number(file) + 1;
}

static bool feed_rotate(struct binlog_decoder *d, const struct raw_event *r, struct binlog_event *ev, struct err *e)
{
    struct cursor c = r->body;
    struct pos next = {.at = wire_uint(&c, 8)};
    struct str name = wire_text(&c, wire_left(&c));
    if (c.is_short || name.n == 0 || name.n >= sizeof next.file || memchr(name.p, 0, name.n))
        return not_understood(ev, e, "no name of a file");
    memcpy(next.file, name.p, name.n);
    bool is_first = !pos_is_set(&d->at);
    bool is_same = strcmp(d->at.file, next.file) == 0;
    if (!is_first && !is_successor(d->at.file, next.file) && !(ev->is_artificial && is_same))
        return err_set(e, ERR_BINLOG_GAP, "after %s comes %s", d->at.file, next.file);
    memcpy(ev->rotate.from, is_same ? "" : d->at.file, is_same ? 1 : sizeof ev->rotate.from);
    ev->rotate.is_artificial = ev->is_artificial;
    if (!is_same)
        d->at = next;
    ev->end = d->at;
    ev->kind = BINLOG_ROTATE;
    return true;
}

static bool feed_heartbeat(struct binlog_decoder *d, const struct raw_event *r, struct binlog_event *ev,
                           struct err *e)
{
    enum { HB_FILE = 1, HB_POSITION = 2 };
    struct cursor c = r->body;
    struct str name = {0};
    uint64_t at = 0;
    if (r->type == EV_HEARTBEAT) {
        name = wire_text(&c, wire_left(&c));
        at = widen(d->at.at, r->log_pos);
    } else {
        for (uint64_t kind; wire_left(&c) > 0 && (kind = wire_uint(&c, 1)) != 0 && !c.is_short;) {
            size_t n = (size_t)wire_packed(&c);
            struct str field = wire_text(&c, n);
            struct cursor number = {.p = (const uint8_t *)field.p, .end = (const uint8_t *)field.p + field.n};
            if (kind == HB_FILE)
                name = field;
            else if (kind == HB_POSITION)
                at = wire_packed(&number);
        }
    }
    if (c.is_short)
        return not_understood(ev, e, "cut short");
    /* One that speaks of another file, or of an earlier place, only says that the source lives. */
    bool is_widened_back = r->type == EV_HEARTBEAT && at - d->at.at > JUMP_MAX;
    if (pos_is_set(&d->at) && str_eq(name, str_of(d->at.file)) && at >= d->at.at && !is_widened_back)
        d->at.at = at;
    ev->end = d->at;
    ev->kind = BINLOG_HEARTBEAT;
    return true;
}

static bool feed_table_map(struct binlog_decoder *d, const struct raw_event *r, struct binlog_event *ev,
                           struct err *e)
{
    struct binlog_table_map *m = parse_table_map(r->body, e);
    if (!m)
        return false;
    uint32_t i = 0;
    while (i < d->nmaps && d->maps[i]->id != m->id)
        i++;
    if (i < d->nmaps) {
        table_map_free(d->maps[i]);
    } else if (d->nmaps++ == d->room) {
        d->room = d->room ? d->room * 2 : 8;
        d->maps = x_realloc(d->maps, d->room * sizeof *d->maps);
    }
    d->maps[i] = m;
    ev->map = m;
    ev->kind = BINLOG_TABLE_MAP;
    return true;
}

static enum rows_action action_of(uint8_t type)
{
    return type == EV_WRITE || type == EV_WRITE_V1     ? ROWS_WRITE
           : type == EV_UPDATE || type == EV_UPDATE_V1 ? ROWS_UPDATE
                                                       : ROWS_DELETE;
}

static bool feed_rows(struct binlog_decoder *d, const struct raw_event *r, struct binlog_event *ev, struct err *e)
{
    enum { STATEMENT_END = 1, NO_FOREIGN_KEYS = 2 };
    struct cursor c = r->body;
    uint64_t id = wire_uint(&c, 6);
    unsigned flags = (unsigned)wire_uint(&c, 2);
    if (r->type >= EV_WRITE) {        /* second version: a block of other things, with its length */
        size_t n = (size_t)wire_uint(&c, 2);
        wire_take(&c, n >= 2 ? n - 2 : SIZE_MAX);
    }
    uint64_t ncolumns = wire_packed(&c);
    struct binlog_rows *rows = &ev->rows;
    *rows = (struct binlog_rows){.action = action_of(r->type), .ends_statement = flags & STATEMENT_END,
                                 .no_foreign_key_checks = flags & NO_FOREIGN_KEYS};
    d->drops_maps = rows->ends_statement;
    for (uint32_t i = 0; i < d->nmaps; i++)
        if (d->maps[i]->id == id)
            rows->map = d->maps[i];
    if (!c.is_short && !rows->map && rows->ends_statement && (id & 0xffffff) == 0xffffff) {
        ev->kind = BINLOG_OTHER;      /* only there to end a statement */
        return true;
    }
    if (c.is_short || ncolumns > UINT16_MAX)
        return not_understood(ev, e, "cut short");
    if (!rows->map)
        return err_set(e, ERR_BINLOG_TABLE, "rows of table id %llu, which no TABLE_MAP named", (unsigned long long)id);
    size_t bitmap = (size_t)(ncolumns + 7) / 8;
    rows->ncolumns = (uint32_t)ncolumns;
    if (rows->action != ROWS_WRITE)
        rows->present[0] = wire_take(&c, bitmap);
    if (rows->action != ROWS_DELETE)
        rows->present[1] = wire_take(&c, bitmap);
    if (c.is_short || ncolumns != rows->map->ncolumns)
        return err_set(e, ERR_BINLOG_TABLE, "%s.%s: rows of %llu columns under a TABLE_MAP of %u", rows->map->schema,
                       rows->map->table, (unsigned long long)ncolumns, rows->map->ncolumns);
    rows->rows = c.p;
    rows->end = c.end;
    ev->kind = BINLOG_ROWS;
    return true;
}

static bool feed_xid(const struct raw_event *r, struct binlog_event *ev, struct err *e)
{
    struct cursor c = r->body;
    ev->xid = wire_uint(&c, 8);
    ev->kind = BINLOG_XID;
    return !c.is_short || not_understood(ev, e, "cut short");
}

/* What has neither data nor harm, and what must not be passed over. */
static bool feed_rest(const struct raw_event *r, struct binlog_event *ev, struct err *e)
{
    ev->kind = BINLOG_OTHER;
    switch (r->type) {
    case EV_IGNORABLE: case EV_ROWS_QUERY: case EV_PREVIOUS_GTIDS: case EV_TRANSACTION_CONTEXT: case EV_VIEW_CHANGE:
    case EV_ANNOTATE_ROWS: case EV_BINLOG_CHECKPOINT: case EV_GTID_LIST:
        return true;
    case EV_STOP:
        ev->kind = BINLOG_STOP;
        return true;
    case EV_INCIDENT:
        return err_set(e, ERR_BINLOG_GAP, "the source reports an incident at %s:%llu: events may be lost",
                       ev->start.file, (unsigned long long)ev->start.at);
    case EV_INTVAR: case EV_RAND: case EV_USER_VAR: case EV_BEGIN_LOAD_QUERY: case EV_EXECUTE_LOAD_QUERY:
        return err_set(e, ERR_BINLOG_FORMAT, "event %s (%u) belongs to a statement, not to rows", ev->type_name,
                       ev->type);
    case EV_START_ENCRYPTION: return not_understood(ev, e, "an encrypted binlog was sent as it is");
    case EV_XA_PREPARE: return not_understood(ev, e, "XA transactions");
    case EV_PARTIAL_UPDATE: return not_understood(ev, e, "binlog_row_value_options is PARTIAL_JSON");
    case EV_TRANSACTION_PAYLOAD: return not_understood(ev, e, "binlog_transaction_compression is ON");
    case EV_GTID_TAGGED: return not_understood(ev, e, "a GTID with a tag");
    case EV_QUERY_COMPRESSED: case EV_WRITE_COMPRESSED_V1: case EV_UPDATE_COMPRESSED_V1: case EV_DELETE_COMPRESSED_V1:
    case EV_WRITE_COMPRESSED: case EV_UPDATE_COMPRESSED: case EV_DELETE_COMPRESSED:
        return not_understood(ev, e, "log_bin_compress is ON");
    default:
        if (r->flags & FLAG_IGNORABLE && strcmp(ev->type_name, "unknown") == 0)
            return true;              /* its writer says that it may be passed over */
        return not_understood(ev, e, "not built");
    }
}

static bool feed_body(struct binlog_decoder *d, const struct raw_event *r, struct binlog_event *ev, struct err *e)
{
    switch (r->type) {
    case EV_FORMAT: return feed_format(d, r, ev, e);
    case EV_ROTATE: return feed_rotate(d, r, ev, e);
    case EV_HEARTBEAT:
    case EV_HEARTBEAT_V2: return feed_heartbeat(d, r, ev, e);
    case EV_QUERY:
        ev->kind = BINLOG_QUERY;
        return parse_query(&ev->query, r->body, d->is_mariadb, e);
    case EV_XID: return feed_xid(r, ev, e);
    case EV_GTID:
    case EV_ANONYMOUS_GTID:
        ev->kind = BINLOG_GTID;
        return parse_gtid(&ev->gtid, r->body, r->type == EV_ANONYMOUS_GTID, e);
    case EV_MARIADB_GTID:
        ev->kind = BINLOG_GTID;
        return parse_mariadb_gtid(&ev->gtid, r->body, ev->server_id, e);
    case EV_TABLE_MAP: return feed_table_map(d, r, ev, e);
    case EV_WRITE: case EV_UPDATE: case EV_DELETE: case EV_WRITE_V1: case EV_UPDATE_V1: case EV_DELETE_V1:
        return feed_rows(d, r, ev, e);
    default: return feed_rest(r, ev, e);
    }
}

static bool read_header(const struct binlog_raw *raw, struct raw_event *r, struct binlog_event *ev, struct err *e)
{
    *ev = (struct binlog_event){.bytes = raw->n, .type_name = "unknown"};
    if (raw->n < HEADER_BYTES)
        return err_set(e, ERR_BINLOG_EVENT, "an event of %zu bytes", raw->n);
    struct cursor c = {.p = raw->p, .end = raw->p + raw->n};
    ev->timestamp_s = (uint32_t)wire_uint(&c, 4);
    ev->type = r->type = (uint8_t)wire_uint(&c, 1);
    ev->type_name = binlog_type_name(r->type);
    ev->server_id = (uint32_t)wire_uint(&c, 4);
    r->size = (uint32_t)wire_uint(&c, 4);
    r->log_pos = (uint32_t)wire_uint(&c, 4);
    r->flags = (uint16_t)wire_uint(&c, 2);
    r->body = c;
    ev->is_artificial = r->flags & FLAG_ARTIFICIAL || r->log_pos == 0;
    return r->size == raw->n || not_understood(ev, e, "its length is not that of the packet");
}

bool decoder_feed(struct binlog_decoder *d, const struct binlog_raw *raw, struct binlog_event *out, struct err *e)
{
    struct raw_event r = {0};
    if (d->drops_maps)
        drop_maps(d);
    if (read_header(raw, &r, out, e) && take_checksum(d, raw, &r, out, e) && advance(d, &r, out, e) &&
        feed_body(d, &r, out, e))
        return true;
    char at[96];
    return pos_is_set(&d->at) ? err_wrap(e, "binlog %s", pos_text(&d->at, at)) : err_wrap(e, "binlog");
}
