/* SPDX-License-Identifier: Apache-2.0
 * Shared by the tests of conf: loading from text, and finding findings. */
#ifndef TG_CONF_TEST_H
#define TG_CONF_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "conf/field.h"

static inline TG_UNUSED bool load_text(struct job *j, struct job_problems *out, const char *name,
                                       const char *text)
{
    struct conf_text one = {name, text, strlen(text)};
    return conf_load(j, &one, 1, out);
}

static inline TG_UNUSED void print_problems(const struct job_problems *p)
{
    for (size_t i = 0; i < p->n; i++)
        print_message("%s %s %s: %s\n", p->list[i].is_warning ? "warn " : "error",
                      err_info(p->list[i].err.code)->id, p->list[i].err.where, p->list[i].err.text);
}

/* Is there a finding at this place whose text holds this? */
static inline TG_UNUSED bool has_problem(const struct job_problems *p, bool is_warning,
                                         enum err_code code, const char *where, const char *text)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->list[i].is_warning == is_warning && p->list[i].err.code == code &&
            strstr(p->list[i].err.where, where) && strstr(p->list[i].err.text, text))
            return true;
    print_message("no finding %s %s %s; there are:\n", is_warning ? "warn" : "error", where, text);
    print_problems(p);
    return false;
}

/* Takes "  # …" off every line: places and "plain text is not written out" differ by nature. */
static inline TG_UNUSED void strip_comments(struct buf *b)
{
    for (char *p = b->p; p && (p = strstr(p, "  # "));) {
        size_t n = strcspn(p, "\n");
        memmove(p, p + n, strlen(p + n) + 1);
    }
    b->n = b->p ? strlen(b->p) : 0;
}

#endif
