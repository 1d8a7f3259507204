// SPDX-License-Identifier: Apache-2.0
/* Images of which the text is known, and images that are broken. What servers really send is compared with their
 * SELECT in tests/unit/binlog/test_live.c. */
#include "db/render.h"

#include <float.h>
#include <mysql.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#pragma GCC diagnostic ignored "-Wdiscarded-qualifiers"

static struct arena arena;

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

/* Bytes from hex, in memory of exactly their size, so that a read over the end is seen. */
static uint8_t *bytes_of(const char *hex, size_t *n)
{
    *n = strlen(hex) / 2;
    uint8_t *p = x_alloc(*n ? *n : 1);
    for (size_t i = 0; i < *n; i++)
        p[i] = (uint8_t)strtoul((char[]){hex[2 * i], hex[2 * i + 1], 0}, NULL, 16);
    return p;
}

static void check(struct column c, struct image_type t, const char *hex, const char *want)
{
    size_t n;
    uint8_t *image = bytes_of(hex, &n);
    const uint8_t *p = image;
    struct cell cell = {0};
    struct err e = {0};
    c.name = "c";
    if (!c.type_text)
        c.type_text = "t";
    if (want && !render_check(&c, t, NULL, &e))
        fail_msg("%s", e.text);
    bool ok = render_cell(&cell, &c, t, &p, image + n, &arena, NULL, &e);
    if (!want) {
        assert_false(ok);
        assert_int_equal(e.code, ERR_BINLOG_TABLE);
    } else {
        if (!ok)
            fail_msg("%s", e.text);
        assert_int_equal(p - image, n);
        if (cell.n != strlen(want) || memcmp(cell.p, want, cell.n) != 0)
            fail_msg("%s gives %.*s, not %s", hex, (int)cell.n, cell.p, want);
        for (size_t shorter = 0; shorter < n; shorter++) {
            uint8_t *cut = x_memdup(image, shorter ? shorter : 1);
            p = cut;
            assert_false(render_cell(&cell, &c, t, &p, cut + shorter, &arena, NULL, &e));
            free(cut);
        }
    }
    free(image);
}

static void test_numbers(void **state)
{
    (void)state;
    check((struct column){.cls = COL_TINY}, (struct image_type){MYSQL_TYPE_TINY, 0}, "ff", "-1");
    check((struct column){.cls = COL_TINY, .is_unsigned = true}, (struct image_type){MYSQL_TYPE_TINY, 0}, "ff", "255");
    check((struct column){.cls = COL_MEDIUM}, (struct image_type){MYSQL_TYPE_INT24, 0}, "000080", "-8388608");
    check((struct column){.cls = COL_BIG}, (struct image_type){MYSQL_TYPE_LONGLONG, 0}, "0000000000000080",
          "-9223372036854775808");
    struct column d = {.cls = COL_DECIMAL, .length = 10, .dec = 2};
    check(d, (struct image_type){MYSQL_TYPE_NEWDECIMAL, 0x020a}, "8000000032", "0.50");
    check(d, (struct image_type){MYSQL_TYPE_NEWDECIMAL, 0x020a}, "7fffffffcd", "-0.50");
    check(d, (struct image_type){MYSQL_TYPE_NEWDECIMAL, 0x020a}, "80000000ff", NULL);
    check((struct column){.cls = COL_BIT, .length = 9}, (struct image_type){MYSQL_TYPE_BIT, 0x0101}, "01ff", "511");
    check((struct column){.cls = COL_FLOAT}, (struct image_type){MYSQL_TYPE_FLOAT, 4}, "cdcccc3d",
          "0.10000000149011612");
    check((struct column){.cls = COL_FLOAT}, (struct image_type){MYSQL_TYPE_FLOAT, 4}, "00000080", "0");
    check((struct column){.cls = COL_DOUBLE}, (struct image_type){MYSQL_TYPE_DOUBLE, 8}, "0000000000000080", "-0");
    check((struct column){.cls = COL_DOUBLE, .type_text = "double(5,2)"}, (struct image_type){MYSQL_TYPE_DOUBLE, 8},
          "0000000000000080", "0");
}

static void test_doubles(void **state)
{
    (void)state;
    static const struct {
        double v;
        const char *text;
    } rows[] = {{0, "0"}, {0.1, "0.1"}, {1e14, "100000000000000"}, {1e20, "1e20"}, {-1.5e-7, "-0.00000015"},
                {1e-15, "0.000000000000001"}, {1e-16, "1e-16"}, {1234567890123456.7, "1234567890123456.8"},
                {DBL_MAX, "1.7976931348623157e308"}, {5e-324, "5e-324"}, {5.684341886080802e-14, "0.00000000000005684341886080802"}};
    for (size_t i = 0; i < TG_ARRAY_LEN(rows); i++) {
        struct buf b = {0};
        render_double(&b, rows[i].v);
        if (strcmp(b.p, rows[i].text) != 0)
            fail_msg("%s, not %s", b.p, rows[i].text);
        assert_true(strtod(b.p, NULL) == rows[i].v);
        buf_release(&b);
    }
}

