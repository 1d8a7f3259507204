/* SPDX-License-Identifier: Apache-2.0
 * Driving the wizard's state without a terminal: keys in, golden screens out (text and roles, tests/golden/NAME.txt;
 * written anew only under TG_GOLDEN_UPDATE=1, and then read as a diff). Probes are fed by hand. */
#ifndef TG_TESTS_WZ_TEST_H
#define TG_TESTS_WZ_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/text.h"
#include "screen.h"
#include "wizard/pages.h"
#include "wizard/probe.h"

struct bench {
    struct job job;
    struct wz *w;
    struct wz_effect effect;          /* of the last key */
};

static inline void bench_init(struct bench *b, int rows, int cols)
{
    static const struct wizard_options none;
    *b = (struct bench){0};
    job_init(&b->job);
    b->w = wz_new(&none, &b->job);
    b->w->rows = rows;
    b->w->cols = cols;
    b->w->now_ms = 1000000;
    b->w->wall_ms = 1700000000000;
}

static inline void bench_release(struct bench *b)
{
    wz_free(b->w);
    job_release(&b->job);
}

/* Every key comes a second after the one before: boxes hear it. */
static inline void press(struct bench *b, int key)
{
    b->w->now_ms += 1000;
    wz_feed(b->w, &(struct input){.kind = IN_KEY, .key = key}, &b->effect);
}

static inline void type(struct bench *b, const char *text)
{
    for (; *text; text++)
        press(b, (unsigned char)*text);
}

static inline void paste(struct bench *b, const char *text)
{
    wz_feed(b->w, &(struct input){.kind = IN_PASTE, .text = text}, &b->effect);
}

/* A line of a probe, as its thread would send it. */
static inline void tell(struct bench *b, enum probe which, enum check_state state, const char *text)
{
    struct news n = {.kind = NEWS_LINE, .probe = which, .line = {.state = state}};
    snprintf(n.line.text, sizeof n.line.text, "%s", text);
    wz_take(b->w, &n);
}

static inline void probe_begins(struct bench *b, enum probe which)
{
    b->w->probe[which] = (struct probe_view){.is_running = true, .began_ms = b->w->now_ms};
}

static inline void probe_ends(struct bench *b, enum probe which)
{
    b->w->probe[which].is_running = false;
    b->w->probe[which].is_over = true;
    b->w->probe[which].ended_ms = b->w->now_ms;
}

static inline void shot_with(struct bench *b, const char *name, enum glyph_set glyphs)
{
    struct buf text = {0}, roles = {0};
    struct canvas c;
    canvas_init(&c, b->w->rows, b->w->cols, glyphs);
    wz_draw(b->w, &c);
    canvas_print(&c, &text);
    canvas_print_roles(&c, &roles);
    buf_adds(&text, "---- roles\n");
    buf_add(&text, roles.p, roles.n);
    compare(name, &text);
    canvas_release(&c);
    buf_release(&text);
    buf_release(&roles);
}

static inline bool shows(struct bench *b, const char *words)
{
    struct buf text = {0};
    struct canvas c;
    canvas_init(&c, b->w->rows, b->w->cols, GLYPHS_LINES);
    wz_draw(b->w, &c);
    canvas_print(&c, &text);
    bool is_there = strstr(text.p, words) != NULL;
    canvas_release(&c);
    buf_release(&text);
    return is_there;
}

static inline void shot(struct bench *b, const char *name)
{
    shot_with(b, name, GLYPHS_LINES);
}

/* The same state at 80x24 (NAME), 120x36 and 60x18 (NAME-120x36, NAME-60x18), and in seven bits (NAME-ascii). */
static inline void shots(struct bench *b, const char *name)
{
    static const int size[][2] = {{24, 80}, {36, 120}, {18, 60}};
    char full[200];
    for (size_t i = 0; i < TG_ARRAY_LEN(size); i++) {
        b->w->rows = size[i][0];
        b->w->cols = size[i][1];
        snprintf(full, sizeof full, i ? "%s-%dx%d" : "%s", name, size[i][1], size[i][0]);
        shot(b, full);
    }
    b->w->rows = 24;
    b->w->cols = 80;
    snprintf(full, sizeof full, "%s-ascii", name);
    shot_with(b, full, GLYPHS_ASCII);
}

/* The same in Chinese at three sizes (zh-NAME, zh-NAME-120x36, zh-NAME-60x18), whatever is spoken before and after. */
static const int zh_sizes[][2] = {{24, 80}, {36, 120}, {18, 60}};

static inline void zh_name(char out[200], const char *name, size_t i)
{
    snprintf(out, 200, i ? "zh-%s-%dx%d" : "zh-%s", name, zh_sizes[i][1], zh_sizes[i][0]);
}

static inline void shots_zh(struct bench *b, const char *name)
{
    enum text_language before = text_language();
    char full[200];
    text_speak(TEXT_ZH_CN);
    for (size_t i = 0; i < TG_ARRAY_LEN(zh_sizes); i++) {
        b->w->rows = zh_sizes[i][0];
        b->w->cols = zh_sizes[i][1];
        zh_name(full, name, i);
        shot(b, full);
    }
    b->w->rows = 24;
    b->w->cols = 80;
    text_speak(before);
}

#endif
