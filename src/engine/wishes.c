// SPDX-License-Identifier: Apache-2.0
/* A person wants a table copied anew, or left out (DESIGN 4.1, 4.4 Questions). First a note in the ledger; once that is
 * committed whatever still comes for the table is dropped by the writers, an open question of it is over, and the
 * stream does the rest between two transactions (follow/wish.c). A start that finds the note does the same, once the
 * stream has passed what was applied before; what is left out is out at once. Notes stand beside the table's own row, which DDL on its way writes. */
#include "engine/private.h"

#include "base/fail.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

struct engine_wish {
    struct engine_wish *next;
    char name[320];
    struct tab *tab;                  /* NULL: the run had not begun to copy when it was wished */
    bool leaves;
};

/* By "schema.table" at the source, or by the table's name alone where that is one table. tabs.lock held. */
static struct tab *find_tab(struct engine *g, const char *name, struct err *e)
{
    struct tab *found = NULL;
    unsigned n = 0;
    for (uint32_t i = 0; i < g->tabs.n; i++) {
        struct tab *tab = g->tabs.list[i];
        if (tab->def && strcmp(tab->label, name) == 0)
            return tab;
        if (tab->def && strcmp(tab->def->name, name) == 0 && ++n)
            found = tab;
    }
    if (n > 1)
        err_set(e, ERR_USAGE, "there are %u tables of the name %s; say which schema", n, name);
    else if (!n)
        err_set(e, ERR_USAGE, "no table %s is in this run", name);
    return n == 1 ? found : NULL;
}

/* What a change of it does to a child is in no binlog: without its own changes nobody would notice. tabs.lock held. */
static bool is_followed(struct engine *g, const struct tab *tab, struct err *e)
{
    if (g->source_server.logs_cascades || !tabs_is_acted_on(&g->tabs, tab->def->schema, tab->def->name))
        return false;
    for (uint32_t i = 0; i < g->tabs.n; i++) {
        const struct tab *child = g->tabs.list[i];
        if (child != tab && child->def && follow_acts_on(child->def, tab->def))
            return !err_set(e, ERR_USAGE, "%s follows %s by a foreign key; leave that one out first", child->label, tab->label);
    }
    return false;
}

/* Why not now. tabs.lock held. */
static bool may_wish(struct engine *g, const struct tab *tab, bool leaves, struct err *e)
{
    struct pos kept; /* a start before it would not know the table, or by another name */
    marks_kept(g->marks, &kept);
    const struct pos *known = leaves ? &tab->named : &tab->shaped;
    if (atomic_load(&tab->is_void))
        return err_set(e, ERR_USAGE, atomic_load(&tab->is_left) ? "%s is left out already" : "%s is being copied anew already", tab->label);
    if (pos_is_set(known) && pos_cmp(&kept, known) < 0)
        return err_set(e, ERR_USAGE, "%s was made or changed at the source a moment ago, and the target is not there yet", tab->label);
    if (leaves)
        return !is_followed(g, tab, e);
    if (g->job->mode == MODE_INCREMENTAL)
        return err_set(e, ERR_USAGE, "this run has not copied %s: its rows were at the target before", tab->label);
    if (tab->kept != KEPT_NONE)
        return err_set(e, ERR_TARGET_MIXED, "%s can't be emptied at the target: it holds rows from before this run", tab->label);
    return !tab->is_keyless ||
           err_set(e, ERR_USAGE, "%s has no usable key: such a table is copied only before the stream starts; begin another run for it", tab->label);
}

/* g->lock held. */
static struct tab *resolve(struct engine *g, const char *name, bool leaves, struct err *e)
{
    pthread_mutex_lock(&g->tabs.lock);
    struct tab *tab = find_tab(g, name, e);
    bool fine = tab && (!g->is_snapshot || err_set(e, ERR_USAGE, "the source has no binlog: all tables are of one snapshot")) &&
                may_wish(g, tab, leaves, e);
    pthread_mutex_unlock(&g->tabs.lock);
    return fine ? tab : NULL;
}

