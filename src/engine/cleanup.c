// SPDX-License-Identifier: Apache-2.0
/* What may be taken away when nobody wants to go back: as text for a person, never run by anyone here. */
#include "engine/private.h"

#include "base/text.h"
#include "db/type.h"

#include <stdlib.h>

static const char *const ledger_tables[] = {"applied", "chunk", "ddl", "definition", "lane", "note", "part", "quarantine", "source", "tab"};

static void add(json_t *list, const char *where, const char *why, const char *sql)
{
    json_t *one = json_pack("{s:s, s:s, s:s}", "where", where, "why", why, "sql", sql);
    if (one)
        json_array_append_new(list, one);
}

/* Its schema, where no other run needs it; else this run's rows. */
static void add_ledger(struct engine *g, json_t *list, const char *where)
{
    struct buf sql = {0};
    struct err e = {0};
    char others[32] = "";
    buf_adds(&sql, "SELECT COUNT(*) FROM " LEDGER_SCHEMA ".run WHERE name <> ");
    sql_z(&sql, g->ledger.run);
    bool fine = g->control.my && conn_value(&g->control, sql.p, others, sizeof others, &e);
    buf_reset(&sql);
    if (fine && strcmp(others, "0") == 0) {
        add(list, where, N_("tidegate's own notes; after this the run can't be resumed"), "DROP DATABASE " LEDGER_SCHEMA ";");
    } else {
        for (size_t i = 0; i < TG_ARRAY_LEN(ledger_tables); i++) {
            buf_addf(&sql, "DELETE FROM " LEDGER_SCHEMA ".%s WHERE run = ", ledger_tables[i]);
            sql_z(&sql, g->ledger.run);
            buf_adds(&sql, ";\n");
        }
        buf_adds(&sql, "DELETE FROM " LEDGER_SCHEMA ".run WHERE name = ");
        sql_z(&sql, g->ledger.run);
        buf_addc(&sql, ';');
        add(list, where, fine ? N_("this run's notes; other runs keep theirs in the same schema") : N_("this run's notes; it could not be seen whether other runs have some, too"),
            sql.p);
    }
    buf_release(&sql);
}

/* Nobody's administrator is offered for dropping, and every other account only where the person made it for this. */
static void add_user(json_t *list, struct conn *c, const char *where)
{
    static const char *const kept[] = {"root", "admin", "administrator", "rdsadmin", "mysql", "mariadb"};
    char account[200] = "";
    struct err e = {0};
    struct buf sql = {0};
    if (!c->my || !conn_value(c, "SELECT CURRENT_USER()", account, sizeof account, &e))
        return;
    char *at = strrchr(account, '@');
    if (!at || at == account)
        return;
    *at = 0;
    for (size_t i = 0; i < TG_ARRAY_LEN(kept); i++)
        if (strcmp(account, kept[i]) == 0)
            return;
    buf_adds(&sql, "DROP USER ");
    sql_z(&sql, account);
    buf_addc(&sql, '@');
    sql_z(&sql, at + 1);
    buf_addc(&sql, ';');
    add(list, where, N_("only if this account was made for the migration and nothing else uses it"), sql.p);
    buf_release(&sql);
}

static void add_cures(struct engine *g, json_t *list)
{
    struct cure_record *records;
    uint32_t n;
    struct err e = {0};
    if (!cure_records_read(g->o->run_dir, &records, &n, &e))
        return; /* the report's own part about cures says so */
    for (uint32_t i = n; i-- > 0;)
        if (!records[i].undone_at && records[i].undo) {
            char *why = x_format(N_("back to what it was before: %s"), records[i].title);
            add(list, records[i].where, why, records[i].undo);
            free(why);
        }
    cure_records_release(records, n);
}

json_t *cleanup_json(struct engine *g)
{
    json_t *list = json_array();
    char source[300], target[300];
    cure_where(g->job, false, source);
    cure_where(g->job, true, target);
    if (g->has_ledger)
        add_ledger(g, list, target);
    add_user(list, &g->look, source);
    add_user(list, &g->control, target);
    add_cures(g, list);
    return list;
}
