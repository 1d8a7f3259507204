// SPDX-License-Identifier: Apache-2.0
#include "mon/report.h"

#include "base/json.h"
#include "base/text.h"
#include "mon/mon_private.h"

#include <stdlib.h>

static const char *const parts[] = {"checks", "cures", "tables", "existing", "views", "foreign_keys", "auto_increment", "not_moved", "unread"};

static void take_times(struct mon_report *r, const json_t *times)
{
    r->started_ms = json_number_of(times, "started_ms");
    r->copied_ms = json_number_of(times, "copied_ms");
    r->in_sync_ms = json_number_of(times, "in_sync_ms");
    r->verified_ms = json_number_of(times, "verified_ms");
    r->ended_ms = json_number_of(times, "ended_ms");
    r->starts = (uint32_t)json_number_of(times, "starts");
    r->answers = (uint32_t)json_number_of(times, "answers");
}

static void take_longest(struct mon_report *r, const json_t *list)
{
    r->nlongest = (uint32_t)TG_MIN(json_array_size(list), MON_LONGEST);
    for (uint32_t i = 0; i < r->nlongest; i++) {
        const json_t *one = json_array_get(list, i);
        mon_text(r->longest[i].name, sizeof r->longest[i].name, json_text_of(one, "name"));
        r->longest[i].rows = (uint64_t)json_number_of(one, "rows");
        r->longest[i].bytes = (uint64_t)json_number_of(one, "bytes");
        r->longest[i].ms = json_number_of(one, "ms");
        if (!table_state_parse(json_text_of(one, "state"), &r->longest[i].state))
            r->longest[i].state = TABLE_COPIED;
    }
}

static void take_lines(struct mon_report *r, const json_t *report)
{
    size_t n = 0;
    for (size_t k = 0; k < TG_ARRAY_LEN(parts); k++)
        n += json_array_size(json_object_get(report, parts[k]));
    r->line = x_alloc((n + 1) * sizeof *r->line);
    for (size_t k = 0; k < TG_ARRAY_LEN(parts); k++) {
        const json_t *list = json_object_get(report, parts[k]), *one;
        size_t i;
        json_array_foreach(list, i, one)
            r->line[r->nlines++] = (struct mon_report_line){parts[k], x_strdup(json_text_of(one, "name")), x_strdup(json_text_of(one, "text")),
                                                            json_is_true(json_object_get(one, "problem"))};
    }
}

static void take_cleanup(struct mon_report *r, const json_t *list)
{
    const json_t *one;
    size_t i;
    r->cleanup = x_alloc((json_array_size(list) + 1) * sizeof *r->cleanup);
    json_array_foreach(list, i, one)
        r->cleanup[r->ncleanup++] =
            (struct mon_cleanup){x_strdup(json_text_of(one, "where")), x_strdup(json_text_of(one, "why")), x_strdup(json_text_of(one, "sql"))};
}

bool mon_report_read(const char *run_dir, struct mon_report *out, struct err *e)
{
    char *path = x_format("%s/report.json", run_dir);
    json_error_t at;
    memset(out, 0, sizeof *out);
    json_t *all = json_load_file(path, 0, &at), *report = json_object_get(all, "report");
    bool fine = (json_is_object(report) || err_set(e, ERR_FILE, "%s: %s", path, all ? N_("it is no report") : at.text)) &&
                mon_decode_object(&out->snap, all, e);
    if (fine) {
        out->exit_code = (int)json_number_of(report, "exit_code");
        mon_text(out->error, sizeof out->error, json_text_of(report, "error"));
        take_times(out, json_object_get(report, "times"));
        take_longest(out, json_object_get(report, "longest"));
        take_lines(out, report);
        take_cleanup(out, json_object_get(report, "cleanup"));
    }
    json_decref(all);
    free(path);
    return fine;
}

void mon_report_release(struct mon_report *r)
{
    for (size_t i = 0; i < r->nlines; i++) {
        free(r->line[i].name);
        free(r->line[i].text);
    }
    for (size_t i = 0; i < r->ncleanup; i++) {
        free(r->cleanup[i].where);
        free(r->cleanup[i].why);
        free(r->cleanup[i].sql);
    }
    free(r->line);
    free(r->cleanup);
    memset(r, 0, sizeof *r);
}

size_t mon_report_count(const struct mon_report *r, const char *part)
{
    size_t n = 0;
    for (size_t i = 0; i < r->nlines; i++)
        n += strcmp(r->line[i].part, part) == 0;
    return n;
}
