/* SPDX-License-Identifier: Apache-2.0
 * The source at a known position: where its binlog ends, where a snapshot stands, how what is in the binlog becomes
 * readable, and writers held still for a moment (DESIGN 4.1, 4.2). Each call uses its connection alone; no state. */
#ifndef TG_SCHEMA_SOURCE_H
#define TG_SCHEMA_SOURCE_H

#include "base/sync.h"
#include "schema/schema.h"

/* Trouble with the source that passes by itself: try again. */
bool source_comes_back(const struct err *e);
/* Its current end of binlog: SHOW MASTER STATUS or SHOW BINARY LOG STATUS. ERR_BINLOG_OFF when none. */
bool source_position(struct conn *c, struct pos *out, struct err *e);
/* Its binlog files, oldest first; the last one grows. Caller frees. */
struct binlog_file {
    char name[64];
    uint64_t bytes;
};
bool source_binlogs(struct conn *c, struct binlog_file **out, uint32_t *n, struct err *e);
/* Bytes between two positions, from them; 0 where `to` is not the later one. Files that are not among them are not
 * counted: a lower bound then. */
uint64_t binlog_distance(const struct binlog_file *files, uint32_t n, const struct pos *from, const struct pos *to);
/* Everything that may be in the binlog by now (MySQL with GTIDs): first what is on its way, then what is executed. */
bool source_gtids(struct conn *c, struct gtid_set *out, struct err *e);
/* Position of the snapshot that is open on c (MariaDB). ERR_BINLOG_OFF when none. */
bool snapshot_position(struct conn *c, struct pos *out, struct err *e);

/* The server writes the binlog before the storage engine commits. How is it known that everything up to a position of
 * the binlog can be read? By a snapshot that tells its own position (MariaDB), by waiting for GTIDs (MySQL from 5.7
 * on), by a locking read. */
enum visible { VISIBLE_SNAPSHOT, VISIBLE_GTID, VISIBLE_LOCK };
enum visible visible_way(const struct db_server *s);

/* Writers held still: LOCK TABLES … READ of the table alone; where that is refused, FLUSH TABLES WITH READ LOCK; for
 * several tables in the other order (lock.c says why). */
enum lock_how { LOCK_REFUSED, LOCK_TABLES, LOCK_EVERYTHING };
struct lock_wish {
    unsigned wait_s;                  /* of one try, at least 1: it blocks those who come behind it */
    unsigned tries;                   /* at least 1, with pauses between them */
    struct cancel *cancel;            /* ends the pauses; NULL where tries is 1 */
    bool tables_only;                 /* never the whole server: LOCK_REFUSED where LOCK TABLES is refused */
};
struct lock_got {
    enum lock_how how;
    int64_t waited_ms;                /* until it was had, or given up */
    struct err refused;               /* the server's words for the last statement that was refused; empty: none was */
};
/* Locks n tables, at least one, on c; the lock ends with the connection, whose session is changed (autocommit, lock
 * waits). True with LOCK_REFUSED: no privilege for any lock, which is no error. ERR_SOURCE_LOCK: the tables are too
 * busy; got->how then is the statement that waited in vain. */
bool lock_tables(struct conn *c, struct table *const *defs, uint32_t n, const struct lock_wish *wish, struct lock_got *got,
                 struct err *e);

#endif
