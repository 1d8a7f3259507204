// SPDX-License-Identifier: Apache-2.0
// What stands beside the tables: views, which are made, and what the target has no place for.
#include "check/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static const char *const kinds[] = {"trigger", "procedure", "function", "event", "package", "package body", "sequence"};

/* name: of the first, and whether there are more. */
static void put_count(struct buf *out, size_t kind, uint32_t n, const char *name)
{
    switch (kind) {
    case 0: buf_addf(out, n == 1 ? N_("%u trigger (%s)") : N_("%u triggers (%s)"), n, name); break;
    case 1: buf_addf(out, n == 1 ? N_("%u procedure (%s)") : N_("%u procedures (%s)"), n, name); break;
    case 2: buf_addf(out, n == 1 ? N_("%u function (%s)") : N_("%u functions (%s)"), n, name); break;
    case 3: buf_addf(out, n == 1 ? N_("%u event (%s)") : N_("%u events (%s)"), n, name); break;
    case 4: buf_addf(out, n == 1 ? N_("%u package (%s)") : N_("%u packages (%s)"), n, name); break;
    case 5: buf_addf(out, n == 1 ? N_("%u package body (%s)") : N_("%u package bodies (%s)"), n, name); break;
    case 6: buf_addf(out, n == 1 ? N_("%u sequence (%s)") : N_("%u sequences (%s)"), n, name); break;
    default: break;
    }
}

/* One line for the objects of a schema, which begin at i; where the next schema's begin is the answer. */
static uint32_t tell_schema(struct check_result *out, struct object *const *list, uint32_t n, uint32_t i)
{
    uint32_t end = i;
    struct buf counts = {0};
    char name[300];
    while (end < n && strcmp(list[end]->schema, list[i]->schema) == 0)
        end++;
    for (size_t k = 0; k < TG_ARRAY_LEN(kinds); k++) {
        uint32_t found = 0;
        const char *first = "";
        for (uint32_t o = i; o < end; o++)
            if (strcmp(list[o]->kind, kinds[k]) == 0 && found++ == 0)
                first = list[o]->name;
        if (!found)
            continue;
        snprintf(name, sizeof name, "%s%s", first, found > 1 ? ", …" : "");
        buf_adds(&counts, counts.n ? "; " : "");
        put_count(&counts, k, found, name);
    }
    find(out, CHECK_WARN, NULL, "%s: not made at the target: %s", list[i]->schema, counts.p ? counts.p : "");
    buf_release(&counts);
    return end;
}

static int by_schema(const void *a, const void *b)
{
    const struct object *const *x = a, *const *y = b;
    int c = strcmp((*x)->schema, (*y)->schema);
    return c ? c : strcmp((*x)->name, (*y)->name);
}

static void tell_objects(struct run *r, struct check_result *out)
{
    uint32_t n = r->objects.nobjects;
    struct object **list = x_alloc((n + 1) * sizeof *list);
    for (uint32_t i = 0; i < n; i++)
        list[i] = &r->objects.objects[i];
    qsort(list, n, sizeof *list, by_schema);
    for (uint32_t i = 0; i < n;)
        i = tell_schema(out, list, n, i);
    free(list);
}

/* ---- who defines the views ---- */

/* `user`@`host` behind DEFINER= as SHOW CREATE VIEW writes it, without quotes into out ("user@host"); false: none. */
static bool definer_of(const char *sql, char user[130], char host[260])
{
    char *to[] = {user, host};
    size_t room[] = {129, 259};
    const char *p = strstr(sql, "DEFINER=");
    if (!p)
        return false;
    p += 8;
    for (int part = 0; part < 2; part++) {
        size_t n = 0;
        if (*p++ != '`')
            return false;
        for (; *p && (*p != '`' || p[1] == '`'); p++) {
            p += *p == '`';
            if (n < room[part])
                to[part][n++] = *p;
        }
        to[part][n] = 0;
        if (*p++ != '`' || (part == 0 && *p++ != '@'))
            return false;
    }
    return true;
}

struct definer {
    char user[130], host[260];
    uint32_t n;
    const struct view *first;
};

static struct definer *read_definers(struct run *r, uint32_t *n)
{
    struct definer *list = x_alloc((r->objects.nviews + 1) * sizeof *list);
    *n = 0;
    for (uint32_t i = 0; i < r->objects.nviews; i++) {
        struct definer d = {.n = 1, .first = &r->objects.views[i]};
        uint32_t k = 0;
        if (!d.first->sql || !definer_of(d.first->sql, d.user, d.host))
            continue;
        while (k < *n && (strcmp(list[k].user, d.user) != 0 || strcmp(list[k].host, d.host) != 0))
            k++;
        if (k == *n)
            list[(*n)++] = d;
        else
            list[k].n++;
    }
    return list;
}

static bool has_user(MYSQL_RES *users, const struct definer *d)
{
    mysql_data_seek(users, 0);
    for (MYSQL_ROW row; (row = mysql_fetch_row(users)) != NULL;)
        if (strcmp(row[0], d->user) == 0 && strcasecmp(row[1], d->host) == 0)
            return true;
    return false;
}

static void tell_definers(struct run *r, struct check_result *out)
{
    MYSQL_RES *users;
    struct err e = {0};
    uint32_t n;
    struct definer *list = read_definers(r, &n);
    if (n && !conn_query(&r->end[TARGET].conn, "SELECT user, host FROM mysql.user", &users, &e)) {
        find(out, CHECK_WARN, NULL, "%s: whether the definers of the views are known there can't be read: %s", r->end[TARGET].addr.host, e.text);
    } else if (n) {
        for (uint32_t i = 0; i < n; i++)
            if (!has_user(users, &list[i]))
                find(out, CHECK_WARN, "Create the user there first where the view's rights matter.",
                     "%s.%s: its definer %s@%s is not known at the target, %s defines it there (%u views)", list[i].first->schema,
                     list[i].first->name, list[i].user, list[i].host, r->end[TARGET].addr.user, list[i].n);
        mysql_free_result(users);
    }
    free(list);
}

void check_objects(struct run *r, struct check_result *out)
{
    struct err e = {0};
    if (!run_objects(r, &e)) {
        unread(out, &e);
        return;
    }
    const struct object_list *l = &r->objects;
    set_found(out, l->nviews + l->nobjects ? "views: %u, others: %u" : "none", l->nviews, l->nobjects);
    tell_objects(r, out);
    for (uint32_t i = 0; i < l->nviews; i++)
        if (!l->views[i].sql)
            find(out, CHECK_WARN, NULL, "%s.%s: this view can't be read: %s", l->views[i].schema, l->views[i].name, l->views[i].problem);
    tell_definers(r, out);
    for (uint32_t i = 0; i < l->nunread; i++)
        find(out, CHECK_WARN, NULL, "%s", l->unread[i]);
    if (l->nobjects)
        set_detail(out, "Rows that triggers and events change arrive like all others; only the objects themselves stay behind. The run's report "
                        "lists them. Functions of a server's plugins can't be seen from outside.");
}
