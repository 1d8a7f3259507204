// SPDX-License-Identifier: Apache-2.0
/* A window's end of run.sock. Everything that arrives is sorted by one function: snapshots replace
 * each other, events go into a ring that drops its oldest, an answer is kept for mon_call. Nothing
 * blocks but mon_call and the greeting, and both have a deadline. Not thread safe: one window, one
 * client. */
#include "base/sync.h"
#include "mon/mon_private.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 1024
#define HELLO_MS 5000

struct mon_client {
    int fd;
    struct buf in;
    bool is_gone, is_greeted, steers, has_news;
    struct mon_snapshot *latest, *incoming;
    struct mon_event *event;
    unsigned head, n;
    uint64_t dropped;
    json_int_t asked; /* id of the last command */
    json_t *answer;   /* to it, or NULL */
    json_int_t aside; /* id of the last mon_ask that has no answer, or 0 */
    json_t *told;     /* its answer, or NULL */
    struct err why;   /* of the end */
};

static enum err_code code_of(const char *id)
{
    for (int c = 1; id && c < ERR_CODE_COUNT; c++)
        if (strcmp(err_info((enum err_code)c)->id, id) == 0)
            return (enum err_code)c;
    return ERR_SOCKET;
}

static void take_event(struct mon_client *m, json_t *o)
{
    struct mon_event e;
    if (!mon_event_decode(&e, o))
        return;
    if (m->n == EVENTS) {
        m->head = (m->head + 1) % EVENTS;
        m->n--;
        m->dropped++;
    }
    m->event[(m->head + m->n++) % EVENTS] = e;
}

static bool take_hello(struct mon_client *m, json_t *hello)
{
    m->is_greeted = true;
    if (json_integer_value(hello) == MON_PROTOCOL)
        return true;
    return err_set(&m->why, ERR_SOCKET,
                   "the engine speaks protocol %lld, this program %d: use the same version",
                   (long long)json_integer_value(hello), MON_PROTOCOL);
}

static bool take_object(struct mon_client *m, json_t *o)
{
    json_t *v;
    if ((v = json_object_get(o, "snapshot"))) {
        if (!mon_decode_object(m->incoming, v, &m->why))
            return false;
        struct mon_snapshot *t = m->latest;
        m->latest = m->incoming;
        m->incoming = t;
        m->has_news = true;
    } else if ((v = json_object_get(o, "event"))) {
        take_event(m, v);
    } else if ((v = json_object_get(o, "dropped"))) {
        m->dropped += (uint64_t)TG_MAX(json_integer_value(v), 0);
    } else if ((v = json_object_get(o, "hello"))) {
        return take_hello(m, v);
    } else if (json_object_get(o, "ok")) {
        if (json_integer_value(json_object_get(o, "id")) == m->asked && !m->answer)
            m->answer = json_incref(o);
        if (m->aside && json_integer_value(json_object_get(o, "id")) == m->aside && !m->told)
            m->told = json_incref(o);
    } else if ((v = json_object_get(o, "steer"))) {
        m->steers = json_is_true(v);
    }
    return true;
}

static bool take_lines(struct mon_client *m)
{
    size_t from = 0;
    bool ok = true;
    for (char *end; ok && m->in.p && (end = memchr(m->in.p + from, '\n', m->in.n - from));) {
        size_t n = (size_t)(end - m->in.p) - from;
        json_t *o = json_loadb(m->in.p + from, n, 0, NULL);
        ok = json_is_object(o) ? take_object(m, o)
                               : err_set(&m->why, ERR_SOCKET, "the engine sent no JSON");
        json_decref(o);
        from += n + 1;
    }
    if (from) {
        memmove(m->in.p, m->in.p + from, m->in.n - from + 1);
        m->in.n -= from;
    }
    if (ok && m->in.n > MON_LINE_MAX)
        ok = err_set(&m->why, ERR_SOCKET, "the engine sent a line that is too long");
    return ok;
}

static bool receive(struct mon_client *m)
{
    char chunk[65536];
    bool ok = true;
    while (ok && !m->is_gone) {
        ssize_t n = recv(m->fd, chunk, sizeof chunk, MSG_DONTWAIT);
        if (n > 0) {
            buf_add(&m->in, chunk, (size_t)n);
            ok = take_lines(m);
        } else if (n == 0) {
            m->is_gone = true;
            err_set(&m->why, ERR_SOCKET, "the engine has ended");
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            break;
        } else if (errno != EINTR) {
            m->is_gone = true;
            err_set(&m->why, ERR_SOCKET, "the engine is gone: %s", strerror(errno));
        }
    }
    if (!ok)
        m->is_gone = true;
    return !m->is_gone;
}

bool mon_pump(struct mon_client *m, struct err *e)
{
    if (!m->is_gone && receive(m))
        return true;
    if (e)
        *e = m->why;
    return false;
}

/* Waits for the socket until the deadline (mono). */
static bool wait_for(struct mon_client *m, short what, int64_t until)
{
    for (;;) {
        int64_t left = until - clock_mono_ms();
        if (left <= 0)
            return false;
        struct pollfd p = {.fd = m->fd, .events = what};
        int n = poll(&p, 1, (int)TG_MIN(left, 60000));
        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR)
            return false;
    }
}

struct mon_client *mon_connect(const char *run_dir, struct err *e)
{
    int fd = mon_dial(run_dir, e);
    if (fd < 0)
        return NULL;
    struct mon_client *m = x_alloc(sizeof *m);
    m->fd = fd;
    m->latest = x_alloc(sizeof *m->latest);
    m->incoming = x_alloc(sizeof *m->incoming);
    m->event = x_alloc(EVENTS * sizeof *m->event);
    int64_t until = clock_mono_ms() + HELLO_MS;
    bool ok = true;
    while (ok && !m->is_greeted) {
        if (!wait_for(m, POLLIN, until))
            ok = err_set(e, ERR_SOCKET, "the engine in %s does not answer", run_dir);
        else
            ok = mon_pump(m, e);
    }
    if (ok)
        return m;
    mon_detach(m);
    return NULL;
}

