// SPDX-License-Identifier: Apache-2.0
/* What a DDL means for the tables of the run: their definitions move, and the batch gets what it has to wait for and the
 * ledger's rows of it. What can't be followed stops the run here. */
#include "follow/ddl_work.h"

#include <stdio.h>
#include <stdlib.h>

static void set_targets(struct follow *f, struct table *t)
{
    char schema[200], name[200];
    job_route(f->o.job, t->schema, t->name, schema, name);
    table_set_target(t, schema, name);
}

/* The batch depends on the name and looks at the table to tell whether it ran. */
static void concern(struct ddl_work *w, const char *schema, const char *table)
{
    char to_schema[200], to_table[200];
    struct buf name = {0};
    struct batch_ddl *d = &w->batch->ddl;
    job_route(w->f->o.job, schema, table, to_schema, to_table);
    batch_dep(w->batch, dep_name(to_schema, to_table), false);
    batch_dep(w->batch, dep_name(to_schema, NULL), true);
    sql_table(&name, to_schema, to_table);
    d->targets = x_realloc(d->targets, (d->ntargets + 1) * sizeof(char *));
    d->targets[d->ntargets++] = buf_take(&name);
    if (!d->label[0])
        snprintf(d->label, sizeof d->label, "%s.%s", schema, table);
}

/* Ledger rows of the table as it is from here on. */
static void note_definition(struct ddl_work *w, uint32_t id, const struct table *t, const char *state, const struct pos *end)
{
    struct buf *out = &w->batch->ddl.ledger, sql = {0};
    const char *names[4] = {t->schema, t->name, t->target_schema, t->target_name};
    ledger_sql_tab(w->f->o.ledger, out, id, names, state, end);
    buf_addc(out, ';');
    table_to_sql(t, &sql);
    ledger_sql_definition(w->f->o.ledger, out, id, w->to, buf_str(&sql));
    buf_addc(out, ';');
    buf_release(&sql);
}

void work_note_table(struct ddl_work *w, const struct tab *tab, const char *state)
{
    note_definition(w, tab->id, tab->def, state, &tab->end);
}

/* The target's table is not what the source's is, from here on. Lock held. */
static void set_filters(struct ddl_work *w, struct tab *tab, unsigned bits)
{
    struct buf text = {0};
    char id[16];
    if (w->is_applied)
        return;
    bits |= atomic_fetch_or(&tab->filters, bits);
    if (!bits)
        return;
    snprintf(id, sizeof id, "%u", tab->id);
    tab_filters_text(bits, &text);
    ledger_sql_note(w->f->o.ledger, &w->batch->ddl.ledger, NOTE_EVENTS, id, text.p);
    buf_addc(&w->batch->ddl.ledger, ';');
    buf_release(&text);
}

static struct tab *find(struct ddl_work *w, const char *schema, const char *table)
{
    return tabs_find(w->f->o.tabs, schema, table);
}

uint32_t work_known_id(const struct ddl_work *w)
{
    const struct ledger_state *s = w->f->o.found;
    for (size_t i = 0; i < s->ndefinitions; i++) {
        const struct ledger_definition *d = &s->definitions[i];
        bool is_first = i == 0 || s->definitions[i - 1].table_id != d->table_id;
        if (is_first && pos_cmp(&d->from, w->to) == 0)
            return d->table_id;
    }
    return 0;
}

void work_empty_quarantine(struct ddl_work *w, const struct tab *tab)
{
    struct batch_ddl *d = &w->batch->ddl;
    ledger_sql_release_table(w->f->o.ledger, &d->ledger, tab->id);
    buf_addc(&d->ledger, ';');
    d->emptied = x_realloc(d->emptied, (d->nemptied + 1) * sizeof *d->emptied);
    d->emptied[d->nemptied++] = tab->id;
}

static void drop_tab(struct ddl_work *w, struct tab *tab)
{
    work_empty_quarantine(w, tab);
    work_note_table(w, tab, "dropped");
    tab_set_def(tab, NULL);
}

