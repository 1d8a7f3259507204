// SPDX-License-Identifier: Apache-2.0
// The job's life: defaults from the field table, --set, secrets, answers; and the findings and
// notes that loading leaves behind. What a job means for a table is in scope.c, how it is read in
// load.c and read.c.
#include "conf/dm_secret.h"
#include "base/text.h"
#include "conf/read.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void put_defaults(const struct field *table, void *base)
{
    struct err e;
    for (const struct field *f = table; f->path; f++)
        if (f->def && field_is_scalar(f) && !field_put(f, base, f->def, &e))
            tg_bug("default of %s: %s", f->path, e.text);
}

void end_init(struct job_end *end, bool is_target)
{
    struct err e;
    *end = (struct job_end){0};
    put_defaults(end_fields, end);
    if (is_target)
        field_put(field_in(end_fields, "port"), end, TARGET_PORT, &e);
}

void end_release(struct job_end *end)
{
    for (const struct field *f = end_fields; f->path; f++)
        field_release(f, end);
}

struct job_end *job_add_source(struct job *j)
{
    j->sources = x_realloc(j->sources, (j->nsources + 1) * sizeof *j->sources);
    end_init(&j->sources[j->nsources], false);
    return &j->sources[j->nsources++];
}

void job_init(struct job *j)
{
    *j = (struct job){0};
    put_defaults(job_fields, j);
    end_init(&j->target, true);
}

void list_add(struct job_list *l, char *schema, char *table)
{
    l->rules = x_realloc(l->rules, (l->n + 1) * sizeof *l->rules);
    l->rules[l->n++] = (struct job_rule){schema, table};
}

void list_release(struct job_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->rules[i].schema);
        free(l->rules[i].table);
    }
    free(l->rules);
    *l = (struct job_list){0};
}

static void release_routes(struct job *j)
{
    for (size_t i = 0; i < j->nroutes; i++) {
        free(j->routes[i].from_schema);
        free(j->routes[i].from_table);
        free(j->routes[i].to_schema);
        free(j->routes[i].to_table);
    }
    free(j->routes);
    j->routes = NULL;
    j->nroutes = 0;
}

static void release_answers(struct job *j)
{
    for (size_t i = 0; i < j->nanswers; i++) {
        free(j->answers[i].id);
        free(j->answers[i].table);
        free(j->answers[i].choice);
    }
    free(j->answers);
    j->answers = NULL;
    j->nanswers = 0;
}

const char *field_default(const struct field *f, const char *path)
{
    return !strcmp(path, "target.port") ? TARGET_PORT : f->def;
}

void field_release(const struct field *f, void *base)
{
    void *at = (char *)base + f->offset;
    struct job *j = base;
    switch (f->type) {
    case F_TEXT:
        free(*(char **)at);
        *(char **)at = NULL;
        break;
    case F_SECRET:
        secret_clear(at);
        break;
    case F_WORDS: {
        size_t *n = (size_t *)((char *)base + f->count_offset);
        while (*n)
            free((*(char ***)at)[--*n]);
        free(*(char ***)at);
        *(char ***)at = NULL;
        break;
    }
    case F_RULES:
        list_release(at);
        break;
    case F_ROUTES:
        release_routes(j);
        break;
    case F_ANSWERS:
        release_answers(j);
        break;
    case F_EVENTS:
        events_release(j);
        break;
    case F_SOURCES:
        for (size_t i = 0; i < j->nsources; i++)
            end_release(&j->sources[i]);
        free(j->sources);
        j->sources = NULL;
        j->nsources = 0;
        break;
    case F_TARGET:
        end_release(at);
        break;
    default:
        break;
    }
}

static void note_free(struct job_note *n)
{
    free(n->path);
    free(n->raw);
    free(n->where);
    free(n->text);
}

