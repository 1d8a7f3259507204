// SPDX-License-Identifier: Apache-2.0
/* A DELETE that matches every column of a table without a key reads the whole table, once for each row. TiDB has a
 * hidden row id: one SELECT, narrowed by the column that tells most, finds candidates for all deletions of a batch;
 * they are compared here, column by column, and deleted by id in the same transaction. */
#include "apply/private.h"

#include "base/json_normal.h"

#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>

#define FEWEST_ROWS 2                 /* for a single row the plain DELETE … LIMIT 1 is as good */

struct wanted {                       /* an image, and how many rows of it go */
    UT_hash_handle hh;
    uint32_t count, n;
    char bytes[];
};

bool rowids_wanted(const struct batch_part *part, enum db_flavour target)
{
    return target == DB_TIDB && part->def->row_key < 0 && part->del.n >= FEWEST_ROWS;
}

void rowids_release(struct rowids *r, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        free(r[i].list);
    free(r);
}

/* One text for equal rows, whichever server printed them. */
static void image_of(struct buf *out, const struct table *def, const struct cell *cells)
{
    buf_reset(out);
    for (uint32_t i = 0; i < def->ncolumns; i++) {
        const struct column *c = &def->columns[i];
        if (c->is_generated && !c->is_stored)
            continue;
        struct buf json = {0};
        if (c->cls == COL_JSON && cells[i].p && json_normal(&json, cells[i].p, cells[i].n))
            encode_key_exact(out, c, (struct cell){json.p, (uint32_t)json.n});
        else
            encode_key_exact(out, c, cells[i]);
        buf_release(&json);
    }
}

static struct wanted *want(struct wanted **all, const struct buf *image)
{
    struct wanted *w;
    HASH_FIND(hh, *all, image->p, image->n, w);
    if (w)
        return w;
    w = x_alloc(sizeof *w + image->n);
    w->n = (uint32_t)image->n;
    memcpy(w->bytes, image->p, image->n);
    HASH_ADD_KEYPTR(hh, *all, w->bytes, w->n, w);
    return w;
}

static bool tells_rows_apart(const struct column *c)
{
    return (c->cls >= COL_TINY && c->cls <= COL_DECIMAL) || (c->cls >= COL_CHAR && c->cls <= COL_VARBINARY) ||
           (c->cls >= COL_DATE && c->cls <= COL_TIMESTAMP) || c->cls == COL_BLOB;
}

/* The column with most different values among the rows (by a hash of 256 places), UINT32_MAX: none will do. */
static uint32_t telling_column(const struct batch_part *part, struct cell *cells)
{
    uint32_t best = UINT32_MAX, best_count = 0;
    for (uint32_t i = 0; i < part->def->ncolumns; i++) {
        bool seen[256] = {0};
        uint32_t count = 0;
        const char *p = part->del.data.p;
        if (!tells_rows_apart(&part->def->columns[i]) || part->def->columns[i].is_generated)
            continue;
        for (uint32_t r = 0; r < part->del.n; r++) {
            p += row_unpack(p, part->def->ncolumns, cells);
            unsigned h = 17;
            for (uint32_t k = 0; cells[i].p && k < cells[i].n; k++)
                h = h * 31 + (unsigned char)cells[i].p[k];
            count += !seen[h & 255];
            seen[h & 255] = true;
        }
        if (count > best_count) {
            best_count = count;
            best = i;
        }
    }
    return best;
}

