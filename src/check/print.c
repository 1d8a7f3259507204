// SPDX-License-Identifier: Apache-2.0
// The results as text for people, problems first, and as JSON in DM's shape (DM.md 2.1): a script that reads what
// check-task prints reads this.
#include "check/private.h"

#include <jansson.h>
#include <stdlib.h>

static const char *mark(const struct check_result *r)
{
    static const char *const marks[] = {"✓", "!", "✗", "-"};
    return marks[r->state];
}

/* Cells of UTF-8 text without wide characters: what titles and figures are made of. */
static int cells(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += (*text & 0xC0) != 0x80;
    return n;
}

static void pad(struct buf *out, const char *text, int width)
{
    buf_adds(out, text);
    for (int n = cells(text); n < width; n++)
        buf_addc(out, ' ');
}

void check_print_line(const struct check_result *r, struct buf *out)
{
    buf_addf(out, "%s ", mark(r));
    pad(out, r->check->title, 36);
    buf_adds(out, "  ");
    pad(out, r->found ? r->found : r->state == CHECK_NONE ? "n/a" : "", 24);
    if (r->wanted && r->state != CHECK_NONE && r->state != CHECK_PASS)
        buf_addf(out, "  want %s", r->wanted);
    while (out->n && out->p[out->n - 1] == ' ')
        out->p[--out->n] = 0;
}

/* Text that may hold several lines, each behind the indent. */
static void lines(struct buf *out, const char *indent, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        buf_addf(out, "%s%.*s\n", indent, (int)n, text);
        text += n + (text[n] == '\n');
    }
}

static void print_cure(const struct check_cure *c, uint32_t number, struct buf *out)
{
    buf_addf(out, "    cure %u: %s%s\n", number, c->title, c->is_disruptive ? " (disruptive: asks for your consent)" : "");
    if (c->text)
        lines(out, "      ", c->text);
    if (c->sql)
        lines(out, "      ", c->sql);
    if (c->path)
        buf_addf(out, "      %s: %s\n", c->path, c->value);
    if (c->effect)
        buf_addf(out, "      effect: %s\n", c->effect);
    if (c->kind == CURE_SQL && c->undo)
        lines(out, "      undo: ", c->undo);
    if (c->needs)
        buf_addf(out, "      needs: %s\n", c->needs);
}

static void print_problem(const struct check_result *r, struct buf *out)
{
    check_print_line(r, out);
    buf_addf(out, "  [%s]\n", r->check->id);
    if (r->detail)
        lines(out, "    ", r->detail);
    for (uint32_t i = 0; i < r->nfindings; i++) {
        lines(out, "    - ", r->findings[i].text);
        if (r->findings[i].instruction)
            lines(out, "      ", r->findings[i].instruction);
    }
    if (r->ntotal > r->nfindings)
        buf_addf(out, "    … and %u more\n", r->ntotal - r->nfindings);
    lines(out, "    why: ", r->check->why);
    for (uint32_t i = 0; i < r->ncures; i++)
        print_cure(&r->cures[i], i + 1, out);
    if (r->reason)
        buf_addf(out, "    accepted: %s\n", r->reason);
    else if (r->state == CHECK_FAIL && check_is_acceptable(r->check))
        buf_addf(out, "    to accept it: checks.accept: [\"%s: REASON\"]\n", r->check->id);
}

static void print_grants(const char *end, const char *grants, struct buf *out)
{
    if (!grants)
        return;
    buf_addf(out, "\nGrants that the %s's user lacks, in one block:\n", end);
    lines(out, "  ", grants);
}

void check_print_text(const struct check_report *r, struct buf *out)
{
    const struct check_result **list = check_sorted(r);
    buf_addf(out, "source  %s\ntarget  %s\n%u checks: %u pass, %u warn, %u fail, %u n/a; %u tables, %.1f s\n", r->source_name,
             r->target_name, r->n, r->npass, r->nwarn, r->nfail, r->nnone, r->ntables, (double)r->ms / 1000);
    if (r->is_cancelled)
        buf_adds(out, "stopped before the end: the list is not complete\n");
    for (uint32_t i = 0; i < r->n; i++) {
        bool is_problem = list[i]->state == CHECK_FAIL || list[i]->state == CHECK_WARN;
        bool was_problem = i && (list[i - 1]->state == CHECK_FAIL || list[i - 1]->state == CHECK_WARN);
        if (is_problem || was_problem || i == 0)
            buf_addc(out, '\n');
        if (is_problem) {
            print_problem(list[i], out);
            continue;
        }
        check_print_line(list[i], out);
        if (list[i]->state == CHECK_NONE && list[i]->detail)
            buf_addf(out, "  %s", list[i]->detail);
        buf_addc(out, '\n');
    }
    bool has_cure = false;
    for (uint32_t i = 0; i < r->n; i++)
        has_cure = has_cure || r->results[i].ncures;
    if (has_cure)
        buf_adds(out, "\nA cure is applied by: tidegate cure FILE… --check ID --cure NUMBER\n");
    for (uint32_t i = 0; i < r->nignored; i++)
        buf_addf(out, "%s%s", i ? ", " : "\nleft out by checks.ignore: ", r->ignored[i]);
    buf_adds(out, r->nignored ? "\n" : "");
    print_grants("source", r->source_grants, out);
    print_grants("target", r->target_grants, out);
    free(list);
}

