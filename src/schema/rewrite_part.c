// SPDX-License-Identifier: Apache-2.0
// The parts of a definition for a target: expressions, defaults, types, columns, keys, partitions. What a target lacks
// is left out or replaced, never without a note.

#include "schema/rewrite.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static bool is_literal_mark(const struct token *t)
{
    return t[0].kind == TOK_WORD && t[0].raw.p[0] == '_' && t[1].kind == TOK_STRING &&
           (token_is_word(t, "_utf8mb4") || token_is_word(t, "_utf8mb3") || token_is_word(t, "_utf8"));
}

static bool is_name_token(const struct token *t)
{
    return token_is_name(t) || t->kind == TOK_STRING;
}

/* The name behind COLLATE or CHARSET as the target calls it. */
static void map_name(const struct rewriter *r, const struct token *t, bool is_collation)
{
    char charset[64], collation[64], to_charset[64], to_collation[64];
    if (is_collation) {
        collation_name(t->text.p, collation);
        collation_charset(collation, charset);
    } else {
        charset_name(t->text.p, charset);
        charset_default_collation(charset, r->cx, collation);
    }
    if (dialect_map(r->to, charset, collation, to_charset, to_collation) && is_collation)
        rw_note(r, "collation %s in an expression becomes %s", collation, to_collation);
    buf_adds(r->out, is_collation ? to_collation : to_charset);
}

static void add_token(const struct rewriter *r, const struct token *t)
{
    if (t->kind == TOK_QUOTED)
        sql_ident(r->out, t->text.p);
    else if (t->kind == TOK_STRING)
        rw_text(r, t->text.p, t->text.n);
    else
        buf_add(r->out, t->raw.p, t->raw.n);
}

void rw_tokens(const struct rewriter *r, struct range range)
{
    for (uint32_t i = range.from; i < range.to; i++) {
        const struct token *t = &r->t[i];
        if (t->has_space && i > range.from)
            buf_addc(r->out, ' ');
        // The text is in the session's utf8mb4 already.
        if (is_literal_mark(t))
            continue;
        bool behind_collate = i > range.from && token_is_word(&t[-1], "collate") && is_name_token(t);
        bool behind_set = i > range.from + 1 && token_is_word(&t[-1], "set") && token_is_word(&t[-2], "character");
        bool behind_charset = i > range.from && is_name_token(t) && (token_is_word(&t[-1], "charset") || behind_set);
        if (behind_collate || behind_charset)
            map_name(r, t, behind_collate);
        else
            add_token(r, t);
    }
}

static bool is_now(const struct token *t)
{
    return token_is_word(t, "current_timestamp") || token_is_word(t, "now") || token_is_word(t, "localtime") ||
           token_is_word(t, "localtimestamp");
}

/* CURRENT_TIMESTAMP in any spelling, with its digits. */
static bool add_now(const struct rewriter *r, struct range v)
{
    if (!is_now(&r->t[v.from]))
        return false;
    buf_adds(r->out, "CURRENT_TIMESTAMP");
    for (uint32_t i = v.from; i < v.to; i++)
        if (r->t[i].kind == TOK_NUMBER && strcmp(r->t[i].text.p, "0") != 0)
            buf_addf(r->out, "(%s)", r->t[i].text.p);
    return true;
}

static bool is_expression(const struct rewriter *r, struct range v)
{
    const struct token *t = &r->t[v.from];
    if (t->punct == '(')
        return true;
    if (t->kind != TOK_WORD)
        return false;
    return (v.to - v.from > 1 && t[1].punct == '(') || token_is_word(t, "next");
}

/* What TiDB takes as DEFAULT (…): a call of one of these. */
static bool tidb_takes(const struct rewriter *r, struct range v)
{
    static const char *const calls[] = {"uuid", "rand", "uuid_to_bin", "date_format", "str_to_date", "json_object",
                                        "json_array", "json_quote", "current_date", "curdate"};
    for (size_t i = 0; i < TG_ARRAY_LEN(calls); i++)
        if (token_is_word(&r->t[v.from], calls[i]) && r->t[v.from + 1].punct == '(')
            return true;
    return false;
}

