// SPDX-License-Identifier: Apache-2.0
/* One table holds every glyph we draw ourselves, with its stand-ins. Those are one cell wide by
 * decree, whatever the locale says: a terminal that disagrees is given another set. All else asks
 * wcwidth. */
#include "ui/glyphs.h"

#include "base/text.h"

#include <langinfo.h>
#include <stdlib.h>
#include <wchar.h>

struct glyph_row {
    uint32_t lines;
    uint32_t safe;
    char ascii;
};

/* Sorted by code point. */
static const struct glyph_row rows[] = {
    {0x00b7, '.', '.'},    {0x00d7, 'x', 'x'},    {0x2013, '-', '-'},    {0x2014, '-', '-'},
    {0x2018, '\'', '\''},  {0x2019, '\'', '\''},  {0x201c, '"', '"'},    {0x201d, '"', '"'},
    {0x2022, '*', '*'},    {0x2026, '~', '~'},    {0x2190, '<', '<'},    {0x2191, '^', '^'},
    {0x2192, '>', '>'},    {0x2193, 'v', 'v'},    {0x2500, '-', '-'},    {0x2502, '|', '|'},
    {0x250c, '+', '+'},    {0x2510, '+', '+'},    {0x2514, '+', '+'},    {0x2518, '+', '+'},
    {0x251c, '+', '+'},    {0x2524, '+', '+'},    {0x2581, '.', '.'},    {0x2582, '.', '.'},
    {0x2583, ':', ':'},    {0x2584, ':', ':'},    {0x2585, '=', '='},    {0x2586, '=', '='},
    {0x2587, '#', '#'},    {0x2588, '#', '#'},    {0x2589, '#', '#'},    {0x258a, ':', ':'},
    {0x258b, ':', ':'},    {0x258c, ':', ':'},    {0x258d, '.', '.'},    {0x258e, '.', '.'},
    {0x258f, '.', '.'},    {0x2591, '.', '.'},    {0x25b2, '^', '^'},    {0x25b8, 0x25b8, '>'},
    {0x25be, 0x25be, 'v'}, {0x2713, 0x2713, '*'}, {0x2717, 0x2717, 'X'},
};

static const struct glyph_row *find(uint32_t c)
{
    size_t low = 0, high = TG_ARRAY_LEN(rows);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (rows[middle].lines == c)
            return &rows[middle];
        if (rows[middle].lines < c)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

bool glyph_set_parse(const char *name, enum glyph_set *out)
{
    static const char *const names[] = {"auto", "lines", "safe", "ascii"};
    for (size_t i = 0; i < TG_ARRAY_LEN(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            *out = (enum glyph_set)i;
            return true;
        }
    }
    return false;
}

enum glyph_set glyph_set_default(void)
{
    const char *term = getenv("TERM");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        return GLYPHS_ASCII;
    return term && strcmp(term, "linux") == 0 ? GLYPHS_ASCII : GLYPHS_LINES;
}

enum glyph_set glyph_set_judge(const int column[GLYPH_SAMPLES])
{
    bool is_wide = false;
    for (int i = 0; i < GLYPH_SAMPLES; i++) {
        if (column[i] < 2 || column[i] > 3)
            return GLYPHS_ASCII;
        is_wide |= column[i] == 3 && i + 1 < GLYPH_SAMPLES;
    }
    return is_wide ? GLYPHS_SAFE : GLYPHS_LINES;
}

const char *glyphs_lack_chinese(enum glyph_set set)
{
    const char *term = getenv("TERM");
    if (term && strcmp(term, "linux") == 0)
        return N_("the Linux console has no Chinese glyphs");
    return set == GLYPHS_ASCII ? N_("seven-bit glyphs show no Chinese") : NULL;
}

uint32_t glyph_map(enum glyph_set set, uint32_t c)
{
    if (c < 0x80 || set == GLYPHS_LINES || set == GLYPHS_AUTO)
        return c;
    const struct glyph_row *row = find(c);
    if (row)
        return set == GLYPHS_ASCII ? (uint32_t)(unsigned char)row->ascii : row->safe;
    return set == GLYPHS_ASCII ? '?' : c;
}

/* Direction marks and overrides could make a name read as another one. */
static bool is_hidden(uint32_t c)
{
    return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb);
}

int glyph_width(uint32_t c)
{
    if (c < 0x20 || (c >= 0x7f && c < 0xa0) || is_hidden(c))
        return -1;
    if (c < 0x7f || find(c))
        return 1;
    int width = wcwidth((wchar_t)c);
    return width < 0 ? 1 : TG_MIN(width, 2);
}

uint32_t utf8_next(const char **p, const char *end)
{
    const unsigned char *s = (const unsigned char *)*p;
    size_t have = (size_t)(end - *p), need = 1;
    uint32_t c = s[0], least = 0;
    if (s[0] >= 0xf0 && s[0] < 0xf5) {
        need = 4, c = s[0] & 7u, least = 0x10000;
    } else if (s[0] >= 0xe0 && s[0] < 0xf0) {
        need = 3, c = s[0] & 15u, least = 0x800;
    } else if (s[0] >= 0xc2 && s[0] < 0xe0) {
        need = 2, c = s[0] & 31u, least = 0x80;
    } else if (s[0] >= 0x80) {
        (*p)++;
        return '?';
    }
    for (size_t i = 1; i < need; i++) {
        if (i >= have || (s[i] & 0xc0) != 0x80) {
            (*p)++;
            return '?';
        }
        c = c << 6 | (s[i] & 63u);
    }
    if (c < least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) {
        (*p)++;
        return '?';
    }
    *p += need;
    return c;
}

size_t utf8_put(char out[4], uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 63));
        out[2] = (char)(0x80 | (c & 63));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 63));
    out[2] = (char)(0x80 | (c >> 6 & 63));
    out[3] = (char)(0x80 | (c & 63));
    return 4;
}

/* What follows ESC in "ESC [ 3 1 m" is part of it; bounded, so that a stray ESC hides little. */
static const char *after_escape(const char *p, const char *end)
{
    const char *start = p;
    if (p == end || *p != '[')
        return p;
    for (p++; p < end && p < start + 16; p++) {
        if (*p >= 0x40 && *p <= 0x7e)
            return p + 1;
    }
    return start;
}

int text_next(const char **p, const char *end, uint32_t *c)
{
    while (*p < end) {
        *c = utf8_next(p, end);
        if (*c == '\t' || *c == '\n')
            *c = ' ';
        if (*c == 0x1b)
            *p = after_escape(*p, end);
        int width = glyph_width(*c);
        if (width >= 0)
            return width;
    }
    return -1;
}

int text_cells(const char *text)
{
    const char *end = text + strlen(text);
    uint32_t c;
    int cells = 0, width;
    while ((width = text_next(&text, end, &c)) >= 0)
        cells += width;
    return cells;
}
