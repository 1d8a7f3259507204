// SPDX-License-Identifier: Apache-2.0
/* A snapshot as the object of `status --json` and back. Each struct is a table of fields, read by
 * one encoder and one decoder, so that the two can't drift apart. "Unknown" is -1 in C and null in
 * JSON: a script that compares lag.seconds with a limit must not take "unknown" for "small".
 * Unknown keys are ignored when reading (additions are free), a value of another type is an error.
 */
#include "mon/mon_private.h"

#include "base/text.h"

#include <stdlib.h>

static const char *const run_names[] = {
    [RUN_PLANNED] = N_("planned"),   [RUN_COPYING] = N_("copying"),     [RUN_CATCHING_UP] = N_("catching-up"),
    [RUN_IN_SYNC] = N_("in-sync"),   [RUN_VERIFYING] = N_("verifying"), [RUN_CUTTING_OVER] = N_("cutting-over"),
    [RUN_FINISHED] = N_("finished"), [RUN_PAUSED] = N_("paused"),       [RUN_ASKING] = N_("asking"),
    [RUN_FAILED] = N_("failed"),     [RUN_STOPPED] = N_("stopped"),     [RUN_STUCK] = N_("stuck"),
};
static const char *const table_names[] = {
    [TABLE_WAITING] = N_("waiting"), [TABLE_COPYING] = N_("copying"),   [TABLE_COPIED] = N_("copied"),
    [TABLE_IN_SYNC] = N_("in-sync"), [TABLE_VERIFIED] = N_("verified"), [TABLE_DIFFERENT] = N_("different"),
    [TABLE_ASKING] = N_("asking"),   [TABLE_FAILED] = N_("failed"),
};

static int name_index(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    return -1;
}

const char *run_state_name(enum run_state s)
{
    return (unsigned)s < TG_ARRAY_LEN(run_names) ? run_names[s] : "unknown";
}

bool run_state_parse(const char *name, enum run_state *out)
{
    int i = name_index(run_names, TG_ARRAY_LEN(run_names), name);
    if (i >= 0)
        *out = (enum run_state)i;
    return i >= 0;
}

const char *table_state_name(enum table_state s)
{
    return (unsigned)s < TG_ARRAY_LEN(table_names) ? table_names[s] : "unknown";
}

bool table_state_parse(const char *name, enum table_state *out)
{
    int i = name_index(table_names, TG_ARRAY_LEN(table_names), name);
    if (i >= 0)
        *out = (enum table_state)i;
    return i >= 0;
}

enum kind {
    K_TEXT,
    K_U64,
    K_U32,
    K_I64,
    K_LEFT /* int64, -1 = unknown */,
    K_REAL,
    K_SECONDS /* double, ditto */,
    K_BOOL,
    K_RUN,
    K_TABLE
};
struct field {
    const char *key;
    enum kind kind;
    size_t at, size;
};
#define F(type, member, key, kind)                                                                 \
    {                                                                                              \
        key, kind, offsetof(struct type, member), sizeof(((struct type *)0)->member)               \
    }

