// SPDX-License-Identifier: Apache-2.0
// Sealed files: what goes in comes out, and only with its passphrase; every other byte is refused; a job finds its file from
// wherever it is started.
#include "conf/sealed.h"
#include "conf_test.h"

#include <sys/stat.h>
#include <unistd.h>

static const struct sealed_cost cheap = {1 << 10, 1, 1};

static struct secret *text(const char *z)
{
    return secret_new(z, strlen(z));
}

static void put(struct sealed *s, const char *name, const char *value)
{
    struct secret *v = text(value);
    struct err e = {0};
    assert_true(sealed_put(s, name, v, &e));
    secret_free(v);
}

static void make(struct buf *out)
{
    struct sealed s = {0};
    struct secret *pass = text("correct horse");
    struct err e = {0};
    put(&s, "source", "old");
    put(&s, "target", "t\xC3\xA4rget 'x' #}");
    put(&s, "source", "s0urce");
    assert_int_equal(s.n, 2);
    assert_true(sealed_make(&s, pass, &cheap, out, &e));
    secret_free(pass);
    sealed_release(&s);
}

static bool opens(const char *p, size_t n, const char *passphrase, struct err *e)
{
    struct sealed s = {0};
    struct secret *pass = passphrase ? text(passphrase) : NULL;
    err_clear(e);
    bool fine = sealed_open(&s, p, n, pass, e);
    if (!fine)
        assert_int_equal(s.n, 0);
    secret_free(pass);
    sealed_release(&s);
    return fine;
}

static void round_trip(void **state)
{
    (void)state;
    struct buf a = {0}, b = {0};
    struct sealed s = {0};
    struct secret *pass = text("correct horse");
    struct err e = {0};
    make(&a);
    make(&b);
    assert_string_not_equal(a.p, b.p);
    assert_int_equal(a.n, b.n);
    assert_null(strstr(a.p, "s0urce"));
    assert_true(sealed_open(&s, a.p, a.n, pass, &e));
    assert_int_equal(s.n, 2);
    assert_string_equal(secret_peek(sealed_get(&s, "source")), "s0urce");
    assert_string_equal(secret_peek(sealed_get(&s, "target")), "t\xC3\xA4rget 'x' #}");
    assert_null(sealed_get(&s, "sourc"));
    assert_true(opens(a.p, a.n, NULL, &e)); /* looked at */
    assert_false(opens(a.p, a.n, "correct hors", &e));
    assert_int_equal(e.code, ERR_SEALED_PASSPHRASE);
    assert_false(opens(a.p, a.n, "", &e));
    assert_int_equal(e.code, ERR_SEALED_PASSPHRASE);
    sealed_release(&s);
    secret_free(pass);
    buf_release(&a);
    buf_release(&b);
}


static void every_damage_is_refused(void **state)
{
    (void)state;
    static const char swaps[] = "AzZ09+/= \n=";
    struct buf a = {0};
    struct err e = {0};
    make(&a);
    for (size_t i = 0; i < a.n; i++) {
        char was = a.p[i];
        for (size_t k = 0; k < sizeof swaps; k++) { /* the NUL among them */
            if (swaps[k] == was)
                continue;
            a.p[i] = swaps[k];
            assert_false(opens(a.p, a.n, "correct horse", &e));
            assert_int_equal(e.code, ERR_SEALED_DAMAGED);
        }
        for (unsigned bit = 0; bit < 8; bit++) {
            a.p[i] = (char)(was ^ (1 << bit));
            assert_false(opens(a.p, a.n, "correct horse", &e));
        }
        a.p[i] = was;
        assert_false(opens(a.p, i, "correct horse", &e)); /* cut off here */
    }
    buf_addc(&a, '\n');
    assert_false(opens(a.p, a.n, "correct horse", &e));
    assert_true(opens(a.p, a.n - 1, "correct horse", &e));
    buf_release(&a);
}

static void alter(struct buf *a, const char *from, const char *to)
{
    char *at = strstr(a->p, from);
    assert_non_null(at);
    struct buf b = {0};
    buf_add(&b, a->p, (size_t)(at - a->p));
    buf_adds(&b, to);
    buf_adds(&b, at + strlen(from));
    buf_release(a);
    *a = b;
}

