// SPDX-License-Identifier: Apache-2.0
/* Boxes, folding, sorting and finding over what the source has; no screen. Everything that a key changes is made anew over
 * all tables: with ten thousand of them that is a millisecond or two, and drawing then only reads. */
#include "wizard/scope.h"

#include "base/pattern.h"
#include "ui/text.h"

#include <stdio.h>
#include <stdlib.h>

#define OPEN_UP_TO 24u /* schemas are unfolded from the start where that gives no more rows */

const char *const scope_lists[SCOPE_LISTS] = {"allow.include", "allow.exclude", "allow.do-dbs", "allow.ignore-dbs", "allow.do-tables", "allow.ignore-tables"};

struct scope *scope_of(struct wz *w)
{
    if (!w->scope) {
        w->scope = x_alloc(sizeof *w->scope);
        edit_init(&w->scope->find, false);
    }
    return w->scope;
}

static void drop_look(struct scope *s)
{
    if (s->look)
        look_release(s->look);
    free(s->look);
    free(s->chosen);
    free(s->matches);
    free(s->old_chosen);
    free(s->schemas);
    free(s->by_schema);
    free(s->by_table);
    free(s->rows);
    s->look = NULL;
    s->chosen = s->matches = s->old_chosen = NULL;
    s->schemas = NULL;
    s->by_schema = s->by_table = NULL;
    s->rows = NULL;
    s->nschemas = s->nrows = s->nmatching = 0;
}

void scope_free(struct scope *s)
{
    if (!s)
        return;
    drop_look(s);
    edit_release(&s->find);
    free(s->event);
    for (size_t i = 0; i < SCOPE_LISTS; i++) {
        free(s->rules[i]);
        free(s->old_rules[i]);
    }
    free(s);
}

const struct look_table *scope_table(const struct scope *s)
{
    return s->nrows && s->at.table != SCOPE_SCHEMA ? &s->look->tables[s->at.table] : NULL;
}

const struct scope_schema *scope_schema(const struct scope *s)
{
    return s->nrows ? &s->schemas[s->at.schema] : NULL;
}

enum scope_state scope_state(const struct scope_schema *g)
{
    uint32_t n = g->nchosen + g->nviews_chosen;
    if (g->is_bare)
        return g->is_picked ? SCOPE_ALL : SCOPE_NONE;
    return n == 0 ? SCOPE_NONE : n == g->ntables + g->nviews ? SCOPE_ALL : SCOPE_SOME;
}

/* ---- order ---- */

static int descending(uint64_t a, uint64_t b)
{
    return a > b ? -1 : a < b ? 1 : 0;
}

static uint64_t bytes_of(const struct look_table *t)
{
    return t->data_bytes + t->index_bytes;
}

static int by_schema(const void *a, const void *b, void *scope)
{
    const struct scope *s = scope;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    const struct scope_schema *g = &s->schemas[x], *h = &s->schemas[y];
    int c = s->sort == SCOPE_SIZE ? descending(g->bytes, h->bytes) : s->sort == SCOPE_ROWS ? descending(g->rows, h->rows) : 0;
    return c ? c : x < y ? -1 : 1;
}

static int by_table(const void *a, const void *b, void *scope)
{
    const struct scope *s = scope;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    const struct look_table *t = &s->look->tables[x], *u = &s->look->tables[y];
    int c = s->sort == SCOPE_SIZE ? descending(bytes_of(t), bytes_of(u)) : s->sort == SCOPE_ROWS ? descending(t->rows, u->rows) : 0;
    return c ? c : x < y ? -1 : 1;
}

static void order(struct scope *s)
{
    for (uint32_t i = 0; i < s->nschemas; i++)
        s->by_schema[i] = i;
    for (uint32_t i = 0; i < s->look->n; i++)
        s->by_table[i] = i;
    if (s->sort == SCOPE_NAME)
        return;
    qsort_r(s->by_schema, s->nschemas, sizeof *s->by_schema, by_schema, s);
    for (uint32_t i = 0; i < s->nschemas; i++) {
        const struct scope_schema *g = &s->schemas[i];
        qsort_r(s->by_table + g->first, g->end - g->first, sizeof *s->by_table, by_table, s);
    }
}

