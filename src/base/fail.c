// SPDX-License-Identifier: Apache-2.0
#include "base/fail.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* One write of one line: whole, whoever else writes. */
static void note(const char *path, const char *name)
{
    char line[80];
    size_t n = TG_MIN(strlen(name), sizeof line - 1);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    memcpy(line, name, n);
    line[n++] = '\n';
    if (fd < 0 || write(fd, line, n) != (ssize_t)n)
        tg_bug("the list of fail points can't be written to %s", path);
    close(fd);
}

void fail_point_pass(const char *name)
{
    static atomic_ulong passed;       /* of the one point that is named */
    const char *wanted = getenv("TIDEGATE_FAIL"), *path = getenv("TIDEGATE_FAIL_LOG");
    size_t n = strlen(name);
    if (path)
        note(path, name);
    if (wanted && strncmp(wanted, name, n) == 0 && wanted[n] == ':' &&
        atomic_fetch_add(&passed, 1) + 1 == strtoul(wanted + n + 1, NULL, 10))
        kill(getpid(), SIGKILL);
}
