// SPDX-License-Identifier: Apache-2.0
// The definition after a statement. The order of work is that of the servers (mysql_prepare_alter_table): first the
// old columns in their places, then the new and the moved ones, then the keys that are left, then the new keys.

#include "schema/ast.h"

#include <stdlib.h>
#include <strings.h>

struct slot {
    struct column c;
    int32_t old;                      /* its place before, or -1 */
};

struct after {
    const struct table *before;
    const struct alter_ast *alter;
    const struct ddl_context *cx;
    struct err *e;
    struct table *t;                  /* what becomes of it */
    struct slot *slots;
    uint32_t n;
    const struct spec_ast *convert;
};

static const struct spec_ast *find_spec(const struct after *w, enum spec_kind kind, const char *name)
{
    for (const struct spec_ast *s = w->alter->specs; s; s = s->next)
        if (s->kind == kind && s->name && strcasecmp(s->name, name) == 0)
            return s;
    return NULL;
}

static int32_t find_slot(const struct after *w, const char *name)
{
    for (uint32_t i = 0; i < w->n; i++)
        if (strcasecmp(w->slots[i].c.name, name) == 0)
            return (int32_t)i;
    return -1;
}

static struct column *insert_slot(struct after *w, uint32_t at, int32_t old)
{
    w->slots = x_realloc(w->slots, (w->n + 1) * sizeof *w->slots);
    memmove(w->slots + at + 1, w->slots + at, (w->n - at) * sizeof *w->slots);
    w->n++;
    memset(&w->slots[at], 0, sizeof w->slots[at]);
    w->slots[at].old = old;
    return &w->slots[at].c;
}

static bool add_built(struct after *w, uint32_t at, int32_t old, const struct column_ast *a)
{
    struct column c;
    if (!column_build(&c, a, w->t, w->cx, w->e))
        return false;
    if (w->convert)
        column_convert(&c, w->t->charset, w->t->collation, w->cx);
    *insert_slot(w, at, old) = c;
    return true;
}

static bool is_moved(const struct spec_ast *change)
{
    return change->items.columns->is_first || change->items.columns->after;
}

/* The old columns, changed or not, without the dropped and the moved ones. */
static bool keep_columns(struct after *w)
{
    for (uint32_t i = 0; i < w->before->ncolumns; i++) {
        const struct column *old = &w->before->columns[i];
        if (find_spec(w, SPEC_DROP_COLUMN, old->name))
            continue;
        const struct spec_ast *change = find_spec(w, SPEC_CHANGE, old->name);
        if (change) {
            if (!is_moved(change) && !add_built(w, w->n, (int32_t)i, change->items.columns))
                return false;
            continue;
        }
        struct column *c = insert_slot(w, w->n, (int32_t)i);
        column_copy(c, old);
        const struct spec_ast *rename = find_spec(w, SPEC_RENAME_COLUMN, old->name);
        if (rename) {
            free(c->name);
            c->name = x_strdup(rename->to);
        }
        const struct spec_ast *visibility = find_spec(w, SPEC_VISIBILITY, old->name);
        if (visibility)
            c->is_invisible = visibility->is_invisible;
        if (w->convert)
            column_convert(c, w->t->charset, w->t->collation, w->cx);
    }
    return true;
}

static bool place_column(struct after *w, const struct column_ast *a, int32_t old)
{
    uint32_t at = w->n;
    if (a->is_first) {
        at = 0;
    } else if (a->after) {
        int32_t i = find_slot(w, a->after);
        if (i < 0)
            return err_set(w->e, ERR_DDL_UNKNOWN, "AFTER names column %s, which the table does not have", a->after);
        at = (uint32_t)i + 1;
    }
    if (find_slot(w, a->name) >= 0)
        return err_set(w->e, ERR_DDL_UNKNOWN, "column %s is there already", a->name);
    return add_built(w, at, old, a);
}

static bool add_columns(struct after *w)
{
    for (const struct spec_ast *s = w->alter->specs; s; s = s->next) {
        if (s->kind == SPEC_CHANGE) {
            int32_t old = table_column(w->before, s->name);
            if (old < 0 && !s->if_exists)
                return err_set(w->e, ERR_DDL_UNKNOWN, "the table has no column %s", s->name);
            if (old >= 0 && is_moved(s) && !place_column(w, s->items.columns, old))
                return false;
        } else if (s->kind == SPEC_ADD) {
            for (const struct column_ast *a = s->items.columns; a; a = a->next) {
                bool is_there = s->if_exists && find_slot(w, a->name) >= 0;
                if (!is_there && !place_column(w, a, -1))
                    return false;
            }
        } else if ((s->kind == SPEC_DROP_COLUMN || s->kind == SPEC_RENAME_COLUMN) && !s->if_exists &&
                   table_column(w->before, s->name) < 0) {
            return err_set(w->e, ERR_DDL_UNKNOWN, "the table has no column %s", s->name);
        }
    }
    return true;
}

