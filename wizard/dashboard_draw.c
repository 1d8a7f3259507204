// SPDX-License-Identifier: Apache-2.0
/* The frame: where panes stand, the title row, the row of stages, the footer. No pane computes
 * where it is; each gets its rectangle from a layout tree and shows what fits. All texts of the run
 * come from the snapshot alone. */
#include "base/retell.h"
#include "ui/format.h"
#include "ui/layout.h"
#include "ui/text.h"
#include "wizard/dashboard_state.h"

#include <ctype.h>
#include <stdio.h>

#define FIXED(n, i)                                                                                \
    {                                                                                              \
        .how = LAYOUT_FIXED, .size = (n), .id = (i)                                                \
    }
#define SHARE(n, i)                                                                                \
    {                                                                                              \
        .how = LAYOUT_SHARE, .size = (n), .id = (i)                                                \
    }
#define ROW_OF(how_, n, kids)                                                                      \
    {                                                                                              \
        .how = (how_), .size = (n), .is_row = true, .child = (kids),                               \
        .nchildren = (int)TG_ARRAY_LEN(kids)                                                       \
    }
#define TREE_OF(kids)                                                                              \
    {                                                                                              \
        .child = (kids), .nchildren = (int)TG_ARRAY_LEN(kids)                                      \
    }

/* 80 x 24 is the reference; the weights are its sizes. */
static const struct layout narrow_top[] = {SHARE(26, PANE_DUMP), SHARE(26, PANE_LOAD),
                                           SHARE(28, PANE_REPLICATION)};
static const struct layout narrow_middle[] = {SHARE(46, PANE_TABLES), SHARE(34, PANE_LAG)};
static const struct layout narrow_rows[] = {FIXED(1, AT_TITLE),
                                            FIXED(1, AT_STAGES),
                                            ROW_OF(LAYOUT_FIXED, 6, narrow_top),
                                            ROW_OF(LAYOUT_SHARE, 9, narrow_middle),
                                            SHARE(6, PANE_LOG),
                                            FIXED(1, AT_FOOTER)};
/* 120 x 36 */
static const struct layout wide_top[] = {SHARE(38, PANE_DUMP), SHARE(38, PANE_LOAD),
                                         SHARE(44, PANE_REPLICATION)};
static const struct layout wide_middle[] = {SHARE(68, PANE_TABLES), SHARE(52, PANE_LAG)};
static const struct layout wide_bottom[] = {SHARE(78, PANE_LOG), SHARE(42, PANE_ATTENTION)};
static const struct layout wide_rows[] = {FIXED(1, AT_TITLE),
                                          FIXED(1, AT_STAGES),
                                          ROW_OF(LAYOUT_FIXED, 8, wide_top),
                                          ROW_OF(LAYOUT_SHARE, 14, wide_middle),
                                          ROW_OF(LAYOUT_SHARE, 11, wide_bottom),
                                          FIXED(1, AT_FOOTER)};
/* one pane; zoom without and with something below */
static const struct layout zoom_rows[] = {FIXED(1, AT_TITLE),
                                          FIXED(1, AT_STAGES),
                                          {.how = LAYOUT_REST, .id = AT_ZOOM},
                                          FIXED(1, AT_FOOTER)};
static const struct layout tables_rows[] = {FIXED(1, AT_TITLE),
                                            FIXED(1, AT_STAGES),
                                            {.how = LAYOUT_REST, .id = AT_ZOOM},
                                            FIXED(8, AT_DETAIL),
                                            FIXED(1, AT_FOOTER)};
static const struct layout chunks_rows[] = {FIXED(1, AT_TITLE),
                                            FIXED(1, AT_STAGES),
                                            FIXED(4, AT_ZOOM),
                                            {.how = LAYOUT_REST, .id = AT_DETAIL},
                                            FIXED(1, AT_FOOTER)};
static const struct layout log_rows[] = {FIXED(1, AT_TITLE),
                                         FIXED(1, AT_STAGES),
                                         {.how = LAYOUT_REST, .id = AT_ZOOM},
                                         FIXED(5, AT_DETAIL),
                                         FIXED(1, AT_FOOTER)};
