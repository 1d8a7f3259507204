// SPDX-License-Identifier: Apache-2.0
// The wizard's boxes: a cure, accepting a finding, consent to start, where to save, leaving. Each opens with a safe choice
// and does nothing by itself: what was pressed becomes an effect.
#include "base/retell.h"
#include "conf/dm_topology.h"
#include "ui/text.h"
#include "wizard/pages.h"
#include "wizard/scope.h"

#include <stdio.h>
#include <stdlib.h>

enum { BOX_CURE = 1, BOX_ACCEPT, BOX_START, BOX_SAVE, BOX_OPEN, BOX_LEAVE, BOX_TEXT, BOX_FILES };

static void add_lines(struct buf *out, const char *indent, const char *text)
{
    while (text && *text) {
        size_t n = strcspn(text, "\n");
        buf_addf(out, "%s%.*s\n", indent, (int)n, text);
        text += n + (text[n] == '\n');
    }
}

/* ---- a cure ---- */

static void cure_text(const struct wz *w, const struct check_result *r, const struct check_cure *c, struct buf *out)
{
    (void)w;
    if (r->found)
        buf_addf(out, _("Now %s. "), retell(r->found));
    buf_addf(out, "%s\n\n", retell(c->title));
    add_lines(out, "", retell(c->text));
    add_lines(out, "  ", c->sql);
    if (c->path)
        buf_addf(out, "  %s: %s\n", c->path, c->value);
    buf_addc(out, '\n');
    if (c->effect)
        buf_addf(out, _("Effect    %s\n"), retell(c->effect));
    if (c->kind == CURE_SQL)
        buf_addf(out, _("Undo      %s\n"), c->undo ? _("noted in the report") : _("there is none"));
    if (c->needs)
        buf_addf(out, _("Needs     %s\n"), c->needs);
}

/* Findings of a check that has no cure, or how to see more. */
static void open_findings(struct wz *w, const struct check_result *r, int key)
{
    struct modal *m = &w->modal;
    modal_begin(m, BOX_TEXT, _(check_title(r->check)), key, w->now_ms);
    if (r->detail)
        buf_addf(&m->text, "%s\n\n", retell(r->detail));
    for (uint32_t i = 0; i < r->nfindings; i++) {
        buf_addf(&m->text, "%s %s\n", r->findings[i].state == CHECK_FAIL ? "✗" : "!", retell(r->findings[i].text));
        if (r->findings[i].instruction)
            buf_addf(&m->text, "%s\n", retell(r->findings[i].instruction));
    }
    if (r->ntotal > r->nfindings)
        buf_addf(&m->text, _("… and %u more\n"), r->ntotal - r->nfindings);
    buf_addf(&m->text, "\n%s\n", _(check_why(r->check)));
    snprintf(m->keys, sizeof m->keys, "%s", _("Esc Close"));
}

static void open_cure(struct wz *w, const struct check_result *r, unsigned number, int key)
{
    struct modal *m = &w->modal;
    const struct check_cure *c = &r->cures[number];
    char title[160];
    snprintf(title, sizeof title, _("Cure: %s"), _(check_title(r->check)));
    modal_begin(m, BOX_CURE, title, key, w->now_ms);
    cure_text(w, r, c, &m->text);
    w->cure = number;
    bool can_run = c->kind != CURE_SQL || !wz_is_read_only(w);
    if (c->kind == CURE_SQL && can_run) {
        modal_add_field(m, _("Run it as another user?  User"), false, NULL);
        modal_add_field(m, _("Password"), true, NULL);
        if (c->is_disruptive)
            modal_add_field(m, _("Type the host's name"), false, cure_consent(w->job, c));
    }
    if (can_run)
        modal_add_button(m, c->kind == CURE_SQL ? _("Run it") : c->kind == CURE_SETTING ? _("Take it") : _("I did it, check again"), c->is_disruptive && c->kind == CURE_SQL);
    if (r->ncures > 1)
        modal_add_button(m, _("Another"), false);
    if (c->sql)
        modal_add_button(m, _("Copy SQL"), false);
    modal_add_button(m, _("Close"), false);
    m->focus = m->nfields + m->nbuttons - 1; /* the safe one */
}

