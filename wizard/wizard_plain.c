// SPDX-License-Identifier: Apache-2.0
#include "wizard/wizard_plain.h"

#include "base/file.h"
#include "base/retell.h"
#include "ui/term.h"
#include "ui/text.h"
#include "wizard/pages.h"
#include "wizard/probe.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define SPEAK_MS 30000

void plain_say(const char *fmt, ...)
{
    char text[4096];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    for (char *p = text, *next; p; p = next) {
        next = strchr(p, '\n');
        if (next)
            *next++ = 0;
        term_plain_line(stdout, p);
    }
}

/* ---- asking ---- */

/* false: the end of the input. */
static bool read_line(struct plain *p, bool is_secret)
{
    struct termios before, quiet;
    bool hides = is_secret && tcgetattr(STDIN_FILENO, &before) == 0;
    if (hides) {
        quiet = before;
        quiet.c_lflag &= (tcflag_t) ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSADRAIN, &quiet);
    }
    bool has_line = fgets(p->line, sizeof p->line, stdin) != NULL;
    if (hides)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    if (hides || !isatty(STDIN_FILENO)) /* nobody has echoed the end of the line */
        fputc('\n', stdout);
    p->line[has_line ? strcspn(p->line, "\r\n") : 0] = 0;
    return has_line;
}

bool plain_save(struct plain *p, const char *path)
{
    struct wz *w = p->w;
    struct err e = {0};
    struct buf text = {0};
    if (path && path[0])
        snprintf(w->path, sizeof w->path, "%s", path);
    if (!w->path[0])
        snprintf(w->path, sizeof w->path, "%.40s.yaml", w->job->name ? w->job->name : "job");
    job_emit(w->job, &text);
    bool ok = file_replace(w->path, &text, &e);
    buf_release(&text);
    if (ok) {
        w->is_changed = false;
        plain_say(_("saved as %s; passwords stay references"), w->path);
    } else {
        plain_say("%s: %s", err_info(e.code)->id, retell(e.text));
    }
    return ok;
}

static bool is_yes(const char *text)
{
    return text[0] == 'y' || text[0] == 'Y' || strcmp(text, "是") == 0;
}

/* true: really. */
static bool ask_leave(struct plain *p)
{
    if (!p->w->is_changed)
        return true;
    printf("%s ", _("The answers are not saved. Leave without saving? yes or no [no]:"));
    fflush(stdout);
    return !read_line(p, false) || is_yes(p->line);
}

enum said plain_ask(struct plain *p, const char *prompt, const char *help, bool is_secret)
{
    for (;;) {
        printf("%s ", prompt);
        fflush(stdout);
        if (!read_line(p, is_secret)) {
            plain_say("%s", _("The input has ended. Nothing was started."));
            return SAID_LEAVE;
        }
        if (is_secret) {
            if (strcmp(p->line, "<") == 0)
                return SAID_BACK;
            return SAID_TEXT;
        }
        if (strcmp(p->line, "?") == 0) {
            plain_say("%s", help && help[0] ? help : _("There is no help on this."));
            plain_say("%s", _("< goes back, save saves, quit leaves; =TEXT takes TEXT as it stands, = alone empties."));
        } else if (strcmp(p->line, "save") == 0) {
            plain_save(p, NULL);
        } else if (strcmp(p->line, "quit") == 0) {
            if (ask_leave(p))
                return SAID_LEAVE;
        } else if (strcmp(p->line, "<") == 0) {
            return SAID_BACK;
        } else {
            return SAID_TEXT;
        }
    }
}

enum said plain_choose(struct plain *p, const char *help, unsigned n, unsigned initial, unsigned *chosen)
{
    char prompt[40], *end;
    snprintf(prompt, sizeof prompt, _("Choose [%u]:"), initial);
    for (;;) {
        enum said said = plain_ask(p, prompt, help, false);
        if (said != SAID_TEXT)
            return said;
        unsigned long number = p->line[0] ? strtoul(p->line, &end, 10) : initial;
        if (number >= 1 && number <= n && (!p->line[0] || !*end)) {
            *chosen = (unsigned)number;
            return SAID_TEXT;
        }
        plain_say("%s", _("There is no such choice."));
    }
}

enum said plain_confirm(struct plain *p, const char *question, bool initial, bool *yes)
{
    char prompt[200];
    snprintf(prompt, sizeof prompt, initial ? _("%s yes or no [yes]:") : _("%s yes or no [no]:"), question);
    enum said said = plain_ask(p, prompt, NULL, false);
    *yes = p->line[0] ? is_yes(p->line) : initial;
    return said;
}

/* ---- probes ---- */

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void tell(const struct probe_line *l)
{
    static const char *const words[] = {N_("Fine"), N_("Attention"), N_("Fails"), N_("Not looked at")};
    plain_say(_("%s: %s"), _(words[l->state]), retell(l->text));
}

void plain_probe(struct plain *p, enum probe which)
{
    struct wz *w = p->w;
    int64_t spoke = now_ms();
    bool is_over = false;
    w->now_ms = spoke;
    w->probe[which] = (struct probe_view){.is_running = true, .began_ms = spoke};
    plain_say("%s", which == PROBE_CHECKS ? _("Looking; nothing is written anywhere.") : which == PROBE_REHEARSE ? _("Rehearsing.") : _("Testing."));
    prober_start(p->prober, &(struct probe_order){.which = which, .job = w->job, .home = p->o->home});
    while (!is_over) {
        struct pollfd fd = {.fd = prober_fd(p->prober), .events = POLLIN};
        poll(&fd, 1, 1000);
        w->now_ms = now_ms();
        for (struct news *n; (n = prober_take(p->prober)) != NULL; free(n)) {
            bool is_ours = n->probe == which;
            is_over |= is_ours && n->kind == NEWS_OVER;
            bool is_news = which != PROBE_CHECKS || n->line.state == CHECK_WARN || n->line.state == CHECK_FAIL; /* of seventy lines */
            if (is_ours && n->kind == NEWS_LINE && is_news) {
                tell(&n->line);
                spoke = w->now_ms;
            }
            wz_take(w, n);
        }
        if (w->now_ms - spoke >= SPEAK_MS) {
            plain_say("%s", _("Still at it."));
            spoke = w->now_ms;
        }
    }
}

/* ---- from page to page ---- */

static void walk(struct plain *p)
{
    struct wz_effect ignored = {0};
    for (enum step s = STEP_START; !p->is_over;) {
        p->w->at = s;
        p->w->reached = TG_MAX(p->w->reached, s);
        if (s != STEP_START && s != STEP_CHECKS && wz_pages[s]->enter)
            wz_pages[s]->enter(p->w, &ignored); /* Checks runs its probe by itself */
        secret_free(ignored.password);
        ignored = (struct wz_effect){0};
        enum said said = plain_page(p, s);
        form_focus(&p->w->form[s], p->w, SIZE_MAX);
        if (said == SAID_LEAVE)
            return;
        if (said == SAID_BACK)
            s = s ? s - 1 : s;
        else if (s < STEP_REVIEW)
            s++;
    }
}

int wizard_plain(const struct wizard_options *o, struct job *job)
{
    struct plain p = {.o = o};
    text_speak_default();
    setvbuf(stdin, NULL, _IONBF, 0); /* what follows is the dashboard's; and no password stays in a buffer */
    p.w = wz_new(o, job);
    p.prober = prober_new();
    plain_say("%s", _("tidegate, new migration. Type ? for help, < to go back, save to save, quit to leave."));
    walk(&p);
    explicit_bzero(p.line, sizeof p.line);
    prober_free(p.prober);
    wz_free(p.w);
    return p.code;
}
