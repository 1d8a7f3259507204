// SPDX-License-Identifier: Apache-2.0
// LOAD DATA as the second writer: its statement, its rows; and on real targets (TG_TEST_TARGET: host:port of servers
// with user root and no password, separated by commas) that every type arrives as INSERT brings it, and as it was.
#include "apply/private.h"

#include "../sample.h"

enum { COLUMNS_MAX = 40 };

struct env {
    struct tab tab;
    struct batch *b;
    struct batch_part *part;
    struct load_feed feed;
    struct packet packet;
};

static struct env *env_new(const char *sql)
{
    struct env *v = x_alloc(sizeof *v);
    v->tab.id = 1;
    tab_set_def(&v->tab, table_of(sql));
    v->b = batch_new(BATCH_CHUNK);
    v->part = batch_part(v->b, &v->tab, v->tab.def, false);
    return v;
}

static void env_free(struct env *v)
{
    batch_free(v->b);
    table_drop(v->tab.def);
    buf_release(&v->packet.sql);
    buf_release(&v->feed.staged);
    free(v);
}

static void add(struct env *v, const struct cell *cells, uint32_t n)
{
    assert_int_equal(n, v->tab.def->ncolumns);
    row_pack(&v->part->ins.data, cells, n);
    v->part->ins.n++;
}
#define ADD(v, ...) add(v, (struct cell[]){__VA_ARGS__}, sizeof((struct cell[]){__VA_ARGS__}) / sizeof(struct cell))

// The whole part as LOAD DATA statements; returns how many.
static uint32_t make_packet(struct env *v, enum db_flavour target, struct cursor *c)
{
    struct sql_limits l = {.flavour = target, .statement_bytes = 128 << 10, .packet_bytes = 1 << 20, .load = &v->feed.port};
    load_feed_begin(&v->feed, &v->packet, target);
    packet_reset(&v->packet);
    while (c->row < v->part->ins.n)
        load_statement(&v->packet, v->part, c, &l);
    return v->packet.nloads;
}

static void expect_fed(struct env *v, unsigned n, const char *want, size_t room)
{
    char have[400];
    size_t at = 0;
    v->feed.port.open(v->feed.port.arg, n);
    for (int got; (got = v->feed.port.read(v->feed.port.arg, have + at, (unsigned)room)) != 0; at += (size_t)got)
        assert_true(got > 0 && at + (size_t)got < sizeof have - room);
    have[at] = 0;
    assert_string_equal(have, want);
}

static void statement_and_rows(void **state)
{
    (void)state;
    struct env *v = env_new("CREATE TABLE t (a INT NOT NULL PRIMARY KEY, g INT GENERATED ALWAYS AS (a+1), `b``c` BLOB, f BIT(9))");
    char want[400];
    for (int i = 0; i < 2; i++) {
        enum db_flavour target = i ? DB_MYSQL : DB_TIDB;
        struct cursor c = {0};
        if (!i) {
            ADD(v, CELL("1"), CELL("2"), CELL("x\ty"), CELL("511"));
            ADD(v, CELL("2"), CELL("3"), NULL_CELL, NULL_CELL);
        }
        assert_int_equal(make_packet(v, target, &c), 1);
        snprintf(want, sizeof want, "LOAD DATA LOCAL INFILE '%s-0' INTO TABLE `s`.`t` CHARACTER SET utf8mb4 FIELDS TERMINATED BY '\\t' "
                 "ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' %s", v->feed.port.token,
                 i ? "(`a`,@tg2,@tg3) SET `b``c`=UNHEX(@tg2),`f`=CAST(@tg3 AS UNSIGNED)" : "(`a`,`b``c`,@tg3) SET `f`=CAST(@tg3 AS UNSIGNED)");
        assert_string_equal(v->packet.sql.p, want);
        assert_int_equal(v->packet.expect[0].kind, EXPECT_LOADED);
        assert_int_equal(v->packet.expect[0].rows, 2);
        expect_fed(v, 0, i ? "1\t780979\t511\n2\t\\N\t\\N\n" : "1\tx\\ty\t511\n2\t\\N\t\\N\n", i ? 3 : 100);
    }
    env_free(v);
}

