// SPDX-License-Identifier: Apache-2.0
/* The target as a server: its version, whether it takes writes and connections, settings and limits that end a run. */
#include "check/private.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define OLDEST 50000u                 /* TiDB: below it, what the fence builds on is not all there */
#define MODERN 70400u                 /* from here on nothing is missing */
#define BESIDE 4u                     /* connections beside the writers: control, mark, comparison, a window */
#define PACKET_LEAST ((uint64_t)4 << 20) /* less than any server's default since 2012: somebody made it so */
#define ANEW N_("for connections that are made from then on")
#define TRANSACTION_DEFAULT ((uint64_t)100 << 20) /* TiDB takes this value for "no limit but memory" */

/* ---- version ---- */

static void judge_tidb(struct check_result *out, unsigned version)
{
    static const struct {
        unsigned since;
        const char *text;
    } lacks[] = {
        {60200, N_("an ALTER TABLE with several parts is refused")},
        {60600, N_("foreign keys are parsed and not kept")},
        {70200, N_("CHECK constraints are parsed and not kept")},
        {70400, N_("the collations of MySQL 8 (utf8mb4_0900_…) are missing, and keys that differ by trailing spaces only can't be told apart")},
        {70600, N_("rows of more than 6 MiB need txn-entry-size-limit in the server's configuration")},
    };
    if (version < OLDEST) {
        find(out, CHECK_FAIL, "Upgrade the cluster.", "this TiDB is older than 5.0, and what a run builds on is not all there");
        return;
    }
    for (size_t i = 0; version < MODERN && i < TG_ARRAY_LEN(lacks); i++)
        if (version < lacks[i].since)
            find(out, CHECK_WARN, "Upgrade the cluster, where this matters.", "this TiDB: %s", lacks[i].text);
}

void check_target_version(struct run *r, struct check_result *out)
{
    const struct db_server *s = &r->end[TARGET].conn.server;
    const char *tidb = strcasestr(s->version_text, "TiDB");
    set_found(out, "%s", tidb ? tidb : s->version_text);
    set_wanted(out, "TiDB 7.4 or later");
    if (s->flavour == DB_MYSQL && s->version < 50700)
        find(out, CHECK_FAIL, "Rehearse with MySQL 5.7 or later, or with TiDB.",
             "MySQL %s at %s takes no index over 767 bytes: the books of the run (tidegate_meta) can't be made there", s->version_text, r->end[TARGET].addr.host);
    if (s->flavour != DB_TIDB)
        set_detail(out, "The target is %s: a rehearsal. TiDB is the target that counts.", s->flavour == DB_MARIADB ? "MariaDB" : "MySQL");
    else if (s->version < 80500)
        set_detail(out, "Foreign keys are an experiment of TiDB before 8.5.");
    if (s->flavour == DB_TIDB)
        judge_tidb(out, s->version);
}

/* ---- role ---- */

void cure_target_variable(struct run *r, struct check_result *out, const char *name, const char *value, const char *effect,
                          const char *title, ...)
{
    va_list ap;
    char text[240];
    va_start(ap, title);
    vsnprintf(text, sizeof text, _(title), ap);
    va_end(ap);
    struct check_cure *c = add_cure(out, CURE_SQL, "%s", text);
    const char *now = end_variable(&r->end[TARGET], name);
    c->at_target = true;
    c->sql = x_format("SET GLOBAL %s = %s", name, value);
    c->undo = now ? x_format("SET GLOBAL %s = %s", name, now) : NULL;
    c->effect = x_strdup(_(effect));
}

/* A statement that would write nothing is refused by a server that lets this user write nothing. */
static bool is_refused(struct run *r, struct err *e)
{
    static const char sql[] = "DELETE FROM tidegate_meta.written_by_nobody WHERE 1 = 0";
    return !conn_exec(&r->end[TARGET].conn, sql, sizeof sql - 1, NULL, e) && (e->sql == 1290 || e->sql == 1836 || e->sql == 1792);
}

static void judge_tidb_role(struct run *r, struct check_result *out)
{
    struct end *t = &r->end[TARGET];
    bool restricted = end_is_on(t, "tidb_restricted_read_only"), super = end_is_on(t, "tidb_super_read_only");
    set_found(out, restricted || super ? "read only" : "takes writes");
    if (!restricted && !super)
        return;
    find(out, CHECK_FAIL, NULL, "%s is ON at %s, so it refuses every write", restricted ? "tidb_restricted_read_only" : "tidb_super_read_only",
         t->addr.host);
    struct check_cure *c = add_cure(out, CURE_SQL, "Let the cluster take writes");
    c->sql = x_strdup(restricted ? "SET GLOBAL tidb_restricted_read_only = OFF;\nSET GLOBAL tidb_super_read_only = OFF" : "SET GLOBAL tidb_super_read_only = OFF");
    c->undo = x_strdup(restricted ? "SET GLOBAL tidb_restricted_read_only = ON" : "SET GLOBAL tidb_super_read_only = ON");
    c->effect = x_strdup(_("at once, for all users: find out first who made it so"));
    c->is_disruptive = true;
}

