// SPDX-License-Identifier: Apache-2.0
/* A DDL commits by itself, so whether it ran is found out by looking: before it is sent, the ledger notes what the
 * tables it concerns looked like (a hash of SHOW CREATE TABLE), for each of its statements where the target needs several. After a doubt, when nothing of ours runs at the
 * target any more, the same look tells. On TiDB the look includes the table's number, which TRUNCATE and a RENAME of tables that look
 * alike change. Elsewhere TRUNCATE is simply repeated: what comes after it on that table still waits. */
#include "apply/private.h"

#include "base/fail.h"
#include "base/hash.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

/* Takes the name in backticks off the front of *text. */
static void take_name(const char **text, struct buf *name)
{
    const char *p = *text + 1;
    for (; *p && !(p[0] == '`' && p[1] != '`'); p++) {
        p += p[0] == '`';
        buf_addc(name, *p);
    }
    *text = *p ? p + 1 : p;
}

/* TiDB's number of the table. TRUNCATE, and a RENAME that swaps tables of the same shape, change nothing else. */
static bool add_table_number(struct writer *w, const char *target, struct buf *out, struct err *e)
{
    char number[32] = "";
    struct buf schema = {0}, name = {0}, sql = {0};
    if (w->conn.server.flavour != DB_TIDB)
        return true;
    take_name(&target, &schema);
    target += *target == '.';
    take_name(&target, &name);
    buf_adds(&sql, "SELECT TIDB_TABLE_ID FROM information_schema.TABLES WHERE TABLE_SCHEMA = ");
    sql_text(&sql, schema.p, schema.n);
    buf_adds(&sql, " AND TABLE_NAME = ");
    sql_text(&sql, name.p, name.n);
    bool fine = conn_value(&w->conn, sql.p, number, sizeof number, e) || e->code == ERR_OK;
    buf_adds(out, number);
    buf_release(&schema);
    buf_release(&name);
    buf_release(&sql);
    return fine;
}

/* SHOW CREATE TABLE without what the engine sets by itself when it is in sync: the AUTO_INCREMENT counter, and foreign keys,
 * which count for a statement about them only. */
static void add_text(const char *text, bool with_keys, struct buf *out)
{
    static const char counter[] = " AUTO_INCREMENT=";
    for (const char *p = text, *next; *p; p = next) {
        size_t n = strcspn(p, "\n");
        next = p + n + (p[n] != 0);
        struct str line = {p, n - (n && p[n - 1] == ',')};
        const char *at = *p == ')' ? memmem(line.p, line.n, counter, sizeof counter - 1) : NULL;
        if (!with_keys && memmem(line.p, line.n, " FOREIGN KEY (", 14) && strncmp(p, "  CONSTRAINT ", 13) == 0)
            continue;
        buf_add(out, line.p, at ? (size_t)(at - line.p) : line.n);
        if (at)
            at += sizeof counter - 1 + strspn(at + sizeof counter - 1, "0123456789");
        buf_add(out, at ? at : "", at ? line.n - (size_t)(at - line.p) : 0);
        buf_addc(out, '\n');
    }
}

/* Adds the table's definition, or "-" when there is none. */
static bool add_definition(struct writer *w, const char *target, bool with_keys, struct buf *out, struct err *e)
{
    MYSQL_RES *res;
    char sql[512];
    snprintf(sql, sizeof sql, "SHOW CREATE TABLE %s", target);
    if (!conn_query(&w->conn, sql, &res, e)) {
        bool is_missing = e->sql == 1146 || e->sql == 1049;
        if (is_missing) {
            err_clear(e);
            buf_adds(out, "-");
        }
        return is_missing;
    }
    MYSQL_ROW r = mysql_fetch_row(res);
    add_text(r ? r[1] : "-", with_keys, out);
    mysql_free_result(res);
    return add_table_number(w, target, out, e);
}

static bool fingerprint(struct writer *w, const struct batch *b, char out[40], struct err *e)
{
    struct buf text = {0};
    bool fine = true, with_keys = b->ddl.sql && (strcasestr(b->ddl.sql, "foreign key") || strcasestr(b->ddl.sql, "constraint"));
    for (uint32_t i = 0; i < b->ddl.ntargets && fine; i++)
        fine = add_definition(w, b->ddl.targets[i], with_keys, &text, e);
    struct hash128 h = hash128(text.p, text.n);
    snprintf(out, 40, "%016llx%016llx", (unsigned long long)h.hi, (unsigned long long)h.lo);
    buf_release(&text);
    return fine;
}

