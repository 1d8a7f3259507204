// SPDX-License-Identifier: Apache-2.0
// Scope in lines: the same tree, boxes and rules (scope_tree.c) by words. Long lists come a piece at a time.
#include "ui/format.h"
#include "ui/text.h"
#include "wizard/pages.h"
#include "wizard/scope.h"
#include "wizard/wizard_plain.h"

#include <stdio.h>
#include <stdlib.h>

#define PIECE 20 /* lines that are told at once */

struct teller {
    struct plain *p;
    struct scope_row *row;            /* of the last list; its numbers are what pick, unpick and details take */
    size_t n, told;
};

/* ---- lists ---- */

static const char *state_word(enum scope_state state)
{
    return state == SCOPE_ALL ? _("picked") : state == SCOPE_SOME ? _("partly") : _("left out");
}

static void tell_schema(const struct scope *s, size_t number, const struct scope_schema *g)
{
    char text[80], bytes[FMT_SIZE], views[80] = "";
    scope_schema_text(g, text);
    if (g->nviews)
        snprintf(views, sizeof views, g->nviews == 1 ? _(", %u of %u view") : _(", %u of %u views"), g->nviews_chosen, g->nviews);
    plain_say("  %zu  %s  %s  %s%s  %s", number, state_word(scope_state(g)), g->name, text, views, s->look->has_sizes && !g->is_bare ? fmt_bytes(bytes, g->bytes) : "");
}

static void tell_table(const struct scope *s, size_t number, uint32_t i)
{
    const struct look_table *t = &s->look->tables[i];
    char rows[FMT_SIZE + 16] = "", bytes[FMT_SIZE] = "", count[FMT_SIZE], key[200];
    scope_key_text(s->look, t, key);
    if (s->look->has_sizes && t->is_read) {
        snprintf(rows, sizeof rows, t->rows == 1 ? _("%s row") : _("%s rows"), fmt_count(count, t->rows));
        fmt_bytes(bytes, t->data_bytes + t->index_bytes);
    }
    plain_say("  %zu  %s  %s.%s  %s  %s  %s", number, state_word(s->chosen[i] ? SCOPE_ALL : SCOPE_NONE), t->schema, t->name, rows, bytes, key);
}

static void tell_piece(struct teller *k)
{
    const struct scope *s = k->p->w->scope;
    size_t end = TG_MIN(k->n, k->told + PIECE);
    for (; k->told < end; k->told++) {
        const struct scope_row *row = &k->row[k->told];
        if (row->table == SCOPE_SCHEMA)
            tell_schema(s, k->told + 1, &s->schemas[row->schema]);
        else
            tell_table(s, k->told + 1, row->table);
    }
    if (k->told < k->n)
        plain_say(_("… and %zu more: more tells them"), k->n - k->told);
}

static void begin_list(struct teller *k)
{
    const struct scope *s = k->p->w->scope;
    free(k->row);
    k->row = x_alloc((s->look->n + s->nschemas + 1) * sizeof *k->row);
    k->n = k->told = 0;
}

static void list_schemas(struct teller *k)
{
    const struct scope *s = k->p->w->scope;
    begin_list(k);
    for (uint32_t i = 0; i < s->nschemas; i++)
        k->row[k->n++] = (struct scope_row){s->by_schema[i], SCOPE_SCHEMA};
    tell_piece(k);
    plain_say("%s", _("System schemas are never offered: mysql, sys, …"));
}

/* In the order that was chosen. */
static void list_tables(struct teller *k, const bool *which)
{
    const struct scope *s = k->p->w->scope;
    begin_list(k);
    for (uint32_t i = 0; i < s->nschemas; i++) {
        const struct scope_schema *g = &s->schemas[s->by_schema[i]];
        for (uint32_t m = g->first; m < g->end; m++)
            if (which[s->by_table[m]])
                k->row[k->n++] = (struct scope_row){s->by_schema[i], g->is_bare ? SCOPE_SCHEMA : s->by_table[m]};
    }
    tell_piece(k);
}

static void list_keyless(struct teller *k)
{
    const struct scope *s = k->p->w->scope;
    bool *which = x_alloc(s->look->n + 1);
    for (uint32_t i = 0; i < s->look->n; i++)
        which[i] = s->chosen[i] && !s->look->tables[i].is_view && s->look->tables[i].is_read && !s->look->tables[i].key;
    list_tables(k, which);
    free(which);
    if (!k->n)
        plain_say("%s", s->look->has_defs ? _("every chosen table has a key") : _("keys are not known yet"));
}

/* ---- what a text means ---- */