static const struct layout lag_below[] = {SHARE(40, AT_DETAIL), SHARE(40, AT_DETAIL_2)};
static const struct layout lag_rows[] = {FIXED(1, AT_TITLE),
                                         FIXED(1, AT_STAGES),
                                         {.how = LAYOUT_REST, .id = AT_ZOOM},
                                         ROW_OF(LAYOUT_FIXED, 8, lag_below),
                                         FIXED(1, AT_FOOTER)};

static const struct layout flow_rows[] = {FIXED(1, AT_TITLE),
                                          FIXED(1, AT_STAGES),
                                          FIXED(8, AT_ZOOM),
                                          {.how = LAYOUT_REST, .id = AT_DETAIL},
                                          FIXED(1, AT_FOOTER)};
static const struct layout replication_rows[] = {FIXED(1, AT_TITLE),
                                                 FIXED(1, AT_STAGES),
                                                 FIXED(11, AT_ZOOM),
                                                 {.how = LAYOUT_REST, .id = AT_DETAIL},
                                                 FIXED(1, AT_FOOTER)};

static const struct layout narrow = TREE_OF(narrow_rows), wide = TREE_OF(wide_rows),
                           zoom = TREE_OF(zoom_rows), zoom_tables = TREE_OF(tables_rows), zoom_chunks = TREE_OF(chunks_rows),
                           zoom_log = TREE_OF(log_rows), zoom_lag = TREE_OF(lag_rows),
                           zoom_flow = TREE_OF(flow_rows),
                           zoom_replication = TREE_OF(replication_rows);

enum frame dashboard_place(const struct dashboard_state *s, int rows, int cols,
                           struct rect place[AT_COUNT])
{
    struct rect all = {0, 0, rows, cols};
    const struct layout *tree = &narrow;
    enum frame frame = FRAME_NARROW;
    memset(place, 0, sizeof(struct rect) * AT_COUNT);
    if (rows < 18 || cols < 60)
        return FRAME_STATUS;
    if (s->is_zoomed) {
        frame = FRAME_ZOOM;
        static const struct layout *const zoomed[PANE_COUNT] = {
            &zoom,        &zoom_flow, &zoom_flow, &zoom_replication,
            &zoom_tables, &zoom_lag,  &zoom_log,  &zoom};
        bool is_chunks = s->is_chunks && s->focus == PANE_TABLES;
        tree = is_chunks ? &zoom_chunks : rows >= 24 ? zoomed[s->focus] : &zoom;
    } else if (rows < 24 || cols < 80) {
        frame = FRAME_ONE;
        tree = &zoom;
    } else if (rows >= 30 && cols >= 110) {
        frame = FRAME_WIDE;
        tree = &wide;
    }
    layout_place(tree, all, place, AT_COUNT);
    if (frame == FRAME_ONE)
        place[s->focus ? s->focus : PANE_TABLES] = place[AT_ZOOM];
    if (s->is_print && !place[PANE_ATTENTION].h) { /* a printed picture has no log */
        place[PANE_ATTENTION] = place[PANE_LOG];
        place[PANE_LOG] = (struct rect){0};
    }
    return frame;
}

void pane_box(struct canvas *c, struct rect r, const struct dashboard_state *s, enum pane pane,
              const char *title, const char *right)
{
    bool is_focused = s->focus == pane;
    canvas_box(c, r, is_focused ? ROLE_EDGE_FOCUS : ROLE_EDGE, title, right);
    if (is_focused && pane != PANE_TABLES) {
        canvas_text(c, r, r.y, r.x + 1, ROLE_EDGE_FOCUS, "▸");
        c->cursor_y = r.y;
        c->cursor_x = r.x + 1;
    }
}

/* ---- title ---- */

static enum role state_role(enum run_state state)
{
    switch (state) {
    case RUN_FAILED:
    case RUN_STUCK:
        return ROLE_BAD;
    case RUN_ASKING:
    case RUN_PAUSED:
    case RUN_STOPPED:
        return ROLE_WARN;
    case RUN_IN_SYNC:
    case RUN_FINISHED:
        return ROLE_OK;
    default:
        return ROLE_TITLE;
    }
}

