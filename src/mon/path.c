// SPDX-License-Identifier: Apache-2.0
/* Where runs live on a host, who holds one, and its socket. The lock is an open-file-description
 * lock: the kernel drops it with the process, however that ends, and asking for it (F_OFD_GETLK)
 * takes nothing, so a look never disturbs an engine that starts. A socket is reached through
 * /proc/self/fd/N/run.sock, because sun_path holds 107 bytes and run directories may be longer. */
#include "mon/mon_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_NAME "run.sock"

/* mkdir -p, each new level 0700. */
static bool make_dirs(const char *path, struct err *e)
{
    char *copy = x_strdup(path);
    for (char *p = copy + 1;; p++) {
        if (*p != '/' && *p)
            continue;
        char c = *p;
        *p = 0;
        if (mkdir(copy, 0700) != 0 && errno != EEXIST) {
            err_set(e, ERR_FILE, "can't create %s: %s", copy, strerror(errno));
            free(copy);
            return false;
        }
        *p = c;
        if (!c)
            break;
    }
    free(copy);
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return err_set(e, ERR_FILE, "%s is no directory", path);
    return true;
}

static char *home_path(const char *option)
{
    const char *set = option ? option : secure_getenv("TIDEGATE_HOME");
    if (set && set[0])
        return x_strdup(set);
    if (geteuid() == 0)
        return x_strdup("/var/lib/tidegate");
    set = secure_getenv("XDG_STATE_HOME");
    if (set && set[0] == '/')
        return x_format("%s/tidegate", set);
    set = secure_getenv("HOME");
    return set && set[0] ? x_format("%s/.local/state/tidegate", set) : NULL;
}

char *mon_home_path(const char *option)
{
    char *path = home_path(option);
    if (path && path[0] != '/') {
        char *cwd = getcwd(NULL, 0);
        char *whole = x_format("%s/%s", cwd ? cwd : "", path);
        free(cwd);
        free(path);
        path = whole;
    }
    return path;
}

char *mon_home(const char *option, struct err *e)
{
    char *path = mon_home_path(option);
    if (!path) {
        err_set(e, ERR_FILE, "no place for runs: set HOME or TIDEGATE_HOME, or give --run-dir");
        return NULL;
    }
    if (make_dirs(path, e))
        return path;
    free(path);
    return NULL;
}

bool mon_run_name_ok(const char *name)
{
    size_t n = strlen(name);
    if (n < 1 || n > 32 || name[0] == '-')
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

char *mon_run_dir(const char *home, const char *run, bool create, struct err *e)
{
    if (!mon_run_name_ok(run)) {
        err_set(e, ERR_USAGE, "\"%s\" is no name for a run: up to 32 of a-z, 0-9 and -", run);
        return NULL;
    }
    char *path = x_format("%s/%s", home, run);
    struct stat st;
    if (create ? make_dirs(path, e) && chmod(path, 0700) == 0
               : stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return path;
    if (!create)
        err_set(e, ERR_RUN_UNKNOWN, "there is no run %s in %s", run, home);
    free(path);
    return NULL;
}

int mon_lock(const char *run_dir, struct err *e)
{
    char *path = x_format("%s/pid", run_dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct flock want = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fd < 0) {
        err_set(e, ERR_FILE, "%s: %s", path, strerror(errno));
    } else if (fcntl(fd, F_OFD_SETLK, &want) != 0) {
        int why = errno;
        if (why == EAGAIN || why == EACCES)
            err_set(e, ERR_RUN_EXISTS, "another engine holds %s", run_dir);
        else
            err_set(e, ERR_FILE, "%s can't be locked: %s", path, strerror(why));
        close(fd);
        fd = -1;
    } else {
        char text[32];
        int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
        if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n) {
            err_set(e, ERR_FILE, "%s: %s", path, strerror(errno));
            close(fd);
            fd = -1;
        }
    }
    free(path);
    return fd;
}

bool mon_is_alive(const char *run_dir)
{
    char *path = x_format("%s/pid", run_dir);
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    free(path);
    if (fd < 0)
        return false;
    struct flock ask = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    bool held = fcntl(fd, F_OFD_GETLK, &ask) == 0 && ask.l_type != F_UNLCK;
    close(fd);
    return held;
}

/* The address of DIR/run.sock; *dir_fd must stay open until bind or connect is done. */
static bool address(const char *run_dir, struct sockaddr_un *a, int *dir_fd)
{
    *a = (struct sockaddr_un){.sun_family = AF_UNIX};
    *dir_fd = open(run_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*dir_fd < 0)
        return false;
    snprintf(a->sun_path, sizeof a->sun_path, "/proc/self/fd/%d/" SOCKET_NAME, *dir_fd);
    return true;
}

int mon_listen(const char *run_dir, struct err *e)
{
    struct sockaddr_un a;
    int dir;
    if (!address(run_dir, &a, &dir)) {
        err_set(e, ERR_FILE, "%s: %s", run_dir, strerror(errno));
        return -1;
    }
    /* The pid lock is ours, so what lies here is stale. The mode set before bind is the one the
     * file gets. */
    unlinkat(dir, SOCKET_NAME, 0);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || fchmod(fd, 0600) != 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 ||
        fchmodat(dir, SOCKET_NAME, 0600, 0) != 0 || listen(fd, 16) != 0) {
        err_set(e, ERR_SOCKET, "%s/%s can't be opened: %s", run_dir, SOCKET_NAME, strerror(errno));
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    close(dir);
    return fd;
}

int mon_dial(const char *run_dir, struct err *e)
{
    struct sockaddr_un a;
    int dir;
    if (!address(run_dir, &a, &dir)) {
        err_set(e, ERR_RUN_UNKNOWN, "%s: %s", run_dir, strerror(errno));
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
        int why = errno;
        bool gone = why == ENOENT || why == ECONNREFUSED;
        err_set(e, gone ? ERR_RUN_UNKNOWN : ERR_SOCKET,
                gone ? "no engine answers in %s: %s" : "%s: %s", run_dir, strerror(why));
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    close(dir);
    return fd;
}

void mon_unlisten(const char *run_dir)
{
    char *path = x_format("%s/" SOCKET_NAME, run_dir);
    unlink(path);
    free(path);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_run(int home, const char *name)
{
    if (!mon_run_name_ok(name))
        return false;
    char path[300];
    snprintf(path, sizeof path, "%s/pid", name);
    if (faccessat(home, path, F_OK, 0) == 0)
        return true;
    snprintf(path, sizeof path, "%s/job.yaml", name);
    return faccessat(home, path, F_OK, 0) == 0;
}

size_t mon_runs(const char *home, char ***names)
{
    DIR *d = opendir(home);
    size_t n = 0;
    *names = NULL;
    for (struct dirent *entry; d && (entry = readdir(d));) {
        if (!is_run(dirfd(d), entry->d_name))
            continue;
        *names = x_realloc(*names, (n + 1) * sizeof **names);
        (*names)[n++] = x_strdup(entry->d_name);
    }
    if (d)
        closedir(d);
    if (n)
        qsort(*names, n, sizeof **names, by_name);
    return n;
}
