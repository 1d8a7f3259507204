// SPDX-License-Identifier: Apache-2.0
/* Rows of a row event. An image is a bitmap of NULLs, one bit for each column that is present, then the values. Only
 * full images are taken; what may be missing is a generated column that the server does not store. */
#include "binlog/event.h"

static bool bit_of(const uint8_t *bitmap, uint32_t i)
{
    return bitmap[i / 8] >> (i % 8) & 1;
}

static bool check_column(struct binlog_table_map *m, uint32_t i, const struct column *c, struct charmaps *maps,
                         struct err *e)
{
    m->chars[i] = (struct char_reader){0};
    if (maps && render_needs_map(c) && !(m->chars[i].map = charmaps_get(maps, c->collation, e)))
        return err_wrap(e, "column %s", c->name);
    if (!render_check(c, m->types[i], m->chars[i].map, e))
        return false;
    if (m->names && m->names[i] && strcmp(m->names[i], c->name) != 0)
        return err_set(e, ERR_BINLOG_TABLE, "column %u is %s by the definition, but %s in the binlog", i + 1, c->name,
                       m->names[i]);
    if (m->is_unsigned[i] != 2 && col_is_number(c->cls) && (m->is_unsigned[i] == 1) != c->is_unsigned)
        return err_set(e, ERR_BINLOG_TABLE, "column %s is %s by the definition, but not in the binlog", c->name,
                       c->is_unsigned ? "unsigned" : "signed");
    return true;
}

static bool check_map(struct binlog_table_map *m, const struct column *columns, uint32_t ncolumns,
                      struct charmaps *maps, struct err *e)
{
    if (m->ncolumns != ncolumns)
        return err_set(e, ERR_BINLOG_TABLE, "%u columns by the definition, but %u in the binlog", ncolumns,
                       m->ncolumns);
    if (m->is_checked && m->checked_columns == columns)
        return true;
    if (!m->is_whole)
        return err_set(e, ERR_SOURCE_TYPE, "a column has a type that is not known");
    for (uint32_t i = 0; i < ncolumns; i++)
        if (!check_column(m, i, &columns[i], maps, e))
            return false;
    m->is_checked = true;
    m->checked_columns = columns;
    return true;
}

static bool check_image(const uint8_t *present, const struct column *columns, uint32_t ncolumns, uint32_t *count,
                        struct err *e)
{
    *count = 0;
    for (uint32_t i = 0; present && i < ncolumns; i++) {
        if (bit_of(present, i))
            ++*count;
        else if (!columns[i].is_generated || columns[i].is_stored)
            return err_set(e, ERR_BINLOG_FORMAT, "a row without column %s", columns[i].name);
    }
    return true;
}

static bool begin(struct row_reader *r, struct charmaps *maps, struct err *e)
{
    const struct binlog_rows *ev = r->event;
    if (ev->ncolumns != ev->map->ncolumns)
        return err_set(e, ERR_BINLOG_TABLE, "%u columns in the rows, but %u in their table map", ev->ncolumns,
                       ev->map->ncolumns);
    return check_map(ev->map, r->columns, r->ncolumns, maps, e) &&
           check_image(ev->present[0], r->columns, r->ncolumns, &r->npresent[0], e) &&
           check_image(ev->present[1], r->columns, r->ncolumns, &r->npresent[1], e);
}

bool rows_begin(struct row_reader *r, const struct binlog_event *ev, const struct column *columns, uint32_t ncolumns,
                struct charmaps *maps, struct err *e)
{
    const struct binlog_rows *rows = &ev->rows;
    *r = (struct row_reader){.event = rows, .columns = columns, .ncolumns = ncolumns, .p = rows->rows};
    return begin(r, maps, e) || err_wrap(e, "%s.%s", rows->map->schema, rows->map->table);
}

static bool read_image(struct row_reader *r, unsigned which, struct arena *text, struct cell *out, struct err *e)
{
    const uint8_t *present = r->event->present[which], *end = r->event->end, *nulls = r->p;
    size_t n = (r->npresent[which] + 7) / 8;
    if (n == 0 || (size_t)(end - r->p) < n)
        return err_set(e, ERR_BINLOG_TABLE, "a row image is cut short");
    r->p += n;
    for (uint32_t i = 0, bit = 0; i < r->ncolumns; i++) {
        out[i] = (struct cell){NULL, 0};
        if (!bit_of(present, i) || bit_of(nulls, bit++))
            continue;
        struct image_type t = r->event->map->types[i];
        bool fine = is_compressed_type(t.type)
                        ? compressed_cell(&out[i], &r->columns[i], t, &r->p, end, text, &r->event->map->chars[i], e)
                        : render_cell(&out[i], &r->columns[i], t, &r->p, end, text, &r->event->map->chars[i], e);
        if (!fine)
            return false;
    }
    return true;
}

bool rows_next(struct row_reader *r, struct arena *text, struct cell *before, struct cell *after, bool *done,
               struct err *e)
{
    const struct binlog_rows *ev = r->event;
    *done = r->p == ev->end;
    if (*done)
        return true;
    bool ok = (!ev->present[0] || read_image(r, 0, text, before, e)) &&
              (!ev->present[1] || read_image(r, 1, text, after, e));
    return ok || err_wrap(e, "%s.%s", ev->map->schema, ev->map->table);
}
