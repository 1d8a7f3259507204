// SPDX-License-Identifier: Apache-2.0
// Connections: numbers to ids, versions, what a bad address gives; and with TG_TEST_TARGET /
// TG_TEST_SOURCE (host:port of a throw-away server with user root and no password; several
// separated by commas) the pinned session, packets and a killed connection on real servers.
#include "db/conn.h"
#include "db/session.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void numbers_to_ids(void **state)
{
    (void)state;
    static const struct {
        unsigned sql;
        enum err_code target, source, login;
    } cases[] = {
        {2013, ERR_TARGET_LOST, ERR_SOURCE_LOST, ERR_TARGET_CONNECT},
        {2006, ERR_TARGET_LOST, ERR_SOURCE_LOST, ERR_TARGET_CONNECT},
        {1317, ERR_TARGET_LOST, ERR_SOURCE_LOST, ERR_TARGET_CONNECT},
        {8501, ERR_TARGET_LOST, ERR_SOURCE_LOST, ERR_TARGET_CONNECT},
        {1045, ERR_TARGET_PRIVILEGE, ERR_SOURCE_PRIVILEGE, ERR_TARGET_LOGIN},
        {1142, ERR_TARGET_PRIVILEGE, ERR_SOURCE_PRIVILEGE, ERR_TARGET_CONNECT},
        {1227, ERR_TARGET_PRIVILEGE, ERR_SOURCE_PRIVILEGE, ERR_TARGET_LOGIN},
        {9007, ERR_TARGET_BUSY, ERR_SOURCE_QUERY, ERR_TARGET_CONNECT},
        {8028, ERR_TARGET_BUSY, ERR_SOURCE_QUERY, ERR_TARGET_CONNECT},
        {1213, ERR_TARGET_BUSY, ERR_SOURCE_QUERY, ERR_TARGET_CONNECT},
        {1205, ERR_TARGET_BUSY, ERR_SOURCE_QUERY, ERR_TARGET_CONNECT},
        {1062, ERR_TARGET_DUPLICATE, ERR_SOURCE_QUERY, ERR_TARGET_CONNECT},
        {8004, ERR_TARGET_FULL, ERR_SOURCE_QUERY, ERR_TARGET_CONNECT},
        {1114, ERR_TARGET_FULL, ERR_SOURCE_QUERY, ERR_TARGET_CONNECT},
        {1048, ERR_TARGET_QUERY, ERR_SOURCE_QUERY, ERR_TARGET_CONNECT},
        {1064, ERR_TARGET_QUERY, ERR_SOURCE_QUERY, ERR_TARGET_CONNECT},
        {1040, ERR_TARGET_QUERY, ERR_SOURCE_QUERY, ERR_TARGET_CONNECT},
        {1698, ERR_TARGET_QUERY, ERR_SOURCE_QUERY, ERR_TARGET_LOGIN},
        {2059, ERR_TARGET_QUERY, ERR_SOURCE_QUERY, ERR_TARGET_LOGIN},
        {2005, ERR_TARGET_QUERY, ERR_SOURCE_QUERY, ERR_NET_RESOLVE},
    };
    for (size_t i = 0; i < TG_ARRAY_LEN(cases); i++) {
        assert_int_equal(conn_error_code(cases[i].sql, true, false), cases[i].target);
        assert_int_equal(conn_error_code(cases[i].sql, false, false), cases[i].source);
        assert_int_equal(conn_error_code(cases[i].sql, true, true), cases[i].login);
    }
    assert_int_equal(conn_error_code(1045, false, true), ERR_SOURCE_LOGIN);
    assert_int_equal(conn_error_code(2003, false, true), ERR_SOURCE_CONNECT);
    assert_true(err_is_lost(&(struct err){.code = ERR_SOURCE_LOST}));
    assert_false(err_is_lost(&(struct err){.code = ERR_TARGET_BUSY}));
    assert_true(err_is_busy(&(struct err){.code = ERR_TARGET_BUSY}));
    assert_true(err_is_busy(&(struct err){.code = ERR_SOURCE_QUERY, .sql = 1205}));
    assert_false(err_is_busy(&(struct err){.code = ERR_TARGET_DUPLICATE, .sql = 1062}));
}

