// SPDX-License-Identifier: Apache-2.0
/* The story of a run: log_event -> a bounded ring -> (mon's thread) events.jsonl, the echo, the
 * windows. journal_add only copies under a mutex, so a slow disk or window never holds the engine
 * up; when the ring is full the newest events are lost and counted. Identical warnings and errors
 * are folded for ten seconds after the first one, then told as one line with their number. */
#include "base/hash.h"
#include "base/sync.h"
#include "base/text.h"
#include "mon/mon_private.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PENDING 1024
#define FOLDS 64
#define FOLD_MS 10000
#define FILE_BYTES_MAX (64 * 1024 * 1024)

struct fold {
    uint64_t hash;
    int64_t until_ms; /* mono; 0 = free */
    uint64_t count;   /* beyond the first */
    struct mon_event event;
};

struct journal {
    pthread_mutex_t lock; /* pending, folds, seq, lost */
    struct mon_event *pending;
    unsigned head, n;
    uint64_t seq, lost;
    struct fold fold[FOLDS];
    int wake_fd;
    /* Only mon's thread from here on, but for echo. */
    char run[40];
    char *path;
    int fd;
    off_t size;
    char *history[MON_HISTORY], *line;
    unsigned nhistory; /* ever added */
    pthread_mutex_t
        echo_lock; /* held while printing: whoever takes the file back may close it then */
    FILE *echo;
    bool echo_json;
};

/* Sequence numbers go on where an earlier engine ended; only the tail of the file is looked at. */
static uint64_t last_seq(int fd, off_t size)
{
    char tail[8193];
    off_t from = size > 8192 ? size - 8192 : 0;
    ssize_t n = pread(fd, tail, sizeof tail - 1, from);
    uint64_t seq = 0;
    if (n <= 0)
        return 0;
    tail[n] = 0;
    for (const char *p = tail; (p = memmem(p, (size_t)(tail + n - p), "\n{\"v\":", 6)) ||
                               (seq == 0 && from == 0 && (p = tail));) {
        const char *q = strstr(p, "\"seq\":");
        uint64_t v = q ? strtoull(q + 6, NULL, 10) : 0;
        seq = TG_MAX(seq, v);
        if (p == tail)
            break;
        p += 6;
    }
    return seq;
}

