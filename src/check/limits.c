// SPDX-License-Identifier: Apache-2.0
// Limits of the target that a definition or a row could break.
#include "check/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define MIB ((uint64_t)1 << 20)

/* What the target says of itself; of what it does not say, its defaults. */
struct limits {
    uint64_t columns, index_bytes, parts, entry_bytes, packet_bytes;
    bool is_guess;
};

static void take_config(struct limits *l, const char *name, uint64_t value)
{
    struct {
        const char *name;
        uint64_t *to;
    } known[] = {{"table-column-count-limit", &l->columns}, {"max-index-length", &l->index_bytes},
                 {"performance.txn-entry-size-limit", &l->entry_bytes}};
    for (size_t i = 0; i < TG_ARRAY_LEN(known); i++)
        if (strcmp(known[i].name, name) == 0 && value)
            *known[i].to = l->is_guess ? value : TG_MIN(value, *known[i].to); /* the strictest of several servers */
}

uint64_t number_of(const char *text)
{
    return text ? strtoull(text, NULL, 10) : 0;
}

static struct limits read_limits(struct run *r)
{
    struct limits l = {.columns = 1017, .index_bytes = 3072, .parts = 16, .entry_bytes = 6 * MIB, .is_guess = true};
    struct end *s = &r->end[TARGET];
    struct err ignored = {0};
    MYSQL_RES *res;
    l.packet_bytes = TG_MAX(number_of(end_variable(s, "max_allowed_packet")), UINT64_C(1024));
    if (s->conn.server.flavour == DB_MARIADB)
        l.parts = 32;
    if (s->conn.server.flavour != DB_TIDB) {
        l.entry_bytes = UINT64_MAX;
        l.is_guess = false;
        return l;
    }
    if (conn_query(&s->conn, "SHOW CONFIG WHERE type = 'tidb' AND name IN ('table-column-count-limit', 'max-index-length',"
                             " 'performance.txn-entry-size-limit')", &res, &ignored)) {
        for (int pass = 0; pass < 2; pass++, l.is_guess = false) { /* any value first, then the smallest */
            mysql_data_seek(res, 0);
            for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;)
                take_config(&l, row[2], number_of(row[3]));
        }
        mysql_free_result(res);
    }
    uint64_t session = number_of(end_variable(s, "tidb_txn_entry_size_limit"));
    l.entry_bytes = session ? session : l.entry_bytes;
    return l;
}

/* ---- columns ---- */

static bool judge_column(struct run *r, struct check_result *out, const struct table *t, const struct column *c)
{
    enum db_flavour flavour = r->end[TARGET].conn.server.flavour;
    if (c->cls == COL_DECIMAL && c->dec > 30 && flavour != DB_MARIADB) {
        find(out, CHECK_FAIL, NULL, "%s.%s.%s is %s: the target takes at most 30 digits behind the point", t->schema, t->name, c->name, c->type_text);
        return false;
    }
    for (uint32_t i = 0; i < c->nmembers && flavour != DB_MARIADB; i++)
        if (text_characters(c->members[i]) > 255) {
            find(out, CHECK_FAIL, NULL, "%s.%s.%s has a member of %u characters: the target takes at most 255", t->schema, t->name, c->name,
                 text_characters(c->members[i]));
            return false;
        }
    return true;
}

void check_limits_columns(struct run *r, struct check_result *out)
{
    struct limits l = read_limits(r);
    struct picked bad = {0};
    uint32_t most = 0;
    for (uint32_t i = 0; i < r->tables.n; i++) {
        const struct table *t = r->tables.tables[i];
        bool fine = t->ncolumns <= l.columns;
        most = TG_MAX(most, t->ncolumns);
        if (!fine)
            find(out, CHECK_FAIL, NULL, "%s.%s has %u columns: the target takes at most %llu", t->schema, t->name, t->ncolumns,
                 (unsigned long long)l.columns);
        for (uint32_t k = 0; k < t->ncolumns; k++)
            fine = judge_column(r, out, t, &t->columns[k]) && fine;
        if (!fine)
            pick(&bad, t);
    }
    if (bad.n)
        judge(out, CHECK_FAIL, ERR_TARGET_QUERY);
    set_found(out, "at most %u columns", most);
    set_wanted(out, "%llu or fewer", (unsigned long long)l.columns);
    cure_exclude_picked(out, r->job, &bad);
}

/* ---- indexes ---- */

/* Most bytes per character of the charset that the column gets. */
static uint64_t character_bytes(struct run *r, const struct column *c)
{
    char collation[64];
    dialect_collation(&r->dialect, c->collation, collation);
    collation[strcspn(collation, "_")] = 0;
    return charset_max_bytes(collation);
}

