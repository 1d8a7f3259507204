// SPDX-License-Identifier: Apache-2.0
/* A detached engine: our own binary in a session of its own, its words in the run's engine.log, its
 * passwords through a pipe on descriptor 3. The caller waits until run.sock answers or the child
 * ends. */
#include "base/file.h"
#include "base/sync.h"
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRETS_FD 3
#define START_MS 60000

extern char **environ;

char *cli_write_job(const struct job *j, const char *home, struct err *e)
{
    char *dir = mon_run_dir(home, j->name ? j->name : "", true, e);
    if (!dir)
        return NULL;
    bool ok =
        !mon_is_alive(dir) || err_set(e, ERR_RUN_EXISTS, "run %s has an engine already", j->name);
    char *path = x_format("%s/job.yaml", dir);
    struct buf text = {0};
    if (ok) {
        job_emit(j, &text);
        ok = file_replace(path, &text, e);
    }
    buf_release(&text);
    free(path);
    if (ok)
        return dir;
    free(dir);
    return NULL;
}

/* What the child said since it was started, to our stderr. */
static void show_log(const char *path, off_t from)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char text[4096];
    for (ssize_t n; fd >= 0 && (n = pread(fd, text, sizeof text, from)) > 0; from += n)
        (void)!write(STDERR_FILENO, text, (size_t)n);
    if (fd >= 0)
        close(fd);
}

static enum err_code code_of(const char *id)
{
    for (int code = 0; code < ERR_CODE_COUNT; code++)
        if (strncmp(err_info((enum err_code)code)->id, id, strlen("TG-0000")) == 0)
            return (enum err_code)code;
    return ERR_OK;
}

/* The error that the child printed last (err_print), as an error again; false: it said nothing of the kind. */
static bool error_of_log(const char *path, off_t from, struct err *e)
{
    FILE *in = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;
    bool found = in && fseeko(in, from, SEEK_SET) == 0, is_next = false;
    enum err_code code = ERR_OK;
    while (found && getline(&line, &room, in) >= 0) {
        const char *text = line + strspn(line, " ");
        line[strcspn(line, "\n")] = 0;
        if (strncmp(line, "TG-", 3) == 0 && code_of(line) != ERR_OK) {
            code = code_of(line);
            err_clear(e);
            err_set(e, code, "%s", err_info(code)->title);
            is_next = true;
        } else if (is_next && text > line) { /* a word says what this is, spaces, the text */
            text += strcspn(text, " ");
            err_set(e, code, "%s", text + strspn(text, " "));
            is_next = false;
        }
    }
    free(line);
    if (in)
        fclose(in);
    return code != ERR_OK;
}

static int launch(const char *const *argv, int secrets, int log, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&how);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, log, 1);
    posix_spawn_file_actions_adddup2(&files, log, 2);
    posix_spawn_file_actions_adddup2(&files, secrets, SECRETS_FD);
    posix_spawnattr_setflags(&how,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&how, &none);
    posix_spawnattr_setsigdefault(&how, &all);
    int rc = posix_spawn(pid, "/proc/self/exe", &files, &how, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    return rc;
}

/* true: run.sock answers. false: the child ended (*code) or time is over (*e). */
static bool wait_ready(pid_t pid, const char *dir, int *code, struct err *e)
{
    int64_t until = clock_mono_ms() + START_MS;
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    bool ready = false, gone = false;
    while (!ready && !gone && clock_mono_ms() < until) {
        struct pollfd p = {.fd = pidfd, .events = POLLIN};
        int status;
        poll(&p, pidfd >= 0, 50);
        if (waitpid(pid, &status, WNOHANG) == pid) {
            gone = true;
            *code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_INTERNAL;
        } else if (mon_is_alive(dir)) {
            struct mon_client *m = mon_connect(dir, NULL);
            ready = m != NULL;
            mon_detach(m);
        }
    }
    if (pidfd >= 0)
        close(pidfd);
    if (!ready && !gone)
        err_set(e, ERR_SOCKET, "the engine (process %ld) has not answered for %d s", (long)pid,
                START_MS / 1000);
    return ready;
}

static bool start(const struct job *j, const struct spawn_options *o, const char *dir, int log,
                  pid_t *pid, struct err *e)
{
    int secrets[2];
    if (pipe2(secrets, O_CLOEXEC) != 0)
        return err_set(e, ERR_INTERNAL, "pipe: %s", strerror(errno));
    char *file = x_format("%s/job.yaml", dir);
    const char *const argv[] = {"tidegate",
                                "run",
                                file,
                                "--foreground",
                                "--run-dir",
                                o->home,
                                "--secrets-fd",
                                "3",
                                o->dies_with_us ? "--with-parent" : NULL,
                                NULL};
    /* The pipe holds 64 KiB, more than the passwords, so writing before the child reads can't
     * block. */
    bool ok = cli_secrets_send(j, secrets[1]) ||
              err_set(e, ERR_INTERNAL, "the passwords can't be handed over");
    close(secrets[1]);
    int rc = ok ? launch(argv, secrets[0], log, pid) : 0;
    if (rc)
        ok = err_set(e, ERR_INTERNAL, "the engine can't be started: %s", strerror(rc));
    close(secrets[0]);
    free(file);
    return ok;
}

bool cli_spawn(const struct job *j, const struct spawn_options *o, long *pid_out, int *code,
               struct err *e)
{
    *code = 0;
    char *dir = cli_write_job(j, o->home, e);
    if (!dir)
        return false;
    char *path = x_format("%s/engine.log", dir);
    int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    off_t from = log >= 0 ? lseek(log, 0, SEEK_END) : 0;
    pid_t pid = 0;
    bool ok = log >= 0 || err_set(e, ERR_FILE, "%s: %s", path, strerror(errno));
    ok = ok && start(j, o, dir, log, &pid, e) && wait_ready(pid, dir, code, e);
    if (!ok && pid && e->code == ERR_OK) {
        if (!o->is_quiet)
            show_log(path, from);
        /* A run that was done before anybody could look has ended well. */
        ok = *code == EXIT_FINE;
        if (!ok && !(o->is_quiet && error_of_log(path, from, e)))
            err_set(e, ERR_CANCELLED, "the engine ended with exit code %d; its words are in %s",
                    *code, path);
    }
    if (pid_out)
        *pid_out = (long)pid;
    if (log >= 0)
        close(log);
    free(path);
    free(dir);
    return ok;
}
