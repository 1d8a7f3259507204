// SPDX-License-Identifier: Apache-2.0
/* Start, Source, Path, Target: golden screens at three sizes and in seven bits, and what their keys do. */
#include "wz_test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wizard/draft.h"
#include "wizard/job_file.h"
#include "wizard/told.h"

static void go_to(struct bench *b, enum step s)
{
    b->w->at = s;
    b->w->reached = TG_MAX(b->w->reached, s);
    wz_go(b->w, s, &b->effect);
}

static void set(struct bench *b, const char *path, const char *value)
{
    struct err e = {0};
    if (!job_set(&b->job, path, value, &e))
        fail_msg("%s: %s", path, e.text);
}

static void begin(struct bench *b, enum step s)
{
    bench_init(b, 24, 80);
    set(b, "source.host", "db.us-east-1.example");
    set(b, "source.user", "tg_reader");
    set(b, "target.host", "gateway01.us-east-1.example");
    set(b, "target.user", "root");
    go_to(b, s);
}

/* ---- Start ---- */

static void fill_runs(struct wz *w)
{
    w->runs[0] = (struct wizard_run){.name = "shop-eu", .state = "in-sync", .what = "behind 2 s", .tables = "41 tables", .since = "since 19 Nov 21:07", .is_live = true};
    w->runs[1] = (struct wizard_run){.name = "crm-test", .state = "finished", .what = "PASS", .tables = "12 tables", .since = "20 Nov 16:40"};
    w->runs[2] = (struct wizard_run){.name = "billing", .state = "stopped", .what = "63 %, 2 h", .tables = "88 tables", .since = "20 Nov 12:01", .percent = 63, .at_ms = w->wall_ms - 7200000, .can_resume = true, .file = "binlog.000004"};
    w->nruns = 3;
    snprintf(w->safety[0].run, sizeof w->safety[0].run, "billing");
    snprintf(w->safety[0].text, sizeof w->safety[0].text, "binlog still on the source");
    w->draft = (struct draft){.is_there = true, .name = "shop-prod", .at = STEP_TARGET, .at_ms = w->wall_ms - 720000};
    snprintf(w->terminal[0], 160, "UTF-8 yes   lines and blocks 1 cell   colours 256   mouse off");
    snprintf(w->terminal[1], 160, "Run directory /var/lib/tidegate (212 GB free)");
}

static void test_start(void **unused)
{
    struct bench b;
    (void)unused;
    bench_init(&b, 24, 80);
    fill_runs(b.w);
    shots(&b, "wizard-start-runs");
    press(&b, K_ENTER);
    assert_int_equal(b.effect.kind, WZ_CARRY_ON);
    press(&b, K_DOWN);
    press(&b, K_DOWN);
    press(&b, K_ENTER); /* a job file */
    type(&b, "x.yaml");
    press(&b, K_ENTER);
    press(&b, K_ENTER);
    assert_int_equal(b.effect.kind, WZ_OPEN);
    assert_string_equal(b.effect.text, "x.yaml");
    press(&b, K_END);
    assert_true(shows(&b, "63 %, stopped 2 h ago, binlog still on the source"));
    shots(&b, "wizard-start-stopped");
    shots_zh(&b, "wizard-start-stopped");
    press(&b, K_ENTER);
    assert_int_equal(b.effect.kind, WZ_RESUME);
    assert_string_equal(b.effect.text, "billing");
    bench_release(&b);
}

/* A run whose binlog is gone is not started by Enter alone. */
static void test_lost(void **unused)
{
    struct bench b;
    (void)unused;
    bench_init(&b, 24, 80);
    fill_runs(b.w);
    b.w->safety[0].is_lost = true;
    snprintf(b.w->safety[0].text, sizeof b.w->safety[0].text, "TG-5102 binlog purged");
    press(&b, K_END);
    press(&b, K_ENTER);
    assert_int_equal(b.effect.kind, WZ_NONE);
    shots(&b, "wizard-start-lost");
    press(&b, K_ESC);
    text_speak(TEXT_ZH_CN);
    press(&b, K_ENTER);
    shots_zh(&b, "wizard-start-lost");
    text_speak(TEXT_EN);
    press(&b, K_ENTER);
    assert_int_equal(b.effect.kind, WZ_NONE);
    assert_int_equal(b.w->modal.kind, 0);
    press(&b, K_ENTER);
    press(&b, K_DOWN);
    press(&b, K_ENTER);
    assert_int_equal(b.effect.kind, WZ_RESUME);
    assert_string_equal(b.effect.text, "billing");
    bench_release(&b);
}

