// SPDX-License-Identifier: Apache-2.0
// The task and source files. The body of the task is written first; what was found on the way becomes the comment at its
// head, so that nothing is told in one place only.
#include "conf/dm_emit.h"
#include "base/text.h"
#include "conf/dm_secret.h"
#include "conf/dm_topology.h"
#include "conf/read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ID_MAX = 32 };
/* Where no CA file is named: the system's own on Debian and Ubuntu. With an empty ssl-ca DM would connect without TLS. */
#define SYSTEM_CA "/etc/ssl/certs/ca-certificates.crt"

struct writer {
    const struct job *job;
    struct job_problems *told;
    struct buf *out;
    bool has_key;
    unsigned char key[32];
};

static void tell(struct writer *w, const char *path, const char *text)
{
    problem_add(w->told, true, ERR_CONF_UNSUPPORTED, path, "%s", text);
}

static void put(struct writer *w, const char *key, const char *text)
{
    buf_addf(w->out, "%s: ", key);
    if (text && *text)
        yaml_quote(text, w->out);
    else
        buf_adds(w->out, "\"\"");
    buf_addc(w->out, '\n');
}

// ---- one server ----

static struct secret *value_of(const struct writer *w, const struct job_secret *s)
{
    struct secret *plain = secret_copy(s->value);
    if (!plain && s->origin == SECRET_DM && w->has_key)
        plain = conf_dm_decrypt(w->key, s->reference, NULL);
    if (!plain && s->origin == SECRET_DM && w->has_key) /* as DM: text that can't be read is the password itself */
        plain = secret_new(s->reference, strlen(s->reference));
    return plain;
}

static void put_password(struct writer *w, const char *path, const struct job_secret *s)
{
    struct buf text = {0};
    struct err e = {0};
    struct secret *plain = w->has_key ? value_of(w, s) : NULL;
    buf_adds(w->out, "  password: ");
    if (plain && conf_dm_encrypt(w->key, plain, &text, &e)) {
        yaml_quote(text.p, w->out);
    } else {
        bool is_none = s->origin == SECRET_NONE;
        buf_adds(w->out, is_none ? "\"\"" : "\"\"  # left empty: put the output of dmctl encrypt here");
        if (!is_none)
            problem_add(w->told, true, ERR_SECRET, path, "the password is left empty: %s",
                        e.code != ERR_OK ? e.text : w->has_key ? N_("its value is not known here") : N_("no secret-key-path names the key to encrypt it with"));
    }
    buf_addc(w->out, '\n');
    secret_free(plain);
    buf_release(&text);
}

static void put_tls(struct writer *w, const char *path, const struct job_tls *t)
{
    if (!t->is_on)
        return;
    buf_adds(w->out, "  security:\n    ");
    put(w, "ssl-ca", t->ca ? t->ca : SYSTEM_CA);
    if (t->cert) {
        buf_adds(w->out, "    ");
        put(w, "ssl-cert", t->cert);
    }
    if (t->key) {
        buf_adds(w->out, "    ");
        put(w, "ssl-key", t->key);
    }
    if (!t->ca)
        problem_add(w->told, true, ERR_CONF_UNSUPPORTED, path,
                    "DM takes TLS only with a CA file: %s is written, the system's own on Debian and Ubuntu; it must be on every worker", SYSTEM_CA);
    if (!t->verify)
        tell(w, path, "DM checks the server's certificate where it has a CA file; the job does not check it");
}

static void put_end(struct writer *w, const char *path, const struct job_end *end)
{
    char at[80];
    const char *port = NULL;
    snprintf(at, sizeof at, "%.50s", path);
    if (!end->host || !end->user)
        problem_add(w->told, true, ERR_CONF_MISSING, at, "host or user is missing: fill it in");
    buf_adds(w->out, "  ");
    put(w, "host", end->host);
    snprintf(at, sizeof at, "%.50s.port", path);
    port = note_raw(w->job, at);
    if (port) {
        buf_adds(w->out, "  ");
        put(w, "port", port);
    } else {
        buf_addf(w->out, "  port: %lld\n", (long long)end->port);
    }
    buf_adds(w->out, "  ");
    put(w, "user", end->user);
    snprintf(at, sizeof at, "%.50s.password", path);
    put_password(w, at, &end->password);
    snprintf(at, sizeof at, "%.50s.tls", path);
    put_tls(w, at, &end->tls);
    snprintf(at, sizeof at, "%.50s.ssh", path);
    if (end->ssh.host)
        tell(w, at, "DM has no way through SSH: its workers must reach the server themselves");
}

