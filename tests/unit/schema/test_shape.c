// SPDX-License-Identifier: Apache-2.0
// Tables that are at the target already: what fits, and everything that does not.
#include "../sample.h"

static struct table *define(const char *columns)
{
    struct ddl_context cx = {.schema = "s", .charset = "utf8mb4", .collation = "utf8mb4_bin", .version = 80000};
    struct buf sql = {0};
    struct err e = {0};
    buf_addf(&sql, "CREATE TABLE t (%s) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin", columns);
    struct table *t = table_from_sql(sql.p, sql.n, &cx, &e);
    if (!t)
        fail_msg("%s in: %s", e.text, sql.p);
    buf_release(&sql);
    return t;
}

/* All misfits, one a line, without what is the same in each. */
static void misfits(const char *here, const char *there, struct buf *out)
{
    static const char same[] = "s.t at the target: ";
    struct table *a = define(here), *b = define(there);
    uint32_t from = 0;
    for (struct err e = {0}; !table_shape_fits(a, b, &from, &e); err_clear(&e)) {
        assert_int_equal(e.code, ERR_TARGET_SHAPE);
        assert_memory_equal(e.text, same, sizeof same - 1);
        buf_addf(out, "%s\n", e.text + sizeof same - 1);
    }
    struct err e = {0};
    assert_true(table_shape_fits(a, b, &from, &e)); /* the end stays the end */
    table_drop(a);
    table_drop(b);
}

static void what_fits(void **state)
{
    static const char *const pairs[][2] = {
        {"id INT PRIMARY KEY, n VARCHAR(10)", "n VARCHAR(20), id BIGINT PRIMARY KEY"},
        {"id INT UNSIGNED PRIMARY KEY", "ID BIGINT PRIMARY KEY"},
        {"id INT PRIMARY KEY, d DECIMAL(8,2), e ENUM('a','b')", "id INT PRIMARY KEY, d DECIMAL(10,3), e ENUM('b','c','a'), more INT"},
        {"id INT PRIMARY KEY, f FLOAT, t TINYTEXT, b TINYBLOB", "id INT PRIMARY KEY, f DOUBLE, t TEXT, b BLOB"},
        {"n INT", "n INT"},
    };
    (void)state;
    for (size_t i = 0; i < TG_ARRAY_LEN(pairs); i++) {
        struct buf out = {0};
        misfits(pairs[i][0], pairs[i][1], &out);
        if (out.n)
            fail_msg("%s into %s: %s", pairs[i][0], pairs[i][1], out.p);
        buf_release(&out);
    }
}

static void every_misfit(void **state)
{
    struct buf out = {0};
    (void)state;
    misfits("id BIGINT PRIMARY KEY, gone INT, n VARCHAR(20), fine INT NOT NULL, e ENUM('a','b'), q INT",
            "id INT, n VARCHAR(10), fine INT, e ENUM('a'), q INT NOT NULL, PRIMARY KEY (fine)", &out);
    assert_string_equal(out.p, "column id is int(11) and can't hold bigint(20) of the source\n"
                               "column gone is missing\n"
                               "column n is varchar(10) utf8mb4_bin and can't hold varchar(20) utf8mb4_bin of the source\n"
                               "column e is enum('a') utf8mb4_bin and can't hold enum('a','b') utf8mb4_bin of the source\n"
                               "column q takes no NULL, and the source's may hold it\n"
                               "no unique key like PRIMARY of the source\n");
    buf_release(&out);
}

static void columns_only_there(void **state)
{
    struct table *a = define("id INT PRIMARY KEY"), *b = define("id INT PRIMARY KEY, x INT NOT NULL, y INT, z INT NOT NULL");
    uint32_t from = 0;
    (void)state;
    assert_string_equal(table_extra_column(a, b, &from)->name, "x");
    assert_string_equal(table_extra_column(a, b, &from)->name, "z");
    assert_null(table_extra_column(a, b, &from));
    table_drop(a);
    table_drop(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_fits), cmocka_unit_test(every_misfit), cmocka_unit_test(columns_only_there)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
