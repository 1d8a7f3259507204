// SPDX-License-Identifier: Apache-2.0
/* What is made when the rows are there, and again whenever the source's DDL may have changed it: foreign keys, views,
 * AUTO_INCREMENT floors; and the list of what is not moved. Views come this late because nothing of the run needs them,
 * and all tables they name are there then, those created on the way too. Each step compares both ends and does what is
 * missing, so it may run any number of times. What the target refuses is a line of the report, never the run's end. */
#include "engine/private.h"

#include "base/hash.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

bool settle_run(struct settle *s, const char *sql, char why[600], unsigned *number, struct err *e)
{
    why[0] = 0;
    *number = 0;
    if (engine_fenced_ddl(s->g, (struct str){sql, strlen(sql)}, e))
        return true;
    bool goes_on = !err_is_lost(e) && e->code != ERR_TARGET_FENCED && e->code != ERR_TARGET_CONNECT &&
                   e->code != ERR_CANCELLED && e->code != ERR_INTERNAL && !cancel_is_set(s->g->cancel);
    if (goes_on) {
        snprintf(why, 600, "%.599s", e->text);
        *number = e->sql;
        err_clear(e);
    }
    return false;
}

/* ---- views ---- */

struct views {
    struct settle *s;
    struct object_list *list;
    struct buf ours;                  /* "\nschema.view\n…": those this run has made */
    struct buf taken;                 /* "\n`schema`.`view`\n…": views that are at the target */
    char restore[64];                 /* collation_connection */
    char (*why)[600];
    bool *is_over;
};

static bool has_user(void *arg, const char *user, const char *host)
{
    struct engine *g = arg;
    struct buf sql = {0};
    struct err ignored = {0};
    char one[8];
    buf_adds(&sql, "SELECT 1 FROM mysql.user WHERE user = ");
    sql_z(&sql, user);
    buf_adds(&sql, " AND host = ");
    sql_z(&sql, host);
    bool found = conn_value(&g->control, sql.p, one, sizeof one, &ignored);
    buf_release(&sql);
    return found;
}

static bool is_moved(void *arg, const char *schema, const char *name)
{
    struct engine *g = arg;
    return job_wants(g->job, schema, name);
}

static void map(void *arg, const char *schema, const char *table, char to_schema[200], char to_table[200])
{
    struct engine *g = arg;
    job_route(g->job, schema, table, to_schema, to_table);
}

static bool is_listed(const struct buf *list, const char *name)
{
    char *line = x_format("\n%s\n", name);
    bool found = list->p && strstr(list->p, line);
    free(line);
    return found;
}

static void add_line(struct buf *list, const char *name)
{
    buf_addf(list, "%s%s\n", list->n ? "" : "\n", name);
}

static void view_names(struct engine *g, const struct view *v, char label[400], struct buf *there)
{
    char schema[200], name[200];
    job_route(g->job, v->schema, v->name, schema, name);
    snprintf(label, 400, "%s.%s", v->schema, v->name);
    sql_table(there, schema, name);
}

static void told_ours(void *arg, const char *kind, const char *name, const char *text)
{
    struct views *w = arg;
    (void)kind;
    (void)text;
    add_line(&w->ours, name);
}

static bool read_taken(struct views *w, struct err *e)
{
    struct engine *g = w->s->g;
    MYSQL_RES *res;
    if (!conn_value(&g->control, "SELECT @@collation_connection", w->restore, sizeof w->restore, e) ||
        !conn_query(&g->control, "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'VIEW'", &res, e))
        return err_wrap(e, "while looking at the target's views");
    for (MYSQL_ROW r; (r = mysql_fetch_row(res)) != NULL;) {
        struct buf name = {0};
        sql_table(&name, r[0], r[1]);
        add_line(&w->taken, name.p);
        buf_release(&name);
    }
    mysql_free_result(res);
    return ledger_read_notes(&g->ledger, &g->control, NOTE_VIEW, told_ours, w, e);
}

/* What this engine has made under that name; hash 0: nothing yet. */
static struct made_view *made(struct engine *g, const char *label)
{
    for (uint32_t i = 0; i < g->nviews; i++)
        if (strcmp(g->views[i].label, label) == 0)
            return &g->views[i];
    g->views = x_realloc(g->views, (g->nviews + 1) * sizeof *g->views);
    g->views[g->nviews] = (struct made_view){x_strdup(label), 0};
    return &g->views[g->nviews++];
}

