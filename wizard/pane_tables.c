// SPDX-License-Identifier: Apache-2.0
/* Tables, busiest first. Columns are counted from the left for the narrow, the wide and the zoomed
 * form; what a pane has more than its form needs goes to the name. The selection sticks to the
 * table, not to the row, because rows move while the run goes on. */
#include "ui/format.h"
#include "ui/text.h"
#include "wizard/dashboard_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* ---- which, and in which order ---- */

static int compare(const void *a, const void *b, void *arg)
{
    const struct dashboard_state *s = arg;
    return table_order(&s->snap.table[*(const uint16_t *)a], &s->snap.table[*(const uint16_t *)b], s->wish.sort);
}

size_t tables_order(const struct dashboard_state *s, uint16_t order[MON_TABLES])
{
    union {
        const struct dashboard_state *lent;
        void *arg;
    } u = {.lent = s};
    size_t n = 0;
    for (uint16_t i = 0; i < TG_MIN(s->snap.ntables, (uint32_t)MON_TABLES); i++) {
        if (table_is_wanted(&s->snap.table[i], &s->wish))
            order[n++] = i;
    }
    qsort_r(order, n, sizeof order[0], compare, u.arg);
    return n;
}

const char *tables_key(const void *arg, size_t row)
{
    const struct tables_order *o = arg;
    return o->s->snap.table[o->order[row]].name;
}

/* ---- words ---- */

/* Where all tables live in one schema its name says nothing. */
static size_t common_schema(const struct mon_snapshot *m)
{
    const char *dot = m->ntables ? strchr(m->table[0].name, '.') : NULL;
    size_t n = dot ? (size_t)(dot - m->table[0].name) + 1 : 0;
    for (uint32_t i = 1; n && i < TG_MIN(m->ntables, (uint32_t)MON_TABLES); i++) {
        if (strncmp(m->table[i].name, m->table[0].name, n) != 0)
            return 0;
    }
    return n;
}

static int percent_of(uint64_t part, uint64_t whole, bool is_over)
{
    if (is_over)
        return 100;
    return whole ? (int)TG_MIN((double)part * 100 / (double)whole, 99.0) : 0;
}

static uint64_t size_of(const struct table_view *t)
{
    return TG_MAX(table_state_is_done(t->state) ? t->bytes_read : t->bytes_guess, t->bytes_loaded);
}

static uint64_t rows_of(const struct table_view *t)
{
    return TG_MAX(table_state_is_done(t->state) ? t->rows_read : t->rows_guess, t->rows_loaded);
}

static const char *state_word(enum table_state state)
{
    switch (state) {
    case TABLE_IN_SYNC:
        return _("in sync");
    case TABLE_VERIFIED:
        return _("verified");
    case TABLE_COPIED:
        return _("copied");
    case TABLE_DIFFERENT:
        return _("differs");
    case TABLE_ASKING:
        return _("asks you");
    case TABLE_FAILED:
        return _("failed");
    case TABLE_COPYING:
        return _("copying");
    default:
        return _("waits");
    }
}

static enum role state_role(enum table_state state)
{
    return state == TABLE_FAILED || state == TABLE_DIFFERENT ? ROLE_BAD
           : state == TABLE_ASKING                           ? ROLE_WARN
           : table_state_is_done(state)                                  ? ROLE_OK
           : state == TABLE_WAITING                          ? ROLE_DIM
                                                             : ROLE_TEXT;
}

static void draw_mark(struct canvas *c, struct rect in, int y, const struct table_view *t,
                      bool is_selected, bool is_focused)
{
    canvas_spot(c, in, (struct rect){y, in.x, 1, in.w}, SPOT_TABLE, table_spot(t->name));
    const char *mark = table_shown_state(t) == TABLE_FAILED || table_shown_state(t) == TABLE_DIFFERENT ? "✗"
                       : table_shown_state(t) == TABLE_ASKING                                    ? "!"
                       : table_state_is_done(table_shown_state(t))                                           ? "✓"
                                                                                           : " ";
    if (is_selected && is_focused) {
        canvas_text(c, in, y, in.x + 1, ROLE_EDGE_FOCUS, "▸");
        c->cursor_y = y;
        c->cursor_x = in.x + 1;
    } else {
        canvas_text(c, in, y, in.x + 1, state_role(table_shown_state(t)), mark);
    }
}

