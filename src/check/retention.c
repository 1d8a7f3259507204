// SPDX-License-Identifier: Apache-2.0
// How long the source keeps its binlog, against how long the run may have to stand still.
#include "check/grants.h"
#include "base/text.h"
#include "check/private.h"
#include "check/retention.h"

#include "binlog/binlog.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define HOUR INT64_C(3600)
#define DAY (24 * HOUR)
#define RDS_MOST (7 * DAY)
#define AURORA_MOST (90 * DAY)

void retention_judge(struct retention *k, bool is_full, uint64_t bytes)
{
    k->copy_s = TG_MAX((int64_t)(bytes / RETENTION_RATE), INT64_C(60));
    k->wanted_s = DAY + 2 * k->copy_s;
    k->least_s = DAY + k->copy_s;
    if (!is_full)
        k->wanted_s = TG_MAX(k->wanted_s, 3 * DAY);
    else
        k->least_s = 2 * k->copy_s;   /* it ends with the copy: a stop of a day is comfort */
    k->cure_s = TG_MAX(7 * DAY, (k->wanted_s + DAY - 1) / DAY * DAY);
    k->state = k->kept_s < 0 || k->kept_s >= k->wanted_s ? CHECK_PASS : k->kept_s < k->least_s ? CHECK_FAIL : CHECK_WARN;
}

/* ---- what the source says ---- */

/* mysql.rds_configuration: NULL means that files go as soon as the server itself needs them no more. */
static bool read_rds(struct conn *c, struct retention *k, bool *is_spent, struct err *e)
{
    static const char name[] = "binlog retention hours";
    MYSQL_RES *res = NULL;
    bool found = false;
    bool fine = conn_query(c, "SELECT name, value FROM mysql.rds_configuration", &res, e);
    if (!fine) {
        err_clear(e);
        *is_spent = true;             /* a CALL answers with more than one result */
        fine = conn_query(c, "CALL mysql.rds_show_configuration", &res, e);
    }
    for (MYSQL_ROW row; fine && (row = mysql_fetch_row(res)) != NULL;)
        if (row[0] && strcmp(row[0], name) == 0) {
            k->kept_s = row[1] ? strtoll(row[1], NULL, 10) * HOUR : 0;
            k->is_null = !row[1];
            found = true;
        }
    if (fine)
        mysql_free_result(res);
    snprintf(k->name, sizeof k->name, "%s", name);
    return fine && (found || err_set(e, ERR_SOURCE_QUERY, "mysql.rds_configuration has no \"%s\"", name));
}

static bool read_rds_aside(struct run *r, struct retention *k, struct err *e)
{
    struct conn side = {0};
    bool is_spent;
    if (!end_connect(&r->end[SOURCE], &side, e))
        return false;
    bool fine = read_rds(&side, k, &is_spent, e);
    conn_kill(&side);
    return fine;
}

/* What the source's settings are; NULL: it has no such setting. */
enum setting { SECONDS, DAYS, PURGES, TOTAL_SIZE, SPACE_LIMIT, SETTINGS };
static const char *const settings[SETTINGS] = {"binlog_expire_logs_seconds", "expire_logs_days", "binlog_expire_logs_auto_purge",
                                               "max_binlog_total_size", "binlog_space_limit"}; /* of size: MariaDB 11.4, Percona */

static void take_settings(struct retention *k, const char *const value[SETTINGS])
{
    const char *seconds = value[SECONDS], *days = value[DAYS], *purges = value[PURGES];
    bool by_days = days && strtod(days, NULL) > 0 && (!seconds || strtoll(seconds, NULL, 10) == 0);
    snprintf(k->name, sizeof k->name, "%s", by_days || !seconds ? "expire_logs_days" : "binlog_expire_logs_seconds");
    int64_t kept = by_days || !seconds ? (int64_t)(strtod(days ? days : "0", NULL) * (double)DAY) : strtoll(seconds, NULL, 10);
    k->kept_s = kept == 0 || (purges && !value_is_on(purges)) ? -1 : kept;
}

static void take_limit(struct retention *k, const char *const value[SETTINGS])
{
    for (int i = TOTAL_SIZE; i <= SPACE_LIMIT && !k->limit_bytes; i++) {
        k->limit_bytes = value[i] ? strtoull(value[i], NULL, 10) : 0;
        snprintf(k->limit_name, sizeof k->limit_name, "%s", k->limit_bytes ? settings[i] : "");
    }
}

