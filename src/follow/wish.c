// SPDX-License-Identifier: Apache-2.0
/* A table that a person wants copied anew, or left out. Both happen between two transactions; when they get here the
 * ledger says so already, and what is still on its way to the table is dropped by the writers (tab->is_void). Copied
 * anew: a batch that holds the table alone empties it at this place of the sequence, so that all earlier ones are
 * through, and chunks of its next round come behind it. After a start it comes behind all that an earlier engine applied:
 * only there the target's tables have the names that we know. */
#include "follow/private.h"

#include <stdio.h>
#include <stdlib.h>

void follow_wish(struct follow *f, struct tab *tab, bool leaves)
{
    struct wish *w = x_alloc(sizeof *w);
    w->tab = tab;
    w->leaves = leaves;
    pthread_mutex_lock(&f->o.tabs->lock);
    w->next = f->wishes;
    f->wishes = w;
    follow_nudge(f);
    pthread_mutex_unlock(&f->o.tabs->lock);
}

bool follow_wants(struct follow *f, const char *schema, const char *table)
{
    pthread_mutex_lock(&f->o.tabs->lock);
    bool has_left = tabs_left(f->o.tabs, schema, table, NULL) != NULL;
    pthread_mutex_unlock(&f->o.tabs->lock);
    return !has_left && job_wants(f->o.job, schema, table);
}

/* Lock held. */
static struct batch *begin_round(struct follow *f, struct tab *tab)
{
    struct batch *b = batch_new(BATCH_EMPTY);
    struct buf sql = {0};
    const struct table *def = tab->def;
    window_discard_all(tab);
    tab->round++;
    tab->copy = TAB_COPYING;
    tab->end = (struct pos){0};
    tab->chunks_planned = 1;
    tab->retried = 0;
    tab->retried_why[0] = 0;
    tab->chunks_entered = 0;
    batch_part(b, tab, tab->def, false);
    batch_dep(b, dep_table(tab), false);
    batch_dep(b, dep_name(def->target_schema, def->target_name), false);
    batch_dep(b, dep_name(def->target_schema, NULL), true);
    b->from = b->to = f->at;
    snprintf(b->ddl.label, sizeof b->ddl.label, "%s", tab->label);
    buf_adds(&sql, "TRUNCATE TABLE ");
    sql_table(&sql, def->target_schema, def->target_name);
    b->ddl.sql = buf_take(&sql);
    f->o.chunks.anew(f->o.chunks.arg, tab, b);
    return b;
}

/* It had a key when it was wished. A start copies such a table first. */
static void refuse_keyless(struct follow *f, const struct tab *tab)
{
    struct err e = {0};
    err_set(&e, ERR_DDL_ROWS, "the key of %s was dropped before it could be copied anew; the next start copies it", tab->label);
    f->o.ask.fatal(f->o.ask.arg, &e);
    cancel_set(f->stop);
}

static void leave(struct follow *f, struct tab *tab)
{
    window_discard_all(tab);
    tabs_leave(f->o.tabs, tab->id, table_hold(tab->def));
    tab_set_def(tab, NULL);
}

void follow_wishes(struct follow *f)
{
    pthread_mutex_lock(&f->o.tabs->lock);
    struct wish *list = follow_is_replaying(f) ? NULL : f->wishes;
    f->wishes = list ? NULL : f->wishes;
    pthread_mutex_unlock(&f->o.tabs->lock);
    if (list)
        follow_flush(f);
    for (struct wish *w = list, *next; w; w = next) {
        struct batch *b = NULL;
        next = w->next;
        pthread_mutex_lock(&f->o.tabs->lock);
        if (w->tab->def && w->leaves)
            leave(f, w->tab);
        else if (w->tab->def && !w->tab->is_keyless)
            b = begin_round(f, w->tab);
        bool is_stuck = w->tab->def && !b;
        pthread_mutex_unlock(&f->o.tabs->lock);
        if (is_stuck)
            refuse_keyless(f, w->tab);
        if (b)
            follow_submit(f, b);
        free(w);
    }
}
