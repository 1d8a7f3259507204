// SPDX-License-Identifier: Apache-2.0
/* Filters of binlog events: how rules are read, and DM's own decisions about events. */
#include "conf_test.h"

static void load_rules(struct job *j, const char *rules)
{
    struct job_problems p = {0};
    char *text = x_format("version: 1\nname: a\nsource: {host: h, user: u}\ntarget: {host: t, user: u}\nevents:\n%s", rules);
    job_init(j);
    if (!load_text(j, &p, "j.yaml", text))
        print_problems(&p);
    assert_int_equal(p.nerrors, 0);
    job_problems_release(&p);
    free(text);
}

struct question {
    const char *schema, *table, *names[4], *sql;
    enum event_action action;
    size_t rule;
};

static void ask(const char *rules, const struct question *list, size_t n)
{
    struct job j;
    load_rules(&j, rules);
    for (size_t i = 0; i < n; i++) {
        const struct question *q = &list[i];
        struct event_verdict v = job_judge(&j, q->schema, q->table, q->names[0] ? q->names : NULL, q->sql);
        if (v.action != q->action || v.rule != q->rule)
            print_message("question %zu of\n%s", i, rules);
        assert_int_equal(v.action, q->action);
        assert_int_equal(v.rule, q->rule);
    }
    job_release(&j);
}

static void ignoring(void **state)
{
    (void)state;
    static const struct question list[] = {
        {"shop", "orders", {"delete"}, NULL, EVENT_IGNORE, 1},
        {"shop", "orders", {"insert"}, NULL, EVENT_DO, 0},
        {"SHOP", "Orders", {"delete"}, NULL, EVENT_IGNORE, 1},      /* letters don't count */
        {"shop", "items", {"delete"}, NULL, EVENT_DO, 0},
        {"shop2", "orders", {"delete"}, NULL, EVENT_DO, 0},
        {"shop", "orders", {"truncate table"}, "TRUNCATE orders", EVENT_DO, 0},
        {"crm", "t", {"truncate table"}, "TRUNCATE t", EVENT_IGNORE, 2},
        {"crm", "t", {"drop table"}, "DROP TABLE t", EVENT_DO, 0},
        {"crm", NULL, {"drop database"}, "DROP DATABASE crm", EVENT_IGNORE, 2}, /* an alias of drop schema; table-pattern * matches the schema */
        {"other", "t", {"alter table", "add column"}, "ALTER TABLE t ADD COLUMN a INT", EVENT_IGNORE, 3},
        {"other", "t", {"alter table", "drop foreign key"}, "x", EVENT_DO, 0},
    };
    ask("- {schema-pattern: shop, table-pattern: orders, events: [delete], action: ignore}\n"
        "- {schema-pattern: \"cr?\", table-pattern: \"*\", events: [truncate table, Drop Schema], action: Ignore}\n"
        "- {schema-pattern: \"[n-p]ther\", events: [add column], action: IGNORE}\n", list, TG_ARRAY_LEN(list));
}

static void doing(void **state)
{
    (void)state;
    static const struct question list[] = {
        {"s", "t", {"insert"}, NULL, EVENT_DO, 0},
        {"s", "t", {"update"}, NULL, EVENT_IGNORE, 1},
        {"s", "t", {"create table"}, "CREATE TABLE t (a INT)", EVENT_IGNORE, 1},
        {"s", "t", {NULL}, "SOMETHING NEW", EVENT_DO, 0},           /* not understood: no sql-pattern speaks of it */
        {"d", "t", {"truncate table"}, "TRUNCATE TABLE t", EVENT_DO, 0}, /* a Do rule with both parts needs both */
        {"d", "t", {"truncate table"}, "truncate t", EVENT_IGNORE, 2},
        {"d", "t", {"drop table"}, "TRUNCATE TABLE t", EVENT_IGNORE, 2},
        {"d", "t", {NULL}, "TRUNCATE TABLE t !", EVENT_DO, 0},
        {"d", "t", {NULL}, "NEW THING", EVENT_IGNORE, 2},
        {"elsewhere", "t", {"delete"}, NULL, EVENT_DO, 0},
    };
    ask("- {schema-pattern: s, table-pattern: t, events: [insert], action: Do}\n"
        "- {schema-pattern: d, table-pattern: t, events: [truncate table], sql-pattern: [\"^TRUNCATE\\\\s+TABLE\"], action: Do}\n",
        list, TG_ARRAY_LEN(list));
}

