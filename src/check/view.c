// SPDX-License-Identifier: Apache-2.0
// What the two ends are like side by side, for a person who has just given their addresses: sizes and settings, no verdicts.
#include "check/private.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define OWN_SCHEMAS "('mysql','sys','information_schema','performance_schema','metrics_schema','tidegate_meta')"
static const char same[] = N_("none");

static void read_size(struct end *s, struct check_view *v)
{
    MYSQL_RES *res;
    struct err ignored = {0};
    if (!conn_query(&s->conn, "SELECT COUNT(DISTINCT TABLE_SCHEMA), COUNT(*), SUM(DATA_LENGTH + INDEX_LENGTH) FROM information_schema.TABLES"
                              " WHERE TABLE_TYPE IN ('BASE TABLE','SYSTEM VERSIONED') AND TABLE_SCHEMA NOT IN " OWN_SCHEMAS, &res, &ignored))
        return;
    MYSQL_ROW row = mysql_fetch_row(res);
    if (row) {
        v->has_size = true;
        v->nschemas = (uint32_t)number_of(row[0]);
        v->ntables = (uint32_t)number_of(row[1]);
        v->bytes = number_of(row[2]);
    }
    mysql_free_result(res);
}

static struct check_difference *add(struct check_view *v, const char *setting)
{
    struct check_difference *d = &v->differs[v->ndiffers++];
    *d = (struct check_difference){.setting = setting, .effect = same};
    return d;
}

static void take(char out[32], const char *text)
{
    snprintf(out, 32, "%s", text ? text : "");
}

/* The collation of most text columns, and what the target would make of it. */
static void add_collation(struct run *r, struct check_view *v)
{
    struct err ignored = {0};
    char name[64] = "", there[64] = "";
    struct buf sql = {0};
    if (r->end[SOURCE].is_open)
        conn_value(&r->end[SOURCE].conn, "SELECT COLLATION_NAME FROM information_schema.COLUMNS WHERE COLLATION_NAME IS NOT NULL AND"
                                         " TABLE_SCHEMA NOT IN " OWN_SCHEMAS " GROUP BY COLLATION_NAME ORDER BY COUNT(*) DESC LIMIT 1",
                   name, sizeof name, &ignored);
    struct check_difference *d = add(v, N_("collation (most columns)"));
    take(d->source, name);
    if (!r->end[TARGET].is_open || !name[0])
        return;
    buf_adds(&sql, "SELECT COLLATION_NAME FROM information_schema.COLLATIONS WHERE COLLATION_NAME = ");
    sql_z(&sql, name);
    if (conn_value(&r->end[TARGET].conn, sql.p, there, sizeof there, &ignored))
        take(d->target, there);
    else if (ignored.code == ERR_OK) {
        take(d->target, N_("not there"));
        d->effect = N_("the nearest one is taken; see Checks");
    }
    buf_release(&sql);
}

static void add_names(struct run *r, struct check_view *v)
{
    struct check_difference *d = add(v, "lower_case_table_names");
    const char *source = r->end[SOURCE].is_open ? end_variable(&r->end[SOURCE], "lower_case_table_names") : NULL;
    const char *target = r->end[TARGET].is_open ? end_variable(&r->end[TARGET], "lower_case_table_names") : NULL;
    take(d->source, source);
    take(d->target, target);
    if (source && target && strcmp(source, "0") == 0 && strcmp(target, "0") != 0)
        d->effect = N_("names differing by case clash; see Checks");
}

static const char *zone(struct end *s)
{
    const char *name = s->is_open ? end_variable(s, "time_zone") : NULL, *system = s->is_open ? end_variable(s, "system_time_zone") : NULL;
    return name && strcasecmp(name, "SYSTEM") == 0 && system && system[0] ? system : name;
}

static void add_packet(struct run *r, struct check_view *v)
{
    char text[32];
    struct check_difference *d = add(v, "max_allowed_packet");
    const struct end *s = &r->end[SOURCE], *t = &r->end[TARGET];
    if (s->is_open)
        take(d->source, bytes_text(text, s->conn.server.max_allowed_packet));
    if (t->is_open)
        take(d->target, bytes_text(text, t->conn.server.max_allowed_packet));
    if (s->is_open && t->is_open && t->conn.server.max_allowed_packet < s->conn.server.max_allowed_packet)
        d->effect = N_("rows longer than the target's can't be written");
}

static void step_of_numbers(struct end *s, char out[32])
{
    const char *step = s->is_open ? end_variable(s, "auto_increment_increment") : NULL;
    if (step)
        snprintf(out, 32, "step %.20s", step);
}

static void add_numbers(struct run *r, struct check_view *v)
{
    struct check_difference *d = add(v, "AUTO_INCREMENT");
    struct end *t = &r->end[TARGET];
    step_of_numbers(&r->end[SOURCE], d->source);
    if (t->is_open && t->conn.server.flavour == DB_TIDB) {
        take(d->target, N_("cached in blocks"));
        d->effect = N_("numbers may jump after the move; see Checks");
    } else {
        step_of_numbers(t, d->target);
    }
}

void view_read(struct run *r, struct check_view *v)
{
    *v = (struct check_view){0};
    if (r->end[SOURCE].is_open)
        read_size(&r->end[SOURCE], v);
    add_collation(r, v);
    add_names(r, v);
    struct check_difference *d = add(v, "time_zone");
    take(d->source, zone(&r->end[SOURCE]));
    take(d->target, zone(&r->end[TARGET]));
    if (strcmp(d->source, d->target) != 0)
        d->effect = N_("none: times travel as UTC");
    add_packet(r, v);
    add_numbers(r, v);
}
