// SPDX-License-Identifier: Apache-2.0
// Where a copied chunk waits: exactly the rows whose keys were seen meanwhile are left out.
#include "batch/window.h"

#include "../sample.h"

struct env {
    struct tab tab;
    struct cancel *cancel;
    struct budget *budget;
};

static void env_begin(struct env *v, const char *sql)
{
    *v = (struct env){.tab = {.id = 3}, .cancel = cancel_new()};
    v->budget = budget_new(1000000, v->cancel);
    tab_set_def(&v->tab, table_of(sql));
}

static void env_end(struct env *v)
{
    assert_null(v->tab.windows);
    assert_int_equal(budget_held(v->budget), 0); // all came back
    table_drop(v->tab.def);
    budget_free(v->budget);
    cancel_free(v->cancel);
}

static struct window *open_window(struct env *v, size_t limit)
{
    struct pos s = {"bin.000001", 100};
    struct window *w = window_open(&v->tab, &s, limit);
    w->chunk = x_alloc(sizeof *w->chunk);
    w->chunk->tab = &v->tab;
    w->chunk->number = 77;
    return w;
}

static void add_row(struct window *w, const struct cell *cells)
{
    row_pack(&w->rows.data, cells, w->def->ncolumns);
    w->rows.n++;
}

static void reserve(struct env *v, struct window *w, size_t cost)
{
    assert_true(budget_take(v->budget, cost));
    w->cost = cost;
    w->budget = v->budget;
    w->bytes = cost / 2;
}

// Keys that differ in case, trailing space, NUL or where one part ends and the next begins are different rows.
static const struct cell keys[][2] = {
    {{"a", 1}, {"b", 1}},   {{"A", 1}, {"b", 1}},  {{"a ", 2}, {"b", 1}}, {{"ab", 2}, {"", 0}},
    {{"", 0}, {"ab", 2}},   {{"a\0", 2}, {"b", 1}}, {{"", 0}, {"", 0}},    {{"a", 1}, {"b\0", 2}},
    {{"a\0b", 3}, {"", 0}}, {{"\xc3\xa4", 2}, {"b", 1}},
};
static const char two_parts[] = "CREATE TABLE t (p VARCHAR(20) NOT NULL, v INT, q VARBINARY(20) NOT NULL, PRIMARY KEY (q, p))"
                                " COLLATE utf8mb4_general_ci";

static void exactly_the_seen_keys_are_dropped(void **state)
{
    (void)state;
    enum { N = TG_ARRAY_LEN(keys) };
    for (uint32_t seen = 0; seen < 1u << N; seen += 3) {
        struct env v;
        env_begin(&v, two_parts);
        struct window *w = open_window(&v, 1 << 20);
        for (uint32_t i = 0; i < N; i++) {
            struct cell row[3] = {keys[i][0], CELL("1"), keys[i][1]}, other[3] = {keys[i][0], NULL_CELL, keys[i][1]};
            add_row(w, row);
            if (seen >> i & 1) { // other columns don't matter, and twice is once
                window_remember(&v.tab, v.tab.def, other);
                window_remember(&v.tab, v.tab.def, row);
            }
        }
        reserve(&v, w, 500);
        window_unlink(w);
        struct pos c = {"bin.000001", 200};
        struct batch *b = window_to_batch(w, &c);
        window_free(w);
        assert_int_equal(budget_held(v.budget), 500); // the batch has it now
        assert_int_equal(b->parts[0].ins.n, N - (uint32_t)__builtin_popcount(seen));
        const char *p = b->parts[0].ins.data.p;
        for (uint32_t i = 0; i < N; i++) {
            struct cell cells[3];
            if (seen >> i & 1)
                continue;
            p += row_unpack(p, 3, cells);
            assert_int_equal(cells[0].n, keys[i][0].n);
            assert_memory_equal(cells[0].p, keys[i][0].p, cells[0].n);
            assert_int_equal(cells[2].n, keys[i][1].n);
            assert_memory_equal(cells[2].p, keys[i][1].p, cells[2].n);
        }
        assert_true(!p || p == b->parts[0].ins.data.p + b->parts[0].ins.data.n);
        batch_free(b);
        env_end(&v);
    }
}

