// SPDX-License-Identifier: Apache-2.0
/* A chunk costs what it holds only while the server reads it as a range of the key, in the key's order. Should it not,
 * each chunk of a table would read all of it: that is told, never borne in silence. */
#include "copy/private.h"

#include "base/text.h"

#include <stdio.h>

struct plan {
    char type[32], key[200], extra[300];
};

static void keep(char *to, size_t size, const char *value)
{
    snprintf(to, size, "%s", value ? value : "");
}

static void take_row(struct plan *p, MYSQL_RES *res, MYSQL_ROW row)
{
    MYSQL_FIELD *f = mysql_fetch_fields(res);
    for (unsigned i = 0; i < mysql_num_fields(res); i++) {
        if (strcasecmp(f[i].name, "type") == 0)
            keep(p->type, sizeof p->type, row[i]);
        else if (strcasecmp(f[i].name, "key") == 0)
            keep(p->key, sizeof p->key, row[i]);
        else if (strcasecmp(f[i].name, "extra") == 0)
            keep(p->extra, sizeof p->extra, row[i]);
    }
}

bool plan_is_range(struct conn *c, const struct table *def, const struct buf *sql, bool *is_range, char how[200],
                   struct err *e)
{
    MYSQL_RES *res;
    struct plan p = {0};
    struct buf explain = {0};
    buf_adds(&explain, c->server.flavour == DB_MARIADB ? "EXPLAIN " : "EXPLAIN FORMAT=TRADITIONAL ");
    buf_add(&explain, sql->p, sql->n);
    bool fine = conn_query(c, explain.p, &res, e);
    buf_release(&explain);
    if (!fine)
        return false;
    MYSQL_ROW row = mysql_fetch_row(res);
    if (row)
        take_row(&p, res, row);
    mysql_free_result(res);
    /* without a type there is nothing to read: "Impossible WHERE" and its like */
    bool is_whole = strcmp(p.type, "ALL") == 0 || strcmp(p.type, "index") == 0;
    *is_range = !p.type[0] || (!is_whole && strcmp(p.key, def->keys[def->row_key].name) == 0 && !strstr(p.extra, "filesort"));
    snprintf(how, 200, N_("EXPLAIN says %.20s by key %.80s (%.60s)"), p.type, p.key[0] ? p.key : "none", p.extra);
    return true;
}
