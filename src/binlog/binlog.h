/* SPDX-License-Identifier: Apache-2.0
 * The source's binlog: a stream of raw events (struct binlog, receiver thread), their meaning (struct
 * binlog_decoder, decoder thread), and the rows of a row event as cells (struct row_reader). Anything that is not
 * understood is an error, never skipped (DESIGN 4.7).
 *
 *   binlog_open ─► binlog_fetch ─► struct binlog_raw ─queue─► decoder_feed ─► struct binlog_event ─► rows_begin/next
 *
 * A binlog_event borrows from the raw event it was fed with and from the decoder's table maps; see decoder_feed. */
#ifndef TG_BINLOG_BINLOG_H
#define TG_BINLOG_BINLOG_H

#include "base/buf.h"
#include "base/err.h"
#include "db/charmap.h"
#include "db/conn.h"
#include "db/pos.h"
#include "db/render.h"
#include "db/type.h"

/* ---- the stream: one thread; only binlog_interrupt may come from another ------------------------------------ */

struct binlog_start {
    struct pos pos;                   /* used when gtid is NULL; the file must be set */
    const struct gtid_set *gtid;      /* NULL: by file and position. Everything that is NOT in the set is sent */
    uint32_t server_id;               /* ours: no other replica of the source may use it */
    unsigned heartbeat_ms;            /* a silent source says so this often; a read waits three times as long */
};
struct binlog;
/* Own connection; fails like conn_open_source, or with ERR_BINLOG_READ, ERR_BINLOG_PURGED, ERR_SOURCE_PRIVILEGE.
 * A start that the server refuses shows only at the first fetch. */
struct binlog *binlog_open(const struct db_addr *source, const struct binlog_start *start, struct err *e);
void binlog_close(struct binlog *b);             /* NULL is fine */
/* From another thread, any number of times, between binlog_open and binlog_close: a blocked fetch fails now. */
void binlog_interrupt(struct binlog *b);
const struct db_server *binlog_server(const struct binlog *b);

/* One event as the server sent it, header (19 bytes), body, checksum. Free with free(). */
struct binlog_raw {
    size_t n;                         /* bytes in p; what a queue is charged */
    uint8_t p[];
};
/* Blocks for the next event; the caller owns *raw. ERR_BINLOG_READ: cut, silent for too long, or ended by the
 * server: open it again. ERR_BINLOG_PURGED: the start is no longer (or never was) there. ERR_SOURCE_IDENTITY: we know
 * transactions that the source does not. ERR_BINLOG_GAP: the source can't read its own binlog at that place. */
bool binlog_fetch(struct binlog *b, struct binlog_raw **raw, struct err *e);

/* ---- events -------------------------------------------------------------------------------------------------- */

enum binlog_kind {
    BINLOG_FORMAT,                    /* begin of a file (or of the stream inside one) */
    BINLOG_ROTATE,                    /* the next file, or where the stream starts */
    BINLOG_GTID,                      /* begin of a transaction */
    BINLOG_QUERY,                     /* BEGIN, COMMIT, DDL as text */
    BINLOG_XID,                       /* commit of a transaction */
    BINLOG_TABLE_MAP,
    BINLOG_ROWS,
    BINLOG_HEARTBEAT,                 /* end moves; nothing else */
    BINLOG_STOP,                      /* the server went down after this */
    BINLOG_OTHER                      /* known, without meaning for data */
};

struct binlog_format {
    uint16_t version;                 /* 4 */
    uint32_t created_s;               /* when the file was begun (unix seconds): part of a transaction's identity */
    char server_version[51];
    bool is_start;                    /* a server start: the temporary tables of the sessions before are gone */
    bool has_checksum;
};

struct binlog_rotate {
    bool is_artificial;               /* made by the sender at the begin of the stream or of a file */
    char from[64];                    /* the file that ends; "" at the begin of the stream */
};                                    /* the new file and offset are binlog_event.end */

struct binlog_gtid {
    char text[96];                    /* "3e11…-…:23" or "0-1-100"; "" when anonymous */
    bool is_anonymous;                /* MySQL with gtid_mode OFF: no identity */
    uint8_t uuid[16];                 /* MySQL */
    uint64_t number;                  /* MySQL: GNO; MariaDB: sequence */
    uint32_t domain, server;          /* MariaDB */
    bool is_standalone;               /* MariaDB: the one query event that follows is the whole (DDL); else a
                                         transaction that is open from here to XID, COMMIT or ROLLBACK */
    bool is_ddl;                      /* MariaDB's own mark */
    bool is_xa_prepared, is_xa_completed;                    /* MariaDB */
    bool is_start_alter, is_commit_alter, is_rollback_alter; /* MariaDB's two-phase ALTER */
    uint64_t alter_sequence;          /* of the START ALTER that is committed or rolled back */
};

struct binlog_query {
    struct str schema;                /* default schema of the session; n == 0: none */
    struct str sql;                   /* in the client's charset, see charset_client */
    uint32_t thread_id;
    uint32_t exec_s;
    uint16_t error_code;              /* what the statement ended with at the source; 0 mostly */
    uint64_t sql_mode;
    bool has_sql_mode, ansi_quotes, no_backslash_escapes;
    uint16_t charset_client, collation_connection, collation_server; /* collation ids, 0: not said */
    uint16_t collation_database;      /* Q_CHARSET_DATABASE_CODE; 0: not said */
    uint16_t default_collation_for_utf8mb4;                          /* MySQL 8; 0: not said */
    bool no_foreign_key_checks;
    bool has_unknown_vars;            /* a status variable of a later server; those behind it were not read */
};

