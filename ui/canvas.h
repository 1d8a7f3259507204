/* SPDX-License-Identifier: Apache-2.0
 * Cells in memory; a terminal shows them, a test prints them. canvas_text is the only way a text
 * gets in: it clips by cells, never cuts a wide glyph in half (the half becomes a space) and drops
 * control characters. Nothing outside the clip is ever touched, whatever the coordinates are. */
#ifndef TG_UI_CANVAS_H
#define TG_UI_CANVAS_H

#include "base/buf.h"
#include "ui/glyphs.h"
#include "ui/input.h"

struct rect {
    int y, x, h, w;
};
static inline struct rect rect_inside(struct rect r) /* within the frame of a box */
{
    return (struct rect){r.y + 1, r.x + 1, TG_MAX(r.h - 2, 0), TG_MAX(r.w - 2, 0)};
}

enum role {
    ROLE_TEXT,
    ROLE_DIM,
    ROLE_TITLE,
    ROLE_EDGE,
    ROLE_EDGE_FOCUS,
    ROLE_PICK,
    ROLE_KEY,
    ROLE_OK,
    ROLE_WARN,
    ROLE_BAD,
    ROLE_COUNT
};

struct cell {
    char glyph[13]; /* UTF-8: one character and its combining marks; not terminated */
    uint8_t n;
    uint8_t width; /* 0: the right half of the wide glyph before it */
    uint8_t role;
};
struct spot {
    struct rect r;
    int what;
    int64_t n;
};
struct canvas {
    int rows, cols;
    enum glyph_set glyphs;
    int cursor_y, cursor_x; /* where the focused thing is; -1: nowhere */
    struct cell *cells;     /* rows * cols */
    struct spot *spot;      /* what can be pointed at, in the order drawn */
    size_t nspots, spots_room;
    unsigned lost; /* characters that found no room in their row, without a mark that says so; for tests */
};

void canvas_init(struct canvas *c, int rows, int cols, enum glyph_set glyphs);
void canvas_release(struct canvas *c);
void canvas_clear(struct canvas *c);
static inline struct rect canvas_all(const struct canvas *c)
{
    return (struct rect){0, 0, c->rows, c->cols};
}

/* ---- text: all return the cells used ---- */
int canvas_text(struct canvas *c, struct rect clip, int y, int x, enum role role, const char *text);
int canvas_textf(struct canvas *c, struct rect clip, int y, int x, enum role role, const char *fmt,
                 ...) PRINTF_LIKE(6, 7);
/* Ends before column `end`. */
int canvas_right(struct canvas *c, struct rect clip, int y, int end, enum role role,
                 const char *text);
/* At most `width` cells; what is cut ends in the cut mark. */
int canvas_cut(struct canvas *c, struct rect clip, int y, int x, int width, enum role role,
               const char *text);
/* Wraps at spaces within r; continuation lines are indented by `hang`.
 * Returns the rows the whole text needs; what does not fit is not drawn. */
int canvas_wrap(struct canvas *c, struct rect r, int hang, enum role role, const char *text);

/* ---- shapes ---- */
void canvas_fill(struct canvas *c, struct rect r, enum role role, char with);
void canvas_paint(struct canvas *c, struct rect r, enum role role); /* changes roles only */
/* Frame with a title left and one right; either may be NULL. The inside is not touched. */
void canvas_box(struct canvas *c, struct rect r, enum role edge, const char *title,
                const char *right);
/* part: 0 to 1, in eighths of a cell, rounded down: a bar is never ahead of the truth. */
void canvas_bar(struct canvas *c, struct rect clip, int y, int x, int width, enum role role,
                double part);
/* Columns of r from values (newest last, at the right edge); several values a column show their
 * maximum. span: how many values the whole width stands for. Negative: unknown, left blank. */
void canvas_graph(struct canvas *c, struct rect r, enum role role, const float *value, size_t n,
                  size_t span, double top);

/* ---- where a pointer lands ---- */
/* What widgets of this room call their parts; whoever draws a page has numbers above 0 of his own. */
enum { SPOT_BOX = -1, SPOT_CHOICE = -2, SPOT_FIELD = -3, SPOT_BUTTON = -4, SPOT_KEY = -5 /* n: does what that key does */,
       SPOT_TEXT = -6 /* the text of field n, from its first cell on */ };
/* What was drawn in r, as far as clip shows it, can be pointed at. What is drawn later lies on top. */
void canvas_spot(struct canvas *c, struct rect clip, struct rect r, int what, int64_t n);
/* Fills in->what, in->n, in->cell and in->cells by in->y and in->x: who draws says where things are, nobody counts cells again. */
void canvas_point(const struct canvas *c, struct input *in);

/* ---- reading back ---- */
/* Rows as text, spaces at line ends trimmed. */
void canvas_print(const struct canvas *c, struct buf *out);
/* One letter per cell for its role ('.' plain text): the second block of a golden file. */
void canvas_print_roles(const struct canvas *c, struct buf *out);
bool canvas_same(const struct cell *a, const struct cell *b);

#endif
