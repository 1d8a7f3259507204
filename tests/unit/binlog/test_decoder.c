// SPDX-License-Identifier: Apache-2.0
/* Events made by hand, for what a server can't be brought to send: broken ones, positions beyond 4 GiB, gaps. */
#include "binlog/binlog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <zlib.h>

#pragma GCC diagnostic ignored "-Wdiscarded-qualifiers"

static struct binlog_decoder *decoder;
static struct binlog_raw *raw;
static struct binlog_event ev;
static struct err error;
static bool sums;                     /* events get a checksum */

static int set_up(void **state)
{
    (void)state;
    decoder = decoder_new(false);
    sums = false;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    decoder_free(decoder);
    free(raw);
    raw = NULL;
    return 0;
}

static void put_le(uint8_t *p, uint64_t v, unsigned n)
{
    for (unsigned i = 0; i < n; i++, v >>= 8)
        p[i] = (uint8_t)v;
}

static void make(uint8_t type, uint64_t end, unsigned flags, const void *body, size_t n)
{
    free(raw);
    size_t size = 19 + n + (sums ? 4 : 0);
    raw = x_alloc(sizeof *raw + size);
    raw->n = size;
    put_le(raw->p, 1700000000, 4);
    raw->p[4] = type;
    put_le(raw->p + 5, 9, 4);
    put_le(raw->p + 9, size, 4);
    put_le(raw->p + 13, end, 4);
    put_le(raw->p + 17, flags, 2);
    memcpy(raw->p + 19, body, n);
    if (sums)
        put_le(raw->p + size - 4, crc32(0, raw->p, (unsigned)(size - 4)), 4);
}

static bool feed(uint8_t type, uint64_t end, unsigned flags, const void *body, size_t n)
{
    make(type, end, flags, body, n);
    err_clear(&error);
    return decoder_feed(decoder, raw, &ev, &error);
}

static bool rotate(const char *file, uint64_t at, bool is_artificial)
{
    uint8_t body[80];
    put_le(body, at, 8);
    memcpy(body + 8, file, strlen(file));
    return feed(4, is_artificial ? 0 : 100, is_artificial ? 0x20 : 0, body, 8 + strlen(file));
}

static bool format(bool with_sums)
{
    uint8_t body[57 + 42 + 5] = {4, 0, '9', '.', '7'};
    body[56] = 19;
    body[57 + 42] = with_sums;
    bool keep = sums;
    sums = false;
    make(15, 0, 0x20, body, sizeof body);
    put_le(raw->p + raw->n - 4, crc32(0, raw->p, (unsigned)(raw->n - 4)), 4);
    sums = keep;
    return decoder_feed(decoder, raw, &ev, &error);
}

static void start(uint64_t at)
{
    assert_true(rotate("bin.000007", at, true));
    assert_true(format(sums));
}

static bool xid(uint64_t end)
{
    return feed(16, end, 0, "\1\2\0\0\0\0\0\0", 8);
}

static void test_positions_beyond_32_bits(void **state)
{
    (void)state;
    start(0xffffffc0);
    assert_true(xid(0xffffffdb));
    assert_int_equal(ev.end.at, 0xffffffdb);
    assert_int_equal(ev.xid, 0x201);
    assert_true(xid(0xfffffff6));
    assert_true(xid(0x11));
    assert_int_equal(ev.start.at, 0xfffffff6);
    assert_int_equal(ev.end.at, UINT64_C(0x100000011));
    /* others were left out by the sender */
    assert_true(xid(0x1000));
    assert_int_equal(ev.start.at, UINT64_C(0x100001000) - 27);
    assert_false(xid(0x800));
    assert_int_equal(error.code, ERR_BINLOG_GAP);
}

static void test_artificial_events_do_not_move(void **state)
{
    (void)state;
    start(4);
    assert_true(xid(31));
    assert_true(feed(163, 9999, 0x20, "\0\0\0\0", 4));
    assert_int_equal(ev.kind, BINLOG_OTHER);
    assert_int_equal(ev.end.at, 31);
    assert_true(feed(27, 500, 0, "bin.000007", 10));
    assert_int_equal(ev.kind, BINLOG_HEARTBEAT);
    assert_int_equal(ev.end.at, 500);
    assert_true(feed(27, 400, 0, "bin.000007", 10));
    assert_int_equal(ev.end.at, 500);
    assert_true(feed(27, 600, 0, "bin.000008", 10));
    assert_int_equal(ev.end.at, 500);
    assert_true(feed(41, 0, 0, "\1\012bin.000007\2\011\376\0\0\0\0\1\0\0\0\0", 23));
    assert_int_equal(ev.end.at, UINT64_C(0x100000000));
}

