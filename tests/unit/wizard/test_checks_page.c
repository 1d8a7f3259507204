// SPDX-License-Identifier: Apache-2.0
/* Checks and Review, with the boxes that open from them: cure, accept, start, leave, the whole file. */
#include "wz_test.h"

static struct check_result *add(struct check_report *r, const char *id, enum check_state state, const char *found, const char *wanted, const char *finding)
{
    struct check_result *one = &r->results[r->n++];
    uint32_t *counts[] = {&r->npass, &r->nwarn, &r->nfail, &r->nnone};
    *one = (struct check_result){.check = check_find(id), .state = state, .judged = state};
    assert_non_null(one->check);
    ++*counts[state];
    one->found = found ? x_strdup(found) : NULL;
    one->wanted = wanted ? x_strdup(wanted) : NULL;
    if (finding) {
        one->findings = x_alloc(sizeof *one->findings);
        one->findings[0] = (struct check_finding){state, x_strdup(finding), NULL};
        one->nfindings = one->ntotal = 1;
    }
    return one;
}

static void add_cure_to(struct check_result *r, enum cure_kind kind, const char *title, const char *sql, const char *undo, const char *effect, const char *needs)
{
    r->cures = x_realloc(r->cures, (r->ncures + 1) * sizeof *r->cures);
    r->cures[r->ncures++] = (struct check_cure){.kind = kind, .title = x_strdup(title), .sql = sql ? x_strdup(sql) : NULL,
                                                .undo = undo ? x_strdup(undo) : NULL, .effect = effect ? x_strdup(effect) : NULL,
                                                .needs = needs ? x_strdup(needs) : NULL};
}

static struct check_report *sample(bool has_failure)
{
    static const char *const passes[] = {"binlog_format", "binlog_row_image", "binlog.compression", "binlog.gtid", "source.role", "table.collation",
                                         "host.disk", "source.login", "target.login", "target_privilege", "path.clock", "path.rtt"};
    struct check_report *r = x_alloc(sizeof *r);
    r->results = x_alloc(32 * sizeof *r->results);
    r->source_name = x_strdup("MySQL 8.0.32 at db.example:3306");
    r->target_name = x_strdup("TiDB 8.5.1 at tidb.example:4000");
    r->ntables = 40;
    if (has_failure) {
        struct check_result *kept = add(r, "binlog.retention", CHECK_FAIL, "24 h", "72 h or more", "The source deletes its binlog after 24 h; a longer stop would mean starting over.");
        add_cure_to(kept, CURE_SQL, "This keeps it for 168 h on the source", "CALL mysql.rds_set_configuration(\n       'binlog retention hours', 168)",
                    "CALL mysql.rds_set_configuration('binlog retention hours', 24)", "at once, no restart. About 22 GB more disk on Aurora.",
                    "EXECUTE on rds_set_configuration: tg_reader lacks it");
    }
    struct check_result *keyless = add(r, "primary_key", CHECK_WARN, "1 table", NULL, "shop.order_notes: no primary or unique key, about 12 M rows, 3.1 GB");
    add_cure_to(keyless, CURE_SETTING, "Leave shop.order_notes out", NULL, NULL, NULL, NULL);
    keyless->cures[0].path = x_strdup("allow.exclude");
    keyless->cures[0].value = x_strdup("[shop.order_notes]");
    add(r, "grants.unknown", CHECK_PASS, "2, harmless", NULL, NULL);
    for (size_t i = 0; i < TG_ARRAY_LEN(passes); i++)
        add(r, passes[i], CHECK_PASS, "as wanted", NULL, NULL);
    add(r, "target.cloud", CHECK_NONE, NULL, NULL, NULL);
    return r;
}

static void on_page(struct bench *b, enum step s, bool has_failure)
{
    bench_init(b, 24, 80);
    struct err e;
    job_set(&b->job, "name", "shop-prod", &e);
    job_set(&b->job, "source.host", "db.example", &e);
    job_set(&b->job, "source.user", "tg_reader", &e);
    job_set(&b->job, "target.host", "tidb.example", &e);
    job_set(&b->job, "target.user", "root", &e);
    job_set(&b->job, "allow.include", "shop.*,crm.*", &e);
    b->w->report = sample(has_failure);
    b->w->probe[PROBE_CHECKS].is_over = true;
    b->w->probe[PROBE_CHECKS].ended_ms = b->w->now_ms - 5000;
    for (int i = 0; i < (int)s; i++)
        b->w->is_passed[i] = true;
    b->w->at = b->w->reached = s;
    b->effect = (struct wz_effect){0};
    wz_go(b->w, s, &b->effect);
    assert_int_equal(b->effect.kind, WZ_NONE);
}

