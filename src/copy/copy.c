// SPDX-License-Identifier: Apache-2.0
/* Readers take a range, ask the server for the border of its first chunk, put the rest back for the next reader, and
 * read the chunk inside a window of the stream. Memory is reserved before the SELECT. Whatever fails puts the range
 * back unread: a chunk that failed can never count as read. */
#include "copy/set.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

#define FIRST_ROWS 2000
#define SMALL_ROWS 1000               /* tables that are read without asking for a border first */
#define CHUNK_TARGET_MS 1000
#define VISIBLE_LIMIT_MS 60000

struct range_list {
    struct chunk **list;
    size_t n, cap;
};

struct lesson {                       /* what reading a tab has taught */
    uint32_t rows;                    /* that its next chunk gets; 0: not known yet */
    size_t largest;                   /* row that was read, in bytes */
    bool has_plan;                    /* the server's plan was looked at */
};

struct copy {
    struct copy_options o;
    pthread_mutex_t lock;
    struct range_list open;           /* taken from the end */
    struct lesson *lessons;           /* by tab id */
    uint32_t nlessons;
    pthread_t *threads;
    uint32_t nthreads;                /* that run */
    atomic_uint limit, reading;       /* readers with a chunk: at most so many, so many now */
    atomic_size_t chunk_bytes;
    uint32_t nlost;                   /* readers of a set whose connection is gone */
    bool is_lost;                     /* the set is of no more use */
};

const struct copy_options *copy_options_of(const struct copy *c)
{
    return &c->o;
}

void copy_put(struct copy *c, struct chunk *k)
{
    pthread_mutex_lock(&c->lock);
    if (c->open.n == c->open.cap) {
        c->open.cap = c->open.cap ? c->open.cap * 2 : 64;
        c->open.list = x_realloc(c->open.list, c->open.cap * sizeof(void *));
    }
    c->open.list[c->open.n++] = k;
    atomic_fetch_add(&k->tab->count.ranges, 1);
    pthread_mutex_unlock(&c->lock);
}

static struct chunk *take_range(struct copy *c)
{
    pthread_mutex_lock(&c->lock);
    struct chunk *k = c->open.n ? c->open.list[--c->open.n] : NULL;
    if (k)
        atomic_fetch_sub(&k->tab->count.ranges, 1);
    pthread_mutex_unlock(&c->lock);
    return k;
}

/* The table is copied anew since it was planned, or gone. */
static bool is_stale(struct copy *c, const struct chunk *k)
{
    pthread_mutex_lock(&c->o.tabs->lock);
    bool is_stale = !k->tab->def || k->round != k->tab->round;
    pthread_mutex_unlock(&c->o.tabs->lock);
    return is_stale;
}

void copy_anew(struct copy *c, struct tab *tab)
{
    pthread_mutex_lock(&c->lock);
    if (tab->id >= c->nlessons) {     /* made at the source since this engine began */
        c->lessons = x_realloc(c->lessons, (tab->id + 1) * sizeof *c->lessons);
        memset(c->lessons + c->nlessons, 0, (tab->id + 1 - c->nlessons) * sizeof *c->lessons);
        c->nlessons = tab->id + 1;
    }
    size_t n = 0;
    for (size_t i = 0; i < c->open.n; i++) {
        struct chunk *k = c->open.list[i];
        c->open.list[n] = k;
        n += k->tab != tab;
        if (k->tab == tab)
            chunk_free(k);
    }
    c->open.n = n;
    atomic_store(&tab->count.ranges, 0);
    pthread_mutex_unlock(&c->lock);
    copy_put(c, chunk_whole(tab));
}

static uint32_t rows_wanted(struct copy *c, const struct chunk *k)
{
    if (k->want_rows)
        return k->want_rows;
    pthread_mutex_lock(&c->lock);
    uint32_t rows = k->tab->id < c->nlessons ? c->lessons[k->tab->id].rows : 0;
    pthread_mutex_unlock(&c->lock);
    return rows ? rows : FIRST_ROWS;
}

