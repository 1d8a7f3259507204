/* SPDX-License-Identifier: Apache-2.0
 * One text for equal JSON documents, whichever server printed them: object keys sorted, no spaces, a number by its
 * value (1, 1.0 and 1e0 are one), strings unescaped and escaped one way. */
#ifndef TG_BASE_JSON_NORMAL_H
#define TG_BASE_JSON_NORMAL_H

#include "base/buf.h"

/* Appends; false (nothing appended) when the text is not JSON that can be read. */
bool json_normal(struct buf *out, const char *p, size_t n);

#endif
