#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A table is copied anew, or left out, while a writer works: the rest of the run must not notice, and at the end both
servers hold the same rows (but for what was left out)."""

from compare import End, compare
from harness import EXIT, OPTIONS, Scene, answers, case, check, equal, flavour, main, position, same
from servers import wait_for
from workload import SCHEMA, Writer, connect, fill

ROWS = 40_000
TABLE = f"{SCHEMA}.accounts"


def done(engine, verb, table):
    answer = engine.control(verb, table)
    check(answer.returncode == 0, f"tidegate {verb} {table}: {answer.stdout}")


def refused(engine, verb, table, why):
    answer = engine.control(verb, table)
    check(answer.returncode and why in answer.stdout, f"tidegate {verb} {table} says: {answer.stdout}")


def emptied(engine, times=1, table=TABLE):
    """The engine has told so often that it emptied the table."""
    wait_for(lambda: sum(table in line and "emptied at the target" in line for line in engine.text().splitlines()) >= times, 60,
             f"{table} emptied {times} times")


def in_sync(engine):
    """Copied whole and in sync: no table is under way."""
    engine.until(lambda s: s["state"] == "in-sync" and s["tables"]["done"] == s["tables"]["total"], 120, "in sync again")


def ended(scene, source, target, engine, writer=None):
    wrote = writer.stop() if writer else {"problem": None, "transactions": 1}
    check(not wrote["problem"] and wrote["transactions"], f"the writer: {wrote}")
    in_sync(engine)
    engine.until_applied(position(source))
    same(scene, source, target)


def begun(scene, kind, **job):
    source, target = scene.source(kind), scene.target("any")
    fill(source.port, ROWS, flavour(kind, target.name))
    return source, target, scene.engine(source, target, **job)


@case(for_each=[("mariadb", "mariadb"), ("mysql97-gtid", "mysql97-gtid"), ("mysql97-file", "mysql97-file")])
def test_redo(scene: Scene, kind):
    """In sync, and once more while the first redo still copies; a writer works all the time."""
    source, target, engine = begun(scene, kind, limits={"chunk": "64KiB"})
    writer = scene.add(Writer(source.port, seed=OPTIONS.seed))
    engine.start().until_state("in-sync")
    before = target.query("SELECT COUNT(*) FROM tidegate_meta.chunk")[0][0]
    done(engine, "redo", TABLE)
    emptied(engine)
    done(engine, "redo", TABLE)
    emptied(engine, 2)
    ended(scene, source, target, engine, writer)
    check(before and target.query("SELECT COUNT(*) FROM tidegate_meta.note WHERE kind = 'anew'")[0][0] == 0, "a note stays")
    engine.stop()
    engine.start().until_state("in-sync")
    same(scene, source, target)
    engine.stop()


@case()
def test_redo_copying(scene: Scene):
    """Its first copy is under way: chunks of it wait, are read and are written."""
    source, target, engine = begun(scene, "mysql97-gtid", limits={"chunk": "32KiB"}, readers=2)
    writer = scene.add(Writer(source.port, seed=OPTIONS.seed))
    engine.start()
    for times in range(1, 4):
        engine.until(lambda s: s["load"]["rows"] > 1000 * times, 60, "rows at the target")
        done(engine, "redo", TABLE)
        emptied(engine, times)
    ended(scene, source, target, engine, writer)
    engine.stop()


@case()
def test_redo_after_difference(scene: Scene):
    """Rows are altered by hand at the target: the comparison finds it, redo cures it, the next one says PASS."""
    source, target, engine = begun(scene, "mysql97-gtid")
    engine.start().until_state("in-sync")
    target.query(f"DELETE FROM {TABLE} WHERE id = (SELECT * FROM (SELECT MIN(id) FROM {TABLE}) x)")
    check(command(engine, "verify"), "verify was not taken")
    engine.until(lambda s: s["verdict"].startswith("FAIL"), 60, "a difference")
    states = {one["name"]: one["state"] for one in engine.status()["table_list"]}
    equal(states[TABLE], "different", f"state of {TABLE}")
    done(engine, "redo", TABLE)
    emptied(engine)
    in_sync(engine)
    equal(engine.status()["verdict"], "", "verdict of rows that are no more")
    check(command(engine, "verify"), "verify was not taken")
    engine.until(lambda s: s["verdict"] == "PASS", 60, "PASS")
    same(scene, source, target)
    engine.stop()


@case()
def test_redo_asking(scene: Scene):
    """A row that the source changes is missing at the target: the run asks, and redo is an answer."""
    source, target, engine = begun(scene, "mariadb")
    engine.start().until_state("in-sync")
    lost = source.query(f"SELECT MIN(id) FROM {TABLE}")[0][0]
    target.query(f"DELETE FROM {TABLE} WHERE id = {lost}")
    source.query(f"DELETE FROM {TABLE} WHERE id = {lost}")
    equal(engine.question()["id"], "TG-3109", "question")
    done(engine, "redo", TABLE)
    emptied(engine)
    ended(scene, source, target, engine)
    engine.stop()


@case()
def test_refused(scene: Scene):
    """What can't be copied anew is refused with a reason, and nothing happens."""
    source, target = scene.source(), scene.target("any")
    source.query(f"CREATE DATABASE {SCHEMA}")
    source.query(f"CREATE TABLE {SCHEMA}.plain (a INT, b VARCHAR(20))")
    source.query(f"CREATE TABLE {SCHEMA}.items (id INT PRIMARY KEY)")
    source.query(f"INSERT INTO {SCHEMA}.plain VALUES (1, 'x'), (1, 'x')")
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")
    refused(engine, "redo", f"{SCHEMA}.plain", "no usable key")
    refused(engine, "redo", f"{SCHEMA}.nothing", "no table")
    refused(engine, "leave-out", "items", "not SCHEMA.TABLE")
    done(engine, "redo", "items")
    emptied(engine, 1, f"{SCHEMA}.items")
    in_sync(engine)
    same(scene, source, target)
    engine.stop()


