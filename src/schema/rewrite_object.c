// SPDX-License-Identifier: Apache-2.0
// What is made at the target when the rows are there: foreign keys as statements of their own, and views. A view's
// text comes from SHOW CREATE VIEW without a default schema, so every name in it is qualified.

#include "schema/rewrite.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

void ddl_foreign_keys(const struct ddl *d, const struct ddl_context *cx, const struct target_dialect *to, name_map *map,
                      void *map_arg, foreign_key_told *told, void *told_arg)
{
    struct buf sql = {0};
    struct rewriter r = {.out = &sql, .d = d, .t = d->body->tokens.t, .cx = cx, .to = to, .map = map, .map_arg = map_arg};
    if (d->kind != DDL_CREATE_TABLE || !d->body->table)
        return;
    r.schema = d->names[0].schema;
    r.table = d->names[0].table;
    for (const struct key_ast *k = d->body->table->keys; k; k = k->next) {
        if (k->kind != KEY_FOREIGN)
            continue;
        buf_reset(&sql);
        buf_adds(&sql, "ALTER TABLE ");
        rw_table(&r, r.schema, r.table);
        buf_adds(&sql, " ADD ");
        rw_foreign_key(&r, k);
        told(told_arg, k->constraint ? k->constraint : "", k->ref_schema ? k->ref_schema : r.schema, k->ref_table, sql.p);
    }
    buf_release(&sql);
}

struct view_writer {
    struct rewriter r;
    const struct view_port *port;
    uint32_t i, n;                    /* the token that comes next; the last one */
};

static bool is_word(const struct view_writer *w, uint32_t i, const char *word)
{
    return i < w->n && token_is_word(&w->r.t[i], word);
}

/* DEFINER = user@host, or a role of MariaDB. Kept when the target knows the account. */
static void write_definer(struct view_writer *w)
{
    const struct token *t = w->r.t;
    const char *user = "", *host = "%";
    uint32_t i = w->i + 2;
    if (i < w->n)
        user = t[i++].text.p;
    if (i + 1 < w->n && t[i].punct == '@') {
        host = t[i + 1].text.p;
        i += 2;
    }
    w->i = i;
    if (w->port->has_user && w->port->has_user(w->port->arg, user, host)) {
        buf_adds(w->r.out, "DEFINER=");
        sql_ident(w->r.out, user);
        buf_addc(w->r.out, '@');
        sql_ident(w->r.out, host);
        buf_addc(w->r.out, ' ');
        return;
    }
    rw_note(&w->r, "its definer %s@%s is not known at the target: the migration's user defines it there", user, host);
}

/* Everything before VIEW: OR REPLACE, ALGORITHM, DEFINER, SQL SECURITY. */
static bool write_head(struct view_writer *w)
{
    if (!is_word(w, w->i++, "create"))
        return err_set(w->r.e, ERR_DDL_UNKNOWN, "a CREATE VIEW is expected");
    buf_adds(w->r.out, "CREATE OR REPLACE ");
    if (is_word(w, w->i, "or"))
        w->i += 2;
    while (w->i < w->n && !is_word(w, w->i, "view")) {
        if (is_word(w, w->i, "definer") && w->r.t[w->i + 1].punct == '=') { // not SQL SECURITY DEFINER
            write_definer(w);
            continue;
        }
        const struct token *t = &w->r.t[w->i++];
        buf_add(w->r.out, t->raw.p, t->raw.n);
        if (w->r.t[w->i].has_space)
            buf_addc(w->r.out, ' ');
    }
    if (w->i >= w->n)
        return err_set(w->r.e, ERR_DDL_UNKNOWN, "a CREATE VIEW is expected");
    w->i++;
    buf_adds(w->r.out, "VIEW ");
    return true;
}

/* Behind FROM or JOIN, through any brackets. */
static bool is_table_place(const struct view_writer *w, uint32_t i)
{
    static const char *const words[] = {"from", "join", "straight_join"};
    while (i > 0 && w->r.t[i - 1].punct == '(')
        i--;
    for (size_t k = 0; i > 0 && k < TG_ARRAY_LEN(words); k++)
        if (token_is_word(&w->r.t[i - 1], words[k]))
            return true;
    return false;
}

/* schema.table at i: in front of a column, or where a table must stand. */
static bool is_table(const struct view_writer *w, uint32_t i)
{
    const struct token *t = w->r.t;
    if (i + 2 >= w->n || !token_is_name(&t[i]) || t[i + 1].punct != '.' || !token_is_name(&t[i + 2]))
        return false;
    if (i > 0 && t[i - 1].punct == '.')
        return false;
    bool is_three = i + 3 < w->n && t[i + 3].punct == '.';
    return (is_three || is_table_place(w, i)) && w->port->is_moved(w->port->arg, t[i].text.p, t[i + 2].text.p);
}

static void write_body(struct view_writer *w)
{
    struct range run = {w->i, w->i};
    for (; run.to < w->n; run.to++) {
        if (!is_table(w, run.to))
            continue;
        if (range_is_set(run)) {
            if (w->r.t[run.from].has_space)
                buf_addc(w->r.out, ' ');
            rw_tokens(&w->r, run);
        }
        if (w->r.t[run.to].has_space)
            buf_addc(w->r.out, ' ');
        rw_table(&w->r, w->r.t[run.to].text.p, w->r.t[run.to + 2].text.p);
        run.from = run.to += 3;
        run.to--;
    }
    if (range_is_set(run)) {
        if (w->r.t[run.from].has_space)
            buf_addc(w->r.out, ' ');
        rw_tokens(&w->r, run);
    }
}

bool view_rewrite(struct buf *out, const struct view *v, const struct ddl_context *cx, const struct target_dialect *to,
                  const struct view_port *port, struct buf *notes, struct err *e)
{
    struct arena arena = {0};
    struct token_list tokens;
    struct view_writer w = {.port = port,
                            .r = {.out = out, .cx = cx, .to = to, .map = port->map, .map_arg = port->arg, .notes = notes,
                                  .e = e, .schema = v->schema, .table = v->name}};
    if (!token_read(&tokens, &arena, v->sql, strlen(v->sql), cx, e)) {
        arena_release(&arena);
        return false;
    }
    w.r.t = tokens.t;
    w.n = tokens.n - 1;
    bool fine = write_head(&w);
    if (fine) {
        rw_table(&w.r, v->schema, v->name);
        w.i += w.i + 2 < w.n && w.r.t[w.i + 1].punct == '.' ? 3 : 1;
        write_body(&w);
    }
    arena_release(&arena);
    return fine;
}

bool collation_merges(const char *collation, const char *there)
{
    char a[64], b[64];
    collation_name(collation, a);
    collation_name(there, b);
    size_t n = strlen(b);
    bool is_bin = n > 4 && strcmp(b + n - 4, "_bin") == 0 && !strstr(b, "0900"); // ignores trailing spaces only
    bool is_nopad = strstr(a, "0900") || strstr(a, "nopad");
    return strcmp(a, b) != 0 && (!is_bin || is_nopad);
}

void dialect_collation(const struct target_dialect *to, const char *collation, char out[64])
{
    char name[64], charset[64], to_charset[64];
    collation_name(collation, name);
    collation_charset(name, charset);
    dialect_map(to, charset, name, to_charset, out);
}
