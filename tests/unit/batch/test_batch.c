// SPDX-License-Identifier: Apache-2.0
// What a row touches, the parts of a batch, and the tables of a run.
#include "batch/batch.h"

#include "../sample.h"

static struct batch *deps(const struct tab *tab, const struct cell *cells)
{
    struct batch *b = batch_new(BATCH_STREAM);
    batch_dep_row(b, tab, tab->def, cells);
    return b;
}

static bool has(const struct keys *k, uint64_t key)
{
    for (uint32_t i = 0; i < k->n; i++)
        if (k->list[i] == key)
            return true;
    return false;
}

// Whether rows with these cells wait for each other.
static bool meet(const struct tab *tab, const struct cell *x, const struct cell *y)
{
    struct batch *a = deps(tab, x), *b = deps(tab, y);
    bool any = false;
    for (uint32_t i = 0; i < a->alone.n; i++)
        any = any || has(&b->alone, a->alone.list[i]) || has(&b->shared, a->alone.list[i]);
    for (uint32_t i = 0; i < a->shared.n; i++)
        any = any || has(&b->alone, a->shared.list[i]);
    batch_free(a);
    batch_free(b);
    return any;
}

static struct tab tab_of(uint32_t id, const char *sql)
{
    struct tab t = {.id = id};
    tab_set_def(&t, table_of(sql));
    return t;
}

static void rows_meet_in_unique_keys(void **state)
{
    (void)state;
    struct tab t = tab_of(1, "CREATE TABLE t (a INT NOT NULL PRIMARY KEY, b INT, c INT, UNIQUE KEY (b), KEY (c))");
    struct cell one[] = {CELL("1"), CELL("5"), CELL("7")}, other[] = {CELL("2"), CELL("6"), CELL("7")};
    struct cell same_b[] = {CELL("3"), CELL("5"), CELL("8")}, same_a[] = {CELL("1"), CELL("9"), CELL("9")};
    struct cell null1[] = {CELL("4"), NULL_CELL, CELL("7")}, null2[] = {CELL("5"), NULL_CELL, CELL("7")};
    struct cell crossed[] = {CELL("5"), CELL("1"), CELL("7")};
    assert_false(meet(&t, one, other));
    assert_true(meet(&t, one, one));
    assert_true(meet(&t, one, same_b));
    assert_true(meet(&t, one, same_a));
    assert_false(meet(&t, null1, null2)); // NULLs are never equal in a key
    assert_false(meet(&t, one, crossed)); // 1 of `a` isn't 1 of `b`
    table_drop(t.def);
}

static void text_keys_are_coarser(void **state)
{
    (void)state;
    struct tab t = tab_of(1, "CREATE TABLE t (a VARCHAR(20) NOT NULL PRIMARY KEY) COLLATE utf8mb4_general_ci");
    struct cell a = CELL("key"), upper = CELL("KEY"), spaced = CELL("key  "), b = CELL("kez"), wild = CELL("k\xc3\xa9y"),
                wild2 = CELL("\xe2\x82\xac");
    assert_true(meet(&t, &a, &upper));
    assert_true(meet(&t, &a, &spaced));
    assert_false(meet(&t, &a, &b));
    assert_true(meet(&t, &a, &wild)); // may be equal in the collation: it waits for all of the key
    assert_true(meet(&t, &wild, &wild2));
    table_drop(t.def);

    t = tab_of(1, "CREATE TABLE t (a VARCHAR(20) NOT NULL PRIMARY KEY) COLLATE utf8mb4_bin");
    assert_false(meet(&t, &a, &upper));
    assert_true(meet(&t, &a, &spaced)); // PAD SPACE
    assert_false(meet(&t, &wild, &wild2));
    table_drop(t.def);

    t = tab_of(1, "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a VARCHAR(20), UNIQUE KEY (a(3))) COLLATE utf8mb4_bin");
    struct cell x[] = {CELL("1"), CELL("k\xc3\xa9y1")}, y[] = {CELL("2"), CELL("k\xc3\xa9y2")}, z[] = {CELL("3"), CELL("k\xc3\xa9z")};
    assert_true(meet(&t, x, y)); // the prefix counts, in characters
    assert_false(meet(&t, x, z));
    table_drop(t.def);
}

