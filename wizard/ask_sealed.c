// SPDX-License-Identifier: Apache-2.0
// Boxes about passwords in an encrypted file: a passphrase for a new one, for one that is there, and one that gives way.
#include "ui/text.h"
#include "wizard/pages.h"

#include <stdio.h>
#include <stdlib.h>

enum { BOX_SEAL = 60, BOX_UNSEAL, BOX_REPLACE_SEALED };
#define PASSPHRASE_LEAST 8

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* ---- a new one ---- */

void ask_seal(struct wz *w, const char *path)
{
    struct modal *m = &w->modal;
    char *sealed = job_sealed_beside(path);
    modal_begin(m, BOX_SEAL, _("Passwords in an encrypted file"), 0, w->now_ms);
    snprintf(w->pending_path, sizeof w->pending_path, "%s", path);
    buf_addf(&m->text, _("The passwords that were typed here go into %s beside the job, encrypted. A lost passphrase can't be recovered: they would have to be typed again. It is asked for at each start; without a person it comes from a file:"),
             name_of(sealed));
    buf_addf(&m->text, "\n\n  tidegate run %s\n  tidegate run %s --passphrase-from file:PATH\n", path, path);
    modal_add_field(m, _("Passphrase"), true, NULL);
    modal_add_field(m, _("Once more"), true, NULL);
    modal_add_button(m, _("Save both"), false);
    modal_add_button(m, _("Close"), false);
    free(sealed);
}

static size_t characters(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

static void seal_pressed(struct wz *w, unsigned button, struct wz_effect *out)
{
    struct modal *m = &w->modal;
    const char *first = m->field[0].edit.text, *second = m->field[1].edit.text;
    bool is_short = characters(first) < PASSPHRASE_LEAST;
    if (button == 0 && (is_short || strcmp(first, second) != 0)) {
        wz_notice(w, is_short ? _("a passphrase has %d characters or more") : _("the two are not the same: type them again"), PASSPHRASE_LEAST);
        edit_wipe(&m->field[0].edit);
        edit_wipe(&m->field[1].edit);
        m->focus = 0;
        return;
    }
    if (button == 0) {
        out->kind = WZ_SAVE;
        out->seals = true;
        out->password = secret_new(first, strlen(first));
        snprintf(out->text, sizeof out->text, "%s", w->pending_path);
    }
    modal_close(m);
}

void ask_replace_sealed(struct wz *w, const char *path, const char *sealed)
{
    struct modal *m = &w->modal;
    modal_begin(m, BOX_REPLACE_SEALED, _("There is an encrypted file of that name"), 0, w->now_ms);
    snprintf(w->pending_path, sizeof w->pending_path, "%s", path);
    buf_addf(&m->text, _("%s exists. It would be written anew, with a passphrase that you type next. What this job has in it stays; any other password in it would be gone."), sealed);
    modal_add_button(m, _("Leave it as it is"), false);
    modal_add_button(m, _("Replace it"), false);
    m->is_column = true;
}

/* ---- one that is there ---- */

static void ask_unseal(struct wz *w, const char *path, const char *why, const struct wz_effect *after)
{
    struct modal *m = &w->modal;
    w->after = after ? *after : (struct wz_effect){.kind = WZ_NONE};
    modal_begin(m, BOX_UNSEAL, _("The passwords are encrypted"), 0, w->now_ms);
    snprintf(w->pending_path, sizeof w->pending_path, "%s", path);
    if (why)
        buf_addf(&m->text, "%s\n\n", why);
    buf_addf(&m->text, _("They lie in %s. Its passphrase opens them for this window, in memory only. Without it the pages can be looked at, and the passwords typed instead."), path);
    modal_add_field(m, _("Passphrase"), true, NULL);
    modal_add_button(m, _("Open"), false);
    modal_add_button(m, _("Not now"), false);
}

bool ask_sealed(struct wz *w, const struct wz_effect *after)
{
    char *path = w->modal.kind ? NULL : job_sealed_file(w->job);
    if (path)
        ask_unseal(w, path, NULL, after);
    free(path);
    return path != NULL;
}

void ask_sealed_again(struct wz *w, const char *path, const char *why)
{
    struct wz_effect after = w->after;
    ask_unseal(w, path, why, &after);
}

static void unseal_pressed(struct wz *w, unsigned button, struct wz_effect *out)
{
    const char *text = w->modal.field[0].edit.text;
    if (button == 0) {
        out->kind = WZ_UNSEAL;
        out->password = secret_new(text, strlen(text));
        snprintf(out->text, sizeof out->text, "%s", w->pending_path);
    }
    modal_close(&w->modal);
}

bool ask_sealed_pressed(struct wz *w, unsigned button, struct wz_effect *out)
{
    switch (w->modal.kind) {
    case BOX_SEAL:
        seal_pressed(w, button, out);
        return true;
    case BOX_UNSEAL:
        unseal_pressed(w, button, out);
        return true;
    case BOX_REPLACE_SEALED:
        modal_close(&w->modal);
        if (button == 1) {
            *out = (struct wz_effect){.kind = WZ_SAVE, .seals = true, .may_replace = true, .may_replace_sealed = true};
            snprintf(out->text, sizeof out->text, "%s", w->pending_path);
        }
        return true;
    default:
        return false;
    }
}