size_t plain_numbers(const char *text, size_t n, size_t *out, size_t room)
{
    size_t found = 0;
    for (const char *p = text + strspn(text, " "); *p; p += strspn(p, ", ")) {
        char *end;
        if (*p < '0' || *p > '9')
            return 0;
        unsigned long first = strtoul(p, &end, 10), last = first;
        if (*end == '-' && end[1] >= '0' && end[1] <= '9')
            last = strtoul(end + 1, &end, 10);
        if ((*end && *end != ',' && *end != ' ') || first < 1 || last > n || first > last)
            return 0;
        for (unsigned long i = first; i <= last && found < room; i++)
            out[found++] = i - 1;
        p = end;
    }
    return found;
}

/* Numbers of the last list, or names. false: nothing; it was said why. */
static bool meant(const struct teller *k, const char *what, bool *which, uint32_t *n)
{
    const struct scope *s = k->p->w->scope;
    size_t *number = x_alloc((k->n + 1) * sizeof *number), count = plain_numbers(what, k->n, number, k->n);
    char why[120] = "";
    *n = 0;
    for (size_t i = 0; i < count; i++) {
        const struct scope_row *row = &k->row[number[i]];
        const struct scope_schema *g = &s->schemas[row->schema];
        for (uint32_t m = row->table == SCOPE_SCHEMA ? g->first : row->table; m < (row->table == SCOPE_SCHEMA ? g->end : row->table + 1); m++) {
            *n += !which[m];
            which[m] = true;
        }
    }
    free(number);
    if (!count && (!what[0] || !scope_means(s, what, which, n, why)))
        plain_say("%s", why[0] ? why : _("say what: a number of the list, a name, a glob as shop.o*, or /regex/"));
    return *n > 0;
}

/* ---- what there is to tell of the choice ---- */

static void tell_choice(const struct plain *p)
{
    const struct scope *s = p->w->scope;
    char text[320];
    scope_chosen_title(s, text);
    plain_say("%s", text);
    if (s->sum.nunread)
        plain_say(_("Attention: %u of them can't be read; details NAME tells why"), s->sum.nunread);
    if (s->sum.nkeyless)
        plain_say(_("Attention: %u of them have no key, each change is a search for its row; keyless lists them"), s->sum.nkeyless);
    if (s->look->target_problem)
        plain_say(_("Attention: the target could not be looked at: %.200s"), s->look->target_problem);
    else if (s->sum.nstanding)
        plain_say(_("On the target: %u of them exist, %u hold rows. What a run does with those: %s; existing changes it."), s->sum.nstanding, s->sum.nrows,
                  scope_existing_label(p->w->job->existing));
    scope_later(s, text);
    plain_say(_("New tables later: %s"), text);
}

static void tell_rules(const struct plain *p)
{
    const struct scope *s = p->w->scope;
    const struct job *j = p->w->job;
    unsigned n = 0;
    if (s->is_own)
        plain_say("%s", _("Rules in the job file: written by hand, kept until you change a box"));
    for (size_t i = 0; i < SCOPE_LISTS; i++)
        if (s->rules[i] && strcmp(s->rules[i], "[]") != 0) {
            plain_say("  %s: %.3000s", scope_lists[i] + 6, s->rules[i]);
            n++;
        }
    if (!n)
        plain_say("%s", _("no rule: everything moves, schemas that are made later as well"));
    for (size_t i = 0; i < j->nroutes; i++) {
        struct buf from = {0}, to = {0};
        job_route_text(j, i, &from, &to);
        plain_say(_("  rename: %s to %s"), from.p, to.p);
        buf_release(&from);
        buf_release(&to);
    }
    for (size_t i = 0; i < j->nevents; i++) {
        struct buf words = {0};
        scope_event_words(&j->events[i], &words);
        plain_say(_("  events: %s"), words.p);
        buf_release(&words);
    }
}

/* ---- what is done ---- */

static enum said pick(struct teller *k, const char *what, bool is_on)
{
    struct wz *w = k->p->w;
    struct wz_effect f = {.kind = WZ_NONE};
    bool *which = x_alloc(w->scope->look->n + 1), asks = false;
    uint32_t n;
    if (!meant(k, what, which, &n)) {
        free(which);
        return SAID_TEXT;
    }
    bool changed = scope_choose(w, which, is_on, &asks);
    free(which);
    if (asks)
        scope_ask_rules(w, 0);
    else
        plain_say(!changed ? _("%u of that name: it is so already") : is_on ? _("%u picked") : _("%u left out"), n);
    enum said said = plain_do(k->p, &f);
    tell_choice(k->p);
    return said;
}

