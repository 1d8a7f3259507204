// SPDX-License-Identifier: Apache-2.0
/* The engine's end of run.sock: one thread, one poll loop. The engine's threads only copy (a
 * snapshot under a mutex, an event into the journal) and ring an eventfd; everything that can be
 * slow happens here, and nothing here waits for a client. A client that reads slowly gets the
 * newest snapshot only, once its buffer is empty, and loses events, which are counted and told as
 * {"dropped":n}. One that sends rubbish gets an error and is closed. Who may command: a client that
 * never subscribed (a shell command; the socket's mode is the permission), and of the subscribed
 * ones (windows) the one that steers. */
#include "base/sync.h"
#include "base/text.h"
#include "mon/mon_private.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS_MAX 64
#define OUT_EVENTS_MAX (256 * 1024)       /* more than this unsent: events are dropped */
#define OUT_ANSWERS_MAX (4 * 1024 * 1024) /* more than this unsent: no further command is read */
#define KEEP_MS 1000
#define GOODBYE_MS 2000

struct client {
    int fd;
    unsigned number;
    struct buf in, out;
    size_t sent; /* of out */
    uint64_t dropped;
    bool is_window, wants_snapshot, is_gone;
    int64_t close_at_ms; /* mono; 0 = stay. Closed when out is sent or then */
};

struct mon_server {
    char *run_dir, run[40];
    mon_command *command;
    void *arg;
    int lock_fd, listen_fd, wake_fd;
    pthread_t thread;
    struct journal *journal;
    atomic_uint windows;
    atomic_bool stopping;

    pthread_mutex_t lock; /* latest, watch */
    struct mon_snapshot *latest;
    bool has_latest;
    mon_watch *watch;
    void *watch_arg;
    /* Only the thread from here on. */
    struct mon_snapshot *current;
    int64_t kept_ms; /* when it was written to last.json, and what state that says */
    enum run_state kept_state;
    char *push; /* {"snapshot":…} of current, made on demand */
    struct client *client[CLIENTS_MAX];
    unsigned nclients, numbers, steerer; /* steerer: number of a client, 0 = none */
};

static size_t unsent(const struct client *c)
{
    return c->out.n - c->sent;
}

static void send_line(struct client *c, char *line)
{
    buf_adds(&c->out, line);
    buf_addc(&c->out, '\n');
    free(line);
}

static void flush_client(struct client *c)
{
    while (unsent(c) && !c->is_gone) {
        ssize_t n = send(c->fd, c->out.p + c->sent, unsent(c), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0)
            c->sent += (size_t)n;
        else if (n < 0 && errno == EINTR)
            continue;
        else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        else
            c->is_gone = true;
    }
    if (c->sent == c->out.n) {
        buf_reset(&c->out);
        c->sent = 0;
    } else if (c->sent > OUT_EVENTS_MAX) {
        memmove(c->out.p, c->out.p + c->sent, unsent(c) + 1);
        c->out.n -= c->sent;
        c->sent = 0;
    }
}

static void push_event(struct client *c, const char *line)
{
    if (unsent(c) > OUT_EVENTS_MAX) {
        c->dropped++;
        return;
    }
    if (c->dropped) {
        send_line(c, x_format("{\"dropped\":%llu}", (unsigned long long)c->dropped));
        c->dropped = 0;
    }
    send_line(c, x_format("{\"event\":%s}", line));
}

static void push_snapshot(struct mon_server *m, struct client *c)
{
    if (!c->wants_snapshot || unsent(c))
        return;
    c->wants_snapshot = false;
    if (!m->push) {
        char *text = mon_encode(m->current);
        m->push = x_format("{\"snapshot\":%s}", text);
        free(text);
    }
    if (c->dropped) {
        send_line(c, x_format("{\"dropped\":%llu}", (unsigned long long)c->dropped));
        c->dropped = 0;
    }
    send_line(c, x_strdup(m->push));
}

/* ---- answers ---- */

static json_t *answer_base(const json_t *id, bool ok)
{
    json_t *o = json_object();
    json_object_set_new(
        o, "id", id && json_is_integer(id) ? json_integer(json_integer_value(id)) : json_null());
    json_object_set_new(o, "ok", json_boolean(ok));
    return o;
}

