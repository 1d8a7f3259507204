/* SPDX-License-Identifier: Apache-2.0
 * The run of the mock-ups as a snapshot and a few log lines, for tests of the dashboard. */
#ifndef TG_TESTS_SAMPLE_H
#define TG_TESTS_SAMPLE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "mon/mon.h"

#define SAMPLE_WALL_MS 1763664760000LL /* 20 Nov 2025 18:52:40 UTC */

static void sample_table(struct mon_snapshot *m, const char *name, enum table_state state,
                         double rows, double bytes, double dumped, double loaded, double rate,
                         int64_t left_s)
{
    struct table_view *t = &m->table[m->ntables++];
    snprintf(t->name, sizeof t->name, "shop.%s", name);
    t->state = state;
    t->rows_guess = (uint64_t)rows;
    t->bytes_guess = (uint64_t)bytes;
    t->rows_read = (uint64_t)(rows * dumped);
    t->bytes_read = (uint64_t)(bytes * dumped);
    t->rows_loaded = (uint64_t)(rows * loaded);
    t->bytes_loaded = (uint64_t)(bytes * loaded);
    t->rate = rate * 1e6;
    t->left_s = left_s;
    t->chunks_done = (uint32_t)(loaded * 1000);
    t->chunks_busy = state == TABLE_COPYING ? 3 : 0;
}

/* What the engine says of the chunks of order_items. */
__attribute__((unused)) static void sample_chunks(struct chunks_view *v)
{
    static const struct chunk_view list[] = {
        {1360, CHUNK_DONE, "90133010, 4", "90201996, 2", 295812, 96400000, -1},
        {1361, CHUNK_LOADING, "90201996, 2", "90271330, 1", 296114, 96100000, -1},
        {1362, CHUNK_QUEUED, "90271330, 1", "90340072, 7", 301882, 98300000, -1},
        {1363, CHUNK_PASSING, "90340072, 7", "90409661, 3", 298406, 97000000, -1},
        {1364, CHUNK_READING, "90409661, 3", "90478120, 5", 0, 0, 62},
        {1365, CHUNK_ASKING, "90478120, 5", "90551000, 1", 300120, 97900000, -1},
        {1366, CHUNK_READING, "90551000, 1", "", 0, 0, -1}};
    *v = (struct chunks_view){.table = "shop.order_items", .key = "order_id, line", .done = 2059, .ranges = 1, .rows_left = 228000000,
                              .retried = 3, .why = "changed at the source while it was read", .total = 7, .n = 7};
    for (int i = 0; i < 7; i++) {
        v->chunk[i] = list[i];
        v->count[list[i].state]++;
    }
}

