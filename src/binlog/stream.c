// SPDX-License-Identifier: Apache-2.0
/* The connection to the source on which it sends its binlog. We register as a replica, say what we can take, ask for
 * the dump, and from then on read one packet per event. libmariadb joins packets of 16 MiB; its own parser of events
 * is not used. A second descriptor of the socket lets another thread end a blocked read without a race against the
 * library, which closes its own one when a read fails. */
#include "binlog/event.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define COMMAND_DUMP_GTID 30          /* the client's header does not know it */
#define DUMP_THROUGH_GTID 4
#define READ_BUFFER_MAX (UINT64_C(1) << 30)
#define NET_BUFFER_KEPT ((size_t)1 << 20)

struct binlog {
    struct conn conn;
    int wake_fd;                      /* -1: none */
    unsigned timeout_ms;
};

const struct db_server *binlog_server(const struct binlog *b)
{
    return &b->conn.server;
}

static void put_le(struct buf *out, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++, v >>= 8)
        buf_addc(out, (char)(v & 0xff));
}

/* The variables by which a replica says what it can take; both spellings, for the source reads one of them. */
static bool announce(struct binlog *b, const struct binlog_start *start, struct err *e)
{
    uint64_t ns = (uint64_t)start->heartbeat_ms * 1000000, a = tg_random64(), z = tg_random64();
    char uuid[40];
    snprintf(uuid, sizeof uuid, "%08x-%04x-%04x-%04x-%012" PRIx64, (unsigned)(a & 0xffffffff),
             (unsigned)(a >> 32 & 0xffff), (unsigned)(a >> 48 & 0x0fff) | 0x4000u, (unsigned)(z & 0x3fff) | 0x8000u,
             z >> 16);
    if (!conn_execf(&b->conn, e,
                    "SET @master_binlog_checksum = @@global.binlog_checksum,"
                    " @source_binlog_checksum = @@global.binlog_checksum, @master_heartbeat_period = %" PRIu64
                    ", @source_heartbeat_period = %" PRIu64 ", @slave_uuid = '%s', @replica_uuid = '%s'",
                    ns, ns, uuid, uuid))
        return false;
    if (b->conn.server.flavour != DB_MARIADB)
        return true;
    if (!conn_execf(&b->conn, e, "SET @mariadb_slave_capability = 4"))
        return false;
    if (!start->gtid)
        return true;
    struct buf sql = {0}, set = {0};
    gtid_text(start->gtid, &set);
    buf_adds(&sql, "SET @slave_connect_state = ");
    sql_text(&sql, set.p ? set.p : "", set.n);
    buf_adds(&sql, ", @slave_gtid_strict_mode = 0, @slave_gtid_ignore_duplicates = 0");
    bool ok = conn_exec(&b->conn, sql.p, sql.n, NULL, e);
    buf_release(&sql);
    buf_release(&set);
    return ok;
}

static bool send_command(struct binlog *b, int command, const struct buf *arg, bool has_answer, struct err *e)
{
    MYSQL *my = b->conn.my;
    if (!my->methods->db_command(my, (enum enum_server_command)command, arg->p, arg->n, has_answer ? 0 : 1, NULL))
        return true;
    /* Logged in we are: here the server means REPLICATION SLAVE. */
    if (mysql_errno(my) == 1045)
        return err_set_sql(e, ERR_SOURCE_PRIVILEGE, 1045, "%s", mysql_error(my));
    return conn_error(&b->conn, e);
}

static bool enrol(struct binlog *b, uint32_t server_id, struct err *e)
{
    struct buf arg = {0};
    put_le(&arg, server_id, 4);
    put_le(&arg, 0, 3);               /* host, user, password: empty */
    put_le(&arg, 0, 2);               /* port */
    put_le(&arg, 0, 8);               /* rank, id of the source: unused */
    bool ok = send_command(b, COM_REGISTER_SLAVE, &arg, true, e);
    buf_release(&arg);
    return ok || err_wrap(e, "register as a replica");
}

static bool ask_for_dump(struct binlog *b, const struct binlog_start *start, struct err *e)
{
    struct buf arg = {0}, set = {0};
    int command = COM_BINLOG_DUMP;
    bool by_gtid = start->gtid != NULL;
    if (by_gtid && b->conn.server.flavour != DB_MARIADB) {
        command = COMMAND_DUMP_GTID;
        gtid_encode(start->gtid, &set);
        put_le(&arg, DUMP_THROUGH_GTID, 2);
        put_le(&arg, start->server_id, 4);
        put_le(&arg, 0, 4);           /* no file: the source finds it */
        put_le(&arg, 4, 8);
        put_le(&arg, set.n, 4);
        buf_add(&arg, set.p, set.n);
    } else {
        /* A position beyond 4 GiB can't be asked for; such a file is one huge transaction. */
        if (!by_gtid && start->pos.at > UINT32_MAX) {
            buf_release(&arg);
            return err_set(e, ERR_BINLOG_READ, "%s:%llu is beyond 4 GiB, where no stream can start by position",
                           start->pos.file, (unsigned long long)start->pos.at);
        }
        put_le(&arg, by_gtid ? 4 : start->pos.at, 4);
        put_le(&arg, 0, 2);
        put_le(&arg, start->server_id, 4);
        if (!by_gtid)
            buf_adds(&arg, start->pos.file);
    }
    bool ok = send_command(b, command, &arg, false, e);
    buf_release(&arg);
    buf_release(&set);
    return ok || err_wrap(e, "ask for the binlog");
}

