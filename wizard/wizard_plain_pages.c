// SPDX-License-Identifier: Apache-2.0
/* The pages in lines. A page of fields is asked field by field, from its own form; then comes its last question, "Next
 * page?", at which the page's buttons and keys are words. Start and Review are numbered lists; the tree of Scope and the
 * list of Checks have files of their own.
 *
 * Nothing is done here that the state does not do: an answer goes into the form, a word or a number becomes the button, key
 * or Enter of the page. Every question answers with enum said: SAID_TEXT goes on, SAID_BACK is the question before it, and
 * SAID_LEAVE and SAID_GO end the page, so they are handed up by all. */
#include "base/retell.h"
#include "ui/text.h"
#include "wizard/pages.h"
#include "wizard/scope.h"
#include "wizard/told.h"
#include "wizard/wizard_plain.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void announce(enum step s)
{
    const struct page *page = wz_pages[s];
    plain_say("%s", "");
    plain_say(_("Page %d of %d: %s. %s"), (int)s + 1, STEP_COUNT, _(page->title), page->question ? _(page->question) : "");
}

/* ---- fields ---- */

static void tell_word(const struct form_word *word)
{
    char said[600], text[660];
    if (!word->text[0])
        return;
    form_word_said(word, said, sizeof said);
    snprintf(text, sizeof text, word->role == ROLE_OK || word->role == ROLE_TEXT || word->role == ROLE_DIM ? "%s" : _("Attention: %s"), said);
    plain_text(text);
}

/* What was said, as the value it means: "=x" is x. */
static const char *value_of(const struct plain *p)
{
    return p->line[0] == '=' ? p->line + 1 : p->line;
}

static enum said offer_repair(struct plain *p, struct form *form, size_t i)
{
    char question[400];
    bool yes;
    if (!form->word[i].repair[0])
        return SAID_TEXT;
    snprintf(question, sizeof question, _("Use %s instead?"), form->word[i].repair);
    enum said said = plain_confirm(p, question, true, &yes);
    if (said == SAID_TEXT && yes) {
        form_repair(form, p->w, i);
        tell_word(&form->word[i]);
    }
    return said;
}

static void tell_choice(const struct form_field *f, unsigned i)
{
    if (!f->lines)
        plain_say("  %u  %s", i + 1, _(f->choices[i].label));
    else
        plain_say("  %u  %s. %s; %s", i + 1, _(f->choices[i].label), _(f->lines[i].what), _(f->lines[i].note));
}

static enum said ask_choice(struct plain *p, struct form *form, size_t i, const char *now)
{
    const struct form_field *f = &form->field[i];
    unsigned n = 0, at = 1, chosen;
    plain_say("%s", form_label(f));
    for (; f->choices[n].value; n++) {
        if (strcmp(f->choices[n].value, now) == 0)
            at = n + 1;
        tell_choice(f, n);
    }
    enum said said = plain_choose(p, form_help(f), n, at, &chosen);
    if (said != SAID_TEXT || chosen == at)
        return said;
    form_put(form, p->w, i, f->choices[chosen - 1].value);
    tell_word(&form->word[i]);
    return offer_repair(p, form, i);
}

static enum said ask_tick(struct plain *p, struct form *form, size_t i, const char *now)
{
    bool is_on = strcmp(now, "true") == 0, yes;
    enum said said = plain_confirm(p, form_label(&form->field[i]), is_on, &yes);
    if (said == SAID_TEXT && yes != is_on)
        form_put(form, p->w, i, yes ? "true" : "false");
    tell_word(&form->word[i]);
    return said;
}

/* "1 of 2": the next one, or this. */
static enum said ask_turn(struct plain *p, struct form *form, size_t i)
{
    char question[200];
    for (;;) {
        bool yes;
        char *now = form_value(form, p->w, i);
        snprintf(question, sizeof question, _("%s %s. The next one?"), form_label(&form->field[i]), now);
        free(now);
        enum said said = plain_confirm(p, question, false, &yes);
        if (said != SAID_TEXT || !yes)
            return said;
        form->field[i].turn(p->w, 1);
    }
}

