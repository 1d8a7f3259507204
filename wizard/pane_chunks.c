// SPDX-License-Identifier: Apache-2.0
/* The chunks of one table that are under way, by key. What comes behind them is known as stretches of the key, not as
 * chunks: how many they will be is decided while they are cut. */
#include "base/retell.h"
#include "ui/format.h"
#include "ui/text.h"
#include "wizard/dashboard_state.h"

#include <stdio.h>

bool dashboard_wants_chunks(const struct dashboard_state *s, char table[130], uint32_t *offset)
{
    struct rect place[AT_COUNT];
    const char *name = table_selected(s);
    bool is_shown = s->is_zoomed && s->focus == PANE_TABLES && !s->is_cutover && s->has_snapshot && !s->is_gone;
    if (!is_shown || !name || dashboard_place(s, s->rows, s->cols, place) != FRAME_ZOOM || !place[AT_DETAIL].h)
        return false;
    snprintf(table, 130, "%s", name);
    *offset = s->is_chunks ? s->chunks_top / MON_CHUNKS * MON_CHUNKS : 0;
    return true;
}

void dashboard_take_chunks(struct dashboard_state *s, const struct chunks_view *v)
{
    s->chunks = *v;
    s->chunks.n = TG_MIN(s->chunks.n, (uint32_t)MON_CHUNKS);
    if (s->chunks_top >= s->chunks.total)
        s->chunks_top = s->chunks.total ? s->chunks.total - 1 : 0;
}

/* In the small box only while there is something to see. */
bool chunks_are_shown(const struct dashboard_state *s, const struct table_view *t)
{
    const struct chunks_view *v = &s->chunks;
    bool is_its = strcmp(v->table, t->name) == 0 && !t->is_keyless;
    return is_its && (s->is_chunks || v->total > v->count[CHUNK_DONE] || v->ranges);
}

bool chunks_feed(struct dashboard_state *s, int key)
{
    int64_t top = s->chunks_top, last = (int64_t)s->chunks.total - 1;
    switch (key) {
    case K_UP:
    case 'k':
        top--;
        break;
    case K_DOWN:
    case 'j':
        top++;
        break;
    case K_PAGE_UP:
    case K_CTRL('b'):
        top -= 10;
        break;
    case K_PAGE_DOWN:
    case K_CTRL('f'):
        top += 10;
        break;
    case K_HOME:
    case 'g':
        top = 0;
        break;
    case K_END:
    case 'G':
        top = last;
        break;
    default:
        return false;
    }
    s->chunks_top = (uint32_t)TG_MAX(TG_MIN(top, last), 0);
    return true;
}

static const char *dump_word(char *out, size_t size, const struct chunk_view *k)
{
    char bytes[FMT_SIZE];
    if (k->state == CHUNK_READING && k->percent >= 0)
        snprintf(out, size, _("reading %d%%"), k->percent);
    else if (k->state == CHUNK_READING)
        snprintf(out, size, "%s", _("reading"));
    else
        snprintf(out, size, _("read %s"), fmt_bytes(bytes, k->bytes));
    return out;
}

static const char *load_word(enum chunk_state state, enum role *role)
{
    *role = state == CHUNK_DONE ? ROLE_OK : state == CHUNK_ASKING ? ROLE_WARN : state == CHUNK_LOADING ? ROLE_TEXT : ROLE_DIM;
    return state == CHUNK_DONE      ? _("done")
           : state == CHUNK_ASKING  ? _("! asks you")
           : state == CHUNK_LOADING ? _("loading")
           : state == CHUNK_QUEUED  ? _("queued")
           : state == CHUNK_PASSING ? _("held")
                                    : "";
}

/* Columns of 76 cells; what there is more goes to the two ends of the range. */
static void draw_chunk(struct canvas *c, struct rect in, int y, const struct chunk_view *k)
{
    char text[FMT_SIZE];
    enum role role;
    int more = TG_MAX(in.w - 76, 0) / 2, word = in.w >= 70 ? 13 : 11;
    int wide = in.w >= 70 ? 15 + more : 11, x = in.x + 7;
    canvas_right(c, in, y, in.x + 5, ROLE_TEXT, fmt_exact(text, k->number));
    canvas_cut(c, in, y, x, wide, ROLE_TEXT, k->from[0] ? k->from : _("(begin)"));
    x += wide + 1;
    canvas_cut(c, in, y, x, wide, ROLE_TEXT, k->to[0] ? k->to : _("(end)"));
    x += wide + 1;
    if (in.w >= 70) {
        if (k->state != CHUNK_READING)
            canvas_right(c, in, y, x + 8, ROLE_TEXT, fmt_exact(text, k->rows));
        x += 11;
    }
    canvas_cut(c, in, y, x, word, k->state == CHUNK_READING ? ROLE_TEXT : ROLE_DIM, dump_word(text, sizeof text, k));
    x += word + 1;
    const char *load = load_word(k->state, &role);
    canvas_cut(c, in, y, x, in.x + in.w - x, role, load);
}

