// SPDX-License-Identifier: Apache-2.0
// What the source's user may do, for every phase: by SHOW GRANTS, which foretells, and by doing it where that is
// harmless, which has the last word.
#include "check/grants.h"
#include "base/text.h"
#include "check/private.h"

#include "base/pattern.h"
#include "binlog/binlog.h"
#include "schema/source.h"

#include <stdlib.h>

void run_lacks(struct run *r, enum end_of of, uint64_t privs, const char *schema, const char *table)
{
    if ((r->nwishes & (r->nwishes - 1)) == 0)
        r->wishes = x_realloc(r->wishes, TG_MAX(r->nwishes * 2, 1u) * sizeof *r->wishes);
    r->wishes[r->nwishes++] = (struct wish){of, privs, schema ? x_strdup(schema) : NULL, table ? x_strdup(table) : NULL};
}

static int compare(const char *a, const char *b)
{
    return !a || !b ? (a != NULL) - (b != NULL) : strcmp(a, b);
}

static int by_scope(const void *a, const void *b)
{
    const struct grant_need *x = a, *y = b;
    int c = compare(x->schema, y->schema);
    return c ? c : compare(x->table, y->table);
}

static char *block(struct run *r, enum end_of of)
{
    const struct grants *g = end_grants(&r->end[of], NULL);
    struct grant_need *needs = x_alloc((r->nwishes + 1) * sizeof *needs);
    struct buf out = {0};
    size_t n = 0;
    for (uint32_t i = 0; i < r->nwishes; i++)
        if (r->wishes[i].of == of)
            needs[n++] = (struct grant_need){r->wishes[i].privs, r->wishes[i].schema, r->wishes[i].table};
    qsort(needs, n, sizeof *needs, by_scope);
    if (g && n)
        grants_sql(g, needs, n, &out);
    free(needs);
    return out.n ? buf_take(&out) : NULL;
}

void run_grants(struct run *r)
{
    r->out->source_grants = block(r, SOURCE);
    r->out->target_grants = block(r, TARGET);
}

/* GRANT x ON y TO z as REVOKE x ON y FROM z. A role that was woken stays awake. */
static void add_revoke(struct buf *undo, struct str line)
{
    static const char to[] = " TO '", grant[] = "GRANT ";
    const char *last = NULL;
    if (line.n < sizeof grant || memcmp(line.p, grant, sizeof grant - 1) != 0)
        return;
    for (size_t i = 0; i + sizeof to - 1 <= line.n; i++)
        if (memcmp(line.p + i, to, sizeof to - 1) == 0)
            last = line.p + i;
    if (!last)
        return;
    buf_adds(undo, undo->n ? ";\nREVOKE " : "REVOKE ");
    buf_add(undo, line.p + sizeof grant - 1, (size_t)(last - line.p) - (sizeof grant - 1));
    buf_adds(undo, " FROM ");
    buf_add(undo, last + 4, (size_t)(line.p + line.n - last) - 4);
}

void cure_grant(struct run *r, struct check_result *out, enum end_of of, const struct grant_need *needs, size_t n)
{
    const struct grants *g = end_grants(&r->end[of], NULL);
    struct buf sql = {0}, undo = {0};
    struct str line;
    if (!g || !n || !grants_sql(g, needs, n, &sql))
        return;
    for (const char *at = sql.p; cure_next(&at, &line);)
        add_revoke(&undo, line);
    while (sql.n && (sql.p[sql.n - 1] == '\n' || sql.p[sql.n - 1] == ';'))
        sql.p[--sql.n] = 0;
    struct check_cure *c = add_cure(out, CURE_SQL, "Grant what is missing");
    c->at_target = of == TARGET;
    c->sql = buf_take(&sql);
    c->undo = undo.n ? buf_take(&undo) : NULL;
    c->effect = x_strdup(_("at once for new sessions"));
    c->needs = x_strdup(_("GRANT OPTION: sign in as an administrator"));
}

/* ---- lists of needs ---- */

struct needs {
    struct grant_need *list;
    size_t n;
};

static void need(struct needs *l, uint64_t privs, const char *schema, const char *table)
{
    if ((l->n & (l->n - 1)) == 0)
        l->list = x_realloc(l->list, TG_MAX(l->n * 2, (size_t)1) * sizeof *l->list);
    l->list[l->n++] = (struct grant_need){privs, schema, table};
}

/* Tells the block, offers the cure, and frees the list. */
static void settle(struct run *r, struct check_result *out, struct needs *l)
{
    for (size_t i = 0; i < l->n; i++)
        run_lacks(r, SOURCE, l->list[i].privs, l->list[i].schema, l->list[i].table);
    cure_grant(r, out, SOURCE, l->list, l->n);
    free(l->list);
}

static const char *name_of(const struct grants *g, enum priv p)
{
    return priv_name(p, g->flavour, g->version);
}