void check_target_role(struct run *r, struct check_result *out)
{
    struct end *t = &r->end[TARGET];
    struct err e = {0};
    set_wanted(out, "takes writes");
    if (!end_variables(t, &e)) {
        unread(out, &e);
        return;
    }
    if (t->conn.server.flavour == DB_TIDB) {
        judge_tidb_role(r, out);
    } else if (!is_refused(r, &e)) {
        set_found(out, "takes writes");
    } else {
        set_found(out, "read only");
        find(out, CHECK_FAIL, NULL, "%s refuses every write of this user: %s", t->addr.host, e.text);
        if (end_is_on(t, "innodb_read_only")) {
            add_cure(out, CURE_TEXT, "Name the writer's endpoint: a reader never takes writes");
        } else {
            const char *name = end_is_on(t, "super_read_only") ? "super_read_only" : "read_only";
            cure_target_variable(r, out, name, "OFF", ANEW, "Let the server take writes");
            if (strcmp(name, "super_read_only") == 0) { /* which switched read_only on too, and OFF leaves it */
                free(out->cures[0].sql);
                out->cures[0].sql = x_strdup("SET GLOBAL super_read_only = OFF;\nSET GLOBAL read_only = OFF");
            }
            out->cures[0].is_disruptive = true;
        }
    }
    if (out->judged == CHECK_FAIL)
        judge(out, CHECK_FAIL, ERR_TARGET_QUERY);
}

/* ---- connections ---- */

static uint64_t connected(struct end *t)
{
    struct err ignored = {0};
    char count[32] = "";
    MYSQL_RES *res;
    if (t->conn.server.flavour == DB_TIDB) {
        conn_value(&t->conn, "SELECT COUNT(*) FROM information_schema.processlist", count, sizeof count, &ignored);
        return strtoull(count, NULL, 10);
    }
    if (!conn_query(&t->conn, "SHOW GLOBAL STATUS LIKE 'Threads_connected'", &res, &ignored))
        return 0;
    MYSQL_ROW row = mysql_fetch_row(res);
    uint64_t n = row && row[1] ? strtoull(row[1], NULL, 10) : 0;
    mysql_free_result(res);
    return n;
}

void check_target_connections(struct run *r, struct check_result *out)
{
    struct end *t = &r->end[TARGET];
    struct err e = {0};
    uint64_t need = (uint64_t)r->job->writers + BESIDE, most, of_user = 0, used;
    char text[32] = "";
    if (!end_variables(t, &e)) {
        unread(out, &e);
        return;
    }
    most = number_of(end_variable(t, "max_connections"));
    /* The session's own holds the account's limit too. */
    if (conn_value(&t->conn, "SELECT @@session.max_user_connections", text, sizeof text, &e) || (err_clear(&e), false))
        of_user = strtoull(text, NULL, 10);
    else
        of_user = number_of(end_variable(t, "max_user_connections"));
    if (of_user && (!most || of_user < most))
        most = of_user;
    set_wanted(out, "%llu free", (unsigned long long)need);
    if (!most) {
        set_found(out, "unlimited");
        return;
    }
    used = of_user == most ? 0 : connected(t);
    set_found(out, "%llu, %llu in use", (unsigned long long)most, (unsigned long long)used);
    if (need <= most && used <= most - need)
        return;
    if (need > most)
        find(out, CHECK_FAIL, NULL, "the target takes %llu connections, and the run wants %llu: writers will be refused", (unsigned long long)most,
             (unsigned long long)need);
    else
        find(out, CHECK_WARN, NULL, "%llu of the target's %llu connections are in use, and the run wants %llu", (unsigned long long)used,
             (unsigned long long)most, (unsigned long long)need);
    judge(out, out->judged, ERR_TARGET_CONNECT);
    uint64_t left = most > used + BESIDE ? most - used - BESIDE : 1;
    snprintf(text, sizeof text, "%llu", (unsigned long long)left);
    if (left < (uint64_t)r->job->writers)
        cure_setting(out, r->job, "limits.writers", text, "Fewer writers: limits.writers: %s", text);
    if (of_user == most)
        return;
    snprintf(text, sizeof text, "%llu", (unsigned long long)(used + need + 20));
    cure_target_variable(r, out, "max_connections", text, ANEW, "Let the target take more connections");
}

/* ---- settings ---- */

