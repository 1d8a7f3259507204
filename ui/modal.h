/* SPDX-License-Identifier: Apache-2.0
 * A box in the middle with a text that scrolls, text fields and buttons: cures, consents, file names, long texts. Input of
 * the first 300 ms is thrown away, and so is the repetition of the key that opened it. A button that wants a name typed
 * sleeps until the field holds it. The first button that is marked is the safe one. */
#ifndef TG_UI_MODAL_H
#define TG_UI_MODAL_H

#include "ui/edit.h"

#define MODAL_FIELDS 3
#define MODAL_BUTTONS 14
struct modal {
    int kind;                         /* of the owner; 0: closed */
    char title[128];
    struct buf text;                  /* wrapped; a line end starts a new line; lines that begin with two spaces are not wrapped */
    struct {
        char label[80];
        struct edit edit;
        char wants[160];              /* what must be typed; "": anything */
    } field[MODAL_FIELDS];
    struct {
        char label[80];
        bool wants_name;              /* sleeps until every field holds what it wants */
        bool takes_fields;            /* in a row only the first one does else: for lines, as below */
        bool leaves_fields;           /* minds no field: lines, which ask for the fields once a button is chosen, don't */
    } button[MODAL_BUTTONS];
    unsigned nfields, nbuttons, focus; /* focus: fields, then buttons */
    char keys[80];                    /* last line; "": none */
    int width;                        /* most columns */
    bool is_column;                   /* buttons below each other, as choices */
    int top;                          /* first line of the text that is shown */
    int opened_by;
    int64_t deaf_until_ms;
};
enum modal_answer { MODAL_OPEN, MODAL_PRESSED, MODAL_LEFT };

/* Empty, with that kind; everything else is put in by the caller, then it is shown. */
void modal_begin(struct modal *m, int kind, const char *title, int opened_by, int64_t now_ms);
void modal_add_field(struct modal *m, const char *label, bool is_secret, const char *wants);
void modal_add_button(struct modal *m, const char *label, bool wants_name);
/* A click gives the focus, in a text the cursor too, one on the button that has it presses it; the wheel scrolls the text.
 * MODAL_PRESSED: the button m->focus - m->nfields was pressed; the owner closes. MODAL_LEFT: Esc; it is closed. */
enum modal_answer modal_feed(struct modal *m, const struct input *in, int64_t now_ms);
bool modal_is_awake(const struct modal *m, unsigned button);
void modal_close(struct modal *m);    /* wipes the fields */
void modal_draw(const struct modal *m, struct canvas *c);

#endif
