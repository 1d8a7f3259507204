// SPDX-License-Identifier: Apache-2.0
/* The page Scope: boxes, finding, folding, rules, renames, and how quick it is with ten thousand tables. */
#include "wz_test.h"

#include <time.h>

#include "base/text.h"
#include "wizard/scope.h"

static struct look_table table(const char *schema, const char *name, const char *key, double mrows, double mb)
{
    return (struct look_table){.schema = x_strdup(schema), .name = x_strdup(name), .is_read = true, .key = x_strdup(key), .is_primary = key != NULL,
                               .engine = x_strdup("InnoDB"), .collation = x_strdup("utf8mb4_0900_ai_ci"), .rows = (uint64_t)(mrows * 1e6),
                               .data_bytes = (uint64_t)(mb * 1e6), .place = PLACE_FREE};
}

static struct look_table view(const char *schema, const char *name)
{
    return (struct look_table){.schema = x_strdup(schema), .name = x_strdup(name), .is_view = true};
}

static int by_names(const void *a, const void *b)
{
    const struct look_table *x = a, *y = b;
    int c = strcmp(x->schema, y->schema);
    return c ? c : strcmp(x->name, y->name);
}

/* Takes the list over. */
static void come(struct bench *b, struct look_table *list, uint32_t n)
{
    struct news news = {.kind = NEWS_OVER, .probe = PROBE_TABLES, .look = x_alloc(sizeof(struct look))};
    qsort(list, n, sizeof *list, by_names);
    *news.look = (struct look){.tables = list, .n = n, .has_defs = true, .has_sizes = true, .has_triggers = true};
    wz_take(b->w, &news);
}

/* SCREENS 7.5's shop. */
static struct look_table *shop(uint32_t *n)
{
    struct look_table *list = x_alloc(64 * sizeof *list);
    struct look_table few[] = {
        table("shop", "orders", "id", 214, 143e3), table("shop", "order_items", "order_id,line", 801.204118, 188e3), table("shop", "order_notes", NULL, 12, 3100),
        table("shop", "order_tmp_2019", "id", 4, 600), table("shop", "order_status", "code", 0.000014, 0.016), table("crm", "people", "id", 40, 9e3),
        table("crm", "firms", "id", 2, 2e3), table("audit", "trail", "id", 1800, 902e3), view("shop", "open_orders"),
    };
    *n = TG_ARRAY_LEN(few);
    memcpy(list, few, sizeof few);
    list[1].index_bytes = 41000000000;
    list[1].nfks = 1;
    list[1].fks = x_strdup("orders");
    list[1].ntriggers = 2;
    list[1].triggers = x_strdup("order_items_ai, order_items_ad");
    list[0].place = PLACE_ROWS;
    list[4].place = PLACE_EMPTY;
    while (*n < 43) {
        char name[40];
        snprintf(name, sizeof name, "product_%02u", *n - 9);
        list[(*n)++] = table("shop", name, "id", 1, 100);
    }
    return list;
}

static void begin(struct bench *b)
{
    struct err e;
    text_speak(TEXT_EN); /* a test that fails may have left another */
    bench_init(b, 24, 80);
    job_set(&b->job, "name", "shop-prod", &e);
    job_set(&b->job, "source.host", "db.example", &e);
    job_set(&b->job, "source.user", "mover", &e);
    job_set(&b->job, "target.host", "tidb.example", &e);
    b->w->at = b->w->reached = STEP_SCOPE;
    wz_go(b->w, STEP_SCOPE, &b->effect);
}

static void begin_shop(struct bench *b)
{
    uint32_t n;
    begin(b);
    struct look_table *list = shop(&n);
    come(b, list, n);
}

static void select_row(struct bench *b, const char *schema, const char *name)
{
    const struct scope *s = b->w->scope;
    press(b, K_HOME);
    for (uint32_t i = 0; i < s->nrows; i++, press(b, K_DOWN)) {
        const struct look_table *t = scope_table(s);
        if (strcmp(scope_schema(s)->name, schema) == 0 && (name ? t && strcmp(t->name, name) == 0 : !t))
            return;
    }
    fail_msg("no row %s.%s", schema, name ? name : "");
}

