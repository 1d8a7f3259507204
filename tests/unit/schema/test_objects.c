// SPDX-License-Identifier: Apache-2.0
// Views and foreign keys for a target, word by word, and which collations may merge what another keeps apart.

#include "server.h"

static const char *list[] = {"utf8mb4_0900_ai_ci", "utf8mb4_bin", "utf8mb4_general_ci", "utf8mb4_unicode_ci"};
static const struct target_dialect tidb = {.flavour = DB_TIDB, .version = 80500, .collations = (char **)list,
                                           .ncollations = TG_ARRAY_LEN(list)};
static const struct ddl_context my9 = {.schema = "s", .version = 90700};

static void map(void *arg, const char *schema, const char *table, char to_schema[200], char to_table[200])
{
    (void)arg;
    snprintf(to_schema, 200, "%s", strcmp(schema, "s") == 0 ? "z" : schema);
    if (table)
        snprintf(to_table, 200, "%s_x", table);
}

static bool is_moved(void *arg, const char *schema, const char *name)
{
    (void)arg;
    (void)name;
    return strcmp(schema, "s") == 0;
}

static bool has_user(void *arg, const char *user, const char *host)
{
    (void)arg;
    return strcmp(user, "known") == 0 && strcmp(host, "%") == 0;
}

static const struct {
    const char *sql, *want, *note;
} views[] = {
    {"CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW `s`.`v` AS select `s`.`t`.`a` AS `a` from `s`.`t`",
     "CREATE OR REPLACE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `z`.`v_x` AS select `z`.`t_x`.`a` AS `a` from `z`.`t_x`",
     "root@localhost"},
    {"CREATE ALGORITHM=MERGE DEFINER=`known`@`%` SQL SECURITY INVOKER VIEW `s`.`v` (`n`) AS select 1 AS `1` WITH CASCADED CHECK OPTION",
     "CREATE OR REPLACE ALGORITHM=MERGE DEFINER=`known`@`%` SQL SECURITY INVOKER VIEW `z`.`v_x` (`n`) AS select 1 AS `1` WITH CASCADED"
     " CHECK OPTION", NULL},
    // an alias that is called like the schema is no schema
    {"CREATE VIEW `s`.`v` AS select `s`.`a` AS `a`,(`s`.`b` + 1) AS `b` from (`o`.`t` `s` join ((`s`.`u` join `s`.`w`)))",
     "CREATE OR REPLACE VIEW `z`.`v_x` AS select `s`.`a` AS `a`,(`s`.`b` + 1) AS `b` from (`o`.`t` `s` join ((`z`.`u_x` join `z`.`w_x`)))", NULL},
    {"CREATE OR REPLACE VIEW `v` AS select _utf8mb4'it\\'s' collate utf8mb4_0900_as_cs AS `x`,extract(year from `s`.`t`.`d`) AS `y` from `s`.`t`",
     "CREATE OR REPLACE VIEW `z`.`v_x` AS select 'it\\'s' collate utf8mb4_bin AS `x`,extract(year from `z`.`t_x`.`d`) AS `y` from `z`.`t_x`",
     "in an expression"},
};

static void test_views(void **state)
{
    (void)state;
    const struct view_port port = {NULL, map, is_moved, has_user};
    for (size_t i = 0; i < TG_ARRAY_LEN(views); i++) {
        struct err e = {0};
        struct buf out = {0}, notes = {0};
        char schema[] = "s", name[] = "v", *sql = x_strdup(views[i].sql);
        struct view v = {.schema = schema, .name = name, .sql = sql};
        assert_true(view_rewrite(&out, &v, &my9, &tidb, &port, &notes, &e));
        assert_string_equal(out.p, views[i].want);
        const char *said = buf_str(&notes).p;
        if (views[i].note ? !strstr(said, views[i].note) : said[0] != 0)
            fail_msg("notes \"%s\" of %s", said, sql);
        buf_release(&out);
        buf_release(&notes);
        free(sql);
    }
}

static void test_no_view(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "CREATE", "CREATE OR", "CREATE DEFINER", "CREATE DEFINER=", "CREATE DEFINER=a@", "SELECT 1",
                                        "CREATE SQL SECURITY DEFINER"};
    const struct view_port port = {NULL, map, is_moved, NULL};
    for (size_t i = 0; i < TG_ARRAY_LEN(texts); i++) {
        struct err e = {0};
        struct buf out = {0};
        char schema[] = "s", name[] = "v", *sql = x_strdup(texts[i]);
        struct view v = {.schema = schema, .name = name, .sql = sql};
        assert_false(view_rewrite(&out, &v, &my9, &tidb, &port, NULL, &e));
        assert_int_equal(e.code, ERR_DDL_UNKNOWN);
        buf_release(&out);
        free(sql);
    }
}

