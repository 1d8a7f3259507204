// SPDX-License-Identifier: Apache-2.0
// Whether the source's binlog holds every change, whole, in a form that is understood, and for long enough.
#include "check/private.h"

#include <strings.h>

void check_binlog_enable(struct run *r, struct check_result *out)
{
    struct end *s = &r->end[SOURCE];
    struct err e = {0};
    if (!end_variables(s, &e)) {
        unread(out, &e);
        return;
    }
    bool is_on = end_is_on(s, "log_bin");
    set_found(out, is_on ? "ON" : "OFF");
    set_wanted(out, "ON");
    if (is_on)
        return;
    if (r->job->mode == MODE_FULL) {
        find(out, CHECK_WARN, NULL, "log_bin is OFF: the copy is read from one set of snapshots, and shows the source of its beginning");
        return;
    }
    find(out, CHECK_FAIL, NULL, "log_bin is OFF at %s", s->addr.host);
    judge(out, CHECK_FAIL, ERR_BINLOG_OFF);
    if (run_managed(r) != MANAGED_NO) {
        struct check_cure *c = add_cure(out, CURE_PARAMETER, "Switch the binlog on in the parameter group, then restart the writer");
        c->text = x_strdup(run_managed(r) == MANAGED_AURORA
                               ? "Aurora: in the cluster parameter group set binlog_format=ROW, attach the group, reboot the writer."
                               : "RDS: switch automated backups on (retention of a day or more), in the parameter group set binlog_format=ROW, reboot.");
        c->is_disruptive = true;
    } else {
        struct check_cure *c = add_cure(out, CURE_TEXT, "Switch the binlog on in the server's configuration, then restart it");
        c->text = x_strdup("[mysqld]\nlog_bin = binlog\nserver_id = 1\nbinlog_format = ROW");
        c->is_disruptive = true;
    }
    cure_setting(out, r->job, "mode", "full", "Copy once, without following: mode: full");
}

/* A global variable that wants a value: what new sessions get. Managed servers take it from a parameter group only. */
static void cure_global(struct run *r, struct check_result *out, const char *name, const char *want, const char *now)
{
    struct check_cure *c;
    if (run_managed(r) != MANAGED_NO) {
        c = add_cure(out, CURE_PARAMETER, "Set %s = %s in the parameter group", name, want);
        c->text = x_format("%s: in the %s parameter group set %s = %s.", run_managed(r) == MANAGED_AURORA ? "Aurora" : "RDS",
                           run_managed(r) == MANAGED_AURORA ? "cluster" : "DB", name, want);
        return;
    }
    c = add_cure(out, CURE_SQL, "Set %s = %s", name, want);
    c->sql = x_format("SET GLOBAL %s = '%s'", name, want);
    c->undo = x_format("SET GLOBAL %s = '%s'", name, now);
    c->effect = x_strdup("for sessions that begin from now on, until a restart; reconnect the writers");
}

static void check_global(struct run *r, struct check_result *out, const char *name, const char *want)
{
    struct err e = {0};
    const char *now = end_variable(&r->end[SOURCE], name);
    if (!end_variables(&r->end[SOURCE], &e)) {
        unread(out, &e);
        return;
    }
    set_found(out, "%s", now ? now : want);
    set_wanted(out, "%s", want);
    if (!now || strcasecmp(now, want) == 0)
        return;
    find(out, CHECK_FAIL, NULL, "%s is %s, it must be %s", name, now, want);
    judge(out, CHECK_FAIL, ERR_BINLOG_FORMAT);
    cure_global(r, out, name, want, now);
}

void check_binlog_format(struct run *r, struct check_result *out)
{
    check_global(r, out, "binlog_format", "ROW");
}

void check_binlog_row_image(struct run *r, struct check_result *out)
{
    check_global(r, out, "binlog_row_image", "FULL");
}
