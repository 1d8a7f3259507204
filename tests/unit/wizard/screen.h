/* SPDX-License-Identifier: Apache-2.0
 * A screen against its golden file: tests/golden/NAME.txt, written anew only under TG_GOLDEN_UPDATE=1, and then read as a
 * diff. Include cmocka.h before. */
#ifndef TG_TESTS_SCREEN_H
#define TG_TESTS_SCREEN_H

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

TG_UNUSED static void compare(const char *name, const struct buf *got)
{
    char *path = x_format("%s/tests/golden/%s.txt", TG_SOURCE_DIR, name);
    struct buf want = {0};
    char chunk[4096];
    size_t n;
    const char *update = getenv("TG_GOLDEN_UPDATE");
    if (update && strcmp(update, "1") == 0) {
        FILE *out = fopen(path, "w");
        assert_non_null(out);
        assert_int_equal(fwrite(got->p, 1, got->n, out), got->n);
        fclose(out);
    }
    FILE *in = fopen(path, "r");
    if (!in)
        fail_msg("%s is missing; TG_GOLDEN_UPDATE=1 writes it", path);
    while ((n = fread(chunk, 1, sizeof chunk, in)) > 0)
        buf_add(&want, chunk, n);
    fclose(in);
    if (want.n != got->n || memcmp(want.p, got->p, got->n) != 0)
        fail_msg("%s differs. Now it is:\n%s", path, got->p);
    buf_release(&want);
    free(path);
}

#endif
