// SPDX-License-Identifier: Apache-2.0
// Reads what stands behind ALTER TABLE name: a list of specifications. Rows that a specification brings or computes
// without events (EXCHANGE, IMPORT, a new AUTO_INCREMENT column, an expression default) are marked here.

#include "schema/ast.h"

#include <strings.h>

struct spec_ast *alter_ast_spec(struct cursor *c, struct alter_ast *a, enum spec_kind kind)
{
    struct spec_ast *s = arena_zero(c->arena, sizeof *s);
    s->kind = kind;
    table_ast_init(&s->items);
    *a->specs_end = s;
    a->specs_end = &s->next;
    return s;
}

static bool take_if_exists(struct cursor *c, bool *out)
{
    if (!cur_is_word(c, 0, "if") || !cur_is_word(c, 1, "exists"))
        return true;
    c->i += 2;
    *out = true;
    return true;
}

static bool take_if_not_exists(struct cursor *c, bool *out)
{
    if (!cur_is_word(c, 0, "if") || !cur_is_word(c, 1, "not"))
        return true;
    c->i += 2;
    *out = true;
    return cur_want(c, "exists");
}

/* The values of a new column differ per row or per moment: the target would compute others. */
static bool column_computes_rows(const struct cursor *c, const struct column_ast *col)
{
    if (col->is_auto_increment)
        return true;
    for (uint32_t i = col->def.from; i < col->def.to; i++) {
        const struct token *t = &c->t[i];
        bool is_now = token_is_word(t, "current_timestamp") || token_is_word(t, "now") ||
                      token_is_word(t, "localtime") || token_is_word(t, "localtimestamp");
        bool is_call = t->kind == TOK_WORD && i + 1 < c->n && c->t[i + 1].punct == '(';
        if ((is_call && !is_now) || token_is_word(t, "next") || (is_now && i > col->def.from))
            return true;
    }
    return false;
}

static bool parse_position(struct cursor *c, struct column_ast *col)
{
    if (cur_take(c, "first"))
        col->is_first = true;
    else if (cur_take(c, "after"))
        return cur_name(c, &col->after);
    return true;
}

static struct column_ast *last_column(const struct spec_ast *s)
{
    struct column_ast *col = s->items.columns;
    while (col && col->next)
        col = col->next;
    return col;
}

static bool parse_add_column(struct cursor *c, struct alter_ast *a, struct spec_ast *s)
{
    if (!parse_column(c, &s->items, s->if_exists))
        return false;
    struct column_ast *col = last_column(s);
    if (column_computes_rows(c, col))
        a->brings_rows = true;
    return parse_position(c, col);
}

/* ADD (column or key, …) */
static bool parse_add_list(struct cursor *c, struct alter_ast *a, struct spec_ast *s)
{
    if (!cur_want_punct(c, '('))
        return false;
    do {
        enum parse_found found = parse_key(c, &s->items);
        if (found == FOUND_ERROR || (found == FOUND_NONE && !parse_add_column(c, a, s)))
            return false;
    } while (cur_take_punct(c, ','));
    return cur_want_punct(c, ')');
}


/* Partition names are separated by commas too: a partition specification ends the statement. */
static bool parse_to_end(struct cursor *c, struct range *out)
{
    c->i = c->n - 1;
    out->to = c->i;
    return true;
}

static bool parse_add(struct cursor *c, struct alter_ast *a)
{
    struct range text = {c->i - 1, 0};
    if (cur_take(c, "partition")) {
        struct spec_ast *p = alter_ast_spec(c, a, SPEC_PARTITION);
        p->text = text;
        return parse_to_end(c, &p->text);
    }
    if (cur_take2(c, "system", "versioning")) {
        alter_ast_spec(c, a, SPEC_VERSIONING)->items.is_versioned = true;
        return true;
    }
    struct spec_ast *s = alter_ast_spec(c, a, SPEC_ADD);
    bool has_word = cur_take(c, "column");
    if (!has_word) {
        enum parse_found found = parse_key(c, &s->items);
        if (found != FOUND_NONE)
            return found == FOUND;
    }
    // if_exists of an ADD reads "if not exists".
    if (!take_if_not_exists(c, &s->if_exists))
        return false;
    if (cur_is_punct(c, 0, '('))
        return parse_add_list(c, a, s);
    return parse_add_column(c, a, s);
}

static bool parse_drop_named(struct cursor *c, struct alter_ast *a, enum spec_kind kind)
{
    struct spec_ast *s = alter_ast_spec(c, a, kind);
    return take_if_exists(c, &s->if_exists) && cur_name(c, &s->name);
}

