// SPDX-License-Identifier: Apache-2.0
// Reads a column definition: the type, then attributes in whatever order the server wrote or took them. Inline keys
// become keys of the table, in the place where the servers put them.

#include "schema/ast.h"

static bool starts_default_value(const struct cursor *c)
{
    const struct token *t = cur_at(c, 0);
    return t->kind != TOK_END && t->punct != ',' && t->punct != ')';
}

/* A literal with an introducer or sign, a function call, or an expression in parentheses. */
bool parse_default(struct cursor *c, struct range *out)
{
    out->from = c->i;
    if (!starts_default_value(c))
        return cur_fail(c, "a default value");
    while (cur_is_punct(c, 0, '-') || cur_is_punct(c, 0, '+'))
        cur_skip(c);
    if (cur_take2(c, "next", "value")) {
        const char *schema, *name;
        if (!cur_want(c, "for") || !cur_table(c, &schema, &name))
            return false;
    } else if (cur_is_punct(c, 0, '(')) {
        if (!cur_parens(c, NULL))
            return false;
    } else {
        const struct token *t = cur_at(c, 0);
        cur_skip(c);
        if (t->kind == TOK_WORD) {
            if (cur_at(c, 0)->kind == TOK_STRING || cur_at(c, 0)->kind == TOK_BYTES)
                cur_skip(c);
            while (cur_is_punct(c, 0, '.') && token_is_name(cur_at(c, 1)))
                c->i += 2;
            if (cur_is_punct(c, 0, '(') && !cur_parens(c, NULL))
                return false;
        }
        while (t->kind == TOK_STRING && cur_at(c, 0)->kind == TOK_STRING)
            cur_skip(c);
    }
    out->to = c->i;
    return true;
}

static bool parse_generated(struct cursor *c, struct column_ast *col)
{
    if (cur_take2(c, "row", "start") || cur_take2(c, "row", "end")) {
        col->has_period_mark = true;
        return true;
    }
    col->is_generated = true;
    return cur_parens(c, &col->generated);
}

/* [NOT] NULL, DEFAULT, ON UPDATE, GENERATED and the kinds of storing. */
static enum parse_found parse_value_attribute(struct cursor *c, struct column_ast *col)
{
    if (cur_take2(c, "not", "null")) {
        col->is_not_null = true;
    } else if (cur_take(c, "null")) {
        col->has_null = true;
    } else if (cur_take(c, "default")) {
        return parse_default(c, &col->def) ? FOUND : FOUND_ERROR;
    } else if (cur_take2(c, "on", "update")) {
        return parse_default(c, &col->on_update) ? FOUND : FOUND_ERROR;
    } else if (cur_take2(c, "generated", "always")) {
        return cur_want(c, "as") && parse_generated(c, col) ? FOUND : FOUND_ERROR;
    } else if (cur_take(c, "as")) {
        return parse_generated(c, col) ? FOUND : FOUND_ERROR;
    } else if (cur_take(c, "virtual")) {
        col->is_stored = false;
    } else if (cur_take(c, "stored") || cur_take(c, "persistent")) {
        col->is_stored = true;
    } else if (cur_take(c, "auto_increment")) {
        col->is_auto_increment = true;
    } else {
        return FOUND_NONE;
    }
    return FOUND;
}

static void add_inline_key(struct cursor *c, struct table_ast *t, const struct column_ast *col, enum key_kind kind,
                           bool if_not_exists)
{
    struct key_ast *k = table_ast_key(c, t, kind);
    k->if_not_exists = if_not_exists;
    k->parts = arena_zero(c->arena, sizeof *k->parts);
    k->parts->column = col->name;
}

static bool parse_reference(struct cursor *c, struct table_ast *t, const struct column_ast *col)
{
    struct key_ast *k = arena_zero(c->arena, sizeof *k);
    k->kind = KEY_FOREIGN;
    k->parts = arena_zero(c->arena, sizeof *k->parts);
    k->parts->column = col->name;
    if (!parse_key_tail(c, k))
        return false;
    // Words without effect before MySQL 9.0 and MariaDB 10.5.
    if (c->cx->version && c->cx->version < (c->cx->is_mariadb ? 100500u : 90000u))
        return true;
    struct key_ast *index = table_ast_key(c, t, KEY_PLAIN);
    index->is_generated = true;
    index->parts = k->parts;
    *t->keys_end = k;
    t->keys_end = &k->next;
    return true;
}

static bool parse_column_check(struct cursor *c, struct column_ast *col, const char *constraint)
{
    struct key_ast *k = arena_zero(c->arena, sizeof *k), **end = &col->checks;
    k->kind = KEY_CHECK;
    k->constraint = constraint;
    while (*end)
        end = &(*end)->next;
    *end = k;
    if (!cur_parens(c, &k->check))
        return false;
    k->not_enforced = cur_take2(c, "not", "enforced");
    cur_take(c, "enforced");
    return true;
}

