// SPDX-License-Identifier: Apache-2.0
/* The list holds no rows: its owner lends them through a key function for the length of a call. */
#include "ui/list.h"

#include "ui/input.h"

#include <stdio.h>

static void keep_in_sight(struct list *l, size_t n, size_t visible)
{
    if (l->selected >= n)
        l->selected = n ? n - 1 : 0;
    if (l->selected < l->top)
        l->top = l->selected;
    if (visible && l->selected >= l->top + visible)
        l->top = l->selected - visible + 1;
    if (l->top + visible > n)
        l->top = n > visible ? n - visible : 0;
}

void list_sync(struct list *l, size_t n, size_t visible, list_key *key, const void *arg)
{
    for (size_t i = 0; i < n && l->key[0]; i++) {
        if (strncmp(key(arg, i), l->key, sizeof l->key - 1) == 0) {
            l->selected = i;
            break;
        }
    }
    keep_in_sight(l, n, visible);
}

bool list_feed(struct list *l, int pressed, size_t n, size_t visible, list_key *key,
               const void *arg)
{
    size_t page = visible > 1 ? visible - 1 : 1, at = l->selected;
    switch (pressed) {
    case K_UP:
    case 'k':
        at = at ? at - 1 : 0;
        break;
    case K_DOWN:
    case 'j':
        at++;
        break;
    case K_PAGE_UP:
    case K_CTRL('b'):
        at = at > page ? at - page : 0;
        break;
    case K_PAGE_DOWN:
    case K_CTRL('f'):
        at += page;
        break;
    case K_HOME:
    case 'g':
        at = 0;
        break;
    case K_END:
    case 'G':
        at = n;
        break;
    default:
        return false;
    }
    l->selected = at;
    keep_in_sight(l, n, visible);
    if (n && key)
        snprintf(l->key, sizeof l->key, "%s", key(arg, l->selected));
    return true;
}
