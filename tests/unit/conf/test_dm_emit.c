// SPDX-License-Identifier: Apache-2.0
/* DM's files out: what is written reads back to the same job, whatever the allow list says; what DM can't say is told. */
#include "conf/dm_emit.h"
#include "conf/dm_secret.h"
#include "conf/dm_topology.h"
#include "conf_test.h"

#include <sys/stat.h>
#include <unistd.h>

static const char head[] = "version: 1\nname: shop\nsource: {id: s1, host: db, user: u}\ntarget: {host: t, user: r}\n";

static void job_of(struct job *j, const char *more)
{
    struct job_problems p = {0};
    char *text = x_format("%s%s", head, more);
    job_init(j);
    if (!load_text(j, &p, "j", text))
        print_problems(&p);
    assert_int_equal(p.nerrors, 0);
    job_problems_release(&p);
    free(text);
}

/* The files read again. */
static void back(const struct dm_out *out, struct job *j)
{
    struct conf_text texts[10];
    struct job_problems p = {0};
    assert_true(out->n <= 10);
    for (size_t i = 0; i < out->n; i++)
        texts[i] = (struct conf_text){out->file[i].name, out->file[i].text.p, out->file[i].text.n};
    job_init(j);
    if (!conf_load(j, texts, out->n, &p)) {
        print_problems(&p);
        for (size_t i = 0; i < out->n; i++)
            print_message("%s:\n%s\n", out->file[i].name, out->file[i].text.p);
        fail();
    }
    job_problems_release(&p);
}

static const struct buf *file(const struct dm_out *out, const char *name)
{
    for (size_t i = 0; i < out->n; i++)
        if (!strcmp(out->file[i].name, name))
            return &out->file[i].text;
    fail_msg("no %s", name);
    return NULL;
}

static void same_text(const char *a, const char *b)
{
    assert_string_equal(a ? a : "", b ? b : "");
}

static const char *const schemas[] = {"a", "ab", "b", "ba", "shop", "Shop", "crm", "tpcc", "test_db", "dbname", "migrate_me", "mysql"};
static const char *const tables[] = {"t", "tt", "tu", "u", "ut", "T", "t.t", "orders", "tmp_import", "log_2019", "customer_eu", "CUSTOMER_x", "custome", "customer", "\xC3\xA9t", "test_table"};

/* Every pair of names: moves or not, and where to. Returns a text of the first that differs, or NULL. */
static char *differs(const struct job *a, const struct job *b, bool has_schema_rules)
{
    for (size_t s = 0; s < TG_ARRAY_LEN(schemas); s++) {
        if (!has_schema_rules && job_wants(a, schemas[s], NULL) != job_wants(b, schemas[s], NULL))
            return x_format("schema %s", schemas[s]);
        for (size_t t = 0; t < TG_ARRAY_LEN(tables); t++) {
            char as[200], at[200], bs[200], bt[200];
            job_route(a, schemas[s], tables[t], as, at);
            job_route(b, schemas[s], tables[t], bs, bt);
            if (job_wants(a, schemas[s], tables[t]) != job_wants(b, schemas[s], tables[t]) || strcmp(as, bs) != 0 || strcmp(at, bt) != 0)
                return x_format("%s.%s", schemas[s], tables[t]);
        }
    }
    return NULL;
}

static void same_end(const struct job_end *a, const struct job_end *b)
{
    same_text(a->host, b->host);
    same_text(a->user, b->user);
    assert_int_equal(a->port, b->port);
    assert_int_equal(a->tls.is_on, b->tls.is_on);
    same_text(a->tls.cert, b->tls.cert);
}