static void list_is(struct bench *b, const char *path, const char *want)
{
    struct buf text = {0};
    if (!job_get(&b->job, path, &text))
        buf_reset(&text);
    assert_string_equal(text.n ? text.p : "[]", want);
    buf_release(&text);
}

static void find(struct bench *b, const char *text)
{
    press(b, '/');
    type(b, text);
}

/* The page as SCREENS draws it: one table left out, one schema left out. */
static void test_drawn(void **unused)
{
    struct bench b;
    (void)unused;
    begin_shop(&b);
    select_row(&b, "audit", NULL);
    press(&b, ' ');
    select_row(&b, "shop", NULL);
    press(&b, K_RIGHT);
    select_row(&b, "shop", "order_tmp_2019");
    press(&b, ' ');
    list_is(&b, "allow.include", "[crm.*, shop.*]");
    list_is(&b, "allow.exclude", "[shop.order_tmp_2019]");
    find(&b, "ord");
    press(&b, K_ENTER);
    select_row(&b, "shop", "order_items");
    shots(&b, "wizard-scope");
    text_speak(TEXT_ZH_CN);
    shots(&b, "zh-scope-shop");
    press(&b, K_ENTER);
    shot(&b, "zh-scope-details");
    press(&b, K_ESC);
    text_speak(TEXT_EN);
    press(&b, K_ENTER);
    shot(&b, "wizard-scope-details");
    press(&b, K_ENTER); /* Close is marked */
    assert_int_equal(b.w->modal.kind, 0);
    press(&b, K_F1);
    shot(&b, "wizard-scope-help");
    press(&b, K_ESC);
    press(&b, K_ESC); /* the find, not the page */
    assert_int_equal(b.w->at, STEP_SCOPE);
    select_row(&b, "shop", "order_items");
    press(&b, K_LEFT);
    press(&b, K_LEFT);
    shot(&b, "wizard-scope-folded");
    press(&b, K_ENTER);
    shot(&b, "wizard-scope-details-schema");
    press(&b, K_ESC);
    press(&b, K_ESC);
    assert_int_equal(b.w->at, STEP_TARGET);
    bench_release(&b);
}

static void test_find(void **unused)
{
    struct bench b;
    (void)unused;
    begin_shop(&b);
    find(&b, "order_?????");
    assert_int_equal(b.w->scope->nmatching, 2); /* order_items, order_notes */
    shot(&b, "wizard-scope-find");
    press(&b, K_ESC);
    assert_int_equal(b.w->scope->nmatching, 43);
    find(&b, "/^(orders|p.*e)$/");
    assert_int_equal(b.w->scope->nmatching, 2);
    press(&b, K_ESC);
    find(&b, "/(");
    assert_int_equal(b.w->scope->nmatching, 43);
    assert_true(b.w->scope->find_problem[0] != 0);
    press(&b, K_ESC);
    find(&b, "nobody");
    assert_int_equal(b.w->scope->nmatching, 0);
    shot(&b, "wizard-scope-find-none");
    press(&b, K_ESC);
    find(&b, "crm.*");
    assert_int_equal(b.w->scope->nmatching, 2);
    type(&b, "qs?"); /* letters are text here, no commands */
    assert_int_equal(b.w->modal.kind, 0);
    assert_false(b.w->is_help);
    bench_release(&b);
}

