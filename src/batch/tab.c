// SPDX-License-Identifier: Apache-2.0
#include "batch/live.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const copy_names[] = {"planned", "emptying", "copying", "complete"};

const char *tab_copy_name(enum tab_copy c)
{
    return copy_names[c];
}

bool tab_copy_parse(const char *name, enum tab_copy *out)
{
    for (size_t i = 0; i < TG_ARRAY_LEN(copy_names); i++)
        if (strcmp(name, copy_names[i]) == 0) {
            *out = (enum tab_copy)i;
            return true;
        }
    return false;
}

static const char *const kept_names[] = {"", "append", "replace"};

const char *tab_kept_name(enum tab_kept k)
{
    return kept_names[k];
}

enum tab_kept tab_kept_parse(const char *name)
{
    return strcmp(name, "append") == 0 ? KEPT_UNTOUCHED : strcmp(name, "replace") == 0 ? KEPT_REPLACED : KEPT_NONE;
}

struct left_name {
    UT_hash_handle hh;
    uint32_t id;
    struct table *def;
    char key[];
};

static void forget_left(struct tabs *t, struct left_name *l)
{
    HASH_DEL(t->left, l);
    table_drop(l->def);
    free(l);
}

void tabs_init(struct tabs *t)
{
    *t = (struct tabs){.next_id = 1};
    pthread_mutex_init(&t->lock, NULL);
}

void tabs_release(struct tabs *t)
{
    for (uint32_t i = 0; i < t->n; i++) {
        tab_set_def(t->list[i], NULL);
        table_drop((struct table *)(uintptr_t)atomic_load(&t->list[i]->fits));
        live_release(t->list[i]);
        free(t->list[i]);
    }
    while (t->left)
        forget_left(t, t->left);
    free(t->list);
    free(t->notes);
    pthread_mutex_destroy(&t->lock);
}

void tabs_note(struct tabs *t, uint32_t id, unsigned filters)
{
    pthread_mutex_lock(&t->lock);
    t->notes = x_realloc(t->notes, (t->nnotes + 1) * sizeof *t->notes);
    t->notes[t->nnotes++] = (struct tab_note){id, filters};
    for (uint32_t i = 0; i < t->n; i++)
        if (t->list[i]->id == id)
            atomic_fetch_or(&t->list[i]->filters, filters);
    pthread_mutex_unlock(&t->lock);
}

struct tab *tabs_add(struct tabs *t, struct table *def, uint32_t id)
{
    struct tab *tab = x_alloc(sizeof *tab);
    pthread_mutex_lock(&t->lock);
    tab->owner = t;
    tab->id = id ? id : t->next_id;
    t->next_id = TG_MAX(t->next_id, tab->id + 1);
    for (size_t i = 0; i < t->nnotes; i++)
        if (t->notes[i].id == tab->id)
            atomic_fetch_or(&tab->filters, t->notes[i].filters);
    tab_set_def(tab, def);
    t->list = x_realloc(t->list, (t->n + 1) * sizeof(void *));
    t->list[t->n++] = tab;
    pthread_mutex_unlock(&t->lock);
    return tab;
}

/* ---- by name ---- */

struct tab_parent {
    UT_hash_handle hh;
    uint32_t count;                   /* acting foreign keys that refer to it */
    char key[];
};

/* "schema/name", the slash doubled inside: one text per pair of names. */
static char *name_key(const char *schema, const char *name)
{
    struct buf key = {0};
    for (const char *p = schema; *p; p++)
        buf_add(&key, *p == '/' ? "//" : p, *p == '/' ? 2 : 1);
    buf_addc(&key, '/');
    buf_adds(&key, name);
    return buf_take(&key);
}

struct tab *tabs_find(struct tabs *t, const char *schema, const char *name)
{
    struct tab *tab;
    char *key = name_key(schema, name);
    HASH_FIND_STR(t->by_name, key, tab);
    free(key);
    return tab;
}

static struct left_name *find_left(struct tabs *t, const char *schema, const char *name)
{
    struct left_name *l = NULL;
    if (!t->left)
        return NULL;
    char *key = name_key(schema, name);
    HASH_FIND_STR(t->left, key, l);
    free(key);
    return l;
}

const struct table *tabs_left(struct tabs *t, const char *schema, const char *name, uint32_t *id)
{
    const struct left_name *l = find_left(t, schema, name);
    if (l && id)
        *id = l->id;
    return l ? l->def : NULL;
}

