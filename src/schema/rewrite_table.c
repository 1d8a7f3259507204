// SPDX-License-Identifier: Apache-2.0
// CREATE TABLE and ALTER TABLE for a target. Charset and collation are always written out, because the target's
// defaults are others; unnamed keys get the names that the source gives them, because later statements use those.

#include "schema/rewrite.h"

#include <stdlib.h>
#include <strings.h>

static bool name_is_taken(const struct table_ast *t, const struct key_ast *until, const char *name)
{
    for (const struct key_ast *k = t->keys; k != until; k = k->next)
        if (k->name && strcasecmp(k->name, name) == 0)
            return true;
    return false;
}

/* As build.c's choose_name; the names live in the statement's arena. */
static void name_keys(const struct rewriter *r, struct table_ast *t)
{
    for (struct key_ast *k = t->keys; k; k = k->next) {
        bool is_index = k->kind >= KEY_UNIQUE && k->kind <= KEY_SPATIAL;
        if (!is_index || k->name)
            continue;
        const char *base = k->parts && k->parts->column ? k->parts->column : "functional_index";
        char *name = x_strdup(base);
        for (unsigned n = 2; name_is_taken(t, k, name) || strcasecmp(name, "PRIMARY") == 0; n++) {
            free(name);
            name = x_format("%s_%u", base, n);
        }
        k->name = arena_dup(&r->d->body->arena, name, strlen(name));
        free(name);
    }
}

static bool begins_with(const struct key_ast *a, const struct key_ast *b)
{
    const struct key_part_ast *p = a->parts, *q = b->parts;
    for (; p && q; p = p->next, q = q->next)
        if (!p->column || !q->column || q->prefix || strcasecmp(p->column, q->column) != 0)
            return false;
    return !p;
}

/* Whether the index of a foreign key is served by another one. */
static bool is_needless(const struct table_ast *t, const struct key_ast *k)
{
    bool is_before = true;
    for (const struct key_ast *o = t->keys; o; o = o->next) {
        if (o == k)
            is_before = false;
        else if (o->kind <= KEY_PLAIN && (!o->is_generated || is_before) && begins_with(k, o))
            return true;
    }
    return false;
}

static bool add_keys(struct rewriter *r, const struct table_ast *t)
{
    for (const struct key_ast *k = t->keys; k; k = k->next) {
        size_t before = r->out->n;
        bool is_written;
        if (k->is_generated && is_needless(t, k))
            continue;
        buf_adds(r->out, ",\n  ");
        if (!rw_key(r, k, t, &is_written))
            return false;
        if (!is_written) {
            r->out->n = before;
            r->out->p[before] = 0;
        }
    }
    return true;
}

static void add_option(const struct rewriter *r, const struct option_ast *o, const char *separator)
{
    if (o->kind == OPT_COMMENT) {
        buf_addf(r->out, "%sCOMMENT=", separator);
        rw_text(r, o->text.p, o->text.n);
    } else if (o->kind == OPT_AUTO_INCREMENT) {
        buf_addf(r->out, "%sAUTO_INCREMENT=%llu", separator, strtoull(o->text.p, NULL, 10));
    } else if (o->kind == OPT_ENGINE && strcasecmp(o->text.p, "InnoDB") != 0) {
        rw_note(r, "engine %s becomes InnoDB", o->text.p);
    } else if (o->kind == OPT_OTHER) {
        rw_note(r, "option %s is left out", o->word);
    }
}

