// SPDX-License-Identifier: Apache-2.0
// Questions to what a user holds, the GRANT block for what is missing, and reading it all from a server.
#include "check/grants_impl.h"

#include <stdlib.h>
#include <strings.h>

// --- which lines count ---

static size_t char_size(const char *p)
{
    size_t n = 1;
    while (n < 4 && ((unsigned char)p[n] & 0xc0) == 0x80)
        n++;
    return n;
}

static char fold(const struct grants *g, char c)
{
    return g->is_folded && c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static bool same_name(const struct grants *g, const char *a, const char *b)
{
    return g->is_folded ? strcasecmp(a, b) == 0 : strcmp(a, b) == 0;
}

// Like LIKE: % any text, _ one character, \ takes the next sign as it is.
static bool like(const struct grants *g, const char *pattern, const char *name)
{
    const char *again = NULL, *from = NULL;
    while (*name) {
        if (*pattern == '%') {
            again = ++pattern;
            from = name;
            continue;
        }
        const char *p = *pattern == '\\' && pattern[1] ? pattern + 1 : pattern;
        if (*pattern == '_') {
            pattern++;
            name += char_size(name);
        } else if (*p && fold(g, *p) == fold(g, *name)) {
            pattern = p + 1;
            name++;
        } else if (again) {
            pattern = again;
            from += char_size(from);
            name = from;
        } else {
            return false;
        }
    }
    return !pattern[strspn(pattern, "%")];
}

static bool matches(const struct grants *g, const struct grant *one, const char *schema)
{
    return g->is_literal || one->object ? same_name(g, one->schema, schema) : like(g, one->schema, schema);
}

// Bytes before the first % or _ that is no sign of the name; SIZE_MAX for a plain name.
static size_t literal_part(const struct grants *g, const char *pattern)
{
    if (g->is_literal)
        return SIZE_MAX;
    for (const char *p = pattern; *p; p++) {
        if (*p == '%' || *p == '_')
            return (size_t)(p - pattern);
        p += *p == '\\' && p[1];
    }
    return SIZE_MAX;
}

static bool has_active_role(const struct grants *g)
{
    for (uint32_t i = 0; i < g->nroles; i++) {
        if (g->roles[i].is_active)
            return true;
    }
    return false;
}

// Of several patterns that match, a server looks at one only. MariaDB and MySQL before 8 show them in the order in
// which they look. MySQL 8 and later takes the one that stays literal for longest, of two alike the one shown first;
// but with an active role, a name without any _ or % first, then by the bytes of the patterns. TiDB goes by an order
// that it does not show: there all of them count, and probes have the last word.
static bool is_looked_at_first(const struct grants *g, const struct grant *one, const struct grant *than)
{
    if (g->flavour != DB_MYSQL || g->version < 80000)
        return false;
    if (!has_active_role(g) && !one->is_asleep)
        return literal_part(g, one->schema) > literal_part(g, than->schema);
    bool a = strpbrk(one->schema, "%_"), b = strpbrk(than->schema, "%_");
    return a == b ? strcmp(one->schema, than->schema) < 0 : b;
}

struct held {
    uint64_t global, schema, table, on_columns, taken;
};

static bool is_schema_line(const struct grants *g, const struct grant *one, const char *schema)
{
    return one->schema && !one->object && !one->is_routine && matches(g, one, schema);
}

// Each holder's best line; holders add up, for roles do on MariaDB.
static bool is_best(const struct grants *g, uint32_t i, const char *schema)
{
    const struct grant *one = &g->grants[i];
    for (uint32_t k = 0; k < g->ngrants && g->flavour != DB_TIDB; k++) {
        const struct grant *other = &g->grants[k];
        if (k == i || other->holder != one->holder || other->is_asleep != one->is_asleep || other->is_taken ||
            !is_schema_line(g, other, schema))
            continue;
        if (is_looked_at_first(g, other, one) || (k < i && !is_looked_at_first(g, one, other)))
            return false;
    }
    return true;
}

static struct held look_up(const struct grants *g, const char *schema, const char *table, bool is_asleep)
{
    struct held h = {0};
    for (uint32_t i = 0; i < g->ngrants; i++) {
        const struct grant *one = &g->grants[i];
        if (one->is_asleep != is_asleep || one->is_routine)
            continue;
        if (!one->schema && !one->is_taken) {
            h.global |= one->has;
        } else if (schema && one->schema && !one->object && matches(g, one, schema)) {
            if (one->is_taken)
                h.taken |= one->has;
            else if (is_best(g, i, schema))
                h.schema |= one->has;
        } else if (table && one->object && !one->is_taken && same_name(g, one->object, table) &&
                   matches(g, one, schema)) {
            h.table |= one->has;
            h.on_columns |= one->on_columns;
        }
    }
    if (schema && strcasecmp(schema, "information_schema") == 0)
        h.schema |= PRIV_BIT(PRIV_SELECT);
    return h;
}

static bool holds(const struct grants *g, const struct held *h, enum priv p)
{
    if (!priv_is_needed(p, g->flavour, g->version) || (h->global & priv_stands_for(p, g->flavour, g->version)))
        return true;
    switch (priv_scope(p)) {
    case PRIV_SCOPE_G:
        return h->global & PRIV_BIT(p);
    case PRIV_SCOPE_S:
        return ((h->global & ~h->taken) | h->schema) & PRIV_BIT(p);
    default:
        return ((h->global & ~h->taken) | h->schema | h->table) & PRIV_BIT(p);
    }
}

static uint64_t lacking(const struct grants *g, uint64_t privs, const struct held *h)
{
    uint64_t missing = 0;
    for (unsigned p = 0; p < PRIV_COUNT; p++) {
        if ((privs & PRIV_BIT(p)) && !holds(g, h, p))
            missing |= PRIV_BIT(p);
    }
    return missing;
}

uint64_t grants_missing(const struct grants *g, uint64_t privs, const char *schema, const char *table)
{
    struct held h = look_up(g, schema, table, false);
    return lacking(g, privs, &h);
}

bool grants_has(const struct grants *g, enum priv p, const char *schema, const char *table)
{
    return !grants_missing(g, PRIV_BIT(p), schema, table);
}

bool grants_is_asleep(const struct grants *g, enum priv p, const char *schema, const char *table)
{
    struct held h = look_up(g, schema, table, true);
    return !grants_has(g, p, schema, table) && holds(g, &h, p);
}

bool grants_on_columns(const struct grants *g, enum priv p, const char *schema, const char *table)
{
    struct held h = look_up(g, schema, table, false);
    return !holds(g, &h, p) && (h.on_columns & PRIV_BIT(p));
}

bool grants_may_call(const struct grants *g, const char *schema, const char *routine)
{
    if (grants_has(g, PRIV_EXECUTE, schema, NULL))
        return true;
    for (uint32_t i = 0; i < g->ngrants; i++) {
        const struct grant *one = &g->grants[i];
        if (one->is_routine && !one->is_asleep && !one->is_taken && (one->has & PRIV_BIT(PRIV_EXECUTE)) &&
            matches(g, one, schema) && strcasecmp(one->object, routine) == 0)
            return true;
    }
    return false;
}

// --- the GRANT block ---

struct block {
    const struct grants *g;
    struct buf *out;
    unsigned statements;
    bool wakes;                       /* SET DEFAULT ROLE gives some of it */
};

static void add_account(struct block *b)
{
    sql_z(b->out, b->g->user);
    buf_addc(b->out, '@');
    sql_z(b->out, b->g->host);
}

// The name as a pattern that means only itself.
static char *pattern_of(const struct grants *g, const char *schema)
{
    struct buf name = {0};
    for (const char *p = schema ? schema : ""; *p; p++) {
        if (!g->is_literal && strchr("%_\\", *p))
            buf_addc(&name, '\\');
        buf_addc(&name, *p);
    }
    return buf_take(&name);
}

// The next of the user's own lines, from *i on, that counts for this schema.
static const struct grant *own_line(const struct grants *g, const char *schema, uint32_t *i)
{
    char *holder = x_format("%s\n%s", g->user, g->host);
    const struct grant *found = NULL;
    for (; *i < g->ngrants && !found; ++*i) {
        const struct grant *one = &g->grants[*i];
        if (!one->is_taken && !one->is_asleep && is_schema_line(g, one, schema) &&
            strcmp(g->holders[one->holder], holder) == 0 && is_best(g, *i, schema))
            found = one;
    }
    free(holder);
    return found;
}

static void add_names(struct block *b, uint64_t privs)
{
    uint64_t done = 0;
    for (unsigned p = 0; p < PRIV_COUNT; p++) {
        if (!(privs & PRIV_BIT(p)))
            continue;
        // Two privileges may have one name here.
        const char *name = priv_name(p, b->g->flavour, b->g->version);
        bool is_known, is_first = done == 0;
        uint64_t bit = priv_bits(name, &is_known);
        if (done & bit)
            continue;
        done |= bit;
        buf_addf(b->out, "%s%s", is_first ? "" : ", ", name);
    }
}

// scope: the schema's pattern, or the schema of a table; NULL: *.*
static void add_statement(struct block *b, uint64_t privs, const char *scope, const char *table)
{
    if (!privs)
        return;
    buf_adds(b->out, "GRANT ");
    add_names(b, privs);
    buf_adds(b->out, " ON ");
    if (scope)
        sql_ident(b->out, scope);
    else
        buf_adds(b->out, "*");
    buf_adds(b->out, ".");
    if (table)
        sql_ident(b->out, table);
    else
        buf_adds(b->out, "*");
    buf_adds(b->out, " TO ");
    add_account(b);
    buf_adds(b->out, ";\n");
    b->statements++;
}

// A line of its own for a schema hides a wider one: what that gave goes into it, else the cure would take away. Where
// the wider one would hide the new one, it is the one to add to; in TiDB, which may do either, each that is there.
static void add_schema(struct block *b, uint64_t privs, const char *schema)
{
    uint32_t i = 0;
    const struct grant *own = privs ? own_line(b->g, schema, &i) : NULL;
    char *pattern = pattern_of(b->g, schema);
    if (own && b->g->flavour == DB_TIDB) {
        for (; own; own = own_line(b->g, schema, &i))
            add_statement(b, privs, own->schema, NULL);
    } else if (own && is_looked_at_first(b->g, own, &(struct grant){.schema = pattern})) {
        add_statement(b, privs, own->schema, NULL);
    } else {
        bool is_wider = own && strcmp(own->schema, pattern) != 0; // the very same line keeps what it has
        add_statement(b, is_wider ? privs | (own->has & ~PRIV_BIT(PRIV_GRANT_OPTION)) : privs, pattern, NULL);
    }
    free(pattern);
}

static bool can_wake(const struct grants *g)
{
    // MariaDB has one default role.
    return g->nroles && (g->flavour != DB_MARIADB || g->nroles == 1);
}

static uint64_t to_grant(struct block *b, const struct grant_need *need)
{
    uint64_t missing = grants_missing(b->g, need->privs, need->schema, need->table);
    struct held h = look_up(b->g, need->schema, need->table, true);
    uint64_t left = can_wake(b->g) ? lacking(b->g, missing, &h) : missing;
    b->wakes |= left != missing;
    return left;
}

static uint64_t of_scope(uint64_t privs, enum priv_scope scope)
{
    uint64_t out = 0;
    for (unsigned p = 0; p < PRIV_COUNT; p++) {
        if ((privs & PRIV_BIT(p)) && priv_scope(p) == scope)
            out |= PRIV_BIT(p);
    }
    return out;
}

static void add_wake(struct block *b)
{
    if (!b->wakes)
        return;
    buf_adds(b->out, "SET DEFAULT ROLE ");
    if (b->g->flavour == DB_MARIADB)
        sql_ident(b->out, b->g->roles[0].name);
    else
        buf_adds(b->out, "ALL");
    buf_adds(b->out, b->g->flavour == DB_MARIADB ? " FOR " : " TO ");
    add_account(b);
    buf_adds(b->out, ";\n");
    b->statements++;
}

unsigned grants_sql(const struct grants *g, const struct grant_need *needs, size_t n, struct buf *out)
{
    struct block b = {.g = g, .out = out};
    uint64_t global = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t missing = to_grant(&b, &needs[i]);
        global |= needs[i].schema ? of_scope(missing, PRIV_SCOPE_G) : missing;
    }
    add_statement(&b, global, NULL, NULL);
    for (size_t i = 0; i < n;) {
        const char *schema = needs[i].schema;
        uint64_t whole = 0;
        size_t from = i;
        for (; i < n && (schema ? needs[i].schema && strcmp(needs[i].schema, schema) == 0 : !needs[i].schema); i++) {
            uint64_t missing = to_grant(&b, &needs[i]);
            whole |= of_scope(missing, PRIV_SCOPE_S) | (needs[i].table ? 0 : of_scope(missing, PRIV_SCOPE_T));
        }
        for (add_schema(&b, schema ? whole & ~global : 0, schema); schema && from < i; from++) {
            uint64_t narrow = of_scope(to_grant(&b, &needs[from]), PRIV_SCOPE_T) & ~whole & ~global;
            add_statement(&b, needs[from].table ? narrow : 0, schema, needs[from].table);
        }
    }
    add_wake(&b);
    return b.statements;
}

