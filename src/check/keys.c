// SPDX-License-Identifier: Apache-2.0
// Foreign keys and counters: what the target makes of them, and what the binlog does not hold.
#include "check/private.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define FOREIGN_KEYS_SINCE 60600  /* TiDB enforces them from here on, */
#define FOREIGN_KEYS_READY 80500  /* and calls that finished from here on */
#define BLOCK 30000u              /* numbers that a TiDB server takes at once */

static bool is_parent_here(struct run *r, const struct foreign_key *k)
{
    return run_find_table(r, k->ref_schema, k->ref_table) >= 0;
}

static void judge_enforcement(struct run *r, struct check_result *out, uint32_t n)
{
    struct end *s = &r->end[TARGET];
    const struct db_server *v = &s->conn.server;
    bool is_tidb = v->flavour == DB_TIDB;
    if (is_tidb && v->version < FOREIGN_KEYS_SINCE) {
        find(out, CHECK_WARN, NULL, "%s: TiDB before 6.6 writes foreign keys down and does not enforce them: %u of them", s->addr.host, n);
        return;
    }
    if (is_tidb && v->version < FOREIGN_KEYS_READY)
        find(out, CHECK_WARN, NULL, "%s: TiDB before 8.5 calls foreign keys experimental: %u of them", s->addr.host, n);
    if (is_tidb && end_variable(s, "tidb_enable_foreign_key") && !end_is_on(s, "tidb_enable_foreign_key")) {
        find(out, CHECK_WARN, NULL, "%s: tidb_enable_foreign_key is OFF, foreign keys are written down and not enforced", s->addr.host);
        cure_target_variable(r, out, "tidb_enable_foreign_key", "ON", N_("for new connections"), "Have TiDB enforce foreign keys");
    }
    if (!end_is_on(s, "foreign_key_checks")) {
        find(out, CHECK_WARN, NULL, "%s: foreign_key_checks is OFF for new connections, programs could write orphans", s->addr.host);
        cure_target_variable(r, out, "foreign_key_checks", "ON", N_("for new connections; the run's own stay without"),
                             "Check foreign keys in new connections");
    }
}

void check_foreign_key(struct run *r, struct check_result *out)
{
    uint32_t n = 0;
    struct err e = {0};
    if (!end_variables(&r->end[TARGET], &e)) {
        unread(out, &e);
        return;
    }
    for (uint32_t i = 0; i < r->tables.n; i++) {
        const struct table *t = r->tables.tables[i];
        n += t->nfks;
        for (uint32_t k = 0; k < t->nfks; k++)
            if (!is_parent_here(r, &t->fks[k]))
                find(out, CHECK_WARN, "Take the table it refers to into allow.include.",
                     "%s.%s: foreign key %s is not made, %s.%s is not in the job", t->schema, t->name, t->fks[k].name, t->fks[k].ref_schema,
                     t->fks[k].ref_table);
    }
    set_found(out, n == 1 ? "%u foreign key" : n ? "%u foreign keys" : "none", n);
    if (n) {
        judge_enforcement(r, out, n);
        set_detail(out, "They are made when the run is in sync for the first time, and are not checked for what it writes.");
    }
}

/* A cascade of which the binlog has no word: of a parent inside the run its cause is seen, of another one nothing is. */
static void tell_cascade(struct run *r, struct check_result *out, const struct table *t, const struct foreign_key *f)
{
    const char *what = f->on_delete_acts && f->on_update_acts ? N_("deletes and key changes") : f->on_delete_acts ? "deletes" : N_("key changes");
    if (job_wants(r->job, f->ref_schema, f->ref_table))
        find(out, CHECK_WARN, NULL, "%s.%s: foreign key %s passes %s of %s.%s on", t->schema, t->name, f->name, what, f->ref_schema, f->ref_table);
    else
        find(out, CHECK_FAIL, "Take the table it refers to into allow.include.",
             "%s.%s: foreign key %s passes %s of %s.%s on, which is not in the job: rows would change at the source and nobody would notice",
             t->schema, t->name, f->name, what, f->ref_schema, f->ref_table);
    judge(out, CHECK_WARN, ERR_CASCADE);
}

