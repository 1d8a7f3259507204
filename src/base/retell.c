// SPDX-License-Identifier: Apache-2.0
/* A text was made by printf from a msgid, perhaps with other texts of ours as its arguments, or in front of or behind one
 * ("outer: inner", "a; b", "A. B"). To tell it, that is undone:
 *
 *   index      which msgids may have made it: each is found by the rarest four bytes of its literal text, so a text is
 *              held against a handful of them. Those with hardly any literal text ("%lld h") are `weak`, a list.
 *   fits       is the text what this msgid makes, and with which arguments? A %s takes as little as it can.
 *   look_up    of all that fit, the one with the most literal text; one with little is believed only where its arguments
 *              are plain words.
 *   tell       what a text is tried as, one after the other: as a whole, and taken apart at its joints. What was found is
 *              written by its translation, and its arguments are told in turn. What nobody has said stays as it stands.
 *
 * A text of CUT_FROM bytes or more may have lost its end on the way (fits_cut). */
#include "base/retell.h"

#include "base/buf.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>

#define GRAM 4u            /* bytes of an entry's key in the index */
#define SLOTS 16384u       /* of the index, a power of two */
#define LETTERS_MIN 3u     /* fewer literal letters than these say nothing about who made a text */
#define LITERAL_SURE 7u    /* with punctuation, one letter less will do: "%s: no %s: %s" */
#define LETTERS_SURE 6u    /* with fewer, an argument of several words is not believed */
#define CUT_FROM 100u      /* bytes; a shorter text was not cut by the place that it came through */
#define CUT_HEAD 16u       /* literal bytes at its begin that tell whose text it is, where its end is lost */
#define WEAK 160u          /* weak entries at most */
#define WEAK_TEXT 60u      /* bytes; a longer text is none of theirs */
#define ARGS 10u           /* of one msgid */
#define CANDIDATES 48u     /* entries that are remembered as tried; more are only tried again */
#define DEPTH 6u           /* texts within texts */

struct entry {
    const char *msgid, *said;
    uint32_t next;         /* 1 + the next entry of this slot; 0: none */
    uint16_t literal, letters, head; /* bytes of literal text, letters in it, literal bytes before the first argument */
};
struct span {
    const char *p;
    size_t n;
};
struct match {             /* a text is what this entry makes of these arguments */
    const struct entry *entry;
    struct span arg[ARGS];
    unsigned n;
};
struct spec {
    unsigned place;        /* of "%3$s": 3; 0: the next one */
    char kind;             /* 's', 'd' (whole number), 'f', 'c', 'x'; '%': a literal one */
};

static struct {
    bool is_made;
    struct entry *entries;
    uint32_t n;
    uint32_t slot[SLOTS];  /* 1 + an entry */
    struct entry weak[WEAK]; /* "%lld h", "as %s": too little literal text for what is above */
    unsigned nweak;
} index_;

/* ---- formats ---- */

/* fmt stands behind a '%'. -> behind the conversion */
static const char *spec_read(const char *fmt, struct spec *out)
{
    *out = (struct spec){0};
    size_t digits = strspn(fmt, "0123456789");
    if (digits && fmt[digits] == '$') {
        out->place = (unsigned)strtoul(fmt, NULL, 10);
        fmt += digits + 1;
    }
    fmt += strspn(fmt, "-+ #0123456789.*hlzjtL");
    char c = *fmt ? *fmt++ : '%';
    out->kind = strchr("diu", c) ? 'd' : strchr("fFeEgGaA", c) ? 'f' : strchr("xXop", c) ? 'x' : c == 'm' ? 's' : c;
    return fmt;
}

/* The log makes a line of each event: a line end of the msgid is a space in the text. */
static bool same_byte(char of_msgid, char of_text)
{
    return of_msgid == of_text || (of_msgid == '\n' && of_text == ' ');
}

static unsigned gram_slot(const char *p)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < GRAM; i++)
        v = v << 8 | (unsigned char)(p[i] == '\n' ? ' ' : p[i]);
    return (v * 2654435761u) >> 18 & (SLOTS - 1);
}

/* The next run of literal text at *fmt, with %% as one; stops behind a conversion. false: none is left. */
static bool literal_next(const char **fmt, char *out, size_t room, size_t *n)
{
    *n = 0;
    if (!**fmt)
        return false;
    while (**fmt) {
        struct spec s = {.kind = 0};
        char c = *(*fmt)++;
        if (c == '%') {
            *fmt = spec_read(*fmt, &s);
            if (s.kind != '%')
                return true;
        }
        if (*n < room)
            out[(*n)++] = c;
    }
    return true;
}

