// SPDX-License-Identifier: Apache-2.0
// DM's files into a job. Two walks: dm_strict holds every key of a document against the table, used
// or not, as DM's own decoder does; dm_apply then carries out the blocks that count: the task's
// top, each instance, and the named blocks the instances refer to. What changes the data and is not
// built yet becomes a note that job_check refuses; a named block that is missing or unused is a
// warning.
#include "base/pattern.h"
#include "base/text.h"
#include "conf/dm_keys.h"
#include "conf/read.h"

#include <stdio.h>
#include <stdlib.h>

enum { DEPTH_MAX = 8, PATH_SIZE = 200 };

static const struct dm_key *find_key(const char *block, const char *key)
{
    for (const struct dm_key *k = dm_keys; k->block; k++)
        if (!strcmp(k->block, block) && !strcmp(k->key, key))
            return k;
    return NULL;
}

static void unknown_key(struct reader *r, const char *block, const struct ynode *key)
{
    const char *words[64] = {NULL};
    size_t n = 0;
    for (const struct dm_key *k = dm_keys; k->block && n + 1 < TG_ARRAY_LEN(words); k++)
        if (!strcmp(k->block, block))
            words[n++] = k->key;
    rd_unknown(r, key, block, words);
}

static bool is_off(const struct ynode *y)
{
    bool is_true = true;
    return ynode_is_null(y) || (y->kind != Y_SCALAR && !y->n) ||
           (y->kind == Y_SCALAR && (!*y->text || (parse_bool(y->text, &is_true) && !is_true)));
}

static void check_scalar(struct reader *r, const struct dm_key *k, const struct ynode *y)
{
    int64_t n;
    bool is_true;
    const char *wants = NULL;
    if (text_is_placeholder(y->text, k->effect == E_SET && !strcmp(k->key, "password"))) {
        if (k->effect == E_NONE)
            rd_problem(r, true, ERR_CONF_VALUE, y, "%s still is the placeholder %.200s", k->key,
                       y->text);
        return;
    }
    if (k->effect == E_SET)
        return; /* the field looks at it */
    if (k->kind == K_INT && !parse_int(y->text, &n))
        wants = "a number";
    else if (k->kind == K_DURATION && !parse_duration(y->text, &n))
        wants = "a duration (as 30s)";
    else if (k->kind == K_BOOL && !parse_bool(y->text, &is_true))
        wants = "true or false";
    if (wants)
        rd_problem(r, false, ERR_CONF_VALUE, y, "%s needs %s", k->key, wants);
}

static void dm_strict(struct reader *r, const char *block, const struct ynode *map, int depth);

static void strict_value(struct reader *r, const struct dm_key *k, const struct ynode *y, int depth)
{
    bool wants_list = k->kind == K_WORDS || k->kind == K_SUBS,
         wants_map = k->kind == K_SUB || k->kind == K_NAMED;
    if (ynode_is_null(y) || k->kind == K_ANY)
        return;
    if (wants_list ? y->kind != Y_LIST : wants_map ? y->kind != Y_MAP : y->kind != Y_SCALAR) {
        rd_problem(r, false, ERR_CONF_VALUE, y, "%s needs a %s", k->key,
                   wants_list  ? "list"
                   : wants_map ? "map"
                               : N_("single value"));
        return;
    }
    if (y->kind == Y_SCALAR && y->has_zero)
        rd_problem(r, false, ERR_CONF_VALUE, y, "%s has a NUL byte in it", k->key);
    else if (y->kind == Y_SCALAR)
        check_scalar(r, k, y);
    else if (k->kind == K_SUB)
        dm_strict(r, k->sub, y, depth + 1);
    for (size_t i = 0; k->kind == K_NAMED && i < y->n; i++)
        if (!ynode_is_null(y->items[2 * i + 1]))
            dm_strict(r, k->sub, y->items[2 * i + 1], depth + 1);
    for (size_t i = 0; k->kind == K_SUBS && i < y->n; i++)
        dm_strict(r, k->sub, y->items[i], depth + 1);
    for (size_t i = 0; k->kind == K_WORDS && i < y->n; i++)
        if (y->items[i]->kind != Y_SCALAR || y->items[i]->has_zero)
            rd_problem(r, false, ERR_CONF_VALUE, y->items[i], "%s needs a list of single values",
                       k->key);
}