static void versions(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum db_flavour flavour;
        unsigned version;
    } cases[] = {
        {"5.6.24-log", DB_MYSQL, 50624},
        {"9.7.4-2", DB_MYSQL, 90704},
        {"8.0.36", DB_MYSQL, 80036},
        {"10.11.19-MariaDB-0+deb12u1-log", DB_MARIADB, 101119},
        {"5.5.5-10.4.8-MariaDB", DB_MARIADB, 100408},
        {"8.0.11-TiDB-v8.5.1", DB_TIDB, 80501},
        {"5.7.25-TiDB-v6.1.0-alpha", DB_TIDB, 60100},
        {"8.0.11-TiDB-v8.4.0-this-is-a-placeholder", DB_TIDB, 80400},
        {"8.0.11-TiDB-None", DB_TIDB, 80400},
        {"unknown", DB_MYSQL, 0},
    };
    for (size_t i = 0; i < TG_ARRAY_LEN(cases); i++) {
        struct db_server s = {0};
        session_read_version(cases[i].text, &s);
        assert_int_equal(s.flavour, cases[i].flavour);
        assert_int_equal(s.version, cases[i].version);
        assert_string_equal(s.version_text, cases[i].text);
    }
}

static void whose_server(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool is_rds, is_aurora;
    } cases[] = {
        {"/usr/", false, false},
        {"/opt/rdsdbbin/mysql/", false, false},
        {"/rdsdbbin/mysql/", true, false},
        {"/rdsdbbin/mysql-8.0.42.R1/", true, false},
        {"/rdsdbbin/mariadb-10.6.18.R1/", true, false},
        {"/rdsdbbin/oscar/", true, true},
        {"/rdsdbbin/oscar-5.7.mysql_aurora.2.10.2.0.4.0/", true, true},
        {"/rdsdbbin/oscar-8.0.mysql_aurora.3.02.2.0.18301.0/", true, true},
    };
    for (size_t i = 0; i < TG_ARRAY_LEN(cases); i++) {
        struct db_server s = {0};
        session_read_basedir(cases[i].path, &s);
        assert_int_equal(s.is_rds, cases[i].is_rds);
        assert_int_equal(s.is_aurora, cases[i].is_aurora);
    }
}

static void values_that_mean_the_same(void **state)
{
    (void)state;
    assert_true(session_same_value("autocommit", "1", "ON"));
    assert_true(session_same_value("max_statement_time", "0", "0.000000"));
    assert_true(session_same_value("tx_isolation", "REPEATABLE-READ", "REPEATABLE-READ"));
    assert_true(session_same_value("sql_mode", "A,B_C", "B_C,A"));
    assert_true(session_same_value("sql_mode", "", ""));
    assert_false(session_same_value("sql_mode", "", "ANSI_QUOTES"));
    assert_false(session_same_value("sql_mode", "A,B", "A"));
    assert_false(session_same_value("sql_mode", "A", "A,B"));
    assert_false(session_same_value("sql_mode", "A", "AB"));
    assert_false(session_same_value("autocommit", "1", "0"));
    assert_false(session_same_value("max_statement_time", "0", "0.5"));
    assert_false(session_same_value("sql_select_limit", "18446744073709551615", "1000"));
    assert_false(session_same_value("wait_timeout", "604800", "60480"));
    assert_false(session_same_value("tidb_snapshot", "", "2024"));
}

static int listen_locally(uint16_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 4), 0);
    getsockname(fd, (struct sockaddr *)&at, &size);
    *port = ntohs(at.sin_port);
    return fd;
}

static struct db_addr address(const char *host, uint16_t port, bool is_target)
{
    return (struct db_addr){.host = x_strdup(host),
                            .user = x_strdup("root"),
                            .port = port,
                            .password = secret_new("hush-hush", 9),
                            .is_target = is_target};
}

