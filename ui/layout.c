// SPDX-License-Identifier: Apache-2.0
/* Sizes come from running sums that are rounded, not from rounded parts, so the children always
 * fill their parent exactly and a weight equal to the size gives just that size. */
#include "ui/layout.h"

struct totals {
    int fixed, weight, nrest;
};

static struct totals totals_of(const struct layout *l)
{
    struct totals t = {0};
    for (int i = 0; i < l->nchildren; i++) {
        t.fixed += l->child[i].how == LAYOUT_FIXED ? l->child[i].size : 0;
        t.weight += l->child[i].how == LAYOUT_SHARE ? l->child[i].size : 0;
        t.nrest += l->child[i].how == LAYOUT_REST;
    }
    return t;
}

void layout_place(const struct layout *l, struct rect r, struct rect *place, int n)
{
    if (l->id > 0 && l->id < n)
        place[l->id] = r;
    struct totals t = totals_of(l);
    int length = l->is_row ? r.w : r.h, at = 0, weight_seen = 0, share_used = 0, rest_seen = 0;
    int rest_used = 0, free_cells = TG_MAX(length - t.fixed, 0);
    int whole = t.nrest ? TG_MAX(100, t.weight) : TG_MAX(t.weight, 1);
    int rest_cells = t.nrest ? free_cells - free_cells * t.weight / whole : 0;
    for (int i = 0; i < l->nchildren; i++) {
        const struct layout *child = &l->child[i];
        int size = child->size;
        if (child->how == LAYOUT_SHARE) {
            weight_seen += child->size;
            size = free_cells * weight_seen / whole - share_used;
            share_used += size;
        } else if (child->how == LAYOUT_REST) {
            rest_seen++;
            size = rest_cells * rest_seen / t.nrest - rest_used;
            rest_used += size;
        }
        size = TG_MAX(TG_MIN(size, length - at), 0);
        struct rect part = l->is_row ? (struct rect){r.y, r.x + at, r.h, size}
                                     : (struct rect){r.y + at, r.x, size, r.w};
        layout_place(child, part, place, n);
        at += size;
    }
}
