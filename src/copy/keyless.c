// SPDX-License-Identifier: Apache-2.0
/* A table without a usable key is one snapshot whose position is known exactly (DESIGN 4.2): MariaDB says it of any
 * consistent snapshot; elsewhere LOCK TABLES … READ (or FTWRL) holds the writers still on one connection while a
 * second one opens its snapshot and the position is read. With neither privilege a quiet moment must do:
 *   1. `from` := the binlog's end.
 *   2. Wait until every change of the table that is in the binlog up to `from` can be read: by GTIDs, else by a locking
 *      read of the whole table, which waits for each writer that has not committed in the storage engine.
 *   3. Open the snapshot.  4. `to` := the binlog's end.
 *   5. Look into the binlog: no event of the table and no DDL on it in (from, to].
 * What the snapshot shows was in the binlog before the storage engine committed it, so before 3 and before 4: it lies
 * at or before `to`, and by 5 at or before `from`. What lies at or before `from` is shown, by 2. So the snapshot is the
 * table at `from`, and as nothing happened to it since, at `to`. */
#include "copy/private.h"

#include "base/text.h"

#include <stdlib.h>

#define QUIET_TRIES 30               /* half a minute */
#define SETTLE_LIMIT_MS 60000

/* Step 2, on a connection of its own: the lock way changes its isolation. */
static bool wait_settled(const struct copy_options *o, struct conn *c, struct table *def, struct err *e)
{
    struct window all = {.def = def};
    struct chunk whole = {0};
    struct buf gtids = {0};
    struct pos unused;
    bool fine = true, ready = false;
    if (visible_way(&c->server) == VISIBLE_GTID) {
        struct gtid_set *set = gtid_new(false);
        fine = source_gtids(c, set, e);
        gtid_text(set, &gtids);
        gtid_free(set);
    }
    for (int64_t end = clock_mono_ms() + SETTLE_LIMIT_MS; fine && !ready;) {
        fine = visible_try(c, &all, &whole, buf_str(&gtids), &ready, &unused, e);
        if (fine && !ready && clock_mono_ms() > end)
            fine = err_set(e, ERR_SOURCE_LOCK, "for 60 s it has had transactions in the binlog that can't be read yet");
        if (fine && !ready && cancel_wait(o->cancel, 5))
            fine = err_set(e, ERR_CANCELLED, "while waiting for the source");
    }
    buf_release(&gtids);
    return fine;
}

static bool try_quiet(const struct copy_options *o, struct conn *c, struct conn *side, struct table *def, struct pos *at,
                      bool *is_quiet, struct err *e)
{
    struct pos from;
    if (!source_position(side, &from, e) || !wait_settled(o, side, def, e) ||
        !conn_execf(c, e, "START TRANSACTION WITH CONSISTENT SNAPSHOT") || !source_position(side, at, e))
        return false;
    *is_quiet = pos_cmp(&from, at) == 0;
    if (!*is_quiet && !o->quiet.look(o->quiet.arg, def, &from, at, is_quiet, e))
        return false;
    return *is_quiet || conn_execf(c, e, "ROLLBACK");
}

static bool quiet_snapshot(const struct copy_options *o, struct conn *c, struct conn *side, struct table *def,
                           struct pos *at, struct err *e)
{
    struct patience p = {5, 1000, 0};
    if (!visible_prepare(side, e))
        return false;
    for (bool is_quiet = false;;) {
        if (!try_quiet(o, c, side, def, at, &is_quiet, e))
            return false;
        if (is_quiet) {
            log_event(LOG_INFO, "copy", def->name, "", "read in a quiet moment at %s:%llu, look %u: neither LOCK TABLES nor RELOAD is granted", at->file, (unsigned long long)at->at, p.tries + 1);
            return true;
        }
        if (p.tries == QUIET_TRIES)
            return err_set(e, ERR_SOURCE_LOCK, "neither LOCK TABLES nor RELOAD is granted, and %u looks found no moment "
                           "without a change of it", p.tries);
        if (!patience_wait(&p, o->cancel))
            return err_set(e, ERR_CANCELLED, "while waiting for a quiet moment");
    }
}

bool hold_writers(const struct copy_options *o, struct conn *c, struct table *const *defs, uint32_t n, bool *is_allowed,
                  struct err *e)
{
    const struct lock_wish wish = {.wait_s = 3, .tries = 20, .cancel = o->cancel};
    struct lock_got got;
    bool fine = lock_tables(c, defs, n, &wish, &got, e);
    *is_allowed = got.how != LOCK_REFUSED;
    return fine;
}

