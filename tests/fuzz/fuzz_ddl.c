// SPDX-License-Identifier: Apache-2.0
// Any text through the tokeniser, the parsers, the definition builder and the rewriter. With clang's libFuzzer the
// entry is LLVMFuzzerTestOneInput; with gcc, drive.c gives it a main.

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
