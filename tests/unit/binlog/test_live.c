// SPDX-License-Identifier: Apache-2.0
/* Against a real server: for every type, the cells that a SELECT with our read expression gives must be byte for byte
 * those of the binlog's row images. See live.h for how a server is named. */
#include "live.h"

enum { ANY = 0, MYSQL_JSON = 1, MYSQL_8 = 2, MARIADB = 4, NOT_56 = 8 };
#define MAX_VALUES 40

struct type_case {
    const char *sql;                  /* the type as in CREATE TABLE */
    unsigned only;
    struct column column;
    const char *values[MAX_VALUES];   /* SQL expressions; NULL is always tried too */
};

#define UTF8(n) .charset = CS_UTF8MB4, .length = n
static char *abc[] = {"a", "b,c", "ä", "日本", ""};
static char *abcd[] = {"a", "b", "ä", "日本"};

static const struct type_case cases[] = {
    {"tinyint", ANY, {.cls = COL_TINY}, {"-128", "-1", "0", "127"}},
    {"tinyint unsigned", ANY, {.cls = COL_TINY, .is_unsigned = true}, {"0", "128", "255"}},
    {"smallint", ANY, {.cls = COL_SMALL}, {"-32768", "-1", "32767"}},
    {"smallint unsigned", ANY, {.cls = COL_SMALL, .is_unsigned = true}, {"32768", "65535"}},
    {"mediumint", ANY, {.cls = COL_MEDIUM}, {"-8388608", "-1", "8388607"}},
    {"mediumint unsigned", ANY, {.cls = COL_MEDIUM, .is_unsigned = true}, {"8388608", "16777215"}},
    {"int", ANY, {.cls = COL_INT}, {"-2147483648", "-1", "0", "2147483647"}},
    {"int unsigned", ANY, {.cls = COL_INT, .is_unsigned = true}, {"2147483648", "4294967295"}},
    {"bigint", ANY, {.cls = COL_BIG}, {"-9223372036854775808", "-1", "0", "9223372036854775807"}},
    {"bigint unsigned", ANY, {.cls = COL_BIG, .is_unsigned = true}, {"9223372036854775808", "18446744073709551615"}},
    {"decimal(10,2)", ANY, {.cls = COL_DECIMAL, .length = 10, .dec = 2},
     {"0", "-0.5", "99999999.99", "-99999999.99", "1.05", "-0.00", "100"}},
    {"decimal(65,30)", ANY, {.cls = COL_DECIMAL, .length = 65, .dec = 30},
     {"0", "99999999999999999999999999999999999.999999999999999999999999999999",
      "-99999999999999999999999999999999999.000000000000000000000000000001", "-0.000000000000000000000000000001",
      "1000000000", "123456789.000000001"}},
    {"decimal(30,30)", ANY, {.cls = COL_DECIMAL, .length = 30, .dec = 30},
     {"0", "0.5", "-0.999999999999999999999999999999"}},
    {"decimal(65,0)", ANY, {.cls = COL_DECIMAL, .length = 65}, {"0", "1", "-1e64", "1000000000000000000"}},
    {"decimal(20,9) unsigned", ANY, {.cls = COL_DECIMAL, .length = 20, .dec = 9, .is_unsigned = true},
     {"0", "99999999999.999999999", "0.000000001"}},
    {"float", ANY, {.cls = COL_FLOAT},
     {"0", "-0e0", "0.1", "16777216", "16777217", "1e38", "-3.4e38", "1e-38", "1.17549e-38", "1e-44", "3.14159265",
      "1e15", "1e16", "0.00001"}},
    {"double", ANY, {.cls = COL_DOUBLE},
     {"0", "-0e0", "0.1", "-0.1", "1", "100", "1e14", "1e15", "1e16", "123456789012345678", "1e20", "-1.5e-7", "1e-14",
      "1e-15", "1e-16", "1.234e-14", "1.234e-15", "0.001", "0.00012345678901234567", "1.7976931348623157e308",
      "2.2250738585072014e-308", "5e-324", "-5e-324", "1e22", "1e23", "9007199254740993", "9007199254740991",
      "3.141592653589793", "0.3333333333333333", "1234567890123456.7", "12345678901234567.8", "1e100",
      "4.35", "2.5e-310", "5.684341886080802e-14", "9.5367431640625e-7", "1.1125369292536007e-308"}},
    {"double(10,2)", ANY, {.cls = COL_DOUBLE, .dec = 2}, {"0", "1.5", "-0.1", "12345678.12", "100"}},
    {"float(7,3)", ANY, {.cls = COL_FLOAT}, {"0", "1.5", "-0.1", "1234.567"}},
    {"int(6) unsigned zerofill", ANY, {.cls = COL_INT, .is_unsigned = true}, {"0", "42", "4294967295"}},
    {"decimal(8,2) unsigned zerofill", ANY, {.cls = COL_DECIMAL, .is_unsigned = true, .length = 8, .dec = 2},
     {"0", "42.5"}},
    {"bit(1)", ANY, {.cls = COL_BIT, .length = 1}, {"0", "1"}},
    {"bit(9)", ANY, {.cls = COL_BIT, .length = 9}, {"0", "511", "256"}},
    {"bit(17)", ANY, {.cls = COL_BIT, .length = 17}, {"65536", "131071"}},
    {"bit(64)", ANY, {.cls = COL_BIT, .length = 64}, {"0", "18446744073709551615"}},
    {"year", ANY, {.cls = COL_YEAR}, {"0", "1901", "2024", "2155"}},
    {"date", ANY, {.cls = COL_DATE}, {"'0000-00-00'", "'2024-00-00'", "'2024-02-00'", "'1000-01-01'", "'9999-12-31'",
                                      "'0001-01-01'", "'2024-02-29'"}},
    {"time", ANY, {.cls = COL_TIME}, {"'00:00:00'", "'-838:59:59'", "'838:59:59'", "'-00:00:01'", "'23:59:59'",
                                      "'100:00:00'"}},
    {"time(1)", ANY, {.cls = COL_TIME, .dec = 1}, {"'-00:00:00.1'", "'10:11:12.9'", "'-01:00:00.0'", "'-10:11:12.9'"}},
    {"time(2)", ANY, {.cls = COL_TIME, .dec = 2}, {"'-00:00:00.01'", "'10:11:12.99'", "'-10:11:12.99'"}},
    {"time(3)", ANY, {.cls = COL_TIME, .dec = 3}, {"'-00:00:00.001'", "'10:11:12.999'", "'-10:11:12.120'"}},
    {"time(4)", ANY, {.cls = COL_TIME, .dec = 4}, {"'-00:00:00.0001'", "'10:11:12.9999'", "'-10:11:12.0012'"}},
    {"time(5)", ANY, {.cls = COL_TIME, .dec = 5}, {"'-00:00:00.00001'", "'10:11:12.99999'"}},
    {"time(6)", ANY, {.cls = COL_TIME, .dec = 6}, {"'-00:00:00.000001'", "'838:59:58.999999'", "'-838:59:59.000000'",
                                                    "'-10:11:12.000012'"}},
    {"datetime", ANY, {.cls = COL_DATETIME}, {"'0000-00-00'", "'2024-02-29 23:59:59'", "'9999-12-31 23:59:59'",
                                              "'2024-00-00 00:00:00'", "'1000-01-01 00:00:00'"}},
    {"datetime(1)", ANY, {.cls = COL_DATETIME, .dec = 1}, {"'0000-00-00'", "'2024-02-29 23:59:59.9'"}},
    {"datetime(2)", ANY, {.cls = COL_DATETIME, .dec = 2}, {"'2024-02-29 23:59:59.09'"}},
    {"datetime(3)", ANY, {.cls = COL_DATETIME, .dec = 3}, {"'2024-02-29 23:59:59.999'", "'2024-01-01 00:00:00.001'"}},
    {"datetime(4)", ANY, {.cls = COL_DATETIME, .dec = 4}, {"'2024-02-29 23:59:59.0009'"}},
    {"datetime(5)", ANY, {.cls = COL_DATETIME, .dec = 5}, {"'2024-02-29 23:59:59.00009'"}},
    {"datetime(6)", ANY, {.cls = COL_DATETIME, .dec = 6}, {"'9999-12-31 23:59:59.999999'", "'0000-00-00'",
                                                            "'2024-02-29 00:00:00.000001'"}},
    {"timestamp null", ANY, {.cls = COL_TIMESTAMP}, {"'0000-00-00'", "'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'",
                                                     "'2024-02-29 12:00:00'", "'2000-03-01 00:00:00'",
                                                     "'1999-12-31 23:59:59'", "'2000-12-31 23:59:59'"}},
    {"timestamp(1) null", ANY, {.cls = COL_TIMESTAMP, .dec = 1}, {"'0000-00-00'", "'2024-02-29 12:00:00.9'"}},
    {"timestamp(3) null", ANY, {.cls = COL_TIMESTAMP, .dec = 3}, {"'0000-00-00'", "'2024-02-29 12:00:00.009'"}},
    {"timestamp(6) null", ANY, {.cls = COL_TIMESTAMP, .dec = 6}, {"'0000-00-00'", "'2024-02-29 12:00:00.000009'",
                                                                  "'2038-01-19 03:14:07.999999'"}},
    {"char(10) character set utf8mb4", ANY, {.cls = COL_CHAR, UTF8(10)},
     {"''", "'a'", "'a  '", "'äöü日本😀😀😀😀'", "' a'"}},
    {"char(100) character set utf8mb4", ANY, {.cls = COL_CHAR, UTF8(100)}, {"''", "repeat('😀',100)", "repeat('a',100)"}},
    {"char(255) character set utf8mb4", ANY, {.cls = COL_CHAR, UTF8(255)}, {"repeat('😀',255)", "'x'"}},
    {"char(64) character set utf8mb4", ANY, {.cls = COL_CHAR, UTF8(64)}, {"repeat('😀',64)", "'x'"}},
    {"char(200) character set utf8mb3", NOT_56, {.cls = COL_CHAR, .charset = CS_UTF8MB3, .length = 200},
     {"repeat('日',200)"}},
    {"char(10) character set latin1", ANY, {.cls = COL_CHAR, .charset = CS_LATIN1, .length = 10},
     {"'ä€ß'", "x'808182838485868788'", "x'898a8b8c8d8e8f9091'", "x'92939495969798999a9b'", "x'9c9d9e9fa0ff'"}},
    {"varchar(255) character set ascii", ANY, {.cls = COL_VARCHAR, .charset = CS_ASCII}, {"''", "'abc  '"}},
    {"varchar(60) character set utf8mb4", ANY, {.cls = COL_VARCHAR, .charset = CS_UTF8MB4}, {"''", "'ä '", "repeat('😀',60)"}},
    {"varchar(64) character set utf8mb4", ANY, {.cls = COL_VARCHAR, .charset = CS_UTF8MB4}, {"''", "'ä '", "repeat('😀',64)"}},
    {"varchar(1000) character set latin1", ANY, {.cls = COL_VARCHAR, .charset = CS_LATIN1}, {"repeat('é',1000)"}},
    {"tinytext character set latin1", ANY, {.cls = COL_TEXT, .charset = CS_LATIN1}, {"''", "'ß'"}},
    {"text character set utf8mb4", ANY, {.cls = COL_TEXT, .charset = CS_UTF8MB4}, {"''", "repeat('ä',20000)", "'a\\0b'"}},
    {"mediumtext character set utf8mb4", ANY, {.cls = COL_TEXT, .charset = CS_UTF8MB4}, {"repeat('ä',100000)"}},
    {"longtext character set utf8mb4", ANY, {.cls = COL_TEXT, .charset = CS_UTF8MB4}, {"'x'"}},
    {"binary(5)", ANY, {.cls = COL_BINARY, .length = 5}, {"''", "'ab'", "x'0001000000'", "x'2020202020'", "x'ff'"}},
    {"binary(255)", ANY, {.cls = COL_BINARY, .length = 255}, {"'ab'", "repeat('x',255)"}},
    {"varbinary(300)", ANY, {.cls = COL_VARBINARY}, {"''", "x'00ff00'", "repeat('x',300)"}},
    {"tinyblob", ANY, {.cls = COL_BLOB}, {"''", "x'00'"}},
    {"blob", ANY, {.cls = COL_BLOB}, {"''", "x'00ff'", "repeat(x'ff',65535)"}},
    {"mediumblob", ANY, {.cls = COL_BLOB}, {"repeat(x'00',70000)"}},
    {"longblob", ANY, {.cls = COL_BLOB}, {"x'0102'"}},
    {"enum('a','b,c','ä','日本','') character set utf8mb4", ANY, {.cls = COL_ENUM, .members = abc, .nmembers = 5},
     {"'a'", "'b,c'", "'ä'", "'日本'", "''", "0"}},
    {"enum('a','b','ä') character set latin1", ANY, {.cls = COL_ENUM, .members = abcd, .nmembers = 3}, {"'ä'", "0"}},
    {"set('a','b','ä','日本') character set utf8mb4", ANY, {.cls = COL_SET, .members = abcd, .nmembers = 4},
     {"''", "'a'", "'a,ä'", "15", "'日本,b'"}},
    {"varchar(100) compressed character set latin1", MARIADB, {.cls = COL_VARCHAR, .charset = CS_LATIN1},
     {"''", "'é'", "repeat('é',100)", "repeat('a',100)"}},
    {"varchar(255) compressed character set utf8mb4", MARIADB, {.cls = COL_VARCHAR, .charset = CS_UTF8MB4}, {"''", "repeat('😀',255)"}},
    {"varbinary(3000) compressed", MARIADB, {.cls = COL_VARBINARY}, {"''", "x'00'", "repeat('x',3000)"}},
    {"tinyblob compressed", MARIADB, {.cls = COL_BLOB}, {"''", "repeat('x',254)", "x'00ff'"}},
    {"longtext compressed character set utf8mb4", MARIADB, {.cls = COL_TEXT, .charset = CS_UTF8MB4}, {"''", "repeat('ä',100000)", "'short'"}},
    {"uuid", MARIADB, {.cls = COL_UUID}, {"'00000000-0000-0000-0000-000000000000'", "'01234567-89ab-1def-8123-456789abcdef'",
                                          "'01234567-89ab-7def-8123-456789abcd00'", "'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF'",
                                          "'01234567-89ab-cdef-0123-456789abcdef'"}},
    {"inet4", MARIADB, {.cls = COL_INET4}, {"'0.0.0.0'", "'255.255.255.255'", "'1.0.0.0'", "'192.168.0.1'"}},
    {"inet6", MARIADB, {.cls = COL_INET6}, {"'::'", "'::1'", "'::1.2.3.4'", "'::ffff:1.2.3.4'", "'::0.0.1.2'", "'1::'", "'1:0:2:3:4:5:6:7'",
                                            "'1:0:0:2:0:0:0:3'", "'1:0:0:2:3:0:0:4'", "'fe80::1'", "'2001:db8::ff00:42:8329'", "'::ffff:0:1.2.3.4'",
                                            "'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'", "'0:1:2:3:4:5:6:7'", "'1:2:3:4:5:6:7:0'", "'::2:0:0:1'"}},
    {"json", MARIADB, {.cls = COL_JSON}, {"'{\"a\":1}'", "'[1, 2.0]'"}},
    {"json", MYSQL_JSON, {.cls = COL_JSON},
     {"'{\"b\":1, \"a\": [1, 2.0, true, false, null], \"\": {}}'", "'[]'", "'{}'", "'1'", "'-1'", "'32768'",
      "'-32769'", "'65536'", "'2147483648'", "'-2147483649'", "'9223372036854775808'", "'18446744073709551615'",
      "'1.0'", "'1e20'", "'1e15'", "'0.1'", "'-0.0'", "'1e-7'", "'1.5e300'", "'12345678901234567890123'",
      "'\"a\\\\\"b\\\\\\\\c\\\\n\\\\t\\\\u0001\\\\u007f\\\\/ä😀\"'", "'null'", "'true'",
      "json_object('d', cast('2024-02-29' as date), 't', cast('-10:11:12.5' as time(6)))",
      "json_object('dt', cast('2024-02-29 01:02:03' as datetime), 'n', cast(-12.50 as decimal(10,3)))",
      "json_array(x'0001ff', b'101', cast('x' as char), 1.50)", "json_quote(repeat('a',70000))",
      "json_array(repeat(x'ff', 200))", "json_array(repeat('é', 40000), 70000, -70000, 3)",
      "concat('[', repeat('[1,\"xyz\",{\"k\":-70000}],', 20000), '1]')",
      "json_object('k', timestamp('2024-01-01 00:00:00.123456'), 'y', cast(2024 as year))",
      "json_array(cast(0.5 as float), cast(0.1 as double), 1e0, 18446744073709551615)"}},
};