bool engine_wish(struct engine *g, const char *table, bool leaves, struct err *e)
{
    bool fine = true;
    if (!table || !table[0])
        return err_set(e, ERR_USAGE, "which table?");
    pthread_mutex_lock(&g->lock);
    struct tab *tab = g->takes_wishes ? resolve(g, table, leaves, e) : NULL;
    fine = tab || !g->takes_wishes;
    for (struct engine_wish *w = g->wishes; w && fine; w = w->next)
        fine = strcmp(w->name, table) != 0 || err_set(e, ERR_USAGE, "that was asked for %s already", table);
    if (fine) {
        struct engine_wish *w = x_alloc(sizeof *w);
        *w = (struct engine_wish){.next = g->wishes, .tab = tab, .leaves = leaves};
        snprintf(w->name, sizeof w->name, "%s", table);
        g->wishes = w;
    }
    pthread_mutex_unlock(&g->lock);
    return fine;
}

bool engine_has_wishes(struct engine *g)
{
    pthread_mutex_lock(&g->lock);
    bool has = g->wishes != NULL;
    pthread_mutex_unlock(&g->lock);
    return has;
}

static void number_text(uint32_t id, char out[16])
{
    snprintf(out, 16, "%u", id);
}

/* The note that makes it true. */
static bool note_wish(struct engine *g, struct err *e)
{
    struct buf sql = {0};
    const struct engine_wish *w = g->taken; /* not the first of the list: others may have come before it by now */
    char number[16];
    number_text(w->tab->id, number);
    ledger_sql_note(&g->ledger, &sql, w->leaves ? NOTE_LEFT : NOTE_ANEW, number, "");
    if (w->leaves) {
        buf_addc(&sql, ';');
        ledger_sql_release_table(&g->ledger, &sql, w->tab->id);
        buf_addc(&sql, ';');
        ledger_sql_note(&g->ledger, &sql, NOTE_TABLE, w->tab->label, N_("left out of the run; what was at the target then stays there"));
    }
    fail_point("wish.before");
    bool fine = engine_fenced(g, &sql, e);
    fail_point("wish.noted");
    buf_release(&sql);
    return fine;
}

/* The ledger says so now. */
static void carry_out(struct engine *g, struct tab *tab, bool leaves)
{
    pthread_mutex_lock(&g->lock);
    g->verdict[0] = g->verified_at[0] = 0; /* it spoke of other rows */
    pthread_mutex_unlock(&g->lock);
    atomic_store(&tab->verified, 0);
    atomic_store(&tab->is_left, leaves);
    atomic_store(&tab->is_void, true);
    if (leaves)
        quarantine_drop_table(g->quarantine, tab->id);
    atomic_fetch_add(&g->follow_count.ddl, 1); /* counters and views are looked at again */
    follow_wish(g->follow, tab, leaves);
    engine_release_questions(g, tab);
    log_event(LOG_NOTE, "engine", tab->label, "", leaves ? "left out of the run" : "to be copied anew");
}

/* Main thread, nothing else on the control connection. true: one was taken. */
bool engine_take_wish(struct engine *g, engine_aside *aside, struct err *e)
{
    pthread_mutex_lock(&g->lock);
    struct engine_wish *w = g->taken = g->wishes;
    g->takes_wishes = true;
    if (w && !w->tab)
        w->tab = resolve(g, w->name, w->leaves, e);
    pthread_mutex_unlock(&g->lock);
    if (!w)
        return false;
    bool fine = w->tab && aside(g, note_wish, e);
    pthread_mutex_lock(&g->lock);
    struct engine_wish **p = &g->wishes; /* others may have come before it */
    while (*p != w)
        p = &(*p)->next;
    *p = w->next;
    pthread_mutex_unlock(&g->lock);
    if (fine)
        carry_out(g, w->tab, w->leaves);
    else if (e->code != ERR_CANCELLED)
        log_event(LOG_WARN, "engine", w->tab ? w->tab->label : "", err_info(e->code)->id, "not done, try again: %s", e->text);
    free(w);
    if (!fine && e->code != ERR_TARGET_FENCED)
        err_clear(e);
    return true;
}

void engine_forget_wishes(struct engine *g)
{
    for (struct engine_wish *w; (w = g->wishes) != NULL; free(w))
        g->wishes = w->next;
}

/* ---- the next round ---- */