/* The usual variable is looked up in the background, as on a screen. */
static void look_up_name(struct plain *p)
{
    bool is_target = p->w->name_wanted == 2;
    if (p->w->name_wanted)
        plain_probe(p, PROBE_NAME, is_target);
    p->w->name_wanted = 0;
}

static void text_prompt(const struct form_field *f, const char *now, char out[700])
{
    if (f->look == FORM_SECRET)
        snprintf(out, 700, now[0] ? _("%s (not shown; Enter keeps what is known):") : _("%s (not shown):"), form_label(f));
    else
        snprintf(out, 700, now[0] ? _("%s [%.500s]:") : _("%s:"), form_label(f), now);
}

#define SECRET_HELP \
    N_("It stays in the memory of this window and is not shown. The job file gets a reference, never the password; the word origin at the page's " \
       "last question chooses which: a variable, a file, or being asked at each start.")

static enum said ask_text_field(struct plain *p, struct form *form, size_t i)
{
    const struct form_field *f = &form->field[i];
    bool is_secret = f->look == FORM_SECRET;
    char prompt[700];
    for (;;) {
        char *now = form_value(form, p->w, i);
        text_prompt(f, now, prompt);
        free(now);
        enum said said = plain_ask(p, prompt, is_secret ? _(SECRET_HELP) : form_help(f), is_secret);
        if (said != SAID_TEXT || (!p->line[0] && !form->raw[i]))
            return said;
        if (p->line[0])
            form_put(form, p->w, i, is_secret ? p->line : value_of(p));
        explicit_bzero(p->line, is_secret ? sizeof p->line : 0);
        tell_word(&form->word[i]);
        said = offer_repair(p, form, i);
        look_up_name(p);
        if (said != SAID_TEXT || form->word[i].role != ROLE_BAD)
            return said;
    }
}

static enum said ask_field(struct plain *p, struct form *form, size_t i)
{
    const struct form_field *f = &form->field[i];
    char *now = form_value(form, p->w, i);
    if (form->word[i].role == ROLE_BAD || form->word[i].role == ROLE_WARN)
        tell_word(&form->word[i]);    /* said once more: it was typed elsewhere, or before */
    enum said said = f->choices             ? ask_choice(p, form, i, now)
                     : f->look == FORM_TICK ? ask_tick(p, form, i, now)
                     : f->turn              ? ask_turn(p, form, i)
                                            : ask_text_field(p, form, i);
    free(now);
    return said;
}

/* All shown fields from the first to the last; back from the first leads back a page. */
static enum said ask_fields(struct plain *p, struct form *form)
{
    size_t order[FORM_FIELDS];
    for (size_t k = 0; k < form_shown(form, p->w, order);) {
        enum said said = ask_field(p, form, order[k]);
        if (said == SAID_LEAVE || said == SAID_GO || (said == SAID_BACK && k == 0))
            return said;
        k = said == SAID_BACK ? k - 1 : k + 1;
    }
    return SAID_TEXT;
}

/* ---- words of a page ---- */

enum act { DO_PRESS, DO_TEST, DO_KEY, DO_ORIGIN, DO_GUESS };
static const struct word {
    enum step step;
    const char *word, *help;
    enum act act;
    int what;                         /* DO_PRESS: the page's button, from 1; DO_KEY: its key */
    bool asks_again;                  /* the fields are others now */
} words[] = {
    {STEP_SOURCE, "test", N_("tests the connection"), DO_TEST, 0, false},
    {STEP_SOURCE, "rights", N_("the GRANTs that the user needs"), DO_KEY, K_F0 + 6, false},
    {STEP_SOURCE, "origin", N_("where the password comes from when a run starts"), DO_ORIGIN, 0, false},
    {STEP_SOURCE, "several", N_("another source, or one less"), DO_PRESS, 2, true},
    {STEP_PATH, "test", N_("tests the way"), DO_TEST, 0, false},
    {STEP_PATH, "tunnel", N_("the command that opens it"), DO_KEY, K_F0 + 6, false},
    {STEP_PATH, "other", N_("the way to the other end"), DO_KEY, K_F0 + 7, true},
    {STEP_TARGET, "test", N_("tests the connection"), DO_TEST, 0, false},
    {STEP_TARGET, "rights", N_("the GRANTs that the user needs"), DO_KEY, K_F0 + 6, false},
    {STEP_TARGET, "origin", N_("where the password comes from when a run starts"), DO_ORIGIN, 0, false},
    {STEP_ROUTE, "guess", N_("what it will feel like, line by line"), DO_GUESS, 0, false},
    {STEP_ROUTE, "files", N_("writes DM's files"), DO_PRESS, 1, false},
};

