// SPDX-License-Identifier: Apache-2.0
// Boxes of the pages about the two ends: where a secret comes from, several sources, a file that is there, a text to copy.
#include "ui/text.h"
#include "wizard/pages.h"

#include <stdio.h>
#include <stdlib.h>

enum { BOX_ORIGIN = 50, BOX_SOURCES, BOX_OVERWRITE, BOX_COPY, BOX_LOST };

/* ---- the origin of a secret ---- */

void ask_origin(struct wz *w, const struct form_field *f, int key)
{
    struct modal *m = &w->modal;
    char path[200];
    const struct job_secret *s = job_secret_at(w->job, form_path(f, w, path));
    w->secret = f;
    modal_begin(m, BOX_ORIGIN, _("Where does the password come from?"), key, w->now_ms);
    buf_adds(&m->text, _("What is typed into the page stays in memory of this window and is handed to the run through a pipe. The job file only ever "
                         "holds a reference: which one is chosen here."));
    modal_add_field(m, _("Variable or file"), false, NULL);
    if (s && s->reference)
        edit_set(&m->field[0].edit, s->reference);
    modal_add_button(m, _("As it is: typed here, reference as it stands"), false);
    modal_add_button(m, _("The environment variable of that name"), false);
    modal_add_button(m, _("The first line of that file"), false);
    modal_add_button(m, _("Ask each time a run starts"), false);
    m->button[3].leaves_fields = true;
    if (s && s->origin == SECRET_SEALED && !s->value) {
        modal_add_button(m, _("Open the encrypted file with its passphrase …"), false);
        m->button[4].leaves_fields = true;
    }
    m->is_column = true;
    snprintf(m->keys, sizeof m->keys, "%s", _("Tab Next   Enter Choose   Esc Close"));
}

static void origin_pressed(struct wz *w, unsigned button)
{
    char path[200];
    struct err e = {0};
    const char *name = w->modal.field[0].edit.text;
    char *reference = button == 1 ? x_format("${env:%s}", name) : button == 2 ? x_format("${file:%s}", name) : x_strdup("${ask}");
    if (button && button < 3 && !name[0]) {
        wz_notice(w, "%s", _("type the name of the variable or the file first"));
        w->modal.focus = 0;
        free(reference);
        return;
    }
    modal_close(&w->modal);
    if (button == 4) {
        ask_sealed(w, NULL);
    } else if (button) {
        form_forget(&w->form[w->at]);
        bool fine = button == 3 ? job_set_secret(w->job, form_path(w->secret, w, path), reference, NULL, &e)
                                : job_set(w->job, form_path(w->secret, w, path), reference, &e);
        if (fine)
            wz_changed(w);
        else
            wz_notice(w, "%s: %s", err_info(e.code)->id, e.text);
        form_judge(&w->form[w->at], w);
    }
    free(reference);
}

/* ---- several sources ---- */

void ask_sources(struct wz *w, int key)
{
    struct modal *m = &w->modal;
    modal_begin(m, BOX_SOURCES, _("Several sources"), key, w->now_ms);
    buf_addf(&m->text, w->job->nsources > 1 ? _("This job names %zu sources.\n\n") : _("This job names one source.\n\n"), w->job->nsources);
    buf_adds(&m->text, _("A run of this version takes ONE source: with several, the checks look at the first, and starting is refused. A job file may still "
                         "carry them, for DM's own files and for a later version. Until then make a run of each source: they may share a target."));
    modal_add_button(m, _("Close"), false);
    modal_add_button(m, _("Add another source"), false);
    if (w->job->nsources > 1)
        modal_add_button(m, _("Remove the one that is shown"), false);
    m->is_column = true;
}

static void remove_source(struct wz *w)
{
    struct job *j = w->job, kept;
    size_t gone = TG_MIN(w->source_at, j->nsources - 1);
    struct job_end last = j->sources[gone];
    for (size_t i = gone; i + 1 < j->nsources; i++)
        j->sources[i] = j->sources[i + 1];
    j->sources[j->nsources - 1] = last; /* the copy below leaves it behind */
    j->nsources--;
    job_copy(&kept, j);
    j->nsources++;
    job_release(j);
    *j = kept;
    w->source_at = TG_MIN(w->source_at, j->nsources - 1);
}

