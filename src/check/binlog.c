// SPDX-License-Identifier: Apache-2.0
// Whether the source's binlog holds every change, whole, in a form that is understood, and for long enough.
#include "check/private.h"

#include "base/text.h"

#include <stdlib.h>
#include <strings.h>

void check_binlog_enable(struct run *r, struct check_result *out)
{
    struct end *s = &r->end[SOURCE];
    struct err e = {0};
    if (!end_variables(s, &e)) {
        unread(out, &e);
        return;
    }
    bool is_on = end_is_on(s, "log_bin");
    set_found(out, is_on ? "ON" : "OFF");
    set_wanted(out, "ON");
    if (is_on)
        return;
    if (r->job->mode == MODE_FULL) {
        find(out, CHECK_WARN, NULL, "log_bin is OFF: the copy is read from one set of snapshots, and shows the source of its beginning");
        return;
    }
    find(out, CHECK_FAIL, NULL, "log_bin is OFF at %s", s->addr.host);
    judge(out, CHECK_FAIL, ERR_BINLOG_OFF);
    if (run_managed(r) != MANAGED_NO) {
        struct check_cure *c = add_cure(out, CURE_PARAMETER, "Switch the binlog on in the parameter group, then restart the writer");
        c->text = x_strdup(run_managed(r) == MANAGED_AURORA
                               ? N_("Aurora: in the cluster parameter group set binlog_format=ROW, attach the group, reboot the writer.")
                               : N_("RDS: switch automated backups on (retention of a day or more), in the parameter group set binlog_format=ROW, reboot."));
        c->is_disruptive = true;
    } else {
        struct check_cure *c = add_cure(out, CURE_TEXT, "Switch the binlog on in the server's configuration, then restart it");
        c->text = x_strdup("[mysqld]\nlog_bin = binlog\nserver_id = 1\nbinlog_format = ROW");
        c->is_disruptive = true;
    }
    cure_setting(out, r->job, "mode", "full", "Copy once, without following: mode: full");
}

static bool is_readable(struct end *s, struct check_result *out)
{
    struct err e = {0};
    if (end_variables(s, &e))
        return true;
    unread(out, &e);
    return false;
}

/* Sessions keep what the global value was when they began, or set their own. Only MySQL from 5.7 on shows it. Those that
 * are given the binlog write none: replicas, and the dump of an earlier look of ours that the server has not missed yet. */
static void find_sessions(struct run *r, struct check_result *out, enum check_state state, const char *name, const char *want,
                          const char *what)
{
    enum { SHOWN = 20 };
    struct end *s = &r->end[SOURCE];
    uint64_t ids[SHOWN];
    uint32_t n = 0;
    struct err ignored = {0};
    struct buf sql = {0};
    MYSQL_RES *res;
    if (s->conn.server.flavour != DB_MYSQL || s->conn.server.version < 50700)
        return;
    buf_addf(&sql, "SELECT /*+ MAX_EXECUTION_TIME(2000) */ t.PROCESSLIST_ID, v.VARIABLE_VALUE, t.PROCESSLIST_USER, t.PROCESSLIST_HOST "
                   "FROM performance_schema.variables_by_thread v JOIN performance_schema.threads t ON t.THREAD_ID = v.THREAD_ID "
                   "WHERE v.VARIABLE_NAME = '%s' AND v.VARIABLE_VALUE <> '%s' AND t.PROCESSLIST_USER IS NOT NULL "
                   "AND t.PROCESSLIST_ID <> CONNECTION_ID() AND t.PROCESSLIST_COMMAND NOT LIKE 'Binlog Dump%%' AND t.PROCESSLIST_USER NOT IN ('rdsadmin', 'event_scheduler')", name, want);
    bool fine = conn_query(&s->conn, sql.p, &res, &ignored);
    buf_release(&sql);
    if (!fine)
        return;
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;) {
        find(out, state, NULL, "session %s of %s@%s has %s = %s of its own: %s", row[0], row[2], row[3] ? row[3] : "", name,
             row[1][0] ? row[1] : "(empty)", what);
        judge(out, state, state == CHECK_FAIL ? ERR_BINLOG_FORMAT : ERR_OK);
        if (n < SHOWN)
            ids[n++] = strtoull(row[0], NULL, 10);
    }
    mysql_free_result(res);
    cure_kill(r, out, ids, n, "End these sessions: their programs connect again, with the global value");
}

