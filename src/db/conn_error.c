// SPDX-License-Identifier: Apache-2.0
// From error numbers of MySQL, MariaDB, TiDB and libmariadb to the catalogue's ids. One switch per
// question. A number that is not known is a failed statement, never a reason to repeat: repeating
// is for what is known to be harmless.
#include "db/session.h"

static bool number_is_lost(unsigned sql)
{
    switch (sql) {
    case 1053: // server shutdown in progress
    case 1077:
    case 1079:
    case 1080: // forced close of the thread
    case 1152: // aborted connection
    case 1158:
    case 1159:
    case 1160:
    case 1161: // network read and write errors of the server
    case 1184:
    case 1317: // query interrupted
    case 1927: // MariaDB: connection killed
    case 3169: // MySQL: session killed
    case 4031: // MySQL: disconnected for inactivity
    case 2000:
    case 2002:
    case 2003:
    case 2006:
    case 2012:
    case 2013:
    case 2014: // commands out of sync: what the server did is unknown
    case 2026: // TLS
    case 2027: // malformed packet
    case 2055:
    case 5013:
    case 5014:
    case 8501: // TiDB: execution result undetermined
        return true;
    default:
        return false;
    }
}

static bool number_is_busy(unsigned sql)
{
    switch (sql) {
    case 1020: // MariaDB: record has changed since last read
    case 1205: // lock wait timeout
    case 1213: // deadlock
    case 1105: // TiDB: anything without a number of its own, e.g. "pessimistic lock not found"; tried a few times
    case 8002: // TiDB: retry of SELECT FOR UPDATE
    case 8005: // write conflict
    case 8022: // commit failed, try again
    case 8027: // schema is out of date
    case 8028: // schema changed
    case 8229: // pessimistic transaction lived too long
    case 8245:
    case 9001: // PD timeout
    case 9002: // TiKV timeout
    case 9003: // TiKV busy
    case 9004: // resolve lock timeout
    case 9005: // region unavailable
    case 9007: // write conflict
        return true;
    default:
        return false;
    }
}

static bool number_is_privilege(unsigned sql)
{
    switch (sql) {
    case 1044: // database
    case 1045: // after the login: the FILE privilege
    case 1095: // not owner of the thread
    case 1142: // table
    case 1143: // column
    case 1227: // SUPER and its parts
    case 1370: // routine
    case 8121: // TiDB: privilege check failed
        return true;
    default:
        return false;
    }
}

static bool number_is_full(unsigned sql)
{
    switch (sql) {
    case 1021: // disk full
    case 1114: // table full
    case 1153: // packet too large
    case 2020:
    case 8004: // TiDB: transaction too large
    case 8025: // entry too large
    case 8175: // memory quota
        return true;
    default:
        return false;
    }
}

static enum err_code login_code(unsigned sql, bool is_target)
{
    switch (sql) {
    case 2005:
        return ERR_NET_RESOLVE;
    case 1044:
    case 1045:
    case 1130: // host may not connect
    case 1227:
    case 1251: // authentication protocol
    case 1275:
    case 1396:
    case 1524: // plugin not loaded
    case 1698: // unix socket only
    case 1820:
    case 1862: // password expired
    case 2049:
    case 2059: // plugin can't be loaded
    case 2061:
    case 3118: // account locked
    case 4151: // MariaDB: account locked
    case 5010: // plugin not allowed
        return is_target ? ERR_TARGET_LOGIN : ERR_SOURCE_LOGIN;
    default:
        return is_target ? ERR_TARGET_CONNECT : ERR_SOURCE_CONNECT;
    }
}

enum err_code conn_error_code(unsigned sql, bool is_target, bool is_login)
{
    if (is_login)
        return login_code(sql, is_target);
    if (number_is_lost(sql))
        return is_target ? ERR_TARGET_LOST : ERR_SOURCE_LOST;
    if (number_is_privilege(sql))
        return is_target ? ERR_TARGET_PRIVILEGE : ERR_SOURCE_PRIVILEGE;
    if (!is_target)
        return ERR_SOURCE_QUERY;
    if (number_is_busy(sql))
        return ERR_TARGET_BUSY;
    if (sql == 1062 || sql == 1586)
        return ERR_TARGET_DUPLICATE;
    return number_is_full(sql) ? ERR_TARGET_FULL : ERR_TARGET_QUERY;
}

bool err_is_lost(const struct err *e)
{
    return e->code == ERR_SOURCE_LOST || e->code == ERR_TARGET_LOST;
}

bool err_may_pass(const struct err *e)
{
    return err_is_lost(e) || err_is_busy(e) || e->code == ERR_SOURCE_CONNECT || e->code == ERR_TARGET_CONNECT || e->code == ERR_NET_RESOLVE;
}

bool err_is_busy(const struct err *e)
{
    return e->code == ERR_TARGET_BUSY || (e->code == ERR_SOURCE_QUERY && number_is_busy(e->sql));
}
