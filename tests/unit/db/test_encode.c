// SPDX-License-Identifier: Apache-2.0
// The encoder: literals, packed rows, keys. With TG_TEST_TARGET (host:port of throw-away servers,
// user root without password, several separated by commas) every value of every class goes into a
// real table as encode_literal writes it, is read back as a cell, and is found by encode_match
// alone, with and without an index.
#include "db/conn.h"
#include "db/encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define CELL(lit) ((struct cell){(lit), sizeof(lit) - 1})
#define NULL_CELL ((struct cell){NULL, 0})

static struct column column(enum col_class cls)
{
    return (struct column){.name = (char *)"c", .cls = cls, .collation = (char *)""};
}

static void expect_literal(enum col_class cls, struct cell v, const char *want)
{
    struct buf b = {0};
    struct column c = column(cls);
    buf_adds(&b, ",");
    encode_literal(&b, &c, v);
    assert_string_equal(b.p + 1, want);
    assert_int_equal(b.n, strlen(want) + 1);
    buf_release(&b);
}

static void literals(void **state)
{
    (void)state;
    for (int cls = COL_TINY; cls <= COL_JSON; cls++)
        expect_literal((enum col_class)cls, NULL_CELL, "NULL");
    expect_literal(COL_TINY, CELL("-128"), "-128");
    expect_literal(COL_BIG, CELL("18446744073709551615"), "18446744073709551615");
    expect_literal(COL_DECIMAL, CELL("-0.50"), "-0.50");
    expect_literal(COL_BIT, CELL("5"), "5");
    expect_literal(COL_YEAR, CELL("0000"), "0000");
    expect_literal(COL_DOUBLE, CELL("0.1"), "0.1e0");
    expect_literal(COL_DOUBLE, CELL("1e308"), "1e308");
    expect_literal(COL_DOUBLE, CELL("-0"), "'-0'");
    expect_literal(COL_FLOAT, CELL("16777216"), "16777216e0");
    expect_literal(COL_CHAR, CELL("it's"), "'it\\'s'");
    expect_literal(COL_TEXT, CELL(""), "''");
    expect_literal(COL_VARBINARY, CELL(""), "x''");
    expect_literal(COL_BLOB, CELL("\0\x01\x9a\xff\xf0"), "x'00019afff0'");
    expect_literal(COL_BINARY, CELL("a'\\"), "x'61275c'");
    expect_literal(COL_DATE, CELL("0000-00-00"), "'0000-00-00'");
    expect_literal(COL_TIME, CELL("-838:59:59.000000"), "'-838:59:59.000000'");
    expect_literal(COL_ENUM, CELL("1"), "'1'");
    expect_literal(COL_SET, CELL("a,b"), "'a,b'");
    expect_literal(COL_JSON, CELL("{\"a\": \"\\n'\"}"), "'{\"a\": \"\\\\n\\'\"}'");
}

static void hex_of_all_bytes(void **state)
{
    (void)state;
    unsigned char bytes[259];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 7);
    for (size_t n = 0; n <= sizeof bytes; n += n < 9 ? 1 : 50) {
        struct buf have = {0}, want = {0};
        struct column c = column(COL_BLOB);
        char *exact = x_memdup(bytes, n + !n);
        buf_adds(&want, "x'");
        for (size_t i = 0; i < n; i++)
            buf_addf(&want, "%02x", bytes[i]);
        buf_adds(&want, "'");
        encode_literal(&have, &c, (struct cell){exact, (uint32_t)n});
        assert_string_equal(have.p, want.p);
        free(exact);
        buf_release(&have);
        buf_release(&want);
    }
}

static void expect_match(enum col_class cls, struct cell v, enum db_flavour target,
                         const char *want)
{
    struct buf b = {0};
    struct column c = column(cls);
    encode_match(&b, &c, v, target);
    assert_string_equal(b.p, want);
    buf_release(&b);
}

