// SPDX-License-Identifier: Apache-2.0
/* Lines for whoever has no window: one per change of state (or of its reason) and one every 30 s.
 */
#include "base/sync.h"
#include "cli/cli.h"
#include "ui/format.h"

#include <stdarg.h>
#include <stdlib.h>

#define EVERY_MS 30000

static void add(char *out, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void add(char *out, size_t size, const char *fmt, ...)
{
    size_t n = strlen(out);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(out + n, size - n, fmt, ap);
    va_end(ap);
}

void progress_line(const struct mon_snapshot *s, char *out, size_t size)
{
    char part[FMT_SIZE], rate[FMT_SIZE], text[FMT_SIZE];
    snprintf(out, size, "%s", run_state_name(s->state));
    if (s->reason[0])
        add(out, size, " (%s)", s->reason);
    bool copies = s->state == RUN_COPYING || s->state == RUN_CATCHING_UP;
    if (copies && s->dump.bytes)
        add(out, size, ". Dump %s at %s",
            fmt_part(part, s->dump.bytes, s->dump.total_bytes, s->dump.total_is_guess),
            fmt_rate(rate, s->dump.rate));
    if (copies && s->load.bytes)
        add(out, size, ". Load %s at %s",
            fmt_part(part, s->load.bytes, s->load.total_bytes, s->load.total_is_guess),
            fmt_rate(rate, s->load.rate));
    if (s->tables_total)
        add(out, size, ". Tables %u of %u", s->tables_done, s->tables_total);
    if (s->load.rows || s->rows_applied)
        add(out, size, ". Rows copied %s, changes applied %s", fmt_exact(part, s->load.rows),
            fmt_exact(text, s->rows_applied));
    if (s->lag.seconds >= 0)
        add(out, size, ". Lag %s", fmt_lag(text, s->lag.seconds));
    if (s->load.left_s >= 0 && copies)
        add(out, size, ". About %s left", fmt_about(text, s->load.left_s));
    if (s->pace.waits[0])
        add(out, size, ". Reading waits: %s", s->pace.waits);
    if (s->tables_failed)
        add(out, size, ". %u tables failed", s->tables_failed);
    if (s->nquestions)
        add(out, size, ". Question %s%s%s: %s", s->question[0].id,
            s->question[0].table[0] ? " on " : "", s->question[0].table, s->question[0].text);
    if (s->verdict[0])
        add(out, size, ". Verdict: %s", s->verdict);
}

void progress_watch(void *arg, const struct mon_snapshot *s)
{
    struct progress *p = arg;
    int64_t now = clock_mono_ms();
    bool changed = !p->has_begun || p->state != s->state || strcmp(p->reason, s->reason) != 0;
    if (!changed && now < p->next_ms)
        return;
    p->has_begun = true;
    p->state = s->state;
    snprintf(p->reason, sizeof p->reason, "%s", s->reason);
    p->next_ms = now + EVERY_MS;
    if (p->json) {
        char *json = mon_encode(s);
        fprintf(p->out, "%s\n", json);
        free(json);
    } else {
        char line[1200], clock[FMT_SIZE];
        progress_line(s, line, sizeof line);
        fprintf(p->out, "%s  %s\n", fmt_clock(clock, s->at_ms ? s->at_ms : clock_wall_ms()), line);
    }
    fflush(p->out);
}
