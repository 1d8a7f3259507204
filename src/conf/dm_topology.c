// SPDX-License-Identifier: Apache-2.0
// The topology of a DM cluster: words of the field table to hosts and ports, TiUP's file of them, and back. What TiUP
// puts beside them on every host by itself (two exporters) counts when ports are compared.
#include "conf/dm_topology.h"
#include "base/text.h"
#include "conf/read.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *path, *block, *what, *port_key, *second_key;
    int64_t port, second;
    size_t words, count;
} parts[DM_PARTS] = {
    {"topology.masters", "master_servers", "a master", "port", "peer_port", 8261, 8291, offsetof(struct job, dm_masters), offsetof(struct job, ndm_masters)},
    {"topology.workers", "worker_servers", "a worker", "port", NULL, 8262, 0, offsetof(struct job, dm_workers), offsetof(struct job, ndm_workers)},
    {"topology.monitoring", "monitoring_servers", "Prometheus", "port", NULL, 9090, 0, offsetof(struct job, dm_monitoring), offsetof(struct job, ndm_monitoring)},
    {"topology.grafana", "grafana_servers", "Grafana", "port", NULL, 3000, 0, offsetof(struct job, dm_grafana), offsetof(struct job, ndm_grafana)},
    {"topology.alertmanagers", "alertmanager_servers", "Alertmanager", "web_port", "cluster_port", 9093, 9094, offsetof(struct job, dm_alertmanagers), offsetof(struct job, ndm_alertmanagers)},
};
static const int64_t exporters[] = {9100, 9115};

const char *dm_part_path(enum dm_part p)
{
    return parts[p].path;
}

char *const *dm_part_hosts(const struct job *j, enum dm_part p, size_t *n)
{
    memcpy(n, (const char *)j + parts[p].count, sizeof *n);
    return *(char **const *)((const char *)j + parts[p].words);
}

bool dm_topology_is_given(const struct job *j)
{
    return j->ndm_masters + j->ndm_workers + j->ndm_monitoring + j->ndm_grafana + j->ndm_alertmanagers > 0;
}

static bool is_host(const char *text)
{
    for (const char *p = text; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr(".-_:%", *p))
            return false;
    return *text != 0;
}

/* ":8261" at *p; what is not there stays. */
static bool take_port(const char **p, int64_t *port)
{
    char *end;
    if (**p != ':')
        return true;
    if (!isdigit((unsigned char)(*p)[1]))
        return false;
    *port = strtoll(*p + 1, &end, 10);
    *p = end;
    return *port >= 1 && *port <= 65535;
}

bool dm_host_parse(enum dm_part part, const char *word, struct dm_host *out, struct err *e)
{
    const char *p = word, *close = word[0] == '[' ? strchr(word, ']') : NULL;
    size_t n = close ? (size_t)(close - word) - 1 : strcspn(word, ":");
    *out = (struct dm_host){.port = parts[part].port, .second = parts[part].second};
    snprintf(out->host, sizeof out->host, "%.*s", (int)TG_MIN(n, sizeof out->host - 1), word + (close ? 1 : 0));
    p = close ? close + 1 : word + n;
    if (n >= sizeof out->host || !is_host(out->host))
        return err_set(e, ERR_CONF_VALUE, "\"%.60s\" is no host", word);
    bool is_fine = take_port(&p, &out->port) && (!parts[part].second || take_port(&p, &out->second)) && !*p;
    return is_fine || err_set(e, ERR_CONF_VALUE, "\"%.60s\": write host%s, with ports from 1 to 65535", word,
                              parts[part].second ? N_(", host:port or host:port:port") : N_(" or host:port"));
}

/* ---- what stands where ---- */

struct taken {
    const char *what;
    char host[254];
    int64_t port;
};
struct ground {
    struct taken *list;
    size_t n;
};

static const struct taken *who_has(const struct ground *g, const char *host, int64_t port)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->list[i].port == port && str_ieq(str_of(g->list[i].host), str_of(host)))
            return &g->list[i];
    return NULL;
}

static void take(struct ground *g, const char *what, const char *host, int64_t port)
{
    if (who_has(g, host, port))
        return;
    g->list = x_realloc(g->list, (g->n + 1) * sizeof *g->list);
    g->list[g->n] = (struct taken){.what = what, .port = port};
    snprintf(g->list[g->n++].host, sizeof g->list->host, "%s", host);
}

static int64_t free_port(const struct ground *g, const char *host, int64_t from)
{
    while (from < 65535 && who_has(g, host, from))
        from++;
    return from;
}

static void word_of(const struct dm_host *h, enum dm_part p, struct buf *out)
{
    bool has_second = parts[p].second && h->second != parts[p].second, is_v6 = strchr(h->host, ':') != NULL;
    buf_addf(out, "%s%s%s", is_v6 ? "[" : "", h->host, is_v6 ? "]" : "");
    if (h->port != parts[p].port || has_second)
        buf_addf(out, ":%lld", (long long)h->port);
    if (has_second)
        buf_addf(out, ":%lld", (long long)h->second);
}