/* Inline keys and constraints. */
static enum parse_found parse_key_attribute(struct cursor *c, struct table_ast *t, struct column_ast *col,
                                            bool if_not_exists)
{
    const char *constraint = NULL;
    if (cur_take(c, "constraint") && !cur_is_word(c, 0, "check") && !cur_name(c, &constraint))
        return FOUND_ERROR;
    if (cur_take2(c, "primary", "key") || cur_take(c, "key")) {
        add_inline_key(c, t, col, KEY_PRIMARY, if_not_exists);
    } else if (cur_take(c, "unique")) {
        cur_take(c, "key");
        add_inline_key(c, t, col, KEY_UNIQUE, if_not_exists);
    } else if (cur_is_word(c, 0, "references")) {
        return parse_reference(c, t, col) ? FOUND : FOUND_ERROR;
    } else if (cur_take(c, "check")) {
        return parse_column_check(c, col, constraint) ? FOUND : FOUND_ERROR;
    } else {
        return FOUND_NONE;
    }
    return FOUND;
}

/* Attributes that change nothing of how rows look. */
static enum parse_found parse_plain_attribute(struct cursor *c, struct column_ast *col)
{
    uint64_t number;
    if (cur_take(c, "comment"))
        return cur_string(c, &col->comment) ? FOUND : FOUND_ERROR;
    if (cur_take(c, "invisible")) {
        col->is_invisible = true;
    } else if (cur_take(c, "compressed")) {
        col->is_compressed = true;
        cur_take_punct(c, '=');
        if (cur_at(c, 0)->kind == TOK_WORD && cur_is_word(c, 0, "zlib"))
            cur_skip(c);
    } else if (cur_take(c, "srid") || cur_take(c, "ref_system_id")) {
        cur_take_punct(c, '=');
        return cur_number(c, &number) ? FOUND : FOUND_ERROR;
    } else if (cur_take(c, "column_format") || cur_take(c, "storage") || cur_take(c, "engine_attribute") ||
               cur_take(c, "secondary_engine_attribute")) {
        cur_take_punct(c, '=');
        cur_skip(c);
    } else if (cur_take2(c, "with", "system") || cur_take2(c, "without", "system")) {
        col->has_period_mark = true;
        return cur_want(c, "versioning") ? FOUND : FOUND_ERROR;
    } else if (!cur_take(c, "visible") && !cur_take2(c, "not", "secondary")) {
        return FOUND_NONE;
    }
    return FOUND;
}

/* MariaDB's engine attributes: NAME = value. */
static enum parse_found parse_unknown_attribute(struct cursor *c)
{
    if (!c->cx->is_mariadb || !token_is_name(cur_at(c, 0)) || !cur_is_punct(c, 1, '='))
        return FOUND_NONE;
    for (int i = 0; i < 3; i++)
        cur_skip(c);
    return FOUND;
}

static enum parse_found parse_attribute(struct cursor *c, struct table_ast *t, struct column_ast *col,
                                        bool if_not_exists)
{
    enum parse_found found = parse_value_attribute(c, col);
    if (found == FOUND_NONE)
        found = parse_key_attribute(c, t, col, if_not_exists);
    if (found == FOUND_NONE)
        found = parse_plain_attribute(c, col);
    if (found == FOUND_NONE)
        found = parse_charset(c, &col->type.charset, &col->type.collation);
    if (found == FOUND_NONE)
        found = parse_unknown_attribute(c);
    return found;
}

bool parse_column(struct cursor *c, struct table_ast *t, bool if_not_exists)
{
    struct column_ast *col = arena_zero(c->arena, sizeof *col);
    if (!cur_name(c, &col->name) || !parse_type(c, &col->type))
        return false;
    if (col->type.is_serial) {
        col->is_not_null = col->is_auto_increment = true;
        add_inline_key(c, t, col, KEY_UNIQUE, if_not_exists);
    }
    if (cur_take2(c, "serial", "default")) {
        if (!cur_want(c, "value"))
            return false;
        col->is_not_null = col->is_auto_increment = true;
        add_inline_key(c, t, col, KEY_UNIQUE, if_not_exists);
    }
    enum parse_found found;
    while ((found = parse_attribute(c, t, col, if_not_exists)) == FOUND)
        ;
    if (found == FOUND_ERROR)
        return false;
    if (col->has_period_mark)
        t->is_versioned = true;
    *t->columns_end = col;
    t->columns_end = &col->next;
    return true;
}
