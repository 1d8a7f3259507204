// SPDX-License-Identifier: Apache-2.0
/* Writers held still for a moment: LOCK TABLES … READ of the table alone, where that is refused FLUSH TABLES WITH READ
 * LOCK. What is in the binlog can be read then: LOCK TABLES waits for the transactions that have changed the table, FLUSH
 * for the commits under way. MySQL 5.6 waits for them only in a session without autocommit, where InnoDB's own lock on
 * the table is taken; else the lock comes between a transaction's last statement and its commit. A wait blocks those who
 * come behind it, hence short tries with pauses.
 *   Several tables are locked by FLUSH first: LOCK TABLES takes one after the other, and a transaction that writes them
 * in another order meets a deadlock, of which the server rolls back the writer (MySQL since 5.7, MariaDB) or refuses us
 * (5.6), which is one more try. */
#include "schema/source.h"

static bool is_refused(const struct err *e)
{
    return e->code == ERR_SOURCE_PRIVILEGE || e->sql == 1044 || e->sql == 1045 || e->sql == 1142 || e->sql == 1227;
}

static bool lock_patiently(struct conn *c, struct str sql, const struct lock_wish *wish, struct err *e)
{
    struct patience p = {100, 3000, 0};
    while (!conn_exec(c, sql.p, sql.n, NULL, e)) {
        if (e->sql != 1205 && e->sql != 1213)
            return false;
        if (p.tries + 1 >= wish->tries)
            return err_set(e, ERR_SOURCE_LOCK, "in %u tries of %u s it was never free of open transactions", wish->tries, wish->wait_s);
        err_clear(e);
        if (!patience_wait(&p, wish->cancel))
            return err_set(e, ERR_CANCELLED, "while waiting for a lock");
    }
    return true;
}

static bool prepare(struct conn *c, const struct lock_wish *wish, struct err *e)
{
    return conn_execf(c, e, "SET SESSION lock_wait_timeout = %u, innodb_lock_wait_timeout = %u, innodb_table_locks = 1, "
                            "autocommit = 0", wish->wait_s, wish->wait_s);
}

/* One step of the ladder. true: had, or refused (how is LOCK_REFUSED). */
static bool step(struct conn *c, struct str sql, enum lock_how how, const struct lock_wish *wish, struct lock_got *got,
                 struct err *e)
{
    got->how = how;
    if (lock_patiently(c, sql, wish, e))
        return true;
    if (!is_refused(e))
        return false;
    got->how = LOCK_REFUSED;
    got->refused = *e;
    err_clear(e);
    return true;
}

bool lock_tables(struct conn *c, struct table *const *defs, uint32_t n, const struct lock_wish *wish, struct lock_got *got,
                 struct err *e)
{
    const struct str everything = STR("FLUSH TABLES WITH READ LOCK");
    struct buf sql = {0};
    int64_t began = clock_mono_ms();
    *got = (struct lock_got){0};
    for (uint32_t i = 0; i < n; i++) {
        buf_adds(&sql, i ? ", " : "LOCK TABLES ");
        sql_table(&sql, defs[i]->schema, defs[i]->name);
        buf_adds(&sql, " READ");
    }
    bool fine = prepare(c, wish, e);
    if (fine && n > 1 && !wish->tables_only)
        fine = step(c, everything, LOCK_EVERYTHING, wish, got, e);
    if (fine && got->how == LOCK_REFUSED)
        fine = step(c, buf_str(&sql), LOCK_TABLES, wish, got, e);
    if (fine && got->how == LOCK_REFUSED && n == 1 && !wish->tables_only)
        fine = step(c, everything, LOCK_EVERYTHING, wish, got, e);
    got->waited_ms = clock_mono_ms() - began;
    buf_release(&sql);
    return fine;
}
