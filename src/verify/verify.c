// SPDX-License-Identifier: Apache-2.0
/* Threads take (table, range) tasks. Ranges are cut at the source by the integer key, open at both ends of the
 * table, so that extra rows at the target fall into a range too. */
#include "verify/verify.h"

#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "db/encode.h"
#include "db/normal.h"
#include "db/type.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define CHUNK_ROWS 100000
#define TRIES 12                      /* of one range: about a minute and a half */

struct task {
    struct verify_table *table;
    char lo[32], hi[32];              /* "" = open; lo exclusive, hi inclusive */
};

struct verify {
    const struct verify_options *o;
    struct verify_table *tables;
    uint32_t ntables;
    struct task *tasks;
    size_t ntasks, next;
    atomic_uint nworkers;             /* that have begun */
    uint32_t *left;                   /* tasks left per table */
    bool is_failed;
    struct err err;
    pthread_mutex_t lock;
};

static const struct column *range_column(const struct table *t)
{
    if (t->row_key < 0 || t->keys[t->row_key].nparts != 1)
        return NULL;
    const struct column *c = &t->columns[t->keys[t->row_key].parts[0].column];
    return c->cls >= COL_TINY && c->cls <= COL_BIG ? c : NULL;
}

static void read_sql(struct buf *out, const struct table *def, const char *schema, const char *name, const struct task *k,
                     bool is_strict)
{
    const struct column *c = range_column(def);
    const char *glue = " WHERE ";
    buf_adds(out, "SELECT ");
    for (uint32_t i = 0; i < def->ncolumns; i++) {
        if (i)
            buf_addc(out, ',');
        (is_strict ? col_strict_expr : col_read_expr)(out, &def->columns[i]);
    }
    buf_adds(out, " FROM ");
    sql_table(out, schema, name);
    if (c && k->lo[0]) {
        buf_adds(out, glue);
        sql_ident(out, c->name);
        buf_addf(out, " > %s", k->lo);
        glue = " AND ";
    }
    if (c && k->hi[0]) {
        buf_adds(out, glue);
        sql_ident(out, c->name);
        buf_addf(out, " <= %s", k->hi);
    }
}

/* Called with every row's hash; false: no more is wanted. */
typedef bool row_told(void *arg, struct hash128 h);

static bool sum_rows(struct verify *v, struct conn *c, const struct table *def, const char *sql, struct verify_sum *out,
                     row_told *told, void *arg, struct err *e)
{
    bool is_wanted = true;
    MYSQL_RES *res;
    MYSQL_ROW row;
    struct buf text = {0};
    *out = (struct verify_sum){0};
    if (!conn_query_stream(c, sql, strlen(sql), &res, e))
        return false;
    while (is_wanted && !cancel_is_set(v->o->cancel) && (row = mysql_fetch_row(res)) != NULL) {
        unsigned long *n = mysql_fetch_lengths(res);
        buf_reset(&text);
        for (uint32_t i = 0; i < def->ncolumns; i++)
            normal_cell(&text, &def->columns[i], (struct cell){row[i], (uint32_t)n[i]});
        struct hash128 h = hash128(text.p, text.n);
        out->rows++;
        uint64_t lo = out->lo;
        out->lo += h.lo;
        out->hi += h.hi + (out->lo < lo);
        is_wanted = !told || told(arg, h);
        if (v->o->rows_read)
            atomic_fetch_add(v->o->rows_read, 1);
    }
    bool fine = mysql_errno(c->my) == 0 || conn_error(c, e);
    if (fine && (!is_wanted || cancel_is_set(v->o->cancel)))
        conn_cut(c); /* else freeing would read the rest of the table */
    if (fine && cancel_is_set(v->o->cancel)) {
        fine = err_set(e, ERR_CANCELLED, "while comparing");
    }
    mysql_free_result(res);
    buf_release(&text);
    if (!is_wanted)
        conn_kill(c);
    return fine;
}

/* ---- a target that may hold more ---- */

#define HELD_ROWS ((size_t)1 << 20)