static const struct field head_fields[] = {
    F(mon_snapshot, version, "version", K_TEXT), F(mon_snapshot, run, "name", K_TEXT),
    F(mon_snapshot, state, "state", K_RUN),      F(mon_snapshot, reason, "reason", K_TEXT),
    F(mon_snapshot, mode, "mode", K_TEXT),       F(mon_snapshot, since_ms, "since_ms", K_I64),
    F(mon_snapshot, seq, "seq", K_U64),          F(mon_snapshot, at_ms, "at_ms", K_I64),
    F(mon_snapshot, began_ms, "began_ms", K_LEFT),
};
static const struct field tail_fields[] = {
    F(mon_snapshot, quarantine, "quarantine", K_U64),
    F(mon_snapshot, verdict, "verdict", K_TEXT),
    F(mon_snapshot, verified_at, "verified_at", K_TEXT),
    F(mon_snapshot, tx_applied, "tx_applied", K_U64),
    F(mon_snapshot, rows_applied, "rows_applied", K_U64),
    F(mon_snapshot, memory_bytes, "memory_bytes", K_U64),
};
static const struct field source_fields[] = {
    F(mon_snapshot, source_id, "id", K_TEXT),
    F(mon_snapshot, source_flavour, "flavour", K_TEXT),
};
static const struct field position_fields[] = {
    F(mon_snapshot, position_file, "file", K_TEXT),
    F(mon_snapshot, position, "pos", K_U64),
    F(mon_snapshot, position_gtid, "gtid", K_TEXT),
};
static const struct field applied_fields[] = {
    F(mon_snapshot, applied_file, "file", K_TEXT),
    F(mon_snapshot, applied, "pos", K_U64),
};
static const struct field target_fields[] = {F(mon_snapshot, target_flavour, "flavour", K_TEXT)};
static const struct field tables_fields[] = {
    F(mon_snapshot, tables_total, "total", K_U32),
    F(mon_snapshot, tables_done, "done", K_U32),
    F(mon_snapshot, tables_busy, "busy", K_U32),
    F(mon_snapshot, tables_failed, "failed", K_U32),
    F(mon_snapshot, tables_waiting, "waiting", K_U32),
    F(mon_snapshot, tables_verified, "verified", K_U32),
    F(mon_snapshot, tables_different, "different", K_U32),
};
static const struct field flow_fields[] = {
    F(flow_view, bytes, "bytes", K_U64),
    F(flow_view, total_bytes, "total", K_U64),
    F(flow_view, total_is_guess, "guess", K_BOOL),
    F(flow_view, rows, "rows", K_U64),
    F(flow_view, rate, "rate", K_REAL),
    F(flow_view, rate_long, "rate_long", K_REAL),
    F(flow_view, row_rate, "row_rate", K_REAL),
    F(flow_view, left_s, "left_s", K_LEFT),
    F(flow_view, left_from_s, "left_from_s", K_LEFT),
    F(flow_view, left_to_s, "left_to_s", K_LEFT),
    F(flow_view, workers, "workers", K_U32),
    F(flow_view, workers_max, "workers_max", K_U32),
    F(flow_view, waiting, "waiting", K_U32),
    F(flow_view, active, "active", K_U32),
};
static const struct field pace_fields[] = {
    F(pace_view, dial, "dial", K_TEXT),
    F(pace_view, writers, "writers", K_U32),
    F(pace_view, writers_max, "writers_max", K_U32),
    F(pace_view, readers, "readers", K_U32),
    F(pace_view, readers_max, "readers_max", K_U32),
    F(pace_view, readers_set, "readers_set", K_U32),
    F(pace_view, chunk_bytes, "chunk", K_U64),
    F(pace_view, statement_bytes, "statement", K_U64),
    F(pace_view, read_rate, "read_rate", K_U64),
    F(pace_view, source_threads, "source_threads", K_U32),
    F(pace_view, threads_running, "threads_running", K_LEFT),
    F(pace_view, threads_ours, "threads_ours", K_U32),
    F(pace_view, read_ms, "read_ms", K_SECONDS),
    F(pace_view, waits, "waits", K_TEXT),
};
static const struct field lag_fields[] = {
    F(lag_view, seconds, "seconds", K_SECONDS),
    F(lag_view, received_s, "received_s", K_SECONDS),
    F(lag_view, unread_bytes, "unread_bytes", K_U64),
    F(lag_view, unapplied_bytes, "unapplied_bytes", K_U64),
    F(lag_view, silent_s, "silent_s", K_REAL),
    F(lag_view, binlog_kept_s, "binlog_kept_s", K_SECONDS),
    F(lag_view, binlog_kept_for_ever, "binlog_kept_for_ever", K_BOOL),
    F(lag_view, binlog_used_s, "binlog_used_s", K_SECONDS),
    F(lag_view, source_lost_s, "source_lost_s", K_REAL),
    F(lag_view, source_tx_rate, "source_tx_rate", K_SECONDS),
    F(lag_view, source_byte_rate, "source_byte_rate", K_SECONDS),
    F(lag_view, apply_tx_rate, "apply_tx_rate", K_REAL),
    F(lag_view, apply_byte_rate, "apply_byte_rate", K_REAL),
    F(lag_view, to_us_s, "to_us_s", K_SECONDS),
    F(lag_view, wait_s, "wait_s", K_SECONDS),
    F(lag_view, commit_s, "commit_s", K_SECONDS),
    F(lag_view, commit_p99_s, "commit_p99_s", K_SECONDS),
    F(lag_view, to_us_is_rough, "to_us_is_rough", K_BOOL),
    F(lag_view, queued_tx, "queued_tx", K_U64),
    F(lag_view, could_tx_rate, "could_tx_rate", K_SECONDS),
    F(lag_view, could_byte_rate, "could_byte_rate", K_SECONDS),
    F(lag_view, conflicts, "conflicts", K_SECONDS),
};
static const struct field peak_fields[] = {
    F(lag_peak, at_ms, "at_ms", K_I64),   F(lag_peak, bytes, "bytes", K_U64),    F(lag_peak, rows, "rows", K_U64),
    F(lag_peak, table, "table", K_TEXT),  F(lag_peak, action, "action", K_TEXT),
};
static const struct field table_fields[] = {
    F(table_view, name, "name", K_TEXT),
    F(table_view, state, "state", K_TABLE),
    F(table_view, rows_guess, "rows_guess", K_U64),
    F(table_view, bytes_guess, "bytes_guess", K_U64),
    F(table_view, rows_read, "rows_read", K_U64),
    F(table_view, bytes_read, "bytes_read", K_U64),
    F(table_view, rows_loaded, "rows_loaded", K_U64),
    F(table_view, bytes_loaded, "bytes_loaded", K_U64),
    F(table_view, rate, "rate", K_REAL),
    F(table_view, left_s, "left_s", K_LEFT),
    F(table_view, chunks_done, "chunks_done", K_U32),
    F(table_view, chunks_busy, "chunks_busy", K_U32),
    F(table_view, is_keyless, "keyless", K_BOOL),
};
static const struct field question_fields[] = {
    F(question_view, id, "id", K_TEXT),
    F(question_view, table, "table", K_TEXT),
    F(question_view, text, "text", K_TEXT),
    F(question_view, asked_ms, "asked_ms", K_I64),
};

