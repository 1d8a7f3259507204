/* SPDX-License-Identifier: Apache-2.0
 * LOAD DATA LOCAL from memory (DESIGN 4.4, "The fastest statement"): the fields of a row, and the port through which
 * libmariadb fetches them. No file is ever opened: what a server asks for is sent only if it is the very next LOAD of
 * a packet that we have just sent, by a random name.
 *
 * The form is that of the defaults: fields end with a tab, rows with a newline, backslash escapes, \N is NULL. The
 * character set is utf8mb4, for JSON takes no other and columns of another charset are converted as INSERT does it.
 * Tried on TiDB 8.5, MySQL 9.7 and MariaDB 10.11:
 *   - the statement may stand anywhere in a packet of several: the file is asked for when its turn comes;
 *   - MySQL and MariaDB read the file as characters, so bytes that are none go as hexadecimal digits through UNHEX;
 *     TiDB takes bytes as they are;
 *   - BIT takes a text for its bytes, so it goes as digits through CAST;
 *   - MariaDB gives an AUTO_INCREMENT column a new number for 0 as soon as there is a SET clause, without a warning,
 *     unless the column is set there too. */
#ifndef TG_DB_LOAD_H
#define TG_DB_LOAD_H

#include "db/conn.h"

/* How a column is written: as it is, or into a variable from which SET takes the value. */
enum load_form { LOAD_PLAIN, LOAD_HEX, LOAD_NUMBER, LOAD_VARIABLE };
enum load_form load_form(const struct column *c, enum db_flavour target);
/* One field, without what ends it. */
void encode_load_field(struct buf *out, const struct column *c, struct cell v, enum db_flavour target);
/* One row with its end; generated columns are left out. */
void encode_load_row(struct buf *out, const struct column *columns, const struct cell *cells, uint32_t n, enum db_flavour target);
/* What a LOAD DATA of such rows says behind the table's name: form of the file, columns, assignments. */
void load_form_text(struct buf *out, const struct column *columns, uint32_t n, enum db_flavour target);

struct load_port {
    void *arg;
    /* The n-th LOAD of the packet begins, from 0. */
    void (*open)(void *arg, unsigned n);
    /* Its next bytes, at most `room`; 0: its end. -1: it can't go on: the connection is cut, for a server takes the
     * end of a file for a whole one. */
    int (*read)(void *arg, char *to, unsigned room);
    /* Set by conn_packet_load and its callbacks: */
    char token[33];
    unsigned opened, answered;
    bool is_open, is_refused, is_failed;
    uint64_t records, losses;         /* rows that the server read; deleted, skipped and warned of */
};
/* Draws the names of the packet that is sent next. */
void load_port_begin(struct load_port *p);
/* Appends the name of the n-th LOAD in quotes. */
void load_port_name(const struct load_port *p, unsigned n, struct buf *out);
/* As conn_packet, with LOAD DATA LOCAL statements among the others. Rows that a server left out are no error here:
 * p->losses counts what it did not take as it was, and rows affected are told as ever. */
bool conn_packet_load(struct conn *c, struct load_port *p, const char *sql, size_t n, uint64_t *affected,
                      unsigned max, unsigned *done, struct err *e);
/* Whether the error says that the target takes no LOAD DATA LOCAL at all. */
bool err_is_load_off(const struct err *e);

/* For conn.c: what a new target connection gets, and the look at each answer. */
void load_refuse_all(MYSQL *my);
bool load_take_answer(struct conn *c, struct err *e);

#endif