static void a_closed_port(void **state)
{
    (void)state;
    uint16_t port;
    close(listen_locally(&port));
    struct db_addr a = address("127.0.0.1", port, false);
    struct conn c;
    struct err e = {0};
    char where[32];
    snprintf(where, sizeof where, "127.0.0.1:%u", port);
    assert_false(conn_open_source(&c, &a, 0, &e));
    assert_int_equal(e.code, ERR_SOURCE_CONNECT);
    assert_string_equal(e.where, where);
    assert_null(c.my);
    assert_false(conn_exec(&c, "DO 0", 4, NULL, &e));
    assert_int_equal(e.code, ERR_SOURCE_LOST);
    conn_close(&c);
    conn_kill(&c);
    conn_close(&(struct conn){0});
    db_addr_release(&a);
}

static void an_unknown_host(void **state)
{
    (void)state;
    struct db_addr a = address("no-such-host.invalid", 3306, true);
    struct conn c;
    struct err e = {0};
    assert_false(conn_open_target(&c, &a, 2, &e));
    assert_int_equal(e.code, ERR_NET_RESOLVE);
    db_addr_release(&a);
}

static void a_server_that_says_nothing(void **state)
{
    (void)state;
    uint16_t port;
    int fd = listen_locally(&port);
    struct db_addr a = address("127.0.0.1", port, true);
    struct conn c;
    struct err e = {0};
    assert_false(conn_open_target(&c, &a, 1, &e));
    assert_int_equal(e.code, ERR_TARGET_CONNECT);
    close(fd);
    db_addr_release(&a);
}

struct fake {
    int fd;
    const char *greeting;
    size_t n;
};

static void *greet(void *arg)
{
    struct fake *f = arg;
    char rest[256];
    int fd = accept(f->fd, NULL, NULL);
    if (fd >= 0 && send(fd, f->greeting, f->n, MSG_NOSIGNAL) == (ssize_t)f->n)
        (void)!recv(fd, rest, sizeof rest, 0);
    close(fd);
    return NULL;
}

static void a_server_that_refuses(void **state)
{
    (void)state;
    static const char too_many[] = "\x17\0\0\0\xff\x10\x04Too many connections";
    static const char not_allowed[] = "\x11\0\0\0\xff\x6a\x04is not allowed";
    static const struct {
        const char *packet;
        size_t n;
        enum err_code code;
        unsigned sql;
    } cases[] = {{too_many, sizeof too_many - 1, ERR_SOURCE_CONNECT, 1040},
                 {not_allowed, sizeof not_allowed - 1, ERR_SOURCE_LOGIN, 1130}};
    for (size_t i = 0; i < TG_ARRAY_LEN(cases); i++) {
        uint16_t port;
        struct fake f = {listen_locally(&port), cases[i].packet, cases[i].n};
        struct db_addr a = address("127.0.0.1", port, false);
        struct conn c;
        struct err e = {0};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, greet, &f), 0);
        assert_false(conn_open_source(&c, &a, 5, &e));
        pthread_join(thread, NULL);
        assert_int_equal(e.code, cases[i].code);
        assert_int_equal(e.sql, cases[i].sql);
        close(f.fd);
        db_addr_release(&a);
    }
}

// --- real servers ---

static void each_server(const char *variable, bool is_target, void (*with)(struct conn *c))
{
    const char *list = getenv(variable);
    if (!list || !*list) {
        fprintf(stderr, "SKIPPED: %s is not set\n", variable);
        skip();
    }
    for (const char *p = list; *p;) {
        char host[128];
        unsigned port;
        assert_int_equal(sscanf(p, "%127[^:,]:%u", host, &port), 2);
        struct db_addr a = {
            .host = host, .user = (char *)"root", .port = (uint16_t)port, .is_target = is_target};
        struct conn c;
        struct err e = {0};
        bool ok = is_target ? conn_open_target(&c, &a, 0, &e) : conn_open_source(&c, &a, 0, &e);
        if (!ok)
            fprintf(stderr, "%s: %s\n", e.where, e.text);
        assert_true(ok);
        with(&c);
        conn_close(&c);
        p += strcspn(p, ",");
        p += *p == ',';
    }
}

