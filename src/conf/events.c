// SPDX-License-Identifier: Apache-2.0
// Filters of binlog events: reading and writing rules, and what they say about one event. The meaning is DM's
// (binlog-filter and table-rule-selector): no rule for the table means do; else the rules are walked from the
// least special pattern to the most special one, those for schemas first, and the first decision counts.
#include "base/pattern.h"
#include "base/text.h"
#include "conf/read.h"

#include <ctype.h>
#include <stdlib.h>

static const struct job_event_kind kinds[] = {
    {"insert", "dml", EVENT_ROWS},
    {"update", "dml", EVENT_ROWS},
    {"delete", "dml", EVENT_ROWS},
    {"create database", "schema", EVENT_DDL},
    {"drop database", "schema", EVENT_HARD_DDL},
    {"alter database", "schema", EVENT_DDL},
    {"create table", "table", EVENT_DDL},
    {"drop table", "table", EVENT_HARD_DDL},
    {"truncate table", "table", EVENT_HARD_DDL},
    {"rename table", "table", EVENT_HARD_DDL},
    {"alter table", "table", EVENT_DDL},
    {"create view", "table", EVENT_DDL},
    {"drop view", "table", EVENT_DDL},
    {"recover table", "table", EVENT_HARD_DDL},
    {"multi schema change", "table", EVENT_HARD_DDL},
    {"create index", "index", EVENT_DDL},
    {"drop index", "index", EVENT_HARD_DDL},
    {"rename index", "index", EVENT_HARD_DDL},
    {"alter index visibility", "index", EVENT_HARD_DDL},
    {"add primary key", "index", EVENT_HARD_DDL},
    {"drop primary key", "index", EVENT_HARD_DDL},
    {"drop unique key", "index", EVENT_HARD_DDL},
    {"add foreign key", "index", EVENT_HARD_DDL},
    {"drop foreign key", "index", EVENT_HARD_DDL},
    {"add column", "column", EVENT_HARD_DDL},
    {"drop column", "column", EVENT_HARD_DDL},
    {"rename column", "column", EVENT_HARD_DDL},
    {"modify column", "column", EVENT_HARD_DDL},
    {"modify columns order", "column", EVENT_HARD_DDL},
    {"modify default value", "column", EVENT_HARD_DDL},
    {"set default value", "column", EVENT_HARD_DDL},
    {"modify constraint", "column", EVENT_HARD_DDL},
    {"remove auto increment", "column", EVENT_HARD_DDL},
    {"rebase auto id", "column", EVENT_HARD_DDL},
    {"value range decrease", "column", EVENT_HARD_DDL},
    {"precision decrease", "column", EVENT_HARD_DDL},
    {"modify charset", "options", EVENT_HARD_DDL},
    {"modify collation", "options", EVENT_HARD_DDL},
    {"modify schema charset and collate", "options", EVENT_HARD_DDL},
    {"modify table charset and collate", "options", EVENT_HARD_DDL},
    {"modify table comment", "options", EVENT_HARD_DDL},
    {"modify storage engine", "options", EVENT_HARD_DDL},
    {"alter ttl info", "options", EVENT_HARD_DDL},
    {"alter ttl remove", "options", EVENT_HARD_DDL},
    {"add table partition", "partition", EVENT_DDL},
    {"drop table partition", "partition", EVENT_HARD_DDL},
    {"truncate table partition", "partition", EVENT_HARD_DDL},
    {"reorganize table partition", "partition", EVENT_HARD_DDL},
    {"rebuild table partition", "partition", EVENT_HARD_DDL},
    {"coalesce table partition", "partition", EVENT_HARD_DDL},
    {"split table partition", "partition", EVENT_HARD_DDL},
    {"exchange table partition", "partition", EVENT_HARD_DDL},
    {"alter table partitioning", "partition", EVENT_HARD_DDL},
    {"remove table partitioning", "partition", EVENT_HARD_DDL},
};

static const struct {
    const char *name, *means;
} aliases[] = {{"create schema", "create database"}, {"drop schema", "drop database"}, {"alter schema", "alter database"}};

static const char *const groups[] = {"all", "all dml", "all ddl", "none", "none dml", "none ddl", "incompatible ddl changes"};
static const char *const actions[] = {"Do", "Ignore", "Error"}; /* as DM writes them */

const struct job_event_kind *job_event_kinds(size_t *n)
{
    *n = TG_ARRAY_LEN(kinds);
    return kinds;
}

