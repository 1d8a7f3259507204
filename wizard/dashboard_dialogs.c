// SPDX-License-Identifier: Apache-2.0
/* Dialogs are filled here and only here; what a choice does is decided when it was made, by the
 * kind of dialog, never by its text. The first choice is always the one that loses nothing. */
#include "base/retell.h"
#include "ui/format.h"
#include "ui/text.h"
#include "wizard/dashboard_state.h"

#include <stdio.h>

enum { LEAVE_DETACH, LEAVE_PAUSE, LEAVE_STOP };

static void choice(struct dialog *d, const char *label, const char *note)
{
    if (d->nchoices >= DIALOG_CHOICES)
        return;
    snprintf(d->choice[d->nchoices].label, sizeof d->choice[0].label, "%s", label);
    snprintf(d->choice[d->nchoices].note, sizeof d->choice[0].note, "%s", note);
    d->nchoices++;
}

void ask_leave(struct dashboard_state *s, int key)
{
    struct dialog *d = &s->dialog;
    char note[80];
    *d = (struct dialog){.width = 60};
    s->asked = ASK_LEAVE;
    snprintf(d->title, sizeof d->title, "%s", _("Leave this window?"));
    snprintf(d->text, sizeof d->text, "%s",
             s->ends_all  ? _("The demo ends with it.")
             : s->is_gone ? _("The engine is gone; there is nothing to stop.")
                          : _("The run goes on without it."));
    snprintf(note, sizeof note, _(" come back: tidegate attach %s"), s->snap.run);
    if (s->ends_all)
        choice(d, _("End the demo"), _(" its servers and data are removed"));
    else
        choice(d, _("Detach"), note);
    if (!s->is_gone && !s->watches_only && !s->ends_all) {
        choice(d, _("Pause and leave"), _(" nothing is lost, resume later"));
        choice(d, _("Stop the run …"), _(" asks again"));
    }
    snprintf(d->keys, sizeof d->keys, "%s", _("Esc Stay"));
    dialog_open(d, key, s->now_ms);
}

void ask_stop(struct dashboard_state *s, int key)
{
    struct dialog *d = &s->dialog;
    *d = (struct dialog){.width = 64};
    s->asked = ASK_STOP;
    snprintf(d->title, sizeof d->title, "%s", _("Stop the run?"));
    snprintf(d->text, sizeof d->text,
             _("The engine ends. What is on the target stays there, and the run goes on from that "
               "point with: "
               "tidegate resume %s\nWhile it is stopped nothing is copied and the lag grows; the "
               "source must "
               "keep its binlog until then."),
             s->snap.run);
    choice(d, _("Keep it running"), _(" default"));
    choice(d, _("Stop it now"), _(" can be resumed"));
    snprintf(d->keys, sizeof d->keys, "%s", _("Esc Keep it running"));
    dialog_open(d, key, s->now_ms);
}

/* The catalogue's title of an id; a question that is not an error has none. */
static const char *title_of(const char *id)
{
    for (int code = 0; code < ERR_CODE_COUNT; code++) {
        const struct err_info *info = err_info((enum err_code)code);
        if (strcmp(info->id, id) == 0)
            return _(info->title);
    }
    return _("The run asks you");
}

static const struct question_view *asked_question(const struct dashboard_state *s)
{
    for (uint32_t i = 0; i < s->snap.nquestions; i++)
        if (strcmp(s->snap.question[i].id, s->asked_id) == 0 && strcmp(s->snap.question[i].table, s->asked_table) == 0)
            return &s->snap.question[i];
    return NULL;
}

/* What the catalogue knows of the id. */
static void add_details(struct dialog *d, const char *id)
{
    size_t n = strlen(d->text);
    for (int code = 0; code < ERR_CODE_COUNT; code++) {
        const struct err_info *info = err_info((enum err_code)code);
        if (strcmp(info->id, id) == 0 && n < sizeof d->text)
            snprintf(d->text + n, sizeof d->text - n, _("\n\nWhy    %s\nCure   %s"), _(info->cause), _(info->cure));
    }
}

static bool has_choice(const struct question_view *q, const char *slug)
{
    for (uint32_t i = 0; i < q->nchoices; i++)
        if (strcmp(q->choice[i].slug, slug) == 0)
            return true;
    return false;
}

/* The stream stands before what is asked about: a rule's event, a statement that makes a table what can't be carried. */
static bool holds_all(const struct question_view *q)
{
    return has_choice(q, "apply") || has_choice(q, "leave-out");
}

