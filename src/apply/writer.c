// SPDX-License-Identifier: Apache-2.0
/* A writer applies one batch at a time: packets of statements inside one transaction that starts with the fence
 * and ends with the ledger row; COMMIT goes alone, after every count was held against what must be. An outcome
 * that is not known is never guessed: the lane gets a new epoch, which ends or waits for the old packet, and the
 * ledger says whether it is there. */
#include "apply/private.h"

#include "base/fail.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

#define NAMELESS_TRIES 20

bool writer_connect(struct writer *w, struct err *e)
{
    const struct apply_options *o = apply_options_of(w->apply);
    if (w->is_open)
        return true;
    if (!conn_open_target(&w->conn, o->target, 0, e))
        return false;
    w->is_open = true;
    return true;
}

void writer_disconnect(struct writer *w)
{
    if (w->is_open)
        conn_kill(&w->conn);
    w->is_open = false;
}

void writer_release(struct writer *w)
{
    buf_release(&w->packet.sql);
    buf_release(&w->load.staged);
}

void writer_begin(struct writer *w, bool is_optimistic)
{
    struct packet *p = &w->packet;
    packet_reset(p);
    packet_begin_statement(p, EXPECT_ANY, 0, NULL);
    buf_adds(&p->sql, is_optimistic && w->conn.server.flavour == DB_TIDB ? "BEGIN OPTIMISTIC" : "BEGIN");
    packet_begin_statement(p, EXPECT_LANE, 1, NULL);
    ledger_sql_lane(apply_options_of(w->apply)->ledger, &p->sql, w->lane, w->epoch.now);
}

static bool hold_against(struct quarantine *q, const struct expect *x, uint64_t affected, struct err *e)
{
    char label[160] = "";
    if (x->kind == EXPECT_ANY || affected == x->rows)
        return true;
    if (x->kind == EXPECT_ROWS_FOUND && affected < x->rows &&
        (quarantine_knows(q, x->part->tab->id) || tab_is_filtered(x->part->tab)))
        return true;
    if (x->part)
        table_label(x->part->def, label);
    switch (x->kind) {
    case EXPECT_LANE:
        return err_set(e, ERR_TARGET_FENCED, "the lane of this writer is gone");
    case EXPECT_ROWS_FOUND:
        err_set(e, ERR_TARGET_MISSING, "%llu of %llu rows that were changed at the source were not found at the target",
                (unsigned long long)(x->rows - affected), (unsigned long long)x->rows);
        break;
    default:
        err_set(e, ERR_TARGET_QUERY, "%llu rows written where %llu were sent", (unsigned long long)affected,
                (unsigned long long)x->rows);
        break;
    }
    snprintf(e->where, sizeof e->where, "%s", label);
    return false;
}

/* w->is_load_refused: what went wrong is a LOAD, or may be; the same rows as INSERT tell. */
static bool send_packet(struct writer *w, uint64_t affected[PACKET_STATEMENTS], unsigned *done, struct err *e)
{
    const struct packet *p = &w->packet;
    const struct load_port *port = &w->load.port;
    uint64_t rows = 0, taken = 0;
    w->is_load_refused = false;
    if (!p->nloads)
        return conn_packet(&w->conn, p->sql.p, p->sql.n, affected, p->n, done, e);
    bool fine = conn_packet_load(&w->conn, &w->load.port, p->sql.p, p->sql.n, affected, p->n, done, e);
    load_feed_end(&w->load);
    for (uint32_t i = 0; i < p->n && i < *done; i++)
        if (p->expect[i].kind == EXPECT_LOADED) {
            rows += p->expect[i].rows;
            taken += affected[i];
        }
    if (!fine) {
        w->is_load_refused = !err_is_lost(e) && !err_is_busy(e);
    } else if (port->answered != p->nloads || port->records != rows || taken != rows || port->losses) {
        w->is_load_refused = true;
        return err_set(e, ERR_TARGET_QUERY, "LOAD DATA read %llu rows of %llu, and left out or warned of %llu",
                       (unsigned long long)port->records, (unsigned long long)rows, (unsigned long long)port->losses);
    }
    return fine;
}

