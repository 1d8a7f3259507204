// SPDX-License-Identifier: Apache-2.0
/* Against a real server: what the stream says of files, positions, transactions and statements. */
#include "live.h"
#include "base/sync.h"

#include <pthread.h>

static struct binlog *stream;
static struct binlog_decoder *decoder;
static struct binlog_raw *raw;
static struct binlog_event ev;
static struct arena arena;

static void begin_at(struct pos at)
{
    if (!writer.my)
        skip();
    stream = open_at(at);
    decoder = decoder_new(writer.server.flavour == DB_MARIADB);
    ev = (struct binlog_event){0};
}

static int end_stream(void **state)
{
    (void)state;
    binlog_close(stream);
    decoder_free(decoder);
    free(raw);
    arena_release(&arena);
    stream = NULL;
    decoder = NULL;
    raw = NULL;
    return 0;
}

static void next_of(enum binlog_kind kind)
{
    do
        next(stream, decoder, &raw, &ev);
    while (ev.kind != kind);
}

static void next_rows_of(const char *table)
{
    do
        next_of(BINLOG_ROWS);
    while (strcmp(ev.rows.map->table, table) != 0);
}

static struct pos here(void)
{
    if (!writer.my)
        skip();
    return master_position();
}

static void test_rotate_and_positions(void **state)
{
    (void)state;
    struct pos from = here();
    run("CREATE TABLE r (id int PRIMARY KEY)");
    run("FLUSH BINARY LOGS");
    run("INSERT INTO r VALUES (1)");
    run("FLUSH BINARY LOGS");
    run("INSERT INTO r VALUES (2)");
    struct pos to = master_position();
    begin_at(from);
    next(stream, decoder, &raw, &ev);
    assert_int_equal(ev.kind, BINLOG_ROTATE);
    assert_true(ev.rotate.is_artificial);
    assert_int_equal(pos_cmp(&ev.end, &from), 0);
    next(stream, decoder, &raw, &ev);
    assert_int_equal(ev.kind, BINLOG_FORMAT);
    assert_true(ev.format.created_s > 1500000000);
    char checksum[32];
    assert_true(conn_value(&writer, "SELECT @@global.binlog_checksum", checksum, sizeof checksum, NULL));
    assert_true(ev.format.has_checksum == (strcmp(checksum, "NONE") != 0));
    assert_int_equal(pos_cmp(&ev.end, &from), 0);
    unsigned rotates = 0, formats = 0;
    struct pos last = from;
    while (pos_cmp(&ev.end, &to) < 0) {
        next(stream, decoder, &raw, &ev);
        rotates += ev.kind == BINLOG_ROTATE && !ev.is_artificial;
        formats += ev.kind == BINLOG_FORMAT;
        assert_true(pos_cmp(&ev.end, &last) >= 0);
        assert_true(ev.kind == BINLOG_ROTATE || strcmp(ev.start.file, ev.end.file) == 0);
        last = ev.end;
    }
    assert_int_equal(pos_cmp(&ev.end, &to), 0);
    assert_int_equal(rotates, 2);
    assert_int_equal(formats, 2);
}

static void test_heartbeat(void **state)
{
    (void)state;
    begin_at(here());
    next_of(BINLOG_HEARTBEAT);
    struct pos now = master_position();
    assert_int_equal(pos_cmp(&ev.end, &now), 0);
}

static void *interrupt(void *arg)
{
    binlog_interrupt(arg);
    return NULL;
}

static void test_interrupt(void **state)
{
    (void)state;
    begin_at(here());
    struct err e = {0};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, interrupt, stream), 0);
    do
        free(raw);
    while (binlog_fetch(stream, &raw, &e));
    pthread_join(thread, NULL);
    binlog_interrupt(stream);         /* again, after the library has closed its side */
    assert_int_equal(e.code, ERR_BINLOG_READ);
}

/* Files with and without checksums in one stream; the switch begins a new file. */
static void test_checksum_changes(void **state)
{
    (void)state;
    struct pos from = here();
    run("CREATE TABLE sums (id int PRIMARY KEY)");
    static const char *const settings[] = {"NONE", "CRC32", "NONE", "CRC32"};
    for (int i = 0; i < 4; i++) {
        struct buf sql = {0};
        buf_addf(&sql, "SET GLOBAL binlog_checksum = %s", settings[i]);
        run_buf(&sql);
        buf_addf(&sql, "INSERT INTO sums VALUES (%d)", i);
        run_buf(&sql);
        buf_release(&sql);
    }
    struct pos to = master_position();
    begin_at(from);
    unsigned rows = 0;
    while (pos_cmp(&ev.end, &to) < 0) {
        next(stream, decoder, &raw, &ev);
        rows += ev.kind == BINLOG_ROWS;
    }
    assert_int_equal(rows, 4);
}

