// SPDX-License-Identifier: Apache-2.0
/* This host: where the run keeps its files, memory, disk, open files. */
#include "check/private.h"

#include "mon/mon.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MIB ((uint64_t)1 << 20)
#define OVERHEAD (96 * MIB)           /* beside limits.memory: code, stacks, connections (tests/it/test_memory.py) */
#define DISK_FAIL (16 * MIB)
#define DISK_WARN (1024 * MIB)
#define INODES 1000u
#define FILES_BESIDE 48u              /* beside writers and readers: other connections, sockets, logs */

/* ---- where the run keeps its files ---- */

/* The nearest folder that is there: what is missing below it will be made. Caller frees. */
static char *nearest(const char *path)
{
    char *p = x_strdup(path);
    struct stat st;
    while (stat(p, &st) != 0 && errno != EACCES) {
        char *slash = strrchr(p, '/');
        if (!slash || slash == p) {
            snprintf(p, 2, "/");
            break;
        }
        *slash = 0;
    }
    return p;
}

static long holder(const char *run_dir)
{
    char *path = x_format("%s/pid", run_dir), text[32] = "";
    FILE *f = fopen(path, "re");
    free(path);
    if (!f)
        return 0;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    return n ? strtol(text, NULL, 10) : 0;
}

static void judge_place(struct check_result *out, const char *dir, const char *place)
{
    struct stat st;
    if (stat(place, &st) != 0 || !S_ISDIR(st.st_mode) || faccessat(AT_FDCWD, place, W_OK | X_OK, AT_EACCESS) != 0) {
        int why = stat(place, &st) == 0 && !S_ISDIR(st.st_mode) ? ENOTDIR : errno;
        find(out, CHECK_FAIL, NULL, "%s can't be made or written: %s: %s", dir, place, strerror(why));
        judge(out, CHECK_FAIL, ERR_FILE);
        add_cure(out, CURE_TEXT, "Name a folder that this user may write: --run-dir DIR, or TIDEGATE_HOME");
    } else if (st.st_mode & S_IWOTH && !(st.st_mode & S_ISVTX)) {
        find(out, CHECK_WARN, "Take the right away: chmod o-w, or use another folder.", "%s: every user of this host may replace what the run keeps there", place);
    } else if (strcmp(dir, place) == 0 && st.st_uid != geteuid() && geteuid() != 0) {
        find(out, CHECK_WARN, "Run as its owner, or use another folder.", "%s belongs to another user, who can read what the run keeps there", dir);
    }
}

void check_host_run_dir(struct run *r, struct check_result *out)
{
    const char *dir = r->o->run_dir;
    char name[40];
    if (!dir) {
        not_applicable(out, "where the run keeps its files is not known yet");
        return;
    }
    char *place = nearest(dir);
    set_found(out, "%s", dir);
    long pid = mon_is_alive(dir) ? holder(dir) : 0;
    if (pid && pid != (long)getpid()) {
        find(out, CHECK_FAIL, NULL, "an engine of run %s (process %ld) is at work on this host", r->job->name, pid);
        judge(out, CHECK_FAIL, ERR_RUN_EXISTS);
        add_cure(out, CURE_TEXT, "Look at it, or end it first")->text = x_format("tidegate attach %s\ntidegate stop %s", r->job->name, r->job->name);
        snprintf(name, sizeof name, "%.30s-2", r->job->name);
        cure_setting(out, r->job, "name", name, "Begin a run of its own: name: %s", name);
    } else {
        judge_place(out, dir, place);
    }
    free(place);
}

/* ---- memory ---- */

/* The number behind `key` in a file of lines; UINT64_MAX: none, or "max". */
static uint64_t number_in(const char *path, const char *key)
{
    char line[200];
    uint64_t found = UINT64_MAX;
    FILE *f = fopen(path, "re");
    if (!f)
        return found;
    while (found == UINT64_MAX && fgets(line, sizeof line, f))
        if (strncmp(line, key, strlen(key)) == 0) {
            const char *p = line + strlen(key);
            p += strspn(p, ": \t");
            if (*p >= '0' && *p <= '9')
                found = strtoull(p, NULL, 10);
        }
    fclose(f);
    return found;
}

/* What the control groups of this process allow, and what of that is free; both versions of their interface. */
static void group_memory(uint64_t *limit, uint64_t *avail)
{
    char line[400];
    FILE *f = fopen("/proc/self/cgroup", "re");
    *limit = *avail = UINT64_MAX;
    while (f && fgets(line, sizeof line, f)) {
        char *path = strrchr(line, ':'), now[600], max[600];
        bool is_first = strstr(line, ":memory:") != NULL;
        if (!path || (!is_first && strncmp(line, "0::", 3) != 0))
            continue;
        path[strcspn(path, "\n")] = 0;
        for (char *end; path[1]; *end = 0) { /* each level may hold a limit */
            snprintf(max, sizeof max, "/sys/fs/cgroup%s%s/%s", is_first ? "/memory" : "", path + 1, is_first ? "memory.limit_in_bytes" : "memory.max");
            snprintf(now, sizeof now, "/sys/fs/cgroup%s%s/%s", is_first ? "/memory" : "", path + 1, is_first ? "memory.usage_in_bytes" : "memory.current");
            uint64_t m = number_in(max, ""), used = number_in(now, "");
            if (m < *limit)
                *limit = m;
            if (m != UINT64_MAX && used != UINT64_MAX)
                *avail = TG_MIN(*avail, m > used ? m - used : 0);
            end = strrchr(path + 1, '/');
            if (!end)
                break;
        }
    }
    if (f)
        fclose(f);
}

