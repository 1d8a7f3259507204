// SPDX-License-Identifier: Apache-2.0
// Path: the way from this host to each end. SSH can be filled in and saved; opening the tunnel is the person's, until a
// later version does it, and the page gives the command.
#include "ui/text.h"
#include "wizard/pages.h"

#include <stdio.h>
#include <stdlib.h>

#define LOCAL_PORT "3307"             /* proposed for the near end of a tunnel to the source; the target's is one more */

static const struct form_choice ways[] = {{"direct", N_("Direct")}, {"ssh", N_("SSH jump host")}, {"local", N_("Already open (local port)")}, {NULL, NULL}};

static bool is_here(const char *host)
{
    return host && (strcmp(host, "127.0.0.1") == 0 || strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0);
}

/* ---- the way ---- */

static void get_way(const struct wz *w, bool is_target, struct buf *out)
{
    buf_adds(out, ways[w->way[is_target].kind].value);
}

/* The server's own address comes back. */
static bool leave_local(struct wz *w, bool is_target, struct err *e)
{
    struct way *y = &w->way[is_target];
    char path[100], port[24];
    snprintf(port, sizeof port, "%lld", (long long)y->port);
    return !y->host[0] || (job_set(w->job, end_path(w, is_target, "host", path), y->host, e) && job_set(w->job, end_path(w, is_target, "port", path), port, e));
}

/* The job keeps 127.0.0.1 and the port; where it leads to is remembered for the command. */
static bool enter_local(struct wz *w, bool is_target, struct err *e)
{
    struct way *y = &w->way[is_target];
    const struct job_end *end = end_shown(w, is_target);
    char path[100];
    if (is_here(end->host))
        return true;
    snprintf(y->host, sizeof y->host, "%s", end->host ? end->host : "");
    y->port = end->port;
    return job_set(w->job, end_path(w, is_target, "host", path), "127.0.0.1", e) &&
           job_set(w->job, end_path(w, is_target, "port", path), is_target ? "3308" : LOCAL_PORT, e);
}

/* ssh.* stands in the job only while that way is chosen: a run with it is refused. */
static bool put_ssh(struct wz *w, bool is_target, bool is_on, struct err *e)
{
    struct way *y = &w->way[is_target];
    struct job_end *end = is_target ? &w->job->target : w->source_at < w->job->nsources ? &w->job->sources[w->source_at] : NULL;
    char path[100], port[24];
    if (!is_on && end) {
        if (end->ssh.host)
            snprintf(y->jump, sizeof y->jump, "%s", end->ssh.host);
        if (end->ssh.user)
            snprintf(y->user, sizeof y->user, "%s", end->ssh.user);
        y->jump_port = end->ssh.port;
        free(end->ssh.host);
        free(end->ssh.user);
        free(end->ssh.key);
        end->ssh.host = end->ssh.user = end->ssh.key = NULL;
        return true;
    }
    snprintf(port, sizeof port, "%lld", (long long)(y->jump_port ? y->jump_port : 22));
    return (!y->jump[0] || job_set(w->job, end_path(w, is_target, "ssh.host", path), y->jump, e)) &&
           (!y->user[0] || job_set(w->job, end_path(w, is_target, "ssh.user", path), y->user, e)) &&
           job_set(w->job, end_path(w, is_target, "ssh.port", path), port, e);
}

static bool set_way(struct wz *w, bool is_target, const char *value, struct err *e)
{
    struct way *y = &w->way[is_target];
    enum way_kind kind = WAY_DIRECT;
    while (strcmp(ways[kind].value, value) != 0)
        kind++;
    if ((y->kind == WAY_LOCAL && kind != WAY_LOCAL && !leave_local(w, is_target, e)) || (y->kind == WAY_SSH && kind != WAY_SSH && !put_ssh(w, is_target, false, e)))
        return false;
    if ((kind == WAY_LOCAL && y->kind != WAY_LOCAL && !enter_local(w, is_target, e)) || (kind == WAY_SSH && !put_ssh(w, is_target, true, e)))
        return false;
    y->kind = kind;
    form_forget(&w->form[is_target ? STEP_TARGET : STEP_SOURCE]);
    return true;
}

