// SPDX-License-Identifier: Apache-2.0
// The local-infile side of a connection. A server can answer any statement with the wish for a file of the client's;
// ours are answered by these handlers only, from the first byte of a connection on, and they refuse whatever is not
// the LOAD that is due.
#include "db/load.h"

#include "base/text.h"

#include <errmsg.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { NOT_ASKED_FOR = 2068 }; // the number that clients use for a refused file

static int on_open(void **info, const char *name, void *arg)
{
    struct conn *c = arg;
    struct load_port *p = c ? c->load : NULL;
    char due[64];
    *info = c;
    if (!p)
        return 1;
    snprintf(due, sizeof due, "%s-%u", p->token, p->opened);
    if (p->is_open || strcmp(name, due) != 0) {
        p->is_refused = true;
        return 1;
    }
    p->is_open = true;
    p->open(p->arg, p->opened++);
    return 0;
}

static int on_read(void *info, char *to, unsigned room)
{
    struct conn *c = info;
    int n = c->load->read(c->load->arg, to, room);
    if (n < 0) {
        c->load->is_failed = true;
        conn_cut(c); // the library ends the file all the same: it must not arrive
    }
    return n;
}

static void on_end(void *info)
{
    (void)info;
}

static int on_error(void *info, char *words, unsigned room)
{
    struct conn *c = info;
    bool is_failed = c && c->load && c->load->is_failed;
    snprintf(words, room, is_failed ? N_("the rows for LOAD DATA could not be given")
                                    : N_("the server asked for a file that nobody offered"));
    return is_failed ? CR_SERVER_LOST : NOT_ASKED_FOR;
}

void load_refuse_all(MYSQL *my)
{
    mysql_set_local_infile_handler(my, on_open, on_read, on_end, on_error, NULL);
}

void load_port_begin(struct load_port *p)
{
    snprintf(p->token, sizeof p->token, "%016" PRIx64 "%016" PRIx64, tg_random64(), tg_random64());
    p->opened = p->answered = 0;
    p->records = p->losses = 0;
    p->is_open = p->is_refused = p->is_failed = false;
}

void load_port_name(const struct load_port *p, unsigned n, struct buf *out)
{
    buf_addf(out, "'%s-%u'", p->token, n);
}

// "Records: 3  Deleted: 0  Skipped: 0  Warnings: 0" in the server's language: four numbers.
static bool take_numbers(const char *info, uint64_t numbers[4])
{
    unsigned n = 0;
    for (const char *p = info ? info : ""; *p && n < 4;) {
        p += strcspn(p, "0123456789");
        if (*p) {
            char *end;
            numbers[n++] = strtoull(p, &end, 10);
            p = end;
        }
    }
    return n == 4;
}

bool load_take_answer(struct conn *c, struct err *e)
{
    struct load_port *p = c->load;
    uint64_t numbers[4];
    if (!p || !p->is_open)
        return true;
    p->is_open = false;
    p->answered++;
    if (!take_numbers(mysql_info(c->my), numbers))
        return err_set(e, ERR_TARGET_QUERY, "LOAD DATA was answered with '%.100s'",
                       mysql_info(c->my) ? mysql_info(c->my) : "");
    p->records += numbers[0];
    p->losses += numbers[1] + numbers[2] + numbers[3] + mysql_warning_count(c->my);
    return true;
}

bool conn_packet_load(struct conn *c, struct load_port *p, const char *sql, size_t n, uint64_t *affected,
                      unsigned max, unsigned *done, struct err *e)
{
    c->load = p;
    if (c->my)
        mysql_set_local_infile_handler(c->my, on_open, on_read, on_end, on_error, c);
    bool ok = conn_packet(c, sql, n, affected, max, done, e);
    if (c->my)
        load_refuse_all(c->my);
    c->load = NULL;
    return ok;
}

bool err_is_load_off(const struct err *e)
{
    switch (e->sql) {
    case 1148: // not allowed with this version: local_infile is off, or the server was built without it
    case 3948: // MySQL 8: must be enabled on both sides
    case 4166: // MariaDB: the capability is disabled
        return true;
    default:
        return false;
    }
}
