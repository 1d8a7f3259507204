// SPDX-License-Identifier: Apache-2.0
/* Scope: what should move. The tree, what is chosen of it, and the rules that a run without this window would read. */
#include "wizard/pages.h"
#include "base/retell.h"
#include "wizard/scope.h"

#include "ui/format.h"
#include "ui/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TREE, EXISTING, THINGS };
enum { FULL_BLOCK = 7 }; /* rows of the block below, without its frame */
enum { ON_SCOPE = 8, ON_FIND = 16 };

static const char *const existings[] = {N_("stop and ask"), N_("add to them"), N_("replace rows"), N_("DROP tables")};
static const char *const existing_values[] = {"ask", "append", "replace", "drop"};

/* ---- the tree ---- */

struct columns {                      /* ends of right-aligned columns, absolute */
    int rows, size, key;              /* key: begin; 0: no room */
};

static struct columns columns_of(struct rect in)
{
    if (in.w >= 70)
        return (struct columns){in.x + 40, in.x + 53, in.x + 55};
    return (struct columns){in.x + in.w - 12, in.x + in.w - 3, 0};
}

static void draw_box(struct canvas *c, struct rect in, int y, int x, enum scope_state state)
{
    static const char *const boxes[] = {"[ ]", "[-]", "[x]"};
    canvas_text(c, in, y, x, state == SCOPE_NONE ? ROLE_DIM : ROLE_TEXT, boxes[state]);
}

void scope_schema_text(const struct scope_schema *g, char out[80])
{
    if (g->is_bare)
        snprintf(out, 80, _("%u tables"), 0u);
    else
        snprintf(out, 80, g->ntables == 1 ? _("%u of %u table") : _("%u of %u tables"), g->nchosen, g->ntables);
}

static void draw_schema(const struct scope *s, struct canvas *c, struct rect in, int y, const struct scope_schema *g)
{
    struct columns at = columns_of(in);
    char text[80], bytes[FMT_SIZE];
    bool is_hidden = s->find.n && !g->nmatching;
    scope_schema_text(g, text);
    draw_box(c, in, y, in.x + 4, scope_state(g));
    canvas_cut(c, in, y, in.x + 8, TG_MAX(at.rows - text_cells(text) - 1 - in.x - 8, 4), is_hidden ? ROLE_DIM : ROLE_TEXT, g->name);
    canvas_right(c, in, y, at.rows, is_hidden ? ROLE_DIM : ROLE_TEXT, text);
    if (s->look->has_sizes && !g->is_bare)
        canvas_right(c, in, y, at.size, ROLE_TEXT, fmt_bytes(bytes, g->bytes));
    if (g->nviews && at.key) {
        snprintf(text, sizeof text, g->nviews == 1 ? _("%u of %u view") : _("%u of %u views"), g->nviews_chosen, g->nviews);
        canvas_cut(c, in, y, at.key, in.x + in.w - at.key - 1, ROLE_DIM, text);
    }
}

void scope_key_text(const struct look *l, const struct look_table *t, char text[200])
{
    if (t->is_view || (!t->is_read && !t->problem))
        snprintf(text, 200, "%s", t->is_view ? _("view") : l->has_defs ? "" : "…");
    else if (t->problem)
        snprintf(text, 200, "%s", _("not readable !"));
    else if (!t->key)
        snprintf(text, 200, "%s", _("no key !"));
    else
        snprintf(text, 200, t->is_primary ? _("PK %s") : _("key %s"), t->key);
}

static void draw_key(const struct look *l, const struct look_table *t, struct canvas *c, struct rect in, int y, int x)
{
    char text[200];
    bool is_bad = t->problem || (t->is_read && !t->key);
    scope_key_text(l, t, text);
    if (x)
        canvas_cut(c, in, y, x, in.x + in.w - x - 1, is_bad ? ROLE_WARN : ROLE_TEXT, text);
    else if (is_bad)
        canvas_text(c, in, y, in.x + in.w - 2, ROLE_WARN, "!");
}