/* ---- what is shown ---- */

static bool is_seeking(const struct scope *s)
{
    return s->find.n > 0;
}

static void add_row(struct scope *s, uint32_t schema, uint32_t table)
{
    s->rows[s->nrows++] = (struct scope_row){schema, table};
}

static void add_schema(struct scope *s, uint32_t i)
{
    const struct scope_schema *g = &s->schemas[i];
    add_row(s, i, SCOPE_SCHEMA);
    if (!(is_seeking(s) ? g->is_open_found && g->nmatching : g->is_open))
        return;
    for (uint32_t k = g->first; k < g->end; k++)
        if (s->matches[s->by_table[k]] && !g->is_bare)
            add_row(s, i, s->by_table[k]);
}

/* The selection stays with its row; where that is no longer shown, with its schema. */
static void find_row(struct wz *w)
{
    struct scope *s = w->scope;
    struct list *l = &w->list[STEP_SCOPE];
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < s->nrows; i++) {
        if (s->rows[i].schema != s->at.schema)
            continue;
        if (best == UINT32_MAX || s->rows[i].table == s->at.table)
            best = i;
        if (s->rows[i].table == s->at.table)
            break;
    }
    l->selected = best == UINT32_MAX ? 0 : best;
    s->at = s->nrows ? s->rows[l->selected] : (struct scope_row){0, SCOPE_SCHEMA};
}

void scope_show(struct wz *w)
{
    struct scope *s = scope_of(w);
    if (!s->look)
        return;
    order(s);
    s->nrows = 0;
    for (int found = 1; found >= 0; found--) /* what was found stands first */
        for (uint32_t i = 0; i < s->nschemas; i++)
            if (!is_seeking(s) ? found : (s->schemas[s->by_schema[i]].nmatching > 0) == found)
                add_schema(s, s->by_schema[i]);
    find_row(w);
}

/* A plain word may stand anywhere in the name; a glob is the whole name; with a dot it is schema.table. */
static bool is_found(const struct scope *s, const char *pattern, bool has_dot, const struct look_table *t)
{
    char whole[600];
    if (!is_seeking(s) || s->find_problem[0])
        return true;
    if (!has_dot)
        return pattern_matches(pattern, t->name, false);
    snprintf(whole, sizeof whole, "%s.%s", t->schema, t->name);
    return pattern_matches(pattern, whole, false);
}

static char *pattern_of(const char *text)
{
    size_t n = strlen(text);
    if (text[0] == '/')
        return x_format("~%.*s", (int)(n > 1 && text[n - 1] == '/' ? n - 2 : n - 1), text + 1);
    return pattern_is_literal(text) ? x_format("*%s*", text) : x_strdup(text);
}

static void match(struct scope *s)
{
    const char *text = s->find.text ? s->find.text : "";
    bool is_regex = text[0] == '/', has_dot = strchr(text, '.') && !is_regex;
    char *pattern = pattern_of(text);
    struct err e = {0};
    s->find_problem[0] = 0;
    if (is_regex && strlen(pattern) > 1 && !pattern_check(pattern, &e))
        snprintf(s->find_problem, sizeof s->find_problem, "%s", _("not a regular expression yet"));
    s->nmatching = 0;
    for (uint32_t i = 0; i < s->nschemas; i++) {
        struct scope_schema *g = &s->schemas[i];
        g->nmatching = 0;
        for (uint32_t k = g->first; k < g->end; k++) {
            s->matches[k] = (is_regex && strlen(pattern) < 2) || is_found(s, pattern, has_dot, &s->look->tables[k]);
            g->nmatching += s->matches[k];
        }
        s->nmatching += g->is_bare ? 0 : g->nmatching;
    }
    free(pattern);
}

