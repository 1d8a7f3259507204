// SPDX-License-Identifier: Apache-2.0
/* What a run sends to a target, once each, in a scratch schema: the statements of a copy, of the stream, of DDL and of
 * objects. Each step builds on the one before, so the first that fails ends the rehearsal, but for those a run can do
 * without. */
#include "check/grants.h"
#include "base/text.h"
#include "check/rehearse.h"
#include "db/load.h"

#include <stdio.h>
#include <stdlib.h>

#define ROWS "1\tone\t10\n2\ttwo\t20\n"

struct stage {
    struct run *run;
    struct scratch scratch;
    size_t given;                     /* of ROWS, while a LOAD is answered */
};
struct deed {
    const char *name;                 /* as the result tells it */
    const char *sql;                  /* in the scratch schema; NULL: see act */
    const char *is_right;             /* what a SELECT's value must be; NULL: no SELECT */
    bool (*act)(struct stage *s, struct err *e);
    const char *without;              /* a failure is only a warning: what the run does then */
};

static bool act_create(struct stage *s, struct err *e)
{
    return scratch_make(&s->scratch, e) && conn_execf(&s->scratch.conn, e, "USE `%s`", s->scratch.name);
}

/* As the run writes: the rows in one packet of several statements, COMMIT alone. */
static bool act_packet(struct stage *s, struct err *e)
{
    static const char sql[] = "BEGIN;INSERT INTO t (id, v, n) VALUES (3,'drei é',30),(4,NULL,40);UPDATE t SET n = n + 1 WHERE id = 4";
    uint64_t affected[3];
    unsigned done = 0;
    bool fine = conn_packet(&s->scratch.conn, sql, sizeof sql - 1, affected, TG_ARRAY_LEN(affected), &done, e);
    return fine && conn_execf(&s->scratch.conn, e, "COMMIT");
}

static void on_open(void *arg, unsigned n)
{
    struct stage *s = arg;
    (void)n;
    s->given = 0;
}

static int on_read(void *arg, char *to, unsigned room)
{
    struct stage *s = arg;
    size_t n = TG_MIN((size_t)room, sizeof ROWS - 1 - s->given);
    memcpy(to, ROWS + s->given, n);
    s->given += n;
    return (int)n;
}

static bool act_load(struct stage *s, struct err *e)
{
    struct load_port port = {.arg = s, .open = on_open, .read = on_read};
    struct buf sql = {0};
    uint64_t affected[1];
    unsigned done = 0;
    load_port_begin(&port);
    buf_adds(&sql, "LOAD DATA LOCAL INFILE ");
    load_port_name(&port, 0, &sql);
    buf_adds(&sql, " INTO TABLE t CHARACTER SET utf8mb4 FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' (id, v, n)");
    bool fine = conn_packet_load(&s->scratch.conn, &port, sql.p, sql.n, affected, 1, &done, e);
    if (fine && (port.records != 2 || port.losses))
        fine = err_set(e, ERR_TARGET_QUERY, "LOAD DATA took %llu of 2 rows, %llu with a warning", (unsigned long long)port.records,
                       (unsigned long long)port.losses);
    buf_release(&sql);
    return fine;
}

static bool act_drop(struct stage *s, struct err *e)
{
    return scratch_drop(&s->scratch, e);
}

static const struct deed deeds[] = {
    {.name = "CREATE DATABASE", .act = act_create},
    {.name = "CREATE TABLE", .sql = "CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, v VARCHAR(100), n INT) CHARSET=utf8mb4 COLLATE=utf8mb4_bin"},
    {.name = "LOAD DATA LOCAL", .act = act_load, .without = N_("rows will be written by INSERT, which takes the target longer")},
    {.name = "INSERT", .act = act_packet},
    {.name = "SELECT", .sql = "SELECT GROUP_CONCAT(CONCAT(id, HEX(COALESCE(v, 'x')), n) ORDER BY id) FROM t WHERE id > 2",
     .is_right = "36472656920C3A930,47841"},
    {.name = "ALTER TABLE … ADD COLUMN", .sql = "ALTER TABLE t ADD COLUMN more INT NOT NULL DEFAULT 7"},
    {.name = "ALTER TABLE … ADD INDEX", .sql = "ALTER TABLE t ADD INDEX by_n (n)"},
    {.name = "UPDATE", .sql = "UPDATE t SET v = 'other' WHERE id = 3"},
    {.name = "DELETE", .sql = "DELETE FROM t WHERE id IN (4)"},
    {.name = "SELECT", .sql = "SELECT CONCAT(v, more) FROM t WHERE id = 3", .is_right = "other7"},
    {.name = "CREATE VIEW", .sql = "CREATE VIEW w AS SELECT 1 AS one", .without = N_("views of the source will not be made")},
    {.name = "RENAME TABLE", .sql = "RENAME TABLE t TO u"},
    {.name = "TRUNCATE TABLE", .sql = "TRUNCATE TABLE u"},
    {.name = "DROP TABLE", .sql = "DROP TABLE u"},
    {.name = "DROP DATABASE", .act = act_drop},
};