enum verdict verdict_of(const struct mon_snapshot *m)
{
    return !m->verdict[0]                              ? VERDICT_NONE
           : strncmp(m->verdict, "PASS", 4) == 0         ? VERDICT_PASS
           : strncmp(m->verdict, "not verified", 12) == 0 ? VERDICT_OPEN
                                                       : VERDICT_FAIL;
}

const char *verdict_sign(enum verdict v)
{
    return v == VERDICT_PASS ? "✓" : v == VERDICT_FAIL ? "✗" : "!";
}

enum role verdict_role(enum verdict v)
{
    return v == VERDICT_PASS ? ROLE_OK : v == VERDICT_FAIL ? ROLE_BAD : ROLE_WARN;
}

static void state_word(char *out, size_t size, enum run_state state)
{
    const char *name = _(run_state_name(state));
    size_t i = 0;
    for (; name[i] && i + 1 < size; i++)
        out[i] = (char)toupper((unsigned char)name[i]);
    out[i] = 0;
}

/* "10.11.19-MariaDB-0+deb12u1-log" as people say it. What is not a bare version() stays as it is.
 */
void flavour_words(char *out, size_t size, const char *flavour)
{
    const char *tidb = strstr(flavour, "TiDB-v"), *version = tidb ? tidb + 6 : flavour;
    const char *kind = tidb ? "TiDB" : strstr(flavour, "MariaDB") ? "MariaDB" : "MySQL";
    if (flavour[0] < '0' || flavour[0] > '9')
        snprintf(out, size, "%s", flavour);
    else
        snprintf(out, size, "%s %.*s", kind, (int)strspn(version, "0123456789."), version);
}

static const char *title_keys(const struct dashboard_state *s, bool is_zoom)
{
    if (s->is_print)
        return "";
    if (s->is_cutover)
        return s->watches_only ? _("S Steer   Esc Back") : _("Esc Back   ? Help");
    if (is_zoom)
        return s->watches_only ? _("S Steer   z Back to all panes") : _("z Back to all panes");
    return s->watches_only ? _("S Steer   d Detach   ? Help") : _("d Detach   ? Help");
}

/* The verdict and the place it holds for. */
static void verdict_story(const struct mon_snapshot *m, char *out, size_t size)
{
    enum verdict v = verdict_of(m);
    snprintf(out, size, m->verified_at[0] && v != VERDICT_OPEN ? _("%s %s at %s") : "%s %s", verdict_sign(v), retell(m->verdict), m->verified_at);
}

