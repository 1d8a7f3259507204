// SPDX-License-Identifier: Apache-2.0
// Target: where the data goes, its test, and what differs between the two ends.
#include "base/retell.h"
#include "ui/text.h"
#include "wizard/pages.h"

#include <stdio.h>
#include <stdlib.h>

static const struct form_choice kinds[] = {{"tidb", N_("TiDB, self-hosted")}, {"tidb-cloud", "TiDB Cloud"}, {"mysql", N_("MySQL (rehearsal)")}, {NULL, NULL}};

static bool is_cloud(const struct wz *w)
{
    const struct job_end *t = &w->job->target;
    return (t->kind && strcmp(t->kind, "tidb-cloud") == 0) || (t->host && strstr(t->host, ".tidbcloud.com"));
}

/* TiDB Cloud takes no session without TLS: it is switched on with the kind, and can be switched off again. */
static bool set_kind(struct wz *w, const char *value, struct err *e)
{
    if (!job_set(w->job, "target.kind", value, e))
        return false;
    if (strcmp(value, "tidb-cloud") == 0 && !w->job->target.tls.is_on && !end_set_tls(w, true, "verify", e))
        return false;
    form_judge(&w->form[STEP_TARGET], w);
    return true;
}

static void say_host(const struct wz *w, const char *value, struct form_word *out)
{
    (void)w;
    if (strstr(value, "://") || strchr(value, '/')) {
        out->role = ROLE_BAD;
        snprintf(out->text, sizeof out->text, "%s", _("a name or an address only; the port and the user have fields of their own"));
    }
}

static void say_port(const struct wz *w, const char *value, struct form_word *out)
{
    (void)value;
    end_is_other(w, true, out);
}

static void say_user(const struct wz *w, const char *value, struct form_word *out)
{
    if (!is_cloud(w) || !value[0] || strchr(value, '.'))
        return;
    out->role = ROLE_WARN;
    snprintf(out->text, sizeof out->text, "%s", _("Users of Starter and Essential carry the cluster's prefix, like 3pTAoNNegb47Uc8.root: see Connect in the console."));
}

static void say_tls(const struct wz *w, const char *value, struct form_word *out)
{
    if (!is_cloud(w) || strcmp(value, "off") != 0)
        return;
    out->role = ROLE_BAD;
    snprintf(out->text, sizeof out->text, "%s", _("TiDB Cloud takes no session without TLS."));
    snprintf(out->repair, sizeof out->repair, "verify");
}

static bool set_host(struct wz *w, const char *value, struct err *e)
{
    return end_set_host(w, true, value, e);
}

static void get_tls(const struct wz *w, struct buf *out)
{
    end_get_tls(w, true, out);
}

static bool set_tls(struct wz *w, const char *value, struct err *e)
{
    return end_set_tls(w, true, value, e);
}

static bool has_tls(const struct wz *w)
{
    return w->job->target.tls.is_on;
}

#define KIND_HELP N_("self-hosted: a TiDB of your own, through its SQL port.\n\nTiDB Cloud: the SQL port too, always with TLS.\n\nMySQL: rehearse the whole journey " \
                     "without a TiDB.\n\ntidegate keeps its books in schema tidegate_meta on the target. Drop it after the cutover.")

