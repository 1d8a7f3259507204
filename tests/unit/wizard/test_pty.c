// SPDX-License-Identifier: Apache-2.0
/* The window in a real terminal: this program starts itself as `--window DIR` behind a pseudo terminal, plays
 * the engine with mon's own server, and libvterm is the screen. What counts is what a person would be left
 * with: the normal screen, the old modes, the run untouched. Every wait is for a condition, with a deadline. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <vterm.h>

#include "sample.h"
#include "ui/term.h"
#include "wizard/dashboard.h"

#define DEADLINE_MS 15000

struct desk {
    VTerm *vt;
    VTermScreen *screen;
    int master, slave, rows, cols;
    pid_t pid;
    struct termios before;
    bool is_alternate, is_cursor_hidden, has_ended;
    int status;
    size_t bytes;
};

static char run_dir[64];
static struct mon_server *server;
static char last_cmd[32], last_args[512];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- the engine's side ---- */

static bool on_command(void *arg, const char *cmd, const char *args, char **result, struct err *e)
{
    (void)arg;
    (void)result;
    (void)e;
    pthread_mutex_lock(&lock);
    snprintf(last_cmd, sizeof last_cmd, "%s", cmd);
    snprintf(last_args, sizeof last_args, "%s", args);
    pthread_mutex_unlock(&lock);
    return true;
}

static void publish(void)
{
    struct mon_snapshot *m = sample_snapshot();
    m->seq = 0;
    mon_server_publish(server, m);
    free(m);
}

static int start_engine(void **unused)
{
    (void)unused;
    struct err e = {0};
    snprintf(run_dir, sizeof run_dir, "/tmp/tg-pty-XXXXXX");
    if (!mkdtemp(run_dir))
        return -1;
    server = mon_server_start(run_dir, "shop-prod", on_command, NULL, &e);
    if (!server) {
        print_error("%s\n", e.text);
        return -1;
    }
    publish();
    return 0;
}

static int stop_engine(void **unused)
{
    (void)unused;
    char path[128];
    static const char *const files[] = {"run.sock", "pid", "events.jsonl"};
    mon_server_stop(server);
    for (size_t i = 0; i < TG_ARRAY_LEN(files); i++) {
        snprintf(path, sizeof path, "%s/%s", run_dir, files[i]);
        unlink(path);
    }
    rmdir(run_dir);
    return 0;
}

/* ---- the window's side: another process ---- */

static int window_main(const char *dir)
{
    struct err e = {0};
    int ended_by = 0;
    struct mon_snapshot *last = calloc(1, sizeof *last);
    setlocale(LC_ALL, "");
    struct mon_client *client = mon_attach(dir, &e);
    if (!client) {
        fprintf(stderr, "%s\n", e.text);
        return 90;
    }
    struct dashboard_options o = {.client = client, .run_dir = dir, .last = last, .ended_by = &ended_by};
    int left = dashboard_run(&o, &e);
    mon_detach(client);
    if (ended_by && ended_by != SIGHUP) {
        signal(ended_by, SIG_DFL);
        raise(ended_by);
    }
    dashboard_summary(stdout, last, left, dir);
    free(last);
    return 40 + left;
}

/* ---- the terminal ---- */

static int on_prop(VTermProp prop, VTermValue *value, void *arg)
{
    struct desk *d = arg;
    if (prop == VTERM_PROP_ALTSCREEN)
        d->is_alternate = value->boolean;
    if (prop == VTERM_PROP_CURSORVISIBLE)
        d->is_cursor_hidden = !value->boolean;
    return 1;
}
static const VTermScreenCallbacks callbacks = {.settermprop = on_prop};

static void sit_down(struct desk *d, int rows, int cols, const char *term)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    *d = (struct desk){.rows = rows, .cols = cols};
    assert_int_equal(openpty(&d->master, &d->slave, NULL, NULL, &size), 0);
    tcgetattr(d->slave, &d->before);
    fcntl(d->master, F_SETFL, O_NONBLOCK);
    fcntl(d->master, F_SETFD, FD_CLOEXEC);
    d->vt = vterm_new(rows, cols);
    vterm_set_utf8(d->vt, 1);
    d->screen = vterm_obtain_screen(d->vt);
    vterm_screen_enable_altscreen(d->screen, 1);
    vterm_screen_set_callbacks(d->screen, &callbacks, d);
    vterm_screen_reset(d->screen, 1);
    d->pid = fork();
    if (d->pid == 0) {
        int slave = fcntl(d->slave, F_DUPFD, 20);
        setenv("TERM", term, 1);
        setenv("LC_ALL", "C.UTF-8", 1);
        setenv("TZ", "UTC", 1);
        unsetenv("ESCDELAY");
        unsetenv("ACCESSIBLE");
        unsetenv("COLUMNS");
        unsetenv("LINES");
        login_tty(slave);
        execl("/proc/self/exe", "window", "--window", run_dir, (char *)NULL);
        _exit(91);
    }
    assert_true(d->pid > 0);
}