/* The next chunk of the table: as large as bytes and time allow, at most four times this one. */
void copy_learn(struct copy *c, const struct tab *tab, uint32_t rows, uint64_t bytes, int64_t ms)
{
    if (!rows)
        return;
    uint64_t by_bytes = atomic_load(&c->chunk_bytes) * 7 / 10 * rows / TG_MAX(bytes, 1u);
    uint64_t by_time = (uint64_t)CHUNK_TARGET_MS * rows / (uint64_t)TG_MAX(ms, 1);
    uint64_t next = TG_MIN(TG_MIN(by_bytes, by_time), TG_MIN((uint64_t)rows * 4, (uint64_t)MAX_ROWS));
    pthread_mutex_lock(&c->lock);
    if (tab->id < c->nlessons)
        c->lessons[tab->id].rows = (uint32_t)TG_MAX(next, 1u);
    pthread_mutex_unlock(&c->lock);
}

static void learn_largest(struct copy *c, const struct tab *tab, size_t largest)
{
    pthread_mutex_lock(&c->lock);
    if (tab->id < c->nlessons)
        c->lessons[tab->id].largest = TG_MAX(c->lessons[tab->id].largest, largest);
    pthread_mutex_unlock(&c->lock);
}

/* What is reserved before the SELECT: a chunk, and the row that may reach over its end, as the client's library holds
 * it, as we do, and as its statement. The first large row of a table is not foreseen. */
static size_t reserve_for(const struct reader *r, const struct chunk *k)
{
    struct copy *c = r->copy;
    pthread_mutex_lock(&c->lock);
    size_t largest = k->tab->id < c->nlessons ? c->lessons[k->tab->id].largest : 0;
    pthread_mutex_unlock(&c->lock);
    return r->chunk_bytes * 2 + (largest > r->chunk_bytes / 8 ? 3 * largest : 0);
}

void copy_back(struct copy *c, struct chunk *k)
{
    uint32_t rows = rows_wanted(c, k);
    live_again(k->tab, (struct live_id){k->round, k->number}, N_("changed at the source while it was read"));
    atomic_fetch_add(&c->o.count->discarded, 1);
    k->want_rows = TG_MAX(rows / 2, 1u);
    copy_put(c, k);
}

/* ---- cutting ---- */

/* k becomes (lo, border], the rest a range of its own, which is returned: one more is planned. NULL: nothing is left. */
static struct chunk *split(struct copy *c, struct chunk *k, const struct cell *border, uint32_t nparts, bool in_half)
{
    struct chunk *rest = chunk_split(k, border, nparts, in_half);
    pthread_mutex_lock(&c->o.tabs->lock);
    k->tab->chunks_planned += rest != NULL && k->round == k->tab->round;
    pthread_mutex_unlock(&c->o.tabs->lock);
    return rest;
}

/* One question less for each of thousands of little tables. Where the statistics are wrong the chunk is cut while it is
 * read; but a lock on a whole table must not hang on them. */
static bool is_small(const struct reader *r, const struct chunk *k)
{
    return !k->has_lo && !k->has_hi && !k->want_rows && k->tab->rows_guess < SMALL_ROWS &&
           (r->copy->o.set || visible_way(&r->conn.server) != VISIBLE_LOCK);
}

static bool cut(struct reader *r, struct chunk *k, const struct table *def, uint32_t rows, struct err *e)
{
    MYSQL_RES *res;
    struct buf sql = {0};
    if (!chunk_has_numbers(k) || is_small(r, k))
        return true;
    sql_border(&sql, def, k, rows);
    bool fine = conn_query(&r->conn, sql.p, &res, e);
    buf_release(&sql);
    if (!fine)
        return false;
    MYSQL_ROW row = mysql_fetch_row(res);
    if (row) {
        struct cell border[16];
        unsigned long *n = mysql_fetch_lengths(res);
        uint32_t nparts = def->keys[def->row_key].nparts;
        for (uint32_t i = 0; i < nparts; i++)
            border[i] = (struct cell){row[i], (uint32_t)n[i]};
        struct chunk *rest = split(r->copy, k, border, nparts, k->want_rows != 0);
        if (rest)
            copy_put(r->copy, rest);
    }
    mysql_free_result(res);
    k->want_rows = rows; /* a second try asks for the same border */
    return true;
}

