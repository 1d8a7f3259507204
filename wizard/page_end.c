// SPDX-License-Identifier: Apache-2.0
// What the pages about the two ends share: which end is meant, TLS, the box of a test, the block with the GRANTs.
#include "ui/text.h"
#include "wizard/pages.h"

#include <stdio.h>
#include <stdlib.h>

#define TEST_ROWS 9
#define LOW 13 /* rows of a body in which form and test do not both fit */

const struct form_choice tls_ways[] = {{"off", N_("off")}, {"verify", N_("verify host")}, {"encrypt", N_("on, host not checked")}, {NULL, NULL}};

const struct job_end *end_shown(const struct wz *w, bool is_target)
{
    static const struct job_end none;
    return is_target ? &w->job->target : w->source_at < w->job->nsources ? &w->job->sources[w->source_at] : &none;
}

const char *end_path(const struct wz *w, bool is_target, const char *field, char out[100])
{
    if (!is_target && w->source_at)
        snprintf(out, 100, "source[%zu].%s", w->source_at, field);
    else
        snprintf(out, 100, "%s.%s", is_target ? "target" : "source", field);
    return out;
}

bool end_is_other(const struct wz *w, bool is_target, struct form_word *out)
{
    const struct job_end *s = end_shown(w, false), *t = end_shown(w, true);
    bool is_same = s->host && s->host[0] && t->host && strcmp(s->host, t->host) == 0 && s->port == t->port;
    if (!is_same)
        return false;
    out->role = ROLE_BAD;
    snprintf(out->text, sizeof out->text, "%s", is_target ? _("this is the source's address: source and target must be two servers")
                                                          : _("this is the target's address: source and target must be two servers"));
    return true;
}

void end_get_tls(const struct wz *w, bool is_target, struct buf *out)
{
    const struct job_tls *t = &end_shown(w, is_target)->tls;
    buf_adds(out, !t->is_on ? "off" : t->verify ? "verify" : "encrypt");
}

/* tls last where it is switched off: a setting below it means that there is TLS. */
bool end_set_tls(struct wz *w, bool is_target, const char *value, struct err *e)
{
    char path[100];
    bool is_off = strcmp(value, "off") == 0;
    const char *verify = strcmp(value, "encrypt") == 0 ? "false" : "true";
    return job_set(w->job, end_path(w, is_target, "tls.verify", path), verify, e) && job_set(w->job, end_path(w, is_target, "tls", path), is_off ? "false" : "true", e);
}

void end_draw_test(struct wz *w, enum probe p, struct canvas *c, struct rect r, int used, const char *title)
{
    char age[80], said[80];
    int y = r.y + used + 1, h = TG_MIN(r.y + r.h - y, TEST_ROWS);
    if (h < 3)
        return;
    struct rect box = {y, 2, h, TG_MIN(r.w, 80) - 4};
    wz_box(c, box, w, false, wz_say(w, title, said, sizeof said), wz_probe_age(w, p, age));
    wz_probe_draw(w, p, c, rect_inside(box));
}

int end_form_rows(const struct wz *w, enum probe p, struct rect r)
{
    bool has_news = w->probe[p].n || w->probe[p].is_running;
    return has_news && r.h < LOW ? TG_MAX(r.h - 6, 3) : TG_MAX(r.h - 1, 0);
}

static void grants_of_all(const struct job_end *end, bool is_target, struct buf *out)
{
    const char *user = end->user && end->user[0] ? end->user : "tidegate";
    if (is_target) {
        buf_addf(out, "  GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX,\n    REFERENCES, CREATE VIEW ON *.* TO '%s'@'%%';\n", user);
        return;
    }
    buf_addf(out, "  CREATE USER '%s'@'%%' IDENTIFIED BY '…';\n", user);
    buf_addf(out, "  GRANT SELECT, PROCESS, RELOAD, LOCK TABLES, REPLICATION CLIENT,\n    REPLICATION SLAVE ON *.* TO '%s'@'%%';\n", user);
}

void end_rights(const struct wz *w, bool is_target, struct buf *out)
{
    const struct check_report *r = w->tested[is_target];
    const char *missing = r ? is_target ? r->target_grants : r->source_grants : NULL;
    if (missing) {
        buf_addf(out, "%s\n\n", _("The test has found that the user lacks this. Somebody who may, runs:"));
        for (const char *p = missing; *p;) {
            size_t n = strcspn(p, "\n");
            buf_addf(out, "  %.*s\n", (int)n, p);
            p += n + (p[n] == '\n');
        }
        return;
    }
    if (r && !r->nfail && w->probe[is_target ? PROBE_TARGET : PROBE_SOURCE].is_over)
        buf_addf(out, "%s\n\n", _("The last test found nothing missing. All that a run may need is:"));
    else
        buf_addf(out, "%s\n\n", _("Not tested yet. All that a run may need is below; the test names only what is missing."));
    grants_of_all(end_shown(w, is_target), is_target, out);
    if (!is_target)
        buf_addf(out, "\n%s\n", _("RELOAD and LOCK TABLES serve tables without a key only. RDS and Aurora give no RELOAD to anybody: leave it out there."));
}
