// SPDX-License-Identifier: Apache-2.0
/* Picks become rules, and the rules mean the picks: by hand for the forms, by chance for names. */
#include "conf_test.h"

static void list_is(const struct job *j, const char *path, const char *want)
{
    struct buf text = {0};
    job_get(j, path, &text);
    assert_string_equal(text.p ? text.p : "[]", want);
    buf_release(&text);
}

static void pick_is(const struct job_pick *list, size_t n, const char *include, const char *exclude)
{
    struct job_picked p;
    job_pick_rules(&p, list, n, false);
    assert_string_equal(p.include.p, include);
    assert_string_equal(p.exclude.p, exclude);
    job_picked_release(&p);
}

static void test_forms(void **unused)
{
    (void)unused;
    pick_is((struct job_pick[]){{"crm", "a", true}, {"crm", "b", true}, {"shop", "a", true}, {"shop", "b", true}, {"shop", "tmp", false}}, 5,
            "[crm.*, shop.*]", "[shop.tmp]");
    pick_is((struct job_pick[]){{"audit", "log", false}, {"shop", "a", true}, {"shop", "b", false}, {"shop", "c", false}}, 4, "[shop.a]", "[]");
    pick_is((struct job_pick[]){{"audit", "log", false}}, 1, "[]", "[\"*\"]");
    pick_is((struct job_pick[]){{"a.b", "c", true}, {"a.b", "d`", false}, {"a.b", "e", false}}, 3, "[\"`a.b`.c\"]", "[]");
    pick_is((struct job_pick[]){{"s", "*", true}, {"s", "a", false}, {"s", "b", false}}, 3, "[\"s.[*]\"]", "[]");
    /* names that differ by case only */
    pick_is((struct job_pick[]){{"s", "T", true}, {"s", "t", false}, {"s", "u", false}}, 3, "[\"s.`~(?-i)^T\\\\z`\"]", "[]");
}

static unsigned long long seed = 88172645463325252ull;

static unsigned number(unsigned below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % below);
}

/* Names of a few characters, so that many are alike, and all that mean something to a pattern, YAML or a placeholder. */
static void make_name(char out[64])
{
    static const char *const pieces[] = {"a", "A", "b", "B", "_", "*", "?", "[", "]", "~", "`", ".", "!", "^", "$", "{", "}", "<", ">", "\\", "\"", "'", "-",
                                         " ", "#", ":", ",", "&", "|", "%", "@", "1", "0", "é", "É", "名", "‹", "›", "(", ")", "+", "null", "true", "x"};
    bool is_plain = number(3) > 0;
    size_t n = 1 + number(3), at = 0;
    for (size_t i = 0; i < n; i++) {
        const char *piece = pieces[number(is_plain ? 6 : TG_ARRAY_LEN(pieces))];
        memcpy(out + at, piece, strlen(piece));
        at += strlen(piece);
    }
    if (out[at - 1] == ' ') /* no server takes a name that ends so */
        out[at - 1] = 's';
    out[at] = 0;
}

struct name {
    char schema[64], table[64];
};

static int by_name(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    int c = strcmp(x->schema, y->schema);
    return c ? c : strcmp(x->table, y->table);
}

static size_t make_names(struct name *names, size_t most)
{
    char schemas[4][64];
    size_t n = 1 + number((unsigned)most), kept = 0;
    for (size_t i = 0; i < 4; i++)
        make_name(schemas[i]);
    for (size_t i = 0; i < n; i++) {
        snprintf(names[i].schema, sizeof names[i].schema, "%s", schemas[number(4)]);
        make_name(names[i].table);
    }
    qsort(names, n, sizeof *names, by_name);
    for (size_t i = 0; i < n; i++)
        if (!kept || by_name(&names[kept - 1], &names[i]) != 0)
            names[kept++] = names[i];
    return kept;
}