static void dm_strict(struct reader *r, const char *block, const struct ynode *map, int depth)
{
    if (map->kind != Y_MAP || depth > DEPTH_MAX) {
        rd_problem(r, false, ERR_CONF_VALUE, map, "%s needs a map", block);
        return;
    }
    for (size_t i = 0; i < map->n; i++) {
        const struct ynode *key = map->items[2 * i];
        if (key->kind != Y_SCALAR)
            continue; /* rd_duplicates has named it */
        const struct dm_key *k = find_key(block, key->text);
        if (k)
            strict_value(r, k, map->items[2 * i + 1], depth);
        else
            unknown_key(r, block, key);
    }
}

// What apply works on: one server, or NULL for the job itself.
struct place {
    struct job_end *end;
    char path[40];
};

static void apply_clamped(struct reader *r, const struct field *f, const char *path,
                          const struct ynode *y)
{
    int64_t n;
    if (y->kind == Y_SCALAR && parse_int(y->text, &n) && n > 0 && (n < f->min || n > f->max)) {
        int64_t *at = (int64_t *)((char *)r->job + f->offset);
        *at = n < f->min ? f->min : f->max;
        rd_problem(r, true, ERR_CONF_VALUE, y, "%s takes at most %lld; that is used", path,
                   (long long)*at);
    } else if (y->kind == Y_SCALAR && parse_int(y->text, &n) && n > 0) {
        rd_value(r, f, r->job, path, y); /* 0 and less: DM's own default, and so ours */
    }
}

static void apply_set(struct reader *r, const struct dm_key *k, const struct place *at,
                      const struct ynode *y)
{
    char path[PATH_SIZE];
    bool is_job = k->to[0] == '/';
    const struct field *f = field_in(is_job ? job_fields : end_fields, k->to + is_job);
    if (!f || (!is_job && !at->end))
        tg_bug("DM's %s leads to no field", k->key);
    if (k->kind == K_WORDS ? y->kind != Y_LIST : y->kind != Y_SCALAR)
        return; /* strict has named it */
    snprintf(path, sizeof path, "%s%s%s", is_job ? "" : at->path, is_job ? "" : ".", f->path);
    if (k->effect == E_CLAMP)
        apply_clamped(r, f, path, y);
    else if (strncmp(f->path, "tls.", 4) || !is_off(y)) /* an empty ssl-ca does not switch TLS on */
        rd_value(r, f, is_job ? (void *)r->job : (void *)at->end, path, y);
}

static void dm_apply(struct reader *r, const char *block, const struct ynode *map,
                     const struct place *at)
{
    for (size_t i = 0; map->kind == Y_MAP && i < map->n; i++) {
        const struct ynode *key = map->items[2 * i], *y = map->items[2 * i + 1];
        const struct dm_key *k = key->kind == Y_SCALAR ? find_key(block, key->text) : NULL;
        if (!k || k->effect == E_NONE || k->effect == E_CODE || ynode_is_null(y))
            continue;
        if (k->effect == E_WARN && !is_off(y))
            rd_problem(r, true, ERR_CONF_UNSUPPORTED, key, "%s: %s", k->key, k->to);
        else if (k->effect == E_REFUSE && !is_off(y)) {
            char name[PATH_SIZE];
            snprintf(name, sizeof name, "%s.%s", block, k->key);
            rd_note(r, ERR_CONF_UNSUPPORTED, key, "unsupported", name, "%s: %s", k->key, k->to);
        } else if (k->kind == K_SUB && k->effect == E_SET && y->kind == Y_MAP)
            dm_apply(r, k->sub, y, at);
        else if (k->kind != K_SUB && (k->effect == E_SET || k->effect == E_CLAMP))
            apply_set(r, k, at, y);
    }
}

// DM checks no certificate where no CA is given.
static void settle_tls(struct reader *r, struct job_end *end, const char *path,
                       const struct ynode *at)
{
    if (!end->tls.is_on || end->tls.ca)
        return;
    end->tls.verify = false;
    rd_problem(r, true, ERR_CONF_VALUE, at,
               "%s: no ssl-ca is given, so the server's certificate is not checked, as in DM",
               path);
}

static void use(struct dm_files *d, const struct ynode *y)
{
    d->used = x_realloc(d->used, (d->nused + 1) * sizeof *d->used);
    d->used[d->nused++] = y;
}
static bool is_used(const struct dm_files *d, const struct ynode *y)
{
    for (size_t i = 0; i < d->nused; i++)
        if (d->used[i] == y)
            return true;
    return false;
}

