// SPDX-License-Identifier: Apache-2.0
/* A person's settings of the window (conf/settings.h), judged by those who know: themes and keys by ui and wizard. */
#include "base/text.h"
#include "cli/cli.h"
#include "conf/settings.h"
#include "ui/keymap.h"
#include "ui/term.h"
#include "wizard/wizard.h"

#include <stdio.h>
#include <stdlib.h>

static bool wrong(const struct setting *at, struct err *e, const char *words)
{
    err_set(e, ERR_CONF_VALUE, "%s", words);
    snprintf(e->where, sizeof e->where, "%s", at->where);
    return false;
}

static bool take_keys(const struct settings *s, struct err *e)
{
    const struct keymap *const maps[] = {wizard_keys, &dashboard_keys, report_keys};
    const char *culprit = NULL;
    for (size_t i = 0; i < s->nkeys; i++) {
        const struct setting_keys *k = &s->keys[i];
        const char *keys[SETTING_KEYS];
        for (size_t n = 0; n < k->n; n++)
            keys[n] = k->key[n];
        if (!keymap_own(maps, TG_ARRAY_LEN(maps), k->action.text, keys, k->n, e)) {
            snprintf(e->where, sizeof e->where, "%s", k->action.where);
            return false;
        }
    }
    if (keymap_agrees(maps, TG_ARRAY_LEN(maps), &culprit, e))
        return true;
    for (size_t i = 0; i < s->nkeys; i++)
        if (strcmp(s->keys[i].action.text, culprit) == 0)
            snprintf(e->where, sizeof e->where, "%s", s->keys[i].action.where);
    return false;
}

static bool take(const struct settings *s, struct window_look *look, struct err *e)
{
    enum text_language l;
    if (s->theme.text && !theme_is_known(s->theme.text))
        return wrong(&s->theme, e, N_("the theme can be default, dark, light, high-contrast, mono or auto"));
    if (s->glyphs.text && !glyph_set_parse(s->glyphs.text, &look->glyphs))
        return wrong(&s->glyphs, e, N_("glyphs can be auto, lines, safe or ascii"));
    if (s->language.text && !text_language_parse(s->language.text, &l))
        return wrong(&s->language, e, N_("the language can be en or zh"));
    if (s->mouse.text && strcmp(s->mouse.text, "on") != 0 && strcmp(s->mouse.text, "off") != 0)
        return wrong(&s->mouse, e, N_("the mouse can be on or off"));
    if (!take_keys(s, e))
        return false;
    if (s->theme.text)
        snprintf(look->theme_set, sizeof look->theme_set, "%s", s->theme.text);
    if (s->language.text)
        text_speak(l);
    if (s->mouse.text && strcmp(s->mouse.text, "on") == 0)
        term_want_mouse();
    return true;
}

bool cli_look(struct window_look *look, struct err *e)
{
    struct settings s;
    char *path = settings_path();
    keymap_forget();
    bool fine = settings_read(&s, path, e) && take(&s, look, e);
    if (!fine)
        keymap_forget(); /* all of it or nothing */
    settings_release(&s);
    free(path);
    return fine;
}