static json_t *integer(uint64_t v)
{
    return json_integer(v > INT64_MAX ? INT64_MAX : (json_int_t)v);
}

static json_t *field_get(const void *object, const struct field *f)
{
    const char *p = (const char *)object + f->at;
    switch (f->kind) {
    case K_TEXT:
        return mon_json_text(p);
    case K_U64:
        return integer(*(const uint64_t *)p);
    case K_U32:
        return json_integer(*(const uint32_t *)p);
    case K_I64:
        return json_integer(*(const int64_t *)p);
    case K_LEFT:
        return *(const int64_t *)p < 0 ? json_null() : json_integer(*(const int64_t *)p);
    case K_REAL:
        return mon_json_real(*(const double *)p);
    case K_SECONDS:
        return *(const double *)p < 0 ? json_null() : mon_json_real(*(const double *)p);
    case K_BOOL:
        return json_boolean(*(const bool *)p);
    case K_RUN:
        return json_string(run_state_name(*(const enum run_state *)p));
    case K_TABLE:
        return json_string(table_state_name(*(const enum table_state *)p));
    }
    return json_null();
}

static json_t *put(json_t *to, const void *object, const struct field *f, size_t n)
{
    for (size_t i = 0; i < n; i++)
        json_object_set_new(to, f[i].key, field_get(object, &f[i]));
    return to;
}
#define PUT(to, object, fields) put(to, object, fields, TG_ARRAY_LEN(fields))

