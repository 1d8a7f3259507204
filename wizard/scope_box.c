// SPDX-License-Identifier: Apache-2.0
// Boxes over the page Scope: details of a row, rules that are a person's own, renames.
#include "wizard/pages.h"
#include "wizard/scope.h"

#include "ui/format.h"
#include "ui/text.h"

#include <stdio.h>
#include <stdlib.h>

enum { BOX_DETAILS = BOX_SCOPE, BOX_RULES, BOX_RENAME, BOX_DROP };
#define DROPS 4u /* renames that the box of removal offers at a time */

/* ---- details ---- */

static void add_key(const struct look_table *t, struct buf *out)
{
    if (t->key) {
        buf_adds(out, t->is_primary ? _("Primary key (") : _("Unique key ("));
        for (const char *p = t->key; *p; p++)
            buf_addf(out, *p == ',' ? ", " : "%c", *p);
        buf_addf(out, _(")\nRead in pieces by %.*s\n"), (int)strcspn(t->key, ","), t->key);
    } else {
        buf_adds(out, _("No key by which rows are told apart: it is copied in one piece, and each change looks for its row by all columns.\n"));
    }
}

static void add_place(const struct wz *w, const struct look_table *t, struct buf *out)
{
    static const char *const places[] = {N_("not known"), N_("does not exist"), N_("exists, without rows"), N_("exists, and holds rows"), N_("the name is taken by a view or a sequence")};
    const struct look *l = w->scope->look;
    const char *name = t->to ? t->to : _("the target");
    if (l->target_problem)
        buf_addf(out, _("\nThe target could not be looked at: %.200s\n"), l->target_problem);
    else if (t->place == PLACE_UNKNOWN)
        buf_adds(out, _("\nOn the target: not looked at yet\n"));
    else
        buf_addf(out, t->to ? _("\nOn the target as %s: %s\n") : _("\nOn %s: %s\n"), name, _(places[t->place]));
}

static void table_details(const struct wz *w, const struct look_table *t, struct buf *out)
{
    const struct look *l = w->scope->look;
    char rows[FMT_SIZE], data[FMT_SIZE], index[FMT_SIZE];
    if (t->is_view) {
        buf_adds(out, _("A view. It is made anew at the target, after the tables it reads, where TiDB takes it.\n"));
        return;
    }
    if (t->problem) {
        buf_addf(out, _("Its definition can't be read:\n%.600s\n\nA run stops at its start while this table is chosen.\n"), t->problem);
        return;
    }
    if (!t->is_read) {
        buf_adds(out, _("Being read …\n"));
        return;
    }
    if (l->has_sizes)
        buf_addf(out, _("%s rows (statistics, not a count). %s data, %s index.\n\n"), fmt_exact(rows, t->rows), fmt_bytes(data, t->data_bytes), fmt_bytes(index, t->index_bytes));
    else
        buf_addf(out, _("Rows and size could not be read: %.200s\n\n"), l->sizes_problem ? l->sizes_problem : "");
    add_key(t, out);
    if (l->has_triggers && t->ntriggers)
        buf_addf(out, _("Triggers: %u, %.400s\n"), t->ntriggers, t->triggers);
    else if (l->has_triggers)
        buf_adds(out, _("Triggers: none\n"));
    if (t->nfks)
        buf_addf(out, _("Foreign keys: %u, to %.400s\n"), t->nfks, t->fks);
    else
        buf_adds(out, _("Foreign keys: none\n"));
    if (t->ngenerated)
        buf_addf(out, _("Generated columns: %u, %.400s\n"), t->ngenerated, t->generated);
    else
        buf_adds(out, _("Generated columns: none\n"));
    buf_addf(out, _("Engine %s\nCollation %s\n"), t->engine ? t->engine : "?", t->collation ? t->collation : "?");
    add_place(w, t, out);
}

static void schema_details(const struct wz *w, const struct scope_schema *g, struct buf *out)
{
    char rows[FMT_SIZE], bytes[FMT_SIZE];
    if (g->is_bare) {
        buf_addf(out, "%s\n", _("There is no table or view in it that the user may see. Where it is picked, the rules name the schema, and tables that are made in it "
                                "later move. Where it is not, they stay."));
        return;
    }
    buf_addf(out, g->ntables == 1 ? _("%u of %u table chosen") : _("%u of %u tables chosen"), g->nchosen, g->ntables);
    if (g->nviews)
        buf_addf(out, g->nviews == 1 ? _(", %u of %u view") : _(", %u of %u views"), g->nviews_chosen, g->nviews);
    buf_adds(out, ".\n");
    if (w->scope->look->has_sizes)
        buf_addf(out, _("About %s rows (statistics), %s with indexes.\n"), fmt_count(rows, g->rows), fmt_bytes(bytes, g->bytes));
    buf_addf(out, "\n%s\n", _("Where most of a schema is chosen, the rules name the schema and what is left out: tables that are made in it later move as well. "
                                "Where few are chosen, the rules name these: later ones stay."));
}

