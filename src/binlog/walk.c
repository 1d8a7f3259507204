// SPDX-License-Identifier: Apache-2.0
/* A look along a stretch of the binlog: a stream and a decoder of their own, gone when the look is over. */
#include "binlog/binlog.h"

#include <stdlib.h>

bool binlog_walk(const struct db_addr *source, const struct binlog_start *start, binlog_each *each, void *arg, struct err *e)
{
    struct binlog_start s = *start;
    if (!s.server_id)
        s.server_id = (uint32_t)(tg_random64() | 0x40000000u);
    struct binlog *b = binlog_open(source, &s, e);
    if (!b)
        return false;
    struct binlog_decoder *d = decoder_new(binlog_server(b)->flavour == DB_MARIADB);
    bool fine = true;
    for (bool goes_on = true; fine && goes_on;) {
        struct binlog_raw *raw = NULL;
        struct binlog_event ev = {0};
        fine = binlog_fetch(b, &raw, e) && decoder_feed(d, raw, &ev, e);
        goes_on = fine && each(arg, &ev);
        free(raw);
    }
    decoder_free(d);
    binlog_close(b);
    return fine;
}
