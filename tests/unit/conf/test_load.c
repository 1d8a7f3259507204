// SPDX-License-Identifier: Apache-2.0
// Loading: every seed file alone and together, all problems of a bad file at once, --set, and what
// job_check refuses.
#include "conf_test.h"

#define DATA TG_TEST_DIR "/data/"

static const char *const yaml_seeds[] = {
    "000-01-topology.yaml", "000-02-source.yaml", "000-03-task.yaml",
    "000-04-topology.yaml", "000-05-source.yaml", "000-06-source.yaml",
    "000-07-task.yaml",     "000-10-source.yaml", "000-11-task.yaml",
    "001-01-source.yaml",   "001-02-task.yaml",   "003-01-source.yaml",
    "003-02-task.yaml",     "004-01-task.yaml",   "004-02-task-fragment.yaml",
};

static bool load_files(struct job *j, struct job_problems *p, const char *a, const char *b,
                       const char *c)
{
    const char *names[] = {a, b, c}, *files[3];
    char paths[3][512];
    size_t n = 0;
    for (size_t i = 0; i < 3; i++)
        if (names[i]) {
            snprintf(paths[n], sizeof paths[n], DATA "%s", names[i]);
            files[n] = paths[n];
            n++;
        }
    return job_load(j, files, n, p);
}

static void every_seed_loads(void **state)
{
    (void)state;
    for (size_t i = 0; i < TG_ARRAY_LEN(yaml_seeds); i++) {
        struct job j, again;
        struct job_problems p = {0}, p2 = {0};
        struct buf first = {0}, second = {0};
        job_init(&j);
        job_init(&again);
        if (!load_files(&j, &p, yaml_seeds[i], NULL, NULL)) {
            print_message("%s\n", yaml_seeds[i]);
            print_problems(&p);
            fail();
        }
        assert_int_equal(p.nerrors, 0);
        job_emit(&j, &first);
        if (!load_text(&again, &p2, "again", first.p)) {
            print_message("%s\n", first.p);
            print_problems(&p2);
            fail();
        }
        job_emit(&again, &second);
        strip_comments(&first);
        strip_comments(&second);
        assert_string_equal(first.p, second.p);
        job_release(&j);
        job_release(&again);
        job_problems_release(&p);
        job_problems_release(&p2);
        buf_release(&first);
        buf_release(&second);
    }
}

static void task_with_source(void **state)
{
    (void)state;
    struct job j;
    struct job_problems p = {0}, checked = {0};
    job_init(&j);
    assert_true(
        load_files(&j, &p, "000-02-source.yaml", "000-03-task.yaml", "004-02-task-fragment.yaml"));
    assert_string_equal(j.name, "migrations");
    assert_int_equal(j.mode, MODE_ALL);
    assert_int_equal(j.nsources, 1);
    assert_string_equal(j.sources[0].id, "aurora-replica-01");
    assert_string_equal(j.sources[0].host,
                        "database-1-instance-1.cbnigarpiufl.us-west-2.rds.amazonaws.com");
    assert_string_equal(j.sources[0].user, "admin");
    assert_int_equal(j.sources[0].password.origin, SECRET_PLAIN);
    assert_string_equal(secret_peek(j.sources[0].password.value), "cHwUvFUtGeNglEbsQX0m");
    assert_int_equal(j.target.port, 4000);
    assert_int_equal(j.ncheck_ignore, 2);
    assert_string_equal(j.check_ignore[1], "replication_privilege");
    assert_true(job_wants(&j, "TPCC", "orders"));
    assert_false(job_wants(&j, "tpcd", "orders"));
    assert_true(has_problem(&p, true, ERR_CONF_VALUE, "000-02-source.yaml:8:13", "plain text"));
    assert_true(has_problem(&p, true, ERR_CONF_MISSING, "000-03-task.yaml:14:25", "mydumpers"));
    assert_true(has_problem(&p, true, ERR_CONF_VALUE, "000-03-task.yaml:22:3",
                            "loaders.global is not used"));
    if (!job_check(&j, &checked)) {
        print_problems(&checked);
        fail();
    }
    job_problems_release(&p);
    job_problems_release(&checked);
    job_release(&j);
}

