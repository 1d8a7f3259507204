/* SPDX-License-Identifier: Apache-2.0
 * A dashboard's state, keys into it, and its screen compared with tests/golden/NAME.txt. */
#ifndef TG_TESTS_GOLDEN_H
#define TG_TESTS_GOLDEN_H

#include "base/buf.h"
#include "sample.h"
#include "screen.h"
#include "ui/format.h"
#include "wizard/dashboard_state.h"

TG_UNUSED static struct dashboard_state *sample_state(int rows, int cols)
{
    struct dashboard_state *s = dashboard_state_new();
    struct mon_snapshot *m = sample_snapshot();
    struct mon_event e;
    s->rows = rows;
    s->cols = cols;
    s->now_ms = 1000000;
    s->wall_ms = m->at_ms;
    dashboard_take(s, m);
    for (size_t i = 0; i < TG_ARRAY_LEN(sample_lines); i++) {
        sample_event(&e, i);
        dashboard_add_event(s, &e);
    }
    free(m);
    return s;
}

/* Every key comes a second after the one before: dialogs hear it. */
TG_UNUSED static struct effect press(struct dashboard_state *s, int key)
{
    struct effect effect;
    s->now_ms += 1000;
    dashboard_feed(s, &(struct input){.kind = IN_KEY, .key = key}, &effect);
    return effect;
}

TG_UNUSED static void press_all(struct dashboard_state *s, const char *keys)
{
    for (; *keys; keys++)
        press(s, (unsigned char)*keys);
}

TG_UNUSED static void draw_with(struct dashboard_state *s, enum glyph_set glyphs, struct buf *text,
                      struct buf *roles)
{
    struct canvas c;
    canvas_init(&c, s->rows, s->cols, glyphs);
    dashboard_draw(&c, s);
    canvas_print(&c, text);
    if (roles)
        canvas_print_roles(&c, roles);
    canvas_release(&c);
}

TG_UNUSED static void golden(const char *name, struct dashboard_state *s, enum glyph_set glyphs)
{
    struct buf text = {0}, roles = {0};
    draw_with(s, glyphs, &text, &roles);
    buf_adds(&text, "---- roles\n");
    buf_add(&text, roles.p, roles.n);
    compare(name, &text);
    buf_release(&text);
    buf_release(&roles);
    dashboard_state_free(s);
}

#endif
