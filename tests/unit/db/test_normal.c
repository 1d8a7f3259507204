// SPDX-License-Identifier: Apache-2.0
// Values that are equal whichever server printed them, and values that must stay apart.
#include "db/normal.h"

#include "../sample.h"

static bool same(enum col_class cls, struct cell x, struct cell y)
{
    struct column c = {.name = (char *)"c", .cls = cls};
    struct buf a = {0}, b = {0};
    normal_cell(&a, &c, x);
    normal_cell(&b, &c, y);
    bool equal = a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
    buf_release(&a);
    buf_release(&b);
    return equal;
}

static void null_empty_and_words(void **state)
{
    (void)state;
    for (int cls = COL_TINY; cls <= COL_JSON; cls++) {
        enum col_class c = (enum col_class)cls;
        assert_true(same(c, NULL_CELL, NULL_CELL));
        assert_false(same(c, NULL_CELL, CELL("0")));
        if (cls == COL_FLOAT || cls == COL_DOUBLE)
            continue;
        assert_false(same(c, NULL_CELL, CELL("")));
        assert_false(same(c, NULL_CELL, CELL("NULL")));
        assert_false(same(c, CELL(""), CELL("NULL")));
        assert_false(same(c, NULL_CELL, CELL("null"))); // JSON null is a value
        assert_false(same(c, NULL_CELL, CELL("n")));
    }
    assert_false(same(COL_VARCHAR, CELL("a"), CELL("A")));
    assert_false(same(COL_VARCHAR, CELL("a"), CELL("a ")));
    assert_false(same(COL_BLOB, CELL("a\0b"), CELL("a\0c")));
    assert_false(same(COL_DECIMAL, CELL("1.0"), CELL("1.00"))); // the scale is the column's
}

// Cells of a row stand one after the other: no two rows may give the same bytes.
static void rows_do_not_run_together(void **state)
{
    (void)state;
    static const struct cell rows[][2] = {
        {{"a", 1}, {"b", 1}}, {{"ab", 2}, {"", 0}}, {{"", 0}, {"ab", 2}},      {{NULL, 0}, {"n", 1}},
        {{"n", 1}, {NULL, 0}}, {{NULL, 0}, {NULL, 0}}, {{"", 0}, {NULL, 0}}, {{NULL, 0}, {"", 0}},
    };
    struct column c = {.name = (char *)"c", .cls = COL_VARCHAR};
    struct buf b[TG_ARRAY_LEN(rows)] = {{0}};
    for (size_t i = 0; i < TG_ARRAY_LEN(rows); i++) {
        normal_cell(&b[i], &c, rows[i][0]);
        normal_cell(&b[i], &c, rows[i][1]);
        for (size_t k = 0; k < i; k++)
            assert_false(b[i].n == b[k].n && memcmp(b[i].p, b[k].p, b[i].n) == 0);
    }
    for (size_t i = 0; i < TG_ARRAY_LEN(rows); i++)
        buf_release(&b[i]);
}

static void doubles(void **state)
{
    (void)state;
    assert_true(same(COL_DOUBLE, CELL("0.1"), CELL("1e-1")));
    assert_true(same(COL_DOUBLE, CELL("100000000000000000000"), CELL("1e20")));
    assert_true(same(COL_DOUBLE, CELL("-0"), CELL("0")));
    assert_true(same(COL_DOUBLE, CELL("1.7976931348623157e308"), CELL("1.7976931348623157E+308")));
    assert_false(same(COL_DOUBLE, CELL("0.1"), CELL("0.10000000000000002")));
    assert_false(same(COL_DOUBLE, CELL("1"), CELL("-1")));
    assert_true(same(COL_FLOAT, CELL("0.10000000149011612"), CELL("0.10000000149011612e0")));
    assert_false(same(COL_FLOAT, CELL("16777216"), CELL("16777217")));
    assert_true(same(COL_DOUBLE, CELL("0.00000000000000000000000000000000000000000000000000000000000000000000001"), CELL("1e-71")));
}

static void json(void **state)
{
    (void)state;
    assert_true(same(COL_JSON, CELL("{\"b\": 1, \"a\": [1, 2]}"), CELL("{\"a\":[1,2],\"b\":1.0}")));
    assert_false(same(COL_JSON, CELL("{\"a\": 1}"), CELL("{\"a\": \"1\"}")));
    assert_false(same(COL_JSON, CELL("[1,2]"), CELL("[2,1]")));
    assert_false(same(COL_JSON, CELL("null"), CELL("\"null\"")));
    assert_false(same(COL_JSON, CELL("not json"), CELL("not  json"))); // by bytes
    assert_false(same(COL_JSON, CELL("\"a\""), CELL("a")));
    assert_false(same(COL_TEXT, CELL("{\"a\":1}"), CELL("{\"a\": 1}"))); // a text is a text
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_empty_and_words),
        cmocka_unit_test(rows_do_not_run_together),
        cmocka_unit_test(doubles),
        cmocka_unit_test(json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