static bool has_primary(const struct table *t)
{
    for (uint32_t i = 0; i < t->nkeys; i++)
        if (strcmp(t->keys[i].name, "PRIMARY") == 0)
            return true;
    return false;
}

/* Tables that the target would refuse for want of a primary key. */
static void judge_primary(struct run *r, struct check_result *out)
{
    struct end *t = &r->end[TARGET];
    static const char *const names[] = {"sql_require_primary_key", "innodb_force_primary_key"};
    const char *name = end_is_on(t, names[0]) ? names[0] : end_is_on(t, names[1]) ? names[1] : NULL;
    struct err e = {0};
    uint32_t n = 0;
    if (!name)
        return;
    if (!run_tables(r, &e)) {
        unread(out, &e);
        return;
    }
    const struct table **without = x_alloc((r->tables.n + 1) * sizeof(void *));
    for (uint32_t i = 0; i < r->tables.n; i++)
        if (!has_primary(r->tables.tables[i]))
            without[n++] = r->tables.tables[i];
    for (uint32_t i = 0; i < n; i++)
        find(out, CHECK_FAIL, NULL, "%s.%s has no primary key, and %s is ON at the target", without[i]->schema, without[i]->name, name);
    if (n) {
        cure_exclude(out, r->job, without, n);
        cure_target_variable(r, out, name, "OFF", ANEW, "Let the target make tables without a primary key");
    }
    free(without);
}

/* The largest a value of the table may be by its types, as far as it matters here. */
static bool may_exceed(const struct table *t, uint64_t bytes)
{
    for (uint32_t i = 0; i < t->ncolumns; i++) {
        const struct column *c = &t->columns[i];
        bool is_long = strncasecmp(c->type_text, "long", 4) == 0, is_medium = strncasecmp(c->type_text, "medium", 6) == 0;
        if (c->cls == COL_JSON || ((c->cls == COL_TEXT || c->cls == COL_BLOB) && (is_long || (is_medium && bytes < (uint64_t)16 << 20))))
            return true;
    }
    return false;
}

static void judge_packet(struct run *r, struct check_result *out)
{
    struct end *s = &r->end[SOURCE], *t = &r->end[TARGET];
    uint64_t here = t->conn.server.max_allowed_packet, there = s->is_open ? s->conn.server.max_allowed_packet : 0;
    char a[32], b[32];
    struct err ignored = {0};
    if (here < PACKET_LEAST) {
        find(out, CHECK_WARN, NULL, "max_allowed_packet is %s at the target: a row that is longer lies in quarantine until it is raised", bytes_text(a, here));
        judge(out, CHECK_WARN, ERR_QUARANTINE);
        cure_target_variable(r, out, "max_allowed_packet", "67108864", ANEW, "Let the target take packets of 64 MiB");
        return;
    }
    bool is_long = false;
    for (uint32_t i = 0; here < there && run_tables(r, &ignored) && i < r->tables.n && !is_long; i++)
        is_long = may_exceed(r->tables.tables[i], here);
    if (!is_long)
        return;
    find(out, CHECK_WARN, NULL, "max_allowed_packet is %s at the target and %s at the source: longer rows can't be written", bytes_text(a, here), bytes_text(b, there));
    snprintf(a, sizeof a, "%llu", (unsigned long long)there);
    cure_target_variable(r, out, "max_allowed_packet", a, ANEW, "Let the target take packets as large as the source's");
}

static void judge_foreign_keys(struct run *r, struct check_result *out)
{
    struct end *t = &r->end[TARGET];
    struct err ignored = {0};
    uint32_t n = 0;
    const char *is_kept = end_variable(t, "tidb_enable_foreign_key");
    if (!is_kept || end_is_on(t, "tidb_enable_foreign_key") || !run_tables(r, &ignored))
        return;
    for (uint32_t i = 0; i < r->tables.n; i++)
        n += r->tables.tables[i]->nfks;
    if (!n)
        return;
    find(out, CHECK_WARN, NULL, "tidb_enable_foreign_key is OFF: %u foreign keys will be written down and kept by nobody", n);
    cure_target_variable(r, out, "tidb_enable_foreign_key", "ON", ANEW, "Let TiDB keep foreign keys");
}

void check_target_settings(struct run *r, struct check_result *out)
{
    struct end *t = &r->end[TARGET];
    struct err e = {0};
    char text[32];
    if (!end_variables(t, &e)) {
        unread(out, &e);
        return;
    }
    judge_primary(r, out);
    judge_packet(r, out);
    judge_foreign_keys(r, out);
    if (t->conn.server.flavour != DB_TIDB && !end_is_on(t, "local_infile"))
        set_detail(out, "local_infile is OFF: rows go by INSERT, which is a little slower.");
    set_found(out, "packets of %s", bytes_text(text, t->conn.server.max_allowed_packet));
}

/* ---- limits of TiDB ---- */

