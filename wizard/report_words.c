// SPDX-License-Identifier: Apache-2.0
/* What the report says in words. A sentence whose facts are not known is not said. */
#include "base/retell.h"
#include "ui/format.h"
#include "ui/text.h"
#include "wizard/report_page.h"

#include <stdio.h>

static void moved(const struct mon_report *r, char out[160])
{
    const struct mon_snapshot *m = &r->snap;
    char rows[FMT_SIZE], bytes[FMT_SIZE], span[FMT_SIZE];
    int n = snprintf(out, 160, m->tables_total == 1 ? _("Moved %u table, %s rows, %s") : _("Moved %u tables, %s rows, %s"), m->tables_total,
                     fmt_exact(rows, m->load.rows), fmt_bytes(bytes, m->load.bytes));
    if (r->started_ms && r->copied_ms >= r->started_ms)
        snprintf(out + n, 160 - (size_t)n, _(" in %s"), fmt_span(span, (r->copied_ms - r->started_ms + 999) / 1000));
}

static void replicated(const struct mon_report *r, char out[160])
{
    const struct mon_snapshot *m = &r->snap;
    char count[FMT_SIZE], span[FMT_SIZE], lag[FMT_SIZE];
    int n = snprintf(out, 160, _("Replicated %s transactions"), fmt_exact(count, m->tx_applied));
    if (r->started_ms && r->ended_ms > r->started_ms)
        n += snprintf(out + n, 160 - (size_t)n, _(" in %s"), fmt_span(span, (r->ended_ms - r->started_ms) / 1000));
    if (m->lag.seconds >= 0)
        snprintf(out + n, 160 - (size_t)n, _(", last lag %s"), fmt_lag(lag, m->lag.seconds));
}

static void verified(const struct mon_report *r, char out[160])
{
    const struct mon_snapshot *m = &r->snap;
    if (strncmp(m->verdict, "PASS", 4) == 0 && m->verified_at[0])
        snprintf(out, 160, _("Verified %u of %u equal at %.60s: rows and checksums"), m->tables_verified, m->tables_total, m->verified_at);
    else if (strncmp(m->verdict, "PASS", 4) == 0)
        snprintf(out, 160, _("Verified %u of %u equal: rows counted, chunks checksummed"), m->tables_verified, m->tables_total);
    else
        snprintf(out, 160, m->verdict[0] ? "%s: %s" : "%s", _("NOT verified"), retell(m->verdict));
}

static void lived(const struct mon_report *r, char out[160])
{
    unsigned stops = r->starts ? r->starts - 1 : 0;
    int n = snprintf(out, 160, stops == 1 ? _("Stopped and resumed %u time") : _("Stopped and resumed %u times"), stops);
    snprintf(out + n, 160 - (size_t)n, r->answers == 1 ? _("; %u question answered by you") : _("; %u questions answered by you"), r->answers);
}

/* The first line of a part, and how many more there are. */
static bool first_of(const struct mon_report *r, const char *part, const char *label, char out[160])
{
    size_t n = mon_report_count(r, part);
    for (size_t i = 0; i < r->nlines; i++)
        if (strcmp(r->line[i].part, part) == 0) {
            int used = snprintf(out, 160, "%s %.40s", label, r->line[i].name);
            if (n > 1)
                snprintf(out + used, 160 - (size_t)used, _(" and %zu more"), n - 1);
            else
                snprintf(out + used, 160 - (size_t)used, ": %.90s", retell(r->line[i].text));
            return true;
        }
    return false;
}

unsigned report_words(const struct mon_report *r, struct report_line line[REPORT_WORDS])
{
    unsigned n = 0;
    for (unsigned i = 0; i < REPORT_WORDS; i++)
        line[i] = (struct report_line){.role = ROLE_TEXT};
    moved(r, line[n++].text);
    if (r->snap.tx_applied)
        replicated(r, line[n++].text);
    line[n].role = verdict_role(verdict_of(&r->snap));
    verified(r, line[n++].text);
    if (r->snap.quarantine) {
        line[n].role = ROLE_BAD;
        snprintf(line[n++].text, sizeof line[0].text, _("%llu rows lie in quarantine"), (unsigned long long)r->snap.quarantine);
    }
    if (r->starts)
        lived(r, line[n++].text);
    if (first_of(r, "checks", _("Accepted, or to be known:"), line[n].text))
        n++;
    if (first_of(r, "not_moved", _("Not moved, yours to bring over:"), line[n].text))
        n++;
    return n;
}

void report_cleanup(const struct mon_report *r, struct buf *out)
{
    for (size_t i = 0; i < r->ncleanup; i++)
        buf_addf(out, "%s-- at %s: %s\n%s\n", i ? "\n" : "", r->cleanup[i].where, retell(r->cleanup[i].why), r->cleanup[i].sql);
    if (!r->ncleanup)
        buf_adds(out, _("Nothing is left to remove.\n"));
}