void scope_details_text(const struct wz *w, struct buf *out)
{
    const struct look_table *t = scope_table(w->scope);
    const struct scope_schema *g = scope_schema(w->scope);
    if (t)
        table_details(w, t, out);
    else if (g)
        schema_details(w, g, out);
}

void scope_ask_details(struct wz *w, int key)
{
    struct modal *m = &w->modal;
    const struct look_table *t = scope_table(w->scope);
    const struct scope_schema *g = scope_schema(w->scope);
    char title[128];
    if (!g)
        return;
    snprintf(title, sizeof title, t ? "%.60s.%.60s" : "%.60s", g->name, t ? t->name : "");
    modal_begin(m, BOX_DETAILS, title, key, w->now_ms);
    scope_details_text(w, &m->text);
    bool is_chosen = t ? w->scope->chosen[w->scope->at.table] : scope_state(g) == SCOPE_ALL;
    modal_add_button(m, t ? (is_chosen ? _("Leave it out") : _("Pick it")) : is_chosen ? _("Leave all out") : _("Pick all"), false);
    if (!t && !g->is_bare)
        modal_add_button(m, w->scope->schemas[w->scope->at.schema].is_open ? _("Fold") : _("Unfold"), false);
    modal_add_button(m, _("Renames …"), false);
    modal_add_button(m, _("Events …"), false);
    modal_add_button(m, _("Close"), false);
    m->is_column = !t; /* too many for a row */
    m->focus = m->nbuttons - 1;
}

/* ---- rules of a person ---- */

static void add_old_rules(const struct scope *s, struct buf *out)
{
    for (size_t i = 0; i < SCOPE_LISTS; i++)
        if (strcmp(s->rules[i], "[]") != 0)
            buf_addf(out, "  %s: %.600s\n", scope_lists[i] + 6, s->rules[i]);
}

void scope_ask_rules(struct wz *w, int key)
{
    struct modal *m = &w->modal;
    struct job_picked rules;
    scope_rules(w->scope, w->job, &rules);
    modal_begin(m, BOX_RULES, _("These rules were written by hand"), key, w->now_ms);
    buf_addf(&m->text, "%s\n\n", _("Boxes can't be added to them. The job file says now"));
    add_old_rules(w->scope, &m->text);
    buf_addf(&m->text, "\n%s\n\n", _("and would say"));
    buf_addf(&m->text, "  include: %.600s\n", rules.include.p);
    if (strcmp(rules.exclude.p, "[]") != 0)
        buf_addf(&m->text, "  exclude: %.600s\n", rules.exclude.p);
    buf_addf(&m->text, "\n%s", _("New rules mean exactly the boxes. For tables that are made later the two may differ."));
    job_picked_release(&rules);
    modal_add_button(m, _("Keep the rules, undo the box"), false);
    modal_add_button(m, _("Write new rules from the boxes"), false);
    m->is_column = true;
    m->width = 76;
    snprintf(m->keys, sizeof m->keys, "%s", _("Esc Keep the rules"));
}

/* ---- renames ---- */

static void add_renames(const struct wz *w, struct buf *out)
{
    if (!w->job->nroutes)
        buf_addf(out, "%s\n", _("There is none yet: everything keeps its name."));
    for (size_t i = 0; i < w->job->nroutes; i++) {
        struct buf from = {0}, to = {0};
        job_route_text(w->job, i, &from, &to);
        buf_addf(out, _("  %s to %s\n"), from.p, to.p);
        buf_release(&from);
        buf_release(&to);
    }
}

void scope_ask_rename(struct wz *w, int key)
{
    struct modal *m = &w->modal;
    const struct look_table *t = scope_table(w->scope);
    const struct scope_schema *g = scope_schema(w->scope);
    modal_begin(m, BOX_RENAME, _("Renames"), key, w->now_ms);
    add_renames(w, &m->text);
    buf_addf(&m->text, "\n%s\n", _("A schema moves as shop.* to shop_v2.*, a table as shop.orders to shop.orders_new. A part with a dot in it stands in backticks."));
    modal_add_field(m, _("From"), false, NULL);
    modal_add_field(m, _("To"), false, NULL);
    if (g) {
        struct buf rule = {0};
        job_rule_text(g->name, t ? t->name : NULL, &rule);
        if (!t)
            buf_adds(&rule, ".*");
        edit_set(&m->field[0].edit, rule.p);
        buf_release(&rule);
    }
    modal_add_button(m, _("Add"), false);
    if (w->job->nroutes)
        modal_add_button(m, _("Remove …"), false);
    modal_add_button(m, _("Close"), false);
    m->focus = g ? 1 : 0;
}