static void patterns_of_sql(void **state)
{
    (void)state;
    static const struct question list[] = {
        {"s", "t", {"drop table"}, "drop table t", EVENT_IGNORE, 1},     /* letters don't count, either of the two will do */
        {"s", "t", {"alter table"}, "ALTER TABLE t PARTITION p", EVENT_IGNORE, 1},
        {"s", "t", {"create table"}, "CREATE TABLE t (a INT)", EVENT_IGNORE, 1}, /* by its event */
        {"s", "t", {"rename table"}, "RENAME TABLE t TO u", EVENT_DO, 0},
        {"s", "t", {"insert"}, NULL, EVENT_DO, 0},                       /* rows have no text */
        {"", "", {NULL}, "WEIRD PARTITION", EVENT_ERROR, 2},             /* not understood: rules for every schema */
        {"q", "t", {"delete"}, NULL, EVENT_DO, 0},
    };
    ask("- {schema-pattern: s, table-pattern: \"t*\", events: [create table], sql-pattern: [\"^DROP\", \"PARTITION\"], action: Ignore}\n"
        "- {schema-pattern: \"*\", table-pattern: \"*\", sql-pattern: [WEIRD], action: error}\n", list, TG_ARRAY_LEN(list));
}

static void groups(void **state)
{
    (void)state;
    static const struct question list[] = {
        {"a", "t", {"insert"}, NULL, EVENT_IGNORE, 1},
        {"a", "t", {"drop table"}, "x", EVENT_IGNORE, 1},
        {"b", "t", {"insert"}, NULL, EVENT_IGNORE, 2},
        {"b", "t", {"drop table"}, "x", EVENT_DO, 0},
        {"c", "t", {"insert"}, NULL, EVENT_DO, 0},
        {"c", "t", {"drop table"}, "x", EVENT_IGNORE, 3},
        {"d", "t", {"drop column"}, "x", EVENT_IGNORE, 4},
        {"d", "t", {"truncate table"}, "x", EVENT_IGNORE, 4},
        {"d", "t", {"create table"}, "x", EVENT_DO, 0},
        {"d", "t", {"create index"}, "x", EVENT_DO, 0},
        {"d", "t", {"alter table"}, "x", EVENT_DO, 0},
        {"d", "t", {"alter table", "add column"}, "x", EVENT_DO, 0}, /* groups count by DM's own kind */
        {"d", "t", {"add table partition"}, "x", EVENT_DO, 0},
        {"d", "t", {"delete"}, NULL, EVENT_DO, 0},
        {"e", "t", {"insert"}, NULL, EVENT_DO, 0},                   /* none stands before insert */
        {"f", "t", {"insert"}, NULL, EVENT_IGNORE, 6},               /* insert stands before none */
        {"f", "t", {"delete"}, NULL, EVENT_DO, 0},
        {"g", "t", {"drop table"}, "x", EVENT_DO, 0},
        {"g", "t", {"insert"}, NULL, EVENT_IGNORE, 7},
    };
    ask("- {schema-pattern: a, events: [all], action: Ignore}\n- {schema-pattern: b, events: [all dml], action: Ignore}\n"
        "- {schema-pattern: c, events: [all ddl], action: Ignore}\n- {schema-pattern: d, events: [incompatible DDL changes], action: Ignore}\n"
        "- {schema-pattern: e, events: [none, insert], action: Ignore}\n- {schema-pattern: f, events: [insert, none], action: Ignore}\n"
        "- {schema-pattern: g, events: [none ddl, all], action: Ignore}\n", list, TG_ARRAY_LEN(list));
}

/* Rules for schemas first, then the least special pattern, whatever the order in the file. */
static void order(void **state)
{
    (void)state;
    static const struct question list[] = {
        {"shop", "orders", {"delete"}, NULL, EVENT_ERROR, 4},
        {"shop", "orders", {"update"}, NULL, EVENT_IGNORE, 2},  /* shop.* before shop.orders */
        {"shop", "orders", {"insert"}, NULL, EVENT_IGNORE, 1},
        {"show", "orders", {"insert"}, NULL, EVENT_ERROR, 3},
    };
    ask("- {schema-pattern: shop, table-pattern: orders, events: [insert, update], action: ignore}\n"
        "- {schema-pattern: shop, table-pattern: \"*\", events: [update, delete], action: ignore}\n"
        "- {schema-pattern: \"sho?\", table-pattern: \"*\", events: [insert], action: error}\n"
        "- {schema-pattern: \"s*\", events: [delete], action: error}\n",
        list + 0, 2);
    ask("- {schema-pattern: shop, table-pattern: orders, events: [insert, update], action: ignore}\n", list + 2, 1);
    ask("- {schema-pattern: show, table-pattern: orders, events: [insert], action: ignore}\n"
        "- {schema-pattern: x, events: [insert], action: ignore}\n"
        "- {schema-pattern: \"sho?\", table-pattern: \"*\", events: [insert], action: error}\n", list + 3, 1);
}

