/* SPDX-License-Identifier: Apache-2.0
 * The tree of the page Scope: schemas, tables and views with boxes, what is shown of them, and the rules that the boxes
 * become. scope_tree.c knows no screen; page_scope.c draws. One thread. */
#ifndef TG_WIZARD_SCOPE_H
#define TG_WIZARD_SCOPE_H

#include "wizard/wz.h"

enum scope_sort { SCOPE_NAME, SCOPE_SIZE, SCOPE_ROWS, SCOPE_SORTS };
enum scope_state { SCOPE_NONE, SCOPE_SOME, SCOPE_ALL };
struct scope_schema {
    const char *name;                 /* of the look */
    uint32_t first, end;              /* in look.tables */
    uint32_t ntables, nviews;
    uint32_t nchosen, nviews_chosen, nmatching; /* tables chosen; tables and views that the find lets through */
    uint64_t bytes, rows;
    bool is_bare, is_picked;          /* nothing is in it yet; then: whether what comes later is to move */
    bool is_open, is_open_found;      /* the latter while something is sought */
};
#define SCOPE_SCHEMA UINT32_MAX
struct scope_row {
    uint32_t schema, table;           /* table SCOPE_SCHEMA: the row of the schema itself */
};
struct scope_sum {                    /* of what is chosen */
    uint32_t ntables, nviews, nkeyless, nstanding, nrows, nunread; /* nstanding: exist at the target; nrows: hold rows there */
    uint32_t nbare;                   /* schemas without anything yet */
    uint64_t bytes;
    uint32_t largest;                 /* in look.tables; UINT32_MAX: nothing chosen */
};
#define SCOPE_LISTS 6
struct scope {
    struct look *look;                /* NULL: none has come yet */
    struct err err;                   /* why the last one did not; ERR_OK */
    bool *chosen, *matches;           /* by look.tables */
    struct scope_schema *schemas;
    uint32_t nschemas, nthings, nmatching; /* nthings: tables and views */
    uint32_t *by_schema, *by_table;   /* orders by `sort`; tables of a schema stay together */
    struct scope_row *rows;           /* what is shown */
    uint32_t nrows;
    struct scope_row at;              /* the row that has the selection */
    enum scope_sort sort;
    struct edit find;
    bool is_finding;                  /* the text is being typed */
    char find_problem[120];
    struct scope_sum sum;
    /* The job's rules for which `chosen` was made, and as it was made. is_own: a person wrote them, and boxes alone would
     * not make the same. */
    char *rules[SCOPE_LISTS], *old_rules[SCOPE_LISTS];
    bool *old_chosen, is_own;
    struct {                          /* what the rules mean for tables that are made later */
        char yes[120], no[120];       /* a few of the schemas in which they move, or stay */
        uint32_t nyes, nno;
        bool in_new_schemas, by_name; /* by_name: a person's rules have patterns for tables */
    } later;
    struct scope_event *event;        /* a rule of events that is being made; scope_events.c */
    uint32_t dropping;                /* first route that the box of removal offers */
    size_t visible;                   /* rows of the tree that fitted when it was drawn */
};
enum { SCOPE_EVENT_BOXES = 110 };      /* kinds of boxes from here on are scope_events.c's */
extern const char *const scope_lists[SCOPE_LISTS]; /* paths of the job */

struct scope *scope_of(struct wz *w); /* made at need */
void scope_free(struct scope *s);     /* NULL is fine */
/* A look has come, and is the scope's from now on; look NULL: it failed, e says why. */
void scope_take(struct wz *w, struct look *look, const struct err *e);
/* The boxes as the job's rules are now, where these are others than before. */
void scope_sync(struct wz *w);
void scope_show(struct wz *w);        /* rows anew: after sorting, finding, folding */
/* The find's text has changed. */
void scope_find(struct wz *w);
const struct look_table *scope_table(const struct scope *s); /* of the selected row, NULL: it is a schema, or nothing */
const struct scope_schema *scope_schema(const struct scope *s); /* of the selected row; NULL: nothing there */
enum scope_state scope_state(const struct scope_schema *g);
/* Turns boxes: the selected row's (of a schema all that the find lets through), or of everything shown. False: nothing has
 * changed, or the rules are a person's own: then *asks, and scope_apply or scope_revert follows. */
bool scope_turn(struct wz *w, bool everything, bool *asks);
/* These boxes (by look.tables) on or off; the same answers. */
bool scope_choose(struct wz *w, const bool *which, bool is_on, bool *asks);
/* Which tables and views a text means: "all", a schema's name, "schema.table", a table's name, a glob of the last two, or
 * /regex/ of tables' names. which: by look.tables. False: nothing, and why. */
bool scope_means(const struct scope *s, const char *what, bool *which, uint32_t *n, char why[120]);
void scope_apply(struct wz *w);       /* the boxes become the job's rules */
void scope_revert(struct wz *w);      /* the boxes as the rules have them */
void scope_later(const struct scope *s, char out[320]); /* in words */
/* Rules that the boxes would become; job_picked_release. */
void scope_rules(const struct scope *s, const struct job *job, struct job_picked *out);
/* Folds or unfolds the schema of the row; on a table ← goes to its schema. */
void scope_fold(struct wz *w, bool is_open);
bool scope_next_keyless(struct wz *w); /* false: every chosen table has a key */

/* page_scope.c: in words. */
void scope_schema_text(const struct scope_schema *g, char out[80]);                  /* "38 of 39 tables" */
void scope_key_text(const struct look *l, const struct look_table *t, char out[200]); /* "PK id"; "": not known yet */
/* "40 tables and 2 views, about 412 GB, largest order_items"; what is not known is not said. is_copied: their rows are moved. */
void scope_sum_text(const struct scope *s, bool is_copied, bool with_views, char out[160]);
void scope_chosen_title(const struct scope *s, char out[200]);                       /* "Chosen: 3 tables, about 2 MB, …" */
void scope_empty_text(const struct wz *w, char out[900]);                            /* instead of a tree: what is in the way */
#define SCOPE_EXISTINGS 4
const char *scope_existing_label(unsigned i);                                        /* of enum job_existing */
void scope_set_existing(struct wz *w, unsigned i);

/* scope_box.c: boxes over the page; key: what opened them. */
void scope_details_text(const struct wz *w, struct buf *out); /* of the selected row */
void scope_ask_details(struct wz *w, int key);
void scope_ask_rules(struct wz *w, int key);
void scope_ask_rename(struct wz *w, int key);
/* scope_events.c: rules of events in words; appended. */
void scope_event_words(const struct job_event *v, struct buf *out);
void scope_events_text(const struct job *j, struct buf *out);
/* The boxes that make, change and remove them; a button was pressed in one, or it was left with Esc. */
void scope_ask_events(struct wz *w, int key);
void scope_event_pressed(struct wz *w, int kind, unsigned button);
void scope_event_left(struct wz *w, int kind);
bool scope_box_feed(struct wz *w, const struct input *in, struct wz_effect *out); /* false: not one of its boxes */

#endif
