// SPDX-License-Identifier: Apache-2.0
/* The self-test: ten rows of every column type that the chosen tables have, read by the copy path and by the stream path
 * and compared, then written to the target from both, read back and compared with the source again. A type that one of
 * the servers refuses is found by halving the table it stands in. */
#include "check/rehearse_rows.h"
#include "base/text.h"
#include "db/normal.h"

#include <stdio.h>
#include <stdlib.h>

#define TYPES_MAX 400u
#define TABLE_COLUMNS 60u

struct test {
    struct run *run;
    struct check_result *out;
    struct scratch source, target;
    struct charmaps *maps;
    bool has_scratch, with_stream;    /* at the source; else the person's own rows are read, and the stream shows nothing of them */
    bool is_over;                     /* an end was lost: nothing more to be learnt */
    uint32_t ntables, ntypes, nrows, nskipped;
    struct tail tail;
    struct err no_scratch;            /* why there is none at the source */
};

/* ---- the distinct types ---- */

struct candidate {
    struct probe p;
    uint64_t rows;                    /* of its table, as the server guesses */
};

static int by_type(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    int c = strcmp(x->p.column->type_text, y->p.column->type_text);
    c = c ? c : strcmp(x->p.column->collation, y->p.column->collation);
    return c ? c : x->rows < y->rows ? 1 : x->rows > y->rows ? -1 : 0;
}

static bool is_same_type(const struct column *a, const struct column *b)
{
    return strcmp(a->type_text, b->type_text) == 0 && strcmp(a->collation, b->collation) == 0;
}

static int by_table(const void *a, const void *b)
{
    const struct probe *x = a, *y = b;
    return x->table < y->table ? -1 : x->table > y->table;
}

/* One column of each type, from the largest table that has it. *nall: how many types there are. */
static struct probe *distinct_types(struct run *r, uint32_t *n, uint32_t *nall)
{
    bool has_sizes = run_sizes(r, NULL);
    uint32_t total = 0, k = 0;
    for (uint32_t i = 0; i < r->tables.n; i++)
        total += r->tables.tables[i]->ncolumns;
    struct candidate *all = x_alloc((total + 1) * sizeof *all);
    for (uint32_t i = 0; i < r->tables.n; i++) {
        const struct table *t = r->tables.tables[i];
        struct err ignored = {0};
        if (table_is_supported(t, &r->dialect, &ignored)) /* else table_schema tells */
            for (uint32_t c = 0; c < t->ncolumns; c++)
                all[k++] = (struct candidate){{t, &t->columns[c]}, has_sizes ? r->sizes[i].rows : 0};
    }
    qsort(all, k, sizeof *all, by_type);
    struct probe *out = x_alloc((TYPES_MAX + 1) * sizeof *out);
    *n = *nall = 0;
    for (uint32_t i = 0; i < k; i++)
        if (i == 0 || !is_same_type(all[i].p.column, all[i - 1].p.column)) {
            if (*n < TYPES_MAX)
                out[(*n)++] = all[i].p;
            ++*nall;
        }
    qsort(out, *n, sizeof *out, by_table);
    free(all);
    return out;
}

/* ---- comparing ---- */

static void show(struct cell v, char out[80])
{
    struct buf text = {0};
    for (uint32_t i = 0; v.p && i < v.n && text.n < 60; i++) {
        unsigned char b = (unsigned char)v.p[i];
        if (b < 32 || b == 127)
            buf_addf(&text, "\\x%02x", b);
        else
            buf_addc(&text, (char)b);
    }
    while (text.n && v.n >= 60 && ((unsigned char)text.p[text.n - 1] & 0x80)) /* no half of a character */
        text.n--;
    snprintf(out, 80, v.p ? "'%.*s'%s" : "%.*sNULL%s", (int)text.n, text.p ? text.p : "", v.p && v.n > text.n ? "…" : "");
    buf_release(&text);
}

bool cell_is_equal(const struct column *c, struct cell a, struct cell b)
{
    struct buf x = {0}, y = {0};
    normal_cell(&x, c, a);
    normal_cell(&y, c, b);
    bool equal = x.n == y.n && memcmp(x.p, y.p, x.n) == 0;
    buf_release(&x);
    buf_release(&y);
    return equal;
}

