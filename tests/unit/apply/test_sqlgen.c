// SPDX-License-Identifier: Apache-2.0
// Batches to packets of statements.
#include "apply/private.h"

#include "../sample.h"

static const struct sql_limits tidb = {.flavour = DB_TIDB, .statement_bytes = 1 << 16, .packet_bytes = 1 << 18};
static const struct sql_limits maria = {.flavour = DB_MARIADB, .statement_bytes = 1 << 16, .packet_bytes = 1 << 18};

struct env {
    struct tab tab;
    struct batch *b;
    struct batch_part *part;
};

static void env_begin(struct env *v, const char *sql, bool must_find)
{
    *v = (struct env){.tab = {.id = 1}};
    tab_set_def(&v->tab, table_of(sql));
    v->b = batch_new(BATCH_STREAM);
    v->part = batch_part(v->b, &v->tab, v->tab.def, must_find);
}

static void env_end(struct env *v)
{
    batch_free(v->b);
    table_drop(v->tab.def);
}

static void add(struct rows *to, const struct cell *cells, uint32_t n)
{
    row_pack(&to->data, cells, n);
    to->n++;
}
#define ADD(rows, ...) add(rows, (struct cell[]){__VA_ARGS__}, sizeof((struct cell[]){__VA_ARGS__}) / sizeof(struct cell))

static void expect_sql(const struct env *v, const struct sql_limits *l, const char *want)
{
    struct packet *p = x_alloc(sizeof *p);
    struct cursor c = {0};
    packet_fill(p, v->b, &c, l);
    assert_true(c.is_at_end);
    assert_string_equal(p->sql.p ? p->sql.p : "", want);
    buf_release(&p->sql);
    free(p);
}

static void inserts_and_deletes(void **state)
{
    (void)state;
    struct env v;
    env_begin(&v, "CREATE TABLE t (a INT NOT NULL PRIMARY KEY, `b``c` VARCHAR(9), f FLOAT)", true);
    expect_sql(&v, &tidb, "");
    ADD(&v.part->ins, CELL("1"), CELL("it's"), CELL("0.5"));
    ADD(&v.part->ins, CELL("2"), NULL_CELL, NULL_CELL);
    expect_sql(&v, &tidb, "INSERT INTO `s`.`t` (`a`,`b``c`,`f`) VALUES (1,'it\\'s',0.5e0),(2,NULL,NULL)");
    ADD(&v.part->del, CELL("1"));
    ADD(&v.part->del, CELL("-7"));
    expect_sql(&v, &tidb, "DELETE FROM `s`.`t` WHERE `a` IN (1,-7);"
                          "INSERT INTO `s`.`t` (`a`,`b``c`,`f`) VALUES (1,'it\\'s',0.5e0),(2,NULL,NULL)");
    env_end(&v);
}

static void names_of_the_target(void **state)
{
    (void)state;
    struct env v;
    env_begin(&v, "CREATE TABLE t (a INT NOT NULL PRIMARY KEY)", false);
    free(v.tab.def->target_schema);
    free(v.tab.def->target_name);
    v.tab.def->target_schema = x_strdup("x");
    v.tab.def->target_name = x_strdup("y`z");
    ADD(&v.part->del, CELL("1"));
    ADD(&v.part->ins, CELL("1"));
    expect_sql(&v, &maria, "DELETE FROM `x`.`y``z` WHERE `a` IN (1);INSERT INTO `x`.`y``z` (`a`) VALUES (1)");
    env_end(&v);
}

static void composite_keys(void **state)
{
    (void)state;
    struct env v;
    env_begin(&v, "CREATE TABLE t (v INT, b VARBINARY(4) NOT NULL, a INT NOT NULL, PRIMARY KEY (a, b))", true);
    ADD(&v.part->del, CELL("1"), CELL("\0"));
    expect_sql(&v, &tidb, "DELETE FROM `s`.`t` WHERE (`a`,`b`) IN ((1,x'00'))");
    ADD(&v.part->del, CELL("2"), CELL(""));
    expect_sql(&v, &tidb, "DELETE FROM `s`.`t` WHERE (`a`,`b`) IN ((1,x'00'),(2,x''))");
    expect_sql(&v, &maria, "DELETE FROM `s`.`t` WHERE ((`a`=1 AND `b`=x'00') OR (`a`=2 AND `b`=x''))");
    env_end(&v);
}

