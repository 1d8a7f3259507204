/* SPDX-License-Identifier: Apache-2.0
 * A YAML document as a tree with the line and column of every node. Aliases share nodes, so a tree
 * may hold a node twice, or contain itself: walkers bound their depth. Merge keys (<<) are
 * expanded. Read-only when built. */
#ifndef TG_CONF_YAML_DOC_H
#define TG_CONF_YAML_DOC_H

#include "base/buf.h"
#include "base/err.h"

enum ynode_kind { Y_SCALAR, Y_LIST, Y_MAP };
struct ynode {
    enum ynode_kind kind;
    bool is_plain; /* scalar without quotes: null and ~ mean nothing */
    bool has_zero; /* scalar with a NUL byte inside: no value of ours may have one */
    const char *file;
    int line, column;           /* from 1 */
    const char *text;           /* scalar */
    const struct ynode **items; /* list: items; map: key, value, key, value … */
    size_t n;                   /* items, or pairs */
};
struct ydoc {
    struct arena arena;
    const struct ynode *root; /* NULL: an empty file */
    struct ynode *nodes;      /* all of them */
    size_t nnodes;
};

/* false: e->where is FILE:LINE:COLUMN. The name is copied. */
bool ydoc_parse(struct ydoc *d, const char *name, const char *text, size_t n, struct err *e);
void ydoc_release(struct ydoc *d);

const struct ynode *ymap_get(const struct ynode *map,
                             const char *key); /* NULL-safe; NULL when absent */
bool ynode_is_null(const struct ynode *y);
/* "FILE:LINE:COLUMN"; a long file name loses its beginning. */
void ynode_where(const char *file, int line, int column, char *out, size_t size);

#endif