/* Where a privilege sleeps in a role, the words differ: nothing has to be granted. */
static void find_missing(struct check_result *out, enum check_state state, const struct grants *g, enum priv p, const char *schema,
                         const char *table, const char *what)
{
    const char *dot = table ? "." : "";
    if (grants_is_asleep(g, p, schema, table))
        find(out, state, NULL, "%s%s%s: %s comes only from a role that is not active: %s", schema ? schema : "*.*", dot, table ? table : "",
             name_of(g, p), what);
    else
        find(out, state, NULL, "%s%s%s: %s is missing: %s", schema ? schema : "*.*", dot, table ? table : "", name_of(g, p), what);
}

/* ---- SELECT ---- */

#define PROBED 50u                    /* tables in one statement */

/* SELECT 1 FROM … LIMIT 0 on some tables; false only where a privilege is missing. */
static bool may_select(struct run *r, const struct table *const *tables, uint32_t n)
{
    struct buf sql = {0};
    struct err e = {0};
    MYSQL_RES *res;
    for (uint32_t i = 0; i < n; i++) {
        buf_adds(&sql, i ? " UNION ALL (SELECT 1 FROM " : "(SELECT 1 FROM ");
        sql_table(&sql, tables[i]->schema, tables[i]->name);
        buf_adds(&sql, " LIMIT 0)");
    }
    bool fine = n == 0 || conn_query(&r->end[SOURCE].conn, sql.p, &res, &e);
    if (fine && n)
        mysql_free_result(res);
    buf_release(&sql);
    return fine || e.code != ERR_SOURCE_PRIVILEGE;
}

/* A rule that names a schema without patterns and all its tables: those that the user may not see are left out, and
 * nobody is told. */
static void find_invisible(struct run *r, struct check_result *out, const struct grants *g, struct needs *l)
{
    for (size_t i = 0; i < r->job->include.n; i++) {
        const struct job_rule *rule = &r->job->include.rules[i];
        bool is_whole = !rule->table || strcmp(rule->table, "*") == 0;
        if (!is_whole || !rule->schema || !pattern_is_literal(rule->schema) || grants_has(g, PRIV_SELECT, rule->schema, NULL))
            continue;
        find(out, CHECK_WARN, NULL, "%s: SELECT is not held on the whole schema: a table that the user may not see is not copied, and "
                                    "no error tells of it", rule->schema);
        need(l, PRIV_BIT(PRIV_SELECT), rule->schema, NULL);
    }
}

void check_dump_privilege(struct run *r, struct check_result *out)
{
    struct err e = {0};
    struct needs l = {0};
    const struct grants *g = end_grants(&r->end[SOURCE], &e);
    const struct table **held = x_alloc(PROBED * sizeof *held);
    uint32_t n = 0, lacking = 0;
    set_wanted(out, "SELECT on every table");
    for (uint32_t i = 0; i < r->tables.n; i++) {
        const struct table *t = r->tables.tables[i];
        bool has = g && grants_has(g, PRIV_SELECT, t->schema, t->name);
        if (has && n < PROBED)
            held[n++] = t;
        if (has || may_select(r, &t, 1))
            continue;
        find_missing(out, CHECK_FAIL, g ? g : &(struct grants){0}, PRIV_SELECT, t->schema, t->name, N_("its rows can't be read"));
        need(&l, PRIV_BIT(PRIV_SELECT), t->schema, t->name);
        lacking++;
    }
    if (!may_select(r, held, n))
        for (uint32_t i = 0; i < n; i++)
            if (!may_select(r, &held[i], 1)) {
                find(out, CHECK_FAIL, NULL, "%s.%s: the grants name SELECT, but the server refuses it", held[i]->schema, held[i]->name);
                lacking++;
            }
    free(held);
    set_found(out, lacking ? "missing on %u of %u" : "held", lacking, r->tables.n);
    if (lacking)
        judge(out, CHECK_FAIL, ERR_SOURCE_PRIVILEGE);
    if (g)
        find_invisible(r, out, g, &l);
    else
        set_detail(out, "SHOW GRANTS can't be read (%s); each table was tried.", e.text);
    settle(r, out, &l);
}

/* ---- the stream ---- */

enum probe { PROBE_HELD, PROBE_REFUSED, PROBE_UNKNOWN };

static enum probe outcome(bool fine, const struct err *e)
{
    return fine ? PROBE_HELD : e->code == ERR_SOURCE_PRIVILEGE ? PROBE_REFUSED : PROBE_UNKNOWN;
}

static enum probe probe_client(struct run *r)
{
    struct err e = {0};
    MYSQL_RES *res;
    bool fine = source_status(r, &res, &e);
    if (fine)
        mysql_free_result(res);
    return outcome(fine, &e);
}

/* Registers as a replica and reads the first event. Without a position there is nothing to ask for. */
static enum probe probe_slave(struct run *r)
{
    struct binlog_start start = {.server_id = (uint32_t)(tg_random64() | 0x40000000u), .heartbeat_ms = 1000};
    struct binlog_raw *raw = NULL;
    struct err e = {0};
    if (!source_position(&r->end[SOURCE].conn, &start.pos, &e))
        return PROBE_UNKNOWN;
    struct binlog *b = binlog_open(&r->end[SOURCE].addr, &start, &e);
    enum probe p = outcome(b && binlog_fetch(b, &raw, &e), &e);
    free(raw);
    binlog_close(b);
    return p;
}