static struct range strip_parens(const struct rewriter *r, struct range v)
{
    unsigned depth = 0;
    if (r->t[v.from].punct != '(')
        return v;
    for (uint32_t i = v.from; i < v.to; i++) {
        depth += r->t[i].punct == '(';
        depth -= r->t[i].punct == ')';
        if (depth == 0 && i + 1 < v.to)
            return v;
    }
    return (struct range){v.from + 1, v.to - 1};
}

static bool is_long(enum col_class cls)
{
    return cls == COL_TEXT || cls == COL_BLOB || cls == COL_JSON || cls == COL_GEOMETRY;
}

bool rw_default(const struct rewriter *r, struct range v, const char *column, enum col_class cls)
{
    if (add_now(r, v))
        return true;
    bool is_null = token_is_word(&r->t[v.from], "null");
    bool is_call = is_expression(r, v);
    if (rw_is(r, DB_MARIADB) || is_null || (!is_call && !is_long(cls))) {
        rw_tokens(r, v);
        return true;
    }
    struct range inside = strip_parens(r, v);
    bool is_sequence = token_is_word(&r->t[inside.from], "next") || token_is_word(&r->t[inside.from], "nextval");
    if (is_sequence || (rw_is(r, DB_TIDB) && !(is_call && tidb_takes(r, inside)))) {
        rw_note(r, "column %s: its DEFAULT is left out, the target does not take it", column);
        return false;
    }
    buf_addc(r->out, '(');
    rw_tokens(r, inside);
    buf_addc(r->out, ')');
    return true;
}

static bool takes_charset(enum col_class cls)
{
    return col_is_text(cls) || cls == COL_ENUM || cls == COL_SET;
}

/* One size larger: characters of other charsets take more bytes in UTF-8. */
static const char *larger_text(const char *word)
{
    static const char *const words[] = {"tinytext", "text", "mediumtext", "longtext"};
    for (size_t i = 0; i + 1 < TG_ARRAY_LEN(words); i++)
        if (strcmp(words[i], word) == 0)
            return words[i + 1];
    return word;
}

static void add_text_type(const struct rewriter *r, const struct column *c, const char *to_charset)
{
    char charset[64];
    collation_charset(c->collation, charset);
    bool was_unicode = strncmp(charset, "utf", 3) == 0 || c->charset == CS_ASCII;
    bool grows = charset_max_bytes(to_charset) > charset_max_bytes(charset);
    const char *larger = NULL;
    if (c->cls == COL_TEXT && grows && !was_unicode)
        larger = larger_text(c->type_text);
    else if (c->cls == COL_VARCHAR && grows && (uint64_t)c->length * charset_max_bytes(to_charset) > 65535)
        larger = "mediumtext";
    if (larger && strcmp(larger, c->type_text) != 0)
        rw_note(r, "column %s: %s becomes %s, characters take more bytes at the target", c->name, c->type_text, larger);
    buf_adds(r->out, larger ? larger : c->type_text);
}

static uint32_t characters(const char *z, bool *is_ascii)
{
    uint32_t n = 0;
    for (*is_ascii = true; *z; z++) {
        *is_ascii = *is_ascii && !(*z & 0x80);
        n += ((unsigned char)*z & 0xc0) != 0x80;
    }
    return n;
}

/* Members that another collation could hold for equal (a and Å), which the target then refuses: as many characters,
 * and not both ASCII, where only case counts. */
static bool members_may_collide(const struct column *c)
{
    for (uint32_t i = 0; i < c->nmembers; i++)
        for (uint32_t k = 0; k < i; k++) {
            bool a, b;
            if (characters(c->members[i], &a) == characters(c->members[k], &b) && !(a && b))
                return true;
        }
    return false;
}

