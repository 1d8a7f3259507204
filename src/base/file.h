/* SPDX-License-Identifier: Apache-2.0
 * Files that are written whole or not at all. */
#ifndef TG_BASE_FILE_H
#define TG_BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"

/* Mode 0600, on the disk when it returns; whoever reads meanwhile sees the old text or the new. ERR_FILE. */
bool file_replace(const char *path, const struct buf *text, struct err *e);

#endif
