// SPDX-License-Identifier: Apache-2.0
/* What there is without cursor addressing: lines. Also decides whether that is the case, without
 * ncurses' help as far as possible; term_open has the last word. */
#include "ui/term.h"

#include "base/text.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool term_usable(void)
{
    const char *now = setlocale(LC_CTYPE, NULL), *term = getenv("TERM"),
               *plain = getenv("ACCESSIBLE");
    if (now && strcmp(now, "C") == 0)
        text_locale();
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return false;
    if (plain && plain[0] && strcmp(plain, "0") != 0)
        return false;
    return term && term[0] && strcmp(term, "dumb") != 0;
}

const char *term_mouse_words(bool was_on, bool is_on)
{
    if (is_on)
        return _("mouse on: Shift and drag selects text; {F3 m}: off");
    return was_on ? _("mouse off") : _("this terminal reports no mouse");
}

void term_plain_line(void *file, const char *text)
{
    FILE *out = file;
    const char *end = text + strlen(text);
    uint32_t c;
    char bytes[4];
    while (text_next(&text, end, &c) >= 0)
        fwrite(bytes, 1, utf8_put(bytes, c), out);
    fputc('\n', out);
    fflush(out);
}

int term_columns(int fd, int otherwise)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return otherwise;
}
