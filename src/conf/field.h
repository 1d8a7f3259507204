/* SPDX-License-Identifier: Apache-2.0
 * The field table: one row per setting of job.yaml. Reading, --set, checking, writing, forms and
 * the manual all go through it; no setting has code of its own elsewhere. Rows of `job_fields` lie
 * in struct job, rows of `end_fields` in struct job_end (source and target), whose paths are put
 * behind "source." and "target.". */
#ifndef TG_CONF_FIELD_H
#define TG_CONF_FIELD_H

#include "conf/job.h"

enum field_type {
    F_TEXT,
    F_INT,
    F_SIZE,
    F_BOOL,
    F_ENUM,
    F_SECRET, /* one scalar; field_put and field_text know them */
    F_WORDS,  /* char ** with a count */
    F_RULES,
    F_ROUTES,
    F_ANSWERS, /* lists of structs */
    F_SOURCES,
    F_TARGET,  /* end_fields, one or a list */
    F_VERSION, /* must be 1; stored nowhere */
    F_EVENTS,  /* a list of structs */
    F_REFUSED, /* kept as notes, refused by job_check */
};
enum field_flag {
    FF_REQUIRED = 1, /* job_check misses it */
    FF_PATTERN = 2,  /* "<...>" and "${...}" inside are no placeholder for a regular expression */
    FF_EXPERT = 4,   /* forms show it only on demand */
    FF_RAW = 8,      /* its words are never placeholders */
    FF_REASONS = 16, /* of F_WORDS: "KEY: TEXT" may also stand there as YAML reads it without quotes, a map */
};

struct field {
    const char *path;
    enum field_type type;
    size_t offset, count_offset; /* count_offset: of lists */
    const char *def;             /* NULL: nothing */
    int64_t min, max;
    const char *const *choices;         /* NULL-ended */
    bool (*shown)(const struct job *j); /* NULL: always */
    const char *label, *help;           /* msgids */
    unsigned flags;
    bool (*valid)(const char *text, struct err *e); /* of F_TEXT; NULL: any text */
};
extern const struct field job_fields[], end_fields[]; /* path NULL ends them */
#define TARGET_PORT "4000" /* the one default in which source and target differ */

const struct field *field_in(const struct field *table, const char *path);
bool field_is_group(const struct field *table,
                    const char *path); /* does any row start with "path."? */
bool field_is_scalar(const struct field *f);
const char *field_type_name(const struct field *f); /* msgid */
/* Scalars: text in, text out. put sets ERR_CONF_VALUE for a wrong type, range or choice; never
 * echoes a secret. */
bool field_put(const struct field *f, void *base, const char *text, struct err *e);
/* false: holds nothing. Of a secret only its reference. */
bool field_text(const struct field *f, const void *base, struct buf *out);
/* What holds where the job says nothing, by its full path; NULL: nothing does. */
const char *field_default(const struct field *f, const char *path);
void field_release(const struct field *f, void *base);
/* The row and its place for a full path ("target.host", "source[1].tls.ca", "source.ID.user"); a
 * source that is named by index or alone is made when it is the next one. *path_out (200 bytes):
 * the canonical form. */
const struct field *field_find(struct job *j, const char *path, void **base, char *path_out,
                               size_t path_size);

void end_init(struct job_end *end, bool is_target);
void end_release(struct job_end *end);
struct job_end *job_add_source(struct job *j);
/* "source" or "source[2]" */
void source_path(size_t i, char *out, size_t size);

bool parse_bool(const char *text, bool *out); /* true on yes, false off no */
bool parse_int(const char *text, int64_t *out);
bool parse_size(const char *text,
                int64_t *bytes); /* 192MiB, 8M (both 1024), 1MB (1000), plain bytes */
bool parse_duration(const char *text, int64_t *ms); /* 30s, 5m, 1h30m, 250ms; plain seconds */
void format_size(int64_t bytes, struct buf *out);

bool utf8_is_clean(const char *p, size_t n); /* UTF-8 without control characters */

/* "schema.table" and back; parts may stand in backticks; table NULL when absent. */
bool rule_parse(const char *text, char **schema, char **table, struct err *e);
void rule_format(const char *schema, const char *table, struct buf *out);
void list_release(struct job_list *l);
void list_add(struct job_list *l, char *schema, char *table); /* takes both */

/* Rules of events: YAML in flow form; is_dm: as DM writes actions. */
void event_text(const struct job_event *v, bool is_dm, struct buf *out);
void events_release(struct job *j);
/* A rule before it has the same patterns: DM drops this one. */
bool event_is_lost_in_dm(const struct job *j, size_t i);

/* Secrets; the text of a DM password comes from dm_secret.h */
void secret_clear(struct job_secret *s);
bool secret_is_reference(const char *text); /* ${env:X}, ${file:/p}, ${sealed:FILE#NAME}, ${ask} */
/* The path as it is from there, absolute; dir "": the working directory. Caller frees. */
char *path_from(const char *dir, const char *path);
bool text_is_placeholder(const char *text, bool is_secret);
bool secret_text(const struct job_secret *s, struct buf *out);

/* Notes */
void note_add(struct job *j, enum err_code code, const char *path, const char *raw,
              const char *where, const char *text);
void notes_drop(struct job *j, const char *path, size_t below); /* of the first `below` */
const char *note_raw(const struct job *j, const char *path);

/* Findings; PROBLEMS_MAX are kept, all are counted. */
enum { PROBLEMS_MAX = 100 };
void problem_add(struct job_problems *out, bool is_warning, enum err_code code, const char *where,
                 const char *fmt, ...) PRINTF_LIKE(5, 6);

/* Reading from memory; the fuzz harness and tests come in here. */
struct conf_text {
    const char *name, *text;
    size_t n;
};
bool conf_load(struct job *j, const struct conf_text *texts, size_t n, struct job_problems *out);
/* job_emit with the table's help as comments. */
void conf_emit(const struct job *j, struct buf *out, bool has_help);
void yaml_quote(const char *text, struct buf *out);
/* DM's task names and others to run names: [a-z0-9][a-z0-9-]{0,31}. */
char *run_name_of(const char *text);
bool run_name_is_valid(const char *name);

#endif
