/* SPDX-License-Identifier: Apache-2.0
 * The wizard for screen readers, pipes and terminals that can't place a cursor: the same steps, fields and probes over the
 * same state, a line at a time; numbers for choices, the prompt repeats what Enter takes. A line that begins with "=" is
 * text even where it would be a command ("=save"), and "=" alone empties a field. */
#ifndef TG_WIZARD_WIZARD_PLAIN_H
#define TG_WIZARD_WIZARD_PLAIN_H

#include "wizard/wz.h"

/* Exit code of enum tg_exit. The end of the input is a leaving: nothing is started by it. */
int wizard_plain(const struct wizard_options *o, struct job *job);

/* ---- between its files ---- */

enum said { SAID_TEXT, SAID_BACK, SAID_LEAVE };
struct plain {
    const struct wizard_options *o;
    struct wz *w;
    struct prober *prober;
    int code;
    bool is_over;                     /* a run was attached to: its way out is the way out */
    char line[1024];                  /* what was said last, without its end */
};
void plain_say(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* Asks until there is a line; does `?`, `save` and `quit` itself. help: what `?` says. */
enum said plain_ask(struct plain *p, const char *prompt, const char *help, bool is_secret);
/* 1 to n; Enter: initial. */
enum said plain_choose(struct plain *p, const char *help, unsigned n, unsigned initial, unsigned *chosen);
enum said plain_confirm(struct plain *p, const char *question, bool initial, bool *yes);
bool plain_save(struct plain *p, const char *path);
/* Runs a probe to its end and tells every line of it as it comes. */
void plain_probe(struct plain *p, enum probe which);

/* wizard_plain_pages.c: one page; SAID_TEXT: on to the next. */
enum said plain_page(struct plain *p, enum step s);

#endif