bool rw_create_table(struct rewriter *r)
{
    struct table_ast *t = r->d->body->table;
    struct table owner = {0};
    if (t->is_versioned || t->has_period)
        return err_set(r->e, ERR_DDL_UNKNOWN, "the target has no %s", t->has_period ? "periods" : "system versioning");
    name_keys(r, t);
    table_charset(t, r->cx, &owner.charset, &owner.collation);
    r->owner = &owner;
    bool fine = true;
    const char *separator = " (\n  ";
    for (const struct column_ast *c = t->columns; c && fine; c = c->next, separator = ",\n  ") {
        buf_adds(r->out, separator);
        fine = rw_column(r, c);
    }
    fine = fine && add_keys(r, t);
    if (fine) {
        buf_adds(r->out, "\n) ENGINE=InnoDB DEFAULT ");
        rw_charset(r, owner.charset, owner.collation);
        for (const struct option_ast *o = t->options; o; o = o->next)
            add_option(r, o, " ");
        if (range_is_set(t->partition) && r->to->without_partitions) {
            rw_note(r, "its partitions are left out");
        } else if (range_is_set(t->partition)) {
            buf_addc(r->out, '\n');
            rw_partition(r, t->partition);
        }
    }
    r->owner = NULL;
    free(owner.charset);
    free(owner.collation);
    return fine;
}

static void add_position(const struct rewriter *r, const struct column_ast *a)
{
    if (a->is_first)
        buf_adds(r->out, " FIRST");
    if (!a->after)
        return;
    buf_adds(r->out, " AFTER ");
    sql_ident(r->out, a->after);
}

static const char *if_exists(const struct rewriter *r, const struct spec_ast *s)
{
    return s->if_exists && !rw_is(r, DB_MYSQL) ? "IF EXISTS " : "";
}

static bool add_column_item(struct rewriter *r, const struct spec_ast *s, const struct column_ast *a, bool *is_first)
{
    rw_comma(r, is_first);
    if (s->kind == SPEC_CHANGE) {
        buf_addf(r->out, s->name == a->name ? "MODIFY COLUMN %s" : "CHANGE COLUMN %s", if_exists(r, s));
        if (s->name != a->name) {
            sql_ident(r->out, s->name);
            buf_addc(r->out, ' ');
        }
    } else {
        buf_addf(r->out, "ADD COLUMN %s", s->if_exists && !rw_is(r, DB_MYSQL) ? "IF NOT EXISTS " : "");
    }
    if (!rw_column(r, a))
        return false;
    add_position(r, a);
    return true;
}

static bool add_key_item(struct rewriter *r, const struct spec_ast *s, const struct key_ast *k, bool *is_first)
{
    size_t before = r->out->n;
    bool is_written, was_first = *is_first;
    // The target makes the index of a foreign key that it gets by itself.
    if (k->is_generated && r->to->with_foreign_keys)
        return true;
    rw_comma(r, is_first);
    buf_adds(r->out, "ADD ");
    if (!rw_key(r, k, &s->items, &is_written))
        return false;
    if (!is_written) {
        r->out->n = before;
        r->out->p[before] = 0;
        *is_first = was_first;
    }
    return true;
}

static void add_named(struct rewriter *r, const struct spec_ast *s, bool *is_first, const char *words,
                      const char *exists)
{
    rw_comma(r, is_first);
    buf_addf(r->out, "%s %s", words, exists);
    sql_ident(r->out, s->name);
    if (s->to) {
        buf_adds(r->out, " TO ");
        sql_ident(r->out, s->to);
    }
}

static void add_drop_key(struct rewriter *r, const struct spec_ast *s, bool *is_first)
{
    if (strcasecmp(s->name, "PRIMARY") == 0) {
        rw_comma(r, is_first);
        buf_adds(r->out, "DROP PRIMARY KEY");
        return;
    }
    // A FULLTEXT index was left out when the table was made for TiDB.
    add_named(r, s, is_first, "DROP INDEX", rw_is(r, DB_TIDB) ? "IF EXISTS " : if_exists(r, s));
}

static void add_set_default(struct rewriter *r, const struct spec_ast *s, bool *is_first)
{
    size_t before = r->out->n;
    bool was_first = *is_first;
    add_named(r, s, is_first, "ALTER COLUMN", "");
    buf_adds(r->out, range_is_set(s->text) ? " SET DEFAULT " : " DROP DEFAULT");
    if (range_is_set(s->text) && !rw_default(r, s->text, s->name, COL_UNSUPPORTED)) {
        r->out->n = before;
        r->out->p[before] = 0;
        *is_first = was_first;
    }
}

