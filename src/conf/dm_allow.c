// SPDX-License-Identifier: Apache-2.0
// include and exclude in DM's four lists. Ours: a table moves where include names it and exclude does not. DM's: do-dbs
// beats ignore-dbs, and do-tables beats ignore-tables, so a table that is in both of ours would move. Three cases:
//   whole schemas only            do-dbs or ignore-dbs, and ignore-tables
//   tables, nothing excluded      do-dbs and do-tables
//   tables, and some excluded     do-dbs and ignore-tables alone: of a schema of which only some tables move, all the
//                                 others are ignored by a regular expression that matches every other name
#include "base/pattern.h"
#include "base/text.h"
#include "conf/dm_emit.h"
#include "conf/field.h"

#include <ctype.h>
#include <stdlib.h>

void dm_lists_release(struct dm_lists *l)
{
    list_release(&l->do_dbs);
    list_release(&l->ignore_dbs);
    list_release(&l->do_tables);
    list_release(&l->ignore_tables);
}

static void add_quoted(struct buf *out, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_addf(out, strchr("\\.+*?()|[]{}^$", p[i]) ? "\\%c" : "%c", p[i]);
}

// A glob as a regular expression, anchored.
static char *regex_of(const char *glob)
{
    struct buf out = {0};
    if (glob[0] == '~')
        return x_strdup(glob);
    buf_adds(&out, "~^");
    for (const char *p = glob; *p; p++) {
        const char *end = *p == '[' && p[1] ? strchr(p + 2, ']') : NULL;
        if (*p == '*') {
            buf_adds(&out, ".*");
        } else if (*p == '?') {
            buf_addc(&out, '.');
        } else if (end) {
            bool is_negated = p[1] == '!' || p[1] == '^';
            buf_addf(&out, is_negated ? "[^%.*s]" : "[%.*s]", (int)(end - p - 1 - is_negated), p + 1 + is_negated);
            p = end;
        } else {
            add_quoted(&out, p, 1);
        }
    }
    buf_addc(&out, '$');
    return buf_take(&out);
}

// A plain name, with one star at its end perhaps: what DM and we read alike.
static bool is_prefix(const char *pattern)
{
    size_t n = strcspn(pattern, "*");
    return pattern[0] != '~' && !strpbrk(pattern, "?[") && (!pattern[n] || !pattern[n + 1]);
}

char *dm_pattern(const char *pattern)
{
    return is_prefix(pattern) || pattern[0] == '~' ? x_strdup(pattern) : regex_of(pattern);
}

bool dm_may_meet(const char *a, const char *b, bool is_case_sensitive)
{
    if (!a || !b)
        return true;
    if (pattern_is_literal(a))
        return pattern_matches(b, a, is_case_sensitive);
    if (pattern_is_literal(b))
        return pattern_matches(a, b, is_case_sensitive);
    if (!is_prefix(a) || !is_prefix(b))
        return true;
    size_t n = TG_MIN(strlen(a), strlen(b)) - 1; /* of two prefixes the shorter decides */
    return n == 0 || (is_case_sensitive ? strncmp(a, b, n) : strncasecmp(a, b, n)) == 0;
}

static bool rules_may_meet(const struct job *j, const struct job_rule *a, const struct job_rule *b)
{
    return dm_may_meet(a->schema, b->schema, j->case_sensitive) && dm_may_meet(a->table, b->table, j->case_sensitive);
}

static void add(struct job_list *to, const char *schema, const char *table)
{
    for (size_t i = 0; i < to->n; i++)
        if (!strcmp(to->rules[i].schema, schema) && !to->rules[i].table == !table && (!table || !strcmp(to->rules[i].table, table)))
            return;
    list_add(to, x_strdup(schema), table ? x_strdup(table) : NULL);
}

// ---- every name but these ----

struct names {
    const char **list;
    size_t n;
};

static size_t glyph_size(const char *p)
{
    size_t n = 1;
    while (*p && ((unsigned char)p[n] & 0xC0) == 0x80)
        n++;
    return n;
}