// --- reading ---

void grants_init(struct grants *g, enum db_flavour flavour, unsigned version, const char *current_user)
{
    const char *at = strrchr(current_user, '@');
    *g = (struct grants){.flavour = flavour, .version = version};
    g->user = at ? x_strndup(current_user, (size_t)(at - current_user)) : x_strdup(current_user);
    g->host = x_strdup(at ? at + 1 : "%");
}

static void free_texts(char **list, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        free(list[i]);
    free(list);
}

void grants_release(struct grants *g)
{
    for (uint32_t i = 0; i < g->ngrants; i++) {
        free(g->grants[i].schema);
        free(g->grants[i].object);
    }
    for (uint32_t i = 0; i < g->nroles; i++) {
        free(g->roles[i].name);
        free(g->roles[i].host);
    }
    free(g->grants);
    free(g->roles);
    free(g->user);
    free(g->host);
    free_texts(g->holders, g->nholders);
    free_texts(g->unknown, g->nunknown);
    free_texts(g->unread, g->nunread);
    *g = (struct grants){0};
}

enum row_is { ROW_AWAKE, ROW_ASLEEP, ROW_ROLES, ROW_SETTING };

static bool read_rows(struct grants *g, struct conn *c, const char *sql, enum row_is what, struct err *e)
{
    MYSQL_RES *res;
    if (!conn_query(c, sql, &res, e))
        return false;
    for (MYSQL_ROW row; (row = mysql_fetch_row(res));) {
        unsigned long n = row[0] ? mysql_fetch_lengths(res)[0] : 0;
        if (what == ROW_ROLES && row[0])
            grants_set_active(g, row[0]);
        else if (what == ROW_SETTING)
            g->is_literal = row[0] && (row[0][0] == '1' || strcasecmp(row[0], "ON") == 0);
        else if (row[0])
            grants_add_line(g, row[0], n, what == ROW_ASLEEP);
    }
    mysql_free_result(res);
    return true;
}

