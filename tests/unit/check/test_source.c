// SPDX-License-Identifier: Apache-2.0
// What is concluded about a source, apart from any server: versions, names of endpoints, how long a binlog must be kept.
#include "check/private.h"
#include "check/retention.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define HOUR INT64_C(3600)

static void versions(void **state)
{
    static const struct {
        enum db_flavour flavour;
        unsigned version;
        enum check_state wanted;
    } rows[] = {{DB_MYSQL, 50562, CHECK_FAIL},    {DB_MYSQL, 50600, CHECK_PASS},   {DB_MYSQL, 50744, CHECK_PASS},
                {DB_MYSQL, 80043, CHECK_PASS},    {DB_MYSQL, 90704, CHECK_PASS},   {DB_MYSQL, 100000, CHECK_WARN},
                {DB_MYSQL, 0, CHECK_WARN},        {DB_MARIADB, 100038, CHECK_FAIL}, {DB_MARIADB, 100100, CHECK_WARN},
                {DB_MARIADB, 100244, CHECK_WARN}, {DB_MARIADB, 100300, CHECK_PASS}, {DB_MARIADB, 101119, CHECK_PASS},
                {DB_MARIADB, 110802, CHECK_PASS}, {DB_MARIADB, 120000, CHECK_WARN}, {DB_TIDB, 80500, CHECK_FAIL}};
    (void)state;
    for (size_t i = 0; i < TG_ARRAY_LEN(rows); i++) {
        const char *why;
        assert_int_equal(version_judge(rows[i].flavour, rows[i].version, &why), rows[i].wanted);
        assert_int_equal(why[0] == 0, rows[i].wanted == CHECK_PASS);
    }
}

static void endpoints(void **state)
{
    char out[128];
    (void)state;
    assert_true(writer_host("shop.cluster-ro-c7x.eu-west-1.rds.amazonaws.com", out, sizeof out));
    assert_string_equal(out, "shop.cluster-c7x.eu-west-1.rds.amazonaws.com");
    assert_false(writer_host("shop.cluster-c7x.eu-west-1.rds.amazonaws.com", out, sizeof out));
    assert_false(writer_host("10.0.0.7", out, sizeof out));
}

static struct retention judged(int64_t kept_s, bool is_full, uint64_t bytes)
{
    struct retention k = {.kept_s = kept_s};
    retention_judge(&k, is_full, bytes);
    return k;
}

static void retention(void **state)
{
    const uint64_t hour = RETENTION_RATE * 3600; /* what a slow copy reads in one */
    (void)state;
    struct retention k = judged(24 * HOUR, false, 0);
    assert_int_equal(k.state, CHECK_FAIL);
    assert_int_equal(k.wanted_s, 72 * HOUR);
    assert_int_equal(k.cure_s, 168 * HOUR);
    assert_int_equal(judged(0, false, 0).state, CHECK_FAIL);
    assert_int_equal(judged(-1, false, 0).state, CHECK_PASS);
    assert_int_equal(judged(48 * HOUR, false, hour).state, CHECK_WARN);
    assert_int_equal(judged(72 * HOUR, false, hour).state, CHECK_PASS);
    /* A copy of two days: twice that and a day; one that lasts as long as the binlog is a failure. */
    k = judged(72 * HOUR, false, 48 * hour);
    assert_int_equal(k.wanted_s, 120 * HOUR);
    assert_int_equal(k.state, CHECK_WARN);
    assert_int_equal(judged(71 * HOUR, false, 48 * hour).state, CHECK_FAIL);
    /* The cure covers what is wanted, in whole days. */
    k = judged(HOUR, false, 100 * hour);
    assert_int_equal(k.wanted_s, 224 * HOUR);
    assert_int_equal(k.cure_s, 240 * HOUR);
    /* Mode full needs it for its copy only. */
    assert_int_equal(judged(26 * HOUR, true, hour).state, CHECK_PASS);
    assert_int_equal(judged(3 * HOUR, true, hour).state, CHECK_WARN);
    assert_int_equal(judged(HOUR, true, hour).state, CHECK_FAIL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(versions), cmocka_unit_test(endpoints), cmocka_unit_test(retention)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
