// SPDX-License-Identifier: Apache-2.0
/* The checks of a new run's start: what would stop it later stops it now, with nothing written anywhere. */
#include "engine/private.h"

#include <stdio.h>

static const char *words_of(const struct check_result *r)
{
    return r->nfindings ? r->findings[0].text : r->detail ? r->detail : check_title(r->check);
}

static const char *id_of(const struct check_result *r)
{
    return r->code == ERR_OK ? check_id(r->check) : err_info(r->code)->id;
}

static void told(void *arg, const struct check_result *r)
{
    struct engine *g = arg;
    const char *id = check_id(r->check);
    char more[40] = "";
    if (r->ntotal > 1)
        snprintf(more, sizeof more, " (and %u more)", r->ntotal - 1);
    if (r->state == CHECK_FAIL) {
        log_event(LOG_ERROR, "check", "", id_of(r), "%s: %s%s", id, words_of(r), more);
        report_add(g, REPORT_CHECK, false, id, "failed: %s%s", words_of(r), more);
    } else if (r->reason) {
        log_event(LOG_WARN, "check", "", id_of(r), "%s: %s%s; accepted: %s", id, words_of(r), more, r->reason);
        report_add(g, REPORT_CHECK, false, id, "accepted (%s): %s%s", r->reason, words_of(r), more);
    } else if (r->state == CHECK_WARN) {
        log_event(LOG_WARN, "check", "", id_of(r), "%s: %s%s", id, words_of(r), more);
        report_add(g, REPORT_CHECK, false, id, "%s%s", words_of(r), more);
    }
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
