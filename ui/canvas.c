// SPDX-License-Identifier: Apache-2.0
/* Every write ends in put(), which is the one place that checks bounds and repairs a wide glyph of
 * which one half is overwritten. Texts are walked once, character by character; the glyph set is
 * applied on the way in, so the cells always hold what will be shown. */
#include "ui/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void canvas_init(struct canvas *c, int rows, int cols, enum glyph_set glyphs)
{
    rows = TG_MIN(TG_MAX(rows, 1), 1000);
    cols = TG_MIN(TG_MAX(cols, 1), 2000);
    *c = (struct canvas){.rows = rows, .cols = cols, .glyphs = glyphs};
    if (glyphs == GLYPHS_AUTO)
        c->glyphs = glyph_set_default();
    c->cells = x_alloc((size_t)rows * (size_t)cols * sizeof *c->cells);
    canvas_clear(c);
}

void canvas_release(struct canvas *c)
{
    free(c->cells);
    free(c->spot);
    *c = (struct canvas){0};
}

static void blank(struct cell *cell, enum role role)
{
    *cell = (struct cell){.glyph = " ", .n = 1, .width = 1, .role = (uint8_t)role};
}

void canvas_clear(struct canvas *c)
{
    for (int i = 0; i < c->rows * c->cols; i++)
        blank(&c->cells[i], ROLE_TEXT);
    c->cursor_y = c->cursor_x = -1;
    c->nspots = 0;
    c->lost = 0;
}

static struct cell *at(struct canvas *c, int y, int x)
{
    return &c->cells[(size_t)y * (size_t)c->cols + (size_t)x];
}

/* Whoever writes on one half of a wide glyph turns the other half into a space. */
static void mend(struct canvas *c, int y, int x)
{
    struct cell *cell = at(c, y, x);
    if (cell->width == 0 && x > 0)
        blank(at(c, y, x - 1), at(c, y, x - 1)->role);
    if (cell->width == 2 && x + 1 < c->cols)
        blank(at(c, y, x + 1), at(c, y, x + 1)->role);
}

static bool is_in(const struct canvas *c, struct rect clip, int y, int x)
{
    return y >= clip.y && y < clip.y + clip.h && x >= clip.x && x < clip.x + clip.w && y >= 0 &&
           x >= 0 && y < c->rows && x < c->cols;
}

static void put(struct canvas *c, struct rect clip, int y, int x, enum role role, uint32_t glyph,
                int width)
{
    bool left = is_in(c, clip, y, x), right = width == 2 && is_in(c, clip, y, x + 1);
    if (left)
        mend(c, y, x);
    if (right)
        mend(c, y, x + 1);
    if (width == 2 && !(left && right)) {
        if (left)
            blank(at(c, y, x), role);
        if (right)
            blank(at(c, y, x + 1), role);
        return;
    }
    if (!left)
        return;
    struct cell *cell = at(c, y, x);
    *cell = (struct cell){.width = (uint8_t)width, .role = (uint8_t)role};
    cell->n = (uint8_t)utf8_put(cell->glyph, glyph);
    if (right)
        *at(c, y, x + 1) = (struct cell){.role = (uint8_t)role};
}

/* A combining mark joins the cell before it; one without a base takes no cell and vanishes. */
static void join(struct canvas *c, struct rect clip, int y, int x, uint32_t mark)
{
    if (!is_in(c, clip, y, x))
        return;
    struct cell *cell = at(c, y, x);
    if (cell->width == 0 && x > 0)
        cell = at(c, y, x - 1);
    char bytes[4];
    size_t n = utf8_put(bytes, mark);
    if (cell->n + n <= sizeof cell->glyph) {
        memcpy(cell->glyph + cell->n, bytes, n);
        cell->n = (uint8_t)(cell->n + n);
    }
}

