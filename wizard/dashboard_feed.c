// SPDX-License-Identifier: Apache-2.0
/* What a key changes. An open overlay gets the key first (help, dialog, prompt), then the keymap,
 * then the list under the focus. Nothing here touches the terminal or the run: that is what the
 * effect is for. */
#include "ui/text.h"
#include "wizard/dashboard_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define NOTICE_MS 4000

/* ---- the state ---- */

struct dashboard_state *dashboard_state_new(void)
{
    struct dashboard_state *s = x_alloc(sizeof *s);
    s->focus = PANE_TABLES;
    s->view.floor = LOG_INFO;
    s->rows = 24;
    s->cols = 80;
    return s;
}

void dashboard_state_free(struct dashboard_state *s)
{
    if (!s)
        return;
    free(s->log.line);
    free(s);
}

static void remember_left(struct dashboard_state *s)
{
    struct left_history *h = &s->history;
    int64_t left = s->snap.load.left_s, now = s->now_ms;
    if (left < 0 || (h->n && now - h->at_ms[h->n - 1] < 60000))
        return;
    while (h->n && (h->n == TG_ARRAY_LEN(h->at_ms) || now - h->at_ms[0] > 600000)) {
        memmove(h->at_ms, h->at_ms + 1, sizeof h->at_ms - sizeof h->at_ms[0]);
        memmove(h->left_s, h->left_s + 1, sizeof h->left_s - sizeof h->left_s[0]);
        h->n--;
    }
    h->at_ms[h->n] = now;
    h->left_s[h->n++] = left;
}

void dashboard_take(struct dashboard_state *s, const struct mon_snapshot *snap)
{
    struct mon_snapshot *m = &s->snap;
    uint64_t bytes = snap->dump.bytes + snap->load.bytes;
    if (!s->has_snapshot || bytes != s->moved_bytes)
        s->moved_ms = s->now_ms;
    s->moved_bytes = bytes;
    *m = *snap;
    m->ntables = TG_MIN(m->ntables, (uint32_t)MON_TABLES);
    m->nquestions = TG_MIN(m->nquestions, (uint32_t)MON_QUESTIONS);
    m->lag.npoints = TG_MIN(m->lag.npoints, (uint32_t)MON_LAG_POINTS);
    for (uint32_t i = 0; i < m->nquestions; i++)
        m->question[i].nchoices = TG_MIN(m->question[i].nchoices, 6u);
    s->has_snapshot = true;
    remember_left(s);
    /* A question that was answered elsewhere takes its dialog with it. */
    if (s->dialog.is_open && s->asked == ASK_QUESTION) {
        bool is_open = false;
        for (uint32_t i = 0; i < m->nquestions; i++)
            is_open |= strcmp(m->question[i].id, s->asked_id) == 0 &&
                       strcmp(m->question[i].table, s->asked_table) == 0;
        if (!is_open) {
            s->dialog.is_open = false;
            s->asked = ASK_NOTHING;
            dashboard_notice(s, _("%s is answered"), s->asked_id);
        }
    }
}

void dashboard_add_event(struct dashboard_state *s, const struct mon_event *event)
{
    struct log_ring *ring = &s->log;
    if (ring->n == ring->cap && ring->cap < LOG_LINES) {
        ring->cap = TG_MIN(ring->cap ? ring->cap * 2 : 64, (size_t)LOG_LINES);
        ring->line = x_realloc(ring->line, ring->cap * sizeof *ring->line);
    }
    ring->line[ring->total++ % LOG_LINES] = *event;
    ring->n = TG_MIN(ring->n + 1, (size_t)LOG_LINES);
}

void dashboard_notice(struct dashboard_state *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(s->notice, sizeof s->notice, fmt, ap);
    va_end(ap);
    s->notice_until_ms = s->now_ms + NOTICE_MS;
}

/* ---- prompt: the line in the footer ---- */

static char *prompt_target(struct dashboard_state *s)
{
    return s->prompt == PROMPT_TABLES     ? s->find
           : s->prompt == PROMPT_LOG_TEXT ? s->view.text
                                          : s->view.table;
}

/* The filter works while it is typed. */
static void prompt_apply(struct dashboard_state *s)
{
    snprintf(prompt_target(s), sizeof s->find, "%s", s->prompt_text);
}

static void prompt_add(struct dashboard_state *s, const char *bytes, size_t n)
{
    size_t have = strlen(s->prompt_text);
    if (have + n < sizeof s->prompt_text - 1) {
        memcpy(s->prompt_text + have, bytes, n);
        s->prompt_text[have + n] = 0;
    }
}