static void test_query_settings(void **state)
{
    (void)state;
    struct pos from = here();
    run("SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'");
    run("CREATE TABLE \"ansi\" (a varchar(10) DEFAULT 'a\\')");
    run("SET SESSION sql_mode = 'ALLOW_INVALID_DATES'");
    run("CREATE TABLE plain (a int)");
    begin_at(from);
    next_of(BINLOG_QUERY);
    assert_true(ev.query.has_sql_mode && ev.query.ansi_quotes && ev.query.no_backslash_escapes);
    assert_true(str_eq(ev.query.schema, STR(SCHEMA)));
    assert_true(str_eq(ev.query.sql, STR("CREATE TABLE \"ansi\" (a varchar(10) DEFAULT 'a\\')")));
    assert_true(ev.query.charset_client > 0 && ev.query.collation_server > 0);
    assert_false(ev.query.has_unknown_vars);
    assert_int_equal(ev.query.error_code, 0);
    next_of(BINLOG_QUERY);
    assert_false(ev.query.ansi_quotes || ev.query.no_backslash_escapes);
}

static void test_transaction(void **state)
{
    (void)state;
    struct pos from = here();
    run("CREATE TABLE two_a (id int PRIMARY KEY, v int)");
    run("CREATE TABLE two_b (id int PRIMARY KEY, v int)");
    run("BEGIN");
    run("INSERT INTO two_a VALUES (1, 1)");
    run("INSERT INTO two_b VALUES (1, 2)");
    run("COMMIT");
    run("UPDATE two_a, two_b SET two_a.v = 7, two_b.v = 8 WHERE two_a.id = two_b.id");
    begin_at(from);
    next_rows_of("two_a");
    assert_int_equal(ev.rows.action, ROWS_WRITE);
    next_rows_of("two_b");
    next_of(BINLOG_XID);
    struct column columns[] = {{.name = "id", .type_text = "int", .cls = COL_INT},
                               {.name = "v", .type_text = "int", .cls = COL_INT}};
    for (int i = 0; i < 2; i++) {
        next_of(BINLOG_ROWS);
        assert_int_equal(ev.rows.action, ROWS_UPDATE);
        bool is_a = strcmp(ev.rows.map->table, "two_a") == 0, done;
        struct row_reader r;
        struct cell before[2], after[2];
        assert_true(rows_begin(&r, &ev, columns, 2, NULL, NULL));
        assert_true(rows_next(&r, &arena, before, after, &done, NULL));
        assert_memory_equal(before[1].p, is_a ? "1" : "2", 1);
        assert_memory_equal(after[1].p, is_a ? "7" : "8", 1);
        assert_true(rows_next(&r, &arena, before, after, &done, NULL));
        assert_true(done);
        assert_true(ev.rows.ends_statement == (i == 1));
    }
    /* another definition than the one that held */
    struct row_reader r;
    struct err e = {0};
    assert_false(rows_begin(&r, &ev, columns, 1, NULL, &e));
    assert_int_equal(e.code, ERR_BINLOG_TABLE);
    columns[1].cls = COL_BIG;
    ev.rows.map->is_checked = false;
    assert_false(rows_begin(&r, &ev, columns, 2, NULL, &e));
    assert_int_equal(e.code, ERR_BINLOG_TABLE);
}

/* Generated columns: what of them is in the image. */
static void test_generated(void **state)
{
    (void)state;
    struct pos from = here();
    if (writer.server.flavour != DB_MARIADB && writer.server.version < 50700)
        skip();
    run("CREATE TABLE g (id int PRIMARY KEY, v int GENERATED ALWAYS AS (id * 2) VIRTUAL,"
        " s int GENERATED ALWAYS AS (id * 3) STORED, z int, w int GENERATED ALWAYS AS (id * 5) VIRTUAL, KEY (w))");
    run("INSERT INTO g (id, z) VALUES (1, 9)");
    run("UPDATE g SET z = 10");
    run("DELETE FROM g");
    begin_at(from);
    struct column c[5] = {{.name = "id"}, {.name = "v"}, {.name = "s"}, {.name = "z"}, {.name = "w"}};
    for (int i = 0; i < 5; i++) {
        c[i].cls = COL_INT;
        c[i].type_text = "int";
        c[i].is_generated = i == 1 || i == 2 || i == 4;
        c[i].is_stored = i == 2;
    }
    static const char *const want[5] = {"1", "2", "3", "9", "5"};
    for (int round = 0; round < 3; round++) {
        next_rows_of("g");
        struct row_reader r;
        struct err e = {0};
        struct cell before[5], after[5];
        bool done;
        if (!rows_begin(&r, &ev, c, 5, NULL, &e) || !rows_next(&r, &arena, before, after, &done, &e))
            fail_msg("%s", e.text);
        struct cell *cells = round == 0 ? after : before;
        for (int i = 0; i < 5; i++) {
            const char *w = round == 2 && i == 3 ? "10" : want[i];
            bool is_virtual = c[i].is_generated && !c[i].is_stored;
            print_message("[          ] %s of %s: %.*s\n", c[i].name, ev.type_name, cells[i].p ? (int)cells[i].n : 4,
                          cells[i].p ? cells[i].p : "NULL");
            if (!is_virtual) {
                assert_int_equal(cells[i].n, strlen(w));
                assert_memory_equal(cells[i].p, w, strlen(w));
            }
        }
        assert_true(rows_next(&r, &arena, before, after, &done, &e));
        assert_true(done);
    }
}

