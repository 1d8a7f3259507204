// SPDX-License-Identifier: Apache-2.0
// The merge against a model: a source that changes row by row, and a target to which only the batches are applied.
#include "follow/private.h"

#include "../sample.h"

// ---- a table with a composite key whose text part is compared without case, and a secondary unique key ----

enum { NUMBERS = 6, VARIANTS = 4, SLOTS = NUMBERS * VARIANTS };
static const char *const variants[VARIANTS] = {"a", "A", "b", "B"};

struct row {
    bool is_there;
    int u;                            // 0: NULL; else alone in the table
    unsigned v;
};
struct keyed {
    struct row rows[SLOTS];
};

static uint32_t slot_of(const char *n, const char *k)
{
    for (uint32_t i = 0; i < VARIANTS; i++)
        if (strcmp(variants[i], k) == 0)
            return (uint32_t)atoi(n) * VARIANTS + i;
    fail_msg("no such key: %s", k);
    return 0;
}

// The same row to the server: 'a' and 'A' can't both be there.
static bool is_taken(const struct keyed *t, uint32_t slot)
{
    return t->rows[slot].is_there || t->rows[slot ^ 1].is_there;
}

static bool has_u(const struct keyed *t, int u)
{
    for (uint32_t i = 0; u && i < SLOTS; i++)
        if (t->rows[i].is_there && t->rows[i].u == u)
            return true;
    return false;
}

static size_t pack_keyed(struct buf *out, uint32_t slot, const struct row *r)
{
    char n[12], u[12], v[12];
    size_t at = out->n;
    snprintf(n, sizeof n, "%u", slot / VARIANTS);
    snprintf(u, sizeof u, "%d", r->u);
    snprintf(v, sizeof v, "%u", r->v);
    struct cell cells[] = {cell_of(v), cell_of(variants[slot % VARIANTS]), cell_of(n), cell_of(r->u ? u : NULL)};
    row_pack(out, cells, TG_ARRAY_LEN(cells));
    return at;
}

struct run {
    struct dice d;
    struct merge *merge;
    struct tab tab;
    struct keyed source, target;
    bool touched[SLOTS], must_find;
    struct buf scratch;
};

static void change(struct run *r, enum rows_action action, uint32_t from, uint32_t to, struct row after)
{
    buf_reset(&r->scratch);
    size_t a = pack_keyed(&r->scratch, from, &r->source.rows[from]);
    size_t b = pack_keyed(&r->scratch, to, &after);
    merge_change(r->merge, &r->tab, action, r->scratch.p + a, r->scratch.p + b, r->must_find);
    memset(r->scratch.p, 'x', r->scratch.n); // nothing of it may be kept
    if (action != ROWS_WRITE) {
        r->source.rows[from] = (struct row){0};
        r->touched[from] = true;
    }
    if (action != ROWS_DELETE) {
        after.is_there = true;
        r->source.rows[to] = after;
        r->touched[to] = true;
    }
}

static int free_u(struct run *r)
{
    int u = (int)dice_below(&r->d, 12);
    return has_u(&r->source, u) ? 0 : u;
}

static void swap_u(struct run *r, uint32_t x, uint32_t y)
{
    struct row a = r->source.rows[x], b = r->source.rows[y], t = a;
    int u = a.u;
    t.u = 0;
    change(r, ROWS_UPDATE, x, x, t);
    a.u = b.u;
    b.u = u;
    change(r, ROWS_UPDATE, y, y, b);
    change(r, ROWS_UPDATE, x, x, a);
}

static void random_change(struct run *r)
{
    uint32_t x = dice_below(&r->d, SLOTS), y = dice_below(&r->d, SLOTS);
    struct row after = {.u = free_u(r), .v = dice_below(&r->d, 1000)};
    if (!r->source.rows[x].is_there) {
        if (!is_taken(&r->source, x))
            change(r, ROWS_WRITE, x, x, after);
        return;
    }
    switch (dice_below(&r->d, 5)) {
    case 0:
        change(r, ROWS_DELETE, x, x, after);
        return;
    case 1: // another key, or the other case of the same
        if (y == (x ^ 1) || !is_taken(&r->source, y))
            change(r, ROWS_UPDATE, x, y, after);
        return;
    case 2:
        if (x != y && r->source.rows[y].is_there)
            swap_u(r, x, y);
        return;
    default:
        after.u = r->source.rows[x].u;
        change(r, ROWS_UPDATE, x, x, after);
    }
}