static void matches(void **state)
{
    (void)state;
    expect_match(COL_INT, NULL_CELL, DB_TIDB, "`c` IS NULL");
    expect_match(COL_JSON, NULL_CELL, DB_MARIADB, "`c` IS NULL");
    expect_match(COL_INT, CELL("-5"), DB_TIDB, "`c`=-5");
    expect_match(COL_FLOAT, CELL("0.5"), DB_TIDB, "`c`+0e0=0.5e0");
    expect_match(COL_BIT, CELL("5"), DB_TIDB, "`c`+0=5");
    expect_match(COL_BLOB, CELL("\0"), DB_MYSQL, "`c`=x'00'");
    expect_match(COL_DATE, CELL("2024-02-31"), DB_MYSQL, "`c`='2024-02-31'");
    expect_match(COL_CHAR, CELL("x"), DB_MYSQL,
                 "(`c`='x' AND CAST(CONVERT(`c` USING utf8mb4) AS BINARY)='x')");
    expect_match(COL_CHAR, CELL("x"), DB_TIDB,
                 "(`c` BETWEEN 'x' AND 'x' AND CAST(CONVERT(`c` USING utf8mb4) AS BINARY)='x')");
    expect_match(COL_TEXT, CELL("x"), DB_TIDB, "CAST(CONVERT(`c` USING utf8mb4) AS BINARY)='x'");
    expect_match(COL_JSON, CELL("1"), DB_MARIADB, "CAST(CONVERT(`c` USING utf8mb4) AS BINARY)='1'");
    expect_match(COL_JSON, CELL("1"), DB_TIDB, "CAST(`c` AS CHAR)=CAST(CAST('1' AS JSON) AS CHAR)");
    expect_match(COL_JSON, CELL("1"), DB_MYSQL,
                 "CAST(`c` AS CHAR)=CAST(CAST('1' AS JSON) AS CHAR)");
}

static void packed_rows(void **state)
{
    (void)state;
    static const struct cell rows[][4] = {
        {CELL("1"), CELL(""), NULL_CELL, CELL("abc")},
        {NULL_CELL, NULL_CELL, NULL_CELL, NULL_CELL},
        {CELL("\0\0"), CELL("x"), CELL("yy"), CELL("")},
    };
    struct buf b = {0};
    size_t sizes[3], at = 0;
    for (size_t i = 0; i < 3; i++)
        sizes[i] = row_pack(&b, rows[i], 4);
    assert_int_equal(sizes[0], 16 + 4);
    assert_int_equal(sizes[1], 16);
    assert_int_equal(b.n, sizes[0] + sizes[1] + sizes[2]);
    for (size_t i = 0; i < 3; i++) {
        struct cell out[4];
        assert_int_equal(row_unpack(b.p + at, 4, out), sizes[i]);
        for (size_t k = 0; k < 4; k++) {
            assert_int_equal(out[k].p == NULL, rows[i][k].p == NULL);
            assert_int_equal(out[k].n, rows[i][k].n);
            if (out[k].p)
                assert_memory_equal(out[k].p, rows[i][k].p, out[k].n);
        }
        at += sizes[i];
    }
    assert_int_equal(row_pack(&b, NULL, 0), 0);
    buf_release(&b);
}

static bool same_exact(enum col_class cls, struct cell a, struct cell b)
{
    struct buf x = {0}, y = {0};
    struct column c = column(cls);
    encode_key_exact(&x, &c, a);
    encode_key_exact(&y, &c, b);
    bool same = x.n == y.n && memcmp(x.p, y.p, x.n) == 0;
    buf_release(&x);
    buf_release(&y);
    return same;
}

