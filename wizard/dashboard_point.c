// SPDX-License-Identifier: Apache-2.0
/* What a click and the wheel mean on the dashboard: the pane gets the focus, the row is selected, and a second click does
 * what Enter does. Everything is done through the keys that do the same. */
#include "wizard/dashboard_state.h"

#include <stdlib.h>

static void press(struct dashboard_state *s, int key, struct effect *out)
{
    dashboard_feed(s, &(struct input){.kind = IN_KEY, .key = key}, out);
}

int64_t table_spot(const char *name)
{
    uint64_t hash = 14695981039346656037u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 1099511628211u;
    return (int64_t)hash;
}

static const enum pane panes[] = {[SPOT_TABLE] = PANE_TABLES, [SPOT_LINE] = PANE_LOG, [SPOT_QUESTION] = PANE_ATTENTION};

/* What the selection of the pane under the pointer stands on, in the numbers of its spots. */
static int64_t selected_spot(struct dashboard_state *s, int what)
{
    struct tables_order o = {.s = s};
    if (what == SPOT_QUESTION)
        return (int64_t)s->questions.selected;
    if (what == SPOT_LINE)
        return s->view.is_paused ? (int64_t)s->view.cursor : -1;
    o.n = tables_order(s, o.order);
    list_sync(&s->tables, o.n, tables_visible(s), tables_key, &o); /* rows may have moved since */
    return o.n ? table_spot(tables_key(&o, TG_MIN(s->tables.selected, o.n - 1))) : 0;
}

/* How far below the selected row the wanted one stands. */
static int64_t steps_to(struct dashboard_state *s, int what, int64_t wanted)
{
    struct tables_order o = {.s = s};
    size_t n, from = 0, to = 0;
    if (what == SPOT_QUESTION)
        return wanted - (int64_t)s->questions.selected;
    if (what == SPOT_LINE) {
        uint64_t *match = log_matches(s, &n);
        from = s->view.is_paused || !n ? 0 : n - 1;
        for (size_t i = 0; i < n; i++) {
            from = s->view.is_paused && match[i] <= s->view.cursor ? i : from;
            to = (int64_t)match[i] <= wanted ? i : to;
        }
        free(match);
        return (int64_t)to - (int64_t)from;
    }
    o.n = tables_order(s, o.order);
    to = from = s->tables.selected;
    for (size_t i = 0; i < o.n; i++)
        to = table_spot(tables_key(&o, i)) == wanted ? i : to;
    return (int64_t)to - (int64_t)from;
}

/* The selection walks there by the keys of lists; a table that is gone by now is not looked for. */
static void click_row(struct dashboard_state *s, enum pane pane, const struct input *in, struct effect *out)
{
    bool was_here = s->focus == pane && selected_spot(s, in->what) == in->n;
    s->focus = pane;
    if (was_here) {
        dashboard_do(s, DO_OPEN, out);
        return;
    }
    int64_t steps = steps_to(s, in->what, in->n);
    if (in->what == SPOT_LINE && !steps && !s->view.is_paused) { /* the last line: stay on it */
        press(s, K_UP, out);
        steps = steps_to(s, in->what, in->n);
    }
    for (; steps; steps -= steps < 0 ? -1 : 1)
        press(s, steps < 0 ? K_UP : K_DOWN, out);
}

static void click_pane(struct dashboard_state *s, enum pane pane, struct effect *out)
{
    dashboard_do(s, s->focus == pane ? DO_OPEN : (enum action)(DO_PANE_1 + pane - PANE_DUMP), out);
}

static void click(struct dashboard_state *s, const struct input *in, struct effect *out)
{
    s->notice[0] = 0;
    if (in->what == SPOT_KEY)
        press(s, (int)in->n, out);
    else if (in->what == SPOT_PANE)
        click_pane(s, (enum pane)in->n, out);
    else if (in->what > SPOT_PANE)
        click_row(s, panes[in->what], in, out);
}

static void wheel(struct dashboard_state *s, const struct input *in, struct effect *out)
{
    enum pane pane = in->what == SPOT_PANE ? (enum pane)in->n : in->what > SPOT_PANE ? panes[in->what] : PANE_NONE;
    if (pane != PANE_TABLES && pane != PANE_LOG && pane != PANE_ATTENTION)
        return;
    bool is_log = pane == PANE_LOG, goes_down = in->by > 0;
    s->focus = pane;
    if (is_log && goes_down && !s->view.is_paused)
        return;
    for (int i = 0; i < abs(in->by); i++)
        press(s, goes_down ? K_DOWN : K_UP, out);
    if (is_log && goes_down && steps_to(s, SPOT_LINE, INT64_MAX) == 0)
        s->view.is_paused = false; /* at its end it follows again */
}

/* Where a box is open, only what lies in it can be pointed at. */
void dashboard_point(struct dashboard_state *s, const struct input *in, struct effect *out)
{
    if (s->help) {
        if (in->kind == IN_WHEEL)
            press(s, in->by < 0 ? K_UP : K_DOWN, out);
        else if (in->what == SPOT_BOX)
            press(s, K_ESC, out);
    } else if (s->dialog.is_open) {
        enum dialog_answer answer = in->kind == IN_CLICK ? dialog_click(&s->dialog, in, s->now_ms) : DIALOG_OPEN;
        if (answer == DIALOG_CHOSEN)
            ask_answered(s, out);
    } else if (s->prompt) {
        return;
    } else if (in->kind == IN_CLICK) {
        click(s, in, out);
    } else {
        wheel(s, in, out);
    }
}
