// SPDX-License-Identifier: Apache-2.0
#include "wizard/wizard_plain.h"

#include "base/retell.h"
#include "base/sync.h"
#include "ui/term.h"
#include "ui/text.h"
#include "wizard/job_file.h"
#include "wizard/pages.h"
#include "wizard/probe.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#define SPEAK_MS 30000
#define QUIET_MS 3000 /* nobody has said anything for so long */
#define NAME_MS 300   /* most names are known, or not, in this time */

/* ---- saying ---- */

static void say_lines(char *text)
{
    for (char *p = text, *next; p; p = next) {
        next = strchr(p, '\n');
        if (next)
            *next++ = 0;
        term_plain_line(stdout, p);
    }
}

void plain_say(const char *fmt, ...)
{
    char text[4096];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    say_lines(text);
}

/* What a key does on a screen a word does here. */
static const char *const spoken[][2] = {{"{F4", "origin"}, {"{F6", "rights"}, {"{F2", "go"}, {"{F7", "rename"}};

void plain_text(const char *text)
{
    struct buf out = {0};
    char rest[4096];
    for (const char *p = text; *p;) {
        size_t k = 0;
        while (k < TG_ARRAY_LEN(spoken) && strncmp(p, spoken[k][0], 3) != 0)
            k++;
        const char *end = k < TG_ARRAY_LEN(spoken) && (p[3] == ' ' || p[3] == '}') ? strchr(p, '}') : NULL;
        if (end)
            buf_adds(&out, spoken[k][1]);
        else
            buf_addc(&out, *p);
        p = end ? end + 1 : p + 1;
    }
    keymap_say(wizard_keys, ~0u, out.p ? out.p : "", rest, sizeof rest);
    buf_release(&out);
    buf_adds(&out, rest);
    while (out.n && out.p[out.n - 1] == '\n')
        out.p[--out.n] = 0;
    if (out.n)
        say_lines(out.p);
    buf_release(&out);
}

static void tell_notice(struct plain *p)
{
    char text[sizeof p->w->notice];
    snprintf(text, sizeof text, "%s", retell(p->w->notice));
    p->w->notice[0] = 0;
    if (strcmp(text, _("nothing is chosen: Space picks a row, {a} picks all")) == 0)
        plain_say("%s", _("nothing is chosen: pick NAME picks, pick all picks everything"));
    else if (text[0])
        plain_text(text);
}

static void tell(const struct probe_line *l)
{
    static const char *const words[] = {N_("Fine"), N_("Attention"), N_("Fails"), N_("Not looked at")};
    if (l->is_remedy)
        plain_say("%s", retell(l->text));
    else
        plain_say(_("%s: %s"), _(words[l->state]), retell(l->text));
}

/* ---- hearing ---- */

/* What came from the background: a name that is not known, what is known of a stopped run. true: something was told. */
static bool tell_background(struct plain *p)
{
    bool told = false;
    for (struct news *n; (n = prober_take(p->prober)) != NULL; free(n)) {
        struct form *f = &p->w->form[n->is_target ? STEP_TARGET : STEP_SOURCE];
        wz_take(p->w, n);
        if (n->kind == NEWS_RUN) {
            plain_say("%s: %s", n->text, retell(n->line.text));
            told = true;
        }
        for (size_t i = 0; n->kind == NEWS_OVER && n->probe == PROBE_NAME && n->err.code != ERR_OK && i < f->n; i++)
            if (strcmp(f->field[i].path, n->is_target ? "target.host" : "source.host") == 0 && f->word[i].text[0]) {
                plain_say(_("Attention: %s"), retell(f->word[i].text));
                told = true;
            }
    }
    return told;
}

/* A byte at a time: what follows the line is somebody else's. false: the end of the input. */
static bool read_bytes(char *line, size_t size)
{
    size_t n = 0;
    char byte = 0;
    ssize_t got;
    while ((got = read(STDIN_FILENO, &byte, 1)) == 1 && byte != '\n')
        if (byte != '\r' && n + 1 < size)
            line[n++] = byte;
    line[n] = 0;
    return got == 1 || n;
}

