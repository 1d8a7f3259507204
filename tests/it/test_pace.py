#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The pace of a live run: limits hold at once and after a resume, a busy source is left alone, writers find the knee.

A proxy makes every SELECT of a chunk slow, so that how many rows are read tells how many read at once.
"""

import json
import os
import socket
import threading
import time

from harness import EXIT, Scene, case, check, equal, main, position, same, wait_for  # noqa: I001  (sets the path)
from workload import SCHEMA, connect

CHUNK = r"^SELECT .*`c`.* FROM .*`large`"  # not the one that asks for a chunk's border
SMALL = {"limits": {"chunk": "64KiB"}}
STEP = 50_000


def large(server, rows):
    """One table of small rows, doubled on the server."""
    connection = connect(server.port)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {SCHEMA}")
        cursor.execute(f"CREATE TABLE {SCHEMA}.large (id INT NOT NULL PRIMARY KEY, k INT NOT NULL, c VARCHAR(40) NOT NULL)"
                       " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE utf8mb4_bin")
        cursor.execute(f"INSERT INTO {SCHEMA}.large VALUES (1,1,'row 1 with a few more bytes')")
        have = 1
        while have < rows:
            step = min(have, STEP, rows - have)
            cursor.execute(f"INSERT INTO {SCHEMA}.large SELECT id + {have}, CRC32(id + {have}) % 1000000,"
                           f" CONCAT('row ',id + {have},' with a few more bytes') FROM {SCHEMA}.large WHERE id <= {step}")
            have += step
    connection.close()


def pace(engine, *words):
    """`tidegate pace`; what holds then."""
    answer = engine.control("pace", *words, "--json")
    check(answer.returncode == 0, f"tidegate pace {words}: exit {answer.returncode}: {answer.stdout}")
    return json.loads(answer.stdout)


def over(engine, count, condition, what):
    """So many snapshots in a row fulfil the condition."""
    last, seen = None, 0

    def looked():
        nonlocal last, seen
        snapshot = engine.status()
        if snapshot and snapshot["seq"] != last:
            check(condition(snapshot), f"{what}: {json.dumps(snapshot['pace'])} dump {snapshot['dump']} load {snapshot['load']}")
            last, seen = snapshot["seq"], seen + 1
        return seen >= count
    wait_for(looked, 60, what, pause=0.05)


def seconds_for(engine, rows):
    """How long so many further rows need to be read."""
    first = engine.until(lambda snapshot: snapshot["dump"]["rows"] > 0, 60, "a first chunk")
    began, wanted = time.monotonic(), first["dump"]["rows"] + rows
    engine.until(lambda snapshot: snapshot["dump"]["rows"] >= wanted, 120, f"{rows} rows more")
    return time.monotonic() - began


@case()
def test_live(scene: Scene):
    """Readers and writers of a run that copies are changed, and what is not usable changes nothing."""
    source, target = scene.source(), scene.target("any")
    large(source, 140_000)
    proxy = scene.proxy(source)
    proxy.slow(600, CHUNK)
    engine = scene.engine(proxy, target, pace="gentle", **SMALL).start()
    slow = seconds_for(engine, 9_000)
    equal(pace(engine, "fast")["readers_max"], 8, "readers of fast")
    engine.until(lambda snapshot: snapshot["dump"]["workers"] >= 6, 30, "readers at work")
    fast = seconds_for(engine, 27_000) / 3
    scene.note(f"9,000 rows with gentle in {slow:.1f} s, with fast in {fast:.1f} s")
    check(fast * 1.8 < slow, f"fast needs {fast:.1f} s for what gentle read in {slow:.1f} s")

    held = pace(engine, "readers=1", "writers=3")
    equal((held["dial"], held["readers_max"], held["writers_max"]), ("fast", 1, 3), "what was set")
    engine.until(lambda snapshot: snapshot["dump"]["workers"] <= 1 and snapshot["load"]["workers"] <= 3, 30, "fewer at work")
    over(engine, 8, lambda snapshot: snapshot["dump"]["workers"] <= 1 and snapshot["load"]["workers"] <= 3, "at most 1 reads")
    bad = [("writers=0", "writers is 0; it can be 1 to"), ("writers=100", "writers is 100; it can be 1 to 64"),
           ("readers=-1", "readers is -1; it can be 0 to 128"), ("chunk=1", "chunk is 1; it can be 64KiB to"),
           ("read-rate=much", 'read-rate is "much"'), ("memory=1GiB", "memory is nothing that changes"),
           ("writerz=4", "writerz is nothing that changes"), ("quick", '"quick"'), ("pace=quick", 'pace is "quick"')]
    for word, said in bad:
        answer = engine.control("pace", "gentle", word)
        equal(answer.returncode, EXIT["usage"], f"exit code of pace {word}")
        check(said in answer.stdout, f"pace {word} says {answer.stdout}")
    changing = ("readers", "writers", "waits", "threads_running", "threads_ours", "read_ms", "statement")
    now = pace(engine)
    equal([now[key] for key in now if key not in changing], [held[key] for key in held if key not in changing], "after bad values")
    check("1 now, at most 1" in engine.control("pace").stdout, "pace in words")
    pace(engine, "readers=0", "writers=16", "chunk=8MiB")
    proxy.clear()
    engine.until_applied(position(source))
    engine.until_state("in-sync")
    same(scene, source, target)
    engine.stop()


@case()
def test_busy_source(scene: Scene):
    """While others need the source nothing is read; the stream goes on, and fast reads all the same."""
    source, target = scene.source(), scene.target("any")
    large(source, 60_000)
    proxy = scene.proxy(source)
    proxy.slow(250, CHUNK)
    engine = scene.engine(proxy, target, pace="gentle", **SMALL).start()
    engine.until(lambda snapshot: snapshot["load"]["rows"] > 0, 60, "rows at the target")

    def busy(connection):
        try:
            connection.query("SELECT SLEEP(600)")
        except Exception:  # it is ended below
            pass
    others = [connect(source.port) for _ in range(14)]
    threads = [threading.Thread(target=busy, args=(one,), daemon=True) for one in others]
    for thread in threads:
        thread.start()
    seen = engine.until(lambda snapshot: snapshot["pace"]["readers"] == 0 and snapshot["dump"]["workers"] == 0, 30, "readers that wait")
    check("source is busy (1" in seen["pace"]["waits"], f"the reason is {seen['pace']['waits']!r}")
    check(seen["pace"]["threads_running"] >= 14 and seen["pace"]["threads_ours"] <= 4, f"the source's cost: {seen['pace']}")
    over(engine, 12, lambda snapshot: snapshot["dump"]["rows"] == seen["dump"]["rows"], "nothing is read")
    source.query(f"UPDATE {SCHEMA}.large SET c = CONCAT(c,'!') WHERE id IN (1, 2, 59999)")
    engine.until_applied(position(source), seconds=30)
    pace(engine, "fast")
    engine.until(lambda snapshot: snapshot["dump"]["workers"] >= 6, 30, "readers of fast")
    pace(engine, "gentle", "source-threads=100")
    proxy.clear()
    engine.until_state("in-sync")
    for row in source.query("SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'"):
        source.query(f"KILL {row[0]}")
    for thread in threads:
        thread.join(10)
    same(scene, source, target)
    engine.stop()


def window(engine):
    """A window on run.sock: answers ask(command, arguments), a function that returns the engine's answer."""
    place = engine.home / engine.name
    client = socket.socket(socket.AF_UNIX)
    directory = os.open(place, os.O_RDONLY)
    client.connect(f"/proc/self/fd/{directory}/run.sock")
    os.close(directory)
    client.settimeout(30)
    lines, number = client.makefile(), 0

    def ask(command, **arguments):
        nonlocal number
        number += 1
        client.sendall(json.dumps({"id": number, "cmd": command, "args": arguments}).encode() + b"\n")
        return next(answer for answer in map(json.loads, lines) if answer.get("id") == number)
    ask("events")
    return client, ask


