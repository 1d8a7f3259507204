// SPDX-License-Identifier: Apache-2.0
// The pages in lines. Fields come from the pages' own forms; what a page draws and picks in its own way on a screen
// (tables, the list of checks, the last button) is asked here in words.
#include "base/retell.h"
#include "conf/field.h"
#include "ui/text.h"
#include "wizard/draft.h"
#include "wizard/pages.h"
#include "wizard/wizard_plain.h"

#include <stdio.h>
#include <stdlib.h>

/* What a screen picks from a tree is typed here as patterns. */
static const struct form_field scope_fields[] = {
    {.path = "allow.include", .look = FORM_TEXT},
    {.path = "allow.exclude", .look = FORM_TEXT},
};
static const struct form_field route_fields[] = {
    {.path = "mode", .look = FORM_TEXT},
    {.path = "existing", .look = FORM_TEXT},
    {.path = "pace", .look = FORM_TEXT},
    {.path = "routes", .look = FORM_TEXT},
};

static void announce(enum step s)
{
    const struct page *page = wz_pages[s];
    plain_say("%s", "");
    plain_say(_("Page %d of %d: %s. %s"), (int)s + 1, STEP_COUNT, _(page->title), page->question ? _(page->question) : "");
}

/* ---- fields ---- */

static void tell_word(const struct form_word *word)
{
    if (word->text[0])
        plain_say(word->role == ROLE_OK ? "%s" : _("Attention: %s"), word->text);
}

/* What was said, as the value it means: "=x" is x, nothing is what stands there. */
static const char *value_of(const struct plain *p, const char *now)
{
    return p->line[0] == '=' ? p->line + 1 : p->line[0] ? p->line : now;
}

static enum said ask_choice(struct plain *p, const struct form_field *f, const char *now)
{
    unsigned n = 0, at = 1, chosen;
    struct err e = {0};
    plain_say("%s", form_label(f));
    for (; f->choices[n].value; n++) {
        if (strcmp(f->choices[n].value, now) == 0)
            at = n + 1;
        plain_say("  %u  %s", n + 1, _(f->choices[n].label));
    }
    enum said said = plain_choose(p, form_help(f), n, at, &chosen);
    if (said != SAID_TEXT || chosen == at)
        return said;
    const char *value = f->choices[chosen - 1].value;
    if (!(f->set ? f->set(p->w, value, &e) : job_set(p->w->job, f->path, value, &e)))
        plain_say(_("Attention: %s"), e.text);
    wz_changed(p->w);
    if (f->say) {
        struct form_word word = {.role = ROLE_TEXT};
        f->say(p->w, value, &word);
        tell_word(&word);
    }
    return said;
}

static enum said ask_tick(struct plain *p, const struct form_field *f, const char *now)
{
    bool is_on = strcmp(now, "true") == 0, yes;
    struct err e = {0};
    enum said said = plain_confirm(p, form_label(f), is_on, &yes);
    if (said != SAID_TEXT || yes == is_on)
        return said;
    if (!(f->set ? f->set(p->w, yes ? "true" : "false", &e) : job_set(p->w->job, f->path, yes ? "true" : "false", &e)))
        plain_say(_("Attention: %s"), e.text);
    wz_changed(p->w);
    return said;
}

/* Into the form as if it had been typed there; its judgement is told. false: it can't be taken. */
static bool put_text(struct plain *p, struct form *form, size_t i, const char *value)
{
    form_focus(form, p->w, i);
    edit_set(&form->edit, value);
    form->is_touched = true;
    form_focus(form, p->w, SIZE_MAX);
    tell_word(&form->word[i]);
    bool is_refused = form->word[i].role == ROLE_BAD;
    if (is_refused) { /* it is asked for again, not kept for later */
        free(form->raw[i]);
        form->raw[i] = NULL;
        form->word[i] = (struct form_word){.role = ROLE_TEXT};
    }
    return !is_refused;
}

