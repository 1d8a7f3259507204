// SPDX-License-Identifier: Apache-2.0
/* From files and options to a job that can be run: every problem is told at once, with its place.
 * Secrets are asked for on the terminal itself (/dev/tty), without echo, and travel to a detached
 * engine through a pipe. */
#include "base/text.h"
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

void cli_problems(const struct job_problems *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct err *e = &p->list[i].err;
        fprintf(stderr, "%s%s%s  %s  %s\n", e->where, e->where[0] ? "  " : "",
                p->list[i].is_warning ? "warning" : "error", err_info(e->code)->id, e->text);
    }
    bool told[ERR_CODE_COUNT] = {false};
    for (size_t i = 0; i < p->n; i++) { /* what each kind of error means, once */
        enum err_code code = p->list[i].err.code;
        const struct err_info *info = err_info(code);
        if (p->list[i].is_warning || told[code])
            continue;
        told[code] = true;
        fprintf(stderr, "%s  %s\n  cause  %s\n  cure   %s\n", info->id, info->title, info->cause, info->cure);
    }
}

static bool set_pair(struct job *j, const char *prefix, const char *pair, struct err *e)
{
    const char *eq = strchr(pair, '=');
    if (!eq || eq == pair)
        return err_set(e, ERR_USAGE, "\"%s\" is no NAME=VALUE", pair);
    char *path = x_format("%s%.*s", prefix, (int)(eq - pair), pair);
    bool ok = job_set(j, path, eq + 1, e);
    free(path);
    return ok;
}

static char *trim(char *p)
{
    p += strspn(p, " \t");
    size_t n = strcspn(p, "\r\n");
    while (n && (p[n - 1] == ' ' || p[n - 1] == '\t'))
        n--;
    p[n] = 0;
    if (n >= 2 && (p[0] == '"' || p[0] == '\'') && p[n - 1] == p[0]) {
        p[n - 1] = 0;
        p++;
    }
    return p;
}

/* Lines "ID: choice" or "ID@schema.table: choice"; a head line "answers:" is fine, so the part of a
 * job file that holds answers can be given as it is. */
static bool read_answers(struct job *j, const char *path, struct err *e)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;
    unsigned number = 0;
    bool ok = file || err_set(e, ERR_CONF_FILE, "%s: %s", path, strerror(errno));
    while (ok && getline(&line, &room, file) >= 0) {
        number++;
        char *p = trim(line), *colon = strstr(p, ": ");
        if (!*p || *p == '#' || strcmp(p, "answers:") == 0 || strcmp(p, "---") == 0)
            continue;
        if (!colon) {
            ok = err_set(e, ERR_CONF_VALUE, "\"%s\" is no ID: choice", p);
        } else {
            *colon = 0;
            char *name = x_format("answers.%s", trim(p));
            ok = job_set(j, name, trim(colon + 2), e);
            free(name);
        }
        if (!ok && e)
            snprintf(e->where, sizeof e->where, "%.140s:%u", path, number);
    }
    free(line);
    if (file)
        fclose(file);
    return ok;
}

static bool set_all(struct job *j, const struct job_options *o, struct err *e)
{
    for (size_t i = 0; i < o->sets.n; i++)
        if (!set_pair(j, "", o->sets.item[i], e))
            return false;
    if (o->answers_file && !read_answers(j, o->answers_file, e))
        return false;
    for (size_t i = 0; i < o->answers.n; i++)
        if (!set_pair(j, "answers.", o->answers.item[i], e))
            return false;
    return true;
}

bool cli_job_load(struct job *j, const struct job_options *o, int *code)
{
    struct job_problems found = {0};
    struct err e = {0};
    bool ok = job_load(j, o->files, o->nfiles, &found);
    bool is_set = set_all(j, o, &e);
    /* What a --set mends must not be told as missing, so the cross checks come last. */
    if (ok && is_set && !o->is_for_dm)
        ok = job_check(j, &found);
    cli_problems(&found);
    *code = EXIT_USAGE;
    if (!is_set)
        *code = cli_fail(&e);
    job_problems_release(&found);
    return ok && is_set;
}

