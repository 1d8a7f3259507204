/* SPDX-License-Identifier: Apache-2.0
 * Finished English texts in the language of the window. The engine is another process and speaks English, because
 * scripts read what it says (events.jsonl, run.sock, last.json): its log lines, questions, reasons and errors arrive
 * formatted. retell() finds the msgid that made such a text by its literal words, takes the arguments out, tells each of
 * them in turn (an argument may be such a text itself), and puts them into the translation at their places. What err_wrap
 * has joined ("outer: inner") and what "; " joins is told part by part. Names, numbers, SQL and the words of a server
 * belong to no msgid and stay as they are; so does every text that is not found as a whole.
 * tests/unit/base/test_retell.c proves for each msgid that its text is told by its own translation. */
#ifndef TG_BASE_RETELL_H
#define TG_BASE_RETELL_H

#include "base/base.h"

/* The text as the window says it. English: `text` itself, at once. The result lives until RETELL_KEPT further calls, or as
 * long as `text`; NULL gives NULL. Only on the thread that draws. */
#define RETELL_KEPT 64u
const char *retell(const char *text);

#endif