void title_draw(struct canvas *c, struct rect r, const struct dashboard_state *s, const char *right)
{
    const struct mon_snapshot *m = &s->snap;
    char word[24], age[FMT_SIZE], story[320];
    int end = r.w - 1 - text_cells(right), x = 1;
    canvas_right(c, r, r.y, r.w - 1, ROLE_KEY, right);
    struct rect left = {r.y, 0, 1, end - 1};
    x += canvas_cut(c, left, r.y, x, 32, ROLE_TITLE, m->run) + 3;
    bool has_said_why = m->state == RUN_FINISHED || m->state == RUN_STOPPED || m->state == RUN_FAILED;
    if (s->is_gone && !has_said_why) {
        canvas_cut(c, left, r.y, x, left.w - x, ROLE_BAD,
                   _("! the engine is gone; this is the last it said"));
        return;
    }
    state_word(word, sizeof word, m->state);
    x += canvas_text(c, left, r.y, x, state_role(m->state), word) + 3;
    verdict_story(m, story, sizeof story);
    fmt_span(age, ((s->is_gone || has_said_why ? m->at_ms : s->wall_ms) - m->began_ms) / 1000);
    bool has_room = !m->verdict[0] || x + text_cells(age) + 3 + text_cells(story) <= left.w; /* a verdict is nothing without its place */
    if (m->began_ms > 0 && has_room)
        x += canvas_text(c, left, r.y, x, ROLE_TEXT, age) + 3;
    if (m->state == RUN_VERIFYING) {
        snprintf(story, sizeof story, m->tables_different == 1 ? _("%u of %u compared, %u differs") : _("%u of %u compared, %u differ"), m->tables_verified + m->tables_different, m->tables_total,
                 m->tables_different);
        canvas_cut(c, left, r.y, x, left.w - x, m->tables_different ? ROLE_BAD : ROLE_TEXT, story);
    } else if (s->watches_only && !s->is_gone) {
        canvas_cut(c, left, r.y, x, left.w - x, ROLE_WARN, _("watching only"));
    } else if (m->reason[0]) {
        snprintf(story, sizeof story, "%s%s", state_role(m->state) == ROLE_OK ? "" : "! ",
                 retell(m->reason));
        canvas_cut(c, left, r.y, x, left.w - x, ROLE_WARN, story);
    } else if (m->verdict[0]) {
        canvas_cut(c, left, r.y, x, left.w - x, verdict_role(verdict_of(m)), story);
    } else if (c->cols >= 110 && m->source_flavour[0]) {
        char source[96], target[96];
        flavour_words(source, sizeof source, m->source_flavour);
        flavour_words(target, sizeof target, m->target_flavour);
        snprintf(story, sizeof story, _("%s to %s"), source, target);
        canvas_cut(c, left, r.y, x, left.w - x, ROLE_DIM, story);
    }
}

/* ---- stages ---- */

enum mark { MARK_TO_COME, MARK_ACTIVE, MARK_DONE, MARK_BAD };
struct stage {
    const char *name;
    enum mark mark;
    int percent; /* -1: none */
};

bool source_is_unseen(const struct mon_snapshot *m)
{
    return m->lag.source_lost_s > 0 || m->state == RUN_STOPPED || m->state == RUN_FAILED;
}

bool flow_is_over(const struct mon_snapshot *m, bool is_load)
{
    if (m->state == RUN_IN_SYNC || m->state == RUN_VERIFYING || m->state == RUN_CUTTING_OVER ||
        m->state == RUN_FINISHED)
        return true;
    bool is_read = m->tables_total > 0 && m->tables_done >= m->tables_total;
    bool is_loaded = m->load.total_bytes > 0 && m->load.bytes >= m->load.total_bytes;
    bool is_dumped = !m->dump.total_is_guess && m->dump.total_bytes && m->dump.bytes >= m->dump.total_bytes;
    return is_load ? is_read && is_loaded : is_read || is_dumped || m->state == RUN_CATCHING_UP;
}

int flow_percent(const struct mon_snapshot *m, bool is_load)
{
    const struct flow_view *f = is_load ? &m->load : &m->dump;
    if (flow_is_over(m, is_load))
        return 100;
    if (!f->total_bytes)
        return -1;
    double percent = (double)f->bytes * 100 / (double)f->total_bytes;
    return (int)TG_MIN(percent + 0.5, 99.0);
}

