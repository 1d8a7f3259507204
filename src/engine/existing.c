// SPDX-License-Identifier: Apache-2.0
/* What stands at the target before a new run, and what is to become of it. One look at the target's catalogue tells
 * which tables are there; those are asked for rows; a person (or the job) decides about tables with rows, at once for
 * all of them. append: rows that are there are never changed. replace: a row of the source takes the place of the one
 * with the same row key, others stay. drop: the table is made anew. */
#include "engine/private.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

#define NAMED 5 /* tables that a question names */

static const struct ask_choice choices[] = {
    {"stop", N_("Stop; nothing was changed")},
    {"append", N_("Keep their rows as they are and add the source's (a key that is there already is a question)")},
    {"replace", N_("Keep their rows but for those whose key the source has too")},
    {"drop", N_("Drop these tables with their rows and make them anew")}};

static const char *decided(struct engine *g, const struct tab *tab)
{
    static const char *const of_job[] = {[EXISTING_ASK] = NULL, [EXISTING_APPEND] = "append", [EXISTING_REPLACE] = "replace",
                                         [EXISTING_DROP] = "drop"};
    const char *answer = job_answer(g->job, err_info(ERR_TARGET_NOT_EMPTY)->id, tab->label);
    for (size_t i = 0; answer && i < TG_ARRAY_LEN(choices); i++)
        if (strcmp(answer, choices[i].slug) == 0)
            return choices[i].slug;
    return of_job[g->job->existing];
}

static bool has_rows(struct engine *g, const struct table *t, bool *out, struct err *e)
{
    struct buf sql = {0};
    char one[8];
    buf_adds(&sql, "SELECT 1 FROM ");
    sql_table(&sql, t->target_schema, t->target_name);
    buf_adds(&sql, " LIMIT 1");
    *out = conn_value(&g->control, sql.p, one, sizeof one, e);
    buf_release(&sql);
    return *out || e->code == ERR_OK;
}

/* A column that only the target has must be able to stay empty. */
static bool has_default(struct engine *g, const struct table *t, const struct column *c, struct err *e)
{
    struct buf sql = {0};
    char one[8];
    buf_adds(&sql, "SELECT 1 FROM information_schema.COLUMNS WHERE COLUMN_DEFAULT IS NULL AND TABLE_SCHEMA = ");
    sql_z(&sql, t->target_schema);
    buf_adds(&sql, " AND TABLE_NAME = ");
    sql_z(&sql, t->target_name);
    buf_adds(&sql, " AND COLUMN_NAME = ");
    sql_z(&sql, c->name);
    bool lacks = conn_value(&g->control, sql.p, one, sizeof one, e);
    buf_release(&sql);
    if (lacks)
        err_set(e, ERR_TARGET_SHAPE, "%s.%s at the target: column %s is not at the source, takes no NULL and has no default",
                t->target_schema, t->target_name, c->name);
    return e->code == ERR_OK;
}

static bool check_shape(struct engine *g, const struct table *t, struct err *e)
{
    struct table *there = table_read(&g->control, t->target_schema, t->target_name, e);
    uint32_t shape = 0, extra = 0;
    if (!there)
        return err_wrap(e, "at the target");
    bool fine = table_shape_fits(t, there, &shape, e);
    for (const struct column *c; fine && (c = table_extra_column(t, there, &extra)) != NULL;)
        fine = has_default(g, t, c, e);
    table_drop(there);
    return fine;
}

static bool drop_table(struct engine *g, const struct table *t, struct err *e)
{
    struct buf sql = {0};
    buf_adds(&sql, "DROP TABLE IF EXISTS ");
    sql_table(&sql, t->target_schema, t->target_name);
    bool fine = engine_fenced_ddl(g, buf_str(&sql), e);
    buf_release(&sql);
    return fine;
}

/* Does what was decided about one table with rows. */
static bool settle(struct engine *g, struct tab *tab, const char *choice, bool *is_there, struct err *e)
{
    static const char *const texts[] = {
        [KEPT_NONE] = N_("held rows and was dropped, by explicit answer"),
        [KEPT_UNTOUCHED] = N_("held rows before: they were left as they are, the source's were added (append)"),
        [KEPT_REPLACED] = N_("held rows before: those with a key of the source gave way, the others are still there (replace)")};
    struct buf sql = {0};
    tab->kept = tab_kept_parse(choice);
    if (strcmp(choice, "drop") == 0) {
        log_event(LOG_NOTE, "engine", tab->label, "", "dropped at the target, as answered");
        *is_there = false;
        if (!drop_table(g, tab->def, e))
            return false;
    } else if (tab->kept == KEPT_REPLACED && tab->is_keyless) {
        return err_set(e, ERR_TARGET_NOT_EMPTY, "%s has no usable key, so replace can't find its rows: answer append or drop",
                       tab->label);
    } else if (!check_shape(g, tab->def, e)) {
        return false;
    }
    ledger_sql_note(&g->ledger, &sql, NOTE_EXISTING, tab->label, texts[tab->kept]);
    if (tab->kept != KEPT_NONE) {
        char id[16];
        snprintf(id, sizeof id, "%u", tab->id); /* tables are renamed */
        buf_addc(&sql, ';');
        ledger_sql_note(&g->ledger, &sql, NOTE_KEPT, id, tab_kept_name(tab->kept));
    }
    bool fine = engine_fenced(g, &sql, e);
    buf_release(&sql);
    return fine;
}

