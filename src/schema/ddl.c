// SPDX-License-Identifier: Apache-2.0
// The classifier. It looks at the first words, then lets the parsers read the rest. What is not understood to its
// last token is DDL_UNKNOWN with the reason in the body: a half-understood statement is never acted on.

#include "schema/ast.h"

#include <stdlib.h>
#include <strings.h>

struct reader {
    struct cursor c;
    struct ddl *d;
    struct ddl_body *body;
};

static char *dup_or_null(const char *z)
{
    return z ? x_strdup(z) : NULL;
}

static struct ddl_name *add_name(struct ddl *d, const char *schema, const char *table)
{
    d->names = x_realloc(d->names, (d->nnames + 1) * sizeof *d->names);
    struct ddl_name *n = &d->names[d->nnames++];
    *n = (struct ddl_name){.schema = x_strdup(schema), .table = dup_or_null(table)};
    return n;
}

static bool read_if_exists(struct reader *r)
{
    if (!cur_take2(&r->c, "if", "exists"))
        return true;
    return r->d->if_exists = true;
}

static bool read_if_not_exists(struct reader *r)
{
    if (!cur_take2(&r->c, "if", "not"))
        return true;
    return r->body->if_not_exists = cur_want(&r->c, "exists");
}

static void skip_wait(struct reader *r)
{
    if (cur_take(&r->c, "wait"))
        cur_skip(&r->c);
    cur_take(&r->c, "nowait");
}

static bool read_end(struct reader *r)
{
    return cur_is_end(&r->c) || cur_fail(&r->c, "the end of the statement");
}

static bool read_table(struct reader *r, struct ddl_name **out)
{
    const char *schema, *table;
    if (!cur_table(&r->c, &schema, &table))
        return false;
    *out = add_name(r->d, schema, table);
    return true;
}

static bool read_like(struct reader *r)
{
    const char *schema, *table;
    bool has_parens = cur_take_punct(&r->c, '(');
    if (!cur_want(&r->c, "like") || !cur_table(&r->c, &schema, &table))
        return false;
    r->d->names[0].to_schema = x_strdup(schema);
    r->d->names[0].to_table = x_strdup(table);
    r->d->kind = DDL_CREATE_TABLE_LIKE;
    return (!has_parens || cur_want_punct(&r->c, ')')) && read_end(r);
}

static bool read_create_table(struct reader *r, bool is_temporary)
{
    struct ddl_name *name;
    if (!read_if_not_exists(r) || !read_table(r, &name))
        return false;
    name->is_temporary = r->body->is_temporary = is_temporary;
    if (cur_is_word(&r->c, 0, "like") || (cur_is_punct(&r->c, 0, '(') && cur_is_word(&r->c, 1, "like")))
        return read_like(r);
    struct table_ast *t = arena_zero(&r->body->arena, sizeof *t);
    table_ast_init(t);
    t->schema = arena_dup(&r->body->arena, name->schema, strlen(name->schema));
    t->name = arena_dup(&r->body->arena, name->table, strlen(name->table));
    r->body->table = t;
    r->d->kind = DDL_CREATE_TABLE;
    if (!parse_table(&r->c, t))
        return false;
    r->d->starts_transaction = t->starts_transaction;
    if (t->has_select) {
        r->d->kind = DDL_CREATE_TABLE_SELECT;
        r->d->brings_rows = true;
    } else if (!t->columns) {
        return cur_fail(&r->c, "columns");
    }
    return true;
}

static struct alter_ast *new_alter(struct reader *r)
{
    struct alter_ast *a = arena_zero(&r->body->arena, sizeof *a);
    a->specs_end = &a->specs;
    r->body->alter = a;
    return a;
}

static bool read_create_index(struct reader *r, enum key_kind kind)
{
    struct ddl_name *name;
    const char *index;
    struct cursor *c = &r->c;
    if (!read_if_not_exists(r) || !cur_name(c, &index))
        return false;
    struct alter_ast *a = new_alter(r);
    struct spec_ast *s = alter_ast_spec(c, a, SPEC_ADD);
    struct key_ast *k = table_ast_key(c, &s->items, kind);
    k->name = index;
    k->if_not_exists = r->body->if_not_exists;
    if (!parse_key_tail(c, k) || !cur_want(c, "on") || !read_table(r, &name))
        return false;
    skip_wait(r);
    r->d->kind = DDL_CREATE_INDEX;
    if (!parse_key_parts(c, &k->parts) || !parse_key_tail(c, k))
        return false;
    skip_wait(r);
    return cur_is_end(c) || parse_alter(c, a); // ALGORITHM, LOCK
}

