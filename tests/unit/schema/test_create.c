// SPDX-License-Identifier: Apache-2.0
// table_from_sql on what servers print and on what people write: types, charsets, members, keys, the row key, and that
// table_to_sql reads back.

#include "server.h"

static struct ddl_context maria = {.schema = "s", .charset = "utf8mb4", .is_mariadb = true, .version = 101119};
static struct ddl_context my9 = {.schema = "s", .version = 90700};
static struct ddl_context my56 = {.schema = "s", .charset = "latin1", .version = 50651};

static struct table *read(const char *sql, const struct ddl_context *cx)
{
    struct err e = {0};
    struct table *t = table_from_sql(sql, strlen(sql), cx, &e);
    if (!t)
        fail_msg("%s\n  in: %s", e.text, sql);
    struct buf text = {0};
    table_to_sql(t, &text);
    struct table *again = table_from_sql(text.p, text.n, cx, &e);
    if (!again || !table_equal(t, again))
        fail_msg("%s\n  does not read back: %s", e.text, text.p);
    buf_release(&text);
    table_drop(again);
    return t;
}

/* One column of a type: what becomes of it. */
static void test_types(void **state)
{
    (void)state;
    static const struct {
        const char *type, *text;
        enum col_class cls;
        const char *collation;
    } rows[] = {
        {"INT", "int(11)", COL_INT, ""}, {"INTEGER UNSIGNED", "int(10) unsigned", COL_INT, ""},
        {"INT1", "tinyint(4)", COL_TINY, ""}, {"BOOL", "tinyint(1)", COL_TINY, ""}, {"MIDDLEINT", "mediumint(9)", COL_MEDIUM, ""},
        {"BIGINT(5) ZEROFILL", "bigint(5) unsigned zerofill", COL_BIG, ""}, {"DEC", "decimal(10,0)", COL_DECIMAL, ""},
        {"NUMERIC(5)", "decimal(5,0)", COL_DECIMAL, ""}, {"FIXED(6,2) UNSIGNED", "decimal(6,2) unsigned", COL_DECIMAL, ""},
        {"FLOAT(24)", "float", COL_FLOAT, ""}, {"FLOAT(25)", "double", COL_DOUBLE, ""}, {"REAL", "double", COL_DOUBLE, ""},
        {"DOUBLE PRECISION", "double", COL_DOUBLE, ""}, {"BIT", "bit(1)", COL_BIT, ""}, {"CHAR", "char(1)", COL_CHAR, "utf8mb4_general_ci"},
        {"CHARACTER VARYING(9)", "varchar(9)", COL_VARCHAR, "utf8mb4_general_ci"},
        {"NATIONAL VARCHAR(9)", "varchar(9)", COL_VARCHAR, "utf8mb3_general_ci"},
        {"NVARCHAR(9)", "varchar(9)", COL_VARCHAR, "utf8mb3_general_ci"},
        {"VARCHAR(9) CHARACTER SET latin1 COLLATE latin1_bin", "varchar(9)", COL_VARCHAR, "latin1_bin"},
        {"VARCHAR(9) COLLATE latin1_german1_ci", "varchar(9)", COL_VARCHAR, "latin1_german1_ci"},
        {"VARCHAR(9) CHARSET utf8", "varchar(9)", COL_VARCHAR, "utf8mb3_general_ci"},
        {"VARCHAR(9) BINARY", "varchar(9)", COL_VARCHAR, "utf8mb4_bin"}, {"VARCHAR(70000)", "mediumtext", COL_TEXT, "utf8mb4_general_ci"},
        {"VARCHAR(9) CHARACTER SET binary", "varbinary(9)", COL_VARBINARY, ""}, {"TEXT(60)", "tinytext", COL_TEXT, "utf8mb4_general_ci"},
        {"TEXT(64)", "text", COL_TEXT, "utf8mb4_general_ci"}, {"BLOB(70000)", "mediumblob", COL_BLOB, ""},
        {"LONG", "mediumtext", COL_TEXT, "utf8mb4_general_ci"}, {"LONG VARBINARY", "mediumblob", COL_BLOB, ""},
        {"BINARY", "binary(1)", COL_BINARY, ""}, {"DATETIME(3)", "datetime(3)", COL_DATETIME, ""}, {"TIME", "time", COL_TIME, ""},
        {"YEAR", "year(4)", COL_YEAR, ""}, {"JSON", "longtext", COL_TEXT, "utf8mb4_bin"}, {"UUID", "uuid", COL_UUID, ""},
        {"INET6", "inet6", COL_INET6, ""}, {"POINT", "point", COL_GEOMETRY, ""}, {"GEOMETRY", "geometry", COL_GEOMETRY, ""},
        {"VARCHAR(9) /*M!100301 COMPRESSED*/", "varchar(9)", COL_VARCHAR, "utf8mb4_general_ci"},
        {"VECTOR(4)", "vector", COL_UNSUPPORTED, ""}, {"VARCHAR(9) COLLATE uca1400_ai_ci", "varchar(9)", COL_VARCHAR, "utf8mb4_uca1400_ai_ci"},
    };
    for (size_t i = 0; i < TG_ARRAY_LEN(rows); i++) {
        char sql[200];
        snprintf(sql, sizeof sql, "CREATE TABLE t (c %s)", rows[i].type);
        struct table *t = read(sql, &maria);
        assert_string_equal(t->columns[0].type_text, rows[i].text);
        assert_int_equal(t->columns[0].cls, rows[i].cls);
        assert_string_equal(t->columns[0].collation, rows[i].collation);
        table_drop(t);
    }
    struct table *t = read("CREATE TABLE t (a INT, b TINYINT(1), c JSON, d YEAR(4), e VARCHAR(3), f INT(5) ZEROFILL)", &my9);
    const char *want[] = {"int", "tinyint(1)", "json", "year", "varchar(3)", "int(5) unsigned zerofill"};
    for (size_t i = 0; i < TG_ARRAY_LEN(want); i++)
        assert_string_equal(t->columns[i].type_text, want[i]);
    assert_int_equal(t->columns[2].cls, COL_JSON);
    assert_string_equal(t->columns[4].collation, "utf8mb4_0900_ai_ci");
    table_drop(t);
}

