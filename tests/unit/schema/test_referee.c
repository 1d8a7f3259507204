// SPDX-License-Identifier: Apache-2.0
// The server is the referee: after each ALTER that it accepts, our definition, moved on by the statement alone, must
// equal the one read from its SHOW CREATE TABLE. Needs TG_TEST_SOURCE.

#include "server.h"

/* Each table is created, then every ALTER is tried on a fresh copy of it, and once more on the result of all before. */
struct corpus {
    const char *create;
    const char *const *alters;
};

static const char *const alters_a[] = {
    "ALTER TABLE t ADD COLUMN n1 INT",
    "ALTER TABLE t ADD n2 VARCHAR(20) NOT NULL DEFAULT 'x' FIRST",
    "ALTER TABLE t ADD COLUMN n3 DECIMAL AFTER id, ADD n4 TEXT(100) AFTER n3",
    "ALTER TABLE t ADD (n5 INT UNSIGNED, n6 BIGINT ZEROFILL, KEY (n5))",
    "ALTER TABLE t ADD n7 BOOL UNIQUE",
    "ALTER TABLE t ADD n8 ENUM('a ','b''c','d\\\\e') CHARACTER SET latin1, ADD n9 SET('x','y') COLLATE utf8mb4_bin",
    "ALTER TABLE t DROP COLUMN b",
    "ALTER TABLE t DROP c, DROP d",
    "ALTER TABLE t MODIFY b BIGINT NOT NULL",
    "ALTER TABLE t MODIFY COLUMN b INT AFTER d",
    "ALTER TABLE t MODIFY d VARCHAR(5) CHARACTER SET latin1 FIRST, MODIFY c TEXT AFTER d",
    "ALTER TABLE t ADD COLUMN b INT AFTER id, ADD KEY kb (b)",
    "ALTER TABLE t CHANGE b bb INT NULL DEFAULT 7",
    "ALTER TABLE t CHANGE bb b INT",
    "ALTER TABLE t CHANGE COLUMN b c2 INT FIRST, ADD b VARCHAR(3) AFTER c2",
    "ALTER TABLE t RENAME COLUMN b TO b9",
    "ALTER TABLE t RENAME COLUMN b9 TO b",
    "ALTER TABLE t RENAME COLUMN b TO c, RENAME COLUMN c TO b",
    "ALTER TABLE t ADD INDEX (c(4), b)",
    "ALTER TABLE t ADD INDEX named USING BTREE (d DESC) COMMENT 'hi'",
    "ALTER TABLE t ADD UNIQUE (c)",
    "ALTER TABLE t ADD UNIQUE KEY u9 (e, b), ADD UNIQUE INDEX (e)",
    "ALTER TABLE t ADD CONSTRAINT cu UNIQUE (d)",
    "ALTER TABLE t ADD FULLTEXT INDEX ft (c)",
    "ALTER TABLE t DROP INDEX kb",
    "ALTER TABLE t DROP KEY ue, ADD KEY ue (e)",
    "ALTER TABLE t RENAME INDEX kb TO kb2",
    "ALTER TABLE t DROP PRIMARY KEY, MODIFY id INT NOT NULL, ADD PRIMARY KEY (id, e)",
    "ALTER TABLE t MODIFY id BIGINT UNSIGNED AUTO_INCREMENT",
    "ALTER TABLE t MODIFY id INT NULL AUTO_INCREMENT",
    "ALTER TABLE t ALTER COLUMN b SET DEFAULT 5",
    "ALTER TABLE t ALTER b DROP DEFAULT",
    "ALTER TABLE t CONVERT TO CHARACTER SET latin1",
    "ALTER TABLE t CONVERT TO CHARACTER SET utf8 COLLATE utf8_bin",
    "ALTER TABLE t DEFAULT CHARACTER SET latin1, ADD n1 VARCHAR(10)",
    "ALTER TABLE t COLLATE utf8mb4_unicode_ci",
    "ALTER TABLE t CHARSET=ascii COLLATE=ascii_bin COMMENT='x'",
    "ALTER TABLE t ENGINE=InnoDB, ROW_FORMAT=DYNAMIC",
    "ALTER TABLE t AUTO_INCREMENT=100",
    "ALTER TABLE t FORCE, ALGORITHM=COPY, LOCK=SHARED",
    "ALTER TABLE t ORDER BY b, id",
    "ALTER TABLE t DISABLE KEYS",
    "ALTER TABLE t ADD CONSTRAINT ck CHECK (b > 0)",
    "ALTER TABLE t ADD CHECK (b > 1)",
    "ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES p (id)",
    "ALTER TABLE t ADD CONSTRAINT fk9 FOREIGN KEY (b) REFERENCES p (id) ON DELETE CASCADE",
    "ALTER TABLE t ADD CONSTRAINT fk8 FOREIGN KEY ix (pid) REFERENCES p (id) ON UPDATE SET NULL",
    "ALTER TABLE t ADD g INT GENERATED ALWAYS AS (b + 1) VIRTUAL, ADD INDEX (g)",
    "ALTER TABLE t ADD g INT AS (b + 1) STORED UNIQUE",
    "ALTER TABLE t ADD ts TIMESTAMP NULL, ADD dt DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3)",
    "ALTER TABLE t ADD y YEAR, ADD bi BIT(5), ADD bn BINARY(4), ADD vb VARBINARY(9), ADD tb TINYBLOB",
    "ALTER TABLE t ADD f FLOAT, ADD f2 FLOAT(7,3), ADD f3 FLOAT(30), ADD db DOUBLE PRECISION UNSIGNED, ADD re REAL",
    "ALTER TABLE t ADD lv LONG VARCHAR, ADD lb LONG VARBINARY, ADD nc NATIONAL CHAR(3), ADD nv NVARCHAR(4)",
    "ALTER TABLE t ADD c1 CHAR(4) CHARACTER SET binary, ADD v1 VARCHAR(5) CHARACTER SET binary, ADD t1 TEXT CHARACTER SET binary",
    "ALTER TABLE t ADD t1 TEXT(20), ADD t2 TEXT(300), ADD t3 TEXT(70000), ADD b1 BLOB(20), ADD b2 BLOB(256), ADD b3 BLOB(66000)",
    "ALTER TABLE t ADD j JSON",
    "ALTER TABLE t ADD pt POINT",
    "ALTER TABLE t ADD COLUMN s SERIAL, DROP PRIMARY KEY, DROP id",
    "ALTER TABLE t MODIFY c VARCHAR(8)",
    "ALTER TABLE t MODIFY c VARCHAR(3)",
    "ALTER TABLE t MODIFY e INT NULL",
    "ALTER TABLE t MODIFY e INT NOT NULL, ADD UNIQUE early (e)",
    "ALTER TABLE t DROP COLUMN IF EXISTS nothere, ADD COLUMN IF NOT EXISTS b INT, ADD INDEX IF NOT EXISTS kb (b)",
    "ALTER TABLE t ADD COLUMN inv INT INVISIBLE",
    "ALTER TABLE t PARTITION BY HASH (id) PARTITIONS 4",
    "ALTER TABLE t PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)",
    "ALTER TABLE t ADD c5 INT4, ADD c6 DEC(5), ADD c7 NUMERIC(6,2) UNSIGNED, ADD c8 FIXED, ADD c9 CHARACTER VARYING(12)",
    "ALTER TABLE t ADD c5 VARCHAR(10) BINARY, ADD c6 CHAR ASCII, ADD c7 CHAR(3) UNICODE",
    "CREATE INDEX i9 ON t (d, b)",
    "CREATE UNIQUE INDEX i8 USING BTREE ON t (e)",
    "DROP INDEX kb ON t",
    "TRUNCATE TABLE t",
    NULL,
};