static void prompt_open(struct dashboard_state *s, enum prompt prompt)
{
    s->prompt = prompt;
    s->focus = prompt == PROMPT_TABLES ? PANE_TABLES : PANE_LOG;
    snprintf(s->prompt_text, sizeof s->prompt_text, "%s", prompt_target(s));
}

static void prompt_feed(struct dashboard_state *s, int key)
{
    size_t n = strlen(s->prompt_text);
    char bytes[4];
    if (key == K_ENTER) {
        s->prompt = PROMPT_NONE;
        return;
    }
    if (key == K_ESC || key == K_CTRL('c')) {
        s->prompt_text[0] = 0;
        prompt_apply(s);
        s->prompt = PROMPT_NONE;
        return;
    }
    if (key == K_CTRL('u'))
        s->prompt_text[0] = 0;
    else if (key == K_BACKSPACE || key == K_DELETE) {
        while (n && ((unsigned char)s->prompt_text[--n] & 0xc0) == 0x80) {
        }
        s->prompt_text[n] = 0;
    } else if (key_is_text(key)) {
        prompt_add(s, bytes, utf8_put(bytes, (uint32_t)key));
    }
    prompt_apply(s);
}

/* ---- actions ---- */

static void focus_on(struct dashboard_state *s, enum pane pane)
{
    struct rect place[AT_COUNT];
    s->focus = pane;
    enum frame frame = dashboard_place(s, s->rows, s->cols, place);
    if (frame != FRAME_ZOOM && frame != FRAME_STATUS && !place[pane].h)
        s->is_zoomed = true; /* there is no room for it beside the others */
}

static void step_focus(struct dashboard_state *s, int step)
{
    struct rect place[AT_COUNT];
    dashboard_place(s, s->rows, s->cols, place);
    int last = place[PANE_ATTENTION].h || place[AT_ZOOM].h ? PANE_ATTENTION : PANE_LOG;
    int next = (int)s->focus + step;
    s->focus = (enum pane)(next > last ? PANE_DUMP : next < PANE_DUMP ? last : next);
}

static void open_focused(struct dashboard_state *s, int key)
{
    switch (s->focus) {
    case PANE_ATTENTION:
        if (s->snap.nquestions)
            ask_question(s, key, TG_MIN(s->questions.selected, (size_t)s->snap.nquestions - 1));
        break;
    case PANE_LOG:
        ask_event(s, key);
        break;
    default:
        s->is_zoomed = true;
    }
}

/* One question and no room for its pane: straight to the dialog. */
static void open_problems(struct dashboard_state *s, int key)
{
    struct rect place[AT_COUNT];
    enum frame frame = dashboard_place(s, s->rows, s->cols, place);
    if (s->snap.nquestions == 1 && frame != FRAME_WIDE)
        ask_question(s, key, 0);
    else
        focus_on(s, PANE_ATTENTION);
}

static void toggle_zoom(struct dashboard_state *s)
{
    struct rect place[AT_COUNT];
    s->is_zoomed = !s->is_zoomed;
    dashboard_place(s, s->rows, s->cols, place);
    if (!s->is_zoomed && !place[s->focus].h)
        s->focus = PANE_TABLES;
}

static void go_back(struct dashboard_state *s)
{
    if (s->is_zoomed)
        toggle_zoom(s);
    else if (s->focus == PANE_LOG)
        s->view.table[0] = s->view.text[0] = 0;
    else
        s->find[0] = 0;
}

static void copy_line(struct dashboard_state *s, struct effect *out)
{
    struct tables_order o = {.s = s};
    o.n = tables_order(s, o.order);
    *out = (struct effect){.kind = EFFECT_COPY};
    if (s->focus == PANE_ATTENTION && s->snap.nquestions) {
        size_t i = TG_MIN(s->questions.selected, (size_t)s->snap.nquestions - 1);
        const struct question_view *q = &s->snap.question[i];
        snprintf(out->text, sizeof out->text, "%s %s %s", q->id, q->table, q->text);
    } else if (s->focus == PANE_TABLES && o.n) {
        snprintf(out->text, sizeof out->text, "%s",
                 tables_key(&o, TG_MIN(s->tables.selected, o.n - 1)));
    } else {
        const struct mon_event *e = log_selected(s);
        if (e)
            snprintf(out->text, sizeof out->text, "%s %s %s", e->table, e->id, e->text);
    }
    dashboard_notice(s, "%s",
                     out->text[0] ? _("copied, if this terminal allows it") : _("nothing to copy"));
}