struct binlog *binlog_open(const struct db_addr *source, const struct binlog_start *start, struct err *e)
{
    struct binlog *b = x_alloc(sizeof *b);
    b->wake_fd = -1;
    b->timeout_ms = 3 * start->heartbeat_ms;
    if (!conn_open_source(&b->conn, source, (b->timeout_ms + 999) / 1000, e))
        goto fail;
    b->wake_fd = dup(mysql_get_socket(b->conn.my));
    b->conn.my->net.max_packet_size = READ_BUFFER_MAX;
    if (b->wake_fd < 0) {
        err_set(e, ERR_BINLOG_READ, "no descriptor left");
        goto fail;
    }
    if (!announce(b, start, e) || !enrol(b, start->server_id, e) || !ask_for_dump(b, start, e))
        goto fail;
    return b;
fail:
    binlog_close(b);
    return NULL;
}

void binlog_close(struct binlog *b)
{
    if (!b)
        return;
    conn_kill(&b->conn);
    if (b->wake_fd >= 0)
        close(b->wake_fd);
    free(b);
}

void binlog_interrupt(struct binlog *b)
{
    shutdown(b->wake_fd, SHUT_RDWR);
}

/* Error 1236 stands for everything that keeps a source from sending; only its text tells what. What is not known here
 * (a broken file, say) does not get better by asking again. */
static enum err_code code_of_1236(const char *text)
{
    static const struct {
        const char *words;
        enum err_code code;
    } rows[] = {{"purged", ERR_BINLOG_PURGED},
                {"Could not find", ERR_BINLOG_PURGED},
                {"could not find", ERR_BINLOG_PURGED},
                {"not in the master's binlog", ERR_BINLOG_PURGED},
                {"has more GTIDs", ERR_SOURCE_IDENTITY},
                {"same server_", ERR_BINLOG_READ},
                {"same server-", ERR_BINLOG_READ},
                {"killed", ERR_BINLOG_READ}};
    for (size_t i = 0; i < TG_ARRAY_LEN(rows); i++)
        if (strstr(text, rows[i].words))
            return rows[i].code;
    return ERR_BINLOG_GAP;
}

static bool read_error(struct binlog *b, struct err *e)
{
    unsigned sql = mysql_errno(b->conn.my);
    const char *text = mysql_error(b->conn.my);
    switch (sql) {
    case 1236: return err_set_sql(e, code_of_1236(text), sql, "%s", text);
    case 1220: return err_set_sql(e, ERR_BINLOG_READ, sql, "%s", text);
    case 1227:
    case 1045: return err_set_sql(e, ERR_SOURCE_PRIVILEGE, sql, "%s", text);
    default: return err_set_sql(e, ERR_BINLOG_READ, sql, "%s (nothing for %u ms, or cut)", text, b->timeout_ms);
    }
}

/* A large packet: the library's buffer itself becomes the event, and it gets a new, small one, so that the event stands
 * in memory once. The fields are those that the library's own growing of the buffer sets. */
static struct binlog_raw *take_buffer(NET *net, const uint8_t *event, size_t n)
{
    uint8_t *fresh = malloc(NET_BUFFER_KEPT);
    size_t offset = (size_t)(event - net->buff);
    if (!fresh)
        return NULL;
    uint8_t *all = realloc(net->buff, TG_MAX((size_t)net->max_packet, sizeof(struct binlog_raw) + offset + n));
    if (!all) {
        free(fresh);
        return NULL;
    }
    net->buff = net->write_pos = net->read_pos = fresh;
    net->max_packet = NET_BUFFER_KEPT;
    net->buff_end = fresh + NET_BUFFER_KEPT;
    struct binlog_raw *raw = (struct binlog_raw *)all;
    memmove(raw->p, all + offset, n);
    raw->n = n;
    return raw;
}

bool binlog_fetch(struct binlog *b, struct binlog_raw **raw, struct err *e)
{
    *raw = NULL;
    MYSQL *my = b->conn.my;
    unsigned long n = mysql_net_read_packet(my);
    if (n == packet_error)
        return read_error(b, e);
    const uint8_t *p = my->net.read_pos;
    if (p[0] == 0xfe && n < 9)
        return err_set(e, ERR_BINLOG_READ, "the source ended the stream");
    if (p[0] != 0)
        return err_set(e, ERR_BINLOG_READ, "a packet of kind %u", p[0]);
    if (n > NET_BUFFER_KEPT) {
        *raw = take_buffer(&my->net, p + 1, n - 1);
    } else if ((*raw = malloc(sizeof **raw + n - 1)) != NULL) {
        (*raw)->n = n - 1;
        memcpy((*raw)->p, p + 1, n - 1);
    }
    return *raw || err_set(e, ERR_MEMORY, "an event of %lu bytes", n - 1);
}