static void text_keys_match_by_bytes(void **state)
{
    (void)state;
    struct env v;
    env_begin(&v, "CREATE TABLE t (k VARCHAR(9) NOT NULL PRIMARY KEY)", true);
    ADD(&v.part->del, CELL("a"));
    expect_sql(&v, &tidb, "DELETE FROM `s`.`t` WHERE (`k` BETWEEN 'a' AND 'a' AND CAST(CONVERT(`k` USING utf8mb4) AS BINARY)='a')");
    expect_sql(&v, &maria, "DELETE FROM `s`.`t` WHERE (`k`='a' AND CAST(CONVERT(`k` USING utf8mb4) AS BINARY)='a')");
    ADD(&v.part->del, CELL("B'"));
    expect_sql(&v, &tidb, "DELETE FROM `s`.`t` WHERE `k` IN ('a','B\\'') AND"
                          " CAST(CONVERT(`k` USING utf8mb4) AS BINARY) IN (x'61',x'4227')");
    v.tab.def->columns[0].is_exact = true; // the target tells apart what the source does
    expect_sql(&v, &tidb, "DELETE FROM `s`.`t` WHERE `k` IN ('a','B\\'')");
    env_end(&v);

    env_begin(&v, "CREATE TABLE t (a INT NOT NULL, k VARCHAR(9) NOT NULL, b VARBINARY(9) NOT NULL, PRIMARY KEY (a, k, b))", true);
    ADD(&v.part->del, CELL("1"), CELL("a."), CELL("'"));
    ADD(&v.part->del, CELL("-2"), CELL(""), CELL("\xff"));
    const char *bytes = " AND CONCAT_WS('.',`a`,HEX(CAST(CONVERT(`k` USING utf8mb4) AS BINARY)),HEX(`b`))"
                        " IN ('','1.612E.27','-2..FF')";
    char want[1000];
    snprintf(want, sizeof want, "DELETE FROM `s`.`t` WHERE (`a`,`k`,`b`) IN ((1,'a.',x'27'),(-2,'',x'ff'))%s", bytes);
    expect_sql(&v, &tidb, want);
    snprintf(want, sizeof want, "DELETE FROM `s`.`t` WHERE ((`a`=1 AND `k`='a.' AND `b`=x'27') OR"
                                " (`a`=-2 AND `k`='' AND `b`=x'ff'))%s", bytes);
    expect_sql(&v, &maria, want);
    v.tab.def->columns[1].is_exact = true;
    expect_sql(&v, &tidb, "DELETE FROM `s`.`t` WHERE (`a`,`k`,`b`) IN ((1,'a.',x'27'),(-2,'',x'ff'))");
    env_end(&v);
}

static void rows_without_a_key(void **state)
{
    (void)state;
    struct env v;
    env_begin(&v, "CREATE TABLE t (a INT, b VARCHAR(9), g INT GENERATED ALWAYS AS (a + 1) VIRTUAL,"
                  " h INT GENERATED ALWAYS AS (a + 2) STORED)", true);
    ADD(&v.part->del, CELL("1"), CELL("x"), CELL("2"), CELL("3"));
    ADD(&v.part->del, NULL_CELL, NULL_CELL, NULL_CELL, NULL_CELL);
    ADD(&v.part->ins, CELL("4"), CELL(""), CELL("5"), CELL("6"));
    expect_sql(&v, &maria,
               "DELETE FROM `s`.`t` WHERE `a`=1 AND (`b`='x' AND CAST(CONVERT(`b` USING utf8mb4) AS BINARY)='x') AND `h`=3 LIMIT 1;"
               "DELETE FROM `s`.`t` WHERE `a` IS NULL AND `b` IS NULL AND `h` IS NULL LIMIT 1;"
               "INSERT INTO `s`.`t` (`a`,`b`) VALUES (4,'')");
    assert_true(rowids_wanted(v.part, DB_TIDB));
    assert_false(rowids_wanted(v.part, DB_MARIADB));
    char ids[2][24] = {"12", "-5"};
    struct rowids found = {.is_known = true, .list = ids, .n = 2};
    struct sql_limits l = tidb;
    l.rowids = &found;
    expect_sql(&v, &l, "DELETE FROM `s`.`t` WHERE _tidb_rowid IN (12,-5);INSERT INTO `s`.`t` (`a`,`b`) VALUES (4,'')");
    env_end(&v);
}