static void must_value(struct conn *c, const char *sql, const char *want)
{
    char have[256];
    struct err e = {0};
    if (!conn_value(c, sql, have, sizeof have, &e))
        fail_msg("%s: %s", sql, e.text);
    assert_string_equal(have, want);
}

static void look_at_source(struct conn *c)
{
    assert_true(c->server.version > 50500);
    assert_true(c->server.max_allowed_packet >= 1 << 20);
    assert_true(c->server.uuid[0] || c->server.flavour == DB_TIDB);
    assert_true(c->thread_id);
    must_value(c, "SELECT @@session.sql_mode", "ALLOW_INVALID_DATES");
    must_value(c, "SELECT @@session.sql_select_limit", "18446744073709551615");
    must_value(c, "SELECT @@session.time_zone", "+00:00");
    must_value(c, "SELECT 'a' = 'A'", "0");
    char out[8];
    struct err e = {.code = ERR_INTERNAL};
    assert_false(conn_value(c, "SELECT 1 FROM (SELECT 1 AS x) t WHERE x = 2", out, sizeof out, &e));
    assert_int_equal(e.code, ERR_OK);
    assert_false(conn_execf(c, &e, "SELECT %s", "nonsense FROM nowhere"));
    assert_int_equal(e.code, ERR_SOURCE_QUERY);
    assert_non_null(strchr(e.where, ':'));
    assert_false(conn_exec(c, "DO 0; DO 0", 10, NULL, &e));
}

static void real_source(void **state)
{
    (void)state;
    each_server("TG_TEST_SOURCE", false, look_at_source);
}

static void look_at_target(struct conn *c)
{
    struct err e = {0};
    uint64_t rows[8] = {0};
    unsigned done;
    assert_true(conn_execf(c, &e, "DROP DATABASE IF EXISTS tg_conn_test"));
    assert_true(conn_execf(c, &e, "CREATE DATABASE tg_conn_test"));
    assert_true(
        conn_execf(c, &e, "CREATE TABLE tg_conn_test.t (a INT PRIMARY KEY, b INT NOT NULL)"));
    static const char packet[] = "BEGIN; INSERT INTO tg_conn_test.t VALUES (1, 1), (2, 2); SELECT "
                                 "1; UPDATE tg_conn_test.t SET b = b + 1; "
                                 "DELETE FROM tg_conn_test.t WHERE a = 2; COMMIT";
    assert_true(conn_packet(c, packet, sizeof packet - 1, rows, 8, &done, &e));
    assert_int_equal(done, 6);
    static const uint64_t want[6] = {0, 2, 0, 2, 1, 0};
    assert_memory_equal(rows, want, sizeof want);

    static const char half[] =
        "BEGIN; INSERT INTO tg_conn_test.t VALUES (7, 7); "
        "INSERT INTO tg_conn_test.t VALUES (1, 1); DELETE FROM tg_conn_test.t";
    assert_false(conn_packet(c, half, sizeof half - 1, rows, 1, &done, &e));
    assert_int_equal(done, 2);
    assert_int_equal(e.code, ERR_TARGET_DUPLICATE);
    assert_int_equal(e.sql, 1062);
    assert_true(conn_execf(c, &e, "ROLLBACK"));
    must_value(c, "SELECT COUNT(*) FROM tg_conn_test.t", "1");
    // A stale fence: strict mode makes it an error.
    assert_false(
        conn_execf(c, &e, "UPDATE tg_conn_test.t SET b = IF(b = 99, b + 1, NULL) WHERE a = 1"));
    assert_int_equal(e.sql, 1048);

    // What an open transaction did is gone with a killed connection.
    assert_true(conn_execf(c, &e, "BEGIN"));
    assert_true(conn_execf(c, &e, "INSERT INTO tg_conn_test.t VALUES (9, 9)"));
    const struct db_addr *a = c->addr;
    conn_kill(c);
    assert_false(conn_execf(c, &e, "COMMIT"));
    assert_true(err_is_lost(&e));
    assert_true(conn_open_target(c, a, 20, &e));
    must_value(c, "SELECT COUNT(*) FROM tg_conn_test.t WHERE a = 9", "0");
    assert_true(conn_execf(c, &e, "DROP DATABASE tg_conn_test"));
}