static const struct form_field fields[] = {
    {.path = "target.kind", .look = FORM_RADIO, .label = N_("Kind"), .choices = kinds, .set = set_kind, .help = KIND_HELP},
    {.path = "target.host", .look = FORM_TEXT, .label = N_("Host"), .say = say_host, .set = set_host, .help = N_("The address of a TiDB server, or of the balancer before several.")},
    {.path = "target.port", .look = FORM_TEXT, .label = N_("Port"), .say = say_port},
    {.path = "target.user", .look = FORM_TEXT, .label = N_("User"), .say = say_user,
     .help = N_("It makes schemas and tables and writes rows; {F6} shows the GRANT to copy.\n\nTiDB Cloud Starter and Essential: the prefix belongs to the name.")},
    {.path = "target.password", .look = FORM_SECRET, .label = N_("Password"),
     .help = N_("It stays in the memory of this window. The job file gets a reference, at first ${env:TG_TARGET_PASSWORD}.\n\n"
                "{F4 Ctrl-P} chooses another origin: a variable, a file, or being asked at each start.\n\n{Ctrl-R} shows what you type, Ctrl-U clears it.")},
    {.path = "target.tls", .look = FORM_CYCLE, .label = N_("TLS"), .choices = tls_ways, .get = get_tls, .set = set_tls, .say = say_tls,
     .help = N_("off: rows are readable on the way.\n\nverify host: the server must prove its name.\n\nhost not checked: encrypted, but anybody could answer.")},
    {.path = "target.tls.ca", .look = FORM_TEXT, .label = N_("CA file"), .is_beside = true, .shown = has_tls, .help = N_("Empty: the system's own list.")},
};

static void draw(struct wz *w, struct canvas *c, struct rect r)
{
    int used = form_draw(&w->form[w->at], w, c, (struct rect){r.y + 1, 2, end_form_rows(w, PROBE_TARGET, r), r.w - 4});
    end_draw_test(w, PROBE_TARGET, c, r, used + 1, _("Test  {Ctrl-T}"));
}

static void below(struct wz *w, struct canvas *c, struct rect r)
{
    struct rect box = {r.y, r.x, 8, r.w}, in = rect_inside(box);
    const struct check_view *v = &w->view[1];
    const int at[] = {1, 27, 49, 71};
    const char *const heads[] = {N_("setting"), N_("source"), N_("target"), N_("effect")};
    wz_box(c, box, w, false, _("What differs between the two ends"), v->ndiffers && w->probe[PROBE_TARGET].is_stale ? _("of earlier answers") : NULL);
    if (!v->ndiffers) {
        canvas_cut(c, in, in.y, in.x + 1, in.w - 2, ROLE_DIM, _("the test fills this in"));
        return;
    }
    for (int k = 0; k < 4; k++)
        canvas_cut(c, in, in.y, in.x + at[k], 21, ROLE_DIM, _(heads[k]));
    for (unsigned i = 0; i < v->ndiffers; i++) {
        const struct check_difference *d = &v->differs[i];
        int y = in.y + 1 + (int)i;
        bool is_calm = strncmp(d->effect, "none", 4) == 0, is_known = d->source[0] && d->target[0];
        canvas_cut(c, in, y, in.x + at[0], 25, ROLE_TEXT, _(d->setting));
        canvas_cut(c, in, y, in.x + at[1], 21, d->source[0] ? ROLE_TEXT : ROLE_DIM, d->source[0] ? d->source : _("not known"));
        canvas_cut(c, in, y, in.x + at[2], 21, d->target[0] ? ROLE_TEXT : ROLE_DIM, d->target[0] ? retell(d->target) : _("not known"));
        canvas_cut(c, in, y, in.x + at[3], in.w - at[3] - 1, is_calm ? ROLE_DIM : ROLE_WARN, is_known ? _(d->effect) : "?");
    }
}

static void press(struct wz *w, unsigned button, struct wz_effect *out)
{
    (void)w;
    (void)button;
    out->kind = WZ_PROBE;
    out->probe = PROBE_TARGET;
}

static bool feed(struct wz *w, const struct input *in, struct wz_effect *out)
{
    struct buf text = {0};
    (void)out;
    if (in->kind != IN_KEY || (in->key != K_F0 + 6 && in->key != K_CTRL('x')))
        return false;
    end_rights(w, true, &text);
    ask_copy(w, _("Rights at the target"), &text, in->key);
    return true;
}

static const char *const buttons[] = {N_("Back"), N_("Test"), N_("Next"), NULL};

const struct page page_target = {.step = STEP_TARGET, .title = N_("Target"), .question = N_("Where should the data go?"), .fields = fields, .nfields = TG_ARRAY_LEN(fields),
                                 .buttons = buttons, .where = 2, .draw = draw, .below = below, .feed = feed, .press = press};
