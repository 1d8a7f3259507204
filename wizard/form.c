// SPDX-License-Identifier: Apache-2.0
#include "wizard/form.h"

#include "base/retell.h"
#include "conf/field.h"
#include "ui/text.h"
#include "wizard/pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define VALUE_AT 13 /* cells from the left edge of the form to the values */

/* ---- the field table behind a row ---- */

static const struct field *table_row(const struct form_field *f)
{
    const char *rest = strchr(f->path, '.');
    bool is_end = strncmp(f->path, "source", 6) == 0 || strncmp(f->path, "target.", 7) == 0;
    return is_end && rest ? field_in(end_fields, rest + 1) : field_in(job_fields, f->path);
}

const char *form_label(const struct form_field *f)
{
    const struct field *row = f->label ? NULL : table_row(f);
    return f->label ? _(f->label) : row ? _(row->label) : f->path;
}

const char *form_help(const struct form_field *f)
{
    const struct field *row = f->help ? NULL : table_row(f);
    return f->help ? _(f->help) : row && row->help ? _(row->help) : "";
}

const char *form_path(const struct form_field *f, const struct wz *w, char out[200])
{
    if (w->source_at && strncmp(f->path, "source.", 7) == 0)
        snprintf(out, 200, "source[%zu].%s", w->source_at, f->path + 7);
    else
        snprintf(out, 200, "%s", f->path);
    return out;
}

/* What a secret shows of itself: stars, whose number says nothing, or where it will come from. */
static void get_secret(const struct form_field *f, const struct wz *w, struct buf *out)
{
    char path[200];
    const struct job_secret *s = job_secret_at(w->job, form_path(f, w, path));
    if (s && s->value)
        buf_adds(out, "****************");
    else if (s && s->origin == SECRET_ASK)
        buf_adds(out, "${ask}");
    else if (s && s->origin == SECRET_DM)
        buf_adds(out, _("DM-encrypted"));
    else if (s && s->origin == SECRET_SEALED)
        buf_adds(out, _("encrypted"));
    else if (s && s->reference)
        buf_addf(out, "${%s:%s}", s->origin == SECRET_ENV ? "env" : "file", s->reference);
}

static void get(const struct form_field *f, const struct wz *w, struct buf *out)
{
    char path[200];
    if (f->look == FORM_SECRET)
        get_secret(f, w, out);
    else if (f->get)
        f->get(w, out);
    else
        job_get(w->job, form_path(f, w, path), out);
}

bool form_set_secret(const struct form_field *f, struct wz *w, const char *value, struct err *e)
{
    bool is_target = strncmp(f->path, "target", 6) == 0;
    char path[200], reference[300];
    const struct job_secret *s = job_secret_at(w->job, form_path(f, w, path));
    if (s && s->origin == SECRET_ASK)
        snprintf(reference, sizeof reference, "${ask}");
    else if (s && s->origin == SECRET_ENV && s->reference)
        snprintf(reference, sizeof reference, "${env:%.280s}", s->reference);
    else if (is_target || !w->source_at)
        snprintf(reference, sizeof reference, "${env:TG_%s%s_PASSWORD}", is_target ? "TARGET" : "SOURCE", strstr(f->path, "ssh.") ? "_SSH" : "");
    else
        snprintf(reference, sizeof reference, "${env:TG_SOURCE%zu%s_PASSWORD}", w->source_at + 1, strstr(f->path, "ssh.") ? "_SSH" : "");
    return job_set_secret(w->job, path, reference, secret_new(value, strlen(value)), e);
}

/* What is said of a refused value stands below it until it changes, so it is kept in English too. */
static bool set(const struct form_field *f, struct wz *w, const char *value, struct err *e)
{
    char path[200];
    bool was = text_stay_english(true);
    bool fine = f->look == FORM_SECRET ? form_set_secret(f, w, value, e) : f->set ? f->set(w, value, e) : job_set(w->job, form_path(f, w, path), value, e);
    text_stay_english(was);
    return fine;
}

