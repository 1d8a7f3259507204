// SPDX-License-Identifier: Apache-2.0
/* Keys of one's own. Pages go on knowing their keys: what is pressed is turned into what the page knows on the way in, and
 * every label is turned back on the way out, so that neither has a second table. */
#include "ui/keymap.h"

#include "ui/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define OWN 64
#define KEYS 4
static struct own {
    const char *action; /* of a map */
    int key[KEYS];
} own[OWN];
static size_t nown;

void keymap_forget(void)
{
    nown = 0;
}

static const struct own *own_of(const struct key_action *a)
{
    for (size_t i = 0; i < nown; i++)
        if (strcmp(own[i].action, a->name) == 0)
            return &own[i];
    return NULL;
}

static int place_in(const int key[KEYS], int wanted)
{
    for (int i = 0; i < KEYS && wanted; i++)
        if (key[i] == wanted)
            return i;
    return -1;
}

int keymap_meaning(const struct keymap *m, unsigned where, int pressed)
{
    bool is_gone = false, is_held = false;
    for (size_t i = 0; i < m->nactions && nown; i++) {
        const struct key_action *a = &m->action[i];
        const struct own *o = a->where & where ? own_of(a) : NULL;
        if (o && place_in(o->key, pressed) >= 0)
            return a->key[0];
        if (a->where & where && place_in(a->key, pressed) >= 0) { /* the first that holds it has it */
            is_gone |= o && !is_held;
            is_held = true;
        }
    }
    return is_gone ? 0 : pressed;
}

int keymap_pressed(const struct keymap *m, unsigned where, int key)
{
    for (size_t i = 0; i < m->nactions && nown; i++) {
        const struct key_action *a = &m->action[i];
        const struct own *o = a->where & where ? own_of(a) : NULL;
        if (o && place_in(a->key, key) >= 0)
            return o->key[0];
    }
    return key;
}

/* ---- words ---- */

/* The key that stands for this word now: 0: none, the word goes; -1: it is no key that has changed. Of an action with fewer
 * keys than before the first is said once. */
static int key_for(const struct keymap *m, unsigned where, const char *word, size_t n, const struct own **said)
{
    char name[24];
    for (size_t i = 0; i < m->nactions; i++) {
        const struct key_action *a = &m->action[i];
        const struct own *o = a->where & where ? own_of(a) : NULL;
        for (int k = 0; o && k < KEYS && a->key[k]; k++) {
            key_name(a->key[k], name, sizeof name);
            if (strlen(name) != n || strncmp(name, word, n) != 0)
                continue;
            int key = o->key[k] ? o->key[k] : *said == o ? 0 : o->key[0];
            *said = o;
            return key;
        }
    }
    return -1;
}

const char *keymap_words(const struct keymap *m, unsigned where, const char *words, char *out, size_t size)
{
    struct buf text = {0};
    const struct own *said = NULL;
    char name[24];
    for (const char *p = words; *p && nown;) {
        size_t n = strcspn(p, " "), gap = strspn(p + n, " ");
        int key = key_for(m, where, p, n, &said);
        if (key < 0)
            buf_add(&text, p, n);
        else if (key)
            buf_adds(&text, key_name(key, name, sizeof name));
        else if (text.n > 4 && strcmp(text.p + text.n - 4, " or ") == 0)
            text.n -= 3; /* nothing stands behind it any more */
        if (key != 0)
            buf_add(&text, p + n, gap);
        p += n + gap;
    }
    while (text.n && text.p[text.n - 1] == ' ')
        text.n--;
    snprintf(out, size, "%.*s", (int)text.n, nown ? text.p : "");
    if (!nown)
        snprintf(out, size, "%s", words);
    buf_release(&text);
    return out;
}

/* "F4 Ctrl-P" out of a sentence: as they are pressed now, each once. */
static void add_keys(const struct keymap *m, unsigned where, const char *p, const char *end, struct buf *out)
{
    const struct own *said = NULL;
    char name[24];
    for (bool is_first = true; p < end; p += strspn(p, " ")) {
        size_t n = TG_MIN(strcspn(p, " }"), (size_t)(end - p));
        int key = key_for(m, where, p, n, &said);
        if (key != 0 && !is_first)
            buf_adds(out, _(" or "));
        if (key > 0)
            buf_adds(out, key_name(key, name, sizeof name));
        else if (key < 0)
            buf_add(out, p, n);
        is_first &= key == 0;
        p += n;
    }
}

static int parse(const char *text);
static bool is_kept(int key);

/* Whether a key's name begins here: other braces ("${env:NAME}", "x{2}") are no business of ours. */
static bool is_key_name(const char *p)
{
    char name[24];
    size_t n = strcspn(p, " }");
    if (!n || n >= sizeof name)
        return false;
    snprintf(name, sizeof name, "%.*s", (int)n, p);
    return parse(name) != 0 && !is_kept(parse(name));
}

const char *keymap_say(const struct keymap *m, unsigned where, const char *text, char *out, size_t size)
{
    struct buf said = {0};
    for (const char *p = text; *p;) {
        const char *end = *p == '{' && is_key_name(p + 1) ? strchr(p, '}') : NULL;
        if (end)
            add_keys(m, where, p + 1, end, &said);
        else
            buf_addc(&said, *p);
        p = end ? end + 1 : p + 1;
    }
    snprintf(out, size, "%s", said.p ? said.p : "");
    buf_release(&said);
    return out;
}

/* ---- taking ---- */