// What may follow a prefix that all the names share: any text that none of them takes. false: nothing, for one of them
// takes whatever follows.
static bool add_others(const struct names *in, size_t at, struct buf *out)
{
    bool may_end = true;
    struct buf set = {0}, deeper = {0};
    for (size_t i = 0; i < in->n; i++) {
        const char *c = in->list[i] + at;
        if (*c == '*')
            return false;
        may_end &= *c != 0;
    }
    for (size_t i = 0; i < in->n; i++) {
        const char *c = in->list[i] + at;
        size_t size = glyph_size(c);
        struct names same = {.list = x_alloc(in->n * sizeof *same.list)};
        bool is_first = *c != 0;
        for (size_t k = 0; k < in->n; k++)
            if (*c && !strncmp(in->list[k] + at, c, size)) {
                is_first &= k >= i;
                same.list[same.n++] = in->list[k];
            }
        struct buf rest = {0};
        if (is_first) {
            buf_addf(&set, strchr("\\]^-[", *c) ? "\\%.*s" : "%.*s", (int)size, c);
            if (add_others(&same, at + size, &rest)) {
                buf_addc(&deeper, '|');
                add_quoted(&deeper, c, size);
                buf_adds(&deeper, rest.p);
            }
        }
        buf_release(&rest);
        free(same.list);
    }
    buf_adds(out, "(?:");
    if (set.n)
        buf_addf(out, "[^%s].*", set.p);
    else
        buf_adds(out, ".+");
    buf_addf(out, "%s%s)", may_end ? "|" : "", deeper.p ? deeper.p : "");
    buf_release(&set);
    buf_release(&deeper);
    return true;
}

static char *all_but(const struct job *j, const struct names *in)
{
    struct buf out = {0}, rest = {0};
    char **low = x_alloc(in->n * sizeof *low);
    struct names lower = {.list = (const char **)low, .n = in->n};
    for (size_t i = 0; i < in->n; i++) {
        low[i] = x_strdup(in->list[i]);
        for (char *p = low[i]; !j->case_sensitive && *p; p++)
            *p = (char)tolower((unsigned char)*p);
    }
    if (add_others(&lower, 0, &rest))
        buf_addf(&out, "~(?s)^%s$", rest.p);
    for (size_t i = 0; i < in->n; i++)
        free(low[i]);
    free(low);
    buf_release(&rest);
    return buf_take(&out);
}

// ---- the cases ----

static bool has_tables(const struct job_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->rules[i].table)
            return true;
    return false;
}

static bool can_not(struct job_problems *told, const char *why)
{
    problem_add(told, false, ERR_CONF_UNSUPPORTED, "allow", "DM's allow list can't say this: %s", why);
    return false;
}

static void exclude_by_ignoring(const struct job *j, struct dm_lists *out, struct job_problems *told)
{
    for (size_t i = 0; i < j->exclude.n; i++) {
        const struct job_rule *r = &j->exclude.rules[i];
        bool meets = false;
        for (size_t k = 0; k < j->include.n; k++)
            meets |= rules_may_meet(j, r, &j->include.rules[k]);
        if (!j->include.n && !r->table)
            add(&out->ignore_dbs, r->schema, NULL);
        else if (!j->include.n || meets)
            add(&out->ignore_tables, r->schema, r->table);
        if (j->include.n && meets && !r->table)
            problem_add(told, true, ERR_CONF_UNSUPPORTED, "allow.exclude", "DM makes the database %.80s at the target, without a table in it", r->schema);
    }
}

// Schemas of which only some tables move: the others are ignored.
static bool ignore_others(const struct job *j, struct dm_lists *out, struct job_problems *told)
{
    const struct job_list *in = &j->include;
    for (size_t i = 0; i < in->n; i++) {
        struct names names = {.list = x_alloc(in->n * sizeof *names.list)};
        const char *why = NULL;
        bool is_whole = false, is_first = true;
        for (size_t k = 0; k < in->n; k++) {
            const struct job_rule *r = &in->rules[k];
            bool is_same = !strcmp(r->schema, in->rules[i].schema);
            if (!is_same && dm_may_meet(r->schema, in->rules[i].schema, j->case_sensitive))
                why = N_("include names the same schema by several patterns, and exclude takes tables out of it");
            if (!is_same)
                continue;
            is_first &= k >= i;
            is_whole |= !r->table;
            if (r->table && !is_prefix(r->table))
                why = N_("include names tables by patterns with more than a star at the end, and exclude takes tables away");
            else if (r->table)
                names.list[names.n++] = r->table;
        }
        char *others = !why && is_first && !is_whole ? all_but(j, &names) : NULL;
        if (others && *others)
            add(&out->ignore_tables, in->rules[i].schema, others);
        free(others);
        free(names.list);
        if (why)
            return can_not(told, why);
    }
    return true;
}