/* ---- life ---- */

void form_init(struct form *f, const struct form_field *fields, size_t n)
{
    if (n > FORM_FIELDS)
        tg_bug("a form of %zu fields", n);
    *f = (struct form){.field = fields, .n = n, .held = SIZE_MAX};
}

void form_release(struct form *f)
{
    for (size_t i = 0; i < f->n; i++)
        free(f->raw[i]);
    edit_release(&f->edit);
    *f = (struct form){.held = SIZE_MAX};
}

void form_forget(struct form *f)
{
    for (size_t i = 0; i < f->n; i++) {
        free(f->raw[i]);
        f->raw[i] = NULL;
        f->word[i] = (struct form_word){.role = ROLE_TEXT};
    }
    if (f->held != SIZE_MAX)
        edit_release(&f->edit);
    f->held = SIZE_MAX;
}

void form_say(struct form *f, const char *path, enum role role, const char *text)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->field[i].path, path) == 0 && !f->word[i].text[0] && !f->raw[i]) {
            f->word[i].role = role;
            snprintf(f->word[i].text, sizeof f->word[i].text, "%.190s", text);
        }
}

size_t form_shown(const struct form *f, const struct wz *w, size_t order[FORM_FIELDS])
{
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++)
        if (!f->field[i].shown || f->field[i].shown(w))
            order[n++] = i;
    return n;
}

static bool is_text(const struct form_field *f)
{
    return f->look == FORM_TEXT || f->look == FORM_SECRET;
}

/* A reference that leads nowhere, as far as this process can see. */
static void judge_secret(const struct form_field *f, const struct wz *w, struct form_word *word)
{
    char path[200];
    const struct job_secret *s = job_secret_at(w->job, form_path(f, w, path));
    if (s && !s->value && s->origin == SECRET_SEALED) {
        word->role = ROLE_WARN;
        snprintf(word->text, sizeof word->text, "%s", _("encrypted, not opened yet: F4 asks for the passphrase, or type the password"));
        return;
    }
    bool is_lost = s && !s->value && s->reference &&
                   ((s->origin == SECRET_ENV && !getenv(s->reference)) || (s->origin == SECRET_FILE && access(s->reference, R_OK) != 0));
    if (!is_lost)
        return;
    word->role = ROLE_WARN;
    if (s->origin == SECRET_ENV)
        snprintf(word->text, sizeof word->text, _("the variable %.80s is not set here: type the password, or {F4} for another origin"), s->reference);
    else
        snprintf(word->text, sizeof word->text, _("the file %.100s can't be read: type the password, or {F4} for another origin"), s->reference);
}

/* What the job's own rules say of the value, then what the page knows: in English, retold where it is drawn, for the
 * language may change while it stands there. */
static void judge_value(struct form *f, struct wz *w, size_t i, const struct err *refused)
{
    const struct form_field *field = &f->field[i];
    struct form_word *word = &f->word[i];
    *word = (struct form_word){.role = ROLE_TEXT};
    if (refused && refused->code != ERR_OK) {
        word->role = ROLE_BAD;
        snprintf(word->text, sizeof word->text, "%.190s", refused->text);
        return;
    }
    struct buf value = {0};
    get(field, w, &value);
    bool was = text_stay_english(true);
    if (field->look == FORM_SECRET)
        judge_secret(field, w, word);
    else if (field->say)
        field->say(w, value.p ? value.p : "", word);
    text_stay_english(was);
    buf_release(&value);
}

void form_judge_field(struct form *f, struct wz *w, size_t field)
{
    if (!f->raw[field])
        judge_value(f, w, field, NULL);
}

void form_judge(struct form *f, struct wz *w)
{
    size_t order[FORM_FIELDS], n = form_shown(f, w, order);
    for (size_t k = 0; k < n; k++)
        form_judge_field(f, w, order[k]);
}

