// SPDX-License-Identifier: Apache-2.0
// The one door to libyaml: its document API keeps marks and resolves aliases to shared nodes; the
// tree is copied into an arena so that nobody else sees a yaml type. A file of several documents is
// refused. Merges are expanded in node order, with a cap, because they can multiply.
#include "conf/yaml_doc.h"

#include "base/text.h"

#include <stdio.h>
#include <yaml.h>

enum { TEXT_MAX = 4 << 20, PAIRS_MAX = 10000 };

void ynode_where(const char *file, int line, int column, char *out, size_t size)
{
    size_t n = strlen(file), keep = size > 40 ? size - 40 : 0;
    snprintf(out, size, "%s%s:%d:%d", n > keep ? "…" : "", n > keep ? file + n - keep : file, line,
             column);
}

static bool fail(struct err *e, const char *name, yaml_mark_t mark, const char *text)
{
    err_set(e, ERR_CONF_FILE, "this is no YAML: %s", text);
    if (e)
        ynode_where(name, (int)mark.line + 1, (int)mark.column + 1, e->where, sizeof e->where);
    return false;
}

static bool fail_parser(struct err *e, const char *name, const yaml_parser_t *p)
{
    char text[300];
    snprintf(text, sizeof text, "%s%s%s", p->problem ? p->problem : "unknown error",
             p->context ? ", " : "", p->context ? p->context : "");
    return fail(e, name, p->error == YAML_READER_ERROR ? p->mark : p->problem_mark, text);
}

static void copy_node(struct ydoc *d, const char *file, const yaml_node_t *from, struct ynode *to)
{
    to->file = file;
    to->line = (int)from->start_mark.line + 1;
    to->column = (int)from->start_mark.column + 1;
    if (from->type == YAML_SCALAR_NODE) {
        to->kind = Y_SCALAR;
        to->is_plain = from->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        to->text = arena_dup(&d->arena, from->data.scalar.value, from->data.scalar.length);
        to->has_zero = strlen(to->text) != from->data.scalar.length;
    } else if (from->type == YAML_SEQUENCE_NODE) {
        const yaml_node_item_t *p = from->data.sequence.items.start;
        to->kind = Y_LIST;
        to->n = (size_t)(from->data.sequence.items.top - p);
        to->items = arena_alloc(&d->arena, (to->n + 1) * sizeof *to->items);
        for (size_t i = 0; i < to->n; i++)
            to->items[i] = &d->nodes[p[i] - 1];
    } else {
        const yaml_node_pair_t *p = from->data.mapping.pairs.start;
        to->kind = Y_MAP;
        to->n = (size_t)(from->data.mapping.pairs.top - p);
        to->items = arena_alloc(&d->arena, (2 * to->n + 1) * sizeof *to->items);
        for (size_t i = 0; i < to->n; i++) {
            to->items[2 * i] = &d->nodes[p[i].key - 1];
            to->items[2 * i + 1] = &d->nodes[p[i].value - 1];
        }
    }
}

static bool is_merge(const struct ynode *key)
{
    return key->kind == Y_SCALAR && key->is_plain && !strcmp(key->text, "<<");
}

static void merge_map(struct ynode *to, const struct ynode *from, size_t room)
{
    if (from == to || from->kind != Y_MAP)
        return;
    for (size_t i = 0; i < from->n && to->n < room; i++) {
        const struct ynode *key = from->items[2 * i];
        if (key->kind != Y_SCALAR || is_merge(key) || ymap_get(to, key->text))
            continue;
        to->items[2 * to->n] = key;
        to->items[2 * to->n++ + 1] = from->items[2 * i + 1];
    }
}