static void draw_table(const struct scope *s, struct canvas *c, struct rect in, int y, uint32_t i)
{
    struct columns at = columns_of(in);
    const struct look_table *t = &s->look->tables[i];
    char rows[FMT_SIZE + 16], text[FMT_SIZE];
    bool has_size = s->look->has_sizes && t->is_read;
    snprintf(rows, sizeof rows, t->rows == 1 ? _("%s row") : _("%s rows"), fmt_count(text, t->rows));
    draw_box(c, in, y, in.x + 6, s->chosen[i] ? SCOPE_ALL : SCOPE_NONE);
    canvas_cut(c, in, y, in.x + 10, TG_MAX(at.rows - (has_size ? text_cells(rows) : 0) - 1 - in.x - 10, 4), ROLE_TEXT, t->name);
    if (has_size) {
        canvas_right(c, in, y, at.rows, ROLE_TEXT, rows);
        canvas_right(c, in, y, at.size, ROLE_TEXT, fmt_bytes(text, t->data_bytes + t->index_bytes));
    }
    draw_key(s->look, t, c, in, y, at.key);
}

static void draw_rows(struct wz *w, struct canvas *c, struct rect in)
{
    struct scope *s = w->scope;
    struct list *l = &w->list[STEP_SCOPE];
    int y = in.y;
    s->visible = (size_t)TG_MAX(in.h, 1);
    list_sync(l, s->nrows, s->visible, NULL, NULL);
    for (size_t i = l->top; i < s->nrows && y < in.y + in.h; i++, y++) {
        const struct scope_row *row = &s->rows[i];
        canvas_spot(c, in, (struct rect){y, in.x, 1, in.w}, SPOT_ROW, (int64_t)i);
        if (row->table == SCOPE_SCHEMA)
            draw_schema(s, c, in, y, &s->schemas[row->schema]);
        else
            draw_table(s, c, in, y, row->table);
        if (i != l->selected)
            continue;
        if (wz_has_focus(w, TREE))
            canvas_paint(c, (struct rect){y, in.x + 1, 1, in.w - 2}, ROLE_PICK);
        c->cursor_y = y;
        c->cursor_x = in.x + (row->table == SCOPE_SCHEMA ? 2 : 4);
        canvas_text(c, in, y, c->cursor_x, ROLE_PICK, "▸");
    }
    char said[160];
    if (y < in.y + in.h && s->find.n && !s->nmatching && s->look->n)
        canvas_cut(c, in, y, in.x + 4, in.w - 5, ROLE_WARN, wz_say(w, _("Nothing is called so. {/} looks anew, Esc there shows all."), said, sizeof said));
    else if (y < in.y + in.h)
        canvas_cut(c, in, y, in.x + 4, in.w - 5, ROLE_DIM, _("System schemas are never offered: mysql, sys, …"));
}

/* Instead of a tree: what is in the way of one. */
void scope_empty_text(const struct wz *w, char text[900])
{
    const struct scope *s = w->scope;
    const struct probe_view *v = &w->probe[PROBE_TABLES];
    const struct job_end *end = w->job->nsources ? &w->job->sources[0] : NULL;
    if (v->is_running)
        snprintf(text, 900, "%s", _("The source is asked what there is. Nothing is written anywhere."));
    else if (s->err.code != ERR_OK)
        snprintf(text, 900, _("What there is could not be read: %.600s\n\n{r} looks again. Next goes on without it: then the rules of the job file hold."), retell(s->err.text));
    else if (s->look)
        snprintf(text, 900,
                 _("Nothing to see: at %.100s there is no table that %.80s may look at. System schemas are never offered.\n\nGive that user SELECT on what "
                   "should move, or sign in as another one on the page Source. {r} looks again."),
                 end && end->host ? end->host : _("the source"), end && end->user ? end->user : _("the user"));
    else
        snprintf(text, 900, "%s", _("Not looked at yet. {r} looks."));
}

static void draw_empty(const struct wz *w, struct canvas *c, struct rect in)
{
    char text[900], said[900];
    const struct scope *s = w->scope;
    const struct probe_view *v = &w->probe[PROBE_TABLES];
    struct rect r = {in.y + 1, in.x + 4, TG_MAX(in.h - 1, 1), TG_MAX(in.w - 8, 10)};
    scope_empty_text(w, text);
    canvas_wrap(c, r, 0, s->err.code != ERR_OK && !v->is_running ? ROLE_WARN : ROLE_TEXT, wz_say(w, text, said, sizeof said));
}

