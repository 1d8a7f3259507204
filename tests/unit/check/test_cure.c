// SPDX-License-Identifier: Apache-2.0
/* Cures: how a text is cut into statements, what is written down, and at a real server (TG_TEST_SOURCE) what is in force
 * after a failure. */
#include "check/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Literals stand for the texts that a cure and a record own. */
#pragma GCC diagnostic ignored "-Wdiscarded-qualifiers"

static char dir[64];

static void assert_cut(const char *sql, const char *const *want)
{
    const char *at = sql;
    struct str one;
    for (; *want; want++) {
        if (!cure_next(&at, &one))
            fail_msg("no further statement in: %s", sql);
        char *text = x_strndup(one.p, one.n);
        assert_string_equal(text, *want);
        free(text);
    }
    if (cure_next(&at, &one))
        fail_msg("one statement too many: %.*s", (int)one.n, one.p);
}

static void cuts_statements(void **state)
{
    (void)state;
    assert_cut("SET GLOBAL a = 1;\nSET GLOBAL b = 2", (const char *const[]){"SET GLOBAL a = 1", "SET GLOBAL b = 2", NULL});
    assert_cut("SET a = 1;\n", (const char *const[]){"SET a = 1", NULL});
    assert_cut("CALL p('a;\nb', \"c;\n\", 'it''s;\n', 'x\\';\ny');\nDO 1", (const char *const[]){"CALL p('a;\nb', \"c;\n\", 'it''s;\n', 'x\\';\ny')", "DO 1", NULL});
    assert_cut("ALTER TABLE `a;\n``b` ENGINE=InnoDB;\nDO 2;", (const char *const[]){"ALTER TABLE `a;\n``b` ENGINE=InnoDB", "DO 2", NULL});
    assert_cut("DO 1 /* ;\n */;\nDO 2 -- ';\n;\n# only this;\n", (const char *const[]){"DO 1 /* ;\n */", "DO 2 -- ';\n", NULL});
    assert_cut("CREATE PROCEDURE p() BEGIN DO 1; DO 2; END;\nDO 3", (const char *const[]){"CREATE PROCEDURE p() BEGIN DO 1; DO 2; END", "DO 3", NULL});
    assert_cut("SELECT 5--1;\nDO 'backslash at the end\\\\'", (const char *const[]){"SELECT 5--1", "DO 'backslash at the end\\\\'", NULL});
    assert_cut("", (const char *const[]){NULL});
    assert_cut(" ;\n;\n /* nothing */ ", (const char *const[]){NULL});
    assert_cut("DO 'never closed;\n", (const char *const[]){"DO 'never closed;\n", NULL});
}

static struct cure_record *records(uint32_t *n)
{
    struct cure_record *list;
    struct err e = {0};
    if (!cure_records_read(dir, &list, n, &e))
        fail_msg("%s", e.text);
    return list;
}