static void answer_error(struct client *c, const json_t *id, const struct err *e)
{
    const struct err_info *i = err_info(e->code);
    json_t *o = answer_base(id, false), *error = json_object();
    json_object_set_new(error, "id", json_string(i->id));
    json_object_set_new(error, "title", json_string(i->title));
    json_object_set_new(error, "where", mon_json_text(e->where));
    json_object_set_new(error, "text", mon_json_text(e->text));
    json_object_set_new(error, "cause", json_string(i->cause));
    json_object_set_new(error, "cure", json_string(i->cure));
    json_object_set_new(o, "error", error);
    send_line(c, mon_json_line(o));
}

/* Takes the reference of result (may be NULL). */
static void answer_fine(struct client *c, const json_t *id, json_t *result)
{
    json_t *o = answer_base(id, true);
    if (result)
        json_object_set_new(o, "result", result);
    send_line(c, mon_json_line(o));
}

static void refuse(struct client *c, const json_t *id, const char *why)
{
    struct err e;
    err_set(&e, ERR_SOCKET, "%s", why);
    answer_error(c, id, &e);
    c->close_at_ms = clock_mono_ms() + GOODBYE_MS;
}

/* ---- commands ---- */

static void tell_steer(struct mon_server *m)
{
    for (unsigned i = 0; i < m->nclients; i++)
        if (m->client[i]->is_window)
            send_line(
                m->client[i],
                x_format("{\"steer\":%s}", m->client[i]->number == m->steerer ? "true" : "false"));
}

static void cmd_events(struct mon_server *m, struct client *c, const json_t *id)
{
    if (!c->is_window) {
        c->is_window = true;
        atomic_fetch_add(&m->windows, 1);
        if (!m->steerer)
            m->steerer = c->number;
    }
    json_t *result = json_object();
    json_object_set_new(result, "steer", json_boolean(m->steerer == c->number));
    answer_fine(c, id, result);
    const char *line;
    for (unsigned i = 0; (line = journal_history(m->journal, i)); i++)
        send_line(c, x_format("{\"event\":%s}", line));
    c->wants_snapshot = m->current->seq != 0;
}

static void cmd_engine(struct mon_server *m, struct client *c, const json_t *id, const char *cmd,
                       json_t *args)
{
    struct err e = {0};
    bool reads = strcmp(cmd, "tables") == 0 || strcmp(cmd, "chunks") == 0 ||
                 (strcmp(cmd, "pace") == 0 && !json_object_size(args)); /* asks what holds */
    if (!reads && c->is_window && m->steerer != c->number) {
        err_set(&e, ERR_STEER, "this window watches; %s was not done", cmd);
        answer_error(c, id, &e);
        return;
    }
    char *text = args ? json_dumps(args, JSON_COMPACT) : NULL, *result = NULL;
    if (!m->command(m->arg, cmd, text ? text : "{}", &result, &e)) {
        if (e.code == ERR_OK)
            err_set(&e, ERR_INTERNAL, "%s failed without a reason", cmd);
        answer_error(c, id, &e);
    } else {
        answer_fine(c, id, result ? json_loads(result, JSON_DECODE_ANY, NULL) : NULL);
        if (!reads) {
            char told[400];
            bool is_bare = !text || strcmp(text, "{}") == 0;
            snprintf(told, sizeof told, c->is_window ? N_("%s%s%s, asked from a window") : N_("%s%s%s, asked from a shell"), cmd,
                     is_bare ? "" : " ", is_bare ? "" : text);
            journal_add(m->journal, "control", LOG_NOTE, "engine", "", "", told);
        }
    }
    free(text);
    free(result);
}

