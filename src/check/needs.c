// SPDX-License-Identifier: Apache-2.0
// What a cure takes, where its check did not say so itself: told from the statement, so that a person learns before
// pressing the button that the job's user can't do it.
#include "check/private.h"

#include <strings.h>

static const struct {
    const char *verb;
    enum priv priv;
    bool is_of_tables;                /* may be granted on schemas */
} verbs[] = {
    {"SET GLOBAL ", PRIV_SYSTEM_VARIABLES_ADMIN, false}, {"SET PERSIST ", PRIV_SYSTEM_VARIABLES_ADMIN, false},
    {"ALTER TABLE ", PRIV_ALTER, true}, {"DROP TABLE ", PRIV_DROP, true}, {"DROP VIEW ", PRIV_DROP, true},
    {"FLUSH ", PRIV_RELOAD, false},
};

/* What MariaDB 10.5.2 and later ask in place of SUPER (its manual, "SET GLOBAL" of each variable). */
static enum priv mariadb_priv(const char *variable)
{
    static const struct {
        const char *name;
        enum priv priv;
    } split[] = {
        {"server_id", PRIV_REPLICATION_MASTER_ADMIN}, {"gtid_", PRIV_REPLICATION_MASTER_ADMIN},
        {"binlog_", PRIV_BINLOG_ADMIN},               {"expire_logs_days", PRIV_BINLOG_ADMIN},
        {"max_binlog_", PRIV_BINLOG_ADMIN},           {"max_connections", PRIV_CONNECTION_ADMIN},
    };
    for (size_t i = 0; i < TG_ARRAY_LEN(split); i++)
        if (strncasecmp(variable, split[i].name, strlen(split[i].name)) == 0)
            return split[i].priv;
    return PRIV_SUPER;
}

/* Servers before MySQL 8 and MariaDB 10.5 have SUPER in its place. */
static enum priv as_server_has_it(enum priv p, const struct db_server *s, const char *variable)
{
    if (p != PRIV_SYSTEM_VARIABLES_ADMIN || s->flavour == DB_TIDB || (s->flavour == DB_MYSQL && s->version >= 80000))
        return p;
    return s->flavour == DB_MARIADB && s->version >= 100502 ? mariadb_priv(variable) : PRIV_SUPER;
}

/* On every schema that the job's tables are in, at that end. */
static bool has_on_schemas(struct run *r, enum end_of of, const struct grants *g, enum priv p)
{
    const char *last = "";
    if (grants_has(g, p, NULL, NULL))
        return true;
    for (uint32_t i = 0; i < r->tables.n; i++) {
        const struct table *t = r->tables.tables[i];
        const char *schema = of == TARGET ? t->target_schema : t->schema;
        if (strcmp(schema, last) != 0 && !grants_has(g, p, schema, NULL))
            return false;
        last = schema;
    }
    return r->tables.n > 0;
}

static void fill(struct run *r, struct check_cure *c)
{
    enum end_of of = c->at_target ? TARGET : SOURCE;
    const struct grants *g = end_grants(&r->end[of], NULL);
    for (size_t i = 0; g && i < TG_ARRAY_LEN(verbs); i++) {
        if (strncasecmp(c->sql, verbs[i].verb, strlen(verbs[i].verb)) != 0)
            continue;
        enum priv p = as_server_has_it(verbs[i].priv, &r->end[of].conn.server, c->sql + strlen(verbs[i].verb));
        bool has = verbs[i].is_of_tables ? has_on_schemas(r, of, g, p) : grants_has(g, p, NULL, NULL);
        const char *name = priv_name(p, g->flavour, g->version);
        if (!has && name)
            c->needs = x_strdup(name);
        return;
    }
}

void cures_fill_needs(struct run *r, struct check_result *out)
{
    for (uint32_t i = 0; i < out->ncures; i++)
        if (out->cures[i].kind == CURE_SQL && !out->cures[i].needs && r->end[out->cures[i].at_target ? TARGET : SOURCE].is_open)
            fill(r, &out->cures[i]);
}
