// SPDX-License-Identifier: Apache-2.0
// Which unique keys need a look, and what a real source answers (for that: TG_TEST_SOURCE).
#include "server.h"

#include "schema/collide.h"

/* A target with these collations only. */
static struct target_dialect dialect(void)
{
    static char names[][24] = {"ascii_bin", "binary", "latin1_bin", "utf8mb4_bin", "utf8mb4_general_ci"};
    static char *collations[TG_ARRAY_LEN(names)];
    for (size_t i = 0; i < TG_ARRAY_LEN(names); i++)
        collations[i] = names[i];
    return (struct target_dialect){.flavour = DB_TIDB, .version = 80500, .collations = collations, .ncollations = TG_ARRAY_LEN(collations)};
}

static void found(void *arg, const struct collide_key *k, const char *text)
{
    struct buf *out = arg;
    buf_addf(out, "%s: %s\n", k->key->name, text);
}

static void test_keys(void **state)
{
    (void)state;
    struct server s;
    struct err e = {0};
    struct buf out = {0};
    if (!server_open(&s, "TG_TEST_SOURCE"))
        skip();
    server_exec(&s, "DROP DATABASE IF EXISTS tg_collide");
    server_exec(&s, "CREATE DATABASE tg_collide");
    server_exec(&s, "CREATE TABLE tg_collide.t (id INT NOT NULL PRIMARY KEY, a VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_swedish_ci,"
                    " x INT, b VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, UNIQUE KEY ka (a), UNIQUE KEY kb (b),"
                    " UNIQUE KEY kx (x, a), KEY plain (a)) ENGINE=InnoDB");
    server_exec(&s, "INSERT INTO tg_collide.t VALUES (1,'o',1,'a'), (2,'\xc3\xb6',1,'A'), (3,'p',2,'b'), (4,NULL,3,'c'), (5,NULL,3,'d')");
    struct collation_ids *ids = collation_ids_read(&s.c, &e);
    struct table *t = table_read(&s.c, "tg_collide", "t", &e);
    if (!ids || !t)
        fail_msg("%s", e.text);
    struct target_dialect to = dialect();
    struct collide_key k;
    uint32_t from = 0, n = 0;
    for (; collide_next(t, &to, ids, &from, &k); n++) {
        assert_true(k.can_ask);
        assert_string_equal(k.mapped, "utf8mb4_general_ci");
        if (!collide_ask(&k, &s.c, found, &out, &e))
            fail_msg("%s", e.text);
    }
    assert_int_equal(n, 2);
    assert_non_null(strstr(out.p, "ka: tg_collide.t, unique key ka under utf8mb4_general_ci: 'o' and '\xc3\xb6' (2 rows)\n"));
    assert_non_null(strstr(out.p, "kx: tg_collide.t, unique key kx under utf8mb4_general_ci: '1', 'o' and '\xc3\xb6' (2 rows)\n"));
    server_exec(&s, "DELETE FROM tg_collide.t WHERE id = 1");
    buf_reset(&out);
    from = 0;
    while (collide_next(t, &to, ids, &from, &k))
        assert_true(collide_ask(&k, &s.c, found, &out, &e));
    assert_int_equal(out.n, 0);
    server_exec(&s, "DROP TABLE tg_collide.t");
    from = 0;
    assert_true(collide_next(t, &to, ids, &from, &k));
    assert_false(collide_ask(&k, &s.c, found, &out, &e));
    assert_int_equal(e.sql, 1146);
    server_exec(&s, "DROP DATABASE tg_collide");
    buf_release(&out);
    collation_ids_free(ids);
    table_drop(t);
    conn_close(&s.c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_keys)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
