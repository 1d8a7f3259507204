// SPDX-License-Identifier: Apache-2.0
#include "base/err.h"

#include "base/retell.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

static const struct err_info table[ERR_CODE_COUNT] = {
#define X(code, id, retry, exit_code, title, cause, cure)                                          \
    [code] = {id, retry, exit_code, title, cause, cure},
#include "base/err_table.h"
#undef X
};

const struct err_info *err_info(enum err_code code)
{
    return &table[(unsigned)code < ERR_CODE_COUNT ? code : ERR_INTERNAL];
}

void err_clear(struct err *e)
{
    if (e)
        *e = (struct err){.code = ERR_OK};
}

static void err_fill(struct err *e, enum err_code code, unsigned sql, const char *fmt, va_list ap)
{
    if (!e)
        return;
    err_clear(e);
    e->code = code;
    e->sql = sql;
    vsnprintf(e->text, sizeof e->text, _(fmt), ap);
}

bool err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    err_fill(e, code, 0, fmt, ap);
    va_end(ap);
    return false;
}

bool err_set_sql(struct err *e, enum err_code code, unsigned sql, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    err_fill(e, code, sql, fmt, ap);
    va_end(ap);
    return false;
}

bool err_wrap(struct err *e, const char *fmt, ...)
{
    char head[512], joined[sizeof e->text + 600];
    va_list ap;
    if (!e)
        return false;
    va_start(ap, fmt);
    vsnprintf(head, sizeof head, _(fmt), ap);
    va_end(ap);
    snprintf(joined, sizeof joined, "%s: %s", head, e->text);
    snprintf(e->text, sizeof e->text, "%.*s", (int)sizeof e->text - 1, joined);
    return false;
}

void err_print(const struct err *e, void *file)
{
    const struct err_info *i = err_info(e->code);
    FILE *out = file;
    fprintf(out, "%s  %s\n", i->id, _(i->title));
    if (e->where[0])
        fprintf(out, _("  where  %s\n"), e->where);
    if (e->text[0])
        fprintf(out, _("  what   %s\n"), retell(e->text));
    fprintf(out, _("  cause  %s\n  cure   %s\n"), _(i->cause), _(i->cure));
}
