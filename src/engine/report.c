// SPDX-License-Identifier: Apache-2.0
/* The report: what the run moved, what it changed or left out, and what stays for a person. Lines about tables live in
 * the ledger, so that a run which was begun by another engine reports them too; the rest is found out anew each time. */
#include "engine/private.h"

#include "base/json.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const struct {
    const char *slug, *title;
} parts[] = {
    [REPORT_CHECK] = {"checks", "Checks at the start: accepted, and to be known"},
    [REPORT_CURE] = {"cures", "Cures that were applied"},
    [REPORT_TABLE] = {"tables", "Changed or left out in tables"},
    [REPORT_EVENTS] = {"events", "Changes that rules of events leave out"},
    [REPORT_EXISTING] = {"existing", "Tables that held rows at the target before"},
    [REPORT_VIEW] = {"views", "Views"},
    [REPORT_KEY] = {"foreign_keys", "Foreign keys"},
    [REPORT_COUNTER] = {"auto_increment", "Next values of AUTO_INCREMENT that were raised"},
    [REPORT_OBJECT] = {"not_moved", "Not moved: bring these over yourself"},
    [REPORT_UNREAD] = {"unread", "Could not be read"},
};

void report_add(struct engine *g, enum report_part part, bool is_problem, const char *name, const char *fmt, ...)
{
    struct report *r = &g->report;
    char *text;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        tg_bug("out of memory or bad format %s", fmt);
    va_end(ap);
    if ((r->n & (r->n - 1)) == 0)
        r->lines = x_realloc(r->lines, TG_MAX(r->n * 2, (size_t)1) * sizeof *r->lines);
    if (is_problem)
        log_event(LOG_WARN, "engine", name, "", "%s", text);
    r->lines[r->n++] = (struct report_line){part, is_problem, x_strdup(name), text};
}

void report_clear(struct engine *g, enum report_part part)
{
    size_t kept = 0;
    for (size_t i = 0; i < g->report.n; i++) {
        struct report_line *l = &g->report.lines[i];
        if (l->part != part) {
            g->report.lines[kept++] = *l;
            continue;
        }
        free(l->name);
        free(l->text);
    }
    g->report.n = kept;
}

void report_release(struct engine *g)
{
    for (size_t i = 0; i < g->report.n; i++) {
        free(g->report.lines[i].name);
        free(g->report.lines[i].text);
    }
    free(g->report.lines);
    g->report = (struct report){0};
}

static void told(void *arg, const char *kind, const char *name, const char *text)
{
    struct engine *g = arg;
    if (strcmp(kind, NOTE_TABLE) == 0)
        report_add(g, REPORT_TABLE, false, name, "%s", text);
    else if (strcmp(kind, NOTE_EXISTING) == 0)
        report_add(g, REPORT_EXISTING, false, name, "%s", text);
    else if (strcmp(kind, NOTE_CHECK) == 0)
        report_add(g, REPORT_CHECK, false, name, "%s", text);
}

static void read_ledger(struct engine *g)
{
    struct err e = {0};
    if (!g->has_ledger)
        return;
    report_clear(g, REPORT_CHECK);
    report_clear(g, REPORT_TABLE);
    report_clear(g, REPORT_EXISTING);
    bool fine = g->control.my && ledger_read_notes(&g->ledger, &g->control, NULL, told, g, &e);
    if (!fine)
        report_add(g, REPORT_UNREAD, true, "tidegate_meta.note", "what was changed in tables: %s",
                   e.code == ERR_OK ? N_("no connection to the target") : e.text);
}

/* What was changed at the servers for this run, by the records in its directory: the person may want it as it was. */
static void read_cures(struct engine *g)
{
    struct cure_record *list;
    uint32_t n;
    struct err e = {0};
    report_clear(g, REPORT_CURE);
    if (!cure_records_read(g->o->run_dir, &list, &n, &e)) {
        report_add(g, REPORT_UNREAD, true, "cures.json", "which cures were applied: %s", e.text);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct cure_record *r = &list[i];
        report_add(g, REPORT_CURE, false, r->check, "%s, at %s by %s (%s): %s", r->title, r->where, r->user, r->at, r->sql);
        if (r->undone_at)
            report_add(g, REPORT_CURE, false, r->check, "undone (%s)", r->undone_at);
        else
            report_add(g, REPORT_CURE, false, r->check, "still in force; undo: %s", r->undo ? r->undo : "none");
    }
    cure_records_release(list, n);
}

