// SPDX-License-Identifier: Apache-2.0
/* The sample shop: rows are computed from their number by the server itself (MariaDB's sequence
 * engine), so every demo has the same ones. The writer is a thread with a generator of fixed seed:
 * orders with their items and payments in one transaction, status changes, corrections, deletions.
 * The comparison knows nothing of the engine's: it asks both servers for counts and checksums over
 * all columns as text. */
#include "cli/demo.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define CUSTOMERS 20000
#define PRODUCTS 2000
#define ORDERS 50000
#define ITEMS 90000
#define PAYMENTS 23000
#define REVIEWS 15000
#define TEXT_OF(n) #n
#define NUMBER(n) TEXT_OF(n)

static const char *const tables[] = {"customers",   "products", "orders",
                                     "order_items", "payments", "reviews"};

static const char *const make[] = {
    "CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
    "CREATE TABLE shop.customers (id INT UNSIGNED NOT NULL AUTO_INCREMENT, email VARCHAR(80) NOT "
    "NULL,"
    " name VARCHAR(60) NOT NULL, city VARCHAR(40) DEFAULT NULL, credit DECIMAL(12,2) NOT NULL "
    "DEFAULT 0.00,"
    " since DATE NOT NULL, seen TIMESTAMP(3) NULL DEFAULT NULL, note TEXT, PRIMARY KEY (id), "
    "UNIQUE KEY (email))",
    "CREATE TABLE shop.products (id INT UNSIGNED NOT NULL AUTO_INCREMENT, sku CHAR(12) NOT NULL,"
    " title VARCHAR(120) NOT NULL, price DECIMAL(10,2) NOT NULL, stock INT NOT NULL,"
    " kind ENUM('book','toy','tool','food') NOT NULL, picture VARBINARY(64) DEFAULT NULL, PRIMARY "
    "KEY (id),"
    " UNIQUE KEY (sku), KEY (kind))",
    "CREATE TABLE shop.orders (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, customer_id INT "
    "UNSIGNED NOT NULL,"
    " status ENUM('new','paid','sent','closed','cancelled') NOT NULL, total DECIMAL(12,2) NOT NULL,"
    " placed DATETIME(6) NOT NULL, remark VARCHAR(200) DEFAULT NULL, PRIMARY KEY (id), KEY "
    "(customer_id))",
    "CREATE TABLE shop.order_items (order_id BIGINT UNSIGNED NOT NULL, line SMALLINT NOT NULL,"
    " product_id INT UNSIGNED NOT NULL, quantity INT NOT NULL, price DECIMAL(10,2) NOT NULL,"
    " PRIMARY KEY (order_id, line), KEY (product_id))",
    "CREATE TABLE shop.payments (id BIGINT NOT NULL AUTO_INCREMENT, order_id BIGINT UNSIGNED NOT "
    "NULL,"
    " amount DECIMAL(12,2) NOT NULL, paid TIMESTAMP(6) NULL DEFAULT NULL, reference BINARY(16) NOT "
    "NULL,"
    " PRIMARY KEY (id), UNIQUE KEY (reference))",
    "CREATE TABLE shop.reviews (product_id INT UNSIGNED NOT NULL, customer_id INT UNSIGNED NOT "
    "NULL,"
    " stars TINYINT NOT NULL, words TEXT NOT NULL, written DATETIME NOT NULL, UNIQUE KEY "
    "(product_id, customer_id))",
};

