// SPDX-License-Identifier: Apache-2.0
// Reads a column type. Every spelling the servers know becomes the word that SHOW CREATE TABLE prints; a word that
// is not known is kept as COL_UNSUPPORTED, so that one exotic column does not hide the rest of the table.

#include "schema/ast.h"

#include <ctype.h>

static const struct {
    const char *spelling, *word;
    enum col_class cls;
} types[] = {
    {"tinyint", "tinyint", COL_TINY}, {"int1", "tinyint", COL_TINY},
    {"smallint", "smallint", COL_SMALL}, {"int2", "smallint", COL_SMALL},
    {"mediumint", "mediumint", COL_MEDIUM}, {"int3", "mediumint", COL_MEDIUM},
    {"middleint", "mediumint", COL_MEDIUM}, {"int", "int", COL_INT},
    {"integer", "int", COL_INT}, {"int4", "int", COL_INT},
    {"bigint", "bigint", COL_BIG}, {"int8", "bigint", COL_BIG},
    {"decimal", "decimal", COL_DECIMAL}, {"dec", "decimal", COL_DECIMAL},
    {"numeric", "decimal", COL_DECIMAL}, {"fixed", "decimal", COL_DECIMAL},
    {"float", "float", COL_FLOAT}, {"float4", "float", COL_FLOAT},
    {"double", "double", COL_DOUBLE}, {"float8", "double", COL_DOUBLE},
    {"real", "double", COL_DOUBLE}, {"bit", "bit", COL_BIT},
    {"char", "char", COL_CHAR}, {"character", "char", COL_CHAR}, {"nchar", "char", COL_CHAR},
    {"varchar", "varchar", COL_VARCHAR}, {"varcharacter", "varchar", COL_VARCHAR},
    {"nvarchar", "varchar", COL_VARCHAR}, {"binary", "binary", COL_BINARY},
    {"varbinary", "varbinary", COL_VARBINARY}, {"tinytext", "tinytext", COL_TEXT},
    {"text", "text", COL_TEXT}, {"mediumtext", "mediumtext", COL_TEXT},
    {"longtext", "longtext", COL_TEXT}, {"tinyblob", "tinyblob", COL_BLOB},
    {"blob", "blob", COL_BLOB}, {"mediumblob", "mediumblob", COL_BLOB},
    {"longblob", "longblob", COL_BLOB}, {"date", "date", COL_DATE},
    {"time", "time", COL_TIME}, {"datetime", "datetime", COL_DATETIME},
    {"timestamp", "timestamp", COL_TIMESTAMP}, {"year", "year", COL_YEAR},
    {"enum", "enum", COL_ENUM}, {"set", "set", COL_SET}, {"json", "json", COL_JSON},
    {"uuid", "uuid", COL_UUID}, {"inet4", "inet4", COL_INET4}, {"inet6", "inet6", COL_INET6},
    {"geometry", "geometry", COL_GEOMETRY}, {"point", "point", COL_GEOMETRY},
    {"linestring", "linestring", COL_GEOMETRY}, {"polygon", "polygon", COL_GEOMETRY},
    {"multipoint", "multipoint", COL_GEOMETRY}, {"multilinestring", "multilinestring", COL_GEOMETRY},
    {"multipolygon", "multipolygon", COL_GEOMETRY}, {"geometrycollection", "geometrycollection", COL_GEOMETRY},
    {"geomcollection", "geometrycollection", COL_GEOMETRY},
};

static void set_type(struct type_ast *type, const char *word, enum col_class cls)
{
    type->word = word;
    type->cls = cls;
}

static bool lookup(struct type_ast *type, const struct token *t)
{
    for (size_t i = 0; i < TG_ARRAY_LEN(types); i++) {
        if (token_is_word(t, types[i].spelling)) {
            set_type(type, types[i].word, types[i].cls);
            return true;
        }
    }
    return false;
}

/* BOOL, SERIAL, LONG …, NATIONAL …: words that stand for other types. */
static bool parse_alias(struct cursor *c, struct type_ast *type)
{
    if (cur_take(c, "bool") || cur_take(c, "boolean")) {
        set_type(type, "tinyint", COL_TINY);
        type->has_length = type->is_bool = true;
        type->length = 1;
    } else if (cur_take(c, "serial")) {
        set_type(type, "bigint", COL_BIG);
        type->is_serial = type->is_unsigned = true;
    } else if (cur_take(c, "long")) {
        set_type(type, "mediumtext", COL_TEXT);
        if (cur_take(c, "varbinary"))
            set_type(type, "mediumblob", COL_BLOB);
        else if (!cur_take2(c, "char", "varying") && !cur_take2(c, "character", "varying") &&
                 !cur_take(c, "varchar"))
            cur_take(c, "varcharacter");
    } else {
        return false;
    }
    return true;
}

/* The words that may follow the first one. */
static void parse_second_word(struct cursor *c, struct type_ast *type, const struct token *first,
                              bool is_national)
{
    if (token_is_word(first, "double"))
        cur_take(c, "precision");
    if (type->cls == COL_CHAR && (cur_take(c, "varying") || (is_national && cur_take(c, "varchar")) ||
                                  (token_is_word(first, "nchar") && cur_take(c, "varchar"))))
        set_type(type, "varchar", COL_VARCHAR);
    if (is_national || token_is_word(first, "nchar") || token_is_word(first, "nvarchar"))
        type->charset = "utf8mb3";
}

