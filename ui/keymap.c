// SPDX-License-Identifier: Apache-2.0
/* Linear search: a page has about forty rows and a key comes ten times a second at most. */
#include "ui/keymap.h"

#include "ui/text.h"

#include <stdio.h>

const struct key_row *keymap_find(const struct keymap *m, unsigned where, int key)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct key_row *row = &m->row[i];
        if (!(row->where & where) || !key)
            continue;
        if (row->key == key || row->twin[0] == key || row->twin[1] == key || row->twin[2] == key)
            return row;
    }
    return NULL;
}

const char *key_name(int key, char *buf, size_t size)
{
    static const struct {
        int key;
        const char *name;
    } named[] = {
        {K_TAB, "Tab"},
        {K_ENTER, "Enter"},
        {K_ESC, "Esc"},
        {K_BACKSPACE, "Backspace"},
        {K_UP, "↑"},
        {K_DOWN, "↓"},
        {K_LEFT, "←"},
        {K_RIGHT, "→"},
        {K_PAGE_UP, "PgUp"},
        {K_PAGE_DOWN, "PgDn"},
        {K_HOME, "Home"},
        {K_END, "End"},
        {K_BACK_TAB, "Shift-Tab"},
        {K_DELETE, "Del"},
        {' ', "Space"},
    };
    for (size_t i = 0; i < TG_ARRAY_LEN(named); i++) {
        if (named[i].key == key) {
            snprintf(buf, size, "%s", named[i].name);
            return buf;
        }
    }
    if (key > K_F0)
        snprintf(buf, size, "F%d", key - K_F0);
    else if (key < 0x20)
        snprintf(buf, size, "Ctrl-%c", key + 'A' - 1);
    else {
        char bytes[4];
        size_t n = utf8_put(bytes, (uint32_t)key);
        snprintf(buf, size, "%.*s", (int)n, bytes);
    }
    return buf;
}

static const char *label_of(const struct keymap *m, unsigned where, const struct key_row *row, char *buf, size_t size)
{
    if (row->label) /* "s" is a second elsewhere, but "or" is a word */
        return keymap_words(m, where, strstr(row->label, " or ") ? _(row->label) : row->label, buf, size);
    return key_name(keymap_pressed(m, where, row->key), buf, size);
}

static const char *hint_of(const struct key_row *row, unsigned where, int cols, key_hint *hint,
                           void *arg, enum role *role)
{
    if (!(row->where & where) || !row->hint || cols < row->hint_cols)
        return NULL;
    *role = row->why_not ? ROLE_DIM : ROLE_TEXT;
    return hint ? hint(arg, row, role) : _(row->hint);
}

void keymap_footer(const struct keymap *m, unsigned where, struct canvas *c, int y, key_hint *hint,
                   void *arg)
{
    struct rect all = canvas_all(c);
    const struct key_row *last = NULL;
    enum role role;
    char name[80];
    for (size_t i = 0; i < m->n; i++)
        last = hint_of(&m->row[i], where, c->cols, hint, arg, &role) ? &m->row[i] : last;
    if (!last)
        return;
    int last_cells = text_cells(label_of(m, where, last, name, sizeof name)) + 1 +
                     text_cells(hint_of(last, where, c->cols, hint, arg, &role));
    int x = 1;
    for (size_t i = 0; i < m->n; i++) {
        const struct key_row *row = &m->row[i];
        const char *words = hint_of(row, where, c->cols, hint, arg, &role);
        if (!words)
            continue;
        const char *label = label_of(m, where, row, name, sizeof name);
        int cells = text_cells(label) + 1 + text_cells(words);
        if (row != last && x + cells + 2 + last_cells > c->cols)
            continue;
        if (row->key)
            canvas_spot(c, all, (struct rect){y, x, 1, cells}, SPOT_KEY, keymap_pressed(m, where, row->key));
        x += canvas_text(c, all, y, x, row->why_not ? ROLE_DIM : ROLE_KEY, label) + 1;
        x += canvas_text(c, all, y, x, role, words) + 2;
    }
}

static int help_column(const struct keymap *m, unsigned where, struct canvas *c, struct rect r, bool is_common,
                       int label_cells)
{
    char name[80], help[120];
    int y = r.y;
    canvas_text(c, r, y++, r.x, ROLE_TITLE, is_common ? _("Everywhere") : _("This page"));
    for (size_t i = 0; i < m->n; i++) {
        const struct key_row *row = &m->row[i];
        if (!row->help || row->is_common != is_common || !(row->where & where))
            continue;
        enum role key_role = row->why_not ? ROLE_DIM : ROLE_KEY;
        canvas_cut(c, r, y, r.x + 1, label_cells - 1, key_role, label_of(m, where, row, name, sizeof name));
        canvas_cut(c, r, y, r.x + 1 + label_cells, r.w - 1 - label_cells, row->why_not ? ROLE_DIM : ROLE_TEXT, keymap_say(m, where, _(row->help), help, sizeof help));
        y++;
    }
    return y - r.y;
}

int keymap_help(const struct keymap *m, unsigned where, struct canvas *c, struct rect r)
{
    struct rect left = {r.y, r.x, r.h, r.w / 2}, right = {r.y, r.x + r.w / 2, r.h, r.w - r.w / 2};
    int a = help_column(m, where, c, left, true, 13), b = help_column(m, where, c, right, false, 10);
    return TG_MAX(a, b);
}
