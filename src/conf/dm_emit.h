/* SPDX-License-Identifier: Apache-2.0
 * A job as the files of DM: task.yaml, a source file for each source, topology.yaml where the job has one (DESIGN 6, 10;
 * DM.md 1.1 to 1.15). Only keys that DM's strict decoder knows are written. What DM has no words for stands as a comment
 * at the head of the task and among the findings; where leaving it out would move other rows than the job asks for, it is
 * an error and nothing is to be written. */
#ifndef TG_CONF_DM_EMIT_H
#define TG_CONF_DM_EMIT_H

#include "conf/job.h"

struct dm_file {
    char name[40];                    /* "task.yaml", "source.yaml" or "source-2.yaml", "topology.yaml" */
    struct buf text;
};
struct dm_out {
    struct dm_file *file;
    size_t n;
    struct job_problems told;         /* where: the path in the job */
};
/* Secrets that are known (job_resolve, or typed) are encrypted with the key of secret-key-path; without a key, or where
 * the value is not known, the password is left empty. false: told holds an error, and there are no files. */
bool dm_emit(const struct job *j, struct dm_out *out);
void dm_out_release(struct dm_out *out);
/* Into the folder, made where it is missing. A file that exists is never touched: then, or where one can't be written,
 * nothing new is left there. ERR_CONF_VALUE where one exists, ERR_FILE. */
bool dm_out_write(const struct dm_out *out, const char *dir, struct err *e);

/* ---- between dm_emit.c and dm_allow.c ---- */

struct dm_lists {
    struct job_list do_dbs, ignore_dbs, do_tables, ignore_tables;
};
/* The allow list in DM's patterns and DM's order of rules. false: DM can't say it. */
bool dm_allow(const struct job *j, struct dm_lists *out, struct job_problems *told);
void dm_lists_release(struct dm_lists *l);
/* A pattern as DM reads it: its stars stand at the end only, anything else becomes a regular expression. Caller frees. */
char *dm_pattern(const char *pattern);
/* Both of the same name? Patterns that are no plain names count as perhaps. */
bool dm_may_meet(const char *a, const char *b, bool is_case_sensitive);

#endif
