/* SPDX-License-Identifier: Apache-2.0
 * The pages, one file each. */
#ifndef TG_WIZARD_PAGES_H
#define TG_WIZARD_PAGES_H

#include "wizard/wz.h"

extern const struct page page_start, page_source, page_path, page_target, page_scope, page_route, page_checks, page_review;

/* page_start.c: what may be chosen, by rows; the note beside one, and what is known of a run's stream. */
enum start_choice { START_CARRY_ON, START_NEW, START_OPEN, START_ATTACH, START_DEMO, START_LANGUAGE, START_CHOICES };
size_t start_choices(const struct wz *w);
enum start_choice start_choice_at(const struct wz *w, size_t row);
const char *start_choice(const struct wz *w, size_t row, char note[120]);
const char *start_safety(const struct wz *w, const struct wizard_run *run);
void start_run_sentence(const struct wz *w, const struct wizard_run *run, char *out, size_t size); /* what Enter does with it */

/* page_path.c, page_route.c, page_review.c: what stands beside the fields, in words. */
void path_road(const struct wz *w, bool is_target, char out[700]);
bool path_regions(const struct wz *w, char out[700]); /* false: nothing can be told of them */
void route_guess(const struct wz *w, char out[400]);
#define ROUTE_LINES 7
struct route_line {
    const char *label;
    char text[300];
};
unsigned route_feel(const struct wz *w, struct route_line out[ROUTE_LINES]);
/* A box with what a rehearsal has done and found; nothing where it was cut short, or a box is open. */
void review_tell_rehearsal(struct wz *w);
void review_words(const struct wz *w, struct buf *out); /* a line each */

/* page_review.c: a job without a name gets one from its source. */
void review_propose_name(struct wz *w);
/* page_checks.c: the row that is chosen, or NULL. Belongs to w->report. */
const struct check_result *checks_selected(const struct wz *w);
/* The cure that WZ_CURE means, or NULL. Belongs to w->report. */
const struct check_cure *checks_cure(const struct wz *w, const struct wz_effect *f);

/* topology.c: the rows of a DM cluster in the form of Route, all shown for that road alone. */
bool topology_is_shown(const struct wz *w);
void topology_get(const struct wz *w, const char *path, struct buf *out); /* a list of hosts as it is typed */
bool topology_set(struct wz *w, const char *path, const char *value, struct err *e);
void topology_say(const struct wz *w, const char *path, struct form_word *out);
void topology_say_all(struct wz *w);  /* one part's hosts change what is said of the others */
bool topology_ready(struct wz *w, char why[160]);
void topology_get_one(const struct wz *w, struct buf *out);   /* the host on which all parts stand, or nothing */
bool topology_set_one(struct wz *w, const char *value, struct err *e);
void topology_draw_next(struct canvas *c, struct rect r);     /* what to do with the files */
const char *topology_next_line(unsigned i); /* the same, a line at a time; NULL: no more */

/* ask.c: boxes; key: what opened them. */
void ask_cure(struct wz *w, const struct check_result *r, int key);
void ask_accept(struct wz *w, const struct check_result *r, int key);
void ask_start(struct wz *w, int key);
void ask_leave_wizard(struct wz *w, int key);
void ask_path(struct wz *w, bool is_open, int key);
void ask_files(struct wz *w, int key); /* DM's files: into which folder */
void ask_origin(struct wz *w, const struct form_field *f, int key); /* of a secret */
void ask_sources(struct wz *w, int key);
/* A stopped run whose binlog the source no longer has. */
void ask_lost(struct wz *w, const char *run);
void ask_overwrite(struct wz *w, const char *path, bool seals);
/* ask_sealed.c. The job is saved to path: a passphrase for the file beside it; about one that is there. */
void ask_seal(struct wz *w, const char *path);
void ask_replace_sealed(struct wz *w, const char *path, const char *sealed);
/* Where the job has a sealed file that was not opened: asks for its passphrase, and after it (may be NULL) is done. False:
 * there is none, or another box is open. */
bool ask_sealed(struct wz *w, const struct wz_effect *after);
void ask_sealed_again(struct wz *w, const char *path, const char *why); /* for the same */
bool ask_sealed_pressed(struct wz *w, unsigned button, struct wz_effect *out);
/* ask_ends.c: a button of one of its boxes; false: the box is not one of them. */
bool ask_ends_pressed(struct wz *w, unsigned button, struct wz_effect *out);
/* A text with buttons that copy it and close. */
void ask_copy(struct wz *w, const char *title, struct buf *text, int key);
void ask_text(struct wz *w, const char *title, struct buf *text, int key); /* text is taken over */
enum { BOX_SCOPE = 100 };             /* kinds of boxes from here on are scope_box.c's */
void ask_failure(struct wz *w, const char *title, const struct err *e); /* what went wrong, and what to do */
void ask_feed(struct wz *w, const struct input *in, struct wz_effect *out);

/* page_source.c: which of several sources is shown. */
bool source_has_others(const struct wz *w);
void source_get_number(const struct wz *w, struct buf *out); /* "1 of 2" */
void source_turn(struct wz *w, int by);

/* page_end.c: what Source, Path and Target share. */
const struct job_end *end_shown(const struct wz *w, bool is_target);
/* "source[1].host" for "host" */
const char *end_path(const struct wz *w, bool is_target, const char *field, char out[100]);
/* A box for the lines of a test below a form that has used so many rows of r. */
void end_draw_test(struct wz *w, enum probe p, struct canvas *c, struct rect r, int used, const char *title);
/* Rows for the form: where the body is low, it scrolls so that a test has room beside it. */
int end_form_rows(const struct wz *w, enum probe p, struct rect r);
/* The statements that give the user what it lacks, or all it needs. */
void end_rights(const struct wz *w, bool is_target, struct buf *out);
extern const struct form_choice tls_ways[];
void end_get_tls(const struct wz *w, bool is_target, struct buf *out);
bool end_set_tls(struct wz *w, bool is_target, const char *value, struct err *e);
/* Whether this end has the other's address, and says so: in the port's place, so that it is seen whichever was typed last. */
bool end_is_other(const struct wz *w, bool is_target, struct form_word *out);
/* A host as it is typed. A whole address (mysql://user:password@host:port/…, jdbc: too) is taken apart into the fields of
 * that end, so that no password stays in sight or in the job; what can't be taken apart is refused. */
bool end_set_host(struct wz *w, bool is_target, const char *value, struct err *e);
/* "ssh -N -L …", for another terminal. */
void way_command(const struct wz *w, bool is_target, char out[700]);

#endif