/* Type and charset. explicit: the statement names one. */
static void add_type(const struct rewriter *r, const struct column *c, bool is_explicit)
{
    char charset[64], to_charset[64], to_collation[64], own_charset[64], own_collation[64];
    if (c->cls == COL_GEOMETRY && rw_is(r, DB_TIDB)) {
        rw_note(r, "column %s: %s becomes longblob, SRID and WKB as the source keeps them", c->name, c->type_text);
        buf_adds(r->out, "longblob");
        return;
    }
    if (c->cls >= COL_UUID && !rw_is(r, DB_MARIADB)) {
        const char *word = c->cls == COL_UUID ? "char(36)" : c->cls == COL_INET4 ? "varchar(15)" : "varchar(45)";
        rw_note(r, "column %s: %s becomes %s, with the same text", c->name, c->type_text, word);
        buf_addf(r->out, "%s CHARACTER SET ascii COLLATE ascii_bin", word);
        return;
    }
    if (c->cls == COL_YEAR || !takes_charset(c->cls) || c->charset == CS_BINARY || (!r->owner && !is_explicit)) {
        buf_adds(r->out, c->cls == COL_YEAR ? "year" : c->type_text);
        return;
    }
    collation_charset(c->collation, charset);
    bool is_changed = dialect_map(r->to, charset, c->collation, to_charset, to_collation);
    if (is_changed && members_may_collide(c))
        snprintf(to_collation, sizeof to_collation, "%.50s_bin", to_charset);
    add_text_type(r, c, to_charset);
    bool is_inherited = false;
    if (r->owner) {
        dialect_map(r->to, r->owner->charset, r->owner->collation, own_charset, own_collation);
        is_inherited = strcmp(own_collation, to_collation) == 0;
    }
    if (is_changed && !(r->owner && strcmp(r->owner->collation, c->collation) == 0))
        rw_note(r, "column %s: collation %s becomes %s", c->name, c->collation, to_collation);
    if (!is_inherited)
        buf_addf(r->out, " CHARACTER SET %s COLLATE %s", to_charset, to_collation);
}

/* What TIMESTAMP means without a word, on servers before explicit_defaults_for_timestamp. */
static void add_old_timestamp(struct rewriter *r, const struct column_ast *a)
{
    bool is_bare = !range_is_set(a->def) && !range_is_set(a->on_update);
    char digits[8] = "";
    if (a->type.length)
        snprintf(digits, sizeof digits, "(%u)", (unsigned)TG_MIN(a->type.length, (uint64_t)6));
    buf_adds(r->out, " NOT NULL");
    if (is_bare && r->owner && !r->had_timestamp)
        buf_addf(r->out, " DEFAULT CURRENT_TIMESTAMP%s ON UPDATE CURRENT_TIMESTAMP%s", digits, digits);
    else if (!range_is_set(a->def) && r->owner)
        buf_adds(r->out, " DEFAULT '0000-00-00 00:00:00'");
}

static void add_nullness(struct rewriter *r, const struct column_ast *a, const struct column *c)
{
    bool is_maria_generated = a->is_generated && rw_is(r, DB_MARIADB); // takes neither word
    if (is_maria_generated)
        return;
    if (a->is_not_null)
        buf_adds(r->out, " NOT NULL");
    else if (c->cls == COL_TIMESTAMP && !c->is_nullable)
        add_old_timestamp(r, a);
    else if (a->has_null || c->cls == COL_TIMESTAMP)
        buf_adds(r->out, " NULL");
    if (c->cls == COL_TIMESTAMP)
        r->had_timestamp = true;
}

