/* SPDX-License-Identifier: Apache-2.0
 * Inside the wizard: its state, fed with input and news, drawn to a canvas. Nothing here waits, opens a connection or
 * writes a file: wz_feed returns an effect, and whoever owns the terminal does it. So tests drive all of it. */
#ifndef TG_WIZARD_WZ_H
#define TG_WIZARD_WZ_H

#include "check/check.h"
#include "check/look.h"
#include "ui/keymap.h"
#include "ui/list.h"
#include "ui/modal.h"
#include "wizard/form.h"
#include "wizard/wizard.h"

enum step { STEP_START, STEP_SOURCE, STEP_PATH, STEP_TARGET, STEP_SCOPE, STEP_ROUTE, STEP_CHECKS, STEP_REVIEW, STEP_COUNT };

/* ---- effects ---- */
enum wz_effect_kind {
    WZ_NONE,
    WZ_PROBE,                         /* begin that probe on a copy of the job */
    WZ_STOP_PROBE,
    WZ_SAVE,                          /* write the job to path; password: and the typed ones into a sealed file beside it */
    WZ_UNSEAL,                        /* open the sealed file text with the passphrase password, then do `after` */
    WZ_OPEN,                          /* read a job from path */
    WZ_WRITE_DM,                      /* write the job as DM's files into the folder text */
    WZ_CARRY_ON,                      /* take the draft that another window left */
    WZ_RUN,                           /* start the engine, then the dashboard */
    WZ_ATTACH, WZ_RESUME, WZ_DEMO,    /* name: the run */
    WZ_CURE,                          /* result, cure: apply it; user and the typed password: as whom */
    WZ_COPY,                          /* text to the clipboard */
    WZ_LANGUAGE, WZ_THEME, WZ_REDRAW, WZ_SUSPEND, WZ_MOUSE,
    WZ_LEAVE
};
enum probe {
    PROBE_SOURCE, PROBE_TARGET, PROBE_TABLES, PROBE_CHECKS, PROBE_REHEARSE,
    PROBE_PATH,                       /* the way to one end */
    PROBE_NAME,                       /* whether the name of one end resolves; shows nothing of its own */
    PROBE_CURE,                       /* applies a cure */
    PROBE_RUNS,                       /* whether stopped runs of this host can still go on */
    PROBE_COUNT
};
struct wz_effect {
    enum wz_effect_kind kind;
    enum probe probe;
    bool is_target;                   /* PROBE_PATH, PROBE_NAME: which end */
    bool may_replace;                 /* WZ_SAVE: the person was asked about the file that is there */
    bool seals, may_replace_sealed;   /* WZ_SAVE: with a sealed file, whose passphrase is asked for where there is none yet */
    char text[4096];                  /* path, run, or what is copied */
    const char *check;                /* WZ_CURE: id; text: another user, "": the job's own */
    unsigned cure;
    struct secret *password;          /* of that user, or a passphrase; the taker's */
};

/* What can be pointed at on a page (ui/canvas.h); n: */
enum wz_spot {
    SPOT_STEP = 1,                    /* the step */
    SPOT_FORM,                        /* a field of the page's form */
    SPOT_PICK,                        /* a choice of a field: field * 100 + choice */
    SPOT_REPAIR,                      /* the offer below a field */
    SPOT_PAGE_BUTTON,
    SPOT_THING,                       /* the page's own thing of that number */
    SPOT_ROW,                         /* of the page's list, which is its first own thing */
    SPOT_SEARCH,                      /* what is typed to find a table by */
    SPOT_PAGE                         /* a step in the box "Go to" */
};

/* ---- probes: what is known from the servers ---- */
struct probe_line {
    enum check_state state;
    bool is_remedy;                   /* what to do about the line before */
    char text[240];
};
#define PROBE_LINES 24
struct probe_view {
    bool is_running, is_over;         /* over: it has ended at least once for the job as it is */
    bool is_stale;                    /* the answers it was made for have changed since */
    int64_t began_ms, ended_ms;       /* monotonic */
    struct probe_line line[PROBE_LINES];
    unsigned n;
};
/* News from a probe's thread, taken by wz_take. */
enum news_kind {
    NEWS_LINE, NEWS_LOOK, NEWS_OVER,
    NEWS_RUN                          /* what is known of a stopped run */
};

/* How an end is reached; what job.yaml has no place for. */
enum way_kind { WAY_DIRECT, WAY_SSH, WAY_LOCAL };
struct way {
    enum way_kind kind;
    char host[256];                   /* of the server as the jump host sees it, while the job has the local port */
    int64_t port;
    char jump[256], user[80];
    int64_t jump_port;
};
/* Answers that another window left behind when it ended without a word. */
struct draft {
    bool is_there;
    char name[40];
    char file[4096];                  /* the job's own, or "" */
    enum step at;
    int64_t at_ms;                    /* wall */
};

