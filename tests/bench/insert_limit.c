// SPDX-License-Identifier: Apache-2.0
/* The two limits of a copy, in one run of bare connections (libmariadb, no engine).
 *
 *   insert_limit read   SOURCE_PORT SCHEMA READERS ROWS TABLE…
 *   insert_limit insert SOURCE_PORT SCHEMA WRITERS ROWS TARGET_PORT STATEMENT_BYTES TABLE…
 *   insert_limit load   SOURCE_PORT SCHEMA WRITERS ROWS TARGET_PORT STATEMENT_BYTES TABLE…
 *
 * `read` runs the chunk SELECTs of a copy and throws the rows away. `insert` first renders every row into INSERT
 * statements in memory (not timed), then executes them; `load` does so with the fields of LOAD DATA LOCAL.
 * Tables are sysbench's: id, k, c, pad, ids 1 … ROWS.
 * Prints one JSON object: seconds, rows, bytes. */
#include <mysql.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHUNK_ROWS 40000 /* about 8 MiB of sysbench rows */
#define THREADS_MAX 64

struct text {
    char *p;
    size_t n, room;
    unsigned table;
};

struct bench {
    const char *schema;
    unsigned source_port, target_port, threads;
    bool is_load;
    uint64_t rows;
    size_t statement_bytes;
    char **tables;
    unsigned ntables;
    atomic_uint_least64_t next, done_rows, done_bytes;
    struct text *statements; /* insert: all of them, in order of rendering */
    size_t nstatements;
    uint64_t chunks_a_table;
    struct text *of_chunk;   /* statements of each chunk, one after the other, NUL after each */
};

static void die(const char *what, MYSQL *c)
{
    fprintf(stderr, "insert_limit: %s: %s\n", what, c ? mysql_error(c) : "");
    exit(1);
}

