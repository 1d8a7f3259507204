// SPDX-License-Identifier: Apache-2.0
/* How tables without a key, and copies without a binlog, get a snapshot whose position is known (DESIGN 4.2, 4.3): on a
 * scratch table, where a writer of ours must be seen to wait; and with the person's consent on one of the chosen tables,
 * where nothing is written. A lock is given back as soon as the snapshot stands. */
#include "check/rehearse.h"

#include "base/text.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define WAIT_S 1
#define SEEN_MS 500
#define LOOK_MS 5

static bool is_needing(const struct table *t, bool is_snapshot_road)
{
    return is_snapshot_road || t->row_key < 0;
}

bool needs_lock(struct run *r)
{
    bool needs = !run_tables(r, NULL) || (!run_streams(r) && r->tables.n);
    for (uint32_t i = 0; !needs && i < r->tables.n; i++)
        needs = r->tables.tables[i]->row_key < 0;
    return needs;
}

struct held {                         /* what came of one lock */
    struct lock_got lock;
    struct pos at;                    /* of the snapshot; no file: the server has no binlog */
    int64_t held_ms;
};

/* ---- a writer that must wait ---- */

struct writer {
    struct conn conn;
    const char *schema;
    struct err err;
    bool is_fine;
    atomic_bool is_done;
};

static void *write_row(void *arg)
{
    struct writer *w = arg;
    w->is_fine = conn_execf(&w->conn, &w->err, "INSERT INTO `%s`.locked VALUES (2)", w->schema);
    atomic_store(&w->is_done, true);
    return NULL;
}

/* Whether the server shows it waiting, or at least has not let it through for a while. */
static bool is_waiting(struct conn *look, struct writer *w)
{
    char sql[160], state[128];
    struct err ignored = {0};
    snprintf(sql, sizeof sql, "SELECT STATE FROM information_schema.PROCESSLIST WHERE ID = %lu AND STATE LIKE '%%lock%%'", w->conn.thread_id);
    for (int64_t end = clock_mono_ms() + SEEN_MS; clock_mono_ms() < end && !atomic_load(&w->is_done);) {
        struct timespec pause = {0, LOOK_MS * 1000000L};
        if (conn_value(look, sql, state, sizeof state, &ignored))
            return !atomic_load(&w->is_done);
        nanosleep(&pause, NULL);
    }
    return !atomic_load(&w->is_done);
}

/* ---- the lock ---- */

static bool open_snapshot(struct run *r, struct conn *snapshot, struct held *h, struct err *e)
{
    if (!conn_execf(snapshot, e, "START TRANSACTION WITH CONSISTENT SNAPSHOT"))
        return false;
    if (source_position(&r->end[SOURCE].conn, &h->at, e) || e->code == ERR_BINLOG_OFF) {
        err_clear(e);
        return true;
    }
    return false;
}

/* One lock of t, a snapshot inside it, and the end of the lock. With a writer: it must wait as long as the lock holds. */
static bool hold(struct run *r, struct table *t, bool tables_only, struct writer *w, struct held *h, struct err *e)
{
    const struct lock_wish wish = {.wait_s = WAIT_S, .tries = 1, .tables_only = tables_only};
    struct conn locker = {0}, snapshot = {0};
    pthread_t thread;
    *h = (struct held){0};
    if (!end_connect(&r->end[SOURCE], &snapshot, e) || !end_connect(&r->end[SOURCE], &locker, e)) {
        conn_close(&snapshot);
        return false;
    }
    bool fine = lock_tables(&locker, &t, 1, &wish, &h->lock, e), is_writing = false, waited = true;
    int64_t began = clock_mono_ms();
    if (fine && h->lock.how != LOCK_REFUSED) {
        fine = open_snapshot(r, &snapshot, h, e);
        is_writing = fine && w && pthread_create(&thread, NULL, write_row, w) == 0;
        waited = !is_writing || is_waiting(&r->end[SOURCE].conn, w);
    }
    conn_close(&locker); /* and with it the lock */
    h->held_ms = clock_mono_ms() - began;
    conn_close(&snapshot);
    if (is_writing)
        pthread_join(thread, NULL);
    if (fine && !waited)
        return err_set(e, ERR_SOURCE_LOCK, "a write went through while the table was locked");
    if (fine && is_writing && !w->is_fine)
        return err_set(e, ERR_SOURCE_LOCK, "a write still failed after the lock was given back: %s", w->err.text);
    return fine;
}

