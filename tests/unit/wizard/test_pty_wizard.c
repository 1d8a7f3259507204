// SPDX-License-Identifier: Apache-2.0
/* The wizard in a real terminal: this program starts itself as a window behind a pseudo terminal (desk.h), libvterm is the
 * screen. However it ends, the terminal is as it was, and the answers are in the draft. The servers that it is pointed at
 * take connections and say nothing: no key may wait for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <locale.h>
#include <netinet/in.h>

#include "desk.h"
#include "wizard/wizard.h"

#define KEY_MS 50
#define CODE 40
static int holes[2], hole_port[2];

/* ---- the window's side: another process ---- */

static size_t no_runs(void *arg, struct wizard_run *out, size_t room)
{
    (void)arg, (void)out, (void)room;
    return 0;
}

static int wizard_main(const char *home)
{
    const struct wizard_port port = {.runs = no_runs};
    struct wizard_options o = {.port = &port, .home = home};
    struct err e = {0};
    struct job job;
    job_init(&job);
    if (getenv("TG_SOURCE")) {
        job_set(&job, "source.host", "127.0.0.1", &e);
        job_set(&job, "source.port", getenv("TG_SOURCE"), &e);
        job_set(&job, "source.user", "tg", &e);
        job_set(&job, "target.host", "127.0.0.1", &e);
        job_set(&job, "target.port", getenv("TG_TARGET"), &e);
        job_set(&job, "target.user", "root", &e);
        o.job = &job;
    }
    setlocale(LC_ALL, "");
    int code = wizard_run(&o, &e);
    job_release(&job);
    return CODE + code;
}

/* ---- what the tests share ---- */

static void draft_path(char out[128])
{
    snprintf(out, 128, "%s/.draft.yaml", run_dir);
}

static bool draft_holds(const char *wanted)
{
    char path[128], text[4096] = "";
    draft_path(path);
    FILE *f = fopen(path, "re");
    if (f) {
        text[fread(text, 1, sizeof text - 1, f)] = 0;
        fclose(f);
    }
    return strstr(text, wanted) != NULL;
}

static void sit_at_wizard(struct desk *d, int rows, int cols, const char *term)
{
    char path[128];
    draft_path(path);
    unlink(path);
    sit_down(d, rows, cols, term);
    if (getenv("TG_SOURCE")) { /* a job that is filled in opens on its first page */
        wait_for(d, "Where is the data now?", true);
        type(d, "\033");
    }
    wait_for(d, "New migration", true);
}

/* What a key does is seen before the next one is pressed. */
static void settle(struct desk *d)
{
    size_t before;
    do {
        before = d->bytes;
        for (int64_t until = now_ms() + 100; now_ms() < until && !d->has_ended;)
            pump(d, 20);
    } while (d->bytes != before && !d->has_ended);
}

/* Enter by Enter: what comes within some milliseconds of each other would be a paste. */
static void type_slowly(struct desk *d, const char *text)
{
    for (; *text; text++) {
        char one[2] = {*text, 0};
        type(d, one);
        pump(d, 20);
    }
}

/* Does the cursor stand within those words? */
static bool is_at(struct desk *d, const char *wanted)
{
    char text[400] = "";
    int n = (int)strlen(wanted);
    VTermPos at;
    vterm_state_get_cursorpos(vterm_obtain_state(d->vt), &at);
    VTermRect here = {at.row, at.row + 1, TG_MAX(at.col - n + 1, 0), TG_MIN(at.col + n, d->cols)};
    vterm_screen_get_text(d->screen, text, sizeof text - 1, here);
    return strstr(text, wanted) != NULL;
}

/* On the page Source with a host typed. */
static void answer_host(struct desk *d)
{
    type(d, "\r");
    wait_for(d, "Where is the data now?", true);
    type(d, "\t");
    wait_for(d, "▸ Host", true);
    type_slowly(d, "db.test");
    wait_for(d, "db.test", true);
}

static void to_next(struct desk *d)
{
    int64_t end = now_ms() + DEADLINE_MS;
    while (!is_at(d, "[ Next ]") && now_ms() < end) {
        type(d, "\033[Z");
        settle(d);
    }
    type(d, "\r");
    settle(d);
}