// Answers that were not read from a file may lack one: what job_load would give it.
static const char *source_id(const struct job *j, size_t i, char own[40])
{
    snprintf(own, 40, "source-%zu", i + 1);
    return j->sources[i].id ? j->sources[i].id : own;
}

static void put_source(struct writer *w, size_t i)
{
    const struct job_end *s = &w->job->sources[i];
    char path[40], own[40];
    source_path(i, path, sizeof path);
    buf_addf(w->out, "# A source of DM: dmctl --master-addr HOST:8261 operate-source create %s\n", w->job->nsources > 1 ? "FILE" : "source.yaml");
    put(w, "source-id", source_id(w->job, i, own));
    bool by_gtid = s->enable_gtid || (w->job->mode == MODE_INCREMENTAL && s->start_gtid && !s->start_file);
    buf_addf(w->out, "enable-gtid: %s\n", by_gtid ? "true" : "false");
    if (s->kind)
        put(w, "flavor", strcmp(s->kind, "mariadb") == 0 ? "mariadb" : "mysql");
    if (s->server_id)
        buf_addf(w->out, "server-id: %lld\n", (long long)s->server_id);
    if (w->job->case_sensitive)
        buf_adds(w->out, "case-sensitive: true\n");
    buf_adds(w->out, "from:\n");
    put_end(w, path, s);
    if (s->id && strlen(s->id) > ID_MAX)
        problem_add(w->told, false, ERR_CONF_VALUE, path, "DM takes at most %d characters of a source-id: %.80s", ID_MAX, s->id);
}

// ---- the task's blocks ----

static void put_words(struct writer *w, const char *key, const struct job_list *l)
{
    if (l->n)
        buf_addf(w->out, "    %s: [", key);
    for (size_t i = 0; i < l->n; i++) {
        buf_adds(w->out, i ? ", " : "");
        yaml_quote(l->rules[i].schema, w->out);
    }
    buf_adds(w->out, l->n ? "]\n" : "");
}

static void put_tables(struct writer *w, const char *key, const struct job_list *l)
{
    if (l->n)
        buf_addf(w->out, "    %s:\n", key);
    for (size_t i = 0; i < l->n; i++) {
        buf_adds(w->out, "      - {db-name: ");
        yaml_quote(l->rules[i].schema, w->out);
        buf_adds(w->out, ", tbl-name: ");
        yaml_quote(l->rules[i].table ? l->rules[i].table : "*", w->out);
        buf_adds(w->out, "}\n");
    }
}

static bool put_allow(struct writer *w)
{
    struct dm_lists l;
    bool has_any = dm_allow(w->job, &l, w->told) && (l.do_dbs.n || l.ignore_dbs.n || l.do_tables.n || l.ignore_tables.n);
    if (has_any) {
        buf_adds(w->out, "\nblock-allow-list:\n  tables:\n");
        put_words(w, "do-dbs", &l.do_dbs);
        put_words(w, "ignore-dbs", &l.ignore_dbs);
        put_tables(w, "do-tables", &l.do_tables);
        put_tables(w, "ignore-tables", &l.ignore_tables);
    }
    dm_lists_release(&l);
    return has_any;
}

static bool lead_apart(const struct job_route *a, const struct job_route *b)
{
    return strcmp(a->to_schema, b->to_schema) != 0 || !a->to_table != !b->to_table || (a->to_table && strcmp(a->to_table, b->to_table) != 0);
}

