// SPDX-License-Identifier: Apache-2.0
/* At a start, rows that the target could not take are tried again: somebody may have raised a limit or mended a table.
 * What is tried is the state that each row has at what is applied, as the quarantine keeps it, so that the stream goes
 * on from there. */
#include "engine/private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const struct tab *tab_of(const struct engine *g, uint32_t id)
{
    for (uint32_t i = 0; i < g->tabs.n; i++)
        if (g->tabs.list[i]->id == id)
            return g->tabs.list[i];
    return NULL;
}

static bool read_file(const char *path, struct buf *out)
{
    char piece[65536];
    size_t n;
    FILE *f = fopen(path, "re");
    while (f && (n = fread(piece, 1, sizeof piece, f)) > 0)
        buf_add(out, piece, n);
    bool fine = f && !ferror(f) && out->n;
    if (f)
        fclose(f);
    return fine;
}

/* What an earlier engine applied behind the mark may have given the table's name to another one. */
static bool is_changed_since(const struct engine *g, uint32_t id)
{
    for (size_t i = 0; i < g->found.ndefinitions; i++)
        if (g->found.definitions[i].table_id == id && pos_cmp(&g->found.definitions[i].from, &g->found.mark) > 0)
            return true;
    return false;
}

static bool is_in(struct engine *g, const struct ledger_quarantined *q, bool *in, struct err *e)
{
    char one[8], sql[300];
    snprintf(sql, sizeof sql, "SELECT 1 FROM " LEDGER_SCHEMA ".quarantine WHERE run = '%s' AND source = '%s' AND table_id = %u"
             " AND row_no = %llu", g->ledger.run, g->ledger.source, q->table_id, (unsigned long long)q->row_no);
    *in = conn_value(&g->control, sql, one, sizeof one, e);
    return e->code == ERR_OK;
}

/* true: it was tried, *in tells whether it is still there. false: e is worse than a refusal. */
static bool try_row(struct engine *g, const struct ledger_quarantined *q, struct buf *insert, bool *in, struct err *e)
{
    struct err refusal = {0};
    size_t limit = g->control.server.max_allowed_packet;
    *in = true;
    if (insert->n + 4096 > limit)
        return true;
    buf_addc(insert, ';');
    ledger_sql_release(&g->ledger, insert, q, 1);
    if (engine_fenced(g, insert, &refusal)) {
        *in = false;
        return true;
    }
    if (refusal.code == ERR_TARGET_FENCED || refusal.code == ERR_CANCELLED || err_is_lost(&refusal) || err_is_busy(&refusal)) {
        *e = refusal;
        return false;
    }
    return is_in(g, q, in, e); /* a try whose answer was lost may have done it: then the next one met a duplicate */
}

bool engine_try_quarantine(struct engine *g, struct err *e)
{
    size_t left = 0, missing = 0, n = g->found.nquarantined;
    for (size_t i = 0; i < n; i++) {
        const struct ledger_quarantined *q = &g->found.quarantined[i];
        const struct tab *tab = tab_of(g, q->table_id);
        char path[4200];
        struct buf insert = {0};
        bool in = true, fine = true;
        quarantine_put(g->quarantine, q->table_id, q->row_no);
        if (tab)
            quarantine_path(g->o->run_dir, tab->label, tab->id, q->row_no, path, sizeof path);
        if (!tab || !read_file(path, &insert))
            missing++;
        else if (!is_changed_since(g, q->table_id))
            fine = try_row(g, q, &insert, &in, e);
        buf_release(&insert);
        if (!fine)
            return err_wrap(e, "while trying a row in quarantine again");
        left += in;
        if (!in) {
            quarantine_drop(g->quarantine, q->table_id, q->row_no);
            remove(path);
        }
    }
    if (n)
        log_event(left ? LOG_WARN : LOG_NOTE, "engine", "", left ? "TG-6103" : "",
                  missing ? "rows in quarantine were tried again: %zu went in, %zu stay; the file of some is not on this host"
                          : "rows in quarantine were tried again: %zu went in, %zu stay",
                  n - left, left);
    return true;
}
