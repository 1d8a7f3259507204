// SPDX-License-Identifier: Apache-2.0
// The definition itself: counting, copying, comparing, writing as text, and the choice of the row key. A definition
// is only changed by the code that builds it, before anyone else sees it.

#include "db/charmap.h"
#include "schema/ast.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* The counter stands before the public part, so that the header needs no atomics. */
struct counted {
    atomic_uint holders;
    struct table table;
};

static struct counted *counted(struct table *t)
{
    return (struct counted *)((char *)t - offsetof(struct counted, table));
}

struct table *table_new(void)
{
    struct counted *c = x_alloc(sizeof *c);
    atomic_init(&c->holders, 1);
    c->table.row_key = -1;
    return &c->table;
}

struct table *table_hold(struct table *t)
{
    atomic_fetch_add(&counted(t)->holders, 1);
    return t;
}

void key_release(struct key *k)
{
    free(k->name);
    free(k->parts);
}

static void names_free(char **names, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

void foreign_key_release(struct foreign_key *k)
{
    free(k->name);
    free(k->ref_schema);
    free(k->ref_table);
    names_free(k->columns, k->ncolumns);
    names_free(k->ref_columns, k->ncolumns);
}

void table_drop(struct table *t)
{
    if (!t || atomic_fetch_sub(&counted(t)->holders, 1) != 1)
        return;
    for (uint32_t i = 0; i < t->ncolumns; i++)
        column_release(&t->columns[i]);
    for (uint32_t i = 0; i < t->nkeys; i++)
        key_release(&t->keys[i]);
    for (uint32_t i = 0; i < t->nfks; i++)
        foreign_key_release(&t->fks[i]);
    char *texts[] = {t->schema, t->name, t->target_schema, t->target_name, t->charset, t->collation, t->engine};
    for (size_t i = 0; i < TG_ARRAY_LEN(texts); i++)
        free(texts[i]);
    free(t->columns);
    free(t->keys);
    free(t->fks);
    free(counted(t));
}

static char **names_copy(char **names, uint32_t n)
{
    char **out = x_alloc((n + 1) * sizeof *out);
    for (uint32_t i = 0; i < n; i++)
        out[i] = x_strdup(names[i]);
    return out;
}

static void key_copy(struct key *to, const struct key *from)
{
    *to = *from;
    to->name = x_strdup(from->name);
    to->parts = x_memdup(from->parts, from->nparts * sizeof *from->parts);
}

static void foreign_key_copy(struct foreign_key *to, const struct foreign_key *from)
{
    *to = *from;
    to->name = x_strdup(from->name);
    to->ref_schema = x_strdup(from->ref_schema);
    to->ref_table = x_strdup(from->ref_table);
    to->columns = names_copy(from->columns, from->ncolumns);
    to->ref_columns = names_copy(from->ref_columns, from->ncolumns);
}

struct table *table_copy(const struct table *from)
{
    struct table *t = table_new();
    *t = *from;
    t->schema = x_strdup(from->schema);
    t->name = x_strdup(from->name);
    t->target_schema = x_strdup(from->target_schema);
    t->target_name = x_strdup(from->target_name);
    t->charset = x_strdup(from->charset);
    t->collation = x_strdup(from->collation);
    t->engine = x_strdup(from->engine);
    t->columns = x_alloc((from->ncolumns + 1) * sizeof *t->columns);
    t->keys = x_alloc((from->nkeys + 1) * sizeof *t->keys);
    t->fks = x_alloc((from->nfks + 1) * sizeof *t->fks);
    for (uint32_t i = 0; i < t->ncolumns; i++)
        column_copy(&t->columns[i], &from->columns[i]);
    for (uint32_t i = 0; i < t->nkeys; i++)
        key_copy(&t->keys[i], &from->keys[i]);
    for (uint32_t i = 0; i < t->nfks; i++)
        foreign_key_copy(&t->fks[i], &from->fks[i]);
    return t;
}

void table_set_target(struct table *t, const char *schema, const char *name)
{
    free(t->target_schema);
    free(t->target_name);
    t->target_schema = x_strdup(schema);
    t->target_name = x_strdup(name);
}

const char *table_label(const struct table *t, char out[160])
{
    snprintf(out, 160, "%s.%s", t->schema, t->name);
    return out;
}

int32_t table_column(const struct table *t, const char *name)
{
    for (uint32_t i = 0; i < t->ncolumns; i++)
        if (strcasecmp(t->columns[i].name, name) == 0)
            return (int32_t)i;
    return -1;
}

const struct column *table_find_column(const struct table *t, const char *name)
{
    int32_t i = t && name ? table_column(t, name) : -1;
    return i < 0 ? NULL : &t->columns[i];
}

static bool key_is_usable(const struct table *t, const struct key *k)
{
    if (!k->is_unique || k->is_hash)
        return false;
    for (uint32_t i = 0; i < k->nparts; i++) {
        if (k->parts[i].column == UINT32_MAX || k->parts[i].prefix)
            return false;
        const struct column *c = &t->columns[k->parts[i].column];
        bool is_long = c->cls == COL_TEXT || c->cls == COL_BLOB || c->cls == COL_JSON || c->cls == COL_GEOMETRY;
        if (c->is_nullable || is_long || c->cls == COL_FLOAT || c->cls == COL_DOUBLE || c->cls == COL_UNSUPPORTED ||
            (c->is_generated && !c->is_stored))
            return false;
    }
    return k->nparts > 0;
}

static bool key_has_null(const struct table *t, const struct key *k)
{
    for (uint32_t i = 0; i < k->nparts; i++)
        if (k->parts[i].column != UINT32_MAX && t->columns[k->parts[i].column].is_nullable)
            return true;
    return false;
}

/* The servers' own order: PRIMARY, unique without NULL, unique, the rest; hashed ones behind their kind. */
static unsigned key_rank(const struct table *t, const struct key *k)
{
    if (!k->is_unique)
        return 8;
    if (strcasecmp(k->name, "PRIMARY") == 0)
        return 0;
    return 2u + (k->is_hash ? 1u : 0u) + (key_has_null(t, k) ? 2u : 0u);
}

void table_finish(struct table *t)
{
    for (uint32_t i = 1; i < t->nkeys; i++) { // few keys, and equal ones keep their order
        struct key k = t->keys[i];
        uint32_t j = i;
        for (; j > 0 && key_rank(t, &t->keys[j - 1]) > key_rank(t, &k); j--)
            t->keys[j] = t->keys[j - 1];
        t->keys[j] = k;
    }
    t->row_key = -1;
    for (uint32_t i = 0; i < t->nkeys && t->row_key < 0; i++)
        if (key_is_usable(t, &t->keys[i]))
            t->row_key = (int32_t)i;
}

static bool column_equal(const struct column *a, const struct column *b)
{
    if (strcmp(a->name, b->name) || strcmp(a->type_text, b->type_text) || strcmp(a->collation, b->collation) ||
        a->cls != b->cls || a->charset != b->charset || a->fold != b->fold || a->is_unsigned != b->is_unsigned ||
        a->is_nullable != b->is_nullable || a->is_generated != b->is_generated || a->is_stored != b->is_stored ||
        a->is_auto_increment != b->is_auto_increment || a->is_invisible != b->is_invisible ||
        a->length != b->length || a->dec != b->dec || a->nmembers != b->nmembers)
        return false;
    for (uint32_t i = 0; i < a->nmembers; i++)
        if (strcmp(a->members[i], b->members[i]))
            return false;
    return true;
}

static bool key_equal(const struct key *a, const struct key *b)
{
    if (strcmp(a->name, b->name) || a->is_unique != b->is_unique || a->nparts != b->nparts)
        return false;
    for (uint32_t i = 0; i < a->nparts; i++)
        if (a->parts[i].column != b->parts[i].column || a->parts[i].prefix != b->parts[i].prefix)
            return false;
    return true;
}

bool table_equal(const struct table *a, const struct table *b)
{
    if (a->ncolumns != b->ncolumns || a->nkeys != b->nkeys || a->row_key != b->row_key)
        return false;
    for (uint32_t i = 0; i < a->ncolumns; i++)
        if (!column_equal(&a->columns[i], &b->columns[i]))
            return false;
    for (uint32_t i = 0; i < a->nkeys; i++)
        if (!key_equal(&a->keys[i], &b->keys[i]))
            return false;
    return true;
}

/* Members without backslashes read the same in every sql_mode; others go as bytes. */
static void add_members(struct buf *out, const struct column *c)
{
    buf_adds(out, c->cls == COL_ENUM ? "enum(" : "set(");
    for (uint32_t i = 0; i < c->nmembers; i++) {
        const char *m = c->members[i];
        buf_adds(out, i ? "," : "");
        if (strchr(m, '\\')) {
            buf_adds(out, "x'");
            for (; *m; m++)
                buf_addf(out, "%02x", (unsigned)(unsigned char)*m);
        } else {
            buf_addc(out, '\'');
            for (; *m; m++)
                buf_addf(out, *m == '\'' ? "''" : "%c", *m);
        }
        buf_addc(out, '\'');
    }
    buf_addc(out, ')');
}

static void add_column(struct buf *out, const struct column *c)
{
    char charset[64];
    sql_ident(out, c->name);
    buf_addc(out, ' ');
    if (c->cls == COL_ENUM || c->cls == COL_SET)
        add_members(out, c);
    else
        buf_adds(out, c->type_text);
    bool is_text = col_is_text(c->cls) || c->cls == COL_ENUM || c->cls == COL_SET;
    if (is_text && c->collation[0]) {
        collation_charset(c->collation, charset);
        buf_addf(out, " CHARACTER SET %s COLLATE %s", charset, c->collation);
    }
    if (c->is_generated)
        buf_addf(out, " GENERATED ALWAYS AS (NULL) %s", c->is_stored ? "STORED" : "VIRTUAL");
    buf_adds(out, c->is_nullable ? " NULL" : " NOT NULL");
    buf_adds(out, c->is_auto_increment ? " AUTO_INCREMENT" : "");
    buf_adds(out, c->is_invisible ? " INVISIBLE" : "");
}

static void add_key(struct buf *out, const struct table *t, const struct key *k)
{
    bool is_primary = strcasecmp(k->name, "PRIMARY") == 0;
    buf_adds(out, is_primary ? ",\n  PRIMARY KEY (" : k->is_unique ? ",\n  UNIQUE KEY " : ",\n  KEY ");
    if (!is_primary) {
        sql_ident(out, k->name);
        buf_adds(out, " (");
    }
    for (uint32_t i = 0; i < k->nparts; i++) {
        buf_adds(out, i ? "," : "");
        if (k->parts[i].column == UINT32_MAX)
            buf_adds(out, "(NULL)");
        else
            sql_ident(out, t->columns[k->parts[i].column].name);
        if (k->parts[i].prefix)
            buf_addf(out, "(%u)", k->parts[i].prefix);
    }
    buf_adds(out, k->is_hash ? ") USING HASH" : ")");
}

static void add_names(struct buf *out, char **names, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        buf_adds(out, i ? "," : " (");
        sql_ident(out, names[i]);
    }
    buf_addc(out, ')');
}