static void leave_wizard(struct desk *d)
{
    int64_t end = now_ms() + DEADLINE_MS;
    type(d, "\021"); /* Ctrl-Q, where a q is text too */
    wait_for(d, "Leave the wizard?", true);
    while (!d->has_ended && now_ms() < end) { /* the box is deaf at first */
        type(d, shows(d, "▸ Leave") || shows(d, "> Leave") ? "\r" : "\t");
        settle(d);
    }
    wait_end(d);
    assert_int_equal(WEXITSTATUS(d->status), CODE);
}

/* ---- tests ---- */

static void ended_by(int number, bool is_crash)
{
    struct desk d;
    sit_at_wizard(&d, 24, 80, "xterm-256color");
    assert_true(d.is_alternate && d.modes);
    answer_host(&d);
    type(&d, "\033[Z"); /* the field is left: its text is an answer */
    wait_for(&d, "▸ Kind", true);
    kill(d.pid, number);
    wait_end(&d);
    check_restored(&d);
    if (is_crash)
        assert_false(WIFEXITED(d.status) && WEXITSTATUS(d.status) == CODE);
    else
        assert_true(draft_holds("db.test"));
    stand_up(&d);
}

static void test_signals(void **unused)
{
    (void)unused;
    ended_by(SIGTERM, false);
    ended_by(SIGHUP, false);
    ended_by(SIGINT, false);
    ended_by(SIGSEGV, true);
    ended_by(SIGABRT, true);
    ended_by(SIGBUS, true);
}

static void test_leaves_nothing_set(void **unused)
{
    (void)unused;
    static const char *const terms[] = {"xterm-256color", "vt100", "linux", "screen-256color"};
    for (size_t i = 0; i < TG_ARRAY_LEN(terms); i++) {
        struct desk d;
        sit_at_wizard(&d, 24, 80, terms[i]);
        type(&d, "\r");
        wait_for(&d, "Where is the data now?", true);
        leave_wizard(&d);
        check_restored(&d);
        stand_up(&d);
    }
}

static bool is_seven_bit(struct desk *d)
{
    static char text[100000];
    screen_text(d, text, sizeof text);
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p >= 0x80)
            return false;
    return true;
}

/* Poor terminals: the page Source is filled in by typing, in what glyphs and colours there are, and left clean. */
static void test_poor_terminals(void **unused)
{
    static const struct {
        const char *term, *locale, *no_color;
        bool is_bare;                 /* no glyphs beyond ASCII */
    } cases[] = {{"xterm-256color", "C.UTF-8", "1", false}, {"vt100", "C.UTF-8", NULL, false}, {"linux", "C.UTF-8", NULL, true}, {"xterm-256color", "C", NULL, true}, {"vt100", "C", "1", true}};
    (void)unused;
    for (size_t i = 0; i < TG_ARRAY_LEN(cases); i++) {
        struct desk d;
        setenv("DESK_LOCALE", cases[i].locale, 1);
        if (cases[i].no_color)
            setenv("NO_COLOR", cases[i].no_color, 1);
        sit_at_wizard(&d, 24, 80, cases[i].term);
        unsetenv("DESK_LOCALE");
        unsetenv("NO_COLOR");
        type(&d, "\r");
        wait_for(&d, "Where is the data now?", true);
        type(&d, "\t");
        wait_for(&d, cases[i].is_bare ? "> Host" : "▸ Host", true);
        type_slowly(&d, "db.test");
        wait_for(&d, "Host       db.test", true);
        type(&d, "\t");
        wait_for(&d, cases[i].is_bare ? "> Port" : "▸ Port", true);
        assert_int_equal(is_seven_bit(&d), cases[i].is_bare);
        if (cases[i].no_color || strcmp(cases[i].term, "vt100") == 0)
            assert_false(d.is_coloured);
        leave_wizard(&d);
        check_restored(&d);
        stand_up(&d);
    }
}

/* No cursor to place: the same page in lines. */
static void test_dumb(void **unused)
{
    (void)unused;
    struct desk d;
    sit_down(&d, 24, 80, "dumb");
    wait_for(&d, "Choose [1]:", true);
    type(&d, "1\r");
    wait_for(&d, "Where is the data now?", true);
    type(&d, "\r");
    wait_for(&d, "Host:", true);
    type(&d, "db.test\r");
    wait_for(&d, "Port [3306]:", true);
    assert_false(d.is_alternate || d.modes);
    type(&d, "quit\r");
    wait_for(&d, "Leave the wizard?", true);
    type(&d, "3\r");
    wait_end(&d);
    assert_true(WIFEXITED(d.status));
    check_restored(&d);
    stand_up(&d);
}

