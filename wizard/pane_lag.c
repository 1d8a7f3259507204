// SPDX-License-Identifier: Apache-2.0
/* The last ten minutes of lag, one value a second. The graph scales to its own maximum, and a known
 * zero is a thin line, so that "no lag" and "no news" look different. */
#include "ui/format.h"
#include "ui/text.h"
#include "wizard/dashboard_state.h"

#include <math.h>
#include <stdio.h>

/* Points of the chosen window: their number, and how many seconds each stands for. */
struct span {
    const float *point;
    uint32_t n, most, step;
};

static struct span span_of(const struct lag_view *lag, enum lag_window window)
{
    if (window == LAG_HOUR)
        return (struct span){lag->hour, lag->nhour, MON_LAG_LONG, 3600 / MON_LAG_LONG};
    if (window == LAG_DAY)
        return (struct span){lag->day, lag->nday, MON_LAG_LONG, 86400 / MON_LAG_LONG};
    return (struct span){lag->points, lag->npoints, MON_LAG_POINTS, 1};
}

/* How much time the graph shows: a young run fills it, an old one is seen for ten minutes; or what was chosen. */
static uint32_t window_s(const struct lag_view *lag, enum lag_window window)
{
    if (window != LAG_MINUTES)
        return window == LAG_HOUR ? 3600 : 86400;
    static const uint32_t step[] = {60, 120, 300};
    for (size_t i = 0; i < TG_ARRAY_LEN(step); i++) {
        if (lag->npoints <= step[i])
            return step[i];
    }
    return MON_LAG_POINTS;
}

static double scale_top(const struct span *span)
{
    double top = 4;
    for (uint32_t i = 0; i < span->n && i < span->most; i++)
        top = TG_MAX(top, (double)span->point[i]);
    return ceil(top);
}

/* Fits five cells: "36 s", "120 s", "4 m", "3 h". */
static void axis_label(char *out, size_t size, double seconds)
{
    if (seconds < 600)
        snprintf(out, size, _("%.0f s"), seconds);
    else if (seconds < 6000)
        snprintf(out, size, _("%.0f m"), ceil(seconds / 60));
    else
        snprintf(out, size, _("%.0f h"), TG_MIN(ceil(seconds / 3600), 99.0));
}

/* Labels end before column `axis`; the graph is right of it, `width` wide. */
static void draw_graph(struct canvas *c, struct rect in, int rows, int axis, int width,
                       const struct lag_view *lag, enum lag_window window, bool has_middle)
{
    struct span span = span_of(lag, window);
    double top = scale_top(&span);
    char label[24];
    enum role role = lag->seconds >= 60 ? ROLE_WARN : ROLE_TEXT;
    for (int y = 0; y < rows; y++)
        canvas_text(c, in, in.y + y, in.x + axis, ROLE_EDGE, "│");
    axis_label(label, sizeof label, top);
    canvas_right(c, in, in.y, in.x + axis - 1, ROLE_DIM, label);
    canvas_text(c, in, in.y, in.x + axis, ROLE_EDGE, "┤");
    if (has_middle && rows >= 5) {
        axis_label(label, sizeof label, top / 2);
        canvas_right(c, in, in.y + rows / 2, in.x + axis - 1, ROLE_DIM, label);
        canvas_text(c, in, in.y + rows / 2, in.x + axis, ROLE_EDGE, "┤");
    }
    canvas_right(c, in, in.y + rows - 1, in.x + axis - 1, ROLE_DIM, _("0 s"));
    canvas_text(c, in, in.y + rows - 1, in.x + axis, ROLE_EDGE, "┤");
    canvas_text(c, in, in.y + rows, in.x + axis, ROLE_EDGE, "└");
    for (int x = 0; x < width; x++)
        canvas_text(c, in, in.y + rows, in.x + axis + 1 + x, ROLE_EDGE, "─");
    canvas_graph(c, (struct rect){in.y, in.x + axis + 1, rows, width}, role, span.point,
                 TG_MIN(span.n, span.most), window_s(lag, window) / span.step, top);
}

