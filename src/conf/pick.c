// SPDX-License-Identifier: Apache-2.0
/* From picked tables to the shortest rules that mean them, and renames added and dropped one by one. Rules are written
 * as text and read back by job_set, so that what is kept is what a file would give. */
#include "base/pattern.h"
#include "conf/field.h"

#include <stdlib.h>
#include <strings.h>

/* A glob that matches this name only (but for the case of its letters). Sets of one character stand for what would mean
 * something else: to the glob, or to the search for forgotten placeholders. */
static void add_literal(const char *name, struct buf *out)
{
    for (const char *p = name; *p; p++) {
        bool is_special = *p == '*' || *p == '?' || *p == '[' || (*p == '$' && p[1] == '{') || (p == name && (*p == '~' || *p == '<'));
        buf_addf(out, is_special ? "[%c]" : "%c", *p);
    }
}

/* A regular expression that matches this name only, and by the case of its letters. */
static void add_exact(const char *name, struct buf *out)
{
    buf_adds(out, "~(?-i)^");
    for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
        bool is_word = *p >= 0x80 || *p == '_' || (*p >= '0' && *p <= '9') || ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z');
        if (*p == 0xE2 && p[1] == 0x80 && p[2] == 0xB9) { /* ‹ would be taken for a placeholder */
            buf_adds(out, "\\x{2039}");
            p += 2;
        } else if (*p < 0x20) {
            buf_addf(out, "\\x{%02X}", *p);
        } else {
            buf_addf(out, is_word ? "%c" : "\\%c", *p);
        }
    }
    buf_adds(out, "\\z");
}

static void add_name(const char *name, bool is_exact, struct buf *out)
{
    if (is_exact || strstr(name, "‹"))
        add_exact(name, out);
    else
        add_literal(name, out);
}

static void rule_of(const char *schema, bool is_exact_schema, const char *table, bool is_exact_table, struct buf *out)
{
    struct buf s = {0}, t = {0};
    add_name(schema, is_exact_schema, &s);
    if (table)
        add_name(table, is_exact_table, &t);
    rule_format(s.p, table ? t.p : NULL, out);
    buf_release(&s);
    buf_release(&t);
}

void job_rule_text(const char *schema, const char *table, struct buf *out)
{
    rule_of(schema, false, table, false, out);
}

/* ---- picks ---- */

struct picker {
    const struct job_pick *list;
    bool *is_exact;                   /* by table: another of its schema differs by case only, and is not picked alike */
    bool has_twin;                    /* the schema: there is another that differs by case only */
    struct job_picked *out;
};

static int by_folded_name(const void *a, const void *b)
{
    const struct job_pick *const *x = a, *const *y = b;
    return strcasecmp((*x)->table, (*y)->table);
}

static void find_twins(struct picker *p, size_t first, size_t end)
{
    const struct job_pick **order = x_alloc((end - first + 1) * sizeof(void *));
    for (size_t i = first; i < end; i++)
        order[i - first] = &p->list[i];
    qsort(order, end - first, sizeof(void *), by_folded_name);
    for (size_t i = 0, to; i < end - first; i = to) {
        bool differ = false;
        for (to = i + 1; to < end - first && strcasecmp(order[i]->table, order[to]->table) == 0; to++)
            differ = differ || order[to]->is_chosen != order[i]->is_chosen;
        for (size_t k = i; differ && k < to; k++)
            p->is_exact[order[k] - p->list] = true;
    }
    free(order);
}

static void add_rule(struct buf *list, const struct picker *p, size_t at, bool is_whole)
{
    struct buf rule = {0};
    rule_of(p->list[at].schema, p->has_twin, is_whole ? NULL : p->list[at].table, !is_whole && p->is_exact[at], &rule);
    if (is_whole)
        buf_adds(&rule, ".*");
    buf_adds(list, list->n ? ", " : "[");
    yaml_quote(rule.p, list);
    buf_release(&rule);
}

/* The tables of one schema: all but a few, or a few. */
static void take_schema(struct picker *p, size_t first, size_t end)
{
    size_t nchosen = 0;
    for (size_t i = first; i < end; i++)
        nchosen += p->list[i].is_chosen;
    bool is_whole = nchosen && 1 + (end - first - nchosen) <= nchosen;
    if (is_whole)
        add_rule(&p->out->include, p, first, true);
    for (size_t i = first; nchosen && i < end; i++)
        if (p->list[i].is_chosen != is_whole)
            add_rule(is_whole ? &p->out->exclude : &p->out->include, p, i, false);
}