static void own_keys_of_a_chunk(void **state)
{
    (void)state;
    struct env v;
    struct sql_limits l = tidb;
    env_begin(&v, "CREATE TABLE t (v INT, b INT NOT NULL, a INT NOT NULL, PRIMARY KEY (a, b))", false);
    ADD(&v.part->ins, CELL("9"), CELL("2"), CELL("1"));
    ADD(&v.part->ins, NULL_CELL, CELL("4"), CELL("3"));
    expect_sql(&v, &l, "INSERT INTO `s`.`t` (`v`,`b`,`a`) VALUES (9,2,1),(NULL,4,3)");
    l.own_keys = true;
    expect_sql(&v, &l, "DELETE FROM `s`.`t` WHERE (`a`,`b`) IN ((1,2),(3,4));"
                       "INSERT INTO `s`.`t` (`v`,`b`,`a`) VALUES (9,2,1),(NULL,4,3)");
    env_end(&v);
}

static uint32_t count(const char *text, const char *word)
{
    uint32_t n = 0;
    for (const char *p = text; (p = strstr(p, word)) != NULL; p++)
        n++;
    return n;
}

// Fills packet after packet as the writer does: a lane statement before, ledger statements behind.
static uint32_t walk(const struct env *v, const struct sql_limits *l, size_t slack, struct buf *all)
{
    struct packet *p = x_alloc(sizeof *p);
    struct cursor c = {0};
    uint32_t packets = 0;
    uint64_t gone[2] = {0}, come[2] = {0};
    while (!c.is_at_end) {
        packet_reset(p);
        packet_begin_statement(p, EXPECT_ANY, 0, NULL);
        buf_adds(&p->sql, "BEGIN");
        packet_begin_statement(p, EXPECT_LANE, 1, NULL);
        buf_adds(&p->sql, "UPDATE lane");
        uint32_t before = p->n;
        packet_fill(p, v->b, &c, l);
        assert_true(p->n > before || c.is_at_end); // it goes on
        assert_true(p->sql.n < l->packet_bytes + l->statement_bytes + slack);
        packet_begin_statement(p, EXPECT_LEDGER, 1, NULL);
        assert_true(p->n <= PACKET_STATEMENTS);
        assert_int_equal(count(p->sql.p, ";") + 1, p->n); // no value of these tests holds one
        for (uint32_t i = before; i + 1 < p->n; i++) {
            const struct expect *x = &p->expect[i];
            uint32_t part = (uint32_t)(x->part - v->b->parts);
            assert_true(part < 2 && x->rows > 0);
            assert_true(x->kind == EXPECT_INSERTED || x->kind == (x->part->must_find ? EXPECT_ROWS_FOUND : EXPECT_ANY));
            *(x->kind == EXPECT_INSERTED ? &come[part] : &gone[part]) += x->rows;
        }
        buf_add(all, p->sql.p, p->sql.n);
        packets++;
    }
    for (uint32_t i = 0; i < v->b->nparts; i++) {
        assert_int_equal(gone[i], v->b->parts[i].del.n);
        assert_int_equal(come[i], v->b->parts[i].ins.n);
    }
    buf_release(&p->sql);
    free(p);
    return packets;
}

static void limits_split_statements_and_packets(void **state)
{
    (void)state;
    static const size_t sizes[][2] = {{1000, 3000}, {200, 200}, {5000, 50000}, {1, 100}, {1 << 19, 1 << 20}};
    for (size_t i = 0; i < TG_ARRAY_LEN(sizes); i++) {
        struct env v;
        struct tab other = {.id = 2};
        struct buf all = {0};
        struct sql_limits l = tidb;
        l.statement_bytes = sizes[i][0];
        l.packet_bytes = sizes[i][1];
        env_begin(&v, "CREATE TABLE t (a INT NOT NULL, k VARCHAR(9) NOT NULL, v INT, PRIMARY KEY (a, k))", true);
        tab_set_def(&other, table_of("CREATE TABLE u (a INT NOT NULL PRIMARY KEY)"));
        batch_part(v.b, &other, other.def, false);
        for (uint32_t n = 0; n < 1300; n++) {
            char text[12];
            snprintf(text, sizeof text, "%u", 1000000 + n);
            ADD(&v.b->parts[0].del, cell_of(text), CELL("key"));
            ADD(&v.b->parts[0].ins, cell_of(text), CELL("key"), NULL_CELL);
            ADD(&v.b->parts[1].del, cell_of(text));
            ADD(&v.b->parts[1].ins, cell_of(text));
        }
        uint32_t packets = walk(&v, &l, 600, &all);
        assert_true(sizes[i][1] > 100000 ? packets == 1 : packets > 1);
        for (uint32_t n = 0; n < 1300; n += 100) { // del twice (key and bytes), ins, the other table's two
            char text[12];
            snprintf(text, sizeof text, "%u", 1000000 + n);
            assert_int_equal(count(all.p, text), 5);
        }
        buf_release(&all);
        table_drop(other.def);
        env_end(&v);
    }
}

