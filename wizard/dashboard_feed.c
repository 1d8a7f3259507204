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
    free(s->page);
    modal_close(&s->modal);
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

static bool is_open(const struct mon_snapshot *m, const char *id, const char *table)
{
    for (uint32_t i = 0; i < TG_MIN(m->nquestions, (uint32_t)MON_QUESTIONS); i++)
        if (strcmp(m->question[i].id, id) == 0 && strcmp(m->question[i].table, table) == 0)
            return true;
    return false;
}

/* What was open before and is not now. The run's word; why is in the log. */
static void remember_cured(struct dashboard_state *s, const struct mon_snapshot *now)
{
    for (uint32_t i = 0; s->has_snapshot && i < s->snap.nquestions; i++) {
        const struct question_view *q = &s->snap.question[i];
        if (is_open(now, q->id, q->table))
            continue;
        memmove(s->cured + 1, s->cured, (CURED - 1) * sizeof s->cured[0]);
        s->cured[0] = (struct cured){.at_ms = now->at_ms};
        snprintf(s->cured[0].id, sizeof s->cured[0].id, "%s", q->id);
        snprintf(s->cured[0].table, sizeof s->cured[0].table, "%s", q->table);
        s->ncured = TG_MIN(s->ncured + 1, (unsigned)CURED);
    }
}

/* The engine's "silent" counts heartbeats, too: quiet is when no transaction comes and none is on its way. Of a source
 * that does not answer nobody knows. */
static void watch_quiet(struct dashboard_state *s, const struct mon_snapshot *now)
{
    bool is_still = s->has_snapshot && now->tx_applied == s->quiet_tx && !now->lag.unread_bytes && !now->lag.unapplied_bytes && !source_is_unseen(now);
    if (!is_still)
        s->quiet_ms = 0;
    else if (!s->quiet_ms)
        s->quiet_ms = s->now_ms;
    s->quiet_tx = now->tx_applied;
}

