/* SPDX-License-Identifier: Apache-2.0
 * The pages, one file each. */
#ifndef TG_WIZARD_PAGES_H
#define TG_WIZARD_PAGES_H

#include "wizard/wz.h"

extern const struct page page_start, page_source, page_path, page_target, page_scope, page_route, page_checks, page_review;

/* page_checks.c: the row that is chosen, or NULL. Belongs to w->report. */
const struct check_result *checks_selected(const struct wz *w);

/* ask.c: boxes; key: what opened them. */
void ask_cure(struct wz *w, const struct check_result *r, int key);
void ask_accept(struct wz *w, const struct check_result *r, int key);
void ask_start(struct wz *w, int key);
void ask_leave_wizard(struct wz *w, int key);
void ask_path(struct wz *w, bool is_open, int key);
void ask_text(struct wz *w, const char *title, struct buf *text, int key); /* text is taken over */
enum { BOX_SCOPE = 100 };             /* kinds of boxes from here on are scope_box.c's */
void ask_feed(struct wz *w, const struct input *in, struct wz_effect *out);

#endif
