// SPDX-License-Identifier: Apache-2.0
#include "wizard/draft.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST "# tidegate draft, page "

static char *draft_path(const char *home)
{
    return x_format("%s/.draft.yaml", home);
}

bool draft_write(const char *home, const struct job *job, enum step at, struct err *e)
{
    struct buf text = {0};
    char *path = draft_path(home);
    buf_addf(&text, FIRST "%d\n", (int)at);
    job_emit(job, &text);
    bool fine = file_replace(path, &text, e);
    buf_release(&text);
    free(path);
    return fine;
}

bool draft_read(const char *home, struct job *job, enum step *at)
{
    char *path = draft_path(home), line[80] = "";
    struct job_problems problems = {0};
    FILE *in = fopen(path, "re");
    bool fine = in && fgets(line, sizeof line, in) && strncmp(line, FIRST, sizeof FIRST - 1) == 0;
    if (in)
        fclose(in);
    if (fine) {
        long page = strtol(line + sizeof FIRST - 1, NULL, 10);
        *at = page > STEP_START && page < STEP_COUNT ? (enum step)page : STEP_SOURCE;
        job_init(job);
        fine = job_load(job, (const char *const[]){path}, 1, &problems);
        if (!fine)
            job_release(job);
        job_problems_release(&problems);
    }
    free(path);
    return fine;
}

void draft_look(const char *home, struct draft *out)
{
    char *path = draft_path(home);
    struct stat st;
    struct job job;
    *out = (struct draft){.is_there = false};
    if (stat(path, &st) == 0 && draft_read(home, &job, &out->at)) {
        out->is_there = true;
        out->at_ms = (int64_t)st.st_mtime * 1000;
        snprintf(out->name, sizeof out->name, "%s", job.name ? job.name : job.nsources && job.sources[0].host ? job.sources[0].host : "");
        job_release(&job);
    }
    free(path);
}

void draft_remove(const char *home)
{
    char *path = draft_path(home);
    unlink(path);
    free(path);
}

bool draft_is_native(const char *path)
{
    char line[400];
    bool found = false;
    FILE *in = fopen(path, "re");
    while (in && !found && fgets(line, sizeof line, in))
        found = strncmp(line, "version:", 8) == 0;
    if (in)
        fclose(in);
    return found;
}

void path_expand(const char *typed, char *out, size_t size)
{
    const char *home = getenv("HOME");
    if (typed[0] == '~' && (typed[1] == '/' || !typed[1]) && home)
        snprintf(out, size, "%s%s", home, typed + 1);
    else
        snprintf(out, size, "%s", typed);
}