/* Of several live runs one is chosen; the only one is taken. */
static void test_attach_live(void **unused)
{
    struct bench b;
    (void)unused;
    bench_init(&b, 24, 80);
    fill_runs(b.w);
    b.w->draft.is_there = false;
    press(&b, K_DOWN);
    press(&b, K_DOWN);
    press(&b, K_ENTER);
    assert_int_equal(b.effect.kind, WZ_ATTACH);
    assert_string_equal(b.effect.text, "shop-eu");
    b.w->runs[1].is_live = true;
    press(&b, K_ENTER);
    assert_int_equal(b.effect.kind, WZ_NONE);
    press(&b, K_DOWN);
    press(&b, K_ENTER);
    assert_int_equal(b.effect.kind, WZ_ATTACH);
    assert_string_equal(b.effect.text, "crm-test");
    bench_release(&b);
}

/* ---- Source ---- */

static void test_kinds(void **unused)
{
    struct bench b;
    (void)unused;
    begin(&b, STEP_SOURCE);
    press(&b, ' ');
    press(&b, ' ');
    assert_string_equal(b.job.sources[0].kind, "aurora");
    press(&b, ' ');
    assert_string_equal(b.job.sources[0].kind, "rds");
    press(&b, K_TAB);
    shots(&b, "wizard-source-rds");
    bench_release(&b);
}

/* A low screen: the line that has the focus is in sight, wherever it is. */
static void test_scroll(void **unused)
{
    struct bench b;
    static const char *const marks[] = {"▸ Kind", "▸ Host", "▸ Port", "▸ User", "▸ Password", "▸ TLS"};
    (void)unused;
    begin(&b, STEP_SOURCE);
    set(&b, "source.host", "shop.cluster-ro-cx1.us-east-1.rds.example");
    form_judge(&b.w->form[STEP_SOURCE], b.w);
    b.w->rows = 18;
    b.w->cols = 60;
    for (size_t i = 0; i < TG_ARRAY_LEN(marks); i++) {
        assert_true(shows(&b, marks[i]));
        press(&b, K_TAB);
    }
    bench_release(&b);
}

static void test_origin(void **unused)
{
    struct bench b;
    (void)unused;
    begin(&b, STEP_SOURCE);
    for (int i = 0; i < 4; i++)
        press(&b, K_TAB);
    assert_string_equal(wz_field(b.w)->path, "source.password");
    press(&b, K_F0 + 4);
    shots(&b, "wizard-source-origin");
    type(&b, "TG_NOBODY_SETS_THIS");
    press(&b, K_TAB);
    press(&b, K_DOWN);
    press(&b, K_ENTER);
    assert_int_equal(b.job.sources[0].password.origin, SECRET_ENV);
    assert_string_equal(b.job.sources[0].password.reference, "TG_NOBODY_SETS_THIS");
    shot(&b, "wizard-source-origin-env"); /* it is not set here, and the page says so */
    press(&b, K_F0 + 4);
    for (int i = 0; i < 4; i++)
        press(&b, K_TAB);
    press(&b, K_ENTER);
    assert_int_equal(b.job.sources[0].password.origin, SECRET_ASK);
    bench_release(&b);
}

/* Ctrl-R shows what is typed until the field is left; what was typed is never in a screen after that. */
static void test_reveal(void **unused)
{
    struct bench b;
    (void)unused;
    begin(&b, STEP_SOURCE);
    for (int i = 0; i < 4; i++)
        press(&b, K_TAB);
    type(&b, "geheim");
    assert_false(shows(&b, "geheim"));
    press(&b, K_CTRL('r'));
    assert_true(shows(&b, "geheim"));
    press(&b, K_TAB);
    assert_false(shows(&b, "geheim"));
    press(&b, K_BACK_TAB);
    assert_false(shows(&b, "geheim"));
    assert_string_equal(secret_peek(b.job.sources[0].password.value), "geheim");
    bench_release(&b);
}

