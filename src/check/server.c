// SPDX-License-Identifier: Apache-2.0
// What the source is: version, ids, room for connections, settings of its sessions, who runs it.
#include "check/private.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* ---- version ---- */

enum check_state version_judge(enum db_flavour flavour, unsigned version, const char **why)
{
    *why = "";
    if (flavour == DB_TIDB) {
        *why = N_("TiDB writes no binlog of MySQL's form, and was never tried as a source");
        return CHECK_FAIL;
    }
    if (!version) {
        *why = N_("its version is not understood: it is taken for an old one");
        return CHECK_WARN;
    }
    if (flavour == DB_MARIADB ? version < 100100 : version < 50600) {
        *why = flavour == DB_MARIADB ? N_("before 10.1 the binlog may hold parts of rows, and times in a form that is not read")
                                     : N_("before 5.6 times are in the binlog in a form that is not read");
        return CHECK_FAIL;
    }
    if (flavour == DB_MARIADB && version < 100300) {
        *why = N_("before 10.3 it was never tried, and its maker no longer mends it");
        return CHECK_WARN;
    }
    if (flavour == DB_MARIADB ? version >= 120000 : version >= 100000) {
        *why = N_("it is newer than what this version was made for");
        return CHECK_WARN;
    }
    return CHECK_PASS;
}

void check_version(struct run *r, struct check_result *out)
{
    static const char *const flavours[] = {"MySQL", "TiDB", "MariaDB"};
    const struct db_server *server = &r->end[SOURCE].conn.server;
    const char *why;
    enum check_state state = version_judge(server->flavour, server->version, &why);
    set_found(out, "%s %.40s", flavours[server->flavour], server->version_text);
    set_wanted(out, "MySQL 5.6 to 9, MariaDB 10.3 to 11");
    if (state != CHECK_PASS)
        find(out, state, NULL, "%s %s: %s", flavours[server->flavour], server->version_text, why);
}

/* ---- ids ---- */

void check_server_id(struct run *r, struct check_result *out)
{
    struct end *s = &r->end[SOURCE];
    char id[16];
    struct err e = {0};
    if (!end_variables(s, &e)) {
        unread(out, &e);
        return;
    }
    const char *have = end_variable(s, "server_id");
    set_found(out, "%s", have ? have : "not known there");
    set_wanted(out, "not 0");
    if (!have || strtoull(have, NULL, 10) != 0)
        return;
    /* 5.6 gives it all the same where the 0 came later, by SET; the dump that is tried tells. */
    bool refuses = s->conn.server.flavour == DB_MYSQL && s->conn.server.version >= 80000;
    if (refuses)
        find(out, CHECK_FAIL, NULL, "server_id is 0: a source without an id gives its binlog to nobody");
    else
        find(out, CHECK_WARN, NULL, "server_id is 0: after a restart without one the source gives its binlog to nobody");
    if (refuses)
        judge(out, CHECK_FAIL, ERR_BINLOG_READ);
    snprintf(id, sizeof id, "%u", (unsigned)(tg_random64() >> 36 | 1));
    cure_variable(r, out, false, "server_id", id, NULL, "Give the source an id");
}

static bool has_other_dumps(struct run *r)
{
    struct err ignored = {0};
    char n[32] = "0";
    /* Without PROCESS only our own sessions are seen: then nothing is known of others. */
    return conn_value(&r->end[SOURCE].conn, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%' "
                                            "AND USER <> SUBSTRING_INDEX(USER(), '@', 1)", n, sizeof n, &ignored) && strcmp(n, "0") != 0;
}

static void cure_random_id(struct run *r, struct check_result *out)
{
    cure_setting(out, r->job, "source.server-id", "0", "Have an id chosen at random at each start");
}

/* Another replica with our id: the source ends the older of the two dumps, so each would cut the other off for ever. An
 * engine of this very job that ended a moment ago may still be listed. */