static void pause_or_resume(struct dashboard_state *s, struct effect *out)
{
    bool is_paused = s->snap.state == RUN_PAUSED;
    if (s->is_gone) {
        dashboard_notice(s, _("the engine is gone; start it again with: tidegate resume %s"),
                         s->snap.run);
        return;
    }
    *out = (struct effect){.kind = EFFECT_CALL, .args = "{}"};
    snprintf(out->cmd, sizeof out->cmd, "%s", is_paused ? "resume" : "pause");
    snprintf(out->done, sizeof out->done, "%s",
             is_paused ? _("resumed") : _("pausing; p goes on again, nothing is lost"));
}

static void toggle_follow(struct dashboard_state *s)
{
    s->focus = PANE_LOG;
    if (s->view.is_paused)
        s->view.is_paused = false;
    else
        log_feed(s, K_UP);
}

static void leave(struct dashboard_state *s, int key, struct effect *out)
{
    if (s->is_gone || !s->has_snapshot)
        *out = (struct effect){.kind = EFFECT_LEAVE,
                               .left = s->is_gone ? DASHBOARD_ENGINE_GONE : DASHBOARD_DETACH};
    else
        ask_leave(s, key);
}

static void log_action(struct dashboard_state *s, enum action action)
{
    s->focus = PANE_LOG;
    switch (action) {
    case DO_WRAP:
        s->view.is_wrapped = !s->view.is_wrapped;
        break;
    case DO_LEVEL:
        s->view.floor = s->view.floor == LOG_ERROR ? LOG_DEBUG : s->view.floor + 1;
        break;
    case DO_STAGE:
        s->view.stage = log_stage_name(s->view.stage + 1) ? s->view.stage + 1 : 0;
        break;
    case DO_TABLE:
        prompt_open(s, PROMPT_LOG_TABLE);
        break;
    default:
        toggle_follow(s);
    }
}

/* Several windows may look, one steers. */
static bool may_steer(struct dashboard_state *s)
{
    if (s->watches_only)
        dashboard_notice(s, "%s", _("another window steers this run; S takes over"));
    return !s->watches_only;
}

static void act_on_run(struct dashboard_state *s, const struct key_row *row, int key,
                       struct effect *out)
{
    switch (row->action) {
    case DO_PAUSE:
        if (may_steer(s))
            pause_or_resume(s, out);
        break;
    case DO_PACE:
        if (s->is_gone)
            dashboard_notice(s, "%s", _("the engine is gone already"));
        else if (s->has_snapshot && may_steer(s))
            ask_pace(s, key);
        break;
    case DO_STEER:
        *out = (struct effect){.kind = EFFECT_CALL, .cmd = "steer", .args = "{}"};
        snprintf(out->done, sizeof out->done, "%s", _("this window steers now"));
        break;
    case DO_DETACH:
        *out = (struct effect){.kind = EFFECT_LEAVE,
                               .left = s->is_gone ? DASHBOARD_ENGINE_GONE : DASHBOARD_DETACH};
        break;
    case DO_STOP:
        if (s->is_gone)
            dashboard_notice(s, "%s", _("the engine is gone already"));
        else if (s->has_snapshot && may_steer(s))
            ask_stop(s, key);
        break;
    case DO_LEAVE:
        leave(s, key, out);
        break;
    case DO_REDRAW:
        out->kind = EFFECT_REDRAW;
        break;
    case DO_THEME:
        out->kind = EFFECT_THEME;
        break;
    case DO_SUSPEND:
        out->kind = EFFECT_SUSPEND;
        break;
    case DO_COPY:
        copy_line(s, out);
        break;
    case DO_WHY_NOT:
        dashboard_notice(s, "%s: %s", _(row->hint), _(row->why_not));
        break;
    default:
        break;
    }
}