/* A host may make the port below it wrong, or right again. */
static void judge_beside(struct form *f, struct wz *w, bool is_same)
{
    size_t next = f->held + 1;
    if (!is_same && next < f->n && f->field[next].say && is_text(&f->field[next]))
        form_judge_field(f, w, next);
}

/* Takes what is in the edit field; a refused text is kept as it is. */
static void commit(struct form *f, struct wz *w)
{
    const struct form_field *field = &f->field[f->held];
    struct err e = {0};
    struct buf now = {0};
    if (f->raw[f->held] && !f->is_touched)
        return; /* looked at, not changed: it stays refused */
    get(field, w, &now);
    bool is_same = !f->is_touched || (!f->raw[f->held] && strcmp(now.p ? now.p : "", f->edit.text) == 0);
    buf_release(&now);
    free(f->raw[f->held]);
    f->raw[f->held] = NULL;
    if (!is_same) {
        if (!set(field, w, f->edit.text, &e) && field->look != FORM_SECRET)
            f->raw[f->held] = x_strdup(f->edit.text);
        if (strcmp(field->path, "name") == 0)
            w->is_changed = true;
        else
            wz_changed(w);
        wz_typed(w, field);
    }
    judge_value(f, w, f->held, &e);
    judge_beside(f, w, is_same);
}

static bool is_default(const struct form *f, size_t i, const struct wz *w)
{
    char path[200];
    const struct field *row = table_row(&f->field[i]);
    const char *def = row ? field_default(row, form_path(&f->field[i], w, path)) : NULL;
    return def && def[0] && strcmp(f->edit.text, def) == 0;
}

void form_focus(struct form *f, struct wz *w, size_t i)
{
    if (f->held == i)
        return;
    if (f->held != SIZE_MAX) {
        commit(f, w);
        edit_release(&f->edit);
    }
    f->held = i < f->n && is_text(&f->field[i]) ? i : SIZE_MAX;
    if (f->held == SIZE_MAX)
        return;
    struct buf value = {0};
    edit_init(&f->edit, f->field[i].look == FORM_SECRET);
    get(&f->field[i], w, &value);
    f->is_touched = false;
    if (f->field[i].look != FORM_SECRET)
        edit_set(&f->edit, f->raw[i] ? f->raw[i] : value.p ? value.p : "");
    f->edit.is_offered = is_default(f, i, w);
    buf_release(&value);
}

void form_show_again(struct form *f, struct wz *w)
{
    size_t i = f->held;
    if (i == SIZE_MAX)
        return;
    edit_release(&f->edit);
    f->held = SIZE_MAX;
    form_focus(f, w, i);
}

/* ---- keys ---- */

static size_t choice_now(const struct form_field *f, const struct wz *w)
{
    struct buf value = {0};
    size_t found = 0;
    get(f, w, &value);
    for (size_t i = 0; f->choices && f->choices[i].value; i++)
        if (strcmp(f->choices[i].value, value.p ? value.p : "") == 0)
            found = i;
    buf_release(&value);
    return found;
}

static bool choose(struct form *f, struct wz *w, size_t i, int by)
{
    const struct form_field *field = &f->field[i];
    struct err e = {0};
    size_t n = 0, at = choice_now(field, w);
    if (field->turn) {
        field->turn(w, by);
        return true;
    }
    while (field->choices[n].value)
        n++;
    at = (size_t)((int)at + by + (int)n) % n;
    set(field, w, field->choices[at].value, &e);
    wz_changed(w);
    judge_value(f, w, i, &e);
    return true;
}

static bool tick(struct form *f, struct wz *w, size_t i)
{
    struct buf value = {0};
    struct err e = {0};
    get(&f->field[i], w, &value);
    set(&f->field[i], w, value.p && strcmp(value.p, "true") == 0 ? "false" : "true", &e);
    buf_release(&value);
    wz_changed(w);
    judge_value(f, w, i, &e);
    return true;
}