static void a_strangers_cost_is_bounded(void **state)
{
    (void)state;
    static const char *const costs[] = {"n=1073741824 r=8 p=1", "n=1048576 r=8 p=1", "n=1024 r=4294967295 p=1", "n=1024 r=1 p=4000000000", "n=1000 r=1 p=1",
                                        "n=0 r=1 p=1", "n=18446744073709551615 r=8 p=1", "n=18446744073709551616 r=8 p=1", "n=512 r=1 p=1", "n=65536 r=32 p=16",
                                        "n=1024 r=0 p=1", "n=1024 r=1 p=0", "n=01024 r=1 p=1", "n=-1024 r=1 p=1"};
    struct err e = {0};
    for (size_t i = 0; i < TG_ARRAY_LEN(costs); i++) {
        struct buf a = {0};
        make(&a);
        alter(&a, "n=1024 r=1 p=1", costs[i]);
        assert_false(opens(a.p, a.n, "correct horse", &e));
        assert_int_equal(e.code, ERR_SEALED_DAMAGED);
        buf_release(&a);
    }
    struct buf a = {0};
    make(&a);
    alter(&a, "tidegate-sealed 1", "tidegate-sealed 2");
    assert_false(opens(a.p, a.n, "correct horse", &e));
    assert_non_null(strstr(e.text, "version"));
    buf_release(&a);
    char *big = x_alloc(SEALED_FILE_MAX + 2);
    memset(big, 'A', SEALED_FILE_MAX + 1);
    assert_false(opens(big, SEALED_FILE_MAX + 1, "correct horse", &e));
    free(big);
    assert_false(opens("", 0, "correct horse", &e));
}

