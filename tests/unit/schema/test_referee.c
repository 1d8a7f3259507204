// SPDX-License-Identifier: Apache-2.0
// The server is the referee: after each ALTER that it accepts, our definition, moved on by the statement alone, must
// equal the one read from its SHOW CREATE TABLE. Needs TG_TEST_SOURCE.

#include "alters.h"
#include "server.h"

static struct table *read_shown(struct server *s, const struct ddl_context *cx, const char *what)
{
    struct err e = {0};
    char *shown = server_show(s, "tg_referee.t");
    struct table *t = table_from_sql(shown, strlen(shown), cx, &e);
    if (!t)
        fail_msg("%s\n  in: %s\n  after: %s", e.text, shown, what);
    free(shown);
    return t;
}

static unsigned compare(const struct table *mine, const struct table *theirs, const char *what)
{
    if (table_equal(mine, theirs))
        return 0;
    struct buf a = {0}, b = {0};
    table_to_sql(mine, &a);
    table_to_sql(theirs, &b);
    fprintf(stderr, "after: %s\nmine: %s\nserver: %s\n", what, a.p, b.p);
    buf_release(&a);
    buf_release(&b);
    return 1;
}

static void create(struct server *s, const struct corpus *c)
{
    server_exec(s, "DROP TABLE IF EXISTS tg_referee.t");
    server_exec(s, c->create);
}

static unsigned check_create(struct server *s, const struct ddl_context *cx, const char *sql)
{
    struct err e = {0};
    struct table *shown = read_shown(s, cx, sql);
    struct table *written = table_from_sql(sql, strlen(sql), cx, &e);
    if (!written)
        fail_msg("%s\n  in: %s", e.text, sql);
    unsigned bad = compare(written, shown, sql);
    struct buf text = {0};
    table_to_sql(shown, &text);
    struct table *again = table_from_sql(text.p, text.n, cx, &e);
    if (!again)
        fail_msg("%s\n  in: %s", e.text, text.p);
    bad += compare(again, shown, "table_to_sql");
    buf_release(&text);
    table_drop(again);
    table_drop(written);
    table_drop(shown);
    return bad;
}

/* One ALTER on the table as it stands. -1: the server refuses it. */
static int check_alter(struct server *s, const struct ddl_context *cx, const char *sql)
{
    struct err e = {0};
    struct ddl d;
    char why[300];
    struct table *before = read_shown(s, cx, "before");
    if (!server_try(s, sql, why)) {
        table_drop(before);
        if (getenv("TG_TEST_VERBOSE"))
            print_message("refused: %s: %s\n", sql, why);
        return -1;
    }
    if (!ddl_parse(&d, sql, strlen(sql), cx, &e))
        fail_msg("%s\n  in: %s", e.text, sql);
    struct table *mine = table_after(before, &d, cx, &e);
    if (!mine)
        fail_msg("%s: %s\n  in: %s", e.text, ddl_reason(&d), sql);
    struct table *theirs = read_shown(s, cx, sql);
    unsigned bad = compare(mine, theirs, sql);
    ddl_release(&d);
    table_drop(before);
    table_drop(mine);
    table_drop(theirs);
    return (int)bad;
}

static void test_alters(void **state)
{
    (void)state;
    struct server s;
    struct ddl_context cx;
    unsigned bad = 0, tried = 0, refused = 0;
    if (!server_open(&s, "TG_TEST_SOURCE"))
        skip();
    server_context(&s, &cx, "tg_referee");
    server_exec(&s, "DROP DATABASE IF EXISTS tg_referee");
    server_exec(&s, "CREATE DATABASE tg_referee CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci");
    server_exec(&s, "USE tg_referee");
    server_exec(&s, "CREATE TABLE p (id INT PRIMARY KEY)");
    for (size_t i = 0; i < TG_ARRAY_LEN(corpora); i++) {
        create(&s, &corpora[i]);
        bad += check_create(&s, &cx, corpora[i].create);
        for (const char *const *sql = corpora[i].alters; *sql; sql++) {
            create(&s, &corpora[i]);
            int rc = check_alter(&s, &cx, *sql);
            tried++;
            refused += rc < 0;
            bad += rc > 0;
        }
        create(&s, &corpora[i]);
        for (const char *const *sql = corpora[i].alters; *sql; sql++)
            bad += check_alter(&s, &cx, *sql) > 0;
    }
    server_exec(&s, "DROP DATABASE tg_referee");
    conn_close(&s.c);
    print_message("%u statements, %u refused by the server, %u differences\n", tried, refused, bad);
    assert_int_equal(bad, 0);
    assert_true(refused * 3 < tried);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_alters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
