/* SPDX-License-Identifier: Apache-2.0
 * Probes: what asks servers works on a thread of its own, on a copy of the answers, and sends news. Nothing in front of
 * the person ever waits for one. One probe of a kind at a time; a new one ends the one before. */
#ifndef TG_WIZARD_PROBE_H
#define TG_WIZARD_PROBE_H

#include "wizard/wz.h"

struct news {
    struct news *next;
    enum news_kind kind;
    enum probe probe;
    struct probe_line line;           /* NEWS_LINE */
    struct check_report *report;      /* NEWS_OVER of the checks: the taker's, check_report_release and free; or NULL */
    struct look *look;                /* NEWS_LOOK, NEWS_OVER of the tables: the taker's, look_release and free; or NULL */
    bool is_target, has_view;         /* NEWS_OVER: which end the test was of; view is filled */
    struct check_view view;
    char text[300];                   /* NEWS_RUN: the run; PROBE_NAME: the name; PROBE_CURE: the cure's title */
    struct err err;                   /* NEWS_OVER: what went wrong altogether */
};
struct prober;
/* What a probe is told beside the job; all of it is copied, but for password, which is taken over. */
struct probe_order {
    enum probe which;
    const struct job *job;
    const char *home;                 /* of the runs */
    bool is_target;                   /* PROBE_PATH, PROBE_NAME */
    const char *check;                /* PROBE_CURE: id */
    const struct check_cure *cure;
    const char *user;                 /* "": the job's own */
    struct secret *password;
    const struct wizard_run *runs;    /* PROBE_RUNS */
    size_t nruns;
};
struct prober *prober_new(void);
/* Ends all probes, and waits for what they write. One that still waits for a server is left behind: the process is to end. */
void prober_free(struct prober *p);
int prober_fd(const struct prober *p);/* readable when there is news */
void prober_start(struct prober *p, const struct probe_order *o);
void prober_stop(struct prober *p, enum probe which); /* it ends soon; its news no longer come */
struct news *prober_take(struct prober *p); /* the next news, or NULL; free() after use */

void news_free(struct news *n);       /* with what nobody has taken */

/* wz.c's side: takes what n says into the state; owns n->report and n->look afterwards. */
void wz_take(struct wz *w, struct news *n);

#endif
