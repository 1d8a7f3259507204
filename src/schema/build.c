// SPDX-License-Identifier: Apache-2.0
// From the parsed form to definitions: what the server would make of a type, a charset left open, an unnamed key.
// The rules are the servers' own (sql_table.cc, mysql_prepare_create_table); each was compared with SHOW CREATE TABLE.

#include "schema/ast.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static bool is_text(enum col_class cls)
{
    return col_is_text(cls) || cls == COL_ENUM || cls == COL_SET;
}

/* Integer widths vanished from MySQL in 8.0.19. */
static bool shows_width(const struct ddl_context *cx)
{
    return cx->is_mariadb || (cx->version && cx->version < 80019);
}

static void add_member(struct buf *out, const char *m)
{
    buf_addc(out, '\'');
    for (; *m; m++) {
        if (*m == '\\' || *m == '\'')
            buf_adds(out, *m == '\\' ? "\\\\" : "''");
        else if (*m == '\n' || *m == '\r')
            buf_adds(out, *m == '\n' ? "\\n" : "\\r");
        else
            buf_addc(out, *m);
    }
    buf_addc(out, '\'');
}

static unsigned integer_width(enum col_class cls, bool is_unsigned)
{
    static const unsigned widths[][2] = {{4, 3}, {6, 5}, {9, 8}, {11, 10}, {20, 20}};
    return widths[cls - COL_TINY][is_unsigned];
}

static void number_text(struct buf *out, const struct column *c, const struct type_ast *type,
                        const struct ddl_context *cx)
{
    buf_adds(out, type->word);
    if (c->cls == COL_DECIMAL) {
        buf_addf(out, "(%u,%u)", c->length, c->dec);
    } else if (c->cls == COL_FLOAT || c->cls == COL_DOUBLE) {
        if (type->has_length && type->has_dec)
            buf_addf(out, "(%u,%u)", (unsigned)type->length, type->dec);
    } else {
        unsigned width = type->has_length ? (unsigned)type->length : integer_width(c->cls, type->is_unsigned);
        bool is_bool = c->cls == COL_TINY && type->has_length && width == 1 && !type->is_unsigned;
        if (shows_width(cx) || type->is_zerofill || is_bool)
            buf_addf(out, "(%u)", width);
    }
    buf_adds(out, type->is_unsigned ? " unsigned" : "");
    buf_adds(out, type->is_zerofill ? " zerofill" : "");
}

static char *type_text(const struct column *c, const struct type_ast *type, const struct ddl_context *cx)
{
    struct buf out = {0};
    if (c->cls >= COL_TINY && c->cls <= COL_DOUBLE) {
        number_text(&out, c, type, cx);
    } else if (c->cls == COL_ENUM || c->cls == COL_SET) {
        buf_addf(&out, "%s(", type->word);
        for (uint32_t i = 0; i < c->nmembers; i++) {
            buf_adds(&out, i ? "," : "");
            add_member(&out, c->members[i]);
        }
        buf_addc(&out, ')');
    } else if (c->cls == COL_YEAR) {
        buf_adds(&out, shows_width(cx) ? "year(4)" : "year");
    } else if (c->cls >= COL_TIME && c->cls <= COL_TIMESTAMP && c->dec) {
        buf_addf(&out, "%s(%u)", type->word, c->dec);
    } else if (c->cls == COL_BIT || c->cls == COL_CHAR || c->cls == COL_VARCHAR || c->cls == COL_BINARY ||
               c->cls == COL_VARBINARY) {
        buf_addf(&out, "%s(%u)", type->word, c->length);
    } else {
        buf_adds(&out, type->word);
    }
    return buf_take(&out);
}

static const char *const text_words[] = {"tinytext", "text", "mediumtext", "longtext"};
static const char *const blob_words[] = {"tinyblob", "blob", "mediumblob", "longblob"};
static const uint64_t long_limits[] = {255, 65535, 16777215, UINT32_MAX};

static unsigned long_size(uint64_t bytes)
{
    unsigned i = 0;
    while (i < 3 && bytes > long_limits[i])
        i++;
    return i;
}

static void set_charset(struct column *c, const char *collation)
{
    char charset[64], name[64];
    collation_name(collation, name);
    collation_charset(name, charset);
    free(c->collation);
    c->collation = x_strdup(name);
    c->charset = charset_of(charset);
    c->fold = fold_of(name);
}

