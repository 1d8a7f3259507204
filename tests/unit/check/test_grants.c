// SPDX-License-Identifier: Apache-2.0
// The grants reader: every file of data/grants says in its head what its lines must answer; the GRANT block; and with
// TG_TEST_SOURCE / TG_TEST_TARGET what real servers show to users that are made for it, held against what they may do.
#include "check/grants.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const NAMES[PRIV_COUNT] = {
#define X(name, scope, mysql, mariadb, tidb) #name,
    PRIV_LIST(X)
#undef X
};

static enum priv priv_of(const char *word)
{
    for (unsigned p = 0; p < PRIV_COUNT; p++) {
        if (strcmp(NAMES[p], word) == 0)
            return (enum priv)p;
    }
    fail_msg("no privilege is called %s", word);
    return PRIV_COUNT;
}

// --- files ---

struct file {
    const char *name;
    struct grants g;
    bool is_asleep;
    unsigned asked;
};

static void ask(struct file *f, const char *verb, char *scope, char *words)
{
    char *schema = NULL, *table = NULL;
    if (*scope) {
        schema = scope;
        table = strchr(scope, '.');
        assert_non_null(table);
        *table++ = 0;
        if (strcmp(table, "*") == 0)
            table = NULL;
    }
    for (char *rest, *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest), f->asked++) {
        enum priv p = priv_of(word);
        bool has = grants_has(&f->g, p, schema, table);
        bool ok = strcmp(verb, "has") == 0       ? has
                  : strcmp(verb, "lacks") == 0   ? !has
                  : strcmp(verb, "asleep") == 0  ? grants_is_asleep(&f->g, p, schema, table)
                  : strcmp(verb, "columns") == 0 ? grants_on_columns(&f->g, p, schema, table)
                                                 : false;
        if (!ok)
            fail_msg("%s: %s %s.%s: %s", f->name, verb, schema ? schema : "*", table ? table : "*", word);
    }
}

static bool in_list(char *const *list, uint32_t n, const char *text)
{
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(list[i], text) == 0)
            return true;
    }
    return false;
}

static void ask_call(struct file *f, char *what, bool may)
{
    char *dot = strchr(what, '.');
    *dot = 0;
    if (grants_may_call(&f->g, what, dot + 1) != may)
        fail_msg("%s: call of %s.%s", f->name, what, dot + 1);
}

// "has shop.orders: SELECT" and the like. Anything else in a head is prose.
static void ask_line(struct file *f, char *line)
{
    char *colon = strchr(line, ':'), *words = colon ? colon + 1 + strspn(colon + 1, " ") : NULL;
    if (!colon)
        return;
    *colon = 0;
    char *scope = strchr(line, ' ');
    scope = scope ? scope + 1 : line + strlen(line);
    if (strcmp(line, "calls") == 0 || strcmp(line, "cannot call") == 0) {
        ask_call(f, words, line[1] == 'a' && line[2] == 'l');
        f->asked++;
    } else if (strcmp(line, "unread") == 0) {
        assert_int_equal(f->g.nunread, strtoul(words, NULL, 10));
    } else if (strcmp(line, "unknown") == 0 || strcmp(line, "roles") == 0) {
        bool is_role = line[0] == 'r';
        const char *between = is_role ? " " : ",";
        uint32_t n = 0;
        for (char *rest, *w = strtok_r(words, between, &rest); w; w = strtok_r(NULL, between, &rest)) {
            w += strspn(w, " ");
            bool found = !is_role && in_list(f->g.unknown, f->g.nunknown, w);
            for (uint32_t i = 0; is_role && i < f->g.nroles; i++)
                found |= strcmp(f->g.roles[i].name, w) == 0;
            if (!found)
                fail_msg("%s: %s is not among them", f->name, w);
            n++;
        }
        assert_int_equal(n, is_role ? f->g.nroles : f->g.nunknown);
    } else if (strncmp(line, "has", 3) == 0 || strncmp(line, "lacks", 5) == 0 || strncmp(line, "asleep", 6) == 0 ||
               strncmp(line, "columns", 7) == 0) {
        if (*scope)
            scope[-1] = 0;
        ask(f, line, scope, words);
    }
}