/* Gone at the source, and the target keeps it. */
static void leave_tab(struct ddl_work *w, struct tab *tab)
{
    set_filters(w, tab, TAB_LEFT);
    work_note_table(w, tab, "dropped");
    tab_set_def(tab, NULL);
}

/* The copy of a table without a key was taken after this statement, so the target holds what it did. */
static bool is_in_copy(const struct ddl_work *w, const struct tab *tab)
{
    return tab_is_first(tab) && pos_cmp(w->to, &tab->end) <= 0;
}

static bool refuse_in_copy(const struct ddl_work *w, const struct tab *tab, struct err *e)
{
    return !is_in_copy(w, tab) ||
           err_set(e, ERR_DDL_ROWS, "%s has no key and was altered between the begin of the run and its copy; begin anew", tab->label);
}

/* Rows that were there before the run are not the source's to remove. */
static bool refuse_kept(const struct tab *tab, struct err *e)
{
    return tab->kept == KEPT_NONE ||
           err_set(e, ERR_TARGET_MIXED, "%s is emptied or dropped at the source, and the target's table holds rows from before this run",
                   tab->label);
}

static bool create_table(struct ddl_work *w, struct table *def, struct err *e)
{
    struct follow *f = w->f;
    struct ddl_name *n = &w->ddl.names[0];
    concern(w, n->schema, n->table);
    struct tab *old = find(w, n->schema, n->table);
    if (old && !w->ddl.replaces) {
        table_drop(def);
        w->nwanted = 0; /* IF NOT EXISTS on a table that is there: nothing happened at the source */
        return true;
    }
    if (!table_is_supported(def, f->o.dialect, e) || (old && !refuse_kept(old, e))) {
        table_drop(def);
        return false;
    }
    if (old) {
        batch_dep(w->batch, dep_table(old), false);
        window_discard_all(old);
        drop_tab(w, old);
    }
    set_targets(f, def);
    if (!w->is_applied && (!follow_check_place(f, NULL, def, e) || !work_refuse_cascade(w, NULL, def, e))) {
        table_drop(def);
        return false;
    }
    pthread_mutex_unlock(&f->o.tabs->lock);
    struct tab *tab = tabs_add(f->o.tabs, def, work_known_id(w));
    pthread_mutex_lock(&f->o.tabs->lock);
    tab->copy = TAB_COMPLETE;
    tab->end = tab->named = tab->shaped = *w->to;
    tab->is_bag = f->o.dialect->flavour == DB_TIDB;
    unsigned bits = is_all_left_out(w) ? TAB_SHAPE : follow_may_be_left(f, n->schema, n->table) ? TAB_SHAPE | TAB_MORE : 0;
    set_filters(w, tab, bits | follow_row_filters(f->o.job, n->schema, n->table));
    batch_dep(w->batch, dep_table(tab), false);
    work_note_table(w, tab, tab_copy_name(tab->copy));
    return true;
}

struct table *work_created(const struct ddl_work *w, const struct binlog_query *q, struct err *e)
{
    struct table *def = table_from_sql(q->sql.p, q->sql.n, &w->cx, e);
    if (!def)
        return NULL;
    follow_fold_name(w->f, def->schema);
    follow_fold_name(w->f, def->name);
    for (uint32_t i = 0; i < def->nfks; i++) {
        follow_fold_name(w->f, def->fks[i].ref_schema);
        follow_fold_name(w->f, def->fks[i].ref_table);
    }
    return def;
}

static bool create_new(struct ddl_work *w, const struct binlog_query *q, struct err *e)
{
    struct ddl_name *n = &w->ddl.names[0];
    if (w->ddl.kind == DDL_CREATE_TABLE_SELECT)
        return err_set(e, ERR_DDL_ROWS, "%.200s", q->sql.p);
    if (w->ddl.kind == DDL_CREATE_TABLE) {
        struct table *def = work_created(w, q, e);
        return def && create_table(w, def, e);
    }
    struct tab *model = find(w, n->to_schema, n->to_table);
    if (!model)
        return err_set(e, ERR_DDL_UNKNOWN, "its model is outside the job: %.200s", q->sql.p);
    batch_dep(w->batch, dep_table(model), true); /* the target's model has to have this shape: DDL on it keeps its place */
    batch_dep(w->batch, dep_name(model->def->target_schema, model->def->target_name), true);
    return create_table(w, table_like(model->def, n->schema, n->table), e);
}