// Small parts stay INSERT; a large one is cut into statements that hold every row once, whatever is asked for again.
static void what_is_loaded(void **state)
{
    (void)state;
    struct env *v = env_new("CREATE TABLE t (a INT NOT NULL PRIMARY KEY, b VARCHAR(2000))");
    char text[1000], number[12];
    memset(text, 'x', sizeof text);
    ADD(v, CELL("0"), CELL("small"));
    assert_false(load_pays(v->part, 0));
    for (uint32_t i = 1; i < 3000; i++) {
        struct cell cells[2] = {{number, (uint32_t)snprintf(number, sizeof number, "%u", i)}, {text, sizeof text}};
        add(v, cells, 2);
    }
    assert_true(load_pays(v->part, 0));
    struct cursor c = {0};
    uint32_t n = make_packet(v, DB_TIDB, &c), rows = 0;
    assert_in_range(n, 3, 4);
    char first[8];
    for (uint32_t i = 0; i < n; i++) {
        v->feed.port.open(v->feed.port.arg, i);
        assert_int_equal(v->feed.port.read(v->feed.port.arg, first, 5), 5);
        assert_int_equal(strtoul(first, NULL, 10), rows);
        rows += (uint32_t)v->packet.expect[i].rows;
    }
    assert_int_equal(rows, 3000);
    env_free(v);
}

// --- real servers ---

static void must(struct conn *c, const char *sql)
{
    struct err e = {0};
    if (!conn_exec(c, sql, strlen(sql), NULL, &e))
        fail_msg("%.300s: %s", sql, e.text);
}

static void each_target(void (*with)(struct conn *c))
{
    const char *list = getenv("TG_TEST_TARGET");
    if (!list || !*list) {
        fprintf(stderr, "SKIPPED: TG_TEST_TARGET is not set\n");
        skip();
    }
    for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',') {
        char host[128];
        unsigned port;
        assert_int_equal(sscanf(p, "%127[^:,]:%u", host, &port), 2);
        struct db_addr a = {.host = host, .user = (char *)"root", .port = (uint16_t)port, .is_target = true};
        struct conn c;
        struct err e = {0};
        if (!conn_open_target(&c, &a, 0, &e))
            fail_msg("%s: %s", e.where, e.text);
        must(&c, "SET GLOBAL local_infile=1");
        must(&c, "DROP DATABASE IF EXISTS s");
        must(&c, "CREATE DATABASE s");
        with(&c);
        must(&c, "DROP DATABASE s");
        conn_close(&c);
    }
}

static void send_inserts(struct conn *c, struct env *v)
{
    struct sql_limits l = {.flavour = c->server.flavour, .statement_bytes = 1 << 20, .packet_bytes = 1 << 20};
    struct cursor at = {0};
    uint64_t affected[8];
    unsigned done;
    struct err e = {0};
    packet_reset(&v->packet);
    packet_fill(&v->packet, v->b, &at, &l);
    assert_true(at.is_at_end);
    if (!conn_packet(c, v->packet.sql.p, v->packet.sql.n, affected, 8, &done, &e))
        fail_msg("INSERT: %s", e.text);
}

static void send_loads(struct conn *c, struct env *v)
{
    struct cursor at = {0};
    uint64_t affected[8];
    unsigned done;
    struct err e = {0};
    assert_int_equal(make_packet(v, c->server.flavour, &at), 1);
    if (!conn_packet_load(c, &v->feed.port, v->packet.sql.p, v->packet.sql.n, affected, 8, &done, &e))
        fail_msg("%.500s: %s", v->packet.sql.p, e.text);
    assert_int_equal(v->feed.port.losses, 0);
    assert_int_equal(v->feed.port.records, v->part->ins.n);
    assert_int_equal(affected[0], v->part->ins.n);
}

// What stands in the table is, cell by cell, what was sent.
static void expect_rows(struct conn *c, struct env *v, const char *how)
{
    const struct table *def = v->tab.def;
    struct buf sql = {0};
    struct cell cells[COLUMNS_MAX];
    struct err e = {0};
    MYSQL_RES *res;
    size_t at = 0;
    for (uint32_t i = 0; i < def->ncolumns; i++) {
        buf_adds(&sql, i ? "," : "SELECT ");
        col_read_expr(&sql, &def->columns[i]);
    }
    buf_adds(&sql, " FROM s.t ORDER BY 1");
    if (!conn_query(c, sql.p, &res, &e))
        fail_msg("%s: %s", sql.p, e.text);
    assert_int_equal(mysql_num_rows(res), v->part->ins.n);
    for (uint32_t r = 0; r < v->part->ins.n; r++) {
        MYSQL_ROW row = mysql_fetch_row(res);
        const unsigned long *lengths = mysql_fetch_lengths(res);
        at += row_unpack(v->part->ins.data.p + at, def->ncolumns, cells);
        for (uint32_t i = 0; i < def->ncolumns; i++)
            if (!row[i] != !cells[i].p || (row[i] && (lengths[i] != cells[i].n || memcmp(row[i], cells[i].p, cells[i].n) != 0)))
                fail_msg("%s, %s, row %u, column %s: found %s, sent %.*s", c->server.version_text, how, r, def->columns[i].name,
                         row[i] ? row[i] : "NULL", (int)cells[i].n, cells[i].p ? cells[i].p : "NULL");
    }
    mysql_free_result(res);
    buf_release(&sql);
}

