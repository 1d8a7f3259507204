/* SPDX-License-Identifier: Apache-2.0
 * Private to the dashboard and its tests. The state is everything the screen shows; drawing reads
 * it, feeding changes it, neither does any io: what the world must do comes back as an effect. */
#ifndef TG_WIZARD_DASHBOARD_STATE_H
#define TG_WIZARD_DASHBOARD_STATE_H

#include "ui/canvas.h"
#include "ui/dialog.h"
#include "ui/keymap.h"
#include "ui/list.h"
#include "ui/modal.h"
#include "wizard/dashboard.h"

enum pane {
    PANE_NONE,
    PANE_DUMP,
    PANE_LOAD,
    PANE_REPLICATION,
    PANE_TABLES,
    PANE_LAG,
    PANE_LOG,
    PANE_ATTENTION,
    PANE_COUNT
};
enum dashboard_dialog { ASK_NOTHING, ASK_LEAVE, ASK_STOP, ASK_QUESTION, ASK_EVENT, ASK_PACE, ASK_REDO, ASK_PEAK };
enum prompt { PROMPT_NONE, PROMPT_TABLES, PROMPT_LOG_TEXT, PROMPT_LOG_TABLE, PROMPT_SAVE, PROMPT_COMMAND };
enum lag_window { LAG_MINUTES, LAG_HOUR, LAG_DAY, LAG_WINDOWS };
enum help_page { HELP_NONE, HELP_KEYS, HELP_COMMANDS };

#define LOG_LINES 10000
struct log_ring {
    struct mon_event *line; /* grows to LOG_LINES, then wraps */
    size_t n, cap;
    uint64_t total; /* lines ever added; line number i lives at i % LOG_LINES */
    uint64_t dropped;
};
struct log_view {
    bool is_paused, is_wrapped;
    enum log_level floor;
    unsigned stage; /* 0: all, else index into the stage names */
    char table[64], text[64];
    uint64_t cursor, top; /* line numbers, while paused */
};
/* How the estimate of the load moved: one sample a minute. */
struct left_history {
    int64_t at_ms[12], left_s[12];
    unsigned n;
};
/* What this window saw open and then no longer. */
#define CURED 8
struct cured {
    char id[16], table[130];
    int64_t at_ms; /* wall */
};
struct dashboard_state {
    bool has_snapshot, is_gone;
    bool has_report; /* the run is over and has written it */
    bool is_cutover;
    enum help_page help;
    int help_top;
    enum lag_window window;
    struct cured cured[CURED]; /* newest first */
    unsigned ncured;
    uint64_t quiet_tx;
    int64_t quiet_ms; /* monotonic: since then nothing came from the source; 0: it does */
    bool watches_only; /* another window steers */
    bool is_read_only; /* nothing is asked of the run */
    bool ends_all;     /* the run ends with the window (demo) */
    bool has_mouse;
    bool is_print;     /* one picture on paper: no keys, no log */
    struct mon_snapshot snap;
    int64_t moved_ms; /* when the load moved last, monotonic; 0: unknown */
    uint64_t moved_bytes;
    struct left_history history;
    struct log_ring log;
    struct log_view view;
    enum pane focus;
    bool is_zoomed;
    struct list tables, questions;
    struct chunks_view chunks; /* of the table that was selected when the engine was asked last; table "": none */
    bool is_chunks;            /* its list has the screen */
    uint32_t chunks_top;
    struct tables_wish wish;   /* which tables, and in which order */
    struct tables_page *page;  /* of all tables, as the engine told last; NULL: the snapshot's are enough */
    struct dialog dialog;
    struct modal modal; /* leaving a table out, whose name is typed */
    enum dashboard_dialog asked;
    char asked_id[16], asked_table[130];
    char asked_slug[DIALOG_CHOICES][32]; /* ":redo", ":leave-out": not the engine's */
    bool asked_always, asked_details; /* the same answer next time; all that is known of it */
    uint64_t pace[3]; /* of the pace dialog: readers, writers, bytes a second */
    bool pace_changed[3];
    enum prompt prompt;
    char prompt_text[200];
    char notice[160];
    int64_t notice_until_ms;
    int64_t now_ms, wall_ms; /* monotonic, for dialogs; wall, for ages */
    int rows, cols;
};