struct tab *work_seize(struct ddl_work *w, const char *schema, const char *table)
{
    struct tab *tab = find(w, schema, table);
    concern(w, schema, table);
    if (!tab)
        return NULL;
    batch_dep(w->batch, dep_table(tab), false);
    window_discard_all(tab);
    return tab;
}

static bool drop_tables(struct ddl_work *w, struct err *e)
{
    for (uint32_t i = 0; i < w->ddl.nnames; i++) {
        if (!is_wanted(w, i))
            continue;
        struct tab *tab = work_seize(w, w->ddl.names[i].schema, w->ddl.names[i].table);
        if (tab && is_left_out(w, i)) {
            leave_tab(w, tab);
            continue;
        }
        if (tab && !refuse_kept(tab, e))
            return false;
        if (tab)
            drop_tab(w, tab);
    }
    return true;
}

void work_spare_others(struct ddl_work *w, struct buf *sql)
{
    char to_schema[200], to_table[200];
    struct tabs *tabs = w->f->o.tabs;
    struct buf list = {0};
    bool is_shared = false;
    job_route(w->f->o.job, w->ddl.names[0].schema, NULL, to_schema, to_table);
    for (uint32_t i = 0; i < tabs->n; i++) {
        const struct table *t = tabs->list[i]->def;
        bool is_own = t && strcmp(t->schema, w->ddl.names[0].schema) == 0;
        is_shared = is_shared || (t && !is_own && strcmp(t->target_schema, to_schema) == 0);
        is_shared = is_shared || (is_own && strcmp(t->target_schema, to_schema) != 0);
        if (!is_own)
            continue;
        buf_adds(&list, list.n ? ", " : "DROP TABLE IF EXISTS ");
        sql_table(&list, t->target_schema, t->target_name);
    }
    if (is_shared) {
        buf_reset(sql);
        buf_add(sql, list.p ? list.p : "", list.n);
    }
    buf_release(&list);
}

static bool drop_schema(struct ddl_work *w, struct err *e)
{
    struct tabs *tabs = w->f->o.tabs;
    for (uint32_t i = 0; i < tabs->n; i++) {
        struct tab *tab = tabs->list[i];
        if (!tab->def || strcmp(tab->def->schema, w->ddl.names[0].schema) != 0)
            continue;
        if (!is_all_left_out(w) && !refuse_kept(tab, e))
            return false;
        work_seize(w, tab->def->schema, tab->def->name);
        if (is_all_left_out(w))
            leave_tab(w, tab);
        else
            drop_tab(w, tab);
    }
    return true;
}

static struct table *renamed(const struct ddl_work *w, const struct table *t, const char *schema, const char *name,
                             struct err *e)
{
    struct buf sql = {0};
    table_to_sql(t, &sql);
    struct table *to = table_from_sql(sql.p, sql.n, &w->cx, e);
    buf_release(&sql);
    if (!to)
        return NULL;
    free(to->schema);
    free(to->name);
    to->schema = x_strdup(schema);
    to->name = x_strdup(name);
    set_targets(w->f, to);
    return to;
}

/* Renamed at the source only: its rows go on under the new name, and have to find a table there. */
static void set_renamed(struct ddl_work *w, struct tab *tab, struct table *to, bool is_left)
{
    tab_set_def(tab, to);
    set_filters(w, tab, (is_left ? TAB_SHAPE | TAB_MORE | TAB_ROWS : 0) | follow_row_filters(w->f->o.job, to->schema, to->name));
    work_note_table(w, tab, tab_copy_name(tab->copy));
}