/* On a schema Space picks what is shown of it; a does so everywhere. Undone by hand, the rules are as before. */
static void test_boxes(void **unused)
{
    struct bench b;
    (void)unused;
    begin_shop(&b);
    list_is(&b, "allow.include", "[]");
    find(&b, "product_0*");
    press(&b, K_ENTER);
    press(&b, ' ');
    list_is(&b, "allow.exclude",
            "[shop.product_00, shop.product_01, shop.product_02, shop.product_03, shop.product_04, shop.product_05, shop.product_06, shop.product_07, "
            "shop.product_08, shop.product_09]");
    assert_int_equal(scope_state(scope_schema(b.w->scope)), SCOPE_SOME);
    press(&b, ' ');
    list_is(&b, "allow.include", "[]");
    list_is(&b, "allow.exclude", "[]");
    press(&b, K_ESC);
    press(&b, 'a');
    list_is(&b, "allow.exclude", "[\"*\"]");
    assert_int_equal(b.w->scope->sum.ntables, 0);
    shot(&b, "wizard-scope-nothing");
    wz_go(b.w, STEP_ROUTE, &b.effect);
    assert_int_equal(b.w->at, STEP_SCOPE);
    select_row(&b, "crm", NULL);
    press(&b, ' ');
    list_is(&b, "allow.include", "[crm.*]");
    wz_go(b.w, STEP_ROUTE, &b.effect);
    assert_int_equal(b.w->at, STEP_ROUTE);
    bench_release(&b);
}

static const char *const own[][2] = {
    {"allow.include", "[shop.order*, \"`~^cr`.p*\"]"}, {"allow.do-dbs", "[s*]"}, {"allow.ignore-tables", "[\"shop.`~_tmp_`\"]"}};

/* Rules that a person wrote: the boxes show them, and they stay until the person says otherwise. */
static void test_own_rules(void **unused)
{
    struct bench b;
    struct err e;
    uint32_t n;
    (void)unused;
    begin(&b);
    for (size_t i = 0; i < TG_ARRAY_LEN(own); i++)
        assert_true(job_set(&b.job, own[i][0], own[i][1], &e));
    struct look_table *list = shop(&n);
    come(&b, list, n);
    assert_int_equal(b.w->scope->sum.ntables, 4); /* orders, order_items, order_notes, order_status */
    for (size_t i = 0; i < TG_ARRAY_LEN(own); i++)
        list_is(&b, own[i][0], own[i][1]);
    b.w->rows = 30;
    b.w->cols = 100;
    shot(&b, "wizard-scope-own-100x30");
    b.w->rows = 24;
    b.w->cols = 80;
    press(&b, ' '); /* audit */
    assert_true(b.w->modal.kind >= BOX_SCOPE);
    shot(&b, "wizard-scope-own");
    press(&b, K_ENTER);
    assert_int_equal(b.w->scope->sum.ntables, 4);
    list_is(&b, own[0][0], own[0][1]);
    press(&b, ' ');
    press(&b, K_ESC);
    assert_int_equal(b.w->scope->sum.ntables, 4);
    press(&b, ' ');
    press(&b, K_DOWN);
    press(&b, K_ENTER);
    assert_int_equal(b.w->scope->sum.ntables, 5);
    list_is(&b, "allow.include", "[audit.*, shop.order_items, shop.order_notes, shop.order_status, shop.orders]");
    list_is(&b, "allow.do-dbs", "[]");
    list_is(&b, "allow.ignore-tables", "[]");
    for (uint32_t i = 0; i < b.w->scope->look->n; i++)
        assert_int_equal(b.w->scope->chosen[i], job_wants(&b.job, b.w->scope->look->tables[i].schema, b.w->scope->look->tables[i].name));
    press(&b, ' '); /* back: then by the person's own rules again */
    list_is(&b, own[0][0], own[0][1]);
    list_is(&b, own[1][0], own[1][1]);
    bench_release(&b);
}

static void test_renames(void **unused)
{
    struct bench b;
    (void)unused;
    begin_shop(&b);
    select_row(&b, "shop", NULL);
    press(&b, K_CTRL('n'));
    shot(&b, "wizard-scope-rename");
    type(&b, "shop_v2.*");
    press(&b, K_ENTER);
    press(&b, K_ENTER);
    assert_int_equal(b.job.nroutes, 1);
    assert_string_equal(b.job.routes[0].to_schema, "shop_v2");
    shot(&b, "wizard-scope-renamed");
    press(&b, K_ENTER); /* Close: what stands there is asked anew */
    assert_int_equal(b.effect.kind, WZ_PROBE);
    assert_int_equal(b.effect.probe, PROBE_TABLES);
    press(&b, K_F7);
    type(&b, "other.*");
    press(&b, K_ENTER);
    press(&b, K_ENTER); /* refused: there is one already */
    assert_int_equal(b.job.nroutes, 1);
    assert_true(b.w->notice[0] != 0);
    press(&b, K_TAB);
    press(&b, K_TAB);
    press(&b, K_ENTER); /* Remove */
    shot(&b, "wizard-scope-remove");
    press(&b, K_DOWN);
    press(&b, K_ENTER);
    assert_int_equal(b.job.nroutes, 0);
    press(&b, K_ESC);
    assert_int_equal(b.effect.kind, WZ_PROBE);
    bench_release(&b);
}

