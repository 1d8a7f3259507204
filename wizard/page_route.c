// SPDX-License-Identifier: Apache-2.0
// Route: which road, how far, how hard; and for a DM cluster where it stands (topology.c). What it will take is a guess
// made of sizes that are known and of rates that are said to be assumptions.
#include "ui/text.h"
#include "wizard/pages.h"
#include "wizard/scope.h"

#include <stdio.h>
#include <stdlib.h>

/* Measured with 2 cores and a TiDB of one process, tables with a secondary index: what the slowest of hosts takes. */
#define COPY_RATE (15 * INT64_C(1000000))
#define VERIFY_RATE (100 * INT64_C(1000000))

static bool is_dm(const struct wz *w)
{
    return w->job->road == ROAD_DM;
}

static bool is_copying(const struct wz *w)
{
    return w->job->mode != MODE_INCREMENTAL;
}

static bool follows_only(const struct wz *w)
{
    return !is_copying(w);
}

static bool is_ours(const struct wz *w)
{
    return !is_dm(w);
}

static bool is_our_copy(const struct wz *w)
{
    return is_ours(w) && is_copying(w);
}

static bool follows_ours(const struct wz *w)
{
    return is_ours(w) && follows_only(w);
}

/* ---- the rows ---- */

static const struct form_choice roads[] = {{"stream", N_("Stream")}, {"snapshot", N_("Snapshot")}, {"dm", N_("DM cluster")}, {NULL, NULL}};
static const struct form_line road_lines[] = {{N_("copy and follow at once, from this host"), N_("fits: any size; no disk, no lock, can be resumed")},
                                              {N_("one full copy of one moment"), N_("fits: no binlog; a short lock, begins anew if cut")},
                                              {N_("write the files that DM runs from"), N_("fits: shops that run DM; you start it yourself")}};
static const struct form_choice modes[] = {{"all", N_("copy, then follow")}, {"full", N_("one full copy")}, {"incremental", N_("follow")}, {NULL, NULL}};
static const struct form_choice existings[] = {{"ask", N_("ask before they are touched")},
                                               {"append", N_("keep their rows, add to them")},
                                               {"replace", N_("rows of the same key give way")},
                                               {"drop", N_("DROP them, make them anew")},
                                               {NULL, NULL}};
static const struct form_choice paces[] = {{"gentle", N_("gentle: 2 readers, wait at 10 threads")},
                                           {"normal", N_("normal: 4 readers, wait at 25 threads")},
                                           {"fast", N_("fast: 8 readers, never wait")},
                                           {NULL, NULL}};

#define ROAD_HELP \
    N_("Stream applies changes while it copies. No disk; only tables without a key are locked, for seconds.\n\nSnapshot copies one moment, " \
       "without the binlog. Cut off, it begins anew. Aurora's export to S3 is not built yet.\n\nDM cluster writes the files for TiUP and dmctl. " \
       "Driving the cluster from here is not built yet.")
#define MODE_HELP \
    N_("copy, then follow: until you end the run after the cutover.\n\none full copy: stops at the first point where the copy is whole.\n\n" \
       "follow: no copy; changes from a position on. The target must hold the data of that position.")

static void get_or(const struct wz *w, const char *path, const char *word, struct buf *out)
{
    struct buf value = {0};
    job_get(w->job, path, &value);
    buf_adds(out, value.n && strcmp(value.p, "0") != 0 ? value.p : word);
    buf_release(&value);
}

static bool set_or(struct wz *w, const char *path, const char *word, const char *value, struct err *e)
{
    return job_set(w->job, path, !*value || strcmp(value, word) == 0 || strcmp(value, _(word)) == 0 ? "0" : value, e);
}

#define NUMBER_OR(name, path, word)                                                \
    static void get_##name(const struct wz *w, struct buf *out)                    \
    {                                                                              \
        get_or(w, path, _(word), out);                                             \
    }                                                                              \
    static bool set_##name(struct wz *w, const char *value, struct err *e)         \
    {                                                                              \
        return set_or(w, path, word, value, e);                                    \
    }
