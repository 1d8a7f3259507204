// SPDX-License-Identifier: Apache-2.0
/* A real server and real sockets in a temp directory: greeting, commands, steering, slow and broken
 * clients, the lock after kill -9, stale sockets, long paths, folding, the journal file. Waits have
 * a deadline. */

// cmocka.h wants these four first
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "base/sync.h"
#include "mon/mon_private.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
    char *home, *dir;
    struct mon_server *m;
    char last[512]; /* command and arguments, written by mon's thread before it answers */
    atomic_int calls;
    struct mon_snapshot *s;
};

static bool on_command(void *arg, const char *cmd, const char *args, char **result, struct err *e)
{
    struct fixture *f = arg;
    snprintf(f->last, sizeof f->last, "%s %s", cmd, args);
    atomic_fetch_add(&f->calls, 1);
    if (strcmp(cmd, "pace") == 0)
        return err_set(e, ERR_CONF_VALUE, "no such pace");
    if (strcmp(cmd, "tables") == 0)
        *result = x_strdup("[1,2]");
    return true;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *w)
{
    (void)st, (void)type, (void)w;
    return remove(path);
}

static int setup_in(void **state, const char *more)
{
    struct fixture *f = x_alloc(sizeof *f);
    struct err e = {0};
    char root[] = "/tmp/tg-mon-XXXXXX";
    assert_non_null(mkdtemp(root));
    char *option = x_format("%s/%s", root, more);
    f->home = x_strdup(root);
    char *home = mon_home(option, &e);
    assert_non_null(home);
    f->dir = mon_run_dir(home, "shop", true, &e);
    assert_non_null(f->dir);
    free(home);
    free(option);
    f->s = x_alloc(sizeof *f->s);
    f->m = mon_server_start(f->dir, "shop", on_command, f, &e);
    assert_non_null(f->m);
    *state = f;
    return 0;
}

