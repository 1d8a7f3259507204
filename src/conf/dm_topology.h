/* SPDX-License-Identifier: Apache-2.0
 * Where the parts of a DM cluster stand (topology.* of the field table) as hosts and ports, and TiUP's topology.yaml of
 * it (DM.md 1.15). Stateless. */
#ifndef TG_CONF_DM_TOPOLOGY_H
#define TG_CONF_DM_TOPOLOGY_H

#include "conf/job.h"

enum dm_part { DM_MASTER, DM_WORKER, DM_MONITORING, DM_GRAFANA, DM_ALERTMANAGER, DM_PARTS };
struct dm_host {
    char host[254];
    int64_t port, second;             /* second: peers of masters, cluster of Alertmanagers; 0 for the others */
};
const char *dm_part_path(enum dm_part p); /* "topology.masters" */
char *const *dm_part_hosts(const struct job *j, enum dm_part p, size_t *n);
bool dm_topology_is_given(const struct job *j); /* any part of it */
/* "host", "host:port", "host:port:second", "[v6]:port"; what is missing is DM's default. ERR_CONF_VALUE. */
bool dm_host_parse(enum dm_part p, const char *word, struct dm_host *out, struct err *e);
/* One finding a part at most: a word that is no host, a port that another part has on that host, no master, fewer
 * workers than sources. where: the part's path. repair (may be NULL): a list for the first part that has one, else "". */
bool dm_topology_check(const struct job *j, struct job_problems *out, struct buf *repair);
/* The same places on one host, each with a port of its own, into the job: one master, a worker for each source, all three
 * of the monitoring. */
bool dm_topology_one_host(struct job *j, const char *host, struct err *e);
/* TiUP's file. The job has passed dm_topology_check. */
void dm_topology_emit(const struct job *j, struct buf *out);

#endif
