// SPDX-License-Identifier: Apache-2.0
#include "conf/settings.h"

#include "base/text.h"
#include "conf/yaml_doc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = 64 << 10 };

char *settings_path(void)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (config && config[0] == '/')
        return x_format("%s/tidegate/config.yaml", config);
    return x_format("%s/.config/tidegate/config.yaml", home ? home : "");
}

static bool wrong(const struct ynode *y, enum err_code code, const char *text, struct err *e)
{
    err_set(e, code, "%s", text);
    ynode_where(y->file, y->line, y->column, e->where, sizeof e->where);
    return false;
}

static bool scalar(const struct ynode *y, struct setting *out, struct err *e)
{
    if (y->kind != Y_SCALAR || y->has_zero || ynode_is_null(y))
        return wrong(y, ERR_CONF_VALUE, N_("a word is wanted here"), e);
    free(out->text);
    out->text = x_strdup(y->text);
    ynode_where(y->file, y->line, y->column, out->where, sizeof out->where);
    return true;
}

/* F5, or [F5, x] */
static bool read_keys(struct settings *s, const struct ynode *map, struct err *e)
{
    if (map->kind != Y_MAP)
        return wrong(map, ERR_CONF_VALUE, N_("keys: wants actions and their keys, for example  pause: [P, F5]"), e);
    s->keys = x_alloc((map->n + 1) * sizeof *s->keys);
    for (size_t i = 0; i < map->n; i++) {
        const struct ynode *value = map->items[2 * i + 1];
        struct setting_keys *k = &s->keys[s->nkeys++];
        bool is_list = value->kind == Y_LIST;
        if (!scalar(map->items[2 * i], &k->action, e))
            return false;
        if (is_list && value->n > SETTING_KEYS)
            return wrong(value, ERR_CONF_VALUE, N_("an action has four keys at most"), e);
        for (size_t one = 0; one < (is_list ? value->n : 1); one++) {
            struct setting key = {NULL, ""};
            if (!scalar(is_list ? value->items[one] : value, &key, e))
                return false;
            k->key[k->n++] = key.text;
        }
    }
    return true;
}

static bool read_root(struct settings *s, const struct ynode *root, struct err *e)
{
    const struct {
        const char *name;
        struct setting *to;
    } known[] = {{"theme", &s->theme}, {"glyphs", &s->glyphs}, {"language", &s->language}, {"mouse", &s->mouse}};
    if (root->kind != Y_MAP)
        return wrong(root, ERR_CONF_FILE, N_("settings are a map: theme, glyphs, language, mouse, keys"), e);
    for (size_t i = 0; i < root->n; i++) {
        const struct ynode *name = root->items[2 * i], *value = root->items[2 * i + 1];
        size_t at = 0;
        while (at < TG_ARRAY_LEN(known) && (name->kind != Y_SCALAR || strcmp(name->text, known[at].name) != 0))
            at++;
        bool is_keys = name->kind == Y_SCALAR && strcmp(name->text, "keys") == 0;
        if (at == TG_ARRAY_LEN(known) && !is_keys)
            return wrong(name, ERR_CONF_KEY, N_("unknown setting; there are theme, glyphs, language, mouse and keys"), e);
        if (is_keys ? s->keys != NULL || !read_keys(s, value, e) : !scalar(value, known[at].to, e))
            return e->code != ERR_OK ? false : wrong(name, ERR_CONF_KEY, N_("keys: stands here a second time"), e);
    }
    return true;
}

bool settings_read(struct settings *s, const char *path, struct err *e)
{
    FILE *in = fopen(path, "r");
    struct buf text = {0};
    struct ydoc doc;
    *s = (struct settings){.path = x_strdup(path)};
    if (!in && (errno == ENOENT || errno == ENOTDIR))
        return true;
    if (!in)
        return err_set(e, ERR_CONF_FILE, "%s: %s", path, strerror(errno));
    s->is_there = true;
    buf_reserve(&text, FILE_MAX);
    text.n = fread(text.p, 1, FILE_MAX, in);
    fclose(in);
    bool fine = ydoc_parse(&doc, path, text.p, text.n, e);
    if (fine) {
        fine = !doc.root || read_root(s, doc.root, e);
        ydoc_release(&doc);
    }
    buf_release(&text);
    return fine;
}

void settings_release(struct settings *s)
{
    for (size_t i = 0; i < s->nkeys; i++) {
        for (size_t k = 0; k < s->keys[i].n; k++)
            free(s->keys[i].key[k]);
        free(s->keys[i].action.text);
    }
    free(s->keys);
    free(s->theme.text);
    free(s->glyphs.text);
    free(s->language.text);
    free(s->mouse.text);
    free(s->path);
    *s = (struct settings){.path = NULL};
}