struct binlog_table_map {             /* owned by the decoder, valid until the statement's last rows event is passed */
    uint64_t id;
    char *schema, *table;             /* as the server writes them, NUL-terminated */
    uint32_t ncolumns;
    struct image_type *types;         /* ncolumns */
    struct char_reader *chars;        /* ncolumns; how rows_begin found that characters are read */
    uint8_t *nullable;                /* bitmap, bit i of byte i/8: may be NULL */
    uint8_t *is_unsigned;             /* one byte a column: 0 signed, 1 unsigned, 2 not said */
    char **names;                     /* ncolumns; NULL when the server does not say */
    bool is_whole;                    /* false: a type this version does not know; rows_begin refuses it */
    /* For the caller: a mark that lives as long as the map, e.g. the definition it was found to fit. */
    void *user;
    bool is_checked;                  /* rows_begin held it against `checked_columns` */
    const struct column *checked_columns;
};

/* Whether it looks like a SEQUENCE of MariaDB, whose row is logged as that of a table which no CREATE TABLE has made. The
 * types of the first four columns are the sequence's own since 11.5 (MariaDB manual, CREATE SEQUENCE, Sequence Overview). */
bool binlog_is_sequence(const struct binlog_table_map *m);

enum rows_action { ROWS_WRITE, ROWS_UPDATE, ROWS_DELETE };
struct binlog_rows {
    enum rows_action action;
    struct binlog_table_map *map;     /* never NULL */
    bool ends_statement;
    bool no_foreign_key_checks;       /* the session had foreign_key_checks=0: nothing cascaded */
    uint32_t ncolumns;
    const uint8_t *present[2];        /* bitmaps of before and after image (WRITE: [1], DELETE: [0], else NULL) */
    const uint8_t *rows, *end;
};

struct binlog_event {
    enum binlog_kind kind;
    uint8_t type;                     /* as on the wire, and its name */
    const char *type_name;
    uint32_t timestamp_s;             /* 0 for what the sender makes up */
    uint32_t server_id;               /* where it was first written */
    bool is_artificial;               /* not in the file: no position of its own */
    struct pos start, end;            /* end: the first byte after it; ROTATE: where the stream goes on. The offset
                                         is 64 bits, counted by us. HEARTBEAT: as far as the source has read */
    size_t bytes;
    union {
        struct binlog_format format;
        struct binlog_rotate rotate;
        struct binlog_gtid gtid;
        struct binlog_query query;
        uint64_t xid;
        struct binlog_table_map *map;
        struct binlog_rows rows;
    };
};

/* ---- decoding: one thread ------------------------------------------------------------------------------------ */

struct binlog_decoder;
struct binlog_decoder *decoder_new(bool is_mariadb);
void decoder_free(struct binlog_decoder *d);     /* NULL is fine */
/* Parses one event. `out` borrows from `raw` (QUERY, ROWS) and from the decoder (TABLE_MAP, ROWS: the map), all
 * valid until raw is freed or the next decoder_feed, whichever is first. Errors: ERR_BINLOG_EVENT (not understood,
 * broken, checksum), ERR_BINLOG_GAP (wrong next file, incident), ERR_BINLOG_FORMAT (statement-based),
 * ERR_BINLOG_TABLE (rows without a map). After an error the decoder is of no more use. */
bool decoder_feed(struct binlog_decoder *d, const struct binlog_raw *raw, struct binlog_event *out, struct err *e);

/* Gives each event from there on to `each`, until that says false: over a stream of its own, which blocks as
 * binlog_fetch does and ends with the call. start->server_id 0: one is made up. Any thread. false: an error of
 * binlog_open, binlog_fetch or decoder_feed. */
typedef bool binlog_each(void *arg, const struct binlog_event *ev);
bool binlog_walk(const struct db_addr *source, const struct binlog_start *start, binlog_each *each, void *arg, struct err *e);
const char *binlog_type_name(uint8_t type);      /* "TABLE_MAP"; "unknown" */

/* ---- rows ---------------------------------------------------------------------------------------------------- */

struct row_reader {
    const struct binlog_rows *event;
    const struct column *columns;
    uint32_t ncolumns;
    uint32_t npresent[2];             /* columns in the before and after image */
    const uint8_t *p;
};
/* ev->kind == BINLOG_ROWS. The columns are those of the definition that holds at this position, in its order, and
 * must stay while the reader is used. Charsets come from `maps`, which may open a connection for a new one; NULL: then
 * only UTF-8 and latin1 are read. ERR_BINLOG_TABLE: the map does not fit them. ERR_BINLOG_FORMAT: an image is
 * not full. ERR_SOURCE_TYPE: a type that is not built. */
bool rows_begin(struct row_reader *r, const struct binlog_event *ev, const struct column *columns, uint32_t ncolumns,
                struct charmaps *maps, struct err *e);
/* Next row into before[ncolumns] (UPDATE, DELETE) and after[ncolumns] (WRITE, UPDATE); the other one is left alone.
 * Bytes live in `text` or in the raw event. A generated column that an image lacks is NULL (MySQL 9.7 and
 * MariaDB 10.11 send all of them). *done: there was no further row. */
bool rows_next(struct row_reader *r, struct arena *text, struct cell *before, struct cell *after, bool *done,
               struct err *e);

#endif