static void apply_keyed(struct run *r, const struct batch *b)
{
    bool deleted[SLOTS] = {false};
    struct cell cells[4];
    char text[4][16];
    if (b->nparts == 0)
        return;
    assert_int_equal(b->nparts, 1);
    const struct batch_part *part = &b->parts[0];
    assert_int_equal(part->must_find, r->must_find);
    const char *p = part->del.data.p;
    for (uint32_t i = 0; i < part->del.n; i++) {
        p += row_unpack(p, 2, cells);
        for (int k = 0; k < 2; k++)
            snprintf(text[k], sizeof text[k], "%.*s", (int)cells[k].n, cells[k].p);
        uint32_t slot = slot_of(text[0], text[1]); // in the order of the key: n, k
        assert_false(deleted[slot]);
        assert_true(!r->must_find || r->target.rows[slot].is_there);
        deleted[slot] = true;
        r->target.rows[slot].is_there = false;
    }
    assert_true(p == part->del.data.p + part->del.data.n);
    for (uint32_t i = 0; i < SLOTS && !r->must_find; i++)
        assert_int_equal(deleted[i], r->touched[i]);
    p = part->ins.data.p;
    for (uint32_t i = 0; i < part->ins.n; i++) {
        p += row_unpack(p, 4, cells);
        for (int k = 0; k < 4; k++)
            snprintf(text[k], sizeof text[k], "%.*s", (int)cells[k].n, cells[k].p ? cells[k].p : "");
        uint32_t slot = slot_of(text[2], text[1]);
        struct row row = {true, atoi(text[3]), (unsigned)atoi(text[0])};
        assert_false(is_taken(&r->target, slot)); // 1062
        assert_false(has_u(&r->target, row.u));
        r->target.rows[slot] = row;
    }
    assert_true(p == part->ins.data.p + part->ins.data.n);
}

static void compare_keyed(const struct run *r, const struct keyed *before)
{
    for (uint32_t i = 0; i < SLOTS; i++) {
        const struct row *have = &r->target.rows[i];
        const struct row *want = r->must_find || r->touched[i] ? &r->source.rows[i] : &before->rows[i];
        assert_int_equal(have->is_there, want->is_there);
        if (have->is_there) {
            assert_int_equal(have->u, want->u);
            assert_int_equal(have->v, want->v);
        }
    }
}

static void one_keyed_batch(struct run *r, uint32_t n)
{
    struct keyed before = r->target;
    struct pos from = {"bin.000001", n}, to = {"bin.000001", n + 1};
    memset(r->touched, 0, sizeof r->touched);
    assert_true(merge_is_empty(r->merge));
    uint32_t changes = dice_below(&r->d, 30);
    for (uint32_t i = 0; i < changes; i++)
        random_change(r);
    merge_txn(r->merge, &from, &to, "", 5);
    struct batch *b = merge_take(r->merge);
    apply_keyed(r, b);
    compare_keyed(r, &before);
    batch_free(b);
}

static struct run run_new(uint64_t seed, const char *sql, bool must_find)
{
    struct run r = {.d = {seed}, .merge = merge_new(), .tab = {.id = 1}, .must_find = must_find};
    tab_set_def(&r.tab, table_of(sql));
    return r;
}

static void run_release(struct run *r)
{
    merge_free(r->merge);
    table_drop(r->tab.def);
    buf_release(&r->scratch);
}

static const char keyed_sql[] = "CREATE TABLE t (v INT, k VARCHAR(10) NOT NULL, n INT NOT NULL, u INT,"
                                " PRIMARY KEY (n, k), UNIQUE KEY u (u)) COLLATE utf8mb4_general_ci";

static void keyed_after_the_end(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct run r = run_new(seed, keyed_sql, true);
        for (uint32_t i = 0; i < 50; i++)
            one_keyed_batch(&r, i);
        run_release(&r);
    }
}

