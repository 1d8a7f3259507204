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
    e->n = e->at = 0;
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
    return true;
}

/* How the text looks: itself, or a star a character. Offsets of the cursor go along. */
static size_t looks(const struct edit *e, struct buf *out)
{
    size_t at = 0;
    if (!e->is_secret || e->is_shown) {
        buf_add(out, e->text, e->n);
        return e->at;
    }
    for (size_t i = 0; i < e->n; i = behind(e, i)) {
        at += i < e->at;
        buf_addc(out, '*');
    }
    return at;
}

void edit_draw(const struct edit *e, struct canvas *c, struct rect clip, int y, int x, int w, bool has_focus)
{
    struct buf text = {0};
    size_t at = looks(e, &text);
    char *head = x_strndup(text.p ? text.p : "", at);
    int cells = text_cells(head);
    free(head);
    const char *from = text.p ? text.p : "", *end = from + text.n;
    while (cells >= w && from < end) { /* from the left, until the cursor has a cell of its own */
        const char *last = from;
        int width = glyph_width(utf8_next(&from, end));
        cells -= TG_MAX(width, 0);
        if (from == last)
            break;
    }
    if (w > 0)
        canvas_cut(c, clip, y, x, w, e->is_offered && has_focus ? ROLE_PICK : ROLE_TEXT, from);
    if (has_focus) {
        c->cursor_y = y;
        c->cursor_x = x + TG_MIN(cells, TG_MAX(w - 1, 0));
    }
    if (text.p)
        explicit_bzero(text.p, text.n);
    buf_release(&text);
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