static void names_and_sizes(void **state)
{
    (void)state;
    struct sealed s = {0};
    struct err e = {0};
    struct secret *v = text("x"), *empty = text("");
    char long_text[SEALED_VALUE_MAX + 2];
    memset(long_text, 'p', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = 0;
    struct secret *too_long = text(long_text);
    assert_false(sealed_put(&s, "", v, &e));
    assert_false(sealed_put(&s, "a b", v, &e));
    assert_false(sealed_put(&s, "a}", v, &e));
    assert_false(sealed_put(&s, "a", too_long, &e));
    for (unsigned i = 0; i < SEALED_ENTRIES_MAX; i++) {
        char name[20];
        snprintf(name, sizeof name, "n%u", i);
        assert_true(sealed_put(&s, name, i % 2 ? v : empty, &e));
    }
    assert_false(sealed_put(&s, "one-more", v, &e));
    struct buf out = {0};
    struct sealed back = {0};
    assert_false(sealed_make(&s, empty, &cheap, &out, &e));
    assert_int_equal(e.code, ERR_SEALED_PASSPHRASE);
    assert_true(sealed_make(&s, v, &cheap, &out, &e));
    assert_true(sealed_open(&back, out.p, out.n, v, &e));
    assert_int_equal(back.n, SEALED_ENTRIES_MAX);
    assert_string_equal(secret_peek(sealed_get(&back, "n0")), "");
    assert_string_equal(secret_peek(sealed_get(&back, "n63")), "x");
    sealed_release(&back);
    sealed_release(&s);
    buf_release(&out);
    secret_free(v);
    secret_free(empty);
    secret_free(too_long);
}

/* ---- a job ---- */

static char dir[] = "/tmp/tg-sealed-XXXXXX";

static char *in_dir(const char *name)
{
    return x_format("%s/%s", dir, name);
}

static void write_job(const struct job *j, const char *path)
{
    struct buf out = {0};
    job_emit_beside(j, path, &out);
    assert_null(strstr(out.p, dir)); /* both files can be moved together */
    FILE *f = fopen(path, "w");
    fwrite(out.p, 1, out.n, f);
    fclose(f);
    buf_release(&out);
}

static void typed_job(struct job *j)
{
    struct err e = {0};
    job_init(j);
    assert_true(job_set(j, "source.host", "a", &e));
    assert_true(job_set(j, "target.host", "b", &e));
    assert_true(job_set_secret(j, "source.password", "${env:TG_SOURCE_PASSWORD}", text("one"), &e));
    assert_true(job_set_secret(j, "target.password", "${ask}", text("two"), &e));
    assert_true(job_set(j, "target.ssh.password", "${env:TG_STAYS}", &e));
}

static void a_job_is_sealed_and_opened(void **state)
{
    (void)state;
    struct job j, again;
    struct job_problems p = {0};
    struct err e = {0};
    struct secret *pass = text("correct horse"), *other = text("wrong horse");
    char *job = in_dir("shop.yaml"), *sealed = in_dir("shop.sealed"), *beside = job_sealed_beside(job), *file;
    struct stat st;
    assert_string_equal(beside, sealed);
    typed_job(&j);
    assert_int_equal(job_typed(&j), 2);
    assert_null(job_sealed_file(&j));
    assert_true(job_seal(&j, sealed, pass, &e));
    assert_int_equal(job_typed(&j), 0);
    assert_null(job_sealed_file(&j)); /* they are known */
    assert_int_equal(stat(sealed, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    write_job(&j, job);
    job_release(&j);

    job_init(&again);
    assert_true(job_load(&again, (const char *const[]){job}, 1, &p));
    assert_int_equal(again.sources[0].password.origin, SECRET_SEALED);
    assert_string_equal(again.target.ssh.password.reference, "TG_STAYS");
    setenv("TG_STAYS", "x", 1);
    assert_false(job_resolve(&again, NULL, NULL, &e));
    assert_int_equal(e.code, ERR_SEALED_PASSPHRASE);
    file = job_sealed_file(&again);
    assert_string_equal(file, sealed);
    assert_true(job_unseal(&again, file, NULL, &e));
    assert_null(again.sources[0].password.value);
    assert_false(job_unseal(&again, file, other, &e));
    assert_int_equal(e.code, ERR_SEALED_PASSPHRASE);
    assert_string_equal(e.where, sealed);
    assert_true(job_unseal(&again, file, pass, &e));
    assert_true(job_resolve(&again, NULL, NULL, &e));
    assert_string_equal(secret_peek(again.sources[0].password.value), "one");
    assert_string_equal(secret_peek(again.target.password.value), "two");
    assert_null(job_sealed_file(&again));

    /* one more typed, into the same file: what is in it stays, as long as it is known */
    assert_true(job_set_secret(&again, "target.password", "${env:X}", text("three"), &e));
    assert_true(job_seal(&again, sealed, other, &e));
    job_copy(&j, &again);
    assert_false(job_unseal(&j, sealed, pass, &e));
    assert_true(job_unseal(&j, sealed, other, &e));
    job_release(&j);
    job_init(&j);
    assert_true(job_load(&j, (const char *const[]){job}, 1, &p));
    assert_true(job_set_secret(&j, "target.password", "${env:X}", text("four"), &e));
    assert_false(job_seal(&j, sealed, other, &e));
    assert_int_equal(e.code, ERR_SEALED_PASSPHRASE);
    assert_true(job_unseal(&j, sealed, other, &e));
    assert_string_equal(secret_peek(j.sources[0].password.value), "one");
    job_release(&j);
    job_release(&again);
    job_problems_release(&p);
    free(file);
    free(beside);
    free(sealed);
    free(job);
    secret_free(pass);
    secret_free(other);
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    struct job j;
    struct err e = {0};
    struct secret *pass = text("correct horse");
    char *nowhere = in_dir("nowhere.sealed"), *some = in_dir("some.sealed"), *reference = x_format("${sealed:%s#absent}", some);
    typed_job(&j);
    assert_true(job_seal(&j, some, pass, &e));
    assert_false(job_unseal(&j, nowhere, NULL, &e));
    assert_int_equal(e.code, ERR_SEALED_FILE);
    assert_non_null(strstr(e.text, "nowhere.sealed"));
    assert_true(job_set(&j, "target.password", reference, &e));
    assert_false(job_unseal(&j, some, pass, &e));
    assert_int_equal(e.code, ERR_SEALED_NAME);
    assert_non_null(strstr(e.text, "absent"));
    assert_non_null(strstr(e.text, "source, target"));
    assert_false(job_seal(&j, "/nowhere/at/all.sealed", pass, &e));
    static const char *const odd[] = {"${sealed:x}", "${sealed:#x}", "${sealed:f#}", "${sealed:f#a b}"};
    for (size_t i = 0; i < TG_ARRAY_LEN(odd); i++) { /* no reference: a placeholder that job_check refuses */
        assert_true(job_set(&j, "target.password", odd[i], &e));
        assert_string_equal(note_raw(&j, "target.password"), odd[i]);
    }
    job_release(&j);
    free(reference);
    free(nowhere);
    free(some);
    secret_free(pass);
}

/* Relative to the file that names it; from then on whole, because a run keeps its own copy of the job elsewhere. */
static void where_the_file_lies(void **state)
{
    (void)state;
    struct job j, copy;
    struct job_problems p = {0};
    struct buf out = {0};
    char *job = in_dir("odd } # name.yaml");
    FILE *f = fopen(job, "w");
    fputs("version: 1\nsource: {host: a, user: u, password: '${sealed:odd } # name.sealed#source}'}\ntarget: {host: b, user: u, password: '${sealed:/abs/x.sealed#t}'}\n", f);
    fclose(f);
    job_init(&j);
    assert_true(job_load(&j, (const char *const[]){job}, 1, &p));
    char *wanted = x_format("%s/odd } # name.sealed#source", dir);
    assert_string_equal(j.sources[0].password.reference, wanted);
    assert_string_equal(j.target.password.reference, "/abs/x.sealed#t");
    job_emit(&j, &out);
    assert_non_null(strstr(out.p, wanted));
    job_copy(&copy, &j);
    assert_string_equal(copy.sources[0].password.reference, wanted);
    job_release(&copy);
    assert_int_equal(chdir(dir), 0);
    job_release(&j);
    job_init(&j);
    assert_true(job_load(&j, (const char *const[]){"odd } # name.yaml"}, 1, &p));
    assert_string_equal(j.sources[0].password.reference, wanted);
    job_release(&j);
    job_problems_release(&p);
    buf_release(&out);
    free(wanted);
    free(job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(every_damage_is_refused),
        cmocka_unit_test(a_strangers_cost_is_bounded),
        cmocka_unit_test(names_and_sizes),
        cmocka_unit_test(a_job_is_sealed_and_opened),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(where_the_file_lies),
    };
    if (!mkdtemp(dir))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char *all = x_format("rm -r %s", dir);
    (void)!system(all);
    free(all);
    return failed;
}
