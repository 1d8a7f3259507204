// SPDX-License-Identifier: Apache-2.0
/* The log is a ring of lines; filters look at it and never stop it. Scrolling up pauses the view,
 * not the run: the title counts what is newer. Line numbers never repeat, so a paused view holds
 * numbers, and a line that has left the ring is simply the oldest one that is still there. */
#include "base/retell.h"
#include "ui/format.h"
#include "ui/text.h"
#include "wizard/dashboard_state.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const stage_names[] = {"all",    "copy", "follow", "apply",
                                          "verify", "path", "engine"};

const char *log_stage_name(unsigned stage)
{
    return stage < TG_ARRAY_LEN(stage_names) ? stage_names[stage] : NULL;
}

const struct mon_event *log_line(const struct log_ring *ring, uint64_t number)
{
    if (number >= ring->total || ring->total - number > ring->n)
        return NULL;
    return &ring->line[number % LOG_LINES];
}

/* "lock|timeout": any of them, case ignored. */
static bool has_text(const char *line, const char *wanted)
{
    char part[64];
    while (*wanted) {
        size_t n = strcspn(wanted, "|");
        if (n && n < sizeof part) {
            memcpy(part, wanted, n);
            part[n] = 0;
            if (strcasestr(line, part))
                return true;
        }
        wanted += n + (wanted[n] == '|');
    }
    return false;
}

/* A table filter without * means "contains"; the schema may be left out. */
static bool has_table(const char *table, const char *wanted)
{
    const char *dot = strchr(table, '.');
    if (!strpbrk(wanted, "*?["))
        return strcasestr(table, wanted) != NULL;
    return fnmatch(wanted, table, FNM_CASEFOLD) == 0 ||
           (dot && fnmatch(wanted, dot + 1, FNM_CASEFOLD) == 0);
}

/* Only such words can be in what a line is told as and not in the line itself. */
static bool is_foreign(const char *word)
{
    while (*word && !(*word & 0x80))
        word++;
    return *word;
}

static bool passes(const struct log_view *v, const struct mon_event *e)
{
    if (e->level < v->floor || (v->stage && strcmp(e->stage, stage_names[v->stage]) != 0))
        return false;
    if (v->table[0] && !has_table(e->table, v->table))
        return false;
    return !v->text[0] || has_text(e->text, v->text) || (is_foreign(v->text) && has_text(retell(e->text), v->text)) || has_text(e->table, v->text) ||
           has_text(e->id, v->text);
}

uint64_t *log_matches(const struct dashboard_state *s, size_t *n)
{
    uint64_t *out = x_alloc((s->log.n + 1) * sizeof *out);
    *n = 0;
    for (uint64_t i = s->log.total - s->log.n; i < s->log.total; i++) {
        if (passes(&s->view, log_line(&s->log, i)))
            out[(*n)++] = i;
    }
    return out;
}