void scope_find(struct wz *w)
{
    struct scope *s = scope_of(w);
    if (!s->look)
        return;
    match(s);
    for (uint32_t i = 0; i < s->nschemas; i++)
        s->schemas[i].is_open_found = true;
    scope_show(w);
    w->list[STEP_SCOPE].selected = w->list[STEP_SCOPE].top = 0;
    s->at = s->nrows ? s->rows[0] : s->at;
}

void scope_fold(struct wz *w, bool is_open)
{
    struct scope *s = scope_of(w);
    if (!s->nrows)
        return;
    struct scope_schema *g = &s->schemas[s->at.schema];
    bool *fold = is_seeking(s) ? &g->is_open_found : &g->is_open;
    if (!is_open && s->at.table != SCOPE_SCHEMA)
        s->at.table = SCOPE_SCHEMA;
    else
        *fold = is_open;
    scope_show(w);
}

/* ---- boxes ---- */

static void add_chosen(struct scope *s, struct scope_schema *g, uint32_t i)
{
    const struct look_table *t = &s->look->tables[i];
    struct scope_sum *sum = &s->sum;
    if (t->is_schema) {
        g->is_picked = true;
        sum->nbare++;
        return;
    }
    if (t->is_view) {
        g->nviews_chosen++;
        sum->nviews++;
        return;
    }
    g->nchosen++;
    sum->ntables++;
    sum->bytes += bytes_of(t);
    sum->nkeyless += t->is_read && !t->key;
    sum->nunread += t->problem != NULL;
    sum->nstanding += t->place >= PLACE_EMPTY;
    sum->nrows += t->place == PLACE_ROWS;
    if (sum->largest == UINT32_MAX || bytes_of(t) > bytes_of(&s->look->tables[sum->largest]))
        sum->largest = i;
}

static void count(struct scope *s)
{
    s->sum = (struct scope_sum){.largest = UINT32_MAX};
    for (uint32_t i = 0; i < s->nschemas; i++) {
        struct scope_schema *g = &s->schemas[i];
        g->nchosen = g->nviews_chosen = 0;
        g->is_picked = false;
        for (uint32_t k = g->first; k < g->end; k++)
            if (s->chosen[k])
                add_chosen(s, g, k);
    }
}

static bool has_table_patterns(const struct job *j)
{
    const struct job_list *lists[] = {&j->include, &j->exclude, &j->do_tables, &j->ignore_tables};
    for (size_t i = 0; i < TG_ARRAY_LEN(lists); i++)
        for (size_t k = 0; k < lists[i]->n; k++)
            if (lists[i]->rules[k].table && !pattern_is_literal(lists[i]->rules[k].table))
                return true;
    return false;
}

static const char unborn[] = "table born tomorrow 7c41"; /* a name that nobody has */

/* What the rules of the job mean for a table that is made tomorrow. */
static void look_ahead(struct wz *w)
{
    enum { ASKED = 64, TOLD = 3 };
    struct scope *s = w->scope;
    memset(&s->later, 0, sizeof s->later);
    for (uint32_t i = 0; i < TG_MIN(s->nschemas, (uint32_t)ASKED); i++) {
        bool wanted = job_wants(w->job, s->schemas[i].name, unborn);
        char *to = wanted ? s->later.yes : s->later.no;
        uint32_t n = wanted ? s->later.nyes++ : s->later.nno++;
        if (n < TOLD)
            snprintf(to + strlen(to), 120 - strlen(to), "%s%.30s", n ? ", " : "", s->schemas[i].name);
        else if (n == TOLD)
            snprintf(to + strlen(to), 120 - strlen(to), ", …");
    }
    s->later.in_new_schemas = job_wants(w->job, unborn, unborn);
    s->later.by_name = s->is_own && has_table_patterns(w->job);
}