static const struct job_event_kind *kind_of(const char *name)
{
    for (size_t i = 0; i < TG_ARRAY_LEN(kinds); i++)
        if (!strcmp(kinds[i].name, name))
            return &kinds[i];
    return NULL;
}

/* The name as DM keeps it, or NULL. */
static const char *canonical(const char *name)
{
    struct str text = str_of(name);
    for (size_t i = 0; i < TG_ARRAY_LEN(kinds); i++)
        if (str_ieq(text, str_of(kinds[i].name)))
            return kinds[i].name;
    for (size_t i = 0; i < TG_ARRAY_LEN(groups); i++)
        if (str_ieq(text, str_of(groups[i])))
            return groups[i];
    for (size_t i = 0; i < TG_ARRAY_LEN(aliases); i++)
        if (str_ieq(text, str_of(aliases[i].name)))
            return aliases[i].means;
    return NULL;
}

/* ---- reading ---- */

void events_release(struct job *j)
{
    for (size_t i = 0; i < j->nevents; i++) {
        struct job_event *v = &j->events[i];
        free(v->schema);
        free(v->table);
        while (v->nevents)
            free(v->events[--v->nevents]);
        while (v->nsql)
            free(v->sql[--v->nsql]);
        free(v->events);
        free(v->sql);
    }
    free(j->events);
    j->events = NULL;
    j->nevents = 0;
}

/* DM's wildcards: a star only at the end, and no regular expression. */
static bool read_pattern(struct reader *r, const struct ynode *map, const char *key, char **out)
{
    const struct ynode *y = ymap_get(map, key);
    const char *text = y ? rd_scalar(r, y, "events", FF_PATTERN) : NULL;
    if (!text || !*text)
        return y == NULL || y->kind == Y_SCALAR;
    const char *star = strchr(text, '*');
    if (text[0] == '~' || (star && star[1])) {
        rd_problem(r, false, ERR_CONF_VALUE, y, "events: %s \"%.80s\": %s", key, text,
                   text[0] == '~' ? N_("a rule of events takes no regular expression; wildcards are * at the end, ? and [a-z]")
                                  : N_("a * stands at the end only"));
        return false;
    }
    *out = x_strdup(text);
    return true;
}

static void add_text(char ***list, size_t *n, const char *text)
{
    *list = x_realloc(*list, (*n + 1) * sizeof **list);
    (*list)[(*n)++] = x_strdup(text);
}

static void unknown_event(struct reader *r, const struct ynode *at, const char *text)
{
    const char *near = NULL;
    unsigned best = (unsigned)TG_MAX((size_t)3, strlen(text) / 2 + 1);
    for (size_t i = 0; i < TG_ARRAY_LEN(kinds) + TG_ARRAY_LEN(groups); i++) {
        const char *name = i < TG_ARRAY_LEN(kinds) ? kinds[i].name : groups[i - TG_ARRAY_LEN(kinds)];
        unsigned distance = str_distance(text, name);
        if (distance < best) {
            best = distance;
            near = name;
        }
    }
    if (near)
        rd_problem(r, false, ERR_CONF_VALUE, at, "events: there is no event \"%.80s\"; did you mean \"%s\"?", text, near);
    else
        rd_problem(r, false, ERR_CONF_VALUE, at, "events: there is no event \"%.80s\"", text);
}

/* A word or a list of them. */
static bool read_texts(struct reader *r, const struct ynode *map, const char *key, bool is_sql, char ***list, size_t *count)
{
    const struct ynode *y = ymap_get(map, key);
    size_t n = !y || ynode_is_null(y) ? 0 : y->kind == Y_LIST ? y->n : 1;
    bool fine = true;
    for (size_t i = 0; i < n; i++) {
        const struct ynode *item = y->kind == Y_LIST ? y->items[i] : y;
        const char *text = rd_scalar(r, item, "events", is_sql ? FF_RAW : 0), *name = text && !is_sql ? canonical(text) : text;
        if (is_sql && text) {
            char *regex = x_format("~%s", text);
            fine = rd_pattern(r, item, regex) && fine;
            free(regex);
        } else if (text && *text && !name) {
            unknown_event(r, item, text);
            fine = false;
        }
        fine = fine && (text || ynode_is_null(item));
        if (name && *name)
            add_text(list, count, name);
    }
    return fine;
}