static void test_members(void **state)
{
    (void)state;
    struct table *t = read("CREATE TABLE t (e ENUM('a  ','it''s','b\\\\c','d\\'e',x'c3a4') NOT NULL, s SET(\"x\",'y'))", &maria);
    const char *want[] = {"a", "it's", "b\\c", "d'e", "ä"};
    assert_int_equal(t->columns[0].nmembers, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(t->columns[0].members[i], want[i]);
    assert_string_equal(t->columns[0].type_text, "enum('a','it''s','b\\\\c','d''e','ä')");
    assert_string_equal(t->columns[1].members[0], "x");
    table_drop(t);
    struct ddl_context plain = maria;
    plain.no_backslash_escapes = plain.ansi_quotes = true;
    t = read("CREATE TABLE \"t\" (\"e\" ENUM('a\\','b'))", &plain);
    assert_string_equal(t->columns[0].members[0], "a\\");
    table_drop(t);
}

static void test_row_key(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *key; /* NULL: keyless */
    } rows[] = {
        {"CREATE TABLE t (a INT, b INT NOT NULL, UNIQUE u (b), PRIMARY KEY (a))", "PRIMARY"},
        {"CREATE TABLE t (a INT, b INT NOT NULL, UNIQUE u1 (a), UNIQUE u2 (b))", "u2"},
        {"CREATE TABLE t (a INT)", NULL},
        {"CREATE TABLE t (a INT, UNIQUE (a))", NULL},
        {"CREATE TABLE t (a DOUBLE NOT NULL, PRIMARY KEY (a))", NULL},
        {"CREATE TABLE t (a VARCHAR(20) NOT NULL, UNIQUE u (a(5)))", NULL},
        {"CREATE TABLE t (a VARCHAR(20) NOT NULL, UNIQUE u (a(20)))", "u"},
        {"CREATE TABLE t (a TEXT NOT NULL, UNIQUE u (a) USING HASH)", NULL},
        {"CREATE TABLE t (a INT NOT NULL, g INT AS (a + 1) VIRTUAL NOT NULL, UNIQUE u (g))", NULL},
        {"CREATE TABLE t (a INT NOT NULL, UNIQUE u ((a + 1)))", NULL},
        {"CREATE TABLE t (a INT KEY)", "PRIMARY"},
        {"CREATE TABLE t (a SERIAL)", "a"},
        {"CREATE TABLE t (a CHAR(4) CHARACTER SET sjis PRIMARY KEY)", "PRIMARY"},
    };
    for (size_t i = 0; i < TG_ARRAY_LEN(rows); i++) {
        struct table *t = read(rows[i].sql, &my9);
        if (!rows[i].key)
            assert_int_equal(t->row_key, -1);
        else
            assert_string_equal(t->keys[t->row_key].name, rows[i].key);
        table_drop(t);
    }
}

static void test_keys(void **state)
{
    (void)state;
    struct table *t = read("CREATE TABLE t (a INT, b VARCHAR(90), KEY (a), KEY (a), UNIQUE (a), KEY k (b(7) DESC, a),"
                           " FULLTEXT f (b), CONSTRAINT fk FOREIGN KEY (a) REFERENCES o.p (x) ON DELETE SET NULL,"
                           " FOREIGN KEY (b) REFERENCES q (y))", &maria);
    const char *want[] = {"a_3", "a", "a_2", "k", "b"};
    assert_int_equal(t->nkeys, 5); // a prefix does not serve the second foreign key
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(t->keys[i].name, want[i]);
    assert_int_equal(t->keys[3].parts[0].prefix, 7);
    assert_int_equal(t->nfks, 2);
    assert_string_equal(t->fks[0].ref_schema, "o");
    assert_true(t->fks[0].on_delete_acts);
    assert_string_equal(t->fks[1].ref_schema, "s");
    assert_string_equal(t->fks[1].name, "t_ibfk_1");
    table_drop(t);
}