static void told(void *arg, const char *name, const char *ref_schema, const char *ref_table, const char *sql)
{
    buf_addf(arg, "%s %s.%s %s\n", name, ref_schema, ref_table, sql);
}

static void test_foreign_keys(void **state)
{
    (void)state;
    static const char sql[] = "CREATE TABLE `t` (`a` int, `b` int, KEY `a` (`a`), CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `p` (`x`) ON"
                              " DELETE CASCADE, CONSTRAINT `g` FOREIGN KEY (`a`, `b`) REFERENCES `o`.`q` (`x`, `y`))";
    struct ddl d;
    struct buf out = {0};
    assert_true(ddl_parse(&d, sql, strlen(sql), &my9, NULL));
    ddl_foreign_keys(&d, &my9, &tidb, map, NULL, told, &out);
    assert_string_equal(out.p,
                        "f s.p ALTER TABLE `z`.`t_x` ADD CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `z`.`p_x` (`x`) ON DELETE CASCADE\n"
                        "g o.q ALTER TABLE `z`.`t_x` ADD CONSTRAINT `g` FOREIGN KEY (`a`, `b`) REFERENCES `o`.`q_x` (`x`, `y`)\n");
    buf_release(&out);
    ddl_release(&d);
}

static bool has_key(void *arg, const char *schema, const char *table, const char *name)
{
    return strcmp(schema, "s") == 0 && strcmp(table, "t") == 0 && strcmp(name, arg) == 0;
}

/* A foreign key that was made goes before its index; one that was not made is left out. */
static void test_drop_foreign_key(void **state)
{
    (void)state;
    static const char sql[] = "ALTER TABLE t ADD x INT, DROP INDEX k, DROP FOREIGN KEY f, DROP FOREIGN KEY g";
    char made[] = "f";
    struct target_dialect to = tidb;
    struct ddl d;
    struct buf out = {0};
    to.has_foreign_key = has_key;
    to.arg = made;
    assert_true(ddl_parse(&d, sql, strlen(sql), &my9, NULL));
    assert_true(ddl_rewrite(&out, &d, &my9, &to, map, NULL, NULL, NULL, NULL));
    assert_string_equal(out.p, "ALTER TABLE `z`.`t_x` DROP FOREIGN KEY `f`;\nALTER TABLE `z`.`t_x` DROP INDEX IF EXISTS `k`, ADD COLUMN `x` int");
    buf_release(&out);
    ddl_release(&d);
}

static void test_left_out(void **state)
{
    (void)state;
    static const char sql[] = "CREATE TABLE t (a INT CHECK (a > 0)) PARTITION BY HASH (a) PARTITIONS 2";
    struct target_dialect to = tidb;
    struct ddl d;
    struct buf out = {0}, notes = {0};
    to.ignores_checks = to.without_partitions = true;
    assert_true(ddl_parse(&d, sql, strlen(sql), &my9, NULL));
    assert_true(ddl_rewrite(&out, &d, &my9, &to, map, NULL, NULL, &notes, NULL));
    assert_null(strstr(out.p, "PARTITION"));
    assert_non_null(strstr(out.p, "CHECK (a > 0)"));
    assert_non_null(strstr(notes.p, "its partitions are left out"));
    assert_non_null(strstr(notes.p, "does not enforce it"));
    buf_release(&out);
    buf_release(&notes);
    ddl_release(&d);
}

static void test_merges(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        bool merges;
    } cases[] = {
        {"utf8mb4_general_ci", "utf8mb4_general_ci", false}, {"utf8_general_ci", "utf8mb3_general_ci", false},
        {"utf8mb4_general_ci", "utf8mb4_bin", false}, {"utf8mb4_0900_as_cs", "utf8mb4_bin", true}, // 'a' and 'a '
        {"latin1_swedish_ci", "utf8mb4_general_ci", true}, {"utf8mb4_unicode_520_ci", "utf8mb4_unicode_ci", true},
        {"utf8mb4_bin", "utf8mb4_0900_bin", true}, {"utf8mb4_nopad_bin", "utf8mb4_bin", true},
    };
    for (size_t i = 0; i < TG_ARRAY_LEN(cases); i++)
        assert_int_equal(collation_merges(cases[i].from, cases[i].to), cases[i].merges);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_views), cmocka_unit_test(test_no_view), cmocka_unit_test(test_foreign_keys),
                                       cmocka_unit_test(test_drop_foreign_key), cmocka_unit_test(test_left_out),
                                       cmocka_unit_test(test_merges)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
