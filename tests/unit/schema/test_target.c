// SPDX-License-Identifier: Apache-2.0
// What ddl_rewrite writes must be taken by the target. Definitions as the sources print them, and statements as their
// binlogs carry them, run one after another. Needs TG_TEST_TARGET.

#include "alters.h"
#include "server.h"

struct statement {
    char source;                      /* 'm' MariaDB 10.11, '9' MySQL 9.7, '6' MySQL 5.6 */
    const char *sql;
};

static const struct statement statements[] = {
    {'m', "CREATE DATABASE tg_src CHARACTER SET latin1 COLLATE latin1_swedish_ci"},
    {'m', "CREATE TABLE `a` (`id` int(11) NOT NULL AUTO_INCREMENT, `u` bigint(20) unsigned zerofill DEFAULT NULL,"
          " `v` varchar(50) NOT NULL DEFAULT 'it''s', `l` varchar(20000) CHARACTER SET latin1 COLLATE latin1_swedish_ci"
          " DEFAULT NULL, `t` text DEFAULT 'abc', `j` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL"
          " CHECK (json_valid(`j`)), `e` enum('a','b\\\\c','d''e') DEFAULT 'a', `ts` timestamp NOT NULL DEFAULT"
          " current_timestamp() ON UPDATE current_timestamp(), `d6` datetime(6) DEFAULT current_timestamp(6),"
          " `x` varchar(36) DEFAULT uuid(), `g` int(11) GENERATED ALWAYS AS (`u` + 1) VIRTUAL, `s` int(11) GENERATED"
          " ALWAYS AS (`u` * 2) STORED, `y` year(4) DEFAULT NULL, `f` float(7,3) DEFAULT NULL, `b` bit(3) DEFAULT b'101',"
          " `inv` int(11) INVISIBLE DEFAULT 3, `ex` int(11) DEFAULT (1 + 1), PRIMARY KEY (`id`), UNIQUE KEY `uv` (`v`),"
          " KEY `kl` (`l`(100)), FULLTEXT KEY `ft` (`t`), KEY `kg` (`u`,`v` DESC) USING BTREE COMMENT 'c') ENGINE=InnoDB"
          " AUTO_INCREMENT=7 DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8"
          " COMMENT='tab' `PAGE_COMPRESSED`=1 STATS_PERSISTENT=1"},
    {'m', "CREATE TABLE `par` (`id` int(11) NOT NULL PRIMARY KEY) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci"},
    {'m', "CREATE TABLE `fk` (`id` int(11) NOT NULL, `p` int(11), PRIMARY KEY (`id`), KEY `p` (`p`), CONSTRAINT `fkc`"
          " FOREIGN KEY (`p`) REFERENCES `par` (`id`) ON DELETE CASCADE) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
          " COLLATE=utf8mb4_uca1400_ai_ci"},
    {'m', "CREATE OR REPLACE TABLE `nopad` (`a` varchar(10) COLLATE utf8mb4_nopad_bin, `b` varchar(10) COLLATE"
          " utf8mb4_unicode_520_nopad_ci, `c` varchar(9) COLLATE uca1400_as_cs) DEFAULT CHARSET=utf8mb4"},
    {'m', "CREATE TABLE hashed (id INT PRIMARY KEY, t TEXT, UNIQUE KEY t (t) USING HASH)"},
    {'9', "CREATE TABLE `m9` (`id` bigint unsigned NOT NULL AUTO_INCREMENT, `n` varchar(40) COLLATE utf8mb4_0900_as_cs"
          " NOT NULL, `j` json DEFAULT NULL, `u` char(36) DEFAULT (uuid()), `t` text DEFAULT (_utf8mb4'abc'),"
          " `h` int /*!80023 INVISIBLE */, `c` int GENERATED ALWAYS AS (json_extract(`j`,_utf8mb4'$.a')) STORED,"
          " `dd` date DEFAULT (curdate()), `w` decimal(10,2) NOT NULL DEFAULT '0.00', PRIMARY KEY (`id`),"
          " UNIQUE KEY `n` (`n`), KEY `fi` ((lower(`n`))), KEY `iv` (`w`) /*!80000 INVISIBLE */,"
          " CONSTRAINT `ck` CHECK ((`w` >= 0)) /*!80016 NOT ENFORCED */) ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT"
          " CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci"},
    {'9', "CREATE TABLE `part` (`id` int NOT NULL, `d` date NOT NULL, PRIMARY KEY (`id`,`d`)) ENGINE=InnoDB DEFAULT"
          " CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci\n/*!50100 PARTITION BY RANGE (year(`d`))\nSUBPARTITION BY HASH"
          " (to_days(`d`))\nSUBPARTITIONS 2\n(PARTITION p0 VALUES LESS THAN (2000) ENGINE = InnoDB,\n PARTITION p1 VALUES"
          " LESS THAN MAXVALUE ENGINE = InnoDB) */"},
    {'9', "CREATE TABLE pk (a INT NOT NULL PRIMARY KEY) PARTITION BY LINEAR KEY ALGORITHM = 2 (a) PARTITIONS 3"},
    {'9', "CREATE TABLE `lst` (`a` int, `b` varchar(5)) PARTITION BY LIST COLUMNS(b) (PARTITION p0 VALUES IN ('a','b')"
          " COMMENT = 'first' ENGINE = InnoDB, PARTITION p1 VALUES IN ('c'))"},
    {'9', "CREATE TABLE st (a INT) START TRANSACTION"},
    {'9', "CREATE TABLE l2 LIKE part"},
    {'6', "CREATE TABLE `old` (`id` int(11) NOT NULL AUTO_INCREMENT, `ts` timestamp, `ts2` timestamp, `n` varchar(10)"
          " CHARACTER SET latin1 COLLATE latin1_bin, `s` varchar(20) COLLATE utf8_unicode_ci, tt tinytext CHARACTER SET latin1,"
          " PRIMARY KEY (`id`)) ENGINE=MyISAM DEFAULT CHARSET=utf8 COLLATE=utf8_czech_ci"},
    {'6', "CREATE TABLE g (a INT, KEY (a), KEY (a), UNIQUE (a), c CHAR ASCII UNIQUE)"},
    {'m', "ALTER TABLE a ADD COLUMN n1 INT(11) NOT NULL DEFAULT 5 AFTER id, ADD COLUMN n2 VARCHAR(9) CHARACTER SET latin1"},
    {'m', "ALTER TABLE a ADD COLUMN IF NOT EXISTS n3 JSON"},
    {'m', "ALTER TABLE a MODIFY n1 BIGINT, ALGORITHM=INPLACE, LOCK=NONE"},
    {'m', "ALTER TABLE a CHANGE n1 n9 BIGINT NOT NULL"},
    {'m', "ALTER TABLE a RENAME COLUMN n9 TO n1"},
    {'m', "ALTER TABLE a ADD INDEX (n1), ADD UNIQUE KEY uu (n2, n1)"},
    {'m', "ALTER TABLE a DROP INDEX ft"},
    {'m', "ALTER TABLE a DROP INDEX uu"},
    {'m', "ALTER TABLE a RENAME INDEX kg TO kg2"},
    {'m', "ALTER TABLE a ALTER COLUMN n1 SET DEFAULT 9"},
    {'m', "ALTER TABLE a ALTER n1 DROP DEFAULT"},
    {'m', "ALTER TABLE a ENGINE=InnoDB, ROW_FORMAT=DYNAMIC"},
    {'m', "ALTER TABLE a COMMENT='new', AUTO_INCREMENT=50"},
    {'m', "ALTER TABLE a FORCE"},
    {'m', "ALTER TABLE a ADD FULLTEXT INDEX ft2 (v)"},
    {'m', "ALTER TABLE fk DROP FOREIGN KEY fkc"},
    {'m', "ALTER TABLE fk ADD CONSTRAINT fk2 FOREIGN KEY (p) REFERENCES par (id)"},
    {'m', "ALTER TABLE fk DROP COLUMN p"},
    {'m', "ALTER TABLE fk DEFAULT CHARACTER SET utf8mb4"},
    {'9', "ALTER TABLE m9 ADD COLUMN z INT DEFAULT (1 + 2), ADD KEY zz (w DESC)"},
    {'9', "ALTER TABLE m9 ALTER INDEX iv VISIBLE"},
    {'9', "ALTER TABLE part ADD PARTITION (PARTITION p2 VALUES LESS THAN (2030) ENGINE = InnoDB)"},
    {'9', "ALTER TABLE part TRUNCATE PARTITION p0"},
    {'9', "ALTER TABLE part REBUILD PARTITION p0"},
    {'9', "ALTER TABLE lst DROP PARTITION p1"},
    {'m', "ALTER TABLE a ADD q1 INT, ADD q2 INT AFTER q1, ADD KEY q (q1, q2), ADD q3 INT UNIQUE, DROP KEY kg2, ADD KEY kg2 (u)"},
    {'m', "ALTER TABLE a RENAME TO a2, ADD q4 INT, COMMENT='r'"},
    {'m', "ALTER TABLE a2 RENAME a"},
    {'m', "CREATE INDEX IF NOT EXISTS ci ON a (u) WAIT 5"},
    {'m', "DROP INDEX IF EXISTS ci ON a"},
    {'m', "CREATE FULLTEXT INDEX fi ON a (v)"},
    {'m', "RENAME TABLE st TO st2, g TO g2"},
    {'m', "ALTER TABLE st2 RENAME TO st3"},
    {'m', "TRUNCATE TABLE st3"},
    {'m', "DROP TABLE IF EXISTS `st3`,`g2` /* generated by server */"},
    {'m', "CREATE TEMPORARY TABLE tmp (a INT)"},
    {'m', "ALTER DATABASE tg_src COLLATE latin1_german1_ci"},
    {'m', "DROP DATABASE tg_src"},
};

