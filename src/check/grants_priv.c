// SPDX-License-Identifier: Apache-2.0
// Names of privileges: what each server calls them, what they can be granted on, and which stand for others.
#include "check/grants_impl.h"

#include <strings.h>

enum {
    MYSQL_DYNAMIC = 80000,        // BACKUP_ADMIN and the like
    MYSQL_FLUSH_TABLES = 80023,
    MYSQL_SET_ANY_DEFINER = 80200, // took the place of SET_USER_ID
    MARIADB_SPLIT = 100502,       // SUPER was split, REPLICATION CLIENT renamed
    MARIADB_REPLICA_MONITOR = 100509,
    MARIADB_SUPER_SHRANK = 110001 // SUPER no longer includes what has a privilege of its own
};

static const struct {
    enum priv_scope scope;
    const char *names[3];         // by enum db_flavour
} PRIVS[PRIV_COUNT] = {
#define X(name, scope, mysql, mariadb, tidb)                                                                           \
    [PRIV_##name] = {PRIV_SCOPE_##scope, {[DB_MYSQL] = mysql, [DB_MARIADB] = mariadb, [DB_TIDB] = tidb}},
    PRIV_LIST(X)
#undef X
};

static const struct {
    const char *word;
    enum priv priv;
} OTHER_NAMES[] = {
    {"REPLICATION REPLICA", PRIV_REPLICATION_SLAVE},
    {"SLAVE MONITOR", PRIV_REPLICA_MONITOR},
    {"REPLICATION REPLICA ADMIN", PRIV_REPLICATION_SLAVE_ADMIN},
    {"SET_ANY_DEFINER", PRIV_SET_USER},
};

// Privileges of servers that no check asks for.
static const char *const IDLE[] = {
    "USAGE", "SHUTDOWN", "FILE", "SHOW DATABASES", "CREATE TABLESPACE", "CREATE ROLE", "DROP ROLE", "PROXY",
    // MySQL
    "ALLOW_NONEXISTENT_DEFINER", "APPLICATION_PASSWORD_ADMIN", "AUDIT_ABORT_EXEMPT", "AUDIT_ADMIN",
    "AUTHENTICATION_POLICY_ADMIN", "BINLOG_ENCRYPTION_ADMIN", "CLONE_ADMIN", "CREATE_SPATIAL_REFERENCE_SYSTEM",
    "ENCRYPTION_KEY_ADMIN", "FIREWALL_ADMIN", "FIREWALL_EXEMPT", "FIREWALL_USER", "FLUSH_OPTIMIZER_COSTS",
    "FLUSH_PRIVILEGES", "FLUSH_STATUS", "FLUSH_USER_RESOURCES", "GROUP_REPLICATION_ADMIN",
    "GROUP_REPLICATION_STREAM", "INNODB_REDO_LOG_ARCHIVE", "INNODB_REDO_LOG_ENABLE", "MANAGE_DATA_MASKING_POLICY",
    "MASKING_DICTIONARIES_ADMIN", "NDB_STORED_USER", "OPTIMIZE_LOCAL_TABLE", "PASSWORDLESS_USER_ADMIN",
    "PERSIST_RO_VARIABLES_ADMIN", "REPLICATION_APPLIER", "RESOURCE_GROUP_ADMIN", "RESOURCE_GROUP_USER", "ROLE_ADMIN",
    "SENSITIVE_VARIABLES_OBSERVER", "SERVICE_CONNECTION_ADMIN", "SKIP_QUERY_REWRITE", "SYSTEM_USER",
    "TABLE_ENCRYPTION_ADMIN", "TELEMETRY_LOG_ADMIN", "TP_CONNECTION_ADMIN", "TRANSACTION_GTID_TAG",
    "VERSION_TOKEN_ADMIN",
    // MariaDB
    "BINLOG REPLAY", "DELETE HISTORY", "DELETE VERSIONING ROWS", "FEDERATED ADMIN", "READ ONLY ADMIN",
    "READ_ONLY ADMIN", "SHOW CREATE ROUTINE",
    // TiDB
    "CONFIG", "DASHBOARD_CLIENT", "IMPORT_ADMIN", "PLACEMENT_ADMIN", "RESTORE_ADMIN", "RESTRICTED_AUDIT_ADMIN",
    "RESTRICTED_CONNECTION_ADMIN", "RESTRICTED_PRIV_ADMIN", "RESTRICTED_REPLICA_WRITER_ADMIN",
    "RESTRICTED_STATUS_ADMIN", "RESTRICTED_TABLES_ADMIN", "RESTRICTED_USER_ADMIN", "RESTRICTED_VARIABLES_ADMIN",
    "TRAFFIC_CAPTURE_ADMIN", "TRAFFIC_REPLAY_ADMIN",
};

enum priv_scope priv_scope(enum priv p)
{
    return PRIVS[p].scope;
}

uint64_t priv_all(enum priv_scope scope)
{
    uint64_t bits = 0;
    for (unsigned p = 0; p < PRIV_COUNT; p++) {
        if (PRIVS[p].scope <= scope)
            bits |= PRIV_BIT(p);
    }
    return bits & ~PRIV_BIT(PRIV_GRANT_OPTION); // ALL does not include it
}

uint64_t priv_bits(const char *word, bool *is_known)
{
    *is_known = true;
    // MariaDB from 10.5.2 shows the one for the other.
    if (strcmp(word, "REPLICATION CLIENT") == 0)
        return PRIV_BIT(PRIV_REPLICATION_CLIENT);
    for (unsigned p = 0; p < PRIV_COUNT; p++) {
        for (unsigned k = 0; k < TG_ARRAY_LEN(PRIVS[p].names); k++) {
            if (PRIVS[p].names[k] && strcmp(PRIVS[p].names[k], word) == 0)
                return PRIV_BIT(p);
        }
    }
    for (size_t i = 0; i < TG_ARRAY_LEN(OTHER_NAMES); i++) {
        if (strcmp(OTHER_NAMES[i].word, word) == 0)
            return PRIV_BIT(OTHER_NAMES[i].priv);
    }
    for (size_t i = 0; i < TG_ARRAY_LEN(IDLE); i++) {
        if (strcmp(IDLE[i], word) == 0)
            return 0;
    }
    *is_known = false;
    return 0;
}

uint64_t priv_stands_for(enum priv p, enum db_flavour flavour, unsigned version)
{
    // Where MariaDB's SUPER has shrunk, it stands for nothing that has a name of its own.
    uint64_t super = flavour == DB_MARIADB && version >= MARIADB_SUPER_SHRANK ? 0 : PRIV_BIT(PRIV_SUPER);
    switch (p) {
    case PRIV_RELOAD: // HeatWave grants only this, and FLUSH TABLES WITH READ LOCK works with it
        return PRIV_BIT(PRIV_FLUSH_TABLES);
    case PRIV_FLUSH_TABLES:
        return PRIV_BIT(PRIV_RELOAD);
    case PRIV_SESSION_VARIABLES_ADMIN:
        return super | PRIV_BIT(PRIV_SYSTEM_VARIABLES_ADMIN);
    case PRIV_REPLICA_MONITOR: // SHOW SLAVE STATUS took REPLICATION CLIENT until it had a privilege of its own
        return super | (version < MARIADB_REPLICA_MONITOR ? PRIV_BIT(PRIV_REPLICATION_CLIENT) : 0);
    case PRIV_REPLICATION_MASTER_ADMIN: // SHOW SLAVE HOSTS
        return super | (version < MARIADB_SPLIT ? PRIV_BIT(PRIV_REPLICATION_SLAVE) : 0);
    case PRIV_REPLICATION_CLIENT:
    case PRIV_BINLOG_ADMIN:
    case PRIV_CONNECTION_ADMIN:
    case PRIV_REPLICATION_SLAVE_ADMIN:
    case PRIV_SYSTEM_VARIABLES_ADMIN:
    case PRIV_SET_USER:
        return super;
    case PRIV_BACKUP_ADMIN: // MariaDB's BACKUP STAGE takes RELOAD; TiDB's SUPER is all of it, MySQL's is not
        return flavour == DB_TIDB ? super : flavour == DB_MARIADB ? PRIV_BIT(PRIV_RELOAD) : 0;
    default:
        return 0;
    }
}

bool priv_is_needed(enum priv p, enum db_flavour flavour, unsigned version)
{
    return p != PRIV_XA_RECOVER_ADMIN || (flavour == DB_MYSQL && version >= MYSQL_DYNAMIC);
}

static unsigned since(enum priv p, enum db_flavour flavour)
{
    if (flavour == DB_MYSQL && p >= PRIV_FLUSH_TABLES)
        return p == PRIV_FLUSH_TABLES ? MYSQL_FLUSH_TABLES : MYSQL_DYNAMIC;
    if (flavour == DB_MARIADB && (p >= PRIV_FLUSH_TABLES || p == PRIV_REPLICATION_CLIENT))
        return p == PRIV_REPLICA_MONITOR ? MARIADB_REPLICA_MONITOR : MARIADB_SPLIT;
    return 0;
}

const char *priv_name(enum priv p, enum db_flavour flavour, unsigned version)
{
    if (p == PRIV_SET_USER && flavour == DB_MYSQL && version >= MYSQL_SET_ANY_DEFINER)
        return "SET_ANY_DEFINER";
    if (PRIVS[p].names[flavour] && version >= since(p, flavour))
        return PRIVS[p].names[flavour];
    if (p == PRIV_REPLICATION_CLIENT)
        return "REPLICATION CLIENT";
    if (p == PRIV_FLUSH_TABLES || (p == PRIV_BACKUP_ADMIN && flavour == DB_MARIADB))
        return "RELOAD";
    if (p == PRIV_REPLICA_MONITOR)
        return "REPLICATION CLIENT";
    if (p == PRIV_REPLICATION_MASTER_ADMIN)
        return "REPLICATION SLAVE";
    return "SUPER";
}
