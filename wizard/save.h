/* SPDX-License-Identifier: Apache-2.0
 * Private to the dashboard: what a person keeps as a file of their own. */
#ifndef TG_WIZARD_SAVE_H
#define TG_WIZARD_SAVE_H

#include "base/err.h"
#include "wizard/dashboard_state.h"

/* Both make a new file, mode 0600; one that is there is never touched. ERR_FILE. */
bool save_log(const struct dashboard_state *s, const char *path, size_t *lines, struct err *e); /* what passes the filters */
bool save_report(const char *run_dir, const char *path, struct err *e);

#endif
