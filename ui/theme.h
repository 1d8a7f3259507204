/* SPDX-License-Identifier: Apache-2.0
 * Ten roles, five themes. A colour never carries a meaning alone: every state has a glyph or a word
 * too. The default theme uses the terminal's own two colours and sets no background. */
#ifndef TG_UI_THEME_H
#define TG_UI_THEME_H

#include "ui/canvas.h"

enum { ATTR_BOLD = 1, ATTR_DIM = 2, ATTR_REVERSE = 4, ATTR_UNDERLINE = 8 };
struct style {
    int8_t front, back; /* 0 to 15, -1: the terminal's own */
    uint8_t attrs;
};
struct theme {
    const char *name;
    struct style style[ROLE_COUNT];
};
#define THEME_COUNT 5
extern const struct theme themes[THEME_COUNT]; /* default, dark, light, high-contrast, mono */

/* NULL or unknown name: the default; mono where NO_COLOR is set and no name is given. */
const struct theme *theme_find(const char *name);
/* The theme for a background that a terminal told as "rrrr/gggg/bbbb" (one to four hexadecimal digits each): dark or light;
 * what can't be read is the default. */
const struct theme *theme_for_background(const char *rgb);
bool theme_is_known(const char *name); /* "auto" is, too: it asks the terminal */
const struct theme *theme_next(const struct theme *t);
/* The usual sRGB values of the sixteen colours, for the contrast test. */
uint32_t theme_rgb(int colour);

#endif