static bool parse_drop(struct cursor *c, struct alter_ast *a)
{
    struct range text = {c->i - 1, 0};
    if (cur_take2(c, "primary", "key")) {
        alter_ast_spec(c, a, SPEC_DROP_KEY)->name = "PRIMARY";
        return true;
    }
    if (cur_take2(c, "foreign", "key"))
        return parse_drop_named(c, a, SPEC_DROP_FOREIGN_KEY);
    if (cur_take(c, "index") || cur_take(c, "key"))
        return parse_drop_named(c, a, SPEC_DROP_KEY);
    if (cur_take(c, "constraint"))
        return parse_drop_named(c, a, SPEC_DROP_CONSTRAINT);
    if (cur_is_word(c, 0, "check") && token_is_name(cur_at(c, 1))) {
        cur_skip(c);
        bool fine = parse_drop_named(c, a, SPEC_DROP_CONSTRAINT);
        for (struct spec_ast *s = a->specs; s; s = s->next)
            s->is_check = s->is_check || !s->next;
        return fine;
    }
    if (cur_take(c, "partition")) {
        struct spec_ast *p = alter_ast_spec(c, a, SPEC_PARTITION);
        p->text = text;
        return parse_to_end(c, &p->text);
    }
    if (cur_take2(c, "system", "versioning")) {
        alter_ast_spec(c, a, SPEC_VERSIONING);
        return true;
    }
    if (cur_take2(c, "period", "for")) {
        alter_ast_spec(c, a, SPEC_NOTHING);
        cur_skip(c);
        return true;
    }
    cur_take(c, "column");
    if (!parse_drop_named(c, a, SPEC_DROP_COLUMN))
        return false;
    if (!cur_take(c, "restrict"))
        cur_take(c, "cascade");
    return true;
}

/* CHANGE old new …, MODIFY name … */
static bool parse_change(struct cursor *c, struct alter_ast *a, bool is_change)
{
    struct spec_ast *s = alter_ast_spec(c, a, SPEC_CHANGE);
    cur_take(c, "column");
    if (!take_if_exists(c, &s->if_exists) || (is_change && !cur_name(c, &s->name)))
        return false;
    if (!parse_column(c, &s->items, false) || !parse_position(c, s->items.columns))
        return false;
    if (!is_change)
        s->name = s->items.columns->name;
    return true;
}

static bool parse_rename(struct cursor *c, struct alter_ast *a)
{
    if (cur_is_word(c, 0, "column") || cur_is_word(c, 0, "index") || cur_is_word(c, 0, "key")) {
        bool is_column = cur_is_word(c, 0, "column");
        cur_skip(c);
        struct spec_ast *s = alter_ast_spec(c, a, is_column ? SPEC_RENAME_COLUMN : SPEC_RENAME_KEY);
        return take_if_exists(c, &s->if_exists) && cur_name(c, &s->name) && cur_want(c, "to") &&
               cur_name(c, &s->to);
    }
    alter_ast_spec(c, a, SPEC_RENAME);
    if (!cur_take(c, "to") && !cur_take(c, "as"))
        cur_take_punct(c, '=');
    return cur_table(c, &a->to_schema, &a->to_name);
}

static bool parse_visibility(struct cursor *c, struct spec_ast *s)
{
    if (cur_take(c, "invisible") || cur_take(c, "ignored"))
        s->is_invisible = true;
    else if (!cur_take(c, "visible") && !cur_take2(c, "not", "ignored"))
        return cur_fail(c, "VISIBLE or INVISIBLE");
    return true;
}

/* ALTER [COLUMN] c SET/DROP DEFAULT, ALTER INDEX i VISIBLE, ALTER CHECK c ENFORCED */
static bool parse_alter_part(struct cursor *c, struct alter_ast *a)
{
    if (cur_take(c, "index") || cur_take(c, "key")) {
        struct spec_ast *s = alter_ast_spec(c, a, SPEC_KEY_VISIBILITY);
        return take_if_exists(c, &s->if_exists) && cur_name(c, &s->name) && parse_visibility(c, s);
    }
    if (cur_take(c, "check") || cur_take(c, "constraint")) {
        alter_ast_spec(c, a, SPEC_NOTHING);
        cur_skip(c);
        cur_take(c, "not");
        return cur_want(c, "enforced");
    }
    cur_take(c, "column");
    struct spec_ast *s = alter_ast_spec(c, a, SPEC_SET_DEFAULT);
    if (!take_if_exists(c, &s->if_exists) || !cur_name(c, &s->name))
        return false;
    if (cur_take2(c, "drop", "default"))
        return true;
    if (!cur_want(c, "set"))
        return false;
    if (cur_take(c, "default"))
        return parse_default(c, &s->text);
    s->kind = SPEC_VISIBILITY;
    return parse_visibility(c, s);
}

static bool parse_convert(struct cursor *c, struct alter_ast *a)
{
    struct range text = {c->i - 1, 0};
    if (cur_is_word(c, 0, "partition") || cur_is_word(c, 0, "table")) { // MariaDB 10.7: rows change their table
        struct spec_ast *p = alter_ast_spec(c, a, SPEC_ROWS);
        p->text = text;
        return parse_to_end(c, &p->text);
    }
    struct spec_ast *s = alter_ast_spec(c, a, SPEC_CONVERT);
    if (!cur_want(c, "to"))
        return false;
    enum parse_found found = parse_charset(c, &s->charset, &s->collation);
    if (found != FOUND || s->collation)
        return found == FOUND_ERROR ? false : cur_fail(c, "CHARACTER SET");
    if (strcasecmp(s->charset, "default") == 0)
        s->charset = NULL;
    return parse_charset(c, &s->charset, &s->collation) != FOUND_ERROR;
}

