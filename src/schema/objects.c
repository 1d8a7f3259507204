// SPDX-License-Identifier: Apache-2.0
// Objects of the source beside tables: views with their texts, the rest by name. A user who may not see them gets no
// error but an empty list, so the privileges are looked at too.

#include "schema/ast.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define SYSTEM_SCHEMAS "('mysql','information_schema','performance_schema','sys')"

struct objects_reader {
    struct object_list *out;
    struct conn *c;
    name_want *want;
    void *arg;
};

static void add_unread(struct object_list *out, char *text)
{
    out->unread = x_realloc(out->unread, (out->nunread + 1) * sizeof *out->unread);
    out->unread[out->nunread++] = text;
}

static void add_object(struct object_list *out, const char *kind, const char *schema, const char *name, char *text)
{
    out->objects = x_realloc(out->objects, (out->nobjects + 1) * sizeof *out->objects);
    out->objects[out->nobjects++] = (struct object){kind, x_strdup(schema), x_strdup(name), text};
}

/* A lost connection is an error, a refusal a line. */
static bool settle(struct objects_reader *r, const char *what, struct err *e)
{
    if (err_is_lost(e))
        return false;
    add_unread(r->out, x_format(N_("%s could not be read: %s"), what, e->text));
    err_clear(e);
    return true;
}

static void show_view(struct objects_reader *r, struct view *v, struct err *e)
{
    struct buf sql = {0};
    MYSQL_RES *res;
    buf_adds(&sql, "SHOW CREATE VIEW ");
    sql_table(&sql, v->schema, v->name);
    if (conn_query(r->c, sql.p, &res, e)) {
        MYSQL_ROW row = mysql_fetch_row(res);
        v->sql = row && row[1] ? x_strdup(row[1]) : NULL;
        v->collation = x_strdup(row && mysql_num_fields(res) > 3 && row[3] ? row[3] : "");
        mysql_free_result(res);
    }
    if (!v->sql)
        v->problem = x_format("SHOW CREATE VIEW: %s", e->code == ERR_OK ? N_("no text") : e->text);
    buf_release(&sql);
}

static bool read_views(struct objects_reader *r, struct err *e)
{
    MYSQL_RES *res;
    if (!conn_query(r->c, "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'VIEW'"
                          " AND TABLE_SCHEMA NOT IN " SYSTEM_SCHEMAS " ORDER BY 1, 2", &res, e))
        return settle(r, "views", e);
    bool fine = true;
    for (MYSQL_ROW row; fine && (row = mysql_fetch_row(res)) != NULL;) {
        if (schema_is_system(row[0]) || !r->want(r->arg, row[0], row[1]))
            continue;
        r->out->views = x_realloc(r->out->views, (r->out->nviews + 1) * sizeof *r->out->views);
        struct view *v = &r->out->views[r->out->nviews++];
        *v = (struct view){.schema = x_strdup(row[0]), .name = x_strdup(row[1])};
        show_view(r, v, e);
        fine = !err_is_lost(e);
        if (fine)
            err_clear(e);
    }
    mysql_free_result(res);
    r->out->has_all_views = fine;
    return fine;
}

/* Rows (schema, name, text, kind); the kind in the server's own words, lower case. */
static bool read_kind(struct objects_reader *r, const char *what, const char *sql, struct err *e)
{
    static const char *const kinds[] = {"trigger", "event", "procedure", "function", "package", "package body"};
    MYSQL_RES *res;
    if (!conn_query(r->c, sql, &res, e))
        return settle(r, what, e);
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;) {
        const char *kind = "function";
        for (size_t i = 0; i < TG_ARRAY_LEN(kinds); i++)
            if (strcasecmp(kinds[i], row[3]) == 0)
                kind = kinds[i];
        if (!schema_is_system(row[0]) && r->want(r->arg, row[0], NULL))
            add_object(r->out, kind, row[0], row[1], x_strdup(row[2] ? row[2] : ""));
    }
    mysql_free_result(res);
    return true;
}