// Replaces "<<: map" and "<<: [map, …]" by the pairs of those maps that are not there already.
static void expand_merges(struct ydoc *d, struct ynode *map)
{
    const struct ynode *sources[16];
    size_t nsources = 0, kept = 0, more = 0;
    for (size_t i = 0; i < map->n; i++) {
        const struct ynode *value = map->items[2 * i + 1];
        if (!is_merge(map->items[2 * i])) {
            map->items[2 * kept] = map->items[2 * i];
            map->items[2 * kept++ + 1] = value;
            continue;
        }
        for (size_t k = 0; k < (value->kind == Y_LIST ? value->n : 1) && nsources < 16; k++)
            sources[nsources++] = value->kind == Y_LIST ? value->items[k] : value;
    }
    map->n = kept;
    for (size_t i = 0; i < nsources; i++)
        more += sources[i]->kind == Y_MAP ? sources[i]->n : 0;
    if (!more)
        return;
    const struct ynode **wide = arena_alloc(&d->arena, 2 * (kept + more) * sizeof *wide);
    memcpy(wide, map->items, 2 * kept * sizeof *wide);
    map->items = wide;
    for (size_t i = 0; i < nsources; i++)
        merge_map(map, sources[i], kept + more);
}

static bool copy_document(struct ydoc *d, const char *name, yaml_document_t *doc, struct err *e)
{
    size_t n = (size_t)(doc->nodes.top - doc->nodes.start), pairs = 0;
    const char *file = arena_dup(&d->arena, name, strlen(name));
    if (!n)
        return true;
    d->nodes = arena_alloc(&d->arena, n * sizeof *d->nodes);
    memset(d->nodes, 0, n * sizeof *d->nodes);
    d->nnodes = n;
    for (size_t i = 0; i < n; i++) {
        const yaml_node_t *from = &doc->nodes.start[i];
        copy_node(d, file, from, &d->nodes[i]);
        if (d->nodes[i].kind == Y_MAP)
            pairs += d->nodes[i].n;
        if (pairs > PAIRS_MAX)
            return fail(e, name, from->start_mark, N_("it has more than 10,000 keys"));
    }
    for (size_t i = 0, grown = 0; i < n; i++) {
        size_t before = d->nodes[i].n;
        if (d->nodes[i].kind != Y_MAP)
            continue;
        expand_merges(d, &d->nodes[i]);
        grown += d->nodes[i].n > before ? d->nodes[i].n - before : 0;
        if (grown > PAIRS_MAX)
            return fail(e, name, doc->nodes.start[i].start_mark,
                        N_("its merges give more than 10,000 keys"));
    }
    d->root = &d->nodes[0];
    return true;
}

// Is there another document behind the first? Even an empty one counts as soon as it has a node.
static bool is_single(yaml_parser_t *parser, const char *name, struct err *e)
{
    yaml_document_t next;
    if (!yaml_parser_load(parser, &next))
        return fail_parser(e, name, parser);
    bool has_more = yaml_document_get_root_node(&next) != NULL;
    yaml_mark_t mark = next.start_mark;
    yaml_document_delete(&next);
    return !has_more ||
           fail(e, name, mark, N_("a second document starts here, and one file holds one"));
}

bool ydoc_parse(struct ydoc *d, const char *name, const char *text, size_t n, struct err *e)
{
    yaml_parser_t parser;
    yaml_document_t doc;
    *d = (struct ydoc){0};
    if (n > TEXT_MAX)
        return fail(e, name, (yaml_mark_t){0}, N_("it is larger than 4 MiB"));
    if (!yaml_parser_initialize(&parser))
        tg_bug("out of memory");
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, n);
    bool is_fine = yaml_parser_load(&parser, &doc) || fail_parser(e, name, &parser);
    if (is_fine) {
        is_fine = copy_document(d, name, &doc, e) && (!d->root || is_single(&parser, name, e));
        yaml_document_delete(&doc);
    }
    yaml_parser_delete(&parser);
    return is_fine;
}

void ydoc_release(struct ydoc *d)
{
    arena_release(&d->arena);
    *d = (struct ydoc){0};
}

const struct ynode *ymap_get(const struct ynode *map, const char *key)
{
    for (size_t i = 0; map && map->kind == Y_MAP && i < map->n; i++)
        if (map->items[2 * i]->kind == Y_SCALAR && !strcmp(map->items[2 * i]->text, key))
            return map->items[2 * i + 1];
    return NULL;
}

bool ynode_is_null(const struct ynode *y)
{
    return !y || (y->kind == Y_SCALAR && y->is_plain &&
                  (!*y->text || !strcmp(y->text, "~") || !strcmp(y->text, "null") ||
                   !strcmp(y->text, "NULL") || !strcmp(y->text, "Null")));
}