bool writer_send(struct writer *w, struct err *e)
{
    uint64_t affected[PACKET_STATEMENTS] = {0};
    unsigned done = 0;
    struct packet *p = &w->packet;
    struct quarantine *q = apply_options_of(w->apply)->quarantine;
    int64_t began = clock_mono_us();
    bool fine = send_packet(w, affected, &done, e);
    if (!fine && done == p->n)
        return false; /* every statement has succeeded; a LOAD has left rows out */
    for (unsigned i = 0; i < done && i < p->n; i++)
        if (!hold_against(q, &p->expect[i], affected[i], e))
            return false;
    if (!fine) {
        const struct expect *x = &p->expect[TG_MIN(done, p->n - 1)];
        if (x->kind == EXPECT_LANE && e->sql == 1048)
            return err_set(e, ERR_TARGET_FENCED, "lane %u has another epoch", w->lane);
        if (x->part)
            table_label(x->part->def, e->where);
        return false;
    }
    if (done != p->n)
        return err_set(e, ERR_INTERNAL, "%u answers for %u statements", done, p->n);
    writer_note(w, p->sql.n + (p->nloads ? w->load.sent : 0), clock_mono_us() - began);
    return true;
}

bool writer_commit(struct writer *w, bool *is_unknown, struct err *e)
{
    bool fine = conn_exec(&w->conn, "COMMIT", 6, NULL, e);
    bool is_undone = err_is_busy(e) ? e->sql != 1105 : e->code == ERR_TARGET_DUPLICATE;
    *is_unknown = !fine && !is_undone; /* what is not known to have undone it may have come after it */
    return fine;
}

void writer_rollback(struct writer *w)
{
    struct err ignored = {0};
    if (w->is_open && !conn_exec(&w->conn, "ROLLBACK", 8, NULL, &ignored))
        writer_disconnect(w);
}

bool writer_settle(struct writer *w, struct err *e)
{
    const struct apply_options *o = apply_options_of(w->apply);
    writer_disconnect(w);
    return writer_connect(w, e) && ledger_fence_lane(o->ledger, &w->conn, w->lane, &w->epoch, o->cancel, e);
}

static void ledger_row(struct writer *w, const struct batch *b)
{
    const struct ledger *l = apply_options_of(w->apply)->ledger;
    struct packet *p = &w->packet;
    packet_begin_statement(p, EXPECT_LEDGER, 1, NULL);
    if (b->kind == BATCH_CHUNK)
        ledger_sql_chunk(l, &p->sql, b->parts[0].tab->id, b->chunk.number, &b->chunk.lo, &b->chunk.hi, &b->to,
                         b->parts[0].ins.n, b->chunk.bytes);
    else if (b->part.has_more)
        ledger_sql_part(l, &p->sql, &b->part.begin, b->part.number, b->part.first, b->part.rows);
    else
        ledger_sql_applied(l, &p->sql, &b->from, &b->to, 0, b->gtids);
    if (pos_is_set(&b->part.begin) && !b->part.has_more) {
        packet_begin_statement(p, EXPECT_ANY, 0, NULL);
        ledger_sql_forget_parts(l, &p->sql, &b->part.begin);
    }
    sift_ledger(w, b);
}

/* Deletions from tables without a key: one scan finds them all. The transaction is begun for it. */
static bool find_rowids(struct writer *w, const struct batch *b, struct rowids *ids, struct err *e)
{
    bool is_begun = false;
    for (uint32_t i = 0; i < b->nparts; i++) {
        if (!rowids_wanted(&b->parts[i], w->conn.server.flavour))
            continue;
        if (!is_begun && !writer_send(w, e))
            return false;
        is_begun = true;
        if (!rowids_find(&w->conn, &b->parts[i], &ids[i], e)) {
            const struct tab *tab = b->parts[i].tab;
            bool may_miss = tab_is_filtered(tab) || quarantine_knows(apply_options_of(w->apply)->quarantine, tab->id);
            if (e->code != ERR_TARGET_MISSING || !may_miss)
                return false;
            err_clear(e);
        }
    }
    if (is_begun) {
        packet_reset(&w->packet);
        packet_begin_statement(&w->packet, EXPECT_LANE, 1, NULL);
        ledger_sql_lane(apply_options_of(w->apply)->ledger, &w->packet.sql, w->lane, w->epoch.now);
    }
    return true;
}

static bool send_rows(struct writer *w, const struct batch *b, const struct sql_limits *l, struct err *e)
{
    struct cursor c = {0};
    for (;;) {
        load_feed_begin(&w->load, &w->packet, l->flavour);
        packet_fill(&w->packet, b, &c, l);
        if (c.is_at_end)
            ledger_row(w, b);
        if (!writer_send(w, e))
            return false;
        if (c.is_at_end)
            return true;
        fail_point("rows.packet");
        packet_reset(&w->packet);
        packet_begin_statement(&w->packet, EXPECT_LANE, 1, NULL);
        ledger_sql_lane(apply_options_of(w->apply)->ledger, &w->packet.sql, w->lane, w->epoch.now);
    }
}