static void the_batch_of_a_chunk(void **state)
{
    (void)state;
    struct env v;
    env_begin(&v, "CREATE TABLE t (a INT NOT NULL PRIMARY KEY)");
    struct window *w = open_window(&v, 1000);
    struct cell one = CELL("5"), key = CELL("9");
    add_row(w, &one);
    row_pack(&w->chunk->hi, &key, 1);
    w->chunk->has_hi = true;
    reserve(&v, w, 80);
    window_unlink(w);
    struct pos c = {"bin.000002", 4};
    struct batch *b = window_to_batch(w, &c);
    assert_int_equal(b->kind, BATCH_CHUNK);
    assert_int_equal(pos_cmp(&b->to, &c), 0);
    assert_int_equal(b->chunk.number, 77);
    assert_int_equal(b->chunk.bytes, 40);
    assert_true(b->chunk.has_hi && !b->chunk.has_lo && b->chunk.lo.n == 0);
    assert_int_equal(b->chunk.hi.n, w->chunk->hi.n);
    assert_memory_equal(b->chunk.hi.p, w->chunk->hi.p, b->chunk.hi.n);
    assert_false(b->parts[0].must_find);
    assert_int_equal(b->parts[0].del.n, 0);
    assert_int_equal(b->alone.n, 1);
    window_free(w);
    batch_free(b);

    w = open_window(&v, 1000); // empty: still a batch, for its ledger row, ordered with DDL on the table
    window_unlink(w);
    b = window_to_batch(w, &c);
    assert_int_equal(b->parts[0].ins.n, 0);
    assert_int_equal(b->shared.n, 1);
    assert_int_equal(b->shared.list[0], dep_table(&v.tab));
    window_free(w);
    batch_free(b);
    env_end(&v);
}

static void windows_of_a_table_are_apart(void **state)
{
    (void)state;
    struct env v;
    struct pos c = {"bin.000001", 200};
    env_begin(&v, "CREATE TABLE t (a INT NOT NULL PRIMARY KEY)");
    struct cell row[3] = {CELL("1"), CELL("2"), CELL("3")};
    struct window *w[3];
    for (int i = 0; i < 3; i++) { // each remembers what came after it was opened
        w[i] = open_window(&v, 1000);
        for (int k = 0; k < 3; k++)
            add_row(w[i], &row[k]);
        window_remember(&v.tab, v.tab.def, &row[i]);
    }
    window_unlink(w[1]);
    window_unlink(w[0]);
    window_unlink(w[2]);
    window_unlink(w[2]); // twice does no harm
    for (int i = 0; i < 3; i++) {
        struct batch *b = window_to_batch(w[i], &c);
        assert_int_equal(b->parts[0].ins.n, i);
        batch_free(b);
        window_free(w[i]);
    }
    env_end(&v);
}

static void too_many_keys_discard(void **state)
{
    (void)state;
    struct env v;
    env_begin(&v, "CREATE TABLE t (a INT NOT NULL PRIMARY KEY)");
    struct window *small = open_window(&v, 2000), *large = open_window(&v, 1 << 20);
    size_t most = 0;
    for (int i = 0; i < 200; i++) {
        char text[12];
        snprintf(text, sizeof text, "%d", i);
        struct cell row = cell_of(text);
        window_remember(&v.tab, v.tab.def, &row);
        window_remember(&v.tab, v.tab.def, &row);
        assert_true(small->seen_bytes <= 2000);
        most = TG_MAX(most, small->seen_bytes);
    }
    assert_true(most > 0);
    assert_true(small->is_discarded);
    assert_null(small->seen); // its memory is given back at once
    assert_false(large->is_discarded);
    window_discard_all(&v.tab);
    assert_true(large->is_discarded);
    reserve(&v, large, 100);
    window_unlink(small);
    window_unlink(large);
    struct chunk *k = small->chunk; // taken out before, to be read again
    small->chunk = NULL;
    window_free(small);
    chunk_free(k);
    window_free(large);
    chunk_free(NULL);
    window_free(NULL);
    env_end(&v);
}

static void a_window_keeps_its_definition(void **state)
{
    (void)state;
    struct env v;
    struct pos c = {"bin.000001", 200};
    env_begin(&v, "CREATE TABLE t (a INT NOT NULL PRIMARY KEY, b INT)");
    struct window *w = open_window(&v, 1000);
    struct cell row[2] = {CELL("1"), NULL_CELL};
    add_row(w, row);
    tab_set_def(&v.tab, NULL); // dropped meanwhile
    window_unlink(w);
    struct batch *b = window_to_batch(w, &c);
    assert_int_equal(b->parts[0].def->ncolumns, 2);
    window_free(w);
    batch_free(b);
    env_end(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_the_seen_keys_are_dropped),
        cmocka_unit_test(the_batch_of_a_chunk),
        cmocka_unit_test(windows_of_a_table_are_apart),
        cmocka_unit_test(too_many_keys_discard),
        cmocka_unit_test(a_window_keeps_its_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
