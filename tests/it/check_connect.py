# SPDX-License-Identifier: Apache-2.0
"""Connecting, in steps; each end."""

from harness import case, check, equal  # noqa: I001  (sets the path)
from check_matrix import Bench, SCHEMA


@case()
def steps_of_connecting(scene):
    bench = Bench(scene, scene.source("mariadb"), scene.target("any"))
    bench.sql(f"CREATE DATABASE {SCHEMA}", f"CREATE TABLE {SCHEMA}.t (id INT PRIMARY KEY) ENGINE=InnoDB")
    for end in ("source", "target"):
        for step in ("resolve", "connect", "tls", "login"):
            bench.good(f"{end}.{step}")
        bench.job(**{end: {"host": "no-such-host.invalid"}})
        bench.bad(f"{end}.resolve", "fail", "TG-4101")
        later = bench.run()[f"{end}.login"]
        equal((later["state"], later["applies"]), ("success", False), "a step behind the one that failed")
        bench.job(**{end: {"port": 1}})
        bench.bad(f"{end}.connect", "fail", "TG-2101" if end == "source" else "TG-3101", "refused")
        bench.job(**{end: {"user": "nobody-here"}})
        bench.bad(f"{end}.login", "fail", "TG-2102" if end == "source" else "TG-3102")
        bench.job(**{end: {"tls": True}})
        bench.bad(f"{end}.tls", "fail")
        bench.job()
    check(bench.run("source.login")["source.login"]["found"] == "as root", "the user is not named")