/* false: the value is of another type. A null means "unknown" where there is such a thing, else
 * nothing. */
static bool field_set(void *object, const struct field *f, const json_t *v)
{
    char *p = (char *)object + f->at;
    if (json_is_null(v)) {
        if (f->kind == K_LEFT)
            *(int64_t *)p = -1;
        else if (f->kind == K_SECONDS)
            *(double *)p = -1;
        return true;
    }
    json_int_t i = json_integer_value(v);
    switch (f->kind) {
    case K_TEXT:
        mon_text(p, f->size, json_string_value(v));
        return json_is_string(v);
    case K_U64:
        *(uint64_t *)p = i < 0 ? 0 : (uint64_t)i;
        return json_is_integer(v);
    case K_U32:
        *(uint32_t *)p = i < 0 ? 0 : (uint32_t)TG_MIN(i, UINT32_MAX);
        return json_is_integer(v);
    case K_I64:
    case K_LEFT:
        *(int64_t *)p = i;
        return json_is_integer(v);
    case K_REAL:
    case K_SECONDS:
        *(double *)p = json_number_value(v);
        return json_is_number(v);
    case K_BOOL:
        *(bool *)p = json_is_true(v);
        return json_is_boolean(v);
    case K_RUN:
        return json_is_string(v) && run_state_parse(json_string_value(v), (enum run_state *)p);
    case K_TABLE:
        return json_is_string(v) && table_state_parse(json_string_value(v), (enum table_state *)p);
    }
    return false;
}

static bool take(void *object, const struct field *f, size_t n, json_t *from, struct err *e)
{
    for (size_t i = 0; from && i < n; i++) {
        const json_t *v = json_object_get(from, f[i].key);
        if (v && !field_set(object, &f[i], v))
            return err_set(e, ERR_SOCKET, "the engine's \"%s\" is not understood", f[i].key);
    }
    return true;
}
#define TAKE(object, fields, from) take(object, fields, TG_ARRAY_LEN(fields), from, e)

static json_t *question_put(const struct question_view *q)
{
    json_t *o = PUT(json_object(), q, question_fields), *choices = json_array(),
           *labels = json_array();
    for (uint32_t i = 0; i < TG_MIN(q->nchoices, TG_ARRAY_LEN(q->choice)); i++) {
        json_array_append_new(choices, mon_json_text(q->choice[i].slug));
        json_array_append_new(labels, mon_json_text(q->choice[i].label));
    }
    json_object_set_new(o, "choices", choices);
    json_object_set_new(o, "labels", labels);
    json_object_set_new(o, "default",
                        q->initial < TG_MIN(q->nchoices, TG_ARRAY_LEN(q->choice))
                            ? mon_json_text(q->choice[q->initial].slug)
                            : json_null());
    return o;
}

static bool question_take(struct question_view *q, json_t *o, struct err *e)
{
    if (!TAKE(q, question_fields, o))
        return false;
    const json_t *choices = json_object_get(o, "choices"), *labels = json_object_get(o, "labels");
    const char *initial = json_string_value(json_object_get(o, "default"));
    q->nchoices = (uint32_t)TG_MIN(json_array_size(choices), TG_ARRAY_LEN(q->choice));
    for (uint32_t i = 0; i < q->nchoices; i++) {
        mon_text(q->choice[i].slug, sizeof q->choice[i].slug,
                 json_string_value(json_array_get(choices, i)));
        mon_text(q->choice[i].label, sizeof q->choice[i].label,
                 json_string_value(json_array_get(labels, i)));
        if (initial && strcmp(initial, q->choice[i].slug) == 0)
            q->initial = i;
    }
    return true;
}

static json_t *points_put(const float *point, uint32_t n)
{
    json_t *points = json_array();
    for (uint32_t i = 0; i < n; i++)
        json_array_append_new(points, mon_json_real((double)point[i]));
    return points;
}

