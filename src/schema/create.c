// SPDX-License-Identifier: Apache-2.0
// Reads what stands behind CREATE TABLE name: columns, keys, options, partitions. The grammar is the union of MySQL
// 5.6 to 9.x and MariaDB 10.x; a word that none of them knows ends in ERR_DDL_UNKNOWN.

#include "schema/ast.h"

#include <ctype.h>

void table_ast_init(struct table_ast *t)
{
    memset(t, 0, sizeof *t);
    t->columns_end = &t->columns;
    t->keys_end = &t->keys;
    t->options_end = &t->options;
}

struct key_ast *table_ast_key(struct cursor *c, struct table_ast *t, enum key_kind kind)
{
    struct key_ast *k = arena_zero(c->arena, sizeof *k);
    k->kind = kind;
    *t->keys_end = k;
    t->keys_end = &k->next;
    return k;
}

static bool parse_key_part(struct cursor *c, struct key_part_ast *p)
{
    uint64_t prefix;
    if (cur_is_punct(c, 0, '(')) {
        if (!cur_parens(c, &p->expression))
            return false;
    } else {
        if (!cur_name(c, &p->column))
            return false;
        if (cur_take_punct(c, '(')) {
            if (!cur_number(c, &prefix) || !cur_want_punct(c, ')'))
                return false;
            p->prefix = (uint32_t)TG_MIN(prefix, (uint64_t)UINT32_MAX);
        }
    }
    p->is_descending = cur_take(c, "desc");
    cur_take(c, "asc");
    return true;
}

bool parse_key_parts(struct cursor *c, struct key_part_ast **out)
{
    if (!cur_want_punct(c, '('))
        return false;
    do {
        struct key_part_ast *p = arena_zero(c->arena, sizeof *p);
        *out = p;
        out = &p->next;
        if (!parse_key_part(c, p))
            return false;
    } while (cur_take_punct(c, ','));
    return cur_want_punct(c, ')');
}

static bool parse_action(struct cursor *c, const char **out)
{
    if (cur_take2(c, "set", "null"))
        *out = "SET NULL";
    else if (cur_take2(c, "set", "default"))
        *out = "SET DEFAULT";
    else if (cur_take2(c, "no", "action"))
        *out = "NO ACTION";
    else if (cur_take(c, "cascade"))
        *out = "CASCADE";
    else if (cur_take(c, "restrict"))
        *out = "RESTRICT";
    else
        return cur_fail(c, "an action");
    return true;
}

static bool parse_references(struct cursor *c, struct key_ast *k)
{
    if (!cur_want(c, "references"))
        return false;
    bool has_schema = cur_is_punct(c, 1, '.');
    if (!cur_table(c, &k->ref_schema, &k->ref_table))
        return false;
    if (!has_schema) // the table's own, whatever the session's default
        k->ref_schema = NULL;
    if (cur_is_punct(c, 0, '(') && !parse_key_parts(c, &k->ref_parts))
        return false;
    for (;;) {
        if (cur_take2(c, "on", "delete")) {
            if (!parse_action(c, &k->on_delete))
                return false;
        } else if (cur_take2(c, "on", "update")) {
            if (!parse_action(c, &k->on_update))
                return false;
        } else if (cur_take(c, "match")) {
            cur_skip(c);
        } else {
            return true;
        }
    }
}

/* One option of an index: FOUND_NONE when there is none. */
static enum parse_found parse_key_option(struct cursor *c, struct key_ast *k)
{
    if (cur_take(c, "using") || (cur_is_word(c, 0, "type") && cur_at(c, 1)->kind == TOK_WORD && cur_take(c, "type"))) {
        k->is_hash = cur_is_word(c, 0, "hash");
        cur_skip(c);
    } else if (cur_take(c, "comment")) {
        return cur_string(c, &k->comment) ? FOUND : FOUND_ERROR;
    } else if (cur_take(c, "invisible")) {
        k->is_invisible = true;
    } else if (cur_take2(c, "with", "parser")) {
        cur_skip(c);
    } else if (cur_take(c, "key_block_size") || cur_take(c, "engine_attribute") ||
               cur_take(c, "secondary_engine_attribute") || cur_take(c, "clustering") ||
               (c->cx->is_mariadb && token_is_name(cur_at(c, 0)) && cur_is_punct(c, 1, '=') && c->i++ < c->n)) {
        cur_take_punct(c, '=');
        cur_skip(c);
    } else if (!cur_take(c, "visible") && !cur_take(c, "ignored") && !cur_take2(c, "not", "ignored")) {
        return FOUND_NONE;
    }
    return FOUND;
}