/* Characters in charset binary are bytes. */
static void text_to_bytes(struct column *c, struct type_ast *type)
{
    if (c->cls == COL_CHAR || c->cls == COL_VARCHAR) {
        type->word = c->cls == COL_CHAR ? "binary" : "varbinary";
        c->cls = c->cls == COL_CHAR ? COL_BINARY : COL_VARBINARY;
    } else if (c->cls == COL_TEXT) {
        for (size_t i = 0; i < TG_ARRAY_LEN(text_words); i++)
            if (strcmp(type->word, text_words[i]) == 0)
                type->word = blob_words[i];
        c->cls = COL_BLOB;
    }
    if (is_text(c->cls))
        return;
    free(c->collation);
    c->collation = x_strdup("");
    c->charset = CS_NONE;
    c->fold = FOLD_BYTES;
}

/* TEXT(n) chooses its size; a VARCHAR over 64 KiB becomes a TEXT. */
static void settle_long(struct column *c, struct type_ast *type)
{
    bool has_chars = c->cls == COL_TEXT || c->cls == COL_VARCHAR;
    char charset[64];
    collation_charset(c->collation, charset);
    uint64_t each = has_chars ? charset_max_bytes(charset) : 1;
    uint64_t bytes = type->length * each;
    if (c->cls == COL_TEXT || c->cls == COL_BLOB) {
        bool is_plain = strcmp(type->word, "text") == 0 || strcmp(type->word, "blob") == 0;
        if (type->has_length && type->length && is_plain)
            type->word = (has_chars ? text_words : blob_words)[long_size(bytes)];
        c->length = 0;
    } else if (bytes > 65535) {
        type->word = (has_chars ? text_words : blob_words)[long_size(bytes)];
        c->cls = has_chars ? COL_TEXT : COL_BLOB;
        c->length = 0;
    }
}

void column_settle(struct column *c, const struct type_ast *given, const struct ddl_context *cx)
{
    struct type_ast type = *given;
    if (is_text(c->cls) && c->charset == CS_BINARY)
        text_to_bytes(c, &type);
    if (c->cls >= COL_VARCHAR && c->cls <= COL_BLOB && c->cls != COL_BINARY && c->cls != COL_GEOMETRY)
        settle_long(c, &type);
    char *text = type_text(c, &type, cx);
    free(c->type_text);
    c->type_text = text;
}

/* Charset and collation of a text column from its own words, else the table's. */
static bool resolve_charset(struct column *c, const struct column_ast *a, const struct table *owner,
                            const struct ddl_context *cx, struct err *e)
{
    const struct type_ast *type = &a->type;
    char charset[64], collation[64], z[64];
    if (type->charset)
        charset_name(type->charset, charset);
    else if (type->collation)
        collation_charset(type->collation, charset);
    else
        charset_name(owner->charset, charset);
    bool is_short = type->collation && strncasecmp(type->collation, "uca1400", 7) == 0;
    if (is_short) {
        if (!type->charset)
            charset_name(owner->charset, charset);
        snprintf(collation, sizeof collation, "%.20s_%.40s", charset, type->collation);
    } else if (type->collation) {
        collation_name(type->collation, collation);
        collation_charset(collation, z);
        if (type->charset && strcmp(z, charset) != 0)
            return err_set(e, ERR_DDL_UNKNOWN, "collation %s does not fit charset %s", collation, charset);
    } else if (type->has_binary) {
        snprintf(collation, sizeof collation, "%.50s_bin", charset);
    } else if (type->charset) {
        charset_default_collation(charset, cx, collation);
    } else {
        snprintf(collation, sizeof collation, "%s", owner->collation);
    }
    set_charset(c, collation);
    return true;
}

static void set_sizes(struct column *c, const struct type_ast *type)
{
    c->length = 0;
    uint32_t length = (uint32_t)TG_MIN(type->length, (uint64_t)UINT32_MAX - 1);
    if (c->cls == COL_DOUBLE && type->has_dec) {
        c->dec = (uint8_t)TG_MIN(type->dec, 255u);
    } else if (c->cls == COL_DECIMAL) {
        c->length = type->has_length && length ? length : 10;
        c->dec = (uint8_t)TG_MIN(type->dec, 255u);
    } else if (c->cls == COL_BIT || c->cls == COL_CHAR || c->cls == COL_BINARY) {
        c->length = type->has_length ? length : 1;
        if (c->cls == COL_BIT && c->length == 0)
            c->length = 1;
    } else if (c->cls == COL_VARCHAR || c->cls == COL_VARBINARY) {
        c->length = length;
    } else if (c->cls >= COL_TIME && c->cls <= COL_TIMESTAMP) {
        c->dec = (uint8_t)TG_MIN(length, 6u);
    }
}

