/* SPDX-License-Identifier: Apache-2.0
 * How the stages reach each other without knowing each other; the engine plugs them together. How a stage asks a person: it says what is wrong and which answers there are, and blocks. The engine shows the
 * question, or answers it from the job file. The initial choice loses nothing. */
#ifndef TG_BATCH_PORTS_H
#define TG_BATCH_PORTS_H

#include "base/log.h"
#include "batch/window.h"

struct ask_choice {
    const char *slug, *label;
};
struct ask_port {
    void *arg;
    /* Returns the slug that was chosen, or NULL when the run stops. Any thread; blocks. table may be "". */
    const char *(*put)(void *arg, const struct err *what, const char *table, const struct ask_choice *choices,
                       uint32_t nchoices);
    /* Nothing can go on: the run ends with this error. Any thread; returns at once. */
    void (*fatal)(void *arg, const struct err *why);
};

/* Where batches go. */
struct sequence_port {
    void *arg;
    void (*submit)(void *arg, struct batch *b);        /* takes it over */
    bool (*is_hungry)(void *arg);                      /* a batch submitted now would be begun at once */
};
/* What copy wants to hear; called by the follow thread, must not block. */
struct chunk_port {
    void *arg;
    void (*back)(void *arg, struct chunk *c);          /* to be read again, half as large; takes it over */
    void (*entered)(void *arg, struct tab *tab, struct batch *b); /* in the sequence from now on, not yet submitted */
    void (*anew)(void *arg, struct tab *tab, struct batch *b);    /* b empties it: its ledger rows are wanted, and its chunks again */
};

/* Where a chunk waits for the stream; see window.h. */
struct window_port {
    void *arg;
    struct window *(*open)(void *arg, struct tab *tab, struct buf *gtids); /* NULL: the table is gone */
    void (*give)(void *arg, struct window *w, const struct pos *high);
    void (*abandon)(void *arg, struct window *w);
};

#endif
