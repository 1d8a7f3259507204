/* SPDX-License-Identifier: Apache-2.0
 * What the files of mon share: sockets with long paths, the pid lock, events as JSON, the journal.
 */
#ifndef TG_MON_PRIVATE_H
#define TG_MON_PRIVATE_H

#include "mon/mon.h"
#include <jansson.h>

#define MON_PROTOCOL 1
#define MON_COMMAND_MAX (256 * 1024)   /* longest line a client may send */
#define MON_LINE_MAX (8 * 1024 * 1024) /* longest line a client accepts */
#define MON_HISTORY 200                /* events a late window gets */

/* ---- text.c ---- */
/* Copies what fits, cut between characters of UTF-8. */
void mon_text(char *out, size_t size, const char *text);
/* A JSON string of any bytes: what is not UTF-8 becomes '?'. Never NULL. */
json_t *mon_json_text(const char *text);
json_t *mon_json_real(double v); /* null when not finite */
/* One line without line end from an object; takes the reference. Caller frees. */
char *mon_json_line(json_t *object);
/* A list of tables, at most MON_TABLES. */
json_t *mon_put_tables(const struct table_view *table, uint32_t n);
bool mon_take_tables(struct table_view table[MON_TABLES], uint32_t *n, const json_t *list, struct err *e);

/* ---- snapshot.c ---- */
json_t *mon_encode_object(const struct mon_snapshot *s);
bool mon_decode_object(struct mon_snapshot *out, json_t *object, struct err *e);

/* ---- path.c ---- */
int mon_listen(const char *run_dir, struct err *e); /* -1: e says why */
int mon_dial(const char *run_dir, struct err *e);
void mon_unlisten(const char *run_dir);
int mon_lock(const char *run_dir, struct err *e); /* the fd holds the lock */

/* ---- journal.c: from log_event to file, echo and windows ---- */
struct journal;
struct journal *journal_new(const char *run_dir, const char *run, int wake_fd, struct err *e);
void journal_free(struct journal *j);
/* Any thread; never waits for a disk or a client. */
void journal_add(struct journal *j, const char *kind, enum log_level level, const char *stage,
                 const char *table, const char *id, const char *text);
void journal_echo(struct journal *j, FILE *out, bool json);
/* mon's thread: takes the oldest event that is pending, writes it to file and echo. The line is
 * borrowed until the next call. */
bool journal_next(struct journal *j, const char **line);
/* Ends folds whose time is over (all: every one); returns ms until the next one ends, -1 when none
 * is open. */
int journal_fold_end(struct journal *j, bool all);
/* The i-th oldest of the last MON_HISTORY lines, or NULL. */
const char *journal_history(const struct journal *j, unsigned i);
void mon_write_last(const char *run_dir, const struct mon_snapshot *s);
bool mon_event_decode(struct mon_event *out, json_t *object);

#endif
