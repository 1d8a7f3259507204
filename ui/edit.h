/* SPDX-License-Identifier: Apache-2.0
 * One line of text being typed. Every printable key is text; Backspace, Delete, arrows, Home, End, Ctrl-A, Ctrl-E,
 * Ctrl-U (all), Ctrl-W (word) edit; a paste is one event without line ends, and never presses a key. A secret shows a star
 * a character, lies in locked memory and is wiped. */
#ifndef TG_UI_EDIT_H
#define TG_UI_EDIT_H

#include "ui/canvas.h"
#include "ui/input.h"

#define EDIT_BYTES 1024
struct edit {
    char *text;                       /* UTF-8, NUL-terminated, at most EDIT_BYTES - 1 bytes */
    size_t n, at;                     /* bytes; the cursor stands before text[at] */
    size_t left;                      /* never behind `at`: what stands before it is not shown */
    bool is_secret, is_shown;         /* is_shown: a secret in plain sight until the field is left */
    bool was_cut;                     /* the last paste did not fit, or held what is no text */
    bool is_offered;                  /* the text is a default: it is shown as picked, and typing or a paste replaces it */
    unsigned pasted;                  /* characters of the last paste; 0 once something else was done */
};

void edit_init(struct edit *e, bool is_secret);
void edit_release(struct edit *e);    /* wipes */
void edit_set(struct edit *e, const char *text); /* cursor at the end */
void edit_wipe(struct edit *e);       /* empty, and nothing of it left in memory */
/* true: taken. Keys that are no text and edit nothing (Tab, Enter, Esc, up, down, F-keys) are not. */
bool edit_feed(struct edit *e, const struct input *in);
/* Into w cells; the cursor stays in sight. Places the terminal's cursor when it has the focus. */
void edit_draw(const struct edit *e, struct canvas *c, struct rect clip, int y, int x, int w, bool has_focus);
/* The cursor to the character in that cell of the w that edit_draw has filled; behind the text: to its end. A text that is
 * only offered is one to change from then on, if it was hit. */
void edit_point(struct edit *e, int cell, int w);
/* Of a secret: how many characters a paste brought, and a warning about spaces at its ends. "" where there is nothing to
 * say. */
const char *edit_note(const struct edit *e, char out[120]);

#endif
