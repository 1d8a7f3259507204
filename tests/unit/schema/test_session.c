// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "schema/schema.h"

static bool wants(void *arg, const char *schema, const char *table)
{
    assert_null(table); /* the schema is asked about */
    return strcmp(schema, arg) == 0;
}

/* `shop` is wanted, though none of its tables is there yet; `Sales` and `crm` have tables. */
static void touches(void **state)
{
    struct table sales = {.schema = (char[]){"Sales"}}, crm = {.schema = (char[]){"crm"}};
    struct table *tables[] = {&sales, NULL, &crm};
    static const struct {
        const char *schema, *sql;
        bool may;
    } rows[] = {
        {"mysql", "INSERT INTO mysql.rds_heartbeat2(id, value) VALUES (1, 1)", false},
        {"", "UPDATE other.t SET a = 1", false},
        {"other", "UPDATE t SET a = 1", false},
        {"shop", "UPDATE t SET a = 1", true},
        {"SALES", "UPDATE t SET a = 1", true},
        {"crm", "UPDATE t SET a = 1", true},
        {"other", "UPDATE `sales`.t SET a = 1", true},
        {"other", "UPDATE CRM . t SET a = 1", true},
        {"other", "UPDATE t SET a = 'crm'", true}, /* a text is not read: rather too careful */
    };
    (void)state;
    for (size_t i = 0; i < TG_ARRAY_LEN(rows); i++)
        assert_int_equal(text_may_touch(str_of(rows[i].sql), rows[i].schema, tables, 3, wants, (char[]){"shop"}), rows[i].may);
    assert_false(text_may_touch(STR("UPDATE crm.t SET a = 1"), "other", NULL, 0, wants, (char[]){"shop"}));
    assert_false(text_may_touch((struct str){"UPDATE t SET a = 1 crm", 18}, "other", tables, 3, wants, (char[]){"shop"})); /* what is behind it is not of it */
}

static void contexts(void **state)
{
    static const struct {
        struct db_server server;
        bool is_mariadb;
        unsigned version;
    } rows[] = {
        {{.flavour = DB_MARIADB, .version = 101119}, true, 101119},
        {{.flavour = DB_MYSQL, .version = 80400}, false, 80400},
        {{.flavour = DB_TIDB, .version = 80500}, false, 80000}, /* as MySQL 8.0, whatever its own version is */
    };
    (void)state;
    for (size_t i = 0; i < TG_ARRAY_LEN(rows); i++) {
        struct ddl_context cx = ddl_context_of(&rows[i].server, (struct str){"shop.t", 4});
        assert_string_equal(cx.schema, "shop");
        assert_string_equal(cx.collation, "");
        assert_int_equal(cx.is_mariadb, rows[i].is_mariadb);
        assert_int_equal(cx.version, rows[i].version);
        assert_false(cx.ansi_quotes || cx.no_backslash_escapes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(touches), cmocka_unit_test(contexts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