static void same_job(const struct job *a, const struct job *b)
{
    same_text(a->name, b->name);
    same_text(a->dm_name, b->dm_name);
    assert_int_equal(a->mode, b->mode);
    assert_int_equal(a->case_sensitive, b->case_sensitive);
    if (a->mode != MODE_FULL) /* DM's loaders have a number of their own, which is not ours */
        assert_int_equal(a->writers, b->writers);
    if (a->readers && a->mode != MODE_INCREMENTAL)
        assert_int_equal(a->readers, b->readers);
    assert_int_equal(a->nsources, b->nsources);
    for (size_t i = 0; i < a->nsources; i++) {
        const struct job_end *x = &a->sources[i], *y = &b->sources[i];
        same_end(x, y);
        same_text(x->id, y->id);
        assert_int_equal(x->enable_gtid, y->enable_gtid);
        assert_int_equal(x->server_id, y->server_id);
        if (a->mode == MODE_INCREMENTAL) {
            same_text(x->start_file, y->start_file);
            same_text(x->start_gtid, y->start_gtid);
            if (x->start_file)
                assert_int_equal(TG_MAX(x->start_pos, 4), y->start_pos);
        }
    }
    same_end(&a->target, &b->target);
    assert_int_equal(a->nevents, b->nevents);
    for (size_t i = 0; i < a->nevents; i++) {
        struct buf x = {0}, y = {0};
        event_text(&a->events[i], true, &x);
        event_text(&b->events[i], true, &y);
        assert_string_equal(x.p, y.p);
        buf_release(&x);
        buf_release(&y);
    }
}

static void check_round(const struct job *j)
{
    struct dm_out out;
    struct job again;
    bool fine = dm_emit(j, &out);
    if (!fine)
        print_problems(&out.told);
    assert_true(fine);
    back(&out, &again);
    same_job(j, &again);
    char *where = differs(j, &again, false);
    if (where) {
        print_message("%s\n%s", where, file(&out, "task.yaml")->p);
        fail();
    }
    job_release(&again);
    dm_out_release(&out);
}

static void examples(void **state)
{
    static const char *const sets[][3] = {{"../../../assets/examples/job.yaml"},
                                          {"000-02-source.yaml", "000-03-task.yaml", "000-01-topology.yaml"},
                                          {"000-05-source.yaml", "000-06-source.yaml", "000-07-task.yaml"},
                                          {"001-01-source.yaml", "001-02-task.yaml"},
                                          {"003-01-source.yaml", "003-02-task.yaml"},
                                          {"004-01-task.yaml", "004-02-task-fragment.yaml"}};
    (void)state;
    for (size_t i = 0; i < TG_ARRAY_LEN(sets); i++) {
        struct job j;
        struct job_problems p = {0};
        char *paths[3];
        size_t n = 0;
        for (; n < 3 && sets[i][n]; n++)
            paths[n] = x_format(TG_TEST_DIR "/%s%s", i ? "data/" : "", sets[i][n]);
        job_init(&j);
        assert_true(job_load(&j, (const char *const *)paths, n, &p));
        check_round(&j);
        job_problems_release(&p);
        job_release(&j);
        while (n)
            free(paths[--n]);
    }
}

/* Patterns of every kind, put together by chance. */
static uint64_t seed = 20261121;
static size_t pick(size_t n)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (size_t)(seed >> 33) % n;
}

static void add_list(struct buf *out, const char *key, size_t n)
{
    static const char *const s[] = {"a", "ab", "b", "shop", "a*", "?b", "crm", "~^a", "[ab]b"};
    static const char *const t[] = {"t", "tt", "u", "t*", "customer_*", "*t", "t?", "~^log_20(1|2)", "\xC3\xA9t", "customer", "*"};
    buf_addf(out, "  %s: [", key);
    for (size_t i = 0; i < n; i++) {
        buf_addf(out, "%s\"`%s`", i ? ", " : "", s[pick(TG_ARRAY_LEN(s))]);
        buf_addf(out, pick(3) ? ".`%s`\"" : "\"", t[pick(TG_ARRAY_LEN(t))]);
    }
    buf_adds(out, "]\n");
}