/* ---- reading ---- */

bool read_rows(struct conn *c, MYSQL_RES *res, const struct table *def, size_t limit_bytes, struct reading *out,
               struct tab *tab, struct copy_counters *count, struct err *e)
{
    struct cell *cells = x_alloc(def->ncolumns * sizeof *cells);
    MYSQL_ROW row;
    uint64_t told_rows = out->rows.n, told_bytes = out->bytes;
    while (!out->is_cut && (row = mysql_fetch_row(res)) != NULL) {
        unsigned long *n = mysql_fetch_lengths(res);
        for (uint32_t i = 0; i < def->ncolumns; i++) {
            cells[i] = (struct cell){row[i], (uint32_t)n[i]};
            out->bytes += n[i];
        }
        size_t size = row_pack(&out->rows.data, cells, def->ncolumns);
        out->largest = TG_MAX(out->largest, size);
        out->rows.n++;
        if (out->live && out->rows.n % 64 == 0)
            atomic_store(&out->live->read, out->rows.n);
        out->is_cut = out->bytes >= limit_bytes || out->rows.n >= 2 * MAX_ROWS;
    }
    free(cells);
    atomic_fetch_add(&count->rows, out->rows.n - told_rows);
    atomic_fetch_add(&count->bytes, out->bytes - told_bytes);
    atomic_fetch_add(&tab->count.rows_read, out->rows.n - told_rows);
    atomic_fetch_add(&tab->count.bytes_read, out->bytes - told_bytes);
    return out->is_cut || mysql_errno(c->my) == 0 || conn_error(c, e);
}

static bool reader_connect(struct reader *r, struct err *e)
{
    if (r->is_open)
        return true;
    r->is_open = conn_open_source(&r->conn, r->copy->o.source, 0, e) && visible_prepare(&r->conn, e);
    if (!r->is_open)
        conn_close(&r->conn);
    if (r->is_open && strcmp(r->conn.server.uuid, r->copy->o.server.uuid) != 0) {
        conn_close(&r->conn);
        r->is_open = false;
        return err_set(e, ERR_SOURCE_IDENTITY, "a reader reached %s, the run began with %s", r->conn.server.uuid,
                       r->copy->o.server.uuid);
    }
    return r->is_open;
}

static void reader_close(struct reader *r)
{
    if (r->is_open)
        conn_kill(&r->conn);
    r->is_open = false;
}

static bool wait_visible(struct reader *r, struct window *w, const struct chunk *k, struct str gtids, struct pos *high,
                         struct err *e)
{
    int64_t deadline = clock_mono_ms() + VISIBLE_LIMIT_MS;
    for (bool ready = false;;) {
        if (!visible_try(&r->conn, w, k, gtids, &ready, high, e))
            return false;
        if (ready)
            return true;
        if (cancel_wait(r->copy->o.cancel, 5))
            return err_set(e, ERR_CANCELLED, "while waiting for the source");
        if (clock_mono_ms() > deadline)
            return err_set(e, ERR_SOURCE_LOCK, "%s: for 60 s the source has had transactions in its binlog that can't be read yet",
                           k->tab->label);
    }
}

static bool select_chunk(struct reader *r, const struct table *def, const struct chunk *k, struct reading *out, struct err *e)
{
    MYSQL_RES *res;
    struct buf sql = {0};
    struct copy_counters *count = r->copy->o.count;
    int64_t began = clock_mono_us();
    sql_chunk(&sql, def, k);
    bool fine = conn_query_stream(&r->conn, sql.p, sql.n, &res, e);
    buf_release(&sql);
    if (!fine)
        return false;
    fine = read_rows(&r->conn, res, def, r->chunk_bytes, out, k->tab, count, e);
    atomic_fetch_add(&count->selects, 1);
    atomic_fetch_add(&count->select_us, (uint64_t)(clock_mono_us() - began));
    atomic_fetch_add(&count->select_bytes, out->bytes);
    if (out->is_cut)
        conn_cut(&r->conn); /* the rest of the answer is not read; the statement ends with its connection */
    mysql_free_result(res);
    if (out->is_cut)
        reader_close(r);
    return fine;
}

