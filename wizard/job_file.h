/* SPDX-License-Identifier: Apache-2.0
 * The job as files: what a window does when its state asks for saving, opening and DM's files. What came of it is told by
 * notices and boxes of the state, so a screen and plain lines say the same. */
#ifndef TG_WIZARD_JOB_FILE_H
#define TG_WIZARD_JOB_FILE_H

#include "wizard/wz.h"

/* WZ_SAVE. False: nothing was written: a box asks about the file that is there, or a notice says why. */
bool job_file_save(struct wz *w, const struct wz_effect *f);
/* WZ_UNSEAL. True: every password of the job is known now; what waited for it is w->after. */
bool job_file_unseal(struct wz *w, const struct wz_effect *f);
/* WZ_OPEN: one file or several with spaces between them, read as one job. False: nothing has changed, a box says why. */
bool job_file_open(struct wz *w, const char *typed);
/* The program was started with a job: every page may be gone to. False: it was not. */
bool job_file_given(struct wz *w);
/* WZ_WRITE_DM, into that folder; nothing is written where DM can't say what the job asks for. */
void job_file_write_dm(struct wz *w, const char *dir);
/* Names as a shell would split them: blanks between, quotes and \ around those that hold blanks, ~ in front. A text that is
 * the name of a file as it stands is that one. out: freed by the caller; more than room are left out. */
size_t job_file_names(const char *typed, char **out, size_t room);

#endif