static void question_text(struct dashboard_state *s, const struct question_view *q)
{
    struct dialog *d = &s->dialog;
    char age[FMT_SIZE];
    uint32_t others = s->snap.tables_total ? s->snap.tables_total - 1 : 0;
    fmt_span(age, (s->wall_ms - q->asked_ms) / 1000);
    if (q->table[0] && holds_all(q))
        snprintf(d->text, sizeof d->text, _("%s  waits since %s, and with it all that comes later\n\n%s"), q->table, age, retell(q->text));
    else if (q->table[0] && others)
        snprintf(d->text, sizeof d->text, _n("%s  waits since %s; the %u other table goes on\n\n%s", "%s  waits since %s; the %u other tables go on\n\n%s", others),
                 q->table, age, others, retell(q->text));
    else
        snprintf(d->text, sizeof d->text, _("%s%swaits since %s\n\n%s"), q->table,
                 q->table[0] ? "  " : "", age, retell(q->text));
    if (s->asked_details)
        add_details(d, q->id);
    char more[sizeof d->more];
    snprintf(more, sizeof more, _("F5 %s    y Copy    Space Same answer next time [%s]"), s->asked_details ? _("Less") : _("Details"),
             s->asked_always ? "x" : " ");
    keymap_words(&dashboard_keys, IN_ANY, more, d->more, sizeof d->more);
}

/* What this window can do about a table that is asked about. */
static void table_choices(struct dashboard_state *s, const struct question_view *q)
{
    struct dialog *d = &s->dialog;
    bool is_ours = false;
    for (uint32_t i = 0; i < s->snap.ntables; i++)
        is_ours = is_ours || strcmp(s->snap.table[i].name, q->table) == 0;
    if (!is_ours || s->watches_only || d->nchoices + 2 > DIALOG_CHOICES || has_choice(q, "leave-out"))
        return;
    if (!redo_why_not(s, q->table)) {
        snprintf(s->asked_slug[d->nchoices], sizeof s->asked_slug[0], ":redo");
        choice(d, _("Copy the table anew …"), _("   asks again"));
    }
    snprintf(s->asked_slug[d->nchoices], sizeof s->asked_slug[0], ":leave-out");
    choice(d, _("Leave the table out …"), _("   removes it from this run"));
}

void ask_question(struct dashboard_state *s, int key, size_t which)
{
    if (which >= s->snap.nquestions || which >= MON_QUESTIONS)
        return;
    const struct question_view *q = &s->snap.question[which];
    struct dialog *d = &s->dialog;
    *d = (struct dialog){.width = 70, .keys_right = true};
    s->asked = ASK_QUESTION;
    s->asked_always = s->asked_details = false;
    snprintf(s->asked_id, sizeof s->asked_id, "%s", q->id);
    snprintf(s->asked_table, sizeof s->asked_table, "%s", q->table);
    snprintf(d->title, sizeof d->title, "%s  %s", q->id, title_of(q->id));
    question_text(s, q);
    snprintf(d->ask, sizeof d->ask, "%s", _("What now"));
    for (uint32_t i = 0; i < TG_MIN(q->nchoices, 6u); i++) {
        snprintf(s->asked_slug[d->nchoices], sizeof s->asked_slug[0], "%s", q->choice[i].slug);
        choice(d, retell(q->choice[i].label), i == q->initial ? _("   nothing lost, default") : "");
    }
    table_choices(s, q);
    d->selected = q->initial < d->nchoices ? q->initial : 0;
    snprintf(d->keys, sizeof d->keys, "%s", _("Esc Decide later"));
    dialog_open(d, key, s->now_ms);
}

bool ask_question_feed(struct dashboard_state *s, int key, struct effect *out)
{
    const struct question_view *q = asked_question(s);
    bool copies = keymap_meaning(&dashboard_keys, dashboard_where(s), key) == 'y';
    if (!q || (key != K_F5 && key != ' ' && !copies))
        return false;
    if (copies) {
        *out = (struct effect){.kind = EFFECT_COPY};
        snprintf(out->text, sizeof out->text, "%s %s %s", q->id, q->table, q->text);
        snprintf(s->dialog.more, sizeof s->dialog.more, "%s", _("copied, if this terminal allows it"));
        return true;
    }
    s->asked_details ^= key == K_F5;
    s->asked_always ^= key == ' ';
    question_text(s, q);
    return true;
}