static void placeholders_are_named_and_kept(void **state)
{
    (void)state;
    struct job j;
    struct job_problems p = {0}, checked = {0};
    struct buf out = {0};
    struct err e;
    job_init(&j);
    assert_true(load_files(&j, &p, "000-10-source.yaml", "000-11-task.yaml", NULL));
    assert_true(has_problem(&p, true, ERR_CONF_VALUE, "000-11-task.yaml:6:9",
                            "<the TiDB Cloud cluster port>"));
    assert_true(
        has_problem(&p, true, ERR_CONF_VALUE, "000-11-task.yaml:19:14", "<table1 to be migrated>"));
    assert_true(
        has_problem(&p, true, ERR_CONF_VALUE, "000-10-source.yaml:8:13", "<password of Aurora>"));
    assert_false(job_check(&j, &checked));
    assert_true(
        has_problem(&checked, false, ERR_CONF_VALUE, "000-11-task.yaml:6:9", "target.port"));
    job_emit(&j, &out);
    assert_non_null(strstr(out.p, "port: \"<the TiDB Cloud cluster port>\""));
    assert_non_null(strstr(out.p, "host: \"<the source endpoint of the Aurora>\""));
    assert_non_null(strstr(out.p, "password: \"<password of Aurora>\""));
    assert_false(job_set(&j, "target.port", "x", &e)); /* the placeholder stays */
    assert_non_null(note_raw(&j, "target.port"));
    assert_true(job_set(&j, "source.host", "db", &e));
    assert_true(job_set(&j, "source.user", "u", &e));
    assert_true(job_set(&j, "source.password", "${ask}", &e));
    assert_true(job_set(&j, "target.host", "tidb", &e));
    assert_true(job_set(&j, "target.port", "4001", &e));
    assert_true(job_set(&j, "target.user", "root", &e));
    assert_true(job_set(&j, "target.password", "", &e));
    assert_true(job_set(&j, "allow.include", "shop,crm.orders", &e));
    job_problems_release(&checked);
    if (!job_check(&j, &checked)) {
        print_problems(&checked);
        fail();
    }
    assert_int_equal(j.target.port, 4001);
    assert_true(job_wants(&j, "crm", "orders"));
    assert_false(job_wants(&j, "crm", "other"));
    buf_release(&out);
    job_problems_release(&p);
    job_problems_release(&checked);
    job_release(&j);
}

static void incremental_with_position(void **state)
{
    (void)state;
    struct job j;
    struct job_problems p = {0}, checked = {0};
    job_init(&j);
    assert_true(load_files(&j, &p, "001-02-task.yaml", "001-01-source.yaml", NULL));
    assert_int_equal(j.mode, MODE_INCREMENTAL);
    assert_string_equal(j.sources[0].start_file, "mysql-bin.000004");
    assert_int_equal(j.sources[0].start_pos, 109227);
    assert_string_equal(j.sources[0].host, "${host}");
    assert_false(job_check(&j, &checked));
    assert_true(has_problem(&checked, false, ERR_CONF_VALUE, "001-01-source.yaml:7:9", "${host}"));
    job_problems_release(&p);
    job_problems_release(&checked);
    job_release(&j);
}

static void lost_source_and_several(void **state)
{
    (void)state;
    struct job j;
    struct job_problems p = {0}, checked = {0};
    job_init(&j);
    assert_true(
        load_files(&j, &p, "004-01-task.yaml", "000-01-topology.yaml", "000-08-dm-toml.toml"));
    assert_true(j.has_topology);
    assert_int_equal(j.nsources, 2);
    assert_true(has_problem(&p, true, ERR_CONF_FILE, ".toml", "not read"));
    assert_true(
        has_problem(&p, true, ERR_CONF_MISSING, "004-01", "mysql-replica-02 has no source file"));
    assert_true(job_wants(&j, "test_db", "test_table"));
    assert_false(job_wants(&j, "test_db", "other"));
    assert_false(job_check(&j, &checked));
    assert_true(has_problem(&checked, false, ERR_CONF_UNSUPPORTED, "source", "several sources"));
    assert_true(has_problem(&checked, false, ERR_CONF_MISSING, "source.host",
                            "mysql-replica-01 has no source file"));
    job_problems_release(&p);
    job_problems_release(&checked);
    job_release(&j);
}

