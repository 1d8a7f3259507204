// SPDX-License-Identifier: Apache-2.0
// How patterns match. Globs are walked by bytes with one remembered star (linear in practice,
// quadratic at worst); ? takes one UTF-8 character. Case is folded for ASCII by hand in globs, for
// all of Unicode by PCRE2 in regular expressions, which are compiled per call: callers keep the
// answer per table, not per row.
#include "base/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { MATCH_LIMIT = 100000, HEAP_LIMIT_KIB = 4096, PATTERN_MAX = 4096 };

static unsigned char fold(char c, bool is_case_sensitive)
{
    unsigned char u = (unsigned char)c;
    return !is_case_sensitive && u >= 'A' && u <= 'Z' ? (unsigned char)(u + 32) : u;
}

// Length of the character at p, at least 1; stray continuation bytes count as one each.
static size_t char_size(const char *p)
{
    size_t n = 1;
    if ((unsigned char)p[0] >= 0xC0)
        while (((unsigned char)p[n] & 0xC0) == 0x80 && n < 4)
            n++;
    return n;
}

// Matches c against the set that starts after '['. *end is set behind the ']', or to NULL when
// there is none: the '[' is then an ordinary character.
static bool set_matches(const char *p, char c, bool is_case_sensitive, const char **end)
{
    bool is_negated = *p == '!' || *p == '^', found = false;
    unsigned char want = fold(c, is_case_sensitive);
    if (is_negated)
        p++;
    for (const char *first = p; *p && (*p != ']' || p == first); p++) {
        unsigned char low = fold(*p, is_case_sensitive), high = low;
        if (p[1] == '-' && p[2] && p[2] != ']') {
            high = fold(p[2], is_case_sensitive);
            p += 2;
        }
        found |= want >= low && want <= high;
    }
    *end = *p == ']' ? p + 1 : NULL;
    return found != is_negated;
}

// One step: does the pattern's next element take the name's next character? *next: the pattern
// behind it.
static bool one_matches(const char *p, const char *s, bool is_case_sensitive, const char **next,
                        size_t *taken)
{
    *taken = 1;
    *next = p + 1;
    if (*p == '?') {
        *taken = char_size(s);
        return true;
    }
    if (*p == '[') {
        const char *end;
        bool matches = set_matches(p + 1, *s, is_case_sensitive, &end);
        if (end) {
            *next = end;
            return matches;
        }
    }
    return fold(*p, is_case_sensitive) == fold(*s, is_case_sensitive);
}

static bool glob_matches(const char *p, const char *s, bool is_case_sensitive)
{
    const char *star = NULL, *retry = NULL;
    while (*s) {
        const char *next;
        size_t taken;
        if (*p == '*') {
            star = ++p;
            retry = s;
        } else if (*p && one_matches(p, s, is_case_sensitive, &next, &taken)) {
            p = next;
            s += taken;
        } else if (star) {
            p = star;
            retry += char_size(retry);
            s = retry;
        } else {
            return false;
        }
    }
    while (*p == '*')
        p++;
    return !*p;
}

static pcre2_code *compile(const char *regex, bool is_case_sensitive, int *code, size_t *offset)
{
    uint32_t flags = PCRE2_UTF | PCRE2_UCP | (is_case_sensitive ? 0 : PCRE2_CASELESS);
    return pcre2_compile((PCRE2_SPTR)regex, strlen(regex), flags, code, offset, NULL);
}

static bool regex_matches(const char *regex, const char *name, bool is_case_sensitive)
{
    int code;
    size_t offset;
    pcre2_code *compiled = compile(regex, is_case_sensitive, &code, &offset);
    if (!compiled)
        return false;
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    if (!data || !limits)
        tg_bug("out of memory");
    pcre2_set_match_limit(limits, MATCH_LIMIT);
    pcre2_set_heap_limit(limits, HEAP_LIMIT_KIB);
    int n = pcre2_match(compiled, (PCRE2_SPTR)name, strlen(name), 0, 0, data, limits);
    pcre2_match_context_free(limits);
    pcre2_match_data_free(data);
    pcre2_code_free(compiled);
    return n >= 0;
}

bool pattern_matches(const char *pattern, const char *name, bool is_case_sensitive)
{
    return pattern[0] == '~' ? regex_matches(pattern + 1, name, is_case_sensitive)
                             : glob_matches(pattern, name, is_case_sensitive);
}

bool pattern_check(const char *pattern, struct err *e)
{
    if (!pattern[0] || (pattern[0] == '~' && !pattern[1]))
        return err_set(e, ERR_CONF_VALUE, "the pattern is empty");
    if (strlen(pattern) > PATTERN_MAX)
        return err_set(e, ERR_CONF_VALUE, "the pattern is longer than %d bytes", PATTERN_MAX);
    if (pattern[0] != '~')
        return true;
    int code;
    size_t offset;
    pcre2_code *compiled = compile(pattern + 1, true, &code, &offset);
    if (!compiled) {
        PCRE2_UCHAR text[120];
        pcre2_get_error_message(code, text, sizeof text);
        return err_set(e, ERR_CONF_VALUE, "%.200s is no regular expression: %s, at byte %zu",
                       pattern, (const char *)text, offset + 1);
    }
    pcre2_code_free(compiled);
    return true;
}

bool pattern_is_literal(const char *pattern)
{
    return pattern[0] != '~' && !pattern[strcspn(pattern, "*?[")];
}
