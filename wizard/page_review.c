// SPDX-License-Identifier: Apache-2.0
// Review: everything in words, the job file as it will be saved, and the last button.
#include "base/retell.h"
#include "ui/text.h"
#include "wizard/pages.h"
#include "wizard/scope.h"

#include <stdio.h>
#include <stdlib.h>

static const struct job_end *source_of(const struct wz *w)
{
    static const struct job_end none;
    return w->job->nsources ? &w->job->sources[0] : &none;
}

/* A list of the job as words: "shop.*, crm.*", at most so many bytes. */
static void list_words(const struct wz *w, const char *path, const char *none, char *out, size_t size)
{
    struct buf text = {0};
    if (!job_get(w->job, path, &text) || text.n < 3)
        snprintf(out, size, "%s", none);
    else
        snprintf(out, size, "%.*s", (int)TG_MIN(text.n - 2, size - 1), text.p + 1);
    buf_release(&text);
}

/* A check's name of an end has " at " before the address. */
static void add_end(struct buf *out, const char *name)
{
    const char *at = name ? strstr(name, " at ") : NULL;
    buf_addf(out, "%.*s%s%s\n", at ? (int)(at - name) : 200, name ? name : "", at ? _(" at ") : "", at ? at + 4 : "");
}

/* What was looked at for Scope and is still chosen so; NULL: not known. The checks have read the source anew: where they
 * count other tables, the look is of something else by now. */
static const struct scope *scope_known(const struct wz *w)
{
    const struct scope *s = w->scope;
    bool is_of_job = s && s->look && w->probe[PROBE_TABLES].is_over && !w->probe[PROBE_TABLES].is_running;
    return is_of_job && (!w->report || w->report->ntables == s->sum.ntables) ? s : NULL;
}

static void add_move(const struct wz *w, struct buf *out)
{
    const struct scope *s = scope_known(w);
    bool is_copied = w->job->mode != MODE_INCREMENTAL;
    char rules[200], what[160] = "";
    list_words(w, "allow.include", _("every schema"), rules, sizeof rules);
    if (s)
        scope_sum_text(s, is_copied, is_copied && w->job->road != ROAD_DM, what);
    else if (w->report)
        snprintf(what, sizeof what, w->report->ntables == 1 ? _("%u table") : _("%u tables"), w->report->ntables);
    if (what[0])
        buf_addf(out, _("Move  %s: %s"), what, rules);
    else
        buf_addf(out, _("Move  %s"), rules);
    buf_addc(out, '\n');
}

void review_words(const struct wz *w, struct buf *out)
{
    static const char *const modes[] = {N_("one consistent copy, then done"), N_("copy, then follow every change until you end the run"), N_("follow from the given position")};
    static const char *const existings[] = {N_("asks about tables that hold rows"), N_("adds to tables that hold rows"), N_("replaces rows with the same key"), N_("DROPS tables that hold rows")};
    const struct job *j = w->job;
    buf_adds(out, _("From  "));
    add_end(out, w->report ? w->report->source_name : source_of(w)->host);
    buf_adds(out, _("To    "));
    add_end(out, w->report ? w->report->target_name : j->target.host);
    add_move(w, out);
    if (j->road == ROAD_DM)
        buf_addf(out, _("How   DM cluster: %s"), _(modes[j->mode]));
    else
        buf_addf(out, _("How   %s; pace %s"), _(modes[j->mode]), _(job_pace_name(j->pace)));
    buf_addc(out, '\n');
    if (j->road == ROAD_DM)
        buf_addf(out, "%s", _("Write DM's files only; you start DM with them"));
    else
        buf_addf(out, _("Write tables and tidegate_meta; %s"), _(existings[j->existing]));
    buf_addc(out, '\n');
    if (w->report)
        buf_addf(out, _("Found %u checks pass, %u warn, %u are accepted with a reason"), w->report->npass, w->report->nwarn, (unsigned)j->ncheck_accept);
    else
        buf_adds(out, _("Found nothing: the checks have not run"));
    buf_addc(out, '\n');
}

