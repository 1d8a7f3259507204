// SPDX-License-Identifier: Apache-2.0
/* Which tables a window shows, and in which order: said once for the engine, which has all of them, and for the window,
 * which has a page. The command `tables` and its answer as text. */
#include "mon/mon_private.h"

#include "base/json.h"
#include "base/text.h"

#include <stdlib.h>

const char *const table_sort_words[SORT_COUNT + 1] = {
    [SORT_RATE] = "rate", [SORT_NAME] = "name", [SORT_SIZE] = "size", [SORT_LEFT] = "left"};
const char *const table_show_words[SHOW_COUNT + 1] = {
    [SHOW_ALL] = N_("all"), [SHOW_BUSY] = N_("busy"), [SHOW_WAITING] = N_("waiting"), [SHOW_DONE] = N_("done"), [SHOW_PROBLEMS] = N_("problems")};

enum table_state table_shown_state(const struct table_view *t)
{
    return t->state == TABLE_COPIED && t->bytes_loaded < t->bytes_read ? TABLE_COPYING : t->state;
}

bool table_state_is_done(enum table_state state)
{
    return state == TABLE_COPIED || state == TABLE_IN_SYNC || state == TABLE_VERIFIED;
}

static bool is_problem(enum table_state state)
{
    return state == TABLE_ASKING || state == TABLE_FAILED || state == TABLE_DIFFERENT;
}

bool table_is_wanted(const struct table_view *t, const struct tables_wish *w)
{
    enum table_state state = table_shown_state(t);
    if (w->find[0] && !strcasestr(t->name, w->find))
        return false;
    return w->show == SHOW_BUSY       ? state == TABLE_COPYING
           : w->show == SHOW_WAITING  ? state == TABLE_WAITING
           : w->show == SHOW_DONE     ? table_state_is_done(state)
           : w->show == SHOW_PROBLEMS ? is_problem(state)
                                      : true;
}

static int group_of(const struct table_view *t)
{
    enum table_state state = table_shown_state(t);
    return state == TABLE_COPYING || is_problem(state) ? 0 : state == TABLE_WAITING ? 1 : 2;
}

static int by_number(double a, double b) /* larger first */
{
    return a > b ? -1 : a < b;
}

int table_order(const struct table_view *x, const struct table_view *y, enum table_sort sort)
{
    int order = 0;
    if (sort == SORT_NAME)
        return strcmp(x->name, y->name);
    if (sort == SORT_LEFT)
        order = by_number((double)x->left_s, (double)y->left_s);
    else if (sort == SORT_RATE)
        order = group_of(x) - group_of(y);
    if (!order && sort == SORT_RATE)
        order = by_number(x->rate, y->rate);
    if (!order)
        order = by_number((double)x->bytes_guess, (double)y->bytes_guess);
    return order ? order : strcmp(x->name, y->name);
}

static int compare(const void *a, const void *b, void *sort)
{
    return table_order(*(const struct table_view *const *)a, *(const struct table_view *const *)b, *(const enum table_sort *)sort);
}

void tables_pick(const struct table_view *all, uint32_t n, const struct tables_wish *w, struct tables_page *out)
{
    const struct table_view **picked = x_alloc((n + 1) * sizeof(void *));
    enum table_sort sort = w->sort;
    out->total = out->n = 0;
    out->offset = w->offset;
    for (uint32_t i = 0; i < n; i++)
        if (table_is_wanted(&all[i], w))
            picked[out->total++] = &all[i];
    qsort_r(picked, out->total, sizeof(void *), compare, &sort);
    for (uint32_t i = w->offset; i < out->total && out->n < MON_TABLES; i++)
        out->table[out->n++] = *picked[i];
    free(picked);
}

/* ---- as text ---- */

char *mon_encode_tables_wish(const struct tables_wish *w)
{
    json_t *o = json_object();
    json_object_set_new(o, "offset", json_integer(w->offset));
    json_object_set_new(o, "sort", json_string(table_sort_words[w->sort]));
    json_object_set_new(o, "show", json_string(table_show_words[w->show]));
    json_object_set_new(o, "filter", mon_json_text(w->find));
    return mon_json_line(o);
}

static bool word_of(json_t *o, const char *key, const char *const *words, unsigned *out, struct err *e)
{
    const json_t *v = json_object_get(o, key);
    const char *word = json_string_value(v);
    for (*out = 0; v && words[*out]; ++*out)
        if (word && strcmp(words[*out], word) == 0)
            return true;
    return !v || err_set(e, ERR_USAGE, "%s is not \"%.40s\"", key, word ? word : "");
}

bool mon_decode_tables_wish(struct tables_wish *out, const char *json, struct err *e)
{
    json_t *o = json_loads(json, 0, NULL);
    unsigned sort = 0, show = 0;
    int64_t offset = json_number_of(o, "offset");
    *out = (struct tables_wish){.offset = (uint32_t)TG_MIN(TG_MAX(offset, 0), 10000000)};
    bool fine = json_is_object(o) || err_set(e, ERR_USAGE, "arguments are not JSON");
    fine = fine && word_of(o, "sort", table_sort_words, &sort, e) && word_of(o, "show", table_show_words, &show, e);
    out->sort = (enum table_sort)sort;
    out->show = (enum table_show)show;
    mon_text(out->find, sizeof out->find, json_text_of(o, "filter"));
    json_decref(o);
    return fine;
}

char *mon_encode_tables(const struct tables_page *p)
{
    json_t *o = json_object();
    json_object_set_new(o, "total", json_integer(p->total));
    json_object_set_new(o, "offset", json_integer(p->offset));
    json_object_set_new(o, "table_list", mon_put_tables(p->table, p->n));
    return mon_json_line(o);
}

bool mon_decode_tables(struct tables_page *out, const char *json, struct err *e)
{
    json_t *o = json_loads(json, 0, NULL);
    *out = (struct tables_page){.total = (uint32_t)json_number_of(o, "total"), .offset = (uint32_t)json_number_of(o, "offset")};
    const json_t *list = json_object_get(o, "table_list");
    bool fine = (json_is_array(list) || err_set(e, ERR_SOCKET, "the engine's answer is no list of tables")) &&
                mon_take_tables(out->table, &out->n, list, e);
    json_decref(o);
    return fine;
}