void ask_cure(struct wz *w, const struct check_result *r, int key)
{
    if (r->ncures)
        open_cure(w, r, 0, key);
    else
        open_findings(w, r, key);
}

static void take_setting(struct wz *w, const struct check_cure *c, struct wz_effect *out)
{
    struct err e = {0};
    if (!job_set(w->job, c->path, c->value, &e)) {
        wz_notice(w, "%s: %s", err_info(e.code)->id, e.text);
        return;
    }
    wz_changed(w);
    out->kind = WZ_PROBE;
    out->probe = PROBE_CHECKS;
}

static void cure_pressed(struct wz *w, struct wz_effect *out)
{
    const struct check_result *r = checks_selected(w);
    unsigned b = w->modal.focus - w->modal.nfields;
    if (!r || w->cure >= r->ncures)
        return;
    const struct check_cure *c = &r->cures[w->cure];
    const char *label = w->modal.button[b].label;
    bool does = b == 0 && (c->kind != CURE_SQL || !wz_is_read_only(w)); /* else there is no such button */
    if (does && c->kind == CURE_SETTING) {
        take_setting(w, c, out);
    } else if (does && c->kind == CURE_SQL) {
        out->kind = WZ_CURE;
        out->check = check_id(r->check);
        out->cure = w->cure;
        snprintf(out->text, sizeof out->text, "%s", w->modal.field[0].edit.text);
        if (w->modal.field[0].edit.n)
            out->password = secret_new(w->modal.field[1].edit.text, w->modal.field[1].edit.n);
    } else if (does) {
        out->kind = WZ_PROBE;
        out->probe = PROBE_CHECKS;
    } else if (strcmp(label, _("Another")) == 0) {
        open_cure(w, r, (w->cure + 1) % r->ncures, 0);
        return;
    } else if (strcmp(label, _("Copy SQL")) == 0) {
        out->kind = WZ_COPY;
        snprintf(out->text, sizeof out->text, "%s", c->sql);
    }
    modal_close(&w->modal);
}

/* ---- accepting ---- */

void ask_accept(struct wz *w, const struct check_result *r, int key)
{
    struct modal *m = &w->modal;
    if (r->state != CHECK_FAIL && !r->reason) {
        wz_notice(w, "%s", _("this check does not fail: there is nothing to accept"));
        return;
    }
    if (wz_is_read_only(w)) {
        wz_notice(w, "%s", _("--read-only: no failure is accepted here"));
        return;
    }
    if (!check_is_acceptable(r->check)) {
        wz_notice(w, "%s", _("no reason makes a run possible here: it must be cured"));
        return;
    }
    modal_begin(m, BOX_ACCEPT, _("Accept it with a reason"), key, w->now_ms);
    buf_addf(&m->text, "%s\n%s\n\n%s\n", _(check_title(r->check)), _(check_why(r->check)), _("The reason is written into the job and into the report."));
    modal_add_field(m, _("Reason"), false, NULL);
    modal_add_button(m, _("Accept"), false);
    modal_add_button(m, _("Close"), false);
}

static void accept_pressed(struct wz *w, struct wz_effect *out)
{
    const struct check_result *r = checks_selected(w);
    struct buf value = {0};
    struct err e = {0};
    if (w->modal.focus == w->modal.nfields && r) {
        if (!w->modal.field[0].edit.n) {
            wz_notice(w, "%s", _("without a reason nothing is accepted"));
            return;
        }
        char *word = x_format("%s: %s", check_id(r->check), w->modal.field[0].edit.text);
        job_list_plus(w->job, "checks.accept", (const char *const[]){word}, 1, &value);
        if (job_set(w->job, "checks.accept", value.p, &e)) {
            wz_changed(w);
            out->kind = WZ_PROBE;
            out->probe = PROBE_CHECKS;
        } else {
            wz_notice(w, "%s", e.text);
        }
        free(word);
        buf_release(&value);
    }
    modal_close(&w->modal);
}

/* ---- starting ---- */

