// SPDX-License-Identifier: Apache-2.0
/* Rows the target can't take. The table at the target is the truth; the set here is what this engine knows of it, so
 * that a batch which touches none of these rows pays nothing. */
#include "ledger/ledger.h"

#include "db/type.h"

#include <pthread.h>
#include <stdlib.h>
#include <uthash.h>

struct held_key {                     /* hashed as bytes: no padding */
    uint64_t table_id, row_no;
};
struct held {
    UT_hash_handle hh;
    struct held_key key;
};

struct quarantine {
    pthread_mutex_t lock;
    struct held *rows;
    uint32_t *tables;                 /* that have or had a row here; stays */
    size_t ntables;
};

struct quarantine *quarantine_new(void)
{
    struct quarantine *q = x_alloc(sizeof *q);
    pthread_mutex_init(&q->lock, NULL);
    return q;
}

void quarantine_free(struct quarantine *q)
{
    struct held *h, *tmp;
    if (!q)
        return;
    HASH_ITER(hh, q->rows, h, tmp)
    {
        HASH_DEL(q->rows, h);
        free(h);
    }
    pthread_mutex_destroy(&q->lock);
    free(q->tables);
    free(q);
}

static bool knows(const struct quarantine *q, uint32_t table_id)
{
    for (size_t i = 0; i < q->ntables; i++)
        if (q->tables[i] == table_id)
            return true;
    return false;
}

static struct held *find(struct quarantine *q, uint32_t table_id, uint64_t row_no)
{
    struct held_key key = {table_id, row_no};
    struct held *h;
    HASH_FIND(hh, q->rows, &key, sizeof key, h);
    return h;
}

void quarantine_put(struct quarantine *q, uint32_t table_id, uint64_t row_no)
{
    pthread_mutex_lock(&q->lock);
    if (!find(q, table_id, row_no)) {
        struct held *h = x_alloc(sizeof *h);
        h->key = (struct held_key){table_id, row_no};
        HASH_ADD(hh, q->rows, key, sizeof h->key, h);
    }
    if (!knows(q, table_id)) {
        q->tables = x_realloc(q->tables, (q->ntables + 1) * sizeof *q->tables);
        q->tables[q->ntables++] = table_id;
    }
    pthread_mutex_unlock(&q->lock);
}

static void let_go(struct quarantine *q, struct held *h)
{
    HASH_DEL(q->rows, h);
    free(h);
}

void quarantine_drop(struct quarantine *q, uint32_t table_id, uint64_t row_no)
{
    pthread_mutex_lock(&q->lock);
    struct held *h = find(q, table_id, row_no);
    if (h)
        let_go(q, h);
    pthread_mutex_unlock(&q->lock);
}

void quarantine_drop_table(struct quarantine *q, uint32_t table_id)
{
    struct held *h, *tmp;
    pthread_mutex_lock(&q->lock);
    HASH_ITER(hh, q->rows, h, tmp)
    {
        if (h->key.table_id == table_id)
            let_go(q, h);
    }
    pthread_mutex_unlock(&q->lock);
}

bool quarantine_holds(struct quarantine *q, uint32_t table_id, uint64_t row_no)
{
    pthread_mutex_lock(&q->lock);
    bool holds = find(q, table_id, row_no) != NULL;
    pthread_mutex_unlock(&q->lock);
    return holds;
}

bool quarantine_knows(struct quarantine *q, uint32_t table_id)
{
    pthread_mutex_lock(&q->lock);
    bool known = knows(q, table_id);
    pthread_mutex_unlock(&q->lock);
    return known;
}

size_t quarantine_count(struct quarantine *q)
{
    pthread_mutex_lock(&q->lock);
    size_t n = HASH_COUNT(q->rows);
    pthread_mutex_unlock(&q->lock);
    return n;
}

void ledger_sql_quarantine(const struct ledger *l, struct buf *out, const struct ledger_quarantined *rows, size_t n)
{
    buf_adds(out, "REPLACE INTO " LEDGER_SCHEMA ".quarantine (run,source,table_id,row_no,key_text,reason) VALUES ");
    for (size_t i = 0; i < n; i++) {
        buf_adds(out, i ? ",(" : "(");
        sql_z(out, l->run);
        buf_addc(out, ',');
        sql_z(out, l->source);
        buf_addf(out, ",%u,%llu,", rows[i].table_id, (unsigned long long)rows[i].row_no);
        sql_z(out, rows[i].key_text);
        buf_addc(out, ',');
        sql_z(out, rows[i].reason);
        buf_addc(out, ')');
    }
}

static void delete_head(const struct ledger *l, struct buf *out)
{
    buf_adds(out, "DELETE FROM " LEDGER_SCHEMA ".quarantine WHERE run = ");
    sql_z(out, l->run);
    buf_adds(out, " AND source = ");
    sql_z(out, l->source);
}

void ledger_sql_release(const struct ledger *l, struct buf *out, const struct ledger_quarantined *rows, size_t n)
{
    delete_head(l, out);
    buf_adds(out, " AND (table_id, row_no) IN (");
    for (size_t i = 0; i < n; i++)
        buf_addf(out, "%s(%u,%llu)", i ? "," : "", rows[i].table_id, (unsigned long long)rows[i].row_no);
    buf_addc(out, ')');
}

void ledger_sql_release_table(const struct ledger *l, struct buf *out, uint32_t table_id)
{
    delete_head(l, out);
    buf_addf(out, " AND table_id = %u", table_id);
}

void ledger_quarantined_release(struct ledger_quarantined *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(rows[i].key_text);
        free(rows[i].reason);
    }
    free(rows);
}
