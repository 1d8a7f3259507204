// SPDX-License-Identifier: Apache-2.0
// YAML nodes into fields. Every function reports what it finds to the reader and goes on, so that
// all errors of a file come at once. Placeholders are kept twice: text fields hold them as they
// stand, and a note carries their place until job_check or a --set that replaces them.
#include "conf/read.h"
#include "base/pattern.h"
#include "base/text.h"
#include "conf/dm_secret.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { PATH_SIZE = 200 };

static void where_of(const struct reader *r, const struct ynode *at, char *out, size_t size)
{
    if (r->where)
        snprintf(out, size, "%s", r->where);
    else
        ynode_where(at->file, at->line, at->column, out, size);
}

void rd_problem(struct reader *r, bool is_warning, enum err_code code, const struct ynode *at,
                const char *fmt, ...)
{
    char where[160], text[1000];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    where_of(r, at, where, sizeof where);
    problem_add(r->out, is_warning, code, where, "%s", text);
}

void rd_note(struct reader *r, enum err_code code, const struct ynode *at, const char *path,
             const char *raw, const char *fmt, ...)
{
    char where[160], text[1000];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    where_of(r, at, where, sizeof where);
    problem_add(r->out, true, code, where, "%s", text);
    note_add(r->job, code, path, raw, where, text);
}

void rd_unknown(struct reader *r, const struct ynode *key, const char *in, const char *const *words)
{
    const char *near = NULL;
    unsigned best = (unsigned)TG_MAX((size_t)3, strlen(key->text) / 2 + 1);
    for (size_t i = 0; words[i]; i++) {
        unsigned distance = str_distance(key->text, words[i]);
        if (distance < best) {
            best = distance;
            near = words[i];
        }
    }
    rd_problem(r, false, ERR_CONF_KEY, key, near ? "unknown key \"%.80s\" in %s; did you mean \"%s\"?" : "unknown key \"%.80s\" in %s%s",
               key->text, in, near ? near : "");
}

static bool needs(struct reader *r, const struct ynode *y, const char *path, const char *what)
{
    static const char *const kinds[] = {
        [Y_SCALAR] = N_("a single value"), [Y_LIST] = N_("a list"), [Y_MAP] = N_("a map")};
    rd_problem(r, false, ERR_CONF_VALUE, y, "%s needs a %s, and this is %s", path, what,
               kinds[y->kind]);
    return false;
}

static bool placeholder(struct reader *r, const struct ynode *y, const char *path, unsigned flags)
{
    bool is_secret = flags & (1u << 31);
    if (flags & FF_RAW || (flags & FF_PATTERN && y->text[0] == '~') ||
        !text_is_placeholder(y->text, is_secret))
        return false;
    rd_note(r, ERR_CONF_VALUE, y, path, y->text, "%s still is the placeholder %.200s", path,
            y->text);
    return true;
}

const char *rd_scalar(struct reader *r, const struct ynode *y, const char *path, unsigned flags)
{
    if (y->kind != Y_SCALAR) {
        needs(r, y, path, N_("single value"));
        return NULL;
    }
    if (y->has_zero) {
        rd_problem(r, false, ERR_CONF_VALUE, y, "%s has a NUL byte in it", path);
        return NULL;
    }
    if (ynode_is_null(y))
        return NULL;
    placeholder(r, y, path, flags);
    return y->text;
}

// A password of DM's files may stand there as it is. It goes into locked memory and nowhere else.
static bool plain_secret(struct reader *r, struct job_secret *s, const char *path,
                         const struct ynode *y)
{
    if (!r->is_dm || !*y->text || secret_is_reference(y->text))
        return false;
    if (conf_dm_is_encrypted(y->text))
        return false;
    secret_clear(s);
    s->origin = SECRET_PLAIN;
    s->value = secret_new(y->text, strlen(y->text));
    rd_problem(r, true, ERR_CONF_VALUE, y,
               "%s is plain text; better ${env:NAME}, ${file:/path}, or text from tidegate encrypt",
               path);
    return true;
}