/* ---- the index ---- */

static void entry_measure(struct entry *e)
{
    char text[600];
    size_t n;
    bool is_first = true;
    for (const char *p = e->msgid; literal_next(&p, text, sizeof text, &n); is_first = false) {
        e->literal = (uint16_t)(e->literal + n);
        if (is_first)
            e->head = (uint16_t)n;
        for (size_t i = 0; i < n; i++)
            e->letters = (uint16_t)(e->letters + (isalpha((unsigned char)text[i]) != 0));
    }
}

/* The rarest four bytes of the entry's literal text. false: it has no four in a row. */
static bool entry_key(const struct entry *e, const uint16_t *seen, unsigned *slot)
{
    char text[600];
    size_t n;
    unsigned best = UINT32_MAX;
    for (const char *p = e->msgid; literal_next(&p, text, sizeof text, &n);)
        for (size_t i = 0; i + GRAM <= n; i++) {
            unsigned s = gram_slot(text + i);
            if (seen[s] < best) {
                best = seen[s];
                *slot = s;
            }
        }
    return best != UINT32_MAX;
}

static void entry_count(const struct entry *e, uint16_t *seen)
{
    char text[600];
    size_t n;
    for (const char *p = e->msgid; literal_next(&p, text, sizeof text, &n);)
        for (size_t i = 0; i + GRAM <= n; i++)
            seen[gram_slot(text + i)]++;
}

static void entry_add(const char *msgid, const char *said)
{
    struct entry e = {.msgid = msgid, .said = said};
    entry_measure(&e);
    if (e.letters >= LETTERS_MIN || (e.letters + 1u == LETTERS_MIN && e.literal >= LITERAL_SURE))
        index_.entries[index_.n++] = e;
    else if (e.letters && strcmp(msgid, said) != 0 && index_.nweak < WEAK)
        index_.weak[index_.nweak++] = e;
}

static void index_make(void)
{
    const char *one, *many, *said;
    uint32_t n = 0;
    while (text_entry(n, &one, &many, &said))
        n++;
    index_.entries = x_alloc((2 * (size_t)n + 1) * sizeof *index_.entries);
    for (uint32_t i = 0; text_entry(i, &one, &many, &said); i++) {
        entry_add(one, said);
        if (many)
            entry_add(many, said);
    }
    uint16_t *seen = x_alloc(SLOTS * sizeof *seen);
    for (uint32_t i = 0; i < index_.n; i++)
        entry_count(&index_.entries[i], seen);
    for (uint32_t i = 0; i < index_.n; i++) {
        unsigned slot = 0;
        if (!strchr(index_.entries[i].msgid, '%') || !entry_key(&index_.entries[i], seen, &slot))
            continue; /* without an argument the catalogue itself finds it, and look_up_cut where it was cut */
        index_.entries[i].next = index_.slot[slot];
        index_.slot[slot] = i + 1;
    }
    free(seen);
    index_.is_made = true;
}

/* ---- does a text come from this msgid? ---- */

/* How many bytes at p the argument may take at most, were it a number or a character; 0: it is none. */
static size_t number_span(char kind, const char *p, const char *end)
{
    size_t n = 0, pad = 0;
    while (p + pad < end && p[pad] == ' ')
        pad++;
    p += pad;
    if (kind == 'c')
        return pad + (p < end);
    const char *of = kind == 'x' ? "0123456789abcdefABCDEFx" : kind == 'f' ? "0123456789.e+-" : "0123456789";
    if (p < end && strchr("+-", *p))
        n++;
    while (p + n < end && strchr(of, p[n]) && p[n])
        n++;
    while (kind == 'f' && n && p[n - 1] == '.') /* of the sentence */
        n--;
    return n > (p < end && strchr("+-", *p) != NULL) ? pad + n : 0;
}

/* Literal text and numbers of *fmt against *text, up to the next argument of words (then *fmt stands behind it and true is
 * returned) or up to the end of fmt. What was found is in *m only where it is true. */