bool retention_read(struct conn *c, struct retention *k, bool *is_spent, struct err *e)
{
    struct buf sql = {0};
    char *value[SETTINGS] = {NULL};
    MYSQL_RES *res = NULL;
    *k = (struct retention){.kept_s = -1};
    *is_spent = false;
    buf_adds(&sql, "SHOW GLOBAL VARIABLES WHERE Variable_name IN (");
    for (int i = 0; i < SETTINGS; i++)
        buf_addf(&sql, "%s'%s'", i ? "," : "", settings[i]);
    buf_addc(&sql, ')');
    bool fine = conn_query(c, sql.p, &res, e);
    buf_release(&sql);
    for (MYSQL_ROW row; fine && (row = mysql_fetch_row(res)) != NULL;)
        for (int i = 0; i < SETTINGS; i++)
            if (row[0] && row[1] && !value[i] && strcasecmp(row[0], settings[i]) == 0)
                value[i] = x_strdup(row[1]);
    if (fine)
        mysql_free_result(res);
    take_limit(k, (const char *const *)value);
    if (fine && (c->server.is_rds || has_rds_calls(c))) /* its variables say nothing then */
        fine = read_rds(c, k, is_spent, e);
    else
        take_settings(k, (const char *const *)value);
    for (int i = 0; i < SETTINGS; i++)
        free(value[i]);
    return fine;
}

struct began_look {
    int64_t began_s;
    unsigned events;
};

static bool look_for_began(void *arg, const struct binlog_event *ev)
{
    struct began_look *l = arg;
    if (ev->kind == BINLOG_FORMAT)
        l->began_s = ev->format.created_s;
    return !l->began_s && ++l->events < 4;
}

bool binlog_file_began(struct run *r, const char *file, int64_t *out)
{
    struct binlog_start start = {.heartbeat_ms = 1000, .pos.at = 4};
    struct began_look l = {0};
    struct err ignored = {0};
    snprintf(start.pos.file, sizeof start.pos.file, "%s", file);
    if (!binlog_walk(&r->end[SOURCE].addr, &start, look_for_began, &l, &ignored) || !l.began_s)
        return false;
    *out = l.began_s;
    return true;
}

/* Bytes a second over the life of the files that are there; 0: not known, or too young to tell. */
static void read_rate(struct run *r, struct retention *k)
{
    struct conn *c = &r->end[SOURCE].conn;
    struct err ignored = {0};
    char first[256] = "", now[32];
    int64_t began = 0;
    MYSQL_RES *res;
    if (!conn_query(c, "SHOW BINARY LOGS", &res, &ignored))
        return;
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL; k->nfiles++) {
        if (!first[0])
            snprintf(first, sizeof first, "%s", row[0]);
        k->bytes += strtoull(row[1], NULL, 10);
    }
    mysql_free_result(res);
    if (!first[0] || !binlog_file_began(r, first, &began) || !conn_value(c, "SELECT UNIX_TIMESTAMP()", now, sizeof now, &ignored))
        return;
    k->age_s = TG_MAX(strtoll(now, NULL, 10) - began, INT64_C(1));
    k->rate = k->age_s >= RETENTION_HISTORY ? (double)k->bytes / (double)k->age_s : 0;
}

/* ---- the cure ---- */

static char *effect(const struct retention *k, int64_t keep_s)
{
    char bytes[32];
    if (k->rate <= 0)
        return x_strdup(_("at once, no restart; more disk at the source, by what it writes in that time"));
    int64_t more = keep_s - TG_MAX(k->kept_s, INT64_C(0));
    return x_format(_("at once, no restart; about %s more disk at the source, as fast as it writes now"),
                    bytes_text(bytes, (uint64_t)(k->rate * (double)TG_MAX(more, INT64_C(0)))));
}

static void cure_rds(struct run *r, struct check_result *out, const struct retention *k)
{
    int64_t keep = TG_MIN(k->cure_s, run_managed(r) == MANAGED_AURORA ? AURORA_MOST : RDS_MOST);
    const struct grants *g = end_grants(&r->end[SOURCE], NULL);
    struct check_cure *c = add_cure(out, CURE_SQL, "Keep the binlog for %lld hours", (long long)(keep / HOUR));
    c->sql = x_format("CALL mysql.rds_set_configuration('%s', %lld)", k->name, (long long)(keep / HOUR));
    c->undo = k->is_null ? x_format("CALL mysql.rds_set_configuration('%s', NULL)", k->name)
                         : x_format("CALL mysql.rds_set_configuration('%s', %lld)", k->name, (long long)(k->kept_s / HOUR));
    c->effect = effect(k, keep);
    if (g && !grants_may_call(g, "mysql", "rds_set_configuration"))
        c->needs = x_strdup("EXECUTE ON PROCEDURE mysql.rds_set_configuration");
}