static size_t stages_of(const struct mon_snapshot *m, struct stage out[7])
{
    bool is_planned = m->state == RUN_PLANNED, is_over = m->state == RUN_FINISHED;
    bool has_position = m->position_file[0] || m->position_gtid[0];
    enum verdict v = verdict_of(m);
    int dump = flow_percent(m, false), load = flow_percent(m, true);
    uint32_t compared = m->tables_verified + m->tables_different;
    int verified = m->state == RUN_VERIFYING && m->tables_total ? (int)(TG_MIN(compared, m->tables_total) * 100ULL / m->tables_total) : -1;
    size_t n = 0;
    out[n++] = (struct stage){_("Plan"), is_planned ? MARK_ACTIVE : MARK_DONE, -1};
    out[n++] = (struct stage){_("Dump"),
                              dump == 100  ? MARK_DONE
                              : is_planned ? MARK_TO_COME
                                           : MARK_ACTIVE,
                              dump};
    out[n++] = (struct stage){_("Load"),
                              load == 100  ? MARK_DONE
                              : is_planned ? MARK_TO_COME
                                           : MARK_ACTIVE,
                              load};
    out[n++] = (struct stage){_("Receive"),
                              !has_position ? MARK_TO_COME
                              : is_over     ? MARK_DONE
                                            : MARK_ACTIVE,
                              -1};
    out[n++] = (struct stage){_("Apply"),
                              !m->tx_applied ? MARK_TO_COME
                              : is_over      ? MARK_DONE
                                             : MARK_ACTIVE,
                              -1};
    out[n++] = (struct stage){_("Verify"),
                              m->state == RUN_VERIFYING ? MARK_ACTIVE
                              : v == VERDICT_PASS       ? MARK_DONE
                              : v == VERDICT_FAIL       ? MARK_BAD
                                                        : MARK_TO_COME,
                              verified};
    out[n++] =
        (struct stage){_("Cutover"), m->state == RUN_CUTTING_OVER ? MARK_ACTIVE : MARK_TO_COME, -1};
    return n;
}

void stages_draw(struct canvas *c, struct rect r, const struct mon_snapshot *m)
{
    static const char *const sign[] = {" ", "▸", "✓", "✗"};
    static const enum role role[] = {ROLE_DIM, ROLE_TITLE, ROLE_OK, ROLE_BAD};
    struct stage stage[7];
    size_t n = stages_of(m, stage);
    int x = 1, cells = 1;
    for (size_t i = 0; i < n; i++)
        cells += 4 + text_cells(stage[i].name) + (stage[i].percent >= 0 && stage[i].mark == MARK_ACTIVE ? 4 : 0);
    for (size_t i = 0; i < n; i++) {
        if (i)
            x += canvas_text(c, r, r.y, x, ROLE_DIM, cells - 3 > r.w ? " " : " ─ ");
        x += canvas_text(c, r, r.y, x, role[stage[i].mark], sign[stage[i].mark]);
        x += canvas_text(c, r, r.y, x, role[stage[i].mark], stage[i].name);
        if (stage[i].percent >= 0 && stage[i].mark == MARK_ACTIVE)
            x += canvas_textf(c, r, r.y, x, role[stage[i].mark], " %d%%", stage[i].percent);
    }
}

static void short_story(char *out, size_t size, const struct dashboard_state *s, const char *gap)
{
    char lag[FMT_SIZE];
    int dump = flow_percent(&s->snap, false), load = flow_percent(&s->snap, true);
    size_t n = 0;
    out[0] = 0;
    if (dump >= 0)
        n += (size_t)snprintf(out + n, size - n, _("dump %d%%%s"), dump, gap);
    if (load >= 0 && n < size)
        snprintf(out + n, size - n, _("load %d%%%s"), load, gap);
    n = strlen(out);
    if (s->snap.lag.seconds >= 0)
        snprintf(out + n, size - n, _("lag %s"), fmt_lag(lag, s->snap.lag.seconds));
}

/* ---- the small frames ---- */

static void draw_one_stages(struct canvas *c, struct rect r, const struct dashboard_state *s)
{
    char story[120], open[60], said[120];
    short_story(story, sizeof story, s, "   ");
    snprintf(open, sizeof open, _("! %u open, {e} shows"), s->snap.nquestions);
    int x = 1 + canvas_text(c, r, r.y, 1, ROLE_TEXT, story) + 3;
    if (s->snap.nquestions)
        canvas_text(c, r, r.y, x, ROLE_WARN, keymap_say(&dashboard_keys, IN_ANY, open, said, sizeof said));
}