bool form_repair(struct form *f, struct wz *w, size_t i)
{
    struct form_word word = f->word[i];
    struct err e = {0};
    if (!word.repair[0])
        return false;
    free(f->raw[i]);
    f->raw[i] = NULL;
    set(&f->field[i], w, word.repair, &e);
    if (f->held == i) {
        edit_set(&f->edit, word.repair);
        f->is_touched = false;
    }
    wz_changed(w);
    judge_value(f, w, i, &e);
    return true;
}

static size_t focused(const struct form *f, const struct wz *w)
{
    size_t order[FORM_FIELDS], n = form_shown(f, w, order), at = w->focus[w->at];
    return at < n ? order[at] : SIZE_MAX;
}

bool form_feed(struct form *f, struct wz *w, const struct input *in, bool *changed)
{
    size_t i = focused(f, w);
    *changed = false;
    if (i == SIZE_MAX)
        return false;
    const struct form_field *field = &f->field[i];
    if (in->kind == IN_KEY && in->key == K_CTRL('y'))
        return *changed = form_repair(f, w, i);
    if (is_text(field)) {
        if (f->held != i)
            form_focus(f, w, i); /* what was pressed last has hidden or shown fields */
        if (in->kind == IN_KEY && in->key == K_CTRL('r') && field->look == FORM_SECRET) {
            f->edit.is_shown = !f->edit.is_shown;
            return true;
        }
        if (in->kind == IN_KEY && (in->key == K_F0 + 4 || in->key == K_CTRL('p')) && field->look == FORM_SECRET) {
            ask_origin(w, field, in->key);
            return true;
        }
        if (!edit_feed(&f->edit, in))
            return false;
        f->word[i] = (struct form_word){.role = ROLE_TEXT}; /* it was about another text */
        f->is_touched = true;
        return *changed = true;
    }
    if (in->kind != IN_KEY)
        return false;
    if (field->look == FORM_TICK)
        return in->key == ' ' && (*changed = tick(f, w, i));
    if (in->key != ' ' && in->key != K_LEFT && in->key != K_RIGHT)
        return false;
    return *changed = choose(f, w, i, in->key == K_LEFT ? -1 : 1);
}

/* ---- without keys ---- */

const char *form_typed(const struct form *f, size_t i)
{
    if (f->field[i].look == FORM_SECRET)
        return NULL;
    const char *typed = f->held == i && f->is_touched ? f->edit.text : f->raw[i], *scheme = typed ? strstr(typed, "://") : NULL;
    return scheme && strchr(scheme, '@') ? NULL : typed;
}

bool form_put(struct form *f, struct wz *w, size_t i, const char *value)
{
    struct err e = {0};
    if (is_text(&f->field[i])) {
        form_focus(f, w, i);
        edit_set(&f->edit, value);
        f->is_touched = true;
        form_focus(f, w, SIZE_MAX);
    } else {
        set(&f->field[i], w, value, &e);
        wz_changed(w);
        judge_value(f, w, i, &e);
    }
    return f->word[i].role != ROLE_BAD;
}

bool form_click(struct form *f, struct wz *w, size_t i, int choice, bool had_focus)
{
    const struct form_field *field = &f->field[i];
    int at = field->choices ? (int)choice_now(field, w) : 0;
    if (is_text(field))
        return false;
    if (choice >= 0)
        return choice != at && choose(f, w, i, choice - at);
    if (!had_focus || field->look == FORM_RADIO || field->look == FORM_COLUMN)
        return false;
    return field->look == FORM_TICK ? tick(f, w, i) : choose(f, w, i, 1);
}

void form_point(struct form *f, size_t i, const struct input *in, bool had_focus)
{
    if (f->held != i)
        return;
    if (!had_focus)
        f->edit.at = 0;               /* it was shown from its first character on */
    edit_point(&f->edit, in->cell, in->cells);
}

