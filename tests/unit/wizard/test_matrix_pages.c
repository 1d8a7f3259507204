// SPDX-License-Identifier: Apache-2.0
/* Every page and every box of the wizard in all forms. */
#include "wz_test.h"

#include "matrix.h"
#include "wizard/scope.h"

static struct check_result *add(struct check_report *r, const char *id, enum check_state state, const char *found, const char *wanted)
{
    struct check_result *one = &r->results[r->n++];
    uint32_t *counts[] = {&r->npass, &r->nwarn, &r->nfail, &r->nnone};
    *one = (struct check_result){.check = check_find(id), .state = state, .judged = state, .found = found ? x_strdup(_(found)) : NULL, .wanted = wanted ? x_strdup(_(wanted)) : NULL};
    assert_non_null(one->check);
    ++*counts[state];
    return one;
}

static struct check_report *report(void)
{
    static const char *const passes[] = {"binlog_format", "binlog_row_image", "source.role", "table.collation", "host.disk", "source.login", "target.login", "path.clock"};
    struct check_report *r = x_alloc(sizeof *r);
    r->results = x_alloc(16 * sizeof *r->results);
    r->source_name = x_strdup("MySQL 8.0.32 at shop.cluster-cx1.us-east-1.rds.example:3306");
    r->target_name = x_strdup("TiDB 8.5.1 at gateway01.us-east-1.example:4000");
    r->ntables = 40;
    struct check_result *kept = add(r, "binlog.retention", CHECK_FAIL, "24 h", "72 h or more");
    kept->cures = x_alloc(sizeof *kept->cures);
    kept->ncures = 1;
    kept->cures[0] = (struct check_cure){.kind = CURE_SQL, .title = x_strdup("CALL mysql.rds_set_configuration"), .sql = x_strdup("CALL mysql.rds_set_configuration(\n       'binlog retention hours', 168)"),
                                         .undo = x_strdup("CALL mysql.rds_set_configuration('binlog retention hours', 24)"), .effect = x_strdup(_("at once, no restart"))};
    add(r, "primary_key", CHECK_WARN, NULL, NULL);
    for (size_t i = 0; i < TG_ARRAY_LEN(passes); i++)
        add(r, passes[i], CHECK_PASS, NULL, NULL);
    add(r, "target.cloud", CHECK_NONE, NULL, NULL);
    return r;
}

static void take_tables(struct bench *b)
{
    static const struct { const char *schema, *name, *key; double mrows, mb; } t[] = {
        {"audit", "trail", "id", 1800, 902e3},       {"crm", "people", "id", 40, 9e3},      {"shop", "order_items", "order_id,line", 801, 188e3},
        {"shop", "order_notes", NULL, 12, 3100},     {"shop", "orders", "id", 214, 143e3}, {"shop", "users", "id", 38, 9100},
    };
    struct news news = {.kind = NEWS_OVER, .probe = PROBE_TABLES, .look = x_alloc(sizeof(struct look))};
    struct look_table *list = x_alloc(TG_ARRAY_LEN(t) * sizeof *list);
    for (size_t i = 0; i < TG_ARRAY_LEN(t); i++)
        list[i] = (struct look_table){.schema = x_strdup(t[i].schema), .name = x_strdup(t[i].name), .is_read = true, .key = x_strdup(t[i].key), .is_primary = t[i].key != NULL,
                                      .engine = x_strdup("InnoDB"), .collation = x_strdup("utf8mb4_0900_ai_ci"), .rows = (uint64_t)(t[i].mrows * 1e6),
                                      .data_bytes = (uint64_t)(t[i].mb * 1e6), .place = i == 4 ? PLACE_ROWS : PLACE_FREE};
    *news.look = (struct look){.tables = list, .n = TG_ARRAY_LEN(t), .has_defs = true, .has_sizes = true, .has_triggers = true};
    wz_take(b->w, &news);
}

static void on_page(struct bench *b, enum step s)
{
    static const char *const answers[][2] = {{"name", "shop-prod"}, {"source.host", "shop.cluster-ro-cx1.us-east-1.rds.example"}, {"source.user", "tg_reader"},
                                             {"target.host", "gateway01.us-east-1.example"}, {"target.user", "root"}, {"allow.include", "shop.*,crm.*"}};
    struct err e;
    for (size_t i = 0; i < TG_ARRAY_LEN(answers); i++)
        assert_true(job_set(&b->job, answers[i][0], answers[i][1], &e));
    for (int i = 0; i < (int)s; i++)
        b->w->is_passed[i] = true;
    b->w->at = b->w->reached = s;
    wz_go(b->w, s, &b->effect);
    if (s == STEP_SCOPE)
        take_tables(b);
    if (s >= STEP_CHECKS) {
        b->w->report = report();
        b->w->probe[PROBE_CHECKS] = (struct probe_view){.is_over = true, .ended_ms = b->w->now_ms - 5000};
    }
    form_judge(&b->w->form[s], b->w);
}