static void allow_lists_by_chance(void **state)
{
    unsigned nsaid = 0, nrefused = 0;
    (void)state;
    for (int round = 0; round < 4000; round++) {
        struct buf text = {0};
        struct job j, again;
        struct dm_out out;
        buf_adds(&text, "allow:\n");
        add_list(&text, "include", pick(4));
        add_list(&text, "exclude", pick(4));
        buf_addf(&text, "  case-sensitive: %s\n", pick(2) ? "true" : "false");
        job_of(&j, text.p);
        if (dm_emit(&j, &out)) {
            bool makes_schema = false; /* told: DM makes a database that is left empty */
            for (size_t i = 0; i < out.told.n; i++)
                makes_schema |= !strcmp(out.told.list[i].err.where, "allow.exclude");
            back(&out, &again);
            char *where = differs(&j, &again, makes_schema);
            if (where) {
                print_message("%s differs:\n%s\n%s\n", where, text.p, file(&out, "task.yaml")->p);
                fail();
            }
            job_release(&again);
            nsaid++;
        } else {
            assert_true(has_problem(&out.told, false, ERR_CONF_UNSUPPORTED, "allow", "DM's allow list can't say this"));
            assert_int_equal(out.n, 0);
            nrefused++;
        }
        dm_out_release(&out);
        job_release(&j);
        buf_release(&text);
    }
    assert_true(nsaid > 2500); /* most of them */
    assert_true(nrefused > 0);
}

static void settings(void **state)
{
    static const char *const texts[] = {
        "mode: incremental\ndm-name: SHOP\nsource: {id: s1, host: db, user: u, start: {file: mysql-bin.000004, pos: 120}, server-id: 77}\n",
        "mode: incremental\nsource: {host: db, user: u, start: {gtid: \"03fc0263-28c7-11e7-a653-6c0b84d59f30:1-70\"}}\n",
        "mode: full\nlimits: {readers: 7, writers: 3}\ncheck: 1\n",
        "routes:\n  - {from: shop, to: shop_eu}\n  - {from: \"shop.`*t`\", to: \"a.`one table`\"}\n  - {from: \"~^cr\", to: crm}\n",
        "events: [{schema-pattern: a, events: [insert, \"drop table\"], action: Ignore}, {schema-pattern: b, table-pattern: \"t*\", sql-pattern: [\"^DROP\"], action: Ignore}]\n",
        "source:\n  - {id: one, host: a, user: u, kind: mariadb}\n  - {id: two, host: b, user: u, gtid: true}\nallow: {ignore-dbs: [a], do-tables: [b.t]}\n",
        "target: {host: t, user: r, tls: {ca: /ca.pem, cert: /c.pem, key: /k.pem}}\nchecks: {ignore: [online_ddl]}\n",
    };
    (void)state;
    for (size_t i = 0; i < TG_ARRAY_LEN(texts); i++) {
        struct job j;
        struct job_problems p = {0};
        struct buf text = {0};
        bool has_source = strstr(texts[i], "source:") != NULL, has_target = strncmp(texts[i], "target:", 7) == 0;
        buf_adds(&text, "version: 1\nname: shop\n");
        buf_adds(&text, has_source ? "" : "source: {id: s1, host: db, user: u}\n");
        buf_adds(&text, has_target ? "" : "target: {host: t, user: r}\n");
        for (const char *line = texts[i]; *line;) {
            size_t n = strcspn(line, "\n") + 1;
            if (strncmp(line, "check: ", 7) != 0)
                buf_add(&text, line, n);
            line += n;
        }
        job_init(&j);
        if (!load_text(&j, &p, "j", text.p))
            print_problems(&p);
        assert_int_equal(p.nerrors, 0);
        check_round(&j);
        job_problems_release(&p);
        job_release(&j);
        buf_release(&text);
    }
}

static void told(void **state)
{
    struct job j;
    struct dm_out out;
    (void)state;
    job_of(&j, "existing: drop\npace: gentle\nlimits: {memory: 1GiB}\nanswers: {no-key: wait}\nchecks: {ignore: [source.role, version]}\nroutes: [{from: a.t, to: b.u}]\n");
    assert_true(dm_emit(&j, &out));
    const char *task = file(&out, "task.yaml")->p;
    static const char *const where[] = {"existing", "pace", "limits.memory", "answers", "checks.ignore", "routes"};
    for (size_t i = 0; i < TG_ARRAY_LEN(where); i++) {
        char *line = x_format("#   %s: ", where[i]);
        assert_true(has_problem(&out.told, true, ERR_CONF_UNSUPPORTED, where[i], ""));
        assert_non_null(strstr(task, line));
        free(line);
    }
    assert_non_null(strstr(task, "ignore-checking-items: [version]"));
    assert_non_null(strstr(task, "on-duplicate-logical: error"));
    dm_out_release(&out);
    note_add(&j, ERR_CONF_UNSUPPORTED, "unsupported", "mydumpers.where", "task.yaml:9:3", "copying a part of the rows is not built yet");
    assert_false(dm_emit(&j, &out));
    assert_true(has_problem(&out.told, false, ERR_CONF_UNSUPPORTED, "task.yaml:9:3", "a part of the rows"));
    dm_out_release(&out);
    job_release(&j);
}