static void hold_replicas(struct run *r, struct check_result *out, MYSQL_RES *res)
{
    int64_t id = r->end[SOURCE].job->server_id;
    bool has_uuid = mysql_num_fields(res) > 4;
    uint64_t n = 0;
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL; n++) {
        if (strtoll(row[0], NULL, 10) != id)
            continue;
        bool is_server = (has_uuid && row[4] && row[4][0]) || has_other_dumps(r);
        find(out, is_server ? CHECK_FAIL : CHECK_WARN, NULL,
             is_server ? "source.server-id %lld is the id of a replica at %s: each would cut the other off"
                       : "source.server-id %lld is in use at %s, perhaps by an earlier engine of this job that the source still lists",
             (long long)id, row[1] && row[1][0] ? row[1] : N_("an unnamed host"));
        cure_random_id(r, out);
    }
    set_found(out, "%lld; %llu replicas", (long long)id, (unsigned long long)n);
}

void check_server_id_clash(struct run *r, struct check_result *out)
{
    struct end *s = &r->end[SOURCE];
    const struct db_server *server = &s->conn.server;
    struct err e = {0};
    MYSQL_RES *res;
    set_wanted(out, "an id of its own");
    if (!s->job->server_id) {
        set_found(out, "chosen at random");
        return;
    }
    set_found(out, "%lld", (long long)s->job->server_id);
    if ((uint32_t)s->job->server_id == server->server_id) {
        find(out, CHECK_FAIL, NULL, "source.server-id %u is the source's own id: a replica that shares it takes the source's changes for its own",
             server->server_id);
        cure_random_id(r, out);
        return;
    }
    bool is_new = server->flavour == DB_MYSQL && server->version >= 80022;
    if (!conn_query(&s->conn, is_new ? "SHOW REPLICAS" : "SHOW SLAVE HOSTS", &res, &e)) {
        unread(out, &e);
        cure_random_id(r, out);
        return;
    }
    hold_replicas(r, out, res);
    mysql_free_result(res);
}

/* ---- connections ---- */

#define BESIDES 8                     /* the stream, two that look, two of a snapshot without a key, the check's own, spare */

static uint64_t readers_of(const struct job *j)
{
    static const uint64_t by_pace[] = {[PACE_GENTLE] = 2, [PACE_NORMAL] = 4, [PACE_FAST] = 8};
    return j->readers > 0 ? (uint64_t)j->readers : by_pace[j->pace];
}

static uint64_t number(struct end *s, const char *name)
{
    const char *value = end_variable(s, name);
    return value ? strtoull(value, NULL, 10) : 0;
}

static void hold_connections(struct run *r, struct check_result *out, uint64_t need, uint64_t most, uint64_t used)
{
    struct end *s = &r->end[SOURCE];
    char value[32];
    uint64_t free = most > used ? most - used : 0;
    set_found(out, "%llu free of %llu", (unsigned long long)free, (unsigned long long)most);
    if (free >= need)
        return;
    if (need > most)
        find(out, CHECK_FAIL, NULL, "max_connections is %llu, and the run needs %llu", (unsigned long long)most, (unsigned long long)need);
    else
        find(out, CHECK_WARN, NULL, "%llu of %llu connections are in use at %s, and the run needs %llu", (unsigned long long)used,
             (unsigned long long)most, s->addr.host, (unsigned long long)need);
    if (need > most)
        judge(out, CHECK_FAIL, ERR_SOURCE_CONNECT);
    if (readers_of(r->job) > 1)
        cure_setting(out, r->job, "limits.readers", "1", "Read with one connection");
    snprintf(value, sizeof value, "%llu", (unsigned long long)(used + 2 * need));
    cure_variable(r, out, false, "max_connections", value, NULL, "Let more programs connect");
}

void check_conn_number(struct run *r, struct check_result *out)
{
    struct end *s = &r->end[SOURCE];
    struct err e = {0};
    char used[32], own[32] = "0";
    uint64_t need = readers_of(r->job) + BESIDES, most = number(s, "max_connections");
    set_wanted(out, "%llu free", (unsigned long long)need);
    MYSQL_RES *res;
    if (!end_variables(s, &e) || !conn_query(&s->conn, "SHOW GLOBAL STATUS LIKE 'Threads_connected'", &res, &e)) {
        unread(out, &e);
        return;
    }
    MYSQL_ROW row = mysql_fetch_row(res);
    snprintf(used, sizeof used, "%s", row ? row[1] : "0");
    mysql_free_result(res);
    if (most)
        hold_connections(r, out, need, most, strtoull(used, NULL, 10));
    /* The session's value is that of the account. */
    if (!conn_value(&s->conn, "SELECT @@session.max_user_connections", own, sizeof own, &e))
        return;
    uint64_t limit = strtoull(own, NULL, 10);
    if (limit && limit < need) {
        find(out, CHECK_FAIL, "ALTER USER … WITH MAX_USER_CONNECTIONS 0, or fewer readers (limits.readers).",
             "%s may have %llu connections at a time, and the run needs %llu", s->addr.user, (unsigned long long)limit, (unsigned long long)need);
        judge(out, CHECK_FAIL, ERR_SOURCE_CONNECT);
    }
}