static void add_value(struct rewriter *r, const struct column_ast *a, const struct column *c)
{
    if (a->is_generated) {
        buf_adds(r->out, " GENERATED ALWAYS AS (");
        rw_tokens(r, a->generated);
        buf_adds(r->out, a->is_stored ? ") STORED" : ") VIRTUAL");
    }
    add_nullness(r, a, c);
    if (range_is_set(a->def)) {
        size_t before = r->out->n;
        buf_adds(r->out, " DEFAULT ");
        if (!rw_default(r, a->def, a->name, c->cls)) {
            r->out->n = before;
            r->out->p[before] = 0;
        }
    }
    if (range_is_set(a->on_update)) {
        buf_adds(r->out, " ON UPDATE ");
        rw_default(r, a->on_update, a->name, COL_UNSUPPORTED);
    }
    buf_adds(r->out, a->is_auto_increment ? " AUTO_INCREMENT" : "");
}

/* CHECK (json_valid(c)): how MariaDB spells JSON. */
static bool is_json_check(const struct rewriter *r, struct range v)
{
    const struct token *t = &r->t[v.from];
    return v.to - v.from == 4 && token_is_word(t, "json_valid") && t[1].punct == '(' && token_is_name(&t[2]);
}

static bool add_check(const struct rewriter *r, const struct key_ast *k)
{
    if (!rw_is(r, DB_MARIADB) && is_json_check(r, k->check)) {
        rw_note(r, "CHECK (json_valid(%s)) is left out", r->t[k->check.from + 2].text.p);
        return false;
    }
    if (r->to->ignores_checks && !k->not_enforced)
        rw_note(r, "CHECK %s is written down, but the target does not enforce it (tidb_enable_check_constraint is OFF)",
                k->constraint ? k->constraint : "");
    if (k->not_enforced && rw_is(r, DB_MARIADB)) {
        rw_note(r, "CHECK %s is left out: it is not enforced at the source", k->constraint ? k->constraint : "");
        return false;
    }
    if (k->constraint) {
        buf_adds(r->out, "CONSTRAINT ");
        sql_ident(r->out, k->constraint);
        buf_addc(r->out, ' ');
    }
    buf_adds(r->out, "CHECK (");
    rw_tokens(r, k->check);
    buf_adds(r->out, k->not_enforced ? ") NOT ENFORCED" : ")");
    return true;
}

static void add_column_checks(const struct rewriter *r, const struct column_ast *a)
{
    for (const struct key_ast *k = a->checks; k; k = k->next) {
        size_t before = r->out->n;
        buf_addc(r->out, ' ');
        if (!add_check(r, k)) {
            r->out->n = before;
            r->out->p[before] = 0;
        }
    }
}

bool rw_column(struct rewriter *r, const struct column_ast *a)
{
    // Where the table's charset is not known here, one byte per character keeps every VARCHAR as it is.
    char one_byte[] = "latin1", one_byte_collation[] = "latin1_swedish_ci";
    struct table unknown = {.charset = one_byte, .collation = one_byte_collation};
    struct column c;
    if (a->has_period_mark)
        return err_set(r->e, ERR_DDL_UNKNOWN, "column %s belongs to system versioning", a->name);
    if (!column_build(&c, a, r->owner ? r->owner : &unknown, r->cx, r->e))
        return false;
    if (c.cls == COL_GEOMETRY && rw_is(r, DB_TIDB) && !r->to->geometry_as_bytes) {
        column_release(&c);
        return err_set(r->e, ERR_SOURCE_GEOMETRY, "column %s has type %s", a->name, a->type.word);
    }
    if (c.cls == COL_UNSUPPORTED && rw_is(r, DB_TIDB)) {
        column_release(&c);
        return err_set(r->e, ERR_SOURCE_TYPE, "column %s has a type that the target can't hold", a->name);
    }
    bool is_explicit = a->type.charset || a->type.collation || a->type.has_binary ||
                       (a->type.cls == COL_JSON && c.cls == COL_TEXT);
    sql_ident(r->out, a->name);
    buf_addc(r->out, ' ');
    if (c.cls == COL_UNSUPPORTED)
        rw_tokens(r, a->type.text);
    else
        add_type(r, &c, is_explicit);
    if (a->is_compressed)
        rw_note(r, "column %s is not compressed at the target", a->name);
    add_value(r, a, &c);
    if (a->comment.p) {
        buf_adds(r->out, " COMMENT ");
        rw_text(r, a->comment.p, a->comment.n);
    }
    if (a->is_invisible && rw_is(r, DB_TIDB))
        rw_note(r, "column %s is visible at the target", a->name);
    else if (a->is_invisible)
        buf_adds(r->out, " INVISIBLE");
    add_column_checks(r, a);
    column_release(&c);
    return true;
}