/* Whether it was made at the target already. */
static bool has_foreign_key(const struct rewriter *r, const char *name)
{
    const struct target_dialect *to = r->to;
    return to->has_foreign_key && to->has_foreign_key(to->arg, r->schema, r->table, name);
}

static void add_drop_constraint(struct rewriter *r, const struct spec_ast *s, bool *is_first)
{
    if (!s->is_check && (r->to->with_foreign_keys ? s->kind == SPEC_DROP_FOREIGN_KEY : has_foreign_key(r, s->name)))
        add_named(r, s, is_first, "DROP FOREIGN KEY", rw_is(r, DB_MARIADB) ? if_exists(r, s) : "");
    else if (s->kind == SPEC_DROP_CONSTRAINT && rw_is(r, DB_MARIADB))
        add_named(r, s, is_first, "DROP CONSTRAINT", "IF EXISTS ");
    else if (s->kind == SPEC_DROP_CONSTRAINT && rw_is(r, DB_MYSQL) && (s->is_check || r->to->with_foreign_keys))
        add_named(r, s, is_first, "DROP CONSTRAINT", "");
    else
        rw_note(r, "DROP of constraint %s is left out", s->name);
}

static void add_charset(struct rewriter *r, const struct spec_ast *s, bool *is_first)
{
    struct option_ast co = {.kind = OPT_COLLATE, .text = str_of(s->collation)};
    struct option_ast cs = {.kind = OPT_CHARSET, .text = str_of(s->charset), .next = s->collation ? &co : NULL};
    struct table_ast t = {.options = s->charset ? &cs : s->collation ? &co : NULL};
    if (s->kind == SPEC_OPTIONS)
        t.options = s->items.options;
    bool is_there = s->kind == SPEC_CONVERT;
    for (const struct option_ast *o = t.options; o; o = o->next)
        is_there = is_there || o->kind == OPT_CHARSET || o->kind == OPT_COLLATE;
    if (!is_there)
        return;
    char *charset, *collation;
    table_charset(&t, r->cx, &charset, &collation);
    rw_comma(r, is_first);
    buf_adds(r->out, s->kind == SPEC_CONVERT ? "CONVERT TO " : "DEFAULT ");
    rw_charset(r, charset, collation);
    free(charset);
    free(collation);
}

static void add_options(struct rewriter *r, const struct spec_ast *s, bool *is_first)
{
    add_charset(r, s, is_first);
    for (const struct option_ast *o = s->items.options; o; o = o->next) {
        bool is_kept = o->kind == OPT_COMMENT || o->kind == OPT_AUTO_INCREMENT;
        if (is_kept)
            rw_comma(r, is_first);
        add_option(r, o, "");
    }
}

/* Maintenance of partitions that TiDB has no need of. */
static bool is_upkeep(const struct rewriter *r, const struct spec_ast *s)
{
    static const char *const words[] = {"rebuild", "check", "repair", "optimize", "analyze"};
    for (size_t i = 0; i < TG_ARRAY_LEN(words); i++)
        if (token_is_word(&r->t[s->text.from], words[i]))
            return true;
    return false;
}

static void add_partition(struct rewriter *r, const struct spec_ast *s, bool *is_first)
{
    if (s->kind == SPEC_PARTITION && is_upkeep(r, s))
        return;
    // PARTITION BY follows without a comma.
    if (!*is_first)
        buf_adds(r->out, s->kind == SPEC_PARTITION ? ", " : " ");
    *is_first = false;
    if (s->kind == SPEC_REMOVE_PARTITIONING)
        buf_adds(r->out, "REMOVE PARTITIONING");
    else
        rw_partition(r, s->text);
}

