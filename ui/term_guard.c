// SPDX-License-Identifier: Apache-2.0
#include "ui/term_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define MOUSE_OFF "\033[?1006l\033[?1000l"

static const int end_signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
static const int crash_signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};

/* What signal handlers touch: plain data, set up before the handlers are. */
static struct {
    volatile sig_atomic_t is_open, ending, resized, has_mouse;
    int wake[2], saved_stderr, tty;
    struct termios termios;
    char undo[512];
    size_t undo_n;
    struct sigaction crash_before[TG_ARRAY_LEN(crash_signals)];
    struct sigaction end_before[TG_ARRAY_LEN(end_signals)];
    struct sigaction winch_before, pipe_before;
    char stack[65536];
} g = {.wake = {-1, -1}, .saved_stderr = -1};

static void write_all(const char *bytes, size_t n)
{
    size_t done = 0;
    while (done < n) {
        ssize_t now = write(g.tty, bytes + done, n - done);
        if (now <= 0)
            break;
        done += (size_t)now;
    }
}

static void restore_now(void)
{
    if (!g.is_open)
        return;
    g.is_open = 0;
    if (g.has_mouse)
        write_all(MOUSE_OFF, sizeof MOUSE_OFF - 1);
    write_all(g.undo, g.undo_n);
    tcsetattr(g.tty, TCSANOW, &g.termios);
    if (g.saved_stderr >= 0)
        dup2(g.saved_stderr, STDERR_FILENO);
}

static void on_crash(int signal_number)
{
    restore_now();
    for (size_t i = 0; i < TG_ARRAY_LEN(crash_signals); i++) {
        if (crash_signals[i] == signal_number)
            sigaction(signal_number, &g.crash_before[i], NULL);
    }
    raise(signal_number); /* pending until we return, then under the former action */
}

static void on_end(int signal_number)
{
    int before = errno;
    g.ending = signal_number;
    if (write(g.wake[1], "e", 1) < 0) {
    }
    errno = before;
}

static void on_resize(int signal_number)
{
    int before = errno;
    (void)signal_number;
    g.resized = 1;
    if (write(g.wake[1], "w", 1) < 0) {
    }
    errno = before;
}

/* Capabilities may hold padding "$<5>" that only tputs understands. */
static void undo_add(const char *text)
{
    while (text && *text && g.undo_n < sizeof g.undo) {
        if (text[0] == '$' && text[1] == '<') {
            const char *close = strchr(text, '>');
            if (close) {
                text = close + 1;
                continue;
            }
        }
        g.undo[g.undo_n++] = *text++;
    }
}

static void catch_signals(void)
{
    struct sigaction crash = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};
    struct sigaction end = {.sa_handler = on_end, .sa_flags = SA_RESTART};
    struct sigaction resize = {.sa_handler = on_resize, .sa_flags = SA_RESTART};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    stack_t stack = {.ss_sp = g.stack, .ss_size = sizeof g.stack};
    sigaltstack(&stack, NULL);
    for (size_t i = 0; i < TG_ARRAY_LEN(crash_signals); i++)
        sigaction(crash_signals[i], &crash, &g.crash_before[i]);
    for (size_t i = 0; i < TG_ARRAY_LEN(end_signals); i++)
        sigaction(end_signals[i], &end, &g.end_before[i]);
    sigaction(SIGWINCH, &resize, &g.winch_before);
    sigaction(SIGPIPE, &ignore, &g.pipe_before);
    tg_bug_hook(restore_now);
}

static void release_signals(void)
{
    for (size_t i = 0; i < TG_ARRAY_LEN(crash_signals); i++)
        sigaction(crash_signals[i], &g.crash_before[i], NULL);
    for (size_t i = 0; i < TG_ARRAY_LEN(end_signals); i++)
        sigaction(end_signals[i], &g.end_before[i], NULL);
    sigaction(SIGWINCH, &g.winch_before, NULL);
    sigaction(SIGPIPE, &g.pipe_before, NULL);
    tg_bug_hook(NULL);
}

static void hush_stderr(void)
{
    g.saved_stderr = -1;
    if (!isatty(STDERR_FILENO))
        return;
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    g.saved_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
    if (nowhere >= 0 && g.saved_stderr >= 0)
        dup2(nowhere, STDERR_FILENO);
    if (nowhere >= 0)
        close(nowhere);
}

bool guard_save(void)
{
    g.tty = STDOUT_FILENO;
    return tcgetattr(STDIN_FILENO, &g.termios) == 0;
}

void guard_restore_modes(void)
{
    tcsetattr(STDIN_FILENO, TCSANOW, &g.termios);
}

bool guard_begin(const char *const *undo, size_t n)
{
    if (pipe2(g.wake, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    g.undo_n = 0;
    for (size_t i = 0; i < n; i++)
        undo_add(undo[i]);
    g.ending = g.resized = 0;
    g.is_open = 1;
    hush_stderr();
    catch_signals();
    return true;
}

void guard_end(void)
{
    if (g.is_open)
        guard_restore_modes();
    g.is_open = 0;
    release_signals();
    if (g.saved_stderr >= 0) {
        dup2(g.saved_stderr, STDERR_FILENO);
        close(g.saved_stderr);
        g.saved_stderr = -1;
    }
    close(g.wake[0]);
    close(g.wake[1]);
}

int guard_fd(void)
{
    return g.wake[0];
}

void guard_hear(void)
{
    char drain[64];
    while (read(g.wake[0], drain, sizeof drain) > 0) {
    }
}

int guard_ending(void)
{
    return g.ending;
}

bool guard_is_resized(void)
{
    return g.resized;
}

void guard_take_resize(void)
{
    g.resized = 0;
}

void guard_set_mouse(bool on)
{
    g.has_mouse = on;
}

bool guard_has_mouse(void)
{
    return g.has_mouse;
}
