// SPDX-License-Identifier: Apache-2.0
// What DM's filters call a statement. DM takes an ALTER with several parts, a DROP and a RENAME of several tables apart
// and judges each one; the names of a changed column follow its comparison of the old column with the new one.

#include "schema/ast.h"

#include <strings.h>

uint32_t ddl_nparts(const struct ddl *d)
{
    uint32_t n = 0;
    if (d->kind == DDL_DROP_TABLE || d->kind == DDL_RENAME)
        return d->nnames;
    if (d->kind == DDL_ALTER && d->body->alter)
        for (const struct spec_ast *s = d->body->alter->specs; s; s = s->next)
            n++;
    return TG_MAX(n, 1u);
}

static bool is_integer(const struct column *c)
{
    return c->cls >= COL_TINY && c->cls <= COL_BIG;
}

static bool is_string(const struct column *c)
{
    return c->cls >= COL_CHAR && c->cls <= COL_BLOB && c->cls != COL_GEOMETRY;
}

static bool members_change(const struct column *old, const struct column *new)
{
    for (uint32_t i = 0; i < old->nmembers; i++)
        if (i >= new->nmembers || strcmp(old->members[i], new->members[i]) != 0)
            return true;
    return false;
}

static bool is_cut(const struct column *old, const struct column *new)
{
    return (new->length && (new->length < old->length || new->dec < old->dec)) || old->is_unsigned != new->is_unsigned;
}

static const char *same_class(const struct column *old, const struct column *new)
{
    bool turns = old->is_unsigned != new->is_unsigned;
    if (old->cls == COL_DECIMAL)
        return old->length != new->length || old->dec != new->dec || turns ? "precision decrease" : NULL;
    if (old->cls == COL_ENUM || old->cls == COL_SET)
        return members_change(old, new) ? "value range decrease" : NULL;
    if (is_integer(old))
        return turns ? "precision decrease" : NULL;
    if (old->cls == COL_BINARY)
        return old->length != new->length ? "precision decrease" : NULL;
    return old->cls != COL_CHAR && is_cut(old, new) ? "value range decrease" : NULL;
}

/* NULL: the values stay what they are. */
static const char *change_of_data(const struct column *old, const struct column *new)
{
    bool is_varchar = old->cls == COL_VARCHAR || new->cls == COL_VARCHAR, is_char = old->cls == COL_CHAR || new->cls == COL_CHAR;
    if (old->cls == new->cls)
        return same_class(old, new);
    if (is_varchar && is_char)
        return "modify column";
    if (is_string(old) && is_string(new))
        return is_cut(old, new) ? "modify column" : NULL;
    if (is_integer(old) && is_integer(new))
        return new->cls < old->cls || old->is_unsigned != new->is_unsigned ? "value range decrease" : NULL;
    return "modify column";
}

static const char *change_of_column(const struct spec_ast *s, const struct table *before, const struct table *after)
{
    const struct column_ast *a = s->items.columns;
    const struct column *old = table_find_column(before, s->name), *new = table_find_column(after, a ? a->name : NULL);
    if (!old || !new)
        return "alter table";
    const char *data = change_of_data(old, new);
    if (data)
        return data;
    if (old->is_auto_increment && !new->is_auto_increment)
        return "remove auto increment";
    if (old->charset != new->charset)
        return "modify charset";
    if (strcasecmp(old->collation, new->collation) != 0)
        return "modify collation";
    if (a->is_first || a->after)
        return "modify columns order";
    return strcasecmp(old->name, new->name) != 0 ? "rename column" : "alter table";
}

static void name_key(const struct key_ast *k, struct ddl_event *out)
{
    out->names[0] = "modify constraint";
    for (; k; k = k->next) /* a foreign key brings its index along */
        if (k->kind == KEY_PRIMARY || k->kind == KEY_FOREIGN)
            out->names[1] = k->kind == KEY_PRIMARY ? "add primary key" : "add foreign key";
}

static void name_options(const struct spec_ast *s, struct ddl_event *out)
{
    for (const struct option_ast *o = s->items.options; o; o = o->next) {
        if (o->kind == OPT_CHARSET || o->kind == OPT_COLLATE) {
            out->names[0] = o->kind == OPT_CHARSET ? "modify charset" : "modify collation";
            out->names[1] = "modify table charset and collate";
            return;
        }
        if (o->kind == OPT_ENGINE) {
            out->names[0] = "modify storage engine";
            return;
        }
        if (o->kind == OPT_COMMENT || o->kind == OPT_AUTO_INCREMENT)
            out->names[1] = o->kind == OPT_COMMENT ? "modify table comment" : "rebase auto id";
    }
}

