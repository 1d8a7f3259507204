// SPDX-License-Identifier: Apache-2.0
// What a session is, never inherited from a server's defaults: one table of variables, set with one
// statement and read back with another. Servers know different ones: a row says on which flavour,
// side and version it holds, and an optional row may be unknown to the server (1193), which costs
// one round trip each on old servers only. A value that does not stay is an error, because each of
// these alters rows, loses them or ends the session when it is wrong.
#include "db/session.h"
#include "base/hash.h"
#include "db/type.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum {
    ON_MYSQL = 1 << DB_MYSQL,
    ON_MARIADB = 1 << DB_MARIADB,
    ON_TIDB = 1 << DB_TIDB,
    ON_CLASSIC = ON_MYSQL | ON_MARIADB,
    ON_ALL = ON_CLASSIC | ON_TIDB,
    AT_SOURCE = 8,
    AT_TARGET = 16,
    AT_BOTH = AT_SOURCE | AT_TARGET,
    OPTIONAL = 32
};

struct pin {
    const char *name, *value;
    unsigned flags;
    unsigned since, before; // versions of the flavour; 0: any
};

static const struct pin PINS[] = {
    // Without it MySQL 8 refuses a bound like 2021-02-31 that a key may well hold (1525).
    {"sql_mode", "ALLOW_INVALID_DATES", ON_ALL | AT_SOURCE, 0, 0},
    {"sql_mode", "STRICT_TRANS_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES",
     ON_ALL | AT_TARGET, 0, 0},
    {"character_set_client", "utf8mb4", ON_ALL | AT_BOTH, 0, 0},
    {"character_set_results", "utf8mb4", ON_ALL | AT_BOTH, 0, 0},
    // The default of utf8mb4 differs from server to server; this one exists everywhere and compares
    // exactly.
    {"collation_connection", "utf8mb4_bin", ON_ALL | AT_BOTH, 0, 0},
    {"time_zone", "+00:00", ON_ALL | AT_BOTH, 0, 0},
    {"autocommit", "1", ON_ALL | AT_BOTH, 0, 0},
    {"tx_isolation", "REPEATABLE-READ", ON_MYSQL | AT_BOTH, 0, 50720},
    {"tx_isolation", "REPEATABLE-READ", ON_MARIADB | AT_BOTH, 0, 110101},
    {"transaction_isolation", "REPEATABLE-READ", ON_MYSQL | AT_BOTH, 50720, 0},
    {"transaction_isolation", "REPEATABLE-READ", ON_MARIADB | AT_BOTH, 110101, 0},
    {"transaction_isolation", "REPEATABLE-READ", ON_TIDB | AT_BOTH, 0, 0},
    // A global ON refuses every write of a session that does not say otherwise.
    {"tx_read_only", "0", ON_MYSQL | AT_TARGET, 0, 50720},
    {"tx_read_only", "0", ON_MARIADB | AT_TARGET, 0, 110101},
    {"transaction_read_only", "0", ON_MYSQL | AT_TARGET, 50720, 0},
    {"transaction_read_only", "0", ON_MARIADB | AT_TARGET, 110101, 0},
    {"completion_type", "NO_CHAIN", ON_CLASSIC | AT_BOTH, 0, 0},
    {"sql_select_limit", "18446744073709551615", ON_ALL | AT_BOTH, 0, 0},
    {"sql_big_selects", "1", ON_CLASSIC | AT_BOTH, 0, 0},
    {"sql_safe_updates", "0", ON_ALL | AT_BOTH, 0, 0},
    {"sql_quote_show_create", "1", ON_CLASSIC | AT_BOTH | OPTIONAL, 0, 0},
    // Else SHOW CREATE TABLE hides a column that row images hold.
    {"show_gipk_in_create_table_and_information_schema", "1", ON_MYSQL | AT_SOURCE | OPTIONAL, 80030, 0},
    {"show_old_temporals", "0", ON_MYSQL | AT_BOTH | OPTIONAL, 50624, 80000},
    {"group_concat_max_len", "1048576", ON_ALL | AT_BOTH, 0, 0},
    {"max_execution_time", "0", ON_MYSQL | AT_BOTH | OPTIONAL, 50708, 0},
    {"max_execution_time", "0", ON_TIDB | AT_BOTH | OPTIONAL, 0, 0},
    {"max_statement_time", "0", ON_MARIADB | AT_BOTH | OPTIONAL, 0, 0},
    {"wait_timeout", "604800", ON_ALL | AT_SOURCE, 0, 0},
    // What a host that went away left open is locked until then; an idle session of a live engine opens again.
    {"wait_timeout", "600", ON_ALL | AT_TARGET, 0, 0},
    {"net_read_timeout", "3600", ON_CLASSIC | AT_BOTH, 0, 0},
    {"net_write_timeout", "3600", ON_CLASSIC | AT_BOTH, 0, 0},
    {"lock_wait_timeout", "60", ON_CLASSIC | AT_BOTH, 0, 0},
    {"innodb_lock_wait_timeout", "10", ON_ALL | AT_BOTH | OPTIONAL, 0, 0},
    {"foreign_key_checks", "0", ON_ALL | AT_TARGET, 0, 0},
    {"unique_checks", "1", ON_ALL | AT_TARGET, 0, 0},
    {"tidb_txn_mode", "pessimistic", ON_TIDB | AT_TARGET, 0, 0},
    // An optimistic transaction that met a conflict fails: its statements are never repeated behind our back.
    {"tidb_disable_txn_auto_retry", "1", ON_TIDB | AT_TARGET | OPTIONAL, 0, 0},
    {"tidb_constraint_check_in_place_pessimistic", "1", ON_TIDB | AT_TARGET | OPTIONAL, 0, 0},
    {"tidb_dml_type", "STANDARD", ON_TIDB | AT_TARGET | OPTIONAL, 0, 0},
    {"tidb_batch_insert", "0", ON_TIDB | AT_TARGET | OPTIONAL, 0, 0},
    {"tidb_batch_delete", "0", ON_TIDB | AT_TARGET | OPTIONAL, 0, 0},
    {"tidb_batch_commit", "0", ON_TIDB | AT_TARGET | OPTIONAL, 0, 0},
    {"tidb_dml_batch_size", "0", ON_TIDB | AT_TARGET | OPTIONAL, 0, 0},
    {"tidb_snapshot", "", ON_TIDB | AT_BOTH | OPTIONAL, 0, 0},
    {"tidb_read_staleness", "", ON_TIDB | AT_BOTH | OPTIONAL, 0, 0},
    {"tidb_replica_read", "leader", ON_TIDB | AT_TARGET | OPTIONAL, 0, 0},
    {"tidb_skip_utf8_check", "0", ON_TIDB | AT_TARGET | OPTIONAL, 0, 0},
    {"tidb_opt_write_row_id", "0", ON_TIDB | AT_TARGET | OPTIONAL, 0, 0},
    {"allow_auto_random_explicit_insert", "1", ON_TIDB | AT_TARGET | OPTIONAL, 0, 0},
};
enum { PIN_COUNT = TG_ARRAY_LEN(PINS) };

