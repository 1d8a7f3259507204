/* SPDX-License-Identifier: Apache-2.0
 * The wizard for screen readers, pipes and terminals that can't place a cursor: the same state, fields, boxes and probes, a
 * line at a time; numbers for choices, the prompt repeats what Enter takes. What a box asks on a screen is asked here from
 * the same box, so consent, names to type and refusals are the same. A line that begins with "=" is text even where it
 * would be a command ("=save"), and "=" alone empties a field. */
#ifndef TG_WIZARD_WIZARD_PLAIN_H
#define TG_WIZARD_WIZARD_PLAIN_H

#include "wizard/draft.h"
#include "wizard/wz.h"

/* Exit code of enum tg_exit. The end of the input is a leaving: nothing is started by it, and unsaved answers stay as a
 * draft. */
int wizard_plain(const struct wizard_options *o, struct job *job);

/* ---- between its files ---- */

enum said { SAID_TEXT, SAID_BACK, SAID_LEAVE, SAID_GO };
struct plain {
    const struct wizard_options *o;
    struct wz *w;
    struct prober *prober;
    struct draft_keeper keeper;
    int code;
    bool is_over;                     /* left, or a run was attached to: its way out is the way out */
    bool is_in_box, has_ahead;
    unsigned nprobes;                 /* begun so far: what they found may be another than before */
    enum step go_to;                  /* SAID_GO */
    char line[1024];                  /* what was said last, without its end */
    char ahead[1024];                 /* said while a probe was under way */
};
void plain_say(const char *fmt, ...) PRINTF_LIKE(1, 2);
void plain_text(const char *text);    /* as it stands, a line each; names of keys become the words that do the same here */
/* Asks until there is a line; does `?`, `save`, `show`, `go` and `quit` itself. help: what `?` says. News of what works in
 * the background are told meanwhile. */
enum said plain_ask(struct plain *p, const char *prompt, const char *help, bool is_secret);
/* 1 to n; Enter: initial. */
enum said plain_choose(struct plain *p, const char *help, unsigned n, unsigned initial, unsigned *chosen);
enum said plain_confirm(struct plain *p, const char *question, bool initial, bool *yes);
/* Does what the state asks for, speaks what it says of it, and its boxes until none is open. SAID_LEAVE: the wizard is
 * over. */
enum said plain_do(struct plain *p, struct wz_effect *f);
enum said plain_press(struct plain *p, unsigned button); /* of the page, and plain_do */
enum said plain_key(struct plain *p, int key);           /* the page's own, and plain_do */
/* Runs a probe to its end and tells every line of it as it comes; "stop" on a terminal ends it. */
void plain_probe(struct plain *p, enum probe which, bool is_target);
/* The rest of the line behind a word: "" where there is nothing, NULL: the line is another. */
const char *plain_behind(const char *line, const char *word);

/* wizard_plain_pages.c: one page; SAID_TEXT: on to the next. */
enum said plain_page(struct plain *p, enum step s);
void plain_words_help(struct plain *p);                  /* words of the page that is shown */
/* wizard_plain_scope.c, wizard_plain_checks.c */
enum said plain_scope(struct plain *p);
enum said plain_checks(struct plain *p);

/* What "pick 2,5-7" names: numbers of the last list, from 0 and sorted as they were said. 0: these are no numbers of it. */
size_t plain_numbers(const char *text, size_t n, size_t *out, size_t room);

#endif
