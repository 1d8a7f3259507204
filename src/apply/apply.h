/* SPDX-License-Identifier: Apache-2.0
 * The dependency tracker and the writer pool (DESIGN 4.5): batches come in one sequence and are applied in
 * parallel as far as their keys allow, each with its ledger row in one transaction, fenced, exactly once. */
#ifndef TG_APPLY_APPLY_H
#define TG_APPLY_APPLY_H

#include "batch/ports.h"
#include "batch/batch.h"
#include "ledger/ledger.h"

#define APPLY_CLASSES 48
struct apply_counters {               /* written by writers, read by the sampler */
    atomic_uint_least64_t tx, rows, bytes, batches, retries;
    atomic_uint_least64_t written;    /* bytes of batches, stream and copy: half as they are sent, half when committed */
    atomic_uint_least64_t conflicts;  /* tries that the target ended because it was busy */
    atomic_uint_least64_t statement_bytes, statement_us; /* of answered packets: text, and how long it took */
    /* Of the stream's batches: how many, how long they waited since they were read, how long writing them took, and that in
     * classes (apply_class_us); transactions that are submitted and not applied, that were submitted, and of those the ones
     * that had to wait for an earlier one. */
    atomic_uint_least64_t stream_batches, stream_wait_us, stream_busy_us, open_tx, stream_tx, conflict_tx;
    atomic_uint_least64_t classes[APPLY_CLASSES];
    atomic_uint busy;                 /* writers at work */
    atomic_uint ddl;                  /* of those: at a DDL, which may take its time */
    atomic_int_least64_t lost_ms;     /* mono: since then the target can't be reached; 0: it can, as far as it was asked */
};

struct apply_options {
    const struct ledger *ledger;
    const struct db_addr *target;
    uint32_t lanes;                   /* writers 0..lanes-1; lane `lanes` is the mark's */
    uint32_t writers;                 /* how many of them may apply rows at once, to begin with */
    bool insert_only;                 /* no LOAD DATA */
    uint64_t epoch;                   /* set on all lanes by ledger_fence before */
    struct cancel *cancel;            /* set: writers stop after their statement */
    struct marks *marks;
    struct ask_port ask;
    struct apply_counters *count;
    size_t packet_bytes;
    struct quarantine *quarantine;
    const char *run_dir;              /* rows in quarantine are kept in its quarantine/ */
};
/* Where the INSERT of a row in quarantine is kept. */
void quarantine_path(const char *run_dir, const char *label, uint32_t table_id, uint64_t row_no, char *out, size_t size);

uint64_t apply_class_us(unsigned i);   /* the upper end of a class: 64 us, and each half as much again */

struct apply;
/* Opens the writers' connections lazily and starts their threads and the one that advances the mark. */
struct apply *apply_new(const struct apply_options *o);
/* Takes the batch over. Sequencer thread only. Never blocks (bytes are bounded by the batch's budget). */
void apply_submit(struct apply *a, struct batch *b);
/* A batch of the stream that is submitted now would be begun at once, as far as its keys allow: few are open, and none
 * waits for a writer. */
bool apply_is_hungry(struct apply *a);
/* Live limits, from any thread: at_once writers apply rows now, never more than `most` (both at most the lanes); the
 * stream may use a few places more than at_once. DDL and whoever asks a person take no place. */
void apply_set_writers(struct apply *a, uint32_t at_once, uint32_t most);
bool apply_has_room(struct apply *a);                  /* few chunks wait for a writer: a further one may be read */
bool apply_is_full(struct apply *a);                   /* a batch is ready and every place is taken */
/* About how long a statement may get; at first 128 KiB. Any thread. */
void apply_set_statement(struct apply *a, size_t bytes);
size_t apply_statement_bytes(const struct apply *a);
/* Until everything submitted is applied; false: cancelled. */
bool apply_drain(struct apply *a);
/* After the cancel token was set: whoever waits in apply_drain looks again. */
void apply_wake(struct apply *a);
/* Batches that are not done are dropped: nothing of them was committed. Ends the threads. */
void apply_free(struct apply *a);

#endif
