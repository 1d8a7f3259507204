// SPDX-License-Identifier: Apache-2.0
/* The settings of the window: what is read, and what is said of what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conf/settings.h"

static char path[] = "/tmp/tg-settings-XXXXXX";

static bool read_text(struct settings *s, const char *text, struct err *e)
{
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
    *e = (struct err){0};
    return settings_read(s, path, e);
}

static void test_read(void **unused)
{
    (void)unused;
    struct settings s;
    struct err e;
    assert_true(read_text(&s, "theme: dark\nmouse: \"on\"\nlanguage: zh\nkeys:\n  pause: P\n  help: [F5, x]\n", &e));
    assert_true(s.is_there);
    assert_string_equal(s.theme.text, "dark");
    assert_string_equal(s.mouse.text, "on");
    assert_null(s.glyphs.text);
    assert_int_equal(s.nkeys, 2);
    assert_string_equal(s.keys[0].key[0], "P");
    assert_string_equal(s.keys[1].action.text, "help");
    assert_non_null(strstr(s.keys[1].action.where, ":6:3"));
    assert_int_equal(s.keys[1].n, 2);
    assert_string_equal(s.keys[1].key[1], "x");
    settings_release(&s);
    assert_true(read_text(&s, "", &e));
    settings_release(&s);
    unlink(path);
    assert_true(settings_read(&s, path, &e));
    assert_false(s.is_there);
    settings_release(&s);
}

static void test_refused(void **unused)
{
    static const struct {
        const char *text, *where;
        enum err_code code;
    } cases[] = {{"password: secret\n", ":1:1", ERR_CONF_KEY},     {"theme: dark\ncolour: red\n", ":2:1", ERR_CONF_KEY},
                 {"theme: [dark]\n", ":1:8", ERR_CONF_VALUE},       {"- theme\n", ":1:1", ERR_CONF_FILE},
                 {"keys: F5\n", ":1:7", ERR_CONF_VALUE},            {"keys:\n  help: {a: b}\n", ":2:9", ERR_CONF_VALUE},
                 {"keys:\n  help: [a, b, c, d, e]\n", ":2:9", ERR_CONF_VALUE}, {"theme: \"a\n", ":", ERR_CONF_FILE},
                 {"keys:\n  help: F5\nkeys:\n  help: F6\n", ":3:1", ERR_CONF_KEY}, {"theme:\n", ":1:", ERR_CONF_VALUE}};
    (void)unused;
    for (size_t i = 0; i < TG_ARRAY_LEN(cases); i++) {
        struct settings s;
        struct err e;
        assert_false(read_text(&s, cases[i].text, &e));
        assert_int_equal(e.code, cases[i].code);
        if (!strstr(e.where, cases[i].where))
            fail_msg("case %zu: %s", i, e.where);
        assert_null(strstr(e.text, "secret"));
        settings_release(&s);
    }
}

static void test_path(void **unused)
{
    (void)unused;
    setenv("HOME", "/home/me", 1);
    unsetenv("XDG_CONFIG_HOME");
    char *p = settings_path();
    assert_string_equal(p, "/home/me/.config/tidegate/config.yaml");
    free(p);
    setenv("XDG_CONFIG_HOME", "/etc/me", 1);
    p = settings_path();
    assert_string_equal(p, "/etc/me/tidegate/config.yaml");
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_read), cmocka_unit_test(test_refused), cmocka_unit_test(test_path)};
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
