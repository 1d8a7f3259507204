// SPDX-License-Identifier: Apache-2.0
// The last snapshot of an engine, for whoever lists the runs of a host after it is gone. Nothing resumes from it, so the
// disk is not waited for.
#include "mon/mon_private.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST (1 << 20)

void mon_write_last(const char *run_dir, const struct mon_snapshot *s)
{
    char *text = mon_encode(s), *path = x_format("%s/last.json", run_dir), *draft = x_format("%s/last.json.new", run_dir);
    size_t n = strlen(text);
    int fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool fine = fd >= 0 && write(fd, text, n) == (ssize_t)n;
    if (fd >= 0)
        close(fd);
    if (!fine || rename(draft, path) != 0)
        unlink(draft);
    free(text);
    free(path);
    free(draft);
}

bool mon_last(const char *run_dir, struct mon_snapshot *out)
{
    char *path = x_format("%s/last.json", run_dir), *text = x_alloc(MOST);
    struct err e = {0};
    FILE *in = fopen(path, "re");
    size_t n = in ? fread(text, 1, MOST - 1, in) : 0;
    if (in)
        fclose(in);
    bool fine = n && mon_decode(out, text, n, &e);
    free(path);
    free(text);
    if (fine && out->state != RUN_FINISHED)
        mon_forget_now(out);
    return fine;
}