static uint32_t points_take(float *point, uint32_t room, const json_t *points)
{
    uint32_t n = (uint32_t)TG_MIN(json_array_size(points), room);
    for (uint32_t i = 0; i < n; i++)
        point[i] = (float)json_number_value(json_array_get(points, i));
    return n;
}

static json_t *lag_put(const struct lag_view *l)
{
    json_t *o = PUT(json_object(), l, lag_fields);
    json_object_set_new(o, "points", points_put(l->points, TG_MIN(l->npoints, MON_LAG_POINTS)));
    json_object_set_new(o, "hour", points_put(l->hour, TG_MIN(l->nhour, MON_LAG_LONG)));
    json_object_set_new(o, "day", points_put(l->day, TG_MIN(l->nday, MON_LAG_LONG)));
    json_t *peaks = json_array();
    for (unsigned i = 0; i < MON_PEAKS; i++)
        json_array_append_new(peaks, PUT(json_object(), &l->peak[i], peak_fields));
    json_object_set_new(o, "peaks", peaks);
    return o;
}

static bool lag_take(struct lag_view *l, json_t *o, struct err *e)
{
    if (!TAKE(l, lag_fields, o))
        return false;
    l->npoints = points_take(l->points, MON_LAG_POINTS, json_object_get(o, "points"));
    l->nhour = points_take(l->hour, MON_LAG_LONG, json_object_get(o, "hour"));
    l->nday = points_take(l->day, MON_LAG_LONG, json_object_get(o, "day"));
    for (unsigned i = 0; i < MON_PEAKS; i++)
        if (!TAKE(&l->peak[i], peak_fields, json_array_get(json_object_get(o, "peaks"), i)))
            return false;
    return true;
}

json_t *mon_put_tables(const struct table_view *table, uint32_t n)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < TG_MIN(n, MON_TABLES); i++)
        json_array_append_new(list, PUT(json_object(), &table[i], table_fields));
    return list;
}

bool mon_take_tables(struct table_view table[MON_TABLES], uint32_t *n, const json_t *list, struct err *e)
{
    *n = (uint32_t)TG_MIN(json_array_size(list), MON_TABLES);
    for (uint32_t i = 0; i < *n; i++)
        if (!TAKE(&table[i], table_fields, json_array_get(list, i)))
            return false;
    return true;
}

json_t *mon_encode_object(const struct mon_snapshot *s)
{
    json_t *o = PUT(json_object(), s, head_fields);
    json_t *source = PUT(json_object(), s, source_fields), *sources = json_array();
    json_object_set_new(source, "position", PUT(json_object(), s, position_fields));
    json_array_append_new(sources, source);
    json_object_set_new(o, "source", sources);
    json_object_set_new(o, "target", PUT(json_object(), s, target_fields));
    json_object_set_new(o, "dump", PUT(json_object(), &s->dump, flow_fields));
    json_object_set_new(o, "load", PUT(json_object(), &s->load, flow_fields));
    json_object_set_new(o, "lag", lag_put(&s->lag));
    json_object_set_new(o, "pace", PUT(json_object(), &s->pace, pace_fields));
    json_object_set_new(o, "position_applied", PUT(json_object(), s, applied_fields));
    json_object_set_new(o, "tables", PUT(json_object(), s, tables_fields));
    json_t *questions = json_array();
    for (uint32_t i = 0; i < TG_MIN(s->nquestions, MON_QUESTIONS); i++)
        json_array_append_new(questions, question_put(&s->question[i]));
    json_object_set_new(o, "questions", questions);
    PUT(o, s, tail_fields);
    json_object_set_new(o, "table_list", mon_put_tables(s->table, s->ntables));
    return o;
}

static bool lists_take(struct mon_snapshot *s, json_t *o, struct err *e)
{
    json_t *questions = json_object_get(o, "questions"), *list = json_object_get(o, "table_list");
    s->nquestions = (uint32_t)TG_MIN(json_array_size(questions), MON_QUESTIONS);
    for (uint32_t i = 0; i < s->nquestions; i++)
        if (!question_take(&s->question[i], json_array_get(questions, i), e))
            return false;
    return mon_take_tables(s->table, &s->ntables, list, e);
}