static struct arena arena;

static bool is_meant(const struct type_case *t)
{
    unsigned v = writer.server.version;
    bool maria = writer.server.flavour == DB_MARIADB;
    if (t->only & MYSQL_JSON && (maria || v < 50700))
        return false;
    if (t->only & MARIADB && !maria)
        return false;
    return !(t->only & NOT_56) || maria || v >= 50700;
}

/* The rows of one table in the stream against a SELECT that was stored before. */
struct expectation {
    char table[32];
    struct column columns[2];
    MYSQL_RES *res;
    unsigned written, deleted;
};

static unsigned compare(struct expectation *x, const struct type_case *t, const struct cell *cells, unsigned i)
{
    mysql_data_seek(x->res, i);
    MYSQL_ROW row = mysql_fetch_row(x->res);
    unsigned long *n = mysql_fetch_lengths(x->res);
    bool same = (row[1] == NULL) == (cells[1].p == NULL) &&
                (!row[1] || (n[1] == cells[1].n && memcmp(row[1], cells[1].p, n[1]) == 0));
    if (same)
        return 0;
    print_error("%s, value %s: SELECT gives %.60s (%lu), the binlog %.*s (%u)\n", t->sql,
                i < MAX_VALUES && t->values[i] ? t->values[i] : "NULL", row[1] ? row[1] : "NULL", row[1] ? n[1] : 0,
                cells[1].p ? (int)TG_MIN(cells[1].n, 60u) : 4, cells[1].p ? cells[1].p : "NULL", cells[1].n);
    return 1;
}

