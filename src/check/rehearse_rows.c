// SPDX-License-Identifier: Apache-2.0
// Rows of a scratch table by each path: a chunk's SELECT, the binlog's images, and through the target and back.
#include "check/rehearse_rows.h"

#include "db/load.h"

#include <stdio.h>
#include <stdlib.h>

#define STREAM_MS 15000

void sample_put(struct sample *s, uint32_t row, const struct cell *cells)
{
    s->at[row] = s->data.n;
    s->is_there[row] = true;
    row_pack(&s->data, cells, s->ncolumns);
}

bool sample_get(const struct sample *s, uint32_t row, struct cell *cells)
{
    if (s->is_there[row])
        row_unpack(s->data.p + s->at[row], s->ncolumns, cells);
    return s->is_there[row];
}

void sample_release(struct sample *s)
{
    buf_release(&s->data);
    *s = (struct sample){0};
}

/* Its number, from 0; SAMPLE_ROWS: none. */
static uint32_t row_of(struct cell k)
{
    char text[16] = "";
    memcpy(text, k.p ? k.p : "", k.p && k.n < sizeof text ? k.n : 0);
    unsigned long v = strtoul(text, NULL, 10);
    return v >= 1 && v <= SAMPLE_ROWS ? (uint32_t)v - 1 : SAMPLE_ROWS;
}

/* ---- SELECT ---- */

static void add_list(struct buf *sql, const struct table *def, void (*expr)(struct buf *, const struct column *))
{
    for (uint32_t i = 1; i < def->ncolumns; i++) {
        buf_addc(sql, ',');
        expr(sql, &def->columns[i]);
    }
}

/* `second` may be NULL; then the rows are read by the plain expressions only. */
static bool read_rows(struct conn *c, const struct table *def, const char *schema, const char *name, struct sample *first, struct sample *second,
                      struct err *e)
{
    struct buf sql = {0};
    MYSQL_RES *res;
    uint32_t n = def->ncolumns - 1;
    buf_adds(&sql, "SELECT k");
    add_list(&sql, def, col_read_expr);
    if (second)
        add_list(&sql, def, col_strict_expr);
    buf_adds(&sql, " FROM ");
    sql_table(&sql, schema, name);
    bool fine = conn_query(c, sql.p, &res, e);
    buf_release(&sql);
    if (!fine)
        return false;
    struct cell *cells = x_alloc(n * sizeof *cells);
    first->ncolumns = n;
    if (second)
        second->ncolumns = n;
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;) {
        unsigned long *size = mysql_fetch_lengths(res);
        uint32_t at = row_of((struct cell){row[0], (uint32_t)size[0]});
        for (unsigned k = 0; at < SAMPLE_ROWS && k < (second ? 2 : 1); k++) {
            for (uint32_t i = 0; i < n; i++)
                cells[i] = (struct cell){row[1 + k * n + i], (uint32_t)size[1 + k * n + i]};
            sample_put(k ? second : first, at, cells);
        }
    }
    free(cells);
    mysql_free_result(res);
    return true;
}

bool sample_read(struct conn *source, const struct table *def, struct sample *read, struct sample *strict, struct err *e)
{
    read->ntypes = def->ncolumns - 1;
    read->nvalues = read->ntypes * SAMPLE_ROWS;
    return read_rows(source, def, def->schema, def->name, read, strict, e);
}

/* ---- the binlog ---- */

static void take_image(void *arg, const struct cell *before, const struct cell *after)
{
    uint32_t at = after ? row_of(after[0]) : SAMPLE_ROWS;
    (void)before;
    if (at < SAMPLE_ROWS)
        sample_put(arg, at, after + 1);
}

bool sample_stream(struct run *r, const struct table *def, const struct pos *from, const struct pos *to, struct charmaps *maps,
                   struct sample *out, struct err *e)
{
    struct walk w = {.until_ms = 0};
    bool fine = dump_open(&w.dump, r, from, NULL, STREAM_MS, e), is_through = false, fits;
    out->ncolumns = def->ncolumns - 1;
    while (fine && !is_through) {
        fine = walk_next(&w, to, &is_through, e);
        if (fine && !is_through && w.ev.kind == BINLOG_ROWS && strcmp(w.ev.rows.map->schema, def->schema) == 0 && strcmp(w.ev.rows.map->table, def->name) == 0)
            fine = walk_rows(&w.ev, def, maps, take_image, out, &fits, e);
    }
    if (!fine && dump_is_late(&w.dump))
        err_set(e, ERR_BINLOG_READ, "the binlog did not reach %s:%llu within %d s", to->file, (unsigned long long)to->at, STREAM_MS / 1000);
    dump_close(&w.dump);
    return fine;
}

/* ---- the target ---- */

struct spot {
    const char *schema, *name;
};

static void to_place(void *arg, const char *schema, const char *table, char to_schema[200], char to_table[200])
{
    const struct spot *p = arg;
    (void)schema;
    (void)table;
    snprintf(to_schema, 200, "%s", p->schema);
    if (to_table)
        snprintf(to_table, 200, "%s", p->name);
}

