// SPDX-License-Identifier: Apache-2.0
/* A statement behind which a table can't be carried: a type that is not built, an engine without transactions, a parent
 * outside the run whose cascades are in no binlog, another key while chunks of the old one are copied. The stream stands
 * before it and a person is asked; nothing of it has happened to our definitions. Left out, the table is out from this
 * statement on: the ledger says so in the batch of the statement, which waits for all that was before it. A start before
 * that meets the statement again, and asks again; one behind it finds the note, and leaves out what the stream makes
 * anew. */
#include "follow/ddl_work.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

static const struct ask_choice choices[] = {
    {"stop", N_("Stop the run; it can be resumed")},
    {"leave-out", N_("Leave it out; the target keeps its rows")},
    {"retry", N_("Ask again (nothing is lost)")}};

/* The answer of an earlier engine; tab: NULL for a table that the statement makes. */
static bool was_left(const struct ddl_work *w, const struct tab *tab)
{
    const struct ledger_state *s = w->f->o.found;
    uint32_t id = tab ? tab->id : work_known_id(w);
    for (size_t i = 0; i < s->ntabs; i++)
        if (s->tabs[i].id == id)
            return strcmp(s->tabs[i].state, "left") == 0;
    return false;
}

/* What the statement makes of its table, where that can't be carried, as e says. NULL: it can, or it can't be read, and
 * ddl_effect.c tells why. *tab: the table so far, NULL for a new one. */
static struct table *unfit(struct ddl_work *w, const struct binlog_query *q, struct tab **tab, struct err *e)
{
    const struct ddl_name *n = &w->ddl.names[0];
    struct err ignored = {0};
    struct table *to = NULL;
    pthread_mutex_lock(&w->f->o.tabs->lock);
    *tab = tabs_find(w->f->o.tabs, n->schema, n->table);
    if (w->ddl.kind == DDL_ALTER && *tab)
        to = table_after((*tab)->def, &w->ddl, &w->cx, &ignored);
    else if (w->ddl.kind == DDL_CREATE_TABLE && (!*tab || w->ddl.replaces))
        to = work_created(w, q, &ignored);
    if (to && (w->is_applied ? !was_left(w, *tab) : work_can_carry(w, q, w->ddl.kind == DDL_ALTER ? *tab : NULL, to, e))) {
        table_drop(to);
        to = NULL;
    }
    pthread_mutex_unlock(&w->f->o.tabs->lock);
    return to;
}

/* ---- leaving it out ---- */

/* Which of the tables go with it, by their places in the list, itself among them: those that follow it by foreign keys,
 * and those that follow these. What its changes do to them would be in no binlog. To be freed. Lock held. */
static bool *going(const struct ddl_work *w, const struct tab *tab)
{
    const struct tabs *tabs = w->f->o.tabs;
    bool *goes = x_alloc((tabs->n + 1) * sizeof *goes), is_more = !w->f->o.server.logs_cascades;
    for (uint32_t i = 0; i < tabs->n; i++)
        goes[i] = tabs->list[i] == tab;
    while (is_more) {
        is_more = false;
        for (uint32_t p = 0; p < tabs->n; p++)
            for (uint32_t i = 0; goes[p] && i < tabs->n; i++)
                if (!goes[i] && tabs->list[i]->def && follow_acts_on(tabs->list[i]->def, tabs->list[p]->def))
                    goes[i] = is_more = true;
    }
    return goes;
}

static void leave(struct ddl_work *w, struct tab *tab)
{
    const struct ledger *l = w->f->o.ledger;
    struct buf *out = &w->batch->ddl.ledger;
    char id[16];
    snprintf(id, sizeof id, "%u", tab->id);
    work_seize(w, tab->def->schema, tab->def->name);
    work_empty_quarantine(w, tab);
    work_note_table(w, tab, "left");
    ledger_sql_note(l, out, NOTE_LEFT, id, "");
    buf_addc(out, ';');
    ledger_sql_note(l, out, NOTE_TABLE, tab->label, N_("left out of the run; what was at the target then stays there"));
    buf_addc(out, ';');
    tabs_leave(w->f->o.tabs, tab->id, table_hold(tab->def));
    tab_set_def(tab, NULL);
    log_event(LOG_NOTE, "follow", tab->label, "", "left out of the run");
}

/* `to`: a new table's definition, which is taken over. */
static void leave_out(struct ddl_work *w, struct tab *tab, struct table *to)
{
    struct tabs *tabs = w->f->o.tabs;
    if (!tab) {
        char schema[200], name[200];
        job_route(w->f->o.job, to->schema, to->name, schema, name);
        table_set_target(to, schema, name);
        tab = tabs_add(tabs, to, work_known_id(w));
    } else {
        table_drop(to);
    }
    pthread_mutex_lock(&tabs->lock);
    bool *goes = going(w, tab);
    for (uint32_t i = 0; i < tabs->n; i++)
        if (goes[i])
            leave(w, tabs->list[i]);
    pthread_mutex_unlock(&tabs->lock);
    free(goes);
    atomic_fetch_add(&w->f->o.count->ddl, 1);
}

/* ---- asking ---- */

static void tell_followers(struct ddl_work *w, const struct tab *tab, struct err *e)
{
    struct tabs *tabs = w->f->o.tabs;
    struct buf names = {0};
    struct err unfit = *e;
    pthread_mutex_lock(&tabs->lock);
    bool *goes = going(w, tab);
    for (uint32_t i = 0; i < tabs->n; i++)
        if (goes[i] && tabs->list[i] != tab)
            buf_addf(&names, "%s%s", names.n ? ", " : "", tabs->list[i]->label);
    pthread_mutex_unlock(&tabs->lock);
    free(goes);
    if (names.n)
        err_set(e, unfit.code, N_("%.150s. If it is left out, these go with it, for its changes reach them by foreign keys only: %.120s"), unfit.text, names.p);
    buf_release(&names);
}

/* NULL: the run ends, and has its own reason. */
static const char *ask(struct ddl_work *w, const struct tab *tab, struct err *e)
{
    struct follow *f = w->f;
    const struct ddl_name *n = &w->ddl.names[0];
    char label[160];
    if (w->is_applied)
        return "leave-out";
    tell_followers(w, tab, e);
    snprintf(label, sizeof label, "%.79s.%.79s", n->schema, n->table);
    follow_flush(f); /* what came before it does not wait for the answer */
    const char *choice = f->o.ask.put(f->o.ask.arg, e, label, choices, TG_ARRAY_LEN(choices));
    return choice && tab && atomic_load(&tab->is_left) ? "leave-out" : choice; /* by a command meanwhile */
}

bool work_fits(struct ddl_work *w, const struct binlog_query *q, struct err *e)
{
    const struct ddl_name *n = &w->ddl.names[0];
    struct table *to;
    struct tab *tab;
    bool is_ours = (w->ddl.kind == DDL_ALTER || w->ddl.kind == DDL_CREATE_TABLE) && w->ddl.nnames && n->schema && n->table && !n->is_temporary;
    while (is_ours && follow_wants(w->f, n->schema, n->table) && (to = unfit(w, q, &tab, e)) != NULL) {
        const char *choice = ask(w, tab, e);
        if (choice && strcmp(choice, "leave-out") == 0) {
            leave_out(w, tab, to);
            err_clear(e);
            return true;
        }
        table_drop(to);
        if (!choice)
            cancel_set(w->f->stop);
        if (!choice || strcmp(choice, "stop") == 0)
            return false;
        err_clear(e);
    }
    return true;
}
