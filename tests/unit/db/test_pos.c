// SPDX-License-Identifier: Apache-2.0
// Positions and GTID sets. The MySQL sets are checked against a bitmap that does the same in the
// plainest way.
#include "db/pos.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define U1 "3e11fa47-71ca-11e1-9e33-c80aa9429562"
#define U2 "4350f323-7565-4e59-8763-4b1b83a0ce0e"

static struct pos at(const char *text)
{
    struct pos p;
    assert_true(pos_parse(text, &p));
    return p;
}

static void order(void **state)
{
    (void)state;
    static const char *const sorted[] = {"b.000001:4",          "b.000001:5", "b.000009:1",
                                         "b.000010:0",          "b.999999:7", "b.1000000:3",
                                         "b.1000000:4294967299"};
    for (size_t i = 0; i < TG_ARRAY_LEN(sorted); i++) {
        for (size_t k = 0; k < TG_ARRAY_LEN(sorted); k++) {
            struct pos a = at(sorted[i]), b = at(sorted[k]);
            assert_int_equal(pos_cmp(&a, &b), i == k ? 0 : i < k ? -1 : 1);
        }
        struct pos none = {.file = ""}, p = at(sorted[i]);
        assert_int_equal(pos_cmp(&none, &p), -1);
        assert_int_equal(pos_cmp(&p, &none), 1);
    }
    assert_int_equal(pos_cmp(&(struct pos){.file = ""}, &(struct pos){.file = ""}), 0);
}

static void text(void **state)
{
    (void)state;
    char out[96];
    struct pos p = at("mysql-bin-changelog.000017:18446744073709551615");
    assert_string_equal(p.file, "mysql-bin-changelog.000017");
    assert_true(p.at == UINT64_MAX);
    assert_string_equal(pos_text(&p, out), "mysql-bin-changelog.000017:18446744073709551615");
    assert_string_equal(pos_text(&(struct pos){.file = ""}, out), "");
    p = at("host:with:colons.000001:4");
    assert_string_equal(p.file, "host:with:colons.000001");
    static const char *const bad[] = {
        "",
        ":",
        ":4",
        "b.000001",
        "b.000001:",
        "b.000001:-1",
        "b.000001:4x",
        "b:+4",
        "b.000001:18446744073709551616",
        "b: 4",
        "0123456789012345678901234567890123456789012345678901234567890123:4"};
    for (size_t i = 0; i < TG_ARRAY_LEN(bad); i++)
        assert_false(pos_parse(bad[i], &p));
    at("012345678901234567890123456789012345678901234567890123456789012:4");
    assert_true(pos_file_number("binlog.000017") == 17);
    assert_true(pos_file_number("a.b.9") == 9);
    assert_true(pos_file_number("binlog") == UINT64_MAX);
    assert_true(pos_file_number("binlog.") == UINT64_MAX);
    assert_true(pos_file_number("binlog.index") == UINT64_MAX);
    assert_true(pos_file_number("binlog.12x") == UINT64_MAX);
}

static void expect_set(bool is_mariadb, const char *in, const char *want)
{
    struct gtid_set *s = gtid_new(is_mariadb), *copy;
    struct err e = {0};
    struct buf b = {0};
    if (!gtid_parse(s, in, &e))
        fail_msg("%s: %s", in, e.text);
    gtid_text(s, &b);
    assert_string_equal(b.p, want);
    copy = gtid_copy(s);
    assert_true(gtid_contains(s, copy) && gtid_contains(copy, s));
    assert_int_equal(gtid_is_empty(s), *want == 0);
    gtid_free(s);
    buf_reset(&b);
    gtid_text(copy, &b);
    assert_string_equal(b.p, want);
    gtid_free(copy);
    buf_release(&b);
}

static void expect_error(bool is_mariadb, const char *in, enum err_code code)
{
    struct gtid_set *s = gtid_new(is_mariadb);
    struct err e = {0};
    assert_false(gtid_parse(s, in, &e));
    assert_int_equal(e.code, code);
    gtid_free(s);
}