static const struct ynode *named_in(const struct dm_files *d, const char *map, const char *name)
{
    for (size_t i = 0; i < d->ntasks; i++) {
        const struct ynode *y = ymap_get(ymap_get(d->tasks[i], map), name);
        if (y)
            return y;
    }
    return NULL;
}

static bool has_named(const struct dm_files *d, const char *map)
{
    for (size_t i = 0; i < d->ntasks; i++) {
        const struct ynode *y = ymap_get(d->tasks[i], map);
        if (y && y->kind == Y_MAP && y->n)
            return true;
    }
    return false;
}

// The block a reference leads to. `counts`: without it other tables would move, so that a run is
// refused.
static const struct ynode *refer(struct reader *r, struct dm_files *d, const char *map,
                                 const struct ynode *name, bool counts, bool *is_first)
{
    if (name->kind != Y_SCALAR || !*name->text)
        return NULL;
    const struct ynode *y = named_in(d, map, name->text);
    if (!y && !strcmp(map, "block-allow-list") && !has_named(d, map))
        y = named_in(d, "black-white-list", name->text);
    if (!y && counts) {
        char raw[PATH_SIZE];
        snprintf(raw, sizeof raw, "%s.%.80s", map, name->text);
        rd_note(r, ERR_CONF_MISSING, name, "unsupported", raw, "there is no %s named \"%.80s\"",
                map, name->text);
    } else if (!y) {
        rd_problem(r, true, ERR_CONF_MISSING, name,
                   "there is no %s named \"%.80s\"; defaults are taken", map, name->text);
    } else {
        *is_first = !is_used(d, y);
        use(d, y);
    }
    return y;
}

static void add_pattern(struct reader *r, struct job_list *to, const char *path,
                        const struct ynode *schema, const struct ynode *table)
{
    const char *s = schema ? rd_scalar(r, schema, path, FF_PATTERN) : NULL;
    const char *t = table ? rd_scalar(r, table, path, FF_PATTERN) : NULL;
    if (!s || !rd_pattern(r, schema, s))
        return;
    if (t && (!*t || !strcmp(t, "*")))
        t = NULL;
    if (!t || rd_pattern(r, table, t))
        list_add(to, x_strdup(s), t ? x_strdup(t) : NULL);
}

static void allow_words(struct reader *r, struct job_list *to, const char *path,
                        const struct ynode *list)
{
    for (size_t i = 0; list && list->kind == Y_LIST && i < list->n; i++)
        if (list->items[i]->kind == Y_SCALAR)
            add_pattern(r, to, path, list->items[i], NULL);
}

static void allow_tables(struct reader *r, struct job_list *to, const char *path,
                         const struct ynode *list)
{
    for (size_t i = 0; list && list->kind == Y_LIST && i < list->n; i++) {
        const struct ynode *schema = ymap_get(list->items[i], "db-name");
        if (!schema || ynode_is_null(schema))
            rd_problem(r, false, ERR_CONF_MISSING, list->items[i], "an entry of %s needs db-name",
                       path);
        else
            add_pattern(r, to, path, schema, ymap_get(list->items[i], "tbl-name"));
    }
}

static void apply_allow(struct reader *r, const struct ynode *y)
{
    struct job *j = r->job;
    allow_words(r, &j->do_dbs, "allow.do-dbs", ymap_get(y, "do-dbs"));
    allow_words(r, &j->ignore_dbs, "allow.ignore-dbs", ymap_get(y, "ignore-dbs"));
    allow_tables(r, &j->do_tables, "allow.do-tables", ymap_get(y, "do-tables"));
    allow_tables(r, &j->ignore_tables, "allow.ignore-tables", ymap_get(y, "ignore-tables"));
}

static char *pattern_of(struct reader *r, const struct ynode *map, const char *key, bool is_pattern)
{
    const struct ynode *y = ymap_get(map, key);
    const char *text = y && y->kind == Y_SCALAR ? rd_scalar(r, y, "routes", FF_PATTERN) : NULL;
    if (!text || !*text || (is_pattern && !rd_pattern(r, y, text)))
        return NULL;
    return x_strdup(text);
}

