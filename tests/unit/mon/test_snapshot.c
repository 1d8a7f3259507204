// SPDX-License-Identifier: Apache-2.0
/* What is encoded comes back the same, for random snapshots; names of the contract are there;
 * rubbish is refused. */

// cmocka.h wants these four first
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "mon/mon.h"
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

static uint64_t state = 88172645463325252ull;

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint64_t number(void)
{
    return next() >> (1 + next() % 63);
}

static double real(void)
{
    return (double)(int64_t)number() / 1024.0;
}

static void text(char *out, size_t size)
{
    static const char *const piece[] = {"a", "\"", "\\", "\n", "é",    "表",
                                        "😀", "`",  " ",  "0",  "\x01", "/"};
    size_t n = 0, want = next() % size;
    for (;;) {
        const char *p = piece[next() % TG_ARRAY_LEN(piece)];
        if (n + strlen(p) > want || n + strlen(p) >= size)
            break;
        memcpy(out + n, p, strlen(p));
        n += strlen(p);
    }
    out[n] = 0;
}
#define TEXT(a) text(a, sizeof(a))

static void flow(struct flow_view *f)
{
    *f = (struct flow_view){number(),
                            number(),
                            number(),
                            next() & 1,
                            real(),
                            real(),
                            real(),
                            next() & 1 ? -1 : (int64_t)number(),
                            (int64_t)number(),
                            (int64_t)number(),
                            (uint32_t)next(),
                            (uint32_t)next(),
                            (uint32_t)next(),
                            (uint32_t)next()};
}

static void pace(struct pace_view *p)
{
    TEXT(p->dial), TEXT(p->waits);
    p->writers = (uint32_t)next();
    p->writers_max = (uint32_t)next();
    p->readers = (uint32_t)next();
    p->readers_max = (uint32_t)next();
    p->readers_set = (uint32_t)next();
    p->chunk_bytes = number();
    p->statement_bytes = number();
    p->read_rate = number();
    p->source_threads = (uint32_t)next();
    p->threads_running = next() & 1 ? -1 : (int64_t)number();
    p->threads_ours = (uint32_t)next();
    p->read_ms = next() & 1 ? -1 : fabs(real());
}

static void question(struct question_view *q)
{
    TEXT(q->id);
    TEXT(q->table);
    TEXT(q->text);
    q->asked_ms = (int64_t)number();
    q->nchoices = 1 + (uint32_t)(next() % TG_ARRAY_LEN(q->choice));
    q->initial = (uint32_t)(next() % q->nchoices);
    for (uint32_t i = 0; i < q->nchoices; i++) {
        snprintf(q->choice[i].slug, sizeof q->choice[i].slug, "choice-%u", i);
        TEXT(q->choice[i].label);
    }
}

static void table(struct table_view *t)
{
    TEXT(t->name);
    t->state = (enum table_state)(next() % (TABLE_FAILED + 1));
    t->rows_guess = number();
    t->bytes_guess = number();
    t->rows_read = number();
    t->bytes_read = number();
    t->rows_loaded = number();
    t->bytes_loaded = number();
    t->rate = real();
    t->left_s = next() & 1 ? -1 : (int64_t)number();
    t->chunks_done = (uint32_t)next();
    t->chunks_busy = (uint32_t)next();
    t->is_keyless = next() & 1;
}