/* A rule for the selected table: ticked, written, changed, removed; every box in all sizes. */
static void test_events(void **unused)
{
    struct bench b;
    (void)unused;
    begin_shop(&b);
    select_row(&b, "shop", NULL);
    press(&b, K_RIGHT);
    select_row(&b, "shop", "orders");
    press(&b, 'e');
    shots(&b, "wizard-scope-events-none");
    press(&b, K_ENTER); /* Add … */
    assert_string_equal(b.w->modal.field[0].edit.text, "shop");
    assert_string_equal(b.w->modal.field[1].edit.text, "orders");
    press(&b, K_ENTER); /* Which */
    press(&b, K_DOWN);
    press(&b, K_DOWN);
    press(&b, ' '); /* deletes */
    press(&b, K_DOWN);
    press(&b, K_DOWN);
    press(&b, K_ENTER); /* DDL of tables */
    press(&b, K_DOWN);
    press(&b, K_DOWN);
    press(&b, ' '); /* drop table */
    press(&b, K_DOWN);
    press(&b, K_ENTER); /* truncate table */
    shots(&b, "wizard-scope-events-group");
    press(&b, K_ESC);
    shots(&b, "wizard-scope-events-kinds");
    press(&b, K_ESC);
    shots(&b, "wizard-scope-events-rule");
    text_speak(TEXT_ZH_CN);
    press(&b, K_ENTER);
    shot(&b, "zh-scope-events-kinds");
    press(&b, K_ESC);
    shot(&b, "zh-scope-events-rule");
    text_speak(TEXT_EN);
    press(&b, K_DOWN);
    press(&b, K_ENTER); /* Write the rule */
    assert_int_equal(b.job.nevents, 1);
    list_is(&b, "events", "\n  - {schema-pattern: shop, table-pattern: orders, events: [delete, \"drop table\", \"truncate table\"], action: ignore}");
    shots(&b, "wizard-scope-events");
    press(&b, K_TAB);
    press(&b, K_ENTER); /* Change … */
    shot(&b, "wizard-scope-events-which");
    press(&b, K_DOWN);
    press(&b, K_ENTER);
    press(&b, K_UP);
    press(&b, K_ENTER); /* only these … stops at … */
    press(&b, K_DOWN);
    press(&b, K_ENTER); /* Which */
    for (int i = 0; i < 9; i++)
        press(&b, K_DOWN);
    press(&b, K_ENTER); /* incompatible ddl changes */
    shots(&b, "wizard-scope-events-hard");
    press(&b, K_BACK_TAB);
    press(&b, K_ENTER);
    press(&b, K_DOWN);
    press(&b, K_ENTER); /* Done */
    press(&b, K_ENTER);
    assert_int_equal(b.job.nevents, 1);
    assert_int_equal(b.job.events[0].action, EVENT_ERROR);
    assert_string_equal(b.job.events[0].events[3], "incompatible ddl changes");
    press(&b, K_ESC);
    assert_int_equal(b.w->modal.kind, 0);
    b.w->rows = 36;
    b.w->cols = 120;
    shot(&b, "wizard-scope-events-page-120x36");
    press(&b, 'e');
    press(&b, K_TAB);
    press(&b, K_TAB);
    press(&b, K_ENTER); /* Remove … */
    press(&b, K_DOWN);
    press(&b, K_ENTER);
    assert_int_equal(b.job.nevents, 0);
    bench_release(&b);
}

