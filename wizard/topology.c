// SPDX-License-Identifier: Apache-2.0
// Where a DM cluster stands: the part of Route's form that the road "DM cluster" brings. Lists of hosts are typed with
// commas; one field puts everything on one host. What clashes is said below the part, with ports that would be free.
#include "base/retell.h"
#include "conf/dm_topology.h"
#include "ui/text.h"
#include "wizard/pages.h"

#include <stdio.h>
#include <stdlib.h>

bool topology_is_shown(const struct wz *w)
{
    return w->job->road == ROAD_DM;
}

static enum dm_part part_of(const char *path)
{
    int p = 0;
    while (p < DM_PARTS - 1 && strcmp(dm_part_path((enum dm_part)p), path) != 0)
        p++;
    return (enum dm_part)p;
}

void topology_get(const struct wz *w, const char *path, struct buf *out)
{
    size_t n;
    char *const *words = dm_part_hosts(w->job, part_of(path), &n);
    for (size_t i = 0; i < n; i++)
        buf_addf(out, "%s%s", i ? ", " : "", words[i]);
}

bool topology_set(struct wz *w, const char *path, const char *value, struct err *e)
{
    struct buf list = {0};
    bool is_fine = true;
    buf_addc(&list, '[');
    for (const char *p = value; is_fine && *(p += strspn(p, ", \t"));) {
        size_t n = strcspn(p, ", \t");
        char *word = x_strndup(p, n);
        struct dm_host h;
        is_fine = dm_host_parse(part_of(path), word, &h, e);
        buf_addf(&list, "%s\"%s\"", list.n > 1 ? ", " : "", is_fine ? word : "");
        free(word);
        p += n;
    }
    buf_addc(&list, ']');
    is_fine = is_fine && job_set(w->job, path, list.p, e);
    buf_release(&list);
    if (is_fine)
        topology_say_all(w);
    return is_fine;
}

void topology_say(const struct wz *w, const char *path, struct form_word *out)
{
    struct job_problems found = {0};
    struct buf repair = {0};
    *out = (struct form_word){.role = ROLE_TEXT};
    if (dm_topology_is_given(w->job))
        dm_topology_check(w->job, &found, &repair);
    for (size_t i = 0; i < found.n && !out->text[0]; i++)
        if (strcmp(found.list[i].err.where, path) == 0) {
            out->role = ROLE_BAD;
            snprintf(out->text, sizeof out->text, "%.190s", found.list[i].err.text);
            if (i == 0 && repair.n && repair.n < sizeof out->repair)
                snprintf(out->repair, sizeof out->repair, "%s", repair.p);
        }
    buf_release(&repair);
    job_problems_release(&found);
}

void topology_say_all(struct wz *w)
{
    struct form *f = &w->form[STEP_ROUTE];
    for (size_t i = 0; i < f->n; i++)
        for (int p = 0; p < DM_PARTS; p++)
            if (strcmp(f->field[i].path, dm_part_path((enum dm_part)p)) == 0)
                form_judge_field(f, w, i);
}

bool topology_ready(struct wz *w, char why[160])
{
    struct job_problems found = {0};
    bool is_fine = !dm_topology_is_given(w->job) || dm_topology_check(w->job, &found, NULL);
    if (!is_fine)
        snprintf(why, 160, "%.150s", retell(found.list[0].err.text));
    job_problems_release(&found);
    return is_fine;
}

void topology_get_one(const struct wz *w, struct buf *out)
{
    const char *one = NULL;
    struct dm_host h, first = {.host = ""};
    for (int p = 0; p < DM_PARTS; p++) {
        size_t n;
        char *const *words = dm_part_hosts(w->job, (enum dm_part)p, &n);
        for (size_t i = 0; i < n; i++) {
            if (!dm_host_parse((enum dm_part)p, words[i], &h, NULL) || (one && strcmp(h.host, one) != 0))
                return;
            first = h;
            one = first.host;
        }
    }
    buf_adds(out, first.host);
}

bool topology_set_one(struct wz *w, const char *value, struct err *e)
{
    bool is_fine = !*value || dm_topology_one_host(w->job, value, e); /* emptied: the parts stay as they are */
    topology_say_all(w);
    return is_fine;
}

const char *topology_next_line(unsigned i)
{
    static const char *const lines[] = {N_("Then, from a shell (nothing of it is done from here yet):"),
                                        "  tiup dm deploy NAME VERSION topology.yaml",
                                        "  tiup dm start NAME",
                                        "  tiup dmctl --master-addr HOST:8261 operate-source create source.yaml",
                                        "  tiup dmctl --master-addr HOST:8261 check-task task.yaml",
                                        "  tiup dmctl --master-addr HOST:8261 start-task task.yaml",
                                        N_("Skip the first two where DM runs already.")};
    return i >= TG_ARRAY_LEN(lines) ? NULL : lines[i][0] == ' ' ? lines[i] : _(lines[i]);
}

void topology_draw_next(struct canvas *c, struct rect r)
{
    for (int i = 0; i < r.h && topology_next_line((unsigned)i); i++)
        canvas_cut(c, r, r.y + i, r.x + 1, r.w - 2, ROLE_TEXT, topology_next_line((unsigned)i));
}