NUMBER_OR(readers, "limits.readers", N_("auto"))
NUMBER_OR(busy, "limits.source-threads", N_("auto"))
NUMBER_OR(rate, "limits.read-rate", N_("any"))

#define HOSTS(name, path)                                                          \
    static void get_##name(const struct wz *w, struct buf *out)                    \
    {                                                                              \
        topology_get(w, path, out);                                                \
    }                                                                              \
    static bool set_##name(struct wz *w, const char *value, struct err *e)         \
    {                                                                              \
        return topology_set(w, path, value, e);                                    \
    }                                                                              \
    static void say_##name(const struct wz *w, const char *value, struct form_word *out) \
    {                                                                              \
        (void)value;                                                               \
        topology_say(w, path, out);                                                \
    }
HOSTS(masters, "topology.masters")
HOSTS(workers, "topology.workers")
HOSTS(monitoring, "topology.monitoring")
HOSTS(grafana, "topology.grafana")
HOSTS(alerts, "topology.alertmanagers")

static void say_mode(const struct wz *w, const char *value, struct form_word *out)
{
    if (w->job->road != ROAD_SNAPSHOT || strcmp(value, "full") == 0)
        return;
    out->role = ROLE_BAD;
    snprintf(out->text, sizeof out->text, "%s", _("a snapshot can't be followed: it ends with one full copy"));
    snprintf(out->repair, sizeof out->repair, "full");
}

static void say_start(const struct wz *w, const char *value, struct form_word *out)
{
    if (*value || end_shown(w, false)->start_gtid)
        return;
    out->role = ROLE_WARN;
    snprintf(out->text, sizeof out->text, "%s", is_dm(w) ? _("without a position DM follows from now on") : _("without a position only a run that has one at the target goes on"));
}

/* Words that another field's answer decides. */
static void say_again(struct wz *w)
{
    struct form *f = &w->form[STEP_ROUTE];
    for (size_t i = 0; i < f->n; i++) {
        bool is_mode = strcmp(f->field[i].path, "mode") == 0, is_start = strcmp(f->field[i].path, "source.start.file") == 0;
        if (is_mode || is_start)
            form_judge_field(f, w, i);
    }
    topology_say_all(w);
}

static bool set_road(struct wz *w, const char *value, struct err *e)
{
    bool is_fine = job_set(w->job, "road.kind", value, e);
    say_again(w);
    return is_fine;
}

static bool set_gtid(struct wz *w, const char *value, struct err *e)
{
    char path[100];
    bool is_fine = job_set(w->job, end_path(w, false, "start.gtid", path), value, e);
    say_again(w);
    return is_fine;
}

static bool has_starts(const struct wz *w)
{
    return follows_only(w) && source_has_others(w);
}

static void turn_start(struct wz *w, int by)
{
    source_turn(w, by);
    say_again(w);
}

#define HOSTS_HELP N_("Hosts with commas: host, or host:port.\n\nPorts: master 8261 8291, worker 8262, Prometheus 9090, Grafana 3000, Alertmanager 9093 9094; " \
                      "9100 9115 on each host.\n\nA worker for each source, one more to take over. Three masters survive the loss of one.\n\n" \
                      "All empty: no topology.yaml.")
#define HOST_ROW(where, name, beside, cells) \
    .path = where, .look = FORM_TEXT, .help = HOSTS_HELP, .shown = topology_is_shown, .get = get_##name, .set = set_##name, .say = say_##name, .is_beside = beside, .width = cells