// A sealed file lies where the file that names it lies. The run's own copy of the job lies elsewhere: from here on the
// reference is whole.
static char *settled(const struct reader *r, const struct ynode *y)
{
    const char *slash = r->where ? NULL : strrchr(y->file, '/');
    if (!slash || strncmp(y->text, "${sealed:", 9) != 0 || y->text[9] == '/')
        return NULL;
    char *dir = x_strndup(y->file, (size_t)(slash - y->file) + (slash == y->file)), *whole = path_from(dir, y->text + 9);
    char *text = x_format("${sealed:%s", whole);
    free(dir);
    free(whole);
    return text;
}

static void read_scalar(struct reader *r, const struct field *f, void *base, const char *path,
                        const struct ynode *y)
{
    struct err e;
    if (y->kind != Y_SCALAR) {
        needs(r, y, path, field_type_name(f));
        return;
    }
    if (y->has_zero) {
        rd_problem(r, false, ERR_CONF_VALUE, y, "%s has a NUL byte in it", path);
        return;
    }
    if (ynode_is_null(y))
        return;
    if (placeholder(r, y, path, f->flags | (f->type == F_SECRET ? 1u << 31 : 0))) {
        if (f->type == F_TEXT) {
            char **at = (char **)((char *)base + f->offset);
            free(*at);
            *at = x_strdup(y->text);
        }
        return;
    }
    if (f->type == F_SECRET &&
        plain_secret(r, (struct job_secret *)((char *)base + f->offset), path, y))
        return;
    char *text = f->type == F_SECRET && secret_is_reference(y->text) ? settled(r, y) : NULL;
    if (!field_put(f, base, text ? text : y->text, &e))
        rd_problem(r, false, e.code, y, "%s %s", path, e.text);
    free(text);
}

bool rd_pattern(struct reader *r, const struct ynode *y, const char *pattern)
{
    struct err e;
    if (pattern_check(pattern, &e))
        return true;
    rd_problem(r, false, e.code, y, "%s", e.text);
    return false;
}

// Lists of words may be given as one word.
static size_t list_size(const struct ynode *y)
{
    return y->kind == Y_LIST ? y->n : 1;
}
static const struct ynode *list_item(const struct ynode *y, size_t i)
{
    return y->kind == Y_LIST ? y->items[i] : y;
}

static void add_word(const struct field *f, void *base, char *word)
{
    char ***at = (char ***)((char *)base + f->offset);
    size_t *count = (size_t *)((char *)base + f->count_offset);
    *at = x_realloc(*at, (*count + 1) * sizeof **at);
    (*at)[(*count)++] = word;
}

static void read_reasons(struct reader *r, const struct field *f, void *base, const char *path, const struct ynode *map)
{
    for (size_t i = 0; i < map->n; i++) {
        const struct ynode *value = map->items[2 * i + 1];
        const char *key = rd_scalar(r, map->items[2 * i], path, f->flags);
        const char *text = ynode_is_null(value) ? "" : rd_scalar(r, value, path, f->flags);
        if (key && *key && text)
            add_word(f, base, *text ? x_format("%s: %s", key, text) : x_strdup(key));
    }
}

static void read_words(struct reader *r, const struct field *f, void *base, const char *path,
                       const struct ynode *y)
{
    field_release(f, base);
    for (size_t i = 0; i < list_size(y); i++) {
        if (f->flags & FF_REASONS && list_item(y, i)->kind == Y_MAP) {
            read_reasons(r, f, base, path, list_item(y, i));
            continue;
        }
        const char *text = rd_scalar(r, list_item(y, i), path, f->flags);
        if (text && *text)
            add_word(f, base, x_strdup(text));
    }
}