static int parse(const char *text)
{
    static const int named[] = {K_TAB, K_ENTER, K_ESC, K_BACKSPACE, K_UP, K_DOWN, K_LEFT, K_RIGHT, K_PAGE_UP, K_PAGE_DOWN, K_HOME, K_END, K_BACK_TAB, K_DELETE, ' '};
    static const char *const arrows[] = {"Up", "Down", "Left", "Right"};
    char name[24], *end;
    for (size_t i = 0; i < TG_ARRAY_LEN(named); i++)
        if (strcasecmp(text, key_name(named[i], name, sizeof name)) == 0)
            return named[i];
    for (int i = 0; i < 4; i++)
        if (strcasecmp(text, arrows[i]) == 0)
            return K_UP + i;
    if (strncasecmp(text, "Ctrl-", 5) == 0 && text[5] && !text[6])
        return (text[5] | 32) >= 'a' && (text[5] | 32) <= 'z' ? K_CTRL(text[5]) : 0;
    long f = (text[0] | 32) == 'f' && text[1] ? strtol(text + 1, &end, 10) : 0;
    if (f >= 1 && f <= 12 && !*end)
        return K_F0 + (int)f;
    const char *p = text, *stop = text + strlen(text);
    uint32_t c = *p ? utf8_next(&p, stop) : 0;
    return p == stop && glyph_width(c) > 0 ? (int)c : 0;
}

/* Keys by which everything can be reached, and those that edit text. */
static bool is_kept(int key)
{
    static const int kept[] = {K_TAB, K_ENTER, K_ESC, K_BACKSPACE, ' ', 8, 10, K_CTRL('a'), K_CTRL('e'), K_CTRL('u'), K_CTRL('w')};
    for (size_t i = 0; i < TG_ARRAY_LEN(kept); i++)
        if (kept[i] == key)
            return true;
    return (key >= K_UP && key <= K_DELETE) || (key >= '1' && key <= '9');
}

static const struct key_action *find_action(const struct keymap *const *maps, size_t nmaps, const char *name, struct buf *known)
{
    for (size_t m = 0; m < nmaps; m++)
        for (size_t i = 0; i < maps[m]->nactions; i++) {
            const struct key_action *a = &maps[m]->action[i];
            if (strcmp(a->name, name) == 0)
                return a;
            bool is_new = true;
            for (size_t before = 0; before < m && is_new; before++)
                for (size_t k = 0; k < maps[before]->nactions; k++)
                    is_new &= strcmp(maps[before]->action[k].name, a->name) != 0;
            if (is_new)
                buf_addf(known, "%s%s", known->n ? ", " : "", a->name);
        }
    return NULL;
}

static bool judge(const struct key_action *a, const char *const *keys, size_t nkeys, struct own *out, struct err *e)
{
    bool needs_command = false, has_command = false;
    for (int i = 0; i < KEYS && a->key[i]; i++)
        needs_command |= !key_is_text(a->key[i]);
    if (!nkeys || nkeys > KEYS)
        return err_set(e, ERR_CONF_VALUE, nkeys ? "%s: four keys at most" : "%s would have no key and could not be reached", a->name);
    for (size_t i = 0; i < nkeys; i++) {
        out->key[i] = parse(keys[i]);
        if (!out->key[i])
            return err_set(e, ERR_CONF_VALUE, "%s: \"%.40s\" is no key; keys are written F5, Ctrl-P or x", a->name, keys[i]);
        if (is_kept(out->key[i]))
            return err_set(e, ERR_CONF_VALUE, "%s can't have the key %.40s: it moves, goes on, goes back or edits everywhere", a->name, keys[i]);
        has_command |= !key_is_text(out->key[i]);
    }
    if (needs_command && !has_command)
        return err_set(e, ERR_CONF_VALUE, "%s needs a key that is no text, such as F5 or Ctrl-P: else it can't be reached while text is typed", a->name);
    return true;
}

bool keymap_own(const struct keymap *const *maps, size_t nmaps, const char *action, const char *const *keys, size_t nkeys, struct err *e)
{
    struct buf known = {0};
    const struct key_action *a = find_action(maps, nmaps, action, &known);
    struct own one = {.action = a ? a->name : NULL};
    if (!a)
        err_set(e, ERR_CONF_KEY, "unknown action \"%.40s\"; there are %.700s", action, known.p);
    buf_release(&known);
    if (!a || !judge(a, keys, nkeys, &one, e))
        return false;
    if (own_of(a) || nown == OWN)
        return err_set(e, ERR_CONF_KEY, "%s is given keys a second time", a->name);
    own[nown++] = one;
    return true;
}

static const int *keys_of(const struct key_action *a)
{
    const struct own *o = own_of(a);
    return o ? o->key : a->key;
}

static bool agree(const struct key_action *a, const struct key_action *b, const char **action, struct err *e)
{
    char name[24];
    if (!(a->where & b->where) || (!own_of(a) && !own_of(b)))
        return true;
    for (int i = 0; i < KEYS; i++)
        if (place_in(keys_of(b), keys_of(a)[i]) >= 0 && !(place_in(a->key, keys_of(a)[i]) >= 0 && place_in(b->key, keys_of(a)[i]) >= 0)) {
            *action = own_of(a) ? a->name : b->name;
            return err_set(e, ERR_CONF_VALUE, "the key %s would do two things in one place, %s and %s: one of them could not be reached", key_name(keys_of(a)[i], name, sizeof name), a->name,
                           b->name);
        }
    return true;
}

bool keymap_agrees(const struct keymap *const *maps, size_t nmaps, const char **action, struct err *e)
{
    for (size_t m = 0; m < nmaps; m++)
        for (size_t i = 0; i < maps[m]->nactions; i++)
            for (size_t k = i + 1; k < maps[m]->nactions; k++)
                if (!agree(&maps[m]->action[i], &maps[m]->action[k], action, e))
                    return false;
    return true;
}
