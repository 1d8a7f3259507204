// SPDX-License-Identifier: Apache-2.0
/* Rows that the target can't take. What is too large for a packet is seen before it is sent; what the target refuses
 * is found by sifting: inside the batch's own transaction its rows are inserted in small statements, those that fail are
 * halved until single rows are left. These go to the quarantine, in the same transaction as the rest of the batch: a
 * row of the ledger, and before that a file with the INSERT itself. A key that a later batch touches leaves it again,
 * so that the quarantine always holds the row's state at what is applied, and trying it again needs no source. */
#include "apply/private.h"

#include "base/hash.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LARGE_ROW ((size_t)1 << 20)
#define KEY_TEXT 200
#define TOLD_ROWS 5                   /* of a batch, in the log */

static void forget_rows(struct bad_row *rows, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        free(rows[i].reason);
        free(rows[i].key);
    }
}

void sift_reset(struct sift *s)
{
    forget_rows(s->bad, s->nbad);
    forget_rows(s->forced, s->nforced);
    free(s->bad);
    free(s->forced);
    free(s->released);
    *s = (struct sift){0};
}

/* A new try: what the last one found may fit by now, what only COMMIT told stays. */
static void begin_try(struct sift *s)
{
    forget_rows(s->bad, s->nbad);
    s->nbad = s->nreleased = 0;
    for (uint32_t i = 0; i < s->nforced; i++) {
        s->bad = x_realloc(s->bad, (s->nbad + 1) * sizeof *s->bad);
        s->bad[s->nbad] = s->forced[i];
        s->bad[s->nbad++].reason = x_strdup(s->forced[i].reason);
    }
}

static bool is_bad(const struct sift *s, uint32_t part, uint32_t row)
{
    for (uint32_t i = 0; i < s->nbad; i++)
        if (s->bad[i].part == part && s->bad[i].row == row)
            return true;
    return false;
}

static void add_bad(struct sift *s, uint32_t part, uint32_t row, size_t at, const char *reason)
{
    if (is_bad(s, part, row))
        return;
    s->bad = x_realloc(s->bad, (s->nbad + 1) * sizeof *s->bad);
    s->bad[s->nbad++] = (struct bad_row){.part = part, .row = row, .at = at, .reason = x_strdup(reason)};
}

/* ---- too large for a packet ---- */

size_t writer_packet_max(const struct writer *w)
{
    size_t max = w->conn.server.max_allowed_packet;
    return max - TG_MIN(max / 8, (size_t)256 << 10); /* the lane's and the ledger's statements stand beside the row */
}

static size_t statement_size(const struct table *def, const struct cell *cells)
{
    size_t n = 256;
    for (uint32_t i = 0; i < def->ncolumns; i++)
        n += encode_literal_size(&def->columns[i], cells[i]) + strlen(def->columns[i].name) + 8;
    return n;
}

/* Rows whose statement is longer than a packet may be. */
static void look_for_large(struct sift *s, const struct batch *b, size_t packet_max)
{
    for (uint32_t i = 0; i < b->nparts; i++) {
        const struct batch_part *part = &b->parts[i];
        if (2 * part->ins.data.n + 80 * (size_t)part->def->ncolumns + 256 <= packet_max)
            continue; /* as nearly always */
        struct cell *cells = x_alloc(part->def->ncolumns * sizeof *cells);
        size_t at = 0;
        for (uint32_t row = 0; row < part->ins.n; row++) {
            size_t size = row_unpack(part->ins.data.p + at, part->def->ncolumns, cells);
            if (2 * size + 80 * (size_t)part->def->ncolumns + 256 > packet_max && statement_size(part->def, cells) > packet_max) {
                char reason[160];
                snprintf(reason, sizeof reason, N_("a row of %zu bytes does not fit into the target's max_allowed_packet (%zu usable)"),
                         size, packet_max);
                add_bad(s, i, row, at, reason);
            }
            at += size;
        }
        free(cells);
    }
}

bool sift_wanted(struct writer *w, const struct batch *b)
{
    struct sift *s = &w->sift;
    begin_try(s);
    look_for_large(s, b, writer_packet_max(w));
    return s->is_on || s->nbad;
}

/* ---- what an error says about a row ---- */

enum trouble { TROUBLE_OTHER, TROUBLE_SIZE, TROUBLE_VALUE, TROUBLE_SUM };

