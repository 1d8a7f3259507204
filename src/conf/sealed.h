/* SPDX-License-Identifier: Apache-2.0
 * A sealed file: a few named passwords in one small text file that a passphrase opens. Five lines:
 *   tidegate-sealed 1
 *   kdf scrypt n=65536 r=8 p=2 salt=BASE64
 *   cipher aes-256-gcm nonce=BASE64
 *   data BASE64               NAME and value by turns, a NUL behind each, filled up with NULs; then the tag
 *   sum HEX                   of the lines above, so that damage can be told from another passphrase
 * The first three lines are authenticated with the data. There is one spelling of every file: what differs by a byte is
 * refused. The second door to OpenSSL of this room (dm_secret.c is the first). Stateless and thread safe. */
#ifndef TG_CONF_SEALED_H
#define TG_CONF_SEALED_H

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"

enum { SEALED_NAME_MAX = 64, SEALED_ENTRIES_MAX = 64, SEALED_FILE_MAX = 64 << 10, SEALED_VALUE_MAX = 4096 };
struct sealed_entry {
    char name[SEALED_NAME_MAX + 1];
    struct secret *value;
};
struct sealed {
    struct sealed_entry *entry;
    size_t n;
};
struct sealed_cost {              /* of scrypt */
    uint64_t n, r, p;
};
extern const struct sealed_cost sealed_usual; /* 64 MiB and about a third of a second */

bool sealed_name_is_valid(const char *name); /* letters, digits, - . _ */
/* Copies; another value of that name gives way. ERR_CONF_VALUE: a name or value that can't be kept. */
bool sealed_put(struct sealed *s, const char *name, const struct secret *value, struct err *e);
const struct secret *sealed_get(const struct sealed *s, const char *name); /* NULL: it is not there */
void sealed_release(struct sealed *s);

/* Appended. The same list gives another text each time (salt and nonce are random). */
bool sealed_make(const struct sealed *s, const struct secret *passphrase, const struct sealed_cost *cost, struct buf *out, struct err *e);
/* ERR_SEALED_DAMAGED, ERR_SEALED_PASSPHRASE. Passphrase NULL: only looks whether it could be opened; *out stays empty. What a
 * file may ask of memory and time is bounded. */
bool sealed_open(struct sealed *out, const char *text, size_t n, const struct secret *passphrase, struct err *e);
/* The same with a file; err.where is its path. Writing: mode 0600, whole or not at all. ERR_SEALED_FILE, ERR_FILE. */
bool sealed_write(const char *path, const struct sealed *s, const struct secret *passphrase, struct err *e);
bool sealed_read(struct sealed *out, const char *path, const struct secret *passphrase, struct err *e);

#endif
