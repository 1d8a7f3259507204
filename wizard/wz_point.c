// SPDX-License-Identifier: Apache-2.0
/* What a click and the wheel mean on a page: the focus goes there, and a second click does what Enter does. Everything is
 * done through the keys that do the same, so a pointer can do nothing that keys can't. */
#include "wizard/pages.h"
#include "wizard/scope.h"

#include <stdlib.h>

static size_t fields_shown(const struct wz *w)
{
    size_t order[FORM_FIELDS];
    return form_shown(&w->form[w->at], w, order);
}

/* The place in the page's order of what a spot means; SIZE_MAX: it is not shown any more. */
static size_t place_of(const struct wz *w, size_t field)
{
    size_t order[FORM_FIELDS], n = form_shown(&w->form[w->at], w, order);
    for (size_t i = 0; i < n; i++)
        if (order[i] == field)
            return i;
    return SIZE_MAX;
}

static void click_field(struct wz *w, size_t field, int choice, bool repairs)
{
    size_t place = place_of(w, field);
    bool had_focus = w->focus[w->at] == place;
    if (place == SIZE_MAX)
        return;
    wz_focus(w, place);
    if (repairs)
        form_repair(&w->form[w->at], w, field);
    else
        form_click(&w->form[w->at], w, field, choice, had_focus);
}

static void click_text(struct wz *w, const struct input *in)
{
    bool had_focus = w->form[w->at].held == (size_t)in->n;
    click_field(w, (size_t)in->n, -1, false);
    form_point(&w->form[w->at], (size_t)in->n, in, had_focus);
}

static void press(struct wz *w, int key, struct wz_effect *out)
{
    wz_feed(w, &(struct input){.kind = IN_KEY, .key = key}, out);
}

/* The list of a page knows keys; so the selection walks there by them, and nothing differs from walking by hand. */
static void walk_to(struct wz *w, size_t row, struct wz_effect *out)
{
    struct list *l = &w->list[w->at];
    for (size_t last = SIZE_MAX; l->selected != row && l->selected != last && out->kind == WZ_NONE;) {
        last = l->selected;
        press(w, row > last ? K_DOWN : K_UP, out);
    }
}

static void focus_thing(struct wz *w, size_t thing)
{
    if (thing < wz_pages[w->at]->nextra)
        wz_focus(w, fields_shown(w) + thing);
}

static void click_row(struct wz *w, size_t row, struct wz_effect *out)
{
    bool was_here = w->list[w->at].selected == row && (!wz_pages[w->at]->nextra || wz_has_focus(w, 0));
    focus_thing(w, 0);
    if (was_here)
        press(w, K_ENTER, out);
    else
        walk_to(w, row, out);
}

static void click_place(struct wz *w, size_t place, struct wz_effect *out)
{
    bool had_focus = w->focus[w->at] == place;
    if (had_focus)
        press(w, K_ENTER, out);
    else
        wz_focus(w, place);
}

static void click(struct wz *w, const struct input *in, struct wz_effect *out)
{
    switch (in->what) {
    case SPOT_KEY:
        press(w, (int)in->n, out);
        break;
    case SPOT_STEP:
        if (in->n <= (int64_t)w->reached && in->n != (int64_t)w->at)
            wz_go(w, (enum step)in->n, out);
        break;
    case SPOT_FORM:
        click_field(w, (size_t)in->n, -1, false);
        break;
    case SPOT_TEXT:
        click_text(w, in);
        break;
    case SPOT_SEARCH:
        if (w->scope && w->scope->is_finding)
            edit_point(&w->scope->find, in->cell, in->cells);
        break;
    case SPOT_PICK:
        click_field(w, (size_t)in->n / 100, (int)(in->n % 100), false);
        break;
    case SPOT_REPAIR:
        click_field(w, (size_t)in->n, -1, true);
        break;
    case SPOT_PAGE_BUTTON:
        click_place(w, fields_shown(w) + wz_pages[w->at]->nextra + (size_t)in->n, out);
        break;
    case SPOT_THING:
        focus_thing(w, (size_t)in->n);
        break;
    case SPOT_ROW:
        click_row(w, (size_t)in->n, out);
        break;
    default:
        break;
    }
}

static void wheel(struct wz *w, const struct input *in, struct wz_effect *out)
{
    if (in->what != SPOT_ROW && (in->what != SPOT_THING || in->n != 0))
        return;
    focus_thing(w, 0);
    for (int i = 0; i < abs(in->by) && out->kind == WZ_NONE; i++)
        press(w, in->by < 0 ? K_UP : K_DOWN, out);
}

static void point_at_goto(struct wz *w, const struct input *in, struct wz_effect *out)
{
    if (in->kind != IN_CLICK || in->what != SPOT_PAGE || in->n > (int64_t)w->reached)
        return;
    if (w->goto_at == (int)in->n)
        press(w, K_ENTER, out);
    else
        w->goto_at = (int)in->n;
}

/* Where a box is open, only what lies in it can be pointed at. */
bool wz_point(struct wz *w, const struct input *in, struct wz_effect *out)
{
    if (w->modal.kind)
        ask_feed(w, in, out);
    else if (w->is_help)
        w->is_help = in->kind != IN_CLICK || in->what != SPOT_BOX;
    else if (w->is_goto)
        point_at_goto(w, in, out);
    else if (in->kind == IN_CLICK)
        click(w, in, out);
    else
        wheel(w, in, out);
    return true;
}
