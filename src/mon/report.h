/* SPDX-License-Identifier: Apache-2.0
 * What the last engine of a run left in RUN_DIR/report.json: its last snapshot, and what it tells beside it. */
#ifndef TG_MON_REPORT_H
#define TG_MON_REPORT_H

#include "mon/mon.h"

#define MON_LONGEST 10
struct mon_report_line {              /* of a part: checks cures tables existing views foreign_keys auto_increment not_moved unread */
    const char *part;                 /* static */
    char *name, *text;
    bool is_problem;
};
struct mon_cleanup {                  /* SQL for a person; nothing runs it */
    char *where, *why, *sql;          /* where: "host:port" */
};
struct mon_report {
    struct mon_snapshot snap;
    int exit_code;
    char error[16];                   /* "" or an error id */
    int64_t started_ms, copied_ms, in_sync_ms, verified_ms, ended_ms; /* wall; 0: not known, or it did not come to that */
    uint32_t starts, answers;         /* engines of the run so far; questions answered by a person */
    struct {
        char name[130];
        uint64_t rows, bytes;
        int64_t ms;
        enum table_state state;
    } longest[MON_LONGEST];           /* slowest first */
    uint32_t nlongest;
    struct mon_report_line *line;
    size_t nlines;
    struct mon_cleanup *cleanup;
    size_t ncleanup;
};
/* ERR_FILE: there is none, or it can't be read. mon_report_release in any case. */
bool mon_report_read(const char *run_dir, struct mon_report *out, struct err *e);
void mon_report_release(struct mon_report *r);
size_t mon_report_count(const struct mon_report *r, const char *part); /* lines of a part */

#endif
