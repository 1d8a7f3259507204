// SPDX-License-Identifier: Apache-2.0
// Source: where the data is. One form for each source, and a test that tells the steps of connecting as they come.
#include "ui/text.h"
#include "wizard/pages.h"

#include <stdio.h>
#include <stdlib.h>

static const struct form_choice kinds[] = {{"mysql", "MySQL"}, {"mariadb", "MariaDB"}, {"aurora", "Amazon Aurora MySQL"}, {"rds", "RDS"}, {NULL, NULL}};

static const char *kind_of(const struct wz *w)
{
    const char *kind = end_shown(w, false)->kind;
    return kind ? kind : "mysql";
}

/* Amazon's names of readers: NAME.cluster-ro-ID.REGION.… */
static void say_host(const struct wz *w, const char *value, struct form_word *out)
{
    (void)w;
    const char *at = strstr(value, ".cluster-ro-");
    if (at) {
        out->role = ROLE_WARN;
        snprintf(out->text, sizeof out->text, "%s", _("This looks like a reader endpoint. Readers write no binlog."));
        snprintf(out->repair, sizeof out->repair, "%.*s.cluster-%.150s", (int)TG_MIN(at - value, 90), value, at + strlen(".cluster-ro-"));
    } else if (strstr(value, "://") || strchr(value, '/')) {
        out->role = ROLE_BAD;
        snprintf(out->text, sizeof out->text, "%s", _("a name or an address only; the port and the user have fields of their own"));
    }
}

static void say_port(const struct wz *w, const char *value, struct form_word *out)
{
    if (end_is_other(w, false, out))
        return;
    if (strcmp(value, "33060") != 0)
        return;
    out->role = ROLE_WARN;
    snprintf(out->text, sizeof out->text, "%s", _("33060 is MySQL's X protocol; the classic one is asked for."));
    snprintf(out->repair, sizeof out->repair, "3306");
}

static bool set_host(struct wz *w, const char *value, struct err *e)
{
    return end_set_host(w, false, value, e);
}

static void get_tls(const struct wz *w, struct buf *out)
{
    end_get_tls(w, false, out);
}

static bool set_tls(struct wz *w, const char *value, struct err *e)
{
    return end_set_tls(w, false, value, e);
}

static bool has_tls(const struct wz *w)
{
    return end_shown(w, false)->tls.is_on;
}

/* ---- several sources ---- */

bool source_has_others(const struct wz *w)
{
    return w->job->nsources > 1;
}

void source_get_number(const struct wz *w, struct buf *out)
{
    buf_addf(out, _("%zu of %zu"), w->source_at + 1, w->job->nsources);
}

void source_turn(struct wz *w, int by)
{
    size_t n = w->job->nsources;
    form_forget(&w->form[STEP_SOURCE]);
    form_forget(&w->form[STEP_ROUTE]); /* where to begin is each source's own */
    w->source_at = (w->source_at + n + (size_t)(by < 0 ? n - 1 : 1)) % n;
    memset(&w->probe[PROBE_SOURCE], 0, sizeof w->probe[PROBE_SOURCE]);
    memset(&w->way[0], 0, sizeof w->way[0]);
    form_judge(&w->form[STEP_SOURCE], w);
}

static const struct form_field fields[] = {
    {.path = "sources", .look = FORM_CYCLE, .label = N_("Sources"), .get = source_get_number, .turn = source_turn, .shown = source_has_others,
     .help = N_("A run of this version takes one source. With several, the checks look at the first, and the run is refused. The file keeps them all.")},
    {.path = "source.kind", .look = FORM_RADIO, .label = N_("Kind"), .choices = kinds},
    {.path = "source.host", .look = FORM_TEXT, .label = N_("Host"), .say = say_host, .set = set_host},
    {.path = "source.port", .look = FORM_TEXT, .label = N_("Port"), .say = say_port},
    {.path = "source.user", .look = FORM_TEXT, .label = N_("User"),
     .help = N_("Rights needed: SELECT, PROCESS, REPLICATION CLIENT, REPLICATION SLAVE.\n\n{F6} shows the GRANT to copy.")},
    {.path = "source.password", .look = FORM_SECRET, .label = N_("Password"),
     .help = N_("It stays in the memory of this window. The job file gets a reference, at first ${env:TG_SOURCE_PASSWORD}.\n\n"
                "{F4 Ctrl-P} chooses another origin: a variable, a file, or being asked at each start.\n\n{Ctrl-R} shows what you type, Ctrl-U clears it.")},
    {.path = "source.tls", .look = FORM_CYCLE, .label = N_("TLS"), .choices = tls_ways, .get = get_tls, .set = set_tls,
     .help = N_("off: rows are readable on the way.\n\nverify host: the server must prove its name.\n\nhost not checked: encrypted, but anybody could answer.")},
    {.path = "source.tls.ca", .look = FORM_TEXT, .label = N_("CA file"), .is_beside = true, .shown = has_tls,
     .help = N_("Empty: the system's own list.\n\nAurora and RDS: the global bundle, which Amazon offers as global-bundle.pem.")},
};

/* ---- drawing ---- */

