/* SPDX-License-Identifier: Apache-2.0
 * One text per value, whichever server printed it and by whichever path it came: what two values are compared by.
 * Separates NULL, '' and 'NULL'. -0 of a DOUBLE counts as 0, since TiDB and MariaDB print both alike. Thread: any. */
#ifndef TG_DB_NORMAL_H
#define TG_DB_NORMAL_H

#include "db/type.h"

/* Appends a tag, a length and the normal form. JSON: objects with sorted keys, numbers as the double or integer they
 * are; DOUBLE and FLOAT: their bits; all else: the cell's bytes. */
void normal_cell(struct buf *out, const struct column *c, struct cell v);

#endif
