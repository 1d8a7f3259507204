/* SPDX-License-Identifier: Apache-2.0
 * Errors are values with an identity. One row of err_table.c per failure a person can meet: public id,
 * title, cause, cure, retry policy, exit code. Code compares codes, never texts. Detecting code sets,
 * the code that decides logs, once. */
#ifndef TG_BASE_ERR_H
#define TG_BASE_ERR_H

#include "base/base.h"

/* X(CODE, public id, retry, exit code, title, cause, cure); the list stays sorted by id. */
enum err_retry { RETRY_NEVER, RETRY_SAME, RETRY_RECONNECT, RETRY_AFTER_FIX };
enum tg_exit { EXIT_FINE = 0, EXIT_USAGE = 1, EXIT_INTERNAL = 2, EXIT_CHECK = 3, EXIT_RESUMABLE = 4,
               EXIT_PERSON = 5, EXIT_DIFFERENT = 6 };

enum err_code {
#define X(code, ...) code,
#include "base/err_table.h"
#undef X
    ERR_CODE_COUNT
};

struct err_info {
    const char *id;                 /* "TG-2103": stable, greppable */
    enum err_retry retry;
    enum tg_exit exit_code;
    const char *title, *cause, *cure; /* msgids */
};

struct err {
    enum err_code code;             /* ERR_OK when nothing happened */
    int sys;                        /* errno, or 0 */
    unsigned sql;                   /* server error number, or 0 */
    char where[160];                /* "shop.orders", file:line, host */
    char text[1024];                /* outermost context first, joined by ": " */
};

const struct err_info *err_info(enum err_code code);
void err_clear(struct err *e);
/* All return false so that a caller can write: return err_set(e, ...). e may be NULL. */
bool err_set(struct err *e, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool err_set_sql(struct err *e, enum err_code code, unsigned sql, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* Puts "context: " before the text, keeps the identity. */
bool err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Prints id, title, text, cause and cure for a person, one part a line, to out. */
void err_print(const struct err *e, void *file);

#endif
