#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The first page of the wizard: what it says of the runs of this host is true, and Enter on one does what the page said."""

import os
import re
import signal
import time

from harness import EXIT, Scene, case, check, equal, main, position, same, wait_for  # noqa: I001  (sets the path)
from terminal import Person

BIG = 120_000
SECRET = "pa55-w0rd-Xyz"
LOOK = 20


def fill(server, schema, rows=0):
    server.query(f"CREATE DATABASE {schema}")
    server.query(f"CREATE TABLE {schema}.a (id INT PRIMARY KEY, t VARCHAR(400))")
    if rows:
        server.query(f"INSERT INTO {schema}.a WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {rows}) "
                     "SELECT /*+ SET_VAR(cte_max_recursion_depth = 10000000) */ i, REPEAT(SHA2(i, 256), 5) FROM c")
        server.query(f"ANALYZE TABLE {schema}.a")  # as a table is that was not made a second ago
    else:
        server.query(f"INSERT INTO {schema}.a VALUES (1, 'one'), (2, 'two')")


def row(person, name):
    """The line of the list that begins with the run's name."""
    found = re.search(rf"│ {name} .*│", person.text())
    return found.group(0) if found else ""


def to_row(person, name):
    """Down to that run; what the line below the list says of it."""
    for key in ["Down"] * 12 + ["Up"] * 12:
        if person.screen.display[person.screen.cursor.y].startswith(f"  │ {name} "):
            return
        person.press(key)
    raise AssertionError(f"no way to {name}:\n{person.text()}")


def leave(person):
    person.press("q")
    person.sees("Leave the wizard?")
    person.reads()
    person.press("Down", "Enter")
    return person.leaves()


@case()
def test_stopped_killed_purged(scene: Scene):
    """Three runs without an engine: one was stopped, one was killed while it copied, one's binlog is gone."""
    source, other, target = scene.source("mysql97-gtid"), scene.source("mariadb"), scene.target("any")
    fill(source, "tg_stop")
    fill(source, "tg_kill", BIG)
    fill(other, "tg_gone")
    runs = {"stopped": scene.engine(source, target, name="stopped", allow={"include": ["tg_stop.*"]}),
            "killed": scene.engine(source, target, name="killed", allow={"include": ["tg_kill.*"]}, limits={"chunk": "256KiB", "read-rate": 6_000_000}),
            "purged": scene.engine(other, target, name="purged", allow={"include": ["tg_gone.*"]})}
    for name in ("stopped", "purged"):
        runs[name].start().until_state("in-sync")
        runs[name].stop()
    runs["killed"].start().until(lambda one: one["load"]["rows"] > BIG // 2, 60, "half of the rows at the target")
    runs["killed"].kill()
    for number in range(3):
        other.query("FLUSH BINARY LOGS")
        other.query(f"INSERT INTO tg_gone.a VALUES ({10 + number}, 'later')")
    other.query(f"PURGE BINARY LOGS TO '{position(other)[0]}'")
    source.query("INSERT INTO tg_stop.a VALUES (3, 'while it was stopped')")
    source.query("DELETE FROM tg_kill.a WHERE id % 10 = 0")
    person = Person(scene)
    person.sees("New migration", "stopped", "killed", "purged")
    person.until(lambda: all("binlog still on the source" in row(person, name) for name in ("stopped", "killed")) and "binlog purged" in row(person, "purged"),
                 "what the sources say")
    check("TG-5102" in row(person, "purged"), row(person, "purged"))
    to_row(person, "stopped")
    person.sees("everything copied, stopped just now, binlog still on the source")
    to_row(person, "killed")
    person.sees(" %, stopped just now, binlog still on the source")
    said, there = int(re.search(r"(\d+) %, stopped", person.text()).group(1)), 100 * target.query("SELECT COUNT(*) FROM tg_kill.a")[0][0] // BIG
    check(there - 30 <= said <= there + 5 and 10 < said < 100, f"the page says {said} %, the target holds {there} % of the rows")
    scene.note(f"the page says {said} %, the target holds {there} % of the rows")
    person.press("Enter")
    person.sees("IN-SYNC")
    person.press("d")
    equal(person.leaves(), EXIT["fine"], "exit code of the detach")
    person.enters("tidegate")
    person.until(lambda: "in-sync" in row(person, "killed"), "the run that goes on")
    to_row(person, "stopped")
    person.press("Enter")
    person.sees("IN-SYNC")
    person.press("d")
    person.leaves()
    person.enters("tidegate")
    person.until(lambda: "TG-5102" in row(person, "purged"), "what the source says")
    to_row(person, "purged")
    person.press("Enter")
    person.sees("can't go on", "Leave it as it is", "Start a new run")
    person.reads()
    person.press("Enter")
    person.sees("What would you like to do?")
    equal(leave(person), EXIT["fine"], "exit code of the wizard")
    for name in ("stopped", "killed"):
        schema = {"stopped": "tg_stop", "killed": "tg_kill"}[name]
        wait_for(lambda schema=schema: source.query(f"SELECT COUNT(*) FROM {schema}.a") == target.query(f"SELECT COUNT(*) FROM {schema}.a"), 60, f"the rows of {schema}")
        equal(runs[name].control("stop").returncode, EXIT["fine"], f"stop of {name}")
    for schema in ("tg_stop", "tg_kill"):
        same(scene, source, target, schema=schema)


if __name__ == "__main__":
    main()
