// SPDX-License-Identifier: Apache-2.0
/* A table of which rules of events left out a DDL: its target may have another shape than the source, or not be there.
 * Before the first rows of a definition are written, the target's table is looked at, so that a value that has no place
 * there is a question and not lost. DDL holds the table alone, so what is seen stays until the definition changes. */
#include "apply/private.h"

#include "base/text.h"

/* A column that the rows do not have, and that would lose its value where a row is deleted and inserted anew. */
static const struct column *kept_column(const struct table *t, const struct table *there)
{
    for (uint32_t i = 0; i < there->ncolumns; i++) {
        bool found = there->columns[i].is_generated;
        for (uint32_t k = 0; k < t->ncolumns && !found; k++)
            found = str_ieq(str_of(t->columns[k].name), str_of(there->columns[i].name));
        if (!found)
            return &there->columns[i];
    }
    return NULL;
}

/* From now on rows of this definition are not looked at again. */
static void set_fits(struct tab *tab, struct table *def)
{
    table_drop((struct table *)(uintptr_t)atomic_exchange(&tab->fits, table_hold(def)));
}

static bool look_at(struct writer *w, const struct batch_part *part, struct err *e)
{
    uint32_t from = 0;
    struct table *def = part->def, *there = table_read(&w->conn, def->target_schema, def->target_name, e);
    bool is_missing = !there && (e->sql == 1146 || e->sql == 1049);
    if (!there && !is_missing)
        return false;
    bool fine = !is_missing && table_shape_fits(def, there, &from, e);
    if (!fine)
        e->code = ERR_EVENT_SHAPE;
    const struct column *kept = fine ? kept_column(def, there) : NULL;
    if (kept && part->del.n)
        fine = err_set(e, ERR_EVENT_KEPT, "column %s of %s.%s", kept->name, def->target_schema, def->target_name);
    else if (fine && !kept) /* else the next rows may be changed ones */
        set_fits(part->tab, def);
    table_drop(there);
    if (!fine)
        table_label(def, e->where);
    return fine;
}

bool shape_fits(struct writer *w, const struct batch *b, struct err *e)
{
    for (uint32_t i = 0; i < b->nparts; i++) {
        const struct batch_part *part = &b->parts[i];
        bool is_known = !(atomic_load(&part->tab->filters) & TAB_SHAPE) || atomic_load(&part->tab->fits) == part->def;
        if (!is_known && part->ins.n && !look_at(w, part, e))
            return false;
    }
    return true;
}

bool shape_ask(struct writer *w, struct batch *b, struct err *e)
{
    static const struct ask_choice shape[] = {{"retry", N_("Look again (nothing is lost)")},
                                              {"go-on", N_("Write the rows all the same; what the target refuses is asked then")},
                                              {"stop", N_("Stop the run; it can be resumed")}};
    static const struct ask_choice kept[] = {{"retry", N_("Look again (nothing is lost)")},
                                             {"overwrite", N_("Rows that change lose what the target has kept in that column")},
                                             {"stop", N_("Stop the run; it can be resumed")}};
    const char *choice = writer_choose(w, b, e, e->code == ERR_EVENT_KEPT ? kept : shape, TG_ARRAY_LEN(kept));
    if (!choice)
        return false;
    for (uint32_t i = 0; i < b->nparts && strcmp(choice, "retry") != 0; i++)
        if (strcmp(b->parts[i].tab->label, e->where) == 0)
            set_fits(b->parts[i].tab, b->parts[i].def);
    return true;
}
