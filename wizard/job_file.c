// SPDX-License-Identifier: Apache-2.0
#include "wizard/job_file.h"

#include "base/file.h"
#include "base/retell.h"
#include "conf/dm_emit.h"
#include "ui/text.h"
#include "wizard/draft.h"
#include "wizard/pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FILES 32

/* ---- saving ---- */

static void path_to(const struct wz *w, const struct wz_effect *f, char *out, size_t size)
{
    if (f->text[0])
        path_expand(f->text, out, size);
    else if (w->path[0])
        snprintf(out, size, "%s", w->path);
    else
        snprintf(out, size, "%.40s.yaml", w->job->name ? w->job->name : "job");
}

/* Files that are there, then a passphrase: a box at a time. */
static bool asks_first(struct wz *w, const struct wz_effect *f, const char *path)
{
    if (f->password)
        return false;
    if (!f->may_replace && strcmp(path, w->path) != 0 && access(path, F_OK) == 0) {
        ask_overwrite(w, path, f->seals);
        return true;
    }
    if (!f->seals)
        return false;
    char *sealed = job_sealed_beside(path);
    if (!job_typed(w->job))
        wz_notice(w, "%s", _("no password was typed here: references stay what they are"));
    else if (!f->may_replace_sealed && access(sealed, F_OK) == 0)
        ask_replace_sealed(w, path, sealed);
    else
        ask_seal(w, path);
    free(sealed);
    return true;
}

bool job_file_save(struct wz *w, const struct wz_effect *f)
{
    struct err e = {0};
    struct buf text = {0};
    char path[sizeof w->path];
    path_to(w, f, path, sizeof path);
    if (asks_first(w, f, path))
        return false;
    char *sealed = f->password ? job_sealed_beside(path) : NULL;
    bool fine = !sealed || job_seal(w->job, sealed, f->password, &e); /* first: a job never names a file that is not there */
    secret_free(f->password);
    job_emit_beside(w->job, path, &text);
    fine = fine && file_replace(path, &text, &e);
    buf_release(&text);
    if (!fine) {
        wz_notice(w, "%s: %s", err_info(e.code)->id, retell(e.text));
        w->leaves_after_save = false;
    } else {
        snprintf(w->path, sizeof w->path, "%s", path);
        w->is_changed = false;
        if (sealed)
            wz_notice(w, _("saved as %s; the passwords are in %s"), w->path, sealed);
        else
            wz_notice(w, _("saved as %s; passwords stay references"), w->path);
    }
    free(sealed);
    return fine;
}

bool job_file_unseal(struct wz *w, const struct wz_effect *f)
{
    struct err e = {0};
    bool fine = job_unseal(w->job, f->text, f->password, &e);
    secret_free(f->password);
    form_judge(&w->form[STEP_SOURCE], w);
    form_judge(&w->form[STEP_TARGET], w);
    if (!fine && e.code == ERR_SEALED_PASSPHRASE)
        ask_sealed_again(w, f->text, _("The passphrase does not fit."));
    else if (!fine)
        ask_failure(w, _("The passwords were not opened"), &e);
    else if (ask_sealed(w, &w->after)) /* another file */
        fine = false;
    else
        wz_notice(w, "%s", _("the passwords are open, in memory only"));
    return fine;
}

/* What was written, and what to know of it, in a box. */
void job_file_write_dm(struct wz *w, const char *dir)
{
    struct err e = {0};
    struct buf text = {0};
    struct dm_out out;
    bool ok = dm_emit(w->job, &out);
    bool done = ok && dm_out_write(&out, dir, &e);
    if (!ok)
        buf_addf(&text, "%s\n\n", _("Nothing was written."));
    else if (!done)
        buf_addf(&text, "%s %s: %s\n\n%s\n", err_info(e.code)->id, _(err_info(e.code)->title), retell(e.text), _("Nothing was written. Choose another folder."));
    else
        buf_addf(&text, _("Written into %s:"), dir);
    for (size_t i = 0; done && i < out.n; i++)
        buf_addf(&text, " %s", out.file[i].name);
    if (done)
        buf_addf(&text, "\n\n%s\n", out.told.n ? _("To know before the task is started (it stands in task.yaml too):") : _("DM says it all: nothing of the job was left out."));
    for (size_t i = 0; (done || !ok) && i < out.told.n; i++)
        buf_addf(&text, "%s %s: %s\n", out.told.list[i].is_warning ? "!" : "✗", out.told.list[i].err.where, retell(out.told.list[i].err.text));
    dm_out_release(&out);
    ask_text(w, _("DM's files"), &text, 0);
}