static void a_packet_never_holds_too_many_statements(void **state)
{
    (void)state;
    struct env v;
    struct buf all = {0};
    env_begin(&v, "CREATE TABLE t (a INT)", true);
    for (uint32_t n = 0; n < 2000; n++)
        ADD(&v.part->del, CELL("1"));
    ADD(&v.part->ins, CELL("2"));
    uint32_t packets = walk(&v, &maria, 200, &all);
    assert_true(packets >= 8);
    assert_int_equal(count(all.p, "LIMIT 1"), 2000);
    buf_release(&all);
    env_end(&v);
}

// A table whose names alone are longer than a statement should be.
static void a_long_head_still_takes_a_row(void **state)
{
    (void)state;
    struct env v;
    struct buf sql = {0}, all = {0};
    struct cell cells[100];
    struct sql_limits l = {.flavour = DB_TIDB, .statement_bytes = 300, .packet_bytes = 1000};
    buf_adds(&sql, "CREATE TABLE t (");
    for (int i = 0; i < 100; i++) {
        buf_addf(&sql, "column_with_a_long_name_%d INT,", i);
        cells[i] = CELL("1");
    }
    buf_adds(&sql, "KEY (column_with_a_long_name_1))");
    env_begin(&v, sql.p, true);
    for (int i = 0; i < 3; i++)
        add(&v.part->ins, cells, 100);
    assert_int_equal(walk(&v, &l, 5000, &all), 3);
    buf_release(&sql);
    buf_release(&all);
    env_end(&v);
}

// Rows near the end of what a packet may be stand alone in theirs; each row comes once.
static void no_packet_is_longer_than_the_target_takes(void **state)
{
    (void)state;
    struct env v;
    struct sql_limits l = tidb;
    struct cursor c = {0};
    struct packet *p = x_alloc(sizeof *p);
    static char bytes[40000];
    uint32_t rows = 0;
    l.packet_max = 60000;
    l.packet_bytes = 30000;
    memset(bytes, 'x', sizeof bytes);
    env_begin(&v, "CREATE TABLE t (a INT NOT NULL PRIMARY KEY, t LONGTEXT)", true);
    for (uint32_t i = 0; i < 40; i++)
        ADD(&v.part->ins, CELL("1"), (struct cell){bytes, i % 10 == 7 ? sizeof bytes : i * 100});
    while (!c.is_at_end) {
        packet_reset(p);
        packet_begin_statement(p, EXPECT_LANE, 1, NULL);
        buf_adds(&p->sql, "UPDATE lane");
        packet_fill(p, v.b, &c, &l);
        assert_true(p->sql.n <= l.packet_max);
        for (uint32_t i = 1; i < p->n; i++)
            rows += (uint32_t)p->expect[i].rows;
    }
    assert_int_equal(rows, 40);
    buf_release(&p->sql);
    free(p);
    env_end(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inserts_and_deletes),
        cmocka_unit_test(names_of_the_target),
        cmocka_unit_test(composite_keys),
        cmocka_unit_test(text_keys_match_by_bytes),
        cmocka_unit_test(rows_without_a_key),
        cmocka_unit_test(own_keys_of_a_chunk),
        cmocka_unit_test(limits_split_statements_and_packets),
        cmocka_unit_test(a_packet_never_holds_too_many_statements),
        cmocka_unit_test(a_long_head_still_takes_a_row),
        cmocka_unit_test(no_packet_is_longer_than_the_target_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