void dashboard_take(struct dashboard_state *s, const struct mon_snapshot *snap)
{
    struct mon_snapshot *m = &s->snap;
    remember_cured(s, snap);
    watch_quiet(s, snap);
    uint64_t bytes = snap->dump.bytes + snap->load.bytes;
    if (!s->has_snapshot || bytes != s->moved_bytes)
        s->moved_ms = s->now_ms;
    s->moved_bytes = bytes;
    *m = *snap;
    if (m->state == RUN_STOPPED || m->state == RUN_FAILED)
        mon_forget_now(m);
    m->ntables = TG_MIN(m->ntables, (uint32_t)MON_TABLES);
    s->has_snapshot = true;
    dashboard_keep_tables(s);
    m->nquestions = TG_MIN(m->nquestions, (uint32_t)MON_QUESTIONS);
    m->lag.npoints = TG_MIN(m->lag.npoints, (uint32_t)MON_LAG_POINTS);
    m->lag.nhour = TG_MIN(m->lag.nhour, (uint32_t)MON_LAG_LONG);
    m->lag.nday = TG_MIN(m->lag.nday, (uint32_t)MON_LAG_LONG);
    for (uint32_t i = 0; i < m->nquestions; i++)
        m->question[i].nchoices = TG_MIN(m->question[i].nchoices, 6u);
    remember_left(s);
    /* A question that was answered elsewhere takes its dialog with it. */
    if (s->dialog.is_open && s->asked == ASK_QUESTION) {
        if (!is_open(m, s->asked_id, s->asked_table)) {
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
    char text[sizeof s->notice];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    keymap_say(&dashboard_keys, ~0u, text, s->notice, sizeof s->notice);
    s->notice_until_ms = s->now_ms + NOTICE_MS;
}

/* ---- prompt: the line in the footer ---- */

static char *prompt_target(struct dashboard_state *s)
{
    return s->prompt == PROMPT_TABLES      ? s->wish.find
           : s->prompt == PROMPT_LOG_TEXT  ? s->view.text
           : s->prompt == PROMPT_LOG_TABLE ? s->view.table
                                           : NULL;
}

/* The filter works while it is typed. */
static void prompt_apply(struct dashboard_state *s)
{
    char *to = prompt_target(s);
    if (!to)
        return;
    snprintf(to, sizeof s->wish.find, "%.63s", s->prompt_text);
    s->wish.offset = 0;
}

static void prompt_add(struct dashboard_state *s, const char *bytes, size_t n)
{
    size_t have = strlen(s->prompt_text);
    size_t room = prompt_target(s) ? sizeof s->wish.find : sizeof s->prompt_text;
    if (have + n < room - 1) {
        memcpy(s->prompt_text + have, bytes, n);
        s->prompt_text[have + n] = 0;
    }
}

static void prompt_open(struct dashboard_state *s, enum prompt prompt)
{
    s->prompt = prompt;
    s->prompt_text[0] = 0;
    if (prompt == PROMPT_SAVE)
        snprintf(s->prompt_text, sizeof s->prompt_text, "%s-log.txt", s->snap.run);
    if (!prompt_target(s))
        return;
    s->is_cutover = false;
    s->focus = prompt == PROMPT_TABLES ? PANE_TABLES : PANE_LOG;
    snprintf(s->prompt_text, sizeof s->prompt_text, "%s", prompt_target(s));
}

static void prompt_done(struct dashboard_state *s, struct effect *out)
{
    enum prompt prompt = s->prompt;
    char text[sizeof s->prompt_text];
    s->prompt = PROMPT_NONE;
    snprintf(text, sizeof text, "%s", s->prompt_text);
    if (prompt == PROMPT_COMMAND) {
        command_run(s, text, out);
    } else if (prompt == PROMPT_SAVE && text[0]) {
        out->kind = EFFECT_SAVE_LOG;
        snprintf(out->path, sizeof out->path, "%s", text);
    }
}

static void prompt_feed(struct dashboard_state *s, int key, struct effect *out)
{
    size_t n = strlen(s->prompt_text);
    char bytes[4];
    if (key == K_ENTER) {
        prompt_done(s, out);
        return;
    }
    if (key == K_TAB && s->prompt == PROMPT_COMMAND) {
        command_complete(s, s->prompt_text, sizeof s->prompt_text);
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
    s->is_cutover = false;
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
    case PANE_LAG:
        if (s->is_zoomed)
            ask_peak(s, key);
        s->is_zoomed = true;
        break;
    case PANE_TABLES:
        s->is_chunks = s->is_zoomed && !s->is_chunks && table_selected(s);
        s->is_zoomed = true;
        s->chunks_top = 0;
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
    s->is_chunks = false;
    dashboard_place(s, s->rows, s->cols, place);
    if (!s->is_zoomed && !place[s->focus].h)
        s->focus = PANE_TABLES;
}

static void go_back(struct dashboard_state *s)
{
    if (s->is_cutover)
        s->is_cutover = false;
    else if (s->is_chunks && s->focus == PANE_TABLES)
        s->is_chunks = false;
    else if (s->is_zoomed)
        toggle_zoom(s);
    else if (s->focus == PANE_LOG)
        s->view.table[0] = s->view.text[0] = 0;
    else
        s->wish.find[0] = 0, s->wish.offset = 0;
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
    dashboard_call(out, is_paused ? "resume" : "pause", "{}",
                   is_paused ? _("resumed") : _("pausing; {p} goes on again, nothing is lost"));
}

/* The engine compares when it is in sync, at once or then. */
static void verify(struct dashboard_state *s, struct effect *out)
{
    enum run_state state = s->snap.state;
    if (s->is_gone)
        dashboard_notice(s, _("the engine is gone; compare with: tidegate verify %s"), "job.yaml");
    else if (state == RUN_VERIFYING)
        dashboard_notice(s, _("it compares already: %u of %u tables so far"), s->snap.tables_verified + s->snap.tables_different,
                         s->snap.tables_total);
    else if (s->has_snapshot && dashboard_may_steer(s))
        dashboard_call(out, "verify", "{}",
                       state == RUN_IN_SYNC ? _("comparing both servers; the run goes on meanwhile")
                                            : _("noted: both servers are compared as soon as the run is in sync"));
}

static void ask_path(struct dashboard_state *s)
{
    if (!s->log.n)
        dashboard_notice(s, "%s", _("there is no line to save"));
    else
        prompt_open(s, PROMPT_SAVE);
}

void dashboard_call(struct effect *out, const char *cmd, const char *args, const char *done)
{
    *out = (struct effect){.kind = EFFECT_CALL};
    snprintf(out->cmd, sizeof out->cmd, "%s", cmd);
    snprintf(out->args, sizeof out->args, "%s", args);
    snprintf(out->done, sizeof out->done, "%s", done);
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
    s->is_cutover = false;
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
bool dashboard_may_steer(struct dashboard_state *s)
{
    if (s->watches_only)
        dashboard_notice(s, "%s", s->is_read_only ? _("--read-only: nothing is asked of the run") : _("another window steers this run; {S} takes over"));
    return !s->watches_only;
}

/* What opens beside the panes, and what is asked of both servers. */
static void act_beside(struct dashboard_state *s, const struct key_row *row, struct effect *out)
{
    switch (row->action) {
    case DO_VERIFY:
        verify(s, out);
        break;
    case DO_COMMAND:
        prompt_open(s, PROMPT_COMMAND);
        break;
    case DO_CUTOVER:
        s->is_cutover = s->has_snapshot;
        break;
    case DO_NARROWER:
    case DO_WIDER:
        s->window = (enum lag_window)((s->window + (row->action == DO_WIDER ? 1 : LAG_WINDOWS - 1)) % LAG_WINDOWS);
        break;
    case DO_MORE:
    case DO_FEWER:
        if (s->is_gone)
            dashboard_notice(s, "%s", _("the engine is gone already"));
        else if (s->has_snapshot && dashboard_may_steer(s))
            ask_writers(s, row->action == DO_MORE, out);
        break;
    case DO_REDO:
        ask_redo(s, row->key, table_selected(s));
        break;
    case DO_LEAVE_OUT:
        ask_leave_out(s, row->key, table_selected(s));
        break;
    case DO_SAVE:
        ask_path(s);
        break;
    case DO_REPORT:
        if (s->has_report)
            out->kind = EFFECT_REPORT;
        else
            dashboard_notice(s, "%s", _("the report is written when the run is over"));
        break;
    case DO_WHY_NOT:
        dashboard_notice(s, "%s: %s", _(row->hint), _(row->why_not));
        break;
    default:
        break;
    }
}

static void act_on_run(struct dashboard_state *s, const struct key_row *row, int key,
                       struct effect *out)
{
    switch (row->action) {
    case DO_PAUSE:
        if (dashboard_may_steer(s))
            pause_or_resume(s, out);
        break;
    case DO_PACE:
        if (s->is_gone)
            dashboard_notice(s, "%s", _("the engine is gone already"));
        else if (s->has_snapshot && dashboard_may_steer(s))
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
        else if (s->has_snapshot && dashboard_may_steer(s))
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
    case DO_MOUSE:
        out->kind = EFFECT_MOUSE;
        break;
    case DO_COPY:
        copy_line(s, out);
        break;
    default:
        act_beside(s, row, out);
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
        s->wish.sort = (s->wish.sort + 1) % SORT_COUNT;
        s->wish.offset = 0;
        s->focus = PANE_TABLES;
        break;
    case DO_SHOW:
        s->wish.show = (s->wish.show + 1) % SHOW_COUNT;
        s->wish.offset = 0;
        break;
    case DO_FOLLOW:
    case DO_WRAP:
    case DO_LEVEL:
    case DO_STAGE:
    case DO_TABLE:
        log_action(s, (enum action)row->action);
        break;
    case DO_HELP:
        s->help = HELP_KEYS;
        break;
    default:
        act_on_run(s, row, key, out);
    }
}

void dashboard_do(struct dashboard_state *s, enum action action, struct effect *out)
{
    for (size_t i = 0; i < dashboard_keys.n; i++)
        if (dashboard_keys.row[i].action == (int)action) {
            act(s, &dashboard_keys.row[i], K_ENTER, out);
            return;
        }
}

/* ---- lists ---- */

static void move(struct dashboard_state *s, int key)
{
    if (s->focus == PANE_LOG) {
        log_feed(s, key);
    } else if (s->focus == PANE_ATTENTION) {
        list_feed(&s->questions, key, s->snap.nquestions, 1, question_key, s);
    } else if (s->focus == PANE_TABLES && s->is_zoomed && s->is_chunks) {
        chunks_feed(s, key);
    } else if (s->focus == PANE_TABLES) {
        struct tables_order o = {.s = s};
        o.n = tables_order(s, o.order);
        list_sync(&s->tables, o.n, tables_visible(s), tables_key, &o);
        list_feed(&s->tables, key, o.n, tables_visible(s), tables_key, &o);
        dashboard_turn_tables(s, o.n);
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

/* What is looked at closely stays selected while the rows sort themselves anew. */
static void pin_table(struct dashboard_state *s)
{
    const char *name = s->focus == PANE_TABLES && s->is_zoomed ? table_selected(s) : NULL;
    if (name)
        snprintf(s->tables.key, sizeof s->tables.key, "%s", name);
}

static void feed_dialog(struct dashboard_state *s, int key, struct effect *out)
{
    bool hears = s->now_ms >= s->dialog.deaf_until_ms;
    int meaning = keymap_meaning(&dashboard_keys, dashboard_where(s), key);
    if (hears && s->asked == ASK_EVENT && meaning == 'y') {
        copy_line(s, out);
        return;
    }
    if (hears && s->asked == ASK_LEAVE && meaning == 'd') {
        s->dialog.selected = 0;
        s->dialog.is_open = false;
        ask_answered(s, out);
        return;
    }
    if (hears && s->asked == ASK_PACE && ask_pace_feed(s, key))
        return;
    if (hears && s->asked == ASK_QUESTION && ask_question_feed(s, key, out))
        return;
    enum dialog_answer answer = dialog_feed(&s->dialog, key, s->now_ms);
    if (answer == DIALOG_CHOSEN)
        ask_answered(s, out);
    else if (answer == DIALOG_LEFT)
        s->asked = ASK_NOTHING;
}

static void feed_key(struct dashboard_state *s, int key, struct effect *out)
{
    if (s->help) {
        const struct key_row *row = keymap_find(&dashboard_keys, IN_ANY, keymap_meaning(&dashboard_keys, dashboard_where(s), key));
        bool is_over = key == K_ESC || key == K_ENTER || (row && (row->action == DO_HELP || row->action == DO_LEAVE));
        s->help = is_over ? HELP_NONE : key == K_TAB ? HELP_KEYS + HELP_COMMANDS - s->help : s->help;
        bool is_down = key == K_DOWN || key == 'j' || key == K_PAGE_DOWN, is_up = key == K_UP || key == 'k' || key == K_PAGE_UP;
        s->help_top = is_over || key == K_TAB ? 0 : TG_MIN(TG_MAX(s->help_top + is_down - is_up, 0), 30);
        return;
    }
    if (s->dialog.is_open) {
        feed_dialog(s, key, out);
        return;
    }
    if (s->prompt) {
        prompt_feed(s, key, out);
        return;
    }
    s->notice[0] = 0;
    key = keymap_meaning(&dashboard_keys, dashboard_where(s), key);
    const struct key_row *row = keymap_find(&dashboard_keys, dashboard_where(s), key);
    settle(s);
    if (row)
        act(s, row, key, out);
    else
        move(s, key);
    pin_table(s);
}

/* The mouse can be switched whatever is open; by a letter only where letters are no text. */
static bool is_mouse_key(const struct dashboard_state *s, const struct input *in)
{
    unsigned where = dashboard_where(s);
    const struct key_row *row = in->kind != IN_KEY || key_is_text(in->key) ? NULL : keymap_find(&dashboard_keys, where, keymap_meaning(&dashboard_keys, where, in->key));
    return row && row->action == DO_MOUSE;
}

bool dashboard_feed(struct dashboard_state *s, const struct input *in, struct effect *out)
{
    *out = (struct effect){.kind = EFFECT_NONE};
    if (is_mouse_key(s, in)) {
        out->kind = EFFECT_MOUSE;
        return true;
    }
    if (s->modal.kind && in->kind != IN_RESIZE) {
        ask_leave_out_feed(s, in, out);
        return true;
    }
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
    case IN_CLICK:
    case IN_WHEEL:
        dashboard_point(s, in, out);
        break;
    case IN_TICK:
        break;
    }
    return true;
}