static const char bad_job[] = "version: 2\n"
                              "nam: x\n"
                              "mode: ful\n"
                              "source:\n"
                              "  hots: db\n"
                              "  port: 70000\n"
                              "  password: hunter2plain\n"
                              "  tls: {verfy: true}\n"
                              "target: [1]\n"
                              "pace: normal\n"
                              "pace: fast\n"
                              "limits: {memory: lots, writers: 0}\n"
                              "routes: [{from: a.b.c, to: d}, {form: a}]\n"
                              "allow: {include: ['~(']}\n"
                              "answers: {q1: Not A Slug}\n";

static void all_errors_at_once(void **state)
{
    (void)state;
    static const char *const golden[] = {
        "TG-1003 bad.yaml:11:1: the key \"pace\" is there twice; first on line 10",
        "TG-1004 bad.yaml:1:10: this program reads version 1 of job.yaml only",
        "TG-1003 bad.yaml:2:1: unknown key \"nam\" in the job; did you mean \"name\"?",
        "TG-1004 bad.yaml:3:7: mode is \"ful\"; it can be full, all, incremental; did you mean "
        "full?",
        "TG-1003 bad.yaml:5:3: unknown key \"hots\" in source; did you mean \"host\"?",
        "TG-1004 bad.yaml:6:9: source.port is 70000; it can be 1 to 65535",
        "TG-1004 bad.yaml:7:13: source.password is plain text; write ${env:NAME}, ${file:/path}, ${sealed:FILE#NAME} or "
        "${ask} instead",
        "TG-1003 bad.yaml:8:9: unknown key \"verfy\" in source.tls; did you mean \"verify\"?",
        "TG-1004 bad.yaml:9:9: target needs a map, and this is a list",
        "TG-1004 bad.yaml:12:18: limits.memory is \"lots\", which is no size (as 192MiB)",
        "TG-1004 bad.yaml:12:33: limits.writers is 0; it can be 1 to 256",
        "TG-1004 bad.yaml:13:17: routes: \"a.b.c\" is no pattern; write schema, schema.* or "
        "schema.table, and parts "
        "with a dot in backticks",
        "TG-1003 bad.yaml:13:33: unknown key \"form\" in routes; did you mean \"from\"?",
        "TG-1005 bad.yaml:13:32: a route needs from and to; from is missing",
        "TG-1005 bad.yaml:13:32: a route needs from and to; to is missing",
        "TG-1004 bad.yaml:14:19: allow.include: ~( is no regular expression: missing closing "
        "parenthesis, at byte 2",
        "TG-1004 bad.yaml:15:15: answers: \"Not A Slug\" is no choice; choices are words as wait "
        "or skip-table",
    };
    struct job j;
    struct job_problems p = {0};
    job_init(&j);
    assert_false(load_text(&j, &p, "bad.yaml", bad_job));
    if (p.n != TG_ARRAY_LEN(golden))
        print_problems(&p);
    assert_int_equal(p.n, TG_ARRAY_LEN(golden));
    for (size_t i = 0; i < p.n; i++) {
        char line[1400];
        snprintf(line, sizeof line, "%s %s: %s", err_info(p.list[i].err.code)->id,
                 p.list[i].err.where, p.list[i].err.text);
        assert_string_equal(line, golden[i]);
        assert_null(strstr(line, "hunter2"));
    }
    job_problems_release(&p);
    job_release(&j);
}