static void tree_label(const struct wz *w, char out[120])
{
    static const char *const sorts[] = {"", N_("by size"), N_("by rows")};
    const struct scope *s = w->scope;
    const struct probe_view *v = &w->probe[PROBE_TABLES];
    char left[120], age[80];
    const char *sorted = s->sort ? _(sorts[s->sort]) : "";
    wz_probe_age(w, PROBE_TABLES, age);
    if (v->is_running)
        snprintf(age, sizeof age, _("looking… %lld s, Esc stops it"), (long long)(w->now_ms - v->began_ms) / 1000);
    if (s->find.n && s->find_problem[0])
        snprintf(left, sizeof left, "%s", s->find_problem);
    else if (s->find.n && s->look)
        snprintf(left, sizeof left, _("%u of %u shown"), s->nmatching, s->nthings);
    else
        snprintf(left, sizeof left, "%s", age);
    snprintf(out, 120, "%.80s%s%.30s", left, left[0] && sorted[0] ? _(", ") : "", sorted);
}

static void draw_find(const struct wz *w, struct canvas *c, int y, int end)
{
    const struct scope *s = w->scope;
    if (!s->is_finding && !s->find.n)
        return;
    int x = end - 12 - text_cells(_("/ find: "));
    x += canvas_text(c, canvas_all(c), y, x, ROLE_KEY, _("/ find: "));
    if (s->is_finding) {
        canvas_spot(c, canvas_all(c), (struct rect){y, x, 1, end - x}, SPOT_SEARCH, 0);
        edit_draw(&s->find, c, canvas_all(c), y, x, end - x, true);
    } else {
        canvas_cut(c, canvas_all(c), y, x, end - x, ROLE_TEXT, s->find.text);
    }
}

/* ---- what is chosen ---- */

void scope_sum_text(const struct scope *s, bool is_copied, bool with_views, char out[160])
{
    char bytes[FMT_SIZE];
    int n = snprintf(out, 160, s->sum.ntables == 1 ? _("%u table") : _("%u tables"), s->sum.ntables);
    if (s->sum.nviews && with_views)
        n += snprintf(out + n, 160 - (size_t)n, s->sum.nviews == 1 ? _(" and %u view") : _(" and %u views"), s->sum.nviews);
    if (s->sum.ntables && s->look->has_sizes && is_copied)
        snprintf(out + n, 160 - (size_t)n, _(", about %s, largest %.64s"), fmt_bytes(bytes, s->sum.bytes), s->look->tables[s->sum.largest].name);
}

void scope_chosen_title(const struct scope *s, char out[200])
{
    char sum[160];
    scope_sum_text(s, true, true, sum);
    snprintf(out, 200, _("Chosen: %s"), sum);
}

static void draw_keys(const struct wz *w, struct canvas *c, struct rect in, int y)
{
    const struct scope *s = w->scope;
    char text[200], said[200];
    bool is_fine = s->look->has_defs && !s->sum.nkeyless && !s->sum.nunread && s->sum.ntables;
    if (!s->sum.ntables)
        snprintf(text, sizeof text, "%s", _("Nothing is chosen: Space picks, {a} picks all"));
    else if (!s->look->has_defs)
        snprintf(text, sizeof text, "%s", _("Keys and sizes are still being read …"));
    else if (s->sum.nunread)
        snprintf(text, sizeof text, s->sum.nunread == 1 ? _("%u table can't be read; Enter on it tells why") : _("%u tables can't be read; Enter on one tells why"), s->sum.nunread);
    else if (s->sum.nkeyless)
        snprintf(text, sizeof text, s->sum.nkeyless == 1 ? _("%u table without a key: each change is a search for its row. {F4}") : _("%u tables without a key: each change is a search for its row. {F4}"), s->sum.nkeyless);
    else
        snprintf(text, sizeof text, "%s", _("Every chosen table has a key by which its rows are told apart"));
    bool is_open = s->sum.ntables && !s->look->has_defs;
    canvas_text(c, in, y, in.x + 1, is_fine ? ROLE_OK : is_open ? ROLE_DIM : ROLE_WARN, is_fine ? "✓" : is_open ? "?" : "!");
    canvas_cut(c, in, y, in.x + 3, in.w - 4, ROLE_TEXT, wz_say(w, text, said, sizeof said));
}

