/* SPDX-License-Identifier: Apache-2.0
 * A window behind a pseudo terminal: this program plays the engine with mon's own server, starts itself as
 * `--window DIR` for the window, and libvterm is the screen. */
#ifndef TG_TESTS_DESK_H
#define TG_TESTS_DESK_H

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>
#include <vterm.h>

#include "sample.h"
#include "ui/term.h"
#include "wizard/dashboard.h"

#define DEADLINE_MS 15000

/* How the terminal answers where the cursor is after a line, a block and a Chinese character. */
enum manners { ANSWERS, WIDE_LINES, NARROW_CHINESE, NO_UTF8, SILENT };
struct desk {
    VTerm *vt;
    VTermScreen *screen;
    int master, slave, rows, cols;
    pid_t pid;
    struct termios before;
    bool is_alternate, is_cursor_hidden, has_ended, has_mouse;
    int status;
    size_t bytes;
    enum manners manners;
    unsigned asked;     /* how often it was asked where the cursor is */
    const char *colour; /* what it answers about its background, or NULL */
    bool is_coloured;
    unsigned modes;        /* private modes that are set, bits of mode_numbers */
    unsigned sequence, number; /* ESC [ ? and the number under way */
};

/* Cursor keys, paste, mouse in its forms, focus, the other screen: what a shell must not find set. */
static const unsigned mode_numbers[] = {1, 47, 1000, 1002, 1003, 1004, 1006, 1015, 1047, 1049, 2004};

static pid_t seated; /* what a failed test leaves behind is cleared away after it */
static char run_dir[64];
static struct mon_server *server;
static char last_cmd[32], last_args[512];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

TG_UNUSED static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- the engine's side ---- */

TG_UNUSED static bool on_command(void *arg, const char *cmd, const char *args, char **result, struct err *e)
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

TG_UNUSED static void publish(void)
{
    struct mon_snapshot *m = sample_snapshot();
    m->seq = 0;
    mon_server_publish(server, m);
    free(m);
}

TG_UNUSED static int start_engine(void **unused)
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

TG_UNUSED static int stop_engine(void **unused)
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

TG_UNUSED static int window_main(const char *dir)
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
    struct dashboard_options o = {
        .client = client, .run_dir = dir, .theme = getenv("DESK_THEME"), .last = last, .ended_by = &ended_by};
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

/* ncurses forgets a little when it is asked for a terminal it does not know. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:new_prescr";
}

/* ---- the terminal ---- */

TG_UNUSED static int on_prop(VTermProp prop, VTermValue *value, void *arg)
{
    struct desk *d = arg;
    if (prop == VTERM_PROP_ALTSCREEN)
        d->is_alternate = value->boolean;
    if (prop == VTERM_PROP_CURSORVISIBLE)
        d->is_cursor_hidden = !value->boolean;
    return 1;
}
static const VTermScreenCallbacks callbacks = {.settermprop = on_prop};

/* A shell's part: the window runs in a foreground group of its own; a stop is told through a pipe,
 * and a byte from the other pipe brings it back. Returns the window's status. */
TG_UNUSED static int shell_main(int slave, int tell, int hear)
{
    char byte;
    int status = 0;
    login_tty(slave);
    signal(SIGTTOU, SIG_IGN);
    pid_t window = fork();
    if (window == 0) {
        setpgid(0, 0);
        tcsetpgrp(0, getpid());
        signal(SIGTTOU, SIG_DFL);
        execl("/proc/self/exe", "window", "--window", run_dir, (char *)NULL);
        _exit(91);
    }
    setpgid(window, window);
    while (waitpid(window, &status, WUNTRACED) == window && WIFSTOPPED(status)) {
        tcsetpgrp(0, getpid());
        if (write(tell, "S", 1) != 1 || read(hear, &byte, 1) != 1)
            break;
        tcsetpgrp(0, window);
        kill(-window, SIGCONT);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 92;
}

/* tell, hear: pipes of a shell between us and the window; -1: none */
static void start_window(struct desk *d, const char *term, int tell, int hear)
{
    d->pid = fork();
    seated = d->pid;
    if (d->pid == 0) {
        int slave = fcntl(d->slave, F_DUPFD, 20);
        setenv("TERM", term, 1);
        setenv("LC_ALL", getenv("DESK_LOCALE") ? getenv("DESK_LOCALE") : "C.UTF-8", 1);
        setenv("TZ", "UTC", 1);
        unsetenv("ESCDELAY");
        unsetenv("ACCESSIBLE");
        unsetenv("COLUMNS");
        unsetenv("LINES");
        if (tell >= 0)
            _exit(shell_main(slave, tell, hear));
        login_tty(slave);
        execl("/proc/self/exe", "window", "--window", run_dir, (char *)NULL);
        _exit(91);
    }
    assert_true(d->pid > 0);
}

TG_UNUSED static void sit_down_with(struct desk *d, int rows, int cols, const char *term, int tell, int hear)
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
    start_window(d, term, tell, hear);
}

