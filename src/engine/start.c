// SPDX-License-Identifier: Apache-2.0
/* Before anything is written: connect both ends, and look at everything that would stop the run later. */
#include "engine/private.h"

#include <stdio.h>
#include <stdlib.h>

static bool choose_road(struct engine *g, struct err *e);

/* Two names may lead to one server; existing: drop would then drop the source's own tables. */
static bool is_another(const struct engine *g, struct err *e)
{
    const char *source = g->look.server.uuid;
    return !source[0] || strcmp(source, g->control.server.uuid) != 0 ||
           err_set(e, ERR_TARGET_IS_SOURCE, "%s:%u and %s:%u are both the server %s", g->source.host, g->source.port, g->target.host,
                   g->target.port, source);
}

bool engine_connect(struct engine *g, struct err *e)
{
    char now[64];
    job_addr(&g->source, g->source_job, false);
    job_addr(&g->target, &g->job->target, true);
    if (!conn_open_source(&g->look, &g->source, 30, e) || !conn_open_target(&g->control, &g->target, 0, e) ||
        !is_another(g, e) || !dialect_read(&g->dialect, &g->control, e))
        return false;
    g->charmaps = charmaps_new(&g->source);
    g->dialect.geometry_as_bytes = job_accepts(g->job, "geometry-as-bytes");
    g->dialect.has_foreign_key = engine_has_key;
    g->dialect.arg = g;
    g->collations = collation_ids_read(&g->look, e);
    if (!g->collations || !conn_value(&g->look, "SELECT ROUND(UNIX_TIMESTAMP(NOW(6)) * 1000)", now, sizeof now, e))
        return false;
    g->clock_offset_ms = clock_wall_ms() - strtoll(now, NULL, 10);
    g->source_server = g->look.server;
    ledger_init(&g->ledger, g->job->name, g->source_job->id ? g->source_job->id : "source-1");
    return choose_road(g, e);
}

static bool variable(struct engine *g, const char *name, char *out, size_t size, struct err *e)
{
    char sql[160];
    snprintf(sql, sizeof sql, "SELECT VARIABLE_VALUE FROM (SELECT @@global.%s AS VARIABLE_VALUE) AS v", name);
    out[0] = 0;
    if (conn_value(&g->look, sql, out, size, e))
        return true;
    if (e->sql != 1193 && e->code != ERR_OK)
        return false;
    err_clear(e); /* an older server without it, or NULL */
    return true;
}

static bool is_on(const char *value)
{
    return strcmp(value, "1") == 0 || strcasecmp(value, "ON") == 0;
}

/* Without a binlog a full copy is made of one set of snapshots. */
static bool choose_road(struct engine *g, struct err *e)
{
    char value[256];
    if (!variable(g, "log_bin", value, sizeof value, e))
        return false;
    g->is_snapshot = g->job->mode == MODE_FULL && (g->job->road == ROAD_SNAPSHOT || !is_on(value));
    return true;
}

static bool check_binlog(struct engine *g, struct err *e)
{
    char value[256];
    if (!variable(g, "log_bin", value, sizeof value, e))
        return false;
    if (!is_on(value))
        return err_set(e, ERR_BINLOG_OFF, "log_bin is OFF at %s", g->source.host);
    if (!variable(g, "binlog_format", value, sizeof value, e))
        return false;
    if (strcasecmp(value, "ROW") != 0)
        return err_set(e, ERR_BINLOG_FORMAT, "binlog_format is %s, it must be ROW", value);
    if (!variable(g, "binlog_row_image", value, sizeof value, e))
        return false;
    if (value[0] && strcasecmp(value, "FULL") != 0)
        return err_set(e, ERR_BINLOG_FORMAT, "binlog_row_image is %s, it must be FULL", value);
    if (!variable(g, "binlog_row_value_options", value, sizeof value, e))
        return false;
    if (value[0])
        return err_set(e, ERR_BINLOG_FORMAT, "binlog_row_value_options is %s; this version needs it empty", value);
    static const char *const compressions[] = {"binlog_transaction_compression", "log_bin_compress"};
    for (size_t i = 0; i < TG_ARRAY_LEN(compressions); i++) {
        if (!variable(g, compressions[i], value, sizeof value, e))
            return false;
        if (is_on(value))
            return err_set(e, ERR_BINLOG_FORMAT, "%s is ON; this version needs it OFF", compressions[i]);
    }
    return true;
}