static int setup(void **state)
{
    return setup_in(state, "home");
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    mon_server_stop(f->m);
    nftw(f->home, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(f->home);
    free(f->dir);
    free(f->s);
    free(f);
    return 0;
}

#define DEADLINE_MS 10000

static void pump_wait(struct mon_client *c)
{
    struct pollfd p = {.fd = mon_fd(c), .events = POLLIN};
    assert_true(poll(&p, 1, DEADLINE_MS) > 0);
    mon_pump(c, NULL);
}

static struct mon_client *attach(struct fixture *f)
{
    struct err e = {0};
    struct mon_client *c = mon_attach(f->dir, &e);
    if (!c)
        fail_msg("%s", e.text);
    return c;
}

static void modes_and_lock(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct stat st;
    char *path = x_format("%s/run.sock", f->dir);
    assert_int_equal(stat(f->dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_true(S_ISSOCK(st.st_mode));
    assert_true(mon_is_alive(f->dir));
    assert_null(mon_server_start(f->dir, "shop", on_command, f, &e));
    assert_int_equal(e.code, ERR_RUN_EXISTS);
    assert_int_equal(stat(path, &st), 0); /* the loser did not remove the winner's socket */
    mon_server_stop(f->m);
    f->m = NULL;
    assert_false(mon_is_alive(f->dir));
    assert_int_not_equal(stat(path, &st), 0);
    assert_null(mon_attach(f->dir, &e));
    assert_int_equal(e.code, ERR_RUN_UNKNOWN);
    free(path);
}

static void snapshot_travels(void **state)
{
    struct fixture *f = *state;
    struct mon_client *c = attach(f);
    struct mon_snapshot *got = x_alloc(sizeof *got);
    assert_true(mon_steers(c));
    assert_int_equal(mon_server_windows(f->m), 1);
    f->s->state = RUN_COPYING;
    f->s->dump.bytes = 4711;
    mon_server_publish(f->m, f->s);
    while (!mon_snapshot(c, got))
        pump_wait(c);
    assert_int_equal(got->dump.bytes, 4711);
    assert_int_equal(got->seq, 1);
    assert_false(mon_snapshot(c, got));
    struct mon_client *late = attach(f); /* gets the state at once, not with the next change */
    while (!mon_snapshot(late, got))
        pump_wait(late);
    assert_int_equal(got->state, RUN_COPYING);
    f->s->state = RUN_FINISHED;
    mon_server_publish(f->m, f->s);
    mon_server_stop(f->m);
    f->m = NULL;
    while (mon_pump(c, NULL))
        pump_wait(c);
    assert_true(mon_snapshot(c, got)); /* the last snapshot is sent before the end */
    assert_int_equal(got->state, RUN_FINISHED);
    mon_detach(c);
    mon_detach(late);
    free(got);
}

static void commands_and_steering(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct mon_client *a = attach(f), *b = attach(f), *shell = mon_connect(f->dir, &e);
    assert_non_null(shell);
    assert_true(mon_steers(a));
    assert_false(mon_steers(b));
    assert_int_equal(mon_server_windows(f->m), 2);
    assert_true(mon_call(a, "pause", NULL, NULL, DEADLINE_MS, &e));
    assert_string_equal(f->last, "pause {}");
    assert_false(mon_call(b, "resume", NULL, NULL, DEADLINE_MS, &e));
    assert_int_equal(e.code, ERR_STEER);
    assert_int_equal(atomic_load(&f->calls), 1);
    assert_true(mon_call(shell, "answer", "{\"id\":\"TG-3107\",\"choice\":\"wait\"}", NULL,
                         DEADLINE_MS, &e));
    assert_string_equal(f->last, "answer {\"id\":\"TG-3107\",\"choice\":\"wait\"}");
    char *result = NULL;
    assert_true(mon_call(b, "tables", NULL, &result, DEADLINE_MS, &e)); /* who watches may read */
    assert_string_equal(result, "[1,2]");
    free(result);
    assert_true(mon_call(b, "steer", NULL, NULL, DEADLINE_MS, &e));
    while (mon_steers(a))
        pump_wait(a);
    assert_true(mon_call(b, "resume", NULL, NULL, DEADLINE_MS, &e));
    mon_detach(b); /* the wheel goes back to who is left */
    while (!mon_steers(a))
        pump_wait(a);
    assert_false(mon_call(a, "pace", "{\"pace\":\"warp\"}", NULL, DEADLINE_MS, &e));
    assert_int_equal(e.code, ERR_CONF_VALUE);
    assert_string_equal(e.text, "no such pace");
    assert_false(mon_call(a, "dance", NULL, NULL, DEADLINE_MS, &e));
    assert_int_equal(e.code, ERR_USAGE);
    assert_true(
        mon_call(a, "snapshot", NULL, &result, DEADLINE_MS, &e)); /* still alive after errors */
    struct mon_snapshot *got = x_alloc(sizeof *got);
    assert_true(mon_decode(got, result, strlen(result), &e));
    assert_string_equal(got->run, "shop");
    free(got);
    free(result);
    mon_detach(a);
    mon_detach(shell);
}

/* Sends bytes, returns all that came until the server closed; NULL when it did not close in time.
 */
static char *raw(struct fixture *f, const void *bytes, size_t n)
{
    struct err e = {0};
    struct buf got = {0};
    int fd = mon_dial(f->dir, &e);
    assert_true(fd >= 0);
    for (size_t at = 0; at < n;) {
        ssize_t k = send(fd, (const char *)bytes + at, n - at, MSG_NOSIGNAL);
        if (k < 0) {
            struct pollfd p = {.fd = fd, .events = POLLOUT};
            if (errno != EAGAIN || poll(&p, 1, DEADLINE_MS) <= 0)
                break;
            continue;
        }
        at += (size_t)k;
    }
    for (;;) {
        char chunk[4096];
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, DEADLINE_MS) <= 0) {
            buf_release(&got);
            break;
        }
        ssize_t k = recv(fd, chunk, sizeof chunk, 0);
        if (k <= 0)
            break;
        buf_add(&got, chunk, (size_t)k);
    }
    close(fd);
    return got.n ? buf_take(&got) : NULL;
}

static void rubbish_closes(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {"hello?\n",
                                      "[1]\n",
                                      "{\"id\":1}\n",
                                      "{\"cmd\":7}\n",
                                      "\x00\xff\xfe\n",
                                      "{\"cmd\":\"pause\",\"args\":[]}\n",
                                      "{\"cmd\":\"a\",\"cmd\":\"b\"}\n"};
    for (size_t i = 0; i < TG_ARRAY_LEN(bad); i++) {
        char *got = raw(f, bad[i], bad[i][0] ? strlen(bad[i]) : 4);
        assert_non_null(got);
        assert_non_null(strstr(got, "{\"hello\":1,"));
        assert_non_null(strstr(got, "\"ok\":false"));
        free(got);
    }
    size_t n = 2 * MON_COMMAND_MAX;
    char *lots = x_alloc(n);
    memset(lots, 'x', n);
    char *got = raw(f, lots, n); /* no line end: refused when too long */
    assert_non_null(got);
    assert_non_null(strstr(got, "too long"));
    free(got);
    /* Deep nesting must not eat the stack. */
    memset(lots, '[', n);
    lots[100000] = '\n';
    got = raw(f, lots, 100001);
    assert_non_null(got);
    free(got);
    free(lots);
    assert_int_equal(atomic_load(&f->calls), 0);
    mon_detach(attach(f));
}

static bool wait_event(struct mon_client *c, const char *part, struct mon_event *into)
{
    int64_t until = clock_mono_ms() + DEADLINE_MS;
    while (clock_mono_ms() < until) {
        while (mon_events(c, into, 1, NULL))
            if (strstr(into->text, part))
                return true;
        struct pollfd p = {.fd = mon_fd(c), .events = POLLIN};
        poll(&p, 1, 1000);
        mon_pump(c, NULL);
    }
    return false;
}

static void events_travel(void **state)
{
    struct fixture *f = *state;
    struct mon_event got;
    for (int i = 0; i < 300; i++)
        log_event(LOG_INFO, "copy", "shop.orders", "", "early %d", i);
    struct mon_client *sync = attach(f);
    assert_true(wait_event(sync, "early 299", &got));
    struct mon_client *late = attach(f); /* gets the last 200 */
    while (mon_events(late, &got, 1, NULL) == 0)
        pump_wait(late);
    assert_string_equal(got.text, "early 100");
    assert_string_equal(got.stage, "copy");
    assert_string_equal(got.table, "shop.orders");
    assert_int_equal(got.seq, 101);
    log_event(LOG_ERROR, "apply", "shop.a\nb", "TG-3107", "quote \" and \xff");
    assert_true(wait_event(late, "quote \" and ?", &got));
    assert_int_equal(got.level, LOG_ERROR);
    assert_string_equal(got.id, "TG-3107");
    assert_string_equal(got.table, "shop.a\nb");
    mon_detach(sync);
    mon_detach(late);
}

static char *file_text(const char *dir, const char *name)
{
    char *path = x_format("%s/%s", dir, name);
    FILE *file = fopen(path, "r");
    struct buf b = {0};
    char chunk[4096];
    assert_non_null(file);
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, file)) > 0;)
        buf_add(&b, chunk, n);
    fclose(file);
    free(path);
    return buf_take(&b);
}