/* A rename across the border of the job that is left out. */
static bool leave_job(struct ddl_work *w, const struct ddl_name *n, bool from_in)
{
    struct tab *tab = from_in ? work_seize(w, n->schema, n->table) : NULL;
    if (tab)
        leave_tab(w, tab);
    return true; /* into the job: the first rows stop the run, for nobody has seen the table made */
}

static bool rename_one(struct ddl_work *w, const struct ddl_name *n, bool is_left, struct err *e)
{
    const struct job *job = w->f->o.job;
    bool from_in = job_wants(job, n->schema, n->table), to_in = job_wants(job, n->to_schema, n->to_table);
    if (!from_in && !to_in)
        return true;
    if (is_left && (!from_in || !to_in))
        return leave_job(w, n, from_in);
    if (!from_in || !to_in)
        return err_set(e, ERR_DDL_ROWS, "%s.%s is renamed to %s.%s, across the border of the job", n->schema, n->table,
                       n->to_schema, n->to_table);
    struct tab *tab = work_seize(w, n->schema, n->table);
    concern(w, n->to_schema, n->to_table);
    if (!tab)
        return err_set(e, ERR_BINLOG_TABLE, "%s.%s is renamed, but this run does not know it", n->schema, n->table);
    if (w->ddl.kind == DDL_RENAME && !refuse_in_copy(w, tab, e))
        return false;
    struct table *to = renamed(w, tab->def, n->to_schema, n->to_table, e);
    if (!to || (!w->is_applied && !follow_check_place(w->f, tab, to, e))) {
        table_drop(to);
        return false;
    }
    tab->named = tab->shaped = *w->to;
    set_renamed(w, tab, to, is_left);
    return true;
}

static bool rename_tables(struct ddl_work *w, struct err *e)
{
    for (uint32_t i = 0; i < w->ddl.nnames; i++)
        if (is_wanted(w, i) && !rename_one(w, &w->ddl.names[i], is_left_out(w, i), e))
            return false;
    return true;
}

/* Chunks that are read stay in their place among those that are still to be read. */
static bool same_order(const struct column *a, const struct column *b)
{
    bool are_integers = a->cls >= COL_TINY && a->cls <= COL_BIG && b->cls >= COL_TINY && b->cls <= COL_BIG;
    bool same = are_integers || (a->cls == b->cls && strcmp(a->collation ? a->collation : "", b->collation ? b->collation : "") == 0);
    for (uint32_t i = 0; same && i < a->nmembers; i++)
        same = i < b->nmembers && strcmp(a->members[i], b->members[i]) == 0;
    return same;
}

static bool same_row_key(const struct table *a, const struct table *b)
{
    if (a->row_key < 0 || b->row_key < 0)
        return a->row_key < 0 && b->row_key < 0;
    const struct key *x = &a->keys[a->row_key], *y = &b->keys[b->row_key];
    bool same = x->nparts == y->nparts;
    for (uint32_t i = 0; same && i < x->nparts; i++) {
        const struct column *c = &a->columns[x->parts[i].column], *d = &b->columns[y->parts[i].column];
        same = str_ieq(str_of(c->name), str_of(d->name)) && same_order(c, d);
    }
    return same;
}

bool work_can_carry(struct ddl_work *w, const struct binlog_query *q, const struct tab *tab, const struct table *to, struct err *e)
{
    if (!table_is_supported(to, w->f->o.dialect, e) || !work_refuse_cascade(w, tab ? tab->def : NULL, to, e))
        return false;
    return !tab || tab->copy == TAB_COMPLETE || same_row_key(tab->def, to) ||
           err_set(e, ERR_DDL_ROWS, "the key of %s is changed while it is copied: %.160s", tab->label, q->sql.p);
}

static unsigned altered_filters(const struct ddl_work *w)
{
    unsigned bits = 0;
    for (uint32_t i = 0; i < w->nparts; i++)
        if (is_left_out(w, i))
            bits |= TAB_SHAPE | (ddl_part_moves_rows(&w->ddl, i) ? TAB_MORE | TAB_ROWS : 0);
    return bits;
}