static void add_parts(const struct rewriter *r, const struct key_part_ast *p)
{
    buf_addc(r->out, '(');
    for (bool is_first = true; p; p = p->next) {
        rw_comma(r, &is_first);
        if (p->column) {
            sql_ident(r->out, p->column);
        } else {
            buf_addc(r->out, '(');
            rw_tokens(r, p->expression);
            buf_addc(r->out, ')');
        }
        if (p->prefix)
            buf_addf(r->out, "(%u)", p->prefix);
        buf_adds(r->out, p->is_descending ? " DESC" : "");
    }
    buf_addc(r->out, ')');
}

void rw_foreign_key(const struct rewriter *r, const struct key_ast *k)
{
    if (k->constraint) {
        buf_adds(r->out, "CONSTRAINT ");
        sql_ident(r->out, k->constraint);
        buf_addc(r->out, ' ');
    }
    buf_adds(r->out, "FOREIGN KEY ");
    add_parts(r, k->parts);
    buf_adds(r->out, " REFERENCES ");
    rw_table(r, k->ref_schema ? k->ref_schema : r->schema, k->ref_table);
    buf_addc(r->out, ' ');
    add_parts(r, k->ref_parts ? k->ref_parts : k->parts);
    if (k->on_delete)
        buf_addf(r->out, " ON DELETE %s", k->on_delete);
    if (k->on_update)
        buf_addf(r->out, " ON UPDATE %s", k->on_update);
}

/* A whole TEXT or BLOB in a key is MariaDB's alone. */
static bool has_long_part(const struct key_ast *k, const struct table_ast *t)
{
    for (const struct key_part_ast *p = k->parts; p; p = p->next)
        for (const struct column_ast *c = t ? t->columns : NULL; c; c = c->next)
            if (p->column && !p->prefix && strcasecmp(p->column, c->name) == 0 && is_long(c->type.cls))
                return true;
    return false;
}

static void add_index(const struct rewriter *r, const struct key_ast *k)
{
    static const char *const words[] = {[KEY_PRIMARY] = "PRIMARY KEY", [KEY_UNIQUE] = "UNIQUE KEY",
                                        [KEY_PLAIN] = "KEY", [KEY_FULLTEXT] = "FULLTEXT KEY",
                                        [KEY_SPATIAL] = "SPATIAL KEY"};
    buf_addf(r->out, "%s ", words[k->kind]);
    if ((k->if_not_exists || k->is_generated) && !rw_is(r, DB_MYSQL) && r->d->kind != DDL_CREATE_TABLE)
        buf_adds(r->out, "IF NOT EXISTS ");
    if (k->name && k->kind != KEY_PRIMARY) {
        sql_ident(r->out, k->name);
        buf_addc(r->out, ' ');
    }
    add_parts(r, k->parts);
    if (k->comment.p) {
        buf_adds(r->out, " COMMENT ");
        rw_text(r, k->comment.p, k->comment.n);
    }
    if (k->is_invisible)
        buf_adds(r->out, rw_is(r, DB_MARIADB) ? " IGNORED" : " INVISIBLE");
}

static bool has_expression(const struct key_ast *k)
{
    for (const struct key_part_ast *p = k->parts; p; p = p->next)
        if (!p->column)
            return true;
    return false;
}