static void pump(struct desk *d, int timeout_ms)
{
    char bytes[8192];
    struct pollfd fd = {.fd = d->master, .events = POLLIN};
    if (poll(&fd, 1, timeout_ms) > 0) {
        ssize_t n;
        while ((n = read(d->master, bytes, sizeof bytes)) > 0) {
            vterm_input_write(d->vt, bytes, (size_t)n);
            d->bytes += (size_t)n;
        }
    }
    if (!d->has_ended && waitpid(d->pid, &d->status, WNOHANG) == d->pid)
        d->has_ended = true;
}

static void screen_text(struct desk *d, char *out, size_t size)
{
    size_t n = 0;
    for (int row = 0; row < d->rows && n + 800 < size; row++) {
        VTermRect line = {row, row + 1, 0, d->cols};
        n += vterm_screen_get_text(d->screen, out + n, size - n - 2, line);
        out[n++] = '\n';
    }
    out[n] = 0;
}

static bool shows(struct desk *d, const char *wanted)
{
    static char text[100000];
    screen_text(d, text, sizeof text);
    return strstr(text, wanted) != NULL;
}

static void wait_for(struct desk *d, const char *wanted, bool is_there)
{
    static char text[100000];
    int64_t end = now_ms() + DEADLINE_MS;
    while (now_ms() < end) {
        if (shows(d, wanted) == is_there)
            return;
        pump(d, 20);
    }
    screen_text(d, text, sizeof text);
    fail_msg("waited for %s'%s'; the screen is:\n%s", is_there ? "" : "the end of ", wanted, text);
}

static void type(struct desk *d, const char *keys)
{
    assert_int_equal(write(d->master, keys, strlen(keys)), strlen(keys));
}

static void wait_end(struct desk *d)
{
    int64_t end = now_ms() + DEADLINE_MS;
    while (!d->has_ended && now_ms() < end)
        pump(d, 20);
    if (!d->has_ended) {
        kill(d->pid, SIGKILL);
        fail_msg("the window did not end");
    }
    pump(d, 0);
}

static void check_restored(struct desk *d)
{
    struct termios after;
    assert_int_equal(tcgetattr(d->slave, &after), 0);
    assert_int_equal(after.c_lflag, d->before.c_lflag);
    assert_int_equal(after.c_iflag, d->before.c_iflag);
    assert_int_equal(after.c_oflag, d->before.c_oflag);
    assert_memory_equal(after.c_cc, d->before.c_cc, sizeof after.c_cc);
    assert_false(d->is_alternate);
    assert_false(d->is_cursor_hidden);
}

static void stand_up(struct desk *d)
{
    vterm_free(d->vt);
    close(d->master);
    close(d->slave);
}

static void open_dashboard(struct desk *d, int rows, int cols)
{
    sit_down(d, rows, cols, "xterm-256color");
    wait_for(d, "d Detach   ? Help", true);
    wait_for(d, "251 of ~412 GB", true);
    assert_true(d->is_alternate);
}

/* ---- tests ---- */

static void test_leave_by_q(void **unused)
{
    (void)unused;
    struct desk d;
    open_dashboard(&d, 24, 80);
    type(&d, "q\r"); /* typed ahead: the Enter must not count */
    wait_for(&d, "Leave this window?", true);
    assert_false(d.has_ended);
    int64_t end = now_ms() + DEADLINE_MS;
    while (!d.has_ended && now_ms() < end) {
        type(&d, "\r");
        pump(&d, 50);
    }
    wait_end(&d);
    assert_true(WIFEXITED(d.status));
    assert_int_equal(WEXITSTATUS(d.status), 40 + DASHBOARD_DETACH);
    check_restored(&d);
    assert_true(shows(&d, "tidegate attach shop-prod"));
    stand_up(&d);
}

static void test_detach_at_once(void **unused)
{
    (void)unused;
    struct desk d;
    open_dashboard(&d, 24, 80);
    type(&d, "d");
    wait_end(&d);
    assert_int_equal(WEXITSTATUS(d.status), 40 + DASHBOARD_DETACH);
    check_restored(&d);
    stand_up(&d);
}

