// SPDX-License-Identifier: Apache-2.0
#include "wizard/draft.h"

#include "base/file.h"
#include "ui/text.h"
#include "wizard/pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST "# tidegate draft, page "
#define KEEP_MS 1000

static char *draft_path(const char *home)
{
    return x_format("%s/.draft.yaml", home);
}

/* ---- the text ---- */

/* A comment ends with its line; what is typed holds no line end, a file's name might. */
static void put_line(struct buf *out, const char *what, const char *text)
{
    if (text[0] && !strpbrk(text, "\r\n"))
        buf_addf(out, "# %s %s\n", what, text);
}

static void put_way(struct buf *out, const char *end, const struct way *y)
{
    char name[40];
    if (y->kind == WAY_DIRECT && !y->host[0] && !y->jump[0])
        return;
    buf_addf(out, "# %s-way %d %lld %lld\n", end, (int)y->kind, (long long)y->port, (long long)y->jump_port);
    snprintf(name, sizeof name, "%s-host", end);
    put_line(out, name, y->host);
    snprintf(name, sizeof name, "%s-jump", end);
    put_line(out, name, y->jump);
    snprintf(name, sizeof name, "%s-user", end);
    put_line(out, name, y->user);
}

void draft_text(const struct wz *w, struct buf *out)
{
    char name[120];
    buf_addf(out, FIRST "%d\n# source %zu\n", (int)w->at, w->source_at);
    put_line(out, "file", w->path);
    put_way(out, "source", &w->way[0]);
    put_way(out, "target", &w->way[1]);
    for (int s = 0; s < STEP_COUNT; s++)
        for (size_t i = 0; i < w->form[s].n; i++) {
            const char *typed = form_typed(&w->form[s], i);
            snprintf(name, sizeof name, "typed %d %.80s", s, w->form[s].field[i].path);
            if (typed && typed[0])
                put_line(out, name, typed);
            else if (typed)
                buf_addf(out, "# %s \n", name); /* it was emptied */
        }
    job_emit(w->job, out);
}

bool draft_write(const char *home, const struct buf *text, struct err *e)
{
    char *path = draft_path(home);
    bool fine = file_replace(path, text, e);
    free(path);
    return fine;
}

/* ---- reading ---- */

/* The rest of a comment line behind that word, or NULL. */
static const char *behind(const char *line, const char *word)
{
    size_t n = strlen(word);
    return strncmp(line, "# ", 2) == 0 && strncmp(line + 2, word, n) == 0 && line[2 + n] == ' ' ? line + 3 + n : NULL;
}

static FILE *open_draft(const char *home, char line[1400], enum step *at)
{
    char *path = draft_path(home);
    FILE *in = fopen(path, "re");
    free(path);
    if (in && fgets(line, 1400, in) && strncmp(line, FIRST, sizeof FIRST - 1) == 0) {
        long page = strtol(line + sizeof FIRST - 1, NULL, 10);
        *at = page > STEP_START && page < STEP_COUNT ? (enum step)page : STEP_SOURCE;
        return in;
    }
    if (in)
        fclose(in);
    return NULL;
}

/* The next line of the comments above the job, without its end. */
static bool next_comment(FILE *in, char line[1400])
{
    if (!fgets(line, 1400, in) || line[0] != '#')
        return false;
    line[strcspn(line, "\n")] = 0;
    return true;
}

bool draft_read(const char *home, struct job *job, struct draft *out)
{
    char *path = draft_path(home), line[1400] = "";
    struct job_problems problems = {0};
    struct job own;
    struct stat st;
    *out = (struct draft){.is_there = false};
    FILE *in = open_draft(home, line, &out->at);
    while (in && next_comment(in, line))
        if (behind(line, "file"))
            snprintf(out->file, sizeof out->file, "%s", behind(line, "file"));
    if (in && fstat(fileno(in), &st) == 0)
        out->at_ms = (int64_t)st.st_mtime * 1000;
    job_init(&own);
    bool fine = in && job_load(&own, (const char *const[]){path}, 1, &problems);
    if (in)
        fclose(in);
    if (fine)
        snprintf(out->name, sizeof out->name, "%s", own.name ? own.name : own.nsources && own.sources[0].host ? own.sources[0].host : "");
    out->is_there = fine;
    if (fine && job)
        *job = own;
    else
        job_release(&own);
    job_problems_release(&problems);
    free(path);
    return fine;
}

static void take_way(const char *line, const char *end, struct way *y)
{
    char name[40];
    long long port = 0, jump_port = 0;
    int kind = 0;
    snprintf(name, sizeof name, "%s-way", end);
    if (behind(line, name) && sscanf(behind(line, name), "%d %lld %lld", &kind, &port, &jump_port) == 3 && kind >= WAY_DIRECT && kind <= WAY_LOCAL) {
        y->kind = (enum way_kind)kind;
        y->port = port;
        y->jump_port = jump_port;
    }
    snprintf(name, sizeof name, "%s-host", end);
    if (behind(line, name))
        snprintf(y->host, sizeof y->host, "%s", behind(line, name));
    snprintf(name, sizeof name, "%s-jump", end);
    if (behind(line, name))
        snprintf(y->jump, sizeof y->jump, "%s", behind(line, name));
    snprintf(name, sizeof name, "%s-user", end);
    if (behind(line, name))
        snprintf(y->user, sizeof y->user, "%s", behind(line, name));
}