static void parts_of_a_key_are_apart(void **state)
{
    (void)state;
    struct tab t = tab_of(1, "CREATE TABLE t (a VARBINARY(9) NOT NULL, b VARBINARY(9) NOT NULL, PRIMARY KEY (a, b))");
    struct cell x[] = {CELL("ab"), CELL("c")}, y[] = {CELL("a"), CELL("bc")}, z[] = {CELL("c"), CELL("ab")};
    assert_false(meet(&t, x, y));
    assert_false(meet(&t, x, z));
    assert_true(meet(&t, x, x));
    table_drop(t.def);
}

static void what_cannot_be_computed_holds_the_table(void **state)
{
    (void)state;
    static const char *const sql[] = {
        "CREATE TABLE t (a INT NOT NULL PRIMARY KEY, b INT GENERATED ALWAYS AS (a + 1) VIRTUAL, UNIQUE KEY (b))",
        "CREATE TABLE t (a INT, b INT)",
        "CREATE TABLE t (a INT, b INT, UNIQUE KEY (a))",
    };
    for (size_t i = 0; i < TG_ARRAY_LEN(sql); i++) {
        struct tab t = tab_of(1, sql[i]);
        struct cell x[] = {CELL("1"), CELL("2")}, y[] = {CELL("5"), CELL("6")};
        assert_true(meet(&t, x, y));
        t.is_bag = true;
        assert_int_equal(meet(&t, x, y), i != 1); // a bag without any unique key: by whole rows
        assert_true(meet(&t, x, x));
        table_drop(t.def);
    }
}

// JSON may have two texts for one document, so it does not tell rows of a bag apart.
static void equal_images_of_a_bag_meet(void **state)
{
    (void)state;
    struct tab t = tab_of(1, "CREATE TABLE t (a VARCHAR(9), j JSON, d DOUBLE, g INT GENERATED ALWAYS AS (1) STORED)");
    t.is_bag = true;
    struct cell x[] = {CELL("1"), CELL("[1]"), CELL("0"), CELL("1")}, json[] = {CELL("1"), CELL("[1.0]"), CELL("-0"), CELL("2")};
    struct cell y[] = {CELL("2"), CELL("[1]"), CELL("0"), CELL("1")}, null[] = {NULL_CELL, CELL("[1]"), CELL("0"), CELL("1")};
    struct cell empty[] = {CELL(""), CELL("[1]"), CELL("0"), CELL("1")};
    assert_true(meet(&t, x, json));
    assert_false(meet(&t, x, y));
    assert_false(meet(&t, null, empty));
    table_drop(t.def);
}

static void tables_are_apart_and_ddl_meets_all(void **state)
{
    (void)state;
    struct tab t = tab_of(1, "CREATE TABLE t (a INT NOT NULL PRIMARY KEY)"), u = tab_of(2, "CREATE TABLE u (a INT NOT NULL PRIMARY KEY)");
    struct cell one = CELL("1");
    struct batch *x = deps(&t, &one), *y = deps(&u, &one);
    for (uint32_t i = 0; i < x->alone.n; i++)
        assert_false(has(&y->alone, x->alone.list[i]) || has(&y->shared, x->alone.list[i]));
    assert_true(has(&x->shared, dep_table(&t)));
    assert_false(has(&x->shared, dep_table(&u)));
    assert_true(dep_name("a", "b") != dep_name("a", "c"));
    assert_true(dep_name("a", "b") != dep_name("a", NULL));
    assert_true(dep_name("ab", "c") != dep_name("a", "bc"));
    batch_free(x);
    batch_free(y);
    table_drop(t.def);
    table_drop(u.def);
}

static void shared_keys_stand_once(void **state)
{
    (void)state;
    struct batch *b = batch_new(BATCH_STREAM);
    for (uint64_t i = 0; i < 100; i++) {
        batch_dep(b, i % 3, true);
        batch_dep(b, i, false);
    }
    assert_int_equal(b->shared.n, 3);
    assert_int_equal(b->alone.n, 100);
    batch_free(b);
}

static void parts_and_budget(void **state)
{
    (void)state;
    struct tab t = tab_of(1, "CREATE TABLE t (a INT)"), u = tab_of(2, "CREATE TABLE u (a INT)");
    struct cancel *c = cancel_new();
    struct budget *budget = budget_new(100, c);
    struct batch *b = batch_new(BATCH_STREAM);
    batch_part(b, &t, t.def, true)->del.n = 1;
    batch_part(b, &u, u.def, false);
    assert_int_equal(batch_part(b, &t, t.def, true)->del.n, 1);
    assert_int_equal(b->nparts, 2);
    assert_true(budget_take(budget, 60));
    b->cost = 60;
    b->budget = budget;
    table_drop(t.def); // the part has a reference of its own
    assert_int_equal(b->parts[0].def->ncolumns, 1);
    batch_free(b);
    batch_free(NULL);
    assert_int_equal(budget_held(budget), 0);
    table_drop(u.def);
    budget_free(budget);
    cancel_free(c);
}

