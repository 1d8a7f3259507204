/* SPDX-License-Identifier: Apache-2.0
 * Inside ui: the terminal's modes as they were found, put back whatever happens, and the signals that concern the window.
 * Nothing here knows how a terminal is drawn on. One terminal at a time; the thread of the window, but for the handlers.
 *
 * A normal end goes through guard_end. A crash (SEGV, ABRT, BUS, FPE, ILL) and tg_bug write the undo text with write(), set
 * the saved termios and the saved stderr, and let the signal happen again under its former action. Signals that ask us to
 * end (TERM, INT, HUP, QUIT) and those of a new size only set a flag and wake the poll; the window ends in the ordinary
 * way. */
#ifndef TG_UI_TERM_GUARD_H
#define TG_UI_TERM_GUARD_H

#include "base/base.h"

/* Keeps the modes of stdin, before anything changes them. false: stdin is no terminal. */
bool guard_save(void);
/* Sets those modes again. */
void guard_restore_modes(void);
/* From here on crashes are cleaned up: the terminal on stdout gets these n texts (NULL ones are none), in which terminfo's
 * padding is dropped. Signals are caught. stderr goes to /dev/null meanwhile, unless the caller has already sent it
 * elsewhere: what libraries print would be dirt on the screen. false: no descriptor is left, and nothing was begun. */
bool guard_begin(const char *const *undo, size_t n);
/* The modes, the signals and stderr are again as they were. */
void guard_end(void);

/* Readable when a signal has come; guard_hear empties it. */
int guard_fd(void);
void guard_hear(void);
int guard_ending(void);               /* the signal that asked us to end, 0: none */
bool guard_is_resized(void);          /* a new size has been told, and not yet taken */
void guard_take_resize(void);
/* Whether a crash has to switch the mouse off. Set it before the mouse is switched on. Outlives guard_begin. */
void guard_set_mouse(bool on);
bool guard_has_mouse(void);

#endif