struct held {                         /* rows of the source, one entry for each content; a share of the table where it is large */
    struct hash128 *list;
    uint32_t *need;                   /* how often it is still to be found */
    size_t n, cap;
    uint64_t share, shares;
    uint64_t missing;
};

static bool hold_row(void *arg, struct hash128 h)
{
    struct held *k = arg;
    if (h.lo % k->shares != k->share)
        return true;
    if (k->n == HELD_ROWS)
        return false;
    if (k->n == k->cap) {
        k->cap = TG_MAX(k->cap * 2, (size_t)1024);
        k->list = x_realloc(k->list, k->cap * sizeof *k->list);
    }
    k->list[k->n++] = h;
    return true;
}

static int compare_hashes(const void *a, const void *b)
{
    const struct hash128 *x = a, *y = b;
    if (x->hi != y->hi)
        return x->hi < y->hi ? -1 : 1;
    return x->lo == y->lo ? 0 : x->lo < y->lo ? -1 : 1;
}

static void sort_held(struct held *k)
{
    size_t n = 0;
    if (k->n)
        qsort(k->list, k->n, sizeof *k->list, compare_hashes);
    k->need = x_alloc((k->n + 1) * sizeof *k->need);
    for (size_t i = 0; i < k->n; i++) {
        if (!n || compare_hashes(&k->list[n - 1], &k->list[i]) != 0)
            k->list[n++] = k->list[i];
        k->need[n - 1]++;
    }
    k->missing += k->n;
    k->n = n;
}

static bool tick_row(void *arg, struct hash128 h)
{
    struct held *k = arg;
    struct hash128 *found = k->n ? bsearch(&h, k->list, k->n, sizeof h, compare_hashes) : NULL;
    if (found && k->need[found - k->list]) {
        k->need[found - k->list]--;
        k->missing--;
    }
    return true;
}

/* Rows of the source that the target has not, as often as the source has them. */
static bool count_missing(struct verify *v, struct conn *ends[2], const struct table *def, const char *const sql[2],
                          struct verify_sum sums[2], uint64_t *missing, struct err *e)
{
    bool fine = true;
    uint64_t shares = 1;
    *missing = 0;
    for (uint64_t share = 0; fine && share < shares;) {
        struct held k = {.share = share, .shares = shares};
        fine = (ends[0]->my || conn_open_source(ends[0], v->o->source, 0, e)) &&
               sum_rows(v, ends[0], def, sql[0], &sums[0], hold_row, &k, e);
        if (fine && !ends[0]->my) { /* too many: a smaller share, from the begin */
            shares *= 8;
            share = 0;
            *missing = 0;
            free(k.list);
            continue;
        }
        if (fine)
            sort_held(&k);
        fine = fine && sum_rows(v, ends[1], def, sql[1], &sums[1], tick_row, &k, e);
        *missing += k.missing;
        share++;
        free(k.list);
        free(k.need);
    }
    return fine;
}

static void add_sum(struct verify_sum *to, const struct verify_sum *s)
{
    uint64_t lo = to->lo;
    to->rows += s->rows;
    to->lo += s->lo;
    to->hi += s->hi + (to->lo < lo);
}

static bool sum_equal(const struct verify_sum *a, const struct verify_sum *b)
{
    return a->rows == b->rows && a->lo == b->lo && a->hi == b->hi;
}

static void tell_difference(struct verify_table *t, const struct task *k, const struct verify_sum *source, const struct verify_sum *target)
{
    char range[sizeof t->detail];
    if (k->lo[0] && k->hi[0])
        snprintf(range, sizeof range, N_("key above %s up to %s"), k->lo, k->hi);
    else
        snprintf(range, sizeof range, k->lo[0] ? N_("key above %s") : k->hi[0] ? N_("key up to %s") : N_("all rows"), k->lo[0] ? k->lo : k->hi);
    snprintf(t->detail, sizeof t->detail,
             t->may_have_more               ? N_("%s: %llu rows at the source, %llu at the target, some of the source are not there")
             : source->rows == target->rows ? N_("%s: %llu rows at the source, %llu at the target, values differ")
                                            : N_("%s: %llu rows at the source, %llu at the target"),
             range, (unsigned long long)source->rows, (unsigned long long)target->rows);
}