/* ---- drawing ---- */

static void spot_of_choice(const struct form *f, const struct form_field *field, struct canvas *c, struct rect clip, struct rect r, size_t choice)
{
    canvas_spot(c, clip, r, SPOT_PICK, (int64_t)(field - f->field) * 100 + (int64_t)choice);
}

static int draw_radio(const struct form *form, const struct form_field *f, const struct wz *w, struct canvas *c, struct rect r, int y, int x)
{
    size_t at = choice_now(f, w);
    int needed = 0;
    for (size_t i = 0; f->choices[i].value; i++)
        needed += 4 + text_cells(_(f->choices[i].label)) + (i ? 3 : 0);
    if (needed > r.x + r.w - x)        /* no room for all of them: one at a time */
        return x + canvas_textf(c, r, y, x, ROLE_TEXT, "< %s >", _(f->choices[at].label));
    for (size_t i = 0; f->choices[i].value; i++) {
        spot_of_choice(form, f, c, r, (struct rect){y, x, 1, 4 + text_cells(_(f->choices[i].label))}, i);
        x += canvas_text(c, r, y, x, i == at ? ROLE_KEY : ROLE_TEXT, i == at ? "(•) " : "( ) ");
        x += canvas_text(c, r, y, x, ROLE_TEXT, _(f->choices[i].label)) + 3;
    }
    return x;
}

/* A choice a line; returns rows. */
static int draw_column(const struct form *form, const struct form_field *f, const struct wz *w, struct canvas *c, struct rect r, int y, bool has_focus)
{
    size_t at = choice_now(f, w);
    int first = y;
    for (size_t i = 0; f->choices[i].value; i++) {
        const struct form_choice *choice = &f->choices[i];
        bool is_here = i == at, has_note = is_here || !f->is_tight || !f->is_tight(w);
        spot_of_choice(form, f, c, r, (struct rect){y, r.x, has_note ? 2 : 1, r.w}, i);
        canvas_text(c, r, y, r.x, ROLE_PICK, is_here && has_focus ? "▸" : " ");
        canvas_text(c, r, y, r.x + 2, is_here ? ROLE_KEY : ROLE_TEXT, is_here ? "(•)" : "( )");
        canvas_text(c, r, y, r.x + 6, is_here ? ROLE_TITLE : ROLE_TEXT, _(choice->label));
        canvas_cut(c, r, y, r.x + 20, r.w - 20, ROLE_TEXT, _(f->lines[i].what));
        if (is_here && has_focus) {
            c->cursor_y = y;
            c->cursor_x = r.x + 2;
        }
        if (has_note)
            canvas_cut(c, r, ++y, r.x + 6, r.w - 6, ROLE_DIM, _(f->lines[i].note));
        y++;
    }
    return y - first;
}

/* Beside a secret that is typed: what the paste brought, and how to see it where there is room. */
static void draw_reveal(const struct edit *e, struct canvas *c, struct rect r, int y, int x)
{
    char note[120], key[80];
    int end = r.x + r.w;
    edit_note(e, note);
    keymap_words(wizard_keys, ~0u, _("Ctrl-R reveal"), key, sizeof key);
    if (note[0])
        x += canvas_cut(c, r, y, x, end - x, ROLE_DIM, note) + 3;
    if (x + text_cells(key) <= end)
        canvas_text(c, r, y, x, ROLE_DIM, key);
}

