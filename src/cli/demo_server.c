// SPDX-License-Identifier: Apache-2.0
/* Throw-away servers for the demo: own data directory, free port on 127.0.0.1, no option files. A
 * child asks the kernel to be killed when the demo dies (PR_SET_PDEATHSIG is lost on a change of
 * user, so servers run as whoever runs the demo). fork() and not posix_spawn(), which knows no
 * death signal; between fork and exec only async-signal-safe calls are made. */
#include "cli/demo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_MS 90000
#define ARGS_MAX 40

/* NAME on PATH or in the places where servers are; NULL: not there. Caller frees. */
static char *find_program(const char *name)
{
    const char *path = secure_getenv("PATH");
    char *all = x_format("%s:/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin", path ? path : "");
    char *found = NULL;
    for (const char *p = all; p && !found;) {
        size_t n = strcspn(p, ":");
        char *file = x_format("%.*s/%s", (int)n, p, name);
        if (n && access(file, X_OK) == 0)
            found = file;
        else
            free(file);
        p = p[n] ? p + n + 1 : NULL;
    }
    free(all);
    return found;
}

char *demo_tidb_find(void)
{
    const char *set = secure_getenv("TIDB_SERVER");
    if (set && set[0])
        return access(set, X_OK) == 0 ? x_strdup(set) : NULL;
    char *found = find_program("tidb-server");
    const char *home = secure_getenv("HOME");
    if (found || !home)
        return found;
    char *pattern = x_format("%s/.tiup/components/tidb/*/tidb-server", home);
    glob_t g = {0};
    if (glob(pattern, 0, NULL, &g) == 0)
        for (size_t i = 0; i < g.gl_pathc; i++)
            if (!found || strverscmp(g.gl_pathv[i], found) > 0) {
                free(found);
                found = x_strdup(g.gl_pathv[i]);
            }
    globfree(&g);
    free(pattern);
    return found;
}

static uint16_t free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0 &&
              getsockname(fd, (struct sockaddr *)&a, &n) == 0;
    if (fd >= 0)
        close(fd);
    return ok ? ntohs(a.sin_port) : 0;
}

/* argv ends with NULL; output goes to log. -1: errno says why. */
/* Our environment with TMPDIR=tmp: TiDB keeps a folder there that no option of it moves. Caller frees the array and
 * its first entry. */
static char **environment(const char *tmp)
{
    size_t n = 0;
    while (environ[n])
        n++;
    char **env = x_alloc((n + 2) * sizeof *env);
    env[0] = x_format("TMPDIR=%s", tmp);
    size_t k = 1;
    for (size_t i = 0; i < n; i++)
        if (strncmp(environ[i], "TMPDIR=", 7) != 0)
            env[k++] = environ[i];
    return env;
}

static pid_t launch(char *const *argv, const char *log, const char *dir)
{
    char *tmp = x_format("%s/tmp", dir);
    mkdir(tmp, 0700);
    char **env = environment(tmp);
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    pid_t parent = getpid(), pid = out >= 0 && in >= 0 ? fork() : -1;
    if (pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        setpgid(0, 0); /* Ctrl-C is for the demo, which then stops the servers in order */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(in, 0);
        dup2(out, 1);
        dup2(out, 2);
        if (getppid() == parent)
            execve(argv[0], argv, env);
        _exit(127);
    }
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    free(env[0]);
    free(env);
    free(tmp);
    return pid;
}

/* Waits until the process ended (true) or ms passed. */
static bool ended_within(pid_t pid, int64_t ms, int *status)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (fd >= 0)
        poll(&p, 1, (int)ms);
    bool ended = waitpid(pid, status, WNOHANG) != 0;
    if (fd >= 0)
        close(fd);
    return ended;
}

struct args {
    char *v[ARGS_MAX];
    size_t n;
};