static void in_words(const struct wz *w, struct canvas *c, struct rect in)
{
    struct buf text = {0};
    int y = in.y;
    review_words(w, &text);
    for (char *p = text.p, *next; p && *p; p = next) {
        next = p + strcspn(p, "\n");
        *next++ = 0; /* each of them ends its line */
        canvas_cut(c, in, y++, in.x + 1, in.w - 2, ROLE_TEXT, p);
    }
    buf_release(&text);
}

static void draw_yaml(const struct wz *w, struct canvas *c, struct rect in)
{
    struct buf text = {0};
    job_emit_beside(w->job, w->path, &text);
    int y = in.y;
    for (const char *p = text.p; p && *p && y < in.y + in.h; y++) {
        size_t n = strcspn(p, "\n");
        char *line = x_strndup(p, n);
        canvas_cut(c, in, y, in.x + 1, in.w - 2, ROLE_TEXT, line);
        free(line);
        p += n + (p[n] == '\n');
    }
    buf_release(&text);
}

static void draw(struct wz *w, struct canvas *c, struct rect r)
{
    char title[200], hint[80], age[80];
    int width = TG_MIN(r.w, 80) - 4;
    form_draw(&w->form[w->at], w, c, (struct rect){r.y, 2, 1, r.w - 4});
    struct rect words = {r.y + 1, 2, 8, width}, yaml = {r.y + 9, 2, r.h - 9, width};
    bool has_yaml = yaml.h >= 3;      /* a low screen: the words alone, the file behind its key */
    keymap_words(wizard_keys, 2, _("F5 whole file"), hint, sizeof hint);
    bool is_busy = w->probe[PROBE_REHEARSE].is_running;
    wz_box(c, words, w, false, _("In words"), is_busy ? wz_probe_age(w, PROBE_REHEARSE, age) : has_yaml ? NULL : hint);
    in_words(w, c, rect_inside(words));
    if (!has_yaml)
        return;
    snprintf(title, sizeof title, _("Job file  %.100s"), w->path[0] ? w->path : _("not saved yet"));
    wz_box(c, yaml, w, false, title, hint);
    draw_yaml(w, c, rect_inside(yaml));
}

/* What was rehearsed, and every problem: the rest of the checks is on the page before. */
static void add_result(struct buf *out, const struct check_result *r)
{
    static const char *const marks[] = {"✓", "!", "✗", "-"};
    bool is_rehearsal = strncmp(check_id(r->check), "rehearse.", 9) == 0, is_problem = r->state == CHECK_FAIL || r->state == CHECK_WARN;
    if (!is_rehearsal && r->state != CHECK_FAIL)
        return;
    buf_addf(out, "\n%s %s%s%s\n", marks[r->state], _(check_title(r->check)), r->found ? ": " : "", r->found ? retell(r->found) : "");
    for (uint32_t i = 0; i < r->nfindings && is_problem; i++)
        buf_addf(out, "%s\n", retell(r->findings[i].text));
    if (r->detail)
        buf_addf(out, "%s\n", retell(r->detail));
}

void review_tell_rehearsal(struct wz *w)
{
    const struct check_report *r = w->report;
    struct buf text = {0};
    if (!r || r->is_cancelled || w->modal.kind || w->at != STEP_REVIEW)
        return;
    buf_addf(&text, "%s\n", r->nfail ? _("Not everything went well. Nothing of yours was changed.") : _("Everything that the run will need went well. Nothing of yours was changed."));
    const struct check_result **sorted = check_sorted(r);
    for (uint32_t i = 0; i < r->n; i++)
        add_result(&text, sorted[i]);
    free(sorted);
    ask_text(w, _("The rehearsal"), &text, 0);
}

static void show_file(struct wz *w, int key)
{
    struct buf text = {0}, lines = {0};
    job_emit_beside(w->job, w->path, &text);
    for (const char *p = text.p; p && *p;) { /* two spaces: not wrapped */
        size_t n = strcspn(p, "\n");
        buf_addf(&lines, "  %.*s\n", (int)n, p);
        p += n + (p[n] == '\n');
    }
    buf_release(&text);
    ask_text(w, _("The job file"), &lines, key);
}

