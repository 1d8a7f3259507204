// SPDX-License-Identifier: Apache-2.0
/* Cures: their statements run one by one, on a connection that serves nothing else, as the job's user or as another.
 * What was changed is written down first (record.c). */
#include "check/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* Behind the string, quoted name or comment that begins at p, or p itself where none does. */
static const char *pass_over(const char *p)
{
    const char *end = NULL;
    if (p[0] == '/' && p[1] == '*')
        return (end = strstr(p + 2, "*/")) ? end + 2 : p + strlen(p);
    if (p[0] == '#' || (p[0] == '-' && p[1] == '-' && (p[2] == ' ' || p[2] == '\t' || p[2] == '\n' || !p[2])))
        return p + strcspn(p, "\n");
    if (p[0] != '\'' && p[0] != '"' && p[0] != '`')
        return p;
    for (end = p + 1; *end && *end != *p; end++)
        end += *p != '`' && *end == '\\' && end[1];
    return *end ? end + 1 : end; /* a doubled quote begins another one */
}

bool cure_next(const char **at, struct str *out)
{
    const char *p = *at, *first = NULL;
    while (*p) {
        bool is_end = *p == ';' && (p[1] == '\n' || !p[1]);
        if (is_end && first)
            break;
        const char *next = is_end ? p + 1 : pass_over(p);
        bool is_comment = next != p && *p != '\'' && *p != '"' && *p != '`';
        if (!first && !is_end && !is_comment && !strchr(" \t\r\n", *p))
            first = p;
        p = next == p ? p + 1 : next;
    }
    *out = (struct str){first, first ? (size_t)(p - first) : 0};
    *at = *p ? p + 1 : p;
    return first != NULL;
}

static unsigned count(const char *sql)
{
    struct str one;
    unsigned n = 0;
    for (const char *at = sql; cure_next(&at, &one);)
        n++;
    return n;
}

static bool begins_with(struct str sql, const char *words)
{
    size_t n = strlen(words);
    return sql.n > n && strncasecmp(sql.p, words, n) == 0 && strchr(" \t\r\n(", sql.p[n]);
}

/* Values that are put back can be put back whatever they are now. */
static bool is_only_values(const char *sql)
{
    struct str one;
    for (const char *at = sql; cure_next(&at, &one);)
        if (!begins_with(one, "SET") && !begins_with(one, "RESET PERSIST") && !begins_with(one, "CALL mysql.rds_set_configuration"))
            return false;
    return true;
}

/* ---- running ---- */

static const struct job_end *end_of_job(const struct job *job, bool at_target)
{
    return at_target ? &job->target : &job->sources[0];
}

void cure_where(const struct job *job, bool at_target, char out[300])
{
    const struct job_end *end = end_of_job(job, at_target);
    snprintf(out, 300, "%.250s:%lld", end->host, (long long)end->port);
}

const char *cure_consent(const struct job *job, const struct check_cure *c)
{
    return end_of_job(job, c->at_target)->host;
}

/* The session is gone, or the one that was to be killed. */
static bool is_killed(struct str sql, const struct err *e)
{
    return (begins_with(sql, "KILL") || begins_with(sql, "CALL mysql.rds_kill")) && (e->sql == 1094 || err_is_lost(e));
}

/* *done: how many ran; *is_open: the one that failed was sent, and its outcome is not known. */
static bool run_all(const struct job *job, bool at_target, const char *sql, const struct cure_login *as, unsigned *done, bool *is_open,
                    struct err *e)
{
    struct db_addr addr;
    struct conn c = {0};
    struct str one;
    bool fine = conn_mysql_init(e);
    *done = 0;
    *is_open = false;
    job_addr(&addr, end_of_job(job, at_target), at_target);
    if (as && as->user) {
        free(addr.user);
        secret_free(addr.password);
        addr.user = x_strdup(as->user);
        addr.password = secret_copy(as->password);
    }
    for (const char *at = sql; fine && cure_next(&at, &one);) {
        fine = c.my || conn_open_plain(&c, &addr, 0, e);
        if (!fine)
            break;
        fine = conn_exec(&c, one.p, one.n, NULL, e);
        if (!fine && is_killed(one, e)) {
            fine = true;
            if (err_is_lost(e))
                conn_close(&c); /* the next statement connects anew */
            err_clear(e);
        }
        *done += fine;
        *is_open = !fine && err_is_lost(e);
    }
    conn_close(&c);
    db_addr_release(&addr);
    return fine;
}