static const char *how_name(enum lock_how how)
{
    return how == LOCK_TABLES ? "LOCK TABLES … READ" : how == LOCK_EVERYTHING ? "FLUSH TABLES WITH READ LOCK" : "no lock";
}

/* ---- on a scratch table ---- */

static struct table *scratch_table(struct scratch *s, struct err *e)
{
    struct ddl_context cx = ddl_context_of(&s->conn.server, STR(""));
    char *sql = x_format("CREATE TABLE `%s`.`locked` (a INT) ENGINE=InnoDB DEFAULT CHARSET=utf8", s->name);
    struct table *t = conn_execf(&s->conn, e, "%s", sql) ? table_from_sql(sql, strlen(sql), &cx, e) : NULL;
    free(sql);
    return t;
}

static bool hold_scratch(struct run *r, struct scratch *s, struct held *h, struct err *e)
{
    struct writer w = {.schema = s->name};
    struct table *t = scratch_table(s, e);
    bool fine = t && conn_execf(&s->conn, e, "INSERT INTO `%s`.locked VALUES (1)", s->name) && end_connect(&r->end[SOURCE], &w.conn, e) &&
                hold(r, t, true, &w, h, e);
    conn_close(&w.conn);
    table_drop(t);
    return fine;
}

static bool is_privilege(const struct err *e)
{
    return e->code == ERR_SOURCE_PRIVILEGE || e->sql == 1044 || e->sql == 1142 || e->sql == 1290 || e->sql == 1836;
}

/* false: the person may not make a scratch schema at the source, or something failed, which the result then says. */
static bool on_scratch(struct run *r, struct check_result *out, struct buf *said)
{
    struct scratch s;
    struct held h;
    struct err e = {0};
    if (!scratch_open(&s, &r->end[SOURCE], &e)) {
        if (!is_privilege(&e))
            unread(out, &e);
        return false;
    }
    bool is_made = scratch_make(&s, &e), fine = is_made && hold_scratch(r, &s, &h, &e);
    if (fine && h.lock.how == LOCK_REFUSED) {
        find(out, CHECK_WARN, "Grant LOCK TABLES, or RELOAD.", "LOCK TABLES is refused, even in a schema of the user's own: %s", h.lock.refused.text);
        judge(out, CHECK_WARN, ERR_SOURCE_LOCK);
        set_found(out, "no LOCK TABLES");
    } else if (fine) {
        set_found(out, "writers held for %lld ms", (long long)h.held_ms);
        buf_addf(said, N_("%s of a scratch table in %s (dropped again): a write waited while the snapshot was opened, %lld ms."),
                 how_name(h.lock.how), s.name, (long long)h.held_ms);
    } else if (is_made || !is_privilege(&e)) {
        find(out, e.code == ERR_SOURCE_LOCK ? CHECK_FAIL : CHECK_WARN, NULL, "on a scratch table in %s: %s", s.name, e.text);
        judge(out, CHECK_WARN, e.code);
    }
    scratch_end(&s, out);
    return is_made;
}

/* ---- on a table of the person's ---- */

static int64_t smallest(struct run *r)
{
    bool is_all = !run_streams(r), has_sizes = run_sizes(r, NULL);
    int64_t found = -1;
    for (uint32_t i = 0; i < r->tables.n; i++)
        if (is_needing(r->tables.tables[i], is_all) && (found < 0 || (has_sizes && r->sizes[i].data_bytes < r->sizes[found].data_bytes)))
            found = i;
    return found;
}

