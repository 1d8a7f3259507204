// SPDX-License-Identifier: Apache-2.0
/* Writers held still for a moment: LOCK TABLES … READ of the tables alone, where that is refused FLUSH TABLES WITH READ
 * LOCK. Both wait until the transactions that have changed the tables are through, in the storage engine too, so that
 * what is in the binlog can be read. MySQL 5.6 does so only in a session without autocommit, where InnoDB's own lock on
 * the table is taken; else the lock comes between a transaction's last statement and its commit. A wait blocks those who come behind it, hence three seconds at most, then a pause. */
#include "copy/private.h"

#define LOCK_TRIES 20

static bool is_refused(const struct err *e)
{
    return e->code == ERR_SOURCE_PRIVILEGE || e->sql == 1044 || e->sql == 1045 || e->sql == 1142 || e->sql == 1227;
}

static bool lock_patiently(struct conn *c, const struct buf *sql, struct cancel *cancel, struct err *e)
{
    struct patience p = {100, 3000, 0};
    while (!conn_exec(c, sql->p, sql->n, NULL, e)) {
        if (e->sql != 1205)
            return false;
        if (p.tries == LOCK_TRIES)
            return err_set(e, ERR_SOURCE_LOCK, "in %u tries of 3 s it was never free of open transactions", p.tries);
        err_clear(e);
        if (!patience_wait(&p, cancel))
            return err_set(e, ERR_CANCELLED, "while waiting for a lock");
    }
    return true;
}

bool lock_tables(struct conn *c, struct table *const *defs, uint32_t n, struct cancel *cancel, bool *is_allowed, struct err *e)
{
    struct buf sql = {0};
    for (uint32_t i = 0; i < n; i++) {
        buf_adds(&sql, i ? ", " : "LOCK TABLES ");
        sql_table(&sql, defs[i]->schema, defs[i]->name);
        buf_adds(&sql, " READ");
    }
    bool fine = conn_execf(c, e, "SET SESSION lock_wait_timeout = 3, innodb_lock_wait_timeout = 3, innodb_table_locks = 1, "
                                 "autocommit = 0") &&
                lock_patiently(c, &sql, cancel, e);
    if (!fine && is_refused(e)) {
        err_clear(e);
        buf_reset(&sql);
        buf_adds(&sql, "FLUSH TABLES WITH READ LOCK");
        fine = lock_patiently(c, &sql, cancel, e);
    }
    *is_allowed = fine || !is_refused(e);
    if (!*is_allowed)
        err_clear(e);
    buf_release(&sql);
    return fine || !*is_allowed;
}