static void make_table(struct expectation *x, const struct type_case *t, unsigned number)
{
    struct buf sql = {0};
    struct err e = {0};
    snprintf(x->table, sizeof x->table, "t%u", number);
    x->columns[0] = (struct column){.name = "id", .type_text = "int", .cls = COL_INT};
    x->columns[1] = t->column;
    x->columns[1].name = "v";
    x->columns[1].type_text = (char *)t->sql;
    buf_addf(&sql, "CREATE TABLE %s (id int PRIMARY KEY, v %s)", x->table, t->sql);
    run_buf(&sql);
    unsigned n = 0;
    for (; n < MAX_VALUES && t->values[n]; n++) {
        buf_addf(&sql, "INSERT INTO %s VALUES (%u, %s)", x->table, n, t->values[n]);
        run_buf(&sql);
    }
    buf_addf(&sql, "INSERT INTO %s VALUES (%u, NULL)", x->table, n);
    run_buf(&sql);
    buf_adds(&sql, "SELECT id, ");
    col_read_expr(&sql, &x->columns[1]);
    buf_addf(&sql, " FROM " SCHEMA ".%s ORDER BY id", x->table);
    if (!conn_query(&reader, sql.p, &x->res, &e))
        fail_msg("%s: %s", sql.p, e.text);
    assert_int_equal(mysql_num_rows(x->res), n + 1);
    buf_reset(&sql);
    buf_addf(&sql, "DELETE FROM %s", x->table);
    run_buf(&sql);
    buf_release(&sql);
}

