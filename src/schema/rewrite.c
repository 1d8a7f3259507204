// SPDX-License-Identifier: Apache-2.0
// The statement for a target, by kind. Names go through the job's map, everything else is written anew from the
// parsed form, so that nothing reaches the target that was not understood.

#include "schema/rewrite.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

void rw_note(const struct rewriter *r, const char *fmt, ...)
{
    if (!r->notes)
        return;
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    buf_addf(r->notes, "%s.%s: %s\n", r->schema, r->table ? r->table : "", text);
}

void rw_comma(const struct rewriter *r, bool *is_first)
{
    buf_adds(r->out, *is_first ? "" : ", ");
    *is_first = false;
}

void rw_text(const struct rewriter *r, const char *p, size_t n)
{
    struct buf text = {0};
    sql_text(&text, p, n);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\n')
            buf_adds(r->out, "\\n");
        else
            buf_addc(r->out, text.p[i]);
    }
    buf_release(&text);
}

struct str ddl_part(struct str *rest)
{
    struct str part = *rest;
    for (size_t i = 0; i + 1 < rest->n; i++) {
        if (rest->p[i] == ';' && rest->p[i + 1] == '\n') {
            part.n = i;
            *rest = (struct str){rest->p + i + 2, rest->n - i - 2};
            return part;
        }
    }
    *rest = (struct str){rest->p + rest->n, 0};
    return part;
}

void rw_table(const struct rewriter *r, const char *schema, const char *table)
{
    char to_schema[200], to_table[200];
    snprintf(to_schema, sizeof to_schema, "%s", schema);
    snprintf(to_table, sizeof to_table, "%s", table ? table : "");
    if (r->map)
        r->map(r->map_arg, schema, table, to_schema, to_table);
    if (table)
        sql_table(r->out, to_schema, to_table);
    else
        sql_ident(r->out, to_schema);
}

static bool is_inside(const struct rewriter *r, uint32_t i)
{
    return !r->d->names[i].is_temporary && (!r->only || (r->only[i / 64] >> (i % 64) & 1));
}

static void rewrite_drop_table(struct rewriter *r)
{
    bool is_first = true;
    for (uint32_t i = 0; i < r->d->nnames; i++) {
        if (!is_inside(r, i))
            continue;
        if (is_first)
            buf_adds(r->out, r->d->if_exists ? "DROP TABLE IF EXISTS " : "DROP TABLE ");
        rw_comma(r, &is_first);
        rw_table(r, r->d->names[i].schema, r->d->names[i].table);
    }
}

static void rewrite_rename(struct rewriter *r)
{
    bool is_first = true;
    for (uint32_t i = 0; i < r->d->nnames; i++) {
        if (!is_inside(r, i))
            continue;
        if (is_first)
            buf_adds(r->out, "RENAME TABLE ");
        rw_comma(r, &is_first);
        rw_table(r, r->d->names[i].schema, r->d->names[i].table);
        buf_adds(r->out, " TO ");
        rw_table(r, r->d->names[i].to_schema, r->d->names[i].to_table);
    }
}

void rw_charset(const struct rewriter *r, const char *charset, const char *collation)
{
    char cs[64], co[64];
    if (dialect_map(r->to, charset, collation, cs, co))
        rw_note(r, "collation %s becomes %s", collation, co);
    buf_addf(r->out, "CHARACTER SET %s COLLATE %s", cs, co);
}

void ddl_schema_charset(const struct ddl *d, const struct ddl_context *cx, char **charset, char **collation)
{
    const struct ddl_body *b = d->body;
    struct option_ast co = {.kind = OPT_COLLATE, .text = str_of(b->collation)};
    struct option_ast cs = {.kind = OPT_CHARSET, .text = str_of(b->charset), .next = b->collation ? &co : NULL};
    struct table_ast t = {.options = b->charset ? &cs : b->collation ? &co : NULL};
    table_charset(&t, cx, charset, collation);
}

