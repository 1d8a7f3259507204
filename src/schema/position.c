// SPDX-License-Identifier: Apache-2.0
/* Where the source stands: its binlog's end, what may be in it, and where an open snapshot stands. Each flavour has one
 * way to know that everything up to a position can be read (DESIGN 4.1). */
#include "schema/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum visible visible_way(const struct db_server *s)
{
    if (s->flavour == DB_MARIADB)
        return VISIBLE_SNAPSHOT;
    return s->has_gtid && s->version >= 50700 ? VISIBLE_GTID : VISIBLE_LOCK;
}

bool source_comes_back(const struct err *e)
{
    return err_is_lost(e) || e->code == ERR_SOURCE_CONNECT || e->code == ERR_NET_RESOLVE;
}

bool source_position(struct conn *c, struct pos *out, struct err *e)
{
    MYSQL_RES *res;
    const char *sql = c->server.flavour == DB_MYSQL && c->server.version >= 80200 ? "SHOW BINARY LOG STATUS"
                                                                                 : "SHOW MASTER STATUS";
    if (!conn_query(c, sql, &res, e))
        return false;
    MYSQL_ROW r = mysql_fetch_row(res);
    if (r) {
        snprintf(out->file, sizeof out->file, "%s", r[0]);
        out->at = strtoull(r[1], NULL, 10);
    }
    mysql_free_result(res);
    return r || err_set(e, ERR_BINLOG_OFF, "%s answers nothing", sql);
}

bool source_binlogs(struct conn *c, struct binlog_file **out, uint32_t *n, struct err *e)
{
    MYSQL_RES *res;
    if (!conn_query(c, "SHOW BINARY LOGS", &res, e))
        return false;
    *n = 0;
    *out = x_alloc((mysql_num_rows(res) + 1) * sizeof **out);
    for (MYSQL_ROW r; (r = mysql_fetch_row(res)) != NULL; ++*n) {
        snprintf((*out)[*n].name, sizeof (*out)[*n].name, "%s", r[0]);
        (*out)[*n].bytes = strtoull(r[1], NULL, 10);
    }
    mysql_free_result(res);
    return true;
}

uint64_t binlog_distance(const struct binlog_file *files, uint32_t n, const struct pos *from, const struct pos *to)
{
    if (!pos_is_set(from) || !pos_is_set(to) || pos_cmp(from, to) >= 0)
        return 0;
    if (strcmp(from->file, to->file) == 0)
        return to->at - from->at;
    uint64_t sum = to->at;
    for (uint32_t i = 0; i < n; i++) {
        struct pos file = {.at = 0};
        snprintf(file.file, sizeof file.file, "%s", files[i].name);
        if (strcmp(files[i].name, from->file) == 0)
            sum += files[i].bytes - TG_MIN(from->at, files[i].bytes);
        else if (strcmp(files[i].name, to->file) != 0 && pos_cmp(&file, from) > 0 && pos_cmp(&file, to) < 0)
            sum += files[i].bytes;
    }
    return sum;
}

bool snapshot_position(struct conn *c, struct pos *out, struct err *e)
{
    MYSQL_RES *res;
    *out = (struct pos){0};
    if (!conn_query(c, "SHOW STATUS LIKE 'binlog\\_snapshot\\_%'", &res, e))
        return false;
    for (MYSQL_ROW r; (r = mysql_fetch_row(res)) != NULL;) {
        if (strcasecmp(r[0], "Binlog_snapshot_file") == 0)
            snprintf(out->file, sizeof out->file, "%s", r[1]);
        if (strcasecmp(r[0], "Binlog_snapshot_position") == 0)
            out->at = strtoull(r[1], NULL, 10);
    }
    mysql_free_result(res);
    return pos_is_set(out) || err_set(e, ERR_BINLOG_OFF, "no binlog_snapshot_position in SHOW STATUS");
}

bool source_gtids(struct conn *c, struct gtid_set *out, struct err *e)
{
    enum { SIZE = 1 << 20 };
    char *text = x_alloc(SIZE);
    bool fine = conn_value(c, "SELECT @@global.gtid_owned", text, SIZE, e);
    if (fine) {
        for (char *p = strchr(text, '#'); p; p = strchr(p, '#')) { /* uuid:number#thread */
            size_t n = strspn(p + 1, "0123456789") + 1;
            memmove(p, p + n, strlen(p + n) + 1);
        }
        fine = gtid_parse(out, text, e);
    }
    fine = fine && conn_value(c, "SELECT @@global.gtid_executed", text, SIZE, e) && gtid_parse(out, text, e);
    if (fine && strlen(text) == SIZE - 1)
        fine = err_set(e, ERR_SOURCE_QUERY, "gtid_executed is longer than %d bytes", SIZE);
    free(text);
    return fine || err_wrap(e, "while reading which transactions are in the binlog");
}