static enum said offer_repair(struct plain *p, struct form *form, size_t i)
{
    char question[400], repair[sizeof form->word[0].repair];
    bool yes;
    snprintf(repair, sizeof repair, "%s", form->word[i].repair);
    if (!repair[0])
        return SAID_TEXT;
    snprintf(question, sizeof question, _("Use %s?"), repair);
    enum said said = plain_confirm(p, question, true, &yes);
    if (said == SAID_TEXT && yes)
        put_text(p, form, i, repair);
    return said;
}

static enum said ask_text_field(struct plain *p, struct form *form, size_t i, const char *now)
{
    const struct form_field *f = &form->field[i];
    bool is_secret = f->look == FORM_SECRET;
    char prompt[600];
    if (strcmp(now, "[]") == 0)
        now = "";
    for (;;) {
        if (is_secret)
            snprintf(prompt, sizeof prompt, now[0] ? _("%s (not shown; Enter keeps what is known):") : _("%s (not shown):"), form_label(f));
        else
            snprintf(prompt, sizeof prompt, now[0] ? "%s [%.500s]:" : "%s:", form_label(f), now);
        enum said said = plain_ask(p, prompt, form_help(f), is_secret);
        if (said != SAID_TEXT || !p->line[0])
            return said;
        bool is_fine = put_text(p, form, i, is_secret ? p->line : value_of(p, now));
        explicit_bzero(p->line, is_secret ? sizeof p->line : 0);
        if (is_fine)
            return offer_repair(p, form, i);
    }
}

static enum said ask_field(struct plain *p, struct form *form, size_t i)
{
    const struct form_field *f = &form->field[i];
    char *now = form_value(form, p->w, i);
    enum said said = f->choices            ? ask_choice(p, f, now)
                     : f->look == FORM_TICK ? ask_tick(p, f, now)
                                            : ask_text_field(p, form, i, now);
    free(now);
    return said;
}

/* All shown fields from the first to the last; back from the first leads back a page. */
static enum said ask_fields(struct plain *p, struct form *form)
{
    size_t order[FORM_FIELDS];
    for (size_t k = 0; k < form_shown(form, p->w, order);) {
        enum said said = ask_field(p, form, order[k]);
        if (said == SAID_LEAVE || (said == SAID_BACK && k == 0))
            return said;
        k = said == SAID_BACK ? k - 1 : k + 1;
    }
    return SAID_TEXT;
}

/* Fields that the page's own form lacks. */
static enum said ask_more(struct plain *p, enum step s, const struct form_field *fields, size_t n)
{
    struct form_field lacking[8];
    size_t k = 0;
    for (size_t i = 0; i < n && k < TG_ARRAY_LEN(lacking); i++) {
        bool is_there = false;
        for (size_t j = 0; j < wz_pages[s]->nfields; j++)
            is_there |= strcmp(wz_pages[s]->fields[j].path, fields[i].path) == 0;
        if (!is_there)
            lacking[k++] = fields[i];
    }
    struct form form;
    form_init(&form, lacking, k);
    enum said said = ask_fields(p, &form);
    form_focus(&form, p->w, SIZE_MAX);
    form_release(&form);
    return said;
}

/* ---- start ---- */

static void tell_runs(struct plain *p)
{
    struct wz *w = p->w;
    w->nruns = p->o->port->runs(p->o->port->arg, w->runs, TG_ARRAY_LEN(w->runs));
    plain_say("%s", w->nruns ? _("Runs on this host:") : _("No runs on this host."));
    for (size_t i = 0; i < w->nruns; i++)
        plain_say("  %s  %s  %s  %s  %s", w->runs[i].name, w->runs[i].state, w->runs[i].what, w->runs[i].tables, w->runs[i].since);
}

/* The answers of a job file in place of those that are there; false: why, and nothing has changed. */
static bool take_file(struct wz *w, const char *path, char why[200])
{
    struct job_problems found = {0};
    struct job fresh;
    struct err ignored = {0};
    job_init(&fresh);
    bool ok = job_load(&fresh, &path, 1, &found);
    for (size_t i = 0; !ok && i < found.n; i++)
        if (!found.list[i].is_warning) {
            snprintf(why, 200, "%.60s %.120s", found.list[i].err.where, retell(found.list[i].err.text));
            break;
        }
    job_problems_release(&found);
    if (!ok) {
        job_release(&fresh);
        return false;
    }
    job_resolve(&fresh, NULL, NULL, &ignored); /* as far as it goes without asking */
    wz_take_job(w, &fresh, draft_is_native(path) ? path : "", STEP_REVIEW);
    return true;
}

