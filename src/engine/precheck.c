// SPDX-License-Identifier: Apache-2.0
/* The checks of a new run's start: what would stop it later stops it now, with nothing written anywhere. */
#include "engine/private.h"

#include "base/text.h"

static const char *words_of(const struct check_result *r)
{
    return r->nfindings ? r->findings[0].text : r->detail ? r->detail : check_title(r->check);
}

/* An event carries the id of the catalogue where there is one, and then the check's own in its text. */
static void tell(enum log_level level, const struct check_result *r, const char *text)
{
    const char *id = check_id(r->check);
    if (r->code == ERR_OK)
        log_event(level, "check", "", id, "%s", text);
    else
        log_event(level, "check", "", err_info(r->code)->id, "%s: %s", id, text);
}

static void told(void *arg, const struct check_result *r)
{
    struct buf words = {0}, text = {0};
    if (r->state != CHECK_FAIL && r->state != CHECK_WARN)
        return;
    buf_addf(&words, r->ntotal > 1 ? N_("%s (and %u more)") : "%s", words_of(r), r->ntotal - 1);
    if (r->state == CHECK_FAIL)
        buf_addf(&text, N_("failed: %s"), words.p);
    else if (r->reason)
        buf_addf(&text, N_("accepted (%s): %s"), r->reason, words.p);
    else
        buf_adds(&text, words.p);
    buf_release(&words);
    tell(r->state == CHECK_FAIL ? LOG_ERROR : LOG_WARN, r, text.p);
    report_add(arg, REPORT_CHECK, false, check_id(r->check), "%s", text.p);
    buf_release(&text);
}

bool engine_precheck(struct engine *g, struct err *e)
{
    struct check_options o = {.job = g->job, .depth = CHECK_START, .run_dir = g->o->run_dir, .cancel = g->cancel, .told = told, .arg = g};
    struct check_report r;
    if (job_ignores(g->job, "all")) {
        log_event(LOG_WARN, "check", "", "", "checks.ignore: all; nothing was looked at");
        report_add(g, REPORT_CHECK, false, "all", "left out by checks.ignore");
        return true;
    }
    checks_run(&r, &o);
    bool fine = !r.is_cancelled || err_set(e, ERR_CANCELLED, "while the checks ran");
    g->is_refused = fine && !check_verdict(&r, e);
    fine = fine && !g->is_refused;
    for (uint32_t i = 0; i < r.nignored; i++)
        report_add(g, REPORT_CHECK, false, r.ignored[i], "left out by checks.ignore");
    if (fine)
        log_event(LOG_INFO, "check", "", "", "%u checks: %u pass, %u warn, in %lld ms", r.n, r.npass, r.nwarn, (long long)r.ms);
    check_report_release(&r);
    return fine;
}

bool engine_note_checks(struct engine *g, struct err *e)
{
    struct buf sql = {0};
    for (size_t i = 0; i < g->report.n; i++) {
        const struct report_line *l = &g->report.lines[i];
        if (l->part != REPORT_CHECK)
            continue;
        if (sql.n)
            buf_addc(&sql, ';');
        ledger_sql_note(&g->ledger, &sql, NOTE_CHECK, l->name, l->text);
    }
    bool fine = !sql.n || engine_fenced(g, &sql, e);
    buf_release(&sql);
    return fine;
}
