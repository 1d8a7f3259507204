/* SPDX-License-Identifier: Apache-2.0
 * One event of the person or the terminal. Keys are code points; keys without one are numbered
 * above them. */
#ifndef TG_UI_INPUT_H
#define TG_UI_INPUT_H

#include "base/base.h"

enum input_kind {
    IN_KEY,
    IN_PASTE,
    IN_RESIZE,
    IN_TICK,
    IN_CLICK, /* only after the person switched the mouse on */
    IN_WHEEL
};
enum {
    K_TAB = 9,
    K_ENTER = 13,
    K_ESC = 27,
    K_BACKSPACE = 127,
    K_SPECIAL = 0x110000,
    K_UP,
    K_DOWN,
    K_LEFT,
    K_RIGHT,
    K_PAGE_UP,
    K_PAGE_DOWN,
    K_HOME,
    K_END,
    K_BACK_TAB,
    K_DELETE,
    K_F0 = 0x110100,
    K_F1,
    K_F2,
    K_F3,
    K_F4,
    K_F5,
    K_F6,
    K_F7,
    K_F8,
    K_F9,
    K_F10
};
#define K_CTRL(letter) ((letter)&0x1f)

struct input {
    enum input_kind kind;
    int key;          /* IN_KEY */
    const char *text; /* IN_PASTE: without control characters; lives until the next event */
    int rows, cols;   /* IN_RESIZE */
    /* IN_CLICK, IN_WHEEL: the cell, and the thing that was drawn there, told by canvas_point; 0: nothing can be pointed at */
    int y, x, what;
    int64_t n;
    int cell, cells;  /* how far right of that thing's left edge, and how wide it is */
    int by;           /* IN_WHEEL: lines, up is negative */
};
static inline bool key_is_text(int key)
{
    return key >= 0x20 && key < K_SPECIAL && key != K_BACKSPACE;
}

#endif
