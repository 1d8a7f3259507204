/* SPDX-License-Identifier: Apache-2.0
 * Private to db: pieces that row images and JSONB share. Each writes text without a terminator and returns its
 * length, or 0 when the bytes are not a value of that type. */
#ifndef TG_DB_RENDER_IMPL_H
#define TG_DB_RENDER_IMPL_H

#include "base/base.h"

#define RENDER_DECIMAL_MAX 128
#define RENDER_TIME_MAX 32
#define RENDER_DOUBLE_MAX 40

/* Bytes of a binary DECIMAL; 0: no such DECIMAL. */
size_t render_decimal_size(unsigned precision, unsigned scale);
size_t render_decimal(char out[RENDER_DECIMAL_MAX], const uint8_t *p, unsigned precision, unsigned scale);
/* The servers' packed 64-bit forms: 24 bits of microseconds, above them the fields. */
size_t render_packed_date(char out[RENDER_TIME_MAX], int64_t packed);
size_t render_packed_datetime(char out[RENDER_TIME_MAX], int64_t packed, unsigned dec);
size_t render_packed_time(char out[RENDER_TIME_MAX], int64_t packed, unsigned dec);
size_t render_double_text(char out[RENDER_DOUBLE_MAX], double v);
/* At most 20 bytes. */
size_t render_u64(char *out, uint64_t v);
size_t render_i64(char *out, int64_t v);

static inline uint64_t read_le(const uint8_t *p, unsigned n)
{
    uint64_t v = 0;
    for (unsigned i = n; i-- > 0;)
        v = v << 8 | p[i];
    return v;
}
static inline uint64_t read_be(const uint8_t *p, unsigned n)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < n; i++)
        v = v << 8 | p[i];
    return v;
}

#endif