void job_release(struct job *j)
{
    for (const struct field *f = job_fields; f->path; f++)
        field_release(f, j);
    for (size_t i = 0; i < j->nnotes; i++)
        note_free(&j->notes[i]);
    free(j->notes);
    *j = (struct job){0};
}

void note_add(struct job *j, enum err_code code, const char *path, const char *raw,
              const char *where, const char *text)
{
    j->notes = x_realloc(j->notes, (j->nnotes + 1) * sizeof *j->notes);
    j->notes[j->nnotes++] = (struct job_note){code, x_strdup(path), raw ? x_strdup(raw) : NULL,
                                              x_strdup(where), x_strdup(text)};
}

void notes_drop(struct job *j, const char *path, size_t below)
{
    size_t kept = 0;
    for (size_t i = 0; i < j->nnotes; i++) {
        if (i >= below || strcmp(j->notes[i].path, path))
            j->notes[kept++] = j->notes[i];
        else
            note_free(&j->notes[i]);
    }
    j->nnotes = kept;
}

const char *note_raw(const struct job *j, const char *path)
{
    for (size_t i = 0; i < j->nnotes; i++)
        if (j->notes[i].raw && !strcmp(j->notes[i].path, path))
            return j->notes[i].raw;
    return NULL;
}

void problem_add(struct job_problems *out, bool is_warning, enum err_code code, const char *where,
                 const char *fmt, ...)
{
    char text[1000];
    va_list ap;
    if (!is_warning)
        out->nerrors++;
    for (size_t i = out->n; out->n >= PROBLEMS_MAX && !is_warning && i > 0; i--)
        if (out->list[i - 1].is_warning) { /* an error takes the place of a warning */
            memmove(&out->list[i - 1], &out->list[i], (out->n-- - i) * sizeof *out->list);
            break;
        }
    if (out->n >= PROBLEMS_MAX)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    out->list = x_realloc(out->list, (out->n + 1) * sizeof *out->list);
    struct job_problem *p = &out->list[out->n++];
    *p = (struct job_problem){.is_warning = is_warning};
    err_set(&p->err, code, "%s", text);
    snprintf(p->err.where, sizeof p->err.where, "%s", where);
}

void job_problems_release(struct job_problems *p)
{
    free(p->list);
    *p = (struct job_problems){0};
}

bool run_name_is_valid(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++)
        if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') ||
              (i && name[i] == '-')))
            return false;
    return n > 0 && n <= 32;
}

char *run_name_of(const char *text)
{
    struct buf b = {0};
    for (; *text && b.n < 32; text++) {
        int c = tolower((unsigned char)*text);
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            buf_addc(&b, (char)c);
        else if (b.n && b.p[b.n - 1] != '-')
            buf_addc(&b, '-');
    }
    while (b.n && b.p[b.n - 1] == '-')
        b.p[--b.n] = 0;
    if (!b.n)
        buf_adds(&b, "run");
    return buf_take(&b);
}

// Lists of --set: YAML where it looks like it, else words with commas between them.
static bool set_list(struct reader *r, const struct field *f, void *base, const char *path,
                     const char *value, struct err *e)
{
    struct buf text = {0};
    struct ydoc doc = {0};
    if (value[0] == '[' || value[0] == '{') {
        buf_adds(&text, value);
    } else {
        buf_addc(&text, '[');
        while (*value) {
            char *word = x_strndup(value, strcspn(value, ","));
            yaml_quote(word, &text);
            buf_adds(&text, ", ");
            value += strlen(word);
            value += *value == ',';
            free(word);
        }
        buf_addc(&text, ']');
    }
    bool is_fine = ydoc_parse(&doc, "--set", text.p, text.n, e);
    if (is_fine && doc.root) {
        rd_duplicates(r, &doc);
        rd_value(r, f, base, path, doc.root);
    }
    ydoc_release(&doc);
    buf_release(&text);
    return is_fine;
}