/* Who has begun a line is not interrupted by what came meanwhile: it is told before the next question, or after a while. */
static bool wait_for_line(struct plain *p, const char *prompt)
{
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
    while (poll(&fd, 1, QUIET_MS) <= 0)
        if (tell_background(p)) {
            printf("%s ", prompt);
            fflush(stdout);
        }
    return read_bytes(p->line, sizeof p->line);
}

/* false: the end of the input. */
static bool read_line(struct plain *p, const char *prompt, bool is_secret)
{
    struct termios before, quiet;
    bool hides = is_secret && tcgetattr(STDIN_FILENO, &before) == 0, has_line = true;
    p->w->now_ms = clock_mono_ms();
    draft_keep(&p->keeper, p->w, true);
    tell_background(p);
    if (hides) {                      /* before it is asked for: an answer may come at once */
        quiet = before;
        quiet.c_lflag &= (tcflag_t) ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSADRAIN, &quiet);
    }
    printf("%s ", prompt);
    fflush(stdout);
    if (p->has_ahead)
        snprintf(p->line, sizeof p->line, "%s", p->ahead);
    else
        has_line = wait_for_line(p, prompt);
    p->has_ahead = false;
    if (hides)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    if (hides || !isatty(STDIN_FILENO)) /* nobody has echoed the end of the line */
        fputc('\n', stdout);
    return has_line;
}

const char *plain_behind(const char *line, const char *word)
{
    size_t n = strlen(word);
    if (strncmp(line, word, n) != 0 || (line[n] && line[n] != ' '))
        return NULL;
    return line + n + strspn(line + n, " ");
}

static enum said input_ended(struct plain *p)
{
    plain_say("%s", _("The input has ended. Nothing was started."));
    draft_keep(&p->keeper, p->w, true);
    if (p->keeper.is_ours)
        plain_say("%s", _("What was answered is kept: the next start offers to carry on with it."));
    p->is_over = true;
    return SAID_LEAVE;
}

static void show_job(struct plain *p)
{
    struct buf text = {0};
    job_emit_beside(p->w->job, p->w->path, &text);
    if (text.p)
        say_lines(text.p);
    buf_release(&text);
}

/* go: which pages there are; go NAME or NUMBER. true: p->go_to is one that may be gone to. */
static bool go_to(struct plain *p, const char *where)
{
    char *end;
    unsigned long number = strtoul(where, &end, 10);
    for (int s = 0; s < STEP_COUNT; s++)
        if ((where[0] && !*end && number == (unsigned long)s + 1) || strcasecmp(where, wz_pages[s]->title) == 0 || strcmp(where, _(wz_pages[s]->title)) == 0) {
            p->go_to = (enum step)s;
            if (s <= (int)p->w->reached)
                return true;
            plain_say("%s", _("that page was not reached yet: Enter goes on page by page"));
            return false;
        }
    for (int s = 0; s <= (int)p->w->reached; s++)
        plain_say("  %d  %s", s + 1, _(wz_pages[s]->title));
    plain_say("%s", _("go NUMBER goes to that page"));
    return false;
}

static enum said save_as(struct plain *p, const char *name, bool seals)
{
    struct wz_effect f = {.kind = WZ_SAVE, .seals = seals};
    snprintf(f.text, sizeof f.text, "%s", name);
    return plain_do(p, &f);
}

static enum said quit(struct plain *p)
{
    struct wz_effect f = {.kind = WZ_NONE};
    ask_leave_wizard(p->w, 0);
    return plain_do(p, &f);
}