static bool is_word_here(const struct plain *p, const struct word *word)
{
    bool is_dm = p->w->job->road == ROAD_DM;
    return word->step == p->w->at && (strcmp(word->word, "files") != 0 || is_dm);
}

void plain_words_help(struct plain *p)
{
    bool any = false;
    if (p->is_in_box)
        return;
    for (size_t i = 0; i < TG_ARRAY_LEN(words); i++)
        if (is_word_here(p, &words[i])) {
            if (!any)
                plain_say("%s", _("Words at the last question of this page:"));
            plain_say("  %s: %s", words[i].word, _(words[i].help));
            any = true;
        }
    if (any)
        plain_say("  no: %s", _("asks the fields again"));
}

static void say_words(const struct plain *p)
{
    struct buf text = {0};
    for (size_t i = 0; i < TG_ARRAY_LEN(words); i++)
        if (is_word_here(p, &words[i]))
            buf_addf(&text, "%s%s", text.n ? ", " : "", words[i].word);
    if (text.n)
        plain_say(_("Other words here: %s."), text.p);
    buf_release(&text);
}

static enum said choose_origin(struct plain *p)
{
    struct wz_effect f = {.kind = WZ_NONE};
    struct form *form = &p->w->form[p->w->at];
    size_t order[FORM_FIELDS], n = form_shown(form, p->w, order);
    for (size_t k = 0; k < n; k++)
        if (form->field[order[k]].look == FORM_SECRET) {
            ask_origin(p->w, &form->field[order[k]], 0);
            break;
        }
    return plain_do(p, &f);
}

static void tell_guess(struct plain *p)
{
    struct route_line line[ROUTE_LINES];
    unsigned n = p->w->job->road == ROAD_DM ? 0 : route_feel(p->w, line);
    for (unsigned i = 0; i < n; i++)
        plain_say("%s: %s", line[i].label, line[i].text);
    for (unsigned i = 0; p->w->job->road == ROAD_DM && topology_next_line(i); i++)
        plain_say("%s", topology_next_line(i));
}

/* What stands beside the form on a screen. */
static void tell_beside(struct plain *p, enum step s)
{
    char text[700];
    if (s == STEP_PATH) {
        path_road(p->w, p->w->path_is_target, text);
        plain_say("%s", text);
        if (path_regions(p->w, text))
            plain_say("%s", text);
    }
    if (s == STEP_ROUTE && p->w->job->road != ROAD_DM) {
        route_guess(p->w, text);
        plain_say("%s", text);
    }
}

static void tell_differences(const struct plain *p)
{
    const struct check_view *v = &p->w->view[1];
    if (v->ndiffers)
        plain_say("%s", _("What differs between the two ends"));
    for (unsigned i = 0; i < v->ndiffers; i++) {
        const struct check_difference *d = &v->differs[i];
        bool is_known = d->source[0] && d->target[0];
        plain_say(_("  %s: source %s, target %s; %s"), _(d->setting), d->source[0] ? d->source : _("not known"), d->target[0] ? d->target : _("not known"),
                  is_known ? _(d->effect) : "?");
    }
}

/* The test is the first button of each page that has one. */
static enum said press_test(struct plain *p)
{
    enum said said = plain_press(p, 1);
    if (p->w->at == STEP_TARGET && said == SAID_TEXT)
        tell_differences(p);
    return said;
}

