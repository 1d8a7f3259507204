/* SPDX-License-Identifier: Apache-2.0
 * A key is a row. What a key does, the footer and the help page are all read from the same rows, so
 * they cannot differ. A page brings its own rows; the common ones are in keymap.c. */
#ifndef TG_UI_KEYMAP_H
#define TG_UI_KEYMAP_H

#include "base/err.h"
#include "ui/canvas.h"
#include "ui/input.h"

struct key_row {
    int action;          /* of the page; 0 does nothing, the row only explains */
    unsigned where;      /* bit mask of contexts of the page */
    int key, twin[3];    /* 0: none */
    const char *label;   /* how the keys are written; NULL: the name of `key` */
    const char *hint;    /* footer, NULL: not there */
    int hint_cols;       /* footer of at least this many columns */
    const char *help;    /* help page, NULL: not there */
    bool is_common;      /* left column of the help page */
    const char *why_not; /* greyed: pressed, it says this */
};
/* An action that a person may give other keys. key[0] is what the page knows it by, whatever is pressed for it. */
struct key_action {
    const char *name;
    unsigned where;
    int key[4];          /* 0: none */
};
struct keymap {
    const struct key_row *row;
    size_t n;
    const struct key_action *action; /* NULL: none can be changed; where two have a key in one place, it is the first one's */
    size_t nactions;
};

/* The row of this key in this context, NULL: none. */
const struct key_row *keymap_find(const struct keymap *m, unsigned where, int key);
/* ---- keys of one's own: one set for the process, taken before a window opens ---- */
/* The action of that name in all maps that have it. Keys that move, go on and go back stay what they are, and an action that
 * is wanted while text is typed keeps a key that is no text. false: nothing was taken, *e says why. */
bool keymap_own(const struct keymap *const *maps, size_t nmaps, const char *action, const char *const *keys, size_t nkeys, struct err *e);
/* After all were taken: no key may do two things in one place. false: *e says which, *action is one that was taken. */
bool keymap_agrees(const struct keymap *const *maps, size_t nmaps, const char **action, struct err *e);
void keymap_forget(void);
/* What the page knows a pressed key by; 0: nothing any more. */
int keymap_meaning(const struct keymap *m, unsigned where, int pressed);
/* What is to be pressed for a key that the page knows. */
int keymap_pressed(const struct keymap *m, unsigned where, int key);
/* Words about keys ("F9 Ctrl-S", "d Detach   ? Help") with the keys that hold now; returns out. */
const char *keymap_words(const struct keymap *m, unsigned where, const char *words, char *out, size_t size);
/* A sentence whose keys stand in braces, so that no word is taken for one: "{F4 Ctrl-P} chooses" becomes "F4 or Ctrl-P
 * chooses", with the keys that hold now; returns out. */
const char *keymap_say(const struct keymap *m, unsigned where, const char *text, char *out, size_t size);

/* "F1", "Ctrl-L", "z"; returns buf. */
const char *key_name(int key, char *buf, size_t size);
/* The words of a row where the page wants others than row->hint; NULL: leave it out. May change
 * their role. */
typedef const char *key_hint(void *arg, const struct key_row *row, enum role *role);
/* Draws hints into row y as far as they fit; the last row (leave) is kept whatever happens. */
void keymap_footer(const struct keymap *m, unsigned where, struct canvas *c, int y, key_hint *hint,
                   void *arg);
/* The two columns of the help page into r: keys of these contexts. Returns the rows that were needed. */
int keymap_help(const struct keymap *m, unsigned where, struct canvas *c, struct rect r);

#endif