// What a server may refuse: only a lost connection is a failure.
static bool try_rows(struct grants *g, struct conn *c, const char *sql, enum row_is what, struct err *e)
{
    if (read_rows(g, c, sql, what, e))
        return true;
    if (err_is_lost(e))
        return false;
    err_clear(e);
    return true;
}

static bool has_sleeper(const struct grants *g)
{
    for (uint32_t i = 0; i < g->nroles; i++) {
        if (!g->roles[i].is_active)
            return true;
    }
    return false;
}

// MySQL and TiDB show all of it together with roles that are named.
static bool read_sleepers(struct grants *g, struct conn *c, struct err *e)
{
    struct buf sql = {0};
    buf_adds(&sql, "SHOW GRANTS FOR CURRENT_USER() USING ");
    for (uint32_t i = 0; i < g->nroles; i++) {
        buf_adds(&sql, i ? ", " : "");
        sql_z(&sql, g->roles[i].name);
        buf_addc(&sql, '@');
        sql_z(&sql, g->roles[i].host ? g->roles[i].host : "%");
    }
    bool ok = try_rows(g, c, sql.p, ROW_ASLEEP, e);
    buf_release(&sql);
    return ok;
}

static bool set_role(struct conn *c, const char *name, struct err *e)
{
    struct buf sql = {0};
    buf_adds(&sql, "SET ROLE ");
    if (name)
        sql_ident(&sql, name);
    else
        buf_adds(&sql, "NONE");
    bool ok = conn_exec(c, sql.p, sql.n, NULL, e);
    buf_release(&sql);
    return ok;
}