static void draw_status(struct canvas *c, const struct dashboard_state *s)
{
    struct rect all = canvas_all(c);
    char word[24], story[120], lag[FMT_SIZE];
    int y = c->rows >= 8 ? 1 : 0, gap = c->rows >= 8 ? 2 : 1;
    bool has_lag = s->snap.lag.seconds >= 0;
    state_word(word, sizeof word, s->snap.state);
    int used = canvas_textf(c, all, y, 2, ROLE_DIM, _("tidegate needs 60 x 18, this is %d x %d"),
                            c->cols, c->rows);
    (void)used;
    y += gap;
    int dump = flow_percent(&s->snap, false), load = flow_percent(&s->snap, true);
    int x = 2 + canvas_text(c, all, y, 2, ROLE_TITLE, s->snap.run) + 2;
    x += canvas_text(c, all, y, x, state_role(s->snap.state), word) + 2;
    if (dump >= 0 && load >= 0) {
        snprintf(story, sizeof story, _("dump %d%%  load %d%%"), dump, load);
        canvas_text(c, all, y, x, ROLE_TEXT, story);
    }
    y++;
    x = 2 +
        canvas_textf(c, all, y, 2, ROLE_TEXT, _("lag %s"),
                     has_lag ? fmt_lag(lag, s->snap.lag.seconds) : _("not known yet")) +
        3;
    if (s->snap.nquestions)
        canvas_textf(c, all, y, x, ROLE_WARN,
                     s->snap.nquestions == 1 ? _("%u open problem") : _("%u open problems"),
                     s->snap.nquestions);
    y += gap;
    canvas_text(c, all, y++, 2, ROLE_TEXT,
                s->is_gone ? _("The engine is gone.") : _("The run is not affected."));
    canvas_text(c, all, y, 2, ROLE_KEY, keymap_words(&dashboard_keys, IN_ANY, _("d Detach   q Leave   or make this bigger"), story, sizeof story));
}

/* ---- footer ---- */

/* Seven panes where Attention has a place among the others, else six. */
static bool has_label(const struct dashboard_state *s, const char *label)
{
    struct rect place[AT_COUNT];
    enum frame frame = dashboard_place(s, s->rows, s->cols, place);
    bool has_seven = frame == FRAME_WIDE || frame == FRAME_ONE;
    return strcmp(label, has_seven ? "1-7" : "1-6") == 0;
}

static const char *footer_hint(void *arg, const struct key_row *row, enum role *role)
{
    static char errors[40];
    const struct dashboard_state *s = arg;
    enum run_state state = s->snap.state;
    switch (row->action) {
    case DO_ERRORS:
        if (s->is_zoomed && (s->focus == PANE_ATTENTION || !s->snap.nquestions))
            return NULL;
        if (s->snap.nquestions)
            *role = ROLE_WARN;
        if (!s->snap.nquestions || s->cols >= 110)
            return s->snap.reason[0] ? _("Why") : _(row->hint);
        snprintf(errors, sizeof errors, _("Errors %u"), s->snap.nquestions);
        return errors;
    case DO_MOUSE:
        return s->has_mouse ? _(row->hint) : NULL;
    case DO_PAUSE:
        *role = s->watches_only ? ROLE_DIM : *role;
        return s->is_zoomed ? NULL : state == RUN_PAUSED ? _("Resume") : _("Pause");
    case DO_PACE:
        *role = s->watches_only ? ROLE_DIM : *role;
        return _(row->hint);
    case DO_VERIFY:
        *role = s->watches_only ? ROLE_DIM : *role;
        return s->is_zoomed ? NULL : _(row->hint);
    case DO_REDO:
    case DO_LEAVE_OUT:
        if (s->watches_only || s->is_gone)
            return NULL;
        if (row->action == DO_REDO && redo_why_not(s, table_selected(s)))
            *role = ROLE_DIM;
        return _(row->hint);
    case DO_MORE:
        *role = s->watches_only ? ROLE_DIM : *role;
        return _(row->hint);
    case DO_WHY_NOT:
        *role = ROLE_DIM;
        return _(row->hint);
    case DO_OPEN:
        if (s->focus == PANE_LAG && !lag_peak_shown(s))
            return NULL;
        return s->focus == PANE_TABLES && s->is_chunks ? _("Tables") : _(row->hint);
    case DO_CUTOVER:
        return s->is_zoomed || s->is_cutover || s->has_report ? NULL : _(row->hint);
    case DO_REPORT:
        return s->has_report && !s->is_zoomed ? _(row->hint) : NULL;
    case DO_PANE_1:
        return s->is_zoomed || s->is_cutover || !has_label(s, row->label) ? NULL : _(row->hint);
    case DO_LEAVE:
        return s->is_zoomed || s->is_cutover   ? NULL
               : s->cols >= 110 && !s->is_gone ? _("Leave (the run goes on)")
                                               : _(row->hint);
    default:
        return _(row->hint);
    }
}