static void mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *where, *says;
    } list[] = {
        {"{schema-pattern: a, events: [delet], action: Ignore}", "j.yaml:6:32", "did you mean \"delete\""},
        {"{schema-pattern: a, events: [drop colum], action: Ignore}", "j.yaml:6:32", "did you mean \"drop column\""},
        {"{schema-pattern: a, events: [delete], action: skip}", "j.yaml:6:49", "do, ignore or error"},
        {"{schema-pattern: a, events: [delete]}", "j.yaml:6:3", "needs an action"},
        {"{table-pattern: a, events: [delete], action: Do}", "j.yaml:6:3", "needs schema-pattern"},
        {"{schema-pattern: \"~^a\", events: [delete], action: Do}", "j.yaml:6:20", "no regular expression"},
        {"{schema-pattern: \"a*b\", events: [delete], action: Do}", "j.yaml:6:20", "at the end only"},
        {"{schema-pattern: a, sql-pattern: [\"(\"], action: Do}", "j.yaml:6:37", "no regular expression"},
        {"{schema-pattern: a, event: [delete], action: Do}", "j.yaml:6:23", "did you mean \"events\""},
        {"delete", "j.yaml:6:3", "is a map"},
    };
    for (size_t i = 0; i < TG_ARRAY_LEN(list); i++) {
        struct job j;
        struct job_problems p = {0};
        char *text = x_format("version: 1\nname: a\nsource: {host: h, user: u}\ntarget: {host: t, user: u}\nevents:\n- %s\n", list[i].rule);
        job_init(&j);
        assert_false(load_text(&j, &p, "j.yaml", text));
        bool found = false;
        for (size_t k = 0; k < p.n; k++)
            found = found || (!p.list[k].is_warning && strstr(p.list[k].err.text, list[i].says) && !strcmp(p.list[k].err.where, list[i].where));
        if (!found)
            print_problems(&p);
        assert_true(found);
        assert_true(j.nevents == 0 || strstr(list[i].rule, "event:")); /* a key that is not known is an error of its own */
        job_problems_release(&p);
        job_release(&j);
        free(text);
    }
}

static void putting(void **state)
{
    (void)state;
    char first[] = "delete", second[] = "drop table", regex[] = "^DROP \"x\"", schema[] = "shop", table[] = "*", nonsense[] = "nonsense";
    char *events[] = {first, second}, *sql[] = {regex};
    struct job_event rule = {.schema = schema, .table = table, .events = events, .nevents = 2, .sql = sql, .nsql = 1, .action = EVENT_IGNORE};
    struct job j, copy;
    struct err e = {0};
    struct buf text = {0};
    load_rules(&j, "- {schema-pattern: a, events: [insert], action: do}\n");
    assert_true(job_event_put(&j, j.nevents, &rule, &e));
    job_copy(&copy, &j);
    assert_int_equal(copy.nevents, 2);
    event_text(&copy.events[1], true, &text);
    assert_string_equal(text.p, "{schema-pattern: shop, table-pattern: \"*\", events: [delete, \"drop table\"], sql-pattern: [\"^DROP \\\"x\\\"\"], action: Ignore}");
    job_release(&copy);
    rule.events[1] = nonsense;
    assert_false(job_event_put(&j, 0, &rule, &e));
    assert_int_equal(j.nevents, 2);
    assert_int_equal(j.events[0].action, EVENT_DO);
    assert_true(job_event_drop(&j, 0, &e));
    assert_int_equal(j.nevents, 1);
    assert_string_equal(j.events[0].schema, "shop");
    assert_true(job_event_drop(&j, 0, &e));
    assert_int_equal(j.nevents, 0);
    buf_release(&text);
    job_release(&j);
}

/* Every name that the table of kinds holds is one that a rule takes, and stands there once. */
static void all_kinds(void **state)
{
    size_t n;
    const struct job_event_kind *kinds = job_event_kinds(&n);
    (void)state;
    for (size_t i = 0; i < n; i++) {
        char *rule = x_format("- {schema-pattern: a, events: [\"%s\"], action: ignore}\n", kinds[i].name);
        const struct question q = {"a", "t", {kinds[i].name}, NULL, EVENT_IGNORE, 1};
        ask(rule, &q, 1);
        free(rule);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(kinds[i].name, kinds[k].name);
    }
}

/* Of two filters with the same patterns DM keeps the first. */
static void twins(void **state)
{
    (void)state;
    struct job j;
    struct job_problems p = {0};
    job_init(&j);
    assert_true(load_text(&j, &p, "t.yaml", "name: t\ntask-mode: all\ntarget-database: {host: h, port: 4000, user: r}\n"
        "mysql-instances: [{source-id: s1, filter-rules: [f1, f2, f3]}]\nfilters:\n  f1: {schema-pattern: a, table-pattern: t, events: [delete], action: Ignore}\n"
        "  f2: {schema-pattern: A, table-pattern: T, events: [insert], action: Ignore}\n  f3: {schema-pattern: a, events: [insert], action: Ignore}\n"));
    assert_int_equal(j.nevents, 2);
    assert_true(has_problem(&p, true, ERR_CONF_VALUE, "t.yaml", "DM keeps only the first"));
    job_problems_release(&p);
    job_release(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ignoring), cmocka_unit_test(doing),   cmocka_unit_test(patterns_of_sql), cmocka_unit_test(groups), cmocka_unit_test(order),
        cmocka_unit_test(mistakes), cmocka_unit_test(putting), cmocka_unit_test(all_kinds),       cmocka_unit_test(twins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