static enum trouble trouble_of(const struct err *e)
{
    if (e->code != ERR_TARGET_QUERY && e->code != ERR_TARGET_FULL)
        return TROUBLE_OTHER;
    switch (e->sql) {
    case 8025: // TiDB: entry too large
    case 1118: // row size too large
    case 1713: // undo record too large
    case 1301: // result larger than max_allowed_packet
        return TROUBLE_SIZE;
    case 1105: // entry is too large
    case 8004: // transaction too large
    case 8175: // memory quota
        return e->code == ERR_TARGET_FULL ? TROUBLE_SUM : TROUBLE_OTHER;
    case 1048: // NULL in a column that takes none
    case 1264: // out of range
    case 1265: // truncated
    case 1292: // a time that is none
    case 1300: // characters
    case 1366: // incorrect value
    case 1367:
    case 1406: // too long
    case 1411:
    case 1416: // geometry
    case 1525:
    case 1526: // no partition
    case 1690: // out of range
    case 1748: // wrong partition
    case 3140: // JSON
    case 3157: // JSON too deep
    case 3819: // CHECK
    case 4025: // CHECK, MariaDB
        return TROUBLE_VALUE;
    default:
        return TROUBLE_OTHER;
    }
}

/* ---- sifting ---- */

/* One slice of a part: rows to insert or, with is_del, to delete; as many packets as it takes. */
static bool send_slice(struct writer *w, const struct batch_part *part, const struct sql_limits *l, struct rows rows, bool is_del,
                       struct err *e)
{
    struct batch_part slice = {.tab = part->tab, .def = part->def, .must_find = part->must_find};
    struct batch one = {.parts = &slice, .nparts = 1};
    struct cursor c = {0};
    if (is_del)
        slice.del = rows;
    else
        slice.ins = rows;
    while (!c.is_at_end) {
        packet_reset(&w->packet);
        packet_begin_statement(&w->packet, EXPECT_LANE, 1, NULL);
        ledger_sql_lane(apply_options_of(w->apply)->ledger, &w->packet.sql, w->lane, w->epoch.now);
        packet_fill(&w->packet, &one, &c, l);
        if (w->packet.n > 1 && !writer_send(w, e))
            return false;
    }
    return true;
}

static size_t rows_size(const struct table *def, const char *p, uint32_t n, struct cell *cells)
{
    size_t size = 0;
    while (n--)
        size += row_unpack(p + size, def->ncolumns, cells);
    return size;
}

/* n rows from `row` on, n > 0, in one statement; halved when they fail. */
static bool sift_rows(struct writer *w, const struct batch *b, const struct sql_limits *l, uint32_t part, uint32_t row, size_t at,
                      uint32_t n, struct cell *cells, struct err *e)
{
    const struct batch_part *p = &b->parts[part];
    struct rows rows = {.data = {.p = p->ins.data.p + at, .n = rows_size(p->def, p->ins.data.p + at, n, cells)}, .n = n};
    if (send_slice(w, p, l, rows, false, e))
        return true;
    enum trouble t = trouble_of(e);
    if (t != TROUBLE_SIZE && (t != TROUBLE_VALUE || !w->sift.takes_values))
        return false;
    if (n == 1) {
        add_bad(&w->sift, part, row, at, e->text);
        err_clear(e);
        return true;
    }
    err_clear(e);
    size_t half = rows_size(p->def, p->ins.data.p + at, n / 2, cells);
    return sift_rows(w, b, l, part, row, at, n / 2, cells, e) &&
           sift_rows(w, b, l, part, row + n / 2, at + half, n - n / 2, cells, e);
}

/* The part's insertions, in statements of one packet each, bad rows left out. */
static bool sift_part(struct writer *w, const struct batch *b, const struct sql_limits *l, uint32_t part, struct err *e)
{
    const struct batch_part *p = &b->parts[part];
    struct sql_limits whole = *l;     /* a slice is one statement: it happens or it does not */
    size_t from = 0, at = 0, limit = TG_MIN(l->statement_bytes, l->packet_max / 4);
    uint32_t first = 0;
    bool fine = true;
    struct cell *cells = x_alloc(p->def->ncolumns * sizeof *cells);
    whole.statement_bytes = whole.packet_bytes = SIZE_MAX;
    for (uint32_t row = 0; row < p->ins.n && fine; row++) {
        size_t size = row_unpack(p->ins.data.p + at, p->def->ncolumns, cells);
        bool bad = is_bad(&w->sift, part, row);
        if (row > first && (bad || at + size - from > limit)) {
            fine = sift_rows(w, b, &whole, part, first, from, row - first, cells, e);
            first = row;
            from = at;
        }
        at += size;
        if (bad) {
            first = row + 1;
            from = at;
        }
    }
    if (fine && first < p->ins.n)
        fine = sift_rows(w, b, &whole, part, first, from, p->ins.n - first, cells, e);
    free(cells);
    return fine;
}

