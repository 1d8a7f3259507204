// SPDX-License-Identifier: Apache-2.0
#include "ui/modal.h"

#include "ui/dialog.h"

#include <stdio.h>
#include <stdlib.h>

#define DEAF_MS 300

void modal_begin(struct modal *m, int kind, const char *title, int opened_by, int64_t now_ms)
{
    modal_close(m);
    m->kind = kind;
    m->opened_by = opened_by;
    m->deaf_until_ms = now_ms + DEAF_MS;
    m->width = 70;
    snprintf(m->title, sizeof m->title, "%s", title);
}

void modal_close(struct modal *m)
{
    for (unsigned i = 0; i < m->nfields; i++)
        edit_release(&m->field[i].edit);
    buf_release(&m->text);
    *m = (struct modal){.kind = 0};
}

void modal_add_field(struct modal *m, const char *label, bool is_secret, const char *wants)
{
    if (m->nfields == MODAL_FIELDS)
        tg_bug("too many fields in a box");
    snprintf(m->field[m->nfields].label, sizeof m->field[0].label, "%s", label);
    snprintf(m->field[m->nfields].wants, sizeof m->field[0].wants, "%s", wants ? wants : "");
    edit_init(&m->field[m->nfields++].edit, is_secret);
}

void modal_add_button(struct modal *m, const char *label, bool wants_name)
{
    if (m->nbuttons == MODAL_BUTTONS)
        tg_bug("too many buttons in a box");
    snprintf(m->button[m->nbuttons].label, sizeof m->button[0].label, "%s", label);
    m->button[m->nbuttons++].wants_name = wants_name;
}

bool modal_is_awake(const struct modal *m, unsigned button)
{
    for (unsigned i = 0; m->button[button].wants_name && i < m->nfields; i++)
        if (m->field[i].wants[0] && strcmp(m->field[i].wants, m->field[i].edit.text) != 0)
            return false;
    return true;
}

static void move(struct modal *m, int by)
{
    unsigned n = m->nfields + m->nbuttons;
    if (n)
        m->focus = (m->focus + n + (by < 0 ? n - 1 : 1)) % n;
}

static enum modal_answer press(struct modal *m)
{
    if (m->focus < m->nfields) {
        move(m, 1);
        return MODAL_OPEN;
    }
    if (m->nbuttons == 0) {
        modal_close(m);
        return MODAL_LEFT;
    }
    return modal_is_awake(m, m->focus - m->nfields) ? MODAL_PRESSED : MODAL_OPEN;
}

static enum modal_answer feed_key(struct modal *m, int key)
{
    bool is_field = m->focus < m->nfields;
    switch (key) {
    case K_ESC:
        modal_close(m);
        return MODAL_LEFT;
    case K_ENTER:
        return press(m);
    case K_TAB:
        move(m, 1);
        return MODAL_OPEN;
    case K_BACK_TAB:
        move(m, -1);
        return MODAL_OPEN;
    case K_PAGE_DOWN:
        m->top += 5;
        return MODAL_OPEN;
    case K_PAGE_UP:
        m->top = TG_MAX(m->top - 5, 0);
        return MODAL_OPEN;
    case K_DOWN:
    case K_UP:
        if (m->nfields + m->nbuttons < 2)
            m->top = key == K_DOWN ? m->top + 1 : TG_MAX(m->top - 1, 0);
        else
            move(m, key == K_DOWN ? 1 : -1);
        return MODAL_OPEN;
    case K_LEFT:
    case K_RIGHT:
        if (!is_field)
            move(m, key == K_RIGHT ? 1 : -1);
        return MODAL_OPEN;
    default:
        return MODAL_OPEN;
    }
}

static enum modal_answer point(struct modal *m, const struct input *in)
{
    if (in->kind == IN_WHEEL) {
        m->top = TG_MAX(m->top + in->by, 0);
    } else if ((in->what == SPOT_FIELD || in->what == SPOT_TEXT) && in->n < m->nfields) {
        m->focus = (unsigned)in->n;
        if (in->what == SPOT_TEXT)
            edit_point(&m->field[in->n].edit, in->cell, in->cells);
    } else if (in->what == SPOT_BUTTON && in->n < m->nbuttons) {
        bool had_focus = m->focus == m->nfields + (unsigned)in->n;
        m->focus = m->nfields + (unsigned)in->n;
        return had_focus ? press(m) : MODAL_OPEN;
    }
    return MODAL_OPEN;
}

enum modal_answer modal_feed(struct modal *m, const struct input *in, int64_t now_ms)
{
    if (in->kind == IN_KEY && now_ms < m->deaf_until_ms) {
        if (in->key == m->opened_by) /* a key held down keeps the box deaf */
            m->deaf_until_ms = now_ms + DEAF_MS;
        return MODAL_OPEN;
    }
    if (in->kind == IN_CLICK || in->kind == IN_WHEEL)
        return now_ms < m->deaf_until_ms ? MODAL_OPEN : point(m, in);
    if (m->focus < m->nfields && edit_feed(&m->field[m->focus].edit, in))
        return MODAL_OPEN;
    return in->kind == IN_KEY ? feed_key(m, in->key) : MODAL_OPEN;
}