static void apply_route(struct reader *r, const struct ynode *y)
{
    struct job *j = r->job;
    struct job_route route = {
        pattern_of(r, y, "schema-pattern", true),
        pattern_of(r, y, "table-pattern", true),
        pattern_of(r, y, "target-schema", false),
        pattern_of(r, y, "target-table", false),
    };
    dm_apply(r, "routes", y, NULL);
    if (!route.from_schema || !route.to_schema || (route.to_table && !route.from_table)) {
        rd_problem(
            r, false, ERR_CONF_MISSING, y,
            route.to_table && !route.from_table ? "a route needs schema-pattern and target-schema, and table-pattern where it has target-table"
                                                : "a route needs schema-pattern and target-schema");
        free(route.from_schema);
        free(route.from_table);
        free(route.to_schema);
        free(route.to_table);
        return;
    }
    j->routes = x_realloc(j->routes, (j->nroutes + 1) * sizeof *j->routes);
    j->routes[j->nroutes++] = route;
}

// Dumpling's flags that would choose other rows or tables than the allow list does.
static void apply_extra_args(struct reader *r, const struct ynode *block)
{
    static const char *const lists[] = {"-B", "--database", "-T", "--tables-list",
                                        "-f", "--filter",   NULL};
    const struct ynode *y = ymap_get(block, "extra-args");
    for (const char *p = y && y->kind == Y_SCALAR ? y->text : ""; *(p += strspn(p, " "));) {
        size_t n = strcspn(p, " "), name = TG_MIN(n, strcspn(p, "="));
        char word[40];
        snprintf(word, sizeof word, "%.*s", (int)TG_MIN(name, sizeof word - 1), p);
        if (!strcmp(word, "--where") || !strcmp(word, "--snapshot"))
            rd_note(r, ERR_CONF_UNSUPPORTED, y, "unsupported", "mydumpers.extra-args",
                    "extra-args: %s is not built yet", word);
        for (size_t i = 0; lists[i]; i++)
            if (!strcmp(word, lists[i]))
                rd_problem(
                    r, true, ERR_CONF_UNSUPPORTED, y,
                    "extra-args: %s has no effect; the allow list decides for copy and stream",
                    word);
        p += n;
    }
}

static void apply_filters(struct reader *r, const struct ynode *const *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!ynode_is_null(items[i])) /* a name without a rule filters nothing */
            rd_event(r, items[i]);
}

static const struct {
    const char *key, *map;
    bool counts;
} references[] = {
    {"route-rules", "routes", true},
    {"filter-rules", "filters", true},
    {"expression-filters", "expression-filter", true},
    {"block-allow-list", "block-allow-list", true},
    {"black-white-list", "block-allow-list", true},
    {"mydumper-config-name", "mydumpers", false},
    {"loader-config-name", "loaders", false},
    {"syncer-config-name", "syncers", false},
    {"validator-config-name", "validators", false},
};

static void apply_reference(struct reader *r, struct dm_files *d, size_t which,
                            const struct ynode *name, const struct place *at)
{
    bool is_first = false;
    const char *map = references[which].map;
    const struct ynode *y = refer(r, d, map, name, references[which].counts, &is_first);
    if (!y)
        return;
    if (!strcmp(map, "block-allow-list")) {
        if (at->end == r->job->sources) /* several sources are refused before a run */
            apply_allow(r, y);
    } else if (!strcmp(map, "routes")) {
        if (is_first)
            apply_route(r, y);
    } else if (!strcmp(map, "filters")) {
        if (is_first)
            apply_filters(r, &y, 1);
    } else if (!strcmp(map, "expression-filter")) {
        char raw[PATH_SIZE];
        snprintf(raw, sizeof raw, "expression-filter.%.80s", name->text);
        rd_note(r, ERR_CONF_UNSUPPORTED, name, "unsupported", raw,
                "%s: filters on row values are not built yet", raw);
    } else {
        dm_apply(r, map, y, at);
        if (!strcmp(map, "mydumpers"))
            apply_extra_args(r, y);
    }
}

static void apply_references(struct reader *r, struct dm_files *d, const struct ynode *instance,
                             const struct place *at)
{
    for (size_t i = 0; i < TG_ARRAY_LEN(references); i++) {
        const struct ynode *y = ymap_get(instance, references[i].key);
        if (!y || (!strcmp(references[i].key, "black-white-list") &&
                   ymap_get(instance, "block-allow-list")))
            continue;
        if (y->kind == Y_SCALAR)
            apply_reference(r, d, i, y, at);
        for (size_t k = 0; y->kind == Y_LIST && k < y->n; k++) {
            for (size_t m = 0; m < k; m++)
                if (y->items[k]->kind == Y_SCALAR && y->items[m]->kind == Y_SCALAR &&
                    !strcmp(y->items[k]->text, y->items[m]->text))
                    rd_problem(r, false, ERR_CONF_VALUE, y->items[k], "%s names \"%.80s\" twice",
                               references[i].key, y->items[k]->text);
            apply_reference(r, d, i, y->items[k], at);
        }
    }
}