/* "1 source.host db.exa": into the form, as if it were typed now and the field left. */
static void take_typed(struct wz *w, const char *text)
{
    char *path;
    long s = strtol(text, &path, 10);
    path += *path == ' ';
    size_t n = strcspn(path, " ");
    if (s < 0 || s >= STEP_COUNT || !path[n])
        return;
    for (size_t i = 0; i < w->form[s].n; i++) {
        const struct form_field *f = &w->form[s].field[i];
        if (f->look == FORM_TEXT && strlen(f->path) == n && strncmp(f->path, path, n) == 0)
            form_put(&w->form[s], w, i, path + n + 1);
    }
}

static void take_comments(const char *home, struct wz *w)
{
    char line[1400];
    enum step ignored;
    FILE *in = open_draft(home, line, &ignored);
    while (in && next_comment(in, line)) {
        if (behind(line, "source"))
            w->source_at = TG_MIN((size_t)strtoul(behind(line, "source"), NULL, 10), w->job->nsources ? w->job->nsources - 1 : 0);
        take_way(line, "source", &w->way[0]);
        take_way(line, "target", &w->way[1]);
        if (behind(line, "typed"))
            take_typed(w, behind(line, "typed"));
    }
    if (in)
        fclose(in);
}

/* ---- a window's draft ---- */

static const char *home_of(const struct wz *w)
{
    return w->o ? w->o->home : NULL;
}

void draft_open(struct draft_keeper *k, struct wz *w)
{
    const char *file = w->o ? w->o->job_path : NULL;
    bool is_empty = !file && !w->job->nsources;
    *k = (struct draft_keeper){.kept = NULL};
    if (!home_of(w) || !draft_read(home_of(w), NULL, &w->draft))
        return;
    w->draft.is_there = is_empty || (file && strcmp(file, w->draft.file) == 0);
}

void draft_close(struct draft_keeper *k)
{
    free(k->kept);
    k->kept = NULL;
}

static bool is_unsaved(const struct wz *w)
{
    bool found = w->is_changed;
    for (int s = 0; s < STEP_COUNT && !found; s++)
        for (size_t i = 0; i < w->form[s].n; i++)
            found |= form_typed(&w->form[s], i) != NULL;
    return found;
}

void draft_keep(struct draft_keeper *k, const struct wz *w, bool is_leaving)
{
    struct err ignored = {0};
    struct buf text = {0};
    if (!home_of(w) || (!is_leaving && (!k->has_news || w->now_ms - k->at_ms < KEEP_MS)))
        return;
    k->has_news = false;
    k->at_ms = w->now_ms;
    if (!is_unsaved(w))
        return;
    draft_text(w, &text);
    if (!k->is_ours || !k->kept || strcmp(k->kept, text.p) != 0) {
        free(k->kept);
        k->kept = x_strdup(text.p);
        k->is_ours = draft_write(home_of(w), &text, &ignored);
    }
    buf_release(&text);
}

void draft_drop(struct draft_keeper *k, const struct wz *w)
{
    if (k->is_ours && home_of(w))
        draft_remove(home_of(w));
    k->is_ours = false;
}

static bool lacks_secret(const struct job *j)
{
    bool lacks = !j->target.password.value && j->target.host;
    for (size_t i = 0; i < j->nsources; i++)
        lacks |= !j->sources[i].password.value && j->sources[i].host;
    return lacks;
}

bool draft_carry_on(struct draft_keeper *k, struct wz *w, struct wz_effect *out)
{
    struct job job;
    struct draft found;
    struct err ignored = {0};
    if (!home_of(w) || !draft_read(home_of(w), &job, &found)) {
        wz_notice(w, "%s", _("the draft can't be read any more"));
        return false;
    }
    job_resolve(&job, NULL, NULL, &ignored); /* as far as it goes without asking */
    wz_take_job(w, &job, found.file, found.at);
    w->is_changed = true;
    k->is_ours = true;
    w->draft.is_there = false;
    take_comments(home_of(w), w);
    form_judge(&w->form[STEP_SOURCE], w);
    form_judge(&w->form[STEP_TARGET], w);
    wz_go(w, TG_MIN(found.at, STEP_CHECKS), out); /* what servers said is asked anew */
    if (lacks_secret(w->job))
        wz_notice(w, "%s", _("your answers are back; passwords are never kept and are asked for again"));
    else
        wz_notice(w, "%s", _("your answers are back"));
    return true;
}

void draft_remove(const char *home)
{
    char *path = draft_path(home);
    unlink(path);
    free(path);
}

bool draft_is_native(const char *path)
{
    char line[400];
    bool found = false;
    FILE *in = fopen(path, "re");
    while (in && !found && fgets(line, sizeof line, in))
        found = strncmp(line, "version:", 8) == 0;
    if (in)
        fclose(in);
    return found;
}

void path_expand(const char *typed, char *out, size_t size)
{
    const char *home = getenv("HOME");
    if (typed[0] == '~' && (typed[1] == '/' || !typed[1]) && home)
        snprintf(out, size, "%s%s", home, typed + 1);
    else
        snprintf(out, size, "%s", typed);
}