/* ---- drawing ---- */

/* Lines of the text in w columns; draws those from top on when c has cells. Returns how many there are. */
static int draw_text(const struct modal *m, struct canvas *c, struct rect r, int top)
{
    struct canvas nothing = {0};
    const char *p = m->text.p ? m->text.p : "";
    int y = -top;
    while (*p) {
        size_t n = strcspn(p, "\n");
        char *line = x_strndup(p, n);
        bool is_code = n > 1 && p[0] == ' ' && p[1] == ' ';
        struct rect all = {0, 0, 0, TG_MAX(r.w, 1)};
        int rows = n == 0 || is_code ? 1 : canvas_wrap(&nothing, all, 0, ROLE_TEXT, line);
        if (c && y >= 0 && y < r.h) {
            struct rect here = {r.y + y, r.x, TG_MIN(rows, r.h - y), r.w};
            if (is_code)
                canvas_cut(c, here, here.y, here.x, here.w, ROLE_KEY, line);
            else
                canvas_wrap(c, here, 0, ROLE_TEXT, line);
        }
        y += rows;
        free(line);
        p += n + (p[n] == '\n');
    }
    return y + top;
}

static void draw_fields(const struct modal *m, struct canvas *c, struct rect in, int y)
{
    int widest = 0;
    for (unsigned i = 0; i < m->nfields; i++)
        widest = TG_MAX(widest, text_cells(m->field[i].label));
    for (unsigned i = 0; i < m->nfields; i++, y++) {
        int x = in.x + TG_MIN(widest + 1, in.w / 2), room = in.x + in.w - x - 4;
        canvas_cut(c, in, y, in.x, TG_MIN(widest, x - in.x - 1), m->focus == i ? ROLE_TITLE : ROLE_TEXT, m->field[i].label);
        canvas_spot(c, in, (struct rect){y, in.x, 1, in.w}, SPOT_FIELD, (int64_t)i);
        canvas_text(c, in, y, x, ROLE_EDGE, "[");
        canvas_spot(c, in, (struct rect){y, x + 2, 1, TG_MAX(room, 1)}, SPOT_TEXT, (int64_t)i);
        edit_draw(&m->field[i].edit, c, in, y, x + 2, TG_MAX(room, 1), m->focus == i);
        canvas_text(c, in, y, in.x + in.w - 1, ROLE_EDGE, "]");
    }
}

static void draw_button(const struct modal *m, struct canvas *c, struct rect in, int y, int *x, unsigned i)
{
    bool has_focus = m->focus == m->nfields + i, is_awake = modal_is_awake(m, i);
    enum role role = has_focus ? ROLE_PICK : is_awake ? ROLE_TEXT : ROLE_DIM;
    if (has_focus) {
        c->cursor_y = y;
        c->cursor_x = *x;
    }
    if (m->is_column) {
        canvas_text(c, in, y, in.x, ROLE_PICK, has_focus ? "▸" : " ");
        canvas_cut(c, in, y, in.x + 2, in.w - 2, role, m->button[i].label);
        canvas_spot(c, in, (struct rect){y, in.x, 1, in.w}, SPOT_BUTTON, (int64_t)i);
    } else {
        int used = canvas_textf(c, in, y, *x, role, "[ %s ]", m->button[i].label);
        canvas_spot(c, in, (struct rect){y, *x, 1, used}, SPOT_BUTTON, (int64_t)i);
        *x += used + 2;
    }
}

void modal_draw(const struct modal *m, struct canvas *c)
{
    int w = TG_MIN(c->cols, m->width), below = (int)m->nfields + (m->nfields ? 1 : 0);
    int lines = draw_text(m, NULL, (struct rect){0, 0, 0, TG_MAX(w - 4, 1)}, 0), x;
    below += m->is_column ? (int)m->nbuttons : m->nbuttons ? 1 : 0;
    below += m->keys[0] ? 2 : 0;
    int room = TG_MAX(c->rows - 4 - below - 1, 1), rows = TG_MIN(lines, room);
    struct rect in = dialog_frame(c, rows + below + 3, w, m->title);
    int top = TG_MIN(m->top, TG_MAX(lines - rows, 0));
    draw_text(m, c, (struct rect){in.y, in.x, rows, in.w}, top);
    if (lines > rows)
        canvas_right(c, canvas_all(c), in.y - 1, in.x + in.w, ROLE_KEY, top + rows < lines ? " PgDn " : " PgUp ");
    int y = in.y + rows + 1;
    draw_fields(m, c, in, y);
    y += (int)m->nfields + (m->nfields ? 1 : 0);
    x = in.x;
    for (unsigned i = 0; i < m->nbuttons; i++)
        draw_button(m, c, in, m->is_column ? y + (int)i : y, &x, i);
    y += (m->is_column ? (int)m->nbuttons : m->nbuttons ? 1 : 0) + (m->nbuttons ? 1 : 0);
    if (m->keys[0])
        canvas_cut(c, in, y, in.x, in.w, ROLE_DIM, m->keys);
}