static void tell_details(struct teller *k, const char *what)
{
    struct scope *s = k->p->w->scope;
    struct buf text = {0};
    size_t number;
    uint32_t n = 0, i = 0, g = 0;
    bool *which = x_alloc(s->look->n + 1), is_number = plain_numbers(what, k->n, &number, 1) == 1;
    if (is_number) {
        s->at = k->row[number];
    } else if (meant(k, what, which, &n)) {
        while (!which[i])
            i++;
        while (s->schemas[g].end <= i)
            g++;
        s->at = (struct scope_row){g, strcmp(s->schemas[g].name, what) == 0 || s->schemas[g].is_bare ? SCOPE_SCHEMA : i};
    }
    free(which);
    if (!is_number && !n)
        return;
    const struct look_table *t = scope_table(s);
    plain_say(t ? "%s.%s" : "%s", s->schemas[s->at.schema].name, t ? t->name : "");
    scope_details_text(k->p->w, &text);
    plain_text(text.p ? text.p : "");
    buf_release(&text);
    if (n > 1 && t)
        plain_say(_("… and %u more of that name"), n - 1);
}

static void sort_by(struct teller *k, const char *word)
{
    static const char *const sorts[SCOPE_SORTS] = {"name", "size", "rows"};
    for (int i = 0; i < SCOPE_SORTS; i++)
        if (strcmp(word, sorts[i]) == 0) {
            k->p->w->scope->sort = (enum scope_sort)i;
            scope_show(k->p->w);
            list_schemas(k);
            return;
        }
    plain_say("%s", _("sort name, sort size or sort rows"));
}

/* As the find of a screen: a plain word stands anywhere in a name. */
static void find(struct teller *k, const char *text)
{
    struct wz *w = k->p->w;
    edit_set(&w->scope->find, text);
    scope_find(w);
    if (!text[0])
        list_schemas(k);
    else if (w->scope->find_problem[0])
        plain_say("%s", w->scope->find_problem);
    else
        list_tables(k, w->scope->matches);
    if (text[0] && !w->scope->find_problem[0])
        plain_say(_("%u of %u shown"), w->scope->nmatching, w->scope->nthings);
    edit_wipe(&w->scope->find);       /* pick and unpick name what they mean */
    scope_find(w);
}

static void list(struct teller *k, const char *what)
{
    const struct scope *s = k->p->w->scope;
    bool *which = x_alloc(s->look->n + 1);
    uint32_t n;
    if (!what[0])
        list_schemas(k);
    else if (meant(k, what, which, &n))
        list_tables(k, which);
    free(which);
}

/* rename: the box with all of them; rename shop.* to shop_v2.*: at once. */
static enum said rename_some(struct plain *p, const char *words)
{
    struct wz_effect f = {.kind = WZ_NONE};
    struct err e = {0};
    const char *to = strstr(words, " to ");
    if (!words[0]) {
        scope_ask_rename(p->w, 0);
        return plain_do(p, &f);
    }
    char *from = x_strndup(words, to ? (size_t)(to - words) : 0);
    bool fine = to && job_route_add(p->w->job, from, to + 4 + strspn(to + 4, " "), &e);
    free(from);
    if (!to)
        plain_say("%s", _("rename FROM to TO, as rename shop.* to shop_v2.*, or shop.orders to shop.orders_new"));
    else if (!fine)
        plain_say(_("Attention: %s"), e.text);
    if (!fine)
        return SAID_TEXT;
    wz_changed(p->w);
    tell_rules(p);
    f = (struct wz_effect){.kind = WZ_PROBE, .probe = PROBE_TABLES}; /* what stands at the target in the new place? */
    return plain_do(p, &f);
}

static enum said choose_existing(struct plain *p)
{
    unsigned chosen, now = (unsigned)p->w->job->existing;
    plain_say("%s", _("Tables that hold rows on the target:"));
    for (unsigned i = 0; i < SCOPE_EXISTINGS; i++)
        plain_say("  %u  %s", i + 1, scope_existing_label(i));
    enum said said = plain_choose(p, _("A run asks for the job's name before it drops or replaces anything."), SCOPE_EXISTINGS, now + 1, &chosen);
    if (said == SAID_TEXT && chosen != now + 1)
        scope_set_existing(p->w, chosen - 1);
    return said == SAID_BACK ? SAID_TEXT : said;
}

/* Changes that are left out, or stop the run: the boxes of the screen. */
static enum said change_events(struct plain *p)
{
    struct wz_effect f = {.kind = WZ_NONE};
    scope_ask_events(p->w, 0);
    return plain_do(p, &f);
}

