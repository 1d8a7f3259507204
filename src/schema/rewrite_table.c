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
        bool is_index = k->kind == KEY_UNIQUE || k->kind == KEY_PLAIN || k->kind == KEY_FULLTEXT || k->kind == KEY_SPATIAL;
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
        sql_text(r->out, o->text.p, o->text.n);
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
        if (range_is_set(t->partition)) {
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

static bool add_items(struct rewriter *r, const struct spec_ast *s, bool *is_first)
{
    for (const struct column_ast *a = s->items.columns; a; a = a->next) {
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
    }
    for (const struct key_ast *k = s->items.keys; k; k = k->next) {
        size_t before = r->out->n;
        bool is_written, was_first = *is_first;
        // The target makes the index of a foreign key that it gets by itself.
        if (k->is_generated && r->to->with_foreign_keys)
            continue;
        rw_comma(r, is_first);
        buf_adds(r->out, "ADD ");
        if (!rw_key(r, k, &s->items, &is_written))
            return false;
        if (!is_written) {
            r->out->n = before;
            r->out->p[before] = 0;
            *is_first = was_first;
        }
    }
    return true;
}

static void add_named(struct rewriter *r, const struct spec_ast *s, bool *is_first, const char *words, const char *exists)
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

static void add_drop_constraint(struct rewriter *r, const struct spec_ast *s, bool *is_first)
{
    if (s->kind == SPEC_DROP_FOREIGN_KEY && r->to->with_foreign_keys)
        add_named(r, s, is_first, "DROP FOREIGN KEY", if_exists(r, s));
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
    struct table_ast t = {.options = s->kind == SPEC_OPTIONS ? s->items.options : s->charset ? &cs : s->collation ? &co : NULL};
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

static bool add_spec(struct rewriter *r, const struct alter_ast *a, const struct spec_ast *s, bool *is_first)
{
    switch (s->kind) {
    case SPEC_ADD:
    case SPEC_CHANGE:
        return add_items(r, s, is_first);
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
    case SPEC_NOTHING:
        return true;
    }
    return true;
}

bool rw_alter(struct rewriter *r)
{
    const struct alter_ast *a = r->d->body->alter;
    size_t before = r->out->n;
    bool is_first = true;
    buf_adds(r->out, "ALTER TABLE ");
    rw_table(r, r->schema, r->table);
    buf_addc(r->out, ' ');
    for (const struct spec_ast *s = a->specs; s; s = s->next)
        if (!add_spec(r, a, s, &is_first))
            return false;
    if (is_first) { // nothing is left of it
        r->out->n = before;
        r->out->p[before] = 0;
    }
    return true;
}