bool parse_key_tail(struct cursor *c, struct key_ast *k)
{
    if (k->kind == KEY_FOREIGN)
        return parse_references(c, k);
    enum parse_found found;
    while ((found = parse_key_option(c, k)) == FOUND)
        ;
    return found == FOUND_NONE;
}

/* [IF NOT EXISTS] [name] [USING …] (parts) tail. */
static bool parse_key_rest(struct cursor *c, struct key_ast *k)
{
    if (cur_take2(c, "if", "not")) {
        if (!cur_want(c, "exists"))
            return false;
        k->if_not_exists = true;
    }
    if (!cur_is_punct(c, 0, '(') && !cur_is_word(c, 0, "using") &&
        !(cur_is_word(c, 0, "type") && cur_at(c, 1)->kind == TOK_WORD) && !cur_name(c, &k->name))
        return false;
    if (k->kind != KEY_FOREIGN && !parse_key_tail(c, k))
        return false;
    if (!cur_is_punct(c, 0, '('))
        return cur_fail(c, "(");
    // The period of a MariaDB key: (a, p WITHOUT OVERLAPS)
    for (uint32_t i = c->i; i < c->n && c->t[i].punct != ')'; i++)
        if (token_is_word(&c->t[i], "without") && token_is_word(&c->t[i + 1], "overlaps"))
            k->without_overlaps = true;
    if (k->without_overlaps)
        return cur_fail(c, "a key without WITHOUT OVERLAPS");
    return parse_key_parts(c, &k->parts) && parse_key_tail(c, k);
}

static bool parse_foreign_key(struct cursor *c, struct table_ast *t, const char *constraint)
{
    struct key_ast *k = arena_zero(c->arena, sizeof *k);
    k->kind = KEY_FOREIGN;
    if (!parse_key_rest(c, k))
        return false;
    // The servers add the index first, then the constraint.
    struct key_ast *index = table_ast_key(c, t, KEY_PLAIN);
    index->is_generated = true;
    index->parts = k->parts;
    index->name = constraint ? constraint : k->name;
    index->if_not_exists = k->if_not_exists;
    k->constraint = constraint ? constraint : c->cx->is_mariadb ? k->name : NULL;
    k->name = NULL;
    *t->keys_end = k;
    t->keys_end = &k->next;
    return true;
}

static bool parse_check(struct cursor *c, struct table_ast *t, const char *constraint, bool if_not_exists)
{
    struct key_ast *k = table_ast_key(c, t, KEY_CHECK);
    k->constraint = constraint;
    k->if_not_exists = if_not_exists;
    if (!cur_parens(c, &k->check))
        return false;
    k->not_enforced = cur_take2(c, "not", "enforced");
    cur_take(c, "enforced");
    return true;
}

/* PERIOD FOR name (start, end) */
static bool parse_period(struct cursor *c, struct table_ast *t)
{
    const char *name;
    t->has_period = true;
    if (cur_is_word(c, 0, "system_time"))
        t->is_versioned = true;
    return cur_name(c, &name) && cur_parens(c, NULL);
}

static bool parse_index(struct cursor *c, struct table_ast *t, enum key_kind kind, const char *constraint)
{
    if (kind != KEY_PRIMARY && !cur_take(c, "key"))
        cur_take(c, "index");
    struct key_ast *k = table_ast_key(c, t, kind);
    if (!parse_key_rest(c, k))
        return false;
    if (!k->name)
        k->name = constraint;
    return true;
}