static void rewrite_schema(struct rewriter *r)
{
    const struct ddl_body *b = r->d->body;
    bool is_create = r->d->kind == DDL_CREATE_SCHEMA;
    bool has_charset = b->charset || b->collation;
    if (!is_create && !has_charset)
        return;
    buf_adds(r->out, is_create ? "CREATE DATABASE " : "ALTER DATABASE ");
    buf_adds(r->out, b->if_not_exists ? "IF NOT EXISTS " : "");
    rw_table(r, r->d->names[0].schema, NULL);
    if (!has_charset)
        return;
    char *charset, *collation;
    ddl_schema_charset(r->d, r->cx, &charset, &collation);
    buf_addc(r->out, ' ');
    rw_charset(r, charset, collation);
    free(charset);
    free(collation);
}

/* Never IF NOT EXISTS: the source has made a table, and one that is at the target already holds somebody else's rows. */
static void begin_create(struct rewriter *r)
{
    const struct ddl_name *n = &r->d->names[0];
    bool replaces = r->d->body->or_replace;
    if (replaces && !rw_is(r, DB_MARIADB)) {
        buf_adds(r->out, "DROP TABLE IF EXISTS ");
        rw_table(r, n->schema, n->table);
        buf_adds(r->out, ";\n");
        replaces = false;
    }
    buf_adds(r->out, replaces ? "CREATE OR REPLACE TABLE " : "CREATE TABLE ");
    rw_table(r, n->schema, n->table);
}

static bool rewrite_kind(struct rewriter *r)
{
    const struct ddl_name *n = r->d->names;
    switch (r->d->kind) {
    case DDL_CREATE_SCHEMA:
    case DDL_ALTER_SCHEMA:
        rewrite_schema(r);
        return true;
    case DDL_DROP_SCHEMA:
        buf_adds(r->out, r->d->if_exists ? "DROP DATABASE IF EXISTS " : "DROP DATABASE ");
        rw_table(r, n->schema, NULL);
        return true;
    case DDL_CREATE_TABLE:
        begin_create(r);
        return rw_create_table(r);
    case DDL_CREATE_TABLE_LIKE:
        begin_create(r);
        buf_adds(r->out, " LIKE ");
        rw_table(r, n->to_schema, n->to_table);
        return true;
    case DDL_DROP_TABLE:
        rewrite_drop_table(r);
        return true;
    case DDL_TRUNCATE:
        buf_adds(r->out, "TRUNCATE TABLE ");
        rw_table(r, n->schema, n->table);
        return true;
    case DDL_RENAME:
        rewrite_rename(r);
        return true;
    case DDL_ALTER:
    case DDL_CREATE_INDEX:
    case DDL_DROP_INDEX:
        return rw_alter(r);
    case DDL_CREATE_TABLE_SELECT:
        return err_set(r->e, ERR_DDL_ROWS, "CREATE TABLE … SELECT brings rows");
    case DDL_UNKNOWN:
        return err_set(r->e, ERR_DDL_UNKNOWN, "%s", ddl_reason(r->d));
    default:
        return true; // nothing for the target
    }
}

bool ddl_rewrite(struct buf *out, const struct ddl *d, const struct ddl_context *cx, const struct target_dialect *to,
                 name_map *map, void *map_arg, const uint64_t *only, struct buf *notes, struct err *e)
{
    struct rewriter r = {.out = out, .d = d, .t = d->body->tokens.t, .cx = cx, .to = to, .map = map,
                         .map_arg = map_arg, .only = only, .notes = notes, .e = e};
    size_t before = out->n;
    if (d->nnames) {
        r.schema = d->names[0].schema;
        r.table = d->names[0].table;
    }
    if (d->nnames == 1 && d->names[0].is_temporary)
        return true;
    if (rewrite_kind(&r))
        return true;
    out->n = before; // half a statement is none
    if (out->p)
        out->p[before] = 0;
    return d->nnames ? err_wrap(e, "%s.%s", r.schema, r.table ? r.table : "") : false;
}