static bool set_answer(struct reader *r, const char *key, const char *value)
{
    struct ynode k = {.kind = Y_SCALAR, .text = key, .file = "", .n = 0};
    struct ynode v = {.kind = Y_SCALAR, .text = value, .file = ""};
    const struct ynode *items[] = {&k, &v};
    struct ynode map = {.kind = Y_MAP, .items = items, .n = 1, .file = ""};
    rd_value(r, field_in(job_fields, "answers"), r->job, "answers", &map);
    return true;
}

bool job_set(struct job *j, const char *path, const char *value, struct err *e)
{
    char where[160], canonical[200];
    void *base;
    struct job_problems found = {0};
    struct reader r = {.job = j, .out = &found, .where = where};
    size_t before = j->nsources, old_notes = j->nnotes;
    snprintf(where, sizeof where, "--set %.150s", path);
    const struct field *f = field_find(j, path, &base, canonical, sizeof canonical);
    bool is_fine = true;
    if (!utf8_is_clean(value, strlen(value)) || !utf8_is_clean(path, strlen(path))) {
        is_fine =
            err_set(e, ERR_CONF_VALUE, "%s has control characters or is not UTF-8", "the value");
    } else if (!strncmp(path, "answers.", 8)) {
        set_answer(&r, path + 8, value);
    } else if (!f || f->type == F_SOURCES || f->type == F_TARGET) {
        struct ynode key = {.kind = Y_SCALAR, .text = path, .file = ""};
        rd_unknown_path(&r, &key);
    } else if (field_is_scalar(f)) {
        struct ynode y = {.kind = Y_SCALAR, .text = value, .file = ""};
        rd_value(&r, f, base, canonical, &y);
    } else {
        is_fine = set_list(&r, f, base, canonical, value, e);
    }
    for (size_t i = 0; is_fine && i < found.n; i++)
        if (!found.list[i].is_warning) {
            is_fine = false;
            if (e)
                *e = found.list[i].err;
        }
    if (!is_fine && e && !e->where[0])
        snprintf(e->where, sizeof e->where, "%s", where);
    if (is_fine)
        notes_drop(j, canonical, old_notes); /* what this value replaces */
    else if (j->nsources > before)           /* the source that only this path made */
        end_release(&j->sources[--j->nsources]);
    job_problems_release(&found);
    return is_fine;
}

static void copy_secret(struct job_secret *to, const struct job_secret *from)
{
    secret_clear(to);
    *to = (struct job_secret){from->origin, from->reference ? x_strdup(from->reference) : NULL, from->is_typed, secret_copy(from->value)};
}

void job_copy(struct job *to, const struct job *from)
{
    struct buf text = {0};
    struct job_problems ignored = {0}; /* a job that is not complete yet is copied as it is */
    job_init(to);
    job_emit(from, &text);
    conf_load(to, &(struct conf_text){"job", text.p, text.n}, 1, &ignored);
    job_problems_release(&ignored);
    buf_release(&text);
    for (size_t i = 0; i < from->nsources; i++) {
        struct job_end *end = i < to->nsources ? &to->sources[i] : job_add_source(to);
        copy_secret(&end->password, &from->sources[i].password);
        copy_secret(&end->ssh.password, &from->sources[i].ssh.password);
    }
    copy_secret(&to->target.password, &from->target.password);
    copy_secret(&to->target.ssh.password, &from->target.ssh.password);
}

const struct job_secret *job_secret_at(const struct job *j, const char *path)
{
    char canonical[200];
    void *base;
    const struct field *f = field_find((struct job *)(uintptr_t)j, path, &base, canonical, sizeof canonical);
    return f && f->type == F_SECRET ? (const void *)((const char *)base + f->offset) : NULL;
}

bool job_set_secret(struct job *j, const char *path, const char *reference, struct secret *value, struct err *e)
{
    if (!job_set(j, path, reference, e)) {
        secret_free(value);
        return false;
    }
    struct job_secret *s = (struct job_secret *)(uintptr_t)job_secret_at(j, path);
    secret_free(s->value);
    s->value = value;
    s->is_typed = value != NULL;
    return true;
}