/* ---- pages ---- */
struct page {
    enum step step;
    const char *title, *question;     /* msgids: in the stepper; the line above the body */
    const struct form_field *fields;
    size_t nfields;
    unsigned nextra;                  /* things that take the focus behind the fields, before the buttons */
    const char *const *buttons;       /* msgids, NULL-ended; the last one goes on */
    const char *const *(*buttons_now)(const struct wz *w);   /* NULL: `buttons`, always */
    unsigned where;                   /* key context */
    unsigned (*where_now)(const struct wz *w); /* NULL: `where`, always */
    void (*enter)(struct wz *w, struct wz_effect *out);      /* when the page comes up; may be NULL */
    /* Draws what stands under the question: r is the left column, 80 cells at most. */
    void (*draw)(struct wz *w, struct canvas *c, struct rect r);
    /* Draws the block under the form where there are 30 rows or more; NULL: none. */
    void (*below)(struct wz *w, struct canvas *c, struct rect r);
    /* Input that neither the form nor the frame has taken. */
    bool (*feed)(struct wz *w, const struct input *in, struct wz_effect *out);
    void (*press)(struct wz *w, unsigned button, struct wz_effect *out); /* a button that is neither Back nor Next */
    /* Whether one may go on; false: why, and where the focus goes. */
    bool (*ready)(struct wz *w, char why[160]);
    const char *(*help)(const struct wz *w, const char **title);         /* right column; NULL: the field's own */
};
extern const struct page *const wz_pages[STEP_COUNT];

struct wz {
    struct job *job;
    char path[4096];                  /* of the job file; "": never saved */
    bool is_changed;                  /* since it was saved or opened */
    enum step at, reached;
    bool is_passed[STEP_COUNT];
    size_t focus[STEP_COUNT];         /* place in the page's order: shown fields, extras, buttons */
    struct form form[STEP_COUNT];
    struct probe_view probe[PROBE_COUNT];
    struct check_report *report;      /* of the last whole run of the checks, or NULL */
    struct scope *scope;              /* page_scope.c; NULL until that page was seen or a look has come */
    struct check_report *tested[2];   /* of the last test of the source and of the target, or NULL */
    struct check_view view[2];        /* that came with it */
    size_t source_at;                 /* the source that is shown, from 0 */
    struct way way[2];                /* to the source, to the target */
    bool path_is_target;              /* Path shows the way to the target */
    int name_wanted;                  /* 1, 2: the name of the source, of the target was typed and is to be looked up */
    const struct form_field *secret;  /* whose origin is asked for */
    char pending_path[4096];          /* where to save, while the person is asked about a file that is there */
    bool pending_seals;
    struct wz_effect after;           /* what waits for the passphrase of a sealed file */
    struct draft draft;
    struct { char run[40], text[40]; bool is_lost; } safety[16]; /* what is known of stopped runs; lost: its binlog is gone */
    char terminal[4][160];            /* facts of this terminal and host, a line each */
    struct list list[STEP_COUNT];     /* selection of the page's list, where it has one */
    const struct wizard_options *o;
    struct wizard_run runs[32];
    size_t nruns;
    const char *home_free;            /* "212 GB free" */
    const char *english_only;         /* why Chinese can't be shown here (msgid), or NULL */
    bool is_help, is_goto, has_mouse;
    int goto_at;                      /* the page that is chosen in the list of pages */
    struct modal modal;               /* ask.c; open while its kind is not 0 */
    unsigned cure;                    /* of the chosen check: the one that is shown */
    bool only_problems, leaves_after_save;
    char notice[200];
    int64_t notice_until_ms, now_ms, wall_ms;
    int rows, cols;
};

struct wz *wz_new(const struct wizard_options *o, struct job *job);
void wz_free(struct wz *w);
/* The focus to that place of the page's order: shown fields, extras, buttons. */
void wz_focus(struct wz *w, size_t place);
bool wz_point(struct wz *w, const struct input *in, struct wz_effect *out); /* IN_CLICK and IN_WHEEL of wz_feed */
/* Changes the state; true: the screen must be drawn anew. */
bool wz_feed(struct wz *w, const struct input *in, struct wz_effect *out);
/* Where *out needs a password that lies in a sealed file nobody has opened: it becomes WZ_NONE, and waits behind the box that
 * asks for the passphrase. wz_feed does it; who gets effects another way calls it before it does them. */
void wz_ask_passphrase(struct wz *w, struct wz_effect *out);
void wz_draw(struct wz *w, struct canvas *c);
bool wz_is_read_only(const struct wz *w); /* --read-only: no consent of level 1 or 2 is asked for */
void wz_notice(struct wz *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* To a page: forward only through pages that are ready; back always. */
void wz_go(struct wz *w, enum step to, struct wz_effect *out);
/* The answers have changed: probes that looked at them are stale. */
void wz_changed(struct wz *w);
/* Only what the run is called has changed: no probe minds. */
void wz_changed_name(struct wz *w);

/* A text field was left with another value. */
void wz_typed(struct wz *w, const struct form_field *f);
/* Other answers than before: what was typed, tested and checked is of the old ones. */
void wz_take_job(struct wz *w, struct job *job, const char *path, enum step reached);

/* ---- for pages ---- */
bool wz_has_focus(const struct wz *w, unsigned extra); /* the page's own thing of that number */
const struct form_field *wz_field(const struct wz *w); /* that has the focus, or NULL */
void wz_box(struct canvas *c, struct rect r, const struct wz *w, bool has_focus, const char *title, const char *right);
/* The lines of a probe into the inside of a box. */
void wz_probe_draw(const struct wz *w, enum probe p, struct canvas *c, struct rect r);
/* A sentence that names keys of the page in braces (keymap_say), as it is shown; returns out. */
const char *wz_say(const struct wz *w, const char *text, char *out, size_t size);
/* "2 s ago", "testing… 3 s, Esc stops it", "" */
const char *wz_probe_age(const struct wz *w, enum probe p, char out[80]);

#endif
