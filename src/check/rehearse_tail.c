// SPDX-License-Identifier: Apache-2.0
/* Real events against real rows. An image and its row are the same only if nothing changed the row between the event and
 * the SELECT, so the binlog is read on beyond the SELECT, and rows that it names are left out. The server writes the
 * binlog before the row can be read: what differs is looked at again before it is told. */
#include "check/rehearse_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#define TAIL_BYTES (UINT64_C(64) << 20)
#define TAIL_MS 5000
#define WHOLE_MS 20000
#define ROUNDS 3u
#define PAUSE_MS 300

struct image {
    char *key;                        /* canonical key bytes */
    size_t nkey;
    struct buf row;                   /* packed */
    bool is_moved;                    /* named again after it was read */
};
struct watched {                      /* a table with images; the oldest is replaced */
    struct table *def;
    struct image images[TAIL_ROWS];
    uint32_t n, next;
    bool is_bad;                      /* never watched */
};
struct look {
    struct run *r;
    struct tail *t;
    struct charmaps *maps;
    struct walk walk;
    struct watched *tables;           /* by index in run.tables */
    struct watched *w;                /* whose rows are visited */
    struct buf key;                   /* scratch */
    bool is_collecting;               /* else rows that are named have moved */
};

static void image_release(struct image *m)
{
    free(m->key);
    buf_release(&m->row);
    *m = (struct image){0};
}

static void forget_table(struct watched *w)
{
    for (uint32_t i = 0; i < w->n; i++)
        image_release(&w->images[i]);
    w->n = w->next = 0;
}

static void forget_all(struct look *k)
{
    for (uint32_t i = 0; i < k->r->tables.n; i++)
        forget_table(&k->tables[i]);
}

static void key_of(const struct table *def, const struct cell *cells, struct buf *out)
{
    const struct key *key = &def->keys[def->row_key];
    buf_reset(out);
    for (uint32_t i = 0; i < key->nparts; i++)
        encode_key_exact(out, &def->columns[key->parts[i].column], cells[key->parts[i].column]);
}

static struct image *find_image(struct watched *w, const struct buf *key)
{
    for (uint32_t i = 0; i < w->n; i++)
        if (w->images[i].key && w->images[i].nkey == key->n && memcmp(w->images[i].key, key->p, key->n) == 0)
            return &w->images[i];
    return NULL;
}

/* A row is named by the binlog: its image is the one to compare, or it has moved. */
static void take_row(void *arg, const struct cell *before, const struct cell *after)
{
    struct look *k = arg;
    struct watched *w = k->w;
    const struct cell *named[] = {before, after};
    for (size_t i = 0; i < TG_ARRAY_LEN(named); i++) {
        if (!named[i])
            continue;
        key_of(w->def, named[i], &k->key);
        struct image *m = find_image(w, &k->key);
        if (m && k->is_collecting)
            image_release(m);
        else if (m)
            m->is_moved = true;
    }
    if (!k->is_collecting || !after)
        return;
    struct image *m = &w->images[w->next];
    image_release(m);
    m->key = x_memdup(k->key.p, k->key.n);
    m->nkey = k->key.n;
    row_pack(&m->row, after, w->def->ncolumns);
    w->next = (w->next + 1) % TAIL_ROWS;
    w->n = TG_MAX(w->n, w->next ? w->next : TAIL_ROWS);
}

static bool take_rows(struct look *k, struct watched *w, const struct binlog_event *ev, struct err *e)
{
    bool fits;
    k->w = w;
    if (walk_rows(ev, w->def, k->maps, take_row, k, &fits, e))
        return true;
    if (fits)
        return false;
    err_clear(e); /* from before an ALTER */
    forget_table(w);
    return true;
}

static void forget_named(struct look *k, const char *schema, const char *table)
{
    for (uint32_t i = 0; schema && i < k->r->tables.n; i++)
        if (strcasecmp(k->tables[i].def->schema, schema) == 0 && (!table || strcasecmp(k->tables[i].def->name, table) == 0))
            forget_table(&k->tables[i]);
}