static void sources_pressed(struct wz *w, unsigned button)
{
    struct err e = {0};
    char path[100];
    modal_close(&w->modal);
    if (button == 0)
        return;
    form_focus(&w->form[STEP_SOURCE], w, SIZE_MAX);
    form_forget(&w->form[STEP_SOURCE]);
    if (button == 2) {
        remove_source(w);
    } else {
        if (!w->job->nsources)
            job_set(w->job, "source.port", "3306", &e);
        w->source_at = w->job->nsources;
        job_set(w->job, end_path(w, false, "port", path), "3306", &e);
    }
    memset(&w->probe[PROBE_SOURCE], 0, sizeof w->probe[PROBE_SOURCE]);
    memset(&w->way[0], 0, sizeof w->way[0]);
    w->focus[STEP_SOURCE] = 0;
    wz_changed(w);
}

/* ---- a file that is there ---- */

void ask_overwrite(struct wz *w, const char *path, bool seals)
{
    struct modal *m = &w->modal;
    modal_begin(m, BOX_OVERWRITE, _("There is a file of that name"), 0, w->now_ms);
    snprintf(w->pending_path, sizeof w->pending_path, "%s", path);
    w->pending_seals = seals;
    buf_addf(&m->text, _("%s exists, and this job was not read from it. What stands in it would be gone."), path);
    modal_add_button(m, _("Another name"), false);
    modal_add_button(m, _("Replace it"), false);
    m->is_column = true;
}

/* ---- a run that can't go on ---- */

void ask_lost(struct wz *w, const char *run)
{
    struct modal *m = &w->modal;
    char title[120];
    const struct err_info *info = err_info(ERR_BINLOG_PURGED);
    snprintf(title, sizeof title, _("%s can't go on"), run);
    modal_begin(m, BOX_LOST, title, K_ENTER, w->now_ms);
    snprintf(w->pending_path, sizeof w->pending_path, "%s", run);
    buf_addf(&m->text, "%s %s\n%s\n\n%s\n\n%s\n", info->id, _(info->title), _(info->cause), _("The changes in between are gone: what the target holds can't be brought up to date."), _(info->cure));
    modal_add_button(m, _("Leave it as it is"), false);
    modal_add_button(m, _("Try all the same"), false);
    m->is_column = true;
}

/* ---- a text to copy ---- */

void ask_copy(struct wz *w, const char *title, struct buf *text, int key)
{
    struct modal *m = &w->modal;
    modal_begin(m, BOX_COPY, title, key, w->now_ms);
    m->text = *text;
    *text = (struct buf){0};
    m->width = 100;
    modal_add_button(m, _("Copy"), false);
    modal_add_button(m, _("Close"), false);
}

/* What is copied: the lines that stand as they are, without their two spaces. */
static void copy_pressed(struct wz *w, struct wz_effect *out)
{
    size_t n = 0;
    out->kind = WZ_COPY;
    for (const char *p = w->modal.text.p; p && *p;) {
        size_t k = strcspn(p, "\n");
        if (k > 2 && p[0] == ' ' && p[1] == ' ' && n < sizeof out->text)
            n += (size_t)snprintf(out->text + n, sizeof out->text - n, "%.*s\n", (int)k - 2, p + 2);
        p += k + (p[k] == '\n');
    }
    wz_notice(w, "%s", _("copied, as far as this terminal lets a program do that"));
}

bool ask_ends_pressed(struct wz *w, unsigned button, struct wz_effect *out)
{
    switch (w->modal.kind) {
    case BOX_ORIGIN:
        origin_pressed(w, button);
        return true;
    case BOX_SOURCES:
        sources_pressed(w, button);
        return true;
    case BOX_OVERWRITE:
        modal_close(&w->modal);
        if (button == 1) {
            out->kind = WZ_SAVE;
            out->may_replace = true;
            out->seals = w->pending_seals;
            snprintf(out->text, sizeof out->text, "%s", w->pending_path);
        } else {
            ask_path(w, false, K_ENTER);
        }
        return true;
    case BOX_LOST:
        modal_close(&w->modal);
        if (button == 1) {
            out->kind = WZ_RESUME;
            snprintf(out->text, sizeof out->text, "%.39s", w->pending_path);
        }
        return true;
    case BOX_COPY:
        if (button == 0)
            copy_pressed(w, out);
        modal_close(&w->modal);
        return true;
    default:
        return false;
    }
}