static void draw(struct wz *w, struct canvas *c, struct rect r)
{
    int used = form_draw(&w->form[w->at], w, c, (struct rect){r.y + 1, 2, end_form_rows(w, PROBE_SOURCE, r), r.w - 4});
    end_draw_test(w, PROBE_SOURCE, c, r, used + 1, _("Test  {Ctrl-T}"));
}

static unsigned typed_secrets(const struct wz *w)
{
    unsigned n = w->job->target.password.value != NULL;
    for (size_t i = 0; i < w->job->nsources; i++)
        n += w->job->sources[i].password.value != NULL;
    return n;
}

static void answer_line(const struct wz *w, bool is_target, char *out, size_t size)
{
    const struct job_end *end = end_shown(w, is_target);
    const struct check_report *r = w->tested[is_target];
    const char *name = r ? is_target ? r->target_name : r->source_name : NULL, *at = name ? strstr(name, " at ") : NULL;
    if (!end->host || !end->host[0])
        snprintf(out, size, "%s", _("not answered yet"));
    else
        snprintf(out, size, _("%.*s%s%.200s:%lld as %.80s"), at ? (int)(at - name) : 0, at ? name : "", at ? _(" at ") : "", end->host, (long long)end->port,
                 end->user && end->user[0] ? end->user : "…");
}

static void below(struct wz *w, struct canvas *c, struct rect r)
{
    struct rect box = {r.y, r.x, 7, r.w}, in = rect_inside(box);
    char source[400], target[400], secrets[200], text[200];
    static const char *const ways[] = {N_("direct"), N_("SSH jump host: this version can't open it yet"), N_("a port of this host that is open already")};
    answer_line(w, false, source, sizeof source);
    answer_line(w, true, target, sizeof target);
    unsigned n = typed_secrets(w);
    snprintf(secrets, sizeof secrets, n ? _("%u, held in memory only. {F9} saves a reference, never the password") : _("none is known yet"), n);
    const char *const lines[][2] = {{N_("Source"), source},
                                    {N_("Path"), w->reached > STEP_PATH ? _(ways[w->way[0].kind]) : _("not answered yet")},
                                    {N_("Target"), target},
                                    {N_("Secrets"), wz_say(w, secrets, text, sizeof text)},
                                    {N_("Job file"), !w->path[0] ? _("not saved yet") : w->is_changed ? _("not saved since the last change") : w->path}};
    wz_box(c, box, w, false, _("Answers so far"), NULL);
    for (int i = 0; i < (int)TG_ARRAY_LEN(lines); i++) {
        canvas_cut(c, in, in.y + i, in.x + 1, 9, ROLE_DIM, _(lines[i][0]));
        canvas_cut(c, in, in.y + i, in.x + 10, in.w - 11, ROLE_TEXT, lines[i][1]);
    }
}

/* ---- input ---- */

enum { BUTTON_TEST = 1, BUTTON_MORE };

static void press(struct wz *w, unsigned button, struct wz_effect *out)
{
    if (button == BUTTON_MORE) {
        ask_sources(w, K_ENTER);
        return;
    }
    out->kind = WZ_PROBE;
    out->probe = PROBE_SOURCE;
}

static bool feed(struct wz *w, const struct input *in, struct wz_effect *out)
{
    struct buf text = {0};
    (void)out;
    if (in->kind != IN_KEY || (in->key != K_F0 + 6 && in->key != K_CTRL('x')))
        return false;
    end_rights(w, false, &text);
    ask_copy(w, _("Rights at the source"), &text, in->key);
    return true;
}

static const char *help(const struct wz *w, const char **title)
{
    const struct form_field *f = wz_field(w);
    if (!f || strcmp(f->path, "source.host") != 0)
        return NULL;
    *title = _("Help: Host");
    if (strcmp(kind_of(w), "aurora") == 0)
        return _("The address of the WRITER. Aurora gives three kinds:\n\n  cluster     the writer: use this\n  cluster-ro  readers: no binlog\n"
                 "  instance    one node; it may turn\n              reader after a failover\n\nBehind SSH? Type the address as the jump host sees it; the next page asks about "
                 "the jump host.");
    if (strcmp(kind_of(w), "rds") == 0)
        return _("The endpoint of the instance, as the console shows it. The binlog is written only while automated backups are on.\n\nA read replica works "
                 "where its own backups are on.\n\nBehind SSH? Type the address as the jump host sees it.");
    if (strcmp(kind_of(w), "mariadb") == 0)
        return _("The server where changes are made, or a replica with log_slave_updates ON.\n\nGalera: name one node; the run stays with it.\n\nBehind SSH? Type the "
                 "address as the jump host sees it.");
    return _("The server where changes are made, or a replica with log_replica_updates ON.\n\nBehind a proxy, name the server itself: positions in the binlog "
             "belong to one server.\n\nBehind SSH? Type the address as the jump host sees it.");
}

static const char *const buttons[] = {N_("Back"), N_("Test"), N_("Several …"), N_("Next"), NULL};

const struct page page_source = {.step = STEP_SOURCE, .title = N_("Source"), .question = N_("Where is the data now?"), .fields = fields, .nfields = TG_ARRAY_LEN(fields),
                                 .buttons = buttons, .where = 2, .draw = draw, .below = below, .feed = feed, .press = press, .help = help};
