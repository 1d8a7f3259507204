// SPDX-License-Identifier: Apache-2.0
/* Random keys, pastes, news and sizes: no crash, no cell outside, the cursor inside, and Esc always leads back to Start.
 * TG_PROPERTY_SECONDS says how long (2), TG_SEED from which seed. */
#include "wz_test.h"

#include "base/sync.h"

static uint64_t state;

static unsigned draw_number(unsigned below) /* xorshift: the same on every machine */
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state % below);
}

static int random_key(void)
{
    static const int special[] = {K_TAB, K_ENTER, K_ESC, K_BACKSPACE, K_UP, K_DOWN, K_LEFT, K_RIGHT, K_PAGE_UP, K_PAGE_DOWN, K_HOME, K_END,
                                  K_BACK_TAB, K_DELETE, K_F1, K_F2, K_F3, K_F4, K_F5, K_F6, K_F7, K_F9, K_F10};
    unsigned kind = draw_number(10);
    if (kind < 5)
        return special[draw_number(TG_ARRAY_LEN(special))];
    if (kind < 6)
        return (int)draw_number(32); /* Ctrl */
    if (kind < 7)
        return 0x4e00 + (int)draw_number(2000); /* wide */
    return ' ' + (int)draw_number(95);
}

static void random_news(struct bench *b)
{
    enum probe which = (enum probe)draw_number(2); /* the tests of the two ends */
    if (draw_number(2))
        probe_begins(b, which);
    else
        probe_ends(b, which);
    tell(b, which, (enum check_state)draw_number(4), "reached in 84 ms, 到达, and a sentence that is longer than any box has room for: it must be cut");
}

/* Anywhere on what is drawn now, or at what was drawn once: another screen may have come between. */
static void random_pointer(struct bench *b)
{
    struct input in = {.kind = draw_number(3) ? IN_CLICK : IN_WHEEL, .by = draw_number(2) ? 3 : -3};
    if (draw_number(3)) {
        struct canvas c;
        canvas_init(&c, b->w->rows, b->w->cols, GLYPHS_LINES);
        wz_draw(b->w, &c);
        in.y = (int)draw_number((unsigned)c.rows);
        in.x = (int)draw_number((unsigned)c.cols);
        if (c.nspots && draw_number(2)) {
            const struct spot *s = &c.spot[draw_number((unsigned)c.nspots)];
            in.y = s->r.y;
            in.x = s->r.x;
        }
        canvas_point(&c, &in);
        canvas_release(&c);
    } else {
        in.what = (int)draw_number(14) - 5;
        in.n = draw_number(2) ? draw_number(40) : draw_number(4000);
    }
    wz_feed(b->w, &in, &b->effect);
}

static void random_event(struct bench *b)
{
    static const char *const pastes[] = {"", "a", "s3cret\nwith newline ", "\xff\xfe broken", "很长的文字很长的文字很长的文字"};
    unsigned kind = draw_number(40);
    b->w->now_ms += draw_number(700);
    if (kind == 0)
        paste(b, pastes[draw_number(TG_ARRAY_LEN(pastes))]);
    else if (kind == 1)
        random_news(b);
    else if (kind < 8)
        random_pointer(b);
    else
        wz_feed(b->w, &(struct input){.kind = IN_KEY, .key = random_key()}, &b->effect);
    secret_free(b->effect.password);
    b->effect.password = NULL;
}

static void draw_somewhere(struct bench *b)
{
    static const enum glyph_set sets[] = {GLYPHS_LINES, GLYPHS_SAFE, GLYPHS_ASCII};
    struct canvas c;
    if (draw_number(4) == 0) {
        b->w->rows = 1 + (int)draw_number(60);
        b->w->cols = 1 + (int)draw_number(200);
    }
    canvas_init(&c, b->w->rows, b->w->cols, sets[draw_number(3)]);
    wz_draw(b->w, &c);
    assert_true(c.cursor_y >= -1 && c.cursor_y < c.rows);
    assert_true(c.cursor_x >= -1 && c.cursor_x < c.cols);
    canvas_release(&c);
}

static void esc_leads_to_start(struct bench *b)
{
    for (int i = 0; i < 60 && (b->w->at != STEP_START || b->w->modal.kind); i++) {
        press(b, K_ESC);
        if (b->effect.kind == WZ_STOP_PROBE) /* as the loop does */
            probe_ends(b, b->effect.probe);
    }
    if (b->w->at != STEP_START || b->w->modal.kind)
        print_message("stuck on page %d, box %d\n", (int)b->w->at, b->w->modal.kind);
    assert_int_equal(b->w->at, STEP_START);
    assert_int_equal(b->w->modal.kind, 0);
}

static void test_random(void **unused)
{
    const char *seconds = getenv("TG_PROPERTY_SECONDS"), *seed = getenv("TG_SEED");
    int64_t end = clock_mono_ms() + 1000 * (seconds ? strtol(seconds, NULL, 10) : 2);
    uint64_t rounds = 0, events = 0;
    (void)unused;
    state = (seed ? strtoull(seed, NULL, 10) : tg_random64()) | 1;
    print_message("seed %llu\n", (unsigned long long)state);
    for (; clock_mono_ms() < end; rounds++) {
        struct bench b;
        bench_init(&b, 24, 80);
        for (int i = 0; i < 400; i++, events++) {
            random_event(&b);
            draw_somewhere(&b);
        }
        esc_leads_to_start(&b);
        bench_release(&b);
    }
    print_message("%llu rounds, %llu events\n", (unsigned long long)rounds, (unsigned long long)events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