static bool read_action(struct reader *r, const struct ynode *map, enum event_action *out)
{
    const struct ynode *y = ymap_get(map, "action");
    const char *text = y ? rd_scalar(r, y, "events", 0) : NULL;
    for (size_t i = 0; text && i < TG_ARRAY_LEN(actions); i++)
        if (str_ieq(str_of(text), str_of(actions[i]))) {
            *out = (enum event_action)i;
            return true;
        }
    if (text)
        rd_problem(r, false, ERR_CONF_VALUE, y, "events: the action is \"%.80s\"; it can be do, ignore or error", text);
    else if (!y || ynode_is_null(y))
        rd_problem(r, false, ERR_CONF_MISSING, map, "a rule of events needs an action: do, ignore or error");
    return false;
}

static bool same_name(const struct job *j, const char *a, const char *b)
{
    return a && b ? (j->case_sensitive ? !strcmp(a, b) : str_ieq(str_of(a), str_of(b))) : !a && !b;
}

/* Of two rules with the same patterns DM keeps the first. */
static bool is_lost_in_dm(const struct job *j, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (same_name(j, j->events[i].schema, j->events[n].schema) && same_name(j, j->events[i].table, j->events[n].table))
            return true;
    return false;
}

bool event_is_lost_in_dm(const struct job *j, size_t i)
{
    return is_lost_in_dm(j, i);
}

void rd_event(struct reader *r, const struct ynode *map)
{
    struct job *j = r->job;
    if (map->kind != Y_MAP) {
        rd_problem(r, false, ERR_CONF_VALUE, map, "a rule of events is a map of schema-pattern, table-pattern, events, sql-pattern, action");
        return;
    }
    j->events = x_realloc(j->events, (j->nevents + 1) * sizeof *j->events);
    struct job_event *v = &j->events[j->nevents];
    *v = (struct job_event){0};
    bool fine = read_pattern(r, map, "schema-pattern", &v->schema);
    fine = read_pattern(r, map, "table-pattern", &v->table) && fine;
    fine = read_texts(r, map, "events", false, &v->events, &v->nevents) && fine;
    fine = read_texts(r, map, "sql-pattern", true, &v->sql, &v->nsql) && fine;
    fine = read_action(r, map, &v->action) && fine;
    if (fine && !v->schema) {
        rd_problem(r, false, ERR_CONF_MISSING, map, "a rule of events needs schema-pattern; \"*\" means every schema");
        fine = false;
    }
    bool is_lost = fine && r->is_dm && is_lost_in_dm(j, j->nevents);
    if (is_lost)
        rd_problem(r, true, ERR_CONF_VALUE, map, "there is a filter for %.80s.%.80s already; DM keeps only the first, and so does this run",
                   v->schema, v->table ? v->table : "*");
    if (fine && !is_lost) {
        j->nevents++;
        return;
    }
    struct job one = {.events = x_alloc(sizeof *v), .nevents = 1};
    *one.events = *v;
    events_release(&one);
}

/* ---- writing ---- */

static void put_texts(const char *key, char *const *list, size_t n, struct buf *out)
{
    if (n)
        buf_addf(out, "%s: [", key);
    for (size_t i = 0; i < n; i++) {
        buf_adds(out, i ? ", " : "");
        yaml_quote(list[i], out);
    }
    buf_adds(out, n ? "], " : "");
}

void event_text(const struct job_event *v, bool is_dm, struct buf *out)
{
    buf_adds(out, "{schema-pattern: ");
    yaml_quote(v->schema, out);
    buf_adds(out, ", ");
    if (v->table) {
        buf_adds(out, "table-pattern: ");
        yaml_quote(v->table, out);
        buf_adds(out, ", ");
    }
    put_texts("events", v->events, v->nevents, out);
    put_texts("sql-pattern", v->sql, v->nsql, out);
    buf_adds(out, "action: ");
    for (const char *p = actions[v->action]; *p; p++)
        buf_addc(out, is_dm ? *p : (char)tolower((unsigned char)*p));
    buf_addc(out, '}');
}