static void act(struct dashboard_state *s, const struct key_row *row, int key, struct effect *out)
{
    switch (row->action) {
    case DO_PANE_1:
    case DO_PANE_2:
    case DO_PANE_3:
    case DO_PANE_4:
    case DO_PANE_5:
    case DO_PANE_6:
    case DO_PANE_7:
        focus_on(s, (enum pane)(PANE_DUMP + row->action - DO_PANE_1));
        break;
    case DO_NEXT:
        step_focus(s, 1);
        break;
    case DO_PREVIOUS:
        step_focus(s, -1);
        break;
    case DO_ZOOM:
        toggle_zoom(s);
        break;
    case DO_OPEN:
        open_focused(s, key);
        break;
    case DO_BACK:
        go_back(s);
        break;
    case DO_ERRORS:
        open_problems(s, key);
        break;
    case DO_FILTER:
        prompt_open(s, s->focus == PANE_LOG ? PROMPT_LOG_TEXT : PROMPT_TABLES);
        break;
    case DO_SORT:
        s->sort = (s->sort + 1) % SORT_COUNT;
        s->focus = PANE_TABLES;
        break;
    case DO_SHOW:
        s->show = (s->show + 1) % SHOW_COUNT;
        break;
    case DO_FOLLOW:
    case DO_WRAP:
    case DO_LEVEL:
    case DO_STAGE:
    case DO_TABLE:
        log_action(s, (enum action)row->action);
        break;
    case DO_HELP:
        s->is_help = true;
        break;
    default:
        act_on_run(s, row, key, out);
    }
}

/* ---- lists ---- */

static void move(struct dashboard_state *s, int key)
{
    if (s->focus == PANE_LOG) {
        log_feed(s, key);
    } else if (s->focus == PANE_ATTENTION) {
        list_feed(&s->questions, key, s->snap.nquestions, 1, question_key, s);
    } else if (s->focus == PANE_TABLES) {
        struct tables_order o = {.s = s};
        o.n = tables_order(s, o.order);
        list_sync(&s->tables, o.n, tables_visible(s), tables_key, &o);
        list_feed(&s->tables, key, o.n, tables_visible(s), tables_key, &o);
    }
}

/* The lists' own idea of what is selected follows the rows. */
static void settle(struct dashboard_state *s)
{
    struct tables_order o = {.s = s};
    o.n = tables_order(s, o.order);
    list_sync(&s->tables, o.n, tables_visible(s), tables_key, &o);
    list_sync(&s->questions, s->snap.nquestions, 1, question_key, s);
}

static void feed_dialog(struct dashboard_state *s, int key, struct effect *out)
{
    bool hears = s->now_ms >= s->dialog.deaf_until_ms;
    if (hears && s->asked == ASK_EVENT && key == 'y') {
        copy_line(s, out);
        return;
    }
    if (hears && s->asked == ASK_LEAVE && key == 'd') {
        s->dialog.selected = 0;
        s->dialog.is_open = false;
        ask_answered(s, out);
        return;
    }
    if (hears && s->asked == ASK_PACE && ask_pace_feed(s, key))
        return;
    enum dialog_answer answer = dialog_feed(&s->dialog, key, s->now_ms);
    if (answer == DIALOG_CHOSEN)
        ask_answered(s, out);
    else if (answer == DIALOG_LEFT)
        s->asked = ASK_NOTHING;
}

static void feed_key(struct dashboard_state *s, int key, struct effect *out)
{
    if (s->is_help) {
        s->is_help = !(key == K_ESC || key == '?' || key == K_F1 || key == K_ENTER || key == 'q' ||
                       key == K_CTRL('c'));
        return;
    }
    if (s->dialog.is_open) {
        feed_dialog(s, key, out);
        return;
    }
    if (s->prompt) {
        prompt_feed(s, key);
        return;
    }
    s->notice[0] = 0;
    const struct key_row *row = keymap_find(&dashboard_keys, dashboard_where(s), key);
    settle(s);
    if (row)
        act(s, row, key, out);
    else
        move(s, key);
}

bool dashboard_feed(struct dashboard_state *s, const struct input *in, struct effect *out)
{
    *out = (struct effect){.kind = EFFECT_NONE};
    switch (in->kind) {
    case IN_RESIZE:
        s->rows = in->rows;
        s->cols = in->cols;
        if (!s->is_zoomed && s->focus == PANE_ATTENTION)
            focus_on(s, PANE_ATTENTION);
        break;
    case IN_PASTE:
        if (s->prompt && in->text) {
            prompt_add(s, in->text, TG_MIN(strlen(in->text), sizeof s->prompt_text / 2));
            prompt_apply(s);
        } else {
            dashboard_notice(s, "%s", _("Pasted text is not taken as keys: nothing was pressed."));
        }
        break;
    case IN_KEY:
        feed_key(s, in->key, out);
        break;
    case IN_TICK:
        break;
    }
    return true;
}
