// SPDX-License-Identifier: Apache-2.0
// Writing: a job survives the way out and in, no secret leaves, the example loads, the manual names
// every key.
#include "conf/dm_secret.h"
#include "conf_test.h"

#define TG_DM_VECTOR "MDEyMzQ1Njc4OWFiY2RlZkDp+2Rs1gM="

static const char everything[] =
    "# A job of tidegate. Settings that are not here have their defaults.\n"
    "version: 1\n"
    "name: shop\n"
    "mode: incremental\n"
    "secret-key-path: \"/etc/key\"\n"
    "source:\n"
    "  kind: aurora\n"
    "  host: db.example.com\n"
    "  port: 3307\n"
    "  user: \"2x.root\"\n"
    "  password: \"${env:PASS}\"\n"
    "  tls:\n"
    "    verify: false\n"
    "    ca: \"/ca.pem\"\n"
    "  ssh:\n"
    "    host: jump\n"
    "    password: \"${ask}\"\n"
    "  start:\n"
    "    file: mysql-bin.000004\n"
    "    pos: 109227\n"
    "  gtid: true\n"
    "  server-id: 77\n"
    "target:\n"
    "  host: \"caf\xC3\xA9 \\\"x\\\" \\\\ \\x0A\\x85\\uFEFF\\u2028\"\n"
    "  password: \"${file:/run/secret}\"\n"
    "  tls: true\n"
    "allow:\n"
    "  include: [\"`a.b`.`c``d`\", \"`~^x`.y\", shop.*]\n"
    "  exclude: [shop.tmp]\n"
    "  do-tables: [a.b]\n"
    "  case-sensitive: true\n"
    "routes:\n"
    "  - {from: a, to: b}\n"
    "  - {from: \"a.`*`\", to: c.t}\n"
    "events:\n"
    "  - {schema-pattern: a, events: [insert, \"drop table\"], action: ignore}\n"
    "road:\n"
    "  kind: snapshot\n"
    "  until: copied\n"
    "existing: drop\n"
    "indexes: after-copy\n"
    "pace: gentle\n"
    "limits:\n"
    "  memory: 1GiB\n"
    "  writers: 8\n"
    "  readers: 2\n"
    "  chunk: 1000000\n"
    "  read-rate: 20MiB\n"
    "  source-threads: 40\n"
    "checks:\n"
    "  ignore: [a, b]\n"
    "  accept: [c.d]\n"
    "answers:\n"
    "  no-key: wait\n"
    "  \"no-key@shop.orders\": skip-table\n";

static void round_trip(void **state)
{
    (void)state;
    struct job j;
    struct job_problems p = {0};
    struct buf out = {0};
    job_init(&j);
    if (!load_text(&j, &p, "j", everything))
        print_problems(&p);
    assert_int_equal(p.nerrors, 0);
    assert_int_equal(j.limit_memory, 1 << 30);
    assert_int_equal(j.chunk_bytes, 1000000);
    assert_string_equal(j.include.rules[0].table, "c`d");
    job_emit(&j, &out);
    assert_string_equal(out.p, everything);
    buf_release(&out);
    job_problems_release(&p);
    job_release(&j);
}

static void several_sources(void **state)
{
    (void)state;
    struct job j, again;
    struct job_problems p = {0};
    struct buf a = {0}, b = {0};
    job_init(&j);
    job_init(&again);
    assert_true(load_text(&j, &p, "j",
                          "version: 1\nname: a\nsource:\n  - {id: x, host: h, port: \"${port}\"}\n"
                          "  - {id: y, tls: {key: k}, password: '${ask}'}\n"));
    job_emit(&j, &a);
    assert_true(load_text(&again, &p, "again", a.p));
    job_emit(&again, &b);
    assert_string_equal(a.p, b.p);
    assert_non_null(strstr(b.p, "    port: \"${port}\""));
    assert_string_equal(again.sources[1].tls.key, "k");
    buf_release(&a);
    buf_release(&b);
    job_problems_release(&p);
    job_release(&j);
    job_release(&again);
}

