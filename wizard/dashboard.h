/* SPDX-License-Identifier: Apache-2.0
 * The window on a live run. It only looks and asks; the run is not in it: closing it by any means
 * leaves the run as it was. */
#ifndef TG_WIZARD_DASHBOARD_H
#define TG_WIZARD_DASHBOARD_H

#include "base/buf.h"
#include "base/err.h"
#include "mon/mon.h"
#include "ui/glyphs.h"

/* How the window was left; the run goes on unless it says otherwise. */
enum dashboard_left {
    DASHBOARD_FAILED = -1,
    DASHBOARD_DETACH,
    DASHBOARD_PAUSE_AND_LEAVE,
    DASHBOARD_STOP,
    DASHBOARD_ENGINE_GONE
};

struct dashboard_options {
    struct mon_client *client; /* attached; stays the caller's. NULL: the run is over, its report is shown */
    const char *run_dir;       /* shown in messages; may be NULL where there is a client */
    enum glyph_set glyphs;
    const char *theme;         /* NULL: default */
    bool ends_all;             /* a rehearsal: leaving the window ends the run and its servers */
    bool is_read_only;         /* nothing is asked of the run; never steers */
    bool is_plain;             /* lines instead of a screen; also chosen where the terminal can't */
    struct mon_snapshot *last; /* out, may be NULL: what was on screen last */
    int *ended_by;             /* out, may be NULL: the signal that ended the window, 0: a key */
};
/* Returns an enum dashboard_left; DASHBOARD_FAILED sets *e. The terminal is as it was before. */
int dashboard_run(const struct dashboard_options *o, struct err *e);
/* The receipt on the normal screen: state (of a run that is over the first block of its report), where the log or the
 * report is, how to come back. */
void dashboard_summary(void *file, const struct mon_snapshot *s, int left, const char *run_dir);
/* The dashboard once, as text. Glyphs follow the locale. */
void dashboard_text(const struct mon_snapshot *s, int cols, int rows, struct buf *out);

#endif
