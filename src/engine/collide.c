// SPDX-License-Identifier: Apache-2.0
/* Unique keys over text whose collation the target lacks: the source is asked whether two of its values would be equal
 * under the collation that takes its place, before anything is copied. */
#include "engine/private.h"

#include <stdio.h>
#include <stdlib.h>

#define SHOWN 3 /* pairs a key */

struct collide {
    struct engine *g;
    struct buf found;                 /* what is told in the error */
    uint32_t nfound;
};

/* The collation as it is written for text that was brought to utf8mb4; "" where the source has no such one. */
static void as_utf8mb4(const struct engine *g, const char *mapped, char out[64])
{
    const char *rest = strchr(mapped, '_');
    snprintf(out, 64, "utf8mb4%s", rest ? rest : "_bin");
    if (!collation_ids_has(g->collations, out))
        out[0] = 0;
}

static bool merges(const struct engine *g, const struct column *c, char mapped[64])
{
    if (!col_is_text(c->cls))
        return false;
    dialect_collation(&g->dialect, c->collation, mapped);
    return collation_merges(c->collation, mapped);
}

static void add_group(struct buf *out, const struct engine *g, const struct column *c, uint32_t prefix)
{
    char mapped[64], collation[64] = "";
    if (merges(g, c, mapped))
        as_utf8mb4(g, mapped, collation);
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
static void build_query(struct buf *out, const struct engine *g, const struct table *t, const struct key *k)
{
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
        add_group(&group, g, c, k->parts[i].prefix);
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

static void tell(struct collide *x, const struct table *t, const struct key *k, const char *mapped, MYSQL_ROW row)
{
    if (x->nfound++ > 8)
        return;
    buf_addf(&x->found, "%s%s.%s, unique key %s under %s: ", x->found.n ? "; " : "", t->schema, t->name, k->name, mapped);
    for (uint32_t i = 0; i < k->nparts; i++) {
        const char *a = row[1 + 2 * i], *b = row[2 + 2 * i];
        buf_addf(&x->found, "%s'%.60s'", i ? ", " : "", a ? a : "NULL");
        if (a && b && strcmp(a, b) != 0)
            buf_addf(&x->found, " and '%.60s'", b);
    }
    buf_addf(&x->found, " (%s rows)", row[0]);
}

static bool check_key(struct collide *x, const struct table *t, const struct key *k, const char *mapped, struct err *e)
{
    struct buf sql = {0};
    MYSQL_RES *res;
    build_query(&sql, x->g, t, k);
    bool fine = conn_query(&x->g->look, sql.p, &res, e);
    buf_release(&sql);
    if (!fine)
        return err_wrap(e, "while looking for values of %s.%s, key %s, that are equal under %s", t->schema, t->name, k->name, mapped);
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;)
        tell(x, t, k, mapped, row);
    mysql_free_result(res);
    return true;
}

static bool note(struct engine *g, const struct table *t, const char *text, struct err *e)
{
    struct buf sql = {0};
    char label[160];
    ledger_sql_note(&g->ledger, &sql, NOTE_TABLE, table_label(t, label), text);
    bool fine = engine_fenced(g, &sql, e);
    buf_release(&sql);
    return fine;
}

static bool check_keys(struct collide *x, const struct table *t, struct err *e)
{
    bool fine = true;
    for (uint32_t i = 0; fine && i < t->nkeys; i++) {
        const struct key *k = &t->keys[i];
        char mapped[64] = "", source[64], text[200];
        bool is_changed = false, is_plain = k->is_unique && !k->is_hash;
        for (uint32_t p = 0; p < k->nparts && is_plain; p++)
            is_plain = k->parts[p].column != UINT32_MAX;
        for (uint32_t p = 0; p < k->nparts && is_plain && !is_changed; p++)
            is_changed = merges(x->g, &t->columns[k->parts[p].column], mapped);
        if (!is_changed)
            continue;
        as_utf8mb4(x->g, mapped, source);
        if (source[0]) {
            fine = check_key(x, t, k, mapped, e);
            continue;
        }
        snprintf(text, sizeof text, "unique key %s: whether its values stay apart under %s can't be asked, the source lacks it",
                 k->name, mapped);
        fine = note(x->g, t, text, e);
    }
    return fine;
}

bool engine_check_collisions(struct engine *g, const bool *is_there, struct err *e)
{
    struct collide x = {.g = g};
    bool fine = true;
    for (uint32_t i = 0; fine && i < g->tabs.n; i++)
        if (!is_there[i])
            fine = check_keys(&x, g->tabs.list[i]->def, e);
    if (fine && x.nfound)
        fine = err_set(e, ERR_TARGET_COLLATION, "%s", x.found.p);
    buf_release(&x.found);
    return fine;
}