static void tables_of_a_run(void **state)
{
    (void)state;
    struct tabs tabs;
    tabs_init(&tabs);
    struct tab *a = tabs_add(&tabs, table_of("CREATE TABLE t (a INT)"), 0);
    struct tab *b = tabs_add(&tabs, table_of("CREATE TABLE T (a INT NOT NULL PRIMARY KEY)"), 9);
    struct tab *c = tabs_add(&tabs, table_of("CREATE TABLE x.t (a INT)"), 0);
    assert_int_equal(a->id, 1);
    assert_int_equal(b->id, 9);
    assert_int_equal(c->id, 10);
    assert_true(a->is_keyless && !b->is_keyless);
    assert_string_equal(c->label, "x.t");
    assert_ptr_equal(tabs_find(&tabs, "s", "t"), a);
    assert_ptr_equal(tabs_find(&tabs, "s", "T"), b);
    assert_ptr_equal(tabs_find(&tabs, "x", "t"), c);
    assert_null(tabs_find(&tabs, "s", "u"));
    struct table *held = tab_hold_def(&tabs, a);
    struct tab *child = tabs_add(&tabs, table_of("CREATE TABLE x.child (a INT, FOREIGN KEY (a) REFERENCES s.t (id) ON DELETE CASCADE,"
                                                 " FOREIGN KEY (a) REFERENCES o (id))"), 0);
    assert_true(tabs_is_acted_on(&tabs, "s", "t"));
    assert_false(tabs_is_acted_on(&tabs, "x", "o"));
    tab_set_def(child, table_of("CREATE TABLE s.`a/b` (a INT)"));
    assert_false(tabs_is_acted_on(&tabs, "s", "t"));
    assert_null(tabs_find(&tabs, "x", "child"));
    assert_ptr_equal(tabs_find(&tabs, "s", "a/b"), child);
    assert_null(tabs_find(&tabs, "s/a", "b"));
    tab_set_def(a, NULL);
    assert_null(tabs_find(&tabs, "s", "t"));
    assert_null(tab_hold_def(&tabs, a));
    assert_string_equal(held->name, "t");
    assert_string_equal(a->label, "s.t"); // still known by its name
    table_drop(held);
    tabs_release(&tabs);
}

static void after_the_end(void **state)
{
    (void)state;
    struct pos before = {"b.000001", 99}, end = {"b.000001", 100}, later = {"b.000002", 4};
    struct tab t = {.end = end};
    for (int i = TAB_PLANNED; i <= TAB_COMPLETE; i++) {
        enum tab_copy back;
        t.copy = (enum tab_copy)i;
        assert_int_equal(tab_is_after_end(&t, &later), i == TAB_COMPLETE);
        assert_false(tab_is_after_end(&t, &end));
        assert_false(tab_is_after_end(&t, &before));
        for (unsigned bits = 0; bits < 16; bits++) { /* left out changes are forgiven, but never by deleting rows of others */
            atomic_store(&t.filters, bits);
            t.kept = KEPT_UNTOUCHED;
            assert_int_equal(tab_is_after_end(&t, &later), i == TAB_COMPLETE);
            t.kept = KEPT_NONE;
            assert_int_equal(tab_is_after_end(&t, &later), i == TAB_COMPLETE && !(bits & (TAB_MORE | TAB_ROWS)));
        }
        atomic_store(&t.filters, 0);
        assert_true(tab_copy_parse(tab_copy_name(t.copy), &back));
        assert_int_equal(back, t.copy);
    }
    enum tab_copy untouched = TAB_COPYING;
    assert_false(tab_copy_parse("Complete", &untouched));
    assert_int_equal(untouched, TAB_COPYING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_meet_in_unique_keys),
        cmocka_unit_test(text_keys_are_coarser),
        cmocka_unit_test(parts_of_a_key_are_apart),
        cmocka_unit_test(what_cannot_be_computed_holds_the_table),
        cmocka_unit_test(equal_images_of_a_bag_meet),
        cmocka_unit_test(tables_are_apart_and_ddl_meets_all),
        cmocka_unit_test(shared_keys_stand_once),
        cmocka_unit_test(parts_and_budget),
        cmocka_unit_test(tables_of_a_run),
        cmocka_unit_test(after_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