static void passwords(void **state)
{
    char path[] = "/tmp/tg-dm-key-XXXXXX";
    struct job j, again;
    struct dm_out out;
    struct err e;
    (void)state;
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n", 65), 65);
    close(fd);
    job_of(&j, "");
    assert_true(job_set_secret(&j, "source.password", "${ask}", secret_new("s3cret", 6), &e));
    assert_true(dm_emit(&j, &out)); /* no key */
    assert_non_null(strstr(file(&out, "source.yaml")->p, "password: \"\"  # left empty"));
    assert_true(has_problem(&out.told, true, ERR_SECRET, "source.password", "no secret-key-path"));
    dm_out_release(&out);
    assert_true(job_set(&j, "secret-key-path", path, &e));
    assert_true(job_set(&j, "target.password", "${env:TG_NOT_THERE}", &e));
    assert_true(dm_emit(&j, &out));
    for (size_t i = 0; i < out.n; i++)
        assert_null(strstr(out.file[i].text.p, "s3cret"));
    assert_true(has_problem(&out.told, true, ERR_SECRET, "target.password", "not known"));
    back(&out, &again);
    assert_int_equal(again.sources[0].password.origin, SECRET_DM);
    assert_true(job_set(&again, "secret-key-path", path, &e));
    assert_true(job_resolve(&again, NULL, NULL, &e));
    assert_string_equal(secret_peek(again.sources[0].password.value), "s3cret");
    job_release(&again);
    dm_out_release(&out);
    assert_true(job_set(&j, "secret-key-path", "/nowhere/key", &e));
    assert_false(dm_emit(&j, &out));
    dm_out_release(&out);
    job_release(&j);
    unlink(path);
}

/* As the wizard makes a job: nothing of it was ever read from a file. */
static void answers_without_a_file(void **state)
{
    static const char *const pairs[][2] = {{"name", "shop"}, {"source.host", "db"}, {"source.user", "tg"}, {"target.host", "tidb"}, {"target.user", "root"}};
    struct job j, again;
    struct dm_out out;
    struct err e;
    (void)state;
    job_init(&j);
    for (size_t i = 0; i < TG_ARRAY_LEN(pairs); i++)
        assert_true(job_set(&j, pairs[i][0], pairs[i][1], &e));
    assert_true(dm_emit(&j, &out));
    back(&out, &again);
    assert_string_equal(again.sources[0].id, "source-1");
    assert_string_equal(again.sources[0].host, "db");
    job_release(&again);
    dm_out_release(&out);
    job_release(&j);
}

