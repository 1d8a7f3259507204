// SPDX-License-Identifier: Apache-2.0
// What moves and where to: DM's table of cases, our own lists, routes, and system schemas.
#include "conf_test.h"

#define TASK                                                                                       \
    "task-mode: all\nmysql-instances: [{source-id: s, block-allow-list: l, route-rules: [r1, r2, " \
    "r3]}]\n"

static void load_task(struct job *j, const char *rest)
{
    struct job_problems p = {0};
    char *text = x_format(TASK "%s\n", rest);
    job_init(j);
    if (!load_text(j, &p, "t.yaml", text)) {
        print_problems(&p);
        fail();
    }
    job_problems_release(&p);
    free(text);
}

struct ask {
    const char *schema, *table;
    bool wanted;
};
struct allow_case {
    const char *list;
    struct ask asks[8];
};

// DM.md 1.8, step by step.
static const struct allow_case cases[] = {
    {"{}", {{"a", "t", true}, {"a", NULL, true}, {"mysql", "user", false}, {"SYS", NULL, false}}},
    {"{do-dbs: [a, 'b*']}",
     {{"a", "t", true},
      {"A", "t", true},
      {"bcd", NULL, true},
      {"c", "t", false},
      {"c", NULL, false},
      {"ab", "t", false}}},
    {"{ignore-dbs: [a]}", {{"a", "t", false}, {"a", NULL, false}, {"b", "t", true}}},
    {"{do-dbs: [a], ignore-dbs: [a]}", {{"a", "t", true}, {"b", "t", false}}},
    {"{do-tables: [{db-name: a, tbl-name: t}]}",
     {{"a", "t", true}, {"a", "u", false}, {"b", "t", false}, {"b", NULL, true}}},
    {"{ignore-tables: [{db-name: a, tbl-name: t}]}",
     {{"a", "t", false}, {"a", "u", true}, {"a", NULL, true}}},
    {"{do-tables: [{db-name: a, tbl-name: 't*'}], ignore-tables: [{db-name: a, tbl-name: t1}]}",
     {{"a", "t1", true}, {"a", "u", false}}},
    {"{do-dbs: [a], do-tables: [{db-name: b, tbl-name: t}]}",
     {{"b", "t", false}, {"a", "t", false}, {"a", NULL, true}}},
    {"{do-dbs: [a], ignore-tables: [{db-name: a, tbl-name: 'log_?'}]}",
     {{"a", "log_1", false}, {"a", "log_12", true}, {"b", "x", false}}},
    {"{ignore-dbs: [a], ignore-tables: [{db-name: b, tbl-name: '*'}]}",
     {{"a", "t", false}, {"b", "t", false}, {"b", NULL, true}, {"c", "t", true}}},
    {"{do-dbs: ['~^shop_[0-9]+$']}",
     {{"shop_12", "t", true}, {"shop_x", "t", false}, {"myshop_1", "t", false}}},
    {"{do-dbs: ['~hop']}", {{"shop", "t", true}, {"chopper", "t", true}}},
    {"{do-dbs: ['s[a-c]x', 't[!0-9]']}",
     {{"sbx", "t", true}, {"sdx", "t", false}, {"tx", "t", true}, {"t1", "t", false}}},
    {"{do-dbs: ['~^mysql$', '~^shop$']}", {{"mysql", "user", false}, {"shop", "t", true}}},
};

static void dm_allow_lists(void **state)
{
    (void)state;
    for (size_t i = 0; i < TG_ARRAY_LEN(cases); i++) {
        struct job j, again;
        struct job_problems p = {0};
        struct buf out = {0};
        char *rest = x_format("block-allow-list: {l: %s}", cases[i].list);
        load_task(&j, rest);
        job_init(&again);
        job_emit(&j, &out);
        assert_true(load_text(&again, &p, "again", out.p));
        for (const struct ask *a = cases[i].asks; a->schema; a++) {
            if (job_wants(&j, a->schema, a->table) != a->wanted ||
                job_wants(&again, a->schema, a->table) != a->wanted) {
                print_message("%s: %s.%s should be %d\n%s", cases[i].list, a->schema,
                              a->table ? a->table : "-", a->wanted, out.p);
                fail();
            }
        }
        free(rest);
        buf_release(&out);
        job_problems_release(&p);
        job_release(&j);
        job_release(&again);
    }
}

