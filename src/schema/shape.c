// SPDX-License-Identifier: Apache-2.0
/* A table that is at the target already: whether it can take every row of the source's table, and whether it has the
 * key by which rows are found again. */
#include "schema/schema.h"

#include <strings.h>

static bool is_integer(const struct column *c)
{
    return c->cls >= COL_TINY && c->cls <= COL_BIG;
}

/* Bytes that a text or byte type takes; characters count with the most they can have. */
static uint64_t capacity(const struct column *c, unsigned char_bytes)
{
    static const struct {
        const char *word;
        uint64_t bytes;
    } sizes[] = {{"tiny", 255}, {"medium", 16777215}, {"long", 4294967295u}};
    if (c->cls != COL_TEXT && c->cls != COL_BLOB)
        return (uint64_t)c->length * char_bytes;
    for (size_t i = 0; i < TG_ARRAY_LEN(sizes); i++)
        if (strncasecmp(c->type_text, sizes[i].word, strlen(sizes[i].word)) == 0)
            return sizes[i].bytes;
    return 65535;
}

static bool text_fits(const struct column *a, const struct column *b)
{
    bool is_same = strcasecmp(a->collation, b->collation) == 0 || a->charset == b->charset;
    bool holds = b->charset == CS_UTF8MB4 || a->charset == CS_ASCII ||
                 (b->charset == CS_UTF8MB3 && a->charset == CS_LATIN1) || (is_same && a->charset != CS_OTHER);
    if (!holds || (a->cls != COL_CHAR && b->cls == COL_CHAR)) /* CHAR drops trailing spaces */
        return false;
    if (a->cls == COL_TEXT && b->cls == COL_TEXT)
        return capacity(b, 1) >= capacity(a, 1);
    if (b->cls == COL_TEXT)
        return capacity(b, 1) >= capacity(a, 4);
    return a->cls != COL_TEXT ? b->length >= a->length : b->length >= capacity(a, 1);
}

static bool members_fit(const struct column *a, const struct column *b)
{
    for (uint32_t i = 0; i < a->nmembers; i++) {
        bool found = false;
        for (uint32_t k = 0; k < b->nmembers && !found; k++)
            found = strcmp(a->members[i], b->members[k]) == 0;
        if (!found)
            return false;
    }
    return true;
}

static bool type_fits(const struct column *a, const struct column *b)
{
    if (is_integer(a) && is_integer(b))
        return a->is_unsigned == b->is_unsigned ? b->cls >= a->cls : !b->is_unsigned && b->cls > a->cls;
    if (col_is_text(a->cls) && col_is_text(b->cls))
        return text_fits(a, b);
    if (col_is_bytes(a->cls) && col_is_bytes(b->cls))
        return (a->cls == COL_BINARY || b->cls != COL_BINARY) && capacity(b, 1) >= capacity(a, 1);
    if (a->cls == COL_FLOAT && b->cls == COL_DOUBLE)
        return true;
    if (a->cls != b->cls)
        return false;
    if (a->cls == COL_DECIMAL)
        return b->dec >= a->dec && b->length - b->dec >= a->length - a->dec && (a->is_unsigned || !b->is_unsigned);
    if (a->cls == COL_ENUM || a->cls == COL_SET)
        return members_fit(a, b);
    return a->cls == COL_BIT ? b->length >= a->length : b->dec >= a->dec;
}

static bool has_key(const struct table *there, const struct table *t, const struct key *k)
{
    for (uint32_t i = 0; i < there->nkeys; i++) {
        const struct key *o = &there->keys[i];
        bool same = o->is_unique && o->nparts == k->nparts;
        for (uint32_t p = 0; same && p < o->nparts; p++) {
            bool found = false;
            for (uint32_t q = 0; o->parts[p].column != UINT32_MAX && q < k->nparts; q++)
                found = found || strcasecmp(there->columns[o->parts[p].column].name, t->columns[k->parts[q].column].name) == 0;
            same = found && !o->parts[p].prefix;
        }
        if (same)
            return true;
    }
    return false;
}

/* false: e says what does not fit. */
static bool column_fits(const struct column *a, const struct column *b, struct err *e)
{
    if (!b)
        return err_set(e, ERR_TARGET_SHAPE, "column %s is missing", a->name);
    if (a->is_generated != b->is_generated)
        return err_set(e, ERR_TARGET_SHAPE, b->is_generated ? "column %s is generated" : "column %s is not generated", a->name);
    if (!type_fits(a, b))
        return err_set(e, ERR_TARGET_SHAPE, "column %s is %s%s%s and can't hold %s%s%s of the source", a->name, b->type_text,
                       b->collation[0] ? " " : "", b->collation, a->type_text, a->collation[0] ? " " : "", a->collation);
    if (a->is_nullable && !b->is_nullable && !a->is_generated)
        return err_set(e, ERR_TARGET_SHAPE, "column %s takes no NULL, and the source's may hold it", a->name);
    return true;
}

bool table_shape_fits(const struct table *t, const struct table *there, uint32_t *from, struct err *e)
{
    for (; *from < t->ncolumns; ++*from)
        if (!column_fits(&t->columns[*from], table_find_column(there, t->columns[*from].name), e)) {
            ++*from;
            return err_wrap(e, "%s.%s at the target", t->target_schema, t->target_name);
        }
    if (*from > t->ncolumns)
        return true;
    ++*from;
    if (t->row_key < 0 || has_key(there, t, &t->keys[t->row_key]))
        return true;
    err_set(e, ERR_TARGET_SHAPE, "no unique key like %s of the source", t->keys[t->row_key].name);
    return err_wrap(e, "%s.%s at the target", t->target_schema, t->target_name);
}

const struct column *table_extra_column(const struct table *t, const struct table *there, uint32_t *from)
{
    for (; *from < there->ncolumns; ++*from) {
        const struct column *c = &there->columns[*from];
        if (!table_find_column(t, c->name) && !c->is_nullable && !c->is_generated && !c->is_auto_increment) {
            ++*from;
            return c;
        }
    }
    return NULL;
}