@case()
def test_kept_over_resume(scene: Scene):
    """What was set is in force when the run goes on after kill -9; a window that only looks sets nothing."""
    source, target = scene.source(), scene.target("any")
    large(source, 100_000)
    engine = scene.engine(source, target, limits={"read-rate": "400000", "chunk": "64KiB"}).start()
    engine.until(lambda snapshot: snapshot["load"]["rows"] > 0, 60, "rows at the target")
    over(engine, 8, lambda snapshot: snapshot["dump"]["bytes"] < 400_000 * 30, "a second's bytes")
    first, steers = window(engine)
    second, looks = window(engine)
    refused = looks("pace", pace="fast")
    check(not refused["ok"], f"a window that looks was obeyed: {refused}")
    check(looks("pace")["ok"], "asking what holds was refused")
    check(steers("pace", **{"pace": "gentle", "read-rate": 300000, "source-threads": 77})["ok"], "the window that steers was refused")
    pace(engine, "writers=5", "readers=3")
    first.close()
    second.close()
    before = engine.until(lambda snapshot: snapshot["pace"]["readers_max"] == 2, 30, "what was set")
    engine.kill()
    began = time.monotonic()
    answer = engine.control("resume")
    equal(answer.returncode, EXIT["fine"], f"tidegate resume: {answer.stdout}")
    try:
        after = wait_for(lambda: (engine.status() or {}).get("dump", {}).get("rows") and engine.status(), 60, "a snapshot")
        for key in ("dial", "writers_max", "readers_max", "readers_set", "chunk", "read_rate", "source_threads"):
            equal(after["pace"][key], before["pace"][key], f"{key} after the resume")
        equal((after["pace"]["dial"], after["pace"]["writers_max"], after["pace"]["source_threads"]), ("gentle", 5, 77), "what was set")
        spent = time.monotonic() - began + 1
        check(after["dump"]["bytes"] < before["dump"]["bytes"] + 300_000 * (spent + 1), "the rate was not held")
        pace(engine, "fast", "read-rate=0")
        wait_for(lambda: (engine.status() or {}).get("state") == "in-sync", 120, "in-sync")
        same(scene, source, target)
    finally:
        engine.control("stop")