/* ---- JSON ---- */

static const char *dm_state(enum check_state s)
{
    return s == CHECK_FAIL ? "fail" : s == CHECK_WARN ? "warn" : "success";
}

static void put(json_t *to, const char *key, const char *text)
{
    if (text)
        json_object_set_new(to, key, json_string(text));
}

static json_t *cure_json(const struct check_cure *c)
{
    static const char *const kinds[] = {"sql", "parameter", "setting", "text"};
    json_t *o = json_pack("{s:s, s:s, s:s, s:b, s:b}", "kind", kinds[c->kind], "title", c->title, "at", c->at_target ? "target" : "source",
                          "disruptive", (int)c->is_disruptive, "later", (int)c->is_later);
    put(o, "text", c->text);
    put(o, "sql", c->sql);
    put(o, "undo", c->undo);
    put(o, "effect", c->effect);
    put(o, "needs", c->needs);
    put(o, "path", c->path);
    put(o, "value", c->value);
    return o;
}

static json_t *errors_json(const struct check_result *r)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < r->nfindings; i++) {
        const struct check_finding *f = &r->findings[i];
        json_t *o = json_pack("{s:s, s:s}", "severity", dm_state(f->state), "short_error", f->text);
        put(o, "instruction", f->instruction);
        json_array_append_new(list, o);
    }
    if (!r->nfindings && r->detail && r->state != CHECK_NONE && r->state != CHECK_PASS)
        json_array_append_new(list, json_pack("{s:s, s:s}", "severity", dm_state(r->state), "short_error", r->detail));
    return list;
}

static json_t *result_json(const struct check_result *r)
{
    const struct check *c = r->check;
    json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:b, s:b, s:I}", "id", c->id, "name", c->title, "desc", c->why, "state",
                          dm_state(r->state), "errors", errors_json(r), "instruction", r->ncures ? r->cures[0].title : "", "side",
                          check_side_name(c->side), "applies", (int)(r->state != CHECK_NONE), "acceptable", (int)check_is_acceptable(c),
                          "ms", (json_int_t)r->ms);
    json_t *cures = json_array();
    for (uint32_t i = 0; i < r->ncures; i++)
        json_array_append_new(cures, cure_json(&r->cures[i]));
    json_object_set_new(o, "cures", cures);
    put(o, "extra", r->detail);
    put(o, "found", r->found);
    put(o, "wanted", r->wanted);
    put(o, "asked", c->asked);
    put(o, "accepted", r->reason);
    put(o, "code", r->code == ERR_OK ? NULL : err_info(r->code)->id);
    if (r->ntotal)
        json_object_set_new(o, "findings", json_integer(r->ntotal));
    return o;
}

void check_print_json(const struct check_report *r, struct buf *out)
{
    const struct check_result **list = check_sorted(r);
    json_t *results = json_array(), *ignored = json_array();
    for (uint32_t i = 0; i < r->n; i++)
        json_array_append_new(results, result_json(list[i]));
    for (uint32_t i = 0; i < r->nignored; i++)
        json_array_append_new(ignored, json_string(r->ignored[i]));
    json_t *all = json_pack("{s:o, s:{s:b, s:i, s:i, s:i, s:i, s:i}, s:o, s:s, s:s, s:i, s:I}", "results", results, "summary", "passed",
                            (int)(r->nfail == 0), "total", (int)r->n, "successful", (int)(r->npass + r->nnone), "failed", (int)r->nfail,
                            "warning", (int)r->nwarn, "not_applicable", (int)r->nnone, "ignored", ignored, "source", r->source_name,
                            "target", r->target_name, "tables", (int)r->ntables, "ms", (json_int_t)r->ms);
    put(all, "source_grants", r->source_grants);
    put(all, "target_grants", r->target_grants);
    char *text = json_dumps(all, JSON_INDENT(1));
    buf_adds(out, text);
    buf_addc(out, '\n');
    free(text);
    json_decref(all);
    free(list);
}