static void take_columns(struct after *w)
{
    struct table *t = w->t;
    for (uint32_t i = 0; i < t->ncolumns; i++)
        column_release(&t->columns[i]);
    t->columns = x_realloc(t->columns, (w->n + 1) * sizeof *t->columns);
    t->ncolumns = w->n;
    for (uint32_t i = 0; i < w->n; i++)
        t->columns[i] = w->slots[i].c;
}

static bool drops_key(const struct after *w, const struct key *k)
{
    if (find_spec(w, SPEC_DROP_KEY, k->name))
        return true;
    const struct spec_ast *s = find_spec(w, SPEC_DROP_CONSTRAINT, k->name);
    return s && k->is_unique && !s->is_check;
}

/* The parts whose columns are left, at their new places. */
static void keep_parts(const struct after *w, struct key *k)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < k->nparts; i++) {
        struct key_part p = k->parts[i];
        uint32_t at = 0;
        while (p.column != UINT32_MAX && at < w->n && w->slots[at].old != (int32_t)p.column)
            at++;
        if (p.column != UINT32_MAX && at == w->n)
            continue;
        if (p.column != UINT32_MAX) {
            p.column = at;
            p.prefix = prefix_settle(&w->t->columns[at], p.prefix, k->is_unique, w->cx);
        }
        k->parts[n++] = p;
    }
    k->nparts = n;
}

static void keep_keys(struct after *w)
{
    struct table *t = w->t;
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->nkeys; i++) {
        struct key k = t->keys[i];
        const struct spec_ast *rename = find_spec(w, SPEC_RENAME_KEY, k.name);
        bool is_dropped = drops_key(w, &k);
        if (!is_dropped)
            keep_parts(w, &k);
        if (is_dropped || k.nparts == 0) {
            key_release(&k);
            continue;
        }
        if (rename) {
            free(k.name);
            k.name = x_strdup(rename->to);
        }
        for (uint32_t j = 0; j < k.nparts && strcasecmp(k.name, "PRIMARY") == 0; j++)
            if (k.parts[j].column != UINT32_MAX)
                t->columns[k.parts[j].column].is_nullable = false;
        k.is_hash = k.is_hash || (k.is_unique && w->cx->is_mariadb && key_holds_long(t, &k));
        t->keys[n++] = k;
    }
    t->nkeys = n;
}

static void keep_foreign_keys(struct after *w)
{
    struct table *t = w->t;
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->nfks; i++) {
        struct foreign_key f = t->fks[i];
        if (find_spec(w, SPEC_DROP_FOREIGN_KEY, f.name) || find_spec(w, SPEC_DROP_CONSTRAINT, f.name)) {
            foreign_key_release(&f);
            continue;
        }
        for (uint32_t j = 0; j < f.ncolumns; j++) {
            int32_t old = table_column(w->before, f.columns[j]);
            for (uint32_t at = 0; old >= 0 && at < w->n; at++) {
                if (w->slots[at].old == old) {
                    free(f.columns[j]);
                    f.columns[j] = x_strdup(t->columns[at].name);
                }
            }
        }
        t->fks[n++] = f;
    }
    t->nfks = n;
}

static bool add_keys(struct after *w)
{
    for (int generated = 0; generated < 2; generated++)
        for (const struct spec_ast *s = w->alter->specs; s; s = s->next)
            for (const struct key_ast *k = s->items.keys; k; k = k->next)
                if (k->is_generated == (generated == 1) && !key_build(w->t, k, w->cx, w->e))
                    return false;
    return true;
}

static void set_name(char **at, const char *value)
{
    free(*at);
    *at = x_strdup(value);
}

/* Charset, engine, partitions: before the columns, which inherit from them. */
static void take_options(struct after *w)
{
    struct table *t = w->t;
    for (const struct spec_ast *s = w->alter->specs; s; s = s->next) {
        bool has_charset = false;
        struct table_ast wanted;
        struct option_ast cs = {.kind = OPT_CHARSET}, co = {.kind = OPT_COLLATE};
        table_ast_init(&wanted);
        if (s->kind == SPEC_CONVERT) {
            w->convert = s;
            cs.text = str_of(s->charset);
            co.text = str_of(s->collation);
            co.next = wanted.options;
            wanted.options = co.text.p ? &co : wanted.options;
            cs.next = wanted.options;
            wanted.options = cs.text.p ? &cs : wanted.options;
            has_charset = true;
        }
        for (const struct option_ast *o = s->items.options; o; o = o->next) {
            if (o->kind == OPT_ENGINE)
                set_name(&t->engine, o->text.p);
            has_charset = has_charset || o->kind == OPT_CHARSET || o->kind == OPT_COLLATE;
        }
        if (has_charset) {
            char *charset, *collation;
            wanted.options = s->kind == SPEC_CONVERT ? wanted.options : s->items.options;
            table_charset(&wanted, w->cx, &charset, &collation);
            free(t->charset);
            free(t->collation);
            t->charset = charset;
            t->collation = collation;
        }
        if (s->kind == SPEC_PARTITION_BY || s->kind == SPEC_REMOVE_PARTITIONING)
            t->is_partitioned = s->kind == SPEC_PARTITION_BY;
        if (s->kind == SPEC_VERSIONING)
            t->is_versioned = s->items.is_versioned;
        t->is_versioned = t->is_versioned || s->items.is_versioned;
    }
}