static bool check_xa(struct engine *g, struct err *e)
{
    MYSQL_RES *res;
    if (!conn_query(&g->look, "XA RECOVER", &res, e)) {
        err_clear(e); /* may need a privilege; XA in the stream stops the run anyway */
        return true;
    }
    bool any = mysql_num_rows(res) > 0;
    mysql_free_result(res);
    return !any || err_set(e, ERR_BINLOG_EVENT, "XA RECOVER shows prepared transactions; commit or roll them back first");
}

/* Does what the run will do: opens the binlog and reads an event. */
static bool rehearse_stream(struct engine *g, struct err *e)
{
    struct binlog_start s = {.server_id = (uint32_t)(tg_random64() | 0x40000000u), .heartbeat_ms = 1000};
    struct binlog_raw *raw = NULL;
    if (!source_position(&g->look, &s.pos, e))
        return false;
    struct binlog *b = binlog_open(&g->source, &s, e);
    bool fine = b && binlog_fetch(b, &raw, e);
    free(raw);
    binlog_close(b);
    return fine || err_wrap(e, "while trying to read the binlog");
}

static bool check_tables(struct engine *g, const struct schema_list *l, struct err *e)
{
    if (!l->n)
        return err_set(e, ERR_SOURCE_EMPTY, "nothing at %s matches allow.include", g->source.host);
    for (uint32_t i = 0; i < l->n; i++)
        if (!table_is_supported(l->tables[i], &g->dialect, e)) {
            table_label(l->tables[i], e->where);
            return false;
        }
    return true;
}

bool engine_start_checks(struct engine *g, struct schema_list *tables, struct err *e)
{
    return (g->is_snapshot || (check_binlog(g, e) && check_xa(g, e) && rehearse_stream(g, e))) &&
           schema_read(tables, &g->look, job_wants_port, g->job, NULL, e) && check_tables(g, tables, e);
}

static bool check_identity(struct engine *g, struct err *e)
{
    if (strcmp(g->found.identity, g->source_server.uuid) != 0)
        return err_set(e, ERR_SOURCE_IDENTITY, "the ledger knows %s, this is %s", g->found.identity, g->source_server.uuid);
    struct pos end;
    if (engine_is_of_snapshot(&g->found.mark) != g->is_snapshot && engine_is_of_snapshot(&g->found.mark))
        return err_set(e, ERR_BINLOG_OFF, "this run began without a stream, in mode full; it can only go on so");
    if (engine_is_of_snapshot(&g->found.mark))
        return true;
    g->is_snapshot = false;
    if (!source_position(&g->look, &end, e))
        return false;
    if (pos_cmp(&g->found.mark, &end) > 0)
        return err_set(e, ERR_SOURCE_IDENTITY, "its binlog ends before the position this run has reached: it was reset");
    return true;
}

bool engine_prepare(struct engine *g, struct err *e)
{
    g->epoch = tg_random64();
    g->control_epoch = (struct epoch){.now = g->epoch};
    if (!ledger_create(&g->control, e) ||
        !ledger_fence(&g->ledger, &g->control, g->lanes + 2, 0, g->epoch, g->cancel, e) ||
        !ledger_read(&g->ledger, &g->control, &g->found, e))
        return false;
    g->is_new = !g->found.exists;
    g->has_ledger = true;
    return g->is_new || check_identity(g, e);
}