static const char *const fill[] = {
    "INSERT INTO shop.customers SELECT seq, CONCAT('c', seq, '@example.test'),"
    " CONCAT(ELT(1 + seq % 7, 'Anna', 'Björn', '小林', 'Zoë', 'Iwan', 'María', 'Łukasz'), ' ', "
    "seq),"
    " ELT(1 + seq % 5, 'Köln', 'Oslo', '東京', 'Graz', NULL), (seq * 37 % 100000) / 100,"
    " DATE_ADD('2015-01-01', INTERVAL seq % 3600 DAY),"
    " IF(seq % 3, DATE_ADD('2024-01-01 03:00:00.125', INTERVAL seq * 61 SECOND), NULL),"
    " IF(seq % 4, NULL, REPEAT(CONCAT('note ', seq, ' '), 1 + seq % 20)) FROM seq_1_to_" NUMBER(
        CUSTOMERS),
    "INSERT INTO shop.products SELECT seq, CONCAT('SKU', LPAD(seq, 9, '0')), CONCAT('Product \\'', "
    "seq, '\\' é'),"
    " (99 + seq * 13 % 50000) / 100, 1000000, 1 + seq % 4, IF(seq % 2, UNHEX(SHA2(seq, 256)), NULL)"
    " FROM seq_1_to_" NUMBER(PRODUCTS),
    "INSERT INTO shop.orders SELECT seq, 1 + seq * 7919 % " NUMBER(
        CUSTOMERS) ", 1 + seq % 5, (seq * 91 % 900000) / 100,"
                   " DATE_ADD('2023-01-01 00:00:00.000001', INTERVAL seq * 977 SECOND), IF(seq % "
                   "6, NULL, CONCAT('gift ', seq))"
                   " FROM seq_1_to_" NUMBER(ORDERS),
    "INSERT INTO shop.order_items SELECT 1 + (seq - 1) % " NUMBER(
        ORDERS) ", 1 + (seq - 1) DIV " NUMBER(ORDERS) ","
                                                      " 1 + seq * 31 % " NUMBER(
                                                          PRODUCTS) ", 1 + seq % 4, (99 + seq * 17 "
                                                                    "% 40000) / 100 FROM "
                                                                    "seq_1_to_" NUMBER(ITEMS),
    "INSERT INTO shop.payments SELECT seq, seq * 2, (seq * 91 % 900000) / 100,"
    " DATE_ADD('2023-02-01', INTERVAL seq * 977 SECOND), UNHEX(LEFT(SHA2(CONCAT('p', seq), 256), "
    "32))"
    " FROM seq_1_to_" NUMBER(PAYMENTS),
    "INSERT INTO shop.reviews SELECT 1 + seq % " NUMBER(PRODUCTS) ", 1 + seq DIV " NUMBER(
        PRODUCTS) " * 3 + seq % 3,"
                  " 1 + seq % 5, CONCAT('very ', REPEAT('good, ', seq % 9), '👍'), "
                  "DATE_ADD('2024-01-01', INTERVAL seq MINUTE)"
                  " FROM seq_1_to_" NUMBER(REVIEWS),
};

static bool run_all(struct conn *c, const char *const *sql, size_t n, struct cancel *stop,
                    struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        if (cancel_is_set(stop))
            return err_set(e, ERR_CANCELLED, "while the sample data was made");
        if (!conn_exec(c, sql[i], strlen(sql[i]), NULL, e))
            return err_wrap(e, "sample data");
    }
    return true;
}

bool demo_shop_fill(const struct demo_server *source, struct cancel *stop, uint64_t *rows,
                    struct err *e)
{
    struct conn c = {0};
    bool ok = conn_open_source(&c, &source->addr, 120, e) &&
              run_all(&c, make, TG_ARRAY_LEN(make), stop, e) && conn_execf(&c, e, "USE shop") &&
              run_all(&c, fill, TG_ARRAY_LEN(fill), stop, e);
    *rows = CUSTOMERS + PRODUCTS + ORDERS + ITEMS + PAYMENTS + REVIEWS;
    conn_close(&c);
    return ok;
}

/* ---- the writer ---- */

struct demo_writer {
    pthread_t thread;
    struct conn c;
    struct cancel *stop;
    uint64_t seed;
    _Atomic uint64_t done;
    struct err e;
    bool failed;
};

static unsigned pick(struct demo_writer *w, unsigned below)
{
    w->seed ^= w->seed << 13;
    w->seed ^= w->seed >> 7;
    w->seed ^= w->seed << 17;
    return (unsigned)((w->seed >> 11) % below);
}