/* After a failure behind `ran` statements: puts back what can be put back, and says what is in force. */
static unsigned take_back(const struct job *job, const struct check_cure *c, const struct cure_login *as, unsigned ran, bool is_open,
                          struct err *e)
{
    unsigned total = count(c->sql), undone;
    struct err why = {0};
    bool ignored;
    bool is_back = (ran || is_open) && c->undo && is_only_values(c->undo) && run_all(job, c->at_target, c->undo, as, &undone, &ignored, &why);
    if (c->needs && (e->code == ERR_SOURCE_PRIVILEGE || e->code == ERR_TARGET_PRIVILEGE))
        err_wrap(e, "needed is %s", c->needs);
    if (is_back)
        err_wrap(e, "statement %u of %u failed, and everything is as it was", ran + 1, total);
    else if (is_open)
        err_wrap(e, "the connection was lost during statement %u of %u, which may have run", ran + 1, total);
    else if (ran && why.code == ERR_OK)
        err_wrap(e, "statement %u of %u failed, and those before it are in force", ran + 1, total);
    else if (ran)
        err_wrap(e, "statement %u of %u failed, and those before it are in force, for their undo failed: %.160s", ran + 1, total, why.text);
    else
        err_wrap(e, "nothing was changed");
    return is_back ? 0 : ran;
}

bool cure_apply(const struct job *job, const char *check, const struct check_cure *c, const struct cure_login *as,
                const char *run_dir, unsigned *done, struct err *e)
{
    struct cure_record r = {.check = (char *)(uintptr_t)check, .title = c->title, .sql = c->sql, .undo = c->undo, .at_target = c->at_target};
    char where[300], id[17];
    bool is_open;
    *done = 0;
    if (c->kind != CURE_SQL)
        return err_set(e, ERR_USAGE, "\"%s\" is nothing that can be run at a server", c->title);
    cure_where(job, c->at_target, where);
    snprintf(id, sizeof id, "%016llx", (unsigned long long)tg_random64());
    r.where = where;
    r.id = id;
    r.user = (char *)(uintptr_t)(as && as->user ? as->user : end_of_job(job, c->at_target)->user);
    if (!record_add(run_dir, &r, e))
        return false;
    if (run_all(job, c->at_target, c->sql, as, done, &is_open, e))
        return true;
    *done = take_back(job, c, as, *done, is_open, e);
    if (!*done && !is_open)
        record_drop(run_dir, id, NULL);
    return false;
}

bool cure_undo(const struct job *job, const struct cure_record *r, const struct cure_login *as, const char *run_dir,
               unsigned *done, struct err *e)
{
    char where[300];
    bool ignored;
    *done = 0;
    if (r->undone_at)
        return err_set(e, ERR_USAGE, "\"%s\" was undone at %s", r->title, r->undone_at);
    if (!r->undo)
        return err_set(e, ERR_USAGE, "\"%s\" has no undo", r->title);
    cure_where(job, r->at_target, where);
    if (strcmp(where, r->where) != 0)
        return err_set(e, ERR_USAGE, "\"%s\" was applied at %s, and the job now names %s", r->title, r->where, where);
    if (!run_all(job, r->at_target, r->undo, as, done, &ignored, e))
        return err_wrap(e, "%u of %u statements of the undo ran", *done, count(r->undo));
    return record_mark_undone(run_dir, r->id, e);
}