static void set_up(struct file *f, char **lines, size_t n)
{
    enum db_flavour flavour = DB_MYSQL;
    unsigned version = 0;
    char user[128] = "u@%", kind[16], active[128] = "";
    for (size_t i = 0; i < n; i++) {
        if (sscanf(lines[i], "# server: %15s %u", kind, &version) == 2)
            flavour = strcmp(kind, "tidb") == 0 ? DB_TIDB : strcmp(kind, "mariadb") == 0 ? DB_MARIADB : DB_MYSQL;
        sscanf(lines[i], "# user: %127s", user);
        sscanf(lines[i], "# active: %127s", active);
    }
    assert_int_not_equal(version, 0);
    grants_init(&f->g, flavour, version, user);
    for (size_t i = 0; i < n; i++) {
        f->is_asleep |= strcmp(lines[i], "# asleep lines follow") == 0;
        f->g.is_literal |= strcmp(lines[i], "# literal") == 0;
        if (lines[i][0] != '#')
            grants_add_line(&f->g, lines[i], strlen(lines[i]), f->is_asleep);
    }
    grants_set_active(&f->g, active);
}

// The made-up secret of a file, and what could stand before a hash, must be nowhere.
static void no_secret(const struct file *f)
{
    for (uint32_t i = 0; i < f->g.nunread; i++) {
        assert_null(strstr(f->g.unread[i], "hush-"));
        assert_null(strstr(f->g.unread[i], "IDENTIFIED"));
    }
    for (uint32_t i = 0; i < f->g.nunknown; i++)
        assert_null(strstr(f->g.unknown[i], "HUSH"));
    for (uint32_t i = 0; i < f->g.ngrants; i++) {
        assert_true(!f->g.grants[i].schema || !strstr(f->g.grants[i].schema, "hush"));
        assert_true(!f->g.grants[i].object || !strstr(f->g.grants[i].object, "hush"));
    }
}

static void one_file(const char *name)
{
    char path[512], *lines[200], text[16384];
    struct file f = {.name = name};
    size_t n = 0;
    snprintf(path, sizeof path, "%s/data/grants/%s", TG_TEST_DIR, name);
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    size_t got = fread(text, 1, sizeof text - 1, in);
    fclose(in);
    assert_in_range(got, 1, sizeof text - 2);
    text[got] = 0;
    for (char *rest, *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        assert_in_range(n, 0, TG_ARRAY_LEN(lines) - 1);
        lines[n++] = line;
    }
    set_up(&f, lines, n);
    bool says_unread = false, says_unknown = false;
    for (size_t i = 0; i < n; i++) {
        says_unread |= strncmp(lines[i], "# unread:", 9) == 0;
        says_unknown |= strncmp(lines[i], "# unknown:", 10) == 0;
        if (strncmp(lines[i], "# ", 2) == 0)
            ask_line(&f, lines[i] + 2);
    }
    assert_true(f.asked >= 3);
    if (!says_unread && f.g.nunread)
        fail_msg("%s: not read: %s", name, f.g.unread[0]);
    if (!says_unknown && f.g.nunknown)
        fail_msg("%s: not known: %s", name, f.g.unknown[0]);
    no_secret(&f);
    grants_release(&f.g);
}

static void the_corpus(void **state)
{
    (void)state;
    DIR *folder = opendir(TG_TEST_DIR "/data/grants");
    unsigned files = 0;
    assert_non_null(folder);
    for (struct dirent *d; (d = readdir(folder));) {
        if (d->d_name[0] != '.') {
            one_file(d->d_name);
            files++;
        }
    }
    closedir(folder);
    assert_true(files >= 20);
}

// --- the GRANT block ---