void report_forget(struct engine *g)
{
    static const char *const names[] = {"report.txt", "report.md", "report.json"};
    for (size_t i = 0; i < TG_ARRAY_LEN(names); i++) {
        char *path = x_format("%s/%s", g->o->run_dir, names[i]);
        unlink(path);
        free(path);
    }
}

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "we");
    if (!f || fwrite(text, 1, strlen(text), f) != strlen(text))
        log_event(LOG_WARN, "engine", "", "TG-9004", "%s can't be written", path);
    if (f)
        fclose(f);
}

/* The head's lines: label, text. */
static void add_fact(struct buf *out, bool is_markdown, const char *label, const char *text)
{
    if (is_markdown)
        buf_addf(out, "- **%s**: %s\n", label, text);
    else
        buf_addf(out, "%-12s %s\n", label, text);
}

static void add_head(struct engine *g, struct buf *out, bool is_markdown, int exit_code, const struct err *e)
{
    const struct mon_snapshot *s = g->snap;
    char text[1400];
    buf_addf(out, is_markdown ? "# Run %s: %s\n\n" : "Run %s: %s\n\n", g->job->name, run_state_name(s->state));
    snprintf(text, sizeof text, "%u, %u done, %u with problems", s->tables_total, s->tables_done, s->tables_failed);
    add_fact(out, is_markdown, "Tables", text);
    snprintf(text, sizeof text, "%llu rows, %llu bytes", (unsigned long long)s->load.rows, (unsigned long long)s->load.bytes);
    add_fact(out, is_markdown, "Copied", text);
    snprintf(text, sizeof text, "%llu transactions, up to %s:%llu", (unsigned long long)s->tx_applied, s->applied_file,
             (unsigned long long)s->applied);
    add_fact(out, is_markdown, "Applied", text);
    snprintf(text, sizeof text, "%llu rows", (unsigned long long)s->quarantine);
    if (s->quarantine)
        snprintf(text, sizeof text, "%llu rows: %s/quarantine, " LEDGER_SCHEMA ".quarantine", (unsigned long long)s->quarantine,
                 g->o->run_dir);
    add_fact(out, is_markdown, "Quarantine", text);
    snprintf(text, sizeof text, "%s%s%s", g->verdict[0] ? g->verdict : "not verified", g->verified_at[0] ? " at " : "",
             g->verified_at);
    add_fact(out, is_markdown, "Verdict", text);
    if (e->code != ERR_OK) {
        snprintf(text, sizeof text, "%s %s: %s", err_info(e->code)->id, err_info(e->code)->title, e->text);
        add_fact(out, is_markdown, "Ended with", text);
    }
    snprintf(text, sizeof text, "%d", exit_code);
    add_fact(out, is_markdown, "Exit code", text);
}

/* Problems first; a name is written once for all its lines. */
static void add_part(struct engine *g, struct buf *out, bool is_markdown, enum report_part part)
{
    const char *last = "";
    bool any = false;
    for (int problems = 1; problems >= 0; problems--)
        for (size_t i = 0; i < g->report.n; i++) {
            const struct report_line *l = &g->report.lines[i];
            if (l->part != part || l->is_problem != (problems == 1))
                continue;
            if (!any)
                buf_addf(out, is_markdown ? "\n## %s\n\n" : "\n%s\n", parts[part].title);
            if (!any || strcmp(last, l->name) != 0)
                buf_addf(out, is_markdown ? "- `%s`\n" : "  %s\n", l->name);
            buf_addf(out, is_markdown ? "  - %s%s\n" : "    %s%s\n", l->is_problem ? "NOT DONE: " : "", l->text);
            last = l->name;
            any = true;
        }
}

static void add_clock(struct buf *out, bool is_markdown, const char *label, int64_t wall_ms)
{
    time_t at = (time_t)(wall_ms / 1000);
    struct tm utc;
    char text[40];
    if (wall_ms && gmtime_r(&at, &utc) && strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &utc))
        add_fact(out, is_markdown, label, text);
}

