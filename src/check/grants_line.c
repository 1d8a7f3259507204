// SPDX-License-Identifier: Apache-2.0
// One line of SHOW GRANTS to privileges on a scope. It is no SQL parser: it knows words, quotes and parentheses, looks
// for ON and TO outside of them, and keeps what it can't place. Behind the account's name only WITH GRANT OPTION is
// looked for: what stands there besides are hashes of passwords and the like.
#include "check/grants_impl.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

enum { WORD_MAX = 64, UNREAD_MAX = 200 };

struct scan {
    const char *p, *end;
};

static bool is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool is_quote(char c)
{
    return c == '`' || c == '\'' || c == '"';
}

static void skip_space(struct scan *s)
{
    while (s->p < s->end && isspace((unsigned char)*s->p))
        s->p++;
}

// Behind the closing quote. A doubled quote is one of the name's; backslashes are the pattern's own.
static void skip_quoted(struct scan *s)
{
    char q = *s->p++;
    while (s->p < s->end) {
        if (*s->p++ != q)
            continue;
        if (s->p == s->end || *s->p != q)
            return;
        s->p++;
    }
}

static bool at_word(const struct scan *s, const char *word)
{
    size_t n = strlen(word);
    return (size_t)(s->end - s->p) >= n && strncasecmp(s->p, word, n) == 0 &&
           (s->p + n == s->end || !is_word_char(s->p[n]));
}

static bool take_word(struct scan *s, const char *word)
{
    skip_space(s);
    if (!at_word(s, word))
        return false;
    s->p += strlen(word);
    return true;
}