/* Rules as they stand in a job file; also where there is no tree to pick from. */
static void set_rules(struct plain *p, const char *path, const char *value)
{
    struct err e = {0};
    if (!job_set(p->w->job, path, value[0] ? value : "[]", &e)) {
        plain_say(_("Attention: %s"), e.text);
        return;
    }
    bool was_stale = p->w->probe[PROBE_TABLES].is_stale;
    wz_changed(p->w);
    p->w->probe[PROBE_TABLES].is_stale = was_stale;
    scope_sync(p->w);
    tell_rules(p);
}

static enum said look_again(struct plain *p)
{
    struct wz_effect f = {.kind = WZ_PROBE, .probe = PROBE_TABLES};
    return plain_do(p, &f);
}

/* ---- the page ---- */

#define HELP \
    N_("list: the schemas. list shop: its tables. list shop.o*: those of that name. more: the next of a long list.\n" \
       "find TEXT: tables with that in their name; a glob, or /regex/.\n" \
       "pick WHAT, unpick WHAT: numbers of the last list (2 or 2,5-7), all, a schema, schema.table, a glob, or /regex/.\n" \
       "details WHAT: keys, size, triggers, and what stands on the target. keyless: chosen tables without a key.\n" \
       "sort name, sort size, sort rows. chosen: what is picked so far. rules: what the job file says.\n" \
       "rename: the renames. rename shop.* to shop_v2.*: one more. existing: tables that hold rows on the target.\n" \
       "events: changes that are left out, or stop the run.\n" \
       "include RULES, exclude RULES: the rules themselves. look: ask the source again. Enter: the next page.")

/* Words that need a tree; SAID_BACK: the line is none of them. */
static enum said do_tree(struct teller *k, const char *line)
{
    const char *rest;
    if ((rest = plain_behind(line, "pick")) != NULL || plain_behind(line, "unpick"))
        return pick(k, rest ? rest : plain_behind(line, "unpick"), rest != NULL);
    if ((rest = plain_behind(line, "list")) != NULL)
        list(k, rest);
    else if (strcmp(line, "more") == 0)
        tell_piece(k);
    else if ((rest = plain_behind(line, "find")) != NULL)
        find(k, rest);
    else if ((rest = plain_behind(line, "details")) != NULL)
        tell_details(k, rest);
    else if ((rest = plain_behind(line, "sort")) != NULL)
        sort_by(k, rest);
    else if (strcmp(line, "keyless") == 0)
        list_keyless(k);
    else if (strcmp(line, "chosen") == 0)
        tell_choice(k->p);
    else
        return SAID_BACK;
    return SAID_TEXT;
}

static enum said do_line(struct teller *k, const char *line)
{
    const char *rest;
    enum said said = k->p->w->scope->look ? do_tree(k, line) : SAID_BACK;
    if (said != SAID_BACK)
        return said;
    if ((rest = plain_behind(line, "rename")) != NULL)
        return rename_some(k->p, rest);
    if ((rest = plain_behind(line, "include")) != NULL)
        set_rules(k->p, "allow.include", rest);
    else if ((rest = plain_behind(line, "exclude")) != NULL)
        set_rules(k->p, "allow.exclude", rest);
    else if (strcmp(line, "existing") == 0)
        return choose_existing(k->p);
    else if (strcmp(line, "events") == 0)
        return change_events(k->p);
    else if (strcmp(line, "rules") == 0)
        tell_rules(k->p);
    else if (strcmp(line, "look") == 0 || strcmp(line, "r") == 0)
        return look_again(k->p);
    else
        plain_say("%s", _("There is no such word here; ? lists them."));
    return SAID_TEXT;
}

static void tell_tree(struct teller *k)
{
    char text[900];
    const struct scope *s = scope_of(k->p->w);
    if (s->look && s->look->n) {
        list_schemas(k);
        tell_choice(k->p);
        return;
    }
    scope_empty_text(k->p->w, text);
    plain_text(text);
}

enum said plain_scope(struct plain *p)
{
    struct teller k = {.p = p};
    char line[sizeof p->line];
    enum said said;
    tell_tree(&k);
    for (;;) {
        unsigned before = p->nprobes;
        said = plain_ask(p, _("list, find, pick, unpick, details, rename, existing, events, rules; ? tells more; Enter goes on:"), _(HELP), false);
        if (said != SAID_TEXT || !p->line[0])
            break;
        snprintf(line, sizeof line, "%s", p->line);
        said = do_line(&k, line);
        if (said != SAID_TEXT)
            break;
        if (p->nprobes != before) { /* its numbers are of another list */
            k.n = k.told = 0;
            tell_tree(&k);
        }
    }
    free(k.row);
    return said;
}
