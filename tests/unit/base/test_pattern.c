// SPDX-License-Identifier: Apache-2.0
// Globs and regular expressions of allow lists and routes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/pattern.h"

static void globs_and_expressions(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *name;
        bool is_case_sensitive, matches;
    } cases[] = {
        {"a", "a", true, true},
        {"a", "A", true, false},
        {"a", "A", false, true},
        {"A", "a", false, true},
        {"a*", "a", true, true},
        {"a*", "abc", true, true},
        {"*", "", true, true},
        {"a*c*e", "abcde", true, true},
        {"a*c*e", "abcd", true, false},
        {"?", "\xC3\xA9", true, true},
        {"?", "", true, false},
        {"[a-c]x", "bx", true, true},
        {"[a-c]x", "dx", true, false},
        {"[A-C]x", "bx", false, true},
        {"[!a-c]x", "dx", true, true},
        {"[!a-c]x", "ax", true, false},
        {"[]]", "]", true, true},
        {"[", "[", true, true},
        {"a[b", "a[b", true, true},
        {"t_*", "t_1", true, true},
        {"a.c", "abc", true, false},
        {"~b", "abc", true, true},
        {"~^b", "abc", true, false},
        {"~^B", "b", false, true},
        {"~(", "(", true, false},
        {"~^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", true, false},
    };
    for (size_t i = 0; i < TG_ARRAY_LEN(cases); i++)
        if (pattern_matches(cases[i].pattern, cases[i].name, cases[i].is_case_sensitive) !=
            cases[i].matches)
            fail_msg("%s and %s", cases[i].pattern, cases[i].name);
}

static void bad_patterns_are_named(void **state)
{
    (void)state;
    struct err e;
    assert_true(pattern_check("a*", &e));
    assert_true(pattern_check("~^a.*$", &e));
    assert_false(pattern_check("", &e));
    assert_false(pattern_check("~", &e));
    assert_false(pattern_check("~[", &e));
    assert_int_equal(e.code, ERR_CONF_VALUE);
    assert_true(pattern_is_literal("shop"));
    assert_false(pattern_is_literal("sho?") || pattern_is_literal("~shop"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(globs_and_expressions),
        cmocka_unit_test(bad_patterns_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