// The copy still goes on: the target holds any part of the source.
static void keyed_before_the_end(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct run r = run_new(seed, keyed_sql, false);
        for (uint32_t i = 0; i < 50; i++) {
            r.target = r.source;
            for (uint32_t k = 0; k < SLOTS; k++)
                if (dice_below(&r.d, 2))
                    r.target.rows[k] = (struct row){0};
            one_keyed_batch(&r, i);
        }
        run_release(&r);
    }
}

// ---- a bag of rows ----

enum { KINDS = 9 };
static const char *const words[3] = {NULL, "", "x"};

static size_t pack_bag(struct buf *out, uint32_t kind)
{
    static const char *const digits[3] = {"0", "1", "2"};
    struct cell cells[] = {cell_of(words[kind % 3]), cell_of(digits[kind / 3])};
    size_t at = out->n;
    row_pack(out, cells, 2);
    return at;
}

static uint32_t unpack_bag(const char **p)
{
    struct cell c[2];
    *p += row_unpack(*p, 2, c);
    return (uint32_t)(c[1].p[0] - '0') * 3 + (!c[0].p ? 0 : c[0].n ? 2 : 1);
}

static void bag_change(struct run *r, uint32_t source[KINDS])
{
    uint32_t x = dice_below(&r->d, KINDS), y = dice_below(&r->d, KINDS);
    enum rows_action action = (enum rows_action[]){ROWS_WRITE, ROWS_UPDATE, ROWS_DELETE}[dice_below(&r->d, 3)];
    if (action != ROWS_WRITE && !source[x])
        return;
    buf_reset(&r->scratch);
    size_t a = pack_bag(&r->scratch, x), b = pack_bag(&r->scratch, y);
    merge_change(r->merge, &r->tab, action, r->scratch.p + a, r->scratch.p + b, true);
    source[x] -= action != ROWS_WRITE;
    source[y] += action != ROWS_DELETE;
}

static void one_bag_batch(struct run *r, uint32_t source[KINDS], uint32_t target[KINDS])
{
    struct pos from = {"bin.000001", 1}, to = {"bin.000001", 2};
    bool deleted[KINDS] = {false};
    for (uint32_t i = dice_below(&r->d, 40); i; i--)
        bag_change(r, source);
    merge_txn(r->merge, &from, &to, "", 5);
    struct batch *b = merge_take(r->merge);
    if (b->nparts) {
        const char *p = b->parts[0].del.data.p;
        for (uint32_t i = 0; i < b->parts[0].del.n; i++) {
            uint32_t kind = unpack_bag(&p);
            assert_true(target[kind] > 0);
            target[kind]--;
            deleted[kind] = true;
        }
        p = b->parts[0].ins.data.p;
        for (uint32_t i = 0; i < b->parts[0].ins.n; i++) {
            uint32_t kind = unpack_bag(&p);
            assert_false(deleted[kind]); // what comes and goes cancels out
            target[kind]++;
        }
    }
    assert_memory_equal(source, target, KINDS * sizeof *source);
    batch_free(b);
}

static void a_bag_of_rows(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct run r = run_new(seed, "CREATE TABLE t (w VARCHAR(10), n INT)", true);
        uint32_t source[KINDS] = {0}, target[KINDS] = {0};
        assert_true(r.tab.is_keyless);
        for (uint32_t i = 0; i < 50; i++)
            one_bag_batch(&r, source, target);
        run_release(&r);
    }
}

// ---- the rest ----

static void positions_and_gtids(void **state)
{
    (void)state;
    struct merge *m = merge_new();
    struct pos p[4] = {{"bin.000001", 1}, {"bin.000001", 9}, {"bin.000002", 4}, {"bin.000002", 8}};
    assert_null(merge_take(m));
    assert_true(merge_is_empty(m));
    merge_txn(m, &p[0], &p[1], "g:1", 100);
    merge_txn(m, &p[1], &p[2], "", 101);
    merge_txn(m, &p[2], &p[3], "g:3", 102);
    assert_false(merge_is_empty(m));
    assert_int_equal(merge_txs(m), 3);
    struct batch *b = merge_take(m);
    assert_string_equal(b->gtids, "g:1,g:3");
    assert_int_equal(pos_cmp(&b->from, &p[0]), 0);
    assert_int_equal(pos_cmp(&b->to, &p[3]), 0);
    assert_int_equal(b->ntx, 3);
    assert_int_equal(b->commit_ms, 102000);
    assert_int_equal(b->kind, BATCH_STREAM);
    batch_free(b);
    assert_true(merge_is_empty(m));
    assert_int_equal(merge_txs(m), 0);
    merge_txn(m, &p[2], &p[3], "", 102);
    b = merge_take(m);
    assert_null(b->gtids); // nothing is left of the one before
    assert_int_equal(pos_cmp(&b->from, &p[2]), 0);
    batch_free(b);
    merge_free(m);
}