static void broken_files(void **state)
{
    (void)state;
    static const struct {
        const char *text, *where, *what;
    } cases[] = {
        {"a: [1\nb: 2\n", ":2:", "no YAML"},
        {"version: 1\n---\nversion: 1\n", ":2:1", "second document"},
        {"hello\n", ":1:1", "neither a job"},
        {"{}\n", ":1:1", "neither a job"},
        {"version: 1\nname: \"a\\0b\"\n", ":2:7", "NUL"},
        {"task-mode: all\nmydumper: {}\n", ":2:1", "did you mean \"mydumpers\""},
        {"task-mode: all\nmysql-instances: {}\n", ":2:18", "needs a list"},
        {"source-id: a\nfrom: {host: h, pasword: x}\n", ":2:17", "did you mean \"password\""},
        {"version: 1\n? [a, b]\n: c\n", ":2:3", "single word"},
    };
    for (size_t i = 0; i < TG_ARRAY_LEN(cases); i++) {
        struct job j;
        struct job_problems p = {0};
        job_init(&j);
        assert_false(load_text(&j, &p, "f", cases[i].text));
        bool found = false;
        for (size_t k = 0; k < p.n; k++)
            found |= strstr(p.list[k].err.where, cases[i].where) &&
                     strstr(p.list[k].err.text, cases[i].what);
        if (!found) {
            print_message("case %zu\n", i);
            print_problems(&p);
        }
        assert_true(found);
        job_problems_release(&p);
        job_release(&j);
    }
}

static void problems_are_capped(void **state)
{
    (void)state;
    struct job j;
    struct job_problems p = {0};
    struct buf text = {0};
    buf_adds(&text, "version: 1\n");
    for (int i = 0; i < 300; i++)
        buf_addf(&text, "zz%d: 1\n", i);
    job_init(&j);
    assert_false(load_text(&j, &p, "f", text.p));
    assert_int_equal(p.n, PROBLEMS_MAX);
    assert_int_equal(p.nerrors, 300);
    job_problems_release(&p);
    job_release(&j);
    buf_release(&text);
}

static void set_by_path(void **state)
{
    (void)state;
    struct job j;
    struct err e;
    job_init(&j);
    assert_true(job_set(&j, "name", "shop", &e));
    assert_true(job_set(&j, "mode", "full", &e));
    assert_true(job_set(&j, "limits.memory", "1GiB", &e));
    assert_true(job_set(&j, "source.host", "a", &e));
    assert_true(job_set(&j, "source[1].host", "b", &e));
    assert_true(job_set(&j, "source[1].id", "two", &e));
    assert_true(job_set(&j, "source.two.port", "3307", &e));
    assert_true(job_set(&j, "source.tls.ca", "/ca.pem", &e));
    assert_true(job_set(&j, "routes", "[{from: a, to: b}]", &e));
    assert_true(job_set(&j, "answers.no-key@shop.orders", "wait", &e));
    assert_true(job_set(&j, "answers.no-key", "skip-table", &e));
    assert_true(job_set(&j, "checks.ignore", "one,two", &e));
    assert_int_equal(j.mode, MODE_FULL);
    assert_int_equal(j.limit_memory, 1 << 30);
    assert_int_equal(j.nsources, 2);
    assert_string_equal(j.sources[1].host, "b");
    assert_int_equal(j.sources[1].port, 3307);
    assert_true(j.sources[0].tls.is_on);
    assert_int_equal(j.nroutes, 1);
    assert_string_equal(job_answer(&j, "no-key", "shop.orders"), "wait");
    assert_string_equal(job_answer(&j, "no-key", "shop.other"), "skip-table");
    assert_null(job_answer(&j, "other", NULL));
    assert_int_equal(j.ncheck_ignore, 2);

    assert_false(job_set(&j, "limits.memry", "1GiB", &e));
    assert_int_equal(e.code, ERR_CONF_KEY);
    assert_non_null(strstr(e.text, "limits.memory"));
    assert_false(job_set(&j, "target.port", "x", &e));
    assert_string_equal(e.where, "--set target.port");
    assert_false(job_set(&j, "target.password", "hunter2", &e));
    assert_null(strstr(e.text, "hunter2"));
    assert_false(job_set(&j, "source[7].host", "x", &e));
    assert_false(job_set(&j, "routes", "[{from: a", &e));
    assert_false(job_set(&j, "name", "Not A Name", &e));
    assert_int_equal(j.nsources, 2);
    job_release(&j);
}