static bool make_table(struct scratch *to, const struct target_dialect *dialect, const struct table *def, const struct buf *sql, const char *name,
                       struct err *e)
{
    struct ddl_context cx = {0};
    struct ddl d = {0};
    struct buf out = {0};
    struct spot place = {to->name, name};
    uint64_t only = 1;
    snprintf(cx.schema, sizeof cx.schema, "%s", def->schema);
    bool fine = ddl_parse(&d, sql->p, sql->n, &cx, e) && ddl_rewrite(&out, &d, &cx, dialect, to_place, &place, &only, NULL, e);
    for (struct str rest = buf_str(&out); fine && rest.n;) {
        struct str one = ddl_part(&rest);
        fine = conn_exec(&to->conn, one.p, one.n, NULL, e);
    }
    ddl_release(&d);
    buf_release(&out);
    return fine;
}

struct feed {                         /* rows on their way into a LOAD */
    struct buf text;
    size_t given;
};

static void on_open(void *arg, unsigned n)
{
    struct feed *f = arg;
    (void)n;
    f->given = 0;
}

static int on_read(void *arg, char *to, unsigned room)
{
    struct feed *f = arg;
    size_t n = TG_MIN((size_t)room, f->text.n - f->given);
    if (n)
        memcpy(to, f->text.p + f->given, n);
    f->given += n;
    return (int)n;
}

/* Row by row with its number in front; false: there is none of that number. */
static bool whole_row(const struct sample *rows, uint32_t row, char number[16], struct cell *cells)
{
    cells[0] = (struct cell){number, (uint32_t)snprintf(number, 16, "%u", row + 1)};
    return sample_get(rows, row, cells + 1);
}

static bool insert_rows(struct scratch *to, const struct table *def, const char *name, const struct sample *rows, struct err *e)
{
    struct cell *cells = x_alloc(def->ncolumns * sizeof *cells);
    struct buf sql = {0};
    char number[16];
    const char *glue = " VALUES (";
    buf_adds(&sql, "INSERT INTO ");
    sql_table(&sql, to->name, name);
    for (uint32_t row = 0; row < SAMPLE_ROWS; row++) {
        if (!whole_row(rows, row, number, cells))
            continue;
        buf_adds(&sql, glue);
        for (uint32_t i = 0; i < def->ncolumns; i++) {
            buf_adds(&sql, i ? "," : "");
            encode_value(&sql, &def->columns[i], cells[i]);
        }
        buf_addc(&sql, ')');
        glue = ",(";
    }
    bool fine = glue[0] != ',' || conn_exec(&to->conn, sql.p, sql.n, NULL, e);
    free(cells);
    buf_release(&sql);
    return fine;
}

/* *is_whole: every row was taken without a warning; else none is there, for a run rolls back and takes INSERT. */
static bool load_rows(struct scratch *to, const struct table *def, const char *name, const struct sample *rows, bool *is_whole, struct err *e)
{
    enum db_flavour flavour = to->conn.server.flavour;
    struct feed f = {0};
    struct load_port port = {.arg = &f, .open = on_open, .read = on_read};
    struct cell *cells = x_alloc(def->ncolumns * sizeof *cells);
    struct buf sql = {0};
    uint64_t affected[1], wanted = 0;
    unsigned done = 0;
    char number[16];
    for (uint32_t row = 0; row < SAMPLE_ROWS; row++)
        if (whole_row(rows, row, number, cells)) {
            encode_load_row(&f.text, def->columns, cells, def->ncolumns, flavour);
            wanted++;
        }
    load_port_begin(&port);
    buf_adds(&sql, "LOAD DATA LOCAL INFILE ");
    load_port_name(&port, 0, &sql);
    buf_adds(&sql, " INTO TABLE ");
    sql_table(&sql, to->name, name);
    load_form_text(&sql, def->columns, def->ncolumns, flavour);
    bool fine = conn_packet_load(&to->conn, &port, sql.p, sql.n, affected, 1, &done, e);
    *is_whole = fine && port.records == wanted && !port.losses;
    if (!fine && !err_is_lost(e)) {
        to->can_load = to->can_load && !err_is_load_off(e);
        err_clear(e);
        fine = true;
    }
    if (fine && !*is_whole && done)
        fine = conn_execf(&to->conn, e, "DELETE FROM `%s`.`%s`", to->name, name);
    free(cells);
    buf_release(&f.text);
    buf_release(&sql);
    return fine;
}

bool sample_through(struct scratch *to, const struct target_dialect *dialect, const struct table *def, const struct buf *sql, const char *name,
                    bool may_load, const struct sample *rows, struct sample *back, struct err *e)
{
    bool is_written = false;
    if (!make_table(to, dialect, def, sql, name, e) ||
        (may_load && to->can_load && !load_rows(to, def, name, rows, &is_written, e)) ||
        (!is_written && !insert_rows(to, def, name, rows, e)))
        return false;
    return read_rows(&to->conn, def, to->name, name, back, NULL, e);
}