static void arg(struct args *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void arg(struct args *a, const char *fmt, ...)
{
    char text[4200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (a->n + 1 == ARGS_MAX)
        tg_bug("too many arguments");
    a->v[a->n++] = x_strdup(text);
}

static void args_release(struct args *a)
{
    for (size_t i = 0; i < a->n; i++)
        free(a->v[i]);
    *a = (struct args){0};
}

bool demo_file(const char *path, const char *text, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return ok || err_set(e, ERR_FILE, "%s: %s", path, strerror(errno));
}

static const char *account(void)
{
    const struct passwd *p = getpwuid(geteuid());
    return p ? p->pw_name : "root";
}

static bool prepare(struct demo_server *s, const char *root, const char *name, const char *password,
                    bool is_target, const char *user, struct err *e)
{
    s->dir = x_format("%s/%s", root, name);
    if (mkdir(s->dir, 0700) != 0)
        return err_set(e, ERR_FILE, "%s: %s", s->dir, strerror(errno));
    s->port = free_port();
    s->addr = (struct db_addr){.host = x_strdup("127.0.0.1"),
                               .user = x_strdup(user),
                               .port = s->port,
                               .password = secret_new(password, strlen(password)),
                               .is_target = is_target};
    return s->port || err_set(e, ERR_INTERNAL, "no free port on 127.0.0.1");
}

static bool wait_ready(struct demo_server *s, const struct db_addr *as, struct cancel *stop,
                       struct err *e)
{
    int64_t until = clock_mono_ms() + START_MS;
    struct err last = {0};
    while (clock_mono_ms() < until && !cancel_is_set(stop)) {
        int status;
        struct conn c = {0};
        bool ok = as->is_target ? conn_open_target(&c, as, 10, &last)
                                : conn_open_source(&c, as, 10, &last);
        conn_close(&c);
        if (ok)
            return true;
        if (ended_within((pid_t)s->pid, 200, &status)) {
            s->pid = 0;
            return err_set(e, ERR_INTERNAL, "%s ended while it started; see %s/log", s->program,
                           s->dir);
        }
    }
    if (cancel_is_set(stop))
        return err_set(e, ERR_CANCELLED, "while %s started", s->program);
    return err_set(e, ERR_INTERNAL, "%s does not answer within %d s: %s", s->program,
                   START_MS / 1000, last.text);
}

static bool install(struct demo_server *s, struct cancel *stop, struct err *e)
{
    char *tool = find_program("mariadb-install-db");
    struct args a = {0};
    int status = 0;
    if (!tool)
        return err_set(e, ERR_USAGE,
                       "mariadb-install-db is not on this host (package mariadb-server)");
    char *log = x_format("%s/log", s->dir);
    arg(&a, "%s", tool);
    arg(&a, "--no-defaults");
    arg(&a, "--user=%s", account());
    arg(&a, "--datadir=%s/data", s->dir);
    arg(&a, "--skip-test-db");
    arg(&a, "--auth-root-authentication-method=normal");
    arg(&a, "--innodb-log-file-size=32M");
    pid_t pid = launch(a.v, log, s->dir);
    bool ended = false;
    for (int64_t until = clock_mono_ms() + START_MS;
         pid > 0 && !ended && clock_mono_ms() < until;) {
        ended = ended_within(pid, 200, &status);
        if (!ended && cancel_is_set(stop)) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            ended = true;
        }
    }
    bool ok = ended && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!ok)
        err_set(e, cancel_is_set(stop) ? ERR_CANCELLED : ERR_INTERNAL,
                "mariadb-install-db failed; see %s", log);
    args_release(&a);
    free(log);
    free(tool);
    return ok;
}

static void mariadb_args(const struct demo_server *s, struct args *a)
{
    arg(a, "%s", s->program);
    arg(a, "--no-defaults");
    arg(a, "--user=%s", account());
    arg(a, "--datadir=%s/data", s->dir);
    arg(a, "--tmpdir=%s", s->dir);
    arg(a, "--socket=%s/s", s->dir);
    arg(a, "--pid-file=%s/pid", s->dir);
    arg(a, "--log-error=%s/log", s->dir);
    arg(a, "--init-file=%s/init.sql", s->dir);
    arg(a, "--bind-address=127.0.0.1");
    arg(a, "--port=%u", s->port);
    arg(a, "--skip-networking=0");
    arg(a, "--skip-name-resolve");
    arg(a, "--server-id=%u", s->port);
    arg(a, "--innodb-buffer-pool-size=128M");
    arg(a, "--innodb-flush-log-at-trx-commit=2");
    if (!s->addr.is_target) {
        arg(a, "--log-bin=binlog");
        arg(a, "--binlog-format=ROW");
        arg(a, "--binlog-row-image=FULL");
        arg(a, "--sync-binlog=0");
    }
}