static void ask_drop(struct wz *w)
{
    struct modal *m = &w->modal;
    struct scope *s = w->scope;
    modal_begin(m, BOX_DROP, _("Which rename should go?"), 0, w->now_ms);
    modal_add_button(m, _("Keep them all"), false);
    for (size_t i = s->dropping; i < w->job->nroutes && i < s->dropping + DROPS; i++) {
        struct buf from = {0}, to = {0};
        char label[80];
        job_route_text(w->job, i, &from, &to);
        snprintf(label, sizeof label, _("%.36s to %.36s"), from.p, to.p);
        modal_add_button(m, label, false);
        buf_release(&from);
        buf_release(&to);
    }
    if (w->job->nroutes > DROPS)
        modal_add_button(m, _("Others …"), false);
    m->is_column = true;
}

static void add_pressed(struct wz *w)
{
    struct modal *m = &w->modal;
    struct err e = {0};
    if (!job_route_add(w->job, m->field[0].edit.text, m->field[1].edit.text, &e)) {
        wz_notice(w, "%s", e.text);
        m->focus = m->field[0].edit.n ? 1 : 0;
        return;
    }
    wz_changed(w);
    scope_ask_rename(w, 0);
    edit_set(&m->field[0].edit, "");
    m->focus = m->nfields + m->nbuttons - 1;
}

static void drop_pressed(struct wz *w, unsigned b)
{
    struct scope *s = w->scope;
    struct err e = {0};
    size_t i = s->dropping + b - 1;
    bool is_others = w->job->nroutes > DROPS && b == w->modal.nbuttons - 1;
    if (is_others) {
        s->dropping = s->dropping + DROPS < w->job->nroutes ? s->dropping + DROPS : 0;
        ask_drop(w);
        return;
    }
    if (b && i < w->job->nroutes) {
        if (job_route_drop(w->job, i, &e))
            wz_changed(w);
        else
            wz_notice(w, "%s", e.text);
    }
    s->dropping = 0;
    scope_ask_rename(w, 0);
}

/* ---- answers ---- */

static void details_pressed(struct wz *w, unsigned b)
{
    const char *label = w->modal.button[b].label;
    bool asks, is_rename = strcmp(label, _("Renames …")) == 0, is_event = strcmp(label, _("Events …")) == 0;
    bool is_fold = strcmp(label, _("Fold")) == 0, is_unfold = strcmp(label, _("Unfold")) == 0;
    modal_close(&w->modal);
    if (is_rename) {
        scope_ask_rename(w, 0);
    } else if (is_event) {
        scope_ask_events(w, 0);
    } else if (is_fold || is_unfold) {
        scope_fold(w, is_unfold);
    } else if (b == 0) {
        scope_turn(w, false, &asks);
        if (asks)
            scope_ask_rules(w, 0);
    }
}

static void rules_pressed(struct wz *w, unsigned b)
{
    modal_close(&w->modal);
    if (b == 0) {
        scope_revert(w);
        return;
    }
    w->scope->is_own = false;
    scope_apply(w);
}

/* What stands at the target in the new places? */
static void look_again(struct wz *w, struct wz_effect *out)
{
    if (!w->probe[PROBE_TABLES].is_stale)
        return;
    out->kind = WZ_PROBE;
    out->probe = PROBE_TABLES;
}

static void rename_pressed(struct wz *w, unsigned b, struct wz_effect *out)
{
    if (b == 0) {
        add_pressed(w);
    } else if (b == 1 && w->modal.nbuttons == 3) {
        ask_drop(w);
    } else {
        modal_close(&w->modal);
        look_again(w, out);
    }
}

bool scope_box_feed(struct wz *w, const struct input *in, struct wz_effect *out)
{
    int kind = w->modal.kind;
    if (kind < BOX_SCOPE)
        return false;
    struct input pressed = *in;
    if (kind >= SCOPE_EVENT_BOXES && in->kind == IN_KEY && in->key == ' ' && w->modal.focus >= w->modal.nfields)
        pressed.key = K_ENTER; /* ticks */
    enum modal_answer answer = modal_feed(&w->modal, &pressed, w->now_ms);
    if (answer == MODAL_LEFT && kind == BOX_RULES)
        scope_revert(w);
    if (answer == MODAL_LEFT && (kind == BOX_RENAME || kind == BOX_DROP))
        look_again(w, out);
    if (answer == MODAL_LEFT && kind >= SCOPE_EVENT_BOXES)
        scope_event_left(w, kind);
    if (answer != MODAL_PRESSED)
        return true;
    unsigned b = w->modal.focus - w->modal.nfields;
    if (kind >= SCOPE_EVENT_BOXES)
        scope_event_pressed(w, kind, b);
    else if (kind == BOX_DETAILS)
        details_pressed(w, b);
    else if (kind == BOX_RULES)
        rules_pressed(w, b);
    else if (kind == BOX_RENAME)
        rename_pressed(w, b, out);
    else
        drop_pressed(w, b);
    return true;
}