static void test_times(void **state)
{
    (void)state;
    struct column time = {.cls = COL_TIME, .dec = 1};
    check(time, (struct image_type){MYSQL_TYPE_TIME2, 1}, "7ffffff6", "-00:00:00.1");
    time.dec = 0;
    check(time, (struct image_type){MYSQL_TYPE_TIME2, 0}, "800fff", NULL);
    check(time, (struct image_type){MYSQL_TYPE_TIME, 0}, "393000", "01:23:45");
    check(time, (struct image_type){MYSQL_TYPE_TIME, 0}, "c7cfff", "-01:23:45");
    check(time, (struct image_type){MYSQL_TYPE_TIME, 0}, "633000", NULL);
    check((struct column){.cls = COL_DATETIME}, (struct image_type){MYSQL_TYPE_DATETIME, 0}, "77e7597366120000",
          "2023-12-31 23:59:59");
    check((struct column){.cls = COL_TIMESTAMP}, (struct image_type){MYSQL_TYPE_TIMESTAMP2, 0}, "00000000",
          "0000-00-00 00:00:00");
    check((struct column){.cls = COL_TIMESTAMP}, (struct image_type){MYSQL_TYPE_TIMESTAMP2, 0}, "7fffffff",
          "2038-01-19 03:14:07");
    check((struct column){.cls = COL_TIMESTAMP}, (struct image_type){MYSQL_TYPE_TIMESTAMP, 0}, "00f15365",
          "2023-11-14 22:13:20");
    check((struct column){.cls = COL_TIMESTAMP, .dec = 6}, (struct image_type){MYSQL_TYPE_TIMESTAMP2, 6},
          "000000010f423f", "1970-01-01 00:00:01.999999");
    check((struct column){.cls = COL_TIMESTAMP, .dec = 6}, (struct image_type){MYSQL_TYPE_TIMESTAMP2, 6},
          "000000010f4240", NULL);
    check((struct column){.cls = COL_DATE}, (struct image_type){MYSQL_TYPE_DATE, 0}, "5dd00f", "2024-02-29");
    check((struct column){.cls = COL_DATE}, (struct image_type){MYSQL_TYPE_DATE, 0}, "ffffff", NULL);
    check((struct column){.cls = COL_YEAR}, (struct image_type){MYSQL_TYPE_YEAR, 0}, "00", "0000");
    check((struct column){.cls = COL_YEAR}, (struct image_type){MYSQL_TYPE_YEAR, 0}, "ff", "2155");
}

static void test_strings(void **state)
{
    (void)state;
    struct image_type varchar = {MYSQL_TYPE_VARCHAR, 20};
    check((struct column){.cls = COL_VARCHAR, .charset = CS_UTF8MB4}, varchar, "00", "");
    check((struct column){.cls = COL_VARCHAR, .charset = CS_LATIN1}, varchar, "0480818de9", "\u20ac\xc2\x81\xc2\x8d\u00e9");
    check((struct column){.cls = COL_CHAR, .charset = CS_ASCII, .length = 9}, (struct image_type){MYSQL_TYPE_STRING, 9},
          "0461622020", "ab");
    check((struct column){.cls = COL_BINARY, .length = 2}, (struct image_type){MYSQL_TYPE_STRING, 2}, "03616263", NULL);
    static char *abc[] = {"a", "b", "ä"};
    struct column e = {.cls = COL_ENUM, .members = abc, .nmembers = 3};
    check(e, (struct image_type){MYSQL_TYPE_ENUM, 1}, "00", "");
    check(e, (struct image_type){MYSQL_TYPE_ENUM, 1}, "03", "ä");
    check(e, (struct image_type){MYSQL_TYPE_ENUM, 1}, "04", NULL);
    struct column s = {.cls = COL_SET, .members = abc, .nmembers = 3};
    check(s, (struct image_type){MYSQL_TYPE_SET, 1}, "05", "a,ä");
    check(s, (struct image_type){MYSQL_TYPE_SET, 1}, "08", NULL);
}

