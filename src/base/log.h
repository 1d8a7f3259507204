/* SPDX-License-Identifier: Apache-2.0
 * log_event is the one way to say something about a run. LOG_DEBUG is for who looks closely: in the run's file and in
 * windows that show everything, not on the terminal of `tidegate run`.
 * Where it goes is decided by the sink (mon writes events.jsonl and the ring; before that, stderr). */
#ifndef TG_BASE_LOG_H
#define TG_BASE_LOG_H

#include "base/base.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_NOTE, LOG_WARN, LOG_ERROR }; /* note: a person did something */

/* stage: copy follow apply verify path engine check. table "" when none. id an error id or "". Any thread. */
void log_event(enum log_level level, const char *stage, const char *table, const char *id,
               const char *fmt, ...) PRINTF_LIKE(5, 6);
/* The sink gets finished text without line end; it is called from any thread. */
typedef void log_sink(void *arg, enum log_level level, const char *stage, const char *table,
                      const char *id, const char *text);
void log_set_sink(log_sink *sink, void *arg);
const char *log_level_name(enum log_level level);

#endif
