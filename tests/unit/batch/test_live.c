// SPDX-License-Identifier: Apache-2.0
// Chunks that are under way: in order of their keys, those of an earlier round apart, and only a few that are done.
#include "batch/live.h"

#include "../sample.h"

#include <string.h>

struct env {
    struct tabs tabs;
    struct tab *tab;
};

static void env_begin(struct env *v)
{
    tabs_init(&v->tabs);
    v->tab = tabs_add(&v->tabs, table_of("CREATE TABLE t (id INT PRIMARY KEY)"), 0);
}

static struct live *begin(struct env *v, uint32_t round, uint64_t number)
{
    struct chunk k = {.tab = v->tab, .number = number, .round = round, .want_rows = 50};
    return live_begin(v->tab, &k);
}

static unsigned count(const struct env *v, enum live_state state)
{
    unsigned n = 0;
    for (const struct live *l = v->tab->live; l; l = l->next)
        n += l->state == state;
    return n;
}

static void test_order(void **unused)
{
    struct env v;
    (void)unused;
    env_begin(&v);
    begin(&v, 0, 30);
    begin(&v, 0, 10);
    begin(&v, 1, 5);
    begin(&v, 0, 20);
    const struct live *l = v.tab->live;
    static const uint64_t wanted[] = {10, 20, 30, 5};
    for (unsigned i = 0; i < 4; i++, l = l->next)
        assert_int_equal(l->id.number, wanted[i]);
    assert_null(l);
    tabs_release(&v.tabs);
}

static void test_way(void **unused)
{
    struct env v;
    struct live_id id = {0, 7};
    (void)unused;
    env_begin(&v);
    struct live *l = begin(&v, 0, 7);
    assert_int_equal(l->want, 50);
    live_read(v.tab, id, 49, 1000);
    assert_int_equal(l->state, LIVE_PASSING);
    assert_int_equal(l->rows, 49);
    live_set(v.tab, id, LIVE_QUEUED);
    live_again(v.tab, id, "lost");
    assert_null(v.tab->live);
    assert_int_equal(v.tab->retried, 1);
    assert_string_equal(v.tab->retried_why, "lost");
    live_set(v.tab, id, LIVE_LOADING); // nobody knows it any more
    assert_null(v.tab->live);
    tabs_release(&v.tabs);
}

static void test_rounds(void **unused)
{
    struct env v;
    (void)unused;
    env_begin(&v);
    begin(&v, 0, 1);
    v.tab->round = 1;
    struct live *now = begin(&v, 1, 1);
    live_again(v.tab, (struct live_id){0, 1}, "old"); // worthless anyway: no retry
    assert_ptr_equal(v.tab->live, now);
    assert_int_equal(v.tab->retried, 0);
    tabs_release(&v.tabs);
}

static void test_done(void **unused)
{
    struct env v;
    (void)unused;
    env_begin(&v);
    for (uint64_t i = 1; i <= 20; i++) {
        begin(&v, 0, i);
        if (i % 5)
            live_set(v.tab, (struct live_id){0, i}, LIVE_DONE);
    }
    assert_int_equal(count(&v, LIVE_DONE), LIVE_DONE_KEPT);
    assert_int_equal(count(&v, LIVE_READING), 4);
    tabs_release(&v.tabs);
}

static void test_left(void **unused)
{
    struct env v;
    uint32_t id = 0;
    (void)unused;
    env_begin(&v);
    struct table *def = table_hold(v.tab->def);
    char *schema = strdup(def->schema), *name = strdup(def->name);
    assert_null(tabs_left(&v.tabs, schema, name, &id));
    tabs_leave(&v.tabs, v.tab->id, def);
    tab_set_def(v.tab, NULL);
    assert_ptr_equal(tabs_left(&v.tabs, schema, name, &id), def);
    assert_int_equal(id, v.tab->id);
    assert_int_equal(tabs_nleft(&v.tabs), 1);
    assert_null(tabs_left(&v.tabs, schema, "another", NULL));
    tabs_forget_left(&v.tabs, schema, name);
    assert_int_equal(tabs_nleft(&v.tabs), 0);
    tabs_forget_left(&v.tabs, schema, name);
    free(schema);
    free(name);
    tabs_release(&v.tabs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),  cmocka_unit_test(test_way),  cmocka_unit_test(test_rounds),
        cmocka_unit_test(test_done),   cmocka_unit_test(test_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
