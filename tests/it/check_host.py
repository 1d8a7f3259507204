# SPDX-License-Identifier: Apache-2.0
"""The way to both ends, and the host that the engine runs on."""

import contextlib
import os

import harness
from harness import case, check  # noqa: I001  (sets the path)
from check_matrix import Bench, SCHEMA


@contextlib.contextmanager
def through(scene, *lines):
    """The binary is started by a shell that does these lines before."""
    program, wrapper = harness.TIDEGATE, scene.logs / "wrapper"
    wrapper.write_text("\n".join(["#!/bin/sh", "set -e", *lines, f'exec "{program}" "$@"']) + "\n")
    wrapper.chmod(0o755)
    harness.TIDEGATE = wrapper
    try:
        yield
    finally:
        harness.TIDEGATE = program


def bench_of(scene, target=None, **job):
    bench = Bench(scene, scene.source("mariadb"), target or scene.target("any"), **job)
    bench.sql(f"CREATE DATABASE {SCHEMA}", f"CREATE TABLE {SCHEMA}.t (id INT PRIMARY KEY) ENGINE=InnoDB")
    return bench


@case()
def way_to_both_ends(scene):
    server = scene.target("any")
    proxy = scene.proxy(server)
    bench = bench_of(scene, proxy)
    bench.good("path.rtt")
    proxy.delay(20)
    bench.bad("path.rtt", "warn", "the target answers after")
    proxy.delay(0)
    bench.good("path.rtt")
    bench.good("path.clock")
    late = "CREATE USER late@'%'", "GRANT SELECT, REPLICATION SLAVE, BINLOG MONITOR ON *.* TO late@'%'"
    bench.sql(*late, "SET GLOBAL init_connect = 'SET SESSION timestamp = UNIX_TIMESTAMP() - 90'")
    bench.job(source={"user": "late"})
    bench.bad("path.clock", "warn", "behind this host's")
    bench.sql("SET GLOBAL init_connect = 'SET SESSION timestamp = UNIX_TIMESTAMP() + 90'")
    bench.bad("path.clock", "warn", "ahead of this host's")
    bench.sql("SET GLOBAL init_connect = ''")
    bench.good("path.clock")


@case()
def this_host(scene):
    bench = bench_of(scene)
    home = ["--run-dir", bench.engine.home]
    for name in ("host.run_dir", "host.disk", "host.memory", "host.files"):
        bench.good(name, options=home)
    check(not bench.engine.home.exists(), "a check has made the folder of the runs")
    file = scene.logs / "file"
    file.write_text("")
    bench.bad("host.run_dir", "fail", "TG-9004", "can't be made or written", options=["--run-dir", file / "runs"])
    bench.engine.start()
    bench.engine.until_state("in-sync")
    bench.bad("host.run_dir", "fail", "is at work on this host", options=home)
    bench.engine.stop()
    bench.good("host.run_dir", options=home)
    bench.engine.home.chmod(0o777)
    bench.engine.home.joinpath("check").chmod(0o777)
    bench.bad("host.run_dir", "warn", "every user of this host", options=home)

    small = scene.logs / "small"
    small.mkdir()
    space = "" if os.geteuid() == 0 else "-r"
    inner = f'"mount -t tmpfs -o size=8m none {small} && exec \\"{harness.TIDEGATE}\\" \\"\\$@\\""'
    with through(scene, f'exec unshare {space} -m sh -c {inner} tidegate "$@"'):
        bench.bad("host.disk", "fail", "TG-9004", "are free", options=["--run-dir", small])

    bench.job(limits={"memory": "1TiB"})
    bench.bad("host.memory", "fail", "TG-9003", "are free")
    bench.cure("host.memory")
    bench.good("host.memory")
    bench.undo("host.memory")
    bench.bad("host.memory", "fail")
    bench.job()
    with through(scene, "ulimit -n 40"):
        bench.bad("host.files", "fail", "may have 40 files")
    with through(scene, "ulimit -n 1024"):
        bench.good("host.files")