static void tell_difference(struct test *t, const struct probe *p, uint32_t row, const char *first, struct cell a, const char *second, struct cell b,
                            bool is_loss)
{
    char x[80], y[80];
    show(a, x);
    show(b, y);
    if (is_loss) {
        find(t->out, CHECK_WARN, err_info(ERR_SOURCE_TEXT)->cure, "%s.%s.%s, %s: row %u holds what Unicode lacks: %s", p->table->schema,
             p->table->name, p->column->name, p->column->type_text, row + 1, x);
        judge(t->out, CHECK_WARN, ERR_SOURCE_TEXT);
        return;
    }
    find(t->out, CHECK_FAIL, "Report it, with the type; until then leave the table out.", "%s.%s.%s, %s: row %u is %s %s, and %s %s", p->table->schema,
         p->table->name, p->column->name, p->column->type_text, row + 1, x, first, y, second);
    judge(t->out, CHECK_FAIL, ERR_VERIFY_DIFFERENT);
}

/* Every row of a against the same of b. One difference a type is told. */
static void compare(struct test *t, const struct probe *p, uint32_t n, const struct table *def, const char *first, const struct sample *a,
                    const char *second, const struct sample *b, bool is_loss)
{
    struct cell *x = x_alloc(n * sizeof *x), *y = x_alloc(n * sizeof *y);
    bool *is_told = x_alloc(n);
    for (uint32_t row = 0; row < SAMPLE_ROWS; row++) {
        if (!sample_get(a, row, x))
            continue;
        if (!sample_get(b, row, y)) {
            find(t->out, CHECK_FAIL, NULL, "row %u of %s.%s is there %s, and missing %s", row + 1, def->schema, def->name, first, second);
            judge(t->out, CHECK_FAIL, ERR_VERIFY_DIFFERENT);
            continue;
        }
        for (uint32_t i = 0; i < n; i++)
            if (!is_told[i] && !cell_is_equal(&def->columns[i + 1], x[i], y[i])) {
                is_told[i] = true;
                tell_difference(t, &p[i], row, first, x[i], second, y[i], is_loss);
            }
    }
    free(x);
    free(y);
    free(is_told);
}

/* The number 0 of an ENUM is written by way of the ledger, which a rehearsal has none of. And what reads otherwise when
 * it is read strictly has been told already. NULL stands for both. */
static void blank(struct sample *s, const struct sample *strict, const struct table *def)
{
    struct cell *x = x_alloc(s->ncolumns * sizeof *x), *y = x_alloc(s->ncolumns * sizeof *y);
    struct sample out = {.ncolumns = s->ncolumns, .nvalues = s->nvalues, .ntypes = s->ntypes};
    for (uint32_t row = 0; row < SAMPLE_ROWS; row++) {
        if (!sample_get(s, row, x))
            continue;
        bool has_strict = sample_get(strict, row, y);
        for (uint32_t i = 0; i < s->ncolumns; i++) {
            const struct column *c = &def->columns[i + 1];
            bool is_zero = c->cls == COL_ENUM && x[i].p && !x[i].n;
            for (uint32_t m = 0; is_zero && m < c->nmembers; m++)
                is_zero = c->members[m][0] != 0;
            if (is_zero || (has_strict && col_is_text(c->cls) && !cell_is_equal(c, x[i], y[i])))
                x[i] = (struct cell){0};
        }
        sample_put(&out, row, x);
    }
    sample_release(s);
    *s = out;
    free(x);
    free(y);
}

/* ---- one table of types ---- */

struct group {
    struct test *t;
    const struct probe *p;
    uint32_t n;
    struct table *def;
    struct buf sql;
    char name[24];
    struct sample copied, strict, streamed, back[2];
};
enum refusal { REFUSED_NOWHERE, REFUSED_AT_SOURCE, REFUSED_AT_TARGET };

static bool from_source(struct group *g, struct err *e)
{
    struct test *t = g->t;
    struct conn *c = &t->source.conn;
    struct pos from, to;
    if (!t->has_scratch)
        return sample_real(&t->run->end[SOURCE].conn, g->p, g->n, &g->copied, &g->strict, e);
    return conn_exec(c, g->sql.p, g->sql.n, NULL, e) && (!t->with_stream || source_position(c, &from, e)) && probe_fill(c, g->p, g->n, g->def, e) &&
           (!t->with_stream || source_position(c, &to, e)) && sample_read(c, g->def, &g->copied, &g->strict, e) &&
           (!t->with_stream || sample_stream(t->run, g->def, &from, &to, t->maps, &g->streamed, e));
}

