// SPDX-License-Identifier: Apache-2.0
#include "ui/edit.h"

#include "ui/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

/* A page of its own, so that locking and unlocking it concerns nobody else. */
void edit_init(struct edit *e, bool is_secret)
{
    *e = (struct edit){.is_secret = is_secret};
    e->text = mmap(NULL, EDIT_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (e->text == MAP_FAILED)
        tg_bug("out of memory for a text field");
    if (is_secret) {
        mlock(e->text, EDIT_BYTES); /* a limit of zero is no reason to refuse a person */
        madvise(e->text, EDIT_BYTES, MADV_DONTDUMP);
    }
}

void edit_wipe(struct edit *e)
{
    explicit_bzero(e->text, EDIT_BYTES);
    e->n = e->at = e->left = 0;
    e->pasted = 0;
    e->was_cut = e->is_shown = e->is_offered = false;
}

void edit_release(struct edit *e)
{
    if (!e->text)
        return;
    edit_wipe(e);
    munmap(e->text, EDIT_BYTES);
    *e = (struct edit){0};
}

static size_t before(const struct edit *e, size_t at)
{
    while (at && (e->text[--at] & 0xC0) == 0x80)
        ;
    return at;
}

static size_t behind(const struct edit *e, size_t at)
{
    if (at < e->n)
        at++;
    while (at < e->n && (e->text[at] & 0xC0) == 0x80)
        at++;
    return at;
}

static void cut(struct edit *e, size_t from, size_t to)
{
    memmove(e->text + from, e->text + to, e->n - to + 1);
    explicit_bzero(e->text + e->n - (to - from) + 1, to - from);
    e->n -= to - from;
    e->at = from;
}

static bool put(struct edit *e, const char *bytes, size_t n)
{
    if (e->n + n >= EDIT_BYTES)
        return false;
    memmove(e->text + e->at + n, e->text + e->at, e->n - e->at + 1);
    memcpy(e->text + e->at, bytes, n);
    e->n += n;
    e->at += n;
    return true;
}

void edit_set(struct edit *e, const char *text)
{
    edit_wipe(e);
    for (const char *p = text; *p;) {
        const char *from = p;
        utf8_next(&p, p + strlen(p));
        if (!put(e, from, (size_t)(p - from)))
            break;
    }
}

/* What the terminal sent between the marks of a paste, less what is no text. */
static void paste(struct edit *e, const char *text)
{
    const char *p = text, *end = text + strlen(text);
    unsigned n = 0;
    e->was_cut = false;
    while (p < end) {
        const char *from = p;
        uint32_t c = utf8_next(&p, end);
        if (c < 0x20 || c == 0x7F || (c >= 0x80 && c < 0xA0))
            continue; /* a line end at the end of a copied password is the usual case */
        if (!put(e, from, (size_t)(p - from))) {
            e->was_cut = true;
            break;
        }
        n++;
    }
    e->pasted = n;
}

static void cut_word(struct edit *e)
{
    size_t from = e->at;
    while (from && e->text[from - 1] == ' ')
        from--;
    while (from && e->text[from - 1] != ' ')
        from--;
    cut(e, from, e->at);
}

static bool feed_key(struct edit *e, int key)
{
    char bytes[4];
    switch (key) {
    case K_LEFT:
        e->at = before(e, e->at);
        return true;
    case K_RIGHT:
        e->at = behind(e, e->at);
        return true;
    case K_HOME:
    case K_CTRL('a'):
        e->at = 0;
        return true;
    case K_END:
    case K_CTRL('e'):
        e->at = e->n;
        return true;
    case K_BACKSPACE:
    case K_CTRL('h'):
        cut(e, before(e, e->at), e->at);
        return true;
    case K_DELETE:
        cut(e, e->at, behind(e, e->at));
        return true;
    case K_CTRL('u'):
        edit_wipe(e);
        return true;
    case K_CTRL('w'):
        cut_word(e);
        return true;
    default:
        if (!key_is_text(key))
            return false;
        put(e, bytes, utf8_put(bytes, (uint32_t)key));
        return true;
    }
}

bool edit_feed(struct edit *e, const struct input *in)
{
    if (e->is_offered && (in->kind == IN_PASTE || (in->kind == IN_KEY && key_is_text(in->key))))
        edit_wipe(e);
    if (in->kind == IN_PASTE) {
        paste(e, in->text);
        return true;
    }
    if (in->kind != IN_KEY || !feed_key(e, in->key))
        return false;
    e->pasted = 0;
    e->is_offered = false;
    e->left = TG_MIN(e->left, e->at);
    return true;
}

/* How the text looks: itself, or a star a character. */
struct looks {
    struct buf text;
    size_t at, left;                  /* e's, in this text */
};

static struct looks looks(const struct edit *e)
{
    struct looks l = {.at = 0};
    if (!e->is_secret || e->is_shown) {
        buf_add(&l.text, e->text, e->n);
        l.at = e->at;
        l.left = e->left;
        return l;
    }
    for (size_t i = 0; i < e->n; i = behind(e, i)) {
        l.at += i < e->at;
        l.left += i < e->left;
        buf_addc(&l.text, '*');
    }
    return l;
}

static void forget(struct looks *l)
{
    if (l->text.p)
        explicit_bzero(l->text.p, l->text.n);
    buf_release(&l->text);
}

static int next_width(const char **p, const char *end)
{
    int width = glyph_width(utf8_next(p, end));
    return TG_MAX(width, 0);
}

/* From which character on it is shown, so that the cursor has a cell of its own; *cells: those before the cursor. */
static const char *first_shown(const struct looks *l, int w, int *cells)
{
    const char *all = l->text.p ? l->text.p : "", *from = all + l->left, *end = all + l->text.n;
    char *head = x_strndup(from, l->at - l->left);
    *cells = text_cells(head);
    explicit_bzero(head, l->at - l->left);
    free(head);
    while (*cells >= w && from < end)
        *cells -= next_width(&from, end);
    return from;
}

void edit_draw(const struct edit *e, struct canvas *c, struct rect clip, int y, int x, int w, bool has_focus)
{
    struct looks l = looks(e);
    int cells;
    const char *from = first_shown(&l, w, &cells);
    if (w > 0)
        canvas_cut(c, clip, y, x, w, e->is_offered && has_focus ? ROLE_PICK : ROLE_TEXT, from);
    if (has_focus) {
        c->cursor_y = y;
        c->cursor_x = x + TG_MIN(cells, TG_MAX(w - 1, 0));
    }
    forget(&l);
}

/* That many characters of how it looks, in bytes of what it is. */
static size_t offset_of(const struct edit *e, size_t looked)
{
    size_t at = 0;
    if (!e->is_secret || e->is_shown)
        return looked;
    for (size_t i = 0; i < looked; i++)
        at = behind(e, at);
    return at;
}

void edit_point(struct edit *e, int cell, int w)
{
    struct looks l = looks(e);
    int cells, x = 0;
    const char *first = first_shown(&l, w, &cells), *p = first, *end = first + strlen(first);
    while (p < end) {
        const char *next = p;
        x += next_width(&next, end);
        if (cell < x)
            break;
        p = next;
    }
    if (l.text.n) {
        e->left = offset_of(e, (size_t)(first - l.text.p));
        e->at = offset_of(e, (size_t)(p - l.text.p));
    }
    e->is_offered = e->is_offered && p == end;
    forget(&l);
}

const char *edit_note(const struct edit *e, char out[120])
{
    out[0] = 0;
    if (!e->pasted)
        return out;
    bool has_space = e->n && (e->text[0] == ' ' || e->text[e->n - 1] == ' ');
    if (e->was_cut)
        snprintf(out, 120, _("pasted, cut after %u chars: too long"), e->pasted);
    else if (e->is_secret)
        snprintf(out, 120, has_space ? _("pasted, %u chars, a space at an end") : _("pasted, %u chars"), e->pasted);
    return out;
}