static void read_instance(struct reader *r, struct dm_files *d, const struct ynode *instance)
{
    static const char *const inlines[][2] = {{"mydumper", "mydumper-config-name"},
                                             {"loader", "loader-config-name"},
                                             {"syncer", "syncer-config-name"}};
    struct place at = {0};
    if (instance->kind != Y_MAP)
        return;
    source_path(r->job->nsources, at.path, sizeof at.path);
    at.end = job_add_source(r->job);
    for (size_t i = 0; i < TG_ARRAY_LEN(inlines); i++)
        if (ymap_get(instance, inlines[i][0]) && !is_off(ymap_get(instance, inlines[i][1])))
            rd_problem(r, false, ERR_CONF_VALUE, ymap_get(instance, inlines[i][0]),
                       "an instance has %s or %s, not both", inlines[i][0], inlines[i][1]);
    apply_references(r, d, instance, &at);
    dm_apply(r, "mysql-instances", instance, &at);
    if (ymap_get(instance, "mydumper"))
        apply_extra_args(r, ymap_get(instance, "mydumper"));
    if (!at.end->id)
        rd_problem(r, false, ERR_CONF_MISSING, instance, "an instance needs source-id");
}

static void read_name(struct reader *r, const struct ynode *y)
{
    struct job *j = r->job;
    const char *text = y && y->kind == Y_SCALAR ? rd_scalar(r, y, "name", 0) : NULL;
    if (!text || !*text)
        return;
    free(j->name);
    free(j->dm_name);
    j->dm_name = NULL;
    j->name = run_name_of(text);
    if (!strcmp(j->name, text) || text_is_placeholder(text, false))
        return;
    j->dm_name = x_strdup(text);
    rd_problem(r, true, ERR_CONF_VALUE, y, "the task \"%.80s\" becomes the run %s", text, j->name);
}

static void read_mode(struct reader *r, const struct ynode *y)
{
    if (!y || y->kind != Y_SCALAR)
        return;
    if (!strcmp(y->text, "dump") || !strcmp(y->text, "load") || !strcmp(y->text, "load&sync"))
        rd_note(r, ERR_CONF_UNSUPPORTED, y, "mode", NULL, "task-mode: %s is not built yet",
                y->text);
    else
        rd_value(r, field_in(job_fields, "mode"), r->job, "mode", y);
}

static void read_task(struct reader *r, struct dm_files *d, const struct ynode *root)
{
    struct place top = {0};
    const struct ynode *target = ymap_get(root, "target-database"),
                       *list = ymap_get(root, "mysql-instances");
    read_name(r, ymap_get(root, "name"));
    read_mode(r, ymap_get(root, "task-mode"));
    dm_apply(r, "task", root, &top);
    if (target && target->kind == Y_MAP) {
        struct place at = {.end = &r->job->target, .path = "target"};
        dm_apply(r, "target-database", target, &at);
        settle_tls(r, at.end, at.path, target);
    }
    for (size_t i = 0; list && list->kind == Y_LIST && i < list->n; i++)
        read_instance(r, d, list->items[i]);
}

// A source file belongs to the instance of its id; without any task it makes a source of its own.
static void read_source(struct reader *r, const struct ynode *root, bool has_instances,
                        bool *filled)
{
    struct job *j = r->job;
    struct place at = {0};
    const struct ynode *id = ymap_get(root, "source-id"), *filters = ymap_get(root, "filters");
    size_t i = 0;
    if (!id || id->kind != Y_SCALAR || ynode_is_null(id) || !*id->text) {
        rd_problem(r, false, ERR_CONF_MISSING, root, "a source needs source-id");
        return;
    }
    while (i < j->nsources && (!j->sources[i].id || strcmp(j->sources[i].id, id->text)))
        i++;
    if (i == j->nsources && has_instances) {
        rd_problem(r, true, ERR_CONF_VALUE, id,
                   "no instance of the task refers to the source %.80s; it is left out", id->text);
        return;
    }
    if (i < j->nsources && filled[i]) {
        rd_problem(r, false, ERR_CONF_VALUE, id, "a second file describes the source %.80s",
                   id->text);
        return;
    }
    source_path(i, at.path, sizeof at.path);
    at.end = i == j->nsources ? job_add_source(j) : &j->sources[i];
    filled[i] = true;
    dm_apply(r, "source", root, &at);
    settle_tls(r, at.end, at.path, root);
    if (filters && filters->kind == Y_LIST)
        apply_filters(r, (const struct ynode *const *)filters->items, filters->n);
}

