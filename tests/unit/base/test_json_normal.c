// SPDX-License-Identifier: Apache-2.0
// Equal documents have one text, different ones do not.
#include "base/json_normal.h"

#define SAMPLE_BASE_ONLY
#include "../sample.h"

static char *normal(const char *text, size_t n)
{
    struct buf b = {0};
    char *exact = x_memdup(text, n + !n); // a read behind the end shows
    bool fine = json_normal(&b, exact, n);
    free(exact);
    assert_true(fine || b.n == 0);
    return fine ? buf_take(&b) : NULL;
}

static void expect(const char *x, const char *y, bool equal)
{
    char *a = normal(x, strlen(x)), *b = normal(y, strlen(y));
    if (!a || !b || (strcmp(a, b) == 0) != equal)
        fail_msg("%s and %s: %s, %s", x, y, a ? a : "-", b ? b : "-");
    free(a);
    free(b);
}

static void equal_documents(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"{\"a\":1,\"b\":2}", " {\"b\" : 2,\n\"a\":1 } "},
        {"[1,1.0,1e0,10e-1]", "[1.0, 1, 1, 1]"},
        {"0", "-0.0"},
        {"\"\\u00e9\"", "\"\xc3\xa9\""},
        {"\"\\/\\n\"", "\"/\\u000a\""},
        {"\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\""},
        {"0.1", "1e-1"},
        {"1e20", "100000000000000000000"},
        {"12345678901234568000.0", "12345678901234567000"}, // as TiDB prints that double
        {"1152921504606846976.0", "1152921504606847000"},
        {"-1152921504606846976.0", "-1152921504606847000"},
        {"-1e19", "-10000000000000000000"},
        {"1e15", "1000000000000000"},
        {"1.2e3", "1200"},
        {"1234567890123456789012345678901234567890123", "1.2345678901234568e42"},
        {"1e16", "10000000000000000"},
        {"[18446744073709551615]", "[ 18446744073709551615 ]"},
        {"[1e20, 9007199254740993]", "[100000000000000000000, 9007199254740993]"},
        {"{\"x\":{\"b\":[],\"a\":{}}}", "{\"x\":{\"a\":{},\"b\":[]}}"},
        {"-1.5e300", "-15e299"},
        {"\"1e20 \\\" 18446744073709551615\"", "\"1e20 \\u0022 18446744073709551615\""},
    };
    for (size_t i = 0; i < TG_ARRAY_LEN(pairs); i++)
        expect(pairs[i][0], pairs[i][1], true);
}

static void different_documents(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"1", "2"},
        {"1", "\"1\""},
        {"1", "true"},
        {"0", "false"},
        {"null", "\"null\""},
        {"[]", "{}"},
        {"[1,2]", "[2,1]"},
        {"[[1],2]", "[1,[2]]"},
        {"{\"a\":1}", "{\"A\":1}"},
        {"{\"a\":null}", "{}"},
        {"\"a\"", "\"a \""},
        {"\"\"", "\"\\u0000\""},
        {"\"a\\u0000b\"", "\"a\\u0000c\""},
        {"0.1", "0.10000000000000002"},
        {"9007199254740993", "9007199254740992"},
        {"9223372036854775807", "9223372036854775806"},
        {"-9223372036854775808", "-9223372036854775807"},
        {"18446744073709551615", "18446744073709551614"},
        {"9223372036854775808", "9223372036854775809"},
        {"[18446744073709551615, 9007199254740993]", "[18446744073709551615, 9007199254740992]"},
        {"18446744073709551615", "\"18446744073709551615\""},
        {"1e21", "1e22"},
        {"1e19", "1e20"},
        {"1e19", "-1e19"},
        {"{\"18446744073709551615\":1}", "{\"18446744073709551614\":1}"},
    };
    for (size_t i = 0; i < TG_ARRAY_LEN(pairs); i++)
        expect(pairs[i][0], pairs[i][1], false);
}

static void not_json(void **state)
{
    (void)state;
    static const char *const texts[] = {"", " ", "a", "{", "[1", "{\"a\":}", "\"", "\"\\", "1 2", "[1,]", "nul", "\"\xff\"",
                                        "99999999999999999999x", "-", "[18446744073709551615", "{18446744073709551615:1}",
                                        "018446744073709551615", "--18446744073709551615", "1844674407370955161-5"};
    for (size_t i = 0; i < TG_ARRAY_LEN(texts); i++)
        assert_null(normal(texts[i], strlen(texts[i])));
    assert_null(normal("1\0", 2));
}

static void appends(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_adds(&b, "x");
    assert_true(json_normal(&b, "[ 1 ]", 5));
    assert_false(json_normal(&b, "[", 1));
    assert_string_equal(b.p, "x[1]");
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_documents),
        cmocka_unit_test(different_documents),
        cmocka_unit_test(not_json),
        cmocka_unit_test(appends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
