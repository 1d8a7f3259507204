// SPDX-License-Identifier: Apache-2.0
/* The fence. A lane row is locked by every packet of its writer, so changing the epoch waits for a packet that is
 * under way and makes every later one of the old epoch fail. A DDL commits by itself and holds no lock: hence the
 * wait for the process list and for TiDB's DDL jobs. */
#include "base/fail.h"
#include "base/sync.h"
#include "db/type.h"
#include "ledger/ledger.h"

#include <stdio.h>

#define QUIET_LIMIT_MS 600000
#define FENCE_TRIES 10

/* One statement, tried again while the target says busy (a lock held by the packet we wait for). In a transaction of
 * its own: TiDB makes a statement by itself optimistic, which meets such a lock only when it commits, and then waits
 * for a minute or more without seeing it go. */
static bool exec_patient(struct conn *c, const struct buf *sql, uint64_t *changed, struct cancel *cancel, struct err *e)
{
    struct buf packet = {0};
    uint64_t affected[3] = {0};
    unsigned done = 0;
    bool fine = false;
    buf_addf(&packet, "BEGIN;%s;COMMIT", sql->p);
    fail_point("fence.before");
    while (!fine) {
        struct err ignored = {0};
        fine = conn_packet(c, packet.p, packet.n, affected, TG_ARRAY_LEN(affected), &done, e);
        if (fine)
            break;
        if (!err_is_lost(e))
            conn_exec(c, "ROLLBACK", 8, NULL, &ignored);
        if (!err_is_busy(e) || cancel_wait(cancel, 100))
            break;
        err_clear(e);
    }
    fail_point("fence.after");
    buf_release(&packet);
    if (changed)
        *changed = affected[1];
    return fine;
}

static bool make_lanes(const struct ledger *l, struct conn *c, uint32_t nlanes, uint64_t epoch, struct err *e)
{
    struct buf sql = {0};
    buf_adds(&sql, "INSERT IGNORE INTO " LEDGER_SCHEMA ".lane (run,lane,epoch,seq) VALUES ");
    for (uint32_t i = 0; i < nlanes; i++)
        buf_addf(&sql, "%s('%s',%u,%llu,0)", i ? "," : "", l->run, i, (unsigned long long)epoch);
    fail_point("lanes.before");
    bool fine = conn_exec(c, sql.p, sql.n, NULL, e);
    fail_point("lanes.after");
    buf_release(&sql);
    return fine;
}

static bool running_tag(const struct ledger *l, struct conn *c, const char *sql_head, const char *mark, bool *found,
                        struct err *e)
{
    char count[32] = "0";
    struct buf sql = {0};
    buf_addf(&sql, "%s '%%%s:%s%%'", sql_head, l->tag, mark);
    bool fine = conn_value(c, sql.p, count, sizeof count, e);
    buf_release(&sql);
    *found = fine && strcmp(count, "0") != 0;
    return fine;
}

const char *ledger_ddl_mark(const struct pos *at, char out[100])
{
    char text[96];
    snprintf(out, 100, "%s */", pos_text(at, text));
    return out;
}

/* Statements of other sessions. MySQL's information_schema.processlist is utf8mb3 and fails on others' emoji. */
static void others_sql(const struct conn *c, bool is_cluster, char *out, size_t size)
{
    if (c->server.flavour == DB_MYSQL && c->server.version >= 50700)
        snprintf(out, size,
                 "SELECT COUNT(*) FROM performance_schema.threads WHERE processlist_id <> %lu"
                 " AND processlist_info NOT LIKE '%%processlist%%' AND processlist_info LIKE",
                 c->thread_id);
    else
        snprintf(out, size,
                 "SELECT COUNT(*) FROM information_schema.%s WHERE id <> %lu AND info NOT LIKE '%%processlist%%'"
                 " AND info LIKE",
                 is_cluster ? "cluster_processlist" : "processlist", c->thread_id);
}