bool cli_job_open(struct job *j, const char *const *files, size_t n)
{
    struct job_problems found = {0};
    struct err ignored = {0};
    bool ok = job_load(j, files, n, &found);
    if (!ok)
        cli_problems(&found);
    else
        job_resolve(j, NULL, NULL, &ignored);
    job_problems_release(&found);
    return ok;
}

struct secret *cli_ask(const char *label)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct termios before, quiet;
    if (fd < 0 || tcgetattr(fd, &before) != 0) {
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    quiet = before;
    quiet.c_lflag &= (tcflag_t) ~(tcflag_t)ECHO;
    tcsetattr(fd, TCSAFLUSH, &quiet);  /* before it is asked for: an answer may come at once */
    dprintf(fd, "%s (not shown): ", label);
    char text[1024];
    size_t n = 0;
    bool ended = false;
    while (n < sizeof text && !ended) {
        ssize_t k = read(fd, text + n, sizeof text - n);
        if (k < 0 && errno == EINTR)
            continue;
        ended = k <= 0 || memchr(text + n, '\n', (size_t)k);
        n += k > 0 ? (size_t)k : 0;
    }
    tcsetattr(fd, TCSAFLUSH, &before);
    dprintf(fd, "\n");
    close(fd);
    while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        n--;
    struct secret *s = n ? secret_new(text, n) : NULL;
    explicit_bzero(text, sizeof text);
    return s;
}

static struct secret *ask(void *arg, const char *label)
{
    (void)arg;
    return cli_ask(label);
}

/* ---- sealed files ---- */

char *cli_reference(const char *from)
{
    bool is_bare = from && (strncmp(from, "env:", 4) == 0 || strncmp(from, "file:", 5) == 0);
    return is_bare ? x_format("${%s}", from) : x_strdup(from && strcmp(from, "ask") != 0 ? from : "${ask}");
}

/* What env: or file: names, by the job's own way from a reference to a secret. The variable is wiped, in /proc too. */
static struct secret *given_passphrase(const char *from, struct err *e)
{
    struct job scratch;
    char *reference = cli_reference(from);
    job_init(&scratch);
    const struct job_secret *s = &scratch.target.password;
    bool is_one = strncmp(reference, "${env:", 6) == 0 || strncmp(reference, "${file:", 7) == 0; /* else it may be the passphrase itself */
    bool fine = is_one ? job_set(&scratch, "target.password", reference, e) : err_set(e, ERR_USAGE, "--passphrase-from takes env:NAME, file:PATH or ask");
    fine = fine && job_resolve(&scratch, NULL, NULL, e);
    struct secret *value = fine ? secret_copy(s->value) : NULL;
    if (fine && s->origin == SECRET_ENV) {
        char *held = getenv(s->reference);
        explicit_bzero(held, strlen(held));
        unsetenv(s->reference);
    } else if (!fine && e) {
        snprintf(e->where, sizeof e->where, "--passphrase-from");
    }
    job_release(&scratch);
    free(reference);
    return value;
}

/* Typed, and another may be typed where it does not fit. */
static bool ask_to_open(struct job *j, const char *path, struct err *e)
{
    bool fine = job_unseal(j, path, NULL, e); /* nobody is asked in vain */
    for (int tries = 0; fine && tries < 3; tries++) {
        char *label = x_format(_("Passphrase of %s"), path);
        struct secret *typed = cli_ask(label);
        free(label);
        if (!typed) {
            err_set(e, ERR_SEALED_PASSPHRASE, "%s: nobody is there to ask, or nothing was typed", path);
            return false;
        }
        err_clear(e);
        fine = job_unseal(j, path, typed, e);
        secret_free(typed);
        if (fine || e->code != ERR_SEALED_PASSPHRASE)
            return fine;
        fprintf(stderr, "%s\n", _("the passphrase does not fit"));
        fine = true;
    }
    return false;
}