static bool resolve_file(struct job_secret *s, const char *label, struct err *e)
{
    char text[4096];
    FILE *file = fopen(s->reference, "re");
    if (!file)
        return err_set(e, ERR_SECRET, "%s: the file %s can't be read: %s", label, s->reference,
                       strerror(errno));
    size_t n = fread(text, 1, sizeof text, file);
    fclose(file);
    while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        n--;
    bool is_fine = n > 0 && n < sizeof text && !memchr(text, 0, n);
    if (is_fine)
        s->value = secret_new(text, n);
    else
        err_set(e, ERR_SECRET, "%s: the file %s holds no password", label, s->reference);
    explicit_bzero(text, sizeof text);
    return is_fine;
}

// As DM: without a key, or where the key does not fit, the text itself is the password.
static bool resolve_dm(struct job_secret *s, const char *key_path, struct err *e)
{
    unsigned char key[32];
    if (key_path) {
        if (!conf_dm_key_read(key_path, key, e))
            return false;
        s->value = conf_dm_decrypt(key, s->reference, NULL);
        explicit_bzero(key, sizeof key);
    }
    if (!s->value)
        s->value = secret_new(s->reference, strlen(s->reference));
    return true;
}

static bool resolve(struct job *j, struct job_secret *s, const char *label,
                    struct secret *(*ask)(void *arg, const char *label), void *arg, struct err *e)
{
    const char *text;
    if (s->value)
        return true;
    switch (s->origin) {
    case SECRET_NONE:
    case SECRET_PLAIN:
        return true;
    case SECRET_ENV:
        text = getenv(s->reference);
        if (!text)
            return err_set(e, ERR_SECRET, "%s: the variable %s is not set", label, s->reference);
        s->value = secret_new(text, strlen(text));
        return true;
    case SECRET_FILE:
        return resolve_file(s, label, e);
    case SECRET_DM:
        return resolve_dm(s, j->secret_key_path, e);
    case SECRET_SEALED:
        return err_set(e, ERR_SEALED_PASSPHRASE, "%s: the passphrase of %.*s was not given", label, (int)(strrchr(s->reference, '#') - s->reference), s->reference);
    case SECRET_ASK:
        break;
    }
    s->value = ask ? ask(arg, label) : NULL;
    return s->value || err_set(e, ERR_SECRET, "%s: nobody is there to ask", label);
}

static bool resolve_end(struct job *j, struct job_end *end, const char *what,
                        struct secret *(*ask)(void *arg, const char *label), void *arg,
                        struct err *e)
{
    char label[300];
    snprintf(label, sizeof label, N_("password of %.60s (%.60s@%.120s)"), what,
             end->user ? end->user : "", end->host ? end->host : "");
    if (!resolve(j, &end->password, label, ask, arg, e))
        return false;
    snprintf(label, sizeof label, N_("SSH password of %.60s"), what);
    return resolve(j, &end->ssh.password, label, ask, arg, e);
}

bool job_resolve(struct job *j, struct secret *(*ask)(void *arg, const char *label), void *arg,
                 struct err *e)
{
    bool is_fine = true;
    for (size_t i = 0; i < j->nsources && (is_fine || !ask); i++)
        is_fine = resolve_end(j, &j->sources[i], j->sources[i].id ? j->sources[i].id : "source", ask, arg, is_fine ? e : NULL) && is_fine;
    if (is_fine || !ask)
        is_fine = resolve_end(j, &j->target, "target", ask, arg, is_fine ? e : NULL) && is_fine;
    return is_fine;
}

const char *job_mode_name(enum job_mode m)
{
    return field_in(job_fields, "mode")->choices[m];
}

const char *job_pace_name(enum job_pace p)
{
    return field_in(job_fields, "pace")->choices[p];
}
