// SPDX-License-Identifier: Apache-2.0
/* Cascades are not in the binlog of MariaDB and of MySQL before 9.6, nor of a later one with
 * innodb_native_foreign_keys=ON. Until the engine derives them itself, the first change that would cascade stops the
 * run: a parent of a CASCADE or SET NULL child deleted, or a referenced key changed. Changes of a parent that is not
 * part of the run are not looked at, so that no child of such a one may come in. */
#include "follow/ddl_work.h"

#include <stdlib.h>

bool follow_refers_to(const struct foreign_key *k, const struct table *child, const struct table *parent)
{
    const char *schema = k->ref_schema && k->ref_schema[0] ? k->ref_schema : child->schema;
    return strcmp(k->ref_table, parent->name) == 0 && strcmp(schema, parent->schema) == 0;
}

bool follow_acts_on(const struct table *child, const struct table *parent)
{
    for (uint32_t k = 0; k < child->nfks; k++)
        if ((child->fks[k].on_delete_acts || child->fks[k].on_update_acts) && follow_refers_to(&child->fks[k], child, parent))
            return true;
    return false;
}

static bool key_changed(const struct foreign_key *k, const struct table *parent, const struct cell *before,
                        const struct cell *after)
{
    for (uint32_t i = 0; i < k->ncolumns; i++) {
        int32_t c = table_column(parent, k->ref_columns[i]);
        if (c < 0 || before[c].n != after[c].n || !before[c].p != !after[c].p ||
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

/* ---- DDL ---- */

static bool same_reference(const struct foreign_key *a, const struct foreign_key *b)
{
    return strcmp(a->ref_schema, b->ref_schema) == 0 && strcmp(a->ref_table, b->ref_table) == 0;
}

static bool has_reference(const struct table *t, const struct foreign_key *k)
{
    for (uint32_t i = 0; t && i < t->nfks; i++)
        if ((t->fks[i].on_delete_acts || t->fks[i].on_update_acts) && same_reference(&t->fks[i], k))
            return true;
    return false;
}

bool work_refuse_cascade(struct ddl_work *w, const struct table *before, const struct table *after, struct err *e)
{
    const struct follow *f = w->f;
    if (w->is_applied || f->o.server.logs_cascades || job_accepts(f->o.job, "foreign_key.cascade"))
        return true;
    for (uint32_t i = 0; i < after->nfks; i++) {
        const struct foreign_key *k = &after->fks[i];
        bool is_inside = job_wants(f->o.job, k->ref_schema, k->ref_table) && !tabs_left(f->o.tabs, k->ref_schema, k->ref_table, NULL);
        if ((k->on_delete_acts || k->on_update_acts) && !is_inside && !has_reference(before, k))
            return err_set(e, ERR_CASCADE, "%s.%s follows %s.%s by foreign key %s, and that table is not part of the run; "
                           "checks.accept with foreign_key.cascade and a reason lets the run go on without what its changes do",
                           after->schema, after->name, k->ref_schema, k->ref_table, k->name ? k->name : "");
    }
    return true;
}

bool work_move_references(struct ddl_work *w, struct err *e)
{
    struct tabs *tabs = w->f->o.tabs;
    for (uint32_t i = 0; i < tabs->n; i++) {
        struct tab *tab = tabs->list[i];
        struct table *to = tab->def ? table_after_others(tab->def, &w->ddl) : NULL;
        if (!to)
            continue;
        if (!work_refuse_cascade(w, tab->def, to, e)) {
            table_drop(to);
            return false;
        }
        batch_dep(w->batch, dep_table(tab), false);
        window_discard_all(tab);
        tab_set_def(tab, to);
        work_note_table(w, tab, tab_copy_name(tab->copy));
    }
    return true;
}
