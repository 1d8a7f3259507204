// SPDX-License-Identifier: Apache-2.0
/* The dashboard on a run, from the command line. */
#include "cli/cli.h"
#include "ui/term.h"
#include "wizard/dashboard.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool cli_has_window(void)
{
    return term_usable();
}

int cli_window(const char *run_dir, bool receipt, const struct window_look *look, struct err *e)
{
    struct window_look by_settings = {.theme = NULL};
    struct err settings = {0};
    struct mon_client *m = mon_is_alive(run_dir) ? mon_attach(run_dir, e) : NULL;
    if (!m && e->code != ERR_OK)
        return (int)err_info(e->code)->exit_code;
    if (!look && !cli_look(&by_settings, &settings)) /* the run matters more than the looks of its window */
        fprintf(stderr, "%s %s: %s\n", err_info(settings.code)->id, settings.where, settings.text);
    look = look ? look : &by_settings;
    const char *theme = look->theme ? look->theme : look->theme_set[0] ? look->theme_set : NULL;
    struct mon_snapshot *last = x_alloc(sizeof *last);
    int ended_by = 0;
    struct dashboard_options o = {
        .client = m, .run_dir = run_dir, .last = last, .ended_by = &ended_by,
        .ends_all = !receipt, .glyphs = look->glyphs, .theme = theme, .is_plain = look->is_plain,
        .is_read_only = look->is_read_only};
    int left = dashboard_run(&o, e);
    mon_detach(m);
    int code = EXIT_FINE;
    if (left == DASHBOARD_FAILED)
        code = (int)err_info(e->code)->exit_code;
    else if (receipt)
        dashboard_summary(stdout, last, left, run_dir);
    free(last);
    return ended_by ? 128 + ended_by : code;
}
