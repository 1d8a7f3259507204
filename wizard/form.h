/* SPDX-License-Identifier: Apache-2.0
 * Forms over the job's field table: a row names a path, what the table knows of it (label, help, type, choices, range)
 * is taken from there. Going back never checks; a value that can't be taken stays as it was typed, with a word below the
 * field that says what to do, and a repair where one is obvious (Ctrl-Y). */
#ifndef TG_WIZARD_FORM_H
#define TG_WIZARD_FORM_H

#include "conf/job.h"
#include "ui/canvas.h"
#include "ui/edit.h"
#include "ui/input.h"

struct wz;

enum form_look {
    FORM_TEXT, FORM_SECRET,
    FORM_RADIO,                       /* ( ) one (•) another: all in sight, ← → or Space choose */
    FORM_COLUMN,                      /* the same below each other, with words beside and below each */
    FORM_CYCLE,                       /* < one >: ← → or Space turn it */
    FORM_TICK                         /* [x] of a boolean */
};
struct form_choice {
    const char *value;                /* as job_set takes it; NULL ends the list */
    const char *label;                /* msgid */
};
struct form_line {                    /* of FORM_COLUMN: beside a choice, and on a line of its own below it; msgids */
    const char *what, *note;
};
struct form_word {                    /* below a field */
    enum role role;                   /* ROLE_TEXT: nothing is said */
    char text[200];                   /* may hold one line end */
    char repair[260];                 /* what Ctrl-Y puts in its place; "": nothing is offered */
};
struct form_field {
    const char *path;                 /* in the job ("source." is the source that is shown); also the field's name where get
                                         and set are its own */
    enum form_look look;
    const char *label;                /* msgid, at most 10 cells (12 in Chinese) */
    const char *help_title, *help;    /* msgids; NULL: the field table's label and help */
    const struct form_choice *choices;
    const struct form_line *lines;    /* FORM_COLUMN: one for each choice */
    bool is_beside;                   /* on the line of the row before */
    int width;                        /* cells of a text that has others beside it; 0: the rest of the line */
    bool (*is_tight)(const struct wz *w); /* FORM_COLUMN: only the chosen one shows its note; NULL: all do */
    bool (*shown)(const struct wz *w);
    void (*say)(const struct wz *w, const char *value, struct form_word *out); /* of a value that the job takes */
    void (*get)(const struct wz *w, struct buf *out);   /* NULL: job_get */
    bool (*set)(struct wz *w, const char *value, struct err *e); /* NULL: job_set */
    void (*turn)(struct wz *w, int by); /* FORM_CYCLE without choices: what get says is shown, this turns it */
};

#define FORM_FIELDS 28
struct form {
    const struct form_field *field;
    size_t n;                         /* at most FORM_FIELDS */
    char *raw[FORM_FIELDS];           /* what was typed and can't be taken, or NULL */
    struct form_word word[FORM_FIELDS];
    struct edit edit;                 /* of the text field that has the focus; is `held` then */
    size_t held;                      /* SIZE_MAX: none */
    bool is_touched;                  /* something was typed into it: an untouched secret stays what it is */
};

void form_init(struct form *f, const struct form_field *fields, size_t n);
void form_release(struct form *f);
size_t form_shown(const struct form *f, const struct wz *w, size_t order[FORM_FIELDS]);
/* The focus goes to that field (its index), or away (SIZE_MAX): what was typed into the one before is put into the job. */
void form_focus(struct form *f, struct wz *w, size_t field);
/* The job has changed under the field that has the focus: it shows what holds now. */
void form_show_again(struct form *f, struct wz *w);
/* Keys of the field that has the focus; false: not one of them. *changed: the job is another now. */
bool form_feed(struct form *f, struct wz *w, const struct input *in, bool *changed);
/* A click on field i, which has the focus by now: `choice` of it, or -1. had_focus: before the click, too. What Space does
 * happens to a box or a choice that is turned; text is left as it is. */
bool form_click(struct form *f, struct wz *w, size_t i, int choice, bool had_focus);
/* A click on the text of field i, which has the focus by now; in: where in it. */
void form_point(struct form *f, size_t i, const struct input *in, bool had_focus);
bool form_repair(struct form *f, struct wz *w, size_t i); /* takes the offer; false: there is none */
/* Draws into r, returns the rows used; where r is too low the field with the focus is kept in sight. */
int form_draw(const struct form *f, const struct wz *w, struct canvas *c, struct rect r);
/* The first shown field that lacks a value it must have, or holds one that can't be taken; NULL: none. */
const struct form_field *form_problem(const struct form *f, const struct wz *w);
/* Text that was typed and that the job may not hold: of the field under the cursor, or refused. NULL: none; never a secret's,
 * nor an address with a user in it, where a password may stand. */
const char *form_typed(const struct form *f, size_t field);
/* A value as if a person had typed or chosen it; false: it was refused, its word says why, and a text stays as it was typed. */
bool form_put(struct form *f, struct wz *w, size_t field, const char *value);
/* A typed password: it stays in memory; the file gets the reference that was chosen, or the usual variable. */
bool form_set_secret(const struct form_field *f, struct wz *w, const char *value, struct err *e);
/* What the job holds was changed from elsewhere: nothing that was typed before counts. */
void form_forget(struct form *f);
/* Judges every value anew: one field's answer changes what is said of another. */
void form_judge(struct form *f, struct wz *w);
/* The same of one field; a refused text stays refused. */
void form_judge_field(struct form *f, struct wz *w, size_t field);
/* A field's word in the language of the moment; the path that the job's own words begin with stays as it is. */
void form_word_said(const struct form_word *word, char *out, size_t size);
/* A word below the field of that path, unless it has one already; "" takes it away. In English: it is retold where it is drawn. */
void form_say(struct form *f, const char *path, enum role role, const char *text);
/* The path in the job that a row means now. */
const char *form_path(const struct form_field *f, const struct wz *w, char out[200]);
/* Text of the field's value as it stands, typed or taken; caller frees. Of a secret: "", stars
 * where it is known, or its reference. */
char *form_value(const struct form *f, const struct wz *w, size_t field);
const char *form_label(const struct form_field *field);
const char *form_help(const struct form_field *field);

#endif
