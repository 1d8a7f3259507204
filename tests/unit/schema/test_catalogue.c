// SPDX-License-Identifier: Apache-2.0
// The catalogue of a real server: user tables by schema_read, and, as a corpus nobody chose, every table of the system
// schemas through table_from_sql. Needs TG_TEST_SOURCE.

#include "server.h"

static bool want_ours(void *arg, const char *schema, const char *table)
{
    (void)arg;
    return strcmp(schema, "tg_cat") == 0 && strcmp(table, "left_out") != 0;
}

static void test_read(void **state)
{
    (void)state;
    struct server s;
    struct schema_list list;
    struct err e = {0};
    if (!server_open(&s, "TG_TEST_SOURCE"))
        skip();
    server_exec(&s, "DROP DATABASE IF EXISTS tg_cat");
    server_exec(&s, "CREATE DATABASE tg_cat CHARACTER SET latin1 COLLATE latin1_german1_ci");
    server_exec(&s, "CREATE TABLE tg_cat.`b``q` (a INT PRIMARY KEY, e ENUM('\xc3\xa4','it''s'))");
    server_exec(&s, "CREATE TABLE tg_cat.a (a INT, b VARCHAR(3) CHARACTER SET utf8mb4)");
    server_exec(&s, "CREATE TABLE tg_cat.left_out (a INT)");
    server_exec(&s, "CREATE VIEW tg_cat.v AS SELECT 1 AS x");
    if (!schema_read(&list, &s.c, want_ours, NULL, NULL, &e))
        fail_msg("%s", e.text);
    assert_int_equal(list.n, 2);
    assert_string_equal(list.tables[0]->name, "a");
    assert_string_equal(list.tables[1]->name, "b`q");
    assert_string_equal(list.tables[1]->columns[1].members[0], "\xc3\xa4");
    assert_string_equal(list.tables[0]->collation, "latin1_german1_ci");
    assert_int_equal(list.tables[1]->row_key, 0);
    schema_list_release(&list);
    struct ddl_context cx = {0};
    struct schema_defaults *d = schema_defaults_read(&s.c, &e);
    assert_non_null(d);
    schema_defaults_find(d, "tg_no_such", &cx);
    assert_string_equal(cx.collation, "");
    schema_defaults_find(d, "tg_cat", &cx);
    assert_string_equal(cx.charset, "latin1");
    assert_string_equal(cx.collation, "latin1_german1_ci");
    schema_defaults_free(d);
    struct collation_ids *ids = collation_ids_read(&s.c, &e);
    char charset[64], collation[64];
    assert_non_null(ids);
    assert_true(collation_ids_find(ids, 33, charset, collation));
    assert_string_equal(charset, "utf8mb3");
    assert_string_equal(collation, "utf8mb3_general_ci");
    assert_false(collation_ids_find(ids, 65000, charset, collation));
    if (s.c.server.flavour == DB_MARIADB) { // uca1400_ai_ci has an id per charset
        assert_true(collation_ids_find(ids, 2304, charset, collation));
        assert_string_equal(collation, "utf8mb4_uca1400_ai_ci");
    }
    collation_ids_free(ids);
    server_exec(&s, "DROP DATABASE tg_cat");
    conn_close(&s.c);
}

#define MANY 300

struct many {
    struct server *writer;
    unsigned unread;
};

/* Some go between being listed and being read. */
static bool want_many(void *arg, const char *schema, const char *table)
{
    struct many *m = arg;
    char sql[80];
    if (strcmp(schema, "tg_many") != 0)
        return false;
    if (strcmp(table, "t7") == 0 || strcmp(table, "t250") == 0) {
        snprintf(sql, sizeof sql, "DROP TABLE tg_many.%s", table);
        server_exec(m->writer, sql);
    }
    return true;
}

static void told(void *arg, const char *schema, const char *table, const struct err *why)
{
    struct many *m = arg;
    assert_string_equal(schema, "tg_many");
    assert_string_equal(table, m->unread ? "t7" : "t250"); /* in their order */
    assert_int_equal(why->sql, 1146);
    m->unread++;
}

static bool want_all_of_many(void *arg, const char *schema, const char *table)
{
    (void)arg;
    (void)table;
    return strcmp(schema, "tg_many") == 0;
}