static bool read_drop_index(struct reader *r)
{
    struct ddl_name *name;
    struct cursor *c = &r->c;
    struct alter_ast *a = new_alter(r);
    struct spec_ast *s = alter_ast_spec(c, a, SPEC_DROP_KEY);
    if (!read_if_exists(r) || !cur_name(c, &s->name) || !cur_want(c, "on") || !read_table(r, &name))
        return false;
    s->if_exists = r->d->if_exists;
    r->d->kind = DDL_DROP_INDEX;
    skip_wait(r);
    return cur_is_end(c) || parse_alter(c, a);
}

/* Options of CREATE and ALTER DATABASE. */
static bool read_schema_options(struct reader *r)
{
    struct cursor *c = &r->c;
    while (!cur_is_end(c)) {
        cur_take(c, "default");
        enum parse_found found = parse_charset(c, &r->body->charset, &r->body->collation);
        if (found == FOUND_ERROR)
            return false;
        if (found == FOUND) {
            cur_take_punct(c, ',');
            continue;
        }
        if (!cur_take(c, "encryption") && !cur_take(c, "comment") && !cur_take2(c, "read", "only"))
            return cur_fail(c, "CHARACTER SET or COLLATE");
        cur_take_punct(c, '=');
        cur_skip(c);
    }
    return true;
}

static bool read_schema(struct reader *r, enum ddl_kind kind)
{
    const char *name = r->c.cx->schema;
    bool is_named = kind != DDL_ALTER_SCHEMA || cur_at(&r->c, 0)->kind == TOK_QUOTED ||
                    !(cur_is_word(&r->c, 0, "default") || cur_is_word(&r->c, 0, "character") ||
                      cur_is_word(&r->c, 0, "charset") || cur_is_word(&r->c, 0, "collate") ||
                      cur_is_word(&r->c, 0, "read") || cur_is_word(&r->c, 0, "encryption") ||
                      cur_is_word(&r->c, 0, "comment"));
    r->d->kind = kind;
    if (!(kind == DDL_CREATE_SCHEMA ? read_if_not_exists(r) : read_if_exists(r)))
        return false;
    if (is_named && !cur_name(&r->c, &name))
        return false;
    add_name(r->d, name, NULL);
    if (kind == DDL_DROP_SCHEMA)
        return read_end(r);
    return read_schema_options(r);
}

/* VIEW, TRIGGER, ROUTINES …: objects that are not moved. Words of their definition may stand before the kind. */
static bool is_other_object(const struct cursor *c)
{
    static const char *const kinds[] = {"view", "trigger", "procedure", "function", "event", "sequence", "server",
                                        "tablespace", "package", "logfile", "undo", "library", "materialized", "json"};
    for (uint32_t i = 0; cur_at(c, i)->kind != TOK_END && i < 40; i++) {
        for (size_t k = 0; k < TG_ARRAY_LEN(kinds); k++)
            if (cur_is_word(c, i, kinds[k]))
                return true;
        if (cur_is_word(c, i, "table") || cur_is_word(c, i, "index") || cur_is_word(c, i, "database") ||
            cur_is_word(c, i, "schema"))
            return false;
    }
    return false;
}

static bool is_account(const struct cursor *c)
{
    return cur_is_word(c, 0, "user") || cur_is_word(c, 0, "role") || cur_is_word(c, 0, "resource") ||
           cur_is_word(c, 0, "instance") || (cur_is_word(c, 0, "spatial") && cur_is_word(c, 1, "reference")) ||
           cur_is_word(c, 0, "prepare");
}

static bool read_create(struct reader *r)
{
    struct cursor *c = &r->c;
    r->d->replaces = r->body->or_replace = cur_take2(c, "or", "replace");
    bool is_temporary = cur_take(c, "temporary");
    if (cur_take(c, "table"))
        return read_create_table(r, is_temporary);
    if (cur_take(c, "database") || cur_take(c, "schema"))
        return read_schema(r, DDL_CREATE_SCHEMA);
    if (is_account(c)) {
        r->d->kind = DDL_NONE;
        return true;
    }
    if (!cur_take(c, "online"))
        cur_take(c, "offline");
    if (cur_take(c, "index"))
        return read_create_index(r, KEY_PLAIN);
    if (cur_take2(c, "unique", "index"))
        return read_create_index(r, KEY_UNIQUE);
    if (cur_take2(c, "fulltext", "index"))
        return read_create_index(r, KEY_FULLTEXT);
    if (cur_take2(c, "spatial", "index"))
        return read_create_index(r, KEY_SPATIAL);
    if (!is_other_object(c))
        return cur_fail(c, "an object that can be created");
    r->d->kind = DDL_IGNORED_OBJECT;
    return true;
}

