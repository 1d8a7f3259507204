/* SPDX-License-Identifier: Apache-2.0
 * From the bytes of a source's charset to utf8mb4, exactly as that very server does it in a SELECT: a charmap is
 * the server's own conversion, asked for once in bulk (single bytes, pairs, triples, the four-byte codes of gb18030).
 * Only what is a formula is computed: ucs2, utf16, utf16le, utf32, and gb18030 from U+10000 on. Row images and the
 * text of statements come in such charsets; what a SELECT sends is utf8mb4 already. */
#ifndef TG_DB_CHARMAP_H
#define TG_DB_CHARMAP_H

#include "base/buf.h"
#include "base/err.h"
#include "db/conn.h"

struct charmap;
struct charmaps;                      /* of one source; a map stays valid as long as this lives */
/* The address is borrowed. Nothing is connected before a map is needed. */
struct charmaps *charmaps_new(const struct db_addr *source);
void charmaps_free(struct charmaps *m);         /* NULL is fine */
/* The map of a charset, named by it or by one of its collations; the first call for a charset reads it over a
 * connection of its own. Any thread. NULL: ERR_SOURCE_TYPE for a charset without a map, else as conn_open_source. */
const struct charmap *charmaps_get(struct charmaps *m, const char *name, struct err *e);
/* Whether charmaps_get knows the charset; name as above. */
bool charmap_is_known(const char *name);
unsigned charmap_max_bytes(const struct charmap *map);

/* n bytes as utf8mb4, into the arena, or pointing to p where the bytes are the same. '?' stands where the server
 * sends one because Unicode or the server lacks the character. Returns how many were lost so. */
uint32_t charmap_text(const struct charmap *map, const uint8_t *p, size_t n, struct cell *out, struct arena *text);

#endif