static void draw_existing(const struct wz *w, struct canvas *c, struct rect in, int y)
{
    const struct scope *s = w->scope;
    bool is_known = s->look->has_defs && !s->look->target_problem && w->job->target.host, has_focus = wz_has_focus(w, EXISTING);
    char text[120];
    int room = in.w - 4 - text_cells(_(existings[w->job->existing])) - 5;
    if (!is_known)
        snprintf(text, sizeof text, "%s", s->look->target_problem ? _("The target could not be looked at. Tables with rows:") : _("Tables that hold rows on the target:"));
    else if (!s->sum.nstanding)
        snprintf(text, sizeof text, "%s", _("No chosen table is on the target yet. Existing data:"));
    else if (room < 50)
        snprintf(text, sizeof text, _("On the target: %u, with rows %u:"), s->sum.nstanding, s->sum.nrows);
    else
        snprintf(text, sizeof text, s->sum.nstanding == 1 ? _("%u table exists on the target, %u with rows:") : _("%u tables exist on the target, %u with rows:"), s->sum.nstanding, s->sum.nrows);
    bool warns = (is_known && s->sum.nrows) || s->look->target_problem;
    canvas_text(c, in, y, in.x + 1, warns ? ROLE_WARN : ROLE_DIM, warns ? "!" : " ");
    int x = in.x + 3 + canvas_cut(c, in, y, in.x + 3, TG_MAX(room, 8), ROLE_TEXT, text) + 1;
    if (has_focus) {
        canvas_text(c, in, y, in.x + 2, ROLE_PICK, "▸");
        c->cursor_y = y;
        c->cursor_x = x;
    }
    canvas_textf(c, in, y, x, has_focus ? ROLE_PICK : ROLE_TEXT, "< %s >", _(existings[w->job->existing]));
}

static void draw_chosen(const struct wz *w, struct canvas *c, struct rect box)
{
    const struct scope *s = w->scope;
    char title[200], text[400], later[320];
    struct rect in = rect_inside(box);
    scope_chosen_title(s, title);
    wz_box(c, box, w, wz_has_focus(w, EXISTING), title, NULL);
    canvas_spot(c, box, box, SPOT_THING, EXISTING);
    if (in.h < 3) {
        draw_existing(w, c, in, in.y);
        return;
    }
    draw_keys(w, c, in, in.y);
    draw_existing(w, c, in, in.y + 1);
    scope_later(s, later);
    snprintf(text, sizeof text, _("New tables later: %s"), later);
    canvas_cut(c, in, in.y + 2, in.x + 3, in.w - 4, ROLE_TEXT, text);
}

static void draw(struct wz *w, struct canvas *c, struct rect r)
{
    struct scope *s = scope_of(w);
    int width = TG_MIN(r.w, 80) - 4, low = s->look && s->look->n ? (r.h >= 14 ? 5 : 3) : 0;
    struct rect tree = {r.y, 2, TG_MAX(r.h - low, 3), width};
    char label[120];
    draw_find(w, c, r.y - 1, 2 + width);
    tree_label(w, label);
    wz_box(c, tree, w, wz_has_focus(w, TREE), _("Schemas and tables"), label[0] ? label : NULL);
    if (!low) {
        draw_empty(w, c, rect_inside(tree));
        return;
    }
    canvas_spot(c, tree, tree, SPOT_THING, TREE);
    draw_rows(w, c, rect_inside(tree));
    draw_chosen(w, c, (struct rect){r.y + tree.h, 2, low, width});
}

/* ---- the block below: the rules ---- */

static void rule_line(struct canvas *c, struct rect in, int y, const char *name, const char *text)
{
    char line[500]; /* rules can be long; more has no room anyway */
    int x = in.x + 1 + TG_MAX(canvas_text(c, in, y, in.x + 1, ROLE_TEXT, name), 10);
    snprintf(line, sizeof line, "%s", text);
    canvas_cut(c, in, y, x, in.x + in.w - x - 1, ROLE_TEXT, line);
}

static void draw_routes(const struct wz *w, struct canvas *c, struct rect in, int y)
{
    struct buf text = {0};
    char said[160];
    for (size_t i = 0; i < w->job->nroutes && text.n < 300; i++) {
        struct buf from = {0}, to = {0};
        job_route_text(w->job, i, &from, &to);
        buf_addf(&text, _("%s%.64s to %.64s"), i ? ", " : "", from.p, to.p);
        buf_release(&from);
        buf_release(&to);
    }
    if (text.n)
        buf_adds(&text, wz_say(w, _("   {F7} changes them"), said, sizeof said));
    rule_line(c, in, y, _("rename:"), text.n ? text.p : wz_say(w, _("none yet. {F7} adds one, for example  shop.* to shop_v2.*"), said, sizeof said));
    buf_release(&text);
}

