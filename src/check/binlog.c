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