static void journal_and_folding(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    for (int i = 0; i < 39; i++)
        log_event(LOG_WARN, "apply", "shop.t", "TG-3106", "write conflict");
    log_event(LOG_WARN, "apply", "shop.u", "TG-3106",
              "write conflict"); /* another table: not the same */
    FILE *echo = tmpfile();
    mon_server_echo(f->m, echo, false);
    log_event(LOG_NOTE, "engine", "", "", "a person did this");
    log_event(LOG_DEBUG, "engine", "", "", "a wheel has turned");
    mon_server_stop(f->m);
    char *text = file_text(f->dir, "events.jsonl");
    int lines = 0, conflicts = 0;
    for (char *p = text, *end; (end = strchr(p, '\n')); p = end + 1) {
        static const char *const keys[] = {"v",    "run",   "seq",   "at_ms", "level",
                                           "kind", "stage", "table", "id",    "text"};
        json_t *o = json_loadb(p, (size_t)(end - p), 0, NULL);
        assert_non_null(o);
        for (size_t i = 0; i < TG_ARRAY_LEN(keys); i++)
            assert_non_null(json_object_get(o, keys[i]));
        assert_int_equal(json_integer_value(json_object_get(o, "seq")), ++lines);
        conflicts += strcmp(json_string_value(json_object_get(o, "text")), "write conflict") == 0;
        json_decref(o);
    }
    assert_int_equal(conflicts, 2);
    assert_non_null(strstr(text, "38 more like this in 10 s: write conflict"));
    assert_non_null(strstr(text, "a wheel has turned"));
    free(text);
    char shown[4096] = "";
    rewind(echo);
    assert_true(fread(shown, 1, sizeof shown - 1, echo) > 0);
    assert_non_null(strstr(shown, "a person did this"));
    assert_null(strstr(shown, "a wheel has turned"));
    fclose(echo);
    f->m = mon_server_start(f->dir, "shop", on_command, f, &e); /* numbers go on */
    assert_non_null(f->m);
    struct mon_client *c = attach(f);
    struct mon_event got;
    log_event(LOG_INFO, "engine", "", "", "second life");
    assert_true(wait_event(c, "second life", &got));
    assert_int_equal(got.seq, lines + 1);
    mon_detach(c);
}

/* A window that never reads: the engine goes on at once, the window later learns what it missed. */
static void slow_window(void **state)
{
    struct fixture *f = *state;
    struct mon_client *slow = attach(f), *quick = attach(f);
    struct mon_event got;
    char text[380];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    for (int round = 0; round < 40; round++) {
        for (int i = 0; i < 100; i++)
            log_event(LOG_INFO, "follow", "shop.t", "", "%s %d", text, i);
        f->s->dump.bytes++;
        mon_server_publish(f->m, f->s);
        log_event(LOG_INFO, "follow", "", "", "end of round %d", round);
        char mark[40];
        snprintf(mark, sizeof mark, "end of round %d", round);
        assert_true(wait_event(quick, mark, &got));
    }
    struct mon_snapshot *s = x_alloc(sizeof *s);
    uint64_t dropped = 0, more;
    int snapshots = 0;
    int64_t until = clock_mono_ms() + DEADLINE_MS;
    while ((s->dump.bytes != 40 || !dropped) && clock_mono_ms() < until) {
        pump_wait(slow);
        snapshots += mon_snapshot(slow, s);
        for (size_t n = 1; n;) {
            n = mon_events(slow, &got, 1, &more);
            dropped += more;
        }
    }
    assert_int_equal(s->dump.bytes, 40); /* the newest, few of the old ones */
    assert_true(snapshots < 20);
    assert_true(dropped > 0);
    mon_detach(slow);
    mon_detach(quick);
    free(s);
}