/* Statements that a TiDB is known to refuse though they are written well. */
static bool is_refused_by_tidb(const char *sql)
{
    return strstr(sql, "p2 VALUES LESS THAN (2030)") != NULL; // every server: behind MAXVALUE
}

static void to_target(void *arg, const char *schema, const char *table, char to_schema[200], char to_table[200])
{
    (void)arg;
    (void)table;
    (void)to_table;
    if (strcmp(schema, "tg_src") == 0)
        snprintf(to_schema, 200, "tg_dst");
}

static void context_of(char source, struct ddl_context *cx)
{
    memset(cx, 0, sizeof *cx);
    snprintf(cx->schema, sizeof cx->schema, "tg_src");
    snprintf(cx->charset, sizeof cx->charset, "utf8mb4");
    cx->is_mariadb = source == 'm';
    cx->version = source == 'm' ? 101119 : source == '9' ? 90700 : 50651;
}

static void exec_each(struct server *s, char *sql, const char *from, unsigned *bad)
{
    char why[300];
    for (char *next; sql; sql = next) {
        next = strstr(sql, ";\n");
        if (next) {
            *next = 0;
            next += 2;
        }
        if (!server_try(s, sql, why) && !is_refused_by_tidb(from)) {
            fprintf(stderr, "%s\n  from: %s\n  sent: %s\n", why, from, sql);
            ++*bad;
        }
    }
}

