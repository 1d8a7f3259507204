// SPDX-License-Identifier: Apache-2.0
#include "check/record.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

/* The array; an empty one where there is no file. NULL: ERR_FILE. */
static json_t *load(const char *run_dir, struct err *e)
{
    char *path = x_format("%s/cures.json", run_dir);
    json_error_t why;
    json_t *all = access(path, F_OK) == 0 ? json_load_file(path, 0, &why) : json_array();
    if (!json_is_array(all)) {
        err_set(e, ERR_FILE, "%s: %s", path, all ? "is no list of cures" : why.text);
        json_decref(all);
        all = NULL;
    }
    free(path);
    return all;
}

static bool save(const char *run_dir, const json_t *all, struct err *e)
{
    char *path = x_format("%s/cures.json", run_dir), *text = json_dumps(all, JSON_INDENT(1));
    struct buf out = {0};
    buf_adds(&out, text);
    buf_addc(&out, '\n');
    bool fine = file_replace(path, &out, e);
    buf_release(&out);
    free(text);
    free(path);
    return fine;
}

/* -1: ERR_FILE. Closing it gives the lock back. */
static int lock(const char *run_dir, struct err *e)
{
    int fd = open(run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && flock(fd, LOCK_EX) != 0)
        if (errno != EINTR) {
            close(fd);
            fd = -1;
        }
    if (fd < 0)
        err_set(e, ERR_FILE, "%s: %s", run_dir, strerror(errno));
    return fd;
}

static json_t *time_text(void)
{
    char text[32];
    time_t now = time(NULL);
    struct tm tm;
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
    return json_string(text);
}

typedef bool change(json_t *all, const void *arg);

static bool with_all(const char *run_dir, change *make, const void *arg, struct err *e)
{
    int fd = lock(run_dir, e);
    if (fd < 0)
        return false;
    json_t *all = load(run_dir, e);
    bool fine = all && (make(all, arg) || err_set(e, ERR_FILE, "%s/cures.json was changed by somebody else", run_dir)) && save(run_dir, all, e);
    json_decref(all);
    close(fd);
    return fine;
}

static bool add(json_t *all, const void *arg)
{
    const struct cure_record *r = arg;
    json_t *one = json_pack("{s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:s?, s:n}", "id", r->id, "time", time_text(), "check", r->check, "title",
                            r->title, "at", r->at_target ? "target" : "source", "where", r->where, "user", r->user, "sql", r->sql, "undo",
                            r->undo, "undone_at");
    return one && json_array_append_new(all, one) == 0;
}

static size_t find_id(const json_t *all, const char *id)
{
    size_t i = 0;
    for (; i < json_array_size(all); i++) {
        const char *have = json_string_value(json_object_get(json_array_get(all, i), "id"));
        if (have && strcmp(have, id) == 0)
            break;
    }
    return i;
}

static bool drop(json_t *all, const void *id)
{
    return json_array_remove(all, find_id(all, id)) == 0;
}

static bool mark(json_t *all, const void *id)
{
    return json_object_set_new(json_array_get(all, find_id(all, id)), "undone_at", time_text()) == 0;
}

bool record_add(const char *run_dir, const struct cure_record *r, struct err *e)
{
    return with_all(run_dir, add, r, e);
}

bool record_drop(const char *run_dir, const char *id, struct err *e)
{
    return with_all(run_dir, drop, id, e);
}

bool record_mark_undone(const char *run_dir, const char *id, struct err *e)
{
    return with_all(run_dir, mark, id, e);
}

static char *text_of(const json_t *one, const char *key)
{
    const char *text = json_string_value(json_object_get(one, key));
    return text ? x_strdup(text) : NULL;
}

static void release(struct cure_record *r)
{
    char *texts[] = {r->id, r->check, r->title, r->where, r->user, r->sql, r->undo, r->at, r->undone_at};
    for (size_t i = 0; i < TG_ARRAY_LEN(texts); i++)
        free(texts[i]);
}

bool cure_records_read(const char *run_dir, struct cure_record **out, uint32_t *n, struct err *e)
{
    json_t *all = load(run_dir, e), *one;
    size_t i;
    *out = NULL;
    *n = 0;
    if (!all)
        return false;
    *out = x_alloc((json_array_size(all) + 1) * sizeof **out);
    json_array_foreach(all, i, one) {
        struct cure_record *r = &(*out)[(*n)++];
        char *end = text_of(one, "at");
        *r = (struct cure_record){.id = text_of(one, "id"), .check = text_of(one, "check"), .title = text_of(one, "title"), .where = text_of(one, "where"),
                                  .user = text_of(one, "user"), .sql = text_of(one, "sql"), .undo = text_of(one, "undo"),
                                  .at = text_of(one, "time"), .undone_at = text_of(one, "undone_at"),
                                  .at_target = end && strcmp(end, "target") == 0};
        free(end);
        if (!r->id || !r->check || !r->title || !r->where || !r->user || !r->sql || !r->at) {
            err_set(e, ERR_FILE, "%s/cures.json: entry %zu is not whole", run_dir, i + 1);
            cure_records_release(*out, *n);
            *out = NULL;
            *n = 0;
            json_decref(all);
            return false;
        }
    }
    json_decref(all);
    return true;
}

void cure_records_release(struct cure_record *list, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        release(&list[i]);
    free(list);
}