static const char task_with_all[] =
    "name: Big_Task\ntask-mode: all\nshard-mode: pessimistic\nis-sharding: false\n"
    "target-database: {host: t, port: 4000, user: root, password: '', session: {sql_mode: ''}, "
    "security: {ssl-ca: /ca}}\n"
    "mysql-instances:\n"
    "- source-id: s1\n  route-rules: [r1, r2]\n  filter-rules: [f1]\n  expression-filters: [x1]\n"
    "  black-white-list: gone${x}\n  mydumper: {threads: 500, where: 'id > 3'}\n  syncer-thread: 24\n"
    "routes:\n  r1: {schema-pattern: a, target-schema: b}\n"
    "  r2: {schema-pattern: a, table-pattern: t_*, target-schema: b, target-table: t, "
    "extract-table: {table-regexp: x, "
    "target-column: c}}\n  r3: {schema-pattern: z, target-schema: y}\n"
    "filters:\n  f1: {schema-pattern: a, events: [drop table], action: Ignore}\n"
    "expression-filter:\n  x1: {schema: a, table: b, insert-value-expr: 'c > 1'}\n";

static void dm_refusals_by_name(void **state)
{
    (void)state;
    static const char *const wanted[] = {
        "shard-mode", "expression-filter.x1", "extract-table", "where", "no block-allow-list named \"gone${x}\""};
    struct job j, again;
    struct job_problems p = {0}, checked = {0}, p2 = {0}, checked2 = {0};
    struct buf out = {0};
    job_init(&j);
    job_init(&again);
    if (!load_text(&j, &p, "t.yaml", task_with_all))
        print_problems(&p);
    assert_int_equal(p.nerrors, 0);
    assert_string_equal(j.name, "big-task");
    assert_string_equal(j.dm_name, "Big_Task");
    assert_int_equal(j.nroutes, 2);
    assert_int_equal(j.writers, 24);
    assert_int_equal(j.readers, 128);
    assert_true(j.target.tls.is_on && j.target.tls.verify);
    assert_false(job_check(&j, &checked));
    job_emit(&j, &out);
    assert_true(load_text(&again, &p2, "j.yaml", out.p));
    struct buf out2 = {0};
    job_emit(&again, &out2);
    strip_comments(&out);
    strip_comments(&out2);
    assert_string_equal(out.p, out2.p); /* a name that looks like a placeholder is noted once */
    buf_release(&out2);
    assert_false(job_check(&again, &checked2)); /* exported, the refusals stay */
    for (size_t i = 0; i < TG_ARRAY_LEN(wanted); i++) {
        bool found = false;
        for (size_t k = 0; k < checked.n; k++)
            found |=
                strstr(checked.list[k].err.text, wanted[i]) != NULL && !checked.list[k].is_warning;
        if (!found)
            print_message("missing: %s\n", wanted[i]);
        assert_true(found);
    }
    assert_true(has_problem(&checked2, false, ERR_CONF_UNSUPPORTED, "j.yaml", "shard-mode"));
    assert_int_equal(j.nevents, 1);
    assert_int_equal(again.nevents, 1);
    assert_true(has_problem(&p, true, ERR_CONF_VALUE, "t.yaml", "routes.r3 is not used"));
    buf_release(&out);
    job_problems_release(&p);
    job_problems_release(&p2);
    job_problems_release(&checked);
    job_problems_release(&checked2);
    job_release(&j);
    job_release(&again);
}

static void native_refusals_by_name(void **state)
{
    (void)state;
    struct job j;
    struct job_problems p = {0}, checked = {0};
    job_init(&j);
    assert_true(load_text(
        &j, &p, "j.yaml",
        "version: 1\nname: a\nsource: {host: h, user: u, ssh: {host: jump}}\n"
        "target: {host: h, user: u, port: 3306}\nroad: {kind: dm}\nexisting: drop\n"
        "indexes: after-copy\nevents: [{schema-pattern: a, events: [insert], action: Ignore}]\n"
        "routes: [{from: a, to: b}, {from: a, to: c}]\n"));
    assert_false(job_check(&j, &checked));
    assert_true(has_problem(&checked, false, ERR_CONF_UNSUPPORTED, "source.ssh", "SSH"));
    assert_true(has_problem(&checked, false, ERR_CONF_UNSUPPORTED, "road.kind", "dm"));
    assert_true(has_problem(&checked, false, ERR_CONF_UNSUPPORTED, "indexes", "with-data"));
    assert_true(has_problem(&checked, false, ERR_CONF_VALUE, "routes", "two routes"));
    assert_true(has_problem(&checked, false, ERR_CONF_VALUE, "target.host", "same server"));
    job_problems_release(&p);
    job_problems_release(&checked);
    job_release(&j);
    job_init(&j);
    assert_false(job_check(&j, &checked));
    assert_true(has_problem(&checked, false, ERR_CONF_MISSING, "name", "name is missing"));
    assert_true(has_problem(&checked, false, ERR_CONF_MISSING, "target.host", "missing"));
    assert_true(has_problem(&checked, false, ERR_CONF_MISSING, "source", "no source"));
    job_problems_release(&checked);
    job_release(&j);
}

