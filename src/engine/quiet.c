// SPDX-License-Identifier: Apache-2.0
/* What copy asks of the binlog when it has no lock: did anything happen to one table between two positions? */
#include "engine/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static bool is_it(const struct table *def, const char *schema, const char *table)
{
    return schema && strcasecmp(schema, def->schema) == 0 && (!table || strcasecmp(table, def->name) == 0);
}

/* What is not understood is taken for a change. */
static bool query_touches(struct engine *g, const struct table *def, const struct binlog_query *q)
{
    struct ddl d;
    struct err ignored = {0};
    struct ddl_context cx = ddl_context_of(&g->source_server, q->schema);
    cx.ansi_quotes = q->ansi_quotes;
    cx.no_backslash_escapes = q->no_backslash_escapes;
    if (!ddl_parse(&d, q->sql.p, q->sql.n, &cx, &ignored))
        return true;
    bool touches = d.kind == DDL_UNKNOWN || d.kind == DDL_DML_TEXT || d.kind == DDL_XA;
    for (uint32_t i = 0; i < d.nnames; i++) {
        const struct ddl_name *n = &d.names[i];
        touches = touches || is_it(def, n->schema, n->table) || is_it(def, n->to_schema, n->to_table);
    }
    ddl_release(&d);
    return touches;
}

bool engine_is_quiet(void *arg, const struct table *def, const struct pos *from, const struct pos *to, bool *is_quiet,
                     struct err *e)
{
    struct engine *g = arg;
    struct binlog_start s = {.pos = *from, .server_id = (uint32_t)(tg_random64() | 0x40000000u), .heartbeat_ms = 1000};
    struct binlog *b = binlog_open(&g->source, &s, e);
    struct binlog_decoder *d = decoder_new(g->source_server.flavour == DB_MARIADB);
    bool fine = b != NULL, is_over = false;
    *is_quiet = true;
    while (fine && !is_over && *is_quiet) {
        struct binlog_raw *raw = NULL;
        struct binlog_event ev = {0};
        fine = binlog_fetch(b, &raw, e) && decoder_feed(d, raw, &ev, e);
        if (fine && ev.kind == BINLOG_TABLE_MAP)
            *is_quiet = !is_it(def, ev.map->schema, ev.map->table);
        else if (fine && ev.kind == BINLOG_QUERY && !ev.is_artificial)
            *is_quiet = !query_touches(g, def, &ev.query);
        is_over = fine && pos_cmp(&ev.end, to) >= 0;
        free(raw);
    }
    decoder_free(d);
    binlog_close(b);
    return fine || err_wrap(e, "while looking for a quiet moment of %s.%s", def->schema, def->name);
}