static void add_visibility(struct rewriter *r, const struct spec_ast *s, bool *is_first)
{
    bool is_maria = rw_is(r, DB_MARIADB);
    if (s->kind == SPEC_VISIBILITY && !rw_is(r, DB_MYSQL)) {
        rw_note(r, "the visibility of column %s is left as it is", s->name);
        return;
    }
    add_named(r, s, is_first, s->kind == SPEC_VISIBILITY ? "ALTER COLUMN" : "ALTER INDEX", "");
    buf_adds(r->out, s->kind == SPEC_VISIBILITY ? " SET" : "");
    if (is_maria)
        buf_adds(r->out, s->is_invisible ? " IGNORED" : " NOT IGNORED");
    else
        buf_adds(r->out, s->is_invisible ? " INVISIBLE" : " VISIBLE");
}

/* A part of an ALTER: a column or key of an ADD or CHANGE, or a whole specification. */
struct unit {
    const struct spec_ast *s;
    const struct column_ast *column;
    const struct key_ast *key;
};

static bool add_unit(struct rewriter *r, const struct alter_ast *a, struct unit u, bool *is_first)
{
    const struct spec_ast *s = u.s;
    if (u.column)
        return add_column_item(r, s, u.column, is_first);
    if (u.key)
        return add_key_item(r, s, u.key, is_first);
    switch (s->kind) {
    case SPEC_ADD:
    case SPEC_CHANGE:
    case SPEC_NOTHING:
        return true;
    case SPEC_DROP_COLUMN:
        add_named(r, s, is_first, "DROP COLUMN", if_exists(r, s));
        return true;
    case SPEC_RENAME_COLUMN:
        add_named(r, s, is_first, "RENAME COLUMN", "");
        return true;
    case SPEC_RENAME_KEY:
        add_named(r, s, is_first, "RENAME INDEX", "");
        return true;
    case SPEC_SET_DEFAULT:
        add_set_default(r, s, is_first);
        return true;
    case SPEC_VISIBILITY:
    case SPEC_KEY_VISIBILITY:
        add_visibility(r, s, is_first);
        return true;
    case SPEC_DROP_KEY:
        add_drop_key(r, s, is_first);
        return true;
    case SPEC_DROP_FOREIGN_KEY:
    case SPEC_DROP_CONSTRAINT:
        add_drop_constraint(r, s, is_first);
        return true;
    case SPEC_CONVERT:
        add_charset(r, s, is_first);
        return true;
    case SPEC_OPTIONS:
        add_options(r, s, is_first);
        return true;
    case SPEC_RENAME:
        rw_comma(r, is_first);
        buf_adds(r->out, "RENAME TO ");
        rw_table(r, a->to_schema, a->to_name);
        return true;
    case SPEC_PARTITION_BY:
    case SPEC_REMOVE_PARTITIONING:
    case SPEC_PARTITION:
        add_partition(r, s, is_first);
        return true;
    case SPEC_ROWS:
        return err_set(r->e, ERR_DDL_ROWS, "the statement brings rows that the binlog does not hold");
    case SPEC_VERSIONING:
        return err_set(r->e, ERR_DDL_UNKNOWN, "the target has no system versioning");
    }
    return true;
}

/* TiDB takes one ALTER only if no column or index is touched by two of its parts, and some parts only alone. What it
 * would refuse becomes several statements. */
struct splitter {
    struct rewriter *r;
    const struct alter_ast *a;
    bool is_first, is_alone, any;
    struct touch {
        const char *name;
        bool is_index, is_own;        /* own: added, changed or dropped; else only referred to */
    } *touched;
    size_t ntouched;
};

static void touch(struct splitter *x, const char *name, bool is_index, bool is_own)
{
    if (!name)
        return;
    x->touched = x_realloc(x->touched, (x->ntouched + 1) * sizeof *x->touched);
    x->touched[x->ntouched++] = (struct touch){name, is_index, is_own};
}