static void set_members(struct column *c, const struct type_ast *type)
{
    c->members = x_alloc((type->nmembers + 1) * sizeof *c->members);
    c->nmembers = type->nmembers;
    for (uint32_t i = 0; i < type->nmembers; i++)
        c->members[i] = x_strndup(type->members[i].p, type->members[i].n);
}

/* Before explicit_defaults_for_timestamp a bare TIMESTAMP takes no NULL. */
static bool is_nullable(const struct column_ast *a, const struct ddl_context *cx)
{
    if (a->is_not_null)
        return false;
    bool is_old = cx->version && cx->version < (cx->is_mariadb ? 101000u : 80002u);
    return a->type.cls != COL_TIMESTAMP || a->has_null || a->is_generated || !is_old;
}

bool column_build(struct column *c, const struct column_ast *a, const struct table *owner,
                  const struct ddl_context *cx, struct err *e)
{
    struct type_ast type = a->type;
    memset(c, 0, sizeof *c);
    c->name = x_strdup(a->name);
    c->collation = x_strdup("");
    c->fold = FOLD_BYTES;
    if (type.cls == COL_JSON && cx->is_mariadb) { // an alias there
        type.cls = COL_TEXT;
        type.word = "longtext";
        type.charset = "utf8mb4";
        type.collation = "utf8mb4_bin";
    }
    c->cls = type.cls;
    c->is_unsigned = type.is_unsigned;
    c->is_nullable = is_nullable(a, cx);
    c->is_generated = a->is_generated;
    c->is_stored = a->is_generated && a->is_stored;
    c->is_auto_increment = a->is_auto_increment;
    c->is_invisible = a->is_invisible;
    set_sizes(c, &type);
    set_members(c, &type);
    struct column_ast resolved = *a;
    resolved.type = type;
    if (is_text(c->cls) && !resolve_charset(c, &resolved, owner, cx, e)) {
        column_release(c);
        return false;
    }
    column_settle(c, &type, cx);
    return true;
}

void column_convert(struct column *c, const char *charset, const char *collation, const struct ddl_context *cx)
{
    if (!is_text(c->cls))
        return;
    char old[64];
    collation_charset(c->collation, old);
    struct type_ast type = {.cls = c->cls, .word = c->cls == COL_CHAR ? "char" : c->cls == COL_VARCHAR ? "varchar"
                                                 : c->cls == COL_ENUM ? "enum" : "set"};
    type.length = c->length;
    if (c->cls == COL_TEXT) { // keeps its number of characters
        unsigned i = 0;
        while (i < 3 && strcmp(text_words[i], c->type_text) != 0)
            i++;
        uint64_t chars = long_limits[i] / charset_max_bytes(old);
        type.word = i == 3 ? "longtext" : text_words[long_size(chars * charset_max_bytes(charset))];
    }
    set_charset(c, collation);
    column_settle(c, &type, cx);
}

static bool name_is_taken(const struct table *t, const char *name)
{
    for (uint32_t i = 0; i < t->nkeys; i++)
        if (strcasecmp(t->keys[i].name, name) == 0)
            return true;
    return false;
}

/* The servers name an index after its first column: c, c_2, c_3 … */
static char *choose_name(const struct table *t, const struct key_ast *k)
{
    const char *base = k->parts && k->parts->column ? k->parts->column : "functional_index";
    int32_t i = table_column(t, base);
    if (i >= 0)
        base = t->columns[i].name;
    if (!name_is_taken(t, base) && strcasecmp(base, "PRIMARY") != 0)
        return x_strdup(base);
    for (unsigned n = 2;; n++) {
        char *name = x_format("%s_%u", base, n);
        if (!name_is_taken(t, name))
            return name;
        free(name);
    }
}

/* A prefix that holds the whole column is none; a plain key longer than the engine's limit is cut to it. */
uint32_t prefix_settle(const struct column *c, uint32_t prefix, bool is_unique, const struct ddl_context *cx)
{
    char charset[64];
    bool is_long = c->cls == COL_TEXT || c->cls == COL_BLOB;
    bool is_short = c->cls == COL_CHAR || c->cls == COL_VARCHAR || c->cls == COL_BINARY || c->cls == COL_VARBINARY;
    if (!is_long && !is_short)
        return 0;
    if (is_short && prefix >= c->length)
        prefix = 0;
    collation_charset(c->collation, charset);
    unsigned each = col_is_text(c->cls) ? charset_max_bytes(charset) : 1;
    uint32_t limit = (!cx->is_mariadb && cx->version && cx->version < 50700 ? 767u : 3072u) / each;
    uint32_t length = prefix ? prefix : is_long ? UINT32_MAX : c->length;
    return !is_unique && length > limit ? limit : prefix;
}