uint32_t tabs_nleft(struct tabs *t)
{
    return HASH_COUNT(t->left);
}

void tabs_leave(struct tabs *t, uint32_t id, struct table *def)
{
    tabs_forget_left(t, def->schema, def->name);
    char *key = name_key(def->schema, def->name);
    struct left_name *l = x_alloc(sizeof *l + strlen(key) + 1);
    memcpy(l->key, key, strlen(key) + 1);
    l->id = id;
    l->def = def;
    HASH_ADD_STR(t->left, key, l);
    free(key);
}

void tabs_forget_left(struct tabs *t, const char *schema, const char *name)
{
    struct left_name *l = find_left(t, schema, name);
    if (l)
        forget_left(t, l);
}

static void count_parent(struct tabs *t, const struct table *child, const struct foreign_key *k, bool is_more)
{
    struct tab_parent *p;
    char *key = name_key(k->ref_schema && k->ref_schema[0] ? k->ref_schema : child->schema, k->ref_table);
    HASH_FIND_STR(t->parents, key, p);
    if (!p) {
        p = x_alloc(sizeof *p + strlen(key) + 1);
        memcpy(p->key, key, strlen(key) + 1);
        HASH_ADD_STR(t->parents, key, p);
    }
    p->count += is_more ? 1 : UINT32_MAX;
    if (!p->count) {
        HASH_DEL(t->parents, p);
        free(p);
    }
    free(key);
}

static void count_parents(struct tabs *t, const struct table *child, bool is_more)
{
    for (uint32_t i = 0; i < child->nfks; i++)
        if (child->fks[i].on_delete_acts || child->fks[i].on_update_acts)
            count_parent(t, child, &child->fks[i], is_more);
}

bool tabs_is_acted_on(struct tabs *t, const char *schema, const char *name)
{
    struct tab_parent *p = NULL;
    if (!t->parents)
        return false;
    char *key = name_key(schema, name);
    HASH_FIND_STR(t->parents, key, p);
    free(key);
    return p != NULL;
}

static void leave_index(struct tab *tab)
{
    struct tabs *t = tab->owner;
    if (!t || !tab->def)
        return;
    HASH_DEL(t->by_name, tab);
    free(tab->name_key);
    tab->name_key = NULL;
    count_parents(t, tab->def, false);
}

static void enter_index(struct tab *tab)
{
    struct tabs *t = tab->owner;
    if (!t || !tab->def)
        return;
    tab->name_key = name_key(tab->def->schema, tab->def->name);
    HASH_ADD_KEYPTR(hh, t->by_name, tab->name_key, strlen(tab->name_key), tab);
    count_parents(t, tab->def, true);
}

struct table *tab_hold_def(struct tabs *t, struct tab *tab)
{
    pthread_mutex_lock(&t->lock);
    struct table *d = tab->def ? table_hold(tab->def) : NULL;
    pthread_mutex_unlock(&t->lock);
    return d;
}

void tab_set_def(struct tab *tab, struct table *def)
{
    leave_index(tab);
    table_drop(tab->def);
    tab->def = def;
    enter_index(tab);
    if (!def)
        return;
    table_label(def, tab->label);
    tab->is_keyless = def->row_key < 0;
}

bool tab_is_first(const struct tab *tab)
{
    return tab->is_keyless || tab->kept == KEPT_UNTOUCHED;
}

bool tab_is_after_end(const struct tab *tab, const struct pos *at)
{
    bool may_delete = tab->kept != KEPT_UNTOUCHED; /* rows that were there before are nobody's to make room in */
    bool forgives = tab->kept == KEPT_REPLACED || (may_delete && tab_is_filtered(tab));
    return tab->copy == TAB_COMPLETE && !forgives && pos_cmp(at, &tab->end) > 0;
}

bool tab_is_filtered(const struct tab *tab)
{
    return atomic_load(&tab->filters) & (TAB_MORE | TAB_ROWS);
}

static const char *const filter_names[] = {"more", "rows", "shape", "left"};

void tab_filters_text(unsigned filters, struct buf *out)
{
    for (size_t i = 0; i < TG_ARRAY_LEN(filter_names); i++)
        if (filters & (1u << i))
            buf_addf(out, "%s%s", out->n ? "," : "", filter_names[i]);
}

unsigned tab_filters_parse(const char *text)
{
    unsigned out = 0;
    for (size_t i = 0; i < TG_ARRAY_LEN(filter_names); i++)
        if (strstr(text, filter_names[i]))
            out |= 1u << i;
    return out;
}
