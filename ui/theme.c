// SPDX-License-Identifier: Apache-2.0
#include "ui/theme.h"

#include <stdlib.h>

enum { BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE, BRIGHT = 8, OWN = -1 };

const struct theme themes[THEME_COUNT] = {
    {"default",
     {[ROLE_TEXT] = {OWN, OWN, 0},
      [ROLE_DIM] = {OWN, OWN, ATTR_DIM},
      [ROLE_TITLE] = {OWN, OWN, ATTR_BOLD},
      [ROLE_EDGE] = {OWN, OWN, 0},
      [ROLE_EDGE_FOCUS] = {OWN, OWN, ATTR_BOLD},
      [ROLE_PICK] = {OWN, OWN, ATTR_REVERSE},
      [ROLE_KEY] = {OWN, OWN, ATTR_BOLD},
      [ROLE_OK] = {GREEN, OWN, 0},
      [ROLE_WARN] = {YELLOW, OWN, ATTR_BOLD},
      [ROLE_BAD] = {RED, OWN, ATTR_BOLD}}},
    {"dark",
     {[ROLE_TEXT] = {WHITE, BLACK, 0},
      [ROLE_DIM] = {BRIGHT + BLACK, BLACK, 0},
      [ROLE_TITLE] = {BRIGHT + WHITE, BLACK, ATTR_BOLD},
      [ROLE_EDGE] = {BRIGHT + BLACK, BLACK, 0},
      [ROLE_EDGE_FOCUS] = {BRIGHT + CYAN, BLACK, ATTR_BOLD},
      [ROLE_PICK] = {BLACK, BRIGHT + CYAN, 0},
      [ROLE_KEY] = {BRIGHT + CYAN, BLACK, 0},
      [ROLE_OK] = {BRIGHT + GREEN, BLACK, 0},
      [ROLE_WARN] = {BRIGHT + YELLOW, BLACK, 0},
      [ROLE_BAD] = {BRIGHT + RED, BLACK, ATTR_BOLD}}},
    {"light",
     {[ROLE_TEXT] = {BLACK, BRIGHT + WHITE, 0},
      [ROLE_DIM] = {BLACK, BRIGHT + WHITE, ATTR_DIM},
      [ROLE_TITLE] = {BLACK, BRIGHT + WHITE, ATTR_BOLD},
      [ROLE_EDGE] = {BLACK, BRIGHT + WHITE, ATTR_DIM},
      [ROLE_EDGE_FOCUS] = {BLUE, BRIGHT + WHITE, ATTR_BOLD},
      [ROLE_PICK] = {BRIGHT + WHITE, BLUE, 0},
      [ROLE_KEY] = {BLUE, BRIGHT + WHITE, ATTR_BOLD},
      [ROLE_OK] = {BLUE, BRIGHT + WHITE, 0},
      [ROLE_WARN] = {MAGENTA, BRIGHT + WHITE, ATTR_BOLD},
      [ROLE_BAD] = {RED, BRIGHT + WHITE, ATTR_BOLD}}},
    {"high-contrast",
     {[ROLE_TEXT] = {BRIGHT + WHITE, BLACK, 0},
      [ROLE_DIM] = {BRIGHT + WHITE, BLACK, 0},
      [ROLE_TITLE] = {BRIGHT + YELLOW, BLACK, ATTR_BOLD},
      [ROLE_EDGE] = {BRIGHT + WHITE, BLACK, 0},
      [ROLE_EDGE_FOCUS] = {BRIGHT + YELLOW, BLACK, ATTR_BOLD},
      [ROLE_PICK] = {BLACK, BRIGHT + YELLOW, ATTR_BOLD},
      [ROLE_KEY] = {BRIGHT + YELLOW, BLACK, 0},
      [ROLE_OK] = {BRIGHT + GREEN, BLACK, 0},
      [ROLE_WARN] = {BRIGHT + YELLOW, BLACK, ATTR_BOLD},
      [ROLE_BAD] = {BRIGHT + RED, BLACK, ATTR_BOLD}}},
    {"mono",
     {[ROLE_TEXT] = {OWN, OWN, 0},
      [ROLE_DIM] = {OWN, OWN, 0},
      [ROLE_TITLE] = {OWN, OWN, ATTR_BOLD},
      [ROLE_EDGE] = {OWN, OWN, 0},
      [ROLE_EDGE_FOCUS] = {OWN, OWN, ATTR_BOLD},
      [ROLE_PICK] = {OWN, OWN, ATTR_REVERSE},
      [ROLE_KEY] = {OWN, OWN, ATTR_BOLD},
      [ROLE_OK] = {OWN, OWN, 0},
      [ROLE_WARN] = {OWN, OWN, ATTR_BOLD},
      [ROLE_BAD] = {OWN, OWN, ATTR_BOLD | ATTR_UNDERLINE}}},
};

const struct theme *theme_find(const char *name)
{
    for (size_t i = 0; name && i < THEME_COUNT; i++) {
        if (strcmp(themes[i].name, name) == 0)
            return &themes[i];
    }
    const char *no_color = getenv("NO_COLOR");
    return no_color && no_color[0] ? &themes[THEME_COUNT - 1] : &themes[0];
}

/* Weights of ITU-R BT.709, as the contrast of the themes is reckoned; at the middle of what an eye tells apart. */
const struct theme *theme_for_background(const char *rgb)
{
    static const double weight[3] = {0.2126, 0.7152, 0.0722};
    double light = 0;
    for (int i = 0; i < 3; i++) {
        char *end;
        unsigned long part = strtoul(rgb, &end, 16);
        int digits = (int)(end - rgb);
        if (digits < 1 || digits > 4 || (i < 2 && *end != '/'))
            return &themes[0];
        light += weight[i] * (double)part / (double)((1UL << 4 * digits) - 1);
        rgb = end + 1;
    }
    return theme_find(light < 0.5 ? "dark" : "light");
}

bool theme_is_known(const char *name)
{
    bool is_known = strcmp(name, "auto") == 0;
    for (int i = 0; i < THEME_COUNT; i++)
        is_known |= strcmp(themes[i].name, name) == 0;
    return is_known;
}

const struct theme *theme_next(const struct theme *t)
{
    size_t i = (size_t)(t - themes);
    return &themes[(i + 1) % THEME_COUNT];
}

uint32_t theme_rgb(int colour)
{
    static const uint32_t rgb[16] = {0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd,
                                     0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00,
                                     0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff};
    return rgb[colour & 15];
}