/* Opens the snapshot on c. */
static bool open_snapshot(const struct copy_options *o, struct conn *c, struct table *def, struct pos *at, struct err *e)
{
    if (visible_way(&c->server) == VISIBLE_SNAPSHOT)
        return conn_execf(c, e, "START TRANSACTION WITH CONSISTENT SNAPSHOT") && snapshot_position(c, at, e);
    struct conn side = {0};
    bool is_allowed = false;
    if (!conn_open_source(&side, o->source, 0, e))
        return false;
    bool fine = hold_writers(o, &side, &def, 1, &is_allowed, e);
    int64_t held = clock_mono_ms();
    if (fine && !is_allowed)
        fine = quiet_snapshot(o, c, &side, def, at, e);
    else if (fine)
        fine = conn_execf(c, e, "START TRANSACTION WITH CONSISTENT SNAPSHOT") && source_position(&side, at, e);
    conn_close(&side); /* and with it the lock */
    if (fine && is_allowed)
        log_event(LOG_INFO, "copy", def->name, "", "its writers were held for %lld ms", (long long)(clock_mono_ms() - held));
    return fine;
}

/* The table is busy: nothing but patience or a person helps. false: another error, or stop. */
static bool ask_for_patience(const struct copy_options *o, struct tab *tab, struct err *e)
{
    static const struct ask_choice choices[] = {{"wait", N_("Wait and try again (nothing is lost)")},
                                                {"stop", N_("Stop the run; it can be resumed")}};
    if (e->code != ERR_SOURCE_LOCK)
        return false;
    atomic_store(&tab->is_asking, true);
    const char *choice = o->ask.put(o->ask.arg, e, tab->label, choices, TG_ARRAY_LEN(choices));
    atomic_store(&tab->is_asking, false);
    if (choice && strcmp(choice, "wait") == 0)
        return true;
    if (choice)
        o->ask.fatal(o->ask.arg, e);
    return false;
}

static bool connect_and_open(const struct copy_options *o, struct conn *c, struct tab *tab, struct table *def, struct pos *at,
                             struct err *e)
{
    for (;;) {
        if (conn_open_source(c, o->source, 0, e) && open_snapshot(o, c, def, at, e))
            return true;
        if (!ask_for_patience(o, tab, e))
            return false;
        err_clear(e);
        conn_close(c);
    }
}

static void submit_piece(const struct copy_options *o, struct tab *tab, struct table *def, struct reading *got,
                         uint64_t number, const struct pos *at)
{
    struct batch *b = batch_new(BATCH_CHUNK);
    struct batch_part *part = batch_part(b, tab, def, false);
    part->ins = got->rows;
    b->from = b->to = *at;
    b->chunk.number = number;
    b->chunk.bytes = got->bytes;
    batch_dep(b, dep_table(tab), true);
    b->cost = o->chunk_bytes * 2;
    b->budget = o->budget;
    *got = (struct reading){0};
    o->sequence.submit(o->sequence.arg, b);
}

static bool read_pieces(const struct copy_options *o, struct tab *tab, struct table *def, struct conn *c, MYSQL_RES *res,
                        const struct pos *at, struct err *e)
{
    struct reading got = {0};
    for (uint64_t number = 1;; number++) {
        if (!budget_take(o->budget, o->chunk_bytes * 2))
            return err_set(e, ERR_CANCELLED, "while copying %s", tab->label);
        bool fine = read_rows(c, res, def, o->chunk_bytes, &got, tab, o->count, e), more = got.is_cut;
        if (!fine || !got.rows.n)
            budget_give(o->budget, o->chunk_bytes * 2);
        else
            submit_piece(o, tab, def, &got, number, at);
        if (!fine || !more) {
            buf_release(&got.rows.data);
            return fine;
        }
    }
}

bool copy_keyless(const struct copy_options *o, struct tab *tab, struct pos *at, struct err *e)
{
    struct conn c = {0};
    MYSQL_RES *res = NULL;
    struct buf sql = {0};
    struct table *def = tab_hold_def(o->tabs, tab);
    bool fine = connect_and_open(o, &c, tab, def, at, e);
    if (fine) {
        sql_select_list(&sql, def);
        buf_adds(&sql, " FROM ");
        sql_table(&sql, def->schema, def->name);
        fine = conn_query_stream(&c, sql.p, sql.n, &res, e) && read_pieces(o, tab, def, &c, res, at, e);
    }
    if (!fine && c.my)
        conn_cut(&c);
    mysql_free_result(res);
    conn_kill(&c);
    buf_release(&sql);
    table_drop(def);
    return fine || err_wrap(e, "while copying %s, a table without a key", tab->label);
}
