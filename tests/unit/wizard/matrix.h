/* SPDX-License-Identifier: Apache-2.0
 * One screen in all its forms, in one file tests/golden/all/NAME.txt: three sizes in English and in Chinese, seven bits, and
 * the roles of the cells, which are all that is left of colours under the theme mono. tests/lint/screens.py knows which
 * screens there must be. No text of any of them may be cut without a mark. Include cmocka.h before. */
#ifndef TG_TESTS_MATRIX_H
#define TG_TESTS_MATRIX_H

#include "base/text.h"
#include "screen.h"
#include "ui/canvas.h"

/* Draws the screen, made anew in the language that is spoken now. */
typedef void matrix_draw(const char *name, struct canvas *c);

TG_UNUSED static void matrix_print(struct canvas *c, const char *name, const char *head, struct buf *out)
{
    size_t start = out->n;
    buf_addf(out, "==== %s\n", head);
    canvas_print(c, out);
    if (c->lost) {
        print_error("%s, %s: %u characters are cut off:\n%s", name, head, c->lost, out->p + start);
        fail_msg("%s, %s: characters are cut off", name, head);
    }
}

TG_UNUSED static void matrix(const char *name, matrix_draw *draw)
{
    static const struct {
        const char *head;
        int rows, cols;
        enum text_language language;
        enum glyph_set glyphs;
    } forms[] = {{"80x24 en", 24, 80, TEXT_EN, GLYPHS_LINES},      {"120x36 en", 36, 120, TEXT_EN, GLYPHS_LINES},    {"60x18 en", 18, 60, TEXT_EN, GLYPHS_LINES},
                 {"80x24 zh", 24, 80, TEXT_ZH_CN, GLYPHS_LINES},   {"120x36 zh", 36, 120, TEXT_ZH_CN, GLYPHS_LINES}, {"60x18 zh", 18, 60, TEXT_ZH_CN, GLYPHS_LINES},
                 {"80x24 ascii", 24, 80, TEXT_EN, GLYPHS_ASCII}};
    struct buf out = {0};
    struct canvas c;
    char *file = x_format("all/%s", name);
    for (size_t i = 0; i < TG_ARRAY_LEN(forms); i++) {
        text_speak(forms[i].language);
        canvas_init(&c, forms[i].rows, forms[i].cols, forms[i].glyphs);
        draw(name, &c);
        matrix_print(&c, name, forms[i].head, &out);
        canvas_release(&c);
    }
    text_speak(TEXT_EN);
    canvas_init(&c, 24, 80, GLYPHS_LINES);
    draw(name, &c);
    buf_adds(&out, "==== 80x24 mono: roles\n");
    canvas_print_roles(&c, &out);
    canvas_release(&c);
    compare(file, &out);
    free(file);
    buf_release(&out);
}

#endif
