// SPDX-License-Identifier: Apache-2.0
// The job as job.yaml, and the manual. Both walk the field table. Values that equal their default
// are left out; a placeholder is written as it stood. There is no way from here to a secret's
// value: the one function that writes a password knows references only.
#include "conf/field.h"

#include <stdio.h>
#include <stdlib.h>

struct emitter {
    const char *dir; // where the text will lie; NULL: somewhere
    const struct job *job;
    struct buf *out;
    bool has_help;
};

static bool is_simple(const char *text)
{
    static const char *const words[] = {"true", "false", "null", "yes", "no",
                                        "on",   "off",   "y",    "n"};
    size_t n = strlen(text);
    for (size_t i = 0; i < TG_ARRAY_LEN(words); i++)
        if (str_ieq(str_of(text), str_of(words[i])))
            return false;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!is_letter && !(i && ((c >= '0' && c <= '9') || c == '.' || c == '-' || c == '*')))
            return false;
    }
    return n > 0;
}

// Double quotes; whatever a YAML reader would not take raw is escaped.
void yaml_quote(const char *text, struct buf *out)
{
    if (is_simple(text)) {
        buf_adds(out, text);
        return;
    }
    buf_addc(out, '"');
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p == '"' || *p == '\\')
            buf_addf(out, "\\%c", *p);
        else if (*p < 0x20 || *p == 0x7F)
            buf_addf(out, "\\x%02X", *p);
        else if (*p == 0xC2 && p[1] >= 0x80 && p[1] < 0xA0)
            buf_addf(out, "\\x%02X", *++p);
        else if (*p == 0xE2 && p[1] == 0x80 && (p[2] == 0xA8 || p[2] == 0xA9))
            buf_addf(out, "\\u20%02X", p[2] - 0x80), p += 2;
        else if (*p == 0xEF && p[1] == 0xBB && p[2] == 0xBF)
            buf_adds(out, "\\uFEFF"), p += 2;
        else if (*p == 0xEF && p[1] == 0xBF && (p[2] == 0xBE || p[2] == 0xBF))
            buf_addf(out, "\\uFFF%c", p[2] == 0xBE ? 'E' : 'F'), p += 2;
        else
            buf_addc(out, (char)*p);
    }
    buf_addc(out, '"');
}

static void add_rule(const char *schema, const char *table, struct buf *out)
{
    struct buf text = {0};
    rule_format(schema, table, &text);
    yaml_quote(text.p, out);
    buf_release(&text);
}

static bool add_rules(const struct job_list *l, bool has_tables, struct buf *out)
{
    buf_addc(out, '[');
    for (size_t i = 0; i < l->n; i++) {
        buf_adds(out, i ? ", " : "");
        struct buf text = {0};
        rule_format(l->rules[i].schema, l->rules[i].table, &text);
        if (has_tables && !l->rules[i].table && strcmp(l->rules[i].schema, "*") != 0)
            buf_adds(&text, ".*"); /* a whole schema is easier to see */
        yaml_quote(text.p, out);
        buf_release(&text);
    }
    buf_addc(out, ']');
    return l->n > 0;
}

static bool add_words(char *const *words, size_t n, struct buf *out)
{
    buf_addc(out, '[');
    for (size_t i = 0; i < n; i++) {
        buf_adds(out, i ? ", " : "");
        yaml_quote(words[i], out);
    }
    buf_addc(out, ']');
    return n > 0;
}

static bool add_routes(const struct job *j, struct buf *out)
{
    for (size_t i = 0; i < j->nroutes; i++) {
        buf_adds(out, "\n  - {from: ");
        add_rule(j->routes[i].from_schema, j->routes[i].from_table, out);
        buf_adds(out, ", to: ");
        add_rule(j->routes[i].to_schema, j->routes[i].to_table, out);
        buf_adds(out, "}");
    }
    return j->nroutes > 0;
}

static bool add_events(const struct job *j, struct buf *out)
{
    for (size_t i = 0; i < j->nevents; i++) {
        buf_adds(out, "\n  - ");
        event_text(&j->events[i], false, out);
    }
    return j->nevents > 0;
}

static bool add_answers(const struct job *j, struct buf *out)
{
    struct buf key = {0};
    for (size_t i = 0; i < j->nanswers; i++) {
        const struct job_answer *a = &j->answers[i];
        buf_reset(&key);
        buf_addf(&key, "%s%s%s", a->id, a->table ? "@" : "", a->table ? a->table : "");
        buf_adds(out, "\n  ");
        yaml_quote(key.p, out);
        buf_adds(out, ": ");
        yaml_quote(a->choice, out);
    }
    buf_release(&key);
    return j->nanswers > 0;
}