enum effect_kind {
    EFFECT_NONE,
    EFFECT_CALL,
    EFFECT_COPY,
    EFFECT_SAVE_LOG,    /* the lines that pass the filters, into path */
    EFFECT_SAVE_REPORT, /* the report as Markdown, into path */
    EFFECT_REPORT,      /* its page */
    EFFECT_BACK,        /* from the report's page to the panes */
    EFFECT_LEAVE,
    EFFECT_THEME,
    EFFECT_REDRAW,
    EFFECT_SUSPEND,
    EFFECT_MOUSE
};
struct effect {
    enum effect_kind kind;
    char cmd[16], args[480]; /* EFFECT_CALL */
    char done[120];          /* said when the call succeeded */
    bool then_leave;         /* leave after a successful call */
    enum dashboard_left left;
    char text[640];   /* EFFECT_COPY */
    const char *lent; /* EFFECT_COPY of more than that; holds until the next event */
    char path[200];   /* never overwritten */
};

struct dashboard_state *dashboard_state_new(void);
void dashboard_state_free(struct dashboard_state *s);
void dashboard_take(struct dashboard_state *s, const struct mon_snapshot *snap);
void dashboard_add_event(struct dashboard_state *s, const struct mon_event *event);
void dashboard_notice(struct dashboard_state *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Changes the state; returns true when the screen must be drawn anew. */
bool dashboard_feed(struct dashboard_state *s, const struct input *in, struct effect *out);
void dashboard_draw(struct canvas *c, const struct dashboard_state *s);

/* ---- chunks: what the engine is asked for while they are shown, at most once a second ---- */
bool dashboard_wants_chunks(const struct dashboard_state *s, char table[130], uint32_t *offset);
void dashboard_take_chunks(struct dashboard_state *s, const struct chunks_view *v);
/* ---- tables_page.c ---- */
/* There are more tables than a snapshot holds, and s->wish names others than the busiest: the engine is asked for a page. */
bool dashboard_wants_tables(const struct dashboard_state *s);
void dashboard_take_tables(struct dashboard_state *s, const struct tables_page *p);
/* After a snapshot was taken: the page goes on to stand in its place, or is forgotten. */
void dashboard_keep_tables(struct dashboard_state *s);
/* At an end of the rows shown: the wish moves on to the next page, or back. */
void dashboard_turn_tables(struct dashboard_state *s, size_t nrows);
void pane_chunks_draw(struct canvas *c, struct rect r, const struct dashboard_state *s, const struct table_view *t);
bool chunks_are_shown(const struct dashboard_state *s, const struct table_view *t);
bool chunks_feed(struct dashboard_state *s, int key); /* scrolling */

/* ---- keys ---- */
enum { IN_PANES = 1, IN_ZOOM = 2, IN_LOG = 4, IN_TABLES = 8, IN_ATTENTION = 16, IN_LAG = 32, IN_CUTOVER = 64, IN_ANY = 127 };
enum action {
    DO_NOTHING,
    DO_PANE_1,
    DO_PANE_2,
    DO_PANE_3,
    DO_PANE_4,
    DO_PANE_5,
    DO_PANE_6,
    DO_PANE_7,
    DO_NEXT,
    DO_PREVIOUS,
    DO_ZOOM,
    DO_OPEN,
    DO_BACK,
    DO_PAUSE,
    DO_PACE,
    DO_ERRORS,
    DO_FILTER,
    DO_FOLLOW,
    DO_WRAP,
    DO_LEVEL,
    DO_STAGE,
    DO_TABLE,
    DO_COPY,
    DO_DETACH,
    DO_STOP,
    DO_STEER,
    DO_LEAVE,
    DO_HELP,
    DO_REDRAW,
    DO_THEME,
    DO_SUSPEND,
    DO_SORT,
    DO_SHOW,
    DO_VERIFY,
    DO_CUTOVER,
    DO_COMMAND,
    DO_SAVE,
    DO_REPORT,
    DO_NARROWER,
    DO_WIDER,
    DO_MORE,
    DO_FEWER,
    DO_MOUSE,
    DO_REDO,
    DO_LEAVE_OUT,
    DO_WHY_NOT
};
extern const struct keymap dashboard_keys;
unsigned dashboard_where(const struct dashboard_state *s);
/* Does what the key of this action would; for commands by name. */
void dashboard_do(struct dashboard_state *s, enum action action, struct effect *out);
bool dashboard_may_steer(struct dashboard_state *s); /* else says why not */
/* JSON text of a name that came from a server. */
void json_text(char *out, size_t size, const char *text);
/* cmd with the table as its argument. */
void call_table(struct effect *out, const char *cmd, const char *table, const char *done);
void dashboard_call(struct effect *out, const char *cmd, const char *args, const char *done);

/* What can be pointed at (ui/canvas.h): a pane; a table by table_spot of its name; a line of the log by its number; a
 * question by its place. */
enum { SPOT_PANE = 1, SPOT_TABLE, SPOT_LINE, SPOT_QUESTION };
int64_t table_spot(const char *name);
void dashboard_point(struct dashboard_state *s, const struct input *in, struct effect *out); /* IN_CLICK, IN_WHEEL */

/* ---- commands by name ---- */
void command_run(struct dashboard_state *s, const char *line, struct effect *out);
/* Completes the last word; says in out what it could be. */
void command_complete(const struct dashboard_state *s, char *line, size_t size);
void command_hint(const struct dashboard_state *s, const char *line, char *out, size_t size);
bool command_line(size_t i, char *out, size_t size); /* "pace gentle|…: how much the copy may take"; false: no more */
int command_help(struct canvas *c, struct rect r, int top); /* from that row on; how many there are */

/* ---- places ---- */
enum place {
    AT_TITLE = PANE_COUNT,
    AT_STAGES,
    AT_FOOTER,
    AT_ZOOM,
    AT_DETAIL,
    AT_DETAIL_2,
    AT_COUNT
};
enum frame { FRAME_STATUS, FRAME_ONE, FRAME_NARROW, FRAME_WIDE, FRAME_ZOOM };
/* Where everything stands; rectangles that are not shown have no size. */
enum frame dashboard_place(const struct dashboard_state *s, int rows, int cols,
                           struct rect place[AT_COUNT]);

/* ---- panes: r is the whole box ---- */
void pane_flow_draw(struct canvas *c, struct rect r, const struct dashboard_state *s, bool is_load);
void pane_replication_draw(struct canvas *c, struct rect r, const struct dashboard_state *s);
void pane_tables_draw(struct canvas *c, struct rect r, const struct dashboard_state *s);
void pane_tables_zoom(struct canvas *c, struct rect place[AT_COUNT],
                      const struct dashboard_state *s);
void pane_lag_draw(struct canvas *c, struct rect r, const struct dashboard_state *s);
const struct lag_peak *lag_peak_shown(const struct dashboard_state *s); /* of the chosen window; NULL: none is known */
void pane_lag_zoom(struct canvas *c, struct rect place[AT_COUNT], const struct dashboard_state *s);
void pane_log_draw(struct canvas *c, struct rect r, const struct dashboard_state *s);
void pane_log_zoom(struct canvas *c, struct rect place[AT_COUNT], const struct dashboard_state *s);
void cutover_draw(struct canvas *c, struct rect r, const struct dashboard_state *s);
void pane_attention_draw(struct canvas *c, struct rect r, const struct dashboard_state *s);

/* ---- shared by panes ---- */
/* "PASS", "FAIL …", or that it could not be told ("not verified: the source moves"), which is no finding. */
enum verdict { VERDICT_NONE, VERDICT_PASS, VERDICT_FAIL, VERDICT_OPEN };
enum verdict verdict_of(const struct mon_snapshot *m);
const char *verdict_sign(enum verdict v);
enum role verdict_role(enum verdict v);
void title_draw(struct canvas *c, struct rect r, const struct dashboard_state *s, const char *right);
void stages_draw(struct canvas *c, struct rect r, const struct mon_snapshot *m);
void flavour_words(char *out, size_t size, const char *flavour);
/* What it has written by now is not known: it does not answer, or there is no engine to ask it. */
bool source_is_unseen(const struct mon_snapshot *m);
/* Frame with the marker of focus; titles as canvas_box. */
void pane_box(struct canvas *c, struct rect r, const struct dashboard_state *s, enum pane pane,
              const char *title, const char *right);
/* Percent done of a flow: at most 99 while its total is a guess; -1: no total. */
int flow_percent(const struct mon_snapshot *s, bool is_load);
bool flow_is_over(const struct mon_snapshot *s, bool is_load);
/* Tables that match the filter, in the order shown; indexes into snap.table. */
size_t tables_order(const struct dashboard_state *s, uint16_t order[MON_TABLES]);
const char *tables_key(const void *order_and_state, size_t row);
struct tables_order {
    const struct dashboard_state *s;
    uint16_t order[MON_TABLES];
    size_t n;
};
size_t tables_visible(const struct dashboard_state *s);
/* Log lines that pass the filters, oldest first, as line numbers; caller frees. */
uint64_t *log_matches(const struct dashboard_state *s, size_t *n);
const struct mon_event *log_line(const struct log_ring *ring, uint64_t number);
size_t log_visible(const struct dashboard_state *s);
const char *log_stage_name(unsigned stage);        /* NULL: no such stage */
bool log_feed(struct dashboard_state *s, int key); /* scrolling */
const struct mon_event *log_selected(const struct dashboard_state *s);
const char *question_key(const void *state, size_t row);

/* ---- dialogs ---- */
void ask_leave(struct dashboard_state *s, int key);
void ask_stop(struct dashboard_state *s, int key);
void ask_question(struct dashboard_state *s, int key, size_t which);
bool ask_question_feed(struct dashboard_state *s, int key, struct effect *out); /* true: the key was one of the dialog's own */
void ask_event(struct dashboard_state *s, int key);
void ask_pace(struct dashboard_state *s, int key);
/* One step more or fewer writers, at once. */
void ask_writers(struct dashboard_state *s, bool up, struct effect *out);
void ask_peak(struct dashboard_state *s, int key);
bool ask_pace_feed(struct dashboard_state *s, int key); /* true: the key changed a limit */
void ask_answered(struct dashboard_state *s, struct effect *out);
/* What may be done with a table; why it can't is said instead of the dialog. */
void ask_redo(struct dashboard_state *s, int key, const char *table);
void ask_leave_out(struct dashboard_state *s, int key, const char *table);
void ask_leave_out_feed(struct dashboard_state *s, const struct input *in, struct effect *out);
const char *redo_why_not(const struct dashboard_state *s, const char *table); /* NULL: it may */
const char *table_selected(const struct dashboard_state *s); /* NULL: there is none */
void help_draw(struct canvas *c, const struct dashboard_state *s);

/* ---- the checklist of a cutover, a row each ---- */
enum lamp { LAMP_NONE, LAMP_WAITS, LAMP_GREEN, LAMP_BAD };
#define CUTOVER_STEPS 7
struct cutover_step {
    enum lamp lamp;
    char what[120], state[90], note[240]; /* note: a line below it, or "" */
};
void cutover_steps(const struct dashboard_state *s, struct cutover_step out[CUTOVER_STEPS]);
const char *cutover_not_yet(void); /* what this version does not do */

/* ---- plain ---- */
int dashboard_plain(const struct dashboard_options *o);
/* dashboard_say.c: what a pane shows, in lines; more: the next piece of the last list. */
void say_state(const struct mon_snapshot *m);
void say_pane(const struct dashboard_state *s, enum pane pane, size_t *from);
void say_chunks(const char *table, const struct chunks_view *v);
void say_cutover(const struct dashboard_state *s);
void say_commands(void);

#endif