static void fill(struct mon_snapshot *s)
{
    memset(s, 0, sizeof *s);
    s->seq = number();
    s->at_ms = (int64_t)number();
    s->since_ms = (int64_t)number();
    s->began_ms = next() & 1 ? -1 : (int64_t)number();
    TEXT(s->run), TEXT(s->version), TEXT(s->reason), TEXT(s->mode), TEXT(s->source_id),
        TEXT(s->source_flavour);
    TEXT(s->target_flavour), TEXT(s->position_file), TEXT(s->position_gtid), TEXT(s->applied_file);
    TEXT(s->verdict), TEXT(s->verified_at);
    s->state = (enum run_state)(next() % (RUN_STUCK + 1));
    s->position = number();
    s->applied = number();
    flow(&s->dump);
    flow(&s->load);
    pace(&s->pace);
    s->lag.seconds = next() & 1 ? -1 : fabs(real());
    s->lag.received_s = next() & 1 ? -1 : fabs(real());
    s->lag.unread_bytes = number();
    s->lag.unapplied_bytes = number();
    s->lag.silent_s = real();
    s->lag.binlog_kept_s = next() & 1 ? -1 : fabs(real());
    s->lag.binlog_used_s = next() & 1 ? -1 : fabs(real());
    s->lag.binlog_kept_for_ever = next() & 1;
    s->lag.source_lost_s = real();
    s->lag.source_tx_rate = next() & 1 ? -1 : fabs(real());
    s->lag.source_byte_rate = next() & 1 ? -1 : fabs(real());
    s->lag.apply_tx_rate = real();
    s->lag.apply_byte_rate = real();
    s->lag.to_us_s = next() & 1 ? -1 : fabs(real());
    s->lag.wait_s = next() & 1 ? -1 : fabs(real());
    s->lag.commit_s = fabs(real());
    s->lag.commit_p99_s = fabs(real());
    s->lag.could_tx_rate = next() & 1 ? -1 : fabs(real());
    s->lag.could_byte_rate = fabs(real());
    s->lag.conflicts = next() & 1 ? -1 : fabs(real());
    s->lag.to_us_is_rough = next() & 1;
    s->lag.queued_tx = number();
    for (unsigned i = 0; i < MON_PEAKS; i++) {
        s->lag.peak[i] = (struct lag_peak){.at_ms = (int64_t)number(), .bytes = number(), .rows = number()};
        TEXT(s->lag.peak[i].table), TEXT(s->lag.peak[i].action);
    }
    s->lag.npoints = (uint32_t)(next() % (MON_LAG_POINTS + 1));
    for (uint32_t i = 0; i < s->lag.npoints; i++)
        s->lag.points[i] = (float)real();
    s->lag.nhour = (uint32_t)(next() % (MON_LAG_LONG + 1));
    s->lag.nday = (uint32_t)(next() % (MON_LAG_LONG + 1));
    for (uint32_t i = 0; i < MON_LAG_LONG; i++) {
        s->lag.hour[i] = i < s->lag.nhour ? (float)real() : 0;
        s->lag.day[i] = i < s->lag.nday ? (float)real() : 0;
    }
    s->tx_applied = number();
    s->rows_applied = number();
    s->tables_total = (uint32_t)next();
    s->tables_done = (uint32_t)next();
    s->tables_busy = (uint32_t)next();
    s->tables_failed = (uint32_t)next();
    s->tables_waiting = (uint32_t)next();
    s->tables_verified = (uint32_t)next();
    s->tables_different = (uint32_t)next();
    s->quarantine = number();
    s->memory_bytes = number();
    s->ntables = (uint32_t)(next() % (MON_TABLES + 1));
    for (uint32_t i = 0; i < s->ntables; i++)
        table(&s->table[i]);
    s->nquestions = (uint32_t)(next() % (MON_QUESTIONS + 1));
    for (uint32_t i = 0; i < s->nquestions; i++)
        question(&s->question[i]);
}