void mon_snapshot_init(struct mon_snapshot *s, const char *run)
{
    memset(s, 0, sizeof *s);
    mon_text(s->run, sizeof s->run, run);
    mon_text(s->version, sizeof s->version, TG_VERSION);
    s->began_ms = -1;
    s->lag.binlog_kept_s = s->lag.binlog_used_s = -1;
    s->lag.seconds = s->lag.received_s = -1;
    s->lag.to_us_s = s->lag.wait_s = s->lag.commit_s = s->lag.commit_p99_s = -1;
    s->lag.could_tx_rate = s->lag.could_byte_rate = s->lag.conflicts = -1;
    s->pace.threads_running = -1;
    s->pace.read_ms = -1;
    s->dump.left_s = s->dump.left_from_s = s->dump.left_to_s = -1;
    s->load.left_s = s->load.left_from_s = s->load.left_to_s = -1;
    for (unsigned i = 0; i < MON_TABLES; i++)
        s->table[i].left_s = -1;
}

bool mon_decode_object(struct mon_snapshot *out, json_t *o, struct err *e)
{
    mon_snapshot_init(out, "");
    out->version[0] = 0;
    if (!json_is_object(o) || !json_is_string(json_object_get(o, "state")))
        return err_set(e, ERR_SOCKET, "the engine's answer is no snapshot");
    json_t *source = json_array_get(json_object_get(o, "source"), 0);
    return TAKE(out, head_fields, o) && TAKE(out, tail_fields, o) &&
           TAKE(out, source_fields, source) &&
           TAKE(out, position_fields, json_object_get(source, "position")) &&
           TAKE(out, applied_fields, json_object_get(o, "position_applied")) &&
           TAKE(out, target_fields, json_object_get(o, "target")) &&
           TAKE(out, tables_fields, json_object_get(o, "tables")) &&
           TAKE(&out->dump, flow_fields, json_object_get(o, "dump")) &&
           TAKE(&out->load, flow_fields, json_object_get(o, "load")) &&
           TAKE(&out->pace, pace_fields, json_object_get(o, "pace")) &&
           lag_take(&out->lag, json_object_get(o, "lag"), e) && lists_take(out, o, e);
}

void mon_forget_now(struct mon_snapshot *s)
{
    s->lag.seconds = s->lag.received_s = s->lag.source_tx_rate = s->lag.source_byte_rate = -1;
    s->lag.apply_tx_rate = s->lag.apply_byte_rate = s->dump.rate = s->load.rate = s->dump.row_rate = s->load.row_rate = 0;
    s->lag.to_us_s = s->lag.wait_s = s->lag.commit_s = s->lag.commit_p99_s = s->lag.conflicts = -1;
    s->lag.could_tx_rate = s->lag.could_byte_rate = s->lag.binlog_used_s = -1;
    s->dump.workers = s->load.workers = 0;
    s->dump.left_s = s->dump.left_from_s = s->dump.left_to_s = s->load.left_s = s->load.left_from_s = s->load.left_to_s = -1;
    for (uint32_t i = 0; i < TG_MIN(s->ntables, (uint32_t)MON_TABLES); i++) {
        s->table[i].rate = 0;
        s->table[i].left_s = -1;
    }
}

char *mon_encode(const struct mon_snapshot *s)
{
    return mon_json_line(mon_encode_object(s));
}

char *mon_encode_pace(const struct pace_view *v)
{
    return mon_json_line(PUT(json_object(), v, pace_fields));
}

bool mon_decode(struct mon_snapshot *out, const char *json, size_t n, struct err *e)
{
    json_error_t at;
    json_t *o = json_loadb(json, n, 0, &at);
    bool ok = o ? mon_decode_object(out, o, e) : err_set(e, ERR_SOCKET, "no JSON: %s", at.text);
    if (!o)
        memset(out, 0, sizeof *out);
    json_decref(o);
    return ok;
}