static bool build_parts(struct table *t, struct key *key, const struct key_ast *k, const struct ddl_context *cx,
                        struct err *e)
{
    uint32_t n = 0;
    for (const struct key_part_ast *p = k->parts; p; p = p->next)
        n++;
    key->parts = x_alloc((n + 1) * sizeof *key->parts);
    for (const struct key_part_ast *p = k->parts; p; p = p->next) {
        struct key_part *part = &key->parts[key->nparts++];
        *part = (struct key_part){UINT32_MAX, 0};
        if (!p->column)
            continue;
        int32_t i = table_column(t, p->column);
        if (i < 0)
            return err_set(e, ERR_DDL_UNKNOWN, "a key names column %s, which the table does not have", p->column);
        part->column = (uint32_t)i;
        part->prefix = prefix_settle(&t->columns[i], p->prefix, key->is_unique, cx);
        if (k->kind == KEY_PRIMARY)
            t->columns[i].is_nullable = false;
    }
    return true;
}

/* Whether a's columns are the first ones of b. */
static bool key_begins(const struct key *a, const struct key *b)
{
    if (a->nparts > b->nparts)
        return false;
    for (uint32_t i = 0; i < a->nparts; i++)
        if (a->parts[i].column != b->parts[i].column || b->parts[i].prefix)
            return false;
    return true;
}

static char **build_names(const struct key_part_ast *p, uint32_t n)
{
    char **names = x_alloc((n + 1) * sizeof *names);
    for (uint32_t i = 0; i < n && p; i++, p = p->next)
        names[i] = x_strdup(p->column ? p->column : "");
    return names;
}

static bool foreign_key_build(struct table *t, const struct key_ast *k, struct err *e)
{
    struct foreign_key f = {.ncolumns = 0};
    uint32_t nref = 0;
    for (const struct key_part_ast *p = k->parts; p; p = p->next)
        f.ncolumns++;
    for (const struct key_part_ast *p = k->ref_parts; p; p = p->next)
        nref++;
    if (nref && nref != f.ncolumns)
        return err_set(e, ERR_DDL_UNKNOWN, "a foreign key has %u columns and refers to %u", f.ncolumns, nref);
    unsigned long last = 0;
    size_t stem = strlen(t->name);
    for (uint32_t i = 0; i < t->nfks; i++)
        if (strncasecmp(t->fks[i].name, t->name, stem) == 0 && strncmp(t->fks[i].name + stem, "_ibfk_", 6) == 0)
            last = TG_MAX(last, strtoul(t->fks[i].name + stem + 6, NULL, 10));
    f.name = k->constraint ? x_strdup(k->constraint) : x_format("%s_ibfk_%lu", t->name, last + 1);
    f.ref_schema = x_strdup(k->ref_schema ? k->ref_schema : t->schema);
    f.ref_table = x_strdup(k->ref_table);
    f.columns = build_names(k->parts, f.ncolumns);
    f.ref_columns = build_names(nref ? k->ref_parts : k->parts, f.ncolumns);
    f.on_delete_acts = k->on_delete && (k->on_delete[0] == 'C' || k->on_delete[0] == 'S');
    f.on_update_acts = k->on_update && (k->on_update[0] == 'C' || k->on_update[0] == 'S');
    t->fks = x_realloc(t->fks, (t->nfks + 1) * sizeof *t->fks);
    t->fks[t->nfks++] = f;
    return true;
}

/* A whole TEXT or BLOB: MariaDB keeps such a key as a hash. */
bool key_holds_long(const struct table *t, const struct key *k)
{
    for (uint32_t i = 0; i < k->nparts; i++) {
        if (k->parts[i].column == UINT32_MAX || k->parts[i].prefix)
            continue;
        enum col_class cls = t->columns[k->parts[i].column].cls;
        if (cls == COL_TEXT || cls == COL_BLOB)
            return true;
    }
    return false;
}