static bool read_drop_table(struct reader *r, bool is_temporary)
{
    struct ddl_name *name;
    r->d->kind = DDL_DROP_TABLE;
    r->body->is_temporary = is_temporary;
    if (!read_if_exists(r))
        return false;
    do {
        if (!read_table(r, &name))
            return false;
        name->is_temporary = is_temporary;
    } while (cur_take_punct(&r->c, ','));
    skip_wait(r);
    if (!cur_take(&r->c, "restrict"))
        cur_take(&r->c, "cascade");
    return read_end(r);
}

static bool read_drop(struct reader *r)
{
    struct cursor *c = &r->c;
    bool is_temporary = cur_take(c, "temporary");
    if (cur_take(c, "table") || cur_take(c, "tables"))
        return read_drop_table(r, is_temporary);
    if (cur_take(c, "database") || cur_take(c, "schema"))
        return read_schema(r, DDL_DROP_SCHEMA);
    if (!cur_take(c, "online"))
        cur_take(c, "offline");
    if (cur_take(c, "index"))
        return read_drop_index(r);
    if (is_account(c)) {
        r->d->kind = DDL_NONE;
        return true;
    }
    if (!is_other_object(c))
        return cur_fail(c, "an object that can be dropped");
    r->d->kind = DDL_IGNORED_OBJECT;
    return true;
}

static bool read_alter_table(struct reader *r, bool has_ignore)
{
    struct ddl_name *name;
    r->d->kind = DDL_ALTER;
    if (!read_if_exists(r) || !read_table(r, &name))
        return false;
    struct alter_ast *a = new_alter(r);
    a->has_ignore = has_ignore;
    if (!parse_alter(&r->c, a))
        return false;
    r->d->brings_rows = a->brings_rows;
    if (a->to_name) {
        name->to_schema = x_strdup(a->to_schema);
        name->to_table = x_strdup(a->to_name);
    }
    if (a->other_name)
        add_name(r->d, a->other_schema, a->other_name);
    return true;
}

static bool read_alter(struct reader *r)
{
    struct cursor *c = &r->c;
    if (cur_take(c, "database") || cur_take(c, "schema"))
        return read_schema(r, DDL_ALTER_SCHEMA);
    uint32_t start = c->i;
    if (!cur_take(c, "online"))
        cur_take(c, "offline");
    bool has_ignore = cur_take(c, "ignore");
    if (cur_take(c, "table"))
        return read_alter_table(r, has_ignore);
    c->i = start;
    r->d->kind = is_account(c) ? DDL_NONE : DDL_IGNORED_OBJECT;
    if (r->d->kind == DDL_NONE || is_other_object(c))
        return true;
    return cur_fail(c, "an object that can be altered");
}

static bool read_rename(struct reader *r)
{
    struct cursor *c = &r->c;
    r->d->kind = DDL_NONE;
    if (cur_is_word(c, 0, "user"))
        return true;
    if (!cur_take(c, "table") && !cur_take(c, "tables"))
        return cur_fail(c, "TABLE");
    r->d->kind = DDL_RENAME;
    if (!read_if_exists(r))
        return false;
    do {
        struct ddl_name *name;
        const char *schema, *table;
        if (!read_table(r, &name))
            return false;
        skip_wait(r);
        if (!cur_want(c, "to") || !cur_table(c, &schema, &table))
            return false;
        name->to_schema = x_strdup(schema);
        name->to_table = x_strdup(table);
    } while (cur_take_punct(c, ','));
    return read_end(r);
}

static bool read_truncate(struct reader *r)
{
    struct ddl_name *name;
    cur_take(&r->c, "table");
    r->d->kind = DDL_TRUNCATE;
    if (!read_table(r, &name))
        return false;
    skip_wait(r);
    return read_end(r);
}

static bool read_start(struct reader *r)
{
    bool is_transaction = cur_is_word(&r->c, 0, "transaction");
    r->d->kind = is_transaction ? DDL_TXN_BEGIN : DDL_NONE; // START SLAVE
    return true;
}

static bool read_begin(struct reader *r)
{
    r->d->kind = DDL_TXN_BEGIN;
    cur_take(&r->c, "work");
    return read_end(r);
}

static bool read_commit(struct reader *r)
{
    r->d->kind = DDL_TXN_COMMIT;
    return true;
}

