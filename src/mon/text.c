// SPDX-License-Identifier: Apache-2.0
/* Text between structs of fixed size and JSON. jansson refuses strings that are not UTF-8, and a
 * snapshot may hold a name that was cut in the middle of a character, so bytes are mended here, in
 * one place. */
#include "mon/mon_private.h"

#include <math.h>
#include <stdlib.h>

/* Length of the valid UTF-8 character at p (n bytes are there), 0 when it is not one. */
static size_t char_length(const unsigned char *p, size_t n)
{
    if (p[0] < 0x80)
        return 1;
    size_t len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc2 ? 2 : 0;
    if (!len || len > n || p[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return len;
}

void mon_text(char *out, size_t size, const char *text)
{
    size_t n = text ? strlen(text) : 0;
    if (n >= size) {
        n = size - 1;
        while (n && ((unsigned char)text[n] & 0xc0) == 0x80)
            n--;
    }
    if (n)
        memcpy(out, text, n);
    out[n] = 0;
}

json_t *mon_json_text(const char *text)
{
    json_t *j = json_string(text ? text : "");
    if (j)
        return j;
    struct buf b = {0};
    size_t n = strlen(text);
    for (size_t i = 0; i < n;) {
        size_t len = char_length((const unsigned char *)text + i, n - i);
        if (len)
            buf_add(&b, text + i, len);
        else
            buf_addc(&b, '?');
        i += len ? len : 1;
    }
    j = json_stringn_nocheck(b.p ? b.p : "", b.n);
    buf_release(&b);
    if (!j)
        tg_bug("out of memory");
    return j;
}

json_t *mon_json_real(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

char *mon_json_line(json_t *object)
{
    char *line = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    if (!line)
        tg_bug("a JSON object can't be written");
    return line;
}