enum parse_found parse_key(struct cursor *c, struct table_ast *t)
{
    const char *constraint = NULL;
    bool fine, if_not_exists = false;
    bool has_constraint = cur_take(c, "constraint");
    if (has_constraint) {
        if (cur_take2(c, "if", "not")) {
            if (!cur_want(c, "exists"))
                return FOUND_ERROR;
            if_not_exists = true;
        }
        bool is_unnamed = cur_is_word(c, 0, "primary") || cur_is_word(c, 0, "unique") || cur_is_word(c, 0, "foreign") ||
                          cur_is_word(c, 0, "check");
        if (!is_unnamed && !cur_name(c, &constraint))
            return FOUND_ERROR;
    }
    if (cur_take2(c, "primary", "key"))
        fine = parse_index(c, t, KEY_PRIMARY, NULL);
    else if (cur_take(c, "unique"))
        fine = parse_index(c, t, KEY_UNIQUE, constraint);
    else if (cur_is_word(c, 0, "key") || cur_is_word(c, 0, "index"))
        fine = parse_index(c, t, KEY_PLAIN, NULL);
    else if (cur_take(c, "fulltext"))
        fine = parse_index(c, t, KEY_FULLTEXT, NULL);
    else if (cur_take(c, "spatial"))
        fine = parse_index(c, t, KEY_SPATIAL, NULL);
    else if (cur_take2(c, "foreign", "key"))
        fine = parse_foreign_key(c, t, constraint);
    else if (cur_is_word(c, 0, "check") && cur_is_punct(c, 1, '(') && cur_take(c, "check"))
        fine = parse_check(c, t, constraint, if_not_exists);
    else if (cur_take2(c, "period", "for"))
        fine = parse_period(c, t);
    else
        return has_constraint && !cur_fail(c, "a constraint") ? FOUND_ERROR : FOUND_NONE;
    return fine ? FOUND : FOUND_ERROR;
}

static const char *const plain_options[] = {
    "avg_row_length", "checksum", "table_checksum", "connection", "delay_key_write", "encryption", "insert_method",
    "key_block_size", "max_rows", "min_rows", "pack_keys", "page_checksum", "password", "row_format",
    "stats_auto_recalc", "stats_persistent", "stats_sample_pages", "tablespace", "transactional", "compression",
    "autoextend_size", "engine_attribute", "secondary_engine_attribute", "secondary_engine", "sequence", "storage",
    "page_compressed", "page_compression_level", "encrypted", "encryption_key_id", "itef_quotes", "union",
};

/* Which option begins here; moves behind its words. NULL: none. */
static const char *option_word(struct cursor *c, enum option_kind *kind)
{
    *kind = OPT_OTHER;
    if (cur_take(c, "engine") || cur_take(c, "type") || cur_take2(c, "storage", "engine"))
        return *kind = OPT_ENGINE, "ENGINE";
    if (cur_take(c, "comment"))
        return *kind = OPT_COMMENT, "COMMENT";
    if (cur_take(c, "auto_increment"))
        return *kind = OPT_AUTO_INCREMENT, "AUTO_INCREMENT";
    if (cur_take2(c, "data", "directory"))
        return "DATA DIRECTORY";
    if (cur_take2(c, "index", "directory"))
        return "INDEX DIRECTORY";
    if (cur_take2(c, "start", "transaction"))
        return "START TRANSACTION";
    for (size_t i = 0; i < TG_ARRAY_LEN(plain_options); i++)
        if (cur_take(c, plain_options[i]))
            return plain_options[i];
    // Engines of MariaDB bring options of their own: name = value.
    if (c->cx->is_mariadb && token_is_name(cur_at(c, 0)) && cur_is_punct(c, 1, '='))
        return c->t[c->i++].text.p;
    return NULL;
}

static struct option_ast *add_option(struct cursor *c, struct table_ast *t, enum option_kind kind, const char *word,
                                     struct str text)
{
    struct option_ast *o = arena_zero(c->arena, sizeof *o);
    char *upper = arena_dup(c->arena, word, strlen(word));
    for (char *p = upper; *p; p++)
        *p = (char)toupper((unsigned char)*p);
    o->kind = kind;
    o->word = upper;
    o->text = text;
    *t->options_end = o;
    t->options_end = &o->next;
    return o;
}

