// SPDX-License-Identifier: Apache-2.0
#include "schema/places.h"

#include "db/type.h"

#include <stdlib.h>
#include <strings.h>

void places_add(struct places *p, const char *schema, const char *name, void *what)
{
    if ((p->n & (p->n - 1)) == 0)
        p->list = x_realloc(p->list, TG_MAX(p->n * 2, 1u) * sizeof *p->list);
    p->list[p->n++] = (struct place){schema, name, what};
}

static int compare(const struct place *a, const struct place *b, bool folds)
{
    int c = folds ? strcasecmp(a->schema, b->schema) : strcmp(a->schema, b->schema);
    if (c)
        return c;
    return folds ? strcasecmp(a->name, b->name) : strcmp(a->name, b->name);
}

static int compare_exact(const void *a, const void *b)
{
    return compare(a, b, false);
}

static int compare_folded(const void *a, const void *b)
{
    return compare(a, b, true);
}

void places_sort(struct places *p)
{
    if (p->n)
        qsort(p->list, p->n, sizeof *p->list, p->folds ? compare_folded : compare_exact);
}

void *places_find(const struct places *p, const char *schema, const char *name)
{
    struct place key = {schema, name, NULL};
    struct place *found = p->n ? bsearch(&key, p->list, p->n, sizeof key, p->folds ? compare_folded : compare_exact) : NULL;
    return found ? found->what : NULL;
}

const struct place *places_twice(const struct places *p)
{
    for (uint32_t i = 1; i < p->n; i++)
        if (compare(&p->list[i - 1], &p->list[i], p->folds) == 0)
            return &p->list[i - 1];
    return NULL;
}

void places_release(struct places *p)
{
    free(p->list);
    *p = (struct places){0};
}

void places_schemas(const struct places *p, struct buf *out)
{
    buf_adds(out, " IN (''");
    for (uint32_t i = 0; i < p->n; i++)
        if (i == 0 || strcmp(p->list[i].schema, p->list[i - 1].schema) != 0) {
            buf_addc(out, ',');
            sql_z(out, p->list[i].schema);
        }
    buf_addc(out, ')');
}