static int text_n(struct canvas *c, struct rect clip, int y, int x, enum role role,
                  const char *text, size_t n, int limit)
{
    const char *end = text + n;
    uint32_t ch;
    int used = 0, width;
    while ((width = text_next(&text, end, &ch)) >= 0) {
        if (used + width > limit)
            break;
        uint32_t glyph = glyph_map(c->glyphs, ch);
        c->lost += ch != ' ' && y >= clip.y && y < clip.y + clip.h && (x + used < clip.x || x + used + width > clip.x + clip.w);
        if (width == 0) {
            if (used > 0 && glyph >= 0x80)
                join(c, clip, y, x + used - 1, glyph);
        } else if (width == 2 && glyph < 0x80) {
            put(c, clip, y, x + used, role, glyph, 1);
            put(c, clip, y, x + used + 1, role, glyph, 1);
        } else {
            put(c, clip, y, x + used, role, glyph, width);
        }
        used += width;
    }
    return used;
}

int canvas_text(struct canvas *c, struct rect clip, int y, int x, enum role role, const char *text)
{
    return text_n(c, clip, y, x, role, text, strlen(text), 1 << 20);
}

int canvas_textf(struct canvas *c, struct rect clip, int y, int x, enum role role, const char *fmt,
                 ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return canvas_text(c, clip, y, x, role, text);
}

int canvas_right(struct canvas *c, struct rect clip, int y, int end, enum role role,
                 const char *text)
{
    return canvas_text(c, clip, y, end - text_cells(text), role, text);
}

int canvas_cut(struct canvas *c, struct rect clip, int y, int x, int width, enum role role,
               const char *text)
{
    if (width <= 0)
        return 0;
    if (text_cells(text) <= width)
        return canvas_text(c, clip, y, x, role, text);
    const char *mark = c->glyphs == GLYPHS_SAFE ? ".." : "…";
    int mark_cells = text_cells(mark);
    if (width < mark_cells)
        return text_n(c, clip, y, x, role, text, strlen(text), width);
    int used = text_n(c, clip, y, x, role, text, strlen(text), width - mark_cells);
    return used + canvas_text(c, clip, y, x + used, role, mark);
}

/* Chinese has no spaces: a line may end beside any wide character, but closing marks stay with what they close, and
 * opening ones with what they open. */
static bool is_break(uint32_t left, int left_width, uint32_t right, int right_width)
{
    static const uint32_t closing[] = {0x2019, 0x201d, 0x2026, 0x3001, 0x3002, 0x300b, 0x300d, 0x300f, 0x3011, 0xff01, 0xff09, 0xff0c, 0xff1a, 0xff1b, 0xff1f};
    static const uint32_t opening[] = {0x2018, 0x201c, 0x300a, 0x300c, 0x300e, 0x3010, 0xff08};
    if (left_width != 2 && right_width != 2)
        return false;
    for (size_t i = 0; i < TG_ARRAY_LEN(closing); i++)
        if (right == closing[i])
            return false;
    if (right && right < 0x80 && strchr(",.;:!?)", (int)right))
        return false;
    for (size_t i = 0; i < TG_ARRAY_LEN(opening); i++)
        if (left == opening[i])
            return false;
    return true;
}

/* The end of the piece of text that fits into `width` cells: the last space that fits, else
 * mid-word. */
static const char *line_end(const char *text, const char *end, int width)
{
    const char *p = text, *stop = NULL; /* stop: the last place where the line may end */
    int used = 0, last_width = 0;
    uint32_t last = 0;
    while (p < end) {
        const char *before = p;
        uint32_t ch;
        if (*p == '\n')
            return before;
        int width_here = text_next(&p, end, &ch);
        if (before > text && is_break(last, last_width, ch, width_here))
            stop = before;
        used += width_here > 0 ? width_here : 0;
        if (used > width)
            return stop ? stop : before > text ? before : p;
        if (*before == ' ')
            stop = before;
        last = ch;
        last_width = width_here;
    }
    return end;
}

