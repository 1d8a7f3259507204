// SPDX-License-Identifier: Apache-2.0
#include "wizard/probe.h"

#include "base/retell.h"
#include "base/sync.h"
#include "wizard/scope.h"
#include "wizard/told.h"
#include "ui/text.h"
#include "wizard/pages.h"

#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 300

/* One probe under way. The thread owns it from its start on, and frees it. */
struct work {
    struct prober *prober;
    enum probe which;
    uint64_t number;                  /* news of another number are of a probe that was stopped */
    struct job job;
    struct cancel *cancel;
    char *home;
    bool is_target;
    struct told told;
    char *check, *user;               /* of a cure */
    struct secret *password;
    struct check_cure cure;           /* what cure_apply looks at */
    struct wizard_run *runs;
    size_t nruns;
};
struct prober {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    struct news *first, **last;
    struct work *live[PROBE_COUNT];
    uint64_t number[PROBE_COUNT];
    unsigned nthreads, nwriting;      /* writing: those that apply a cure or rehearse */
    int fd;
};

static const char *const source_ids[] = {"source.resolve", "source.connect", "source.tls", "source.login", "version", "source.managed", "source.role", "binlog_enable",
                                         "binlog_format", "binlog_row_image", "binlog.retention", "dump_privilege", "replication_privilege", "path.clock"};
static const char *const target_ids[] = {"target.resolve", "target.connect", "target.tls", "target.login", "target.version", "target.cloud", "target.role",
                                         "target_privilege", "downstream_table_empty"};
static const char *const source_way_ids[] = {"source.resolve", "source.connect", "source.tls", "source.login", "path.rtt"};
static const char *const target_way_ids[] = {"target.resolve", "target.connect", "target.tls", "target.login", "path.rtt"};
static const char *const resume_ids[] = {"meta_position"};

struct prober *prober_new(void)
{
    struct prober *p = x_alloc(sizeof *p);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->ended, NULL);
    p->last = &p->first;
    p->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return p;
}

int prober_fd(const struct prober *p)
{
    return p->fd;
}

static void put(struct work *k, struct news *n)
{
    struct prober *p = k->prober;
    uint64_t one = 1;
    pthread_mutex_lock(&p->lock);
    bool counts = p->number[k->which] == k->number;
    n->probe = k->which;
    if (counts) {
        *p->last = n;
        p->last = &n->next;
    }
    pthread_mutex_unlock(&p->lock);
    if (counts)
        (void)!write(p->fd, &one, sizeof one);
    else
        news_free(n);
}

void news_free(struct news *n)
{
    if (n->report)
        check_report_release(n->report);
    if (n->look)
        look_release(n->look);
    free(n->report);
    free(n->look);
    free(n);
}

/* ---- what the threads do ---- */

static bool is_test(enum probe which)
{
    return which == PROBE_SOURCE || which == PROBE_TARGET || which == PROBE_PATH;
}

static bool writes(enum probe which)
{
    return which == PROBE_CURE || which == PROBE_REHEARSE;
}

static void tell(struct work *k, const struct probe_line *line)
{
    struct news *n = x_alloc(sizeof *n);
    n->kind = NEWS_LINE;
    n->line = *line;
    put(k, n);
}

static void on_result(void *arg, const struct check_result *r)
{
    struct work *k = arg;
    struct probe_line line = {.state = r->state};
    const struct job_end *end = k->is_target ? &k->job.target : &k->job.sources[0];
    if (is_test(k->which)) {
        if (told_line(&k->told, end, r, &line))
            tell(k, &line);
        if (told_remedy(r, &line))
            tell(k, &line);
        return;
    }
    const char *said = r->nfindings ? r->findings[0].text : r->found ? r->found : r->detail ? r->detail : "";
    snprintf(line.text, sizeof line.text, "%s: %.180s", _(check_title(r->check)), said);
    tell(k, &line);
}

/* The other end's password is none of a test's business: it may not be known yet. */
static void forget_other(struct work *k)
{
    struct job_secret *other = k->is_target ? k->job.nsources ? &k->job.sources[0].password : NULL : &k->job.target.password;
    if (is_test(k->which) && other && !other->value)
        other->origin = SECRET_NONE;
    for (size_t i = 0; i < k->job.nsources; i++) /* a way through SSH is not gone by this version */
        k->job.sources[i].ssh.password.origin = SECRET_NONE;
    k->job.target.ssh.password.origin = SECRET_NONE;
}

