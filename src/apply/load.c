// SPDX-License-Identifier: Apache-2.0
/* LOAD DATA LOCAL as the second writer of the one write form (DESIGN 4.4). It stands in the packet where the INSERT
 * would stand, behind the lane's statement and before the ledger's row, so the fence is the same; its rows are
 * rendered while the server fetches them, so they never stand in memory as text.
 *
 * LOCAL makes the server leave out what it can't take, with a warning: whatever is not exactly our rows without a
 * warning is rolled back and written with INSERT, which takes it or names the culprit. TiDB checks for duplicates
 * by reading, and takes no locks for a LOAD inside a pessimistic transaction: there it goes into optimistic ones
 * only, where COMMIT finds what was changed since. */
#include "apply/private.h"

#include <stdlib.h>

enum { STAGED_KEEP = 1 << 20, STAGED_FULL = 64 << 10 };
enum { TIDB_ONE_TRANSACTION = 70000 }; /* older ones may commit a LOAD in pieces */

bool load_is_wanted(const struct batch *b, const struct conn *c)
{
    if (c->server.flavour == DB_TIDB && c->server.version < TIDB_ONE_TRANSACTION)
        return false;
    for (uint32_t i = 0; i < b->nparts; i++)
        if (rowids_wanted(&b->parts[i], c->server.flavour))
            return false; /* its transaction is a pessimistic one */
    for (uint32_t i = 0; i < b->nparts; i++)
        if (load_pays(&b->parts[i], 0))
            return true;
    return false;
}

bool load_pays(const struct batch_part *part, size_t at)
{
    return part->ins.data.n - at >= LOAD_BYTES_MIN;
}

void load_statement(struct packet *p, const struct batch_part *part, struct cursor *c, const struct sql_limits *l)
{
    const struct table *def = part->def;
    struct cell *cells = x_alloc(def->ncolumns * sizeof *cells);
    packet_begin_statement(p, EXPECT_LOADED, 0, part);
    struct expect *x = &p->expect[p->n - 1];
    size_t most = l->statement_bytes < LOAD_BYTES_MAX / LOAD_TIMES ? l->statement_bytes * LOAD_TIMES : LOAD_BYTES_MAX;
    x->at = c->at;
    while (c->row < part->ins.n && c->at - x->at < most) {
        c->at += row_unpack(part->ins.data.p + c->at, def->ncolumns, cells);
        c->row++;
        x->rows++;
    }
    free(cells);
    buf_adds(&p->sql, "LOAD DATA LOCAL INFILE ");
    load_port_name(l->load, p->nloads++, &p->sql);
    buf_adds(&p->sql, " INTO TABLE ");
    sql_table(&p->sql, def->target_schema, def->target_name);
    load_form_text(&p->sql, def->columns, def->ncolumns, l->flavour);
}

static void on_open(void *arg, unsigned n)
{
    struct load_feed *f = arg;
    const struct packet *p = f->packet;
    uint32_t i = 0;
    for (; i < p->n; i++)
        if (p->expect[i].kind == EXPECT_LOADED && n-- == 0)
            break;
    if (i == p->n)
        tg_bug("a LOAD is fetched that is not in the packet");
    f->part = p->expect[i].part;
    f->at = p->expect[i].at;
    f->rows = p->expect[i].rows;
    f->given = 0;
    buf_reset(&f->staged);
}

static void stage_rows(struct load_feed *f)
{
    const struct table *def = f->part->def;
    struct cell *cells = x_alloc(def->ncolumns * sizeof *cells);
    buf_reset(&f->staged);
    f->given = 0;
    for (; f->rows && f->staged.n < STAGED_FULL; f->rows--) {
        f->at += row_unpack(f->part->ins.data.p + f->at, def->ncolumns, cells);
        encode_load_row(&f->staged, def->columns, cells, def->ncolumns, f->flavour);
    }
    free(cells);
}

static int on_read(void *arg, char *to, unsigned room)
{
    struct load_feed *f = arg;
    if (f->given == f->staged.n)
        stage_rows(f);
    size_t n = TG_MIN((size_t)room, f->staged.n - f->given);
    if (n)
        memcpy(to, f->staged.p + f->given, n);
    f->given += n;
    f->sent += n;
    return (int)n;
}

void load_feed_begin(struct load_feed *f, const struct packet *p, enum db_flavour target)
{
    f->packet = p;
    f->flavour = target;
    f->port.arg = f;
    f->port.open = on_open;
    f->port.read = on_read;
    f->sent = 0;
    load_port_begin(&f->port);
}

void load_feed_end(struct load_feed *f)
{
    if (f->staged.cap > STAGED_KEEP)
        buf_release(&f->staged);
}