/* The statement in the collation that the view's session had: it decides how its literals compare. */
static bool send_view(struct views *w, const struct view *v, bool keeps_definer, bool is_there, char why[600], unsigned *number,
                      struct err *e)
{
    struct engine *g = w->s->g;
    struct buf sql = {0}, notes = {0};
    struct ddl_context cx = ddl_context_of(&g->source_server, STR(""));
    struct view_port port = {g, map, is_moved, keeps_definer ? has_user : NULL};
    char collation[64], wide[64], *label = x_format("%s.%s", v->schema, v->name);
    const char *rest = strchr(v->collation, '_');
    snprintf(wide, sizeof wide, "utf8mb4%.50s", rest ? rest : "_general_ci");
    dialect_collation(&g->dialect, wide, collation);
    buf_addf(&sql, "SET collation_connection = %s; /* %s:start */ ", collation, g->ledger.tag);
    bool fine = view_rewrite(&sql, v, &cx, &g->dialect, &port, &notes, e);
    if (!fine) {
        snprintf(why, 600, "%.599s", e->text);
        err_clear(e);
    } else if (!is_there || made(g, label)->hash != hash64(sql.p, sql.n, 0)) {
        struct err ignored = {0};
        fine = settle_run(w->s, sql.p, why, number, e);
        made(g, label)->hash = fine ? hash64(sql.p, sql.n, 0) : 0;
        conn_execf(&g->control, &ignored, "SET collation_connection = %s", w->restore);
    }
    if (fine) {
        size_t skip = strlen(label) + 2;
        char *line = x_one_line(notes.n ? notes.p : "");
        if (strlen(line) > skip)
            report_add(g, REPORT_VIEW, false, label, "made; %.400s", line + skip);
        else
            report_add(g, REPORT_VIEW, false, label, "made");
        free(line);
    }
    buf_release(&sql);
    buf_release(&notes);
    free(label);
    return fine;
}

/* One try at one view. *is_over: nothing more to be done for it. */
static bool try_view(struct views *w, uint32_t i, struct err *e)
{
    struct engine *g = w->s->g;
    const struct view *v = &w->list->views[i];
    struct buf there = {0}, sql = {0};
    char label[400];
    unsigned number = 0;
    view_names(g, v, label, &there);
    bool is_ours = is_listed(&w->ours, label), is_there = is_listed(&w->taken, there.p);
    bool may = is_ours || g->job->existing == EXISTING_REPLACE || g->job->existing == EXISTING_DROP;
    w->is_over[i] = true;
    if (!v->sql) {
        snprintf(w->why[i], 600, "%s", v->problem);
    } else if (!may && is_there) {
        snprintf(w->why[i], 600, N_("a view of this name is at the target already; it was left as it is"));
    } else {
        if (!is_ours) { /* first the note: what a killed engine has made is ours too */
            ledger_sql_note(&g->ledger, &sql, NOTE_VIEW, label, there.p);
            if (engine_fenced(g, &sql, e))
                add_line(&w->ours, label);
        }
        bool fine = e->code == ERR_OK && send_view(w, v, true, is_there, w->why[i], &number, e);
        if (!fine && number == 1227) /* another's name takes a privilege */
            fine = send_view(w, v, false, is_there, w->why[i], &number, e);
        w->is_over[i] = fine || !(number == 1146 || number == 1356 || number == 1049);
        if (fine)
            w->why[i][0] = 0;
    }
    buf_release(&there);
    buf_release(&sql);
    return e->code == ERR_OK;
}

/* Views on views: again as long as one more succeeds. */
static bool make_views(struct views *w, struct err *e)
{
    bool fine = true, moves = true;
    while (fine && moves) {
        moves = false;
        for (uint32_t i = 0; fine && i < w->list->nviews; i++) {
            if (w->is_over[i])
                continue;
            fine = try_view(w, i, e);
            moves = moves || w->is_over[i];
        }
    }
    for (uint32_t i = 0; fine && i < w->list->nviews; i++) {
        char label[400];
        snprintf(label, sizeof label, "%s.%s", w->list->views[i].schema, w->list->views[i].name);
        if (w->why[i][0])
            report_add(w->s->g, REPORT_VIEW, true, label, "%s", w->why[i]);
    }
    return fine;
}

struct gone {
    struct views *w;
    struct buf names, targets;        /* lines */
};

static void told_gone(void *arg, const char *kind, const char *name, const char *text)
{
    struct gone *x = arg;
    const struct object_list *l = x->w->list;
    (void)kind;
    for (uint32_t i = 0; i < l->nviews; i++) {
        size_t n = strlen(l->views[i].schema);
        if (strncmp(name, l->views[i].schema, n) == 0 && name[n] == '.' && strcmp(name + n + 1, l->views[i].name) == 0)
            return;
    }
    buf_addf(&x->names, "%s\n", name);
    buf_addf(&x->targets, "%s\n", text);
}

static bool take_line(char **rest, char **line)
{
    *line = strsep(rest, "\n");
    return *line && (*line)[0];
}