def rest(scene, source, target):
    """All but the table that was left out."""
    differences, tables, rows = compare(End(source.port, SCHEMA), End(target.port, SCHEMA))
    others = [one for one in differences if one.table != TABLE.split(".")[1]]
    check(not others, "\n".join(f"{one.table}: {one.text}" for one in others))
    scene.note(f"{tables - 1} tables, {rows} rows, equal but for what was left out")
    return len(differences) - len(others)


@case(for_each=[("mariadb", "mariadb"), ("mysql97-file", "mysql97-file")])
def test_leave_out(scene: Scene, kind):
    """While a writer works on it; its rows stay where they are, DDL of it passes by, and a later engine knows it."""
    source, target, engine = begun(scene, kind, limits={"chunk": "64KiB"})
    writer = scene.add(Writer(source.port, seed=OPTIONS.seed))
    engine.start()
    engine.until(lambda s: s["load"]["rows"] > 3000, 60, "rows at the target")
    total = engine.status()["tables"]["total"]
    done(engine, "leave-out", TABLE)
    engine.until(lambda s: s["tables"]["total"] == total - 1, 30, "a table less")
    engine.until_state("in-sync")
    rows = target.query(f"SELECT COUNT(*), SUM(CRC32(CONCAT(id))) FROM {TABLE}")
    source.query(f"ALTER TABLE {TABLE} ADD COLUMN late INT")
    source.query(f"UPDATE {TABLE} SET late = 1 LIMIT 10")
    wrote = writer.stop()
    check(not wrote["problem"] and wrote["transactions"], f"the writer: {wrote}")
    engine.until_applied(position(source))
    equal(rest(scene, source, target), 1, "tables that differ")
    engine.stop()
    engine.start().until_state("in-sync")
    source.query(f"ALTER TABLE {TABLE} RENAME TO {TABLE}_old")
    source.query(f"DELETE FROM {TABLE}_old LIMIT 5")
    engine.until_applied(position(source))
    equal(engine.status()["tables"]["total"], total - 1, "tables")
    equal(target.query(f"SELECT COUNT(*), SUM(CRC32(CONCAT(id))) FROM {TABLE}"), rows, "rows of what was left out")
    engine.stop()
    engine.start().until_state("in-sync")
    source.query(f"DELETE FROM {TABLE}_old LIMIT 5")
    engine.until_applied(position(source))
    check(command(engine, "verify"), "verify was not taken")
    verdict = engine.until(lambda s: s["verdict"], 60, "a verdict")["verdict"]
    equal(verdict, "PASS (1 table left out)", "verdict")
    compared = engine.verify()
    check(compared.returncode == 0 and TABLE.split(".")[1] + " " not in compared.stdout, f"tidegate verify: {compared.stdout}")
    engine.stop()


@case()
def test_leave_out_asking(scene: Scene):
    """A DDL that the target refuses, a row that is missing there: leaving the table out ends the question."""
    source, target, engine = begun(scene, "mariadb")
    engine.start().until_state("in-sync")
    target.query(f"ALTER TABLE {TABLE} ADD COLUMN late VARCHAR(3)")
    source.query(f"ALTER TABLE {TABLE} ADD COLUMN late INT")
    source.query(f"UPDATE {TABLE} SET late = 70000 LIMIT 10")
    source.query(f"CREATE TABLE {SCHEMA}.later (id INT PRIMARY KEY)")
    source.query(f"INSERT INTO {SCHEMA}.later VALUES (1)")
    engine.question()
    done(engine, "leave-out", TABLE)
    engine.until(lambda s: not s["questions"], 60, "no question")
    engine.until_applied(position(source))
    check(rest(scene, source, target) == 1, "nothing was left out")
    engine.stop()


def command(engine, cmd, args=None):
    """A command that has no word of the shell, over the run's socket."""
    import json
    import socket
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(engine.home / engine.name / "run.sock"))
        lines = s.makefile("rw")
        json.loads(lines.readline())
        lines.write(json.dumps({"id": 1, "cmd": cmd, "args": args or {}}) + "\n")
        lines.flush()
        for line in lines:
            answer = json.loads(line)
            if answer.get("id") == 1:
                check(answer["ok"], f"{cmd}: {answer}")
                return answer
    return None


if __name__ == "__main__":
    main()