void ask_event(struct dashboard_state *s, int key)
{
    const struct mon_event *e = log_selected(s);
    struct dialog *d = &s->dialog;
    char clock[FMT_SIZE];
    if (!e)
        return;
    *d = (struct dialog){.width = 72};
    s->asked = ASK_EVENT;
    snprintf(d->title, sizeof d->title, "%s  %s  %s  %s", fmt_clock(clock, e->at_ms),
             _(log_level_name(e->level)), e->stage, e->id);
    snprintf(d->text, sizeof d->text, "%s%s%s", e->table, e->table[0] ? "\n" : "", retell(e->text));
    keymap_words(&dashboard_keys, IN_ANY, _("Esc Close   y Copy"), d->keys, sizeof d->keys);
    dialog_open(d, key, s->now_ms);
}

/* ---- pace ---- */

enum { PACE_GENTLE_ROW, PACE_NORMAL_ROW, PACE_FAST_ROW, PACE_LIMITS };
static const char *const dials[] = {"gentle", "normal", "fast"};
static const char *const limit_keys[] = {"readers", "writers", "read-rate"};
/* What the arrows step through; 0 is "by the pace" for readers, "no limit" for bytes. */
static const uint64_t reader_steps[] = {0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128};
static const uint64_t writer_steps[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64};
static const uint64_t rate_steps[] = {0,        1000000,  2000000,   5000000,   10000000,
                                      20000000, 50000000, 100000000, 200000000, 500000000};

/* The next larger or smaller of ascending steps; at an end the value stays. */
static uint64_t step_of(const uint64_t *steps, size_t n, uint64_t now, bool up)
{
    uint64_t next = now;
    for (size_t i = 0; i < n; i++) {
        size_t at = up ? n - 1 - i : i;
        if (up ? steps[at] > now : steps[at] < now)
            next = steps[at];
    }
    return next;
}

static void limit_note(const struct dashboard_state *s, unsigned which, char *out, size_t size)
{
    char rate[FMT_SIZE];
    uint64_t value = s->pace[which];
    if (which == 0 && !value)
        snprintf(out, size, "%s", _("by the pace"));
    else if (which == 2 && !value)
        snprintf(out, size, "%s", _("no limit"));
    else if (which == 2)
        snprintf(out, size, _("%s at most"), fmt_rate(rate, (double)value));
    else
        snprintf(out, size, _("%llu at most"), (unsigned long long)value);
    if (s->pace_changed[which])
        snprintf(out + strlen(out), size - strlen(out), "%s", _("   Enter does it"));
}

static void pace_text(const struct dashboard_state *s, char *out, size_t size)
{
    const struct pace_view *p = &s->snap.pace;
    int n;
    if (p->threads_running < 0)
        n = snprintf(out, size, "%s", _("What runs at the source is not known."));
    else
        n = snprintf(out, size, _("The source runs %lld statements, %u of them ours."),
                     (long long)p->threads_running, p->threads_ours);
    n += snprintf(out + n, size - (size_t)n, _("\n%u of %u readers, %u of %u writers"), p->readers,
                  p->readers_max, p->writers, p->writers_max);
    if (p->read_ms >= 0)
        n += snprintf(out + n, size - (size_t)n, _("; a chunk takes %.0f ms"), p->read_ms);
    if (p->waits[0])
        snprintf(out + n, size - (size_t)n, _("\nReading waits: %s"), retell(p->waits));
}

static void pace_fill(struct dashboard_state *s)
{
    struct dialog *d = &s->dialog;
    const char *notes[] = {_("2 readers, waits while 10 others run"),
                           _("4 readers, waits while 25 others run"),
                           _("8 readers, never waits")};
    const char *names[] = {_("Gentle"), _("Normal"), _("Fast")};
    const char *limits[] = {_("Readers"), _("Writers"), _("MB/s read")};
    char note[80];
    d->nchoices = 0;
    for (unsigned i = 0; i < PACE_LIMITS; i++) {
        bool is_now = strcmp(s->snap.pace.dial, dials[i]) == 0;
        snprintf(note, sizeof note, " %s%s", notes[i], is_now ? _("   now") : "");
        choice(d, names[i], note);
    }
    for (unsigned i = 0; i < TG_ARRAY_LEN(limits); i++) {
        note[0] = ' ';
        limit_note(s, i, note + 1, sizeof note - 1);
        choice(d, limits[i], note);
    }
}

void ask_pace(struct dashboard_state *s, int key)
{
    const struct pace_view *p = &s->snap.pace;
    struct dialog *d = &s->dialog;
    *d = (struct dialog){.width = 70};
    s->asked = ASK_PACE;
    s->pace[0] = p->readers_set;
    s->pace[1] = p->writers_max;
    s->pace[2] = p->read_rate;
    memset(s->pace_changed, 0, sizeof s->pace_changed);
    snprintf(d->title, sizeof d->title, "%s", _("Pace"));
    pace_text(s, d->text, sizeof d->text);
    snprintf(d->ask, sizeof d->ask, "%s", _("How much may the copy take?"));
    snprintf(d->keys, sizeof d->keys, "%s", _("Enter Do it   ← → Change a limit   Esc As it is"));
    pace_fill(s);
    for (unsigned i = 0; i < PACE_LIMITS; i++)
        if (strcmp(p->dial, dials[i]) == 0)
            d->selected = i; /* Enter alone changes nothing */
    dialog_open(d, key, s->now_ms);
}