/* Neither lock is granted: what the run does then. */
static void tell_refused(struct run *r, struct check_result *out, const struct held *h)
{
    bool has_positions = r->end[SOURCE].conn.server.flavour == DB_MARIADB && end_is_on(&r->end[SOURCE], "log_bin");
    set_found(out, "no lock");
    if (run_streams(r) || has_positions) {
        find(out, CHECK_WARN, "Grant LOCK TABLES, or RELOAD.", "neither LOCK TABLES nor FLUSH TABLES WITH READ LOCK is granted: the run will look for quiet moments: %s",
             h->lock.refused.text);
        judge(out, CHECK_WARN, ERR_SOURCE_LOCK);
        return;
    }
    find(out, CHECK_FAIL, "Grant LOCK TABLES, or RELOAD; or stop all writers and answer so.",
         "neither LOCK TABLES nor FLUSH TABLES WITH READ LOCK is granted, and without a binlog there is no other way: %s", h->lock.refused.text);
    judge(out, CHECK_FAIL, ERR_SOURCE_SNAPSHOT);
}

static void on_table(struct run *r, struct check_result *out, struct buf *said)
{
    int64_t i = smallest(r);
    struct held h;
    struct err e = {0};
    char label[160];
    if (i < 0)
        return;
    table_label(r->tables.tables[i], label);
    if (!hold(r, r->tables.tables[i], false, NULL, &h, &e)) {
        if (e.code != ERR_SOURCE_LOCK) {
            unread(out, &e);
            return;
        }
        set_found(out, "not within %d s", WAIT_S);
        find(out, CHECK_WARN, "See which transactions are open, and let them end; the run tries for a minute, then asks.",
             "%s: %s could not be had in one second, a transaction holds it", label, how_name(h.lock.how));
        judge(out, CHECK_WARN, ERR_SOURCE_LOCK);
    } else if (h.lock.how == LOCK_REFUSED) {
        tell_refused(r, out, &h);
    } else {
        set_found(out, "writers held for %lld ms", (long long)h.held_ms);
        buf_addf(said, N_("%s%s of %s, given back after %lld ms."), said->n ? " " : "", how_name(h.lock.how), label, (long long)h.held_ms);
        if (h.lock.how == LOCK_EVERYTHING)
            find(out, CHECK_WARN, "Grant LOCK TABLES.", "LOCK TABLES is refused, so FLUSH TABLES WITH READ LOCK holds the writers of all tables: %s", h.lock.refused.text);
    }
}

/* MariaDB tells the position of any snapshot: nobody waits. */
static void by_snapshot(struct run *r, struct check_result *out)
{
    struct conn c = {0};
    struct pos at;
    struct err e = {0};
    char text[96];
    if (end_connect(&r->end[SOURCE], &c, &e) && conn_execf(&c, &e, "START TRANSACTION WITH CONSISTENT SNAPSHOT") && snapshot_position(&c, &at, &e)) {
        set_found(out, "%s, no lock", pos_text(&at, text));
        set_detail(out, "The server tells the position of a snapshot, so nobody has to wait.");
    } else if (e.code == ERR_BINLOG_OFF) {
        find(out, CHECK_FAIL, NULL, "a snapshot does not tell its position: %s", e.text);
        judge(out, CHECK_FAIL, ERR_SOURCE_LOCK);
    } else {
        unread(out, &e);
    }
    conn_close(&c);
}

void check_rehearse_lock(struct run *r, struct check_result *out)
{
    struct buf said = {0};
    if (run_streams(r) && visible_way(&r->end[SOURCE].conn.server) == VISIBLE_SNAPSHOT) {
        by_snapshot(r, out);
        return;
    }
    set_wanted(out, "a lock");
    bool was_tried = on_scratch(r, out, &said);
    if (r->o->may_lock)
        on_table(r, out, &said);
    else if (!was_tried && out->judged == CHECK_PASS)
        not_applicable(out, "the user may not make a scratch table; locking one of the chosen tables for at most a second needs consent: --allow-lock");
    if (said.n)
        set_detail(out, "%s", said.p);
    buf_release(&said);
}