static void warn_unused(struct reader *r, const struct dm_files *d, const struct ynode *root)
{
    for (const struct dm_key *k = dm_keys; k->block; k++) {
        const struct ynode *map =
            k->kind == K_NAMED && !strcmp(k->block, "task") ? ymap_get(root, k->key) : NULL;
        for (size_t i = 0; map && map->kind == Y_MAP && i < map->n; i++)
            if (map->items[2 * i]->kind == Y_SCALAR && !is_used(d, map->items[2 * i + 1]))
                rd_problem(r, true, ERR_CONF_VALUE, map->items[2 * i],
                           "%s.%.80s is not used by any instance", k->key, map->items[2 * i]->text);
    }
}

// The notes of a list move with it, so that a --set of the list takes them away.
static void rename_notes(struct job *j, const char *from, const char *to)
{
    for (size_t i = 0; i < j->nnotes; i++)
        if (!strcmp(j->notes[i].path, from)) {
            free(j->notes[i].path);
            j->notes[i].path = x_strdup(to);
        }
}

// Lists that include and exclude can say just as well; with do-tables DM's order is another, so
// those stay.
static void simplify_lists(struct job *j)
{
    for (size_t i = 0; i < j->ignore_tables.n; i++)
        if (!j->ignore_tables.rules[i].table)
            return; /* would leave out CREATE DATABASE too */
    if (j->do_tables.n || j->include.n || j->exclude.n ||
        (j->ignore_dbs.n && j->ignore_tables.n && !j->do_dbs.n))
        return;
    if (j->do_dbs.n) {
        j->include = j->do_dbs;
        j->exclude = j->ignore_tables;
        list_release(&j->ignore_dbs); /* do-dbs beats it */
        rename_notes(j, "allow.do-dbs", "allow.include");
    } else {
        j->exclude = j->ignore_dbs.n ? j->ignore_dbs : j->ignore_tables;
    }
    rename_notes(j, "allow.ignore-dbs", "allow.exclude");
    rename_notes(j, "allow.ignore-tables", "allow.exclude");
    j->do_dbs = j->ignore_dbs = j->ignore_tables = (struct job_list){0};
}

static const struct ynode *first_task(const struct dm_files *d)
{
    for (size_t i = 0; i < d->ntasks; i++)
        if (ymap_get(d->tasks[i], "task-mode"))
            return d->tasks[i];
    return NULL;
}

void dm_read(struct reader *r, struct dm_files *d)
{
    const struct ynode *task = first_task(d);
    r->is_dm = true;
    for (size_t i = 0; i < d->ntasks; i++) {
        dm_strict(r, "task", d->tasks[i], 0);
        if (task && d->tasks[i] != task && ymap_get(d->tasks[i], "task-mode"))
            rd_problem(r, false, ERR_CONF_FILE, d->tasks[i],
                       "this is a second task, and a run takes one");
        else
            read_task(r, d, d->tasks[i]);
    }
    size_t ninstances = r->job->nsources;
    bool *filled = x_alloc((ninstances + d->nsources + 1) * sizeof *filled);
    for (size_t i = 0; i < d->nsources; i++) {
        dm_strict(r, "source", d->sources[i], 0);
        read_source(r, d->sources[i], ninstances > 0, filled);
    }
    for (size_t i = 0; i < ninstances; i++)
        if (!filled[i] && r->job->sources[i].id)
            problem_add(r->out, true, ERR_CONF_MISSING, task ? task->file : "source",
                        "the source %.80s has no source file among those given",
                        r->job->sources[i].id);
    for (size_t i = 0; i < d->ntasks; i++)
        warn_unused(r, d, d->tasks[i]);
    simplify_lists(r->job);
    free(filled);
    free(d->used);
    d->used = NULL;
    r->is_dm = false;
}

bool dm_is_fragment(const struct ynode *root)
{
    for (size_t i = 0; i < root->n; i++)
        if (root->items[2 * i]->kind != Y_SCALAR || !find_key("task", root->items[2 * i]->text))
            return false;
    return root->n > 0;
}

void dm_topology(struct reader *r, const struct ynode *root)
{
    dm_strict(r, "topology", root, 0);
    dm_topology_take(r, root);
    r->job->has_topology = true;
}

void dm_filter_keys(struct reader *r, const struct ynode *y)
{
    dm_strict(r, "filters", y, 0);
}