static const char *prompt_label(enum prompt prompt)
{
    return prompt == PROMPT_TABLES     ? _("Find a table:")
           : prompt == PROMPT_LOG_TEXT ? _("Log lines with:")
           : prompt == PROMPT_SAVE     ? _("Save the log as:")
           : prompt == PROMPT_COMMAND  ? ":"
                                       : _("Log lines of table:");
}

/* Without an engine most keys do nothing: the one thing to know is how the run goes on. A run that has failed says first why. */
static bool draw_way_back(struct canvas *c, struct rect r, const struct dashboard_state *s)
{
    char leave[60], words[160];
    bool is_over = s->snap.state == RUN_FINISHED || s->snap.state == RUN_FAILED || s->has_report;
    if (!s->is_gone || s->ends_all || is_over || s->is_zoomed || s->is_cutover)
        return false;
    canvas_right(c, r, r.y, r.w - 1, ROLE_KEY, keymap_words(&dashboard_keys, IN_ANY, _("q Leave"), leave, sizeof leave));
    snprintf(words, sizeof words, _("nothing is lost; to go on: tidegate resume %s"), s->snap.run);
    canvas_cut(c, r, r.y, 1, r.w - text_cells(leave) - 4, ROLE_WARN, words);
    return true;
}

static void draw_footer(struct canvas *c, struct rect r, const struct dashboard_state *s)
{
    if (s->is_print) {
        canvas_textf(c, r, r.y, 1, ROLE_TEXT, _("live: tidegate attach %s"), s->snap.run);
        return;
    }
    if (s->prompt) {
        int x = 1 + canvas_text(c, r, r.y, 1, ROLE_TITLE, prompt_label(s->prompt)) + (s->prompt != PROMPT_COMMAND);
        char words[200];
        x += canvas_cut(c, r, r.y, x, TG_MAX(r.w - x - 28, 8), ROLE_TEXT, s->prompt_text);
        c->cursor_y = r.y;
        c->cursor_x = x;
        canvas_text(c, r, r.y, x, ROLE_PICK, " ");
        if (s->prompt == PROMPT_COMMAND)
            command_hint(s, s->prompt_text, words, sizeof words);
        else
            snprintf(words, sizeof words, "%s", s->prompt == PROMPT_SAVE ? _("Enter Save   Esc Not") : _("Enter Keep   Esc Clear"));
        int room = TG_MAX(r.w - 1 - x - 3, 0);
        canvas_cut(c, r, r.y, TG_MAX(x + 3, r.w - 1 - text_cells(words)), room, ROLE_DIM, words);
        return;
    }
    if (s->notice[0] && s->now_ms < s->notice_until_ms) {
        canvas_cut(c, r, r.y, 1, r.w - 2, ROLE_WARN, s->notice);
        return;
    }
    if (draw_way_back(c, r, s))
        return;
    union {
        const struct dashboard_state *lent;
        void *arg;
    } u = {.lent = s};
    keymap_footer(&dashboard_keys, dashboard_where(s), c, r.y, footer_hint, u.arg);
}

/* ---- all ---- */

static void draw_pane(struct canvas *c, struct rect r, const struct dashboard_state *s,
                      enum pane pane)
{
    if (r.h < 3 || r.w < 12)
        return;
    canvas_spot(c, r, r, SPOT_PANE, pane);
    switch (pane) {
    case PANE_DUMP:
        pane_flow_draw(c, r, s, false);
        break;
    case PANE_LOAD:
        pane_flow_draw(c, r, s, true);
        break;
    case PANE_REPLICATION:
        pane_replication_draw(c, r, s);
        break;
    case PANE_TABLES:
        pane_tables_draw(c, r, s);
        break;
    case PANE_LAG:
        pane_lag_draw(c, r, s);
        break;
    case PANE_LOG:
        pane_log_draw(c, r, s);
        break;
    case PANE_ATTENTION:
        pane_attention_draw(c, r, s);
        break;
    case PANE_NONE:
    case PANE_COUNT:
        break;
    }
}

