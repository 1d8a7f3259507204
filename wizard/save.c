// SPDX-License-Identifier: Apache-2.0
#include "wizard/save.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static FILE *new_file(const char *path, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f)
        err_set(e, ERR_FILE, errno == EEXIST ? "%s is there already and stays as it is" : "%s can't be made: %m", path);
    return f;
}

static bool finish(FILE *f, const char *path, struct err *e)
{
    bool fine = !ferror(f);
    fine = fclose(f) == 0 && fine;
    return fine || err_set(e, ERR_FILE, "%s could not be written whole", path);
}

/* A line of the log is shown without its control characters, and kept so. */
static void put_plain(FILE *f, const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text >= 0x20 && *text != 0x7f)
            fputc(*text, f);
}

bool save_log(const struct dashboard_state *s, const char *path, size_t *lines, struct err *e)
{
    FILE *f = new_file(path, e);
    uint64_t *match = log_matches(s, lines);
    for (size_t i = 0; f && i < *lines; i++) {
        const struct mon_event *event = log_line(&s->log, match[i]);
        time_t at = (time_t)(event->at_ms / 1000);
        struct tm local;
        char clock[40] = "";
        if (localtime_r(&at, &local))
            strftime(clock, sizeof clock, "%Y-%m-%d %H:%M:%S", &local);
        fprintf(f, "%s %-5s %-6s ", clock, log_level_name(event->level), event->stage);
        const char *const parts[] = {event->table, event->id, event->text};
        for (size_t k = 0; k < TG_ARRAY_LEN(parts); k++) {
            put_plain(f, parts[k]);
            fputs(k + 1 == TG_ARRAY_LEN(parts) ? "\n" : parts[k][0] ? " " : "", f);
        }
    }
    free(match);
    return f && finish(f, path, e);
}

bool save_report(const char *run_dir, const char *path, struct err *e)
{
    char *from = x_format("%s/report.md", run_dir), bytes[8192];
    FILE *in = fopen(from, "re"), *out = in ? new_file(path, e) : NULL;
    size_t n;
    if (!in)
        err_set(e, ERR_FILE, "%s can't be read: %m", from);
    while (out && (n = fread(bytes, 1, sizeof bytes, in)) > 0)
        fwrite(bytes, 1, n, out);
    if (in)
        fclose(in);
    free(from);
    return out && finish(out, path, e);
}