static bool take_deed(struct stage *s, const struct deed *k, struct err *e)
{
    char value[200] = "";
    if (k->act)
        return k->act(s, e);
    bool fine = k->is_right ? conn_value(&s->scratch.conn, k->sql, value, sizeof value, e) : conn_exec(&s->scratch.conn, k->sql, strlen(k->sql), NULL, e);
    if (k->is_right && !fine && e->code == ERR_OK)
        err_set(e, ERR_TARGET_QUERY, "a row that was written is not there");
    if (fine && k->is_right && strcmp(value, k->is_right) != 0)
        fine = err_set(e, ERR_TARGET_QUERY, "it shows '%s' in place of '%s'", value, k->is_right);
    return fine;
}

/* true: the rehearsal goes on. */
static bool judge_deed(const struct deed *k, struct check_result *out, const struct err *e)
{
    if (k->without) {
        find(out, CHECK_WARN, k->without, "%s: %s", k->name, e->text);
        return !err_is_lost(e);
    }
    if (err_is_lost(e)) {
        unread(out, e);
        return false;
    }
    enum err_code code = e->code == ERR_TARGET_PRIVILEGE || e->code == ERR_TARGET_FULL ? e->code : ERR_TARGET_QUERY;
    set_found(out, "%s is refused", k->name);
    find(out, CHECK_FAIL, err_info(code)->cure, "%s: %s", k->name, e->text);
    judge(out, CHECK_FAIL, code);
    return false;
}

/* Whether the user lacks it where the run will write, too; what can't be read is not held against anybody. */
static bool lacks(struct run *r, enum priv p)
{
    struct err ignored = {0};
    const struct grants *g = end_grants(&r->end[TARGET], &ignored);
    bool has_tables = run_tables(r, NULL) && r->tables.n;
    if (!g || !has_tables)
        return g && !grants_has(g, p, NULL, NULL);
    for (uint32_t i = 0; i < r->tables.n; i++)
        if (!grants_has(g, p, r->tables.tables[i]->target_schema, NULL))
            return true;
    return false;
}

/* A user may well lack the privilege for the scratch schema alone: that says nothing about the run. */
static void tell_unmade(struct run *r, const struct deed *k, enum priv p, const char *name, struct check_result *out, const struct err *e)
{
    if (e->code != ERR_TARGET_PRIVILEGE || lacks(r, p)) {
        judge_deed(k, out, e);
        return;
    }
    set_found(out, "not rehearsed");
    find(out, CHECK_WARN, "Grant ALL on the schema that is named for the rehearsal, or let another user rehearse.",
         "the user may not make and drop the schema %s: %s", name, e->text);
    judge(out, CHECK_WARN, ERR_TARGET_PRIVILEGE);
}

static void run_deeds(struct stage *s, struct check_result *out)
{
    struct buf times = {0};
    struct err e = {0};
    bool goes_on = true;
    uint32_t done = 0;
    buf_addf(&times, N_("Schema %s, dropped again."), s->scratch.name);
    for (size_t i = 0; goes_on && i < TG_ARRAY_LEN(deeds); i++) {
        const struct cancel *cancel = s->run->o->cancel;
        if (cancel && cancel_is_set(cancel)) {
            not_applicable(out, "cancelled");
            break;
        }
        if (deeds[i].act == act_load && !s->run->job->load_data)
            continue;
        int64_t began = clock_mono_ms();
        if (take_deed(s, &deeds[i], &e)) {
            buf_addf(&times, " %s %lld ms;", deeds[i].name, (long long)(clock_mono_ms() - began));
            done++;
        } else if (i == 0) {
            tell_unmade(s->run, &deeds[0], PRIV_CREATE, s->scratch.name, out, &e);
            goes_on = false;
        } else {
            goes_on = judge_deed(&deeds[i], out, &e);
            err_clear(&e);
        }
    }
    if (goes_on && out->judged != CHECK_NONE)
        set_found(out, "%u steps done", done);
    if (out->judged != CHECK_NONE)
        set_detail(out, "%.*s.", (int)times.n - 1, times.p);
    buf_release(&times);
}

void check_rehearse_target(struct run *r, struct check_result *out)
{
    struct stage s = {.run = r};
    struct err e = {0};
    set_wanted(out, "every step");
    if (scratch_open(&s.scratch, &r->end[TARGET], &e)) {
        run_deeds(&s, out);
        if (s.scratch.conn.my)
            scratch_end(&s.scratch, out);
        return;
    }
    if (!s.scratch.lacks_drop) {
        unread(out, &e);
        return;
    }
    /* Nothing was made yet that would stay. */
    static const struct deed drop = {.name = "DROP TABLE"};
    tell_unmade(r, &drop, PRIV_DROP, s.scratch.name, out, &e);
}