static bool alter_table(struct ddl_work *w, const struct binlog_query *q, struct err *e)
{
    struct ddl_name *n = &w->ddl.names[0];
    if (w->ddl.brings_rows && !is_all_left_out(w))
        return err_set(e, ERR_DDL_ROWS, "%.200s", q->sql.p);
    struct tab *tab = work_seize(w, n->schema, n->table);
    if (!tab)
        return err_set(e, ERR_BINLOG_TABLE, "%s.%s is altered, but this run does not know it", n->schema, n->table);
    if (w->ddl.kind == DDL_ALTER && !refuse_in_copy(w, tab, e))
        return false;
    struct table *to = table_after(tab->def, &w->ddl, &w->cx, e);
    if (!to)
        return false;
    set_targets(w->f, to);
    if (!work_can_carry(w, q, tab, to, e) || (n->to_table && !w->is_applied && !follow_check_place(w->f, tab, to, e))) {
        table_drop(to);
        return false;
    }
    tab_set_def(tab, to);
    set_filters(w, tab, altered_filters(w) | follow_row_filters(w->f->o.job, to->schema, to->name));
    tab->shaped = *w->to;
    work_note_table(w, tab, tab_copy_name(tab->copy));
    if (!n->to_table)
        return true;
    concern(w, n->to_schema, n->to_table);
    return is_all_left_out(w) || job_wants(w->f->o.job, n->to_schema, n->to_table) ||
           err_set(e, ERR_DDL_ROWS, "%s.%s is renamed to %s.%s, out of the job", n->schema, n->table, n->to_schema, n->to_table);
}

static bool truncate_table(struct ddl_work *w, const struct binlog_query *q, struct err *e)
{
    struct tab *tab = work_seize(w, w->ddl.names[0].schema, w->ddl.names[0].table);
    if (!tab)
        return err_set(e, ERR_BINLOG_TABLE, "%.200s", q->sql.p);
    if (is_in_copy(w, tab)) {
        w->nwanted = 0; /* its copy was taken from the emptied table */
        return true;
    }
    if (is_all_left_out(w)) {
        set_filters(w, tab, TAB_MORE);
        return true;
    }
    work_empty_quarantine(w, tab);
    return refuse_kept(tab, e);
}

bool work_take_effect(struct ddl_work *w, const struct binlog_query *q, struct err *e)
{
    switch (w->ddl.kind) {
    case DDL_CREATE_SCHEMA:
    case DDL_ALTER_SCHEMA:
        return true;
    case DDL_DROP_SCHEMA:
        return drop_schema(w, e);
    case DDL_CREATE_TABLE:
    case DDL_CREATE_TABLE_LIKE:
    case DDL_CREATE_TABLE_SELECT:
        return create_new(w, q, e);
    case DDL_DROP_TABLE:
        return drop_tables(w, e);
    case DDL_TRUNCATE:
        return truncate_table(w, q, e);
    case DDL_RENAME:
        return rename_tables(w, e);
    default:
        return alter_table(w, q, e);
    }
}

bool work_move_left(struct ddl_work *w, const struct ddl_name *n)
{
    struct follow *f = w->f;
    struct tabs *tabs = f->o.tabs;
    struct err ignored = {0};
    uint32_t id;
    if (!n->to_table || (w->ddl.kind != DDL_RENAME && w->ddl.kind != DDL_ALTER))
        return false;
    pthread_mutex_lock(&tabs->lock);
    const struct table *left = tabs_left(tabs, n->schema, n->table, &id);
    struct table *to = left ? renamed(w, left, n->to_schema, n->to_table, &ignored) : NULL;
    if (left)
        tabs_forget_left(tabs, n->schema, n->table);
    else
        tabs_forget_left(tabs, n->to_schema, n->to_table);
    if (to) {
        note_definition(w, id, to, "left", &(struct pos){0});
        tabs_leave(tabs, id, to);
    }
    pthread_mutex_unlock(&tabs->lock);
    return left != NULL;
}
