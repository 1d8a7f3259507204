// SPDX-License-Identifier: Apache-2.0
/* A table that is made or renamed while the stream runs may be routed to where another one is. IF NOT EXISTS would take it
 * for its own: both would then be emptied and dropped together. */
#include "follow/private.h"

#include <stdio.h>

bool follow_check_place(const struct follow *f, const struct tab *self, const struct table *t, struct err *e)
{
    const struct tabs *tabs = f->o.tabs;
    int (*differ)(const char *, const char *) = f->o.dialect->flavour == DB_TIDB ? strcasecmp : strcmp;
    for (uint32_t i = 0; i < tabs->n; i++) {
        const struct tab *other = tabs->list[i];
        if (other != self && other->def && differ(other->def->target_name, t->target_name) == 0 &&
            differ(other->def->target_schema, t->target_schema) == 0)
            return err_set(e, ERR_TARGET_ROUTE, "%s.%s and %s both go to %s.%s", t->schema, t->name, other->label, t->target_schema,
                           t->target_name);
    }
    return true;
}

bool follow_may_be_left(const struct follow *f, const char *schema, const char *table)
{
    static const char *const drop[] = {"drop table", NULL}, *const drop_schema[] = {"drop database", NULL};
    const struct tabs *tabs = f->o.tabs;
    const struct job *j = f->o.job;
    char label[160], sql[400];
    snprintf(label, sizeof label, "%.79s.%.79s", schema, table);
    for (uint32_t i = 0; i < tabs->n; i++)
        if ((atomic_load(&tabs->list[i]->filters) & TAB_LEFT) && strcmp(tabs->list[i]->label, label) == 0)
            return true;
    snprintf(sql, sizeof sql, "DROP TABLE `%.150s`", table);
    return job_judge(j, schema, table, drop, sql).action == EVENT_IGNORE || job_judge(j, schema, NULL, drop_schema, NULL).action == EVENT_IGNORE;
}