static void test_several(void **unused)
{
    struct bench b;
    (void)unused;
    begin(&b, STEP_SOURCE);
    ask_sources(b.w, K_ENTER);
    shots(&b, "wizard-source-several");
    press(&b, K_DOWN);
    press(&b, K_ENTER);
    assert_int_equal(b.job.nsources, 2);
    press(&b, K_TAB);
    press(&b, K_TAB);
    type(&b, "db2.example");
    press(&b, K_TAB);
    assert_string_equal(b.job.sources[1].host, "db2.example");
    assert_string_equal(b.job.sources[0].host, "db.us-east-1.example");
    shot(&b, "wizard-source-second");
    press(&b, K_BACK_TAB);
    press(&b, K_BACK_TAB);
    press(&b, K_BACK_TAB);
    press(&b, K_LEFT);
    assert_int_equal(b.w->source_at, 0);
    assert_true(shows(&b, "db.us-east-1.example"));
    ask_sources(b.w, K_ENTER);
    press(&b, K_DOWN);
    press(&b, K_DOWN);
    press(&b, K_ENTER);
    assert_int_equal(b.job.nsources, 1);
    assert_string_equal(b.job.sources[0].host, "db2.example");
    bench_release(&b);
}

static void test_grants(void **unused)
{
    struct bench b;
    (void)unused;
    begin(&b, STEP_SOURCE);
    press(&b, K_F0 + 6);
    shots(&b, "wizard-source-grants");
    press(&b, K_ENTER);
    assert_int_equal(b.effect.kind, WZ_COPY);
    assert_non_null(strstr(b.effect.text, "GRANT SELECT"));
    assert_null(strstr(b.effect.text, "Not tested"));
    bench_release(&b);
}

/* A name is looked up when its field is left, and only what is known not to be there is told. */
static void test_name(void **unused)
{
    struct bench b;
    (void)unused;
    bench_init(&b, 24, 80);
    go_to(&b, STEP_SOURCE);
    press(&b, K_TAB);
    type(&b, "db.exmaple");
    press(&b, K_TAB);
    assert_int_equal(b.effect.kind, WZ_PROBE);
    assert_int_equal(b.effect.probe, PROBE_NAME);
    struct news n = {.kind = NEWS_OVER, .probe = PROBE_NAME, .text = "db.exmaple"};
    err_set(&n.err, ERR_NET_RESOLVE, "not known");
    wz_take(b.w, &n);
    shots(&b, "wizard-source-unknown-name");
    bench_release(&b);
}

/* ---- Path ---- */

static void test_path(void **unused)
{
    struct bench b;
    (void)unused;
    begin(&b, STEP_PATH);
    tell(&b, PROBE_PATH, CHECK_PASS, "reached in 12 ms, TLSv1.3, certificate matches the host");
    tell(&b, PROBE_PATH, CHECK_PASS, "round trip 0.4 ms, the median of several");
    probe_ends(&b, PROBE_PATH);
    shots(&b, "wizard-path-direct");
    press(&b, ' '); /* SSH */
    press(&b, K_TAB);
    type(&b, "bastion.example");
    press(&b, K_TAB);
    press(&b, K_TAB);
    type(&b, "ec2-user");
    press(&b, K_TAB);
    shots(&b, "wizard-path-ssh");
    assert_string_equal(b.job.sources[0].ssh.host, "bastion.example");
    wz_go(b.w, STEP_TARGET, &b.effect);
    assert_int_equal(b.w->at, STEP_PATH); /* not a way this version can go */
    press(&b, K_CTRL('t'));
    assert_int_equal(b.effect.kind, WZ_NONE);
    for (int i = 0; i < 4; i++)
        press(&b, K_BACK_TAB);
    assert_string_equal(wz_field(b.w)->path, "source.way");
    press(&b, ' '); /* a local port */
    assert_null(b.job.sources[0].ssh.host);
    assert_string_equal(b.job.sources[0].host, "127.0.0.1");
    assert_int_equal(b.job.sources[0].port, 3307);
    memset(&b.w->probe[PROBE_PATH], 0, sizeof b.w->probe[PROBE_PATH]);
    shots(&b, "wizard-path-local");
    press(&b, K_F0 + 6);
    shot(&b, "wizard-path-tunnel");
    press(&b, K_ENTER);
    assert_string_equal(b.effect.text, "ssh -N -o ServerAliveInterval=15 -L 3307:db.us-east-1.example:3306 ec2-user@bastion.example\n");
    press(&b, ' '); /* back to direct: the address is what it was */
    assert_string_equal(b.job.sources[0].host, "db.us-east-1.example");
    assert_int_equal(b.job.sources[0].port, 3306);
    press(&b, K_F0 + 7);
    assert_true(shows(&b, "to the target?"));
    bench_release(&b);
}