static void settle(struct verify *v, struct task *k, const struct verify_sum *source, const struct verify_sum *target,
                   uint64_t missing)
{
    struct verify_table *t = k->table;
    bool is_equal = t->may_have_more ? missing == 0 : sum_equal(source, target);
    pthread_mutex_lock(&v->lock);
    add_sum(&t->source, source);
    add_sum(&t->target, target);
    t->chunks++;
    if (!is_equal) {
        if (!t->chunks_different++)
            tell_difference(t, k, source, target);
    }
    bool is_last = --v->left[t - v->tables] == 0;
    if (is_last) {
        t->is_done = true;
        t->is_equal = (t->may_have_more || sum_equal(&t->source, &t->target)) && !t->chunks_different;
    }
    pthread_mutex_unlock(&v->lock);
    if (is_last && v->o->told)
        v->o->told(v->o->told_arg, t);
}

static bool run_task(struct verify *v, struct conn *source, struct conn *target, struct task *k, struct err *e)
{
    struct table *def = k->table->def;
    struct verify_sum sums[2];
    struct buf here = {0}, there = {0};
    uint64_t missing = 0;
    bool fine;
    read_sql(&here, def, def->schema, def->name, k, !v->o->lost_is_fine);
    read_sql(&there, def, def->target_schema, def->target_name, k, false);
    if (k->table->may_have_more) {
        struct conn *ends[2] = {source, target};
        const char *const sql[2] = {here.p, there.p};
        fine = count_missing(v, ends, def, sql, sums, &missing, e);
    } else {
        fine = sum_rows(v, source, def, here.p, &sums[0], NULL, NULL, e) && sum_rows(v, target, def, there.p, &sums[1], NULL, NULL, e);
    }
    buf_release(&here);
    buf_release(&there);
    if (fine)
        settle(v, k, &sums[0], &sums[1], missing);
    return fine || err_wrap(e, "while comparing %s.%s", def->schema, def->name);
}

static struct task *next_task(struct verify *v)
{
    pthread_mutex_lock(&v->lock);
    struct task *k = v->is_failed || v->next >= v->ntasks ? NULL : &v->tasks[v->next++];
    pthread_mutex_unlock(&v->lock);
    return cancel_is_set(v->o->cancel) ? NULL : k;
}

static void fail(struct verify *v, const struct err *e)
{
    pthread_mutex_lock(&v->lock);
    if (!v->is_failed)
        v->err = *e;
    v->is_failed = true;
    pthread_mutex_unlock(&v->lock);
}

/* After a failed try, and a pause; the connections are made anew. false: it is no use. Snapshots that are lost are not to
 * be had again. */
static bool may_try_again(struct verify *v, struct patience *p, struct conn *source, struct conn *target, struct err *e)
{
    if (v->o->nsources || !err_may_pass(e) || p->tries + 1 == TRIES)
        return false;
    log_event(LOG_WARN, "verify", "", err_info(e->code)->id, "try %u: %s", p->tries + 1, e->text);
    conn_kill(source);
    conn_kill(target);
    if (!patience_wait(p, v->o->cancel))
        return err_set(e, ERR_CANCELLED, "while comparing");
    err_clear(e);
    return true;
}

/* A range is compared whole or not at all, so it may be tried again. */
static bool insist(struct verify *v, struct conn *source, struct conn *target, struct task *k, struct err *e)
{
    struct patience p = {100, 15000, 0};
    for (;;) {
        if ((source->my || conn_open_source(source, v->o->source, 0, e)) && (target->my || conn_open_target(target, v->o->target, 0, e)) &&
            run_task(v, source, target, k, e))
            return true;
        if (!may_try_again(v, &p, source, target, e))
            return false;
    }
}

