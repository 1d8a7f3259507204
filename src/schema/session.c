// SPDX-License-Identifier: Apache-2.0
// A statement and its session: what it leaves to the server, and whether one that is logged as text may reach our tables.

#include "schema/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

struct ddl_context ddl_context_of(const struct db_server *server, struct str schema)
{
    struct ddl_context cx = {.is_mariadb = server->flavour == DB_MARIADB,
                             .version = server->flavour == DB_TIDB ? 80000 : server->version}; /* what TiDB counts as in executable comments */
    snprintf(cx.schema, sizeof cx.schema, STR_FMT, STR_ARG(schema));
    return cx;
}

bool text_may_touch(struct str sql, const char *schema, struct table *const *tables, uint32_t n, name_want *want, void *arg)
{
    bool may = false;
    char *text = x_strndup(sql.p, sql.n);
    for (uint32_t i = 0; i < n && !may; i++)
        may = tables[i] && (strcasecmp(tables[i]->schema, schema) == 0 || strcasestr(text, tables[i]->schema));
    free(text);
    return may || want(arg, schema, NULL);
}
