// SPDX-License-Identifier: Apache-2.0
// Positions and GTID sets. A MySQL set is an array of servers sorted by UUID, each with sorted
// half-open intervals that never touch; adding finds its place by bisection and merges, so a stream
// that counts up costs nothing. A MariaDB set is an array of domains, each with the last
// transaction. Neither is thread safe.
#include "db/pos.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

// Decimal digits only, no sign, no overflow; *end is where they stop.
static bool read_u64(const char *p, const char **end, uint64_t *out)
{
    uint64_t v = 0;
    const char *at = p;
    for (; *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *end = at;
    *out = v;
    return at > p;
}

uint64_t pos_file_number(const char *file)
{
    const char *dot = strrchr(file, '.'), *end;
    uint64_t n;
    if (!dot || !read_u64(dot + 1, &end, &n) || *end)
        return UINT64_MAX;
    return n;
}

int pos_cmp(const struct pos *a, const struct pos *b)
{
    if (pos_is_set(a) != pos_is_set(b))
        return pos_is_set(a) ? 1 : -1;
    uint64_t na = pos_file_number(a->file), nb = pos_file_number(b->file);
    if (na != nb)
        return na < nb ? -1 : 1;
    int by_name = na == UINT64_MAX ? strcmp(a->file, b->file) : 0;
    if (by_name)
        return by_name < 0 ? -1 : 1;
    return a->at == b->at ? 0 : a->at < b->at ? -1 : 1;
}

const char *pos_text(const struct pos *p, char out[96])
{
    if (pos_is_set(p))
        snprintf(out, 96, "%s:%" PRIu64, p->file, p->at);
    else
        out[0] = 0;
    return out;
}

bool pos_parse(const char *text, struct pos *out)
{
    const char *colon = strrchr(text, ':'), *end;
    struct pos p = {.file = ""};
    if (!colon || colon == text || (size_t)(colon - text) >= sizeof p.file)
        return false;
    if (!read_u64(colon + 1, &end, &p.at) || *end)
        return false;
    memcpy(p.file, text, (size_t)(colon - text));
    *out = p;
    return true;
}

struct interval {
    uint64_t start, end; // [start, end)
};
struct gtid_server {
    uint8_t uuid[16];
    struct interval *runs;
    size_t n, cap;
};
struct gtid_domain {
    uint32_t domain, server;
    uint64_t sequence;
};
struct gtid_set {
    bool is_mariadb;
    size_t n, cap;
    struct gtid_server *servers; // MySQL
    struct gtid_domain *domains; // MariaDB
};

struct gtid_set *gtid_new(bool is_mariadb)
{
    struct gtid_set *s = x_alloc(sizeof *s);
    s->is_mariadb = is_mariadb;
    return s;
}

void gtid_free(struct gtid_set *s)
{
    if (!s)
        return;
    for (size_t i = 0; s->servers && i < s->n; i++)
        free(s->servers[i].runs);
    free(s->servers);
    free(s->domains);
    free(s);
}

struct gtid_set *gtid_copy(const struct gtid_set *s)
{
    struct gtid_set *to = gtid_new(s->is_mariadb);
    to->n = to->cap = s->n;
    if (!s->n)
        return to;
    if (s->is_mariadb) {
        to->domains = x_memdup(s->domains, s->n * sizeof *s->domains);
        return to;
    }
    to->servers = x_memdup(s->servers, s->n * sizeof *s->servers);
    for (size_t i = 0; i < s->n; i++) {
        to->servers[i].runs =
            x_memdup(s->servers[i].runs, s->servers[i].n * sizeof(struct interval));
        to->servers[i].cap = s->servers[i].n;
    }
    return to;
}

bool gtid_is_empty(const struct gtid_set *s)
{
    return s->n == 0;
}

// Makes room for one element of `size` at index i of an array of n.
static void *array_open(void *p, size_t n, size_t *cap, size_t size, size_t i)
{
    if (n == *cap) {
        *cap = *cap ? *cap * 2 : 4;
        p = x_realloc(p, *cap * size);
    }
    memmove((char *)p + (i + 1) * size, (char *)p + i * size, (n - i) * size);
    memset((char *)p + i * size, 0, size);
    return p;
}

// Index of the server, or where it belongs.
static size_t server_index(const struct gtid_set *s, const uint8_t uuid[16], bool *found)
{
    size_t lo = 0, hi = s->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int d = memcmp(s->servers[mid].uuid, uuid, 16);
        if (d == 0) {
            *found = true;
            return mid;
        }
        if (d < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    *found = false;
    return lo;
}

static void add_interval(struct gtid_set *s, const uint8_t uuid[16], struct interval add)
{
    bool found;
    size_t at = server_index(s, uuid, &found);
    if (!found) {
        s->servers = array_open(s->servers, s->n++, &s->cap, sizeof *s->servers, at);
        memcpy(s->servers[at].uuid, uuid, 16);
    }
    struct gtid_server *v = &s->servers[at];
    size_t lo = 0, hi = v->n; // the first run that ends at or after add.start
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (v->runs[mid].end < add.start)
            lo = mid + 1;
        else
            hi = mid;
    }
    size_t last = lo; // one past the last run that add touches
    for (; last < v->n && v->runs[last].start <= add.end; last++) {
        add.start = TG_MIN(add.start, v->runs[last].start);
        add.end = TG_MAX(add.end, v->runs[last].end);
    }
    if (last == lo) {
        v->runs = array_open(v->runs, v->n++, &v->cap, sizeof *v->runs, lo);
    } else {
        memmove(&v->runs[lo + 1], &v->runs[last], (v->n - last) * sizeof *v->runs);
        v->n -= last - lo - 1;
    }
    v->runs[lo] = add;
}

void gtid_add_mysql(struct gtid_set *s, const uint8_t uuid[16], uint64_t number)
{
    if (s->is_mariadb || number == 0 || number >= INT64_MAX)
        tg_bug("gtid_add_mysql: number %" PRIu64 " or kind of set", number);
    add_interval(s, uuid, (struct interval){number, number + 1});
}

static size_t domain_index(const struct gtid_set *s, uint32_t domain)
{
    size_t i = 0;
    while (i < s->n && s->domains[i].domain < domain)
        i++;
    return i;
}

void gtid_add_mariadb(struct gtid_set *s, uint32_t domain, uint32_t server, uint64_t sequence)
{
    if (!s->is_mariadb)
        tg_bug("gtid_add_mariadb: a MySQL set");
    size_t i = domain_index(s, domain);
    if (i == s->n || s->domains[i].domain != domain)
        s->domains = array_open(s->domains, s->n++, &s->cap, sizeof *s->domains, i);
    else if (s->domains[i].sequence > sequence)
        return;
    s->domains[i] = (struct gtid_domain){domain, server, sequence};
}

static const char *skip_space(const char *p)
{
    while (isspace((unsigned char)*p))
        p++;
    return p;
}

// 32 hex digits; the dashes at the usual places may be left out, as MySQL itself takes it.
static bool read_uuid(const char **p, uint8_t uuid[16])
{
    const char *at = *p;
    for (int i = 0; i < 16; i++) {
        if (*at == '-' && (i == 4 || i == 6 || i == 8 || i == 10))
            at++;
        unsigned v = 0;
        for (int k = 0; k < 2; k++, at++) {
            if (!isxdigit((unsigned char)*at))
                return false;
            unsigned char c = (unsigned char)tolower((unsigned char)*at);
            v = v * 16 + (c <= '9' ? c - (unsigned)'0' : c - (unsigned)'a' + 10);
        }
        uuid[i] = (uint8_t)v;
    }
    *p = at;
    return true;
}

static bool malformed(const char *text, const char *at, struct err *e)
{
    return err_set(e, ERR_CONF_VALUE, "not a GTID set at character %d: %.200s",
                   (int)(at - text) + 1, text);
}

static bool parse_interval(const char **p, struct interval *out)
{
    const char *at = *p;
    if (!read_u64(at, &at, &out->start))
        return false;
    uint64_t last = out->start;
    at = skip_space(at);
    if (*at == '-' && !read_u64(skip_space(at + 1), &at, &last))
        return false;
    if (out->start == 0 || last < out->start || last >= INT64_MAX)
        return false;
    out->end = last + 1;
    *p = skip_space(at);
    return true;
}

static bool parse_mysql(struct gtid_set *s, const char *text, struct err *e)
{
    for (const char *p = skip_space(text); *p;) {
        uint8_t uuid[16];
        if (*p == ',') { // MySQL itself takes empty members
            p = skip_space(p + 1);
            continue;
        }
        if (!read_uuid(&p, uuid))
            return malformed(text, p, e);
        p = skip_space(p);
        if (*p != ':')
            return malformed(text, p, e);
        while (*p == ':') {
            struct interval add;
            p = skip_space(p + 1);
            if (isalpha((unsigned char)*p) || *p == '_')
                return err_set(e, ERR_BINLOG_EVENT, "tagged GTIDs are not built yet: %.200s", text);
            if (!parse_interval(&p, &add))
                return malformed(text, p, e);
            add_interval(s, uuid, add);
        }
        if (*p && *p != ',')
            return malformed(text, p, e);
    }
    return true;
}

static bool parse_mariadb(struct gtid_set *s, const char *text, struct err *e)
{
    for (const char *p = skip_space(text); *p;) {
        uint64_t domain, server, sequence;
        if (!read_u64(p, &p, &domain) || domain > UINT32_MAX || *p++ != '-')
            return malformed(text, p, e);
        if (!read_u64(p, &p, &server) || server > UINT32_MAX || *p++ != '-')
            return malformed(text, p, e);
        if (!read_u64(p, &p, &sequence))
            return malformed(text, p, e);
        gtid_add_mariadb(s, (uint32_t)domain, (uint32_t)server, sequence);
        p = skip_space(p);
        if (*p && *p != ',')
            return malformed(text, p, e);
        if (*p)
            p = skip_space(p + 1);
    }
    return true;
}

bool gtid_parse(struct gtid_set *s, const char *text, struct err *e)
{
    return s->is_mariadb ? parse_mariadb(s, text, e) : parse_mysql(s, text, e);
}

// Both sorted and merged: each run of the part lies inside one run of the whole.
static bool runs_contain(const struct gtid_server *whole, const struct gtid_server *part)
{
    size_t w = 0;
    for (size_t i = 0; i < part->n; i++) {
        while (w < whole->n && whole->runs[w].end < part->runs[i].end)
            w++;
        if (w == whole->n || whole->runs[w].start > part->runs[i].start)
            return false;
    }
    return true;
}

bool gtid_contains(const struct gtid_set *whole, const struct gtid_set *part)
{
    if (whole->is_mariadb != part->is_mariadb)
        return gtid_is_empty(part);
    for (size_t i = 0; i < part->n; i++) {
        if (part->is_mariadb) {
            size_t at = domain_index(whole, part->domains[i].domain);
            if (at == whole->n || whole->domains[at].domain != part->domains[i].domain ||
                whole->domains[at].sequence < part->domains[i].sequence)
                return false;
            continue;
        }
        bool found;
        size_t at = server_index(whole, part->servers[i].uuid, &found);
        if (!found || !runs_contain(&whole->servers[at], &part->servers[i]))
            return false;
    }
    return true;
}

static void uuid_text(struct buf *out, const uint8_t u[16])
{
    for (int i = 0; i < 16; i++)
        buf_addf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", u[i]);
}

void gtid_text(const struct gtid_set *s, struct buf *out)
{
    buf_add(out, "", 0);
    for (size_t i = 0; i < s->n; i++) {
        if (i)
            buf_addc(out, ',');
        if (s->is_mariadb) {
            const struct gtid_domain *d = &s->domains[i];
            buf_addf(out, "%" PRIu32 "-%" PRIu32 "-%" PRIu64, d->domain, d->server, d->sequence);
            continue;
        }
        uuid_text(out, s->servers[i].uuid);
        for (size_t k = 0; k < s->servers[i].n; k++) {
            const struct interval *r = &s->servers[i].runs[k];
            buf_addf(out, ":%" PRIu64, r->start);
            if (r->end - r->start > 1)
                buf_addf(out, "-%" PRIu64, r->end - 1);
        }
    }
}

static void add_le64(struct buf *out, uint64_t v)
{
    char b[8];
    for (int i = 0; i < 8; i++)
        b[i] = (char)(v >> (8 * i));
    buf_add(out, b, 8);
}

void gtid_encode(const struct gtid_set *s, struct buf *out)
{
    if (s->is_mariadb)
        tg_bug("gtid_encode: MariaDB has no binary form");
    add_le64(out, s->n);
    for (size_t i = 0; i < s->n; i++) {
        buf_add(out, s->servers[i].uuid, 16);
        add_le64(out, s->servers[i].n);
        for (size_t k = 0; k < s->servers[i].n; k++) {
            add_le64(out, s->servers[i].runs[k].start);
            add_le64(out, s->servers[i].runs[k].end);
        }
    }
}
