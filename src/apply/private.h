/* SPDX-License-Identifier: Apache-2.0
 * Inside apply: a writer and the packets it sends. */
#ifndef TG_APPLY_PRIVATE_H
#define TG_APPLY_PRIVATE_H

#include "apply/apply.h"
#include "batch/live.h"
#include "db/load.h"

/* What a statement of a packet must have changed. */
enum expect_kind { EXPECT_ANY, EXPECT_LANE, EXPECT_ROWS_FOUND, EXPECT_INSERTED, EXPECT_LOADED, EXPECT_LEDGER };
struct expect {
    enum expect_kind kind;
    uint64_t rows;
    const struct batch_part *part;
    size_t at;                        /* LOADED: byte offset of its first row */
};
#define PACKET_STATEMENTS 256
struct packet {
    struct buf sql;
    struct expect expect[PACKET_STATEMENTS];
    uint32_t n, nloads;
};

/* Rows of a table without a key that a batch deletes, found by one scan of TiDB (rowids.c). */
struct rowids {
    bool is_known;
    char (*list)[24];                 /* decimal */
    uint32_t n;
};
/* Where the walk over a batch stands; zeroed: at its begin. */
struct cursor {
    uint32_t part;
    enum { CURSOR_DELETE, CURSOR_INSERT } phase;
    uint32_t row;
    size_t at;                        /* byte offset of the row */
    bool is_at_end;
};
struct sql_limits {
    enum db_flavour flavour;
    size_t statement_bytes, packet_bytes; /* begin another when so full */
    bool own_keys;                    /* chunk met a duplicate: delete the keys of its own rows first */
    const struct rowids *rowids;      /* one a part, or NULL */
    const struct load_port *load;     /* names for LOAD DATA; NULL: INSERT only */
    size_t packet_max;                /* the target takes no longer one; 0: any */
};
/* Adds DELETEs and INSERTs until the packet is full or the batch is over (cursor.is_at_end). */
void packet_fill(struct packet *p, const struct batch *b, struct cursor *c, const struct sql_limits *l);
void packet_begin_statement(struct packet *p, enum expect_kind kind, uint64_t rows, const struct batch_part *part);
void packet_reset(struct packet *p);

/* load.c: LOAD DATA LOCAL instead of INSERT, in packed bytes of rows: from how many on, and how many a statement. */
#define LOAD_BYTES_MIN ((size_t)64 << 10)
#define LOAD_BYTES_MAX ((size_t)1 << 20)
#define LOAD_TIMES 8                  /* as large as so many statements */
/* Renders the rows of a packet's LOADs while the server fetches them; zeroed at first. */
struct load_feed {
    struct load_port port;
    const struct packet *packet;
    enum db_flavour flavour;
    const struct batch_part *part;
    size_t at;                        /* of the next row */
    uint64_t rows;                    /* left */
    struct buf staged;                /* rendered, `given` bytes of it are sent */
    size_t given;
    size_t sent;                      /* of the packet, all its LOADs */
};
/* Whether the batch has rows for LOAD and its transaction can be an optimistic one. */
bool load_is_wanted(const struct batch *b, const struct conn *c);
bool load_pays(const struct batch_part *part, size_t at);
/* The next rows of the part at the cursor, as one statement. */
void load_statement(struct packet *p, const struct batch_part *part, struct cursor *c, const struct sql_limits *l);
void load_feed_begin(struct load_feed *f, const struct packet *p, enum db_flavour target);
void load_feed_end(struct load_feed *f);
/* Rows of the batch at hand that the target can't take (quarantine.c). */
struct bad_row {
    uint32_t part, row;
    size_t at;                        /* byte offset in the part's insertions */
    char *reason, *key;
    uint64_t row_no;
};
struct sift {
    bool is_on;                       /* a row is refused: find out which */
    bool takes_values;                /* a person has said that refused values may go to the quarantine */
    struct bad_row *bad, *forced;     /* of this try; what COMMIT told, for all tries */
    struct ledger_quarantined *released; /* numbers only */
    uint32_t nbad, nforced, nreleased;
};

