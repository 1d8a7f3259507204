/* SPDX-License-Identifier: Apache-2.0
 * Answers that are not saved yet, in HOME/.draft.yaml (mode 0600, secrets as references): what a window that ended without
 * a word leaves to the next one. It is written a second after the last key at the latest, with the text that is being
 * typed; never with a password. One for each home. */
#ifndef TG_WIZARD_DRAFT_H
#define TG_WIZARD_DRAFT_H

#include "wizard/wz.h"

struct draft_keeper {                 /* of one window; starts zeroed */
    char *kept;                       /* the draft as it was written last, or NULL */
    bool is_ours;                     /* the file is this window's */
    bool has_news;                    /* something may have changed since: set by the window */
    int64_t at_ms;                    /* monotonic: when it was looked at last */
};
/* Is there one to offer? Into w->draft. A window that was given a file offers the draft of that file only. */
void draft_open(struct draft_keeper *k, struct wz *w);
void draft_close(struct draft_keeper *k);
/* Writes what is unsaved; at most once a second, unless the window is leaving. */
void draft_keep(struct draft_keeper *k, const struct wz *w, bool is_leaving);
void draft_drop(struct draft_keeper *k, const struct wz *w); /* nothing is left behind: saved, started, or not wanted */
/* WZ_CARRY_ON: the answers that were left, on the page where they were left; a notice says what is missing. False: it can't
 * be read any more. *out: what that page asks for when it comes up. */
bool draft_carry_on(struct draft_keeper *k, struct wz *w, struct wz_effect *out);

/* The file's text: the job, and above it as comments the page, the job's own file, the ways to both ends and what was
 * typed but not taken yet. */
void draft_text(const struct wz *w, struct buf *out);
bool draft_write(const char *home, const struct buf *text, struct err *e);
/* *out is filled; job (may be NULL) is a job to be released where true is returned. */
bool draft_read(const char *home, struct job *job, struct draft *out);
void draft_remove(const char *home);
/* Whether a file is a job of ours; a task or source file of DM is not. */
bool draft_is_native(const char *path);
/* ~ and ~/… as a shell would. */
void path_expand(const char *typed, char *out, size_t size);

#endif