int canvas_wrap(struct canvas *c, struct rect r, int hang, enum role role, const char *text)
{
    const char *end = text + strlen(text);
    int row = 0;
    while (text < end && r.w > 0) {
        int indent = row ? TG_MIN(hang, r.w - 1) : 0;
        const char *stop = line_end(text, end, r.w - indent);
        if (row < r.h)
            text_n(c, r, r.y + row, r.x + indent, role, text, (size_t)(stop - text), r.w - indent);
        row++;
        text = stop;
        if (text < end && (*text == ' ' || *text == '\n'))
            text++;
    }
    return row;
}

void canvas_fill(struct canvas *c, struct rect r, enum role role, char with)
{
    for (int y = TG_MAX(r.y, 0); y < TG_MIN(r.y + r.h, c->rows); y++)
        for (int x = TG_MAX(r.x, 0); x < TG_MIN(r.x + r.w, c->cols); x++)
            put(c, r, y, x, role, (uint32_t)(unsigned char)with, 1);
}

void canvas_paint(struct canvas *c, struct rect r, enum role role)
{
    for (int y = TG_MAX(r.y, 0); y < TG_MIN(r.y + r.h, c->rows); y++)
        for (int x = TG_MAX(r.x, 0); x < TG_MIN(r.x + r.w, c->cols); x++)
            at(c, y, x)->role = (uint8_t)role;
}

void canvas_box(struct canvas *c, struct rect r, enum role edge, const char *title,
                const char *right)
{
    if (r.h < 2 || r.w < 2)
        return;
    int bottom = r.y + r.h - 1, last = r.x + r.w - 1;
    for (int x = r.x + 1; x < last; x++) {
        canvas_text(c, r, r.y, x, edge, "─");
        canvas_text(c, r, bottom, x, edge, "─");
    }
    for (int y = r.y + 1; y < bottom; y++) {
        canvas_text(c, r, y, r.x, edge, "│");
        canvas_text(c, r, y, last, edge, "│");
    }
    canvas_text(c, r, r.y, r.x, edge, "┌");
    canvas_text(c, r, r.y, last, edge, "┐");
    canvas_text(c, r, bottom, r.x, edge, "└");
    canvas_text(c, r, bottom, last, edge, "┘");
    enum role title_role = edge == ROLE_EDGE_FOCUS ? ROLE_EDGE_FOCUS : ROLE_TITLE;
    int right_cells = right && right[0] ? text_cells(right) + 3 : 0;
    if (title && r.w > 6) {
        if (text_cells(title) + right_cells + 4 > r.w)
            right_cells = 0;
        canvas_text(c, r, r.y, r.x + 1, edge, " ");
        int used = canvas_cut(c, r, r.y, r.x + 2, r.w - 4, title_role, title);
        canvas_text(c, r, r.y, r.x + 2 + used, edge, " ");
    }
    if (right_cells && right_cells + 2 < r.w) {
        canvas_text(c, r, r.y, last - right_cells, edge, " ");
        canvas_text(c, r, r.y, last - right_cells + 1, edge, right);
        canvas_text(c, r, r.y, last - 2, edge, " ");
    }
}