static void draw_times(struct canvas *c, struct rect in, int y, int x, int width, uint32_t window)
{
    bool is_short = window < 240;
    uint32_t unit = is_short ? 1 : window > 7200 ? 3600 : 60;
    const char *name = is_short ? _("s") : unit == 3600 ? _("h") : _("m");
    char half[24];
    canvas_textf(c, in, y, x, ROLE_DIM, "-%u %s", window / unit, name);
    if (window % (2 * unit) == 0)
        snprintf(half, sizeof half, "-%u %s", window / 2 / unit, name);
    else
        snprintf(half, sizeof half, _("-%u s"), window / 2);
    canvas_right(c, in, y, x + width / 2 + 3, ROLE_DIM, half);
    canvas_right(c, in, y, x + width, ROLE_DIM, _("now"));
}

/* Catch-up time = backlog / (apply rate - write rate), and "never" is an honest answer. */
static enum role catch_up_words(char *out, size_t size, const struct mon_snapshot *m)
{
    const struct lag_view *lag = &m->lag;
    double backlog = (double)(lag->unread_bytes + lag->unapplied_bytes);
    double gain = lag->apply_byte_rate - lag->source_byte_rate;
    char a[FMT_SIZE];
    if (m->state == RUN_FINISHED) {
        snprintf(out, size, "%s", _("catch-up  done"));
        return ROLE_OK;
    }
    if (lag->seconds >= 0 && lag->seconds < 5) {
        bool is_done =
            m->state == RUN_IN_SYNC || m->state == RUN_VERIFYING || m->state == RUN_CUTTING_OVER;
        snprintf(out, size, "%s",
                 is_done ? _("catch-up  done, keeps in step") : _("catch-up  in step so far"));
        return ROLE_OK;
    }
    if (m->state == RUN_PAUSED) {
        snprintf(out, size, "%s", _("catch-up  paused"));
        return ROLE_WARN;
    }
    if (source_is_unseen(m)) {
        snprintf(out, size, "%s", _("catch-up  not known"));
        return ROLE_WARN;
    }
    if (lag->seconds < 0 || (backlog <= 0 && gain <= 0)) {
        snprintf(out, size, "%s", _("catch-up  not known yet"));
        return ROLE_TEXT;
    }
    if (gain <= 0 || backlog / gain > 30 * 86400.0) {
        snprintf(out, size, "%s", _("catch-up  never at this pace"));
        return ROLE_WARN;
    }
    snprintf(out, size, _("catch-up  ~%s"), fmt_about(a, (int64_t)(backlog / gain)));
    return ROLE_TEXT;
}

/* "5,300", or "?" for what is not known. */
static const char *rate_word(char out[FMT_SIZE], double rate)
{
    if (rate < 0)
        snprintf(out, FMT_SIZE, "?");
    else
        fmt_exact(out, (uint64_t)(rate + 0.5));
    return out;
}

static const char *source_word(char out[FMT_SIZE], double rate)
{
    return rate < 0 ? (snprintf(out, FMT_SIZE, "?"), out) : fmt_rate(out, rate);
}

static void draw_rates(struct canvas *c, struct rect in, int y, const struct mon_snapshot *m,
                       bool is_wide)
{
    char a[FMT_SIZE], b[FMT_SIZE], text[80];
    const struct lag_view *lag = &m->lag;
    uint64_t apply_tx = lag->apply_tx_rate > 0 ? (uint64_t)(lag->apply_tx_rate + 0.5) : 0;
    source_word(a, lag->source_byte_rate);
    rate_word(b, lag->source_tx_rate);
    if (is_wide) {
        canvas_textf(c, in, y++, in.x + 1, ROLE_TEXT, _("source now   %-9s   %s tx/s"), a, b);
        canvas_textf(c, in, y++, in.x + 1, ROLE_TEXT, _("apply now    %-9s   %s tx/s"),
                     fmt_rate(a, lag->apply_byte_rate), fmt_exact(b, apply_tx));
    } else {
        canvas_textf(c, in, y++, in.x + 1, ROLE_TEXT, _("source  %-9s  %s tx/s"), a, b);
    }
    enum role role = catch_up_words(text, sizeof text, m);
    canvas_text(c, in, y, in.x + 1, role, text);
}