static bool file_open(struct journal *j)
{
    struct stat st;
    j->fd = open(j->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (j->fd < 0)
        return false;
    j->size = fstat(j->fd, &st) == 0 ? st.st_size : 0;
    /* A line that a crash cut off must not swallow the next one. */
    char last = '\n';
    if (j->size && pread(j->fd, &last, 1, j->size - 1) == 1 && last != '\n')
        (void)!write(j->fd, "\n", 1);
    return true;
}

struct journal *journal_new(const char *run_dir, const char *run, int wake_fd, struct err *e)
{
    struct journal *j = x_alloc(sizeof *j);
    j->path = x_format("%s/events.jsonl", run_dir);
    j->wake_fd = wake_fd;
    mon_text(j->run, sizeof j->run, run);
    pthread_mutex_init(&j->lock, NULL);
    pthread_mutex_init(&j->echo_lock, NULL);
    j->pending = x_alloc(PENDING * sizeof *j->pending);
    if (!file_open(j)) {
        err_set(e, ERR_FILE, "%s: %s", j->path, strerror(errno));
        journal_free(j);
        return NULL;
    }
    j->seq = last_seq(j->fd, j->size);
    return j;
}

void journal_free(struct journal *j)
{
    if (!j)
        return;
    if (j->fd >= 0)
        close(j->fd);
    for (unsigned i = 0; i < MON_HISTORY; i++)
        free(j->history[i]);
    pthread_mutex_destroy(&j->lock);
    pthread_mutex_destroy(&j->echo_lock);
    free(j->pending);
    free(j->line);
    free(j->path);
    free(j);
}

/* Under the lock. */
static void pending_put(struct journal *j, const struct mon_event *e)
{
    if (j->n == PENDING) {
        j->lost++;
        return;
    }
    struct mon_event *to = &j->pending[(j->head + j->n++) % PENDING];
    *to = *e;
    to->seq = ++j->seq;
}

/* Under the lock. true: counted in an open fold, nothing to say now. */
static bool folded(struct journal *j, const struct mon_event *e, int64_t now)
{
    if (e->level < LOG_WARN)
        return false;
    uint64_t h = hash64(e->text, strlen(e->text), (uint64_t)e->level);
    h = hash64(e->table, strlen(e->table), h);
    h = hash64(e->id, strlen(e->id), h);
    h = hash64(e->stage, strlen(e->stage), h);
    struct fold *empty = NULL;
    for (unsigned i = 0; i < FOLDS; i++) {
        struct fold *f = &j->fold[i];
        if (f->until_ms == 0) {
            empty = empty ? empty : f;
        } else if (f->hash == h) {
            f->count++;
            return true;
        }
    }
    if (empty) {
        empty->hash = h;
        empty->until_ms = now + FOLD_MS;
        empty->count = 0;
        empty->event = *e;
    }
    return false;
}

void journal_add(struct journal *j, const char *kind, enum log_level level, const char *stage,
                 const char *table, const char *id, const char *text)
{
    struct mon_event e = {.level = level, .at_ms = clock_wall_ms()};
    mon_text(e.kind, sizeof e.kind, kind);
    mon_text(e.stage, sizeof e.stage, stage);
    mon_text(e.table, sizeof e.table, table);
    mon_text(e.id, sizeof e.id, id);
    mon_text(e.text, sizeof e.text, text);
    pthread_mutex_lock(&j->lock);
    bool quiet = folded(j, &e, clock_mono_ms());
    if (!quiet)
        pending_put(j, &e);
    pthread_mutex_unlock(&j->lock);
    if (!quiet)
        eventfd_write(j->wake_fd, 1);
}

int journal_fold_end(struct journal *j, bool all)
{
    int64_t now = clock_mono_ms(), next = -1;
    pthread_mutex_lock(&j->lock);
    for (unsigned i = 0; i < FOLDS; i++) {
        struct fold *f = &j->fold[i];
        if (f->until_ms == 0)
            continue;
        if (!all && f->until_ms > now) {
            next = next < 0 ? f->until_ms - now : TG_MIN(next, f->until_ms - now);
            continue;
        }
        if (f->count) {
            char text[sizeof f->event.text + 64];
            snprintf(text, sizeof text, N_("%llu more like this in 10 s: %s"),
                     (unsigned long long)f->count, f->event.text);
            mon_text(f->event.text, sizeof f->event.text, text);
            mon_text(f->event.kind, sizeof f->event.kind, "fold");
            f->event.at_ms = clock_wall_ms();
            pending_put(j, &f->event);
        }
        f->until_ms = 0;
    }
    pthread_mutex_unlock(&j->lock);
    return (int)next;
}

void journal_echo(struct journal *j, FILE *out, bool json)
{
    pthread_mutex_lock(&j->echo_lock);
    j->echo = out;
    j->echo_json = json;
    pthread_mutex_unlock(&j->echo_lock);
}

static char *event_encode(const struct mon_event *e, const char *run)
{
    json_t *o = json_object();
    json_object_set_new(o, "v", json_integer(1));
    json_object_set_new(o, "run", mon_json_text(run));
    json_object_set_new(o, "seq", json_integer((json_int_t)e->seq));
    json_object_set_new(o, "at_ms", json_integer(e->at_ms));
    json_object_set_new(o, "level", json_string(log_level_name(e->level)));
    json_object_set_new(o, "kind", mon_json_text(e->kind));
    json_object_set_new(o, "stage", mon_json_text(e->stage));
    json_object_set_new(o, "table", mon_json_text(e->table));
    json_object_set_new(o, "id", mon_json_text(e->id));
    json_object_set_new(o, "text", mon_json_text(e->text));
    return mon_json_line(o);
}

bool mon_event_decode(struct mon_event *out, json_t *o)
{
    memset(out, 0, sizeof *out);
    const char *level = json_string_value(json_object_get(o, "level"));
    if (!level)
        return false;
    for (int i = LOG_DEBUG; i <= LOG_ERROR; i++)
        if (strcmp(level, log_level_name((enum log_level)i)) == 0)
            out->level = (enum log_level)i;
    out->seq = (uint64_t)json_integer_value(json_object_get(o, "seq"));
    out->at_ms = json_integer_value(json_object_get(o, "at_ms"));
    mon_text(out->kind, sizeof out->kind, json_string_value(json_object_get(o, "kind")));
    mon_text(out->stage, sizeof out->stage, json_string_value(json_object_get(o, "stage")));
    mon_text(out->table, sizeof out->table, json_string_value(json_object_get(o, "table")));
    mon_text(out->id, sizeof out->id, json_string_value(json_object_get(o, "id")));
    mon_text(out->text, sizeof out->text, json_string_value(json_object_get(o, "text")));
    return true;
}

static void file_add(struct journal *j, const char *line)
{
    size_t n = strlen(line);
    if (j->size > FILE_BYTES_MAX) {
        char *old = x_format("%s.1", j->path);
        close(j->fd);
        rename(j->path, old);
        free(old);
        file_open(j);
    }
    if (j->fd < 0)
        return;
    struct buf b = {0};
    buf_add(&b, line, n);
    buf_addc(&b, '\n');
    /* A full disk loses lines of the story, never the run. */
    if (write(j->fd, b.p, b.n) == (ssize_t)b.n)
        j->size += (off_t)b.n;
    buf_release(&b);
}

static void echo(struct journal *j, const struct mon_event *e, const char *line)
{
    pthread_mutex_lock(&j->echo_lock);
    if (j->echo && j->echo_json) {
        fprintf(j->echo, "%s\n", line);
        fflush(j->echo);
    } else if (j->echo) {
        struct tm tm;
        time_t s = (time_t)(e->at_ms / 1000);
        localtime_r(&s, &tm);
        fprintf(j->echo, "%02d:%02d:%02d  %-5s %-6s %s%s%s%s%s\n", tm.tm_hour, tm.tm_min, tm.tm_sec,
                log_level_name(e->level), e->stage, e->id, e->id[0] ? "  " : "", e->table,
                e->table[0] ? "  " : "", e->text);
        fflush(j->echo);
    }
    pthread_mutex_unlock(&j->echo_lock);
}

bool journal_next(struct journal *j, const char **line)
{
    struct mon_event e = {0};
    pthread_mutex_lock(&j->lock);
    bool some = j->n > 0;
    if (some && j->lost) {
        e = (struct mon_event){.seq = ++j->seq,
                               .at_ms = clock_wall_ms(),
                               .level = LOG_WARN,
                               .kind = "lost",
                               .stage = "engine"};
        snprintf(e.text, sizeof e.text, N_("%llu events came too fast and are not in the log"),
                 (unsigned long long)j->lost);
        j->lost = 0;
    } else if (some) {
        e = j->pending[j->head];
        j->head = (j->head + 1) % PENDING;
        j->n--;
    }
    pthread_mutex_unlock(&j->lock);
    if (!some)
        return false;
    free(j->line);
    j->line = event_encode(&e, j->run);
    file_add(j, j->line);
    if (e.level > LOG_DEBUG)
        echo(j, &e, j->line);
    char **slot = &j->history[j->nhistory++ % MON_HISTORY];
    free(*slot);
    *slot = x_strdup(j->line);
    *line = j->line;
    return true;
}

const char *journal_history(const struct journal *j, unsigned i)
{
    unsigned have = TG_MIN(j->nhistory, MON_HISTORY);
    return i < have ? j->history[(j->nhistory - have + i) % MON_HISTORY] : NULL;
}
