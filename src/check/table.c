// SPDX-License-Identifier: Apache-2.0
/* The table of checks, in the order in which they run and are shown: connecting, the binlog, privileges, tables, the
 * target, this host, rehearsals. `why` is one sentence about what happens to a run that does not heed it. */
#include "check/rehearse.h"

const struct check check_table[] = {
    /* ---- connecting ---- */
    {.id = "source.resolve", .side = CHECK_SOURCE, .worst = CHECK_FAIL, .needs = NEVER_ACCEPTED, .title = "Name of the source",
     .why = "A name that this host does not know can't be connected to.", .asked = "getaddrinfo", .run = check_resolve},
    {.id = "source.connect", .side = CHECK_SOURCE, .worst = CHECK_FAIL, .needs = NEVER_ACCEPTED, .title = "Port of the source",
     .why = "Without a way through the network nothing can be read.", .asked = "a TCP connection", .run = check_connect},
    {.id = "source.tls", .side = CHECK_SOURCE, .worst = CHECK_FAIL, .title = "TLS to the source",
     .why = "Without TLS everybody on the way can read the rows; with it, the certificate must fit.", .asked = "a session as the job asks for it",
     .run = check_tls},
    {.id = "source.login", .side = CHECK_SOURCE, .worst = CHECK_FAIL, .needs = NEVER_ACCEPTED, .title = "Sign-in at the source",
     .why = "The run connects as this user.", .asked = "a session of the job's user", .run = check_login},
    {.id = "target.resolve", .side = CHECK_TARGET, .worst = CHECK_FAIL, .needs = NEVER_ACCEPTED, .title = "Name of the target",
     .why = "A name that this host does not know can't be connected to.", .asked = "getaddrinfo", .run = check_resolve},
    {.id = "target.connect", .side = CHECK_TARGET, .worst = CHECK_FAIL, .needs = NEVER_ACCEPTED, .title = "Port of the target",
     .why = "Without a way through the network nothing can be written.", .asked = "a TCP connection", .run = check_connect},
    {.id = "target.tls", .side = CHECK_TARGET, .worst = CHECK_FAIL, .title = "TLS to the target",
     .why = "Without TLS everybody on the way can read the rows; TiDB Cloud takes no session without it.", .asked = "a session as the job asks for it",
     .run = check_tls},
    {.id = "target.login", .side = CHECK_TARGET, .worst = CHECK_FAIL, .needs = NEVER_ACCEPTED, .title = "Sign-in at the target",
     .why = "The run connects as this user.", .asked = "a session of the job's user", .run = check_login},

    /* ---- the binlog ---- */
    {.id = "binlog_enable", .side = CHECK_SOURCE, .worst = CHECK_FAIL, .needs = NEED_SOURCE | NEVER_ACCEPTED, .title = "Binlog",
     .why = "What is changed while the copy runs is read from the binlog; without one only a full copy is possible.",
     .asked = "log_bin", .run = check_binlog_enable},
    {.id = "binlog_format", .side = CHECK_SOURCE, .worst = CHECK_FAIL, .needs = NEED_SOURCE | FOR_STREAM | NEVER_ACCEPTED, .title = "Binlog format",
     .why = "Only ROW holds the changed rows themselves; the run stops at a change that is written as a statement.",
     .asked = "binlog_format", .run = check_binlog_format},
    {.id = "binlog_row_image", .side = CHECK_SOURCE, .worst = CHECK_FAIL, .needs = NEED_SOURCE | FOR_STREAM | NEVER_ACCEPTED, .title = "Binlog row image",
     .why = "With a part of the columns only, a row can't be written at the target.", .asked = "binlog_row_image", .run = check_binlog_row_image},
    {.id = "binlog.dump", .side = CHECK_SOURCE, .worst = CHECK_FAIL, .needs = NEED_SOURCE | FOR_STREAM, .title = "Reading the binlog",
     .why = "A run that can't read the binlog stops before its first row.", .asked = "a binlog dump from the current end, until its first event",
     .run = check_binlog_dump},
    {.id = "meta_position", .side = CHECK_SOURCE, .worst = CHECK_FAIL, .needs = NEED_SOURCE | FOR_STREAM, .title = "The place to start from",
     .why = "A run of mode incremental can't begin where the source no longer has its binlog.",
     .asked = "a binlog dump from the job's start, until its first event", .applies = has_start, .run = check_meta_position},

    /* ---- this host, and the job itself ---- */
    {.id = "job.checks", .side = CHECK_HOST, .worst = CHECK_WARN, .title = "Names of checks in the job",
     .why = "A check is left out or accepted by its exact name; a misspelt one changes nothing.",
     .asked = "checks.ignore and checks.accept", .run = check_names},

    /* ---- rehearsals ---- */
    {.id = "rehearse.lock", .side = CHECK_SOURCE, .worst = CHECK_FAIL, .needs = NEED_SOURCE | NEED_TABLES | FOR_COPY | IS_REHEARSAL,
     .title = "Holding writers for a snapshot", .why = "A table without a key, or a copy without a binlog, is read at a position that only a lock makes certain.",
     .asked = "LOCK TABLES … READ, a consistent snapshot, its position", .applies = needs_lock, .run = check_rehearse_lock},
    {.id = "rehearse.target", .side = CHECK_TARGET, .worst = CHECK_FAIL, .needs = NEED_TARGET | IS_REHEARSAL, .title = "Writing at the target",
     .why = "A statement that the target refuses stops the run in the middle of it.",
     .asked = "create, insert, load, alter, select, change, rename, drop in a scratch schema", .run = check_rehearse_target},
    {.id = "rehearse.types", .side = CHECK_TARGET, .worst = CHECK_FAIL, .needs = NEED_SOURCE | NEED_TARGET | NEED_TABLES | IS_REHEARSAL,
     .title = "Ten rows of every column type", .why = "A value that one path reads otherwise than the other is altered at the target.",
     .asked = "rows of each type, copied and from the binlog, at both ends", .run = check_rehearse_types},

    {0},
};