@case()
def test_knee(scene: Scene):
    """Where each answer of the target takes long, more writers pay, and more are found."""
    source, target = scene.source(), scene.target("any", judged=False)
    large(source, 400_000)  # the copy must outlast the search
    proxy = scene.proxy(target)
    engine = scene.engine(source, proxy, pace="fast", limits={"chunk": "64KiB", "writers": 24}).start()
    engine.until(lambda snapshot: snapshot["state"] == "copying", 60, "the copy")
    proxy.delay(150)
    first = engine.until(lambda snapshot: snapshot["load"]["rows"] > 0, 60, "rows at the target")
    check(first["pace"]["writers"] <= 6 and first["pace"]["writers_max"] == 24, f"at first: {first['pace']}")
    most = engine.until(lambda snapshot: snapshot["pace"]["writers"] >= 9 and snapshot["load"]["workers"] >= 9, 90, "more writers")
    scene.note(f"{most['pace']['writers']} writers after {most['load']['rows']} rows")
    proxy.delay(0)
    engine.until_state("in-sync")
    same(scene, source, target)
    engine.stop()


@case(long_only=True)
def test_knee_of_this_machine(scene: Scene):
    """A target on the same machine takes no more from many writers than from few."""
    source, target = scene.source(), scene.target("any", judged=False)
    large(source, 3_000_000)
    engine = scene.engine(source, target, pace="fast", limits={"writers": 64}).start()
    seen = []

    def ended(snapshot):
        seen.append(snapshot["pace"]["writers"])
        return snapshot["state"] == "in-sync"
    engine.until(ended, 900, "in-sync")
    late = sorted(seen[len(seen) // 2:])
    scene.note(f"writers in the second half: median {late[len(late) // 2]}, at most {late[-1]}")
    check(late[len(late) // 2] <= 16, "many writers on a small machine")
    same(scene, source, target)
    engine.stop()


KEPT = [("mysql97-seconds", "mysql97-gtid", ["--binlog-expire-logs-seconds=604800"], None, 604800, False),
        ("mysql97-never", "mysql97-file", ["--binlog-expire-logs-auto-purge=OFF"], None, None, True),
        ("mariadb-days", "mariadb", ["--expire-logs-days=2"], None, 2 * 86400, False),
        ("mariadb-never", "mariadb", [], None, None, True),
        ("rds", "rds", [], "CALL mysql.rds_set_configuration('binlog retention hours', 72)", 72 * 3600, False)]


@case(for_each=KEPT)
def test_kept(scene: Scene, kind, options, setting, seconds, for_ever):
    """How long the source keeps its binlog is what it says; how much of that is used grows while nothing is applied, and falls again."""
    source, target = scene.source(kind, options=options), scene.target("any")
    if setting:
        source.query(setting)
    large(source, 1000)
    engine = scene.engine(source, target).start()
    lag = engine.until(lambda snapshot: snapshot["state"] == "in-sync" and snapshot["lag"]["binlog_used_s"] is not None, 60, "in sync")["lag"]
    equal([lag["binlog_kept_s"], lag["binlog_kept_for_ever"]], [seconds, for_ever], "how long the binlog is kept")
    check(lag["binlog_used_s"] <= 5, f"in sync, and {lag['binlog_used_s']} s are used")
    equal(engine.control("pause").returncode, 0, "exit code of pause")
    source.query(f"INSERT INTO {SCHEMA}.large VALUES (0, 1, 'later')")
    used = engine.until(lambda snapshot: (snapshot["lag"]["binlog_used_s"] or 0) > 2, 30, "binlog that is used")["lag"]
    check(used["binlog_used_s"] == used["seconds"], f"not the age of what was applied: {used}")
    engine.control("resume")
    engine.until_applied(position(source))
    engine.until(lambda snapshot: snapshot["lag"]["binlog_used_s"] == 0, 30, "no binlog that is used")
    same(scene, source, target)
    engine.stop()
    stopped = engine.status()["lag"]
    equal([stopped["binlog_kept_s"], stopped["binlog_used_s"]], [seconds, None], "of a run that has stopped")


if __name__ == "__main__":
    main()