static int draw_value(const struct form *f, size_t i, const struct wz *w, struct canvas *c, struct rect r, int y, int x, bool has_focus)
{
    const struct form_field *field = &f->field[i];
    if (has_focus) {
        c->cursor_y = y;
        c->cursor_x = x;
    }
    if (field->look == FORM_RADIO)
        return draw_radio(f, field, w, c, r, y, x);
    if (field->look == FORM_CYCLE && field->choices)
        return x + canvas_textf(c, r, y, x, ROLE_TEXT, "< %s >", _(field->choices[choice_now(field, w)].label));
    int room = TG_MAX(r.x + r.w - x, 0);
    if (field->width)
        room = TG_MIN(room, field->width);
    int typed = field->look == FORM_SECRET ? TG_MIN(room, 24) : room;
    if (is_text(field))
        canvas_spot(c, r, (struct rect){y, x, 1, typed}, SPOT_TEXT, (int64_t)i);
    if (f->held == i && (f->is_touched || field->look == FORM_TEXT)) {
        edit_draw(&f->edit, c, r, y, x, typed, true);
        if (field->look == FORM_SECRET)
            draw_reveal(&f->edit, c, r, y, x + 27);
        return x + room;
    }
    char *value = form_value(f, w, i);
    if (field->look == FORM_TICK)
        x += canvas_text(c, r, y, x, ROLE_TEXT, strcmp(value, "true") == 0 ? "[x]" : "[ ]");
    else if (field->look == FORM_CYCLE)
        x += canvas_textf(c, r, y, x, ROLE_TEXT, "< %s >", value);
    else
        x += TG_MAX(canvas_cut(c, r, y, x, room, ROLE_TEXT, value), field->width);
    free(value);
    return x;
}

char *form_value(const struct form *f, const struct wz *w, size_t i)
{
    struct buf value = {0};
    if (f->raw[i])
        return x_strdup(f->raw[i]);
    get(&f->field[i], w, &value);
    return buf_take(&value);
}

void form_word_said(const struct form_word *word, char *out, size_t size)
{
    const char *text = word->text, *said = retell(text);
    size_t path = strcspn(text, " ");
    bool has_path = said == text && text[path] && memchr(text, '.', path);
    snprintf(out, size, "%.*s%s", has_path ? (int)path + 1 : 0, text, has_path ? retell(text + path + 1) : said);
}

/* The word below a field, and the offer of a repair. Returns rows. */
static int draw_word(const struct form *f, size_t field, struct canvas *c, struct rect r, int y)
{
    struct rect in = {y, r.x + VALUE_AT, TG_MAX(r.y + r.h - y, 0), r.w - VALUE_AT};
    static const char *const marks[ROLE_COUNT] = {[ROLE_WARN] = "! ", [ROLE_BAD] = "✗ ", [ROLE_OK] = "✓ "};
    const struct form_word *word = &f->word[field];
    char text[600], said[600], key[80];
    if (!word->text[0])
        return 0;
    form_word_said(word, text, sizeof text);
    keymap_say(wizard_keys, 2, text, said, sizeof said - 8);
    snprintf(text, sizeof text, "%s%.590s", marks[word->role] ? marks[word->role] : "", said);
    int used = canvas_wrap(c, in, 2, word->role, text);
    if (!word->repair[0])
        return used;
    int x = in.x + 2, first = used;
    snprintf(text, sizeof text, _("Use %s?"), word->repair);
    keymap_words(wizard_keys, ~0u, _("Ctrl-Y accept"), key, sizeof key);
    int rows = canvas_wrap(c, (struct rect){y + used, x, TG_MAX(in.y + in.h - y - used, 0), in.w - 2}, 0, ROLE_TEXT, text);
    if (x + text_cells(text) + 3 + text_cells(key) > in.x + in.w)
        used += rows;                 /* a long name: the key has a line of its own */
    else
        x += text_cells(text) + 3;
    canvas_text(c, in, y + used, x, ROLE_KEY, key);
    canvas_spot(c, in, (struct rect){y + first, in.x, used - first + 1, in.w}, SPOT_REPAIR, (int64_t)field);
    return used + 1;
}

struct drawing {
    const struct form *f;
    const struct wz *w;
    struct canvas *c;
    struct rect r;
    size_t focus;
};