static void exact_keys(void **state)
{
    (void)state;
    assert_true(same_exact(COL_INT, CELL("5"), CELL("5")));
    assert_false(same_exact(COL_INT, CELL("5"), CELL("50")));
    assert_false(same_exact(COL_VARCHAR, CELL("a"), CELL("A")));
    assert_false(same_exact(COL_VARCHAR, CELL("a"), CELL("a ")));
    assert_false(same_exact(COL_VARCHAR, CELL(""), NULL_CELL));
    assert_true(same_exact(COL_VARCHAR, NULL_CELL, NULL_CELL));
    assert_true(same_exact(COL_DOUBLE, CELL("0"), CELL("-0")));
    assert_true(same_exact(COL_DOUBLE, CELL("1e2"), CELL("100")));
    assert_false(same_exact(COL_DOUBLE, CELL("0.1"), CELL("0.10000000000000002")));
    struct column c = column(COL_VARCHAR);
    struct buf x = {0}, y = {0}; // two columns never run into each other
    encode_key_exact(&x, &c, CELL("ab"));
    encode_key_exact(&x, &c, CELL("c"));
    encode_key_exact(&y, &c, CELL("a"));
    encode_key_exact(&y, &c, CELL("bc"));
    assert_true(x.n == y.n && memcmp(x.p, y.p, x.n) != 0);
    buf_release(&x);
    buf_release(&y);
}

enum folded { SAME, DIFFERENT, WILD };
static enum folded folded(const struct column *c, struct cell a, struct cell b, uint32_t prefix)
{
    struct buf x = {0}, y = {0};
    buf_adds(&x, "before");
    buf_adds(&y, "before");
    bool is_known = encode_key_folded(&x, c, a, prefix);
    if (!is_known)
        assert_string_equal(x.p, "before");
    is_known = encode_key_folded(&y, c, b, prefix) && is_known;
    bool same = x.n == y.n && memcmp(x.p, y.p, x.n) == 0;
    buf_release(&x);
    buf_release(&y);
    return !is_known ? WILD : same ? SAME : DIFFERENT;
}

static void folded_text(void **state)
{
    (void)state;
    struct column ci = column(COL_VARCHAR), bin = ci, cs = ci, none = ci;
    ci.fold = FOLD_ASCII;
    ci.collation = (char *)"utf8mb4_general_ci";
    bin.fold = FOLD_BYTES;
    bin.collation = (char *)"utf8mb4_bin";
    cs.fold = FOLD_BYTES;
    cs.collation = (char *)"utf8mb4_0900_as_cs";
    none.fold = FOLD_NONE;
    assert_int_equal(folded(&ci, CELL("Ab Z[@`{"), CELL("aB z[@`{  "), 0), SAME);
    assert_int_equal(folded(&ci, CELL("a@"), CELL("a`"), 0), DIFFERENT);
    assert_int_equal(folded(&ci, CELL("[ "), CELL("{"), 0), DIFFERENT);
    assert_int_equal(folded(&ci, CELL(" a"), CELL("a"), 0), DIFFERENT);
    assert_int_equal(folded(&ci, CELL(""), CELL("   "), 0), SAME);
    assert_int_equal(folded(&ci, CELL("\xc3\xa9"), CELL("e"), 0), WILD);
    assert_int_equal(folded(&ci, CELL("e"), CELL("\xc3\xa9"), 0), WILD);
    assert_int_equal(folded(&ci, CELL("a\t"), CELL("a"), 0), WILD);
    assert_int_equal(folded(&ci, CELL("a\x7f"), CELL("a"), 0), WILD);
    assert_int_equal(folded(&ci, CELL("abcd\xc3\xa9"), CELL("ABCX"), 3), SAME);
    assert_int_equal(folded(&ci, CELL("ab\xc3\xa9"), CELL("ABE"), 3), WILD);
    assert_int_equal(folded(&ci, CELL("ab cd"), CELL("ab"), 3), SAME);
    assert_int_equal(folded(&bin, CELL("a"), CELL("A"), 0), DIFFERENT);
    assert_int_equal(folded(&bin, CELL("a "), CELL("a"), 0), SAME);
    assert_int_equal(folded(&bin, CELL("\xc3\xa9"), CELL("\xc3\xa9  "), 0), SAME);
    assert_int_equal(folded(&bin, CELL("\xc3\xa9\xc3\xa9x"), CELL("\xc3\xa9\xc3\xa9y"), 2), SAME);
    assert_int_equal(folded(&bin, CELL("\xc3\xa9\xc3\xa9x"), CELL("\xc3\xa9\xc3\xa9y"), 3),
                     DIFFERENT);
    assert_int_equal(folded(&cs, CELL("a"), CELL("A"), 0), SAME);
    assert_int_equal(folded(&cs, CELL("\xc3\xa9"), CELL("\xc3\xa9"), 0), WILD);
    assert_int_equal(folded(&none, CELL("a"), CELL("a"), 0), WILD);
}

