/* SPDX-License-Identifier: Apache-2.0
 * DM's password text: base64 of a 16-byte IV, '@', and the AES-256-CFB ciphertext, with the key of
 * dm-master's secret-key-path (64 hexadecimal digits). The same in both directions as DM's own
 * encrypt and decrypt commands. Stateless and thread safe. */
#ifndef TG_CONF_DM_SECRET_H
#define TG_CONF_DM_SECRET_H

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"

/* Reads a key file; spaces and line ends around the digits are fine. Wipe the key after use. */
bool conf_dm_key_read(const char *path, unsigned char key[32], struct err *e);
bool conf_dm_key_parse(const char *hex, size_t n, unsigned char key[32], struct err *e);
/* The same text gives another result each time (random IV). */
bool conf_dm_encrypt(const unsigned char key[32], const struct secret *plain, struct buf *out,
                     struct err *e);
struct secret *conf_dm_decrypt(const unsigned char key[32], const char *text, struct err *e);
/* Has the text this form? Says nothing about the key. */
bool conf_dm_is_encrypted(const char *text);

#endif
