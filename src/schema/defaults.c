// SPDX-License-Identifier: Apache-2.0
// Each schema's own charset and collation. A CREATE TABLE that writes none takes those of its schema, whatever the
// session says, and the binlog does not repeat them.

#include "schema/ast.h"

#include <stdio.h>
#include <stdlib.h>

struct schema_defaults {
    uint32_t n;
    struct schema_default {
        char schema[200], collation[64];
    } *rows;
};

static struct schema_default *find(const struct schema_defaults *s, const char *schema)
{
    for (uint32_t i = 0; i < s->n; i++)
        if (strcmp(s->rows[i].schema, schema) == 0)
            return &s->rows[i];
    return NULL;
}

static void put(struct schema_defaults *s, const char *schema, const char *collation)
{
    struct schema_default *r = find(s, schema);
    if (!r) {
        s->rows = x_realloc(s->rows, (s->n + 1) * sizeof *s->rows);
        r = &s->rows[s->n++];
        snprintf(r->schema, sizeof r->schema, "%s", schema);
    }
    collation_name(collation, r->collation);
}

struct schema_defaults *schema_defaults_read(struct conn *source, struct err *e)
{
    MYSQL_RES *res;
    if (!conn_query(source, "SELECT SCHEMA_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA", &res, e))
        return err_wrap(e, "reading the defaults of the schemas"), NULL;
    struct schema_defaults *s = x_alloc(sizeof *s);
    for (MYSQL_ROW row; (row = mysql_fetch_row(res));)
        if (row[0] && row[1] && !schema_is_system(row[0]))
            put(s, row[0], row[1]);
    mysql_free_result(res);
    return s;
}

void schema_defaults_free(struct schema_defaults *s)
{
    if (s)
        free(s->rows);
    free(s);
}

void schema_defaults_find(const struct schema_defaults *s, const char *schema, struct ddl_context *cx)
{
    const struct schema_default *r = find(s, schema);
    if (!r)
        return;
    snprintf(cx->collation, sizeof cx->collation, "%s", r->collation);
    collation_charset(r->collation, cx->charset);
}

bool schema_defaults_take(struct schema_defaults *s, const struct ddl *d, const struct ddl_context *cx)
{
    const struct ddl_body *b = d->body;
    struct schema_default *known = d->nnames ? find(s, d->names[0].schema) : NULL;
    char *charset, *collation;
    if (d->kind == DDL_DROP_SCHEMA && known) {
        *known = s->rows[--s->n];
        return true;
    }
    bool sets = d->kind == DDL_CREATE_SCHEMA ? !known || !b->if_not_exists
                                             : d->kind == DDL_ALTER_SCHEMA && (b->charset || b->collation);
    if (!sets)
        return false;
    ddl_schema_charset(d, cx, &charset, &collation);
    put(s, d->names[0].schema, collation);
    free(charset);
    free(collation);
    return true;
}

/* A line each: the collation, and the name's bytes in hexadecimal. */
void schema_defaults_print(const struct schema_defaults *s, struct buf *out)
{
    for (uint32_t i = 0; i < s->n; i++) {
        buf_addf(out, "%s ", s->rows[i].collation);
        for (const char *p = s->rows[i].schema; *p; p++)
            buf_addf(out, "%02x", (unsigned char)*p);
        buf_addc(out, '\n');
    }
}

struct schema_defaults *schema_defaults_parse(const char *text)
{
    struct schema_defaults *s = x_alloc(sizeof *s);
    char collation[64], name[400];
    for (int n; sscanf(text, "%63s %399[0-9a-f]%n", collation, name, &n) == 2; text += n) {
        size_t length = strlen(name) / 2;
        for (size_t i = 0; i < length; i++) {
            char digits[3] = {name[2 * i], name[2 * i + 1], 0};
            name[i] = (char)strtoul(digits, NULL, 16);
        }
        name[length] = 0;
        put(s, name, collation);
    }
    return s;
}