static void read_rules(struct reader *r, const struct field *f, void *base, const char *path,
                       const struct ynode *y)
{
    struct job_list *list = (struct job_list *)((char *)base + f->offset);
    list_release(list);
    for (size_t i = 0; i < list_size(y); i++) {
        struct err e;
        char *schema, *table;
        const char *text = rd_scalar(r, list_item(y, i), path, f->flags);
        if (!text)
            continue;
        if (rule_parse(text, &schema, &table, &e))
            list_add(list, schema, table);
        else
            rd_problem(r, false, e.code, list_item(y, i), "%s: %s", path, e.text);
    }
}

static bool route_part(struct reader *r, const struct ynode *map, const char *key, char **schema,
                       char **table)
{
    struct err e;
    const struct ynode *y = ymap_get(map, key);
    const char *text = y ? rd_scalar(r, y, "routes", FF_PATTERN) : NULL;
    if (!text) {
        if (!y || ynode_is_null(y))
            rd_problem(r, false, ERR_CONF_MISSING, map, "a route needs from and to; %s is missing",
                       key);
        return false;
    }
    return rule_parse(text, schema, table, &e) ||
           (rd_problem(r, false, e.code, y, "routes: %s", e.text), false);
}

static void read_route(struct reader *r, const struct ynode *map)
{
    static const char *const keys[] = {"from", "to", NULL};
    struct job_route route = {0};
    struct job *j = r->job;
    if (map->kind != Y_MAP) {
        needs(r, map, "routes", N_("map of from and to"));
        return;
    }
    for (size_t i = 0; i < map->n; i++)
        if (map->items[2 * i]->kind == Y_SCALAR && strcmp(map->items[2 * i]->text, "from") &&
            strcmp(map->items[2 * i]->text, "to"))
            rd_unknown(r, map->items[2 * i], "routes", keys);
    bool is_fine = route_part(r, map, "from", &route.from_schema, &route.from_table);
    is_fine = route_part(r, map, "to", &route.to_schema, &route.to_table) && is_fine;
    if (is_fine && route.to_table && !route.from_table) {
        rd_problem(r, false, ERR_CONF_VALUE, map,
                   "a route to a table needs a table in from; write schema.`*` for all");
        is_fine = false;
    }
    if (!is_fine) {
        free(route.from_schema);
        free(route.from_table);
        free(route.to_schema);
        free(route.to_table);
        return;
    }
    j->routes = x_realloc(j->routes, (j->nroutes + 1) * sizeof *j->routes);
    j->routes[j->nroutes++] = route;
}

static bool is_word(const char *p, size_t n, bool is_slug)
{
    for (size_t i = 0; i < n; i++)
        if (!((p[i] >= 'a' && p[i] <= 'z') || (p[i] >= '0' && p[i] <= '9') || p[i] == '-' ||
              (!is_slug && ((p[i] >= 'A' && p[i] <= 'Z') || p[i] == '_' || p[i] == '.'))))
            return false;
    return n > 0;
}

static void read_answer(struct reader *r, const struct ynode *key, const struct ynode *value)
{
    struct job *j = r->job;
    const char *choice = rd_scalar(r, value, "answers", 0), *at = strchr(key->text, '@');
    size_t n = at ? (size_t)(at - key->text) : strlen(key->text);
    if (!choice)
        return;
    if (!is_word(key->text, n, false) || (at && (!at[1] || !strchr(at, '.')))) {
        rd_problem(r, false, ERR_CONF_VALUE, key, "answers: \"%.80s\" is not ID or ID@schema.table",
                   key->text);
        return;
    }
    if (!is_word(choice, strlen(choice), true) && !text_is_placeholder(choice, false)) {
        rd_problem(r, false, ERR_CONF_VALUE, value,
                   "answers: \"%.80s\" is no choice; choices are words as wait or skip-table",
                   choice);
        return;
    }
    struct job_answer answer = {x_strndup(key->text, n), at ? x_strdup(at + 1) : NULL,
                                x_strdup(choice)};
    for (size_t i = 0; i < j->nanswers; i++) {
        struct job_answer *old = &j->answers[i];
        if (strcmp(old->id, answer.id) || !old->table != !answer.table ||
            (old->table && strcmp(old->table, answer.table)))
            continue;
        free(old->id);
        free(old->table);
        free(old->choice);
        *old = answer;
        return;
    }
    j->answers = x_realloc(j->answers, (j->nanswers + 1) * sizeof *j->answers);
    j->answers[j->nanswers++] = answer;
}