/* The last row read becomes the chunk's end; what is behind it is returned. */
struct chunk *copy_split_at_last_row(struct copy *c, struct chunk *k, const struct table *def, const struct rows *rows)
{
    struct cell *cells = x_alloc(def->ncolumns * sizeof *cells), key[16];
    const char *p = rows->data.p;
    for (uint32_t i = 0; i < rows->n; i++)
        p += row_unpack(p, def->ncolumns, cells);
    uint32_t nparts = row_key_cells(def, cells, key);
    struct chunk *rest = split(c, k, key, nparts, false);
    free(cells);
    return rest;
}

/* Reads inside the window; afterwards high is known. */
static bool read_window(struct reader *r, struct window *w, struct chunk *k, struct str gtids, struct reading *got,
                        struct pos *high, struct err *e)
{
    enum visible way = visible_way(&r->conn.server);
    if (!wait_visible(r, w, k, gtids, high, e) || !select_chunk(r, w->def, k, got, e))
        return false;
    struct chunk *rest = got->is_cut ? copy_split_at_last_row(r->copy, k, w->def, &got->rows) : NULL;
    if (rest)
        copy_put(r->copy, rest);
    if (way == VISIBLE_SNAPSHOT)
        return !r->is_open || conn_execf(&r->conn, e, "COMMIT");
    return (r->is_open || reader_connect(r, e)) && source_position(&r->conn, high, e);
}

static void give(struct copy *c, struct window *w, struct chunk *k, struct reading *got, size_t reserved, const struct pos *high)
{
    size_t cost = got->rows.data.n + (size_t)got->rows.n * 64 + got->largest; /* a large row also stands in its statement */
    if (cost < reserved)
        budget_give(c->o.budget, reserved - cost);
    w->rows = got->rows;
    w->bytes = got->bytes;
    w->chunk = k;
    w->cost = TG_MIN(cost, reserved);
    w->budget = c->o.budget;
    c->o.windows.give(c->o.windows.arg, w, high);
}

/* Once a table, at its first chunk that begins behind another: are both statements ranges of the key? */
static bool look_at_plan(struct reader *r, const struct chunk *k, const struct table *def, uint32_t rows, struct err *e)
{
    struct copy *c = r->copy;
    struct buf sql = {0};
    char how[200];
    bool is_range = true, fine = true, is_known = true;
    if (!k->has_lo)
        return true;
    pthread_mutex_lock(&c->lock);
    if (k->tab->id < c->nlessons) {
        is_known = c->lessons[k->tab->id].has_plan;
        c->lessons[k->tab->id].has_plan = true;
    }
    pthread_mutex_unlock(&c->lock);
    for (int i = 0; i < 2 && !is_known && fine && is_range; i++) {
        buf_reset(&sql);
        if (i)
            sql_chunk(&sql, def, k);
        else
            sql_border(&sql, def, k, rows);
        fine = plan_is_range(&r->conn, def, &sql, &is_range, how, e);
    }
    buf_release(&sql);
    if (fine && !is_range)
        log_event(LOG_WARN, "copy", k->tab->label, err_info(ERR_SOURCE_PLAN)->id, "%s: %s", err_info(ERR_SOURCE_PLAN)->title, how);
    return fine;
}

bool copy_cut(struct reader *r, struct chunk *k, const struct table *def, struct err *e)
{
    uint32_t rows = rows_wanted(r->copy, k);
    return cut(r, k, def, rows, e) && look_at_plan(r, k, def, rows, e);
}