static enum said open_file(struct plain *p)
{
    char why[200];
    enum said said = plain_ask(p, _("File:"), _("A job.yaml, or a task file of DM."), false);
    if (said != SAID_TEXT || !p->line[0])
        return said == SAID_TEXT ? SAID_BACK : said;
    if (take_file(p->w, p->line, why))
        return SAID_TEXT;
    plain_say(_("Attention: %s"), why);
    return SAID_BACK;
}

/* SAID_BACK: nothing came of it, ask again. */
static enum said attach_run(struct plain *p)
{
    struct err e = {0};
    enum said said = plain_ask(p, _("Name of the run:"), NULL, false);
    if (said != SAID_TEXT)
        return said;
    for (size_t i = 0; i < p->w->nruns; i++) {
        const struct wizard_run *run = &p->w->runs[i];
        if (strcmp(run->name, p->line) != 0)
            continue;
        if (!run->is_live && run->can_resume) {
            bool yes = false;
            said = p->o->is_read_only ? SAID_TEXT : plain_confirm(p, _("Its engine is not running. Start it again?"), true, &yes);
            if (said != SAID_TEXT || !yes)
                return said == SAID_LEAVE ? said : SAID_BACK;
            if (!p->o->port->resume(p->o->port->arg, run->name, &e)) {
                plain_say("%s: %s", err_info(e.code)->id, retell(e.text));
                return SAID_BACK;
            }
        }
        p->code = p->o->port->attach(p->o->port->arg, run->name);
        p->is_over = true;
        return SAID_TEXT;
    }
    plain_say("%s", _("There is no such run on this host"));
    return SAID_BACK;
}

static enum said page_of_start(struct plain *p)
{
    unsigned chosen;
    tell_runs(p);
    for (;;) {
        plain_say("  1  %s\n  2  %s\n  3  %s\n  4  %s\n  5  Language / 语言", _("New migration"), _("Open a job file"), _("Attach to a run"), _("Try the demo"));
        enum said said = plain_choose(p, _("A migration is a job file plus a run directory. You can leave at any moment: answers are kept, and a run goes on without this "
             "window.\n\nNothing is written to any database before you confirm in Review.\n\nThe same without the wizard:\n  tidegate run job.yaml\n"
             "  tidegate attach NAME"), 5, 1, &chosen);
        if (said == SAID_LEAVE || (said == SAID_TEXT && chosen == 1))
            return said;
        if (said == SAID_BACK)
            continue;
        if (chosen == 2)
            said = open_file(p);
        else if (chosen == 3)
            said = attach_run(p);
        else if (chosen == 4)
            p->o->port->demo(p->o->port->arg);
        else
            text_speak((text_language() + 1) % TEXT_LANGUAGES);
        if (said == SAID_LEAVE || (said == SAID_TEXT && chosen <= 3))
            return said;
    }
}

/* ---- source and target ---- */

static enum said page_of_end(struct plain *p, enum step s)
{
    bool yes;
    enum said said = ask_fields(p, &p->w->form[s]);
    if (said != SAID_TEXT)
        return said;
    said = plain_confirm(p, _("Test it now?"), true, &yes);
    if (said == SAID_TEXT && yes)
        plain_probe(p, s == STEP_SOURCE ? PROBE_SOURCE : PROBE_TARGET);
    return said;
}

/* ---- checks ---- */

