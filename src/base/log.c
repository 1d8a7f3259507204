// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

static log_sink *_Atomic sink_now;
static void *_Atomic sink_arg;

void log_set_sink(log_sink *sink, void *arg)
{
    atomic_store(&sink_now, NULL);
    atomic_store(&sink_arg, arg);
    atomic_store(&sink_now, sink);
}

const char *log_level_name(enum log_level level)
{
    static const char *const names[] = {N_("debug"), N_("info"), N_("note"), N_("warn"), N_("error")};
    return names[level];
}

void log_event(enum log_level level, const char *stage, const char *table, const char *id,
               const char *fmt, ...)
{
    char text[1200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    size_t n = strlen(text);
    while (n && text[n - 1] == '\n')
        text[--n] = 0;
    for (char *p = text; (p = strchr(p, '\n')) != NULL;) /* an event is a line */
        *p = ' ';
    log_sink *sink = atomic_load(&sink_now);
    if (sink)
        sink(atomic_load(&sink_arg), level, stage, table, id, text);
    else if (level >= LOG_INFO)
        fprintf(stderr, "%-5s %-6s %s%s%s\n", log_level_name(level), stage, table, table[0] ? "  " : "", text);
}
