// SPDX-License-Identifier: Apache-2.0
/* What a person may do with one table while the run goes on: have it copied anew (level 1: a dialog whose first choice
 * changes nothing), or leave it out (level 2: its name is typed). What the window knows to be in the way is said here;
 * the rest the engine refuses with its reason. */
#include "ui/text.h"
#include "wizard/dashboard_state.h"

#include <stdio.h>

enum { MODAL_LEAVE_OUT = 1 };

static const struct table_view *table_named(const struct dashboard_state *s, const char *name)
{
    for (uint32_t i = 0; name && i < s->snap.ntables; i++)
        if (strcmp(s->snap.table[i].name, name) == 0)
            return &s->snap.table[i];
    return NULL;
}

const char *redo_why_not(const struct dashboard_state *s, const char *table)
{
    const struct table_view *t = table_named(s, table);
    if (!table || !table[0])
        return _("no table is chosen");
    if (strcmp(s->snap.mode, "incremental") == 0)
        return _("this run has not copied the tables: their rows were at the target before");
    if (t && t->is_keyless)
        return _("it has no usable key: such a table is copied only before the stream starts; begin another run for it");
    return NULL;
}

/* false: said why not. */
static bool may_ask(struct dashboard_state *s, const char *table)
{
    if (!s->has_snapshot)
        return false;
    if (s->is_gone)
        dashboard_notice(s, "%s", _("the engine is gone already"));
    else if (!table || !table[0])
        dashboard_notice(s, "%s", _("no table is chosen"));
    return !s->is_gone && table && table[0] && dashboard_may_steer(s);
}

void ask_redo(struct dashboard_state *s, int key, const char *table)
{
    struct dialog *d = &s->dialog;
    if (!may_ask(s, table))
        return;
    const char *why = redo_why_not(s, table);
    if (why) {
        dashboard_notice(s, "%s: %s", table, why);
        return;
    }
    *d = (struct dialog){.width = 70};
    s->asked = ASK_REDO;
    snprintf(s->asked_table, sizeof s->asked_table, "%s", table);
    snprintf(d->title, sizeof d->title, _("Copy %s anew?"), table);
    snprintf(d->text, sizeof d->text, "%s",
             _("The table is emptied at the target and read again from the source, while the rest of the run goes on. Until it is "
               "through, its rows are missing at the target. Nothing at the source is changed."));
    snprintf(d->choice[0].label, sizeof d->choice[0].label, "%s", _("Leave it as it is"));
    snprintf(d->choice[0].note, sizeof d->choice[0].note, "%s", _(" default"));
    snprintf(d->choice[1].label, sizeof d->choice[1].label, "%s", _("Copy it anew"));
    d->nchoices = 2;
    snprintf(d->keys, sizeof d->keys, "%s", _("Esc Leave it as it is"));
    dialog_open(d, key, s->now_ms);
}

void ask_leave_out(struct dashboard_state *s, int key, const char *table)
{
    struct modal *m = &s->modal;
    char title[128];
    if (!may_ask(s, table))
        return;
    snprintf(s->asked_table, sizeof s->asked_table, "%s", table);
    snprintf(title, sizeof title, _("Leave %s out of this run?"), table);
    modal_begin(m, MODAL_LEAVE_OUT, title, key, s->now_ms);
    buf_adds(&m->text, _("Its changes are not applied any more, it is not compared, and what is asked about it is over. Its rows at "
                         "the target stay there as they are then. It does not come back into this run; another run can copy it."));
    modal_add_field(m, _("Type the table's name"), false, table);
    modal_add_button(m, _("Keep it"), false);
    modal_add_button(m, _("Leave it out"), true);
    snprintf(m->keys, sizeof m->keys, "%s", _("Tab Next   Esc Keep it"));
}

void call_table(struct effect *out, const char *cmd, const char *table, const char *done)
{
    char name[270];
    json_text(name, sizeof name, table);
    dashboard_call(out, cmd, "", "");
    snprintf(out->args, sizeof out->args, "{\"table\":\"%s\"}", name);
    snprintf(out->done, sizeof out->done, "%.60s: %.50s", table, done);
}

void ask_leave_out_feed(struct dashboard_state *s, const struct input *in, struct effect *out)
{
    if (modal_feed(&s->modal, in, s->now_ms) != MODAL_PRESSED)
        return;
    bool is_sure = s->modal.focus - s->modal.nfields == 1;
    modal_close(&s->modal);
    if (is_sure)
        call_table(out, "leave-out", s->asked_table, _("left out"));
}