static void aliases_and_merges(void **state)
{
    (void)state;
    struct job j;
    struct job_problems p = {0};
    job_init(&j);
    if (!load_text(
            &j, &p, "j.yaml",
            "version: 1\nname: a\nsource: &s {host: h, user: u}\ntarget: {<<: *s, host: other}\n"))
        print_problems(&p);
    assert_int_equal(p.nerrors, 0);
    assert_string_equal(j.target.host, "other");
    assert_string_equal(j.target.user, "u");
    job_release(&j);
    job_init(&j);
    load_text(&j, &p, "loop.yaml",
              "version: 1\nevents: &a [*a, {x: *a}]\nsource: &b {tls: *b, ssh: *b}\n");
    load_text(&j, &p, "loop.yaml",
              "task-mode: all\nmysql-instances: &a [*a]\nfilters: &b {x: *b}\n");
    job_problems_release(&p);
    job_release(&j);
}

#define HEAD "version: 1\nname: a\nsource: {host: h, user: u}\ntarget: {host: h, user: u}\nchecks:\n"

/* However YAML reads an unquoted "ID: reason", it is one word with its reason; and it is written so that it stays one. */
static void reasons_with_and_without_quotes(void **state)
{
    static const char *const texts[] = {
        HEAD "  accept: [\"x.y: we know, really\", \"z\"]\n",       HEAD "  accept:\n  - x.y: we know, really\n  - z\n",
        HEAD "  accept:\n    x.y: we know, really\n    z:\n",         HEAD "  accept: {x.y: \"we know, really\", z: ~}\n",
        HEAD "  accept: [{x.y: \"we know, really\"}, {z: \"\"}]\n",
    };
    (void)state;
    for (size_t i = 0; i < TG_ARRAY_LEN(texts); i++) {
        struct job_problems found = {0}, again = {0};
        struct job j, k;
        struct buf out = {0};
        job_init(&j);
        job_init(&k);
        if (!load_text(&j, &found, "job.yaml", texts[i]))
            print_problems(&found);
        assert_int_equal(j.ncheck_accept, 2);
        job_emit(&j, &out);
        assert_true(load_text(&k, &again, "again.yaml", out.p));
        for (int second = 0; second < 2; second++) {
            const struct job *one = second ? &k : &j;
            assert_string_equal(job_accept_reason(one, "x.y"), "we know, really");
            assert_string_equal(job_accept_reason(one, "z"), "");
            assert_null(job_accept_reason(one, "x"));
        }
        buf_release(&out);
        job_problems_release(&found);
        job_problems_release(&again);
        job_release(&j);
        job_release(&k);
    }
    struct job_problems found = {0};
    struct job j;
    job_init(&j);
    assert_false(load_text(&j, &found, "job.yaml", HEAD "  ignore: [{x.y: no reason is wanted here}]\n"));
    assert_true(has_problem(&found, false, ERR_CONF_VALUE, "job.yaml:6", "checks.ignore needs a single value"));
    job_problems_release(&found);
    job_release(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_seed_loads),
        cmocka_unit_test(task_with_source),
        cmocka_unit_test(placeholders_are_named_and_kept),
        cmocka_unit_test(incremental_with_position),
        cmocka_unit_test(lost_source_and_several),
        cmocka_unit_test(all_errors_at_once),
        cmocka_unit_test(broken_files),
        cmocka_unit_test(problems_are_capped),
        cmocka_unit_test(set_by_path),
        cmocka_unit_test(dm_refusals_by_name),
        cmocka_unit_test(native_refusals_by_name),
        cmocka_unit_test(aliases_and_merges),
        cmocka_unit_test(reasons_with_and_without_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