static void draw_events(const struct wz *w, struct canvas *c, struct rect in, int y)
{
    struct buf text = {0};
    char said[160];
    scope_events_text(w->job, &text);
    if (text.n)
        buf_adds(&text, wz_say(w, _("   {e} changes them"), said, sizeof said));
    rule_line(c, in, y, _("events:"), text.n ? text.p : wz_say(w, _("all of them. {e} leaves some out, for example deletes of a table"), said, sizeof said));
    buf_release(&text);
}

static bool has_rules(const struct scope *s, size_t i)
{
    return s->rules[i] && strcmp(s->rules[i], "[]") != 0;
}

/* In one line, where there is no room for more. */
static void draw_rules_short(const struct scope *s, struct canvas *c, struct rect in, int y)
{
    struct buf line = {0};
    for (size_t i = 0; i < SCOPE_LISTS; i++)
        if (has_rules(s, i))
            buf_addf(&line, "%s%s: %.300s", line.n ? "   " : "", scope_lists[i] + 6, s->rules[i]);
    canvas_cut(c, in, y, in.x + 1, in.w - 2, line.n ? ROLE_TEXT : ROLE_DIM, line.n ? line.p : _("no rule: everything moves, schemas that are made later as well"));
    buf_release(&line);
}

static void below(struct wz *w, struct canvas *c, struct rect r)
{
    const struct scope *s = scope_of(w);
    struct rect in = rect_inside(r);
    char later[320];
    int y = in.y, lists = 0;
    wz_box(c, r, w, false, s->is_own ? _("Rules in the job file: written by hand, kept until you change a box") : _("Rules that this choice writes into the job file"), NULL);
    if (in.h < FULL_BLOCK) {
        draw_rules_short(s, c, in, y);
        return;
    }
    rule_line(c, in, y++, "allow:", "");
    for (size_t i = 0; i < SCOPE_LISTS && lists < 2; i++) {
        char name[40];
        if (!has_rules(s, i))
            continue;
        snprintf(name, sizeof name, "  %s: ", scope_lists[i] + 6);
        rule_line(c, in, y++, name, s->rules[i]);
        lists++;
    }
    if (!lists)
        canvas_cut(c, in, y++, in.x + 3, in.w - 4, ROLE_DIM, _("no rule: everything moves, schemas that are made later as well"));
    y += lists > 1 ? 0 : 1;
    draw_routes(w, c, in, y++);
    rule_line(c, in, y++, _("columns:"), _("all of a table; this version can't leave out or mask a column"));
    draw_events(w, c, in, y++);
    scope_later(s, later);
    rule_line(c, in, y, _("later:"), s->look ? later : "");
}

/* ---- input ---- */

static void begin_probe(struct wz_effect *out)
{
    out->kind = WZ_PROBE;
    out->probe = PROBE_TABLES;
}

static void enter(struct wz *w, struct wz_effect *out)
{
    const struct probe_view *v = &w->probe[PROBE_TABLES];
    scope_sync(w);
    if (!v->is_running && (!v->is_over || v->is_stale))
        begin_probe(out);
}

static void turn(struct wz *w, bool everything, int key)
{
    bool asks;
    scope_turn(w, everything, &asks);
    if (asks)
        scope_ask_rules(w, key);
}

static bool feed_find(struct wz *w, const struct input *in)
{
    struct scope *s = w->scope;
    if (edit_feed(&s->find, in)) {
        scope_find(w);
        return true;
    }
    if (in->kind != IN_KEY)
        return false;
    if (in->key == K_ESC)
        edit_wipe(&s->find);
    else if (in->key != K_ENTER && in->key != K_TAB && in->key != K_DOWN)
        return false;
    s->is_finding = false;
    if (in->key == K_ESC)
        scope_find(w);
    return true;
}

const char *scope_existing_label(unsigned i)
{
    return _(existings[i]);
}

void scope_set_existing(struct wz *w, unsigned at)
{
    struct err e = {0};
    if (!job_set(w->job, "existing", existing_values[at], &e)) {
        wz_notice(w, "%s", e.text);
        return;
    }
    bool was_stale = w->probe[PROBE_TABLES].is_stale;
    wz_changed(w);
    w->probe[PROBE_TABLES].is_stale = was_stale;
}

