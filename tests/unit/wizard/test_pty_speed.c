// SPDX-License-Identifier: Apache-2.0
/* What the screens cost: the time of a frame (dashboard whole, each pane zoomed, boxes; each page of the wizard), of a key,
 * and bytes a second to the terminal, over a made-up stream of snapshots, through the real terminal code on a pseudo terminal. Limits of SCREENS.md 13. A shared machine may be slow at
 * any moment, so times are judged by the better half and by the processor's time; bytes are judged as they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <locale.h>

#include "desk.h"
#include "wizard/dashboard_state.h"
#include "wizard/wz.h"

#define FRAME_US 5000
#define KEY_MS 50
#define REST_BYTES 5000
#define COPY_BYTES 20000
#define FRAMES 200
#define SECONDS 6

/* A run that copies: what moves four times a second in a busy one. */
static void move_on(struct mon_snapshot *m, unsigned tick)
{
    m->seq = 0;
    m->at_ms += 250;
    m->dump.bytes += 15000000 + tick % 7 * 100000;
    m->load.bytes += 12000000 + tick % 5 * 100000;
    m->dump.rate = 61e6 + (double)(tick % 13) * 3e5;
    m->load.rate = 48e6 + (double)(tick % 11) * 3e5;
    m->load.left_s = m->dump.left_s = 1500 - tick / 4;
    m->position += 1500000;
    m->applied += 1400000;
    m->lag.seconds = 2 + tick % 9;
    m->lag.source_tx_rate = 800 + tick % 31;
    m->lag.source_byte_rate = 6e6 + (double)(tick % 17) * 1e5;
    m->tx_applied += 203;
    for (uint32_t i = 0; i < m->ntables; i++) {
        m->table[i].bytes_read += 3000000;
        m->table[i].bytes_loaded += 2000000 + i * 1000;
        m->table[i].rate = 4e6 + (double)((tick * 7 + i * 3) % 50) * 1e5;
    }
    if (tick % 4 == 0) { /* the graph moves a point a second */
        memmove(m->lag.points, m->lag.points + 1, (m->lag.npoints - 1) * sizeof m->lag.points[0]);
        m->lag.points[m->lag.npoints - 1] = (float)m->lag.seconds;
    }
}

/* Bytes a second while snapshots come four times a second. */
static size_t bytes_a_second(struct desk *d, bool copies, int seconds)
{
    struct mon_snapshot *m = sample_snapshot();
    m->state = copies ? RUN_COPYING : RUN_IN_SYNC;
    m->nquestions = 0;
    m->seq = 0;
    mon_server_publish(server, m);
    int64_t start = now_ms();
    while (now_ms() - start < 1000) /* the change to this picture is not counted */
        pump(d, 20);
    size_t before = d->bytes;
    start = now_ms();
    for (unsigned tick = 0; now_ms() - start < seconds * 1000;) {
        if (now_ms() - start >= tick * 250) {
            if (copies) {
                move_on(m, tick);
                if (tick % 2 == 0)
                    log_event(LOG_INFO, "copy", "shop.orders", "", "chunk %u of 1460 read, 96 MB in 1.6 s", tick);
            } else {
                m->seq = 0;
                m->at_ms += 250;
                m->lag.seconds = 0.2 + tick % 3 * 0.1;
            }
            mon_server_publish(server, m);
            tick++;
        }
        pump(d, 10);
    }
    free(m);
    return (d->bytes - before) * 1000 / (size_t)(now_ms() - start);
}

static void bytes_at(int rows, int cols)
{
    struct desk d;
    publish();
    open_dashboard(&d, rows, cols);
    size_t rest = bytes_a_second(&d, false, SECONDS), copy = bytes_a_second(&d, true, SECONDS);
    print_message("%d x %d: %zu bytes a second at rest, %zu while copying\n", cols, rows, rest, copy);
    type(&d, "d");
    wait_end(&d);
    stand_up(&d);
    assert_true(rest <= REST_BYTES);
    assert_true(copy <= COPY_BYTES);
}

static void test_bytes(void **unused)
{
    (void)unused;
    bytes_at(24, 80);
    bytes_at(36, 120);
}