static void means_picks(const struct job *j, const struct job_pick *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (job_wants(j, list[i].schema, list[i].table) == list[i].is_chosen)
            continue;
        struct buf text = {0};
        job_emit(j, &text);
        fail_msg("%s . %s should %s, in\n%s", list[i].schema, list[i].table, list[i].is_chosen ? "move" : "stay", text.p);
    }
}

/* Any names, any picks: the rules mean exactly these, and so does the file that is written. */
static void test_picks(void **unused)
{
    static struct name names[24];
    static struct job_pick list[24];
    (void)unused;
    for (int round = 0; round < 4000; round++) {
        struct job j, again;
        struct err e = {0};
        struct buf text = {0};
        struct job_problems problems = {0};
        size_t n = make_names(names, 24);
        unsigned often = number(5);
        for (size_t i = 0; i < n; i++)
            list[i] = (struct job_pick){names[i].schema, names[i].table, number(4) < often};
        job_init(&j);
        if (number(2))
            assert_true(job_set(&j, "allow.case-sensitive", "true", &e));
        assert_true(job_set(&j, "allow.do-dbs", "[nothing]", &e));
        if (!job_pick(&j, list, n, &e))
            fail_msg("%s", e.text);
        assert_int_equal(j.nnotes, 0); /* nothing is taken for a placeholder */
        means_picks(&j, list, n);
        job_emit(&j, &text);
        job_init(&again);
        if (!load_text(&again, &problems, "job.yaml", text.p))
            print_problems(&problems);
        means_picks(&again, list, n);
        job_problems_release(&problems);
        job_release(&again);
        job_release(&j);
        buf_release(&text);
    }
}

static void test_later_tables(void **unused)
{
    struct job j;
    struct err e;
    (void)unused;
    job_init(&j);
    job_pick(&j, (struct job_pick[]){{"audit", "log", false}, {"crm", "a", true}, {"crm", "b", false}, {"shop", "a", true}}, 4, &e);
    assert_true(job_wants(&j, "shop", "later"));
    assert_false(job_wants(&j, "crm", "later"));
    assert_false(job_wants(&j, "audit", "later"));
    assert_false(job_wants(&j, "new", "later"));
    job_pick(&j, (struct job_pick[]){{"shop", "a", false}}, 1, &e);
    assert_false(job_wants(&j, "shop", "a"));
    assert_false(job_wants(&j, "new", "a"));
    job_release(&j);
}

static void test_renames(void **unused)
{
    struct job j;
    struct err e = {0};
    char schema[200], table[200];
    (void)unused;
    job_init(&j);
    assert_true(job_route_add(&j, "shop.*", "shop_v2.*", &e));
    assert_true(job_route_add(&j, "`a.b`.t", "c.`d.e`", &e));
    list_is(&j, "routes", "\n  - {from: shop, to: shop_v2}\n  - {from: \"`a.b`.t\", to: \"c.`d.e`\"}");
    job_route(&j, "a.b", "t", schema, table);
    assert_string_equal(schema, "c");
    assert_string_equal(table, "d.e");
    assert_false(job_route_add(&j, "shop.*", "other.*", &e));
    assert_non_null(strstr(e.text, "already"));
    assert_false(job_route_add(&j, "crm.*", "other.x", &e));
    assert_false(job_route_add(&j, "crm.*", "oth*", &e));
    assert_false(job_route_add(&j, "", "other", &e));
    assert_false(job_route_add(&j, "crm", "", &e));
    assert_int_equal(j.nroutes, 2);
    assert_true(job_route_drop(&j, 0, &e));
    list_is(&j, "routes", "\n  - {from: \"`a.b`.t\", to: \"c.`d.e`\"}");
    assert_true(job_route_drop(&j, 0, &e));
    assert_int_equal(j.nroutes, 0);
    job_release(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_picks),
        cmocka_unit_test(test_later_tables),
        cmocka_unit_test(test_renames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