void ask_writers(struct dashboard_state *s, bool up, struct effect *out)
{
    char args[60];
    uint64_t now = s->snap.pace.writers_max, next = step_of(writer_steps, TG_ARRAY_LEN(writer_steps), now, up);
    snprintf(args, sizeof args, "{\"writers\":%llu}", (unsigned long long)next);
    if (next == now) {
        dashboard_notice(s, _("%llu writers: there are no more steps"), (unsigned long long)now);
        return;
    }
    dashboard_call(out, "pace", args, "");
    snprintf(out->done, sizeof out->done, _("at most %llu writers now; how many are at work is found"), (unsigned long long)next);
}

void ask_peak(struct dashboard_state *s, int key)
{
    const struct lag_peak *p = lag_peak_shown(s);
    struct dialog *d = &s->dialog;
    char clock[FMT_SIZE], bytes[FMT_SIZE], rows[FMT_SIZE];
    if (!p) {
        dashboard_notice(s, "%s", _("no transaction of this window is known"));
        return;
    }
    *d = (struct dialog){.width = 66};
    s->asked = ASK_PEAK;
    snprintf(d->title, sizeof d->title, "%s", _("The largest transaction of this window"));
    snprintf(d->text, sizeof d->text, _("committed at %s, with %s of binlog and %s rows of this run\nlast: %s on %s"), fmt_clock(clock, p->at_ms),
             fmt_bytes(bytes, p->bytes), fmt_exact(rows, p->rows), p->action, p->table);
    snprintf(d->keys, sizeof d->keys, "%s", _("Esc Close"));
    dialog_open(d, key, s->now_ms);
}

bool ask_pace_feed(struct dashboard_state *s, int key)
{
    bool up = key == K_RIGHT || key == '+' || key == 'l', down = key == K_LEFT || key == '-' || key == 'h';
    unsigned which = s->dialog.selected - PACE_LIMITS;
    if ((!up && !down) || s->dialog.selected < PACE_LIMITS || which >= TG_ARRAY_LEN(s->pace))
        return false;
    uint64_t before = s->pace[which];
    s->pace[which] = which == 0   ? step_of(reader_steps, TG_ARRAY_LEN(reader_steps), before, up)
                     : which == 1 ? step_of(writer_steps, TG_ARRAY_LEN(writer_steps), before, up)
                                  : step_of(rate_steps, TG_ARRAY_LEN(rate_steps), before, up);
    s->pace_changed[which] |= s->pace[which] != before;
    pace_fill(s);
    return true;
}

/* {"pace":"gentle"}, or every limit that was changed. Nothing to do: no call. */
static void pace_call(const struct dashboard_state *s, unsigned chosen, struct effect *out)
{
    size_t n = 0;
    struct effect call = {.kind = EFFECT_CALL, .cmd = "pace"};
    if (chosen < PACE_LIMITS) {
        if (strcmp(s->snap.pace.dial, dials[chosen]) == 0)
            return;
        n = (size_t)snprintf(call.args, sizeof call.args, "{\"pace\":\"%s\"", dials[chosen]);
        snprintf(call.done, sizeof call.done, _("pace: %s"), _(dials[chosen]));
    } else {
        for (size_t i = 0; i < TG_ARRAY_LEN(limit_keys); i++)
            if (s->pace_changed[i])
                n += (size_t)snprintf(call.args + n, sizeof call.args - n, "%c\"%s\":%llu", n ? ',' : '{', limit_keys[i],
                                      (unsigned long long)s->pace[i]);
        snprintf(call.done, sizeof call.done, "%s", _("the limits hold from now on"));
    }
    if (!n)
        return;
    snprintf(call.args + n, sizeof call.args - n, "}");
    *out = call;
}

void json_text(char *out, size_t size, const char *text)
{
    size_t n = 0;
    for (; *text && n + 3 < size; text++) {
        if ((unsigned char)*text < 0x20)
            continue;
        if (*text == '"' || *text == '\\')
            out[n++] = '\\';
        out[n++] = *text;
    }
    out[n] = 0;
}