struct mon_client *mon_attach(const char *run_dir, struct err *e)
{
    struct mon_client *m = mon_connect(run_dir, e);
    char *result = NULL;
    if (m && !mon_call(m, "events", NULL, &result, HELLO_MS, e)) {
        mon_detach(m);
        return NULL;
    }
    if (m) {
        json_t *o = result ? json_loads(result, 0, NULL) : NULL;
        m->steers = json_is_true(json_object_get(o, "steer"));
        json_decref(o);
    }
    free(result);
    return m;
}

void mon_detach(struct mon_client *m)
{
    if (!m)
        return;
    close(m->fd);
    buf_release(&m->in);
    json_decref(m->answer);
    json_decref(m->told);
    free(m->latest);
    free(m->incoming);
    free(m->event);
    free(m);
}

int mon_fd(const struct mon_client *m)
{
    return m->fd;
}

bool mon_steers(const struct mon_client *m)
{
    return m->steers;
}

bool mon_snapshot(struct mon_client *m, struct mon_snapshot *into)
{
    if (!m->has_news)
        return false;
    *into = *m->latest;
    m->has_news = false;
    return true;
}

size_t mon_events(struct mon_client *m, struct mon_event *into, size_t room, uint64_t *dropped)
{
    size_t n = TG_MIN(room, m->n);
    for (size_t i = 0; i < n; i++)
        into[i] = m->event[(m->head + i) % EVENTS];
    m->head = (unsigned)((m->head + n) % EVENTS);
    m->n -= (unsigned)n;
    if (dropped) {
        *dropped = m->dropped;
        m->dropped = 0;
    }
    return n;
}

static bool send_command(struct mon_client *m, char *line, int64_t until, struct err *e)
{
    size_t n = strlen(line), at = 0;
    bool ok = true;
    while (ok && at < n) {
        ssize_t k = send(m->fd, line + at, n - at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (k > 0)
            at += (size_t)k;
        else if (k < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            ok = wait_for(m, POLLOUT, until) ||
                 err_set(e, ERR_SOCKET, "the engine takes no command");
        else if (k < 0 && errno != EINTR)
            ok = err_set(e, ERR_SOCKET, "the engine is gone: %s", strerror(errno));
    }
    free(line);
    return ok;
}

static bool answer_read(json_t *answer, const char *cmd, char **result_json, struct err *e)
{
    if (json_is_true(json_object_get(answer, "ok"))) {
        json_t *result = json_object_get(answer, "result");
        if (result_json && result)
            *result_json = json_dumps(result, JSON_COMPACT | JSON_ENCODE_ANY);
        return true;
    }
    json_t *error = json_object_get(answer, "error");
    const char *text = json_string_value(json_object_get(error, "text"));
    err_set(e, code_of(json_string_value(json_object_get(error, "id"))), "%s", text ? text : cmd);
    if (e)
        mon_text(e->where, sizeof e->where, json_string_value(json_object_get(error, "where")));
    return false;
}

/* {"id","cmd","args"} as a line; NULL: the arguments are none. Caller frees. */
static char *command_line(struct mon_client *m, const char *cmd, const char *args_json)
{
    json_t *o = json_object(), *args = args_json ? json_loads(args_json, 0, NULL) : NULL;
    if (args_json && !args) {
        json_decref(o);
        return NULL;
    }
    json_object_set_new(o, "id", json_integer(++m->asked));
    json_object_set_new(o, "cmd", mon_json_text(cmd));
    if (args)
        json_object_set_new(o, "args", args);
    char *text = mon_json_line(o), *line = x_format("%s\n", text);
    free(text);
    return line;
}

bool mon_ask(struct mon_client *m, const char *cmd, const char *args_json)
{
    struct err ignored = {0};
    struct pollfd p = {.fd = m->fd, .events = POLLOUT};
    if (m->is_gone || m->aside || poll(&p, 1, 0) != 1 || !(p.revents & POLLOUT))
        return false;
    char *line = command_line(m, cmd, args_json);
    if (!line || !send_command(m, line, clock_mono_ms(), &ignored))
        return false;
    m->aside = m->asked;
    return true;
}

bool mon_answer(struct mon_client *m, char **result_json)
{
    struct err ignored = {0};
    *result_json = NULL;
    if (!m->told)
        return false;
    answer_read(m->told, "", result_json, &ignored);
    json_decref(m->told);
    m->told = NULL;
    m->aside = 0;
    return true;
}

bool mon_call(struct mon_client *m, const char *cmd, const char *args_json, char **result_json,
              int timeout_ms, struct err *e)
{
    int64_t until = clock_mono_ms() + timeout_ms;
    if (result_json)
        *result_json = NULL;
    char *line = command_line(m, cmd, args_json);
    if (!line)
        return err_set(e, ERR_INTERNAL, "arguments of %s are no JSON object", cmd);
    bool ok = send_command(m, line, until, e);
    while (ok && !m->answer) {
        if (!wait_for(m, POLLIN, until))
            ok = err_set(e, ERR_SOCKET, "no answer to %s within %d ms", cmd, timeout_ms);
        else
            ok = mon_pump(m, e) || m->answer;
    }
    if (ok)
        ok = answer_read(m->answer, cmd, result_json, e);
    json_decref(m->answer);
    m->answer = NULL;
    return ok;
}