static void folded_others(void **state)
{
    (void)state;
    struct column bytes = column(COL_VARBINARY), number = column(COL_BIG),
                  real = column(COL_DOUBLE), json = column(COL_JSON),
                  binary_text = column(COL_VARCHAR);
    binary_text.charset = CS_BINARY;
    binary_text.collation = (char *)"binary";
    assert_int_equal(folded(&bytes, CELL("a "), CELL("a"), 0), DIFFERENT);
    assert_int_equal(folded(&bytes, CELL("\xff\xfe"), CELL("\xff\xfe"), 0), SAME);
    assert_int_equal(folded(&bytes, CELL("\xff\xfe"), CELL("\xff\xfd"), 1), SAME);
    assert_int_equal(folded(&number, CELL("-1"), CELL("-1"), 0), SAME);
    assert_int_equal(folded(&number, CELL("-1"), CELL("1"), 0), DIFFERENT);
    assert_int_equal(folded(&real, CELL("-0"), CELL("0"), 0), SAME);
    assert_int_equal(folded(&json, CELL("1"), CELL("1"), 0), WILD);
    assert_int_equal(folded(&binary_text, CELL("a "), CELL("a"), 0), DIFFERENT);
}

// --- real servers ---

struct kind {
    enum col_class cls;
    const char *type;
    const char *index;      // an index that may mislead the match; "" where there can be none
    struct cell values[10]; // ends with p == NULL
};