static void name_partition(const struct ddl *d, const struct spec_ast *s, struct ddl_event *out)
{
    static const char *const names[][2] = {
        {"add", "add table partition"}, {"drop", "drop table partition"}, {"truncate", "truncate table partition"},
        {"reorganize", "reorganize table partition"}, {"rebuild", "rebuild table partition"},
        {"coalesce", "coalesce table partition"}, {"exchange", "exchange table partition"},
    };
    for (size_t i = 0; i < TG_ARRAY_LEN(names); i++)
        if (token_is_word(&d->body->tokens.t[s->text.from], names[i][0]))
            out->names[i == 0] = names[i][1]; /* ADD PARTITION is a plain ALTER TABLE to DM */
}

static void name_spec(const struct ddl *d, const struct spec_ast *s, const struct table *before, const struct table *after,
                      struct ddl_event *out)
{
    static const char *const fixed[][2] = {
        [SPEC_DROP_COLUMN] = {"drop column", NULL}, [SPEC_RENAME_COLUMN] = {"rename column", NULL},
        [SPEC_SET_DEFAULT] = {"modify default value", "set default value"}, [SPEC_RENAME_KEY] = {"rename index", NULL},
        [SPEC_KEY_VISIBILITY] = {"alter table", "alter index visibility"}, [SPEC_DROP_FOREIGN_KEY] = {"alter table", "drop foreign key"},
        [SPEC_CONVERT] = {"modify charset", "modify table charset and collate"}, [SPEC_RENAME] = {"rename table", NULL},
        [SPEC_PARTITION_BY] = {"alter table", "alter table partitioning"},
        [SPEC_REMOVE_PARTITIONING] = {"alter table", "remove table partitioning"}, [SPEC_NOTHING] = {NULL, NULL},
    };
    *out = (struct ddl_event){{fixed[s->kind][0] ? fixed[s->kind][0] : "alter table", fixed[s->kind][1]}};
    if (s->kind == SPEC_DROP_KEY) {
        out->names[0] = strcasecmp(s->name, "PRIMARY") == 0 ? "drop primary key" : "drop index";
    } else if (s->kind == SPEC_CHANGE) {
        out->names[0] = change_of_column(s, before, after);
    } else if (s->kind == SPEC_ADD) {
        if (s->items.columns)
            out->names[1] = "add column";
        else if (s->items.keys)
            name_key(s->items.keys, out);
    } else if (s->kind == SPEC_OPTIONS) {
        name_options(s, out);
    } else if (s->kind == SPEC_PARTITION || s->kind == SPEC_ROWS) {
        name_partition(d, s, out);
    }
}

static const struct spec_ast *spec_at(const struct ddl *d, uint32_t part)
{
    const struct spec_ast *s = d->kind == DDL_ALTER && d->body->alter ? d->body->alter->specs : NULL;
    while (s && part--)
        s = s->next;
    return s;
}

void ddl_event_of(const struct ddl *d, uint32_t part, const struct table *before, const struct table *after, struct ddl_event *out)
{
    static const char *const names[] = {
        [DDL_CREATE_SCHEMA] = "create database", [DDL_DROP_SCHEMA] = "drop database", [DDL_ALTER_SCHEMA] = "alter database",
        [DDL_CREATE_TABLE] = "create table", [DDL_CREATE_TABLE_LIKE] = "create table", [DDL_CREATE_TABLE_SELECT] = "create table",
        [DDL_DROP_TABLE] = "drop table", [DDL_TRUNCATE] = "truncate table", [DDL_RENAME] = "rename table", [DDL_ALTER] = "alter table",
        [DDL_CREATE_INDEX] = "create index", [DDL_DROP_INDEX] = "drop index", [DDL_UNKNOWN] = NULL,
    };
    const struct spec_ast *s = spec_at(d, part);
    *out = (struct ddl_event){{names[d->kind]}};
    if (d->kind == DDL_ALTER_SCHEMA)
        out->names[1] = "modify schema charset and collate";
    if (s)
        name_spec(d, s, before, after, out);
    if (d->kind == DDL_ALTER && ddl_nparts(d) > 1)
        out->names[out->names[1] ? 2 : 1] = "multi schema change";
}

static bool is_left_out(const uint64_t *parts, uint32_t i)
{
    return (parts[i / 64] >> (i % 64)) & 1;
}

void ddl_leave_out(struct ddl *d, const uint64_t *parts)
{
    struct alter_ast *a = d->kind == DDL_ALTER ? d->body->alter : NULL;
    uint32_t i = 0;
    if (!a)
        return;
    struct spec_ast **at = &a->specs;
    while (*at) {
        if (!is_left_out(parts, i++))
            at = &(*at)->next;
        else
            *at = (*at)->next;
    }
    a->specs_end = at;
}

bool ddl_part_moves_rows(const struct ddl *d, uint32_t part)
{
    const struct spec_ast *s = spec_at(d, part);
    return d->kind == DDL_TRUNCATE || d->kind == DDL_RENAME ||
           (s && (d->brings_rows || s->kind == SPEC_PARTITION || s->kind == SPEC_ROWS || s->kind == SPEC_RENAME));
}