static enum said do_word(struct plain *p, const struct word *word)
{
    switch (word->act) {
    case DO_PRESS:
        return plain_press(p, (unsigned)word->what);
    case DO_TEST:
        return press_test(p);
    case DO_KEY:
        return plain_key(p, word->what);
    case DO_ORIGIN:
        return choose_origin(p);
    case DO_GUESS:
        tell_guess(p);
        return SAID_TEXT;
    }
    return SAID_TEXT;
}

/* The word that was said; NULL: there is no such word on this page. */
static const struct word *word_said(const struct plain *p)
{
    for (size_t i = 0; i < TG_ARRAY_LEN(words); i++)
        if (is_word_here(p, &words[i]) && strcmp(words[i].word, p->line) == 0)
            return &words[i];
    return NULL;
}

static bool is_yes(const char *line)
{
    return !line[0] || line[0] == 'y' || line[0] == 'Y' || strcmp(line, "是") == 0;
}

static bool is_no(const char *line)
{
    return line[0] == 'n' || line[0] == 'N' || strcmp(line, "否") == 0;
}

/* The last question of a page; *again: its fields are to be asked again. */
static enum said ask_next(struct plain *p, bool *again)
{
    char prompt[200];
    *again = false;
    say_words(p);
    snprintf(prompt, sizeof prompt, _("%s yes or no [yes]:"), _("Next page?"));
    for (;;) {
        enum said said = plain_ask(p, prompt, _("Enter goes on; no asks the fields of this page again."), false);
        if (said != SAID_TEXT || is_yes(p->line))
            return said;
        const struct word *word = word_said(p);
        *again = is_no(p->line);
        if (!word && !*again) {
            plain_say("%s", _("There is no such word here; ? lists them."));
            continue;
        }
        if (!*again) {
            *again = word->asks_again;
            said = do_word(p, word);
        }
        if (said != SAID_BACK && (said != SAID_TEXT || *again))
            return said;
    }
}

/* ---- start ---- */

/* What was begun is done or was given up, and nothing came of it: the list is asked again. */
static enum said or_again(enum said said)
{
    return said == SAID_TEXT ? SAID_BACK : said;
}

/* As Enter does on that row of the page's list. */
static enum said enter_row(struct plain *p, size_t row)
{
    struct wz_effect f = {.kind = WZ_NONE};
    p->w->list[STEP_START].selected = row;
    wz_feed(p->w, &(struct input){.kind = IN_KEY, .key = K_ENTER}, &f);
    return plain_do(p, &f);
}

static void tell_runs(struct plain *p)
{
    struct wz *w = p->w;
    size_t resumable = 0;
    w->nruns = p->o->port->runs(p->o->port->arg, w->runs, TG_ARRAY_LEN(w->runs));
    plain_say("%s", w->nruns ? _("Runs on this host:") : _("No runs on this host."));
    for (size_t i = 0; i < w->nruns; i++) {
        const struct wizard_run *r = &w->runs[i];
        char sentence[300];
        start_run_sentence(w, r, sentence, sizeof sentence);
        plain_say("  %s  %s  %s  %s  %s", r->name, _(r->state), r->what, r->tables, sentence);
        resumable += !r->is_live && r->can_resume && r->file[0];
    }
    if (resumable && !w->safety[0].run[0])
        plain_probe(p, PROBE_RUNS, false);
}

/* Run i of the list is watched; one whose engine is gone but can go on is started again, if the person says so. */
static enum said open_run(struct plain *p, size_t i)
{
    const struct wizard_run *run = &p->w->runs[i];
    char question[400], sentence[300];
    bool yes = true;
    enum said said = SAID_TEXT;
    if (!run->is_live && run->can_resume && !p->o->is_read_only) {
        start_run_sentence(p->w, run, sentence, sizeof sentence);
        snprintf(question, sizeof question, _("Its engine is not running: %s. Start it again?"), sentence);
        said = plain_confirm(p, question, true, &yes);
    }
    return said == SAID_TEXT && yes ? or_again(enter_row(p, start_choices(p->w) + i)) : or_again(said);
}