static bool place_order(struct demo_writer *w, struct err *e)
{
    unsigned customer = 1 + pick(w, CUSTOMERS), lines = 1 + pick(w, 4),
             cents = 100 + pick(w, 90000);
    struct conn *c = &w->c;
    if (!conn_execf(c, e,
                    "INSERT INTO shop.orders (customer_id, status, total, placed, remark) VALUES"
                    " (%u, 'new', %u.%02u, NOW(6), IF(%u, NULL, 'live 直播'))",
                    customer, cents / 100, cents % 100, pick(w, 3)) ||
        !conn_execf(c, e, "SET @o = LAST_INSERT_ID()"))
        return false;
    for (unsigned i = 1; i <= lines; i++) {
        unsigned product = 1 + pick(w, PRODUCTS);
        if (!conn_execf(
                c, e,
                "INSERT INTO shop.order_items SELECT @o, %u, id, %u, price FROM shop.products"
                " WHERE id = %u",
                i, 1 + pick(w, 3), product) ||
            !conn_execf(c, e, "UPDATE shop.products SET stock = stock - 1 WHERE id = %u", product))
            return false;
    }
    return conn_execf(
               c, e,
               "UPDATE shop.customers SET credit = credit - %u.%02u, seen = NOW(3) WHERE id = %u",
               cents / 1000, cents % 100, customer) &&
           conn_execf(c, e,
                      "INSERT INTO shop.payments (order_id, amount, paid, reference) VALUES"
                      " (@o, %u.%02u, NOW(6), UNHEX(LEFT(SHA2(CONCAT('live', @o), 256), 32)))",
                      cents / 100, cents % 100);
}

static bool change(struct demo_writer *w, struct err *e)
{
    struct conn *c = &w->c;
    switch (pick(w, 8)) {
    case 0:
    case 1:
    case 2:
        return place_order(w, e);
    case 3:
        return conn_execf(c, e, "UPDATE shop.orders SET status = %u WHERE id = %u", 1 + pick(w, 5),
                          1 + pick(w, ORDERS));
    case 4:
        return conn_execf(
            c, e,
            "INSERT INTO shop.reviews VALUES (%u, %u, %u, 'changed my mind', NOW())"
            " ON DUPLICATE KEY UPDATE stars = 6 - stars, words = CONCAT(LEFT(words, 200), '!')",
            1 + pick(w, PRODUCTS), 1 + pick(w, 60), 1 + pick(w, 5));
    case 5: { /* an order is withdrawn with all that hangs on it */
        unsigned id = 1 + pick(w, ORDERS);
        return conn_execf(c, e, "DELETE FROM shop.order_items WHERE order_id = %u", id) &&
               conn_execf(c, e, "DELETE FROM shop.payments WHERE order_id = %u", id) &&
               conn_execf(c, e, "DELETE FROM shop.orders WHERE id = %u", id);
    }
    case 6: /* the primary key moves */
        return conn_execf(
            c, e,
            "UPDATE shop.order_items SET line = line + 100 WHERE order_id = %u AND line < 100",
            1 + pick(w, ORDERS));
    default: {
        unsigned id = 1 + pick(w, CUSTOMERS);
        return conn_execf(
            c, e,
            "UPDATE shop.customers SET city = IF(city IS NULL, 'Æro', NULL), note = NULL"
            " WHERE id BETWEEN %u AND %u",
            id, id + pick(w, 10));
    }
    }
}

static void *writer_thread(void *arg)
{
    struct demo_writer *w = arg;
    pthread_setname_np(pthread_self(), "demo-writer");
    while (!w->failed && !cancel_wait(w->stop, 8)) {
        struct err e = {0};
        bool rolls_back = pick(w, 50) == 0;
        bool ok = conn_execf(&w->c, &e, "START TRANSACTION") && change(w, &e) &&
                  conn_execf(&w->c, &e, rolls_back ? "ROLLBACK" : "COMMIT");
        if (ok) {
            atomic_fetch_add(&w->done, !rolls_back);
        } else if (err_is_busy(&e)) {
            conn_execf(&w->c, NULL, "ROLLBACK");
        } else {
            w->e = e;
            w->failed = true;
        }
    }
    mysql_thread_end();
    return NULL;
}

