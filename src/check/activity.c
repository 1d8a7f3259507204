// SPDX-License-Identifier: Apache-2.0
// What goes on at the source at this moment: transactions and locks that would hold the run up, and the lock that it
// will take itself.
#include "check/grants.h"
#include "base/text.h"
#include "check/private.h"

#include "schema/source.h"

#include <stdlib.h>

#define LONG_S "60"                   /* a transaction that is open for so many seconds is told */
#define LISTED 50u

/* ---- the lock path ---- */

enum path { PATH_NONE, PATH_LOCK, PATH_FLUSH, PATH_POSITION, PATH_QUIET };

static bool is_one_snapshot(struct run *r)
{
    return r->job->mode == MODE_FULL && !run_streams(r);
}

static enum path path_of(struct run *r, const struct grants *g, const struct table *t)
{
    const struct db_server *server = &r->end[SOURCE].conn.server;
    bool tells_position = server->flavour == DB_MARIADB && end_is_on(&r->end[SOURCE], "log_bin");
    if (!is_one_snapshot(r) && visible_way(server) == VISIBLE_SNAPSHOT)
        return PATH_NONE;
    bool may_lock = grants_has(g, PRIV_LOCK_TABLES, t->schema, NULL);
    /* Managed servers grant RELOAD and refuse FLUSH TABLES WITH READ LOCK all the same. */
    bool may_flush = run_managed(r) != MANAGED_RDS && run_managed(r) != MANAGED_AURORA && grants_has(g, PRIV_RELOAD, NULL, NULL);
    bool is_several = is_one_snapshot(r) && r->tables.n > 1;
    if (may_flush && (is_several || !may_lock))
        return PATH_FLUSH;
    return may_lock ? PATH_LOCK : tells_position ? PATH_POSITION : PATH_QUIET;
}

static void grant_locks(struct run *r, struct check_result *out, const bool *lacks)
{
    struct grant_need *needs = x_alloc((r->tables.n + 1) * sizeof *needs);
    size_t n = 0;
    for (uint32_t i = 0; i < r->tables.n; i++) {
        const char *schema = r->tables.tables[i]->schema;
        if (!lacks[i] || (n && strcmp(needs[n - 1].schema, schema) == 0))
            continue;
        needs[n++] = (struct grant_need){PRIV_BIT(PRIV_LOCK_TABLES), schema, NULL};
        run_lacks(r, SOURCE, PRIV_BIT(PRIV_LOCK_TABLES), schema, NULL);
    }
    cure_grant(r, out, SOURCE, needs, n);
    free(needs);
}

void check_lock_path(struct run *r, struct check_result *out)
{
    static const char *const names[] = {"no lock", "LOCK TABLES", "FLUSH … READ LOCK", N_("equal positions"), N_("a quiet moment")};
    struct err e = {0};
    const struct grants *g = end_grants(&r->end[SOURCE], &e);
    enum path worst = PATH_NONE;
    uint32_t n = 0;
    if (!g) {
        unread(out, &e);
        return;
    }
    bool *lacks = x_alloc((r->tables.n + 1) * sizeof *lacks);
    for (uint32_t i = 0; i < r->tables.n; i++) {
        const struct table *t = r->tables.tables[i];
        if (t->row_key >= 0 && !is_one_snapshot(r))
            continue;
        enum path p = path_of(r, g, t);
        lacks[i] = p >= PATH_POSITION;
        if (p == PATH_QUIET && is_one_snapshot(r))
            find(out, CHECK_WARN, NULL, "%s.%s: without LOCK TABLES one reader does it all, or nobody may write meanwhile", t->schema, t->name);
        else if (p == PATH_QUIET)
            find(out, CHECK_WARN, NULL, "%s.%s has no usable key: without LOCK TABLES it is read when nobody happens to write to it", t->schema,
                 t->name);
        else if (p == PATH_POSITION)
            find(out, CHECK_WARN, NULL, "%s.%s: without LOCK TABLES the snapshots are opened until the source stands still between them",
                 t->schema, t->name);
        worst = TG_MAX(worst, p);
        n++;
    }
    set_found(out, "%s", names[worst]);
    set_wanted(out, "LOCK TABLES");
    if (!n)
        not_applicable(out, "every table has a usable key: no lock is taken");
    else if (out->ntotal)
        grant_locks(r, out, lacks);
    free(lacks);
}

/* ---- who is in the way ---- */

static void find_transactions(struct run *r, struct check_result *out, uint64_t ids[LISTED], uint32_t *n, struct err *e)
{
    struct conn *c = &r->end[SOURCE].conn;
    struct err ignored = {0};
    char age[32];
    MYSQL_RES *res;
    /* trx_started is the server's local time, whatever the session's time zone. */
    if (!conn_execf(c, e, "SET SESSION time_zone = 'SYSTEM'"))
        return;
    bool fine = conn_query(c, "SELECT t.trx_mysql_thread_id, TIMESTAMPDIFF(SECOND, t.trx_started, NOW()), t.trx_rows_modified, p.USER, p.HOST "
                              "FROM information_schema.INNODB_TRX t JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id "
                              "WHERE t.trx_started <= NOW() - INTERVAL " LONG_S " SECOND ORDER BY t.trx_started", &res, e);
    conn_execf(c, &ignored, "SET SESSION time_zone = '+00:00'");
    if (!fine)
        return;
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;) {
        find(out, CHECK_WARN, NULL, "session %s of %s@%s has had a transaction open for %s, %s rows changed", row[0], row[3], row[4],
             text_seconds(strtoll(row[1], NULL, 10), age), row[2]);
        if (*n < LISTED)
            ids[(*n)++] = strtoull(row[0], NULL, 10);
    }
    mysql_free_result(res);
}