static const struct form_field fields[] = {
    {.path = "road.kind", .look = FORM_COLUMN, .label = N_("Road"), .choices = roads, .lines = road_lines, .is_tight = is_dm, .set = set_road, .help = ROAD_HELP},
    {.path = "mode", .look = FORM_RADIO, .label = N_("Mode"), .choices = modes, .say = say_mode, .help = MODE_HELP},
    {.path = "sources", .look = FORM_CYCLE, .label = N_("Sources"), .get = source_get_number, .turn = turn_start, .shown = has_starts, .help = N_("Each source begins at a position of its own.")},
    {.path = "source.start.file", .look = FORM_TEXT, .label = N_("From file"), .shown = follows_only, .width = 22, .say = say_start},
    {.path = "source.start.pos", .look = FORM_TEXT, .label = N_("position"), .shown = follows_only, .is_beside = true, .width = 12},
    {.path = "source.start.gtid", .look = FORM_TEXT, .label = N_("or GTIDs"), .shown = follows_only, .set = set_gtid},
    {.path = "source.gtid", .look = FORM_TICK, .label = N_("By GTID"), .shown = follows_ours},
    {.path = "existing", .look = FORM_CYCLE, .label = N_("Rows there"), .choices = existings, .shown = is_copying},
    {.path = "pace", .look = FORM_CYCLE, .label = N_("Pace"), .choices = paces, .shown = is_our_copy},
    {.path = "limits.writers", .look = FORM_TEXT, .label = N_("Writers"), .width = 4},
    {.path = "limits.readers", .look = FORM_TEXT, .label = N_("readers"), .is_beside = true, .width = 5, .shown = is_copying, .get = get_readers, .set = set_readers},
    {.path = "limits.source-threads", .look = FORM_TEXT, .label = N_("busy at"), .is_beside = true, .width = 5, .shown = is_our_copy, .get = get_busy, .set = set_busy},
    {.path = "limits.memory", .look = FORM_TEXT, .label = N_("Memory"), .width = 8, .shown = is_ours},
    {.path = "limits.chunk", .look = FORM_TEXT, .label = N_("chunk"), .is_beside = true, .width = 7, .shown = is_our_copy},
    {.path = "limits.read-rate", .look = FORM_TEXT, .label = N_("read/s"), .is_beside = true, .width = 8, .shown = is_our_copy, .get = get_rate, .set = set_rate},
    {.path = "topology.one", .look = FORM_TEXT, .label = N_("All on"), .shown = topology_is_shown, .get = topology_get_one, .set = topology_set_one,
     .help_title = N_("One host"), .help = N_("Puts every part on one host, each on its own port. Change the parts below where they stand on several.")},
    {HOST_ROW("topology.masters", masters, false, 0), .label = N_("Masters")},
    {HOST_ROW("topology.workers", workers, false, 0), .label = N_("Workers")},
    {HOST_ROW("topology.monitoring", monitoring, false, 19), .label = N_("Prometheus")},
    {HOST_ROW("topology.grafana", grafana, true, 13), .label = N_("Grafana")},
    {HOST_ROW("topology.alertmanagers", alerts, false, 0), .label = N_("Alerts")},
    {.path = "topology.user", .look = FORM_TEXT, .label = N_("Host user"), .width = 19, .shown = topology_is_shown},
    {.path = "topology.ssh-port", .look = FORM_TEXT, .label = N_("SSH"), .is_beside = true, .width = 6, .shown = topology_is_shown},
    {.path = "topology.deploy-dir", .look = FORM_TEXT, .label = N_("Deploy dir"), .width = 19, .shown = topology_is_shown},
    {.path = "topology.data-dir", .look = FORM_TEXT, .label = N_("data"), .is_beside = true, .width = 16, .shown = topology_is_shown},
    {.path = "secret-key-path", .look = FORM_TEXT, .label = N_("Key file"), .shown = topology_is_shown},
};

/* ---- the guess ---- */

static void duration(int64_t s, char out[40])
{
    if (s < 60)
        snprintf(out, 40, "%s", _("a minute"));
    else if (s < 3600)
        snprintf(out, 40, _("%lld min"), (long long)(s + 59) / 60);
    else if (s < 86400)
        snprintf(out, 40, _("%lld h %lld min"), (long long)s / 3600, (long long)(s % 3600) / 60);
    else
        snprintf(out, 40, _("%lld days %lld h"), (long long)s / 86400, (long long)(s % 86400) / 3600);
}

