// SPDX-License-Identifier: Apache-2.0
// What an engine knows of the quarantine, and the rows of a large transaction that a start finds applied.
#include "ledger/ledger.h"

#define SAMPLE_BASE_ONLY
#include "../sample.h"

static void rows_come_and_go(void **state)
{
    (void)state;
    struct quarantine *q = quarantine_new();
    assert_false(quarantine_knows(q, 1));
    quarantine_put(q, 1, 7);
    quarantine_put(q, 1, 7);
    quarantine_put(q, 2, 7);
    quarantine_put(q, 2, UINT64_MAX);
    assert_int_equal(quarantine_count(q), 3);
    assert_true(quarantine_holds(q, 1, 7) && quarantine_holds(q, 2, UINT64_MAX));
    assert_false(quarantine_holds(q, 1, UINT64_MAX) || quarantine_holds(q, 3, 7));
    quarantine_drop(q, 1, 7);
    quarantine_drop(q, 1, 8);
    assert_false(quarantine_holds(q, 1, 7));
    assert_true(quarantine_knows(q, 1)); // deletions that were on their way may still miss their row
    quarantine_drop_table(q, 2);
    assert_int_equal(quarantine_count(q), 0);
    quarantine_free(q);
}

static void statements(void **state)
{
    (void)state;
    struct ledger l;
    struct buf sql = {0};
    char key[] = "id=5, name=it's", reason[] = "too large";
    struct ledger_quarantined rows[] = {{3, 18446744073709551615u, key, reason}, {4, 0, key, reason}};
    ledger_init(&l, "r", "s");
    ledger_sql_quarantine(&l, &sql, rows, 2);
    assert_string_equal(sql.p, "REPLACE INTO tidegate_meta.quarantine (run,source,table_id,row_no,key_text,reason) VALUES "
                               "('r','s',3,18446744073709551615,'id=5, name=it\\'s','too large'),"
                               "('r','s',4,0,'id=5, name=it\\'s','too large')");
    buf_reset(&sql);
    ledger_sql_release(&l, &sql, rows, 2);
    assert_string_equal(sql.p, "DELETE FROM tidegate_meta.quarantine WHERE run = 'r' AND source = 's'"
                               " AND (table_id, row_no) IN ((3,18446744073709551615),(4,0))");
    buf_release(&sql);
}

static void parts_are_known_by_their_rows(void **state)
{
    (void)state;
    struct pos a = {.file = "b.1", .at = 4}, b = {.file = "b.1", .at = 900};
    struct ledger_part parts[] = {{a, 3, 0, 100}, {a, 9, 150, 50}, {b, 2, 10, 1}};
    struct ledger_state s = {.parts = parts, .nparts = 3};
    assert_true(ledger_has_part_row(&s, &a, 0) && ledger_has_part_row(&s, &a, 99) && ledger_has_part_row(&s, &a, 199));
    assert_false(ledger_has_part_row(&s, &a, 100) || ledger_has_part_row(&s, &a, 149) || ledger_has_part_row(&s, &a, 200));
    assert_true(ledger_has_part_row(&s, &b, 10));
    assert_false(ledger_has_part_row(&s, &b, 9) || ledger_has_part_row(&s, &b, 11));
    assert_int_equal(ledger_next_part(&s, &a), 10);
    assert_int_equal(ledger_next_part(&s, &b), 3);
    b.at++;
    assert_int_equal(ledger_next_part(&s, &b), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_and_go),
        cmocka_unit_test(statements),
        cmocka_unit_test(parts_are_known_by_their_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