bool demo_mariadb_start(struct demo_server *s, const char *root, const char *name,
                        const char *password, bool is_target, struct cancel *stop, struct err *e)
{
    s->program = find_program("mariadbd");
    if (!s->program)
        return err_set(e, ERR_USAGE,
                       "the demo needs a MariaDB server on this host: mariadbd is not there "
                       "(package mariadb-server)");
    if (!prepare(s, root, name, password, is_target, "tidegate", e) || !install(s, stop, e))
        return false;
    /* One statement a line; the password is 32 hexadecimal digits and needs no quoting. */
    char *init = x_format("DELETE FROM mysql.global_priv WHERE User = '';\nFLUSH PRIVILEGES;\n"
                          "CREATE USER tidegate@'%%' IDENTIFIED BY '%s';\n"
                          "GRANT ALL ON *.* TO tidegate@'%%' WITH GRANT OPTION;\n"
                          "ALTER USER root@localhost IDENTIFIED BY '%s';\n",
                          password, password);
    char *path = x_format("%s/init.sql", s->dir), *log = x_format("%s/log", s->dir);
    bool ok = demo_file(path, init, e);
    if (ok) {
        struct args a = {0};
        mariadb_args(s, &a);
        s->pid = launch(a.v, log, s->dir);
        args_release(&a);
        ok = s->pid > 0 ||
             err_set(e, ERR_INTERNAL, "%s can't be started: %s", s->program, strerror(errno));
    }
    explicit_bzero(init, strlen(init));
    free(init);
    ok = ok && wait_ready(s, &s->addr, stop, e);
    unlink(path);
    free(path);
    free(log);
    return ok;
}

bool demo_tidb_start(struct demo_server *s, const char *program, const char *root,
                     const char *password, struct cancel *stop, struct err *e)
{
    s->program = x_strdup(program);
    s->is_tidb = true;
    if (!prepare(s, root, "target", password, true, "root", e))
        return false;
    struct args a = {0};
    char *log = x_format("%s/log", s->dir);
    arg(&a, "%s", program);
    arg(&a, "-store");
    arg(&a, "unistore");
    arg(&a, "-path");
    arg(&a, "%s/data", s->dir);
    arg(&a, "-host");
    arg(&a, "127.0.0.1");
    arg(&a, "-P");
    arg(&a, "%u", s->port);
    arg(&a, "-status-host");
    arg(&a, "127.0.0.1");
    arg(&a, "-status");
    arg(&a, "%u", free_port());
    arg(&a, "-socket");
    arg(&a, "%s/s", s->dir);
    arg(&a, "-temp-dir");
    arg(&a, "%s/tmp", s->dir);
    arg(&a, "-L");
    arg(&a, "warn");
    arg(&a, "--log-file");
    arg(&a, "%s/tidb.log", s->dir);
    s->pid = launch(a.v, log, s->dir);
    args_release(&a);
    free(log);
    struct db_addr open = s->addr;
    open.password = NULL;
    bool ok =
        s->pid > 0 || err_set(e, ERR_INTERNAL, "%s can't be started: %s", program, strerror(errno));
    ok = ok && wait_ready(s, &open, stop, e);
    struct conn c = {0};
    ok = ok && conn_open_target(&c, &open, 30, e) &&
         conn_execf(&c, e, "ALTER USER root@'%%' IDENTIFIED BY '%s'", password);
    conn_close(&c);
    return ok;
}

void demo_server_stop(struct demo_server *s)
{
    int status;
    if (s->pid > 0) {
        /* What it holds is thrown away, so a server that takes its time is not waited for. */
        kill((pid_t)s->pid, SIGTERM);
        if (!ended_within((pid_t)s->pid, 5000, &status)) {
            kill((pid_t)s->pid, SIGKILL);
            waitpid((pid_t)s->pid, &status, 0);
        }
    }
    db_addr_release(&s->addr);
    free(s->dir);
    free(s->program);
    *s = (struct demo_server){0};
}
