/* SPDX-License-Identifier: Apache-2.0
 * Binlog positions and GTID sets. A position is file name and a 64-bit offset that we count ourselves. Files are
 * ordered by their numeric suffix. */
#ifndef TG_DB_POS_H
#define TG_DB_POS_H

#include "base/err.h"
#include "base/buf.h"

struct pos {
    char file[64];                    /* "binlog.000017", "" = none */
    uint64_t at;
};
int pos_cmp(const struct pos *a, const struct pos *b);
static inline bool pos_is_set(const struct pos *p)
{
    return p->file[0] != 0;
}
/* "binlog.000017:4711"; returns text in out. */
const char *pos_text(const struct pos *p, char out[96]);
bool pos_parse(const char *text, struct pos *out);
/* The numeric suffix; UINT64_MAX when there is none. */
uint64_t pos_file_number(const char *file);

/* MySQL: uuid:1-5:7,… ; MariaDB: domain-server-seq,… (a set per domain: the last one of each). Tagged GTIDs of
 * MySQL 8.3+ are refused by gtid_parse with ERR_BINLOG_EVENT. */
struct gtid_set;
struct gtid_set *gtid_new(bool is_mariadb);
void gtid_free(struct gtid_set *s);
struct gtid_set *gtid_copy(const struct gtid_set *s);
bool gtid_parse(struct gtid_set *s, const char *text, struct err *e); /* adds */
void gtid_add_mysql(struct gtid_set *s, const uint8_t uuid[16], uint64_t number);
void gtid_add_mariadb(struct gtid_set *s, uint32_t domain, uint32_t server, uint64_t sequence);
bool gtid_contains(const struct gtid_set *whole, const struct gtid_set *part);
bool gtid_is_empty(const struct gtid_set *s);
void gtid_text(const struct gtid_set *s, struct buf *out);
/* The binary form that COM_BINLOG_DUMP_GTID sends (MySQL only). */
void gtid_encode(const struct gtid_set *s, struct buf *out);

#endif