static void handle_object(struct mon_server *m, struct client *c, const json_t *o)
{
    static const char *const engine[] = {"tables", "pause",  "resume", "stop",
                                         "pace",   "answer", "verify", "redo", "leave-out", "chunks"};
    const json_t *id = json_object_get(o, "id");
    const char *cmd = json_string_value(json_object_get(o, "cmd"));
    json_t *args = json_object_get(o, "args");
    if (!cmd || (args && !json_is_object(args))) {
        refuse(c, id, "a command is {\"id\":number,\"cmd\":text,\"args\":object}");
        return;
    }
    for (size_t i = 0; i < TG_ARRAY_LEN(engine); i++)
        if (strcmp(cmd, engine[i]) == 0 && m->command) {
            cmd_engine(m, c, id, cmd, args);
            return;
        }
    if (strcmp(cmd, "snapshot") == 0) {
        answer_fine(c, id, mon_encode_object(m->current));
    } else if (strcmp(cmd, "events") == 0) {
        cmd_events(m, c, id);
    } else if (strcmp(cmd, "steer") == 0) {
        if (c->is_window)
            m->steerer = c->number;
        answer_fine(c, id, NULL);
        tell_steer(m);
    } else {
        struct err e;
        err_set(&e, ERR_USAGE, "unknown command \"%.40s\"", cmd);
        answer_error(c, id, &e);
    }
}

static void handle_line(struct mon_server *m, struct client *c, const char *line, size_t n)
{
    json_t *o = json_loadb(line, n, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(o))
        handle_object(m, c, o);
    else
        refuse(c, NULL, "a line that is no JSON object");
    json_decref(o);
}

static void handle_input(struct mon_server *m, struct client *c)
{
    size_t from = 0;
    while (c->close_at_ms == 0 && unsent(c) < OUT_ANSWERS_MAX) {
        const char *start = c->in.p ? c->in.p + from : NULL;
        const char *end = start ? memchr(start, '\n', c->in.n - from) : NULL;
        if (!end)
            break;
        size_t n = (size_t)(end - start);
        from += n + 1;
        if (n)
            handle_line(m, c, start, n);
    }
    if (from) {
        memmove(c->in.p, c->in.p + from, c->in.n - from + 1);
        c->in.n -= from;
    }
    if (c->in.n > MON_COMMAND_MAX && c->close_at_ms == 0 && !memchr(c->in.p, '\n', c->in.n))
        refuse(c, NULL, "a line that is too long");
    if (c->close_at_ms)
        buf_reset(&c->in);
}

static void read_client(struct mon_server *m, struct client *c)
{
    char chunk[16384];
    /* At most this much before others get their turn. */
    for (int i = 0; i < 8 && !c->is_gone; i++) {
        ssize_t n = recv(c->fd, chunk, sizeof chunk, MSG_DONTWAIT);
        if (n > 0 && c->close_at_ms == 0) {
            buf_add(&c->in, chunk, (size_t)n);
            if (c->in.n > 2 * MON_COMMAND_MAX)
                break;
        } else if (n == 0) {
            /* An end of writing only: what was asked for is still answered. */
            handle_input(m, c);
            flush_client(c);
            c->is_gone = true;
        } else if (n < 0 && errno != EINTR) {
            c->is_gone = errno != EAGAIN && errno != EWOULDBLOCK;
            break;
        }
    }
    handle_input(m, c);
}

/* ---- the loop ---- */