static bool through_target(struct group *g, struct err *e)
{
    struct test *t = g->t;
    char name[40];
    snprintf(name, sizeof name, "%s_copied", g->name);
    if (!sample_through(&t->target, &t->run->dialect, g->def, &g->sql, name, t->run->job->load_data, &g->copied, &g->back[0], e))
        return false;
    snprintf(name, sizeof name, "%s_streamed", g->name);
    return !t->with_stream || sample_through(&t->target, &t->run->dialect, g->def, &g->sql, name, false, &g->streamed, &g->back[1], e);
}

static bool has_rows(const struct sample *s)
{
    for (uint32_t row = 0; row < SAMPLE_ROWS; row++)
        if (s->is_there[row])
            return true;
    return false;
}

static enum refusal run_group(struct group *g, struct err *e)
{
    struct test *t = g->t;
    const char *schema = t->has_scratch ? t->source.name : t->target.name;
    snprintf(g->name, sizeof g->name, "types%u", t->ntables++);
    g->def = probe_table(g->p, g->n, &t->run->end[SOURCE].conn, schema, g->name, &g->sql, e);
    if (!g->def || !from_source(g, e))
        return REFUSED_AT_SOURCE;
    compare(t, g->p, g->n, g->def, N_("as read"), &g->copied, N_("as compared"), &g->strict, true);
    if (t->with_stream && !has_rows(&g->streamed)) {
        find(t->out, CHECK_WARN, "See binlog-do-db and binlog-ignore-db at the source.", "the binlog holds no row of %s: changes could not be compared", schema);
        t->with_stream = false;
    }
    if (t->with_stream)
        compare(t, g->p, g->n, g->def, N_("as copied"), &g->copied, N_("in the binlog"), &g->streamed, false);
    blank(&g->copied, &g->strict, g->def);
    blank(&g->streamed, &g->strict, g->def);
    if (!through_target(g, e))
        return REFUSED_AT_TARGET;
    compare(t, g->p, g->n, g->def, N_("at the source"), &g->copied, N_("at the target, copied"), &g->back[0], false);
    if (t->with_stream)
        compare(t, g->p, g->n, g->def, N_("in the binlog"), &g->streamed, N_("at the target, from the binlog"), &g->back[1], false);
    t->nrows += g->copied.nvalues;
    t->ntypes += g->copied.ntypes;
    return REFUSED_NOWHERE;
}

static void group_release(struct group *g)
{
    struct sample *all[] = {&g->copied, &g->strict, &g->streamed, &g->back[0], &g->back[1]};
    for (size_t i = 0; i < TG_ARRAY_LEN(all); i++)
        sample_release(all[i]);
    table_drop(g->def);
    buf_release(&g->sql);
}

/* One type alone that a server refuses. */
static void tell_refused(struct test *t, const struct probe *p, enum refusal where, const struct err *e)
{
    t->nskipped++;
    if (where == REFUSED_AT_SOURCE) { /* a table of our making, not the person's: nothing is said about the run */
        find(t->out, CHECK_WARN, NULL, "%s.%s.%s, %s: could not be rehearsed at the source: %s", p->table->schema, p->table->name, p->column->name,
             p->column->type_text, e->text);
        return;
    }
    find(t->out, CHECK_FAIL, "Leave the table out, or change the column at the source.", "%s.%s.%s, %s: the target refuses it: %s", p->table->schema,
         p->table->name, p->column->name, p->column->type_text, e->text);
    judge(t->out, CHECK_FAIL, e->code == ERR_TARGET_FULL ? e->code : ERR_TARGET_QUERY);
}

static bool is_hopeless(const struct err *e)
{
    return err_is_lost(e) || e->code == ERR_SOURCE_PRIVILEGE || e->code == ERR_TARGET_PRIVILEGE || e->code == ERR_BINLOG_READ || e->code == ERR_CANCELLED ||
           e->code == ERR_BINLOG_PURGED || e->code == ERR_BINLOG_GAP || e->code == ERR_BINLOG_FORMAT || e->code == ERR_SOURCE_CONNECT;
}

static void run_types(struct test *t, const struct probe *p, uint32_t n)
{
    struct group g = {.t = t, .p = p, .n = n};
    struct err e = {0};
    if (t->is_over)
        return;
    if (t->run->o->cancel && cancel_is_set(t->run->o->cancel)) {
        t->is_over = true;
        return;
    }
    enum refusal refused = run_group(&g, &e);
    group_release(&g);
    if (refused == REFUSED_NOWHERE)
        return;
    if (is_hopeless(&e)) {
        t->is_over = true;
        if (e.code != ERR_CANCELLED)
            unread(t->out, &e);
    } else if (n == 1) {
        tell_refused(t, p, refused, &e);
    } else {
        run_types(t, p, n / 2);
        run_types(t, p + n / 2, n - n / 2);
    }
}

