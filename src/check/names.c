// SPDX-License-Identifier: Apache-2.0
// What the job says about checks themselves: a name that is misspelt leaves nothing out and accepts nothing.
#include "check/private.h"

#include <stdlib.h>

/* DM's names for what its own roads need; a task file that ignores them runs here too. */
static const char *const dm_only[] = {"all", "schema_of_shard_tables", "auto_increment_ID", "meta_position", "empty_region",
                                      "region_distribution", "downstream_version", "free_space", "downstream_mutex_features",
                                      "downstream_table_empty", "primary_key", "version", "server_id", "binlog_db", "dump_privilege",
                                      "replication_privilege", "conn_number", "table_schema", "online_ddl", "target_privilege", NULL};
/* What is accepted beside checks. */
static const char *const terms[] = {"geometry-as-bytes", "lost-characters", NULL};

static bool is_among(const char *const *list, const char *word)
{
    for (; *list; list++)
        if (strcmp(*list, word) == 0)
            return true;
    return false;
}

static const char *nearest(const char *word)
{
    const char *near = NULL;
    unsigned best = (unsigned)TG_MAX((size_t)3, strlen(word) / 3 + 1);
    const struct check *c;
    for (size_t i = 0; (c = check_at(i)) != NULL; i++) {
        unsigned distance = str_distance(word, check_id(c));
        if (distance < best) {
            best = distance;
            near = check_id(c);
        }
    }
    return near;
}

static void look_at(struct check_result *out, const char *path, const char *word, const char *const *others)
{
    if (check_find(word) || is_among(others, word))
        return;
    const char *near = nearest(word);
    if (near)
        find(out, CHECK_WARN, "Correct the name; tidegate check --list names all checks.", "%s: there is no check \"%s\"; did you mean \"%s\"?", path,
             word, near);
    else
        find(out, CHECK_WARN, "Correct the name; tidegate check --list names all checks.", "%s: there is no check \"%s\"", path, word);
}

void check_names(struct run *r, struct check_result *out)
{
    const struct job *j = r->job;
    set_wanted(out, "names that exist");
    for (size_t i = 0; i < j->ncheck_ignore; i++)
        look_at(out, "checks.ignore", j->check_ignore[i], dm_only);
    for (size_t i = 0; i < j->ncheck_accept; i++) {
        char *word = x_strndup(j->check_accept[i], strcspn(j->check_accept[i], ":"));
        look_at(out, "checks.accept", word, terms);
        free(word);
    }
    if (out->ntotal)
        set_found(out, "%u unknown", out->ntotal);
    else
        set_found(out, "%zu in the job", j->ncheck_ignore + j->ncheck_accept);
}
