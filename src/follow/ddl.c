// SPDX-License-Identifier: Apache-2.0
/* A DDL of the source becomes a batch that holds its tables alone. The definition moves on at once, because the rows
 * behind it in the stream have the new shape; the target follows when everything before it on these tables is
 * applied. What is already applied (after a restart) only moves the definitions. */
#include "follow/private.h"

#include <stdio.h>
#include <stdlib.h>

struct ddl_work {
    struct follow *f;
    struct ddl ddl;
    struct ddl_context cx;
    struct batch *batch;
    const struct pos *to;
    uint64_t *only;                   /* bitmap of names inside the job */
    uint32_t nwanted;
    bool is_applied;                  /* before a restart: definitions move, and nothing is refused or asked any more */
    uint64_t *left_out;               /* bitmap of parts that a rule of events leaves out, by rule */
    uint32_t nparts, nleft;
    size_t rule;
};

static void fill_context(struct follow *f, const struct binlog_query *q, struct ddl_context *cx)
{
    *cx = (struct ddl_context){.ansi_quotes = q->ansi_quotes,
                               .no_backslash_escapes = q->no_backslash_escapes,
                               .is_mariadb = f->o.server.flavour == DB_MARIADB,
                               .version = f->o.server.version};
    snprintf(cx->schema, sizeof cx->schema, STR_FMT, STR_ARG(q->schema));
    if (q->collation_server)
        collation_ids_find(f->o.collations, q->collation_server, cx->charset, cx->collation);
}

/* A statement logged as text (RDS writes its heartbeat so): harmless only if neither the session's schema is one of
 * ours nor any of ours is named in the text. */
static bool may_touch_ours(struct follow *f, const char *schema, struct str sql)
{
    bool may = false;
    char *text = x_strndup(sql.p, sql.n);
    pthread_mutex_lock(&f->o.tabs->lock);
    for (uint32_t i = 0; i < f->o.tabs->n && !may; i++) {
        const struct table *t = f->o.tabs->list[i]->def;
        may = t && (strcasecmp(t->schema, schema) == 0 || strcasestr(text, t->schema));
    }
    pthread_mutex_unlock(&f->o.tabs->lock);
    free(text);
    return may || (!schema_is_system(schema) && job_wants(f->o.job, schema, NULL));
}

bool follow_query_kind(struct follow *f, const struct binlog_event *ev, enum query_kind *out, struct err *e)
{
    struct ddl d;
    struct ddl_context cx;
    struct str sql = ev->query.sql;
    *out = QUERY_BEGIN;
    if (str_ieq(sql, STR("BEGIN")))
        return true;
    *out = QUERY_COMMIT;
    if (str_ieq(sql, STR("COMMIT")))
        return true;
    fill_context(f, &ev->query, &cx);
    if (!ddl_parse(&d, sql.p, sql.n, &cx, e))
        return err_wrap(e, "%.200s", sql.p);
    enum ddl_kind kind = d.kind;
    ddl_release(&d);
    switch (kind) {
    case DDL_TXN_BEGIN:
        *out = QUERY_BEGIN;
        return true;
    case DDL_TXN_COMMIT:
        return true;
    case DDL_TXN_ROLLBACK:
        if (memmem(sql.p, sql.n, " TO ", 4) || memmem(sql.p, sql.n, " to ", 4))
            return err_set(e, ERR_BINLOG_EVENT, "a partial rollback in the binlog: %.100s", sql.p);
        *out = QUERY_ROLLBACK;
        return true;
    case DDL_NONE:
        *out = QUERY_NOTHING;
        return true;
    case DDL_IGNORED_OBJECT:
        atomic_fetch_add(&f->o.count->ddl, 1);
        log_event(LOG_INFO, "follow", "", "", "not part of the stream (views are made again when in sync; routines, triggers and events are left to you): %.160s", sql.p);
        *out = QUERY_NOTHING;
        return true;
    case DDL_XA:
        return err_set(e, ERR_BINLOG_EVENT, "an XA transaction: %.100s", sql.p);
    case DDL_DML_TEXT:
        if (!may_touch_ours(f, cx.schema, sql)) {
            *out = QUERY_NOTHING;
            return true;
        }
        return err_set(e, ERR_BINLOG_FORMAT, "a statement instead of rows: %.200s", sql.p);
    case DDL_UNKNOWN: {
        bool is_left = false;
        *out = QUERY_NOTHING;
        return follow_judge_unknown(f, cx.schema, ev, &is_left, e) && (is_left || err_set(e, ERR_DDL_UNKNOWN, "%.300s", sql.p));
    }
    default:
        *out = QUERY_DDL;
        return true;
    }
}