static void test_list(void **unused)
{
    struct bench b;
    (void)unused;
    on_page(&b, STEP_CHECKS, true);
    shots(&b, "wizard-checks");
    press(&b, K_DOWN);
    assert_string_equal(check_id(checks_selected(b.w)->check), "primary_key");
    press(&b, 'f');
    shot(&b, "wizard-checks-problems");
    press(&b, 'r');
    assert_int_equal(b.effect.kind, WZ_PROBE);
    bench_release(&b);
}

static void test_running(void **unused)
{
    struct bench b;
    (void)unused;
    on_page(&b, STEP_CHECKS, true);
    probe_begins(&b, PROBE_CHECKS);
    for (int i = 0; i < 40; i++) {
        char text[60];
        snprintf(text, sizeof text, "Check number %d: as wanted", i + 1);
        tell(&b, PROBE_CHECKS, i % 9 ? CHECK_PASS : CHECK_WARN, text);
    }
    b.w->now_ms += 2000;
    shot(&b, "wizard-checks-running");
    bench_release(&b);
}

/* Going on with a failing check is refused, with the way out. */
static void test_forward(void **unused)
{
    struct bench b;
    (void)unused;
    on_page(&b, STEP_CHECKS, true);
    wz_go(b.w, STEP_REVIEW, &b.effect);
    assert_int_equal(b.w->at, STEP_CHECKS);
    assert_non_null(strstr(b.w->notice, "cure it, or accept it"));
    bench_release(&b);
    on_page(&b, STEP_CHECKS, false);
    wz_go(b.w, STEP_REVIEW, &b.effect);
    assert_int_equal(b.w->at, STEP_REVIEW);
    bench_release(&b);
}

static void test_cure(void **unused)
{
    struct bench b;
    (void)unused;
    on_page(&b, STEP_CHECKS, true);
    press(&b, K_ENTER);
    shots(&b, "wizard-cure");
    press(&b, K_ENTER); /* Close is the one that is marked */
    assert_int_equal(b.w->modal.kind, 0);
    assert_int_equal(b.effect.kind, WZ_NONE);
    press(&b, K_ENTER);
    press(&b, K_TAB); /* the first field */
    type(&b, "admin");
    press(&b, K_TAB);
    paste(&b, "s3cret\n");
    shot(&b, "wizard-cure-user");
    press(&b, K_TAB);
    press(&b, K_ENTER);
    assert_int_equal(b.effect.kind, WZ_CURE);
    assert_string_equal(b.effect.check, "binlog.retention");
    assert_string_equal(b.effect.text, "admin");
    assert_string_equal(secret_peek(b.effect.password), "s3cret");
    secret_free(b.effect.password);
    press(&b, K_DOWN);
    press(&b, K_ENTER);
    shot(&b, "wizard-cure-setting");
    press(&b, K_TAB);
    press(&b, K_ENTER);
    assert_int_equal(b.effect.kind, WZ_PROBE);
    assert_int_equal(b.job.exclude.n, 1);
    bench_release(&b);
}

static void test_accept(void **unused)
{
    struct bench b;
    (void)unused;
    on_page(&b, STEP_CHECKS, true);
    press(&b, 'a');
    shot(&b, "wizard-accept");
    press(&b, K_TAB);
    press(&b, K_ENTER); /* no reason, no acceptance */
    assert_int_not_equal(b.w->modal.kind, 0);
    press(&b, K_BACK_TAB);
    type(&b, "we watch it");
    press(&b, K_TAB);
    press(&b, K_ENTER);
    assert_int_equal(b.effect.kind, WZ_PROBE);
    assert_string_equal(job_accept_reason(&b.job, "binlog.retention"), "we watch it");
    bench_release(&b);
}

static void test_review(void **unused)
{
    struct bench b;
    (void)unused;
    on_page(&b, STEP_REVIEW, false);
    shots(&b, "wizard-review");
    press(&b, K_F5);
    shot(&b, "wizard-review-file");
    press(&b, K_ESC);
    for (int i = 0; i < 4; i++)
        press(&b, K_TAB);
    press(&b, K_ENTER);
    shots(&b, "wizard-start-box");
    press(&b, K_ENTER); /* Not yet */
    assert_int_equal(b.effect.kind, WZ_NONE);
    press(&b, K_ENTER);
    press(&b, K_DOWN);
    press(&b, K_ENTER);
    assert_int_equal(b.effect.kind, WZ_RUN);
    bench_release(&b);
}