/* ---- Target ---- */

static void test_target(void **unused)
{
    struct bench b;
    struct check_view v = {.has_size = true,
                           .ndiffers = 2,
                           .differs = {{"collation (most columns)", "utf8mb4_0900_ai_ci", "utf8mb4_0900_ai_ci", "none"},
                                       {"AUTO_INCREMENT", "step 1", "cached in blocks", "numbers may jump after the move; see Checks"}}};
    (void)unused;
    begin(&b, STEP_TARGET);
    press(&b, K_RIGHT);
    assert_string_equal(b.job.target.kind, "tidb-cloud");
    assert_true(b.job.target.tls.is_on && b.job.target.tls.verify);
    tell(&b, PROBE_TARGET, CHECK_PASS, "reached in 9 ms, TLSv1.3, certificate matches the host");
    tell(&b, PROBE_TARGET, CHECK_PASS, "TiDB-v8.5.1");
    tell(&b, PROBE_TARGET, CHECK_NONE, "free space is not visible through SQL here: plan 412 GB per replica");
    probe_ends(&b, PROBE_TARGET);
    b.w->view[1] = v;
    shots(&b, "wizard-target");
    for (int i = 0; i < 5; i++)
        press(&b, K_TAB);
    press(&b, K_LEFT);
    assert_false(b.job.target.tls.is_on);
    shots(&b, "wizard-target-cloud-tls");
    press(&b, K_CTRL('y'));
    assert_true(b.job.target.tls.is_on);
    bench_release(&b);
}

/* ---- what tests tell ---- */

static void tell_of(struct told *t, const char *id, enum check_state state, const char *found, const char *want)
{
    static const struct job_end end = {.tls = {.is_on = true, .verify = true}};
    struct check_result r = {.check = check_find(id), .state = state, .found = (char *)(uintptr_t)found};
    struct probe_line line;
    assert_non_null(r.check);
    bool any = told_line(t, &end, &r, &line);
    if (!want)
        assert_false(any);
    else if (!any || strcmp(line.text, want) != 0)
        fail_msg("%s tells \"%s\", not \"%s\"", id, any ? line.text : "", want);
}

static void test_told(void **unused)
{
    struct told t = {0};
    (void)unused;
    tell_of(&t, "source.resolve", CHECK_PASS, "10.0.0.7, 1 ms", NULL);
    tell_of(&t, "source.connect", CHECK_PASS, "port 3306, 84 ms", NULL);
    tell_of(&t, "source.tls", CHECK_PASS, "TLSv1.3", "reached in 84 ms, TLSv1.3, certificate matches the host");
    tell_of(&t, "source.login", CHECK_PASS, "as tg", NULL);
    tell_of(&t, "version", CHECK_PASS, "MySQL 8.0.32", NULL);
    tell_of(&t, "source.managed", CHECK_PASS, "Amazon Aurora 3.05.2", "Amazon Aurora 3.05.2, speaks as MySQL 8.0.32");
    tell_of(&t, "source.role", CHECK_FAIL, "reader", "innodb_read_only is ON: this node is a reader, it has no binlog");
    tell_of(&t, "binlog_format", CHECK_PASS, "ROW", NULL);
    tell_of(&t, "binlog_row_image", CHECK_PASS, "FULL", "binlog_format ROW, binlog_row_image FULL");
    tell_of(&t, "path.clock", CHECK_PASS, "+0.3 s", "clock differs from ours by +0.3 s");
    struct check_view v = {.has_size = true, .bytes = 1300000000000, .ntables = 42, .nschemas = 3};
    struct probe_line line;
    assert_true(told_view(&v, false, &line));
    assert_string_equal(line.text, "42 tables in 3 schemas, about 1.3 TB");
}

/* A failure says what to do about it, in whole sentences. */
static void test_remedy(void **unused)
{
    struct check_result r = {.check = check_find("source.login"), .state = CHECK_FAIL, .code = ERR_SOURCE_LOGIN};
    struct probe_line line;
    struct bench b;
    (void)unused;
    assert_true(told_remedy(&r, &line));
    assert_true(line.is_remedy);
    begin(&b, STEP_SOURCE);
    tell(&b, PROBE_SOURCE, CHECK_PASS, "reached in 9 ms, no TLS on this host");
    tell(&b, PROBE_SOURCE, CHECK_FAIL, "127.0.0.1:3306: Access denied for user 'tg'@'localhost' (using password: YES) (1045)");
    wz_take(b.w, &(struct news){.kind = NEWS_LINE, .probe = PROBE_SOURCE, .line = line});
    probe_ends(&b, PROBE_SOURCE);
    shots(&b, "wizard-source-refused");
    bench_release(&b);
    r.state = CHECK_PASS;
    assert_false(told_remedy(&r, &line));
}