bool rw_key(struct rewriter *r, const struct key_ast *k, const struct table_ast *t, bool *written)
{
    const char *name = k->name ? k->name : k->constraint ? k->constraint : "";
    *written = false;
    if (k->kind == KEY_PERIOD || k->without_overlaps)
        return err_set(r->e, ERR_DDL_UNKNOWN, "the target has no periods");
    if (k->kind == KEY_CHECK) {
        *written = add_check(r, k);
    } else if (k->kind == KEY_FOREIGN && !r->to->with_foreign_keys) {
        /* the engine makes them all when the rows are there, and reports each */
    } else if (k->kind == KEY_FOREIGN) {
        rw_foreign_key(r, k);
        *written = true;
    } else if (rw_is(r, DB_TIDB) && (k->kind == KEY_FULLTEXT || k->kind == KEY_SPATIAL)) {
        rw_note(r, "%s index %s is left out", k->kind == KEY_FULLTEXT ? "FULLTEXT" : "SPATIAL", name);
    } else if (!rw_is(r, DB_MARIADB) && k->kind == KEY_UNIQUE && has_long_part(k, t)) {
        rw_note(r, "unique key %s is left out: it holds a whole TEXT or BLOB", name);
    } else if (rw_is(r, DB_MARIADB) && has_expression(k)) {
        rw_note(r, "key %s over an expression is left out", name);
    } else {
        add_index(r, k);
        *written = true;
    }
    return true;
}

/* Options of a partition that lead to files or engines: the word, "=", and the value. */
static uint32_t partition_option(const struct token *t)
{
    static const char *const words[] = {"engine", "tablespace", "max_rows", "min_rows", "nodegroup"};
    uint32_t n = 0;
    if (token_is_word(t, "storage") && token_is_word(&t[1], "engine"))
        n = 2;
    else if ((token_is_word(t, "data") || token_is_word(t, "index")) && token_is_word(&t[1], "directory"))
        n = 2;
    for (size_t i = 0; i < TG_ARRAY_LEN(words) && !n; i++)
        n = token_is_word(t, words[i]);
    if (!n)
        return 0;
    n += t[n].punct == '=';
    return t[n].kind == TOK_END ? n : n + 1;
}

/* How many tokens the subpartitions here take. */
static uint32_t subpartition(const struct rewriter *r, uint32_t i, uint32_t to)
{
    const struct token *t = &r->t[i];
    bool is_clause = token_is_word(t, "subpartition") && token_is_word(&t[1], "by");
    bool is_list = t->punct == '(' && token_is_word(&t[1], "subpartition");
    if (!is_clause && !is_list)
        return 0;
    unsigned depth = 0;
    uint32_t end = i + (is_clause ? 2 : 0);
    for (; end < to; end++) {
        // The clause ends before the list of partitions.
        if (is_clause && depth == 0 && r->t[end].punct == '(' && token_is_word(&r->t[end + 1], "partition"))
            break;
        depth += r->t[end].punct == '(';
        if (r->t[end].punct == ')' && --depth == 0 && is_list)
            return end + 1 - i;
    }
    return end - i;
}

void rw_partition(const struct rewriter *r, struct range range)
{
    bool is_noted = false;
    for (uint32_t i = range.from; i < range.to;) {
        uint32_t skip = rw_is(r, DB_TIDB) ? subpartition(r, i, range.to) : 0;
        if (skip && !is_noted)
            rw_note(r, "subpartitions are left out");
        is_noted = is_noted || skip;
        if (!skip && rw_is(r, DB_TIDB) && (token_is_word(&r->t[i], "linear")))
            skip = 1;
        if (!skip)
            skip = partition_option(&r->t[i]);
        if (!skip && token_is_word(&r->t[i], "algorithm") && r->t[i + 1].punct == '=')
            skip = 3;
        if (skip) {
            i += skip;
            continue;
        }
        if (i > range.from && r->t[i].has_space)
            buf_addc(r->out, ' ');
        add_token(r, &r->t[i++]);
    }
}
