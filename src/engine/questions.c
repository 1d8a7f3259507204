// SPDX-License-Identifier: Apache-2.0
/* Questions: a stage's thread waits in engine_ask until somebody answers, the job file has the answer, or the run
 * stops. */
#include "engine/private.h"

#include <stdio.h>
#include <stdlib.h>

static const char *slug_of(const struct ask_choice *choices, uint32_t n, const char *answer)
{
    for (uint32_t i = 0; answer && i < n; i++)
        if (strcmp(choices[i].slug, answer) == 0)
            return choices[i].slug;
    return NULL;
}

static void unlink_question(struct engine *g, struct question *q)
{
    for (struct question **p = &g->questions; *p; p = &(*p)->next)
        if (*p == q) {
            *p = q->next;
            return;
        }
}

struct standing {
    struct standing *next;
    char id[16];
    const char *slug;                 /* of a stage's table of choices */
};

/* Lock held. */
static void keep_answer(struct engine *g, const char *id, const char *slug)
{
    struct standing *s = g->standing;
    while (s && strcmp(s->id, id) != 0)
        s = s->next;
    if (!s) {
        s = x_alloc(sizeof *s);
        snprintf(s->id, sizeof s->id, "%s", id);
        s->next = g->standing;
        g->standing = s;
    }
    s->slug = slug;
}

static const char *kept_answer(struct engine *g, const char *id)
{
    const char *slug = NULL;
    pthread_mutex_lock(&g->lock);
    for (struct standing *s = g->standing; s && !slug; s = s->next)
        slug = strcmp(s->id, id) == 0 ? s->slug : NULL;
    pthread_mutex_unlock(&g->lock);
    return slug;
}

void engine_forget_answers(struct engine *g)
{
    for (struct standing *s; (s = g->standing) != NULL; free(s))
        g->standing = s->next;
}

/* What a question is answered with when its table is not waited for any more: a statement of the source counts as made,
 * all else is tried once more, without the table. */
static const char *over(const struct question *q)
{
    const char *slug = slug_of(q->choices, q->nchoices, "applied");
    slug = slug ? slug : slug_of(q->choices, q->nchoices, "retry");
    return slug ? slug : slug_of(q->choices, q->nchoices, "wait");
}

static const struct tab *left_tab(struct engine *g, const char *table)
{
    const struct tab *found = NULL;
    pthread_mutex_lock(&g->tabs.lock);
    for (uint32_t i = 0; i < g->tabs.n && !found && table[0]; i++)
        if (atomic_load(&g->tabs.list[i]->is_left) && strcmp(g->tabs.list[i]->label, table) == 0)
            found = g->tabs.list[i];
    pthread_mutex_unlock(&g->tabs.lock);
    return found;
}

void engine_release_questions(struct engine *g, const struct tab *tab)
{
    pthread_mutex_lock(&g->lock);
    for (struct question *q = g->questions; q; q = q->next)
        if (strcmp(q->table, tab->label) == 0 && (atomic_load(&tab->is_left) || !slug_of(q->choices, q->nchoices, "applied")))
            q->answer = over(q);
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
}

const char *engine_ask(void *arg, const struct err *what, const char *table, const struct ask_choice *choices, uint32_t n)
{
    struct engine *g = arg;
    struct question q = {.choices = choices, .nchoices = n, .asked_ms = clock_wall_ms()};
    const struct err_info *i = err_info(what->code);
    snprintf(q.id, sizeof q.id, "%s", i->id);
    snprintf(q.table, sizeof q.table, "%.129s", table);
    snprintf(q.text, sizeof q.text, "%s: %.300s", i->title, what->text);
    log_event(LOG_ERROR, "engine", table, i->id, "%s: %s. Answer with: tidegate answer %s %s CHOICE", i->title, what->text,
              g->job->name, i->id);
    const char *given = slug_of(choices, n, job_answer(g->job, i->id, table));
    const char *kept = given ? NULL : slug_of(choices, n, kept_answer(g, i->id));
    if (given || kept) {
        log_event(LOG_NOTE, "engine", table, i->id, given ? "answered by the job: %s" : "answered as before: %s", given ? given : kept);
        given = given ? given : kept;
        cancel_wait(g->cancel, 1000); /* the same answer again and again must not spin */
        return cancel_is_set(g->cancel) ? NULL : given;
    }
    pthread_mutex_lock(&g->lock);
    const struct tab *left = left_tab(g, table);
    if (left)
        q.answer = over(&q);
    q.next = g->questions;
    g->questions = &q;
    while (!q.answer && !cancel_is_set(g->cancel))
        pthread_cond_wait(&g->changed, &g->lock);
    unlink_question(g, &q);
    pthread_mutex_unlock(&g->lock);
    return q.answer;
}

void engine_fatal(void *arg, const struct err *why)
{
    struct engine *g = arg;
    pthread_mutex_lock(&g->lock);
    if (!g->is_fatal)
        g->fatal = *why;
    g->is_fatal = true;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
}

bool engine_answer(struct engine *g, const char *id, const char *table, const char *choice, bool always, struct err *e)
{
    const char *slug = NULL;
    bool known = false;
    pthread_mutex_lock(&g->lock);
    for (struct question *q = g->questions; q; q = q->next) {
        if (strcmp(q->id, id) != 0 || (table && table[0] && strcmp(q->table, table) != 0))
            continue;
        known = true;
        const char *s = slug_of(q->choices, q->nchoices, choice);
        if (s)
            q->answer = slug = s;
    }
    if (slug && always)
        keep_answer(g, id, slug);
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
    if (slug)
        times_note(g, "answer", id);
    if (slug)
        log_event(LOG_NOTE, "engine", table ? table : "", id, always ? "answered: %s, and so from now on" : "answered: %s", slug);
    else if (known)
        err_set(e, ERR_USAGE, "'%s' is not a choice of question %s", choice, id);
    else
        err_set(e, ERR_USAGE, "no question %s is open", id);
    return slug != NULL;
}
