// SPDX-License-Identifier: Apache-2.0
/* The ledger's tables and the statements that write them. Positions are stored as text "file:offset". */
#include "ledger/ledger.h"

#include "base/fail.h"
#include "base/hash.h"
#include "db/type.h"

#include <stdio.h>

/* enum_zero holds the one value of an ENUM that no literal can write in strict mode (encode.h). */
static const char *const create[] = {
    "CREATE DATABASE IF NOT EXISTS " LEDGER_SCHEMA " DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    "CREATE TABLE IF NOT EXISTS " LEDGER_SCHEMA ".run (name VARCHAR(40) NOT NULL PRIMARY KEY, job LONGTEXT NOT NULL,"
    " state VARCHAR(32) NOT NULL, at_ms BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS " LEDGER_SCHEMA ".source (run VARCHAR(40) NOT NULL, source VARCHAR(64) NOT NULL,"
    " identity VARCHAR(200) NOT NULL, start_pos VARCHAR(96) NOT NULL, mark_pos VARCHAR(96) NOT NULL,"
    " mark_gtids LONGTEXT, file_created BIGINT UNSIGNED NOT NULL, PRIMARY KEY (run, source))",
    "CREATE TABLE IF NOT EXISTS " LEDGER_SCHEMA ".lane (run VARCHAR(40) NOT NULL, lane INT NOT NULL,"
    " epoch BIGINT UNSIGNED NOT NULL, seq BIGINT UNSIGNED NOT NULL, PRIMARY KEY (run, lane))",
    "CREATE TABLE IF NOT EXISTS " LEDGER_SCHEMA ".tab (run VARCHAR(40) NOT NULL, source VARCHAR(64) NOT NULL,"
    " table_id INT NOT NULL, source_schema VARCHAR(64) NOT NULL, source_name VARCHAR(64) NOT NULL,"
    " target_schema VARCHAR(64) NOT NULL, target_name VARCHAR(64) NOT NULL, state VARCHAR(32) NOT NULL,"
    " end_pos VARCHAR(96) NOT NULL, PRIMARY KEY (run, source, table_id))",
    "CREATE TABLE IF NOT EXISTS " LEDGER_SCHEMA ".chunk (run VARCHAR(40) NOT NULL, source VARCHAR(64) NOT NULL,"
    " table_id INT NOT NULL, chunk_no BIGINT UNSIGNED NOT NULL, lo LONGBLOB, hi LONGBLOB,"
    " at_pos VARCHAR(96) NOT NULL, row_count BIGINT UNSIGNED NOT NULL, byte_count BIGINT UNSIGNED NOT NULL,"
    " PRIMARY KEY (run, source, table_id, chunk_no))",
    "CREATE TABLE IF NOT EXISTS " LEDGER_SCHEMA ".applied (run VARCHAR(40) NOT NULL, source VARCHAR(64) NOT NULL,"
    " to_pos VARCHAR(96) NOT NULL, part INT UNSIGNED NOT NULL, from_pos VARCHAR(96) NOT NULL, gtids LONGTEXT,"
    " PRIMARY KEY (run, source, to_pos, part))",
    "CREATE TABLE IF NOT EXISTS " LEDGER_SCHEMA ".part (run VARCHAR(40) NOT NULL, source VARCHAR(64) NOT NULL,"
    " begin_pos VARCHAR(96) NOT NULL, part INT UNSIGNED NOT NULL, first_row BIGINT UNSIGNED NOT NULL,"
    " row_count BIGINT UNSIGNED NOT NULL, PRIMARY KEY (run, source, begin_pos, part))",
    "CREATE TABLE IF NOT EXISTS " LEDGER_SCHEMA ".definition (run VARCHAR(40) NOT NULL, source VARCHAR(64) NOT NULL,"
    " table_id INT NOT NULL, from_pos VARCHAR(96) NOT NULL, sql_text LONGTEXT NOT NULL,"
    " PRIMARY KEY (run, source, table_id, from_pos))",
    "CREATE TABLE IF NOT EXISTS " LEDGER_SCHEMA ".ddl (run VARCHAR(40) NOT NULL, source VARCHAR(64) NOT NULL,"
    " pos VARCHAR(96) NOT NULL, sql_text LONGTEXT NOT NULL, before_hash VARCHAR(64) NOT NULL,"
    " state VARCHAR(16) NOT NULL, PRIMARY KEY (run, source, pos))",
    "CREATE TABLE IF NOT EXISTS " LEDGER_SCHEMA ".quarantine (run VARCHAR(40) NOT NULL, source VARCHAR(64) NOT NULL,"
    " table_id INT NOT NULL, row_no BIGINT UNSIGNED NOT NULL, key_text TEXT, reason TEXT,"
    " PRIMARY KEY (run, source, table_id, row_no))",
    "CREATE TABLE IF NOT EXISTS " LEDGER_SCHEMA ".enum_zero (id INT NOT NULL PRIMARY KEY, e ENUM('x') NOT NULL)",
    "INSERT IGNORE INTO " LEDGER_SCHEMA ".enum_zero VALUES (1, '')",
    "CREATE TABLE IF NOT EXISTS " LEDGER_SCHEMA ".note (run VARCHAR(40) NOT NULL, source VARCHAR(64) NOT NULL,"
    " kind VARCHAR(16) NOT NULL, name VARCHAR(200) NOT NULL, text_hash CHAR(32) NOT NULL, text TEXT NOT NULL,"
    " PRIMARY KEY (run, source, kind, name, text_hash))",
};

void ledger_init(struct ledger *l, const char *run, const char *source)
{
    snprintf(l->run, sizeof l->run, "%s", run);
    snprintf(l->source, sizeof l->source, "%s", source);
    snprintf(l->tag, sizeof l->tag, "tidegate:%s:%s", l->run, l->source);
}

bool ledger_create(struct conn *c, struct err *e)
{
    for (size_t i = 0; i < TG_ARRAY_LEN(create); i++) {
        fail_point("create.before");
        if (!conn_exec(c, create[i], strlen(create[i]), NULL, e))
            return err_wrap(e, "while creating %s", LEDGER_SCHEMA);
    }
    fail_point("create.after");
    return true;
}

void ledger_sql_lane(const struct ledger *l, struct buf *out, uint32_t lane, uint64_t epoch)
{
    buf_addf(out,
             "UPDATE /* %s:%u */ " LEDGER_SCHEMA ".lane SET seq = IF(epoch = %llu, seq + 1, NULL)"
             " WHERE run = '%s' AND lane = %u",
             l->tag, lane, (unsigned long long)epoch, l->run, lane);
}

/* "'run','source'" : the head of every row. */
static void head(const struct ledger *l, struct buf *out)
{
    sql_z(out, l->run);
    buf_addc(out, ',');
    sql_z(out, l->source);
}

static void where_head(const struct ledger *l, struct buf *out)
{
    buf_adds(out, " WHERE run = ");
    sql_z(out, l->run);
    buf_adds(out, " AND source = ");
    sql_z(out, l->source);
}

static void quoted_pos(struct buf *out, const struct pos *p)
{
    char text[96];
    sql_z(out, pos_is_set(p) ? pos_text(p, text) : "");
}

static void hex_or_null(struct buf *out, const struct buf *b)
{
    if (!b->n) {
        buf_adds(out, "NULL");
        return;
    }
    buf_adds(out, "x'");
    for (size_t i = 0; i < b->n; i++)
        buf_addf(out, "%02x", (unsigned char)b->p[i]);
    buf_addc(out, '\'');
}

void ledger_sql_applied(const struct ledger *l, struct buf *out, const struct pos *from,
                        const struct pos *to, uint32_t part, const char *gtids)
{
    buf_adds(out, "INSERT INTO " LEDGER_SCHEMA ".applied (run,source,to_pos,part,from_pos,gtids) VALUES (");
    head(l, out);
    buf_addc(out, ',');
    quoted_pos(out, to);
    buf_addf(out, ",%u,", part);
    quoted_pos(out, from);
    buf_addc(out, ',');
    if (gtids)
        sql_z(out, gtids);
    else
        buf_adds(out, "NULL");
    buf_addc(out, ')');
}

void ledger_sql_part(const struct ledger *l, struct buf *out, const struct pos *begin, uint32_t part, uint64_t first, uint64_t rows)
{
    buf_adds(out, "INSERT INTO " LEDGER_SCHEMA ".part (run,source,begin_pos,part,first_row,row_count) VALUES (");
    head(l, out);
    buf_addc(out, ',');
    quoted_pos(out, begin);
    buf_addf(out, ",%u,%llu,%llu)", part, (unsigned long long)first, (unsigned long long)rows);
}

void ledger_sql_forget_parts(const struct ledger *l, struct buf *out, const struct pos *begin)
{
    buf_adds(out, "DELETE FROM " LEDGER_SCHEMA ".part");
    where_head(l, out);
    buf_adds(out, " AND begin_pos = ");
    quoted_pos(out, begin);
}

void ledger_sql_chunk(const struct ledger *l, struct buf *out, uint32_t table_id, uint64_t number,
                      const struct buf *lo, const struct buf *hi, const struct pos *at, uint64_t rows,
                      uint64_t bytes)
{
    buf_adds(out, "INSERT INTO " LEDGER_SCHEMA
                  ".chunk (run,source,table_id,chunk_no,lo,hi,at_pos,row_count,byte_count) VALUES (");
    head(l, out);
    buf_addf(out, ",%u,%llu,", table_id, (unsigned long long)number);
    hex_or_null(out, lo);
    buf_addc(out, ',');
    hex_or_null(out, hi);
    buf_addc(out, ',');
    quoted_pos(out, at);
    buf_addf(out, ",%llu,%llu)", (unsigned long long)rows, (unsigned long long)bytes);
}

void ledger_sql_tab(const struct ledger *l, struct buf *out, uint32_t table_id,
                    const char *const names[4], const char *state, const struct pos *end)
{
    buf_adds(out, "REPLACE INTO " LEDGER_SCHEMA ".tab (run,source,table_id,source_schema,source_name,"
                  "target_schema,target_name,state,end_pos) VALUES (");
    head(l, out);
    buf_addf(out, ",%u", table_id);
    for (int i = 0; i < 4; i++) {
        buf_addc(out, ',');
        sql_z(out, names[i]);
    }
    buf_addc(out, ',');
    sql_z(out, state);
    buf_addc(out, ',');
    quoted_pos(out, end);
    buf_addc(out, ')');
}

void ledger_sql_definition(const struct ledger *l, struct buf *out, uint32_t table_id,
                           const struct pos *from, struct str sql)
{
    buf_adds(out, "REPLACE INTO " LEDGER_SCHEMA ".definition (run,source,table_id,from_pos,sql_text) VALUES (");
    head(l, out);
    buf_addf(out, ",%u,", table_id);
    quoted_pos(out, from);
    buf_addc(out, ',');
    sql_text(out, sql.p, sql.n);
    buf_addc(out, ')');
}

void ledger_sql_ddl(const struct ledger *l, struct buf *out, const struct pos *at, struct str sql,
                    const char *before, const char *state)
{
    buf_adds(out, "REPLACE INTO " LEDGER_SCHEMA ".ddl (run,source,pos,sql_text,before_hash,state) VALUES (");
    head(l, out);
    buf_addc(out, ',');
    quoted_pos(out, at);
    buf_addc(out, ',');
    sql_text(out, sql.p, sql.n);
    buf_addc(out, ',');
    sql_z(out, before);
    buf_addc(out, ',');
    sql_z(out, state);
    buf_addc(out, ')');
}

static void hash_text(struct buf *out, const char *text)
{
    struct hash128 h = hash128(text, strlen(text));
    buf_addf(out, "'%016llx%016llx'", (unsigned long long)h.hi, (unsigned long long)h.lo);
}

void ledger_sql_note(const struct ledger *l, struct buf *out, const char *kind, const char *name, const char *text)
{
    buf_adds(out, "REPLACE INTO " LEDGER_SCHEMA ".note (run,source,kind,name,text_hash,text) VALUES (");
    head(l, out);
    buf_addc(out, ',');
    sql_z(out, kind);
    buf_addc(out, ',');
    sql_z(out, name);
    buf_addc(out, ',');
    hash_text(out, text);
    buf_addc(out, ',');
    sql_z(out, text);
    buf_addc(out, ')');
}

void ledger_sql_forget_note(const struct ledger *l, struct buf *out, const char *kind, const char *name, const char *text)
{
    buf_adds(out, "DELETE FROM " LEDGER_SCHEMA ".note");
    where_head(l, out);
    buf_adds(out, " AND kind = ");
    sql_z(out, kind);
    buf_adds(out, " AND name = ");
    sql_z(out, name);
    buf_adds(out, " AND text_hash = ");
    hash_text(out, text);
}

void ledger_sql_forget_chunks(const struct ledger *l, struct buf *out, uint32_t table_id)
{
    buf_adds(out, "DELETE FROM " LEDGER_SCHEMA ".chunk");
    where_head(l, out);
    buf_addf(out, " AND table_id = %u", table_id);
}

void ledger_sql_mark(const struct ledger *l, struct buf *out, const struct pos *mark, uint64_t file_created)
{
    buf_adds(out, "UPDATE " LEDGER_SCHEMA ".source SET mark_pos = ");
    quoted_pos(out, mark);
    if (file_created)
        buf_addf(out, ", file_created = %llu", (unsigned long long)file_created);
    where_head(l, out);
}

void ledger_sql_compact(const struct ledger *l, struct buf *out, const struct pos *to, size_t n)
{
    buf_adds(out, "DELETE FROM " LEDGER_SCHEMA ".applied");
    where_head(l, out);
    buf_adds(out, " AND to_pos IN (");
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_addc(out, ',');
        quoted_pos(out, &to[i]);
    }
    buf_addc(out, ')');
}