static const char *const ANEW = N_("at once for sessions that begin after it: let the writers connect again, a session keeps what it has");

/* A variable that must have one value; an older server without it behaves as if it had. */
static void hold_value(struct run *r, struct check_result *out, const char *name, const char *want)
{
    struct end *s = &r->end[SOURCE];
    const char *have = end_variable(s, name);
    if (!have)
        return;
    set_found(out, "%s", have[0] ? have : "none");
    set_wanted(out, "%s", want[0] ? want : "none");
    if (strcasecmp(have, want) != 0) {
        find(out, CHECK_FAIL, NULL, "%s is %s", name, have);
        judge(out, CHECK_FAIL, ERR_BINLOG_FORMAT);
        cure_variable(r, out, false, name, want, ANEW, "Set %s to %s", name, want[0] ? want : "nothing");
    }
    find_sessions(r, out, CHECK_FAIL, name, want, N_("what it writes stops the run"));
}

void check_binlog_format(struct run *r, struct check_result *out)
{
    if (is_readable(&r->end[SOURCE], out))
        hold_value(r, out, "binlog_format", "ROW");
}

void check_row_image(struct run *r, struct check_result *out)
{
    if (!is_readable(&r->end[SOURCE], out))
        return;
    set_found(out, "always whole");
    hold_value(r, out, "binlog_row_image", "FULL");
}

void check_row_value_options(struct run *r, struct check_result *out)
{
    if (!is_readable(&r->end[SOURCE], out))
        return;
    set_found(out, "always whole");
    hold_value(r, out, "binlog_row_value_options", "");
}

void check_compression(struct run *r, struct check_result *out)
{
    if (!is_readable(&r->end[SOURCE], out))
        return;
    set_found(out, "not known there");
    hold_value(r, out, "binlog_transaction_compression", "OFF");
    hold_value(r, out, "log_bin_compress", "OFF");
}

void check_row_metadata(struct run *r, struct check_result *out)
{
    if (!is_readable(&r->end[SOURCE], out))
        return;
    const char *have = end_variable(&r->end[SOURCE], "binlog_row_metadata");
    set_found(out, "%s", have ? have : "not known there");
    set_wanted(out, "any");
    set_detail(out, "Names, signs and character sets of columns are taken from the definition that holds at each position, "
                    "not from the events: MINIMAL is enough, FULL makes them larger.");
}

bool source_status(struct run *r, MYSQL_RES **out, struct err *e)
{
    struct conn *c = &r->end[SOURCE].conn;
    return conn_query(c, c->server.flavour == DB_MYSQL && c->server.version >= 80200 ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS",
                      out, e);
}

/* A stream can't be asked for from a place beyond 4 GiB: the protocol has 32 bits for it. */
static void check_end_of_binlog(struct run *r, struct check_result *out)
{
    MYSQL_RES *res;
    struct err ignored = {0};
    if (!source_status(r, &res, &ignored))
        return;
    MYSQL_ROW row = mysql_fetch_row(res);
    if (row && strtoull(row[1], NULL, 10) > UINT32_MAX) {
        find(out, CHECK_FAIL, NULL, "%s is longer than 4 GiB: no stream can begin at its end", row[0]);
        judge(out, CHECK_FAIL, ERR_BINLOG_READ);
        struct check_cure *c = add_cure(out, CURE_SQL, "Begin a new file of the binlog");
        c->sql = x_strdup("FLUSH BINARY LOGS");
        c->effect = x_strdup(_("at once, no restart"));
    }
    mysql_free_result(res);
}