static void test_statements(void **state)
{
    (void)state;
    struct server s;
    struct target_dialect dialect;
    struct err e = {0};
    struct buf out = {0}, notes = {0};
    unsigned bad = 0;
    if (!server_open(&s, "TG_TEST_TARGET"))
        skip();
    assert_true(dialect_read(&dialect, &s.c, &e));
    server_exec(&s, "DROP DATABASE IF EXISTS tg_dst");
    for (size_t i = 0; i < TG_ARRAY_LEN(statements); i++) {
        struct ddl_context cx;
        struct ddl d;
        const char *sql = statements[i].sql;
        context_of(statements[i].source, &cx);
        assert_true(ddl_parse(&d, sql, strlen(sql), &cx, &e));
        if (d.kind == DDL_UNKNOWN)
            fail_msg("%s\n  in: %s", ddl_reason(&d), sql);
        buf_reset(&out);
        buf_reset(&notes);
        if (!ddl_rewrite(&out, &d, &cx, &dialect, to_target, NULL, NULL, &notes, &e))
            fail_msg("%s\n  in: %s", e.text, sql);
        if (getenv("TG_TEST_VERBOSE"))
            print_message("%s\n%s\n", out.n ? out.p : "(nothing)", notes.n ? notes.p : "");
        if (out.n)
            exec_each(&s, out.p, sql, &bad);
        ddl_release(&d);
    }
    buf_release(&out);
    buf_release(&notes);
    dialect_release(&dialect);
    conn_close(&s.c);
    assert_int_equal(bad, 0);
}

