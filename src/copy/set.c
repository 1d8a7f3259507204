// SPDX-License-Identifier: Apache-2.0
/* One set of consistent snapshots (DESIGN 4.3): all connections begin theirs while writers are held still. MariaDB with
 * a binlog needs no lock: the snapshots are one if their positions are. A single connection needs none anywhere. */
#include "copy/set.h"

#include <stdlib.h>

#define SAME_TRIES 50

static bool begin_all(struct copy_set *s, struct err *e)
{
    for (uint32_t i = 0; i < s->n; i++)
        if (!conn_execf(&s->conns[i], e, "START TRANSACTION WITH CONSISTENT SNAPSHOT"))
            return false;
    return true;
}

/* MariaDB: again and again until nothing was committed in between. */
static bool begin_by_position(struct copy_set *s, struct cancel *cancel, struct err *e)
{
    struct patience p = {2, 500, 0};
    while (p.tries < SAME_TRIES) {
        struct pos first, at;
        bool same = true;
        if (!begin_all(s, e) || !snapshot_position(&s->conns[0], &first, e))
            return false;
        for (uint32_t i = 1; i < s->n && same; i++) {
            if (!snapshot_position(&s->conns[i], &at, e))
                return false;
            same = pos_cmp(&first, &at) == 0;
        }
        if (same) {
            log_event(LOG_INFO, "copy", "", "", "%u snapshots stand at the same position: no lock was needed", s->n);
            return true;
        }
        if (!patience_wait(&p, cancel))
            return err_set(e, ERR_CANCELLED, "while opening snapshots");
    }
    return err_set(e, ERR_SOURCE_SNAPSHOT, "neither LOCK TABLES nor RELOAD is granted, and the source never stood still");
}

static bool begin_locked(struct copy_set *s, const struct copy_options *o, struct table *const *defs, uint32_t ndefs,
                         struct err *e)
{
    struct conn locker = {0};
    bool is_allowed = false;
    if (!conn_open_source(&locker, o->source, 0, e))
        return false;
    bool fine = hold_writers(o, &locker, defs, ndefs, &is_allowed, e);
    int64_t held = clock_mono_ms();
    fine = fine && (!is_allowed || begin_all(s, e));
    conn_close(&locker); /* and with it the lock */
    if (fine && is_allowed) {
        log_event(LOG_INFO, "copy", "", "", "%u snapshots opened; writers were held for %lld ms", s->n,
                  (long long)(clock_mono_ms() - held));
        return true;
    }
    if (e->code == ERR_SOURCE_LOCK)
        e->code = ERR_SOURCE_SNAPSHOT;
    if (!fine)
        return false;
    struct pos unused;
    struct err ignored = {0};
    if (s->conns[0].server.flavour == DB_MARIADB && snapshot_position(&s->conns[0], &unused, &ignored))
        return begin_by_position(s, o->cancel, e);
    return err_set(e, ERR_SOURCE_SNAPSHOT, "neither LOCK TABLES nor RELOAD is granted");
}

struct copy_set *copy_set_open(const struct copy_options *o, enum copy_hold hold, struct table *const *defs, uint32_t ndefs,
                               struct err *e)
{
    struct copy_set *s = x_alloc(sizeof *s);
    bool fine = true;
    s->n = hold == HOLD_ONE_READER ? 1 : o->readers;
    s->conns = x_alloc(s->n * sizeof *s->conns);
    s->is_dead = x_alloc(s->n * sizeof *s->is_dead);
    for (uint32_t i = 0; i < s->n && fine; i++) {
        fine = conn_open_source(&s->conns[i], o->source, 0, e);
        if (fine && strcmp(s->conns[i].server.uuid, o->server.uuid) != 0)
            fine = err_set(e, ERR_SOURCE_IDENTITY, "a reader reached %s, the run began with %s", s->conns[i].server.uuid,
                           o->server.uuid);
    }
    if (fine)
        fine = hold == HOLD_LOCK ? begin_locked(s, o, defs, ndefs, e) : begin_all(s, e);
    if (fine)
        return s;
    copy_set_close(s);
    return NULL;
}

void copy_set_close(struct copy_set *s)
{
    if (!s)
        return;
    for (uint32_t i = 0; i < s->n; i++)
        conn_close(&s->conns[i]);
    free(s->conns);
    free(s->is_dead);
    free(s);
}

uint32_t copy_set_conns(struct copy_set *s, struct conn **out, uint32_t n)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < s->n && found < n; i++)
        if (!atomic_load(&s->is_dead[i]))
            out[found++] = &s->conns[i];
    return found;
}