static void look_at_ends(struct work *k, struct news *over)
{
    struct check_options o = {.job = &k->job, .cancel = k->cancel, .told = on_result, .arg = k, .run_dir = k->home, .depth = CHECK_DEEP};
    struct probe_line line = {.state = CHECK_FAIL};
    forget_other(k);
    if (!job_resolve(&k->job, NULL, NULL, &over->err)) {
        snprintf(line.text, sizeof line.text, "%.230s", over->err.text);
        tell(k, &line);
        line = (struct probe_line){.state = CHECK_FAIL, .is_remedy = true};
        snprintf(line.text, sizeof line.text, "%s", over->err.code == ERR_SECRET ? _("Passwords are typed on the pages Source and Target.") : _(err_info(over->err.code)->cure));
        tell(k, &line);
        return;
    }
    if (k->which == PROBE_REHEARSE)
        o.depth = CHECK_REHEARSE;
    if (is_test(k->which))
        o.depth = CHECK_START;
    if (k->which == PROBE_SOURCE || k->which == PROBE_TARGET) {
        o.only_needed_ends = true;
        o.only = k->is_target ? target_ids : source_ids;
        o.nonly = k->is_target ? TG_ARRAY_LEN(target_ids) : TG_ARRAY_LEN(source_ids);
        o.view = &over->view;
    } else if (k->which == PROBE_PATH) {
        o.only_needed_ends = true;
        o.only = k->is_target ? target_way_ids : source_way_ids;
        o.nonly = TG_ARRAY_LEN(source_way_ids);
    }
    over->report = x_alloc(sizeof *over->report);
    checks_run(over->report, &o);
    over->has_view = o.view != NULL;
    if (o.view && told_view(o.view, k->is_target, &line))
        tell(k, &line);
}

static struct look *look_once(struct work *k, bool names_only, struct err *e)
{
    struct look *l = x_alloc(sizeof *l);
    if (look_read(l, &k->job, names_only, k->cancel, e))
        return l;
    free(l);
    return NULL;
}

/* The names first, so that there is something to see while definitions and sizes are read. */
static void look_at_tables(struct work *k, struct news *over)
{
    struct news *first = x_alloc(sizeof *first);
    forget_other(k);
    first->kind = NEWS_LOOK;
    if (job_resolve(&k->job, NULL, NULL, &over->err))
        first->look = look_once(k, true, &over->err);
    if (!first->look) {
        free(first);
        return;
    }
    put(k, first);
    over->look = look_once(k, false, &over->err);
}

static void look_up_name(struct work *k, struct news *over)
{
    const struct job_end *end = k->is_target ? &k->job.target : &k->job.sources[0];
    struct addrinfo want = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    if (!end->host || !end->host[0])
        return;
    snprintf(over->text, sizeof over->text, "%s", end->host);
    int rc = getaddrinfo(end->host, NULL, &want, &list);
    if (rc == 0)
        freeaddrinfo(list);
    else
        err_set(&over->err, ERR_NET_RESOLVE, "%s", gai_strerror(rc));
}

static void cure(struct work *k, struct news *over)
{
    struct cure_login as = {k->user, k->password};
    unsigned done = 0;
    snprintf(over->text, sizeof over->text, "%.280s", k->cure.title);
    if (!job_resolve(&k->job, NULL, NULL, &over->err))
        return;
    char *dir = mon_run_dir(k->home, k->job.name, true, &over->err);
    if (dir)
        cure_apply(&k->job, k->check, &k->cure, k->user[0] ? &as : NULL, dir, &done, &over->err);
    free(dir);
}

/* The place a stopped run would go on from: can the source still give it? */
static void look_at_run(struct work *k, const struct wizard_run *run)
{
    struct news *n = x_alloc(sizeof *n);
    struct job job;
    struct job_problems problems = {0};
    struct check_report report = {0};
    struct check_options o = {.job = &job, .cancel = k->cancel, .only = resume_ids, .nonly = 1, .only_needed_ends = true, .depth = CHECK_DEEP};
    struct err e = {0};
    char *file = x_format("%s/%s/job.yaml", k->home, run->name), pos[24];
    snprintf(pos, sizeof pos, "%llu", (unsigned long long)run->position);
    n->kind = NEWS_RUN;
    snprintf(n->text, sizeof n->text, "%s", run->name);
    snprintf(n->line.text, sizeof n->line.text, "%s", _("binlog not looked at"));
    job_init(&job);
    bool fine = job_load(&job, (const char *const[]){file}, 1, &problems);
    bool has_password = fine && job_resolve(&job, NULL, NULL, &e);
    if (fine && !has_password)
        snprintf(n->line.text, sizeof n->line.text, "%s", _("asks for its password"));
    fine = has_password && job_set(&job, "mode", "incremental", &e) &&
                job_set(&job, "source.start.file", run->file, &e) && job_set(&job, "source.start.pos", pos, &e);
    if (fine) {
        checks_run(&report, &o);
        enum check_state state = report.n ? report.results[0].judged : CHECK_NONE;
        bool is_lost = state == CHECK_FAIL && report.results[0].code == ERR_BINLOG_PURGED;
        n->err.code = is_lost ? ERR_BINLOG_PURGED : ERR_OK;
        if (is_lost)
            snprintf(n->line.text, sizeof n->line.text, _("%s binlog purged"), err_info(ERR_BINLOG_PURGED)->id);
        else
            snprintf(n->line.text, sizeof n->line.text, "%s", state == CHECK_PASS ? _("binlog still on the source") : _("source not reached"));
        check_report_release(&report);
    }
    job_problems_release(&problems);
    job_release(&job);
    free(file);
    put(k, n);
}

