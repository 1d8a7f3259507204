/* SPDX-License-Identifier: Apache-2.0
 * Inside check: RUN_DIR/cures.json, the cures that were applied. An array, mode 0600, written whole or not at all; whoever
 * changes it holds a lock on the directory. */
#ifndef TG_CHECK_RECORD_H
#define TG_CHECK_RECORD_H

#include "check/private.h"

/* Appends it, with the time of now. Each: ERR_FILE. */
bool record_add(const char *run_dir, const struct cure_record *r, struct err *e);
/* Nothing came of it. e may be NULL. */
bool record_drop(const char *run_dir, const char *id, struct err *e);
bool record_mark_undone(const char *run_dir, const char *id, struct err *e);

#endif