static void look_at_routes(struct writer *w)
{
    const struct job *j = w->job;
    for (size_t i = 0; i < j->nroutes; i++) {
        const struct job_route *a = &j->routes[i];
        bool has_schema_rule = !a->from_table;
        for (size_t k = 0; k < j->nroutes; k++) {
            const struct job_route *b = &j->routes[k];
            has_schema_rule |= !b->from_table && !strcmp(a->from_schema, b->from_schema);
            if (k < i && !a->from_table == !b->from_table && lead_apart(a, b) && dm_may_meet(a->from_schema, b->from_schema, j->case_sensitive) &&
                dm_may_meet(a->from_table, b->from_table, j->case_sensitive))
                problem_add(w->told, true, ERR_CONF_UNSUPPORTED, "routes", "a table that route-%zu and route-%zu both match stops DM; here the first counts", k + 1, i + 1);
        }
        if (!has_schema_rule)
            problem_add(w->told, true, ERR_CONF_UNSUPPORTED, "routes", "DM does not make the database %.80s for route-%zu: make it at the target first", a->to_schema, i + 1);
    }
}

static void put_pattern(struct writer *w, const char *key, const char *pattern)
{
    char *text = dm_pattern(pattern);
    put(w, key, text);
    free(text);
}

static void put_routes(struct writer *w)
{
    const struct job *j = w->job;
    if (j->nroutes)
        buf_adds(w->out, "\nroutes:\n");
    for (size_t i = 0; i < j->nroutes; i++) {
        const struct job_route *r = &j->routes[i];
        buf_addf(w->out, "  route-%zu:\n    ", i + 1);
        put_pattern(w, "schema-pattern", r->from_schema);
        if (r->from_table) {
            buf_adds(w->out, "    ");
            put_pattern(w, "table-pattern", r->from_table);
        }
        buf_adds(w->out, "    ");
        put(w, "target-schema", r->to_schema);
        if (r->to_table) {
            buf_adds(w->out, "    ");
            put(w, "target-table", r->to_table);
        }
    }
    look_at_routes(w);
}

static void put_filters(struct writer *w)
{
    const struct job *j = w->job;
    for (size_t i = 0; i < j->nevents; i++) {
        buf_addf(w->out, "%s  filter-%zu: ", i ? "" : "\nfilters:\n", i + 1);
        event_text(&j->events[i], true, w->out);
        buf_addc(w->out, '\n');
        if (event_is_lost_in_dm(j, i))
            problem_add(w->told, true, ERR_CONF_UNSUPPORTED, "events",
                        "DM drops filter-%zu: an earlier one has the same schema-pattern and table-pattern; make one rule of them", i + 1);
    }
}

static void put_load(struct writer *w)
{
    static const char *const said[] = {
        [EXISTING_ASK] = "  # existing: ask. DM can't ask: a key that is there already stops the load",
        [EXISTING_APPEND] = "  # existing: append; a key that is there already stops the load",
        [EXISTING_REPLACE] = "",
        [EXISTING_DROP] = "  # existing: drop. DM drops nothing: empty those tables yourself, or the load stops at the first key",
    };
    static const int64_t by_pace[] = {[PACE_GENTLE] = 2, [PACE_NORMAL] = 4, [PACE_FAST] = 8};
    const struct job *j = w->job;
    long long threads = (long long)(j->readers ? j->readers : by_pace[j->pace]), writers = (long long)j->writers;
    if (j->mode != MODE_INCREMENTAL) {
        buf_addf(w->out, "\nmydumpers:\n  dump:\n    threads: %lld\n", threads);
        buf_addf(w->out, "\nloaders:\n  load:\n    pool-size: %lld\n    on-duplicate-logical: %s%s\n", writers, j->existing == EXISTING_REPLACE ? "replace" : "error", said[j->existing]);
        if (j->existing == EXISTING_DROP)
            tell(w, "existing", "DM drops no tables: those that hold rows must be emptied first, or the load stops");
        if (j->pace == PACE_GENTLE)
            tell(w, "pace", "DM reads with few threads, but never waits for a busy source");
    }
    if (j->mode != MODE_FULL && j->until != UNTIL_COPIED)
        buf_addf(w->out, "\nsyncers:\n  sync:\n    worker-count: %lld\n", writers);
}

static const char *mode_of(const struct job *j)
{
    return j->mode == MODE_ALL && j->until == UNTIL_COPIED ? "full" : job_mode_name(j->mode);
}