static void mysql_sets(void **state)
{
    (void)state;
    expect_set(false, "", "");
    expect_set(false, " \n", "");
    expect_set(false, U1 ":1", U1 ":1");
    expect_set(false, U1 ":1-5:7", U1 ":1-5:7");
    expect_set(false, U1 ":7:1-5:6", U1 ":1-7");
    expect_set(false, U1 ":5-9:1-3:4", U1 ":1-9");
    expect_set(false, U1 ":1-3:2-8:20-30:7-19", U1 ":1-30");
    expect_set(false, U2 ":3,\n" U1 ":1-2 : 4 - 5 , " U2 ":1", U1 ":1-2:4-5," U2 ":1:3");
    expect_set(false, "3E11FA4771CA11E19E33C80AA9429562:2", U1 ":2");
    expect_set(false, U1 ":9223372036854775806", U1 ":9223372036854775806");
    expect_error(false, U1, ERR_CONF_VALUE);
    expect_error(false, U1 ":", ERR_CONF_VALUE);
    expect_error(false, U1 ":0", ERR_CONF_VALUE);
    expect_error(false, U1 ":5-4", ERR_CONF_VALUE);
    expect_error(false, U1 ":1-", ERR_CONF_VALUE);
    expect_error(false, U1 ":1 2", ERR_CONF_VALUE);
    expect_error(false, U1 ":9223372036854775807", ERR_CONF_VALUE);
    expect_error(false, U1 ":99999999999999999999", ERR_CONF_VALUE);
    expect_error(false, "3e11fa47-71ca:1", ERR_CONF_VALUE);
    expect_error(false, "0-1-100", ERR_CONF_VALUE);
    expect_error(false, U1 ":tag:1-5", ERR_BINLOG_EVENT);
    expect_error(false, U1 ":1-5:_t:3", ERR_BINLOG_EVENT);
}

static void mariadb_sets(void **state)
{
    (void)state;
    expect_set(true, "", "");
    expect_set(true, "0-1-100", "0-1-100");
    expect_set(true, "5-1-100, 0-7-3", "0-7-3,5-1-100");
    expect_set(true, "0-1-100,0-2-101,0-3-99", "0-2-101");
    expect_set(true, "4294967295-4294967295-18446744073709551615",
               "4294967295-4294967295-18446744073709551615");
    expect_error(true, "0-1", ERR_CONF_VALUE);
    expect_error(true, "0-1-", ERR_CONF_VALUE);
    expect_error(true, "0-1-2-3", ERR_CONF_VALUE);
    expect_error(true, "4294967296-1-2", ERR_CONF_VALUE);
    expect_error(true, U1 ":1", ERR_CONF_VALUE);

    struct gtid_set *whole = gtid_new(true), *part = gtid_new(true);
    struct err e;
    assert_true(gtid_contains(whole, part));
    gtid_add_mariadb(part, 3, 1, 10);
    assert_false(gtid_contains(whole, part));
    assert_true(gtid_parse(whole, "3-2-10,1-1-1", &e));
    assert_true(gtid_contains(whole, part));
    assert_false(gtid_contains(part, whole));
    gtid_add_mariadb(part, 3, 1, 11);
    assert_false(gtid_contains(whole, part));
    gtid_free(whole);
    gtid_free(part);
    gtid_free(NULL);
}

