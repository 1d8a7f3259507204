// SPDX-License-Identifier: Apache-2.0
// Cutting ranges and finding the holes, over a model key space of the numbers below KEYS (KEYS is infinity), through many restarts.
#include "copy/private.h"

#include "../sample.h"

enum { KEYS = 3000, MAX_CHUNKS = 8000 };

struct done {                         // what the ledger holds: (lo, hi], 0 and KEYS: open
    uint64_t number;
    uint32_t lo, hi;
};
struct model {
    struct dice d;
    struct tab tab;
    struct done done[MAX_CHUNKS];
    size_t ndone;
    struct chunk *open[MAX_CHUNKS];
    size_t nopen;
};

static uint32_t key_of(const struct buf *packed, uint32_t if_open)
{
    struct cell c;
    char text[16];
    if (!packed->n)
        return if_open;
    row_unpack(packed->p, 1, &c);
    snprintf(text, sizeof text, "%.*s", (int)c.n, c.p);
    return (uint32_t)atoi(text);
}

static void pack_key(struct buf *out, uint32_t key)
{
    char text[16];
    snprintf(text, sizeof text, "%u", key);
    struct cell c = cell_of(text);
    row_pack(out, &c, 1);
}

static void cut_at(struct model *m, struct chunk *k, uint32_t key, bool in_half)
{
    struct buf packed = {0};
    struct cell c;
    uint64_t number = k->number, end = k->space_end;
    uint32_t hi = key_of(&k->hi, KEYS);
    bool had_hi = k->has_hi;
    pack_key(&packed, key);
    row_unpack(packed.p, 1, &c);
    struct chunk *rest = chunk_split(k, &c, 1, in_half);
    buf_release(&packed);
    if (had_hi && hi == key) {
        assert_null(rest);
        assert_true(k->number == number && k->space_end == end);
        return;
    }
    assert_int_equal(k->number, number);
    assert_true(k->space_end >= number && k->space_end < rest->number);
    assert_int_equal(rest->space_end, end);
    assert_int_equal(key_of(&k->hi, 0), key);
    assert_int_equal(key_of(&rest->lo, 0), key);
    assert_int_equal(key_of(&rest->hi, KEYS), hi);
    assert_int_equal(rest->has_hi, had_hi);
    assert_int_equal(rest->want_rows, 0);
    assert_true(m->nopen < MAX_CHUNKS);
    m->open[m->nopen++] = rest;
}

static void commit(struct model *m, struct chunk *k)
{
    assert_true(m->ndone < MAX_CHUNKS);
    m->done[m->ndone++] = (struct done){k->number, key_of(&k->lo, 0), key_of(&k->hi, KEYS)};
    chunk_free(k);
}