void way_command(const struct wz *w, bool is_target, char out[700])
{
    const struct way *y = &w->way[is_target];
    const struct job_end *end = end_shown(w, is_target);
    bool is_local = y->kind == WAY_LOCAL;
    const char *jump = end->ssh.host ? end->ssh.host : y->jump, *user = end->ssh.user ? end->ssh.user : y->user;
    long long port = end->ssh.host ? end->ssh.port : y->jump_port;
    char at[32] = "";
    if (port && port != 22)
        snprintf(at, sizeof at, " -p %lld", port);
    snprintf(out, 700, "ssh -N -o ServerAliveInterval=15%s -L %lld:%.200s:%lld %.60s%s%.200s", at,
             is_local ? (long long)end->port : is_target ? 3308LL : strtoll(LOCAL_PORT, NULL, 10), is_local ? (y->host[0] ? y->host : "DATABASE-HOST") : end->host ? end->host : "",
             is_local ? (long long)(y->port ? y->port : is_target ? 4000 : 3306) : (long long)end->port, user[0] ? user : "", user[0] ? "@" : "", jump[0] ? jump : "JUMP-HOST");
}

/* ---- the form: the same rows for both ends ---- */

static bool is_shown(const struct wz *w, bool is_target, enum way_kind kind)
{
    return w->path_is_target == is_target && w->way[is_target].kind == kind;
}

#define ROWS(end, is_target)                                                                                       \
    static bool end##_is_shown(const struct wz *w) { return w->path_is_target == is_target; }                      \
    static bool end##_is_ssh(const struct wz *w) { return is_shown(w, is_target, WAY_SSH); }                       \
    static bool end##_is_local(const struct wz *w) { return is_shown(w, is_target, WAY_LOCAL); }                   \
    static void end##_get_way(const struct wz *w, struct buf *out) { get_way(w, is_target, out); }                 \
    static bool end##_set_way(struct wz *w, const char *value, struct err *e) { return set_way(w, is_target, value, e); }
ROWS(source, false)
ROWS(target, true)

#define WAY_HELP N_("Direct: this host reaches the server by itself.\n\nSSH jump host: another host stands between. This version can't open the tunnel itself: it gives you the command.\n\n" \
                    "Already open: a tunnel (or a proxy) of yours listens on a port of this host.")