static size_t index_of(const uint64_t *match, size_t n, uint64_t number)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (match[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return n && low == n ? n - 1 : low;
}

size_t log_visible(const struct dashboard_state *s)
{
    struct rect place[AT_COUNT];
    enum frame frame = dashboard_place(s, s->rows, s->cols, place);
    int h = frame == FRAME_ZOOM ? place[AT_ZOOM].h : place[PANE_LOG].h;
    return h > 3 ? (size_t)(h - 2) : 1;
}

bool log_feed(struct dashboard_state *s, int key)
{
    size_t n, visible = log_visible(s);
    uint64_t *match = log_matches(s, &n);
    struct list list = {.selected = n ? n - 1 : 0, .top = n > visible ? n - visible : 0};
    if (s->view.is_paused && n) {
        list.selected = index_of(match, n, s->view.cursor);
        list.top = index_of(match, n, s->view.top);
    }
    /* In the log g is the stage filter, so only End and G follow again. */
    bool is_mine = n && list_feed(&list, key, n, visible, NULL, NULL);
    if (is_mine) {
        s->view.is_paused = !(list.selected + 1 == n && (key == K_END || key == 'G'));
        s->view.cursor = match[list.selected];
        s->view.top = match[list.top];
    }
    free(match);
    return is_mine;
}

const struct mon_event *log_selected(const struct dashboard_state *s)
{
    size_t n;
    uint64_t *match = log_matches(s, &n);
    const struct mon_event *e = NULL;
    if (n)
        e = log_line(&s->log,
                     match[s->view.is_paused ? index_of(match, n, s->view.cursor) : n - 1]);
    free(match);
    return e;
}

/* ---- drawing ---- */

static enum role level_role(enum log_level level)
{
    return level == LOG_ERROR  ? ROLE_BAD
           : level == LOG_WARN ? ROLE_WARN
           : level == LOG_NOTE ? ROLE_TITLE
                               : ROLE_DIM;
}

static const char *level_word(enum log_level level)
{
    static const char *const word[] = {N_("debug"), N_("info"), N_("note"), N_("warn"),
                                       N_("ERROR")};
    return _(word[TG_MIN((unsigned)level, 4u)]);
}

/* The table stands before the text unless the text names it already. */
static void full_text(char *out, size_t size, const struct mon_event *e, bool has_table_column)
{
    const char *dot = strrchr(e->table, '.'), *table = dot ? dot + 1 : e->table;
    const char *id = e->id[0] && !strstr(e->text, e->id) ? e->id : "";
    snprintf(out, size, "%s%s%s%s%s", has_table_column || strstr(e->text, table) ? "" : table,
             has_table_column || !table[0] || strstr(e->text, table) ? "" : ": ", id,
             id[0] ? " " : "", retell(e->text));
}

static int draw_line(struct canvas *c, struct rect in, int y, const struct mon_event *e,
                     bool has_table_column, bool is_wrapped)
{
    char clock[FMT_SIZE], text[640];
    const char *dot = strrchr(e->table, '.');
    int x = in.x, column = has_table_column ? 35 : 21;
    x += canvas_text(c, in, y, x, ROLE_DIM, fmt_clock(clock, e->at_ms)) + 1;
    x += canvas_text(c, in, y, x, level_role(e->level), level_word(e->level)) + 1;
    if (has_table_column) {
        x = in.x + 15;
        canvas_cut(c, in, y, x, 6, ROLE_DIM, e->stage);
        canvas_cut(c, in, y, x + 7, 12, ROLE_TEXT, dot ? dot + 1 : e->table);
        x = in.x + column;
    } else {
        x += canvas_cut(c, in, y, x, 6, ROLE_DIM, e->stage) + 1;
        x = TG_MAX(x, in.x + column);
    }
    full_text(text, sizeof text, e, has_table_column);
    if (is_wrapped)
        return canvas_wrap(c, (struct rect){y, x, in.y + in.h - y, TG_MAX(in.x + in.w - x, 8)}, 0,
                           ROLE_TEXT, text);
    canvas_cut(c, in, y, x, in.x + in.w - x, ROLE_TEXT, text);
    return 1;
}

static int lines_needed(const struct mon_event *e, bool has_table_column, int width)
{
    struct canvas nothing = {0};
    char text[640];
    full_text(text, sizeof text, e, has_table_column);
    int cells = TG_MAX(width - (has_table_column ? 35 : 21), 8);
    return TG_MAX(canvas_wrap(&nothing, (struct rect){0, 0, 0, cells}, 0, ROLE_TEXT, text), 1);
}

/* The first match to draw so that the cursor's line is in sight. */
static size_t first_line(const struct dashboard_state *s, struct rect in, const uint64_t *match,
                         size_t n, size_t cursor, bool has_table_column)
{
    bool is_wrapped = s->view.is_wrapped;
    size_t first = cursor;
    int used = 0;
    if (s->view.is_paused && !is_wrapped) {
        size_t top = index_of(match, n, s->view.top);
        if (top <= cursor && cursor < top + (size_t)in.h)
            return top;
    }
    for (size_t i = cursor + 1; i-- > 0;) {
        used += is_wrapped ? lines_needed(log_line(&s->log, match[i]), has_table_column, in.w) : 1;
        if (used > in.h)
            break;
        first = i;
    }
    return first;
}

static void draw_lines(struct canvas *c, struct rect in, const struct dashboard_state *s,
                       bool has_table_column)
{
    size_t n;
    uint64_t *match = log_matches(s, &n);
    if (!n) {
        canvas_text(c, in, in.y, in.x, ROLE_DIM,
                    s->log.n ? _("No line passes the filters.") : _("Nothing has been said yet."));
        free(match);
        return;
    }
    size_t cursor = s->view.is_paused ? index_of(match, n, s->view.cursor) : n - 1;
    int y = in.y;
    for (size_t i = first_line(s, in, match, n, cursor, has_table_column); i < n && y < in.y + in.h;
         i++) {
        int used =
            draw_line(c, in, y, log_line(&s->log, match[i]), has_table_column, s->view.is_wrapped);
        canvas_spot(c, in, (struct rect){y, in.x, used, in.w}, SPOT_LINE, (int64_t)match[i]);
        if (s->view.is_paused && i == cursor) {
            canvas_paint(c, (struct rect){y, in.x, TG_MIN(used, in.y + in.h - y), in.w}, ROLE_PICK);
            c->cursor_y = y;
            c->cursor_x = in.x;
        }
        y += used;
    }
    free(match);
}

static void follow_words(char *out, size_t size, const struct dashboard_state *s)
{
    char words[64];
    size_t n;
    if (!s->view.is_paused) {
        if (s->log.dropped)
            snprintf(out, size, _("%llu dropped  following"), (unsigned long long)s->log.dropped);
        else
            snprintf(out, size, "%s", _("following"));
        return;
    }
    uint64_t *match = log_matches(s, &n);
    size_t cursor = n ? index_of(match, n, s->view.cursor) : 0;
    snprintf(words, sizeof words, _("PAUSED  %zu newer  {f} follow"), n ? n - 1 - cursor : 0);
    keymap_say(&dashboard_keys, IN_LOG | IN_PANES, words, out, size);
    free(match);
}

static const char *floor_words(const struct dashboard_state *s)
{
    static const char *const word[] = {N_("everything"), N_("info and worse"),
                                       N_("notes and worse"), N_("warnings and errors"),
                                       N_("errors only")};
    return _(word[TG_MIN((unsigned)s->view.floor, 4u)]);
}

void pane_log_draw(struct canvas *c, struct rect r, const struct dashboard_state *s)
{
    struct rect in = {r.y + 1, r.x + 2, TG_MAX(r.h - 2, 0), TG_MAX(r.w - 4, 0)};
    char title[120], right[64];
    bool is_filtered = s->view.stage || s->view.table[0] || s->view.text[0];
    snprintf(title, sizeof title, "%s%s%s", _("6 Log  "), floor_words(s),
             is_filtered ? _(", filtered") : "");
    follow_words(right, sizeof right, s);
    pane_box(c, r, s, PANE_LOG, title, right);
    draw_lines(c, in, s, false);
}

void pane_log_zoom(struct canvas *c, struct rect place[AT_COUNT], const struct dashboard_state *s)
{
    static const char *const level[] = {N_("debug+"), N_("info+"), N_("note+"), N_("warn+"), N_("error")};
    struct rect r = place[AT_ZOOM], in = {r.y + 1, r.x + 2, r.h - 2, r.w - 4},
                head = place[AT_STAGES];
    char right[64], clock[FMT_SIZE], whole[640];
    size_t n;
    free(log_matches(s, &n));
    snprintf(whole, sizeof whole, _("6 Log   level: %s   stage: %s   table: %s   text: %s   %zu hit"),
                 _(level[TG_MIN((unsigned)s->view.floor, 4u)]), s->view.stage ? log_stage_name(s->view.stage) : _("all"),
                 s->view.table[0] ? s->view.table : _("all"),
                 s->view.text[0] ? s->view.text : _("all"), n);
    canvas_cut(c, head, head.y, 1, head.w - 2, ROLE_TITLE, whole);
    follow_words(right, sizeof right, s);
    canvas_box(c, r, ROLE_EDGE_FOCUS, _("Log"), right);
    canvas_text(c, r, r.y, r.x + 1, ROLE_EDGE_FOCUS, "▸");
    c->cursor_y = r.y;
    c->cursor_x = r.x + 1;
    draw_lines(c, in, s, in.w >= 70);
    const struct mon_event *e = log_selected(s);
    if (!place[AT_DETAIL].h || !e)
        return;
    struct rect below = place[AT_DETAIL],
                text = {below.y + 1, below.x + 2, below.h - 2, below.w - 4};
    char title[80];
    snprintf(title, sizeof title, _("%s  %s"), fmt_clock(clock, e->at_ms),
             e->id[0] ? e->id : level_word(e->level));
    canvas_box(c, below, ROLE_EDGE, title, NULL);
    snprintf(whole, sizeof whole, "%s%s%s", e->table, e->table[0] ? "  " : "", retell(e->text));
    canvas_wrap(c, text, 2, ROLE_TEXT, whole);
}
