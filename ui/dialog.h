/* SPDX-License-Identifier: Apache-2.0
 * A box in the middle with a text and choices. The first choice that is marked is the safe one.
 * Input of the first 300 ms is thrown away, and so is the repetition of the key that opened it:
 * nobody confirms by a key that was already on its way. */
#ifndef TG_UI_DIALOG_H
#define TG_UI_DIALOG_H

#include "ui/canvas.h"
#include "ui/input.h"

#define DIALOG_CHOICES 8
struct dialog {
    bool is_open;
    char title[128];
    char text[1024]; /* wrapped; a line end starts a new line */
    char ask[64];    /* line above the choices; "": none */
    struct {
        char label[80], note[80];
    } choice[DIALOG_CHOICES];
    unsigned nchoices, selected;
    char more[80];   /* line above the last, at its left; "": none */
    char keys[80];   /* last line: "Esc Stay" */
    bool keys_right; /* at the right edge */
    int width;       /* of the box at 80 columns */
    int opened_by;   /* key */
    int64_t deaf_until_ms;
};
enum dialog_answer { DIALOG_OPEN, DIALOG_CHOSEN, DIALOG_LEFT };

void dialog_open(struct dialog *d, int opened_by, int64_t now_ms);
/* DIALOG_CHOSEN: d->selected holds, the dialog is closed. DIALOG_LEFT: Esc. */
enum dialog_answer dialog_feed(struct dialog *d, int key, int64_t now_ms);
/* The choice that is pointed at is selected; one that was selected already is chosen. Anything else does nothing. */
enum dialog_answer dialog_click(struct dialog *d, const struct input *in, int64_t now_ms);
void dialog_draw(const struct dialog *d, struct canvas *c);
/* Clears room for a box of h by w in the middle, frames it, returns its inside less a column each
 * side. */
struct rect dialog_frame(struct canvas *c, int h, int w, const char *title);

#endif
