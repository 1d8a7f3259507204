/* SPDX-License-Identifier: Apache-2.0
 * The engine's face: a run and a comparison. Each call blocks on the
 * caller's thread and returns an exit code of enum tg_exit. The job's secrets are resolved
 * (job_resolve) before. The caller blocks signals in every thread; the engine never handles one. */
#ifndef TG_ENGINE_ENGINE_H
#define TG_ENGINE_ENGINE_H

#include "base/err.h"
#include "base/sync.h"
#include "conf/job.h"
#include "mon/mon.h"
#include <stdio.h>

struct engine_options {
    const char *run_dir; /* HOME/NAME, exists, mode 0700; job.yaml is written by the caller */
    struct cancel
        *stop;    /* set from outside (SIGINT, SIGTERM): as command stop; NULL = only by command */
    FILE *events; /* mon_server_echo's file, NULL = none */
    bool events_json;
    mon_watch *watch; /* mon_server_watch's arguments, NULL = none */
    void *watch_arg;
};

/* Runs until the run ends: 0 finished (full: copied and consistent; all: cut over), 4 stopped and
 * resumable, 5 needs a person, 6 differences; anything but 0 and 4 sets *e. Owns mon_server. */
int engine_run(struct job *job, const struct engine_options *o, struct err *e);
/* Compares source and target, prints the result to stdout (text or one JSON object). 0, 6 or
 * another error. */
int engine_verify(struct job *job, bool json, struct err *e);

#endif
