// SPDX-License-Identifier: Apache-2.0
// The field table itself, and finding a row by its path. What a row's value looks like as text is
// in value.c.
#include "conf/field.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const modes[] = {"full", "all", "incremental", NULL};
static const char *const kinds[] = {"mysql", "mariadb",    "aurora", "rds",
                                    "tidb",  "tidb-cloud", NULL};
static const char *const existings[] = {"ask", "append", "replace", "drop", NULL};
static const char *const roads[] = {"stream", "snapshot", "dm", NULL};
static const char *const untils[] = {"copied", "cutover", NULL};
static const char *const paces[] = {N_("gentle"), N_("normal"), N_("fast"), NULL};
static const char *const indexings[] = {"with-data", "after-copy", NULL};

static bool is_incremental(const struct job *j)
{
    return j->mode == MODE_INCREMENTAL;
}
static bool is_copying(const struct job *j)
{
    return j->mode != MODE_INCREMENTAL;
}

static bool valid_word(const char *text, struct err *e)
{
    return (*text && !strpbrk(text, " \t\"'")) || err_set(e, ERR_CONF_VALUE, "needs one word");
}

static bool valid_name(const char *text, struct err *e)
{
    if (run_name_is_valid(text))
        return true;
    char *name = run_name_of(text);
    err_set(e, ERR_CONF_VALUE,
            "is \"%.80s\"; a run name has 1 to 32 small letters, digits and hyphens, as %s", text,
            name);
    free(name);
    return false;
}

