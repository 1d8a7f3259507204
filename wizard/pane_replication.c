// SPDX-License-Identifier: Apache-2.0
/* Two distances and one time: what is not read yet, what is read and not applied, and how old the
 * last applied change is. Lag against what was received would hide what was not. */
#include "ui/format.h"
#include "ui/text.h"
#include "wizard/dashboard_state.h"

#include <stdio.h>

#define SILENT_S 10

static void line(struct canvas *c, struct rect in, int y, const char *label, enum role role,
                 const char *text)
{
    canvas_text(c, in, y, in.x, ROLE_DIM, label);
    canvas_cut(c, in, y, in.x + 12, in.w - 12, role, text);
}

/* What a source that does not answer has written is not known. */
static const char *unread_word(char out[FMT_SIZE], const struct mon_snapshot *m)
{
    return source_is_unseen(m) ? _("not known") : fmt_bytes(out, m->lag.unread_bytes);
}

/* How far the receiver is behind: the age of the last that came, or the distance. */
static void received_words(char *out, size_t size, const struct mon_snapshot *m, bool is_wide)
{
    const struct lag_view *lag = &m->lag;
    char a[FMT_SIZE];
    if (source_is_unseen(m))
        snprintf(out, size, "%s", is_wide && lag->source_lost_s > 0 ? _("the source does not answer") : _("not known"));
    else if (lag->unread_bytes == 0)
        snprintf(out, size, "%s", is_wide ? _("all the source has written") : _("all of it"));
    else if (lag->received_s >= 0)
        snprintf(out, size, is_wide ? _("%s behind the source") : _("%s behind"), fmt_lag(a, lag->received_s));
    else
        snprintf(out, size, _("%s behind"), fmt_bytes(a, lag->unread_bytes));
}

static enum role lag_role(double seconds)
{
    return seconds >= 60 ? ROLE_WARN : ROLE_TEXT;
}

static void applied_words(char *out, size_t size, const struct mon_snapshot *m)
{
    char a[FMT_SIZE];
    if (m->lag.seconds < 0)
        snprintf(out, size, "%s", m->tx_applied ? _("not known") : _("nothing yet"));
    else
        snprintf(out, size, _("%s behind"), fmt_lag(a, m->lag.seconds));
}

static void position_words(char *out, size_t size, const char *file, uint64_t position)
{
    char a[FMT_SIZE];
    if (file[0])
        snprintf(out, size, "%s : %s", file, fmt_exact(a, position));
    else
        snprintf(out, size, "%s", _("not yet"));
}

static const char *hours(char out[FMT_SIZE], double seconds)
{
    long long s = (long long)(TG_MIN(seconds, 1e15) + 0.5);
    if (s < 60)
        snprintf(out, FMT_SIZE, _("%lld s"), s);
    else if (s < 3600)
        snprintf(out, FMT_SIZE, _("%lld m"), s / 60);
    else
        snprintf(out, FMT_SIZE, _("%lld h"), s / 3600);
    return out;
}

/* How long the source keeps its binlog, and how much of that the run makes use of. false: nothing is known. */
static bool kept_words(char *out, size_t size, const struct mon_snapshot *m, enum role *role)
{
    const struct lag_view *lag = &m->lag;
    char kept[FMT_SIZE], used[FMT_SIZE];
    *role = ROLE_TEXT;
    if (lag->binlog_kept_for_ever) {
        snprintf(out, size, "%s", _("source keeps its binlog for ever"));
        return true;
    }
    if (lag->binlog_kept_s < 0)
        return false;
    hours(kept, lag->binlog_kept_s);
    hours(used, TG_MAX(lag->binlog_used_s, 0.0));
    if (lag->binlog_kept_s < 1)
        *role = ROLE_WARN, snprintf(out, size, "%s", _("! source keeps it for no set time"));
    else if (lag->binlog_used_s < 0)
        snprintf(out, size, _("source keeps %s"), kept);
    else if (lag->binlog_used_s >= lag->binlog_kept_s)
        *role = ROLE_BAD, snprintf(out, size, _("! %s needed, %s kept: may be gone"), used, kept);
    else if (lag->binlog_used_s > lag->binlog_kept_s / 2)
        *role = ROLE_WARN, snprintf(out, size, _("! over half used: %s of %s kept"), used, kept);
    else
        snprintf(out, size, _("source keeps %s, we use %s of it"), kept, used);
    return true;
}