static bool parse_members(struct cursor *c, struct type_ast *type)
{
    if (!cur_want_punct(c, '('))
        return false;
    uint32_t most = 0;
    for (uint32_t i = c->i; i < c->n && c->t[i].punct != ')'; i++)
        most++;
    type->members = arena_alloc(c->arena, (most + 1) * sizeof *type->members);
    do {
        struct str *m = &type->members[type->nmembers];
        if (cur_at(c, 0)->kind == TOK_WORD && cur_at(c, 1)->kind == TOK_STRING)
            cur_skip(c); // N'…' or _utf8'…'
        if (!cur_string(c, m))
            return false;
        if (memchr(m->p, 0, m->n))
            return cur_fail(c, "a member without a zero byte");
        while (m->n && m->p[m->n - 1] == ' ')
            m->n--;
        type->nmembers++;
    } while (cur_take_punct(c, ','));
    return cur_want_punct(c, ')');
}

static bool parse_sizes(struct cursor *c, struct type_ast *type)
{
    uint64_t dec;
    if (!cur_take_punct(c, '('))
        return true;
    if (cur_take_punct(c, ')'))
        return true;
    if (!cur_number(c, &type->length))
        return false;
    type->has_length = true;
    if (cur_take_punct(c, ',')) {
        if (!cur_number(c, &dec))
            return false;
        type->dec = dec > 255 ? 255 : (uint32_t)dec;
        type->has_dec = true;
    }
    return cur_want_punct(c, ')');
}

enum parse_found parse_charset(struct cursor *c, const char **charset, const char **collation)
{
    bool is_charset = cur_take(c, "charset") || cur_take2(c, "character", "set") || cur_take2(c, "char", "set");
    if (!is_charset && !cur_take(c, "collate"))
        return FOUND_NONE;
    cur_take_punct(c, '=');
    const struct token *t = cur_at(c, 0);
    if (!token_is_name(t) && t->kind != TOK_STRING)
        return cur_fail(c, is_charset ? "a charset" : "a collation") ? FOUND : FOUND_ERROR;
    cur_skip(c);
    *(is_charset ? charset : collation) = t->text.p;
    return FOUND;
}

static bool takes_charset(const struct type_ast *type)
{
    return col_is_text(type->cls) || type->cls == COL_ENUM || type->cls == COL_SET;
}

/* UNSIGNED, ZEROFILL, charset words: directly behind the type, in any order. */
static bool parse_modifiers(struct cursor *c, struct type_ast *type)
{
    for (;;) {
        if (cur_take(c, "unsigned")) {
            type->is_unsigned = true;
        } else if (cur_take(c, "zerofill")) {
            type->is_unsigned = type->is_zerofill = true;
        } else if (cur_take(c, "signed")) {
            continue;
        } else if (takes_charset(type) && cur_take(c, "binary")) {
            type->has_binary = true;
        } else if (takes_charset(type) && cur_take(c, "ascii")) {
            type->charset = "latin1";
        } else if (takes_charset(type) && cur_take(c, "unicode")) {
            type->charset = "ucs2";
        } else if (takes_charset(type) && cur_take(c, "byte")) {
            type->charset = "binary";
        } else {
            enum parse_found found = parse_charset(c, &type->charset, &type->collation);
            if (found != FOUND)
                return found == FOUND_NONE;
        }
    }
}

/* A type this version does not know: the word, and what stands in parentheses. */
static bool parse_unknown(struct cursor *c, struct type_ast *type)
{
    const char *word;
    if (!cur_name(c, &word))
        return false;
    char *lower = arena_dup(c->arena, word, strlen(word));
    for (char *p = lower; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    set_type(type, lower, COL_UNSUPPORTED);
    return !cur_is_punct(c, 0, '(') || cur_parens(c, NULL);
}

bool parse_type(struct cursor *c, struct type_ast *type)
{
    uint32_t from = c->i;
    if (cur_is_punct(c, 1, '.')) // mariadb_schema.date
        c->i += 2;
    if (!parse_alias(c, type)) {
        bool is_national = cur_take(c, "national");
        const struct token *first = cur_at(c, 0);
        if (lookup(type, first)) {
            cur_skip(c);
            parse_second_word(c, type, first, is_national);
        } else if (!parse_unknown(c, type)) {
            return false;
        }
        bool has_members = type->cls == COL_ENUM || type->cls == COL_SET;
        if (type->cls != COL_UNSUPPORTED && !(has_members ? parse_members(c, type) : parse_sizes(c, type)))
            return false;
    }
    if (type->cls == COL_FLOAT && type->has_length && !type->has_dec) {
        if (type->length > 24)
            set_type(type, "double", COL_DOUBLE);
        type->has_length = false;
    }
    bool fine = parse_modifiers(c, type);
    type->text = (struct range){from, c->i};
    return fine;
}