/* By number or name; SAID_BACK: nothing came of it, ask again. */
static enum said choose_run(struct plain *p)
{
    for (size_t i = 0; i < p->w->nruns; i++)
        plain_say("  %zu  %s  %s", i + 1, p->w->runs[i].name, _(p->w->runs[i].state));
    enum said said = plain_ask(p, _("Name or number of the run:"), _("A run that is alive is watched, one that was stopped can go on, of one that is over the report is shown."), false);
    if (said != SAID_TEXT || !p->line[0])
        return or_again(said);
    unsigned long number = strtoul(p->line, NULL, 10);
    for (size_t i = 0; i < p->w->nruns; i++)
        if (strcmp(p->w->runs[i].name, p->line) == 0 || number == i + 1)
            return open_run(p, i);
    plain_say("%s", _("There is no such run on this host"));
    return SAID_BACK;
}

static enum said open_files(struct plain *p)
{
    struct wz_effect f = {.kind = WZ_OPEN};
    enum said said = plain_ask(p, _("File:"), _("A job.yaml, or DM's files: task, sources, topology. Several have spaces between them and make one job; quotes go around a name with spaces."), false);
    if (said != SAID_TEXT || !p->line[0])
        return or_again(said);
    snprintf(f.text, sizeof f.text, "%s", value_of(p));
    said = plain_do(p, &f);
    return p->w->at == STEP_START ? or_again(said) : said;
}

static enum said do_choice(struct plain *p, size_t row)
{
    enum said said;
    switch (start_choice_at(p->w, row)) {
    case START_OPEN:
        return open_files(p);
    case START_ATTACH:
        return choose_run(p);
    case START_LANGUAGE:
        text_speak((text_language() + 1) % TEXT_LANGUAGES);
        return SAID_BACK;
    default:
        said = enter_row(p, row);
        return p->w->at == STEP_START ? or_again(said) : said;
    }
}

static enum said page_of_start(struct plain *p)
{
    unsigned chosen;
    char note[120];
    const char *title;
    tell_runs(p);
    for (;;) {
        size_t n = start_choices(p->w);
        p->w->wall_ms = (int64_t)time(NULL) * 1000;
        for (size_t i = 0; i < n; i++) {
            bool is_language = start_choice_at(p->w, i) == START_LANGUAGE;
            const char *label = start_choice(p->w, i, note);
            plain_say(note[0] && !is_language ? _("  %zu  %s: %s") : "  %zu  %s", i + 1, label, note);
        }
        enum said said = plain_choose(p, wz_pages[STEP_START]->help(p->w, &title), (unsigned)n, 1, &chosen);
        if (said == SAID_TEXT)
            said = do_choice(p, chosen - 1);
        if (said != SAID_BACK)
            return said;
    }
}

/* ---- review ---- */

static void tell_review(struct plain *p)
{
    struct buf text = {0};
    plain_say("%s", _("In words"));
    review_words(p->w, &text);
    plain_text(text.p);
    buf_reset(&text);
    plain_say(_("Job file  %.100s"), p->w->path[0] ? p->w->path : _("not saved yet"));
    job_emit_beside(p->w->job, p->w->path, &text);
    plain_say("%s", "");
    plain_text(text.p);
    buf_release(&text);
}

static enum said press_on_review(struct plain *p, unsigned button)
{
    enum said said = plain_press(p, button);
    const struct check_report *r = p->w->report;
    if (said == SAID_TEXT && button == 2 && p->w->job->road != ROAD_DM && r)
        plain_say(_("%u checks: %u pass, %u warn, %u fail, %u n/a"), r->n, r->npass, r->nwarn, r->nfail, r->nnone);
    return said;
}