static void put_start(struct writer *w, const struct job_end *s)
{
    if (w->job->mode != MODE_INCREMENTAL || (!s->start_file && !s->start_gtid))
        return;
    buf_adds(w->out, "    meta:\n");
    if (s->start_file) {
        buf_adds(w->out, "      ");
        put(w, "binlog-name", s->start_file);
        buf_addf(w->out, "      binlog-pos: %lld\n", (long long)TG_MAX(s->start_pos, INT64_C(4)));
    }
    if (s->start_gtid) {
        buf_adds(w->out, "      ");
        put(w, "binlog-gtid", s->start_gtid);
    }
}

static void put_names(struct writer *w, const char *key, const char *stem, size_t n)
{
    if (n)
        buf_addf(w->out, "    %s: [", key);
    for (size_t i = 0; i < n; i++)
        buf_addf(w->out, "%s%s-%zu", i ? ", " : "", stem, i + 1);
    buf_adds(w->out, n ? "]\n" : "");
}

static void put_instances(struct writer *w, bool has_allow)
{
    const struct job *j = w->job;
    const char *mode = mode_of(j);
    char own[40];
    buf_adds(w->out, "\nmysql-instances:\n");
    for (size_t i = 0; i < j->nsources; i++) {
        buf_adds(w->out, "  - ");
        put(w, "source-id", source_id(j, i, own));
        put_start(w, &j->sources[i]);
        buf_adds(w->out, has_allow ? "    block-allow-list: tables\n" : "");
        put_names(w, "route-rules", "route", j->nroutes);
        put_names(w, "filter-rules", "filter", j->nevents);
        if (j->mode != MODE_INCREMENTAL)
            buf_adds(w->out, "    mydumper-config-name: dump\n    loader-config-name: load\n");
        if (strcmp(mode, "full") != 0)
            buf_adds(w->out, "    syncer-config-name: sync\n");
    }
}

static void put_checks(struct writer *w)
{
    static const char *const known[] = {"all", "dump_privilege", "replication_privilege", "version", "server_id", "binlog_enable", "binlog_format", "binlog_row_image", "binlog_db",
                                        "conn_number", "table_schema", "schema_of_shard_tables", "auto_increment_ID", "online_ddl", "meta_position", "target_privilege", NULL};
    size_t n = 0;
    for (size_t i = 0; i < w->job->ncheck_ignore; i++) {
        const char *word = w->job->check_ignore[i];
        size_t k = 0;
        while (known[k] && strcmp(known[k], word))
            k++;
        if (!known[k]) {
            problem_add(w->told, true, ERR_CONF_UNSUPPORTED, "checks.ignore", "DM has no check %.80s", word);
            continue;
        }
        buf_adds(w->out, n++ ? ", " : "ignore-checking-items: [");
        buf_adds(w->out, word);
    }
    buf_adds(w->out, n ? "]\n" : "");
}

// Settings that DM has no word for, where they are not as they come.
static void tell_others(struct writer *w)
{
    static const char *const paths[] = {"limits.memory", "limits.chunk", "limits.read-rate", "limits.source-threads", "limits.load-data",
                                        "indexes",       "checks.accept", "answers"};
    for (size_t i = 0; i < TG_ARRAY_LEN(paths); i++) {
        const struct field *f = field_in(job_fields, paths[i]);
        struct buf text = {0};
        bool has_value = job_get(w->job, paths[i], &text) && text.n && !(f->def && !strcmp(f->def, text.p));
        if (has_value && field_is_scalar(f))
            problem_add(w->told, true, ERR_CONF_UNSUPPORTED, paths[i], "DM has no such setting: %.80s is left out", text.p);
        else if (has_value)
            problem_add(w->told, true, ERR_CONF_UNSUPPORTED, paths[i], "DM has no such setting: it is left out");
        buf_release(&text);
    }
    for (size_t i = 0; i < w->job->nnotes; i++) /* without these other rows would move */
        if (!strcmp(w->job->notes[i].path, "unsupported"))
            problem_add(w->told, false, w->job->notes[i].code, w->job->notes[i].where, "%s", w->job->notes[i].text);
}

static void put_task(struct writer *w)
{
    const struct job *j = w->job;
    put(w, "name", j->dm_name ? j->dm_name : j->name);
    put(w, "task-mode", mode_of(j));
    if (j->case_sensitive)
        buf_adds(w->out, "case-sensitive: true\n");
    put_checks(w);
    buf_adds(w->out, "\ntarget-database:\n");
    put_end(w, "target", &j->target);
    bool has_allow = put_allow(w);
    put_routes(w);
    put_filters(w);
    put_load(w);
    put_instances(w, has_allow);
    tell_others(w);
}