static void test_control_c_asks(void **unused)
{
    (void)unused;
    struct desk d;
    open_dashboard(&d, 24, 80);
    type(&d, "\003");
    wait_for(&d, "Leave this window?", true);
    int64_t end = now_ms() + DEADLINE_MS;
    while (shows(&d, "Leave this window?") && now_ms() < end) {
        type(&d, "\033");
        pump(&d, 100);
    }
    assert_false(d.has_ended);
    wait_for(&d, "251 of ~412 GB", true);
    type(&d, "d");
    wait_end(&d);
    check_restored(&d);
    stand_up(&d);
}

static void ended_by_signal(int signal_number, bool dies_of_it)
{
    struct desk d;
    open_dashboard(&d, 24, 80);
    kill(d.pid, signal_number);
    wait_end(&d);
    if (signal_number == SIGHUP)
        assert_int_equal(WEXITSTATUS(d.status), 40 + DASHBOARD_DETACH);
    else if (dies_of_it)
        assert_true(WIFSIGNALED(d.status) && WTERMSIG(d.status) == signal_number);
    else
        assert_false(WIFEXITED(d.status) && WEXITSTATUS(d.status) == 0); /* a sanitizer may report first */
    check_restored(&d);
    stand_up(&d);
}

static void test_signals_that_end(void **unused)
{
    (void)unused;
    ended_by_signal(SIGTERM, true);
    ended_by_signal(SIGINT, true);
    ended_by_signal(SIGHUP, true);
}

static void test_signals_that_crash(void **unused)
{
    (void)unused;
    ended_by_signal(SIGSEGV, false);
    ended_by_signal(SIGABRT, false);
    ended_by_signal(SIGBUS, false);
    ended_by_signal(SIGFPE, false);
}

static void test_terminal_lost(void **unused)
{
    (void)unused;
    struct desk d;
    open_dashboard(&d, 24, 80);
    close(d.slave);
    close(d.master);
    int64_t end = now_ms() + DEADLINE_MS;
    while (!d.has_ended && now_ms() < end) {
        struct pollfd nothing = {.fd = -1};
        poll(&nothing, 1, 10);
        d.has_ended = waitpid(d.pid, &d.status, WNOHANG) == d.pid;
    }
    assert_true(d.has_ended);
    assert_true(WIFEXITED(d.status));
    assert_int_equal(WEXITSTATUS(d.status), 40 + DASHBOARD_DETACH);
    vterm_free(d.vt);
}

static void test_escape_is_quick(void **unused)
{
    (void)unused;
    struct desk d;
    open_dashboard(&d, 24, 80);
    int64_t best = DEADLINE_MS;
    for (int i = 0; i < 5; i++) { /* the machine may be busy; the best of five is the program's */
        type(&d, "?");
        wait_for(&d, "Keys on this page", true);
        int64_t start = now_ms();
        type(&d, "\033");
        wait_for(&d, "Keys on this page", false);
        best = TG_MIN(best, now_ms() - start);
    }
    if (best > 100)
        fail_msg("Esc took %lld ms", (long long)best);
    type(&d, "d");
    wait_end(&d);
    stand_up(&d);
}

static void resize(struct desk *d, int rows, int cols)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    d->rows = rows;
    d->cols = cols;
    vterm_set_size(d->vt, rows, cols);
    ioctl(d->master, TIOCSWINSZ, &size);
}

static void test_resize(void **unused)
{
    (void)unused;
    struct desk d;
    open_dashboard(&d, 24, 80);
    type(&d, "q");
    wait_for(&d, "Leave this window?", true);
    resize(&d, 36, 120);
    wait_for(&d, "7 Attention  1 open", true);
    assert_true(shows(&d, "Leave this window?")); /* no dialog closes */
    wait_for(&d, "Aurora 3.05.2 to TiDB Cloud", true);
    for (int i = 0; i < 40; i++) {
        resize(&d, 3 + i * 7 % 50, 5 + i * 31 % 150);
        pump(&d, 2);
    }
    resize(&d, 9, 46);
    wait_for(&d, "this is 46 x 9", true);
    resize(&d, 24, 80);
    wait_for(&d, "Leave this window?", true);
    type(&d, "dd");
    wait_end(&d);
    check_restored(&d);
    stand_up(&d);
}

static void test_paste_presses_nothing(void **unused)
{
    (void)unused;
    struct desk d;
    open_dashboard(&d, 24, 80);
    type(&d, "\033[200~xd\rq\n\033[201~");
    wait_for(&d, "Pasted text is not taken as keys", true);
    type(&d, "qdpx/abc\rd"); /* a burst without the markers, too */
    wait_for(&d, "Pasted text is not taken as keys", true);
    assert_false(d.has_ended);
    assert_false(shows(&d, "Leave this window?") || shows(&d, "Stop the run?"));
    type(&d, "/");
    wait_for(&d, "Find a table:", true);
    type(&d, "\033[200~order_i\ntems\033[201~");
    wait_for(&d, "/order_items", true);
    type(&d, "\r");
    wait_for(&d, "Find a table:", false);
    type(&d, "d");
    wait_end(&d);
    stand_up(&d);
}

