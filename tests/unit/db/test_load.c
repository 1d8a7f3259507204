// SPDX-License-Identifier: Apache-2.0
// LOAD DATA LOCAL from memory: fields, and on real targets (TG_TEST_TARGET, see test_conn.c) what is refused, what is
// told, and what becomes of a file that can't be given to its end.
#include "db/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void expect_field(enum col_class cls, enum db_flavour target, const char *bytes, uint32_t n, const char *want)
{
    struct column c = {.name = (char *)"c", .cls = cls};
    struct buf out = {0};
    encode_load_field(&out, &c, (struct cell){bytes, n}, target);
    assert_int_equal(out.n, strlen(want));
    assert_string_equal(out.p, want);
    buf_release(&out);
}

static void fields(void **state)
{
    (void)state;
    expect_field(COL_INT, DB_TIDB, "-7", 2, "-7");
    expect_field(COL_INT, DB_TIDB, NULL, 0, "\\N");
    expect_field(COL_BLOB, DB_MYSQL, NULL, 0, "\\N");
    expect_field(COL_VARCHAR, DB_MYSQL, "", 0, "");
    expect_field(COL_VARCHAR, DB_MYSQL, "\\N", 2, "\\\\N");
    expect_field(COL_VARCHAR, DB_MYSQL, "it's\ta\r\n\0b\x1a\"", 12, "it's\\ta\\r\\n\\0b\\Z\"");
    expect_field(COL_BLOB, DB_TIDB, "\0\xff\\", 3, "\\0\xff\\\\");
    expect_field(COL_BLOB, DB_MYSQL, "\0\xff\\", 3, "00ff5c");
    expect_field(COL_BLOB, DB_MARIADB, "", 0, "");
    expect_field(COL_BIT, DB_TIDB, "18446744073709551615", 20, "18446744073709551615");
}

// --- real servers ---

static void each_target(void (*with)(struct conn *c))
{
    const char *list = getenv("TG_TEST_TARGET");
    if (!list || !*list) {
        fprintf(stderr, "SKIPPED: TG_TEST_TARGET is not set\n");
        skip();
    }
    for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',') {
        char host[128];
        unsigned port;
        assert_int_equal(sscanf(p, "%127[^:,]:%u", host, &port), 2);
        struct db_addr a = {.host = host, .user = (char *)"root", .port = (uint16_t)port, .is_target = true};
        struct conn c;
        struct err e = {0};
        if (!conn_open_target(&c, &a, 0, &e))
            fail_msg("%s: %s", e.where, e.text);
        assert_true(conn_execf(&c, &e, "SET GLOBAL local_infile=1"));
        assert_true(conn_execf(&c, &e, "DROP DATABASE IF EXISTS tg_load_test"));
        assert_true(conn_execf(&c, &e, "CREATE DATABASE tg_load_test"));
        assert_true(conn_execf(&c, &e, "CREATE TABLE tg_load_test.t (a INT PRIMARY KEY, b VARCHAR(20))"));
        with(&c);
        assert_true(conn_execf(&c, &e, "DROP DATABASE tg_load_test"));
        conn_close(&c);
    }
}

struct feed {
    struct load_port port;
    const char *text;                 // of every LOAD
    size_t at, fails_at;              // fails_at: bytes after which no more can be read; 0: never
    unsigned opened;
};

static void feed_open(void *arg, unsigned n)
{
    struct feed *f = arg;
    assert_int_equal(n, f->opened++);
    f->at = 0;
}

static int feed_read(void *arg, char *to, unsigned room)
{
    struct feed *f = arg;
    size_t n = strlen(f->text) - f->at;
    if (f->fails_at && f->at >= f->fails_at)
        return -1;
    n = TG_MIN(n, (size_t)TG_MIN(room, 7u));
    memcpy(to, f->text + f->at, n);
    f->at += n;
    return (int)n;
}

static bool send_load(struct conn *c, struct feed *f, const char *name, uint64_t affected[4], struct err *e)
{
    struct buf sql = {0};
    unsigned done;
    f->port = (struct load_port){.arg = f, .open = feed_open, .read = feed_read};
    load_port_begin(&f->port);
    buf_adds(&sql, "BEGIN; LOAD DATA LOCAL INFILE ");
    if (name)
        sql_z(&sql, name);
    else
        load_port_name(&f->port, 0, &sql);
    buf_adds(&sql, " INTO TABLE tg_load_test.t; UPDATE tg_load_test.t SET b = 'b' WHERE a = 1");
    bool ok = conn_packet_load(c, &f->port, sql.p, sql.n, affected, 4, &done, e);
    buf_release(&sql);
    return ok;
}