/* One chunk. false: not read; the range is still whole (k as it was or shortened, the rest put back). */
static bool read_chunk(struct reader *r, struct chunk *k, size_t reserved, struct err *e)
{
    struct copy *c = r->copy;
    struct buf gtids = {0};
    struct reading got = {0};
    struct pos high = {0};
    if (!reader_connect(r, e))
        return false;
    struct table *def = tab_hold_def(c->o.tabs, k->tab);
    bool fine = !def || copy_cut(r, k, def, e);
    table_drop(def);
    if (!fine)
        return false;
    struct window *w = c->o.windows.open(c->o.windows.arg, k->tab, &gtids);
    if (!w) { /* the table was dropped: nothing is left to read */
        chunk_free(k);
        budget_give(c->o.budget, reserved);
        buf_release(&gtids);
        return true;
    }
    int64_t begin = clock_mono_ms();
    got.live = live_begin(k->tab, k);
    fine = read_window(r, w, k, buf_str(&gtids), &got, &high, e);
    buf_release(&gtids);
    if (!fine) {
        c->o.windows.abandon(c->o.windows.arg, w);
        buf_release(&got.rows.data);
        return false;
    }
    copy_learn(c, k->tab, got.rows.n, got.bytes, clock_mono_ms() - begin);
    learn_largest(c, k->tab, got.largest);
    live_read(k->tab, (struct live_id){k->round, k->number}, got.rows.n, got.bytes);
    atomic_fetch_add(&c->o.count->chunks, 1);
    if (got.largest > r->chunk_bytes / 2)
        reader_close(r); /* the library's buffer has grown to the row's size and would stay so */
    give(c, w, k, &got, reserved, &high);
    return true;
}

void copy_ask_or_wait(struct reader *r, struct tab *tab, struct err *e)
{
    static const struct ask_choice choices[] = {{"wait", N_("Wait and try again (nothing is lost)")},
                                                {"stop", N_("Stop the run; it can be resumed")}};
    struct copy *c = r->copy;
    r->failures++;
    if (source_comes_back(e) || (r->failures < 40 && e->code != ERR_SOURCE_LOCK)) { /* a DDL ahead of the stream shows as an unknown column: it will pass */
        if (r->failures % 10 == 5)
            log_event(LOG_WARN, "copy", tab->label, err_info(e->code)->id, "try %u: %s", r->failures, e->text);
        cancel_wait(c->o.cancel, TG_MIN(50 * (int64_t)r->failures, 2000));
        return;
    }
    atomic_store(&tab->is_asking, true);
    const char *choice = c->o.ask.put(c->o.ask.arg, e, tab->label, choices, TG_ARRAY_LEN(choices));
    atomic_store(&tab->is_asking, false);
    if (choice && strcmp(choice, "stop") == 0)
        c->o.ask.fatal(c->o.ask.arg, e);
    r->failures = 0;
}

/* A place among those that read. */
static bool take_place(struct copy *c)
{
    unsigned n = atomic_load(&c->reading);
    while (n < atomic_load(&c->limit))
        if (atomic_compare_exchange_weak(&c->reading, &n, n + 1))
            return true;
    return false;
}

/* true: it has a place. */
static bool wait_turn(struct copy *c)
{
    while (!c->o.may_read(c->o.may_arg) || !take_place(c))
        if (cancel_wait(c->o.cancel, 30))
            return false;
    if (!cancel_is_set(c->o.cancel))
        return true;
    atomic_fetch_sub(&c->reading, 1);
    return false;
}

static bool read_one(struct reader *r, struct chunk *k, size_t reserve, struct err *e)
{
    struct copy *c = r->copy;
    struct tab *tab = k->tab;
    atomic_fetch_add(&c->o.count->busy, 1);
    atomic_fetch_add(&tab->count.chunks_busy, 1);
    bool fine = read_chunk(r, k, reserve, e);
    atomic_fetch_sub(&tab->count.chunks_busy, 1);
    atomic_fetch_sub(&c->o.count->busy, 1);
    return fine;
}

void copy_leave_turn(struct reader *r)
{
    atomic_fetch_sub(&r->copy->reading, 1);
}

struct chunk *copy_take_turn(struct reader *r)
{
    struct copy *c = r->copy;
    while (wait_turn(c)) {
        bool is_over = copy_is_lost(c);
        struct chunk *k = is_over ? NULL : take_range(c);
        if (k && is_stale(c, k)) {
            chunk_free(k);
            copy_leave_turn(r);
            continue;
        }
        if (k) {
            r->chunk_bytes = atomic_load(&c->chunk_bytes);
            r->reserved = reserve_for(r, k);
            if (budget_take(c->o.budget, r->reserved))
                return k;
            copy_put(c, k);
        }
        copy_leave_turn(r);
        if (k || is_over)
            return NULL;
        cancel_wait(c->o.cancel, 20); /* ranges come back: windows that are discarded, readers that fail */
    }
    return NULL;
}