/* What will happen, between which two servers: the port tells two of one host apart. */
static void start_words(const struct job *j, struct buf *out)
{
    static const struct job_end none;
    const struct job_end *s = j->nsources ? &j->sources[0] : &none, *t = &j->target;
    char source[300], target[300];
    snprintf(source, sizeof source, "%.255s:%lld", s->host ? s->host : "", (long long)s->port);
    snprintf(target, sizeof target, "%.255s:%lld", t->host ? t->host : "", (long long)t->port);
    if (j->mode == MODE_FULL)
        buf_addf(out, _("Tables are made at %s and rows are copied from %s, once. Later changes are not followed.\n\n"), target, source);
    else if (j->mode == MODE_INCREMENTAL)
        buf_addf(out, _("At %s every change of %s from the given position on is applied until you end the run. No rows are copied.\n\n"), target, source);
    else
        buf_addf(out, _("Tables are made at %s, rows are copied from %s, and every change is followed until you end the run.\n\n"), target, source);
    if (j->existing == EXISTING_ASK && j->mode != MODE_INCREMENTAL)
        buf_addf(out, "%s\n\n", _("Where a table at the target holds rows, the run asks before it touches them."));
}

void ask_start(struct wz *w, int key)
{
    struct modal *m = &w->modal;
    bool is_dangerous = w->job->existing == EXISTING_DROP || w->job->existing == EXISTING_REPLACE;
    char title[120];
    snprintf(title, sizeof title, _("Start %s?"), w->job->name ? w->job->name : "");
    modal_begin(m, BOX_START, title, key, w->now_ms);
    start_words(w->job, &m->text);
    buf_addf(&m->text, "%s\n", _("The source is only read. Schema tidegate_meta at the target holds the books of the run."));
    if (is_dangerous) {
        buf_addf(&m->text, "\n%s\n", w->job->existing == EXISTING_DROP
                                         ? _("Tables at the target that have rows already are DROPPED and made anew (existing: drop).")
                                         : _("Rows at the target give way to the source's rows with the same key (existing: replace)."));
        modal_add_field(m, _("Type the job's name"), false, w->job->name);
    }
    modal_add_button(m, _("Not yet"), false);
    modal_add_button(m, _("Start the run"), is_dangerous);
    m->is_column = true;
    snprintf(m->keys, sizeof m->keys, "%s", _("Esc Not yet"));
}

void ask_leave_wizard(struct wz *w, int key)
{
    struct modal *m = &w->modal;
    modal_begin(m, BOX_LEAVE, _("Leave the wizard?"), key, w->now_ms);
    buf_adds(&m->text, w->is_changed ? _("The answers are not saved. Nothing was written to any database.") : _("Nothing was written to any database."));
    modal_add_button(m, _("Stay"), false);
    if (w->is_changed)
        modal_add_button(m, _("Save and leave"), false);
    modal_add_button(m, w->is_changed ? _("Leave without saving") : _("Leave"), false);
    m->is_column = true;
    m->width = 60;
}

static void leave_pressed(struct wz *w, struct wz_effect *out)
{
    unsigned b = w->modal.focus - w->modal.nfields, n = w->modal.nbuttons;
    modal_close(&w->modal);
    if (b == 0)
        return;
    out->kind = n == 3 && b == 1 ? WZ_SAVE : WZ_LEAVE;
    w->leaves_after_save = out->kind == WZ_SAVE;
}

void ask_text(struct wz *w, const char *title, struct buf *text, int key)
{
    modal_begin(&w->modal, BOX_TEXT, title, key, w->now_ms);
    w->modal.text = *text;
    *text = (struct buf){0};
    w->modal.width = 100;
    snprintf(w->modal.keys, sizeof w->modal.keys, "%s", _("PgUp PgDn Scroll   Esc Close"));
}

void ask_failure(struct wz *w, const char *title, const struct err *e)
{
    struct buf text = {0};
    const struct err_info *info = err_info(e->code);
    buf_addf(&text, "%s %s\n%s\n\n%s\n", info->id, _(info->title), retell(e->text), _(info->cure));
    ask_text(w, title, &text, 0);
}