static void block_is(struct grants *g, const struct grant_need *needs, size_t n, const char *want)
{
    struct buf out = {0};
    unsigned lines = 0, statements = grants_sql(g, needs, n, &out);
    for (size_t i = 0; i < out.n; i++)
        lines += out.p[i] == '\n';
    assert_string_equal(out.p ? out.p : "", want);
    assert_int_equal(statements, lines);
    buf_release(&out);
}

static void the_block(void **state)
{
    (void)state;
    static const struct grant_need needs[] = {
        {PRIV_BIT(PRIV_REPLICATION_SLAVE) | PRIV_BIT(PRIV_REPLICATION_CLIENT) | PRIV_BIT(PRIV_FLUSH_TABLES), NULL,
         NULL},
        {PRIV_BIT(PRIV_SELECT) | PRIV_BIT(PRIV_LOCK_TABLES), "shop_eu", NULL},
        {PRIV_BIT(PRIV_SELECT) | PRIV_BIT(PRIV_LOCK_TABLES) | PRIV_BIT(PRIV_PROCESS), "b`c", "t"},
        {PRIV_BIT(PRIV_SELECT) | PRIV_BIT(PRIV_LOCK_TABLES), "b`c", "u"},
    };
    struct grants g;
    grants_init(&g, DB_MYSQL, 80036, "o'h@x@10.%");
    block_is(&g, needs, TG_ARRAY_LEN(needs),
             "GRANT PROCESS, REPLICATION SLAVE, REPLICATION CLIENT, FLUSH_TABLES ON *.* TO 'o\\'h@x'@'10.%';\n"
             "GRANT SELECT, LOCK TABLES ON `shop\\_eu`.* TO 'o\\'h@x'@'10.%';\n"
             "GRANT LOCK TABLES ON `b``c`.* TO 'o\\'h@x'@'10.%';\n"
             "GRANT SELECT ON `b``c`.`t` TO 'o\\'h@x'@'10.%';\n"
             "GRANT SELECT ON `b``c`.`u` TO 'o\\'h@x'@'10.%';\n");
    grants_release(&g);

    grants_init(&g, DB_MARIADB, 101119, "u@%");
    grants_add_line(&g, "GRANT SELECT ON `b``c`.`t` TO `u`@`%`", 37, false);
    grants_add_line(&g, "GRANT REPLICATION SLAVE, PROCESS ON *.* TO `u`@`%`", 50, false);
    block_is(&g, needs, TG_ARRAY_LEN(needs),
             "GRANT BINLOG MONITOR, RELOAD ON *.* TO 'u'@'%';\n"
             "GRANT SELECT, LOCK TABLES ON `shop\\_eu`.* TO 'u'@'%';\n"
             "GRANT LOCK TABLES ON `b``c`.* TO 'u'@'%';\n"
             "GRANT SELECT ON `b``c`.`u` TO 'u'@'%';\n");
    grants_release(&g);

    grants_init(&g, DB_MYSQL, 50744, "u@%");
    g.is_literal = true;
    block_is(&g, &needs[0], 2,
             "GRANT REPLICATION SLAVE, REPLICATION CLIENT, RELOAD ON *.* TO 'u'@'%';\n"
             "GRANT SELECT, LOCK TABLES ON `shop_eu`.* TO 'u'@'%';\n");
    grants_add_line(&g, "GRANT ALL PRIVILEGES ON *.* TO 'u'@'%'", 38, false);
    block_is(&g, needs, TG_ARRAY_LEN(needs), "");
    grants_release(&g);
}