void engine_emptied_ledger(struct engine *g, struct buf *out, const struct tab *tab)
{
    char number[16];
    number_text(tab->id, number);
    engine_ledger_tab(g, out, tab, tab_copy_name(TAB_COPYING));
    buf_addc(out, ';');
    ledger_sql_forget_chunks(&g->ledger, out, tab->id);
    buf_addc(out, ';');
    ledger_sql_release_table(&g->ledger, out, tab->id);
    buf_addc(out, ';');
    ledger_sql_forget_note(&g->ledger, out, NOTE_ANEW, number, "");
}

/* ---- what a start finds ---- */

struct recall {
    struct engine *g;
    bool leaves;
    uint32_t *ids, n;
};

static void told(void *arg, const char *kind, const char *name, const char *text)
{
    struct recall *r = arg;
    (void)kind;
    (void)text;
    r->ids = x_realloc(r->ids, (r->n + 1) * sizeof *r->ids);
    r->ids[r->n++] = (uint32_t)strtoul(name, NULL, 10);
}

static struct tab *tab_of(struct engine *g, uint32_t id)
{
    for (uint32_t i = 0; i < g->tabs.n; i++)
        if (g->tabs.list[i]->id == id && g->tabs.list[i]->def)
            return g->tabs.list[i];
    return NULL;
}

static bool is_dropped(const struct engine *g, uint32_t id)
{
    for (size_t i = 0; i < g->found.ntabs; i++)
        if (g->found.tabs[i].id == id)
            return strcmp(g->found.tabs[i].state, "dropped") == 0;
    return false;
}

/* Another table may have got its name since: then the name is the other's. */
static void leave_again(struct engine *g, struct tab *tab)
{
    bool is_others = false;
    struct table *def = table_hold(tab->def);
    for (uint32_t i = 0; i < g->tabs.n; i++) {
        const struct tab *other = g->tabs.list[i];
        is_others = is_others || (other != tab && other->def && strcmp(other->def->schema, def->schema) == 0 &&
                                  strcmp(other->def->name, def->name) == 0);
    }
    pthread_mutex_lock(&g->tabs.lock);
    tab_set_def(tab, NULL);
    if (is_others)
        table_drop(def);
    else
        tabs_leave(&g->tabs, tab->id, def);
    pthread_mutex_unlock(&g->tabs.lock);
}

/* To be emptied in the sequence, as when it was wished: the definition that we have is that of the mark, and what an
 * earlier engine applied behind it may have given the name to another table. One without a key is copied before there is
 * a sequence (keyless.c). */
static void void_again(struct engine *g, struct tab *tab)
{
    if (!tab->def || tab->copy != TAB_EMPTYING || tab->is_keyless)
        return;
    engine_set_copy(g, tab, TAB_COPYING, NULL);
    atomic_store(&tab->is_void, true);
}

bool engine_recall_wishes(struct engine *g, struct err *e)
{
    struct recall anew = {.g = g}, left = {.g = g};
    bool fine = ledger_read_notes(&g->ledger, &g->control, NOTE_ANEW, told, &anew, e) &&
                ledger_read_notes(&g->ledger, &g->control, NOTE_LEFT, told, &left, e);
    for (uint32_t i = 0; i < left.n && fine; i++) {
        struct tab *tab = tab_of(g, left.ids[i]);
        quarantine_drop_table(g->quarantine, left.ids[i]);
        if (tab)
            leave_again(g, tab);
    }
    for (uint32_t i = 0; i < anew.n && fine; i++) {
        struct tab *tab = tab_of(g, anew.ids[i]);
        if (tab && !is_dropped(g, tab->id))
            engine_set_copy(g, tab, TAB_EMPTYING, NULL);
    }
    free(anew.ids);
    free(left.ids);
    for (uint32_t i = 0; i < g->tabs.n && fine && !g->is_snapshot; i++)
        void_again(g, g->tabs.list[i]);
    return fine;
}

void engine_repeat_wishes(struct engine *g)
{
    for (uint32_t i = 0; i < g->tabs.n; i++)
        if (atomic_load(&g->tabs.list[i]->is_void))
            follow_wish(g->follow, g->tabs.list[i], false);
}