/* performance.NAME from the server's configuration; 0: it may not be read. */
static uint64_t configured(struct end *t, const char *name)
{
    char sql[200];
    struct err ignored = {0};
    MYSQL_RES *res;
    uint64_t least = 0;
    snprintf(sql, sizeof sql, "SHOW CONFIG WHERE type = 'tidb' AND name = 'performance.%s'", name);
    if (!conn_query(&t->conn, sql, &res, &ignored))
        return 0;
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;) {
        uint64_t value = row[3] ? strtoull(row[3], NULL, 10) : 0;
        least = !least || value < least ? value : least;
    }
    mysql_free_result(res);
    return least;
}

void check_target_limits(struct run *r, struct check_result *out)
{
    struct end *t = &r->end[TARGET];
    struct err ignored = {0};
    char session[32] = "", a[32], b[32];
    uint64_t chunk = (uint64_t)r->job->chunk_bytes, all = configured(t, "txn-total-size-limit"), entry = configured(t, "txn-entry-size-limit");
    conn_value(&t->conn, "SELECT @@session.tidb_txn_entry_size_limit", session, sizeof session, &ignored); /* as the writers have it */
    if (strtoull(session, NULL, 10))
        entry = strtoull(session, NULL, 10);
    entry = entry ? entry : (uint64_t)6 << 20;
    if (!all)
        set_detail(out, "The server's configuration may not be read (CONFIG): its defaults are assumed.");
    set_found(out, "rows of %s", bytes_text(a, entry));
    if (!all || all == TRANSACTION_DEFAULT || all >= 4 * chunk)
        return;
    set_wanted(out, "transactions of %s", bytes_text(b, 4 * chunk));
    find(out, all <= 2 * chunk ? CHECK_FAIL : CHECK_WARN, NULL, "txn-total-size-limit is %s, and a chunk of %s with its indexes takes up to four times as much",
         bytes_text(a, all), bytes_text(b, chunk));
    judge(out, out->judged, ERR_TARGET_FULL);
    if (all / 4 >= (64 << 10)) {
        snprintf(a, sizeof a, "%lluKiB", (unsigned long long)(all / 4 / 1024));
        cure_setting(out, r->job, "limits.chunk", a, "Smaller chunks: limits.chunk: %s", a);
    }
    add_cure(out, CURE_TEXT, "Raise the limit in the server's configuration, then restart it")->text =
        x_strdup("[performance]\ntxn-total-size-limit = 104857600");
}

/* ---- TiDB Cloud ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t n = text ? strlen(text) : 0, k = strlen(end);
    return n >= k && strcasecmp(text + n - k, end) == 0;
}

static bool is_gateway(const struct end *t)
{
    return ends_with(t->addr.host, ".tidbcloud.com") && strncasecmp(t->addr.host, "gateway", 7) == 0;
}

bool target_is_cloud(struct run *r)
{
    const struct end *t = &r->end[TARGET];
    return ends_with(t->addr.host, ".tidbcloud.com") || (t->job->kind && strcmp(t->job->kind, "tidb-cloud") == 0) ||
           (t->is_open && strcasestr(t->conn.server.version_text, "serverless"));
}

void check_target_cloud(struct run *r, struct check_result *out)
{
    const struct end *t = &r->end[TARGET];
    bool shares = is_gateway(t) || (t->is_open && strcasestr(t->conn.server.version_text, "serverless"));
    set_found(out, shares ? "Starter or Essential" : "TiDB Cloud");
    set_detail(out, "%s", shares ? N_("A transaction may take 30 minutes there, idle connections are cut (the run connects again), and request units are counted.")
                                 : N_("Idle connections may be cut there: the run connects again."));
    if (!t->addr.tls) {
        if (t->is_open)
            find(out, CHECK_WARN, NULL, "%s takes sessions without TLS: rows travel readable by everybody on the way", t->addr.host);
        else
            find(out, CHECK_FAIL, NULL, "%s: TiDB Cloud takes no session without TLS over its public endpoints", t->addr.host);
        judge(out, out->judged, ERR_TARGET_LOGIN);
        cure_setting(out, r->job, "target.tls", "true", "Use TLS: target.tls: true");
    } else if (!t->addr.tls_verify) {
        find(out, CHECK_WARN, "Leave verification on: its certificates are signed by a public authority.", "%s: its certificate is not checked", t->addr.host);
    }
    if (is_gateway(t) && !strchr(t->addr.user, '.')) {
        find(out, CHECK_FAIL, "Copy the user from the cluster's Connect dialog: PREFIX.root.",
             "%s: many clusters share this endpoint, and user %s lacks the prefix that names one", t->addr.host, t->addr.user);
        judge(out, CHECK_FAIL, ERR_TARGET_LOGIN);
    }
}
