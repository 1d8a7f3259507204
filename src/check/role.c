// SPDX-License-Identifier: Apache-2.0
// Whether this is the server where changes are made, or one that has them second-hand and perhaps not in its binlog.
#include "check/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* Aurora's reader endpoint is NAME.cluster-ro-ID.REGION…, the writer's NAME.cluster-ID.REGION…. */
bool writer_host(const char *host, char *out, size_t size)
{
    static const char reader[] = ".cluster-ro-";
    const char *at = strstr(host, reader);
    if (!at)
        return false;
    snprintf(out, size, "%.*s.cluster-%s", (int)(at - host), host, at + sizeof reader - 1);
    return true;
}

struct upstream {                     /* what this server replicates from */
    bool is_known, is_replica, is_running;
    char host[256], port[16];
    uint32_t n;
};

static const char *field(MYSQL_RES *res, MYSQL_ROW row, const char *a, const char *b)
{
    const MYSQL_FIELD *fields = mysql_fetch_fields(res);
    for (unsigned i = 0; i < mysql_num_fields(res); i++)
        if (strcasecmp(fields[i].name, a) == 0 || strcasecmp(fields[i].name, b) == 0)
            return row[i] ? row[i] : "";
    return "";
}

static void read_upstream(struct end *s, struct upstream *u)
{
    const struct db_server *server = &s->conn.server;
    struct err ignored = {0};
    MYSQL_RES *res;
    const char *sql = server->flavour == DB_MARIADB                         ? "SHOW ALL SLAVES STATUS"
                      : server->flavour == DB_MYSQL && server->version >= 80022 ? "SHOW REPLICA STATUS"
                                                                             : "SHOW SLAVE STATUS";
    if (!conn_query(&s->conn, sql, &res, &ignored))
        return;
    u->is_known = true;
    u->is_running = true;
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL; u->n++) {
        u->is_replica = true;
        snprintf(u->host, sizeof u->host, "%s", field(res, row, "Source_Host", "Master_Host"));
        snprintf(u->port, sizeof u->port, "%s", field(res, row, "Source_Port", "Master_Port"));
        u->is_running = u->is_running && strcasecmp(field(res, row, "Replica_SQL_Running", "Slave_SQL_Running"), "Yes") == 0 &&
                        strcasecmp(field(res, row, "Replica_IO_Running", "Slave_IO_Running"), "Yes") == 0;
    }
    mysql_free_result(res);
}

static void reader(struct run *r, struct check_result *out, bool is_reader)
{
    struct end *s = &r->end[SOURCE];
    char writer[256];
    bool has_name = writer_host(s->addr.host, writer, sizeof writer);
    if (is_reader && run_streams(r)) {
        find(out, CHECK_FAIL, has_name ? NULL : "Use the writer's (cluster) endpoint as source.host.",
             "%s leads to a reader (innodb_read_only is ON): it has no binlog to follow", s->addr.host);
        judge(out, CHECK_FAIL, ERR_BINLOG_OFF);
    } else if (has_name && !is_reader) {
        find(out, CHECK_WARN, NULL, "%s is the reader endpoint; it leads to the writer only as long as there is no reader", s->addr.host);
    }
    if (has_name)
        cure_setting(out, r->job, "source.host", writer, "Use the writer's endpoint: source.host: %s", writer);
}

static void replica(struct run *r, struct check_result *out, const struct upstream *u, bool logs)
{
    struct end *s = &r->end[SOURCE];
    if (!logs && run_streams(r)) {
        find(out, CHECK_FAIL, NULL, "%s is a replica of %s:%s and log_slave_updates is OFF: what it receives is not in its binlog",
             s->addr.host, u->host, u->port);
        judge(out, CHECK_FAIL, ERR_BINLOG_OFF);
        cure_setting(out, r->job, "source.host", u->host, "Follow its source: source.host: %s (port %s)", u->host, u->port);
        struct check_cure *c = add_cure(out, CURE_TEXT, "Have the replica write what it receives into its binlog, then restart it");
        c->text = x_strdup("[mysqld]\nlog_slave_updates = ON");
        c->is_disruptive = true;
    }
    if (!u->is_running)
        find(out, CHECK_WARN, "Start the replication there, or use its source.",
             "%s is a replica whose replication does not run: what is changed at %s:%s does not arrive", s->addr.host, u->host, u->port);
}

void check_role(struct run *r, struct check_result *out)
{
    struct end *s = &r->end[SOURCE];
    struct upstream u = {0};
    struct err e = {0};
    if (!end_variables(s, &e)) {
        unread(out, &e);
        return;
    }
    bool logs = end_is_on(s, "log_replica_updates") || end_is_on(s, "log_slave_updates");
    bool is_reader = end_is_on(s, "innodb_read_only");
    set_wanted(out, "writer");
    read_upstream(s, &u);
    set_found(out, is_reader ? "reader" : u.is_replica ? "replica of %s" : "writer", u.host);
    reader(r, out, is_reader);
    if (u.is_replica)
        replica(r, out, &u, logs);
    else if (!u.is_known && end_is_on(s, "read_only") && !is_reader && !logs)
        find(out, CHECK_WARN, "Grant REPLICATION CLIENT (MariaDB: REPLICA MONITOR), or look at SHOW REPLICA STATUS there.",
             "%s is read-only and may be a replica; log_slave_updates is OFF, so what it receives would not be in its binlog", s->addr.host);
    else if (!u.is_known)
        set_detail(out, "Whether it is a replica can't be asked by this user; it takes writes.");
}