/* Fields only: padding and bytes behind a text's end are not part of the value. */
static void assert_same(const struct mon_snapshot *a, const struct mon_snapshot *b)
{
    char *ja = mon_encode(a), *jb = mon_encode(b);
    assert_string_equal(ja, jb);
    free(ja);
    free(jb);
    assert_int_equal(a->seq, b->seq);
    assert_int_equal(a->state, b->state);
    assert_string_equal(a->reason, b->reason);
    assert_string_equal(a->position_gtid, b->position_gtid);
    assert_true(a->lag.seconds == b->lag.seconds);
    assert_true(a->pace.read_ms == b->pace.read_ms && a->pace.threads_running == b->pace.threads_running);
    assert_string_equal(a->pace.waits, b->pace.waits);
    assert_int_equal(a->dump.left_s, b->dump.left_s);
    assert_int_equal(a->lag.npoints, b->lag.npoints);
    assert_memory_equal(a->lag.points, b->lag.points, a->lag.npoints * sizeof(float));
    assert_int_equal(a->lag.nhour, b->lag.nhour);
    assert_int_equal(a->lag.nday, b->lag.nday);
    assert_memory_equal(a->lag.hour, b->lag.hour, sizeof a->lag.hour);
    assert_memory_equal(a->lag.day, b->lag.day, sizeof a->lag.day);
    assert_int_equal(a->tables_verified, b->tables_verified);
    assert_int_equal(a->tables_different, b->tables_different);
    assert_int_equal(a->ntables, b->ntables);
    for (uint32_t i = 0; i < a->ntables; i++) {
        assert_string_equal(a->table[i].name, b->table[i].name);
        assert_int_equal(a->table[i].state, b->table[i].state);
        assert_int_equal(a->table[i].left_s, b->table[i].left_s);
        assert_true(a->table[i].rate == b->table[i].rate);
    }
    assert_int_equal(a->nquestions, b->nquestions);
    for (uint32_t i = 0; i < a->nquestions; i++) {
        assert_int_equal(a->question[i].initial, b->question[i].initial);
        assert_string_equal(a->question[i].text, b->question[i].text);
        assert_int_equal(a->question[i].nchoices, b->question[i].nchoices);
    }
}

static void round_trip(void **unused)
{
    (void)unused;
    struct mon_snapshot *a = x_alloc(sizeof *a), *b = x_alloc(sizeof *b);
    for (int i = 0; i < 100; i++) {
        struct err e = {0};
        fill(a);
        char *json = mon_encode(a);
        assert_null(strchr(json, '\n'));
        memset(b, 0x5a, sizeof *b); /* decode fills all of it */
        if (!mon_decode(b, json, strlen(json), &e))
            fail_msg("%s in %s", e.text, json);
        assert_same(a, b);
        free(json);
    }
    free(a);
    free(b);
}

static void contract_names(void **unused)
{
    (void)unused;
    static const char *const paths[] = {"version",
                                        "name",
                                        "state",
                                        "reason",
                                        "mode",
                                        "since_ms",
                                        "began_ms",
                                        "source",
                                        "target",
                                        "dump.bytes",
                                        "dump.total",
                                        "dump.guess",
                                        "dump.rows",
                                        "dump.rate",
                                        "load.bytes",
                                        "load.total",
                                        "load.guess",
                                        "load.rows",
                                        "load.rate",
                                        "lag.seconds",
                                        "lag.unread_bytes",
                                        "lag.unapplied_bytes",
                                        "lag.silent_s",
                                        "lag.binlog_kept_s",
                                        "lag.binlog_used_s",
                                        "lag.binlog_kept_for_ever",
                                        "position_applied",
                                        "tables.total",
                                        "tables.done",
                                        "tables.busy",
                                        "tables.failed",
                                        "questions",
                                        "quarantine",
                                        "verdict"};
    struct mon_snapshot *s = x_alloc(sizeof *s);
    s->state = RUN_CATCHING_UP;
    s->lag.seconds = -1;
    s->nquestions = 1;
    question(&s->question[0]);
    char *json = mon_encode(s);
    json_t *o = json_loads(json, 0, NULL);
    for (size_t i = 0; i < TG_ARRAY_LEN(paths); i++) {
        const char *dot = strchr(paths[i], '.');
        char head[32];
        snprintf(head, sizeof head, "%.*s", dot ? (int)(dot - paths[i]) : 31, paths[i]);
        json_t *v = json_object_get(o, head);
        if (dot)
            v = json_object_get(v, dot + 1);
        if (!v)
            fail_msg("%s is missing", paths[i]);
    }
    assert_string_equal(json_string_value(json_object_get(o, "state")), "catching-up");
    assert_true(json_is_null(json_object_get(json_object_get(o, "lag"), "seconds")));
    json_t *source = json_array_get(json_object_get(o, "source"), 0),
           *q = json_array_get(json_object_get(o, "questions"), 0);
    assert_true(json_is_object(json_object_get(source, "position")));
    assert_non_null(json_object_get(source, "id"));
    assert_non_null(json_object_get(source, "flavour"));
    assert_non_null(json_object_get(json_object_get(source, "position"), "gtid"));
    assert_non_null(json_object_get(json_object_get(source, "position"), "file"));
    assert_int_equal(json_array_size(json_object_get(q, "choices")), s->question[0].nchoices);
    assert_string_equal(json_string_value(json_object_get(q, "default")),
                        s->question[0].choice[s->question[0].initial].slug);
    json_decref(o);
    free(json);
    free(s);
}