static void letter_case(void **state)
{
    (void)state;
    struct job j;
    load_task(&j, "case-sensitive: true\nblack-white-list: {l: {do-dbs: [Shop]}}");
    assert_true(job_wants(&j, "Shop", "t"));
    assert_false(job_wants(&j, "shop", "t"));
    job_release(&j);
}

static void own_lists(void **state)
{
    (void)state;
    struct job j;
    struct job_problems p = {0};
    job_init(&j);
    assert_true(
        load_text(&j, &p, "j",
                  "version: 1\nname: a\nallow:\n  include: [shop, 'crm.cust*', '`a.b`.`c.d`']\n"
                  "  exclude: [shop.tmp, old.*]\n"));
    assert_true(job_wants(&j, "shop", "orders"));
    assert_false(job_wants(&j, "shop", "tmp"));
    assert_true(job_wants(&j, "crm", "customers"));
    assert_false(job_wants(&j, "crm", "orders"));
    assert_true(job_wants(&j, "a.b", "c.d"));
    assert_true(job_wants(&j, "crm", NULL));
    assert_false(job_wants(&j, "other", NULL));
    assert_false(job_wants(&j, "old", NULL));
    job_problems_release(&p);
    job_release(&j);
}

static void system_schemas(void **state)
{
    (void)state;
    static const char *const names[] = {
        "mysql",   "information_schema", "PERFORMANCE_SCHEMA", "sys", "tidegate_meta",
        "dm_meta", "metrics_schema",     "inspection_schema", "tidegate_rehearsal", "Tidegate_Rehearsal_01ab23CD"};
    struct job j;
    job_init(&j);
    for (size_t i = 0; i < TG_ARRAY_LEN(names); i++) {
        assert_false(job_wants(&j, names[i], NULL));
        assert_false(job_wants(&j, names[i], "t"));
    }
    assert_true(job_wants(&j, "shop", "t"));
    assert_true(job_wants(&j, "tidegate_rehearsal_2", "t"));
    assert_true(job_wants(&j, "tidegate_rehearsals", "t"));
    assert_true(job_wants(&j, "tidegate_rehearsal_01ab23cx", "t"));
    job_release(&j);
}

static void starts(void **state)
{
    (void)state;
    char file[] = "binlog.000001", set[] = "0-1-7", none[] = "";
    struct job_end s = {.start_file = file, .start_gtid = set};
    assert_true(job_starts_by_file(&s));
    s.enable_gtid = true;
    assert_false(job_starts_by_file(&s));
    s.start_gtid = none;
    assert_true(job_starts_by_file(&s));
    s.start_gtid = NULL;
    assert_true(job_starts_by_file(&s));
    s = (struct job_end){.start_gtid = set};
    assert_false(job_starts_by_file(&s));
}

static void routed(const struct job *j, const char *from, const char *table, const char *to,
                   const char *to_table)
{
    char s[200], t[200];
    job_route(j, from, table, s, t);
    assert_string_equal(s, to);
    assert_string_equal(t, to_table);
}

static void dm_routes(void **state)
{
    (void)state;
    struct job j;
    load_task(&j, "routes:\n  r1: {schema-pattern: 'a*', target-schema: all}\n"
                  "  r2: {schema-pattern: 'a*', table-pattern: 't_*', target-schema: merged, "
                  "target-table: t}\n"
                  "  r3: {schema-pattern: b, table-pattern: '*', target-schema: bb}\n");
    routed(&j, "a1", "x", "all", "x");
    routed(&j, "a1", "t_7", "merged", "t");
    routed(&j, "a1", NULL, "all", "");
    routed(&j, "b", "x", "bb", "x");
    routed(&j, "b", NULL, "b", "");
    routed(&j, "c", "x", "c", "x");

    struct job again;
    struct job_problems p = {0};
    struct buf out = {0};
    job_emit(&j, &out);
    job_init(&again);
    assert_true(load_text(&again, &p, "again", out.p));
    routed(&again, "a1", "t_7", "merged", "t");
    routed(&again, "b", "x", "bb", "x");
    routed(&again, "b", NULL, "b", "");
    buf_release(&out);
    job_problems_release(&p);
    job_release(&again);
    job_release(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dm_allow_lists), cmocka_unit_test(letter_case),
        cmocka_unit_test(own_lists),      cmocka_unit_test(system_schemas),
        cmocka_unit_test(dm_routes),      cmocka_unit_test(starts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