static char *next_value(struct objects_reader *r, const char *schema, const char *name)
{
    struct buf sql = {0};
    struct err e = {0};
    char value[64];
    buf_adds(&sql, "SELECT next_not_cached_value FROM ");
    sql_table(&sql, schema, name);
    bool fine = conn_value(r->c, sql.p, value, sizeof value, &e);
    buf_release(&sql);
    return fine ? x_format(N_("next value %s"), value) : x_format(N_("its value could not be read: %s"), e.text);
}

static bool read_sequences(struct objects_reader *r, struct err *e)
{
    MYSQL_RES *res;
    if (r->c->server.flavour != DB_MARIADB)
        return true;
    if (!conn_query(r->c, "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'SEQUENCE'"
                          " ORDER BY 1, 2", &res, e))
        return settle(r, "sequences", e);
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;)
        if (r->want(r->arg, row[0], NULL))
            add_object(r->out, "sequence", row[0], row[1], next_value(r, row[0], row[1]));
    mysql_free_result(res);
    return true;
}

/* Whether the user holds one of the privileges for everything. Roles and grants on single schemas are not followed:
 * then the list may be whole all the same, and the line says "may". */
static void doubt(struct objects_reader *r, const char *what, const char *privileges, const char *grant)
{
    struct err ignored = {0};
    char one[8];
    char *sql = x_format("SELECT 1 FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE IN (%s) AND GRANTEE ="
                         " CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''') LIMIT 1", privileges);
    if (!conn_value(r->c, sql, one, sizeof one, &ignored))
        add_unread(r->out, x_format(N_("%s may be missing here: the user holds no global %s at the source"), what, grant));
    free(sql);
}

bool objects_read(struct object_list *out, struct conn *source, name_want *want, void *arg, struct err *e)
{
    struct objects_reader r = {out, source, want, arg};
    memset(out, 0, sizeof *out);
    doubt(&r, "triggers", "'TRIGGER'", N_("TRIGGER privilege"));
    doubt(&r, "events", "'EVENT'", N_("EVENT privilege"));
    doubt(&r, N_("procedures and functions"), "'SELECT','SHOW_ROUTINE','SUPER'", N_("SELECT or SHOW_ROUTINE privilege"));
    return read_views(&r, e) &&
           read_kind(&r, "triggers", "SELECT TRIGGER_SCHEMA, TRIGGER_NAME, CONCAT(ACTION_TIMING, ' ', EVENT_MANIPULATION,"
                                     " ' on ', EVENT_OBJECT_TABLE), 'trigger' FROM information_schema.TRIGGERS"
                                     " WHERE TRIGGER_SCHEMA NOT IN " SYSTEM_SCHEMAS " ORDER BY 1, 2", e) &&
           read_kind(&r, "events", "SELECT EVENT_SCHEMA, EVENT_NAME, CONCAT('status ', STATUS), 'event' FROM"
                                   " information_schema.EVENTS ORDER BY 1, 2", e) &&
           read_kind(&r, N_("procedures and functions"), "SELECT ROUTINE_SCHEMA, ROUTINE_NAME, '', ROUTINE_TYPE FROM"
                                                     " information_schema.ROUTINES WHERE ROUTINE_SCHEMA NOT IN " SYSTEM_SCHEMAS
                                                     " ORDER BY 1, 2", e) &&
           read_sequences(&r, e);
}

void objects_release(struct object_list *l)
{
    for (uint32_t i = 0; i < l->nviews; i++) {
        free(l->views[i].schema);
        free(l->views[i].name);
        free(l->views[i].sql);
        free(l->views[i].collation);
        free(l->views[i].problem);
    }
    for (uint32_t i = 0; i < l->nobjects; i++) {
        free(l->objects[i].schema);
        free(l->objects[i].name);
        free(l->objects[i].text);
    }
    for (uint32_t i = 0; i < l->nunread; i++)
        free(l->unread[i]);
    free(l->views);
    free(l->objects);
    free(l->unread);
    memset(l, 0, sizeof *l);
}