static void real_target(void **state)
{
    (void)state;
    each_server("TG_TEST_TARGET", true, look_at_target);
}

// MySQL's own method without TLS: the first login needs the whole exchange with the server's RSA
// key, the second is answered from the server's cache.
static void log_in_with_sha2(struct conn *c)
{
    if (c->server.flavour != DB_MYSQL || c->server.version < 80000)
        return;
    struct err e = {0};
    struct db_addr a = *c->addr;
    assert_true(conn_execf(c, &e, "DROP USER IF EXISTS tg_conn_test"));
    assert_true(conn_execf(
        c, &e, "CREATE USER tg_conn_test IDENTIFIED WITH caching_sha2_password BY 'a word'"));
    a.user = (char *)"tg_conn_test";
    a.password = secret_new("a word", 6);
    for (int i = 0; i < 2; i++) {
        struct conn other;
        if (!conn_open_target(&other, &a, 5, &e))
            fail_msg("%s", e.text);
        assert_null(mysql_get_ssl_cipher(other.my));
        assert_false(conn_execf(&other, &e, "CREATE DATABASE tg_conn_refused"));
        assert_int_equal(e.code, ERR_TARGET_PRIVILEGE);
        conn_close(&other);
    }
    secret_free(a.password);
    assert_true(conn_execf(c, &e, "DROP USER tg_conn_test"));
}

static void real_sha2(void **state)
{
    (void)state;
    each_server("TG_TEST_TARGET", true, log_in_with_sha2);
}

static void kill_from_outside(struct conn *c)
{
    struct conn other;
    struct err e = {0};
    assert_true(conn_open_target(&other, c->addr, 20, &e));
    assert_true(conn_execf(c, &e, "KILL %lu", other.thread_id));
    // TiDB looks at the kill when it likes; the others at the next statement.
    bool ok = conn_execf(&other, &e, "SELECT SLEEP(5)");
    if (c->server.flavour != DB_TIDB) {
        assert_false(ok);
        assert_int_equal(e.code, ERR_TARGET_LOST);
    }
    conn_close(&other);
}

static void real_kill(void **state)
{
    (void)state;
    each_server("TG_TEST_TARGET", true, kill_from_outside);
}

static void refuse_login(struct conn *c)
{
    struct db_addr a = *c->addr;
    struct conn other;
    struct err e = {0};
    a.password = secret_new("wrong-word", 10);
    assert_false(conn_open_target(&other, &a, 5, &e));
    assert_int_equal(e.code, ERR_TARGET_LOGIN);
    assert_null(strstr(e.text, "wrong-word"));
    secret_free(a.password);
    a.password = NULL;
}

static void real_login(void **state)
{
    (void)state;
    each_server("TG_TEST_TARGET", true, refuse_login);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_to_ids),
        cmocka_unit_test(versions),
        cmocka_unit_test(whose_server),
        cmocka_unit_test(values_that_mean_the_same),
        cmocka_unit_test(a_closed_port),
        cmocka_unit_test(an_unknown_host),
        cmocka_unit_test(a_server_that_says_nothing),
        cmocka_unit_test(a_server_that_refuses),
        cmocka_unit_test(real_source),
        cmocka_unit_test(real_target),
        cmocka_unit_test(real_login),
        cmocka_unit_test(real_sha2),
        cmocka_unit_test(real_kill),
    };
    struct err e;
    return conn_mysql_init(&e) ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