/* The window is killed; the next one at the same terminal puts it right and offers the answers. */
static void test_killed(void **unused)
{
    (void)unused;
    struct desk d;
    setenv("TG_SOURCE", "1", 1);
    setenv("TG_TARGET", "1", 1);
    sit_at_wizard(&d, 24, 80, "xterm-256color");
    unsetenv("TG_SOURCE");
    unsetenv("TG_TARGET");
    answer_host(&d);
    to_next(&d);
    wait_for(&d, "How do we get from here to the source?", true);
    int64_t end = now_ms() + DEADLINE_MS;
    while (!draft_holds("db.test") && now_ms() < end)
        pump(&d, 20);
    assert_true(draft_holds("db.test"));
    kill(d.pid, SIGKILL);
    wait_end(&d);
    sit_again(&d, "xterm-256color");
    wait_for(&d, "Carry on", true);
    type(&d, "\r");
    wait_for(&d, "127.0.0.1db.test", true);
    leave_wizard(&d);
    assert_false(d.is_alternate || d.is_cursor_hidden || d.modes);
    stand_up(&d);
}

static void test_paste(void **unused)
{
    (void)unused;
    struct desk d;
    sit_at_wizard(&d, 24, 80, "xterm-256color");
    type(&d, "\033[200~\r\r\rq\n\033[201~");
    wait_for(&d, "a paste needs a text field", true);
    assert_true(shows(&d, "What would you like to do?"));
    answer_host(&d);
    type(&d, "\033[200~.example\nwith a line end\r\033[201~");
    wait_for(&d, "db.test.examplewith a line end", true);
    assert_true(shows(&d, "▸ Host"));
    type(&d, "\t\t\t");
    wait_for(&d, "▸ Password", true);
    type(&d, "\033[200~s3cret \r\n\033[201~");
    wait_for(&d, "7 char", true);
    assert_false(shows(&d, "s3cret"));
    assert_true(shows(&d, "▸ Password"));
    leave_wizard(&d);
    check_restored(&d);
    stand_up(&d);
}

static void test_escape_is_quick(void **unused)
{
    (void)unused;
    struct desk d;
    int64_t best = DEADLINE_MS;
    sit_at_wizard(&d, 24, 80, "xterm-256color");
    for (int i = 0; i < 5; i++) {
        type(&d, "\r");
        wait_for(&d, "Where is the data now?", true);
        int64_t start = now_ms();
        type(&d, "\033");
        wait_for(&d, "What would you like to do?", true);
        best = TG_MIN(best, now_ms() - start);
    }
    if (best > 100)
        fail_msg("Esc took %lld ms", (long long)best);
    leave_wizard(&d);
    stand_up(&d);
}

static void test_resize(void **unused)
{
    (void)unused;
    struct desk d;
    sit_at_wizard(&d, 24, 80, "xterm-256color");
    answer_host(&d);
    type(&d, "\023"); /* a box that stays open through it all */
    wait_for(&d, "Save the job", true);
    for (int i = 0; i < 60; i++) {
        resize(&d, 1 + i * 7 % 50, 1 + i * 31 % 150);
        pump(&d, 2);
    }
    resize(&d, 36, 120);
    wait_for(&d, "Answers so far", true);
    resize(&d, 24, 80);
    wait_for(&d, "Answers so far", false);
    wait_for(&d, "Save the job", true);
    int64_t end = now_ms() + DEADLINE_MS;
    while (shows(&d, "Save the job") && now_ms() < end) {
        type(&d, "\033");
        settle(&d);
    }
    wait_for(&d, "▸ Host       db.test", true);
    resize(&d, 18, 60);
    wait_for(&d, "2/8 Source", true);
    wait_for(&d, "▸ Host       db.test", true);
    leave_wizard(&d);
    check_restored(&d);
    stand_up(&d);
}

static void test_suspend(void **unused)
{
    (void)unused;
    struct desk d;
    char byte, path[128];
    int told[2], heard[2];
    draft_path(path);
    unlink(path);
    assert_true(pipe(told) == 0 && pipe(heard) == 0);
    sit_down_with(&d, 24, 80, "xterm-256color", told[1], heard[0]);
    wait_for(&d, "New migration", true);
    answer_host(&d);
    type(&d, "\032");
    struct pollfd stopped = {.fd = told[0], .events = POLLIN};
    int64_t end = now_ms() + DEADLINE_MS;
    while (poll(&stopped, 1, 0) == 0 && now_ms() < end)
        pump(&d, 20);
    assert_int_equal(read(told[0], &byte, 1), 1);
    pump(&d, 0);
    check_restored(&d);
    assert_int_equal(write(heard[1], "C", 1), 1);
    wait_for(&d, "▸ Host       db.test", true);
    assert_true(d.is_alternate && d.modes);
    leave_wizard(&d);
    check_restored(&d);
    stand_up(&d);
    close(told[0]), close(told[1]), close(heard[0]), close(heard[1]);
}

