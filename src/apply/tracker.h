/* SPDX-License-Identifier: Apache-2.0
 * Which batches may run: a batch waits for every earlier one that holds a key it touches, unless both hold it
 * shared. Not thread safe; apply's mutex is held around it. */
#ifndef TG_APPLY_TRACKER_H
#define TG_APPLY_TRACKER_H

#include "batch/batch.h"

struct tracker;
struct tracker *tracker_new(void);
void tracker_free(struct tracker *t);
/* Enters a batch (b->seq is set and grows). true: it waits for nothing. */
bool tracker_enter(struct tracker *t, struct batch *b);
/* It is applied: calls ready for each batch that now waits for nothing, in sequence order of their waiting. */
void tracker_done(struct tracker *t, struct batch *b, void (*ready)(void *arg, struct batch *b), void *arg);
size_t tracker_keys(const struct tracker *t);          /* for tests: 0 when nothing is open */

#endif