static void no_secret_leaves(void **state)
{
    (void)state;
    static const char plant[] = "S3cretPlanted";
    struct job j;
    struct job_problems p = {0}, checked = {0};
    struct buf out = {0};
    struct err e;
    job_init(&j);
    assert_true(load_text(&j, &p, "t",
                          "task-mode: all\nname: a\n"
                          "target-database: {host: t, user: r, password: S3cretPlanted}\n"
                          "mysql-instances: [{source-id: s}]\n"));
    assert_int_equal(j.target.password.origin, SECRET_PLAIN);
    assert_null(j.target.password.reference);
    assert_true(job_resolve(&j, NULL, NULL, &e));
    job_check(&j, &checked);
    conf_emit(&j, &out, true);
    assert_non_null(strstr(out.p, "${ask}"));
    for (size_t i = 0; i < p.n; i++)
        assert_null(strstr(p.list[i].err.text, plant));
    for (size_t i = 0; i < checked.n; i++)
        assert_null(strstr(checked.list[i].err.text, plant));
    assert_null(strstr(out.p, plant));
    assert_string_equal(secret_peek(j.target.password.value), plant);
    buf_release(&out);
    job_problems_release(&p);
    job_problems_release(&checked);
    job_release(&j);
}

static struct secret *answer(void *arg, const char *label)
{
    assert_non_null(strstr(label, "target"));
    (*(int *)arg)++;
    return secret_new("typed", 5);
}

static void secrets_resolve(void **state)
{
    (void)state;
    struct job j;
    struct err e;
    int asked = 0;
    char path[] = "/tmp/tg-conf-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    fputs("from file\r\n", file);
    fclose(file);
    char *reference = x_format("${file:%s}", path);
    job_init(&j);
    assert_true(job_set(&j, "source.password", reference, &e));
    assert_true(job_set(&j, "target.password", "${ask}", &e));
    assert_false(job_resolve(&j, NULL, NULL, &e));
    assert_int_equal(e.code, ERR_SECRET);
    assert_true(job_resolve(&j, answer, &asked, &e));
    assert_int_equal(asked, 1);
    assert_string_equal(secret_peek(j.sources[0].password.value), "from file");
    assert_string_equal(secret_peek(j.target.password.value), "typed");
    setenv("TG_TEST_PASSWORD", "from env", 1);
    assert_true(job_set(&j, "target.password", "${env:TG_TEST_PASSWORD}", &e));
    assert_true(job_resolve(&j, NULL, NULL, &e));
    assert_string_equal(secret_peek(j.target.password.value), "from env");
    assert_true(job_set(&j, "target.password", "${env:TG_TEST_NOT_SET}", &e));
    assert_false(job_resolve(&j, NULL, NULL, &e));
    assert_non_null(strstr(e.text, "TG_TEST_NOT_SET"));
    remove(path);
    free(reference);
    job_release(&j);
}

static const char hex[] = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F\n";

static void dm_secret(void **state)
{
    (void)state;
    unsigned char key[32], other[32] = {9};
    struct buf a = {0}, b = {0};
    struct err e;
    struct secret *plain = secret_new("p\xC3\xA4ss w0rd", 10), *back;
    assert_true(conf_dm_key_parse(hex, strlen(hex), key, &e));
    assert_int_equal(key[31], 0x1f);
    assert_false(conf_dm_key_parse(hex, 63, other, &e));
    assert_true(conf_dm_encrypt(key, plain, &a, &e));
    assert_true(conf_dm_encrypt(key, plain, &b, &e));
    assert_string_not_equal(a.p, b.p);
    assert_true(conf_dm_is_encrypted(a.p));
    back = conf_dm_decrypt(key, a.p, &e);
    assert_string_equal(secret_peek(back), secret_peek(plain));
    secret_free(back);
    assert_null(conf_dm_decrypt(key, "hello", &e));
    assert_false(conf_dm_is_encrypted("cHwUvFUtGeNglEbsQX0m"));
    assert_true(conf_dm_is_encrypted("OiG90CGm3CEbXan6ZSd/SUAsofxJAZo="));
    /* openssl enc -aes-256-cfb -K 0001…1f -iv 3031…66 of "123456", behind IV and '@' */
    back = conf_dm_decrypt(key, TG_DM_VECTOR, &e);
    assert_non_null(back);
    assert_string_equal(secret_peek(back), "123456");
    secret_free(back);
    secret_free(plain);
    buf_release(&a);
    buf_release(&b);
}

