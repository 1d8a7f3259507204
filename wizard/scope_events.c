// SPDX-License-Identifier: Apache-2.0
// Rules of events on the page Scope: in words, and the boxes that make, change and remove them.
#include "wizard/pages.h"
#include "wizard/scope.h"

#include "ui/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- in words ---- */

/* "insert, update", or the pattern of a text. */
static void add_kinds(const struct job_event *v, struct buf *out)
{
    for (size_t i = 0; i < v->nevents; i++)
        buf_addf(out, "%s%s", i ? ", " : "", v->events[i]);
    for (size_t i = 0; i < v->nsql; i++)
        buf_addf(out, "%s/%.60s/", i || v->nevents ? ", " : "", v->sql[i]);
    if (!v->nevents && !v->nsql)
        buf_adds(out, _("nothing"));
}

void scope_event_words(const struct job_event *v, struct buf *out)
{
    struct buf kinds = {0};
    add_kinds(v, &kinds);
    buf_addf(out, v->action == EVENT_DO ? _("only %s on %s.%s") : v->action == EVENT_IGNORE ? _("no %s on %s.%s") : _("stop at %s on %s.%s"), kinds.p, v->schema, v->table ? v->table : "*");
    buf_release(&kinds);
}

void scope_events_text(const struct job *j, struct buf *out)
{
    for (size_t i = 0; i < j->nevents && out->n < 300; i++) {
        buf_adds(out, i ? "; " : "");
        scope_event_words(&j->events[i], out);
    }
}