static void test_rotate_must_lead_to_the_next_file(void **state)
{
    (void)state;
    start(4);
    assert_true(rotate("bin.000008", 4, false));
    assert_string_equal(ev.rotate.from, "bin.000007");
    assert_string_equal(ev.end.file, "bin.000008");
    assert_int_equal(ev.end.at, 4);
    assert_true(rotate("bin.000008", 4, true));
    assert_true(rotate("bin.000009", 4, true)); /* the file before ended in a crash */
    assert_false(rotate("bin.000011", 4, false));
    assert_int_equal(error.code, ERR_BINLOG_GAP);
}

static void test_rotate_of_another_name(void **state)
{
    (void)state;
    start(4);
    assert_false(rotate("log.000008", 4, false));
    assert_int_equal(error.code, ERR_BINLOG_GAP);
}

static void test_checksums(void **state)
{
    (void)state;
    sums = true;
    start(4);
    assert_true(ev.format.has_checksum);
    assert_true(xid(35));
    make(16, 66, 0, "\1\0\0\0\0\0\0\0", 8);
    raw->p[20] ^= 1;
    assert_false(decoder_feed(decoder, raw, &ev, &error));
    assert_int_equal(error.code, ERR_BINLOG_EVENT);
}

static void test_what_is_not_understood(void **state)
{
    (void)state;
    static const struct {
        uint8_t type;
        enum err_code code;
    } rows[] = {{26, ERR_BINLOG_GAP},    {5, ERR_BINLOG_FORMAT},  {13, ERR_BINLOG_FORMAT}, {14, ERR_BINLOG_FORMAT},
                {17, ERR_BINLOG_FORMAT}, {6, ERR_BINLOG_EVENT},   {38, ERR_BINLOG_EVENT},  {39, ERR_BINLOG_EVENT},
                {40, ERR_BINLOG_EVENT},  {42, ERR_BINLOG_EVENT},  {164, ERR_BINLOG_EVENT}, {165, ERR_BINLOG_EVENT},
                {171, ERR_BINLOG_EVENT}, {43, ERR_BINLOG_EVENT},  {200, ERR_BINLOG_EVENT}, {0, ERR_BINLOG_EVENT},
                {20, ERR_BINLOG_EVENT},  {30, ERR_BINLOG_EVENT}};
    for (size_t i = 0; i < TG_ARRAY_LEN(rows); i++) {
        decoder_free(decoder);
        decoder = decoder_new(false);
        start(4);
        if (feed(rows[i].type, 32, 0, "\1\2\3\4\5\6\7\10\11", 9))
            fail_msg("event %u was passed over", rows[i].type);
        if (error.code != rows[i].code)
            fail_msg("event %u: %s", rows[i].type, err_info(error.code)->id);
        assert_non_null(strstr(error.text, "bin.000007:"));
    }
}

static void test_ignorable_events(void **state)
{
    (void)state;
    start(4);
    assert_true(feed(99, 28, 0x80, "\1\2\3\4\5", 5));
    assert_int_equal(ev.kind, BINLOG_OTHER);
    assert_false(feed(40, 52, 0x80, "\1\2\3\4\5", 5)); /* known, and not without meaning */
    assert_int_equal(error.code, ERR_BINLOG_EVENT);
}

static void test_query_vars(void **state)
{
    (void)state;
    static const uint8_t body[] =
        "\1\0\0\0" "\2\0\0\0" "\2" "\0\0" "\56\0"
        "\0\0\0\0\4" "\1\4\0\20\0\0\0\0\0" "\6\3std" "\4\55\0\55\0\10\0" "\14\2a\0bc\0" "\10\41\0" "\22\377\0" "\2" "\1";
    uint8_t all[200];
    memcpy(all, body, sizeof body - 1);
    size_t n = sizeof body - 1;
    all[11] = (uint8_t)(n - 13);
    memcpy(all + n, "db\0SELECT 1", 11);
    start(4);
    assert_true(feed(2, 4 + 19 + n + 11, 0, all, n + 11));
    assert_int_equal(ev.kind, BINLOG_QUERY);
    const struct binlog_query *q = &ev.query;
    assert_true(str_eq(q->schema, STR("db")) && str_eq(q->sql, STR("SELECT 1")));
    assert_true(q->ansi_quotes && q->no_backslash_escapes && q->no_foreign_key_checks);
    assert_int_equal(q->charset_client, 45);
    assert_int_equal(q->collation_server, 8);
    assert_int_equal(q->collation_database, 33);
    assert_int_equal(q->default_collation_for_utf8mb4, 255);
    assert_true(q->has_unknown_vars); /* the last one is cut short */
}