#define FIELDS(end)                                                                                                                                     \
    {.path = #end ".way", .look = FORM_RADIO, .label = N_("Way"), .choices = ways, .shown = end##_is_shown, .get = end##_get_way, .set = end##_set_way, \
     .help_title = N_("Way"), .help = WAY_HELP},                                                                                                        \
    {.path = #end ".ssh.host", .look = FORM_TEXT, .label = N_("Jump host"), .shown = end##_is_ssh, .help = N_("Its name or address, as this host knows it.")}, \
    {.path = #end ".ssh.port", .look = FORM_TEXT, .label = N_("Port"), .shown = end##_is_ssh, .help = N_("Of the jump host's sshd.")},                  \
    {.path = #end ".ssh.user", .look = FORM_TEXT, .label = N_("User"), .shown = end##_is_ssh, .help = N_("The one who signs in at the jump host.")},    \
    {.path = #end ".ssh.key", .look = FORM_TEXT, .label = N_("Key file"), .shown = end##_is_ssh,                                                        \
     .help = N_("Empty: what your ssh uses by itself (its agent, its own files).")},                                                                    \
    {.path = #end ".port", .look = FORM_TEXT, .label = N_("Local port"), .shown = end##_is_local, .help = N_("On this host, 127.0.0.1.")}
static const struct form_field fields[] = {FIELDS(source), FIELDS(target)};

/* ---- drawing ---- */

/* Every step of the way behind that sign. */
static void road_line(const struct wz *w, bool is_target, const char *sign, char line[700])
{
    const struct way *y = &w->way[is_target];
    const struct job_end *end = end_shown(w, is_target);
    const char *host = end->host && end->host[0] ? end->host : _("(not given yet)");
    if (y->kind == WAY_SSH)
        snprintf(line, 700, "%s%s%.120s%s%.200s:%lld", _("this host"), sign, end->ssh.host ? end->ssh.host : "…", sign, host, (long long)end->port);
    else if (y->kind == WAY_LOCAL && y->host[0])
        snprintf(line, 700, "%s%s%.60s:%lld%s%.200s:%lld", _("this host"), sign, host, (long long)end->port, sign, y->host, (long long)y->port);
    else
        snprintf(line, 700, "%s%s%.200s:%lld", _("this host"), sign, host, (long long)end->port);
}

void path_road(const struct wz *w, bool is_target, char out[700])
{
    char way[700];
    road_line(w, is_target, _(", then "), way);
    snprintf(out, 700, is_target ? _("To the target: %.600s") : _("To the source: %.600s"), way);
}

static int draw_road(const struct wz *w, struct canvas *c, struct rect in, bool is_target)
{
    char line[700];
    road_line(w, is_target, " ══▸ ", line);
    canvas_cut(c, in, in.y, in.x + 1, in.w - 2, ROLE_TEXT, line);
    return 1;
}

static void draw_tunnel(const struct wz *w, struct canvas *c, struct rect in, bool is_target)
{
    char command[700];
    way_command(w, is_target, command);
    bool is_ssh = w->way[is_target].kind == WAY_SSH;
    int y = in.y;
    if (is_ssh)
        y += canvas_wrap(c, (struct rect){y, in.x + 1, in.y + in.h - y, in.w - 2}, 2, ROLE_WARN,
                         _("! This version can't open the tunnel itself. The form is kept in the job; to go on now, open it in another terminal, then choose Already open:"));
    if (in.y + in.h > y)
        y += canvas_wrap(c, (struct rect){y, in.x + 1, in.y + in.h - y, in.w - 2}, 2, ROLE_KEY, command);
    if (in.y + in.h > y)
        canvas_cut(c, in, y, in.x + 1, in.w - 2, ROLE_DIM, wz_say(w, _("{F6 Ctrl-X} shows and copies the command"), command, sizeof command));
}

static void draw(struct wz *w, struct canvas *c, struct rect r)
{
    bool is_target = w->path_is_target;
    char age[80];
    const struct way *way = &w->way[is_target];
    if (is_target) {
        canvas_fill(c, (struct rect){r.y - 1, 0, 1, r.w}, ROLE_TEXT, ' ');
        canvas_cut(c, (struct rect){r.y - 1, 0, 1, r.w}, r.y - 1, 2, r.w - 4, ROLE_TITLE, _("How do we get from here to the target?"));
    }
    int used = form_draw(&w->form[w->at], w, c, (struct rect){r.y + 1, 2, TG_MAX(r.h - 1, 0), r.w - 4});
    int y = r.y + 1 + used + 1, h = TG_MIN(r.y + r.h - y, 9);
    if (h < 3)
        return;
    struct rect box = {y, 2, h, TG_MIN(r.w, 80) - 4}, in = rect_inside(box);
    const char *ages = wz_probe_age(w, PROBE_PATH, age);
    wz_box(c, box, w, false, _("The road"), way->kind == WAY_SSH ? NULL : ages[0] ? ages : wz_say(w, _("{Ctrl-T} test"), age, sizeof age));
    int top = draw_road(w, c, in, is_target);
    struct rect rest = {in.y + top, in.x, TG_MAX(in.h - top, 0), in.w};
    if (way->kind == WAY_SSH || (way->kind == WAY_LOCAL && !w->probe[PROBE_PATH].n && !w->probe[PROBE_PATH].is_running))
        draw_tunnel(w, c, rest, is_target);
    else
        wz_probe_draw(w, PROBE_PATH, c, rest);
}

/* "us-east-1" out of a host's name, or "". */
static void region_of(const char *host, char out[32])
{
    out[0] = 0;
    for (const char *p = host; p && *p; p += strcspn(p, ".") + (p[strcspn(p, ".")] == '.')) {
        size_t n = strcspn(p, ".");
        unsigned dashes = 0;
        for (size_t i = 0; i < n; i++)
            dashes += p[i] == '-';
        if (dashes >= 2 && n < 20 && p[2] == '-' && p[n - 2] == '-' && p[n - 1] >= '0' && p[n - 1] <= '9')
            snprintf(out, 32, "%.*s", (int)n, p);
    }
}

static bool are_far(const struct wz *w, char a[32], char b[32])
{
    region_of(w->way[0].host[0] ? w->way[0].host : end_shown(w, false)->host, a);
    region_of(w->way[1].host[0] ? w->way[1].host : end_shown(w, true)->host, b);
    return strcmp(a, b) != 0;
}

bool path_regions(const struct wz *w, char out[700])
{
    char a[32], b[32];
    bool is_far = are_far(w, a, b);
    snprintf(out, 700, is_far ? _("The ends look like regions %s and %s, going by their names: traffic between regions is slow and billed.")
                              : _("Both ends look like region %s, going by their names: no cross-region traffic expected."), a, b);
    return a[0] && b[0];
}

static void below(struct wz *w, struct canvas *c, struct rect r)
{
    struct rect box = {r.y, r.x, 6, r.w}, in = rect_inside(box);
    bool other = !w->path_is_target;
    const struct job_end *end = end_shown(w, other);
    char a[32], b[32], line[700], key[80];
    wz_box(c, box, w, false, other ? _("Path to the target") : _("Path to the source"), wz_say(w, _("{F7 Ctrl-N} changes it"), key, sizeof key));
    canvas_textf(c, in, in.y, in.x + 1, ROLE_TEXT, "%s", _(ways[w->way[other].kind].label));
    draw_road(w, c, (struct rect){in.y + 1, in.x, 1, in.w}, other);
    if (!end->host || !end->host[0])
        canvas_cut(c, in, in.y + 2, in.x + 1, in.w - 2, ROLE_DIM, _("the next page asks for its address"));
    if (path_regions(w, line))
        canvas_cut(c, in, in.y + 3, in.x + 1, in.w - 2, are_far(w, a, b) ? ROLE_WARN : ROLE_TEXT, line);
}

/* ---- input ---- */

static void enter(struct wz *w, struct wz_effect *out)
{
    (void)out;
    for (int i = 0; i < 2; i++) {
        const struct job_end *end = end_shown(w, i);
        if (end->ssh.host && w->way[i].kind == WAY_DIRECT)
            w->way[i].kind = WAY_SSH;
        if (w->way[i].kind == WAY_LOCAL && !is_here(end->host)) /* another address was typed since */
            w->way[i] = (struct way){.kind = WAY_DIRECT};
    }
}

static void press(struct wz *w, unsigned button, struct wz_effect *out)
{
    (void)button;
    if (w->way[w->path_is_target].kind == WAY_SSH) {
        wz_notice(w, "%s", _("this version can't open an SSH tunnel: there is nothing to test yet"));
        return;
    }
    out->kind = WZ_PROBE;
    out->probe = PROBE_PATH;
    out->is_target = w->path_is_target;
}

static bool feed(struct wz *w, const struct input *in, struct wz_effect *out)
{
    struct buf text = {0};
    char command[700];
    (void)out;
    if (in->kind != IN_KEY)
        return false;
    if (in->key == K_F0 + 7 || in->key == K_CTRL('n')) {
        form_focus(&w->form[STEP_PATH], w, SIZE_MAX);
        w->path_is_target = !w->path_is_target;
        w->focus[STEP_PATH] = 0;
        memset(&w->probe[PROBE_PATH], 0, sizeof w->probe[PROBE_PATH]);
        return true;
    }
    if (in->key != K_F0 + 6 && in->key != K_CTRL('x'))
        return false;
    way_command(w, w->path_is_target, command);
    buf_addf(&text, "%s\n\n  %s\n\n%s\n", _("In another terminal of this host; leave it open while the run lasts:"), command,
             _("The certificate of the server names the server, not 127.0.0.1: with TLS choose \"on, host not checked\". SSH has checked the jump host, and "
               "encrypts the way to it."));
    ask_copy(w, _("The tunnel"), &text, in->key);
    return true;
}

static bool ready(struct wz *w, char why[160])
{
    for (int i = 0; i < 2; i++)
        if (w->way[i].kind == WAY_SSH)
            snprintf(why, 160, "%s", i ? _("target: the tunnel must be open first") : _("the tunnel must be open first"));
    return !why[0];
}

static const char *const buttons[] = {N_("Back"), N_("Test"), N_("Next"), NULL};

const struct page page_path = {.step = STEP_PATH, .title = N_("Path"), .question = N_("How do we get from here to the source?"), .fields = fields, .nfields = TG_ARRAY_LEN(fields),
                               .buttons = buttons, .where = 2, .enter = enter, .draw = draw, .below = below, .feed = feed, .press = press, .ready = ready};