static void cure_time(struct run *r, struct check_result *out, const struct retention *k)
{
    struct end *s = &r->end[SOURCE];
    char text[32], more[200];
    char *words = effect(k, k->cure_s);
    const char *days = end_variable(s, "expire_logs_days");
    if (run_has_rds_calls(r)) {
        free(words);
        cure_rds(r, out, k);
        return;
    }
    snprintf(more, sizeof more, "%s", words);
    free(words);
    bool in_days = strcmp(k->name, "expire_logs_days") == 0;
    snprintf(text, sizeof text, "%lld", (long long)(in_days ? k->cure_s / DAY : k->cure_s));
    /* MySQL 8.0 refuses seconds while days are set: days it stays. */
    cure_variable(r, out, true, in_days && days ? "expire_logs_days" : "binlog_expire_logs_seconds", text, more, "Keep the binlog for %lld days",
                (long long)(k->cure_s / DAY));
}

static void judge_size(struct run *r, struct check_result *out, const struct retention *k)
{
    char text[32], size[32];
    const char *name = k->limit_name;
    if (!k->limit_bytes || k->rate <= 0)
        return;
    int64_t seconds = (int64_t)((double)k->limit_bytes / k->rate);
    if (seconds >= k->wanted_s)
        return;
    find(out, seconds < k->least_s ? CHECK_FAIL : CHECK_WARN, NULL, "%s keeps %s, which is what the source writes in %s", name,
         bytes_text(size, k->limit_bytes), text_seconds(seconds, text));
    snprintf(text, sizeof text, "%llu", (unsigned long long)((uint64_t)(k->rate * (double)k->cure_s) / 4096 * 4096));
    cure_variable(r, out, true, name, text, NULL, "Let the binlog grow to what %lld days write", (long long)(k->cure_s / DAY));
}

static uint64_t chosen_bytes(struct run *r)
{
    uint64_t sum = 0;
    struct err ignored = {0};
    if (r->job->mode == MODE_INCREMENTAL || !run_sizes(r, &ignored))
        return 0;
    for (uint32_t i = 0; i < r->tables.n; i++)
        sum += r->sizes[i].data_bytes;
    return sum;
}

void check_retention(struct run *r, struct check_result *out)
{
    struct end *s = &r->end[SOURCE];
    struct retention k = {.kept_s = -1};
    struct err e = {0};
    char text[32], copy[32], age[32];
    const char *value[SETTINGS];
    if (!end_variables(s, &e) || (run_has_rds_calls(r) && !read_rds_aside(r, &k, &e))) {
        unread(out, &e);
        return;
    }
    for (int i = 0; i < SETTINGS; i++)
        value[i] = end_variable(s, settings[i]);
    if (!run_has_rds_calls(r))
        take_settings(&k, value);
    take_limit(&k, value);
    retention_judge(&k, r->job->mode == MODE_FULL, chosen_bytes(r));
    read_rate(r, &k);
    if (k.is_null)
        set_found(out, "no time at all");
    else
        set_found(out, "%s", k.kept_s < 0 ? N_("for ever") : text_seconds(k.kept_s, text));
    set_wanted(out, "%lld h or more", (long long)((k.wanted_s + HOUR - 1) / HOUR));
    set_detail(out, "The copy may take %s (%d MB a second); %u files are there, the oldest begun %s ago.", text_seconds(k.copy_s, copy),
               (int)(RETENTION_RATE / 1000000), k.nfiles, k.age_s ? text_seconds(k.age_s, age) : N_("an unknown time"));
    if (k.state != CHECK_PASS) {
        if (k.is_null)
            find(out, k.state, NULL, "%s is NULL: a file of the binlog goes as soon as the source itself needs it no more", k.name);
        else
            find(out, k.state, NULL, "%s keeps %s: a run that stands still for longer begins anew", k.name, text_seconds(k.kept_s, text));
        judge(out, k.state, ERR_BINLOG_PURGED);
        cure_time(r, out, &k);
    }
    judge_size(r, out, &k);
}