/* Words that change nothing of the definition. */
static bool parse_nothing(struct cursor *c, struct alter_ast *a, bool *found)
{
    *found = true;
    if (cur_take(c, "algorithm") || cur_take(c, "lock")) {
        cur_take_punct(c, '=');
        cur_skip(c);
    } else if (cur_take2(c, "order", "by")) {
        struct range text = {c->i, 0};
        alter_ast_spec(c, a, SPEC_NOTHING);
        return parse_to_end(c, &text);
    } else if (cur_take(c, "wait")) {
        cur_skip(c);
        *found = !cur_is_end(c);
        return true;
    } else if (!cur_take2(c, "enable", "keys") && !cur_take2(c, "disable", "keys") && !cur_take(c, "force") &&
               !cur_take2(c, "with", "validation") && !cur_take2(c, "without", "validation") &&
               !cur_take(c, "nowait") && !cur_take(c, "secondary_load") && !cur_take(c, "secondary_unload")) {
        *found = false;
        return true;
    }
    alter_ast_spec(c, a, SPEC_NOTHING);
    return true;
}

/* EXCHANGE PARTITION p WITH TABLE t */
static bool parse_exchange(struct cursor *c, struct alter_ast *a, struct spec_ast *s)
{
    while (!cur_is_end(c) && !(cur_is_word(c, 0, "with") && cur_is_word(c, 1, "table")))
        cur_skip(c);
    if (!cur_take2(c, "with", "table") || !cur_table(c, &a->other_schema, &a->other_name))
        return cur_fail(c, "WITH TABLE");
    return parse_to_end(c, &s->text);
}

static bool parse_partition_spec(struct cursor *c, struct alter_ast *a, bool *found)
{
    static const char *const words[] = {"truncate", "coalesce", "reorganize", "rebuild", "analyze", "check",
                                        "optimize", "repair"};
    struct range text = {c->i, 0};
    *found = true;
    if (cur_take2(c, "remove", "partitioning")) {
        alter_ast_spec(c, a, SPEC_REMOVE_PARTITIONING);
        return true;
    }
    if (cur_is_word(c, 0, "partition") && cur_is_word(c, 1, "by"))
        return parse_partition(c, &alter_ast_spec(c, a, SPEC_PARTITION_BY)->text);
    bool is_rows = cur_is_word(c, 0, "discard") || cur_is_word(c, 0, "import") || cur_is_word(c, 0, "exchange");
    *found = is_rows;
    for (size_t i = 0; i < TG_ARRAY_LEN(words); i++)
        if (cur_is_word(c, 0, words[i]) && cur_is_word(c, 1, "partition"))
            *found = true;
    if (!*found)
        return true;
    struct spec_ast *s = alter_ast_spec(c, a, is_rows ? SPEC_ROWS : SPEC_PARTITION);
    s->text = text;
    return cur_is_word(c, 0, "exchange") ? parse_exchange(c, a, s) : parse_to_end(c, &s->text);
}

static bool parse_options(struct cursor *c, struct alter_ast *a)
{
    struct spec_ast *s = alter_ast_spec(c, a, SPEC_OPTIONS);
    enum parse_found found = parse_option(c, &s->items);
    if (found == FOUND_NONE)
        return cur_fail(c, "a change of the table");
    while (found == FOUND)
        found = parse_option(c, &s->items);
    return found == FOUND_NONE;
}

static bool parse_spec(struct cursor *c, struct alter_ast *a)
{
    bool found;
    if (!parse_partition_spec(c, a, &found))
        return false;
    if (found)
        return true;
    if (cur_take(c, "add"))
        return parse_add(c, a);
    if (cur_take(c, "drop"))
        return parse_drop(c, a);
    if (cur_take(c, "change"))
        return parse_change(c, a, true);
    if (cur_take(c, "modify"))
        return parse_change(c, a, false);
    if (cur_take(c, "rename"))
        return parse_rename(c, a);
    if (cur_take(c, "alter"))
        return parse_alter_part(c, a);
    if (cur_take(c, "convert"))
        return parse_convert(c, a);
    if (!parse_nothing(c, a, &found))
        return false;
    return found || parse_options(c, a);
}

bool parse_alter(struct cursor *c, struct alter_ast *a)
{
    if (cur_take(c, "wait"))
        cur_skip(c);
    cur_take(c, "nowait");
    while (!cur_is_end(c)) {
        uint32_t before = c->i;
        if (!parse_spec(c, a))
            return false;
        // PARTITION BY may follow without a comma.
        if (!cur_take_punct(c, ',') && !cur_is_end(c) &&
            !(cur_is_word(c, 0, "partition") || cur_is_word(c, 0, "remove")))
            return cur_fail(c, "a comma");
        if (c->i == before)
            return cur_fail(c, "a change of the table");
    }
    for (const struct spec_ast *s = a->specs; s; s = s->next)
        if (s->kind == SPEC_ROWS)
            a->brings_rows = true;
    if (a->has_ignore)
        a->brings_rows = true;
    return true;
}