static unsigned take_rows(struct expectation *x, const struct type_case *t, const struct binlog_event *ev)
{
    struct row_reader r;
    struct err e = {0};
    unsigned bad = 0;
    struct cell before[2], after[2];
    if (!rows_begin(&r, ev, x->columns, 2, NULL, &e))
        fail_msg("%s: %s", t->sql, e.text);
    for (bool done = false;;) {
        if (!rows_next(&r, &arena, before, after, &done, &e))
            fail_msg("%s: %s", t->sql, e.text);
        if (done)
            return bad;
        bool is_write = ev->rows.action == ROWS_WRITE;
        bad += compare(x, t, is_write ? after : before, is_write ? x->written++ : x->deleted++);
    }
}

static void test_types(void **state)
{
    (void)state;
    if (!writer.my)
        skip();
    static struct expectation all[TG_ARRAY_LEN(cases)];
    struct pos from = master_position();
    for (size_t i = 0; i < TG_ARRAY_LEN(cases); i++)
        if (is_meant(&cases[i]))
            make_table(&all[i], &cases[i], (unsigned)i);
    run("CREATE TABLE the_end (id int)");
    struct pos to = master_position();
    struct binlog *b = open_at(from);
    struct binlog_decoder *d = decoder_new(writer.server.flavour == DB_MARIADB);
    struct binlog_raw *raw = NULL;
    struct binlog_event ev = {0};
    unsigned bad = 0;
    while (pos_cmp(&ev.end, &to) < 0) {
        next(b, d, &raw, &ev);
        if (ev.kind != BINLOG_ROWS || strcmp(ev.rows.map->schema, SCHEMA) != 0)
            continue;
        unsigned long i = strtoul(ev.rows.map->table + 1, NULL, 10);
        assert_true(i < TG_ARRAY_LEN(cases));
        bad += take_rows(&all[i], &cases[i], &ev);
    }
    assert_int_equal(ev.end.at, to.at);
    for (size_t i = 0; i < TG_ARRAY_LEN(cases); i++) {
        if (!all[i].res)
            continue;
        if (all[i].written != mysql_num_rows(all[i].res) || all[i].deleted != all[i].written)
            fail_msg("%s: %u rows written, %u deleted", cases[i].sql, all[i].written, all[i].deleted);
        mysql_free_result(all[i].res);
    }
    free(raw);
    decoder_free(d);
    binlog_close(b);
    assert_int_equal(bad, 0);
}