void scope_later(const struct scope *s, char out[320])
{
    const char *yes = s->later.yes, *no = s->later.no;
    if (s->later.by_name)
        snprintf(out, 320, "%s", _("followed where their names match the rules"));
    else if (s->later.in_new_schemas && s->later.nno)
        snprintf(out, 320, _("followed in %s and in new schemas; not in %s"), yes, no);
    else if (s->later.in_new_schemas)
        snprintf(out, 320, "%s", _("followed everywhere, in new schemas as well"));
    else if (!s->later.nyes)
        snprintf(out, 320, "%s", _("none is followed"));
    else if (s->later.nno)
        snprintf(out, 320, _("followed in %s; not in %s"), yes, no);
    else
        snprintf(out, 320, _("followed in %s; not in new schemas"), yes);
}

static char *list_text(const struct job *j, const char *path)
{
    struct buf text = {0};
    if (!job_get(j, path, &text)) {
        buf_reset(&text);
        buf_adds(&text, "[]");
    }
    return buf_take(&text);
}

static struct job_pick *picks(const struct scope *s)
{
    struct job_pick *list = x_alloc((s->look->n + 1) * sizeof *list);
    for (uint32_t i = 0; i < s->look->n; i++)
        list[i] = (struct job_pick){s->look->tables[i].schema, s->look->tables[i].name, s->chosen[i]};
    return list;
}

void scope_rules(const struct scope *s, const struct job *job, struct job_picked *out)
{
    struct job_pick *list = picks(s);
    job_pick_rules(out, list, s->look->n, job->case_sensitive);
    free(list);
}

/* Rules that boxes would not make: a person's. Nothing at all is nobody's. */
static bool are_own(const struct wz *w)
{
    const struct scope *s = w->scope;
    struct job made;
    struct err ignored;
    bool is_empty = true, same = true;
    for (size_t i = 0; i < SCOPE_LISTS; i++)
        is_empty = is_empty && strcmp(s->rules[i], "[]") == 0;
    if (is_empty)
        return false;
    struct job_pick *list = picks(s);
    job_init(&made);
    made.case_sensitive = w->job->case_sensitive;
    job_pick(&made, list, s->look->n, &ignored);
    for (size_t i = 0; i < SCOPE_LISTS; i++) {
        char *text = list_text(&made, scope_lists[i]);
        same = same && strcmp(text, s->rules[i]) == 0;
        free(text);
    }
    job_release(&made);
    free(list);
    return !same;
}

static bool rules_changed(struct wz *w)
{
    struct scope *s = w->scope;
    bool changed = false;
    for (size_t i = 0; i < SCOPE_LISTS; i++) {
        char *now = list_text(w->job, scope_lists[i]);
        changed = changed || !s->rules[i] || strcmp(now, s->rules[i]) != 0;
        free(s->rules[i]);
        s->rules[i] = now;
    }
    return changed;
}

static void read_boxes(struct wz *w)
{
    struct scope *s = w->scope;
    for (uint32_t i = 0; i < s->look->n; i++)
        s->chosen[i] = s->old_chosen[i] = job_wants(w->job, s->look->tables[i].schema, s->look->tables[i].is_schema ? unborn : s->look->tables[i].name);
    for (size_t i = 0; i < SCOPE_LISTS; i++) {
        free(s->old_rules[i]);
        s->old_rules[i] = x_strdup(s->rules[i]);
    }
    s->is_own = are_own(w);
    count(s);
    look_ahead(w);
}

void scope_sync(struct wz *w)
{
    struct scope *s = scope_of(w);
    if (rules_changed(w) && s->look)
        read_boxes(w);
}

void scope_revert(struct wz *w)
{
    memcpy(w->scope->chosen, w->scope->old_chosen, w->scope->look->n);
    count(w->scope);
}