// ---- the files ----

static struct buf *add_file(struct dm_out *out, const char *name, size_t number)
{
    out->file = x_realloc(out->file, (out->n + 1) * sizeof *out->file);
    struct dm_file *f = &out->file[out->n++];
    *f = (struct dm_file){.name = ""};
    if (number)
        snprintf(f->name, sizeof f->name, "%s-%zu.yaml", name, number);
    else
        snprintf(f->name, sizeof f->name, "%s.yaml", name);
    return &f->text;
}

static void add_head(struct buf *out, const struct job_problems *told)
{
    buf_adds(out, "# A task of DM: dmctl --master-addr HOST:8261 start-task task.yaml\n");
    if (told->n)
        buf_adds(out, "# To know before it is started:\n");
    for (size_t i = 0; i < told->n; i++) {
        size_t from = out->n;
        buf_addf(out, "#   %s: %s", told->list[i].err.where, told->list[i].err.text);
        for (size_t k = from; k < out->n; k++)
            if ((unsigned char)out->p[k] < 0x20)
                out->p[k] = ' ';
        buf_addc(out, '\n');
    }
}

bool dm_emit(const struct job *j, struct dm_out *out)
{
    struct buf task = {0};
    struct err e = {0};
    *out = (struct dm_out){0};
    struct writer w = {.job = j, .told = &out->told};
    w.has_key = j->secret_key_path && conf_dm_key_read(j->secret_key_path, w.key, &e);
    if (j->secret_key_path && !w.has_key)
        problem_add(&out->told, false, e.code, "secret-key-path", "%s", e.text);
    if (!j->name && !j->dm_name)
        problem_add(&out->told, false, ERR_CONF_MISSING, "name", "a task needs a name");
    if (!j->nsources)
        problem_add(&out->told, false, ERR_CONF_MISSING, "source", "no source is given");
    for (size_t i = 0; i < j->nsources; i++) {
        w.out = add_file(out, "source", j->nsources > 1 ? i + 1 : 0);
        put_source(&w, i);
    }
    w.out = &task;
    put_task(&w);
    if (dm_topology_is_given(j) && dm_topology_check(j, &out->told, NULL))
        dm_topology_emit(j, add_file(out, "topology", 0));
    struct buf *text = add_file(out, "task", 0);
    add_head(text, &out->told);
    buf_add(text, task.p, task.n);
    buf_release(&task);
    explicit_bzero(w.key, sizeof w.key);
    for (size_t i = 0; out->told.nerrors && i < out->n; i++)
        buf_release(&out->file[i].text);
    out->n = out->told.nerrors ? 0 : out->n;
    return out->told.nerrors == 0;
}

void dm_out_release(struct dm_out *out)
{
    for (size_t i = 0; i < out->n; i++)
        buf_release(&out->file[i].text);
    free(out->file);
    job_problems_release(&out->told);
    *out = (struct dm_out){0};
}

static bool write_new(const char *path, const struct buf *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, text->p, text->n) == (ssize_t)text->n;
    int why = errno;
    if (fd >= 0)
        ok = close(fd) == 0 && ok;
    if (fd >= 0 && !ok)
        unlink(path);
    errno = why;
    return ok;
}

bool dm_out_write(const struct dm_out *out, const char *dir, struct err *e)
{
    size_t done = 0;
    bool ok = mkdir(dir, 0777) == 0 || errno == EEXIST;
    if (!ok)
        return err_set(e, ERR_FILE, "%s: %s", dir, strerror(errno));
    for (; ok && done < out->n; done += ok) {
        char *path = x_format("%s/%s", dir, out->file[done].name);
        ok = write_new(path, &out->file[done].text) ||
             (errno == EEXIST ? err_set(e, ERR_CONF_VALUE, "%s is there already and stays as it is; name another folder", path)
                              : err_set(e, ERR_FILE, "%s: %s", path, strerror(errno)));
        free(path);
    }
    for (size_t i = 0; !ok && i < done; i++) {
        char *path = x_format("%s/%s", dir, out->file[i].name);
        unlink(path);
        free(path);
    }
    return ok;
}