static void broken_text_and_numbers(void **unused)
{
    (void)unused;
    struct mon_snapshot *s = x_alloc(sizeof *s), *t = x_alloc(sizeof *t);
    struct err e = {0};
    memcpy(s->reason, "cut \xe8\xa1", 7);
    memset(s->verdict, 0xff, sizeof s->verdict - 1);
    s->dump.rate = (double)NAN;
    s->load.rate = (double)INFINITY;
    s->dump.bytes = UINT64_MAX;
    s->state = (enum run_state)77;
    s->lag.npoints = 100000;
    s->lag.nhour = s->lag.nday = 100000;
    s->ntables = 100000;
    s->nquestions = 100000;
    s->question[0].nchoices = 99;
    char *json = mon_encode(s);
    assert_non_null(strstr(json, "\"cut ??\""));
    assert_false(mon_decode(t, json, strlen(json), &e)); /* a state nobody knows */
    assert_int_equal(e.code, ERR_SOCKET);
    free(json);
    s->state = RUN_COPYING;
    json = mon_encode(s);
    assert_true(mon_decode(t, json, strlen(json), &e));
    assert_int_equal(t->ntables, MON_TABLES);
    assert_int_equal(t->dump.bytes, INT64_MAX);
    free(json);
    free(s);
    free(t);
}

static void rubbish(void **unused)
{
    (void)unused;
    static const char *const bad[] = {"",
                                      "{",
                                      "[]",
                                      "null",
                                      "{}",
                                      "{\"state\":1}",
                                      "{\"state\":\"flying\"}",
                                      "\xff\xfe",
                                      "{\"state\":\"copying\",\"seq\":\"x\"}",
                                      "{\"state\":\"copying\",\"dump\":{\"bytes\":[]}}"};
    struct mon_snapshot *s = x_alloc(sizeof *s);
    for (size_t i = 0; i < TG_ARRAY_LEN(bad); i++) {
        struct err e = {0};
        assert_false(mon_decode(s, bad[i], strlen(bad[i]), &e));
        assert_int_equal(e.code, ERR_SOCKET);
    }
    fill(s);
    char *json = mon_encode(s);
    size_t n = strlen(json);
    for (int i = 0; i < 300; i++) { /* any byte changed: an answer of some kind, never a crash */
        char *copy = x_strndup(json, n);
        copy[next() % n] = (char)next();
        mon_decode(s, copy, n - (i % 3 ? 0 : next() % n), NULL);
        free(copy);
    }
    free(json);
    free(s);
}

static void names(void **unused)
{
    (void)unused;
    for (int i = 0; i <= RUN_STUCK; i++) {
        enum run_state s;
        assert_true(run_state_parse(run_state_name((enum run_state)i), &s));
        assert_int_equal(s, i);
    }
    for (int i = 0; i <= TABLE_FAILED; i++) {
        enum table_state s;
        assert_true(table_state_parse(table_state_name((enum table_state)i), &s));
        assert_int_equal(s, i);
    }
    enum run_state s;
    assert_false(run_state_parse("syncing", &s));
    assert_true(mon_run_name_ok("shop-2") && mon_run_name_ok("0") &&
                mon_run_name_ok("a1234567890123456789012345678901"));
    assert_false(mon_run_name_ok("") || mon_run_name_ok("-a") || mon_run_name_ok("A") ||
                 mon_run_name_ok("a/b") || mon_run_name_ok("..") ||
                 mon_run_name_ok("a12345678901234567890123456789012"));
}