static void rename_table(struct table *t, const char *schema, const char *name)
{
    for (uint32_t i = 0; i < t->nfks; i++) { // generated names follow the table's
        struct foreign_key *f = &t->fks[i];
        size_t stem = strlen(t->name);
        if (strncmp(f->name, t->name, stem) == 0 && strncmp(f->name + stem, "_ibfk_", 6) == 0) {
            char *moved = x_format("%s%s", name, f->name + stem);
            free(f->name);
            f->name = moved;
        }
    }
    set_name(&t->schema, schema);
    set_name(&t->name, name);
    set_name(&t->target_schema, schema);
    set_name(&t->target_name, name);
}

static bool alter_table(struct after *w)
{
    take_options(w);
    bool fine = keep_columns(w) && add_columns(w);
    if (fine && w->n == 0)
        fine = err_set(w->e, ERR_DDL_UNKNOWN, "no column would be left");
    if (!fine) {
        for (uint32_t i = 0; i < w->n; i++)
            column_release(&w->slots[i].c);
        return false;
    }
    take_columns(w);
    keep_keys(w);
    keep_foreign_keys(w);
    if (!add_keys(w))
        return false;
    if (w->alter->to_name)
        rename_table(w->t, w->alter->to_schema, w->alter->to_name);
    table_finish(w->t);
    return true;
}

static struct table *after_rename(struct table *t, const struct ddl *d)
{
    for (uint32_t i = 0; i < d->nnames; i++)
        if (strcmp(d->names[i].schema, t->schema) == 0 && strcmp(d->names[i].table, t->name) == 0) {
            rename_table(t, d->names[i].to_schema, d->names[i].to_table);
            break;
        }
    return t;
}

struct table *table_after(const struct table *before, const struct ddl *d, const struct ddl_context *cx, struct err *e)
{
    struct table *t = table_copy(before);
    if (d->kind == DDL_TRUNCATE)
        return t;
    if (d->kind == DDL_RENAME)
        return after_rename(t, d);
    bool fine = d->body->alter != NULL;
    if (fine) {
        struct after w = {.before = before, .alter = d->body->alter, .cx = cx, .e = e, .t = t};
        fine = alter_table(&w);
        free(w.slots);
    } else {
        err_set(e, ERR_DDL_UNKNOWN, "the statement does not change a table's definition");
    }
    if (fine)
        return t;
    err_wrap(e, "%s.%s", before->schema, before->name);
    table_drop(t);
    return NULL;
}

struct table *table_like(const struct table *model, const char *schema, const char *name)
{
    struct table *t = table_copy(model);
    for (uint32_t i = 0; i < t->nfks; i++)
        foreign_key_release(&t->fks[i]);
    t->nfks = 0;
    rename_table(t, schema, name);
    return t;
}

/* ---- what a statement about other tables does to references ---- */

static bool refers_to(const struct foreign_key *k, const struct ddl_name *n)
{
    return n->schema && n->table && strcmp(k->ref_schema, n->schema) == 0 && strcmp(k->ref_table, n->table) == 0;
}

static bool moves_columns(const struct foreign_key *k, const struct ddl *d)
{
    return d->kind == DDL_ALTER && d->body->alter && refers_to(k, &d->names[0]);
}

static const char *new_name(const struct alter_ast *alter, const char *column)
{
    for (const struct spec_ast *s = alter->specs; s; s = s->next) {
        if (!s->name || strcasecmp(s->name, column) != 0)
            continue;
        if (s->kind == SPEC_CHANGE)
            return s->items.columns->name;
        if (s->kind == SPEC_RENAME_COLUMN)
            return s->to;
    }
    return column;
}

static void follow_reference(struct foreign_key *k, const struct ddl *d)
{
    if (moves_columns(k, d))
        for (uint32_t i = 0; i < k->ncolumns; i++) {
            const char *name = new_name(d->body->alter, k->ref_columns[i]);
            if (name != k->ref_columns[i])
                set_name(&k->ref_columns[i], name);
        }
    for (uint32_t i = 0; i < d->nnames; i++)
        if (d->names[i].to_table && refers_to(k, &d->names[i])) {
            set_name(&k->ref_schema, d->names[i].to_schema);
            set_name(&k->ref_table, d->names[i].to_table);
        }
}

/* Whether any step of it has that name: a swap goes over a third one. */
static bool is_named(const struct foreign_key *k, const struct ddl *d)
{
    bool is = moves_columns(k, d);
    for (uint32_t i = 0; i < d->nnames; i++)
        is = is || (d->names[i].to_table && refers_to(k, &d->names[i]));
    return is;
}

struct table *table_after_others(const struct table *t, const struct ddl *d)
{
    bool any = false;
    if (d->kind != DDL_RENAME && d->kind != DDL_ALTER)
        return NULL;
    for (uint32_t i = 0; i < t->nfks; i++)
        any = any || is_named(&t->fks[i], d);
    if (!any)
        return NULL;
    struct table *to = table_copy(t);
    for (uint32_t i = 0; i < to->nfks; i++)
        follow_reference(&to->fks[i], d);
    return to;
}