static bool unit_fits(const char **fmt, const char **text, const char *end, struct match *m, bool *has_words)
{
    const char *f = *fmt, *t = *text;
    unsigned n = m->n;
    *has_words = false;
    while (*f) {
        struct spec s = {.kind = 0};
        const char *after = f + 1;
        if (*f == '%')
            after = spec_read(f + 1, &s);
        if (s.kind == 's') {
            *has_words = true;
            f = after;
            break;
        }
        if (s.kind && s.kind != '%') {
            size_t k = number_span(s.kind, t, end);
            if (k == 0 || n == ARGS)
                return false;
            m->arg[n++] = (struct span){t, k};
            t += k;
        } else if (t == end || !same_byte(*f, *t++)) {
            return false;
        }
        f = after;
    }
    m->n = n;
    *fmt = f;
    *text = t;
    return true;
}

/* As with a star of a glob: only the latest argument of words ever has to grow. */
static bool fits(const struct entry *e, struct span whole, struct match *m)
{
    const char *end = whole.p + whole.n, *fmt = e->msgid, *text = whole.p;
    bool more;
    *m = (struct match){.entry = e};
    if (!unit_fits(&fmt, &text, end, m, &more))
        return false;
    while (more) {
        unsigned place = m->n;
        const char *begin = text;
        if (place == ARGS)
            return false;
        for (const char *at = begin;; at++) {
            const char *f = fmt, *t = at;
            m->n = place + 1;
            if (unit_fits(&f, &t, end, m, &more) && (more || t == end)) {
                m->arg[place] = (struct span){begin, (size_t)(at - begin)};
                fmt = f;
                text = t;
                break;
            }
            if (at == end)
                return false;
        }
    }
    return text == end;
}

/* Where an argument at p ends, if `after` stands behind it in the msgid: words go up to two bytes of the literal text there,
 * as far as that goes. */
static const char *argument_end(char kind, const char *p, const char *end, const char *after)
{
    if (kind != 's')
        return p + number_span(kind, p, end);
    if (!after[0] || after[0] == '%')
        return end;
    for (; p < end; p++) {
        bool is_alone = p + 1 == end || !after[1] || after[1] == '%';
        if (same_byte(after[0], p[0]) && (is_alone || same_byte(after[1], p[1])))
            break;
    }
    return p;
}

/* The end of the text is lost: it agrees up to there, and the literal begin is long enough to be this entry's. */
static bool fits_cut(const struct entry *e, struct span whole, struct match *m)
{
    const char *end = whole.p + whole.n, *f = e->msgid, *t = whole.p;
    *m = (struct match){.entry = e};
    if (e->head < CUT_HEAD)
        return false;
    while (*f && t < end) {
        struct spec s = {.kind = 0};
        const char *after = f + 1;
        if (*f == '%')
            after = spec_read(f + 1, &s);
        if (!s.kind || s.kind == '%') {
            if (!same_byte(*f, *t++))
                return false;
        } else {
            if (m->n == ARGS)
                return false;
            const char *stop = argument_end(s.kind, t, end, after);
            m->arg[m->n++] = (struct span){t, (size_t)(stop - t)};
            t = stop;
        }
        f = after;
    }
    return t == end;
}

/* ---- telling ---- */

static bool tell(struct span text, unsigned depth, bool may_be_cut, struct buf *out);

static bool has(struct span s, const char *words)
{
    return memmem(s.p, s.n, words, strlen(words)) != NULL;
}

/* Little literal text is believed only around arguments that are single words, or that are told themselves. */
static bool is_believed(const struct match *m)
{
    struct buf scratch = {0};
    bool fine = true;
    for (unsigned i = 0; fine && m->entry->letters < LETTERS_SURE && i < m->n; i++) {
        const char *p = m->arg[i].p;
        bool is_inner = (i > 0 || m->entry->head >= 2) && p[-1] == ' ' && p[-2] == ':';
        fine = !has(m->arg[i], " ") || is_inner || tell(m->arg[i], 1, false, &scratch);
    }
    buf_release(&scratch);
    return fine;
}

/* Does an argument hold a ": " that err_wrap may have put there? Behind the entry's own ": " it may. */
static bool spans_a_wrap(const struct match *m, struct span text)
{
    for (unsigned i = 0; i < m->n; i++) {
        const char *p = m->arg[i].p;
        if (has(m->arg[i], ": ") && !(p - text.p >= 2 && p[-1] == ' ' && p[-2] == ':'))
            return true;
    }
    return false;
}