struct writer {
    struct apply *apply;
    uint32_t lane;
    struct epoch epoch;
    struct conn conn;
    bool is_open;
    struct packet packet;
    struct load_feed load;
    bool is_load_refused;             /* the last packet held a LOAD and failed, not by the connection */
    struct sift sift;
    /* The pool's own: */
    bool has_place;                   /* counts against the limit */
    size_t to_write;                  /* of its batch, half the bytes: not counted as written yet */
    bool is_asleep;
    pthread_cond_t wake;
    struct writer *next_sleeper;
};
/* A packet of row statements of so many bytes was answered. What is never noted counts when its batch is done. */
void writer_note(struct writer *w, size_t bytes, int64_t us);
/* Whether rows of the part are deleted by their hidden row id. */
bool rowids_wanted(const struct batch_part *part, enum db_flavour target);
/* Finds one row for each deletion of the part, inside the open transaction. ERR_TARGET_MISSING: one is not there.
 * out->is_known stays false where the table has no hidden row id. */
bool rowids_find(struct conn *c, const struct batch_part *part, struct rowids *out, struct err *e);
void rowids_release(struct rowids *r, uint32_t n);
const struct apply_options *apply_options_of(const struct apply *a);
/* Whether the target takes no LOAD DATA LOCAL; set once, for the rest of the run. Any thread. */
atomic_bool *apply_load_off(struct apply *a);

/* A transaction that is fenced: BEGIN and the lane's statement go first. */
bool writer_connect(struct writer *w, struct err *e);
void writer_disconnect(struct writer *w);
void writer_release(struct writer *w);                 /* its memory */
/* Into w->packet. is_optimistic: TiDB takes no locks for the rows and finds duplicates and a stale lane at COMMIT. */
void writer_begin(struct writer *w, bool is_optimistic);
/* Sends the packet and holds every count against what is expected. */
bool writer_send(struct writer *w, struct err *e);
/* COMMIT alone. *is_unknown: the answer did not come. */
bool writer_commit(struct writer *w, bool *is_unknown, struct err *e);
void writer_rollback(struct writer *w);
/* After an unknown outcome: connects anew, new epoch for the lane; then the ledger tells the truth. */
bool writer_settle(struct writer *w, struct err *e);
/* Runs fn until it succeeds; busy and lost are tried again, the rest is asked. */
bool writer_apply_rows(struct writer *w, struct batch *b);
bool writer_apply_ddl(struct writer *w, struct batch *b);
bool writer_apply_empty(struct writer *w, struct batch *b);
/* A statement that commits by itself, fenced, with the mark of the batch's position. */
bool writer_send_ddl(struct writer *w, const struct batch *b, struct str sql, struct err *e);
/* Asks retry/stop (or the choices given); true: try again. */
bool writer_ask(struct writer *w, struct batch *b, struct err *e);
/* Asks what the choices say; NULL: the run stops. */
const char *writer_choose(struct writer *w, struct batch *b, struct err *e, const struct ask_choice *choices, uint32_t n);
/* What to do after a failed try: true = try again (waited, reconnected), false = the run stops. *tries counts. */
bool writer_recover(struct writer *w, struct batch *b, unsigned *tries, struct err *e);

/* ---- shape.c: tables of which a DDL was left out ---- */
/* ERR_EVENT_SHAPE, ERR_EVENT_KEPT: rows of the batch have no place at the target, or would empty a column. Connected, no
 * transaction. */
bool shape_fits(struct writer *w, const struct batch *b, struct err *e);
/* Asks about such an error; true: try again. */
bool shape_ask(struct writer *w, struct batch *b, struct err *e);

/* ---- quarantine.c; w->sift is reset for each batch ---- */
void sift_reset(struct sift *s);
/* Bytes that a packet may have at the target, with room for the lane's and the ledger's statements. Connected. */
size_t writer_packet_max(const struct writer *w);
/* Begins a try: whether rows have to be left out, or found by sifting. */
bool sift_wanted(struct writer *w, const struct batch *b);
/* In place of plain sending: everything but the ledger's rows. w->packet holds what begins the transaction. */
bool sift_batch(struct writer *w, const struct batch *b, const struct sql_limits *l, struct err *e);
/* Files of the rows left out, then the packet begins anew. ERR_FILE. */
bool sift_save(struct writer *w, const struct batch *b, struct err *e);
/* Statements that bring rows left out into the ledger's quarantine, and touched ones out of it, into the packet. */
void sift_ledger(struct writer *w, const struct batch *b);
/* It is committed. */
void sift_applied(struct writer *w, const struct batch *b);
/* writer_recover for batches of rows: an error that a row caused is answered by sifting, at once or when asked. */
bool sift_recover(struct writer *w, struct batch *b, unsigned *tries, struct err *e);

#endif