static bool take_char(struct scan *s, char c)
{
    skip_space(s);
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

// Moves to the next such word outside quotes and parentheses; s->end when there is none.
static bool find_word(struct scan *s, const char *word)
{
    unsigned depth = 0;
    while (s->p < s->end) {
        if (is_quote(*s->p)) {
            skip_quoted(s);
        } else if (is_word_char(*s->p)) {
            if (depth == 0 && at_word(s, word))
                return true;
            while (s->p < s->end && is_word_char(*s->p))
                s->p++;
        } else {
            depth += *s->p == '(';
            depth -= *s->p == ')' && depth > 0;
            s->p++;
        }
    }
    return false;
}

// A name in any quotes or in none; NULL when none stands there. Caller frees.
static char *take_name(struct scan *s)
{
    struct buf out = {0};
    skip_space(s);
    if (s->p == s->end)
        return NULL;
    if (!is_quote(*s->p)) {
        const char *from = s->p;
        while (s->p < s->end && !isspace((unsigned char)*s->p) && !strchr(".,@();*", *s->p) && !is_quote(*s->p))
            s->p++;
        return s->p == from ? NULL : x_strndup(from, (size_t)(s->p - from));
    }
    const char *from = s->p + 1;
    char q = *s->p;
    skip_quoted(s);
    const char *to = s->p - 1;
    if (to < from || *to != q)
        return NULL;
    for (const char *p = from; p < to; p++) {
        buf_addc(&out, *p);
        p += *p == q;
    }
    return buf_take(&out);
}

// name[@host]; *host stays NULL where there is none.
static bool take_account(struct scan *s, char **name, char **host)
{
    *host = NULL;
    *name = take_name(s);
    if (!*name)
        return false;
    if (!take_char(s, '@'))
        return true;
    *host = take_name(s);
    if (!*host)
        *host = x_strdup("");
    return true;
}

static void add_text(char ***list, uint32_t *n, const char *text)
{
    for (uint32_t i = 0; i < *n; i++) {
        if (strcmp((*list)[i], text) == 0)
            return;
    }
    *list = x_realloc(*list, (*n + 1) * sizeof **list);
    (*list)[(*n)++] = x_strdup(text);
}

// Cut at the first text in quotes and before IDENTIFIED: a hash could follow.
static void add_unread(struct grants *g, const char *line, size_t n)
{
    char text[UNREAD_MAX + 8];
    struct scan s = {line, line + TG_MIN(n, (size_t)UNREAD_MAX)};
    size_t k = 0;
    skip_space(&s);
    for (; s.p < s.end && *s.p != '\'' && *s.p != '"' && !at_word(&s, "IDENTIFIED"); s.p++)
        text[k++] = iscntrl((unsigned char)*s.p) ? ' ' : *s.p;
    memcpy(text + k, s.p < line + n ? " …" : "", s.p < line + n ? sizeof " …" : 1);
    add_text(&g->unread, &g->nunread, text);
}

static bool take_columns(struct scan *s)
{
    if (!take_char(s, '('))
        return false;
    while (s->p < s->end && *s->p != ')') {
        if (is_quote(*s->p))
            skip_quoted(s);
        else
            s->p++;
    }
    s->p += s->p < s->end;
    return true;
}

// Upper case, single spaces. False for a word that is too long or holds other signs.
static bool take_priv(struct scan *s, char word[WORD_MAX])
{
    size_t n = 0;
    for (skip_space(s); s->p < s->end && *s->p != ',' && *s->p != '('; s->p++) {
        bool is_space = isspace((unsigned char)*s->p);
        if ((!is_space && !is_word_char(*s->p)) || n + 2 > WORD_MAX)
            return false;
        if (!is_space || (n && word[n - 1] != ' '))
            word[n++] = is_space ? ' ' : (char)toupper((unsigned char)*s->p);
    }
    n -= n && word[n - 1] == ' ';
    word[n] = 0;
    return true;
}

struct line {
    struct grant grant;
    bool has_all;
    char **unknown;
    uint32_t nunknown;
};

static bool take_privs(struct scan s, struct line *l)
{
    char word[WORD_MAX];
    do {
        bool is_known;
        if (!take_priv(&s, word))
            return false;
        bool has_columns = take_columns(&s);
        if (strcmp(word, "ALL") == 0 || strcmp(word, "ALL PRIVILEGES") == 0) {
            l->has_all = true;
            continue;
        }
        *(has_columns ? &l->grant.on_columns : &l->grant.has) |= priv_bits(word, &is_known);
        if (!is_known && word[0])
            add_text(&l->unknown, &l->nunknown, word);
    } while (take_char(&s, ','));
    skip_space(&s);
    return s.p == s.end;
}

// *.*, schema.*, schema.table, PROCEDURE schema.name and the like.
static bool take_scope(struct scan *s, struct grant *out)
{
    static const char *const kinds[] = {"TABLE", "PROCEDURE", "FUNCTION", "PACKAGE", "BODY", "LIBRARY", "SEQUENCE"};
    bool is_table = true;
    for (size_t i = 0; i < TG_ARRAY_LEN(kinds); i++) {
        struct scan ahead = *s;
        // A schema may have such a name, too: then a dot follows.
        if (!take_word(&ahead, kinds[i]) || take_char(&ahead, '.'))
            continue;
        *s = ahead;
        is_table &= i == 0 || strcmp(kinds[i], "SEQUENCE") == 0;
    }
    out->is_routine = !is_table;
    if (take_char(s, '*'))
        return take_char(s, '.') && take_char(s, '*');
    out->schema = take_name(s);
    if (!out->schema || !take_char(s, '.'))
        return false;
    if (take_char(s, '*'))
        return is_table;
    out->object = take_name(s);
    return out->object != NULL;
}

static uint32_t holder_number(struct grants *g, const char *name, const char *host)
{
    char *text = x_format("%s\n%s", name, host ? host : "");
    add_text(&g->holders, &g->nholders, text);
    uint32_t i = 0;
    while (strcmp(g->holders[i], text) != 0)
        i++;
    free(text);
    return i;
}

static bool has_grant_option(struct scan s)
{
    while (find_word(&s, "WITH")) {
        s.p += 4;
        if (take_word(&s, "GRANT") && take_word(&s, "OPTION"))
            return true;
    }
    return false;
}

// `s` stands at the list; the line has an ON at `on`.
static bool read_privs(struct grants *g, struct scan s, const char *on, struct line *l)
{
    char *name = NULL, *host = NULL;
    struct scan rest = {on, s.end};
    take_word(&rest, "ON");
    bool ok = take_privs((struct scan){s.p, on}, l) && take_scope(&rest, &l->grant) &&
              take_word(&rest, l->grant.is_taken ? "FROM" : "TO") && take_account(&rest, &name, &host);
    if (ok) {
        l->grant.holder = holder_number(g, name, host);
        if (l->has_all)
            l->grant.has |= priv_all(!l->grant.schema ? PRIV_SCOPE_G : !l->grant.object ? PRIV_SCOPE_S : PRIV_SCOPE_T);
        if (l->grant.is_routine)
            l->grant.has |= l->has_all ? PRIV_BIT(PRIV_EXECUTE) : 0;
        if (!l->grant.is_taken && has_grant_option(rest))
            l->grant.has |= PRIV_BIT(PRIV_GRANT_OPTION);
    }
    free(name);
    free(host);
    return ok;
}

static void add_grant(struct grants *g, struct line *l)
{
    g->grants = x_realloc(g->grants, (g->ngrants + 1) * sizeof *g->grants);
    g->grants[g->ngrants++] = l->grant;
    l->grant.schema = l->grant.object = NULL;
    for (uint32_t i = 0; i < l->nunknown; i++)
        add_text(&g->unknown, &g->nunknown, l->unknown[i]);
}

static void add_role(struct grants *g, char *name, char *host)
{
    for (uint32_t i = 0; i < g->nroles; i++) {
        const char *other = g->roles[i].host;
        if (strcmp(g->roles[i].name, name) == 0 && strcmp(other ? other : "", host ? host : "") == 0) {
            free(name);
            free(host);
            return;
        }
    }
    g->roles = x_realloc(g->roles, (g->nroles + 1) * sizeof *g->roles);
    g->roles[g->nroles++] = (struct grant_role){.name = name, .host = host};
}

// GRANT role, role TO …
static bool read_roles(struct grants *g, struct scan s)
{
    struct scan check = s;
    char *name = NULL, *host = NULL;
    bool ok;
    do {
        ok = take_account(&check, &name, &host);
        free(name);
        free(host);
    } while (ok && take_char(&check, ','));
    if (!ok || !take_word(&check, "TO"))
        return false;
    // What a role of MariaDB brings with it comes and goes with that role.
    if (g->flavour == DB_MARIADB) {
        bool is_for_user = take_account(&check, &name, &host) && host;
        free(name);
        free(host);
        if (!is_for_user)
            return true;
    }
    do {
        take_account(&s, &name, &host);
        add_role(g, name, host);
    } while (take_char(&s, ','));
    return true;
}

static bool read_line(struct grants *g, struct scan s, struct line *l)
{
    if (take_word(&s, "SET")) // which role is active is asked from the session itself
        return take_word(&s, "DEFAULT") && take_word(&s, "ROLE");
    l->grant.is_taken = take_word(&s, "REVOKE");
    if (!l->grant.is_taken && !take_word(&s, "GRANT"))
        return false;
    struct scan on = s;
    bool has_on = find_word(&on, "ON");
    if (take_word(&s, "PROXY") && has_on)
        return true;
    if (!has_on)
        return !l->grant.is_taken && read_roles(g, s);
    if (!read_privs(g, s, on.p, l))
        return false;
    add_grant(g, l);
    return true;
}

void grants_add_line(struct grants *g, const char *line, size_t n, bool is_asleep)
{
    struct scan s = {line, line + n};
    struct line l = {.grant.is_asleep = is_asleep};
    skip_space(&s);
    if (s.p == s.end)
        return;
    if (!read_line(g, s, &l))
        add_unread(g, line, n);
    free(l.grant.schema);
    free(l.grant.object);
    for (uint32_t i = 0; i < l.nunknown; i++)
        free(l.unknown[i]);
    free(l.unknown);
}

static bool same_role(const struct grants *g, const struct grant_role *r, const char *name, const char *host)
{
    if (g->flavour == DB_MARIADB)
        return strcmp(r->name, name) == 0;
    return strcmp(r->name, name) == 0 && strcasecmp(r->host ? r->host : "%", host ? host : "%") == 0;
}

void grants_set_active(struct grants *g, const char *current_role)
{
    struct scan s = {current_role, current_role + strlen(current_role)};
    char *name, *host;
    // MariaDB has one role, and shows its bare name.
    if (g->flavour == DB_MARIADB) {
        for (uint32_t i = 0; i < g->nroles; i++)
            g->roles[i].is_active |= same_role(g, &g->roles[i], current_role, NULL);
        return;
    }
    bool ok;
    do {
        ok = take_account(&s, &name, &host);
        for (uint32_t i = 0; ok && i < g->nroles; i++)
            g->roles[i].is_active |= same_role(g, &g->roles[i], name, host);
        free(name);
        free(host);
    } while (ok && take_char(&s, ','));
}