// A new line for a schema hides the wider one, or in TiDB is hidden by it.
static void the_block_takes_nothing_away(void **state)
{
    (void)state;
    static const struct grant_need need = {PRIV_BIT(PRIV_SELECT), "shop_eu", NULL};
    static const char gives[] = "GRANT LOCK TABLES ON `shop%`.* TO `u`@`%` WITH GRANT OPTION";
    struct grants g;
    grants_init(&g, DB_MYSQL, 80036, "u@%");
    grants_add_line(&g, gives, sizeof gives - 1, false);
    block_is(&g, &need, 1, "GRANT SELECT, LOCK TABLES ON `shop\\_eu`.* TO 'u'@'%';\n");
    grants_release(&g);
    grants_init(&g, DB_TIDB, 80500, "u@%");
    grants_add_line(&g, gives, sizeof gives - 1, false);
    block_is(&g, &need, 1, "GRANT SELECT ON `shop%`.* TO 'u'@'%';\n");
    grants_release(&g);
}

static void the_block_wakes_a_role(void **state)
{
    (void)state;
    static const struct grant_need need = {PRIV_BIT(PRIV_SELECT) | PRIV_BIT(PRIV_RELOAD), NULL, NULL};
    static const char mysql_roles[] = "GRANT `r`@`%`,`s`@`%` TO `u`@`%`", maria_role[] = "GRANT `r` TO `u`@`%`";
    static const char gives[] = "GRANT SELECT ON *.* TO `u`@`%`";
    struct grants g;
    grants_init(&g, DB_MYSQL, 80036, "u@%");
    grants_add_line(&g, mysql_roles, sizeof mysql_roles - 1, false);
    grants_add_line(&g, gives, sizeof gives - 1, true);
    block_is(&g, &need, 1, "GRANT RELOAD ON *.* TO 'u'@'%';\nSET DEFAULT ROLE ALL TO 'u'@'%';\n");
    grants_release(&g);
    grants_init(&g, DB_MARIADB, 100621, "u@%");
    grants_add_line(&g, maria_role, sizeof maria_role - 1, false);
    grants_add_line(&g, gives, sizeof gives - 1, true);
    block_is(&g, &need, 1, "GRANT RELOAD ON *.* TO 'u'@'%';\nSET DEFAULT ROLE `r` FOR 'u'@'%';\n");
    grants_release(&g);
}

static void names_by_server(void **state)
{
    (void)state;
    assert_string_equal(priv_name(PRIV_REPLICATION_CLIENT, DB_MARIADB, 100339), "REPLICATION CLIENT");
    assert_string_equal(priv_name(PRIV_REPLICATION_CLIENT, DB_MARIADB, 100502), "BINLOG MONITOR");
    assert_string_equal(priv_name(PRIV_REPLICA_MONITOR, DB_MARIADB, 110402), "REPLICA MONITOR");
    assert_string_equal(priv_name(PRIV_BINLOG_ADMIN, DB_MYSQL, 50744), "SUPER");
    assert_string_equal(priv_name(PRIV_BINLOG_ADMIN, DB_MARIADB, 101119), "BINLOG ADMIN");
    assert_string_equal(priv_name(PRIV_SET_USER, DB_MYSQL, 80036), "SET_USER_ID");
    assert_string_equal(priv_name(PRIV_SET_USER, DB_MYSQL, 90700), "SET_ANY_DEFINER");
    assert_string_equal(priv_name(PRIV_FLUSH_TABLES, DB_TIDB, 80500), "RELOAD");
}

// --- real servers ---

static void each_server(const char *variable, bool is_target, void (*with)(struct conn *c))
{
    const char *list = getenv(variable);
    if (!list || !*list) {
        fprintf(stderr, "SKIPPED: %s is not set\n", variable);
        skip();
    }
    for (const char *p = list; *p;) {
        char host[128];
        unsigned port;
        assert_int_equal(sscanf(p, "%127[^:,]:%u", host, &port), 2);
        struct db_addr a = {.host = host, .user = (char *)"root", .port = (uint16_t)port, .is_target = is_target};
        struct conn c;
        struct err e = {0};
        if (!(is_target ? conn_open_target(&c, &a, 0, &e) : conn_open_source(&c, &a, 0, &e)))
            fail_msg("%s: %s", e.where, e.text);
        with(&c);
        conn_close(&c);
        p += strcspn(p, ",");
        p += *p == ',';
    }
}

