// SPDX-License-Identifier: Apache-2.0
#include "base/json_normal.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

static json_t *number_of(json_t *j)
{
    double d = json_real_value(j);
    if (d == floor(d) && fabs(d) < 9e15)
        return json_integer((json_int_t)d);
    return json_incref(j);
}

/* A new reference: the same document with whole reals as integers. */
static json_t *with_numbers(json_t *j)
{
    size_t i;
    const char *key;
    json_t *item, *copy;
    switch (json_typeof(j)) {
    case JSON_REAL:
        return number_of(j);
    case JSON_ARRAY:
        copy = json_array();
        json_array_foreach(j, i, item)
            json_array_append_new(copy, with_numbers(item));
        return copy;
    case JSON_OBJECT:
        copy = json_object();
        json_object_foreach(j, key, item)
            json_object_set_new_nocheck(copy, key, with_numbers(item));
        return copy;
    default:
        return json_incref(j);
    }
}

bool json_normal(struct buf *out, const char *p, size_t n)
{
    json_error_t ignored;
    json_t *j = json_loadb(p, n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &ignored);
    if (!j) /* integers beyond 64 bits: as doubles */
        j = json_loadb(p, n, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &ignored);
    if (!j)
        return false;
    json_t *same = with_numbers(j);
    char *text = json_dumps(same, JSON_ENCODE_ANY | JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(same);
    json_decref(j);
    if (text)
        buf_adds(out, text);
    free(text);
    return text != NULL;
}