/* The stream may have brought an older state of a copied row that is left out. */
static bool delete_left_out(struct writer *w, const struct batch_part *part, const struct sql_limits *l, struct err *e)
{
    struct rows old = {0};
    struct cell *cells = x_alloc(part->def->ncolumns * sizeof *cells), key[16];
    for (uint32_t i = 0; i < w->sift.nbad; i++) {
        row_unpack(part->ins.data.p + w->sift.bad[i].at, part->def->ncolumns, cells);
        row_pack(&old.data, key, row_key_cells(part->def, cells, key));
        old.n++;
    }
    bool fine = send_slice(w, part, l, old, true, e);
    buf_release(&old.data);
    free(cells);
    return fine;
}

bool sift_batch(struct writer *w, const struct batch *b, const struct sql_limits *l, struct err *e)
{
    if (!writer_send(w, e)) /* BEGIN, unless the search for row ids was first */
        return false;
    for (uint32_t i = 0; i < b->nparts; i++) {
        struct sql_limits one = *l;
        one.rowids = l->rowids ? &l->rowids[i] : NULL;
        one.own_keys = false;
        if (!send_slice(w, &b->parts[i], &one, b->parts[i].del, true, e))
            return false;
        one.own_keys = l->own_keys;
        if (!sift_part(w, b, &one, i, e))
            return false;
        one.own_keys = false;
        if (b->kind == BATCH_CHUNK && w->sift.nbad && b->parts[i].def->row_key >= 0 &&
            !delete_left_out(w, &b->parts[i], &one, e))
            return false;
    }
    packet_reset(&w->packet);
    packet_begin_statement(&w->packet, EXPECT_LANE, 1, NULL);
    ledger_sql_lane(apply_options_of(w->apply)->ledger, &w->packet.sql, w->lane, w->epoch.now);
    return true;
}

/* ---- names, files ---- */

static uint64_t number_of(const struct table *def, const struct cell *cells, bool is_key)
{
    struct buf key = {0};
    if (def->row_key < 0)
        for (uint32_t i = 0; i < def->ncolumns; i++)
            encode_key_exact(&key, &def->columns[i], cells[i]);
    else if (!is_key)
        row_key_bytes(&key, def, cells);
    else
        for (uint32_t i = 0; i < def->keys[def->row_key].nparts; i++)
            encode_key_exact(&key, &def->columns[def->keys[def->row_key].parts[i].column], cells[i]);
    uint64_t h = hash64(key.p, key.n, 0);
    buf_release(&key);
    return h;
}

/* "id=5, part=7" for people. */
static char *key_text(const struct table *def, const struct cell *cells)
{
    struct buf out = {0};
    uint32_t n = def->row_key < 0 ? TG_MIN(def->ncolumns, 3u) : def->keys[def->row_key].nparts;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t column = def->row_key < 0 ? i : def->keys[def->row_key].parts[i].column;
        const struct column *c = &def->columns[column];
        struct cell v = cells[column];
        buf_addf(&out, "%s%s=", i ? ", " : "", c->name);
        if (!v.p)
            buf_adds(&out, "NULL");
        for (uint32_t k = 0; k < TG_MIN(v.n, (uint32_t)KEY_TEXT / 2); k++)
            if (col_is_bytes(c->cls) || (unsigned char)v.p[k] < 32 || (unsigned char)v.p[k] > 126)
                buf_addf(&out, "\\x%02x", (unsigned char)v.p[k]);
            else
                buf_addc(&out, v.p[k]);
    }
    return buf_take(&out);
}

void quarantine_path(const char *run_dir, const char *label, uint32_t table_id, uint64_t row_no, char *out, size_t size)
{
    char name[64];
    size_t n = 0;
    for (; label[n] && n < sizeof name - 1; n++) {
        bool is_plain = (label[n] >= '0' && label[n] <= '9') || (label[n] >= 'A' && label[n] <= 'Z') ||
                        (label[n] >= 'a' && label[n] <= 'z') || label[n] == '_' || (label[n] == '.' && n);
        name[n] = is_plain ? label[n] : '_';
    }
    name[n] = 0;
    snprintf(out, size, "%s/quarantine/%s-%u-%016llx.sql", run_dir, name, table_id, (unsigned long long)row_no);
}