static int cpus(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

void check_host_memory(struct run *r, struct check_result *out)
{
    uint64_t need = (uint64_t)r->job->limit_memory + OVERHEAD, total = number_in("/proc/meminfo", "MemTotal"),
             avail = number_in("/proc/meminfo", "MemAvailable"), limit, free_of_limit;
    char a[32], b[32];
    struct rlimit space;
    if (total == UINT64_MAX || avail == UINT64_MAX) {
        struct err e = {0};
        err_set(&e, ERR_MEMORY, "/proc/meminfo can't be read");
        unread(out, &e);
        return;
    }
    group_memory(&limit, &free_of_limit);
    total = TG_MIN(total * 1024, limit);
    avail = TG_MIN(avail * 1024, free_of_limit);
    if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY) {
        total = TG_MIN(total, (uint64_t)space.rlim_cur);
        avail = TG_MIN(avail, total);
    }
    set_found(out, "%s free", bytes_text(a, avail));
    set_wanted(out, "%s", bytes_text(b, need));
    set_detail(out, "limits.memory and what the engine needs beside it; %d CPUs may be used.", cpus());
    if (avail >= need)
        return;
    enum check_state state = total < (uint64_t)r->job->limit_memory ? CHECK_FAIL : CHECK_WARN;
    find(out, state, NULL, "this host: %s are free, and the run may take %s", a, b);
    judge(out, state, ERR_MEMORY);
    if (avail > OVERHEAD + 32 * MIB) {
        snprintf(a, sizeof a, "%lluMiB", (unsigned long long)((avail - OVERHEAD) / 2 / MIB));
        cure_setting(out, r->job, "limits.memory", a, "Take less: limits.memory: %s", a);
    } else {
        add_cure(out, CURE_TEXT, "End other programs, or use a larger host");
    }
}

/* ---- disk and files ---- */

void check_host_disk(struct run *r, struct check_result *out)
{
    struct statvfs v;
    char text[32];
    if (!r->o->run_dir) {
        not_applicable(out, "where the run keeps its files is not known yet");
        return;
    }
    char *place = nearest(r->o->run_dir);
    if (statvfs(place, &v) != 0) {
        struct err e = {0};
        err_set(&e, ERR_FILE, "%s: %s", place, strerror(errno));
        unread(out, &e);
    } else {
        uint64_t avail = (uint64_t)v.f_bavail * v.f_frsize, all = (uint64_t)v.f_blocks * v.f_frsize;
        enum check_state state = avail < DISK_FAIL ? CHECK_FAIL : CHECK_WARN;
        set_found(out, "%s free", bytes_text(text, avail));
        set_wanted(out, "1 GB");
        set_detail(out, "Rows don't pass through the disk: events, reports and rows that the target can't take are kept there.");
        if (v.f_flag & ST_RDONLY)
            find(out, state = CHECK_FAIL, NULL, "%s is on a file system that can't be written", place);
        else if (avail < DISK_WARN || avail < all / 100)
            find(out, state, NULL, "%s: %s are free", place, text);
        if (v.f_files && v.f_favail < INODES)
            find(out, v.f_favail < 16 ? CHECK_FAIL : CHECK_WARN, NULL, "%s: %llu more files can be made (inodes)", place, (unsigned long long)v.f_favail);
        if (out->judged != CHECK_PASS) {
            judge(out, out->judged, ERR_FILE);
            add_cure(out, CURE_TEXT, "Make room, or name a folder elsewhere: --run-dir DIR, or TIDEGATE_HOME");
        }
    }
    free(place);
}

void check_host_files(struct run *r, struct check_result *out)
{
    struct rlimit files;
    uint64_t need = FILES_BESIDE + (uint64_t)r->job->writers + (uint64_t)TG_MAX(r->job->readers, (int64_t)16);
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) {
        set_found(out, "unlimited");
        return;
    }
    set_found(out, "%llu", (unsigned long long)files.rlim_cur);
    set_wanted(out, "%llu or more", (unsigned long long)need);
    if (files.rlim_cur >= need)
        return;
    find(out, CHECK_FAIL, NULL, "this process may have %llu files and connections open, and the run takes up to %llu",
         (unsigned long long)files.rlim_cur, (unsigned long long)need);
    add_cure(out, CURE_TEXT, "Raise the limit before the run is started")->text =
        x_strdup("ulimit -n 1024\n(systemd: LimitNOFILE=1024; for good: /etc/security/limits.conf)");
}