static void tell_check(const struct check_result *r)
{
    plain_say("%s. %s", _(check_title(r->check)), _(check_why(r->check)));
    if (r->found)
        plain_say(_("Found: %s"), retell(r->found));
    if (r->wanted)
        plain_say(_("Wanted: %s"), retell(r->wanted));
    if (r->detail)
        plain_say("%s", retell(r->detail));
    for (uint32_t i = 0; i < r->nfindings; i++) {
        plain_say("%s", retell(r->findings[i].text));
        if (r->findings[i].instruction)
            plain_say("%s", retell(r->findings[i].instruction));
    }
    for (uint32_t i = 0; i < r->ncures; i++) {
        const struct check_cure *c = &r->cures[i];
        plain_say(_("Cure %u: %s"), i + 1, retell(c->title));
        if (c->text)
            plain_say("%s", retell(c->text));
        if (c->sql)
            plain_say("%s", c->sql);
        if (c->path)
            plain_say("%s: %s", c->path, c->value);
        if (c->effect)
            plain_say(_("Effect: %s"), retell(c->effect));
    }
    plain_say(_("A shell applies it: tidegate cure FILE --check %s"), check_id(r->check));
}

static size_t tell_problems(const struct check_report *report, const struct check_result **sorted)
{
    size_t n = 0;
    plain_say(_("%u checks: %u pass, %u warn, %u fail, %u n/a"), report->n, report->npass, report->nwarn, report->nfail, report->nnone);
    while (n < report->n && (sorted[n]->state == CHECK_FAIL || sorted[n]->state == CHECK_WARN)) {
        const struct check_result *r = sorted[n++];
        plain_say(r->state == CHECK_FAIL ? _("  %zu  fails: %s. %s") : _("  %zu  attention: %s. %s"), n, _(check_title(r->check)), r->found ? retell(r->found) : "");
    }
    return n;
}

/* accept N REASON */
static void accept_with_reason(struct plain *p, const struct check_result *r, const char *reason)
{
    struct err e = {0};
    struct buf value = {0};
    if (p->o->is_read_only || r->state != CHECK_FAIL || !check_is_acceptable(r->check) || !reason[0]) {
        plain_say("%s", p->o->is_read_only ? _("--read-only: no failure is accepted here")
                        : r->state != CHECK_FAIL ? _("this check does not fail: there is nothing to accept")
                        : reason[0]              ? _("no reason makes a run possible here: it must be cured")
                                                 : _("without a reason nothing is accepted"));
        return;
    }
    char *word = x_format("%s: %s", check_id(r->check), reason);
    job_list_plus(p->w->job, "checks.accept", (const char *const[]){word}, 1, &value);
    if (job_set(p->w->job, "checks.accept", value.p, &e))
        wz_changed(p->w);
    else
        plain_say(_("Attention: %s"), e.text);
    free(word);
    buf_release(&value);
}

/* What is to be done about the problems; *again: the checks are to run once more. */
static enum said after_checks(struct plain *p, bool *again)
{
    const struct check_result **sorted = check_sorted(p->w->report);
    size_t n = tell_problems(p->w->report, sorted);
    char why[160] = "", *end;
    enum said said;
    *again = false;
    for (;;) {
        said = plain_ask(p, _("A number for its details, accept NUMBER REASON, r to run them again, Enter to go on:"), _("Problems come first, each with its cure."), false);
        const char *word = strncmp(p->line, "accept ", 7) == 0 ? p->line + 7 : p->line;
        unsigned long number = strtoul(word, &end, 10);
        if (said != SAID_TEXT || (!p->line[0] && wz_pages[STEP_CHECKS]->ready(p->w, why)))
            break;
        *again = strcmp(p->line, "r") == 0;
        if (number >= 1 && number <= n && word != p->line) {
            accept_with_reason(p, sorted[number - 1], end + strspn(end, " "));
            *again = p->w->probe[PROBE_CHECKS].is_stale;
        } else if (number >= 1 && number <= n) {
            tell_check(sorted[number - 1]);
        } else if (!*again) {
            plain_say("%s", p->line[0] ? _("There is no such choice.") : why);
        }
        if (*again)
            break;
    }
    free(sorted);
    return said;
}

static enum said page_of_checks(struct plain *p)
{
    bool again = !p->w->report || p->w->probe[PROBE_CHECKS].is_stale;
    for (;;) {
        if (again)
            plain_probe(p, PROBE_CHECKS);
        if (!p->w->report)
            return SAID_BACK;
        enum said said = after_checks(p, &again);
        if (said != SAID_TEXT || !again)
            return said;
    }
}

/* ---- review ---- */

