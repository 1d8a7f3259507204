// SPDX-License-Identifier: Apache-2.0
/* A table is emptied inside the sequence, to be copied anew: every earlier batch of it is through, every later one
 * waits. The ledger has said so before (its note), so that whatever cuts this short, the next start empties the table
 * again; the note goes with the last step, which also takes away what chunks of an earlier round have written. Nobody
 * else changes the table meanwhile: after a doubt everything is repeated, once nothing of it runs any more. */
#include "apply/private.h"

#include "base/fail.h"

static bool settle_doubt(struct writer *w, const struct batch *b, struct err *e)
{
    const struct apply_options *o = apply_options_of(w->apply);
    char mark[100];
    return writer_settle(w, e) && ledger_wait_quiet(o->ledger, &w->conn, ledger_ddl_mark(&b->to, mark), o->cancel, e);
}

/* The table's rows of the ledger, as they are from here on. */
static bool write_ledger(struct writer *w, const struct batch *b, struct err *e)
{
    bool is_unknown;
    writer_begin(w, false);
    fail_point("empty.truncated");
    if (!writer_send(w, e))
        return false;
    uint64_t affected[16];
    unsigned done;
    if (!conn_packet(&w->conn, b->ddl.ledger.p, b->ddl.ledger.n, affected, TG_ARRAY_LEN(affected), &done, e))
        return false;
    fail_point("empty.sent");
    bool fine = writer_commit(w, &is_unknown, e);
    fail_point("empty.committed");
    return fine;
}

static bool try_empty(struct writer *w, const struct batch *b, bool is_doubtful, struct err *e)
{
    if (is_doubtful ? !settle_doubt(w, b, e) : !writer_connect(w, e))
        return false;
    fail_point("empty.before");
    return writer_send_ddl(w, b, str_of(b->ddl.sql), e) && write_ledger(w, b, e);
}

bool writer_apply_empty(struct writer *w, struct batch *b)
{
    struct tab *tab = b->parts[0].tab;
    bool is_doubtful = false;
    for (unsigned tries = 0;;) {
        struct err e = {0};
        if (atomic_load(&tab->is_left))
            return true;
        if (try_empty(w, b, is_doubtful, &e))
            break;
        writer_rollback(w);
        is_doubtful = true;
        if (!writer_recover(w, b, &tries, &e))
            return false;
    }
    quarantine_drop_table(apply_options_of(w->apply)->quarantine, tab->id);
    atomic_store(&tab->count.rows_loaded, 0);
    atomic_store(&tab->count.bytes_loaded, 0);
    atomic_store(&tab->count.chunks_done, 0);
    atomic_store(&tab->is_void, false);
    log_event(LOG_INFO, "apply", tab->label, "", "emptied at the target; it is copied anew");
    return true;
}