static void a_merge_keeps_modes_and_definitions_apart(void **state)
{
    (void)state;
    struct run r = run_new(1, keyed_sql, true);
    struct tab other = {.id = 2};
    tab_set_def(&other, table_of("CREATE TABLE o (w VARCHAR(10), n INT)"));
    assert_true(merge_takes(r.merge, &r.tab, true));
    assert_true(merge_takes(r.merge, &r.tab, false));
    change(&r, ROWS_WRITE, 0, 0, (struct row){.u = 1});
    assert_true(merge_takes(r.merge, &r.tab, true));
    assert_false(merge_takes(r.merge, &r.tab, false));
    assert_true(merge_takes(r.merge, &other, false));
    pack_bag((buf_reset(&r.scratch), &r.scratch), 4);
    merge_change(r.merge, &other, ROWS_WRITE, NULL, r.scratch.p, true);
    tab_set_def(&r.tab, table_of(keyed_sql)); // equal, but another: a DDL was between
    assert_false(merge_takes(r.merge, &r.tab, true));
    struct pos p = {"bin.000001", 1};
    merge_txn(r.merge, &p, &p, "", 0);
    struct batch *b = merge_take(r.merge);
    assert_int_equal(b->nparts, 2);
    assert_ptr_equal(b->parts[0].tab, &r.tab);
    assert_ptr_not_equal(b->parts[0].def, r.tab.def);
    assert_ptr_equal(b->parts[1].tab, &other);
    assert_int_equal(b->parts[0].ins.n + b->parts[1].ins.n, 2);
    batch_free(b);
    table_drop(other.def);
    run_release(&r);
}

static bool has_key(const struct batch *b, const struct batch *row)
{
    for (uint32_t i = 0; i < row->alone.n; i++) {
        bool found = false;
        for (uint32_t k = 0; k < b->alone.n; k++)
            found = found || b->alone.list[k] == row->alone.list[i];
        if (!found)
            return false;
    }
    return true;
}

// Compacting forgets rows, never keys: what came and went inside the batch still orders it.
static void dependencies_of_every_image(void **state)
{
    (void)state;
    struct run r = run_new(1, keyed_sql, true);
    struct row image[3] = {{.u = 1, .v = 1}, {.u = 2, .v = 2}, {.u = 3, .v = 3}};
    change(&r, ROWS_WRITE, 0, 0, image[0]);
    change(&r, ROWS_UPDATE, 0, 6, image[1]);
    change(&r, ROWS_UPDATE, 6, 6, image[2]);
    change(&r, ROWS_DELETE, 6, 6, image[2]);
    struct pos p = {"bin.000001", 1};
    merge_txn(r.merge, &p, &p, "", 0);
    struct batch *b = merge_take(r.merge);
    assert_int_equal(b->parts[0].del.n + b->parts[0].ins.n, 0);
    for (uint32_t i = 0; i < 3; i++) {
        struct batch *one = batch_new(BATCH_STREAM);
        struct cell cells[4];
        buf_reset(&r.scratch);
        pack_keyed(&r.scratch, i ? 6 : 0, &image[i]);
        row_unpack(r.scratch.p, 4, cells);
        batch_dep_row(one, &r.tab, r.tab.def, cells);
        assert_int_equal(one->alone.n, 2);
        assert_true(has_key(b, one));
        batch_free(one);
    }
    batch_free(b);
    run_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keyed_after_the_end),
        cmocka_unit_test(keyed_before_the_end),
        cmocka_unit_test(a_bag_of_rows),
        cmocka_unit_test(positions_and_gtids),
        cmocka_unit_test(a_merge_keeps_modes_and_definitions_apart),
        cmocka_unit_test(dependencies_of_every_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
