/* SPDX-License-Identifier: Apache-2.0
 * The wizard: eight pages from an empty terminal to a run. It owns the answers (a job) and the screen; what it can't do
 * itself (start an engine, list the runs, open the dashboard) comes through a port from the program around it. */
#ifndef TG_WIZARD_WIZARD_H
#define TG_WIZARD_WIZARD_H

#include "base/err.h"
#include "conf/job.h"
#include "mon/mon.h"
#include "ui/glyphs.h"
#include "ui/keymap.h"

struct wizard_run {                   /* a run of this host */
    char name[40], state[24], what[80], tables[24], since[40];
    bool is_live, can_resume;
    int percent;                      /* of a stopped run: copied so far, at most 99 while something is missing; -1: not known */
    bool is_guess;                    /* by statistics */
    int64_t at_ms;                    /* the last that its engine said; 0: nothing was left */
    char trouble[120];                /* why it stopped by itself, "" */
    char file[64];                    /* of a stopped run: where its stream would go on; "": not known */
    uint64_t position;
};
/* Every function is called on the wizard's thread, with the terminal put back where `leaves_screen` says so. */
struct wizard_port {
    void *arg;
    size_t (*runs)(void *arg, struct wizard_run *out, size_t room);
    /* Starts an engine on the job (secrets resolved or typed); returns at once when its socket answers. */
    bool (*start)(void *arg, const struct job *job, struct err *e);
    bool (*resume)(void *arg, const char *run, struct err *e);
    /* The dashboard until it is left; the wizard has closed its terminal. */
    int (*attach)(void *arg, const char *run);
    int (*demo)(void *arg);           /* the same */
};
struct wizard_options {
    const struct wizard_port *port;
    const char *home;                 /* of the runs */
    struct job *job;                  /* filled in already, or NULL; stays the caller's and is changed */
    const char *job_path;             /* where it came from, or NULL */
    enum glyph_set glyphs;
    const char *theme;                /* NULL: by the environment */
    const char *settings;             /* where the settings of the window lie or would lie; only shown */
    bool is_plain, is_read_only;
};
/* The keys of the pages, of the dashboard and of the report, for keys of one's own (ui/keymap.h). */
extern const struct keymap *const wizard_keys, *const report_keys;
extern const struct keymap dashboard_keys;
/* Exit code of enum tg_exit. */
int wizard_run(const struct wizard_options *o, struct err *e);

#endif