static void both_ways(struct conn *c, struct env *v, const char *sql)
{
    for (int i = 0; i < 2; i++) {
        must(c, "DROP TABLE IF EXISTS s.t");
        must(c, "USE s");
        must(c, sql);
        (i ? send_loads : send_inserts)(c, v);
        expect_rows(c, v, i ? "LOAD" : "INSERT");
    }
}

static const char TYPES[] =
    "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, ti TINYINT, tu TINYINT UNSIGNED, sm SMALLINT, me MEDIUMINT, iu INT UNSIGNED, "
    "b BIGINT, bu BIGINT UNSIGNED, d6 DECIMAL(65,30), d1 DECIMAL(1,0), f FLOAT, d DOUBLE, b1 BIT(1), b9 BIT(9), b64 BIT(64), "
    "c CHAR(40), v VARCHAR(300), tx TEXT, la VARCHAR(50) CHARACTER SET latin1, bi BINARY(4), vb VARBINARY(600), bl BLOB, da DATE, "
    "tm TIME(6), dt DATETIME(6), ts TIMESTAMP(3) NULL, y YEAR, e ENUM('','a','1','it''s, \\\\'), s SET('x','y z'), j JSON, "
    "`odd ``,(\"name` VARCHAR(20)) DEFAULT CHARSET=utf8mb4";
#define BIG_DECIMAL "99999999999999999999999999999999999.999999999999999999999999999999"
#define ODD_TEXT "\\N \\ \t\r\n\\t\\n\\\\ 'it''s' \"quoted\" \x01\x1a NULL 0x \xf0\x9f\x98\x80\xe4\xb8\xad\xc3\xa9\\"

static void all_types(struct conn *c)
{
    struct env *v = env_new(TYPES);
    char bytes[512];
    for (int i = 0; i < 512; i++)
        bytes[i] = (char)(i < 256 ? i : 511 - i);
    struct cell all = {bytes, sizeof bytes}, ff = {"\xff\xfe\0\0", 4}, zeros = {"\0\0\0\0", 4};
    ADD(v, CELL("-1"), CELL("-128"), CELL("0"), CELL("-32768"), CELL("-8388608"), CELL("0"), CELL("-9223372036854775808"), CELL("0"),
        CELL("-" BIG_DECIMAL), CELL("-9"), CELL("-3.4028234663852886e38"), CELL("-1.7976931348623157e308"), CELL("0"), CELL("0"), CELL("0"),
        CELL(""), CELL(""), CELL(""), CELL(""), zeros, CELL(""), CELL(""), CELL("0000-00-00"), CELL("-838:59:59.000000"),
        CELL("0000-00-00 00:00:00.000000"), CELL("0000-00-00 00:00:00.000"), CELL("0000"), CELL(""), CELL(""), CELL("null"), CELL(""));
    ADD(v, CELL("0"), CELL("127"), CELL("255"), CELL("32767"), CELL("8388607"), CELL("4294967295"), CELL("9223372036854775807"),
        CELL("18446744073709551615"), CELL(BIG_DECIMAL), CELL("9"), CELL("3.4028234663852886e38"), CELL("1.7976931348623157e308"),
        CELL("1"), CELL("511"), CELL("18446744073709551615"), CELL("\\N"), CELL(ODD_TEXT), CELL(ODD_TEXT), CELL("caf\xc3\xa9\\\t"), ff, all,
        all, CELL("9999-12-31"), CELL("838:59:59.000000"), CELL("9999-12-31 23:59:59.999999"), CELL("2038-01-19 03:14:07.999"), CELL("2155"),
        CELL("it's, \\"), CELL("x,y z"), CELL("{\"a\": [1, 2.5, \"x\\ty\\\\n\", null, true], \"\xf0\x9f\x98\x80\": \"\\\"\"}"), CELL("\\"));
    ADD(v, CELL("1"), NULL_CELL, NULL_CELL, NULL_CELL, NULL_CELL, NULL_CELL, NULL_CELL, NULL_CELL, NULL_CELL, NULL_CELL, NULL_CELL, NULL_CELL,
        NULL_CELL, NULL_CELL, NULL_CELL, NULL_CELL, NULL_CELL, NULL_CELL, NULL_CELL, NULL_CELL, NULL_CELL, NULL_CELL, NULL_CELL, NULL_CELL,
        NULL_CELL, NULL_CELL, NULL_CELL, NULL_CELL, NULL_CELL, NULL_CELL, NULL_CELL);
    ADD(v, CELL("2"), CELL("-1"), CELL("1"), CELL("-1"), CELL("-1"), CELL("7"), CELL("-1"), CELL("9223372036854775808"),
        CELL("0.000000000000000000000000000001"), CELL("0"), CELL("16777216"), CELL("0.1"), CELL("1"), CELL("256"), CELL("9223372036854775808"),
        CELL("NULL"), CELL("\n"), CELL("\t"), CELL("\xc3\xbf"), CELL("\n\t\\\r"), CELL("\\"), CELL("\n"), CELL("2024-02-28"), CELL("-00:00:00.000001"),
        CELL("1000-01-01 00:00:00.000001"), CELL("1970-01-01 00:00:01.000"), CELL("1901"), CELL("1"), CELL("y z"), CELL("\"\\\\\""), CELL("a b"));
    ADD(v, CELL("3"), CELL("0"), CELL("128"), CELL("0"), CELL("0"), CELL("2147483648"), CELL("0"), CELL("1"), CELL("0.000000000000000000000000000000"),
        CELL("1"), CELL("1.401298464324817e-45"), CELL("2.2250738585072014e-308"), CELL("0"), CELL("255"), CELL("92"), CELL("'"), CELL("\\N"),
        CELL("\\0"), CELL("\\"), CELL("\\N\\N"), CELL("\xc3"), CELL("\xf0\x9f\\\t\x98"), CELL("2024-02-29"), CELL("00:00:00.000000"),
        CELL("2024-12-31 23:59:59.500000"), CELL("2024-06-30 23:59:59.500"), CELL("2024"), CELL("a"), CELL("x"), CELL("[]"), CELL("\xe4\xb8\xad"));
    both_ways(c, v, TYPES);
    env_free(v);
}