/* Data and indexes of the chosen tables, as the source guesses; 0: not known. */
static int64_t moving_bytes(const struct wz *w)
{
    const struct scope *s = w->scope;
    return s && s->look && s->look->has_sizes ? (int64_t)s->sum.bytes : 0;
}

static int64_t copy_rate(const struct job *j)
{
    return j->read_rate > 0 ? TG_MIN(j->read_rate, COPY_RATE) : COPY_RATE;
}

/* What the last whole run of the checks found of the binlog's life, or NULL. */
static const char *binlog_kept(const struct wz *w)
{
    for (uint32_t i = 0; w->report && i < w->report->n; i++)
        if (w->report->results[i].check && strcmp(check_id(w->report->results[i].check), "binlog.retention") == 0)
            return w->report->results[i].found;
    return NULL;
}

void route_guess(const struct wz *w, char out[400])
{
    char copy[40], verify[40];
    const char *kept = binlog_kept(w);
    int64_t bytes = moving_bytes(w), rate = copy_rate(w->job);
    size_t n;
    duration(bytes / rate, copy);
    duration(bytes / VERIFY_RATE, verify);
    if (!is_copying(w))
        n = (size_t)snprintf(out, 400, "%s", _("Guess: nothing is copied; in sync as soon as the past is caught up."));
    else if (!bytes)
        n = (size_t)snprintf(out, 400, "%s", _("Guess: not known yet. The sizes come with Scope, the rates with the run."));
    else
        n = (size_t)snprintf(out, 400, _("Guess: copy %s or less, verify %s, taking %lld MB/s for what the target accepts."), copy, verify, (long long)rate / 1000000);
    if (kept && w->job->road == ROAD_STREAM && n < 400)
        snprintf(out + n, 400 - n, _(" Binlog kept: %s."), kept);
}

static void line(struct route_line *out, unsigned *n, const char *label, const char *text)
{
    out[*n].label = label;
    snprintf(out[(*n)++].text, sizeof out->text, "%s", text);
}

/* What the road costs, in the order in which it will be felt. */
unsigned route_feel(const struct wz *w, struct route_line out[ROUTE_LINES])
{
    char text[300], copy[40], verify[40];
    const struct job *j = w->job;
    bool is_snapshot = j->road == ROAD_SNAPSHOT;
    unsigned n = 0;
    duration(moving_bytes(w) / copy_rate(j), copy);
    duration(moving_bytes(w) / VERIFY_RATE, verify);
    if (!moving_bytes(w))
        snprintf(text, sizeof text, "%s", _("not known yet: Scope brings the sizes"));
    else
        snprintf(text, sizeof text, _("%s or less at %lld MB/s, measured with 2 cores and a small TiDB"), copy, (long long)copy_rate(j) / 1000000);
    line(out, &n, _("copy"), is_copying(w) ? text : _("none"));
    line(out, &n, _("indexes"), is_copying(w) ? _("made with the tables") : _("as they are"));
    line(out, &n, _("catch-up"), is_snapshot ? _("none: changes after the moment of the copy are not moved")
                                                    : _("minutes: changes are applied from the start, also while copying"));
    if (!moving_bytes(w))
        snprintf(text, sizeof text, "%s", _("not known yet; reads both ends"));
    else
        snprintf(text, sizeof text, _("about %s; reads both ends"), verify);
    line(out, &n, _("verify"), text);
    line(out, &n, _("disk here"), _("none is needed"));
    line(out, &n, _("locks"), is_snapshot ? _("one of seconds, while the snapshots are opened") : _("none; seconds for tables without a key"));
    snprintf(text, sizeof text, "%s", binlog_kept(w) ? binlog_kept(w) : _("not known yet: Checks asks the source"));
    line(out, &n, _("binlog kept"), is_snapshot ? _("not used") : text);
    return n;
}

