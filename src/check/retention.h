/* SPDX-License-Identifier: Apache-2.0
 * How long the binlog is kept against how long a run needs it: the arithmetic, apart from the server. */
#ifndef TG_CHECK_RETENTION_H
#define TG_CHECK_RETENTION_H

#include "check/check.h"
#include "db/conn.h"

/* Bytes a second of a slow copy, from the sizes that the source tells: measured runs were five times as fast. */
#define RETENTION_RATE UINT64_C(10000000)
/* Seconds of binlog from which on a rate of writing is told. */
#define RETENTION_HISTORY 600

struct retention {
    /* What the source says. */
    char name[64];                    /* of the setting */
    int64_t kept_s;                   /* -1: for ever */
    bool is_null;                     /* RDS: no time is set, kept_s is 0 */
    char limit_name[32];              /* of the setting by which files go by size as well; "": they do not */
    uint64_t limit_bytes;
    uint32_t nfiles;
    uint64_t bytes;                   /* of all files */
    int64_t age_s;                    /* of the oldest, 0: not known */
    double rate;                      /* bytes a second, 0: not known */
    /* What comes of it. */
    int64_t copy_s, wanted_s, least_s, cure_s;
    enum check_state state;
};
/* bytes: of the chosen tables. A run must be able to stand still for a day beside its copy (least_s; mode full: only
 * the copy itself, twice), and should for three, or twice its copy and a day (wanted_s). Sets what comes of it. */
void retention_judge(struct retention *k, bool is_full, uint64_t bytes);

/* How long the source that c is connected to keeps its binlog: name to limit_bytes of *k. A managed server may answer by a
 * CALL, which leaves results on c: *is_spent, and c is to be closed. Blocks for a few statements. */
bool retention_read(struct conn *c, struct retention *k, bool *is_spent, struct err *e);

#endif
