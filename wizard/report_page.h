/* SPDX-License-Identifier: Apache-2.0
 * Private to the dashboard and its tests: the page of a run that is over. Like the dashboard's state it is pure: drawing
 * reads it, feeding changes it, what the world must do comes back as an effect. */
#ifndef TG_WIZARD_REPORT_PAGE_H
#define TG_WIZARD_REPORT_PAGE_H

#include "mon/report.h"
#include "ui/modal.h"
#include "wizard/dashboard_state.h"
#include "wizard/wizard.h"

#define REPORT_WORDS 8
struct report_page {
    const struct mon_report *r; /* the caller's */
    const char *run_dir;
    bool has_panes;             /* Esc goes back to them */
    bool is_help;
    struct modal box;
    struct buf sql; /* the clean-up, as text */
    char notice[300];
    int64_t notice_until_ms, now_ms;
    int rows, cols;
};
struct report_page *report_page_new(const struct mon_report *r, const char *run_dir, bool has_panes);
void report_page_free(struct report_page *p);
void report_page_notice(struct report_page *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
bool report_page_feed(struct report_page *p, const struct input *in, struct effect *out);
void report_page_draw(struct canvas *c, const struct report_page *p);
struct report_line {
    char text[160];
    enum role role;
};
/* The first block, a sentence a line; returns how many. */
unsigned report_words(const struct mon_report *r, struct report_line line[REPORT_WORDS]);
/* SQL with where and why in front; nothing of it is ever run. */
void report_cleanup(const struct mon_report *r, struct buf *out);

#endif