/* ---- opening ---- */

/* One word of *p, which moves behind it; NULL: there is none. */
static char *next_word(const char **p)
{
    struct buf word = {0};
    char quote = 0;
    const char *s = *p + strspn(*p, " \t");
    if (!*s)
        return NULL;
    for (; *s && (quote || (*s != ' ' && *s != '\t')); s++) {
        if (quote ? *s == quote : *s == '"' || *s == '\'')
            quote = quote ? 0 : *s;
        else if (*s == '\\' && quote != '\'' && s[1])
            buf_addc(&word, *++s);
        else
            buf_addc(&word, *s);
    }
    *p = s;
    return buf_take(&word);
}

size_t job_file_names(const char *typed, char **out, size_t room)
{
    char whole[4096];
    size_t n = 0;
    path_expand(typed, whole, sizeof whole);
    if (access(whole, F_OK) == 0) {
        out[0] = x_strdup(whole);
        return 1;
    }
    for (char *word; n < room && (word = next_word(&typed)) != NULL; free(word)) {
        path_expand(word, whole, sizeof whole);
        out[n++] = x_strdup(whole);
    }
    return n;
}

/* Every problem with its place and what to do. */
static void tell_problems(struct wz *w, const char *typed, const struct job_problems *p)
{
    struct buf text = {0};
    buf_addf(&text, p->nerrors ? _("%s was not taken. Nothing was changed.\n") : _("%s is open. It says:\n"), typed);
    for (size_t i = 0; i < p->n; i++) {
        const struct err *e = &p->list[i].err;
        buf_addf(&text, "\n%s %s\n%s%s%s\n%s\n", p->list[i].is_warning ? "!" : "✗", e->where, err_info(e->code)->id, e->code == ERR_OK ? "" : " ", retell(e->text),
                 _(err_info(e->code)->cure));
    }
    ask_text(w, p->nerrors ? _("The file has problems") : _("The file was opened"), &text, 0);
}

static void show_given(struct wz *w, enum step at)
{
    struct wz_effect effect = {.kind = WZ_NONE};
    w->reached = STEP_REVIEW;
    wz_go(w, at, &effect);
    form_judge(&w->form[STEP_SOURCE], w);
    form_judge(&w->form[STEP_TARGET], w);
}

bool job_file_given(struct wz *w)
{
    if (!w->job->nsources)
        return false;
    show_given(w, w->at);
    return true;
}

bool job_file_open(struct wz *w, const char *typed)
{
    char *names[FILES];
    struct job job;
    struct job_problems problems = {0};
    size_t n = job_file_names(typed, names, FILES);
    job_init(&job);
    bool fine = n && job_load(&job, (const char *const *)names, n, &problems);
    if (fine) {
        bool is_own = n == 1 && draft_is_native(names[0]); /* DM's own file, and one of several, is never written over */
        wz_take_job(w, &job, is_own ? names[0] : "", STEP_REVIEW);
        show_given(w, STEP_SOURCE);
        wz_notice(w, n == 1 ? _("%s is open; {F2} goes to any page") : _("%s are open as one job; {F2} goes to any page"), typed);
    }
    if (problems.n)
        tell_problems(w, typed, &problems);
    else if (fine)
        ask_sealed(w, NULL);
    job_problems_release(&problems);
    job_release(&job);
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    return fine;
}
