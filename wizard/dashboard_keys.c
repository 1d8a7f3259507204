// SPDX-License-Identifier: Apache-2.0
/* Every key of the dashboard is a row here; the footer and the help page are these rows, too. The
 * order is that of the footer; the last row with a hint is the one the footer never drops. */
#include "ui/text.h"
#include "wizard/dashboard_state.h"

#define NO_HEARTBEAT N_("this version writes nothing to the source; how long it has been silent is shown")

static const struct key_row rows[] = {
    /* left column of the help page */
    {DO_HELP, IN_ANY, K_F1, {'?', 0, 0}, N_("F1 or ?"), NULL, 0, N_("this list"), true, NULL},
    {DO_NEXT, IN_PANES, K_TAB, {0}, "Tab", NULL, 0, N_("next pane"), true, NULL},
    {DO_PREVIOUS, IN_PANES, K_BACK_TAB, {0}, "Shift-Tab", NULL, 0, N_("previous pane"), true, NULL},
    {DO_NOTHING, IN_ANY, 0, {0}, "↑ ↓ j k", NULL, 0, N_("one line"), true, NULL},
    {DO_NOTHING, IN_ANY, 0, {0}, "PgUp PgDn", NULL, 0, N_("one page"), true, NULL},
    {DO_NOTHING, IN_ANY, 0, {0}, "Home End g G", NULL, 0, N_("first and last"), true, NULL},
    {DO_OPEN, IN_ANY, K_ENTER, {0}, "Enter", NULL, 0, N_("open it, choose it"), true, NULL},
    {DO_BACK, IN_ANY, K_ESC, {0}, "Esc", NULL, 0, N_("back; never quits"), true, NULL},
    {DO_COMMAND, IN_ANY, ':', {0}, ":", NULL, 0, N_("a command by name"), true, NULL},
    {DO_SAVE, IN_ANY, K_F9, {K_CTRL('s'), 0, 0}, "F9 Ctrl-S", NULL, 0, N_("save the log"), true, NULL},
    {DO_REDRAW, IN_ANY, K_CTRL('l'), {0}, "Ctrl-L", NULL, 0, N_("draw again"), true, NULL},
    {DO_MOUSE, IN_ANY, K_F3, {'m', 0, 0}, "F3 m", N_("Mouse off"), 0, N_("mouse on, off"), true, NULL},
    {DO_THEME, IN_ANY, 'L', {0}, "L", NULL, 0, N_("next colour theme"), true, NULL},
    {DO_SUSPEND, IN_ANY, K_CTRL('z'), {0}, "Ctrl-Z", NULL, 0, N_("shell; fg returns"), true, NULL},
    {DO_LEAVE,
     IN_ANY,
     K_F10,
     {K_CTRL('q'), K_CTRL('c'), 0},
     "F10 Ctrl-Q",
     NULL,
     0,
     N_("leave (asks)"),
     true,
     NULL},
    {DO_NOTHING, IN_ANY, 0, {0}, "Ctrl-C", NULL, 0, N_("leave (asks)"), true, NULL},
    /* panes */
    {DO_PANE_1, IN_ANY, '1', {0}, "1-6", N_("Pane"), 0, NULL, false, NULL},
    {DO_PANE_1, IN_ANY, 0, {0}, "1-7", N_("Pane"), 0, NULL, false, NULL},
    {DO_NOTHING, IN_ANY, 0, {0}, "1 … 7", NULL, 0, N_("go to a pane"), false, NULL},
    {DO_PANE_2, IN_ANY, '2', {0}, NULL, NULL, 0, NULL, false, NULL},
    {DO_PANE_3, IN_ANY, '3', {0}, NULL, NULL, 0, NULL, false, NULL},
    {DO_PANE_4, IN_ANY, '4', {0}, NULL, NULL, 0, NULL, false, NULL},
    {DO_PANE_5, IN_ANY, '5', {0}, NULL, NULL, 0, NULL, false, NULL},
    {DO_PANE_6, IN_ANY, '6', {0}, NULL, NULL, 0, NULL, false, NULL},
    {DO_PANE_7, IN_ANY, '7', {0}, NULL, NULL, 0, NULL, false, NULL},
    {DO_NEXT, IN_PANES, 0, {0}, "Tab", N_("Next"), 110, NULL, false, NULL},
    {DO_ZOOM, IN_PANES, 'z', {0}, "z", N_("Zoom"), 0, N_("make the pane big"), false, NULL},
    /* zoomed lists */
    {DO_FILTER, IN_TABLES, '/', {0}, "/", N_("Find"), 0, NULL, false, NULL},
    {DO_SORT, IN_TABLES | IN_PANES, 's', {0}, NULL, NULL, 0, N_("tables: sort by …"), false, NULL},
    {DO_SORT, IN_TABLES, 's', {0}, "s", N_("Sort"), 0, NULL, false, NULL},
    {DO_SHOW, IN_TABLES, 'f', {0}, "f", N_("Show"), 0, NULL, false, NULL},
    {DO_OPEN, IN_TABLES, 0, {0}, "Enter", N_("Chunks"), 0, NULL, false, NULL},
    {DO_REDO, IN_TABLES, 'r', {0}, "r", N_("Redo"), 0, NULL, false, NULL},
    {DO_LEAVE_OUT, IN_TABLES, 'x', {0}, "x", N_("Leave out …"), 0, NULL, false, NULL},
    {DO_FILTER, IN_LOG, '/', {0}, "/", N_("Text"), 0, NULL, false, NULL},
    {DO_LEVEL, IN_LOG, 'l', {0}, "l", N_("Level"), 0, NULL, false, NULL},
    {DO_STAGE, IN_LOG, 'g', {0}, "g", N_("Stage"), 0, NULL, false, NULL},
    {DO_TABLE, IN_LOG, 'T', {0}, "T", N_("Table"), 0, NULL, false, NULL},
    {DO_WRAP, IN_LOG, 'w', {0}, "w", N_("Wrap"), 0, NULL, false, NULL},
    {DO_FOLLOW, IN_LOG, 'f', {0}, "f", N_("Follow"), 0, NULL, false, NULL},
    {DO_NARROWER, IN_LAG, K_LEFT, {0}, NULL, NULL, 0, NULL, false, NULL},
    {DO_WIDER, IN_LAG, K_RIGHT, {0}, "← →", N_("Window"), 0, NULL, false, NULL},
    {DO_WHY_NOT, IN_LAG, 'h', {0}, "h", N_("Heartbeat"), 0, NULL, false, NO_HEARTBEAT},
    {DO_MORE, IN_LAG, '+', {'=', 0, 0}, "+ -", N_("Workers"), 0, NULL, false, NULL},
    {DO_FEWER, IN_LAG, '-', {0}, NULL, NULL, 0, NULL, false, NULL},
    {DO_OPEN, IN_LAG, 0, {0}, "Enter", N_("Largest"), 0, NULL, false, NULL},
    {DO_COPY, IN_LOG | IN_ATTENTION, 'y', {0}, "y", N_("Copy"), 0, NULL, false, NULL},
    {DO_SAVE, IN_LOG, 0, {0}, "F9", N_("Save"), 0, NULL, false, NULL},
    {DO_OPEN, IN_ATTENTION, 0, {0}, "Enter", N_("What to do"), 0, NULL, false, NULL},
    /* the run */
    {DO_PAUSE, IN_ANY, 'p', {0}, "p", N_("Pause"), 0, N_("pause, then {p} resume"), false, NULL},
    {DO_PACE, IN_PANES, 't', {0}, "t", N_("Pace"), 0, N_("pace: workers, MB/s"), false, NULL},
    {DO_PACE, IN_ANY, 't', {0}, NULL, NULL, 0, NULL, false, NULL},
    {DO_ERRORS, IN_ANY, 'e', {0}, "e", N_("Errors"), 0, N_("open problems"), false, NULL},
    {DO_FILTER, IN_PANES, '/', {0}, "/", N_("Filter"), 0, N_("find a table, filter"), false, NULL},
    {DO_VERIFY, IN_ANY, 'v', {0}, "v", NULL, 0, N_("compare both servers"), false, NULL},
    {DO_VERIFY, IN_PANES, 0, {0}, "v", N_("Verify"), 110, NULL, false, NULL},
    {DO_CUTOVER, IN_ANY, 'c', {0}, "c", N_("Cutover"), 0, N_("cutover checklist"), false, NULL},
    {DO_REPORT, IN_ANY, 'R', {0}, "R", N_("Report"), 0, NULL, false, NULL},
    {DO_DETACH, IN_ANY, 'd', {0}, "d", NULL, 0, N_("detach, the run goes on"), false, NULL},
    {DO_STOP, IN_ANY, 'x', {0}, "x", NULL, 0, N_("stop the run …"), false, NULL},
    {DO_STEER, IN_ANY, 'S', {0}, "S", NULL, 0, N_("steer, if another does"), false, NULL},
    {DO_FOLLOW, IN_PANES, 'f', {0}, "f w", NULL, 0, N_("log: follow, wrap"), false, NULL},
    {DO_WRAP, IN_PANES, 'w', {0}, NULL, NULL, 0, NULL, false, NULL},
    {DO_LEVEL, IN_PANES, 'l', {0}, "l T", NULL, 0, N_("log: level, table"), false, NULL},
    {DO_TABLE, IN_PANES, 'T', {0}, NULL, NULL, 0, NULL, false, NULL},
    {DO_COPY, IN_ANY, 'y', {0}, "y", NULL, 0, N_("copy line (OSC 52)"), false, NULL},
    {DO_VERIFY, IN_CUTOVER, 0, {0}, "v", N_("Verify"), 0, NULL, false, NULL},
    {DO_BACK, IN_CUTOVER, 0, {0}, "Esc", N_("Back"), 0, NULL, false, NULL},
    {DO_ZOOM, IN_ZOOM, 'z', {0}, "z", N_("Back"), 0, NULL, false, NULL},
    {DO_LEAVE, IN_ANY, 'q', {0}, "q", N_("Leave"), 0, NULL, false, NULL},
};