static void binary_form(void **state)
{
    (void)state;
    static const uint8_t want[] = {
        2,    0,    0,    0,    0,    0,    0,    0,    0x3e, 0x11, 0xfa, 0x47, 0x71, 0xca, 0x11,
        0xe1, 0x9e, 0x33, 0xc8, 0x0a, 0xa9, 0x42, 0x95, 0x62, 2,    0,    0,    0,    0,    0,
        0,    0,    1,    0,    0,    0,    0,    0,    0,    0,    6,    0,    0,    0,    0,
        0,    0,    0,    0x00, 0x01, 0,    0,    0,    0,    0,    0,    0x01, 0x01, 0,    0,
        0,    0,    0,    0,    0x43, 0x50, 0xf3, 0x23, 0x75, 0x65, 0x4e, 0x59, 0x87, 0x63, 0x4b,
        0x1b, 0x83, 0xa0, 0xce, 0x0e, 1,    0,    0,    0,    0,    0,    0,    0,    3,    0,
        0,    0,    0,    0,    0,    0,    4,    0,    0,    0,    0,    0,    0,    0,
    };
    struct gtid_set *s = gtid_new(false);
    struct err e;
    struct buf b = {0};
    gtid_encode(s, &b);
    assert_int_equal(b.n, 8);
    assert_memory_equal(b.p, "\0\0\0\0\0\0\0\0", 8);
    buf_reset(&b);
    assert_true(gtid_parse(s, U2 ":3," U1 ":1-5:256", &e));
    gtid_encode(s, &b);
    assert_int_equal(b.n, sizeof want);
    assert_memory_equal(b.p, want, sizeof want);
    gtid_free(s);
    buf_release(&b);
}

enum { SERVERS = 3, NUMBERS = 60 };
struct model {
    bool has[SERVERS][NUMBERS];
};

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static void fill(struct model *m, struct gtid_set *s, uint32_t *seed, unsigned count)
{
    while (count--) {
        unsigned server = next_random(seed) % SERVERS,
                 number = 1 + next_random(seed) % (NUMBERS - 1);
        uint8_t uuid[16] = {0};
        uuid[15] = (uint8_t)(9 - server); // so that order of adding is not order of uuids
        gtid_add_mysql(s, uuid, number);
        m->has[server][number] = true;
    }
}

static void model_text(const struct model *m, struct buf *b)
{
    buf_add(b, "", 0);
    for (int server = SERVERS - 1; server >= 0; server--) {
        bool is_named = false;
        for (int i = 1; i < NUMBERS; i++) {
            int last = i;
            if (!m->has[server][i])
                continue;
            while (last + 1 < NUMBERS && m->has[server][last + 1])
                last++;
            if (!is_named)
                buf_addf(b, "%s00000000-0000-0000-0000-00000000000%d", b->n ? "," : "", 9 - server);
            is_named = true;
            buf_addf(b, last > i ? ":%d-%d" : ":%d", i, last);
            i = last;
        }
    }
}

static void against_a_bitmap(void **state)
{
    (void)state;
    uint32_t seed = 20240229;
    for (int round = 0; round < 2000; round++) {
        struct model a = {0}, b = {0};
        struct gtid_set *sa = gtid_new(false), *sb = gtid_new(false), *parsed = gtid_new(false);
        struct buf have = {0}, want = {0};
        struct err e;
        fill(&a, sa, &seed, next_random(&seed) % 120);
        fill(&b, sb, &seed, next_random(&seed) % 12);
        gtid_text(sa, &have);
        model_text(&a, &want);
        assert_string_equal(have.p, want.p);
        assert_true(gtid_parse(parsed, have.p, &e));
        assert_true(gtid_contains(parsed, sa) && gtid_contains(sa, parsed));
        bool is_part = true;
        for (int s = 0; s < SERVERS; s++) {
            for (int i = 0; i < NUMBERS; i++)
                is_part = is_part && (!b.has[s][i] || a.has[s][i]);
        }
        assert_int_equal(gtid_contains(sa, sb), is_part);
        // The union, by text, contains both.
        buf_reset(&want);
        gtid_text(sb, &want);
        assert_true(gtid_parse(parsed, want.p, &e));
        assert_true(gtid_contains(parsed, sa) && gtid_contains(parsed, sb));
        gtid_free(sa);
        gtid_free(sb);
        gtid_free(parsed);
        buf_release(&have);
        buf_release(&want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order),       cmocka_unit_test(text),
        cmocka_unit_test(mysql_sets),  cmocka_unit_test(mariadb_sets),
        cmocka_unit_test(binary_form), cmocka_unit_test(against_a_bitmap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