/* One line: a field and those beside it, and their words. Returns rows; *i moves on. */
static int draw_line(const struct drawing *d, const size_t *order, size_t n, size_t *i, int y)
{
    int x = d->r.x + VALUE_AT, rows = 1;
    if (d->f->field[order[*i]].look == FORM_COLUMN) {
        size_t column = order[(*i)++];
        rows = draw_column(d->f, &d->f->field[column], d->w, d->c, d->r, y, column == d->focus);
        return rows + draw_word(d->f, column, d->c, d->r, y + rows);
    }
    for (size_t first = *i; *i < n && (*i == first || d->f->field[order[*i]].is_beside); ++*i) {
        const struct form_field *field = &d->f->field[order[*i]];
        bool has_focus = order[*i] == d->focus;
        canvas_spot(d->c, d->r, (struct rect){y, *i == first ? d->r.x : x + 2, 1, d->r.w}, SPOT_FORM, (int64_t)order[*i]);
        if (*i == first) {
            if (has_focus)
                canvas_text(d->c, d->r, y, d->r.x, ROLE_PICK, "▸");
            canvas_cut(d->c, d->r, y, d->r.x + 2, VALUE_AT - 3, has_focus ? ROLE_TITLE : ROLE_TEXT, form_label(field));
        } else {
            x += 4;
            if (has_focus)
                canvas_text(d->c, d->r, y, x - 2, ROLE_PICK, "▸");
            x += canvas_text(d->c, d->r, y, x, has_focus ? ROLE_TITLE : ROLE_TEXT, form_label(field)) + 2;
        }
        x = draw_value(d->f, order[*i], d->w, d->c, d->r, y, x, has_focus);
        rows += draw_word(d->f, order[*i], d->c, d->r, y + rows);
    }
    return rows;
}

/* The first field to draw so that the line with the focus fits into the rows that are there. */
static size_t first_drawn(const struct drawing *d, const size_t *order, size_t n)
{
    struct canvas nothing = {0};
    struct drawing dry = *d;
    size_t start[FORM_FIELDS], lines = 0, first = 0;
    int height[FORM_FIELDS], sum = 0;
    dry.c = &nothing;
    dry.r.h = 1000;
    for (size_t i = 0; i < n; lines++) {
        start[lines] = i;
        height[lines] = draw_line(&dry, order, n, &i, dry.r.y);
        sum += height[lines];
        bool has_focus = false;
        for (size_t k = start[lines]; k < i; k++)
            has_focus |= order[k] == d->focus;
        for (; has_focus && sum > d->r.h && first < lines; first++)
            sum -= height[first];
        if (has_focus)
            return start[first];
    }
    return 0;
}

int form_draw(const struct form *f, const struct wz *w, struct canvas *c, struct rect r)
{
    size_t order[FORM_FIELDS], n = form_shown(f, w, order);
    struct drawing d = {f, w, c, r, focused(f, w)};
    size_t first = first_drawn(&d, order, n), i = first;
    int y = r.y;
    while (i < n && y < r.y + r.h)
        y += draw_line(&d, order, n, &i, y);
    if (first)                        /* at the right edge: on the left stand names and the mark of focus */
        canvas_text(c, r, r.y, r.x + r.w - 1, ROLE_KEY, "↑");
    if (i < n)
        canvas_text(c, r, r.y + r.h - 1, r.x + r.w - 1, ROLE_KEY, "↓");
    return TG_MIN(y - r.y, r.h);
}

const struct form_field *form_problem(const struct form *f, const struct wz *w)
{
    size_t order[FORM_FIELDS], n = form_shown(f, w, order);
    for (size_t k = 0; k < n; k++) {
        size_t i = order[k];
        const struct field *row = table_row(&f->field[i]);
        char *value = form_value(f, w, i);
        bool is_missing = row && row->flags & FF_REQUIRED && !value[0];
        free(value);
        if (is_missing || f->raw[i] || f->word[i].role == ROLE_BAD)
            return &f->field[i];
    }
    return NULL;
}