/* With lower_case_table_names=1 the server keeps names in lower case, but a statement is logged as it was written. */
static void fold_name(const struct follow *f, char *name)
{
    for (; f->o.server.lower_case_table_names == 1 && name && *name; name++)
        *name = (char)(*name >= 'A' && *name <= 'Z' ? *name | 0x20 : *name);
}

static void fold_names(const struct follow *f, struct ddl *d)
{
    for (uint32_t i = 0; i < d->nnames; i++) {
        fold_name(f, d->names[i].schema);
        fold_name(f, d->names[i].table);
        fold_name(f, d->names[i].to_schema);
        fold_name(f, d->names[i].to_table);
    }
}

static void map_name(void *arg, const char *schema, const char *table, char to_schema[200], char to_table[200])
{
    job_route(arg, schema, table, to_schema, to_table);
}

static void set_targets(struct follow *f, struct table *t)
{
    char schema[200], name[200];
    job_route(f->o.job, t->schema, t->name, schema, name);
    free(t->target_schema);
    free(t->target_name);
    t->target_schema = x_strdup(schema);
    t->target_name = x_strdup(name);
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

static void note_table(struct ddl_work *w, const struct tab *tab, const char *state)
{
    note_definition(w, tab->id, tab->def, state, &tab->end);
}

static bool is_left_out(const struct ddl_work *w, uint32_t part)
{
    return (w->left_out[part / 64] >> (part % 64)) & 1;
}

static bool is_all_left_out(const struct ddl_work *w)
{
    return w->nleft == w->nparts;
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

static bool is_wanted(const struct ddl_work *w, uint32_t i)
{
    return (w->only[i / 64] >> (i % 64)) & 1;
}

static struct tab *find(struct ddl_work *w, const char *schema, const char *table)
{
    return tabs_find(w->f->o.tabs, schema, table);
}

/* The id the ledger already knows this very table by, or 0: its first definition is of this statement, whatever it
 * was renamed to since. */
static uint32_t known_id(const struct ddl_work *w)
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

/* Rows of it that lie in quarantine go with the others. */
static void empty_quarantine(struct ddl_work *w, const struct tab *tab)
{
    struct batch_ddl *d = &w->batch->ddl;
    ledger_sql_release_table(w->f->o.ledger, &d->ledger, tab->id);
    buf_addc(&d->ledger, ';');
    d->emptied = x_realloc(d->emptied, (d->nemptied + 1) * sizeof *d->emptied);
    d->emptied[d->nemptied++] = tab->id;
}

static void drop_tab(struct ddl_work *w, struct tab *tab)
{
    empty_quarantine(w, tab);
    note_table(w, tab, "dropped");
    tab_set_def(tab, NULL);
}

/* Gone at the source, and the target keeps it. */
static void leave_tab(struct ddl_work *w, struct tab *tab)
{
    set_filters(w, tab, TAB_LEFT);
    note_table(w, tab, "dropped");
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
    if (!w->is_applied && !follow_check_place(f, NULL, def, e)) {
        table_drop(def);
        return false;
    }
    pthread_mutex_unlock(&f->o.tabs->lock);
    struct tab *tab = tabs_add(f->o.tabs, def, known_id(w));
    pthread_mutex_lock(&f->o.tabs->lock);
    tab->copy = TAB_COMPLETE;
    tab->end = tab->named = tab->shaped = *w->to;
    tab->is_bag = f->o.dialect->flavour == DB_TIDB;
    unsigned bits = is_all_left_out(w) ? TAB_SHAPE : follow_may_be_left(f, n->schema, n->table) ? TAB_SHAPE | TAB_MORE : 0;
    set_filters(w, tab, bits | follow_row_filters(f->o.job, n->schema, n->table));
    batch_dep(w->batch, dep_table(tab), false);
    note_table(w, tab, tab_copy_name(tab->copy));
    return true;
}

static bool create_new(struct ddl_work *w, const struct binlog_query *q, struct err *e)
{
    struct ddl_name *n = &w->ddl.names[0];
    if (w->ddl.kind == DDL_CREATE_TABLE_SELECT || w->ddl.starts_transaction)
        return err_set(e, ERR_DDL_ROWS, "%.200s", q->sql.p);
    if (w->ddl.kind == DDL_CREATE_TABLE) {
        struct table *def = table_from_sql(q->sql.p, q->sql.n, &w->cx, e);
        if (!def)
            return false;
        fold_name(w->f, def->schema);
        fold_name(w->f, def->name);
        for (uint32_t i = 0; i < def->nfks; i++) {
            fold_name(w->f, def->fks[i].ref_schema);
            fold_name(w->f, def->fks[i].ref_table);
        }
        return create_table(w, def, e);
    }
    struct tab *model = find(w, n->to_schema, n->to_table);
    if (!model)
        return err_set(e, ERR_DDL_UNKNOWN, "its model is outside the job: %.200s", q->sql.p);
    batch_dep(w->batch, dep_table(model), true); /* the target's model has to have this shape: DDL on it keeps its place */
    batch_dep(w->batch, dep_name(model->def->target_schema, model->def->target_name), true);
    struct buf sql = {0};
    table_to_sql(model->def, &sql);
    struct table *def = table_from_sql(sql.p, sql.n, &w->cx, e);
    buf_release(&sql);
    if (!def)
        return false;
    free(def->schema);
    free(def->name);
    def->schema = x_strdup(n->schema);
    def->name = x_strdup(n->table);
    return create_table(w, def, e);
}

/* A table that exists: alone from here on, its open windows are read again. NULL: not in the run. */
static struct tab *seize(struct ddl_work *w, const char *schema, const char *table)
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
        struct tab *tab = seize(w, w->ddl.names[i].schema, w->ddl.names[i].table);
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

/* Tables of another schema are routed to the one that is dropped: only our own go. Lock held. */
static void spare_others(struct ddl_work *w, struct buf *sql)
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
        seize(w, tab->def->schema, tab->def->name);
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
    note_table(w, tab, tab_copy_name(tab->copy));
}

/* A rename across the border of the job that is left out. */
static bool leave_job(struct ddl_work *w, const struct ddl_name *n, bool from_in)
{
    struct tab *tab = from_in ? seize(w, n->schema, n->table) : NULL;
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
    struct tab *tab = seize(w, n->schema, n->table);
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
    struct tab *tab = seize(w, n->schema, n->table);
    if (!tab)
        return err_set(e, ERR_BINLOG_TABLE, "%s.%s is altered, but this run does not know it", n->schema, n->table);
    if (w->ddl.kind == DDL_ALTER && !refuse_in_copy(w, tab, e))
        return false;
    struct table *to = table_after(tab->def, &w->ddl, &w->cx, e);
    if (!to)
        return false;
    set_targets(w->f, to);
    if (!table_is_supported(to, w->f->o.dialect, e) || (n->to_table && !w->is_applied && !follow_check_place(w->f, tab, to, e)) ||
        (tab->copy != TAB_COMPLETE && !same_row_key(tab->def, to))) {
        table_drop(to);
        return e->code != ERR_OK ? false
                                 : err_set(e, ERR_DDL_ROWS, "the key of %s is changed while it is copied: %.160s", tab->label,
                                           q->sql.p);
    }
    tab_set_def(tab, to);
    set_filters(w, tab, altered_filters(w) | follow_row_filters(w->f->o.job, to->schema, to->name));
    tab->shaped = *w->to;
    note_table(w, tab, tab_copy_name(tab->copy));
    if (!n->to_table)
        return true;
    concern(w, n->to_schema, n->to_table);
    return is_all_left_out(w) || job_wants(w->f->o.job, n->to_schema, n->to_table) ||
           err_set(e, ERR_DDL_ROWS, "%s.%s is renamed to %s.%s, out of the job", n->schema, n->table, n->to_schema, n->to_table);
}

static bool truncate_table(struct ddl_work *w, const struct binlog_query *q, struct err *e)
{
    struct tab *tab = seize(w, w->ddl.names[0].schema, w->ddl.names[0].table);
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
    empty_quarantine(w, tab);
    return refuse_kept(tab, e);
}

/* Moves definitions and fills the batch's dependencies and ledger rows. Lock held. */
static bool take_effect(struct ddl_work *w, const struct binlog_query *q, struct err *e)
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

/* A table that was left out is renamed, or another gets its name. true: the former, which is nobody's business. */
static bool move_left(struct ddl_work *w, const struct ddl_name *n)
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

static void mark_wanted(struct ddl_work *w)
{
    w->only = x_alloc((w->ddl.nnames / 64 + 1) * sizeof *w->only);
    for (uint32_t i = 0; i < w->ddl.nnames; i++) {
        const struct ddl_name *n = &w->ddl.names[i];
        const struct job *job = w->f->o.job;
        if (n->is_temporary || !n->schema)
            continue;
        if (move_left(w, n))
            continue;
        bool in = n->table ? follow_wants(w->f, n->schema, n->table) : job_wants(job, n->schema, NULL);
        if (w->ddl.kind == DDL_RENAME && n->to_table)
            in = in || job_wants(job, n->to_schema, n->to_table);
        if (in) {
            w->only[i / 64] |= (uint64_t)1 << (i % 64);
            w->nwanted++;
        }
    }
}

/* What the statement loses on its way, for the log and the report. The lines begin with the table's label. */
static void note_changes(struct ddl_work *w, const char *notes)
{
    const char *label = w->batch->ddl.label;
    char *all = x_one_line(notes);
    log_event(LOG_NOTE, "follow", label, "", "%s", all);
    free(all);
    for (const char *p = notes, *end; label[0] && (end = strchr(p, '\n')) != NULL; p = end + 1) {
        size_t n = (size_t)(end - p), skip = strlen(label) + 2;
        bool is_ours = n > skip && strncmp(p, label, skip - 2) == 0;
        char *line = is_ours ? x_strndup(p + skip, n - skip) : x_strndup(p, n);
        ledger_sql_note(w->f->o.ledger, &w->batch->ddl.ledger, "table", label, line);
        buf_addc(&w->batch->ddl.ledger, ';');
        free(line);
    }
}

/* What this statement's table or schema gets where it writes no charset, and what later ones get behind it. */
static void settle_defaults(struct ddl_work *w)
{
    struct follow *f = w->f;
    struct buf text = {0}, *out = &w->batch->ddl.ledger;
    const char *schema = w->ddl.nnames ? w->ddl.names[0].schema : NULL;
    if (schema && w->ddl.names[0].table)
        schema_defaults_find(f->o.schemas, schema, &w->cx);
    else if (schema && schema_defaults_take(f->o.schemas, &w->ddl, &w->cx) && job_wants(f->o.job, schema, NULL)) {
        schema_defaults_print(f->o.schemas, &text);
        ledger_sql_definition(f->o.ledger, out, LEDGER_SCHEMAS, w->to, buf_str(&text));
        buf_addc(out, ';');
    }
    buf_release(&text);
}

/* What the rules of events leave out of it; told, and noted for the report. */
static bool judge(struct ddl_work *w, const struct binlog_event *ev, struct err *e)
{
    bool by_name = w->ddl.kind == DDL_DROP_TABLE || w->ddl.kind == DDL_RENAME;
    w->nparts = ddl_nparts(&w->ddl);
    w->left_out = x_alloc((w->nparts / 64 + 1) * sizeof *w->left_out);
    if (w->is_applied)
        memset(w->left_out, 0xff, (w->nparts / 64 + 1) * sizeof *w->left_out);
    else if (w->nwanted && !follow_judge_ddl(w->f, &w->ddl, &w->cx, ev, w->only, w->left_out, &w->rule, e))
        return false;
    for (uint32_t i = 0; i < w->nparts; i++)
        w->nleft += is_left_out(w, i) && (!by_name || is_wanted(w, i));
    if (by_name)
        w->nparts = w->nwanted;
    if (!w->nleft || w->is_applied)
        return true;
    const struct ddl_name *n = &w->ddl.names[0];
    char *label = x_format("%s%s%s", n->schema, n->table ? "." : "", n->table ? n->table : "");
    char *text = x_format("%sleft out by rule %zu of events: %.200s", is_all_left_out(w) ? "" : "in part ", w->rule, ev->query.sql.p);
    log_event(LOG_NOTE, "follow", label, "", "%s", text);
    ledger_sql_note(w->f->o.ledger, &w->batch->ddl.ledger, "table", label, text);
    buf_addc(&w->batch->ddl.ledger, ';');
    free(label);
    free(text);
    return true;
}

/* Names that are dropped or renamed at the target, too. */
static uint64_t *names_to_do(const struct ddl_work *w)
{
    size_t n = w->ddl.nnames / 64 + 1;
    uint64_t *only = x_alloc(n * sizeof *only);
    bool by_name = w->ddl.kind == DDL_DROP_TABLE || w->ddl.kind == DDL_RENAME;
    for (size_t i = 0; i < n; i++)
        only[i] = w->only[i] & (by_name ? ~w->left_out[i] : UINT64_MAX);
    return only;
}

/* The statement for the target, nothing where there is none. */
static bool rewrite(struct ddl_work *w, const struct binlog_query *q, struct buf *sql, struct buf *notes, struct err *e)
{
    struct follow *f = w->f;
    struct ddl rest, *d = &w->ddl;
    if (!w->nwanted || is_all_left_out(w))
        return true;
    bool is_partly = w->nleft && d->kind == DDL_ALTER;
    if (is_partly) {
        if (!ddl_parse(&rest, q->sql.p, q->sql.n, &w->cx, e))
            return false;
        fold_names(f, &rest);
        ddl_leave_out(&rest, w->left_out);
        d = &rest;
    }
    uint64_t *only = names_to_do(w);
    bool fine = ddl_rewrite(sql, d, &w->cx, f->o.dialect, map_name, (void *)(uintptr_t)f->o.job, only, notes, e);
    free(only);
    if (is_partly)
        ddl_release(&rest);
    return fine || err_wrap(e, "%.200s", q->sql.p);
}

static bool build(struct ddl_work *w, const struct binlog_event *ev, struct err *e)
{
    struct follow *f = w->f;
    const struct binlog_query *q = &ev->query;
    struct buf sql = {0}, notes = {0};
    if (w->ddl.kind == DDL_ALTER_SCHEMA)
        w->nwanted = 0; /* only a default for tables to come; they carry their own */
    if (!rewrite(w, q, &sql, &notes, e))
        return false;
    if (w->nwanted && (w->ddl.kind == DDL_CREATE_SCHEMA || w->ddl.kind == DDL_DROP_SCHEMA)) {
        char schema[200], none[200];
        job_route(f->o.job, w->ddl.names[0].schema, NULL, schema, none);
        batch_dep(w->batch, dep_name(schema, NULL), false);
        snprintf(w->batch->ddl.label, sizeof w->batch->ddl.label, "%s", w->ddl.names[0].schema);
    }
    pthread_mutex_lock(&f->o.tabs->lock);
    if (w->nwanted && w->ddl.kind == DDL_DROP_SCHEMA && !is_all_left_out(w))
        spare_others(w, &sql);
    bool fine = !w->nwanted || take_effect(w, q, e);
    follow_settle_filters(f->o.tabs, f->o.job, f->o.server.logs_cascades); /* a new table may be a child of one that is filtered */
    pthread_mutex_unlock(&f->o.tabs->lock);
    if (w->nwanted && sql.n)
        w->batch->ddl.sql = buf_take(&sql);
    if (fine && notes.n)
        note_changes(w, notes.p);
    buf_release(&sql);
    buf_release(&notes);
    return fine;
}

bool follow_ddl(struct follow *f, const struct binlog_event *ev, const struct pos *from, const struct pos *to, struct err *e)
{
    struct ddl_work w = {.f = f, .to = to, .batch = batch_new(BATCH_DDL)};
    fill_context(f, &ev->query, &w.cx);
    bool fine = ddl_parse(&w.ddl, ev->query.sql.p, ev->query.sql.n, &w.cx, e);
    if (fine) {
        fold_names(f, &w.ddl);
        mark_wanted(&w);
        w.is_applied = follow_is_applied(f, f->txn.gtid, to);
        fine = judge(&w, ev, e);
        settle_defaults(&w);
        fine = fine && build(&w, ev, e);
        ddl_release(&w.ddl);
    }
    struct batch *b = w.batch;
    atomic_fetch_add(&f->o.count->ddl, w.nwanted ? 1 : 0);
    b->from = *from;
    b->to = *to;
    b->ntx = 1;
    b->commit_ms = (int64_t)ev->timestamp_s * 1000;
    b->ddl.timestamp = ev->timestamp_s;
    b->gtids = f->txn.gtid[0] ? x_strdup(f->txn.gtid) : NULL;
    if (fine && !w.is_applied) {
        if (!b->ddl.sql && !b->ddl.ledger.n)
            b->kind = BATCH_STREAM; /* nothing for the target: only its place in the ledger */
        follow_submit(f, b);
    } else {
        if (fine)
            follow_applied(f, to);
        batch_free(b);
    }
    free(w.only);
    free(w.left_out);
    return fine;
}