/* The entry with the most literal text that makes all of `text`. outer_is_one: not with an argument that holds a wrap. */
static bool look_up(struct span text, bool outer_is_one, struct match *best)
{
    uint32_t tried[CANDIDATES];
    unsigned n = 0;
    best->entry = NULL;
    for (size_t i = 0; i + GRAM <= text.n; i++)
        for (uint32_t k = index_.slot[gram_slot(text.p + i)]; k; k = index_.entries[k - 1].next) {
            const struct entry *e = &index_.entries[k - 1];
            struct match m;
            bool is_known = best->entry && e->literal <= best->entry->literal;
            for (unsigned j = 0; j < n && !is_known; j++)
                is_known = tried[j] == k;
            if (is_known || e->literal > text.n)
                continue;
            if (n < CANDIDATES)
                tried[n++] = k;
            if (fits(e, text, &m) && !(outer_is_one && spans_a_wrap(&m, text)) && is_believed(&m))
                *best = m;
        }
    return best->entry != NULL;
}

static bool look_up_cut(struct span text, struct match *best)
{
    best->entry = NULL;
    for (uint32_t i = 0; i < index_.n; i++) {
        const struct entry *e = &index_.entries[i];
        struct match m;
        if (e->head >= CUT_HEAD && memcmp(e->msgid, text.p, 4) == 0 && (!best->entry || e->literal < best->entry->literal) && fits_cut(e, text, &m))
            *best = m;
    }
    return best->entry != NULL;
}

static void tell_match(const struct match *m, unsigned depth, bool may_be_cut, struct buf *out)
{
    unsigned next = 0;
    size_t begin = out->n;
    for (const char *f = m->entry->said; *f;) {
        struct spec s = {.kind = 0};
        if (*f != '%') {
            buf_addc(out, *f++ );
            continue;
        }
        f = spec_read(f + 1, &s);
        if (s.kind == '%') {
            buf_addc(out, '%');
            continue;
        }
        unsigned i = s.place ? s.place - 1 : next++;
        if (i >= m->n)
            buf_adds(out, "…");
        else if (s.kind != 's' || !has(m->arg[i], " ") || depth >= DEPTH ||
                 !tell(m->arg[i], depth + 1, may_be_cut && i + 1 == m->n, out))
            buf_add(out, m->arg[i].p, m->arg[i].n);
    }
    for (char *p = out->p + begin; !strchr(m->entry->msgid, '\n') && (p = strchr(p, '\n'));)
        *p = ' ';
}

/* A text without arguments. */
static bool tell_plain(struct span text, struct buf *out)
{
    char plain[600];
    if (text.n >= sizeof plain)
        return false;
    memcpy(plain, text.p, text.n);
    plain[text.n] = 0;
    const char *said = text_translate(plain);
    if (said == plain || strchr(plain, '%'))
        return false;
    buf_adds(out, said);
    return true;
}

static bool begins_as_number(struct span s)
{
    return isdigit((unsigned char)s.p[0]) || strchr("+-", s.p[0]);
}

/* "24 h"; and, as a whole text, "as root". Only single words are taken for arguments. */
static bool tell_weak(struct span text, unsigned depth, struct buf *out)
{
    struct match m, best = {.n = 0};
    if (!text.n || text.n > WEAK_TEXT || (depth && !begins_as_number(text)))
        return false;
    for (unsigned i = 0; i < index_.nweak; i++) {
        const struct entry *e = &index_.weak[i];
        bool fine = (!best.entry || e->literal > best.entry->literal) && fits(e, text, &m) && m.n;
        for (unsigned k = 0; fine && k < m.n; k++)
            fine = m.arg[k].n && !has(m.arg[k], " ") && (!depth || begins_as_number(m.arg[k]));
        if (fine)
            best = m;
    }
    if (best.entry)
        tell_match(&best, DEPTH, false, out);
    return best.entry != NULL;
}

static bool tell_whole(struct span text, unsigned depth, bool may_be_cut, bool outer_is_one, struct buf *out)
{
    struct match m;
    if (tell_plain(text, out))
        return true;
    if (!look_up(text, outer_is_one, &m))
        return false;
    tell_match(&m, depth, may_be_cut, out);
    return true;
}

static bool tell_cut(struct span text, unsigned depth, struct buf *out)
{
    struct match m;
    if (text.n < CUT_HEAD || !look_up_cut(text, &m))
        return false;
    tell_match(&m, depth, true, out);
    return true;
}