static void put_right(struct canvas *c, struct rect in, int y, int end, enum role role,
                      const char *text)
{
    canvas_right(c, in, y, in.x + end, role, text);
}

/* "84%" or a word, ending before `end`. */
static void put_percent(struct canvas *c, struct rect in, int y, int end, uint64_t part,
                        uint64_t whole, bool is_over)
{
    char text[16];
    snprintf(text, sizeof text, "%d%%", percent_of(part, whole, is_over));
    put_right(c, in, y, end, is_over ? ROLE_OK : ROLE_TEXT, is_over ? _("done") : text);
}

/* ---- rows ---- */

static bool dump_is_over(const struct table_view *t)
{
    return table_state_is_done(t->state) || t->state == TABLE_DIFFERENT;
}

static bool load_is_over(const struct table_view *t)
{
    return table_state_is_done(table_shown_state(t)) || t->state == TABLE_DIFFERENT;
}

static uint64_t load_total(const struct table_view *t)
{
    return dump_is_over(t) && t->bytes_read ? t->bytes_read : t->bytes_guess;
}

static const char *left_word(char out[FMT_SIZE], const struct table_view *t)
{
    int64_t left = t->left_s;
    if (left < 0 && dump_is_over(t) && t->rate > 1 && load_total(t) > t->bytes_loaded)
        left = (int64_t)((double)(load_total(t) - t->bytes_loaded) / t->rate);
    return left < 0 ? "?" : fmt_about(out, left);
}

static void draw_load(struct canvas *c, struct rect in, int y, int bar, int rate_end,
                      const struct table_view *t)
{
    char text[FMT_SIZE];
    if (load_is_over(t) || table_shown_state(t) == TABLE_WAITING) {
        if (table_shown_state(t) == TABLE_WAITING)
            canvas_text(c, in, y, in.x + bar, ROLE_DIM, _("waits"));
        else
            canvas_text(c, in, y, in.x + bar, ROLE_OK, _("done"));
        if (load_is_over(t))
            put_right(c, in, y, rate_end, state_role(table_shown_state(t)), state_word(table_shown_state(t)));
        return;
    }
    double part = load_total(t) ? (double)t->bytes_loaded / (double)load_total(t) : 0;
    canvas_bar(c, in, y, in.x + bar, 6, ROLE_TEXT, TG_MIN(part, 0.99));
    put_percent(c, in, y, bar + 10, t->bytes_loaded, load_total(t), false);
    snprintf(text, sizeof text, "%.1f", t->rate / 1e6);
    put_right(c, in, y, bar + 16, ROLE_TEXT, text);
}

static void draw_narrow_row(struct canvas *c, struct rect in, int y, const struct table_view *t,
                            const char *name)
{
    char a[FMT_SIZE];
    int more = in.w - 44;
    canvas_cut(c, in, y, in.x + 3, 14 + more, ROLE_TEXT, name);
    put_right(c, in, y, 23 + more, ROLE_TEXT, fmt_count(a, rows_of(t)));
    draw_load(c, in, y, 26 + more, 41 + more, t);
}