/* Statements of a fenced transaction of the ledger alone. */
static bool ledger_only(struct writer *w, const struct batch *b, bool with_applied, const char *before,
                        const char *state, bool *is_unknown, struct err *e)
{
    const struct ledger *l = apply_options_of(w->apply)->ledger;
    struct packet *p = &w->packet;
    writer_begin(w, false);
    packet_begin_statement(p, EXPECT_ANY, 0, NULL);
    ledger_sql_ddl(l, &p->sql, &b->to, str_of(b->ddl.sql ? b->ddl.sql : ""), before, state);
    if (with_applied) {
        packet_begin_statement(p, EXPECT_LEDGER, 1, NULL);
        ledger_sql_applied(l, &p->sql, &b->from, &b->to, 0, b->gtids);
    }
    *is_unknown = false;
    fail_point(with_applied ? "ddl_done.before" : "ddl_note.before");
    if (!writer_send(w, e))
        return false;
    fail_point(with_applied ? "ddl_done.sent" : "ddl_note.sent");
    if (with_applied && b->ddl.ledger.n) {
        uint64_t affected[64];
        unsigned done;
        if (!conn_packet(&w->conn, b->ddl.ledger.p, b->ddl.ledger.n, affected, 64, &done, e))
            return false;
        fail_point("ddl_done.definitions");
    }
    bool fine = writer_commit(w, is_unknown, e);
    fail_point(with_applied ? "ddl_done.committed" : "ddl_note.committed");
    return fine;
}

/* The k-th statement of the batch's text; n == 0: there is none. */
static struct str part_of(const struct batch *b, uint32_t k)
{
    struct str rest = str_of(b->ddl.sql ? b->ddl.sql : ""), part = {0};
    for (uint32_t i = 0; i <= k; i++) {
        if (!rest.n)
            return (struct str){"", 0};
        part = ddl_part(&rest);
    }
    return part;
}

bool writer_send_ddl(struct writer *w, const struct batch *b, struct str sql, struct err *e)
{
    const struct ledger *l = apply_options_of(w->apply)->ledger;
    struct packet *p = &w->packet;
    char mark[100];
    ledger_ddl_mark(&b->to, mark);
    packet_reset(p);
    packet_begin_statement(p, EXPECT_ANY, 0, NULL);
    buf_addf(&p->sql, "SET timestamp = %lld", (long long)b->ddl.timestamp);
    packet_begin_statement(p, EXPECT_LANE, 1, NULL); /* the DDL follows at once, and both show its mark */
    buf_addf(&p->sql, "/* %s:%s ", l->tag, mark);
    ledger_sql_lane(l, &p->sql, w->lane, w->epoch.now);
    packet_begin_statement(p, EXPECT_ANY, 0, NULL);
    buf_addf(&p->sql, "/* %s:%s ", l->tag, mark);
    buf_add(&p->sql, sql.p, sql.n);
    packet_begin_statement(p, EXPECT_ANY, 0, NULL);
    buf_adds(&p->sql, "SET timestamp = DEFAULT");
    fail_point("ddl_run.before");
    bool fine = writer_send(w, e);
    fail_point("ddl_run.after");
    return fine;
}

struct ddl_place {                    /* where a DDL stands */
    bool is_known;                    /* looked up since the last doubt */
    bool is_done;                     /* its row stands in `applied` */
    bool is_noted;                    /* the ledger has the hash of before `part` */
    uint32_t part;                    /* the statement that comes next */
    char before[40];
};

/* Finds out what already ran: by the ledger's note and a look at the tables. */
static bool look(struct writer *w, const struct batch *b, struct ddl_place *at, struct err *e)
{
    const struct apply_options *o = apply_options_of(w->apply);
    char now[40], mark[100], *state = NULL, *was = NULL;
    *at = (struct ddl_place){0};
    if (!writer_settle(w, e) || !ledger_wait_quiet(o->ledger, &w->conn, ledger_ddl_mark(&b->to, mark), o->cancel, e) ||
        !ledger_has_applied(o->ledger, &w->conn, &b->to, 0, &at->is_done, e) || !fingerprint(w, b, now, e) ||
        !ledger_find_ddl(o->ledger, &w->conn, &b->to, &state, &was, e))
        return false;
    at->is_known = true;
    snprintf(at->before, sizeof at->before, "%s", was ? was : now);
    if (state) {
        bool ran = strcmp(was, now) != 0;
        at->part = (uint32_t)strtoul(state, NULL, 10) + (ran ? 1 : 0);
        at->is_noted = !ran;
    }
    free(state);
    free(was);
    return true;
}