static int by_folded_schema(const void *a, const void *b)
{
    return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

/* Whether another schema of the list, which is sorted by folded names, differs from this one by case only. */
static bool schema_has_twin(const char *const *schemas, size_t n, const char *schema)
{
    const char *const *at = bsearch(&schema, schemas, n, sizeof *schemas, by_folded_schema);
    return at && ((at > schemas && strcasecmp(at[-1], schema) == 0) || (at + 1 < schemas + n && strcasecmp(at[1], schema) == 0));
}

static size_t schema_end(const struct job_pick *list, size_t n, size_t first)
{
    size_t end = first + 1;
    while (end < n && strcmp(list[end].schema, list[first].schema) == 0)
        end++;
    return end;
}

void job_pick_rules(struct job_picked *out, const struct job_pick *list, size_t n, bool case_sensitive)
{
    struct picker p = {.list = list, .is_exact = x_alloc(n + 1), .out = out};
    const char **schemas = x_alloc((n + 1) * sizeof *schemas);
    size_t nschemas = 0;
    for (size_t i = 0; i < n; i = schema_end(list, n, i))
        schemas[nschemas++] = list[i].schema;
    qsort(schemas, nschemas, sizeof *schemas, by_folded_schema);
    *out = (struct job_picked){{0}, {0}};
    for (size_t i = 0, end; i < n; i = end) {
        end = schema_end(list, n, i);
        p.has_twin = !case_sensitive && schema_has_twin(schemas, nschemas, list[i].schema);
        if (!case_sensitive)
            find_twins(&p, i, end);
        take_schema(&p, i, end);
    }
    buf_adds(&out->exclude, out->exclude.n ? "]" : out->include.n ? "[]" : "[\"*\"]"); /* an empty include means everything */
    buf_adds(&out->include, out->include.n ? "]" : "[]");
    free(schemas);
    free(p.is_exact);
}

void job_picked_release(struct job_picked *p)
{
    buf_release(&p->include);
    buf_release(&p->exclude);
}

bool job_pick(struct job *j, const struct job_pick *list, size_t n, struct err *e)
{
    static const char *const others[] = {"allow.do-dbs", "allow.ignore-dbs", "allow.do-tables", "allow.ignore-tables"};
    struct job_picked rules;
    job_pick_rules(&rules, list, n, j->case_sensitive);
    bool fine = job_set(j, "allow.include", rules.include.p, e) && job_set(j, "allow.exclude", rules.exclude.p, e);
    for (size_t i = 0; fine && i < TG_ARRAY_LEN(others); i++)
        fine = job_set(j, others[i], "[]", e);
    job_picked_release(&rules);
    return fine;
}

/* ---- renames ---- */

void job_route_text(const struct job *j, size_t i, struct buf *from, struct buf *to)
{
    const struct job_route *r = &j->routes[i];
    rule_format(r->from_schema, r->from_table, from);
    rule_format(r->to_schema, r->to_table, to);
    if (!r->from_table) {
        buf_adds(from, ".*");
        buf_adds(to, ".*");
    }
}

static void add_route(const struct buf *from, const struct buf *to, struct buf *out)
{
    buf_adds(out, out->n > 1 ? ", {from: " : "{from: ");
    yaml_quote(from->p, out);
    buf_adds(out, ", to: ");
    yaml_quote(to->p, out);
    buf_addc(out, '}');
}

/* The routes of the job but `without`, and one more; put into the job when all of them can be read. */
static bool set_routes(struct job *j, size_t without, const char *from, const char *to, struct err *e)
{
    struct buf text = {0}, a = {0}, b = {0};
    struct job trial;
    buf_addc(&text, '[');
    for (size_t i = 0; i <= j->nroutes; i++) {
        buf_reset(&a);
        buf_reset(&b);
        if (i < j->nroutes) {
            job_route_text(j, i, &a, &b);
        } else {
            buf_adds(&a, from);
            buf_adds(&b, to);
        }
        if (i != without && (i < j->nroutes || *from))
            add_route(&a, &b, &text);
    }
    buf_addc(&text, ']');
    job_init(&trial);
    bool fine = job_set(&trial, "routes", text.p, e) && job_set(j, "routes", text.p, e);
    job_release(&trial);
    buf_release(&text);
    buf_release(&a);
    buf_release(&b);
    return fine;
}

static bool same_part(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : !a && !b;
}

bool job_route_add(struct job *j, const char *from, const char *to, struct err *e)
{
    char *schema, *table, *to_schema, *to_table;
    bool fine = rule_parse(from, &schema, &table, e);
    if (!fine)
        return false;
    for (size_t i = 0; fine && i < j->nroutes; i++)
        if (same_part(j->routes[i].from_schema, schema) && same_part(j->routes[i].from_table, table))
            fine = err_set(e, ERR_CONF_VALUE, "there is a rename from %.100s already", from);
    if (fine && rule_parse(to, &to_schema, &to_table, e)) {
        if (!pattern_is_literal(to_schema) || (to_table && !pattern_is_literal(to_table)))
            fine = err_set(e, ERR_CONF_VALUE, "%.100s is a pattern; a new name is a plain one", to);
        else if (!table && to_table)
            fine = err_set(e, ERR_CONF_VALUE, "a whole schema gets a new schema name: write %.100s.*", to_schema);
        free(to_schema);
        free(to_table);
    } else {
        fine = false;
    }
    free(schema);
    free(table);
    return fine && set_routes(j, SIZE_MAX, from, to, e);
}

bool job_route_drop(struct job *j, size_t i, struct err *e)
{
    return set_routes(j, i, "", "", e);
}