static void draw_wide_row(struct canvas *c, struct rect in, int y, const struct table_view *t,
                          const char *name)
{
    char a[FMT_SIZE];
    int more = in.w - 66;
    canvas_cut(c, in, y, in.x + 3, 13 + more, ROLE_TEXT, name);
    put_right(c, in, y, 22 + more, ROLE_TEXT, fmt_count(a, rows_of(t)));
    put_right(c, in, y, 32 + more, ROLE_TEXT, fmt_bytes(a, size_of(t)));
    if (table_shown_state(t) == TABLE_WAITING && !t->bytes_read) {
        put_right(c, in, y, 40 + more, ROLE_DIM, _("waits"));
        return;
    }
    put_percent(c, in, y, 40 + more, t->bytes_read, t->bytes_guess, dump_is_over(t));
    draw_load(c, in, y, 42 + more, 63 + more, t);
    if (table_shown_state(t) == TABLE_COPYING || table_shown_state(t) == TABLE_ASKING)
        put_right(c, in, y, 65 + more, ROLE_TEXT, left_word(a, t));
}

static void draw_zoom_row(struct canvas *c, struct rect in, int y, const struct table_view *t)
{
    char a[FMT_SIZE];
    int more = in.w - 78;
    bool waits = table_shown_state(t) == TABLE_WAITING && !t->bytes_read;
    canvas_cut(c, in, y, in.x + 3, 21 + more, ROLE_TEXT, t->name);
    put_right(c, in, y, 30 + more, ROLE_TEXT, fmt_count(a, rows_of(t)));
    put_right(c, in, y, 39 + more, ROLE_TEXT, fmt_bytes(a, size_of(t)));
    if (waits) {
        put_right(c, in, y, 46 + more, ROLE_DIM, _("waits"));
        return;
    }
    put_percent(c, in, y, 46 + more, t->bytes_read, t->bytes_guess, dump_is_over(t));
    put_percent(c, in, y, 53 + more, t->bytes_loaded, load_total(t), load_is_over(t));
    canvas_text(c, in, y, in.x + 56 + more, state_role(table_shown_state(t)), state_word(table_shown_state(t)));
    if (load_is_over(t) || table_shown_state(t) == TABLE_WAITING)
        return;
    snprintf(a, sizeof a, "%.1f", t->rate / 1e6);
    put_right(c, in, y, 70 + more, ROLE_TEXT, a);
    put_right(c, in, y, 76 + more, ROLE_TEXT, left_word(a, t));
}

/* ---- panes ---- */

static const char *sort_word(enum table_sort sort)
{
    static const char *const word[] = {N_("by rate"), N_("by name"), N_("by size"),
                                       N_("by time left")};
    return _(word[sort]);
}

const char *table_selected(const struct dashboard_state *s)
{
    struct tables_order o = {.s = s};
    struct list list = s->tables;
    o.n = tables_order(s, o.order);
    list_sync(&list, o.n, tables_visible(s), tables_key, &o);
    return o.n ? s->snap.table[o.order[list.selected]].name : NULL;
}

size_t tables_visible(const struct dashboard_state *s)
{
    struct rect place[AT_COUNT];
    enum frame frame = dashboard_place(s, s->rows, s->cols, place);
    int h = frame == FRAME_ZOOM ? place[AT_ZOOM].h : place[PANE_TABLES].h;
    bool has_more_row = frame == FRAME_WIDE;
    return h > 3 + has_more_row ? (size_t)(h - 3 - has_more_row) : 1;
}

static void draw_empty(struct canvas *c, struct rect in, const struct dashboard_state *s)
{
    const char *why = s->wish.find[0] || s->wish.show ? _("No table matches. Esc clears the filter.")
                                            : _("The tables are being counted.");
    canvas_text(c, in, in.y + 1, in.x + 3, ROLE_DIM, why);
}

/* Tables that the engine counts as done and that still load. */
static uint32_t loading_count(const struct mon_snapshot *m)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->ntables; i++)
        n += m->table[i].state == TABLE_COPIED && table_shown_state(&m->table[i]) == TABLE_COPYING;
    return TG_MIN(n, m->tables_done);
}

