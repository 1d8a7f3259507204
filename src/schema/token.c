// SPDX-License-Identifier: Apache-2.0
// The tokeniser. It follows the servers' lexer: what a quote means and whether a backslash escapes comes from the
// session of the statement, executable comments are opened when their version fits the server that wrote the
// statement. Comments vanish; that something stood between two tokens is kept in has_space.

#include "schema/token.h"

#include <stdlib.h>
#include <strings.h>

struct lexer {
    const char *p, *end;
    struct arena *arena;
    const struct ddl_context *cx;
    struct err *e;
    bool in_executable, has_space;
    struct token *t;
    uint32_t n, cap;
};

void *arena_zero(struct arena *a, size_t n)
{
    void *p = arena_alloc(a, n);
    memset(p, 0, n);
    return p;
}

static bool is_ident(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '$' || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static char at(const struct lexer *x, size_t ahead)
{
    return (size_t)(x->end - x->p) > ahead ? x->p[ahead] : 0;
}

static struct token *push(struct lexer *x, enum token_kind kind, const char *from)
{
    if (x->n == x->cap) {
        uint32_t cap = x->cap ? x->cap * 2 : 64;
        struct token *grown = arena_alloc(x->arena, cap * sizeof *grown);
        if (x->n)
            memcpy(grown, x->t, x->n * sizeof *grown);
        x->t = grown;
        x->cap = cap;
    }
    struct token *t = &x->t[x->n++];
    *t = (struct token){.kind = kind, .has_space = x->has_space, .raw = {from, (size_t)(x->p - from)}};
    t->text = (struct str){"", 0};
    x->has_space = false;
    return t;
}

static void set_text(struct lexer *x, struct token *t, const char *p, size_t n)
{
    t->text = (struct str){arena_dup(x->arena, p, n), n};
}

static bool broken(struct lexer *x, const char *what)
{
    return err_set(x->e, ERR_DDL_UNKNOWN, "the statement can't be read: %s", what);
}

/* Behind the end of a comment that is not opened; comments inside it are skipped as the servers do. */
static bool skip_comment(struct lexer *x, bool nests)
{
    unsigned depth = 1;
    x->p += 2;
    while (x->end - x->p >= 2) {
        if (x->p[0] == '*' && x->p[1] == '/') {
            x->p += 2;
            if (--depth == 0)
                return true;
        } else if (nests && x->p[0] == '/' && x->p[1] == '*') {
            x->p += 2;
            depth++;
        } else {
            x->p++;
        }
    }
    return broken(x, "a comment does not end");
}

/* At the start of an executable comment: opens it or skips it. */
static bool executable_comment(struct lexer *x)
{
    bool is_maria = at(x, 2) != '!';
    const char *p = x->p + (is_maria ? 4 : 3);
    unsigned version = 0, digits = 0;
    while (p < x->end && is_digit(*p) && digits < 6) {
        version = version * 10 + (unsigned)(*p++ - '0');
        digits++;
    }
    if (digits < 5) {
        p -= digits;
        version = 0;
    }
    bool opens = !is_maria || x->cx->is_mariadb;
    if (x->cx->version && version > x->cx->version)
        opens = false;
    // MariaDB takes numbers of MySQL 5.7 and later for another server's.
    if (x->cx->is_mariadb && !is_maria && version >= 50700 && version <= 99999)
        opens = false;
    if (!opens)
        return skip_comment(x, true);
    x->p = p;
    x->in_executable = true;
    return true;
}

static void skip_line(struct lexer *x)
{
    while (x->p < x->end && *x->p != '\n')
        x->p++;
}

/* Moves over spaces and comments. */
static bool skip_blank(struct lexer *x)
{
    for (;; x->has_space = true) {
        char c = at(x, 0), d = at(x, 1);
        if (x->p >= x->end)
            return true;
        if (is_space(c)) {
            x->p++;
        } else if (c == '#') {
            skip_line(x);
        } else if (c == '-' && d == '-' && (x->end - x->p == 2 || (unsigned char)at(x, 2) <= ' ')) {
            skip_line(x);
        } else if (c == '/' && d == '*') {
            bool is_open = at(x, 2) == '!' || (at(x, 2) == 'M' && at(x, 3) == '!');
            if (is_open && !x->in_executable ? !executable_comment(x) : !skip_comment(x, false))
                return false;
        } else if (c == '*' && d == '/' && x->in_executable) {
            x->in_executable = false;
            x->p += 2;
        } else {
            return true;
        }
    }
}

static char unescape(char c)
{
    switch (c) {
    case '0':
        return 0;
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case 'b':
        return '\b';
    case 'Z':
        return 26;
    default:
        return c;
    }
}

/* At an opening quote: the decoded text up to the closing one. */
static bool quoted(struct lexer *x, bool has_escapes, struct str *out)
{
    char quote = *x->p++;
    const char *q = x->p;
    while (q < x->end && (*q != quote || (q + 1 < x->end && q[1] == quote)))
        q += *q == quote || (*q == '\\' && has_escapes) ? 2 : 1;
    char *to = arena_alloc(x->arena, (size_t)(TG_MIN(q, x->end) - x->p) + 1);
    size_t n = 0;
    while (x->p < x->end) {
        char c = *x->p++;
        if (c == quote) {
            if (at(x, 0) != quote || x->p >= x->end) {
                to[n] = 0;
                *out = (struct str){to, n};
                return true;
            }
            x->p++;
        } else if (c == '\\' && has_escapes && x->p < x->end) {
            char d = *x->p++;
            // \% and \_ mean themselves, for patterns.
            if (d == '%' || d == '_')
                to[n++] = '\\';
            c = unescape(d);
        }
        to[n++] = c;
    }
    return broken(x, "a quoted text does not end");
}

static int hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Digits of x'…' or b'…' to bytes, right-aligned. */
static void set_bytes(struct lexer *x, struct token *t, const char *p, size_t n, bool is_hex)
{
    size_t per = is_hex ? 2 : 8, size = (n + per - 1) / per;
    char *to = arena_zero(x->arena, size + 1);
    for (size_t i = 0; i < n; i++) {
        size_t place = n - 1 - i;
        unsigned v = (unsigned)(is_hex ? hex_digit(p[i]) : p[i] - '0');
        unsigned shift = (unsigned)(place % per) * (is_hex ? 4 : 1);
        size_t at_byte = size - 1 - place / per;
        to[at_byte] = (char)((unsigned char)to[at_byte] | (v << shift));
    }
    t->text = (struct str){to, size};
}

/* x'…', b'…', 0x…, 0b…: true when there was one. */
static bool bytes(struct lexer *x)
{
    const char *from = x->p;
    char c = (char)(at(x, 0) | 0x20), d = (char)(at(x, 1) | 0x20);
    bool is_quoted = (c == 'x' || c == 'b') && at(x, 1) == '\'';
    bool is_plain = c == '0' && at(x, 0) == '0' && (at(x, 1) == 'x' || at(x, 1) == 'b');
    if (!is_quoted && !is_plain)
        return false;
    bool is_hex = is_quoted ? c == 'x' : d == 'x';
    const char *p = from + 2, *first = p;
    while (p < x->end && (is_hex ? hex_digit(*p) >= 0 : *p == '0' || *p == '1'))
        p++;
    size_t n = (size_t)(p - first);
    if (is_quoted ? p >= x->end || *p != '\'' : n == 0 || (p < x->end && is_ident(*p)))
        return false;
    x->p = p + (is_quoted ? 1 : 0);
    set_bytes(x, push(x, TOK_BYTES, from), first, n, is_hex);
    return true;
}

/* A number, unless the digits begin an identifier. */
static bool number(struct lexer *x)
{
    const char *from = x->p, *p = from;
    while (p < x->end && is_digit(*p))
        p++;
    bool has_point = p < x->end && *p == '.';
    if (has_point)
        for (p++; p < x->end && is_digit(*p);)
            p++;
    if (p < x->end && (*p == 'e' || *p == 'E')) {
        const char *q = p + 1;
        if (q < x->end && (*q == '+' || *q == '-'))
            q++;
        if (q < x->end && is_digit(*q)) {
            while (q < x->end && is_digit(*q))
                q++;
            p = q;
        }
    }
    if (!has_point && p < x->end && is_ident(*p))
        return false;
    x->p = p;
    struct token *t = push(x, TOK_NUMBER, from);
    set_text(x, t, from, (size_t)(p - from));
    return true;
}

static void word(struct lexer *x)
{
    const char *from = x->p;
    while (x->p < x->end && is_ident(*x->p))
        x->p++;
    struct token *t = push(x, TOK_WORD, from);
    set_text(x, t, from, t->raw.n);
}

static bool follows_dot(const struct lexer *x)
{
    return x->n >= 2 && x->t[x->n - 1].punct == '.' && token_is_name(&x->t[x->n - 2]) && !x->has_space;
}

static bool next(struct lexer *x)
{
    char c = *x->p;
    const char *from = x->p;
    struct str text;
    bool is_name = c == '`' || (c == '"' && x->cx->ansi_quotes);
    if (is_name || c == '\'' || c == '"') {
        if (!quoted(x, !is_name && !x->cx->no_backslash_escapes, &text))
            return false;
        push(x, is_name ? TOK_QUOTED : TOK_STRING, from)->text = text;
        return true;
    }
    if (!follows_dot(x)) {
        bool has_point = c == '.' && is_digit(at(x, 1)) && (x->n == 0 || !token_is_name(&x->t[x->n - 1]));
        if (bytes(x) || ((is_digit(c) || has_point) && number(x)))
            return true;
    }
    if (is_ident(c)) {
        word(x);
        return true;
    }
    x->p++;
    push(x, TOK_PUNCT, from)->punct = c;
    return true;
}

bool token_read(struct token_list *out, struct arena *a, const char *sql, size_t n,
                const struct ddl_context *cx, struct err *e)
{
    struct lexer x = {.p = sql, .end = sql + n, .arena = a, .cx = cx, .e = e};
    for (;;) {
        if (!skip_blank(&x))
            return false;
        if (x.p >= x.end)
            break;
        if (!next(&x))
            return false;
    }
    while (x.n && x.t[x.n - 1].punct == ';')
        x.n--;
    push(&x, TOK_END, x.p);
    *out = (struct token_list){x.t, x.n};
    return true;
}

bool token_is_word(const struct token *t, const char *z)
{
    return t->kind == TOK_WORD && strlen(z) == t->text.n && strncasecmp(t->text.p, z, t->text.n) == 0;
}

const struct token *cur_at(const struct cursor *c, uint32_t ahead)
{
    return &c->t[TG_MIN(c->i + ahead, c->n - 1)];
}

void cur_skip(struct cursor *c)
{
    if (c->i + 1 < c->n)
        c->i++;
}

bool cur_is_end(const struct cursor *c)
{
    return cur_at(c, 0)->kind == TOK_END;
}

bool cur_is_word(const struct cursor *c, uint32_t ahead, const char *z)
{
    return token_is_word(cur_at(c, ahead), z);
}

bool cur_is_punct(const struct cursor *c, uint32_t ahead, char p)
{
    return cur_at(c, ahead)->kind == TOK_PUNCT && cur_at(c, ahead)->punct == p;
}

bool cur_take(struct cursor *c, const char *z)
{
    if (!cur_is_word(c, 0, z))
        return false;
    c->i++;
    return true;
}

bool cur_take2(struct cursor *c, const char *first, const char *second)
{
    if (!cur_is_word(c, 0, first) || !cur_is_word(c, 1, second))
        return false;
    c->i += 2;
    return true;
}

bool cur_take_punct(struct cursor *c, char p)
{
    if (!cur_is_punct(c, 0, p))
        return false;
    c->i++;
    return true;
}

bool cur_want(struct cursor *c, const char *z)
{
    return cur_take(c, z) || cur_fail(c, z);
}

bool cur_want_punct(struct cursor *c, char p)
{
    char z[2] = {p, 0};
    return cur_take_punct(c, p) || cur_fail(c, z);
}

bool cur_name(struct cursor *c, const char **out)
{
    const struct token *t = cur_at(c, 0);
    if (!token_is_name(t) || t->text.n == 0 || memchr(t->text.p, 0, t->text.n))
        return cur_fail(c, "a name");
    *out = t->text.p;
    c->i++;
    return true;
}

bool cur_string(struct cursor *c, struct str *out)
{
    const struct token *t = cur_at(c, 0);
    if (t->kind != TOK_STRING && t->kind != TOK_BYTES)
        return cur_fail(c, "a text");
    *out = t->text;
    c->i++;
    return true;
}

bool cur_number(struct cursor *c, uint64_t *out)
{
    const struct token *t = cur_at(c, 0);
    if (t->kind != TOK_NUMBER)
        return cur_fail(c, "a number");
    *out = strtoull(t->text.p, NULL, 10);
    c->i++;
    return true;
}

bool cur_table(struct cursor *c, const char **schema, const char **table)
{
    *schema = c->cx->schema;
    if (cur_take_punct(c, '.')) // ".t" is the default schema's t
        return cur_name(c, table);
    if (!cur_name(c, table))
        return false;
    if (!cur_take_punct(c, '.'))
        return true;
    *schema = *table;
    return cur_name(c, table);
}

bool cur_parens(struct cursor *c, struct range *inside)
{
    if (!cur_want_punct(c, '('))
        return false;
    uint32_t from = c->i;
    for (unsigned depth = 1; depth; c->i++) {
        if (cur_is_end(c))
            return cur_fail(c, ")");
        if (cur_is_punct(c, 0, '('))
            depth++;
        else if (cur_is_punct(c, 0, ')'))
            depth--;
    }
    if (inside)
        *inside = (struct range){from, c->i - 1};
    return true;
}

bool cur_fail(const struct cursor *c, const char *expected)
{
    const struct token *t = cur_at(c, 0);
    const struct token *last = &c->t[c->n - 1];
    size_t n = (size_t)(last->raw.p - t->raw.p);
    return err_set(c->e, ERR_DDL_UNKNOWN, "expected %s, found \"%.*s\"", expected, (int)TG_MIN(n, 60),
                   t->kind == TOK_END ? "" : t->raw.p);
}
