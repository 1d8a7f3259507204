// SPDX-License-Identifier: Apache-2.0
// Names, texts, read expressions, and copies of columns.
#include "db/type.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void names(void **state)
{
    (void)state;
    struct buf b = {0};
    sql_ident(&b, "plain");
    assert_string_equal(b.p, "`plain`");
    buf_reset(&b);
    sql_ident(&b, "`a``b`");
    assert_string_equal(b.p, "```a````b```");
    buf_reset(&b);
    sql_ident(&b, "");
    assert_string_equal(b.p, "``");
    buf_reset(&b);
    sql_table(&b, "shop", "or`ders");
    assert_string_equal(b.p, "`shop`.`or``ders`");
    buf_release(&b);
}

static void expect_text(const char *p, size_t n, const char *want, size_t want_n)
{
    struct buf b = {0};
    buf_adds(&b, "x");
    sql_text(&b, p, n);
    assert_int_equal(b.n, want_n + 1);
    assert_memory_equal(b.p + 1, want, want_n);
    assert_int_equal(b.p[b.n], 0);
    buf_release(&b);
}
#define EXPECT_TEXT(p, want) expect_text(p, sizeof p - 1, want, sizeof want - 1)

static void texts(void **state)
{
    (void)state;
    EXPECT_TEXT("", "''");
    EXPECT_TEXT("plain", "'plain'");
    EXPECT_TEXT("it's", "'it\\'s'");
    EXPECT_TEXT("back\\slash", "'back\\\\slash'");
    EXPECT_TEXT("nul\0after", "'nul\\0after'");
    EXPECT_TEXT("'", "'\\''");
    EXPECT_TEXT("''''''''''", "'\\'\\'\\'\\'\\'\\'\\'\\'\\'\\''");
    EXPECT_TEXT("line\n\r\t\x1a\"%_`", "'line\n\r\t\x1a\"%_`'");
    EXPECT_TEXT("\xf0\x9f\x90\xac \xc3\xa9", "'\xf0\x9f\x90\xac \xc3\xa9'");
}

// Every place of a special byte in runs of every length, against the plainest way of doing it.
static void texts_of_all_lengths(void **state)
{
    (void)state;
    static const char special[] = {'\'', '\\', 0, '\x27' ^ '\x01', '\x80', '\xa7', '\xdc', '\x01'};
    for (size_t n = 1; n < 40; n++) {
        for (size_t at = 0; at < n; at++) {
            char text[40], want[90];
            size_t w = 0;
            memset(text, 'a', n);
            text[at] = special[(n + at) % sizeof special];
            text[(at * 7) % n] = special[at % sizeof special];
            want[w++] = '\'';
            for (size_t i = 0; i < n; i++) {
                if (text[i] == '\'' || text[i] == '\\' || text[i] == 0)
                    want[w++] = '\\';
                want[w++] = text[i] ? text[i] : '0';
            }
            want[w++] = '\'';
            char *exact = x_memdup(text, n); // so that a read past the end is caught
            expect_text(exact, n, want, w);
            free(exact);
        }
    }
}

static void read_expressions(void **state)
{
    (void)state;
    static const struct {
        enum col_class cls;
        const char *want;
    } cases[] = {{COL_INT, "`a``b`"},
                 {COL_FLOAT, "`a``b`+0e0"},
                 {COL_DOUBLE, "`a``b`"},
                 {COL_BIT, "`a``b`+0"},
                 {COL_JSON, "`a``b`"}};
    for (size_t i = 0; i < TG_ARRAY_LEN(cases); i++) {
        struct buf b = {0};
        col_read_expr(&b, &(struct column){.name = (char *)"a`b", .cls = cases[i].cls});
        assert_string_equal(b.p, cases[i].want);
        buf_release(&b);
    }
}

static void copies(void **state)
{
    (void)state;
    struct column a = {.name = x_strdup("c"),
                       .type_text = x_strdup("enum('x','y')"),
                       .collation = x_strdup("u"),
                       .cls = COL_ENUM,
                       .is_nullable = true,
                       .dec = 3,
                       .nmembers = 2};
    a.members = x_alloc(2 * sizeof *a.members);
    a.members[0] = x_strdup("x");
    a.members[1] = x_strdup("y");
    struct column b;
    column_copy(&b, &a);
    column_release(&a);
    assert_null(a.name);
    assert_int_equal(a.nmembers, 0);
    assert_string_equal(b.name, "c");
    assert_string_equal(b.type_text, "enum('x','y')");
    assert_string_equal(b.members[1], "y");
    assert_true(b.is_nullable);
    assert_int_equal(b.dec, 3);
    column_release(&b);
    column_release(&b);
    column_copy(&b, &(struct column){.cls = COL_INT});
    column_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(texts),
        cmocka_unit_test(texts_of_all_lengths),
        cmocka_unit_test(read_expressions),
        cmocka_unit_test(copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