static void find_waiting(struct run *r, struct check_result *out, struct err *e)
{
    MYSQL_RES *res;
    char age[32];
    if (!conn_query(&r->end[SOURCE].conn, "SELECT ID, USER, HOST, TIME, STATE, LEFT(INFO, 80) FROM information_schema.PROCESSLIST "
                                          "WHERE STATE LIKE 'Waiting for %lock' AND ID <> CONNECTION_ID() ORDER BY TIME DESC", &res, e))
        return;
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;)
        find(out, CHECK_WARN, "End the transaction that holds the lock, or that statement: reads of the run would queue up behind it.",
             "session %s of %s@%s: %s for %s: %s", row[0], row[1], row[2], row[4], text_seconds(strtoll(row[3], NULL, 10), age),
             row[5] ? row[5] : "");
    mysql_free_result(res);
}

void check_long_transactions(struct run *r, struct check_result *out)
{
    uint64_t ids[LISTED];
    uint32_t n = 0;
    struct err e = {0};
    set_wanted(out, "none over %s s", LONG_S);
    find_transactions(r, out, ids, &n, &e);
    if (e.code == ERR_OK)
        find_waiting(r, out, &e);
    if (e.code != ERR_OK) {
        unread(out, &e);
        return;
    }
    set_found(out, out->ntotal ? "%u" : "none", out->ntotal);
    cure_kill(r, out, ids, n, "End these sessions");
}

/* ---- XA ---- */

static void add_hex(struct buf *out, const unsigned char *p, size_t n)
{
    buf_adds(out, "X'");
    for (size_t i = 0; i < n; i++)
        buf_addf(out, "%02X", p[i]);
    buf_addc(out, '\'');
}

/* The xid as XA COMMIT takes it; the same on every version. */
static void xid_text(struct buf *out, MYSQL_ROW row, unsigned long n)
{
    size_t g = (size_t)strtoul(row[1], NULL, 10), b = (size_t)strtoul(row[2], NULL, 10);
    if (g > n || b > n - g)
        return;
    add_hex(out, (const unsigned char *)row[3], g);
    buf_addc(out, ',');
    add_hex(out, (const unsigned char *)row[3] + g, b);
    buf_addf(out, ",%s", row[0]);
}

/* Every open one ends the same way. */
static void cure_xa(struct check_result *out, const struct buf *xids, const char *verb, const char *title, const char *effect)
{
    struct buf sql = {0};
    for (const char *p = xids->p; *p; p += strcspn(p, "\n") + 1)
        buf_addf(&sql, "%s%s %.*s", sql.n ? ";\n" : "", verb, (int)strcspn(p, "\n"), p);
    struct check_cure *c = add_cure(out, CURE_SQL, "%s", title);
    c->sql = buf_take(&sql);
    c->is_disruptive = true;
    c->effect = x_strdup(effect);
}

static uint64_t prepared_ever(struct run *r)
{
    struct err ignored = {0};
    MYSQL_RES *res;
    uint64_t n = 0;
    if (!conn_query(&r->end[SOURCE].conn, "SHOW GLOBAL STATUS LIKE 'Com_xa_prepare'", &res, &ignored))
        return 0;
    MYSQL_ROW row = mysql_fetch_row(res);
    if (row)
        n = strtoull(row[1], NULL, 10);
    mysql_free_result(res);
    return n;
}

static void find_open(struct check_result *out, MYSQL_RES *res)
{
    struct buf xids = {0};
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;) {
        struct buf one = {0};
        xid_text(&one, row, mysql_fetch_lengths(res)[3]);
        find(out, CHECK_FAIL, NULL, "XA transaction %s is prepared and neither committed nor rolled back", one.n ? one.p : N_("of unknown name"));
        if (one.n)
            buf_addf(&xids, "%s\n", one.p);
        buf_release(&one);
    }
    if (!out->ntotal)
        return;
    set_found(out, "%u open", out->ntotal);
    judge(out, CHECK_FAIL, ERR_BINLOG_EVENT);
    if (xids.n) {
        cure_xa(out, &xids, "XA COMMIT", N_("Commit them"), N_("at once: their changes become visible"));
        cure_xa(out, &xids, "XA ROLLBACK", N_("Roll them back"), N_("at once: their changes are lost"));
    }
    buf_release(&xids);
}

void check_xa(struct run *r, struct check_result *out)
{
    struct err e = {0};
    MYSQL_RES *res;
    uint64_t ever = prepared_ever(r);
    set_found(out, "none");
    set_wanted(out, "none");
    if (conn_query(&r->end[SOURCE].conn, "XA RECOVER", &res, &e)) {
        find_open(out, res);
        mysql_free_result(res);
    } else if (ever) {
        unread(out, &e);
    } else {
        set_detail(out, "XA RECOVER is refused, but none was prepared since the source began: %s", e.text);
    }
    if (ever && out->judged != CHECK_FAIL) {
        find(out, CHECK_WARN, "Pause what uses XA until the run has ended.",
             "%llu XA transactions were prepared since the source began: this version stops at the next one", (unsigned long long)ever);
        judge(out, CHECK_WARN, ERR_BINLOG_EVENT);
    }
}
