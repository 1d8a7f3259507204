// SPDX-License-Identifier: Apache-2.0
// Source and Target: where the data is and where it goes. The same form twice, and a test that tells the steps of
// connecting as they come.
#include "ui/text.h"
#include "wizard/pages.h"

#include <stdio.h>
#include <stdlib.h>

static const struct form_choice source_kinds[] = {{"mysql", "MySQL"}, {"mariadb", "MariaDB"}, {"aurora", "Amazon Aurora MySQL"}, {NULL, NULL}};
static const struct form_choice target_kinds[] = {{"tidb", N_("TiDB, self-hosted")}, {"tidb-cloud", "TiDB Cloud"}, {"mysql", N_("MySQL (rehearsal)")}, {NULL, NULL}};
static const struct form_choice tls_ways[] = {{"off", N_("off")}, {"verify", N_("verify host")}, {"encrypt", N_("on, host not checked")}, {NULL, NULL}};

static const struct job_end *end_of(const struct wz *w, bool is_target)
{
    static const struct job_end none;
    return is_target ? &w->job->target : w->job->nsources ? &w->job->sources[0] : &none;
}

/* Amazon's names of readers: NAME.cluster-ro-ID.REGION.… */
static void say_source_host(const struct wz *w, const char *value, struct form_word *out)
{
    const char *at = strstr(value, ".cluster-ro-");
    (void)w;
    if (!at)
        return;
    out->role = ROLE_WARN;
    snprintf(out->text, sizeof out->text, "%s", _("This looks like a reader endpoint. Readers write no binlog."));
    snprintf(out->repair, sizeof out->repair, "%.*s.cluster-%.150s", (int)TG_MIN(at - value, 90), value, at + strlen(".cluster-ro-"));
}

static void get_tls(const struct wz *w, bool is_target, struct buf *out)
{
    const struct job_tls *t = &end_of(w, is_target)->tls;
    buf_adds(out, !t->is_on ? "off" : t->verify ? "verify" : "encrypt");
}

static bool set_tls(struct wz *w, bool is_target, const char *value, struct err *e)
{
    const char *on = strcmp(value, "off") == 0 ? "false" : "true", *verify = strcmp(value, "encrypt") == 0 ? "false" : "true";
    return job_set(w->job, is_target ? "target.tls" : "source.tls", on, e) && job_set(w->job, is_target ? "target.tls.verify" : "source.tls.verify", verify, e);
}

static void get_source_tls(const struct wz *w, struct buf *out)
{
    get_tls(w, false, out);
}

static void get_target_tls(const struct wz *w, struct buf *out)
{
    get_tls(w, true, out);
}

static bool set_source_tls(struct wz *w, const char *value, struct err *e)
{
    return set_tls(w, false, value, e);
}

static bool set_target_tls(struct wz *w, const char *value, struct err *e)
{
    return set_tls(w, true, value, e);
}

static bool source_has_tls(const struct wz *w)
{
    return end_of(w, false)->tls.is_on;
}

static bool target_has_tls(const struct wz *w)
{
    return end_of(w, true)->tls.is_on;
}

#define HOST_HELP N_("The address of the WRITER. Aurora gives three kinds:\n\n  cluster     the writer: use this\n  cluster-ro  readers: no binlog\n" \
                     "  instance    one node; it may turn reader after a failover\n\nRights needed: SELECT, PROCESS, REPLICATION CLIENT, REPLICATION SLAVE.")

static const struct form_field source_fields[] = {
    {.path = "source.kind", .look = FORM_RADIO, .label = N_("Kind"), .choices = source_kinds},
    {.path = "source.host", .look = FORM_TEXT, .label = N_("Host"), .help = HOST_HELP, .say = say_source_host},
    {.path = "source.port", .look = FORM_TEXT, .label = N_("Port")},
    {.path = "source.user", .look = FORM_TEXT, .label = N_("User")},
    {.path = "source.password", .look = FORM_SECRET, .label = N_("Password")},
    {.path = "source.tls", .look = FORM_CYCLE, .label = N_("TLS"), .choices = tls_ways, .get = get_source_tls, .set = set_source_tls},
    {.path = "source.tls.ca", .look = FORM_TEXT, .label = N_("CA file"), .is_beside = true, .shown = source_has_tls},
};
static const struct form_field target_fields[] = {
    {.path = "target.kind", .look = FORM_RADIO, .label = N_("Kind"), .choices = target_kinds},
    {.path = "target.host", .look = FORM_TEXT, .label = N_("Host")},
    {.path = "target.port", .look = FORM_TEXT, .label = N_("Port")},
    {.path = "target.user", .look = FORM_TEXT, .label = N_("User")},
    {.path = "target.password", .look = FORM_SECRET, .label = N_("Password")},
    {.path = "target.tls", .look = FORM_CYCLE, .label = N_("TLS"), .choices = tls_ways, .get = get_target_tls, .set = set_target_tls},
    {.path = "target.tls.ca", .look = FORM_TEXT, .label = N_("CA file"), .is_beside = true, .shown = target_has_tls},
};

static enum probe probe_of(const struct wz *w)
{
    return w->at == STEP_TARGET ? PROBE_TARGET : PROBE_SOURCE;
}

static void draw(struct wz *w, struct canvas *c, struct rect r)
{
    char age[80];
    int used = form_draw(&w->form[w->at], w, c, (struct rect){r.y + 1, 2, TG_MAX(r.h - 1, 0), r.w - 4});
    int y = r.y + 1 + used + 1, h = TG_MIN(r.y + r.h - y, 9);
    if (h < 3)
        return;
    struct rect box = {y, 2, h, TG_MIN(r.w, 80) - 4};
    wz_box(c, box, w, false, _("Test  Ctrl-T"), wz_probe_age(w, probe_of(w), age));
    wz_probe_draw(w, probe_of(w), c, rect_inside(box));
}

static void press(struct wz *w, unsigned button, struct wz_effect *out)
{
    (void)button;
    out->kind = WZ_PROBE;
    out->probe = probe_of(w);
}

static const char *const buttons[] = {N_("Back"), N_("Test"), N_("Next"), NULL};

const struct page page_source = {.step = STEP_SOURCE, .title = N_("Source"), .question = N_("Where is the data now?"), .fields = source_fields,
                                 .nfields = TG_ARRAY_LEN(source_fields), .buttons = buttons, .where = 2, .draw = draw, .press = press};
const struct page page_target = {.step = STEP_TARGET, .title = N_("Target"), .question = N_("Where should the data go?"), .fields = target_fields,
                                 .nfields = TG_ARRAY_LEN(target_fields), .buttons = buttons, .where = 2, .draw = draw, .press = press};