/* Each pane has the whole screen while a run copies. */
static void test_bytes_zoomed(void **unused)
{
    (void)unused;
    struct desk d;
    publish();
    open_dashboard(&d, 36, 120);
    for (char pane = '1'; pane <= '7'; pane++) {
        char keys[2][2] = {{pane, 0}, "z"};
        for (int i = 0; i < 2; i++) {
            type(&d, keys[i]);
            pump(&d, 200);
        }
        wait_for(&d, "z Back to all panes", true);
        size_t copy = bytes_a_second(&d, true, 2);
        print_message("pane %c zoomed: %zu bytes a second while copying\n", pane, copy);
        assert_true(copy <= COPY_BYTES);
        type(&d, "z");
        wait_for(&d, "z Back to all panes", false);
    }
    type(&d, "d");
    wait_end(&d);
    stand_up(&d);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* From the key to the first byte that answers it, while the run copies and the engine answers nothing. */
static void test_keys(void **unused)
{
    (void)unused;
    static const char *const keys[] = {"1", "2", "3", "4", "5", "6"}; /* each moves the focus, whatever came before */
    struct desk d;
    int64_t took[63];
    publish();
    open_dashboard(&d, 36, 120);
    for (size_t i = 0; i < TG_ARRAY_LEN(took); i++) {
        pump(&d, 5);
        size_t before = d.bytes;
        int64_t start = now_ms();
        type(&d, keys[i % TG_ARRAY_LEN(keys)]);
        while (d.bytes == before && now_ms() - start < 10 * KEY_MS)
            pump(&d, 1);
        took[i] = now_ms() - start;
    }
    qsort(took, TG_ARRAY_LEN(took), sizeof took[0], by_size);
    print_message("a key: median %lld ms, slowest %lld ms\n", (long long)took[TG_ARRAY_LEN(took) / 2], (long long)took[TG_ARRAY_LEN(took) - 1]);
    type(&d, "\033"); /* out of whatever a key that came late has opened */
    for (int64_t start = now_ms(); now_ms() - start < 200;)
        pump(&d, 20);
    type(&d, "d");
    wait_end(&d);
    stand_up(&d);
    assert_true(took[TG_ARRAY_LEN(took) / 4] <= KEY_MS); /* the quicker half's middle: other tests share the machine */
}

/* ---- frames: another process with the terminal, as the window has it ---- */

static int64_t clock_us(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

struct costs {
    int64_t wall[FRAMES], cpu[FRAMES];
    unsigned n;
    FILE *report;
};

static void cost_begins(struct costs *k)
{
    k->wall[k->n] = clock_us(CLOCK_MONOTONIC);
    k->cpu[k->n] = clock_us(CLOCK_THREAD_CPUTIME_ID);
}

static void cost_ends(struct costs *k)
{
    k->wall[k->n] = clock_us(CLOCK_MONOTONIC) - k->wall[k->n];
    k->cpu[k->n] = clock_us(CLOCK_THREAD_CPUTIME_ID) - k->cpu[k->n];
    k->n++;
}

static void cost_report(struct costs *k, const char *what)
{
    qsort(k->wall, k->n, sizeof k->wall[0], by_size);
    qsort(k->cpu, k->n, sizeof k->cpu[0], by_size);
    fprintf(k->report, "%lld %lld %lld %lld %s\n", (long long)k->wall[k->n / 2], (long long)k->wall[k->n - 1], (long long)k->cpu[k->n / 2],
            (long long)k->cpu[k->n * 95 / 100], what);
    k->n = 0;
}

static void frames_of_dashboard(struct term *term, struct canvas *c, struct costs *k, unsigned n, const char *keys, const char *what)
{
    struct dashboard_state *s = dashboard_state_new();
    struct mon_snapshot *m = sample_snapshot();
    struct mon_event event;
    struct effect effect;
    s->rows = c->rows;
    s->cols = c->cols;
    for (size_t i = 0; i < LOG_LINES; i++) {
        sample_event(&event, i);
        dashboard_add_event(s, &event);
    }
    dashboard_take(s, m);
    for (; *keys; keys++) {
        s->now_ms += 1000;
        dashboard_feed(s, &(struct input){.kind = IN_KEY, .key = *keys}, &effect);
    }
    for (unsigned i = 0; i < n; i++) {
        move_on(m, i);
        cost_begins(k);
        s->now_ms += 100;
        s->wall_ms = m->at_ms;
        dashboard_take(s, m);
        dashboard_draw(c, s);
        term_show(term, c);
        cost_ends(k);
    }
    cost_report(k, what);
    dashboard_state_free(s);
    free(m);
}

/* A page with all it can hold at that moment; what changes is the time. */
static void frames_of_wizard(struct term *term, struct canvas *c, struct costs *k, unsigned n)
{
    static const struct wizard_options none;
    static const char *const names[] = {"Start", "Source", "Path", "Target", "Scope", "Route", "Checks", "Review"};
    static const char *const answers[][2] = {{"name", "shop-prod"}, {"source.host", "db.example"}, {"source.user", "tg"}, {"target.host", "tidb.example"}, {"target.user", "root"}};
    struct job job;
    struct err e;
    struct wz_effect effect = {.kind = WZ_NONE};
    job_init(&job);
    for (size_t i = 0; i < TG_ARRAY_LEN(answers); i++)
        job_set(&job, answers[i][0], answers[i][1], &e);
    struct wz *w = wz_new(&none, &job);
    w->rows = c->rows;
    w->cols = c->cols;
    for (enum step step = STEP_START; step < STEP_COUNT; step++) {
        w->at = w->reached = step;
        wz_go(w, step, &effect);
        w->probe[PROBE_SOURCE] = w->probe[PROBE_TARGET] = (struct probe_view){.is_running = true, .began_ms = 1};
        for (unsigned i = 0; i < n; i++) {
            cost_begins(k);
            w->now_ms += 1000;
            wz_draw(w, c);
            term_show(term, c);
            cost_ends(k);
        }
        cost_report(k, names[step]);
    }
    wz_free(w);
    job_release(&job);
}

static int frames_main(const char *report)
{
    static const struct {
        const char *keys, *what;
    } views[] = {{"1z", "dump"}, {"2z", "load"}, {"3z", "replication"}, {"4z", "tables"}, {"5z", "lag"}, {"6z", "log"}, {"7z", "attention"},
                 {"6z/", "log, finding"}, {"?", "help"}, {"q", "leaving"}, {"e", "a question"}, {"t", "pace"}, {"c", "cutover"}};
    struct err e = {0};
    struct canvas c;
    int rows, cols;
    setlocale(LC_ALL, "");
    struct term *term = term_open(&(struct term_options){.glyphs = GLYPHS_AUTO}, &e);
    struct costs *k = calloc(1, sizeof *k);
    if (!term || !k || !(k->report = fopen(report, "w")))
        return 90;
    term_size(term, &rows, &cols);
    canvas_init(&c, rows, cols, term_glyphs(term));
    frames_of_dashboard(term, &c, k, FRAMES, "", "all panes");
    for (size_t i = 0; i < TG_ARRAY_LEN(views); i++)
        frames_of_dashboard(term, &c, k, FRAMES / 5, views[i].keys, views[i].what);
    frames_of_wizard(term, &c, k, FRAMES / 5);
    term_close(term);
    canvas_release(&c);
    fclose(k->report);
    free(k);
    return 0;
}

static void frames_at(int rows, int cols)
{
    struct desk d;
    char report[128], what[40];
    long long wall, slowest, cpu, cpu95, worst = 0;
    unsigned n = 0;
    snprintf(report, sizeof report, "%s/frames", run_dir);
    setenv("TG_FRAMES", report, 1);
    sit_down(&d, rows, cols, "xterm-256color");
    unsetenv("TG_FRAMES");
    wait_end(&d);
    assert_true(WIFEXITED(d.status) && WEXITSTATUS(d.status) == 0);
    stand_up(&d);
    FILE *f = fopen(report, "r");
    assert_non_null(f);
    for (; fscanf(f, "%lld %lld %lld %lld %39[^\n]", &wall, &slowest, &cpu, &cpu95, what) == 5; n++) {
        if (n == 0 || cpu > worst || cpu > FRAME_US)
            print_message("%d x %d, %s: a frame takes %.2f ms (slowest %.2f), of the processor %.2f ms (95 of 100 under %.2f)\n", cols, rows, what,
                          (double)wall / 1000, (double)slowest / 1000, (double)cpu / 1000, (double)cpu95 / 1000);
        worst = TG_MAX(worst, cpu);
    }
    fclose(f);
    unlink(report);
    assert_int_equal(n, 1 + 13 + STEP_COUNT);
    assert_true(worst <= FRAME_US);
}

static void test_frames(void **unused)
{
    (void)unused;
    frames_at(24, 80);
    frames_at(36, 120);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_frames, clear_away),
        cmocka_unit_test_teardown(test_keys, clear_away),
        cmocka_unit_test_teardown(test_bytes, clear_away),
        cmocka_unit_test_teardown(test_bytes_zoomed, clear_away),
    };
    const char *frames = getenv("TG_FRAMES");
    if (argc == 3 && frames)
        return frames_main(frames);
    if (argc == 3)
        return window_main(argv[2]);
    setlocale(LC_ALL, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, start_engine, stop_engine);
}
