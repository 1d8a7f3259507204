// SPDX-License-Identifier: Apache-2.0
/* A DDL commits by itself, so whether it ran is found out by looking: before it is sent, the ledger notes what the
 * tables it concerns looked like (a hash of SHOW CREATE TABLE). After a doubt, when nothing of ours runs at the
 * target any more, the same look tells. TRUNCATE changes no definition and is simply repeated: what comes after it
 * on that table still waits. */
#include "apply/private.h"

#include "base/hash.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

/* Adds the table's definition without its AUTO_INCREMENT counter, or "-" when there is none. */
static bool add_definition(struct writer *w, const char *target, struct buf *out, struct err *e)
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
    const char *text = r ? r[1] : "-", *counter = strstr(text, " AUTO_INCREMENT=");
    buf_add(out, text, counter ? (size_t)(counter - text) : strlen(text));
    if (counter) {
        counter += strlen(" AUTO_INCREMENT=");
        while (isdigit((unsigned char)*counter))
            counter++;
        buf_adds(out, counter);
    }
    buf_addc(out, '\n');
    mysql_free_result(res);
    return true;
}

static bool fingerprint(struct writer *w, const struct batch *b, char out[40], struct err *e)
{
    struct buf text = {0};
    bool fine = true;
    for (uint32_t i = 0; i < b->ddl.ntargets && fine; i++)
        fine = add_definition(w, b->ddl.targets[i], &text, e);
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
    writer_begin(w);
    packet_begin_statement(p, EXPECT_ANY, 0, NULL);
    ledger_sql_ddl(l, &p->sql, &b->to, str_of(b->ddl.sql ? b->ddl.sql : ""), before, state);
    if (with_applied) {
        packet_begin_statement(p, EXPECT_LEDGER, 1, NULL);
        ledger_sql_applied(l, &p->sql, &b->from, &b->to, 0, b->gtids);
    }
    *is_unknown = false;
    if (!writer_send(w, e))
        return false;
    if (with_applied && b->ddl.ledger.n) {
        uint64_t affected[64];
        unsigned done;
        if (!conn_packet(&w->conn, b->ddl.ledger.p, b->ddl.ledger.n, affected, 64, &done, e))
            return false;
    }
    return writer_commit(w, is_unknown, e);
}

static bool execute(struct writer *w, const struct batch *b, struct err *e)
{
    const struct ledger *l = apply_options_of(w->apply)->ledger;
    struct packet *p = &w->packet;
    char at[96];
    packet_reset(p);
    packet_begin_statement(p, EXPECT_LANE, 1, NULL);
    ledger_sql_lane(l, &p->sql, w->lane, w->epoch);
    packet_begin_statement(p, EXPECT_ANY, 0, NULL);
    buf_addf(&p->sql, "SET timestamp = %lld", (long long)b->ddl.timestamp);
    packet_begin_statement(p, EXPECT_ANY, 0, NULL);
    buf_addf(&p->sql, "/* %s:%s */ %s", l->tag, pos_text(&b->to, at), b->ddl.sql);
    packet_begin_statement(p, EXPECT_ANY, 0, NULL);
    buf_adds(&p->sql, "SET timestamp = DEFAULT");
    return writer_send(w, e);
}

enum ddl_step { STEP_LOOK, STEP_EXECUTE, STEP_FINISH, STEP_DONE };

/* Finds out where this DDL stands: begun before and ran, begun and did not run, or new. */
static bool look(struct writer *w, struct batch *b, enum ddl_step *next, char before[40], struct err *e)
{
    const struct apply_options *o = apply_options_of(w->apply);
    char now[40], *state = NULL, *was = NULL;
    bool is_unknown, found = false;
    if (!writer_settle(w, e) || !ledger_wait_quiet(o->ledger, &w->conn, o->cancel, e) ||
        !ledger_has_applied(o->ledger, &w->conn, &b->to, 0, &found, e))
        return false;
    *next = STEP_DONE;
    if (found)
        return true;
    if (!fingerprint(w, b, now, e) || !ledger_find_ddl(o->ledger, &w->conn, &b->to, &state, &was, e))
        return false;
    bool fine = true;
    *next = !b->ddl.sql || (was && strcmp(was, now) != 0) ? STEP_FINISH : STEP_EXECUTE;
    snprintf(before, 40, "%s", was ? was : now);
    if (!was && b->ddl.sql)
        fine = ledger_only(w, b, false, now, "begun", &is_unknown, e);
    free(state);
    free(was);
    return fine;
}

/* A DDL that the target refuses: retry, applied by hand, or stop. */
static bool ask_ddl(struct writer *w, struct batch *b, struct err *e, bool *is_applied)
{
    static const struct ask_choice choices[] = {{"retry", "Try again (nothing is lost)"},
                                                {"applied", "I have made the change at the target myself"},
                                                {"stop", "Stop the run; it can be resumed"}};
    const struct apply_options *o = apply_options_of(w->apply);
    struct err q = *e;
    q.code = ERR_DDL_FAILED;
    err_wrap(&q, "%.300s", b->ddl.sql ? b->ddl.sql : "");
    const char *choice = o->ask.put(o->ask.arg, &q, b->ddl.label, choices, TG_ARRAY_LEN(choices));
    *is_applied = choice && strcmp(choice, "applied") == 0;
    if (choice && strcmp(choice, "stop") == 0)
        o->ask.fatal(o->ask.arg, &q);
    return choice && strcmp(choice, "stop") != 0;
}

bool writer_apply_ddl(struct writer *w, struct batch *b)
{
    const struct apply_options *o = apply_options_of(w->apply);
    enum ddl_step step = STEP_LOOK;
    char before[40] = "";
    for (unsigned tries = 0; step != STEP_DONE;) {
        struct err e = {0};
        bool is_unknown = false, is_applied = false;
        if (step == STEP_LOOK && look(w, b, &step, before, &e))
            continue;
        if (step == STEP_EXECUTE && execute(w, b, &e)) {
            step = STEP_FINISH;
            continue;
        }
        if (step == STEP_FINISH && ledger_only(w, b, true, before, "done", &is_unknown, &e))
            break;
        writer_rollback(w);
        if (step == STEP_EXECUTE && !err_is_lost(&e) && !err_is_busy(&e) && e.code != ERR_TARGET_FENCED) {
            if (!ask_ddl(w, b, &e, &is_applied))
                return false;
            step = is_applied ? STEP_FINISH : STEP_LOOK;
            continue;
        }
        if (step != STEP_FINISH || is_unknown || err_is_lost(&e))
            step = step == STEP_FINISH && !is_unknown ? STEP_FINISH : STEP_LOOK;
        if (!writer_recover(w, b, &tries, &e))
            return false;
        if (step == STEP_FINISH && !w->is_open && !writer_connect(w, &e) && cancel_is_set(o->cancel))
            return false;
    }
    log_event(LOG_INFO, "apply", b->ddl.label, "", "DDL applied: %.200s", b->ddl.sql ? b->ddl.sql : "(nothing to do)");
    return true;
}