bool key_build(struct table *t, const struct key_ast *k, const struct ddl_context *cx, struct err *e)
{
    if (k->kind == KEY_FULLTEXT || k->kind == KEY_SPATIAL || k->kind == KEY_CHECK || k->kind == KEY_PERIOD)
        return true;
    if (k->kind == KEY_FOREIGN)
        return foreign_key_build(t, k, e);
    struct key key = {.is_unique = k->kind != KEY_PLAIN};
    if (!build_parts(t, &key, k, cx, e)) {
        key_release(&key);
        return false;
    }
    const char *name = k->kind == KEY_PRIMARY ? "PRIMARY" : k->name;
    bool is_needless = name && k->if_not_exists && name_is_taken(t, name);
    for (uint32_t i = 0; k->is_generated && i < t->nkeys; i++)
        is_needless = is_needless || key_begins(&key, &t->keys[i]);
    if (is_needless) {
        key_release(&key);
        return true;
    }
    key.name = name ? x_strdup(name) : choose_name(t, k);
    key.is_hash = cx->is_mariadb && k->kind == KEY_UNIQUE && (k->is_hash || key_holds_long(t, &key));
    t->keys = x_realloc(t->keys, (t->nkeys + 1) * sizeof *t->keys);
    t->keys[t->nkeys++] = key;
    return true;
}

void table_charset(const struct table_ast *t, const struct ddl_context *cx, char **charset, char **collation)
{
    const char *cs = NULL, *co = NULL;
    for (const struct option_ast *o = t->options; o; o = o->next) {
        if (o->kind == OPT_CHARSET && strcasecmp(o->text.p, "default") != 0)
            cs = o->text.p;
        else if (o->kind == OPT_COLLATE && strcasecmp(o->text.p, "default") != 0)
            co = o->text.p;
    }
    char a[64], b[64], z[64];
    if (!cs && !co) {
        bool is_new = !cx->is_mariadb && (cx->version == 0 || cx->version >= 80000);
        charset_name(cx->charset[0] ? cx->charset : is_new ? "utf8mb4" : "latin1", a);
        if (cx->collation[0]) {
            collation_name(cx->collation, b);
            collation_charset(b, a);
        } else {
            charset_default_collation(a, cx, b);
        }
    } else {
        if (cs)
            charset_name(cs, a);
        else
            collation_charset(co, a);
        if (co && strncasecmp(co, "uca1400", 7) == 0) {
            snprintf(z, sizeof z, "%s", a);
            snprintf(b, sizeof b, "%.20s_%.40s", z, co);
        } else if (co) {
            collation_name(co, b);
        } else {
            charset_default_collation(a, cx, b);
        }
    }
    *charset = x_strdup(a);
    *collation = x_strdup(b);
}

static const char *engine_of(const struct table_ast *t)
{
    const char *engine = "InnoDB";
    for (const struct option_ast *o = t->options; o; o = o->next)
        if (o->kind == OPT_ENGINE)
            engine = o->text.p;
    return engine;
}

static bool build_all(struct table *t, const struct table_ast *a, const struct ddl_context *cx, struct err *e)
{
    uint32_t n = 0;
    for (const struct column_ast *c = a->columns; c; c = c->next)
        n++;
    t->columns = x_alloc((n + 1) * sizeof *t->columns);
    for (const struct column_ast *c = a->columns; c; c = c->next) {
        if (table_column(t, c->name) >= 0)
            return err_set(e, ERR_DDL_UNKNOWN, "column %s is defined twice", c->name);
        if (!column_build(&t->columns[t->ncolumns], c, t, cx, e))
            return false;
        t->ncolumns++;
    }
    // Keys of foreign keys last: they are left out where another key serves.
    for (int generated = 0; generated < 2; generated++)
        for (const struct key_ast *k = a->keys; k; k = k->next)
            if (k->is_generated == (generated == 1) && !key_build(t, k, cx, e))
                return false;
    return true;
}

struct table *table_build(const struct table_ast *a, const struct ddl_context *cx, struct err *e)
{
    struct table *t = table_new();
    t->schema = x_strdup(a->schema);
    t->name = x_strdup(a->name);
    t->target_schema = x_strdup(a->schema);
    t->target_name = x_strdup(a->name);
    t->engine = x_strdup(engine_of(a));
    t->is_partitioned = range_is_set(a->partition);
    t->is_versioned = a->is_versioned;
    table_charset(a, cx, &t->charset, &t->collation);
    if (!build_all(t, a, cx, e)) {
        err_wrap(e, "%s.%s", a->schema, a->name);
        table_drop(t);
        return NULL;
    }
    table_finish(t);
    return t;
}

struct table *table_from_sql(const char *sql, size_t n, const struct ddl_context *cx, struct err *e)
{
    struct ddl d;
    struct table *t = NULL;
    if (!ddl_parse(&d, sql, n, cx, e))
        return NULL;
    if (d.kind == DDL_CREATE_TABLE && d.body->table)
        t = table_build(d.body->table, cx, e);
    else if (!d.body->has_error)
        err_set(e, ERR_DDL_UNKNOWN, "not a CREATE TABLE that lists its columns");
    else if (e)
        *e = d.body->error;
    ddl_release(&d);
    return t;
}
