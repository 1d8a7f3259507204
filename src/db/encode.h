/* SPDX-License-Identifier: Apache-2.0
 * The one encoder: cells to SQL literals, rows of cells, keys. Copy path and stream path both end here.
 * Thread: any; no state. */
#ifndef TG_DB_ENCODE_H
#define TG_DB_ENCODE_H

#include "db/type.h"

/* A packed row: u32 per column (byte length, ROW_NULL for NULL), then the bytes of all cells in order.
 * Host byte order; lives only in this process. */
#define ROW_NULL UINT32_MAX
/* Appends a packed row; returns its size in bytes. */
size_t row_pack(struct buf *out, const struct cell *cells, uint32_t ncols);
/* Fills cells[ncols] with pointers into the packed row; returns the packed row's size in bytes. */
size_t row_unpack(const char *packed, uint32_t ncols, struct cell *cells);

/* Literal for INSERT … VALUES: numbers bare, text '…', bytes x'…', large ones _binary'…', NULL. Session as pinned
 * for targets. */
void encode_literal(struct buf *out, const struct column *c, struct cell v);
/* At least the bytes that encode_literal would append; looks at every byte of a text. */
size_t encode_literal_size(const struct column *c, struct cell v);
/* The same for a value that is inserted: an ENUM's number 0, which servers store for what is no member and refuse from
 * a literal, is taken from the ledger's table enum_zero (TiDB; MySQL and MariaDB refuse that, too). */
#define ENCODE_ENUM_ZERO "(SELECT e FROM tidegate_meta.enum_zero)"
void encode_value(struct buf *out, const struct column *c, struct cell v);
/* A condition that is true for exactly this value, NULL included; characters by bytes, FLOAT by its exact
 * double, JSON as the target's own text of it (DESIGN 4.2). `target` is server.flavour of the target's connection. */
void encode_match(struct buf *out, const struct column *c, struct cell v, enum db_flavour target);

/* Canonical key bytes of one cell: whole and exact, length-prefixed, NULL distinct; for "the same row".
 * DOUBLE and FLOAT by their bits (-0 as 0), other classes by cell bytes. */
void encode_key_exact(struct buf *out, const struct column *c, struct cell v);

/* Key equality that is COARSER than the server's (for the dependency tracker): appends folded bytes.
 * prefix_chars > 0 keeps that many characters (bytes for byte columns). Length-prefixed; a NULL cell is a bug of
 * the caller, who skips such keys. Returns false when the value is WILD:
 * it may equal values with other bytes in a way we can't compute; then nothing is appended. */
bool encode_key_folded(struct buf *out, const struct column *c, struct cell v, uint32_t prefix_chars);

#endif