static void test_large_row(void **state)
{
    (void)state;
    struct pos from = here();
    bool has_small_redo = writer.server.flavour == DB_MYSQL && writer.server.version < 50700;
    if (writer.server.max_allowed_packet < 40u << 20 || has_small_redo)
        skip();
    run("CREATE TABLE large (id int PRIMARY KEY, v longblob)");
    run("INSERT INTO large VALUES (1, repeat('x', 36 * 1024 * 1024))");
    struct pos to = master_position();
    begin_at(from);
    next_rows_of("large");
    struct column columns[] = {{.name = "id", .type_text = "int", .cls = COL_INT},
                               {.name = "v", .type_text = "longblob", .cls = COL_BLOB}};
    struct row_reader r;
    struct cell after[2];
    bool done;
    assert_true(rows_begin(&r, &ev, columns, 2, NULL, NULL));
    assert_true(rows_next(&r, &arena, NULL, after, &done, NULL));
    assert_int_equal(after[1].n, 36 * 1024 * 1024);
    assert_int_equal(after[1].p[after[1].n - 1], 'x');
    next_of(BINLOG_XID);
    assert_int_equal(pos_cmp(&ev.end, &to), 0);
}

static void test_images_that_are_not_full(void **state)
{
    (void)state;
    struct pos from = here();
    run("CREATE TABLE thin (id int PRIMARY KEY, v int)");
    run("INSERT INTO thin VALUES (1, 1)");
    run("SET SESSION binlog_row_image = MINIMAL");
    run("UPDATE thin SET v = 2");
    run("SET SESSION binlog_row_image = FULL");
    begin_at(from);
    next_rows_of("thin");
    next_rows_of("thin");
    struct column columns[] = {{.name = "id", .type_text = "int", .cls = COL_INT},
                               {.name = "v", .type_text = "int", .cls = COL_INT}};
    struct row_reader r;
    struct err e = {0};
    assert_false(rows_begin(&r, &ev, columns, 2, NULL, &e));
    assert_int_equal(e.code, ERR_BINLOG_FORMAT);
}

static bool read_until_error(struct err *e)
{
    for (;;) {
        free(raw);
        raw = NULL;
        if (!binlog_fetch(stream, &raw, e) || !decoder_feed(decoder, raw, &ev, e))
            return true;
    }
}

static void test_statement_based(void **state)
{
    (void)state;
    struct pos from = here();
    run("CREATE TABLE stm (id int PRIMARY KEY AUTO_INCREMENT, v int)");
    run("SET SESSION binlog_format = STATEMENT");
    run("INSERT INTO stm (v) VALUES (5)");
    run("SET SESSION binlog_format = ROW");
    begin_at(from);
    struct err e = {0};
    read_until_error(&e);
    assert_int_equal(e.code, ERR_BINLOG_FORMAT);
}

static void test_purged(void **state)
{
    (void)state;
    struct pos gone = here();
    memcpy(strrchr(gone.file, '.'), ".999997", 8);
    begin_at(gone);
    struct err e = {0};
    read_until_error(&e);
    assert_int_equal(e.code, ERR_BINLOG_PURGED);
}

