// SPDX-License-Identifier: Apache-2.0
// Who runs the source, and the cures that depend on it: a server of one's own takes SET GLOBAL, a managed one has
// parameters and procedures in its place.
#include "check/grants.h"
#include "check/private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

const char *managed_name(enum managed m)
{
    static const char *const names[] = {"none", "Amazon RDS", "Amazon Aurora", "Google Cloud SQL", "Azure Database", "MySQL HeatWave"};
    return names[m];
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcasecmp(text + n - m, end) == 0;
}

static bool holds(struct end *s, const char *name, const char *word)
{
    const char *value = end_variable(s, name);
    return value && strcasestr(value, word);
}

static bool is_aurora(struct end *s)
{
    struct err ignored = {0};
    char version[64];
    return s->conn.server.is_aurora || end_variable(s, "aurora_version") ||
           (s->is_open && conn_value(&s->conn, "SELECT AURORA_VERSION()", version, sizeof version, &ignored));
}

bool has_rds_calls(struct conn *c)
{
    struct err ignored = {0};
    char n[32];
    return conn_value(c, "SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'mysql' AND "
                         "ROUTINE_NAME IN ('rds_set_configuration', 'rds_show_configuration')", n, sizeof n, &ignored) && strcmp(n, "2") == 0;
}

static enum managed detect(struct run *r)
{
    struct end *s = &r->end[SOURCE];
    const char *host = s->addr.host ? s->addr.host : "";
    r->has_rds_calls = s->is_open && has_rds_calls(&s->conn);
    bool is_rds = r->has_rds_calls || s->conn.server.is_rds || ends_with(host, ".rds.amazonaws.com") ||
                  ends_with(host, ".rds.amazonaws.com.cn");
    if (is_aurora(s) || (is_rds && strstr(host, ".cluster-")))
        return MANAGED_AURORA;
    if (is_rds)
        return MANAGED_RDS;
    if (holds(s, "version_comment", "(Google)") || holds(s, "version", "-google"))
        return MANAGED_CLOUD_SQL;
    if (ends_with(host, ".mysql.database.azure.com") || holds(s, "version", "-azure"))
        return MANAGED_AZURE;
    return holds(s, "version_comment", "Enterprise - Cloud") ? MANAGED_HEATWAVE : MANAGED_NO;
}

enum managed run_managed(struct run *r)
{
    if (!r->managed_read.is_read) {
        r->managed_read.is_read = r->managed_read.is_fine = true;
        r->managed = detect(r);
    }
    return r->managed;
}

bool run_has_rds_calls(struct run *r)
{
    run_managed(r);
    return r->has_rds_calls;
}

char *cure_needs(struct run *r, enum end_of of, uint64_t privs)
{
    const struct grants *g = end_grants(&r->end[of], NULL);
    uint64_t missing = g ? grants_missing(g, privs, NULL, NULL) : 0;
    struct buf out = {0};
    for (unsigned p = 0; p < PRIV_COUNT; p++)
        if (missing & PRIV_BIT(p))
            buf_addf(&out, "%s%s", out.n ? ", " : "", priv_name((enum priv)p, g->flavour, g->version));
    return out.n ? buf_take(&out) : NULL;
}

static void add_set(struct buf *sql, const char *verb, const char *name, const char *value)
{
    buf_addf(sql, "SET %s %s = ", verb, name);
    if (value[0] && !value[strspn(value, "0123456789.")])
        buf_adds(sql, value);
    else
        sql_z(sql, value);
}

static void set_global(struct run *r, struct check_cure *c, bool outlives, const char *name, const char *value)
{
    struct end *s = &r->end[SOURCE];
    const char *old = end_variable(s, name);
    struct buf sql = {0}, undo = {0}, ask = {0};
    struct err ignored = {0};
    char was[256];
    bool persists = outlives && s->conn.server.flavour == DB_MYSQL && s->conn.server.version >= 80000 &&
                    end_is_on(s, "persisted_globals_load");
    buf_adds(&ask, "SELECT VARIABLE_VALUE FROM performance_schema.persisted_variables WHERE VARIABLE_NAME = ");
    sql_z(&ask, name);
    bool was_persisted = persists && conn_value(&s->conn, ask.p, was, sizeof was, &ignored);
    /* Where it can't be seen what was persisted, nothing that was is touched. */
    persists = persists && ignored.code == ERR_OK;
    add_set(&sql, persists ? "PERSIST" : "GLOBAL", name, value);
    if (was_persisted) {
        add_set(&undo, "PERSIST", name, was);
        buf_adds(&undo, ";\n");
    }
    add_set(&undo, "GLOBAL", name, old ? old : "");
    if (persists && !was_persisted)
        buf_addf(&undo, ";\nRESET PERSIST IF EXISTS %s", name);
    c->sql = buf_take(&sql);
    c->undo = buf_take(&undo);
    buf_release(&ask);
}

static char *parameter_text(enum managed by, const char *name, const char *value)
{
    switch (by) {
    case MANAGED_AURORA: return x_format(_("Aurora: in the cluster parameter group set %s = %s; a parameter marked static takes a reboot of the writer."), name, value);
    case MANAGED_CLOUD_SQL: return x_format(_("Cloud SQL: set the database flag %s = %s; the console says whether that restarts the instance."), name, value);
    case MANAGED_AZURE: return x_format(_("Azure: set the server parameter %s = %s; one marked static takes a restart."), name, value);
    case MANAGED_HEATWAVE: return x_format(_("HeatWave: make a configuration with %s = %s and give it to the DB system."), name, value);
    default: return x_format(_("RDS: in the DB parameter group set %s = %s; a parameter marked static takes a reboot."), name, value);
    }
}

void cure_variable(struct run *r, struct check_result *out, bool outlives, const char *name, const char *value, const char *effect,
                   const char *title, ...)
{
    va_list ap;
    char text[240];
    enum managed by = run_managed(r);
    va_start(ap, title);
    vsnprintf(text, sizeof text, _(title), ap);
    va_end(ap);
    struct check_cure *c = add_cure(out, by == MANAGED_NO ? CURE_SQL : CURE_PARAMETER, "%s", text);
    if (by == MANAGED_NO)
        set_global(r, c, outlives, name, value);
    else
        c->text = parameter_text(by, name, value[0] ? value : _("(empty)"));
    c->effect = x_strdup(effect ? _(effect) : _("at once, no restart"));
}

void cure_kill(struct run *r, struct check_result *out, const uint64_t *ids, uint32_t n, const char *title)
{
    const struct db_server *server = &r->end[SOURCE].conn.server;
    struct buf sql = {0};
    if (!n)
        return;
    for (uint32_t i = 0; i < n; i++)
        buf_addf(&sql, run_has_rds_calls(r) ? "%sCALL mysql.rds_kill(%llu)" : "%sKILL %llu", i ? ";\n" : "", (unsigned long long)ids[i]);
    struct check_cure *c = add_cure(out, CURE_SQL, "%s", _(title));
    c->sql = buf_take(&sql);
    c->is_disruptive = true;
    c->effect = x_strdup(_("at once; what these sessions have not committed is rolled back"));
    bool is_split = server->flavour == DB_MYSQL ? server->version >= 80000 : server->version >= 100502;
    if (!run_has_rds_calls(r))
        c->needs = cure_needs(r, SOURCE, PRIV_BIT(is_split ? PRIV_CONNECTION_ADMIN : PRIV_SUPER));
}
