// SPDX-License-Identifier: Apache-2.0
/* The walk along a dump: from event to event up to a place, and from row to row of an event. */
#include "check/rehearse.h"

#include <stdlib.h>

bool event_has_place(const struct binlog_event *ev)
{
    return (!ev->is_artificial || ev->kind == BINLOG_HEARTBEAT) && pos_is_set(&ev->end);
}

bool walk_next(struct walk *w, const struct pos *to, bool *done, struct err *e)
{
    *done = pos_cmp(&w->at, to) >= 0 || (w->until_ms && clock_mono_ms() >= w->until_ms);
    if (*done)
        return true;
    if (!dump_next(&w->dump, &w->ev, e))
        return false;
    if (event_has_place(&w->ev))
        w->at = w->ev.end;
    return true;
}

bool walk_rows(const struct binlog_event *ev, const struct table *t, struct charmaps *maps, row_visit *visit, void *arg, bool *fits, struct err *e)
{
    struct row_reader reader;
    struct arena text = {0};
    *fits = rows_begin(&reader, ev, t->columns, t->ncolumns, maps, e);
    if (!*fits)
        return false;
    struct cell *before = x_alloc(t->ncolumns * sizeof *before), *after = x_alloc(t->ncolumns * sizeof *after);
    bool done = false, fine = true;
    while (fine && !done) {
        fine = rows_next(&reader, &text, before, after, &done, e);
        if (fine && !done)
            visit(arg, ev->rows.action == ROWS_WRITE ? NULL : before, ev->rows.action == ROWS_DELETE ? NULL : after);
    }
    arena_release(&text);
    free(before);
    free(after);
    return fine;
}