static const struct kind KINDS[] = {
    {COL_BIG, "BIGINT UNSIGNED", "`c`", {CELL("0"), CELL("5"), CELL("18446744073709551615")}},
    {COL_BIG,
     "BIGINT",
     "`c`",
     {CELL("-9223372036854775808"), CELL("9223372036854775807"), CELL("-1")}},
    {COL_DECIMAL,
     "DECIMAL(65,30)",
     "`c`",
     {CELL("-99999999999999999999999999999999999.123456789012345678901234567890"),
      CELL("0.500000000000000000000000000000"), CELL("0.500000000000000000000000000001")}},
    {COL_FLOAT,
     "FLOAT",
     "`c`",
     {CELL("16777216"), CELL("0.10000000149011612"), CELL("1.1754943508222875e-38"),
      CELL("3.4028234663852886e38"), CELL("-1.401298464324817e-45")}},
    {COL_DOUBLE,
     "DOUBLE",
     "`c`",
     {CELL("0.1"), CELL("0.10000000000000002"), CELL("5e-324"), CELL("1.7976931348623157e308"),
      CELL("9007199254740993e3"), CELL("1.2345678901234567e-15"), CELL("-0")}},
    {COL_BIT, "BIT(64)", "", {CELL("0"), CELL("5"), CELL("18446744073709551615")}},
    {COL_YEAR, "YEAR", "`c`", {CELL("0000"), CELL("2000"), CELL("2024"), CELL("1901")}},
    {COL_DATE,
     "DATE",
     "`c`",
     {CELL("0000-00-00"), CELL("2024-00-10"), CELL("2024-02-31"), CELL("9999-12-31")}},
    {COL_TIME,
     "TIME(6)",
     "`c`",
     {CELL("-838:59:59.000000"), CELL("838:59:59.000000"), CELL("-00:00:00.000001"),
      CELL("00:00:00.000000")}},
    {COL_DATETIME,
     "DATETIME(6)",
     "`c`",
     {CELL("0000-00-00 00:00:00.000000"), CELL("2024-02-31 23:59:59.999999"),
      CELL("1000-01-01 00:00:00.000001")}},
    {COL_TIMESTAMP,
     "TIMESTAMP(3) NULL",
     "`c`",
     {CELL("0000-00-00 00:00:00.000"), CELL("1970-01-01 00:00:01.000"),
      CELL("2038-01-19 03:14:07.999")}},
    {COL_CHAR,
     "CHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
     "`c`",
     {CELL("a"), CELL("A"), CELL("\xc3\xa1"), CELL(""), CELL(" a"), CELL("\\'\n"),
      CELL("\xf0\x9f\x90\xac")}},
    {COL_VARCHAR,
     "VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
     "`c`",
     {CELL("a"), CELL("a "), CELL("A"), CELL("\xc3\xa1"), CELL(""), CELL("\xf0\x9f\x90\xac"),
      CELL("\xf0\x9f\x90\xad"), CELL("a\0")}},
    {COL_VARCHAR,
     "VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
     "`c`(2)",
     {CELL("aab"), CELL("aac"), CELL("aab "), CELL("AAB")}},
    {COL_VARCHAR,
     "VARCHAR(9) CHARACTER SET latin1",
     "`c`",
     {CELL("a"), CELL("a "), CELL("\xc3\xa9"), CELL("\xc3\x89"), CELL("\xc3\xbf")}},
    {COL_TEXT,
     "TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
     "`c`(3)",
     {CELL("long"), CELL("longer"), CELL("LONG"), CELL("long "), CELL("")}},
    {COL_BINARY,
     "BINARY(3)",
     "`c`",
     {CELL("a\0\0"), CELL("a \0"), CELL("\xff\xfe\xfd"), CELL("\0\0\0")}},
    {COL_VARBINARY,
     "VARBINARY(9)",
     "`c`",
     {CELL(""), CELL("\0"), CELL("\0 "), CELL("\0\0"), CELL("'\\")}},
    {COL_BLOB, "BLOB", "`c`(1)", {CELL(""), CELL("ab"), CELL("ac"), CELL("ab\0"), CELL("ab ")}},
    {COL_ENUM,
     "ENUM('a','b','1','0','\xc3\xa9') CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
     "`c`",
     {CELL("a"), CELL("b"), CELL("1"), CELL("0"), CELL("\xc3\xa9")}},
    {COL_SET,
     "SET('a','b','1','\xc3\xa9') CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
     "`c`",
     {CELL(""), CELL("a"), CELL("a,b"), CELL("1,\xc3\xa9")}},
    {COL_JSON,
     "JSON",
     "",
     {CELL("{\"a\": [1, \"*/\xc3\xa9\\n'\"], \"b\": null}"), CELL("1"), CELL("\"1\""), CELL("0.1"),
      CELL("[]"), CELL("null"), CELL("18446744073709551615"), CELL("\"A\""), CELL("\"a\"")}},
};

static void must(struct conn *c, const struct buf *sql, uint64_t *affected)
{
    struct err e = {0};
    if (!conn_exec(c, sql->p, sql->n, affected, &e))
        fail_msg("%s: %s", sql->p, e.text);
}

static void make_table(struct conn *c, const struct kind *k, bool with_index)
{
    struct buf sql = {0};
    buf_adds(&sql, "DROP TABLE IF EXISTS tg_encode_test.t");
    must(c, &sql, NULL);
    buf_reset(&sql);
    buf_addf(&sql, "CREATE TABLE tg_encode_test.t (id INT, c %s", k->type);
    if (with_index)
        buf_addf(&sql, ", KEY (%s)", k->index);
    buf_adds(&sql, ")");
    must(c, &sql, NULL);
    buf_release(&sql);
}

