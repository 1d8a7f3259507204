// SPDX-License-Identifier: Apache-2.0
/* Everything that reads bytes of a source: events, table maps, row images, JSONB. The input is a list of records,
 * each a 32-bit length and that many bytes, fed as events to one decoder; rows are read with columns made from the
 * table map. The same input is also read as JSONB.
 * With clang: -fsanitize=fuzzer,address,undefined; with gcc, drive.c gives it a main. */
#include "binlog/binlog.h"
#include "db/render.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#define COLUMNS_MAX 128
#define EVENTS_MAX 3000

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static char *members[] = {(char[]){"a"}, (char[]){"b"}, (char[]){"c"}, (char[]){"d"}};
static char any_name[] = "c", any_type[] = "t";

static enum col_class class_of(struct image_type t, unsigned i)
{
    switch (t.type) {
    case MYSQL_TYPE_TINY: return COL_TINY;
    case MYSQL_TYPE_SHORT: return COL_SMALL;
    case MYSQL_TYPE_INT24: return COL_MEDIUM;
    case MYSQL_TYPE_LONG: return COL_INT;
    case MYSQL_TYPE_LONGLONG: return COL_BIG;
    case MYSQL_TYPE_NEWDECIMAL: return COL_DECIMAL;
    case MYSQL_TYPE_FLOAT: return COL_FLOAT;
    case MYSQL_TYPE_DOUBLE: return COL_DOUBLE;
    case MYSQL_TYPE_BIT: return COL_BIT;
    case MYSQL_TYPE_STRING: return i % 2 ? COL_CHAR : COL_BINARY;
    case MYSQL_TYPE_VARCHAR:
    case MYSQL_TYPE_VAR_STRING: return i % 2 ? COL_VARCHAR : COL_VARBINARY;
    case MYSQL_TYPE_BLOB: return i % 2 ? COL_TEXT : COL_BLOB;
    case MYSQL_TYPE_DATE: return COL_DATE;
    case MYSQL_TYPE_TIME:
    case MYSQL_TYPE_TIME2: return COL_TIME;
    case MYSQL_TYPE_DATETIME:
    case MYSQL_TYPE_DATETIME2: return COL_DATETIME;
    case MYSQL_TYPE_TIMESTAMP:
    case MYSQL_TYPE_TIMESTAMP2: return COL_TIMESTAMP;
    case MYSQL_TYPE_YEAR: return COL_YEAR;
    case MYSQL_TYPE_ENUM: return COL_ENUM;
    case MYSQL_TYPE_SET: return COL_SET;
    default: return COL_JSON;
    }
}

/* Columns that fit the map, so that the values are reached. */
static void make_columns(struct column *columns, const struct binlog_table_map *m)
{
    for (uint32_t i = 0; i < m->ncolumns; i++) {
        struct image_type t = m->types[i];
        struct column *c = &columns[i];
        *c = (struct column){.name = m->names && m->names[i] ? m->names[i] : any_name, .type_text = any_type};
        c->cls = class_of(t, i);
        c->charset = col_is_text(c->cls) ? CS_LATIN1 : CS_BINARY;
        c->is_unsigned = m->is_unsigned[i] == 1;
        c->is_generated = i % 3 == 0;
        if (c->cls == COL_DECIMAL) {
            c->length = t.meta & 0xff;
            c->dec = (uint8_t)(t.meta >> 8);
        } else if (c->cls == COL_BIT) {
            c->length = (t.meta >> 8) * 8U + (t.meta & 0xff);
        } else if (c->cls == COL_CHAR || c->cls == COL_BINARY) {
            c->length = t.meta;
        } else if (t.type == MYSQL_TYPE_TIME2 || t.type == MYSQL_TYPE_DATETIME2 || t.type == MYSQL_TYPE_TIMESTAMP2) {
            c->dec = (uint8_t)t.meta;
        } else if (c->cls == COL_ENUM || c->cls == COL_SET) {
            c->members = members;
            c->nmembers = TG_ARRAY_LEN(members);
        }
    }
}

static volatile unsigned sink;

static void touch(const struct cell *cells, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; cells[i].p && k < cells[i].n; k++)
            sink += (unsigned char)cells[i].p[k];
}

static void read_rows(const struct binlog_event *ev)
{
    static struct column columns[COLUMNS_MAX];
    static struct cell before[COLUMNS_MAX], after[COLUMNS_MAX];
    const struct binlog_table_map *m = ev->rows.map;
    if (m->ncolumns > COLUMNS_MAX)
        return;
    make_columns(columns, m);
    struct row_reader r;
    struct arena text = {0};
    struct err e = {0};
    bool done = false;
    if (rows_begin(&r, ev, columns, m->ncolumns, NULL, &e))
        for (int i = 0; i < 1000 && rows_next(&r, &text, before, after, &done, &e) && !done; i++) {
            if (ev->rows.present[0])
                touch(before, m->ncolumns);
            if (ev->rows.present[1])
                touch(after, m->ncolumns);
        }
    arena_release(&text);
}

/* Puts length and checksum right, so that mutations get past them. */
static void mend(struct binlog_raw *raw)
{
    if (raw->n < 23)
        return;
    for (unsigned i = 0; i < 4; i++)
        raw->p[9 + i] = (uint8_t)(raw->n >> (8 * i));
    uint32_t sum = (uint32_t)crc32_z(0, raw->p, raw->n - 4);
    for (unsigned i = 0; i < 4; i++)
        raw->p[raw->n - 4 + i] = (uint8_t)(sum >> (8 * i));
}

static void feed_all(const uint8_t *p, size_t n, bool is_mariadb)
{
    struct binlog_decoder *d = decoder_new(is_mariadb);
    for (int i = 0; i < EVENTS_MAX && n >= 4; i++) {
        size_t size = p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
        size = TG_MIN(size, n - 4);
        struct binlog_raw *raw = malloc(sizeof *raw + size);
        if (!raw)
            abort();
        raw->n = size;
        memcpy(raw->p, p + 4, size);
        p += 4 + size;
        n -= 4 + size;
        mend(raw);
        struct binlog_event ev;
        struct err e = {0};
        if (decoder_feed(d, raw, &ev, &e) && ev.kind == BINLOG_ROWS)
            read_rows(&ev);
        free(raw);
    }
    decoder_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    feed_all(p, n, false);
    feed_all(p, n, true);
    struct buf json = {0};
    struct err e = {0};
    render_json(&json, p, n, &e);
    buf_release(&json);
    return 0;
}