static void test_chunks(void **unused)
{
    (void)unused;
    struct chunks_view v = {.table = "shop.\"o\\", .key = "id, line", .done = 7, .ranges = 2, .rows_left = 12345678901, .retried = 3, .why = "lost",
                            .offset = 32, .total = 40, .n = 3};
    v.chunk[0] = (struct chunk_view){1361, CHUNK_READING, "", "12, 4", 0, 0, 62};
    v.chunk[1] = (struct chunk_view){1362, CHUNK_ASKING, "12, 4", "0xff00", 300, 4096, -1};
    v.chunk[2] = (struct chunk_view){1363, CHUNK_DONE, "\xff", "", 1, 2, -1}; /* no UTF-8: mended on the way */
    for (int i = 0; i < CHUNK_STATES; i++)
        v.count[i] = (uint32_t)i + 1;
    char *json = mon_encode_chunks(&v);
    struct chunks_view back;
    struct err e = {0};
    assert_true(mon_decode_chunks(&back, json, &e));
    free(json);
    snprintf(v.chunk[2].from, sizeof v.chunk[2].from, "?");
    assert_memory_equal(back.count, v.count, sizeof v.count);
    assert_memory_equal(back.chunk, v.chunk, 3 * sizeof v.chunk[0]);
    assert_string_equal(back.table, v.table);
    assert_string_equal(back.key, v.key);
    assert_string_equal(back.why, v.why);
    assert_true(back.done == 7 && back.ranges == 2 && back.rows_left == 12345678901 && back.retried == 3 && back.offset == 32 &&
                back.total == 40 && back.n == 3);
    static const char *const wrong[] = {"", "[]", "{}", "{\"chunks\":5}", "{\"chunks\":[{\"state\":\"flying\"}]}", "{\"chunks\":[7]}"};
    for (size_t i = 0; i < TG_ARRAY_LEN(wrong); i++)
        assert_false(mon_decode_chunks(&back, wrong[i], &e));
    assert_true(mon_decode_chunks(&back, "{\"chunks\":[]}", &e));
    assert_int_equal(back.total, 0);
}

static void test_tables(void **unused)
{
    (void)unused;
    enum { N = 500 };
    struct table_view *all = x_alloc(N * sizeof *all);
    struct tables_page *page = x_alloc(sizeof *page), *back = x_alloc(sizeof *back);
    struct err e = {0};
    for (int i = 0; i < N; i++) {
        all[i] = (struct table_view){.state = i % 2 ? TABLE_WAITING : TABLE_IN_SYNC, .bytes_guess = (uint64_t)i, .left_s = -1};
        snprintf(all[i].name, sizeof all[i].name, "shop.t%03d", i);
    }
    struct tables_wish w = {.find = "T", .show = SHOW_WAITING, .sort = SORT_NAME, .offset = 100}, w_back;
    tables_pick(all, N, &w, page);
    assert_true(page->total == 250 && page->offset == 100 && page->n == 150);
    assert_string_equal(page->table[0].name, "shop.t201");
    assert_string_equal(page->table[149].name, "shop.t499");
    char *json = mon_encode_tables(page), *wish = mon_encode_tables_wish(&w);
    assert_true(mon_decode_tables(back, json, &e) && mon_decode_tables_wish(&w_back, wish, &e));
    assert_memory_equal(&w_back, &w, sizeof w);
    assert_true(back->total == 250 && back->offset == 100 && back->n == 150);
    assert_string_equal(back->table[149].name, "shop.t499");
    w = (struct tables_wish){.sort = SORT_SIZE};
    tables_pick(all, N, &w, page);
    assert_true(page->total == N && page->n == MON_TABLES);
    assert_string_equal(page->table[0].name, "shop.t499");
    w.offset = 1000;
    tables_pick(all, N, &w, page);
    assert_true(page->total == N && page->n == 0);
    static const char *const wrong[] = {"", "[]", "{\"sort\":\"colour\"}", "{\"show\":7}"};
    for (size_t i = 0; i < TG_ARRAY_LEN(wrong); i++)
        assert_false(mon_decode_tables_wish(&w_back, wrong[i], &e));
    assert_true(mon_decode_tables_wish(&w_back, "{\"offset\":-5}", &e) && w_back.offset == 0 && w_back.sort == SORT_RATE);
    assert_false(mon_decode_tables(back, "{\"table_list\":3}", &e));
    free(json);
    free(wish);
    free(all);
    free(page);
    free(back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(round_trip),
        cmocka_unit_test(contract_names),
        cmocka_unit_test(broken_text_and_numbers),
        cmocka_unit_test(rubbish),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