/* The rules of the job with one of them (at) instead of what stands there; rule NULL: without it. */
static bool set_events(struct job *j, size_t at, const struct job_event *rule, struct err *e)
{
    struct buf text = {0};
    struct job trial;
    buf_addc(&text, '[');
    for (size_t i = 0; i <= j->nevents; i++) {
        const struct job_event *v = i == at ? rule : i < j->nevents ? &j->events[i] : NULL;
        buf_adds(&text, v && text.n > 1 ? ", " : "");
        if (v)
            event_text(v, false, &text);
    }
    buf_addc(&text, ']');
    job_init(&trial);
    bool fine = job_set(&trial, "events", text.p, e) && job_set(j, "events", text.p, e);
    job_release(&trial);
    buf_release(&text);
    return fine;
}

bool job_event_put(struct job *j, size_t i, const struct job_event *rule, struct err *e)
{
    return set_events(j, i, rule, e);
}

bool job_event_drop(struct job *j, size_t i, struct err *e)
{
    return set_events(j, i, NULL, e);
}

/* ---- judging ---- */

/* The order in which DM's trie finds patterns: at the first place where they differ the end, *, ?, [ and characters. */
static int pattern_order(const char *a, const char *b)
{
    static const char specials[] = "*?[";
    for (; *a && *a == *b; a++, b++)
        continue;
    if (*a == *b)
        return 0;
    const char *x = *a ? strchr(specials, *a) : NULL, *y = *b ? strchr(specials, *b) : NULL;
    int i = !*a ? 0 : x ? (int)(x - specials) + 1 : 9, k = !*b ? 0 : y ? (int)(y - specials) + 1 : 9;
    return i - k;
}

static bool comes_before(const struct job *j, size_t a, size_t b)
{
    const struct job_event *x = &j->events[a], *y = &j->events[b];
    if (!x->table != !y->table)
        return !x->table;
    int order = pattern_order(x->schema, y->schema);
    if (!order && x->table)
        order = pattern_order(x->table, y->table);
    return order ? order < 0 : a < b;
}

/* A statement about a schema alone has the table "". */
static size_t match(const struct job *j, const char *schema, const char *table, size_t *out)
{
    size_t n = 0;
    for (size_t i = 0; i < j->nevents; i++) {
        const struct job_event *v = &j->events[i];
        if (!pattern_matches(v->schema, schema, j->case_sensitive) ||
            (v->table && !pattern_matches(v->table, table ? table : "", j->case_sensitive)))
            continue;
        size_t at = n++;
        for (; at > 0 && comes_before(j, i, out[at - 1]); at--)
            out[at] = out[at - 1];
        out[at] = i;
    }
    return n;
}

static bool is_listed(const struct job_event *v, enum event_class class, const char *const *names)
{
    for (size_t i = 0; i < v->nevents; i++) {
        const char *e = v->events[i];
        bool is_rows = class == EVENT_ROWS;
        if (!strcmp(e, "all") || !strcmp(e, is_rows ? "all dml" : "all ddl"))
            return true;
        if (!strcmp(e, "none") || !strcmp(e, is_rows ? "none dml" : "none ddl"))
            return false;
        if (class == EVENT_HARD_DDL && !strcmp(e, "incompatible ddl changes"))
            return true;
        for (size_t k = 0; names[k]; k++)
            if (!strcmp(e, names[k]))
                return true;
    }
    return false;
}

static bool sql_matches(const struct job_event *v, const char *sql)
{
    bool found = false;
    for (size_t i = 0; i < v->nsql && !found; i++) {
        char *regex = x_format("~%s", v->sql[i]);
        found = pattern_matches(regex, sql, false);
        free(regex);
    }
    return found;
}

struct event_verdict job_judge(const struct job *j, const char *schema, const char *table, const char *const *names, const char *sql)
{
    struct event_verdict none = {EVENT_DO, 0};
    if (!j->nevents)
        return none;
    size_t *rules = x_alloc(j->nevents * sizeof *rules), n = match(j, schema, table, rules), i;
    const struct job_event_kind *kind = names && names[0] ? kind_of(names[0]) : NULL;
    for (i = 0; i < n; i++) {
        const struct job_event *v = &j->events[rules[i]];
        bool has_event = kind && is_listed(v, kind->class, names), has_sql = sql && v->nsql && sql_matches(v, sql);
        if (v->action == EVENT_DO ? (kind && !has_event) || (sql && v->nsql && !has_sql) : has_event || has_sql)
            break;
    }
    struct event_verdict out = none;
    if (i < n) {
        enum event_action action = j->events[rules[i]].action;
        out = (struct event_verdict){action == EVENT_DO ? EVENT_IGNORE : action, rules[i] + 1};
    }
    free(rules);
    return out;
}