/* After DDL what was seen before may be read otherwise; an XA transaction is in the binlog before it can be read. */
static void take_query(struct look *k, const struct binlog_query *q)
{
    struct ddl_context cx = dump_context(k->r, q);
    struct ddl d = {0};
    struct err ignored = {0};
    bool is_read = ddl_parse(&d, q->sql.p, q->sql.n, &cx, &ignored);
    bool is_harmless = is_read && (d.kind == DDL_NONE || d.kind == DDL_IGNORED_OBJECT || d.kind == DDL_TXN_BEGIN || d.kind == DDL_TXN_COMMIT);
    if (!is_harmless && (!is_read || !d.nnames))
        forget_all(k);
    for (uint32_t i = 0; !is_harmless && i < d.nnames; i++) {
        forget_named(k, d.names[i].schema, d.names[i].table);
        forget_named(k, d.names[i].to_schema, d.names[i].to_table);
    }
    ddl_release(&d);
}

/* Reads on until the stream has come to `to`, or time is over. */
static bool read_to(struct look *k, const struct pos *to, int64_t until_ms, struct err *e)
{
    const struct binlog_event *ev = &k->walk.ev;
    bool done = false;
    k->walk.until_ms = until_ms;
    while (!done) {
        if (!walk_next(&k->walk, to, &done, e))
            return false;
        int64_t i = !done && ev->kind == BINLOG_ROWS ? run_find_table(k->r, ev->rows.map->schema, ev->rows.map->table) : -1;
        if (i >= 0 && !k->tables[i].is_bad && !take_rows(k, &k->tables[i], ev, e))
            return false;
        if (!done && ev->kind == BINLOG_QUERY)
            take_query(k, &ev->query);
    }
    return true;
}

/* ---- the rows as SELECT finds them ---- */

static void select_sql(struct buf *sql, const struct watched *w)
{
    const struct key *key = &w->def->keys[w->def->row_key];
    struct cell *cells = x_alloc(w->def->ncolumns * sizeof *cells);
    buf_adds(sql, "SELECT ");
    for (uint32_t i = 0; i < w->def->ncolumns; i++) {
        buf_adds(sql, i ? "," : "");
        col_read_expr(sql, &w->def->columns[i]);
    }
    buf_adds(sql, " FROM ");
    sql_table(sql, w->def->schema, w->def->name);
    const char *glue = " WHERE (";
    for (uint32_t i = 0; i < w->n; i++) {
        if (!w->images[i].key)
            continue;
        row_unpack(w->images[i].row.p, w->def->ncolumns, cells);
        buf_adds(sql, glue);
        for (uint32_t p = 0; p < key->nparts; p++) {
            const struct column *c = &w->def->columns[key->parts[p].column];
            buf_adds(sql, p ? " AND " : "");
            sql_ident(sql, c->name);
            buf_addc(sql, '=');
            encode_literal(sql, c, cells[key->parts[p].column]);
        }
        buf_addc(sql, ')');
        glue = " OR (";
    }
    buf_adds(sql, glue[1] == 'W' ? " WHERE 1=0" : "");
    free(cells);
}

static bool read_table(struct look *k, const struct watched *w, MYSQL_RES **out, struct err *e)
{
    struct buf sql = {0};
    *out = NULL;
    if (!w->n)
        return true;
    select_sql(&sql, w);
    bool fine = conn_query(&k->r->end[SOURCE].conn, sql.p, out, e);
    buf_release(&sql);
    return fine;
}

/* Of one table; tells nothing where told is false. Returns whether all that did not move are the same. */
static bool compare_table(struct look *k, struct watched *w, MYSQL_RES *res, bool told)
{
    uint32_t n = w->def->ncolumns, nrows = 0;
    struct cell *read = x_alloc(n * sizeof *read), *image = x_alloc(n * sizeof *image);
    bool is_same = true, is_seen[TAIL_ROWS] = {0}, *is_told = x_alloc(n);
    struct buf key = {0};
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;) {
        unsigned long *size = mysql_fetch_lengths(res);
        for (uint32_t i = 0; i < n; i++)
            read[i] = (struct cell){row[i], (uint32_t)size[i]};
        key_of(w->def, read, &key);
        struct image *m = find_image(w, &key);
        if (!m || m->is_moved)
            continue;
        is_seen[m - w->images] = true;
        nrows++;
        row_unpack(m->row.p, n, image);
        for (uint32_t i = 0; i < n; i++)
            if (!is_told[i] && !cell_is_equal(&w->def->columns[i], image[i], read[i])) {
                is_same = false;
                is_told[i] = true;
                if (told)
                    k->t->differs(k->t->arg, w->def, &w->def->columns[i], image[i], read[i]);
            }
    }
    for (uint32_t i = 0; i < w->n; i++) {
        bool is_missing = w->images[i].key && !w->images[i].is_moved && !is_seen[i];
        is_same = is_same && !is_missing;
        k->t->nmoved += told && (is_missing || w->images[i].is_moved);
    }
    if (told) {
        k->t->nrows += nrows;
        k->t->ntables += nrows > 0;
    }
    buf_release(&key);
    free(read);
    free(image);
    free(is_told);
    return is_same;
}