static void *worker_main(void *arg)
{
    struct verify *v = arg;
    struct conn own = {0}, target = {0}, *source = &own;
    struct err e = {0};
    bool fine = true;
    mysql_thread_init();
    if (v->o->nsources)
        source = v->o->sources[atomic_fetch_add(&v->nworkers, 1)];
    for (struct task *k; fine && (k = next_task(v)) != NULL;)
        fine = insist(v, source, &target, k, &e);
    if (!fine)
        fail(v, &e);
    conn_close(&own);
    conn_close(&target);
    mysql_thread_end();
    return NULL;
}

static void add_task(struct verify *v, uint32_t table, const char *lo, const char *hi)
{
    v->tasks = x_realloc(v->tasks, (v->ntasks + 1) * sizeof *v->tasks);
    struct task *k = &v->tasks[v->ntasks++];
    *k = (struct task){.table = &v->tables[table]};
    snprintf(k->lo, sizeof k->lo, "%s", lo);
    snprintf(k->hi, sizeof k->hi, "%s", hi);
    v->left[table]++;
}

static bool plan_table(struct verify *v, struct conn *c, uint32_t i, struct err *e)
{
    const struct table *def = v->tables[i].def;
    const struct column *key = range_column(def);
    char lo[32] = "", hi[32];
    while (key) {
        struct buf sql = {0};
        buf_adds(&sql, "SELECT ");
        sql_ident(&sql, key->name);
        buf_adds(&sql, " FROM ");
        sql_table(&sql, def->schema, def->name);
        if (lo[0]) {
            buf_adds(&sql, " WHERE ");
            sql_ident(&sql, key->name);
            buf_addf(&sql, " > %s", lo);
        }
        buf_adds(&sql, " ORDER BY ");
        sql_ident(&sql, key->name);
        buf_addf(&sql, " LIMIT 1 OFFSET %d", CHUNK_ROWS - 1);
        bool found = conn_value(c, sql.p, hi, sizeof hi, e);
        buf_release(&sql);
        if (!found && e->code != ERR_OK)
            return false;
        if (!found)
            break;
        add_task(v, i, lo, hi);
        snprintf(lo, sizeof lo, "%s", hi);
    }
    add_task(v, i, lo, "");
    return true;
}

static bool plan(struct verify *v, struct conn *c, struct err *e)
{
    struct patience p = {100, 15000, 0};
    struct conn none = {0};
    for (uint32_t i = 0; i < v->ntables;) {
        size_t before = v->ntasks;
        if ((c->my || conn_open_source(c, v->o->source, 0, e)) && plan_table(v, c, i, e)) {
            i++;
            continue;
        }
        v->ntasks = before;
        v->left[i] = 0;
        if (!may_try_again(v, &p, c, &none, e))
            return false;
    }
    return true;
}

bool verify_tables(const struct verify_options *o, struct verify_table *tables, uint32_t n, struct err *e)
{
    struct verify v = {.o = o, .tables = tables, .ntables = n, .left = x_alloc((n + 1) * sizeof(uint32_t))};
    struct conn own = {0}, *c = o->nsources ? o->sources[0] : &own;
    pthread_t threads[16];
    uint32_t nthreads = TG_MIN(TG_MAX(o->nsources ? o->nsources : o->threads, 1u), (uint32_t)TG_ARRAY_LEN(threads));
    pthread_mutex_init(&v.lock, NULL);
    bool fine = plan(&v, c, e);
    conn_close(&own);
    if (fine) {
        for (uint32_t i = 0; i < nthreads; i++)
            pthread_create(&threads[i], NULL, worker_main, &v);
        for (uint32_t i = 0; i < nthreads; i++)
            pthread_join(threads[i], NULL);
        fine = !v.is_failed;
        if (!fine)
            *e = v.err;
        else if (cancel_is_set(o->cancel))
            fine = err_set(e, ERR_CANCELLED, "while comparing");
    }
    pthread_mutex_destroy(&v.lock);
    free(v.tasks);
    free(v.left);
    return fine;
}
