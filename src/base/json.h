/* SPDX-License-Identifier: Apache-2.0
 * Members of an object that need not be there. */
#ifndef TG_BASE_JSON_H
#define TG_BASE_JSON_H

#include <jansson.h>
#include <stdint.h>

/* "" and 0 where o has no such member, or one of another type. The text lives as long as o. */
static inline const char *json_text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    return text ? text : "";
}

static inline int64_t json_number_of(const json_t *o, const char *key)
{
    return (int64_t)json_integer_value(json_object_get(o, key));
}

#endif