/* What can be said at every prompt. false: it is an answer. *said: how it went on. */
static bool command(struct plain *p, const char *help, enum said *said)
{
    const char *rest;
    *said = SAID_TEXT;
    if (strcmp(p->line, "?") == 0) {
        plain_text(help && help[0] ? help : _("There is no help on this."));
        plain_words_help(p);
        plain_say("%s", _("seal [FILE] saves with the typed passwords in an encrypted file beside it."));
        plain_say("%s", _("< goes back, save [FILE] saves, show shows the job, go goes to a page, quit leaves; =TEXT takes TEXT as it stands, = alone empties."));
    } else if (strcmp(p->line, "<") == 0) {
        *said = SAID_BACK;
    } else if (p->is_in_box) {
        if (strcmp(p->line, "quit") != 0)
            return false;
        *said = SAID_BACK;
    } else if ((rest = plain_behind(p->line, "save")) != NULL || (rest = plain_behind(p->line, "seal")) != NULL) {
        char name[sizeof p->line];
        snprintf(name, sizeof name, "%s", rest);
        *said = save_as(p, name, p->line[1] == 'e');
    } else if (strcmp(p->line, "show") == 0) {
        show_job(p);
    } else if (strcmp(p->line, "quit") == 0) {
        *said = quit(p);
    } else if ((rest = plain_behind(p->line, "go")) != NULL) {
        *said = go_to(p, rest) ? SAID_GO : SAID_TEXT;
    } else {
        return false;
    }
    return true;
}