void check_binlog_events(struct run *r, struct check_result *out)
{
    struct end *s = &r->end[SOURCE];
    if (!is_readable(s, out))
        return;
    const char *checksum = end_variable(s, "binlog_checksum"), *store = end_variable(s, "binlog_storage_engine");
    const char *on_error = end_variable(s, "binlog_error_action");
    set_found(out, "checksum %s", checksum ? checksum : "NONE");
    set_detail(out, "Both versions of row events are read, with checksums or without; an encrypted binlog is sent in the clear "
                    "inside the session; comments that annotate rows are passed over.");
    if (store && store[0]) {
        find(out, CHECK_FAIL, "Set binlog_storage_engine to nothing in the configuration and restart; or mode: full with road.kind: snapshot.",
             "binlog_storage_engine is %s: such a binlog has no files, and this version follows files", store);
        judge(out, CHECK_FAIL, ERR_BINLOG_READ);
    }
    if (on_error && strcasecmp(on_error, "IGNORE_ERROR") == 0) {
        find(out, CHECK_WARN, NULL, "binlog_error_action is IGNORE_ERROR: a source that can't write its binlog, for want of disk, "
                                    "goes on without it, and what is changed from then on never reaches the target");
        cure_variable(r, out, false, "binlog_error_action", "ABORT_SERVER",
                    "at once; a source that can't write its binlog then stops, in place of going on without it",
                    "Have the source stop when its binlog can't be written");
    }
    find_sessions(r, out, CHECK_WARN, "sql_log_bin", "ON", N_("what it writes never reaches the target"));
    check_end_of_binlog(r, out);
}

/* ---- which schemas are in it ---- */

static bool is_listed(const char *list, const char *schema, bool folds)
{
    size_t n = strlen(schema);
    for (const char *p = list; *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ',')) {
        size_t len = strcspn(p, ",");
        if (len == n && (folds ? strncasecmp(p, schema, n) : strncmp(p, schema, n)) == 0)
            return true;
    }
    return false;
}

static void hold_schemas(struct run *r, struct check_result *out, const char *only, const char *never)
{
    bool folds = r->end[SOURCE].conn.server.lower_case_table_names != 0;
    const char *last = NULL;
    for (uint32_t i = 0; i < r->tables.n; i++) {
        const char *schema = r->tables.tables[i]->schema;
        if (last && strcmp(last, schema) == 0)
            continue;
        last = schema;
        bool is_left_out = only[0] ? !is_listed(only, schema, folds) : is_listed(never, schema, folds);
        if (is_left_out)
            find(out, CHECK_FAIL, NULL, "%s is not in the binlog: changes of its rows would never reach the target", schema);
    }
    if (out->ntotal == 0) {
        find(out, CHECK_WARN, NULL, "statements that change tables are filtered by the session's own schema, not by the table's: "
                                    "an ALTER from another schema would not be seen");
        return;
    }
    struct check_cure *c = add_cure(out, CURE_TEXT, "Take the filter out of the server's configuration, then restart it");
    c->text = x_strdup(_("Remove the lines binlog-do-db and binlog-ignore-db below [mysqld]."));
    c->is_disruptive = true;
}

void check_binlog_db(struct run *r, struct check_result *out)
{
    MYSQL_RES *res;
    struct err e = {0};
    if (!source_status(r, &res, &e)) {
        unread(out, &e);
        return;
    }
    MYSQL_ROW row = mysql_fetch_row(res);
    set_wanted(out, "no filter");
    if (!row) {
        set_found(out, "no binlog");
    } else if (row[2][0] || row[3][0]) {
        set_found(out, row[2][0] ? "only %s" : "not %s", row[2][0] ? row[2] : row[3]);
        hold_schemas(r, out, row[2], row[2][0] ? "" : row[3]);
    } else {
        set_found(out, "no filter");
    }
    mysql_free_result(res);
}