static bool pin_holds(const struct pin *p, const struct conn *c)
{
    unsigned version = c->server.version;
    return (p->flags & (1u << c->server.flavour)) &&
           (p->flags & (c->addr->is_target ? AT_TARGET : AT_SOURCE)) && version >= p->since &&
           (!p->before || version < p->before);
}

static void add_assignment(struct buf *sql, const struct pin *p)
{
    bool is_number = p->value[0] && !p->value[strspn(p->value, "0123456789")];
    buf_addf(sql, "%s=", p->name);
    if (is_number)
        buf_adds(sql, p->value);
    else
        sql_z(sql, p->value);
}

// One by one: an optional variable that the server does not know is left out of what is asserted.
static bool set_each(struct conn *c, bool is_held[PIN_COUNT], struct err *e)
{
    struct buf sql = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < PIN_COUNT; i++) {
        if (!is_held[i])
            continue;
        buf_reset(&sql);
        buf_adds(&sql, "SET SESSION ");
        add_assignment(&sql, &PINS[i]);
        if (conn_exec(c, sql.p, sql.n, NULL, e))
            continue;
        if (e->sql == 1193 && (PINS[i].flags & OPTIONAL))
            is_held[i] = false;
        else if (err_is_lost(e) || !(PINS[i].flags & OPTIONAL))
            ok = err_wrap(e, "while setting %s", PINS[i].name);
        // An optional one that may not be set can still have the right value: the assertion tells.
    }
    buf_release(&sql);
    if (ok)
        err_clear(e);
    return ok;
}