void scope_apply(struct wz *w)
{
    struct scope *s = w->scope;
    struct err e = {0};
    bool fine = true, was_stale = w->probe[PROBE_TABLES].is_stale;
    if (memcmp(s->chosen, s->old_chosen, s->look->n) == 0) { /* as it was: then by the same rules as well */
        for (size_t i = 0; fine && i < SCOPE_LISTS; i++)
            fine = job_set(w->job, scope_lists[i], s->old_rules[i], &e);
    } else {
        struct job_pick *list = picks(s);
        fine = job_pick(w->job, list, s->look->n, &e);
        free(list);
    }
    if (!fine)
        wz_notice(w, "%s: %s", err_info(e.code)->id, e.text);
    wz_changed(w);
    w->probe[PROBE_TABLES].is_stale = was_stale; /* what there is does not depend on what is chosen */
    rules_changed(w);
    count(s);
    look_ahead(w);
}

bool scope_turn(struct wz *w, bool everything, bool *asks)
{
    struct scope *s = scope_of(w);
    bool is_all = true, any = false;
    *asks = false;
    if (!s->nrows)
        return false;
    const struct scope_schema *g = &s->schemas[s->at.schema];
    uint32_t first = everything ? 0 : s->at.table != SCOPE_SCHEMA ? s->at.table : g->first;
    uint32_t end = everything ? s->look->n : s->at.table != SCOPE_SCHEMA ? s->at.table + 1 : g->end;
    for (uint32_t i = first; i < end; i++) {
        any = any || s->matches[i];
        is_all = is_all && (s->chosen[i] || !s->matches[i]);
    }
    if (!any)
        return false;
    for (uint32_t i = first; i < end; i++)
        if (s->matches[i])
            s->chosen[i] = !is_all;
    count(s);
    *asks = s->is_own;
    if (!s->is_own)
        scope_apply(w);
    return !s->is_own;
}

bool scope_choose(struct wz *w, const bool *which, bool is_on, bool *asks)
{
    struct scope *s = scope_of(w);
    bool changed = false;
    *asks = false;
    for (uint32_t i = 0; s->look && i < s->look->n; i++) {
        changed |= which[i] && s->chosen[i] != is_on;
        s->chosen[i] = which[i] ? is_on : s->chosen[i];
    }
    if (!changed)
        return false;
    count(s);
    *asks = s->is_own;
    if (!s->is_own)
        scope_apply(w);
    return !s->is_own;
}

/* The schema of exactly that name, or NULL. */
static const struct scope_schema *schema_called(const struct scope *s, const char *name)
{
    for (uint32_t i = 0; i < s->nschemas; i++)
        if (strcmp(s->schemas[i].name, name) == 0)
            return &s->schemas[i];
    return NULL;
}

bool scope_means(const struct scope *s, const char *what, bool *which, uint32_t *n, char why[120])
{
    const struct scope_schema *g = schema_called(s, what);
    bool is_regex = what[0] == '/', is_all = strcmp(what, "all") == 0 || strcmp(what, "*") == 0, has_dot = strchr(what, '.') && !is_regex;
    char *pattern = is_regex ? pattern_of(what) : x_strdup(what), whole[600];
    struct err e = {0};
    *n = 0;
    why[0] = 0;
    if (is_regex && !pattern_check(pattern, &e))
        snprintf(why, 120, "%.110s", e.text);
    for (uint32_t i = 0; s->look && i < s->look->n; i++) {
        const struct look_table *t = &s->look->tables[i];
        snprintf(whole, sizeof whole, "%s.%s", t->schema, t->name);
        which[i] = !why[0] && (is_all || (g ? i >= g->first && i < g->end : (has_dot || !t->is_schema) && pattern_matches(pattern, has_dot ? whole : t->name, false)));
        *n += which[i];
    }
    free(pattern);
    if (!*n && !why[0])
        snprintf(why, 120, _("nothing has the name %.80s"), what);
    return *n > 0;
}