static void touch_unit(struct splitter *x, struct unit u)
{
    bool is_index = u.s->kind == SPEC_DROP_KEY || u.s->kind == SPEC_RENAME_KEY || u.s->kind == SPEC_KEY_VISIBILITY;
    if (u.key) {
        touch(x, u.key->kind == KEY_PRIMARY ? "PRIMARY" : u.key->name, true, true);
        for (const struct key_part_ast *p = u.key->parts; p; p = p->next)
            touch(x, p->column, false, false);
        return;
    }
    if (u.column) {
        touch(x, u.column->name, false, true);
        touch(x, u.column->after, false, false);
        // A generated column refers to others in its expression.
        for (uint32_t i = u.column->generated.from; i < u.column->generated.to; i++)
            if (token_is_name(&x->r->t[i]))
                touch(x, x->r->t[i].text.p, false, false);
        if (!u.s->name || strcasecmp(u.s->name, u.column->name) == 0)
            return;
    }
    touch(x, u.s->name, is_index, true);
    touch(x, u.s->to, is_index, true);
}

static bool collides(const struct splitter *x, size_t from)
{
    for (size_t i = from; i < x->ntouched; i++)
        for (size_t j = 0; j < from; j++) {
            const struct touch *a = &x->touched[i], *b = &x->touched[j];
            if (a->is_index == b->is_index && (a->is_own || b->is_own) && strcasecmp(a->name, b->name) == 0)
                return true;
        }
    return false;
}

static bool goes_alone(struct unit u)
{
    if (u.key)
        return u.key->kind == KEY_FOREIGN || u.key->kind == KEY_CHECK;
    return !u.column && (u.s->kind >= SPEC_DROP_FOREIGN_KEY || u.s->kind == SPEC_RENAME_COLUMN);
}

static bool write_unit(struct splitter *x, struct unit u)
{
    struct rewriter *r = x->r;
    size_t before = r->out->n, touched = x->ntouched;
    bool was_first = x->is_first, was_alone = x->is_alone;
    touch_unit(x, u);
    bool splits = rw_is(r, DB_TIDB) && !x->is_first && (goes_alone(u) || x->is_alone || collides(x, touched));
    if (splits || !x->any) {
        buf_adds(r->out, x->any ? ";\nALTER TABLE " : "ALTER TABLE ");
        rw_table(r, r->schema, r->table);
        buf_addc(r->out, ' ');
        x->is_first = true;
    }
    size_t start = r->out->n;
    x->is_alone = goes_alone(u);
    if (!add_unit(r, x->a, u, &x->is_first))
        return false;
    if (r->out->n == start) { // left out
        r->out->n = before;
        if (r->out->p)
            r->out->p[before] = 0;
        x->is_first = was_first;
        x->is_alone = was_alone;
        x->ntouched = touched;
        return true;
    }
    x->any = true;
    if (splits && touched) { // only this unit's names count from here
        memmove(x->touched, x->touched + touched, (x->ntouched - touched) * sizeof *x->touched);
        x->ntouched -= touched;
    }
    return true;
}

static bool write_spec(struct splitter *x, const struct spec_ast *s)
{
    for (const struct column_ast *c = s->items.columns; c; c = c->next)
        if (!write_unit(x, (struct unit){s, c, NULL}))
            return false;
    for (const struct key_ast *k = s->items.keys; k; k = k->next)
        if (!write_unit(x, (struct unit){s, NULL, k}))
            return false;
    return write_unit(x, (struct unit){s, NULL, NULL});
}

/* The servers drop indexes first, and before them the foreign keys that hold on to them; statements after a RENAME would
 * need the new name. */
static unsigned pass_of(const struct spec_ast *s)
{
    if (s->kind == SPEC_DROP_FOREIGN_KEY || s->kind == SPEC_DROP_CONSTRAINT)
        return 0;
    return s->kind == SPEC_DROP_KEY ? 1 : s->kind == SPEC_RENAME ? 3 : 2;
}

bool rw_alter(struct rewriter *r)
{
    struct splitter x = {.r = r, .a = r->d->body->alter, .is_first = true};
    bool fine = true;
    for (unsigned pass = 0; pass < 4; pass++)
        for (const struct spec_ast *s = x.a->specs; s && fine; s = s->next)
            if (rw_is(r, DB_TIDB) ? pass_of(s) == pass : pass == 0)
                fine = write_spec(&x, s);
    free(x.touched);
    return fine;
}