static void start_run(struct plain *p)
{
    struct wz *w = p->w;
    struct err e = {0};
    bool is_dangerous = w->job->existing == EXISTING_DROP || w->job->existing == EXISTING_REPLACE;
    plain_say(_("Tables are made at %s, rows are copied from %s, and every change is followed until you end the run.\n\n"), w->job->target.host ? w->job->target.host : "",
              w->job->nsources && w->job->sources[0].host ? w->job->sources[0].host : "");
    plain_say("%s", _("The source is only read. Schema tidegate_meta at the target holds the books of the run."));
    if (is_dangerous)
        plain_say("%s", w->job->existing == EXISTING_DROP ? _("Tables at the target that have rows already are DROPPED and made anew (existing: drop).")
                                                          : _("Rows at the target give way to the source's rows with the same key (existing: replace)."));
    enum said said = plain_ask(p, is_dangerous ? _("Type the job's name to start, or Enter for not yet:") : _("Type yes to start, or Enter for not yet:"), NULL, false);
    bool is_meant = is_dangerous ? w->job->name && strcmp(p->line, w->job->name) == 0 : strcmp(p->line, "yes") == 0;
    if (said != SAID_TEXT || !is_meant) {
        plain_say("%s", _("Not yet: nothing was started."));
        p->is_over |= said == SAID_LEAVE;
    } else if (!p->o->port->start(p->o->port->arg, w->job, &e)) {
        plain_say("%s %s: %s", err_info(e.code)->id, _(err_info(e.code)->title), retell(e.text));
    } else {
        p->code = p->o->port->attach(p->o->port->arg, w->job->name);
        p->is_over = true;
    }
}

static enum said page_of_review(struct plain *p)
{
    unsigned chosen, n = p->o->is_read_only ? 2 : 4;
    enum said said = ask_fields(p, &p->w->form[STEP_REVIEW]);
    if (said != SAID_TEXT)
        return said;
    struct buf text = {0};
    job_emit(p->w->job, &text);
    plain_say("%s", text.p ? text.p : "");
    buf_release(&text);
    while (!p->is_over) {
        plain_say("  1  %s\n  2  %s", _("Save"), _("Leave"));
        if (n > 2)
            plain_say("  3  %s\n  4  %s", _("Rehearse"), _("Start the run"));
        said = plain_choose(p, NULL, n, 1, &chosen);
        if (said != SAID_TEXT)
            return said;
        if (chosen == 1) {
            said = plain_ask(p, _("File:"), _("Passwords are written as references, never themselves."), false);
            if (said == SAID_TEXT)
                plain_save(p, p->line);
        } else if (chosen == 2) {
            return SAID_LEAVE;
        } else if (chosen == 3) {
            plain_probe(p, PROBE_REHEARSE);
        } else {
            start_run(p);
        }
        if (said == SAID_LEAVE)
            return said;
    }
    return SAID_TEXT;
}

static enum said page_of_form(struct plain *p, enum step s)
{
    enum said said = s == STEP_SOURCE || s == STEP_TARGET ? page_of_end(p, s) : ask_fields(p, &p->w->form[s]);
    if (said == SAID_TEXT && s == STEP_SCOPE)
        said = ask_more(p, s, scope_fields, TG_ARRAY_LEN(scope_fields));
    if (said == SAID_TEXT && s == STEP_ROUTE)
        said = ask_more(p, s, route_fields, TG_ARRAY_LEN(route_fields));
    return said;
}

enum said plain_page(struct plain *p, enum step s)
{
    const struct form_field *lacking;
    enum said said;
    bool yes = false;
    do {
        announce(s);
        if (s == STEP_START)
            return page_of_start(p);
        if (s == STEP_CHECKS)
            return page_of_checks(p);
        if (s == STEP_REVIEW)
            return page_of_review(p);
        said = page_of_form(p, s);
        lacking = form_problem(&p->w->form[s], p->w);
        if (said == SAID_TEXT && lacking)
            plain_say(_("one thing left: %s"), form_label(lacking));
        else if (said == SAID_TEXT)
            said = plain_confirm(p, _("Next page?"), true, &yes);
    } while (said == SAID_TEXT && !yes);
    return said;
}
