/* SPDX-License-Identifier: Apache-2.0
 * What a user may do, read from SHOW GRANTS of any MySQL, MariaDB, TiDB or managed server, without ever failing because
 * of a word that we do not know: unknown privileges and unreadable lines are kept for display. The static answer is a
 * forecast; checks back it by probes (DM.md 2.4). Password hashes that such lines may carry are never kept.
 * Thread: one struct, one thread at a time; questions do not change it. */
#ifndef TG_CHECK_GRANTS_H
#define TG_CHECK_GRANTS_H

#include "db/conn.h"

/* X(name, widest scope it can be granted on: G *.*, S schema, T table; name in MySQL, in MariaDB, in TiDB or NULL where
 * it has none). Names that other versions use are in grants_priv.c. */
#define PRIV_LIST(X)                                                                                                   \
    X(SELECT, T, "SELECT", "SELECT", "SELECT")                                                                         \
    X(INSERT, T, "INSERT", "INSERT", "INSERT")                                                                         \
    X(UPDATE, T, "UPDATE", "UPDATE", "UPDATE")                                                                         \
    X(DELETE, T, "DELETE", "DELETE", "DELETE")                                                                         \
    X(CREATE, T, "CREATE", "CREATE", "CREATE")                                                                         \
    X(ALTER, T, "ALTER", "ALTER", "ALTER")                                                                             \
    X(DROP, T, "DROP", "DROP", "DROP")                                                                                 \
    X(INDEX, T, "INDEX", "INDEX", "INDEX")                                                                             \
    X(REFERENCES, T, "REFERENCES", "REFERENCES", "REFERENCES")                                                         \
    X(CREATE_VIEW, T, "CREATE VIEW", "CREATE VIEW", "CREATE VIEW")                                                     \
    X(SHOW_VIEW, T, "SHOW VIEW", "SHOW VIEW", "SHOW VIEW")                                                             \
    X(TRIGGER, T, "TRIGGER", "TRIGGER", "TRIGGER")                                                                     \
    X(GRANT_OPTION, T, "GRANT OPTION", "GRANT OPTION", "GRANT OPTION")                                                 \
    X(LOCK_TABLES, S, "LOCK TABLES", "LOCK TABLES", "LOCK TABLES")                                                     \
    X(CREATE_TEMPORARY_TABLES, S, "CREATE TEMPORARY TABLES", "CREATE TEMPORARY TABLES", "CREATE TEMPORARY TABLES")     \
    X(EVENT, S, "EVENT", "EVENT", "EVENT")                                                                             \
    X(EXECUTE, S, "EXECUTE", "EXECUTE", "EXECUTE")                                                                     \
    X(CREATE_ROUTINE, S, "CREATE ROUTINE", "CREATE ROUTINE", "CREATE ROUTINE")                                         \
    X(ALTER_ROUTINE, S, "ALTER ROUTINE", "ALTER ROUTINE", "ALTER ROUTINE")                                             \
    X(RELOAD, G, "RELOAD", "RELOAD", "RELOAD")                                                                         \
    X(PROCESS, G, "PROCESS", "PROCESS", "PROCESS")                                                                     \
    X(SUPER, G, "SUPER", "SUPER", "SUPER")                                                                             \
    X(REPLICATION_SLAVE, G, "REPLICATION SLAVE", "REPLICATION SLAVE", "REPLICATION SLAVE")                             \
    X(REPLICATION_CLIENT, G, "REPLICATION CLIENT", "BINLOG MONITOR", "REPLICATION CLIENT")                             \
    X(CREATE_USER, G, "CREATE USER", "CREATE USER", "CREATE USER")                                                     \
    X(FLUSH_TABLES, G, "FLUSH_TABLES", NULL, NULL)                                                                     \
    X(BACKUP_ADMIN, G, "BACKUP_ADMIN", NULL, "BACKUP_ADMIN")                                                           \
    X(BINLOG_ADMIN, G, "BINLOG_ADMIN", "BINLOG ADMIN", NULL)                                                           \
    X(CONNECTION_ADMIN, G, "CONNECTION_ADMIN", "CONNECTION ADMIN", "CONNECTION_ADMIN")                                 \
    X(REPLICATION_SLAVE_ADMIN, G, "REPLICATION_SLAVE_ADMIN", "REPLICATION SLAVE ADMIN", NULL)                          \
    X(REPLICATION_MASTER_ADMIN, G, NULL, "REPLICATION MASTER ADMIN", NULL)                                             \
    X(REPLICA_MONITOR, G, NULL, "REPLICA MONITOR", NULL)                                                               \
    X(SESSION_VARIABLES_ADMIN, G, "SESSION_VARIABLES_ADMIN", NULL, NULL)                                               \
    X(SYSTEM_VARIABLES_ADMIN, G, "SYSTEM_VARIABLES_ADMIN", NULL, "SYSTEM_VARIABLES_ADMIN")                             \
    X(SET_USER, G, "SET_USER_ID", "SET USER", NULL)                                                                    \
    X(XA_RECOVER_ADMIN, G, "XA_RECOVER_ADMIN", NULL, NULL)                                                             \
    X(SHOW_ROUTINE, G, "SHOW_ROUTINE", NULL, NULL)

