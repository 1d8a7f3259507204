// SPDX-License-Identifier: Apache-2.0
// How a result is built, and how it is freed.
#include "check/private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static char *format(const char *fmt, va_list ap)
{
    char *text;
    if (vasprintf(&text, fmt, ap) < 0)
        tg_bug("out of memory or bad format %s", fmt);
    return text;
}

#define SET(member)                                                                                                         \
    va_list ap;                                                                                                             \
    va_start(ap, fmt);                                                                                                      \
    free(out->member);                                                                                                      \
    out->member = format(_(fmt), ap);                                                                                          \
    va_end(ap)

void set_found(struct check_result *out, const char *fmt, ...)
{
    SET(found);
}

void set_wanted(struct check_result *out, const char *fmt, ...)
{
    SET(wanted);
}

void set_detail(struct check_result *out, const char *fmt, ...)
{
    SET(detail);
}

void not_applicable(struct check_result *out, const char *fmt, ...)
{
    SET(detail);
    out->judged = out->state = CHECK_NONE;
}

void judge(struct check_result *out, enum check_state state, enum err_code code)
{
    if (state > out->check->worst)
        tg_bug("check %s can't be as bad as that", out->check->id);
    if (state > out->judged)
        out->judged = out->state = state;
    if (out->code == ERR_OK || state == CHECK_FAIL)
        out->code = code;
}

void find(struct check_result *out, enum check_state state, const char *instruction, const char *fmt, ...)
{
    judge(out, state, out->code);
    if (out->ntotal++ >= CHECK_FINDINGS)
        return;
    va_list ap;
    va_start(ap, fmt);
    if ((out->nfindings & (out->nfindings - 1)) == 0)
        out->findings = x_realloc(out->findings, TG_MAX(out->nfindings * 2, 1u) * sizeof *out->findings);
    out->findings[out->nfindings++] =
        (struct check_finding){state, format(_(fmt), ap), instruction ? x_strdup(_(instruction)) : NULL};
    va_end(ap);
}

void unread(struct check_result *out, const struct err *e)
{
    set_found(out, "not readable");
    set_detail(out, "This could not be looked at: %s", e->text);
    judge(out, CHECK_WARN, e->code);
}

struct check_cure *add_cure(struct check_result *out, enum cure_kind kind, const char *title, ...)
{
    va_list ap;
    out->cures = x_realloc(out->cures, (out->ncures + 1) * sizeof *out->cures);
    struct check_cure *c = &out->cures[out->ncures++];
    *c = (struct check_cure){.kind = kind, .at_target = out->check->side == CHECK_TARGET};
    va_start(ap, title);
    c->title = format(_(title), ap);
    va_end(ap);
    return c;
}

void cure_setting(struct check_result *out, const struct job *job, const char *path, const char *value, const char *title, ...)
{
    struct buf now = {0};
    va_list ap;
    va_start(ap, title);
    char *text = format(_(title), ap);
    va_end(ap);
    struct check_cure *c = add_cure(out, CURE_SETTING, "%s", text);
    free(text);
    c->path = x_strdup(path);
    c->value = x_strdup(value);
    job_get(job, path, &now);
    c->undo = buf_take(&now);
}

void cure_list(struct check_result *out, const struct job *job, const char *path, const char *word, const char *title)
{
    struct buf value = {0};
    job_list_plus(job, path, &word, 1, &value);
    cure_setting(out, job, path, value.p, "%s", _(title));
    buf_release(&value);
}

void cure_exclude(struct check_result *out, const struct job *job, const struct table *const *tables, uint32_t n)
{
    struct buf value = {0}, rule = {0};
    char **rules = x_alloc((n + 1) * sizeof *rules), title[240], label[160];
    if (n) {
        for (uint32_t i = 0; i < n; i++) {
            job_rule_text(tables[i]->schema, tables[i]->name, &rule);
            rules[i] = buf_take(&rule);
        }
        job_list_plus(job, "allow.exclude", (const char *const *)rules, n, &value);
        table_label(tables[0], label);
        if (n == 1)
            snprintf(title, sizeof title, _("Leave %s out"), label);
        else
            snprintf(title, sizeof title, _("Leave %s and %u more out"), label, n - 1);
        cure_setting(out, job, "allow.exclude", value.p, "%s", title);
    }
    for (uint32_t i = 0; i < n; i++)
        free(rules[i]);
    free(rules);
    buf_release(&value);
}

uint32_t text_characters(const char *utf8)
{
    uint32_t n = 0;
    for (; *utf8; utf8++)
        n += ((unsigned char)*utf8 & 0xc0) != 0x80;
    return n;
}

const char *text_seconds(int64_t s, char out[32])
{
    if (s < 120)
        snprintf(out, 32, _("%lld s"), (long long)s);
    else if (s < 2 * 3600)
        snprintf(out, 32, _("%lld min"), (long long)(s + 30) / 60);
    else if (s < 96 * 3600)
        snprintf(out, 32, _("%lld h"), (long long)(s + 1800) / 3600);
    else
        snprintf(out, 32, _("%lld days"), (long long)(s + 43200) / 86400);
    return out;
}

static void cure_release(struct check_cure *c)
{
    char *texts[] = {c->title, c->text, c->sql, c->undo, c->effect, c->needs, c->path, c->value};
    for (size_t i = 0; i < TG_ARRAY_LEN(texts); i++)
        free(texts[i]);
}

static void result_release(struct check_result *r)
{
    for (uint32_t i = 0; i < r->nfindings; i++) {
        free(r->findings[i].text);
        free(r->findings[i].instruction);
    }
    for (uint32_t i = 0; i < r->ncures; i++)
        cure_release(&r->cures[i]);
    free(r->findings);
    free(r->cures);
    free(r->found);
    free(r->wanted);
    free(r->detail);
    free(r->reason);
}

void check_report_release(struct check_report *r)
{
    for (uint32_t i = 0; i < r->n; i++)
        result_release(&r->results[i]);
    for (uint32_t i = 0; i < r->nignored; i++)
        free(r->ignored[i]);
    free(r->results);
    free(r->ignored);
    free(r->source_grants);
    free(r->target_grants);
    free(r->source_name);
    free(r->target_name);
    *r = (struct check_report){0};
}
