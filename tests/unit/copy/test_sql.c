// SPDX-License-Identifier: Apache-2.0
// The statements that read ranges.
#include "copy/private.h"

#include "../sample.h"

static struct chunk range(const struct cell *lo, const struct cell *hi, uint32_t n)
{
    struct chunk k = {.has_lo = lo != NULL, .has_hi = hi != NULL};
    if (lo)
        row_pack(&k.lo, lo, n);
    if (hi)
        row_pack(&k.hi, hi, n);
    return k;
}

static void expect_range(const char *sql, const struct cell *lo, const struct cell *hi, const char *want)
{
    struct table *t = table_of(sql);
    struct chunk k = range(lo, hi, t->keys[t->row_key].nparts);
    struct buf b = {0};
    buf_adds(&b, "");
    sql_range(&b, t, &k);
    assert_string_equal(b.p ? b.p : "", want);
    buf_release(&b);
    buf_release(&k.lo);
    buf_release(&k.hi);
    table_drop(t);
}

static void one_column(void **state)
{
    (void)state;
    const char *t = "CREATE TABLE t (a INT NOT NULL PRIMARY KEY)";
    struct cell lo = CELL("-5"), hi = CELL("70");
    expect_range(t, NULL, NULL, "");
    expect_range(t, &lo, NULL, " WHERE (`a` > -5)");
    expect_range(t, NULL, &hi, " WHERE (`a` <= 70)");
    expect_range(t, &lo, &hi, " WHERE (`a` > -5) AND (`a` <= 70)");
}

static void three_columns(void **state)
{
    (void)state;
    const char *t = "CREATE TABLE t (v INT, c VARBINARY(5) NOT NULL, `b``x` VARCHAR(9) NOT NULL, a INT NOT NULL,"
                    " PRIMARY KEY (a, `b``x`, c))";
    struct cell lo[] = {CELL("1"), CELL("it's"), CELL("\0\xff")}, hi[] = {CELL("2"), CELL(""), CELL("")};
    const char *low = "(`a` > 1 OR (`a` = 1 AND (`b``x` > 'it\\'s' OR (`b``x` = 'it\\'s' AND (`c` > x'00ff')))))";
    const char *high = "(`a` < 2 OR (`a` = 2 AND (`b``x` < '' OR (`b``x` = '' AND (`c` <= x'')))))";
    char want[1000];
    snprintf(want, sizeof want, " WHERE %s", low);
    expect_range(t, lo, NULL, want);
    snprintf(want, sizeof want, " WHERE %s", high);
    expect_range(t, NULL, hi, want);
    snprintf(want, sizeof want, " WHERE %s AND %s", low, high);
    expect_range(t, lo, hi, want);
}

static void members_by_number(void **state)
{
    (void)state;
    const char *t = "CREATE TABLE t (e ENUM('z','a','it''s') NOT NULL, s SET('x','y','z') NOT NULL, PRIMARY KEY (e, s))";
    struct cell lo[] = {CELL("z"), CELL("x,z")}, hi[] = {CELL("it's"), CELL("")}, none[] = {CELL(""), CELL("y")};
    expect_range(t, lo, NULL, " WHERE (`e` IN (2,3) OR (`e` = 1 AND (`s` IN (6,7))))");
    expect_range(t, NULL, hi, " WHERE (`e` IN (0,1,2) OR (`e` = 3 AND (`s` IN (0))))");
    expect_range(t, none, NULL, " WHERE (`e` IN (1,2,3) OR (`e` = 0 AND (`s` IN (3,4,5,6,7))))"); // '' of an error
    expect_range(t, hi, NULL, " WHERE (`e` IN (NULL) OR (`e` = 3 AND (`s` IN (1,2,3,4,5,6,7))))");
}

// 64 members: the last has the highest bit.
static void the_largest_set(void **state)
{
    (void)state;
    struct buf sql = {0};
    buf_adds(&sql, "CREATE TABLE t (s SET(");
    for (int i = 0; i < 64; i++)
        buf_addf(&sql, "%s'm%d'", i ? "," : "", i);
    buf_adds(&sql, ") NOT NULL PRIMARY KEY)");
    struct cell lo = CELL("m0,m6,m63");
    expect_range(sql.p, &lo, NULL, " WHERE (`s` > 9223372036854775873)");
    buf_release(&sql);
}

static void whole_statements(void **state)
{
    (void)state;
    struct table *t = table_of("CREATE TABLE t (f FLOAT, a INT NOT NULL, z INT(5) ZEROFILL NOT NULL, b BIT(3),"
                               " UNIQUE KEY `k``1` (z, a))");
    struct cell lo[] = {CELL("7"), CELL("8")};
    struct chunk k = range(lo, NULL, 2);
    struct buf b = {0};
    sql_border(&b, t, &k, 100);
    assert_string_equal(b.p, "SELECT `z`+0,`a` FROM `s`.`t` FORCE INDEX (`k``1`) WHERE (`z` > 7 OR"
                             " (`z` = 7 AND (`a` > 8))) ORDER BY `z`,`a` LIMIT 1 OFFSET 99");
    buf_reset(&b);
    sql_chunk(&b, t, &k);
    assert_string_equal(b.p, "SELECT `f`+0e0,`a`,`z`+0,`b`+0 FROM `s`.`t` FORCE INDEX (`k``1`) WHERE (`z` > 7 OR"
                             " (`z` = 7 AND (`a` > 8))) ORDER BY `z`,`a`");
    buf_release(&b);
    buf_release(&k.lo);
    table_drop(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_column),
        cmocka_unit_test(three_columns),
        cmocka_unit_test(members_by_number),
        cmocka_unit_test(the_largest_set),
        cmocka_unit_test(whole_statements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