static void turn_existing(struct wz *w, int by)
{
    int n = (int)TG_ARRAY_LEN(existings);
    scope_set_existing(w, (unsigned)(((int)w->job->existing + n + by) % n));
}

static bool feed_existing(struct wz *w, int key)
{
    if (key != K_LEFT && key != K_RIGHT && key != ' ')
        return false;
    turn_existing(w, key == K_LEFT ? -1 : 1);
    return true;
}

static bool feed_tree(struct wz *w, int key)
{
    struct scope *s = w->scope;
    switch (key) {
    case ' ':
        turn(w, false, key);
        return true;
    case K_LEFT:
    case K_RIGHT:
    case 'h':
    case 'l':
        scope_fold(w, key == K_RIGHT || key == 'l');
        return true;
    case K_ENTER:
        if (s->nrows)
            scope_ask_details(w, key);
        return s->nrows > 0;
    default:
        break;
    }
    if (!list_feed(&w->list[STEP_SCOPE], key, s->nrows, s->visible, NULL, NULL))
        return false;
    s->at = s->nrows ? s->rows[w->list[STEP_SCOPE].selected] : s->at;
    return true;
}

static void start_find(struct wz *w)
{
    w->scope->is_finding = true;
    edit_set(&w->scope->find, w->scope->find.n ? w->scope->find.text : "");
}

static bool feed_page(struct wz *w, int key, struct wz_effect *out)
{
    struct scope *s = w->scope;
    switch (key) {
    case '/':
        start_find(w);
        return true;
    case 's':
        s->sort = (s->sort + 1) % SCOPE_SORTS;
        scope_show(w);
        return true;
    case 'a':
        turn(w, true, key);
        return true;
    case 'r':
    case K_F5:
        begin_probe(out);
        return true;
    case 'n':
    case K_F4:
        if (!scope_next_keyless(w))
            wz_notice(w, "%s", s->look && s->look->has_defs ? _("every chosen table has a key") : _("keys are not known yet"));
        return true;
    case K_F7:
    case K_CTRL('n'):
        scope_ask_rename(w, key);
        return true;
    case 'e':
        scope_ask_events(w, key);
        return true;
    case K_ESC:
        if (!s->find.n)
            return false;
        edit_wipe(&s->find);
        scope_find(w);
        return true;
    default:
        return false;
    }
}

static bool feed(struct wz *w, const struct input *in, struct wz_effect *out)
{
    struct scope *s = scope_of(w);
    if (s->is_finding && feed_find(w, in))
        return true;
    if (in->kind != IN_KEY || s->is_finding)
        return false;
    if (feed_page(w, in->key, out))
        return true;
    return wz_has_focus(w, TREE) ? feed_tree(w, in->key) : wz_has_focus(w, EXISTING) && feed_existing(w, in->key);
}

static bool ready(struct wz *w, char why[160])
{
    const struct scope *s = scope_of(w);
    if (s->look && !s->look->n)
        snprintf(why, 160, "%s", _("there is nothing to move: the user sees no table"));
    else if (s->look && !s->sum.ntables && s->sum.nbare)
        snprintf(why, 160, "%s", _("a run needs one table to begin with"));
    else if (s->look && !s->sum.ntables)
        snprintf(why, 160, "%s", _("nothing is chosen: Space picks a row, {a} picks all"));
    return !why[0];
}

static unsigned where_now(const struct wz *w)
{
    return w->scope && w->scope->is_finding ? ON_FIND : ON_SCOPE;
}

static const char *help(const struct wz *w, const char **title)
{
    static char text[2400], name[200]; /* one window, one thread */
    struct buf out = {0};
    const struct look_table *t = w->scope ? scope_table(w->scope) : NULL;
    const struct scope_schema *g = w->scope ? scope_schema(w->scope) : NULL;
    if (!g)
        return NULL;
    snprintf(name, sizeof name, "%.190s", t ? t->name : g->name);
    *title = name;
    scope_details_text(w, &out);
    snprintf(text, sizeof text, "%s", out.p);
    buf_release(&out);
    return text;
}

static const char *const buttons[] = {N_("Back"), N_("Next"), NULL};

const struct page page_scope = {.step = STEP_SCOPE, .title = N_("Scope"), .question = N_("What should move?"), .nextra = THINGS, .buttons = buttons,
                                .where = ON_SCOPE, .where_now = where_now, .enter = enter, .draw = draw, .below = below, .feed = feed, .ready = ready, .help = help};
