/* SPDX-License-Identifier: Apache-2.0
 * Layout is a tree with three words. fixed: so many cells. share: a weight among the shares of what
 * the fixed ones leave (a percentage of it when a rest is beside it). rest: what remains, split
 * evenly. */
#ifndef TG_UI_LAYOUT_H
#define TG_UI_LAYOUT_H

#include "ui/canvas.h"

enum layout_how { LAYOUT_FIXED, LAYOUT_SHARE, LAYOUT_REST };
struct layout {
    enum layout_how how;
    int size;    /* cells, weight, or nothing */
    int id;      /* index into the rectangles handed out; 0: none */
    bool is_row; /* children stand side by side, else below each other */
    const struct layout *child;
    int nchildren;
};

/* Fills place[id] for every node with an id below n. Rectangles never overlap and never leave r. */
void layout_place(const struct layout *l, struct rect r, struct rect *place, int n);

#endif