/* Views of this run that the source has no longer. */
static bool drop_views(struct views *w, struct err *e)
{
    struct engine *g = w->s->g;
    struct gone x = {.w = w};
    if (!ledger_read_notes(&g->ledger, &g->control, NOTE_VIEW, told_gone, &x, e))
        return false;
    bool fine = true;
    char *names = buf_take(&x.names), *targets = buf_take(&x.targets), *p = names, *q = targets, *name, *target;
    while (fine && take_line(&p, &name) && take_line(&q, &target)) {
        char why[600], *sql = x_format("DROP VIEW IF EXISTS %s", target);
        unsigned number;
        if (settle_run(w->s, sql, why, &number, e)) {
            struct buf note = {0};
            ledger_sql_forget_note(&g->ledger, &note, NOTE_VIEW, name, target);
            fine = engine_fenced(g, &note, e);
            buf_release(&note);
        } else {
            report_add(g, REPORT_VIEW, true, name, "the source has it no longer, and the target does not drop it: %s", why);
            fine = e->code == ERR_OK;
        }
        free(sql);
    }
    free(names);
    free(targets);
    return fine;
}

static bool settle_views(struct settle *s, struct object_list *l, struct err *e)
{
    struct views w = {.s = s, .list = l, .why = x_alloc((l->nviews + 1) * 600), .is_over = x_alloc(l->nviews + 1)};
    report_clear(s->g, REPORT_VIEW);
    bool fine = read_taken(&w, e) && (!l->has_all_views || drop_views(&w, e)) && make_views(&w, e);
    buf_release(&w.ours);
    buf_release(&w.taken);
    free(w.why);
    free(w.is_over);
    return fine;
}

static void list_objects(struct engine *g, const struct object_list *l)
{
    report_clear(g, REPORT_OBJECT);
    report_clear(g, REPORT_UNREAD);
    for (uint32_t i = 0; i < l->nobjects; i++) {
        const struct object *o = &l->objects[i];
        char *name = x_format("%s %s.%s", o->kind, o->schema, o->name);
        report_add(g, REPORT_OBJECT, false, name, "%s", o->text[0] ? o->text : N_("TiDB has no such objects"));
        free(name);
    }
    for (uint32_t i = 0; i < l->nunread; i++)
        report_add(g, REPORT_UNREAD, false, "source", "%s", l->unread[i]);
}

/* ---- the pass ---- */

static void hold_tables(struct settle *s)
{
    struct tabs *tabs = &s->g->tabs;
    pthread_mutex_lock(&tabs->lock);
    s->defs = x_alloc((tabs->n + 1) * sizeof(void *));
    for (uint32_t i = 0; i < tabs->n; i++)
        if (tabs->list[i]->def)
            s->defs[s->n++] = table_hold(tabs->list[i]->def);
    pthread_mutex_unlock(&tabs->lock);
    s->there.folds = s->g->control.server.lower_case_table_names != 0;
    for (uint32_t i = 0; i < s->n; i++) {
        places_add(&s->here, s->defs[i]->schema, s->defs[i]->name, s->defs[i]);
        places_add(&s->there, s->defs[i]->target_schema, s->defs[i]->target_name, s->defs[i]);
    }
    places_sort(&s->here);
    places_sort(&s->there);
}

static void drop_tables(struct settle *s)
{
    for (uint32_t i = 0; i < s->n; i++)
        table_drop(s->defs[i]);
    free(s->defs);
    places_release(&s->here);
    places_release(&s->there);
}

static bool pass(struct settle *s, struct err *e)
{
    struct object_list list = {0};
    bool fine = conn_open_source(&s->source, &s->g->source, 30, e) &&
                objects_read(&list, &s->source, job_wants_port, s->g->job, e) && settle_keys(s, e) && settle_views(s, &list, e) &&
                settle_counters(s, e);
    if (fine)
        list_objects(s->g, &list);
    objects_release(&list);
    conn_close(&s->source);
    return fine;
}

bool engine_settle(struct engine *g, struct err *e)
{
    struct settle s = {.g = g};
    uint64_t ddl = atomic_load(&g->follow_count.ddl);
    hold_tables(&s);
    bool fine = pass(&s, e);
    for (int tries = 1; !fine && tries < 5; tries++) { /* a source that was lost for a moment */
        if (!source_comes_back(e) || cancel_wait(g->cancel, 200 << tries))
            break;
        err_clear(e);
        fine = pass(&s, e);
    }
    drop_tables(&s);
    g->is_settled = fine;
    g->settled_ddl = ddl;
    if (!fine && e->code != ERR_TARGET_FENCED && !cancel_is_set(g->cancel)) {
        log_event(LOG_WARN, "engine", "", err_info(e->code)->id, "views and foreign keys: %s", e->text);
        report_clear(g, REPORT_UNREAD);
        report_add(g, REPORT_UNREAD, true, "views, foreign keys, triggers, routines", "%s", e->text);
        err_clear(e);
        g->is_settled = fine = true;
    }
    return fine;
}
