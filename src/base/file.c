// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool file_replace(const char *path, const struct buf *text, struct err *e)
{
    char *part = x_format("%s.partial", path);
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0;
    for (size_t at = 0; ok && at < text->n;) {
        ssize_t k = write(fd, text->p + at, text->n - at);
        ok = k > 0 || (k < 0 && errno == EINTR);
        at += k > 0 ? (size_t)k : 0;
    }
    ok = ok && fsync(fd) == 0;
    if (fd >= 0)
        ok = close(fd) == 0 && ok;
    ok = (ok && rename(part, path) == 0) || err_set(e, ERR_FILE, "%s: %s", path, strerror(errno));
    free(part);
    return ok;
}
