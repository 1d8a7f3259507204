// SPDX-License-Identifier: Apache-2.0
// What must hold before a run: nothing missing, no placeholder left, nothing that this version
// can't do. Loading is lenient about these so that a file can be looked at, completed by --set and
// exported; this is not.
#include "conf/dm_secret.h"
#include "conf/field.h"

#include <stdio.h>

static void refuse(struct job_problems *out, const char *path, const char *what)
{
    problem_add(out, false, ERR_CONF_UNSUPPORTED, path, "%s", what);
}

// Is there a note already? Then its own words say more than "missing".
static bool has_note(const struct job *j, const char *path)
{
    for (size_t i = 0; i < j->nnotes; i++)
        if (!strcmp(j->notes[i].path, path))
            return true;
    return false;
}

static void check_required(const struct job *j, const struct field *table, const void *base,
                           const char *label, const char *hint, struct job_problems *out)
{
    for (const struct field *f = table; f->path; f++) {
        char path[240];
        struct buf text = {0};
        if (!(f->flags & FF_REQUIRED) || !field_is_scalar(f))
            continue;
        snprintf(path, sizeof path, "%.40s%s", label, f->path);
        if (!field_text(f, base, &text) && !has_note(j, path))
            problem_add(out, false, ERR_CONF_MISSING, path, "%s is missing%s", path, hint);
        buf_release(&text);
    }
}

static void check_end(const struct job *j, const struct job_end *end, const char *path,
                      bool is_lost, struct job_problems *out)
{
    char label[60], hint[200] = "", where[80];
    snprintf(label, sizeof label, "%.50s.", path);
    if (is_lost)
        snprintf(hint, sizeof hint, ": the source %.80s has no source file among those given",
                 end->id);
    check_required(j, end_fields, end, label, hint, out);
    snprintf(where, sizeof where, "%.50s.ssh", path);
    if (end->ssh.host || end->ssh.user || end->ssh.key || end->ssh.password.origin != SECRET_NONE)
        refuse(out, where, "a way through SSH is not built yet");
    snprintf(where, sizeof where, "%.50s.tls", path);
    if (!end->tls.cert != !end->tls.key)
        problem_add(out, false, ERR_CONF_MISSING, where, "cert and key go together");
    snprintf(where, sizeof where, "%.50s.password", path);
    if (end->password.origin == SECRET_DM && !j->secret_key_path)
        problem_add(out, true, ERR_SECRET, where,
                    "it looks like text that DM has encrypted, and secret-key-path names no key: "
                    "it is used as it stands");
}

static void check_built(const struct job *j, struct job_problems *out)
{
    if (j->nsources > 1)
        refuse(out, "source", "several sources in one run are not built yet; make a run of each");
    if (j->road == ROAD_DM)
        refuse(out, "road.kind", "a run can't drive a DM cluster yet; tidegate export --format dm writes its files");
    if (j->road == ROAD_SNAPSHOT && j->mode != MODE_FULL)
        refuse(out, "road.kind", "a snapshot can't be followed: it needs mode full");
    if (j->indexes != INDEXES_WITH_DATA)
        refuse(out, "indexes", "only with-data is built in this version");
}

static bool same(const char *a, const char *b)
{
    return a && b && str_ieq(str_of(a), str_of(b));
}

static bool same_pattern(const char *a, const char *b)
{
    return (!a && !b) || (a && b && !strcmp(a, b));
}

static void check_routes(const struct job *j, struct job_problems *out)
{
    for (size_t i = 0; i < j->nroutes; i++)
        for (size_t k = 0; k < i; k++)
            if (same_pattern(j->routes[i].from_schema, j->routes[k].from_schema) &&
                same_pattern(j->routes[i].from_table, j->routes[k].from_table))
                problem_add(out, false, ERR_CONF_VALUE, "routes",
                            "two routes start from %.80s%s%.80s", j->routes[i].from_schema,
                            j->routes[i].from_table ? "." : "",
                            j->routes[i].from_table ? j->routes[i].from_table : "");
}

static void check_start(const struct job *j, struct job_problems *out)
{
    for (size_t i = 0; j->mode == MODE_INCREMENTAL && i < j->nsources; i++)
        if (!j->sources[i].start_file && !j->sources[i].start_gtid)
            problem_add(out, true, ERR_CONF_MISSING, "source.start",
                        "mode incremental without a start: it works only where the ledger has a "
                        "position already");
}

static bool is_lost(const struct job *j, size_t i)
{
    return !j->sources[i].host && j->sources[i].id && strncmp(j->sources[i].id, "source-", 7) != 0;
}

bool job_check(const struct job *j, struct job_problems *out)
{
    size_t before = out->nerrors;
    for (size_t i = 0; i < j->nnotes; i++) {
        const struct job_note *n = &j->notes[i];
        problem_add(out, false, n->code, n->where, "%s", n->text);
    }
    check_required(j, job_fields, j, "", "", out);
    if (!j->nsources)
        problem_add(out, false, ERR_CONF_MISSING, "source", "no source is given");
    for (size_t i = 0; i < j->nsources; i++) {
        char path[40];
        source_path(i, path, sizeof path);
        check_end(j, &j->sources[i], path, is_lost(j, i), out);
        if (same(j->sources[i].host, j->target.host) && j->sources[i].port == j->target.port)
            problem_add(out, false, ERR_CONF_VALUE, "target.host",
                        "source and target are the same server");
    }
    check_end(j, &j->target, "target", false, out);
    if (j->name && !run_name_is_valid(j->name) && !has_note(j, "name"))
        problem_add(out, false, ERR_CONF_VALUE, "name", "\"%.80s\" is no run name", j->name);
    check_built(j, out);
    check_routes(j, out);
    check_start(j, out);
    return out->nerrors == before;
}
