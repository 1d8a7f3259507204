// SPDX-License-Identifier: Apache-2.0
#include "ui/dialog.h"

#include "ui/text.h"

#define DEAF_MS 300

void dialog_open(struct dialog *d, int opened_by, int64_t now_ms)
{
    d->is_open = true;
    d->opened_by = opened_by;
    d->deaf_until_ms = now_ms + DEAF_MS;
}

enum dialog_answer dialog_feed(struct dialog *d, int key, int64_t now_ms)
{
    if (now_ms < d->deaf_until_ms) {
        if (key == d->opened_by) /* a key held down keeps the dialog deaf */
            d->deaf_until_ms = now_ms + DEAF_MS;
        return DIALOG_OPEN;
    }
    switch (key) {
    case K_UP:
    case 'k':
    case K_BACK_TAB:
        d->selected = d->selected ? d->selected - 1 : d->nchoices ? d->nchoices - 1 : 0;
        return DIALOG_OPEN;
    case K_DOWN:
    case 'j':
    case K_TAB:
        d->selected = d->selected + 1 < d->nchoices ? d->selected + 1 : 0;
        return DIALOG_OPEN;
    case K_HOME:
        d->selected = 0;
        return DIALOG_OPEN;
    case K_END:
        d->selected = d->nchoices ? d->nchoices - 1 : 0;
        return DIALOG_OPEN;
    case K_ENTER:
        d->is_open = false;
        return d->nchoices ? DIALOG_CHOSEN : DIALOG_LEFT;
    case K_ESC:
        d->is_open = false;
        return DIALOG_LEFT;
    default:
        return DIALOG_OPEN;
    }
}

enum dialog_answer dialog_click(struct dialog *d, const struct input *in, int64_t now_ms)
{
    if (now_ms < d->deaf_until_ms || in->what != SPOT_CHOICE || in->n >= d->nchoices)
        return DIALOG_OPEN;
    if (d->selected != (unsigned)in->n) {
        d->selected = (unsigned)in->n;
        return DIALOG_OPEN;
    }
    d->is_open = false;
    return DIALOG_CHOSEN;
}

struct rect dialog_frame(struct canvas *c, int h, int w, const char *title)
{
    h = TG_MIN(h, c->rows);
    w = TG_MIN(w, c->cols);
    struct rect box = {(c->rows - h) / 2, (c->cols - w) / 2, h, w};
    canvas_fill(c, (struct rect){box.y, box.x - 1, box.h, box.w + 2}, ROLE_TEXT, ' ');
    canvas_box(c, box, ROLE_EDGE_FOCUS, title, NULL);
    canvas_spot(c, box, box, SPOT_BOX, 0);
    struct rect in = rect_inside(box);
    in.x++;
    in.w = TG_MAX(in.w - 2, 0);
    return in;
}

/* Notes stand in one column, right of the longest label. */
static int note_column(const struct dialog *d)
{
    int widest = 0;
    for (unsigned i = 0; i < d->nchoices; i++)
        widest = TG_MAX(widest, text_cells(d->choice[i].label));
    return widest + 1;
}

static int draw_choices(const struct dialog *d, struct canvas *c, struct rect in, int y)
{
    int note_at = in.x + 2 + note_column(d);
    for (unsigned i = 0; i < d->nchoices; i++, y++) {
        bool is_selected = i == d->selected;
        int used = canvas_cut(c, in, y, in.x + 2, in.w - 2, ROLE_TEXT, d->choice[i].label);
        if (d->choice[i].note[0] && in.x + 2 + used < note_at)
            canvas_cut(c, in, y, note_at, in.x + in.w - note_at, ROLE_DIM, d->choice[i].note);
        canvas_spot(c, in, (struct rect){y, in.x, 1, in.w}, SPOT_CHOICE, (int64_t)i);
        if (is_selected) {
            canvas_text(c, in, y, in.x, ROLE_PICK, "▸");
            canvas_paint(c, (struct rect){y, in.x, 1, in.w}, ROLE_PICK);
            c->cursor_y = y;
            c->cursor_x = in.x;
        }
    }
    return y;
}

void dialog_draw(const struct dialog *d, struct canvas *c)
{
    int w = TG_MIN(c->cols, d->width ? d->width : 60);
    struct canvas nothing = {0};
    int text_rows =
        canvas_wrap(&nothing, (struct rect){0, 0, 0, TG_MAX(w - 4, 1)}, 0, ROLE_TEXT, d->text);
    int fixed = 2 + (d->ask[0] ? 1 : 0) + (int)d->nchoices + (d->nchoices ? 1 : 0) + (d->more[0] ? 1 : 0) + 1;
    /* A short window shows less of the text, never fewer choices. */
    text_rows = TG_MAX(TG_MIN(text_rows, c->rows - fixed - 1), 1);
    struct rect in = dialog_frame(c, fixed + text_rows + 1, w, d->title);
    canvas_wrap(c, (struct rect){in.y, in.x, TG_MIN(text_rows, in.h), in.w}, 0, ROLE_TEXT, d->text);
    int y = in.y + text_rows + 1;
    if (d->ask[0])
        canvas_cut(c, in, y++, in.x, in.w, ROLE_TITLE, d->ask);
    y = draw_choices(d, c, in, y);
    y += d->nchoices ? 1 : 0;
    if (d->more[0])
        canvas_cut(c, in, y++, in.x, in.w, ROLE_DIM, d->more);
    if (d->keys_right)
        canvas_right(c, in, y, in.x + in.w - 4, ROLE_DIM, d->keys);
    else
        canvas_cut(c, in, y, in.x, in.w, ROLE_DIM, d->keys);
    if (!d->nchoices) {
        c->cursor_y = y;
        c->cursor_x = in.x;
    }
}