/* Two ends at one address are seen whichever part was typed last; a target that is no TiDB is not passed over. */
static void test_same_end(void **unused)
{
    struct told t = {0};
    char kind[] = "mysql", mariadb[] = "10.11.6-MariaDB", server[] = "TiDB-v8.5.1";
    struct job_end rehearsal = {.kind = kind}, tidb = {0};
    struct check_result r = {.check = check_find("target.version"), .state = CHECK_PASS, .found = mariadb};
    struct probe_line line;
    struct bench b;
    (void)unused;
    begin(&b, STEP_TARGET);           /* the source: db.us-east-1.example:3306 */
    wz_focus(b.w, 1);
    press(&b, K_CTRL('u'));
    paste(&b, b.job.sources[0].host);
    press(&b, K_TAB);
    press(&b, K_CTRL('u'));
    type(&b, "3306");
    press(&b, K_TAB);
    assert_int_equal(b.w->form[STEP_TARGET].word[2].role, ROLE_BAD);
    press(&b, K_BACK_TAB);
    press(&b, K_BACK_TAB);
    type(&b, "2");                    /* another host */
    press(&b, K_TAB);
    assert_int_equal(b.w->form[STEP_TARGET].word[2].role, ROLE_TEXT);
    press(&b, K_BACK_TAB);
    press(&b, K_BACKSPACE);
    press(&b, K_TAB);
    assert_int_equal(b.w->form[STEP_TARGET].word[2].role, ROLE_BAD);
    bench_release(&b);
    assert_true(told_line(&t, &tidb, &r, &line));
    assert_int_equal(line.state, CHECK_WARN);
    assert_non_null(strstr(line.text, "no TiDB answers here but 10.11.6-MariaDB"));
    assert_true(told_line(&t, &rehearsal, &r, &line));
    assert_int_equal(line.state, CHECK_PASS);
    r.found = server;
    assert_true(told_line(&t, &tidb, &r, &line));
    assert_int_equal(line.state, CHECK_PASS);
}

/* Who went back by the button and comes again finds no Back under Enter. */
static void test_back_and_forth(void **unused)
{
    struct bench b;
    (void)unused;
    begin(&b, STEP_TARGET);
    for (int i = 0; i < 3; i++)
        press(&b, K_BACK_TAB);        /* Next, Test, Back */
    press(&b, K_ENTER);
    assert_int_equal(b.w->at, STEP_PATH);
    wz_go(b.w, STEP_TARGET, &b.effect);
    assert_int_equal(b.w->focus[STEP_TARGET], 0);
    press(&b, K_BACK_TAB);
    press(&b, K_ESC);
    wz_go(b.w, STEP_TARGET, &b.effect);
    assert_int_not_equal(b.w->focus[STEP_TARGET], 0); /* else a page remembers */
    bench_release(&b);
}

/* ---- a whole address for a host ---- */

static void test_address(void **unused)
{
    static const char *const refused[] = {"mysql://", "mysql://u:p/w@h:1", "mysql://u@h:port", "mysql://h1,h2/x", "mysql://[::1:3306/x", "mysql://u:p@:3306", "mysql://u:p%00@h"};
    struct bench b;
    struct buf out = {0};
    (void)unused;
    bench_init(&b, 24, 80);
    b.w->reached = STEP_TARGET;
    wz_go(b.w, STEP_SOURCE, &b.effect);
    wz_focus(b.w, 1);
    paste(&b, "jdbc:mysql://tg:p%40:w@@db.example:3307/shop?useSSL=false");
    draft_text(b.w, &out);
    assert_null(strstr(out.p, "p%40"));
    press(&b, K_TAB);
    const struct job_end *s = &b.job.sources[0];
    assert_string_equal(s->host, "db.example");
    assert_int_equal(s->port, 3307);
    assert_string_equal(s->user, "tg");
    assert_string_equal(secret_peek(s->password.value), "p@:w@");
    assert_non_null(strstr(b.w->notice, "taken apart"));
    buf_release(&out);
    draft_text(b.w, &out);
    assert_null(strstr(out.p, "p@:w"));
    for (size_t i = 0; i < TG_ARRAY_LEN(refused); i++) {
        wz_focus(b.w, 1);
        press(&b, K_CTRL('u'));
        paste(&b, refused[i]);
        wz_focus(b.w, 0);
        assert_string_equal(s->host, "db.example");
        assert_int_equal(s->port, 3307);
        assert_int_equal(b.w->form[STEP_SOURCE].word[2].role, ROLE_BAD);
    }
    b.w->at = STEP_TARGET;
    wz_focus(b.w, 1);
    paste(&b, "mysql://[::1]/");
    press(&b, K_TAB);
    assert_string_equal(b.job.target.host, "::1");
    assert_int_equal(b.job.target.port, 4000);
    assert_null(b.job.target.password.value);
    buf_release(&out);
    bench_release(&b);
}

