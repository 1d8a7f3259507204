// SPDX-License-Identifier: Apache-2.0
/* Cascades are not in the binlog of MariaDB and of MySQL before 9.6, nor of a later one with
 * innodb_native_foreign_keys=ON. Until the engine derives them itself, the first change that would cascade stops the
 * run: a parent of a CASCADE or SET NULL child deleted, or a referenced key changed. */
#include "follow/private.h"

bool follow_refers_to(const struct foreign_key *k, const struct table *child, const struct table *parent)
{
    const char *schema = k->ref_schema && k->ref_schema[0] ? k->ref_schema : child->schema;
    return strcmp(k->ref_table, parent->name) == 0 && strcmp(schema, parent->schema) == 0;
}

static bool key_changed(const struct foreign_key *k, const struct table *parent, const struct cell *before,
                        const struct cell *after)
{
    for (uint32_t i = 0; i < k->ncolumns; i++)
        for (uint32_t c = 0; c < parent->ncolumns; c++) {
            if (!str_ieq(str_of(parent->columns[c].name), str_of(k->ref_columns[i])))
                continue;
            if (before[c].n != after[c].n || !before[c].p != !after[c].p ||
                (before[c].p && memcmp(before[c].p, after[c].p, before[c].n) != 0))
                return true;
        }
    return false;
}

bool follow_cascade(struct follow *f, const struct tab *tab, enum rows_action action, const struct cell *before,
                    const struct cell *after, struct err *e)
{
    if (action == ROWS_WRITE || f->o.server.logs_cascades)
        return true;
    if (!tabs_is_acted_on(f->o.tabs, tab->def->schema, tab->def->name))
        return true;
    for (uint32_t i = 0; i < f->o.tabs->n; i++) {
        const struct table *child = f->o.tabs->list[i]->def;
        for (uint32_t k = 0; child && k < child->nfks; k++) {
            const struct foreign_key *fk = &child->fks[k];
            bool acts = action == ROWS_DELETE ? fk->on_delete_acts : fk->on_update_acts;
            if (acts && follow_refers_to(fk, child, tab->def) &&
                (action == ROWS_DELETE || key_changed(fk, tab->def, before, after)))
                return err_set(e, ERR_CASCADE, "%s was changed and %s.%s follows by foreign key %s", tab->label,
                               child->schema, child->name, fk->name ? fk->name : "");
        }
    }
    return true;
}