/* Doubles of every kind, powers of two in particular, in one statement per thousand. */
static void test_doubles(void **state)
{
    (void)state;
    if (!writer.my)
        skip();
    struct column columns[] = {{.name = "id", .type_text = "int", .cls = COL_INT},
                               {.name = "v", .type_text = "double", .cls = COL_DOUBLE}};
    struct expectation x = {.columns = {columns[0], columns[1]}};
    struct type_case t = {.sql = "double"};
    struct err e = {0};
    run("CREATE TABLE doubles (id int PRIMARY KEY, v double)");
    struct pos from = master_position();
    struct buf sql = {0};
    uint64_t seed = 88172645463325252u;
    for (int i = 0; i < 6000; i++) {
        if (i % 1000 == 0)
            buf_adds(&sql, "INSERT INTO doubles VALUES ");
        double v;
        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        uint64_t bits = i < 2047 ? (uint64_t)i << 52 : seed;
        memcpy(&v, &bits, sizeof v);
        bool is_finite = (bits >> 52 & 2047) != 2047;
        buf_addf(&sql, "%s(%d, %.17g)", i % 1000 ? "," : "", i, is_finite ? v : (double)i / 7);
        if (i % 1000 == 999)
            run_buf(&sql);
    }
    struct pos to = master_position();
    assert_true(conn_query(&reader, "SELECT id, v FROM " SCHEMA ".doubles ORDER BY id", &x.res, &e));
    struct binlog *b = open_at(from);
    struct binlog_decoder *d = decoder_new(writer.server.flavour == DB_MARIADB);
    struct binlog_raw *raw = NULL;
    struct binlog_event ev = {0};
    unsigned bad = 0;
    while (pos_cmp(&ev.end, &to) < 0) {
        next(b, d, &raw, &ev);
        if (ev.kind == BINLOG_ROWS && strcmp(ev.rows.map->table, "doubles") == 0)
            bad += take_rows(&x, &t, &ev);
    }
    assert_int_equal(x.written, 6000);
    mysql_free_result(x.res);
    buf_release(&sql);
    free(raw);
    decoder_free(d);
    binlog_close(b);
    assert_int_equal(bad, 0);
}