#define AT(member) .offset = offsetof(struct job, member)
#define LIST(member)                                                                               \
    .offset = offsetof(struct job, member), .count_offset = offsetof(struct job, n##member)
const struct field job_fields[] = {
    {.path = "version", .type = F_VERSION, .label = "Version of the file", .help = "Always 1."},
    {.path = "name",
     .type = F_TEXT,
     AT(name),
     .flags = FF_REQUIRED,
     .valid = valid_name,
     .label = "Name of the run",
     .help = "Small letters, digits and hyphens, at most 32; names the run directory and the rows "
             "of the ledger."},
    {.path = "dm-name",
     .type = F_TEXT,
     AT(dm_name),
     .flags = FF_EXPERT,
     .label = "Name of the DM task",
     .help = "Where the job came from a DM task whose name is no run name."},
    {.path = "mode",
     .type = F_ENUM,
     AT(mode),
     .def = "all",
     .choices = modes,
     .label = "Mode",
     .help = "full: a consistent copy, then done. all: copy and follow. incremental: follow from a "
             "given position."},
    {.path = "secret-key-path",
     .type = F_TEXT,
     AT(secret_key_path),
     .flags = FF_EXPERT,
     .label = "Key file of DM passwords",
     .help = "A file of 64 hexadecimal digits, as dm-master's secret-key-path, to read "
             "DM-encrypted passwords."},
    {.path = "source",
     .type = F_SOURCES,
     AT(sources),
     .flags = FF_REQUIRED,
     .label = "Source",
     .help = "The server to move away from, or a list of them."},
    {.path = "target",
     .type = F_TARGET,
     AT(target),
     .flags = FF_REQUIRED,
     .label = "Target",
     .help = "The TiDB to move into."},
    {.path = "allow.include",
     .type = F_RULES,
     AT(include),
     .flags = FF_PATTERN,
     .label = "Tables to move",
     .help = "schema, schema.* or schema.table; * ? [a-z] [!a-z], or ~ and a regular expression. A "
             "part with a dot "
             "stands in backticks. Nothing here: all tables."},
    {.path = "allow.exclude",
     .type = F_RULES,
     AT(exclude),
     .flags = FF_PATTERN,
     .label = "Tables to leave out",
     .help = "The same patterns; beats include."},
    {.path = "allow.do-dbs",
     .type = F_RULES,
     AT(do_dbs),
     .flags = FF_PATTERN | FF_EXPERT,
     .label = "DM's do-dbs",
     .help = "DM's list with DM's order of rules."},
    {.path = "allow.ignore-dbs",
     .type = F_RULES,
     AT(ignore_dbs),
     .flags = FF_PATTERN | FF_EXPERT,
     .label = "DM's ignore-dbs",
     .help = "DM's list with DM's order of rules."},
    {.path = "allow.do-tables",
     .type = F_RULES,
     AT(do_tables),
     .flags = FF_PATTERN | FF_EXPERT,
     .label = "DM's do-tables",
     .help = "DM's list with DM's order of rules: beats ignore-tables."},
    {.path = "allow.ignore-tables",
     .type = F_RULES,
     AT(ignore_tables),
     .flags = FF_PATTERN | FF_EXPERT,
     .label = "DM's ignore-tables",
     .help = "DM's list with DM's order of rules."},
    {.path = "allow.case-sensitive",
     .type = F_BOOL,
     AT(case_sensitive),
     .def = "false",
     .flags = FF_EXPERT,
     .label = "Letter case counts",
     .help = "Whether allow and routes tell Orders from orders."},
    {.path = "routes",
     .type = F_ROUTES,
     LIST(routes),
     .flags = FF_PATTERN,
     .label = "Routes",
     .help = "A list of {from, to}: schema to schema, or schema.table to schema.table. A rule for "
             "tables beats one "
             "for schemas."},
    {.path = "events",
     .type = F_EVENTS,
     LIST(events),
     .flags = FF_EXPERT,
     .label = "Filters of binlog events",
     .help = "A list of {schema-pattern, table-pattern, events, sql-pattern, action}, as DM's filters. ignore: these changes "
             "don't reach the target. do: only these do. error: the run stops at one. They act on what is followed, not on "
             "the copy."},
    {.path = "road.kind",
     .type = F_ENUM,
     AT(road),
     .def = "stream",
     .choices = roads,
     .label = "Road",
     .help =
         "stream: copy while following the binlog. snapshot: one set of snapshots, without the "
         "binlog, mode full only. dm: files for a DM cluster (tidegate export --format dm); a run "
         "can't take that road yet."},
    {.path = "road.until",
     .type = F_ENUM,
     AT(until),
     .def = "cutover",
     .choices = untils,
     .label = "Until",
     .help = "copied: stop at the first consistent point. cutover: follow until the cutover."},
    {.path = "existing",
     .type = F_ENUM,
     AT(existing),
     .def = "ask",
     .choices = existings,
     .shown = is_copying,
     .label = "Tables that hold rows at the target",
     .help = "ask: a question before anything is touched. append: their rows stay as they are, a key that is there already is a "
             "question. replace: their rows give way to the source's with the same key. drop: they are made anew."},
    {.path = "indexes",
     .type = F_ENUM,
     AT(indexes),
     .def = "with-data",
     .choices = indexings,
     .shown = is_copying,
     .label = "Secondary indexes",
     .help = "Made with the tables, or after the copy (refused by this version)."},
    {.path = "pace",
     .type = F_ENUM,
     AT(pace),
     .def = "normal",
     .choices = paces,
     .label = "Pace",
     .help = "How much of the source the copy may take: gentle reads with 2 connections and waits "
             "while 10 other statements run there; normal 4 and 25; fast 8 and never waits. Can be "
             "changed while the run goes (tidegate pace), as can the limits but memory."},
    {.path = "limits.memory",
     .type = F_SIZE,
     AT(limit_memory),
     .def = "192MiB",
     .min = 16 << 20,
     .max = INT64_C(1) << 40,
     .label = "Memory for rows in flight",
     .help = "All buffers together."},
    {.path = "limits.writers",
     .type = F_INT,
     AT(writers),
     .def = "16",
     .min = 1,
     .max = 256,
     .label = "Writers",
     .help = "Most connections that write rows to the target at once; how many do is found from "
             "what the target takes."},
    {.path = "limits.readers",
     .type = F_INT,
     AT(readers),
     .def = "0",
     .max = 128,
     .shown = is_copying,
     .label = "Readers",
     .help = "Most connections that copy from the source; 0: by the pace. Gentle never takes more "
             "than 2."},
    {.path = "limits.chunk",
     .type = F_SIZE,
     AT(chunk_bytes),
     .def = "8MiB",
     .min = 64 << 10,
     .max = 1 << 30,
     .shown = is_copying,
     .label = "Largest chunk",
     .help = "What one SELECT of the copy reads at most."},
    {.path = "limits.read-rate",
     .type = F_SIZE,
     AT(read_rate),
     .def = "0",
     .max = INT64_C(1) << 40,
     .shown = is_copying,
     .label = "Most bytes read in a second",
     .help = "Of the source, by chunks of the copy; 0: no limit."},
    {.path = "limits.source-threads",
     .type = F_INT,
     AT(source_threads),
     .def = "0",
     .max = 100000,
     .shown = is_copying,
     .label = "Source is busy at",
     .help = "The copy reads less, then waits, while more other statements than this run at the "
             "source; 0: by the pace."},
    {.path = "limits.load-data",
     .type = F_BOOL,
     AT(load_data),
     .def = "true",
     .flags = FF_EXPERT,
     .label = "Rows by LOAD DATA",
     .help = "LOAD DATA LOCAL from memory where it pays and the target takes it; false: INSERT only."},
    {.path = "checks.ignore",
     .type = F_WORDS,
     LIST(check_ignore),
     .label = "Checks left out",
     .help = "Names of prechecks that are not made, or all."},
    {.path = "checks.accept",
     .type = F_WORDS,
     LIST(check_accept),
     .flags = FF_REASONS,
     .label = "Findings accepted",
     .help = "What is known and fine: prechecks with a reason, as a list of \"ID: REASON\" or a map (ID: REASON), which the "
             "report repeats; geometry-as-bytes (a target without geometry types keeps their bytes); "
             "lost-characters ('?' for characters that Unicode lacks)."},
    {.path = "answers",
     .type = F_ANSWERS,
     LIST(answers),
     .label = "Answers",
     .help = "ID: choice, or ID@schema.table: choice, for questions a run without a window would "
             "stop at."},
    // clang-format off
    {.path = "topology.masters", .type = F_WORDS, LIST(dm_masters), .label = "DM masters",
     .help = "Hosts of dm-master: host, host:port or host:port:peer port (8261, 8291); three survive the loss of one."},
    {.path = "topology.workers", .type = F_WORDS, LIST(dm_workers), .label = "DM workers",
     .help = "Hosts of dm-worker: host or host:port (8262); each source needs one of its own, one more takes over for any that dies."},
    {.path = "topology.monitoring", .type = F_WORDS, LIST(dm_monitoring), .label = "Prometheus",
     .help = "host or host:port (9090); nothing here: none is deployed."},
    {.path = "topology.grafana", .type = F_WORDS, LIST(dm_grafana), .label = "Grafana",
     .help = "host or host:port (3000)."},
    {.path = "topology.alertmanagers", .type = F_WORDS, LIST(dm_alertmanagers), .label = "Alertmanager",
     .help = "host, host:port or host:port:cluster port (9093, 9094)."},
    {.path = "topology.user", .type = F_TEXT, AT(dm_user), .def = "tidb", .valid = valid_word, .label = "User on the hosts",
     .help = "The user that tiup makes and runs DM as."},
    {.path = "topology.ssh-port", .type = F_INT, AT(dm_ssh_port), .def = "22", .min = 1, .max = 65535, .label = "SSH port",
     .help = "Of the hosts."},
    {.path = "topology.deploy-dir", .type = F_TEXT, AT(dm_deploy_dir), .def = "/dm-deploy", .valid = valid_word, .label = "Deploy folder",
     .help = "Where programs, configuration and logs go; without a leading / below the home of the user."},
    {.path = "topology.data-dir", .type = F_TEXT, AT(dm_data_dir), .def = "/dm-data", .valid = valid_word, .label = "Data folder",
     .help = "Where data goes; without a leading / below the deploy folder."},
    {.path = "topology.left-out", .type = F_WORDS, LIST(dm_left_out), .flags = FF_EXPERT | FF_RAW, .label = "Left out",
     .help = "Keys of a topology.yaml that was read, which are not kept and not written."},
    // clang-format on
    {.path = "unsupported",
     .type = F_REFUSED,
     .flags = FF_EXPERT,
     .label = "Settings this version can't take",
     .help = "Written by export where a DM file asked for more; each entry stops a run until it is "
             "removed."},
    {0},
};
#undef AT
#define AT(member) .offset = offsetof(struct job_end, member)
const struct field end_fields[] = {
    {.path = "id",
     .type = F_TEXT,
     AT(id),
     .label = "Id",
     .help = "DM's source-id; source-1 where none is given."},
    {.path = "kind",
     .type = F_TEXT,
     AT(kind),
     .choices = kinds,
     .label = "Kind",
     .help = "Found by asking the server where it is not given."},
    {.path = "host",
     .type = F_TEXT,
     AT(host),
     .flags = FF_REQUIRED,
     .label = "Host",
     .help = "Name or address."},
    {.path = "port",
     .type = F_INT,
     AT(port),
     .def = "3306",
     .min = 1,
     .max = 65535,
     .label = "Port",
     .help = "3306 for a source, 4000 for the target."},
    {.path = "user",
     .type = F_TEXT,
     AT(user),
     .flags = FF_REQUIRED,
     .label = "User",
     .help = "TiDB Cloud users carry their prefix."},
    {.path = "password",
     .type = F_SECRET,
     AT(password),
     .label = "Password",
     .help = "${env:NAME}, ${file:/path}, ${sealed:FILE#NAME}, ${ask}, or DM-encrypted text; never plain text."},
    {.path = "tls",
     .type = F_BOOL,
     AT(tls.is_on),
     .def = "false",
     .label = "TLS",
     .help = "true, or a map with ca, cert, key and verify."},
    {.path = "tls.verify",
     .type = F_BOOL,
     AT(tls.verify),
     .def = "true",
     .label = "Check the certificate",
     .help = "Whether the server must prove its name."},
    {.path = "tls.ca",
     .type = F_TEXT,
     AT(tls.ca),
     .label = "CA file",
     .help = "The system's own where empty."},
    {.path = "tls.cert",
     .type = F_TEXT,
     AT(tls.cert),
     .label = "Certificate file",
     .help = "For client certificates."},
    {.path = "tls.key",
     .type = F_TEXT,
     AT(tls.key),
     .label = "Key file",
     .help = "For client certificates."},
    {.path = "ssh.host",
     .type = F_TEXT,
     AT(ssh.host),
     .flags = FF_EXPERT,
     .label = "SSH host",
     .help = "A jump host; refused by this version."},
    {.path = "ssh.port",
     .type = F_INT,
     AT(ssh.port),
     .def = "22",
     .min = 1,
     .max = 65535,
     .flags = FF_EXPERT,
     .label = "SSH port",
     .help = "Of the jump host."},
    {.path = "ssh.user",
     .type = F_TEXT,
     AT(ssh.user),
     .flags = FF_EXPERT,
     .label = "SSH user",
     .help = ""},
    {.path = "ssh.key",
     .type = F_TEXT,
     AT(ssh.key),
     .flags = FF_EXPERT,
     .label = "SSH key file",
     .help = ""},
    {.path = "ssh.password",
     .type = F_SECRET,
     AT(ssh.password),
     .flags = FF_EXPERT,
     .label = "SSH password",
     .help = "A reference, as with password."},
    {.path = "start.file",
     .type = F_TEXT,
     AT(start_file),
     .shown = is_incremental,
     .label = "Binlog file to start at",
     .help = "Mode incremental, where the ledger holds no position yet."},
    {.path = "start.pos",
     .type = F_INT,
     AT(start_pos),
     .def = "0",
     .max = INT64_MAX,
     .shown = is_incremental,
     .label = "Position in it",
     .help = "0 and 4 are its beginning."},
    {.path = "start.gtid",
     .type = F_TEXT,
     AT(start_gtid),
     .shown = is_incremental,
     .label = "GTID set to start at",
     .help = "Used with gtid: true, or where no file is given."},
    {.path = "gtid",
     .type = F_BOOL,
     AT(enable_gtid),
     .def = "false",
     .label = "Follow by GTID",
     .help = "DM's enable-gtid."},
    {.path = "server-id",
     .type = F_INT,
     AT(server_id),
     .def = "0",
     .max = UINT32_MAX,
     .flags = FF_EXPERT,
     .label = "Replica id",
     .help = "0: chosen at random."},
    {0},
};
#undef AT
#undef LIST

const struct field *field_in(const struct field *table, const char *path)
{
    for (const struct field *f = table; f->path; f++)
        if (!strcmp(f->path, path))
            return f;
    return NULL;
}

bool field_is_group(const struct field *table, const char *path)
{
    size_t n = strlen(path);
    for (const struct field *f = table; f->path; f++)
        if (!strncmp(f->path, path, n) && f->path[n] == '.')
            return true;
    return false;
}

bool field_is_scalar(const struct field *f)
{
    return f->type <= F_SECRET;
}

const char *field_type_name(const struct field *f)
{
    static const char *const names[] = {
        [F_TEXT] = N_("text"),
        [F_INT] = N_("number"),
        [F_SIZE] = N_("size"),
        [F_BOOL] = N_("true or false"),
        [F_ENUM] = N_("choice"),
        [F_SECRET] = N_("secret"),
        [F_WORDS] = N_("list of words"),
        [F_RULES] = N_("list of patterns"),
        [F_ROUTES] = "list of {from, to}",
        [F_ANSWERS] = N_("map"),
        [F_SOURCES] = N_("map or list of maps"),
        [F_TARGET] = N_("map"),
        [F_VERSION] = N_("number"),
        [F_EVENTS] = N_("list of maps"),
        [F_REFUSED] = N_("list of words"),
    };
    return names[f->type];
}

void source_path(size_t i, char *out, size_t size)
{
    if (i)
        snprintf(out, size, "source[%zu]", i);
    else
        snprintf(out, size, "source");
}

// The source a path names, and the rest of the path: source.X, source[N].X, source.ID.X. NULL: none
// such.
static struct job_end *find_source(struct job *j, const char *path, size_t *index,
                                   const char **rest)
{
    const char *p = path + strlen("source");
    *index = 0;
    if (*p == '[') {
        char *end;
        *index = strtoul(p + 1, &end, 10);
        if (end == p + 1 || *end != ']')
            return NULL;
        p = end + 1;
    }
    if (*p != '.')
        return NULL;
    *rest = p + 1;
    for (size_t i = 0; i < j->nsources && path[strlen("source")] == '.'; i++) {
        const char *id = j->sources[i].id;
        size_t n = id ? strlen(id) : 0;
        if (n && !strncmp(*rest, id, n) && (*rest)[n] == '.' &&
            field_in(end_fields, *rest + n + 1)) {
            *index = i;
            *rest += n + 1;
        }
    }
    if (!field_in(end_fields, *rest) || *index > j->nsources)
        return NULL;
    return *index == j->nsources ? job_add_source(j) : &j->sources[*index];
}

const struct field *field_find(struct job *j, const char *path, void **base, char *path_out,
                               size_t path_size)
{
    *base = j;
    snprintf(path_out, path_size, "%s", path);
    if (!strncmp(path, "target.", 7)) {
        *base = &j->target;
        return field_in(end_fields, path + 7);
    }
    if (!strncmp(path, "source.", 7) || !strncmp(path, "source[", 7)) {
        size_t index;
        const char *rest;
        char head[40];
        struct job_end *end = find_source(j, path, &index, &rest);
        if (!end)
            return NULL;
        source_path(index, head, sizeof head);
        snprintf(path_out, path_size, "%s.%s", head, rest);
        *base = end;
        return field_in(end_fields, rest);
    }
    return field_in(job_fields, path);
}
