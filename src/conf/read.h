/* SPDX-License-Identifier: Apache-2.0
 * Private to conf: the reader of one load. It puts YAML nodes into fields, collects what it finds,
 * and never stops at the first problem. */
#ifndef TG_CONF_READ_H
#define TG_CONF_READ_H

#include "conf/field.h"
#include "conf/yaml_doc.h"

struct reader {
    struct job *job;
    struct job_problems *out;
    bool is_dm;        /* DM's files: a plain-text password is a warning */
    const char *where; /* --set: stands in for FILE:LINE:COLUMN */
};

void rd_problem(struct reader *r, bool is_warning, enum err_code code, const struct ynode *at,
                const char *fmt, ...) PRINTF_LIKE(5, 6);
/* A finding that job_check makes an error of; a warning now. raw may be NULL. */
void rd_note(struct reader *r, enum err_code code, const struct ynode *at, const char *path,
             const char *raw, const char *fmt, ...) PRINTF_LIKE(6, 7);
/* "unknown key X in Y", with the nearest of the words (NULL-ended). */
void rd_unknown(struct reader *r, const struct ynode *key, const char *in,
                const char *const *words);
/* The same for a path of --set. */
void rd_unknown_path(struct reader *r, const struct ynode *key);
/* The text of a scalar that must be one; NULL after a problem, or for null without one. Names
 * placeholders. */
const char *rd_scalar(struct reader *r, const struct ynode *y, const char *path, unsigned flags);
void rd_value(struct reader *r, const struct field *f, void *base, const char *path,
              const struct ynode *y);
/* One level of job.yaml: keys of `table` under prefix ("" or "limits."), shown as label
 * ("source."). */
void rd_group(struct reader *r, const struct ynode *map, const struct field *table, void *base,
              const char *prefix, const char *label);
/* Adds the schema/table rule after looking at its patterns. */
bool rd_pattern(struct reader *r, const struct ynode *y, const char *pattern);
/* Duplicate keys of the whole document, and keys that are no scalars. */
void rd_duplicates(struct reader *r, const struct ydoc *d);
/* The keys of one item of `events`, which are those of DM's filters. */
void dm_filter_keys(struct reader *r, const struct ynode *y);
/* events.c: adds the rule. */
void rd_event(struct reader *r, const struct ynode *map);

/* DM's files: all task documents (and fragments) first, then the sources. */
struct dm_files {
    const struct ynode *const *tasks;
    size_t ntasks;
    const struct ynode *const *sources;
    size_t nsources;
    const struct ynode **used; /* named blocks that an instance refers to */
    size_t nused;
};
void dm_read(struct reader *r, struct dm_files *d);
bool dm_is_fragment(const struct ynode *root);
void dm_topology(struct reader *r, const struct ynode *root);
void dm_topology_take(struct reader *r, const struct ynode *root); /* dm_topology.c: into topology.* */

#endif
