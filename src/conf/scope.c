// SPDX-License-Identifier: Apache-2.0
// What moves and where to. include and exclude are ours (exclude wins); the four DM lists are
// walked in DM's own order; both must agree. Entries are matched one by one: DM's quirk of joining
// a regular expression of one entry with a plain name of another is not copied. Answers are cheap
// but not free (regular expressions are compiled), so callers ask once per table.
#include "base/pattern.h"
#include "conf/field.h"

#include <stdio.h>

static bool is_system_schema(const char *schema)
{
    static const char *const names[] = {
        "mysql",
        "information_schema",
        "performance_schema",
        "sys",
        "tidegate_meta",
        "dm_meta",
        "metrics_schema",
        "inspection_schema",
        "lightning_task_info",
        "lightning_metadata",
        "mysql_innodb_cluster_metadata",
        "ndbinfo",
    };
    for (size_t i = 0; i < TG_ARRAY_LEN(names); i++)
        if (str_ieq(str_of(schema), str_of(names[i])))
            return true;
    return name_is_scratch(schema);
}

static bool matches(const struct job *j, const struct job_rule *r, const char *schema,
                    const char *table)
{
    return pattern_matches(r->schema, schema, j->case_sensitive) &&
           (!r->table || (table && pattern_matches(r->table, table, j->case_sensitive)));
}

static bool schema_in(const struct job *j, const struct job_list *l, const char *schema)
{
    for (size_t i = 0; i < l->n; i++)
        if (pattern_matches(l->rules[i].schema, schema, j->case_sensitive))
            return true;
    return false;
}

static bool table_in(const struct job *j, const struct job_list *l, const char *schema,
                     const char *table)
{
    for (size_t i = 0; i < l->n; i++)
        if (matches(j, &l->rules[i], schema, table))
            return true;
    return false;
}

static bool dm_wants(const struct job *j, const char *schema, const char *table)
{
    if (j->do_dbs.n && !schema_in(j, &j->do_dbs, schema))
        return false;
    if (!j->do_dbs.n && j->ignore_dbs.n && schema_in(j, &j->ignore_dbs, schema))
        return false;
    if (!table)
        return true;
    if (j->do_tables.n && table_in(j, &j->do_tables, schema, table))
        return true;
    if (j->ignore_tables.n && table_in(j, &j->ignore_tables, schema, table))
        return false;
    return !j->do_tables.n;
}

bool job_wants(const struct job *j, const char *schema, const char *table)
{
    if (is_system_schema(schema))
        return false;
    if (j->include.n &&
        !(table ? table_in(j, &j->include, schema, table) : schema_in(j, &j->include, schema)))
        return false;
    if (table_in(j, &j->exclude, schema,
                 table)) /* without a table only rules for whole schemas match */
        return false;
    return dm_wants(j, schema, table);
}

void job_route(const struct job *j, const char *schema, const char *table, char to_schema[200],
               char to_table[200])
{
    const struct job_route *found = NULL;
    for (size_t i = 0; table && !found && i < j->nroutes; i++)
        if (j->routes[i].from_table &&
            pattern_matches(j->routes[i].from_schema, schema, j->case_sensitive) &&
            pattern_matches(j->routes[i].from_table, table, j->case_sensitive))
            found = &j->routes[i];
    for (size_t i = 0; !found && i < j->nroutes; i++)
        if (!j->routes[i].from_table &&
            pattern_matches(j->routes[i].from_schema, schema, j->case_sensitive))
            found = &j->routes[i];
    snprintf(to_schema, 200, "%s", found ? found->to_schema : schema);
    snprintf(to_table, 200, "%s",
             found && found->to_table && table ? found->to_table
             : table                           ? table
                                               : "");
}

bool job_wants_port(void *job, const char *schema, const char *table)
{
    return job_wants(job, schema, table);
}

void job_route_port(void *job, const char *schema, const char *table, char to_schema[200], char to_table[200])
{
    job_route(job, schema, table, to_schema, to_table);
}

bool job_route_is_ambiguous(const struct job *j, const char *schema, const char *table)
{
    const struct job_route *found = NULL;
    for (int tables = 1; tables >= 0 && !found; tables--)
        for (size_t i = 0; i < j->nroutes; i++) {
            const struct job_route *r = &j->routes[i];
            if ((r->from_table != NULL) != (tables == 1) || !pattern_matches(r->from_schema, schema, j->case_sensitive) ||
                (r->from_table && !pattern_matches(r->from_table, table, j->case_sensitive)))
                continue;
            const char *a = found && found->to_table ? found->to_table : "", *b = r->to_table ? r->to_table : "";
            if (found && (strcmp(found->to_schema, r->to_schema) != 0 || strcmp(a, b) != 0))
                return true;
            found = r;
        }
    return false;
}

const char *job_answer(const struct job *j, const char *id, const char *table)
{
    const char *general = NULL;
    for (size_t i = 0; i < j->nanswers; i++) {
        const struct job_answer *a = &j->answers[i];
        if (strcmp(a->id, id))
            continue;
        if (!a->table)
            general = a->choice;
        else if (table && str_ieq(str_of(a->table), str_of(table)))
            return a->choice;
    }
    return general;
}

const char *job_accept_reason(const struct job *j, const char *what)
{
    size_t n = strlen(what);
    for (size_t i = 0; i < j->ncheck_accept; i++) {
        const char *word = j->check_accept[i];
        if (strncmp(word, what, n) != 0 || (word[n] && word[n] != ':'))
            continue;
        word += n + (word[n] == ':');
        return word + strspn(word, " ");
    }
    return NULL;
}

bool job_accepts(const struct job *j, const char *what)
{
    return job_accept_reason(j, what) != NULL;
}

bool job_starts_by_file(const struct job_end *s)
{
    bool has_file = s->start_file && s->start_file[0], has_gtid = s->start_gtid && s->start_gtid[0];
    return has_file && (!s->enable_gtid || !has_gtid);
}

bool job_ignores(const struct job *j, const char *check)
{
    for (size_t i = 0; i < j->ncheck_ignore; i++)
        if (strcmp(j->check_ignore[i], check) == 0 || strcmp(j->check_ignore[i], "all") == 0)
            return true;
    return false;
}