void pane_tables_draw(struct canvas *c, struct rect r, const struct dashboard_state *s)
{
    const struct mon_snapshot *m = &s->snap;
    struct rect in = rect_inside(r);
    bool is_wide = in.w >= 66, is_focused = s->focus == PANE_TABLES;
    uint32_t loading = loading_count(m);
    char title[160], keys[120];
    int n = snprintf(title, sizeof title, _("4 Tables  %u done  %u busy  %u wait"),
                     m->tables_done - loading, m->tables_busy + loading, m->tables_waiting);
    if (m->tables_failed || is_wide)
        n += snprintf(title + n, sizeof title - (size_t)n, _("  %u failed"), m->tables_failed);
    if (s->wish.find[0])
        snprintf(title + n, sizeof title - (size_t)n, "  /%s", s->wish.find);
    pane_box(c, r, s, PANE_TABLES, title, is_wide ? sort_word(s->wish.sort) : NULL);
    size_t schema = common_schema(m);
    if (is_wide) {
        canvas_text(c, in, in.y, in.x, ROLE_DIM, _("   name"));
        canvas_text(c, in, in.y, in.x + in.w - 66 + 17, ROLE_DIM,
                    _("rows       size    dump     load     MB/s   left"));
    } else {
        canvas_text(c, in, in.y, in.x, ROLE_DIM, _("   name"));
        canvas_text(c, in, in.y, in.x + in.w - 44 + 19, ROLE_DIM, _("rows     load       MB/s"));
    }
    struct tables_order o = {.s = s};
    o.n = tables_order(s, o.order);
    int rows = in.h - 1 - (is_wide && in.h >= 6);
    struct list list = s->tables;
    list_sync(&list, o.n, (size_t)TG_MAX(rows, 1), tables_key, &o);
    if (!o.n)
        draw_empty(c, in, s);
    for (int i = 0; i < rows && list.top + (size_t)i < o.n; i++) {
        size_t at = list.top + (size_t)i;
        const struct table_view *t = &m->table[o.order[at]];
        int y = in.y + 1 + i;
        draw_mark(c, in, y, t, at == list.selected, is_focused);
        (is_wide ? draw_wide_row : draw_narrow_row)(c, in, y, t, t->name + schema);
        if (is_focused && at == list.selected)
            canvas_paint(c, (struct rect){y, in.x + 1, 1, in.w - 2}, ROLE_PICK);
    }
    size_t total = s->page                               ? s->page->total - TG_MIN(s->page->offset, s->page->total)
                   : s->wish.find[0] || s->wish.show ? o.n
                                                         : TG_MAX((size_t)m->tables_total, o.n);
    if (is_wide && in.h >= 6) {
        int y = in.y + in.h - 1;
        if (total > list.top + (size_t)rows)
            canvas_textf(c, in, y, in.x + 3, ROLE_DIM, _("… %zu more"),
                         total - list.top - (size_t)rows);
        canvas_text(c, in, y, in.x + 25, ROLE_DIM, keymap_words(&dashboard_keys, IN_PANES, _("/ find    s sort    Enter details"), keys, sizeof keys));
    }
}