static void add_times(struct buf *out, bool is_markdown, const json_t *report)
{
    static const char *const marks[][2] = {{"started_ms", "Started"}, {"copied_ms", "Copied at"}, {"in_sync_ms", "In sync at"},
                                           {"verified_ms", "Verified at"}, {"ended_ms", "Ended"}};
    const json_t *times = json_object_get(report, "times"), *one;
    size_t i;
    for (i = 0; i < TG_ARRAY_LEN(marks); i++)
        add_clock(out, is_markdown, marks[i][1], (int64_t)json_integer_value(json_object_get(times, marks[i][0])));
    if (json_array_size(json_object_get(report, "longest")))
        buf_adds(out, is_markdown ? "\n## Tables that took the longest\n\n" : "\nTables that took the longest\n");
    json_array_foreach(json_object_get(report, "longest"), i, one)
        buf_addf(out, is_markdown ? "- `%s`: %lld rows, %lld bytes, %.1f s, %s\n" : "  %s: %lld rows, %lld bytes, %.1f s, %s\n", json_text_of(one, "name"),
                 (long long)json_integer_value(json_object_get(one, "rows")), (long long)json_integer_value(json_object_get(one, "bytes")),
                 (double)json_integer_value(json_object_get(one, "ms")) / 1000, json_text_of(one, "state"));
}

/* Of a run that is over; before, somebody would take away what it goes on with. */
static void add_cleanup(struct buf *out, bool is_markdown, const json_t *report)
{
    const json_t *one;
    size_t i;
    buf_adds(out, is_markdown ? "\n## Clean-up, when nobody wants to go back\n\nThe tool runs none of it.\n\n```sql\n"
                              : "\nClean-up, when nobody wants to go back (the tool runs none of it)\n");
    json_array_foreach(json_object_get(report, "cleanup"), i, one)
        buf_addf(out, is_markdown ? "-- at %s: %s\n%s\n" : "  -- at %s: %s\n%s\n", json_text_of(one, "where"), json_text_of(one, "why"), json_text_of(one, "sql"));
    if (is_markdown)
        buf_adds(out, "```\n");
}

static void add_text(struct engine *g, struct buf *out, bool is_markdown, int exit_code, const struct err *e, const json_t *report)
{
    add_head(g, out, is_markdown, exit_code, e);
    add_times(out, is_markdown, report);
    for (int part = 0; part < REPORT_PARTS; part++)
        add_part(g, out, is_markdown, (enum report_part)part);
    if (g->snap->state == RUN_FINISHED)
        add_cleanup(out, is_markdown, report);
}

/* The snapshot as `status --json` gives it, and the parts under "report". */
static json_t *report_json(struct engine *g, int exit_code, const struct err *e)
{
    char *snapshot = mon_encode(g->snap);
    json_t *all = json_loads(snapshot, 0, NULL), *report = json_object();
    for (int part = 0; part < REPORT_PARTS; part++)
        json_object_set_new(report, parts[part].slug, json_array());
    for (size_t i = 0; i < g->report.n; i++) {
        const struct report_line *l = &g->report.lines[i];
        json_t *line = json_pack("{s:s, s:s, s:b}", "name", l->name, "text", l->text, "problem", (int)l->is_problem);
        if (line)
            json_array_append_new(json_object_get(report, parts[l->part].slug), line);
    }
    json_object_set_new(report, "exit_code", json_integer(exit_code));
    json_object_set_new(report, "error", json_string(e->code == ERR_OK ? "" : err_info(e->code)->id));
    times_report(g, report);
    json_object_set_new(report, "cleanup", cleanup_json(g));
    json_object_set_new(all, "report", report);
    free(snapshot);
    return all;
}

void engine_report(struct engine *g, int exit_code, const struct err *e)
{
    struct buf text = {0}, markdown = {0};
    read_ledger(g);
    read_cures(g);
    report_filters(g);
    json_t *all = report_json(g, exit_code, e), *report = json_object_get(all, "report");
    add_text(g, &text, false, exit_code, e, report);
    add_text(g, &markdown, true, exit_code, e, report);
    char *json = json_dumps(all, JSON_INDENT(1));
    json_decref(all);
    write_file(g->o->run_dir, "report.txt", text.p);
    write_file(g->o->run_dir, "report.md", markdown.p);
    write_file(g->o->run_dir, "report.json", json);
    free(json);
    buf_release(&text);
    buf_release(&markdown);
}