/* "outer: inner" where outer is ours: the rest is told as a text of its own. Of the joint, `keep` bytes are outer's own. */
static bool tell_outer(struct span text, const char *joint, size_t keep, const char *said_joint, unsigned depth, bool may_be_cut, struct buf *out)
{
    size_t width = strlen(joint);
    const char *end = text.p + text.n, *p = text.p;
    for (; (p = memmem(p, (size_t)(end - p), joint, width)) != NULL; p += width) {
        struct span head = {text.p, (size_t)(p - text.p) + keep}, tail = {p + width, (size_t)(end - p) - width};
        if (!has(head, " ") || !tell_whole(head, depth + 1, false, true, out))
            continue;
        buf_adds(out, said_joint);
        struct span spaced = {tail.p - keep, tail.n + keep}; /* a sentence that follows others may begin with their space */
        if (!tail.n || ((!keep || !tell(spaced, depth + 1, may_be_cut, out)) && !tell(tail, depth + 1, may_be_cut, out)))
            buf_add(out, tail.p, tail.n);
        return true;
    }
    return false;
}

/* What was written from there on was not it. */
static void take_back(struct buf *out, size_t begin)
{
    out->n = begin;
    if (out->p)
        out->p[begin] = 0;
}

/* The same where only the inner one is ours, the longest that is. */
static bool tell_inner(struct span text, const char *joint, unsigned depth, bool may_be_cut, struct buf *out)
{
    size_t width = strlen(joint), begin = out->n;
    const char *end = text.p + text.n, *p = text.p;
    for (; (p = memmem(p, (size_t)(end - p), joint, width)) != NULL; p += width) {
        struct span tail = {p + width, (size_t)(end - p) - width};
        buf_add(out, text.p, text.n - tail.n);
        if (has(tail, " ") && (tell_whole(tail, depth + 1, may_be_cut, true, out) || (may_be_cut && tell_cut(tail, depth + 1, out))))
            return true;
        take_back(out, begin);
    }
    return false;
}

/* "a; b; c" where each is ours. */
static bool tell_list(struct span text, unsigned depth, struct buf *out)
{
    size_t begin = out->n;
    const char *end = text.p + text.n;
    for (const char *p = text.p, *next; has(text, "; "); p = next + 2) {
        next = memmem(p, (size_t)(end - p), "; ", 2);
        struct span one = {p, (size_t)((next ? next : end) - p)};
        if (p != text.p)
            buf_adds(out, "；");
        if (!tell(one, depth + 1, false, out))
            break;
        if (!next)
            return true;
    }
    take_back(out, begin);
    return false;
}

/* true: some of it was told, all of it stands in *out. false: nothing was added. */
static bool tell(struct span text, unsigned depth, bool may_be_cut, struct buf *out)
{
    if (depth > DEPTH)
        return false;
    return tell_plain(text, out) || tell_list(text, depth, out) ||
           /* one msgid, unless it needs an argument in which a text is wrapped: then the wrap is undone first */
           tell_whole(text, depth, may_be_cut, true, out) || tell_outer(text, ": ", 0, "：", depth, may_be_cut, out) ||
           tell_whole(text, depth, may_be_cut, false, out) || (may_be_cut && tell_cut(text, depth, out)) ||
           tell_inner(text, ": ", depth, may_be_cut, out) ||
           /* several of them */
           tell_outer(text, "; ", 0, "；", depth, may_be_cut, out) || tell_inner(text, "; ", depth, may_be_cut, out) ||
           tell_outer(text, ". ", 1, "", depth, may_be_cut, out) || tell_inner(text, ". ", depth, may_be_cut, out) ||
           tell_weak(text, depth, out);
}

/* "TG-4001 " stands before some. */
static size_t id_length(const char *text)
{
    return strncmp(text, "TG-", 3) == 0 && strspn(text + 3, "0123456789") == 4 && text[7] == ' ' ? 8 : 0;
}

const char *retell(const char *text)
{
    static struct buf kept[RETELL_KEPT];
    static unsigned next;
    if (text_language() == TEXT_EN || !text || !text[0])
        return text;
    if (!index_.is_made)
        index_make();
    struct buf *out = &kept[next % RETELL_KEPT];
    size_t id = id_length(text);
    struct span whole = {text + id, strlen(text + id)};
    buf_reset(out);
    buf_add(out, text, id);
    if (!tell(whole, 0, whole.n >= CUT_FROM, out))
        return text;
    next++;
    return out->p;
}