enum priv {
#define X(name, scope, mysql, mariadb, tidb) PRIV_##name,
    PRIV_LIST(X)
#undef X
    PRIV_COUNT
};
#define PRIV_BIT(p) (UINT64_C(1) << (p))

struct grant {                        /* one line: what one holder may do on one scope */
    uint64_t has;                     /* PRIV_BITs */
    uint64_t on_columns;              /* PRIV_BITs that hold for some columns only */
    char *schema;                     /* NULL: *.*; a pattern as shown unless `object` is set */
    char *object;                     /* table or routine, NULL: the whole schema */
    uint32_t holder;                  /* the same number for lines of the same account or role */
    bool is_routine;
    bool is_taken;                    /* a partial REVOKE: taken from what *.* gives */
    bool is_asleep;                   /* of a role that is granted but not active */
};

struct grant_role {
    char *name, *host;                /* host NULL on MariaDB */
    bool is_active;
};

struct grants {
    enum db_flavour flavour;
    unsigned version;                 /* as struct db_server's */
    bool is_literal;                  /* partial_revokes=ON: % and _ in schema names mean themselves */
    bool is_folded;                   /* lower_case_table_names: names compare without case */
    char *user, *host;                /* of CURRENT_USER() */
    struct grant *grants;
    struct grant_role *roles;
    char **holders, **unknown, **unread; /* unknown: privileges we have no name for, each once; unread: lines, cut */
    uint32_t ngrants, nroles, nholders, nunknown, nunread;
};

/* current_user: "user@host" as CURRENT_USER() gives it. Lines are added next. */
void grants_init(struct grants *g, enum db_flavour flavour, unsigned version, const char *current_user);
void grants_release(struct grants *g);
/* Any text; one line of SHOW GRANTS. Never fails. */
void grants_add_line(struct grants *g, const char *line, size_t n, bool is_asleep);
/* The text of CURRENT_ROLE(): marks these roles as active. */
void grants_set_active(struct grants *g, const char *current_role);
/* Inits g and reads the connection's own user: SHOW GRANTS, and what roles that are not active would give. On MariaDB
 * that takes SET ROLE, which is set back. False only when SHOW GRANTS itself fails or the connection is lost; release g
 * in either case. At most 5 round trips, on MariaDB 3 more a sleeping role. */
bool grants_read(struct grants *g, struct conn *c, struct err *e);

/* Does the user hold p on *.* (schema NULL), on a whole schema (table NULL), on one table? Privileges that can't be
 * granted so narrowly are looked up where they can. Whatever stands for p counts: SUPER for REPLICATION CLIENT,
 * FLUSH_TABLES for RELOAD (tiflow#12751)…; column privileges do not. SELECT on information_schema is everybody's.
 * On *.* a partial REVOKE is not looked at: ask for the schemas that matter. Where several schema patterns match, only
 * the one that the server itself takes counts (its rule differs by server, and was tried on each); TiDB's can't be told
 * from what it shows, so there all of them count: the answer may be too good. */
bool grants_has(const struct grants *g, enum priv p, const char *schema, const char *table);
/* Those of the PRIV_BITs that are missing there. */
uint64_t grants_missing(const struct grants *g, uint64_t privs, const char *schema, const char *table);
/* Missing, but a role gives it that is granted and not active: SET DEFAULT ROLE is the cure. */
bool grants_is_asleep(const struct grants *g, enum priv p, const char *schema, const char *table);
/* Missing, but held on some columns of the table. */
bool grants_on_columns(const struct grants *g, enum priv p, const char *schema, const char *table);
/* EXECUTE on a procedure or function, by whatever scope. */
bool grants_may_call(const struct grants *g, const char *schema, const char *routine);

/* The name that GRANT takes on this server, of p or of what stands for p there (SUPER for BINLOG_ADMIN on 5.7). */
const char *priv_name(enum priv p, enum db_flavour flavour, unsigned version);

struct grant_need {                   /* schema NULL: *.*; table NULL: the whole schema */
    uint64_t privs;
    const char *schema, *table;
};
/* The statements that give what is missing of the needs, a line each, to be run by an administrator: GRANT … ON *.*
 * first, then a line per scope (needs of the same schema stand together), and SET DEFAULT ROLE instead of GRANT for
 * what a sleeping role holds. A line for a schema repeats what a wider pattern gave there, because it hides that; where
 * it would be hidden itself, the wider one is added to. Appends; returns the number of statements, 0: nothing is
 * missing. */
unsigned grants_sql(const struct grants *g, const struct grant_need *needs, size_t n, struct buf *out);

#endif