/* One reading of all tables; *is_same is meaningful where the stream got beyond it. */
static bool one_round(struct look *k, bool is_last, int64_t until_ms, bool *is_same, struct err *e)
{
    uint32_t n = k->r->tables.n;
    MYSQL_RES **res = x_alloc((n + 1) * sizeof(MYSQL_RES *));
    struct pos behind = {0};
    bool fine = true;
    for (uint32_t i = 0; fine && i < n; i++)
        fine = read_table(k, &k->tables[i], &res[i], e);
    fine = fine && source_position(&k->r->end[SOURCE].conn, &behind, e) && read_to(k, &behind, until_ms, e);
    bool is_through = fine && pos_cmp(&k->walk.at, &behind) >= 0;
    *is_same = true;
    for (uint32_t i = 0; is_through && i < n; i++)
        if (res[i] && k->tables[i].n)
            *is_same = compare_table(k, &k->tables[i], res[i], false) && *is_same;
    for (uint32_t i = 0; is_through && (*is_same || is_last) && i < n; i++)
        if (res[i] && k->tables[i].n) {
            mysql_data_seek(res[i], 0);
            compare_table(k, &k->tables[i], res[i], true);
        }
    for (uint32_t i = 0; i < n; i++)
        mysql_free_result(res[i]);
    free(res);
    return fine;
}

static void choose_tables(struct look *k)
{
    for (uint32_t i = 0; i < k->r->tables.n; i++) {
        struct table *t = k->r->tables.tables[i];
        struct err ignored = {0};
        bool is_bad = t->row_key < 0 || !table_is_supported(t, &k->r->dialect, &ignored);
        for (uint32_t f = 0; f < t->nfks; f++) /* a cascade changes rows without an event */
            is_bad = is_bad || t->fks[f].on_delete_acts || t->fks[f].on_update_acts;
        k->tables[i] = (struct watched){.def = t, .is_bad = is_bad};
    }
}

bool tail_compare(struct run *r, struct charmaps *maps, struct tail *t, struct err *e)
{
    struct look k = {.r = r, .t = t, .maps = maps, .is_collecting = true};
    struct pos end;
    int64_t until_ms = clock_mono_ms() + TAIL_MS;
    if (!source_position(&r->end[SOURCE].conn, &end, e))
        return false;
    k.walk.at = end;
    t->is_live = end.at > TAIL_BYTES;
    if (!t->is_live)
        k.walk.at.at = 4;
    struct pos far = {.at = UINT64_MAX};
    snprintf(far.file, sizeof far.file, "%s", end.file);
    k.tables = x_alloc((r->tables.n + 1) * sizeof *k.tables);
    choose_tables(&k);
    bool is_same = false, fine = dump_open(&k.walk.dump, r, &k.walk.at, NULL, WHOLE_MS, e) && read_to(&k, t->is_live ? &far : &end, until_ms, e);
    k.is_collecting = false;
    for (uint32_t round = 0; fine && !is_same && round < ROUNDS; round++) {
        struct timespec pause = {0, round ? PAUSE_MS * 1000000L : 0};
        nanosleep(&pause, NULL);
        fine = one_round(&k, round + 1 == ROUNDS, until_ms + TAIL_MS, &is_same, e);
    }
    dump_close(&k.walk.dump);
    forget_all(&k);
    buf_release(&k.key);
    free(k.tables);
    return fine;
}