/* Every code of every charset of the server, as a column holds it: the text of a SELECT against the row images. */
#define NIBBLE                                                                                                          \
    "(SELECT 0 n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5"        \
    " UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9 UNION ALL SELECT 10"                  \
    " UNION ALL SELECT 11 UNION ALL SELECT 12 UNION ALL SELECT 13 UNION ALL SELECT 14 UNION ALL SELECT 15)"
#define BYTE(a, b) "(" #a ".n*16+" #b ".n)"
#define FROM2 " FROM " NIBBLE " a, " NIBBLE " b ORDER BY 1"
#define FROM4 " FROM " NIBBLE " a, " NIBBLE " b, " NIBBLE " x, " NIBBLE " y"
static const char ones[] = "SELECT " BYTE(a, b) " i, CHAR(" BYTE(a, b) ")" FROM2;
static const char pairs[] = "SELECT " BYTE(a, b) "*256+" BYTE(x, y) " i, CHAR(" BYTE(a, b) "," BYTE(x, y) ")" FROM4 " ORDER BY 1";
static const char triples[] = "SELECT " BYTE(a, b) "*256+" BYTE(x, y) " i, CHAR(143," BYTE(a, b) "," BYTE(x, y) ")" FROM4
                              " WHERE a.n>7 AND x.n>7 ORDER BY 1";