static bool write_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        p += done;
        n -= (size_t)done;
    }
    return true;
}

/* The row as the INSERT that the target did not take, on disk before the ledger speaks of it. The same again for a
 * second try. */
static bool save_row(struct writer *w, const struct batch_part *part, const struct bad_row *bad, uint64_t row_no, struct err *e)
{
    const char *dir = apply_options_of(w->apply)->run_dir;
    char path[4200], temporary[4208];
    struct cell *cells = x_alloc(part->def->ncolumns * sizeof *cells);
    size_t size = row_unpack(part->ins.data.p + bad->at, part->def->ncolumns, cells);
    struct batch_part slice = {.tab = part->tab, .def = part->def,
                               .ins = {.data = {.p = part->ins.data.p + bad->at, .n = size}, .n = 1}};
    struct batch one = {.parts = &slice, .nparts = 1};
    struct sql_limits l = {.flavour = w->conn.server.flavour, .statement_bytes = 1, .packet_bytes = 1};
    struct cursor c = {0};
    free(cells);
    snprintf(path, sizeof path, "%s/quarantine", dir);
    mkdir(path, 0700);
    packet_reset(&w->packet);
    packet_fill(&w->packet, &one, &c, &l);
    quarantine_path(dir, part->tab->label, part->tab->id, row_no, path, sizeof path);
    snprintf(temporary, sizeof temporary, "%s.new", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool fine = fd >= 0 && write_all(fd, w->packet.sql.p, w->packet.sql.n) && fsync(fd) == 0;
    if (fd >= 0)
        fine = close(fd) == 0 && fine;
    fine = fine && rename(temporary, path) == 0;
    if (!fine)
        err_set(e, ERR_FILE, "%s: %s", path, strerror(errno));
    packet_reset(&w->packet);
    return fine;
}

bool sift_save(struct writer *w, const struct batch *b, struct err *e)
{
    struct sift *s = &w->sift;
    for (uint32_t i = 0; i < s->nbad; i++) {
        const struct batch_part *part = &b->parts[s->bad[i].part];
        struct cell *cells = x_alloc(part->def->ncolumns * sizeof *cells);
        row_unpack(part->ins.data.p + s->bad[i].at, part->def->ncolumns, cells);
        s->bad[i].row_no = number_of(part->def, cells, false);
        free(s->bad[i].key);
        s->bad[i].key = key_text(part->def, cells);
        free(cells);
        if (!save_row(w, part, &s->bad[i], s->bad[i].row_no, e))
            return false;
    }
    if (s->nbad) { /* the packet was used to write the files */
        packet_begin_statement(&w->packet, EXPECT_LANE, 1, NULL);
        ledger_sql_lane(apply_options_of(w->apply)->ledger, &w->packet.sql, w->lane, w->epoch.now);
    }
    return true;
}

/* ---- the ledger's rows ---- */

/* Keys of the batch that lie in quarantine: their state is now the batch's. */
static void look_for_released(struct sift *s, struct quarantine *q, const struct batch_part *part)
{
    const struct table *def = part->def;
    uint32_t width = def->row_key < 0 ? def->ncolumns : def->keys[def->row_key].nparts;
    struct cell *cells = x_alloc((def->ncolumns + 16) * sizeof *cells);
    for (int is_ins = 0; is_ins < 2; is_ins++) {
        const struct rows *rows = is_ins ? &part->ins : &part->del;
        const char *p = rows->data.p;
        for (uint32_t i = 0; i < rows->n; i++) {
            p += row_unpack(p, is_ins ? def->ncolumns : width, cells);
            uint64_t row_no = number_of(def, cells, !is_ins);
            if (!quarantine_holds(q, part->tab->id, row_no))
                continue;
            s->released = x_realloc(s->released, (s->nreleased + 1) * sizeof *s->released);
            s->released[s->nreleased++] = (struct ledger_quarantined){.table_id = part->tab->id, .row_no = row_no};
        }
    }
    free(cells);
}

void sift_ledger(struct writer *w, const struct batch *b)
{
    const struct apply_options *o = apply_options_of(w->apply);
    struct sift *s = &w->sift;
    struct packet *p = &w->packet;
    s->nreleased = 0;
    for (uint32_t i = 0; i < b->nparts; i++)
        if (quarantine_knows(o->quarantine, b->parts[i].tab->id))
            look_for_released(s, o->quarantine, &b->parts[i]);
    if (s->nreleased) {
        packet_begin_statement(p, EXPECT_ANY, 0, NULL);
        ledger_sql_release(o->ledger, &p->sql, s->released, s->nreleased);
    }
    if (!s->nbad)
        return;
    struct ledger_quarantined *rows = x_alloc(s->nbad * sizeof *rows);
    for (uint32_t i = 0; i < s->nbad; i++) {
        const struct bad_row *bad = &s->bad[i];
        rows[i] = (struct ledger_quarantined){b->parts[bad->part].tab->id, bad->row_no, x_strdup(bad->key), x_strdup(bad->reason)};
    }
    packet_begin_statement(p, EXPECT_ANY, 0, NULL);
    ledger_sql_quarantine(o->ledger, &p->sql, rows, s->nbad);
    ledger_quarantined_release(rows, s->nbad);
}

void sift_applied(struct writer *w, const struct batch *b)
{
    const struct apply_options *o = apply_options_of(w->apply);
    struct sift *s = &w->sift;
    for (uint32_t i = 0; i < s->nreleased; i++)
        quarantine_drop(o->quarantine, s->released[i].table_id, s->released[i].row_no);
    for (uint32_t i = 0; i < s->nbad; i++) {
        const struct tab *tab = b->parts[s->bad[i].part].tab;
        quarantine_put(o->quarantine, tab->id, s->bad[i].row_no);
        if (i < TOLD_ROWS)
            log_event(LOG_ERROR, "apply", tab->label, "TG-6103", "row %s goes to the quarantine: %s", s->bad[i].key,
                      s->bad[i].reason);
    }
    if (s->nbad > TOLD_ROWS)
        log_event(LOG_ERROR, "apply", "", "TG-6103", "and %u more", s->nbad - TOLD_ROWS);
}

/* ---- after a failed try ---- */

/* The largest row of the batch is what made a packet, an entry or a transaction too large; false: no row is large. */
static bool force_largest(struct sift *s, const struct batch *b, const char *reason)
{
    struct bad_row best = {0};
    size_t best_size = LARGE_ROW;
    for (uint32_t i = 0; i < b->nparts; i++) {
        const struct batch_part *part = &b->parts[i];
        struct cell *cells = x_alloc(part->def->ncolumns * sizeof *cells);
        size_t at = 0;
        for (uint32_t row = 0; row < part->ins.n; row++) {
            size_t size = row_unpack(part->ins.data.p + at, part->def->ncolumns, cells);
            if (size > best_size && !is_bad(s, i, row)) {
                best = (struct bad_row){.part = i, .row = row, .at = at};
                best_size = size;
            }
            at += size;
        }
        free(cells);
    }
    if (best_size == LARGE_ROW)
        return false;
    s->forced = x_realloc(s->forced, (s->nforced + 1) * sizeof *s->forced);
    s->forced[s->nforced] = best;
    s->forced[s->nforced++].reason = x_strdup(reason);
    return true;
}

static bool ask_value(struct writer *w, struct batch *b, struct err *e)
{
    static const struct ask_choice choices[] = {{"retry", N_("Try again (nothing is lost)")},
                                                {"quarantine", N_("Set aside the rows that the target refuses")},
                                                {"stop", N_("Stop the run; it can be resumed")}};
    const char *choice = writer_choose(w, b, e, choices, TG_ARRAY_LEN(choices));
    if (choice && strcmp(choice, "quarantine") == 0)
        w->sift.is_on = w->sift.takes_values = true;
    return choice != NULL;
}

bool sift_recover(struct writer *w, struct batch *b, unsigned *tries, struct err *e)
{
    struct sift *s = &w->sift;
    enum trouble t = trouble_of(e);
    if (cancel_is_set(apply_options_of(w->apply)->cancel))
        return false;
    if (t == TROUBLE_VALUE && !s->takes_values)
        return ask_value(w, b, e);
    if (t == TROUBLE_SIZE && !s->is_on)
        return s->is_on = true;
    if ((t == TROUBLE_SIZE || t == TROUBLE_SUM) && force_largest(s, b, e->text))
        return true;
    return writer_recover(w, b, tries, e);
}