static uint64_t decimal_bytes(const struct column *c)
{
    static const unsigned char rest[] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
    unsigned before = c->length - c->dec;
    return before / 9 * 4 + rest[before % 9] + c->dec / 9u * 4 + rest[c->dec % 9];
}

/* As a target counts one part of a key. */
static uint64_t part_bytes(struct run *r, const struct table *t, const struct key_part *p)
{
    static const uint64_t plain[] = {[COL_TINY] = 1, [COL_SMALL] = 2, [COL_MEDIUM] = 3, [COL_INT] = 4, [COL_BIG] = 8, [COL_FLOAT] = 4,
                                     [COL_DOUBLE] = 8, [COL_DATE] = 3, [COL_TIME] = 3, [COL_DATETIME] = 8, [COL_TIMESTAMP] = 4,
                                     [COL_YEAR] = 1, [COL_ENUM] = 2, [COL_SET] = 8, [COL_UUID] = 36, [COL_INET4] = 15, [COL_INET6] = 39};
    if (p->column == UINT32_MAX)
        return 8; /* an expression; what it gives is not known here */
    const struct column *c = &t->columns[p->column];
    uint64_t n = p->prefix ? p->prefix : c->length;
    if (col_is_text(c->cls))
        return n * (c->collation[0] ? character_bytes(r, c) : 1);
    if (col_is_bytes(c->cls))
        return n;
    if (c->cls == COL_DECIMAL)
        return decimal_bytes(c);
    if (c->cls == COL_BIT)
        return (c->length + 7) / 8;
    return (size_t)c->cls < TG_ARRAY_LEN(plain) ? plain[c->cls] : 0;
}

/* A hash over a whole TEXT or BLOB is left out by the rewriter, with a note of its own. */
static bool is_left_out(const struct table *t, const struct key *k)
{
    for (uint32_t i = 0; k->is_hash && i < k->nparts; i++)
        if (k->parts[i].column != UINT32_MAX && !k->parts[i].prefix &&
            (t->columns[k->parts[i].column].cls == COL_TEXT || t->columns[k->parts[i].column].cls == COL_BLOB))
            return true;
    return false;
}

static bool judge_key(struct run *r, struct check_result *out, const struct limits *l, const struct table *t, const struct key *k, uint64_t *most)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < k->nparts; i++)
        n += part_bytes(r, t, &k->parts[i]);
    if (is_left_out(t, k) || (k->is_hash && r->dialect.flavour == DB_MARIADB))
        return true;
    *most = TG_MAX(*most, n);
    if (k->nparts > l->parts) {
        find(out, CHECK_FAIL, NULL, "%s.%s: index %s has %u columns, the target takes at most %llu", t->schema, t->name, k->name, k->nparts,
             (unsigned long long)l->parts);
        return false;
    }
    if (n > l->index_bytes) {
        find(out, CHECK_FAIL, NULL, "%s.%s: index %s takes up to %llu bytes at the target, which takes at most %llu", t->schema, t->name, k->name,
             (unsigned long long)n, (unsigned long long)l->index_bytes);
        return false;
    }
    return true;
}

void check_limits_index(struct run *r, struct check_result *out)
{
    struct err e = {0};
    struct picked bad = {0};
    uint64_t most = 0;
    if (!run_dialect(r, &e)) {
        unread(out, &e);
        return;
    }
    struct limits l = read_limits(r);
    for (uint32_t i = 0; i < r->tables.n; i++) {
        const struct table *t = r->tables.tables[i];
        bool fine = true;
        for (uint32_t k = 0; k < t->nkeys; k++)
            fine = judge_key(r, out, &l, t, &t->keys[k], &most) && fine;
        if (!fine)
            pick(&bad, t);
    }
    set_found(out, "at most %llu bytes", (unsigned long long)most);
    set_wanted(out, "%llu or fewer", (unsigned long long)l.index_bytes);
    if (bad.n) {
        judge(out, CHECK_FAIL, ERR_TARGET_QUERY);
        struct check_cure *c = add_cure(out, CURE_TEXT, "Index the first characters only");
        c->text = x_strdup(_("A character of another charset takes up to 4 bytes at the target: ALTER TABLE … DROP INDEX …, ADD INDEX … (column(768)) "
                           "at the source."));
        c->is_disruptive = true;
    }
    if (bad.n && r->dialect.flavour == DB_TIDB && most <= 12288) {
        struct check_cure *c = add_cure(out, CURE_TEXT, "Raise max-index-length of every TiDB server");
        c->text = x_strdup(_("In the configuration of each tidb-server: max-index-length = 12288, then restart it. TiDB Cloud does not offer it."));
        c->is_disruptive = true;
    }
    cure_exclude_picked(out, r->job, &bad);
}

uint64_t run_entry_limit(struct run *r)
{
    return read_limits(r).entry_bytes;
}