static void add_foreign_key(struct buf *out, const struct foreign_key *k)
{
    buf_adds(out, ",\n  CONSTRAINT ");
    sql_ident(out, k->name);
    buf_adds(out, " FOREIGN KEY");
    add_names(out, k->columns, k->ncolumns);
    buf_adds(out, " REFERENCES ");
    sql_table(out, k->ref_schema, k->ref_table);
    add_names(out, k->ref_columns, k->ncolumns);
    buf_adds(out, k->on_delete_acts ? " ON DELETE CASCADE" : "");
    buf_adds(out, k->on_update_acts ? " ON UPDATE CASCADE" : "");
}

void table_to_sql(const struct table *t, struct buf *out)
{
    buf_adds(out, "CREATE TABLE ");
    sql_table(out, t->schema, t->name);
    for (uint32_t i = 0; i < t->ncolumns; i++) {
        buf_adds(out, i ? ",\n  " : " (\n  ");
        add_column(out, &t->columns[i]);
    }
    for (uint32_t i = 0; i < t->nkeys; i++)
        add_key(out, t, &t->keys[i]);
    for (uint32_t i = 0; i < t->nfks; i++)
        add_foreign_key(out, &t->fks[i]);
    buf_addf(out, "\n) ENGINE=%s DEFAULT CHARSET=%s COLLATE=%s", t->engine, t->charset, t->collation);
    buf_adds(out, t->is_versioned ? " WITH SYSTEM VERSIONING" : "");
    buf_adds(out, t->is_partitioned ? " PARTITION BY HASH (1)" : "");
}

