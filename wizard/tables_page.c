// SPDX-License-Identifier: Apache-2.0
/* Of a run with more tables than a snapshot holds: the page of all of them that the engine was asked for takes the place of the
 * busiest ones. Pages overlap, so that the selected row is on the next one, too. */
#include "wizard/dashboard_state.h"

#include <stdlib.h>

#define STEP ((uint32_t)MON_TABLES / 2)

bool dashboard_wants_tables(const struct dashboard_state *s)
{
    const struct tables_wish *w = &s->wish;
    bool is_looked_at = (s->is_zoomed && s->focus == PANE_TABLES && !s->is_cutover) || w->find[0] || w->show || w->sort != SORT_RATE;
    return s->has_snapshot && !s->is_gone && s->snap.tables_total > MON_TABLES && is_looked_at;
}

static void put(struct dashboard_state *s)
{
    s->snap.ntables = s->page->n;
    for (uint32_t i = 0; i < s->page->n; i++)
        s->snap.table[i] = s->page->table[i];
}

void dashboard_take_tables(struct dashboard_state *s, const struct tables_page *p)
{
    if (!s->page)
        s->page = x_alloc(sizeof *s->page);
    *s->page = *p;
    s->page->n = TG_MIN(p->n, (uint32_t)MON_TABLES);
    if (p->offset >= p->total)
        s->wish.offset = 0;
    if (dashboard_wants_tables(s))
        put(s);
}

void dashboard_keep_tables(struct dashboard_state *s)
{
    if (s->page && dashboard_wants_tables(s)) {
        put(s);
        return;
    }
    free(s->page);
    s->page = NULL;
    s->wish.offset = 0;
}

void dashboard_turn_tables(struct dashboard_state *s, size_t nrows)
{
    const struct tables_page *p = s->page;
    if (!p || p->offset != s->wish.offset)
        return; /* it is on its way */
    if (s->tables.selected + 1 >= nrows && p->offset + p->n < p->total)
        s->wish.offset += STEP;
    else if (s->tables.selected == 0)
        s->wish.offset -= TG_MIN(STEP, p->offset);
}