struct demo_writer *demo_writer_start(const struct demo_server *source, struct err *e)
{
    struct demo_writer *w = x_alloc(sizeof *w);
    w->seed = 0x9e3779b97f4a7c15u;
    w->stop = cancel_new();
    bool ok = conn_open_source(&w->c, &source->addr, 60, e) &&
              conn_execf(&w->c, e, "SET SESSION sql_mode = 'STRICT_TRANS_TABLES'");
    if (ok && pthread_create(&w->thread, NULL, writer_thread, w) == 0)
        return w;
    if (ok)
        err_set(e, ERR_INTERNAL, "no thread for the writer");
    conn_close(&w->c);
    cancel_free(w->stop);
    free(w);
    return NULL;
}

bool demo_writer_stop(struct demo_writer *w, uint64_t *transactions, struct err *e)
{
    cancel_set(w->stop);
    pthread_join(w->thread, NULL);
    bool ok = !w->failed;
    if (!ok && e) {
        *e = w->e;
        err_wrap(e, "the demo's writer");
    }
    *transactions = atomic_load(&w->done);
    conn_close(&w->c);
    cancel_free(w->stop);
    free(w);
    return ok;
}

/* ---- the independent comparison ---- */

bool demo_position(const struct demo_server *source, char file[64], uint64_t *at, struct err *e)
{
    struct conn c = {0};
    MYSQL_RES *r = NULL;
    bool ok =
        conn_open_source(&c, &source->addr, 30, e) && conn_query(&c, "SHOW MASTER STATUS", &r, e);
    MYSQL_ROW row = ok ? mysql_fetch_row(r) : NULL;
    if (row && row[0] && row[1]) {
        snprintf(file, 64, "%s", row[0]);
        *at = strtoull(row[1], NULL, 10);
    } else if (ok) {
        ok = err_set(e, ERR_BINLOG_OFF, "SHOW MASTER STATUS is empty");
    }
    if (r)
        mysql_free_result(r);
    conn_close(&c);
    return ok;
}

/* One SELECT over all columns: "count:sum:xor" of a row's CRC32; columns in the source's order, by
 * name. */
static bool checksum_sql(struct conn *source, const char *table, struct buf *sql, struct err *e)
{
    char *ask = x_format(
        "SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'shop'"
        " AND TABLE_NAME = '%s' ORDER BY ORDINAL_POSITION",
        table);
    MYSQL_RES *r = NULL;
    bool ok = conn_query(source, ask, &r, e);
    free(ask);
    if (!ok)
        return false;
    buf_adds(sql,
             "SELECT CONCAT(COUNT(*), ':', COALESCE(SUM(h), 0), ':', COALESCE(BIT_XOR(h), 0)) FROM"
             " (SELECT CRC32(CONCAT_WS('#'");
    for (MYSQL_ROW row; (row = mysql_fetch_row(r));) {
        bool binary = strstr(row[1], "binary") || strstr(row[1], "blob");
        buf_addf(sql, binary ? ", COALESCE(HEX(`%s`), '~')" : ", COALESCE(CAST(`%s` AS CHAR), '~')",
                 row[0]);
    }
    buf_addf(sql, ")) AS h FROM shop.%s) AS t", table);
    mysql_free_result(r);
    return true;
}

bool demo_compare(const struct demo_server *source, const struct demo_server *target, bool *same,
                  struct err *e)
{
    struct conn s = {0}, t = {0};
    bool ok =
        conn_open_source(&s, &source->addr, 120, e) && conn_open_target(&t, &target->addr, 120, e);
    *same = true;
    for (size_t i = 0; ok && i < TG_ARRAY_LEN(tables); i++) {
        struct buf sql = {0};
        char a[128] = "", b[128] = "";
        ok = checksum_sql(&s, tables[i], &sql, e) && conn_value(&s, sql.p, a, sizeof a, e) &&
             conn_value(&t, sql.p, b, sizeof b, e);
        if (ok) {
            bool equal = strcmp(a, b) == 0;
            printf("  shop.%-12s  %-9s  source %s  target %s\n", tables[i],
                   equal ? "equal" : "DIFFERENT", a, b);
            *same = *same && equal;
        }
        buf_release(&sql);
    }
    conn_close(&s);
    conn_close(&t);
    return ok;
}