/* Rewritten, then sent: 0 when it was taken or nothing was left of it, else the error's number. */
static unsigned send(struct server *s, const struct ddl_context *cx, const struct target_dialect *to, const char *sql)
{
    struct err e = {0};
    struct ddl d;
    struct buf out = {0};
    assert_true(ddl_parse(&d, sql, strlen(sql), cx, &e));
    if (!ddl_rewrite(&out, &d, cx, to, to_target, NULL, NULL, NULL, &e) && e.code != ERR_SOURCE_TYPE)
        fail_msg("%s\n  in: %s", e.text, sql);
    unsigned number = e.code == ERR_OK ? 0 : 1;
    for (char *part = out.n ? out.p : NULL, *next; part && !number; part = next) {
        next = strstr(part, ";\n");
        if (next) {
            *next = 0;
            next += 2;
        }
        if (!conn_exec(&s->c, part, strlen(part), NULL, &e))
            number = e.sql ? e.sql : UINT32_MAX;
    }
    if (number && getenv("TG_TEST_VERBOSE"))
        print_message("%.200s\n  from: %s\n", e.text, sql);
    buf_release(&out);
    ddl_release(&d);
    return number;
}

/* A target may refuse what it can't do, but never for words that it does not know. */
static bool is_bad_word(unsigned number)
{
    return number == 1064 || number == 1115 || number == 1273 || number == 1253 || number == UINT32_MAX;
}

static void test_alters(void **state)
{
    (void)state;
    struct server s;
    struct ddl_context cx;
    struct target_dialect to;
    struct err e = {0};
    unsigned bad = 0, refused = 0, tried = 0;
    if (!server_open(&s, "TG_TEST_TARGET"))
        skip();
    context_of('m', &cx);
    assert_true(dialect_read(&to, &s.c, &e));
    to.with_foreign_keys = to.geometry_as_bytes = true;
    for (size_t i = 0; i < TG_ARRAY_LEN(corpora); i++) {
        for (const char *const *sql = corpora[i].alters; *sql; sql++) {
            server_exec(&s, "DROP DATABASE IF EXISTS tg_dst");
            server_exec(&s, "CREATE DATABASE tg_dst");
            assert_int_equal(send(&s, &cx, &to, "CREATE TABLE p (id INT PRIMARY KEY)"), 0);
            assert_int_equal(send(&s, &cx, &to, corpora[i].create), 0);
            unsigned number = send(&s, &cx, &to, *sql);
            if (is_bad_word(number))
                fprintf(stderr, "error %u for %s\n", number, *sql);
            bad += is_bad_word(number);
            refused += number != 0;
            tried++;
        }
    }
    server_exec(&s, "DROP DATABASE tg_dst");
    dialect_release(&to);
    conn_close(&s.c);
    print_message("%u statements, %u refused by the target\n", tried, refused);
    assert_int_equal(bad, 0);
    assert_true(refused * 2 < tried);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_statements), cmocka_unit_test(test_alters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