// A row that is one empty text is an empty line.
static void single_columns(struct conn *c)
{
    static const char sql[] = "CREATE TABLE t (v VARCHAR(20) COLLATE utf8mb4_bin)";
    struct env *v = env_new(sql);
    ADD(v, NULL_CELL);
    ADD(v, CELL(""));
    ADD(v, CELL("NULL"));
    ADD(v, CELL("\\N"));
    both_ways(c, v, sql);
    env_free(v);
}

// Dates that are none come as they are, or (TiDB takes them by INSERT only) it is told.
static void partial_dates(struct conn *c)
{
    static const char sql[] = "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, d DATE, dt DATETIME)";
    struct env *v = env_new(sql);
    struct cursor at = {0};
    uint64_t affected[8];
    unsigned done;
    struct err e = {0};
    ADD(v, CELL("1"), CELL("2024-02-31"), CELL("2024-02-30 00:00:00"));
    ADD(v, CELL("2"), CELL("2024-00-00"), CELL("0000-01-01 12:00:00"));
    must(c, "USE s");
    must(c, "DROP TABLE IF EXISTS s.t");
    must(c, sql);
    make_packet(v, c->server.flavour, &at);
    if (!conn_packet_load(c, &v->feed.port, v->packet.sql.p, v->packet.sql.n, affected, 8, &done, &e))
        fail_msg("%s", e.text);
    if (!v->feed.port.losses)
        expect_rows(c, v, "LOAD");
    must(c, "TRUNCATE TABLE s.t");
    send_inserts(c, v);
    expect_rows(c, v, "INSERT");
    env_free(v);
}

// Ids 0 and below stay, generated and invisible columns too; more rows than a read takes.
static void generated_and_many(struct conn *c)
{
    static const char sql[] = "CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, x INT, g INT GENERATED ALWAYS AS (x + 1) STORED, "
                              "b VARBINARY(200) NOT NULL, v VARCHAR(50) NOT NULL DEFAULT 'x') DEFAULT CHARSET=utf8mb4";
    struct env *v = env_new(sql);
    char id[12], g[12], bytes[200];
    struct dice d = {7};
    for (int i = -1; i < 3000; i++) {
        for (size_t k = 0; k < sizeof bytes; k++)
            bytes[k] = (char)dice_roll(&d);
        struct cell cells[5] = {{id, (uint32_t)snprintf(id, sizeof id, "%d", i)}, {id, (uint32_t)strlen(id)}, {g, (uint32_t)snprintf(g, sizeof g, "%d", i + 1)},
                                {bytes, dice_below(&d, sizeof bytes)}, CELL("\xf0\x9f\x98\x80\\")};
        add(v, cells, 5);
    }
    both_ways(c, v, sql);
    env_free(v);
}

#define ON_TARGETS(name, with)        \
    static void name(void **state)    \
    {                                 \
        (void)state;                  \
        each_target(with);            \
    }
ON_TARGETS(real_types, all_types)
ON_TARGETS(real_single, single_columns)
ON_TARGETS(real_dates, partial_dates)
ON_TARGETS(real_generated, generated_and_many)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statement_and_rows), cmocka_unit_test(what_is_loaded), cmocka_unit_test(real_types),
        cmocka_unit_test(real_single),        cmocka_unit_test(real_dates),
        cmocka_unit_test(real_generated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