static const char fours[] = "SELECT ((a.n*10+b.n)*126+" BYTE(x, y) ")*10+d.n i, CHAR(129+a.n,48+b.n,129+" BYTE(x, y) ",48+d.n)" FROM4
                            ", " NIBBLE " d WHERE a.n<4 AND b.n<10 AND d.n<10 AND " BYTE(x, y) "<126 ORDER BY 1";
static const char linear[] = "SELECT " BYTE(a, b) "*256+" BYTE(x, y) " i, CHAR(144+b.n,48+y.n,129+" BYTE(a, x) "%126,57-y.n)" FROM4
                             " WHERE y.n<10 ORDER BY 1";
static const char surrogates[] = "SELECT " BYTE(a, b) "*256+" BYTE(x, y) " i, CHAR(216+b.n%4," BYTE(a, x) ",220+y.n%4," BYTE(x, b) ")" FROM4
                                 " ORDER BY 1";
static const char surrogates_le[] = "SELECT " BYTE(a, b) "*256+" BYTE(x, y) " i, CHAR(" BYTE(a, x) ",216+b.n%4," BYTE(x, b) ",220+y.n%4)"
                                    FROM4 " ORDER BY 1";
static const char utf32[] = "SELECT " BYTE(a, b) "*256+" BYTE(x, y) " i, CHAR(0,0," BYTE(a, b) "," BYTE(x, y) ")" FROM4 " ORDER BY 1";
static const char utf32_high[] = "SELECT " BYTE(a, b) "*256+" BYTE(x, y) " i, CHAR(0," BYTE(a, b) "%18," BYTE(x, y) "," BYTE(b, x) ")" FROM4
                                 " ORDER BY 1";

struct charset_test {
    const char *charset, *codes;
    char table[24];
    struct column columns[2];
    MYSQL_RES *res;
    unsigned long seen, lost;
};

static bool fill_charset(struct charset_test *t, const char *charset, const char *codes)
{
    struct buf sql = {0};
    struct err e = {0};
    static unsigned number;
    snprintf(t->table, sizeof t->table, "cs%u", number++);
    t->columns[0] = (struct column){.name = "id", .type_text = "int", .cls = COL_INT};
    t->columns[1] = (struct column){.name = "v", .type_text = "varchar", .cls = COL_VARCHAR, .charset = CS_OTHER,
                                    .collation = (char *)charset};
    buf_addf(&sql, "CREATE TABLE %s (id int PRIMARY KEY, v varchar(8) CHARACTER SET %s)", t->table, charset);
    if (mysql_query(writer.my, sql.p)) {
        assert_int_equal(mysql_errno(writer.my), 1115); /* this server has no such charset */
        buf_release(&sql);
        return false;
    }
    buf_reset(&sql);
    buf_addf(&sql, "INSERT IGNORE INTO %s %s", t->table, codes);
    run_buf(&sql);
    buf_addf(&sql, "SELECT id, v FROM " SCHEMA ".%s ORDER BY id", t->table);
    if (!conn_query(&reader, sql.p, &t->res, &e))
        fail_msg("%s: %s", sql.p, e.text);
    buf_release(&sql);
    return true;
}

