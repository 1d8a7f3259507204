// SPDX-License-Identifier: Apache-2.0
// Connections over libmariadb. The library is told everything: TCP unless a unix socket is named
// ("localhost" would quietly mean a socket), no option files, no reconnect (a new session would not
// be pinned), no file that a server could ask for (conn_load.c), no sign-in method that would send the
// password in the clear without TLS. A connection that waits in silence is found dead by TCP
// keepalive. What a server's number means is decided in conn_error.c, what a session is in
// session.c.
#include "db/conn.h"
#include "base/text.h"
#include "db/load.h"
#include "db/session.h"

#include <errmsg.h>
#include <ma_pvio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { CONNECT_TIMEOUT_S = 10, LOGIN_TIMEOUT_S = 30 };

bool conn_mysql_init(struct err *e)
{
    if (mysql_library_init(0, NULL, NULL))
        return err_set(e, ERR_INTERNAL, "the client library does not start");
    return true;
}

void db_addr_release(struct db_addr *a)
{
    free(a->host);
    free(a->user);
    free(a->socket);
    free(a->tls_ca);
    secret_free(a->password);
    *a = (struct db_addr){0};
}

static void put_where(const struct conn *c, struct err *e)
{
    const struct db_addr *a = c->addr;
    if (e && a && a->socket)
        snprintf(e->where, sizeof e->where, "%.150s", a->socket);
    else if (e && a)
        snprintf(e->where, sizeof e->where, "%.150s:%u", a->host ? a->host : "", a->port);
}

static bool fail(struct conn *c, bool is_login, struct err *e)
{
    bool is_target = c->addr && c->addr->is_target;
    unsigned sql = c->my ? mysql_errno(c->my) : CR_SERVER_GONE_ERROR;
    const char *words = c->my ? mysql_error(c->my) : N_("not connected");
    enum err_code code = conn_error_code(sql, is_target, is_login);
    // TiDB has no number of its own for a transaction that the store gave up ("pessimistic lock not
    // found").
    if (code == ERR_TARGET_QUERY && sql == 1105 && strstr(words, "tikv aborts txn"))
        code = ERR_TARGET_BUSY;
    // Nor for a row that is larger than what TiKV replicates at once (raft-entry-max-size).
    if (sql == 1105 && is_target && strstr(words, "entry is too large"))
        code = ERR_TARGET_FULL;
    err_set_sql(e, code, sql, "%s (%u)", words, sql);
    put_where(c, e);
    return false;
}

bool conn_error(struct conn *c, struct err *e)
{
    return fail(c, false, e);
}

void conn_close(struct conn *c)
{
    if (c->my)
        mysql_close(c->my);
    c->my = NULL;
    c->thread_id = 0;
}

void conn_cut(struct conn *c)
{
    if (c->my && c->my->net.pvio)
        shutdown((int)mysql_get_socket(c->my), SHUT_RDWR);
}

void conn_kill(struct conn *c)
{
    conn_cut(c); // the library's own goodbye finds a closed socket
    conn_close(c);
}