static void draw_head(struct canvas *c, struct rect in, int y)
{
    int more = TG_MAX(in.w - 76, 0) / 2, wide = in.w >= 70 ? 15 + more : 11, x = in.x + 7;
    canvas_text(c, in, y, in.x, ROLE_DIM, _("chunk"));
    canvas_text(c, in, y, x, ROLE_DIM, _("key from"));
    x += wide + 1;
    canvas_text(c, in, y, x, ROLE_DIM, _("to"));
    x += wide + 1;
    if (in.w >= 70) {
        canvas_right(c, in, y, x + 8, ROLE_DIM, _("rows"));
        x += 11;
    }
    canvas_text(c, in, y, x, ROLE_DIM, _("dump"));
    canvas_text(c, in, y, x + (in.w >= 70 ? 14 : 12), ROLE_DIM, _("load"));
}

static void draw_sum(struct canvas *c, struct rect in, int y, const struct chunks_view *v)
{
    char a[FMT_SIZE], come[80];
    if (!v->ranges)
        snprintf(come, sizeof come, "%s", _("0 to come"));
    else if (v->rows_left)
        snprintf(come, sizeof come, _("~%s rows left"), fmt_count(a, v->rows_left));
    else
        snprintf(come, sizeof come, "%s", _("more to come"));
    char sum[300], failed[40];
    snprintf(sum, sizeof sum, _("%s done  %u loading  %u queued  %u reading  %s"), fmt_exact(a, v->done), v->count[CHUNK_LOADING],
             v->count[CHUNK_QUEUED] + v->count[CHUNK_PASSING], v->count[CHUNK_READING], come);
    snprintf(failed, sizeof failed, _("%u failed"), v->count[CHUNK_ASKING]);
    int room = in.w - text_cells(failed) - 2; /* what failed is said whatever else there is no room for */
    int used = canvas_cut(c, in, y, in.x, room, ROLE_TEXT, sum);
    canvas_text(c, in, y, in.x + used + 2, v->count[CHUNK_ASKING] ? ROLE_WARN : ROLE_TEXT, failed);
}

/* The first row of the list: where the person has scrolled to; in the small box the first that is not done. */
static uint32_t first_row(const struct dashboard_state *s, uint32_t rows)
{
    const struct chunks_view *v = &s->chunks;
    uint32_t at = 0, most = v->n > rows ? v->n - rows : 0;
    if (s->is_chunks)
        return s->chunks_top >= v->offset ? TG_MIN(s->chunks_top - v->offset, most) : 0;
    while (at < most && v->chunk[at].state == CHUNK_DONE)
        at++;
    return at;
}

void pane_chunks_draw(struct canvas *c, struct rect r, const struct dashboard_state *s, const struct table_view *t)
{
    const struct chunks_view *v = &s->chunks;
    struct rect in = {r.y + 1, r.x + 2, TG_MAX(r.h - 2, 0), TG_MAX(r.w - 4, 0)};
    bool is_retried = v->retried > 0;
    int rows = in.h - 2 - is_retried;
    char title[240];
    snprintf(title, sizeof title, _("%s   by %s"), t->name, v->key);
    canvas_box(c, r, s->is_chunks ? ROLE_EDGE_FOCUS : ROLE_EDGE, title, NULL);
    draw_head(c, in, in.y);
    uint32_t first = first_row(s, (uint32_t)TG_MAX(rows, 0));
    for (int i = 0; i < rows && first + (uint32_t)i < v->n; i++)
        draw_chunk(c, in, in.y + 1 + i, &v->chunk[first + (uint32_t)i]);
    if (!v->n && rows > 0)
        canvas_text(c, in, in.y + 1, in.x + 7, ROLE_DIM, _("no chunk is under way"));
    draw_sum(c, in, in.y + in.h - 1 - is_retried, v);
    if (is_retried) {
        char line[200];
        snprintf(line, sizeof line, v->retried == 1 ? _("retried %u time: %s") : _("retried %u times, the last time: %s"), v->retried, retell(v->why));
        canvas_cut(c, in, in.y + in.h - 1, in.x, in.w, ROLE_DIM, line);
    }
    if (s->is_chunks) {
        c->cursor_y = r.y;
        c->cursor_x = r.x + 1;
        canvas_text(c, r, r.y, r.x + 1, ROLE_EDGE_FOCUS, "▸");
    }
}
