// SPDX-License-Identifier: Apache-2.0
// Positions of a real server, and its writers held still by each step of the ladder. Needs TG_TEST_SOURCE.
#include "server.h"

#include "schema/source.h"

static struct table *define(void)
{
    static const char sql[] = "CREATE TABLE t (id INT NOT NULL PRIMARY KEY)";
    struct ddl_context cx = {.schema = "tg_lock", .charset = "utf8mb4", .collation = "utf8mb4_bin"};
    struct err e = {0};
    struct table *t = table_from_sql(sql, sizeof sql - 1, &cx, &e);
    if (!t)
        fail_msg("%s", e.text);
    return t;
}

static void server_prepare(struct server *s)
{
    char why[300];
    server_exec(s, "DROP DATABASE IF EXISTS tg_lock");
    server_exec(s, "CREATE DATABASE tg_lock");
    server_exec(s, "CREATE TABLE tg_lock.t (id INT NOT NULL PRIMARY KEY) ENGINE=InnoDB");
    server_try(s, "DROP USER tg_lock@'%'", why);
    server_exec(s, "CREATE USER tg_lock@'%'");
    server_exec(s, "GRANT SELECT ON tg_lock.* TO tg_lock@'%'");
}

/* What a user of these rights gets, on a connection of its own. */
static enum lock_how ladder(struct server *s, const char *user, struct cancel *cancel, struct lock_got *got)
{
    struct db_addr a = s->a;
    struct conn c;
    struct err e = {0};
    struct table *t = define();
    const struct lock_wish wish = {.wait_s = 1, .tries = 20, .cancel = cancel};
    a.user = (char *)user;
    if (!conn_open_source(&c, &a, 60, &e) || !lock_tables(&c, &t, 1, &wish, got, &e))
        fail_msg("%s: %s", user, e.text);
    conn_close(&c);
    table_drop(t);
    return got->how;
}

static void test_ladder(void **state)
{
    (void)state;
    struct server s;
    struct lock_got got;
    if (!server_open(&s, "TG_TEST_SOURCE"))
        skip();
    struct cancel *cancel = cancel_new();
    server_prepare(&s);
    assert_int_equal(ladder(&s, "root", cancel, &got), LOCK_TABLES);
    assert_int_equal(got.refused.code, ERR_OK);
    assert_int_equal(ladder(&s, "tg_lock", cancel, &got), LOCK_REFUSED);
    assert_int_not_equal(got.refused.sql, 0);
    server_exec(&s, "GRANT RELOAD ON *.* TO tg_lock@'%'");
    assert_int_equal(ladder(&s, "tg_lock", cancel, &got), LOCK_EVERYTHING);
    assert_int_not_equal(got.refused.sql, 0); /* LOCK TABLES was */
    server_exec(&s, "GRANT LOCK TABLES ON tg_lock.* TO tg_lock@'%'");
    assert_int_equal(ladder(&s, "tg_lock", cancel, &got), LOCK_TABLES);
    server_exec(&s, "DROP USER tg_lock@'%'");
    server_exec(&s, "DROP DATABASE tg_lock");
    conn_close(&s.c);
    cancel_free(cancel);
}

static void test_busy(void **state)
{
    (void)state;
    struct server s, writer;
    struct lock_got got;
    struct err e = {0};
    if (!server_open(&s, "TG_TEST_SOURCE") || !server_open(&writer, "TG_TEST_SOURCE"))
        skip();
    struct table *t = define();
    struct cancel *cancel = cancel_new();
    const struct lock_wish once = {.wait_s = 1, .tries = 1}, twice = {.wait_s = 1, .tries = 2, .cancel = cancel};
    server_prepare(&s);
    server_exec(&writer, "START TRANSACTION");
    server_exec(&writer, "INSERT INTO tg_lock.t VALUES (1)");
    assert_false(lock_tables(&s.c, &t, 1, &once, &got, &e));
    assert_int_equal(e.code, ERR_SOURCE_LOCK);
    assert_int_equal(got.how, LOCK_TABLES);
    assert_true(got.waited_ms >= 900);
    cancel_set(cancel); /* a pause ends with it */
    assert_false(lock_tables(&s.c, &t, 1, &twice, &got, &e));
    assert_int_equal(e.code, ERR_CANCELLED);
    server_exec(&writer, "COMMIT");
    assert_true(lock_tables(&s.c, &t, 1, &once, &got, &e));
    assert_int_equal(got.how, LOCK_TABLES);
    server_exec(&s, "UNLOCK TABLES");
    server_exec(&s, "DROP DATABASE tg_lock");
    conn_close(&writer.c);
    conn_close(&s.c);
    cancel_free(cancel);
    table_drop(t);
}

static void test_positions(void **state)
{
    (void)state;
    struct server s;
    struct err e = {0};
    struct pos before = {0}, after = {0}, at = {0};
    if (!server_open(&s, "TG_TEST_SOURCE"))
        skip();
    if (!source_position(&s.c, &before, &e))
        fail_msg("%s", e.text);
    server_exec(&s, "CREATE DATABASE tg_place");
    server_exec(&s, "DROP DATABASE tg_place");
    assert_true(source_position(&s.c, &after, &e));
    assert_true(pos_cmp(&before, &after) < 0);
    server_exec(&s, "START TRANSACTION WITH CONSISTENT SNAPSHOT");
    bool has_snapshot = snapshot_position(&s.c, &at, &e);
    assert_int_equal(has_snapshot, visible_way(&s.c.server) == VISIBLE_SNAPSHOT);
    if (has_snapshot)
        assert_true(pos_cmp(&after, &at) <= 0);
    else
        assert_int_equal(e.code, ERR_BINLOG_OFF);
    server_exec(&s, "ROLLBACK");
    if (visible_way(&s.c.server) == VISIBLE_GTID) {
        struct gtid_set *set = gtid_new(false);
        struct buf text = {0};
        assert_true(source_gtids(&s.c, set, &e));
        gtid_text(set, &text);
        assert_non_null(strstr(text.p, s.c.server.uuid));
        gtid_free(set);
        buf_release(&text);
    }
    conn_close(&s.c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ladder), cmocka_unit_test(test_busy), cmocka_unit_test(test_positions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