static bool open_sealed(struct job *j, const char *from, struct err *e)
{
    bool is_asked = !from || strcmp(from, "ask") == 0;
    char *path = job_sealed_file(j);
    struct secret *given = path && !is_asked ? given_passphrase(from, e) : NULL;
    bool fine = !path || is_asked || given;
    while (fine && path) {
        fine = is_asked ? ask_to_open(j, path, e) : job_unseal(j, path, given, e);
        free(path);
        path = job_sealed_file(j);
    }
    free(path);
    secret_free(given);
    return fine;
}

bool cli_job_resolve(struct job *j, const char *passphrase_from, struct err *e)
{
    return open_sealed(j, passphrase_from, e) && job_resolve(j, ask, NULL, e);
}

/* The i-th secret of a job, in an order both processes agree on. */
static struct job_secret *secret_at(const struct job *j, size_t i)
{
    struct job_end *end = i / 2 < j->nsources ? &j->sources[i / 2] : (struct job_end *)&j->target;
    return i % 2 ? &end->ssh.password : &end->password;
}

void cli_job_ask_unset(struct job *j)
{
    for (size_t i = 0; i <= j->nsources; i++) {
        struct job_end *end = i < j->nsources ? &j->sources[i] : &j->target;
        struct job_secret *s = &end->password;
        if (s->value || s->origin != SECRET_ENV || getenv(s->reference))
            continue;
        char *label = x_format(_("%s is not set. Password of %s at %s"), s->reference, end->user ? end->user : "", end->host ? end->host : "");
        s->value = cli_ask(label);
        free(label);
    }
}

static bool write_all(int fd, const void *p, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t k = write(fd, (const char *)p + at, n - at);
        if (k < 0 && errno != EINTR)
            return false;
        at += k > 0 ? (size_t)k : 0;
    }
    return true;
}

bool cli_secrets_send(const struct job *j, int fd)
{
    bool ok = true;
    for (size_t i = 0; ok && i < 2 * (j->nsources + 1); i++) {
        const struct secret *s = secret_at(j, i)->value;
        const char *text = secret_peek(s);
        ok = write_all(fd, s ? "1" : "0", 1) && write_all(fd, text, strlen(text) + 1);
    }
    return ok;
}

bool cli_secrets_receive(struct job *j, int fd, struct err *e)
{
    size_t room = 64 * 1024, n = 0, at = 0;
    char *text = x_alloc(room + 1);
    for (ssize_t k = 1; k > 0 && n < room;) {
        k = read(fd, text + n, room - n);
        if (k < 0 && errno == EINTR)
            k = 1;
        else if (k > 0)
            n += (size_t)k;
    }
    close(fd);
    bool ok = true;
    for (size_t i = 0; ok && i < 2 * (j->nsources + 1); i++) {
        char *end = at < n ? memchr(text + at, 0, n - at) : NULL;
        if (!end) {
            ok = err_set(e, ERR_SECRET, "the passwords did not arrive");
        } else {
            struct job_secret *s = secret_at(j, i);
            if (text[at] == '1' && !s->value)
                s->value = secret_new(text + at + 1, (size_t)(end - text) - at - 1);
            at = (size_t)(end - text) + 1;
        }
    }
    explicit_bzero(text, room);
    free(text);
    return ok;
}

void cli_job_options_release(struct job_options *o)
{
    free(o->sets.item);
    free(o->answers.item);
}

bool cli_job_ready(struct job *j, struct job_options *o, char *const *files, int n, int *code)
{
    struct err e = {0};
    sigset_t pipe_only;
    o->files = (const char *const *)files;
    o->nfiles = (size_t)n;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_only, NULL);
    if (!cli_job_load(j, o, code))
        return false;
    if (!cli_job_resolve(j, o->passphrase_from, &e))
        *code = cli_fail(&e);
    return e.code == ERR_OK;
}