/* Leaving stands in second place here: 1 is the first button, and from 3 on a number is one more than its button's. */
static unsigned list_review(const struct plain *p)
{
    const struct page *page = wz_pages[STEP_REVIEW];
    const char *const *buttons = p->w->job->road == ROAD_DM ? page->buttons_now(p->w) : page->buttons;
    unsigned n = 2;
    plain_say("  1  %s\n  2  %s", _("Save"), _("Leave"));
    for (; buttons[n] && !p->o->is_read_only; n++)
        plain_say("  %u  %s", n + 1, _(buttons[n]));
    return n;
}

static enum said leave_review(struct plain *p)
{
    struct wz_effect f = {.kind = WZ_NONE};
    ask_leave_wizard(p->w, 0);
    return plain_do(p, &f);
}

static enum said page_of_review(struct plain *p)
{
    enum said said = ask_fields(p, &p->w->form[STEP_REVIEW]);
    if (said != SAID_TEXT)
        return said;
    tell_review(p);
    while (said == SAID_TEXT) {
        unsigned chosen, n = list_review(p);
        const char *title;
        said = plain_choose(p, wz_pages[STEP_REVIEW]->help(p->w, &title), n, 1, &chosen);
        if (said == SAID_TEXT)
            said = chosen == 2 ? leave_review(p) : press_on_review(p, chosen == 1 ? 1 : chosen - 1);
    }
    return said;
}

/* ---- pages of fields ---- */

static bool has_test(const struct plain *p, enum step s)
{
    return s == STEP_SOURCE || s == STEP_TARGET || (s == STEP_PATH && p->w->way[p->w->path_is_target].kind != WAY_SSH);
}

/* What is missing is asked at once, not the whole page again. */
static enum said ask_missing(struct plain *p, struct form *form, bool *asked)
{
    const struct form_field *lacking = form_problem(form, p->w);
    *asked = lacking != NULL;
    if (!lacking)
        return SAID_TEXT;
    plain_say(_("one thing left: %s"), form_label(lacking));
    return ask_field(p, form, (size_t)(lacking - form->field));
}

/* The test is offered, Enter being yes as long as there is no fresh result. A way by SSH has none: its command is told. */
static enum said offer_test(struct plain *p, enum step s)
{
    static const enum probe tests[STEP_COUNT] = {[STEP_SOURCE] = PROBE_SOURCE, [STEP_PATH] = PROBE_PATH, [STEP_TARGET] = PROBE_TARGET};
    bool yes;
    if (!has_test(p, s))
        return s == STEP_PATH ? plain_key(p, K_F0 + 6) : SAID_TEXT; /* the tunnel must be opened by hand */
    const struct probe_view *v = &p->w->probe[tests[s]];
    enum said said = plain_confirm(p, _("Test it now?"), !v->is_over || v->is_stale, &yes);
    return said == SAID_TEXT && yes ? press_test(p) : said;
}

/* The last question, and what is still missing, until nothing is; *again: the fields are to be asked again. */
static enum said finish_fields(struct plain *p, struct form *form, bool *again)
{
    for (;;) {
        bool asked = false;
        enum said said = ask_next(p, again);
        if (said == SAID_TEXT && !*again)
            said = ask_missing(p, form, &asked);
        if (!asked || (said != SAID_TEXT && said != SAID_BACK))
            return said;
    }
}

static enum said page_of_fields(struct plain *p, enum step s)
{
    struct form *form = &p->w->form[s];
    bool again = false;
    enum said said;
    do {
        said = ask_fields(p, form);
        if (said == SAID_TEXT) {
            tell_beside(p, s);
            said = offer_test(p, s);
        }
        if (said == SAID_TEXT)
            said = finish_fields(p, form, &again);
    } while (said == SAID_TEXT && again);
    return said;
}

enum said plain_page(struct plain *p, enum step s)
{
    announce(s);
    switch (s) {
    case STEP_START:
        return page_of_start(p);
    case STEP_SCOPE:
        return plain_scope(p);
    case STEP_CHECKS:
        return plain_checks(p);
    case STEP_REVIEW:
        return page_of_review(p);
    default:
        return page_of_fields(p, s);
    }
}