/* ---- the draft ---- */

/* A window that keeps its draft in that folder. */
struct drafting {
    struct job job;
    struct wizard_options o;
    struct wz *w;
    struct draft_keeper keeper;
};

static void draft_window(struct drafting *d, const char *home)
{
    *d = (struct drafting){.o = {.home = home}};
    job_init(&d->job);
    d->w = wz_new(&d->o, &d->job);
    d->w->now_ms = 1000000;
    draft_open(&d->keeper, d->w);
}

/* As by kill -9. */
static void draft_window_gone(struct drafting *d)
{
    draft_close(&d->keeper);
    wz_free(d->w);
    job_release(&d->job);
}

static void draft_type(struct drafting *d, const char *text, bool leaves)
{
    struct wz_effect effect;
    for (; *text || leaves; text++) {
        d->w->now_ms += 1000;
        wz_feed(d->w, &(struct input){.kind = IN_KEY, .key = *text ? (unsigned char)*text : K_TAB}, &effect);
        secret_free(effect.password);
        d->keeper.has_news = true;
        if (!*text)
            break;
    }
    draft_keep(&d->keeper, d->w, false);
}

static char *draft_file(const char *home)
{
    static char text[8192];
    char *path = x_format("%s/.draft.yaml", home);
    struct stat st;
    memset(text, 0, sizeof text);
    int fd = open(path, O_RDONLY);
    if (fd >= 0) {
        assert_int_equal(fstat(fd, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_true(read(fd, text, sizeof text - 1) > 0);
        close(fd);
    }
    free(path);
    return text;
}

static void test_draft(void **unused)
{
    char home[] = "/tmp/tg-draft-XXXXXX";
    struct drafting d;
    struct wz_effect effect = {.kind = WZ_NONE};
    (void)unused;
    assert_non_null(mkdtemp(home));
    draft_window(&d, home);
    assert_false(d.w->draft.is_there);
    wz_go(d.w, STEP_SOURCE, &effect);
    draft_keep(&d.keeper, d.w, true);
    assert_string_equal(draft_file(home), ""); /* nothing was answered */
    draft_type(&d, "", true);                  /* over Kind */
    draft_type(&d, "db.example", true);
    draft_type(&d, "\10\10\10\10none", true); /* a port that can't be taken */
    draft_type(&d, "tg_rea", false);
    assert_non_null(strstr(draft_file(home), "# typed 1 source.user tg_rea\n"));
    assert_non_null(strstr(draft_file(home), "# typed 1 source.port none\n"));
    draft_type(&d, "der", true);
    draft_type(&d, "geheim", false); /* under the cursor */
    assert_null(strstr(draft_file(home), "geheim"));
    draft_type(&d, "", true);
    assert_null(strstr(draft_file(home), "geheim"));
    assert_non_null(strstr(draft_file(home), "${env:TG_SOURCE_PASSWORD}"));
    draft_window_gone(&d);

    draft_window(&d, home);
    assert_true(d.w->draft.is_there);
    assert_int_equal(d.w->draft.at, STEP_SOURCE);
    assert_string_equal(d.w->draft.name, "db.example");
    assert_true(draft_carry_on(&d.keeper, d.w, &effect));
    assert_int_equal(d.w->at, STEP_SOURCE);
    assert_string_equal(d.job.sources[0].host, "db.example");
    assert_string_equal(d.job.sources[0].user, "tg_reader");
    assert_null(d.job.sources[0].password.value);
    assert_string_equal(d.job.sources[0].password.reference, "TG_SOURCE_PASSWORD");
    size_t at = 0;
    while (strcmp(d.w->form[STEP_SOURCE].field[at].path, "source.port") != 0)
        at++;
    char *port = form_value(&d.w->form[STEP_SOURCE], d.w, at);
    assert_string_equal(port, "none");
    free(port);
    assert_non_null(strstr(d.w->notice, "passwords"));
    draft_drop(&d.keeper, d.w);
    draft_window_gone(&d);

    draft_window(&d, home);
    assert_false(d.w->draft.is_there);
    draft_window_gone(&d);
    assert_int_equal(rmdir(home), 0);
}

/* What the job has no place for: the way, the job's own file, which source is shown. */
static void test_draft_more(void **unused)
{
    char home[] = "/tmp/tg-draft-XXXXXX";
    struct drafting d;
    struct wz_effect effect = {.kind = WZ_NONE};
    struct err e = {0};
    (void)unused;
    assert_non_null(mkdtemp(home));
    draft_window(&d, home);
    assert_true(job_set(&d.job, "source.host", "127.0.0.1", &e) && job_set(&d.job, "source[1].host", "b", &e));
    d.w->way[0] = (struct way){.kind = WAY_LOCAL, .host = "db.inside", .port = 3306, .jump = "jump one", .jump_port = 22};
    d.w->source_at = 1;
    snprintf(d.w->path, sizeof d.w->path, "/tmp/some where/job.yaml");
    d.w->is_changed = true;
    draft_keep(&d.keeper, d.w, true);
    draft_window_gone(&d);

    draft_window(&d, home);
    assert_true(draft_carry_on(&d.keeper, d.w, &effect));
    assert_int_equal(d.w->way[0].kind, WAY_LOCAL);
    assert_string_equal(d.w->way[0].host, "db.inside");
    assert_string_equal(d.w->way[0].jump, "jump one");
    assert_int_equal(d.w->way[0].port, 3306);
    assert_int_equal(d.w->source_at, 1);
    assert_string_equal(d.w->path, "/tmp/some where/job.yaml");
    assert_true(d.w->is_changed);
    draft_window_gone(&d);

    draft_window(&d, home); /* a window with a file of its own is offered the draft of that file only */
    d.o.job_path = "/tmp/other.yaml";
    draft_open(&d.keeper, d.w);
    assert_false(d.w->draft.is_there);
    d.o.job_path = "/tmp/some where/job.yaml";
    draft_open(&d.keeper, d.w);
    assert_true(d.w->draft.is_there);
    d.keeper.is_ours = true;
    draft_drop(&d.keeper, d.w);
    draft_window_gone(&d);
    assert_int_equal(rmdir(home), 0);
}

/* ---- several files ---- */

static void test_file_names(void **unused)
{
    static const struct {
        const char *typed, *word[3];
    } cases[] = {{"task.yaml source.yaml", {"task.yaml", "source.yaml", NULL}},
                 {"  'my job.yaml'\t\"b c\".yaml ", {"my job.yaml", "b c.yaml", NULL}},
                 {"a\\ b.yaml", {"a b.yaml", NULL}},
                 {"/dev/null", {"/dev/null", NULL}},
                 {"   ", {NULL}}};
    (void)unused;
    for (size_t i = 0; i < TG_ARRAY_LEN(cases); i++) {
        char *names[8];
        size_t n = job_file_names(cases[i].typed, names, TG_ARRAY_LEN(names)), wanted = 0;
        while (cases[i].word[wanted])
            wanted++;
        assert_int_equal(n, wanted);
        for (size_t k = 0; k < n; k++) {
            assert_string_equal(names[k], cases[i].word[k]);
            free(names[k]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start), cmocka_unit_test(test_lost), cmocka_unit_test(test_attach_live),   cmocka_unit_test(test_kinds), cmocka_unit_test(test_scroll), cmocka_unit_test(test_origin),
        cmocka_unit_test(test_reveal),  cmocka_unit_test(test_several), cmocka_unit_test(test_grants), cmocka_unit_test(test_name),
        cmocka_unit_test(test_path),    cmocka_unit_test(test_target), cmocka_unit_test(test_told), cmocka_unit_test(test_remedy), cmocka_unit_test(test_back_and_forth), cmocka_unit_test(test_same_end), cmocka_unit_test(test_address), cmocka_unit_test(test_draft),
        cmocka_unit_test(test_draft_more), cmocka_unit_test(test_file_names),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
