// SPDX-License-Identifier: Apache-2.0
// Values of the field table as text and back: numbers, sizes, durations, choices, secrets,
// "schema.table" rules. Nothing here echoes a secret: messages about one name the field only, and
// secret_text gives references.
#include "base/pattern.h"
#include "conf/dm_secret.h"
#include "conf/field.h"
#include "conf/sealed.h"

#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool parse_bool(const char *text, bool *out)
{
    static const char *const words[] = {"false", "true", "off", "on", "no", "yes"};
    for (size_t i = 0; i < TG_ARRAY_LEN(words); i++)
        if (str_ieq(str_of(text), str_of(words[i]))) {
            *out = i % 2;
            return true;
        }
    return false;
}

bool parse_int(const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    if (!isdigit((unsigned char)text[0]) && text[0] != '-')
        return false;
    *out = strtoll(text, &end, 10);
    return end != text && !*end && !errno;
}

bool utf8_is_clean(const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text;
    for (size_t i = 0; i < n; i++) {
        size_t more = p[i] < 0x80 ? 0 : p[i] >= 0xF0 ? 3 : p[i] >= 0xE0 ? 2 : 1;
        if (p[i] < 0x20 || p[i] == 0x7F || (p[i] >= 0x80 && p[i] < 0xC2) || p[i] > 0xF4 ||
            more >= n - i)
            return false;
        for (; more; more--)
            if ((p[++i] & 0xC0) != 0x80)
                return false;
    }
    return true;
}

struct unit {
    const char *name;
    int64_t factor;
};

static bool parse_unit(const struct unit *units, const char *name, int64_t *factor)
{
    for (; units->name; units++)
        if (str_ieq(str_of(units->name), str_of(name))) {
            *factor = units->factor;
            return true;
        }
    return false;
}

bool parse_size(const char *text, int64_t *bytes)
{
    static const struct unit units[] = {
        {"", 1},
        {"B", 1},
        {"K", 1 << 10},
        {"M", 1 << 20},
        {"G", 1 << 30},
        {"T", INT64_C(1) << 40},
        {"KiB", 1 << 10},
        {"MiB", 1 << 20},
        {"GiB", 1 << 30},
        {"TiB", INT64_C(1) << 40},
        {"KB", 1000},
        {"MB", 1000000},
        {"GB", 1000000000},
        {"TB", INT64_C(1000000000000)},
        {0},
    };
    char *end;
    int64_t factor, n;
    errno = 0;
    if (!isdigit((unsigned char)text[0]))
        return false;
    n = strtoll(text, &end, 10);
    while (*end == ' ')
        end++;
    return !errno && parse_unit(units, end, &factor) && !__builtin_mul_overflow(n, factor, bytes);
}

bool parse_duration(const char *text, int64_t *ms)
{
    static const struct unit units[] = {{"", 1000},     {"ms", 1},       {"s", 1000}, {"m", 60000},
                                        {"h", 3600000}, {"d", 86400000}, {0}};
    *ms = 0;
    if (!*text)
        return false;
    while (*text) {
        char *end, unit[3] = "";
        int64_t n, factor;
        errno = 0;
        if (!isdigit((unsigned char)text[0]))
            return false;
        n = strtoll(text, &end, 10);
        for (size_t i = 0; i < 2 && isalpha((unsigned char)*end); i++)
            unit[i] = *end++;
        if (errno || !parse_unit(units, unit, &factor) || __builtin_mul_overflow(n, factor, &n) ||
            __builtin_add_overflow(*ms, n, ms))
            return false;
        text = end;
    }
    return true;
}

void format_size(int64_t bytes, struct buf *out)
{
    static const char *const units[] = {"", "KiB", "MiB", "GiB", "TiB"};
    size_t i = 0;
    for (; i < 4 && bytes && bytes % 1024 == 0; i++)
        bytes /= 1024;
    buf_addf(out, "%lld%s", (long long)bytes, units[i]);
}

void secret_clear(struct job_secret *s)
{
    free(s->reference);
    secret_free(s->value);
    *s = (struct job_secret){0};
}

// ${sealed:FILE#NAME}: a # may be in FILE, and a } where a directory has one.
static bool is_sealed(const char *text)
{
    size_t n = strlen(text);
    const char *mark = strrchr(text, '#');
    if (n < 13 || strncmp(text, "${sealed:", 9) != 0 || text[n - 1] != '}' || !mark || mark == text + 9)
        return false;
    char *name = x_strndup(mark + 1, (size_t)(text + n - 1 - mark - 1));
    bool is_fine = sealed_name_is_valid(name) && !strchr(text, '\n');
    free(name);
    return is_fine;
}