static bool set_all(struct conn *c, bool is_held[PIN_COUNT], struct err *e)
{
    struct buf sql = {0};
    for (size_t i = 0; i < PIN_COUNT; i++) {
        if (!is_held[i])
            continue;
        buf_adds(&sql, sql.n ? ", " : "SET SESSION ");
        add_assignment(&sql, &PINS[i]);
    }
    bool ok = conn_exec(c, sql.p, sql.n, NULL, e);
    buf_release(&sql);
    return ok || (!err_is_lost(e) && set_each(c, is_held, e));
}

static bool has_word(const char *list, const char *word, size_t n)
{
    for (const char *p = list; *p;) {
        size_t len = strcspn(p, ",");
        if (len == n && strncasecmp(p, word, n) == 0)
            return true;
        p += len + (p[len] == ',');
    }
    return false;
}

static bool is_subset(const char *a, const char *b)
{
    for (const char *p = a; *p;) {
        size_t len = strcspn(p, ",");
        if (!has_word(b, p, len))
            return false;
        p += len + (p[len] == ',');
    }
    return true;
}

static const char *as_number(const char *v)
{
    return strcasecmp(v, "ON") == 0 ? "1" : strcasecmp(v, "OFF") == 0 ? "0" : v;
}

bool session_same_value(const char *name, const char *want, const char *have)
{
    if (strcmp(name, "sql_mode") == 0)
        return is_subset(want, have) && is_subset(have, want);
    want = as_number(want);
    have = as_number(have);
    size_t n = strlen(want);
    if (strcasecmp(want, have) == 0)
        return true;
    // "0.000000" for 0
    return n && !want[strspn(want, "0123456789")] && strncmp(want, have, n) == 0 &&
           have[n] == '.' && !have[n + 1 + strspn(have + n + 1, "0")];
}

static bool assert_all(struct conn *c, const bool is_held[PIN_COUNT], struct err *e)
{
    struct buf sql = {0};
    for (size_t i = 0; i < PIN_COUNT; i++) {
        if (is_held[i])
            buf_addf(&sql, "%s@@session.%s", sql.n ? ", " : "SELECT ", PINS[i].name);
    }
    MYSQL_RES *res;
    bool ok = conn_query(c, sql.p, &res, e);
    buf_release(&sql);
    if (!ok)
        return err_wrap(e, "while reading the session back");
    MYSQL_ROW row = mysql_fetch_row(res);
    for (size_t i = 0, k = 0; ok && i < PIN_COUNT; i++) {
        if (!is_held[i])
            continue;
        const char *have = row && row[k] ? row[k] : "NULL";
        if (!session_same_value(PINS[i].name, PINS[i].value, have))
            ok = err_set(e, c->addr->is_target ? ERR_TARGET_QUERY : ERR_SOURCE_QUERY,
                         "the session variable %s was set to '%s', but the server shows '%s'",
                         PINS[i].name, PINS[i].value, have);
        k++;
    }
    mysql_free_result(res);
    return ok;
}

// TiDB puts the constant of `c` = 'x' in place of `c` in all other conditions when column and
// constant have the same collation, so that `c` = 'x' AND CAST(`c` AS BINARY) = 'x' finds 'x ' in a
// column of utf8mb4_bin. With the one collation where equal means the same bytes this is harmless.
// TiDB has it since 7.4.
static bool pick_exact_collation(struct conn *c, struct err *e)
{
    static const char sql[] = "SET SESSION collation_connection='utf8mb4_0900_bin'";
    if (c->server.flavour != DB_TIDB || conn_exec(c, sql, sizeof sql - 1, NULL, e))
        return true;
    if (err_is_lost(e))
        return false;
    err_clear(e);
    return true;
}

