// SPDX-License-Identifier: Apache-2.0
/* The scratch schema. Three things keep it apart from everything else: its name, which no job ever moves; a table inside
 * that only we make (the mark); and a lock of its name that its maker's connection holds (GET_LOCK), so that a second
 * rehearsal neither shares nor drops it while the first one lives. */
#include "check/rehearse.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MARK "made_by_tidegate_check"

static bool is_privilege(const struct err *e)
{
    return e->code == ERR_SOURCE_PRIVILEGE || e->code == ERR_TARGET_PRIVILEGE;
}

/* false without an error: another session has it. A server without such locks gives them all away. */
static bool name_lock(struct conn *c, const char *name, bool *is_had, struct err *e)
{
    char sql[160], value[8] = "";
    snprintf(sql, sizeof sql, "SELECT GET_LOCK('%s', 0)", name);
    if (!conn_value(c, sql, value, sizeof value, e)) {
        if (err_is_lost(e))
            return false;
        err_clear(e);
        value[0] = '1';
    }
    *is_had = strcmp(value, "1") == 0;
    return true;
}

static bool name_unlock(struct conn *c, const char *name, struct err *e)
{
    char sql[160], value[8];
    snprintf(sql, sizeof sql, "SELECT RELEASE_LOCK('%s')", name);
    if (conn_value(c, sql, value, sizeof value, e) || !err_is_lost(e)) {
        err_clear(e);
        return true;
    }
    return false;
}

enum whose { FREE, FOREIGN, LEFTOVER }; /* there is none; another's; ours by its mark */

static bool look(struct conn *c, const char *name, enum whose *out, struct err *e)
{
    char sql[400], value[8] = "";
    snprintf(sql, sizeof sql,
             "SELECT (SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '%s') + "
             "(SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '%s' AND TABLE_NAME = '" MARK "')",
             name, name);
    if (!conn_value(c, sql, value, sizeof value, e))
        return false;
    *out = value[0] == '0' ? FREE : value[0] == '1' ? FOREIGN : LEFTOVER;
    return true;
}

/* The locks of older servers are one a session, so each is given back before the next is taken. */
static bool drop_leftover(struct conn *c, const char *name, struct err *e)
{
    bool is_had = false;
    enum whose now = FREE;
    if (!name_is_scratch(name))
        return true;
    if (!name_lock(c, name, &is_had, e) || !is_had)
        return e->code == ERR_OK;
    bool fine = look(c, name, &now, e) && (now != LEFTOVER || conn_execf(c, e, "DROP DATABASE `%s`", name));
    if (!fine && is_privilege(e)) {
        err_clear(e); /* made by another user */
        fine = true;
    }
    return fine && name_unlock(c, name, e);
}

static bool drop_leftovers(struct conn *c, struct err *e)
{
    MYSQL_RES *res;
    if (!conn_query(c, "SELECT TABLE_SCHEMA FROM information_schema.TABLES WHERE TABLE_NAME = '" MARK "' AND TABLE_SCHEMA LIKE '" SCRATCH_SCHEMA "%'", &res, e))
        return false;
    bool fine = true;
    for (MYSQL_ROW row; fine && (row = mysql_fetch_row(res)) != NULL;)
        fine = drop_leftover(c, row[0], e);
    mysql_free_result(res);
    return fine;
}

static bool take_name(struct scratch *s, struct err *e)
{
    bool is_had = false;
    enum whose now = FOREIGN;
    snprintf(s->name, sizeof s->name, "%s", SCRATCH_SCHEMA);
    for (unsigned tries = 0; tries < 4; tries++) {
        if (!name_lock(&s->conn, s->name, &is_had, e) || !look(&s->conn, s->name, &now, e))
            return false;
        if (is_had && now == FREE)
            return true;
        if (is_had && !name_unlock(&s->conn, s->name, e))
            return false;
        snprintf(s->name, sizeof s->name, "%s_%08x", SCRATCH_SCHEMA, (unsigned)tg_random64());
    }
    return err_set(e, ERR_INTERNAL, "no free name for a scratch schema");
}

/* 1049: the schema is missing, which a user without the privilege is not told. */
static bool try_drop(struct scratch *s, struct err *e)
{
    if (conn_execf(&s->conn, e, "DROP TABLE IF EXISTS `%s`.`" MARK "`", s->name) || e->sql == 1049) {
        err_clear(e);
        return true;
    }
    s->lacks_drop = !err_is_lost(e);
    return false;
}

bool scratch_open(struct scratch *s, const struct end *at, struct err *e)
{
    *s = (struct scratch){.can_load = true};
    if (end_connect(at, &s->conn, e) && drop_leftovers(&s->conn, e) && take_name(s, e) && try_drop(s, e))
        return true;
    conn_close(&s->conn);
    return false;
}

bool scratch_make(struct scratch *s, struct err *e)
{
    if (!conn_execf(&s->conn, e, "CREATE DATABASE `%s`", s->name))
        return false;
    s->is_made = true;
    return conn_execf(&s->conn, e, "CREATE TABLE `%s`.`" MARK "` (id INT PRIMARY KEY)", s->name);
}

bool scratch_drop(struct scratch *s, struct err *e)
{
    const struct db_addr *a = s->conn.addr;
    bool fine = !s->is_made || conn_execf(&s->conn, e, "DROP DATABASE `%s`", s->name);
    if (!fine && err_is_lost(e)) {
        conn_close(&s->conn);
        err_clear(e);
        fine = (a->is_target ? conn_open_target : conn_open_source)(&s->conn, a, 30, e) &&
               conn_execf(&s->conn, e, "DROP DATABASE IF EXISTS `%s`", s->name);
    }
    conn_close(&s->conn);
    s->is_made = s->is_made && !fine;
    return fine;
}

void scratch_end(struct scratch *s, struct check_result *out)
{
    struct err e = {0};
    if (!scratch_drop(s, &e))
        find(out, CHECK_WARN, "Drop it by hand, or run the check again: it will do so.", "the scratch schema %s stays: %s", s->name, e.text);
}
