/* SPDX-License-Identifier: Apache-2.0
 * Selection in a list whose rows move: it sticks to the row's key, not to its number. */
#ifndef TG_UI_LIST_H
#define TG_UI_LIST_H

#include "base/base.h"

struct list {
    size_t selected, top;
    char key[130]; /* of the selected row; "": none yet */
};
typedef const char *list_key(const void *arg, size_t row);

/* After the rows changed: finds the selected key again (or stays near) and keeps it in sight. */
void list_sync(struct list *l, size_t n, size_t visible, list_key *key, const void *arg);
/* Arrow, j k g G, PgUp PgDn Home End Ctrl-B Ctrl-F. false: not a key of lists. */
bool list_feed(struct list *l, int pressed, size_t n, size_t visible, list_key *key,
               const void *arg);

#endif
