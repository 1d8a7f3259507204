// SPDX-License-Identifier: Apache-2.0
/* A fail point ends the process by SIGKILL at the passing that is named, and the list has every passing before it. */
#include "base/fail.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* How a child ends that passes one.before, two.before, one.before, one.before. */
static int child_status(const char *fail, const char *log)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setenv("TIDEGATE_FAIL", fail, 1);
        setenv("TIDEGATE_FAIL_LOG", log, 1);
        fail_point_pass("one.before");
        fail_point_pass("two.before");
        fail_point_pass("one.before");
        fail_point_pass("one.before");
        _exit(7);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void holds(const char *fail, int wanted_signal, const char *wanted_log)
{
    char path[] = "/tmp/tg-fail-XXXXXX", text[200] = "";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    int status = child_status(fail, path);
    if (wanted_signal)
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == wanted_signal);
    else
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    assert_true(read(fd, text, sizeof text - 1) >= 0);
    assert_string_equal(text, wanted_log);
    close(fd);
    unlink(path);
}

static void test_dies_where_it_is_told(void **state)
{
    (void)state;
    holds("one.before:1", SIGKILL, "one.before\n");
    holds("one.before:2", SIGKILL, "one.before\ntwo.before\none.before\n");
    holds("two.before:1", SIGKILL, "one.before\ntwo.before\n");
}

static void test_goes_on_elsewhere(void **state)
{
    static const char all[] = "one.before\ntwo.before\none.before\none.before\n";
    (void)state;
    holds("one.before:4", 0, all);
    holds("one:1", 0, all);
    holds("one.before", 0, all);
    holds("", 0, all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dies_where_it_is_told),
        cmocka_unit_test(test_goes_on_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