// MariaDB shows a role only to whom it is active.
static bool read_mariadb_sleepers(struct grants *g, struct conn *c, struct err *e)
{
    const char *active = NULL;
    uint32_t n = g->nroles; // the lines of a role may name more of them, which it brings with it
    for (uint32_t i = 0; i < n; i++)
        active = g->roles[i].is_active ? g->roles[i].name : active;
    char *back = active ? x_strdup(active) : NULL;
    bool ok = true;
    for (uint32_t i = 0; ok && i < n; i++) {
        if (g->roles[i].is_active)
            continue;
        if (set_role(c, g->roles[i].name, e))
            ok = try_rows(g, c, "SHOW GRANTS FOR CURRENT_ROLE", ROW_ASLEEP, e) && set_role(c, back, e);
        else
            ok = !err_is_lost(e);
    }
    if (ok)
        err_clear(e);
    free(back);
    return ok;
}

bool grants_read(struct grants *g, struct conn *c, struct err *e)
{
    enum { PARTIAL_REVOKES = 80016, PUBLIC = 101100 };
    char user[512];
    const struct db_server *s = &c->server;
    *g = (struct grants){0};
    if (!conn_value(c, "SELECT CURRENT_USER()", user, sizeof user, e))
        return err_wrap(e, "while asking who the user is");
    grants_init(g, s->flavour, s->version, user);
    g->is_folded = s->lower_case_table_names != 0;
    // Without FOR, MariaDB shows what the active role gives, too; the others do anyway.
    if (!read_rows(g, c, "SHOW GRANTS", ROW_AWAKE, e))
        return err_wrap(e, "while reading the grants");
    if (s->flavour == DB_MYSQL && s->version >= PARTIAL_REVOKES &&
        !try_rows(g, c, "SELECT @@partial_revokes", ROW_SETTING, e))
        return false;
    if (s->flavour == DB_MARIADB && s->version >= PUBLIC && !try_rows(g, c, "SHOW GRANTS FOR PUBLIC", ROW_AWAKE, e))
        return false;
    if (g->nroles && !try_rows(g, c, "SELECT CURRENT_ROLE()", ROW_ROLES, e))
        return false;
    if (!has_sleeper(g))
        return true;
    return s->flavour == DB_MARIADB ? read_mariadb_sleepers(g, c, e) : read_sleepers(g, c, e);
}
