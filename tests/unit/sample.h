/* SPDX-License-Identifier: Apache-2.0
 * For unit tests of the rooms above schema: definitions from text, rows from words, and numbers that look random
 * and are the same in every run. */
#ifndef TG_TESTS_SAMPLE_H
#define TG_TESTS_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/base.h"

struct dice {
    uint64_t state;
};
TG_UNUSED static uint64_t dice_roll(struct dice *d) /* splitmix64 */
{
    uint64_t z = d->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}
TG_UNUSED static uint32_t dice_below(struct dice *d, uint32_t n)
{
    return (uint32_t)(dice_roll(d) % n);
}

#ifndef SAMPLE_BASE_ONLY
#include "db/encode.h"
#include "schema/schema.h"

#define CELL(lit) ((struct cell){(lit), sizeof(lit) - 1})
#define NULL_CELL ((struct cell){NULL, 0})

TG_UNUSED static struct cell cell_of(const char *z)
{
    return (struct cell){z, z ? (uint32_t)strlen(z) : 0};
}
TG_UNUSED static struct table *table_of(const char *sql)
{
    struct err e = {0};
    struct ddl_context cx = {.schema = "s", .charset = "utf8mb4", .collation = "utf8mb4_general_ci", .version = 80000};
    struct table *t = table_from_sql(sql, strlen(sql), &cx, &e);
    if (!t)
        fail_msg("%s: %s", sql, e.text);
    return t;
}
#endif

#endif