TG_UNUSED static void sit_down(struct desk *d, int rows, int cols, const char *term)
{
    sit_down_with(d, rows, cols, term, -1, -1);
}

/* Another window at the same terminal, as it was left. */
TG_UNUSED static void sit_again(struct desk *d, const char *term)
{
    d->has_ended = false;
    vterm_screen_reset(d->screen, 1); /* what the last window drew is no answer of this one */
    start_window(d, term, -1, -1);
}

TG_UNUSED static void answer(struct desk *d)
{
    static const char columns[][4] = {[ANSWERS] = "223", [WIDE_LINES] = "333", [NARROW_CHINESE] = "222", [NO_UTF8] = "224"};
    char text[16];
    int n = snprintf(text, sizeof text, "\033[2;%cR", columns[d->manners][d->asked % 3]);
    assert_int_equal(write(d->master, text, (size_t)n), n);
}

/* Answers the questions of the start; sees colours and the mouse. */
TG_UNUSED static void look_at(struct desk *d, const char *bytes, size_t n)
{
    for (size_t i = 0; i + 3 < n; i++) { /* libvterm minds only the first of several modes */
        size_t k = i + 3;
        if (memcmp(bytes + i, "\033[?", 3) != 0)
            continue;
        while (k < n && (bytes[k] == ';' || (bytes[k] >= '0' && bytes[k] <= '9')))
            k++;
        if (k < n && (bytes[k] == 'h' || bytes[k] == 'l') && memmem(bytes + i, k - i, "1000", 4))
            d->has_mouse = bytes[k] == 'h';
    }
    for (size_t i = 0; i + 4 <= n; i++) {
        if (memcmp(bytes + i, "\033[6n", 4) == 0) {
            if (d->manners != SILENT)
                answer(d);
            d->asked++;
        }
        if (d->colour && i + 6 <= n && memcmp(bytes + i, "\033]11;?", 6) == 0)
            assert_int_equal(write(d->master, d->colour, strlen(d->colour)), strlen(d->colour));
        if (bytes[i] == 033 && bytes[i + 1] == '[') {
            size_t j = i + 2;
            while (j < n && (bytes[j] == ';' || (bytes[j] >= '0' && bytes[j] <= '9')))
                j++;
            for (size_t k = i + 2; j < n && bytes[j] == 'm' && k + 1 < j; k++)
                d->is_coloured |= bytes[k] == '3' && bytes[k + 1] >= '0' && bytes[k + 1] <= '7';
        }
    }
}

/* Private modes as they are set and reset, also where a sequence comes in pieces. */
TG_UNUSED static void track_modes(struct desk *d, const char *bytes, size_t n)
{
    static const char head[] = "\033[?";
    for (size_t i = 0; i < n; i++) {
        char c = bytes[i];
        if (d->sequence < 3) {
            d->sequence = c == head[d->sequence] ? d->sequence + 1 : c == head[0];
            d->number = 0;
        } else if (c >= '0' && c <= '9') {
            d->number = d->number * 10 + (unsigned)(c - '0');
        } else {
            for (size_t m = 0; m < TG_ARRAY_LEN(mode_numbers) && (c == 'h' || c == 'l'); m++)
                if (mode_numbers[m] == d->number)
                    d->modes = c == 'h' ? d->modes | 1u << m : d->modes & ~(1u << m);
            d->sequence = 0;
        }
    }
}