/* The next statement: note what the tables look like, then run it. */
static bool run_part(struct writer *w, const struct batch *b, struct ddl_place *at, struct str sql, struct err *e)
{
    char number[16];
    bool is_unknown;
    if (!at->is_noted) {
        snprintf(number, sizeof number, "%u", at->part);
        if (!fingerprint(w, b, at->before, e) || !ledger_only(w, b, false, at->before, number, &is_unknown, e))
            return false;
        at->is_noted = true;
    }
    if (!writer_send_ddl(w, b, sql, e))
        return false;
    at->part++;
    at->is_noted = false;
    return true;
}

/* A DDL that the target refuses: retry, applied by hand, or stop. */
static const char *ask_ddl(struct writer *w, const struct batch *b, const struct err *e)
{
    static const struct ask_choice choices[] = {{"retry", N_("Try again (nothing is lost)")},
                                                {"applied", N_("I have made the change at the target myself")},
                                                {"stop", N_("Stop the run; it can be resumed")}};
    const struct apply_options *o = apply_options_of(w->apply);
    struct err q = *e;
    q.code = ERR_DDL_FAILED;
    err_wrap(&q, "%.300s", b->ddl.sql ? b->ddl.sql : "");
    const char *choice = o->ask.put(o->ask.arg, &q, b->ddl.label, choices, TG_ARRAY_LEN(choices));
    if (choice && strcmp(choice, "stop") == 0) {
        o->ask.fatal(o->ask.arg, &q);
        return NULL;
    }
    return choice;
}

static bool is_refusal(const struct err *e)
{
    return !err_is_lost(e) && !err_is_busy(e) && e->code != ERR_TARGET_FENCED && e->code != ERR_TARGET_CONNECT &&
           e->code != ERR_NET_RESOLVE && e->code != ERR_INTERNAL;
}

/* A table comes into a schema that had none at the start, so nobody has made it at the target. Made without looking: it
 * changes nothing where it is there. */
static bool make_schemas(struct writer *w, const struct batch *b, struct err *e)
{
    bool fine = true;
    for (uint32_t i = 0; fine && i < b->ddl.ntargets; i++) {
        const char *target = b->ddl.targets[i];
        struct buf schema = {0}, sql = {0};
        take_name(&target, &schema);
        buf_adds(&sql, "CREATE DATABASE IF NOT EXISTS ");
        sql_ident(&sql, schema.p);
        fine = writer_send_ddl(w, b, (struct str){sql.p, sql.n}, e);
        buf_release(&schema);
        buf_release(&sql);
    }
    return fine;
}

static bool lacks_schema(const struct batch *b, const struct ddl_place *at, const struct err *e)
{
    struct str sql = part_of(b, at->part);
    bool makes = sql.n > 13 && (strncasecmp(sql.p, "CREATE TABLE ", 13) == 0 || strncasecmp(sql.p, "RENAME TABLE ", 13) == 0);
    return at->is_noted && makes && e->sql == 1049;
}

/* One step. *is_over: everything, the ledger included, is committed. */
static bool step(struct writer *w, const struct batch *b, struct ddl_place *at, bool *is_over, struct err *e)
{
    bool is_unknown = false;
    if (!at->is_known)
        return look(w, b, at, e);
    struct str sql = part_of(b, at->part);
    if (sql.n && !at->is_done)
        return run_part(w, b, at, sql, e);
    *is_over = at->is_done || ledger_only(w, b, true, at->before, "done", &is_unknown, e);
    return *is_over;
}

bool writer_apply_ddl(struct writer *w, struct batch *b)
{
    struct ddl_place at = {0};
    bool is_over = false, has_schemas = false;
    for (unsigned tries = 0; !is_over;) {
        struct err e = {0};
        if (step(w, b, &at, &is_over, &e))
            continue;
        writer_rollback(w);
        if (!has_schemas && lacks_schema(b, &at, &e)) {
            has_schemas = true;       /* once: what it says then is the target's word */
            err_clear(&e);
            if (make_schemas(w, b, &e))
                continue;
            writer_rollback(w);
        }
        if (at.is_noted && is_refusal(&e)) {
            const char *choice = ask_ddl(w, b, &e);
            if (!choice)
                return false;
            at.part += strcmp(choice, "applied") == 0;
            at.is_noted = false; /* it did not run, and the person may have changed what the tables look like */
            continue;
        } else if (!writer_recover(w, b, &tries, &e)) {
            return false;
        }
        at.is_known = false;
    }
    for (uint32_t i = 0; i < b->ddl.nemptied; i++)
        quarantine_drop_table(apply_options_of(w->apply)->quarantine, b->ddl.emptied[i]);
    log_event(LOG_INFO, "apply", b->ddl.label, "", "DDL applied: %.200s", b->ddl.sql ? b->ddl.sql : N_("(nothing to do)"));
    return true;
}