static bool feed(struct wz *w, const struct input *in, struct wz_effect *out)
{
    (void)out;
    if (in->kind != IN_KEY || (in->key != K_F5 && in->key != K_CTRL('f')))
        return false;
    show_file(w, in->key);
    return true;
}

/* A run needs a name; the source's host has one to offer. */
void review_propose_name(struct wz *w)
{
    char name[33] = "";
    size_t n = 0;
    bool has_letter = false;
    struct err e;
    if (w->job->name)
        return;
    for (const char *p = source_of(w)->host; p && *p && *p != '.' && n < 32; p++) {
        if ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || (*p == '-' && n))
            name[n++] = *p;
        has_letter = has_letter || (*p >= 'a' && *p <= 'z');
    }
    if (job_set(w->job, "name", has_letter ? name : "migration", &e)) /* an address tells nobody what it is */
        wz_changed_name(w);
}

static void enter(struct wz *w, struct wz_effect *out)
{
    (void)out;
    review_propose_name(w);
    if (w->scope)
        scope_sync(w);                /* a cure, or a file, may have changed the rules */
}

static void press(struct wz *w, unsigned button, struct wz_effect *out)
{
    if (button == 1) {
        ask_path(w, false, K_ENTER);
    } else if (w->job->road == ROAD_DM) {
        ask_files(w, K_ENTER);
    } else if (button == 2) {
        out->kind = WZ_PROBE;
        out->probe = PROBE_REHEARSE;
    } else {
        ask_start(w, K_ENTER);
    }
}

/* Each variable that the job names; true: there is a sealed file, which *sealed names. */
static bool add_secrets(const struct wz *w, struct buf *out, const char **sealed)
{
    *sealed = NULL;
    for (size_t i = 0; i <= w->job->nsources; i++) {
        const struct job_secret *s = i < w->job->nsources ? &w->job->sources[i].password : &w->job->target.password;
        if (s->origin == SECRET_ENV)
            buf_addf(out, "  export %s=…\n", s->reference);
        else if (s->origin == SECRET_SEALED)
            *sealed = s->reference;
    }
    return *sealed;
}

static const char *help(const struct wz *w, const char **title)
{
    static char text[1200];
    const char *name = w->job->name ? w->job->name : "job", *sealed;
    struct buf variables = {0};
    size_t n;
    *title = _("Without the wizard");
    bool is_sealed = add_secrets(w, &variables, &sealed);
    n = (size_t)snprintf(text, sizeof text,
                         _("The same run from a shell or a CI job:\n\n%.300s  tidegate check %s.yaml\n  tidegate run %s.yaml\n\n"
                           "Exit codes\n  0  finished\n  3  a check fails\n  4  stopped, can resume\n  5  needs a person\n\n"),
                         variables.p ? variables.p : "", name, name);
    if (is_sealed) {
        const char *slash = strrchr(sealed, '/'), *file = slash ? slash + 1 : sealed;
        char *quoted = x_strndup(file, strcspn(file, "#"));
        snprintf(text + n, sizeof text - n, _("The file holds no password. %.100s does, encrypted. Its passphrase is asked for, or given by --passphrase-from."), quoted);
        free(quoted);
    } else {
        snprintf(text + n, sizeof text - n, "%s", _("The file holds no password. If you would rather keep them together, Save offers an encrypted file beside it."));
    }
    buf_release(&variables);
    return text;
}

static const struct form_field fields[] = {
    {.path = "name", .look = FORM_TEXT, .label = N_("Name"), .help_title = N_("Name of the run")},
};
static const char *const buttons[] = {N_("Back"), N_("Save"), N_("Rehearse"), N_("Start …"), NULL};
static const char *const dm_buttons[] = {N_("Back"), N_("Save"), N_("Write the files …"), NULL};

static const char *const *buttons_now(const struct wz *w)
{
    return w->job->road == ROAD_DM ? dm_buttons : buttons;
}

const struct page page_review = {.step = STEP_REVIEW, .title = N_("Review"), .question = N_("Ready. Read this once, then start."), .fields = fields, .nfields = TG_ARRAY_LEN(fields),
                                 .buttons = buttons, .buttons_now = buttons_now, .where = 2, .enter = enter, .draw = draw, .feed = feed, .press = press, .help = help};