static MYSQL *open_at(unsigned port)
{
    MYSQL *c = mysql_init(NULL);
    const unsigned yes = 1;
    if (c)
        mysql_options(c, MYSQL_OPT_LOCAL_INFILE, &yes);
    if (!c || !mysql_real_connect(c, "127.0.0.1", "root", "", NULL, port, NULL, 0))
        die("connect", c);
    if (mysql_set_character_set(c, "utf8mb4") ||
        mysql_query(c, "SET SESSION sql_mode='STRICT_TRANS_TABLES,NO_AUTO_VALUE_ON_ZERO', foreign_key_checks=0"))
        die("session", c);
    return c;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void text_add(struct text *t, const char *p, size_t n)
{
    if (t->n + n + 1 > t->room) {
        t->room = (t->room + n + 1) * 2;
        t->p = realloc(t->p, t->room);
        if (!t->p)
            die("out of memory", NULL);
    }
    memcpy(t->p + t->n, p, n);
    t->n += n;
    t->p[t->n] = '\0';
}

static MYSQL_RES *select_chunk(struct bench *b, MYSQL *c, uint64_t chunk)
{
    char sql[400];
    uint64_t first = chunk % b->chunks_a_table * CHUNK_ROWS;
    snprintf(sql, sizeof sql, "SELECT `id`,`k`,`c`,`pad` FROM `%s`.`%s` WHERE `id` > %llu AND `id` <= %llu ORDER BY `id`",
             b->schema, b->tables[chunk / b->chunks_a_table], (unsigned long long)first,
             (unsigned long long)(first + CHUNK_ROWS));
    if (mysql_query(c, sql))
        die(sql, c);
    return mysql_use_result(c);
}

static void *read_chunks(void *arg)
{
    struct bench *b = arg;
    MYSQL *c = open_at(b->source_port);
    for (uint64_t chunk; (chunk = atomic_fetch_add(&b->next, 1)) < b->chunks_a_table * b->ntables;) {
        MYSQL_RES *result = select_chunk(b, c, chunk);
        uint64_t bytes = 0, rows = 0;
        while (result && mysql_fetch_row(result)) {
            unsigned long *lengths = mysql_fetch_lengths(result);
            bytes += lengths[0] + lengths[1] + lengths[2] + lengths[3];
            rows++;
        }
        mysql_free_result(result);
        atomic_fetch_add(&b->done_rows, rows);
        atomic_fetch_add(&b->done_bytes, bytes);
    }
    mysql_close(c);
    return NULL;
}

static void render_row(struct text *out, MYSQL *c, MYSQL_ROW row, const unsigned long *lengths)
{
    char quoted[1000];
    text_add(out, "(", 1);
    for (unsigned i = 0; i < 4; i++) {
        if (i > 1) {
            text_add(out, "'", 1);
            text_add(out, quoted, mysql_real_escape_string(c, quoted, row[i], lengths[i]));
            text_add(out, "'", 1);
        } else {
            text_add(out, row[i], lengths[i]);
        }
        text_add(out, i < 3 ? "," : ")", 1);
    }
}

static void render_fields(struct text *out, MYSQL_ROW row, const unsigned long *lengths)
{
    for (unsigned i = 0; i < 4; i++) { /* sysbench's texts hold nothing to escape */
        text_add(out, row[i], lengths[i]);
        text_add(out, i < 3 ? "\t" : "\n", 1);
    }
}

static void *render_chunks(void *arg)
{
    struct bench *b = arg;
    MYSQL *c = open_at(b->source_port);
    for (uint64_t chunk; (chunk = atomic_fetch_add(&b->next, 1)) < b->chunks_a_table * b->ntables;) {
        MYSQL_RES *result = select_chunk(b, c, chunk);
        struct text *out = &b->of_chunk[chunk];
        char head[300];
        size_t start = 0;
        bool is_open = false;
        snprintf(head, sizeof head, "INSERT INTO `%s`.`%s` (`id`,`k`,`c`,`pad`) VALUES ", b->schema,
                 b->tables[chunk / b->chunks_a_table]);
        for (MYSQL_ROW row; result && (row = mysql_fetch_row(result));) {
            if (!is_open)
                start = out->n;
            if (b->is_load) {
                render_fields(out, row, mysql_fetch_lengths(result));
            } else {
                text_add(out, is_open ? "," : head, is_open ? 1 : strlen(head));
                render_row(out, c, row, mysql_fetch_lengths(result));
            }
            is_open = true;
            if (out->n - start >= b->statement_bytes) {
                text_add(out, "", 1);
                is_open = false;
            }
        }
        if (is_open)
            text_add(out, "", 1);
        mysql_free_result(result);
    }
    mysql_close(c);
    return NULL;
}

/* The local-infile handler: the text that stands in memory. */
static int load_begin(void **info, const char *name, void *text)
{
    (void)name;
    *info = text;
    return 0;
}

static int load_read(void *info, char *to, unsigned room)
{
    struct text *t = info;
    size_t n = t->n - t->room < room ? t->n - t->room : room; /* room: how much is sent */
    memcpy(to, t->p + t->room, n);
    t->room += n;
    return (int)n;
}

static void load_end(void *info)
{
    (void)info;
}

static int load_error(void *info, char *to, unsigned room)
{
    (void)info;
    snprintf(to, room, "no error");
    return 0;
}

static void *load_statements(void *arg)
{
    struct bench *b = arg;
    MYSQL *c = open_at(b->target_port);
    char sql[300];
    for (uint64_t i; (i = atomic_fetch_add(&b->next, 1)) < b->nstatements;) {
        struct text *t = &b->statements[i];
        mysql_set_local_infile_handler(c, load_begin, load_read, load_end, load_error, t);
        snprintf(sql, sizeof sql, "LOAD DATA LOCAL INFILE 'memory' INTO TABLE `%s`.`%s` CHARACTER SET utf8mb4 (`id`,`k`,`c`,`pad`)",
                 b->schema, b->tables[t->table]);
        if (mysql_query(c, sql) || mysql_warning_count(c))
            die("load", c);
        atomic_fetch_add(&b->done_rows, mysql_affected_rows(c));
        atomic_fetch_add(&b->done_bytes, t->n);
    }
    mysql_close(c);
    return NULL;
}

static void *insert_statements(void *arg)
{
    struct bench *b = arg;
    MYSQL *c = open_at(b->target_port);
    for (uint64_t i; (i = atomic_fetch_add(&b->next, 1)) < b->nstatements;) {
        if (mysql_real_query(c, b->statements[i].p, b->statements[i].n))
            die("insert", c);
        atomic_fetch_add(&b->done_rows, mysql_affected_rows(c));
        atomic_fetch_add(&b->done_bytes, b->statements[i].n);
    }
    mysql_close(c);
    return NULL;
}

static double run(struct bench *b, void *(*work)(void *), unsigned threads)
{
    pthread_t ids[THREADS_MAX];
    double began = now_s();
    atomic_store(&b->next, 0);
    for (unsigned i = 0; i < threads; i++)
        if (pthread_create(&ids[i], NULL, work, b))
            die("thread", NULL);
    for (unsigned i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    return now_s() - began;
}

static void cut_statements(struct bench *b)
{
    size_t room = 0;
    for (uint64_t chunk = 0; chunk < b->chunks_a_table * b->ntables; chunk++) {
        char *p = b->of_chunk[chunk].p;
        for (char *end = p ? p + b->of_chunk[chunk].n : NULL; p < end; p += strlen(p) + 1) {
            if (b->nstatements == room) {
                room = room ? room * 2 : 1024;
                b->statements = realloc(b->statements, room * sizeof *b->statements);
                if (!b->statements)
                    die("out of memory", NULL);
            }
            b->statements[b->nstatements++] = (struct text){.p = p, .n = strlen(p), .table = (unsigned)(chunk / b->chunks_a_table)};
        }
    }
}

int main(int argc, char **argv)
{
    bool is_load = argc > 1 && strcmp(argv[1], "load") == 0;
    bool is_insert = is_load || (argc > 1 && strcmp(argv[1], "insert") == 0);
    int first = is_insert ? 8 : 6;
    if (argc <= first || (!is_insert && strcmp(argv[1], "read") != 0))
        die("see the head of insert_limit.c", NULL);
    struct bench b = {.schema = argv[3], .is_load = is_load, .source_port = (unsigned)strtoul(argv[2], NULL, 10),
                      .threads = (unsigned)strtoul(argv[4], NULL, 10), .rows = strtoull(argv[5], NULL, 10),
                      .tables = argv + first, .ntables = (unsigned)(argc - first)};
    if (!b.threads || b.threads > THREADS_MAX || !b.rows)
        die("threads or rows", NULL);
    b.chunks_a_table = (b.rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
    double seconds;
    if (is_insert) {
        b.target_port = (unsigned)strtoul(argv[6], NULL, 10);
        b.statement_bytes = strtoull(argv[7], NULL, 10);
        b.of_chunk = calloc(b.chunks_a_table * b.ntables, sizeof *b.of_chunk);
        run(&b, render_chunks, 2);
        cut_statements(&b);
        seconds = run(&b, is_load ? load_statements : insert_statements, b.threads);
    } else {
        seconds = run(&b, read_chunks, b.threads);
    }
    printf("{\"seconds\": %.3f, \"rows\": %llu, \"bytes\": %llu}\n", seconds, (unsigned long long)b.done_rows,
           (unsigned long long)b.done_bytes);
    return 0;
}