static void call(struct effect *out, const char *cmd, const char *done)
{
    *out = (struct effect){.kind = EFFECT_CALL};
    snprintf(out->cmd, sizeof out->cmd, "%s", cmd);
    snprintf(out->args, sizeof out->args, "{}");
    snprintf(out->done, sizeof out->done, "%s", done);
}

void ask_answered(struct dashboard_state *s, struct effect *out)
{
    unsigned chosen = s->dialog.selected;
    enum dashboard_dialog asked = s->asked;
    char table[270], id[40], slug[70];
    s->asked = ASK_NOTHING;
    if (asked == ASK_LEAVE && chosen == LEAVE_DETACH) {
        *out = (struct effect){.kind = EFFECT_LEAVE,
                               .left = s->is_gone ? DASHBOARD_ENGINE_GONE : DASHBOARD_DETACH};
    } else if (asked == ASK_LEAVE && chosen == LEAVE_PAUSE) {
        call(out, "pause", _("paused"));
        out->then_leave = true;
        out->left = DASHBOARD_PAUSE_AND_LEAVE;
    } else if (asked == ASK_LEAVE && chosen == LEAVE_STOP) {
        ask_stop(s, K_ENTER);
    } else if (asked == ASK_STOP && chosen == 1) {
        call(out, "stop", _("stopping"));
        out->then_leave = true;
        out->left = DASHBOARD_STOP;
    } else if (asked == ASK_REDO && chosen == 1) {
        call_table(out, "redo", s->asked_table, _("copied anew"));
    } else if (asked == ASK_PACE) {
        pace_call(s, chosen, out);
    } else if (asked == ASK_QUESTION && chosen < DIALOG_CHOICES && s->asked_slug[chosen][0] == ':') {
        snprintf(table, sizeof table, "%s", s->asked_table);
        (strcmp(s->asked_slug[chosen], ":redo") == 0 ? ask_redo : ask_leave_out)(s, K_ENTER, table);
    } else if (asked == ASK_QUESTION && chosen < DIALOG_CHOICES) {
        call(out, "answer", "");
        json_text(table, sizeof table, s->asked_table);
        json_text(id, sizeof id, s->asked_id);
        json_text(slug, sizeof slug, s->asked_slug[chosen]);
        snprintf(out->args, sizeof out->args, "{\"id\":\"%s\",\"table\":\"%s\",\"choice\":\"%s\"%s}",
                 id, table, slug, s->asked_always ? ",\"always\":true" : "");
        snprintf(out->done, sizeof out->done, _("%s: answered, %s"), s->asked_id,
                 s->asked_slug[chosen]);
    }
}

static void draw_commands(struct canvas *c, int top)
{
    struct canvas nothing = {0};
    int rows = command_help(&nothing, (struct rect){0, 0, 0, 68}, 0);
    struct rect in = dialog_frame(c, rows + 3, 72, _("Commands by name"));
    int room = TG_MAX(in.h - 1, 1), last = in.y + in.h - 1;
    command_help(c, (struct rect){in.y, in.x, TG_MIN(rows, room), in.w}, TG_MIN(top, TG_MAX(rows - room, 0)));
    canvas_right(c, in, last, in.x + in.w - 1, ROLE_DIM, rows > room ? _("↑ ↓ More   Tab Keys   Esc Close") : _("Tab Keys   Esc Close"));
    c->cursor_y = last;
    c->cursor_x = in.x + in.w - 1 - text_cells(_("Esc Close"));
}

void help_draw(struct canvas *c, const struct dashboard_state *s)
{
    struct canvas nothing = {0};
    struct rect wide = {0, 0, 0, 68};
    char words[200];
    if (s->help == HELP_COMMANDS) {
        draw_commands(c, s->help_top);
        return;
    }
    int rows = keymap_help(&dashboard_keys, IN_ANY, &nothing, wide);
    struct rect in = dialog_frame(c, rows + 5, 72, _("Keys on this page"));
    rows = TG_MIN(rows, in.h - 1);
    keymap_help(&dashboard_keys, IN_ANY, c, (struct rect){in.y, in.x, rows, in.w});
    int y = in.y + in.h - 1;
    if (in.h >= rows + 3)
        canvas_cut(c, in, y - 1, in.x, in.w, ROLE_DIM, keymap_say(&dashboard_keys, IN_ANY, _("Greyed keys say why when pressed. By name: {:} workers load 8"), words, sizeof words));
    canvas_right(c, in, y, in.x + in.w - 1, ROLE_DIM, _("Tab Commands   Esc Close"));
    c->cursor_y = y;
    c->cursor_x = in.x + in.w - 1 - text_cells(_("Esc Close"));
}