static bool ask(struct engine *g, struct tab **list, uint32_t n, const char **choice, struct err *e)
{
    struct buf text = {0};
    for (uint32_t i = 0; i < TG_MIN(n, (uint32_t)NAMED); i++)
        buf_addf(&text, "%s%s", i ? ", " : "", list[i]->label);
    if (n > NAMED)
        err_set(e, ERR_TARGET_NOT_EMPTY, "%u tables: %s and %u more", n, text.p, n - NAMED);
    else
        err_set(e, ERR_TARGET_NOT_EMPTY, n == 1 ? "%u table: %s" : "%u tables: %s", n, text.p);
    buf_release(&text);
    for (uint32_t i = 0; i < n; i++)
        atomic_store(&list[i]->is_asking, true);
    *choice = engine_ask(g, e, n == 1 ? list[0]->label : "", choices, TG_ARRAY_LEN(choices));
    for (uint32_t i = 0; i < n; i++)
        atomic_store(&list[i]->is_asking, false);
    if (!*choice || strcmp(*choice, "stop") == 0)
        return false;
    err_clear(e);
    return true;
}

/* Which places are taken: by tables (true) or by something else, which ends the start. */
static bool read_places(struct engine *g, bool *is_there, struct err *e)
{
    struct buf sql = {0};
    struct places p;
    MYSQL_RES *res;
    buf_adds(&sql, "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA");
    engine_target_schemas(g, &sql);
    bool fine = conn_query(&g->control, sql.p, &res, e);
    buf_release(&sql);
    if (!fine)
        return err_wrap(e, "while looking at the target's tables");
    places_of_target(g, &p);
    for (uint32_t i = 0; i < g->tabs.n; i++)
        is_there[i] = false;
    for (MYSQL_ROW r; fine && (r = mysql_fetch_row(res)) != NULL;) {
        struct tab *tab = places_find(&p, r[0], r[1]);
        if (!tab)
            continue;
        is_there[tab->id - 1] = true;
        if (strcmp(r[2], "BASE TABLE") != 0 && strcmp(r[2], "SYSTEM VERSIONED") != 0)
            fine = err_set(e, ERR_TARGET_SHAPE, "%s.%s at the target is a %s, not a table", r[0], r[1], r[2]);
    }
    mysql_free_result(res);
    places_release(&p);
    return fine;
}

/* Places where a start of this run that was cut short has made tables. */
struct making {
    char **list;
    size_t n;
};

static void told_making(void *arg, const char *kind, const char *name, const char *text)
{
    struct making *m = arg;
    (void)kind;
    (void)name;
    if ((m->n & (m->n - 1)) == 0)
        m->list = x_realloc(m->list, TG_MAX(m->n * 2, (size_t)1) * sizeof *m->list);
    m->list[m->n++] = x_strdup(text);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_made(const struct making *m, const struct table *t)
{
    struct buf name = {0};
    sql_table(&name, t->target_schema, t->target_name);
    bool found = m->n && bsearch(&name.p, m->list, m->n, sizeof *m->list, by_text);
    buf_release(&name);
    return found;
}

static void making_release(struct making *m)
{
    for (size_t i = 0; i < m->n; i++)
        free(m->list[i]);
    free(m->list);
}

/* Empty ones are held against our shape, or made anew where they are ours: the source's may be another by now; those with rows and without an answer go into open. */
static bool look_at(struct engine *g, struct tab *tab, const struct making *made, bool *is_there, const char **answer,
                    struct tab **open, uint32_t *nopen, struct err *e)
{
    bool rows = false;
    if (!has_rows(g, tab->def, &rows, e))
        return false;
    if (!rows && is_made(made, tab->def)) {
        *is_there = false;
        return drop_table(g, tab->def, e);
    }
    if (!rows)
        return check_shape(g, tab->def, e);
    *answer = decided(g, tab);
    if (!*answer)
        open[(*nopen)++] = tab;
    return !*answer || strcmp(*answer, "stop") != 0 || err_set(e, ERR_TARGET_NOT_EMPTY, "%s", tab->label);
}

bool engine_look_at_target(struct engine *g, bool *is_there, struct err *e)
{
    struct tab **open = x_alloc((g->tabs.n + 1) * sizeof(void *));
    const char **answers = x_alloc((g->tabs.n + 1) * sizeof(void *)), *choice = NULL;
    uint32_t nopen = 0;
    struct making made = {0};
    bool fine = ledger_read_notes(&g->ledger, &g->control, NOTE_MAKING, told_making, &made, e) && read_places(g, is_there, e);
    if (made.n)
        qsort(made.list, made.n, sizeof *made.list, by_text);
    for (uint32_t i = 0; fine && i < g->tabs.n; i++)
        if (is_there[i])
            fine = look_at(g, g->tabs.list[i], &made, &is_there[i], &answers[i], open, &nopen, e);
    if (fine && nopen)
        fine = ask(g, open, nopen, &choice, e);
    for (uint32_t i = 0; i < nopen; i++)
        answers[open[i]->id - 1] = choice;
    for (uint32_t i = 0; fine && i < g->tabs.n; i++) /* only now is anything changed */
        if (answers[i])
            fine = settle(g, g->tabs.list[i], answers[i], &is_there[i], e);
    making_release(&made);
    free(open);
    free(answers);
    return fine;
}

static void told(void *arg, const char *kind, const char *name, const char *text)
{
    struct engine *g = arg;
    (void)kind;
    for (uint32_t i = 0; i < g->tabs.n; i++)
        if (g->tabs.list[i]->id == strtoul(name, NULL, 10))
            g->tabs.list[i]->kept = tab_kept_parse(text);
}

bool engine_recall_existing(struct engine *g, struct err *e)
{
    return ledger_read_notes(&g->ledger, &g->control, NOTE_KEPT, told, g, e);
}
