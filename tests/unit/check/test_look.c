// SPDX-License-Identifier: Apache-2.0
/* What there is to move. TG_LOOK_JOB names a job file: what look_read finds there is printed, a line a table, and
 * tests/it/check_look.py compares it with the servers. */
#include "check/look.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

static const char *text(const char *t)
{
    return t ? t : "-";
}

static void print_table(const struct look_table *t)
{
    static const char *const places[] = {"unknown", "free", "empty", "rows", "other"};
    printf("look\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%u\t%s\t%u\t%s\t%u\t%s\t%llu\t%llu\t%s\t%s\t%s\n", t->schema, t->name, t->is_schema ? "schema" : t->is_view ? "view" : "table",
           t->is_read ? "read" : "unread", t->is_primary ? "primary" : "-", text(t->key), text(t->engine), t->nfks, text(t->fks), t->ngenerated,
           text(t->generated), t->ntriggers, text(t->triggers), (unsigned long long)t->rows, (unsigned long long)t->data_bytes, places[t->place],
           text(t->to), text(t->collation));
}

static void test_job(void **unused)
{
    const char *path = getenv("TG_LOOK_JOB");
    struct job job;
    struct job_problems problems = {0};
    struct err e = {0};
    struct look names, all;
    (void)unused;
    if (!path)
        skip();
    job_init(&job);
    job_load(&job, &path, 1, &problems);
    if (!look_read(&names, &job, true, NULL, &e) || !look_read(&all, &job, false, NULL, &e))
        fail_msg("%s", e.text);
    assert_int_equal(names.n, all.n);
    assert_false(names.has_defs);
    for (uint32_t i = 0; i < all.n; i++) {
        assert_string_equal(names.tables[i].name, all.tables[i].name);
        print_table(&all.tables[i]);
    }
    printf("known\t%d\t%d\t%d\t%s\n", all.has_defs, all.has_sizes, all.has_triggers, text(all.target_problem));
    look_release(&names);
    look_release(&all);
    job_problems_release(&problems);
    job_release(&job);
}

static void test_nobody_named(void **unused)
{
    struct job job;
    struct err e = {0};
    struct look look;
    (void)unused;
    job_init(&job);
    assert_false(look_read(&look, &job, true, NULL, &e));
    assert_int_equal(e.code, ERR_CONF_MISSING);
    assert_int_equal(look.n, 0);
    job_release(&job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nobody_named), cmocka_unit_test(test_job)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
