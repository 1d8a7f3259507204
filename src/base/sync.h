/* SPDX-License-Identifier: Apache-2.0
 * Between threads: cancel tokens, byte budgets, bounded queues, the clock. All functions here may be called
 * from any thread. */
#ifndef TG_BASE_SYNC_H
#define TG_BASE_SYNC_H

#include "base/base.h"

/* Milliseconds: mono for durations, wall since 1970 for stamps. Never mix them. */
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);                           /* microseconds */
int64_t clock_wall_ms(void);

/* One per run: a flag that never goes back. Waits of this header end when it is set. */
struct cancel;
struct cancel *cancel_new(void);
void cancel_free(struct cancel *c);
void cancel_set(struct cancel *c);
bool cancel_is_set(const struct cancel *c);
/* Waits up to ms; true: the token was set. For pauses between tries, not for waiting on a condition. */
bool cancel_wait(struct cancel *c, int64_t ms);

/* Pauses between tries, each twice as long as the one before up to most_ms. {first, most} to begin with. */
struct patience {
    int64_t first_ms, most_ms;
    unsigned tries;                   /* pauses so far */
};
bool patience_wait(struct patience *p, struct cancel *c); /* false: the token was set */

/* Bytes in flight. One oversized item is always admitted when nothing else is held. */
struct budget;
struct budget *budget_new(size_t bytes, struct cancel *c);
void budget_free(struct budget *b);
bool budget_take(struct budget *b, size_t bytes);      /* waits; false: cancelled, nothing taken */
bool budget_try(struct budget *b, size_t bytes);       /* never waits */
void budget_give(struct budget *b, size_t bytes);
size_t budget_held(struct budget *b);

/* A bounded queue of pointers, charged by bytes. Whoever holds the pointer owns it. */
enum queue_rc { QUEUE_OK, QUEUE_CLOSED, QUEUE_CANCELLED, QUEUE_EMPTY };
struct queue;
struct queue *queue_new(size_t budget_bytes, struct cancel *c);
void queue_free(struct queue *q, void (*discard)(void *item)); /* discard gets what is still inside */
enum queue_rc queue_push(struct queue *q, void *item, size_t cost); /* QUEUE_OK: the queue owns item; cost 0 never waits */
/* wait_ms < 0 waits for ever, 0 never waits. QUEUE_CLOSED: drained, no more come. QUEUE_EMPTY: time is over. */
enum queue_rc queue_pop(struct queue *q, void **item, int64_t wait_ms);
void queue_close(struct queue *q);                     /* producers are done */
size_t queue_bytes(struct queue *q);

#endif
