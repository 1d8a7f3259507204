// SPDX-License-Identifier: Apache-2.0
/* What needs a person, first of all the open questions; below them what is worth knowing. When
 * there is nothing, it says so: an empty box would make people wonder. */
#include "base/retell.h"
#include "ui/format.h"
#include "ui/text.h"
#include "wizard/dashboard_state.h"

#include <stdio.h>

const char *question_key(const void *state, size_t row)
{
    const struct dashboard_state *s = state;
    static char key[160];
    snprintf(key, sizeof key, "%s@%s", s->snap.question[row].id, s->snap.question[row].table);
    return key;
}

/* On paper there is no Enter: the command that answers. */
static void draw_command(struct canvas *c, struct rect in, int y, const struct mon_snapshot *m,
                         const struct question_view *q)
{
    struct buf text = {0};
    buf_addf(&text, "tidegate answer %s %s ", m->run, q->id);
    for (uint32_t i = 0; i < q->nchoices; i++)
        buf_addf(&text, "%s%s", i ? "|" : "", q->choice[i].slug);
    canvas_cut(c, in, y, in.x + 2, in.w - 2, ROLE_KEY, text.p);
    buf_release(&text);
}

static int draw_question(struct canvas *c, struct rect in, const struct dashboard_state *s,
                         const struct question_view *q, bool is_selected, bool is_last)
{
    char text[640];
    const char *dot = strchr(q->table, '.'), *table = dot ? dot + 1 : q->table;
    bool names_table = !table[0] || strstr(q->text, table);
    snprintf(text, sizeof text, "%s  %s%s%s", q->id, names_table ? "" : table,
             names_table ? "" : ": ", retell(q->text));
    canvas_text(c, in, in.y, in.x, is_selected ? ROLE_EDGE_FOCUS : ROLE_WARN,
                is_selected ? "▸" : "!");
    struct rect words = {in.y, in.x + 2, in.h, in.w - 2};
    int used = canvas_wrap(c, words, 0, is_selected ? ROLE_TITLE : ROLE_TEXT, text);
    if (is_selected) {
        c->cursor_y = in.y;
        c->cursor_x = in.x;
    }
    if (s->is_print && used < in.h) {
        draw_command(c, in, in.y + used, &s->snap, q);
        used++;
    } else if ((is_selected || is_last) && used + 1 < in.h) {
        canvas_textf(c, in, in.y + used + 1, in.x + 2, ROLE_KEY,
                     _("Enter  what to do (%u choices)"), q->nchoices);
        used += 2;
    }
    return used + 1;
}

static int draw_facts(struct canvas *c, struct rect in, const struct mon_snapshot *m)
{
    char words[320], text[320];
    int y = in.y;
    if (m->verdict[0]) {
        enum verdict v = verdict_of(m);
        if (v == VERDICT_OPEN)
            snprintf(words, sizeof words, _("! %s. {v} compares again, best when the source is quiet."), retell(m->verdict));
        else
            snprintf(words, sizeof words, _("%s %s  verified at %s"), verdict_sign(v), retell(m->verdict), m->verified_at);
        keymap_say(&dashboard_keys, IN_ANY, words, text, sizeof text);
        y += canvas_wrap(c, (struct rect){y, in.x, in.y + in.h - y, in.w}, 2,
                         verdict_role(v), text);
    }
    if (m->reason[0] && y < in.y + in.h) {
        snprintf(text, sizeof text, "! %s", retell(m->reason));
        y += canvas_wrap(c, (struct rect){y, in.x, in.y + in.h - y, in.w}, 2, ROLE_WARN, text);
    }
    if (m->quarantine && y < in.y + in.h)
        canvas_textf(c, in, y++, in.x, ROLE_WARN, _("! %llu rows lie in quarantine"),
                     (unsigned long long)m->quarantine);
    if (m->tables_failed && y < in.y + in.h)
        canvas_textf(c, in, y++, in.x, ROLE_BAD,
                     m->tables_failed == 1 ? _("✗ %u table failed, see Tables")
                                           : _("✗ %u tables failed, see Tables"),
                     m->tables_failed);
    return y - in.y;
}

/* What was open while this window looked on, newest first. */
static int draw_cured(struct canvas *c, struct rect in, const struct dashboard_state *s)
{
    char clock[FMT_SIZE], text[240];
    int y = in.y;
    for (unsigned i = 0; i < s->ncured && y < in.y + in.h; i++) {
        const struct cured *q = &s->cured[i];
        const char *dot = strchr(q->table, '.'), *table = dot ? dot + 1 : q->table;
        snprintf(text, sizeof text, _("✓ %s  %s%sno longer open, %.5s"), q->id, table, table[0] ? ": " : "", fmt_clock(clock, q->at_ms));
        y += canvas_wrap(c, (struct rect){y, in.x, in.y + in.h - y, in.w}, 2, ROLE_DIM, text);
    }
    return y - in.y;
}

void pane_attention_draw(struct canvas *c, struct rect r, const struct dashboard_state *s)
{
    const struct mon_snapshot *m = &s->snap;
    struct rect in = {r.y + 1, r.x + 2, TG_MAX(r.h - 2, 0), TG_MAX(r.w - 4, 0)};
    uint32_t n = TG_MIN(m->nquestions, (uint32_t)MON_QUESTIONS);
    char title[48];
    snprintf(title, sizeof title, _("7 Attention  %u open"), m->nquestions);
    pane_box(c, r, s, PANE_ATTENTION, title, NULL);
    struct list list = s->questions;
    size_t visible = (size_t)TG_MAX(in.h / 5, 1);
    list_sync(&list, n, visible, question_key, s);
    int y = in.y;
    for (size_t i = list.top; i < n && y < in.y + in.h; i++) {
        struct rect rest = {y, in.x, in.y + in.h - y, in.w};
        int used = draw_question(c, rest, s, &m->question[i],
                                 s->focus == PANE_ATTENTION && i == list.selected, n == 1);
        canvas_spot(c, rest, (struct rect){y, in.x, used, in.w}, SPOT_QUESTION, (int64_t)i);
        y += used;
    }
    struct rect rest = {y, in.x, TG_MAX(in.y + in.h - y, 0), in.w};
    y += draw_facts(c, rest, m);
    if (y == in.y)
        canvas_text(c, in, y++, in.x, ROLE_OK, _("✓ Nothing needs you."));
    if (s->ncured && y < in.y + in.h && !s->is_print)
        draw_cured(c, (struct rect){y, in.x, in.y + in.h - y, in.w}, s);
}