/* By a user who may have one connection only. */
static void read_alone(struct server *s)
{
    struct db_addr a = s->a;
    struct conn c;
    struct schema_list list;
    struct err e = {0};
    char why[300];
    server_try(s, "DROP USER tg_many@'%'", why);
    server_exec(s, s->c.server.flavour == DB_MYSQL && s->c.server.version < 80000
                       ? "GRANT SELECT ON tg_many.* TO tg_many@'%' WITH MAX_USER_CONNECTIONS 1"
                       : "CREATE USER tg_many@'%' WITH MAX_USER_CONNECTIONS 1");
    server_exec(s, "GRANT SELECT ON tg_many.* TO tg_many@'%'");
    a.user = (char *)"tg_many";
    if (!conn_open_source(&c, &a, 60, &e) || !schema_read(&list, &c, want_all_of_many, NULL, NULL, &e))
        fail_msg("%s", e.text);
    assert_int_equal(list.n, MANY - 2);
    schema_list_release(&list);
    conn_close(&c);
    server_exec(s, "DROP USER tg_many@'%'");
}

/* More tables than one packet and one connection take: all of them, in order, each with its own text. */
static void test_many(void **state)
{
    (void)state;
    struct server s, writer;
    struct schema_list list;
    struct err e = {0};
    char sql[120];
    if (!server_open(&s, "TG_TEST_SOURCE") || !server_open(&writer, "TG_TEST_SOURCE"))
        skip();
    struct many m = {&writer, 0};
    server_exec(&s, "DROP DATABASE IF EXISTS tg_many");
    server_exec(&s, "CREATE DATABASE tg_many");
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(sql, sizeof sql, "CREATE TABLE tg_many.t%u (c%u INT PRIMARY KEY) ENGINE=InnoDB", i, i);
        server_exec(&s, sql);
    }
    if (!schema_read(&list, &s.c, want_many, &m, told, &e))
        fail_msg("%s", e.text);
    assert_int_equal(m.unread, 2);
    assert_int_equal(list.n, MANY - 2);
    for (uint32_t i = 0; i < list.n; i++) {
        assert_true(i == 0 || strcmp(list.tables[i - 1]->name, list.tables[i]->name) < 0);
        assert_string_equal(list.tables[i]->columns[0].name + 1, list.tables[i]->name + 1);
        assert_non_null(strstr(list.create_sql[i], list.tables[i]->columns[0].name));
    }
    schema_list_release(&list);
    read_alone(&s);
    assert_false(conn_exec(&s.c, "SELECT 1; SELECT 2", 18, NULL, &e)); /* one statement in a packet again */
    server_exec(&s, "CREATE TABLE tg_many.t7 (a INT)");
    assert_false(schema_read(&list, &s.c, want_many, &m, NULL, &e));
    assert_non_null(strstr(e.text, "tg_many.t7"));
    assert_int_equal(list.n, 0);
    struct table *t = table_read(&s.c, "tg_many", "t8", &e);
    assert_string_equal(t->columns[0].name, "c8");
    table_drop(t);
    assert_null(table_read(&s.c, "tg_many", "t7", &e));
    server_exec(&s, "DROP DATABASE tg_many");
    conn_close(&writer.c);
    conn_close(&s.c);
}

static void test_system_tables(void **state)
{
    (void)state;
    struct server s;
    struct ddl_context cx;
    struct err e = {0};
    MYSQL_RES *res;
    unsigned n = 0;
    if (!server_open(&s, "TG_TEST_SOURCE"))
        skip();
    server_context(&s, &cx, "mysql");
    assert_true(conn_query(&s.c, "SELECT CONCAT('`',TABLE_SCHEMA,'`.`',TABLE_NAME,'`') FROM information_schema.TABLES"
                                 " WHERE TABLE_TYPE='BASE TABLE' AND ENGINE IS NOT NULL AND TABLE_SCHEMA IN"
                                 " ('mysql','sys','performance_schema','information_schema')", /* others come and go */ &res, &e));
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)); n++) {
        struct buf text = {0};
        char *sql = server_show(&s, row[0]);
        struct table *t = table_from_sql(sql, strlen(sql), &cx, &e);
        if (!t)
            fail_msg("%s\n  in: %s", e.text, sql);
        table_to_sql(t, &text);
        struct table *again = table_from_sql(text.p, text.n, &cx, &e);
        if (!again || !table_equal(t, again))
            fail_msg("%s\n  does not read back: %s\n%s", e.text, text.p, sql);
        table_drop(again);
        table_drop(t);
        buf_release(&text);
        free(sql);
    }
    mysql_free_result(res);
    conn_close(&s.c);
    assert_true(n > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_read), cmocka_unit_test(test_many), cmocka_unit_test(test_system_tables)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