static bool add_refused(const struct job *j, struct buf *out)
{
    size_t n = 0;
    for (size_t i = 0; i < j->nnotes; i++)
        if (j->notes[i].raw && !strcmp(j->notes[i].path, "unsupported")) {
            buf_adds(out, "\n  - ");
            yaml_quote(j->notes[i].raw, out);
            buf_addf(out, "  # %.160s", j->notes[i].where);
            n++;
        }
    return n > 0;
}

static bool add_secret(const struct emitter *em, const struct job_secret *s, struct buf *out)
{
    const struct job *j = em->job;
    struct buf text = {0};
    size_t n = em->dir ? strlen(em->dir) : 0;
    if (n && s->origin == SECRET_SEALED && strncmp(s->reference, em->dir, n) == 0 && s->reference[n] == '/' && !strchr(s->reference + n + 1, '/')) {
        buf_addf(&text, "${sealed:%s}", s->reference + n + 1);
        yaml_quote(text.p, out);
        buf_release(&text);
        return true;
    }
    bool is_known = s->origin != SECRET_PLAIN && (s->origin != SECRET_DM || j->secret_key_path);
    if (is_known && secret_text(s, &text))
        yaml_quote(text.p, out);
    else if (!is_known)
        buf_adds(out, s->origin == SECRET_DM
                          ? "\"${ask}\"  # text of DM, and no secret-key-path to read it"
                          : "\"${ask}\"  # plain text is not written out");
    buf_release(&text);
    return s->origin != SECRET_NONE;
}

static bool is_default(const struct field *f, const char *path, const char *text)
{
    const char *def = field_default(f, path);
    char first[24];
    size_t i = 0;
    if (!strncmp(path, "source", 6) &&
        !strcmp(f->path, "id")) { /* ids that load.c gives by itself */
        sscanf(path, "source[%zu]", &i);
        snprintf(first, sizeof first, "source-%zu", i + 1);
        def = first;
    }
    return def && !strcmp(def, text);
}

// The value behind "key: "; false when there is none, or only the default.
static bool add_value(const struct emitter *em, const struct field *f, const void *base,
                      const char *path, struct buf *out)
{
    const void *at = (const char *)base + f->offset;
    const char *raw = note_raw(em->job, path);
    struct buf text = {0};
    bool has_value;
    switch (f->type) {
    case F_WORDS: {
        size_t n;
        memcpy(&n, (const char *)base + f->count_offset, sizeof n);
        return add_words(*(char **const *)at, n, out);
    }
    case F_RULES:
        return add_rules(at, at == &em->job->include || at == &em->job->exclude, out);
    case F_ROUTES:
        return add_routes(em->job, out);
    case F_ANSWERS:
        return add_answers(em->job, out);
    case F_REFUSED:
        return add_refused(em->job, out);
    case F_EVENTS:
        return add_events(em->job, out);
    case F_VERSION:
        buf_adds(out, "1");
        return true;
    case F_SOURCES:
    case F_TARGET:
        return false;
    case F_SECRET:
        if (!raw)
            return add_secret(em, at, out);
        yaml_quote(raw, out);
        return true;
    default:
        break;
    }
    has_value = raw || (field_text(f, base, &text) && !is_default(f, path, text.p));
    if (has_value && (raw || f->type == F_TEXT))
        yaml_quote(raw ? raw : text.p, out);
    else if (has_value)
        buf_adds(out, text.p);
    buf_release(&text);
    return has_value;
}

bool job_get(const struct job *j, const char *path, struct buf *out)
{
    struct emitter em = {.job = j};
    char canonical[200];
    void *base;
    /* a path that exists makes nothing; sources[] beyond the last one are not asked for */
    const struct field *f = field_find((struct job *)(uintptr_t)j, path, &base, canonical, sizeof canonical);
    if (!f || f->type == F_SECRET || f->type == F_SOURCES || f->type == F_TARGET)
        return false;
    return field_is_scalar(f) ? field_text(f, base, out) : add_value(&em, f, base, canonical, out);
}

void job_list_plus(const struct job *j, const char *path, const char *const *words, size_t n, struct buf *out)
{
    if (job_get(j, path, out) && out->n && out->p[out->n - 1] == ']')
        out->p[--out->n] = 0;
    else
        buf_reset(out);
    for (size_t i = 0; i < n; i++) {
        buf_adds(out, out->n > 1 ? ", " : out->n ? "" : "[");
        yaml_quote(words[i], out);
    }
    buf_addc(out, ']');
}

static void add_comment(const struct emitter *em, const struct field *f, const char *indent)
{
    if (em->has_help && f->help && *f->help)
        buf_addf(em->out, "%s# %s\n", indent, f->help);
}

static void emit_ends(const struct emitter *em, const struct field *f);

