// SPDX-License-Identifier: Apache-2.0
/* Tables of a server as it shows them: SHOW CREATE TABLE, read by our own parser. A catalogue of thousands is asked for
 * by several connections, many statements in a packet: the server's work for each table is what is left to wait for.
 * What a further connection can't do is done by the first one. */
#include "schema/ast.h"

#include "base/sync.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define PACKET 32      /* statements */
#define CONNECTIONS 4  /* with the caller's own */

struct entry {
    char *schema, *name, *sql;
    struct table *def;
    struct err *why;                  /* it can't be read */
    bool is_done;
};

struct catalogue {
    struct conn *source;
    struct entry *list;
    uint32_t n;
    bool goes_on;                     /* behind a table that can't be read */
    atomic_uint next;
    atomic_bool stops;
};

static void add_show(struct buf *sql, const char *schema, const char *name)
{
    buf_adds(sql, sql->n ? ";SHOW CREATE TABLE " : "SHOW CREATE TABLE ");
    sql_table(sql, schema, name);
}

/* The answer, read; *text (may be NULL) gets it as it came. */
static struct table *read_answer(const struct conn *c, MYSQL_RES *res, const char *schema, char **text, struct err *e)
{
    struct ddl_context cx = ddl_context_of(&c->server, str_of(schema));
    MYSQL_ROW row = mysql_fetch_row(res);
    if (!row || !row[1])
        return err_set(e, c->addr->is_target ? ERR_TARGET_QUERY : ERR_SOURCE_QUERY, "SHOW CREATE TABLE gives nothing"), NULL;
    struct table *t = table_from_sql(row[1], strlen(row[1]), &cx, e);
    if (t && text)
        *text = x_strdup(row[1]);
    return t;
}

struct table *table_read(struct conn *c, const char *schema, const char *name, struct err *e)
{
    struct buf sql = {0};
    MYSQL_RES *res;
    struct table *t = NULL;
    add_show(&sql, schema, name);
    if (conn_query(c, sql.p, &res, e)) {
        t = read_answer(c, res, schema, NULL, e);
        mysql_free_result(res);
    }
    buf_release(&sql);
    if (!t)
        err_wrap(e, "%s.%s", schema, name);
    return t;
}

/* Pins what SHOW CREATE prints: with quotes and without ANSI_QUOTES, so that one context fits all answers. */
static bool pin_session(struct conn *c, struct err *e)
{
    return conn_execf(c, e,
                      "SET SESSION sql_quote_show_create=1, sql_mode=REPLACE(REPLACE(REPLACE(REPLACE(@@sql_mode,"
                      "'ANSI_QUOTES',''),'NO_FIELD_OPTIONS',''),'NO_TABLE_OPTIONS',''),'NO_KEY_OPTIONS','')");
}

static void failed(struct catalogue *k, struct entry *t, const struct err *why)
{
    t->is_done = true;
    t->why = x_memdup(why, sizeof *why);
    if (!k->goes_on)
        atomic_store(&k->stops, true);
}

struct turn {
    struct catalogue *k;
    struct conn *c;
    uint32_t first;                   /* of the packet's tables */
};

static void take_answer(void *arg, unsigned i, MYSQL_RES *res)
{
    struct turn *turn = arg;
    struct entry *t = &turn->k->list[turn->first + i];
    struct err e = {0};
    t->def = read_answer(turn->c, res, t->schema, &t->sql, &e);
    t->is_done = true;
    if (!t->def)
        failed(turn->k, t, &e);
}

/* Tables [from, to), size in a packet. false: the connection is lost. */
static bool read_some(struct catalogue *k, struct conn *c, uint32_t from, uint32_t to, uint32_t size, struct err *e)
{
    struct buf sql = {0};
    bool is_there = true;
    while (is_there && from < to && !atomic_load(&k->stops)) {
        struct turn turn = {k, c, from};
        unsigned done;
        buf_reset(&sql);
        for (uint32_t i = from; i < TG_MIN(to, from + size); i++)
            add_show(&sql, k->list[i].schema, k->list[i].name);
        bool fine = conn_queries(c, sql.p, sql.n, take_answer, &turn, &done, e);
        from += done;
        is_there = fine || !err_is_lost(e);
        if (fine || !is_there)
            continue;
        failed(k, &k->list[from++], e); /* the server has not looked at those behind it */
        err_clear(e);
    }
    buf_release(&sql);
    return is_there;
}