static void draw_zoom(struct canvas *c, struct rect place[AT_COUNT],
                      const struct dashboard_state *s)
{
    canvas_spot(c, place[AT_ZOOM], place[AT_ZOOM], SPOT_PANE, s->focus);
    switch (s->focus) {
    case PANE_TABLES:
        pane_tables_zoom(c, place, s);
        break;
    case PANE_LAG:
        pane_lag_zoom(c, place, s);
        break;
    case PANE_LOG:
        pane_log_zoom(c, place, s);
        break;
    default:
        stages_draw(c, place[AT_STAGES], &s->snap);
        draw_pane(c, place[AT_ZOOM], s, s->focus);
        if (place[AT_DETAIL].h)
            draw_pane(c, place[AT_DETAIL], s,
                      s->focus == PANE_REPLICATION ? PANE_LAG : PANE_TABLES);
    }
}

static void draw_body(struct canvas *c, struct rect place[AT_COUNT], const struct dashboard_state *s, enum frame frame)
{
    if (s->is_cutover) {
        stages_draw(c, place[AT_STAGES], &s->snap);
        cutover_draw(c, (struct rect){2, 0, c->rows - 3, c->cols}, s);
        return;
    }
    if (frame == FRAME_ZOOM)
        draw_zoom(c, place, s);
    else if (frame == FRAME_ONE)
        draw_one_stages(c, place[AT_STAGES], s);
    else
        stages_draw(c, place[AT_STAGES], &s->snap);
    for (enum pane p = PANE_DUMP; frame != FRAME_ZOOM && p < PANE_COUNT; p++)
        draw_pane(c, place[p], s, p);
}

void dashboard_draw(struct canvas *c, const struct dashboard_state *s)
{
    struct rect place[AT_COUNT];
    char keys[120];
    canvas_clear(c);
    if (!s->has_snapshot) {
        canvas_text(c, canvas_all(c), c->rows / 2, 2, ROLE_TEXT,
                    _("Waiting for the run to speak …"));
        canvas_text(c, canvas_all(c), c->rows - 1, 1, ROLE_KEY, keymap_words(&dashboard_keys, IN_ANY, _("d Detach   q Leave"), keys, sizeof keys));
    } else {
        enum frame frame = dashboard_place(s, c->rows, c->cols, place);
        if (frame == FRAME_STATUS) {
            draw_status(c, s);
        } else {
            title_draw(c, place[AT_TITLE], s, keymap_words(&dashboard_keys, dashboard_where(s), title_keys(s, frame == FRAME_ZOOM), keys, sizeof keys));
            draw_body(c, place, s, frame);
            draw_footer(c, place[AT_FOOTER], s);
        }
    }
    if (s->help)
        help_draw(c, s);
    else if (s->modal.kind)
        modal_draw(&s->modal, c);
    else if (s->dialog.is_open)
        dialog_draw(&s->dialog, c);
    if (c->cursor_y < 0 || c->cursor_x < 0 || c->cursor_y >= c->rows || c->cursor_x >= c->cols)
        c->cursor_y = c->cursor_x = -1;
}

void dashboard_text(const struct mon_snapshot *snap, int cols, int rows, struct buf *out)
{
    struct dashboard_state *s = dashboard_state_new();
    struct canvas c;
    canvas_init(&c, rows, cols, GLYPHS_AUTO);
    s->rows = rows;
    s->cols = cols;
    s->wall_ms = snap->at_ms;
    s->focus = PANE_NONE;
    s->is_print = true;
    dashboard_take(s, snap);
    dashboard_draw(&c, s);
    canvas_print(&c, out);
    canvas_release(&c);
    dashboard_state_free(s);
}
