/* SPDX-License-Identifier: Apache-2.0
 * A person's own settings of the window, ~/.config/tidegate/config.yaml: how it looks and which keys do what. Nothing of a
 * migration stands there, and no key of it could hold a password. Values are told with their place; whoever knows what a
 * theme or a key is judges them. */
#ifndef TG_CONF_SETTINGS_H
#define TG_CONF_SETTINGS_H

#include "base/err.h"

struct setting {
    char *text;                       /* NULL: not set */
    char where[160];                  /* FILE:LINE:COLUMN */
};
#define SETTING_KEYS 4
struct setting_keys {                 /* keys of an action */
    struct setting action;
    char *key[SETTING_KEYS];
    size_t n;
};
struct settings {
    char *path;
    bool is_there;
    struct setting theme, glyphs, language, mouse;
    struct setting_keys *keys;
    size_t nkeys;
};

/* $XDG_CONFIG_HOME/tidegate/config.yaml, else ~/.config/tidegate/config.yaml; caller frees. */
char *settings_path(void);
/* A file that is not there is fine. false: *e names the place; what was read before it stays. */
bool settings_read(struct settings *s, const char *path, struct err *e);
void settings_release(struct settings *s);

#endif