/* The ground with every host's exporters and SSH on it. */
static void lay_ground(const struct job *j, struct ground *g)
{
    for (int p = 0; p < DM_PARTS; p++) {
        size_t n;
        char *const *words = dm_part_hosts(j, (enum dm_part)p, &n);
        for (size_t i = 0; i < n; i++) {
            struct dm_host h;
            if (!dm_host_parse((enum dm_part)p, words[i], &h, NULL))
                continue;
            take(g, "SSH", h.host, j->dm_ssh_port);
            for (size_t k = 0; k < TG_ARRAY_LEN(exporters); k++)
                take(g, N_("an exporter of Prometheus"), h.host, exporters[k]);
        }
    }
}

static bool clash(struct job_problems *out, enum dm_part p, const struct ground *g, const struct dm_host *h, int64_t port, bool *is_told)
{
    const struct taken *other = who_has(g, h->host, port);
    if (other && !*is_told)
        problem_add(out, false, ERR_CONF_VALUE, parts[p].path, "port %lld on %.80s is taken by %s", (long long)port, h->host, other->what);
    *is_told |= other != NULL;
    return other != NULL;
}

/* One part on the ground; words: how its list would read with a free port for each that has none. */
static bool place(const struct job *j, enum dm_part p, struct ground *g, struct job_problems *out, struct buf *words)
{
    size_t n;
    char *const *list = dm_part_hosts(j, p, &n);
    bool is_told = false;
    for (size_t i = 0; i < n; i++) {
        struct dm_host h;
        struct err e = {0};
        if (!dm_host_parse(p, list[i], &h, &e)) {
            problem_add(out, false, e.code, parts[p].path, "%s", e.text);
            return false;
        }
        if (clash(out, p, g, &h, h.port, &is_told))
            h.port = free_port(g, h.host, h.port);
        take(g, parts[p].what, h.host, h.port);
        if (h.second && clash(out, p, g, &h, h.second, &is_told))
            h.second = free_port(g, h.host, h.second);
        if (h.second)
            take(g, parts[p].what, h.host, h.second);
        buf_adds(words, i ? ", " : "");
        word_of(&h, p, words);
    }
    return !is_told;
}

bool dm_topology_check(const struct job *j, struct job_problems *out, struct buf *repair)
{
    struct ground g = {0};
    size_t before = out->nerrors, sources = TG_MAX(j->nsources, (size_t)1);
    lay_ground(j, &g);
    for (int p = 0; p < DM_PARTS; p++) {
        struct buf words = {0};
        size_t had = out->nerrors;
        if (!place(j, (enum dm_part)p, &g, out, &words) && repair && had == before && words.n)
            buf_adds(repair, words.p);
        buf_release(&words);
    }
    free(g.list);
    if (!j->ndm_masters)
        problem_add(out, false, ERR_CONF_MISSING, parts[DM_MASTER].path, "a DM cluster needs at least one master");
    if (j->ndm_workers < sources)
        problem_add(out, false, ERR_CONF_MISSING, parts[DM_WORKER].path, "each source needs a worker of its own: %zu here, %zu needed", j->ndm_workers, sources);
    return out->nerrors == before;
}

bool dm_topology_one_host(struct job *j, const char *host, struct err *e)
{
    struct dm_host h;
    struct buf workers = {0};
    bool is_fine = dm_host_parse(DM_GRAFANA, host, &h, e);
    if (is_fine && h.port != parts[DM_GRAFANA].port)
        is_fine = err_set(e, ERR_CONF_VALUE, "only the host; each part takes its own port");
    h.second = 0;
    for (size_t i = 0; is_fine && i < TG_MAX(j->nsources, (size_t)1); i++) {
        h.port = parts[DM_WORKER].port + (int64_t)i;
        buf_adds(&workers, i ? "," : "");
        word_of(&h, DM_WORKER, &workers);
    }
    for (int p = 0; is_fine && p < DM_PARTS; p++)
        is_fine = job_set(j, parts[p].path, p == DM_WORKER ? workers.p : host, e);
    buf_release(&workers);
    return is_fine;
}

/* ---- TiUP's file ---- */

static void emit_part(const struct job *j, enum dm_part p, struct buf *out)
{
    size_t n;
    char *const *words = dm_part_hosts(j, p, &n);
    if (n)
        buf_addf(out, "\n%s:\n", parts[p].block);
    for (size_t i = 0; i < n; i++) {
        struct dm_host h;
        if (!dm_host_parse(p, words[i], &h, NULL))
            tg_bug("a host that was not looked at");
        buf_adds(out, "  - host: ");
        yaml_quote(h.host, out);
        buf_addf(out, "\n    %s: %lld\n", parts[p].port_key, (long long)h.port);
        if (h.second)
            buf_addf(out, "    %s: %lld\n", parts[p].second_key, (long long)h.second);
    }
}