// One table. Rows with a dot stand in groups one after another; tls is the row that is a group as
// well: true on its own, a map when any of its rows says something.
static void emit_table(const struct emitter *em, const struct field *table, const void *base,
                       const char *label, const char *indent)
{
    struct buf value = {0}, path = {0};
    const char *group = "";
    size_t group_size = 0;
    const struct job_end *end = table == end_fields ? base : NULL;
    for (const struct field *f = table; f->path; f++) {
        size_t dot = strcspn(f->path, ".");
        bool is_grouped = f->path[dot], is_tls = end && !strncmp(f->path, "tls", 3);
        const char *name = is_grouped ? f->path + dot + 1 : f->path;
        buf_reset(&value);
        buf_reset(&path);
        buf_addf(&path, "%s%s", label, f->path);
        if (f->type == F_SOURCES || f->type == F_TARGET)
            emit_ends(em, f);
        if ((is_tls && is_grouped && !end->tls.is_on) || !add_value(em, f, base, path.p, &value))
            continue;
        if (is_tls && !is_grouped &&
            (end->tls.ca || end->tls.cert || end->tls.key || !end->tls.verify))
            continue;
        if (is_grouped && (dot != group_size || strncmp(group, f->path, dot))) {
            buf_addf(em->out, "%s%.*s:\n", indent, (int)dot, f->path);
            group = f->path;
            group_size = dot;
        }
        add_comment(em, f, indent);
        buf_addf(em->out, "%s%s%s:%s%s\n", indent, is_grouped ? "  " : "", name,
                 value.p[0] == '\n' ? "" : " ", value.p);
    }
    buf_release(&value);
    buf_release(&path);
}

static void emit_end(const struct emitter *em, const struct job_end *end, const char *label,
                     const char *first, const char *indent)
{
    struct buf body = {0};
    struct emitter inner = *em;
    inner.out = &body;
    emit_table(&inner, end_fields, end, label, indent);
    if (!body.n) { /* a server of which nothing is said yet */
        em->out->n -= first[2] == '-' ? 0 : 1;
        buf_adds(em->out, first[2] == '-' ? "  - {}\n" : " {}\n");
    } else { /* "  - " stands in for the first indent of a list item */
        buf_adds(em->out, first);
        buf_adds(em->out, body.p + strlen(first));
    }
    buf_release(&body);
}

static void emit_ends(const struct emitter *em, const struct field *f)
{
    const struct job *j = em->job;
    if (f->type == F_TARGET) {
        buf_adds(em->out, "target:\n");
        emit_end(em, &j->target, "target.", "  ", "  ");
        return;
    }
    if (j->nsources)
        buf_adds(em->out, "source:\n");
    for (size_t i = 0; i < j->nsources; i++) {
        char path[40];
        source_path(i, path, sizeof path);
        char *label = x_format("%s.", path);
        if (j->nsources == 1)
            emit_end(em, &j->sources[i], label, "  ", "  ");
        else
            emit_end(em, &j->sources[i], label, "  - ", "    ");
        free(label);
    }
}

static void emit_at(const struct job *j, const char *dir, struct buf *out, bool has_help)
{
    struct emitter em = {.dir = dir, .job = j, .out = out, .has_help = has_help};
    buf_adds(out, "# A job of tidegate. Settings that are not here have their defaults.\n");
    emit_table(&em, job_fields, j, "", "");
}

void conf_emit(const struct job *j, struct buf *out, bool has_help)
{
    emit_at(j, NULL, out, has_help);
}

void job_emit(const struct job *j, struct buf *out)
{
    conf_emit(j, out, false);
}

void job_emit_beside(const struct job *j, const char *path, struct buf *out)
{
    char *dir = path_from("", path);
    *strrchr(dir, '/') = 0;
    emit_at(j, dir, out, false);
    free(dir);
}

static void manual_table(const struct field *table, struct buf *out)
{
    for (const struct field *f = table; f->path; f++) {
        buf_addf(out, "%s (%s", f->path, field_type_name(f));
        for (size_t i = 0; f->choices && f->choices[i]; i++)
            buf_addf(out, "%s%s", i ? ", " : ": ", f->choices[i]);
        if ((f->type == F_INT || f->type == F_SIZE) && f->max < INT64_MAX) {
            buf_adds(out, ", ");
            (f->type == F_SIZE) ? format_size(f->min, out)
                                : buf_addf(out, "%lld", (long long)f->min);
            buf_adds(out, " to ");
            (f->type == F_SIZE) ? format_size(f->max, out)
                                : buf_addf(out, "%lld", (long long)f->max);
        }
        if (f->def)
            buf_addf(out, "; default %s", f->def);
        buf_addf(out, "%s)\n    %s.%s%s\n", f->flags & FF_REQUIRED ? "; required" : "", f->label,
                 f->help && *f->help ? " " : "", f->help ? f->help : "");
    }
}

void job_manual(struct buf *out)
{
    buf_adds(out, "job.yaml, key by key\n====================\n\n");
    manual_table(job_fields, out);
    buf_adds(out, "\nsource and target, each\n-----------------------\n\n");
    manual_table(end_fields, out);
}
