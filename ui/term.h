/* SPDX-License-Identifier: Apache-2.0
 * The terminal: shows a canvas, gives input, and is put back however the process ends. One may be
 * open at a time. All calls from one thread. term_usable() says whether to open it or to speak
 * plainly instead. */
#ifndef TG_UI_TERM_H
#define TG_UI_TERM_H

#include "base/err.h"
#include "ui/canvas.h"
#include "ui/input.h"
#include "ui/theme.h"

struct term_options {
    enum glyph_set glyphs; /* GLYPHS_AUTO: what the locale allows */
    const char *theme;     /* NULL: default, or mono under NO_COLOR; "auto": dark or light by the terminal's word, else that */
};
struct term;

/* A terminal at both ends, with a TERM that can place the cursor, and nobody asked for plain words
 * (ACCESSIBLE=1). Sets the locale's LC_CTYPE from the environment if nobody did. */
bool term_usable(void);
/* Asks the terminal how wide its glyphs are (and, for theme "auto", its background) and waits at most 150 ms; what is typed
 * meanwhile comes as input, and answers never do, however late.
 * Speaks the environment's language unless one was chosen (base/text.h), English where the glyphs lack Chinese.
 * NULL: the terminal can't do it (ERR_USAGE); nothing was changed then. Signals that end a process
 * are caught until term_close: TERM, INT, HUP, QUIT become term_signal(), crashes restore first. */
struct term *term_open(const struct term_options *o, struct err *e);
void term_close(struct term *t);
void term_size(const struct term *t, int *rows, int *cols);
enum glyph_set term_glyphs(const struct term *t);
int term_chinese_cells(const struct term *t); /* of one Chinese glyph here, 0: the terminal did not say */
const char *term_lacks_chinese(const struct term *t); /* NULL, or why Chinese can't be shown here (msgid) */
int term_colours(const struct term *t); /* 0: none are used */
/* Only cells that differ from the last canvas shown are written. */
void term_show(struct term *t, const struct canvas *c);
/* Everything is written anew next time (Ctrl-L). */
void term_redraw(struct term *t);
const char *term_theme_next(struct term *t); /* returns its name */
/* Switches the mouse on or off; off at first, and on again in the next terminal that this process opens while it was on.
 * Returns whether it is on: some terminals have none. Clicks and the wheel then come as input; what lies at their place
 * is told by canvas_point of the canvas that was shown. Meanwhile most terminals select text with Shift held. */
bool term_mouse(struct term *t, bool on);
bool term_has_mouse(const struct term *t);
void term_want_mouse(void); /* before a terminal is opened: on from its start */
/* What to say after the switch. */
const char *term_mouse_words(bool was_on, bool is_on);
enum { TERM_INPUT = 1, TERM_OTHER = 2, TERM_SIGNAL = 4, TERM_GONE = 8 };
/* Waits until there is input, other_fd (-1: none) is readable, a signal came, or timeout_ms passed.
 */
unsigned term_wait(struct term *t, int other_fd, int timeout_ms);
/* The next event without waiting; false: none. */
bool term_read(struct term *t, struct input *in);
/* The signal that asked this process to end, 0: none. */
int term_signal(const struct term *t);
/* Puts text into the terminal's clipboard (OSC 52), as far as the terminal allows that. */
void term_copy(struct term *t, const char *text);
/* Ctrl-Z: restores, stops, draws again when continued. */
void term_suspend(struct term *t);

/* ---- plain output (term_plain.c) ---- */
/* Prints a line without control characters and flushes. */
void term_plain_line(void *file, const char *text);
/* Columns of the terminal behind fd, or `otherwise`. */
int term_columns(int fd, int otherwise);

#endif