/* ---- keys while nobody answers ---- */

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* From a key to the first byte that answers it; keys must change what is seen. Other tests share the machine: the quicker
 * half's middle is judged. */
static void measure_keys(struct desk *d, const char *const keys[2], const char *what)
{
    int64_t took[40];
    for (size_t i = 0; i < TG_ARRAY_LEN(took); i++) {
        pump(d, 5);
        size_t before = d->bytes;
        int64_t start = now_ms();
        type(d, keys[i % 2]);
        while (d->bytes == before && now_ms() - start < 10 * KEY_MS)
            pump(d, 1);
        took[i] = now_ms() - start;
        pump(d, 5);                   /* a tick may have been drawn meanwhile: the key's own answer must not meet the next one */
    }
    qsort(took, TG_ARRAY_LEN(took), sizeof took[0], by_size);
    print_message("a key while %s: median %lld ms, slowest %lld ms\n", what, (long long)took[TG_ARRAY_LEN(took) / 2], (long long)took[TG_ARRAY_LEN(took) - 1]);
    assert_true(took[TG_ARRAY_LEN(took) / 4] <= KEY_MS);
}

static void test_black_holes(void **unused)
{
    (void)unused;
    static const char *const moves[2] = {"\t", "\033[Z"};
    struct desk d;
    char port[2][16];
    for (int i = 0; i < 2; i++)
        snprintf(port[i], sizeof port[i], "%d", hole_port[i]);
    setenv("TG_SOURCE", port[0], 1);
    setenv("TG_TARGET", port[1], 1);
    sit_at_wizard(&d, 24, 80, "xterm-256color");
    unsetenv("TG_SOURCE");
    unsetenv("TG_TARGET");
    type(&d, "\r");
    wait_for(&d, "Where is the data now?", true);
    type(&d, "\024");
    wait_for(&d, "testing…", true);
    measure_keys(&d, moves, "the source is tested and silent");
    to_next(&d);
    wait_for(&d, "How do we get from here", true);
    to_next(&d);
    wait_for(&d, "Where should the data go?", true);
    type(&d, "\024");
    wait_for(&d, "testing…", true);
    measure_keys(&d, moves, "both servers are silent");
    int64_t start = now_ms();
    leave_wizard(&d);
    print_message("leaving while both are silent: %lld ms\n", (long long)(now_ms() - start));
    assert_true(now_ms() - start < 5000);
    check_restored(&d);
    stand_up(&d);
}

/* A socket whose connections nobody ever takes. */
static int dig(void **state)
{
    for (int i = 0; i < 2; i++) {
        struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t n = sizeof at;
        holes[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (bind(holes[i], (struct sockaddr *)&at, n) != 0 || listen(holes[i], 16) != 0 || getsockname(holes[i], (struct sockaddr *)&at, &n) != 0)
            return -1;
        hole_port[i] = ntohs(at.sin_port);
    }
    return start_engine(state);
}

static int fill_in(void **state)
{
    char path[128];
    draft_path(path);
    unlink(path);
    close(holes[0]), close(holes[1]);
    return stop_engine(state);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_signals, clear_away),
        cmocka_unit_test_teardown(test_leaves_nothing_set, clear_away),
        cmocka_unit_test_teardown(test_poor_terminals, clear_away),
        cmocka_unit_test_teardown(test_dumb, clear_away),
        cmocka_unit_test_teardown(test_killed, clear_away),
        cmocka_unit_test_teardown(test_paste, clear_away),
        cmocka_unit_test_teardown(test_escape_is_quick, clear_away),
        cmocka_unit_test_teardown(test_resize, clear_away),
        cmocka_unit_test_teardown(test_suspend, clear_away),
        cmocka_unit_test_teardown(test_black_holes, clear_away),
    };
    if (argc == 3)
        return wizard_main(argv[2]);
    setlocale(LC_ALL, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, dig, fill_in);
}