void dm_topology_emit(const struct job *j, struct buf *out)
{
    buf_adds(out, "# The DM cluster for TiUP: tiup dm deploy NAME VERSION topology.yaml\n");
    if (j->ndm_left_out) {
        buf_adds(out, "# The file that was read held more, which is not in here:");
        for (size_t i = 0; i < j->ndm_left_out; i++)
            buf_addf(out, " %s", j->dm_left_out[i]);
        buf_addc(out, '\n');
    }
    buf_adds(out, "global:\n  user: ");
    yaml_quote(j->dm_user ? j->dm_user : "tidb", out);
    buf_addf(out, "\n  ssh_port: %lld\n  deploy_dir: ", (long long)j->dm_ssh_port);
    yaml_quote(j->dm_deploy_dir ? j->dm_deploy_dir : "deploy", out);
    buf_adds(out, "\n  data_dir: ");
    yaml_quote(j->dm_data_dir ? j->dm_data_dir : "data", out);
    buf_addc(out, '\n');
    for (int p = 0; p < DM_PARTS; p++)
        emit_part(j, (enum dm_part)p, out);
}

/* ---- and back ---- */

static void leave_out(struct reader *r, const char *block, const char *key)
{
    struct buf words = {0};
    char *word = x_format("%s%s%s", block, *block ? "." : "", key);
    for (size_t i = 0; i < r->job->ndm_left_out; i++)
        if (!strcmp(r->job->dm_left_out[i], word)) {
            free(word);
            return;
        }
    job_list_plus(r->job, "topology.left-out", (const char *const[]){word}, 1, &words);
    job_set(r->job, "topology.left-out", words.p, NULL);
    buf_release(&words);
    free(word);
}

/* Keys of a map beside those that are kept. */
static void note_others(struct reader *r, const char *block, const struct ynode *map, const char *const *kept)
{
    for (size_t i = 0; map && map->kind == Y_MAP && i < map->n; i++) {
        const struct ynode *key = map->items[2 * i];
        size_t k = 0;
        while (key->kind == Y_SCALAR && kept[k] && strcmp(kept[k], key->text))
            k++;
        if (key->kind == Y_SCALAR && !kept[k])
            leave_out(r, block, key->text);
    }
}

static const char *text_at(const struct ynode *map, const char *key)
{
    const struct ynode *y = ymap_get(map, key);
    return y && y->kind == Y_SCALAR && !y->has_zero && !ynode_is_null(y) && *y->text ? y->text : NULL;
}

static void take_server(struct reader *r, enum dm_part p, const struct ynode *server, struct buf *list)
{
    const char *const kept[] = {"host", parts[p].port_key, parts[p].second_key, NULL};
    const char *host = text_at(server, "host"), *port = text_at(server, parts[p].port_key);
    const char *second = parts[p].second ? text_at(server, parts[p].second_key) : NULL;
    struct dm_host h;
    struct err e = {0};
    if (!host)
        return;
    char *word = x_format(strchr(host, ':') ? "[%s]" : "%s", host);
    bool is_fine = dm_host_parse(p, word, &h, &e) && (!port || parse_int(port, &h.port)) && (!second || parse_int(second, &h.second));
    if (is_fine) {
        struct buf clean = {0};
        word_of(&h, p, &clean);
        buf_adds(list, list->n > 1 ? ", " : "");
        yaml_quote(clean.p, list);
        buf_release(&clean);
    } else {
        rd_problem(r, true, ERR_CONF_VALUE, server, "%s", e.code != ERR_OK ? e.text : N_("its port is no number"));
    }
    note_others(r, parts[p].block, server, kept);
    free(word);
}

static void take_text(struct reader *r, const struct ynode *map, const char *key, const char *path, const char *def)
{
    const char *text = text_at(map, key);
    struct err e = {0};
    if (!job_set(r->job, path, text ? text : def, &e))
        rd_problem(r, true, e.code, ymap_get(map, key), "%s %s", key, e.text);
}

void dm_topology_take(struct reader *r, const struct ynode *root)
{
    static const char *const global_keys[] = {"user", "ssh_port", "deploy_dir", "data_dir", NULL};
    const char *const root_keys[] = {"global", parts[0].block, parts[1].block, parts[2].block, parts[3].block, parts[4].block, NULL};
    const struct ynode *global = ymap_get(root, "global");
    take_text(r, global, "user", "topology.user", "tidb");
    take_text(r, global, "ssh_port", "topology.ssh-port", "22");
    take_text(r, global, "deploy_dir", "topology.deploy-dir", "deploy"); /* TiUP's own, where the file says nothing */
    take_text(r, global, "data_dir", "topology.data-dir", "data");
    note_others(r, "global", global, global_keys);
    note_others(r, "", root, root_keys);
    for (int p = 0; p < DM_PARTS; p++) {
        const struct ynode *list = ymap_get(root, parts[p].block);
        struct buf words = {0};
        buf_addc(&words, '[');
        for (size_t i = 0; list && list->kind == Y_LIST && i < list->n; i++)
            take_server(r, (enum dm_part)p, list->items[i], &words);
        buf_addc(&words, ']');
        job_set(r->job, parts[p].path, words.p, NULL);
        buf_release(&words);
    }
}
