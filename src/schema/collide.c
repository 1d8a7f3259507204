// SPDX-License-Identifier: Apache-2.0
/* Unique keys over text whose collation the target lacks: which they are, and a question to the source whether two of
 * its values would be equal under the collation that takes its place. */
#include "schema/collide.h"

#include <stdio.h>

#define SHOWN 3 /* groups a key */

/* The collation as it is written for text that was brought to utf8mb4; "" where the source has no such one. */
static void as_utf8mb4(const struct collation_ids *source, const char *mapped, char out[64])
{
    const char *rest = strchr(mapped, '_');
    snprintf(out, 64, "utf8mb4%s", rest ? rest : "_bin");
    if (!collation_ids_has(source, out))
        out[0] = 0;
}

static bool merges(const struct target_dialect *to, const struct column *c, char mapped[64])
{
    if (!col_is_text(c->cls))
        return false;
    dialect_collation(to, c->collation, mapped);
    return collation_merges(c->collation, mapped);
}

static bool is_changed(const struct table *t, const struct key *k, const struct target_dialect *to, char mapped[64])
{
    if (!k->is_unique || k->is_hash)
        return false;
    for (uint32_t p = 0; p < k->nparts; p++)
        if (k->parts[p].column == UINT32_MAX)
            return false;
    for (uint32_t p = 0; p < k->nparts; p++)
        if (merges(to, &t->columns[k->parts[p].column], mapped))
            return true;
    return false;
}

bool collide_next(const struct table *t, const struct target_dialect *to, const struct collation_ids *source, uint32_t *from,
                  struct collide_key *out)
{
    char asked[64];
    while (*from < t->nkeys) {
        const struct key *k = &t->keys[(*from)++];
        *out = (struct collide_key){.table = t, .key = k, .to = to, .source = source};
        if (!is_changed(t, k, to, out->mapped))
            continue;
        as_utf8mb4(source, out->mapped, asked);
        out->can_ask = asked[0] != 0;
        return true;
    }
    return false;
}

static void add_group(struct buf *out, const struct collide_key *k, const struct column *c, uint32_t prefix)
{
    char mapped[64], collation[64] = "";
    if (merges(k->to, c, mapped))
        as_utf8mb4(k->source, mapped, collation);
    if (prefix)
        buf_adds(out, "LEFT(");
    buf_adds(out, collation[0] ? "CONVERT(" : "");
    sql_ident(out, c->name);
    buf_adds(out, collation[0] ? " USING utf8mb4)" : "");
    if (prefix)
        buf_addf(out, ",%u)", prefix);
    if (collation[0])
        buf_addf(out, " COLLATE %s", collation);
}

/* SELECT smallest and largest of each group of more than one, per part of the key. */
static void build_query(struct buf *out, const struct collide_key *what)
{
    const struct table *t = what->table;
    const struct key *k = what->key;
    struct buf group = {0}, where = {0};
    buf_adds(out, "SELECT COUNT(*)");
    for (uint32_t i = 0; i < k->nparts; i++) {
        const struct column *c = &t->columns[k->parts[i].column];
        buf_adds(out, ", MIN(");
        sql_ident(out, c->name);
        buf_adds(out, "), MAX(");
        sql_ident(out, c->name);
        buf_addc(out, ')');
        buf_adds(&group, i ? ", " : "");
        add_group(&group, what, c, k->parts[i].prefix);
        if (!c->is_nullable)
            continue;
        buf_adds(&where, where.n ? " AND " : " WHERE ");
        sql_ident(&where, c->name);
        buf_adds(&where, " IS NOT NULL");
    }
    buf_adds(out, " FROM ");
    sql_table(out, t->schema, t->name);
    buf_addf(out, "%s GROUP BY %s HAVING COUNT(*) > 1 LIMIT %d", where.p ? where.p : "", group.p, SHOWN);
    buf_release(&group);
    buf_release(&where);
}

static void tell(const struct collide_key *what, MYSQL_ROW row, struct buf *out)
{
    const struct key *k = what->key;
    buf_addf(out, "%s.%s, unique key %s under %s: ", what->table->schema, what->table->name, k->name, what->mapped);
    for (uint32_t i = 0; i < k->nparts; i++) {
        const char *a = row[1 + 2 * i], *b = row[2 + 2 * i];
        buf_addf(out, "%s'%.60s'", i ? ", " : "", a ? a : "NULL");
        if (a && b && strcmp(a, b) != 0)
            buf_addf(out, " and '%.60s'", b);
    }
    buf_addf(out, " (%s rows)", row[0]);
}

bool collide_ask(const struct collide_key *k, struct conn *source, collide_found *found, void *arg, struct err *e)
{
    struct buf text = {0};
    MYSQL_RES *res;
    build_query(&text, k);
    bool fine = conn_query(source, text.p, &res, e);
    if (fine) {
        for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;) {
            buf_reset(&text);
            tell(k, row, &text);
            found(arg, k, text.p);
        }
        mysql_free_result(res);
    } else {
        err_wrap(e, "while looking for values of %s.%s, key %s, that are equal under %s", k->table->schema, k->table->name,
                 k->key->name, k->mapped);
    }
    buf_release(&text);
    return fine;
}