// TiDB refuses a row of more than 6 MiB unless its session says otherwise, which it may since 7.6; 120 MiB is the most.
// Where it may not, rows that are too large are found by their errors.
static bool raise_entry_limit(struct conn *c, struct err *e)
{
    static const char sql[] = "SET SESSION tidb_txn_entry_size_limit=125829120";
    if (c->server.flavour != DB_TIDB || !c->addr->is_target || conn_exec(c, sql, sizeof sql - 1, NULL, e))
        return true;
    if (err_is_lost(e))
        return false;
    err_clear(e);
    return true;
}

bool session_pin(struct conn *c, struct err *e)
{
    bool is_held[PIN_COUNT];
    for (size_t i = 0; i < PIN_COUNT; i++)
        is_held[i] = pin_holds(&PINS[i], c);
    return set_all(c, is_held, e) && assert_all(c, is_held, e) && pick_exact_collation(c, e) &&
           raise_entry_limit(c, e);
}

bool session_plain(struct conn *c, struct err *e)
{
    /* ANSI and the names of other products bring ANSI_QUOTES back when they are set. */
    static const char *const reading[] = {"ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "ANSI", "ORACLE", "MSSQL", "DB2", "MAXDB", "POSTGRESQL"};
    char mode[1024];
    struct buf sql = {0};
    bool is_changed = false;
    if (!conn_value(c, "SELECT @@session.sql_mode", mode, sizeof mode, e))
        return false;
    for (char *rest = mode, *word; (word = strsep(&rest, ",")) != NULL;) {
        bool is_left_out = false;
        for (size_t i = 0; i < TG_ARRAY_LEN(reading); i++)
            is_left_out |= strcasecmp(word, reading[i]) == 0;
        is_changed |= is_left_out;
        if (!is_left_out)
            buf_addf(&sql, "%s%s", sql.n ? "," : "SET SESSION sql_mode = '", word);
    }
    buf_adds(&sql, sql.n ? "'" : "SET SESSION sql_mode = ''");
    bool ok = !is_changed || conn_exec(c, sql.p, sql.n, NULL, e);
    buf_release(&sql);
    /* Behind a statement that waits for a table, everybody else waits too. TiDB has no such lock. */
    if (!ok || conn_execf(c, e, "SET SESSION lock_wait_timeout = 10"))
        return ok;
    ok = !err_is_lost(e);
    if (ok)
        err_clear(e);
    return ok;
}

// "5.6.24-log" is 50624; 0 when there are no three numbers.
static unsigned three_numbers(const char *text)
{
    unsigned a, b, n;
    return sscanf(text, "%3u.%3u.%3u", &a, &b, &n) == 3 ? a * 10000 + b * 100 + n : 0;
}

void session_read_version(const char *text, struct db_server *out)
{
    enum { TIDB_UNNUMBERED = 80400 }; // a build that tells no version is taken for a current one
    snprintf(out->version_text, sizeof out->version_text, "%s", text);
    const char *tidb = strcasestr(text, "TiDB");
    out->flavour = tidb ? DB_TIDB : strcasestr(text, "MariaDB") ? DB_MARIADB : DB_MYSQL;
    if (tidb)
        text = tidb + strcspn(tidb, "0123456789");
    // Old proxies put the handshake's prefix before MariaDB's own number.
    else if (out->flavour == DB_MARIADB && strncmp(text, "5.5.5-", 6) == 0)
        text += 6;
    out->version = three_numbers(text);
    if (tidb && !out->version)
        out->version = TIDB_UNNUMBERED;
}

struct facts {
    char host[64], port[16], datadir[256], uuid[64], version[96];
    bool has_native_keys; // InnoDB itself follows foreign keys, and tells the binlog nothing
};

static void keep(char *to, size_t size, const char *value)
{
    snprintf(to, size, "%s", value);
}

void session_read_basedir(const char *path, struct db_server *out)
{
    static const char amazon[] = "/rdsdbbin/", aurora[] = "/rdsdbbin/oscar";
    out->is_rds |= strncmp(path, amazon, sizeof amazon - 1) == 0;
    out->is_aurora |= strncmp(path, aurora, sizeof aurora - 1) == 0;
}

static void take_fact(struct db_server *s, struct facts *f, const char *name, const char *value)
{
    if (strcasecmp(name, "version") == 0)
        keep(f->version, sizeof f->version, value);
    else if (strcasecmp(name, "hostname") == 0)
        keep(f->host, sizeof f->host, value);
    else if (strcasecmp(name, "port") == 0)
        keep(f->port, sizeof f->port, value);
    else if (strcasecmp(name, "datadir") == 0)
        keep(f->datadir, sizeof f->datadir, value);
    else if (strcasecmp(name, "server_uuid") == 0)
        keep(f->uuid, sizeof f->uuid, value);
    else if (strcasecmp(name, "server_id") == 0)
        s->server_id = (uint32_t)strtoul(value, NULL, 10);
    else if (strcasecmp(name, "gtid_mode") == 0)
        s->has_gtid = strcasecmp(value, "ON") == 0;
    else if (strcasecmp(name, "aurora_version") == 0)
        s->is_aurora = s->is_rds = true;
    else if (strcasecmp(name, "basedir") == 0)
        session_read_basedir(value, s);
    else if (strcasecmp(name, "lower_case_table_names") == 0)
        s->lower_case_table_names = (int)strtol(value, NULL, 10);
    else if (strcasecmp(name, "max_allowed_packet") == 0)
        s->max_allowed_packet = strtoull(value, NULL, 10);
    else if (strcasecmp(name, "innodb_native_foreign_keys") == 0)
        f->has_native_keys = strcasecmp(value, "ON") == 0;
}

// MariaDB has no server_uuid: what stays the same for a server over restarts and is not shared by a
// copy of it.
static void compose_identity(struct db_server *s, const struct facts *f)
{
    struct buf all = {0};
    buf_addf(&all, "%s\n%s\n%s", f->host, f->port, f->datadir);
    snprintf(s->uuid, sizeof s->uuid, "%" PRIu32 "@%.30s:%.5s:%08" PRIx64, s->server_id, f->host,
             f->port, hash64(all.p, all.n, 0) >> 32);
    buf_release(&all);
}

bool session_detect(struct conn *c, struct err *e)
{
    static const char sql[] = "SHOW VARIABLES WHERE Variable_name IN ('version', 'hostname', "
                              "'port', 'datadir', 'server_uuid', "
                              "'server_id', 'gtid_mode', 'aurora_version', 'basedir', "
                              "'lower_case_table_names', 'max_allowed_packet', 'innodb_native_foreign_keys')";
    struct db_server *s = &c->server;
    struct facts f = {0};
    MYSQL_RES *res;
    // SHOW obeys a global limit as well, and the session is not pinned yet.
    static const char all[] = "SET SESSION sql_select_limit=18446744073709551615";
    *s = (struct db_server){0};
    if (!conn_exec(c, all, sizeof all - 1, NULL, e) || !conn_query(c, sql, &res, e))
        return err_wrap(e, "while asking the server what it is");
    for (MYSQL_ROW row; (row = mysql_fetch_row(res));)
        take_fact(s, &f, row[0] ? row[0] : "", row[1] ? row[1] : "");
    mysql_free_result(res);
    session_read_version(f.version[0] ? f.version : mysql_get_server_info(c->my), s);
    if (s->flavour == DB_MYSQL)
        keep(s->uuid, sizeof s->uuid, f.uuid);
    else if (s->flavour == DB_MARIADB)
        compose_identity(s, &f);
    s->logs_cascades = s->flavour == DB_MYSQL && s->version >= 90600 && !f.has_native_keys;
    s->has_gtid = s->flavour == DB_MARIADB || (s->flavour == DB_MYSQL && s->has_gtid);
    return true;
}
