/* SPDX-License-Identifier: Apache-2.0
 * Figures as people read them. All write into the caller's buffer and return it. Decimal units. */
#ifndef TG_UI_FORMAT_H
#define TG_UI_FORMAT_H

#include "base/base.h"

#define FMT_SIZE 40
const char *fmt_bytes(char out[FMT_SIZE], uint64_t bytes);    /* "188 GB", "3.1 GB", "16 KB" */
const char *fmt_rate(char out[FMT_SIZE], double bytes_per_s); /* "61.4 MB/s" */
/* "321 of ~412 GB": both in the unit of the total where that is readable. total 0: "321 GB so far".
 */
const char *fmt_part(char out[FMT_SIZE], uint64_t done, uint64_t total, bool is_guess);
const char *fmt_count(char out[FMT_SIZE], uint64_t n);      /* "801 M", "2.1 M", "14" */
const char *fmt_exact(char out[FMT_SIZE], uint64_t n);      /* "52,806,114" */
const char *fmt_span(char out[FMT_SIZE], int64_t seconds);  /* "1 h 24 m", "4 m 10 s" */
const char *fmt_about(char out[FMT_SIZE], int64_t seconds); /* one unit: "25 m", "2.2 h" */
const char *fmt_range(char out[FMT_SIZE], int64_t from_s, int64_t to_s,
                      const char *joint);                   /* "20–40 m" */
const char *fmt_lag(char out[FMT_SIZE], double seconds);    /* "1.9 s", "36 s", "4 m 10 s" */
const char *fmt_clock(char out[FMT_SIZE], int64_t wall_ms); /* "18:52:07", local time */

#endif
