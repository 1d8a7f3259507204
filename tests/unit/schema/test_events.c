// SPDX-License-Identifier: Apache-2.0
/* What DM's filters call a statement, part by part. */
#include "schema/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const struct ddl_context cx = {.schema = "s", .version = 80400};
static const char table_text[] = "CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT, a VARCHAR(20) CHARACTER SET utf8mb4, n INT, d DECIMAL(10,4), e ENUM('x','y'),"
                                 " c CHAR(10) CHARACTER SET latin1, b BINARY(4), ts DATETIME(6), PRIMARY KEY (id), KEY k (n))";

static const char *text_of(const struct buf *b)
{
    return b->p ? b->p : "";
}

static void check_sql(const char *sql, const char *wanted)
{
    struct ddl d;
    struct err e = {0};
    struct buf out = {0};
    struct table *before = table_from_sql(table_text, strlen(table_text), &cx, &e), *after = NULL;
    assert_non_null(before);
    assert_true(ddl_parse(&d, sql, strlen(sql), &cx, &e));
    if (d.kind == DDL_ALTER)
        after = table_after(before, &d, &cx, &e);
    for (uint32_t i = 0; i < ddl_nparts(&d); i++) {
        struct ddl_event v;
        ddl_event_of(&d, i, before, after, &v);
        buf_adds(&out, i ? "; " : "");
        for (size_t k = 0; v.names[k]; k++)
            buf_addf(&out, "%s%s", k ? ", " : "", v.names[k]);
    }
    if (strcmp(text_of(&out), wanted) != 0)
        print_message("%s\n", sql);
    assert_string_equal(text_of(&out), wanted);
    buf_release(&out);
    ddl_release(&d);
    table_drop(before);
    table_drop(after);
}

static void names(void **state)
{
    static const char *const list[][2] = {
        {"CREATE DATABASE x", "create database"},
        {"DROP SCHEMA x", "drop database"},
        {"ALTER DATABASE x CHARACTER SET utf8mb4", "alter database, modify schema charset and collate"},
        {"CREATE TABLE x (a INT)", "create table"},
        {"CREATE TABLE x LIKE t", "create table"},
        {"CREATE TABLE x SELECT 1", "create table"},
        {"DROP TABLE a, b", "drop table; drop table"},
        {"TRUNCATE t", "truncate table"},
        {"RENAME TABLE a TO b, c TO d", "rename table; rename table"},
        {"CREATE UNIQUE INDEX i ON t (n)", "create index"},
        {"DROP INDEX k ON t", "drop index"},
        {"SOMETHING NEW", ""},
        {"ALTER TABLE t ADD COLUMN z INT", "alter table, add column"},
        {"ALTER TABLE t DROP COLUMN n", "drop column"},
        {"ALTER TABLE t RENAME COLUMN n TO m", "rename column"},
        {"ALTER TABLE t ALTER n SET DEFAULT 5", "modify default value, set default value"},
        {"ALTER TABLE t ADD UNIQUE (n)", "modify constraint"},
        {"ALTER TABLE t ADD FOREIGN KEY (n) REFERENCES o (id)", "modify constraint, add foreign key"},
        {"ALTER TABLE t DROP FOREIGN KEY f", "alter table, drop foreign key"},
        {"ALTER TABLE t DROP INDEX k", "drop index"},
        {"ALTER TABLE t RENAME INDEX k TO l", "rename index"},
        {"ALTER TABLE t RENAME TO u", "rename table"},
        {"ALTER TABLE t COMMENT='x'", "alter table, modify table comment"},
        {"ALTER TABLE t ENGINE=InnoDB", "modify storage engine"},
        {"ALTER TABLE t CHARACTER SET utf8mb4", "modify charset, modify table charset and collate"},
        {"ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4", "modify charset, modify table charset and collate"},
        {"ALTER TABLE t ADD PARTITION (PARTITION p2 VALUES LESS THAN (9))", "alter table, add table partition"},
        {"ALTER TABLE t DROP PARTITION p1", "drop table partition"},
        {"ALTER TABLE t TRUNCATE PARTITION p1", "truncate table partition"},
        {"ALTER TABLE t EXCHANGE PARTITION p1 WITH TABLE o", "exchange table partition"},
        {"ALTER TABLE t REMOVE PARTITIONING", "alter table, remove table partitioning"},
        /* a changed column: what DM finds by comparing */
        {"ALTER TABLE t MODIFY n BIGINT", "alter table"},
        {"ALTER TABLE t MODIFY n SMALLINT", "value range decrease"},
        {"ALTER TABLE t MODIFY n INT UNSIGNED", "precision decrease"},
        {"ALTER TABLE t MODIFY n VARCHAR(20)", "modify column"},
        {"ALTER TABLE t MODIFY a VARCHAR(10) CHARACTER SET utf8mb4", "value range decrease"},
        {"ALTER TABLE t MODIFY a VARCHAR(30) CHARACTER SET utf8mb4", "alter table"},
        {"ALTER TABLE t MODIFY a CHAR(20) CHARACTER SET utf8mb4", "modify column"},
        {"ALTER TABLE t MODIFY d DECIMAL(12,4)", "precision decrease"},
        {"ALTER TABLE t MODIFY e ENUM('x','y','z')", "alter table"},
        {"ALTER TABLE t MODIFY e ENUM('y','x')", "value range decrease"},
        {"ALTER TABLE t MODIFY c CHAR(10) CHARACTER SET utf8mb4", "modify charset"},
        {"ALTER TABLE t MODIFY b BINARY(5)", "precision decrease"},
        {"ALTER TABLE t MODIFY id INT NOT NULL", "remove auto increment"},
        {"ALTER TABLE t MODIFY n INT FIRST", "modify columns order"},
        {"ALTER TABLE t CHANGE n m INT", "rename column"},
        /* several changes in one */
        {"ALTER TABLE t ADD COLUMN z INT, DROP COLUMN a, ADD INDEX (d)",
         "alter table, add column, multi schema change; drop column, multi schema change; modify constraint, multi schema change"},
    };
    (void)state;
    for (size_t i = 0; i < TG_ARRAY_LEN(list); i++)
        check_sql(list[i][0], list[i][1]);
}

static void map_same(void *arg, const char *schema, const char *table, char to_schema[200], char to_table[200])
{
    (void)arg;
    snprintf(to_schema, 200, "%s", schema);
    snprintf(to_table, 200, "%s", table ? table : "");
}

static void left_out(void **state)
{
    static const char sql[] = "ALTER TABLE t ADD COLUMN z INT, DROP COLUMN a, ADD INDEX i (d)";
    struct target_dialect to = {.flavour = DB_MYSQL, .version = 80400};
    (void)state;
    for (uint64_t parts = 0; parts < 8; parts++) {
        struct ddl d;
        struct err e = {0};
        struct buf out = {0};
        assert_true(ddl_parse(&d, sql, strlen(sql), &cx, &e));
        ddl_leave_out(&d, &parts);
        assert_true(ddl_rewrite(&out, &d, &cx, &to, map_same, NULL, NULL, NULL, &e));
        assert_int_equal(strstr(text_of(&out), "ADD COLUMN") != NULL, !(parts & 1));
        assert_int_equal(strstr(text_of(&out), "DROP COLUMN") != NULL, !(parts & 2));
        assert_int_equal(strstr(text_of(&out), "ADD INDEX") != NULL || strstr(text_of(&out), "ADD KEY") != NULL, !(parts & 4));
        if (parts == 7)
            assert_int_equal(out.n, 0);
        buf_release(&out);
        ddl_release(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names), cmocka_unit_test(left_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