void canvas_bar(struct canvas *c, struct rect clip, int y, int x, int width, enum role role,
                double part)
{
    static const char *const eighth[] = {"░", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    if (!(part > 0))
        part = 0;
    long filled = (long)(TG_MIN(part, 1.0) * width * 8 + 1e-9);
    for (int i = 0; i < width; i++) {
        long here = filled - (long)i * 8;
        if (here >= 8)
            canvas_text(c, clip, y, x + i, role, "█");
        else
            canvas_text(c, clip, y, x + i, here > 0 ? role : ROLE_DIM, eighth[here > 0 ? here : 0]);
    }
}

/* The highest value of the column that ends `from_end` columns before now; -1 if none is known. */
static double column_value(const float *value, size_t n, size_t span, int columns, int from_end)
{
    size_t newest = (size_t)((double)from_end * (double)span / columns);
    size_t oldest = (size_t)((double)(from_end + 1) * (double)span / columns);
    double highest = -1;
    if (oldest <= newest)
        oldest = newest + 1;
    for (size_t age = newest; age < oldest && age < n; age++)
        highest = TG_MAX(highest, (double)value[n - 1 - age]);
    return highest;
}

void canvas_graph(struct canvas *c, struct rect r, enum role role, const float *value, size_t n,
                  size_t span, double top)
{
    static const char *const step[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    if (r.w <= 0 || r.h <= 0 || !(top > 0))
        return;
    for (int column = 0; column < r.w; column++) {
        double v = column_value(value, n, span, r.w, r.w - 1 - column);
        if (!(v >= 0))
            continue;
        long height = (long)(TG_MIN(v / top, 1.0) * r.h * 8 + 0.5);
        height = TG_MAX(height, 1); /* a known zero is a thin line, unlike the unknown */
        for (int row = 0; row < r.h; row++) {
            long here = height - (long)(r.h - 1 - row) * 8;
            if (here > 0)
                canvas_text(c, r, r.y + row, r.x + column, role, step[TG_MIN(here, 8L) - 1]);
        }
    }
}

void canvas_spot(struct canvas *c, struct rect clip, struct rect r, int what, int64_t n)
{
    int top = TG_MAX(clip.y, r.y), left = TG_MAX(clip.x, r.x);
    int bottom = TG_MIN(clip.y + clip.h, r.y + r.h), right = TG_MIN(clip.x + clip.w, r.x + r.w);
    if (!c->cells || bottom <= top || right <= left) /* no cells: drawn only to be measured */
        return;
    if (c->nspots == c->spots_room) {
        c->spots_room = c->spots_room ? c->spots_room * 2 : 64;
        c->spot = x_realloc(c->spot, c->spots_room * sizeof *c->spot);
    }
    c->spot[c->nspots++] = (struct spot){{top, left, bottom - top, right - left}, what, n};
}

void canvas_point(const struct canvas *c, struct input *in)
{
    in->what = 0;
    for (size_t i = c->nspots; i-- > 0 && !in->what;) {
        const struct spot *s = &c->spot[i];
        if (in->y < s->r.y || in->y >= s->r.y + s->r.h || in->x < s->r.x || in->x >= s->r.x + s->r.w)
            continue;
        in->what = s->what;
        in->n = s->n;
        in->cell = in->x - s->r.x;
        in->cells = s->r.w;
    }
}

void canvas_print(const struct canvas *c, struct buf *out)
{
    for (int y = 0; y < c->rows; y++) {
        size_t start = out->n;
        for (int x = 0; x < c->cols; x++) {
            const struct cell *cell = &c->cells[(size_t)y * (size_t)c->cols + (size_t)x];
            buf_add(out, cell->glyph, cell->n);
        }
        while (out->n > start && out->p[out->n - 1] == ' ')
            out->p[--out->n] = 0;
        buf_addc(out, '\n');
    }
}

void canvas_print_roles(const struct canvas *c, struct buf *out)
{
    static const char letter[ROLE_COUNT + 1] = ".dTefPkowb";
    for (int y = 0; y < c->rows; y++) {
        size_t start = out->n;
        for (int x = 0; x < c->cols; x++) {
            const struct cell *cell = &c->cells[(size_t)y * (size_t)c->cols + (size_t)x];
            bool is_plain_space = cell->role != ROLE_PICK && cell->n == 1 && cell->glyph[0] == ' ';
            buf_addc(out, is_plain_space ? ' ' : letter[cell->role]);
        }
        while (out->n > start && out->p[out->n - 1] == ' ')
            out->p[--out->n] = 0;
        buf_addc(out, '\n');
    }
}

bool canvas_same(const struct cell *a, const struct cell *b)
{
    return a->n == b->n && a->width == b->width && a->role == b->role &&
           memcmp(a->glyph, b->glyph, a->n) == 0;
}
