// SPDX-License-Identifier: Apache-2.0
/* Tables without a usable key: before the stream starts, each in one snapshot (DESIGN 4.2), anew after whatever cut it short. */
#include "engine/private.h"

#include "base/fail.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

bool engine_empty_tab(struct engine *g, struct tab *tab, bool was_begun, struct err *e)
{
    struct buf sql = {0};
    if (was_begun && tab->kept != KEPT_NONE)
        return err_set(e, ERR_TARGET_MIXED, "%s: the copy was cut short, and rows that were there before can't be told from its own",
                       tab->label);
    atomic_uint_least64_t *counts[] = {&tab->count.rows_read, &tab->count.bytes_read, &tab->count.rows_loaded,
                                       &tab->count.bytes_loaded, &tab->count.chunks_done};
    for (size_t i = 0; i < TG_ARRAY_LEN(counts); i++)
        atomic_store(counts[i], 0);
    engine_set_copy(g, tab, was_begun ? TAB_EMPTYING : TAB_COPYING, NULL);
    engine_ledger_tab(g, &sql, tab, tab_copy_name(tab->copy));
    buf_addc(&sql, ';');
    ledger_sql_forget_chunks(&g->ledger, &sql, tab->id);
    buf_addc(&sql, ';');
    ledger_sql_release_table(&g->ledger, &sql, tab->id);
    fail_point(was_begun ? "anew.before" : "keyless.before");
    bool fine = engine_fenced(g, &sql, e);
    fail_point(was_begun ? "anew.emptying" : "keyless.copying");
    quarantine_drop_table(g->quarantine, tab->id);
    buf_reset(&sql);
    if (fine && was_begun) {
        buf_adds(&sql, "TRUNCATE TABLE ");
        sql_table(&sql, tab->def->target_schema, tab->def->target_name);
        engine_set_copy(g, tab, TAB_COPYING, NULL);
        fine = engine_fenced_ddl(g, buf_str(&sql), e);
        fail_point("anew.truncated");
        buf_reset(&sql);
        engine_emptied_ledger(g, &sql, tab);
        fine = fine && engine_fenced(g, &sql, e);
        fail_point("anew.copying");
    }
    buf_release(&sql);
    return fine;
}

static bool copy_once(struct engine *g, struct tab *tab, struct err *e)
{
    struct copy_options o;
    engine_copy_options(g, &o);
    if (!engine_empty_tab(g, tab, tab->copy != TAB_PLANNED, e) || !copy_keyless(&o, tab, &tab->end, e))
        return false;
    if (!apply_drain(g->apply))
        return err_set(e, ERR_CANCELLED, "while copying %s", tab->label);
    engine_set_copy(g, tab, TAB_COMPLETE, NULL);
    fail_point("keyless.copied");
    bool is_written = engine_write_tab(g, tab, false, e);
    fail_point("keyless.complete");
    return is_written;
}

/* A connection that is lost on the way costs the snapshot, not the run. */
static bool copy_until_whole(struct engine *g, struct tab *tab, struct err *e)
{
    struct patience patience = {100, 10000, 0};
    while (!copy_once(g, tab, e)) {
        if (!source_comes_back(e) || !patience_wait(&patience, g->cancel) || !apply_drain(g->apply))
            return false;
        log_event(LOG_WARN, "copy", tab->label, err_info(e->code)->id, "%s; it is copied anew", e->text);
        err_clear(e);
    }
    return true;
}

bool engine_copy_keyless(struct engine *g, struct err *e)
{
    engine_compare_collations(g);
    for (uint32_t i = 0; i < g->tabs.n; i++) {
        struct tab *tab = g->tabs.list[i];
        if (!tab->def || !tab_is_first(tab) || tab->copy == TAB_COMPLETE)
            continue;
        log_event(LOG_INFO, "copy", tab->label, "", "%s: copied first, in one snapshot",
                  tab->is_keyless ? N_("has no usable key") : N_("stands beside rows that stay untouched"));
        if (!copy_until_whole(g, tab, e))
            return false;
    }
    return true;
}