/* What the boxes can't say stays the file's; a schema's own rule, a pattern of text, and everything. */
static void test_events_of_files(void **unused)
{
    struct bench b;
    struct err e;
    (void)unused;
    begin_shop(&b);
    assert_true(job_set(&b.job, "events", "[{schema-pattern: a, events: [none, insert], action: do}, {schema-pattern: \"s*\", events: [all dml], sql-pattern: [\"^DROP\"], action: do}]", &e));
    select_row(&b, "shop", NULL);
    press(&b, 'e');
    press(&b, K_TAB);
    press(&b, K_ENTER);
    press(&b, K_DOWN);
    press(&b, K_ENTER); /* the first */
    assert_true(b.w->notice[0] != 0);
    assert_int_equal(b.w->modal.kind, SCOPE_EVENT_BOXES);
    press(&b, K_TAB);
    press(&b, K_ENTER);
    press(&b, K_DOWN);
    press(&b, K_DOWN);
    press(&b, K_ENTER); /* the second */
    assert_string_equal(b.w->modal.field[2].edit.text, "^DROP");
    press(&b, K_DOWN);
    press(&b, K_ENTER); /* written as it was */
    assert_int_equal(b.job.nevents, 2);
    assert_int_equal(b.job.events[1].nevents, 1);
    assert_string_equal(b.job.events[1].events[0], "all dml");
    assert_null(b.job.events[1].table);
    press(&b, K_ENTER); /* a new one, for the schema; nothing is ticked */
    assert_string_equal(b.w->modal.field[1].edit.text, "*");
    press(&b, K_DOWN);
    press(&b, K_ENTER);
    assert_int_equal(b.job.nevents, 2);
    assert_true(b.w->notice[0] != 0);
    bench_release(&b);
}

/* Before there is anything to see, and where there is nothing. */
static void test_waiting(void **unused)
{
    struct bench b;
    struct news failed = {.kind = NEWS_OVER, .probe = PROBE_TABLES}, first = {.kind = NEWS_LOOK, .probe = PROBE_TABLES};
    uint32_t n;
    (void)unused;
    begin(&b);
    assert_int_equal(b.effect.kind, WZ_PROBE);
    assert_int_equal(b.effect.probe, PROBE_TABLES);
    probe_begins(&b, PROBE_TABLES);
    b.w->now_ms += 3000;
    shots(&b, "wizard-scope-loading");
    first.look = x_alloc(sizeof *first.look);
    first.look->tables = shop(&n);
    first.look->n = n;
    qsort(first.look->tables, n, sizeof *first.look->tables, by_names);
    for (uint32_t i = 0; i < n; i++)
        first.look->tables[i].is_read = false;
    wz_take(b.w, &first);
    press(&b, K_RIGHT);
    shot(&b, "wizard-scope-names");
    come(&b, x_alloc(sizeof(struct look_table)), 0);
    shots(&b, "wizard-scope-empty");
    wz_go(b.w, STEP_ROUTE, &b.effect);
    assert_int_equal(b.w->at, STEP_SCOPE);
    bench_release(&b);
    begin(&b);
    err_set(&failed.err, ERR_SOURCE_CONNECT, "Connection refused");
    wz_take(b.w, &failed);
    shot(&b, "wizard-scope-failed");
    wz_go(b.w, STEP_ROUTE, &b.effect); /* the rules hold without a look */
    assert_int_equal(b.w->at, STEP_ROUTE);
    b.effect = (struct wz_effect){.kind = WZ_NONE};
    wz_go(b.w, STEP_SCOPE, &b.effect);
    assert_int_equal(b.effect.kind, WZ_NONE);
    wz_changed(b.w);
    wz_go(b.w, STEP_SCOPE, &b.effect);
    assert_int_equal(b.effect.kind, WZ_PROBE);
    bench_release(&b);
}

/* Everything by arrows, Tab, Enter and Esc. */
static void test_plain_keys(void **unused)
{
    struct bench b;
    (void)unused;
    begin_shop(&b);
    press(&b, K_ENTER);
    for (int i = 0; i < 4; i++)
        press(&b, K_LEFT); /* from Close to the first button */
    press(&b, K_ENTER);
    list_is(&b, "allow.include", "[crm.*, shop.*]");
    press(&b, K_TAB);
    press(&b, K_RIGHT);
    assert_int_equal(b.job.existing, EXISTING_APPEND);
    shot(&b, "wizard-scope-existing");
    press(&b, K_TAB);
    press(&b, K_TAB);
    press(&b, K_ENTER);
    assert_int_equal(b.w->at, STEP_ROUTE);
    bench_release(&b);
}