/* WHERE `c` IN (…) OR `c` IS NULL: a superset of the rows wanted. */
static void narrow(struct buf *sql, const struct batch_part *part, uint32_t column, struct cell *cells)
{
    bool has_null = false, has_value = false;
    const char *p = part->del.data.p;
    const struct column *c = &part->def->columns[column];
    struct buf in = {0};
    for (uint32_t r = 0; r < part->del.n; r++) {
        p += row_unpack(p, part->def->ncolumns, cells);
        if (!cells[column].p) {
            has_null = true;
            continue;
        }
        if (has_value)
            buf_addc(&in, ',');
        encode_literal(&in, c, cells[column]);
        has_value = true;
    }
    buf_adds(sql, " WHERE ");
    if (has_value) {
        sql_ident(sql, c->name);
        buf_addf(sql, " IN (%s)", in.p);
    }
    if (has_null) {
        buf_adds(sql, has_value ? " OR " : "");
        sql_ident(sql, c->name);
        buf_adds(sql, " IS NULL");
    }
    buf_release(&in);
}

static void select_sql(struct buf *sql, const struct batch_part *part, struct cell *cells)
{
    uint32_t column = telling_column(part, cells);
    buf_adds(sql, "SELECT _tidb_rowid");
    for (uint32_t i = 0; i < part->def->ncolumns; i++) {
        buf_addc(sql, ',');
        col_read_expr(sql, &part->def->columns[i]);
    }
    buf_adds(sql, " FROM ");
    sql_table(sql, part->def->target_schema, part->def->target_name);
    if (column != UINT32_MAX)
        narrow(sql, part, column, cells);
}

static bool take_ids(struct conn *c, MYSQL_RES *res, const struct batch_part *part, struct wanted *all, struct cell *cells,
                     struct rowids *out, struct err *e)
{
    struct buf image = {0};
    MYSQL_ROW row;
    while ((row = mysql_fetch_row(res)) != NULL) {
        unsigned long *n = mysql_fetch_lengths(res);
        struct wanted *w;
        if (out->n == part->del.n)
            continue; /* the rest of the answer has to be read all the same */
        for (uint32_t i = 0; i < part->def->ncolumns; i++)
            cells[i] = (struct cell){row[i + 1], (uint32_t)n[i + 1]};
        image_of(&image, part->def, cells);
        HASH_FIND(hh, all, image.p, image.n, w);
        if (!w || !w->count)
            continue;
        w->count--;
        snprintf(out->list[out->n++], sizeof out->list[0], "%s", row[0]);
    }
    buf_release(&image);
    return mysql_errno(c->my) == 0 || conn_error(c, e);
}

static bool scan(struct conn *c, const struct batch_part *part, struct wanted *all, struct cell *cells, struct rowids *out,
                 struct err *e)
{
    MYSQL_RES *res;
    struct buf sql = {0};
    select_sql(&sql, part, cells);
    bool fine = conn_query_stream(c, sql.p, sql.n, &res, e);
    buf_release(&sql);
    if (!fine && e->sql == 1054) { /* a clustered key of a kind that finds no rows: no hidden id */
        err_clear(e);
        return true;
    }
    if (!fine)
        return false;
    out->is_known = true;
    fine = take_ids(c, res, part, all, cells, out, e);
    mysql_free_result(res);
    return fine;
}

bool rowids_find(struct conn *c, const struct batch_part *part, struct rowids *out, struct err *e)
{
    struct wanted *all = NULL, *w, *tmp;
    struct buf image = {0};
    struct cell *cells = x_alloc(part->def->ncolumns * sizeof *cells);
    const char *p = part->del.data.p;
    for (uint32_t r = 0; r < part->del.n; r++) {
        p += row_unpack(p, part->def->ncolumns, cells);
        image_of(&image, part->def, cells);
        want(&all, &image)->count++;
    }
    out->list = x_alloc(part->del.n * sizeof *out->list);
    bool fine = scan(c, part, all, cells, out, e);
    if (fine && out->is_known && out->n < part->del.n) {
        fine = err_set(e, ERR_TARGET_MISSING, "%u of %u rows that were changed at the source were not found at the target",
                       part->del.n - out->n, part->del.n);
        table_label(part->def, e->where);
    }
    HASH_ITER(hh, all, w, tmp)
    {
        HASH_DEL(all, w);
        free(w);
    }
    buf_release(&image);
    free(cells);
    return fine;
}
