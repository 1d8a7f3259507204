// SPDX-License-Identifier: Apache-2.0
/* The mouse in a real terminal: off until asked for, reported as the terminal was told to, and off again however the window
 * ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <locale.h>

#include "desk.h"

/* A press and a release of the first button, or of the wheel (64 up, 65 down), at a cell counted from 1. */
static void mouse(struct desk *d, int button, int y, int x)
{
    char bytes[64];
    snprintf(bytes, sizeof bytes, "\033[<%d;%d;%dM\033[<%d;%d;%dm", button, x, y, button, x, y);
    type(d, bytes);
}

static void switch_on(struct desk *d)
{
    open_dashboard(d, 24, 80);
    assert_false(d->has_mouse);
    type(d, "m");
    wait_for(d, "mouse on: Shift and drag selects text", true);
    assert_true(d->has_mouse);
}

static void test_on_click_wheel_off(void **unused)
{
    (void)unused;
    struct desk d;
    switch_on(&d);
    for (int i = 0; i < 9; i++)
        log_event(LOG_WARN, "path", "", "", "something was said");
    wait_for(&d, "something was said", true);
    mouse(&d, 0, 3, 10);              /* Dump */
    wait_for(&d, "┌▸1 Dump", true);
    mouse(&d, 64, 20, 30);
    wait_for(&d, "PAUSED", true);
    mouse(&d, 65, 20, 30);
    wait_for(&d, "following", true);
    mouse(&d, 0, 3, 10);
    wait_for(&d, "┌▸1 Dump", true);
    mouse(&d, 0, 3, 10);
    wait_for(&d, "z Back to all panes", true);
    type(&d, "\033OR");               /* F3 */
    wait_for(&d, "mouse off", true);
    assert_false(d.has_mouse);
    type(&d, "d");
    wait_end(&d);
    check_restored(&d);
    assert_false(d.has_mouse);
    stand_up(&d);
}

static void test_left_with_the_mouse_on(void **unused)
{
    (void)unused;
    static const int signals[] = {0, SIGTERM, SIGHUP, SIGSEGV, SIGABRT};
    for (size_t i = 0; i < TG_ARRAY_LEN(signals); i++) {
        struct desk d;
        switch_on(&d);
        if (signals[i])
            kill(d.pid, signals[i]);
        else
            type(&d, "d");
        wait_end(&d);
        check_restored(&d);
        assert_false(d.has_mouse);
        stand_up(&d);
    }
}

static void test_suspended(void **unused)
{
    (void)unused;
    struct desk d;
    int tell[2], hear[2];
    char byte;
    assert_true(pipe(tell) == 0 && pipe(hear) == 0);
    sit_down_with(&d, 24, 80, "xterm-256color", tell[1], hear[0]);
    wait_for(&d, "251 of ~412 GB", true);
    type(&d, "m");
    wait_for(&d, "mouse on", true);
    type(&d, "\032");
    struct pollfd stopped = {.fd = tell[0], .events = POLLIN};
    int64_t end = now_ms() + DEADLINE_MS;
    while (poll(&stopped, 1, 0) == 0 && now_ms() < end)
        pump(&d, 20);
    assert_int_equal(read(tell[0], &byte, 1), 1);
    pump(&d, 0);
    check_restored(&d);
    assert_false(d.has_mouse);
    assert_int_equal(write(hear[1], "C", 1), 1);
    wait_for(&d, "251 of ~412 GB", true);
    mouse(&d, 0, 3, 10);
    wait_for(&d, "┌▸1 Dump", true);
    assert_true(d.has_mouse);
    type(&d, "d");
    wait_end(&d);
    assert_false(d.has_mouse);
    stand_up(&d);
    close(tell[0]), close(tell[1]), close(hear[0]), close(hear[1]);
}

/* A terminal that knows nothing of mice says so. */
static void test_none_there(void **unused)
{
    (void)unused;
    struct desk d;
    sit_down(&d, 24, 80, "vt100");
    wait_for(&d, "251 of ~412 GB", true);
    type(&d, "m");
    wait_for(&d, "this terminal reports no mouse", true);
    assert_false(d.has_mouse);
    type(&d, "d");
    wait_end(&d);
    check_restored(&d);
    stand_up(&d);
    if (access("/dev/gpmctl", F_OK) == 0)
        return; /* this console has one */
    sit_down(&d, 24, 80, "linux");
    wait_for(&d, "251 of ~412 GB", true);
    type(&d, "m");
    wait_for(&d, "this terminal reports no mouse", true);
    type(&d, "d");
    wait_end(&d);
    check_restored(&d);
    stand_up(&d);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_on_click_wheel_off, clear_away),
        cmocka_unit_test_teardown(test_left_with_the_mouse_on, clear_away),
        cmocka_unit_test_teardown(test_suspended, clear_away),
        cmocka_unit_test_teardown(test_none_there, clear_away),
    };
    if (argc == 3 && strcmp(argv[1], "--window") == 0)
        return window_main(argv[2]);
    setlocale(LC_ALL, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, start_engine, stop_engine);
}