static bool column_is_supported(const struct table *t, const struct column *c, const struct target_dialect *to,
                                struct err *e)
{
    if (c->cls == COL_UNSUPPORTED)
        return err_set(e, ERR_SOURCE_TYPE, "%s.%s: column %s has type %s", t->schema, t->name, c->name, c->type_text);
    if (c->charset == CS_OTHER && !charmap_is_known(c->collation))
        return err_set(e, ERR_SOURCE_TYPE, "%s.%s: column %s has collation %s", t->schema, t->name, c->name,
                       c->collation);
    if (c->cls == COL_GEOMETRY && to->flavour == DB_TIDB && !to->geometry_as_bytes)
        return err_set(e, ERR_SOURCE_GEOMETRY, "%s.%s.%s has type %s", t->schema, t->name, c->name, c->type_text);
    return true;
}

bool table_is_supported(const struct table *t, const struct target_dialect *to, struct err *e)
{
    if (strcasecmp(t->engine, "InnoDB") != 0)
        return err_set(e, ERR_SOURCE_TABLE, "%s.%s: engine %s has no transactions that a copy could follow", t->schema,
                       t->name, t->engine);
    if (t->is_versioned)
        return err_set(e, ERR_SOURCE_TABLE, "%s.%s: the table is system-versioned", t->schema, t->name);
    for (uint32_t i = 0; i < t->ncolumns; i++)
        if (!column_is_supported(t, &t->columns[i], to, e))
            return false;
    return true;
}