/* Until nothing is left, or this connection is. */
static void read_packets(struct catalogue *k, struct conn *c)
{
    struct err e = {0};
    uint32_t size = conn_allow_packets(c, true, &e) ? PACKET : 1; /* something between may not know them */
    for (bool is_there = !err_is_lost(&e); is_there && !atomic_load(&k->stops);) {
        uint32_t from = atomic_fetch_add(&k->next, PACKET);
        if (from >= k->n)
            break;
        is_there = read_some(k, c, from, TG_MIN(k->n, from + PACKET), size, &e);
    }
    if (size > 1)
        conn_allow_packets(c, false, &e);
}

static void *helper_main(void *arg)
{
    struct catalogue *k = arg;
    struct conn c = {0};
    struct err ignored = {0};
    mysql_thread_init();
    if (conn_open_source(&c, k->source->addr, 60, &ignored) && strcmp(c.server.uuid, k->source->server.uuid) == 0 &&
        pin_session(&c, &ignored))
        read_packets(k, &c);
    conn_close(&c);
    mysql_thread_end();
    return NULL;
}

static void read_entries(struct catalogue *k)
{
    pthread_t threads[CONNECTIONS];
    uint32_t most = k->source->addr->is_target ? 0 : TG_MIN(k->n / (2 * PACKET), (uint32_t)CONNECTIONS - 1), helpers = 0;
    while (helpers < most && pthread_create(&threads[helpers], NULL, helper_main, k) == 0)
        helpers++;
    read_packets(k, k->source);
    for (uint32_t i = 0; i < helpers; i++)
        pthread_join(threads[i], NULL);
}

static bool list_tables(struct catalogue *k, name_want *want, void *arg, struct err *e)
{
    static const char sql[] = "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES"
                              " WHERE TABLE_TYPE IN ('BASE TABLE','SYSTEM VERSIONED')"
                              " AND TABLE_SCHEMA NOT IN ('mysql','information_schema','performance_schema','sys')"
                              " ORDER BY CAST(TABLE_SCHEMA AS BINARY), CAST(TABLE_NAME AS BINARY)";
    MYSQL_RES *res;
    if (!conn_query(k->source, sql, &res, e))
        return false;
    k->list = x_alloc((size_t)(mysql_num_rows(res) + 1) * sizeof *k->list);
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;)
        if (!schema_is_system(row[0]) && want(arg, row[0], row[1]))
            k->list[k->n++] = (struct entry){.schema = x_strdup(row[0]), .name = x_strdup(row[1])};
    mysql_free_result(res);
    return true;
}

/* In their order: what is still to be read, what is told, what ends it. */
static bool take_entries(struct catalogue *k, struct schema_list *out, schema_unread *unread, void *arg, struct err *e)
{
    out->tables = x_alloc((k->n + 1) * sizeof *out->tables);
    out->create_sql = x_alloc((k->n + 1) * sizeof *out->create_sql);
    for (uint32_t i = 0; i < k->n; i++) {
        struct entry *t = &k->list[i];
        atomic_store(&k->stops, false);
        if (!t->is_done && !read_some(k, k->source, i, i + 1, 1, e))
            return err_wrap(e, "%s.%s", t->schema, t->name);
        if (t->why && !unread) {
            *e = *t->why;
            return err_wrap(e, "%s.%s", t->schema, t->name);
        }
        if (t->why) {
            unread(arg, t->schema, t->name, t->why);
            continue;
        }
        out->tables[out->n] = t->def;
        out->create_sql[out->n++] = t->sql;
        t->def = NULL;
        t->sql = NULL;
    }
    return true;
}

static void catalogue_release(struct catalogue *k)
{
    for (uint32_t i = 0; i < k->n; i++) {
        struct entry *t = &k->list[i];
        free(t->schema);
        free(t->name);
        free(t->sql);
        free(t->why);
        table_drop(t->def);
    }
    free(k->list);
}

bool schema_read(struct schema_list *out, struct conn *source, name_want *want, void *arg, schema_unread *unread, struct err *e)
{
    struct catalogue k = {.source = source, .goes_on = unread != NULL};
    struct err local = {0};
    if (!e)
        e = &local;
    memset(out, 0, sizeof *out);
    bool fine = pin_session(source, e) && list_tables(&k, want, arg, e);
    if (fine) {
        read_entries(&k);
        fine = take_entries(&k, out, unread, arg, e);
    }
    catalogue_release(&k);
    if (!fine)
        schema_list_release(out);
    return fine || err_wrap(e, "reading the catalogue");
}

void schema_list_release(struct schema_list *l)
{
    for (uint32_t i = 0; i < l->n; i++) {
        table_drop(l->tables[i]);
        free(l->create_sql[i]);
    }
    free(l->tables);
    free(l->create_sql);
    memset(l, 0, sizeof *l);
}
