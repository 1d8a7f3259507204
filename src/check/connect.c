// SPDX-License-Identifier: Apache-2.0
// From a name to a session, in steps, so that a failure names the one that failed: resolve, connect, TLS, sign in.
#include "check/private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_MS 10000

void job_addr(struct db_addr *a, const struct job_end *end, bool is_target)
{
    *a = (struct db_addr){.host = x_strdup(end->host),
                          .user = x_strdup(end->user),
                          .port = (uint16_t)end->port,
                          .password = secret_copy(end->password.value),
                          .tls = end->tls.is_on,
                          .tls_verify = end->tls.verify,
                          .tls_ca = x_strdup(end->tls.ca),
                          .is_target = is_target};
}

static bool step_failed(struct end *s, enum step step, enum err_code code, const char *text)
{
    s->failed_step = step;
    err_set(&s->failed, code, "%s", text);
    snprintf(s->failed.where, sizeof s->failed.where, "%s:%u", s->addr.host, s->addr.port);
    return false;
}

static bool resolve(struct end *s, struct addrinfo **out)
{
    struct addrinfo want = {.ai_socktype = SOCK_STREAM};
    char port[8];
    int64_t began = clock_mono_ms();
    snprintf(port, sizeof port, "%u", s->addr.port);
    int rc = getaddrinfo(s->addr.host, port, &want, out);
    s->resolve_ms = clock_mono_ms() - began;
    return rc == 0 || step_failed(s, STEP_RESOLVE, ERR_NET_RESOLVE, gai_strerror(rc));
}

/* 0, or what went wrong. */
static int try_address(const struct addrinfo *a)
{
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), code = 0;
    socklen_t size = sizeof code;
    if (fd < 0)
        return errno;
    if (connect(fd, a->ai_addr, a->ai_addrlen) != 0)
        code = errno;
    if (code == EINPROGRESS) {
        struct pollfd p = {fd, POLLOUT, 0};
        int n = poll(&p, 1, CONNECT_MS);
        code = n == 0 ? ETIMEDOUT : n < 0 ? errno : 0;
        if (n > 0)
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size);
    }
    close(fd);
    return code;
}

static bool reach(struct end *s, const struct addrinfo *list)
{
    int code = 0;
    for (const struct addrinfo *a = list; a; a = a->ai_next) {
        int64_t began = clock_mono_ms();
        code = try_address(a);
        s->connect_ms = clock_mono_ms() - began;
        getnameinfo(a->ai_addr, a->ai_addrlen, s->address, sizeof s->address, NULL, 0, NI_NUMERICHOST);
        if (!code)
            return true;
    }
    return step_failed(s, STEP_CONNECT, s->of == TARGET ? ERR_TARGET_CONNECT : ERR_SOURCE_CONNECT, strerror(code));
}

/* Whose fault a refused session is. 2026: TLS of the library; 3159: the server insists on it. */
static enum step step_of(const struct end *s, const struct err *e)
{
    if (e->sql == 2026 || e->sql == 3159 || (s->addr.tls && strstr(e->text, "gave no TLS")))
        return STEP_TLS;
    return e->code == ERR_SOURCE_LOGIN || e->code == ERR_TARGET_LOGIN ? STEP_LOGIN : STEP_SESSION;
}

void end_open(struct end *s, const struct job_end *job, enum end_of of)
{
    struct addrinfo *list = NULL;
    struct err ignored = {0};
    s->of = of;
    s->job = job;
    job_addr(&s->addr, job, of == TARGET);
    if (!job->host || !job->host[0])
        step_failed(s, STEP_RESOLVE, ERR_CONF_MISSING, "not given yet");
    else if (resolve(s, &list) && reach(s, list)) {
        s->is_open = end_connect(s, &s->conn, &s->failed);
        if (!s->is_open)
            s->failed_step = step_of(s, &s->failed);
    }
    if (list)
        freeaddrinfo(list);
    if (!s->is_open)
        return;
    err_clear(&s->failed);
    conn_value(&s->conn, "SELECT VARIABLE_VALUE FROM performance_schema.session_status WHERE VARIABLE_NAME = 'Ssl_version'",
               s->tls, sizeof s->tls, &ignored);
    if (!s->tls[0] && mysql_get_ssl_cipher(s->conn.my))
        snprintf(s->tls, sizeof s->tls, "TLS, %.50s", mysql_get_ssl_cipher(s->conn.my));
}

/* ---- the checks; each for both ends ---- */

static struct end *end_of_check(struct run *r, const struct check_result *out)
{
    return &r->end[out->check->side == CHECK_TARGET ? TARGET : SOURCE];
}

/* false: an earlier step failed, or this one; the result says so. */
static bool step_passed(const struct end *s, enum step step, struct check_result *out)
{
    if (s->failed.code == ERR_OK || s->failed_step > (int)step)
        return true;
    if (s->failed.code == ERR_CONF_MISSING) {
        not_applicable(out, "not given yet");
        return false;
    }
    if (s->failed_step < (int)step) {
        not_applicable(out, "not reached: an earlier step has failed");
        return false;
    }
    set_found(out, "failed");
    find(out, CHECK_FAIL, err_info(s->failed.code)->cure, "%s: %s", s->failed.where, s->failed.text);
    judge(out, CHECK_FAIL, s->failed.code);
    return false;
}

void check_resolve(struct run *r, struct check_result *out)
{
    const struct end *s = end_of_check(r, out);
    if (step_passed(s, STEP_RESOLVE, out))
        set_found(out, "%s, %lld ms", s->address[0] ? s->address : s->addr.host, (long long)s->resolve_ms);
}

void check_connect(struct run *r, struct check_result *out)
{
    const struct end *s = end_of_check(r, out);
    if (step_passed(s, STEP_CONNECT, out))
        set_found(out, "port %u, %lld ms", s->addr.port, (long long)s->connect_ms);
}

/* The name of a host on this machine: nobody is on the way. */
static bool is_local(const struct end *s)
{
    return strncmp(s->address, "127.", 4) == 0 || strcmp(s->address, "::1") == 0;
}

void check_tls(struct run *r, struct check_result *out)
{
    const struct end *s = end_of_check(r, out);
    const char *path = s->of == TARGET ? "target.tls" : "source.tls";
    bool is_off = !s->addr.tls, is_wanted = s->failed.sql == 3159;
    set_wanted(out, "on");
    if (!step_passed(s, STEP_TLS, out)) {
        if (is_off && is_wanted)
            cure_setting(out, r->job, path, "true", "Use TLS: %s: true", path);
        return;
    }
    if (s->failed.code != ERR_OK && s->addr.tls) { /* the session that would tell its version was refused later */
        set_found(out, "on");
        return;
    }
    set_found(out, "%s", s->tls[0] ? s->tls : "off");
    if (!s->tls[0] && !is_local(s)) {
        find(out, CHECK_WARN, NULL, "rows and statements travel to %s readable by everybody on the way", s->addr.host);
        cure_setting(out, r->job, path, "true", "Use TLS: %s: true", path);
    } else if (s->tls[0] && !s->addr.tls_verify) {
        find(out, CHECK_WARN, NULL, "the certificate of %s is not checked: somebody on the way could answer in its place", s->addr.host);
    }
}

void check_login(struct run *r, struct check_result *out)
{
    const struct end *s = end_of_check(r, out);
    if (step_passed(s, STEP_LOGIN, out) && step_passed(s, STEP_SESSION, out))
        set_found(out, "as %s", s->addr.user);
}
