// SPDX-License-Identifier: Apache-2.0
// The low-water mark against a model, and the ranges that a start finds.
#include "ledger/ledger.h"

#define SAMPLE_BASE_ONLY
#include "../sample.h"

static struct pos at(uint64_t n) // a new file every 50
{
    struct pos p = {.at = n % 50 * 100 + 4};
    snprintf(p.file, sizeof p.file, "binlog.%06u", (unsigned)(n / 50 + 1));
    return p;
}

static void expect_low(struct marks *m, const struct pos *want)
{
    struct pos have;
    char a[96], b[96];
    marks_low(m, &have);
    assert_string_equal(pos_text(&have, a), pos_text(want, b));
}

// Settled positions come once each, in order, and never before the mark has reached them.
static void take_settled(struct marks *m, uint32_t *taken, uint32_t head, size_t room)
{
    struct pos out[64];
    size_t n = marks_take_settled(m, out, room);
    assert_true(n <= room);
    for (size_t i = 0; i < n; i++, ++*taken) {
        struct pos want = at(*taken + 1);
        assert_int_equal(pos_cmp(&out[i], &want), 0);
    }
    assert_true(*taken <= head);
    assert_true(n == room || *taken == head);
}

static void low_is_the_longest_done_head(void **state)
{
    (void)state;
    enum { N = 600 };
    for (uint64_t seed = 0; seed < 30; seed++) {
        struct dice d = {seed};
        bool done[N + 2] = {false};
        uint32_t entered = 0, head = 0, taken = 0, ndone = 0, backlog = 1 + dice_below(&d, 200);
        struct pos begin = at(0);
        struct marks *m = marks_new(&begin);
        while (head < N) {
            if (entered < N && entered - ndone < backlog && dice_below(&d, 2)) {
                struct pos to = at(++entered);
                marks_enter(m, &to, (int64_t)entered * 10);
            } else if (ndone < entered) {
                uint32_t k = head + 1 + dice_below(&d, entered - head);
                while (done[k])
                    k = k == entered ? head + 1 : k + 1;
                struct pos to = at(k);
                done[k] = true;
                ndone++;
                marks_done(m, &to);
                while (head < entered && done[head + 1])
                    head++;
            }
            struct pos low = at(head);
            expect_low(m, &low);
            assert_int_equal(marks_open(m), entered - head);
            assert_int_equal(marks_oldest_ms(m), entered > head ? (int64_t)(head + 1) * 10 : 0);
            if (dice_below(&d, 20) == 0)
                take_settled(m, &taken, head, 1 + dice_below(&d, 64));
        }
        while (taken < N)
            take_settled(m, &taken, head, 64);
        take_settled(m, &taken, head, 64);
        marks_free(m);
    }
}

static void stand_moves_only_an_idle_mark(void **state)
{
    (void)state;
    struct pos begin = {.file = ""}, p[10];
    struct marks *m = marks_new(&begin);
    for (uint32_t i = 0; i < 10; i++)
        p[i] = at(i * 30);
    expect_low(m, &begin);
    marks_stand(m, &p[1]);
    expect_low(m, &p[1]);
    marks_enter(m, &p[2], 5);
    marks_enter(m, &p[3], 6);
    marks_stand(m, &p[4]);
    expect_low(m, &p[1]);
    marks_done(m, &p[3]);
    expect_low(m, &p[1]);
    assert_int_equal(marks_open(m), 2);
    marks_done(m, &p[2]);
    expect_low(m, &p[4]); // all is done, and the stream stood behind it
    assert_int_equal(marks_open(m), 0);
    marks_stand(m, &p[3]); // never back
    expect_low(m, &p[4]);
    marks_enter(m, &p[5], 7);
    marks_done(m, &p[5]);
    expect_low(m, &p[5]);
    marks_free(m);
}