static const char *const pages[STEP_COUNT] = {"page-start", "page-source", "page-path", "page-target", "page-scope", "page-route", "page-checks", "page-review"};

static struct buf text_of(const char *text)
{
    struct buf out = {0};
    buf_adds(&out, text);
    return out;
}

static const struct form_field *secret_of(const struct form *f)
{
    size_t i = 0;
    while (f->field[i].look != FORM_SECRET)
        i++;
    return &f->field[i];
}

/* A rule that is there, and one that is being made, as far as the box. */
static void make_event(struct bench *b, const char *name)
{
    static const char *const order[] = {"box-events", "box-event", "box-event-kinds"};
    struct err e = {0};
    on_page(b, STEP_SCOPE);
    assert_true(job_set(&b->job, "events", "[{schema-pattern: shop, table-pattern: \"o*\", events: [delete, drop table], action: ignore}]", &e));
    press(b, 'e');
    if (strcmp(name, "box-event-which") == 0) {
        press(b, K_TAB);
        press(b, K_ENTER);
        return;
    }
    for (size_t i = 0; strcmp(name, order[i]) != 0; i++) {
        press(b, K_ENTER); /* Add …, Which … */
        if (i + 1 == TG_ARRAY_LEN(order))
            tg_bug("no box %s", name);
        if (i + 2 == TG_ARRAY_LEN(order) && strcmp(name, order[i + 1]) != 0)
            break;
    }
    int down = strcmp(name, "box-event-group") == 0 ? 6 : strcmp(name, "box-event-hard") == 0 ? 9 : 0;
    for (int i = 0; i < down; i++)
        press(b, K_DOWN);
    if (down)
        press(b, K_ENTER); /* DDL of columns: the longest; the group of incompatible changes */
}


static void make_box(struct bench *b, const char *name)
{
    struct wz *w = b->w;
    struct buf text = {0};
    if (strcmp(name, "box-cure") == 0)
        on_page(b, STEP_CHECKS), ask_cure(w, checks_selected(w), K_ENTER);
    else if (strcmp(name, "box-accept") == 0)
        on_page(b, STEP_CHECKS), ask_accept(w, checks_selected(w), 'a');
    else if (strcmp(name, "box-start") == 0)
        on_page(b, STEP_REVIEW), ask_start(w, K_ENTER);
    else if (strcmp(name, "box-save") == 0)
        on_page(b, STEP_SOURCE), ask_path(w, false, K_F9);
    else if (strcmp(name, "box-open") == 0)
        ask_path(w, true, K_ENTER);
    else if (strcmp(name, "box-leave") == 0)
        on_page(b, STEP_SOURCE), ask_leave_wizard(w, K_F10);
    else if (strcmp(name, "box-text") == 0)
        on_page(b, STEP_REVIEW), press(b, K_F5);
    else if (strcmp(name, "box-files") == 0)
        on_page(b, STEP_REVIEW), ask_files(w, K_ENTER);
    else if (strcmp(name, "box-origin") == 0)
        on_page(b, STEP_SOURCE), ask_origin(w, secret_of(&w->form[STEP_SOURCE]), K_F4);
    else if (strcmp(name, "box-sources") == 0)
        on_page(b, STEP_SOURCE), ask_sources(w, K_ENTER);
    else if (strcmp(name, "box-overwrite") == 0)
        on_page(b, STEP_SOURCE), ask_overwrite(w, "/home/me/shop-prod.yaml", false);
    else if (strcmp(name, "box-seal") == 0)
        on_page(b, STEP_SOURCE), ask_seal(w, "/home/me/shop-prod.yaml");
    else if (strcmp(name, "box-replace-sealed") == 0)
        on_page(b, STEP_SOURCE), ask_replace_sealed(w, "/home/me/shop-prod.yaml", "/home/me/shop-prod.sealed");
    else if (strcmp(name, "box-unseal") == 0)
        on_page(b, STEP_SOURCE), ask_sealed_again(w, "/home/me/shop-prod.sealed", NULL);
    else if (strcmp(name, "box-copy") == 0)
        on_page(b, STEP_SOURCE), text = text_of("  GRANT SELECT, PROCESS, REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO 'tg_reader'@'%';\n"), ask_copy(w, "GRANT", &text, K_F6);
    else if (strcmp(name, "box-lost") == 0)
        ask_lost(w, "billing");
    else if (strcmp(name, "box-details") == 0)
        on_page(b, STEP_SCOPE), press(b, K_DOWN), scope_ask_details(w, K_ENTER);
    else if (strcmp(name, "box-rules") == 0)
        on_page(b, STEP_SCOPE), scope_ask_rules(w, ' ');
    else if (strcmp(name, "box-rename") == 0)
        on_page(b, STEP_SCOPE), scope_ask_rename(w, K_F7);
    else if (strncmp(name, "box-event", 9) == 0)
        make_event(b, name);
    else if (strcmp(name, "box-keys") == 0)
        on_page(b, STEP_SOURCE), press(b, K_F1);
    else if (strcmp(name, "box-pages") == 0)
        on_page(b, STEP_ROUTE), press(b, K_F2);
    else
        fail_msg("what is %s?", name);
}

