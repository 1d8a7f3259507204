// SPDX-License-Identifier: Apache-2.0
#include "db/normal.h"

#include "base/json_normal.h"

#include <stdlib.h>

static void add_bytes(struct buf *out, char tag, const void *p, size_t n)
{
    uint32_t size = (uint32_t)n;
    buf_addc(out, tag);
    buf_add(out, &size, sizeof size);
    buf_add(out, p, n);
}

static void add_double(struct buf *out, const char *text)
{
    double d = strtod(text, NULL) + 0.0; /* -0 becomes 0: TiDB and MariaDB print both alike */
    add_bytes(out, 'd', &d, sizeof d);
}

static void normal_json(struct buf *out, struct cell v)
{
    struct buf text = {0};
    bool is_json = json_normal(&text, v.p, v.n);
    add_bytes(out, is_json ? 'j' : 't', is_json ? text.p : v.p, is_json ? text.n : v.n);
    buf_release(&text);
}

void normal_cell(struct buf *out, const struct column *c, struct cell v)
{
    char number[400]; /* TiDB prints small and large ones without an exponent */
    if (!v.p) {
        buf_addc(out, 'n');
        return;
    }
    switch (c->cls) {
    case COL_FLOAT:
    case COL_DOUBLE:
        if (v.n < sizeof number) {
            memcpy(number, v.p, v.n);
            number[v.n] = 0;
            add_double(out, number);
            return;
        }
        break;
    case COL_JSON:
        normal_json(out, v);
        return;
    default:
        break;
    }
    add_bytes(out, 't', v.p, v.n);
}