void check_cascade(struct run *r, struct check_result *out)
{
    const struct db_server *s = &r->end[SOURCE].conn.server;
    bool is_logged = s->logs_cascades;
    uint32_t n = 0;
    struct picked bad = {0};
    for (uint32_t i = 0; i < r->tables.n; i++) {
        const struct table *t = r->tables.tables[i];
        uint32_t before = n;
        for (uint32_t k = 0; k < t->nfks; k++) {
            if (!t->fks[k].on_delete_acts && !t->fks[k].on_update_acts)
                continue;
            n++;
            if (!is_logged)
                tell_cascade(r, out, t, &t->fks[k]);
        }
        if (n > before && !is_logged)
            pick(&bad, t);
    }
    set_found(out, n == 1 ? "%u that cascades" : n ? "%u that cascade" : "none", n);
    if (n && is_logged)
        set_detail(out, "This server writes what cascades do into its binlog.");
    else if (n && end_is_on(&r->end[SOURCE], "innodb_native_foreign_keys"))
        set_detail(out, "With innodb_native_foreign_keys=ON the server writes no row events for rows that a cascade deletes or changes. The run "
                        "copies and follows these tables, and stops at the first change of a parent that would cascade.");
    else if (n)
        set_detail(out, "%s writes no row events for rows that a cascade deletes or changes. The run copies and follows these tables, and stops "
                        "at the first change of a parent that would cascade.", s->flavour == DB_MARIADB ? "MariaDB" : "MySQL before 9.6");
    cure_exclude_picked(out, r->job, &bad);
}

/* ---- AUTO_INCREMENT ---- */

static uint64_t largest(const struct column *c)
{
    static const unsigned bits[] = {[COL_TINY] = 8, [COL_SMALL] = 16, [COL_MEDIUM] = 24, [COL_INT] = 32, [COL_BIG] = 64};
    if (c->cls < COL_TINY || c->cls > COL_BIG)
        return 0;
    unsigned n = bits[c->cls] - (c->is_unsigned ? 0 : 1);
    return n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

static void judge_counter(struct run *r, struct check_result *out, uint32_t i, const struct column *c)
{
    const struct table *t = r->tables.tables[i];
    uint64_t max = largest(c), next = run_size(r, i)->auto_increment;
    bool is_tidb = r->end[TARGET].is_open && r->end[TARGET].conn.server.flavour == DB_TIDB;
    if (!max)
        return;
    if (next >= max)
        find(out, CHECK_WARN, "Give the column a larger type.", "%s.%s.%s has used its last number, %llu of %s", t->schema, t->name, c->name,
             (unsigned long long)max, c->type_text);
    else if ((double)next > (double)max * 0.8)
        find(out, CHECK_WARN, "Give the column a larger type.", "%s.%s.%s has used %.0f %% of %s: the next number is %llu", t->schema, t->name,
             c->name, (double)next / (double)max * 100, c->type_text, (unsigned long long)next);
    else if (is_tidb && max < 4 * BLOCK)
        find(out, CHECK_WARN, "Give the column a larger type.",
             "%s.%s.%s is %s: TiDB hands out numbers in blocks of %u, a few restarts use up all there are", t->schema, t->name, c->name, c->type_text,
             BLOCK);
}

static void judge_step(struct run *r, struct check_result *out, const char *name)
{
    const char *here = end_variable(&r->end[SOURCE], name), *there = end_variable(&r->end[TARGET], name);
    if (here && there && strcmp(here, there) != 0)
        find(out, CHECK_WARN, NULL, "%s is %s at the source and %s at the target: new ids are counted otherwise after the switch", name, here, there);
}

void check_auto_increment(struct run *r, struct check_result *out)
{
    struct err e = {0};
    uint32_t n = 0;
    if (!run_sizes(r, &e)) {
        unread(out, &e);
        return;
    }
    for (uint32_t i = 0; i < r->tables.n; i++) {
        const struct table *t = r->tables.tables[i];
        for (uint32_t k = 0; k < t->ncolumns; k++)
            if (t->columns[k].is_auto_increment) {
                n++;
                judge_counter(r, out, i, &t->columns[k]);
            }
    }
    set_found(out, n == 1 ? "%u counter" : n ? "%u counters" : "none", n);
    if (!n)
        return;
    judge_step(r, out, "auto_increment_increment");
    judge_step(r, out, "auto_increment_offset");
    if (r->end[TARGET].is_open && r->end[TARGET].conn.server.flavour == DB_TIDB)
        set_detail(out, "Each is set behind the source's before the switch. TiDB's numbers are unique, not without gaps, and not in the order of "
                        "time over several servers; a table made with AUTO_ID_CACHE 1 counts as MySQL does.");
    else
        set_detail(out, "Each is set behind the source's before the switch.");
}