void check_replication_privilege(struct run *r, struct check_result *out)
{
    static const struct {
        enum priv priv;
        enum probe (*probe)(struct run *r);
        const char *what;
    } asked[] = {{PRIV_REPLICATION_CLIENT, probe_client, N_("where the binlog ends can't be asked")},
                 {PRIV_REPLICATION_SLAVE, probe_slave, N_("the binlog can't be read")}};
    struct err e = {0};
    struct needs l = {0};
    const struct grants *g = end_grants(&r->end[SOURCE], &e);
    set_found(out, "held");
    set_wanted(out, "both");
    for (size_t i = 0; i < TG_ARRAY_LEN(asked); i++) {
        enum probe p = asked[i].probe(r);
        bool has = p == PROBE_HELD || (p == PROBE_UNKNOWN && g && grants_has(g, asked[i].priv, NULL, NULL));
        if (has)
            continue;
        if (!g && p == PROBE_UNKNOWN) {
            unread(out, &e);
            continue;
        }
        find_missing(out, CHECK_FAIL, g ? g : &(struct grants){0}, asked[i].priv, NULL, NULL, asked[i].what);
        judge(out, CHECK_FAIL, ERR_SOURCE_PRIVILEGE);
        need(&l, PRIV_BIT(asked[i].priv), NULL, NULL);
    }
    if (l.n)
        set_found(out, "%zu missing", l.n);
    settle(r, out, &l);
}

/* ---- what else is of use ---- */

static void want(struct check_result *out, const struct grants *g, struct needs *l, enum priv p, const char *schema, const char *what)
{
    if (grants_has(g, p, schema, NULL))
        return;
    find_missing(out, CHECK_WARN, g, p, schema, NULL, what);
    need(l, PRIV_BIT(p), schema, NULL);
}

static void want_routines(struct check_result *out, const struct grants *g, struct needs *l)
{
    static const char what[] = N_("procedures and functions of others are not listed among what is not moved");
    bool has_table = g->flavour == DB_MARIADB || g->version < 80000, has_word = !has_table && g->version >= 80020;
    if (grants_has(g, PRIV_SELECT, NULL, NULL) || (has_table && grants_has(g, PRIV_SELECT, "mysql", "proc")))
        return;
    if (has_word)
        want(out, g, l, PRIV_SHOW_ROUTINE, NULL, what);
    if (!has_table)
        return;
    find_missing(out, CHECK_WARN, g, PRIV_SELECT, "mysql", "proc", what);
    need(l, PRIV_BIT(PRIV_SELECT), "mysql", "proc");
}

void check_source_privileges(struct run *r, struct check_result *out)
{
    struct err e = {0};
    struct needs l = {0};
    const struct grants *g = end_grants(&r->end[SOURCE], &e);
    const char *last = NULL;
    if (!g) {
        unread(out, &e);
        return;
    }
    want(out, g, &l, PRIV_PROCESS, NULL, N_("transactions and sessions of others can't be seen, so nobody is told who holds a lock"));
    if (run_streams(r) && g->flavour == DB_MYSQL && g->version >= 80000)
        want(out, g, &l, PRIV_XA_RECOVER_ADMIN, NULL, N_("open XA transactions can't be seen"));
    for (uint32_t i = 0; i < r->tables.n; i++) {
        const char *schema = r->tables.tables[i]->schema;
        if (last && strcmp(last, schema) == 0)
            continue;
        last = schema;
        want(out, g, &l, PRIV_SHOW_VIEW, schema, N_("its views can't be read, and are not made at the target"));
        want(out, g, &l, PRIV_TRIGGER, schema, N_("its triggers are not listed among what is not moved"));
        want(out, g, &l, PRIV_EVENT, schema, N_("its events are not listed among what is not moved"));
    }
    want_routines(out, g, &l);
    set_found(out, l.n ? "%zu missing" : "all held", l.n);
    settle(r, out, &l);
}

void check_unknown_grants(struct run *r, struct check_result *out)
{
    struct err e = {0};
    struct buf words = {0};
    const struct grants *g = end_grants(&r->end[SOURCE], &e);
    if (!g) {
        unread(out, &e);
        return;
    }
    set_found(out, g->nunknown + g->nunread ? "%u, harmless" : "none", g->nunknown + g->nunread);
    for (uint32_t i = 0; i < g->nunknown; i++)
        buf_addf(&words, "%s%s", i ? ", " : "", g->unknown[i]);
    for (uint32_t i = 0; i < g->nunread; i++)
        buf_addf(&words, "%s%s", words.n ? ", " : "", g->unread[i]);
    if (words.n)
        set_detail(out, "Of no matter to a run, which tries what it needs: %s", words.p);
    buf_release(&words);
}