/* ---- GTIDs ---- */

/* "uuid:tag:1-5": MySQL 8.3 and later. */
static bool has_tags(const char *set)
{
    for (const char *p = strchr(set, ':'); p; p = strchr(p + 1, ':'))
        if ((p[1] >= 'a' && p[1] <= 'z') || (p[1] >= 'A' && p[1] <= 'Z') || p[1] == '_')
            return true;
    return false;
}

static void hold_gtid_mode(struct run *r, struct check_result *out, const char *mode)
{
    const struct job_end *job = r->end[SOURCE].job;
    bool is_on = strcasecmp(mode, "ON") == 0;
    bool begins_by_it = r->job->mode == MODE_INCREMENTAL && job->start_gtid && job->start_gtid[0] &&
                        (job->enable_gtid || !job->start_file || !job->start_file[0]);
    if (!is_on && begins_by_it) {
        find(out, CHECK_FAIL, "Give a position (start.file and start.pos) in place of start.gtid.",
             "start.gtid asks to begin after a set of GTIDs, but gtid_mode is %s", mode);
    } else if (!is_on && job->enable_gtid) {
        find(out, CHECK_WARN, NULL, "gtid is true in the job, but gtid_mode is %s: the binlog is followed by file and position", mode);
        cure_setting(out, r->job, "source.gtid", "false", "Follow by file and position: source.gtid: false");
    } else if (strstr(mode, "PERMISSIVE")) {
        find(out, CHECK_WARN, "Finish the change to ON, or go back to OFF, before the run begins.",
             "gtid_mode is %s, a step between: transactions with and without a GTID come in one binlog", mode);
    }
    if (is_on || out->judged == CHECK_PASS || run_managed(r) == MANAGED_HEATWAVE)
        return;
    struct check_cure *c = add_cure(out, run_managed(r) == MANAGED_NO ? CURE_TEXT : CURE_PARAMETER, "Switch GTIDs on at the source");
    c->text = x_strdup(run_managed(r) == MANAGED_NO
                           ? N_("Step by step, each on every server of the topology before the next; from 5.7 on without a restart.")
                           : N_("In the (cluster) parameter group set enforce_gtid_consistency = ON and gtid-mode = ON, then reboot the writer."));
    if (run_managed(r) == MANAGED_NO && r->end[SOURCE].conn.server.version >= 50700)
        c->sql = x_strdup("SET GLOBAL enforce_gtid_consistency = ON;\nSET GLOBAL gtid_mode = OFF_PERMISSIVE;\n"
                          "SET GLOBAL gtid_mode = ON_PERMISSIVE;\nSET GLOBAL gtid_mode = ON");
    c->is_disruptive = true;
    c->effect = x_strdup(_("statements that GTIDs can't describe are refused from then on (CREATE TABLE … SELECT before 8.0)"));
}

void check_gtid(struct run *r, struct check_result *out)
{
    struct end *s = &r->end[SOURCE];
    if (!is_readable(s, out))
        return;
    const char *mode = end_variable(s, "gtid_mode"), *done = end_variable(s, "gtid_executed");
    set_wanted(out, "ON or OFF");
    if (s->conn.server.flavour == DB_MARIADB || !mode) {
        set_found(out, "%s", s->conn.server.flavour == DB_MARIADB ? N_("always on") : "not known there");
        return;
    }
    set_found(out, "%s", mode);
    hold_gtid_mode(r, out, mode);
    if (done && has_tags(done) && strcasecmp(mode, "ON") == 0) {
        find(out, CHECK_FAIL, "Write without tags (gtid_next = AUTOMATIC). Those that are in gtid_executed go only with the binlog itself.",
             "gtid_executed holds GTIDs with tags, which this version does not read");
        judge(out, CHECK_FAIL, ERR_BINLOG_EVENT);
    }
}
