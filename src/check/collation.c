// SPDX-License-Identifier: Apache-2.0
// Charsets and collations that the target lacks, and what takes their place.
#include "check/private.h"

#include "schema/collide.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

struct mapped {
    char from[64], to[64];
    uint32_t n;                       /* columns */
    const struct table *table;        /* the first one's */
    const char *column;
};
struct mapping {
    struct mapped *list;
    uint32_t n, ncolumns;             /* ncolumns: of text */
};

static struct mapped *entry(struct run *r, struct mapping *m, const char *collation)
{
    for (uint32_t i = 0; i < m->n; i++)
        if (strcmp(m->list[i].from, collation) == 0)
            return &m->list[i];
    m->list = x_realloc(m->list, (m->n + 1) * sizeof *m->list);
    struct mapped *e = &m->list[m->n++];
    *e = (struct mapped){.n = 0};
    snprintf(e->from, sizeof e->from, "%s", collation);
    dialect_collation(&r->dialect, collation, e->to);
    return e;
}

static int by_count(const void *a, const void *b)
{
    const struct mapped *x = a, *y = b;
    return x->n > y->n ? -1 : x->n < y->n ? 1 : strcmp(x->from, y->from);
}

/* Few collations, many columns. */
static void map_columns(struct run *r, struct mapping *m)
{
    for (uint32_t i = 0; i < r->tables.n; i++) {
        const struct table *t = r->tables.tables[i];
        struct mapped *e = NULL;
        for (uint32_t k = 0; k < t->ncolumns; k++) {
            const struct column *c = &t->columns[k];
            if (!c->collation[0] || c->charset == CS_BINARY)
                continue;
            m->ncolumns++;
            if (!e || strcmp(e->from, c->collation) != 0)
                e = entry(r, m, c->collation);
            if (e->n++ == 0) {
                e->table = t;
                e->column = c->name;
            }
        }
    }
    if (m->n)
        qsort(m->list, m->n, sizeof *m->list, by_count);
}

/* Of one that takes the place of another; a plain change of name or charset is no news. */
static uint32_t tell_mapped(struct check_result *out, const struct mapped *e)
{
    char label[160];
    bool merges = collation_merges(e->from, e->to), splits = collation_merges(e->to, e->from);
    table_label(e->table, label);
    if (strcmp(e->from, e->to) == 0 || (!merges && !splits))
        return 0;
    if (merges && splits)
        find(out, CHECK_WARN, NULL, "%s, in %u columns (the first: %s.%s), becomes %s: other texts are equal, and they sort otherwise", e->from,
             e->n, label, e->column, e->to);
    else if (merges)
        find(out, CHECK_WARN, NULL, "%s, in %u columns (the first: %s.%s), becomes %s, which holds more texts for equal", e->from, e->n, label,
             e->column, e->to);
    else
        find(out, CHECK_WARN, NULL, "%s, in %u columns (the first: %s.%s), becomes %s, which holds fewer texts for equal: 'a' may no longer find 'A'",
             e->from, e->n, label, e->column, e->to);
    return e->n;
}

/* Chosen when a TiDB cluster is made, for ever. */
static bool compares_by_bytes(struct run *r)
{
    struct conn *c = &r->end[TARGET].conn;
    struct err ignored = {0};
    char value[16] = "";
    return c->server.flavour == DB_TIDB &&
           conn_value(c, "SELECT VARIABLE_VALUE FROM mysql.tidb WHERE VARIABLE_NAME = 'new_collation_enabled'", value, sizeof value, &ignored) &&
           strcasecmp(value, "True") != 0;
}

void check_table_collation(struct run *r, struct check_result *out)
{
    struct err e = {0};
    struct mapping m = {0};
    uint32_t n = 0;
    if (!run_dialect(r, &e)) {
        unread(out, &e);
        return;
    }
    map_columns(r, &m);
    if (m.n && compares_by_bytes(r))
        find(out, CHECK_WARN, "Make the TiDB cluster anew with new_collations_enabled_on_first_bootstrap = true.",
             "%s: new_collation_enabled is False, every text compares and sorts by its bytes; it can't be changed later", r->end[TARGET].addr.host);
    for (uint32_t i = 0; i < m.n; i++)
        n += tell_mapped(out, &m.list[i]);
    if (n)
        set_found(out, "%u of %u columns get another collation", n, m.ncolumns);
    else if (m.n == 1)
        set_found(out, m.list[0].n == 1 ? "%s (%u column)" : "%s (%u columns)", m.list[0].from, m.list[0].n);
    else if (m.n)
        set_found(out, "%s (%u columns) and %u more", m.list[0].from, m.list[0].n, m.n - 1);
    else
        set_found(out, "no text columns");
    if (n)
        set_detail(out, "The rows' bytes stay as they are. What compares, sorts or must be unique behaves by the new collation; "
                        "table.duplicates looks for values that would collide.");
    free(m.list);
}

/* ---- unique keys under another collation ---- */

#define MOST_ROWS 20000000u           /* of a table that is read whole for this */

struct duplicates {
    struct run *r;
    struct check_result *out;
    struct picked bad;
    uint32_t nkeys;
};

static void told_duplicate(void *arg, const struct collide_key *k, const char *text)
{
    struct duplicates *d = arg;
    find(d->out, CHECK_FAIL, "Change one of the values, or give the column a collation that the target has.", "%s", text);
    judge(d->out, CHECK_FAIL, ERR_TARGET_COLLATION);
    if (!d->bad.n || d->bad.list[d->bad.n - 1] != k->table)
        pick(&d->bad, k->table);
}

static void ask_key(struct duplicates *d, uint32_t i, const struct collide_key *k)
{
    struct err e = {0};
    uint64_t rows = run_size(d->r, i)->rows;
    const struct table *t = k->table;
    d->nkeys++;
    if (!k->can_ask) {
        find(d->out, CHECK_WARN, NULL, "%s.%s: whether the values of unique key %s stay apart under %s can't be asked, the source has nothing like it",
             t->schema, t->name, k->key->name, k->mapped);
    } else if (rows > MOST_ROWS) {
        find(d->out, CHECK_WARN, "The run itself looks before it copies, and then takes its time.",
             "%s.%s: unique key %s was not looked at, about %llu rows would have to be sorted", t->schema, t->name, k->key->name,
             (unsigned long long)rows);
    } else if (!collide_ask(k, &d->r->end[SOURCE].conn, told_duplicate, d, &e)) {
        find(d->out, CHECK_WARN, NULL, "%s.%s: unique key %s could not be looked at: %s", t->schema, t->name, k->key->name, e.text);
    }
}

void check_table_duplicates(struct run *r, struct check_result *out)
{
    struct err e = {0};
    struct duplicates d = {.r = r, .out = out};
    struct collation_ids *ids = run_dialect(r, &e) ? collation_ids_read(&r->end[SOURCE].conn, &e) : NULL;
    if (!ids) {
        unread(out, &e);
        return;
    }
    for (uint32_t i = 0; i < r->tables.n; i++) {
        struct collide_key k;
        for (uint32_t from = 0; collide_next(r->tables.tables[i], &r->dialect, ids, &from, &k);)
            if (!r->o->cancel || !cancel_is_set(r->o->cancel))
                ask_key(&d, i, &k);
    }
    if (d.nkeys)
        set_found(out, d.nkeys == 1 ? "%u unique key looked at" : d.nkeys ? "%u unique keys looked at" : "no key changes", d.nkeys);
    else
        set_found(out, "no unique key gets a coarser collation");
    collation_ids_free(ids);
    cure_exclude_picked(out, r->job, &d.bad);
}