static bool is_quiet(const struct ledger *l, struct conn *c, const char *mark, bool *is_cluster, bool *quiet, struct err *e)
{
    char head[300];
    bool in_list = false, in_jobs = false;
    others_sql(c, *is_cluster, head, sizeof head);
    if (!running_tag(l, c, head, mark, &in_list, e)) {
        bool again = *is_cluster; /* an old TiDB without the cluster view */
        *is_cluster = false;
        *quiet = false;
        if (again)
            err_clear(e);
        return again;
    }
    if (c->server.flavour == DB_TIDB &&
        !running_tag(l, c,
                     "SELECT COUNT(*) FROM information_schema.ddl_jobs WHERE state NOT IN"
                     " ('synced','done','cancelled','rollback done') AND query LIKE",
                     mark, &in_jobs, e))
        return false;
    *quiet = !in_list && !in_jobs;
    return true;
}

bool ledger_wait_quiet(const struct ledger *l, struct conn *c, const char *mark, struct cancel *cancel, struct err *e)
{
    int64_t deadline = clock_mono_ms() + QUIET_LIMIT_MS;
    bool is_cluster = c->server.flavour == DB_TIDB;
    for (bool quiet = false;;) {
        if (!is_quiet(l, c, mark, &is_cluster, &quiet, e))
            return false;
        if (quiet)
            return true;
        if (clock_mono_ms() > deadline)
            return err_set(e, ERR_TARGET_LOCKED, "a statement of an earlier engine of this run is still running at the target");
        if (cancel_wait(cancel, 200))
            return err_set(e, ERR_CANCELLED, "while waiting for the target");
    }
}

static bool lanes_are_ours(const struct ledger *l, struct conn *c, uint64_t epoch, bool *ours, struct err *e)
{
    char sql[200], count[32] = "";
    snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM " LEDGER_SCHEMA ".lane WHERE run = '%s' AND epoch <> %llu", l->run,
             (unsigned long long)epoch);
    bool fine = conn_value(c, sql, count, sizeof count, e);
    *ours = strcmp(count, "0") == 0;
    return fine;
}

bool ledger_fence(const struct ledger *l, struct conn *c, uint32_t nlanes, uint64_t from, uint64_t epoch,
                  struct cancel *cancel, struct err *e)
{
    struct buf sql = {0};
    bool fine = make_lanes(l, c, nlanes, epoch, e), ours = false;
    buf_addf(&sql, "UPDATE /* %s:fence */ " LEDGER_SCHEMA ".lane SET epoch = %llu WHERE run = '%s'", l->tag,
             (unsigned long long)epoch, l->run);
    if (from)
        buf_addf(&sql, " AND epoch IN (%llu,%llu)", (unsigned long long)from, (unsigned long long)epoch);
    for (int i = 0; fine && !ours && i < FENCE_TRIES; i++) /* a killed engine's own fence may land after ours */
        fine = exec_patient(c, &sql, NULL, cancel, e) && ledger_wait_quiet(l, c, "", cancel, e) &&
               lanes_are_ours(l, c, epoch, &ours, e);
    buf_release(&sql);
    if (fine && !ours)
        fine = err_set(e, ERR_TARGET_FENCED, "somebody else takes the lanes again and again");
    return fine || err_wrap(e, "while taking over run %s", l->run);
}

bool ledger_fence_lane(const struct ledger *l, struct conn *c, uint32_t lane, struct epoch *epoch,
                       struct cancel *cancel, struct err *e)
{
    struct buf sql = {0};
    uint64_t affected = 0;
    if (!epoch->next)
        epoch->next = tg_random64();
    buf_addf(&sql, "UPDATE /* %s:fence */ " LEDGER_SCHEMA ".lane SET epoch = %llu, seq = seq + 1 WHERE run = '%s' AND lane = %u"
             " AND epoch IN (%llu,%llu)", l->tag, (unsigned long long)epoch->next, l->run, lane,
             (unsigned long long)epoch->now, (unsigned long long)epoch->next);
    bool fine = exec_patient(c, &sql, &affected, cancel, e);
    buf_release(&sql);
    if (!fine)
        return false;
    if (affected != 1)
        return err_set(e, ERR_TARGET_FENCED, "lane %u of run %s has another epoch", lane, l->run);
    *epoch = (struct epoch){.now = epoch->next};
    return true;
}