bool secret_is_reference(const char *text)
{
    size_t n = strlen(text);
    if (!strcmp(text, "${ask}"))
        return true;
    if (is_sealed(text))
        return true;
    return n > 7 && text[n - 1] == '}' && strcspn(text, "\n}") == n - 1 &&
           ((!strncmp(text, "${env:", 6)) || (n > 8 && !strncmp(text, "${file:", 7)));
}

// A placeholder is left by whoever wrote an example: ${host}, ‹host›, <the host>. Passwords may
// look like anything, so for them only the clear cases count.
bool text_is_placeholder(const char *text, bool is_secret)
{
    size_t n = strlen(text);
    const char *open = strstr(text, "${"), *angle = strstr(text, "‹");
    if (is_secret && (secret_is_reference(text) || n < 3))
        return false;
    if (is_secret && open == text && text[n - 1] == '}' && strcspn(text, "}") == n - 1)
        return true;
    if (is_secret)
        return (angle == text && n > 6 && !strcmp(text + n - 3, "›")) ||
               (text[0] == '<' && text[n - 1] == '>' &&
                (strchr(text, ' ') || strstr(text, "pass")));
    return (open && strchr(open, '}')) || (angle && strstr(angle, "›")) ||
           (n > 2 && text[0] == '<' && text[n - 1] == '>');
}

char *path_from(const char *dir, const char *path)
{
    if (path[0] == '/')
        return x_strdup(path);
    char *here = dir[0] == '/' ? NULL : getcwd(NULL, 0);
    char *whole = x_format("%s%s%s%s%s", here ? here : "", here ? "/" : "", dir, *dir ? "/" : "", path);
    free(here);
    return whole;
}

static bool put_secret(struct job_secret *s, const char *text, struct err *e)
{
    struct job_secret next = {0};
    size_t n = strlen(text);
    if (!n) {
        next.origin = SECRET_NONE;
    } else if (!strcmp(text, "${ask}")) {
        next.origin = SECRET_ASK;
    } else if (is_sealed(text)) {
        char *inside = x_strndup(text + 9, n - 10);
        next.origin = SECRET_SEALED;
        next.reference = path_from("", inside);
        free(inside);
    } else if (secret_is_reference(text)) {
        bool is_env = text[2] == 'e';
        next.origin = is_env ? SECRET_ENV : SECRET_FILE;
        next.reference = x_strndup(text + (is_env ? 6 : 7), n - (is_env ? 7 : 8));
    } else if (conf_dm_is_encrypted(text)) {
        next.origin = SECRET_DM;
        next.reference = x_strdup(text);
    } else {
        return err_set(e, ERR_CONF_VALUE,
                       "is plain text; write ${env:NAME}, ${file:/path}, ${sealed:FILE#NAME} or ${ask} instead");
    }
    secret_clear(s);
    *s = next;
    return true;
}

bool secret_text(const struct job_secret *s, struct buf *out)
{
    switch (s->origin) {
    case SECRET_NONE:
        return false;
    case SECRET_ENV:
        buf_addf(out, "${env:%s}", s->reference);
        return true;
    case SECRET_FILE:
        buf_addf(out, "${file:%s}", s->reference);
        return true;
    case SECRET_SEALED:
        buf_addf(out, "${sealed:%s}", s->reference);
        return true;
    case SECRET_DM:
        buf_adds(out, s->reference);
        return true;
    case SECRET_ASK:
    case SECRET_PLAIN:
        break;
    }
    buf_adds(out, "${ask}");
    return true;
}

static void add_choices(const struct field *f, struct buf *out)
{
    for (size_t i = 0; f->choices[i]; i++)
        buf_addf(out, "%s%s", i ? ", " : "", f->choices[i]);
}

static bool bad_choice(const struct field *f, const char *text, struct err *e)
{
    struct buf all = {0};
    const char *near = NULL;
    unsigned best = 3;
    add_choices(f, &all);
    for (size_t i = 0; f->choices[i]; i++)
        if (str_distance(text, f->choices[i]) < best) {
            best = str_distance(text, f->choices[i]);
            near = f->choices[i];
        }
    err_set(e, ERR_CONF_VALUE, "is \"%.80s\"; it can be %s%s%s%s", text, all.p,
            near ? _("; did you mean ") : "", near ? near : "", near ? "?" : "");
    buf_release(&all);
    return false;
}

static bool put_number(const struct field *f, int64_t *at, const char *text, struct err *e)
{
    int64_t n;
    if (!(f->type == F_SIZE ? parse_size(text, &n) : parse_int(text, &n)))
        return err_set(e, ERR_CONF_VALUE, "is \"%.80s\", which is no %s%s", text,
                       _(field_type_name(f)), f->type == F_SIZE ? _(" (as 192MiB)") : "");
    if (n < f->min || n > f->max) {
        struct buf range = {0};
        if (f->type == F_SIZE) {
            format_size(f->min, &range);
            buf_adds(&range, _(" to "));
            format_size(f->max, &range);
        } else {
            buf_addf(&range, _("%lld to %lld"), (long long)f->min, (long long)f->max);
        }
        err_set(e, ERR_CONF_VALUE, "is %.80s; it can be %s", text, range.p);
        buf_release(&range);
        return false;
    }
    *at = n;
    return true;
}