void pane_lag_draw(struct canvas *c, struct rect r, const struct dashboard_state *s)
{
    struct rect in = rect_inside(r);
    bool is_wide = in.h >= 10 && in.w >= 46, is_applied = s->snap.lag.seconds >= 0;
    int text_rows = is_wide ? 5 : 3, rows = in.h - text_rows;
    int width = in.w - 7 - (is_wide ? 2 : 1);
    char title[64];
    snprintf(title, sizeof title,
             is_applied && is_wide ? _("5 Lag  applied, last %u min") : _("5 Lag  last %u min"),
             window_s(&s->snap.lag, LAG_MINUTES) / 60);
    pane_box(c, r, s, PANE_LAG, title, NULL);
    if (rows < 2) {
        draw_rates(c, in, in.y, &s->snap, false);
        return;
    }
    draw_graph(c, in, rows, 6, width, &s->snap.lag, LAG_MINUTES, false);
    if (is_wide)
        draw_times(c, in, in.y + rows + 1, in.x + 7, width, window_s(&s->snap.lag, LAG_MINUTES));
    draw_rates(c, in, in.y + rows + (is_wide ? 2 : 1), &s->snap, is_wide);
}

/* "1.3 s"; "?" is what nobody has measured. */
static const char *time_word(char out[FMT_SIZE], double seconds)
{
    if (seconds < 0)
        snprintf(out, FMT_SIZE, "?");
    else if (seconds < 1)
        snprintf(out, FMT_SIZE, _("%.0f ms"), seconds * 1000);
    else
        fmt_lag(out, seconds);
    return out;
}

/* A name, a time that ends in one column, a note. */
static void where_line(struct canvas *c, struct rect in, int y, enum role role, const char *name, const char *time, const char *note)
{
    canvas_cut(c, in, y, in.x, 14, role, name);
    canvas_right(c, in, y, in.x + 21, role, time);
    canvas_cut(c, in, y, in.x + 23, in.w - 23, role, note);
}

static void draw_where(struct canvas *c, struct rect r, const struct mon_snapshot *m)
{
    const struct lag_view *l = &m->lag;
    struct rect in = {r.y + 1, r.x + 2, r.h - 2, r.w - 4};
    bool is_rough = l->to_us_is_rough && l->to_us_s >= 0 && l->to_us_s < 1;
    double total = l->to_us_s < 0 || l->wait_s < 0 || l->commit_s < 0 ? -1 : l->to_us_s + l->wait_s + l->commit_s;
    char a[FMT_SIZE], b[FMT_SIZE], note[60];
    int y = in.y;
    canvas_box(c, r, ROLE_EDGE, _("Where the time goes"), NULL);
    where_line(c, in, y++, ROLE_TEXT, _("source to us"), is_rough ? _("< 1 s") : time_word(a, l->to_us_s), _("received"));
    snprintf(note, sizeof note, _("%s tx queued"), fmt_exact(b, l->queued_tx));
    if (text_cells(note) > in.w - 23)
        snprintf(note, sizeof note, _("%s tx"), b);
    where_line(c, in, y++, ROLE_TEXT, _("waiting here"), time_word(a, l->wait_s), note);
    snprintf(note, sizeof note, "p99 %s", time_word(b, l->commit_p99_s));
    where_line(c, in, y++, ROLE_TEXT, _("target commit"), time_word(a, l->commit_s), note);
    where_line(c, in, y++, ROLE_TITLE, _("total"), is_rough && total >= 0 && total < 1 ? _("< 1 s") : time_word(a, total), "");
    where_line(c, in, y++, ROLE_DIM, _("source silent"), fmt_lag(a, l->silent_s), "");
    canvas_textf(c, in, y++, in.x, ROLE_TEXT, _("unread %s   not applied %s"), source_is_unseen(m) ? "?" : fmt_bytes(a, l->unread_bytes),
                 fmt_bytes(b, l->unapplied_bytes));
}

const struct lag_peak *lag_peak_shown(const struct dashboard_state *s)
{
    static const unsigned peaks[] = {[LAG_MINUTES] = MON_PEAK_MINUTES, [LAG_HOUR] = MON_PEAK_HOUR, [LAG_DAY] = MON_PEAK_DAY};
    const struct lag_peak *p = &s->snap.lag.peak[peaks[s->window]];
    return p->at_ms ? p : NULL;
}