/* Where rows of the person's may be lost, a name must be typed. */
static void test_consent(void **unused)
{
    struct bench b;
    struct err e;
    (void)unused;
    on_page(&b, STEP_REVIEW, false);
    job_set(&b.job, "existing", "drop", &e);
    for (int i = 0; i < 4; i++)
        press(&b, K_TAB);
    press(&b, K_ENTER);
    type(&b, "shop-pro");
    press(&b, K_TAB);
    press(&b, K_TAB);
    shot(&b, "wizard-consent-asleep");
    press(&b, K_ENTER);
    assert_int_equal(b.effect.kind, WZ_NONE);
    press(&b, K_TAB);
    type(&b, "d");
    press(&b, K_TAB);
    press(&b, K_TAB);
    shot(&b, "wizard-consent-awake");
    press(&b, K_ENTER);
    assert_int_equal(b.effect.kind, WZ_RUN);
    bench_release(&b);
}

/* The box promises what that mode does, and tells two servers of one host apart. */
static void test_consent_of_modes(void **unused)
{
    static const char *const modes[][2] = {{"full", "Later changes are not followed."}, {"incremental", "No rows are copied."}, {"all", "every change is followed until you end the run."}};
    struct bench b;
    struct err e;
    (void)unused;
    on_page(&b, STEP_REVIEW, false);
    for (size_t i = 0; i < TG_ARRAY_LEN(modes); i++) {
        assert_true(job_set(&b.job, "mode", modes[i][0], &e));
        ask_start(b.w, K_ENTER);
        assert_non_null(strstr(b.w->modal.text.p, modes[i][1]));
        assert_non_null(strstr(b.w->modal.text.p, "db.example:3306"));
        assert_non_null(strstr(b.w->modal.text.p, "tidb.example:4000"));
        modal_close(&b.w->modal);
    }
    ask_start(b.w, K_ENTER);
    shot(&b, "wizard-consent");
    bench_release(&b);
}

static void test_leave(void **unused)
{
    struct bench b;
    (void)unused;
    on_page(&b, STEP_REVIEW, false);
    press(&b, K_CTRL('q'));
    shot(&b, "wizard-leave");
    press(&b, K_ENTER);
    assert_int_equal(b.effect.kind, WZ_NONE);
    press(&b, K_CTRL('c'));
    press(&b, K_DOWN);
    press(&b, K_ENTER);
    assert_int_equal(b.effect.kind, WZ_LEAVE);
    bench_release(&b);
}

/* Checks that can't even begin (a password is not known) leave no empty page; nor does a rehearsal. */
static void test_not_begun(void **unused)
{
    struct bench b;
    struct news over = {.kind = NEWS_OVER, .probe = PROBE_CHECKS}, remedy = {.kind = NEWS_LINE, .probe = PROBE_CHECKS, .line = {.state = CHECK_FAIL, .is_remedy = true, .text = "Passwords are typed on the pages Source and Target."}};
    (void)unused;
    bench_init(&b, 24, 80);
    b.w->reached = STEP_REVIEW;
    b.w->at = STEP_CHECKS;
    probe_begins(&b, PROBE_CHECKS);
    tell(&b, PROBE_CHECKS, CHECK_FAIL, "source.password: the variable TG_SOURCE_PASSWORD is not set");
    wz_take(b.w, &remedy);
    err_set(&over.err, ERR_SECRET, "source.password: the variable TG_SOURCE_PASSWORD is not set");
    wz_take(b.w, &over);
    shot(&b, "wizard-checks-not-begun");
    b.w->at = STEP_REVIEW;
    over.probe = PROBE_REHEARSE;
    wz_take(b.w, &over);
    shot(&b, "wizard-rehearsal-not-begun");
    bench_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),   cmocka_unit_test(test_running), cmocka_unit_test(test_forward), cmocka_unit_test(test_cure),
        cmocka_unit_test(test_accept), cmocka_unit_test(test_review),  cmocka_unit_test(test_consent), cmocka_unit_test(test_leave), cmocka_unit_test(test_not_begun), cmocka_unit_test(test_consent_of_modes),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