static bool put_bool(bool *at, const char *text, struct err *e)
{
    return parse_bool(text, at) ||
           err_set(e, ERR_CONF_VALUE, "is \"%.80s\"; it can be true or false", text);
}

bool field_put(const struct field *f, void *base, const char *text, struct err *e)
{
    void *at = (char *)base + f->offset;
    int choice = 0;
    switch (f->type) {
    case F_INT:
    case F_SIZE:
        return put_number(f, at, text, e);
    case F_BOOL:
        return put_bool(at, text, e);
    case F_SECRET:
        return put_secret(at, text, e);
    case F_ENUM:
    case F_TEXT:
        while (f->choices && f->choices[choice] && strcmp(f->choices[choice], text))
            choice++;
        if (f->choices && !f->choices[choice] && *text)
            return bad_choice(f, text, e);
        if (f->type == F_ENUM && !*text)
            return bad_choice(f, text, e);
        if (f->type == F_ENUM) {
            _Static_assert(sizeof(enum job_mode) == sizeof(int), "choices are stored as int");
            memcpy(at, &choice, sizeof choice);
            return true;
        }
        if (f->valid && !f->valid(text, e))
            return false;
        free(*(char **)at);
        *(char **)at = *text ? x_strdup(text) : NULL;
        return true;
    default:
        return err_set(e, ERR_CONF_VALUE, "needs a %s", _(field_type_name(f)));
    }
}

bool field_text(const struct field *f, const void *base, struct buf *out)
{
    const void *at = (const char *)base + f->offset;
    int choice;
    switch (f->type) {
    case F_TEXT:
        if (!*(char *const *)at)
            return false;
        buf_adds(out, *(char *const *)at);
        return true;
    case F_INT:
        buf_addf(out, "%lld", (long long)*(const int64_t *)at);
        return true;
    case F_SIZE:
        format_size(*(const int64_t *)at, out);
        return true;
    case F_BOOL:
        buf_adds(out, *(const bool *)at ? "true" : "false");
        return true;
    case F_ENUM:
        memcpy(&choice, at, sizeof choice);
        buf_adds(out, f->choices[choice]);
        return true;
    case F_SECRET:
        return secret_text(at, out);
    default:
        return false;
    }
}

// One part of a rule: in backticks (doubled inside), a regular expression up to the end, or up to
// the dot.
static const char *rule_part(const char *p, char **out, bool *is_quoted)
{
    struct buf b = {0};
    *is_quoted = *p == '`';
    if (*is_quoted) {
        for (p++; *p && (*p != '`' || p[1] == '`'); p++) {
            p += *p == '`';
            buf_addc(&b, *p);
        }
        p = *p ? p + 1 : NULL;
    } else {
        size_t n = *p == '~' ? strlen(p) : strcspn(p, ".");
        buf_add(&b, p, n);
        p += n;
    }
    *out = buf_take(&b);
    return p;
}

bool rule_parse(const char *text, char **schema, char **table, struct err *e)
{
    bool is_quoted;
    const char *p = rule_part(text, schema, &is_quoted);
    *table = NULL;
    if (p && *p == '.') {
        p = rule_part(p + 1, table, &is_quoted);
        if (!is_quoted && !strcmp(*table, "*")) {
            free(*table);
            *table = NULL;
        }
    }
    bool is_fine = p && !*p && **schema && (!*table || **table);
    if (!is_fine)
        err_set(
            e, ERR_CONF_VALUE,
            "\"%.200s\" is no pattern; write schema, schema.* or schema.table, and parts with a "
            "dot in backticks",
            text);
    else if (!pattern_check(*schema, e) || (*table && !pattern_check(*table, e)))
        is_fine = false;
    if (!is_fine) {
        free(*schema);
        free(*table);
        *schema = *table = NULL;
    }
    return is_fine;
}

static void format_part(const char *part, bool is_table, struct buf *out)
{
    bool is_any = is_table && strcmp(part, "*") == 0; /* without backticks it would mean the schema */
    if (!part[strcspn(part, ".`")] && part[0] != '~' && !is_any) {
        buf_adds(out, part);
        return;
    }
    buf_addc(out, '`');
    for (; *part; part++) {
        if (*part == '`')
            buf_addc(out, '`');
        buf_addc(out, *part);
    }
    buf_addc(out, '`');
}

void rule_format(const char *schema, const char *table, struct buf *out)
{
    format_part(schema, false, out);
    if (table) {
        buf_addc(out, '.');
        format_part(table, true, out);
    }
}