static struct mon_snapshot *sample_snapshot(void)
{
    struct mon_snapshot *m = calloc(1, sizeof *m);
    m->seq = 7;
    m->at_ms = SAMPLE_WALL_MS;
    m->began_ms = SAMPLE_WALL_MS - (84 * 60 + 20) * 1000LL;
    m->since_ms = m->began_ms;
    strcpy(m->run, "shop-prod");
    strcpy(m->version, "0.1.0");
    strcpy(m->mode, "all");
    m->state = RUN_COPYING;
    strcpy(m->source_id, "source-1");
    strcpy(m->source_flavour, "Aurora 3.05.2");
    strcpy(m->target_flavour, "TiDB Cloud 8.5.1");
    strcpy(m->position_file, "binlog.018131");
    m->position = 52806114;
    strcpy(m->position_gtid, "9bb8d4c2-11ee-0000-8000-0242ac120002:1-7041423");
    strcpy(m->applied_file, "binlog.018131");
    m->applied = 51002440;
    m->dump = (struct flow_view){.bytes = 321000000000,
                                 .total_bytes = 412000000000,
                                 .rows = 621000000,
                                 .total_is_guess = true,
                                 .rate = 61.4e6,
                                 .rate_long = 58.0e6,
                                 .row_rate = 121000,
                                 .left_s = 1500,
                                 .left_from_s = 1200,
                                 .left_to_s = 2400,
                                 .workers = 8,
                                 .workers_max = 8,
                                 .active = 8};
    m->load = (struct flow_view){.bytes = 251000000000,
                                 .total_bytes = 412000000000,
                                 .rows = 486000000,
                                 .total_is_guess = true,
                                 .rate = 48.9e6,
                                 .rate_long = 51.3e6,
                                 .row_rate = 96000,
                                 .left_s = 3300,
                                 .left_from_s = 2700,
                                 .left_to_s = 4200,
                                 .workers = 16,
                                 .workers_max = 16,
                                 .waiting = 2,
                                 .active = 16};
    m->pace = (struct pace_view){.dial = "normal",
                                 .writers = 16,
                                 .writers_max = 16,
                                 .readers = 8,
                                 .readers_max = 8,
                                 .readers_set = 8,
                                 .chunk_bytes = 8 << 20,
                                 .statement_bytes = 128 << 10,
                                 .source_threads = 25,
                                 .threads_running = 31,
                                 .threads_ours = 10,
                                 .read_ms = 310};
    m->lag = (struct lag_view){.seconds = 12.4,
                               .binlog_kept_s = 168 * 3600,
                               .binlog_used_s = 12.4,
                               .unread_bytes = 12200000,
                               .received_s = 2,
                               .unapplied_bytes = 31000000,
                               .silent_s = 0.2,
                               .source_tx_rate = 812,
                               .source_byte_rate = 6.1e6,
                               .apply_tx_rate = 940,
                               .apply_byte_rate = 7.0e6,
                               .to_us_s = 0.2,
                               .wait_s = 11.4,
                               .commit_s = 0.021,
                               .commit_p99_s = 0.041,
                               .queued_tx = 4210,
                               .could_tx_rate = 5300,
                               .could_byte_rate = 40.0e6,
                               .conflicts = 0.003,
                               .npoints = 560};
    for (uint32_t i = 0; i < m->lag.npoints; i++) {
        double x = ((double)i - 330) / 110;
        m->lag.points[i] = (float)(36 * exp(-x * x) + 2 + 3 * (i % 40 > 20));
    }
    m->lag.peak[MON_PEAK_MINUTES] = (struct lag_peak){SAMPLE_WALL_MS - 252000, 4100000000, 12000000, "shop.events", "DELETE"};
    m->lag.peak[MON_PEAK_HOUR] = m->lag.peak[MON_PEAK_MINUTES];
    m->tx_applied = 4412000;
    m->rows_applied = 12100000;
    m->tables_total = 40;
    m->tables_done = 17;
    m->tables_busy = 11;
    m->tables_waiting = 12;
    sample_table(m, "users", TABLE_VERIFIED, 38114902, 9.1e9, 1, 1, 0, 0);
    sample_table(m, "order_items", TABLE_COPYING, 801e6, 188e9, 0.715, 0.47, 21.0, 38 * 60);
    sample_table(m, "orders", TABLE_COPYING, 214e6, 143e9, 0.965, 0.83, 14.2, 19 * 60);
    sample_table(m, "events", TABLE_COPYING, 98e6, 31e9, 0.999, 0.91, 9.6, 5 * 60);
    sample_table(m, "payments", TABLE_COPYING, 61e6, 22e9, 0.44, 0.22, 4.1, 52 * 60);
    sample_table(m, "order_notes", TABLE_ASKING, 12e6, 3.1e9, 0.99, 0.05, 0, -1);
    sample_table(m, "sessions", TABLE_WAITING, 55e6, 8.8e9, 0.12, 0, 0, -1);
    sample_table(m, "addresses", TABLE_WAITING, 41e6, 6.0e9, 0, 0, 0, -1);
    sample_table(m, "products", TABLE_IN_SYNC, 2.1e6, 1.2e9, 1, 1, 0, 0);
    sample_table(m, "a_table_with_a_very_long_name_that_goes_on_and_on", TABLE_WAITING, 40e6, 5e9,
                 0, 0, 0, -1);
    m->table[5].is_keyless = true;
    m->nquestions = 1;
    struct question_view *q = &m->question[0];
    strcpy(q->id, "TG-3107");
    strcpy(q->table, "shop.order_notes");
    strcpy(q->text,
           "Rows of order_notes are locked on the target by session 88123, which is idle inside a "
           "transaction. The target says: 1205 lock wait timeout exceeded.");
    q->asked_ms = SAMPLE_WALL_MS - 250000;
    q->nchoices = 3;
    strcpy(q->choice[0].slug, "wait");
    strcpy(q->choice[0].label, "Wait 10 minutes more");
    strcpy(q->choice[1].slug, "last");
    strcpy(q->choice[1].label, "Load it last");
    strcpy(q->choice[2].slug, "retry");
    strcpy(q->choice[2].label, "Try again now");
    m->memory_bytes = 180000000;
    return m;
}

struct sample_line {
    int second;
    enum log_level level;
    const char *stage, *table, *id, *text;
};
static const struct sample_line sample_lines[] = {
    {-33, LOG_INFO, "apply", "shop.users", "", "users: 38,114,902 rows, 9.1 GB"},
    {-28, LOG_INFO, "copy", "shop.events", "", "last chunk, 98,002,118 rows read"},
    {-20, LOG_DEBUG, "follow", "", "", "rotate to binlog.018131"},
    {-9, LOG_WARN, "apply", "shop.order_notes", "", "waits for a lock on the target, 30 s"},
    {-7, LOG_INFO, "engine", "shop.payments", "", "size corrected, 19 GB to 22 GB"},
    {0, LOG_INFO, "copy", "shop.orders", "", "chunk 1211 of 1460 read, 96 MB in 1.6 s"},
    {4, LOG_WARN, "path", "", "", "connection 3 dropped, back after 1.2 s, nothing lost"},
    {10, LOG_NOTE, "engine", "", "", "pace: normal"},
    {18, LOG_INFO, "apply", "shop.orders", "", "16 writers, batch 500 rows, 41 ms p99"},
    {21, LOG_ERROR, "apply", "shop.order_notes", "TG-3107",
     "lock wait, session 88123, \033[31m250 s\007"},
};

TG_UNUSED static void sample_line_event(struct mon_event *e, const struct sample_line *line, size_t i)
{
    *e = (struct mon_event){
        .seq = i, .at_ms = SAMPLE_WALL_MS + line->second * 1000, .level = line->level};
    strcpy(e->kind, "log");
    strcpy(e->stage, line->stage);
    strcpy(e->table, line->table);
    strcpy(e->id, line->id);
    strcpy(e->text, line->text);
}

TG_UNUSED static void sample_event(struct mon_event *e, size_t i)
{
    sample_line_event(e, &sample_lines[i % (sizeof sample_lines / sizeof sample_lines[0])], i);
}

#endif