static bool native(const struct job *j, struct dm_lists *out, struct job_problems *told)
{
    bool meets = false;
    for (size_t i = 0; i < j->include.n; i++)
        add(&out->do_dbs, j->include.rules[i].schema, NULL);
    if (!has_tables(&j->include)) {
        exclude_by_ignoring(j, out, told);
        return true;
    }
    for (size_t i = 0; i < j->exclude.n; i++)
        for (size_t k = 0; k < j->include.n; k++)
            meets |= rules_may_meet(j, &j->exclude.rules[i], &j->include.rules[k]);
    for (size_t i = 0; !meets && i < j->include.n; i++)
        add(&out->do_tables, j->include.rules[i].schema, j->include.rules[i].table);
    if (!meets)
        return true;
    exclude_by_ignoring(j, out, told);
    return ignore_others(j, out, told);
}

static void copy_list(struct job_list *to, const struct job_list *from)
{
    for (size_t i = 0; i < from->n; i++)
        add(to, from->rules[i].schema, from->rules[i].table);
}

// What RE2 has not, and what DM's way of folding case would turn around.
static void look_at_regex(const struct job *j, const char *pattern, struct job_problems *told)
{
    static const char *const lacking[] = {"(?=", "(?!", "(?<", "(?>", "\\1", "++", "*+"};
    static const char *const folded[] = {"\\D", "\\W", "\\S", "\\B"};
    for (size_t i = 0; pattern[0] == '~' && i < TG_ARRAY_LEN(lacking); i++)
        if (strstr(pattern, lacking[i])) {
            problem_add(told, false, ERR_CONF_UNSUPPORTED, "allow", "DM's regular expressions have no %s: %.120s", lacking[i], pattern);
            return;
        }
    for (size_t i = 0; pattern[0] == '~' && !j->case_sensitive && i < TG_ARRAY_LEN(folded); i++)
        if (strstr(pattern, folded[i]))
            problem_add(told, false, ERR_CONF_UNSUPPORTED, "allow", "DM reads %s as its small letter where letter case does not count: %.120s",
                        folded[i], pattern);
}

// DM matches schema and table of one entry together only where both are of the same kind: with one regular expression in a
// list, all of it is written so.
static void even_out(struct job_list *l)
{
    bool has_regex = false;
    for (size_t i = 0; i < l->n; i++) {
        struct job_rule *r = &l->rules[i];
        char *schema = dm_pattern(r->schema), *table = r->table ? dm_pattern(r->table) : NULL;
        free(r->schema);
        free(r->table);
        *r = (struct job_rule){schema, table};
        has_regex |= schema[0] == '~' || (table && table[0] == '~');
    }
    for (size_t i = 0; has_regex && i < l->n; i++) {
        struct job_rule *r = &l->rules[i];
        char *schema = regex_of(r->schema), *table = regex_of(r->table ? r->table : "*");
        free(r->schema);
        free(r->table);
        *r = (struct job_rule){schema, table};
    }
}

static void dbs_as_dm(struct job_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        char *schema = dm_pattern(l->rules[i].schema);
        free(l->rules[i].schema);
        l->rules[i].schema = schema;
    }
}

bool dm_allow(const struct job *j, struct dm_lists *out, struct job_problems *told)
{
    bool is_dm = j->do_dbs.n || j->ignore_dbs.n || j->do_tables.n || j->ignore_tables.n;
    const struct job_list *const all[] = {&out->do_dbs, &out->ignore_dbs, &out->do_tables, &out->ignore_tables};
    size_t before = told->nerrors;
    *out = (struct dm_lists){0};
    if (is_dm && (j->include.n || j->exclude.n))
        return can_not(told, "include or exclude, and DM's own lists beside them");
    copy_list(&out->do_dbs, &j->do_dbs);
    copy_list(&out->ignore_dbs, &j->ignore_dbs);
    copy_list(&out->do_tables, &j->do_tables);
    copy_list(&out->ignore_tables, &j->ignore_tables);
    if (!is_dm && !native(j, out, told))
        return false;
    for (size_t i = 0; i < TG_ARRAY_LEN(all); i++)
        for (size_t k = 0; k < all[i]->n; k++) {
            look_at_regex(j, all[i]->rules[k].schema, told);
            if (all[i]->rules[k].table)
                look_at_regex(j, all[i]->rules[k].table, told);
        }
    dbs_as_dm(&out->do_dbs);
    dbs_as_dm(&out->ignore_dbs);
    even_out(&out->do_tables);
    even_out(&out->ignore_tables);
    return told->nerrors == before;
}
