/* SPDX-License-Identifier: Apache-2.0
 * Inside check: ten rows of many column types, as each path shows them. One thread. */
#ifndef TG_CHECK_REHEARSE_ROWS_H
#define TG_CHECK_REHEARSE_ROWS_H

#include "check/rehearse.h"
#include "db/encode.h"

#define SAMPLE_ROWS 10u
#define SAMPLE_BYTES 65536u           /* larger values of the person's rows are left out: NULL stands for them */

struct probe {                        /* a column type, and a column of the person's that has it; borrowed */
    const struct table *table;
    const struct column *column;
};
struct sample {                       /* rows 1 … SAMPLE_ROWS, packed, without their number */
    struct buf data;
    size_t at[SAMPLE_ROWS];
    bool is_there[SAMPLE_ROWS];
    uint32_t ncolumns;
    uint32_t nvalues, ntypes;         /* set by who reads them: what was there, NULL too; columns with any */
};
void sample_put(struct sample *s, uint32_t row, const struct cell *cells); /* row from 0; a later one takes its place */
bool sample_get(const struct sample *s, uint32_t row, struct cell *cells);
void sample_release(struct sample *s);

/* A table of these types: `k` INT, the key, then `c0` … ; all but k may be NULL. *sql is its CREATE TABLE, by which it
 * is made and read alike. New reference; ERR_DDL_UNKNOWN. */
struct table *probe_table(const struct probe *p, uint32_t n, const struct conn *source, const char *schema, const char *name, struct buf *sql, struct err *e);
/* Fills it: real values of the person's rows as far as there are any, then the ends of each type. Reads without locks. */
bool probe_fill(struct conn *source, const struct probe *p, uint32_t n, const struct table *def, struct err *e);
/* The copy path: as a chunk is read; `strict` as a comparison reads the source. */
bool sample_read(struct conn *source, const struct table *def, struct sample *read, struct sample *strict, struct err *e);
/* The same from the person's own tables, the first rows of each. */
bool sample_real(struct conn *source, const struct probe *p, uint32_t n, struct sample *read, struct sample *strict, struct err *e);
/* The stream path: what the binlog holds of the table between two places. */
bool sample_stream(struct run *r, const struct table *def, const struct pos *from, const struct pos *to, struct charmaps *maps,
                   struct sample *out, struct err *e);
/* Makes the table `name` in the target's scratch schema, writes the rows as a run does (LOAD DATA where it may; else
 * INSERT), and reads them back. */
bool sample_through(struct scratch *to, const struct target_dialect *dialect, const struct table *def, const struct buf *sql, const char *name,
                    bool may_load, const struct sample *rows, struct sample *back, struct err *e);

/* ---- rehearse_tail.c: real events against real rows, where no scratch table can be made at the source ---- */

struct tail {
    uint32_t ntables, nrows, nmoved;  /* compared; left out because they were changed meanwhile */
    bool is_live;                     /* the binlog's last file is long: only what came while we looked */
    /* The column of a row that differs, once a column. */
    void (*differs)(void *arg, const struct table *t, const struct column *c, struct cell image, struct cell read);
    void *arg;
};
/* Takes the last images of up to TAIL_ROWS rows a table out of the end of the binlog and compares them with what SELECT
 * finds, but for rows that a later event changes. At most some 20 s. */
bool tail_compare(struct run *r, struct charmaps *maps, struct tail *t, struct err *e);
#define TAIL_ROWS 10u
/* Whether both mean the same value. */
bool cell_is_equal(const struct column *c, struct cell a, struct cell b);

#endif