static void topology(void **state)
{
    struct job j, again;
    struct dm_out out;
    struct job_problems p = {0};
    struct buf repair = {0}, a = {0}, b = {0};
    struct err e = {0};
    (void)state;
    job_of(&j, "topology:\n  masters: [10.0.1.11, 10.0.1.12, \"10.0.1.13:8361:8391\"]\n  workers: [10.0.1.11, \"[fe80::1]:8300\"]\n  grafana: [10.0.1.11]\n"
               "  alertmanagers: [\"10.0.1.11:9193\"]\n  ssh-port: 2222\n");
    assert_true(dm_topology_check(&j, &p, NULL));
    assert_true(dm_emit(&j, &out));
    back(&out, &again);
    dm_topology_emit(&j, &a);
    dm_topology_emit(&again, &b);
    assert_string_equal(a.p, b.p);
    assert_string_equal(again.dm_masters[2], "10.0.1.13:8361:8391");
    assert_string_equal(again.dm_workers[1], "[fe80::1]:8300");
    job_release(&again);
    dm_out_release(&out);
    assert_true(job_set(&j, "topology.workers", "10.0.1.11,10.0.1.11,10.0.1.11:8261", &e)); /* two without a port; a master's */
    assert_false(dm_topology_check(&j, &p, &repair));
    assert_true(has_problem(&p, false, ERR_CONF_VALUE, "topology.workers", "port 8262 on 10.0.1.11 is taken by a worker"));
    assert_string_equal(repair.p, "10.0.1.11, 10.0.1.11:8263, 10.0.1.11:8264");
    assert_false(dm_emit(&j, &out));
    dm_out_release(&out);
    static const char *const bad[] = {"10.0.1.11:0", "10.0.1.11:70000", "a:b", "a b", ":8262", "a:1:2", "[::1", "a:22"};
    for (size_t i = 0; i < TG_ARRAY_LEN(bad); i++) {
        struct job_problems one = {0};
        char *list = x_format("[\"%s\"]", bad[i]);
        assert_true(job_set(&j, "topology.workers", list, &e));
        assert_true(job_set(&j, "topology.ssh-port", "22", &e));
        assert_false(dm_topology_check(&j, &one, NULL));
        job_problems_release(&one);
        free(list);
    }
    assert_true(dm_topology_one_host(&j, "10.9.9.9", &e));
    assert_true(dm_topology_check(&j, &p, NULL));
    assert_true(job_set(&j, "topology.workers", "", &e));
    assert_false(dm_topology_check(&j, &p, NULL));
    assert_true(has_problem(&p, false, ERR_CONF_MISSING, "topology.workers", "0 here, 1 needed"));
    job_problems_release(&p);
    buf_release(&repair);
    buf_release(&a);
    buf_release(&b);
    job_release(&j);
}

/* Keys that are read and not kept are named. */
static void topology_leaves_out(void **state)
{
    static const char text[] = "global: {user: dm, log_dir: /l}\nserver_configs: {master: {x: 1}}\nmaster_servers: [{host: a, name: m1}]\nworker_servers: [{host: a}]\n";
    struct job j;
    struct job_problems p = {0};
    struct buf out = {0};
    (void)state;
    job_init(&j);
    assert_true(load_text(&j, &p, "t.yaml", text));
    dm_topology_emit(&j, &out);
    assert_non_null(strstr(out.p, "global.log_dir server_configs master_servers.name"));
    assert_non_null(strstr(out.p, "deploy_dir: deploy\n"));
    buf_release(&out);
    job_problems_release(&p);
    job_release(&j);
}

/* All or nothing, and never over a file that is there. */
static void writes_new_files_only(void **state)
{
    char dir[] = "/tmp/tg-dm-out-XXXXXX";
    struct job j;
    struct dm_out out;
    struct err e;
    struct stat st;
    (void)state;
    assert_non_null(mkdtemp(dir));
    char *task = x_format("%s/in/task.yaml", dir), *source = x_format("%s/in/source.yaml", dir), *in = x_format("%s/in", dir);
    job_of(&j, "");
    assert_true(dm_emit(&j, &out));
    assert_true(dm_out_write(&out, in, &e));
    assert_int_equal(stat(task, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(unlink(source), 0);
    assert_false(dm_out_write(&out, in, &e));
    assert_int_equal(e.code, ERR_CONF_VALUE);
    assert_int_not_equal(stat(source, &st), 0); /* what it had made before it met task.yaml */
    assert_int_equal(stat(task, &st), 0);
    unlink(task);
    rmdir(in);
    rmdir(dir);
    free(task);
    free(source);
    free(in);
    dm_out_release(&out);
    job_release(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples),  cmocka_unit_test(allow_lists_by_chance), cmocka_unit_test(settings),
        cmocka_unit_test(told),      cmocka_unit_test(passwords),             cmocka_unit_test(answers_without_a_file), cmocka_unit_test(topology),
        cmocka_unit_test(topology_leaves_out), cmocka_unit_test(writes_new_files_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