static void test_gtids(void **state)
{
    (void)state;
    start(4);
    uint8_t body[42] = {0};
    for (uint8_t i = 0; i < 16; i++)
        body[1 + i] = (uint8_t)(i * 16 + i);
    body[17] = 5;
    assert_true(feed(33, 4 + 19 + 42, 0, body, 42));
    assert_string_equal(ev.gtid.text, "00112233-4455-6677-8899-aabbccddeeff:5");
    assert_true(feed(162, 4 + 19 + 42 + 38, 0, "\7\0\0\0\0\0\0\0\3\0\0\0\51\0\0\0\0\0\0", 19));
    assert_string_equal(ev.gtid.text, "3-9-7");
    assert_true(ev.gtid.is_standalone && ev.gtid.is_ddl);
    assert_true(feed(162, 4 + 19 + 42 + 38 + 41, 0, "\7\0\0\0\0\0\0\0\3\0\0\0\51\4\6\0\0\0\0\0\0\0", 22));
    assert_true(ev.gtid.is_commit_alter);
    assert_int_equal(ev.gtid.alter_sequence, 6);
}

static bool map_and_rows(uint8_t rows_type, const char *image, size_t n)
{
    static const char map[] = "\11\0\0\0\0\0\1\0" "\1s\0" "\1t\0" "\2" "\3\17" "\2\24\0" "\2";
    size_t m = sizeof map - 1;
    if (!feed(19, 4 + 19 + m, 0, map, m))
        return false;
    uint8_t body[100] = {9, 0, 0, 0, 0, 0, 1, 0, 2, 0, 2, 3};
    memcpy(body + 12, image, n);
    return feed(rows_type, 4 + 38 + m + 12 + n, 0, body, 12 + n);
}

static void test_rows(void **state)
{
    (void)state;
    struct column columns[] = {{.name = "id", .type_text = "int", .cls = COL_INT},
                               {.name = "v", .type_text = "varchar(5)", .cls = COL_VARCHAR, .charset = CS_UTF8MB4}};
    struct row_reader r;
    struct arena text = {0};
    struct cell after[2];
    bool done;
    start(4);
    assert_true(map_and_rows(30, "\0\1\0\0\0\2ab" "\2\2\0\0\0" "\0\3\0\0\0\7a", 20));
    assert_int_equal(ev.kind, BINLOG_ROWS);
    assert_string_equal(ev.rows.map->table, "t");
    assert_true(ev.rows.ends_statement);
    assert_true(rows_begin(&r, &ev, columns, 2, NULL, &error));
    assert_true(rows_next(&r, &text, NULL, after, &done, &error));
    assert_memory_equal(after[1].p, "ab", 2);
    assert_true(rows_next(&r, &text, NULL, after, &done, &error));
    assert_null(after[1].p);
    assert_false(rows_next(&r, &text, NULL, after, &done, &error)); /* says 7 bytes, has 1 */
    assert_int_equal(error.code, ERR_BINLOG_TABLE);
    assert_non_null(strstr(error.text, "s.t"));
    arena_release(&text);
    /* the map is gone with its statement */
    assert_false(feed(30, 500, 0, "\11\0\0\0\0\0\1\0\2\0\2\3", 12));
    assert_int_equal(error.code, ERR_BINLOG_TABLE);
}

static void test_headers(void **state)
{
    (void)state;
    assert_false(xid(31));            /* before any rotate */
    assert_int_equal(error.code, ERR_BINLOG_EVENT);
    start(4);
    make(16, 31, 0, "\1\0\0\0\0\0\0\0", 8);
    raw->p[9]++;
    assert_false(decoder_feed(decoder, raw, &ev, &error));
    raw->n = 5;
    assert_false(decoder_feed(decoder, raw, &ev, &error));
    assert_string_equal(binlog_type_name(19), "TABLE_MAP");
    assert_string_equal(binlog_type_name(255), "unknown");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_positions_beyond_32_bits), TEST(test_artificial_events_do_not_move),
        TEST(test_rotate_must_lead_to_the_next_file), TEST(test_rotate_of_another_name), TEST(test_checksums),
        TEST(test_what_is_not_understood), TEST(test_ignorable_events), TEST(test_query_vars), TEST(test_gtids),
        TEST(test_rows), TEST(test_headers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