void ask_path(struct wz *w, bool is_open, int key)
{
    struct modal *m = &w->modal;
    modal_begin(m, is_open ? BOX_OPEN : BOX_SAVE, is_open ? _("Open a job file") : _("Save the job"), key, w->now_ms);
    buf_adds(&m->text, is_open ? _("A job.yaml, or DM's files: task, sources, topology. Several have spaces between them and make one job; quotes go around a name with spaces.") : _("Passwords are written as references, never themselves. Those that were typed here can go into an encrypted file beside the job."));
    modal_add_field(m, _("File"), false, NULL);
    if (!is_open) {
        char *offer = x_format("%s.yaml", w->job->name ? w->job->name : "migration");
        edit_set(&m->field[0].edit, w->path[0] ? w->path : offer);
        m->field[0].edit.is_offered = !w->path[0]; /* what is typed stands instead of it */
        free(offer);
    }
    modal_add_button(m, is_open ? _("Open") : _("Save"), false);
    if (!is_open) {
        modal_add_button(m, _("Encrypted …"), false);
        m->button[1].takes_fields = true;
        modal_add_button(m, _("DM's files …"), false);
    }
    modal_add_button(m, _("Close"), false);
}

/* The same job for a DM cluster. */
void ask_files(struct wz *w, int key)
{
    struct modal *m = &w->modal;
    review_propose_name(w);
    modal_begin(m, BOX_FILES, _("Write DM's files"), key, w->now_ms);
    buf_addf(&m->text, "%s\n\n", dm_topology_is_given(w->job) ? _("task.yaml, a source file for each source, and topology.yaml for TiUP. Files that exist are never touched.")
                                                               : _("task.yaml and a source file for each source. Files that exist are never touched."));
    buf_addf(&m->text, "%s\n", w->job->secret_key_path ? _("Passwords are encrypted with the key file, as dmctl does it.")
                                                       : _("Passwords are left empty: no key file of dm-master is named to encrypt them with."));
    modal_add_field(m, _("Folder"), false, NULL);
    char *dir = x_format("%s-dm", w->job->name ? w->job->name : "job");
    edit_set(&m->field[0].edit, dir);
    free(dir);
    modal_add_button(m, _("Write"), false);
    modal_add_button(m, _("Close"), false);
}

static void path_pressed(struct wz *w, struct wz_effect *out)
{
    unsigned b = w->modal.focus - w->modal.nfields;
    bool seals = w->modal.kind == BOX_SAVE && b == 1;
    if (w->modal.kind == BOX_SAVE && b == 2) {
        ask_files(w, K_ENTER);
        return;
    }
    bool is_taken = b == 0 || seals;
    if (is_taken && !w->modal.field[0].edit.n) {
        wz_notice(w, "%s", _("the file needs a name"));
        return;
    }
    if (seals && !job_typed(w->job)) {
        wz_notice(w, "%s", _("no password was typed here: references stay what they are"));
        return;
    }
    if (is_taken) {
        out->seals = seals;
        out->kind = w->modal.kind == BOX_OPEN ? WZ_OPEN : WZ_SAVE;
        snprintf(out->text, sizeof out->text, "%s", w->modal.field[0].edit.text);
    }
    modal_close(&w->modal);
}

void ask_feed(struct wz *w, const struct input *in, struct wz_effect *out)
{
    if (scope_box_feed(w, in, out) || modal_feed(&w->modal, in, w->now_ms) != MODAL_PRESSED)
        return;
    unsigned b = w->modal.focus - w->modal.nfields;
    switch (w->modal.kind) {
    case BOX_CURE:
        cure_pressed(w, out);
        break;
    case BOX_ACCEPT:
        accept_pressed(w, out);
        break;
    case BOX_START:
        modal_close(&w->modal);
        out->kind = b == 1 ? WZ_RUN : WZ_NONE;
        break;
    case BOX_LEAVE:
        leave_pressed(w, out);
        break;
    case BOX_SAVE:
    case BOX_OPEN:
        path_pressed(w, out);
        break;
    case BOX_FILES:
        if (b == 0 && w->modal.field[0].edit.n) {
            out->kind = WZ_WRITE_DM;
            snprintf(out->text, sizeof out->text, "%s", w->modal.field[0].edit.text);
        }
        modal_close(&w->modal);
        break;
    default:
        if (!ask_ends_pressed(w, b, out) && !ask_sealed_pressed(w, b, out))
            modal_close(&w->modal);
        break;
    }
}