static void insert_all(struct conn *c, const struct kind *k, const struct column *col)
{
    struct buf sql = {0};
    buf_adds(&sql, "INSERT INTO tg_encode_test.t (id, c) VALUES (-1, NULL)");
    for (int i = 0; k->values[i].p; i++) {
        buf_addf(&sql, ", (%d, ", i);
        encode_literal(&sql, col, k->values[i]);
        buf_adds(&sql, ")");
    }
    must(c, &sql, NULL);
    buf_release(&sql);
}

// Ids of the rows that match, as text.
static void find(struct conn *c, const struct column *col, struct cell v, char *out, size_t size)
{
    struct buf sql = {0};
    struct err e = {0};
    buf_adds(&sql, "SELECT GROUP_CONCAT(id ORDER BY id) FROM tg_encode_test.t WHERE ");
    encode_match(&sql, col, v, c->server.flavour);
    if (!conn_value(c, sql.p, out, size, &e))
        fail_msg("%s: %s", sql.p, e.text);
    buf_release(&sql);
}

static void delete_one(struct conn *c, const struct column *col, struct cell v, uint64_t want)
{
    struct buf sql = {0};
    uint64_t affected;
    buf_adds(&sql, "DELETE FROM tg_encode_test.t WHERE ");
    encode_match(&sql, col, v, c->server.flavour);
    buf_adds(&sql, " LIMIT 1");
    must(c, &sql, &affected);
    if (affected != want)
        fail_msg("%s: %d rows", sql.p, (int)affected);
    buf_release(&sql);
}

// What the server gives back for the read expression is the cell that went in.
static void read_back(struct conn *c, const struct kind *k, const struct column *col, int id)
{
    struct buf sql = {0};
    struct err e = {0};
    MYSQL_RES *res;
    buf_adds(&sql, "SELECT ");
    col_read_expr(&sql, col);
    buf_addf(&sql, " FROM tg_encode_test.t WHERE id = %d", id);
    assert_true(conn_query(c, sql.p, &res, &e));
    MYSQL_ROW row = mysql_fetch_row(res);
    struct cell want = k->values[id];
    assert_non_null(row);
    if (k->cls == COL_DOUBLE || k->cls == COL_FLOAT) {
        assert_true(strtod(row[0], NULL) == strtod(want.p, NULL));
    } else {
        assert_int_equal(mysql_fetch_lengths(res)[0], want.n);
        assert_memory_equal(row[0], want.p, want.n);
    }
    mysql_free_result(res);
    buf_release(&sql);
}

static void one_kind(struct conn *c, const struct kind *k, bool with_index)
{
    struct column col = column(k->cls);
    make_table(c, k, with_index);
    insert_all(c, k, &col);
    for (int i = 0; k->values[i].p; i++) {
        char have[64], want[16];
        snprintf(want, sizeof want, "%d", i);
        find(c, &col, k->values[i], have, sizeof have);
        if (strcmp(have, want) != 0)
            fail_msg("%s %s, value %d: found %s", c->server.version_text, k->type, i, have);
        read_back(c, k, &col, i);
    }
    for (int i = 0; k->values[i].p; i++) {
        delete_one(c, &col, k->values[i], 1);
        delete_one(c, &col, k->values[i], 0);
    }
    delete_one(c, &col, NULL_CELL, 1);
}

// The writers' own form for a single key: TiDB would find 'aab ' and 'AAB' too if column and
// constant had the same collation, so the pinned session has one that columns do not share, or an
// exact one.
static void equality_keeps_bytes(struct conn *c)
{
    static const char *const collations[] = {"utf8mb4_bin", "utf8mb4_general_ci",
                                             "utf8mb4_unicode_ci"};
    struct err e = {0};
    for (size_t i = 0; i < TG_ARRAY_LEN(collations); i++) {
        char have[16];
        assert_true(conn_execf(c, &e, "DROP TABLE IF EXISTS tg_encode_test.t"));
        assert_true(conn_execf(c, &e,
                               "CREATE TABLE tg_encode_test.t (id INT, c VARCHAR(9) "
                               "CHARACTER SET utf8mb4 COLLATE %s, KEY (c))",
                               collations[i]));
        assert_true(conn_execf(c, &e,
                               "INSERT INTO tg_encode_test.t VALUES (1, 'aab'), (2, 'aab '), "
                               "(3, 'AAB')"));
        assert_true(conn_value(c,
                               "SELECT GROUP_CONCAT(id) FROM tg_encode_test.t WHERE c = 'aab' AND "
                               "CAST(c AS BINARY) = 'aab'",
                               have, sizeof have, &e));
        assert_string_equal(have, "1");
    }
}