enum way {                            /* how a batch is written; after a failure the next one down */
    WAY_LOAD,                         /* LOAD DATA where it pays */
    WAY_INSERT,
    WAY_OWN_KEYS                      /* a chunk that met rows: its own keys go first */
};

static bool send_sifted(struct writer *w, const struct batch *b, const struct sql_limits *l, struct err *e)
{
    if (!sift_batch(w, b, l, e) || !sift_save(w, b, e))
        return false;
    ledger_row(w, b);
    return writer_send(w, e);
}

/* One try; everything up to, not including, COMMIT. */
static bool try_rows(struct writer *w, const struct batch *b, enum way way, struct err *e)
{
    const struct apply_options *o = apply_options_of(w->apply);
    w->is_load_refused = false;
    if (!writer_connect(w, e) || !shape_fits(w, b, e))
        return false;
    struct rowids *ids = x_alloc((b->nparts + 1) * sizeof *ids);
    size_t max = writer_packet_max(w);
    bool is_sifted = sift_wanted(w, b);
    bool is_load = way == WAY_LOAD && !is_sifted && !atomic_load(apply_load_off(w->apply)) && load_is_wanted(b, &w->conn);
    struct sql_limits l = {.flavour = w->conn.server.flavour, .statement_bytes = TG_MIN(apply_statement_bytes(w->apply), max / 8),
                           .packet_bytes = TG_MIN(o->packet_bytes, max / 4), .own_keys = way == WAY_OWN_KEYS, .rowids = ids,
                           .load = is_load ? &w->load.port : NULL, .packet_max = max};
    fail_point(b->kind == BATCH_CHUNK ? "chunk.before" : "stream.before");
    writer_begin(w, is_load || (b->kind == BATCH_CHUNK && way != WAY_OWN_KEYS));
    bool fine = find_rowids(w, b, ids, e) && (is_sifted ? send_sifted(w, b, &l, e) : send_rows(w, b, &l, e));
    fail_point(b->kind == BATCH_CHUNK ? "chunk.sent" : "stream.sent");
    rowids_release(ids, b->nparts);
    return fine;
}

static bool is_in_ledger(struct writer *w, const struct batch *b, bool *found, struct err *e)
{
    const struct ledger *l = apply_options_of(w->apply)->ledger;
    if (b->kind == BATCH_CHUNK)
        return ledger_has_chunk(l, &w->conn, b->parts[0].tab->id, b->chunk.number, found, e);
    if (b->part.has_more)
        return ledger_has_part(l, &w->conn, &b->part.begin, b->part.number, found, e);
    return ledger_has_applied(l, &w->conn, &b->to, 0, found, e);
}

const char *writer_choose(struct writer *w, struct batch *b, struct err *e, const struct ask_choice *choices, uint32_t n)
{
    const struct apply_options *o = apply_options_of(w->apply);
    struct tab *tab = b->nparts ? b->parts[0].tab : NULL;
    for (uint32_t i = 0; i < b->nparts; i++)
        if (e->where[0] && strcmp(b->parts[i].tab->label, e->where) == 0)
            tab = b->parts[i].tab;
    if (tab)
        atomic_store(&tab->is_asking, true);
    if (b->kind == BATCH_CHUNK)
        live_set(b->parts[0].tab, (struct live_id){b->chunk.round, b->chunk.number}, LIVE_ASKING);
    const char *choice = o->ask.put(o->ask.arg, e, tab ? tab->label : "", choices, n);
    if (tab)
        atomic_store(&tab->is_asking, false);
    if (b->kind == BATCH_CHUNK)
        live_set(b->parts[0].tab, (struct live_id){b->chunk.round, b->chunk.number}, LIVE_LOADING);
    if (!choice || strcmp(choice, "stop") != 0)
        return choice;
    o->ask.fatal(o->ask.arg, e);
    return NULL;
}

bool writer_ask(struct writer *w, struct batch *b, struct err *e)
{
    static const struct ask_choice choices[] = {{"retry", N_("Try again (nothing is lost)")},
                                                {"stop", N_("Stop the run; it can be resumed")}};
    return writer_choose(w, b, e, choices, TG_ARRAY_LEN(choices)) != NULL;
}