static void draw_peak(struct canvas *c, struct rect in, int y, const struct dashboard_state *s)
{
    const struct lag_peak *p = lag_peak_shown(s);
    char clock[FMT_SIZE], a[FMT_SIZE];
    if (!p)
        return;
    fmt_clock(clock, p->at_ms);
    canvas_textf(c, in, y, in.x, ROLE_TEXT, _("largest %.5s  %s transaction"), clock, fmt_bytes(a, p->bytes));
    int x = in.x + 8 + canvas_textf(c, in, y + 1, in.x + 8, ROLE_DIM, _("%s on "), p->action);
    canvas_cut(c, in, y + 1, x, in.x + in.w - x, ROLE_DIM, p->table);
}

static void draw_rate_box(struct canvas *c, struct rect r, const struct dashboard_state *s)
{
    const struct mon_snapshot *m = &s->snap;
    const struct lag_view *l = &m->lag;
    struct rect in = {r.y + 1, r.x + 2, r.h - 2, r.w - 4};
    char a[FMT_SIZE], b[FMT_SIZE], text[80];
    int y = in.y;
    canvas_box(c, r, ROLE_EDGE, _("Rates"), NULL);
    canvas_textf(c, in, y++, in.x, ROLE_TEXT, _("source writes %7s tx/s %9s"), rate_word(a, l->source_tx_rate), source_word(b, l->source_byte_rate));
    canvas_textf(c, in, y++, in.x, ROLE_TEXT, _("we apply      %7s tx/s %9s"), rate_word(a, l->apply_tx_rate), fmt_rate(b, l->apply_byte_rate));
    canvas_textf(c, in, y++, in.x, ROLE_TEXT, _("could apply  %8s tx/s %9s"),
                 l->could_tx_rate < 0 ? "?" : (snprintf(text, sizeof text, "~%s", rate_word(a, l->could_tx_rate)), text),
                 l->could_byte_rate < 0 ? "?" : fmt_rate(b, l->could_byte_rate));
    if (l->conflicts < 0)
        canvas_text(c, in, y++, in.x, ROLE_TEXT, _("conflicts           ? run in order"));
    else
        canvas_textf(c, in, y++, in.x, ROLE_TEXT, _("conflicts     %5.1f %% run in order"), l->conflicts * 100);
    if (lag_peak_shown(s)) {
        draw_peak(c, in, y, s);
        return;
    }
    enum role role = catch_up_words(text, sizeof text, m);
    canvas_text(c, in, y + 1, in.x, role, text);
}

void pane_lag_zoom(struct canvas *c, struct rect place[AT_COUNT], const struct dashboard_state *s)
{
    struct rect r = place[AT_ZOOM], in = rect_inside(r), head = place[AT_STAGES];
    static const char *const choice[] = {"10 m", "1 h", "24 h"};
    int x = 1 + canvas_text(c, head, head.y, 1, ROLE_TITLE, _("5 Lag   window:"));
    for (int i = 0; i < LAG_WINDOWS; i++)
        x += canvas_textf(c, head, head.y, x, (int)s->window == i ? ROLE_TITLE : ROLE_DIM, (int)s->window == i ? " < %s >" : "  %s ", choice[i]);
    if (s->cols >= 80) {
        char words[80];
        enum role role = catch_up_words(words, sizeof words, &s->snap);
        canvas_right(c, head, head.y, head.x + head.w - 1, role, words);
        if (x + 2 + text_cells(_("scale: linear")) + 2 + text_cells(words) < head.w)
            canvas_text(c, head, head.y, x + 2, ROLE_DIM, _("scale: linear"));
    }
    canvas_box(c, r, ROLE_EDGE_FOCUS, _("Seconds behind the source (applied)"), NULL);
    canvas_text(c, r, r.y, r.x + 1, ROLE_EDGE_FOCUS, "▸");
    c->cursor_y = r.y;
    c->cursor_x = r.x + 1;
    if (in.h >= 5) {
        draw_graph(c, in, in.h - 2, 7, in.w - 12, &s->snap.lag, s->window, true);
        draw_times(c, in, in.y + in.h - 1, in.x + 8, in.w - 12, window_s(&s->snap.lag, s->window));
    }
    if (place[AT_DETAIL].h) {
        draw_where(c, place[AT_DETAIL], &s->snap);
        draw_rate_box(c, place[AT_DETAIL_2], s);
    }
}