static void keeps_records(void **state)
{
    struct err e = {0};
    uint32_t n;
    struct stat st;
    (void)state;
    struct cure_record *list = records(&n);
    assert_int_equal(n, 0);
    cure_records_release(list, n);
    struct cure_record a = {.id = "1", .check = "c", .title = "t \"x\"", .where = "h:1", .user = "u", .sql = "SET a = '1';\nDO 2", .undo = "SET a = ''"};
    struct cure_record b = {.id = "2", .check = "d", .title = "t", .where = "h:1", .user = "u", .sql = "DO 1", .at_target = true};
    assert_true(record_add(dir, &a, &e) && record_add(dir, &b, &e));
    list = records(&n);
    assert_int_equal(n, 2);
    assert_string_equal(list[0].sql, a.sql);
    assert_string_equal(list[0].undo, a.undo);
    assert_string_equal(list[0].title, a.title);
    assert_int_equal(strlen(list[0].at), 20);
    assert_null(list[0].undone_at);
    assert_null(list[1].undo);
    assert_true(list[1].at_target && !list[0].at_target);
    cure_records_release(list, n);
    char *path = x_format("%s/cures.json", dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(record_drop(dir, "1", &e));
    assert_false(record_mark_undone(dir, "1", &e));
    err_clear(&e);
    assert_true(record_mark_undone(dir, "2", &e));
    list = records(&n);
    assert_int_equal(n, 1);
    assert_non_null(list[0].undone_at);
    cure_records_release(list, n);
    FILE *f = fopen(path, "w");
    fputs("[{\"id\": \"3\"}]", f);
    fclose(f);
    assert_false(cure_records_read(dir, &list, &n, &e));
    assert_int_equal(e.code, ERR_FILE);
    unlink(path);
    free(path);
}

/* ---- at a server ---- */

static struct job job;
static struct conn look;
static struct db_addr addr;

static long value(void)
{
    char text[32];
    struct err e = {0};
    if (!conn_value(&look, "SELECT @@global.max_error_count", text, sizeof text, &e))
        fail_msg("%s", e.text);
    return strtol(text, NULL, 10);
}

static bool apply(char *sql, char *undo, unsigned *done, struct err *e)
{
    struct check_cure c = {.kind = CURE_SQL, .title = "a cure", .sql = sql, .undo = undo};
    err_clear(e);
    return cure_apply(&job, "some.check", &c, NULL, dir, done, e);
}

static uint32_t in_force(void)
{
    uint32_t n, open = 0;
    struct cure_record *list = records(&n);
    for (uint32_t i = 0; i < n; i++)
        open += !list[i].undone_at;
    cure_records_release(list, n);
    return open;
}

static int open_server(void **state)
{
    const char *at = getenv("TG_TEST_SOURCE");
    struct err e = {0};
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/tg-cure-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    job_init(&job);
    if (!at || !strchr(at, ':'))
        return 0;
    char *host = x_strndup(at, strcspn(at, ":")), *port = x_strndup(strchr(at, ':') + 1, strspn(strchr(at, ':') + 1, "0123456789"));
    bool fine = job_set(&job, "source.host", host, &e) && job_set(&job, "source.port", port, &e) && job_set(&job, "source.user", "root", &e) &&
                job_set(&job, "source.tls", "false", &e) && conn_mysql_init(&e);
    free(host);
    free(port);
    job_addr(&addr, &job.sources[0], false);
    if (fine && conn_open_source(&look, &addr, 60, &e))
        return 0;
    print_error("%s\n", e.text);
    return -1;
}

static int close_server(void **state)
{
    char *path = x_format("%s/cures.json", dir);
    (void)state;
    unlink(path);
    rmdir(dir);
    free(path);
    conn_close(&look);
    db_addr_release(&addr);
    job_release(&job);
    return 0;
}

static void applies_and_undoes(void **state)
{
    unsigned done;
    uint32_t n;
    struct err e = {0};
    (void)state;
    if (!look.my)
        skip();
    long before = value();
    char *sql = x_format("SET GLOBAL max_error_count = %ld;\nDO 1", before + 1), *undo = x_format("SET GLOBAL max_error_count = %ld", before);
    assert_true(apply(sql, undo, &done, &e));
    assert_int_equal(done, 2);
    assert_int_equal(value(), before + 1);
    struct cure_record *list = records(&n);
    assert_int_equal(in_force(), 1);
    job.sources[0].port++;
    assert_false(cure_undo(&job, &list[n - 1], NULL, dir, &done, &e));
    assert_int_equal(e.code, ERR_USAGE);
    job.sources[0].port--;
    assert_int_equal(value(), before + 1);
    err_clear(&e);
    if (!cure_undo(&job, &list[n - 1], NULL, dir, &done, &e))
        fail_msg("%s", e.text);
    assert_int_equal(value(), before);
    assert_int_equal(in_force(), 0);
    cure_records_release(list, n);
    list = records(&n);
    assert_false(cure_undo(&job, &list[n - 1], NULL, dir, &done, &e));
    cure_records_release(list, n);
    free(sql);
    free(undo);
}

static void fails_in_the_middle(void **state)
{
    unsigned done;
    struct err e = {0};
    (void)state;
    if (!look.my)
        skip();
    long before = value();
    char *sql = x_format("SET GLOBAL max_error_count = %ld;\nSET GLOBAL no_such_variable = 1;\nDO 1", before + 1);
    char *undo = x_format("SET GLOBAL max_error_count = %ld", before), *other = x_format("%s;\nDO 1", undo);
    assert_false(apply(sql, undo, &done, &e));
    assert_int_equal(done, 0); /* an undo of SET alone is run */
    assert_int_equal(value(), before);
    assert_int_equal(in_force(), 0);
    assert_non_null(strstr(e.text, "2 of 3"));
    assert_non_null(strstr(e.text, "as it was"));
    assert_non_null(strstr(e.text, "no_such_variable"));
    assert_false(apply(sql, other, &done, &e));
    assert_int_equal(done, 1); /* any other waits for the person, who has it in the record */
    assert_int_equal(value(), before + 1);
    assert_int_equal(in_force(), 1);
    assert_non_null(strstr(e.text, "in force"));
    uint32_t n;
    struct cure_record *list = records(&n);
    err_clear(&e);
    assert_true(cure_undo(&job, &list[n - 1], NULL, dir, &done, &e));
    assert_int_equal(value(), before);
    cure_records_release(list, n);
    assert_false(apply("SET GLOBAL no_such_variable = 1", undo, &done, &e));
    assert_int_equal(in_force(), 0);
    assert_non_null(strstr(e.text, "nothing was changed"));
    free(sql);
    free(undo);
    free(other);
}

static void statements_of_every_kind(void **state)
{
    unsigned done;
    struct err e = {0};
    (void)state;
    if (!look.my)
        skip();
    assert_false(apply("DROP DATABASE IF EXISTS tg_cure;\nCREATE DATABASE tg_cure;\n"
                       "CREATE PROCEDURE tg_cure.p() BEGIN SELECT 1; SELECT 2 UNION SELECT 3; END;\n"
                       "CALL tg_cure.p();\n"         /* two result sets and the end */
                       "KILL CONNECTION_ID();\n"     /* the next one finds a new connection */
                       "CREATE TABLE tg_cure.`t;\n` (\"a\" INT);\n", NULL, &done, &e));
    assert_non_null(strstr(e.text, "6 of 6")); /* "a" is a string, whatever the server's sql_mode */
    assert_int_equal(done, 5);
    if (!apply("KILL 4294967290;\nALTER DATABASE tg_cure CHARACTER SET utf8mb4;\nDROP DATABASE tg_cure", NULL, &done, &e))
        fail_msg("%s", e.text);
    assert_int_equal(done, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_statements),    cmocka_unit_test(keeps_records),           cmocka_unit_test(applies_and_undoes),
        cmocka_unit_test(fails_in_the_middle), cmocka_unit_test(statements_of_every_kind),
    };
    return cmocka_run_group_tests(tests, open_server, close_server);
}
