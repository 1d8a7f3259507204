// SPDX-License-Identifier: Apache-2.0
#include "wizard/told.h"

#include "ui/text.h"

#include <stdio.h>

static const char *tail_of(const char *id)
{
    const char *dot = strchr(id, '.');
    return dot ? dot + 1 : id;
}

static const char *found(const struct check_result *r)
{
    return r->found ? r->found : "";
}

/* What a step of connecting says when it has gone well. */
static bool told_step(struct told *t, const struct job_end *end, const struct check_result *r, char *out, size_t size)
{
    const char *step = tail_of(check_id(r->check)), *comma;
    if (strcmp(step, "connect") == 0) {
        comma = strrchr(found(r), ',');
        snprintf(t->connect, sizeof t->connect, "%s", comma ? comma + 2 : found(r));
        return false;
    }
    if (strcmp(step, "tls") != 0)
        return false;                 /* the name, and the sign-in: the next steps show that they went well */
    if (!t->connect[0])
        return false;
    if (strcmp(found(r), "off") == 0)
        snprintf(out, size, r->state == CHECK_PASS ? _("reached in %s, no TLS on this host") : _("reached in %s, no TLS: everybody on the way can read the rows"), t->connect);
    else if (strcmp(found(r), "on") == 0)
        snprintf(out, size, _("reached in %s"), t->connect);
    else
        snprintf(out, size, end->tls.verify ? _("reached in %s, %s, certificate matches the host") : _("reached in %s, %s, certificate not checked"), t->connect, found(r));
    return true;
}

static bool told_version(struct told *t, const struct check_result *r, char *out, size_t size)
{
    if (strcmp(check_id(r->check), "version") == 0) {
        snprintf(t->version, sizeof t->version, "%s", found(r));
        return false;
    }
    bool is_own = strncmp(found(r), "none", 4) == 0;
    snprintf(out, size, is_own ? "%.0s%s" : _("%s, speaks as %s"), found(r), t->version);
    return true;
}

/* Results that say it together with the one before. */
static bool told_pair(struct told *t, const struct check_result *r, char *out, size_t size)
{
    const char *id = check_id(r->check);
    if (strcmp(id, "binlog_format") == 0) {
        snprintf(t->format, sizeof t->format, "%s", found(r));
        return false;
    }
    if (strcmp(id, "dump_privilege") == 0) {
        t->may_copy = true;
        return false;
    }
    if (strcmp(id, "binlog_row_image") == 0 && t->format[0])
        snprintf(out, size, _("binlog_format %s, binlog_row_image %s"), t->format, found(r));
    else if (strcmp(id, "replication_privilege") == 0)
        snprintf(out, size, "%s", t->may_copy ? _("may read every table, and the binlog") : _("may read the binlog"));
    else
        return false;
    return true;
}

static const struct {
    const char *id, *text;            /* msgid with one %s for what was found; NULL: silence is the good news */
} simple[] = {
    {"source.role", N_("a %s, takes changes of its own")},
    {"binlog_enable", NULL},
    {"binlog.retention", N_("binlog is kept %s")},
    {"path.clock", N_("clock differs from ours by %s")},
    {"path.rtt", N_("round trip %s, the median of several")},
    {"target.version", "%s"},
    {"target.role", NULL},
    {"target_privilege", N_("may create, write and index tables, and keep schema tidegate_meta")},
    {"target.cloud", "%s"},
    {"downstream_table_empty", NULL},
    {"grants.unknown", NULL},
};

static bool told_good(struct told *t, const struct job_end *end, const struct check_result *r, char *out, size_t size)
{
    const char *id = check_id(r->check);
    if (strcmp(id, "source.role") == 0 && strcmp(found(r), "writer") == 0)
        return false;                 /* as it should be */
    for (size_t i = 0; i < TG_ARRAY_LEN(simple); i++)
        if (strcmp(simple[i].id, id) == 0) {
            const char *text = simple[i].text ? _(simple[i].text) : "", *hole = strstr(text, "%s");
            int before = hole ? (int)(hole - text) : (int)strlen(text);
            snprintf(out, size, "%.*s%s%s", before, text, hole ? found(r) : "", hole ? hole + 2 : "");
            return text[0] != 0;
        }
    if (strcmp(id, "version") == 0 || strcmp(id, "source.managed") == 0)
        return told_version(t, r, out, size);
    return told_step(t, end, r, out, size) || told_pair(t, r, out, size);
}

/* A wrong port leads to some other server, which also answers. */
static bool told_no_tidb(const struct job_end *end, const struct check_result *r, struct probe_line *out)
{
    bool is_rehearsal = end->kind && strcmp(end->kind, "mysql") == 0;
    if (is_rehearsal || strcasestr(found(r), "TiDB"))
        return false;
    *out = (struct probe_line){.state = CHECK_WARN};
    snprintf(out->text, sizeof out->text, _("no TiDB answers here but %.80s: right for a rehearsal only; else check host and port"), found(r));
    return true;
}

bool told_line(struct told *t, const struct job_end *end, const struct check_result *r, struct probe_line *out)
{
    *out = (struct probe_line){.state = r->state};
    if (r->state == CHECK_NONE)
        return false;
    if (r->state == CHECK_PASS && strcmp(check_id(r->check), "target.version") == 0 && told_no_tidb(end, r, out))
        return true;
    bool is_step = strcmp(tail_of(check_id(r->check)), "tls") == 0;
    if (r->state == CHECK_PASS || (r->state == CHECK_WARN && is_step && t->connect[0]))
        return told_good(t, end, r, out->text, sizeof out->text);
    const char *said = r->nfindings ? r->findings[0].text : r->detail ? r->detail : found(r);
    if (strcmp(check_id(r->check), "source.role") == 0 && strcmp(found(r), "reader") == 0)
        said = _("innodb_read_only is ON: this node is a reader, it has no binlog");
    if (r->ntotal > 1)
        snprintf(out->text, sizeof out->text, _("%.190s (and %u more)"), said, r->ntotal - 1);
    else
        snprintf(out->text, sizeof out->text, "%.230s", said);
    return true;
}

bool told_remedy(const struct check_result *r, struct probe_line *out)
{
    if (r->state != CHECK_FAIL || r->code == ERR_OK)
        return false;
    *out = (struct probe_line){.state = r->state, .is_remedy = true};
    snprintf(out->text, sizeof out->text, "%.230s", _(err_info(r->code)->cure));
    return out->text[0] != 0;
}

bool told_view(const struct check_view *v, bool is_target, struct probe_line *out)
{
    char size[32];
    if (!v->has_size)
        return false;
    bytes_text(size, v->bytes);
    *out = (struct probe_line){.state = is_target ? CHECK_NONE : CHECK_PASS};
    if (is_target)
        snprintf(out->text, sizeof out->text, _("free space is not visible through SQL here: plan %s per replica"), size);
    else
        snprintf(out->text, sizeof out->text, v->ntables == 1 ? _("%u table in %u schema, about %s") : v->nschemas == 1 ? _("%u tables in %u schema, about %s") : _("%u tables in %u schemas, about %s"), v->ntables, v->nschemas, size);
    return true;
}