static bool read_rollback(struct reader *r)
{
    r->d->kind = DDL_TXN_ROLLBACK;
    cur_take(&r->c, "work");
    // ROLLBACK TO takes back rows that were already read.
    return read_end(r);
}

static bool read_xa(struct reader *r)
{
    r->d->kind = DDL_XA;
    return true;
}

static bool read_statement(struct reader *r);

/* SET, and MariaDB's SET STATEMENT x = y FOR statement. */
static bool read_set(struct reader *r)
{
    r->d->kind = DDL_NONE;
    if (!cur_take(&r->c, "statement"))
        return true;
    while (!cur_is_end(&r->c) && !cur_is_word(&r->c, 0, "for"))
        cur_skip(&r->c);
    return cur_want(&r->c, "for") && read_statement(r);
}

static bool read_none(struct reader *r)
{
    r->d->kind = DDL_NONE;
    return true;
}

static bool read_dml(struct reader *r)
{
    r->d->kind = DDL_DML_TEXT;
    return true;
}

static bool read_load(struct reader *r)
{
    r->d->kind = cur_is_word(&r->c, 0, "index") ? DDL_NONE : DDL_DML_TEXT;
    return true;
}

static const struct {
    const char *word;
    bool (*read)(struct reader *r);
} statements[] = {
    {"create", read_create}, {"drop", read_drop}, {"alter", read_alter}, {"rename", read_rename},
    {"truncate", read_truncate}, {"begin", read_begin}, {"start", read_start}, {"commit", read_commit},
    {"rollback", read_rollback}, {"xa", read_xa}, {"set", read_set}, {"load", read_load},
    {"insert", read_dml}, {"update", read_dml}, {"delete", read_dml}, {"replace", read_dml}, {"with", read_dml},
    {"call", read_dml}, {"do", read_dml}, {"select", read_dml}, {"import", read_dml}, {"handler", read_dml},
    {"savepoint", read_none}, {"release", read_none}, {"flush", read_none}, {"grant", read_none},
    {"revoke", read_none}, {"analyze", read_none}, {"optimize", read_none}, {"repair", read_none},
    {"check", read_none}, {"checksum", read_none}, {"use", read_none}, {"lock", read_none}, {"unlock", read_none},
    {"kill", read_none}, {"reset", read_none}, {"purge", read_none}, {"change", read_none}, {"stop", read_none},
    {"install", read_none}, {"uninstall", read_none}, {"cache", read_none}, {"show", read_none},
    {"explain", read_none}, {"describe", read_none}, {"desc", read_none}, {"help", read_none},
    {"shutdown", read_none}, {"restart", read_none}, {"clone", read_none}, {"binlog", read_dml},
};

static bool read_statement(struct reader *r)
{
    if (cur_is_end(&r->c)) { // a comment alone
        r->d->kind = DDL_NONE;
        return true;
    }
    for (size_t i = 0; i < TG_ARRAY_LEN(statements); i++)
        if (cur_take(&r->c, statements[i].word))
            return statements[i].read(r);
    return cur_fail(&r->c, "a statement");
}

static void names_release(struct ddl *d)
{
    for (uint32_t i = 0; i < d->nnames; i++) {
        free(d->names[i].schema);
        free(d->names[i].table);
        free(d->names[i].to_schema);
        free(d->names[i].to_table);
    }
    free(d->names);
    d->names = NULL;
    d->nnames = 0;
}

bool ddl_parse(struct ddl *out, const char *sql, size_t n, const struct ddl_context *cx, struct err *e)
{
    memset(out, 0, sizeof *out);
    struct ddl_body *body = x_alloc(sizeof *body);
    out->body = body;
    body->sql = arena_dup(&body->arena, sql, n);
    if (!token_read(&body->tokens, &body->arena, body->sql, n, cx, e)) {
        ddl_release(out);
        return false;
    }
    struct reader r = {.d = out, .body = body};
    r.c = (struct cursor){.t = body->tokens.t, .n = body->tokens.n, .arena = &body->arena, .cx = cx,
                          .e = &body->error};
    if (!read_statement(&r)) {
        out->kind = DDL_UNKNOWN;
        out->brings_rows = false;
        body->has_error = true;
        body->table = NULL;
        body->alter = NULL;
    }
    return true;
}

void ddl_release(struct ddl *d)
{
    names_release(d);
    if (d->body)
        arena_release(&d->body->arena);
    free(d->body);
    d->body = NULL;
}

const char *ddl_reason(const struct ddl *d)
{
    return d->body && d->body->has_error ? d->body->error.text : "";
}