enum said plain_ask(struct plain *p, const char *prompt, const char *help, bool is_secret)
{
    enum said said = SAID_TEXT;
    for (;;) {
        if (!read_line(p, prompt, is_secret))
            return input_ended(p);
        if (is_secret)
            return strcmp(p->line, "<") == 0 ? SAID_BACK : SAID_TEXT;
        if (!command(p, help, &said))
            return SAID_TEXT;
        if (said != SAID_TEXT)
            return said;
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

static bool is_yes(const char *text)
{
    return text[0] == 'y' || text[0] == 'Y' || strcmp(text, "是") == 0;
}

enum said plain_confirm(struct plain *p, const char *question, bool initial, bool *yes)
{
    char prompt[600];
    snprintf(prompt, sizeof prompt, initial ? _("%s yes or no [yes]:") : _("%s yes or no [no]:"), question);
    enum said said = plain_ask(p, prompt, NULL, false);
    *yes = p->line[0] ? is_yes(p->line) : initial;
    return said;
}

/* ---- probes ---- */

static void begin_words(enum probe which)
{
    plain_say("%s", which == PROBE_CHECKS     ? _("Looking; nothing is written anywhere.")
                    : which == PROBE_REHEARSE ? _("Rehearsing.")
                    : which == PROBE_TABLES   ? _("The source is asked what there is. Nothing is written anywhere.")
                    : which == PROBE_CURE     ? _("Running it.")
                                              : _("Testing."));
}

/* On a terminal "stop" ends what works; another line is the answer to the next question. */
static bool is_stopped(struct plain *p)
{
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
    if (p->has_ahead || !isatty(STDIN_FILENO) || poll(&fd, 1, 0) <= 0 || !read_bytes(p->ahead, sizeof p->ahead))
        return false;
    p->has_ahead = strcmp(p->ahead, "stop") != 0;
    return !p->has_ahead;
}

/* Takes the news; true: the probe has ended. */
static bool take_news(struct plain *p, enum probe which, int64_t *spoke)
{
    bool is_over = false;
    for (struct news *n; (n = prober_take(p->prober)) != NULL; free(n)) {
        bool is_ours = n->probe == which;
        is_over |= is_ours && n->kind == NEWS_OVER;
        bool is_long = which == PROBE_CHECKS || which == PROBE_REHEARSE; /* seventy lines */
        bool is_news = !is_long || n->line.state == CHECK_WARN || n->line.state == CHECK_FAIL;
        if (is_ours && n->kind == NEWS_LINE && is_news) {
            tell(&n->line);
            *spoke = p->w->now_ms;
        }
        wz_take(p->w, n);
    }
    return is_over;
}

static void watch_probe(struct plain *p, enum probe which)
{
    struct wz *w = p->w;
    int64_t spoke = w->now_ms;
    for (bool is_over = false; !is_over;) {
        struct pollfd fd[2] = {{.fd = prober_fd(p->prober), .events = POLLIN}, {.fd = p->has_ahead || !isatty(STDIN_FILENO) ? -1 : STDIN_FILENO, .events = POLLIN}};
        poll(fd, 2, 1000);
        w->now_ms = clock_mono_ms();
        is_over = take_news(p, which, &spoke);
        if (!is_over && is_stopped(p)) {
            prober_stop(p->prober, which);
            w->probe[which].is_running = false;
            plain_say("%s", _("Stopped."));
            return;
        }
        if (w->now_ms - spoke >= SPEAK_MS) {
            plain_say("%s", _("Still at it. stop ends it."));
            spoke = w->now_ms;
        }
    }
}

static void start_probe(struct plain *p, const struct probe_order *o)
{
    p->w->now_ms = clock_mono_ms();
    p->w->probe[o->which] = (struct probe_view){.is_running = true, .began_ms = p->w->now_ms};
    p->nprobes++;
    prober_start(p->prober, o);
    if (o->which == PROBE_NAME || o->which == PROBE_RUNS) { /* in the background: told when it is known */
        struct pollfd fd = {.fd = prober_fd(p->prober), .events = POLLIN};
        poll(&fd, 1, NAME_MS);
        return;
    }
    begin_words(o->which);
    watch_probe(p, o->which);
}

void plain_probe(struct plain *p, enum probe which, bool is_target)
{
    start_probe(p, &(struct probe_order){.which = which, .is_target = is_target, .job = p->w->job, .home = p->o->home, .runs = p->w->runs, .nruns = p->w->nruns});
}

/* ---- effects ---- */

static void cure(struct plain *p, struct wz_effect *f)
{
    const struct check_cure *c = checks_cure(p->w, f);
    if (!c) {
        secret_free(f->password);
        return;
    }
    review_propose_name(p->w);        /* its record lies in the run's folder */
    plain_say("%s", retell(c->title));
    start_probe(p, &(struct probe_order){.which = PROBE_CURE, .job = p->w->job, .home = p->o->home, .check = f->check, .cure = c, .user = f->text, .password = f->password});
    tell_notice(p);
    if (!p->w->modal.kind)            /* else it says first why it did not work */
        plain_probe(p, PROBE_CHECKS, false);
    else
        p->w->probe[PROBE_CHECKS].is_stale = true;
}

static void attach(struct plain *p, const char *run)
{
    p->code = p->o->port->attach(p->o->port->arg, run);
    p->is_over = true;
}

static void act_on_run(struct plain *p, const struct wz_effect *f)
{
    struct err e = {0};
    const struct wizard_port *port = p->o->port;
    if (f->kind == WZ_ATTACH) {
        attach(p, f->text);
    } else if (f->kind == WZ_DEMO) {
        port->demo(port->arg);
    } else if (f->kind == WZ_RESUME) {
        if (port->resume(port->arg, f->text, &e))
            attach(p, f->text);
        else
            ask_failure(p->w, _("The run did not go on"), &e);
    } else if (!port->start(port->arg, p->w->job, &e)) {
        ask_failure(p->w, _("The run did not start"), &e);
    } else {
        draft_drop(&p->keeper, p->w);
        attach(p, p->w->job->name);
    }
}

static void save(struct plain *p, const struct wz_effect *f)
{
    bool leaves = p->w->leaves_after_save;
    if (!job_file_save(p->w, f))
        return;
    draft_drop(&p->keeper, p->w);
    p->is_over = leaves;
    p->w->leaves_after_save = false;
}

static void act(struct plain *p, struct wz_effect *f)
{
    struct wz_effect more = {.kind = WZ_NONE};
    switch (f->kind) {
    case WZ_PROBE:
        plain_probe(p, f->probe, f->is_target);
        break;
    case WZ_SAVE:
        save(p, f);
        break;
    case WZ_UNSEAL:
        if (job_file_unseal(p->w, f)) {
            more = p->w->after;
            p->w->after = (struct wz_effect){.kind = WZ_NONE};
            tell_notice(p);
            act(p, &more);
        }
        break;
    case WZ_OPEN:
        job_file_open(p->w, f->text);
        break;
    case WZ_CARRY_ON:
        if (draft_carry_on(&p->keeper, p->w, &more)) {
            tell_notice(p);
            if (!ask_sealed(p->w, &more))
                act(p, &more);
        }
        break;
    case WZ_WRITE_DM:
        job_file_write_dm(p->w, f->text);
        break;
    case WZ_CURE:
        cure(p, f);
        break;
    case WZ_COPY:                     /* lines can be copied from where they stand */
        say_lines(f->text);
        break;
    case WZ_LEAVE:
        draft_drop(&p->keeper, p->w);
        p->is_over = true;
        break;
    case WZ_RUN:
    case WZ_ATTACH:
    case WZ_RESUME:
    case WZ_DEMO:
        act_on_run(p, f);
        break;
    default:
        break;
    }
    *f = (struct wz_effect){.kind = WZ_NONE};
}

/* ---- boxes ---- */

static void press_in_box(struct plain *p, int key, struct wz_effect *out)
{
    p->w->modal.opened_by = 0;        /* a line is never a key that was on its way */
    p->w->modal.deaf_until_ms = 0;
    wz_feed(p->w, &(struct input){.kind = IN_KEY, .key = key}, out);
}

/* The fields of a box are asked when the button that was chosen needs them. */
static bool takes_fields(const struct modal *m, unsigned button)
{
    return m->nfields && !m->button[button].leaves_fields && (m->button[button].wants_name || m->button[button].takes_fields || (m->is_column ? button > 0 : button == 0));
}

static enum said ask_box_fields(struct plain *p)
{
    struct modal *m = &p->w->modal;
    for (unsigned i = 0; i < m->nfields; i++) {
        char prompt[400];
        bool is_secret = m->field[i].edit.is_secret;
        const char *now = is_secret ? "" : m->field[i].wants[0] ? m->field[i].wants : m->field[i].edit.text ? m->field[i].edit.text : "";
        if (m->field[i].wants[0])
            snprintf(prompt, sizeof prompt, "%s (%s):", m->field[i].label, now);
        else
            snprintf(prompt, sizeof prompt, is_secret ? _("%s (not shown):") : now[0] ? "%s [%s]:" : "%s:", m->field[i].label, now);
        enum said said = plain_ask(p, prompt, NULL, is_secret);
        if (said != SAID_TEXT)
            return said;
        if (p->line[0])
            edit_set(&m->field[i].edit, !is_secret && p->line[0] == '=' ? p->line + 1 : p->line);
        explicit_bzero(p->line, is_secret ? sizeof p->line : 0);
    }
    return SAID_TEXT;
}

/* Speaks the box that is open and answers it once. */
static enum said speak_box(struct plain *p, struct wz_effect *out)
{
    struct modal *m = &p->w->modal;
    unsigned chosen;
    plain_say("%s", m->title);
    plain_text(m->text.p ? m->text.p : "");
    if (!m->nbuttons || strcmp(m->button[0].label, _("Copy")) == 0) { /* the text stands there: nothing to choose */
        press_in_box(p, K_ESC, out);
        return SAID_TEXT;
    }
    for (unsigned i = 0; i < m->nbuttons; i++)
        plain_say("  %u  %s", i + 1, m->button[i].label);
    enum said said = plain_choose(p, _("< leaves this question as if it had not been asked."), m->nbuttons, m->focus < m->nfields ? 1 : m->focus - m->nfields + 1, &chosen);
    if (said == SAID_TEXT && takes_fields(m, chosen - 1))
        said = ask_box_fields(p);
    if (said == SAID_LEAVE)
        return said;
    m->focus = m->nfields + chosen - 1;
    if (said == SAID_TEXT && !modal_is_awake(m, chosen - 1)) {
        plain_say("%s", _("That is not the name that was asked for: nothing was done."));
        return SAID_TEXT;
    }
    press_in_box(p, said == SAID_BACK ? K_ESC : K_ENTER, out);
    return SAID_TEXT;
}

enum said plain_do(struct plain *p, struct wz_effect *f)
{
    for (;;) {
        wz_ask_passphrase(p->w, f);
        act(p, f);
        tell_notice(p);
        if (p->is_over)
            return SAID_LEAVE;
        if (f->kind == WZ_NONE && !p->w->modal.kind)
            return SAID_TEXT;
        bool was_in_box = p->is_in_box;
        p->is_in_box = true;
        enum said said = speak_box(p, f);
        p->is_in_box = was_in_box;
        if (said == SAID_LEAVE) {
            modal_close(&p->w->modal);
            return said;
        }
    }
}

enum said plain_press(struct plain *p, unsigned button)
{
    struct wz_effect f = {.kind = WZ_NONE};
    form_focus(&p->w->form[p->w->at], p->w, SIZE_MAX);
    if (wz_pages[p->w->at]->press)
        wz_pages[p->w->at]->press(p->w, button, &f);
    return plain_do(p, &f);
}

enum said plain_key(struct plain *p, int key)
{
    struct wz_effect f = {.kind = WZ_NONE};
    form_focus(&p->w->form[p->w->at], p->w, SIZE_MAX);
    if (wz_pages[p->w->at]->feed)
        wz_pages[p->w->at]->feed(p->w, &(struct input){.kind = IN_KEY, .key = key}, &f);
    return plain_do(p, &f);
}

/* ---- from page to page ---- */

static void walk(struct plain *p)
{
    struct wz *w = p->w;
    while (!p->is_over) {
        struct wz_effect f = {.kind = WZ_NONE};
        enum step s = w->at, to = s;
        enum said said = plain_page(p, s);
        if (said == SAID_LEAVE || p->is_over)
            return;
        if (w->at != s && said == SAID_TEXT)
            continue;                 /* a file was opened, or a draft was taken: its page came up */
        if (said == SAID_GO)
            to = p->go_to;
        else if (said == SAID_BACK)
            to = s ? s - 1 : s;
        else if (s < STEP_REVIEW)
            to = s + 1;
        wz_go(w, to, &f);
        form_focus(&w->form[w->at], w, SIZE_MAX);
        if (plain_do(p, &f) == SAID_LEAVE)
            return;
    }
}

int wizard_plain(const struct wizard_options *o, struct job *job)
{
    struct plain p = {.o = o};
    text_speak_default();
    p.w = wz_new(o, job);
    p.w->now_ms = clock_mono_ms();
    if (p.w->path[0] && !draft_is_native(p.w->path)) /* DM's own file is never written over */
        p.w->path[0] = 0;
    draft_open(&p.keeper, p.w);
    bool is_given = job_file_given(p.w);
    p.prober = prober_new();
    plain_say("%s", _("tidegate, new migration. Type ? for help, < to go back, save to save, quit to leave."));
    struct wz_effect none = {.kind = WZ_NONE};
    if (!is_given || p.w->draft.is_there || !ask_sealed(p.w, NULL) || plain_do(&p, &none) != SAID_LEAVE)
        walk(&p);
    explicit_bzero(p.line, sizeof p.line);
    explicit_bzero(p.ahead, sizeof p.ahead);
    prober_free(p.prober);
    draft_close(&p.keeper);
    wz_free(p.w);
    return p.code;
}