static void test_binary_is_padded(void **state)
{
    (void)state;
    struct column c = {.name = "c", .type_text = "binary(4)", .cls = COL_BINARY, .length = 4};
    const uint8_t image[] = {2, 'a', 'b'}, *p = image;
    struct cell cell;
    assert_true(render_cell(&cell, &c, (struct image_type){MYSQL_TYPE_STRING, 4}, &p, image + 3, &arena, NULL, NULL));
    assert_int_equal(cell.n, 4);
    assert_memory_equal(cell.p, "ab\0\0", 4);
}

static void test_check_names_both(void **state)
{
    (void)state;
    struct column c = {.name = "price", .type_text = "decimal(10,2)", .cls = COL_DECIMAL, .length = 10, .dec = 2};
    struct err e = {0};
    assert_false(render_check(&c, (struct image_type){MYSQL_TYPE_NEWDECIMAL, 0x030a}, NULL, &e));
    assert_int_equal(e.code, ERR_BINLOG_TABLE);
    assert_non_null(strstr(e.text, "decimal(10,2)"));
    assert_non_null(strstr(e.text, "DECIMAL"));
    struct column old = {.name = "at", .type_text = "datetime(3)", .cls = COL_DATETIME, .dec = 3};
    assert_false(render_check(&old, (struct image_type){MYSQL_TYPE_DATETIME, 0}, NULL, &e));
    assert_int_equal(e.code, ERR_SOURCE_TYPE);
    struct column sjis = {.name = "s", .type_text = "varchar(9)", .cls = COL_VARCHAR, .charset = CS_OTHER, .collation = "sjis_bin"};
    assert_false(render_check(&sjis, (struct image_type){MYSQL_TYPE_VARCHAR, 9}, NULL, &e));
    assert_int_equal(e.code, ERR_SOURCE_TYPE);
}

static void json_is(const char *hex, const char *want)
{
    size_t n;
    uint8_t *p = bytes_of(hex, &n);
    struct buf out = {0};
    struct err e = {0};
    bool ok = render_json(&out, p, n, &e);
    if (want) {
        assert_true(ok);
        assert_string_equal(out.p, want);
    } else {
        assert_false(ok);
        assert_int_equal(e.code, ERR_BINLOG_TABLE);
    }
    buf_release(&out);
    free(p);
}

static void test_json(void **state)
{
    (void)state;
    json_is("", "null");
    json_is("0401", "true");
    json_is("0403", NULL);
    json_is("05ffff", "-1");
    json_is("0b000000000000f03f", "1.0");
    json_is("0c0361220a", "\"a\\\"\\n\"");
    json_is("0c0461220a", NULL);
    /* {"a": [1, null]} */
    json_is("00" "0100" "1600" "0b00" "0100" "02" "0c00" "61" "0200" "0a00" "05" "0100" "04" "0000", "{\"a\": [1, null]}");
    json_is("00" "0100" "1600" "0b00" "0100" "02" "0400" "61" "0200" "0a00" "05" "0100" "04" "0000", NULL);
    json_is("0ff604" "0501" "80" "05", NULL);
    json_is("0ff605" "0401" "807b05", "123.5");
    json_is("0ff605" "0401" "83e809", NULL);
    json_is("0ff605" "0401" "807b", NULL);
    json_is("0f1002ffff", "\"base64:type16://8=\"");
}

/* Arrays whose members all lie at the same place would give 200 to the power of their depth values. */
static void test_json_bomb(void **state)
{
    (void)state;
    enum { LEVELS = 60, MEMBERS = 200, SIZE = 4 + MEMBERS * 3 };
    uint8_t *p = x_alloc(1 + LEVELS * SIZE);
    p[0] = 2;
    for (size_t i = 0; i < LEVELS; i++) {
        uint8_t *a = p + 1 + i * SIZE;
        size_t left = (LEVELS - i) * SIZE;
        a[0] = i + 1 < LEVELS ? MEMBERS : 0;
        a[2] = (uint8_t)left;
        a[3] = (uint8_t)(left >> 8);
        for (size_t k = 0; k < MEMBERS; k++) {
            a[4 + k * 3] = 2;
            a[5 + k * 3] = (uint8_t)(SIZE & 0xff);
            a[6 + k * 3] = (uint8_t)(SIZE >> 8);
        }
    }
    struct buf out = {0};
    struct err e = {0};
    assert_false(render_json(&out, p, 1 + LEVELS * SIZE, &e));
    assert_true(out.n < 1u << 20);
    buf_release(&out);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),     cmocka_unit_test(test_doubles),          cmocka_unit_test(test_times),
        cmocka_unit_test(test_strings),     cmocka_unit_test(test_binary_is_padded), cmocka_unit_test(test_check_names_both),
        cmocka_unit_test(test_json),        cmocka_unit_test(test_json_bomb)};
    return cmocka_run_group_tests(tests, NULL, release);
}
