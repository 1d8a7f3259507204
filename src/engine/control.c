// SPDX-License-Identifier: Apache-2.0
/* What the engine itself writes to the target: ledger rows and DDL of a start, over the control connection, fenced by
 * a lane of its own. Every statement here may run twice, so trouble that passes is answered by trying again: behind a
 * new epoch, which waits for the packet whose answer is missing or makes it fail. */
#include "engine/private.h"

#include "base/fail.h"

#include <stdio.h>

#define TRIES 40
#define NAMELESS_TRIES 8

static uint32_t control_lane(const struct engine *g)
{
    return g->lanes + 1;
}

static bool reopen(struct engine *g, struct err *e)
{
    conn_kill(&g->control);
    return conn_open_target(&g->control, &g->target, 0, e) &&
           ledger_fence_lane(&g->ledger, &g->control, control_lane(g), &g->control_epoch, g->cancel, e) &&
           ledger_wait_quiet(&g->ledger, &g->control, "start */", g->cancel, e);
}

/* After a failed try; false: it does not pass by itself. */
static bool may_try_again(struct engine *g, struct patience *p, struct err *e)
{
    for (;;) {
        bool is_nameless = e->sql == 1105 && p->tries >= NAMELESS_TRIES; /* may pass, may be for ever */
        bool is_lost = err_is_lost(e) || e->code == ERR_TARGET_CONNECT;
        if (is_nameless || (!is_lost && !err_is_busy(e)) || p->tries == TRIES || !patience_wait(p, g->cancel))
            return false;
        err_clear(e);
        if (!is_lost || reopen(g, e))
            return true;
    }
}

static bool try_rows(struct engine *g, const struct buf *statements, struct err *e)
{
    struct buf sql = {0};
    uint64_t affected[4] = {0};
    unsigned done = 0;
    buf_adds(&sql, "BEGIN;");
    ledger_sql_lane(&g->ledger, &sql, control_lane(g), g->control_epoch.now);
    buf_addc(&sql, ';');
    buf_add(&sql, statements->p, statements->n);
    fail_point("control.before");
    bool fine = conn_packet(&g->control, sql.p, sql.n, affected, TG_ARRAY_LEN(affected), &done, e);
    if (!fine && done == 1 && e->sql == 1048)
        err_set(e, ERR_TARGET_FENCED, "another engine runs %s", g->job->name);
    if (fine && affected[1] != 1)
        fine = err_set(e, ERR_TARGET_FENCED, "the control lane is gone");
    fail_point("control.sent");
    fine = fine && conn_exec(&g->control, "COMMIT", 6, NULL, e);
    fail_point("control.committed");
    if (!fine && !err_is_lost(e)) {
        struct err ignored = {0};
        conn_exec(&g->control, "ROLLBACK", 8, NULL, &ignored);
    }
    buf_release(&sql);
    return fine;
}

bool engine_fenced(struct engine *g, const struct buf *statements, struct err *e)
{
    struct patience p = {40, 1000, 0};
    while (!try_rows(g, statements, e))
        if (!may_try_again(g, &p, e))
            return false;
    return true;
}

bool engine_send_ddl(struct engine *g, struct conn *c, uint32_t lane, uint64_t epoch, struct str ddl, struct err *e)
{
    struct buf sql = {0};
    uint64_t affected[2];
    unsigned done = 0;
    buf_addf(&sql, "/* %s:start */ ", g->ledger.tag);
    ledger_sql_lane(&g->ledger, &sql, lane, epoch);
    buf_addf(&sql, "; /* %s:start */ ", g->ledger.tag);
    buf_add(&sql, ddl.p, ddl.n);
    fail_point("control_ddl.before");
    bool fine = conn_packet(c, sql.p, sql.n, affected, TG_ARRAY_LEN(affected), &done, e);
    fail_point("control_ddl.after");
    if (!fine && done == 0 && e->sql == 1048)
        err_set(e, ERR_TARGET_FENCED, "another engine runs %s", g->job->name);
    buf_release(&sql);
    return fine;
}

bool engine_fence_anew(struct engine *g, struct err *e)
{
    conn_close(&g->control);
    if (!conn_open_target(&g->control, &g->target, 0, e) ||
        !ledger_fence_lane(&g->ledger, &g->control, control_lane(g), &g->control_epoch, g->cancel, e) ||
        !ledger_fence(&g->ledger, &g->control, control_lane(g) + 1, g->epoch, g->control_epoch.now, g->cancel, e))
        return false;
    g->epoch = g->control_epoch.now;
    return true;
}

bool engine_fenced_ddl(struct engine *g, struct str ddl, struct err *e)
{
    struct patience p = {40, 1000, 0};
    while (!engine_send_ddl(g, &g->control, control_lane(g), g->control_epoch.now, ddl, e)) {
        if (p.tries && e->sql == 1050) {
            err_clear(e); /* the try whose answer was lost has made it: before that the table was not there */
            return true;
        }
        if (!may_try_again(g, &p, e))
            return false;
    }
    return true;
}
