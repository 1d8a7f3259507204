/* SPDX-License-Identifier: Apache-2.0
 * Answers that are not saved yet, in HOME/.draft.yaml (mode 0600, secrets as references): what a window that ended without
 * a word leaves to the next one. One for each home. */
#ifndef TG_WIZARD_DRAFT_H
#define TG_WIZARD_DRAFT_H

#include "wizard/wz.h"

bool draft_write(const char *home, const struct job *job, enum step at, struct err *e);
/* true: *job is a job to be released; *at: the page where it was left. */
bool draft_read(const char *home, struct job *job, enum step *at);
void draft_look(const char *home, struct draft *out);
void draft_remove(const char *home);
/* Whether a file is a job of ours; a task or source file of DM is not. */
bool draft_is_native(const char *path);
/* ~ and ~/… as a shell would. */
void path_expand(const char *typed, char *out, size_t size);

#endif