static void flood_of_commands(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    int fd = mon_dial(f->dir, &e);
    assert_true(fd >= 0);
    static const char line[] = "{\"id\":1,\"cmd\":\"snapshot\"}\n";
    struct buf lines = {0};
    for (int i = 0; i < 6000; i++)
        buf_adds(&lines, line);
    size_t at = 0;
    for (struct pollfd p = {.fd = fd, .events = POLLOUT}; at < lines.n && poll(&p, 1, 300) > 0;) {
        ssize_t n = send(fd, lines.p + at, TG_MIN(lines.n - at, 8192),
                         MSG_NOSIGNAL); /* until it takes no more */
        at += n > 0 ? (size_t)n : 0;
    }
    size_t sent = at / (sizeof line - 1), answers = 0;
    buf_release(&lines);
    mon_detach(attach(f)); /* others are served meanwhile */
    for (int64_t until = clock_mono_ms() + 3 * DEADLINE_MS;
         answers <= sent && clock_mono_ms() < until;) {
        char chunk[65536];
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (answers >= sent || poll(&p, 1, DEADLINE_MS) <= 0)
            break;
        ssize_t n = recv(fd, chunk, sizeof chunk, 0);
        for (ssize_t i = 0; i < n; i++)
            answers += chunk[i] == '\n';
    }
    assert_true(sent > 1000);
    assert_true(answers >= sent); /* each is answered, and the hello */
    close(fd);
}

static void killed_engine(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    char *home = x_format("%s/home", f->home);
    char *dir = mon_run_dir(home, "other", true, &e);
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    /* A program of its own, not a bare fork: this process has threads. */
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, ready[1], 1);
    char name[] = "engine", *const argv[] = {name, name, dir, NULL}, *const env[] = {NULL};
    pid_t child;
    assert_int_equal(posix_spawn(&child, "/proc/self/exe", &files, NULL, argv, env), 0);
    posix_spawn_file_actions_destroy(&files);
    char c = 0;
    assert_int_equal(read(ready[0], &c, 1), 1);
    assert_int_equal(c, 'y');
    assert_true(mon_is_alive(dir));
    mon_detach(mon_attach(dir, &e));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_false(mon_is_alive(dir));
    assert_null(mon_attach(dir, &e)); /* its socket still lies there */
    assert_int_equal(e.code, ERR_RUN_UNKNOWN);
    char **names = NULL;
    size_t n = mon_runs(home, &names);
    assert_int_equal(n, 2);
    assert_string_equal(names[0], "other");
    assert_string_equal(names[1], "shop");
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
    close(ready[0]);
    close(ready[1]);
    free(home);
    free(dir);
}

static int setup_long(void **state)
{
    char more[240];
    memset(more, 'd', sizeof more);
    more[100] = more[200] = '/';
    more[sizeof more - 1] = 0;
    return setup_in(state, more);
}

static void long_path(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    assert_true(strlen(f->dir) > 200);
    struct mon_client *c = attach(f);
    assert_true(mon_call(c, "pause", NULL, NULL, DEADLINE_MS, &e));
    mon_detach(c);
}

/* The engine that killed_engine kills. */
static int engine(const char *dir)
{
    struct fixture f = {0};
    struct mon_server *m = mon_server_start(dir, "other", on_command, &f, NULL);
    if (write(1, m ? "y" : "n", 1) != 1)
        return 1;
    for (;;)
        pause();
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "engine") == 0)
        return engine(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(modes_and_lock, setup, teardown),
        cmocka_unit_test_setup_teardown(snapshot_travels, setup, teardown),
        cmocka_unit_test_setup_teardown(commands_and_steering, setup, teardown),
        cmocka_unit_test_setup_teardown(rubbish_closes, setup, teardown),
        cmocka_unit_test_setup_teardown(events_travel, setup, teardown),
        cmocka_unit_test_setup_teardown(journal_and_folding, setup, teardown),
        cmocka_unit_test_setup_teardown(slow_window, setup, teardown),
        cmocka_unit_test_setup_teardown(flood_of_commands, setup, teardown),
        cmocka_unit_test_setup_teardown(killed_engine, setup, teardown),
        cmocka_unit_test_setup_teardown(long_path, setup_long, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