bool writer_recover(struct writer *w, struct batch *b, unsigned *tries, struct err *e)
{
    const struct apply_options *o = apply_options_of(w->apply);
    if (cancel_is_set(o->cancel))
        return false;
    if (e->code == ERR_TARGET_FENCED || e->code == ERR_INTERNAL) {
        o->ask.fatal(o->ask.arg, e);
        return false;
    }
    bool is_nameless = e->sql == 1105 && *tries >= NAMELESS_TRIES; /* may pass, may be for ever */
    if (!err_may_pass(e) || is_nameless) {
        *tries = 0;
        return writer_ask(w, b, e);
    }
    atomic_fetch_add(&o->count->retries, 1);
    if (b->kind == BATCH_CHUNK)
        live_retried(b->parts[0].tab, e->text);
    atomic_fetch_add(&o->count->conflicts, err_is_busy(e) && !err_is_lost(e));
    if (err_is_lost(e) || e->code == ERR_TARGET_CONNECT || e->code == ERR_NET_RESOLVE) {
        int_least64_t none = 0;
        atomic_compare_exchange_strong(&o->count->lost_ms, &none, clock_mono_ms());
    }
    unsigned n = (*tries)++;
    if (n % 10 == 3)
        log_event(LOG_WARN, "apply", e->where, err_info(e->code)->id, "try %u: %s", n + 1, e->text);
    return !cancel_wait(o->cancel, (int64_t)TG_MIN(20u << TG_MIN(n, 8u), 5000u));
}

/* What a chunk met at the target: rows that the stream brought before, an earlier try, or rows that are to be replaced.
 * Once, its own keys go first. */
static bool is_met(const struct batch *b, const struct err *e, enum way way)
{
    return e->code == ERR_TARGET_DUPLICATE && b->kind == BATCH_CHUNK && way != WAY_OWN_KEYS &&
           b->parts[0].def->row_key >= 0 && b->parts[0].tab->kept != KEPT_UNTOUCHED;
}

static bool is_through(struct writer *w, const struct batch *b)
{
    sift_applied(w, b);
    sift_reset(&w->sift);
    return true;
}

/* After a failed try, rolled back. true: there is another way to write it. */
static bool next_way(struct writer *w, const struct batch *b, enum way *way, const struct err *e)
{
    if (*way == WAY_LOAD && w->is_load_refused) {
        bool is_off = err_is_load_off(e);
        if (is_off && !atomic_exchange(apply_load_off(w->apply), true))
            log_event(LOG_INFO, "apply", "", "", "the target takes no LOAD DATA LOCAL (%s): rows go as INSERT", e->text);
        if (!is_off)
            log_event(LOG_DEBUG, "apply", b->parts[0].tab->label, "", "%s: written again as INSERT", e->text);
        *way = WAY_INSERT;
        return true;
    }
    if (!is_met(b, e, *way))
        return false;
    *way = WAY_OWN_KEYS;
    return true;
}

/* What is copied anew or left out gets nothing any more. The batch keeps its place in the ledger, a chunk does not.
 * true: nothing is to be done. */
static bool drop_void(struct batch *b)
{
    for (uint32_t i = 0; i < b->nparts; i++) {
        struct batch_part *p = &b->parts[i];
        if (!atomic_load(&p->tab->is_void))
            continue;
        if (b->kind == BATCH_CHUNK)
            return true;
        p->del.n = p->ins.n = 0;
        buf_release(&p->del.data);
        buf_release(&p->ins.data);
    }
    return false;
}

#define LOAD_TRIES 3                  /* a LOAD that fails so often by busy or lost is not tried again */

bool writer_apply_rows(struct writer *w, struct batch *b)
{
    enum way way = WAY_LOAD;
    bool is_doubtful = false;
    sift_reset(&w->sift);
    for (unsigned tries = 0;;) {
        struct err e = {0};
        bool found = false;
        if (!is_doubtful && drop_void(b))
            return is_through(w, b);
        if (is_doubtful) {
            if (writer_settle(w, &e) && is_in_ledger(w, b, &found, &e)) {
                is_doubtful = false;
                if (found)
                    return is_through(w, b);
                continue;
            }
        } else if (try_rows(w, b, way, &e) && writer_commit(w, &is_doubtful, &e)) {
            fail_point(b->kind == BATCH_CHUNK ? "chunk.committed" : "stream.committed");
            return is_through(w, b);
        } else if (!is_doubtful && err_is_lost(&e)) {
            writer_disconnect(w); /* nothing was committed: COMMIT was not sent */
        } else if (!is_doubtful) {
            writer_rollback(w);
            if (next_way(w, b, &way, &e))
                continue;
        }
        bool is_shape = e.code == ERR_EVENT_SHAPE || e.code == ERR_EVENT_KEPT;
        if (is_shape ? !shape_ask(w, b, &e) : !sift_recover(w, b, &tries, &e))
            return false;
        if (way == WAY_LOAD && tries >= LOAD_TRIES)
            way = WAY_INSERT;
    }
}