static void applied_ranges(void **state)
{
    (void)state;
    struct ledger_range r[] = {{at(10), at(12)}, {at(12), at(13)}, {at(40), at(60)}, {at(100), at(101)}};
    struct ledger_state s = {.mark = at(5), .applied = r, .napplied = TG_ARRAY_LEN(r)};
    for (uint32_t i = 0; i < 120; i++) {
        struct pos to = at(i);
        bool want = i <= 5 || (i > 10 && i <= 13) || (i > 40 && i <= 60) || i == 101;
        assert_int_equal(ledger_is_applied(&s, &to), want);
    }
    struct ledger_state none = {0};
    struct pos to = at(1);
    assert_false(ledger_is_applied(&none, &to));
}

// A replay after a restart: what the ledger holds is entered and done at once, the rest later; the mark never passes
// a hole.
static void a_replay_keeps_the_mark_below_holes(void **state)
{
    (void)state;
    struct pos begin = at(0);
    struct ledger_range r[] = {{at(2), at(5)}};
    struct ledger_state s = {.mark = begin, .applied = r, .napplied = 1};
    struct marks *m = marks_new(&begin);
    for (uint32_t i = 1; i <= 6; i++) {
        struct pos to = at(i);
        marks_enter(m, &to, 0);
        if (ledger_is_applied(&s, &to))
            marks_done(m, &to);
    }
    expect_low(m, &begin);
    assert_int_equal(marks_open(m), 6);
    for (uint32_t i = 1; i <= 2; i++) {
        struct pos to = at(i);
        marks_done(m, &to);
    }
    struct pos five = at(5);
    expect_low(m, &five);
    marks_free(m);
}

static void texts(void **state)
{
    (void)state;
    struct ledger l;
    struct buf b = {0}, lo = {0}, hi = {0};
    struct pos from = at(1), to = at(2), none = {0}, two[2] = {at(1), at(60)};
    ledger_init(&l, "shop", "src-1");
    ledger_sql_applied(&l, &b, &from, &to, 0, NULL);
    assert_string_equal(b.p, "INSERT INTO tidegate_meta.applied (run,source,to_pos,part,from_pos,gtids) VALUES "
                             "('shop','src-1','binlog.000001:204',0,'binlog.000001:104',NULL)");
    buf_reset(&b);
    ledger_sql_applied(&l, &b, &none, &to, 3, "a'b");
    assert_string_equal(b.p, "INSERT INTO tidegate_meta.applied (run,source,to_pos,part,from_pos,gtids) VALUES "
                             "('shop','src-1','binlog.000001:204',3,'','a\\'b')");
    buf_reset(&b);
    buf_add(&hi, "\0\xff'", 3);
    ledger_sql_chunk(&l, &b, 7, UINT64_MAX >> 1, &lo, &hi, &to, 10, 200);
    assert_string_equal(b.p, "INSERT INTO tidegate_meta.chunk "
                             "(run,source,table_id,chunk_no,lo,hi,at_pos,row_count,byte_count) VALUES "
                             "('shop','src-1',7,9223372036854775807,NULL,x'00ff27','binlog.000001:204',10,200)");
    buf_reset(&b);
    ledger_sql_compact(&l, &b, two, 2);
    assert_string_equal(b.p, "DELETE FROM tidegate_meta.applied WHERE run = 'shop' AND source = 'src-1' AND to_pos IN "
                             "('binlog.000001:104','binlog.000002:1004')");
    buf_reset(&b);
    ledger_sql_mark(&l, &b, &to, 0);
    assert_string_equal(b.p, "UPDATE tidegate_meta.source SET mark_pos = 'binlog.000001:204' WHERE run = 'shop' AND "
                             "source = 'src-1'");
    buf_reset(&b);
    ledger_sql_lane(&l, &b, 3, UINT64_MAX);
    assert_non_null(strstr(b.p, "/* tidegate:shop:src-1"));
    assert_non_null(strstr(b.p, "IF(epoch = 18446744073709551615, seq + 1, NULL)"));
    assert_non_null(strstr(b.p, "run = 'shop' AND lane = 3"));
    buf_release(&b);
    buf_release(&hi);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(low_is_the_longest_done_head),
        cmocka_unit_test(stand_moves_only_an_idle_mark),
        cmocka_unit_test(applied_ranges),
        cmocka_unit_test(a_replay_keeps_the_mark_below_holes),
        cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
