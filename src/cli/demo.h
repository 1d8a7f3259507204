/* SPDX-License-Identifier: Apache-2.0
 * The parts of `tidegate demo`: throw-away servers, the sample shop with its writer, an independent
 * comparison. */
#ifndef TG_CLI_DEMO_H
#define TG_CLI_DEMO_H

#include "base/err.h"
#include "base/sync.h"
#include "db/conn.h"

struct demo_server {
    char *dir, *program; /* everything of the server lies in dir */
    bool is_tidb;
    uint16_t port;
    long pid; /* 0: not running */
    struct db_addr addr;
};
/* MariaDB; root directory is that of the demo. password: of user tidegate. */
bool demo_mariadb_start(struct demo_server *s, const char *root, const char *name,
                        const char *password, bool is_target, struct cancel *stop, struct err *e);
/* NULL: no tidb-server on this host. Caller frees. */
char *demo_tidb_find(void);
bool demo_tidb_start(struct demo_server *s, const char *program, const char *root,
                     const char *password, struct cancel *stop, struct err *e);
void demo_server_stop(
    struct demo_server *s); /* ends the process, waits, frees; fine on a zeroed one */

/* A new file with mode 0600; ERR_FILE where there is one already. */
bool demo_file(const char *path, const char *text, struct err *e);

/* Tables and rows of the sample shop; about 200,000 rows. */
bool demo_shop_fill(const struct demo_server *source, struct cancel *stop, uint64_t *rows,
                    struct err *e);
/* A thread that changes the shop about a hundred times a second until demo_writer_stop. */
struct demo_writer;
struct demo_writer *demo_writer_start(const struct demo_server *source, struct err *e);
/* Returns how many transactions it committed; false: it failed (e). Frees. */
bool demo_writer_stop(struct demo_writer *w, uint64_t *transactions, struct err *e);
/* End of the source's binlog now. */
bool demo_position(const struct demo_server *source, char file[64], uint64_t *at, struct err *e);
/* Counts and checksums of every table through two connections of our own, printed a line each. */
bool demo_compare(const struct demo_server *source, const struct demo_server *target, bool *same,
                  struct err *e);

#endif