/* ---- settings ---- */

static void add_odd(struct buf *out, struct end *s, const char *name, const char *usual)
{
    const char *have = end_variable(s, name);
    if (have && strcasecmp(have, usual) != 0 && strtod(have, NULL) != strtod(usual, NULL))
        buf_addf(out, "%s%s = %s", out->n ? ", " : "", name, have);
}

static uint32_t list_odd(struct end *s, struct buf *out)
{
    static const char *const modes[] = {"NO_BACKSLASH_ESCAPES", "ANSI_QUOTES", "PAD_CHAR_TO_FULL_LENGTH", "ORACLE", "IGNORE_SPACE"};
    const char *mode = end_variable(s, "sql_mode");
    uint32_t n = 0;
    for (size_t i = 0; mode && i < TG_ARRAY_LEN(modes); i++)
        if (strstr(mode, modes[i]))
            buf_addf(out, N_("%ssql_mode has %s"), n++ ? ", " : "", modes[i]);
    static const struct { const char *name, *usual; } numbers[] = {
        {"sql_select_limit", "18446744073709551615"}, {"max_execution_time", "0"}, {"max_statement_time", "0"}, {"wait_timeout", "28800"},
        {"net_write_timeout", "60"}, {"net_read_timeout", "30"}, {"lower_case_table_names", "0"}};
    for (size_t i = 0; i < TG_ARRAY_LEN(numbers); i++) {
        size_t before = out->n;
        add_odd(out, s, numbers[i].name, numbers[i].usual);
        n += out->n > before;
    }
    return n;
}

void check_settings(struct run *r, struct check_result *out)
{
    struct end *s = &r->end[SOURCE];
    struct buf odd = {0};
    struct err e = {0};
    if (!end_variables(s, &e)) {
        unread(out, &e);
        return;
    }
    uint32_t n = list_odd(s, &odd);
    set_found(out, n ? "%u unusual, harmless" : "usual", n);
    set_wanted(out, "any");
    set_detail(out, "Each session of the run sets and reads back its own modes, limits and time zone (+00:00), and statements in the binlog "
                    "carry theirs; unusual here: %s", n ? odd.p : "nothing");
    buf_release(&odd);
}

void check_managed(struct run *r, struct check_result *out)
{
    static const char *const meaning[] = {
        [MANAGED_NO] = N_("A server of one's own: variables are set by SQL."),
        [MANAGED_RDS] = N_("No SUPER and no FLUSH TABLES WITH READ LOCK: tables are locked one by one; variables are set in the DB parameter "
                           "group; binlog retention by mysql.rds_set_configuration."),
        [MANAGED_AURORA] = N_("No SUPER and no FLUSH TABLES WITH READ LOCK: tables are locked one by one; variables are set in the cluster "
                              "parameter group; binlog retention by mysql.rds_set_configuration; only the writer has a binlog."),
        [MANAGED_CLOUD_SQL] = N_("No SUPER: variables are set as database flags; the binlog takes point-in-time recovery."),
        [MANAGED_AZURE] = N_("No SUPER: variables are server parameters."),
        [MANAGED_HEATWAVE] = N_("No SUPER: variables are set by a configuration of the DB system.")};
    struct end *s = &r->end[SOURCE];
    enum managed by = run_managed(r);
    const char *comment = end_variable(s, "version_comment"), *aurora = end_variable(s, "aurora_version");
    struct err ignored = {0};
    char version[64] = "";
    if (by == MANAGED_AURORA && !aurora && conn_value(&s->conn, "SELECT AURORA_VERSION()", version, sizeof version, &ignored))
        aurora = version;
    if (aurora)
        set_found(out, "%s %s", managed_name(by), aurora);
    else
        set_found(out, "%s", by == MANAGED_NO && comment && strcasestr(comment, "percona") ? "none, Percona Server" : managed_name(by));
    set_detail(out, "%s", meaning[by]);
}