static void *reader_main(void *arg)
{
    struct reader *r = arg;
    struct copy *c = r->copy;
    mysql_thread_init();
    for (struct chunk *k; (k = copy_take_turn(r)) != NULL;) {
        size_t reserve = r->reserved;
        struct tab *tab = k->tab; /* a range that is put back is another reader's */
        struct err e = {0};
        bool fine = read_one(r, k, reserve, &e);
        copy_leave_turn(r);
        if (fine) {
            r->failures = 0;
            continue;
        }
        reader_close(r); /* also ends a snapshot */
        budget_give(c->o.budget, reserve);
        live_again(tab, (struct live_id){k->round, k->number}, e.text);
        copy_put(c, k);
        if (!cancel_is_set(c->o.cancel))
            copy_ask_or_wait(r, tab, &e);
    }
    reader_close(r);
    mysql_thread_end();
    free(r);
    return NULL;
}

void copy_reader_lost(struct copy *c, bool is_everything)
{
    pthread_mutex_lock(&c->lock);
    c->nlost++;
    c->is_lost = c->is_lost || is_everything || c->nlost == c->o.set->n;
    pthread_mutex_unlock(&c->lock);
}

bool copy_is_lost(struct copy *c)
{
    pthread_mutex_lock(&c->lock);
    bool is_lost = c->is_lost;
    pthread_mutex_unlock(&c->lock);
    return is_lost;
}

/* What is to be read of the tab; lock held. A table without a key is one range, in a set only: else it came before. */
static void plan_tab(struct copy *c, struct tab *tab)
{
    struct chunk **holes;
    size_t n = copy_holes(tab, c->o.found, &holes);
    for (size_t k = n; k > 0; k--)
        copy_put(c, holes[k - 1]);
    free(holes);
}

struct copy *copy_new(const struct copy_options *o)
{
    struct copy *c = x_alloc(sizeof *c);
    c->o = *o;
    pthread_mutex_init(&c->lock, NULL);
    pthread_mutex_lock(&o->tabs->lock);
    c->nlessons = o->tabs->next_id;
    c->lessons = x_alloc((c->nlessons + 1) * sizeof *c->lessons);
    for (uint32_t i = o->tabs->n; i > 0; i--) {
        struct tab *tab = o->tabs->list[i - 1];
        if (tab->def && (!tab->is_keyless || o->set) && tab->copy != TAB_COMPLETE)
            plan_tab(c, tab);
    }
    pthread_mutex_unlock(&o->tabs->lock);
    atomic_store(&c->chunk_bytes, o->chunk_bytes);
    return c;
}

void copy_set(struct copy *c, uint32_t readers, size_t chunk_bytes)
{
    uint32_t n = c->o.set ? c->o.set->n : readers; /* each connection of a set has its reader, whether it may read now or not */
    atomic_store(&c->chunk_bytes, chunk_bytes);
    atomic_store(&c->limit, readers);
    atomic_store(&c->o.count->readers, TG_MIN(n, readers));
    if (c->nthreads >= n)
        return;
    c->threads = x_realloc(c->threads, n * sizeof *c->threads);
    for (; c->nthreads < n; c->nthreads++) {
        struct reader *r = x_alloc(sizeof *r);
        *r = (struct reader){.copy = c, .slot = c->nthreads};
        pthread_create(&c->threads[c->nthreads], NULL, c->o.set ? set_reader_main : reader_main, r);
    }
}

void copy_start(struct copy *c)
{
    copy_set(c, c->o.readers, c->o.chunk_bytes);
}

void copy_stop(struct copy *c)
{
    while (c && c->nthreads)
        pthread_join(c->threads[--c->nthreads], NULL);
}

void copy_free(struct copy *c)
{
    if (!c)
        return;
    copy_stop(c);
    for (size_t i = 0; i < c->open.n; i++)
        chunk_free(c->open.list[i]);
    free(c->open.list);
    free(c->lessons);
    free(c->threads);
    pthread_mutex_destroy(&c->lock);
    free(c);
}