static void do_work(struct work *k, struct news *over)
{
    switch (k->which) {
    case PROBE_TABLES:
        look_at_tables(k, over);
        break;
    case PROBE_NAME:
        look_up_name(k, over);
        break;
    case PROBE_CURE:
        cure(k, over);
        break;
    case PROBE_RUNS:
        for (size_t i = 0; i < k->nruns && !cancel_is_set(k->cancel); i++)
            if (!k->runs[i].is_live && k->runs[i].can_resume && k->runs[i].file[0])
                look_at_run(k, &k->runs[i]);
        break;
    default:
        look_at_ends(k, over);
        break;
    }
}

static void work_free(struct work *k)
{
    job_release(&k->job);
    cancel_free(k->cancel);
    secret_free(k->password);
    free(k->cure.title);
    free(k->cure.sql);
    free(k->cure.undo);
    free(k->check);
    free(k->user);
    free(k->runs);
    free(k->home);
    free(k);
}

static void *probe_main(void *arg)
{
    struct work *k = arg;
    struct prober *p = k->prober;
    struct news *over = x_alloc(sizeof *over);
    text_stay_english(true);          /* what it says is kept, and retold where it is drawn */
    over->kind = NEWS_OVER;
    over->is_target = k->is_target;
    do_work(k, over);
    put(k, over);
    pthread_mutex_lock(&p->lock);
    if (p->live[k->which] == k)
        p->live[k->which] = NULL;
    p->nthreads--;
    p->nwriting -= writes(k->which);
    pthread_cond_broadcast(&p->ended);
    pthread_mutex_unlock(&p->lock);
    work_free(k);
    return NULL;
}

void prober_stop(struct prober *p, enum probe which)
{
    pthread_mutex_lock(&p->lock);
    p->number[which]++;
    if (p->live[which])
        cancel_set(p->live[which]->cancel);
    p->live[which] = NULL;
    pthread_mutex_unlock(&p->lock);
}

static struct work *work_new(struct prober *p, const struct probe_order *o)
{
    struct work *k = x_alloc(sizeof *k);
    struct err ignored = {0};
    k->prober = p;
    k->which = o->which;
    k->cancel = cancel_new();
    k->home = o->home ? x_strdup(o->home) : NULL;
    k->is_target = o->is_target || o->which == PROBE_TARGET;
    job_copy(&k->job, o->job);
    if (!k->job.nsources)
        job_set(&k->job, "source.port", "3306", &ignored); /* one that is not given yet */
    if (o->cure)
        k->cure = (struct check_cure){.kind = o->cure->kind, .at_target = o->cure->at_target, .is_disruptive = o->cure->is_disruptive,
                                      .title = x_strdup(o->cure->title), .sql = x_strdup(o->cure->sql), .undo = x_strdup(o->cure->undo)};
    k->check = x_strdup(o->check);
    k->user = x_strdup(o->user ? o->user : "");
    k->password = o->password;
    k->nruns = o->nruns;
    k->runs = x_alloc((o->nruns + 1) * sizeof *k->runs);
    if (o->nruns)
        memcpy(k->runs, o->runs, o->nruns * sizeof *k->runs);
    return k;
}

void prober_start(struct prober *p, const struct probe_order *o)
{
    struct work *k = work_new(p, o);
    pthread_t thread;
    prober_stop(p, o->which);
    pthread_mutex_lock(&p->lock);
    k->number = p->number[o->which];
    p->live[o->which] = k;
    p->nthreads++;
    p->nwriting += writes(o->which);
    pthread_mutex_unlock(&p->lock);
    if (pthread_create(&thread, NULL, probe_main, k) != 0)
        tg_bug("no thread for a probe");
    pthread_detach(thread);
}

struct news *prober_take(struct prober *p)
{
    uint64_t count;
    pthread_mutex_lock(&p->lock);
    struct news *n = p->first;
    if (n) {
        p->first = n->next;
        if (!p->first)
            p->last = &p->first;
    } else {
        (void)!read(p->fd, &count, sizeof count);
    }
    pthread_mutex_unlock(&p->lock);
    return n;
}