static void read_end(struct reader *r, const struct ynode *map, struct job_end *end,
                     const char *label)
{
    char dotted[PATH_SIZE];
    if (map->kind != Y_MAP) {
        needs(r, map, label, "map");
        return;
    }
    snprintf(dotted, sizeof dotted, "%s.", label);
    rd_group(r, map, end_fields, end, "", dotted);
}

static void read_sources(struct reader *r, const struct ynode *y)
{
    for (size_t i = 0; i < list_size(y); i++) {
        char label[40];
        source_path(r->job->nsources, label, sizeof label);
        read_end(r, list_item(y, i), job_add_source(r->job), label);
    }
}

static void read_refused(struct reader *r, const char *path, const struct ynode *y)
{
    for (size_t i = 0; i < list_size(y); i++) {
        const struct ynode *item = list_item(y, i);
        const char *text = rd_scalar(r, item, path, FF_RAW);
        if (text)
            rd_note(r, ERR_CONF_UNSUPPORTED, item, path, text, "%s can't be done by this version",
                    text);
    }
}

static void read_events(struct reader *r, const struct ynode *y)
{
    events_release(r->job);
    for (size_t i = 0; i < list_size(y); i++) {
        dm_filter_keys(r, list_item(y, i));
        rd_event(r, list_item(y, i));
    }
}

void rd_value(struct reader *r, const struct field *f, void *base, const char *path,
              const struct ynode *y)
{
    if (!strncmp(f->path, "tls.", 4))
        ((struct job_end *)base)->tls.is_on = true;
    if (field_is_scalar(f)) {
        read_scalar(r, f, base, path, y);
        return;
    }
    if (ynode_is_null(y))
        return;
    switch (f->type) {
    case F_WORDS:
        read_words(r, f, base, path, y);
        break;
    case F_RULES:
        read_rules(r, f, base, path, y);
        break;
    case F_ROUTES:
        field_release(f, base);
        for (size_t i = 0; i < list_size(y); i++)
            read_route(r, list_item(y, i));
        break;
    case F_ANSWERS:
        if (y->kind != Y_MAP)
            needs(r, y, path, N_("map of ID to choice"));
        for (size_t i = 0; y->kind == Y_MAP && i < y->n; i++)
            if (y->items[2 * i]->kind == Y_SCALAR && !y->items[2 * i]->has_zero)
                read_answer(r, y->items[2 * i], y->items[2 * i + 1]);
        break;
    case F_SOURCES:
        read_sources(r, y);
        break;
    case F_TARGET:
        read_end(r, y, &r->job->target, path);
        break;
    case F_VERSION:
        if (y->kind != Y_SCALAR || strcmp(y->text, "1") != 0)
            rd_problem(r, false, ERR_CONF_VALUE, y,
                       "this program reads version 1 of job.yaml only");
        break;
    case F_EVENTS:
        read_events(r, y);
        break;
    default:
        read_refused(r, path, y);
    }
}

// The words that may stand here: first components of the paths behind the prefix.
static void unknown_field(struct reader *r, const struct ynode *key, const char *in,
                          const struct field *table, const char *prefix)
{
    const char *words[64] = {NULL};
    char *owned[64];
    size_t n = strlen(prefix), count = 0;
    for (const struct field *f = table; f->path && count + 1 < TG_ARRAY_LEN(words); f++)
        if (!strncmp(f->path, prefix, n))
            words[count] = owned[count] = x_strndup(f->path + n, strcspn(f->path + n, ".")),
            count++;
    rd_unknown(r, key, in, words);
    while (count)
        free(owned[--count]);
}

