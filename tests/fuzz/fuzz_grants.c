// SPDX-License-Identifier: Apache-2.0
// Any text through the grants reader, line by line, then every question and the GRANT block. With clang's libFuzzer the
// entry is LLVMFuzzerTestOneInput; with gcc, drive.c gives it a main. Inputs are the unit test's recorded lines.

#include "check/grants.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void ask(const struct grants *g)
{
    static const struct grant_need needs[] = {
        {UINT64_MAX >> (64 - PRIV_COUNT), NULL, NULL},
        {UINT64_MAX >> (64 - PRIV_COUNT), "shop_eu", NULL},
        {UINT64_MAX >> (64 - PRIV_COUNT), "shopxeu", "t"},
    };
    struct buf out = {0};
    for (size_t i = 0; i < TG_ARRAY_LEN(needs); i++) {
        uint64_t missing = grants_missing(g, needs[i].privs, needs[i].schema, needs[i].table);
        for (unsigned p = 0; p < PRIV_COUNT; p++) {
            if (grants_has(g, (enum priv)p, needs[i].schema, needs[i].table) == !!(missing & PRIV_BIT(p)))
                tg_bug("two answers for privilege %u", p);
        }
    }
    grants_may_call(g, "mysql", "rds_set_configuration");
    unsigned statements = grants_sql(g, needs, TG_ARRAY_LEN(needs), &out);
    if ((statements == 0) != (out.n == 0))
        tg_bug("%u statements: %s", statements, out.p ? out.p : "");
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const enum db_flavour flavours[] = {DB_MYSQL, DB_MARIADB, DB_TIDB, DB_MYSQL};
    static const unsigned versions[] = {80036, 101119, 80500, 50624};
    if (n < 1)
        return 0;
    struct grants g;
    const char *p = (const char *)data + 1, *end = (const char *)data + n;
    grants_init(&g, flavours[data[0] & 3], versions[data[0] & 3], "u@%");
    g.is_literal = data[0] >> 2 & 1;
    g.is_folded = data[0] >> 3 & 1;
    bool is_asleep = false;
    while (p < end) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        stop = stop ? stop : end;
        is_asleep |= *p == '#';
        grants_add_line(&g, p, (size_t)(stop - p), is_asleep);
        p = stop + (stop < end);
    }
    if (g.ngrants < 300)
        ask(&g);
    if (g.nroles)
        grants_set_active(&g, g.roles[0].name);
    if (g.ngrants < 300)
        ask(&g);
    grants_release(&g);
    return 0;
}