static void draw_wide(struct canvas *c, struct rect in, const struct mon_snapshot *m)
{
    char text[160], a[FMT_SIZE], b[FMT_SIZE];
    int y = in.y, end = in.y + in.h;
    enum role role;
    position_words(text, sizeof text, m->position_file, m->position);
    line(c, in, y++, _("received"), ROLE_TEXT, text);
    received_words(text, sizeof text, m, true);
    if (m->lag.silent_s >= SILENT_S && !source_is_unseen(m))
        snprintf(text, sizeof text, _("source silent for %s"), fmt_lag(a, m->lag.silent_s));
    line(c, in, y++, "", ROLE_TEXT, text);
    position_words(text, sizeof text, m->applied_file, m->applied);
    line(c, in, y++, _("applied"), ROLE_TEXT, text);
    applied_words(text, sizeof text, m);
    line(c, in, y++, "", lag_role(m->lag.seconds), text);
    snprintf(text, sizeof text, _("%s, not applied %s"), unread_word(a, m),
             fmt_bytes(b, m->lag.unapplied_bytes));
    line(c, in, y++, _("unread"), ROLE_TEXT, text);
    if (kept_words(text, sizeof text, m, &role))
        canvas_cut(c, in, y++, in.x, in.w, role, text);
    snprintf(text, sizeof text, _("%s tx, %s rows"), fmt_exact(a, m->tx_applied),
             fmt_count(b, m->rows_applied));
    if (y < end)
        line(c, in, y++, _("so far"), ROLE_TEXT, text);
    if (y < end)
        line(c, in, y++, _("GTID"), ROLE_TEXT, m->position_gtid[0] ? m->position_gtid : _("none"));
    if (y < end)
        line(c, in, y++, _("source"), ROLE_TEXT, m->source_flavour);
    if (y < end)
        line(c, in, y++, _("target"), ROLE_TEXT, m->target_flavour);
}

void pane_replication_draw(struct canvas *c, struct rect r, const struct dashboard_state *s)
{
    const struct mon_snapshot *m = &s->snap;
    struct rect in = {r.y + 1, r.x + 2, TG_MAX(r.h - 2, 0), TG_MAX(r.w - 4, 0)};
    char text[160], a[FMT_SIZE];
    pane_box(c, r, s, PANE_REPLICATION, _("3 Replication"), NULL);
    if (in.h >= 6) {
        draw_wide(c, in, m);
        return;
    }
    if (!m->position_file[0] && !m->position_gtid[0]) {
        line(c, in, in.y, _("received"), ROLE_DIM, _("not yet"));
    } else if (m->lag.silent_s >= SILENT_S && m->lag.unread_bytes == 0 && !source_is_unseen(m)) {
        snprintf(text, sizeof text, _("silent %s"), fmt_lag(a, m->lag.silent_s));
        line(c, in, in.y, _("source"), ROLE_TEXT, text);
    } else {
        received_words(text, sizeof text, m, false);
        line(c, in, in.y, _("received"), ROLE_TEXT, text);
    }
    applied_words(text, sizeof text, m);
    line(c, in, in.y + 1, _("applied"), lag_role(m->lag.seconds), text);
    line(c, in, in.y + 2, _("unread"), ROLE_TEXT, unread_word(a, m));
    line(c, in, in.y + 3, _("not applied"), ROLE_TEXT, fmt_bytes(a, m->lag.unapplied_bytes));
}