static void test_answer_reaches_the_engine(void **unused)
{
    (void)unused;
    struct desk d;
    char cmd[32] = "", args[512] = "";
    open_dashboard(&d, 24, 80);
    type(&d, "e");
    wait_for(&d, "What now", true);
    int64_t end = now_ms() + DEADLINE_MS;
    while (strcmp(cmd, "answer") != 0 && now_ms() < end) {
        type(&d, "\r");
        pump(&d, 100);
        pthread_mutex_lock(&lock);
        snprintf(cmd, sizeof cmd, "%s", last_cmd);
        snprintf(args, sizeof args, "%s", last_args);
        pthread_mutex_unlock(&lock);
    }
    assert_string_equal(cmd, "answer");
    assert_non_null(strstr(args, "TG-3107"));
    assert_non_null(strstr(args, "shop.order_notes"));
    assert_non_null(strstr(args, "wait"));
    type(&d, "d");
    wait_end(&d);
    stand_up(&d);
}

static void test_log_arrives_and_rest_is_quiet(void **unused)
{
    (void)unused;
    struct desk d;
    open_dashboard(&d, 24, 80);
    log_event(LOG_WARN, "path", "", "", "a line with \033[2J tricks");
    wait_for(&d, "a line with  tricks", true);
    size_t before = d.bytes;
    int64_t end = now_ms() + 2000;
    while (now_ms() < end)
        pump(&d, 50);
    assert_true((d.bytes - before) / 2 < 5000); /* bytes a second at rest */
    type(&d, "d");
    wait_end(&d);
    stand_up(&d);
}

static void test_poor_terminals(void **unused)
{
    (void)unused;
    static const char *const terms[] = {"vt100", "linux", "xterm", "screen-256color"};
    for (size_t i = 0; i < TG_ARRAY_LEN(terms); i++) {
        struct desk d;
        sit_down(&d, 24, 80, terms[i]);
        wait_for(&d, "251 of ~412 GB", true);
        type(&d, "d");
        wait_end(&d);
        assert_int_equal(WEXITSTATUS(d.status), 40 + DASHBOARD_DETACH);
        check_restored(&d);
        stand_up(&d);
    }
}

static void test_dumb_terminal_speaks_plainly(void **unused)
{
    (void)unused;
    static const char *const terms[] = {"dumb", "no-such-terminal"};
    for (size_t i = 0; i < TG_ARRAY_LEN(terms); i++) {
        struct desk d;
        sit_down(&d, 24, 80, terms[i]);
        wait_for(&d, "copying. Dump 78 percent.", true);
        wait_for(&d, "1  Wait 10 minutes more (safe)", true);
        assert_false(d.is_alternate);
        type(&d, "q\r");
        wait_end(&d);
        assert_int_equal(WEXITSTATUS(d.status), 40 + DASHBOARD_DETACH);
        check_restored(&d);
        stand_up(&d);
    }
}

static void test_suspend(void **unused)
{
    (void)unused;
    struct desk d;
    open_dashboard(&d, 24, 80);
    /* The window is a session leader here, so its group is orphaned and the kernel ignores the stop: what can
     * be seen is that it goes through the normal screen and comes back drawn. */
    size_t before = d.bytes;
    type(&d, "\032");
    int64_t end = now_ms() + DEADLINE_MS;
    while (d.bytes < before + 1000 && now_ms() < end)
        pump(&d, 20);
    wait_for(&d, "251 of ~412 GB", true);
    assert_true(d.is_alternate);
    type(&d, "d");
    wait_end(&d);
    check_restored(&d);
    stand_up(&d);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leave_by_q),
        cmocka_unit_test(test_detach_at_once),
        cmocka_unit_test(test_control_c_asks),
        cmocka_unit_test(test_signals_that_end),
        cmocka_unit_test(test_signals_that_crash),
        cmocka_unit_test(test_terminal_lost),
        cmocka_unit_test(test_escape_is_quick),
        cmocka_unit_test(test_resize),
        cmocka_unit_test(test_paste_presses_nothing),
        cmocka_unit_test(test_answer_reaches_the_engine),
        cmocka_unit_test(test_log_arrives_and_rest_is_quiet),
        cmocka_unit_test(test_poor_terminals),
        cmocka_unit_test(test_dumb_terminal_speaks_plainly),
        cmocka_unit_test(test_suspend),
    };
    if (argc == 3 && strcmp(argv[1], "--window") == 0)
        return window_main(argv[2]);
    setlocale(LC_ALL, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, start_engine, stop_engine);
}