static void draw_feel(const struct wz *w, struct canvas *c, struct rect r)
{
    struct route_line lines[ROUTE_LINES];
    unsigned n = route_feel(w, lines);
    for (unsigned i = 0; i < n; i++) {
        canvas_cut(c, r, r.y + (int)i, r.x + 1, 13, ROLE_DIM, lines[i].label);
        canvas_cut(c, r, r.y + (int)i, r.x + 15, r.w - 16, ROLE_TEXT, lines[i].text);
    }
}

/* ---- the page ---- */

static void draw(struct wz *w, struct canvas *c, struct rect r)
{
    char text[400];
    int top = is_dm(w) || c->rows < 24 ? 0 : 1;
    int used = form_draw(&w->form[w->at], w, c, (struct rect){r.y + top, 2, TG_MAX(r.h - top, 0), r.w - 4});
    int y = r.y + top + used + 1, width = TG_MIN(r.w, 80) - 4;
    if (is_dm(w) || y + 1 > r.y + r.h)
        return;
    route_guess(w, text);
    int last = y + canvas_wrap(c, (struct rect){y, 2, r.y + r.h - y, width}, 2, ROLE_TEXT, text) - 1;
    if (c->rows >= 30 || last + 1 >= r.y + r.h)
        return;                       /* the block below has them, or there is no line left */
    char more[100];
    wz_say(w, _("{F6 Ctrl-X} full figures"), more, sizeof more);
    canvas_right(c, r, last + 1, 2 + width, ROLE_DIM, more);
}

static void below(struct wz *w, struct canvas *c, struct rect r)
{
    wz_box(c, r, w, false, is_dm(w) ? _("With the files") : _("What this will feel like (a guess, made anew while running)"), NULL);
    if (is_dm(w))
        topology_draw_next(c, rect_inside(r));
    else
        draw_feel(w, c, rect_inside(r));
}

/* The same where there is no room for it. */
static bool feed(struct wz *w, const struct input *in, struct wz_effect *out)
{
    struct route_line lines[ROUTE_LINES];
    struct buf text = {0};
    (void)out;
    if (in->kind != IN_KEY || (in->key != K_F0 + 6 && in->key != K_CTRL('x')) || is_dm(w))
        return false;
    unsigned n = route_feel(w, lines);
    for (unsigned i = 0; i < n; i++)
        buf_addf(&text, "%s: %s\n", lines[i].label, lines[i].text);
    ask_text(w, _("What this will feel like (a guess, made anew while running)"), &text, in->key);
    return true;
}

static void enter(struct wz *w, struct wz_effect *out)
{
    (void)out;
    say_again(w);
}

static bool ready(struct wz *w, char why[160])
{
    if (w->job->road == ROAD_SNAPSHOT && w->job->mode != MODE_FULL) {
        snprintf(why, 160, "%s", _("a snapshot ends with one full copy"));
        return false;
    }
    return !is_dm(w) || topology_ready(w, why);
}

static const char *const buttons[] = {N_("Back"), N_("Next"), NULL};
static const char *const dm_buttons[] = {N_("Back"), N_("Write the files …"), N_("Next"), NULL};

static const char *const *buttons_now(const struct wz *w)
{
    return is_dm(w) ? dm_buttons : buttons;
}

static void press(struct wz *w, unsigned button, struct wz_effect *out)
{
    char why[160];
    (void)out;
    if (button != 1 || !is_dm(w))
        return;
    if (topology_ready(w, why))
        ask_files(w, K_ENTER);
    else
        wz_notice(w, "%s", why);
}

const struct page page_route = {.step = STEP_ROUTE, .title = N_("Route"), .question = N_("Which road should the data take?"), .fields = fields, .nfields = TG_ARRAY_LEN(fields),
                                .buttons = buttons, .buttons_now = buttons_now, .where = 2, .enter = enter, .draw = draw, .below = below, .feed = feed, .press = press, .ready = ready};
