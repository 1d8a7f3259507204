/* SPDX-License-Identifier: Apache-2.0
 * The dump: tables with a usable key in chunks while the stream runs (DESIGN 4.1), tables without one in a snapshot
 * whose position is known exactly, before it (4.2). */
#ifndef TG_COPY_COPY_H
#define TG_COPY_COPY_H

#include "batch/ports.h"
#include "ledger/ledger.h"

struct copy_counters {
    atomic_uint_least64_t rows, bytes, chunks, discarded;
    atomic_uint_least64_t selects, select_us, select_bytes; /* of chunks that were read */
    atomic_uint busy, readers;
};
/* Whether nothing happened to the table in (from, to] of the binlog: no row event, no DDL. */
struct quiet_port {
    void *arg;
    bool (*look)(void *arg, const struct table *def, const struct pos *from, const struct pos *to, bool *is_quiet,
                 struct err *e);
};
struct copy_options {
    const struct ledger_state *found;
    const struct db_addr *source;
    struct db_server server;
    struct tabs *tabs;
    struct budget *budget;            /* bytes of chunks that are read and not applied */
    struct cancel *cancel;
    struct ask_port ask;
    struct window_port windows;
    struct sequence_port sequence;    /* keyless tables, and all tables of a set */
    struct quiet_port quiet;
    struct copy_set *set;             /* NULL: the stream goes beside; else everything is read through it */
    struct pos set_at;                /* what counts as the set's position */
    bool (*may_read)(void *arg);      /* false: no SELECT starts now */
    void *may_arg;
    uint32_t readers;
    size_t chunk_bytes;               /* both to begin with */
    struct copy_counters *count;
};

struct copy;
/* Plans what the ledger does not hold yet. Tables that are complete are marked so: before the stream starts. */
struct copy *copy_new(const struct copy_options *o);
void copy_start(struct copy *c);                       /* the readers; the stream is there */
/* Live limits: how many read at once (0: none begins another chunk; missing ones are started) and the largest chunk.
 * Only by the thread that calls copy_start and copy_stop. */
void copy_set(struct copy *c, uint32_t readers, size_t chunk_bytes);
void copy_stop(struct copy *c);                        /* joins them (cancel must be set); NULL is fine */
void copy_free(struct copy *c);                        /* when the stream, which gives chunks back, has ended */
/* chunk_port.back: read it again, half as large. */
void copy_back(struct copy *c, struct chunk *k);

/* The tab's next round has begun: all of it is to be read. tabs.lock held. */
void copy_anew(struct copy *c, struct tab *tab);

/* Plans a tab from the ledger's chunks: sets copy, end, counts (see below); returns the ranges to read (linked by the caller's
 * array, freed by it). For copy_new and for tests. */
size_t copy_holes(struct tab *tab, const struct ledger_state *found, struct chunk ***out);
/* The tab's counts := what the ledger's chunks of it say. For a tab whose copy an earlier engine has ended: it is not
 * planned any more. Before this engine copies anything of it. */
void copy_count_found(struct tab *tab, const struct ledger_state *found);

/* A table without a key, wholly, on the caller's thread: rows go to sequence.submit; *at is the snapshot's position.
 * The caller drains, then writes the ledger. */
bool copy_keyless(const struct copy_options *o, struct tab *tab, struct pos *at, struct err *e);

/* ---- one set of snapshots, for a source without a binlog (DESIGN 4.3) ---- */

enum copy_hold {
    HOLD_LOCK,                        /* writers are held still while the snapshots are opened */
    HOLD_ONE_READER,                  /* one connection is one snapshot, without any lock */
    HOLD_STOPPED                      /* a person says that nobody writes */
};
/* Connections that see one state of the source. One thread at a time uses a connection. */
struct copy_set;
/* ERR_SOURCE_SNAPSHOT: HOLD_LOCK can't be had. */
struct copy_set *copy_set_open(const struct copy_options *o, enum copy_hold hold, struct table *const *defs, uint32_t ndefs,
                               struct err *e);
void copy_set_close(struct copy_set *s);               /* NULL is fine */
/* Those that are alive, into out (room for n); returns how many. Readers must have nothing left to read. */
uint32_t copy_set_conns(struct copy_set *s, struct conn **out, uint32_t n);
/* Of a copy through a set: it can't go on, and all that was read belongs to a state that nobody can read any more. */
bool copy_is_lost(struct copy *c);

#endif
