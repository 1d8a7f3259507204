// SPDX-License-Identifier: Apache-2.0
// Checks in lines: problems first, each with its cures. What a cure and an acceptance ask is asked from the same boxes as
// on a screen.
#include "base/retell.h"
#include "ui/text.h"
#include "wizard/pages.h"
#include "wizard/wizard_plain.h"

#include <stdio.h>
#include <stdlib.h>

static void tell_check(const struct check_result *r)
{
    plain_say("%s. %s", _(check_title(r->check)), _(check_why(r->check)));
    if (r->found)
        plain_say(_("Found: %s"), retell(r->found));
    if (r->wanted)
        plain_say(_("Wanted: %s"), retell(r->wanted));
    if (r->detail)
        plain_say("%s", retell(r->detail));
    if (r->reason)
        plain_say(_("Accepted: %s"), r->reason);
    for (uint32_t i = 0; i < r->nfindings; i++) {
        plain_say("%s", retell(r->findings[i].text));
        if (r->findings[i].instruction)
            plain_say("%s", retell(r->findings[i].instruction));
    }
    if (r->ntotal > r->nfindings)
        plain_say(_("… and %u more"), r->ntotal - r->nfindings);
    plain_say("%s: %s", _("Asked with"), _(check_asked(r->check)));
    for (uint32_t i = 0; i < r->ncures; i++)
        plain_say(_("Cure %u: %s"), i + 1, retell(r->cures[i].title));
    if (r->state == CHECK_FAIL && !check_is_acceptable(r->check))
        plain_say("%s", _("no reason makes a run possible here: it must be cured"));
}

static bool is_problem(const struct check_result *r)
{
    return r->state == CHECK_FAIL || r->state == CHECK_WARN;
}

/* Problems; all of them where they are asked for. */
static void tell_list(const struct check_report *report, const struct check_result **sorted, bool all)
{
    static const char *const words[] = {N_("fine"), N_("attention"), N_("fails"), N_("not asked")};
    plain_say(_("%u checks: %u pass, %u warn, %u fail, %u n/a"), report->n, report->npass, report->nwarn, report->nfail, report->nnone);
    for (size_t i = 0; i < report->n && (all || is_problem(sorted[i])); i++) {
        const struct check_result *r = sorted[i];
        const char *found = r->nfindings && is_problem(r) ? retell(r->findings[0].text) : r->found ? retell(r->found) : "";
        plain_say("  %zu  %s: %s. %s%s", i + 1, _(words[r->state]), _(check_title(r->check)), found, r->reason ? _(" (accepted)") : r->ncures && is_problem(r) ? _(" (cure)") : "");
    }
}

/* The row that the boxes are about, as a screen's selection. */
static void select_row(struct wz *w, size_t i)
{
    w->only_problems = false;
    w->list[STEP_CHECKS].selected = i;
}

/* "accept N": the box asks for the reason; "accept N REASON" says it at once. */
static enum said accept(struct plain *p, const struct check_result *r, const char *reason)
{
    struct wz_effect f = {.kind = WZ_NONE};
    ask_accept(p->w, r, 0);
    if (p->w->modal.kind && reason[0]) {
        edit_set(&p->w->modal.field[0].edit, reason);
        p->w->modal.focus = p->w->modal.nfields;
        p->w->modal.deaf_until_ms = 0;
        wz_feed(p->w, &(struct input){.kind = IN_KEY, .key = K_ENTER}, &f);
    }
    return plain_do(p, &f);
}

#define HELP \
    N_("NUMBER: its details. cure NUMBER: its cure, which can be run, taken, copied, or done by hand. accept NUMBER REASON: go on in spite of it; " \
       "the reason is written into the job and the report. all: every check. r: run them again. " \
       "Enter: the next page, when nothing fails.")

/* The number behind a word; where it leads, or n: it is none of the list. */
static size_t row_of(const char *word, size_t n, const char **rest)
{
    char *end;
    unsigned long number = strtoul(word, &end, 10);
    *rest = end + strspn(end, " ");
    return end != word && number >= 1 && number <= n ? number - 1 : n;
}

static enum said do_line(struct plain *p, const struct check_result **sorted, const char *line)
{
    size_t n = p->w->report->n, row;
    const char *rest, *word;
    struct wz_effect f = {.kind = WZ_NONE};
    if (strcmp(line, "all") == 0) {
        tell_list(p->w->report, sorted, true);
    } else if (strcmp(line, "r") == 0) {
        f = (struct wz_effect){.kind = WZ_PROBE, .probe = PROBE_CHECKS};
        return plain_do(p, &f);
    } else if ((word = plain_behind(line, "cure")) != NULL && (row = row_of(word, n, &rest)) < n) {
        select_row(p->w, row);
        ask_cure(p->w, sorted[row], 0);
        return plain_do(p, &f);
    } else if ((word = plain_behind(line, "accept")) != NULL && (row = row_of(word, n, &rest)) < n) {
        select_row(p->w, row);
        return accept(p, sorted[row], rest);
    } else if ((row = row_of(line, n, &rest)) < n && !rest[0]) {
        tell_check(sorted[row]);
    } else {
        plain_say("%s", _("There is no such choice."));
    }
    return SAID_TEXT;
}

/* Until the person goes on or the checks have run again. */
static enum said about_report(struct plain *p)
{
    const struct check_result **sorted = check_sorted(p->w->report);
    unsigned before = p->nprobes;
    char line[sizeof p->line], why[160];
    enum said said;
    tell_list(p->w->report, sorted, false);
    do {
        said = plain_ask(p, _("A number for its details, cure NUMBER, accept NUMBER REASON, all, r to run them again, Enter to go on:"), _(HELP), false);
        if (said != SAID_TEXT)
            break;
        why[0] = 0;
        if (!p->line[0] && wz_pages[STEP_CHECKS]->ready(p->w, why))
            break;
        snprintf(line, sizeof line, "%s", p->line);
        if (!line[0])
            plain_say("%s", why);
        else
            said = do_line(p, sorted, line);
    } while (said == SAID_TEXT && p->nprobes == before);
    free(sorted);
    return said;
}

enum said plain_checks(struct plain *p)
{
    struct wz *w = p->w;
    for (;;) {
        if (!w->report) {
            plain_say("%s", _("The checks were not run to their end."));
            enum said said = plain_ask(p, _("r to run them, < to go back:"), _(HELP), false);
            struct wz_effect f = {.kind = WZ_PROBE, .probe = PROBE_CHECKS};
            if (said == SAID_TEXT)
                said = plain_do(p, &f);
            if (said != SAID_TEXT)
                return said;
            continue;
        }
        unsigned before = p->nprobes;
        enum said said = about_report(p);
        if (said != SAID_TEXT || p->nprobes == before)
            return said;
    }
}
