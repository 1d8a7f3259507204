// SPDX-License-Identifier: Apache-2.0
/* What copy asks of the binlog when it has no lock: did anything happen to one table between two positions? */
#include "engine/private.h"

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

struct quiet_look {
    struct engine *g;
    const struct table *def;
    const struct pos *to;
    bool is_quiet;
};

static bool look_for_change(void *arg, const struct binlog_event *ev)
{
    struct quiet_look *l = arg;
    if (ev->kind == BINLOG_TABLE_MAP)
        l->is_quiet = !is_it(l->def, ev->map->schema, ev->map->table);
    else if (ev->kind == BINLOG_QUERY && !ev->is_artificial)
        l->is_quiet = !query_touches(l->g, l->def, &ev->query);
    return l->is_quiet && pos_cmp(&ev->end, l->to) < 0;
}

bool engine_is_quiet(void *arg, const struct table *def, const struct pos *from, const struct pos *to, bool *is_quiet,
                     struct err *e)
{
    struct engine *g = arg;
    struct binlog_start s = {.pos = *from, .heartbeat_ms = 1000};
    struct quiet_look l = {g, def, to, true};
    bool fine = binlog_walk(&g->source, &s, look_for_change, &l, e);
    *is_quiet = l.is_quiet;
    return fine || err_wrap(e, "while looking for a quiet moment of %s.%s", def->schema, def->name);
}