static void must_value(struct conn *c, const char *sql, const char *want)
{
    char have[64];
    struct err e = {0};
    if (!conn_value(c, sql, have, sizeof have, &e))
        fail_msg("%s: %s", sql, e.text);
    assert_string_equal(have, want);
}
#define ROWS_FOUND "SELECT COUNT(*) FROM tg_load_test.t"

static void take_rows(struct conn *c)
{
    struct feed f = {.text = "1\tone\n2\ttwo\n3\t\\N\n"};
    struct err e = {0};
    uint64_t affected[4] = {0};
    if (!send_load(c, &f, NULL, affected, &e))
        fail_msg("%s", e.text);
    assert_int_equal(affected[1], 3);
    assert_int_equal(affected[2], 1);
    assert_int_equal(f.port.answered, 1);
    assert_int_equal(f.port.records, 3);
    assert_int_equal(f.port.losses, 0);
    assert_true(conn_execf(c, &e, "ROLLBACK"));
    must_value(c, ROWS_FOUND, "0");
}

// What LOCAL leaves out is told: a duplicate, a text for a number, a column too few, one too many.
static void tell_losses(struct conn *c)
{
    static const char *const bad[] = {"1\tone\n1\ttwo\n", "1\tone\nx\ttwo\n", "1\n", "1\tone\tmore\n",
                                      "1\tlonger than twenty characters\n", "\\N\tone\n"};
    for (size_t i = 0; i < TG_ARRAY_LEN(bad); i++) {
        struct feed f = {.text = bad[i]};
        struct err e = {0};
        uint64_t affected[4] = {0};
        if (send_load(c, &f, NULL, affected, &e) && !f.port.losses)
            fail_msg("nothing was said of %s", bad[i]);
        assert_true(conn_execf(c, &e, "ROLLBACK"));
        must_value(c, ROWS_FOUND, "0");
    }
}

// A server that asks for a file nobody offered gets nothing.
static void refuse_files(struct conn *c)
{
    static const char plain[] = "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE tg_load_test.t";
    struct feed f = {.text = "1\tone\n"};
    struct err e = {0};
    uint64_t affected[4];
    assert_false(conn_exec(c, plain, sizeof plain - 1, NULL, &e));
    assert_int_equal(e.sql, 2068);
    must_value(c, ROWS_FOUND, "0");
    assert_false(send_load(c, &f, "/etc/passwd", affected, &e));
    assert_int_equal(e.sql, 2068);
    assert_true(f.port.is_refused);
    assert_int_equal(f.opened, 0);
    conn_kill(c);
    assert_true(conn_open_target(c, c->addr, 0, &e));
    must_value(c, ROWS_FOUND, "0");
}

// A file that ends too early is never taken for a whole one.
static void failing_read(struct conn *c)
{
    struct feed f = {.text = "1\tone\n2\ttwo\n3\tthree\n", .fails_at = 12};
    struct err e = {0};
    uint64_t affected[4];
    assert_false(send_load(c, &f, NULL, affected, &e));
    assert_true(err_is_lost(&e));
    assert_true(f.port.is_failed);
    conn_kill(c);
    assert_true(conn_open_target(c, c->addr, 0, &e));
    must_value(c, ROWS_FOUND, "0");
}

static void numbers_of_off(void **state)
{
    (void)state;
    assert_true(err_is_load_off(&(struct err){.sql = 1148}));
    assert_true(err_is_load_off(&(struct err){.sql = 3948}));
    assert_true(err_is_load_off(&(struct err){.sql = 4166}));
    assert_false(err_is_load_off(&(struct err){.sql = 2068}));
    assert_false(err_is_load_off(&(struct err){.sql = 1062}));
}

#define ON_TARGETS(name, with)        \
    static void name(void **state)    \
    {                                 \
        (void)state;                  \
        each_target(with);            \
    }
ON_TARGETS(real_rows, take_rows)
ON_TARGETS(real_losses, tell_losses)
ON_TARGETS(real_refusal, refuse_files)
ON_TARGETS(real_failing_read, failing_read)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),
        cmocka_unit_test(real_rows),
        cmocka_unit_test(real_losses),
        cmocka_unit_test(real_refusal),
        cmocka_unit_test(real_failing_read),
        cmocka_unit_test(numbers_of_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