bool scope_next_keyless(struct wz *w)
{
    struct scope *s = scope_of(w);
    uint32_t n = s->look ? s->look->n : 0, from = s->nrows && s->at.table != SCOPE_SCHEMA ? s->at.table + 1 : 0;
    for (uint32_t k = 0; k < n; k++) {
        uint32_t i = (from + k) % n, g = 0;
        const struct look_table *t = &s->look->tables[i];
        if (!s->chosen[i] || t->is_view || !t->is_read || t->key || !s->matches[i])
            continue;
        while (s->schemas[g].end <= i)
            g++;
        s->schemas[g].is_open = s->schemas[g].is_open_found = true;
        s->at = (struct scope_row){g, i};
        scope_show(w);
        return true;
    }
    return false;
}

/* ---- a new look ---- */

static void group(struct scope *s)
{
    const struct look *l = s->look;
    s->schemas = x_alloc((l->n + 1) * sizeof *s->schemas);
    for (uint32_t i = 0; i < l->n; i++) {
        struct scope_schema *g = s->nschemas ? &s->schemas[s->nschemas - 1] : NULL;
        if (!g || strcmp(g->name, l->tables[i].schema) != 0) {
            g = &s->schemas[s->nschemas++];
            *g = (struct scope_schema){.name = l->tables[i].schema, .first = i};
        }
        g->end = i + 1;
        g->is_bare = l->tables[i].is_schema;
        s->nthings += !g->is_bare;
        g->ntables += !l->tables[i].is_view && !g->is_bare;
        g->nviews += l->tables[i].is_view;
        g->bytes += bytes_of(&l->tables[i]);
        g->rows += l->tables[i].rows;
    }
}

static const struct scope_schema *schema_named(const struct scope_schema *list, uint32_t n, const char *name)
{
    for (uint32_t lo = 0, hi = n; lo < hi;) {
        uint32_t mid = (lo + hi) / 2;
        int c = strcmp(list[mid].name, name);
        if (c == 0)
            return &list[mid];
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

/* Folds and the selection as they were before, by their names. */
static void carry_over(struct scope *s, const struct scope *old)
{
    bool opens = s->look->n + s->nschemas <= OPEN_UP_TO || s->nschemas == 1;
    const char *schema = old->nrows ? old->schemas[old->at.schema].name : NULL;
    const char *table = old->nrows && old->at.table != SCOPE_SCHEMA ? old->look->tables[old->at.table].name : NULL;
    s->at = (struct scope_row){0, SCOPE_SCHEMA};
    for (uint32_t i = 0; i < s->nschemas; i++) {
        struct scope_schema *g = &s->schemas[i];
        const struct scope_schema *was = old->look ? schema_named(old->schemas, old->nschemas, g->name) : NULL;
        g->is_open = was ? was->is_open : opens;
        g->is_open_found = !was || was->is_open_found;
        if (!schema || strcmp(g->name, schema) != 0)
            continue;
        s->at.schema = i;
        for (uint32_t k = g->first; table && k < g->end; k++)
            if (strcmp(s->look->tables[k].name, table) == 0)
                s->at.table = k;
    }
}

void scope_take(struct wz *w, struct look *look, const struct err *e)
{
    struct scope *s = scope_of(w), old = *s;
    err_clear(&s->err);
    if (!look) {
        s->err = *e;
        return;
    }
    s->look = look;
    s->nschemas = s->nrows = s->nthings = 0;
    group(s);
    s->chosen = x_alloc(look->n + 1);
    s->old_chosen = x_alloc(look->n + 1);
    s->matches = x_alloc(look->n + 1);
    s->by_schema = x_alloc((s->nschemas + 1) * sizeof *s->by_schema);
    s->by_table = x_alloc((look->n + 1) * sizeof *s->by_table);
    s->rows = x_alloc((look->n + s->nschemas + 1) * sizeof *s->rows);
    carry_over(s, &old);
    drop_look(&old);
    rules_changed(w);
    match(s);
    read_boxes(w);
    scope_show(w);
}