static const struct key_action actions[] = {
    {"help", IN_ANY, {K_F1, '?'}},
    {"mouse", IN_ANY, {K_F3, 'm'}},
    {"save", IN_ANY, {K_F9, K_CTRL('s')}},
    {"leave", IN_ANY, {K_F10, K_CTRL('q'), K_CTRL('c'), 'q'}},
    {"redraw", IN_ANY, {K_CTRL('l')}},
    {"suspend", IN_ANY, {K_CTRL('z')}},
    {"theme", IN_ANY, {'L'}},
    {"command", IN_ANY, {':'}},
    {"zoom", IN_PANES | IN_ZOOM, {'z'}},
    {"find", IN_TABLES | IN_PANES | IN_LOG, {'/'}},
    {"sort", IN_TABLES | IN_PANES, {'s'}},
    {"show", IN_TABLES, {'f'}},
    {"redo", IN_TABLES, {'r'}},
    {"heartbeat", IN_LAG, {'h'}},
    {"leave-out", IN_TABLES, {'x'}},
    {"follow", IN_LOG | IN_PANES, {'f'}},
    {"wrap", IN_LOG | IN_PANES, {'w'}},
    {"level", IN_LOG | IN_PANES, {'l'}},
    {"stage", IN_LOG, {'g'}},
    {"table", IN_LOG | IN_PANES, {'T'}},
    {"copy", IN_ANY, {'y'}},
    {"pause", IN_ANY, {'p'}},
    {"pace", IN_ANY, {'t'}},
    {"errors", IN_ANY, {'e'}},
    {"verify", IN_ANY, {'v'}},
    {"cutover", IN_ANY, {'c'}},
    {"report", IN_ANY, {'R'}},
    {"detach", IN_ANY, {'d'}},
    {"stop", IN_ANY, {'x'}},
    {"steer", IN_ANY, {'S'}},
};

const struct keymap dashboard_keys = {rows, TG_ARRAY_LEN(rows), actions, TG_ARRAY_LEN(actions)};

unsigned dashboard_where(const struct dashboard_state *s)
{
    if (s->is_cutover)
        return IN_CUTOVER;
    if (!s->is_zoomed)
        return IN_PANES;
    return IN_ZOOM | (s->focus == PANE_LOG         ? IN_LOG
                      : s->focus == PANE_TABLES    ? IN_TABLES
                      : s->focus == PANE_LAG       ? IN_LAG
                      : s->focus == PANE_ATTENTION ? IN_ATTENTION
                                                   : 0u);
}
