/* SPDX-License-Identifier: Apache-2.0
 * 64 and 128-bit hashes (XXH3) of bytes. Not for secrets, not stored across versions of the ledger. */
#ifndef TG_BASE_HASH_H
#define TG_BASE_HASH_H

#include "base/base.h"
#include <xxhash.h>

static inline uint64_t hash64(const void *p, size_t n, uint64_t seed)
{
    return XXH3_64bits_withSeed(p, n, seed);
}
struct hash128 {
    uint64_t lo, hi;
};
static inline struct hash128 hash128(const void *p, size_t n)
{
    XXH128_hash_t h = XXH3_128bits(p, n);
    return (struct hash128){h.low64, h.high64};
}

#endif
