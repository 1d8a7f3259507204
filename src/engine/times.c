// SPDX-License-Identifier: Apache-2.0
/* When what happened: lines of RUN_DIR/times.jsonl, over all engines of the run, for the report. A convenience: nothing
 * waits for it, nothing is resumed from it, and what can't be written is missing in the report, no more. */
#include "engine/private.h"

#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define UNSEEN 0
#define WAITS 1
#define OVER (-1)

static char *times_path(const struct engine *g)
{
    return g->o->run_dir ? x_format("%s/times.jsonl", g->o->run_dir) : NULL;
}

static void append(struct engine *g, const char *text, size_t n)
{
    char *path = times_path(g);
    FILE *f = path && n ? fopen(path, "ae") : NULL;
    if (f) {
        fwrite(text, 1, n, f);
        fclose(f);
    }
    free(path);
}

static void add_line(struct buf *out, json_t *line)
{
    char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    if (text)
        buf_addf(out, "%s\n", text);
    free(text);
    json_decref(line);
}

void times_begin(struct engine *g)
{
    char *path = times_path(g);
    if (g->is_new && path)
        unlink(path); /* of an older run by this name */
    free(path);
    times_note(g, "start", "");
}

void times_note(struct engine *g, const char *what, const char *name)
{
    struct buf line = {0};
    add_line(&line, json_pack("{s:I, s:s, s:s}", "at_ms", (json_int_t)clock_wall_ms(), "what", what, "name", name));
    append(g, line.p, line.n);
    buf_release(&line);
}

void times_table(struct engine *g, uint32_t i, const struct tab *tab, enum table_state st, struct buf *out)
{
    bool is_over = tab->copy == TAB_COMPLETE && !atomic_load(&tab->count.chunks_open);
    int64_t *began = &g->table_began[i], now = clock_wall_ms();
    if (is_over && *began != OVER) {
        int64_t ms = now - (*began == WAITS ? g->sampled_ms : *began); /* within one look: that long at most */
        if (*began != UNSEEN) /* else an earlier engine copied it */
            add_line(out, json_pack("{s:I, s:s, s:s, s:I, s:I, s:I}", "at_ms", (json_int_t)now, "what", "table", "name", tab->label,
                                    "ms", (json_int_t)ms, "rows", (json_int_t)atomic_load(&tab->count.rows_loaded), "bytes",
                                    (json_int_t)atomic_load(&tab->count.bytes_loaded)));
        *began = OVER;
    } else if (!is_over && st == TABLE_COPYING && *began <= WAITS) {
        *began = now;
    } else if (!is_over && *began == UNSEEN) {
        *began = WAITS;
    }
}

void times_flush(struct engine *g, struct buf *lines)
{
    append(g, lines->p, lines->n);
    buf_release(lines);
}

/* ---- for the report ---- */

static json_t *read_lines(const struct engine *g)
{
    char *path = times_path(g), *line = NULL;
    size_t size = 0;
    FILE *f = path ? fopen(path, "re") : NULL;
    json_t *all = json_array();
    while (f && getline(&line, &size, f) > 0)
        json_array_append_new(all, json_loads(line, 0, NULL)); /* a line that was cut short is none */
    free(line);
    if (f)
        fclose(f);
    free(path);
    return all;
}

static int slowest_first(const void *a, const void *b)
{
    const json_t *const *x = a, *const *y = b;
    int64_t p = json_number_of(*x, "ms"), q = json_number_of(*y, "ms");
    return p == q ? strcmp(json_text_of(*x, "name"), json_text_of(*y, "name")) : p < q ? 1 : -1;
}

static const char *state_of(struct engine *g, const char *label)
{
    const char *state = "";
    pthread_mutex_lock(&g->tabs.lock);
    for (uint32_t i = 0; i < g->tabs.n; i++)
        if (g->tabs.list[i]->def && strcmp(g->tabs.list[i]->label, label) == 0)
            state = table_state_name(engine_tab_state(g, g->tabs.list[i]));
    pthread_mutex_unlock(&g->tabs.lock);
    return state;
}

/* A table that was copied twice counts by the last time. */
static json_t *longest(struct engine *g, json_t *lines)
{
    json_t *last = json_object(), *out = json_array(), *line;
    const char *name;
    size_t i, n = 0;
    json_array_foreach(lines, i, line)
        if (strcmp(json_text_of(line, "what"), "table") == 0)
            json_object_set(last, json_text_of(line, "name"), line);
    json_t **sorted = x_alloc((json_object_size(last) + 1) * sizeof *sorted);
    json_object_foreach(last, name, line)
        sorted[n++] = line;
    qsort(sorted, n, sizeof *sorted, slowest_first);
    for (i = 0; i < TG_MIN(n, (size_t)10); i++) {
        json_t *one = json_pack("{s:s, s:I, s:I, s:I, s:s}", "name", json_text_of(sorted[i], "name"), "ms",
                                (json_int_t)json_number_of(sorted[i], "ms"), "rows", (json_int_t)json_number_of(sorted[i], "rows"), "bytes",
                                (json_int_t)json_number_of(sorted[i], "bytes"), "state", state_of(g, json_text_of(sorted[i], "name")));
        json_array_append_new(out, one);
    }
    free(sorted);
    json_decref(last);
    return out;
}

/* {"started_ms", "copied_ms", "in_sync_ms", "verified_ms", "ended_ms", "starts", "answers"}; what is not known is not there. */
void times_report(struct engine *g, json_t *report)
{
    static const struct { const char *what, *key; bool is_last; } marks[] = {
        {"start", "started_ms", false}, {"copied", "copied_ms", false}, {"in-sync", "in_sync_ms", false}, {"verified", "verified_ms", true}};
    json_t *lines = read_lines(g), *times = json_object(), *line;
    unsigned starts = 0, answers = 0;
    size_t i;
    json_array_foreach(lines, i, line) {
        const char *what = json_text_of(line, "what");
        starts += strcmp(what, "start") == 0;
        answers += strcmp(what, "answer") == 0;
        for (size_t k = 0; k < TG_ARRAY_LEN(marks); k++)
            if (strcmp(what, marks[k].what) == 0 && (marks[k].is_last || !json_object_get(times, marks[k].key)))
                json_object_set(times, marks[k].key, json_object_get(line, "at_ms"));
    }
    if (g->began_ms > 0) /* whatever became of the run directory */
        json_object_set_new(times, "started_ms", json_integer((json_int_t)g->began_ms));
    json_object_set_new(times, "ended_ms", json_integer((json_int_t)clock_wall_ms()));
    json_object_set_new(times, "starts", json_integer(starts));
    json_object_set_new(times, "answers", json_integer(answers));
    json_object_set_new(report, "times", times);
    json_object_set_new(report, "longest", longest(g, lines));
    json_decref(lines);
}
