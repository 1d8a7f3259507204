// SPDX-License-Identifier: Apache-2.0
// Configuration files from hostile hands. The input is cut at lines of "%%" into up to four files.
// Beyond not crashing: what loads without an error must be written as a job that loads without an
// error and is written alike.
#include "conf/field.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// "  # …" holds places and remarks, which differ by nature.
static void strip_comments(struct buf *b)
{
    for (char *p = b->p; (p = strstr(p, "  # "));) {
        size_t n = strcspn(p, "\n");
        memmove(p, p + n, strlen(p + n) + 1);
    }
}

static void must_survive(const struct job *j)
{
    struct job again;
    struct job_problems found = {0};
    struct buf first = {0}, second = {0};
    job_init(&again);
    job_emit(j, &first);
    struct conf_text text = {"emitted", first.p, first.n};
    if (!conf_load(&again, &text, 1, &found))
        tg_bug("not readable: %s: %s\n%s", found.list[0].err.where, found.list[0].err.text,
               first.p);
    job_emit(&again, &second);
    strip_comments(&first);
    strip_comments(&second);
    if (strcmp(first.p, second.p) != 0)
        tg_bug("written otherwise:\n%s\n---\n%s", first.p, second.p);
    buf_release(&first);
    buf_release(&second);
    job_problems_release(&found);
    job_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct conf_text texts[4];
    struct job_problems found = {0};
    struct job j;
    struct err e;
    size_t n = 0;
    const char *p = (const char *)data, *end = p + size;
    while (p < end && n < TG_ARRAY_LEN(texts)) {
        const char *cut = memmem(p, (size_t)(end - p), "\n%%\n", 4);
        texts[n++] = (struct conf_text){"fuzz.yaml", p, (size_t)((cut ? cut : end) - p)};
        p = cut ? cut + 4 : end;
    }
    job_init(&j);
    bool is_fine = conf_load(&j, texts, n, &found);
    job_check(&j, &found);
    job_wants(&j, "shop", "orders");
    if (is_fine)
        must_survive(&j);
    if (size && memchr(data, 0, size) == NULL) {
        char *path = x_strndup((const char *)data, TG_MIN(size, 60u));
        char *value = strchr(path, '=');
        if (value)
            *value++ = 0;
        job_set(&j, path, value ? value : "1", &e);
        free(path);
    }
    job_problems_release(&found);
    job_release(&j);
    return 0;
}