static void test_keyless(void **unused)
{
    struct bench b;
    (void)unused;
    begin_shop(&b);
    press(&b, K_F4);
    assert_string_equal(scope_table(b.w->scope)->name, "order_notes");
    press(&b, 's');
    press(&b, 's');
    assert_string_equal(scope_table(b.w->scope)->name, "order_notes"); /* the selection stays with its row */
    shot(&b, "wizard-scope-rows");
    press(&b, ' ');
    press(&b, 'n');
    assert_true(b.w->notice[0] != 0);
    bench_release(&b);
}

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Ten thousand tables: drawing within 5 ms, a key within the 50 ms that a person does not feel. */
static void test_many(void **unused)
{
    enum { SCHEMAS = 50, EACH = 200, DRAWS = 50 };
    struct bench b;
    struct canvas c;
    double most = 1;
    (void)unused;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    most = 20;
#endif
    begin(&b);
    struct look_table *list = x_alloc(SCHEMAS * EACH * sizeof *list);
    for (unsigned i = 0; i < SCHEMAS * EACH; i++) {
        char schema[40], name[40];
        snprintf(schema, sizeof schema, "schema_%02u", i / EACH);
        snprintf(name, sizeof name, "%s_%03u", i % 3 ? "orders" : "events", i % EACH);
        list[i] = table(schema, name, i % 100 ? "id" : NULL, i % 50, i % 70);
    }
    come(&b, list, SCHEMAS * EACH);
    find(&b, "e");
    press(&b, K_ENTER);
    assert_int_equal(b.w->scope->nrows, SCHEMAS + SCHEMAS * EACH);
    canvas_init(&c, 36, 120, GLYPHS_LINES);
    for (int i = 0; i < 300; i++)
        press(&b, K_PAGE_DOWN);
    double began = cpu_ms();
    for (int i = 0; i < DRAWS; i++)
        wz_draw(b.w, &c);
    double draw = (cpu_ms() - began) / DRAWS;
    began = cpu_ms();
    press(&b, ' ');
    double pick = cpu_ms() - began;
    press(&b, K_HOME);
    find(&b, "*rders_0*7"); /* a few of each schema: the longest rules */
    press(&b, K_ENTER);
    press(&b, 'a');
    began = cpu_ms();
    press(&b, 'a');
    double all = cpu_ms() - began;
    began = cpu_ms();
    find(&b, "/^orders_.*[13]$/");
    double sought = (cpu_ms() - began) / 17;
    print_message("ten thousand tables: draw %.2f ms, pick %.2f ms, all %.2f ms, find %.2f ms a key\n", draw, pick, all, sought);
    assert_true(draw <= 5 * most);
    assert_true(pick <= 50 * most);
    assert_true(all <= 50 * most);
    assert_true(sought <= 50 * most);
    canvas_release(&c);
    bench_release(&b);
}

static void take_bare(struct bench *b, bool alone)
{
    uint32_t n = 0;
    begin(b);
    struct look_table *list = alone ? x_alloc(2 * sizeof *list) : shop(&n);
    list[n++] = (struct look_table){.schema = x_strdup("later"), .name = x_strdup(""), .is_schema = true};
    come(b, list, n);
}