static void test_context(void **state)
{
    (void)state;
    struct table *t = read("CREATE TABLE o.t (a VARCHAR(3), /*!50100 b INT, */ /*!99999 c INT, */ ts TIMESTAMP, # x\n d INT) -- y", &my56);
    assert_int_equal(t->ncolumns, 4);
    assert_string_equal(t->schema, "o");
    assert_string_equal(t->collation, "latin1_swedish_ci");
    assert_int_equal(t->columns[0].charset, CS_LATIN1);
    assert_false(t->columns[2].is_nullable); // a bare TIMESTAMP before MySQL 8
    table_drop(t);
    t = read("CREATE TABLE t (a INT /*!80023 INVISIBLE */, b TIMESTAMP)", &my9);
    assert_true(t->columns[0].is_invisible);
    assert_true(t->columns[1].is_nullable);
    table_drop(t);
    t = read("CREATE TABLE t (a INT /*!80023 INVISIBLE */)", &maria); // another server's comment
    assert_false(t->columns[0].is_invisible);
    table_drop(t);
}

static void test_supported(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *word; /* NULL: fine */
        enum err_code code;
    } rows[] = {
        {"CREATE TABLE t (a INT) ENGINE=InnoDB", NULL, ERR_OK},
        {"CREATE TABLE t (a INT) ENGINE=MyISAM", "MyISAM", ERR_SOURCE_TABLE},
        {"CREATE TABLE t (a INT) ENGINE=Aria PAGE_CHECKSUM=1", "Aria", ERR_SOURCE_TABLE},
        {"CREATE TABLE t (a INT) WITH SYSTEM VERSIONING", "system-versioned", ERR_SOURCE_TABLE},
        {"CREATE TABLE t (a VECTOR(3))", "column a", ERR_SOURCE_TYPE},
        {"CREATE TABLE t (a CHAR(3) CHARACTER SET sjis)", NULL, ERR_OK},
        {"CREATE TABLE t (a CHAR(3) CHARACTER SET ebcdic COLLATE ebcdic_bin)", "ebcdic_bin", ERR_SOURCE_TYPE},
        {"CREATE TABLE t (a POINT NOT NULL)", "a has type point", ERR_SOURCE_GEOMETRY},
    };
    static const struct target_dialect tidb = {.flavour = DB_TIDB};
    for (size_t i = 0; i < TG_ARRAY_LEN(rows); i++) {
        struct err e = {0};
        struct table *t = read(rows[i].sql, &maria);
        assert_int_equal(table_is_supported(t, &tidb, &e), rows[i].word == NULL);
        assert_int_equal(e.code, rows[i].code);
        if (rows[i].word)
            assert_non_null(strstr(e.text, rows[i].word));
        table_drop(t);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const sql[] = {
        "CREATE TABLE t", "CREATE TABLE t ()", "CREATE TABLE t (a)", "CREATE TABLE t (a INT", "CREATE TABLE t (a INT,)",
        "CREATE TABLE t (a INT) FROBNICATE", "CREATE TABLE t (a INT, a INT)", "CREATE TABLE t (a INT, KEY (b))",
        "CREATE TABLE t (a INT) WITH 7", "CREATE TABLE t (a ENUM())", "CREATE TABLE t (a INT FROB)", "DROP TABLE t",
        "CREATE TABLE t (a INT) /* open", "CREATE TABLE t (a CHAR(1) DEFAULT 'open)", "CREATE TABLE t LIKE u", "",
        "CREATE TABLE t (a VARCHAR(3) CHARACTER SET latin1 COLLATE utf8mb4_bin)",
    };
    for (size_t i = 0; i < TG_ARRAY_LEN(sql); i++) {
        struct err e = {0};
        struct table *t = table_from_sql(sql[i], strlen(sql[i]), &my9, &e);
        if (t)
            fail_msg("taken: %s", sql[i]);
        assert_int_equal(e.code, ERR_DDL_UNKNOWN);
    }
}

static void test_collations(void **state)
{
    (void)state;
    assert_int_equal(fold_of("utf8mb4_0900_ai_ci"), FOLD_ASCII);
    assert_int_equal(fold_of("utf8_general_ci"), FOLD_ASCII);
    assert_int_equal(fold_of("latin1_swedish_ci"), FOLD_ASCII);
    assert_int_equal(fold_of("utf8mb4_uca1400_ai_ci"), FOLD_ASCII);
    assert_int_equal(fold_of("utf8mb4_bin"), FOLD_BYTES);
    assert_int_equal(fold_of("binary"), FOLD_BYTES);
    assert_int_equal(fold_of("utf8mb4_roman_ci"), FOLD_NONE);
    assert_int_equal(fold_of("utf8mb4_swedish_ci"), FOLD_NONE);
    assert_int_equal(fold_of("utf8mb4_lt_0900_ai_ci"), FOLD_NONE);
    assert_int_equal(charset_of("utf8"), CS_UTF8MB3);
    assert_int_equal(charset_of("UTF8MB4"), CS_UTF8MB4);
    assert_int_equal(charset_of("sjis"), CS_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types), cmocka_unit_test(test_members), cmocka_unit_test(test_row_key),
        cmocka_unit_test(test_keys), cmocka_unit_test(test_context), cmocka_unit_test(test_supported),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_collations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