// With the session as pinned, and with collations that TiDB could carry from one condition into
// another.
static void all_kinds(struct conn *c)
{
    static const char *const collations[] = {NULL, "utf8mb4_bin", "utf8mb4_general_ci"};
    struct err e = {0};
    assert_true(conn_execf(c, &e, "CREATE DATABASE IF NOT EXISTS tg_encode_test"));
    equality_keeps_bytes(c);
    for (size_t n = 0; n < TG_ARRAY_LEN(collations); n++) {
        if (collations[n])
            assert_true(conn_execf(c, &e, "SET NAMES utf8mb4 COLLATE %s", collations[n]));
        for (size_t i = 0; i < TG_ARRAY_LEN(KINDS); i++) {
            if (n && !strstr(KINDS[i].type, "CHARACTER"))
                continue;
            one_kind(c, &KINDS[i], false);
            if (KINDS[i].index[0])
                one_kind(c, &KINDS[i], true);
        }
    }
    assert_true(conn_execf(c, &e, "DROP DATABASE tg_encode_test"));
}

static void real_target(void **state)
{
    (void)state;
    const char *list = getenv("TG_TEST_TARGET");
    if (!list || !*list) {
        fprintf(stderr, "SKIPPED: TG_TEST_TARGET is not set\n");
        skip();
    }
    for (const char *p = list; *p;) {
        char host[128];
        unsigned port;
        assert_int_equal(sscanf(p, "%127[^:,]:%u", host, &port), 2);
        struct db_addr a = {
            .host = host, .user = (char *)"root", .port = (uint16_t)port, .is_target = true};
        struct conn c;
        struct err e = {0};
        if (!conn_open_target(&c, &a, 60, &e))
            fail_msg("%s: %s", e.where, e.text);
        all_kinds(&c);
        conn_close(&c);
        p += strcspn(p, ",");
        p += *p == ',';
    }
}

// Large bytes are quoted, and a size that is told is never too small.
static void sizes(void **state)
{
    (void)state;
    static char bytes[(1 << 20) + 3];
    static const enum col_class classes[] = {COL_INT, COL_DOUBLE, COL_TEXT, COL_BLOB, COL_JSON};
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7 % 256);
    memcpy(bytes, "42", 2);
    for (size_t k = 0; k < TG_ARRAY_LEN(classes); k++) {
        struct column c = {.name = (char *)"c", .cls = classes[k]};
        bool is_number = col_is_number(c.cls);
        const uint32_t lengths[] = {1, 2, is_number ? 2 : 1000, is_number ? 2 : sizeof bytes};
        for (size_t i = 0; i < TG_ARRAY_LEN(lengths); i++) {
            struct buf out = {0};
            encode_literal(&out, &c, (struct cell){bytes, lengths[i]});
            assert_true(encode_literal_size(&c, (struct cell){bytes, lengths[i]}) >= out.n);
            assert_int_equal(strncmp(out.p, "_binary'", 8) == 0, c.cls == COL_BLOB && lengths[i] > 1000);
            buf_release(&out);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals),      cmocka_unit_test(hex_of_all_bytes),
        cmocka_unit_test(matches),       cmocka_unit_test(packed_rows),
        cmocka_unit_test(exact_keys),    cmocka_unit_test(folded_text),
        cmocka_unit_test(folded_others), cmocka_unit_test(real_target),
        cmocka_unit_test(sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