static void must(struct conn *c, const char *sql)
{
    struct err e = {0};
    if (!conn_exec(c, sql, strlen(sql), NULL, &e))
        fail_msg("%s: %s", sql, e.text);
}

// Not where the server has no roles.
static bool try_exec(struct conn *c, const char *sql)
{
    struct err e = {0};
    return conn_exec(c, sql, strlen(sql), NULL, &e);
}

static void open_as(struct conn *other, struct db_addr *a, const struct conn *root, const char *user)
{
    struct err e = {0};
    *a = *root->addr;
    a->user = (char *)user;
    a->password = secret_new("a word", 6);
    if (!(a->is_target ? conn_open_target(other, a, 5, &e) : conn_open_source(other, a, 5, &e)))
        fail_msg("%s: %s", user, e.text);
}

static bool may(struct conn *c, const char *sql)
{
    MYSQL_RES *res;
    struct err e = {0};
    bool ok = conn_query(c, sql, &res, &e);
    if (ok)
        mysql_free_result(res);
    return ok;
}

static void look_at_root(struct conn *c)
{
    struct grants g;
    struct err e = {0};
    if (!grants_read(&g, c, &e))
        fail_msg("%s", e.text);
    assert_string_equal(g.user, "root");
    for (unsigned p = 0; p < PRIV_COUNT; p++) {
        if (!grants_has(&g, (enum priv)p, NULL, NULL))
            fail_msg("root of %s lacks %s", c->server.version_text, NAMES[p]);
    }
    if (g.nunknown || g.nunread)
        fail_msg("%s: %s", c->server.version_text, g.nunknown ? g.unknown[0] : g.unread[0]);
    grants_release(&g);
}

static const char *const SCHEMAS[] = {"tg_grants_1", "tg_grantsx1", "tg_grants_ab", "tg_grants_cd"};

static void make_user(struct conn *c, bool *has_roles)
{
    try_exec(c, "DROP USER tg_grants");
    must(c, "CREATE USER tg_grants IDENTIFIED BY 'a word'");
    for (size_t i = 0; i < TG_ARRAY_LEN(SCHEMAS); i++) {
        char sql[128];
        snprintf(sql, sizeof sql, "CREATE DATABASE IF NOT EXISTS %s", SCHEMAS[i]);
        must(c, sql);
        snprintf(sql, sizeof sql, "CREATE TABLE IF NOT EXISTS %s.t (a INT, b INT)", SCHEMAS[i]);
        must(c, sql);
    }
    must(c, "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO tg_grants");
    must(c, "GRANT SELECT ON `tg\\_grants\\_1`.* TO tg_grants");
    must(c, "GRANT SELECT (a) ON tg_grantsx1.t TO tg_grants");
    must(c, "GRANT SELECT ON `tg\\_grants\\_a%`.* TO tg_grants");
    must(c, "GRANT LOCK TABLES ON `tg\\_grants%`.* TO tg_grants");
    try_exec(c, "DROP ROLE tg_role_on");
    try_exec(c, "DROP ROLE tg_role_off");
    *has_roles = try_exec(c, "CREATE ROLE tg_role_on");
    if (!*has_roles)
        return;
    must(c, "CREATE ROLE tg_role_off");
    must(c, "GRANT SELECT ON tg_grants_cd.t TO tg_role_on");
    must(c, "GRANT PROCESS ON *.* TO tg_role_off");
    must(c, "GRANT tg_role_on TO tg_grants");
    must(c, "GRANT tg_role_off TO tg_grants");
    must(c, c->server.flavour == DB_MARIADB ? "SET DEFAULT ROLE tg_role_on FOR tg_grants"
                                            : "SET DEFAULT ROLE tg_role_on TO tg_grants");
}