static size_t add_paths(const char **words, size_t n, size_t max, const struct field *table,
                        const char *prefix)
{
    for (const struct field *f = table; f->path && n + 1 < max; f++)
        if (f->type != F_SOURCES && f->type != F_TARGET && f->type != F_VERSION)
            words[n++] = x_format("%s%s", prefix, f->path);
    return n;
}

void rd_unknown_path(struct reader *r, const struct ynode *key)
{
    const char *words[128] = {NULL};
    size_t n = add_paths(words, 0, TG_ARRAY_LEN(words), job_fields, "");
    n = add_paths(words, n, TG_ARRAY_LEN(words), end_fields, "source.");
    n = add_paths(words, n, TG_ARRAY_LEN(words), end_fields, "target.");
    rd_unknown(r, key, "--set", words);
    while (n)
        free((void *)(uintptr_t)words[--n]);
}

static void read_key(struct reader *r, const struct ynode *key, const struct ynode *value,
                     const struct field *table, void *base, const char *prefix, const char *label)
{
    char full[PATH_SIZE], shown[2 * PATH_SIZE], dotted[PATH_SIZE + 1];
    snprintf(full, sizeof full, "%s%s", prefix, key->text);
    snprintf(shown, sizeof shown, "%.100s%.250s", label, full);
    const struct field *f = strchr(key->text, '.') ? NULL : field_in(table, full);
    bool is_group = *key->text && !strchr(key->text, '.') && field_is_group(table, full);
    if (is_group && (value->kind == Y_MAP || !f)) {
        if (f && value->kind == Y_MAP)
            ((struct job_end *)base)->tls.is_on = true; /* the only row that is both */
        snprintf(dotted, sizeof dotted, "%s.", full);
        if (value->kind == Y_MAP)
            rd_group(r, value, table, base, dotted, label);
        else if (!ynode_is_null(value))
            needs(r, value, shown, "map");
    } else if (f) {
        rd_value(r, f, base, shown, value);
    } else {
        snprintf(shown, sizeof shown, "%.100s%.250s", label, prefix);
        if (*shown)
            shown[strlen(shown) - 1] = 0;
        unknown_field(r, key, *shown ? shown : "the job", table, prefix);
    }
}

void rd_group(struct reader *r, const struct ynode *map, const struct field *table, void *base,
              const char *prefix, const char *label)
{
    for (size_t i = 0; i < map->n; i++)
        if (map->items[2 * i]->kind == Y_SCALAR)
            read_key(r, map->items[2 * i], map->items[2 * i + 1], table, base, prefix, label);
}

static int by_text(const void *a, const void *b)
{
    const struct ynode *x = *(const struct ynode *const *)a, *y = *(const struct ynode *const *)b;
    int order = strcmp(x->text, y->text);
    return order ? order : (x->line != y->line ? x->line - y->line : x->column - y->column);
}

static void map_duplicates(struct reader *r, const struct ynode *map)
{
    const struct ynode **keys = x_alloc((map->n + 1) * sizeof *keys);
    size_t n = 0;
    for (size_t i = 0; i < map->n; i++) {
        const struct ynode *key = map->items[2 * i];
        if (key->kind == Y_SCALAR && !key->has_zero)
            keys[n++] = key;
        else
            rd_problem(r, false, ERR_CONF_KEY, key, "a key must be a single word");
    }
    qsort(keys, n, sizeof *keys, by_text);
    for (size_t i = 1; i < n; i++)
        if (!strcmp(keys[i]->text, keys[i - 1]->text))
            rd_problem(r, false, ERR_CONF_KEY, keys[i],
                       "the key \"%.80s\" is there twice; first on line %d", keys[i]->text,
                       keys[i - 1]->line);
    free(keys);
}

void rd_duplicates(struct reader *r, const struct ydoc *d)
{
    for (size_t i = 0; i < d->nnodes; i++)
        if (d->nodes[i].kind == Y_MAP)
            map_duplicates(r, &d->nodes[i]);
}
