/* SPDX-License-Identifier: Apache-2.0
 * Three sets of glyphs. Pages draw with the first; the canvas turns every glyph into what its set
 * allows, so no page ever asks. One width for every character: libc's wcwidth, the source that
 * ncurses uses. */
#ifndef TG_UI_GLYPHS_H
#define TG_UI_GLYPHS_H

#include "base/base.h"

enum glyph_set { GLYPHS_AUTO, GLYPHS_LINES, GLYPHS_SAFE, GLYPHS_ASCII };

/* "lines", "safe", "ascii", "auto"; false: unknown. */
bool glyph_set_parse(const char *name, enum glyph_set *out);
/* What the locale and TERM allow: ascii without UTF-8 or on a bare Linux console, else lines. */
enum glyph_set glyph_set_default(void);
/* What a terminal does with glyphs, told by the columns in which the cursor stands after each of three samples, written in
 * column 1: a line, a block, a Chinese character (two cells). More cells than any glyph has: it takes the bytes one by one,
 * and is given seven bits. */
#define GLYPH_SAMPLES 3
enum glyph_set glyph_set_judge(const int column[GLYPH_SAMPLES]);
/* NULL, or why Chinese can't be shown with this set on this terminal (msgid). */
const char *glyphs_lack_chinese(enum glyph_set set);
/* The character of `set` that stands for this one. */
uint32_t glyph_map(enum glyph_set set, uint32_t c);
/* Cells: 0 to 2. -1: a control character, to be dropped. Unknown characters count one. */
int glyph_width(uint32_t c);
/* Decodes one character and moves *p on; a broken byte is '?' and moves one byte. */
uint32_t utf8_next(const char **p, const char *end);
/* Writes at most 4 bytes, returns how many. */
size_t utf8_put(char out[4], uint32_t c);
/* The next character as it is shown: its width; control characters and whole escape sequences are
 * skipped, tabs and line ends become spaces. -1: the end. */
int text_next(const char **p, const char *end, uint32_t *c);
/* Cells of a text. */
int text_cells(const char *text);

#endif