static void accept_client(struct mon_server *m)
{
    int fd = accept4(m->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    if (m->nclients == CLIENTS_MAX) {
        close(fd);
        return;
    }
    struct client *c = x_alloc(sizeof *c);
    c->fd = fd;
    c->number = ++m->numbers;
    m->client[m->nclients++] = c;
    json_t *hello = json_object();
    json_object_set_new(hello, "hello", json_integer(MON_PROTOCOL));
    json_object_set_new(hello, "version", json_string(TG_VERSION));
    json_object_set_new(hello, "run", mon_json_text(m->run));
    json_object_set_new(hello, "steer", json_boolean(m->steerer == 0));
    send_line(c, mon_json_line(hello));
}

static void drop_gone(struct mon_server *m, int64_t now)
{
    bool steer_moved = false;
    for (unsigned i = 0; i < m->nclients;) {
        struct client *c = m->client[i];
        if (c->close_at_ms && (unsent(c) == 0 || now >= c->close_at_ms))
            c->is_gone = true;
        if (!c->is_gone) {
            i++;
            continue;
        }
        if (c->is_window)
            atomic_fetch_sub(&m->windows, 1);
        if (m->steerer == c->number) {
            m->steerer = 0;
            steer_moved = true;
        }
        close(c->fd);
        buf_release(&c->in);
        buf_release(&c->out);
        free(c);
        m->nclients--;
        memmove(&m->client[i], &m->client[i + 1], (m->nclients - i) * sizeof *m->client);
    }
    for (unsigned i = 0; steer_moved && !m->steerer && i < m->nclients; i++)
        if (m->client[i]->is_window)
            m->steerer = m->client[i]->number;
    if (steer_moved)
        tell_steer(m);
}

static void take_news(struct mon_server *m)
{
    mon_watch *watch = NULL;
    void *watch_arg = NULL;
    pthread_mutex_lock(&m->lock);
    bool is_new = m->has_latest && m->latest->seq != m->current->seq;
    if (is_new) {
        *m->current = *m->latest;
        watch = m->watch;
        watch_arg = m->watch_arg;
    }
    pthread_mutex_unlock(&m->lock);
    if (is_new) {
        free(m->push);
        m->push = NULL;
        if (watch)
            watch(watch_arg, m->current);
        if (clock_mono_ms() - m->kept_ms >= KEEP_MS || m->current->state != m->kept_state) {
            mon_write_last(m->run_dir, m->current);
            m->kept_ms = clock_mono_ms();
            m->kept_state = m->current->state;
        }
    }
    for (unsigned i = 0; is_new && i < m->nclients; i++)
        m->client[i]->wants_snapshot = m->client[i]->is_window;
    for (const char *line; journal_next(m->journal, &line);)
        for (unsigned i = 0; i < m->nclients; i++)
            if (m->client[i]->is_window)
                push_event(m->client[i], line);
}

/* A command that waited for room in out, and has it: nothing more will come from the socket to wake us for it. */
static bool has_work(const struct client *c)
{
    return c->in.n && unsent(c) < OUT_ANSWERS_MAX && !c->close_at_ms && memchr(c->in.p, '\n', c->in.n);
}

static int wait_ms(struct mon_server *m)
{
    int next = journal_fold_end(m->journal, false);
    for (unsigned i = 0; i < m->nclients; i++) {
        if (has_work(m->client[i]))
            return 0;
        if (m->client[i]->close_at_ms)
            next = next < 0 ? GOODBYE_MS : TG_MIN(next, GOODBYE_MS);
    }
    return next;
}

static void loop_once(struct mon_server *m, int timeout_ms)
{
    struct pollfd p[CLIENTS_MAX + 2] = {{.fd = m->wake_fd, .events = POLLIN},
                                        {.fd = m->listen_fd, .events = POLLIN}};
    unsigned n = m->nclients;
    for (unsigned i = 0; i < n; i++) {
        struct client *c = m->client[i];
        p[i + 2].fd = c->fd;
        p[i + 2].events =
            (short)((unsent(c) < OUT_ANSWERS_MAX ? POLLIN : 0) | (unsent(c) ? POLLOUT : 0));
    }
    if (poll(p, n + 2, timeout_ms) < 0 && errno != EINTR)
        tg_bug("poll: %s", strerror(errno));
    eventfd_t ignored;
    if (p[0].revents)
        eventfd_read(m->wake_fd, &ignored);
    for (unsigned i = 0; i < n; i++)
        if (p[i + 2].revents & (POLLIN | POLLHUP | POLLERR))
            read_client(m, m->client[i]);
    if (p[1].revents)
        accept_client(m);
    journal_fold_end(m->journal, false);
    take_news(m);
    for (unsigned i = 0; i < m->nclients; i++) {
        flush_client(m->client[i]);
        push_snapshot(m, m->client[i]);
        if (m->client[i]->in.n)
            handle_input(m, m->client[i]); /* what waited for room in out */
        flush_client(m->client[i]);
    }
    drop_gone(m, clock_mono_ms());
}

static void goodbye(struct mon_server *m)
{
    int64_t until = clock_mono_ms() + GOODBYE_MS;
    journal_fold_end(m->journal, true);
    take_news(m);
    if (m->current->seq)
        mon_write_last(m->run_dir, m->current);
    for (unsigned i = 0; i < m->nclients; i++)
        m->client[i]->close_at_ms = until;
    while (m->nclients) {
        struct pollfd p[CLIENTS_MAX];
        for (unsigned i = 0; i < m->nclients; i++) {
            flush_client(m->client[i]);
            push_snapshot(m, m->client[i]);
            flush_client(m->client[i]);
            p[i] = (struct pollfd){.fd = m->client[i]->fd, .events = POLLOUT};
        }
        drop_gone(m, clock_mono_ms());
        if (m->nclients)
            poll(p, m->nclients, 50);
    }
}

static void *run_thread(void *arg)
{
    struct mon_server *m = arg;
    pthread_setname_np(pthread_self(), "mon");
    while (!atomic_load(&m->stopping))
        loop_once(m, wait_ms(m));
    goodbye(m);
    return NULL;
}

static void sink(void *arg, enum log_level level, const char *stage, const char *table,
                 const char *id, const char *text)
{
    struct mon_server *m = arg;
    if (m)
        journal_add(m->journal,
                    level == LOG_NOTE ? "act"
                    : id && id[0]     ? "error"
                                      : "log",
                    level, stage, table, id, text);
}

static void server_free(struct mon_server *m)
{
    journal_free(m->journal);
    if (m->listen_fd >= 0) {
        mon_unlisten(m->run_dir);
        close(m->listen_fd);
    }
    if (m->wake_fd >= 0)
        close(m->wake_fd);
    if (m->lock_fd >= 0)
        close(m->lock_fd);
    pthread_mutex_destroy(&m->lock);
    free(m->latest);
    free(m->current);
    free(m->push);
    free(m->run_dir);
    free(m);
}

static bool thread_start(struct mon_server *m, struct err *e)
{
    /* The thread takes no signal: a SIGPIPE of the echo's file must not end the engine. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&m->thread, NULL, run_thread, m);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc == 0 || err_set(e, ERR_INTERNAL, "no thread: %s", strerror(rc));
}

struct mon_server *mon_server_start(const char *run_dir, const char *run, mon_command *command,
                                    void *arg, struct err *e)
{
    struct mon_server *m = x_alloc(sizeof *m);
    m->run_dir = x_strdup(run_dir);
    mon_text(m->run, sizeof m->run, run);
    m->command = command;
    m->arg = arg;
    m->listen_fd = m->wake_fd = -1;
    m->latest = x_alloc(sizeof *m->latest);
    m->current = x_alloc(sizeof *m->current);
    mon_snapshot_init(m->current, run);
    pthread_mutex_init(&m->lock, NULL);
    m->lock_fd = mon_lock(run_dir, e);
    if (m->lock_fd < 0 || (m->listen_fd = mon_listen(run_dir, e)) < 0)
        goto fail;
    m->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    m->journal = journal_new(run_dir, run, m->wake_fd, e);
    if (!m->journal || !thread_start(m, e))
        goto fail;
    log_set_sink(sink, m);
    return m;
fail:
    server_free(m);
    return NULL;
}

void mon_server_publish(struct mon_server *m, const struct mon_snapshot *s)
{
    pthread_mutex_lock(&m->lock);
    uint64_t before = m->latest->seq;
    *m->latest = *s;
    if (s->seq == 0)
        m->latest->seq = before + 1;
    if (!s->run[0])
        mon_text(m->latest->run, sizeof m->latest->run, m->run);
    if (!s->version[0])
        mon_text(m->latest->version, sizeof m->latest->version, TG_VERSION);
    m->has_latest = true;
    pthread_mutex_unlock(&m->lock);
    eventfd_write(m->wake_fd, 1);
}

void mon_server_echo(struct mon_server *m, FILE *out, bool json)
{
    journal_echo(m->journal, out, json);
}

void mon_server_watch(struct mon_server *m, mon_watch *watch, void *arg)
{
    pthread_mutex_lock(&m->lock);
    m->watch = watch;
    m->watch_arg = arg;
    pthread_mutex_unlock(&m->lock);
}

unsigned mon_server_windows(struct mon_server *m)
{
    return atomic_load(&m->windows);
}

void mon_server_stop(struct mon_server *m)
{
    if (!m)
        return;
    log_set_sink(NULL, NULL);
    atomic_store(&m->stopping, true);
    eventfd_write(m->wake_fd, 1);
    pthread_join(m->thread, NULL);
    server_free(m);
}