static void test_from_gtid(void **state)
{
    (void)state;
    here();
    bool is_mariadb = writer.server.flavour == DB_MARIADB;
    if (!is_mariadb && !writer.server.has_gtid)
        skip();
    run("CREATE TABLE gt (id int PRIMARY KEY)");
    char text[1024];
    struct err e = {0};
    assert_true(conn_value(&writer, is_mariadb ? "SELECT @@global.gtid_binlog_pos" : "SELECT @@global.gtid_executed", text,
                           sizeof text, &e));
    run("INSERT INTO gt VALUES (77)");
    struct pos to = master_position();
    struct gtid_set *set = gtid_new(is_mariadb);
    assert_true(gtid_parse(set, text, &e));
    struct binlog_start start = {.gtid = set, .server_id = 4000000124u, .heartbeat_ms = 2000};
    stream = binlog_open(&addr, &start, &e);
    if (!stream)
        fail_msg("%s", e.text);
    decoder = decoder_new(is_mariadb);
    next_of(BINLOG_GTID);
    assert_false(ev.gtid.is_anonymous);
    print_message("[          ] first GTID %s after %s\n", ev.gtid.text, text);
    if (is_mariadb)
        gtid_add_mariadb(set, ev.gtid.domain, ev.gtid.server, ev.gtid.number);
    else
        gtid_add_mysql(set, ev.gtid.uuid, ev.gtid.number);
    next_rows_of("gt");
    next_of(BINLOG_XID);
    assert_int_equal(pos_cmp(&ev.end, &to), 0);
    assert_true(conn_value(&writer, is_mariadb ? "SELECT @@global.gtid_binlog_pos" : "SELECT @@global.gtid_executed", text,
                           sizeof text, &e));
    struct gtid_set *now = gtid_new(is_mariadb);
    assert_true(gtid_parse(now, text, &e));
    assert_true(gtid_contains(set, now) && gtid_contains(now, set));
    gtid_free(now);
    gtid_free(set);
}

/* The read timeout of a connection is one: the server answers only after twenty seconds. */
static void test_read_deadline(void **state)
{
    (void)state;
    here();
    struct conn c = {0};
    struct err e = {0};
    MYSQL_RES *res = NULL;
    int64_t begin = clock_mono_ms();
    assert_true(conn_open_source(&c, &addr, 1, &e));
    assert_false(conn_query(&c, "SELECT SLEEP(20)", &res, &e));
    assert_true(clock_mono_ms() - begin < 10000);
    conn_close(&c);
}

static void test_no_privilege(void **state)
{
    (void)state;
    here();
    run("CREATE USER tg_nothing@'%'");
    struct db_addr poor = addr;
    poor.user = "tg_nothing";
    struct binlog_start start = {.pos = master_position(), .server_id = 4000000126u, .heartbeat_ms = 2000};
    struct err e = {0};
    stream = binlog_open(&poor, &start, &e);
    run("DROP USER tg_nothing@'%'");
    assert_null(stream);
    assert_int_equal(e.code, ERR_SOURCE_PRIVILEGE);
}

static void test_start_beyond_the_end(void **state)
{
    (void)state;
    struct pos at = here();
    at.at += 1000000;
    begin_at(at);
    struct err e = {0};
    read_until_error(&e);
    assert_int_equal(e.code, ERR_BINLOG_GAP);
}

static void test_killed_by_the_source(void **state)
{
    (void)state;
    begin_at(here());
    next_of(BINLOG_FORMAT);
    char id[32];
    struct err e = {0};
    assert_true(conn_value(&reader, "SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'"
                                    " ORDER BY id DESC LIMIT 1", id, sizeof id, &e));
    struct buf sql = {0};
    buf_addf(&sql, "KILL %s", id);
    run_buf(&sql);
    buf_release(&sql);
    read_until_error(&e);
    assert_int_equal(e.code, ERR_BINLOG_READ);
}

/* Last, for it takes the binlog of the tests before away. */
static void test_purged_by_gtid(void **state)
{
    (void)state;
    here();
    bool is_mariadb = writer.server.flavour == DB_MARIADB;
    if (!is_mariadb && !writer.server.has_gtid)
        skip();
    struct buf sql = {0};
    run("FLUSH BINARY LOGS");
    struct pos now = master_position();
    buf_addf(&sql, "PURGE BINARY LOGS TO '%s'", now.file);
    run_buf(&sql);
    buf_release(&sql);
    struct err e = {0};
    struct gtid_set *nothing = gtid_new(is_mariadb);
    struct binlog_start start = {.gtid = nothing, .server_id = 4000000124u, .heartbeat_ms = 2000};
    stream = binlog_open(&addr, &start, &e);
    assert_non_null(stream);
    decoder = decoder_new(is_mariadb);
    read_until_error(&e);
    assert_int_equal(e.code, ERR_BINLOG_PURGED);
    gtid_free(nothing);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, end_stream)
    const struct CMUnitTest tests[] = {TEST(test_rotate_and_positions), TEST(test_heartbeat),
                                       TEST(test_interrupt),            TEST(test_checksum_changes),     TEST(test_query_settings),
                                       TEST(test_transaction),          TEST(test_generated),
                                       TEST(test_large_row),            TEST(test_images_that_are_not_full),
                                       TEST(test_statement_based),      TEST(test_purged),
                                       TEST(test_from_gtid),            TEST(test_start_beyond_the_end),
                                       TEST(test_killed_by_the_source), TEST(test_read_deadline),
                                       TEST(test_no_privilege),         TEST(test_purged_by_gtid)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