static const char *const alters_p[] = {
    "ALTER TABLE t ADD PARTITION (PARTITION p3 VALUES LESS THAN (40))",
    "ALTER TABLE t DROP PARTITION p0",
    "ALTER TABLE t TRUNCATE PARTITION p1, p2",
    "ALTER TABLE t REORGANIZE PARTITION p1, p2 INTO (PARTITION p12 VALUES LESS THAN (30))",
    "ALTER TABLE t REMOVE PARTITIONING",
    "ALTER TABLE t ADD COLUMN z INT PARTITION BY KEY (id) PARTITIONS 2",
    "ALTER TABLE t OPTIMIZE PARTITION p0",
    "ALTER TABLE t DROP COLUMN v",
    NULL,
};

static const char *const alters_l[] = {
    "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4",
    "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci, ADD z VARCHAR(3)",
    "ALTER TABLE t CONVERT TO CHARACTER SET utf8",
    "ALTER TABLE t MODIFY big VARCHAR(10)",
    "ALTER TABLE t DROP FOREIGN KEY f1",
    "ALTER TABLE t DROP FOREIGN KEY f1, DROP INDEX f1",
    "ALTER TABLE t DROP COLUMN k2",
    "ALTER TABLE t ADD COLUMN zz VARCHAR(5) CHARACTER SET utf8mb4",
    NULL,
};

static const struct corpus corpora[] = {
    {"CREATE TABLE t (id INT AUTO_INCREMENT, b INT, c VARCHAR(50), d CHAR(10) NOT NULL, e INT NOT NULL, pid INT,"
     " PRIMARY KEY (id), KEY kb (b), UNIQUE ue (e, d), UNIQUE un (b, c), KEY kc (c(10)))", alters_a},
    {"CREATE TABLE t (id INT PRIMARY KEY, v INT) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10),"
     " PARTITION p1 VALUES LESS THAN (20), PARTITION p2 VALUES LESS THAN (30))", alters_p},
    {"CREATE TABLE t (k1 INT, k2 INT NOT NULL, v VARCHAR(20), big VARCHAR(200), tt TINYTEXT, tx TEXT, m MEDIUMTEXT, l LONGTEXT,"
     " en ENUM('a','b'), bl BLOB, KEY kk (k1, k2), KEY (tx(10)), CONSTRAINT f1 FOREIGN KEY (k1) REFERENCES p (id))"
     " DEFAULT CHARSET=latin1", alters_l},
};

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