static void drop_user(struct conn *c, bool has_roles)
{
    must(c, "DROP USER tg_grants");
    if (has_roles) {
        must(c, "DROP ROLE tg_role_on");
        must(c, "DROP ROLE tg_role_off");
    }
    for (size_t i = 0; i < TG_ARRAY_LEN(SCHEMAS); i++) {
        char sql[128];
        snprintf(sql, sizeof sql, "DROP DATABASE %s", SCHEMAS[i]);
        must(c, sql);
    }
}

// What the reader says of each table is what the server does; of TiDB it may say too much, never too little.
static void compare_with_deeds(const struct grants *g, struct conn *other)
{
    for (size_t i = 0; i < TG_ARRAY_LEN(SCHEMAS); i++) {
        char sql[128];
        snprintf(sql, sizeof sql, "SELECT a, b FROM %s.t", SCHEMAS[i]);
        bool does = may(other, sql), says = grants_has(g, PRIV_SELECT, SCHEMAS[i], "t");
        if (g->flavour == DB_TIDB ? does && !says : does != says)
            fail_msg("%s: %s: reader says %d, server does %d", other->server.version_text, sql, says, does);
    }
    assert_true(grants_on_columns(g, PRIV_SELECT, "tg_grantsx1", "t"));
}

// Then the block's statements are run, and nothing is missing any more.
static void cure(struct conn *root, const struct grants *g, bool has_roles)
{
    const struct grant_need needs[] = {
        {PRIV_BIT(PRIV_RELOAD) | PRIV_BIT(PRIV_REPLICATION_CLIENT) | (has_roles ? PRIV_BIT(PRIV_PROCESS) : 0), NULL,
         NULL},
        {PRIV_BIT(PRIV_SELECT) | PRIV_BIT(PRIV_LOCK_TABLES), "tg_grantsx1", NULL},
        {PRIV_BIT(PRIV_SELECT), "tg_grants_cd", "t"},
    };
    struct buf sql = {0};
    assert_true(grants_sql(g, needs, TG_ARRAY_LEN(needs), &sql) >= 2);
    bool by_role = has_roles && g->flavour != DB_MARIADB;
    assert_int_equal(strstr(sql.p, "SET DEFAULT ROLE ALL") != NULL, by_role);
    for (char *rest, *line = strtok_r(sql.p, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        must(root, line);
    buf_release(&sql);

    struct conn other;
    struct db_addr a;
    struct grants after;
    struct err e = {0};
    open_as(&other, &a, root, "tg_grants");
    if (!grants_read(&after, &other, &e))
        fail_msg("%s", e.text);
    for (size_t i = 0; i < TG_ARRAY_LEN(needs); i++)
        assert_int_equal(grants_missing(&after, needs[i].privs, needs[i].schema, needs[i].table), 0);
    assert_true(may(&other, "SELECT a, b FROM tg_grantsx1.t"));
    assert_true(may(&other, "SELECT a, b FROM tg_grants_cd.t"));
    grants_release(&after);
    conn_close(&other);
    secret_free(a.password);
}

static void look_at_user(struct conn *c)
{
    struct conn other;
    struct db_addr a;
    struct grants g;
    struct err e = {0};
    bool has_roles;
    make_user(c, &has_roles);
    open_as(&other, &a, c, "tg_grants");
    if (!grants_read(&g, &other, &e))
        fail_msg("%s: %s", c->server.version_text, e.text);
    assert_string_equal(g.user, "tg_grants");
    assert_string_equal(g.host, "%");
    assert_true(grants_has(&g, PRIV_REPLICATION_SLAVE, NULL, NULL));
    assert_true(grants_has(&g, PRIV_REPLICATION_CLIENT, NULL, NULL));
    assert_false(grants_has(&g, PRIV_RELOAD, NULL, NULL));
    assert_int_equal(grants_is_asleep(&g, PRIV_PROCESS, NULL, NULL), has_roles);
    assert_int_equal(g.nroles, has_roles ? 2 : 0);
    for (uint32_t i = 0; i < g.nroles; i++)
        assert_int_equal(g.roles[i].is_active, strcmp(g.roles[i].name, "tg_role_on") == 0);
    assert_int_equal(g.nunread + g.nunknown, 0);
    compare_with_deeds(&g, &other); // with the role that was active before the reading
    conn_close(&other);
    secret_free(a.password);
    cure(c, &g, has_roles);
    grants_release(&g);
    drop_user(c, has_roles);
}

static void real_root(void **state)
{
    (void)state;
    each_server("TG_TEST_SOURCE", false, look_at_root);
    each_server("TG_TEST_TARGET", true, look_at_root);
}

static void real_user(void **state)
{
    (void)state;
    each_server("TG_TEST_SOURCE", false, look_at_user);
    each_server("TG_TEST_TARGET", true, look_at_user);
}

// --- servers that look like Amazon's ---

static void open_managed(struct conn *c, struct db_addr *a, const char *user, uint16_t port)
{
    struct err e = {0};
    *a = (struct db_addr){.host = (char *)"127.0.0.1", .user = (char *)user, .port = port,
                          .password = secret_new("secret", 6)};
    if (!conn_open_source(c, a, 5, &e))
        fail_msg("%s: %s", user, e.text);
}

static void read_managed(struct grants *g, const char *user, const char *kind, uint16_t port)
{
    struct conn c;
    struct db_addr a;
    struct err e = {0};
    open_managed(&c, &a, user, port);
    assert_true(c.server.is_rds);
    assert_int_equal(c.server.is_aurora, strcmp(kind, "rds") != 0);
    if (!grants_read(g, &c, &e))
        fail_msg("%s", e.text);
    assert_string_equal(g->user, user);
    assert_int_equal(g->nunread + g->nunknown, 0);
    assert_false(grants_has(g, PRIV_SUPER, NULL, NULL));
    assert_false(grants_has(g, PRIV_RELOAD, NULL, NULL));
    assert_true(grants_has(g, PRIV_SELECT, "shop", "orders"));
    assert_true(grants_has(g, PRIV_LOCK_TABLES, "shop", NULL));
    assert_true(grants_has(g, PRIV_REPLICATION_SLAVE, NULL, NULL));
    assert_int_equal(grants_may_call(g, "mysql", "rds_set_configuration"), strcmp(user, "admin") == 0);
    assert_int_equal(may(&c, "FLUSH TABLES WITH READ LOCK"), false);
    conn_close(&c);
    secret_free(a.password);
}

static void managed(void **state)
{
    (void)state;
    const char *list = getenv("TG_TEST_MANAGED");
    if (!list || !*list) {
        fprintf(stderr, "SKIPPED: TG_TEST_MANAGED is not set\n");
        skip();
    }
    for (const char *p = list; *p;) {
        char kind[32];
        unsigned port;
        struct grants g;
        assert_int_equal(sscanf(p, "%31[^:,]:%u", kind, &port), 2);
        read_managed(&g, "tg_reader", kind, (uint16_t)port);
        assert_int_equal(g.nroles, 0);
        grants_release(&g);
        read_managed(&g, "admin", kind, (uint16_t)port);
        assert_int_equal(g.nroles, strcmp(kind, "aurora") == 0 ? 6 : strcmp(kind, "rds") == 0 ? 1 : 0);
        for (uint32_t i = 0; i < g.nroles; i++)
            assert_int_equal(g.roles[i].is_active, strcmp(g.roles[i].name, "rds_superuser_role") == 0);
        assert_true(grants_has(&g, PRIV_PROCESS, NULL, NULL));
        grants_release(&g);
        p += strcspn(p, ",");
        p += *p == ',';
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_corpus),
        cmocka_unit_test(the_block),
        cmocka_unit_test(the_block_takes_nothing_away),
        cmocka_unit_test(the_block_wakes_a_role),
        cmocka_unit_test(names_by_server),
        cmocka_unit_test(real_root),
        cmocka_unit_test(real_user),
        cmocka_unit_test(managed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