static void draw_detail(struct canvas *c, struct rect r, const struct table_view *t)
{
    struct rect in = {r.y + 1, r.x + 2, TG_MAX(r.h - 2, 0), TG_MAX(r.w - 4, 0)};
    char a[FMT_SIZE], b[FMT_SIZE], d[FMT_SIZE];
    int y = in.y;
    canvas_box(c, r, ROLE_EDGE, t->name, NULL);
    canvas_text(c, in, y, in.x, ROLE_DIM, _("state"));
    canvas_text(c, in, y, in.x + 12, state_role(table_shown_state(t)), state_word(table_shown_state(t)));
    if (t->is_keyless)
        canvas_text(c, in, y, in.x + 26, ROLE_WARN,
                    _("! no usable key: copied in one piece, compared as a bag"));
    y++;
    canvas_text(c, in, y, in.x, ROLE_DIM, _("read"));
    canvas_textf(c, in, y++, in.x + 12, ROLE_TEXT, _("%s of ~%s rows, %s"),
                 fmt_exact(a, t->rows_read), fmt_count(b, t->rows_guess),
                 fmt_bytes(d, t->bytes_read));
    canvas_text(c, in, y, in.x, ROLE_DIM, _("loaded"));
    canvas_textf(c, in, y++, in.x + 12, ROLE_TEXT, _("%s rows, %s"), fmt_exact(a, t->rows_loaded),
                 fmt_bytes(b, t->bytes_loaded));
    canvas_text(c, in, y, in.x, ROLE_DIM, _("chunks"));
    canvas_textf(c, in, y++, in.x + 12, ROLE_TEXT, _("%u done, %u busy"), t->chunks_done,
                 t->chunks_busy);
    canvas_text(c, in, y, in.x, ROLE_DIM, _("pace"));
    if (t->left_s >= 0 && !load_is_over(t))
        canvas_textf(c, in, y, in.x + 12, ROLE_TEXT, _("%s, ~%s left"), fmt_rate(a, t->rate),
                     fmt_about(b, t->left_s));
    else
        canvas_text(c, in, y, in.x + 12, ROLE_TEXT, fmt_rate(a, t->rate));
}

void pane_tables_zoom(struct canvas *c, struct rect place[AT_COUNT],
                      const struct dashboard_state *s)
{
    struct rect r = place[AT_ZOOM], in = rect_inside(r), head = place[AT_STAGES];
    struct tables_order o = {.s = s};
    o.n = tables_order(s, o.order);
    int more = in.w - 78, rows = in.h - 1;
    char title[320];
    snprintf(title, sizeof title,
                 _("4 Tables   find: %-10s %zu of %u   sort: %s ▾   show: %s"),
                 s->wish.find[0] ? s->wish.find : _("(all)"), s->page ? (size_t)s->page->total : o.n,
                 TG_MAX(s->snap.tables_total, s->snap.ntables), sort_word(s->wish.sort) + 3,
                 _(table_show_words[s->wish.show]));
    canvas_cut(c, head, head.y, 1, head.w - 2, ROLE_TITLE, title);
    canvas_box(c, r, ROLE_EDGE_FOCUS, _("Tables"), NULL);
    if (in.w >= 78) {
        canvas_text(c, in, in.y, in.x, ROLE_DIM, _("   table"));
        canvas_text(c, in, in.y, in.x + more + 26, ROLE_DIM,
                    _("rows     size   dump   load   state     MB/s  left"));
    } else {
        canvas_text(c, in, in.y, in.x, ROLE_DIM, _("   name"));
        canvas_text(c, in, in.y, in.x + in.w - 44 + 19, ROLE_DIM, _("rows     load       MB/s"));
    }
    struct list list = s->tables;
    list_sync(&list, o.n, (size_t)TG_MAX(rows, 1), tables_key, &o);
    if (!o.n)
        draw_empty(c, in, s);
    for (int i = 0; i < rows && list.top + (size_t)i < o.n; i++) {
        size_t at = list.top + (size_t)i;
        const struct table_view *t = &s->snap.table[o.order[at]];
        draw_mark(c, in, in.y + 1 + i, t, at == list.selected, true);
        if (in.w >= 78)
            draw_zoom_row(c, in, in.y + 1 + i, t);
        else
            draw_narrow_row(c, in, in.y + 1 + i, t, t->name);
        if (at == list.selected)
            canvas_paint(c, (struct rect){in.y + 1 + i, in.x + 1, 1, in.w - 2}, ROLE_PICK);
    }
    const struct table_view *t = o.n ? &s->snap.table[o.order[list.selected]] : NULL;
    if (place[AT_DETAIL].h && t && chunks_are_shown(s, t))
        pane_chunks_draw(c, place[AT_DETAIL], s, t);
    else if (place[AT_DETAIL].h && t)
        draw_detail(c, place[AT_DETAIL], t);
}