static int by_number(const void *a, const void *b)
{
    const struct done *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

// Forgets all that is open, as a killed engine does, and plans anew from the ledger.
static size_t restart(struct model *m)
{
    struct ledger_chunk *chunks = x_alloc((m->ndone + 2) * sizeof *chunks);
    struct ledger_state found = {.chunks = chunks, .nchunks = m->ndone + 2};
    struct chunk **holes;
    while (m->nopen)
        chunk_free(m->open[--m->nopen]);
    qsort(m->done, m->ndone, sizeof *m->done, by_number);
    chunks[0] = (struct ledger_chunk){.table_id = 1, .number = 5};             // of other tables
    chunks[m->ndone + 1] = (struct ledger_chunk){.table_id = 9, .number = 5};
    for (size_t i = 0; i < m->ndone; i++) {
        struct ledger_chunk *k = &chunks[i + 1];
        *k = (struct ledger_chunk){.table_id = 2, .number = m->done[i].number, .rows = 3, .bytes = 7};
        k->at = (struct pos){"bin.000001", 1000 + (i * 7919) % 1000};
        if (m->done[i].lo > 0)
            pack_key(&k->lo, m->done[i].lo);
        if (m->done[i].hi < KEYS)
            pack_key(&k->hi, m->done[i].hi);
    }
    size_t n = copy_holes(&m->tab, &found, &holes);
    assert_true(n < MAX_CHUNKS);
    for (size_t i = n; i > 0; i--) // the first is taken first
        m->open[m->nopen++] = holes[i - 1];
    free(holes);
    for (size_t i = 0; i < found.nchunks; i++) {
        buf_release(&chunks[i].lo);
        buf_release(&chunks[i].hi);
    }
    free(chunks);
    return n;
}

// Holes and what is done, by number, are the whole key space, once each and in order.
static void check_cover(const struct model *m, size_t nholes)
{
    size_t d = 0, h = nholes;
    uint32_t at = 0;
    uint64_t number = 0;
    while (d < m->ndone || h) {
        const struct chunk *hole = h ? m->open[h - 1] : NULL;
        if (hole && (d == m->ndone || hole->number < m->done[d].number)) {
            assert_int_equal(key_of(&hole->lo, 0), at);
            assert_int_equal(hole->has_lo, at != 0);
            assert_true(hole->number > number && hole->space_end >= hole->number);
            assert_int_equal(hole->has_hi, hole->hi.n != 0);
            assert_ptr_equal(hole->tab, &m->tab);
            at = key_of(&hole->hi, KEYS);
            number = hole->space_end;
            h--;
        } else {
            assert_int_equal(m->done[d].lo, at);
            assert_true(m->done[d].number > number);
            at = m->done[d].hi;
            number = m->done[d++].number;
        }
    }
    assert_int_equal(at, KEYS);
}

// One chunk of a reader: cut, perhaps discarded, failed or cut while reading, perhaps committed.
static void read_one(struct model *m, uint32_t most)
{
    size_t pick = dice_below(&m->d, 4) ? m->nopen - 1 : dice_below(&m->d, (uint32_t)m->nopen);
    struct chunk *k = m->open[pick];
    memmove(m->open + pick, m->open + pick + 1, (--m->nopen - pick) * sizeof(void *));
    uint32_t lo = key_of(&k->lo, 0), hi = key_of(&k->hi, KEYS);
    uint32_t rows = k->want_rows ? k->want_rows : 1 + dice_below(&m->d, most);
    if (lo + rows <= TG_MIN(hi, KEYS - 1u) && chunk_has_numbers(k)) {
        cut_at(m, k, lo + rows, k->want_rows != 0);
        k->want_rows = rows;
        hi = lo + rows;
    }
    switch (dice_below(&m->d, 8)) {
    case 0: // a failed read
        m->open[m->nopen++] = k;
        return;
    case 1: // discarded
        k->want_rows = TG_MAX(rows / 2, 1u);
        m->open[m->nopen++] = k;
        return;
    case 2: // too many bytes
        hi = TG_MIN(hi, KEYS - 1u);
        if (hi > lo && k->space_end > k->number)
            cut_at(m, k, lo + 1 + dice_below(&m->d, hi - lo), false);
        break;
    default:
        break;
    }
    if (dice_below(&m->d, 10)) // else in flight when the engine ends
        commit(m, k);
    else
        chunk_free(k);
}

static void holes_and_done_cover_all_once(void **state)
{
    (void)state;
    struct model *m = x_alloc(sizeof *m);
    for (uint64_t seed = 0; seed < 40; seed++) {
        *m = (struct model){.d = {seed}, .tab = {.id = 2}};
        size_t holes = restart(m);
        assert_int_equal(holes, 1);
        assert_false(m->open[0]->has_lo || m->open[0]->has_hi);
        for (uint32_t round = 0; holes; round++) {
            assert_int_equal(m->tab.copy, TAB_COPYING);
            assert_int_equal(m->tab.chunks_planned, holes);
            uint32_t steps = 1 + dice_below(&m->d, 60);
            for (uint32_t i = 0; i < steps && m->nopen; i++)
                read_one(m, round < 3 ? 40 : 100 * round);
            m->tab.end = (struct pos){0};
            atomic_store(&m->tab.count.rows_read, 0);
            holes = restart(m);
            check_cover(m, holes);
            assert_int_equal(atomic_load(&m->tab.count.rows_read), 3 * m->ndone);
        }
        assert_int_equal(m->tab.copy, TAB_COMPLETE);
        uint64_t last = 0;
        for (size_t i = 0; i < m->ndone; i++)
            last = TG_MAX(last, 1000 + (i * 7919) % 1000);
        assert_int_equal(m->tab.end.at, last);
    }
    free(m);
}

// A reader whose SELECT fails again and again asks for the same border each time; that costs no numbers.
static void a_failed_chunk_is_not_cut_again(void **state)
{
    (void)state;
    struct model *m = x_alloc(sizeof *m);
    *m = (struct model){.tab = {.id = 2}};
    restart(m);
    struct chunk *k = m->open[--m->nopen];
    for (int i = 0; i < 100; i++)
        cut_at(m, k, 10, i > 0);
    assert_int_equal(m->nopen, 1);
    commit(m, k);
    size_t holes = restart(m);
    assert_int_equal(holes, 1);
    check_cover(m, holes);
    chunk_free(m->open[0]);
    free(m);
}

// A hot chunk comes back half as large until it holds one row.
static void a_chunk_can_be_halved_to_one_row(void **state)
{
    (void)state;
    struct model *m = x_alloc(sizeof *m);
    *m = (struct model){.tab = {.id = 2}};
    restart(m);
    struct chunk *k = m->open[--m->nopen];
    for (uint32_t rows = 2048; rows; rows /= 2) {
        assert_true(chunk_has_numbers(k));
        cut_at(m, k, rows, rows < 2048);
    }
    assert_true(chunk_has_numbers(k));
    commit(m, k);
    size_t holes = restart(m);
    check_cover(m, holes);
    chunk_free(m->open[0]);
    free(m);
}

// The number of a table's chunks is not bounded by anything a table reaches.
static void numbers_last_for_millions_of_chunks(void **state)
{
    (void)state;
    struct tab tab = {.id = 2};
    struct chunk *k, **holes;
    struct ledger_state none = {0};
    assert_int_equal(copy_holes(&tab, &none, &holes), 1);
    k = holes[0];
    free(holes);
    for (uint32_t i = 0; i < 2000000; i++) {
        struct cell border = {(const char *)&i, sizeof i};
        struct chunk *rest = chunk_split(k, &border, 1, false);
        assert_true(k->space_end - k->number + 1 == (uint64_t)1 << 32);
        chunk_free(k);
        k = rest;
    }
    chunk_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holes_and_done_cover_all_once),
        cmocka_unit_test(a_failed_chunk_is_not_cut_again),
        cmocka_unit_test(a_chunk_can_be_halved_to_one_row),
        cmocka_unit_test(numbers_last_for_millions_of_chunks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