/* Under p->lock: a server that answers nothing holds its thread for as long as a connection may take, and a person who
 * leaves does not wait for that. What is being written is waited for. */
static bool are_over(struct prober *p)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += PATIENCE_MS * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (p->nwriting)
        pthread_cond_wait(&p->ended, &p->lock);
    while (p->nthreads)
        if (pthread_cond_timedwait(&p->ended, &p->lock, &until) != 0)
            return false;
    return true;
}

void prober_free(struct prober *p)
{
    for (int i = 0; i < PROBE_COUNT; i++)
        prober_stop(p, (enum probe)i);
    pthread_mutex_lock(&p->lock);
    bool is_over = are_over(p);
    pthread_mutex_unlock(&p->lock);
    if (!is_over)
        return;                       /* what is left belongs to the threads that are still there */
    for (struct news *n; (n = prober_take(p)) != NULL;)
        news_free(n);
    close(p->fd);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->ended);
    free(p);
}

/* ---- into the state ---- */

static void take_report(struct check_report **place, struct check_report *r)
{
    if (*place)
        check_report_release(*place);
    free(*place);
    *place = r;
}

static void take_name(struct wz *w, const struct news *n)
{
    char text[200];
    const struct job_end *end = n->is_target ? &w->job->target : w->job->nsources ? &w->job->sources[0] : NULL;
    if (n->err.code == ERR_OK || !end || !end->host || strcmp(end->host, n->text) != 0)
        return;
    bool was = text_stay_english(true);
    snprintf(text, sizeof text, _("%.80s is not known to this host: misspelt, or known only to a jump host (next page)"), n->text);
    text_stay_english(was);
    form_say(&w->form[n->is_target ? STEP_TARGET : STEP_SOURCE], n->is_target ? "target.host" : "source.host", ROLE_WARN, text);
}

static void take_cure(struct wz *w, const struct news *n)
{
    struct buf text = {0};
    if (n->err.code == ERR_OK) {
        wz_notice(w, _("done: %s. The checks look again."), retell(n->text));
        return;
    }
    buf_addf(&text, "%s\n\n%s %s\n%s\n\n%s\n", retell(n->text), err_info(n->err.code)->id, _(err_info(n->err.code)->title), retell(n->err.text), _(err_info(n->err.code)->cure));
    ask_text(w, _("The cure did not work"), &text, 0);
}

static void take_run(struct wz *w, const struct news *n)
{
    for (size_t i = 0; i < TG_ARRAY_LEN(w->safety); i++)
        if (!w->safety[i].run[0] || strcmp(w->safety[i].run, n->text) == 0) {
            snprintf(w->safety[i].run, sizeof w->safety[i].run, "%.39s", n->text);
            snprintf(w->safety[i].text, sizeof w->safety[i].text, "%.39s", n->line.text);
            w->safety[i].is_lost = n->err.code == ERR_BINLOG_PURGED;
            return;
        }
}

static void take_over(struct wz *w, struct news *n)
{
    struct probe_view *v = &w->probe[n->probe];
    v->is_running = false;
    v->is_over = true;
    v->ended_ms = w->now_ms;
    if (n->probe == PROBE_TABLES) {
        scope_take(w, n->look, &n->err);
        return;
    }
    if (n->has_view)
        w->view[n->is_target] = n->view;
    if (n->probe == PROBE_NAME)
        take_name(w, n);
    else if (n->probe == PROBE_CURE)
        take_cure(w, n);
    if (n->probe == PROBE_REHEARSE && !n->report && n->err.code != ERR_OK && !w->modal.kind)
        ask_failure(w, _("The rehearsal could not begin"), &n->err);
    if (!n->report)
        return;
    if (n->probe == PROBE_SOURCE || n->probe == PROBE_TARGET)
        take_report(&w->tested[n->is_target], n->report);
    else if (n->probe == PROBE_CHECKS || n->probe == PROBE_REHEARSE)
        take_report(&w->report, n->report);
    else
        take_report(&n->report, NULL);
    if (n->probe == PROBE_REHEARSE)
        review_tell_rehearsal(w);
}

void wz_take(struct wz *w, struct news *n)
{
    struct probe_view *v = &w->probe[n->probe];
    if (n->kind == NEWS_OVER)
        take_over(w, n);
    else if (n->kind == NEWS_LOOK)
        scope_take(w, n->look, NULL);
    else if (n->kind == NEWS_RUN)
        take_run(w, n);
    else
        v->line[v->n++ % PROBE_LINES] = n->line;
}