/* A rename, then the box that takes one away. */
static void make_drop(struct bench *b)
{
    struct err e;
    on_page(b, STEP_SCOPE);
    assert_true(job_route_add(&b->job, "shop.*", "shop_v2.*", &e));
    scope_ask_rename(b->w, K_F7);
    b->w->modal.focus = b->w->modal.nfields + 1;
    press(b, K_ENTER);
}

static void push(struct bench *b, unsigned button)
{
    b->w->modal.focus = b->w->modal.nfields + button;
    press(b, K_ENTER);
}

/* The boxes of the rules of events, one behind the other. */
static void make_events(struct bench *b, const char *name)
{
    struct err e;
    on_page(b, STEP_SCOPE);
    if (!job_set(&b->job, "events", "[{schema-pattern: shop, table-pattern: order_notes, events: [delete], action: ignore}]", &e))
        fail_msg("%s", e.text);
    scope_ask_events(b->w, 'e');
    if (strcmp(name, "box-event-which") == 0)
        push(b, 1);
    else if (strcmp(name, "box-events") != 0)
        push(b, 0);
    if (strcmp(name, "box-event-kinds") == 0 || strcmp(name, "box-event-group") == 0 || strcmp(name, "box-event-hard") == 0)
        push(b, 1);
    if (strcmp(name, "box-event-group") == 0)
        push(b, 4);
    if (strcmp(name, "box-event-hard") == 0)
        push(b, b->w->modal.nbuttons - 2);
}

static void draw(const char *name, struct canvas *c)
{
    struct bench b;
    bench_init(&b, c->rows, c->cols);
    size_t page = 0;
    while (page < STEP_COUNT && strcmp(pages[page], name) != 0)
        page++;
    if (page < STEP_COUNT)
        on_page(&b, (enum step)page);
    else if (strcmp(name, "box-drop") == 0)
        make_drop(&b);
    else if (strncmp(name, "box-event", 9) == 0)
        make_events(&b, name);
    else
        make_box(&b, name);
    if (strncmp(name, "box-", 4) == 0 && !b.w->modal.kind && !b.w->is_help && !b.w->is_goto)
        fail_msg("%s did not open", name);
    wz_draw(b.w, c);
    bench_release(&b);
}

static void test_pages(void **unused)
{
    (void)unused;
    for (int i = 0; i < STEP_COUNT; i++)
        matrix(pages[i], draw);
}

static void test_boxes(void **unused)
{
    static const char *const boxes[] = {"box-cure", "box-accept", "box-start", "box-save", "box-open", "box-leave", "box-text", "box-files", "box-origin", "box-sources",
                                        "box-overwrite", "box-seal", "box-replace-sealed", "box-unseal", "box-copy", "box-lost", "box-details", "box-rules", "box-rename", "box-drop", "box-keys", "box-pages",
                                        "box-events", "box-event-which", "box-event", "box-event-kinds", "box-event-group", "box-event-hard"};
    (void)unused;
    for (size_t i = 0; i < TG_ARRAY_LEN(boxes); i++)
        matrix(boxes[i], draw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pages), cmocka_unit_test(test_boxes)};
    setenv("TZ", "UTC", 1);
    unsetenv("TERM");
    if (!setlocale(LC_ALL, "C.UTF-8"))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