static void dm_text_in_a_job(void **state)
{
    (void)state;
    struct job j;
    struct job_problems p = {0}, checked = {0};
    struct buf out = {0};
    struct err e;
    char path[] = "/tmp/tg-key-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    fputs(hex, file);
    fclose(file);
    job_init(&j);
    assert_true(load_text(
        &j, &p, "s", "source-id: s\nfrom: {host: h, user: u, password: '" TG_DM_VECTOR "'}\n"));
    assert_int_equal(j.sources[0].password.origin, SECRET_DM);
    job_check(&j, &checked);
    assert_true(has_problem(&checked, true, ERR_SECRET, "source.password", "secret-key-path"));
    job_emit(&j, &out);
    assert_null(strstr(
        out.p, TG_DM_VECTOR)); /* without a key DM would take the text itself for the password */
    assert_true(job_set(&j, "secret-key-path", path, &e));
    assert_true(job_resolve(&j, NULL, NULL, &e));
    assert_string_equal(secret_peek(j.sources[0].password.value), "123456");
    buf_reset(&out);
    job_emit(&j, &out);
    assert_non_null(strstr(out.p, TG_DM_VECTOR));
    assert_null(strstr(out.p, "123456"));
    remove(path);
    buf_release(&out);
    job_problems_release(&p);
    job_problems_release(&checked);
    job_release(&j);
}

static void example_and_manual(void **state)
{
    (void)state;
    struct job j;
    struct job_problems p = {0}, checked = {0};
    struct buf out = {0};
    const char *file = TG_SOURCE_DIR "/assets/examples/job.yaml";
    job_init(&j);
    if (!job_load(&j, &file, 1, &p) || !job_check(&j, &checked)) {
        print_problems(&p);
        print_problems(&checked);
        fail();
    }
    assert_int_equal(p.n, 0);
    assert_int_equal(checked.n, 0);
    assert_true(job_wants(&j, "shop", "orders"));
    assert_false(job_wants(&j, "shop", "log_2020"));
    job_manual(&out);
    for (const struct field *f = job_fields; f->path; f++)
        assert_non_null(strstr(out.p, f->path));
    for (const struct field *f = end_fields; f->path; f++)
        assert_non_null(strstr(out.p, f->path));
    assert_non_null(strstr(out.p, "default 192MiB"));
    buf_release(&out);
    job_problems_release(&p);
    job_problems_release(&checked);
    job_release(&j);
}

static void sizes_and_durations(void **state)
{
    (void)state;
    int64_t n;
    assert_true(parse_size("192MiB", &n) && n == 192 << 20);
    assert_true(parse_size("8m", &n) && n == 8 << 20);
    assert_true(parse_size("1MB", &n) && n == 1000000);
    assert_true(parse_size("4096", &n) && n == 4096);
    assert_false(parse_size("-1", &n) || parse_size("1 apple", &n) ||
                 parse_size("9999999999TiB", &n));
    assert_true(parse_duration("1h30m", &n) && n == 5400000);
    assert_true(parse_duration("250ms", &n) && n == 250);
    assert_true(parse_duration("30", &n) && n == 30000);
    assert_false(parse_duration("", &n) || parse_duration("5x", &n) || parse_duration("m", &n));
}

static void run_names(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"Big_Task", "big-task"},
        {"__", "run"},
        {"a--b", "a-b"},
        {"9", "9"},
        {"\xE4\xBB\xBB", "run"},
        {"abcdefghijklmnopqrstuvwxyz0123456789", "abcdefghijklmnopqrstuvwxyz012345"}};
    for (size_t i = 0; i < TG_ARRAY_LEN(cases); i++) {
        char *name = run_name_of(cases[i][0]);
        assert_string_equal(name, cases[i][1]);
        assert_true(run_name_is_valid(name));
        free(name);
    }
    assert_false(run_name_is_valid("-a") || run_name_is_valid("") || run_name_is_valid("A"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),         cmocka_unit_test(several_sources),
        cmocka_unit_test(no_secret_leaves),   cmocka_unit_test(secrets_resolve),
        cmocka_unit_test(dm_secret),          cmocka_unit_test(dm_text_in_a_job),
        cmocka_unit_test(example_and_manual), cmocka_unit_test(sizes_and_durations),
        cmocka_unit_test(run_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
