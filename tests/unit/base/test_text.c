// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <langinfo.h>
#include <locale.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/text.h"

static void test_translate(void **unused)
{
    (void)unused;
    assert_string_equal(_("Password"), "Password");
    text_speak(TEXT_ZH_CN);
    assert_string_equal(_("Password"), "密码");
    assert_string_equal(_("no catalogue has this one"), "no catalogue has this one");
    assert_string_equal(_(""), ""); /* not the catalogue's header */
    for (int i = 0; i < ERR_CODE_COUNT; i++) /* the first, the last, and all between */
        assert_string_not_equal(_(err_info((enum err_code)i)->title), err_info((enum err_code)i)->title);
    assert_string_equal(_n("%u of nothing", "%u of nothings", 1), "%u of nothing");
    text_speak(TEXT_EN);
    assert_string_equal(_n("%u table", "%u tables", 1), "%u table");
    assert_string_equal(_n("%u table", "%u tables", 0), "%u tables");
}

static void test_error(void **unused)
{
    struct err e = {0};
    (void)unused;
    text_speak(TEXT_ZH_CN);
    err_set(&e, ERR_CONF_VALUE, N_("is \"%.80s\"; it can be true or false"), "maybe");
    text_speak(TEXT_EN);
    assert_string_equal(e.text, "是 \"maybe\"；可以是 true 或 false");
}

static void *at_work(void *arg)
{
    assert_false(text_stay_english(true));
    *(const char **)arg = _("Password");
    return NULL;
}

/* What a thread makes that is told later stays English; the window speaks on. */
static void test_thread(void **unused)
{
    pthread_t thread;
    const char *said = NULL;
    (void)unused;
    text_speak(TEXT_ZH_CN);
    assert_int_equal(pthread_create(&thread, NULL, at_work, &said), 0);
    pthread_join(thread, NULL);
    assert_string_equal(said, "Password");
    assert_string_equal(_("Password"), "密码");
    text_speak(TEXT_EN);
}

static void test_parse(void **unused)
{
    static const struct {
        const char *name;
        int language; /* -1: none of ours */
    } cases[] = {{"en", TEXT_EN}, {"en_GB.UTF-8", TEXT_EN}, {"zh", TEXT_ZH_CN}, {"zh_CN", TEXT_ZH_CN}, {"zh-CN", TEXT_ZH_CN}, {"zh_CN.UTF-8", TEXT_ZH_CN},
                 {"ZH_cn.utf8", TEXT_ZH_CN}, {"zh_SG", TEXT_ZH_CN}, {"zh:en", TEXT_ZH_CN}, {"zh_TW.UTF-8", -1}, {"zh-Hant", -1}, {"de_DE", -1}, {"english", -1}, {"", -1}};
    (void)unused;
    for (size_t i = 0; i < TG_ARRAY_LEN(cases); i++) {
        enum text_language l = TEXT_LANGUAGES;
        bool is_ours = text_language_parse(cases[i].name, &l);
        assert_int_equal(is_ours ? (int)l : -1, cases[i].language);
    }
}

/* A locale that is not installed must not cost the characters. */
static void test_locale(void **unused)
{
    (void)unused;
    setenv("LC_ALL", "xx_XX.UTF-8", 1);
    setlocale(LC_CTYPE, "C");
    text_locale();
    assert_string_equal(nl_langinfo(CODESET), "UTF-8");
    setenv("LC_ALL", "C", 1);
    text_locale();
    assert_string_not_equal(nl_langinfo(CODESET), "UTF-8");
    unsetenv("LC_ALL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_translate), cmocka_unit_test(test_error), cmocka_unit_test(test_thread), cmocka_unit_test(test_parse), cmocka_unit_test(test_locale)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
