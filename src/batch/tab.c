// SPDX-License-Identifier: Apache-2.0
#include "batch/tab.h"

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

void tabs_init(struct tabs *t)
{
    *t = (struct tabs){.next_id = 1};
    pthread_mutex_init(&t->lock, NULL);
}

void tabs_release(struct tabs *t)
{
    for (uint32_t i = 0; i < t->n; i++) {
        table_drop(t->list[i]->def);
        free(t->list[i]);
    }
    free(t->list);
    pthread_mutex_destroy(&t->lock);
}

struct tab *tabs_add(struct tabs *t, struct table *def, uint32_t id)
{
    struct tab *tab = x_alloc(sizeof *tab);
    pthread_mutex_lock(&t->lock);
    tab->id = id ? id : t->next_id;
    t->next_id = TG_MAX(t->next_id, tab->id + 1);
    tab_set_def(tab, def);
    t->list = x_realloc(t->list, (t->n + 1) * sizeof(void *));
    t->list[t->n++] = tab;
    pthread_mutex_unlock(&t->lock);
    return tab;
}

struct tab *tabs_find(struct tabs *t, const char *schema, const char *name)
{
    for (uint32_t i = 0; i < t->n; i++) {
        struct table *d = t->list[i]->def;
        if (d && strcmp(d->name, name) == 0 && strcmp(d->schema, schema) == 0)
            return t->list[i];
    }
    return NULL;
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
    table_drop(tab->def);
    tab->def = def;
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
    return tab->copy == TAB_COMPLETE && tab->kept != KEPT_REPLACED && pos_cmp(at, &tab->end) > 0;
}