/* A schema in which nothing is yet is a folder like any other: picked, its rule brings what is made there later. */
static void test_bare_schema(void **unused)
{
    (void)unused;
    struct bench b;
    char why[160] = "";
    bool *which, asks;
    uint32_t n;
    take_bare(&b, false);
    select_row(&b, "later", NULL);
    shots(&b, "wizard-scope-bare");
    press(&b, ' ');                   /* it moved with everything; now all but it */
    list_is(&b, "allow.include", "[audit.*, crm.*, shop.*]");
    assert_false(job_wants(&b.job, "later", "t"));
    press(&b, ' ');
    list_is(&b, "allow.include", "[]");
    press(&b, 'a');                   /* nothing */
    list_is(&b, "allow.exclude", "[\"*\"]");
    press(&b, ' ');
    list_is(&b, "allow.include", "[later.*]");
    assert_true(job_wants(&b.job, "later", "t"));
    assert_false(page_scope.ready(b.w, why));
    assert_non_null(strstr(why, "one table to begin with"));
    select_row(&b, "crm", NULL);
    press(&b, ' ');
    list_is(&b, "allow.include", "[crm.*, later.*]");
    why[0] = 0;
    assert_true(page_scope.ready(b.w, why));
    assert_int_equal(b.w->scope->sum.ntables, 2);
    assert_false(b.w->scope->is_own);
    press(&b, K_ENTER);
    press(&b, K_ESC);
    which = x_alloc(b.w->scope->look->n + 1);
    assert_true(scope_means(b.w->scope, "later", which, &n, why) && n == 1);
    assert_true(scope_choose(b.w, which, false, &asks));
    list_is(&b, "allow.include", "[crm.*]");
    assert_true(scope_means(b.w->scope, "/.*/", which, &n, why) && n == b.w->scope->nthings);
    free(which);
    press(&b, '/');
    type(&b, "zzz");
    assert_int_equal(b.w->scope->nmatching, 0);
    bench_release(&b);
    take_bare(&b, true);
    assert_int_equal(b.w->scope->nthings, 0);
    select_row(&b, "later", NULL);
    press(&b, K_ENTER);
    shot(&b, "wizard-scope-bare-details");
    bench_release(&b);
}

static void check_move(struct bench *b, const char *line)
{
    struct buf text = {0};
    review_words(b->w, &text);
    char *move = strstr(text.p, "Move  ");
    assert_non_null(move);
    move[strcspn(move, "\n")] = 0;
    assert_string_equal(move, line);
    buf_release(&text);
}

/* Review says what is known of the choice, and nothing else. */
static void test_review_figures(void **unused)
{
    (void)unused;
    struct bench b;
    struct err e;
    begin(&b);
    check_move(&b, "Move  every schema");
    bench_release(&b);
    begin_shop(&b);
    job_set(&b.job, "allow.include", "shop.*,crm.*", &e);
    for (int i = 0; i < STEP_REVIEW; i++)
        b.w->is_passed[i] = true;
    b.w->at = b.w->reached = STEP_REVIEW;
    wz_go(b.w, STEP_REVIEW, &b.effect);
    check_move(&b, "Move  41 tables and 1 view, about 390 GB, largest order_items: shop.*, crm.*");
    shots(&b, "wizard-review-figures");
    text_speak(TEXT_ZH_CN);
    shots(&b, "zh-review-figures");
    text_speak(TEXT_EN);
    b.job.mode = MODE_INCREMENTAL;
    check_move(&b, "Move  41 tables: shop.*, crm.*");
    b.job.mode = MODE_ALL;
    b.job.road = ROAD_DM;
    check_move(&b, "Move  41 tables, about 390 GB, largest order_items: shop.*, crm.*");
    b.job.road = ROAD_STREAM;
    b.w->scope->look->has_sizes = false;
    check_move(&b, "Move  41 tables and 1 view: shop.*, crm.*");
    b.w->report = x_alloc(sizeof *b.w->report);
    b.w->report->ntables = 7;         /* the checks have found others */
    check_move(&b, "Move  7 tables: shop.*, crm.*");
    bench_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drawn),   cmocka_unit_test(test_find),       cmocka_unit_test(test_boxes),   cmocka_unit_test(test_own_rules), cmocka_unit_test(test_renames), cmocka_unit_test(test_events), cmocka_unit_test(test_events_of_files),
        cmocka_unit_test(test_waiting), cmocka_unit_test(test_plain_keys), cmocka_unit_test(test_keyless), cmocka_unit_test(test_many), cmocka_unit_test(test_review_figures), cmocka_unit_test(test_bare_schema),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