static void set_options(MYSQL *my, const struct db_addr *a, unsigned read_timeout_s)
{
    const my_bool yes = 1, no = 0;
    const unsigned local_infile = a->is_target;
    // The library also waits for the server's greeting as long as for the connection.
    const unsigned connect_s = read_timeout_s ? TG_MIN(read_timeout_s, (unsigned)CONNECT_TIMEOUT_S)
                                              : (unsigned)CONNECT_TIMEOUT_S;
    const unsigned protocol = a->socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
    const unsigned login_s = read_timeout_s ? read_timeout_s : LOGIN_TIMEOUT_S;
    const unsigned long packet = 1ul << 30;
    mysql_optionsv(my, MYSQL_OPT_PROTOCOL, &protocol);
    mysql_optionsv(my, MYSQL_OPT_RECONNECT, &no);
    mysql_optionsv(my, MYSQL_OPT_LOCAL_INFILE, &local_infile);
    load_refuse_all(my);
    mysql_optionsv(my, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
    mysql_optionsv(my, MYSQL_OPT_READ_TIMEOUT, &login_s);
    mysql_optionsv(my, MYSQL_OPT_WRITE_TIMEOUT, &login_s);
    mysql_optionsv(my, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
    mysql_optionsv(my, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_optionsv(my, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "tidegate");
    // Unless the certificate is checked, anyone on the way could switch TLS off and ask for the
    // password.
    mysql_optionsv(
        my, MARIADB_OPT_RESTRICTED_AUTH,
        a->tls && a->tls_verify
            ? "mysql_native_password,caching_sha2_password,client_ed25519,sha256_password,"
              "mysql_clear_password,dialog"
            : "mysql_native_password,caching_sha2_password,client_ed25519,sha256_password");
    mysql_optionsv(my, MYSQL_OPT_SSL_ENFORCE, a->tls ? &yes : &no);
    mysql_optionsv(my, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, a->tls && a->tls_verify ? &yes : &no);
    if (a->tls && a->tls_ca)
        mysql_optionsv(my, MYSQL_OPT_SSL_CA, a->tls_ca);
}

static void keep_alive(MYSQL *my)
{
    const int on = 1, idle_s = 60, interval_s = 15, count = 4;
    const unsigned unacked_ms = 120000; /* a peer that vanished in the middle of our packet */
    int fd = (int)mysql_get_socket(my);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacked_ms, sizeof unacked_ms);
}

// The library takes timeouts before the connection only; a login has one always, a session only
// when asked.
static void session_timeouts(MYSQL *my, unsigned read_timeout_s)
{
    MARIADB_PVIO *io = my->net.pvio;
    int timeout_s = (int)TG_MIN(read_timeout_s, 86400u); // in seconds; 0 is none
    io->methods->set_timeout(io, PVIO_READ_TIMEOUT, timeout_s);
    io->methods->set_timeout(io, PVIO_WRITE_TIMEOUT, timeout_s);
}

static bool log_in(struct conn *c, unsigned read_timeout_s, struct err *e)
{
    const struct db_addr *a = c->addr;
    unsigned long flags = a->is_target ? CLIENT_MULTI_STATEMENTS : 0;
    c->my = mysql_init(NULL);
    if (!c->my)
        tg_bug("out of memory for a connection");
    set_options(c->my, a, read_timeout_s);
    if (!mysql_real_connect(c->my, a->socket ? NULL : a->host, a->user, secret_peek(a->password),
                            NULL, a->port, a->socket, flags))
        return fail(c, true, e);
    if (a->tls && !mysql_get_ssl_cipher(c->my)) {
        err_set(e, a->is_target ? ERR_TARGET_CONNECT : ERR_SOURCE_CONNECT,
                "the server gave no TLS, which the job asks for");
        put_where(c, e);
        return false;
    }
    if (!a->socket)
        keep_alive(c->my);
    c->thread_id = mysql_thread_id(c->my);
    return true;
}

typedef bool settle(struct conn *c, struct err *e);

static bool conn_open(struct conn *c, const struct db_addr *a, unsigned read_timeout_s, settle *settle_session,
                      struct err *e)
{
    struct err ignored;
    if (!e)
        e = &ignored;
    *c = (struct conn){.addr = a};
    if (log_in(c, read_timeout_s, e) && session_detect(c, e) && settle_session(c, e)) {
        session_timeouts(c->my, read_timeout_s);
        return true;
    }
    put_where(c, e);
    conn_close(c);
    return false;
}

bool conn_open_source(struct conn *c, const struct db_addr *a, unsigned read_timeout_s,
                      struct err *e)
{
    if (a->is_target)
        tg_bug("conn_open_source: the address of a target");
    return conn_open(c, a, read_timeout_s, session_pin, e);
}

bool conn_open_target(struct conn *c, const struct db_addr *a, unsigned read_timeout_s,
                      struct err *e)
{
    if (!a->is_target)
        tg_bug("conn_open_target: the address of a source");
    return conn_open(c, a, read_timeout_s, session_pin, e);
}

bool conn_open_plain(struct conn *c, const struct db_addr *a, unsigned read_timeout_s, struct err *e)
{
    return conn_open(c, a, read_timeout_s, session_plain, e);
}

static bool send_sql(struct conn *c, const char *sql, size_t n, struct err *e)
{
    if (!c->my || mysql_real_query(c->my, sql, n))
        return conn_error(c, e);
    return true;
}

// Takes the answer of one statement off the wire, rows included.
static bool take_answer(struct conn *c, uint64_t *affected, struct err *e)
{
    if (mysql_field_count(c->my)) {
        MYSQL_RES *res = mysql_store_result(c->my);
        if (!res)
            return conn_error(c, e);
        mysql_free_result(res);
        *affected = 0;
        return true;
    }
    *affected = mysql_affected_rows(c->my);
    return load_take_answer(c, e);
}

bool conn_packet(struct conn *c, const char *sql, size_t n, uint64_t *affected, unsigned max,
                 unsigned *done, struct err *e)
{
    *done = 0;
    if (!send_sql(c, sql, n, e))
        return false;
    for (;;) {
        uint64_t rows = 0;
        if (!take_answer(c, &rows, e))
            return false;
        if (*done < max)
            affected[*done] = rows;
        ++*done;
        int next = mysql_next_result(c->my);
        if (next > 0 || mysql_errno(c->my)) // a refused file is -1, as the end is
            return conn_error(c, e);
        if (next < 0)
            return true;
    }
}

bool conn_exec(struct conn *c, const char *sql, size_t n, uint64_t *affected, struct err *e)
{
    uint64_t rows = 0;
    unsigned done;
    bool ok = conn_packet(c, sql, n, &rows, 1, &done, e);
    if (affected)
        *affected = rows;
    return ok;
}

bool conn_execf(struct conn *c, struct err *e, const char *fmt, ...)
{
    char *sql;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&sql, fmt, ap);
    va_end(ap);
    if (n < 0)
        tg_bug("out of memory or bad format %s", fmt);
    bool ok = conn_exec(c, sql, (size_t)n, NULL, e);
    free(sql);
    return ok;
}

static bool no_result(struct conn *c, const char *sql, struct err *e)
{
    if (mysql_errno(c->my))
        return conn_error(c, e);
    err_set(e, ERR_INTERNAL, "a statement was expected to give rows: %.200s", sql);
    put_where(c, e);
    return false;
}

bool conn_query(struct conn *c, const char *sql, MYSQL_RES **out, struct err *e)
{
    *out = NULL;
    if (!send_sql(c, sql, strlen(sql), e))
        return false;
    *out = mysql_store_result(c->my);
    return *out || no_result(c, sql, e);
}

bool conn_allow_packets(struct conn *c, bool on, struct err *e)
{
    enum enum_mysql_set_option option = on ? MYSQL_OPTION_MULTI_STATEMENTS_ON : MYSQL_OPTION_MULTI_STATEMENTS_OFF;
    return (c->my && !mysql_set_server_option(c->my, option)) || conn_error(c, e);
}

bool conn_queries(struct conn *c, const char *sql, size_t n, void (*take)(void *arg, unsigned i, MYSQL_RES *res), void *arg,
                  unsigned *done, struct err *e)
{
    *done = 0;
    if (!send_sql(c, sql, n, e))
        return false;
    for (;;) {
        MYSQL_RES *res = mysql_store_result(c->my);
        if (!res)
            return no_result(c, sql, e);
        take(arg, *done, res);
        mysql_free_result(res);
        ++*done;
        int next = mysql_next_result(c->my);
        if (next > 0)
            return conn_error(c, e);
        if (next < 0)
            return true;
    }
}

bool conn_query_stream(struct conn *c, const char *sql, size_t n, MYSQL_RES **out, struct err *e)
{
    *out = NULL;
    if (!send_sql(c, sql, n, e))
        return false;
    *out = mysql_use_result(c->my);
    return *out || no_result(c, sql, e);
}

bool conn_value(struct conn *c, const char *sql, char *out, size_t size, struct err *e)
{
    MYSQL_RES *res;
    out[0] = 0;
    if (!conn_query(c, sql, &res, e))
        return false;
    MYSQL_ROW row = mysql_fetch_row(res);
    if (row)
        snprintf(out, size, "%s", row[0] ? row[0] : "");
    mysql_free_result(res);
    if (!row)
        err_clear(e);
    return row != NULL;
}
