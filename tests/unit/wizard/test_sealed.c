// SPDX-License-Identifier: Apache-2.0
// Passwords in an encrypted file: what the boxes ask, what they hand on, and what waits for a passphrase.
#include "wz_test.h"

static void set(struct bench *b, const char *path, const char *value)
{
    struct err e;
    assert_true(job_set(&b->job, path, value, &e));
}

static void begin(struct bench *b, enum step at)
{
    bench_init(b, 24, 80);
    set(b, "name", "shop-prod");
    set(b, "source.host", "db.example");
    set(b, "source.user", "tg_reader");
    set(b, "target.host", "tidb.example");
    set(b, "target.user", "root");
    snprintf(b->w->path, sizeof b->w->path, "/home/me/shop-prod.yaml");
    b->w->reached = STEP_REVIEW;
    b->w->at = at;
}

static void type_password(struct bench *b)
{
    struct err e;
    assert_true(job_set_secret(&b->job, "source.password", "${env:TG_SOURCE_PASSWORD}", secret_new("s3cret", 6), &e));
}

static void tabs(struct bench *b, int n)
{
    while (n-- > 0)
        press(b, K_TAB);
}

static void two_passphrases(struct bench *b, const char *first, const char *second)
{
    type(b, first);
    tabs(b, 1);
    type(b, second);
    tabs(b, 1);
    press(b, K_ENTER);
}

static void test_save(void **unused)
{
    struct bench b;
    (void)unused;
    begin(&b, STEP_REVIEW);
    press(&b, K_F9);
    tabs(&b, 2);
    press(&b, K_ENTER); /* nothing was typed: nothing to put into a file */
    assert_int_equal(b.effect.kind, WZ_NONE);
    assert_non_null(strstr(b.w->notice, "no password was typed"));
    press(&b, K_ESC);
    type_password(&b);
    press(&b, K_F9);
    tabs(&b, 2);
    press(&b, K_ENTER);
    assert_int_equal(b.effect.kind, WZ_SAVE);
    assert_true(b.effect.seals);
    assert_null(b.effect.password); /* who saves looks at the files first, and asks */
    assert_int_equal(b.w->modal.kind, 0);

    ask_seal(b.w, "/home/me/shop-prod.yaml");
    shots(&b, "wizard-seal");
    two_passphrases(&b, "short", "short");
    assert_int_equal(b.effect.kind, WZ_NONE);
    assert_non_null(strstr(b.w->notice, "8 characters"));
    two_passphrases(&b, "correct horse", "correct hose");
    assert_int_equal(b.effect.kind, WZ_NONE);
    assert_non_null(strstr(b.w->notice, "not the same"));
    assert_string_equal(b.w->modal.field[0].edit.text, "");
    type(&b, "correct horse");
    assert_false(shows(&b, "correct"));
    tabs(&b, 1);
    paste(&b, "correct horse\n");
    tabs(&b, 1);
    shot(&b, "wizard-seal-typed");
    press(&b, K_ENTER);
    assert_int_equal(b.effect.kind, WZ_SAVE);
    assert_string_equal(secret_peek(b.effect.password), "correct horse");
    assert_string_equal(b.effect.text, "/home/me/shop-prod.yaml");
    secret_free(b.effect.password);

    ask_replace_sealed(b.w, "/home/me/shop-prod.yaml", "/home/me/shop-prod.sealed");
    shots(&b, "wizard-seal-replace");
    press(&b, K_ENTER); /* the safe one */
    assert_int_equal(b.effect.kind, WZ_NONE);
    ask_replace_sealed(b.w, "/home/me/shop-prod.yaml", "/home/me/shop-prod.sealed");
    tabs(&b, 1);
    press(&b, K_ENTER);
    assert_true(b.effect.kind == WZ_SAVE && b.effect.seals && b.effect.may_replace && b.effect.may_replace_sealed && !b.effect.password);
    bench_release(&b);
}

static void test_open(void **unused)
{
    struct bench b;
    (void)unused;
    begin(&b, STEP_REVIEW);
    set(&b, "source.password", "${sealed:/home/me/shop-prod.sealed#source}");
    shots(&b, "wizard-review-sealed");
    tabs(&b, 4);
    press(&b, K_ENTER);
    press(&b, K_DOWN);
    press(&b, K_ENTER); /* Start the run: its password is not open */
    assert_int_equal(b.effect.kind, WZ_NONE);
    shots(&b, "wizard-unseal");
    type(&b, "correct horse");
    tabs(&b, 1);
    press(&b, K_ENTER);
    assert_int_equal(b.effect.kind, WZ_UNSEAL);
    assert_string_equal(b.effect.text, "/home/me/shop-prod.sealed");
    assert_string_equal(secret_peek(b.effect.password), "correct horse");
    assert_int_equal(b.w->after.kind, WZ_RUN); /* what waited goes on then */
    secret_free(b.effect.password);
    ask_sealed_again(b.w, "/home/me/shop-prod.sealed", "The passphrase does not fit.");
    assert_int_equal(b.w->after.kind, WZ_RUN);
    shot(&b, "wizard-unseal-wrong");
    press(&b, K_ESC);
    assert_true(ask_sealed(b.w, NULL)); /* asked for from somewhere else: nothing old is started */
    assert_int_equal(b.w->after.kind, WZ_NONE);
    bench_release(&b);
}

static void test_source(void **unused)
{
    struct bench b;
    (void)unused;
    begin(&b, STEP_SOURCE);
    set(&b, "source.password", "${sealed:/home/me/shop-prod.sealed#source}");
    form_judge(&b.w->form[STEP_SOURCE], b.w);
    tabs(&b, 4);
    assert_string_equal(wz_field(b.w)->path, "source.password");
    shot(&b, "wizard-source-sealed");
    press(&b, K_F0 + 4);
    tabs(&b, 5);
    assert_true(shows(&b, "Open the encrypted file"));
    press(&b, K_ENTER);
    assert_true(shows(&b, "The passwords are encrypted"));
    press(&b, K_ESC);
    type(&b, "another"); /* typed in its place: the file is out of it */
    press(&b, K_TAB);
    assert_int_equal(b.job.sources[0].password.origin, SECRET_ENV);
    assert_int_equal(job_typed(&b.job), 1);
    assert_false(ask_sealed(b.w, NULL));
    bench_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_save), cmocka_unit_test(test_open), cmocka_unit_test(test_source)};
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