/* ---- real events, where nothing can be made at the source ---- */

static void differs(void *arg, const struct table *table, const struct column *c, struct cell image, struct cell read)
{
    struct test *t = arg;
    char x[80], y[80];
    show(image, x);
    show(read, y);
    find(t->out, CHECK_FAIL, "Report it, with the type; until then leave the table out.", "%s.%s.%s, %s: a row is %s in the binlog, and %s as copied",
         table->schema, table->name, c->name, c->type_text, x, y);
    judge(t->out, CHECK_FAIL, ERR_VERIFY_DIFFERENT);
}

static void run_tail(struct test *t)
{
    struct err e = {0};
    t->tail = (struct tail){.differs = differs, .arg = t};
    if (!t->is_over && !t->has_scratch && run_streams(t->run) && !tail_compare(t->run, t->maps, &t->tail, &e) && e.code != ERR_CANCELLED)
        find(t->out, CHECK_WARN, NULL, "the end of the binlog could not be compared: %s", e.text);
}

/* ---- the check ---- */

static bool open_target(struct test *t, struct err *e)
{
    return scratch_open(&t->target, &t->run->end[TARGET], e) && scratch_make(&t->target, e);
}

/* Where the person may make no schema, the copy path is compared with real rows. */
static void open_source(struct test *t)
{
    t->has_scratch = scratch_open(&t->source, &t->run->end[SOURCE], &t->no_scratch) && scratch_make(&t->source, &t->no_scratch);
    t->with_stream = t->has_scratch && run_streams(t->run);
}

static void tell_end(struct test *t, uint32_t nall, uint32_t n)
{
    struct buf text = {0};
    set_found(t->out, "%u types, %u values", t->ntypes, t->nrows);
    buf_adds(&text, t->with_stream ? N_("Copied and read from the binlog, then written to the target both ways.") :
                    t->has_scratch ? N_("Copied and written to the target; the binlog was not compared.") :
                                     N_("Copied from the tables themselves and written to the target."));
    if (!t->has_scratch && run_streams(t->run))
        buf_addf(&text, t->tail.is_live ? N_(" %u rows of %u tables as five seconds of the binlog shows them, compared with the tables; %u more were left out: changed or gone meanwhile.")
                                        : N_(" %u rows of %u tables as the last file of the binlog shows them, compared with the tables; %u more were left out: changed or gone meanwhile."),
                 t->tail.nrows, t->tail.ntables, t->tail.nmoved);
    if (t->has_scratch)
        buf_addf(&text, N_(" Scratch schemas %s and %s, dropped again."), t->source.name, t->target.name);
    else
        buf_addf(&text, N_(" Scratch schema %s at the target, dropped again; none at the source: %s"), t->target.name, t->no_scratch.text);
    if (nall > n)
        buf_addf(&text, N_(" Of %u types the first %u were tried."), nall, n);
    if (t->nskipped)
        buf_addf(&text, N_(" %u could not be."), t->nskipped);
    set_detail(t->out, "%s", text.p);
    buf_release(&text);
}

void check_rehearse_types(struct run *r, struct check_result *out)
{
    struct test t = {.run = r, .out = out};
    struct err e = {0};
    uint32_t n, nall;
    if (!run_dialect(r, &e)) {
        unread(out, &e);
        return;
    }
    struct probe *p = distinct_types(r, &n, &nall);
    if (!n) {
        not_applicable(out, "no table that can be moved is chosen");
    } else if (!open_target(&t, &e)) {
        set_found(out, "not rehearsed");
        find(out, CHECK_WARN, "Grant ALL on that schema for the rehearsal.", "no scratch schema could be made at the target: %s", e.text);
    } else {
        open_source(&t);
        t.maps = charmaps_new(&r->end[SOURCE].addr);
        for (uint32_t i = 0; i < n; i += TABLE_COLUMNS)
            run_types(&t, p + i, TG_MIN(TABLE_COLUMNS, n - i));
        run_tail(&t);
        charmaps_free(t.maps);
        tell_end(&t, nall, n);
        if (r->o->cancel && cancel_is_set(r->o->cancel))
            not_applicable(out, "cancelled");
    }
    if (t.source.conn.my)
        scratch_end(&t.source, out);
    if (t.target.conn.my)
        scratch_end(&t.target, out);
    free(p);
}