TG_UNUSED static void pump(struct desk *d, int timeout_ms)
{
    char bytes[8192];
    struct pollfd fd = {.fd = d->master, .events = POLLIN};
    if (poll(&fd, 1, timeout_ms) > 0) {
        ssize_t n;
        while ((n = read(d->master, bytes, sizeof bytes)) > 0) {
            vterm_input_write(d->vt, bytes, (size_t)n);
            d->bytes += (size_t)n;
            look_at(d, bytes, (size_t)n);
            track_modes(d, bytes, (size_t)n);
        }
    }
    if (!d->has_ended && waitpid(d->pid, &d->status, WNOHANG) == d->pid)
        d->has_ended = true;
    if (d->has_ended)
        seated = 0;
}

TG_UNUSED static void screen_text(struct desk *d, char *out, size_t size)
{
    size_t n = 0;
    for (int row = 0; row < d->rows && n + 800 < size; row++) {
        VTermRect line = {row, row + 1, 0, d->cols};
        n += vterm_screen_get_text(d->screen, out + n, size - n - 2, line);
        out[n++] = '\n';
    }
    out[n] = 0;
}

TG_UNUSED static bool shows(struct desk *d, const char *wanted)
{
    static char text[100000];
    screen_text(d, text, sizeof text);
    return strstr(text, wanted) != NULL;
}

/* cmocka cuts what is longer than a few lines. */
TG_UNUSED static void print_screen(struct desk *d)
{
    static char text[100000];
    screen_text(d, text, sizeof text);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        print_message("%s\n", line);
}

TG_UNUSED static void wait_for(struct desk *d, const char *wanted, bool is_there)
{
    int64_t end = now_ms() + DEADLINE_MS;
    while (now_ms() < end) {
        if (shows(d, wanted) == is_there)
            return;
        pump(d, 20);
    }
    print_screen(d);
    fail_msg("waited for %s'%s'", is_there ? "" : "the end of ", wanted);
}

TG_UNUSED static void type(struct desk *d, const char *keys)
{
    assert_int_equal(write(d->master, keys, strlen(keys)), strlen(keys));
}

TG_UNUSED static void wait_end(struct desk *d)
{
    int64_t end = now_ms() + DEADLINE_MS;
    while (!d->has_ended && now_ms() < end)
        pump(d, 20);
    if (!d->has_ended) {
        kill(d->pid, SIGKILL);
        print_screen(d);
        fail_msg("the window did not end");
    }
    pump(d, 0);
}

TG_UNUSED static void check_restored(struct desk *d)
{
    struct termios after;
    assert_int_equal(tcgetattr(d->slave, &after), 0);
    assert_int_equal(after.c_lflag, d->before.c_lflag);
    assert_int_equal(after.c_iflag, d->before.c_iflag);
    assert_int_equal(after.c_oflag, d->before.c_oflag);
    assert_memory_equal(after.c_cc, d->before.c_cc, sizeof after.c_cc);
    assert_false(d->is_alternate);
    assert_false(d->is_cursor_hidden);
    for (size_t m = 0; m < TG_ARRAY_LEN(mode_numbers); m++)
        if (d->modes & 1u << m)
            fail_msg("mode %u is still set", mode_numbers[m]);
}

TG_UNUSED static void stand_up(struct desk *d)
{
    vterm_free(d->vt);
    close(d->master);
    close(d->slave);
    seated = 0;
}

TG_UNUSED static int clear_away(void **unused)
{
    (void)unused;
    if (seated > 0) {
        kill(seated, SIGKILL);
        waitpid(seated, NULL, 0);
    }
    seated = 0;
    return 0;
}

TG_UNUSED static void open_dashboard(struct desk *d, int rows, int cols)
{
    sit_down(d, rows, cols, "xterm-256color");
    wait_for(d, "d Detach   ? Help", true);
    wait_for(d, "251 of ~412 GB", true);
    assert_true(d->is_alternate);
    assert_true(d->modes & 1u << (TG_ARRAY_LEN(mode_numbers) - 1)); /* paste is bracketed: there is something to put back */
}

TG_UNUSED static void resize(struct desk *d, int rows, int cols)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    d->rows = rows;
    d->cols = cols;
    vterm_set_size(d->vt, rows, cols);
    ioctl(d->master, TIOCSWINSZ, &size);
}

#endif
