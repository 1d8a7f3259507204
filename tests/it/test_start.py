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


@case()
def test_attach(scene: Scene):
    """Attach with one live run opens it, with two the person chooses; a run that is over shows its report."""
    source, target = scene.source(), scene.target("any")
    fill(source, "tg_one")
    over = scene.engine(source, target, name="over", mode="full", allow={"include": ["tg_one.*"]}, road={"until": "copied"}).start()
    equal(over.ended(), EXIT["fine"], "exit code of a run that is a copy")
    for name in ("alpha", "beta"):
        fill(source, f"tg_{name}")
    alpha = scene.engine(source, target, name="alpha", allow={"include": ["tg_alpha.*"]}).start()
    alpha.until_state("in-sync")
    person = Person(scene)
    person.sees("1 run is alive on this host")
    person.press("Down", "Down", "Enter")
    person.sees("alpha   IN-SYNC")
    person.press("d")
    person.leaves()
    beta = scene.engine(source, target, name="beta", allow={"include": ["tg_beta.*"]}).start()
    beta.until_state("in-sync")
    person.enters("tidegate")
    person.sees("2 runs are alive on this host")
    person.press("Down", "Down", "Enter")
    person.sees("several are alive", "its engine is at work; Enter attaches to it")
    to_row(person, "beta")
    person.press("Enter")
    person.sees("beta   IN-SYNC")
    person.press("d")
    person.leaves()
    person.sees("return  tidegate attach beta")
    person.enters("tidegate")
    person.until(lambda: "finished" in row(person, "over") and "PASS" in row(person, "over"), "the run that is over")
    to_row(person, "over")
    person.sees("it is over; Enter shows its report")
    person.press("Enter")
    person.sees("over   FINISHED", "Verified 1 of 1 equal")
    person.press("q")
    equal(person.leaves(), EXIT["fine"], "exit code of the report")
    for engine in (alpha, beta):
        engine.stop()
    for schema in ("tg_one", "tg_alpha", "tg_beta"):
        same(scene, source, target, schema=schema)


@case()
def test_source_away(scene: Scene):
    """A look at a source that answers nothing holds up no key, and no leaving; a password that was typed is asked for again."""
    source, target = scene.source(), scene.target("any")
    source.query(f"CREATE USER tg IDENTIFIED BY '{SECRET}'")
    source.query("GRANT ALL ON *.* TO tg")
    fill(source, "tg_it")
    proxy = scene.proxy(source)
    engine = scene.engine(proxy, target, source={"user": "tg", "password": "${env:TG_TYPED}"}).start(env={"TG_TYPED": SECRET})
    engine.until_state("in-sync")
    engine.stop()
    proxy.blackhole()
    person = Person(scene, env={"TG_TYPED": SECRET})
    person.sees("New migration", "it  ")
    slowest = 0
    for _ in range(10):
        for key, choice in (("Down", "▸ Open a job file"), ("Up", "▸ New migration")):
            began = time.monotonic()
            person.press(key)
            person.sees(choice)
            slowest = max(slowest, time.monotonic() - began)
    check(slowest < 0.5, f"a key took {slowest:.2f} s")
    check("binlog still" not in row(person, "it"), f"nobody can know that: {row(person, 'it')}")
    began = time.monotonic()
    equal(leave(person), EXIT["fine"], "exit code of the wizard")
    took = time.monotonic() - began
    scene.note(f"the slowest key {slowest * 1000:.0f} ms, leaving {took:.1f} s")
    check(took < 3, f"leaving took {took:.1f} s")
    proxy.blackhole(False)
    source.query("INSERT INTO tg_it.a VALUES (3, 'meanwhile')")
    again = Person(scene)
    again.until(lambda: "asks for its password" in row(again, "it"), "what is known of the run")
    to_row(again, "it")
    again.press("Enter")
    again.sees("TG_TYPED is not set. Password of tg at 127.0.0.1")
    again.sends("wrong\r")
    again.sees("The run did not go on", "TG-")
    again.reads()
    again.press("Esc")
    to_row(again, "it")
    again.press("Enter")
    again.sees("Password of tg at 127.0.0.1")
    again.sends(SECRET + "\r")
    again.sees("IN-SYNC")
    again.press("d")
    again.leaves()
    wait_for(lambda: target.query("SELECT COUNT(*) FROM tg_it.a") == ((3,),), 60, "the row of meanwhile")
    equal(engine.control("stop").returncode, EXIT["fine"], "stop")
    same(scene, source, target)


if __name__ == "__main__":
    main()