static unsigned take_codes(struct charset_test *t, struct charmaps *maps, const struct binlog_event *ev)
{
    struct row_reader r;
    struct err e = {0};
    unsigned bad = 0;
    struct cell after[2];
    if (!rows_begin(&r, ev, t->columns, 2, maps, &e))
        fail_msg("%s: %s", t->columns[1].collation, e.text);
    for (bool done = false;; t->seen++) {
        if (!rows_next(&r, &arena, NULL, after, &done, &e))
            fail_msg("%s: %s", t->columns[1].collation, e.text);
        if (done)
            break;
        MYSQL_ROW row = mysql_fetch_row(t->res);
        unsigned long *n = mysql_fetch_lengths(t->res);
        if (n[1] == after[1].n && memcmp(row[1], after[1].p, n[1]) == 0)
            continue;
        if (bad++ < 5)
            print_error("%s: code %s is %.*s in a SELECT (%lu bytes), %.*s in the binlog\n", t->columns[1].collation, row[0],
                        (int)n[1], row[1], n[1], (int)after[1].n, after[1].p);
    }
    t->lost += ev->rows.map->chars[1].lost;
    return bad;
}

static void test_charsets(void **state)
{
    (void)state;
    static const char *const single[] = {
        "armscii8", "ascii",   "cp1250",  "cp1251", "cp1256", "cp1257", "cp850",  "cp852",  "cp866",
        "dec8",     "geostd8", "greek",   "hebrew", "hp8",    "keybcs2", "koi8r", "koi8u",  "latin1",
        "latin2",   "latin5",  "latin7",  "macce",  "macroman", "swe7", "tis620"};
    static const char *const other[][2] = {
        {"big5", pairs}, {"cp932", pairs}, {"euckr", pairs}, {"gb2312", pairs}, {"gbk", pairs}, {"sjis", pairs},
        {"eucjpms", pairs}, {"ujis", pairs}, {"eucjpms", triples}, {"ujis", triples}, {"gb18030", pairs},
        {"gb18030", fours}, {"gb18030", linear}, {"ucs2", pairs}, {"utf16", pairs}, {"utf16le", pairs},
        {"utf16", surrogates}, {"utf16le", surrogates_le}, {"utf32", utf32}, {"utf32", utf32_high}};
    enum { NSINGLE = TG_ARRAY_LEN(single), ALL = NSINGLE + TG_ARRAY_LEN(other) };
    static struct charset_test all[ALL];
    if (!writer.my)
        skip();
    struct charmaps *maps = charmaps_new(&addr);
    struct pos from = master_position();
    for (size_t i = 0; i < ALL; i++)
        fill_charset(&all[i], i < NSINGLE ? single[i] : other[i - NSINGLE][0], i < NSINGLE ? ones : other[i - NSINGLE][1]);
    struct pos to = master_position();
    struct binlog *b = open_at(from);
    struct binlog_decoder *d = decoder_new(writer.server.flavour == DB_MARIADB);
    struct binlog_raw *raw = NULL;
    struct binlog_event ev = {0};
    unsigned bad = 0;
    while (pos_cmp(&ev.end, &to) < 0) {
        next(b, d, &raw, &ev);
        if (ev.kind != BINLOG_ROWS || strncmp(ev.rows.map->table, "cs", 2) != 0)
            continue;
        for (size_t i = 0; i < ALL; i++)
            if (strcmp(all[i].table, ev.rows.map->table) == 0)
                bad += take_codes(&all[i], maps, &ev);
        arena_release(&arena);
    }
    for (size_t i = 0; i < ALL; i++) {
        if (!all[i].res)
            continue;
        assert_int_equal(all[i].seen, mysql_num_rows(all[i].res));
        mysql_free_result(all[i].res);
    }
    free(raw);
    decoder_free(d);
    binlog_close(b);
    charmaps_free(maps);
    assert_int_equal(bad, 0);
}

static int finish(void **state)
{
    arena_release(&arena);
    return tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_types), cmocka_unit_test(test_doubles),
                                       cmocka_unit_test(test_charsets)};
    return cmocka_run_group_tests(tests, set_up, finish);
}