enum parse_found parse_option(struct cursor *c, struct table_ast *t)
{
    const char *charset = NULL, *collation = NULL;
    bool has_default = cur_is_word(c, 0, "default");
    if (has_default)
        cur_skip(c);
    enum parse_found found = parse_charset(c, &charset, &collation);
    if (found == FOUND) {
        const char *text = charset ? charset : collation;
        add_option(c, t, charset ? OPT_CHARSET : OPT_COLLATE, charset ? "CHARSET" : "COLLATE", str_of(text));
        return FOUND;
    }
    if (found == FOUND_ERROR || has_default)
        {
        if (has_default)
            cur_fail(c, "CHARSET or COLLATE");
        return FOUND_ERROR;
    }
    if (cur_take2(c, "with", "system")) {
        t->is_versioned = true;
        return cur_want(c, "versioning") ? FOUND : FOUND_ERROR;
    }
    enum option_kind kind;
    const char *word = option_word(c, &kind);
    if (!word)
        return FOUND_NONE;
    if (strcmp(word, "START TRANSACTION") == 0) {
        t->starts_transaction = true;
        return FOUND;
    }
    cur_take_punct(c, '=');
    struct option_ast *o = add_option(c, t, kind, word, cur_at(c, 0)->text);
    if (cur_is_punct(c, 0, '(')) // UNION = (a, b)
        return cur_parens(c, NULL) ? FOUND : FOUND_ERROR;
    if (cur_is_end(c) || cur_at(c, 0)->kind == TOK_PUNCT) {
        cur_fail(c, o->word);
        return FOUND_ERROR;
    }
    cur_skip(c);
    return FOUND;
}

static bool ends_partition(const struct cursor *c)
{
    static const char *const words[] = {"select", "as", "ignore", "replace", "start", "with", "table", "values"};
    for (size_t i = 0; i < TG_ARRAY_LEN(words); i++)
        if (cur_is_word(c, 0, words[i]))
            return true;
    return cur_is_end(c) || cur_is_punct(c, 0, ',');
}

bool parse_partition(struct cursor *c, struct range *out)
{
    out->from = c->i;
    while (!ends_partition(c)) {
        if (!cur_is_punct(c, 0, '('))
            cur_skip(c);
        else if (!cur_parens(c, NULL))
            return false;
    }
    out->to = c->i;
    return true;
}

static bool parse_items(struct cursor *c, struct table_ast *t)
{
    if (!cur_want_punct(c, '('))
        return false;
    do {
        enum parse_found found = parse_key(c, t);
        if (found == FOUND_ERROR || (found == FOUND_NONE && !parse_column(c, t, false)))
            return false;
    } while (cur_take_punct(c, ','));
    return cur_want_punct(c, ')');
}

/* AS SELECT, (SELECT, VALUES, TABLE, WITH: a query brings columns and rows. */
static bool starts_query(const struct cursor *c, uint32_t ahead)
{
    while (cur_is_punct(c, ahead, '('))
        ahead++;
    return cur_is_word(c, ahead, "select") || cur_is_word(c, ahead, "with") || cur_is_word(c, ahead, "values") ||
           cur_is_word(c, ahead, "table");
}

bool parse_table(struct cursor *c, struct table_ast *t)
{
    enum parse_found found;
    if (cur_is_punct(c, 0, '(') && !starts_query(c, 0) && !parse_items(c, t))
        return false;
    while ((found = parse_option(c, t)) == FOUND)
        cur_take_punct(c, ',');
    if (found == FOUND_ERROR)
        return false;
    if (cur_is_word(c, 0, "partition") && cur_is_word(c, 1, "by") && !parse_partition(c, &t->partition))
        return false;
    if (cur_take2(c, "start", "transaction"))
        t->starts_transaction = true;
    if (!cur_take(c, "ignore"))
        cur_take(c, "replace");
    cur_take(c, "as");
    t->has_select = starts_query(c, 0);
    if (!t->has_select && !cur_is_end(c))
        return cur_fail(c, "the end of CREATE TABLE");
    return true;
}
