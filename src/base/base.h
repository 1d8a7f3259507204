/* SPDX-License-Identifier: Apache-2.0
 * base: what every room may use. Borrowed text (struct str), allocation that never returns NULL,
 * and the one place that ends the process for a broken invariant. */
#ifndef TG_BASE_BASE_H
#define TG_BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define TG_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define TG_UNUSED __attribute__((unused))
#define TG_MIN(a, b) ((a) < (b) ? (a) : (b))
#define TG_MAX(a, b) ((a) > (b) ? (a) : (b))

/* Text of another owner: pointer and length in bytes, no terminator promised. p == NULL is "no value". */
struct str {
    const char *p;
    size_t n;
};
#define STR(lit) ((struct str){(lit), sizeof(lit) - 1})
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).n, (s).p
static inline struct str str_of(const char *z)
{
    return (struct str){z, z ? strlen(z) : 0};
}
static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
/* ASCII case ignored; for identifiers and keywords. */
bool str_ieq(struct str a, struct str b);

/* The schema in which rehearsals write, at either end; where that name is taken, with "_" and 8 hexadecimal digits. It is
 * never moved. */
#define SCRATCH_SCHEMA "tidegate_rehearsal"
bool name_is_scratch(const char *schema);

/* Small memory: never NULL, running out ends the process through tg_bug(). Free with free(). */
void *x_alloc(size_t size);            /* zeroed */
void *x_realloc(void *p, size_t size);
void *x_memdup(const void *p, size_t n);
char *x_strdup(const char *z);
char *x_strndup(const char *p, size_t n);
char *x_format(const char *fmt, ...) PRINTF_LIKE(1, 2);
char *x_one_line(const char *lines);                    /* joined by "; "; the end of the last one is dropped */

/* A broken invariant: runs the hook (restore the terminal), prints, aborts. Never returns. */
_Noreturn void tg_bug(const char *fmt, ...) PRINTF_LIKE(1, 2);
void tg_bug_hook(void (*hook)(void));

/* "188 GB", "3.1 GB", "16 KB": decimal units, three digits at most, whole bytes whole. Returns out. */
const char *bytes_text(char out[32], uint64_t bytes);

/* Edit distance of two words, for "did you mean"; at most 64 bytes each are looked at. */
unsigned str_distance(const char *a, const char *b);

/* Cryptographically random bytes from the kernel. */
uint64_t tg_random64(void);

#endif
