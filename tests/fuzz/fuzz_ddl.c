// SPDX-License-Identifier: Apache-2.0
// Any text through the tokeniser, the parsers, the definition builder and the rewriter. With clang's libFuzzer the
// entry is LLVMFuzzerTestOneInput; compiled with FUZZ_MAIN it mutates its own corpus: fuzz_ddl [ROUNDS [SEED]].

#include "schema/schema.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char before_sql[] = "CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR(9), c TEXT, KEY k (a, b),"
                                 " UNIQUE u (b), KEY kc (c(9)), FOREIGN KEY (a) REFERENCES p (id))";

static void run(const char *sql, size_t n, const struct ddl_context *cx, enum db_flavour target)
{
    static const char *collations[] = {"utf8_bin", "utf8_general_ci", "utf8mb4_bin", "utf8mb4_general_ci"};
    struct target_dialect to = {.flavour = target, .version = 80500, .collations = (char **)collations, .ncollations = 4};
    struct err e = {0};
    struct ddl d;
    struct buf out = {0}, notes = {0};
    struct table *before = table_from_sql(before_sql, strlen(before_sql), cx, NULL);
    struct table *t = table_from_sql(sql, n, cx, &e);
    if (t) {
        table_to_sql(t, &out);
        struct table *again = table_from_sql(out.p, out.n, cx, &e);
        if (!again || !table_equal(t, again))
            tg_bug("does not read back: %s: %s", e.text, out.p);
        table_drop(again);
        buf_reset(&out);
    }
    table_drop(t);
    if (ddl_parse(&d, sql, n, cx, &e)) {
        table_drop(table_after(before, &d, cx, &e));
        ddl_rewrite(&out, &d, cx, &to, NULL, NULL, NULL, &notes, &e);
        ddl_release(&d);
    }
    table_drop(before);
    buf_release(&out);
    buf_release(&notes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 1)
        return 0;
    struct ddl_context cx = {.schema = "s", .charset = "utf8mb4", .ansi_quotes = data[0] & 1,
                             .no_backslash_escapes = data[0] >> 1 & 1, .is_mariadb = data[0] >> 2 & 1};
    cx.version = cx.is_mariadb ? 101119 : data[0] & 8 ? 50651 : 90700;
    run((const char *)data + 1, n - 1, &cx, data[0] & 16 ? DB_TIDB : cx.is_mariadb ? DB_MYSQL : DB_MARIADB);
    return 0;
}

#ifdef FUZZ_MAIN
static const char *const corpus[] = {
    before_sql,
    "CREATE TABLE `x`.`t` (`id` int(11) NOT NULL AUTO_INCREMENT, `e` enum('a','b''c','\\\\') COLLATE latin1_bin DEFAULT 'a',"
    " `ts` timestamp(3) NULL DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3), `g` int GENERATED ALWAYS AS"
    " (`id` + 1) STORED, `j` longtext CHECK (json_valid(`j`)), PRIMARY KEY (`id`), FULLTEXT KEY `f` (`j`), KEY ((lower(`e`))))"
    " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 /*!50100 PARTITION BY RANGE (id) SUBPARTITION BY HASH (id) SUBPARTITIONS 2"
    " (PARTITION p0 VALUES LESS THAN (10) ENGINE = InnoDB) */",
    "CREATE TABLE t (a INT, s SET('x','y'), v VARCHAR(70000), c CHAR BYTE, d DATE DEFAULT (curdate()), UNIQUE (a, s)) SELECT 1",
    "ALTER TABLE t ADD COLUMN (x INT UNIQUE, y TEXT(300)), DROP a, MODIFY b BLOB FIRST, CHANGE c cc VARCHAR(9) CHARSET latin1 AFTER b",
    "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, RENAME INDEX k TO k2, ADD CONSTRAINT f FOREIGN KEY (b)"
    " REFERENCES o.p (x) ON DELETE CASCADE, ALGORITHM=INPLACE, LOCK=NONE",
    "ALTER TABLE t PARTITION BY LIST COLUMNS (b) (PARTITION p VALUES IN ('a'))",
    "ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u", "RENAME TABLE a TO b, c TO d.e", "DROP TABLE IF EXISTS a, `b`.`c`",
    "CREATE UNIQUE INDEX i ON t (a, b(3) DESC) COMMENT 'x'", "DROP INDEX i ON t", "CREATE DATABASE d CHARSET latin1",
    "SET STATEMENT a=1 FOR TRUNCATE t", "CREATE OR REPLACE TABLE t LIKE u /*M!100301 x */ -- y\n# z",
};

static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* A few cuts, copies and changed bytes. */
static void mutate(struct buf *b, uint64_t *state)
{
    static const char signs[] = "`'\"()*/!,.;-#\\ =0x1A_\n";
    for (uint64_t i = next(state) % 6; i && b->n > 4; i--) {
        size_t at = next(state) % b->n, len = next(state) % (b->n - at) % 30;
        uint64_t how = next(state) % 4;
        if (how == 0) {
            b->p[at] = signs[next(state) % (sizeof signs - 1)];
        } else if (how == 1) {
            memmove(b->p + at, b->p + at + len, b->n - at - len);
            b->n -= len;
        } else if (how == 2) {
            char piece[32];
            memcpy(piece, b->p + at, len);
            buf_add(b, piece, len);
        } else {
            b->p[at] = (char)next(state);
        }
    }
}

int main(int argc, char **argv)
{
    unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 20000;
    uint64_t state = argc > 2 ? strtoull(argv[2], NULL, 10) : 88172645463325252ull;
    for (unsigned long i = 0; i < rounds; i++) {
        struct buf b = {0};
        const char *base = corpus[next(&state) % TG_ARRAY_LEN(corpus)];
        buf_addc(&b, (char)next(&state));
        buf_adds(&b, base);
        mutate(&b, &state);
        LLVMFuzzerTestOneInput((const uint8_t *)b.p, b.n);
        buf_release(&b);
    }
    printf("%lu rounds\n", rounds);
    return 0;
}
#endif
