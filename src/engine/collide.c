// SPDX-License-Identifier: Apache-2.0
/* Values that the target would hold for equal in a unique key are found before anything is copied. */
#include "engine/private.h"

#include "base/text.h"
#include "schema/collide.h"

#include <stdio.h>

#define TOLD 8

struct collide {
    struct buf text;                  /* what is told in the error */
    uint32_t n;
};

static void found(void *arg, const struct collide_key *k, const char *text)
{
    struct collide *x = arg;
    (void)k;
    if (x->n++ <= TOLD)
        buf_addf(&x->text, "%s%s", x->text.n ? "; " : "", text);
}

static bool note(struct engine *g, const struct collide_key *k, struct err *e)
{
    struct buf sql = {0};
    char label[160], text[200];
    snprintf(text, sizeof text, N_("unique key %s: whether its values stay apart under %s can't be asked, the source lacks it"),
             k->key->name, k->mapped);
    ledger_sql_note(&g->ledger, &sql, NOTE_TABLE, table_label(k->table, label), text);
    bool fine = engine_fenced(g, &sql, e);
    buf_release(&sql);
    return fine;
}

static bool check_keys(struct engine *g, const struct table *t, struct collide *x, struct err *e)
{
    struct collide_key k;
    bool fine = true;
    for (uint32_t from = 0; fine && collide_next(t, &g->dialect, g->collations, &from, &k);)
        fine = k.can_ask ? collide_ask(&k, &g->look, found, x, e) : note(g, &k, e);
    return fine;
}

bool engine_check_collisions(struct engine *g, const bool *is_there, struct err *e)
{
    struct collide x = {0};
    bool fine = true;
    for (uint32_t i = 0; fine && i < g->tabs.n; i++)
        if (!is_there[i])
            fine = check_keys(g, g->tabs.list[i]->def, &x, e);
    if (fine && x.n)
        fine = err_set(e, ERR_TARGET_COLLATION, "%s", x.text.p);
    buf_release(&x.text);
    return fine;
}
